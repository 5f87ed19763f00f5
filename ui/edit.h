/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A text of many lines being edited: pure, no screen. Wrapping is only how it looks; the text keeps its own lines. */
#ifndef UI_EDIT_H
#define UI_EDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define EDIT_MAX_BYTES ((size_t)4194304)

struct edit_step; /* one thing that undo takes back */

struct edit_row {
    size_t at, len; /* bytes of the text on this row; a line end is on no row */
};

struct edit {
    struct buf text;
    size_t cursor;
    int goal;               /* column that up and down aim for; -1: where the cursor is */
    int width;
    struct edit_row *rows;  /* owned */
    size_t rows_n, rows_cap;
    bool rows_valid, changed, merge;
    struct edit_step *undo; /* owned list */
    struct buf cut;
};

void edit_init(struct edit *e);
void edit_release(struct edit *e);
void edit_set(struct edit *e, const char *text);
/* Columns for wrapping. */
void edit_width(struct edit *e, int cols);
/* The rows at this width. */
const struct edit_row *edit_rows(struct edit *e, size_t *n);
/* Where the cursor is on the screen. */
void edit_position(struct edit *e, size_t *row, int *col);

/* Characters, '\n' as K_ENTER, and keys that move or delete. False when it means nothing. */
bool edit_key(struct edit *e, uint32_t key, int page);
bool edit_undo(struct edit *e);
/* The line under the cursor; lines cut one after the other are pasted together. */
void edit_cut_line(struct edit *e);
void edit_paste(struct edit *e);

#endif
