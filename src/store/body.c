/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whole messages, their verdicts and session keys, and carrying a message from one folder to another. */
#include <string.h>
#include <unistd.h>

#include "base/memfd.h"
#include "internal.h"

/* SP_NOT_FOUND unless the message exists: nothing may hang about without its message. */
static enum sp_status
require(struct db *db, uint64_t id)
{
    int64_t one;
    return db_number(db, "SELECT 1 FROM message WHERE id = ?", DB_ARGS(DB_I(id)), &one);
}

enum sp_status
store_body_put(struct store *s, uint64_t id, const void *bytes, size_t len)
{
    struct db *db = db_of(s, id);
    enum sp_status st = db_scope(db);
    if (st)
        return st;
    st = db_change(db, "UPDATE OR FAIL message SET has_body = 1, size = ? WHERE id = ?", DB_ARGS(DB_I(len), DB_I(id)));
    if (!st)
        st = db_run(db, "INSERT OR REPLACE INTO body (message, bytes) VALUES (?, ?)", DB_ARGS(DB_I(id), DB_B(bytes, len)));
    if (!st && db == &s->cache)
        st = cache_body_added(s, id, len);
    return db_scope_end(db, st);
}

enum sp_status
store_body_get(struct store *s, uint64_t id, int *fd)
{
    return db_blob_fd(db_of(s, id), "body", "bytes", (int64_t)id, fd);
}

/* What covers a part only is no seal and no lock of the message (S27). */
static unsigned
whole(unsigned covers, unsigned state)
{
    return covers == SP_COVERS_WHOLE ? state : 0;
}

enum sp_status
store_verdict_put(struct store *s, uint64_t id, const struct wr_verdict *v, const void *encoded, size_t len)
{
    struct db *db = db_of(s, id);
    bool attachments = false;

    for (uint32_t i = 0; i < v->parts_n; i++)
        attachments |= v->parts[i].attachment;
    enum sp_status st = db_scope(db);
    if (st)
        return st;
    /* The From and Subject beside a seal are those that it was bound to. */
    st = db_change(db,
        "UPDATE OR FAIL message SET judged = 1, seal = ?, lock = ?, sender = ?, risk = ?, from_name = ?, from_address = ?, subject = ?,"
        " flags = (flags & ~?8) | ?9 WHERE id = ?10",
        DB_ARGS(DB_I(whole(v->signature.covers, v->signature.state)), DB_I(whole(v->encryption.covers, v->encryption.state)),
            DB_I(v->sender.state), DB_I(v->risk), DB_T(v->from.name), DB_T(v->from.address), DB_T(v->subject),
            DB_I(SP_FLAG_ATTACHMENT), DB_I(attachments ? SP_FLAG_ATTACHMENT : 0), DB_I(id)));
    if (!st)
        st = db_run(db, "INSERT OR REPLACE INTO verdict (message, bytes) VALUES (?, ?)", DB_ARGS(DB_I(id), DB_B(encoded, len)));
    if (!st) /* its text can be indexed now */
        st = db_run(db, "INSERT OR IGNORE INTO search_todo (message) VALUES (?)", DB_ARGS(DB_I(id)));
    return db_scope_end(db, st);
}

enum sp_status
store_verdict_get(struct store *s, uint64_t id, struct arena *a, struct wire_blob *encoded)
{
    struct db *db = db_of(s, id);
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT v.bytes FROM verdict v JOIN message m ON m.id = v.message"
        " WHERE v.message = ? AND m.judged != 0", DB_ARGS(DB_I(id)), &q);

    if (!st)
        st = db_step(db, q);
    if (!st) {
        const void *bytes = sqlite3_column_blob(q, 0);
        encoded->len = (size_t)sqlite3_column_bytes(q, 0);
        encoded->data = arena_strndup(a, bytes ? bytes : "", encoded->len);
        if (!encoded->data)
            st = SP_NOMEM;
    }
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

