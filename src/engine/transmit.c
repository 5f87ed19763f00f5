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
#include "base/uidset.h"
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
    bool *put_off;            /* recipients of the current transmission that were told to wait; for this attempt */
    struct buf strangers;     /* recipients that no local account has */
    int bytes;
    struct store_folder sent;
    bool copies_again;        /* an earlier attempt may have left a copy there */
    bool appended;            /* by this attempt */
    const char *surplus;      /* uids of copies beyond the one */
    struct peer_call *call;
    struct session_op *op;
    struct delivery *delivery;
    struct loop_timer *timer;
    bool wants_password;
    struct transmit_result result;
    transmit_fn *fn;
    void *arg;
};

static void next(struct transmit *t);

static void
end(struct transmit *t, enum sp_outbox_state state, enum sp_status st, const char *text, bool waits)
{
    char *words = engine_strdup(text);
    t->result.state = state;
    t->result.status = st;
    t->result.text = words;
    t->result.waits_for_person = waits;
    t->fn(&t->result, t->arg); /* frees t */
    free(words);
}

/* ---- how far it is */

struct tally {
    size_t waiting, refused, have; /* recipients of all transmissions */
    const char *words;             /* of the server, about somebody who does not have it */
};

static struct tally
count_recipients(const struct transmit *t)
{
    struct tally sum = {.words = ""};
    for (size_t i = 0; i < t->n; i++)
        for (size_t r = 0; r < t->list[i].n; r++) {
            const struct store_recipient *one = &t->list[i].list[r];
            bool done = one->state == STORE_RCPT_HAS_IT || t->list[i].stage == 2;
            sum.have += one->state == STORE_RCPT_HAS_IT;
            sum.refused += !done && one->state == STORE_RCPT_REFUSED;
            sum.waiting += !done && one->state == STORE_RCPT_WAITING;
            if (!done && *one->text)
                sum.words = one->text;
        }
    return sum;
}

/* Every recipient was asked about, and the copy is where it belongs if anybody has the message. */
static void
finish(struct transmit *t)
{
    struct tally sum = count_recipients(t);
    if (sum.waiting)
        end(t, SP_OUTBOX_DEFERRED, SP_SERVER_TEMPORARY, sum.words, false);
    else if (sum.refused)
        end(t, SP_OUTBOX_FAILED, SP_SERVER_NO, sum.words, false);
    else
        end(t, SP_OUTBOX_DEFERRED, SP_OK, NULL, false);
}

/* ---- the copy for Sent */

/* The message is with those who could get it; only its copy is missing. */
static void
copy_fails(struct transmit *t, enum sp_status st, const char *text, bool waits)
{
    end(t, count_recipients(t).waiting ? SP_OUTBOX_DEFERRED : SP_OUTBOX_COPYING, st, text, waits);
}

static enum sp_status
note_copy(void *arg)
{
    struct transmit *t = arg;
    t->item.sent_copy_done = true;
    return store_outbox_put(t->engine->store, &t->item);
}

static void
copy_done(struct transmit *t)
{
    enum sp_status st = note_copy(t);
    if (st)
        copy_fails(t, st, NULL, false);
    else
        finish(t);
}

static void
on_copied(enum sp_status st, uint64_t id, void *arg)
{
    struct transmit *t = arg;
    (void)id;
    t->delivery = NULL;
    if (st)
        copy_fails(t, st, NULL, false);
    else
        finish(t);
}

/* Which of the uids are of this sending? Older ones may be there when a program sends the same message again. They stay first in the
   list, ascending; their number. */
static size_t
ours(const struct transmit *t, const struct wire_blob *uids, uint32_t *list)
{
    bool bounded = t->item.sent_uidvalidity && t->item.sent_uidvalidity == t->sent.uidvalidity;
    size_t n = 0;
    for (size_t i = 0; i + sizeof *list <= uids->len; i += sizeof *list) {
        memcpy(&list[n], (const char *)uids->data + i, sizeof *list);
        n += !bounded || list[n] >= t->item.sent_uidnext;
    }
    return n;
}

static void
on_removed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->op = NULL;
    if (r->status) {
        copy_fails(t, r->status, r->text, false);
        return;
    }
    sync_folder(t->account->sync, t->sent.id);
    copy_done(t);
}

