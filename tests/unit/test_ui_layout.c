/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Layout: rectangles as text at several sizes; nothing overlaps, nothing leaves its area, text always keeps some lines. */
#include "unit.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "ui/layout.h"

static void
put(struct buf *out, const char *name, struct rect r)
{
    if (r.h > 0 && r.w > 0)
        buf_addf(out, "%s %d,%d %dx%d\n", name, r.y, r.x, r.h, r.w);
}

static void
screen(void **state)
{
    struct layout_screen s;
    (void)state;
    layout_screen(24, 80, &s);
    struct buf text = BUF_INIT;
    put(&text, "title", s.title);
    put(&text, "body", s.body);
    put(&text, "hint", s.hint);
    put(&text, "status", s.status);
    assert_string_equal(buf_str(&text), "title 0,0 1x80\nbody 1,0 21x80\nhint 22,0 1x80\nstatus 23,0 1x80\n");
    buf_release(&text);
    layout_screen(9, 80, &s);
    assert_true(s.too_small);
    layout_screen(24, 39, &s);
    assert_true(s.too_small);
    layout_screen(10, 40, &s);
    assert_false(s.too_small);
}

static void
index_text(struct rect body, bool sidebar, struct buf *out)
{
    struct layout_index l;
    layout_index(body, sidebar, false, &l);
    put(out, "sidebar", l.sidebar);
    put(out, "rows", l.rows);
    put(out, "flags", l.flags);
    put(out, "seal", l.seal);
    put(out, "risk", l.risk);
    put(out, "date", l.date);
    put(out, "from", l.from);
    put(out, "subject", l.subject);
}

static void
index_columns(void **state)
{
    struct buf text = BUF_INIT;
    (void)state;
    index_text((struct rect){1, 0, 21, 80}, true, &text);
    assert_string_equal(buf_str(&text), "rows 2,0 20x80\nflags 1,1 1x2\nseal 1,4 1x1\nrisk 1,7 1x1\ndate 1,9 1x10\nfrom 1,20 1x24\n"
                                        "subject 1,45 1x35\n");
    buf_clear(&text);
    index_text((struct rect){1, 0, 37, 120}, true, &text);
    assert_string_equal(buf_str(&text), "sidebar 1,0 37x24\nrows 2,25 36x95\nflags 1,26 1x2\nseal 1,29 1x1\nrisk 1,32 1x1\n"
                                        "date 1,34 1x10\nfrom 1,45 1x28\nsubject 1,74 1x46\n");
    buf_clear(&text);
    index_text((struct rect){1, 0, 7, 40}, true, &text);
    assert_string_equal(buf_str(&text), "rows 2,0 6x40\nflags 1,1 1x2\nseal 1,4 1x1\nrisk 1,7 1x1\nfrom 1,9 1x13\nsubject 1,23 1x17\n");
    buf_release(&text);
}

/* Every line of the area belongs to at most one piece; pieces stay inside. */
static void
check_stack(struct rect area, const struct rect *pieces, size_t n)
{
    int used[200] = {0};
    assert_true(area.y + area.h < 200);
    for (size_t i = 0; i < n; i++) {
        if (pieces[i].h <= 0)
            continue;
        assert_true(pieces[i].y >= area.y && pieces[i].y + pieces[i].h <= area.y + area.h);
        assert_true(pieces[i].x >= area.x && pieces[i].x + pieces[i].w <= area.x + area.w);
        for (int y = pieces[i].y; y < pieces[i].y + pieces[i].h; y++)
            assert_int_equal(used[y]++, 0);
    }
}

static void
message_always_fits(void **state)
{
    (void)state;
    for (int h = 7; h < 60; h++) {
        for (int w = 40; w < 130; w += 13) {
            for (int wish_bits = 0; wish_bits < 16; wish_bits++) {
                const struct rect area = {1, 0, h, w};
                const struct layout_message_wish wish = {1 + (wish_bits & 3) * 2, wish_bits & 4, wish_bits & 8};
                struct layout_message l;
                layout_message(area, &wish, &l);
                struct rect pieces[] = {l.from, l.to, l.cc, l.subject, l.files, l.bar, l.axes[0], l.axes[1], l.axes[2], l.axes[3], l.rule,
                                        l.text, l.date_beside ? (struct rect){0} : l.date};
                check_stack(area, pieces, COUNT(pieces));
                /* S37, S39: the address, the summary, who signed and what is dangerous are there at any size, and text too */
                assert_true(l.from.h >= 1 && l.bar.h == 1 && l.axes[0].h == 1 && l.axes[3].h == 1 && l.text.h >= 2);
                if (h >= 12)
                    assert_true(l.axes[1].h == 1 && l.axes[2].h == 1 && l.subject.h == 1 && l.to.h == 1);
            }
        }
    }
}

static void
long_address_gets_its_lines(void **state)
{
    struct layout_message l;
    (void)state;
    layout_message((struct rect){1, 0, 21, 80}, &(struct layout_message_wish){.from_lines = 3}, &l);
    assert_int_equal(l.from.h, 3);
    assert_true(l.date_beside);
    layout_message((struct rect){1, 0, 37, 120}, &(struct layout_message_wish){.from_lines = 1, .cc = true}, &l);
    assert_false(l.date_beside);
    assert_int_equal(l.cc.h, 1);
}

static void
compose_always_fits(void **state)
{
    (void)state;
    for (int h = 7; h < 60; h++) {
        for (int recipients = 0; recipients < 40; recipients += 3) {
            for (int files = 0; files < 9; files += 2) {
                const struct rect area = {1, 0, h, 80};
                struct layout_compose l;
                layout_compose(area, recipients, files, &l);
                struct rect pieces[] = {l.fields, l.plan_bar, l.plan, l.files_bar, l.files, l.text_bar, l.text};
                check_stack(area, pieces, COUNT(pieces));
                assert_int_equal(l.fields.h, 6);
                if (h >= 12)
                    assert_true(l.plan.h >= 1 && l.text.h >= 2);
            }
        }
    }
}

static void
boxes_and_scrolling(void **state)
{
    (void)state;
    struct rect r = layout_box((struct rect){1, 0, 21, 80}, 8, 60);
    assert_true(r.y == 7 && r.x == 10 && r.h == 8 && r.w == 60);
    r = layout_box((struct rect){1, 0, 7, 40}, 30, 76);
    assert_true(r.h == 7 && r.w == 40);
    assert_int_equal(layout_scroll(0, 5, 10, 100), 0);
    assert_int_equal(layout_scroll(0, 10, 10, 100), 1);
    assert_int_equal(layout_scroll(50, 49, 10, 100), 49);
    assert_int_equal(layout_scroll(95, 99, 10, 100), 90);
    assert_int_equal(layout_scroll(7, 2, 10, 3), 0);
    assert_int_equal(layout_scroll(0, 0, 10, 0), 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(screen),
        cmocka_unit_test(index_columns),
        cmocka_unit_test(message_always_fits),
        cmocka_unit_test(long_address_gets_its_lines),
        cmocka_unit_test(compose_always_fits),
        cmocka_unit_test(boxes_and_scrolling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
