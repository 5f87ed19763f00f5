/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of the list of messages: the cursor stays on its message, pages join without gaps or doubles, marks; and the options. */
#include "unit.h"

#include <string.h>

#include "ui/index_rows.h"
#include "ui/list.h"
#include "ui/options.h"

static struct wr_index_row store[5000];

/* Rows with the ids from `newest` down to `oldest`. */
static struct wm_index_rows
page(uint64_t newest, uint64_t oldest, uint64_t last)
{
    struct wm_index_rows m = {.total = (uint32_t)last, .rows = store, .more_older = oldest > 1, .more_newer = newest < last};
    for (uint64_t id = newest; id >= oldest && id; id--)
        store[m.rows_n++] = (struct wr_index_row){.id = id, .sort = (int64_t)id, .from_name = "", .from_address = "", .to = "", .subject = "s"};
    return m;
}

static void
check_descending(const struct index_rows *w)
{
    for (size_t i = 1; i < w->n; i++)
        assert_true(w->rows[i].id + 1 == w->rows[i - 1].id);
}

static void
cursor_stays(void **state)
{
    struct index_rows w = {0};
    struct list list = {.cursor = 0, .top = 0, .height = 10};
    (void)state;
    struct wm_index_rows m = page(100, 51, 100);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    list.cursor = 20; /* message 80 */
    list_fit(&list, (int)w.n, 10);
    assert_int_equal(list.top, 11);
    m = page(103, 54, 103); /* three new ones */
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    assert_int_equal(w.rows[list.cursor].id, 80);
    assert_int_equal(list.cursor - list.top, 9); /* the screen did not move */
    assert_int_equal(w.first, 1);
    /* At the very top the new one is seen. */
    list.cursor = list.top = 0;
    m = page(104, 55, 104);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    assert_int_equal(w.rows[list.cursor].id, 103);
    assert_int_equal(list.top, 0);
    /* Its message is gone: the next older one. */
    m = page(102, 60, 102);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    assert_int_equal(w.rows[list.cursor].id, 102);
    m = page(0, 1, 0);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    list_fit(&list, (int)w.n, 10);
    assert_int_equal(list.cursor, 0);
    index_rows_release(&w);
}

static void
pages_join(void **state)
{
    struct index_rows w = {0};
    struct list list = {.height = 10};
    uint64_t last = 5000;
    (void)state;
    struct wm_index_rows m = page(last, last - 49, last);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    while (w.more_older) { /* down to the oldest; the window stays bounded */
        uint64_t from = w.rows[w.n - 1].id;
        list.cursor = (int)w.n - 1;
        list_fit(&list, (int)w.n, 10);
        m = page(from, from > 60 ? from - 60 : 1, last); /* one row twice */
        assert_int_equal(index_rows_older(&w, &m, &list), SP_OK);
        check_descending(&w);
        assert_true(w.n <= INDEX_WINDOW + 100);
        assert_true(list.cursor >= 0 && list.cursor < (int)w.n && w.rows[list.cursor].id == from);
        assert_int_equal(w.first, last - w.rows[0].id + 1);
    }
    assert_int_equal(w.rows[w.n - 1].id, 1);
    assert_true(w.more_newer);
    while (w.more_newer) { /* and back up */
        uint64_t from = w.rows[0].id;
        list.cursor = 0;
        list_fit(&list, (int)w.n, 10);
        m = page(from + 59 < last ? from + 59 : last, from, last);
        assert_int_equal(index_rows_newer(&w, &m, &list), SP_OK);
        check_descending(&w);
        assert_true(w.rows[list.cursor].id == from);
    }
    assert_int_equal(w.rows[0].id, last);
    assert_int_equal(w.first, 1);
    assert_true(w.more_older);
    index_rows_release(&w);
}

static void
marks(void **state)
{
    struct index_rows w = {0};
    struct list list = {.cursor = 5, .top = 2, .height = 10};
    (void)state;
    struct wm_index_rows m = page(20, 1, 20);
    assert_int_equal(index_rows_replace(&w, &m, &list), SP_OK);
    list = (struct list){.cursor = 5, .top = 2, .height = 10};
    index_mark(&w, 7, true);
    index_mark(&w, 3, true);
    index_mark(&w, 7, true);
    index_mark(&w, 18, true);
    assert_int_equal(w.marks_n, 3);
    assert_true(index_marked(&w, 7) && index_marked(&w, 3) && !index_marked(&w, 4));
    uint64_t gone[] = {18, 7, 4711};
    index_rows_remove(&w, gone, 3, &list);
    assert_int_equal(w.n, 18);
    assert_int_equal(w.rows[list.cursor].id, 15); /* the cursor's message */
    assert_true(w.marks_n == 1 && index_marked(&w, 3));
    index_mark(&w, 3, false);
    assert_int_equal(w.marks_n, 0);
    index_rows_release(&w);
}

static void
moving(void **state)
{
    struct list l = {.height = 10};
    (void)state;
    assert_true(list_move(&l, ACTION_PAGE_DOWN, 100) && l.cursor == 9 && l.top == 9);
    assert_true(list_move(&l, ACTION_LAST, 100) && l.cursor == 99 && l.top == 90);
    assert_true(list_move(&l, ACTION_NEXT, 100) && l.cursor == 99);
    assert_true(list_move(&l, ACTION_PAGE_UP, 100) && l.cursor == 90 && l.top == 81);
    assert_true(list_move(&l, ACTION_FIRST, 100) && l.cursor == 0 && l.top == 0);
    assert_true(list_move(&l, ACTION_PREVIOUS, 100) && l.cursor == 0);
    assert_false(list_move(&l, ACTION_OPEN, 100));
    l = (struct list){.cursor = 9, .top = 0, .height = 10}; /* over the edge: some lines more */
    assert_true(list_move(&l, ACTION_NEXT, 100) && l.cursor == 10 && l.top == 3);
    assert_true(list_move(&l, ACTION_NEXT, 100) && l.cursor == 11 && l.top == 3);
    l.cursor = 3;
    assert_true(list_move(&l, ACTION_PREVIOUS, 100) && l.cursor == 2 && l.top == 0);
    list_fit(&l, 0, 0);
    assert_int_equal(l.cursor, 0);
}

static void
arguments(void **state)
{
    const char *const argv[] = {"ui", "--theme=light", "--bind=x=archive", "--ascii", "--bind=y=junk", "--editor", "--compose=mailto:a@b"};
    struct options o;
    const char *bad;
    (void)state;
    assert_int_equal(options_parse(&o, COUNT(argv), argv, &bad), SP_OK);
    assert_true(o.ascii && o.editor);
    assert_string_equal(o.theme, "light");
    assert_string_equal(o.compose, "mailto:a@b");
    assert_string_equal(options_binding(&o, 0), "x=archive");
    assert_string_equal(options_binding(&o, 1), "y=junk");
    assert_null(options_binding(&o, 2));
    const char *const wrong[] = {"ui", "--nonsense"};
    assert_int_equal(options_parse(&o, 2, wrong, &bad), SP_INVALID);
    assert_string_equal(bad, "--nonsense");
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_stays), cmocka_unit_test(pages_join), cmocka_unit_test(marks), cmocka_unit_test(moving), cmocka_unit_test(arguments),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
