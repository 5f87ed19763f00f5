/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads, their queues, cancelling, the outbox. */
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"

static enum sp_status
nonblocking_pipe(int *read_end, int *write_end)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
        return SP_IO;
    *read_end = ends[0];
    *write_end = ends[1];
    return SP_OK;
}

static void
ring(int fd)
{
    (void)!write(fd, "", 1); /* full is as good as rung */
}

static void
drain(int fd)
{
    char bytes[64];
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
}

/* ---- outbox */

enum sp_status
outbox_init(struct outbox *o)
{
    *o = (struct outbox){.wake_read = -1, .wake_write = -1};
    o->last = &o->first;
    if (pthread_mutex_init(&o->lock, NULL) != 0 || pthread_cond_init(&o->room, NULL) != 0)
        return SP_NOMEM;
    return nonblocking_pipe(&o->wake_read, &o->wake_write);
}

void
outgoing_free(struct outgoing *out)
{
    if (!out)
        return;
    if (out->fd >= 0)
        (void)close(out->fd);
    arena_release(&out->arena);
    free(out);
}

struct outgoing *
outbox_take(struct outbox *o)
{
    (void)pthread_mutex_lock(&o->lock);
    struct outgoing *out = o->first;
    if (out) {
        o->first = out->next;
        if (!o->first)
            o->last = &o->first;
        o->bytes -= out->size;
        (void)pthread_cond_broadcast(&o->room);
    } else {
        drain(o->wake_read);
    }
    (void)pthread_mutex_unlock(&o->lock);
    return out;
}

void
outbox_close(struct outbox *o)
{
    (void)pthread_mutex_lock(&o->lock);
    o->closed = true;
    (void)pthread_cond_broadcast(&o->room);
    (void)pthread_mutex_unlock(&o->lock);
}

/* Final answers and events always find room. */
static void
post(struct worker *w, struct outgoing *out)
{
    struct outbox *o = w->outbox;
    (void)pthread_mutex_lock(&o->lock);
    atomic_store(&w->watch.busy_ms, 0);
    while (o->bytes > OUTBOX_BYTES && !out->done && out->job && !o->closed)
        (void)pthread_cond_wait(&o->room, &o->lock);
    atomic_store(&w->watch.busy_ms, loop_now_ms());
    out->next = NULL;
    *o->last = out;
    o->last = &out->next;
    o->bytes += out->size;
    (void)pthread_mutex_unlock(&o->lock);
    ring(o->wake_write);
}

static void
send_message(struct worker *w, uint16_t type, const void *msg, size_t size, struct arena *arena, int fd, struct job *job, bool final)
{
    struct outgoing *out = calloc(1, sizeof *out);
    void *copy = out ? arena_alloc(arena, size ? size : 1) : NULL;
    if (!copy)
        abort(); /* an answer that cannot be given would leave the engine waiting for ever; the supervisor starts anew */
    if (size)
        memcpy(copy, msg, size);
    *out = (struct outgoing){.type = type, .id = job ? job->id : 0, .generation = w->generation, .msg = copy, .fd = fd, .job = job,
                             .done = final ? job : NULL, .size = arena->used + 256, .arena = *arena};
    arena_init(arena);
    post(w, out);
}

void
worker_post(struct worker *w, uint16_t type, const void *msg, size_t size, struct arena *arena, int fd, bool final)
{
    struct job *job = w->current;
    if (final) { /* it may be freed as soon as it is posted; and a late cancel must not hit the next job */
        (void)pthread_mutex_lock(&w->lock);
        w->running = NULL;
        drain(w->watch.cancel_fd);
        (void)pthread_mutex_unlock(&w->lock);
        w->current = NULL;
    }
    send_message(w, type, msg, size, arena, fd, job, final);
}

void
worker_event(struct worker *w, uint16_t type, const void *msg, size_t size, struct arena *arena)
{
    send_message(w, type, msg, size, arena, -1, NULL, false);
}

void
worker_reply_error(struct worker *w, enum sp_status status, const char *text)
{
    struct arena arena = ARENA_INIT;
    struct wm_reply_error e = {.status = (uint16_t)status, .text = arena_strdup(&arena, text ? text : "")};
    if (!e.text)
        e.text = "";
    worker_post(w, WM_TYPE_reply_error, &e, sizeof e, &arena, -1, true);
}

/* ---- the thread */

static void
tell_lost(struct worker *w, enum sp_status why, const char *words)
{
    struct arena arena = ARENA_INIT;
    struct wm_imap_lost lost = {.session = w->session, .status = (uint16_t)why, .text = arena_strdup(&arena, words)};
    if (!lost.text)
        lost.text = "";
    worker_event(w, WM_TYPE_imap_lost, &lost, sizeof lost, &arena);
}

/* Between jobs the server may still speak: what it says is noted for the next IDLE or NOOP; when it goes, the engine is told. */
static void
listen_to_server(struct worker *w)
{
    struct imap *im = &w->imap;
    struct buf words = BUF_INIT;
    im->stream.filter.mute = true;
    im->stream.deadline_ms = 0; /* the last command's */
    enum sp_status st = stream_pump_ready(&im->stream);
    while (!st && stream_pending(&im->stream))
        st = stream_pump_ready(&im->stream);
    if (!st)
        return;
    buf_adds(&words, buf_str(&im->stream.filter.notes.bye_text));
    imap_release(im);
    imap_init(im, &w->watch, im->on_alert, im->arg);
    tell_lost(w, st, buf_str(&words));
    buf_release(&words);
}

