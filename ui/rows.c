/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Lists of lines. */
#include "rows.h"

void
rows_head(struct app *a, struct rect area)
{
    draw_fill(a->draw, (struct rect){area.y, area.x, 1, area.w}, STYLE_HEAD);
}

void
rows_draw(struct app *a, struct list *l, int n, struct rect area, const char *empty, rows_fn *fn, const void *arg)
{
    list_fit(l, n, area.h);
    for (int y = 0; y < area.h && l->top + y < n; y++) {
        struct rect r = {area.y + y, area.x, 1, area.w};
        bool on = l->top + y == l->cursor;
        if (on) {
            draw_fill(a->draw, r, STYLE_CURSOR);
            app_point(a, r.y, r.x);
        }
        fn(a, arg, r, l->top + y, on ? STYLE_CURSOR : STYLE_NORMAL, on);
    }
    if (n == 0)
        (void)draw_text(a->draw, area.y + 1, area.x + 2, area.w - 4, STYLE_DIM, empty);
}

int
rows_find(const struct app *a, const struct list *l, int n, rows_fits_fn *fits, const void *arg)
{
    const char *word = buf_str(&a->find);
    for (int i = 1; i <= n && *word; i++) {
        int at = (l->cursor + i) % n;
        if (fits(a, arg, at, word))
            return at;
    }
    return -1;
}
