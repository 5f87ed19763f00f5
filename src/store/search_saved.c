/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches that the person keeps. */
#include "internal.h"
#include "search.h"

#define MAX_SAVED 200

enum sp_status
store_saved_put(struct store *s, struct store_saved *v)
{
    int64_t n = 0;
    if (v->id)
        return db_change(&s->own, "UPDATE saved_search SET name = ?, query = ? WHERE id = ?", DB_ARGS(DB_T(v->name), DB_T(v->query), DB_I(v->id)));
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM saved_search", NULL, 0, &n);
    if (!st && n >= MAX_SAVED)
        st = SP_TOO_LARGE;
    if (!st)
        st = db_run(&s->own, "INSERT INTO saved_search (name, query) VALUES (?, ?)", DB_ARGS(DB_T(v->name), DB_T(v->query)));
    if (!st)
        v->id = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    return st;
}

enum sp_status
store_saved_remove(struct store *s, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM saved_search WHERE id = ?", DB_ARGS(DB_I(id)));
}

enum sp_status
store_saved_list(struct store *s, struct arena *a, struct store_saved **out, size_t *n)
{
    sqlite3_stmt *q = NULL;
    *out = arena_array(a, MAX_SAVED, sizeof **out);
    *n = 0;
    enum sp_status st = *out ? db_query(&s->own, "SELECT id, name, query FROM saved_search ORDER BY name, id LIMIT ?", DB_ARGS(DB_I(MAX_SAVED)), &q)
                             : SP_NOMEM;
    while (!st && *n < MAX_SAVED && !(st = db_step(&s->own, q))) {
        struct store_saved *v = &(*out)[(*n)++];
        *v = (struct store_saved){.id = (uint64_t)sqlite3_column_int64(q, 0), .name = db_text(q, 1, a), .query = db_text(q, 2, a)};
        if (!v->name || !v->query)
            st = SP_NOMEM;
    }
    db_end(q);
    return st == SP_EOF ? SP_OK : st;
}
