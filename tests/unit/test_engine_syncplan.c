/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plan of a synchronisation: every case of two uid lists, and the sets that are asked for. */
#include "unit.h"

#include <stdlib.h>

#include "engine/syncplan.h"

#define BLOB(...) ((struct wire_blob){(const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__})})

static void
test_plan(void **state)
{
    (void)state;
    const struct store_uid local[] = {{0, 0}, {2, 0}, {3, 0}, {5, 0}, {9, 0}};
    struct syncplan p;
    assert_int_equal(syncplan_make(local, 5, BLOB(1, 3, 5, 7, 8), &p), SP_OK);
    assert_int_equal(p.fetch_n, 3);
    assert_int_equal(p.fetch[0], 8); /* newest first */
    assert_int_equal(p.fetch[1], 7);
    assert_int_equal(p.fetch[2], 1);
    assert_int_equal(p.gone_n, 2);
    assert_int_equal(p.gone[0], 2);
    assert_int_equal(p.gone[1], 9);
    assert_int_equal(p.both_n, 2);
    assert_int_equal(p.both[0], 3);
    syncplan_release(&p);
}

static void
test_empty_sides(void **state)
{
    (void)state;
    const struct store_uid local[] = {{4, 0}};
    struct syncplan p;
    assert_int_equal(syncplan_make(NULL, 0, (struct wire_blob){"", 0}, &p), SP_OK);
    assert_int_equal(p.fetch_n + p.gone_n + p.both_n, 0);
    syncplan_release(&p);
    assert_int_equal(syncplan_make(local, 1, (struct wire_blob){"", 0}, &p), SP_OK);
    assert_int_equal(p.gone_n, 1);
    syncplan_release(&p);
    assert_int_equal(syncplan_make(NULL, 0, BLOB(4294967295u), &p), SP_OK);
    assert_int_equal(p.fetch[0], 4294967295u);
    syncplan_release(&p);
}

static void
test_hostile_lists(void **state)
{
    (void)state;
    struct syncplan p;
    assert_int_equal(syncplan_make(NULL, 0, BLOB(3, 2), &p), SP_PROTOCOL);
    assert_int_equal(syncplan_make(NULL, 0, BLOB(3, 3), &p), SP_PROTOCOL);
    assert_int_equal(syncplan_make(NULL, 0, BLOB(0, 1), &p), SP_PROTOCOL);
    assert_int_equal(syncplan_make(NULL, 0, (struct wire_blob){"abc", 3}, &p), SP_PROTOCOL);
}

static void
test_need(void **state)
{
    (void)state;
    struct store_folder f = {.uidvalidity = 7, .uidnext = 12, .highestmodseq = 99, .total = 3};
    struct wm_imap_selected s = {.uidvalidity = 7, .uidnext = 12, .highestmodseq = 99, .exists = 3};
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_NOTHING);
    assert_int_not_equal(syncplan_need(&f, 1, &s), SYNCPLAN_NOTHING); /* a row that no server has is not one of its own */
    s.highestmodseq = 100;
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_GROWN);
    s.uidnext = 14;
    struct syncplan p;
    assert_int_equal(syncplan_grown(&f, &s, &p), SP_OK);
    assert_int_equal(p.fetch_n, 2);
    assert_int_equal(p.fetch[0], 13);
    assert_int_equal(p.fetch[1], 12);
    syncplan_release(&p);
    s.uidnext = 2000; /* so many may not exist: the server is asked which do */
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_COMPARE);
    s.uidnext = 11; /* never goes back, but a server may lie */
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_COMPARE);
    s.uidnext = 12;
    s.highestmodseq = f.highestmodseq = 0; /* no CONDSTORE: flags may have changed */
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_COMPARE);
    s.uidvalidity = 8;
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_RESET);
    f.uidvalidity = 0;
    assert_int_equal(syncplan_need(&f, 0, &s), SYNCPLAN_COMPARE);
}

