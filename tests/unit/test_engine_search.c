/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches of the real engine in a made-up world: as folders of a client, kept ones, all inboxes as one, the server's part, mistakes. */
#include "engine_steps.h"

#include "base/searchwords.h"

#define VIRTUAL ((uint64_t)1 << 61)

static enum sp_status
search(struct world *w, const char *query, uint64_t scope, bool server)
{
    return world_ask(w, WM_TYPE_search_open, &(struct wm_search_open){.query = query, .scope = scope, .server = server});
}

static struct wm_search_opened
opened(struct world *w, const char *query, uint64_t scope)
{
    assert_int_equal(search(w, query, scope, false), SP_OK);
    assert_int_equal(w->answer.type, WM_TYPE_search_opened);
    return *(const struct wm_search_opened *)w->answer.msg;
}

static const struct wr_folder *
virtual_folder(struct world *w, const char *name)
{
    assert_int_equal(world_ask(w, WM_TYPE_list_folders, &(struct wm_list_folders){0}), SP_OK);
    const struct wm_folders *m = w->answer.msg;
    for (uint32_t i = 0; i < m->folders_n; i++)
        if (m->folders[i].kind == SP_FOLDER_VIRTUAL && strcmp(m->folders[i].name, name) == 0)
            return &m->folders[i];
    return NULL;
}

static void
deliver_so_many(struct world *w, unsigned n, const char *subject)
{
    for (unsigned i = 0; i < n; i++) {
        struct buf b = BUF_INIT;
        int gone = w->outbox_gone;
        buf_addf(&b, "From: Ann <ann@demo.example>\r\nTo: robin@demo.example\r\nSubject: %s %u\r\nDate: Mon, 1 Jan 2024 10:00:%02u +0000\r\n\r\n"
                     "The text of number%u.\r\n", subject, i, i, i);
        submit(w, buf_str(&b), "robin@demo.example");
        world_wait(w, &w->outbox_gone, gone + 1, "the message leaves the outbox");
        buf_release(&b);
    }
}

static void
a_search_is_a_folder_that_follows(void **state)
{
    NEED(state);
    deliver_so_many(w, 3, "Offer");
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, 0);
    struct wm_search_opened found = opened(w, "subject:offer", inbox);
    assert_true(found.folder & VIRTUAL);
    wait_for_rows(w, found.folder, 3); /* what is indexed meanwhile comes in by itself */
    uint64_t text = opened(w, "number1 in:inbox", 0).folder;
    uint64_t id = wait_for_rows(w, text, 1);
    /* Everything of a row is that of its own folder. */
    const struct wm_index_rows *rows = page(w, text);
    assert_true(rows->rows[0].folder == inbox && rows->folder == text);
    assert_string_equal(rows->rows[0].subject, "Offer 1");
    /* Pages by key. */
    rows = page(w, found.folder);
    struct wr_index_row second = rows->rows[1];
    struct wm_index_page ask = {.folder = found.folder, .where = SP_PAGE_OLDER, .sort = second.sort, .id = second.id, .count = 50};
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &ask), SP_OK);
    rows = w->answer.msg;
    assert_true(rows->rows_n == 1 && rows->more_newer && !rows->more_older);
    ask.where = SP_PAGE_NEWER;
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &ask), SP_OK);
    rows = w->answer.msg;
    assert_true(rows->rows_n == 1 && rows->more_older && !rows->more_newer);
    ask = (struct wm_index_page){.folder = found.folder, .where = SP_PAGE_OLDEST, .count = 2};
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &ask), SP_OK);
    rows = w->answer.msg;
    assert_true(rows->rows_n == 2 && rows->rows[0].id == second.id && rows->more_newer);
    /* New mail, a flag: the search follows and says so. */
    int events = w->index_events;
    deliver_so_many(w, 1, "Another offer");
    wait_for_rows(w, found.folder, 4);
    assert_true(w->index_events > events);
    uint64_t unread = opened(w, "is:unread", inbox).folder;
    wait_for_rows(w, unread, 4);
    struct wr_number n = {.value = id};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_SEEN}), SP_OK);
    wait_for_rows(w, unread, 3);
    /* A search within a search. */
    wait_for_rows(w, opened(w, "number2 or number1", unread).folder, 1);
    /* Closed: gone. Another client's is not there for this one's end either. */
    assert_int_equal(world_ask(w, WM_TYPE_search_close, &(struct wm_search_close){.folder = text}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &(struct wm_index_page){.folder = text, .count = 5}), SP_NOT_FOUND);
    assert_int_equal(world_ask(w, WM_TYPE_search_close, &(struct wm_search_close){.folder = text}), SP_NOT_FOUND);
    assert_int_equal(world_enter(w), SP_OK); /* the client comes anew */
    world_pass(w, 100);
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &(struct wm_index_page){.folder = found.folder, .count = 5}), SP_NOT_FOUND);
}

