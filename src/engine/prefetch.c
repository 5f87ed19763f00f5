/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Fetching ahead: one body at a time, so that the connection is free for whatever comes between. */
#include "prefetch.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "engine.h"
#include "jobs.h"
#include "judge.h"
#include "upkeep.h"

#define NEWEST 200             /* messages of a folder that is not pinned */
#define BATCH 64               /* ids asked of the store at once */
#define MAX_SIZE 1000000       /* larger ones are fetched when they are opened, or when all are wanted */
#define HELD 16
#define HELD_BYTES 1000000
#define JOB_FROM 100           /* bodies that are worth showing */

struct prefetch {
    struct account *account;
    uint64_t *folders;         /* still to be looked at, from folders[at] */
    size_t n, at;
    bool all;                  /* of the folder at hand */
    size_t taken;              /* ids looked at in the folder at hand */
    uint64_t ids[BATCH];
    size_t ids_n, ids_at;
    int64_t sort;              /* where it goes on in that folder */
    uint64_t id;
    uint64_t message, size;    /* being fetched */
    struct held {
        uint64_t message;
        int fd;                /* owned */
    } held[HELD];              /* not stored yet */
    size_t held_n;
    uint64_t held_bytes;
    struct session_op *op;
    struct loop_timer *timer;
    bool active, everything;
    bool holding;              /* judging waits meanwhile: a process for each message would cost more than the fetching */
    uint64_t fetched;
    struct job *job;
    prefetch_fn *fn;
    void *arg;
};

static void next(struct prefetch *p);
static enum sp_status flush(struct prefetch *p);

static void
hold_judge(struct prefetch *p, bool on)
{
    if (p->holding != on)
        judge_hold(p->account->engine, on);
    p->holding = on;
}

static void
finish(struct prefetch *p, enum sp_status st)
{
    prefetch_fn *fn = p->fn;
    p->active = p->everything = false;
    hold_judge(p, false);
    p->fn = NULL;
    jobs_end(p->job, st ? SP_JOB_FAILED : SP_JOB_DONE, st);
    p->job = NULL;
    if (fn)
        fn(st, p->arg);
}

static void
on_cancelled(void *arg)
{
    struct prefetch *p = arg;
    session_drop(p->op);
    p->op = NULL;
    if (p->timer)
        loop_timer_remove(p->timer);
    p->timer = NULL;
    jobs_end(p->job, SP_JOB_CANCELLED, SP_OK);
    p->job = NULL;
    (void)flush(p);
    finish(p, SP_CANCELLED);
}

static void
count(struct prefetch *p)
{
    p->fetched++;
    if (p->fetched == JOB_FROM)
        p->job = jobs_begin(p->account->engine, SP_JOB_BODIES, p->account->id, "", on_cancelled, p);
    jobs_progress(p->job, p->fetched, 0);
}

/* What came is stored some at a time: a transaction costs more than a body. What is not stored yet is fetched again after a crash. */
static enum sp_status
flush(struct prefetch *p)
{
    struct engine *e = p->account->engine;
    enum sp_status st = p->held_n ? store_begin(e->store) : SP_OK;
    bool begun = !st && p->held_n;
    for (size_t i = 0; i < p->held_n; i++) {
        struct memfd_map map;
        if (!st && memfd_map(p->held[i].fd, ENGINE_MAX_MESSAGE, &map) == SP_OK) {
            st = store_body_put(e->store, p->held[i].message, map.data, map.len);
            memfd_unmap(&map);
            st = st == SP_NOT_FOUND ? SP_OK : st; /* gone meanwhile */
        }
        engine_close(&p->held[i].fd);
    }
    if (begun && st)
        store_rollback(e->store);
    else if (begun)
        st = store_commit(e->store);
    for (size_t i = 0; begun && !st && i < p->held_n; i++)
        judge_add(e, p->held[i].message);
    p->held_n = 0;
    p->held_bytes = 0;
    return st;
}

