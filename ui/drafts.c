/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that are not finished. */
#include <stdlib.h>

#include "i18n.h"
#include "rows.h"
#include "views.h"
#include "words.h"

struct drafts {
    struct view view;
    struct list list;
    struct arena arena;
    struct wm_drafts got;
    bool loaded;
};

static void
on_drafts(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct drafts *x = (struct drafts *)v;
    (void)arena;
    (void)tag;
    if (app_take(a, r, WM_TYPE_drafts, &x->arena, &x->got))
        x->loaded = true;
}

static void
refresh(struct app *a, struct view *v)
{
    app_drop(a, v, 0);
    app_request(a, v, WM_TYPE_list_drafts, &(struct wm_list_drafts){}, on_drafts, 0);
}

static void
event(struct app *a, struct view *v, const struct wire_in *in)
{
    if (in->type == WM_TYPE_event_draft)
        refresh(a, v);
}

static int
to_width(struct rect r)
{
    return r.w * 2 / 5;
}

static void
draw_draft(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct wr_draft *draft = &((const struct drafts *)arg)->got.drafts[i];
    int to_w = to_width(r);
    (void)on;
    (void)draw_text(a->draw, r.y, r.x + 1, to_w, style, *draft->to ? draft->to : _("(nobody yet)"));
    (void)draw_text(a->draw, r.y, r.x + 2 + to_w, r.w - to_w - 3, style, *draft->subject ? draft->subject : _("(no subject)"));
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct drafts *x = (struct drafts *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 1, area.w};
    int to_w = to_width(area);
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 1, to_w, STYLE_HEAD, _("To"));
    (void)draw_text(a->draw, area.y, area.x + 2 + to_w, area.w - to_w - 3, STYLE_HEAD, _("Subject"));
    rows_draw(a, &x->list, (int)x->got.drafts_n, rows, x->loaded ? _("There are no drafts.") : _("Loading…"), draw_draft, x);
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
    if (list_move(&x->list, action, (int)x->got.drafts_n))
        return true;
    if (x->list.cursor >= (int)x->got.drafts_n)
        return false;
    switch (action) {
    case ACTION_OPEN:
        view_compose_open(a, &x->got.drafts[x->list.cursor], false);
        app_close(a, v);
        return true;
    case ACTION_THROW_AWAY:
        app_prompt(a, prompt_keys(v, _("Throw this draft away? (y/n)"), "yn", on_delete_answer, x->got.drafts[x->list.cursor].id));
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
    static const struct view_ops ops = {.name = N_("Drafts"), .kind = V_DRAFTS, .draw = draw, .action = action, .event = event, .refresh = refresh,
                                        .title = title, .free = drafts_free};
    struct drafts *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    app_push(a, &x->view);
    refresh(a, &x->view);
}
