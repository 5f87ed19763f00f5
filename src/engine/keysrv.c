/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Key lists, imports and trust go to the keys role as they are; its wishes for a passphrase become questions. The passphrase's pipe is
   handed through unread. */
#include "keysrv.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "door.h"
#include "handlers.h"
#include "judge.h"
#include "peers.h"
#include "questions.h"

#define LIST_MS 60000
#define MAX_ASKS 16

struct ask {
    struct ask *next;
    struct engine *engine;
    struct wire_conn *conn; /* borrowed: keysrv_keys_lost comes before its end */
    uint32_t id;            /* of keys' request */
    uint32_t operation;     /* of our request that it belongs to */
    uint64_t question;
    struct request *lender; /* keys has the terminal of this `answer`, until the operation ends; NULL: it is still a question */
};

struct keysrv {
    struct ask *asks;
};

static void
ask_free(struct ask *ask)
{
    struct ask **at = &ask->engine->keysrv->asks;
    while (*at != ask)
        at = &(*at)->next;
    *at = ask->next;
    free(ask);
}

static enum sp_status
pass_terminal(struct ask *ask, const char *text)
{
    struct arena arena = ARENA_INIT;
    const char *lines[4] = {"", "", "", ""};
    char *rest = arena_strdup(&arena, text);
    for (size_t i = 0; i < 4 && rest; i++)
        lines[i] = strsep(&rest, "\n");
    enum sp_status st = wire_send_passphrase(ask->conn, ask->id, &(struct wm_passphrase){
        .pipe = -1, .tty = lines[0], .term = lines[1], .lc_ctype = lines[2], .lc_messages = lines[3]});
    arena_release(&arena);
    return st;
}

/* The client gave its terminal up for lost, or is gone itself: pinentry must not stay there. */
static bool
lender_end(void *arg, enum sp_status why)
{
    struct ask *ask = arg;
    (void)why;
    peers_cancel_keys(ask->engine, ask->operation);
    ask_free(ask);
    return true;
}

static void
on_terminal(struct answer *a, void *arg)
{
    struct ask *ask = arg;
    enum sp_status st = a->choice && a->request ? pass_terminal(ask, a->text) : wire_reply_error(ask->conn, ask->id, SP_CANCELLED, NULL);
    if (st)
        log_line("keys does not hear the answer: %s", sp_status_name(st));
    if (st || !a->choice || !a->request) {
        ask_free(ask);
        return;
    }
    ask->lender = a->request;
    a->request = NULL;
    request_on_end(ask->lender, lender_end, ask);
}

static void
give_back(struct ask *ask, enum sp_status status)
{
    struct request *lender = ask->lender;
    request_on_end(lender, NULL, NULL);
    ask_free(ask);
    if (status)
        request_fail(lender, status, NULL);
    else
        request_done(lender);
}

void
keysrv_request_over(struct engine *e, uint32_t wire_id, enum sp_status status)
{
    for (struct ask *ask = e->keysrv->asks, *next; ask; ask = next) {
        next = ask->next;
        if (ask->lender && wire_id && ask->operation == wire_id)
            give_back(ask, status);
    }
}

static void
on_answer(struct answer *a, void *arg)
{
    struct ask *ask = arg;
    enum sp_status st = SP_OK;
    if (a->choice && a->secret > 0)
        st = wire_send_passphrase(ask->conn, ask->id, &(struct wm_passphrase){.pipe = a->secret});
    else
        st = wire_reply_error(ask->conn, ask->id, SP_CANCELLED, NULL);
    if (st)
        log_line("keys does not hear the answer: %s", sp_status_name(st));
    ask_free(ask);
}

