/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing a list of lines with a cursor; what stands in a line is the caller's. */
#ifndef UI_ROWS_H
#define UI_ROWS_H

#include "app.h"
#include "list.h"

/* Draws line i. style: how its text looks when it has no look of its own; on: the cursor stands there, the background is drawn. */
typedef void rows_fn(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on);
/* n lines in the area; fits the list to it. Without lines stands what `empty` says. */
void rows_draw(struct app *a, struct list *l, int n, struct rect area, const char *empty, rows_fn *fn, const void *arg);
/* The line of column titles, without any. */
void rows_head(struct app *a, struct rect area);
/* The next row from the cursor on (round once) for which `fits` says that it has the word that is looked for; -1: none. */
typedef bool rows_fits_fn(const struct app *a, const void *arg, int i, const char *word);
int rows_find(const struct app *a, const struct list *l, int n, rows_fits_fn *fits, const void *arg);

#endif
