/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets through a pipe. */
#include "pipe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MAX_SECRET 4096

struct pipe_reader {
    int fd;
    struct loop_io *io;
    struct loop_timer *timer;
    char bytes[MAX_SECRET + 1];
    size_t len;
    pipe_fn *fn;
    void *arg;
};

void
pipe_drop(struct pipe_reader *p)
{
    if (!p)
        return;
    if (p->io)
        loop_io_remove(p->io);
    if (p->timer)
        loop_timer_remove(p->timer);
    engine_close(&p->fd);
    explicit_bzero(p->bytes, sizeof p->bytes);
    free(p);
}

static void
finish(struct pipe_reader *p, enum sp_status st)
{
    struct secret secret = SECRET_INIT;
    pipe_fn *fn = p->fn;
    void *arg = p->arg;
    if (!st)
        st = secret_set(&secret, p->bytes, p->len);
    pipe_drop(p);
    fn(st, &secret, arg);
    secret_release(&secret);
}

static void
on_readable(struct loop *l, int fd, short revents, void *arg)
{
    struct pipe_reader *p = arg;
    (void)l;
    (void)revents;
    ssize_t n = read(fd, p->bytes + p->len, sizeof p->bytes - p->len);
    if (n < 0 && (errno == EINTR || errno == EAGAIN))
        return;
    if (n > 0)
        p->len += (size_t)n;
    if (n < 0)
        finish(p, SP_IO);
    else if (p->len > MAX_SECRET)
        finish(p, SP_TOO_LARGE);
    else if (n == 0)
        finish(p, SP_OK);
}

static void
on_timeout(struct loop *l, void *arg)
{
    struct pipe_reader *p = arg;
    (void)l;
    p->timer = NULL;
    finish(p, SP_TIMEOUT);
}

struct pipe_reader *
pipe_read_secret(struct engine *e, int fd, int64_t timeout_ms, pipe_fn *fn, void *arg)
{
    struct pipe_reader *p = engine_alloc(sizeof *p);
    *p = (struct pipe_reader){.fd = fd, .fn = fn, .arg = arg};
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK) == 0)
        p->io = loop_io_add(e->loop, fd, POLLIN, on_readable, p);
    p->timer = loop_timer_add(e->loop, p->io ? timeout_ms : 0, on_timeout, p);
    if (!p->timer)
        abort();
    return p;
}
