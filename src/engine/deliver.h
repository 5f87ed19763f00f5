/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a message into a local folder. */
#ifndef SP_ENGINE_DELIVER_H
#define SP_ENGINE_DELIVER_H

#include "engine.h"

struct delivery;

/* From the loop; id is the new message's. */
typedef void deliver_fn(enum sp_status st, uint64_t id, void *arg);
/* bytes: a sealed memfd, borrowed during the call. sort 0: the message's own date. */
struct delivery *deliver(struct engine *e, uint64_t folder, uint32_t flags, int64_t sort, int bytes, deliver_fn *fn, void *arg);
/* NULL is allowed. */
void delivery_drop(struct delivery *d);

#endif
