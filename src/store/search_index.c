/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Feeding the index. A document's number is made of the message's place in the order of messages: the sort time above, the lowest bits of
   the id below (the next free number when two fall together), so that walking the documents downwards is walking the messages from new
   to old. FTS4 writes out what it has gathered whenever a number does not grow: so each batch goes in ascending order. It does the same at
   every savepoint: so nothing here opens one inside its own.

   What there is to do is kept by the schema: messages above the mark are not indexed at all, search_todo and search_gone are filled by
   triggers. */
#include <stdlib.h>
#include <string.h>

#include "internal.h"
#include "search.h"
#include "search_internal.h"
#include "search_text.h"

#define BODY_MAX 262144  /* bytes of a message's text that are indexed */
#define PROBES 1000      /* messages of the same second whose ids agree in their lowest bits */

int64_t
search_docid(int64_t sort, uint64_t id)
{
    const int64_t last = ((int64_t)1 << 40) - 1;
    int64_t at = sort < 0 ? 0 : sort > last ? last : sort;
    return (int64_t)((uint64_t)at << SEARCH_ID_BITS | (id & ((1U << SEARCH_ID_BITS) - 1)));
}

enum sp_status
search_find(struct db *db, int64_t sort, uint64_t id, int64_t *docid)
{
    return db_number(db, "SELECT docid FROM search_doc WHERE docid >= ?1 AND docid <= ?1 + ?2 AND message = ?3 ORDER BY docid LIMIT 1",
        DB_ARGS(DB_I(search_docid(sort, id)), DB_I(PROBES), DB_I(id)), docid);
}

struct doc {
    int64_t docid;
    uint64_t id;
    enum store_search_level level;
    bool text_later;
    size_t column[SEARCH_COLUMNS]; /* offsets into the batch's words */
};

struct batch {
    struct doc *docs;
    size_t n;
    struct buf words;
};

static int
by_docid(const void *a, const void *b)
{
    const struct doc *x = a, *y = b;
    return (x->docid > y->docid) - (x->docid < y->docid);
}

static void
batch_release(struct batch *b)
{
    free(b->docs);
    buf_release_wiped(&b->words);
}

static void
add_column(struct batch *b, struct doc *d, enum search_column column, const char *text, const char *more)
{
    d->column[column] = b->words.len;
    for (unsigned i = 0; i < 2; i++) {
        const char *s = i ? more : text;
        size_t len = s ? strlen(s) : 0;
        if (len)
            search_text_add(&b->words, s, len < BODY_MAX ? len : BODY_MAX);
    }
    buf_addc(&b->words, 0);
}

static enum sp_status
insert(struct db *db, const struct batch *b, struct doc *d)
{
    const char *w = b->words.data;
    enum sp_status st;
    unsigned probes = 0;
    do
        st = db_run(db, "INSERT INTO search_doc (docid, message, level) VALUES (?, ?, ?)",
            DB_ARGS(DB_I(d->docid), DB_I(d->id), DB_I(d->level)));
    while (st == SP_EXISTS && ++probes <= PROBES && d->docid++ >= 0);
    if (!st)
        st = db_run(db, "INSERT INTO search (docid, from_, to_, cc, subject, list, file, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            DB_ARGS(DB_I(d->docid), DB_T(w + d->column[SEARCH_FROM]), DB_T(w + d->column[SEARCH_TO]), DB_T(w + d->column[SEARCH_CC]),
                DB_T(w + d->column[SEARCH_SUBJECT]), DB_T(w + d->column[SEARCH_LIST]), DB_T(w + d->column[SEARCH_FILE]),
                DB_T(w + d->column[SEARCH_BODY])));
    if (!st && d->text_later)
        st = db_run(db, "INSERT OR IGNORE INTO search_todo (message) VALUES (?)", DB_ARGS(DB_I(d->id)));
    return st;
}

static enum sp_status
forget(struct db *db, int64_t docid)
{
    enum sp_status st = db_run(db, "DELETE FROM search WHERE docid = ?", DB_ARGS(DB_I(docid)));
    return st ? st : db_run(db, "DELETE FROM search_doc WHERE docid = ?", DB_ARGS(DB_I(docid)));
}

/* --- headers */

