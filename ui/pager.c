/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wrapping and scrolling. */
#include "pager.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/safetext.h"
#include "base/utf8.h"

#define CHUNK 16384 /* of one endless line is wrapped at a time */

void
pager_init(struct pager *p)
{
    *p = (struct pager){0};
}

static void
forget_rows(struct pager *p)
{
    buf_clear(&p->safe);
    p->rows_n = 0;
    p->next_block = p->next_at = 0;
}

void
pager_clear(struct pager *p)
{
    for (size_t i = 0; i < p->blocks_n; i++)
        if (p->blocks[i].owned)
            free((char *)(uintptr_t)p->blocks[i].text);
    p->blocks_n = 0;
    p->top = 0;
    forget_rows(p);
}

void
pager_release(struct pager *p)
{
    pager_clear(p);
    free(p->blocks);
    free(p->rows);
    buf_release(&p->safe);
    pager_init(p);
}

static void
add_block(struct pager *p, struct pager_block block)
{
    if (p->blocks_n == p->blocks_cap) {
        size_t cap = p->blocks_cap ? p->blocks_cap * 2 : 16;
        struct pager_block *blocks = realloc(p->blocks, cap * sizeof *blocks);
        if (!blocks) {
            p->failed = true;
            if (block.owned)
                free((char *)(uintptr_t)block.text);
            return;
        }
        p->blocks = blocks;
        p->blocks_cap = cap;
    }
    p->blocks[p->blocks_n++] = block;
}

void
pager_text(struct pager *p, const char *text, size_t len)
{
    add_block(p, (struct pager_block){.text = text, .len = len, .style = STYLE_NORMAL, .raw = true});
}

void
pager_add(struct pager *p, enum theme_style style, int indent, const char *text)
{
    char *copy = strdup(text);
    if (copy)
        add_block(p, (struct pager_block){.text = copy, .len = strlen(copy), .style = style, .indent = indent, .owned = true});
}

void
pager_framed(struct pager *p, enum theme_style style, const char *heading, const char *text, size_t len)
{
    char *copy = strdup(heading);
    if (copy)
        add_block(p, (struct pager_block){.text = copy, .len = strlen(copy), .style = style, .owned = true, .framed = true, .heading = true});
    add_block(p, (struct pager_block){.text = text, .len = len, .style = style, .raw = true, .framed = true});
}

void
pager_pair(struct pager *p, const char *label, int column, const char *text)
{
    struct buf line = BUF_INIT;
    buf_adds(&line, label);
    int w = utf8_width(label, strlen(label));
    do
        buf_addc(&line, ' ');
    while (++w < column);
    buf_adds(&line, text);
    /* Further rows hang under the text: a negative indent means "hanging". */
    pager_add(p, STYLE_NORMAL, -column, buf_str(&line));
    buf_release(&line);
}

static void
add_row(struct pager *p, struct pager_row row)
{
    if (p->rows_n == p->rows_cap) {
        size_t cap = p->rows_cap ? p->rows_cap * 2 : 128;
        struct pager_row *rows = realloc(p->rows, cap * sizeof *rows);
        if (!rows) {
            p->failed = true;
            return;
        }
        p->rows = rows;
        p->rows_cap = cap;
    }
    p->rows[p->rows_n++] = row;
}

/* Marks that close something do not begin a line in CJK text. */
static bool
may_begin_row(const char *s, size_t len)
{
    static const uint32_t closing[] = {0x3001, 0x3002, 0xFF0C, 0xFF0E, 0xFF1A, 0xFF1B, 0xFF01, 0xFF1F, 0xFF09, 0x300B, 0x300D, 0x300F, 0x3011,
                                       0x3015, 0x201D, 0x2019, 0x2026, 0x30FC};
    uint32_t cp;
    (void)utf8_decode(s, len, &cp);
    for (size_t i = 0; i < sizeof closing / sizeof *closing; i++)
        if (closing[i] == cp)
            return false;
    return true;
}

