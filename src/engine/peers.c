/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to the other roles: one list of calls per connection; those that were not sent yet wait for the role. */
#include "peers.h"

#include <stdlib.h>
#include <unistd.h>

#include "accounts.h"
#include "base/log.h"
#include "copy.h"
#include "keysrv.h"
#include "profile.h"

#define WAIT_FOR_ROLE_MS 30000

struct peer;

struct peer_call {
    struct peer_call *next;
    struct peer *peer;
    uint16_t type;
    void *copy;            /* of the message; NULL once it is no longer needed */
    struct arena arena;    /* of the copy */
    int64_t timeout_ms;
    unsigned tries;        /* left after this one */
    uint64_t client;
    call_fn *fn;
    void *arg;
    uint32_t id;           /* on the connection; 0 = not sent */
    bool in_flight, dropped, first;
    enum sp_status failed; /* to be told from the loop */
    struct loop_timer *timer;
};

struct peer {
    struct peer *next;
    struct engine *engine;
    enum sp_role role;
    unsigned index;
    struct wire_conn *conn;
    struct calls *calls;
    bool wanted;           /* asked for, and the connection has not come yet */
    bool ready;            /* set up: requests may go out */
    struct peer_call *first;
};

struct peers {
    struct engine *engine;
    struct peer *first;
};

static void send_call(struct peer_call *call);
static void want(struct peer *p);

static struct peer *
find(struct engine *e, enum sp_role role, unsigned index)
{
    struct peer *p = e->peers->first;
    while (p && (p->role != role || p->index != index))
        p = p->next;
    if (!p) {
        p = engine_alloc(sizeof *p);
        *p = (struct peer){.next = e->peers->first, .engine = e, .role = role, .index = index};
        e->peers->first = p;
    }
    return p;
}

/* ---- calls */

static void
unlink_call(struct peer_call *call)
{
    struct peer_call **at = &call->peer->first;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
}

static void
call_end(struct peer_call *call)
{
    if (call->timer)
        loop_timer_remove(call->timer);
    copy_release(call->type, call->copy, &call->arena);
    free(call);
}

static void
call_free(struct peer_call *call)
{
    unlink_call(call);
    call_end(call);
}

/* Ends the call: tells its owner unless it was dropped. */
static void
end_call(struct peer_call *call, const struct call_reply *r, struct arena *arena)
{
    call_fn *fn = call->dropped ? NULL : call->fn;
    void *arg = call->arg;
    call_free(call);
    if (fn)
        fn(r, arena, arg);
}

static void
end_with(struct peer_call *call, enum sp_status status)
{
    struct arena arena = ARENA_INIT;
    end_call(call, &(struct call_reply){.status = status, .final = true, .text = ""}, &arena);
    arena_release(&arena);
}

static void
on_timer(struct loop *l, void *arg)
{
    struct peer_call *call = arg;
    (void)l;
    call->timer = NULL;
    end_with(call, call->failed ? call->failed : SP_UNAVAILABLE);
}

static void
set_timer(struct peer_call *call, int64_t after_ms)
{
    if (call->timer)
        loop_timer_remove(call->timer);
    call->timer = loop_timer_add(call->peer->engine->loop, after_ms, on_timer, call);
    if (!call->timer)
        abort();
}

static void
fail_later(struct peer_call *call, enum sp_status status)
{
    call->failed = status;
    set_timer(call, 0);
}

