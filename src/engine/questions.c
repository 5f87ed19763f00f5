/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the person: a list of open ones. */
#include "questions.h"

#include <stdlib.h>
#include <unistd.h>

#include "door.h"
#include "handlers.h"

#define MAX_ARGS 16

struct question {
    struct question *next;
    uint64_t id, client;
    enum sp_question kind;
    uint32_t account;
    char *args[MAX_ARGS]; /* owned */
    size_t n;
    question_fn *fn;
    void *arg;
};

struct questions {
    struct engine *engine;
    struct question *first;
    uint64_t last_id;
};

static void
tell(struct engine *e, const struct question *q, uint64_t client)
{
    struct wr_text args[MAX_ARGS];
    for (size_t i = 0; i < q->n; i++)
        args[i].text = q->args[i];
    struct wm_event_question m = {.question = q->id, .kind = (uint16_t)q->kind, .account = q->account, .args = args, .args_n = (uint32_t)q->n};
    if (client)
        (void)door_send_to(e->door, client, WM_TYPE_event_question, &m);
    else
        door_broadcast(e->door, WM_TYPE_event_question, &m);
}

uint64_t
question_post(struct engine *e, enum sp_question kind, uint32_t account, uint64_t client, const char *const *args, size_t n,
              question_fn *fn, void *arg)
{
    struct question *q = engine_alloc(sizeof *q);
    *q = (struct question){.next = e->questions->first, .id = ++e->questions->last_id, .client = client, .kind = kind, .account = account,
                           .n = n < MAX_ARGS ? n : MAX_ARGS, .fn = fn, .arg = arg};
    for (size_t i = 0; i < q->n; i++)
        q->args[i] = engine_strdup(args[i]);
    e->questions->first = q;
    tell(e, q, client);
    return q->id;
}

static struct question *
take(struct questions *all, uint64_t id)
{
    struct question **at = &all->first;
    while (*at && (*at)->id != id)
        at = &(*at)->next;
    struct question *q = *at;
    if (q)
        *at = q->next;
    return q;
}

static void
question_free(struct question *q)
{
    for (size_t i = 0; i < q->n; i++)
        free(q->args[i]);
    free(q);
}

static void
gone(struct engine *e, const struct question *q)
{
    struct wm_event_question_gone m = {.question = q->id};
    if (q->client)
        (void)door_send_to(e->door, q->client, WM_TYPE_event_question_gone, &m);
    else
        door_broadcast(e->door, WM_TYPE_event_question_gone, &m);
}

static void
end_question(struct engine *e, struct question *q, struct answer *a)
{
    question_fn *fn = q->fn;
    void *arg = q->arg;
    gone(e, q);
    question_free(q);
    fn(a, arg);
    engine_close(&a->secret);
}

void
question_withdraw(struct engine *e, uint64_t id)
{
    struct question *q = take(e->questions, id);
    if (!q)
        return;
    gone(e, q);
    question_free(q);
}

void
questions_replay(struct engine *e, uint64_t client)
{
    for (struct question *q = e->questions->first; q; q = q->next)
        if (!q->client || q->client == client)
            tell(e, q, client);
}

void
questions_client_gone(struct engine *e, uint64_t client)
{
    for (struct question *q = e->questions->first; q;) {
        if (q->client != client) {
            q = q->next;
            continue;
        }
        (void)take(e->questions, q->id);
        end_question(e, q, &(struct answer){.text = "", .secret = -1});
        q = e->questions->first; /* the answer may have changed the list */
    }
}

void
handle_answer(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_answer *m = in->msg;
    (void)arena;
    struct question *q = e->questions->first;
    while (q && q->id != m->question)
        q = q->next;
    if (!q || (q->client && q->client != request_client(rq))) {
        request_fail(rq, SP_NOT_FOUND, NULL);
        return;
    }
    (void)take(e->questions, q->id);
    struct answer a = {.choice = m->choice, .text = m->text, .secret = wire_take_fd(&m->secret), .request = rq};
    end_question(e, q, &a);
    if (a.request)
        request_done(a.request);
}

struct questions *
questions_new(struct engine *e)
{
    struct questions *all = engine_alloc(sizeof *all);
    all->engine = e;
    return all;
}

void
questions_free(struct questions *all)
{
    while (all && all->first) {
        struct question *q = all->first;
        all->first = q->next;
        question_free(q);
    }
    free(all);
}
