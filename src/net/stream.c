/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The connection and its mailstream driver. */
#include "stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/loop.h"
#include "resolve.h"

#define READ_SIZE 16384
#define MAILSTREAM_BUFFER 8192 /* libetpan moves the rest of its buffer at each line */
#define PROGRESS_MS 100
#define CHECK_BYTES 131072

void
stream_init(struct stream *s, struct stream_watch *watch, enum filter_kind kind)
{
    *s = (struct stream){.fd = -1, .watch = watch};
    filter_init(&s->filter, kind);
}

void
stream_release(struct stream *s)
{
    if (s->tls && !s->failed)
        tls_bye(s->tls);
    tls_free(s->tls);
    s->tls = NULL;
    zip_free(s->zip);
    s->zip = NULL;
    if (s->fd >= 0)
        (void)close(s->fd);
    s->fd = -1;
    filter_release(&s->filter);
    filter_init(&s->filter, s->filter.kind);
}

void
stream_begin(struct stream *s, int64_t total_ms, int64_t idle_ms, const struct filter_limits *limits)
{
    s->deadline_ms = loop_now_ms() + total_ms;
    s->idle_ms = idle_ms;
    s->received = 0;
    s->progress_ms = 0;
    filter_expect(&s->filter, limits);
}

/* ---- waiting */

static enum sp_status
fail(struct stream *s, enum sp_status why)
{
    if (!s->failed)
        s->failed = why;
    return s->failed;
}

/* A cancel request came. */
static enum sp_status
note_cancel(struct stream *s)
{
    int64_t soon = loop_now_ms() + STREAM_DRAIN_MS;
    if (s->cancel == STREAM_CANCEL_NOW || (s->cancel == STREAM_CANCEL_UNSENT && !stream_wrote_final_dot(s)))
        return SP_CANCELLED;
    if (s->cancel == STREAM_CANCEL_DRAIN && s->filter.literal_left > STREAM_DRAIN_BYTES)
        return SP_CANCELLED;
    s->cancelled = true;
    if (s->cancel == STREAM_CANCEL_DRAIN && (!s->deadline_ms || soon < s->deadline_ms))
        s->deadline_ms = soon;
    return SP_OK;
}

/* Polls fds (n < 17) and the cancel descriptor for at most ms. SP_OK also when nothing happened. */
static enum sp_status
poll_once(struct stream *s, struct pollfd *fds, unsigned n, int64_t ms)
{
    struct pollfd all[RESOLVE_MAX + 1];
    int64_t now = loop_now_ms();
    bool listen = !s->cancelled && s->watch->cancel_fd >= 0;

    if (s->deadline_ms && now >= s->deadline_ms)
        return s->cancelled ? SP_CANCELLED : SP_TIMEOUT;
    if (s->deadline_ms && ms > s->deadline_ms - now)
        ms = s->deadline_ms - now;
    memcpy(all, fds, n * sizeof *fds);
    all[n] = (struct pollfd){.fd = s->watch->cancel_fd, .events = POLLIN};
    atomic_store(&s->watch->busy_ms, 0);
    int ready = poll(all, n + listen, (int)ms);
    atomic_store(&s->watch->busy_ms, loop_now_ms());
    for (unsigned i = 0; i < n; i++)
        fds[i].revents = ready > 0 ? all[i].revents : 0;
    if (ready > 0 && listen && all[n].revents)
        return note_cancel(s);
    return SP_OK;
}

/* Until the socket is ready for events; the server may be silent for idle_ms. */
static enum sp_status
wait_socket(struct stream *s, short events)
{
    int64_t end = loop_now_ms() + s->idle_ms;
    for (;;) {
        int64_t left = end - loop_now_ms();
        struct pollfd p = {.fd = s->fd, .events = events};
        if (left <= 0)
            return SP_TIMEOUT;
        enum sp_status st = poll_once(s, &p, 1, left);
        if (st || p.revents)
            return st;
    }
}

/* Bytes went through without a wait: from time to time the job may have been cancelled, or its time be over. */
static enum sp_status
moved(struct stream *s, size_t n)
{
    s->unchecked += n;
    if (s->unchecked < CHECK_BYTES)
        return SP_OK;
    s->unchecked = 0;
    struct pollfd none = {.fd = -1};
    return poll_once(s, &none, 1, 0);
}

static enum sp_status
wait_connect(struct pollfd *fds, unsigned n, int ms, void *arg)
{
    return poll_once(arg, fds, n, ms);
}

/* ---- connecting */

static enum sp_status
look_up(struct stream *s, int resolver_fd, const char *host, uint16_t port, struct addresses *out)
{
    int answer;
    enum sp_status st = resolver_ask(resolver_fd, host, port, &answer);
    if (st)
        return st;
    for (;;) {
        struct pollfd p = {.fd = answer, .events = POLLIN};
        st = poll_once(s, &p, 1, 1000);
        if (st || p.revents)
            break;
    }
    if (!st)
        st = resolver_answer(answer, out);
    (void)close(answer);
    return st;
}

