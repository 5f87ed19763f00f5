/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judging in the background: one analysis at a time. */
#include "judge.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "analysis.h"
#include "base/log.h"
#include "events.h"

#define NEWEST 100
#define MAX_QUEUE 10000

struct judge {
    struct engine *engine;
    uint64_t *queue;           /* owned; the last is the next */
    size_t n, cap;
    uint64_t message;          /* being judged, 0 = none */
    uint64_t folder;
    struct analysis *analysis;
    struct loop_timer *timer;
    unsigned holds;
    bool missed;               /* more came than the queue holds: the store knows them */
};

static void
kick(struct judge *j);

static void
on_analysed(struct analysis *a, enum sp_status st, void *arg)
{
    struct judge *j = arg;
    struct engine *e = j->engine;
    if (!st)
        st = analysis_keep(a);
    else if (st == SP_CRASHED || st == SP_TIMEOUT || st == SP_NOT_A_MESSAGE)
        st = analysis_keep_failure(e, j->message, st);
    if (st)
        log_line("message %llu is not judged: %s", (unsigned long long)j->message, sp_status_name(st));
    else
        events_folder(e, j->folder);
    analysis_free(a);
    j->analysis = NULL;
    j->message = 0;
    kick(j);
}

static bool
begin(struct judge *j, uint64_t id)
{
    struct engine *e = j->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    struct store_folder f;
    int fd = -1;
    bool begun = false;
    if (store_message_get(e->store, id, &arena, &m) == SP_OK && !m.judged && store_folder_get(e->store, m.folder, &arena, &f) == SP_OK &&
        store_body_get(e->store, id, &fd) == SP_OK) {
        struct account *a = account_by_id(e, f.account);
        struct analysis_ask ask = {.bytes = fd, .message = id, .authservs = a ? a->config->authserv : NULL,
                                   .authservs_n = a ? engine_count(a->config->authserv) : 0};
        j->message = id;
        j->folder = m.folder;
        j->analysis = analysis_start(e, &ask, on_analysed, j);
        begun = true;
    }
    engine_close(&fd);
    arena_release(&arena);
    return begun;
}

static void
on_turn(struct loop *l, void *arg)
{
    struct judge *j = arg;
    (void)l;
    j->timer = NULL;
    while (j->n && !j->message)
        (void)begin(j, j->queue[--j->n]);
    if (!j->n && !j->message && j->missed) {
        j->missed = false;
        judge_everything(j->engine);
    }
}

static void
kick(struct judge *j)
{
    if (j->n && !j->message && !j->timer && !j->holds)
        j->timer = loop_timer_add(j->engine->loop, 0, on_turn, j);
}

void
judge_add(struct engine *e, uint64_t message)
{
    struct judge *j = e->judge;
    j->missed |= j->n == MAX_QUEUE;
    if (j->n == MAX_QUEUE || j->message == message)
        return;
    for (size_t i = 0; i < j->n; i++)
        if (j->queue[i] == message)
            return;
    if (j->n == j->cap) {
        size_t cap = j->cap ? j->cap * 2 : 64;
        uint64_t *more = realloc(j->queue, cap * sizeof *more);
        if (!more)
            abort();
        j->queue = more;
        j->cap = cap;
    }
    j->queue[j->n++] = message;
    kick(j);
}

bool
judge_idle(const struct engine *e)
{
    return e->judge->n == 0 && !e->judge->message;
}

void
judge_hold(struct engine *e, bool on)
{
    struct judge *j = e->judge;
    if (on)
        j->holds++;
    else if (j->holds)
        j->holds--;
    kick(j);
}

void
judge_everything(struct engine *e)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0, found = 0;
    uint64_t ids[NEWEST];
    if (store_folders(e->store, 0, &arena, &f, &n) != SP_OK)
        n = 0;
    for (size_t i = n; i-- > 0;) { /* the inbox comes last, so it is judged first */
        if (store_unjudged(e->store, f[i].id, ids, NEWEST, &found) != SP_OK)
            continue;
        for (size_t k = found; k-- > 0;)
            judge_add(e, ids[k]);
        events_folder(e, f[i].id);
    }
    arena_release(&arena);
}

void
judge_opened(struct engine *e)
{
    judge_everything(e);
}

void
judge_closing(struct engine *e)
{
    struct judge *j = e->judge;
    analysis_free(j->analysis);
    j->analysis = NULL;
    j->message = 0;
    j->n = 0;
    j->holds = 0;
    if (j->timer)
        loop_timer_remove(j->timer);
    j->timer = NULL;
}

struct judge *
judge_new(struct engine *e)
{
    struct judge *j = engine_alloc(sizeof *j);
    j->engine = e;
    return j;
}

void
judge_free(struct judge *j)
{
    if (!j)
        return;
    analysis_free(j->analysis);
    if (j->timer)
        loop_timer_remove(j->timer);
    free(j->queue);
    free(j);
}