/* How much of the text goes into one row of cols columns: up to the last place where a line may be broken. */
static size_t
row_length(const char *s, size_t len, int cols)
{
    size_t fit = utf8_fit(s, len, cols, NULL);
    if (fit >= len)
        return len;
    if (fit == 0) { /* not even one character: give it its row anyway */
        uint32_t cp;
        return utf8_decode(s, len, &cp);
    }
    if (s[fit] == ' ')
        return fit;
    for (size_t at = fit; at > 0;) {
        uint32_t cp;
        size_t start = at - 1;
        while (start > 0 && ((unsigned char)s[start] & 0xC0) == 0x80)
            start--;
        (void)utf8_decode(s + start, at - start, &cp);
        /* CJK text breaks between any two characters but before closing marks. */
        if (cp == ' ' || (utf8_cp_width(cp) == 2 && may_begin_row(s + at, len - at)))
            return at;
        at = start;
    }
    return fit;
}

static enum theme_style
quote_style(const char *s, size_t len)
{
    int depth = 0;
    for (size_t i = 0; i < len && (s[i] == '>' || (s[i] == ' ' && depth)); i++)
        depth += s[i] == '>';
    return depth == 0 ? STYLE_NORMAL : depth % 2 ? STYLE_QUOTE1 : STYLE_QUOTE2;
}

/* Wraps one source line, which now lies in `safe` from `start`. */
static void
wrap_line(struct pager *p, const struct pager_block *b, size_t block, size_t from, size_t start)
{
    const char *s = buf_str(&p->safe);
    size_t len = p->safe.len - start, at = start;
    enum theme_style style = b->raw ? quote_style(s + start, len) : b->style;
    int indent = b->indent < 0 ? 0 : b->indent;
    do {
        int cols = p->width - indent;
        size_t n = row_length(s + at, start + len - at, cols < 4 ? 4 : cols);
        size_t shown = n;
        add_row(p, (struct pager_row){.at = at, .len = shown, .block = block, .from = from, .indent = (short)indent,
                                      .style = (unsigned char)style});
        at += n;
        while (at < start + len && s[at] == ' ' && n < len)
            at++;
        if (b->indent < 0)
            indent = -b->indent;
    } while (at < start + len && !p->failed);
}

/* One more source line; false at the end of the text. */
static bool
wrap_more(struct pager *p)
{
    while (p->next_block < p->blocks_n && !p->failed) {
        const struct pager_block *b = &p->blocks[p->next_block];
        size_t from = p->next_at, left = b->len - from, start = p->safe.len, n = left;
        if (from > 0 && left == 0) {
            p->next_block++;
            p->next_at = 0;
            continue;
        }
        const char *end = b->raw && left ? memchr(b->text + from, '\n', left) : NULL;
        bool whole = end != NULL;
        if (end)
            n = (size_t)(end - (b->text + from));
        if (n > CHUNK) {
            n = CHUNK;
            while (n > CHUNK - 4 && ((unsigned char)b->text[from + n] & 0xC0) == 0x80)
                n--;
            whole = false;
        }
        if (n && b->text[from + n - 1] == '\r' && whole)
            (void)safetext_add(&p->safe, b->text + from, n - 1, SAFETEXT_BLOCK);
        else
            (void)safetext_add(&p->safe, b->text + from, n, b->raw ? SAFETEXT_BLOCK : SAFETEXT_LINE);
        wrap_line(p, b, p->next_block, from, start);
        p->next_at = from + n + (whole ? 1 : 0);
        if (p->next_at >= b->len) {
            p->next_block++;
            p->next_at = 0;
        }
        return !p->safe.failed;
    }
    return false;
}

static void
wrap_to(struct pager *p, size_t rows)
{
    while (p->rows_n < rows && wrap_more(p))
        ;
}

static void
wrap_all(struct pager *p)
{
    while (wrap_more(p))
        ;
}

