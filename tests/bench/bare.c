/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The least that a list on a terminal costs: bare ROWS draws that many lines of the width of a message list, newest first, with a bar
   that j and ^F move. Nothing is fetched, decoded or checked. */
#include <curses.h>
#include <locale.h>
#include <stdlib.h>

int
main(int argc, char **argv)
{
    int total = argc > 1 ? atoi(argv[1]) : 0, cursor = 0, top = 0, key;
    (void)setlocale(LC_ALL, "");
    if (!initscr())
        return 1;
    (void)cbreak();
    (void)noecho();
    (void)nonl();
    (void)curs_set(0);
    (void)scrollok(stdscr, FALSE);
    do {
        int height = LINES - 3;
        if (cursor >= top + height)
            top = cursor;
        (void)erase();
        for (int i = 0; i < height && top + i < total; i++) {
            int n = total - top - i;
            (void)attrset(top + i == cursor ? A_REVERSE : A_NORMAL);
            (void)mvprintw(1 + i, 0, "%-*.*s", COLS, COLS, "");
            (void)mvprintw(1 + i, 1, " N ·  %02d:%02d  p%02d@list.example  Somebody %-6d %07d about %x and %x", n / 60 % 24, n % 60, n % 20, n * 7919 % 9973, n,
                           (unsigned)n * 2654435761u, (unsigned)n * 40503u);
        }
        (void)attrset(A_NORMAL);
        (void)mvprintw(0, 0, "Inbox %d", total);
        (void)mvprintw(LINES - 1, 0, "q:Quit");
        (void)refresh();
        key = getch();
        if (key == 'j' && cursor + 1 < total)
            cursor++;
        else if (key == 6 && top + height < total)
            cursor = top += height;
    } while (key != 'q' && key != ERR);
    (void)endwin();
    return 0;
}
