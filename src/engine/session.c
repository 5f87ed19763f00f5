/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IMAP connections of an account. A connection serves one request at a time, so a selected folder stays selected until its
   request is through. */
#include "session.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "copy.h"
#include "peers.h"

struct session_op {
    struct session_op *next;
    struct session *session;
    uint64_t folder;
    uint16_t type;
    void *msg;            /* copy in the arena */
    struct arena arena;
    call_fn *fn;          /* NULL: dropped */
    void *arg;
};

static void advance(struct session *s);

/* ---- operations */

static void
op_free(struct session_op *op)
{
    copy_release(op->type, op->msg, &op->arena);
    free(op);
}

static void
end_op(struct session *s, const struct call_reply *r, struct arena *arena)
{
    struct session_op *op = s->first;
    s->first = op->next;
    call_fn *fn = op->fn;
    void *arg = op->arg;
    op_free(op);
    if (fn)
        fn(r, arena, arg);
}

/* Ends all waiting requests; those that their owners add meanwhile stay. */
static void
end_all(struct session *s, enum sp_status st, const char *text)
{
    struct session_op *list = s->first;
    s->first = NULL;
    while (list) {
        struct session_op *op = list;
        struct arena arena = ARENA_INIT;
        list = op->next;
        if (op->fn)
            op->fn(&(struct call_reply){.status = st, .final = true, .text = text ? text : ""}, &arena, op->arg);
        arena_release(&arena);
        op_free(op);
    }
}

static void
on_kick(struct loop *l, void *arg)
{
    struct session *s = arg;
    (void)l;
    s->kick = NULL;
    advance(s);
}

static void
kick(struct session *s)
{
    if (!s->kick)
        s->kick = loop_timer_add(s->account->engine->loop, 0, on_kick, s);
    if (!s->kick)
        abort();
}

static bool
ends_connection(enum sp_status st)
{
    switch (st) {
    case SP_CRASHED:
    case SP_DISCONNECTED:
    case SP_UNAVAILABLE:
    case SP_TIMEOUT:
    case SP_PROTOCOL:
    case SP_TLS:
    case SP_IO:
    case SP_EOF:
        return true;
    default:
        return false;
    }
}

static void
down(struct session *s, enum sp_status st, const char *text)
{
    char *words = engine_strdup(text);
    s->state = SESSION_DOWN;
    s->selected = 0;
    s->running = false;
    end_all(s, st, words);
    /* The other connections are made when somebody needs them, and their requests hear of it: a server may allow only one. */
    if (s->number == SESSION_SYNC || st == SP_AUTH_FAILED)
        account_failed(s->account, st, words);
    free(words);
}

/* ---- connecting */

static void
on_connected(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct session *s = arg;
    struct account *a = s->account;
    (void)arena;
    if (!r->final)
        return;
    s->call = NULL;
    if (!r->status && r->in->type == WM_TYPE_imap_ready) {
        s->state = SESSION_UP;
        s->capabilities = ((const struct wm_imap_ready *)r->in->msg)->capabilities;
        advance(s);
    } else if (!r->status && r->in->type == WM_TYPE_tls_refused) {
        const struct wm_tls_refused *m = r->in->msg;
        enum sp_status st = m->status && m->status < SP_STATUS_COUNT ? (enum sp_status)m->status : SP_TLS_UNTRUSTED;
        s->state = SESSION_DOWN;
        end_all(s, st, m->reason);
        account_tls_refused(a, &a->config->imap, m);
    } else {
        if (r->status == SP_AUTH_FAILED)
            credentials_refused(&a->credentials, r->text);
        down(s, r->status ? r->status : SP_PROTOCOL, r->text);
    }
}

static void
on_password(enum sp_status st, const struct secret *password, void *arg)
{
    struct session *s = arg;
    struct account *a = s->account;
    if (st) {
        down(s, st, NULL);
        return;
    }
    struct arena arena = ARENA_INIT;
    struct wm_imap_connect m = {.session = (uint8_t)s->number, .password = {password->data, password->len}};
    account_server(a, &a->config->imap, &arena, &m.server);
    s->state = SESSION_CONNECTING;
    if (s->number == SESSION_SYNC)
        account_set_state(a, SP_ACCOUNT_CONNECTING, SP_OK, NULL);
    s->call = peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = WM_TYPE_imap_connect, .msg = &m,
                                                          .timeout_ms = -1, .fn = on_connected, .arg = s});
    arena_release(&arena);
}

/* ---- selecting and running */

static void
on_reply(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct session *s = arg;
    struct session_op *op = s->first;
    if (!r->final) {
        if (op->fn)
            op->fn(r, arena, op->arg);
        return;
    }
    s->call = NULL;
    s->running = false;
    if (op->type == WM_TYPE_imap_select)
        s->selected = r->status ? 0 : op->folder;
    enum sp_status st = r->status;
    char *words = engine_strdup(r->text);
    end_op(s, r, arena);
    if (ends_connection(st))
        down(s, st, words);
    else
        kick(s);
    free(words);
}

static enum sp_status
check_validity(struct session *s, uint64_t folder, const struct wm_imap_selected *m)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    enum sp_status st = s->account->engine->store ? store_folder_get(s->account->engine->store, folder, &arena, &f) : SP_LOCKED;
    if (!st && f.uidvalidity != m->uidvalidity)
        st = SP_NOT_FOUND; /* our uids name other messages there */
    arena_release(&arena);
    return st;
}

