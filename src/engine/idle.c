/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for news. Where the server has no IDLE, or refuses a further connection, the inbox is looked at every minute instead. */
#include "idle.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "engine.h"
#include "sync.h"

#define RENEW_MS 1500000       /* 25 minutes: servers drop idle connections after 30 (RFC 2177) */
#define AGAIN_MS 60000

struct idle {
    struct account *account;
    uint64_t inbox;
    struct session_op *op;
    struct loop_timer *timer;
};

static void
set_timer(struct idle *i, int64_t ms, loop_timer_fn *fn)
{
    if (i->timer)
        loop_timer_remove(i->timer);
    i->timer = loop_timer_add(i->account->engine->loop, ms, fn, i);
    if (!i->timer)
        abort();
}

static void
on_again(struct loop *l, void *arg)
{
    struct idle *i = arg;
    (void)l;
    i->timer = NULL;
    sync_folder(i->account->sync, i->inbox);
    idle_start(i);
}

static void
on_changed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct idle *i = arg;
    (void)arena;
    if (!r->final) {
        sync_folder(i->account->sync, i->inbox);
        return;
    }
    i->op = NULL;
    if (r->status)
        log_line("no waiting for news: %s", sp_status_name(r->status));
    set_timer(i, AGAIN_MS, on_again);
}

static void
on_renew(struct loop *l, void *arg)
{
    struct idle *i = arg;
    (void)l;
    i->timer = NULL;
    session_drop(i->op);
    i->op = NULL;
    idle_start(i);
}

void
idle_start(struct idle *i)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (i->op || i->timer)
        return;
    if (store_folder_by_role(i->account->engine->store, i->account->id, SP_FOLDER_INBOX, &arena, &f) == SP_OK) {
        i->inbox = f.id;
        i->op = session_run(i->account, SESSION_IDLE, f.id, WM_TYPE_imap_idle, &(struct wm_imap_idle){0}, on_changed, i);
        set_timer(i, RENEW_MS, on_renew);
    }
    arena_release(&arena);
}

void
idle_stop(struct idle *i)
{
    session_drop(i->op);
    i->op = NULL;
    if (i->timer)
        loop_timer_remove(i->timer);
    i->timer = NULL;
}

struct idle *
idle_new(struct account *a)
{
    struct idle *i = engine_alloc(sizeof *i);
    i->account = a;
    return i;
}

void
idle_free(struct idle *i)
{
    if (i)
        idle_stop(i);
    free(i);
}
