/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts and their connections, the long work that goes on, and below them what was said lately. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "rows.h"
#include "views.h"
#include "words.h"

struct accounts {
    struct view view;
    struct list list; /* accounts, then jobs */
};

static int
lines(const struct app *a)
{
    return (int)(a->accounts.n + a->jobs.n);
}

/* NULL when the cursor stands on an account. */
static const struct wr_job *
job_at(const struct app *a, int at)
{
    int i = at - (int)a->accounts.n;
    return i >= 0 && i < (int)a->jobs.n ? &a->jobs.rows[i] : NULL;
}

static enum theme_style
state_style(const struct wr_account *acc)
{
    return acc->state == SP_ACCOUNT_FAILED ? STYLE_DANGER : acc->state == SP_ACCOUNT_ASKING ? STYLE_CAUTION
           : acc->state == SP_ACCOUNT_ONLINE                                                ? STYLE_GOOD
                                                                                            : STYLE_NORMAL;
}

static void
draw_account(struct app *a, struct rect r, const struct wr_account *acc, enum theme_style style, bool on)
{
    struct buf text = BUF_INIT;
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

static void
draw_job(struct app *a, struct rect r, const struct wr_job *job, enum theme_style style)
{
    const struct wr_account *acc = job->account ? app_account(a, job->account) : NULL;
    struct buf text = BUF_INIT;
    (void)draw_text(a->draw, r.y, r.x + 1, 16, style, acc ? acc->name : "");
    words_job_line(job, &text);
    if (job->state != SP_JOB_RUNNING)
        buf_addf(&text, " (%s)", words_job_state(job->state));
    (void)draw_text(a->draw, r.y, r.x + 18, r.w - 19, style, buf_str(&text));
    buf_release(&text);
}

static void
draw_line_at(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct wr_job *job = job_at(a, i);
    (void)arg;
    if (job)
        draw_job(a, r, job, style);
    else
        draw_account(a, r, &a->accounts.rows[i], style, on);
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
draw_log(struct app *a, int y, struct rect area)
{
    rows_head(a, (struct rect){y, area.x, 1, area.w});
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

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct accounts *x = (struct accounts *)v;
    int n = lines(a), most = area.h / 2 > 2 ? area.h / 2 - 2 : 1;
    int rows = n < most ? (n ? n : 1) : most;
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 1, 16, STYLE_HEAD, _("Account"));
    (void)draw_text(a->draw, area.y, area.x + 18, area.w / 3, STYLE_HEAD, _("Address"));
    (void)draw_text(a->draw, area.y, area.x + 19 + area.w / 3, 20, STYLE_HEAD, _("Connection"));
    rows_draw(a, &x->list, n, (struct rect){area.y + 1, area.x, rows, area.w}, "", draw_line_at, NULL);
    int y = area.y + 1 + rows;
    if (x->list.cursor < (int)a->accounts.n)
        draw_reason(a, (struct rect){y, area.x, 1, area.w}, &a->accounts.rows[x->list.cursor]);
    draw_log(a, y + 1, area);
}

static void
stop_job(struct app *a, const struct wr_job *job)
{
    if (!job)
        app_status(a, STYLE_STATUS, _("The cursor stands on no work that could be stopped."));
    else if (!job->can_cancel)
        app_status(a, STYLE_STATUS, _("This must be finished."));
    else
        app_tell(a, WM_TYPE_cancel_job, &(struct wm_cancel_job){.job = job->id});
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct accounts *x = (struct accounts *)v;
    (void)arg;
    if (list_move(&x->list, action, lines(a)))
        return true;
    if (action == ACTION_ACCOUNTS)
        return true;
    if (action == ACTION_STOP_JOB) {
        stop_job(a, job_at(a, x->list.cursor));
        return true;
    }
    if (x->list.cursor >= (int)a->accounts.n)
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
