/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synchronising an account: folders, then headers newest first, then flags and removals; then the newest bodies, so that the index
   shows seals; then waiting for news. */
#ifndef SP_ENGINE_SYNC_H
#define SP_ENGINE_SYNC_H

#include "engine.h"

struct account;
struct sync;

struct sync *sync_new(struct account *a);
/* NULL is allowed. */
void sync_free(struct sync *s);
/* A complete pass; when one is running, another one follows. */
void sync_start(struct sync *s);
/* That folder only, soon. s may be NULL. */
void sync_folder(struct sync *s, uint64_t folder);
/* Drops everything in flight. NULL is allowed. */
void sync_stop(struct sync *s);
/* Is a pass running? */
bool sync_active(const struct sync *s);

#endif