static void
on_reply(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct peer_call *call = arg;
    if (!r->final) {
        if (!call->dropped)
            call->fn(r, arena, call->arg);
        return;
    }
    call->in_flight = false;
    if (call->peer->role == SP_ROLE_KEYS)
        keysrv_request_over(call->peer->engine, call->id, r->status);
    if (!r->in && r->status == SP_DISCONNECTED && call->id == 0 && !call->dropped) {
        set_timer(call, WAIT_FOR_ROLE_MS); /* never sent: the role's end was not noticed yet, and want() follows from that */
        return;
    }
    if (r->status == SP_CRASHED && call->tries > 0 && !call->dropped) {
        call->tries--;
        call->id = 0;
        log_line("request %04x is made again", call->type);
        if (call->peer->ready)
            send_call(call);
        else
            set_timer(call, WAIT_FOR_ROLE_MS);
        return;
    }
    /* call_start tells a failure to send from inside: our owner must hear it from the loop. */
    if (!r->in && call->id == 0 && !call->dropped)
        fail_later(call, r->status);
    else
        end_call(call, r, arena);
}

static void
send_call(struct peer_call *call)
{
    if (call->timer) {
        loop_timer_remove(call->timer);
        call->timer = NULL;
    }
    struct peer *p = call->peer;
    call->in_flight = true;
    call->id = 0;
    uint32_t id = call_start(p->calls, call->type, call->copy, call->timeout_ms, on_reply, call);
    if (!id)
        return; /* on_reply was called already */
    call->id = id;
    if (call->tries == 0) {
        copy_release(call->type, call->copy, &call->arena);
        call->copy = NULL;
    }
}

struct peer_call *
peer_call(struct engine *e, const struct peer_request *r)
{
    struct peer *p = find(e, r->role, r->index);
    struct peer_call *call = engine_alloc(sizeof *call);
    *call = (struct peer_call){.peer = p, .type = r->type, .timeout_ms = r->timeout_ms, .client = r->client,
                               .tries = r->flags & PEER_AGAIN ? 1 : 0, .first = r->flags & PEER_FIRST, .fn = r->fn, .arg = r->arg};
    struct peer_call **at = &p->first;
    while (!call->first && *at)
        at = &(*at)->next;
    call->next = *at;
    *at = call;

    enum sp_status st = copy_message(r->type, r->msg, &call->arena, &call->copy);
    if (st)
        fail_later(call, st);
    else if (p->conn && (p->ready || call->first))
        send_call(call);
    else {
        set_timer(call, WAIT_FOR_ROLE_MS);
        want(p);
    }
    return call;
}

void
peer_cancel(struct peer_call *call)
{
    if (call->in_flight && call->id && call->peer->calls)
        call_cancel(call->peer->calls, call->id);
    else if (!call->in_flight)
        fail_later(call, SP_CANCELLED);
}

void
peer_drop(struct peer_call *call)
{
    if (!call)
        return;
    call->dropped = true;
    if (call->in_flight)
        peer_cancel(call); /* freed when the final reply comes, or with the connection */
    else
        call_free(call);
}

uint64_t
peers_client_of(struct engine *e, uint32_t wire_id)
{
    struct peer *p = find(e, SP_ROLE_KEYS, 0);
    for (struct peer_call *call = p->first; call; call = call->next)
        if (call->in_flight && call->id == wire_id && wire_id)
            return call->client;
    return 0;
}

void
peers_cancel_keys(struct engine *e, uint32_t wire_id)
{
    struct peer *p = find(e, SP_ROLE_KEYS, 0);
    if (p->calls && wire_id)
        call_cancel(p->calls, wire_id);
}

/* ---- connections */

static void
on_wanted(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct peer *p = arg;
    (void)arena;
    if (!r->status)
        return;
    log_line("role %d.%u cannot be had: %s", (int)p->role, p->index, sp_status_name(r->status));
    p->wanted = false;
    for (struct peer_call *call = p->first, *next; call; call = next) {
        next = call->next;
        if (!call->in_flight)
            fail_later(call, SP_UNAVAILABLE);
    }
}

static void
want(struct peer *p)
{
    if (p->conn || p->wanted)
        return;
    p->wanted = true;
    struct wm_want m = {.role = (uint8_t)p->role, .index = (uint16_t)p->index};
    (void)call_start(p->engine->control, WM_TYPE_want, &m, -1, on_wanted, p);
}

