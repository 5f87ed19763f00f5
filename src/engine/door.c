/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: accepting, greeting, dispatching. All roles run under one uid, so the uid alone proves nothing: the token does. */
#include "door.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/log.h"
#include "base/secret.h"
#include "events.h"
#include "handlers.h"
#include "linger.h"
#include "import.h"
#include "peers.h"
#include "profile.h"
#include "questions.h"
#include "search.h"

#define MAX_CLIENTS 32
#define MAX_REQUESTS 256      /* of one client at once: beyond, it is not read from */
#define MAX_QUEUED 2000       /* messages that wait for a client: beyond, it is dropped */
#define GREET_MS 10000

struct client {
    struct client *next;
    struct door *door;
    struct wire_conn *conn;
    uint64_t number;
    bool greeted, paused, screen;
    uint32_t greet_id;        /* of a greeting that is not answered yet */
    size_t requests;
    struct loop_timer *timer; /* until it has greeted, and then to be dropped outside its own handlers */
};

struct request {
    struct request *next;
    struct door *door;
    struct client *client;    /* NULL when it is gone */
    uint64_t number;          /* of the client */
    uint32_t id;
    uint16_t type;
    request_end_fn *on_end;
    void *arg;
};

struct door {
    struct engine *engine;
    int listener;
    struct loop_io *io;
    struct secret token;
    struct client *clients;
    struct request *requests;
    uint64_t last_number;
    int64_t last_used;
    bool had_screen;
    bool outdated;            /* a client of another build came: end when nobody is here any more */
};

/* ---- requests */

static void
request_free(struct request *rq)
{
    struct request **at = &rq->door->requests;
    while (*at != rq)
        at = &(*at)->next;
    *at = rq->next;
    struct client *c = rq->client;
    if (c) {
        c->requests--;
        if (c->paused && c->requests < MAX_REQUESTS / 2) {
            c->paused = false;
            wire_conn_pause(c->conn, false);
        }
    }
    free(rq);
}

uint64_t
request_client(const struct request *rq)
{
    return rq->number;
}

void
request_on_end(struct request *rq, request_end_fn *fn, void *arg)
{
    rq->on_end = fn;
    rq->arg = arg;
}

void
request_tell(struct request *rq, uint16_t type, const void *msg)
{
    if (rq->client && wire_send(rq->client->conn, type, rq->id, msg) != SP_OK)
        log_line("client %llu is not told %04x", (unsigned long long)rq->number, type);
}

void
request_reply(struct request *rq, uint16_t type, const void *msg)
{
    enum sp_status st = rq->client ? wire_send(rq->client->conn, type, rq->id, msg) : SP_OK;
    if (st && st != SP_DISCONNECTED) /* it could not be encoded: the client must still hear of its end */
        (void)wire_reply_error(rq->client->conn, rq->id, st, NULL);
    request_free(rq);
}

void
request_done(struct request *rq)
{
    request_reply(rq, WM_TYPE_reply_done, &(struct wm_reply_done){});
}

void
request_fail_args(struct request *rq, enum sp_status status, const char *text, const char *const *args, size_t n)
{
    struct arena arena = ARENA_INIT;
    struct wm_reply_error m = {.status = (uint16_t)(status ? status : SP_INTERNAL), .text = text,
                               .args = engine_texts(&arena, args, n), .args_n = (uint32_t)n};
    log_line("request %04x failed: %s", rq->type, sp_status_name(status));
    request_reply(rq, WM_TYPE_reply_error, &m);
    arena_release(&arena);
}

void
request_fail(struct request *rq, enum sp_status status, const char *text)
{
    request_fail_args(rq, status, text, NULL, 0);
}

/* Ends the request without its job, when the job agrees. */
static void
end_request(struct request *rq, enum sp_status why)
{
    request_end_fn *fn = rq->on_end;
    if (!fn || !fn(rq->arg, why))
        return;
    rq->on_end = NULL;
    request_fail(rq, why, NULL);
}

void
door_end_requests(struct door *d, enum sp_status why)
{
    for (struct request *rq = d->requests, *next; rq; rq = next) {
        next = rq->next; /* a job ends its own request only */
        end_request(rq, why);
    }
}

/* ---- relaying */

struct relay {
    struct request *rq;
    struct peer_call *call;
};

static bool
relay_end(void *arg, enum sp_status why)
{
    struct relay *relay = arg;
    (void)why;
    peer_drop(relay->call);
    free(relay);
    return true;
}

static void
on_relayed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct relay *relay = arg;
    (void)arena;
    if (!r->final) {
        request_tell(relay->rq, r->in->type, r->in->msg);
        return;
    }
    if (r->in)
        request_reply(relay->rq, r->in->type, r->in->msg);
    else
        request_fail(relay->rq, r->status, NULL);
    free(relay);
}

