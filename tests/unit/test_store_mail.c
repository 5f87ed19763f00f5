/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store: folders, messages, counters, threads, pages, bodies and verdicts. */
#include "store_fixture.h"

#include "base/memfd.h"

static struct store_folder
folder_of(struct fixture *f, uint64_t id)
{
    struct store_folder out;
    assert_int_equal(store_folder_get(f->s, id, &f->a, &out), SP_OK);
    return out;
}

static struct store_message
message_of(struct fixture *f, uint64_t id)
{
    struct store_message out;
    assert_int_equal(store_message_get(f->s, id, &f->a, &out), SP_OK);
    return out;
}

static void
accounts_keep_their_ids(void **state)
{
    struct fixture *f = *state;
    uint32_t a, b, again;
    assert_int_equal(store_account(f->s, "work", &a), SP_OK);
    assert_int_equal(store_account(f->s, "home", &b), SP_OK);
    assert_true(a != 0 && b != 0 && a != b);
    fixture_close(f);
    fixture_open(f, false);
    assert_int_equal(store_account(f->s, "work", &again), SP_OK);
    assert_int_equal(again, a);
}

static void
folders_are_kept_and_ordered(void **state)
{
    struct fixture *f = *state;
    struct store_folder *list;
    size_t n;
    uint64_t zoo = fixture_folder(f, "Zoo", SP_FOLDER_NONE, false);
    uint64_t art = fixture_folder(f, "Art", SP_FOLDER_NONE, false);
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    uint64_t local = fixture_folder(f, "Notes", SP_FOLDER_NONE, true);

    assert_int_equal(fixture_folder(f, "Zoo", SP_FOLDER_NONE, false), zoo);
    assert_int_equal(store_folders(f->s, 0, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 4);
    assert_int_equal(list[0].id, inbox);
    assert_int_equal(list[1].id, art);
    assert_int_equal(list[2].id, local);
    assert_true(list[2].local);
    assert_int_equal(list[3].id, zoo);
    assert_int_equal(store_folders(f->s, 2, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 0);

    struct store_folder change = folder_of(f, zoo);
    change.name = "Tiergarten";
    change.uidvalidity = 4000000000u;
    change.highestmodseq = 1ull << 60;
    assert_int_equal(store_folder_put(f->s, &change), SP_OK);
    change = folder_of(f, zoo);
    assert_string_equal(change.name, "Tiergarten");
    assert_string_equal(change.raw, "Zoo");
    assert_true(change.uidvalidity == 4000000000u && change.highestmodseq == 1ull << 60);

    struct store_folder found;
    assert_int_equal(store_folder_by_role(f->s, 1, SP_FOLDER_INBOX, &f->a, &found), SP_OK);
    assert_int_equal(found.id, inbox);
    assert_int_equal(store_folder_by_role(f->s, 1, SP_FOLDER_TRASH, &f->a, &found), SP_NOT_FOUND);
    assert_int_equal(store_folder_remove(f->s, zoo), SP_OK);
    assert_int_equal(store_folder_get(f->s, zoo, &f->a, &found), SP_NOT_FOUND);
    assert_int_equal(store_folder_remove(f->s, zoo), SP_NOT_FOUND);
    change.id = zoo;
    assert_int_equal(store_folder_put(f->s, &change), SP_NOT_FOUND);
}

static void
messages_come_back_whole(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), id;
    struct store_message m = {.folder = folder, .uid = 4294967295u, .sort = -5, .date = 7, .from_name = "Zoë",
        .from_address = "zoe@example.org", .to = "t", .subject = "s", .message_id = "<1@x>", .in_reply_to = "<0@x>",
        .references = "<0@x>", .list_id = "l", .flags = SP_FLAG_SEEN, .size = 1ull << 40};
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    struct store_message got = message_of(f, m.id);
    assert_true(got.folder == folder && got.uid == 4294967295u && got.sort == -5 && got.date == 7 && got.size == 1ull << 40);
    assert_string_equal(got.from_name, "Zoë");
    assert_string_equal(got.references, "<0@x>");
    assert_string_equal(got.list_id, "l");
    assert_false(got.has_body);
    assert_int_equal(got.judged, 0);

    /* The same uid again is an update. */
    uint64_t first = m.id;
    m.subject = "corrected";
    m.flags = 0;
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_int_equal(m.id, first);
    assert_string_equal(message_of(f, first).subject, "corrected");
    assert_int_equal(folder_of(f, folder).total, 1);
    assert_int_equal(folder_of(f, folder).unread, 1);
    assert_int_equal(store_message_by_uid(f->s, folder, 4294967295u, &id), SP_OK);
    assert_int_equal(id, first);
    assert_int_equal(store_message_by_uid(f->s, folder, 0, &id), SP_NOT_FOUND);
    assert_int_equal(store_message_by_message_id(f->s, 0, "<1@x>", &id), SP_OK);
    assert_int_equal(id, first);
    assert_int_equal(store_message_by_message_id(f->s, 9, "<1@x>", &id), SP_NOT_FOUND);
    assert_int_equal(store_message_by_message_id(f->s, 0, "", &id), SP_NOT_FOUND);
    assert_int_equal(store_message_get(f->s, 12345, &f->a, &got), SP_NOT_FOUND);
    assert_int_equal(store_flags_set(f->s, 12345, 0), SP_NOT_FOUND);
    assert_int_equal(store_message_remove(f->s, 12345), SP_NOT_FOUND);
}

static void
keywords_are_kept_and_shown(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true), to;
    uint64_t id = fixture_message(f, folder, 1, 1, "", "");
    struct wm_index_page ask = {.folder = folder, .where = SP_PAGE_NEWEST, .count = 5};
    struct wm_index_rows rows;

    assert_string_equal(message_of(f, id).keywords, "");
    uint64_t before = folder_of(f, folder).generation;
    assert_int_equal(store_keywords_set(f->s, id, "Work $Important"), SP_OK);
    assert_true(folder_of(f, folder).generation > before);
    assert_int_equal(store_page(f->s, &ask, &f->a, &rows), SP_OK);
    assert_string_equal(rows.rows[0].keywords, "Work $Important");
    assert_true(rows.rows[0].folder == folder);
    assert_int_equal(store_message_move(f->s, id, local, false, &to), SP_OK);
    assert_string_equal(message_of(f, to).keywords, "Work $Important");
    struct store_message m = {.folder = folder, .uid = 7, .keywords = "a b"};
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_string_equal(message_of(f, m.id).keywords, "a b");
    m.keywords = "c";
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_string_equal(message_of(f, m.id).keywords, "c");
    assert_int_equal(store_keywords_set(f->s, 12345, "x"), SP_NOT_FOUND);
}

