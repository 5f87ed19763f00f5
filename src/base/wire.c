/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Connections of the wire layer: framing, descriptors, spilling into memfds, the send queue. */
#include "wire.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "loop.h"
#include "memfd.h"
#include "wire_code.h"

#define MAGIC 0x5350u
#define FLAG_SPILLED 1u /* the first descriptor is a sealed memfd with the body */
#define MESSAGES_PER_TURN 64

struct header {
    uint16_t magic, type, flags, n_fds;
    uint32_t id, body_len;
};

struct queued {
    struct queued *next;
    struct header head;
    char *body; /* owned */
    size_t len;
    bool secret;
    int fds[WIRE_MAX_FDS + 1]; /* owned duplicates */
    size_t n_fds;
};

/* Running totals; the difference of two is what waits. */
struct totals {
    uint64_t messages, bytes, fds;
};

struct wire_conn {
    int fd;
    struct loop *loop;
    struct loop_io *io;
    wire_message_fn *on_message;
    wire_closed_fn *on_closed;
    void *arg;
    struct queued *first, **last;
    size_t waiting; /* bytes of the queue's bodies */
    uint32_t next_id;
    bool paused, busy, freed;
    struct totals accepted, sent;
};

static void
close_fd(int *fd)
{
    if (*fd > 0)
        (void)close(*fd);
    *fd = -1;
}

static void
queued_free(struct queued *q)
{
    if (q->body && q->secret)
        explicit_bzero(q->body, q->len);
    free(q->body);
    for (size_t i = 0; i < q->n_fds; i++)
        close_fd(&q->fds[i]);
    free(q);
}

static void
close_conn(struct wire_conn *c)
{
    if (c->io)
        loop_io_remove(c->io);
    c->io = NULL;
    close_fd(&c->fd);
    while (c->first) {
        struct queued *next = c->first->next;
        queued_free(c->first);
        c->first = next;
    }
    c->last = &c->first;
    c->waiting = 0;
}

/* No more can be sent. The reading side stays, so that what the peer said last is still read; its end of file then ends the
   connection in the loop, and no handler runs inside a send. */
static void
cut(struct wire_conn *c)
{
    while (c->first) {
        struct queued *next = c->first->next;
        queued_free(c->first);
        c->first = next;
    }
    c->last = &c->first;
    c->waiting = 0;
    c->sent = c->accepted;
    (void)shutdown(c->fd, SHUT_RDWR);
}

static bool
too_much_waits(const struct wire_conn *c)
{
    return c->accepted.messages - c->sent.messages >= WIRE_MAX_WAITING || c->accepted.bytes - c->sent.bytes >= WIRE_MAX_WAITING_BYTES ||
           c->accepted.fds - c->sent.fds >= WIRE_MAX_WAITING_FDS;
}

static void
count(struct totals *t, const struct queued *q)
{
    t->messages++;
    t->bytes += q->head.body_len;
    t->fds += q->n_fds;
}

/* Ends the connection and tells the owner, who may free it. */
static void
fail_conn(struct wire_conn *c, enum sp_status why)
{
    if (c->fd < 0)
        return;
    close_conn(c);
    if (c->on_closed && !c->freed)
        c->on_closed(c, why, c->arg);
}

static void
watch(struct wire_conn *c)
{
    if (c->io)
        loop_io_events(c->io, (short)((c->paused ? 0 : POLLIN) | (c->first ? POLLOUT : 0)));
}

/* ---- sending */

static enum sp_status
send_now(struct wire_conn *c, const struct queued *q)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * (WIRE_MAX_FDS + 1))];
    } control;
    struct iovec iov[2] = {{(void *)(uintptr_t)&q->head, sizeof q->head}, {q->body, q->len}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = q->len ? 2 : 1};

    if (q->n_fds) {
        memset(&control, 0, sizeof control);
        m.msg_control = control.room;
        m.msg_controllen = CMSG_SPACE(sizeof(int) * q->n_fds);
        struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
        cm->cmsg_level = SOL_SOCKET;
        cm->cmsg_type = SCM_RIGHTS;
        cm->cmsg_len = CMSG_LEN(sizeof(int) * q->n_fds);
        memcpy(CMSG_DATA(cm), q->fds, sizeof(int) * q->n_fds);
    }
    for (;;) {
        if (sendmsg(c->fd, &m, MSG_NOSIGNAL | MSG_DONTWAIT) >= 0)
            return SP_OK;
        if (errno == EAGAIN || errno == ENOBUFS)
            return SP_AGAIN;
        if (errno != EINTR)
            return SP_DISCONNECTED;
    }
}

