/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The common part of every role's process. */
#include "role.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "build_id.h"
#include "log.h"
#include "messages.h"
#include "secret.h"

struct role {
    enum sp_role which;
    struct loop *loop;
    struct wire_conn *control;
    role_peer_fn *on_peer;
    role_control_fn *on_control;
    void *arg;
    bool given_up;
};

static const char *const role_names[] = {
#define X(n, s) s,
    SP_ROLE_TABLE(X)
#undef X
};

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct role *r = arg;
    if (in->type == WM_TYPE_ping) {
        const struct wm_ping *p = in->msg;
        if (!r->given_up)
            (void)wire_send_pong(c, 0, &(struct wm_pong){.serial = p->serial});
    } else if (in->type == WM_TYPE_stop) {
        loop_stop(r->loop, 0);
    } else if (in->type == WM_TYPE_peer) {
        struct wm_peer *p = in->msg;
        if (p->fd > 0 && p->role < SP_ROLE_COUNT && r->on_peer)
            r->on_peer(r, (enum sp_role)p->role, p->index, wire_take_fd(&p->fd), r->arg);
    } else if (r->on_control) {
        r->on_control(r, in, arena, r->arg);
    }
}

static void
on_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct role *r = arg;
    (void)c;
    log_line("control connection ended: %s", sp_status_name(why));
    loop_stop(r->loop, why == SP_EOF ? 0 : 1);
}

/* Descriptors 0 to 2 must exist: 0 or less means "none" in messages, and stray output must not land in a socket. */
static void
fill_standard_fds(void)
{
    int fd = open("/dev/null", O_RDWR);
    while (fd >= 0 && fd < 3)
        fd = open("/dev/null", O_RDWR);
    if (fd >= 3)
        (void)close(fd);
}

struct role *
role_new(enum sp_role which, role_peer_fn *on_peer, role_control_fn *on_control, void *arg)
{
    struct role *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    if (fcntl(ROLE_CONTROL_FD, F_GETFD) >= 0)
        (void)fcntl(ROLE_CONTROL_FD, F_SETFD, FD_CLOEXEC);
    fill_standard_fds();
    secret_harden_process();
    (void)signal(SIGPIPE, SIG_IGN);
    log_init(role_names[which]);
    *r = (struct role){.which = which, .loop = loop_new(), .on_peer = on_peer, .on_control = on_control, .arg = arg};
    if (r->loop)
        r->control = wire_conn_new(ROLE_CONTROL_FD, r->loop, on_message, on_closed, r);
    struct wm_hello hello = {.build = build_id(), .role = (uint8_t)which, .pid = (uint32_t)getpid()};
    if (!r->control || wire_send_hello(r->control, 0, &hello) != SP_OK) {
        role_free(r);
        return NULL;
    }
    return r;
}

struct loop *
role_loop(struct role *r)
{
    return r->loop;
}

struct wire_conn *
role_control(struct role *r)
{
    return r->control;
}

void
role_give_up(struct role *r, const char *why)
{
    log_line("giving up: %s", why);
    r->given_up = true;
}

int
role_run(struct role *r)
{
    return loop_run(r->loop);
}

void
role_free(struct role *r)
{
    if (!r)
        return;
    wire_conn_free(r->control);
    loop_free(r->loop);
    free(r);
}
