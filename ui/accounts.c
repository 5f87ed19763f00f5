/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts and their connections, and below them what was said lately. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "list.h"
#include "views.h"
#include "words.h"

struct accounts {
    struct view view;
    struct list list;
};

static enum theme_style
state_style(const struct wr_account *acc)
{
    return acc->state == SP_ACCOUNT_FAILED ? STYLE_DANGER : acc->state == SP_ACCOUNT_ASKING ? STYLE_CAUTION
           : acc->state == SP_ACCOUNT_ONLINE                                                ? STYLE_GOOD
                                                                                            : STYLE_NORMAL;
}

static void
draw_account(struct app *a, struct rect r, const struct wr_account *acc, bool on)
{
    enum theme_style style = on ? STYLE_CURSOR : STYLE_NORMAL;
    struct buf text = BUF_INIT;
    if (on) {
        draw_fill(a->draw, r, style);
        app_point(a, r.y, r.x);
    }
    (void)draw_text(a->draw, r.y, r.x + 1, 16, on ? style : STYLE_STRONG, acc->name);
    int address_w = r.w / 3;
    (void)draw_text(a->draw, r.y, r.x + 18, address_w, style, acc->address);
    buf_adds(&text, acc->kind == SP_ACCOUNT_LOCAL ? _("on this machine") : words_account_state(acc->state));
    if (acc->insecure) {
        buf_adds(&text, ", ");
        buf_adds(&text, _("NOT ENCRYPTED"));
    }
    int x = r.x + 19 + address_w;
    (void)draw_text(a->draw, r.y, x, r.x + r.w - x - 1, on ? style : acc->insecure ? STYLE_DANGER : state_style(acc), buf_str(&text));
    buf_release(&text);
}

/* Why the account under the cursor is not online. */
static void
draw_reason(struct app *a, struct rect r, const struct wr_account *acc)
{
    struct buf text = BUF_INIT;
    if (acc->status == SP_OK || acc->state == SP_ACCOUNT_ONLINE)
        return;
    words_failure((enum sp_status)acc->status, acc->server_text, &text);
    (void)draw_text(a->draw, r.y, r.x + 1, r.w - 2, STYLE_CAUTION, buf_str(&text));
    buf_release(&text);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct accounts *x = (struct accounts *)v;
    int n = (int)a->accounts.n, most = area.h / 2 > 2 ? area.h / 2 - 2 : 1;
    int rows = n < most ? (n ? n : 1) : most;
    draw_line(a->draw, area.y, area.x, area.w, STYLE_HEAD, "");
    (void)draw_text(a->draw, area.y, area.x + 1, 16, STYLE_HEAD, _("Account"));
    (void)draw_text(a->draw, area.y, area.x + 18, area.w / 3, STYLE_HEAD, _("Address"));
    (void)draw_text(a->draw, area.y, area.x + 19 + area.w / 3, 20, STYLE_HEAD, _("Connection"));
    list_fit(&x->list, n, rows);
    for (int i = 0; i < rows && x->list.top + i < n; i++)
        draw_account(a, (struct rect){area.y + 1 + i, area.x, 1, area.w}, &a->accounts.rows[x->list.top + i], x->list.top + i == x->list.cursor);
    int y = area.y + 1 + rows;
    if (x->list.cursor < n)
        draw_reason(a, (struct rect){y, area.x, 1, area.w}, &a->accounts.rows[x->list.cursor]);
    y += 1;
    draw_line(a->draw, y, area.x, area.w, STYLE_HEAD, "");
    (void)draw_text(a->draw, y++, area.x + 1, area.w - 2, STYLE_HEAD, _("What happened lately"));
    for (unsigned i = 0; i < a->log_n && i < APP_LOG_LINES && y < area.y + area.h; i++, y++) {
        const struct app_log_line *line = &a->log[(a->log_n - 1 - i) % APP_LOG_LINES];
        struct buf when = BUF_INIT;
        words_time(line->time, &when);
        (void)draw_text(a->draw, y, area.x + 1, 16, STYLE_DIM, buf_str(&when));
        (void)draw_text(a->draw, y, area.x + 18, area.w - 19, line->style, line->text);
        buf_release(&when);
    }
    if (a->log_n == 0)
        (void)draw_text(a->draw, y, area.x + 1, area.w - 2, STYLE_DIM, _("Nothing."));
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct accounts *x = (struct accounts *)v;
    int n = (int)a->accounts.n;
    (void)arg;
    if (list_move(&x->list, action, n))
        return true;
    if (action == ACTION_ACCOUNTS)
        return true;
    if (x->list.cursor >= n)
        return false;
    uint32_t id = a->accounts.rows[x->list.cursor].id;
    switch (action) {
    case ACTION_OPEN:
    case ACTION_RETRY: app_tell(a, WM_TYPE_connect_account, &(struct wm_connect_account){.account = id, .on = 1}); return true;
    case ACTION_OFFLINE: app_tell(a, WM_TYPE_connect_account, &(struct wm_connect_account){.account = id, .on = 0}); return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    (void)a;
    (void)v;
    (void)right;
    buf_adds(left, _("Accounts"));
}

static void
accounts_free(struct app *a, struct view *v)
{
    (void)a;
    free(v);
}

void
view_accounts_open(struct app *a)
{
    static const struct view_ops ops = {.name = N_("Accounts"), .kind = V_ACCOUNTS, .draw = draw, .action = action, .title = title,
                                        .free = accounts_free};
    struct accounts *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    app_push(a, &x->view);
}
