/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost-net: the role that talks to one account's servers. Holds no files, no store and no keys; the passwords come with the requests. */
#include <libetpan/libetpan.h>
#include <locale.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/role.h"
#include "base/sandbox.h"
#include "job.h"
#include "resolve.h"
#include "worker.h"

#define SESSIONS 10                   /* interactive, synchronising, and eight that wait */
#define SENDERS 2                     /* messages sent at the same time */
#define QUEUE_MAX 1000                /* requests that may wait */
#define WATCH_MS 1000
#define HUNG_MS 20000                 /* computing for longer than this without a wait is a loop in the library */
#define WIRE_FULL ((size_t)16777216)  /* the engine is slow: stop moving messages to the wire */
#define RETRY_MS 5

struct net {
    struct role *role;
    struct loop *loop;
    struct net_env env;
    struct outbox outbox;
    struct loop_timer *retry;
    struct worker workers[SESSIONS + SENDERS];
    struct wire_conn *engine;
    uint32_t generation;
    struct job *jobs;
    unsigned jobs_n;
};

/* ---- answers */

static void
unlist(struct net *net, struct job *job)
{
    struct job **p = &net->jobs;
    while (*p && *p != job)
        p = &(*p)->next;
    if (*p) {
        *p = job->next;
        net->jobs_n--;
    }
    job_free(job);
}

static void move_outbox(struct net *net);

static void
on_retry(struct loop *l, void *arg)
{
    struct net *net = arg;
    (void)l;
    net->retry = NULL;
    move_outbox(net);
}

static void
deliver(struct net *net, struct outgoing *out)
{
    bool wanted = out->generation == net->generation && net->engine && !(out->job && out->job->answered);
    if (wanted) {
        enum sp_status st = wire_send(net->engine, out->type, out->id, out->msg);
        if ((st == SP_TOO_LARGE || st == SP_INVALID) && out->done)
            (void)wire_reply_error(net->engine, out->id, st, NULL);
    }
    if (out->done)
        unlist(net, out->done);
    outgoing_free(out);
}

/* From the workers to the wire, as long as the engine takes it. */
static void
move_outbox(struct net *net)
{
    struct outgoing *out;
    while (!net->engine || wire_conn_queued_bytes(net->engine) < WIRE_FULL) {
        if (!(out = outbox_take(&net->outbox)))
            return;
        deliver(net, out);
    }
    if (!net->retry)
        net->retry = loop_timer_add(net->loop, RETRY_MS, on_retry, net);
}

static void
on_outbox(struct loop *l, int fd, short revents, void *arg)
{
    (void)l;
    (void)fd;
    (void)revents;
    struct net *net = arg;
    if (!net->retry)
        move_outbox(net);
}

/* ---- requests */

/* The sender with the shortest queue. */
static struct worker *
free_sender(struct net *net)
{
    struct worker *best = &net->workers[SESSIONS];
    for (int i = SESSIONS + 1; i < SESSIONS + SENDERS; i++)
        if (atomic_load(&net->workers[i].jobs) < atomic_load(&best->jobs))
            best = &net->workers[i];
    return best;
}

static enum sp_status
start_job(struct net *net, struct wire_in *in)
{
    uint8_t session;
    enum job_where where = job_place(in, &session);
    if (where == JOB_NOWHERE)
        return SP_UNSUPPORTED;
    if (where == JOB_SESSION && session >= SESSIONS)
        return SP_INVALID;
    if (net->jobs_n >= QUEUE_MAX)
        return SP_BUSY;
    struct worker *w = where == JOB_SMTP ? free_sender(net) : &net->workers[session];
    enum sp_status st = w->started ? SP_OK : worker_start(w, (uint8_t)(w - net->workers), &net->env, &net->outbox);
    if (st)
        return st;
    struct job *job = job_new(in, net->generation);
    if (!job)
        return SP_NOMEM;
    job->next = net->jobs;
    net->jobs = job;
    net->jobs_n++;
    worker_give(w, job);
    return SP_OK;
}

/* An IMAP job is answered at once, whatever its thread is doing; idling and sending answer themselves, because what they say counts. */
static void
cancel_job(struct net *net, struct job *job)
{
    enum worker_cancel where = worker_cancel(job->worker, job);
    bool speaks = job->type == WM_TYPE_imap_idle || job->type == WM_TYPE_smtp_send;
    if (where == WORKER_NOT_HERE || (where == WORKER_SIGNALLED && speaks))
        return;
    if (!job->answered && net->engine)
        (void)wire_reply_error(net->engine, job->id, SP_CANCELLED, NULL);
    job->answered = true;
    if (where == WORKER_UNQUEUED)
        unlist(net, job);
}

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct net *net = arg;
    (void)arena;
    if (in->type == WM_TYPE_cancel) {
        uint32_t id = ((const struct wm_cancel *)in->msg)->id;
        for (struct job *job = net->jobs; job; job = job->next)
            if (job->id == id && job->generation == net->generation && !job->answered) {
                cancel_job(net, job);
                return;
            }
        return;
    }
    if (in->id == 0)
        return;
    enum sp_status st = start_job(net, in);
    if (st)
        (void)wire_reply_error(c, in->id, st, NULL);
}

