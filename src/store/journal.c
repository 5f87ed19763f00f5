/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The journal of local changes that the server must still learn. It is in `own`, so it survives the loss of the cache: folders are
   noted by their raw names too, and found again by them. */
#include "internal.h"

/* What is needed to find a folder again: its raw name and UIDVALIDITY. */
static enum sp_status
describe(struct store *s, uint64_t folder, struct arena *a, const char **raw, uint32_t *uidvalidity)
{
    struct store_folder f;
    enum sp_status st = folder ? store_folder_get(s, folder, a, &f) : SP_NOT_FOUND;

    *raw = st ? "" : f.raw;
    *uidvalidity = st ? 0 : f.uidvalidity;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

enum sp_status
store_change_add(struct store *s, struct store_change *c)
{
    struct arena a = ARENA_INIT;
    const char *folder, *target, *message_id = "";
    struct store_message m;
    uint32_t uidvalidity, unused;
    enum sp_status st = describe(s, c->folder, &a, &folder, &uidvalidity);

    if (!st)
        st = describe(s, c->target, &a, &target, &unused);
    if (!st && !c->uidvalidity)
        c->uidvalidity = uidvalidity;
    if (!st && (c->kind == STORE_CHANGE_MOVE || c->kind == STORE_CHANGE_COPY) && store_message_get(s, c->message, &a, &m) == SP_OK) {
        c->size = m.size;
        c->date = m.sort;
        message_id = m.message_id;
    }
    if (!st)
        st = db_run(&s->own, "INSERT INTO change (account, kind, message, folder, target, uid, flags_add, flags_remove, folder_raw,"
            " target_raw, uidvalidity, source, add_keywords, remove_keywords, other, message_id, size, date)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_I(c->account), DB_I(c->kind), DB_I(c->message), DB_I(c->folder), DB_I(c->target), DB_I(c->uid),
                DB_I(c->add), DB_I(c->remove), DB_T(folder), DB_T(target), DB_I(c->uidvalidity), DB_I(c->source),
                DB_T(c->add_keywords), DB_T(c->remove_keywords), DB_I(c->other), DB_T(message_id),
                DB_I(c->size), DB_I(c->date)));
    if (!st)
        c->id = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    arena_release(&a);
    return st;
}

/* The id that the folder has now: the noted one, or after the loss of the cache the one with the same raw name; 0 when there is none
   (yet). */
