/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limit of the cache's bodies. Each has a rank: the time of its message or of its last use, whichever is later; the one of the
   lowest rank goes first. So what was fetched ahead goes from the oldest on, and what was read stays as long as mail that came then.
   Bodies of pinned folders, and of messages that no server has yet, stay: one of those that is met goes to the end of the order, so
   the next look does not meet it again. The work of each call is bounded, and nothing waits for the clock: set back, it makes the order
   worse for a while. */
#include <time.h>

#include "internal.h"

#define STEP 32         /* bodies looked at in one call */
#define USED_AGAIN 3600 /* seconds: a use soon after another is not written down */
#define LARGE 8         /* a message above this fraction of the limit is not fetched ahead: it would drive out too much */

struct candidate {
    uint64_t id;
    int64_t size, rank;
    bool kept;
};

static enum sp_status
lowest(struct db *db, uint64_t except, struct candidate *c)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT u.message, u.size, u.rank, m.uid = 0 OR f.pinned FROM body_use u"
        " CROSS JOIN message m ON m.id = u.message CROSS JOIN folder f ON f.id = m.folder WHERE u.message != ?"
        " ORDER BY u.rank LIMIT 1", DB_ARGS(DB_I(except)), &q);

    if (!st)
        st = db_step(db, q);
    if (!st)
        *c = (struct candidate){(uint64_t)sqlite3_column_int64(q, 0), sqlite3_column_int64(q, 1), sqlite3_column_int64(q, 2),
            sqlite3_column_int(q, 3) != 0};
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

static enum sp_status
evict(struct db *db, const struct candidate *c)
{
    enum sp_status st = db_run(db, "DELETE FROM body WHERE message = ?", DB_ARGS(DB_I(c->id)));
    if (!st)
        st = db_run(db, "UPDATE OR FAIL message SET has_body = 0 WHERE id = ?", DB_ARGS(DB_I(c->id)));
    if (!st && c->rank > meta_get(db, "floor"))
        st = meta_put(db, "floor", c->rank);
    return st;
}

/* *over: there is still too much. */
static enum sp_status
trim(struct store *s, uint64_t except, bool *over)
{
    struct db *db = &s->cache;
    int64_t bytes = meta_get(db, "bodies"), limit = (int64_t)s->cache_limit;
    enum sp_status st = SP_OK;

    for (int i = 0; !st && limit && bytes > limit && i < STEP; i++) {
        struct candidate c = {0};
        st = lowest(db, except, &c);
        if (!st && c.kept)
            st = db_run(db, "UPDATE OR FAIL body_use SET rank = (SELECT max(rank) FROM body_use) WHERE message = ?",
                DB_ARGS(DB_I(c.id)));
        else if (!st && (st = evict(db, &c)) == SP_OK)
            bytes -= c.size;
    }
    *over = limit && bytes > limit && !st;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

enum sp_status
store_trim(struct store *s, bool *more)
{
    enum sp_status st = db_scope(&s->cache);
    *more = false;
    return st ? st : db_scope_end(&s->cache, trim(s, 0, more));
}

enum sp_status
store_cache_limit(struct store *s, uint64_t bytes)
{
    struct db *db = &s->cache;
    enum sp_status st = SP_OK;

    s->cache_limit = bytes > INT64_MAX ? 0 : bytes;
    int64_t was = meta_get(db, "limit");
    if (was == (int64_t)s->cache_limit)
        return SP_OK;
    /* More room: what went before may come again. */
    if (!s->cache_limit || (was && (int64_t)s->cache_limit > was))
        st = meta_put(db, "floor", INT64_MIN);
    return st ? st : meta_put(db, "limit", (int64_t)s->cache_limit);
}

uint64_t
store_cache_bytes(struct store *s)
{
    return (uint64_t)meta_get(&s->cache, "bodies");
}

enum sp_status
cache_body_added(struct store *s, uint64_t id, size_t size)
{
    struct db *db = &s->cache;
    int64_t rank = INT64_MIN;
    bool over;
    enum sp_status st = db_number(db, "SELECT max(m.sort, ifnull(u.rank, m.sort)) FROM message m LEFT JOIN body_use u"
        " ON u.message = m.id WHERE m.id = ?", DB_ARGS(DB_I(id)), &rank);

    if (!st)
        st = db_run(db, "DELETE FROM body_use WHERE message = ?", DB_ARGS(DB_I(id)));
    if (!st)
        st = db_run(db, "INSERT INTO body_use (message, size, rank) VALUES (?, ?, ?)", DB_ARGS(DB_I(id), DB_I(size), DB_I(rank)));
    return st ? st : trim(s, id, &over);
}

enum sp_status
store_body_used(struct store *s, uint64_t id)
{
    if (db_of(s, id) != &s->cache)
        return SP_OK;
    return db_run(&s->cache, "UPDATE OR FAIL body_use SET rank = ?1 WHERE message = ?2 AND rank < ?1 - ?3",
        DB_ARGS(DB_I(time(NULL)), DB_I(id), DB_I(USED_AGAIN)));
}

int64_t
cache_floor(struct store *s)
{
    int64_t limit = (int64_t)s->cache_limit;
    /* Mail was deleted since: there is room again. */
    if (!limit || meta_get(&s->cache, "bodies") < limit - limit / 10)
        return INT64_MIN;
    return meta_get(&s->cache, "floor");
}

bool
store_body_wanted(struct store *s, const struct store_message *m)
{
    struct arena a = ARENA_INIT;
    struct store_folder f;
    bool wanted = !m->has_body && m->uid && store_folder_get(s, m->folder, &a, &f) == SP_OK && !f.local;

    if (wanted && !f.pinned)
        wanted = m->sort > cache_floor(s) && (!s->cache_limit || m->size <= s->cache_limit / LARGE);
    arena_release(&a);
    return wanted;
}
