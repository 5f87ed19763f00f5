/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pages of the index by key, not by offset: they stay where they are while mail comes and goes, and cost the same in a folder
   of a million messages. */
#include <string.h>

#include "internal.h"
#include "search.h"

#define MAX_ROWS 1000

#define ROW_COLUMNS                                                                                                  \
    "id, sort, date, from_name, from_address, recipients, subject, flags, size, seal, lock, sender, risk, judged, thread, depth," \
    " folder, keywords"
#define SELECT_ROWS "SELECT " ROW_COLUMNS " FROM message WHERE folder = ?1 "
#define OLDER_FIRST " ORDER BY sort DESC, id DESC LIMIT ?4"
#define NEWER_FIRST " ORDER BY sort, id LIMIT ?4"

/* Same parameters for all: folder, sort, id, count. */
static const struct {
    const char *sql;
    bool ascending;
} pages[] = {
    [SP_PAGE_NEWEST] = {SELECT_ROWS "AND ?2 = ?2 AND ?3 = ?3" OLDER_FIRST, false},
    [SP_PAGE_OLDER] = {SELECT_ROWS "AND (sort, id) < (?2, ?3)" OLDER_FIRST, false},
    [SP_PAGE_NEWER] = {SELECT_ROWS "AND (sort, id) > (?2, ?3)" NEWER_FIRST, true},
    [SP_PAGE_FROM] = {SELECT_ROWS "AND (sort, id) <= (?2, ?3)" OLDER_FIRST, false},
    [SP_PAGE_OLDEST] = {SELECT_ROWS "AND ?2 = ?2 AND ?3 = ?3" NEWER_FIRST, true},
};

static bool
read_row(sqlite3_stmt *q, struct arena *a, struct wr_index_row *r)
{
    *r = (struct wr_index_row){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .sort = sqlite3_column_int64(q, 1),
        .date = sqlite3_column_int64(q, 2),
        .from_name = db_text(q, 3, a),
        .from_address = db_text(q, 4, a),
        .to = db_text(q, 5, a),
        .subject = db_text(q, 6, a),
        .flags = (uint32_t)sqlite3_column_int64(q, 7),
        .size = (uint64_t)sqlite3_column_int64(q, 8),
        .seal = (uint8_t)sqlite3_column_int(q, 9),
        .lock = (uint8_t)sqlite3_column_int(q, 10),
        .sender = (uint8_t)sqlite3_column_int(q, 11),
        .risk = (uint8_t)sqlite3_column_int(q, 12),
        .judged = (uint8_t)sqlite3_column_int(q, 13),
        .thread = (uint64_t)sqlite3_column_int64(q, 14),
        .depth = (uint16_t)sqlite3_column_int(q, 15),
        .folder = (uint64_t)sqlite3_column_int64(q, 16),
        .keywords = db_text(q, 17, a),
    };
    return r->from_name && r->from_address && r->to && r->subject && r->keywords;
}

static enum sp_status
read_rows(struct db *db, const struct wm_index_page *ask, uint32_t count, struct arena *a, struct wm_index_rows *out)
{
    sqlite3_stmt *q = NULL;
    uint32_t n = 0;
    struct wr_index_row *rows = arena_array(a, count, sizeof *rows);
    enum sp_status st = rows ? SP_OK : SP_NOMEM;

    if (!st)
        st = db_query(db, pages[ask->where].sql, DB_ARGS(DB_I(ask->folder), DB_I(ask->sort), DB_I(ask->id), DB_I(count)), &q);
    while (!st && n < count && !(st = db_step(db, q)))
        st = read_row(q, a, &rows[n++]) ? SP_OK : SP_NOMEM;
    db_end(q);
    if (st && st != SP_EOF)
        return st;
    if (pages[ask->where].ascending) { /* rows always come newest first */
        for (uint32_t i = 0; i < n / 2; i++) {
            struct wr_index_row swap = rows[i];
            rows[i] = rows[n - 1 - i];
            rows[n - 1 - i] = swap;
        }
    }
    out->rows = rows;
    out->rows_n = n;
    return SP_OK;
}

static enum sp_status
exists(struct db *db, const char *sql, uint64_t folder, int64_t sort, uint64_t id, uint8_t *yes)
{
    int64_t one;
    enum sp_status st = db_number(db, sql, DB_ARGS(DB_I(folder), DB_I(sort), DB_I(id)), &one);
    *yes = st == SP_OK;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

enum sp_status
store_page(struct store *s, const struct wm_index_page *ask, struct arena *a, struct wm_index_rows *out)
{
    struct db *db = db_of(s, ask->folder);
    struct store_folder folder;

    memset(out, 0, sizeof *out);
    if (ask->where > SP_PAGE_OLDEST)
        return SP_INVALID;
    enum sp_status st = store_folder_get(s, ask->folder, a, &folder);
    if (!st)
        st = read_rows(db, ask, ask->count < MAX_ROWS ? ask->count : MAX_ROWS, a, out);
    if (st)
        return st;
    out->folder = ask->folder;
    out->generation = folder.generation;
    out->total = folder.total;
    out->unread = folder.unread;
    const struct wr_index_row anchor = {.sort = ask->sort, .id = ask->id};
    const struct wr_index_row *newest = out->rows_n ? &out->rows[0] : &anchor;
    const struct wr_index_row *oldest = out->rows_n ? &out->rows[out->rows_n - 1] : &anchor;
    st = exists(db, "SELECT 1 FROM message WHERE folder = ? AND (sort, id) > (?, ?) LIMIT 1", ask->folder, newest->sort,
        newest->id, &out->more_newer);
    if (!st)
        st = exists(db, "SELECT 1 FROM message WHERE folder = ? AND (sort, id) < (?, ?) LIMIT 1", ask->folder, oldest->sort,
            oldest->id, &out->more_older);
    return st;
}

enum sp_status
store_rows(struct store *s, const uint64_t *ids, size_t n, struct arena *a, struct wr_index_row **rows, uint32_t *rows_n)
{
    struct wr_index_row *list = arena_array(a, n, sizeof *list);
    enum sp_status st = list ? SP_OK : SP_NOMEM;

    *rows = list;
    *rows_n = 0;
    for (size_t i = 0; !st && i < n; i++) {
        struct db *db = db_of(s, ids[i]);
        sqlite3_stmt *q = NULL;
        st = db_query(db, "SELECT " ROW_COLUMNS " FROM message WHERE id = ?", DB_ARGS(DB_I(ids[i])), &q);
        if (!st)
            st = db_step(db, q);
        if (!st)
            st = read_row(q, a, &list[(*rows_n)++]) ? SP_OK : SP_NOMEM;
        db_end(q);
        st = st == SP_EOF ? SP_OK : st; /* gone */
    }
    return st;
}
