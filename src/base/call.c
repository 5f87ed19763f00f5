/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in flight: a list, a timer for those with a deadline. */
#include "call.h"

#include <stdlib.h>

#include "loop.h"
#include "messages.h"

struct call {
    struct call *next;
    struct calls *owner;
    uint32_t id;
    struct loop_timer *timer;
    call_fn *fn;
    void *arg;
};

struct calls {
    struct wire_conn *conn;
    struct loop *loop;
    struct call *first;
    bool ended;
};

struct calls *
calls_new(struct wire_conn *conn, struct loop *loop)
{
    struct calls *c = calloc(1, sizeof *c);
    if (c)
        *c = (struct calls){.conn = conn, .loop = loop};
    return c;
}

/* Takes the call out of the list, tells its owner and frees it. */
static void
finish(struct call *call, const struct call_reply *r, struct arena *arena)
{
    struct call **p = &call->owner->first;
    while (*p && *p != call)
        p = &(*p)->next;
    if (*p)
        *p = call->next;
    if (call->timer)
        loop_timer_remove(call->timer);
    call->fn(r, arena, call->arg);
    free(call);
}

static void
finish_status(struct call *call, enum sp_status status)
{
    struct arena arena = ARENA_INIT;
    finish(call, &(struct call_reply){.status = status, .final = true, .text = ""}, &arena);
    arena_release(&arena);
}

void
calls_free(struct calls *c, enum sp_status why)
{
    if (!c)
        return;
    c->ended = true;
    while (c->first)
        finish_status(c->first, why);
    free(c);
}

static void
on_deadline(struct loop *l, void *arg)
{
    struct call *call = arg;
    (void)l;
    call->timer = NULL;
    (void)wire_send_cancel(call->owner->conn, 0, &(struct wm_cancel){.id = call->id});
    finish_status(call, SP_TIMEOUT);
}

uint32_t
call_start(struct calls *c, uint16_t type, const void *msg, int64_t timeout_ms, call_fn *fn, void *arg)
{
    struct call *call = calloc(1, sizeof *call);
    struct arena arena = ARENA_INIT;
    enum sp_status st = call ? SP_OK : SP_NOMEM;

    if (!st && (!c || c->ended))
        st = SP_UNAVAILABLE;
    if (!st) {
        *call = (struct call){.next = c->first, .owner = c, .id = wire_next_id(c->conn), .fn = fn, .arg = arg};
        st = wire_send(c->conn, type, call->id, msg);
    }
    if (!st && timeout_ms >= 0) {
        call->timer = loop_timer_add(c->loop, timeout_ms, on_deadline, call);
        if (!call->timer)
            st = SP_NOMEM;
    }
    if (st) {
        fn(&(struct call_reply){.status = st, .final = true, .text = ""}, &arena, arg);
        arena_release(&arena);
        free(call);
        return 0;
    }
    c->first = call;
    return call->id;
}

void
call_cancel(struct calls *c, uint32_t id)
{
    (void)wire_send_cancel(c->conn, 0, &(struct wm_cancel){.id = id});
}

/* What may come before the final reply. Everything else that is no final reply is an event or the peer's own request. */
static bool
is_intermediate(uint16_t type)
{
    return type == WM_TYPE_progress || type == WM_TYPE_imap_headers || type == WM_TYPE_imap_flags || type == WM_TYPE_imap_changed;
}

bool
calls_dispatch(struct calls *c, struct wire_in *in, struct arena *arena)
{
    struct call *call = c->first;
    if (!in->desc->final && (in->id == 0 || !is_intermediate(in->type)))
        return false;
    while (call && call->id != in->id)
        call = call->next;
    if (!call)
        return true; /* the late reply of a request that timed out */
    struct call_reply r = {.status = SP_OK, .final = in->desc->final, .in = in, .text = ""};
    if (in->type == WM_TYPE_reply_error) {
        r.status = wire_error_status(in->msg);
        r.text = ((const struct wm_reply_error *)in->msg)->text;
    }
    if (r.final)
        finish(call, &r, arena);
    else
        call->fn(&r, arena, call->arg);
    return true;
}

size_t
calls_pending(const struct calls *c)
{
    size_t n = 0;
    for (const struct call *call = c->first; call; call = call->next)
        n++;
    return n;
}
