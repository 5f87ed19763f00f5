/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders: a list to choose from, and the sidebar of the list of messages. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "i18n.h"
#include "index.h"
#include "rows.h"
#include "views.h"
#include "words.h"

struct folders {
    struct view view;
    struct list list;
    char *what;            /* owned; "" when it is only for looking */
    uint32_t account;
    folder_picked_fn *fn;  /* NULL: open in the list */
    void *arg;
    bool placed;           /* the cursor was put on the current folder */
    uint64_t current;
};

static const char *
folder_name(const struct wr_folder *f)
{
    return f->role == SP_FOLDER_INBOX ? words_role(f->role) : f->name;
}

void
folder_label(const struct app *a, const struct wr_folder *f, struct buf *out)
{
    const struct wr_account *acc = app_account(a, f->account);
    buf_adds(out, folder_name(f));
    if (acc && a->accounts.n > 1) {
        const char *s = draw_symbol_text(a->draw, SYMBOL_SEPARATOR);
        buf_addf(out, " %s %s", s, acc->name);
    }
}

/* ---- sidebar */

static void
draw_folder(struct app *a, struct rect r, const struct wr_folder *f, int indent, enum theme_style style)
{
    char count[16] = "";
    if (f->unread)
        (void)snprintf(count, sizeof count, "%u", f->unread);
    int w = (int)strlen(count);
    if (style == STYLE_CURSOR)
        draw_fill(a->draw, r, style);
    enum theme_style text = style == STYLE_NORMAL && f->unread ? STYLE_UNREAD : !f->selectable && style == STYLE_NORMAL ? STYLE_DIM : style;
    (void)draw_text(a->draw, r.y, r.x + indent, r.w - indent - w - 2, text, folder_name(f));
    (void)draw_text(a->draw, r.y, r.x + r.w - w - 1, w, text, count);
}

void
folders_draw_sidebar(struct app *a, struct rect area, uint64_t current)
{
    /* Lines: every account's name, its folders below. The current one is kept in sight. */
    int line = 0, current_line = 0, lines = 0;
    uint32_t account = 0;
    for (uint32_t i = 0; i < a->folders.n; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        lines += f->account != account ? 1 : 0;
        account = f->account;
        if (f->id == current)
            current_line = lines;
        lines++;
    }
    int top = layout_scroll(0, current_line, area.h, lines);
    account = 0;
    for (uint32_t i = 0; i < a->folders.n && line - top < area.h; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        const struct wr_account *acc = app_account(a, f->account);
        if (f->account != account) {
            account = f->account;
            if (line >= top)
                (void)draw_text(a->draw, area.y + line - top, area.x + 1, area.w - 2, STYLE_LABEL, acc ? acc->name : "?");
            line++;
        }
        if (line >= top && line - top < area.h)
            draw_folder(a, (struct rect){area.y + line - top, area.x, 1, area.w}, f, 2, f->id == current ? STYLE_CURSOR : STYLE_NORMAL);
        line++;
    }
}

/* ---- the list */

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct folders *x = (struct folders *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 1, area.w};
    if (!x->placed && a->folders.n) {
        for (uint32_t i = 0; i < a->folders.n; i++)
            if (a->folders.rows[i].id == x->current || (!x->current && a->folders.rows[i].account == x->account && !x->placed)) {
                x->list.cursor = (int)i;
                x->placed = true;
            }
        x->placed = true;
    }
    list_fit(&x->list, (int)a->folders.n, rows.h);
    draw_fill(a->draw, (struct rect){area.y, area.x, 1, area.w}, STYLE_HEAD);
    (void)draw_text(a->draw, area.y, area.x + 2, area.w - 2, STYLE_HEAD, *x->what ? x->what : _("Folder"));
    const char *counts_head = _("unread / all");
    int head_w = words_width(counts_head);
    (void)draw_text(a->draw, area.y, area.x + area.w - 1 - head_w, head_w, STYLE_HEAD, counts_head);
    for (int i = 0; i < rows.h && x->list.top + i < (int)a->folders.n; i++) {
        const struct wr_folder *f = &a->folders.rows[x->list.top + i];
        const struct wr_account *acc = app_account(a, f->account);
        bool on = x->list.top + i == x->list.cursor;
        enum theme_style style = on ? STYLE_CURSOR : f->unread ? STYLE_UNREAD : f->selectable ? STYLE_NORMAL : STYLE_DIM;
        char counts[48];
        (void)snprintf(counts, sizeof counts, "%6u /%7u", f->unread, f->total);
        int y = rows.y + i, right = rows.x + rows.w - 17;
        if (on) {
            draw_fill(a->draw, (struct rect){y, rows.x, 1, rows.w}, style);
            app_point(a, y, rows.x);
        }
        int name_x = rows.x + 2 + (a->accounts.n > 1 ? 16 : 0);
        if (a->accounts.n > 1)
            (void)draw_text(a->draw, y, rows.x + 2, 14, on ? style : STYLE_LABEL, acc ? acc->name : "?");
        (void)draw_text(a->draw, y, name_x, right - name_x - 1, style, folder_name(f));
        if (f->selectable)
            (void)draw_text(a->draw, y, right, 16, style, counts);
    }
}

