/* SPDX-License-Identifier: GPL-3.0-or-later */
/* submit: a finished message from a program (sendmail's way) goes through the same outbox. Its header is written again from the parsed
   document: without Bcc (S68), with what is missing added, CRLF throughout (S54). */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "door.h"
#include "handlers.h"
#include "mime/document.h"
#include "msgdate.h"
#include "outbox.h"
#include "peers.h"
#include "reply.h"

#define PARSE_MS 30000
#define MAX_RECIPIENTS 1000

struct submission {
    struct engine *engine;
    struct request *rq;
    struct arena arena;
    struct wm_submit ask;      /* texts in the arena */
    int message;
    struct peer_call *call;
    struct account *account;
    const char *sender;
    const char **recipients;   /* NULL-terminated */
    size_t n;
};

static void
job_free(struct submission *s)
{
    peer_drop(s->call);
    engine_close(&s->message);
    arena_release(&s->arena);
    free(s);
}

static bool
job_end(void *arg, enum sp_status why)
{
    if (why == SP_DISCONNECTED)
        return false;
    job_free(arg);
    return true;
}

static void
fail(struct submission *s, enum sp_status st)
{
    request_fail(s->rq, st, NULL);
    job_free(s);
}

/* ---- recipients and sender */

static bool
good_address(const char *a)
{
    const char *at = strrchr(a, '@');
    if (!at || at == a || !at[1] || strlen(a) > 320)
        return false;
    for (; *a; a++)
        if ((unsigned char)*a <= ' ' || *a == 0x7f || *a == '<' || *a == '>')
            return false;
    return true;
}

static enum sp_status
add_recipient(struct submission *s, const char *address)
{
    if (!good_address(address))
        return SP_INVALID;
    for (size_t i = 0; i < s->n; i++)
        if (strcasecmp(s->recipients[i], address) == 0)
            return SP_OK;
    if (s->n == MAX_RECIPIENTS)
        return SP_TOO_LARGE;
    s->recipients[s->n++] = arena_strdup(&s->arena, address);
    return SP_OK;
}

static enum sp_status
collect_recipients(struct submission *s, const struct document *d)
{
    enum sp_status st = SP_OK;
    s->recipients = arena_array(&s->arena, MAX_RECIPIENTS + 1, sizeof *s->recipients);
    if (!s->recipients)
        return SP_NOMEM;
    for (uint32_t i = 0; !st && i < s->ask.recipients_n; i++)
        st = add_recipient(s, s->ask.recipients[i].text);
    for (uint32_t i = 0; !st && s->ask.from_header && i < d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(d, i);
        if (m->part == 0 && (m->field == DOC_TO || m->field == DOC_CC || m->field == DOC_BCC))
            st = add_recipient(s, doc_text(d, m->address));
    }
    return st ? st : s->n ? SP_OK : SP_INVALID;
}

static const char *
header_from(const struct document *d)
{
    for (uint32_t i = 0; i < d->mailboxes.count; i++)
        if (doc_mailbox(d, i)->part == 0 && doc_mailbox(d, i)->field == DOC_FROM)
            return doc_text(d, doc_mailbox(d, i)->address);
    return "";
}

/* The account: the given one, else whose address the sender or From is; without either, the first. */
static enum sp_status
choose_account(struct submission *s, const struct document *d)
{
    struct engine *e = s->engine;
    const char *from = header_from(d);
    s->sender = *s->ask.sender ? s->ask.sender : from;
    if (s->ask.account)
        s->account = account_by_id(e, s->ask.account);
    else if (*s->sender)
        s->account = account_by_address(e, s->sender);
    if (!s->account && !s->ask.account && *from)
        s->account = account_by_address(e, from);
    if (!s->account && !s->ask.account && !*s->sender)
        s->account = e->accounts->first;
    if (!s->account)
        return SP_NOT_FOUND;
    if (!*s->sender)
        s->sender = s->account->config->address;
    s->sender = arena_strdup(&s->arena, s->sender);
    return good_address(s->sender) ? SP_OK : SP_INVALID;
}

/* ---- the message written again */

static void
add_crlf(struct buf *out, const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] == '\n' || (bytes[i] == '\r' && (i + 1 == len || bytes[i + 1] != '\n')))
            buf_adds(out, "\r\n");
        else if (bytes[i] != '\r')
            buf_addc(out, bytes[i]);
    }
}

static enum sp_status
add_missing(struct submission *s, const struct document *d, const char **message_id, struct buf *out)
{
    struct buf value = BUF_INIT;
    enum sp_status st = SP_OK;
    if (!doc_field(d, 0, "From", 0)) {
        reply_add_mailbox(&value, s->account->config->display_name, s->account->config->address);
        buf_addf(out, "From: %s\r\n", buf_str(&value));
    }
    if (!doc_field(d, 0, "Date", 0)) {
        buf_clear(&value);
        msgdate_add(&value, engine_now());
        buf_addf(out, "Date: %s\r\n", buf_str(&value));
    }
    buf_clear(&value);
    if (doc_field(d, 0, "Message-ID", 0)) {
        reply_message_id(doc_field(d, 0, "Message-ID", 0), &value);
    } else {
        st = msgid_add(&value, s->sender);
        buf_addf(out, "Message-ID: %s\r\n", buf_str(&value));
    }
    *message_id = arena_strdup(&s->arena, buf_str(&value));
    buf_release(&value);
    return st;
}