static enum sp_status
mark(struct db *db, int64_t *id)
{
    enum sp_status st = db_number(db, "SELECT value FROM meta WHERE name = 'search_mark'", NULL, 0, id);
    if (st == SP_NOT_FOUND)
        *id = 0;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

static enum sp_status
read_headers(struct db *db, struct batch *b, size_t max, int64_t *last)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT id, sort, judged, from_name, from_address, recipients, subject, list_id FROM message"
        " WHERE id > ? ORDER BY id LIMIT ?", DB_ARGS(DB_I(*last), DB_I(max)), &q);
    while (!st && b->n < max && !(st = db_step(db, q))) {
        struct doc *d = &b->docs[b->n++];
        *last = sqlite3_column_int64(q, 0);
        *d = (struct doc){.id = (uint64_t)*last, .docid = search_docid(sqlite3_column_int64(q, 1), (uint64_t)*last),
                          .text_later = sqlite3_column_int(q, 2) != 0};
        const char *text[5];
        for (int i = 0; i < 5; i++)
            text[i] = (const char *)sqlite3_column_text(q, 3 + i);
        add_column(b, d, SEARCH_FROM, text[0], text[1]);
        add_column(b, d, SEARCH_TO, text[2], NULL);
        add_column(b, d, SEARCH_SUBJECT, text[3], NULL);
        add_column(b, d, SEARCH_LIST, text[4], NULL);
        d->column[SEARCH_CC] = d->column[SEARCH_FILE] = d->column[SEARCH_BODY] = b->words.len - 1;
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    return st ? st : buf_status(&b->words);
}

static enum sp_status
add_headers(struct db *db, size_t max, size_t *done)
{
    struct batch b = {.docs = calloc(max, sizeof *b.docs)};
    int64_t last = 0;
    enum sp_status st = b.docs ? mark(db, &last) : SP_NOMEM;
    if (!st)
        st = read_headers(db, &b, max, &last);
    *done = b.n;
    if (!st && b.n) {
        qsort(b.docs, b.n, sizeof *b.docs, by_docid);
        st = db_scope(db);
        if (!st) {
            for (size_t i = 0; !st && i < b.n; i++)
                st = insert(db, &b, &b.docs[i]);
            if (!st)
                st = db_run(db, "INSERT OR REPLACE INTO meta (name, value) VALUES ('search_mark', ?)", DB_ARGS(DB_I(last)));
            st = db_scope_end(db, st);
        }
    }
    batch_release(&b);
    return st;
}

enum sp_status
store_search_headers(struct store *s, size_t max, size_t *done)
{
    enum sp_status st = add_headers(&s->own, max, done);
    return st || *done ? st : add_headers(&s->cache, max, done);
}

/* --- what is gone */

static enum sp_status
remove_gone(struct db *db, size_t max, size_t *done)
{
    struct batch b = {.docs = calloc(max, sizeof *b.docs)};
    sqlite3_stmt *q = NULL;
    int64_t last = 0;
    enum sp_status st = b.docs ? db_query(db, "SELECT id, sort, message FROM search_gone ORDER BY id LIMIT ?", DB_ARGS(DB_I(max)), &q) : SP_NOMEM;
    while (!st && b.n < max && !(st = db_step(db, q))) {
        last = sqlite3_column_int64(q, 0);
        b.docs[b.n].docid = sqlite3_column_int64(q, 1); /* the sort time, for now */
        b.docs[b.n++].id = (uint64_t)sqlite3_column_int64(q, 2);
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    *done = b.n;
    for (size_t i = 0; !st && i < b.n; i++) {
        st = search_find(db, b.docs[i].docid, b.docs[i].id, &b.docs[i].docid);
        if (st == SP_NOT_FOUND) { /* never was in the index, or under another time */
            b.docs[i].docid = -1;
            st = SP_OK;
        }
    }
    if (!st && b.n) {
        qsort(b.docs, b.n, sizeof *b.docs, by_docid);
        st = db_scope(db);
        if (!st) {
            for (size_t i = 0; !st && i < b.n; i++)
                st = b.docs[i].docid < 0 ? SP_OK : forget(db, b.docs[i].docid);
            if (!st)
                st = db_run(db, "DELETE FROM search_gone WHERE id <= ?", DB_ARGS(DB_I(last)));
            st = db_scope_end(db, st);
        }
    }
    batch_release(&b);
    return st;
}

enum sp_status
store_search_gone(struct store *s, size_t max, size_t *done)
{
    enum sp_status st = remove_gone(&s->own, max, done);
    return st || *done ? st : remove_gone(&s->cache, max, done);
}

/* --- texts */

enum sp_status
store_search_todo(struct store *s, uint64_t *ids, size_t max, size_t *n)
{
    struct db *const dbs[] = {&s->own, &s->cache};
    *n = 0;
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *q = NULL;
        int64_t last = 0;
        enum sp_status st = mark(dbs[i], &last); /* above it the headers come first */
        if (!st)
            st = db_query(dbs[i], "SELECT message FROM search_todo WHERE message <= ? ORDER BY message DESC LIMIT ?",
                DB_ARGS(DB_I(last), DB_I(max - *n)), &q);
        while (!st && *n < max && !(st = db_step(dbs[i], q)))
            ids[(*n)++] = (uint64_t)sqlite3_column_int64(q, 0);
        db_end(q);
        if (st && st != SP_EOF)
            return st;
    }
    return SP_OK;
}