/* What a person chose goes before any default, and stays when the server's folder is renamed or comes again. */
static void
choices_for_folders_stay(void **state)
{
    struct fixture *f = *state;
    uint64_t a = fixture_folder(f, "Lists", SP_FOLDER_NONE, false), b = fixture_folder(f, "Other", SP_FOLDER_NONE, false);
    struct store_change c = {.account = 1, .kind = STORE_CHANGE_FLAGS, .folder = a, .uid = 3}, got;

    assert_int_equal(store_folder_choose(f->s, a, true, false, false), SP_OK);
    assert_true(folder_of(f, a).watched && !folder_of(f, a).pinned);
    assert_int_equal(store_folder_choose(f->s, a, false, true, true), SP_OK);
    assert_int_equal(store_folder_choose(f->s, a, true, false, false), SP_OK); /* a default comes too late */
    assert_true(!folder_of(f, a).watched && folder_of(f, a).pinned);
    assert_int_equal(store_folder_choose(f->s, 4711, true, true, true), SP_NOT_FOUND);

    uint64_t m = fixture_message(f, a, 3, 1, "", "");
    assert_int_equal(store_change_add(f->s, &c), SP_OK);
    assert_int_equal(store_folder_rename(f->s, a, "Other", "Other"), SP_EXISTS);
    assert_string_equal(folder_of(f, a).raw, "Lists");
    assert_int_equal(store_folder_rename(f->s, a, "Old.Lists", "Old/Lists"), SP_OK);
    assert_string_equal(folder_of(f, a).name, "Old/Lists");
    assert_true(message_of(f, m).folder == a && folder_of(f, a).total == 1);
    assert_int_equal(store_folder_remove(f->s, a), SP_OK);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_true(got.folder == 0);
    a = fixture_folder(f, "Old.Lists", SP_FOLDER_NONE, false);
    assert_true(folder_of(f, a).pinned && !folder_of(f, a).watched && !folder_of(f, b).pinned);
    assert_int_equal(store_change_next(f->s, 1, &f->a, &got), SP_OK);
    assert_true(got.folder == a);
}

