/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The window of the list. */
#include "index_rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app.h"

#define ARENA_MOST ((size_t)4194304) /* texts of dropped rows pile up until this */

void
index_rows_release(struct index_rows *w)
{
    arena_release(&w->arena);
    free(w->rows);
    free(w->marks);
    *w = (struct index_rows){0};
}

static bool
more_rows(struct index_rows *w, size_t n)
{
    if (n <= w->cap)
        return true;
    struct wr_index_row *rows = realloc(w->rows, n * 2 * sizeof *rows);
    if (!rows)
        return false;
    w->rows = rows;
    w->cap = n * 2;
    return true;
}

static void
take_facts(struct index_rows *w, const struct wm_index_rows *page)
{
    w->total = page->total;
    w->unread = page->unread;
    w->generation = page->generation;
}

struct wr_index_row *
index_rows_find(struct index_rows *w, uint64_t id)
{
    for (size_t i = 0; i < w->n; i++)
        if (w->rows[i].id == id)
            return &w->rows[i];
    return NULL;
}

static int
position_of(const struct wr_index_row *rows, size_t n, uint64_t id)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].id == id)
            return (int)i;
    return -1;
}

/* Where the cursor goes: its message, else the next older one that is still there, else the next newer one. */
static int
surviving(const struct index_rows *old, int cursor, const struct wr_index_row *rows, size_t n)
{
    for (size_t i = (size_t)cursor; i < old->n; i++) {
        int at = position_of(rows, n, old->rows[i].id);
        if (at >= 0)
            return at;
    }
    for (int i = cursor - 1; i >= 0; i--) {
        int at = position_of(rows, n, old->rows[i].id);
        if (at >= 0)
            return at;
    }
    return cursor;
}

enum sp_status
index_rows_replace(struct index_rows *w, const struct wm_index_rows *page, struct list *list)
{
    struct arena arena = ARENA_INIT;
    struct wm_index_rows copy;
    enum sp_status st = app_copy(wire_message_desc(WM_TYPE_index_rows), page, &arena, &copy);
    if (!st && !more_rows(w, copy.rows_n + 1))
        st = SP_NOMEM;
    if (st) {
        arena_release(&arena);
        return st;
    }
    int line = list->cursor - list->top;
    if (w->n && list->cursor < (int)w->n) {
        list->cursor = surviving(w, list->cursor, copy.rows, copy.rows_n);
        /* At the top of the folder new mail pushes the cursor down and is seen; elsewhere the screen stays. */
        if (list->top > 0)
            list->top = list->cursor > line ? list->cursor - line : 0;
    }
    if (copy.rows_n)
        memcpy(w->rows, copy.rows, copy.rows_n * sizeof *w->rows);
    w->n = copy.rows_n;
    arena_release(&w->arena);
    w->arena = arena;
    w->more_older = page->more_older;
    w->more_newer = page->more_newer;
    w->first = !page->more_newer ? 1 : !page->more_older && page->total >= page->rows_n ? page->total - page->rows_n + 1 : 0;
    take_facts(w, page);
    return SP_OK;
}

/* Gives the texts a fresh arena when too many dead ones are in it. */
static void
compact(struct index_rows *w)
{
    struct arena arena = ARENA_INIT;
    struct wm_index_rows all = {.rows = w->rows, .rows_n = (uint32_t)w->n}, copy;
    if (w->arena.used < ARENA_MOST)
        return;
    if (app_copy(wire_message_desc(WM_TYPE_index_rows), &all, &arena, &copy) != SP_OK) {
        arena_release(&arena);
        return;
    }
    if (copy.rows_n)
        memcpy(w->rows, copy.rows, copy.rows_n * sizeof *w->rows);
    arena_release(&w->arena);
    w->arena = arena;
}

enum sp_status
index_rows_older(struct index_rows *w, const struct wm_index_rows *page, struct list *list)
{
    struct wm_index_rows copy;
    enum sp_status st = app_copy(wire_message_desc(WM_TYPE_index_rows), page, &w->arena, &copy);
    if (!st && !more_rows(w, w->n + copy.rows_n))
        st = SP_NOMEM;
    if (st)
        return st;
    for (uint32_t i = 0; i < copy.rows_n; i++)
        if (position_of(w->rows, w->n, copy.rows[i].id) < 0)
            w->rows[w->n++] = copy.rows[i];
    w->more_older = page->more_older;
    if (w->n > INDEX_WINDOW) {
        size_t drop = w->n - INDEX_WINDOW;
        if (drop > (size_t)list->top)
            drop = (size_t)list->top;
        memmove(w->rows, w->rows + drop, (w->n - drop) * sizeof *w->rows);
        w->n -= drop;
        list->cursor -= (int)drop;
        list->top -= (int)drop;
        w->more_newer = w->more_newer || drop;
        w->first += w->first ? drop : 0;
    }
    take_facts(w, page);
    compact(w);
    return SP_OK;
}