static void
on_marked(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->op = NULL;
    if (r->status)
        copy_fails(t, r->status, r->text, false);
    else
        t->op = session_run(t->account, SESSION_SYNC, t->sent.id, WM_TYPE_imap_expunge, &(struct wm_imap_expunge){.uid_set = t->surplus}, on_removed, t);
}

/* The server may still have been busy with an earlier try when we looked, and finished it afterwards: one copy stays. Only where we know
   which ones are of this sending. */
static void
keep_one(struct transmit *t, const uint32_t *uids, size_t n)
{
    struct buf set = BUF_INIT;
    if (n < 2 || !t->item.sent_uidvalidity || t->item.sent_uidvalidity != t->sent.uidvalidity) {
        sync_folder(t->account->sync, t->sent.id);
        copy_done(t);
        return;
    }
    uidset_add(&set, uids + 1, n - 1);
    t->surplus = arena_strdup(&t->arena, buf_str(&set));
    buf_release(&set);
    if (!t->surplus)
        abort();
    log_line("the copy of outbox item %llu came there %zu times", (unsigned long long)t->outbox, n);
    struct wm_imap_store m = {.uid_set = t->surplus, .add = SP_FLAG_DELETED};
    t->op = session_run(t->account, SESSION_SYNC, t->sent.id, WM_TYPE_imap_store, &m, on_marked, t);
}

static void
search(struct transmit *t, call_fn *fn)
{
    t->op = session_run(t->account, SESSION_SYNC, t->sent.id, WM_TYPE_imap_search_id,
                        &(struct wm_imap_search_id){.message_id = t->item.message_id}, fn, t);
}

static void on_searched(const struct call_reply *r, struct arena *arena, void *arg);

