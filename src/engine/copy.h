/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of messages, for requests that must wait for a role or be asked again. */
#ifndef SP_ENGINE_COPY_H
#define SP_ENGINE_COPY_H

#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"

/* A copy of msg (struct wm_NAME of the type) in the arena, with descriptors of its own: end it with copy_release. */
enum sp_status copy_message(uint16_t type, const void *msg, struct arena *arena, void **copy) SP_MUST_USE;
/* Closes the copy's descriptors; wipes the arena when the type carries secrets, and releases it. copy may be NULL. */
void copy_release(uint16_t type, void *copy, struct arena *arena);

#endif
