/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Passes over an account: journal, folder list with what STATUS says, then one folder after the other, those alone that changed. News of
   single folders go beside it in a lane of their own, so that a long first synchronisation delays no new mail. */
#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "events.h"
#include "folders.h"
#include "idle.h"
#include "jobs.h"
#include "journal.h"
#include "peek.h"
#include "prefetch.h"
#include "syncplan.h"

#define GATHER_MS 150          /* further news of a burst */
#define THOROUGH 6             /* every so manieth pass looks at what STATUS does not tell */
#define JOB_FROM 500           /* missing headers that are worth showing */
#define LOOK_AGAIN_MS 60000

struct sync_wait {
    struct sync_wait *next;
    struct sync *sync;
    bool bodies, begun;        /* begun: the pass that it waits for */
    sync_wait_fn *fn;
    void *arg;
};

struct sync {
    struct account *account;
    bool active;               /* a complete pass is running */
    bool again;                /* another complete pass is wanted */
    bool held;                 /* the person ended it: folders that are new wait for him */
    bool count_on;
    unsigned passes;
    struct sync_counts counts;
    struct folder_state *todo; /* of this pass, from todo[at]; owned */
    size_t n, at;
    struct foldersync *run;
    uint64_t *wanted;          /* folders with news */
    size_t wanted_n;
    struct foldersync *news;
    struct sync_counts news_counts;
    int64_t news_ended;
    struct loop_timer *timer, *soon;
    struct session_op *op;
    struct idle *idle;
    struct prefetch *prefetch;
    struct job *job;           /* of a first synchronisation */
    uint64_t missing;          /* headers at its beginning */
    uint64_t screen;           /* the folder that the person looks at */
    int64_t looked;
    struct sync_wait *waits;
};

static void next_folder(struct sync *s);
static void begin(struct sync *s);
static void start_news(struct sync *s);

static void
run(struct sync *s, uint16_t type, const void *msg, call_fn *fn)
{
    s->op = session_run(s->account, SESSION_SYNC, 0, type, msg, fn, s);
}

static void
set_timer(struct sync *s, struct loop_timer **timer, int64_t ms, loop_timer_fn *fn)
{
    if (*timer)
        loop_timer_remove(*timer);
    *timer = loop_timer_add(s->account->engine->loop, ms, fn, s);
    if (!*timer)
        abort();
}

static void
clear_timer(struct loop_timer **timer)
{
    if (*timer)
        loop_timer_remove(*timer);
    *timer = NULL;
}

/* ---- who waits */

static void
end_wait(struct sync_wait *w, enum sp_status st, const char *text)
{
    struct sync_counts counts = w->sync->counts;
    sync_wait_fn *fn = w->fn;
    void *arg = w->arg;
    sync_wait_drop(w);
    fn(st, text ? text : "", &counts, arg);
}

/* bodies: also those that wait for them. */
static void
end_waits(struct sync *s, bool bodies, bool all, enum sp_status st, const char *text)
{
    for (struct sync_wait *w = s->waits, *next; w; w = next) {
        next = w->next;
        if (all || (w->begun && (bodies || !w->bodies)))
            end_wait(w, st, text);
    }
}

static bool
bodies_wanted(const struct sync *s)
{
    for (const struct sync_wait *w = s->waits; w; w = w->next)
        if (w->bodies && w->begun)
            return true;
    return false;
}

struct sync_wait *
sync_wait(struct sync *s, bool bodies, sync_wait_fn *fn, void *arg)
{
    struct sync_wait *w = engine_alloc(sizeof *w);
    *w = (struct sync_wait){.next = s->waits, .sync = s, .bodies = bodies, .fn = fn, .arg = arg};
    s->waits = w;
    s->held = false;
    s->count_on = s->active; /* who comes during a pass means that one too */
    if (s->account->state == SP_ACCOUNT_ONLINE || s->account->state == SP_ACCOUNT_SYNCING || s->active)
        sync_start(s);
    else
        account_try_now(s->account);
    return w;
}

void
sync_wait_drop(struct sync_wait *w)
{
    if (!w)
        return;
    struct sync_wait **at = &w->sync->waits;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free(w);
}

/* ---- the job */

