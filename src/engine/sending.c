/* SPDX-License-Identifier: GPL-3.0-or-later */
/* send_draft: recipients checked, message built, put into the outbox. What cannot be protected as it was chosen is not sent (S69). */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "analysis.h"
#include "base/log.h"
#include "base/memfd.h"
#include "compose.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "journal.h"
#include "outbox.h"
#include "recipients.h"

struct sending_draft {
    struct engine *engine;
    struct request *rq;
    uint64_t client;
    struct arena arena;
    struct wr_draft draft;
    int64_t not_before;        /* the person's choice, 0 = none */
    const struct recipients_result *result;
    struct recipients *recipients;
    struct compose *compose;
};

static void
job_free(struct sending_draft *s)
{
    compose_free(s->compose);
    recipients_free(s->recipients);
    arena_wipe(&s->arena);
    arena_release(&s->arena);
    free(s);
}

/* A lost line does not keep a message from being sent; the person's own cancel does. */
static bool
job_end(void *arg, enum sp_status why)
{
    if (why == SP_DISCONNECTED)
        return false;
    job_free(arg);
    return true;
}

static void
fail(struct sending_draft *s, enum sp_status st, const char *text)
{
    request_fail(s->rq, st, text);
    job_free(s);
}

/* ---- the message is built */

static enum sp_status
put_transmissions(struct engine *e, uint64_t outbox, const struct compose_variant *v, size_t n)
{
    enum sp_status st = SP_OK;
    for (size_t i = 0; !st && i < n; i++) {
        struct memfd_map map;
        uint64_t id;
        st = memfd_map(v[i].bytes, ENGINE_MAX_MESSAGE, &map);
        if (st)
            break;
        if (v[i].recipients[0])
            st = store_transmission_add(e->store, outbox, v[i].recipients, map.data, map.len, &id);
        if (!st && i == 0)
            st = store_outbox_sent_copy(e->store, outbox, map.data, map.len);
        memfd_unmap(&map);
    }
    return st;
}

static enum sp_status
put_outbox(struct sending_draft *s, const struct compose_variant *v, size_t n, const char *message_id, uint64_t *id)
{
    struct engine *e = s->engine;
    int64_t now = engine_now();
    struct store_outbox o = {.account = s->draft.account, .sender = s->result->from->address, .subject = s->draft.subject, .to = s->draft.to,
                             .message_id = message_id, .state = SP_OUTBOX_WAITING, .server_text = "", .created = now,
                             .not_before = s->not_before > now ? s->not_before : 0, .next_try = now + e->config->undo_seconds, .draft = s->draft.id};
    enum sp_status st = store_begin(e->store);
    if (st)
        return st;
    if (s->draft.id)
        st = store_draft_put(e->store, &s->draft);
    if (!st)
        st = store_outbox_put(e->store, &o);
    if (!st)
        st = put_transmissions(e, o.id, v, n);
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    *id = o.id;
    return st;
}

/* The message that was answered or forwarded shows it. */
static void
mark_origin(struct sending_draft *s)
{
    struct engine *e = s->engine;
    struct store_message m;
    struct store_folder f;
    uint32_t flag = s->draft.kind == SP_DRAFT_REPLY || s->draft.kind == SP_DRAFT_REPLY_ALL ? SP_FLAG_ANSWERED
                    : s->draft.kind == SP_DRAFT_FORWARD || s->draft.kind == SP_DRAFT_FORWARD_ATTACHED ? SP_FLAG_FORWARDED : 0;
    if (!flag || !s->draft.origin || store_message_get(e->store, s->draft.origin, &s->arena, &m) != SP_OK || m.flags & flag ||
        store_folder_get(e->store, m.folder, &s->arena, &f) != SP_OK)
        return;
    enum sp_status st = store_flags_set(e->store, m.id, m.flags | flag);
    if (!st && !f.local) {
        struct store_change c = {.account = f.account, .kind = STORE_CHANGE_FLAGS, .message = m.id, .folder = f.id, .uid = m.uid, .add = flag};
        st = journal_add(e, &c);
    }
    if (st)
        log_line("the origin is not marked: %s", sp_status_name(st));
    events_folder(e, f.id);
}

static void
on_built(enum sp_status st, const char *text, const struct compose_variant *v, size_t n, const char *message_id, void *arg)
{
    struct sending_draft *s = arg;
    uint64_t id = 0;
    if (!st)
        st = put_outbox(s, v, n, message_id, &id);
    if (st) {
        fail(s, st, text);
        return;
    }
    mark_origin(s);
    if (s->draft.id) /* who has it open elsewhere goes on with one of his own */
        events_draft(s->engine, s->client, s->draft.id, true);
    request_reply(s->rq, WM_TYPE_queued, &(struct wm_queued){.outbox = id});
    outbox_added(s->engine, id);
    job_free(s);
}

