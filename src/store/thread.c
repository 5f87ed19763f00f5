/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Threads: messages that name each other's Message-IDs. A table from a hash of each id that was seen to its thread; when a message
   joins several threads, the others are merged into the smallest number. */
#include <string.h>

#include "internal.h"

#define MAX_REFERENCES 20 /* of a long References field the newest count (RFC 5322 section 3.6.4) */

/* FNV-1a, kept positive so that it is a row id. A collision joins two threads: a display matter. */
static int64_t
hash_of(const char *id, size_t len)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < len; i++)
        h = (h ^ (unsigned char)id[i]) * 1099511628211u;
    return (int64_t)(h >> 1);
}

/* The next id of a list of ids: what stands between white space; *at moves behind it. */
static size_t
next_id(const char **at, const char **id)
{
    *at += strspn(*at, " \t\r\n,");
    size_t len = strcspn(*at, " \t\r\n,");
    *id = *at;
    *at += len;
    if (len >= 2 && (*id)[0] == '<' && (*id)[len - 1] == '>') {
        ++*id;
        len -= 2;
    }
    return len;
}

unsigned
thread_depth(const char *references)
{
    unsigned n = 0;
    for (const char *id, *at = references ? references : ""; n < 99 && (next_id(&at, &id) > 0 || *at); n++)
        ;
    return n;
}

struct ids {
    int64_t hash[MAX_REFERENCES + 2];
    size_t n;
};

/* An id that stands in several fields is looked up once. */
static void
add_id(struct ids *ids, int64_t hash)
{
    for (size_t i = 0; i < ids->n; i++)
        if (ids->hash[i] == hash)
            return;
    ids->hash[ids->n++] = hash;
}

/* Adds up to max ids of a field, the last ones. */
static void
add_ids(struct ids *ids, const char *field, size_t max)
{
    int64_t last[MAX_REFERENCES] = {0};
    size_t seen = 0, len;

    for (const char *id, *at = field ? field : ""; (len = next_id(&at, &id)) > 0 || *at;) {
        if (len > 0)
            last[seen++ % max] = hash_of(id, len);
    }
    size_t n = seen < max ? seen : max;
    for (size_t i = 0; i < n; i++)
        add_id(ids, last[i]);
}

/* Follows merges to the thread that is left. */
static enum sp_status
resolve(struct db *db, int64_t *thread)
{
    for (int steps = 0; steps < 1000; steps++) {
        int64_t into;
        enum sp_status st = db_number(db, "SELECT into_thread FROM thread_merged WHERE thread = ?", DB_ARGS(DB_I(*thread)), &into);
        if (st)
            return st == SP_NOT_FOUND ? SP_OK : st;
        *thread = into;
    }
    return SP_OK; /* a chain of that length shows several threads instead of one */
}

static enum sp_status
merge(struct db *db, int64_t from, int64_t into)
{
    enum sp_status st = db_run(db, "UPDATE message SET thread = ? WHERE thread = ?", DB_ARGS(DB_I(into), DB_I(from)));
    if (!st)
        st = db_run(db, "INSERT OR REPLACE INTO thread_merged (thread, into_thread) VALUES (?, ?)",
            DB_ARGS(DB_I(from), DB_I(into)));
    return st;
}

enum sp_status
thread_assign(struct db *db, const struct store_message *m, int64_t fresh, int64_t *thread)
{
    struct ids ids = {.n = 0};
    int64_t known[MAX_REFERENCES + 2] = {0}; /* thread of each id, 0 = not seen before */
    enum sp_status st = SP_OK;

    add_ids(&ids, m->message_id, 1);
    add_ids(&ids, m->in_reply_to, 1);
    add_ids(&ids, m->references, MAX_REFERENCES);
    *thread = 0;
    for (size_t i = 0; !st && i < ids.n; i++) {
        st = db_number(db, "SELECT thread FROM thread_of WHERE hash = ?", DB_ARGS(DB_I(ids.hash[i])), &known[i]);
        if (st == SP_NOT_FOUND)
            st = SP_OK;
        else if (!st)
            st = resolve(db, &known[i]);
        if (known[i] && (!*thread || known[i] < *thread))
            *thread = known[i];
    }
    if (!*thread)
        *thread = fresh;
    for (size_t i = 0; !st && i < ids.n; i++) {
        if (!known[i]) {
            st = db_run(db, "INSERT OR REPLACE INTO thread_of (hash, thread) VALUES (?, ?)",
                DB_ARGS(DB_I(ids.hash[i]), DB_I(*thread)));
        } else if (known[i] != *thread) {
            int64_t gone = known[i];
            st = merge(db, gone, *thread);
            for (size_t k = i; k < ids.n; k++)
                known[k] = known[k] == gone ? *thread : known[k];
        }
    }
    return st;
}

enum sp_status
thread_find(struct db *db, const char *message_id, uint32_t account, uint64_t *id, int64_t *sort)
{
    struct ids ids = {.n = 0};
    int64_t thread = 0;
    sqlite3_stmt *q = NULL;

    *id = 0;
    add_ids(&ids, message_id, 1);
    enum sp_status st = ids.n == 0 ? SP_NOT_FOUND :
        db_number(db, "SELECT thread FROM thread_of WHERE hash = ?", DB_ARGS(DB_I(ids.hash[0])), &thread);
    if (!st)
        st = resolve(db, &thread);
    if (!st)
        st = db_query(db, "SELECT m.id, m.sort FROM message m JOIN folder f ON f.id = m.folder WHERE m.thread = ?1"
            " AND m.message_id = ?2 AND (?3 = 0 OR f.account = ?3) ORDER BY m.sort DESC, m.id DESC LIMIT 1",
            DB_ARGS(DB_I(thread), DB_T(message_id), DB_I(account)), &q);
    if (!st)
        st = db_step(db, q);
    if (!st) {
        *id = (uint64_t)sqlite3_column_int64(q, 0);
        *sort = sqlite3_column_int64(q, 1);
    }
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}
