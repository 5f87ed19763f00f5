/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the size of the terminal to rectangles. */
#include "layout.h"

#include <string.h>

#define SIDEBAR_FROM_COLS 100 /* narrower screens give all columns to the messages */
#define WHERE_FROM_COLS 90    /* of the list alone */
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
layout_index(struct rect body, bool sidebar, bool mixed, struct layout_index *out)
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
    bool where = mixed && list.w >= WHERE_FROM_COLS;
    out->where = column(out->head, &x, where ? 14 : 0, 1);
    int from = narrow ? (end - x) * 45 / 100 : list.w * 30 / 100;
    out->from = column(out->head, &x, at_most(from, 44), 1);
    out->subject = column(out->head, &x, at_least(end - x, 0), 0);
}

/* What the frame shows when there is little room, the most important first: who signed and what is dangerous go before the rest. */
enum piece { PIECE_FROM, PIECE_BAR, PIECE_SIGNATURE, PIECE_DANGER, PIECE_SUBJECT, PIECE_ENCRYPTION, PIECE_SENDER, PIECE_TO, PIECE_RULE, PIECES };

/* The next n lines. */
static struct rect
take_lines(struct rect body, int *y, int n)
{
    struct rect r = {*y, body.x, n, body.w};
    *y += n;
    return r;
}

void
layout_message(struct rect body, const struct layout_message_wish *wish, struct layout_message *out)
{
    memset(out, 0, sizeof *out);
    int y = body.y, spare = at_least(body.h - (body.h > 12 ? 3 : 2), 0); /* some lines of text are always left */
    int shown[PIECES];
    for (int i = 0; i < PIECES; i++) {
        shown[i] = spare > 0;
        spare -= shown[i];
    }
    /* Then the address as whole as it gets, and what else there is room for. */
    int from = at_least(1, at_most(wish->from_lines, 1 + spare));
    spare -= from - 1;
    bool files = wish->files && spare > 0;
    spare -= files;
    bool cc = wish->cc && spare > 2;
    spare -= cc;
    out->date_beside = body.h < ROOMY_ROWS || spare < 3;

    out->from = take_lines(body, &y, shown[PIECE_FROM] * from);
    out->to = take_lines(body, &y, shown[PIECE_TO]);
    out->cc = take_lines(body, &y, cc);
    out->date = take_lines(body, &y, !out->date_beside);
    out->subject = take_lines(body, &y, shown[PIECE_SUBJECT]);
    out->files = take_lines(body, &y, files);
    out->bar = take_lines(body, &y, shown[PIECE_BAR]);
    out->axes[0] = take_lines(body, &y, shown[PIECE_SIGNATURE]);
    out->axes[1] = take_lines(body, &y, shown[PIECE_ENCRYPTION]);
    out->axes[2] = take_lines(body, &y, shown[PIECE_SENDER]);
    out->axes[3] = take_lines(body, &y, shown[PIECE_DANGER]);
    out->rule = take_lines(body, &y, shown[PIECE_RULE]);
    if (out->date_beside) {
        int w = out->to.h == 0 ? 0 : body.w >= 60 ? 20 : body.w >= 50 ? 14 : 0; /* the text is cut to what is left of it */
        out->date = (struct rect){out->to.y, body.x + body.w - w, w ? 1 : 0, w};
        out->to.w -= w ? w + 1 : 0;
    }
    out->text = (struct rect){y, body.x, at_least(body.y + body.h - y, 0), body.w};
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