/* ---- before */

static enum sp_status
open_attachments(struct sending_draft *s, int *fds)
{
    enum sp_status st = SP_OK;
    for (uint32_t i = 0; i < s->draft.attachments_n; i++)
        fds[i] = -1;
    for (uint32_t i = 0; !st && i < s->draft.attachments_n; i++)
        st = store_attachment_get(s->engine->store, s->draft.attachments[i].id, &fds[i]);
    return st;
}

static void
build(struct sending_draft *s)
{
    struct engine *e = s->engine;
    struct wr_verdict origin = {.subject = ""};
    int *fds = engine_alloc((s->draft.attachments_n + 1) * sizeof *fds);
    if (s->draft.origin && analysis_kept(e, s->draft.origin, &s->arena, &origin) != SP_OK)
        origin.subject = "";
    enum sp_status st = open_attachments(s, fds);
    if (!st)
        s->compose = compose_start(e, &(struct compose_ask){.draft = &s->draft, .recipients = s->result, .origin_subject = origin.subject,
                                                            .attachments = fds, .client = s->client}, on_built, s);
    for (uint32_t i = 0; i < s->draft.attachments_n; i++)
        engine_close(&fds[i]);
    free(fds);
    if (st)
        fail(s, st, NULL);
}

/* S69: says for whom there is no key, and sends nothing. */
static void
fail_without_keys(struct sending_draft *s)
{
    const struct recipients_result *r = s->result;
    const char **args = engine_alloc((r->n + 1) * sizeof *args);
    size_t n = 0;
    for (uint32_t i = 0; i < r->n; i++)
        if (r->list[i].state || !*r->list[i].fingerprint)
            args[n++] = r->list[i].address;
    request_fail_args(s->rq, SP_NO_KEY, NULL, args, n);
    free(args);
    job_free(s);
}

static void
on_recipients(enum sp_status st, const struct recipients_result *r, void *arg)
{
    struct sending_draft *s = arg;
    s->result = r;
    bool protect = s->draft.sign || s->draft.encrypt;
    if (!r->from || *r->invalid) {
        const char *args[] = {r->invalid};
        request_fail_args(s->rq, SP_INVALID, NULL, args, 1);
        job_free(s);
    } else if (r->n == 0) {
        fail(s, SP_INVALID, NULL);
    } else if (st && (protect || r->n == 0)) {
        fail(s, st, NULL);
    } else if (s->draft.encrypt && !r->all_have_keys) {
        fail_without_keys(s);
    } else if (s->draft.sign && r->signer_state) {
        fail(s, r->signer_state == SP_NO_KEY ? SP_NO_SECRET_KEY : r->signer_state, NULL);
    } else {
        build(s);
    }
}

/* A draft whose message waits already would be sent twice. */
static bool
is_in_outbox(struct engine *e, uint64_t draft, struct arena *arena)
{
    struct store_outbox *list = NULL;
    size_t n = 0;
    if (!draft || store_outbox_list(e->store, arena, &list, &n) != SP_OK)
        return false;
    for (size_t i = 0; i < n; i++)
        if (list[i].draft == draft)
            return true;
    return false;
}

void
handle_send_draft(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_send_draft *m = in->msg;
    struct sending_draft *s = engine_alloc(sizeof *s);
    struct buf b = BUF_INIT;
    struct wr_draft kept;
    *s = (struct sending_draft){.engine = e, .rq = rq, .client = request_client(rq), .not_before = m->not_before};
    request_on_end(rq, job_end, s);
    enum sp_status st = !account_by_id(e, m->draft.account) ? SP_NOT_FOUND : is_in_outbox(e, m->draft.id, arena) ? SP_BUSY : SP_OK;
    if (!st)
        st = wire_encode(&wire_record_draft, &m->draft, &b);
    if (!st)
        st = wire_decode(&wire_record_draft, b.data, b.len, &s->arena, &s->draft);
    buf_release_wiped(&b);
    /* Attachments are those that the store has, whatever the client lists. */
    if (!st && s->draft.id)
        st = store_draft_get(e->store, s->draft.id, &s->arena, &kept);
    if (st) {
        fail(s, st, NULL);
        return;
    }
    s->draft.attachments = s->draft.id ? kept.attachments : NULL;
    s->draft.attachments_n = s->draft.id ? kept.attachments_n : 0;
    s->recipients = recipients_start(e, &s->draft, s->client, on_recipients, s);
}
