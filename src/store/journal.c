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
    const char *folder, *target;
    uint32_t uidvalidity, unused;
    enum sp_status st = describe(s, c->folder, &a, &folder, &uidvalidity);

    if (!st)
        st = describe(s, c->target, &a, &target, &unused);
    if (!st)
        st = db_run(&s->own, "INSERT INTO change (account, kind, message, folder, target, uid, flags_add, flags_remove, folder_raw,"
            " target_raw, uidvalidity) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_I(c->account), DB_I(c->kind), DB_I(c->message), DB_I(c->folder), DB_I(c->target), DB_I(c->uid),
                DB_I(c->add), DB_I(c->remove), DB_T(folder), DB_T(target), DB_I(uidvalidity)));
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

enum sp_status
store_change_next(struct store *s, uint32_t account, struct store_change *out)
{
    struct arena a = ARENA_INIT;
    const char *folder = "", *target = "";
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT id, kind, message, folder, target, uid, flags_add, flags_remove, folder_raw,"
        " target_raw FROM change WHERE account = ? ORDER BY id LIMIT 1", DB_ARGS(DB_I(account)), &q);

    if (!st)
        st = db_step(&s->own, q);
    if (!st) {
        *out = (struct store_change){
            .id = (uint64_t)sqlite3_column_int64(q, 0),
            .account = account,
            .kind = (enum store_change_kind)sqlite3_column_int(q, 1),
            .message = (uint64_t)sqlite3_column_int64(q, 2),
            .folder = (uint64_t)sqlite3_column_int64(q, 3),
            .target = (uint64_t)sqlite3_column_int64(q, 4),
            .uid = (uint32_t)sqlite3_column_int64(q, 5),
            .add = (uint32_t)sqlite3_column_int64(q, 6),
            .remove = (uint32_t)sqlite3_column_int64(q, 7),
        };
        folder = db_text(q, 8, &a);
        target = db_text(q, 9, &a);
        if (!folder || !target)
            st = SP_NOMEM;
    }
    db_end(q);
    if (!st)
        st = find(s, out->folder, account, folder, &out->folder);
    if (!st)
        st = find(s, out->target, account, target, &out->target);
    arena_release(&a);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

enum sp_status
store_change_done(struct store *s, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM change WHERE id = ?", DB_ARGS(DB_I(id)));
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
