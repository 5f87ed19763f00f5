/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's notices, the fate of what was sent, and the state of the accounts. */
#include "notice.h"

#include <time.h>

#include "i18n.h"
#include "words.h"

#define COUNTED_MOST 600 /* seconds; what leaves later is not waited for */

static void
notice(struct app *a, const struct wm_event_notice *n)
{
    const char *args[8];
    size_t args_n = 0;
    struct buf text = BUF_INIT;
    for (uint32_t i = 0; i < n->args_n && args_n < 8; i++)
        args[args_n++] = n->args[i].text;
    words_notice(n->kind, args, args_n, &text);
    enum theme_style style = n->level >= SP_LEVEL_DANGER ? STYLE_ALARM : n->level == SP_LEVEL_CAUTION ? STYLE_CAUTION : STYLE_STATUS;
    app_log(a, style, buf_str(&text));
    /* What the person is looking at stays: a small notice does not wipe an error away. */
    if (a->status_style == STYLE_STATUS || a->status.len == 0 || style != STYLE_STATUS) {
        buf_clear(&a->status);
        buf_adds(&a->status, buf_str(&text));
        a->status_style = style;
    }
    buf_release(&text);
}

/* Every second until it is too late to take it back. */
static void
on_second(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    a->undo_timer = NULL;
    app_dirty(a);
    if (a->undo_outbox && notice_undo_seconds(a))
        a->undo_timer = loop_timer_add(a->loop, 1000, on_second, a);
}

int
notice_undo_seconds(const struct app *a)
{
    int64_t left = a->undo_outbox && a->undo_until ? a->undo_until - (int64_t)time(NULL) : 0;
    return left > 0 && left <= COUNTED_MOST ? (int)left : 0;
}

static void
outbox(struct app *a, const struct wm_event_outbox *e)
{
    if (a->undo_outbox == e->item.id && e->item.state == SP_OUTBOX_WAITING && !e->gone) {
        a->undo_until = e->item.next_try;
        if (!a->undo_timer)
            on_second(a->loop, a);
    }
    if (a->undo_outbox == e->item.id && (e->gone || e->item.state == SP_OUTBOX_SENDING))
        a->undo_outbox = 0; /* too late to take it back */
}

void
notice_event(struct app *a, const struct wire_in *in)
{
    switch (in->type) {
    case WM_TYPE_event_notice: notice(a, in->msg); break;
    case WM_TYPE_event_outbox: outbox(a, in->msg); break;
    case WM_TYPE_event_locked: app_status(a, STYLE_CAUTION, _("The mail store is locked.")); break;
    default: break;
    }
}
