/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where things are on the screen: pure functions from sizes to rectangles. Nothing here draws or knows a terminal. */
#ifndef UI_LAYOUT_H
#define UI_LAYOUT_H

#include <stdbool.h>

/* Below this nothing useful fits. */
#define LAYOUT_MIN_ROWS 10
#define LAYOUT_MIN_COLS 40

struct rect {
    int y, x, h, w; /* h or w 0: not shown */
};

struct layout_screen {
    bool too_small;
    struct rect title, body, hint, status;
};
void layout_screen(int rows, int cols, struct layout_screen *out);

/* The list of messages. Columns are absolute; w 0: left out because the screen is narrow. */
struct layout_index {
    struct rect sidebar, divider; /* w 0: no sidebar */
    struct rect head, rows;
    struct rect mark, flags, seal, lock, sender, risk, date, where, from, subject; /* y and h are those of `head` */
};
/* mixed: the rows come from several folders, which are named where there is room. */
void layout_index(struct rect body, bool sidebar, bool mixed, struct layout_index *out);

/* Reading: the frame that no message can draw in, and below it the text. */
#define LAYOUT_AXES 4
struct layout_message {
    struct rect from, to, cc, date, subject, files; /* one or more lines each, h 0: not shown */
    bool date_beside;                               /* the date stands at the right of `to` */
    struct rect bar, axes[LAYOUT_AXES], rule, text;
};
/* Wanted: lines that From's address needs (S37: whole), whether there is a Cc, whether there are attachments. */
struct layout_message_wish {
    int from_lines;
    bool cc, files;
};
void layout_message(struct rect body, const struct layout_message_wish *wish, struct layout_message *out);

/* Writing. */
struct layout_compose {
    struct rect fields;               /* From, To, Cc, Bcc, Subject, Security: one line each */
    struct rect plan_bar, plan;       /* what happens for each recipient */
    struct rect files_bar, files;     /* h 0: none */
    struct rect text_bar, text;
};
#define LAYOUT_COMPOSE_FIELDS 6
void layout_compose(struct rect body, int recipients, int files, struct layout_compose *out);

/* A box in the middle of `body`, at most h by w with its border; smaller when the body is. */
struct rect layout_box(struct rect body, int h, int w);

/* The first line to show of a list so that the cursor is seen: `top` moves as little as it can. n: lines in all. */
int layout_scroll(int top, int cursor, int height, int n);

#endif
