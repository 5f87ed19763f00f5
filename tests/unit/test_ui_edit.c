/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Editing one line and many: characters with marks, wide ones, undo, wrapping; and a random walk against a plain model. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "ui/draw.h"
#include "ui/edit.h"
#include "ui/line.h"

#define CTRL(c) ((c) & 0x1F)

static void
type(struct line *l, const char *text)
{
    for (size_t at = 0; at < strlen(text);) {
        uint32_t cp;
        at += utf8_decode(text + at, strlen(text) - at, &cp);
        assert_true(line_key(l, cp));
    }
}

static void
line_editing(void **state)
{
    struct line l;
    (void)state;
    line_init(&l);
    type(&l, "one tw\xC3\xB6 e\xCC\x81");
    assert_string_equal(line_text(&l), "one tw\xC3\xB6 e\xCC\x81");
    assert_true(line_key(&l, K_LEFT));
    assert_int_equal(l.cursor, 9); /* over the letter with its mark at once */
    assert_true(line_key(&l, K_DELETE));
    assert_string_equal(line_text(&l), "one tw\xC3\xB6 ");
    assert_true(line_key(&l, CTRL('W')));
    assert_string_equal(line_text(&l), "one ");
    type(&l, "\xE4\xBD\xA0\xE5\xA5\xBD");
    assert_true(line_key(&l, K_BACKSPACE));
    assert_string_equal(line_text(&l), "one \xE4\xBD\xA0");
    assert_true(line_key(&l, K_HOME));
    type(&l, "X");
    assert_true(line_key(&l, CTRL('K')));
    assert_string_equal(line_text(&l), "X");
    assert_true(line_key(&l, CTRL('U')));
    assert_string_equal(line_text(&l), "");
    assert_true(line_key(&l, K_BACKSPACE)); /* nothing there: nothing happens */
    assert_false(line_key(&l, K_F5));
    assert_false(line_key(&l, 0x9B));
    assert_false(line_key(&l, 0x07));
    line_release(&l);
}

static void
line_scrolls(void **state)
{
    struct line l;
    int column;
    (void)state;
    line_init(&l);
    line_set(&l, "abcdefghij");
    assert_int_equal(line_view(&l, 20, &column), 0);
    assert_int_equal(column, 10);
    assert_int_equal(line_view(&l, 5, &column), 6);
    assert_int_equal(column, 4);
    line_set(&l, "\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0");
    size_t start = line_view(&l, 5, &column);
    assert_int_equal(start, 3);
    assert_int_equal(column, 4);
    l.cursor = 0;
    assert_int_equal(line_view(&l, 5, &column), 0);
    line_release(&l);
}

static void
keys(struct edit *e, const uint32_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        (void)edit_key(e, list[i], 10);
}
#define KEYS(e, ...) keys(e, (const uint32_t[]){__VA_ARGS__}, COUNT(((const uint32_t[]){__VA_ARGS__})))

static void
text_editing(void **state)
{
    struct edit e;
    (void)state;
    edit_init(&e);
    edit_set(&e, "");
    KEYS(&e, 'a', 'b', K_ENTER, 'c', 0x4F60);
    assert_string_equal(buf_str(&e.text), "ab\nc\xE4\xBD\xA0");
    KEYS(&e, K_BACKSPACE, K_BACKSPACE, K_BACKSPACE);
    assert_string_equal(buf_str(&e.text), "ab");
    /* Every deletion is a step, what was typed in one go is one, too. */
    assert_true(edit_undo(&e) && edit_undo(&e) && edit_undo(&e));
    assert_string_equal(buf_str(&e.text), "ab\nc\xE4\xBD\xA0");
    assert_true(edit_undo(&e));
    assert_string_equal(buf_str(&e.text), "ab\n");
    assert_true(edit_undo(&e) && edit_undo(&e));
    assert_string_equal(buf_str(&e.text), "");
    assert_false(edit_undo(&e));
    edit_release(&e);
}

static void
text_moving(void **state)
{
    struct edit e;
    (void)state;
    edit_init(&e);
    edit_set(&e, "first line\nx\nthird line");
    KEYS(&e, K_END, K_DOWN);
    assert_int_equal(e.cursor, 12); /* the end of "x" */
    KEYS(&e, K_DOWN);
    assert_int_equal(e.cursor, 13 + 10); /* and the old column again */
    KEYS(&e, K_TOP, K_WORD_RIGHT);
    assert_int_equal(e.cursor, 6);
    KEYS(&e, K_BOTTOM, K_WORD_LEFT);
    assert_int_equal(e.cursor, 13 + 6);
    KEYS(&e, K_UP, K_UP, K_UP, K_UP);
    assert_int_equal(e.cursor, 6);
    edit_release(&e);
}

