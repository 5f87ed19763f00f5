/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Editing a text. Every change is one replacement of a range; undo replays them backwards. */
#include "edit.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "draw.h"
#include "line.h"

#define UNDO_MOST 1000

struct edit_step {
    struct edit_step *next;
    size_t at, inserted;   /* bytes that the change put there */
    char *removed;         /* owned; what was there before */
    size_t removed_len, cursor;
};

static void
step_free(struct edit_step *s)
{
    free(s->removed);
    free(s);
}

void
edit_init(struct edit *e)
{
    *e = (struct edit){.goal = -1, .width = 72};
}

static void
forget_undo(struct edit *e)
{
    while (e->undo) {
        struct edit_step *next = e->undo->next;
        step_free(e->undo);
        e->undo = next;
    }
}

void
edit_release(struct edit *e)
{
    buf_release(&e->text);
    buf_release(&e->cut);
    free(e->rows);
    forget_undo(e);
    edit_init(e);
}

void
edit_set(struct edit *e, const char *text)
{
    buf_clear(&e->text);
    buf_adds(&e->text, text);
    forget_undo(e);
    e->cursor = 0;
    e->goal = -1;
    e->rows_valid = e->changed = e->merge = false;
}

/* Replaces `del` bytes at `at`; the cursor goes behind what was inserted. */
static bool
splice(struct edit *e, size_t at, size_t del, const char *ins, size_t n)
{
    if (e->text.len - del + n > EDIT_MAX_BYTES || !buf_reserve(&e->text, n + 1))
        return false;
    memmove(e->text.data + at + n, e->text.data + at + del, e->text.len - at - del);
    if (n)
        memcpy(e->text.data + at, ins, n);
    e->text.len = e->text.len - del + n;
    e->text.data[e->text.len] = 0;
    e->cursor = at + n;
    e->rows_valid = false;
    e->changed = true;
    e->goal = -1;
    return true;
}

static void
limit_undo(struct edit *e)
{
    size_t n = 0;
    for (struct edit_step *s = e->undo; s; s = s->next) {
        if (++n < UNDO_MOST)
            continue;
        while (s->next) {
            struct edit_step *old = s->next;
            s->next = old->next;
            step_free(old);
        }
    }
}

/* A change that can be undone. merge: typing goes on where it was, so it is one step. */
static bool
change(struct edit *e, size_t at, size_t del, const char *ins, size_t n, bool merge)
{
    struct edit_step *last = e->undo;
    if (merge && e->merge && last && del == 0 && last->at + last->inserted == at) {
        if (!splice(e, at, 0, ins, n))
            return false;
        last->inserted += n;
        return true;
    }
    struct edit_step *s = calloc(1, sizeof *s);
    char *removed = malloc(del + 1);
    if (!s || !removed) {
        free(s);
        free(removed);
        return false;
    }
    if (del)
        memcpy(removed, e->text.data + at, del);
    removed[del] = 0;
    *s = (struct edit_step){.next = e->undo, .at = at, .inserted = n, .removed = removed, .removed_len = del, .cursor = e->cursor};
    if (!splice(e, at, del, ins, n)) {
        step_free(s);
        return false;
    }
    e->undo = s;
    e->merge = merge;
    limit_undo(e);
    return true;
}

bool
edit_undo(struct edit *e)
{
    struct edit_step *s = e->undo;
    if (!s)
        return false;
    e->undo = s->next;
    (void)splice(e, s->at, s->inserted, s->removed, s->removed_len);
    e->cursor = s->cursor;
    e->merge = false;
    step_free(s);
    return true;
}

/* ---- rows */

void
edit_width(struct edit *e, int cols)
{
    if (cols < 2)
        cols = 2;
    if (cols != e->width)
        e->rows_valid = false;
    e->width = cols;
}

static bool
add_row(struct edit *e, size_t at, size_t len)
{
    if (e->rows_n == e->rows_cap) {
        size_t cap = e->rows_cap ? e->rows_cap * 2 : 64;
        struct edit_row *rows = realloc(e->rows, cap * sizeof *rows);
        if (!rows)
            return false;
        e->rows = rows;
        e->rows_cap = cap;
    }
    e->rows[e->rows_n++] = (struct edit_row){at, len};
    return true;
}

static bool
wrap_line(struct edit *e, size_t at, size_t end)
{
    const char *s = e->text.data;
    while (end - at > 0) {
        /* The last column stays free for the cursor. */
        size_t fit = utf8_fit(s + at, end - at, e->width - 1, NULL);
        if (fit >= end - at)
            break;
        size_t cut = fit;
        while (cut > 0 && s[at + cut - 1] != ' ')
            cut--;
        if (cut == 0)
            cut = fit ? fit : text_next(s, end, at) - at;
        if (!add_row(e, at, cut))
            return false;
        at += cut;
    }
    return add_row(e, at, end - at);
}

