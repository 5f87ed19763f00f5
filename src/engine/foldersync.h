/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synchronising one folder: what is new (newest first), what changed, what went. Every step leaves the store whole: what is cut off is
   found again by the next comparison, because the folder's uidnext and modseq are written last. */
#ifndef SP_ENGINE_FOLDERSYNC_H
#define SP_ENGINE_FOLDERSYNC_H

#include "engine.h"

struct account;
struct foldersync;

struct sync_counts {
    uint32_t added, removed, changed;
};

/* The folder is done (SP_OK) or not; text: the server's words. From the loop, once. */
typedef void foldersync_fn(enum sp_status st, const char *text, void *arg);

/* first: its requests go before those that wait on the sync connection. counts is added to as long as it runs. */
struct foldersync *foldersync_start(struct account *a, uint64_t folder, bool first, struct sync_counts *counts, foldersync_fn *fn, void *arg);
/* Ends it without a word. NULL is allowed. */
void foldersync_drop(struct foldersync *f);
uint64_t foldersync_folder(const struct foldersync *f);
/* Headers that were stored, and those known to be missing still. */
void foldersync_progress(const struct foldersync *f, uint64_t *done, uint64_t *left);

#endif
