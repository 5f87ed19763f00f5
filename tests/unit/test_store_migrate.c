/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Stores of earlier versions: everything in them is found again, also when bringing them up to date was interrupted anywhere. */
#include "store_fixture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "base/memfd.h"
#include "store_faults.h"

static void
copy_file(const char *from, const char *to)
{
    char bytes[65536];
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ssize_t n;
    assert_true(in >= 0 && out >= 0);
    while ((n = read(in, bytes, sizeof bytes)) > 0)
        assert_int_equal(write(out, bytes, (size_t)n), n);
    assert_int_equal(n, 0);
    close(in);
    close(out);
}

/* The store of that version, as tests/unit/store_VERSION/make.c made it, in place of the fixture's. */
static void
take_old(struct fixture *f, const char *version)
{
    static const char *const names[] = {"own.db", "cache.db"};
    char from[512], to[512];
    const char *source = getenv("SEALPOST_SOURCE");
    store_close(f->s);
    f->s = NULL;
    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(from, sizeof from, "%s/tests/unit/store_%s/%s", source ? source : ".", version, names[i]);
        (void)snprintf(to, sizeof to, "%s/%s-wal", f->folder, names[i]);
        (void)unlink(to);
        (void)snprintf(to, sizeof to, "%s/%s", f->folder, names[i]);
        copy_file(from, to);
    }
    char key[48];
    for (int i = 0; i < 48; i++)
        key[i] = (char)(i + 1);
    assert_int_equal(secret_set(&f->key, key, sizeof key), SP_OK);
}

static void
check_fd(int fd, const char *want)
{
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, 1 << 20, &map), SP_OK);
    assert_int_equal(map.len, strlen(want));
    assert_memory_equal(map.data, want, map.len);
    memfd_unmap(&map);
    close(fd);
}

static void
check_mail(struct fixture *f)
{
    struct store_folder *folders, inbox;
    struct store_message m;
    struct wm_index_rows rows;
    size_t n;
    uint64_t id, again;
    int fd;

    assert_int_equal(store_folders(f->s, 0, &f->a, &folders, &n), SP_OK);
    assert_int_equal(n, 3);
    assert_int_equal(store_folder_by_role(f->s, 1, SP_FOLDER_INBOX, &f->a, &inbox), SP_OK);
    assert_true(inbox.uidvalidity == 7 && inbox.highestmodseq == 99 && inbox.total == 3 && inbox.unread == 2);
    struct wm_index_page ask = {.folder = inbox.id, .where = SP_PAGE_NEWEST, .count = 9};
    assert_int_equal(store_page(f->s, &ask, &f->a, &rows), SP_OK);
    assert_int_equal(rows.rows_n, 3);
    assert_string_equal(rows.rows[0].subject, "third");
    assert_true(rows.rows[0].flags & SP_FLAG_FLAGGED);
    assert_true(rows.rows[1].thread == rows.rows[2].thread && rows.rows[0].thread != rows.rows[1].thread);
    assert_int_equal(store_message_by_message_id(f->s, 1, "<2@example.org>", &id), SP_OK);
    assert_int_equal(store_message_by_uid(f->s, inbox.id, 12, &again), SP_OK);
    assert_int_equal(id, again);
    assert_int_equal(store_message_get(f->s, id, &f->a, &m), SP_OK);
    assert_true(m.has_body && m.date == 2012);
    assert_string_equal(m.keywords, "");
    assert_int_equal(store_body_get(f->s, id, &fd), SP_OK);
    check_fd(fd, "Subject: second\r\n\r\nbody of second\r\n");
    /* The bodies that were there count. */
    assert_int_equal(store_cache_bytes(f->s), 3 * strlen("Subject: first\r\n\r\nbody of first\r\n") + 2);
    assert_int_equal(store_message_by_message_id(f->s, 0, "<4@example.org>", &id), SP_OK);
    assert_int_equal(store_body_get(f->s, id, &fd), SP_OK);
    check_fd(fd, "Subject: kept\r\n\r\nbody of kept\r\n");
    struct secret sk = SECRET_INIT;
    assert_int_equal(store_session_key_get(f->s, rows.rows[2].id, 0, &sk), SP_OK);
    assert_true(secret_equal(&sk, "9:AB", 4));
    secret_release(&sk);
}

