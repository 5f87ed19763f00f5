/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Editing one line of UTF-8 text. Pure: keys in, text and cursor out. */
#ifndef UI_LINE_H
#define UI_LINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

#define LINE_MAX_BYTES 65536

struct line {
    struct buf text;
    size_t cursor; /* byte offset, always between characters with their combining marks */
};

void line_init(struct line *l);
void line_release(struct line *l);
/* Replaces the text; the cursor goes to its end. */
void line_set(struct line *l, const char *text);
const char *line_text(const struct line *l);
/* Inserts a code point at the cursor; control characters are refused. */
bool line_insert(struct line *l, uint32_t cp);
/* An editing key or a character; false when it means nothing here. */
bool line_key(struct line *l, uint32_t key);
/* What to show in cols columns: the byte offset of the first character shown, and the cursor's column in it. */
size_t line_view(const struct line *l, int cols, int *cursor_col);

/* The next and the previous border between characters (with their marks) of a text. */
size_t text_next(const char *s, size_t len, size_t at);
size_t text_previous(const char *s, size_t at);
/* The beginning of this word or the one before; the beginning of the next one. */
size_t text_word_left(const char *s, size_t at);
size_t text_word_right(const char *s, size_t len, size_t at);

#endif
