/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: what waits to be sent leaves it only after the server's final OK, and exactly one copy lands in Sent. */
#ifndef SP_ENGINE_OUTBOX_H
#define SP_ENGINE_OUTBOX_H

#include "engine.h"

struct outbox *outbox_new(struct engine *e);
void outbox_free(struct outbox *o);
void outbox_opened(struct engine *e);
void outbox_closing(struct engine *e);
/* A new item is in the store. */
void outbox_added(struct engine *e, uint64_t id);
/* The account can be used again: what was put off for it is tried now. */
void outbox_account_online(struct engine *e, uint32_t account);
/* Something is being sent or will be without the person's doing. */
bool outbox_busy(struct engine *e);
/* Something is being sent at this moment: to end now would leave it unclear whether it was. */
bool outbox_in_flight(const struct engine *e);

#endif
