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

static bool
is_virtual(const struct wr_folder *f)
{
    return f->kind == SP_FOLDER_VIRTUAL;
}

/* A search that somebody has kept, not one that is built in. */
static bool
is_kept_search(const struct wr_folder *f)
{
    return is_virtual(f) && *f->query;
}

static const char *
folder_name(const struct wr_folder *f)
{
    if (is_virtual(f))
        return is_kept_search(f) ? f->name : _("All inboxes");
    return f->role == SP_FOLDER_INBOX ? words_role(f->role) : f->name;
}

/* What stands above the folders of one account; the virtual ones belong to none. */
static const char *
group_name(const struct app *a, const struct wr_folder *f)
{
    const struct wr_account *acc = app_account(a, f->account);
    return is_virtual(f) ? _("All accounts") : acc ? acc->name : "?";
}

void
folder_label(const struct app *a, const struct wr_folder *f, struct buf *out)
{
    const struct wr_account *acc = app_account(a, f->account);
    buf_adds(out, folder_name(f));
    if (acc && a->accounts.n > 1)
        buf_addf(out, " %s %s", draw_symbol_text(a->draw, SYMBOL_SEPARATOR), acc->name);
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
        lines += i == 0 || f->account != account ? 1 : 0;
        account = f->account;
        if (f->id == current)
            current_line = lines;
        lines++;
    }
    int top = layout_scroll(0, current_line, area.h, lines);
    account = 0;
    for (uint32_t i = 0; i < a->folders.n && line - top < area.h; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        if (i == 0 || f->account != account) {
            account = f->account;
            if (line >= top)
                (void)draw_text(a->draw, area.y + line - top, area.x + 1, area.w - 2, STYLE_LABEL, group_name(a, f));
            line++;
        }
        if (line >= top && line - top < area.h)
            draw_folder(a, (struct rect){area.y + line - top, area.x, 1, area.w}, f, 2, f->id == current ? STYLE_CURSOR : STYLE_NORMAL);
        line++;
    }
}

/* ---- the list */

/* The columns: whose, then the name, then two signs, then the counts. */
static int
name_column(const struct app *a)
{
    return a->accounts.n > 1 ? 18 : 2;
}

static void
draw_row(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct wr_folder *f = &a->folders.rows[i];
    int right = r.x + r.w - 17, name_x = r.x + name_column(a);
    struct buf counts = BUF_INIT;
    (void)arg;
    style = on ? style : f->unread ? STYLE_UNREAD : f->selectable ? STYLE_NORMAL : STYLE_DIM;
    if (a->accounts.n > 1)
        (void)draw_text(a->draw, r.y, r.x + 2, 14, on ? style : STYLE_LABEL, group_name(a, f));
    (void)draw_text(a->draw, r.y, name_x, right - name_x - 4, style, folder_name(f));
    if (f->watched)
        (void)draw_text(a->draw, r.y, right - 3, 1, on ? style : STYLE_LABEL, "w");
    if (f->pinned)
        (void)draw_text(a->draw, r.y, right - 2, 1, on ? style : STYLE_LABEL, "p");
    buf_addf(&counts, "%6u /%7u", f->unread, f->total);
    if (f->selectable)
        (void)draw_text(a->draw, r.y, right, 16, style, buf_str(&counts));
    buf_release(&counts);
}

/* What the signs of the folder under the cursor mean. */
static void
draw_meaning(struct app *a, struct rect r, const struct wr_folder *f)
{
    const char *text = is_kept_search(f)               ? f->query
                       : is_virtual(f)                 ? _("The inboxes of all accounts together.")
                       : f->kind == SP_FOLDER_LOCAL    ? _("It is kept on this machine only.")
                       : f->watched && f->pinned       ? _("w: news show at once. p: all its messages are kept here, also for reading without a connection.")
                       : f->watched                    ? _("w: news show at once.")
                       : f->pinned                     ? _("p: all its messages are kept here, also for reading without a connection.")
                       : f->selectable                 ? _("Looked at now and then. w watches it, p keeps all its messages here.")
                                                       : "";
    (void)draw_text(a->draw, r.y, r.x + 1, r.w - 2, STYLE_DIM, text);
}

