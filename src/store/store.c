/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening and closing the store, its transactions, and what becomes of a damaged cache. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "internal.h"
#include "verdict/verdict.h"

/* A cache gets its own range of ids, so that an id of a lost cache never names something else: its number times 2^40. */
#define EPOCH_SHIFT 40
#define EPOCH_MAX ((int64_t)1 << 21)
#define DAMAGED "cache.damaged-"
#define ROOM 262144 /* bytes: some writes' worth */

static char *
path_in(const char *folder, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", folder, name) < 0 ? NULL : path;
}

static enum sp_status
make_folder(const char *folder)
{
    if (mkdir(folder, 0700) == 0 || errno == EEXIST)
        return SP_OK;
    return errno == EROFS ? SP_READ_ONLY : errno == ENOSPC ? SP_FULL : errno == EACCES ? SP_DENIED : SP_IO;
}

int64_t
meta_get(struct db *db, const char *name)
{
    int64_t value;
    return db_number(db, "SELECT value FROM meta WHERE name = ?", DB_ARGS(DB_T(name)), &value) ? 0 : value;
}

enum sp_status
meta_put(struct db *db, const char *name, int64_t value)
{
    return db_run(db, "INSERT OR REPLACE INTO meta (name, value) VALUES (?, ?)", DB_ARGS(DB_T(name), DB_I(value)));
}

/* A fingerprint of how struct wr_verdict is laid out and of the rules' version: stored verdicts of another kind are stale. */
static uint32_t
layout(const struct wire_desc *desc, uint32_t h)
{
    for (const struct wire_field *f = desc->fields(); f->kind != WIRE_END; f++) {
        h = (h ^ (uint32_t)f->kind) * 16777619u;
        if (f->rec)
            h = layout(f->rec, h);
    }
    return (h ^ 0xffu) * 16777619u;
}

/* Gives a new cache its id range and the number by which `own` knows it. */
static enum sp_status
cache_begin(struct store *s)
{
    int64_t epoch = meta_get(&s->own, "cache") + 1;
    int64_t base = epoch << EPOCH_SHIFT;

    if (epoch >= EPOCH_MAX)
        return SP_TOO_LARGE;
    enum sp_status st = meta_put(&s->own, "cache", epoch);
    if (!st)
        st = db_scope(&s->cache);
    if (st)
        return st;
    st = db_run(&s->cache, "INSERT INTO sqlite_sequence (name, seq) VALUES ('folder', ?), ('message', ?)",
        DB_ARGS(DB_I(base), DB_I(base)));
    if (!st)
        st = meta_put(&s->cache, "cache", epoch);
    return db_scope_end(&s->cache, st);
}

static void
on_cache_trouble(enum sp_status what, void *arg)
{
    const struct store *s = arg;
    s->watcher.trouble(what == SP_CORRUPT ? STORE_CACHE_DAMAGED : what == SP_FULL ? STORE_FULL : STORE_READ_ONLY, s->watcher.arg);
}

static void
on_own_trouble(enum sp_status what, void *arg)
{
    const struct store *s = arg;
    s->watcher.trouble(what == SP_CORRUPT ? STORE_OWN_DAMAGED : what == SP_FULL ? STORE_FULL : STORE_READ_ONLY, s->watcher.arg);
}

static enum sp_status
migrate(struct store *s, struct db *db, enum schema which)
{
    if (s->watcher.alive)
        db_alive(db, s->watcher.alive, s->watcher.arg);
    enum sp_status st = schema_migrate(db, which);
    db_alive(db, NULL, NULL);
    return st;
}

/* SP_CORRUPT when it cannot be used: damaged, of another key, of a newer program, or not the one that `own` knows. */
static enum sp_status
cache_open(struct store *s, const char *path, const struct secret *key)
{
    enum sp_status st = access(s->suspect, F_OK) == 0 ? SP_CORRUPT : db_open(&s->cache, path, key, false);

    if (!st)
        st = migrate(s, &s->cache, SCHEMA_CACHE);
    if (!st) {
        int64_t epoch = meta_get(&s->cache, "cache");
        if (epoch == 0)
            st = cache_begin(s);
        else if (epoch != meta_get(&s->own, "cache"))
            st = SP_CORRUPT;
    }
    if (st)
        db_close(&s->cache);
    return st == SP_UNSUPPORTED ? SP_CORRUPT : st;
}