static void
on_job_cancelled(void *arg)
{
    struct sync *s = arg;
    jobs_end(s->job, SP_JOB_CANCELLED, SP_OK);
    s->job = NULL;
    s->held = true;
    foldersync_drop(s->run);
    s->run = NULL;
    s->at = s->n;
    next_folder(s);
}

static void
show_progress(struct sync *s)
{
    uint64_t done = 0, left = 0, later = 0;
    if (!s->job)
        return;
    if (s->run)
        foldersync_progress(s->run, &done, &left);
    for (size_t i = s->at; i < s->n; i++) {
        struct arena arena = ARENA_INIT;
        struct store_folder f;
        if (s->todo[i].state.told && store_folder_get(s->account->engine->store, s->todo[i].id, &arena, &f) == SP_OK && s->todo[i].state.exists > f.total)
            later += s->todo[i].state.exists - f.total;
        arena_release(&arena);
    }
    left += later;
    jobs_progress(s->job, s->missing > left ? s->missing - left : 0, s->missing);
}

static void
begin_job(struct sync *s)
{
    struct engine *e = s->account->engine;
    s->missing = 0;
    for (size_t i = 0; i < s->n; i++) {
        struct arena arena = ARENA_INIT;
        struct store_folder f;
        if (s->todo[i].state.told && store_folder_get(e->store, s->todo[i].id, &arena, &f) == SP_OK && s->todo[i].state.exists > f.total)
            s->missing += s->todo[i].state.exists - f.total;
        arena_release(&arena);
    }
    jobs_pause(s->job, false);
    if (s->missing >= JOB_FROM && !s->job)
        s->job = jobs_begin(e, SP_JOB_FIRST_SYNC, s->account->id, "", on_job_cancelled, s);
    show_progress(s);
}

/* ---- the end of a pass */

static void
on_poll(struct loop *l, void *arg)
{
    struct sync *s = arg;
    (void)l;
    s->timer = NULL;
    if (!s->active)
        begin(s);
}

static void
on_bodies(enum sp_status st, void *arg)
{
    struct sync *s = arg;
    end_waits(s, true, false, st, NULL);
}

static void
end_pass(struct sync *s)
{
    bool again = s->again;
    s->active = false;
    s->again = false;
    s->passes++;
    jobs_end(s->job, SP_JOB_DONE, SP_OK);
    s->job = NULL;
    account_online(s->account);
    if (s->active || s->account->state != SP_ACCOUNT_ONLINE)
        return;
    idle_start(s->idle);
    end_waits(s, false, false, SP_OK, NULL);
    prefetch_start(s->prefetch, bodies_wanted(s), on_bodies, s);
    set_timer(s, &s->timer, again ? 0 : (int64_t)s->account->config->poll_minutes * 60000, on_poll);
    start_news(s);
}

/* A failure that is not about one folder. What ends the connection is told by the session as well: the account listens once. */
static void
fail(struct sync *s, enum sp_status st, const char *text)
{
    char *words = engine_strdup(text);
    struct account *a = s->account;
    sync_failed(s, st, words);
    account_failed(a, st, words);
    free(words);
}

static bool
connection_gone(const struct sync *s, enum sp_status st)
{
    return st && (s->account->sessions[SESSION_SYNC].state != SESSION_UP || st == SP_UNAVAILABLE || st == SP_FULL || st == SP_CORRUPT);
}

/* ---- folders of the pass */

static void
on_folder(enum sp_status st, const char *text, void *arg)
{
    struct sync *s = arg;
    s->run = NULL;
    show_progress(s);
    if (connection_gone(s, st))
        fail(s, st, text);
    else
        next_folder(s);
}

static void
on_tick(struct loop *l, void *arg)
{
    struct sync *s = arg;
    (void)l;
    s->timer = NULL;
    show_progress(s);
    if (s->job)
        set_timer(s, &s->timer, 250, on_tick);
}