static void
on_body(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct prefetch *p = arg;
    (void)arena;
    if (!r->final)
        return;
    p->op = NULL;
    enum sp_status st = r->status;
    if (!st && r->in->type == WM_TYPE_imap_body) {
        p->held[p->held_n++] = (struct held){p->message, engine_dup(((const struct wm_imap_body *)r->in->msg)->bytes)};
        p->held_bytes += p->size;
        count(p);
    } else {
        log_line("a body is not fetched: %s", sp_status_name(st));
    }
    if (p->account->sessions[SESSION_SYNC].state != SESSION_UP) {
        enum sp_status kept = flush(p);
        finish(p, st ? st : kept ? kept : SP_DISCONNECTED);
        return;
    }
    bool full = p->held_n == HELD || p->held_bytes > HELD_BYTES;
    if (!full) {
        next(p);
        return;
    }
    st = flush(p);
    if (st)
        finish(p, st);
    else
        next(p);
}

/* Fetches that message's body, or sees that nothing is to be fetched. */
static bool
fetch(struct prefetch *p, uint64_t id)
{
    struct engine *e = p->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    bool fetching = false;
    if (store_message_get(e->store, id, &arena, &m) != SP_OK) {
        /* gone meanwhile */
    } else if (!m.has_body && m.uid && (m.size <= MAX_SIZE || p->everything || p->all) && store_body_wanted(e->store, &m)) {
        p->message = id;
        p->size = m.size;
        p->op = session_run(p->account, SESSION_SYNC, m.folder, WM_TYPE_imap_fetch_body, &(struct wm_imap_fetch_body){.uid = m.uid}, on_body, p);
        fetching = true;
    }
    arena_release(&arena);
    return fetching;
}

static void
on_turn(struct loop *l, void *arg)
{
    struct prefetch *p = arg;
    (void)l;
    p->timer = NULL;
    next(p);
}

/* The next ids of the folder at hand, or of the next folder; false at the end. */
static bool
refill(struct prefetch *p)
{
    struct engine *e = p->account->engine;
    for (;;) {
        if (p->ids_n < BATCH || (!p->all && p->taken >= NEWEST)) {
            struct arena arena = ARENA_INIT;
            struct store_folder f;
            if (p->at == p->n)
                return false;
            p->at++;
            p->taken = 0;
            p->sort = INT64_MAX;
            p->id = INT64_MAX;
            p->all = p->everything || (store_folder_get(e->store, p->folders[p->at - 1], &arena, &f) == SP_OK && f.pinned);
            arena_release(&arena);
        }
        p->ids_at = 0;
        if (store_bodiless(e->store, p->folders[p->at - 1], &p->sort, &p->id, p->ids, BATCH, &p->ids_n) != SP_OK)
            p->ids_n = 0;
        p->taken += p->ids_n;
        if (p->ids_n)
            return true;
    }
}

static void
next(struct prefetch *p)
{
    while (p->ids_at < p->ids_n)
        if (fetch(p, p->ids[p->ids_at++]))
            return;
    if (!refill(p)) {
        finish(p, flush(p));
        return;
    }
    p->timer = loop_timer_add(p->account->engine->loop, 0, on_turn, p);
    if (!p->timer)
        abort();
}

void
prefetch_start(struct prefetch *p, bool everything, prefetch_fn *fn, void *arg)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0;
    p->everything = p->everything || everything;
    hold_judge(p, p->everything);
    p->fn = fn;
    p->arg = arg;
    free(p->folders);
    p->folders = NULL;
    p->n = p->at = p->ids_n = p->ids_at = p->taken = 0;
    if (store_folders(p->account->engine->store, p->account->id, &arena, &f, &n) == SP_OK) {
        p->folders = engine_alloc((n + 1) * sizeof *p->folders);
        for (size_t i = 0; i < n; i++)
            if (f[i].selectable && (f[i].role != SP_FOLDER_ALL || f[i].pinned || p->everything))
                p->folders[p->n++] = f[i].id;
    }
    arena_release(&arena);
    if (p->active)
        return; /* goes on with the new list */
    p->active = true;
    p->fetched = 0;
    next(p);
}

void
prefetch_stop(struct prefetch *p)
{
    session_drop(p->op);
    p->op = NULL;
    if (p->timer)
        loop_timer_remove(p->timer);
    p->timer = NULL;
    if (flush(p) != SP_OK)
        log_line("bodies are not kept");
    p->active = p->everything = false;
    hold_judge(p, false);
    p->fn = NULL;
    jobs_end(p->job, SP_JOB_CANCELLED, SP_OK);
    p->job = NULL;
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
