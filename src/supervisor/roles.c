/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The roles' processes: started when wanted, replaced when they end, and always connected to the engine of the moment. */
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/log.h"
#include "base/messages.h"
#include "supervisor.h"

#define QUICK_MS 10000      /* who dies sooner than this after the start is restarted more slowly each time */
#define MAX_DELAY_MS 30000
#define STOP_MS 3000        /* how long roles may take to end by themselves */

static const char *const programs[SP_ROLE_COUNT] = {
#define X(n, s) "sealpost-" s,
    SP_ROLE_TABLE(X)
#undef X
};

static void start(struct slot *slot);

enum sp_status
roles_are_installed(struct supervisor *s, const char **what)
{
    static const enum sp_role needed[] = {SP_ROLE_ENGINE, SP_ROLE_PARSE, SP_ROLE_KEYS, SP_ROLE_NET};
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
        *what = arena_printf(&s->arena, "%s/%s", s->libexec, programs[needed[i]]);
        if (!*what)
            return SP_NOMEM;
        if (access(*what, X_OK) != 0)
            return SP_UNAVAILABLE;
    }
    *what = "";
    return SP_OK;
}

static struct slot *
engine_slot(struct supervisor *s)
{
    return roles_slot(s, SP_ROLE_ENGINE, 0);
}

struct slot *
roles_slot(struct supervisor *s, enum sp_role role, unsigned index)
{
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].role == role && s->slots[i].index == index)
            return &s->slots[i];
    if (s->slots_n == SUPERVISOR_MAX_SLOTS)
        return NULL;
    struct slot *slot = &s->slots[s->slots_n++];
    *slot = (struct slot){.owner = s, .role = role, .index = index};
    return slot;
}

/* Connects a role with the engine by a new pair of sockets, one end to each. */
static void
introduce(struct slot *slot)
{
    struct slot *engine = engine_slot(slot->owner);
    int ends[2];
    if (slot == engine || !slot->control || !engine->control || wire_pair(ends) != SP_OK)
        return;
    struct wm_peer to_role = {.role = SP_ROLE_ENGINE, .index = slot->index, .fd = ends[0]};
    struct wm_peer to_engine = {.role = (uint8_t)slot->role, .index = (uint16_t)slot->index, .fd = ends[1]};
    if (wire_send_peer(slot->control, 0, &to_role) != SP_OK || wire_send_peer(engine->control, 0, &to_engine) != SP_OK)
        log_line("cannot connect %s with the engine", programs[slot->role]);
    (void)close(ends[0]);
    (void)close(ends[1]);
}

void
roles_open_door(struct supervisor *s)
{
    struct slot *engine = engine_slot(s);
    struct wm_door door = {.listener = s->listener, .token = {s->token, sizeof s->token}, .home = s->paths.home, .config = s->paths.config_file, .stay = s->stay};
    if (s->listener >= 0 && engine->control && wire_send_door(engine->control, 0, &door) != SP_OK)
        log_line("cannot give the door to the engine");
}

/* A new engine gets the door and every role that runs. */
static void
furnish(struct slot *engine)
{
    struct supervisor *s = engine->owner;
    roles_open_door(s);
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].control)
            introduce(&s->slots[i]);
}

static void
on_restart(struct loop *l, void *arg)
{
    struct slot *slot = arg;
    (void)l;
    slot->restart = NULL;
    if (slot->wanted && !slot->pid && !slot->owner->stopping)
        start(slot);
}

static void
restart_later(struct slot *slot)
{
    int64_t delay = 0;
    if (loop_now_ms() - slot->started_ms < QUICK_MS) {
        unsigned n = slot->quick_deaths < 8 ? slot->quick_deaths : 8;
        delay = n ? (int64_t)100 << n : 0;
        slot->quick_deaths++;
    } else {
        slot->quick_deaths = 0;
    }
    if (delay > MAX_DELAY_MS)
        delay = MAX_DELAY_MS;
    if (!slot->restart)
        slot->restart = loop_timer_add(slot->owner->loop, delay, on_restart, slot);
}

/* One parse, one keys, a net for each account; their ids count from 1. */
static bool
may_want(unsigned role, unsigned index)
{
    return role == SP_ROLE_NET ? index >= 1 && index <= SUPERVISOR_MAX_ACCOUNTS : (role == SP_ROLE_PARSE || role == SP_ROLE_KEYS) && index == 0;
}