static enum sp_status
find(struct store *s, uint64_t noted, uint32_t account, const char *raw, uint64_t *id)
{
    int64_t found = 0;
    enum sp_status st = SP_NOT_FOUND;

    if (noted)
        st = db_number(db_of(s, noted), "SELECT id FROM folder WHERE id = ?", DB_ARGS(DB_I(noted)), &found);
    if (st == SP_NOT_FOUND && raw[0])
        st = db_number(&s->cache, "SELECT id FROM folder WHERE account = ? AND raw = ?", DB_ARGS(DB_I(account), DB_T(raw)), &found);
    *id = (uint64_t)found;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

static enum sp_status
require_change(struct store *s, uint64_t id)
{
    int64_t one;
    return db_number(&s->own, "SELECT 1 FROM change WHERE id = ?", DB_ARGS(DB_I(id)), &one);
}

/* folder and target as they are noted; the caller finds what they are now. */
static enum sp_status
read_change(sqlite3_stmt *q, struct arena *a, struct store_change *out, const char **folder, const char **target)
{
    *out = (struct store_change){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .account = (uint32_t)sqlite3_column_int64(q, 1),
        .kind = (enum store_change_kind)sqlite3_column_int(q, 2),
        .message = (uint64_t)sqlite3_column_int64(q, 3),
        .folder = (uint64_t)sqlite3_column_int64(q, 4),
        .target = (uint64_t)sqlite3_column_int64(q, 5),
        .source = (uint64_t)sqlite3_column_int64(q, 6),
        .uid = (uint32_t)sqlite3_column_int64(q, 7),
        .add = (uint32_t)sqlite3_column_int64(q, 8),
        .remove = (uint32_t)sqlite3_column_int64(q, 9),
        .add_keywords = db_text(q, 10, a),
        .remove_keywords = db_text(q, 11, a),
        .tried = sqlite3_column_int(q, 12) != 0,
        .tried_uidvalidity = (uint32_t)sqlite3_column_int64(q, 13),
        .tried_uidnext = (uint32_t)sqlite3_column_int64(q, 14),
    };
    *folder = db_text(q, 15, a);
    *target = db_text(q, 16, a);
    out->uidvalidity = (uint32_t)sqlite3_column_int64(q, 17);
    out->other = (uint32_t)sqlite3_column_int64(q, 18);
    out->message_id = db_text(q, 19, a);
    out->size = (uint64_t)sqlite3_column_int64(q, 20);
    out->date = sqlite3_column_int64(q, 21);
    return out->add_keywords && out->remove_keywords && out->message_id && *folder && *target ? SP_OK : SP_NOMEM;
}

#define CHANGE_COLUMNS                                                                                                      \
    "SELECT id, account, kind, message, folder, target, source, uid, flags_add, flags_remove, add_keywords, remove_keywords,"  \
    " tried, tried_uidvalidity, tried_uidnext, folder_raw, target_raw, uidvalidity, other, message_id, size, date" \
    " FROM change WHERE "

/* Takes over the changes that q yields; ends q. */
static enum sp_status
collect_changes(struct store *s, sqlite3_stmt *q, size_t max, struct arena *a, struct store_change **out, size_t *n)
{
    size_t found = 0;
    struct store_change *list = arena_array(a, max, sizeof *list);
    enum sp_status st = list ? SP_OK : SP_NOMEM;

    while (!st && found < max && !(st = db_step(&s->own, q))) {
        struct store_change *c = &list[found++];
        const char *folder = "", *target = "";
        st = read_change(q, a, c, &folder, &target);
        if (!st)
            st = find(s, c->folder, c->kind == STORE_CHANGE_APPEND && c->other ? c->other : c->account, folder, &c->folder);
        if (!st)
            st = find(s, c->target, c->kind == STORE_CHANGE_TAKE && c->other ? c->other : c->account, target, &c->target);
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    *out = list;
    *n = st ? 0 : found;
    return st;
}

enum sp_status
store_changes(struct store *s, uint32_t account, uint64_t after, size_t max, struct arena *a, struct store_change **out, size_t *n)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st;

    *n = 0;
    if (account)
        st = db_query(&s->own, CHANGE_COLUMNS "account = ? AND id > ? ORDER BY id LIMIT ?", DB_ARGS(DB_I(account), DB_I(after), DB_I(max)), &q);
    else
        st = db_query(&s->own, CHANGE_COLUMNS "id > ? ORDER BY id LIMIT ?", DB_ARGS(DB_I(after), DB_I(max)), &q);
    return st ? st : collect_changes(s, q, max, a, out, n);
}

enum sp_status
store_changes_untried(struct store *s, uint32_t account, size_t max, struct arena *a, struct store_change **out, size_t *n)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, CHANGE_COLUMNS "account = ? AND tried = 0 ORDER BY id DESC LIMIT ?",
        DB_ARGS(DB_I(account), DB_I(max)), &q);

    *n = 0;
    return st ? st : collect_changes(s, q, max, a, out, n);
}

enum sp_status
store_change_bringing(struct store *s, uint64_t message, struct arena *a, struct store_change *out)
{
    sqlite3_stmt *q = NULL;
    struct store_change *list = NULL;
    size_t n = 0;
    enum sp_status st = db_query(&s->own, CHANGE_COLUMNS "message = ? AND target != 0 AND uid != 0 ORDER BY id LIMIT 1",
        DB_ARGS(DB_I(message)), &q);

    if (!st)
        st = collect_changes(s, q, 1, a, &list, &n);
    if (!st && n == 0)
        st = SP_NOT_FOUND;
    if (!st)
        *out = list[0];
    return st;
}

enum sp_status
store_change_next(struct store *s, uint32_t account, struct arena *a, struct store_change *out)
{
    struct store_change *list;
    size_t n;
    enum sp_status st = store_changes(s, account, 0, 1, a, &list, &n);

    if (!st && n == 0)
        st = SP_NOT_FOUND;
    if (!st)
        *out = list[0];
    return st;
}

