/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts: new ones (empty, replies, forwards), saving, attachments. They live in the encrypted store only (S66, S67). */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "mailto.h"
#include "reading.h"
#include "reply.h"

#define MAX_TEXT ((size_t)8388608)
#define MAX_FIELD ((size_t)262144)
#define MAX_ATTACHMENTS 100

/* After every change of a draft; other screens hear of it. */
static void
reply_draft(struct engine *e, struct request *rq, uint64_t id)
{
    struct arena arena = ARENA_INIT;
    struct wm_draft_view m = {0};
    enum sp_status st = store_draft_get(e->store, id, &arena, &m.draft);
    if (st) {
        request_fail(rq, st, NULL);
    } else {
        events_draft(e, request_client(rq), id, false);
        request_reply(rq, WM_TYPE_draft_view, &m);
    }
    arena_release(&arena);
}

/* ---- a new draft */

struct starting {
    struct engine *engine;
    struct request *rq;
    enum sp_draft_kind kind;
    uint64_t message, client;
    struct account *account;
    struct reading *reading;
    uint64_t draft;             /* once it is in the store */
    char **paths;               /* of the attachments to take over; owned */
    size_t paths_n, paths_at;
};

static void
starting_free(struct starting *s)
{
    reading_drop(s->reading);
    for (size_t i = 0; i < s->paths_n; i++)
        free(s->paths[i]);
    free(s->paths);
    free(s);
}

static bool
starting_end(void *arg, enum sp_status why)
{
    struct starting *s = arg;
    (void)why;
    starting_free(s);
    return true;
}

static bool
is_own(const char *address, void *arg)
{
    return account_by_address(arg, address) != NULL;
}

static char *
own_mailbox(struct arena *arena, const struct account *a, const char *address)
{
    struct buf b = BUF_INIT;
    reply_add_mailbox(&b, a->config->display_name ? a->config->display_name : "", address);
    char *text = arena_strdup(arena, buf_str(&b));
    buf_release(&b);
    return text;
}

/* The own address that the message was sent to, else the account's. */
static const char *
answering_address(const struct account *a, const struct wr_verdict *v)
{
    for (uint32_t i = 0; i < v->to_n; i++)
        if (account_owns(a, v->to[i].address))
            return v->to[i].address;
    for (uint32_t i = 0; i < v->cc_n; i++)
        if (account_owns(a, v->cc[i].address))
            return v->cc[i].address;
    return a->config->address;
}

static void
begin_draft(const struct account *a, struct wr_draft *d)
{
    const struct config_account *c = a->config;
    *d = (struct wr_draft){.account = a->id, .from = "", .to = "", .cc = "", .bcc = "", .reply_to = "", .subject = "", .body = "", .in_reply_to = "",
                           .references = "", .protocol = (uint8_t)(c->protocol ? c->protocol : SP_PROTOCOL_OPENPGP), .sign = c->sign,
                           .encrypt = c->encrypt};
}

static void
set_threading(struct starting *s, struct wr_draft *d, struct arena *arena)
{
    struct store_message m;
    struct buf references = BUF_INIT, id = BUF_INIT;
    if (store_message_get(s->engine->store, s->message, arena, &m) == SP_OK) {
        reply_references(m.references, m.in_reply_to, m.message_id, &references);
        reply_message_id(m.message_id, &id);
    }
    d->references = arena_strdup(arena, buf_str(&references));
    d->in_reply_to = arena_strdup(arena, buf_str(&id));
    buf_release(&references);
    buf_release(&id);
}

