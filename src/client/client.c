/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client's connection to the engine: requests, events, and waiting for commands that have nothing to do meanwhile. */
#include "sealpost.h"

#include <stdlib.h>

struct sp_client {
    struct wire_conn *conn;
    struct calls *calls;
    struct loop *loop;
    sp_event_fn *on_event;
    sp_gone_fn *on_gone;
    void *arg;
    bool busy, freed; /* busy: inside a handler, so freeing waits until it is over */
};

static void
enter(struct sp_client *c)
{
    c->busy = true;
}

static void
leave(struct sp_client *c)
{
    c->busy = false;
    if (c->freed)
        free(c);
}

static void
on_message(struct wire_conn *conn, struct wire_in *in, struct arena *arena, void *arg)
{
    struct sp_client *c = arg;
    (void)conn;
    enter(c);
    if (!calls_dispatch(c->calls, in, arena) && c->on_event)
        c->on_event(c, in, arena, c->arg);
    leave(c);
}

static void
on_closed(struct wire_conn *conn, enum sp_status why, void *arg)
{
    struct sp_client *c = arg;
    (void)conn;
    struct calls *ended = c->calls;
    c->calls = NULL; /* a callback that sends again gets SP_UNAVAILABLE */
    enter(c);
    calls_free(ended, SP_CRASHED);
    if (c->on_gone && !c->freed)
        c->on_gone(c, why, c->arg);
    leave(c);
}

struct sp_client *
sp_client_new(int fd, struct loop *loop, sp_event_fn *on_event, sp_gone_fn *on_gone, void *arg)
{
    struct sp_client *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    *c = (struct sp_client){.loop = loop, .on_event = on_event, .on_gone = on_gone, .arg = arg};
    c->conn = wire_conn_new(fd, loop, on_message, on_closed, c);
    if (c->conn)
        c->calls = calls_new(c->conn, loop);
    if (!c->calls) {
        sp_client_free(c);
        return NULL;
    }
    return c;
}

void
sp_client_free(struct sp_client *c)
{
    if (!c || c->freed)
        return;
    struct calls *ended = c->calls;
    c->calls = NULL;
    c->freed = true; /* a callback that frees again does nothing */
    calls_free(ended, SP_CANCELLED);
    wire_conn_free(c->conn);
    c->conn = NULL;
    if (!c->busy)
        free(c);
}

uint32_t
sp_request(struct sp_client *c, uint16_t type, const void *msg, call_fn *fn, void *arg)
{
    return call_start(c->calls, type, msg, -1, fn, arg);
}

void
sp_cancel(struct sp_client *c, uint32_t id)
{
    if (c->calls)
        call_cancel(c->calls, id);
}

enum sp_status
sp_ask(struct sp_client *c, uint16_t type, const void *msg, int timeout_ms, struct arena *arena, struct wire_in *in, const char **text)
{
    int64_t end = loop_now_ms() + timeout_ms;
    *in = (struct wire_in){0};
    *text = "";
    uint32_t id = wire_next_id(c->conn);
    enum sp_status st = wire_send(c->conn, type, id, msg);
    while (!st) {
        int64_t left = timeout_ms < 0 ? -1 : end - loop_now_ms();
        st = timeout_ms >= 0 && left <= 0 ? SP_TIMEOUT : wire_receive(c->conn, (int)left, arena, in);
        if (st == SP_TIMEOUT)
            (void)wire_send_cancel(c->conn, 0, &(struct wm_cancel){.id = id});
        if (st || (in->id == id && in->desc->final))
            break;
        if (!calls_dispatch(c->calls, in, arena) && c->on_event)
            c->on_event(c, in, arena, c->arg);
        wire_in_close(in);
        *in = (struct wire_in){0};
    }
    if (!st && in->type == WM_TYPE_reply_error) {
        *text = ((const struct wm_reply_error *)in->msg)->text;
        st = wire_error_status(in->msg);
    }
    return st == SP_EOF || st == SP_DISCONNECTED ? SP_CRASHED : st;
}

enum sp_status
sp_wait(struct sp_client *c, int timeout_ms)
{
    struct arena arena = ARENA_INIT;
    struct wire_in in = {0};
    enum sp_status st = wire_receive(c->conn, timeout_ms, &arena, &in);
    if (!st && !calls_dispatch(c->calls, &in, &arena) && c->on_event)
        c->on_event(c, &in, &arena, c->arg);
    wire_in_close(&in);
    arena_release(&arena);
    return st == SP_EOF || st == SP_DISCONNECTED ? SP_CRASHED : st;
}
