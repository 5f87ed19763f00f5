/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One SQLCipher database: opening, statements, scopes, blobs. */
#include "db.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memfd.h"

#define KEY_BYTES 48 /* 32 of key, 16 of salt */
#define ALIVE_OPS 50000 /* of SQLite's machine, about 10 ms */
#define ALIVE_MS 250

/* SQLite says only that reading or writing failed; the system said why. */
static enum sp_status
io_status(struct db *db)
{
    int why = db && db->handle ? sqlite3_system_errno(db->handle) : 0;
    return why == ENOSPC || why == EDQUOT ? SP_FULL : why == EROFS ? SP_READ_ONLY : SP_IO;
}

static enum sp_status
map_status(struct db *db, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return SP_OK;
    case SQLITE_NOMEM:
        return SP_NOMEM;
    case SQLITE_FULL:
        return SP_FULL;
    case SQLITE_READONLY:
        return SP_READ_ONLY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return SP_BUSY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB: /* also: a page whose authentication code is wrong */
        return SP_CORRUPT;
    case SQLITE_PERM:
    case SQLITE_AUTH:
        return SP_DENIED;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
        return io_status(db);
    case SQLITE_TOOBIG:
        return SP_TOO_LARGE;
    case SQLITE_CONSTRAINT:
        return SP_EXISTS;
    default:
        return SP_INTERNAL;
    }
}

enum sp_status
db_status(struct db *db, int rc)
{
    enum sp_status st = map_status(db, rc);
    if (db && (st == SP_CORRUPT || st == SP_FULL || st == SP_READ_ONLY)) {
        db->corrupt |= st == SP_CORRUPT;
        if (db->trouble)
            db->trouble(st, db->trouble_arg);
    }
    return st;
}

static int64_t
now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int
on_progress(void *arg)
{
    struct db *db = arg;
    int64_t now = now_ms();
    if (now - db->alive_ms >= ALIVE_MS) {
        db->alive_ms = now;
        db->alive(db->alive_arg);
    }
    return 0;
}

void
db_alive(struct db *db, void (*fn)(void *arg), void *arg)
{
    db->alive = fn;
    db->alive_arg = arg;
    db->alive_ms = now_ms();
    sqlite3_progress_handler(db->handle, fn ? ALIVE_OPS : 0, fn ? on_progress : NULL, db);
}

static enum sp_status
set_key(struct db *db, const struct secret *key)
{
    char text[2 + 2 * KEY_BYTES + 2];
    size_t at = 0;

    if (key->len != KEY_BYTES)
        return SP_INVALID;
    text[at++] = 'x';
    text[at++] = '\'';
    for (size_t i = 0; i < KEY_BYTES; i++) {
        text[at++] = "0123456789abcdef"[key->data[i] >> 4];
        text[at++] = "0123456789abcdef"[key->data[i] & 15];
    }
    text[at++] = '\'';
    int rc = sqlite3_key(db->handle, text, (int)at);
    explicit_bzero(text, sizeof text);
    return db_status(db, rc);
}

/* One file format for every version of SQLCipher: 4.x is told to keep to 3 (cipher_compatibility), 3.x ignores what it does not
   know. The page size must be said at every open (docs: facts of SQLCipher 3.4.1). Exclusive before the first access keeps the
   WAL index in memory: no shared memory file, and a second process is refused at once. */
static const char open_pragmas[] =
    "PRAGMA cipher_compatibility = 3;"
    "PRAGMA cipher_page_size = 4096;"
    "PRAGMA cipher_memory_security = ON;"
    "PRAGMA locking_mode = EXCLUSIVE;"
    "PRAGMA mmap_size = 0;"
    "PRAGMA temp_store = MEMORY;"
    "PRAGMA cache_size = -16000;"
    "PRAGMA foreign_keys = OFF;"
    "PRAGMA journal_mode = WAL;"
    "PRAGMA journal_size_limit = 16777216;"
    "PRAGMA wal_autocheckpoint = 1000;";

enum sp_status
db_open(struct db *db, const char *path, const struct secret *key, bool durable)
{
    memset(db, 0, sizeof *db);
    memory_install();
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE;
    int rc = sqlite3_open_v2(path, &db->handle, flags, NULL);
    enum sp_status st = db_status(db, rc);
    if (!st && sqlite3_db_readonly(db->handle, "main") == 1)
        st = SP_READ_ONLY;
    if (!st)
        st = set_key(db, key);
    if (!st)
        st = db_script(db, open_pragmas);
    if (!st)
        st = db_script(db, durable ? "PRAGMA synchronous = FULL;" : "PRAGMA synchronous = NORMAL;");
    if (!st) /* takes the lock for good and reads the first page, which tells a wrong key */
        st = db_script(db, "BEGIN IMMEDIATE; SELECT count(*) FROM sqlite_master; COMMIT;");
    if (st)
        db_close(db);
    return st;
}

void
db_close(struct db *db)
{
    for (size_t i = 0; i < db->n; i++)
        sqlite3_finalize(db->statements[i].st);
    db->n = 0;
    if (db->handle)
        sqlite3_close_v2(db->handle);
    db->handle = NULL;
}

enum sp_status
db_script(struct db *db, const char *sql)
{
    return db_status(db, sqlite3_exec(db->handle, sql, NULL, NULL, NULL));
}

/* --- statements */