enum sp_status
index_rows_newer(struct index_rows *w, const struct wm_index_rows *page, struct list *list)
{
    struct wm_index_rows copy;
    size_t fresh = 0;
    enum sp_status st = app_copy(wire_message_desc(WM_TYPE_index_rows), page, &w->arena, &copy);
    if (!st && !more_rows(w, w->n + copy.rows_n))
        st = SP_NOMEM;
    if (st)
        return st;
    for (uint32_t i = 0; i < copy.rows_n; i++)
        if (position_of(w->rows, w->n, copy.rows[i].id) < 0)
            copy.rows[fresh++] = copy.rows[i];
    memmove(w->rows + fresh, w->rows, w->n * sizeof *w->rows);
    if (fresh)
        memcpy(w->rows, copy.rows, fresh * sizeof *w->rows);
    w->n += fresh;
    list->cursor += (int)fresh;
    list->top += (int)fresh;
    w->more_newer = page->more_newer;
    w->first = !page->more_newer ? 1 : w->first > fresh ? w->first - fresh : 0;
    if (w->n > INDEX_WINDOW) {
        size_t least = (size_t)list->top + (size_t)list->height;
        w->n = least > INDEX_WINDOW ? least : INDEX_WINDOW;
        w->more_older = true;
    }
    take_facts(w, page);
    compact(w);
    return SP_OK;
}

void
index_rows_keyword(struct index_rows *w, struct wr_index_row *row, const char *word, bool on)
{
    struct buf all = BUF_INIT;
    size_t len = strlen(word);
    for (const char *at = row->keywords ? row->keywords : ""; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
        size_t n = strcspn(at, " ");
        if (n == len && strncasecmp(at, word, n) == 0)
            continue;
        buf_adds(&all, all.len ? " " : "");
        buf_add(&all, at, n);
    }
    if (on)
        buf_addf(&all, "%s%s", all.len ? " " : "", word);
    const char *text = arena_strdup(&w->arena, buf_str(&all));
    if (text)
        row->keywords = text;
    buf_release(&all);
}

void
index_rows_remove(struct index_rows *w, const uint64_t *ids, size_t n, struct list *list)
{
    for (size_t i = 0; i < n; i++) {
        int at = position_of(w->rows, w->n, ids[i]);
        if (at < 0)
            continue;
        if (!(w->rows[at].flags & SP_FLAG_SEEN) && w->unread)
            w->unread--;
        memmove(w->rows + at, w->rows + at + 1, (w->n - (size_t)at - 1) * sizeof *w->rows);
        w->n--;
        w->total -= w->total ? 1 : 0;
        if (list->cursor > at)
            list->cursor--;
        if (list->top > at)
            list->top--;
        index_mark(w, ids[i], false);
    }
}

/* ---- marks */

static size_t
mark_position(const struct index_rows *w, uint64_t id)
{
    size_t low = 0, high = w->marks_n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (w->marks[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

bool
index_marked(const struct index_rows *w, uint64_t id)
{
    size_t at = mark_position(w, id);
    return at < w->marks_n && w->marks[at] == id;
}

void
index_mark(struct index_rows *w, uint64_t id, bool on)
{
    size_t at = mark_position(w, id);
    bool is = at < w->marks_n && w->marks[at] == id;
    if (is == on)
        return;
    if (!on) {
        memmove(w->marks + at, w->marks + at + 1, (w->marks_n - at - 1) * sizeof *w->marks);
        w->marks_n--;
        return;
    }
    uint64_t *marks = realloc(w->marks, (w->marks_n + 1) * sizeof *marks);
    if (!marks)
        return;
    w->marks = marks;
    memmove(marks + at + 1, marks + at, (w->marks_n - at) * sizeof *marks);
    marks[at] = id;
    w->marks_n++;
}

void
index_unmark_all(struct index_rows *w)
{
    w->marks_n = 0;
}