static void
mistakes_have_a_place_and_a_suggestion(void **state)
{
    static const struct {
        const char *query, *args[4];
    } cases[] = {
        {"a form:x", {"unknown-word", "form", "2", "from"}}, {"is:unred", {"bad-value", "unred", "3", "unread"}},
        {"in:inbix", {"unknown-folder", "inbix", "3", ""}}, {"account:mee", {"unknown-account", "mee", "8", "me"}},
        {"", {"empty", "", "0", ""}}, {"(a", {"unclosed-bracket", "(", "0", ""}},
    };
    NEED(state);
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(search(w, cases[i].query, 0, false), SP_INVALID);
        const struct wm_reply_error *e = w->answer.msg;
        assert_int_equal(e->args_n, 4);
        for (unsigned k = 0; k < 3 + (i != 2); k++)
            assert_string_equal(e->args[k].text, cases[i].args[k]);
    }
    assert_int_equal(search(w, "x", 4711, false), SP_NOT_FOUND);
    assert_int_equal(search(w, "x", VIRTUAL | 99, false), SP_NOT_FOUND);
}

static void
searches_are_kept(void **state)
{
    NEED(state);
    deliver_so_many(w, 2, "Offer");
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.name = "Bad", .query = "form:x"}), SP_INVALID);
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.name = "", .query = "x"}), SP_INVALID);
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.name = "Unread", .query = "is:unread in:inbox"}), SP_OK);
    const struct wr_folder *f = NULL;
    for (int i = 0; i < 100 && !((f = virtual_folder(w, "Unread")) && f->total == 2); i++)
        world_pass(w, 20); /* counted in the background */
    assert_true(f && f->total == 2 && f->unread == 2 && f->selectable);
    assert_string_equal(f->query, "is:unread in:inbox");
    uint64_t id = f->id;
    wait_for_rows(w, id, 2);
    /* It survives the engine. */
    world_end_engine(w, true);
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    f = virtual_folder(w, "Unread");
    assert_true(f && f->id == id);
    wait_for_rows(w, id, 2);
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.folder = id, .name = "Read", .query = "is:read"}), SP_OK);
    assert_null(virtual_folder(w, "Unread"));
    assert_non_null(virtual_folder(w, "Read"));
    wait_for_rows(w, virtual_folder(w, "Read")->id, 2); /* the copies in Sent */
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.folder = id, .name = "Read", .query = ""}), SP_OK);
    assert_null(virtual_folder(w, "Read"));
    assert_int_equal(world_ask(w, WM_TYPE_search_save, &(struct wm_search_save){.folder = id, .name = "Read", .query = "x"}), SP_NOT_FOUND);
}

static void
inboxes_are_one(void **state)
{
    NEED(state);
    uint32_t work = begin_work(w);
    uint64_t server = folder(w, SP_FOLDER_INBOX, work);
    wait_for_rows(w, server, 2);
    assert_null(virtual_folder(w, "")); /* the other account has none yet */
    assert_int_equal(world_ask(w, WM_TYPE_list_accounts, &(struct wm_list_accounts){}), SP_OK);
    uint32_t local = ((const struct wm_accounts *)w->answer.msg)->accounts[1].id;
    for (int i = 0; i < 3; i++) {
        int fd = world_memfd("From: Ann <ann@demo.example>\r\nSubject: Local\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nText.\r\n");
        struct wm_import_message m = {.account = local, .role = SP_FOLDER_INBOX, .message = fd};
        assert_int_equal(world_ask(w, WM_TYPE_import_message, &m), SP_OK);
        (void)close(fd);
    }
    for (int i = 0; i < 100 && !virtual_folder(w, ""); i++)
        world_pass(w, 20);
    const struct wr_folder *all = virtual_folder(w, "");
    assert_true(all && all->role == SP_FOLDER_INBOX && all->total == 5);
    uint64_t id = all->id, seen = 0;
    wait_for_rows(w, id, 5);
    struct wm_index_page ask = {.folder = id, .where = SP_PAGE_NEWEST, .count = 2};
    int64_t sort = INT64_MAX;
    for (bool more = true; more; ask.where = SP_PAGE_OLDER) {
        assert_int_equal(world_ask(w, WM_TYPE_index_page, &ask), SP_OK);
        const struct wm_index_rows *rows = w->answer.msg;
        for (uint32_t i = 0; i < rows->rows_n; i++, seen++) {
            assert_true(rows->rows[i].sort <= sort);
            sort = ask.sort = rows->rows[i].sort;
            ask.id = rows->rows[i].id;
        }
        more = rows->more_older;
        assert_true(rows->rows_n > 0);
    }
    assert_int_equal(seen, 5);
    ask.where = SP_PAGE_NEWER;
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &ask), SP_OK);
    const struct wm_index_rows *rows = w->answer.msg;
    assert_true(rows->rows_n == 2 && rows->more_newer && rows->more_older && rows->rows[1].sort >= sort);
    wait_for_rows(w, opened(w, "local or first", id).folder, 4);
}

static void
jobs_are_listed_and_ended(void **state)
{
    NEED(state);
    assert_int_equal(world_ask(w, WM_TYPE_list_jobs, &(struct wm_list_jobs){}), SP_OK);
    assert_int_equal(((const struct wm_jobs *)w->answer.msg)->jobs_n, 0);
    assert_int_equal(world_ask(w, WM_TYPE_cancel_job, &(struct wm_cancel_job){.job = 7}), SP_NOT_FOUND);
}

int
main(void)
{
#define T(name, setup) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(a_search_is_a_folder_that_follows, setup_local), T(mistakes_have_a_place_and_a_suggestion, setup_local), T(searches_are_kept, setup_local),
        T(inboxes_are_one, setup_server), T(jobs_are_listed_and_ended, setup_local),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