static void
choose(struct app *a, struct folders *x)
{
    if (x->list.cursor >= (int)a->folders.n)
        return;
    const struct wr_folder *f = &a->folders.rows[x->list.cursor];
    if (!f->selectable) {
        app_status(a, STYLE_STATUS, _("This folder only holds other folders."));
        return;
    }
    app_close(a, &x->view);
    if (x->fn) {
        x->fn(a, f, x->arg);
        return;
    }
    struct view *message = app_find(a, V_MESSAGE);
    if (message)
        app_close(a, message);
    view_index_folder(a, f->id);
}

static bool
fits(const struct app *a, const void *arg, int i, const char *word)
{
    (void)arg;
    return strcasestr(folder_name(&a->folders.rows[i]), word) != NULL;
}

static void
find_next(struct app *a, struct folders *x)
{
    int at = rows_find(a, &x->list, (int)a->folders.n, fits, NULL);
    if (at >= 0)
        x->list.cursor = at;
}

static void
on_created(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_failed(a, r);
    app_ask_folders(a);
}

static void
on_new_name(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    if (text && *text)
        app_request(a, v, WM_TYPE_create_folder, &(struct wm_create_folder){.account = (uint32_t)tag, .name = text}, on_created, 0);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct folders *x = (struct folders *)v;
    if (list_move(&x->list, action, (int)a->folders.n))
        return true;
    switch (action) {
    case ACTION_OPEN: choose(a, x); return true;
    case ACTION_FIND: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: find_next(a, x); return true;
    case ACTION_NEW_FOLDER: {
        uint32_t account = x->list.cursor < (int)a->folders.n ? a->folders.rows[x->list.cursor].account : x->account;
        const struct wr_account *acc = app_account(a, account);
        struct buf label = BUF_INIT;
        words_fill(&label, _("Name of the new folder in {1}:"), (const char *[]){acc ? acc->name : "?"}, 1);
        app_prompt(a, prompt_text(v, buf_str(&label), arg ? arg : "", on_new_name, account));
        buf_release(&label);
        return true;
    }
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    (void)a;
    (void)v;
    (void)right;
    buf_adds(left, _("Folders"));
}

static void
folders_free(struct app *a, struct view *v)
{
    struct folders *x = (struct folders *)v;
    (void)a;
    free(x->what);
    free(x);
}

void
view_folders_open(struct app *a, const char *what, uint32_t account, folder_picked_fn *fn, void *arg)
{
    static const struct view_ops ops = {.name = N_("Folders"), .kind = V_FOLDERS, .draw = draw, .action = action, .title = title,
                                        .free = folders_free};
    struct index *index = (struct index *)app_find(a, V_INDEX);
    struct folders *x = calloc(1, sizeof *x);
    if (!x)
        return;
    *x = (struct folders){.view.ops = &ops, .what = strdup(what), .account = account, .fn = fn, .arg = arg,
                          .current = index && !fn ? index->folder : 0};
    if (!x->what) {
        free(x);
        return;
    }
    app_push(a, &x->view);
}

void
index_choose_folder(struct app *a, const char *name)
{
    const struct wr_folder *f = name ? app_folder_by_name(a, 0, name) : NULL;
    if (f)
        view_index_folder(a, f->id);
    else if (name)
        app_say(a, STYLE_ERROR, _("There is no folder \"{1}\"."), name);
    else
        view_folders_open(a, "", 0, NULL, NULL);
}
