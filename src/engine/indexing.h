/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeding the full-text index in the background: headers as they come, texts when a message was judged, what is gone out again. The work
   waits in the store, so it goes on after a restart where it was. Done in small pieces, which make way for whatever else there is. */
#ifndef SP_ENGINE_INDEXING_H
#define SP_ENGINE_INDEXING_H

#include "engine.h"

struct indexing;

struct indexing *indexing_new(struct engine *e);
/* NULL is allowed. */
void indexing_free(struct indexing *x);
void indexing_opened(struct engine *e);
void indexing_closing(struct engine *e);
/* Something may have been added, changed or removed. */
void indexing_kick(struct engine *e);

#endif