static void
next_folder(struct sync *s)
{
    if (s->at == s->n) {
        end_pass(s);
        return;
    }
    /* What the person looks at by now goes first. */
    for (size_t i = s->at + 1; i < s->n; i++)
        if (s->todo[i].id == s->screen && s->screen) {
            struct folder_state f = s->todo[i];
            memmove(&s->todo[s->at + 1], &s->todo[s->at], (i - s->at) * sizeof *s->todo);
            s->todo[s->at] = f;
            break;
        }
    s->run = foldersync_start(s->account, s->todo[s->at++].id, false, &s->counts, on_folder, s);
}

/* ---- the folder list */

/* What of the list must be looked into, in order. */
static enum sp_status
choose(struct sync *s, struct folder_state *states, size_t n)
{
    struct engine *e = s->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder *known = NULL;
    size_t known_n = 0;
    bool thorough = s->passes % THOROUGH == 0 || s->waits;
    enum sp_status st = store_folders(e->store, s->account->id, &arena, &known, &known_n);
    free(s->todo);
    s->todo = engine_alloc((known_n + 1) * sizeof *s->todo);
    s->n = s->at = 0;
    if (!st)
        syncplan_order(known, known_n, s->screen);
    for (size_t i = 0; !st && i < known_n; i++) {
        struct folder_state f = {.id = known[i].id};
        for (size_t k = 0; k < n; k++)
            if (states[k].id == f.id)
                f.state = states[k].state;
        if (known[i].selectable && !(s->held && !known[i].uidnext) && syncplan_must_open(&known[i], &f.state, thorough))
            s->todo[s->n++] = f;
    }
    arena_release(&arena);
    return st;
}

static void
on_list(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    if (!r->final)
        return;
    s->op = NULL;
    const struct wm_imap_folders *m = NULL;
    enum sp_status st = r->status ? r->status : r->in->type != WM_TYPE_imap_folders ? SP_PROTOCOL : SP_OK;
    struct folder_state *states = NULL;
    if (!st) {
        m = r->in->msg;
        states = arena_array(arena, m->folders_n + 1, sizeof *states);
        st = states ? folders_take(s->account, m, states) : SP_NOMEM;
    }
    if (!st)
        st = choose(s, states, m->folders_n);
    if (st) {
        fail(s, st, r->text);
        return;
    }
    begin_job(s);
    if (s->job)
        set_timer(s, &s->timer, 250, on_tick);
    next_folder(s);
}

/* ---- the beginning of a pass */

/* The first screen of a folder that was never seen needs no list of folders. */
static void
head_start(struct sync *s)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (store_folder_by_role(s->account->engine->store, s->account->id, SP_FOLDER_INBOX, &arena, &f) == SP_OK && !f.uidnext && !f.total)
        peek_start(s->account, f.id);
    arena_release(&arena);
}

static void
on_journal(enum sp_status st, void *arg)
{
    struct sync *s = arg;
    if (!s->active)
        return;
    if (st) {
        fail(s, st, NULL);
        return;
    }
    account_set_state(s->account, SP_ACCOUNT_SYNCING, SP_OK, NULL);
    head_start(s);
    run(s, WM_TYPE_imap_list, &(struct wm_imap_list){0}, on_list);
}

static void
begin(struct sync *s)
{
    clear_timer(&s->timer);
    s->active = true;
    if (!s->count_on)
        s->counts = (struct sync_counts){0};
    s->count_on = false;
    for (struct sync_wait *w = s->waits; w; w = w->next)
        w->begun = true;
    journal_replay(s->account, on_journal, s);
}

void
sync_start(struct sync *s)
{
    if (s->active)
        s->again = true;
    else
        begin(s);
}

/* ---- news of single folders */

static void
on_news(enum sp_status st, const char *text, void *arg)
{
    struct sync *s = arg;
    s->news = NULL;
    s->news_ended = loop_now_ms();
    if (connection_gone(s, st)) {
        fail(s, st, text);
        return;
    }
    if (s->news_counts.added && !s->active)
        prefetch_start(s->prefetch, false, on_bodies, s);
    start_news(s);
}

