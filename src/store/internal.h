/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the store: what its files share. */
#ifndef SP_STORE_INTERNAL_H
#define SP_STORE_INTERNAL_H

#include "db.h"
#include "store.h"

#define OWN_BIT ((uint64_t)1 << 62)

/* Two databases on two connections. A transaction spans both; they are committed one after the other, `own` first: a crash
   between leaves the journal ahead of the cache, which the next sync repairs. When a message was carried from the cache's side
   to be kept there (cache_first), the cache goes first and is synced, so that a crash can double a message but never lose it. */
struct store {
    struct db own, cache;
    bool transaction, cache_first;
    char *suspect; /* path of the mark that tells the next open to look for damage */
};

/* The database that a folder's or message's id belongs to. */
static inline struct db *
db_of(struct store *s, uint64_t id)
{
    return id & OWN_BIT ? &s->own : &s->cache;
}

/* --- thread.c */
/* The thread for a message with these ids, all may be "". fresh: the thread to use when none is known. */
enum sp_status thread_assign(struct db *db, const struct store_message *m, int64_t fresh, int64_t *thread) SP_MUST_USE;
/* How many messages a message's References name, at most 99. */
unsigned thread_depth(const char *references);

#endif
