/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What keeps the store well while it is open: the cache's limit, a full disk, a damaged cache. Nobody has to do anything: a damaged cache
   is closed, kept aside and begun anew, and work that a full disk stopped goes on when there is room. */
#ifndef SP_ENGINE_UPKEEP_H
#define SP_ENGINE_UPKEEP_H

#include "engine.h"

struct upkeep *upkeep_new(struct engine *e);
void upkeep_free(struct upkeep *u);
/* For store_open; lives as long as the upkeep. */
const struct store_watcher *upkeep_watcher(const struct upkeep *u);
/* The store was opened (cache_lost as store_open said), or closes. */
void upkeep_opened(struct engine *e, bool cache_lost);
void upkeep_closing(struct engine *e);
/* There is no space: what is fetched in the background would be fetched in vain. */
bool upkeep_full(const struct engine *e);

#endif