/* Sends what the socket takes. SP_AGAIN when something must wait. */
static enum sp_status
drain(struct wire_conn *c)
{
    while (c->first) {
        enum sp_status st = send_now(c, c->first);
        if (st)
            return st;
        count(&c->sent, c->first);
        struct queued *q = c->first;
        c->waiting -= q->head.body_len;
        c->first = q->next;
        if (!c->first)
            c->last = &c->first;
        queued_free(q);
    }
    return SP_OK;
}

/* Fills q from a message; descriptors are duplicated so that the caller may close its own at once. */
static enum sp_status
prepare(struct queued *q, const struct wire_desc *desc, const void *msg)
{
    struct buf body = BUF_INIT;
    int borrowed[WIRE_MAX_FDS];
    struct wire_out out = {.body = &body, .fds = borrowed};
    enum sp_status st = wire_code_encode(desc, msg, &out);

    if (!st && body.len > WIRE_MAX_INLINE) {
        int spill;
        st = memfd_from(body.data, body.len, &spill);
        if (!st) {
            q->fds[q->n_fds++] = spill;
            q->head.flags |= FLAG_SPILLED;
        }
    }
    for (size_t i = 0; !st && i < out.n_fds; i++) {
        int copy = fcntl(borrowed[i], F_DUPFD_CLOEXEC, 3);
        if (copy < 0)
            st = SP_INVALID;
        else
            q->fds[q->n_fds++] = copy;
    }
    q->head.n_fds = (uint16_t)q->n_fds;
    q->head.body_len = (uint32_t)body.len;
    if (!st && !(q->head.flags & FLAG_SPILLED) && body.len) {
        q->len = body.len;
        q->body = malloc(body.len);
        if (q->body)
            memcpy(q->body, body.data, body.len);
        else
            st = SP_NOMEM;
    }
    if (desc->secret)
        buf_release_wiped(&body);
    else
        buf_release(&body);
    return st;
}

enum sp_status
wire_send(struct wire_conn *c, uint16_t type, uint32_t id, const void *msg)
{
    const struct wire_desc *desc = wire_message_desc(type);
    if (!desc)
        return SP_INTERNAL;
    if (!c || c->fd < 0)
        return SP_DISCONNECTED;
    if (too_much_waits(c)) {
        cut(c);
        return SP_DISCONNECTED;
    }
    struct queued *q = calloc(1, sizeof *q);
    if (!q)
        return SP_NOMEM;
    q->head = (struct header){.magic = MAGIC, .type = type, .id = id};
    q->secret = desc->secret;
    enum sp_status st = prepare(q, desc, msg);
    if (st) {
        queued_free(q);
        return st;
    }
    count(&c->accepted, q);
    *c->last = q;
    c->last = &q->next;
    c->waiting += q->head.body_len;
    st = drain(c);
    if (st && st != SP_AGAIN)
        cut(c);
    watch(c);
    return st == SP_AGAIN ? SP_OK : st;
}

enum sp_status
wire_flush(struct wire_conn *c, int timeout_ms)
{
    int64_t end = loop_now_ms() + timeout_ms;
    for (;;) {
        enum sp_status st = c->fd < 0 ? SP_DISCONNECTED : drain(c);
        if (st != SP_AGAIN)
            return st;
        int64_t left = timeout_ms < 0 ? -1 : end - loop_now_ms();
        if (timeout_ms >= 0 && left <= 0)
            return SP_TIMEOUT;
        struct pollfd p = {.fd = c->fd, .events = POLLOUT};
        (void)poll(&p, 1, (int)left);
    }
}

