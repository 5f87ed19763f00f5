/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt to send: by SMTP through the account's net role, or into the inboxes of local accounts. Every step that happened is in
   the store before the next begins, so an interrupted attempt goes on where it was. */
#include "transmit.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "deliver.h"
#include "peers.h"
#include "sync.h"

struct transmit {
    struct engine *engine;
    uint64_t outbox;
    struct account *account;
    struct arena arena;
    struct store_outbox item;
    struct store_transmission *list;
    size_t n, at, recipient;  /* recipient: of a local delivery */
    struct buf refused;       /* recipients that no local account has */
    int bytes;
    struct store_folder sent;
    struct peer_call *call;
    struct session_op *op;
    struct delivery *delivery;
    struct loop_timer *timer;
    bool wants_password;
    char *words;              /* of a server that refused some recipients */
    enum sp_outbox_state worst;
    transmit_fn *fn;
    void *arg;
};

static void next(struct transmit *t);

static void
end(struct transmit *t, enum sp_outbox_state state, enum sp_status st, const char *text, bool waits)
{
    char *words = engine_strdup(text);
    t->fn(&(struct transmit_result){.state = state, .status = st, .text = words, .waits_for_person = waits}, t->arg);
    free(words);
}

/* ---- the copy for Sent */

static void
copy_done(struct transmit *t)
{
    t->item.sent_copy_done = true;
    enum sp_status st = store_outbox_put(t->engine->store, &t->item);
    end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
}

static void
on_copied(enum sp_status st, uint64_t id, void *arg)
{
    struct transmit *t = arg;
    (void)id;
    t->delivery = NULL;
    if (st)
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    else
        copy_done(t);
}

static void
on_appended(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->op = NULL;
    if (r->status) {
        end(t, SP_OUTBOX_DEFERRED, r->status, r->text, false);
        return;
    }
    sync_folder(t->account->sync, t->sent.id);
    copy_done(t);
}

static void
append(struct transmit *t)
{
    int fd = -1;
    enum sp_status st = store_outbox_sent_copy_get(t->engine->store, t->outbox, &fd);
    if (st) {
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
        return;
    }
    struct wm_imap_append m = {.raw = t->sent.raw, .flags = SP_FLAG_SEEN, .date = engine_now(), .bytes = fd};
    t->op = session_run(t->account, SESSION_SYNC, 0, WM_TYPE_imap_append, &m, on_appended, t);
    engine_close(&fd);
}

/* Exactly one copy: an earlier attempt may have left one although its answer was lost, and some servers make their own. */
static void
on_searched(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->op = NULL;
    if (r->status) {
        end(t, SP_OUTBOX_DEFERRED, r->status, r->text, false);
    } else if (r->in->type == WM_TYPE_imap_uid_list && ((const struct wm_imap_uid_list *)r->in->msg)->uids.len) {
        sync_folder(t->account->sync, t->sent.id);
        copy_done(t);
    } else {
        append(t);
    }
}

static void
keep_copy(struct transmit *t)
{
    struct engine *e = t->engine;
    int fd = -1;
    enum sp_status st = store_folder_by_role(e->store, t->account->id, SP_FOLDER_SENT, &t->arena, &t->sent);
    if (t->item.sent_copy_done) {
        end(t, SP_OUTBOX_DEFERRED, SP_OK, NULL, false);
    } else if (st == SP_NOT_FOUND && t->account->config->kind == SP_ACCOUNT_IMAP && !sync_active(t->account->sync) &&
               t->account->state == SP_ACCOUNT_ONLINE) {
        log_line("account %s has no folder for sent mail", t->account->config->name);
        copy_done(t);
    } else if (st) {
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    } else if (t->account->config->kind == SP_ACCOUNT_IMAP && !t->account->wanted) {
        end(t, SP_OUTBOX_DEFERRED, SP_UNAVAILABLE, NULL, true);
    } else if (t->account->config->kind == SP_ACCOUNT_IMAP) {
        t->op = session_run(t->account, SESSION_SYNC, t->sent.id, WM_TYPE_imap_search_id,
                            &(struct wm_imap_search_id){.message_id = t->item.message_id}, on_searched, t);
    } else {
        st = store_outbox_sent_copy_get(e->store, t->outbox, &fd);
        if (st)
            end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
        else
            t->delivery = deliver(e, t->sent.id, SP_FLAG_SEEN, engine_now(), fd, on_copied, t);
        engine_close(&fd);
    }
}

/* ---- one transmission is through, for some recipients at least */