static void
check_own(struct fixture *f)
{
    struct wr_draft *drafts;
    struct store_outbox *o;
    struct store_transmission *t;
    struct store_change *c;
    struct secret password = SECRET_INIT;
    const char *text;
    size_t n;
    int fd;

    assert_int_equal(store_drafts(f->s, &f->a, &drafts, &n), SP_OK);
    assert_true(n == 1 && drafts[0].attachments_n == 1 && drafts[0].sign == 1);
    assert_string_equal(drafts[0].body, "half a sen");
    assert_int_equal(store_attachment_get(f->s, drafts[0].attachments[0].id, &fd), SP_OK);
    check_fd(fd, "attached");
    assert_int_equal(store_outbox_list(f->s, &f->a, &o, &n), SP_OK);
    assert_true(n == 1 && o[0].state == SP_OUTBOX_DEFERRED && o[0].attempts == 3);
    assert_int_equal(store_transmissions(f->s, o[0].id, &f->a, &t, &n), SP_OK);
    assert_int_equal(n, 1);
    assert_string_equal(t[0].recipients[1], "eva@example.org");
    assert_int_equal(store_transmission_bytes(f->s, t[0].id, &fd), SP_OK);
    check_fd(fd, "the message");
    assert_int_equal(store_outbox_sent_copy_get(f->s, o[0].id, &fd), SP_OK);
    check_fd(fd, "its copy");
    assert_int_equal(store_changes(f->s, 1, 0, 9, &f->a, &c, &n), SP_OK);
    assert_true(n == 2 && c[0].kind == STORE_CHANGE_FLAGS && c[0].uid == 13 && c[0].add == SP_FLAG_FLAGGED);
    assert_true(c[1].kind == STORE_CHANGE_MOVE && c[1].target != 0 && !c[1].tried);
    assert_int_equal(store_secret_get(f->s, "password:work", &password), SP_OK);
    assert_true(secret_equal(&password, "s3cret", 6));
    secret_release(&password);
    assert_int_equal(store_text_get(f->s, "pin:imap:imap.example.org:993", &f->a, &text), SP_OK);
    assert_string_equal(text, "00ff");
    assert_int_equal(store_text_get(f->s, "trust:1", &f->a, &text), SP_OK);
    assert_string_equal(text, "accepted");
}

/* What this version adds works in what an earlier one made. */
static void
check_new_things(struct fixture *f)
{
    struct store_folder inbox;
    struct store_message m;
    uint64_t id;

    assert_int_equal(store_folder_by_role(f->s, 1, SP_FOLDER_INBOX, &f->a, &inbox), SP_OK);
    assert_int_equal(store_folder_choose(f->s, inbox.id, true, true, true), SP_OK);
    id = fixture_message(f, inbox.id, 50, 50, "<50@x>", "<3@example.org>");
    assert_int_equal(store_keywords_set(f->s, id, "Work"), SP_OK);
    assert_int_equal(store_folder_get(f->s, inbox.id, &f->a, &inbox), SP_OK);
    assert_true(inbox.watched && inbox.total == 4 && inbox.unread == 3);
    assert_int_equal(store_message_get(f->s, id, &f->a, &m), SP_OK);
    assert_string_equal(m.keywords, "Work");
}

static void
an_old_store_is_found_again(void **state)
{
    struct fixture *f = *state;
    take_old(f, "v1");
    fixture_open(f, false);
    check_mail(f);
    check_own(f);
    check_new_things(f);
    fixture_close(f);
    fixture_open(f, false);
    check_own(f);
}

/* Opens it in a process that dies at that write; false when it lived. */
static bool
dies_at(struct fixture *f, long at, bool torn)
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct store *s = NULL;
        bool lost = false;
        *faults() = (struct faults){.kill_at = at, .torn = torn};
        enum sp_status st = store_open(f->folder, &f->key, NULL, &lost, &s);
        store_close(s);
        _exit(!st && !lost ? 0 : 1);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) == 0));
    return WIFSIGNALED(status);
}

/* Killed at each write in turn, between the steps and in the middle of them, with the last write whole or half done. */
static void
an_interrupted_migration_goes_on(void **state)
{
    struct fixture *f = *state;
    long at = 1;

    for (bool died = true; died; at++) {
        take_old(f, "v1");
        died = dies_at(f, at, at % 2);
        if (at % 3 == 0) /* and once more while it is repaired */
            (void)dies_at(f, 1 + at / 3, false);
        fixture_open(f, false);
        check_mail(f);
        check_own(f);
        fixture_close(f);
        arena_release(&f->a);
        arena_init(&f->a);
    }
    assert_true(at > 10); /* it did die a few times */
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {T(an_old_store_is_found_again), T(an_interrupted_migration_goes_on)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