/* The next job; waits for it. NULL: stop. */
static struct job *
next_job(struct worker *w)
{
    for (;;) {
        (void)pthread_mutex_lock(&w->lock);
        struct job *job = w->stop ? NULL : w->queue;
        bool stop = w->stop;
        drain(w->wake_read);
        if (job)
            w->queue = job->next_queued;
        w->running = job;
        (void)pthread_mutex_unlock(&w->lock);
        if (job || stop)
            return job;
        struct pollfd fds[2] = {{.fd = w->wake_read, .events = POLLIN}, {.fd = w->imap.stream.fd, .events = POLLIN}};
        atomic_store(&w->watch.busy_ms, 0);
        (void)poll(fds, imap_is_open(&w->imap) ? 2 : 1, -1);
        atomic_store(&w->watch.busy_ms, loop_now_ms());
        if (imap_is_open(&w->imap) && fds[1].revents)
            listen_to_server(w);
    }
}

static void
run_job(struct worker *w, struct job *job)
{
    bool was_open = imap_is_open(&w->imap);
    w->current = job;
    if (job->generation != w->generation) { /* another engine: it knows nothing of the old session */
        imap_release(&w->imap);
        imap_init(&w->imap, &w->watch, w->imap.on_alert, w->imap.arg);
        was_open = false;
        w->generation = job->generation;
    }
    w->imap.stream.cancelled = false;
    uint16_t type = job->type;
    if (type == WORKER_RESET)
        worker_post(w, WM_TYPE_reply_done, NULL, 0, &(struct arena)ARENA_INIT, -1, true);
    else if (type == WM_TYPE_smtp_send)
        worker_run_smtp(w, job);
    else
        worker_run_imap(w, job);
    if (was_open && !imap_is_open(&w->imap) && type != WM_TYPE_imap_close && type != WM_TYPE_imap_connect)
        tell_lost(w, SP_DISCONNECTED, buf_str(&w->imap.text));
}

static void
on_alert(void *arg, const char *text)
{
    struct worker *w = arg;
    struct arena arena = ARENA_INIT;
    struct wm_imap_alert alert = {.session = w->session, .text = arena_strdup(&arena, text)};
    if (alert.text)
        worker_event(w, WM_TYPE_imap_alert, &alert, sizeof alert, &arena);
    arena_release(&arena);
}

static void *
thread_main(void *arg)
{
    struct worker *w = arg;
    struct job *job;
    imap_init(&w->imap, &w->watch, on_alert, w);
    while ((job = next_job(w))) {
        run_job(w, job);
        atomic_fetch_sub(&w->jobs, 1);
    }
    imap_release(&w->imap);
    arena_release(&w->server_arena);
    atomic_store(&w->watch.busy_ms, 0);
    return NULL;
}

/* ---- from the main thread */

enum sp_status
worker_start(struct worker *w, uint8_t session, const struct net_env *env, struct outbox *outbox)
{
    *w = (struct worker){.session = session, .env = env, .outbox = outbox, .cancel_write = -1, .wake_read = -1, .wake_write = -1};
    w->watch.cancel_fd = -1;
    enum sp_status st = nonblocking_pipe(&w->watch.cancel_fd, &w->cancel_write);
    if (!st)
        st = nonblocking_pipe(&w->wake_read, &w->wake_write);
    if (!st && pthread_mutex_init(&w->lock, NULL) != 0)
        st = SP_NOMEM;
    if (!st && pthread_create(&w->thread, NULL, thread_main, w) != 0)
        st = SP_NOMEM;
    w->started = st == SP_OK;
    return st;
}

void
worker_stop(struct worker *w)
{
    if (!w->started)
        return;
    (void)pthread_mutex_lock(&w->lock);
    w->stop = true;
    if (w->running)
        ring(w->cancel_write);
    (void)pthread_mutex_unlock(&w->lock);
    ring(w->wake_write);
    (void)pthread_join(w->thread, NULL);
    w->started = false;
    (void)pthread_mutex_destroy(&w->lock);
    (void)close(w->watch.cancel_fd);
    (void)close(w->cancel_write);
    (void)close(w->wake_read);
    (void)close(w->wake_write);
}

void
worker_give(struct worker *w, struct job *job)
{
    job->worker = w;
    job->next_queued = NULL;
    atomic_fetch_add(&w->jobs, 1);
    (void)pthread_mutex_lock(&w->lock);
    struct job **p = &w->queue;
    while (*p)
        p = &(*p)->next_queued;
    *p = job;
    (void)pthread_mutex_unlock(&w->lock);
    ring(w->wake_write);
}

enum worker_cancel
worker_cancel(struct worker *w, struct job *job)
{
    enum worker_cancel result = WORKER_NOT_HERE;
    (void)pthread_mutex_lock(&w->lock);
    if (w->running == job) {
        ring(w->cancel_write);
        result = WORKER_SIGNALLED;
    }
    for (struct job **p = &w->queue; *p && result == WORKER_NOT_HERE; p = &(*p)->next_queued) {
        if (*p == job) {
            *p = job->next_queued;
            result = WORKER_UNQUEUED;
            break;
        }
    }
    (void)pthread_mutex_unlock(&w->lock);
    if (result == WORKER_UNQUEUED)
        atomic_fetch_sub(&w->jobs, 1);
    return result;
}

int64_t
worker_busy_ms(const struct worker *w)
{
    int64_t since = atomic_load(&w->watch.busy_ms);
    return since ? loop_now_ms() - since : 0;
}
