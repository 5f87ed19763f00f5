/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cursor in a list of n lines. Pure. */
#ifndef UI_LIST_H
#define UI_LIST_H

#include <stdbool.h>

#include "keymap.h"
#include "view.h"

/* Keeps cursor and top within n lines for this height (remembered for pages). Call before drawing. */
void list_fit(struct list *l, int n, int height);
/* The moving actions (next, page-down, ...). False for another action. */
bool list_move(struct list *l, enum action a, int n);

#endif
