/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store against kill -9, wrong keys, tampering, damage and curious eyes (S71). */
#include "store_fixture.h"
#include "store_faults.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#define MARKER "plaintext-marker-7f3a91"

static void
path_of(const struct fixture *f, const char *name, char out[512])
{
    snprintf(out, 512, "%s/%s", f->folder, name);
}

/* Overwrites a byte of a file, at a fraction of its size. */
static void
damage(const struct fixture *f, const char *name, long at)
{
    char path[512];
    path_of(f, name, path);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    fseek(file, at, SEEK_SET);
    int c = fgetc(file);
    fseek(file, at, SEEK_SET);
    fputc(c ^ 0x55, file);
    fclose(file);
}

static long
size_of(const struct fixture *f, const char *name)
{
    struct stat st;
    char path[512];
    path_of(f, name, path);
    return stat(path, &st) ? -1 : (long)st.st_size;
}

static unsigned
count_files(const struct fixture *f, const char *prefix)
{
    unsigned n = 0;
    DIR *d = opendir(f->folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));)
        n += strncmp(e->d_name, prefix, strlen(prefix)) == 0;
    closedir(d);
    return n;
}

static void
fill(struct fixture *f, uint64_t folder, uint32_t n)
{
    char body[2000];
    memset(body, 'b', sizeof body);
    assert_int_equal(store_begin(f->s), SP_OK);
    for (uint32_t i = 1; i <= n; i++) {
        uint64_t id = fixture_message(f, folder, i, i, "", "");
        assert_int_equal(store_body_put(f->s, id, body, sizeof body), SP_OK);
    }
    assert_int_equal(store_commit(f->s), SP_OK);
}

static void
files_are_private(void **state)
{
    struct fixture *f = *state;
    struct stat st;
    char path[512];
    fill(f, fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), 10);
    for (const char *const *n = (const char *const[]){"own.db", "cache.db", "cache.db-wal", NULL}; *n; n++) {
        path_of(f, *n, path);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 077, 0);
    }
    path_of(f, "cache.db-shm", path);
    assert_int_not_equal(stat(path, &st), 0);
}