/* --- counters against a model, after many random operations */

#define MODEL 300
struct model {
    uint64_t id, folder;
    uint32_t flags;
};

static void
check_counters(struct fixture *f, const struct model *m, const uint64_t *folders, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        uint32_t total = 0, unread = 0;
        for (size_t i = 0; i < MODEL; i++) {
            total += m[i].id && m[i].folder == folders[k];
            unread += m[i].id && m[i].folder == folders[k] && !(m[i].flags & SP_FLAG_SEEN);
        }
        struct store_folder got = folder_of(f, folders[k]);
        assert_int_equal(got.total, total);
        assert_int_equal(got.unread, unread);
    }
}

static void
random_step(struct fixture *f, struct model *m, const uint64_t *folders, uint32_t *uid)
{
    struct model *one = &m[rand() % MODEL];
    uint64_t to = folders[rand() % 4], id;
    if (!one->id) {
        struct store_message msg = {.folder = to, .uid = ++*uid, .sort = rand() % 50, .flags = (uint32_t)(rand() % 4)};
        assert_int_equal(store_messages_add(f->s, &msg, 1), SP_OK);
        *one = (struct model){msg.id, to, msg.flags};
        return;
    }
    switch (rand() % 5) {
    case 0:
        assert_int_equal(store_message_remove(f->s, one->id), SP_OK);
        one->id = 0;
        return;
    case 1:
        assert_int_equal(store_message_move(f->s, one->id, to, false, &id), SP_OK);
        one->id = id;
        one->folder = to;
        return;
    case 2:
        assert_int_equal(store_message_move(f->s, one->id, to, true, &id), SP_OK);
        for (size_t i = 0; i < MODEL; i++) {
            if (!m[i].id) {
                m[i] = (struct model){id, to, one->flags};
                return;
            }
        }
        assert_int_equal(store_message_remove(f->s, id), SP_OK);
        return;
    default:
        one->flags = (uint32_t)(rand() % 8);
        assert_int_equal(store_flags_set(f->s, one->id, one->flags), SP_OK);
    }
}

static void
counters_hold_after_random_operations(void **state)
{
    struct fixture *f = *state;
    uint64_t folders[4] = {
        fixture_folder(f, "A", SP_FOLDER_INBOX, false), fixture_folder(f, "B", SP_FOLDER_NONE, false),
        fixture_folder(f, "C", SP_FOLDER_NONE, true), fixture_folder(f, "D", SP_FOLDER_NONE, true),
    };
    struct model m[MODEL] = {0}, saved[MODEL];
    uint32_t uid = 0;

    srand(7);
    for (int round = 0; round < 40; round++) {
        memcpy(saved, m, sizeof m);
        assert_int_equal(store_begin(f->s), SP_OK);
        for (int i = 0; i < 50; i++)
            random_step(f, m, folders, &uid);
        if (round % 5 == 4) {
            store_rollback(f->s);
            memcpy(m, saved, sizeof m);
        } else {
            assert_int_equal(store_commit(f->s), SP_OK);
        }
        check_counters(f, m, folders, 4);
    }
    uint64_t before = folder_of(f, folders[0]).generation;
    assert_int_equal(store_folder_reset(f->s, folders[0], 77), SP_OK);
    struct store_folder reset = folder_of(f, folders[0]);
    assert_true(reset.total == 0 && reset.unread == 0 && reset.uidvalidity == 77 && reset.generation > before);
}

/* --- pages */

static struct wm_index_rows
page(struct fixture *f, uint64_t folder, enum sp_page where, int64_t sort, uint64_t id, uint16_t count)
{
    struct wm_index_page ask = {.folder = folder, .where = (uint8_t)where, .sort = sort, .id = id, .count = count};
    struct wm_index_rows rows;
    assert_int_equal(store_page(f->s, &ask, &f->a, &rows), SP_OK);
    return rows;
}