void
request_relay(struct engine *e, struct request *rq, enum sp_role role, uint16_t type, const void *msg, int64_t timeout_ms)
{
    struct relay *relay = engine_alloc(sizeof *relay);
    relay->rq = rq;
    relay->call = peer_call(e, &(struct peer_request){.role = role, .type = type, .msg = msg, .timeout_ms = timeout_ms,
                                                      .flags = PEER_AGAIN, .client = rq->number, .fn = on_relayed, .arg = relay});
    request_on_end(rq, relay_end, relay);
}

/* ---- clients */

static struct client *
client_by_number(struct door *d, uint64_t number)
{
    struct client *c = d->clients;
    while (c && c->number != number)
        c = c->next;
    return c;
}

static void
client_unlink(struct client *c)
{
    struct client **at = &c->door->clients;
    while (*at != c)
        at = &(*at)->next;
    *at = c->next;
}

/* After client_unlink. */
static void
client_free(struct client *c)
{
    struct door *d = c->door;
    for (struct request *rq = d->requests; rq; rq = rq->next)
        if (rq->client == c)
            rq->client = NULL;
    for (struct request *rq = d->requests, *next; rq; rq = next) {
        next = rq->next;
        if (rq->number == c->number)
            end_request(rq, SP_DISCONNECTED);
    }
    if (c->timer)
        loop_timer_remove(c->timer);
    wire_conn_free(c->conn);
    questions_client_gone(d->engine, c->number);
    search_client_gone(d->engine, c->number);
    import_client_gone(d->engine, c->number);
    log_line("client %llu left", (unsigned long long)c->number);
    bool used = c->greeted;
    free(c);
    if (d->outdated && !d->clients)
        linger_end(d->engine);
    if (used) /* a stranger who was shown out keeps nobody up */
        linger_used(d->engine);
}

static void
on_client_timer(struct loop *l, void *arg)
{
    struct client *c = arg;
    (void)l;
    c->timer = NULL;
    client_unlink(c);
    client_free(c);
}

/* Ends a client from the loop, because its connection's handlers may be running. */
static void
client_drop(struct client *c, int64_t after_ms)
{
    if (c->timer)
        loop_timer_remove(c->timer);
    c->timer = loop_timer_add(c->door->engine->loop, after_ms, on_client_timer, c);
    if (!c->timer)
        abort();
}

static void
welcome(struct client *c)
{
    struct wm_welcome m = {.build = build_id(), .pid = (uint32_t)getpid()};
    profile_describe(c->door->engine, &m);
    (void)wire_send_welcome(c->conn, c->greet_id, &m);
    c->greet_id = 0;
    questions_replay(c->door->engine, c->number);
    if (c->screen)
        events_screen_came(c->door->engine);
}

static void
greet(struct client *c, struct wire_in *in)
{
    const struct wm_greet *m = in->msg;
    enum sp_status st = SP_OK;
    if (in->type != WM_TYPE_greet || in->id == 0 || c->greet_id)
        st = SP_PROTOCOL;
    else if (!secret_equal(&c->door->token, m->token.data, m->token.len))
        st = SP_DENIED;
    else if (strcmp(m->build, build_id()) != 0)
        st = SP_UNSUPPORTED;
    if (st) {
        log_line("client refused: %s", sp_status_name(st));
        (void)wire_reply_error(c->conn, in->id, st, NULL);
        client_drop(c, 0);
        c->door->outdated |= st == SP_UNSUPPORTED;
        return;
    }
    loop_timer_remove(c->timer);
    c->timer = NULL;
    c->greeted = true;
    c->greet_id = in->id;
    c->screen = strcmp(m->what, "screens") == 0;
    c->door->had_screen |= c->screen;
    log_line("client %llu: %s", (unsigned long long)c->number, m->what);
    if (profile_settled(c->door->engine))
        welcome(c);
}

static const struct {
    uint16_t type;
    bool needs_store;
    door_fn *fn;
} handlers[] = {
#define ANY false
#define OPEN true
#define H(name, needs) {WM_TYPE_##name, needs, handle_##name},
    DOOR_HANDLERS(H)
#undef H
#undef OPEN
#undef ANY
};

static void
dispatch(struct client *c, struct wire_in *in, struct arena *arena)
{
    struct door *d = c->door;
    size_t i = 0, n = sizeof handlers / sizeof *handlers;
    while (i < n && handlers[i].type != in->type)
        i++;
    struct request *rq = engine_alloc(sizeof *rq);
    *rq = (struct request){.next = d->requests, .door = d, .client = c, .number = c->number, .id = in->id, .type = in->type};
    d->requests = rq;
    if (++c->requests >= MAX_REQUESTS) {
        c->paused = true;
        wire_conn_pause(c->conn, true);
    }
    if (i == n)
        request_fail(rq, SP_UNSUPPORTED, NULL);
    else if (handlers[i].needs_store && !d->engine->store)
        request_fail(rq, SP_LOCKED, NULL);
    else
        handlers[i].fn(d->engine, rq, in, arena);
}

