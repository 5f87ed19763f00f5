/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The built-in editor. */
#include <stdlib.h>
#include <string.h>

#include "edit.h"
#include "i18n.h"
#include "views.h"

#define HAND_OVER_MS 1000
#define COLUMNS_MOST 78 /* longer lines are hard to read, and quoted ones must still fit */

struct editor {
    struct view view;
    struct edit edit;
    struct view *owner;  /* what opened it lies below and lives longer */
    char *title;         /* owned */
    editor_fn *fn;
    char *first;               /* owned; the text as it was, for who forgets the changes */
    struct loop_timer *timer;  /* until what was typed is handed over, for the case that the screen is lost */
    bool handed;
    size_t top;
    int height;
};

static enum theme_style
row_style(const char *s, size_t len)
{
    return len && *s == '>' ? STYLE_QUOTE1 : STYLE_NORMAL;
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct editor *x = (struct editor *)v;
    size_t row, n;
    int col;
    int cols = area.w - 2 > COLUMNS_MOST ? COLUMNS_MOST : area.w - 2;
    edit_width(&x->edit, cols);
    x->height = area.h;
    edit_position(&x->edit, &row, &col);
    const struct edit_row *rows = edit_rows(&x->edit, &n);
    x->top = (size_t)layout_scroll((int)x->top, (int)row, area.h, (int)n);
    for (int y = 0; y < area.h && x->top + (size_t)y < n; y++) {
        const struct edit_row *r = &rows[x->top + (size_t)y];
        const char *s = buf_str(&x->edit.text) + r->at;
        (void)draw_textn(a->draw, area.y + y, area.x + 1, cols, row_style(s, r->len), s, r->len);
    }
    app_cursor(a, area.y + (int)(row - x->top), area.x + 1 + col);
}

/* The owner keeps what was typed so far. */
static void
on_timer(struct loop *l, void *arg)
{
    struct app *a = arg;
    struct editor *x = (struct editor *)app_find(a, V_EDITOR);
    (void)l;
    if (!x)
        return;
    x->timer = NULL;
    x->handed = true;
    x->fn(a, x->owner, buf_str(&x->edit.text));
}

static void
finish(struct app *a, struct editor *x, bool take)
{
    struct view *owner = x->owner;
    editor_fn *fn = x->fn;
    struct buf text = x->edit.text;
    bool changed = x->edit.changed;
    buf_init(&x->edit.text);
    app_close(a, &x->view);
    fn(a, owner, take && changed ? buf_str(&text) : x->handed ? x->first : NULL); /* the view is freed at the end of the turn */
    buf_release(&text);
}

void
editor_flush(struct app *a, struct view *v)
{
    struct editor *x = (struct editor *)v;
    if (x->edit.changed)
        x->fn(a, x->owner, buf_str(&x->edit.text));
    x->edit.changed = false;
}

static void
on_forget(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)tag;
    if (text && *text == 'y')
        finish(a, (struct editor *)v, false);
}

static bool
key(struct app *a, struct view *v, uint32_t k)
{
    struct editor *x = (struct editor *)v;
    if (keymap_lookup(&a->keymap, k, V_EDITOR) != ACTION_NONE && !a->pasting)
        return false;
    (void)edit_key(&x->edit, k, x->height);
    if (x->edit.changed && !x->timer)
        x->timer = loop_timer_add(a->loop, HAND_OVER_MS, on_timer, a);
    return true;
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct editor *x = (struct editor *)v;
    (void)arg;
    switch (action) {
    case ACTION_EDITOR_DONE: finish(a, x, true); return true;
    case ACTION_EDITOR_CANCEL:
        if (x->edit.changed)
            app_prompt(a, prompt_keys(v, _("Forget the changes? (y/n)"), "yn", on_forget, 0));
        else
            finish(a, x, false);
        return true;
    case ACTION_EDITOR_UNDO:
        if (!edit_undo(&x->edit))
            app_status(a, STYLE_STATUS, _("There is nothing to take back."));
        return true;
    case ACTION_EDITOR_CUT: edit_cut_line(&x->edit); return true;
    case ACTION_EDITOR_PASTE: edit_paste(&x->edit); return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    (void)a;
    (void)right;
    buf_adds(left, ((struct editor *)v)->title);
}

static void
editor_free(struct app *a, struct view *v)
{
    struct editor *x = (struct editor *)v;
    (void)a;
    if (x->timer)
        loop_timer_remove(x->timer);
    edit_release(&x->edit);
    free(x->first);
    free(x->title);
    free(x);
}

void
view_editor_open(struct app *a, struct view *owner, const char *title_text, const char *text, editor_fn *fn)
{
    static const struct view_ops ops = {.name = N_("Editor"), .kind = V_EDITOR, .draw = draw, .action = action, .key = key,
                                        .title = title, .free = editor_free};
    struct editor *x = calloc(1, sizeof *x);
    if (!x)
        return;
    *x = (struct editor){.view.ops = &ops, .owner = owner, .title = strdup(title_text), .fn = fn, .first = strdup(text)};
    edit_init(&x->edit);
    edit_set(&x->edit, text);
    if (!x->title || !x->first) {
        editor_free(a, &x->view);
        return;
    }
    app_push(a, &x->view);
}