static void
place_cursor(const struct app *a, struct folders *x)
{
    for (uint32_t i = 0; i < a->folders.n && !x->placed; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        if (x->current ? f->id == x->current : f->account == x->account) {
            x->list.cursor = (int)i;
            x->placed = true;
        }
    }
    x->placed = x->placed || a->folders.n > 0;
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct folders *x = (struct folders *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 2, area.w};
    place_cursor(a, x);
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 2, area.w - 2, STYLE_HEAD, *x->what ? x->what : _("Folder"));
    const char *counts_head = _("unread / all");
    int head_w = words_width(counts_head);
    (void)draw_text(a->draw, area.y, area.x + area.w - 1 - head_w, head_w, STYLE_HEAD, counts_head);
    rows_draw(a, &x->list, (int)a->folders.n, rows, "", draw_row, NULL);
    if (x->list.cursor < (int)a->folders.n)
        draw_meaning(a, (struct rect){area.y + area.h - 1, area.x, 1, area.w}, &a->folders.rows[x->list.cursor]);
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
    if (x->fn && is_virtual(f)) {
        app_status(a, STYLE_STATUS, _("This is no place for messages: it shows those of other folders."));
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

/* ---- what is kept about a folder */

static struct prompt *edit_prompt(const struct app *a, struct view *v, uint64_t folder, const char *text);

static void
on_changed(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (!search_refused(a, r, r->status == SP_INVALID && tag ? edit_prompt(a, v, tag, a->history.lines[HISTORY_SEARCH][0]) : NULL))
        app_failed(a, r);
    app_ask_folders(a);
}

static void
toggle(struct app *a, struct view *v, struct wr_folder *f, enum action action)
{
    if (f->kind != SP_FOLDER_SERVER || !f->selectable) {
        app_status(a, STYLE_STATUS, _("That is for folders on a server."));
        return;
    }
    if (action == ACTION_WATCH)
        f->watched = !f->watched;
    else
        f->pinned = !f->pinned;
    app_request(a, v, WM_TYPE_set_folder, &(struct wm_set_folder){.folder = f->id, .watched = f->watched, .pinned = f->pinned}, on_changed, 0);
}

static void
save_search(struct app *a, struct view *v, const struct wr_folder *f, const char *name, const char *query)
{
    app_request(a, v, WM_TYPE_search_save, &(struct wm_search_save){.folder = f->id, .name = name, .query = query}, on_changed,
                *query ? f->id : 0);
}

static void
on_renamed(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    const struct wr_folder *f = app_folder(a, tag);
    if (f && text && *text)
        save_search(a, v, f, text, f->query);
}

static void
on_query(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    const struct wr_folder *f = app_folder(a, tag);
    if (f && text && *text)
        save_search(a, v, f, f->name, text);
}

static struct prompt *
edit_prompt(const struct app *a, struct view *v, uint64_t folder, const char *text)
{
    const struct wr_folder *f = app_folder(a, folder);
    return f ? search_prompt_new(v, _("Search for:"), text ? text : f->query, on_query, folder) : NULL;
}

static void
on_delete_answer(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    const struct wr_folder *f = app_folder(a, tag);
    if (f && text && *text == 'y')
        save_search(a, v, f, f->name, "");
}

static void
change_search(struct app *a, struct view *v, const struct wr_folder *f, enum action action)
{
    if (!is_kept_search(f))
        app_status(a, STYLE_STATUS, _("That is for searches that were kept."));
    else if (action == ACTION_RENAME)
        app_prompt(a, prompt_text(v, _("New name:"), f->name, on_renamed, f->id));
    else if (action == ACTION_EDIT_SEARCH)
        app_prompt(a, edit_prompt(a, v, f->id, NULL));
    else
        app_prompt(a, prompt_keys(v, _("Forget this search? Its messages stay where they are. (y/n)"), "yn", on_delete_answer, f->id));
}

static void
new_folder(struct app *a, struct folders *x, const char *arg)
{
    uint32_t account = x->list.cursor < (int)a->folders.n ? a->folders.rows[x->list.cursor].account : x->account;
    if (!account && a->accounts.n)
        account = a->accounts.rows[0].id;
    const struct wr_account *acc = app_account(a, account);
    struct buf label = BUF_INIT;
    words_fill(&label, _("Name of the new folder in {1}:"), (const char *[]){acc ? acc->name : "?"}, 1);
    app_prompt(a, prompt_text(&x->view, buf_str(&label), arg ? arg : "", on_new_name, account));
    buf_release(&label);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct folders *x = (struct folders *)v;
    if (list_move(&x->list, action, (int)a->folders.n))
        return true;
    struct wr_folder *f = x->list.cursor < (int)a->folders.n ? &a->folders.rows[x->list.cursor] : NULL;
    switch (action) {
    case ACTION_OPEN: choose(a, x); return true;
    case ACTION_FIND: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: find_next(a, x); return true;
    case ACTION_NEW_FOLDER: new_folder(a, x, arg); return true;
    case ACTION_WATCH:
    case ACTION_PIN:
        if (f)
            toggle(a, v, f, action);
        return true;
    case ACTION_RENAME:
    case ACTION_EDIT_SEARCH:
    case ACTION_THROW_AWAY:
        if (f)
            change_search(a, v, f, action);
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
    struct index *index = (struct index *)app_find(a, V_LISTS);
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
