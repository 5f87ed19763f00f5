/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in flight on a connection: each ends with exactly one final reply, done, error or cancelled, also when the peer dies. */
#ifndef SP_BASE_CALL_H
#define SP_BASE_CALL_H

#include <stdint.h>

#include "wire.h"

struct calls;

/* One answer to a request. `in` is the reply, or NULL when the peer ended first or the deadline passed (status says which).
   status is SP_OK for any typed final reply, else the status of reply_error. Intermediate messages of the same id come with
   final = false. FD members as in wire.h: take those that are kept. */
struct call_reply {
    enum sp_status status;
    bool final;
    struct wire_in *in;
    const char *text;      /* reply_error's words (the server's, S44), "" otherwise */
};
typedef void call_fn(const struct call_reply *r, struct arena *arena, void *arg);

/* conn is borrowed. */
struct calls *calls_new(struct wire_conn *conn, struct loop *loop);
/* Ends what is pending with why (SP_CRASHED when the peer died, SP_CANCELLED ...), then frees. */
void calls_free(struct calls *c, enum sp_status why);
/* Sends a request; returns its id, or 0 when it could not be sent (fn was then called already with the status).
   timeout_ms < 0: none. */
uint32_t call_start(struct calls *c, uint16_t type, const void *msg, int64_t timeout_ms, call_fn *fn, void *arg);
/* Asks the peer to cancel; the final reply still comes (SP_CANCELLED, or the result when it was faster). */
void call_cancel(struct calls *c, uint32_t id);
/* To be called by the connection's message handler: true when the message belonged to a request, also to one that has ended
   already (a late reply). Requests of the peer are never taken for answers, although both sides count their ids from 1. */
bool calls_dispatch(struct calls *c, struct wire_in *in, struct arena *arena);
/* Pending requests. */
size_t calls_pending(const struct calls *c);

#endif