static void
only_one_process_opens_it(void **state)
{
    struct fixture *f = *state;
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s;
        bool lost;
        _exit(store_open(f->folder, &f->key, NULL, &lost, &s) == SP_BUSY ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void
wrong_keys_are_refused(void **state)
{
    struct fixture *f = *state;
    struct store *s;
    bool lost;
    long own = 0;
    struct secret wrong = SECRET_INIT, brief = SECRET_INIT;

    assert_int_equal(store_text_put(f->s, "n", "v"), SP_OK);
    fixture_close(f);
    own = size_of(f, "own.db");
    assert_int_equal(secret_set(&wrong, f->key.data, 48), SP_OK);
    wrong.data[31] ^= 1;
    assert_int_equal(store_open(f->folder, &wrong, NULL, &lost, &s), SP_CORRUPT);
    assert_null(s);
    assert_int_equal(secret_set(&brief, f->key.data, 32), SP_OK);
    assert_int_equal(store_open(f->folder, &brief, NULL, &lost, &s), SP_INVALID);
    assert_int_equal(size_of(f, "own.db"), own);
    assert_int_equal(count_files(f, "cache.damaged"), 0);
    fixture_open(f, false);
    const char *text;
    assert_int_equal(store_text_get(f->s, "n", &f->a, &text), SP_OK);
    secret_release(&wrong);
    secret_release(&brief);
}

/* S71: nothing of what was stored can be found in the files, while open and after. */
static void
look_for_marker(const struct fixture *f)
{
    DIR *d = opendir(f->folder);
    assert_non_null(d);
    for (struct dirent *e; (e = readdir(d));) {
        char path[512];
        if (e->d_name[0] == '.')
            continue;
        snprintf(path, sizeof path, "%s/%s", f->folder, e->d_name);
        FILE *file = fopen(path, "r");
        assert_non_null(file);
        size_t len = (size_t)size_of(f, e->d_name);
        char *all = malloc(len + 1);
        assert_non_null(all);
        assert_int_equal(fread(all, 1, len, file), len);
        assert_null(memmem(all, len, MARKER, strlen(MARKER)));
        assert_null(memmem(all, len, "SQLite format", 13));
        free(all);
        fclose(file);
    }
    closedir(d);
}

static void
plaintext_never_reaches_the_files(void **state)
{
    struct fixture *f = *state;
    struct secret secret = SECRET_INIT;
    struct wr_draft d = {.to = MARKER, .body = MARKER};
    struct store_outbox o = {.sender = MARKER, .subject = MARKER};
    const char *rcpt[] = {MARKER, NULL};
    struct wr_verdict v = {.subject = MARKER};
    uint64_t id;

    fixture_folder(f, MARKER, SP_FOLDER_NONE, true);
    uint64_t folder = fixture_folder(f, MARKER, SP_FOLDER_NONE, false);
    struct store_message m = {.folder = folder, .uid = 1, .subject = MARKER, .from_name = MARKER, .references = MARKER};
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_int_equal(store_body_put(f->s, m.id, MARKER MARKER, 2 * strlen(MARKER)), SP_OK);
    assert_int_equal(store_verdict_put(f->s, m.id, &v, MARKER, strlen(MARKER)), SP_OK);
    assert_int_equal(store_session_key_put(f->s, m.id, 0, MARKER, strlen(MARKER)), SP_OK);
    assert_int_equal(store_draft_put(f->s, &d), SP_OK);
    assert_int_equal(store_attachment_put(f->s, d.id, MARKER, MARKER, MARKER, strlen(MARKER), &id), SP_OK);
    assert_int_equal(store_outbox_put(f->s, &o), SP_OK);
    assert_int_equal(store_transmission_add(f->s, o.id, rcpt, MARKER, strlen(MARKER), &id), SP_OK);
    assert_int_equal(secret_set(&secret, MARKER, strlen(MARKER)), SP_OK);
    assert_int_equal(store_secret_put(f->s, "password:" MARKER, &secret), SP_OK);
    assert_int_equal(store_text_put(f->s, MARKER, MARKER), SP_OK);
    secret_release(&secret);
    look_for_marker(f);
    fixture_close(f);
    look_for_marker(f);
}

static void
tampered_pages_are_noticed(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    fill(f, folder, 2000);
    assert_int_equal(store_text_put(f->s, "n", "kept"), SP_OK);
    fixture_close(f);
    for (long at = 8192 + 77; at < size_of(f, "cache.db"); at += 4096)
        damage(f, "cache.db", at);

    /* Where the damage is found at once, the cache is replaced at once; else at the next opening. */
    bool lost = false;
    assert_int_equal(store_open(f->folder, &f->key, NULL, &lost, &f->s), SP_OK);
    if (!lost) {
        struct store_uid *uids;
        size_t n;
        assert_int_equal(store_uids(f->s, folder, &uids, &n), SP_CORRUPT);
        assert_null(uids);
        fixture_close(f);
        assert_int_equal(count_files(f, "cache.suspect"), 1);
        fixture_open(f, true);
    }
    assert_int_equal(count_files(f, "cache.damaged"), 1);
    assert_int_equal(count_files(f, "cache.suspect"), 0);
    const char *text;
    assert_int_equal(store_text_get(f->s, "n", &f->a, &text), SP_OK);
    assert_string_equal(text, "kept");
    struct store_folder *list;
    size_t n;
    assert_int_equal(store_folders(f->s, 0, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 0);
}

struct heard {
    unsigned n[STORE_READ_ONLY + 1];
};

static void
on_trouble(enum store_trouble what, void *arg)
{
    ((struct heard *)arg)->n[what]++;
}

static void
open_watched(struct fixture *f, struct heard *heard, bool want_lost)
{
    bool lost = !want_lost;
    const struct store_watcher w = {.trouble = on_trouble, .arg = heard};
    assert_int_equal(store_open(f->folder, &f->key, &w, &lost, &f->s), SP_OK);
    assert_int_equal(lost, want_lost);
}

/* In the middle of work the watcher hears of the damage, and closing and opening is all that is needed; one damaged cache is kept. */
static void
damage_in_use_is_told(void **state)
{
    struct fixture *f = *state;
    struct heard heard = {0};
    char first[64] = "";

    for (int round = 0; round < 2; round++) {
        fixture_close(f);
        open_watched(f, &heard, false);
        uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), id = 0;
        fill(f, folder, 2000);
        assert_int_equal(store_message_by_uid(f->s, folder, 1000, &id), SP_OK);
        fixture_close(f);
        open_watched(f, &heard, false);
        assert_int_equal(heard.n[STORE_CACHE_DAMAGED], round);
        for (long at = 65536 + 77; at < size_of(f, "cache.db"); at += 4096)
            damage(f, "cache.db", at);
        int fd;
        assert_int_equal(store_body_get(f->s, id, &fd), SP_CORRUPT);
        assert_true(heard.n[STORE_CACHE_DAMAGED] > (unsigned)round && heard.n[STORE_OWN_DAMAGED] == 0);
        heard.n[STORE_CACHE_DAMAGED] = (unsigned)round + 1;
        assert_int_equal(store_text_put(f->s, "n", "own goes on"), SP_OK);
        fixture_close(f);
        sleep(1); /* the name has seconds */
        fixture_open(f, true);
        assert_int_equal(strncmp(store_damaged_name(f->s), "cache.damaged-", 14), 0);
        assert_string_not_equal(store_damaged_name(f->s), first);
        snprintf(first, sizeof first, "%s", store_damaged_name(f->s));
        assert_true(size_of(f, first) > 1000000);
        assert_int_equal(count_files(f, "cache.damaged"), 1);
    }
}

/* A disk that is full from the n-th write on, for every n: what was said to be kept is, what was not is not, and it goes on after. */
static void
a_full_disk_loses_nothing(void **state)
{
    struct fixture *f = *state;
    struct heard heard = {0};
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    uint32_t uid = 0, kept = 0;
    char body[20000];
    unsigned refused = 0;

    memset(body, 'b', sizeof body);
    fixture_close(f);
    open_watched(f, &heard, false);
    for (long at = 1; at < 60; at += 3) {
        faults()->writes = 0;
        faults()->full_at = at;
        for (int i = 0; i < 4; i++) {
            struct store_message m = {.folder = folder, .uid = ++uid, .sort = uid, .subject = "s"};
            struct wr_draft d = {.body = body};
            enum sp_status st = store_messages_add(f->s, &m, 1);
            if (!st) {
                kept++;
                st = store_body_put(f->s, m.id, body, sizeof body);
                struct store_message got;
                assert_int_equal(store_message_get(f->s, m.id, &f->a, &got), SP_OK);
                assert_true(got.has_body == (st == SP_OK));
            }
            if (!st) {
                d.body = "short";
                st = store_draft_put(f->s, &d);
                struct wr_draft got;
                if (!st)
                    assert_int_equal(store_draft_get(f->s, d.id, &f->a, &got), SP_OK);
            }
            assert_true(st == SP_OK || st == SP_FULL || st == SP_IO);
            refused += st == SP_FULL;
        }
        faults()->full_at = 0;
        struct store_folder got;
        assert_int_equal(store_folder_get(f->s, folder, &f->a, &got), SP_OK);
        assert_int_equal(got.total, kept);
        if (at % 4 == 0) {
            fixture_close(f);
            open_watched(f, &heard, false);
        }
    }
    assert_true(refused > 5 && heard.n[STORE_FULL] >= refused);
    assert_int_equal(heard.n[STORE_CACHE_DAMAGED] + heard.n[STORE_OWN_DAMAGED], 0);
    struct store_uid *uids;
    size_t n;
    assert_int_equal(store_uids(f->s, folder, &uids, &n), SP_OK);
    assert_int_equal(n, kept);
    free(uids);
    assert_true(store_has_room(f->folder));
}

static void
damaged_own_is_never_replaced(void **state)
{
    struct fixture *f = *state;
    struct store *s;
    bool lost;
    assert_int_equal(store_text_put(f->s, "n", "v"), SP_OK);
    fixture_close(f);
    long size = size_of(f, "own.db");
    damage(f, "own.db", 100);
    assert_int_equal(store_open(f->folder, &f->key, NULL, &lost, &s), SP_CORRUPT);
    assert_false(lost);
    assert_int_equal(size_of(f, "own.db"), size);
    damage(f, "own.db", 100); /* undoes it */
    fixture_open(f, false);
}

/* Ids of a lost cache are not used again, and the journal finds its folders by name. */
static void
damaged_cache_is_kept_aside(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true);
    uint64_t m = fixture_message(f, inbox, 1, 1, "", ""), mine = fixture_message(f, local, 0, 1, "<l@x>", "");
    struct store_change c = {.account = 1, .kind = STORE_CHANGE_FLAGS, .message = m, .folder = inbox, .uid = 1}, got;

    assert_int_equal(store_change_add(f->s, &c), SP_OK);
    fixture_close(f);
    damage(f, "cache.db", 50);
    fixture_open(f, true);
    assert_int_equal(count_files(f, "cache.damaged"), 1);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_int_equal(got.folder, 0); /* not there yet */
    uint64_t again = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    assert_true(again != inbox);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_int_equal(got.folder, again);
    assert_true(fixture_message(f, again, 1, 1, "", "") != m);
    struct store_message kept;
    assert_int_equal(store_message_get(f->s, mine, &f->a, &kept), SP_OK);
    assert_string_equal(kept.message_id, "<l@x>");
    fixture_close(f);
    fixture_open(f, false);
}

/* A cache that belongs to another `own` (a restored backup) is not believed. */
static void
foreign_cache_is_not_believed(void **state)
{
    struct fixture *f = *state;
    char own[512];
    fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    fixture_close(f);
    path_of(f, "own.db", own);
    assert_int_equal(unlink(own), 0);
    struct store_folder *list;
    size_t n;
    bool lost;
    assert_int_equal(store_open(f->folder, &f->key, NULL, &lost, &f->s), SP_OK);
    assert_true(lost);
    assert_int_equal(store_folders(f->s, 0, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 0);
}

/* --- kill -9: what was committed is there, what was not is not, and counters fit */

static void
write_until_killed(struct fixture *f, int out)
{
    struct store *s;
    bool lost;
    if (store_open(f->folder, &f->key, NULL, &lost, &s))
        _exit(1);
    struct store_folder folder = {.account = 1, .raw = "INBOX", .name = "INBOX", .role = SP_FOLDER_INBOX};
    struct store_folder local = {.account = 1, .raw = "Keep", .name = "Keep", .local = true};
    if (store_folder_put(s, &folder) || store_folder_put(s, &local))
        _exit(2);
    for (uint32_t i = 1;; i++) {
        struct store_message m[2] = {{.folder = folder.id, .uid = i, .sort = i}, {.folder = local.id, .sort = i}};
        struct wr_draft d = {.to = "x"};
        if (store_begin(s) || store_messages_add(s, m, 2) || store_body_put(s, m[0].id, "body", 4) || store_draft_put(s, &d) ||
            store_commit(s))
            _exit(3);
        if (write(out, &i, sizeof i) != sizeof i)
            _exit(4);
    }
}

static uint32_t
kill_after(struct fixture *f, unsigned ms)
{
    int fds[2];
    uint32_t i, last = 0;
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        close(fds[0]);
        write_until_killed(f, fds[1]);
    }
    close(fds[1]);
    usleep(ms * 1000);
    kill(pid, SIGKILL);
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status));
    while (read(fds[0], &i, sizeof i) == sizeof i)
        last = i;
    close(fds[0]);
    return last;
}

