/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for news. A folder for which the server allows no further connection is looked at every minute instead. A connection that is
   lost is made again, and the folder looked at then: what came meanwhile is announced by nobody. */
#include "idle.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "engine.h"
#include "sync.h"
#include "syncplan.h"

#define POLL_MS 60000
#define TRY_AGAIN 30           /* polls until a refused connection is tried again */

struct waiter {
    struct account *account;
    enum session_number number;
    uint64_t folder;           /* 0 = free */
    struct session_op *op;
    struct loop_timer *timer;
    unsigned polls;            /* left before the next attempt; 0 = it waits, or is about to */
    unsigned failures;
    bool wanted;
};

struct idle {
    struct account *account;
    struct waiter waiters[SESSIONS - SESSION_IDLE];
};

#define WAITERS (SESSIONS - SESSION_IDLE)

static void wait_for_news(struct waiter *w);

static void
on_again(struct loop *l, void *arg)
{
    struct waiter *w = arg;
    (void)l;
    w->timer = NULL;
    if (w->polls) {
        w->polls--;
        sync_folder(w->account->sync, w->folder);
    }
    wait_for_news(w);
}

static void
again_after(struct waiter *w, int64_t ms)
{
    w->timer = loop_timer_add(w->account->engine->loop, ms, on_again, w);
    if (!w->timer)
        abort();
}

static void
on_changed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct waiter *w = arg;
    (void)arena;
    if (!r->final) {
        w->failures = 0;
        sync_folder(w->account->sync, w->folder);
        return;
    }
    w->op = NULL;
    log_line("no waiting for news: %s", sp_status_name(r->status));
    if (r->status == SP_SERVER_LIMIT || r->status == SP_SERVER_NO || r->status == SP_UNSUPPORTED)
        w->polls = TRY_AGAIN;
    again_after(w, w->polls ? POLL_MS : account_pause(w->failures++, (uint32_t)w->folder));
}

static void
wait_for_news(struct waiter *w)
{
    if (w->polls)
        again_after(w, POLL_MS);
    else
        w->op = session_run(w->account, w->number, w->folder, WM_TYPE_imap_idle, &(struct wm_imap_idle){0}, on_changed, w);
}

static void
end_waiter(struct waiter *w)
{
    session_drop(w->op);
    if (w->timer)
        loop_timer_remove(w->timer);
    w->op = NULL;
    w->timer = NULL;
    w->folder = 0;
    w->polls = w->failures = 0;
}

static struct waiter *
find(struct idle *i, uint64_t folder)
{
    for (size_t k = 0; k < WAITERS; k++)
        if (i->waiters[k].folder == folder)
            return &i->waiters[k];
    return NULL;
}

void
idle_start(struct idle *i)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0, taken = 0;
    if (store_folders(i->account->engine->store, i->account->id, &arena, &f, &n) != SP_OK)
        n = 0;
    syncplan_order(f, n, 0); /* the inbox first, then what is watched */
    for (size_t k = 0; k < WAITERS; k++)
        i->waiters[k].wanted = false;
    for (size_t k = 0; k < n && taken < WAITERS; k++) {
        bool watched = f[k].selectable && (f[k].watched || f[k].role == SP_FOLDER_INBOX);
        struct waiter *w = watched ? find(i, f[k].id) : NULL;
        if (w)
            w->wanted = true;
        f[k].selectable = watched && !w;
        taken += watched;
    }
    for (size_t k = 0; k < WAITERS; k++)
        if (i->waiters[k].folder && !i->waiters[k].wanted) {
            end_waiter(&i->waiters[k]);
            session_release(&i->account->sessions[i->waiters[k].number], true);
        }
    taken = 0;
    for (size_t k = 0; k < n && taken < WAITERS; k++) {
        bool watched = f[k].watched || f[k].role == SP_FOLDER_INBOX;
        struct waiter *w = watched && f[k].selectable ? find(i, 0) : NULL;
        taken += watched;
        if (!w)
            continue;
        w->folder = f[k].id;
        wait_for_news(w);
    }
    arena_release(&arena);
}

bool
idle_waits(const struct idle *i, uint64_t folder)
{
    for (size_t k = 0; k < WAITERS; k++)
        if (i->waiters[k].folder == folder && i->waiters[k].op)
            return true;
    return false;
}

void
idle_stop(struct idle *i)
{
    for (size_t k = 0; k < WAITERS; k++)
        end_waiter(&i->waiters[k]);
}

struct idle *
idle_new(struct account *a)
{
    struct idle *i = engine_alloc(sizeof *i);
    i->account = a;
    for (size_t k = 0; k < WAITERS; k++)
        i->waiters[k] = (struct waiter){.account = a, .number = (enum session_number)(SESSION_IDLE + k)};
    return i;
}

void
idle_free(struct idle *i)
{
    if (i)
        idle_stop(i);
    free(i);
}