enum sp_status
store_search_waiting(struct store *s, uint64_t *ids, size_t max, size_t *n)
{
    struct db *const dbs[] = {&s->own, &s->cache};
    *n = 0;
    for (size_t i = 0; i < 2; i++) {
        sqlite3_stmt *q = NULL;
        enum sp_status st = db_query(dbs[i], "SELECT id FROM message INDEXED BY message_waiting WHERE has_body = 1 AND judged = 0 LIMIT ?",
            DB_ARGS(DB_I(max - *n)), &q);
        while (!st && *n < max && !(st = db_step(dbs[i], q)))
            ids[(*n)++] = (uint64_t)sqlite3_column_int64(q, 0);
        db_end(q);
        if (st && st != SP_EOF)
            return st;
    }
    return SP_OK;
}

enum sp_status
store_search_skip(struct store *s, uint64_t id)
{
    return db_run(db_of(s, id), "DELETE FROM search_todo WHERE message = ?", DB_ARGS(DB_I(id)));
}

/* The message's place; SP_NOT_FOUND when it is gone. */
static enum sp_status
place(struct db *db, struct doc *d, int64_t *sort, int64_t *old)
{
    enum sp_status st = db_number(db, "SELECT sort FROM message WHERE id = ?", DB_ARGS(DB_I(d->id)), sort);
    if (st)
        return st;
    st = search_find(db, *sort, d->id, old);
    if (st == SP_NOT_FOUND)
        *old = -1;
    d->docid = *old < 0 ? search_docid(*sort, d->id) : *old;
    return st == SP_NOT_FOUND ? SP_OK : st;
}

static enum sp_status
put_one(struct db *db, const struct batch *b, struct doc *d)
{
    int64_t sort, old = -1;
    enum sp_status st = place(db, d, &sort, &old);
    if (!st && old >= 0)
        st = forget(db, old);
    if (!st)
        st = insert(db, b, d);
    if (!st && d->level != STORE_SEARCH_HEADERS) {
        st = db_change(db, "UPDATE OR FAIL message SET texted = 1 WHERE id = ? AND texted = 0", DB_ARGS(DB_I(d->id)));
        if (!st)
            st = db_run(db, "UPDATE folder SET texts = texts + 1 WHERE id = (SELECT folder FROM message WHERE id = ?)", DB_ARGS(DB_I(d->id)));
        st = st == SP_NOT_FOUND ? SP_OK : st;
    } else if (st == SP_NOT_FOUND) {
        st = SP_OK;
    }
    return st ? st : db_run(db, "DELETE FROM search_todo WHERE message = ?", DB_ARGS(DB_I(d->id)));
}

static enum sp_status
put_all(struct db *db, struct batch *b)
{
    enum sp_status st = SP_OK;
    for (size_t i = 0; !st && i < b->n; i++) {
        int64_t sort, old;
        st = place(db, &b->docs[i], &sort, &old);
        st = st == SP_NOT_FOUND ? SP_OK : st;
    }
    if (st || !b->n)
        return st;
    qsort(b->docs, b->n, sizeof *b->docs, by_docid);
    st = db_scope(db);
    if (st)
        return st;
    for (size_t i = 0; !st && i < b->n; i++)
        st = put_one(db, b, &b->docs[i]);
    return db_scope_end(db, st);
}

