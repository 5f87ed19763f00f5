/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What waits to be sent, with the server's own words when it refused, for each recipient (S44). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "i18n.h"
#include "pager.h"
#include "rows.h"
#include "views.h"
#include "words.h"

struct outbox {
    struct view view;
    struct list list;
    struct arena arena;
    struct wm_outbox got;
    bool loaded;
};

enum tag { TAG_LIST, TAG_EDIT, TAG_DELETE };

static const struct wr_outbox_item *
current(const struct outbox *x)
{
    return x->list.cursor < (int)x->got.items_n ? &x->got.items[x->list.cursor] : NULL;
}

static void
on_items(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct outbox *x = (struct outbox *)v;
    (void)arena;
    (void)tag;
    if (app_take(a, r, WM_TYPE_outbox, &x->arena, &x->got))
        x->loaded = true;
}

static void
refresh(struct app *a, struct view *v)
{
    app_drop(a, v, TAG_LIST);
    app_request(a, v, WM_TYPE_list_outbox, &(struct wm_list_outbox){}, on_items, TAG_LIST);
}

static void
event(struct app *a, struct view *v, const struct wire_in *in)
{
    if (in->type == WM_TYPE_event_outbox)
        refresh(a, v);
}

/* ---- drawing */

static enum theme_style
state_style(unsigned state)
{
    return state == SP_OUTBOX_FAILED || state == SP_OUTBOX_UNCERTAIN ? STYLE_DANGER : state == SP_OUTBOX_DEFERRED ? STYLE_CAUTION : STYLE_NORMAL;
}

/* The columns: the longest state fits from 60 columns on. */
struct columns {
    int state_w, to_x, to_w, subject_x;
};

static struct columns
columns(struct rect r)
{
    struct columns c = {.state_w = r.w >= 60 ? 22 : r.w / 3};
    c.to_x = r.x + 2 + c.state_w;
    c.to_w = (r.w - c.state_w) * 2 / 5;
    c.subject_x = c.to_x + c.to_w + 1;
    return c;
}

static void
draw_item(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct wr_outbox_item *item = &((const struct outbox *)arg)->got.items[i];
    const struct columns c = columns(r);
    struct buf text = BUF_INIT;
    buf_adds(&text, words_outbox_state(item->state));
    if ((item->state == SP_OUTBOX_WAITING || item->state == SP_OUTBOX_DEFERRED) && item->next_try) {
        struct buf when = BUF_INIT;
        words_day(item->next_try, (int64_t)time(NULL), &when);
        const char *w = buf_str(&when);
        buf_addf(&text, " %s", w + strspn(w, " "));
        buf_release(&when);
    }
    (void)draw_text(a->draw, r.y, r.x + 1, c.state_w, on ? style : state_style(item->state), buf_str(&text));
    (void)draw_text(a->draw, r.y, c.to_x, c.to_w, style, item->to);
    (void)draw_text(a->draw, r.y, c.subject_x, r.x + r.w - c.subject_x - 1, style, *item->subject ? item->subject : _("(no subject)"));
    buf_release(&text);
}

/* What the server said of one recipient: "250" took it, everything else did not. */
static void
add_result(struct pager *p, const struct wr_recipient_result *r)
{
    struct buf line = BUF_INIT;
    bool taken = r->code >= 200 && r->code < 300;
    words_fill(&line, taken                            ? _("{1}: accepted")
                      : r->code >= 500 || r->code == 0 ? _("{1}: refused. The server's words: \"{2}\"")
                                                       : _("{1}: not accepted for now. The server's words: \"{2}\""),
               (const char *[]){r->address, r->text}, 2);
    pager_add(p, taken ? STYLE_NORMAL : STYLE_CAUTION, -2, buf_str(&line));
    buf_release(&line);
}

/* What is known of the one under the cursor, in full. */
static void
draw_details(struct app *a, struct rect r, const struct wr_outbox_item *item)
{
    struct buf text = BUF_INIT, when = BUF_INIT;
    struct pager p;
    pager_init(&p);
    words_time(item->next_try, &when);
    words_fill(&text, words_outbox_explain(item->state, item->next_try > (int64_t)time(NULL)), (const char *[]){buf_str(&when)}, 1);
    pager_add(&p, state_style(item->state), 0, buf_str(&text));
    if (item->status && !item->results_n) {
        buf_clear(&text);
        words_failure((enum sp_status)item->status, item->server_text, &text);
        pager_add(&p, STYLE_NORMAL, 0, buf_str(&text));
    }
    for (uint32_t i = 0; i < item->results_n; i++)
        add_result(&p, &item->results[i]);
    pager_draw(&p, a->draw, (struct rect){r.y, r.x + 1, r.h, r.w - 2});
    pager_release(&p);
    buf_release(&text);
    buf_release(&when);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct outbox *x = (struct outbox *)v;
    int details = area.h / 2 < 10 ? area.h / 2 : 10;
    struct rect rows = {area.y + 1, area.x, area.h - details - 2, area.w};
    const struct columns c = columns(area);
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 1, c.state_w, STYLE_HEAD, _("State"));
    (void)draw_text(a->draw, area.y, c.to_x, c.to_w, STYLE_HEAD, _("To"));
    (void)draw_text(a->draw, area.y, c.subject_x, area.x + area.w - c.subject_x - 1, STYLE_HEAD, _("Subject"));
    rows_draw(a, &x->list, (int)x->got.items_n, rows, x->loaded ? _("Nothing waits to be sent.") : _("Loading…"), draw_item, x);
    const struct wr_outbox_item *item = current(x);
    if (!item)
        return;
    draw_rule(a->draw, rows.y + rows.h, area.x, area.w, STYLE_RULE);
    draw_details(a, (struct rect){rows.y + rows.h + 1, area.x, details, area.w}, item);
}

/* ---- actions */

static void
on_draft(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)arena;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_draft_view) {
        app_failed(a, r);
        return;
    }
    const struct wr_draft *draft = &((const struct wm_draft_view *)r->in->msg)->draft;
    refresh(a, v);
    if (tag == TAG_EDIT) {
        view_compose_open(a, draft, false);
        return;
    }
    app_tell(a, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = draft->id});
    app_status(a, STYLE_STATUS, _("Thrown away."));
}

/* Out of the outbox a message becomes a draft again, whatever follows. */
static void
take_out(struct app *a, struct view *v, uint64_t id, enum tag tag)
{
    app_request(a, v, WM_TYPE_outbox_cancel, &(struct wm_outbox_cancel){.outbox = id}, on_draft, tag);
}

static void
on_delete_answer(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    if (text && *text == 'y')
        take_out(a, v, tag, TAG_DELETE);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct outbox *x = (struct outbox *)v;
    (void)arg;
    if (list_move(&x->list, action, (int)x->got.items_n))
        return true;
    const struct wr_outbox_item *item = current(x);
    if (!item)
        return false;
    switch (action) {
    case ACTION_RETRY: app_tell(a, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = item->id}); return true;
    case ACTION_OPEN:
    case ACTION_EDIT: take_out(a, v, item->id, TAG_EDIT); return true;
    case ACTION_THROW_AWAY:
        app_prompt(a, prompt_keys(v, item->state == SP_OUTBOX_UNCERTAIN ? _("It may have arrived. Throw it away? (y/n)")
                                                                        : _("It has not been sent. Throw it away? (y/n)"),
                                  "yn", on_delete_answer, item->id));
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
