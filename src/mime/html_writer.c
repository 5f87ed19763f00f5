/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing text out of HTML. */
#include "html_writer.h"

#include <string.h>

void
html_writer_init(struct html_writer *w, struct buf *out, size_t max)
{
    *w = (struct html_writer){.out = out, .start = out->len, .max = max};
}

static void
put(struct html_writer *w, const char *s, size_t len)
{
    if (w->out->len - w->start + len > w->max)
        w->full = true;
    if (!w->full)
        buf_add(w->out, s, len);
}

void
html_break(struct html_writer *w, unsigned n)
{
    if (w->breaks < n)
        w->breaks = n;
    w->space = false;
}

void
html_line(struct html_writer *w)
{
    if (w->breaks < 2)
        w->breaks++;
    w->space = false;
}

void
html_space(struct html_writer *w)
{
    w->space = true;
}

/* Line ends, quote marks and indentation that are owed. */
static void
settle(struct html_writer *w)
{
    bool new_line = !w->begun || w->breaks;
    for (unsigned i = 0; w->begun && i < w->breaks; i++) {
        put(w, "\n", 1);
        for (unsigned q = 0; i + 1 < w->breaks && q < w->quote && q < w->last_quote; q++)
            put(w, ">", 1); /* an empty line inside a quote */
    }
    if (new_line) {
        for (unsigned q = 0; q < w->quote; q++)
            put(w, q + 1 < w->quote ? ">" : "> ", q + 1 < w->quote ? 1 : 2);
        for (unsigned i = 0; i < w->indent; i++)
            put(w, " ", 1);
        if (w->bullet)
            put(w, w->bullet, strlen(w->bullet));
        w->bullet = NULL;
    } else if (w->space) {
        put(w, " ", 1);
    }
    w->begun = true;
    w->last_quote = w->quote;
    w->breaks = 0;
    w->space = false;
}

static bool
is_white(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void
write_kept(struct html_writer *w, const char *s, size_t len)
{
    while (len) {
        const char *lf = memchr(s, '\n', len);
        size_t n = lf ? (size_t)(lf - s) : len;
        if (n) {
            settle(w);
            put(w, s, n);
        }
        if (lf) {
            if (w->breaks < 8)
                w->breaks++;
            n++;
        }
        s += n;
        len -= n;
    }
}

void
html_write(struct html_writer *w, const char *s, size_t len, bool keep)
{
    if (keep) {
        write_kept(w, s, len);
        return;
    }
    for (size_t i = 0; i < len && !w->full;) {
        if (is_white(s[i])) {
            w->space = true;
            i++;
            continue;
        }
        size_t n = i;
        while (n < len && !is_white(s[n]))
            n++;
        settle(w);
        /* no-break spaces are spaces here */
        for (const char *p = s + i, *end = s + n; p < end;) {
            const char *nbsp = memmem(p, (size_t)(end - p), "\xc2\xa0", 2);
            put(w, p, (size_t)((nbsp ? nbsp : end) - p));
            if (nbsp)
                put(w, " ", 1);
            p = nbsp ? nbsp + 2 : end;
        }
        i = n;
    }
}

void
html_writer_finish(struct html_writer *w)
{
    if (w->begun)
        put(w, "\n", 1);
}