enum sp_status
store_search_put(struct store *s, const struct store_search_text *t, size_t n)
{
    struct db *const dbs[] = {&s->own, &s->cache};
    enum sp_status st = SP_OK;
    for (size_t i = 0; !st && i < 2; i++) {
        struct batch b = {.docs = calloc(n ? n : 1, sizeof *b.docs)};
        st = b.docs ? SP_OK : SP_NOMEM;
        for (size_t k = 0; !st && k < n; k++) {
            if (db_of(s, t[k].id) != dbs[i])
                continue;
            struct doc *d = &b.docs[b.n++];
            *d = (struct doc){.id = t[k].id, .level = t[k].level};
            add_column(&b, d, SEARCH_FROM, t[k].from, NULL);
            add_column(&b, d, SEARCH_TO, t[k].to, NULL);
            add_column(&b, d, SEARCH_CC, t[k].cc, NULL);
            add_column(&b, d, SEARCH_SUBJECT, t[k].subject, NULL);
            add_column(&b, d, SEARCH_LIST, t[k].list, NULL);
            add_column(&b, d, SEARCH_FILE, t[k].file, NULL);
            add_column(&b, d, SEARCH_BODY, t[k].body, NULL);
            st = buf_status(&b.words);
        }
        if (!st)
            st = put_all(dbs[i], &b);
        batch_release(&b);
    }
    return st;
}

enum sp_status
store_search_again(struct store *s, enum store_search_level level, uint64_t *from, size_t max, size_t *n)
{
    /* Documents of both databases in one count: `own` first, marked by its bit (numbers of documents stay below it). */
    bool cache = *from & OWN_BIT;
    struct db *db = cache ? &s->cache : &s->own;
    int64_t after = (int64_t)(*from & ~OWN_BIT), last = after;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, "SELECT docid FROM search_doc WHERE docid > ? ORDER BY docid LIMIT ?", DB_ARGS(DB_I(after), DB_I(max)), &q);
    *n = 0;
    while (!st && !(st = db_step(db, q))) {
        last = sqlite3_column_int64(q, 0);
        ++*n;
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    if (!st && *n)
        st = db_run(db, "INSERT OR IGNORE INTO search_todo (message) SELECT message FROM search_doc WHERE docid > ? AND docid <= ? AND level = ?",
            DB_ARGS(DB_I(after), DB_I(last), DB_I(level)));
    *from = (uint64_t)last | (cache ? OWN_BIT : 0);
    if (!st && !*n && !cache) { /* on to the other one */
        *from = OWN_BIT;
        return store_search_again(s, level, from, max, n);
    }
    return st;
}

/* --- counts */

enum sp_status
store_search_left(struct store *s, uint64_t *headers, uint64_t *texts, uint64_t *gone)
{
    struct db *const dbs[] = {&s->own, &s->cache};
    *headers = *texts = *gone = 0;
    for (size_t i = 0; i < 2; i++) {
        int64_t last = 0, top = 0, first = 0, todo = 0, dead = 0;
        enum sp_status st = mark(dbs[i], &last);
        if (!st)
            st = db_number(dbs[i], "SELECT ifnull(max(id), 0) FROM message", NULL, 0, &top);
        if (!st) /* ids do not begin at 1 */
            st = db_number(dbs[i], "SELECT ifnull(min(id), 1) - 1 FROM message", NULL, 0, &first);
        if (!st)
            st = db_number(dbs[i], "SELECT count(*) FROM search_todo", NULL, 0, &todo);
        if (!st)
            st = db_number(dbs[i], "SELECT count(*) FROM search_gone", NULL, 0, &dead);
        if (st)
            return st;
        last = last > first ? last : first;
        *headers += top > last ? (uint64_t)(top - last) : 0;
        *texts += (uint64_t)todo;
        *gone += (uint64_t)dead;
    }
    return SP_OK;
}

enum sp_status
store_search_texts(struct store *s, uint64_t folder, uint64_t *n)
{
    int64_t value = 0;
    enum sp_status st = db_number(db_of(s, folder), "SELECT texts FROM folder WHERE id = ?", DB_ARGS(DB_I(folder)), &value);
    *n = (uint64_t)value;
    return st;
}
