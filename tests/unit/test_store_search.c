/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full-text index: what is fed is found, newest first, in both databases; what is changed, moved or removed follows. */
#include "store_fixture.h"

#include "store/search.h"

struct mail {
    uint64_t folder;
    int64_t sort;
    const char *from, *subject;
    uint32_t flags;
    uint64_t size;
};

static uint64_t
add(struct fixture *f, const struct mail *m)
{
    static uint32_t uid;
    struct store_message row = {.folder = m->folder, .uid = ++uid, .sort = m->sort, .date = m->sort, .from_name = m->from, .from_address = "a@x.example",
        .to = "bob@example.com", .subject = m->subject, .message_id = "", .in_reply_to = "", .references = "", .list_id = "dev.lists.example",
        .flags = m->flags, .size = m->size ? m->size : 100};
    assert_int_equal(store_messages_add(f->s, &row, 1), SP_OK);
    return row.id;
}

static void
feed(struct fixture *f)
{
    size_t done = 1;
    while (done)
        assert_int_equal(store_search_gone(f->s, 7, &done), SP_OK);
    for (done = 1; done;)
        assert_int_equal(store_search_headers(f->s, 7, &done), SP_OK);
}

static void
put_text(struct fixture *f, uint64_t id, const char *subject, const char *body, const char *file, enum store_search_level level)
{
    struct store_search_text t = {.id = id, .from = "Ann", .subject = subject, .body = body, .file = file, .cc = "carl@c.example", .level = level};
    assert_int_equal(store_search_put(f->s, &t, 1), SP_OK);
}

/* The ids that are found, newest first, in pieces of some messages each. */
static size_t
find_in(struct fixture *f, const char *text, const uint64_t *folders, size_t folders_n, uint64_t *ids, size_t max)
{
    struct query *q;
    struct query_problem p;
    struct store_search *ss;
    struct store_hit hits[3];
    size_t n = 0, got = 0;
    int64_t last = INT64_MAX;
    enum sp_status st = SP_OK;
    assert_int_equal(query_parse(text, 1773327845, &f->a, &q, &p), SP_OK);
    assert_int_equal(store_search_new(f->s, q, folders, folders_n, &ss), SP_OK);
    while (!st) {
        st = store_search_step(ss, 5, hits, 3, &got);
        for (size_t i = 0; i < got; i++) {
            assert_true(hits[i].sort <= last);
            last = hits[i].sort;
            assert_true(n < max);
            ids[n++] = hits[i].id;
        }
    }
    assert_int_equal(st, SP_EOF);
    store_search_free(ss);
    return n;
}

static size_t
count(struct fixture *f, const char *text)
{
    uint64_t ids[2000];
    return find_in(f, text, NULL, 0, ids, 2000);
}

#define FOUND(text, ...)                                                        \
    do {                                                                        \
        uint64_t ids_[100], want_[] = {__VA_ARGS__};                            \
        size_t n_ = find_in(f, text, NULL, 0, ids_, 100);                       \
        if (n_ != sizeof want_ / sizeof *want_)                                 \
            fail_msg("%s: %zu found", text, n_);                                \
        assert_memory_equal(ids_, want_, sizeof want_);                         \
    } while (0)

