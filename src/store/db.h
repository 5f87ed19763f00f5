/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the store: one SQLCipher database with its cached statements, and the small calls that all files of the room use.
   Nothing outside src/store includes this. */
#ifndef SP_STORE_DB_H
#define SP_STORE_DB_H

#include <sqlcipher/sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/secret.h"
#include "base/status.h"

#define DB_MAX_STATEMENTS 400 /* distinct SQL texts of the room; one more is SP_INTERNAL */

struct db_statement {
    const char *sql; /* the literal's address is the key */
    sqlite3_stmt *st;
};

/* Something that the whole program must know: SP_CORRUPT, SP_FULL or SP_READ_ONLY. Called from within a call of this file. */
typedef void db_trouble_fn(enum sp_status what, void *arg);

struct db {
    sqlite3 *handle;            /* NULL when closed */
    db_trouble_fn *trouble;     /* both set after db_open, may be NULL */
    void *trouble_arg;
    struct db_statement statements[DB_MAX_STATEMENTS];
    size_t n;
    unsigned scope;             /* depth of db_scope */
    bool corrupt;               /* a damaged page was met */
    int64_t alive_ms;           /* of the last call of db_alive's fn */
    void (*alive)(void *arg);
    void *alive_arg;
};

/* Opens or creates. SP_CORRUPT: wrong key or damaged; SP_BUSY: another process holds it; SP_READ_ONLY; SP_IO.
   durable: synchronous=FULL, else NORMAL. On failure the handle is closed. */
enum sp_status db_open(struct db *db, const char *path, const struct secret *key, bool durable) SP_MUST_USE;
void db_close(struct db *db);

/* One bound value; made with the macros below, so that no vararg ever has the wrong width. */
struct db_arg {
    char kind; /* 'i', 't', 'b' */
    int64_t i;
    const void *p;
    size_t len;
};
#define DB_I(v) {.kind = 'i', .i = (int64_t)(v)}
#define DB_T(s) {.kind = 't', .p = (s)}
#define DB_B(bytes, length) {.kind = 'b', .p = (bytes), .len = (length)}
#define DB_ARGS(...) (const struct db_arg[]){__VA_ARGS__}, sizeof((const struct db_arg[]){__VA_ARGS__}) / sizeof(struct db_arg)

/* sql must be a literal: its address is the key of the statement cache. The bound bytes must live until the statement is
   reset (by db_end, db_run or db_one). */
enum sp_status db_query(struct db *db, const char *sql, const struct db_arg *args, size_t n, sqlite3_stmt **out) SP_MUST_USE;
/* SP_OK: a row; SP_EOF: no more; else an error. */
enum sp_status db_step(struct db *db, sqlite3_stmt *st) SP_MUST_USE;
/* Resets a statement of db_query; NULL is allowed. */
void db_end(sqlite3_stmt *st);
/* Runs a statement that yields no rows. */
enum sp_status db_run(struct db *db, const char *sql, const struct db_arg *args, size_t n) SP_MUST_USE;
/* As db_run, and SP_NOT_FOUND when no row was changed. */
enum sp_status db_change(struct db *db, const char *sql, const struct db_arg *args, size_t n) SP_MUST_USE;
/* The first column of the first row as a number; SP_NOT_FOUND when there is no row. */
enum sp_status db_number(struct db *db, const char *sql, const struct db_arg *args, size_t n, int64_t *value) SP_MUST_USE;
/* Several statements without arguments and rows, not cached. */
enum sp_status db_script(struct db *db, const char *sql) SP_MUST_USE;

/* fn is called a few times a second while long statements run (migrations), until it is NULL. */
void db_alive(struct db *db, void (*fn)(void *arg), void *arg);

/* Undoes an open transaction; without one it does nothing. */
void db_rollback(struct db *db);

/* A group of statements that holds or falls together, inside or outside a transaction; may nest. */
enum sp_status db_scope(struct db *db) SP_MUST_USE;
/* Keeps the changes when st is SP_OK, undoes them otherwise. Returns st, or what went wrong on keeping them. */
enum sp_status db_scope_end(struct db *db, enum sp_status st) SP_MUST_USE;

/* A copy of a text column, "" for NULL; NULL when memory ran out. */
const char *db_text(sqlite3_stmt *st, int column, struct arena *a);
/* A blob as a sealed memfd, read in pieces. table and column must be literals. SP_NOT_FOUND when there is no such row. */
enum sp_status db_blob_fd(struct db *db, const char *table, const char *column, int64_t row, int *out) SP_MUST_USE;

enum sp_status db_status(struct db *db, int rc);

/* --- schema.c: brings the database to the newest schema, step by step. SP_UNSUPPORTED: made by a newer program. */
enum schema { SCHEMA_CACHE, SCHEMA_OWN };
enum sp_status schema_migrate(struct db *db, enum schema which) SP_MUST_USE;

/* --- memory.c: makes SQLite wipe what it frees (S64). Once per process, before the first db_open; later calls do nothing. */
void memory_install(void);

#endif
