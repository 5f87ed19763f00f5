/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts' ids and folders. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"

#define FOLDER_COLUMNS \
    "id, account, raw, name, role, selectable, uidvalidity, uidnext, highestmodseq, total, unread, generation, watched, pinned"

enum sp_status
store_account(struct store *s, const char *name, uint32_t *id)
{
    int64_t value = 0;
    enum sp_status st = db_number(&s->own, "SELECT id FROM account WHERE name = ?", DB_ARGS(DB_T(name)), &value);
    if (st == SP_NOT_FOUND) {
        st = db_run(&s->own, "INSERT INTO account (name) VALUES (?)", DB_ARGS(DB_T(name)));
        value = sqlite3_last_insert_rowid(s->own.handle);
    }
    *id = (uint32_t)value;
    return st;
}

static enum sp_status
read_folder(sqlite3_stmt *q, struct arena *a, struct store_folder *out)
{
    *out = (struct store_folder){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .account = (uint32_t)sqlite3_column_int64(q, 1),
        .raw = db_text(q, 2, a),
        .name = db_text(q, 3, a),
        .role = (enum sp_folder_role)sqlite3_column_int(q, 4),
        .selectable = sqlite3_column_int(q, 5) != 0,
        .uidvalidity = (uint32_t)sqlite3_column_int64(q, 6),
        .uidnext = (uint32_t)sqlite3_column_int64(q, 7),
        .highestmodseq = (uint64_t)sqlite3_column_int64(q, 8),
        .total = (uint32_t)sqlite3_column_int64(q, 9),
        .unread = (uint32_t)sqlite3_column_int64(q, 10),
        .generation = (uint64_t)sqlite3_column_int64(q, 11),
        .watched = sqlite3_column_int(q, 12) != 0,
        .pinned = sqlite3_column_int(q, 13) != 0,
    };
    out->local = (out->id & OWN_BIT) != 0;
    return out->raw && out->name ? SP_OK : SP_NOMEM;
}

/* What the person chose for the folder once, or SP_NOT_FOUND. */
static enum sp_status
chosen(struct store *s, uint32_t account, const char *raw, bool *watched, bool *pinned)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT watched, pinned FROM folder_choice WHERE account = ? AND raw = ?",
        DB_ARGS(DB_I(account), DB_T(raw)), &q);

    if (!st)
        st = db_step(&s->own, q);
    if (!st) {
        *watched = sqlite3_column_int(q, 0) != 0;
        *pinned = sqlite3_column_int(q, 1) != 0;
    }
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

enum sp_status
store_folder_put(struct store *s, struct store_folder *f)
{
    struct db *db = f->id ? db_of(s, f->id) : f->local ? &s->own : &s->cache;
    struct db_arg values[] = {
        DB_T(f->name), DB_I(f->role), DB_I(f->selectable), DB_I(f->uidvalidity), DB_I(f->uidnext), DB_I(f->highestmodseq),
        DB_I(f->id), DB_I(f->account), DB_T(f->raw), DB_I(f->watched), DB_I(f->pinned),
    };
    enum sp_status st = SP_NOT_FOUND;

    if (!f->id) {
        int64_t id = 0;
        st = db_number(db, "SELECT id FROM folder WHERE account = ? AND raw = ?", DB_ARGS(DB_I(f->account), DB_T(f->raw)), &id);
        if (st && st != SP_NOT_FOUND)
            return st;
        f->id = (uint64_t)id;
    }
    if (!f->id) {
        st = chosen(s, f->account, f->raw, &f->watched, &f->pinned);
        if (st && st != SP_NOT_FOUND)
            return st;
        values[9].i = f->watched;
        values[10].i = f->pinned;
        st = db_run(db, "INSERT INTO folder (name, role, selectable, uidvalidity, uidnext, highestmodseq, id, account, raw,"
            " watched, pinned) VALUES (?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?, ?, ?)", values, 11);
        if (!st)
            f->id = (uint64_t)sqlite3_last_insert_rowid(db->handle);
        return st;
    }
    f->local = (f->id & OWN_BIT) != 0;
    struct db_arg with_id[7];
    memcpy(with_id, values, sizeof with_id);
    with_id[6].i = (int64_t)f->id;
    return db_change(db, "UPDATE folder SET name = ?, role = ?, selectable = ?, uidvalidity = ?, uidnext = ?,"
        " highestmodseq = ? WHERE id = ?", with_id, 7);
}

enum sp_status
store_folder_choose(struct store *s, uint64_t id, bool watched, bool pinned, bool by_person)
{
    struct arena a = ARENA_INIT;
    struct store_folder f;
    bool was_watched, was_pinned;
    enum sp_status st = store_folder_get(s, id, &a, &f);

    if (!st && by_person)
        st = db_run(&s->own, "INSERT OR REPLACE INTO folder_choice (account, raw, watched, pinned) VALUES (?, ?, ?, ?)",
            DB_ARGS(DB_I(f.account), DB_T(f.raw), DB_I(watched), DB_I(pinned)));
    else if (!st && (st = chosen(s, f.account, f.raw, &was_watched, &was_pinned)) == SP_OK) {
        watched = was_watched;
        pinned = was_pinned;
    }
    if (!st || st == SP_NOT_FOUND)
        st = db_change(db_of(s, id), "UPDATE folder SET watched = ?, pinned = ? WHERE id = ?",
            DB_ARGS(DB_I(watched), DB_I(pinned), DB_I(id)));
    arena_release(&a);
    return st;
}

