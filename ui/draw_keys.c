/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading keys with ncursesw. */
#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "draw_in.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

/* Beyond ncurses' own key codes. */
#define CODE_PASTE_BEGIN 0x7001
#define CODE_PASTE_END 0x7002

/* How long the rest of an escape sequence may take on a slow line. */
#define ESCAPE_MS 60

/* Pasted text must not be taken for commands; terminals that know bracketed paste tell it apart. */
static bool
knows_paste(void)
{
    static const char *const names[] = {"xterm", "tmux", "screen", "rxvt", "foot", "alacritty", "kitty", "st-", "vte", "konsole", "putty"};
    const char *term = getenv("TERM");
    for (size_t i = 0; term && i < sizeof names / sizeof *names; i++)
        if (strncmp(term, names[i], strlen(names[i])) == 0)
            return true;
    return false;
}

void
draw_keys_paste(struct draw *d, bool on)
{
    static const char begin[] = "\033[?2004h", end[] = "\033[?2004l";
    if (!d->paste)
        return;
    (void)fflush(stdout);
    ssize_t n = write(STDOUT_FILENO, on ? begin : end, sizeof begin - 1);
    (void)n; /* a terminal that takes nothing shows nothing either */
}

void
draw_keys_open(struct draw *d)
{
    (void)set_escdelay(ESCAPE_MS);
    d->paste = knows_paste();
    if (!d->paste)
        return;
    (void)define_key("\033[200~", CODE_PASTE_BEGIN);
    (void)define_key("\033[201~", CODE_PASTE_END);
    draw_keys_paste(d, true);
}

static uint32_t
special(wint_t code)
{
    static const struct {
        wint_t curses;
        uint32_t key;
    } keys[] = {
        {KEY_UP, K_UP}, {KEY_DOWN, K_DOWN}, {KEY_LEFT, K_LEFT}, {KEY_RIGHT, K_RIGHT}, {KEY_PPAGE, K_PAGE_UP},
        {KEY_NPAGE, K_PAGE_DOWN}, {KEY_HOME, K_HOME}, {KEY_END, K_END}, {KEY_FIND, K_HOME}, {KEY_SELECT, K_END},
        {KEY_ENTER, K_ENTER}, {KEY_BTAB, K_BACK_TAB}, {KEY_BACKSPACE, K_BACKSPACE}, {KEY_DC, K_DELETE}, {KEY_IC, K_INSERT},
        {CODE_PASTE_BEGIN, K_PASTE_BEGIN}, {CODE_PASTE_END, K_PASTE_END},
    };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].curses == code)
            return keys[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return K_F1 + (code - KEY_F(1));
    return K_SPECIAL; /* a key without a meaning: names no action */
}

uint32_t
draw_read_key(struct draw *d, bool *gone)
{
    wint_t c = 0;
    (void)d;
    *gone = false;
    int rc = wget_wch(stdscr, &c);
    if (rc == ERR) {
        struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
        /* Still readable although nothing was read: end of file, the line is gone. */
        *gone = poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR | POLLNVAL);
        return K_NONE;
    }
    if (rc == KEY_CODE_YES)
        return c == KEY_RESIZE ? K_NONE : special(c);
    switch (c) {
    case '\r':
    case '\n': return K_ENTER;
    case '\t': return K_TAB;
    case 27: return K_ESC;
    case 3: return K_ESC; /* ^C means: away from here */
    case 8:
    case 127: return K_BACKSPACE;
    default: break;
    }
    return c > 0x10FFFF ? K_SPECIAL : (uint32_t)c;
}
