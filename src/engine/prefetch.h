/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies fetched ahead, the newest first, so that opening needs no network and the index shows seals: some of every folder, all of pinned
   ones, all of everything when asked for; as far as the cache's limit allows. */
#ifndef SP_ENGINE_PREFETCH_H
#define SP_ENGINE_PREFETCH_H

#include <stdbool.h>

#include "base/status.h"

struct account;
struct prefetch;

/* The end of a round, SP_OK or why. From the loop. */
typedef void prefetch_fn(enum sp_status st, void *arg);

struct prefetch *prefetch_new(struct account *a);
void prefetch_free(struct prefetch *p);
/* Goes over the account's folders, on its sync connection. everything: until no body is missing. A round that is running begins anew. */
void prefetch_start(struct prefetch *p, bool everything, prefetch_fn *fn, void *arg);
void prefetch_stop(struct prefetch *p);

#endif
