/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synchronising now, for whoever asks and waits for the end (`sealpost sync`); what is watched and what stays. */
#include <stdlib.h>

#include "accounts.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "sync.h"

struct one {
    struct syncing *owner;
    struct account *account;
    struct sync_wait *wait;
    struct wr_sync_result result;
};

struct syncing {
    struct engine *engine;
    struct request *rq;
    struct arena arena;
    struct one *list;
    uint32_t n, left;
};

static void
syncing_free(struct syncing *s)
{
    for (uint32_t i = 0; i < s->n; i++)
        sync_wait_drop(s->list[i].wait);
    arena_release(&s->arena);
    free(s->list);
    free(s);
}

static bool
syncing_end(void *arg, enum sp_status why)
{
    (void)why;
    syncing_free(arg);
    return true;
}

static void
reply(struct syncing *s)
{
    struct wr_sync_result *results = arena_array(&s->arena, s->n + 1, sizeof *results);
    if (!results)
        abort();
    for (uint32_t i = 0; i < s->n; i++)
        results[i] = s->list[i].result;
    request_reply(s->rq, WM_TYPE_synced, &(struct wm_synced){.results = results, .results_n = s->n});
    syncing_free(s);
}

static void
on_synced(enum sp_status st, const char *text, const struct sync_counts *counts, void *arg)
{
    struct one *one = arg;
    struct syncing *s = one->owner;
    one->wait = NULL;
    one->result.status = (uint16_t)st;
    one->result.server_text = arena_strdup(&s->arena, text);
    if (!one->result.server_text)
        one->result.server_text = "";
    one->result.added = counts->added;
    one->result.removed = counts->removed;
    one->result.changed = counts->changed;
    s->left--;
    request_tell(s->rq, WM_TYPE_progress, &(struct wm_progress){.done = s->n - s->left, .total = s->n});
    if (s->left == 0)
        reply(s);
}

void
handle_sync_now(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_sync_now *m = in->msg;
    struct syncing *s = engine_alloc(sizeof *s);
    uint32_t n = 0;
    (void)arena;
    for (struct account *a = e->accounts->first; a; a = a->next)
        n += a->sync && (!m->account || a->id == m->account);
    *s = (struct syncing){.engine = e, .rq = rq, .list = engine_alloc((n + 1) * sizeof *s->list), .n = n, .left = n};
    n = 0;
    for (struct account *a = e->accounts->first; a; a = a->next)
        if (a->sync && (!m->account || a->id == m->account))
            s->list[n++] = (struct one){.owner = s, .account = a, .result = {.account = a->id, .name = a->config->name, .server_text = ""}};
    if (n == 0 && m->account && !account_by_id(e, m->account)) {
        syncing_free(s);
        request_fail(rq, SP_NOT_FOUND, NULL);
    } else if (n == 0) {
        reply(s);
    } else {
        request_on_end(rq, syncing_end, s);
        for (uint32_t i = 0; i < n; i++)
            s->list[i].wait = sync_wait(s->list[i].account->sync, m->bodies, on_synced, &s->list[i]);
    }
}

void
handle_set_folder(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_set_folder *m = in->msg;
    struct store_folder f;
    enum sp_status st = store_folder_get(e->store, m->folder, arena, &f);
    if (!st)
        st = f.local ? SP_UNSUPPORTED : store_folder_choose(e->store, m->folder, m->watched, m->pinned, true);
    if (st) {
        request_fail(rq, st, NULL);
        return;
    }
    struct account *a = account_by_id(e, f.account);
    events_folder(e, m->folder);
    request_done(rq);
    if (a)
        sync_watch(a->sync);
}