static void
words_are_found_newest_first(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true);
    uint64_t a = add(f, &(struct mail){inbox, 1000, "Ann Müller", "Offer for the harbour", 0, 0});
    uint64_t b = add(f, &(struct mail){local, 2000, "Bert", "Re: Offer for the harbour", SP_FLAG_SEEN, 50000});
    uint64_t c = add(f, &(struct mail){inbox, 3000, "Ann Miller", "采购合同 2024", SP_FLAG_FLAGGED, 0});
    assert_int_equal(count(f, "offer"), 0); /* not fed yet */
    uint64_t headers, texts, gone;
    assert_int_equal(store_search_left(f->s, &headers, &texts, &gone), SP_OK);
    assert_true(headers == 3 && texts == 0 && gone == 0);
    feed(f);
    FOUND("offer", b, a);
    FOUND("OFFER harbour", b, a);
    FOUND("\"offer harbour\"");
    FOUND("\"for the harbour\"", b, a);
    FOUND("subject:\"the harbour\" -from:bert", a);
    FOUND("muller", a);
    FOUND("mill* or mull*", c, a);
    FOUND("from:ann", c, a);
    FOUND("subject:ann");
    FOUND("合同", c);
    FOUND("购", c);
    FOUND("同", c);
    FOUND("同采");
    FOUND("list:dev.lists.example", c, b, a);
    FOUND("to:bob is:unread", c, a);
    FOUND("is:flagged or larger:10K", c, b);
    FOUND("not offer", c);
    FOUND("not (is:unread or from:nobody)", b);
    FOUND("(offer is:read) or (2024 is:flagged)", c, b);
    FOUND("(offer or 2024) (bert or muller)", b, a);
    FOUND("smaller:1K date:1970", c, a);
    FOUND("seal:none"); /* nobody has looked */
    FOUND("body:harbour");
    uint64_t ids[10];
    assert_int_equal(find_in(f, "offer", &inbox, 1, ids, 10), 1);
    assert_int_equal(ids[0], a);
    assert_int_equal(find_in(f, "is:unread", &inbox, 1, ids, 10), 2);
    assert_int_equal(find_in(f, "not offer", &inbox, 1, ids, 10), 1);
    assert_int_equal(find_in(f, "is:read", &local, 1, ids, 10), 1);
    /* Without any word it is found at once, by the folder. */
    uint64_t d = add(f, &(struct mail){inbox, 4000, "Dora", "New", 0, 0});
    assert_int_equal(find_in(f, "is:unread", &inbox, 1, ids, 10), 3);
    assert_int_equal(ids[0], d);
}

static void
texts_come_later_and_go(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), other = fixture_folder(f, "Other", SP_FOLDER_NONE, false), n = 0;
    uint64_t local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true), todo[8], headers, texts, gone, copy;
    size_t todo_n, done;
    uint64_t a = add(f, &(struct mail){inbox, 1000, "Ann", "One", 0, 0});
    feed(f);
    /* A verdict says that the text can be had. */
    struct wr_verdict v = {.from = {"Ann", "a@x.example", ""}, .subject = "One"};
    assert_int_equal(store_verdict_put(f->s, a, &v, "x", 1), SP_OK);
    assert_int_equal(store_search_todo(f->s, todo, 8, &todo_n), SP_OK);
    assert_true(todo_n == 1 && todo[0] == a);
    put_text(f, a, "One", "the quick brown fox", "plan.pdf", STORE_SEARCH_TEXT);
    assert_int_equal(store_search_todo(f->s, todo, 8, &todo_n), SP_OK);
    assert_int_equal(todo_n, 0);
    assert_int_equal(store_search_texts(f->s, inbox, &n), SP_OK);
    assert_int_equal(n, 1);
    FOUND("\"quick brown\"", a);
    FOUND("body:fox file:plan.pdf", a);
    FOUND("cc:carl@c.example", a);
    FOUND("file:fox");
    FOUND("fox or nothing one", a);
    put_text(f, a, "One", "something else", "", STORE_SEARCH_TEXT);
    FOUND("fox");
    FOUND("else", a);
    assert_int_equal(store_search_texts(f->s, inbox, &n), SP_OK);
    assert_int_equal(n, 1);
    /* It moves: the count goes with it. A copy is a message of its own, with its text to be put again. */
    assert_int_equal(store_message_move(f->s, a, other, false, &copy), SP_OK);
    assert_int_equal(store_search_texts(f->s, other, &n), SP_OK);
    assert_int_equal(n, 1);
    FOUND("else", a);
    assert_int_equal(store_message_move(f->s, a, local, true, &copy), SP_OK);
    feed(f);
    assert_int_equal(store_search_todo(f->s, todo, 8, &todo_n), SP_OK);
    assert_true(todo_n == 1 && todo[0] == copy);
    put_text(f, copy, "One", "a copy", "", STORE_SEARCH_TEXT);
    FOUND("copy", copy);
    /* Another subject, another time. */
    struct store_message m;
    assert_int_equal(store_message_get(f->s, a, &f->a, &m), SP_OK);
    /* Gone: at once out of what is found, and soon out of the index. */
    assert_int_equal(store_message_remove(f->s, a), SP_OK);
    FOUND("else");
    assert_int_equal(store_search_texts(f->s, other, &n), SP_OK);
    assert_int_equal(n, 0);
    assert_int_equal(store_search_left(f->s, &headers, &texts, &gone), SP_OK);
    assert_int_equal(gone, 1);
    assert_int_equal(store_search_gone(f->s, 10, &done), SP_OK);
    assert_int_equal(done, 1);
    assert_int_equal(store_search_left(f->s, &headers, &texts, &gone), SP_OK);
    assert_true(headers == 0 && texts == 0 && gone == 0);
}

