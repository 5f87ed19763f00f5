/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: what only we have: journal, drafts, outbox, secrets, texts. */
#include "store_fixture.h"

#include "base/memfd.h"

static void
check_fd(int fd, const char *want, size_t len)
{
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, 1 << 20, &map), SP_OK);
    assert_int_equal(map.len, len);
    assert_memory_equal(map.data, want, len);
    memfd_unmap(&map);
    close(fd);
}

static void
journal_keeps_its_order(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), trash = fixture_folder(f, "Trash", SP_FOLDER_TRASH, false);
    uint64_t m = fixture_message(f, inbox, 5, 1, "", "");
    struct store_change one = {.account = 1, .kind = STORE_CHANGE_FLAGS, .message = m, .folder = inbox, .uid = 5,
        .add = SP_FLAG_SEEN, .remove = SP_FLAG_FLAGGED};
    struct store_change two = {.account = 1, .kind = STORE_CHANGE_MOVE, .message = m, .folder = inbox, .target = trash, .uid = 5};
    struct store_change other = {.account = 2, .kind = STORE_CHANGE_EXPUNGE, .folder = inbox, .uid = 9}, got;

    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_NOT_FOUND);
    assert_false(store_change_waiting(f->s, m));
    assert_int_equal(store_change_add(f->s, &one), SP_OK);
    assert_int_equal(store_change_add(f->s, &other), SP_OK);
    assert_int_equal(store_change_add(f->s, &two), SP_OK);
    assert_true(store_change_waiting(f->s, m));
    assert_true(store_change_uid_waiting(f->s, inbox, 5));
    assert_false(store_change_uid_waiting(f->s, inbox, 6));
    fixture_close(f);
    fixture_open(f, false);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_true(got.id == one.id && got.kind == STORE_CHANGE_FLAGS && got.add == SP_FLAG_SEEN && got.remove == SP_FLAG_FLAGGED);
    assert_true(got.message == m && got.folder == inbox && got.uid == 5 && got.target == 0);
    assert_int_equal(store_change_done(f->s, one.id), SP_OK);
    assert_int_equal(store_change_done(f->s, one.id), SP_NOT_FOUND);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_true(got.id == two.id && got.target == trash);
    assert_int_equal(store_change_done(f->s, two.id), SP_OK);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_NOT_FOUND);
    assert_int_equal(store_change_next(f->s, 2, &f->a, &got), SP_OK);
    assert_false(store_change_waiting(f->s, m));
}

/* What must not be done twice is noted before the first try; an APPEND's bytes are kept apart from the cache. */
static void
journal_keeps_what_a_try_needs(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), row = fixture_message(f, inbox, 0, 1, "<a@x>", ""), n;
    struct store_change c = {.account = 1, .kind = STORE_CHANGE_APPEND, .message = row, .target = inbox, .source = 77, .add = SP_FLAG_SEEN,
        .add_keywords = "one two", .remove_keywords = "three"}, got, *list;
    struct store_change later = {.account = 1, .kind = STORE_CHANGE_EXPUNGE, .folder = inbox, .uid = 9};
    size_t found;
    int fd;

    assert_int_equal(store_change_add(f->s, &c), SP_OK);
    assert_int_equal(store_change_add(f->s, &later), SP_OK);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_true(got.kind == STORE_CHANGE_APPEND && got.source == 77 && !got.tried && got.target == inbox);
    assert_string_equal(got.add_keywords, "one two");
    assert_string_equal(got.remove_keywords, "three");
    assert_int_equal(store_change_try(f->s, c.id, 5, 100), SP_OK);
    assert_int_equal(store_change_try(f->s, c.id, 6, 200), SP_OK); /* a later try changes nothing */
    assert_int_equal(store_change_try(f->s, 99, 6, 200), SP_NOT_FOUND);
    fixture_close(f);
    fixture_open(f, false);
    assert_int_equal(store_changes(f->s, 1, 0, 10, &f->a, &list, &found), SP_OK);
    assert_int_equal(found, 2);
    assert_true(list[0].tried && list[0].tried_uidvalidity == 5 && list[0].tried_uidnext == 100);
    assert_int_equal(store_changes(f->s, 1, list[0].id, 10, &f->a, &list, &found), SP_OK);
    assert_true(found == 1 && list[0].id == later.id && !list[0].tried);
    assert_int_equal(store_change_count(f->s, 1, &n), SP_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_change_count(f->s, 2, &n), SP_OK);
    assert_int_equal(n, 0);

    assert_int_equal(store_change_body_get(f->s, c.id, &fd), SP_NOT_FOUND);
    assert_int_equal(store_body_put(f->s, row, "cached", 6), SP_OK);
    assert_int_equal(store_change_body_get(f->s, c.id, &fd), SP_OK);
    check_fd(fd, "cached", 6);
    assert_int_equal(store_change_body_put(f->s, c.id, "own", 3), SP_OK);
    assert_int_equal(store_change_body_put(f->s, 99, "own", 3), SP_NOT_FOUND);
    assert_int_equal(store_message_remove(f->s, row), SP_OK); /* as a lost cache */
    assert_int_equal(store_change_body_get(f->s, c.id, &fd), SP_OK);
    check_fd(fd, "own", 3);
    assert_int_equal(store_change_done(f->s, c.id), SP_OK);
    assert_int_equal(store_change_body_get(f->s, c.id, &fd), SP_NOT_FOUND);
}

