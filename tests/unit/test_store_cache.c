/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The limit of the cache's bodies: what goes first, what stays, and that nothing is fetched for nothing. */
#include "store_fixture.h"

#include <time.h>

#define BODY 10000

static void
put(struct fixture *f, uint64_t id)
{
    char bytes[BODY];
    memset(bytes, 'b', sizeof bytes);
    assert_int_equal(store_body_put(f->s, id, bytes, sizeof bytes), SP_OK);
}

/* has_body says what store_body_get finds. */
static bool
here(struct fixture *f, uint64_t id)
{
    struct store_message m;
    int fd = -1;
    assert_int_equal(store_message_get(f->s, id, &f->a, &m), SP_OK);
    enum sp_status st = store_body_get(f->s, id, &fd);
    assert_int_equal(st, m.has_body ? SP_OK : SP_NOT_FOUND);
    if (!st)
        close(fd);
    return m.has_body;
}

static uint64_t
counted(struct fixture *f, const uint64_t *ids, size_t n)
{
    uint64_t bytes = 0;
    for (size_t i = 0; i < n; i++)
        bytes += here(f, ids[i]) ? BODY : 0;
    return bytes;
}

static void
the_oldest_go_first(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), ids[20], unjudged[30];
    struct wr_verdict v = {.subject = "seen"};
    struct wire_blob blob;
    size_t n;

    assert_int_equal(store_cache_limit(f->s, 10 * BODY), SP_OK);
    for (int i = 0; i < 20; i++)
        ids[i] = fixture_message(f, folder, (uint32_t)i + 1, 1000 + i, "", "");
    v.signature.state = SP_SIGNATURE_GOOD;
    v.signature.covers = SP_COVERS_WHOLE;
    for (int i = 19; i >= 0; i--) { /* newest first, as they are fetched */
        put(f, ids[i]);
        assert_int_equal(store_verdict_put(f->s, ids[i], &v, "verdict", 7), SP_OK);
    }
    assert_true(store_cache_bytes(f->s) <= 10 * BODY && store_cache_bytes(f->s) >= 9 * BODY);
    assert_int_equal(counted(f, ids, 20), store_cache_bytes(f->s));
    for (int i = 12; i < 20; i++)
        assert_true(here(f, ids[i]));
    /* What went is in the index as before, and is not fetched ahead again. */
    struct store_message m;
    for (int i = 0; i < 20; i++) {
        assert_int_equal(store_message_get(f->s, ids[i], &f->a, &m), SP_OK);
        assert_true(m.judged && m.seal == SP_SIGNATURE_GOOD);
        assert_int_equal(store_verdict_get(f->s, ids[i], &f->a, &blob), SP_OK);
        assert_false(!m.has_body && store_body_wanted(f->s, &m));
    }
    assert_int_equal(store_unjudged(f->s, folder, unjudged, 30, &n), SP_OK);
    assert_int_equal(n, 0);
    /* New mail is, and drives out the oldest. */
    uint64_t fresh = fixture_message(f, folder, 99, 5000, "", "");
    assert_int_equal(store_unjudged(f->s, folder, unjudged, 30, &n), SP_OK);
    assert_true(n == 1 && unjudged[0] == fresh);
    put(f, fresh);
    assert_true(here(f, fresh) && here(f, ids[19]) && store_cache_bytes(f->s) <= 10 * BODY);
    /* So are old ones again once there is room. */
    fixture_close(f);
    fixture_open(f, false);
    assert_int_equal(store_cache_limit(f->s, 30 * BODY), SP_OK);
    assert_int_equal(store_unjudged(f->s, folder, unjudged, 30, &n), SP_OK);
    assert_true(n >= 10);
}

static void
what_was_read_stays(void **state)
{
    struct fixture *f = *state;
    uint64_t folder = fixture_folder(f, "INBOX", SP_FOLDER_INBOX, false), ids[30];
    int64_t now = (int64_t)time(NULL);

    assert_int_equal(store_cache_limit(f->s, 10 * BODY), SP_OK);
    for (int i = 0; i < 30; i++)
        ids[i] = fixture_message(f, folder, (uint32_t)i + 1, now - 86400 * (100 - i), "", "");
    put(f, ids[0]);
    assert_int_equal(store_body_used(f->s, ids[0]), SP_OK);
    assert_int_equal(store_body_used(f->s, ids[5]), SP_OK); /* not there: nothing */
    for (int i = 1; i < 30; i++)
        put(f, ids[i]);
    assert_true(here(f, ids[0]) && here(f, ids[29]) && !here(f, ids[1]) && !here(f, ids[15]));
    /* The one that is just being put stays, old as it may be: somebody waits for it. */
    put(f, ids[1]);
    assert_true(here(f, ids[1]));
    assert_true(store_cache_bytes(f->s) <= 10 * BODY);
}