static void
a_message_that_changes_is_not_found_twice(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), todo[4];
    size_t n;
    struct store_message m = {.folder = inbox, .uid = 77, .sort = 1000, .date = 1000, .from_name = "Ann", .from_address = "", .to = "",
        .subject = "First words", .message_id = "", .in_reply_to = "", .references = "", .list_id = ""};
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    feed(f);
    uint64_t id = m.id;
    m.subject = "Second words";
    m.sort = 5000;
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_int_equal(m.id, id);
    feed(f); /* takes the old place out */
    assert_int_equal(store_search_todo(f->s, todo, 4, &n), SP_OK);
    assert_true(n == 1 && todo[0] == id);
    struct store_search_text t = {.id = id, .from = "Ann", .subject = "Second words", .level = STORE_SEARCH_HEADERS};
    assert_int_equal(store_search_put(f->s, &t, 1), SP_OK);
    FOUND("words", id);
    FOUND("first");
    FOUND("second date:1970-01-01", id);
}

/* Many messages of the same second, whose ids agree in the bits that a document's number has of them, are told apart. */
static void
places_that_fall_together(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), ids[300];
    for (unsigned i = 0; i < 200; i++)
        add(f, &(struct mail){inbox, 1000, "Ann", i % 2 ? "odd" : "even", 0, 0});
    feed(f);
    assert_int_equal(find_in(f, "odd", NULL, 0, ids, 300), 100);
    for (unsigned i = 1; i < 100; i++)
        assert_true(ids[i] < ids[i - 1]);
    assert_int_equal(store_message_remove(f->s, ids[5]), SP_OK);
    feed(f);
    assert_int_equal(find_in(f, "odd", NULL, 0, ids, 300), 99);
    assert_int_equal(count(f, "even"), 100);
}

/* Against looking at every message by hand. */
static void
random_queries_agree(void **state)
{
    static const char *const words[] = {"alpha", "beta", "gamma", "delta"};
    struct fixture *f = *state;
    uint64_t folders[2] = {fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), fixture_folder(f, "Keep", SP_FOLDER_NONE, true)};
    unsigned masks[300], flags[300], seed = 12345;
    for (unsigned i = 0; i < 300; i++) {
        char subject[64] = "";
        seed = seed * 1103515245 + 12345;
        masks[i] = seed >> 16 & 15;
        flags[i] = seed >> 20 & 1 ? SP_FLAG_SEEN : 0;
        for (unsigned k = 0; k < 4; k++)
            if (masks[i] >> k & 1)
                snprintf(subject + strlen(subject), sizeof subject - strlen(subject), "%s ", words[k]);
        add(f, &(struct mail){folders[i % 2], 1000 + i / 3, "Ann", subject, flags[i], 0});
    }
    feed(f);
    for (unsigned a = 0; a < 4; a++) {
        for (unsigned b = 0; b < 4; b++) {
            char text[200];
            size_t want[4] = {0};
            for (unsigned i = 0; i < 300; i++) {
                bool x = masks[i] >> a & 1, y = masks[i] >> b & 1, unread = !flags[i];
                want[0] += x && y;
                want[1] += x || (y && unread);
                want[2] += x && !y;
                want[3] += !(x || y) && !unread;
            }
            snprintf(text, sizeof text, "%s %s", words[a], words[b]);
            assert_int_equal(count(f, text), want[0]);
            snprintf(text, sizeof text, "%s or (%s is:unread)", words[a], words[b]);
            assert_int_equal(count(f, text), want[1]);
            snprintf(text, sizeof text, "subject:%s -%s", words[a], words[b]);
            assert_int_equal(count(f, text), want[2]);
            snprintf(text, sizeof text, "-(%s or %s) is:read", words[a], words[b]);
            assert_int_equal(count(f, text), want[3]);
        }
    }
}