static void
kill_loses_nothing_that_was_committed(void **state)
{
    struct fixture *f = *state;
    size_t drafts = 0;
    fixture_close(f);
    for (unsigned round = 0; round < 6; round++) {
        uint32_t told = kill_after(f, 40 + 23 * round);
        fixture_open(f, false);
        struct store_folder folder, *list;
        struct store_uid *uids;
        struct wr_draft *d;
        size_t n, folders;
        assert_int_equal(store_folders(f->s, 0, &f->a, &list, &folders), SP_OK);
        if (folders == 2) {
            assert_int_equal(store_folder_by_role(f->s, 1, SP_FOLDER_INBOX, &f->a, &folder), SP_OK);
            assert_int_equal(store_uids(f->s, folder.id, &uids, &n), SP_OK);
            assert_true(n >= told);
            assert_int_equal(folder.total, n);
            for (size_t i = 0; i < n; i++)
                assert_int_equal(uids[i].uid, i + 1);
            free(uids);
            assert_int_equal(store_drafts(f->s, &f->a, &d, &n), SP_OK);
            assert_true(n >= drafts + told);
            drafts = n;
        } else {
            assert_int_equal(told, 0);
        }
        fixture_close(f);
    }
    assert_true(drafts > 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(files_are_private), T(only_one_process_opens_it), T(wrong_keys_are_refused), T(plaintext_never_reaches_the_files),
        T(tampered_pages_are_noticed), T(damaged_own_is_never_replaced), T(damaged_cache_is_kept_aside), T(damage_in_use_is_told), T(a_full_disk_loses_nothing),
        T(foreign_cache_is_not_believed), T(kill_loses_nothing_that_was_committed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
