/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a message into a local folder. */
#ifndef SP_ENGINE_DELIVER_H
#define SP_ENGINE_DELIVER_H

#include "engine.h"

struct delivery;

/* From the loop; id is the new message's. */
typedef void deliver_fn(enum sp_status st, uint64_t id, void *arg);
/* What must hold or fall together with the message, in its transaction: that it needs no delivering any more. */
typedef enum sp_status deliver_also_fn(void *arg);
/* bytes: a sealed memfd, borrowed during the call. sort 0: the message's own date. also may be NULL; arg is for both. */
struct delivery *deliver(struct engine *e, uint64_t folder, uint32_t flags, int64_t sort, int bytes, deliver_also_fn *also, deliver_fn *fn,
                         void *arg);
/* Not again: SP_EXISTS when exactly that message lies in the folder already. Right after deliver(). */
void delivery_once(struct delivery *d);
/* NULL is allowed. */
void delivery_drop(struct delivery *d);

#endif
