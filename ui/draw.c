/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing with ncursesw. */
#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "draw_in.h"

#include <langinfo.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "base/safetext.h"
#include "base/utf8.h"

/* Terminals whose fonts have no symbols beyond their own line drawing. */
static bool
plain_terminal(const char *term)
{
    static const char *const names[] = {"vt", "linux", "dumb", "ansi", "cons25", "sun"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strncmp(term, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

static void
open_colours(struct draw *d, const char *theme)
{
    bool mono;
    const char *no_colour = getenv("NO_COLOR");
    d->looks = theme_find(theme, &mono);
    if (mono || (no_colour && *no_colour) || !has_colors() || start_color() == ERR || COLOR_PAIRS <= STYLE_COUNT)
        return;
    bool own = use_default_colors() == OK;
    for (int i = 0; i < STYLE_COUNT; i++) {
        short fg = d->looks[i].fg, bg = d->looks[i].bg;
        if (!own) {
            fg = fg < 0 ? COLOR_WHITE : fg;
            bg = bg < 0 ? COLOR_BLACK : bg;
        }
        if (init_pair((short)(i + 1), fg, bg) == ERR)
            return;
    }
    d->colours = true;
}

struct draw *
draw_open(const char *theme, bool ascii)
{
    struct draw *d = calloc(1, sizeof *d);
    const char *term = getenv("TERM");
    if (!d)
        return NULL;
    d->utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
    d->ascii = ascii || !d->utf8 || plain_terminal(term ? term : "");
    if (!newterm(NULL, stdout, stdin)) {
        free(d);
        return NULL;
    }
    const char *address = tigetstr("cup"); /* a terminal without it has no screen */
    if (!address || address == (const char *)-1) {
        (void)endwin();
        free(d);
        return NULL;
    }
    (void)raw();
    (void)noecho();
    (void)nonl();
    (void)keypad(stdscr, TRUE);
    (void)nodelay(stdscr, TRUE);
    (void)intrflush(stdscr, FALSE);
    (void)leaveok(stdscr, FALSE);
    (void)scrollok(stdscr, FALSE);
    (void)idlok(stdscr, TRUE); /* scrolling costs few bytes where the terminal can insert lines */
    open_colours(d, theme);
    draw_keys_open(d);
    return d;
}

void
draw_close(struct draw *d)
{
    if (!d)
        return;
    draw_keys_paste(d, false);
    (void)endwin();
    buf_release(&d->safe);
    free(d->wide);
    free(d);
}

void
draw_suspend(struct draw *d)
{
    draw_keys_paste(d, false);
    (void)endwin();
}

void
draw_quiet(const char *text)
{
    struct termios t;
    if (tcgetattr(STDIN_FILENO, &t) == 0) {
        t.c_lflag &= ~(tcflag_t)ECHO;
        t.c_cc[VSUSP] = _POSIX_VDISABLE;
        (void)tcsetattr(STDIN_FILENO, TCSADRAIN, &t);
    }
    (void)printf("%s\r\n", text);
    (void)fflush(stdout);
}

void
draw_resume(struct draw *d)
{
    draw_resized(d);
    (void)reset_prog_mode();
    draw_keys_paste(d, true);
    draw_repaint(d);
}

void
draw_resized(struct draw *d)
{
    struct winsize size;
    (void)d;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 && size.ws_col > 0 &&
        size.ws_row <= 10000 && size.ws_col <= 10000)
        (void)resizeterm(size.ws_row, size.ws_col);
}

void
draw_size(const struct draw *d, int *rows, int *cols)
{
    (void)d;
    *rows = LINES;
    *cols = COLS;
}

bool
draw_is_ascii(const struct draw *d)
{
    return d->ascii;
}

void
draw_begin(struct draw *d)
{
    (void)d;
    (void)attr_set(A_NORMAL, 0, NULL);
    (void)erase();
}

void
draw_end(struct draw *d, int cursor_y, int cursor_x, bool shown)
{
    (void)d;
    (void)curs_set(shown ? 1 : 0);
    (void)move(cursor_y, cursor_x);
    (void)wnoutrefresh(stdscr);
    (void)doupdate();
}

void
draw_repaint(struct draw *d)
{
    (void)d;
    (void)clearok(stdscr, TRUE);
}

static void
use_style(const struct draw *d, enum theme_style style)
{
    const struct theme_look *look = &d->looks[style];
    unsigned bits = d->colours ? look->attrs : look->mono;
    attr_t attrs = A_NORMAL;
    attrs |= bits & THEME_BOLD ? A_BOLD : 0;
    attrs |= bits & THEME_DIM ? A_DIM : 0;
    attrs |= bits & THEME_REVERSE ? A_REVERSE : 0;
    attrs |= bits & THEME_UNDERLINE ? A_UNDERLINE : 0;
    /* The terminal's own colours are no pair of ours: changing between two that look alike would cost bytes all the time. */
    bool own = look->fg < 0 && look->bg < 0;
    (void)attr_set(attrs, d->colours && !own ? (short)(style + 1) : 0, NULL);
}

/* A locale without UTF-8 shows what it can encode; the rest becomes ASCII of the same width. */
static wchar_t
local_form(uint32_t cp)
{
    static const struct {
        uint32_t cp;
        char ascii;
    } forms[] = {{0x2018, '\''}, {0x2019, '\''}, {0x201C, '"'}, {0x201D, '"'}, {0x2013, '-'}, {0x2014, '-'},
                 {0x2026, '~'}, {0x00A0, ' '}, {0x2022, '*'}, {0x2010, '-'}, {0x2011, '-'}, {0x202F, ' '}};
    char bytes[MB_LEN_MAX];
    mbstate_t state = {0};
    if (wcrtomb(bytes, (wchar_t)cp, &state) != (size_t)-1)
        return (wchar_t)cp;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (forms[i].cp == cp)
            return (wchar_t)forms[i].ascii;
    return L'?';
}

static bool
more_wide(struct draw *d, size_t n)
{
    if (n <= d->wide_cap)
        return true;
    wchar_t *w = realloc(d->wide, n * 2 * sizeof *w);
    if (!w)
        return false;
    d->wide = w;
    d->wide_cap = n * 2;
    return true;
}

/* text is safe already and fits. */
static void
put_safe(struct draw *d, int y, int x, const char *text, size_t len)
{
    size_t n = 0;
    while (n < len && text[n] >= ' ' && text[n] <= '~')
        n++;
    if (n == len) { /* most text is, and costs half the time then */
        (void)mvaddnstr(y, x, text, (int)len);
        return;
    }
    n = 0;
    if (!more_wide(d, len + 1))
        return;
    while (len) {
        uint32_t cp;
        size_t used = utf8_decode(text, len, &cp);
        int width = utf8_cp_width(cp);
        text += used;
        len -= used;
        if (d->utf8) {
            d->wide[n++] = (wchar_t)cp;
        } else if (width > 0) { /* marks without an encoding are left out */
            wchar_t c = local_form(cp);
            d->wide[n++] = c;
            if (c == L'?' && width == 2)
                d->wide[n++] = L'?';
        }
    }
    (void)mvaddnwstr(y, x, d->wide, (int)n);
}

int
draw_textn(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text, size_t len)
{
    int used, cut_used;
    if (cols <= 0 || y < 0 || y >= LINES || x < 0 || x >= COLS)
        return 0;
    if (cols > COLS - x)
        cols = COLS - x;
    /* Of a very long text only what can matter is looked at: every column takes at most a base and its marks. */
    size_t bound = (size_t)cols * 64 + 64;
    buf_clear(&d->safe);
    (void)safetext_add(&d->safe, text, len < bound ? len : bound, SAFETEXT_LINE);
    const char *safe = buf_str(&d->safe);
    size_t safe_len = d->safe.len;
    size_t fit = utf8_fit(safe, safe_len, cols, &used);
    use_style(d, style);
    if (fit == safe_len && len <= bound) {
        put_safe(d, y, x, safe, fit);
        return used;
    }
    fit = utf8_fit(safe, safe_len, cols - 1, &cut_used);
    put_safe(d, y, x, safe, fit);
    const char *sign = theme_symbol(SYMBOL_CUT, d->ascii);
    put_safe(d, y, x + cut_used, sign, strlen(sign));
    return cut_used + 1;
}

int
draw_text(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text)
{
    return draw_textn(d, y, x, cols, style, text, strlen(text));
}

void
draw_line(struct draw *d, int y, int x, int cols, enum theme_style style, const char *text)
{
    draw_fill(d, (struct rect){y, x, 1, cols}, style);
    (void)draw_text(d, y, x, cols, style, text);
}

void
draw_symbol(struct draw *d, int y, int x, enum theme_style style, enum theme_symbol s)
{
    const char *text = theme_symbol(s, d->ascii);
    if (y < 0 || y >= LINES || x < 0 || x >= COLS)
        return;
    use_style(d, style);
    put_safe(d, y, x, text, strlen(text));
}

const char *
draw_symbol_text(const struct draw *d, enum theme_symbol s)
{
    return theme_symbol(s, d->ascii);
}

void
draw_fill(struct draw *d, struct rect r, enum theme_style style)
{
    use_style(d, style);
    for (int y = r.y; y < r.y + r.h && y < LINES; y++)
        for (int x = r.x; x < r.x + r.w && x < COLS; x++)
            (void)mvaddch(y, x, ' ');
}

void
draw_rule(struct draw *d, int y, int x, int cols, enum theme_style style)
{
    for (int i = 0; i < cols; i++)
        draw_symbol(d, y, x + i, style, SYMBOL_LINE);
}

void
draw_vertical(struct draw *d, struct rect r, enum theme_style style)
{
    for (int y = r.y; y < r.y + r.h; y++)
        draw_symbol(d, y, r.x, style, SYMBOL_BAR);
}

struct rect
draw_box(struct draw *d, struct rect r, enum theme_style style, const char *title)
{
    int bottom = r.y + r.h - 1, right = r.x + r.w - 1;
    if (r.h < 2 || r.w < 4)
        return r;
    draw_fill(d, r, STYLE_NORMAL);
    draw_rule(d, r.y, r.x + 1, r.w - 2, style);
    draw_rule(d, bottom, r.x + 1, r.w - 2, style);
    draw_vertical(d, (struct rect){r.y + 1, r.x, r.h - 2, 1}, style);
    draw_vertical(d, (struct rect){r.y + 1, right, r.h - 2, 1}, style);
    draw_symbol(d, r.y, r.x, style, SYMBOL_CORNER_NW);
    draw_symbol(d, r.y, right, style, SYMBOL_CORNER_NE);
    draw_symbol(d, bottom, r.x, style, SYMBOL_CORNER_SW);
    draw_symbol(d, bottom, right, style, SYMBOL_CORNER_SE);
    if (*title && r.w > 8) {
        int used = draw_text(d, r.y, r.x + 3, r.w - 6, style == STYLE_RULE ? STYLE_STRONG : style, title);
        draw_symbol(d, r.y, r.x + 2, style, SYMBOL_LINE);
        (void)draw_text(d, r.y, r.x + 2, 1, style, " ");
        if (used < r.w - 6)
            (void)draw_text(d, r.y, r.x + 3 + used, 1, style, " ");
    }
    return (struct rect){r.y + 1, r.x + 2, r.h - 2, r.w - 4};
}

void
draw_bell(struct draw *d)
{
    (void)d;
    (void)beep();
}
