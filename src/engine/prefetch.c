/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetching ahead: one body at a time, so that the connection is free for whatever comes between. */
#include "prefetch.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "engine.h"
#include "judge.h"
#include "upkeep.h"

#define NEWEST 50              /* messages of a folder */
#define MAX_SIZE 1000000       /* larger ones are fetched when they are opened */

struct prefetch {
    struct account *account;
    uint64_t *folders;         /* still to be looked at, from folders[at] */
    size_t n, at;
    uint64_t ids[NEWEST];
    size_t ids_n, ids_at;
    uint64_t message;          /* being fetched */
    struct session_op *op;
    bool active;
};

static void next(struct prefetch *p);

static enum sp_status
keep(struct engine *e, uint64_t message, int fd)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(fd, ENGINE_MAX_MESSAGE, &map);
    if (!st) {
        st = store_body_put(e->store, message, map.data, map.len);
        memfd_unmap(&map);
    }
    return st;
}

static void
on_body(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct prefetch *p = arg;
    struct engine *e = p->account->engine;
    (void)arena;
    if (!r->final)
        return;
    p->op = NULL;
    enum sp_status st = r->status;
    if (!st && r->in->type == WM_TYPE_imap_body)
        st = keep(e, p->message, ((const struct wm_imap_body *)r->in->msg)->bytes);
    if (st)
        log_line("a body is not fetched: %s", sp_status_name(st));
    else
        judge_add(e, p->message);
    if (p->account->sessions[SESSION_SYNC].state == SESSION_UP)
        next(p);
    else
        p->active = false;
}

/* Fetches that message's body, or sees that nothing is to be fetched. */
static bool
fetch(struct prefetch *p, uint64_t id)
{
    struct engine *e = p->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    bool fetching = false;
    if (store_message_get(e->store, id, &arena, &m) == SP_OK && m.size <= MAX_SIZE && store_body_wanted(e->store, &m)) {
        p->message = id;
        p->op = session_run(p->account, SESSION_SYNC, m.folder, WM_TYPE_imap_fetch_body, &(struct wm_imap_fetch_body){.uid = m.uid}, on_body, p);
        fetching = true;
    } else if (m.has_body) {
        judge_add(e, id);
    }
    arena_release(&arena);
    return fetching;
}

static void
next(struct prefetch *p)
{
    struct engine *e = p->account->engine;
    for (;;) {
        if (upkeep_full(e)) { /* the account is tried anew when there is room */
            p->active = false;
            return;
        }
        while (p->ids_at < p->ids_n)
            if (fetch(p, p->ids[p->ids_at++]))
                return;
        p->ids_at = p->ids_n = 0;
        if (p->at == p->n) {
            p->active = false;
            return;
        }
        if (store_unjudged(e->store, p->folders[p->at++], p->ids, NEWEST, &p->ids_n) != SP_OK)
            p->ids_n = 0;
    }
}

void
prefetch_start(struct prefetch *p)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0;
    if (p->active)
        return;
    free(p->folders);
    p->folders = NULL;
    p->n = p->at = p->ids_n = p->ids_at = 0;
    if (store_folders(p->account->engine->store, p->account->id, &arena, &f, &n) == SP_OK) {
        p->folders = engine_alloc(n * sizeof *p->folders);
        for (size_t i = 0; i < n; i++)
            if (f[i].selectable && f[i].role != SP_FOLDER_ALL)
                p->folders[p->n++] = f[i].id;
    }
    arena_release(&arena);
    p->active = true;
    next(p);
}

void
prefetch_stop(struct prefetch *p)
{
    session_drop(p->op);
    p->op = NULL;
    p->active = false;
}

struct prefetch *
prefetch_new(struct account *a)
{
    struct prefetch *p = engine_alloc(sizeof *p);
    p->account = a;
    return p;
}

void
prefetch_free(struct prefetch *p)
{
    if (!p)
        return;
    prefetch_stop(p);
    free(p->folders);
    free(p);
}
