/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The feed of the index: one piece of work a turn. */
#include "indexing.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analysis.h"
#include "base/log.h"
#include "door.h"
#include "jobs.h"
#include "judge.h"
#include "search.h"
#include "store/search.h"

#define HEADERS 256            /* messages in a piece: some 10 ms */
#define HEADERS_BUSY 64        /* while somebody uses the screen */
#define TEXTS 16
#define GONE 256
#define AGAIN 4096             /* documents looked through in a piece */
#define WAITING 64             /* messages handed to the judge at once */
#define BUSY_MS 300            /* since the last request of a client */
#define PAUSE_BUSY_MS 8
#define PAUSE_FAILED_MS 5000
#define GATHER_MS 20
#define WAITING_MS 3000
#define JOB_FROM 2000          /* so much work is worth being shown */
#define AGAIN_MARK "search:again"
#define DECRYPTED_MARK "search:decrypted"

struct indexing {
    struct engine *engine;
    struct loop_timer *timer;  /* of the next piece */
    struct loop_timer *judging;
    struct job *job;
    uint64_t job_done;
    bool stopped;              /* the person has ended it: until the next start */
    bool sweeping;             /* texts of one level go through again */
    enum store_search_level level;
    uint64_t sweep_at;
};

static void on_piece(struct loop *l, void *arg);

static void
later(struct indexing *x, int64_t ms)
{
    if (x->timer || x->stopped || !x->engine->store)
        return;
    x->timer = loop_timer_add(x->engine->loop, ms, on_piece, x);
    if (!x->timer)
        abort();
}

/* ---- the job */

static void
on_cancel(void *arg)
{
    struct indexing *x = arg;
    x->stopped = true;
    if (x->timer)
        loop_timer_remove(x->timer);
    x->timer = NULL;
    jobs_end(x->job, SP_JOB_CANCELLED, SP_CANCELLED);
    x->job = NULL;
}

static void
show_progress(struct indexing *x, size_t done)
{
    uint64_t headers, texts, gone;
    x->job_done += done;
    if (store_search_left(x->engine->store, &headers, &texts, &gone) != SP_OK)
        return;
    uint64_t left = headers + texts;
    if (!x->job && left >= JOB_FROM) {
        x->job_done = 0;
        x->job = jobs_begin(x->engine, SP_JOB_INDEX, 0, "", on_cancel, x);
    }
    jobs_progress(x->job, x->job_done, x->job_done + left);
    if (x->job && left == 0) {
        jobs_end(x->job, SP_JOB_DONE, SP_OK);
        x->job = NULL;
    }
}

/* ---- pieces */

static void
add_text(struct buf *b, const char *name, const char *address)
{
    buf_addf(b, "%s%s %s", b->len ? "; " : "", name, address);
}

static const char *
keep_text(struct buf *b, struct arena *arena)
{
    const char *text = arena_strndup(arena, buf_str(b), b->len);
    buf_clear(b);
    return text ? text : "";
}

/* What the index shall hold of a judged message. Protected headers and text of an encrypted one are words that were decrypted. */
static void
describe(struct engine *e, const struct store_message *m, const struct wr_verdict *v, struct arena *arena, struct store_search_text *out)
{
    struct buf b = BUF_INIT;
    bool decrypted = v->encryption.state == SP_ENCRYPTION_DECRYPTED;
    *out = (struct store_search_text){.id = m->id, .list = m->list_id, .level = decrypted ? STORE_SEARCH_DECRYPTED : STORE_SEARCH_TEXT};
    add_text(&b, v->from.name, v->from.address);
    out->from = keep_text(&b, arena);
    for (uint32_t i = 0; i < v->to_n; i++)
        add_text(&b, v->to[i].name, v->to[i].address);
    out->to = v->to_n ? keep_text(&b, arena) : m->to;
    for (uint32_t i = 0; i < v->cc_n; i++)
        add_text(&b, v->cc[i].name, v->cc[i].address);
    out->cc = keep_text(&b, arena);
    if (decrypted && !e->config->index_decrypted) {
        out->level = STORE_SEARCH_WITHHELD;
    } else {
        for (uint32_t i = 0; i < v->parts_n; i++)
            if (*v->parts[i].name)
                buf_addf(&b, "%s\n", v->parts[i].name);
        out->file = keep_text(&b, arena);
        out->subject = v->subject;
        out->body = v->body;
        if (v->encryption.state == SP_ENCRYPTION_LOCKED || v->encryption.state == SP_ENCRYPTION_FAILED)
            out->level = STORE_SEARCH_HEADERS; /* the text is still to be had, perhaps */
    }
    buf_release_wiped(&b);
}

static enum sp_status
do_texts(struct indexing *x, size_t *done)
{
    struct engine *e = x->engine;
    struct arena arena = ARENA_INIT;
    struct store_search_text texts[TEXTS];
    uint64_t ids[TEXTS];
    size_t n = 0, good = 0;
    enum sp_status st = store_search_todo(e->store, ids, TEXTS, &n);
    for (size_t i = 0; !st && i < n; i++) {
        struct store_message m;
        struct wr_verdict v;
        st = store_message_get(e->store, ids[i], &arena, &m);
        if (st == SP_NOT_FOUND) {
            st = store_search_skip(e->store, ids[i]);
            continue;
        }
        if (st)
            break;
        if (analysis_kept(e, ids[i], &arena, &v) == SP_OK)
            describe(e, &m, &v, &arena, &texts[good++]);
        else /* judged again later: until then what the headers say; a text that was indexed before stays away from them */
            texts[good++] = (struct store_search_text){.id = m.id, .from = arena_printf(&arena, "%s %s", m.from_name, m.from_address), .to = m.to,
                                                       .subject = m.subject, .list = m.list_id, .level = STORE_SEARCH_HEADERS};
    }
    if (!st && good)
        st = store_search_put(e->store, texts, good);
    *done = n;
    arena_wipe(&arena);
    arena_release(&arena);
    return st;
}

