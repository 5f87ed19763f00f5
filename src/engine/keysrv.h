/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients ask of the keys role, and what keys asks of the person. */
#ifndef SP_ENGINE_KEYSRV_H
#define SP_ENGINE_KEYSRV_H

#include "engine.h"

struct keysrv *keysrv_new(struct engine *e);
void keysrv_free(struct keysrv *k);
/* A request to keys (its number on the connection) is over: a terminal that was lent to it is the person's again. */
void keysrv_request_over(struct engine *e, uint32_t wire_id, enum sp_status status);
/* A request of keys (ask_passphrase), or its cancel. conn is keys' connection. */
void keysrv_from_keys(struct engine *e, struct wire_conn *conn, struct wire_in *in);
/* The connection ends: what keys asked is of no use any more. */
void keysrv_keys_lost(struct engine *e);
/* Keys or trust changed: every verdict is stale. */
void keysrv_changed(struct engine *e);

#endif
