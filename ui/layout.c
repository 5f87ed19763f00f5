/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the size of the terminal to rectangles. */
#include "layout.h"

#include <string.h>

#define SIDEBAR_FROM_COLS 100 /* narrower screens give all columns to the messages */
#define ROOMY_ROWS 28         /* from here on every header has a line of its own */

static int
at_least(int a, int b)
{
    return a > b ? a : b;
}

static int
at_most(int a, int b)
{
    return a < b ? a : b;
}

void
layout_screen(int rows, int cols, struct layout_screen *out)
{
    memset(out, 0, sizeof *out);
    out->too_small = rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS;
    if (out->too_small)
        return;
    out->title = (struct rect){0, 0, 1, cols};
    out->body = (struct rect){1, 0, rows - 3, cols};
    out->hint = (struct rect){rows - 2, 0, 1, cols};
    out->status = (struct rect){rows - 1, 0, 1, cols};
}

/* Gives the next column its width and leaves a gap behind it. */
static struct rect
column(struct rect line, int *x, int w, int gap)
{
    struct rect r = {line.y, *x, line.h, w};
    if (w > 0)
        *x += w + gap;
    return r;
}

void
layout_index(struct rect body, bool sidebar, struct layout_index *out)
{
    memset(out, 0, sizeof *out);
    struct rect list = body;
    if (sidebar && body.w >= SIDEBAR_FROM_COLS) {
        int w = at_most(body.w / 5, 32);
        out->sidebar = (struct rect){body.y, body.x, body.h, w};
        out->divider = (struct rect){body.y, body.x + w, body.h, 1};
        list.x += w + 1;
        list.w -= w + 1;
    }
    out->head = (struct rect){list.y, list.x, 1, list.w};
    out->rows = (struct rect){list.y + 1, list.x, list.h - 1, list.w};

    int x = list.x, end = list.x + list.w;
    bool narrow = list.w < 60;
    out->mark = column(out->head, &x, 1, 0);
    out->flags = column(out->head, &x, 2, 1);
    out->seal = column(out->head, &x, 1, 0);
    out->lock = column(out->head, &x, 1, 0);
    out->sender = column(out->head, &x, 1, 0);
    out->risk = column(out->head, &x, 1, 1);
    out->date = column(out->head, &x, narrow ? 0 : 10, 1);
    int from = narrow ? (end - x) * 45 / 100 : list.w * 30 / 100;
    out->from = column(out->head, &x, at_most(from, 44), 1);
    out->subject = column(out->head, &x, at_least(end - x, 0), 0);
}

void
layout_message(struct rect body, const struct layout_message_wish *wish, struct layout_message *out)
{
    memset(out, 0, sizeof *out);
    bool roomy = body.h >= ROOMY_ROWS;
    int y = body.y;
    struct rect line = {0, body.x, 1, body.w};
#define PLACE(member, lines) (line.y = y, out->member = line, out->member.h = (lines), y += (lines))
    /* The frame never takes more than what leaves three lines of text; the address goes before everything else. */
    int fixed = 1 /* to */ + 1 /* subject */ + 1 /* bar */ + LAYOUT_AXES + 1 /* rule */;
    int spare = at_least(body.h - 3 - fixed - 1, 0);
    int from_lines = at_least(1, at_most(wish->from_lines, 1 + spare));
    spare -= from_lines - 1;

    PLACE(from, from_lines);
    PLACE(to, 1);
    if (wish->cc && spare > 2) {
        PLACE(cc, 1);
        spare--;
    }
    out->date_beside = !roomy || spare < 3;
    if (!out->date_beside) {
        PLACE(date, 1);
        spare--;
    }
    PLACE(subject, 1);
    if (wish->files && spare > 0)
        PLACE(files, 1);
    PLACE(bar, 1);
    for (int i = 0; i < LAYOUT_AXES; i++)
        PLACE(axes[i], 1);
    PLACE(rule, 1);
    if (out->date_beside) {
        int w = body.w >= 60 ? 20 : body.w >= 50 ? 14 : 0; /* the text is cut to what is left of it */
        out->date = (struct rect){out->to.y, body.x + body.w - w, 1, w};
        out->to.w -= w ? w + 1 : 0;
    }
    out->text = (struct rect){y, body.x, at_least(body.y + body.h - y, 0), body.w};
#undef PLACE
}

void
layout_compose(struct rect body, int recipients, int files, struct layout_compose *out)
{
    memset(out, 0, sizeof *out);
    int y = body.y;
    out->fields = (struct rect){y, body.x, at_most(LAYOUT_COMPOSE_FIELDS, body.h), body.w};
    y += out->fields.h;
    int left = body.y + body.h - y;
    /* At least two lines of text under their bar when there is any room; what remains goes to the recipients first. */
    int text_least = at_most(left, 3);
    left -= text_least;
    int plan = at_most(at_least(recipients, 1), at_least(left - 1, 0));
    if (plan > 0) {
        plan = at_most(plan, at_least(left * 2 / 3, 1));
        out->plan_bar = (struct rect){y++, body.x, 1, body.w};
        out->plan = (struct rect){y, body.x, plan, body.w};
        y += plan;
        left -= plan + 1;
    }
    int shown = at_most(files, at_least(left - 1, 0));
    if (shown > 0) {
        shown = at_most(shown, at_least(left / 2, 1));
        out->files_bar = (struct rect){y++, body.x, 1, body.w};
        out->files = (struct rect){y, body.x, shown, body.w};
        y += shown;
    }
    out->text_bar = (struct rect){y++, body.x, 1, body.w};
    out->text = (struct rect){y, body.x, at_least(body.y + body.h - y, 0), body.w};
}

struct rect
layout_box(struct rect body, int h, int w)
{
    h = at_most(h, body.h);
    w = at_most(w, body.w);
    return (struct rect){body.y + (body.h - h) / 2, body.x + (body.w - w) / 2, h, w};
}

int
layout_scroll(int top, int cursor, int height, int n)
{
    if (height <= 0)
        return cursor;
    if (cursor < top)
        top = cursor;
    if (cursor >= top + height)
        top = cursor - height + 1;
    top = at_most(top, at_least(n - height, 0));
    return at_least(top, 0);
}