static enum sp_status
rewrite(struct submission *s, const struct document *d, const struct memfd_map *in, const char **message_id, struct buf *out)
{
    if (d->parts.count == 0 || doc_part(d, 0)->body_at > in->len || doc_part(d, 0)->body_len > in->len - doc_part(d, 0)->body_at)
        return SP_INVALID;
    for (uint32_t i = 0; i < d->headers.count; i++) {
        const struct doc_header *h = doc_header(d, i);
        const char *name = doc_text(d, h->name);
        if (h->part != 0 || strcasecmp(name, "Bcc") == 0)
            continue;
        buf_addf(out, "%s:", name);
        add_crlf(out, doc_text(d, h->raw), h->raw.len);
        buf_adds(out, "\r\n");
    }
    enum sp_status st = add_missing(s, d, message_id, out);
    buf_adds(out, "\r\n");
    add_crlf(out, in->data + doc_part(d, 0)->body_at, in->len - doc_part(d, 0)->body_at);
    return st ? st : buf_status(out);
}

static enum sp_status
queue(struct submission *s, const struct document *d, const char *message_id, const struct buf *bytes, uint64_t *id)
{
    struct engine *e = s->engine;
    const char *subject = doc_field(d, 0, "Subject", 0), *to = doc_field(d, 0, "To", 0);
    struct store_outbox o = {.account = s->account->id, .sender = s->sender, .subject = subject ? subject : "", .to = to ? to : s->recipients[0],
                             .message_id = message_id, .state = SP_OUTBOX_WAITING, .server_text = "", .created = engine_now()};
    uint64_t transmission;
    enum sp_status st = store_begin(e->store);
    if (st)
        return st;
    st = store_outbox_put(e->store, &o);
    if (!st)
        st = store_transmission_add(e->store, o.id, s->recipients, bytes->data, bytes->len, &transmission);
    if (!st)
        st = store_outbox_sent_copy(e->store, o.id, bytes->data, bytes->len);
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    *id = o.id;
    return st;
}

static enum sp_status
take_message(struct submission *s, int document, uint64_t *id)
{
    struct memfd_map doc_map, in;
    const struct document *d;
    const char *message_id = "";
    struct buf bytes = BUF_INIT;
    enum sp_status st = memfd_map(document, DOC_MAX_SIZE, &doc_map);
    if (st)
        return st;
    st = memfd_map(s->message, ENGINE_MAX_MESSAGE, &in);
    if (!st) {
        st = document_check(doc_map.data, doc_map.len, &d);
        if (!st)
            st = choose_account(s, d);
        if (!st)
            st = collect_recipients(s, d);
        if (!st)
            st = rewrite(s, d, &in, &message_id, &bytes);
        if (!st)
            st = queue(s, d, message_id, &bytes, id);
        memfd_unmap(&in);
    }
    memfd_unmap(&doc_map);
    buf_release_wiped(&bytes);
    return st;
}

static void
on_parsed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct submission *s = arg;
    uint64_t id = 0;
    (void)arena;
    if (!r->final)
        return;
    s->call = NULL;
    enum sp_status st = r->status;
    if (!st)
        st = r->in->type == WM_TYPE_parsed ? take_message(s, ((const struct wm_parsed *)r->in->msg)->document, &id) : SP_PROTOCOL;
    if (st) {
        fail(s, st);
        return;
    }
    struct engine *e = s->engine;
    request_reply(s->rq, WM_TYPE_queued, &(struct wm_queued){.outbox = id});
    job_free(s);
    outbox_added(e, id);
}

void
handle_submit(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_submit *m = in->msg;
    struct submission *s = engine_alloc(sizeof *s);
    struct memfd_map map;
    (void)arena;
    *s = (struct submission){.engine = e, .rq = rq, .ask = *m, .message = wire_take_fd(&m->message)};
    request_on_end(rq, job_end, s);
    s->ask.sender = arena_strdup(&s->arena, m->sender);
    s->ask.recipients = arena_array(&s->arena, m->recipients_n, sizeof *s->ask.recipients);
    if (!s->ask.recipients)
        abort();
    for (uint32_t i = 0; i < m->recipients_n; i++)
        s->ask.recipients[i].text = arena_strdup(&s->arena, m->recipients[i].text);
    enum sp_status st = m->recipients_n > MAX_RECIPIENTS ? SP_TOO_LARGE : memfd_map(s->message, ENGINE_MAX_MESSAGE, &map);
    if (st) {
        fail(s, st);
        return;
    }
    struct wm_parse_message parse = {.bytes = s->message, .length = map.len};
    memfd_unmap(&map);
    s->call = peer_call(e, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_parse_message, .msg = &parse, .timeout_ms = PARSE_MS,
                                                  .flags = PEER_AGAIN, .fn = on_parsed, .arg = s});
}