static void
check_set(const uint32_t *uids, size_t n, const char *expected)
{
    struct buf b = BUF_INIT;
    syncplan_uid_set(&b, uids, n);
    assert_string_equal(buf_str(&b), expected);
    buf_release(&b);
}

static void
test_find(void **state)
{
    (void)state;
    const struct store_uid local[] = {{0, 9}, {2, 1}, {5, 4}, {900, 7}};
    uint32_t flags = 0;
    assert_true(syncplan_find(local, 4, 900, &flags));
    assert_int_equal(flags, 7);
    assert_true(syncplan_find(local, 4, 2, &flags));
    assert_int_equal(flags, 1);
    assert_false(syncplan_find(local, 4, 3, &flags));
    assert_false(syncplan_find(local, 4, 901, &flags));
    assert_false(syncplan_find(NULL, 0, 1, &flags));
}

static void
test_uid_sets(void **state)
{
    (void)state;
    check_set((const uint32_t[]){9, 8, 7, 3, 1}, 5, "7:9,3,1");
    check_set((const uint32_t[]){1, 2, 3, 7, 9, 10}, 6, "1:3,7,9:10");
    check_set((const uint32_t[]){5}, 1, "5");
    check_set((const uint32_t[]){5, 6, 5}, 2, "5:6");
    check_set((const uint32_t[]){4294967294u, 4294967295u}, 2, "4294967294:4294967295");
    check_set(NULL, 0, "");
}

static void
test_chunks_cover_everything(void **state)
{
    (void)state;
    struct syncplan p = {.fetch_n = 2000};
    size_t at = 0, n = 0;
    while (at < p.fetch_n) {
        size_t chunk = syncplan_chunk(&p, at);
        assert_true(chunk > 0);
        if (at == 0)
            assert_true(chunk <= 100);
        at += chunk;
        n++;
    }
    assert_int_equal(at, 2000);
    assert_true(n < 10);
}

/* Whatever the two sides have: the windows together plan what one comparison of everything does, in order, and each is bounded. */
static void
one_windowed(uint32_t seed)
{
    enum { MOST = 60, CAP = 7, SIZE = 5 };
    struct store_uid local[MOST];
    uint32_t server[MOST];
    size_t local_n = 0, server_n = 0, fetch = 0, gone = 0, both = 0, rounds = 0;
    struct syncplan whole;
    srand(seed);
    unsigned here = (unsigned)rand() % 5, there = (unsigned)rand() % 5;
    for (uint32_t uid = 1; uid <= MOST; uid++) {
        uint32_t shown = uid == MOST && seed % 3 == 0 ? UINT32_MAX : uid;
        if ((unsigned)rand() % 4 < here)
            local[local_n++] = (struct store_uid){shown, 0};
        if ((unsigned)rand() % 4 < there)
            server[server_n++] = shown;
    }
    struct wire_blob blob = {server, server_n * sizeof *server};
    assert_int_equal(syncplan_make(local, local_n, blob, &whole), SP_OK);
    for (uint32_t upto = UINT32_MAX, down = 1; down; upto = down) {
        struct store_uid below[CAP], window[CAP];
        struct syncplan p;
        size_t n = 0, last = fetch;
        for (size_t i = local_n; i-- > 0 && n < CAP;)
            if (local[i].uid <= upto)
                below[n++] = local[i];
        struct wire_blob part = syncplan_window(blob, upto, below, &n, CAP, SIZE, &down);
        assert_true(down < upto && part.len <= SIZE * sizeof *server && ++rounds < 100);
        for (size_t i = 0; i < n; i++)
            window[i] = below[n - 1 - i];
        assert_int_equal(syncplan_make(window, n, part, &p), SP_OK);
        for (size_t i = 0; i < p.fetch_n; i++)
            assert_int_equal(p.fetch[i], whole.fetch[last + i]);
        fetch += p.fetch_n;
        for (size_t i = 0; i < p.gone_n; i++)
            assert_true(p.gone[i] > down && p.gone[i] <= upto);
        gone += p.gone_n;
        both += p.both_n;
        syncplan_release(&p);
    }
    assert_true(fetch == whole.fetch_n && gone == whole.gone_n && both == whole.both_n);
    syncplan_release(&whole);
}

