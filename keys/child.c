/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Operations in processes of their own. */
#include "child.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define FLUSH_MS 10000

struct child {
    struct loop *loop;
    struct wire_conn *conn;
    struct loop_timer *timer;
    pid_t pid;
    int64_t deadline_ms;
    child_message_fn *on_message;
    child_failed_fn *on_failed;
    void *arg;
};

/* ---- the child's side */

static void
limit(int what, rlim_t value)
{
    struct rlimit l = {value, value};
    (void)setrlimit(what, &l);
}

static _Noreturn void
be_child(const struct child_spec *spec, int fd, pid_t parent)
{
    sigset_t none;
    (void)setpgid(0, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    if (getppid() != parent)
        _exit(1);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    for (const int *p = spec->close_fds; p && *p >= 0; p++)
        (void)close(*p);
    /* GPGME closes every possible descriptor before it starts gpg when it cannot read /proc: keep that number small. */
    limit(RLIMIT_NOFILE, 256);
    limit(RLIMIT_CORE, 0);
    struct wire_conn *up = wire_conn_new(fd, NULL, NULL, NULL, NULL);
    if (!up)
        _exit(1);
    spec->body(up, spec->body_arg);
    _exit(wire_flush(up, FLUSH_MS) == SP_OK ? 0 : 1);
}

/* ---- the parent's side */

static void
child_end(struct child *c)
{
    if (c->timer)
        loop_timer_remove(c->timer);
    (void)kill(-c->pid, SIGKILL); /* gpg and whatever else it started */
    (void)kill(c->pid, SIGKILL);
    (void)waitpid(c->pid, NULL, 0);
    wire_conn_free(c->conn);
    free(c);
}

static void
fail(struct child *c, enum sp_status why)
{
    c->on_failed(c, why, c->arg);
    child_end(c);
}

static void
on_deadline(struct loop *l, void *arg)
{
    struct child *c = arg;
    (void)l;
    c->timer = NULL;
    fail(c, SP_TIMEOUT);
}

static void
on_message(struct wire_conn *conn, struct wire_in *in, struct arena *arena, void *arg)
{
    struct child *c = arg;
    (void)conn;
    bool final = in->desc->final;
    c->on_message(c, in, arena, c->arg);
    if (final)
        child_end(c);
}

static void
on_closed(struct wire_conn *conn, enum sp_status why, void *arg)
{
    (void)conn;
    (void)why;
    fail(arg, SP_CRASHED);
}

struct child *
child_start(struct loop *l, const struct child_spec *spec)
{
    int fds[2];
    pid_t parent = getpid();
    struct child *c = calloc(1, sizeof *c);
    if (!c || wire_pair(fds) != SP_OK) {
        free(c);
        return NULL;
    }
    pid_t pid = fork();
    if (pid == 0) {
        (void)close(fds[0]);
        be_child(spec, fds[1], parent);
    }
    (void)close(fds[1]);
    if (pid > 0)
        (void)setpgid(pid, pid); /* both sides, so that a kill always finds the group */
    *c = (struct child){.loop = l, .pid = pid, .deadline_ms = spec->deadline_ms, .on_message = spec->on_message,
                        .on_failed = spec->on_failed, .arg = spec->arg};
    c->conn = pid > 0 ? wire_conn_new(fds[0], l, on_message, on_closed, c) : NULL;
    c->timer = c->conn ? loop_timer_add(l, spec->deadline_ms, on_deadline, c) : NULL;
    if (c->timer)
        return c;
    if (pid > 0)
        child_end(c);
    else {
        (void)close(fds[0]);
        free(c);
    }
    return NULL;
}

void
child_kill(struct child *c)
{
    child_end(c);
}

void
child_pause(struct child *c, bool paused)
{
    if (c->timer)
        loop_timer_remove(c->timer);
    c->timer = paused ? NULL : loop_timer_add(c->loop, c->deadline_ms, on_deadline, c);
}

void
child_allow(struct child *c, int64_t deadline_ms)
{
    c->deadline_ms = deadline_ms;
    child_pause(c, false);
}

struct wire_conn *
child_conn(struct child *c)
{
    return c->conn;
}