enum sp_status
stream_connect(struct stream *s, int resolver_fd, const char *host, uint16_t port)
{
    struct addresses a;
    enum sp_status st = SP_OK;
    if (port == 0)
        return SP_INVALID;
    if (!resolve_literal(host, port, &a)) {
        st = look_up(s, resolver_fd, host, port, &a);
        if (!st)
            resolve_interleave(&a);
    }
    int64_t start = loop_now_ms();
    if (!st)
        st = resolve_connect(&a, wait_connect, s, &s->fd);
    s->connect_ms = loop_now_ms() - start;
    return st ? fail(s, st) : SP_OK;
}

enum sp_status
stream_start_tls(struct stream *s, const struct tls_anchors *a, const struct tls_policy *policy)
{
    s->policy = *policy;
    filter_release(&s->filter);
    filter_init(&s->filter, s->filter.kind);
    enum sp_status st = tls_new(a, &s->policy, s->fd, &s->facts, &s->tls);
    while (!st) {
        enum tls_step step = tls_handshake(s->tls);
        if (step == TLS_DONE)
            return SP_OK;
        if (step == TLS_FAILED || step == TLS_CLOSED)
            st = s->facts.status;
        else
            st = wait_socket(s, step == TLS_WANT_READ ? POLLIN : POLLOUT);
    }
    return fail(s, st);
}

/* ---- reading and writing */

static enum tls_step
read_raw(struct stream *s, char *buf, size_t len, size_t *n)
{
    if (s->tls)
        return tls_read(s->tls, buf, len, n);
    ssize_t got = recv(s->fd, buf, len, 0);
    *n = got > 0 ? (size_t)got : 0;
    if (got > 0)
        return TLS_DONE;
    if (got == 0)
        return TLS_CLOSED;
    return errno == EAGAIN || errno == EINTR ? TLS_WANT_READ : TLS_FAILED;
}

/* One read without waiting: TLS_DONE with *n > 0, or what to wait for. */
static enum tls_step
read_some(struct stream *s, char *buf, size_t len, size_t *n)
{
    if (!s->zip)
        return read_raw(s, buf, len, n);
    for (;;) {
        enum sp_status st = zip_read(s->zip, buf, len, n);
        if (st) {
            (void)fail(s, st);
            return TLS_FAILED;
        }
        if (*n)
            return TLS_DONE;
        enum tls_step step = read_raw(s, zip_room(s->zip), ZIP_INPUT, n);
        if (step != TLS_DONE)
            return step;
        zip_filled(s->zip, *n);
    }
}

bool
stream_pending(const struct stream *s)
{
    return (s->tls && tls_pending(s->tls)) || (s->zip && zip_pending(s->zip));
}

enum sp_status
stream_start_zip(struct stream *s, const char *first, size_t len)
{
    s->zip = zip_new(first, len);
    return s->zip ? SP_OK : fail(s, SP_NOMEM);
}

static enum sp_status
pump(struct stream *s, bool wait)
{
    char buf[READ_SIZE];
    size_t n = 0;
    while (!s->failed) {
        enum tls_step step = s->fd < 0 ? TLS_CLOSED : read_some(s, buf, sizeof buf, &n);
        if (step == TLS_DONE)
            break;
        if (step == TLS_CLOSED || step == TLS_FAILED)
            return fail(s, SP_DISCONNECTED);
        if (!wait)
            return SP_OK;
        enum sp_status st = wait_socket(s, step == TLS_WANT_READ ? POLLIN : POLLOUT);
        if (st)
            return fail(s, st);
    }
    if (s->failed)
        return s->failed;
    s->received += n;
    enum sp_status st = filter_feed(&s->filter, buf, n);
    int64_t now = loop_now_ms();
    if (s->on_progress && now - s->progress_ms >= PROGRESS_MS) {
        s->progress_ms = now;
        s->on_progress(s->progress_arg, s->received);
    }
    atomic_store(&s->watch->busy_ms, now);
    if (!st)
        st = moved(s, n);
    return st ? fail(s, st) : SP_OK;
}

enum sp_status
stream_pump(struct stream *s)
{
    return pump(s, true);
}

enum sp_status
stream_pump_ready(struct stream *s)
{
    return pump(s, false);
}

enum sp_status
stream_wait_input(struct stream *s, int64_t ms, bool *ready)
{
    enum stream_cancel old = s->cancel;
    struct pollfd p = {.fd = s->fd, .events = POLLIN};
    *ready = true;
    if (s->failed || stream_pending(s))
        return s->failed;
    s->cancel = STREAM_CANCEL_NOW;
    enum sp_status st = poll_once(s, &p, 1, ms);
    s->cancel = old;
    *ready = p.revents != 0;
    return st;
}

