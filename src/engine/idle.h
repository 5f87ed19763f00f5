/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for news of the inbox on a connection of its own (RFC 2177). */
#ifndef SP_ENGINE_IDLE_H
#define SP_ENGINE_IDLE_H

struct account;
struct idle;

struct idle *idle_new(struct account *a);
void idle_free(struct idle *i);
/* Begins, unless it waits already. */
void idle_start(struct idle *i);
void idle_stop(struct idle *i);

#endif
