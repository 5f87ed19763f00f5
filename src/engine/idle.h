/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for news of the inbox and of watched folders, each on a connection of its own (RFC 2177). */
#ifndef SP_ENGINE_IDLE_H
#define SP_ENGINE_IDLE_H

#include <stdbool.h>
#include <stdint.h>

struct account;
struct idle;

struct idle *idle_new(struct account *a);
void idle_free(struct idle *i);
/* Waits for news of what is watched by now; what is waited for already goes on. */
void idle_start(struct idle *i);
void idle_stop(struct idle *i);
/* Does the server tell news of that folder? */
bool idle_waits(const struct idle *i, uint64_t folder);

#endif
