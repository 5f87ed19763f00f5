/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parse role: a template process that loads everything, confines itself and parses nothing. Each request is done by a fork of it
   that handles that one request and ends (S75), so whatever a message does to its parser, the next one meets a fresh process. The
   child answers over a socket of its own; the template relays the answer unopened, and alone talks to the engine. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/role.h"
#include "base/sandbox.h"
#include "request.h"

#define DEADLINE_MS 10000
#define MAX_JOBS 8
#define MEMORY_LIMIT ((rlim_t)2147483648)

struct job {
    struct job *next;
    struct parser *parser;
    pid_t pid;
    struct wire_conn *conn; /* owned: to the child */
    struct loop_timer *deadline;
    uint32_t id;
    uint16_t reply;         /* the type that its successful answer must have */
};

struct parser {
    struct role *role;
    struct mime_tools tools;
    struct wire_conn *engine; /* owned; NULL while there is none */
    struct job *jobs;
    unsigned n_jobs;
};

/* Ends the child, whatever it is doing, and forgets the job. */
static void
job_end(struct job *j)
{
    struct parser *p = j->parser;
    struct job **link = &p->jobs;
    while (*link && *link != j)
        link = &(*link)->next;
    if (*link)
        *link = j->next;
    p->n_jobs--;
    loop_timer_remove(j->deadline);
    wire_conn_free(j->conn);
    (void)kill(j->pid, SIGKILL);
    while (waitpid(j->pid, NULL, 0) < 0 && errno == EINTR)
        ;
    free(j);
    if (p->engine && p->n_jobs < MAX_JOBS)
        wire_conn_pause(p->engine, false);
}

static void
job_fail(struct job *j, enum sp_status why)
{
    struct wire_conn *engine = j->parser->engine;
    uint32_t id = j->id;
    log_line("request %u: %s", id, sp_status_name(why));
    job_end(j);
    if (engine)
        (void)wire_reply_error(engine, id, why, NULL);
}

static void
on_deadline(struct loop *l, void *arg)
{
    struct job *j = arg;
    (void)l;
    j->deadline = NULL;
    job_fail(j, SP_TIMEOUT);
}

/* The child is as trustworthy as the message it reads: only the one answer that is due passes. */
static void
on_answer(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct job *j = arg;
    (void)c;
    (void)arena;
    if (in->id != j->id || (in->type != j->reply && in->type != WM_TYPE_reply_error)) {
        job_fail(j, SP_CRASHED);
        return;
    }
    if (in->type == WM_TYPE_reply_error) {
        const struct wm_reply_error *e = in->msg;
        job_fail(j, e->status > SP_OK && e->status < SP_STATUS_COUNT ? (enum sp_status)e->status : SP_INTERNAL);
        return;
    }
    if (j->parser->engine && wire_send(j->parser->engine, in->type, in->id, in->msg) != SP_OK)
        (void)wire_reply_error(j->parser->engine, in->id, SP_INTERNAL, NULL);
    job_end(j);
}

static void
on_child_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    (void)why;
    job_fail(arg, SP_CRASHED);
}

/* In the child. It keeps its own socket and the request's descriptors, and none of those that lead to others. */
_Noreturn static void
child_run(struct parser *p, int fd, const struct wire_in *in)
{
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)alarm(DEADLINE_MS / 1000 + 2); /* should the template die first */
    (void)close(wire_conn_fd(role_control(p->role)));
    (void)close(wire_conn_fd(p->engine));
    for (const struct job *j = p->jobs; j; j = j->next)
        (void)close(wire_conn_fd(j->conn));
    if (sandbox_enter_child(SP_ROLE_PARSE) != SP_OK)
        _exit(2);
    struct wire_conn *c = wire_conn_new(fd, NULL, NULL, NULL, NULL);
    if (!c)
        _exit(2);
    mime_serve(&p->tools, c, in);
    _exit(wire_flush(c, DEADLINE_MS) == SP_OK ? 0 : 1);
}

static enum sp_status
job_start(struct parser *p, const struct wire_in *in, uint16_t reply)
{
    int fds[2];
    struct job *j = calloc(1, sizeof *j);
    if (!j)
        return SP_NOMEM;
    enum sp_status st = wire_pair(fds);
    if (st) {
        free(j);
        return st;
    }
    *j = (struct job){.next = p->jobs, .parser = p, .id = in->id, .reply = reply};
    j->pid = fork();
    if (j->pid == 0)
        child_run(p, fds[1], in);
    (void)close(fds[1]);
    if (j->pid < 0) {
        (void)close(fds[0]);
        free(j);
        return SP_UNAVAILABLE;
    }
    p->jobs = j;
    p->n_jobs++;
    j->conn = wire_conn_new(fds[0], role_loop(p->role), on_answer, on_child_closed, j);
    j->deadline = loop_timer_add(role_loop(p->role), DEADLINE_MS, on_deadline, j);
    if (!j->conn || !j->deadline) {
        job_end(j);
        return SP_NOMEM;
    }
    if (p->n_jobs >= MAX_JOBS)
        wire_conn_pause(p->engine, true);
    return SP_OK;
}

static void
cancel(struct parser *p, uint32_t id)
{
    for (struct job *j = p->jobs; j; j = j->next)
        if (j->id == id) {
            job_fail(j, SP_CANCELLED);
            return;
        }
}

static void
on_request(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct parser *p = arg;
    uint16_t reply;
    (void)arena;
    if (in->type == WM_TYPE_cancel) {
        cancel(p, ((const struct wm_cancel *)in->msg)->id);
    } else if (in->id != 0) {
        enum sp_status st = mime_is_request(in->type, &reply) ? job_start(p, in, reply) : SP_UNSUPPORTED;
        if (st)
            (void)wire_reply_error(c, in->id, st, NULL);
    }
}

static void
drop_engine(struct parser *p)
{
    wire_conn_free(p->engine);
    p->engine = NULL;
    while (p->jobs) {
        struct job *j = p->jobs;
        p->jobs = j->next;
        job_end(j);
    }
}

static void
on_engine_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    log_line("engine connection ended: %s", sp_status_name(why));
    drop_engine(arg);
}

static void
on_peer(struct role *r, enum sp_role peer, unsigned index, int fd, void *arg)
{
    struct parser *p = arg;
    (void)index;
    if (peer != SP_ROLE_ENGINE) {
        (void)close(fd);
        return;
    }
    drop_engine(p);
    p->engine = wire_conn_new(fd, role_loop(r), on_request, on_engine_closed, p);
}

/* A message must not be able to take the machine's memory; sanitizers reserve terabytes of address space, though. */
static void
limit_memory(void)
{
#ifndef SP_SANITIZERS
    (void)setrlimit(RLIMIT_AS, &(struct rlimit){MEMORY_LIMIT, MEMORY_LIMIT});
#endif
}

int
main(void)
{
    struct parser p = {.role = NULL};
    p.role = role_new(SP_ROLE_PARSE, on_peer, NULL, &p);
    if (!p.role)
        return 1;
    limit_memory();
    enum sp_status st = mime_tools_init(&p.tools);
    if (!st)
        st = sandbox_enter(SP_ROLE_PARSE, NULL);
    int code = 1;
    if (st)
        log_line("cannot start: %s", sp_status_name(st));
    else
        code = role_run(p.role);
    drop_engine(&p);
    mime_tools_release(&p.tools);
    role_free(p.role);
    return code;
}
