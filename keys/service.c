/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of the engine. This process keeps the store's key and parses nothing: each operation runs in a child that gets only the
   subkeys it needs. Passphrases pass through as pipes, unread. */
#include "service.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "child.h"
#include "operation.h"

#define MAX_JOBS 32
#define ASK_MS 300000
#define LAUNCH_MS 15000
#define PINENTRY_MS 240000 /* for typing in pinentry; with ASK_MS less than the engine waits */

struct job {
    struct job *next;
    struct service *service;
    struct child *child;
    uint32_t id;      /* of the engine's request */
    uint32_t serial;
    uint16_t reply;   /* the type that a good answer has */
    uint32_t pinentry; /* process id of the one that asks for it, 0 = none */
    uint32_t asking;  /* our question to the engine on its behalf, 0 = none */
};

struct service {
    struct service_config config;
    struct wire_conn *engine;
    struct calls *engine_calls, *control_calls;
    struct job *jobs;
    size_t jobs_n;
    uint32_t serial;
    bool pinentry;
    struct secret store_key, wrapped;
};

/* ---- jobs in the parent */

static struct job *
find_job(struct service *s, uint32_t serial)
{
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->serial == serial)
            return j;
    return NULL;
}

static void
free_job(struct job *job)
{
    if (job->asking && job->service->engine_calls)
        call_cancel(job->service->engine_calls, job->asking);
    free(job);
}

/* The job is given up: gpg ends with it, but pinentry belongs to gpg-agent, which would leave it on the person's terminal. */
static void
end_pinentry(struct job *job)
{
    if (job->pinentry)
        (void)!wire_send_end_pinentry(job->service->config.control, 0, &(struct wm_end_pinentry){.pid = job->pinentry});
    job->pinentry = 0;
}

/* Forgets the job; the child is ended by the caller or by child.c. */
static void
drop_job(struct job *job)
{
    struct service *s = job->service;
    struct job **p = &s->jobs;
    while (*p != job)
        p = &(*p)->next;
    *p = job->next;
    s->jobs_n--;
    free_job(job);
}

static void
drop_all_jobs(struct service *s)
{
    struct job *job = s->jobs;
    s->jobs = NULL;
    s->jobs_n = 0;
    while (job) {
        struct job *next = job->next;
        child_kill(job->child);
        end_pinentry(job);
        free_job(job);
        job = next;
    }
}

struct question {
    struct service *service;
    uint32_t serial, id; /* the job, and the child's question */
    bool pinentry;       /* it asks for the terminal */
};

/* The engine's or supervisor's answer to a child's question: handed on as it is, descriptors and all. */
static void
on_answer(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct question *q = arg;
    struct job *job = find_job(q->service, q->serial);
    (void)arena;
    if (job) {
        struct wire_conn *to = child_conn(job->child);
        if (q->pinentry && r->status == SP_OK)
            child_allow(job->child, PINENTRY_MS);
        else
            child_pause(job->child, false);
        job->asking = 0;
        if (r->status)
            (void)wire_reply_error(to, q->id, r->status, NULL);
        else if (r->in->type == WM_TYPE_passphrase || r->in->type == WM_TYPE_reply_done)
            (void)!wire_send(to, r->in->type, q->id, r->in->msg);
        else
            (void)wire_reply_error(to, q->id, SP_PROTOCOL, NULL);
    }
    free(q);
}

static void
forward_question(struct job *job, struct wire_in *in)
{
    struct service *s = job->service;
    struct question *q = malloc(sizeof *q);
    bool agent = in->type == WM_TYPE_launch_agent;
    if (!q) {
        (void)wire_reply_error(child_conn(job->child), in->id, SP_NOMEM, NULL);
        return;
    }
    *q = (struct question){.service = s, .serial = job->serial, .id = in->id};
    if (!agent) {
        struct wm_ask_passphrase *m = in->msg;
        m->request = job->id; /* so that the question reaches the person who waits for the answer */
        q->pinentry = m->pinentry;
    }
    child_pause(job->child, true);
    uint32_t serial = job->serial;
    uint32_t asking = call_start(agent ? s->control_calls : s->engine_calls, in->type, in->msg, agent ? LAUNCH_MS : ASK_MS, on_answer, q);
    job = find_job(s, serial);
    if (job && !agent)
        job->asking = asking;
}