/* What a draft takes from the message that it answers, forwards or edits again. */
static enum sp_status
fill_from_verdict(struct starting *s, const struct wr_verdict *v, struct wr_draft *d, struct arena *arena)
{
    struct buf to = BUF_INIT, cc = BUF_INIT, subject = BUF_INIT, body = BUF_INIT;
    bool reply = s->kind == SP_DRAFT_REPLY || s->kind == SP_DRAFT_REPLY_ALL;
    begin_draft(s->account, d);
    d->kind = (uint8_t)s->kind;
    d->origin = s->kind == SP_DRAFT_EDIT ? 0 : s->message;
    if (reply) {
        reply_recipients(v, s->kind == SP_DRAFT_REPLY_ALL, is_own, s->engine, &to, &cc);
        set_threading(s, d, arena);
    } else if (s->kind == SP_DRAFT_EDIT) {
        for (uint32_t i = 0; i < v->to_n; i++)
            reply_add_mailbox(&to, v->to[i].name, v->to[i].address);
        for (uint32_t i = 0; i < v->cc_n; i++)
            reply_add_mailbox(&cc, v->cc[i].name, v->cc[i].address);
    }
    reply_subject(s->kind, v->subject, &subject);
    reply_body(s->kind, v, &body);
    /* S65: what came encrypted is answered encrypted, with the same technology. */
    if (v->encryption.state != SP_ENCRYPTION_NONE && s->kind != SP_DRAFT_EDIT) {
        d->encrypt = d->origin_encrypted = 1;
        /* Who could read it has a key to sign with, and an encrypted answer that nobody signed could be from anybody. */
        if (reply && v->encryption.state == SP_ENCRYPTION_DECRYPTED)
            d->sign = 1;
        if (v->encryption.protocol == SP_PROTOCOL_OPENPGP || v->encryption.protocol == SP_PROTOCOL_SMIME)
            d->protocol = v->encryption.protocol;
    }
    d->from = own_mailbox(arena, s->account, answering_address(s->account, v));
    d->to = arena_strdup(arena, buf_str(&to));
    d->cc = arena_strdup(arena, buf_str(&cc));
    d->subject = arena_strdup(arena, buf_str(&subject));
    d->body = arena_strdup(arena, buf_str(&body));
    bool good = d->from && d->to && d->cc && d->subject && d->body && !body.failed;
    buf_release(&to);
    buf_release(&cc);
    buf_release(&subject);
    buf_release(&body);
    return good ? SP_OK : SP_NOMEM;
}

/* Which parts go along with a forward or an edited message. "" = the whole source. */
static void
choose_attachments(struct starting *s, const struct wr_verdict *v)
{
    s->paths = engine_alloc((v->parts_n + 1) * sizeof *s->paths);
    if (s->kind == SP_DRAFT_FORWARD_ATTACHED)
        s->paths[s->paths_n++] = engine_strdup("");
    for (uint32_t i = 0; (s->kind == SP_DRAFT_FORWARD || s->kind == SP_DRAFT_EDIT) && i < v->parts_n && s->paths_n < MAX_ATTACHMENTS; i++)
        if (v->parts[i].attachment)
            s->paths[s->paths_n++] = engine_strdup(v->parts[i].path);
}

static void take_over_next(struct starting *s);

static void
on_content(const struct reading_result *r, void *arg)
{
    struct starting *s = arg;
    struct memfd_map map = {0};
    uint64_t id;
    if (!r->final)
        return;
    s->reading = NULL;
    enum sp_status st = r->st;
    if (!st)
        st = memfd_map(r->content->content, ENGINE_MAX_MESSAGE, &map);
    if (!st) {
        st = store_attachment_put(s->engine->store, s->draft, r->content->name, r->content->type, map.data, map.len, &id);
        memfd_unmap(&map);
    }
    if (!st) {
        take_over_next(s);
        return;
    }
    /* A forward without its attachments would be another message than the one that was chosen. */
    if (store_draft_remove(s->engine->store, s->draft) != SP_OK)
        log_line("a draft stays behind");
    request_fail(s->rq, st, r->text);
    starting_free(s);
}

static void
take_over_next(struct starting *s)
{
    if (s->paths_at == s->paths_n) {
        reply_draft(s->engine, s->rq, s->draft);
        starting_free(s);
        return;
    }
    s->reading = reading_start(s->engine, &(struct reading_ask){.message = s->message, .what = READ_CONTENT, .path = s->paths[s->paths_at++],
                                                                .interactive = true, .client = s->client}, on_content, s);
}

static void
on_origin(const struct reading_result *r, void *arg)
{
    struct starting *s = arg;
    struct arena arena = ARENA_INIT;
    struct wr_draft d;
    if (!r->final)
        return;
    s->reading = NULL;
    enum sp_status st = r->st;
    if (!st)
        st = fill_from_verdict(s, r->verdict, &d, &arena);
    if (!st)
        st = store_draft_put(s->engine->store, &d);
    if (st) {
        request_fail(s->rq, st, r->text);
        starting_free(s);
    } else {
        s->draft = d.id;
        choose_attachments(s, r->verdict);
        take_over_next(s);
    }
    arena_release(&arena);
}

static enum sp_status
fill_new(const struct account *a, const char *url, struct wr_draft *d, struct arena *arena)
{
    struct mailto m = {0};
    begin_draft(a, d);
    enum sp_status st = *url ? mailto_parse(url, &m) : SP_OK;
    d->from = own_mailbox(arena, a, a->config->address);
    d->to = arena_strdup(arena, buf_str(&m.to));
    d->subject = arena_strdup(arena, buf_str(&m.subject));
    d->body = arena_strdup(arena, buf_str(&m.body));
    mailto_release(&m);
    return st ? st : d->from && d->to && d->subject && d->body ? SP_OK : SP_NOMEM;
}

