/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The operations that children do: which request is answered by what, what it needs, and the child's side of it. */
#ifndef SP_KEYS_OPERATION_H
#define SP_KEYS_OPERATION_H

#include "keys.h"

struct operation;

/* What a child is given; all borrowed. */
struct operation_work {
    const struct operation *operation;
    struct wire_in *in;               /* the engine's request */
    const char *gnupg_home, *store_dir, *agent_socket;
    bool pinentry;
    struct secret public_key, private_key; /* empty: locked, or not needed */
};

/* NULL when the message is no request for a child. */
const struct operation *operation_find(uint16_t type);
/* Whether the request names one of the protocols, where it must. */
bool operation_is_valid(const struct operation *o, const struct wire_in *in);
/* The type of a good answer. */
uint16_t operation_reply(const struct operation *o);
/* Longer while a person or a card may be waited for. */
int64_t operation_deadline_ms(const struct operation *o, const struct wire_in *in);
/* Which subkeys of the store's key the request needs. */
bool operation_needs_public(const struct operation *o);
bool operation_needs_private(const struct operation *o, const struct wire_in *in);

/* In the child (a child_body_fn; arg is a struct operation_work): does it and sends the one final message. Questions go up the same
   connection as ask_passphrase and launch_agent, and are answered there. */
void operation_run(struct wire_conn *up, void *arg);

#endif