static void
pinned_and_pending_stay(void **state)
{
    struct fixture *f = *state;
    uint64_t pinned = fixture_folder(f, "Pinned", SP_FOLDER_NONE, false), other = fixture_folder(f, "Other", SP_FOLDER_NONE, false);
    uint64_t local = fixture_folder(f, "Keep", SP_FOLDER_NONE, true), kept[10], here_only[3], ids[60], mine, unjudged[40];
    size_t n;
    bool more;

    assert_int_equal(store_cache_limit(f->s, 12 * BODY), SP_OK);
    assert_int_equal(store_folder_choose(f->s, pinned, false, true, true), SP_OK);
    for (int i = 0; i < 10; i++) {
        kept[i] = fixture_message(f, pinned, (uint32_t)i + 1, i, "", "");
        put(f, kept[i]);
    }
    for (int i = 0; i < 3; i++) { /* moved here, the server does not know yet */
        here_only[i] = fixture_message(f, other, 0, i, "", "");
        put(f, here_only[i]);
    }
    mine = fixture_message(f, local, 0, 0, "", "");
    put(f, mine);
    for (int i = 0; i < 60; i++) {
        ids[i] = fixture_message(f, other, (uint32_t)i + 1, 1000 + i, "", "");
        put(f, ids[i]);
    }
    assert_int_equal(counted(f, kept, 10), 10 * BODY);
    assert_int_equal(counted(f, here_only, 3), 3 * BODY);
    assert_true(here(f, mine));
    assert_true(counted(f, ids, 60) <= 2 * BODY); /* the limit is spent; the one put last may be above it */
    assert_int_equal(store_cache_bytes(f->s), 13 * BODY + counted(f, ids, 60));
    /* A pinned folder is fetched wholly, whatever the limit. */
    uint64_t old = fixture_message(f, pinned, 77, -5, "", "");
    assert_int_equal(store_unjudged(f->s, pinned, unjudged, 40, &n), SP_OK);
    assert_true(n == 11 && unjudged[10] == old);
    /* Unpinned, they are as others. */
    assert_int_equal(store_folder_choose(f->s, pinned, false, false, true), SP_OK);
    assert_int_equal(store_cache_limit(f->s, 5 * BODY), SP_OK);
    for (int i = 0; i < 20; i++)
        assert_int_equal(store_trim(f->s, &more), SP_OK);
    assert_false(more);
    assert_true(store_cache_bytes(f->s) <= 5 * BODY);
    assert_int_equal(counted(f, here_only, 3), 3 * BODY);
}

/* The counter holds whatever happens to messages; a call's work is bounded. */
static void
the_counter_holds(void **state)
{
    struct fixture *f = *state;
    uint64_t a = fixture_folder(f, "A", SP_FOLDER_NONE, false), b = fixture_folder(f, "B", SP_FOLDER_NONE, false);
    uint64_t local = fixture_folder(f, "L", SP_FOLDER_NONE, true), ids[200], id;
    bool more;

    for (int i = 0; i < 200; i++) {
        ids[i] = fixture_message(f, a, (uint32_t)i + 1, i, "", "");
        put(f, ids[i]);
        put(f, ids[i]); /* again */
    }
    assert_int_equal(store_cache_bytes(f->s), 200 * BODY);
    assert_int_equal(store_message_remove(f->s, ids[0]), SP_OK);
    assert_int_equal(store_message_move(f->s, ids[1], b, true, &id), SP_OK);
    assert_int_equal(store_message_move(f->s, ids[2], local, false, &id), SP_OK);
    assert_int_equal(store_message_move(f->s, id, b, false, &id), SP_OK);
    assert_int_equal(store_cache_bytes(f->s), 200 * BODY);
    assert_int_equal(store_begin(f->s), SP_OK);
    put(f, fixture_message(f, b, 500, 1, "", ""));
    store_rollback(f->s);
    assert_int_equal(store_cache_bytes(f->s), 200 * BODY);
    assert_int_equal(store_cache_limit(f->s, BODY), SP_OK);
    assert_int_equal(store_trim(f->s, &more), SP_OK);
    assert_true(more);
    assert_true(store_cache_bytes(f->s) >= 150 * BODY);
    assert_int_equal(store_cache_limit(f->s, 0), SP_OK);
    assert_int_equal(store_trim(f->s, &more), SP_OK);
    assert_false(more);
    assert_int_equal(store_folder_remove(f->s, a), SP_OK);
    assert_int_equal(store_folder_reset(f->s, b, 5), SP_OK);
    assert_int_equal(store_cache_bytes(f->s), 0);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        T(the_oldest_go_first), T(what_was_read_stays), T(pinned_and_pending_stay), T(the_counter_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