/* ---- receiving */

struct packet {
    struct header head;
    char *body;  /* owned: WIRE_MAX_INLINE bytes */
    size_t len;
    int fds[WIRE_MAX_FDS + 1];
    size_t n_fds;
};

static void
collect_fds(struct packet *p, struct msghdr *m)
{
    for (struct cmsghdr *cm = CMSG_FIRSTHDR(m); cm; cm = CMSG_NXTHDR(m, cm)) {
        if (cm->cmsg_level != SOL_SOCKET || cm->cmsg_type != SCM_RIGHTS)
            continue;
        size_t n = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (size_t i = 0; i < n; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(cm) + i * sizeof fd, sizeof fd);
            if (p->n_fds < WIRE_MAX_FDS + 1)
                p->fds[p->n_fds++] = fd;
            else
                (void)close(fd);
        }
    }
}

static enum sp_status
read_packet(struct wire_conn *c, struct packet *p)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int) * (WIRE_MAX_FDS + 1))];
    } control;
    struct iovec iov[2] = {{&p->head, sizeof p->head}, {p->body, WIRE_MAX_INLINE}};
    struct msghdr m = {.msg_iov = iov, .msg_iovlen = 2, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n;

    do
        n = recvmsg(c->fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return errno == EAGAIN ? SP_AGAIN : SP_EOF;
    collect_fds(p, &m);
    if (n == 0)
        return SP_EOF;
    if (m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        return SP_TOO_LARGE;
    if ((size_t)n < sizeof p->head)
        return SP_SHORT;
    p->len = (size_t)n - sizeof p->head;
    if (p->head.magic != MAGIC || p->head.n_fds != p->n_fds || p->head.flags & ~FLAG_SPILLED)
        return SP_INVALID;
    if (!(p->head.flags & FLAG_SPILLED))
        return p->head.body_len == p->len ? SP_OK : p->head.body_len > p->len ? SP_SHORT : SP_LEFTOVER;
    return p->len == 0 && p->n_fds > 0 && p->head.body_len <= WIRE_MAX_BODY ? SP_OK : SP_INVALID;
}

static enum sp_status
decode_packet(struct packet *p, struct arena *arena, struct wire_in *in)
{
    struct memfd_map map = {p->body, p->len};
    bool spilled = p->head.flags & FLAG_SPILLED;
    const struct wire_desc *desc = wire_message_desc(p->head.type);

    if (!desc)
        return SP_INVALID;
    if (spilled) {
        enum sp_status st = memfd_map(p->fds[0], WIRE_MAX_BODY, &map);
        if (st)
            return st;
        close_fd(&p->fds[0]);
    }
    *in = (struct wire_in){.type = p->head.type, .id = p->head.id, .desc = desc};
    enum sp_status st = SP_NOMEM;
    in->msg = arena_alloc(arena, desc->size);
    if (in->msg) {
        struct wire_source source = {.at = map.data, .len = map.len, .fds = p->fds + spilled, .n_fds = p->n_fds - spilled, .arena = arena};
        st = spilled && map.len != p->head.body_len ? SP_INVALID : wire_code_decode(desc, &source, in->msg);
        if (st)
            wire_in_close(in);
    }
    if (spilled)
        memfd_unmap(&map);
    return st;
}

static enum sp_status
next_message(struct wire_conn *c, struct arena *arena, struct wire_in *in)
{
    struct packet p = {.n_fds = 0};
    p.body = malloc(WIRE_MAX_INLINE);
    if (!p.body)
        return SP_NOMEM;
    enum sp_status st = read_packet(c, &p);
    if (!st)
        st = decode_packet(&p, arena, in);
    const struct wire_desc *desc = wire_message_desc(p.head.type);
    if (desc && desc->secret)
        explicit_bzero(p.body, WIRE_MAX_INLINE);
    for (size_t i = 0; i < p.n_fds; i++)
        close_fd(&p.fds[i]);
    free(p.body);
    return st;
}

static void
on_io(struct loop *l, int fd, short revents, void *arg)
{
    struct wire_conn *c = arg;
    (void)l;
    (void)fd;
    c->busy = true;
    if (revents & POLLOUT) {
        enum sp_status st = drain(c);
        if (st && st != SP_AGAIN)
            cut(c);
        watch(c);
    }
    for (int i = 0; i < MESSAGES_PER_TURN && c->fd >= 0 && !c->paused && !c->freed; i++) {
        struct arena arena = ARENA_INIT;
        struct wire_in in;
        enum sp_status st = next_message(c, &arena, &in);
        if (!st) {
            c->on_message(c, &in, &arena, c->arg);
            wire_in_close(&in);
        }
        if (st ? st != SP_AGAIN : in.desc->secret)
            arena_wipe(&arena); /* also what was half decoded: it may have been a secret */
        arena_release(&arena);
        if (st == SP_AGAIN)
            break;
        if (st)
            fail_conn(c, st);
    }
    if (c->paused && (revents & (POLLHUP | POLLERR)))
        fail_conn(c, SP_EOF);
    c->busy = false;
    if (c->freed)
        free(c);
}

enum sp_status
wire_receive(struct wire_conn *c, int timeout_ms, struct arena *arena, struct wire_in *in)
{
    int64_t end = loop_now_ms() + timeout_ms;
    for (;;) {
        enum sp_status st = c->fd < 0 ? SP_EOF : next_message(c, arena, in);
        if (st != SP_AGAIN) {
            if (st)
                close_conn(c);
            return st;
        }
        (void)drain(c);
        int64_t left = timeout_ms < 0 ? -1 : end - loop_now_ms();
        if (timeout_ms >= 0 && left <= 0)
            return SP_TIMEOUT;
        struct pollfd p = {.fd = c->fd, .events = (short)(POLLIN | (c->first ? POLLOUT : 0))};
        (void)poll(&p, 1, (int)left);
    }
}

/* ---- the rest */

struct wire_conn *
wire_conn_new(int fd, struct loop *loop, wire_message_fn *on_message, wire_closed_fn *on_closed, void *arg)
{
    struct wire_conn *c = calloc(1, sizeof *c);
    if (!c || fcntl(fd, F_SETFL, O_NONBLOCK) != 0) {
        free(c);
        (void)close(fd);
        return NULL;
    }
    *c = (struct wire_conn){.fd = fd, .loop = loop, .on_message = on_message, .on_closed = on_closed, .arg = arg};
    c->last = &c->first;
    if (loop) {
        c->io = loop_io_add(loop, fd, POLLIN, on_io, c);
        if (!c->io) {
            wire_conn_free(c);
            return NULL;
        }
    }
    return c;
}

void
wire_conn_free(struct wire_conn *c)
{
    if (!c)
        return;
    close_conn(c);
    if (c->busy)
        c->freed = true; /* on_io frees it when it is done */
    else
        free(c);
}

int
wire_conn_fd(const struct wire_conn *c)
{
    return c->fd;
}

bool
wire_conn_is_open(const struct wire_conn *c)
{
    return c && c->fd >= 0;
}

size_t
wire_conn_queued(const struct wire_conn *c)
{
    size_t n = 0;
    for (const struct queued *q = c->first; q; q = q->next)
        n++;
    return n;
}

size_t
wire_conn_queued_bytes(const struct wire_conn *c)
{
    return c->waiting;
}

void
wire_conn_pause(struct wire_conn *c, bool paused)
{
    c->paused = paused;
    watch(c);
}

int
wire_take_fd(int *member)
{
    int fd = *member;
    *member = -1;
    return fd;
}

void
wire_in_close(struct wire_in *in)
{
    if (in->msg)
        wire_code_each_fd(in->desc, in->msg, close_fd);
}

uint32_t
wire_next_id(struct wire_conn *c)
{
    if (++c->next_id == 0)
        c->next_id = 1;
    return c->next_id;
}

enum sp_status
wire_pair(int fds[2])
{
    return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) == 0 ? SP_OK : SP_IO;
}
