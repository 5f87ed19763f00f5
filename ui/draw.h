/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal: the only way to put something on it. Every text, whoever wrote it, passes base/safetext here (S38, S76) and is
   clipped to the columns it was given, so nothing can draw outside of them (S39). */
#ifndef UI_DRAW_H
#define UI_DRAW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "layout.h"
#include "theme.h"

struct draw;

/* Keys: a Unicode code point, or one of these. */
enum draw_key {
    K_NONE = 0,
    K_SPECIAL = 0x110000,
    K_UP, K_DOWN, K_LEFT, K_RIGHT, K_PAGE_UP, K_PAGE_DOWN, K_HOME, K_END, K_ENTER, K_ESC, K_TAB, K_BACK_TAB,
    K_BACKSPACE, K_DELETE, K_INSERT, K_F1, K_F2, K_F3, K_F4, K_F5, K_F6, K_F7, K_F8, K_F9, K_F10, K_F11, K_F12,
    K_PASTE_BEGIN, K_PASTE_END, K_TOP, K_BOTTOM, K_WORD_LEFT, K_WORD_RIGHT, /* Ctrl with Home, End, Left, Right */
};

/* Takes the terminal on descriptors 0 and 1 over. theme: see theme_find. ascii: no symbols beyond ASCII whatever the locale is.
   NULL when the terminal is unknown or memory ran out. */
struct draw *draw_open(const char *theme, bool ascii);
/* Gives the terminal back. */
void draw_close(struct draw *d);
/* Gives the terminal to another program for a while, and takes it again (with a full repaint). */
void draw_suspend(struct draw *d);
/* After draw_suspend, for a program that takes a moment to start: one line of text; what is typed meanwhile is not shown, and ^Z stops
   nobody. */
void draw_quiet(const char *text);
void draw_resume(struct draw *d);
/* The terminal changed its size. */
void draw_resized(struct draw *d);
void draw_size(const struct draw *d, int *rows, int *cols);
bool draw_is_ascii(const struct draw *d);
/* The next key, K_NONE when there is none now. *gone is set when the terminal has ended. */
uint32_t draw_read_key(struct draw *d, bool *gone);

/* A picture: begin, draw, end. Only differences to the last one are sent. The cursor goes where the attention is, also when it
   is not shown: screen readers follow it. */
void draw_begin(struct draw *d);
void draw_end(struct draw *d, int cursor_y, int cursor_x, bool shown);
/* Everything is sent again. */
void draw_repaint(struct draw *d);

/* One line of text, at most cols columns; cut with a sign that it was cut. Returns the columns used. */
int draw_text(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text);
int draw_textn(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text, size_t len);
/* The same, and the rest of the columns filled with blanks in that style. */
void draw_line(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text);
/* One of our own symbols (one column). */
void draw_symbol(struct draw *d, int y, int x, enum theme_style style, enum theme_symbol s);
const char *draw_symbol_text(const struct draw *d, enum theme_symbol s);
void draw_fill(struct draw *d, struct rect r, enum theme_style style);
void draw_rule(struct draw *d, int y, int x, int cols, enum theme_style style);
void draw_vertical(struct draw *d, struct rect r, enum theme_style style);
/* A border around the rectangle, its inside blank; title may be "". Returns the inside. */
struct rect draw_box(struct draw *d, struct rect r, enum theme_style style, const char *title);
void draw_bell(struct draw *d);

#endif