static void
on_selected(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct session *s = arg;
    struct session_op *op = s->first;
    enum sp_status st = r->status;
    if (!r->final)
        return;
    s->call = NULL;
    s->running = false;
    if (!st && r->in->type != WM_TYPE_imap_selected)
        st = SP_PROTOCOL;
    if (!st)
        st = check_validity(s, op->folder, r->in->msg);
    if (!st) {
        s->selected = op->folder;
        advance(s);
        return;
    }
    s->selected = 0;
    char *words = engine_strdup(r->text);
    end_op(s, &(struct call_reply){.status = st, .final = true, .text = words}, arena);
    if (ends_connection(st))
        down(s, st, words);
    else
        kick(s);
    free(words);
}

static void
select_folder(struct session *s, uint64_t folder)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    struct account *a = s->account;
    enum sp_status st = store_folder_get(a->engine->store, folder, &arena, &f);
    if (st) {
        s->running = false;
        end_op(s, &(struct call_reply){.status = st, .final = true, .text = ""}, &arena);
        kick(s);
    } else {
        struct wm_imap_select m = {.session = (uint8_t)s->number, .raw = f.raw, .read_only = s->number == SESSION_IDLE};
        s->call = peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = WM_TYPE_imap_select,
                                                              .msg = &m, .timeout_ms = -1, .fn = on_selected, .arg = s});
    }
    arena_release(&arena);
}

static void
advance(struct session *s)
{
    struct account *a = s->account;
    if (!s->first || s->running || !a->engine->store)
        return;
    if (s->state == SESSION_DOWN) {
        s->state = SESSION_PASSWORD;
        peers_prepare(a->engine, SP_ROLE_NET, a->config->id); /* they start while the password is fetched and the server greets */
        peers_prepare(a->engine, SP_ROLE_PARSE, 0);
        credentials_get(&a->credentials, on_password, s);
    }
    if (s->state != SESSION_UP)
        return;
    struct session_op *op = s->first;
    if (!op->fn) { /* dropped while it waited for its folder */
        struct arena none = ARENA_INIT;
        end_op(s, NULL, &none);
        kick(s);
        return;
    }
    s->running = true;
    if (op->folder && op->folder != s->selected && op->type != WM_TYPE_imap_select) {
        select_folder(s, op->folder);
        return;
    }
    s->call = peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = op->type, .msg = op->msg,
                                                          .timeout_ms = -1, .fn = on_reply, .arg = s});
}

static struct session_op *
make_op(struct account *a, enum session_number number, uint64_t folder, uint16_t type, const void *msg, call_fn *fn, void *arg)
{
    struct session_op *op = engine_alloc(sizeof *op);
    *op = (struct session_op){.session = &a->sessions[number], .folder = folder, .type = type, .fn = fn, .arg = arg};
    if (copy_message(type, msg, &op->arena, &op->msg) != SP_OK)
        abort(); /* ours, so it can be copied */
    *(uint8_t *)op->msg = (uint8_t)number; /* `session` is the first member of all of them */
    return op;
}

struct session_op *
session_run(struct account *a, enum session_number number, uint64_t folder, uint16_t type, const void *msg, call_fn *fn, void *arg)
{
    struct session_op *op = make_op(a, number, folder, type, msg, fn, arg), **at = &op->session->first;
    while (*at)
        at = &(*at)->next;
    *at = op;
    kick(op->session);
    return op;
}

struct session_op *
session_run_first(struct account *a, enum session_number number, uint64_t folder, uint16_t type, const void *msg, call_fn *fn, void *arg)
{
    struct session_op *op = make_op(a, number, folder, type, msg, fn, arg);
    struct session *s = op->session;
    struct session_op **at = s->first && s->running ? &s->first->next : &s->first;
    op->next = *at;
    *at = op;
    kick(s);
    return op;
}

void
session_drop(struct session_op *op)
{
    if (!op)
        return;
    struct session *s = op->session;
    op->fn = NULL;
    if (s->first == op && s->running) {
        if (s->call)
            peer_cancel(s->call);
        return;
    }
    for (struct session_op **at = &s->first; *at; at = &(*at)->next)
        if (*at == op) {
            *at = op->next;
            op_free(op);
            return;
        }
}

void
session_lost(struct session *s, enum sp_status status, const char *text)
{
    /* With a request running its reply says so; before the connection is up its own does. */
    if (s->state == SESSION_UP && !s->running)
        down(s, status ? status : SP_DISCONNECTED, text);
}

static void
on_closed(const struct call_reply *r, struct arena *arena, void *arg)
{
    (void)r;
    (void)arena;
    (void)arg;
}

void
session_init(struct session *s, struct account *a, enum session_number number)
{
    *s = (struct session){.account = a, .number = number};
}

void
session_release(struct session *s, bool close)
{
    struct account *a = s->account;
    credentials_drop(&a->credentials, s);
    peer_drop(s->call);
    s->call = NULL;
    if (s->kick)
        loop_timer_remove(s->kick);
    s->kick = NULL;
    while (s->first) {
        struct session_op *next = s->first->next;
        op_free(s->first);
        s->first = next;
    }
    if (close && (s->state == SESSION_UP || s->state == SESSION_CONNECTING))
        (void)peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = WM_TYPE_imap_close,
                                                          .msg = &(struct wm_imap_close){.session = (uint8_t)s->number}, .timeout_ms = 10000, .fn = on_closed});
    s->state = SESSION_DOWN;
    s->selected = 0;
    s->running = false;
}