/* Keeps what a restarted engine will ask for again. */
static enum sp_status
keep_store_key(struct service *s, const struct wm_store_key *m)
{
    if (m->key.len != KEYS_STORE_KEY_LEN)
        return SP_INTERNAL;
    enum sp_status st = secret_set(&s->store_key, m->key.data, m->key.len);
    if (!st)
        st = secret_set(&s->wrapped, m->wrapped.data, m->wrapped.len);
    secret_wipe_on_fork(&s->store_key);
    secret_wipe_on_fork(&s->wrapped);
    return st;
}

static void
on_child_message(struct child *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct job *job = arg;
    struct service *s = job->service;
    (void)c;
    (void)arena;
    if (!in->desc->final) {
        if (in->type == WM_TYPE_ask_passphrase || in->type == WM_TYPE_launch_agent)
            forward_question(job, in);
        else if (in->type == WM_TYPE_end_pinentry)
            job->pinentry = ((const struct wm_end_pinentry *)in->msg)->pid;
        return;
    }
    enum sp_status st = in->type == job->reply || in->type == WM_TYPE_reply_error ? SP_OK : SP_CRASHED;
    if (!st && in->type == WM_TYPE_store_key)
        st = keep_store_key(s, in->msg);
    if (!st)
        st = wire_send(s->engine, in->type, job->id, in->msg);
    if (st)
        (void)wire_reply_error(s->engine, job->id, st, NULL);
    drop_job(job);
}

static void
on_child_failed(struct child *c, enum sp_status why, void *arg)
{
    struct job *job = arg;
    (void)c;
    log_line("operation ended: %s", sp_status_name(why));
    end_pinentry(job);
    (void)wire_reply_error(job->service->engine, job->id, why, NULL);
    drop_job(job);
}

/* Descriptors of this process that a child has no business with. */
static void
foreign_fds(const struct service *s, int fds[MAX_JOBS + 4])
{
    size_t n = 0;
    fds[n++] = wire_conn_fd(s->engine);
    fds[n++] = wire_conn_fd(s->config.control);
    for (const struct job *j = s->jobs; j; j = j->next)
        if (j->child)
            fds[n++] = wire_conn_fd(child_conn(j->child));
    fds[n] = -1;
}

static enum sp_status
start_job(struct service *s, const struct operation *o, struct wire_in *in)
{
    int fds[MAX_JOBS + 4];
    struct operation_work work = {.operation = o, .in = in, .gnupg_home = s->config.gnupg_home, .store_dir = s->config.store_dir,
                                  .agent_socket = s->config.agent_socket, .pinentry = s->pinentry};
    struct job *job = s->jobs_n < MAX_JOBS ? calloc(1, sizeof *job) : NULL;
    enum sp_status st = job ? SP_OK : SP_BUSY;
    if (!st && s->store_key.len && operation_needs_public(o))
        st = certstore_subkey(&s->store_key, false, &work.public_key);
    if (!st && s->store_key.len && operation_needs_private(o, in))
        st = certstore_subkey(&s->store_key, true, &work.private_key);
    if (!st) {
        foreign_fds(s, fds);
        *job = (struct job){.service = s, .id = in->id, .serial = ++s->serial, .reply = operation_reply(o)};
        struct child_spec spec = {
            .body = operation_run, .body_arg = &work, .close_fds = fds, .on_message = on_child_message, .on_failed = on_child_failed,
            .arg = job, .deadline_ms = operation_deadline_ms(o, in),
        };
        job->child = child_start(s->config.loop, &spec);
        st = job->child ? SP_OK : SP_UNAVAILABLE;
    }
    secret_release(&work.public_key);
    secret_release(&work.private_key);
    if (st) {
        free(job);
        return st;
    }
    job->next = s->jobs;
    s->jobs = job;
    s->jobs_n++;
    return SP_OK;
}

/* ---- what needs no child */