/* One level of texts is put among those to be done: the option changed. */
static enum sp_status
do_sweep(struct indexing *x, size_t *done)
{
    char at[32];
    *done = 0;
    if (!x->sweeping)
        return SP_OK;
    enum sp_status st = store_search_again(x->engine->store, x->level, &x->sweep_at, AGAIN, done);
    if (!st && !*done)
        x->sweeping = false;
    snprintf(at, sizeof at, "%llu", x->sweeping ? (unsigned long long)x->sweep_at : 0ULL);
    return st ? st : store_text_put(x->engine->store, AGAIN_MARK, at);
}

static bool
busy(const struct engine *e)
{
    return door_clients(e->door) && loop_now_ms() - door_last_used(e->door) < BUSY_MS;
}

static void
on_piece(struct loop *l, void *arg)
{
    struct indexing *x = arg;
    struct engine *e = x->engine;
    size_t done = 0, worked = 0;
    (void)l;
    x->timer = NULL;
    enum sp_status st = store_search_gone(e->store, GONE, &done);
    if (!st && !done)
        st = store_search_headers(e->store, busy(e) ? HEADERS_BUSY : HEADERS, &done), worked = done;
    if (!st && !done)
        st = do_sweep(x, &done);
    if (!st && !done)
        st = do_texts(x, &done), worked = done;
    if (st) {
        log_line("the index waits: %s", sp_status_name(st));
        jobs_pause(x->job, true);
        later(x, PAUSE_FAILED_MS);
        return;
    }
    jobs_pause(x->job, false);
    show_progress(x, worked);
    if (worked)
        search_index_grew(e);
    if (done)
        later(x, busy(e) ? PAUSE_BUSY_MS : 0);
}

void
indexing_kick(struct engine *e)
{
    later(e->indexing, GATHER_MS);
}

/* ---- bodies that nobody has judged: their text is not to be had before */

static void
on_judging(struct loop *l, void *arg)
{
    struct indexing *x = arg;
    struct engine *e = x->engine;
    uint64_t ids[WAITING];
    size_t n = 0;
    (void)l;
    x->judging = NULL;
    if (!x->stopped && judge_idle(e) && store_search_waiting(e->store, ids, WAITING, &n) == SP_OK)
        for (size_t i = n; i-- > 0;)
            judge_add(e, ids[i]);
    x->judging = loop_timer_add(e->loop, n ? WAITING_MS / 10 : WAITING_MS, on_judging, x);
    if (!x->judging)
        abort();
}

/* ---- beginning and end */

/* The option was changed since the last time: those texts go through again. */
static enum sp_status
look_at_option(struct indexing *x)
{
    struct engine *e = x->engine;
    struct arena arena = ARENA_INIT;
    const char *was = "", *at = "", *now = e->config->index_decrypted ? "yes" : "no";
    enum sp_status st = store_text_get(e->store, DECRYPTED_MARK, &arena, &was);
    st = st == SP_NOT_FOUND ? SP_OK : st;
    if (!st)
        st = store_text_get(e->store, AGAIN_MARK, &arena, &at);
    x->level = e->config->index_decrypted ? STORE_SEARCH_WITHHELD : STORE_SEARCH_DECRYPTED;
    x->sweep_at = st ? 0 : strtoull(at, NULL, 10);
    x->sweeping = x->sweep_at != 0;
    st = st == SP_NOT_FOUND ? SP_OK : st;
    if (!st && strcmp(was, now) != 0) {
        x->sweeping = true;
        x->sweep_at = 1;
        st = store_text_put(e->store, AGAIN_MARK, "1"); /* first, so that a crash between costs nothing */
        if (!st)
            st = store_text_put(e->store, DECRYPTED_MARK, now);
    }
    arena_release(&arena);
    return st;
}

void
indexing_opened(struct engine *e)
{
    struct indexing *x = e->indexing;
    enum sp_status st = look_at_option(x);
    if (st)
        log_line("the index: %s", sp_status_name(st));
    x->stopped = false;
    later(x, GATHER_MS);
    x->judging = loop_timer_add(e->loop, WAITING_MS, on_judging, x);
    if (!x->judging)
        abort();
}

void
indexing_closing(struct engine *e)
{
    struct indexing *x = e->indexing;
    if (x->timer)
        loop_timer_remove(x->timer);
    if (x->judging)
        loop_timer_remove(x->judging);
    x->timer = x->judging = NULL;
    jobs_end(x->job, SP_JOB_CANCELLED, SP_LOCKED);
    x->job = NULL;
}

struct indexing *
indexing_new(struct engine *e)
{
    struct indexing *x = engine_alloc(sizeof *x);
    x->engine = e;
    return x;
}

void
indexing_free(struct indexing *x)
{
    if (!x)
        return;
    if (x->timer)
        loop_timer_remove(x->timer);
    if (x->judging)
        loop_timer_remove(x->judging);
    free(x);
}
