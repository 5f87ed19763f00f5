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
    uint64_t cache_limit; /* bytes of bodies, 0 = no limit */
    char *suspect; /* path of the mark that tells the next open that the cache is damaged */
    char damaged[64]; /* file name under which a damaged cache was kept */
    struct store_watcher watcher;
};

/* The database that a folder's or message's id belongs to. */
static inline struct db *
db_of(struct store *s, uint64_t id)
{
    return id & OWN_BIT ? &s->own : &s->cache;
}

/* --- store.c: small numbers of a database; 0 when there is none. */
int64_t meta_get(struct db *db, const char *name);
enum sp_status meta_put(struct db *db, const char *name, int64_t value) SP_MUST_USE;

/* --- message.c: a folder's counters for messages that were added to it. */
enum sp_status counters_add(struct db *db, uint64_t folder, int64_t total, int64_t unread) SP_MUST_USE;

/* --- cache.c: the body of a message in the cache was put: it counts, and others go when there are too many bytes. */
enum sp_status cache_body_added(struct store *s, uint64_t id, size_t size) SP_MUST_USE;
/* Messages whose time is not after this are not worth fetching ahead: they would be the first to go. */
int64_t cache_floor(struct store *s);

/* --- thread.c */
/* The message with that Message-ID in this database: the newest of the account (0 = any); SP_NOT_FOUND. */
enum sp_status thread_find(struct db *db, const char *message_id, uint32_t account, uint64_t *id, int64_t *sort) SP_MUST_USE;
/* The thread for a message with these ids, all may be "". fresh: the thread to use when none is known. */
enum sp_status thread_assign(struct db *db, const struct store_message *m, int64_t fresh, int64_t *thread) SP_MUST_USE;
/* How many messages a message's References name, at most 99. */
unsigned thread_depth(const char *references);

#endif