/* The remaining recipients become a transmission of their own before this one counts as done. */
static enum sp_status
split_off(struct transmit *t, const char *const *recipients)
{
    struct engine *e = t->engine;
    const struct store_transmission *now = &t->list[t->at];
    struct memfd_map map;
    uint64_t id;
    enum sp_status st = recipients[0] ? memfd_map(t->bytes, ENGINE_MAX_MESSAGE, &map) : SP_OK;
    if (st)
        return st;
    st = store_begin(e->store);
    if (!st && recipients[0])
        st = store_transmission_add(e->store, t->outbox, recipients, map.data, map.len, &id);
    if (!st)
        st = store_transmission_stage(e->store, now->id, 2);
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    if (recipients[0])
        memfd_unmap(&map);
    return st;
}

static void
transmission_done(struct transmit *t, const char *const *remaining)
{
    enum sp_status st = split_off(t, remaining);
    engine_close(&t->bytes);
    if (st) {
        /* It was accepted, but that could not be written down: sending again would double it. */
        end(t, SP_OUTBOX_UNCERTAIN, st, NULL, true);
        return;
    }
    t->at++;
    next(t);
}

/* ---- local delivery */

static struct account *
local_owner(struct engine *e, const char *address)
{
    for (struct account *a = e->accounts->first; a; a = a->next)
        if (a->config->kind == SP_ACCOUNT_LOCAL && account_owns(a, address))
            return a;
    return NULL;
}

static void deliver_next(struct transmit *t);

static void
on_delivered(enum sp_status st, uint64_t id, void *arg)
{
    struct transmit *t = arg;
    (void)id;
    t->delivery = NULL;
    if (st) {
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
        return;
    }
    t->recipient++;
    deliver_next(t);
}

static void
deliver_next(struct transmit *t)
{
    struct engine *e = t->engine;
    const struct store_transmission *now = &t->list[t->at];
    struct store_folder inbox;
    const char *address = now->recipients[t->recipient];
    if (!address) {
        transmission_done(t, (const char *const[]){NULL});
        return;
    }
    enum sp_status st = store_folder_by_role(e->store, local_owner(e, address)->id, SP_FOLDER_INBOX, &t->arena, &inbox);
    if (st)
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    else
        t->delivery = deliver(e, inbox.id, 0, engine_now(), t->bytes, on_delivered, t);
}

/* Nothing is delivered when somebody cannot be reached: the message stays as a whole. */
static void
deliver_local(struct transmit *t)
{
    const struct store_transmission *now = &t->list[t->at];
    for (const char *const *r = now->recipients; *r; r++)
        if (!local_owner(t->engine, *r))
            buf_addf(&t->refused, "%s%s", t->refused.len ? ", " : "", *r);
    if (t->refused.len) {
        end(t, SP_OUTBOX_FAILED, SP_NOT_FOUND, buf_str(&t->refused), false);
        return;
    }
    t->recipient = 0;
    deliver_next(t);
}

/* ---- SMTP */

static enum sp_outbox_state
state_for(enum sp_status st, unsigned code)
{
    if (code >= 500)
        return SP_OUTBOX_FAILED;
    switch (st) {
    case SP_SERVER_NO:
    case SP_INVALID:
    case SP_UNSUPPORTED:
    case SP_TOO_LARGE:
    case SP_CONFIG:
    case SP_AUTH_UNSUPPORTED:
    case SP_INSECURE_REFUSED:
        return code >= 400 ? SP_OUTBOX_DEFERRED : SP_OUTBOX_FAILED;
    default:
        return SP_OUTBOX_DEFERRED;
    }
}

/* Recipients whom the server did not take, from the results; the message went to the others. */
static const char *const *
not_taken(struct transmit *t, const struct wm_smtp_sent *m)
{
    const struct store_transmission *now = &t->list[t->at];
    const char **rest = arena_array(&t->arena, engine_count(now->recipients) + 1, sizeof *rest);
    size_t n = 0;
    if (!rest)
        abort();
    for (const char *const *r = now->recipients; *r; r++)
        for (uint32_t i = 0; i < m->results_n; i++)
            if (strcmp(m->results[i].address, *r) == 0 && m->results[i].code >= 400) {
                rest[n++] = *r;
                engine_set_text(&t->words, m->results[i].text);
                t->worst = m->results[i].code >= 500 ? SP_OUTBOX_FAILED : t->worst;
                break;
            }
    return rest;
}

/* The next password is asked for; one that a command prints would be the same again. */
static void
password_refused(struct transmit *t, const char *text)
{
    credentials_refused(&t->account->credentials, text);
    engine_close(&t->bytes);
    if (t->account->config->password_command)
        end(t, SP_OUTBOX_DEFERRED, SP_AUTH_FAILED, text, true);
    else
        next(t);
}

static void
sent(struct transmit *t, const struct wm_smtp_sent *m)
{
    enum sp_status st = m->status < SP_STATUS_COUNT ? (enum sp_status)m->status : SP_INTERNAL;
    if (m->stage == 2 && !st) {
        transmission_done(t, not_taken(t, m));
    } else if (m->stage == 1) {
        if (store_transmission_stage(t->engine->store, t->list[t->at].id, 1) != SP_OK)
            log_line("a stage is not kept");
        end(t, SP_OUTBOX_UNCERTAIN, st ? st : SP_DISCONNECTED, m->text, false);
    } else if (st == SP_AUTH_FAILED) {
        password_refused(t, m->text);
    } else {
        end(t, state_for(st ? st : SP_SERVER_NO, m->code), st ? st : SP_SERVER_NO, m->text, false);
    }
}

