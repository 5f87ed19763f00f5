/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copying requests. */
#include "job.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum job_where
job_place(const struct wire_in *in, uint8_t *session)
{
    *session = 0;
    switch (in->type) {
#define PLACE(name)                                             \
    case WM_TYPE_##name:                                        \
        *session = ((const struct wm_##name *)in->msg)->session; \
        return JOB_SESSION;
        PLACE(imap_connect)
        PLACE(imap_list)
        PLACE(imap_create)
        PLACE(imap_status)
        PLACE(imap_select)
        PLACE(imap_uids)
        PLACE(imap_fetch_headers)
        PLACE(imap_fetch_flags)
        PLACE(imap_fetch_body)
        PLACE(imap_store)
        PLACE(imap_move)
        PLACE(imap_expunge)
        PLACE(imap_append)
        PLACE(imap_search_id)
        PLACE(imap_search)
        PLACE(imap_fetch_newest)
        PLACE(imap_idle)
        PLACE(imap_noop)
        PLACE(imap_close)
#undef PLACE
    case WM_TYPE_smtp_send: return JOB_SMTP;
    default: return JOB_NOWHERE;
    }
}

/* A string member's copy; false when memory ran out. */
static bool
keep(struct arena *a, const char **member)
{
    *member = arena_strdup(a, *member);
    return *member != NULL;
}

static bool
keep_server(struct arena *a, struct wr_server *s)
{
    return keep(a, &s->host) && keep(a, &s->user) && keep(a, &s->auth) && keep(a, &s->pin) && keep(a, &s->ca_pem);
}

static bool
keep_password(struct job *job, struct wire_blob *password)
{
    enum sp_status st = secret_set(&job->password, password->data, password->len);
    *password = (struct wire_blob){"", 0};
    return st == SP_OK;
}

static bool
keep_texts(struct arena *a, struct wr_text **texts, uint32_t n)
{
    struct wr_text *copy = arena_array(a, n ? n : 1, sizeof *copy);
    for (uint32_t i = 0; copy && i < n; i++) {
        copy[i] = (*texts)[i];
        if (!keep(a, &copy[i].text))
            return false;
    }
    *texts = copy;
    return copy != NULL;
}

static bool
keep_smtp(struct job *job, struct wm_smtp_send *from, struct wm_smtp_send *m)
{
    struct arena *a = &job->arena;
    job->fd = wire_take_fd(&from->message);
    m->message = -1;
    return keep_server(a, &m->server) && keep_password(job, &m->password) && keep(a, &m->sender) && keep_texts(a, &m->recipients, m->recipients_n);
}

/* Replaces what the copied struct points to. */
static bool
keep_members(struct job *job, void *original)
{
    struct arena *a = &job->arena;
    switch (job->type) {
    case WM_TYPE_imap_connect: {
        struct wm_imap_connect *m = job->msg;
        return keep_server(a, &m->server) && keep_password(job, &m->password);
    }
    case WM_TYPE_imap_create: return keep(a, &((struct wm_imap_create *)job->msg)->raw);
    case WM_TYPE_imap_status: return keep(a, &((struct wm_imap_status *)job->msg)->raw);
    case WM_TYPE_imap_select: return keep(a, &((struct wm_imap_select *)job->msg)->raw);
    case WM_TYPE_imap_fetch_headers: return keep(a, &((struct wm_imap_fetch_headers *)job->msg)->uid_set);
    case WM_TYPE_imap_fetch_flags: return keep(a, &((struct wm_imap_fetch_flags *)job->msg)->uid_set);
    case WM_TYPE_imap_store: {
        struct wm_imap_store *m = job->msg;
        return keep(a, &m->uid_set) && keep_texts(a, &m->add_keywords, m->add_keywords_n) && keep_texts(a, &m->remove_keywords, m->remove_keywords_n);
    }
    case WM_TYPE_imap_move: {
        struct wm_imap_move *m = job->msg;
        return keep(a, &m->uid_set) && keep(a, &m->raw);
    }
    case WM_TYPE_imap_expunge: return keep(a, &((struct wm_imap_expunge *)job->msg)->uid_set);
    case WM_TYPE_imap_append: {
        struct wm_imap_append *m = job->msg;
        job->fd = wire_take_fd(&((struct wm_imap_append *)original)->bytes);
        m->bytes = -1;
        return keep(a, &m->raw);
    }
    case WM_TYPE_imap_search_id: return keep(a, &((struct wm_imap_search_id *)job->msg)->message_id);
    case WM_TYPE_imap_search: {
        struct wm_imap_search *m = job->msg;
        struct wr_search_term *terms = arena_array(a, m->terms_n ? m->terms_n : 1, sizeof *terms);
        bool good = terms != NULL;
        for (uint32_t i = 0; good && i < m->terms_n; i++) {
            terms[i] = m->terms[i];
            good = keep(a, &terms[i].text);
        }
        m->terms = terms;
        return good;
    }
    case WM_TYPE_smtp_send: return keep_smtp(job, original, job->msg);
    default: return true;
    }
}

struct job *
job_new(struct wire_in *in, uint32_t generation)
{
    struct job *job = calloc(1, sizeof *job);
    if (!job)
        return NULL;
    *job = (struct job){.type = in->type, .id = in->id, .generation = generation, .fd = -1};
    job->msg = arena_alloc(&job->arena, in->desc->size);
    if (job->msg)
        memcpy(job->msg, in->msg, in->desc->size);
    if (!job->msg || !keep_members(job, in->msg)) {
        job_free(job);
        return NULL;
    }
    return job;
}

void
job_free(struct job *job)
{
    if (!job)
        return;
    if (job->fd >= 0)
        (void)close(job->fd);
    secret_release(&job->password);
    arena_release(&job->arena);
    free(job);
}
