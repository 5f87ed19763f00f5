/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format=flowed, both ways. */
#include "flowed.h"

#include <string.h>

#include "base/utf8.h"

struct flowed_line {
    const char *s;
    size_t len, depth;
    bool soft, signature;
};

static size_t
line_length(const char *s, size_t left)
{
    const char *lf = memchr(s, '\n', left);
    return lf ? (size_t)(lf - s) : left;
}

/* RFC 3676 section 4.4: quote marks, then one stuffed space; a trailing space makes the line flow, unless it is "-- ". */
static struct flowed_line
read_line(const char *s, size_t len, bool delsp)
{
    struct flowed_line l = {.s = s, .len = len};
    while (l.len && *l.s == '>') {
        l.depth++;
        l.s++;
        l.len--;
    }
    if (l.len && *l.s == ' ') {
        l.s++;
        l.len--;
    }
    l.signature = l.len == 3 && memcmp(l.s, "-- ", 3) == 0;
    l.soft = l.len && l.s[l.len - 1] == ' ' && !l.signature;
    if (l.soft && delsp)
        l.len--;
    return l;
}

void
flowed_join(struct buf *out, const char *text, size_t len, bool delsp)
{
    bool open = false; /* the last line written ended softly */
    size_t depth = 0;

    for (size_t at = 0; at < len;) {
        size_t n = line_length(text + at, len - at);
        struct flowed_line l = read_line(text + at, n, delsp);
        bool last = at + n >= len;
        if (open && (l.depth != depth || l.signature)) {
            buf_addc(out, '\n');
            open = false;
        }
        if (!open && l.depth) {
            for (size_t i = 0; i < l.depth; i++)
                buf_addc(out, '>');
            buf_addc(out, ' ');
        }
        buf_add(out, l.s, l.len);
        open = l.soft;
        depth = l.depth;
        if (!open && !last)
            buf_addc(out, '\n');
        at += n + !last;
    }
    if (open && len && text[len - 1] == '\n')
        buf_addc(out, '\n');
}

bool
flowed_useful(const char *text, size_t len, int width)
{
    for (size_t at = 0; at < len;) {
        size_t n = line_length(text + at, len - at);
        if (n > (size_t)width && text[at] != '>' && utf8_width(text + at, n) > width && memchr(text + at, ' ', n))
            return true;
        at += n + 1;
    }
    return false;
}

/* How many bytes of a line go on this row: up to and with the last space within width, or with the first one behind it. */
static size_t
row_length(const char *s, size_t len, int width)
{
    size_t fit = utf8_fit(s, len, width, NULL);
    if (fit >= len)
        return len;
    for (size_t i = fit; i > 0; i--)
        if (s[i - 1] == ' ' && i < len && s[i] != ' ')
            return i;
    for (size_t i = fit; i + 1 < len; i++)
        if (s[i] == ' ' && s[i + 1] != ' ')
            return i + 1;
    return len;
}

static void
split_line(struct buf *out, const char *s, size_t len, int width)
{
    bool signature = len == 3 && memcmp(s, "-- ", 3) == 0;
    while (!signature && len && s[len - 1] == ' ')
        len--;
    if (signature || (len && *s == '>')) {
        buf_add(out, s, len);
        return;
    }
    do {
        size_t n = row_length(s, len, width);
        if (len && (*s == ' ' || *s == '>' || (len >= 5 && memcmp(s, "From ", 5) == 0)))
            buf_addc(out, ' ');
        buf_add(out, s, n);
        s += n;
        len -= n;
        if (len)
            buf_addc(out, '\n');
    } while (len);
}

void
flowed_split(struct buf *out, const char *text, size_t len, int width)
{
    for (size_t at = 0; at < len;) {
        size_t n = line_length(text + at, len - at);
        split_line(out, text + at, n, width);
        if (at + n < len)
            buf_addc(out, '\n');
        at += n + 1;
    }
}