static void
ask_passphrase(struct engine *e, struct wire_conn *conn, struct wire_in *in)
{
    const struct wm_ask_passphrase *m = in->msg;
    size_t open = 0;
    for (struct ask *a = e->keysrv->asks; a; a = a->next)
        open++;
    if (door_clients(e->door) == 0 || open >= MAX_ASKS) {
        if (wire_reply_error(conn, in->id, SP_CANCELLED, NULL) != SP_OK)
            log_line("keys is gone");
        return;
    }
    struct ask *ask = engine_alloc(sizeof *ask);
    *ask = (struct ask){.next = e->keysrv->asks, .engine = e, .conn = conn, .id = in->id, .operation = m->request};
    e->keysrv->asks = ask;
    const char *args[] = {m->user_id, m->key_id, m->was_wrong ? "1" : ""};
    ask->question = question_post(e, m->pinentry ? SP_ASK_PINENTRY : SP_ASK_KEY_PASSPHRASE, 0, peers_client_of(e, m->request), args,
                                  m->pinentry ? 2 : 3, m->pinentry ? on_terminal : on_answer, ask);
}

void
keysrv_from_keys(struct engine *e, struct wire_conn *conn, struct wire_in *in)
{
    if (in->type == WM_TYPE_ask_passphrase) {
        ask_passphrase(e, conn, in);
        return;
    }
    const struct wm_cancel *m = in->msg;
    for (struct ask *ask = e->keysrv->asks; ask; ask = ask->next)
        if (ask->id == m->id && !ask->lender) {
            question_withdraw(e, ask->question);
            if (wire_reply_error(conn, ask->id, SP_CANCELLED, NULL) != SP_OK)
                log_line("keys is gone");
            ask_free(ask);
            return;
        }
}

void
keysrv_keys_lost(struct engine *e)
{
    while (e->keysrv->asks) {
        struct ask *ask = e->keysrv->asks;
        e->keysrv->asks = ask->next;
        if (ask->lender) {
            request_on_end(ask->lender, NULL, NULL);
            request_fail(ask->lender, SP_CRASHED, NULL);
        } else {
            question_withdraw(e, ask->question);
        }
        free(ask);
    }
}

void
keysrv_changed(struct engine *e)
{
    if (!e->store)
        return;
    enum sp_status st = store_verdicts_forget(e->store);
    if (st)
        log_line("verdicts are not forgotten: %s", sp_status_name(st));
    judge_everything(e);
}

void
handle_list_keys(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)arena;
    request_relay(e, rq, SP_ROLE_KEYS, in->type, in->msg, LIST_MS);
}

/* ---- requests that change what verdicts depend on */

struct change {
    struct engine *engine;
    struct request *rq; /* NULL when nobody waits any more; the change itself is not broken off half-way */
};

static bool
change_end(void *arg, enum sp_status why)
{
    struct change *change = arg;
    if (why == SP_DISCONNECTED)
        return false;
    change->rq = NULL;
    return true;
}

static void
on_changed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct change *change = arg;
    (void)arena;
    if (!r->final)
        return;
    if (!r->status)
        keysrv_changed(change->engine);
    if (change->rq && r->in)
        request_reply(change->rq, r->in->type, r->in->msg);
    else if (change->rq)
        request_fail(change->rq, r->status, r->text);
    free(change);
}

static void
relay_change(struct engine *e, struct request *rq, struct wire_in *in)
{
    struct change *change = engine_alloc(sizeof *change);
    *change = (struct change){.engine = e, .rq = rq};
    (void)peer_call(e, &(struct peer_request){.role = SP_ROLE_KEYS, .type = in->type, .msg = in->msg, .timeout_ms = LIST_MS,
                                              .client = request_client(rq), .fn = on_changed, .arg = change});
    request_on_end(rq, change_end, change);
}

void
handle_import_keys(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)arena;
    relay_change(e, rq, in);
}

void
handle_set_trust(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)arena;
    relay_change(e, rq, in);
}

struct keysrv *
keysrv_new(struct engine *e)
{
    (void)e;
    return engine_alloc(sizeof(struct keysrv));
}

void
keysrv_free(struct keysrv *k)
{
    while (k && k->asks) {
        struct ask *next = k->asks->next;
        free(k->asks);
        k->asks = next;
    }
    free(k);
}
