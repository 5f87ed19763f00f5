/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests, IMAP's and SMTP's: each ends with exactly one final answer. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memfd.h"
#include "smtp.h"
#include "worker.h"

#define APPEND_MAX ((size_t)209715200)

static void
reply_done(struct worker *w)
{
    struct arena arena = ARENA_INIT;
    worker_post(w, WM_TYPE_reply_done, NULL, 0, &arena, -1, true);
}

/* For requests without a result. A failed command's words are the server's. */
static void
reply_status(struct worker *w, enum sp_status st)
{
    if (st == SP_OK)
        reply_done(w);
    else
        worker_reply_error(w, st, buf_str(&w->imap.text));
}

static bool
copy_server(struct arena *a, const struct wr_server *from, struct wr_server *to)
{
    *to = *from;
    to->host = arena_strdup(a, from->host);
    to->user = arena_strdup(a, from->user);
    to->auth = arena_strdup(a, from->auth);
    to->pin = arena_strdup(a, from->pin);
    to->ca_pem = arena_strdup(a, from->ca_pem);
    return to->host && to->user && to->auth && to->pin && to->ca_pem;
}

static void
reply_tls_refused(struct worker *w, const struct tls_facts *facts, const char *host)
{
    struct arena arena = ARENA_INIT;
    struct wm_tls_refused refused = {
        .status = (uint16_t)facts->status, .reason = facts->reason, .sha256 = arena_strdup(&arena, facts->sha256),
        .subject = arena_strdup(&arena, facts->subject), .issuer = arena_strdup(&arena, facts->issuer),
        .not_before = facts->not_before, .not_after = facts->not_after, .host = arena_strdup(&arena, host),
    };
    worker_post(w, WM_TYPE_tls_refused, &refused, sizeof refused, &arena, -1, true);
}

static void
run_connect(struct worker *w, struct job *job)
{
    const struct wm_imap_connect *m = job->msg;
    struct imap *im = &w->imap;
    struct arena arena = ARENA_INIT;
    struct wr_server server; /* outlives the job: the session borrows its strings */
    imap_release(im);
    imap_init(im, &w->watch, im->on_alert, im->arg);
    arena_clear(&w->server_arena);
    enum sp_status st = copy_server(&w->server_arena, &m->server, &server) ? SP_OK : SP_NOMEM;
    if (!st)
        st = imap_connect(im, w->env, &server, &job->password);
    secret_release(&job->password);
    if (imap_tls_refused(st)) {
        reply_tls_refused(w, &im->stream.facts, server.host);
        return;
    }
    if (st) {
        worker_reply_error(w, st, buf_str(&im->text));
        return;
    }
    struct wm_imap_ready ready = {.capabilities = im->capabilities, .capability_text = arena_strdup(&arena, buf_str(&im->capability_text)),
                                  .tls = im->stream.tls ? arena_strdup(&arena, tls_description(im->stream.tls)) : "", .authserv = ""};
    worker_post(w, WM_TYPE_imap_ready, &ready, sizeof ready, &arena, -1, true);
}

static void
run_list(struct worker *w)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_folders folders = {0};
    enum sp_status st = imap_list(&w->imap, &arena, &folders);
    if (st == SP_OK) {
        worker_post(w, WM_TYPE_imap_folders, &folders, sizeof folders, &arena, -1, true);
        return;
    }
    arena_release(&arena);
    reply_status(w, st);
}

static void
run_status(struct worker *w, const struct wm_imap_status *m)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_stated stated;
    enum sp_status st = imap_status(&w->imap, m->raw, &stated.state);
    if (st)
        reply_status(w, st);
    else
        worker_post(w, WM_TYPE_imap_stated, &stated, sizeof stated, &arena, -1, true);
}

static void
reply_uids(struct worker *w, enum sp_status st, struct buf *uids)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_uid_list list = {.uids = {uids->len ? uids->data : "", uids->len}};
    void *copy = uids->len ? arena_alloc(&arena, uids->len) : NULL;
    if (copy) {
        memcpy(copy, uids->data, uids->len);
        list.uids.data = copy;
    }
    if (!st && uids->len && !copy)
        st = SP_NOMEM;
    buf_release(uids);
    if (st) {
        arena_release(&arena);
        reply_status(w, st);
        return;
    }
    if (!copy)
        list.uids = (struct wire_blob){"", 0};
    worker_post(w, WM_TYPE_imap_uid_list, &list, sizeof list, &arena, -1, true);
}

/* ---- fetching: batches are copied, the fetch goes on */

