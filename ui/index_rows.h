/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of a folder that the list holds: some pages around the cursor, newest first, and marks. No drawing, no requests. */
#ifndef UI_INDEX_ROWS_H
#define UI_INDEX_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/messages.h"
#include "view.h"

#define INDEX_WINDOW 1500 /* rows; more are dropped at the far end */

struct index_rows {
    struct arena arena;
    struct wr_index_row *rows; /* owned array; its texts are in the arena */
    size_t n, cap;
    bool more_older, more_newer;
    uint32_t total, unread;
    uint64_t generation;
    uint64_t first;            /* position of rows[0] in the folder from 1; 0: not known */
    uint64_t *marks;           /* owned, sorted */
    size_t marks_n;
};

void index_rows_release(struct index_rows *w);
/* Replaces the window. The cursor stays on its message, or on the next one that is left; the screen moves as little as possible. */
enum sp_status index_rows_replace(struct index_rows *w, const struct wm_index_rows *page, struct list *list) SP_MUST_USE;
/* Adds a page behind or before the window. */
enum sp_status index_rows_older(struct index_rows *w, const struct wm_index_rows *page, struct list *list) SP_MUST_USE;
enum sp_status index_rows_newer(struct index_rows *w, const struct wm_index_rows *page, struct list *list) SP_MUST_USE;
struct wr_index_row *index_rows_find(struct index_rows *w, uint64_t id);
/* The row's keywords with this one, or without it. */
void index_rows_keyword(struct index_rows *w, struct wr_index_row *row, const char *word, bool on);
/* Takes rows out, as if the engine had said so. */
void index_rows_remove(struct index_rows *w, const uint64_t *ids, size_t n, struct list *list);

bool index_marked(const struct index_rows *w, uint64_t id);
void index_mark(struct index_rows *w, uint64_t id, bool on);
void index_unmark_all(struct index_rows *w);

#endif
