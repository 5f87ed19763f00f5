/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events about folders and notices. Changes of a folder are gathered for a moment: a sync that adds thousands of rows says so a few
   times, not thousands of times. */
#ifndef SP_ENGINE_EVENTS_H
#define SP_ENGINE_EVENTS_H

#include "engine.h"

struct events *events_new(struct engine *e);
void events_free(struct events *ev);
/* Rows or counters of that folder changed. */
void events_folder(struct engine *e, uint64_t folder);
/* Drops what is gathered (the store closes). */
void events_forget(struct events *ev);
/* args: NULL-terminated. */
void events_notice(struct engine *e, enum sp_notice kind, enum sp_level level, const char *const *args);
/* As events_notice; when no screen is there it is kept in the store, and the next screen gets it. */
void events_notice_kept(struct engine *e, enum sp_notice kind, enum sp_level level, const char *const *args);
/* A screen is there, and the store is open: it gets what was kept. */
void events_screen_came(struct engine *e);
/* A draft changed or went (gone); client: who did it and knows, 0 = nobody. */
void events_draft(struct engine *e, uint64_t client, uint64_t draft, bool gone);
void events_fill_folder(const struct store_folder *f, struct wr_folder *out);

#endif