const struct edit_row *
edit_rows(struct edit *e, size_t *n)
{
    if (!e->rows_valid) {
        const char *s = buf_str(&e->text);
        size_t at = 0;
        bool good = true;
        e->rows_n = 0;
        for (;;) {
            const char *lf = memchr(s + at, '\n', e->text.len - at);
            size_t end = lf ? (size_t)(lf - s) : e->text.len;
            good = good && (e->text.data ? wrap_line(e, at, end) : add_row(e, 0, 0));
            if (!lf || !good)
                break;
            at = end + 1;
        }
        e->rows_valid = good;
    }
    *n = e->rows_n;
    return e->rows;
}

void
edit_position(struct edit *e, size_t *row, int *col)
{
    size_t n, low = 0, high;
    const struct edit_row *rows = edit_rows(e, &n);
    *row = 0;
    *col = 0;
    if (n == 0)
        return;
    for (high = n; high - low > 1;) { /* the last row that begins at or before the cursor */
        size_t mid = (low + high) / 2;
        if (rows[mid].at <= e->cursor)
            low = mid;
        else
            high = mid;
    }
    *row = low;
    *col = utf8_width(buf_str(&e->text) + rows[low].at, e->cursor - rows[low].at);
}

/* ---- moving */

static void
move_rows(struct edit *e, long by)
{
    size_t row, n;
    int col;
    edit_position(e, &row, &col);
    const struct edit_row *rows = edit_rows(e, &n);
    if (n == 0)
        return;
    if (e->goal < 0)
        e->goal = col;
    long to = (long)row + by;
    to = to < 0 ? 0 : to >= (long)n ? (long)n - 1 : to;
    const struct edit_row *r = &rows[to];
    size_t len = r->len;
    /* The end of a wrapped row is the beginning of the next one. */
    bool wrapped = (size_t)to + 1 < n && rows[to + 1].at == r->at + r->len;
    if (wrapped && len)
        len = text_previous(e->text.data + r->at, len);
    e->cursor = r->at + utf8_fit(buf_str(&e->text) + r->at, len, e->goal, NULL);
    e->merge = false;
}

static size_t
line_start(const struct edit *e)
{
    size_t at = e->cursor;
    while (at > 0 && e->text.data[at - 1] != '\n')
        at--;
    return at;
}

static size_t
line_end(const struct edit *e)
{
    size_t at = e->cursor;
    while (at < e->text.len && e->text.data[at] != '\n')
        at++;
    return at;
}

static bool
move_key(struct edit *e, uint32_t key, int page)
{
    const char *s = buf_str(&e->text);
    switch (key) {
    case K_UP: move_rows(e, -1); return true;
    case K_DOWN: move_rows(e, 1); return true;
    case K_PAGE_UP: move_rows(e, -page); return true;
    case K_PAGE_DOWN: move_rows(e, page); return true;
    case K_LEFT: e->cursor = text_previous(s, e->cursor); break;
    case K_RIGHT: e->cursor = text_next(s, e->text.len, e->cursor); break;
    case K_TOP: e->cursor = 0; break;
    case K_BOTTOM: e->cursor = e->text.len; break;
    case K_WORD_LEFT: e->cursor = text_word_left(s, e->cursor); break;
    case K_WORD_RIGHT: e->cursor = text_word_right(s, e->text.len, e->cursor); break;
    case K_HOME:
    case 'A' & 0x1F: e->cursor = line_start(e); break;
    case K_END:
    case 'E' & 0x1F: e->cursor = line_end(e); break;
    default: return false;
    }
    e->goal = -1;
    e->merge = false;
    return true;
}

bool
edit_key(struct edit *e, uint32_t key, int page)
{
    char bytes[4];
    size_t other;
    if (move_key(e, key, page > 1 ? page - 1 : 1))
        return true;
    switch (key) {
    case K_ENTER: return change(e, e->cursor, 0, "\n", 1, false);
    case K_TAB: return change(e, e->cursor, 0, "    ", 4, true);
    case K_BACKSPACE:
        other = text_previous(buf_str(&e->text), e->cursor);
        return other < e->cursor && change(e, other, e->cursor - other, "", 0, false);
    case K_DELETE:
    case 'D' & 0x1F:
        other = text_next(buf_str(&e->text), e->text.len, e->cursor);
        return other > e->cursor && change(e, e->cursor, other - e->cursor, "", 0, false);
    default: break;
    }
    if (key < ' ' || (key >= 0x7F && key < 0xA0) || key >= K_SPECIAL)
        return false;
    return change(e, e->cursor, 0, bytes, utf8_encode(key, bytes), true);
}

void
edit_cut_line(struct edit *e)
{
    size_t start = line_start(e), end = line_end(e);
    bool again = e->undo && e->undo->inserted == 0 && e->undo->at == start && e->undo->removed_len && e->cursor == start && e->cut.len;
    if (end < e->text.len)
        end++;
    if (start == end)
        return;
    if (!again)
        buf_clear(&e->cut);
    buf_add(&e->cut, e->text.data + start, end - start);
    (void)change(e, start, end - start, "", 0, false);
}

void
edit_paste(struct edit *e)
{
    if (e->cut.len)
        (void)change(e, e->cursor, 0, e->cut.data, e->cut.len, false);
}
