/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bodies of the newest messages, fetched ahead, so that opening needs no network and the index shows seals. */
#ifndef SP_ENGINE_PREFETCH_H
#define SP_ENGINE_PREFETCH_H

struct account;
struct prefetch;

struct prefetch *prefetch_new(struct account *a);
void prefetch_free(struct prefetch *p);
/* Goes over the account's folders once, on its sync connection. */
void prefetch_start(struct prefetch *p);
void prefetch_stop(struct prefetch *p);

#endif