static void
on_soon(struct loop *l, void *arg)
{
    struct sync *s = arg;
    (void)l;
    s->soon = NULL;
    if (s->news || !s->wanted_n)
        return;
    uint64_t folder = s->wanted[0];
    s->wanted_n--;
    memmove(s->wanted, s->wanted + 1, s->wanted_n * sizeof *s->wanted);
    if (s->run && foldersync_folder(s->run) == folder) { /* it is just being done, and then once more */
        s->wanted[s->wanted_n++] = folder;
        set_timer(s, &s->soon, GATHER_MS, on_soon);
        return;
    }
    s->news_counts = (struct sync_counts){0};
    s->news = foldersync_start(s->account, folder, true, &s->news_counts, on_news, s);
}

/* The first news at once, those that follow close upon them together. */
static void
start_news(struct sync *s)
{
    enum sp_account_state state = s->account->state;
    int64_t rest = s->news_ended + GATHER_MS - loop_now_ms();
    if (s->wanted_n && !s->news && !s->soon && (state == SP_ACCOUNT_ONLINE || state == SP_ACCOUNT_SYNCING))
        set_timer(s, &s->soon, rest > 0 ? rest : 0, on_soon);
}

void
sync_folder(struct sync *s, uint64_t folder)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->wanted_n; i++)
        if (s->wanted[i] == folder)
            return;
    uint64_t *more = realloc(s->wanted, (s->wanted_n + 1) * sizeof *more);
    if (!more)
        abort();
    s->wanted = more;
    s->wanted[s->wanted_n++] = folder;
    start_news(s);
}

void
sync_look(struct sync *s, uint64_t folder)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (!s)
        return;
    int64_t now = loop_now_ms();
    bool again = s->screen == folder && now - s->looked < LOOK_AGAIN_MS;
    s->screen = folder;
    if (again || (s->account->state != SP_ACCOUNT_ONLINE && s->account->state != SP_ACCOUNT_SYNCING))
        return;
    s->looked = now;
    if (store_folder_get(s->account->engine->store, folder, &arena, &f) == SP_OK && f.selectable) {
        if (!f.uidnext && !f.total && s->active)
            peek_start(s->account, folder);
        else if (!s->active && !idle_waits(s->idle, folder))
            sync_folder(s, folder);
    }
    arena_release(&arena);
}

void
sync_added(struct sync *s, size_t n)
{
    if (s)
        s->counts.added += (uint32_t)n;
}

void
sync_watch(struct sync *s)
{
    if (!s || s->account->state != SP_ACCOUNT_ONLINE)
        return;
    idle_start(s->idle);
    if (!s->active)
        prefetch_start(s->prefetch, false, on_bodies, s);
}

void
sync_woke(struct sync *s)
{
    if (!s || !s->account->wanted)
        return;
    enum sp_account_state state = s->account->state;
    if (state == SP_ACCOUNT_FAILED || state == SP_ACCOUNT_OFFLINE) {
        account_try_now(s->account);
        return;
    }
    idle_stop(s->idle); /* saying anything shows whether the connection is still there */
    if (state == SP_ACCOUNT_ONLINE)
        sync_start(s);
}

/* ---- life */

bool
sync_active(const struct sync *s)
{
    return s && s->active;
}

void
sync_stop(struct sync *s)
{
    if (!s)
        return;
    journal_stop(s->account);
    idle_stop(s->idle);
    prefetch_stop(s->prefetch);
    peek_stop(s->account);
    session_drop(s->op);
    s->op = NULL;
    foldersync_drop(s->run);
    foldersync_drop(s->news);
    s->run = s->news = NULL;
    s->active = s->again = false;
    clear_timer(&s->timer);
    clear_timer(&s->soon);
    if (s->job)
        jobs_pause(s->job, true);
}

void
sync_failed(struct sync *s, enum sp_status st, const char *text)
{
    if (!s)
        return;
    sync_stop(s);
    end_waits(s, true, true, st, text);
}

struct sync *
sync_new(struct account *a)
{
    struct sync *s = engine_alloc(sizeof *s);
    s->account = a;
    s->idle = idle_new(a);
    s->prefetch = prefetch_new(a);
    return s;
}

void
sync_free(struct sync *s)
{
    if (!s)
        return;
    sync_failed(s, SP_CANCELLED, NULL);
    jobs_end(s->job, SP_JOB_CANCELLED, SP_OK);
    idle_free(s->idle);
    prefetch_free(s->prefetch);
    free(s->todo);
    free(s->wanted);
    free(s);
}
