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
#define JOB_FROM 100           /* bodies that are worth showing */

struct prefetch {
    struct account *account;
    uint64_t *folders;         /* still to be looked at, from folders[at] */
    size_t n, at;
    bool all;                  /* of the folder at hand */
    size_t taken;              /* ids looked at in the folder at hand */
    uint64_t ids[BATCH];
    size_t ids_n, ids_at;
    uint64_t last;             /* the last of the batch before: the same again means that nothing moves on */
    uint64_t message;          /* being fetched */
    struct session_op *op;
    struct loop_timer *timer;
    bool active, everything;
    uint64_t fetched;
    struct job *job;
    prefetch_fn *fn;
    void *arg;
};

static void next(struct prefetch *p);

static void
finish(struct prefetch *p, enum sp_status st)
{
    prefetch_fn *fn = p->fn;
    p->active = p->everything = false;
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
    count(p);
    if (st == SP_FULL || p->account->sessions[SESSION_SYNC].state != SESSION_UP)
        finish(p, st ? st : SP_DISCONNECTED);
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
    } else if (m.has_body) {
        judge_add(e, id);
    } else if (m.uid && (m.size <= MAX_SIZE || p->everything || p->all) && store_body_wanted(e->store, &m)) {
        p->message = id;
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
    if (upkeep_full(e)) /* the account is tried anew when there is room */
        return false;
    for (;;) {
        bool more = p->ids_n == BATCH && (p->all ? p->ids[BATCH - 1] != p->last : p->taken < NEWEST);
        p->last = p->ids_n ? p->ids[p->ids_n - 1] : 0;
        if (!more) {
            struct arena arena = ARENA_INIT;
            struct store_folder f;
            if (p->at == p->n)
                return false;
            p->at++;
            p->taken = 0;
            p->last = 0;
            p->all = p->everything || (store_folder_get(e->store, p->folders[p->at - 1], &arena, &f) == SP_OK && f.pinned);
            arena_release(&arena);
        }
        p->ids_at = 0;
        if (store_unjudged(e->store, p->folders[p->at - 1], p->ids, BATCH, &p->ids_n) != SP_OK)
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
        finish(p, SP_OK);
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
    p->active = p->everything = false;
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