static void
on_sent(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->call = NULL;
    if (!r->status && r->in->type == WM_TYPE_smtp_sent) {
        sent(t, r->in->msg);
    } else if (!r->status && r->in->type == WM_TYPE_tls_refused) {
        const struct wm_tls_refused *m = r->in->msg;
        account_tls_refused(t->account, &t->account->config->smtp, m);
        end(t, SP_OUTBOX_DEFERRED, m->status < SP_STATUS_COUNT && m->status ? (enum sp_status)m->status : SP_TLS_UNTRUSTED, m->reason, true);
    } else if (r->status == SP_AUTH_FAILED) {
        password_refused(t, r->text);
    } else if (r->status == SP_CRASHED) {
        /* Nobody knows how far it came: the person is told that there may be two (RFC 1047). */
        end(t, SP_OUTBOX_UNCERTAIN, r->status, NULL, false);
    } else {
        end(t, state_for(r->status ? r->status : SP_PROTOCOL, 0), r->status ? r->status : SP_PROTOCOL, r->text, false);
    }
}

static void
on_password(enum sp_status st, const struct secret *password, void *arg)
{
    struct transmit *t = arg;
    struct account *a = t->account;
    const struct store_transmission *now = &t->list[t->at];
    t->wants_password = false;
    if (st) {
        end(t, SP_OUTBOX_DEFERRED, st, NULL, st == SP_CANCELLED);
        return;
    }
    size_t n = engine_count(now->recipients);
    struct wm_smtp_send m = {.password = {password->data, password->len}, .sender = t->item.sender,
                             .recipients = engine_texts(&t->arena, now->recipients, n), .recipients_n = (uint32_t)n, .message = t->bytes};
    account_server(a, &a->config->smtp, &t->arena, &m.server);
    t->call = peer_call(t->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = WM_TYPE_smtp_send, .msg = &m,
                                                          .timeout_ms = -1, .fn = on_sent, .arg = t});
}

static void
next(struct transmit *t)
{
    struct account *a = t->account;
    while (t->at < t->n && t->list[t->at].stage == 2)
        t->at++;
    if (t->at == t->n) {
        if (*t->words) /* some recipients are left over, in transmissions of their own */
            end(t, t->worst, t->worst == SP_OUTBOX_FAILED ? SP_SERVER_NO : SP_SERVER_TEMPORARY, t->words, false);
        else
            keep_copy(t);
        return;
    }
    enum sp_status st = store_transmission_bytes(t->engine->store, t->list[t->at].id, &t->bytes);
    if (st) {
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    } else if (a->config->kind == SP_ACCOUNT_LOCAL) {
        deliver_local(t);
    } else if (!*a->config->smtp.host) {
        end(t, SP_OUTBOX_FAILED, SP_CONFIG, NULL, false);
    } else {
        t->wants_password = true;
        credentials_get(&a->credentials, on_password, t);
    }
}

/* ---- beginning and end */

static void
on_turn(struct loop *l, void *arg)
{
    struct transmit *t = arg;
    struct engine *e = t->engine;
    (void)l;
    t->timer = NULL;
    enum sp_status st = store_outbox_get(e->store, t->outbox, &t->arena, &t->item);
    if (!st)
        st = store_transmissions(e->store, t->outbox, &t->arena, &t->list, &t->n);
    t->account = st ? NULL : account_by_id(e, t->item.account);
    if (!st && !t->account)
        end(t, SP_OUTBOX_FAILED, SP_CONFIG, NULL, false);
    else if (st)
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    else
        next(t);
}

struct transmit *
transmit_start(struct engine *e, uint64_t outbox, transmit_fn *fn, void *arg)
{
    struct transmit *t = engine_alloc(sizeof *t);
    *t = (struct transmit){.engine = e, .outbox = outbox, .bytes = -1, .words = engine_strdup(""), .worst = SP_OUTBOX_DEFERRED, .fn = fn, .arg = arg};
    t->timer = loop_timer_add(e->loop, 0, on_turn, t);
    if (!t->timer)
        abort();
    return t;
}

void
transmit_free(struct transmit *t)
{
    if (!t)
        return;
    if (t->timer)
        loop_timer_remove(t->timer);
    if (t->wants_password)
        credentials_drop(&t->account->credentials, t);
    peer_drop(t->call);
    session_drop(t->op);
    delivery_drop(t->delivery);
    engine_close(&t->bytes);
    buf_release(&t->refused);
    arena_release(&t->arena);
    free(t->words);
    free(t);
}
