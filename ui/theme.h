/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What text looks like: styles by meaning, symbols with an ASCII form. Plain data; draw.c turns it into attributes. */
#ifndef UI_THEME_H
#define UI_THEME_H

#include <stdbool.h>

enum theme_style {
    STYLE_NORMAL,
    STYLE_TITLE,
    STYLE_HINT_KEY,
    STYLE_HINT,
    STYLE_STATUS,
    STYLE_ERROR,
    STYLE_CURSOR,
    STYLE_HEAD,    /* column titles */
    STYLE_UNREAD,
    STYLE_DELETED,
    STYLE_DIM,
    STYLE_LABEL,   /* "From", "Subject" */
    STYLE_STRONG,
    STYLE_GOOD,
    STYLE_CAUTION,
    STYLE_DANGER,
    STYLE_QUOTE1,
    STYLE_QUOTE2,
    STYLE_RULE,
    STYLE_INPUT,
    STYLE_ALARM,   /* something is wrong right now, the whole line says so */
    STYLE_COUNT
};

/* X(NAME, Unicode form, ASCII form): every form is one column wide. */
#define THEME_SYMBOLS(X)      \
    X(GOOD, "✓", "+")         \
    X(BAD, "✗", "X")          \
    X(UNSURE, "?", "?")       \
    X(NONE, "·", "-")         \
    X(NOTICE, "i", "i")       \
    X(CAUTION, "!", "!")      \
    X(DANGER, "▲", "#")       \
    X(ENCRYPTED, "E", "E")    \
    X(LOCKED, "L", "L")       \
    X(SENDER_PASS, "=", "=")  \
    X(SENDER_FAIL, "≠", "%")  \
    X(UNJUDGED, "·", ".")     \
    X(MARK, "*", "*")         \
    X(BULLET, "•", "*")       \
    X(CUT, "…", "~")          \
    X(LINE, "─", "-")         \
    X(BAR, "│", "|")          \
    X(CORNER_NW, "┌", "+")    \
    X(CORNER_NE, "┐", "+")    \
    X(CORNER_SW, "└", "+")    \
    X(CORNER_SE, "┘", "+")    \
    X(ARROW, "▸", ">")        \
    X(SEPARATOR, "·", "-")

enum theme_symbol {
#define X(n, u, a) SYMBOL_##n,
    THEME_SYMBOLS(X)
#undef X
    SYMBOL_COUNT
};

/* Attribute bits of our own, so that this file needs no curses. */
enum { THEME_BOLD = 1, THEME_DIM = 2, THEME_REVERSE = 4, THEME_UNDERLINE = 8 };

struct theme_look {
    short fg, bg;       /* colours 0..7 (8..15 bright where the terminal has 16); -1: the terminal's own */
    unsigned attrs;     /* with colours */
    unsigned mono;      /* without */
};

/* name: "default", "light", "mono"; an unknown one is "default". Static storage, STYLE_COUNT entries. */
const struct theme_look *theme_find(const char *name, bool *mono);
/* Static storage. */
const char *theme_symbol(enum theme_symbol s, bool ascii);

#endif
