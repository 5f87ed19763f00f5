/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Scrolling through text: made safe, wrapped to the width, and only as far as it is looked at. */
#ifndef UI_PAGER_H
#define UI_PAGER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "draw.h"
#include "keymap.h"

struct pager_block {
    const char *text;
    size_t len;
    enum theme_style style;
    int indent;
    bool raw;      /* many lines, quotes coloured, as it came; borrowed */
    bool framed;   /* a bar in the gutter, which no text reaches */
    bool heading;  /* the frame begins here */
    bool owned;
};

struct pager_row {
    size_t at, len;    /* in `safe` */
    size_t block, from; /* where it begins in the source */
    short indent;
    unsigned char style;
};

struct pager {
    struct pager_block *blocks; /* owned */
    size_t blocks_n, blocks_cap;
    struct buf safe;            /* the wrapped part, safe for the terminal */
    struct pager_row *rows;     /* owned */
    size_t rows_n, rows_cap;
    size_t next_block, next_at; /* what is wrapped next */
    size_t top;
    size_t start;               /* the row that is to be the top one once the width is known; 0: as it is */
    int width, height;
    int gutter;                 /* columns left of the text that only frames are drawn in */
    bool failed;
};

void pager_init(struct pager *p);
void pager_release(struct pager *p);
/* Away with all text; the position goes to the top. */
void pager_clear(struct pager *p);
/* A text of many lines; borrowed until pager_clear or pager_release. */
void pager_text(struct pager *p, const char *text, size_t len);
/* A stretch of such a text in a frame of its own, with a heading that is copied. */
void pager_framed(struct pager *p, enum theme_style style, const char *heading, const char *text, size_t len);
/* A paragraph, copied: line ends in it become blanks, whoever wrote it. */
void pager_add(struct pager *p, enum theme_style style, int indent, const char *text);
/* "label  text" with the text indented to `column`. */
void pager_pair(struct pager *p, const char *label, int column, const char *text);
/* Wraps everything to this width: rows_n is then the number of lines. */
void pager_measure(struct pager *p, int width);
void pager_draw(struct pager *p, struct draw *d, struct rect r);
/* Moving actions; false for another one. *end (may be NULL) says that it was at the end already. */
bool pager_move(struct pager *p, enum action a, bool *end);
/* The next row below the top that contains the word (ASCII letters in any case) gets to the top; goes round once. */
bool pager_find(struct pager *p, const char *word);
/* Position for the title: percent of the text that has been seen; 100 when all of it fits. */
int pager_percent(const struct pager *p);

#endif