static void
on_appended(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct transmit *t = arg;
    (void)arena;
    if (!r->final)
        return;
    t->op = NULL;
    if (r->status) {
        copy_fails(t, r->status, r->text, false);
        return;
    }
    if (t->copies_again) {
        search(t, on_searched);
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
        copy_fails(t, st, NULL, false);
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
    if (!r->final)
        return;
    t->op = NULL;
    bool list = !r->status && r->in->type == WM_TYPE_imap_uid_list;
    const struct wire_blob none = {0}, *uids = list ? &((const struct wm_imap_uid_list *)r->in->msg)->uids : &none;
    uint32_t *found = arena_array(arena, uids->len / sizeof *found + 1, sizeof *found);
    if (!found)
        abort();
    size_t n = ours(t, uids, found);
    if (r->status) {
        copy_fails(t, r->status, r->text, false);
    } else if (n || t->appended) {
        keep_one(t, found, n);
    } else {
        t->appended = true; /* if it works; else this attempt ends */
        append(t);
    }
}

static void
keep_copy(struct transmit *t)
{
    struct engine *e = t->engine;
    int fd = -1;
    enum sp_status st = store_folder_by_role(e->store, t->account->id, SP_FOLDER_SENT, &t->arena, &t->sent);
    if (st == SP_NOT_FOUND && t->account->config->kind == SP_ACCOUNT_IMAP && !sync_active(t->account->sync) &&
        t->account->state == SP_ACCOUNT_ONLINE) {
        log_line("account %s has no folder for sent mail", t->account->config->name);
        copy_done(t);
    } else if (st) {
        copy_fails(t, st, NULL, false);
    } else if (t->account->config->kind == SP_ACCOUNT_IMAP && !t->account->wanted) {
        copy_fails(t, SP_UNAVAILABLE, NULL, true);
    } else if (t->account->config->kind == SP_ACCOUNT_IMAP) {
        search(t, on_searched);
    } else {
        st = store_outbox_sent_copy_get(e->store, t->outbox, &fd);
        if (st)
            copy_fails(t, st, NULL, false);
        else
            t->delivery = deliver(e, t->sent.id, SP_FLAG_SEEN, engine_now(), fd, note_copy, on_copied, t);
        engine_close(&fd);
    }
}

/* Nobody is left to be asked about in this attempt. What somebody has belongs into the folder of sent mail. */
static void
conclude(struct transmit *t)
{
    struct tally sum = count_recipients(t);
    if (t->item.sent_copy_done || (!sum.have && (sum.waiting || sum.refused))) {
        finish(t);
        return;
    }
    if (!sum.waiting && t->item.state != SP_OUTBOX_COPYING) {
        t->item.state = SP_OUTBOX_COPYING; /* an engine that dies now must not take it for perhaps unsent */
        enum sp_status st = store_outbox_put(t->engine->store, &t->item);
        if (st) {
            copy_fails(t, st, NULL, false);
            return;
        }
    }
    keep_copy(t);
}

/* ---- what became of recipients */

static bool
is_open(const struct transmit *t, size_t recipient)
{
    const struct store_transmission *now = &t->list[t->at];
    return now->stage != 2 && now->list[recipient].state == STORE_RCPT_WAITING && !(t->put_off && t->put_off[recipient]);
}

/* The first recipient of the current transmission from that number on who can be sent to now; n when there is none. */
static size_t
first_open(const struct transmit *t, size_t from)
{
    while (from < t->list[t->at].n && !is_open(t, from))
        from++;
    return from;
}

/* Writes the recipients of the current transmission down, and that it is done when all have it. */
static enum sp_status
put_recipients(struct transmit *t)
{
    struct store *s = t->engine->store;
    struct store_transmission *now = &t->list[t->at];
    size_t have = 0;
    enum sp_status st = SP_OK;
    for (size_t i = 0; !st && i < now->n; i++) {
        have += now->list[i].state == STORE_RCPT_HAS_IT;
        st = store_recipient_put(s, now->id, &now->list[i]);
    }
    uint8_t stage = have == now->n ? 2 : 0;
    if (!st && now->stage != stage)
        st = store_transmission_stage(s, now->id, stage);
    now->stage = stage;
    return st;
}

static enum sp_status
keep_recipients(struct transmit *t)
{
    struct store *s = t->engine->store;
    enum sp_status st = store_begin(s);
    if (st)
        return st;
    st = put_recipients(t);
    if (st)
        store_rollback(s);
    else
        st = store_commit(s);
    return st;
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

static enum sp_status
note_delivery(void *arg)
{
    struct transmit *t = arg;
    t->list[t->at].list[t->recipient].state = STORE_RCPT_HAS_IT;
    return put_recipients(t);
}

static void
on_delivered(enum sp_status st, uint64_t id, void *arg)
{
    struct transmit *t = arg;
    (void)id;
    t->delivery = NULL;
    if (st)
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    else
        deliver_next(t);
}

static void
deliver_next(struct transmit *t)
{
    struct engine *e = t->engine;
    struct store_folder inbox;
    t->recipient = first_open(t, 0);
    if (t->recipient == t->list[t->at].n) {
        engine_close(&t->bytes);
        next(t);
        return;
    }
    const char *address = t->list[t->at].list[t->recipient].address;
    enum sp_status st = store_folder_by_role(e->store, local_owner(e, address)->id, SP_FOLDER_INBOX, &t->arena, &inbox);
    if (st)
        end(t, SP_OUTBOX_DEFERRED, st, NULL, false);
    else
        t->delivery = deliver(e, inbox.id, 0, engine_now(), t->bytes, note_delivery, on_delivered, t);
}

/* Nothing is delivered when somebody cannot be reached: the message stays as a whole. */
static void
deliver_local(struct transmit *t)
{
    const struct store_transmission *now = &t->list[t->at];
    for (const char *const *r = now->recipients; *r; r++)
        if (!local_owner(t->engine, *r))
            buf_addf(&t->strangers, "%s%s", t->strangers.len ? ", " : "", *r);
    if (t->strangers.len)
        end(t, SP_OUTBOX_FAILED, SP_NOT_FOUND, buf_str(&t->strangers), false);
    else
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

static void
note_refusal(struct transmit *t, const struct store_recipient *r)
{
    if (!t->result.refused++) {
        t->result.refused_address = r->address;
        t->result.refused_text = r->text;
    }
}

/* Takes over what the server said of each recipient. accepted: it has the message from us. Returns for how many something changed that
   makes another try at once worth while: they are not asked about again. */
static size_t
take_results(struct transmit *t, const struct wm_smtp_sent *m, bool accepted)
{
    struct store_transmission *now = &t->list[t->at];
    size_t out = 0;
    for (size_t i = 0; i < now->n; i++) {
        struct store_recipient *r = &now->list[i];
        if (!is_open(t, i))
            continue;
        r->code = 0;
        for (uint32_t k = 0; k < m->results_n; k++)
            if (strcmp(m->results[k].address, r->address) == 0) {
                r->code = m->results[k].code;
                r->text = arena_strdup(&t->arena, m->results[k].text);
            }
        if (!r->text)
            abort();
        if (r->code >= 500) {
            r->state = STORE_RCPT_REFUSED;
            note_refusal(t, r);
            out++;
        } else if (r->code >= 400) {
            t->put_off[i] = true;
            out++;
        } else if (accepted) {
            r->state = STORE_RCPT_HAS_IT;
        }
    }
    return out;
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
accepted(struct transmit *t, const struct wm_smtp_sent *m)
{
    (void)take_results(t, m, true);
    enum sp_status st = keep_recipients(t);
    engine_close(&t->bytes);
    if (st) /* It was accepted, but that could not be written down: sending again would double it. */
        end(t, SP_OUTBOX_UNCERTAIN, st, NULL, true);
    else
        next(t);
}

/* Nobody has it. When that was because of single recipients, the others are tried without them. */
static void
refused(struct transmit *t, enum sp_status st, const struct wm_smtp_sent *m)
{
    size_t out = take_results(t, m, false);
    enum sp_status kept = keep_recipients(t);
    engine_close(&t->bytes);
    if (kept)
        end(t, SP_OUTBOX_DEFERRED, kept, NULL, false);
    else if (out && (st == SP_SERVER_NO || st == SP_SERVER_TEMPORARY))
        next(t);
    else
        end(t, state_for(st, m->code), st, m->text, false);
}

static void
sent(struct transmit *t, const struct wm_smtp_sent *m)
{
    enum sp_status st = m->status < SP_STATUS_COUNT ? (enum sp_status)m->status : SP_INTERNAL;
    if (m->stage == 2 && !st) {
        accepted(t, m);
    } else if (m->stage == 1) {
        if (store_transmission_stage(t->engine->store, t->list[t->at].id, 1) != SP_OK)
            log_line("a stage is not kept");
        end(t, SP_OUTBOX_UNCERTAIN, st ? st : SP_DISCONNECTED, m->text, false);
    } else if (st == SP_AUTH_FAILED) {
        password_refused(t, m->text);
    } else {
        refused(t, st ? st : SP_SERVER_NO, m);
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
    struct wm_smtp_send m = {.password = {password->data, password->len}, .sender = t->item.sender,
                             .recipients = engine_texts(&t->arena, now->recipients, now->n), .message = t->bytes};
    for (size_t i = first_open(t, 0); i < now->n; i = first_open(t, i + 1))
        m.recipients[m.recipients_n++].text = now->list[i].address;
    account_server(a, &a->config->smtp, &t->arena, &m.server);
    t->call = peer_call(t->engine, &(struct peer_request){.role = SP_ROLE_NET, .index = a->config->id, .type = WM_TYPE_smtp_send, .msg = &m,
                                                          .timeout_ms = -1, .fn = on_sent, .arg = t});
}

static void
next(struct transmit *t)
{
    struct account *a = t->account;
    for (; t->at < t->n && first_open(t, 0) == t->list[t->at].n; t->at++)
        t->put_off = NULL;
    if (t->at == t->n) {
        conclude(t);
        return;
    }
    if (!t->put_off)
        t->put_off = arena_array(&t->arena, t->list[t->at].n, sizeof *t->put_off);
    if (!t->put_off)
        abort();
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

/* What lies in the folder of sent mail before anything leaves: a copy that is found later with a lower uid is not of this sending. */
static enum sp_status
note_sent_folder(struct transmit *t)
{
    struct store_folder f;
    if (t->item.sent_uidvalidity || t->account->config->kind != SP_ACCOUNT_IMAP ||
        store_folder_by_role(t->engine->store, t->account->id, SP_FOLDER_SENT, &t->arena, &f) != SP_OK || !f.uidvalidity)
        return SP_OK;
    t->item.sent_uidvalidity = f.uidvalidity;
    t->item.sent_uidnext = f.uidnext;
    return store_outbox_put(t->engine->store, &t->item);
}

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
    t->copies_again = !st && t->item.state == SP_OUTBOX_COPYING;
    if (t->account)
        st = note_sent_folder(t);
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
    *t = (struct transmit){.engine = e, .outbox = outbox, .bytes = -1, .result = {.refused_address = "", .refused_text = ""}, .fn = fn, .arg = arg};
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
    buf_release(&t->strangers);
    arena_release(&t->arena);
    free(t);
}
