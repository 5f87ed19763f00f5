/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What index.c and index_draw.c share. */
#ifndef UI_INDEX_H
#define UI_INDEX_H

#include "index_rows.h"
#include "views.h"

struct index {
    struct view view;
    uint64_t folder;             /* 0: none yet */
    struct index_rows window;
    struct list list;
    bool loaded;                 /* the first page has come */
    bool older, newer, replacing; /* requests on their way */
    bool again;                  /* changed once more while replacing */
    bool to_start, to_end;       /* where the cursor goes when the page is there */
    bool no_sidebar, composed;
    bool provisional;            /* nobody chose this folder: it gives way to the inbox of an account */
};

void index_draw(struct app *a, struct view *v, struct rect area);
void index_on_page(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag);

#endif