static enum tls_step
write_some(struct stream *s, const char *bytes, size_t len, size_t *n)
{
    if (s->tls)
        return tls_write(s->tls, bytes, len, n);
    ssize_t put = send(s->fd, bytes, len, MSG_NOSIGNAL);
    *n = put > 0 ? (size_t)put : 0;
    if (put >= 0)
        return TLS_DONE;
    return errno == EAGAIN || errno == EINTR ? TLS_WANT_WRITE : TLS_FAILED;
}

static void
note_tail(struct stream *s, const char *bytes, size_t len)
{
    size_t keep = sizeof s->tail;
    if (len >= keep) {
        memcpy(s->tail, bytes + len - keep, keep);
        return;
    }
    memmove(s->tail, s->tail + len, keep - len);
    memcpy(s->tail + keep - len, bytes, len);
}

static enum sp_status
write_raw(void *arg, const char *bytes, size_t len)
{
    struct stream *s = arg;
    const char *at = bytes;
    size_t left = len;
    while (left && !s->failed) {
        size_t n = 0;
        enum tls_step step = s->fd < 0 ? TLS_FAILED : write_some(s, at, left, &n);
        if (step == TLS_DONE) {
            note_tail(s, at, n);
            at += n;
            left -= n;
            enum sp_status st = moved(s, n);
            if (st)
                return fail(s, st);
        } else if (step == TLS_FAILED || step == TLS_CLOSED) {
            return fail(s, SP_DISCONNECTED);
        } else {
            enum sp_status st = wait_socket(s, step == TLS_WANT_READ ? POLLIN : POLLOUT);
            if (st)
                return fail(s, st);
        }
        atomic_store(&s->watch->busy_ms, loop_now_ms());
    }
    return s->failed;
}

enum sp_status
stream_write(struct stream *s, const void *bytes, size_t len)
{
    return s->zip ? zip_write(s->zip, bytes, len, write_raw, s) : write_raw(s, bytes, len);
}

enum sp_status
stream_write_message(struct stream *s, struct crlf *message)
{
    char piece[READ_SIZE];
    enum sp_status st = SP_OK;
    size_t n;
    while (!st && (n = crlf_next(message, piece, sizeof piece)))
        st = stream_write(s, piece, n);
    return st;
}

bool
stream_wrote_final_dot(const struct stream *s)
{
    return memcmp(s->tail, "\r\n.\r\n", sizeof s->tail) == 0;
}

/* ---- libetpan's driver */

static ssize_t
driver_read(mailstream_low *low, void *buf, size_t len)
{
    struct stream *s = low->data;
    while (filter_ready(&s->filter) == 0)
        if (s->failed || stream_pump(s) != SP_OK)
            return -1; /* never 0: libetpan would wait for ever at the end of the file */
    return (ssize_t)filter_take(&s->filter, buf, len);
}

static ssize_t
driver_write(mailstream_low *low, const void *buf, size_t len)
{
    return stream_write(low->data, buf, len) == SP_OK ? (ssize_t)len : -1;
}

static int
driver_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static int
driver_fd(mailstream_low *low)
{
    const struct stream *s = low->data;
    return s->fd;
}

static void
driver_free(mailstream_low *low)
{
    free(low);
}

static void
driver_cancel(mailstream_low *low)
{
    (void)low;
}

static struct mailstream_cancel *
driver_get_cancel(mailstream_low *low)
{
    (void)low;
    return NULL;
}

static carray *
driver_chain(mailstream_low *low)
{
    (void)low;
    return NULL;
}

static int
driver_idle(mailstream_low *low)
{
    (void)low;
    return -1;
}

mailstream *
stream_mailstream(struct stream *s)
{
    static const mailstream_low_driver driver = {
        .mailstream_read = driver_read,
        .mailstream_write = driver_write,
        .mailstream_close = driver_close,
        .mailstream_get_fd = driver_fd,
        .mailstream_free = driver_free,
        .mailstream_cancel = driver_cancel,
        .mailstream_get_cancel = driver_get_cancel,
        .mailstream_get_certificate_chain = driver_chain,
        .mailstream_setup_idle = driver_idle,
        .mailstream_unsetup_idle = driver_idle,
        .mailstream_interrupt_idle = driver_idle,
    };
    mailstream_low *low = mailstream_low_new(s, (mailstream_low_driver *)(uintptr_t)&driver);
    mailstream *ms = low ? mailstream_new(low, MAILSTREAM_BUFFER) : NULL;
    if (low && !ms)
        mailstream_low_free(low);
    return ms;
}