static void
on_keys_open(struct service *s, uint32_t id, const struct wm_keys_open *m)
{
    const char *home = s->config.home;
    /* This process was confined to its folders before; another profile needs another process. */
    if (*m->home && strcmp(m->home, home) != 0) {
        (void)wire_reply_error(s->engine, id, SP_CONFIG, NULL);
        return;
    }
    s->pinentry = m->pinentry;
    (void)wire_reply_done(s->engine, id);
}

static void
on_store_again(struct service *s, uint32_t id)
{
    struct wm_store_key m = {.key = {s->store_key.data, s->store_key.len}, .wrapped = {s->wrapped.data, s->wrapped.len}};
    if (s->store_key.len == 0 || wire_send_store_key(s->engine, id, &m))
        (void)wire_reply_error(s->engine, id, SP_LOCKED, NULL);
}

/* This process replaced one that died: the engine, which has the store open, gives the key back. */
static void
on_store_restore(struct service *s, uint32_t id, const struct wm_store_restore *m)
{
    enum sp_status st = m->key.len == KEYS_STORE_KEY_LEN ? secret_set(&s->store_key, m->key.data, m->key.len) : SP_INVALID;
    if (st) {
        (void)wire_reply_error(s->engine, id, st, NULL);
        return;
    }
    secret_wipe_on_fork(&s->store_key);
    (void)wire_reply_done(s->engine, id);
}

static void
on_store_forget(struct service *s, uint32_t id)
{
    secret_release(&s->store_key);
    secret_release(&s->wrapped);
    (void)wire_reply_done(s->engine, id);
}

static void
on_cancel(struct service *s, uint32_t request)
{
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->id == request) {
            child_kill(j->child);
            end_pinentry(j);
            (void)wire_reply_error(s->engine, request, SP_CANCELLED, NULL);
            drop_job(j);
            return;
        }
}

static void
on_request(struct service *s, struct wire_in *in)
{
    const struct operation *o = operation_find(in->type);
    enum sp_status st = !o ? SP_UNSUPPORTED : operation_is_valid(o, in) ? start_job(s, o, in) : SP_INVALID;
    if (st)
        (void)wire_reply_error(s->engine, in->id, st, NULL);
}

static void
on_engine_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct service *s = arg;
    (void)c;
    if (in->desc->final) {
        (void)calls_dispatch(s->engine_calls, in, arena);
        return;
    }
    switch (in->type) {
    case WM_TYPE_cancel: on_cancel(s, ((const struct wm_cancel *)in->msg)->id); return;
    case WM_TYPE_keys_open: on_keys_open(s, in->id, in->msg); return;
    case WM_TYPE_store_again: on_store_again(s, in->id); return;
    case WM_TYPE_store_restore: on_store_restore(s, in->id, in->msg); return;
    case WM_TYPE_store_forget: on_store_forget(s, in->id); return;
    default:
        if (in->id)
            on_request(s, in);
    }
}

static void
close_engine(struct service *s)
{
    drop_all_jobs(s);
    calls_free(s->engine_calls, SP_CRASHED);
    wire_conn_free(s->engine);
    s->engine_calls = NULL;
    s->engine = NULL;
}

static void
on_engine_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    log_line("engine gone: %s", sp_status_name(why));
    close_engine(arg); /* the store's key stays for the next engine */
}

void
service_engine(struct service *s, int fd)
{
    close_engine(s);
    s->engine = wire_conn_new(fd, s->config.loop, on_engine_message, on_engine_closed, s);
    s->engine_calls = s->engine ? calls_new(s->engine, s->config.loop) : NULL;
}

void
service_control(struct service *s, struct wire_in *in, struct arena *arena)
{
    if (in->desc->final)
        (void)calls_dispatch(s->control_calls, in, arena);
}

struct service *
service_new(const struct service_config *config)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->config = *config;
    s->control_calls = calls_new(config->control, config->loop);
    if (!s->control_calls) {
        free(s);
        return NULL;
    }
    return s;
}

void
service_free(struct service *s)
{
    if (!s)
        return;
    close_engine(s);
    calls_free(s->control_calls, SP_CANCELLED);
    secret_release(&s->store_key);
    secret_release(&s->wrapped);
    free(s);
}