/* A new width: wrap again, keeping the text that is at the top there. */
static void
set_width(struct pager *p, int width)
{
    size_t block = 0, from = 0;
    if (width == p->width)
        return;
    if (p->top < p->rows_n) {
        block = p->rows[p->top].block;
        from = p->rows[p->top].from;
    }
    p->width = width;
    forget_rows(p);
    if (p->top == 0)
        return;
    do
        wrap_to(p, p->rows_n + 1);
    while (!p->failed && !p->safe.failed && p->next_block < p->blocks_n &&
           (p->next_block < block || (p->next_block == block && p->next_at <= from)));
    p->top = 0;
    while (p->top + 1 < p->rows_n && (p->rows[p->top].block < block || (p->rows[p->top].block == block && p->rows[p->top].from < from)))
        p->top++;
}

void
pager_measure(struct pager *p, int width)
{
    set_width(p, width);
    wrap_all(p);
}

static void
clamp(struct pager *p)
{
    size_t height = p->height > 0 ? (size_t)p->height : 1;
    wrap_to(p, p->top + height);
    if (p->top + height > p->rows_n)
        p->top = p->rows_n > height ? p->rows_n - height : 0;
}

void
pager_draw(struct pager *p, struct draw *d, struct rect r)
{
    set_width(p, r.w - p->gutter);
    p->top = p->start ? p->start : p->top;
    p->start = 0;
    p->height = r.h;
    clamp(p);
    for (int y = 0; y < r.h && p->top + (size_t)y < p->rows_n; y++) {
        const struct pager_row *row = &p->rows[p->top + (size_t)y];
        const struct pager_block *b = &p->blocks[row->block];
        int x = p->gutter + row->indent;
        if (b->framed && p->gutter)
            draw_symbol(d, r.y + y, r.x, b->style, b->heading && row->from == 0 ? SYMBOL_CORNER_NW : SYMBOL_BAR);
        (void)draw_textn(d, r.y + y, r.x + x, r.w - x, (enum theme_style)row->style, buf_str(&p->safe) + row->at, row->len);
    }
}

bool
pager_move(struct pager *p, enum action a, bool *end)
{
    size_t before = p->top, page = p->height > 2 ? (size_t)p->height - 1 : 1;
    switch (a) {
    case ACTION_NEXT: p->top++; break;
    case ACTION_PREVIOUS: p->top -= p->top ? 1 : 0; break;
    case ACTION_PAGE_DOWN: p->top += page; break;
    case ACTION_PAGE_UP: p->top -= p->top < page ? p->top : page; break;
    case ACTION_FIRST: p->top = 0; break;
    case ACTION_LAST:
        wrap_all(p);
        p->top = p->rows_n;
        break;
    default: return false;
    }
    clamp(p);
    if (end)
        *end = p->top == before && (a == ACTION_PAGE_DOWN || a == ACTION_NEXT);
    return true;
}

static bool
contains(const char *s, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; n && i + n <= len; i++)
        if (strncasecmp(s + i, word, n) == 0)
            return true;
    return false;
}

bool
pager_find(struct pager *p, const char *word)
{
    wrap_all(p);
    for (size_t i = 1; i <= p->rows_n; i++) {
        size_t at = (p->top + i) % p->rows_n;
        const struct pager_row *row = &p->rows[at];
        if (contains(buf_str(&p->safe) + row->at, row->len, word)) {
            p->top = at;
            clamp(p);
            return true;
        }
    }
    return false;
}

int
pager_percent(const struct pager *p)
{
    size_t seen = p->top + (size_t)(p->height > 0 ? p->height : 0), all = 0, done = 0;
    if (p->next_block >= p->blocks_n)
        return p->rows_n <= seen || p->rows_n == 0 ? 100 : (int)(seen * 100 / p->rows_n);
    /* Not all is wrapped yet: by bytes. */
    for (size_t i = 0; i < p->blocks_n; i++)
        all += p->blocks[i].len;
    if (seen > 0 && seen <= p->rows_n) {
        const struct pager_row *row = &p->rows[seen - 1];
        for (size_t i = 0; i < row->block; i++)
            done += p->blocks[i].len;
        done += row->from;
    }
    return all ? (int)(done * 100 / all) : 100;
}