/* The engine is gone: nobody wants the answers, and the sessions end. */
static void
abandon_jobs(struct net *net)
{
    struct job *next;
    net->generation++;
    for (struct job *job = net->jobs; job; job = next) {
        next = job->next;
        job->answered = true;
        if (job->type == WM_TYPE_smtp_send && worker_cancel(job->worker, job) == WORKER_SIGNALLED)
            continue;
        if (job->type != WM_TYPE_smtp_send && worker_cancel(job->worker, job) != WORKER_UNQUEUED)
            continue;
        unlist(net, job);
    }
    for (int i = 0; i < SESSIONS; i++) {
        struct job *reset = net->workers[i].started ? calloc(1, sizeof *reset) : NULL;
        if (!reset)
            continue;
        *reset = (struct job){.next = net->jobs, .type = WORKER_RESET, .generation = net->generation, .answered = true, .fd = -1};
        net->jobs = reset;
        net->jobs_n++;
        worker_give(&net->workers[i], reset);
    }
}

static void
on_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct net *net = arg;
    log_line("engine's connection ended: %s", sp_status_name(why));
    if (net->engine == c)
        net->engine = NULL;
    wire_conn_free(c);
    abandon_jobs(net);
}

static void
on_peer(struct role *r, enum sp_role peer, unsigned index, int fd, void *arg)
{
    struct net *net = arg;
    (void)r;
    (void)index;
    if (peer != SP_ROLE_ENGINE) {
        (void)close(fd);
        return;
    }
    if (net->engine) {
        wire_conn_free(net->engine);
        net->engine = NULL;
        abandon_jobs(net);
    }
    net->engine = wire_conn_new(fd, net->loop, on_message, on_closed, net);
}

/* ---- life */

static void
on_watch(struct loop *l, void *arg)
{
    struct net *net = arg;
    for (int i = 0; i < SESSIONS + SENDERS; i++)
        if (net->workers[i].started && worker_busy_ms(&net->workers[i]) > HUNG_MS)
            role_give_up(net->role, "a worker hangs");
    (void)loop_timer_add(l, WATCH_MS, on_watch, net);
}

/* libetpan's globals, before any thread. Strings above the ceiling would go to a file in /tmp: never. */
static void
set_up_library(void)
{
    mmap_string_set_ceil((size_t)1 << 40);
    mailstream_network_delay = (struct timeval){.tv_sec = 60};
}

static void
end_threads(struct net *net)
{
    outbox_close(&net->outbox);
    for (int i = 0; i < SESSIONS + SENDERS; i++)
        worker_stop(&net->workers[i]);
    struct outgoing *out;
    while ((out = outbox_take(&net->outbox)))
        outgoing_free(out);
    while (net->jobs)
        unlist(net, net->jobs);
}

int
main(void)
{
    struct net *net = calloc(1, sizeof *net);
    int code = 1;
    if (!net || resolver_start(&net->env.resolver_fd) != SP_OK)
        return 1;
    (void)setlocale(LC_CTYPE, "C.UTF-8");
    net->generation = 1;
    net->role = role_new(SP_ROLE_NET, on_peer, NULL, net);
    if (!net->role)
        return 1;
    net->loop = role_loop(net->role);
    set_up_library();
    if (OPENSSL_init_ssl(OPENSSL_INIT_LOAD_CONFIG, NULL) != 1)
        return 1;
    struct tls_anchors *anchors = tls_anchors_load();
    net->env.anchors = anchors;
    enum sp_status st = anchors ? outbox_init(&net->outbox) : SP_NOMEM;
    if (!st)
        st = sandbox_enter(SP_ROLE_NET, NULL);
    if (st) {
        log_line("cannot start: %s", sp_status_name(st));
        return 1;
    }
    if (loop_io_add(net->loop, net->outbox.wake_read, POLLIN, on_outbox, net) && loop_timer_add(net->loop, WATCH_MS, on_watch, net))
        code = role_run(net->role);
    end_threads(net);
    wire_conn_free(net->engine);
    role_free(net->role);
    tls_anchors_free(anchors);
    free(net);
    return code;
}
