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

/* Sequences that terminfo does not name, or names otherwise than the terminal at hand (Home and End above all). */
#define OWN_CODES 0x7000
static const struct {
    const char *sequence;
    uint32_t key;
} own_keys[] = {
    {"\033[200~", K_PASTE_BEGIN}, {"\033[201~", K_PASTE_END},
    {"\033[H", K_HOME}, {"\033[F", K_END}, {"\033OH", K_HOME}, {"\033OF", K_END}, {"\033[1~", K_HOME}, {"\033[4~", K_END},
    {"\033[7~", K_HOME}, {"\033[8~", K_END}, {"\033[1;5H", K_TOP}, {"\033[1;5F", K_BOTTOM}, {"\033[7^", K_TOP}, {"\033[8^", K_BOTTOM},
    {"\033[1;5D", K_WORD_LEFT}, {"\033[1;5C", K_WORD_RIGHT}, {"\033Od", K_WORD_LEFT}, {"\033Oc", K_WORD_RIGHT},
    {"\033[A", K_UP}, {"\033[B", K_DOWN}, {"\033[C", K_RIGHT}, {"\033[D", K_LEFT}, {"\033[5~", K_PAGE_UP}, {"\033[6~", K_PAGE_DOWN},
    {"\033[3~", K_DELETE}, {"\033[Z", K_BACK_TAB},
};
#define OWN_KEYS (sizeof own_keys / sizeof *own_keys)

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
    for (size_t i = 0; i < OWN_KEYS; i++)
        if (key_defined(own_keys[i].sequence) <= 0)
            (void)define_key(own_keys[i].sequence, OWN_CODES + (int)i);
    d->paste = knows_paste();
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
    };
    if (code >= OWN_CODES && code < OWN_CODES + OWN_KEYS)
        return own_keys[code - OWN_CODES].key;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (keys[i].curses == code)
            return keys[i].key;
    if (code >= KEY_F(1) && code <= KEY_F(12))
        return K_F1 + (code - KEY_F(1));
    return K_SPECIAL; /* a key without a meaning: names no action */
}

/* After an ESC: the rest of a sequence that nobody knows is swallowed, so that its letters are not taken for commands. */
static uint32_t
escape(void)
{
    wint_t c = 0;
    if (wget_wch(stdscr, &c) == ERR)
        return K_ESC;
    if (c != '[' && c != 'O') {
        (void)unget_wch((wchar_t)c);
        return K_ESC;
    }
    for (int i = 0; i < 32 && wget_wch(stdscr, &c) != ERR; i++)
        if (c >= 0x40 && c <= 0x7E)
            break;
    return K_SPECIAL;
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
    case 27: return escape();
    case 3: return K_ESC; /* ^C means: away from here */
    case 8:
    case 127: return K_BACKSPACE;
    default: break;
    }
    return c > 0x10FFFF ? K_SPECIAL : (uint32_t)c;
}
