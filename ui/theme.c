/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The tables of looks and symbols. */
#include "theme.h"

#include <string.h>

enum { BLACK, RED, GREEN, YELLOW, BLUE, MAGENTA, CYAN, WHITE, OWN = -1 };

/* The terminal's own background everywhere: what the user chose for reading stays. */
static const struct theme_look on_dark[STYLE_COUNT] = {
    [STYLE_NORMAL] = {OWN, OWN, 0, 0},
    [STYLE_TITLE] = {WHITE, BLUE, THEME_BOLD, THEME_REVERSE},
    [STYLE_HINT_KEY] = {CYAN, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_HINT] = {OWN, OWN, 0, 0},
    [STYLE_STATUS] = {OWN, OWN, 0, 0},
    [STYLE_ERROR] = {RED, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_CURSOR] = {BLACK, CYAN, 0, THEME_REVERSE},
    [STYLE_HEAD] = {OWN, OWN, THEME_UNDERLINE, THEME_UNDERLINE},
    [STYLE_UNREAD] = {OWN, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_DELETED] = {OWN, OWN, THEME_DIM, THEME_DIM},
    [STYLE_DIM] = {OWN, OWN, THEME_DIM, THEME_DIM},
    [STYLE_LABEL] = {CYAN, OWN, 0, 0},
    [STYLE_STRONG] = {OWN, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_GOOD] = {GREEN, OWN, 0, 0},
    [STYLE_CAUTION] = {YELLOW, OWN, 0, THEME_BOLD},
    [STYLE_DANGER] = {RED, OWN, THEME_BOLD, THEME_BOLD | THEME_UNDERLINE},
    [STYLE_QUOTE1] = {CYAN, OWN, 0, 0},
    [STYLE_QUOTE2] = {MAGENTA, OWN, 0, 0},
    [STYLE_RULE] = {OWN, OWN, THEME_DIM, 0},
    [STYLE_INPUT] = {OWN, OWN, 0, 0},
    [STYLE_ALARM] = {WHITE, RED, THEME_BOLD, THEME_REVERSE | THEME_BOLD},
};

static const struct theme_look on_light[STYLE_COUNT] = {
    [STYLE_NORMAL] = {OWN, OWN, 0, 0},
    [STYLE_TITLE] = {WHITE, BLUE, THEME_BOLD, THEME_REVERSE},
    [STYLE_HINT_KEY] = {BLUE, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_HINT] = {OWN, OWN, 0, 0},
    [STYLE_STATUS] = {OWN, OWN, 0, 0},
    [STYLE_ERROR] = {RED, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_CURSOR] = {WHITE, BLUE, 0, THEME_REVERSE},
    [STYLE_HEAD] = {OWN, OWN, THEME_UNDERLINE, THEME_UNDERLINE},
    [STYLE_UNREAD] = {OWN, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_DELETED] = {OWN, OWN, THEME_DIM, THEME_DIM},
    [STYLE_DIM] = {OWN, OWN, THEME_DIM, THEME_DIM},
    [STYLE_LABEL] = {BLUE, OWN, 0, 0},
    [STYLE_STRONG] = {OWN, OWN, THEME_BOLD, THEME_BOLD},
    [STYLE_GOOD] = {GREEN, OWN, THEME_BOLD, 0},
    [STYLE_CAUTION] = {MAGENTA, OWN, 0, THEME_BOLD},
    [STYLE_DANGER] = {RED, OWN, THEME_BOLD, THEME_BOLD | THEME_UNDERLINE},
    [STYLE_QUOTE1] = {BLUE, OWN, 0, 0},
    [STYLE_QUOTE2] = {MAGENTA, OWN, 0, 0},
    [STYLE_RULE] = {OWN, OWN, THEME_DIM, 0},
    [STYLE_INPUT] = {OWN, OWN, 0, 0},
    [STYLE_ALARM] = {WHITE, RED, THEME_BOLD, THEME_REVERSE | THEME_BOLD},
};

const struct theme_look *
theme_find(const char *name, bool *mono)
{
    *mono = strcmp(name, "mono") == 0;
    return strcmp(name, "light") == 0 ? on_light : on_dark;
}

const char *
theme_symbol(enum theme_symbol s, bool ascii)
{
    static const struct {
        const char *unicode, *ascii;
    } symbols[] = {
#define X(n, u, a) {u, a},
        THEME_SYMBOLS(X)
#undef X
    };
    return ascii ? symbols[s].ascii : symbols[s].unicode;
}