enum sp_status
store_verdicts_forget(struct store *s)
{
    struct db *const dbs[] = {&s->own, &s->cache};
    enum sp_status st = SP_OK;

    for (size_t i = 0; !st && i < 2; i++) {
        st = db_scope(dbs[i]);
        if (st)
            break;
        st = db_run(dbs[i], "UPDATE message SET judged = 0 WHERE judged != 0", NULL, 0);
        if (!st)
            st = db_run(dbs[i], "UPDATE folder SET generation = generation + 1", NULL, 0);
        st = db_scope_end(dbs[i], st);
    }
    return st;
}

enum sp_status
store_session_key_put(struct store *s, uint64_t id, unsigned layer, const void *key, size_t len)
{
    enum sp_status st = require(db_of(s, id), id);
    return st ? st : db_run(db_of(s, id), "INSERT OR REPLACE INTO session_key (message, layer, bytes) VALUES (?, ?, ?)",
        DB_ARGS(DB_I(id), DB_I(layer), DB_B(key, len)));
}

enum sp_status
store_session_key_get(struct store *s, uint64_t id, unsigned layer, struct secret *key)
{
    struct db *db = db_of(s, id);
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT bytes FROM session_key WHERE message = ? AND layer = ?",
        DB_ARGS(DB_I(id), DB_I(layer)), &q);

    if (!st)
        st = db_step(db, q);
    if (!st)
        st = secret_set(key, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

/* --- moving and copying */

/* Adds the message with everything that hangs on it, read from one database, to a folder of another (or the same). */
static enum sp_status
copy_row(struct db *from, struct db *to, uint64_t id, uint64_t folder, uint64_t *new_id)
{
    sqlite3_stmt *q = NULL, *w = NULL;
    int64_t last = 0;
    enum sp_status st = db_number(to, "SELECT seq FROM sqlite_sequence WHERE name = 'message'", NULL, 0, &last);
    if (st == SP_NOT_FOUND)
        st = SP_OK;
    *new_id = (uint64_t)last + 1;
    if (!st)
        st = db_query(from, "SELECT sort, date, flags, size, seal, lock, sender, risk, judged, has_body, thread, depth, from_name,"
            " from_address, recipients, subject, message_id, in_reply_to, list_id, refs, keywords FROM message"
            " WHERE id = ?",
            DB_ARGS(DB_I(id)), &q);
    if (!st)
        st = db_step(from, q);
    if (!st)
        st = db_query(to, "INSERT OR FAIL INTO message (id, folder, uid, sort, date, flags, size, seal, lock, sender, risk, judged,"
            " has_body, thread, depth, from_name, from_address, recipients, subject, message_id, in_reply_to, list_id, refs, keywords)"
            " VALUES (?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_I(*new_id), DB_I(folder)), &w);
    for (int i = 0; !st && i < sqlite3_column_count(q); i++)
        st = db_status(to, sqlite3_bind_value(w, i + 3, sqlite3_column_value(q, i)));
    if (!st)
        st = db_step(to, w);
    st = st == SP_EOF && w ? SP_OK : st == SP_EOF ? SP_NOT_FOUND : st;
    if (!st)
        st = counters_add(to, folder, 1, !(sqlite3_column_int64(q, 2) & SP_FLAG_SEEN));
    db_end(w);
    db_end(q);
    return st;
}

static enum sp_status
copy_rows(struct db *from, struct db *to, const char *read, const char *write, uint64_t id, uint64_t new_id)
{
    sqlite3_stmt *q = NULL, *w = NULL;
    enum sp_status st = db_query(from, read, DB_ARGS(DB_I(id)), &q);

    while (!st && !(st = db_step(from, q))) {
        st = db_query(to, write, DB_ARGS(DB_I(new_id)), &w);
        for (int i = 0; !st && i < sqlite3_column_count(q); i++)
            st = db_status(to, sqlite3_bind_value(w, i + 2, sqlite3_column_value(q, i)));
        if (!st && (st = db_step(to, w)) == SP_EOF)
            st = SP_OK;
        db_end(w);
        w = NULL;
    }
    db_end(w);
    db_end(q);
    return st == SP_EOF ? SP_OK : st;
}

static enum sp_status
copy_all(struct store *s, struct db *from, struct db *to, uint64_t id, uint64_t folder, uint64_t *new_id)
{
    enum sp_status st = copy_row(from, to, id, folder, new_id);
    if (!st)
        st = copy_rows(from, to, "SELECT bytes FROM body WHERE message = ?",
            "INSERT INTO body (message, bytes) VALUES (?, ?)", id, *new_id);
    if (!st)
        st = copy_rows(from, to, "SELECT bytes FROM verdict WHERE message = ?",
            "INSERT INTO verdict (message, bytes) VALUES (?, ?)", id, *new_id);
    if (!st)
        st = copy_rows(from, to, "SELECT layer, bytes FROM session_key WHERE message = ?",
            "INSERT INTO session_key (message, layer, bytes) VALUES (?, ?, ?)", id, *new_id);
    int64_t size = 0;
    if (!st && to == &s->cache) {
        st = db_number(to, "SELECT length(bytes) FROM body WHERE message = ?", DB_ARGS(DB_I(*new_id)), &size);
        st = st == SP_NOT_FOUND ? SP_OK : st ? st : cache_body_added(s, *new_id, (size_t)size);
    }
    return st;
}

/* Into the other database: the threads there are others, so the message is threaded anew. */
static enum sp_status
carry(struct store *s, struct db *from, struct db *to, uint64_t id, uint64_t folder, uint64_t *new_id)
{
    struct arena a = ARENA_INIT;
    struct store_message m;
    int64_t thread = 0;
    enum sp_status st = store_message_get(s, id, &a, &m);

    if (!st)
        st = copy_all(s, from, to, id, folder, new_id);
    if (!st)
        st = thread_assign(to, &m, (int64_t)*new_id, &thread);
    if (!st)
        st = db_run(to, "UPDATE OR FAIL message SET thread = ? WHERE id = ?", DB_ARGS(DB_I(thread), DB_I(*new_id)));
    arena_release(&a);
    return st;
}

static enum sp_status
move_across(struct store *s, uint64_t id, uint64_t folder, bool copy, uint64_t *new_id)
{
    struct db *from = db_of(s, id), *to = db_of(s, folder);
    bool alone = !s->transaction;
    enum sp_status st = alone ? store_begin(s) : SP_OK;

    if (!st)
        st = carry(s, from, to, id, folder, new_id);
    if (!st && !copy)
        st = store_message_remove(s, id);
    if (to == &s->cache)
        s->cache_first = true;
    if (alone && !st)
        st = store_commit(s);
    if (alone && st)
        store_rollback(s);
    return st;
}

enum sp_status
store_message_move(struct store *s, uint64_t id, uint64_t folder, bool copy, uint64_t *new_id)
{
    struct db *db = db_of(s, id);
    int64_t one;
    enum sp_status st = db_number(db_of(s, folder), "SELECT 1 FROM folder WHERE id = ?", DB_ARGS(DB_I(folder)), &one);

    *new_id = 0;
    if (st)
        return st;
    if (db != db_of(s, folder))
        return move_across(s, id, folder, copy, new_id);
    if (!copy) {
        *new_id = id;
        return db_change(db, "UPDATE OR FAIL message SET folder = ?, uid = 0 WHERE id = ?", DB_ARGS(DB_I(folder), DB_I(id)));
    }
    st = db_scope(db);
    if (st)
        return st;
    return db_scope_end(db, copy_all(s, db, db, id, folder, new_id));
}

bool
store_message_is_there(struct store *s, uint64_t folder, int64_t sort, const void *bytes, size_t len)
{
    struct db *db = db_of(s, folder);
    sqlite3_stmt *q = NULL;
    bool found = false;
    if (db_query(db, "SELECT id FROM message WHERE folder = ? AND sort = ? AND size = ?", DB_ARGS(DB_I(folder), DB_I(sort), DB_I(len)), &q) != SP_OK)
        return false;
    while (!found && db_step(db, q) == SP_OK) {
        struct memfd_map map;
        int fd = -1;
        if (store_body_get(s, (uint64_t)sqlite3_column_int64(q, 0), &fd) != SP_OK)
            continue;
        if (memfd_map(fd, len, &map) == SP_OK) {
            found = map.len == len && memcmp(map.data, bytes, len) == 0;
            memfd_unmap(&map);
        }
        (void)close(fd);
    }
    db_end(q);
    return found;
}