static void
pages_are_complete_and_ordered(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    fixture_folder(f, "Other", SP_FOLDER_NONE, false);

    struct wm_index_rows none = page(f, folder, SP_PAGE_NEWEST, 0, 0, 10);
    assert_true(none.rows_n == 0 && !none.more_newer && !none.more_older && none.total == 0);
    for (uint32_t i = 1; i <= 100; i++)
        fixture_message(f, folder, i, i / 3, "", ""); /* several of the same time */
    int64_t sort = 0;
    uint64_t id = 0;
    unsigned seen = 0;
    for (enum sp_page where = SP_PAGE_NEWEST;; where = SP_PAGE_OLDER) {
        struct wm_index_rows rows = page(f, folder, where, sort, id, 7);
        assert_int_equal(rows.more_newer, where != SP_PAGE_NEWEST);
        for (uint32_t i = 0; i < rows.rows_n; i++) {
            if (id)
                assert_true(rows.rows[i].sort < sort || (rows.rows[i].sort == sort && rows.rows[i].id < id));
            sort = rows.rows[i].sort;
            id = rows.rows[i].id;
            seen++;
        }
        if (!rows.more_older)
            break;
    }
    assert_int_equal(seen, 100);
    /* and back up */
    struct wm_index_rows up = page(f, folder, SP_PAGE_OLDEST, 0, 0, 7);
    assert_true(up.rows_n == 7 && !up.more_older && up.more_newer && up.rows[6].id == id);
    for (seen = 7; up.more_newer; seen += up.rows_n) {
        uint64_t last = up.rows[0].id;
        up = page(f, folder, SP_PAGE_NEWER, up.rows[0].sort, up.rows[0].id, 7);
        assert_true(up.rows_n > 0 && up.rows[up.rows_n - 1].id > last && up.more_older);
    }
    assert_int_equal(seen, 100);
    struct wm_index_rows from = page(f, folder, SP_PAGE_FROM, up.rows[0].sort, up.rows[0].id, 3);
    assert_true(from.rows_n == 3 && from.rows[0].id == up.rows[0].id && !from.more_newer && from.more_older);
}

/* The page below an anchor is the same whatever arrives above it or vanishes elsewhere. */
static void
pages_are_stable_under_inserts(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    for (uint32_t i = 1; i <= 50; i++)
        fixture_message(f, folder, i, 1000 + i, "", "");
    struct wm_index_rows top = page(f, folder, SP_PAGE_NEWEST, 0, 0, 10);
    struct wr_index_row anchor = top.rows[9];
    struct wm_index_rows before = page(f, folder, SP_PAGE_OLDER, anchor.sort, anchor.id, 10);
    for (uint32_t i = 51; i <= 90; i++)
        fixture_message(f, folder, i, 2000 + i, "", "");
    assert_int_equal(store_message_remove(f->s, anchor.id), SP_OK); /* the anchor itself may go */
    struct wm_index_rows after = page(f, folder, SP_PAGE_OLDER, anchor.sort, anchor.id, 10);
    assert_int_equal(after.rows_n, before.rows_n);
    for (uint32_t i = 0; i < before.rows_n; i++)
        assert_int_equal(after.rows[i].id, before.rows[i].id);
    assert_true(after.generation > before.generation);
    assert_int_equal(after.total, 89);
    struct wm_index_page bad = {.folder = folder, .where = 9, .count = 1};
    assert_int_equal(store_page(f->s, &bad, &f->a, &after), SP_INVALID);
    bad = (struct wm_index_page){.folder = 99999, .count = 1};
    assert_int_equal(store_page(f->s, &bad, &f->a, &after), SP_NOT_FOUND);
}

/* --- threads */

static void
threads_join_in_any_order(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    uint64_t a = fixture_message(f, folder, 1, 1, "<a@x>", "");
    uint64_t b = fixture_message(f, folder, 2, 2, "<b@x>", "<a@x>");
    uint64_t other = fixture_message(f, folder, 3, 3, "<o@x>", "");
    uint64_t d = fixture_message(f, folder, 4, 4, "<d@x>", "<c@x>"); /* c is not there yet */
    uint64_t nameless = fixture_message(f, folder, 5, 5, "", "");
    assert_true(message_of(f, a).thread == message_of(f, b).thread);
    assert_true(message_of(f, d).thread != message_of(f, a).thread);
    assert_true(message_of(f, nameless).thread != message_of(f, a).thread);
    uint64_t c = fixture_message(f, folder, 6, 6, "<c@x>", "<a@x> <b@x>"); /* joins both */
    assert_true(message_of(f, c).thread == message_of(f, a).thread);
    assert_true(message_of(f, d).thread == message_of(f, a).thread);
    assert_true(message_of(f, other).thread != message_of(f, a).thread);
    uint64_t e = fixture_message(f, folder, 7, 7, "<e@x>", "<d@x>"); /* through a merged thread */
    assert_true(message_of(f, e).thread == message_of(f, a).thread);
    assert_int_equal(page(f, folder, SP_PAGE_FROM, 6, c, 1).rows[0].depth, 2);
}