static void
text_wrapping(void **state)
{
    struct edit e;
    size_t n, row;
    int col;
    (void)state;
    edit_init(&e);
    edit_set(&e, "aaa bbb ccc ddd\n\n\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0\xE5\xA5\xBD\xE4\xBD\xA0");
    edit_width(&e, 9);
    const struct edit_row *rows = edit_rows(&e, &n);
    assert_int_equal(n, 5);
    assert_true(rows[0].at == 0 && rows[0].len == 8);
    assert_true(rows[1].at == 8 && rows[1].len == 7);
    assert_true(rows[2].at == 16 && rows[2].len == 0);
    assert_true(rows[3].at == 17 && rows[3].len == 12);
    assert_true(rows[4].at == 29 && rows[4].len == 3);
    KEYS(&e, K_BOTTOM);
    edit_position(&e, &row, &col);
    assert_true(row == 4 && col == 2);
    KEYS(&e, K_UP, K_UP, K_UP);
    edit_position(&e, &row, &col);
    assert_true(row == 1 && col == 2);
    edit_release(&e);
}

static void
cutting(void **state)
{
    struct edit e;
    (void)state;
    edit_init(&e);
    edit_set(&e, "one\ntwo\nthree");
    edit_cut_line(&e);
    edit_cut_line(&e);
    assert_string_equal(buf_str(&e.text), "three");
    KEYS(&e, K_END, K_ENTER);
    edit_paste(&e);
    assert_string_equal(buf_str(&e.text), "three\none\ntwo\n");
    assert_true(edit_undo(&e) && edit_undo(&e) && edit_undo(&e) && edit_undo(&e));
    assert_string_equal(buf_str(&e.text), "one\ntwo\nthree");
    edit_release(&e);
}

/* Whatever is typed: the cursor stays between characters, the text is valid, rows cover it, and undo leads back to the start. */
static void
random_walk(void **state)
{
    static const uint32_t choice[] = {'a', ' ', 0x301, 0x4F60, 0x1F512, K_ENTER, K_ENTER, K_BACKSPACE, K_DELETE, K_LEFT, K_RIGHT, K_UP, K_DOWN,
                                      K_HOME, K_END, K_PAGE_UP, K_PAGE_DOWN, K_TAB, K_TOP, K_BOTTOM, K_WORD_LEFT, K_WORD_RIGHT};
    unsigned seed = 12345;
    struct edit e;
    (void)state;
    edit_init(&e);
    edit_set(&e, "start \xE4\xBD\xA0\n");
    edit_width(&e, 7);
    for (int i = 0; i < 900; i++) {
        size_t n, row;
        int col;
        seed = seed * 1103515245 + 12345;
        unsigned r = seed >> 16;
        if (r % 37 == 0)
            edit_cut_line(&e);
        else if (r % 41 == 0)
            edit_paste(&e);
        else
            (void)edit_key(&e, choice[r % COUNT(choice)], 5);
        assert_true(e.cursor <= e.text.len);
        assert_true(utf8_valid(buf_str(&e.text), e.text.len));
        assert_true(e.cursor == e.text.len || ((unsigned char)e.text.data[e.cursor] & 0xC0) != 0x80);
        const struct edit_row *rows = edit_rows(&e, &n);
        edit_position(&e, &row, &col);
        assert_true(row < n && rows[row].at <= e.cursor && e.cursor <= rows[row].at + rows[row].len);
        assert_true(rows[n - 1].at + rows[n - 1].len == e.text.len);
        if (e.text.len > 3000)
            edit_set(&e, "start \xE4\xBD\xA0\n");
    }
    edit_set(&e, "again");
    for (int i = 0; i < 200; i++)
        (void)edit_key(&e, choice[i * 7 % COUNT(choice)], 5);
    while (edit_undo(&e))
        ;
    assert_string_equal(buf_str(&e.text), "again");
    edit_release(&e);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(line_editing), cmocka_unit_test(line_scrolls), cmocka_unit_test(text_editing), cmocka_unit_test(text_moving),
        cmocka_unit_test(text_wrapping), cmocka_unit_test(cutting), cmocka_unit_test(random_walk),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
