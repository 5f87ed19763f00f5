/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One attempt to get one item of the outbox out: its transmissions, then the copy for Sent. */
#ifndef SP_ENGINE_TRANSMIT_H
#define SP_ENGINE_TRANSMIT_H

#include "engine.h"

struct transmit;

struct transmit_result {
    enum sp_outbox_state state; /* when it is not done: FAILED, DEFERRED, UNCERTAIN, COPYING */
    enum sp_status status;      /* SP_OK: everything is through and the copy is in Sent */
    const char *text;           /* the server's words */
    bool waits_for_person;      /* a certificate or password: no timer helps */
    unsigned refused;           /* recipients whom the server refused for good in this attempt */
    const char *refused_address, *refused_text; /* the first of them, the server's words about him */
};
/* From the loop, once. */
typedef void transmit_fn(const struct transmit_result *r, void *arg);

struct transmit *transmit_start(struct engine *e, uint64_t outbox, transmit_fn *fn, void *arg);
/* NULL is allowed. What is in flight is dropped: a message may then be on its way or not. */
void transmit_free(struct transmit *t);

#endif
