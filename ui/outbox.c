/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits to be sent, with the server's own words when it refused (S44). */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "i18n.h"
#include "list.h"
#include "pager.h"
#include "views.h"
#include "words.h"

struct outbox {
    struct view view;
    struct list list;
    struct arena arena;
    struct wr_outbox_item *items;
    uint32_t n;
    bool loaded;
};

static void
on_items(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct outbox *x = (struct outbox *)v;
    struct arena mine = ARENA_INIT;
    struct wm_outbox copy;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_outbox) {
        app_failed(a, r);
        return;
    }
    if (app_copy(wire_message_desc(WM_TYPE_outbox), r->in->msg, &mine, &copy) != SP_OK) {
        arena_release(&mine);
        return;
    }
    arena_release(&x->arena);
    x->arena = mine;
    x->items = copy.items;
    x->n = copy.items_n;
    x->loaded = true;
    list_fit(&x->list, (int)x->n, x->list.height);
}

static void
refresh(struct app *a, struct view *v)
{
    app_drop(a, v, 0);
    app_request(a, v, WM_TYPE_list_outbox, &(struct wm_list_outbox){}, on_items, 0);
}

static void
event(struct app *a, struct view *v, const struct wire_in *in)
{
    if (in->type == WM_TYPE_event_outbox)
        refresh(a, v);
}

static enum theme_style
state_style(unsigned state)
{
    return state == SP_OUTBOX_FAILED || state == SP_OUTBOX_UNCERTAIN ? STYLE_DANGER : state == SP_OUTBOX_DEFERRED ? STYLE_CAUTION : STYLE_NORMAL;
}

static void
draw_item(struct app *a, struct rect r, const struct wr_outbox_item *item, bool on)
{
    struct buf text = BUF_INIT;
    enum theme_style style = on ? STYLE_CURSOR : STYLE_NORMAL;
    int state_w = r.w / 4, to_w = r.w / 3;
    if (on) {
        draw_fill(a->draw, r, style);
        app_point(a, r.y, r.x);
    }
    buf_adds(&text, words_outbox_state(item->state));
    if ((item->state == SP_OUTBOX_WAITING || item->state == SP_OUTBOX_DEFERRED) && item->next_try) {
        struct buf when = BUF_INIT;
        words_day(item->next_try, (int64_t)time(NULL), &when);
        const char *w = buf_str(&when);
        buf_addf(&text, " %s", w + strspn(w, " "));
        buf_release(&when);
    }
    (void)draw_text(a->draw, r.y, r.x + 1, state_w, on ? style : state_style(item->state), buf_str(&text));
    (void)draw_text(a->draw, r.y, r.x + 2 + state_w, to_w, style, item->to);
    int x = r.x + 3 + state_w + to_w;
    (void)draw_text(a->draw, r.y, x, r.x + r.w - x - 1, style, *item->subject ? item->subject : _("(no subject)"));
    buf_release(&text);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct outbox *x = (struct outbox *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 5, area.w};
    int state_w = area.w / 4, to_w = area.w / 3;
    draw_line(a->draw, area.y, area.x, area.w, STYLE_HEAD, "");
    (void)draw_text(a->draw, area.y, area.x + 1, state_w, STYLE_HEAD, _("State"));
    (void)draw_text(a->draw, area.y, area.x + 2 + state_w, to_w, STYLE_HEAD, _("To"));
    (void)draw_text(a->draw, area.y, area.x + 3 + state_w + to_w, to_w, STYLE_HEAD, _("Subject"));
    list_fit(&x->list, (int)x->n, rows.h);
    for (int i = 0; i < rows.h && x->list.top + i < (int)x->n; i++)
        draw_item(a, (struct rect){rows.y + i, rows.x, 1, rows.w}, &x->items[x->list.top + i], x->list.top + i == x->list.cursor);
    if (x->n == 0) {
        (void)draw_text(a->draw, rows.y + 1, rows.x + 2, rows.w - 4, STYLE_DIM, x->loaded ? _("Nothing waits to be sent.") : _("Loading…"));
        return;
    }
    const struct wr_outbox_item *item = &x->items[x->list.cursor];
    if (item->status) {
        struct buf text = BUF_INIT;
        struct pager p;
        pager_init(&p);
        words_failure((enum sp_status)item->status, item->server_text, &text);
        pager_add(&p, STYLE_NORMAL, 0, buf_str(&text));
        pager_draw(&p, a->draw, (struct rect){area.y + area.h - 3, area.x + 1, 3, area.w - 2});
        pager_release(&p);
        buf_release(&text);
    }
}

static void
on_draft(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_draft_view) {
        app_failed(a, r);
        return;
    }
    refresh(a, v);
    view_compose_open(a, &((const struct wm_draft_view *)r->in->msg)->draft, false);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct outbox *x = (struct outbox *)v;
    (void)arg;
    if (list_move(&x->list, action, (int)x->n))
        return true;
    if (x->list.cursor >= (int)x->n)
        return false;
    uint64_t id = x->items[x->list.cursor].id;
    switch (action) {
    case ACTION_RETRY: app_tell(a, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = id}); return true;
    case ACTION_OPEN:
    case ACTION_EDIT: app_request(a, v, WM_TYPE_outbox_cancel, &(struct wm_outbox_cancel){.outbox = id}, on_draft, 1); return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    (void)a;
    (void)v;
    (void)right;
    buf_adds(left, _("Outbox"));
}

static void
outbox_free(struct app *a, struct view *v)
{
    struct outbox *x = (struct outbox *)v;
    (void)a;
    arena_release(&x->arena);
    free(x);
}

void
view_outbox_open(struct app *a)
{
    static const struct view_ops ops = {.name = N_("Outbox"), .kind = V_OUTBOX, .draw = draw, .action = action, .event = event,
                                        .refresh = refresh, .title = title, .free = outbox_free};
    struct outbox *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    app_push(a, &x->view);
    refresh(a, &x->view);
}
