/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Moving in a list. */
#include "list.h"

void
list_fit(struct list *l, int n, int height)
{
    if (l->cursor >= n)
        l->cursor = n - 1;
    if (l->cursor < 0)
        l->cursor = 0;
    l->height = height > 0 ? height : 1;
    l->top = layout_scroll(l->top, l->cursor, l->height, n);
}

/* One step over the edge shows some lines more: what comes next is seen, and a key held down repaints few lines in all. */
static void
step(struct list *l, int by)
{
    int more = l->height / 3;
    l->cursor += by;
    if (l->cursor < l->top)
        l->top -= more;
    else if (l->cursor >= l->top + l->height)
        l->top += more;
}

bool
list_move(struct list *l, enum action a, int n)
{
    int page = l->height > 1 ? l->height - 1 : 1;
    switch (a) {
    case ACTION_NEXT: step(l, 1); break;
    case ACTION_PREVIOUS: step(l, -1); break;
    case ACTION_PAGE_DOWN:
        l->cursor += page;
        l->top += page;
        break;
    case ACTION_PAGE_UP:
        l->cursor -= page;
        l->top -= page;
        break;
    case ACTION_FIRST: l->cursor = 0; break;
    case ACTION_LAST: l->cursor = n - 1; break;
    default: return false;
    }
    list_fit(l, n, l->height);
    return true;
}