static void
test_windows(void **state)
{
    (void)state;
    for (uint32_t seed = 0; seed < 2000; seed++)
        one_windowed(seed);
}

static void
test_which_folders(void **state)
{
    (void)state;
    struct store_folder f = {.uidvalidity = 7, .uidnext = 10, .highestmodseq = 5, .total = 3, .unread = 1};
    struct wr_imap_state s = {.told = 1, .uidvalidity = 7, .uidnext = 10, .exists = 3, .unseen = 1, .highestmodseq = 5};
    const struct wr_imap_state same = s;
    assert_false(syncplan_must_open(&f, &s, true));
    s.unseen = 2; /* of no account beside mod-sequences */
    assert_false(syncplan_must_open(&f, &s, false));
    s.highestmodseq = 6;
    assert_true(syncplan_must_open(&f, &s, false));
    s = same;
    s.highestmodseq = 0;
    assert_false(syncplan_must_open(&f, &s, false));
    assert_true(syncplan_must_open(&f, &s, true));
    s.unseen = 0;
    assert_true(syncplan_must_open(&f, &s, false));
    s = same;
    s.exists = 4;
    assert_true(syncplan_must_open(&f, &s, false));
    s = same;
    s.uidnext = 11;
    assert_true(syncplan_must_open(&f, &s, false));
    s = same;
    s.uidvalidity = 8;
    assert_true(syncplan_must_open(&f, &s, false));
    s = same;
    s.told = 0;
    assert_true(syncplan_must_open(&f, &s, false));
}

static void
test_order(void **state)
{
    (void)state;
    struct store_folder f[] = {{.id = 1, .role = SP_FOLDER_ALL}, {.id = 2, .role = SP_FOLDER_SENT}, {.id = 3}, {.id = 4, .watched = true},
                               {.id = 5, .role = SP_FOLDER_INBOX}, {.id = 6}};
    const uint64_t with_screen[] = {5, 6, 4, 2, 3, 1}, without[] = {5, 4, 6, 2, 3, 1};
    syncplan_order(f, 6, 6);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(f[i].id, with_screen[i]);
    syncplan_order(f, 6, 0);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(f[i].id, without[i]);
}

static void
test_renamed(void **state)
{
    (void)state;
    const struct store_folder gone[] = {{.id = 1, .uidvalidity = 7, .uidnext = 10}, {.id = 2, .uidvalidity = 8, .uidnext = 5}, {.id = 3}};
    assert_ptr_equal(syncplan_renamed(gone, 3, &(struct wr_imap_state){.told = 1, .uidvalidity = 8, .uidnext = 6}), &gone[1]);
    assert_null(syncplan_renamed(gone, 3, &(struct wr_imap_state){.told = 1, .uidvalidity = 8, .uidnext = 4})); /* it went back */
    assert_null(syncplan_renamed(gone, 3, &(struct wr_imap_state){.told = 1, .uidvalidity = 9, .uidnext = 6}));
    assert_null(syncplan_renamed(gone, 3, &(struct wr_imap_state){.told = 0, .uidvalidity = 8, .uidnext = 6}));
    const struct store_folder twins[] = {{.id = 1, .uidvalidity = 7, .uidnext = 1}, {.id = 2, .uidvalidity = 7, .uidnext = 1}};
    assert_null(syncplan_renamed(twins, 2, &(struct wr_imap_state){.told = 1, .uidvalidity = 7, .uidnext = 1}));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_plan),     cmocka_unit_test(test_empty_sides), cmocka_unit_test(test_hostile_lists), cmocka_unit_test(test_need), cmocka_unit_test(test_windows), cmocka_unit_test(test_which_folders), cmocka_unit_test(test_order),
        cmocka_unit_test(test_renamed),
        cmocka_unit_test(test_find),     cmocka_unit_test(test_uid_sets), cmocka_unit_test(test_chunks_cover_everything),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