/* One damaged cache is enough to keep: it may be large. */
static void
forget_damaged(const char *folder)
{
    DIR *d = opendir(folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (strncmp(e->d_name, DAMAGED, strlen(DAMAGED)) == 0)
            (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        (void)closedir(d);
}

static void
set_aside(const char *folder, const char *suffix, const char *name)
{
    char from[4096], to[4096];
    snprintf(from, sizeof from, "%s/cache.db%s", folder, suffix);
    snprintf(to, sizeof to, "%s/%s%s", folder, name, suffix);
    (void)rename(from, to); /* there need not be a -wal; a file that stays makes the next open fail, which is told */
}

static void
keep_damaged(struct store *s, const char *folder)
{
    time_t now = time(NULL);
    struct tm tm;

    gmtime_r(&now, &tm);
    strftime(s->damaged, sizeof s->damaged, DAMAGED "%Y%m%d-%H%M%S", &tm);
    forget_damaged(folder);
    set_aside(folder, "", s->damaged);
    set_aside(folder, "-wal", s->damaged);
    (void)unlink(s->suspect);
}

static enum sp_status
check_verdicts(struct store *s)
{
    int64_t is = layout(&wire_record_verdict, 2166136261u ^ VERDICT_VERSION);
    if (meta_get(&s->cache, "verdict") == is && meta_get(&s->own, "verdict") == is)
        return SP_OK;
    enum sp_status st = store_verdicts_forget(s);
    if (!st)
        st = meta_put(&s->cache, "verdict", is);
    if (!st)
        st = meta_put(&s->own, "verdict", is);
    return st;
}

enum sp_status
store_open(const char *folder, const struct secret *key, const struct store_watcher *watcher, bool *cache_lost, struct store **out)
{
    struct store *s = calloc(1, sizeof *s);
    char *own = path_in(folder, "own.db"), *cache = path_in(folder, "cache.db");
    enum sp_status st = s && own && cache ? SP_OK : SP_NOMEM;

    *out = NULL;
    *cache_lost = false;
    if (!st)
        st = (s->suspect = path_in(folder, "cache.suspect")) ? make_folder(folder) : SP_NOMEM;
    if (!st && watcher)
        s->watcher = *watcher;
    mode_t mask = umask(077);
    if (!st)
        st = db_open(&s->own, own, key, true);
    if (!st)
        st = migrate(s, &s->own, SCHEMA_OWN);
    if (!st) {
        st = cache_open(s, cache, key);
        if (st == SP_CORRUPT) {
            *cache_lost = true;
            keep_damaged(s, folder);
            st = cache_open(s, cache, key);
        }
    }
    umask(mask);
    if (!st)
        st = check_verdicts(s);
    if (!st && s->watcher.trouble) {
        s->own.trouble = on_own_trouble;
        s->cache.trouble = on_cache_trouble;
        s->own.trouble_arg = s->cache.trouble_arg = s;
    }
    free(own);
    free(cache);
    if (st && s) {
        store_close(s);
        s = NULL;
    }
    *out = s;
    return st;
}

const char *
store_damaged_name(const struct store *s)
{
    return s->damaged;
}

bool
store_has_room(const char *folder)
{
    static const char zeros[4096];
    char path[4096];
    int fd;

    if ((size_t)snprintf(path, sizeof path, "%s/room", folder) >= sizeof path)
        return true;
    (void)unlink(path);
    fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool room = fd >= 0;
    for (size_t n = 0; room && n < ROOM; n += sizeof zeros)
        room = write(fd, zeros, sizeof zeros) == (ssize_t)sizeof zeros;
    if (fd >= 0)
        room = close(fd) == 0 && room;
    (void)unlink(path);
    return room;
}

void
store_close(struct store *s)
{
    if (!s)
        return;
    store_rollback(s);
    if (s->cache.corrupt && s->suspect) {
        int fd = open(s->suspect, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd >= 0)
            close(fd);
    }
    db_close(&s->cache);
    db_close(&s->own);
    free(s->suspect);
    free(s);
}

enum sp_status
store_begin(struct store *s)
{
    if (s->transaction)
        return SP_INVALID;
    enum sp_status st = db_script(&s->own, "BEGIN;");
    if (!st)
        st = db_script(&s->cache, "BEGIN;");
    s->transaction = true;
    s->cache_first = false;
    if (st)
        store_rollback(s);
    return st;
}

static enum sp_status
commit_one(struct db *db)
{
    /* After some errors SQLite has rolled back by itself: then nothing of the transaction is left to be kept. */
    return sqlite3_get_autocommit(db->handle) ? SP_IO : db_script(db, "COMMIT;");
}

enum sp_status
store_commit(struct store *s)
{
    if (!s->transaction)
        return SP_INVALID;
    if (sqlite3_get_autocommit(s->own.handle) || sqlite3_get_autocommit(s->cache.handle)) {
        store_rollback(s);
        return SP_IO;
    }
    enum sp_status st = commit_one(s->cache_first ? &s->cache : &s->own);
    if (!st && s->cache_first) /* a checkpoint syncs the log, which NORMAL alone does not */
        st = db_script(&s->cache, "PRAGMA wal_checkpoint(PASSIVE);");
    if (!st)
        st = commit_one(s->cache_first ? &s->own : &s->cache);
    if (st)
        store_rollback(s);
    s->transaction = false;
    return st;
}

void
store_rollback(struct store *s)
{
    if (!s->transaction)
        return;
    db_rollback(&s->own);
    db_rollback(&s->cache);
    s->transaction = false;
}