static void
on_message(struct wire_conn *conn, struct wire_in *in, struct arena *arena, void *arg)
{
    struct client *c = arg;
    (void)conn;
    if (!c->greeted) {
        greet(c, in);
        return;
    }
    c->door->last_used = loop_now_ms();
    linger_used(c->door->engine);
    if (in->type == WM_TYPE_cancel) {
        const struct wm_cancel *m = in->msg;
        for (struct request *rq = c->door->requests; rq; rq = rq->next)
            if (rq->client == c && rq->id == m->id) {
                end_request(rq, SP_CANCELLED);
                return;
            }
        return;
    }
    if (in->id == 0 || c->greet_id)
        client_drop(c, 0); /* an event, or a request before the welcome: no client of ours */
    else
        dispatch(c, in, arena);
}

static void
on_closed(struct wire_conn *conn, enum sp_status why, void *arg)
{
    (void)conn;
    (void)why;
    client_drop(arg, 0);
}

static bool
is_full(const struct door *d)
{
    size_t n = 0;
    for (const struct client *c = d->clients; c; c = c->next)
        n++;
    return n >= MAX_CLIENTS;
}

static void
on_listener(struct loop *l, int fd, short revents, void *arg)
{
    struct door *d = arg;
    (void)revents;
    /* cppcheck-suppress nullPointer; accept4(2) takes NULL for an address that is not wanted */
    int s = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    if (s < 0)
        return;
    struct ucred who = {0};
    socklen_t len = sizeof who;
    if (is_full(d) || getsockopt(s, SOL_SOCKET, SO_PEERCRED, &who, &len) != 0 || who.uid != getuid()) {
        (void)close(s);
        return;
    }
    struct client *c = engine_alloc(sizeof *c);
    *c = (struct client){.next = d->clients, .door = d, .number = ++d->last_number};
    c->conn = wire_conn_new(s, l, on_message, on_closed, c);
    if (!c->conn) {
        free(c);
        return;
    }
    d->clients = c;
    client_drop(c, GREET_MS);
}

/* ---- events */

static void
send_event(struct client *c, uint16_t type, const void *msg)
{
    if (!c->greeted || c->greet_id || !wire_conn_is_open(c->conn))
        return;
    if (wire_send(c->conn, type, 0, msg) != SP_OK || wire_conn_queued(c->conn) > MAX_QUEUED)
        client_drop(c, 0);
}

void
door_broadcast(struct door *d, uint16_t type, const void *msg)
{
    for (struct client *c = d->clients; c; c = c->next)
        send_event(c, type, msg);
}

void
door_broadcast_others(struct door *d, uint64_t client, uint16_t type, const void *msg)
{
    for (struct client *c = d->clients; c; c = c->next)
        if (c->number != client)
            send_event(c, type, msg);
}

bool
door_send_to(struct door *d, uint64_t client, uint16_t type, const void *msg)
{
    struct client *c = client_by_number(d, client);
    if (c)
        send_event(c, type, msg);
    return c;
}

/* ---- the rest */

void
door_settled(struct door *d)
{
    for (struct client *c = d->clients; c; c = c->next)
        if (c->greeted && c->greet_id)
            welcome(c);
}

size_t
door_clients(const struct door *d)
{
    size_t n = 0;
    for (const struct client *c = d->clients; c; c = c->next)
        n += c->greeted;
    return n;
}

size_t
door_screens(const struct door *d)
{
    size_t n = 0;
    for (const struct client *c = d->clients; c; c = c->next)
        n += c->screen && !c->greet_id;
    return n;
}

bool
door_had_screen(const struct door *d)
{
    return d->had_screen;
}

int64_t
door_last_used(const struct door *d)
{
    return d->last_used;
}

void
door_open(struct door *d, int listener, struct wire_blob token)
{
    if (d->io)
        loop_io_remove(d->io);
    engine_close(&d->listener);
    d->listener = listener;
    /* An empty token would let everybody in. */
    if (token.len < 16 || secret_set(&d->token, token.data, token.len) != SP_OK)
        abort();
    d->io = loop_io_add(d->engine->loop, listener, POLLIN, on_listener, d);
    if (!d->io)
        abort();
}

struct door *
door_new(struct engine *e)
{
    struct door *d = engine_alloc(sizeof *d);
    *d = (struct door){.engine = e, .listener = -1, .last_used = loop_now_ms()};
    return d;
}

void
door_free(struct door *d)
{
    if (!d)
        return;
    d->outdated = false;
    while (d->clients) {
        struct client *c = d->clients;
        d->clients = c->next;
        client_free(c);
    }
    door_end_requests(d, SP_LOCKED); /* those whose jobs went on without their client */
    while (d->requests) {
        struct request *rq = d->requests;
        d->requests = rq->next;
        free(rq);
    }
    if (d->io)
        loop_io_remove(d->io);
    engine_close(&d->listener);
    secret_release(&d->token);
    free(d);
}