static enum sp_status
post_headers(void *arg, const struct wr_imap_message *messages, uint32_t n)
{
    struct worker *w = arg;
    struct arena arena = ARENA_INIT;
    struct wm_imap_headers out = {.messages = arena_array(&arena, n, sizeof *messages), .messages_n = n};
    bool good = out.messages != NULL;
    for (uint32_t i = 0; good && i < n; i++) {
        out.messages[i] = messages[i];
        out.messages[i].keywords = arena_strdup(&arena, messages[i].keywords);
        void *header = arena_alloc(&arena, messages[i].header.len);
        good = header && out.messages[i].keywords;
        if (good && messages[i].header.len)
            memcpy(header, messages[i].header.data, messages[i].header.len);
        out.messages[i].header.data = header;
    }
    if (!good) {
        arena_release(&arena);
        return SP_NOMEM;
    }
    worker_post(w, WM_TYPE_imap_headers, &out, sizeof out, &arena, -1, false);
    return SP_OK;
}

static enum sp_status
post_flags(void *arg, const struct wr_imap_flags *messages, uint32_t n)
{
    struct worker *w = arg;
    struct arena arena = ARENA_INIT;
    struct wm_imap_flags out = {.messages = arena_array(&arena, n, sizeof *messages), .messages_n = n};
    bool good = out.messages != NULL;
    for (uint32_t i = 0; good && i < n; i++) {
        out.messages[i] = messages[i];
        out.messages[i].keywords = arena_strdup(&arena, messages[i].keywords);
        good = out.messages[i].keywords != NULL;
    }
    if (!good) {
        arena_release(&arena);
        return SP_NOMEM;
    }
    worker_post(w, WM_TYPE_imap_flags, &out, sizeof out, &arena, -1, false);
    return SP_OK;
}

static void
post_vanished(void *arg, const char *uid_set)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_vanished v = {.uid_set = arena_strdup(&arena, uid_set)};
    if (!v.uid_set)
        abort(); /* the engine would take what went for still there */
    worker_post(arg, WM_TYPE_imap_vanished, &v, sizeof v, &arena, -1, false);
}

static void
run_select(struct worker *w, const struct wm_imap_select *m)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_selected selected;
    enum sp_status st = imap_select(&w->imap, m, post_flags, post_vanished, w, &selected);
    if (st)
        reply_status(w, st);
    else
        worker_post(w, WM_TYPE_imap_selected, &selected, sizeof selected, &arena, -1, true);
}

static void
post_progress(void *arg, uint64_t done, uint64_t total)
{
    struct arena arena = ARENA_INIT;
    struct wm_progress p = {.done = done, .total = total};
    worker_post(arg, WM_TYPE_progress, &p, sizeof p, &arena, -1, false);
}

static void
run_body(struct worker *w, const struct wm_imap_fetch_body *m)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_body body = {.uid = m->uid, .bytes = -1};
    enum sp_status st = imap_fetch_body(&w->imap, m->uid, post_progress, w, &body.bytes);
    if (st)
        reply_status(w, st);
    else
        worker_post(w, WM_TYPE_imap_body, &body, sizeof body, &arena, body.bytes, true);
}

static void
run_append(struct worker *w, struct job *job)
{
    const struct wm_imap_append *m = job->msg;
    struct arena arena = ARENA_INIT;
    struct memfd_map map = {"", 0};
    struct wm_imap_appended appended = {0};
    enum sp_status st = job->fd >= 0 ? memfd_map(job->fd, APPEND_MAX, &map) : SP_INVALID;
    if (!st) {
        st = imap_append(&w->imap, m->raw, m->flags, m->date, map.data, map.len, &appended);
        memfd_unmap(&map);
    }
    if (st)
        reply_status(w, st);
    else
        worker_post(w, WM_TYPE_imap_appended, &appended, sizeof appended, &arena, -1, true);
}

static void
run_move(struct worker *w, const struct wm_imap_move *m)
{
    struct arena arena = ARENA_INIT;
    struct imap_copied copied = {0};
    enum sp_status st = imap_move(&w->imap, m->uid_set, m->raw, m->copy, &copied);
    struct wm_imap_moved moved = {.uidvalidity = copied.uidvalidity, .from = arena_strdup(&arena, buf_str(&copied.from)),
                                  .to = arena_strdup(&arena, buf_str(&copied.to))};
    if (!moved.from || !moved.to)
        moved = (struct wm_imap_moved){.from = "", .to = ""}; /* the same as from a server that does not say */
    imap_copied_release(&copied);
    if (!st) {
        worker_post(w, WM_TYPE_imap_moved, &moved, sizeof moved, &arena, -1, true);
        return;
    }
    arena_release(&arena);
    reply_status(w, st);
}

static void
post_change(void *arg, const struct wm_imap_changed *change)
{
    struct arena arena = ARENA_INIT;
    worker_post(arg, WM_TYPE_imap_changed, change, sizeof *change, &arena, -1, false);
}