void
peers_prepare(struct engine *e, enum sp_role role, unsigned index)
{
    want(find(e, role, index));
}

/* Everything in flight ends or goes back to waiting. */
static void
lose(struct peer *p)
{
    struct wire_conn *conn = p->conn;
    struct calls *calls = p->calls;
    p->conn = NULL;
    p->calls = NULL;
    p->ready = false;
    p->wanted = false;
    if (p->role == SP_ROLE_KEYS)
        keysrv_keys_lost(p->engine);
    calls_free(calls, SP_CRASHED);
    wire_conn_free(conn);
    if (p->role == SP_ROLE_NET)
        accounts_net_lost(p->engine, p->index);
    for (struct peer_call *call = p->first; call; call = call->next)
        if (!call->in_flight && !call->failed) {
            want(p);
            return;
        }
}

static void
on_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct peer *p = arg;
    (void)c;
    log_line("lost role %d.%u: %s", (int)p->role, p->index, sp_status_name(why));
    lose(p);
}

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct peer *p = arg;
    /* A request or event of the role's own first: its id is not one of ours. */
    if (p->role == SP_ROLE_KEYS && (in->type == WM_TYPE_ask_passphrase || in->type == WM_TYPE_cancel))
        keysrv_from_keys(p->engine, c, in);
    else if (p->role == SP_ROLE_NET && in->id == 0)
        accounts_net_event(p->engine, p->index, in);
    else if (!p->calls || !calls_dispatch(p->calls, in, arena))
        log_line("unexpected message %04x of role %d", in->type, (int)p->role);
}

static void
set_ready(struct peer *p)
{
    p->ready = true;
    for (struct peer_call *call = p->first, *next; call && p->ready; call = next) {
        next = call->next;
        if (!call->in_flight && !call->failed)
            send_call(call);
    }
}

static void
on_keys_set_up(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct peer *p = arg;
    (void)arena;
    if (r->status)
        log_line("keys refuses to open: %s", sp_status_name(r->status));
    if (p->conn)
        set_ready(p);
}

void
peers_connected(struct engine *e, enum sp_role role, unsigned index, int fd)
{
    struct peer *p = find(e, role, index);
    if (p->conn)
        lose(p);
    p->conn = wire_conn_new(fd, e->loop, on_message, on_closed, p);
    p->calls = p->conn ? calls_new(p->conn, e->loop) : NULL;
    p->wanted = false;
    if (!p->calls)
        abort();
    if (role != SP_ROLE_KEYS) {
        set_ready(p);
        return;
    }
    struct wm_keys_open open = {.home = e->home, .gnupg_home = e->config->gnupg_home, .pinentry = e->config->pinentry};
    (void)call_start(p->calls, WM_TYPE_keys_open, &open, 20000, on_keys_set_up, p);
    profile_keys_connected(e);
}

void
peers_restarted(struct engine *e, enum sp_role role, unsigned index)
{
    struct peer *p = find(e, role, index);
    if (!p->conn)
        p->wanted = false;
    for (struct peer_call *call = p->first; call && !p->conn; call = call->next)
        if (!call->in_flight && !call->failed) {
            want(p);
            return;
        }
}

struct peers *
peers_new(struct engine *e)
{
    struct peers *all = engine_alloc(sizeof *all);
    all->engine = e;
    return all;
}

void
peers_free(struct peers *all)
{
    while (all && all->first) {
        struct peer *p = all->first;
        for (struct peer_call *call = p->first; call; call = call->next)
            call->dropped = true;
        struct wire_conn *conn = p->conn;
        p->conn = NULL; /* the callback of keys_open sends what waits while there is one */
        calls_free(p->calls, SP_CANCELLED);
        wire_conn_free(conn);
        while (p->first) {
            struct peer_call *call = p->first;
            p->first = call->next;
            call_end(call);
        }
        all->first = p->next;
        free(p);
    }
    free(all);
}