/* --- bodies, verdicts, session keys */

static void
check_body(struct fixture *f, uint64_t id, const char *want, size_t len)
{
    struct memfd_map map;
    int fd;
    assert_int_equal(store_body_get(f->s, id, &fd), SP_OK);
    assert_int_equal(memfd_map(fd, 1 << 28, &map), SP_OK);
    assert_int_equal(map.len, len);
    assert_memory_equal(map.data, want, len);
    memfd_unmap(&map);
    close(fd);
}

static void
bodies_come_back_as_they_were(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    uint64_t id = fixture_message(f, folder, 1, 1, "", ""), ids[4];
    size_t n, len = 3000001;
    char *big = malloc(len);
    int fd;

    assert_non_null(big);
    for (size_t i = 0; i < len; i++)
        big[i] = (char)(i * 7919 >> 3);
    assert_int_equal(store_body_get(f->s, id, &fd), SP_NOT_FOUND);
    assert_int_equal(store_body_put(f->s, 4711, "x", 1), SP_NOT_FOUND);
    assert_int_equal(store_unjudged(f->s, folder, ids, 4, &n), SP_OK);
    assert_true(n == 1 && ids[0] == id);
    assert_int_equal(store_body_put(f->s, id, big, len), SP_OK);
    check_body(f, id, big, len);
    assert_int_equal(store_body_put(f->s, id, "a\r\nb\n\0c", 7), SP_OK);
    check_body(f, id, "a\r\nb\n\0c", 7);
    assert_int_equal(store_body_put(f->s, id, "", 0), SP_OK);
    check_body(f, id, "", 0);
    assert_true(message_of(f, id).has_body);
    assert_int_equal(store_message_remove(f->s, id), SP_OK);
    assert_int_equal(store_body_get(f->s, id, &fd), SP_NOT_FOUND);
    free(big);
}

static void
verdicts_fill_the_index(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), ids[4];
    uint64_t id = fixture_message(f, folder, 1, 1, "", "");
    struct wr_part part = {.attachment = 1};
    struct wr_verdict v = {.from = {"Alice", "alice@example.com", ""}, .subject = "hidden subject", .parts = &part, .parts_n = 1,
        .risk = SP_LEVEL_CAUTION};
    struct wire_blob blob;
    size_t n;

    v.signature.state = SP_SIGNATURE_GOOD;
    v.signature.covers = SP_COVERS_WHOLE;
    v.encryption.state = SP_ENCRYPTION_DECRYPTED;
    v.encryption.covers = SP_COVERS_PART;
    v.sender.state = SP_SENDER_PASS;
    assert_int_equal(store_verdict_get(f->s, id, &f->a, &blob), SP_NOT_FOUND);
    assert_int_equal(store_body_put(f->s, id, "x", 1), SP_OK);
    uint64_t generation = folder_of(f, folder).generation;
    assert_int_equal(store_verdict_put(f->s, id, &v, "enc\0oded", 8), SP_OK);
    assert_true(folder_of(f, folder).generation > generation);
    struct store_message m = message_of(f, id);
    assert_true(m.judged == 1 && m.seal == SP_SIGNATURE_GOOD && m.lock == 0 && m.sender == SP_SENDER_PASS);
    assert_true(m.risk == SP_LEVEL_CAUTION && (m.flags & SP_FLAG_ATTACHMENT));
    assert_string_equal(m.subject, "hidden subject");
    assert_int_equal(store_verdict_get(f->s, id, &f->a, &blob), SP_OK);
    assert_int_equal(blob.len, 8);
    assert_memory_equal(blob.data, "enc\0oded", 8);
    assert_int_equal(store_unjudged(f->s, folder, ids, 4, &n), SP_OK);
    assert_int_equal(n, 0);
    /* The server's headers again do not take the place of the verified ones. */
    struct store_message again = {.folder = folder, .uid = 1, .sort = 1, .subject = "..."};
    assert_int_equal(store_messages_add(f->s, &again, 1), SP_OK);
    assert_string_equal(message_of(f, id).subject, "hidden subject");

    assert_int_equal(store_verdicts_forget(f->s), SP_OK);
    assert_int_equal(store_verdict_get(f->s, id, &f->a, &blob), SP_NOT_FOUND);
    assert_int_equal(store_unjudged(f->s, folder, ids, 4, &n), SP_OK);
    assert_int_equal(n, 1);

    struct secret key = SECRET_INIT;
    assert_int_equal(store_session_key_get(f->s, id, 2, &key), SP_NOT_FOUND);
    assert_int_equal(store_session_key_put(f->s, id, 2, "9:ABCD", 6), SP_OK);
    assert_int_equal(store_session_key_get(f->s, id, 2, &key), SP_OK);
    assert_true(secret_equal(&key, "9:ABCD", 6));
    secret_release(&key);
    assert_int_equal(store_session_key_put(f->s, 999, 0, "x", 1), SP_NOT_FOUND);
}