static void
levels_go_through_again(void **state)
{
    struct fixture *f = *state;
    uint64_t folders[2] = {fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), fixture_folder(f, "Keep", SP_FOLDER_NONE, true)}, ids[4], todo[4], from = 0;
    size_t n, todo_n = 0, rounds = 0;
    for (unsigned i = 0; i < 4; i++)
        ids[i] = add(f, &(struct mail){folders[i % 2], 1000 + i, "Ann", "x", 0, 0});
    feed(f);
    for (unsigned i = 0; i < 4; i++)
        put_text(f, ids[i], "x", "secret", "", i < 2 ? STORE_SEARCH_DECRYPTED : STORE_SEARCH_TEXT);
    do {
        assert_int_equal(store_search_again(f->s, STORE_SEARCH_DECRYPTED, &from, 1, &n), SP_OK);
        rounds++;
    } while (n && rounds < 20);
    assert_int_equal(rounds, 5);
    assert_int_equal(store_search_todo(f->s, todo, 4, &todo_n), SP_OK);
    assert_int_equal(todo_n, 2);
    assert_true((todo[0] == ids[0] && todo[1] == ids[1]) || (todo[0] == ids[1] && todo[1] == ids[0]));
}

static void
servers_words_are_held_against_what_is_known(void **state)
{
    struct fixture *f = *state;
    uint64_t inbox = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false);
    uint64_t id = add(f, &(struct mail){inbox, 1000, "Ann", "x", SP_FLAG_FLAGGED, 0});
    static const struct {
        const char *query;
        bool possible;
    } cases[] = {{"unknown", true}, {"unknown is:flagged", true}, {"unknown is:read", false}, {"not unknown", true}, {"is:read or unknown", true},
                 {"not (is:flagged or unknown)", false}, {"not (is:read unknown)", true}};
    feed(f);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct query *q;
        struct query_problem p;
        int64_t sort;
        bool yes;
        assert_int_equal(query_parse(cases[i].query, 0, &f->a, &q, &p), SP_OK);
        assert_int_equal(store_search_possible(f->s, q, id, &sort, &yes), SP_OK);
        if (yes != cases[i].possible)
            fail_msg("%s: %d", cases[i].query, yes);
        assert_int_equal(sort, 1000);
    }
}

static void
searches_are_kept(void **state)
{
    struct fixture *f = *state;
    struct store_saved v = {.name = "Zebra", .query = "is:unread"}, w = {.name = "Ant", .query = "合同"}, *list;
    size_t n;
    assert_int_equal(store_saved_put(f->s, &v), SP_OK);
    assert_int_equal(store_saved_put(f->s, &w), SP_OK);
    v.query = "is:flagged";
    assert_int_equal(store_saved_put(f->s, &v), SP_OK);
    fixture_close(f);
    fixture_open(f, false);
    assert_int_equal(store_saved_list(f->s, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 2);
    assert_string_equal(list[0].query, "合同");
    assert_string_equal(list[1].query, "is:flagged");
    assert_int_equal(store_saved_remove(f->s, w.id), SP_OK);
    assert_int_equal(store_saved_remove(f->s, w.id), SP_NOT_FOUND);
    assert_int_equal(store_saved_list(f->s, &f->a, &list, &n), SP_OK);
    assert_int_equal(n, 1);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(words_are_found_newest_first), T(texts_come_later_and_go), T(a_message_that_changes_is_not_found_twice), T(places_that_fall_together),
        T(random_queries_agree), T(levels_go_through_again), T(servers_words_are_held_against_what_is_known), T(searches_are_kept),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
