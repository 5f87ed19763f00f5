/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small things by name (own): secrets and texts. */
#include "internal.h"

enum sp_status
store_secret_put(struct store *s, const char *name, const struct secret *value)
{
    return db_run(&s->own, "INSERT OR REPLACE INTO named_secret (name, value) VALUES (?, ?)",
        DB_ARGS(DB_T(name), DB_B(value->data, value->len)));
}

enum sp_status
store_secret_get(struct store *s, const char *name, struct secret *out)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT value FROM named_secret WHERE name = ?", DB_ARGS(DB_T(name)), &q);

    if (!st)
        st = db_step(&s->own, q);
    if (!st)
        st = secret_set(out, sqlite3_column_blob(q, 0), (size_t)sqlite3_column_bytes(q, 0));
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

enum sp_status
store_secret_remove(struct store *s, const char *name)
{
    return db_change(&s->own, "DELETE FROM named_secret WHERE name = ?", DB_ARGS(DB_T(name)));
}

enum sp_status
store_text_put(struct store *s, const char *name, const char *value)
{
    return db_run(&s->own, "INSERT OR REPLACE INTO named_text (name, value) VALUES (?, ?)", DB_ARGS(DB_T(name), DB_T(value)));
}

enum sp_status
store_text_get(struct store *s, const char *name, struct arena *a, const char **value)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT value FROM named_text WHERE name = ?", DB_ARGS(DB_T(name)), &q);

    if (!st)
        st = db_step(&s->own, q);
    if (!st && !(*value = db_text(q, 0, a)))
        st = SP_NOMEM;
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}