static void
moving_keeps_everything(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), trash = fixture_folder(f, "Trash", SP_FOLDER_TRASH, false);
    uint64_t local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true), to;
    uint64_t id = fixture_message(f, inbox, 1, 5, "<m@x>", "");
    struct secret key = SECRET_INIT;

    assert_int_equal(store_body_put(f->s, id, "body", 4), SP_OK);
    assert_int_equal(store_session_key_put(f->s, id, 0, "sk", 2), SP_OK);
    assert_int_equal(store_message_move(f->s, id, trash, true, &to), SP_OK);
    assert_true(to != id && message_of(f, to).folder == trash && message_of(f, to).uid == 0);
    check_body(f, to, "body", 4);
    assert_int_equal(store_message_set_uid(f->s, to, 9), SP_OK);
    assert_int_equal(message_of(f, to).uid, 9);
    assert_int_equal(store_message_move(f->s, id, local, false, &to), SP_OK);
    assert_int_equal(store_message_get(f->s, id, &f->a, &(struct store_message){0}), SP_NOT_FOUND);
    check_body(f, to, "body", 4);
    assert_int_equal(store_session_key_get(f->s, to, 0, &key), SP_OK);
    secret_release(&key);
    assert_true(folder_of(f, local).total == 1 && folder_of(f, inbox).total == 0 && folder_of(f, local).unread == 1);
    assert_string_equal(message_of(f, to).message_id, "<m@x>");
    uint64_t back;
    assert_int_equal(store_message_move(f->s, to, inbox, false, &back), SP_OK);
    check_body(f, back, "body", 4);
    assert_true(back != id);
    assert_int_equal(store_message_move(f->s, back, 424242, false, &to), SP_NOT_FOUND);
    assert_int_equal(store_message_move(f->s, 424242, local, false, &to), SP_NOT_FOUND);
    assert_int_equal(folder_of(f, inbox).total, 1);
}

static void
uids_come_ascending(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    struct store_uid *uids;
    size_t n;
    for (uint32_t i = 0; i < 500; i++)
        fixture_message(f, folder, 1 + (i * 37) % 500, i, "", "");
    fixture_message(f, folder, 0, 1, "", ""); /* not yet on the server */
    assert_int_equal(store_uids(f->s, folder, &uids, &n), SP_OK);
    assert_int_equal(n, 500);
    for (size_t i = 0; i < n; i++)
        assert_int_equal(uids[i].uid, i + 1);
    free(uids);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(accounts_keep_their_ids), T(folders_are_kept_and_ordered), T(messages_come_back_whole),
        T(counters_hold_after_random_operations), T(pages_are_complete_and_ordered), T(pages_are_stable_under_inserts),
        T(threads_join_in_any_order), T(bodies_come_back_as_they_were), T(verdicts_fill_the_index), T(moving_keeps_everything),
        T(uids_come_ascending), T(keywords_are_kept_and_shown), T(choices_for_folders_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