static void
from_engine(struct slot *engine, struct wire_in *in)
{
    struct supervisor *s = engine->owner;
    struct slot *slot = NULL;
    const struct wm_want *want = in->msg;
    bool asks_role = in->type == WM_TYPE_want || in->type == WM_TYPE_unwant; /* the two have the same fields */

    if (asks_role && may_want(want->role, want->index))
        slot = roles_slot(s, (enum sp_role)want->role, want->index);
    if (in->type == WM_TYPE_want && slot) {
        roles_want(slot);
        (void)wire_reply_done(engine->control, in->id);
    } else if (in->type == WM_TYPE_unwant && slot) {
        roles_unwant(slot);
        (void)wire_reply_done(engine->control, in->id);
    } else if (in->type == WM_TYPE_run_password_command) {
        helpers_password_command(engine, in->id, ((const struct wm_run_password_command *)in->msg)->account);
    } else if (in->type == WM_TYPE_stay) {
        s->stay = ((const struct wm_stay *)in->msg)->on;
    } else if (in->type == WM_TYPE_stop) {
        roles_stop(s);
    } else if (in->id) {
        (void)wire_reply_error(engine->control, in->id, SP_INVALID, NULL);
    }
}

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct slot *slot = arg;
    (void)arena;
    if (in->type == WM_TYPE_pong) {
        slot->unanswered = 0;
    } else if (in->type == WM_TYPE_hello) {
        const struct wm_hello *h = in->msg;
        if (strcmp(h->build, build_id()) != 0 || h->role != slot->role) {
            log_line("%s is of another build, or another program", programs[slot->role]);
            (void)kill(slot->pid, SIGKILL);
        }
    } else if (in->type == WM_TYPE_launch_agent && (slot->role == SP_ROLE_ENGINE || slot->role == SP_ROLE_KEYS)) {
        helpers_launch_agent(slot, in->id);
    } else if (in->type == WM_TYPE_end_pinentry && slot->role == SP_ROLE_KEYS) {
        helpers_end_pinentry(((const struct wm_end_pinentry *)in->msg)->pid);
    } else if (slot->role == SP_ROLE_ENGINE) {
        from_engine(slot, in);
    } else if (in->id) {
        (void)wire_reply_error(c, in->id, SP_INVALID, NULL);
    }
}

/* A role that closes its control connection, or sends nonsense over it, is ended; its death brings the replacement. */
static void
on_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct slot *slot = arg;
    log_line("%s: control connection ended (%s)", programs[slot->role], sp_status_name(why));
    wire_conn_free(c);
    slot->control = NULL;
    helpers_forget(slot->owner, slot);
    if (slot->pid && !slot->owner->stopping) /* then it is just closing its own things; a deadline is set */
        (void)kill(slot->pid, SIGKILL);
}

static pid_t
launch(struct slot *slot, int control_fd)
{
    struct supervisor *s = slot->owner;
    struct arena a = ARENA_INIT;
    const char *program = arena_printf(&a, "%s/%s", s->libexec, programs[slot->role]);
    const char *const argv[] = {program, "--home", s->paths.home, "--gnupg-home", s->gnupg_home, NULL};
    const char *const plain[] = {program, NULL};
    pid_t pid = program ? process_start(&(struct process){.program = program, .argv = slot->role == SP_ROLE_KEYS ? argv : plain,
                                                          .control_fd = control_fd, .stdout_fd = -1})
                        : 0;
    arena_release(&a);
    return pid;
}

static void
start(struct slot *slot)
{
    struct supervisor *s = slot->owner;
    int ends[2];
    slot->started_ms = loop_now_ms();
    slot->unanswered = 0;
    if (wire_pair(ends) != SP_OK) {
        restart_later(slot);
        return;
    }
    slot->pid = launch(slot, ends[1]);
    (void)close(ends[1]);
    slot->control = wire_conn_new(ends[0], s->loop, on_message, on_closed, slot);
    if (!slot->pid || !slot->control) {
        if (slot->pid)
            (void)kill(slot->pid, SIGKILL);
        else
            restart_later(slot);
        return;
    }
    log_line("started %s as %d", programs[slot->role], (int)slot->pid);
    if (slot->role == SP_ROLE_ENGINE)
        furnish(slot);
    else
        introduce(slot);
}

void
roles_want(struct slot *slot)
{
    slot->wanted = true;
    if (!slot->pid && !slot->restart && !slot->owner->stopping)
        start(slot);
}

void
roles_unwant(struct slot *slot)
{
    slot->wanted = false;
    if (slot->control)
        (void)wire_send_stop(slot->control, 0, &(struct wm_stop){});
}

static void
end_if_all_gone(struct supervisor *s)
{
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].pid)
            return;
    loop_stop(s->loop, 0);
}

static struct slot *
slot_of(struct supervisor *s, pid_t pid)
{
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].pid == pid)
            return &s->slots[i];
    return NULL;
}

bool
roles_child_ended(struct supervisor *s, pid_t pid, int status)
{
    struct slot *slot = slot_of(s, pid);
    if (!slot)
        return false;
    log_line("%s (%d) ended: %s %d", programs[slot->role], (int)pid, WIFSIGNALED(status) ? "signal" : "exit",
             WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    slot->pid = 0;
    wire_conn_free(slot->control);
    slot->control = NULL;
    helpers_forget(s, slot);
    if (s->stopping) {
        end_if_all_gone(s);
    } else if (slot->wanted) {
        struct slot *engine = engine_slot(s);
        if (slot != engine && engine->control)
            (void)wire_send_role_restarted(engine->control, 0, &(struct wm_role_restarted){.role = (uint8_t)slot->role, .index = (uint16_t)slot->index});
        restart_later(slot);
    }
    return true;
}

static void
on_stop_deadline(struct loop *l, void *arg)
{
    struct supervisor *s = arg;
    (void)l;
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].pid)
            (void)kill(-s->slots[i].pid, SIGKILL);
}

void
roles_stop(struct supervisor *s)
{
    if (s->stopping)
        return;
    s->stopping = true;
    for (size_t i = 0; i < s->slots_n; i++)
        if (s->slots[i].control)
            (void)wire_send_stop(s->slots[i].control, 0, &(struct wm_stop){});
    if (!loop_timer_add(s->loop, STOP_MS, on_stop_deadline, s))
        on_stop_deadline(s->loop, s);
    end_if_all_gone(s);
}