static void
drafts_come_back_whole(void **state)
{
    struct fixture *f = *state;
    struct wr_draft d = {.account = 3, .from = "a@x", .to = "b@x", .cc = "c@x", .bcc = "d@x", .reply_to = "r@x",
        .subject = "Über", .body = "line\nline\n", .in_reply_to = "<i@x>", .references = "<r@x>", .protocol = SP_PROTOCOL_SMIME,
        .sign = 1, .encrypt = 2, .kind = SP_DRAFT_REPLY, .origin = 1ull << 62 | 5, .origin_encrypted = 1};
    struct wr_draft got, *list, second = {.to = "x@y"};
    uint64_t at, at2;
    size_t n;
    int fd;

    assert_int_equal(store_draft_put(f->s, &d), SP_OK);
    assert_int_equal(store_attachment_put(f->s, d.id, "a.txt", "text/plain", "hello", 5, &at), SP_OK);
    assert_int_equal(store_attachment_put(f->s, d.id, "empty", "application/octet-stream", NULL, 0, &at2), SP_OK);
    assert_int_equal(store_attachment_put(f->s, 999, "a", "b", "c", 1, &at2), SP_NOT_FOUND);
    d.subject = "Neu";
    assert_int_equal(store_draft_put(f->s, &d), SP_OK);
    assert_int_equal(store_draft_get(f->s, d.id, &f->a, &got), SP_OK);
    assert_string_equal(got.subject, "Neu");
    assert_string_equal(got.bcc, "d@x");
    assert_string_equal(got.body, "line\nline\n");
    assert_string_equal(got.references, "<r@x>");
    assert_true(got.account == 3 && got.protocol == SP_PROTOCOL_SMIME && got.sign == 1 && got.encrypt == 2);
    assert_true(got.kind == SP_DRAFT_REPLY && got.origin == (1ull << 62 | 5) && got.origin_encrypted == 1);
    assert_int_equal(got.attachments_n, 2);
    assert_string_equal(got.attachments[0].name, "a.txt");
    assert_int_equal(got.attachments[0].size, 5);
    assert_int_equal(store_attachment_get(f->s, at, &fd), SP_OK);
    check_fd(fd, "hello", 5);
    assert_int_equal(store_draft_put(f->s, &second), SP_OK);
    assert_int_equal(store_drafts(f->s, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 2);
    assert_int_equal(store_attachment_remove(f->s, second.id, at), SP_NOT_FOUND);
    assert_int_equal(store_attachment_remove(f->s, d.id, at), SP_OK);
    assert_int_equal(store_draft_get(f->s, d.id, &f->a, &got), SP_OK);
    assert_int_equal(got.attachments_n, 1);
    assert_int_equal(store_draft_remove(f->s, d.id), SP_OK);
    assert_int_equal(store_draft_get(f->s, d.id, &f->a, &got), SP_NOT_FOUND);
    assert_int_equal(store_attachment_get(f->s, got.attachments_n ? 0 : at + 1, &fd), SP_NOT_FOUND);
    assert_int_equal(store_draft_put(f->s, &d), SP_NOT_FOUND);
}

static void
outbox_keeps_every_transmission(void **state)
{
    struct fixture *f = *state;
    struct store_outbox o = {.account = 1, .sender = "me@x", .subject = "s", .to = "you@x", .message_id = "<m@x>",
        .state = SP_OUTBOX_WAITING, .server_text = "", .created = 11, .not_before = 12, .next_try = 13, .draft = 4}, got, *list;
    struct store_transmission *t;
    const char *open_rcpt[] = {"you@x", "too@x", NULL}, *bcc[] = {"hidden@x", NULL};
    uint64_t t1, t2;
    size_t n;
    int fd;

    assert_int_equal(store_transmission_add(f->s, 1, bcc, "x", 1, &t1), SP_NOT_FOUND);
    assert_int_equal(store_begin(f->s), SP_OK);
    assert_int_equal(store_outbox_put(f->s, &o), SP_OK);
    assert_int_equal(store_transmission_add(f->s, o.id, open_rcpt, "message", 7, &t1), SP_OK);
    assert_int_equal(store_transmission_add(f->s, o.id, bcc, "secret", 6, &t2), SP_OK);
    assert_int_equal(store_outbox_sent_copy(f->s, o.id, "sent", 4), SP_OK);
    assert_int_equal(store_commit(f->s), SP_OK);
    fixture_close(f);
    fixture_open(f, false);
    o.state = SP_OUTBOX_UNCERTAIN;
    o.status = SP_DISCONNECTED;
    o.server_text = "421 gone";
    o.attempts = 2;
    o.sent_copy_done = true;
    o.sent_uidvalidity = 5;
    o.sent_uidnext = 50;
    assert_int_equal(store_outbox_put(f->s, &o), SP_OK);
    assert_int_equal(store_outbox_get(f->s, o.id, &f->a, &got), SP_OK);
    assert_true(got.state == SP_OUTBOX_UNCERTAIN && got.status == SP_DISCONNECTED && got.attempts == 2 && got.sent_copy_done);
    assert_true(got.sent_uidvalidity == 5 && got.sent_uidnext == 50);
    assert_true(got.created == 11 && got.not_before == 12 && got.next_try == 13 && got.draft == 4);
    assert_string_equal(got.server_text, "421 gone");
    assert_int_equal(store_outbox_list(f->s, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 1);
    assert_int_equal(store_transmission_stage(f->s, t2, 2), SP_OK);
    assert_int_equal(store_transmissions(f->s, o.id, &f->a, &t, &n), SP_OK);
    assert_int_equal(n, 2);
    assert_true(t[0].id == t1 && t[0].stage == 0 && t[1].id == t2 && t[1].stage == 2);
    assert_string_equal(t[0].recipients[0], "you@x");
    assert_string_equal(t[0].recipients[1], "too@x");
    assert_null(t[0].recipients[2]);
    assert_string_equal(t[1].recipients[0], "hidden@x");
    struct store_recipient r = {.address = "too@x", .state = STORE_RCPT_REFUSED, .code = 550, .text = "no such user"};
    assert_int_equal(store_recipient_put(f->s, t1, &r), SP_OK);
    assert_int_equal(store_recipient_put(f->s, t2, &r), SP_NOT_FOUND);
    assert_int_equal(store_transmissions(f->s, o.id, &f->a, &t, &n), SP_OK);
    assert_true(t[0].n == 2 && t[0].list[0].state == STORE_RCPT_WAITING && t[0].list[1].state == STORE_RCPT_REFUSED && t[0].list[1].code == 550);
    assert_string_equal(t[0].list[1].text, "no such user");
    assert_int_equal(store_recipients_again(f->s, o.id), SP_OK);
    assert_int_equal(store_transmissions(f->s, o.id, &f->a, &t, &n), SP_OK);
    assert_int_equal(t[0].list[1].state, STORE_RCPT_WAITING);
    assert_int_equal(store_transmission_bytes(f->s, t2, &fd), SP_OK);
    check_fd(fd, "secret", 6);
    assert_int_equal(store_outbox_sent_copy_get(f->s, o.id, &fd), SP_OK);
    check_fd(fd, "sent", 4);
    assert_int_equal(store_outbox_remove(f->s, o.id), SP_OK);
    assert_int_equal(store_transmission_bytes(f->s, t1, &fd), SP_NOT_FOUND);
    assert_int_equal(store_outbox_sent_copy_get(f->s, o.id, &fd), SP_NOT_FOUND);
    assert_int_equal(store_outbox_get(f->s, o.id, &f->a, &got), SP_NOT_FOUND);
}

static void
secrets_and_texts_by_name(void **state)
{
    struct fixture *f = *state;
    struct secret one = SECRET_INIT, got = SECRET_INIT;
    const char *text;

    assert_int_equal(secret_set(&one, "pass\0word", 9), SP_OK);
    assert_int_equal(store_secret_get(f->s, "password:work", &got), SP_NOT_FOUND);
    assert_int_equal(store_secret_put(f->s, "password:work", &one), SP_OK);
    assert_int_equal(secret_set(&one, "new", 3), SP_OK);
    assert_int_equal(store_secret_put(f->s, "password:work", &one), SP_OK);
    assert_int_equal(store_secret_get(f->s, "password:work", &got), SP_OK);
    assert_true(secret_equal(&got, "new", 3));
    assert_int_equal(store_secret_remove(f->s, "password:work"), SP_OK);
    assert_int_equal(store_secret_remove(f->s, "password:work"), SP_NOT_FOUND);
    secret_release(&one);
    secret_release(&got);

    assert_int_equal(store_text_get(f->s, "pin:imap:h:993", &f->a, &text), SP_NOT_FOUND);
    assert_int_equal(store_text_put(f->s, "pin:imap:h:993", "abc"), SP_OK);
    assert_int_equal(store_text_put(f->s, "pin:imap:h:993", "abd"), SP_OK);
    assert_int_equal(store_text_get(f->s, "pin:imap:h:993", &f->a, &text), SP_OK);
    assert_string_equal(text, "abd");
}

static void
transactions_undo_everything(void **state)
{
    struct fixture *f = *state;
    struct wr_draft d = {.to = "x"}, got;
    const char *text;
    assert_int_equal(store_commit(f->s), SP_INVALID);
    assert_int_equal(store_begin(f->s), SP_OK);
    assert_int_equal(store_begin(f->s), SP_INVALID);
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    assert_int_equal(store_draft_put(f->s, &d), SP_OK);
    assert_int_equal(store_text_put(f->s, "n", "v"), SP_OK);
    /* A call that fails inside a transaction leaves the rest of it alone. */
    assert_int_equal(store_body_put(f->s, 4711, "x", 1), SP_NOT_FOUND);
    assert_int_equal(store_text_get(f->s, "n", &f->a, &text), SP_OK);
    store_rollback(f->s);
    struct store_folder out;
    assert_int_equal(store_folder_get(f->s, folder, &f->a, &out), SP_NOT_FOUND);
    assert_int_equal(store_draft_get(f->s, d.id, &f->a, &got), SP_NOT_FOUND);
    assert_int_equal(store_text_get(f->s, "n", &f->a, &text), SP_NOT_FOUND);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(journal_keeps_its_order), T(journal_keeps_what_a_try_needs), T(drafts_come_back_whole), T(outbox_keeps_every_transmission), T(secrets_and_texts_by_name),
        T(transactions_undo_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