enum sp_status
store_change_count(struct store *s, uint32_t account, uint64_t *n)
{
    int64_t count = 0;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM change WHERE ?1 = 0 OR account = ?1", DB_ARGS(DB_I(account)), &count);
    *n = (uint64_t)count;
    return st;
}

enum sp_status
store_change_try(struct store *s, uint64_t id, uint32_t uidvalidity, uint32_t uidnext)
{
    enum sp_status st = db_change(&s->own, "UPDATE change SET tried = 1, tried_uidvalidity = ?, tried_uidnext = ?"
        " WHERE id = ? AND tried = 0", DB_ARGS(DB_I(uidvalidity), DB_I(uidnext), DB_I(id)));
    return st == SP_NOT_FOUND ? require_change(s, id) : st;
}

enum sp_status
store_change_body_put(struct store *s, uint64_t id, const void *bytes, size_t len)
{
    enum sp_status st = require_change(s, id);
    return st ? st : db_run(&s->own, "INSERT OR REPLACE INTO change_body (change, bytes) VALUES (?, ?)",
        DB_ARGS(DB_I(id), DB_B(bytes, len)));
}

enum sp_status
store_change_body_get(struct store *s, uint64_t id, int *fd)
{
    int64_t message = 0;
    enum sp_status st = db_blob_fd(&s->own, "change_body", "bytes", (int64_t)id, fd);

    if (st != SP_NOT_FOUND)
        return st;
    st = db_number(&s->own, "SELECT message FROM change WHERE id = ?", DB_ARGS(DB_I(id)), &message);
    return st ? st : store_body_get(s, (uint64_t)message, fd);
}

enum sp_status
store_change_done(struct store *s, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM change WHERE id = ?", DB_ARGS(DB_I(id)));
}

enum sp_status
store_change_replace(struct store *s, uint64_t id, struct store_change *c, size_t n)
{
    enum sp_status st = db_scope(&s->own);
    if (st)
        return st;
    for (size_t i = 0; !st && i < n; i++)
        st = store_change_add(s, &c[i]);
    if (!st)
        st = store_change_done(s, id);
    if (!st && n) {
        st = db_change(&s->own, "UPDATE change SET id = ? WHERE id = ?", DB_ARGS(DB_I(id), DB_I(c[0].id)));
        c[0].id = id;
    }
    return db_scope_end(&s->own, st);
}

enum sp_status
store_change_learn(struct store *s, uint64_t message, uint64_t folder, uint32_t uidvalidity, uint32_t uid)
{
    return db_run(&s->own, "UPDATE change SET uid = ?, uidvalidity = ? WHERE uid = 0 AND folder = ? AND (message = ? OR source = ?)",
        DB_ARGS(DB_I(uid), DB_I(uidvalidity), DB_I(folder), DB_I(message), DB_I(message)));
}

bool
store_change_arriving(struct store *s, uint64_t message, uint64_t folder)
{
    int64_t one;
    return db_number(&s->own, "SELECT 1 FROM change WHERE message = ? AND target = ? LIMIT 1", DB_ARGS(DB_I(message), DB_I(folder)),
        &one) == SP_OK;
}

enum sp_status
store_orphans_remove(struct store *s)
{
    sqlite3_stmt *q = NULL;
    uint64_t ids[256];
    size_t n = 0;
    enum sp_status st = db_query(&s->cache, "SELECT id FROM message WHERE uid = 0", NULL, 0, &q);

    while (!st && n < sizeof ids / sizeof *ids && !(st = db_step(&s->cache, q))) {
        uint64_t id = (uint64_t)sqlite3_column_int64(q, 0);
        if (!store_change_waiting(s, id))
            ids[n++] = id;
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    for (size_t i = 0; !st && i < n; i++)
        st = store_message_remove(s, ids[i]);
    return st;
}

bool
store_change_waiting(struct store *s, uint64_t message)
{
    int64_t one;
    return db_number(&s->own, "SELECT 1 FROM change WHERE message = ? LIMIT 1", DB_ARGS(DB_I(message)), &one) == SP_OK;
}

bool
store_change_uid_waiting(struct store *s, uint64_t folder, uint32_t uid)
{
    int64_t one;
    return db_number(&s->own, "SELECT 1 FROM change WHERE folder = ? AND uid = ? LIMIT 1", DB_ARGS(DB_I(folder), DB_I(uid)),
        &one) == SP_OK;
}
