/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A view that shows a text; used for all texts. */
#ifndef UI_TEXT_H
#define UI_TEXT_H

#include "base/memfd.h"
#include "pager.h"
#include "views.h"

struct text_view {
    struct view view;
    struct pager pager;
    char *title, *name;    /* owned; name proposes a file name */
    struct buf text;       /* what a raw block of the pager shows */
    struct memfd_map map;  /* or this */
    bool waiting;
};

extern const struct view_ops text_ops, text_details_ops, text_help_ops;
/* Not pushed yet: fill the pager, then app_push. NULL when memory ran out. */
struct text_view *text_new(const struct view_ops *ops, const char *title);
void text_draw(struct app *a, struct view *v, struct rect area);
/* Scrolls to the next place of a->find, or says that there is none. */
void text_find(struct app *a, struct pager *p);
bool text_action(struct app *a, struct view *v, enum action action, const char *arg);

#endif