static enum sp_status
statement(struct db *db, const char *sql, sqlite3_stmt **st)
{
    for (size_t i = 0; i < db->n; i++) {
        if (db->statements[i].sql == sql) {
            *st = db->statements[i].st;
            /* The same statement inside its own loop would be reset under the caller. */
            return sqlite3_stmt_busy(*st) ? SP_INTERNAL : SP_OK;
        }
    }
    if (db->n == DB_MAX_STATEMENTS)
        return SP_INTERNAL;
    int rc = sqlite3_prepare_v2(db->handle, sql, -1, st, NULL);
    if (rc == SQLITE_OK)
        db->statements[db->n++] = (struct db_statement){sql, *st};
    return db_status(db, rc);
}

static int
bind(sqlite3_stmt *st, int at, const struct db_arg *arg)
{
    if (arg->kind == 'i')
        return sqlite3_bind_int64(st, at, arg->i);
    if (arg->kind == 't')
        return sqlite3_bind_text(st, at, arg->p ? arg->p : "", -1, SQLITE_STATIC);
    if (arg->len == 0)
        return sqlite3_bind_zeroblob(st, at, 0);
    return sqlite3_bind_blob64(st, at, arg->p, arg->len, SQLITE_STATIC);
}

enum sp_status
db_query(struct db *db, const char *sql, const struct db_arg *args, size_t n, sqlite3_stmt **out)
{
    sqlite3_stmt *st = NULL;
    enum sp_status status = statement(db, sql, &st);

    *out = NULL;
    for (size_t i = 0; !status && i < n; i++)
        status = db_status(db, bind(st, (int)i + 1, &args[i]));
    if (status)
        return status;
    *out = st;
    return SP_OK;
}

enum sp_status
db_step(struct db *db, sqlite3_stmt *st)
{
    int rc = sqlite3_step(st);
    return rc == SQLITE_ROW ? SP_OK : rc == SQLITE_DONE ? SP_EOF : db_status(db, rc);
}

void
db_end(sqlite3_stmt *st)
{
    if (!st)
        return;
    (void)sqlite3_reset(st); /* repeats the error that step gave */
    (void)sqlite3_clear_bindings(st);
}

enum sp_status
db_run(struct db *db, const char *sql, const struct db_arg *args, size_t n)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, sql, args, n, &q);
    if (!st)
        st = db_step(db, q);
    db_end(q);
    return st == SP_EOF ? SP_OK : st;
}

enum sp_status
db_change(struct db *db, const char *sql, const struct db_arg *args, size_t n)
{
    enum sp_status st = db_run(db, sql, args, n);
    return !st && sqlite3_changes(db->handle) == 0 ? SP_NOT_FOUND : st;
}

enum sp_status
db_number(struct db *db, const char *sql, const struct db_arg *args, size_t n, int64_t *value)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(db, sql, args, n, &q);
    if (!st)
        st = db_step(db, q);
    if (!st)
        *value = sqlite3_column_int64(q, 0);
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

void
db_rollback(struct db *db)
{
    if (db->handle && !sqlite3_get_autocommit(db->handle))
        (void)sqlite3_exec(db->handle, "ROLLBACK;", NULL, NULL, NULL);
}

/* --- scopes */

enum sp_status
db_scope(struct db *db)
{
    enum sp_status st = db_run(db, "SAVEPOINT scope", NULL, 0);
    if (!st)
        db->scope++;
    return st;
}

enum sp_status
db_scope_end(struct db *db, enum sp_status st)
{
    db->scope--;
    if (!st)
        st = db_run(db, "RELEASE scope", NULL, 0);
    /* SQLite may have undone everything by itself already (disk full): then there is no such savepoint any more. */
    if (st && !sqlite3_get_autocommit(db->handle)) {
        (void)sqlite3_exec(db->handle, "ROLLBACK TO scope", NULL, NULL, NULL);
        (void)sqlite3_exec(db->handle, "RELEASE scope", NULL, NULL, NULL);
    }
    return st;
}

/* --- columns and blobs */

const char *
db_text(sqlite3_stmt *st, int column, struct arena *a)
{
    const char *s = (const char *)sqlite3_column_text(st, column);
    return arena_strndup(a, s ? s : "", s ? (size_t)sqlite3_column_bytes(st, column) : 0);
}

static enum sp_status
copy_blob(struct db *db, sqlite3_blob *blob, int fd)
{
    char piece[32768];
    int size = sqlite3_blob_bytes(blob);
    enum sp_status st = SP_OK;

    for (int at = 0; !st && at < size;) {
        int n = size - at < (int)sizeof piece ? size - at : (int)sizeof piece;
        st = db_status(db, sqlite3_blob_read(blob, piece, n, at));
        for (int done = 0; !st && done < n;) {
            ssize_t w = write(fd, piece + done, (size_t)(n - done));
            if (w < 0)
                st = SP_IO;
            else
                done += (int)w;
        }
        at += n;
    }
    explicit_bzero(piece, sizeof piece);
    return st;
}

enum sp_status
db_blob_fd(struct db *db, const char *table, const char *column, int64_t row, int *out)
{
    sqlite3_blob *blob = NULL;
    int fd = -1;

    *out = -1;
    int rc = sqlite3_blob_open(db->handle, "main", table, column, row, 0, &blob);
    if (rc == SQLITE_ERROR) /* no such row (the table and column exist) */
        return SP_NOT_FOUND;
    enum sp_status st = db_status(db, rc);
    if (!st)
        st = memfd_open(&fd);
    if (!st)
        st = copy_blob(db, blob, fd);
    if (!st)
        st = memfd_seal(fd);
    sqlite3_blob_close(blob);
    if (st && fd >= 0) {
        close(fd);
        fd = -1;
    }
    *out = fd;
    return st;
}