/* The account of the message's folder; for a new message the given one. */
static struct account *
choose_account(struct engine *e, const struct wm_new_draft *m, struct arena *arena)
{
    struct store_message row;
    struct store_folder f;
    if (m->kind == SP_DRAFT_NEW)
        return account_or_first(e, m->account);
    if (store_message_get(e->store, m->message, arena, &row) != SP_OK || store_folder_get(e->store, row.folder, arena, &f) != SP_OK)
        return NULL;
    return account_by_id(e, f.account);
}

void
handle_new_draft(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_new_draft *m = in->msg;
    struct account *a = m->kind > SP_DRAFT_EDIT ? NULL : choose_account(e, m, arena);
    struct wr_draft d;
    if (!a) {
        request_fail(rq, SP_NOT_FOUND, NULL);
        return;
    }
    if (m->kind == SP_DRAFT_NEW) {
        enum sp_status st = fill_new(a, m->mailto, &d, arena);
        if (!st)
            st = store_draft_put(e->store, &d);
        if (st)
            request_fail(rq, st, NULL);
        else
            reply_draft(e, rq, d.id);
        return;
    }
    struct starting *s = engine_alloc(sizeof *s);
    *s = (struct starting){.engine = e, .rq = rq, .kind = (enum sp_draft_kind)m->kind, .message = m->message, .account = a, .client = request_client(rq)};
    request_on_end(rq, starting_end, s);
    struct reading *r = reading_start(e, &(struct reading_ask){.message = m->message, .what = READ_VERDICT, .path = "", .interactive = true,
                                                               .client = s->client}, on_origin, s);
    if (r) /* else on_origin was called already, and s may be gone or read on */
        s->reading = r;
}

/* ---- saving */

static bool
fits(const struct wr_draft *d)
{
    const char *const fields[] = {d->from, d->to, d->cc, d->bcc, d->reply_to, d->subject, d->in_reply_to, d->references};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strlen(fields[i]) > MAX_FIELD)
            return false;
    return strlen(d->body) <= MAX_TEXT;
}

void
handle_save_draft(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wr_draft d = ((const struct wm_save_draft *)in->msg)->draft;
    struct wr_draft old;
    enum sp_status st = !fits(&d) ? SP_TOO_LARGE : !account_by_id(e, d.account) ? SP_NOT_FOUND : SP_OK;
    if (!st && d.id)
        st = store_draft_get(e->store, d.id, arena, &old);
    if (!st)
        st = store_draft_put(e->store, &d);
    if (st)
        request_fail(rq, st, NULL);
    else
        reply_draft(e, rq, d.id);
}

void
handle_list_drafts(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wr_draft *list = NULL;
    size_t n = 0;
    (void)in;
    enum sp_status st = store_drafts(e->store, arena, &list, &n);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_drafts, &(struct wm_drafts){.drafts = list, .drafts_n = (uint32_t)n});
}

void
handle_delete_draft(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)arena;
    uint64_t draft = ((const struct wm_delete_draft *)in->msg)->draft;
    enum sp_status st = store_draft_remove(e->store, draft);
    if (st) {
        request_fail(rq, st, NULL);
    } else {
        events_draft(e, request_client(rq), draft, true);
        request_done(rq);
    }
}

/* A suggested file name is reduced to a base name (S59). */
static const char *
base_name(const char *name)
{
    const char *slash = strrchr(name, '/');
    name = slash ? slash + 1 : name;
    return *name ? name : "attachment";
}

void
handle_attach(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_attach *m = in->msg;
    struct memfd_map map = {0};
    struct wr_draft d;
    uint64_t id;
    enum sp_status st = store_draft_get(e->store, m->draft, arena, &d);
    if (!st && d.attachments_n >= MAX_ATTACHMENTS)
        st = SP_TOO_LARGE;
    if (!st)
        st = memfd_map(m->content, ENGINE_MAX_MESSAGE, &map);
    if (!st) {
        st = store_attachment_put(e->store, m->draft, base_name(m->name), *m->type ? m->type : "application/octet-stream", map.data, map.len, &id);
        memfd_unmap(&map);
    }
    if (st)
        request_fail(rq, st, NULL);
    else
        reply_draft(e, rq, m->draft);
}

void
handle_detach(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_detach *m = in->msg;
    (void)arena;
    enum sp_status st = store_attachment_remove(e->store, m->draft, m->attachment);
    if (st)
        request_fail(rq, st, NULL);
    else
        reply_draft(e, rq, m->draft);
}
