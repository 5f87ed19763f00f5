/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests to the other roles (parse, keys, net). A role is wanted when the first request for it comes; requests wait while it is
   being started or restarted. Replies never come from inside peer_call: fn is called from the loop, exactly once with final, unless
   the call is dropped before. */
#ifndef SP_ENGINE_PEERS_H
#define SP_ENGINE_PEERS_H

#include "engine.h"

struct peer_call;

enum peer_flag {
    PEER_AGAIN = 1 << 0, /* safe to ask twice: when the role (or its child) dies, the request is made once more */
    PEER_FIRST = 1 << 1, /* goes before everything that waits (setting up a new connection) */
};

struct peer_request {
    enum sp_role role;
    unsigned index;      /* as in the control messages: parse and keys 0, net the account's id in the configuration */
    uint16_t type;
    const void *msg;     /* struct wm_NAME; copied when it has to wait */
    int64_t timeout_ms;  /* of the answer; < 0: none. Waiting for the role has a bound of its own */
    unsigned flags;      /* enum peer_flag */
    uint64_t client;     /* door's number of the client for whom this is, 0 = background: it gets the questions */
    call_fn *fn;
    void *arg;
};

struct peers *peers_new(struct engine *e);
void peers_free(struct peers *all);
/* A connection from the supervisor; fd is taken. Replaces the one there was. */
void peers_connected(struct engine *e, enum sp_role role, unsigned index, int fd);
/* The supervisor lost that role and starts it again. */
void peers_restarted(struct engine *e, enum sp_role role, unsigned index);

/* Starts the role, if it is not there, for requests that are about to come: what it needs to start passes meanwhile. */
void peers_prepare(struct engine *e, enum sp_role role, unsigned index);
/* Never NULL. Valid until fn was called with final, or dropped. */
struct peer_call *peer_call(struct engine *e, const struct peer_request *r);
/* Asks the role to cancel; fn is still called. */
void peer_cancel(struct peer_call *call);
/* Cancels, and fn is not called any more. NULL is allowed. */
void peer_drop(struct peer_call *call);
/* The client for whom the keys role works on its request with that id, 0 = unknown or background. */
uint64_t peers_client_of(struct engine *e, uint32_t wire_id);
/* Asks the keys role to give that request up; who waits for it gets SP_CANCELLED. */
void peers_cancel_keys(struct engine *e, uint32_t wire_id);

#endif
