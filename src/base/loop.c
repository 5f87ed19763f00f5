/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Poll loop: lists of watches and timers; removed ones are only marked while the loop is dispatching, then swept. */
#include "loop.h"

#include <errno.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

struct loop_io {
    struct loop_io *next;
    int fd;
    short events;
    bool dead, fresh; /* fresh: added during this turn, not polled yet */
    loop_io_fn *fn;
    void *arg;
};

struct loop_timer {
    struct loop_timer *next;
    int64_t at_ms;
    bool dead;
    loop_timer_fn *fn;
    void *arg;
};

struct signal_watch {
    struct signal_watch *next;
    int signo;
    loop_signal_fn *fn;
    void *arg;
};

struct loop {
    struct loop_io *ios;
    struct loop_timer *timers;
    struct signal_watch *signals;
    sigset_t mask;
    int signal_fd;
    bool stopped;
    int code;
    struct pollfd *polls; /* owned scratch */
    size_t cap;
};

int64_t
loop_now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

struct loop *
loop_new(void)
{
    struct loop *l = calloc(1, sizeof *l);
    if (l) {
        l->signal_fd = -1;
        (void)sigemptyset(&l->mask);
    }
    return l;
}

void
loop_free(struct loop *l)
{
    if (!l)
        return;
    while (l->ios) {
        struct loop_io *next = l->ios->next;
        free(l->ios);
        l->ios = next;
    }
    while (l->timers) {
        struct loop_timer *next = l->timers->next;
        free(l->timers);
        l->timers = next;
    }
    while (l->signals) {
        struct signal_watch *next = l->signals->next;
        free(l->signals);
        l->signals = next;
    }
    if (l->signal_fd >= 0)
        (void)close(l->signal_fd);
    free(l->polls);
    free(l);
}

struct loop_io *
loop_io_add(struct loop *l, int fd, short events, loop_io_fn *fn, void *arg)
{
    struct loop_io *io = malloc(sizeof *io);
    if (!io)
        return NULL;
    *io = (struct loop_io){.next = l->ios, .fd = fd, .events = events, .fresh = true, .fn = fn, .arg = arg};
    l->ios = io;
    return io;
}

void
loop_io_events(struct loop_io *io, short events)
{
    io->events = events;
}

void
loop_io_remove(struct loop_io *io)
{
    if (io)
        io->dead = true;
}

struct loop_timer *
loop_timer_add(struct loop *l, int64_t after_ms, loop_timer_fn *fn, void *arg)
{
    struct loop_timer *t = malloc(sizeof *t);
    if (!t)
        return NULL;
    *t = (struct loop_timer){.at_ms = loop_now_ms() + after_ms, .fn = fn, .arg = arg};
    struct loop_timer **p = &l->timers;
    while (*p && (*p)->at_ms <= t->at_ms)
        p = &(*p)->next;
    t->next = *p;
    *p = t;
    return t;
}

void
loop_timer_remove(struct loop_timer *t)
{
    if (t)
        t->dead = true;
}

static void
on_signal_fd(struct loop *l, int fd, short revents, void *arg)
{
    struct signalfd_siginfo info;
    (void)revents;
    (void)arg;
    while (read(fd, &info, sizeof info) == (ssize_t)sizeof info)
        for (struct signal_watch *w = l->signals; w; w = w->next)
            if (w->signo == (int)info.ssi_signo)
                w->fn(l, w->signo, w->arg);
}

enum sp_status
loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg)
{
    struct signal_watch *w = malloc(sizeof *w);
    if (!w)
        return SP_NOMEM;
    *w = (struct signal_watch){.next = l->signals, .signo = signo, .fn = fn, .arg = arg};
    l->signals = w;
    (void)sigaddset(&l->mask, signo);
    if (sigprocmask(SIG_BLOCK, &l->mask, NULL) != 0)
        return SP_INTERNAL;
    bool first = l->signal_fd < 0;
    l->signal_fd = signalfd(l->signal_fd, &l->mask, SFD_CLOEXEC | SFD_NONBLOCK);
    if (l->signal_fd < 0)
        return SP_IO;
    if (first && !loop_io_add(l, l->signal_fd, POLLIN, on_signal_fd, NULL))
        return SP_NOMEM;
    return SP_OK;
}

static void
sweep(struct loop *l)
{
    for (struct loop_io **p = &l->ios; *p;) {
        struct loop_io *io = *p;
        if (io->dead) {
            *p = io->next;
            free(io);
        } else {
            p = &io->next;
        }
    }
    for (struct loop_timer **p = &l->timers; *p;) {
        struct loop_timer *t = *p;
        if (t->dead) {
            *p = t->next;
            free(t);
        } else {
            p = &t->next;
        }
    }
}

static size_t
fill_polls(struct loop *l)
{
    size_t n = 0;
    for (struct loop_io *io = l->ios; io; io = io->next)
        n++;
    if (n > l->cap) {
        struct pollfd *p = realloc(l->polls, n * 2 * sizeof *p);
        if (!p)
            abort(); /* a loop that cannot watch its peers must not go on */
        l->polls = p;
        l->cap = n * 2;
    }
    n = 0;
    for (struct loop_io *io = l->ios; io; io = io->next) {
        io->fresh = false;
        l->polls[n++] = (struct pollfd){.fd = io->fd, .events = io->events};
    }
    return n;
}

static void
run_timers(struct loop *l)
{
    int64_t now = loop_now_ms();
    while (l->timers && !l->stopped) {
        struct loop_timer *t = l->timers;
        if (!t->dead && t->at_ms > now)
            break;
        l->timers = t->next;
        if (!t->dead)
            t->fn(l, t->arg);
        free(t);
    }
}

void
loop_turn(struct loop *l, int timeout_ms)
{
    sweep(l);
    if (l->timers) {
        int64_t left = l->timers->at_ms - loop_now_ms();
        if (left < 0)
            left = 0;
        if (timeout_ms < 0 || left < timeout_ms)
            timeout_ms = left > 3600000 ? 3600000 : (int)left;
    }
    size_t n = fill_polls(l), i = 0;
    int ready = poll(l->polls, n, timeout_ms);
    if (ready > 0) {
        /* New watches are put in front during the walk and are fresh: the polled ones keep their order behind them. */
        for (struct loop_io *io = l->ios; io && i < n && !l->stopped; io = io->next) {
            if (io->fresh)
                continue;
            short revents = l->polls[i++].revents;
            if (revents && !io->dead)
                io->fn(l, io->fd, revents, io->arg);
        }
    }
    run_timers(l);
    sweep(l);
}

int
loop_run(struct loop *l)
{
    l->stopped = false;
    while (!l->stopped)
        loop_turn(l, -1);
    return l->code;
}

void
loop_stop(struct loop *l, int code)
{
    l->stopped = true;
    l->code = code;
}
