/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One poll loop; it never waits for anything else. */
#include "loop.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

/* A burst of keys (a paste, a held key) is worked off before the screen is drawn once, but never endlessly. */
#define KEYS_PER_TURN 256

static void read_keys(struct app *a);

/* What curses holds in its own buffer makes the descriptor not readable. */
static void
on_more_keys(struct loop *l, void *arg)
{
    (void)l;
    read_keys(arg);
}

static void
read_keys(struct app *a)
{
    for (int i = 0; i < KEYS_PER_TURN; i++) {
        bool gone = false;
        uint32_t key = a->quit || a->lent ? K_NONE : draw_read_key(a->draw, &gone);
        if (gone)
            app_quit(a, 0);
        if (key == K_NONE)
            return;
        app_key(a, key);
    }
    (void)loop_timer_add(a->loop, 0, on_more_keys, a);
}

static void
on_keys(struct loop *l, int fd, short revents, void *arg)
{
    struct app *a = arg;
    (void)l;
    (void)fd;
    if (revents & (POLLERR | POLLNVAL) || (revents & POLLHUP && !(revents & POLLIN))) {
        app_quit(a, 0);
        return;
    }
    read_keys(a);
}

static void
on_resize(struct loop *l, int signo, void *arg)
{
    struct app *a = arg;
    (void)l;
    (void)signo;
    if (a->lent)
        return;
    draw_resized(a->draw);
    app_dirty(a);
}

/* The line is gone or we are asked to end: the engine keeps everything. */
static void
on_end(struct loop *l, int signo, void *arg)
{
    (void)l;
    (void)signo;
    app_quit(arg, 0);
}

static void
on_interrupt(struct loop *l, int signo, void *arg)
{
    (void)l;
    if (signo == SIGINT)
        app_terminal_interrupt(arg);
}

void
ui_loop_read_keys(struct app *a)
{
    if (!a->keys)
        a->keys = loop_io_add(a->loop, STDIN_FILENO, POLLIN, on_keys, a);
}

enum sp_status
ui_loop_open(struct app *a)
{
    enum sp_status st = loop_signal(a->loop, SIGWINCH, on_resize, a);
    if (!st)
        st = loop_signal(a->loop, SIGHUP, on_end, a);
    if (!st)
        st = loop_signal(a->loop, SIGTERM, on_end, a);
    /* In raw mode no key makes these; sent to the group while an editor has the terminal, they are not for us;
       pinentry cannot get them, so ^C is for us then. */
    if (!st)
        st = loop_signal(a->loop, SIGINT, on_interrupt, a);
    if (!st)
        st = loop_signal(a->loop, SIGQUIT, on_interrupt, a);
    if (!st) {
        ui_loop_read_keys(a);
        st = a->keys ? SP_OK : SP_NOMEM;
    }
    return st;
}

int
ui_loop_run(struct app *a)
{
    app_settle(a);
    while (!a->quit) {
        loop_turn(a->loop, -1);
        app_settle(a);
    }
    return a->exit_code;
}