enum sp_status
store_folder_rename(struct store *s, uint64_t id, const char *raw, const char *name)
{
    struct arena a = ARENA_INIT;
    struct store_folder f;
    enum sp_status st = store_folder_get(s, id, &a, &f);

    if (!st)
        st = db_scope(&s->own);
    if (!st) {
        st = db_run(&s->own, "UPDATE OR REPLACE folder_choice SET raw = ?3 WHERE account = ?1 AND raw = ?2",
            DB_ARGS(DB_I(f.account), DB_T(f.raw), DB_T(raw)));
        if (!st)
            st = db_run(&s->own, "UPDATE change SET folder_raw = ? WHERE folder = ?", DB_ARGS(DB_T(raw), DB_I(id)));
        if (!st)
            st = db_run(&s->own, "UPDATE change SET target_raw = ? WHERE target = ?", DB_ARGS(DB_T(raw), DB_I(id)));
        if (!st)
            st = db_change(db_of(s, id), "UPDATE folder SET raw = ?, name = ?, generation = generation + 1 WHERE id = ?",
                DB_ARGS(DB_T(raw), DB_T(name), DB_I(id)));
        st = db_scope_end(&s->own, st);
    }
    arena_release(&a);
    return st;
}

enum sp_status
store_folder_get(struct store *s, uint64_t id, struct arena *a, struct store_folder *out)
{
    struct db *db = db_of(s, id);
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT " FOLDER_COLUMNS " FROM folder WHERE id = ?", DB_ARGS(DB_I(id)), &q);

    if (!st)
        st = db_step(db, q);
    st = st == SP_EOF ? SP_NOT_FOUND : st ? st : read_folder(q, a, out);
    db_end(q);
    return st;
}

enum sp_status
store_folder_by_role(struct store *s, uint32_t account, enum sp_folder_role role, struct arena *a, struct store_folder *out)
{
    static const char sql[] = "SELECT id FROM folder WHERE account = ? AND role = ? ORDER BY id LIMIT 1";
    int64_t id = 0;
    enum sp_status st = db_number(&s->cache, sql, DB_ARGS(DB_I(account), DB_I(role)), &id);
    if (st == SP_NOT_FOUND)
        st = db_number(&s->own, sql, DB_ARGS(DB_I(account), DB_I(role)), &id);
    return st ? st : store_folder_get(s, (uint64_t)id, a, out);
}

/* --- the list */

struct folder_list {
    struct store_folder *at;
    size_t n, cap;
};

static enum sp_status
collect(struct db *db, uint32_t account, struct arena *a, struct folder_list *list)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT " FOLDER_COLUMNS " FROM folder WHERE ?1 = 0 OR account = ?1",
        DB_ARGS(DB_I(account)), &q);

    while (!st && !(st = db_step(db, q))) {
        if (list->n == list->cap) {
            size_t cap = list->cap ? list->cap * 2 : 32;
            struct store_folder *grown = realloc(list->at, cap * sizeof *grown);
            if (!grown) {
                st = SP_NOMEM;
                break;
            }
            list->at = grown;
            list->cap = cap;
        }
        st = read_folder(q, a, &list->at[list->n++]);
    }
    db_end(q);
    return st == SP_EOF ? SP_OK : st;
}

/* Folders without a role come last. */
static int
rank(enum sp_folder_role role)
{
    return role == SP_FOLDER_NONE ? SP_FOLDER_ROLE_COUNT : (int)role;
}

static int
compare(const void *left, const void *right)
{
    const struct store_folder *x = left, *y = right;
    if (x->account != y->account)
        return x->account < y->account ? -1 : 1;
    if (rank(x->role) != rank(y->role))
        return rank(x->role) - rank(y->role);
    int by_name = strcmp(x->name, y->name);
    return by_name ? by_name : x->id < y->id ? -1 : x->id > y->id;
}

enum sp_status
store_folders(struct store *s, uint32_t account, struct arena *a, struct store_folder **out, size_t *n)
{
    struct folder_list list = {0};
    enum sp_status st = collect(&s->cache, account, a, &list);

    *out = NULL;
    *n = 0;
    if (!st)
        st = collect(&s->own, account, a, &list);
    if (!st && !(*out = arena_array(a, list.n, sizeof **out)))
        st = SP_NOMEM;
    if (!st && list.n > 0) {
        qsort(list.at, list.n, sizeof *list.at, compare);
        memcpy(*out, list.at, list.n * sizeof **out);
        *n = list.n;
    }
    free(list.at);
    return st;
}

enum sp_status
store_folder_remove(struct store *s, uint64_t id)
{
    struct db *db = db_of(s, id);
    enum sp_status st = db_scope(db);
    if (st)
        return st;
    st = db_run(db, "DELETE FROM message WHERE folder = ?", DB_ARGS(DB_I(id)));
    if (!st)
        st = db_change(db, "DELETE FROM folder WHERE id = ?", DB_ARGS(DB_I(id)));
    return db_scope_end(db, st);
}

enum sp_status
store_folder_reset(struct store *s, uint64_t id, uint32_t uidvalidity)
{
    struct db *db = db_of(s, id);
    enum sp_status st = db_scope(db);
    if (st)
        return st;
    st = db_run(db, "DELETE FROM message WHERE folder = ?", DB_ARGS(DB_I(id)));
    if (!st)
        st = db_change(db, "UPDATE folder SET uidvalidity = ?, uidnext = 0, highestmodseq = 0, generation = generation + 1"
            " WHERE id = ?", DB_ARGS(DB_I(uidvalidity), DB_I(id)));
    return db_scope_end(db, st);
}
