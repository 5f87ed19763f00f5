/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of text. */
#include "line.h"

#include <string.h>

#include "base/utf8.h"
#include "draw.h"

#define CTRL(c) ((c) & 0x1F)

void
line_init(struct line *l)
{
    *l = (struct line){0};
}

void
line_release(struct line *l)
{
    buf_release(&l->text);
    l->cursor = 0;
}

void
line_set(struct line *l, const char *text)
{
    buf_clear(&l->text);
    buf_adds(&l->text, text);
    l->cursor = l->text.len;
}

const char *
line_text(const struct line *l)
{
    return buf_str(&l->text);
}

size_t
text_next(const char *s, size_t len, size_t at)
{
    uint32_t cp;
    if (at >= len)
        return len;
    at += utf8_decode(s + at, len - at, &cp);
    while (at < len) {
        size_t n = utf8_decode(s + at, len - at, &cp);
        if (cp < 0x80 || utf8_cp_width(cp) != 0)
            break;
        at += n;
    }
    return at;
}

size_t
text_previous(const char *s, size_t at)
{
    while (at > 0) {
        uint32_t cp;
        size_t start = at - 1;
        while (start > 0 && at - start < 4 && ((unsigned char)s[start] & 0xC0) == 0x80)
            start--;
        size_t n = utf8_decode(s + start, at - start, &cp);
        if (start + n != at) { /* no valid character ends here: step back by one byte */
            start = at - 1;
            cp = 0xFFFD;
        }
        at = start;
        if (cp < 0x80 || utf8_cp_width(cp) != 0)
            break;
    }
    return at;
}

static void
remove_range(struct line *l, size_t from, size_t to)
{
    if (from >= to || !l->text.data)
        return;
    memmove(l->text.data + from, l->text.data + to, l->text.len - to + 1);
    l->text.len -= to - from;
    l->cursor = from;
}

bool
line_insert(struct line *l, uint32_t cp)
{
    char bytes[4];
    if (cp < ' ' || (cp >= 0x7F && cp < 0xA0) || cp >= K_SPECIAL || l->text.len + 4 > LINE_MAX_BYTES)
        return false;
    size_t n = utf8_encode(cp, bytes);
    char *end = buf_reserve(&l->text, n);
    if (!end)
        return false;
    buf_grown(&l->text, n);
    char *at = l->text.data + l->cursor;
    memmove(at + n, at, l->text.len - n - l->cursor);
    memcpy(at, bytes, n);
    l->cursor += n;
    return true;
}

static bool
is_blank(char c)
{
    return c == ' ' || c == '\n';
}

size_t
text_word_left(const char *s, size_t at)
{
    while (at > 0 && is_blank(s[at - 1]))
        at--;
    while (at > 0 && !is_blank(s[at - 1]))
        at = text_previous(s, at);
    return at;
}

size_t
text_word_right(const char *s, size_t len, size_t at)
{
    while (at < len && !is_blank(s[at]))
        at = text_next(s, len, at);
    while (at < len && is_blank(s[at]))
        at++;
    return at;
}

bool
line_key(struct line *l, uint32_t key)
{
    const char *s = line_text(l);
    size_t len = l->text.len;
    switch (key) {
    case K_LEFT:
    case CTRL('B'): l->cursor = text_previous(s, l->cursor); return true;
    case K_RIGHT:
    case CTRL('F'): l->cursor = text_next(s, len, l->cursor); return true;
    case K_WORD_LEFT: l->cursor = text_word_left(s, l->cursor); return true;
    case K_WORD_RIGHT: l->cursor = text_word_right(s, len, l->cursor); return true;
    case K_HOME:
    case CTRL('A'): l->cursor = 0; return true;
    case K_END:
    case CTRL('E'): l->cursor = len; return true;
    case K_BACKSPACE: remove_range(l, text_previous(s, l->cursor), l->cursor); return true;
    case K_DELETE:
    case CTRL('D'): remove_range(l, l->cursor, text_next(s, len, l->cursor)); return true;
    case CTRL('W'): remove_range(l, text_word_left(s, l->cursor), l->cursor); return true;
    case CTRL('U'): remove_range(l, 0, l->cursor); return true;
    case CTRL('K'): remove_range(l, l->cursor, len); return true;
    default: return line_insert(l, key);
    }
}

size_t
line_view(const struct line *l, int cols, int *cursor_col)
{
    const char *s = line_text(l);
    size_t start = 0;
    int before = utf8_width(s, l->cursor);
    /* The cursor needs a column of its own behind the text. */
    while (before > cols - 1 && start < l->cursor) {
        size_t next = text_next(s, l->text.len, start);
        before -= utf8_width(s + start, next - start);
        start = next;
    }
    *cursor_col = before;
    return start;
}
