/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that are not finished. */
#include <stdlib.h>

#include "i18n.h"
#include "list.h"
#include "views.h"
#include "words.h"

struct drafts {
    struct view view;
    struct list list;
    struct arena arena;
    struct wr_draft *rows;
    uint32_t n;
    bool loaded;
};

static void
on_drafts(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct drafts *x = (struct drafts *)v;
    struct arena mine = ARENA_INIT;
    struct wm_drafts copy;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_drafts) {
        app_failed(a, r);
        return;
    }
    if (app_copy(wire_message_desc(WM_TYPE_drafts), r->in->msg, &mine, &copy) != SP_OK) {
        arena_release(&mine);
        return;
    }
    arena_release(&x->arena);
    x->arena = mine;
    x->rows = copy.drafts;
    x->n = copy.drafts_n;
    x->loaded = true;
    list_fit(&x->list, (int)x->n, x->list.height);
}

static void
refresh(struct app *a, struct view *v)
{
    app_drop(a, v, 0);
    app_request(a, v, WM_TYPE_list_drafts, &(struct wm_list_drafts){}, on_drafts, 0);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct drafts *x = (struct drafts *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 1, area.w};
    int to_w = area.w * 2 / 5;
    draw_line(a->draw, area.y, area.x, area.w, STYLE_HEAD, "");
    (void)draw_text(a->draw, area.y, area.x + 1, to_w, STYLE_HEAD, _("To"));
    (void)draw_text(a->draw, area.y, area.x + 2 + to_w, area.w - to_w - 3, STYLE_HEAD, _("Subject"));
    list_fit(&x->list, (int)x->n, rows.h);
    for (int i = 0; i < rows.h && x->list.top + i < (int)x->n; i++) {
        const struct wr_draft *draft = &x->rows[x->list.top + i];
        bool on = x->list.top + i == x->list.cursor;
        enum theme_style style = on ? STYLE_CURSOR : STYLE_NORMAL;
        int y = rows.y + i;
        draw_fill(a->draw, (struct rect){y, rows.x, 1, rows.w}, style);
        if (on)
            app_point(a, y, rows.x);
        (void)draw_text(a->draw, y, rows.x + 1, to_w, style, *draft->to ? draft->to : _("(nobody yet)"));
        (void)draw_text(a->draw, y, rows.x + 2 + to_w, rows.w - to_w - 3, style, *draft->subject ? draft->subject : _("(no subject)"));
    }
    if (x->n == 0)
        (void)draw_text(a->draw, rows.y + 1, rows.x + 2, rows.w - 4, STYLE_DIM, x->loaded ? _("There are no drafts.") : _("Loading…"));
}

static void
on_deleted(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_failed(a, r);
    refresh(a, v);
}

static void
on_delete_answer(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    if (text && *text == 'y')
        app_request(a, v, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = tag}, on_deleted, 1);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct drafts *x = (struct drafts *)v;
    (void)arg;
    if (list_move(&x->list, action, (int)x->n))
        return true;
    if (x->list.cursor >= (int)x->n)
        return false;
    switch (action) {
    case ACTION_OPEN:
        view_compose_open(a, &x->rows[x->list.cursor], false);
        app_close(a, v);
        return true;
    case ACTION_DELETE:
        app_prompt(a, prompt_keys(v, _("Throw this draft away? (y/n)"), "yn", on_delete_answer, x->rows[x->list.cursor].id));
        return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    (void)a;
    (void)v;
    (void)right;
    buf_adds(left, _("Drafts"));
}

static void
drafts_free(struct app *a, struct view *v)
{
    struct drafts *x = (struct drafts *)v;
    (void)a;
    arena_release(&x->arena);
    free(x);
}

void
view_drafts_open(struct app *a)
{
    static const struct view_ops ops = {.name = N_("Drafts"), .kind = V_DRAFTS, .draw = draw, .action = action, .refresh = refresh,
                                        .title = title, .free = drafts_free};
    struct drafts *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    app_push(a, &x->view);
    refresh(a, &x->view);
}