static void
run_idle(struct worker *w)
{
    enum sp_status st = imap_idle(&w->imap, post_change, post_vanished, w);
    reply_status(w, st == SP_CANCELLED && imap_is_open(&w->imap) ? SP_OK : st);
}

static void
run_search_id(struct worker *w, const struct wm_imap_search_id *m)
{
    struct buf uids = BUF_INIT;
    enum sp_status st = imap_search_id(&w->imap, m->message_id, &uids);
    reply_uids(w, st, &uids);
}

static void
run_search(struct worker *w, const struct wm_imap_search *m)
{
    struct buf uids = BUF_INIT;
    enum sp_status st = imap_search(&w->imap, m->terms, m->terms_n, &uids);
    reply_uids(w, st, &uids);
}

static void
run_uids(struct worker *w)
{
    struct buf uids = BUF_INIT;
    enum sp_status st = imap_uids(&w->imap, &uids);
    reply_uids(w, st, &uids);
}

void
worker_run_imap(struct worker *w, struct job *job)
{
    struct imap *im = &w->imap;
    const void *msg = job->msg;
    im->stream.cancel = STREAM_CANCEL_DRAIN;
    buf_clear(&im->text);
    if (job->type == WM_TYPE_imap_connect) {
        run_connect(w, job);
        return;
    }
    if (!imap_is_open(im)) {
        if (job->type == WM_TYPE_imap_close)
            reply_done(w);
        else
            worker_reply_error(w, SP_DISCONNECTED, "");
        return;
    }
    switch (job->type) {
    case WM_TYPE_imap_list: run_list(w); break;
    case WM_TYPE_imap_create: reply_status(w, imap_create(im, ((const struct wm_imap_create *)msg)->raw)); break;
    case WM_TYPE_imap_status: run_status(w, msg); break;
    case WM_TYPE_imap_select: run_select(w, msg); break;
    case WM_TYPE_imap_uids: run_uids(w); break;
    case WM_TYPE_imap_fetch_headers:
        reply_status(w, imap_fetch_headers(im, ((const struct wm_imap_fetch_headers *)msg)->uid_set, post_headers, w));
        break;
    case WM_TYPE_imap_fetch_newest:
        reply_status(w, imap_fetch_newest(im, ((const struct wm_imap_fetch_newest *)msg)->count, post_headers, w));
        break;
    case WM_TYPE_imap_fetch_flags:
        reply_status(w, imap_fetch_flags(im, ((const struct wm_imap_fetch_flags *)msg)->uid_set,
                                         ((const struct wm_imap_fetch_flags *)msg)->since, post_flags, post_vanished, w));
        break;
    case WM_TYPE_imap_fetch_body: run_body(w, msg); break;
    case WM_TYPE_imap_store: reply_status(w, imap_store(im, msg)); break;
    case WM_TYPE_imap_move: run_move(w, msg); break;
    case WM_TYPE_imap_expunge: reply_status(w, imap_expunge(im, ((const struct wm_imap_expunge *)msg)->uid_set)); break;
    case WM_TYPE_imap_append: run_append(w, job); break;
    case WM_TYPE_imap_search_id: run_search_id(w, msg); break;
    case WM_TYPE_imap_search: run_search(w, msg); break;
    case WM_TYPE_imap_idle: run_idle(w); break;
    case WM_TYPE_imap_noop: reply_status(w, imap_noop(im, post_change, post_vanished, w)); break;
    case WM_TYPE_imap_close:
        imap_logout(im);
        reply_done(w);
        break;
    default: worker_reply_error(w, SP_INTERNAL, ""); break;
    }
}

void
worker_run_smtp(struct worker *w, struct job *job)
{
    const struct wm_smtp_send *m = job->msg;
    struct arena arena = ARENA_INIT;
    struct memfd_map map = {"", 0};
    struct wm_smtp_sent sent = {.text = ""};
    struct tls_facts facts = {.reason = ""};
    enum sp_status st = job->fd >= 0 ? memfd_map(job->fd, APPEND_MAX, &map) : SP_INVALID;
    if (!st) {
        struct smtp_message message = {.sender = m->sender, .recipients = m->recipients, .recipients_n = m->recipients_n, .bytes = map.data, .len = map.len};
        st = smtp_send(&w->watch, w->env, &m->server, &job->password, &message, &arena, &sent, &facts);
        memfd_unmap(&map);
    }
    secret_release(&job->password);
    if (imap_tls_refused(st)) {
        arena_release(&arena);
        reply_tls_refused(w, &facts, m->server.host);
        return;
    }
    sent.status = (uint16_t)st;
    worker_post(w, WM_TYPE_smtp_sent, &sent, sizeof sent, &arena, -1, true);
}
