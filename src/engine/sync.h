/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synchronising an account: local changes, the folder list, then the headers of all folders that changed; then bodies, so that the index
   shows seals and opening needs no network; then waiting for news. */
#ifndef SP_ENGINE_SYNC_H
#define SP_ENGINE_SYNC_H

#include "engine.h"
#include "foldersync.h"

struct account;
struct sync;

struct sync *sync_new(struct account *a);
/* NULL is allowed. */
void sync_free(struct sync *s);
/* A complete pass; when one is running, another one follows. */
void sync_start(struct sync *s);
/* That folder, at once, beside a pass that may be running. s may be NULL. */
void sync_folder(struct sync *s, uint64_t folder);
/* The person looks at that folder: it goes before others, and its first screen comes at once when it is new. s may be NULL. */
void sync_look(struct sync *s, uint64_t folder);
/* Headers that came otherwise, for the counts. s may be NULL. */
void sync_added(struct sync *s, size_t n);
/* Which folders are waited for, or pinned, has changed. s may be NULL. */
void sync_watch(struct sync *s);
/* The machine slept: connections may be gone without a word. s may be NULL. */
void sync_woke(struct sync *s);
/* Drops everything in flight. NULL is allowed. */
void sync_stop(struct sync *s);
/* As sync_stop; who waits for the pass hears why. */
void sync_failed(struct sync *s, enum sp_status st, const char *text);
/* Is a pass running? */
bool sync_active(const struct sync *s);

/* Told once, at the end of a complete pass that began after the call (with bodies: when these are fetched too), or of the attempt. */
typedef void sync_wait_fn(enum sp_status st, const char *text, const struct sync_counts *counts, void *arg);
struct sync_wait *sync_wait(struct sync *s, bool bodies, sync_wait_fn *fn, void *arg);
void sync_wait_drop(struct sync_wait *w);

#endif
