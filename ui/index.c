/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The list of messages: pages by key, asked for ahead of the cursor; the cursor stays on its message. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "i18n.h"
#include "index.h"
#include "place.h"
#include "rows.h"
#include "words.h"

enum tag { TAG_REPLACE = 1, TAG_OLDER, TAG_NEWER, TAG_STATE };

#define FIRST_PAGE 100
#define LEAST_PAGE 50
#define REFRESH_MOST 500

static struct index *
index_of(struct app *a)
{
    return (struct index *)app_find(a, V_LISTS);
}

/* ---- pages */

static void ask_replace(struct app *a, struct index *x, enum sp_page where);

static void
prefetch(struct app *a, struct index *x)
{
    struct index_rows *w = &x->window;
    int ahead = 2 * x->list.height;
    uint16_t count = (uint16_t)(3 * x->list.height > LEAST_PAGE ? 3 * x->list.height : LEAST_PAGE);
    if (w->n == 0 || x->replacing)
        return;
    if (w->more_older && !x->older && x->list.cursor + ahead >= (int)w->n) {
        const struct wr_index_row *last = &w->rows[w->n - 1];
        x->older = true;
        app_request(a, &x->view, WM_TYPE_index_page,
                    &(struct wm_index_page){.folder = x->folder, .where = SP_PAGE_OLDER, .sort = last->sort, .id = last->id, .count = count},
                    index_on_page, TAG_OLDER);
    }
    if (w->more_newer && !x->newer && x->list.cursor < ahead) {
        const struct wr_index_row *first = &w->rows[0];
        x->newer = true;
        app_request(a, &x->view, WM_TYPE_index_page,
                    &(struct wm_index_page){.folder = x->folder, .where = SP_PAGE_NEWER, .sort = first->sort, .id = first->id, .count = count},
                    index_on_page, TAG_NEWER);
    }
}

/* The page from the remembered row on, then the one before it. False: nothing is left from there on, the list is asked for from its top. */
static bool
found_spot(struct app *a, struct index *x, uint64_t tag)
{
    struct index_rows *w = &x->window;
    int line = x->spot.line;
    if (tag == TAG_REPLACE && w->n == 0) {
        x->spot = (struct index_spot){0};
        x->loaded = false;
        ask_replace(a, x, SP_PAGE_NEWEST);
        return false;
    }
    if (tag == TAG_OLDER || (tag == TAG_REPLACE && w->more_newer))
        return true;
    x->spot = (struct index_spot){0};
    x->list.top = line < 0 && !w->more_newer ? 0 : x->list.cursor - (line < 0 ? 0 : line);
    return true;
}

void
index_on_page(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct index *x = (struct index *)v;
    (void)arena;
    if (!r->final)
        return;
    *(tag == TAG_OLDER ? &x->older : tag == TAG_NEWER ? &x->newer : &x->replacing) = false;
    if (r->status || !r->in || r->in->type != WM_TYPE_index_rows) {
        x->to_end = x->to_start = false;
        app_failed(a, r);
        return;
    }
    const struct wm_index_rows *page = r->in->msg;
    if (page->folder != x->folder)
        return;
    enum sp_status st;
    if (tag == TAG_OLDER) {
        st = index_rows_older(&x->window, page, &x->list);
    } else if (tag == TAG_NEWER) {
        st = index_rows_newer(&x->window, page, &x->list);
    } else {
        bool first = !x->loaded;
        st = index_rows_replace(&x->window, page, &x->list);
        x->loaded = true;
        if (x->to_end && !x->again)
            x->list.cursor = x->list.top = (int)x->window.n - 1;
        if (first || (x->to_start && !x->again))
            x->list.cursor = x->list.top = 0;
        if (!x->again) /* else this is not yet the page that was jumped to */
            x->to_end = x->to_start = false;
    }
    if (st)
        app_status(a, STYLE_ERROR, words_status(st));
    if (x->spot.id && !found_spot(a, x, tag))
        return;
    list_fit(&x->list, (int)x->window.n, x->list.height);
    if (tag == TAG_REPLACE && !x->placed) {
        x->placed = true;
        place_go_on(a);
    }
    if (x->again) {
        x->again = false;
        ask_replace(a, x, x->to_end ? SP_PAGE_OLDEST : x->window.more_newer && !x->to_start ? SP_PAGE_FROM : SP_PAGE_NEWEST);
        return;
    }
    prefetch(a, x);
}

/* The whole window anew: after changes, or somewhere else in the folder. */
static void
ask_replace(struct app *a, struct index *x, enum sp_page where)
{
    const struct index_rows *w = &x->window;
    struct wm_index_page m = {.folder = x->folder, .where = (uint8_t)where};
    if (x->folder == 0)
        return;
    if (x->replacing) {
        x->again = true;
        return;
    }
    bool jump = x->to_start || x->to_end;
    size_t n = w->n > FIRST_PAGE && !jump ? w->n : FIRST_PAGE;
    size_t from = 0;
    if (n > REFRESH_MOST) { /* only what is around the cursor is asked for again */
        n = REFRESH_MOST;
        from = x->list.top > REFRESH_MOST / 2 ? (size_t)x->list.top - REFRESH_MOST / 2 : 0;
        if (where == SP_PAGE_NEWEST && from)
            m.where = SP_PAGE_FROM;
    }
    if (m.where == SP_PAGE_FROM && from < w->n) {
        m.sort = w->rows[from].sort;
        m.id = w->rows[from].id;
    } else if (m.where == SP_PAGE_FROM) {
        m.where = SP_PAGE_NEWEST;
    }
    if (!x->loaded && x->spot.id) {
        m.where = SP_PAGE_FROM;
        m.sort = x->spot.sort;
        m.id = x->spot.id;
    }
    m.count = (uint16_t)n;
    app_drop(a, &x->view, TAG_OLDER);
    app_drop(a, &x->view, TAG_NEWER);
    x->older = x->newer = false;
    x->replacing = true;
    app_request(a, &x->view, WM_TYPE_index_page, &m, index_on_page, TAG_REPLACE);
}

/* ---- folders */

void
index_show(struct app *a, struct index *x, uint64_t folder)
{
    index_show_at(a, x, folder, NULL);
}

void
index_spot_now(const struct index *x, struct index_spot *out)
{
    const struct wr_index_row *row = x->list.cursor < (int)x->window.n ? &x->window.rows[x->list.cursor] : NULL;
    *out = row ? (struct index_spot){.sort = row->sort, .id = row->id, .line = x->list.cursor - x->list.top} : x->spot;
    if (row && x->list.top == 0 && !x->window.more_newer)
        out->line = -1;
}

void
index_show_at(struct app *a, struct index *x, uint64_t folder, const struct index_spot *spot)
{
    app_tickets_drop(a, &x->view);
    index_rows_release(&x->window);
    x->folder = folder;
    x->provisional = false;
    x->list = (struct list){.height = x->list.height};
    x->loaded = x->older = x->newer = x->replacing = x->again = false;
    x->spot = spot ? *spot : (struct index_spot){0};
    ask_replace(a, x, SP_PAGE_NEWEST);
    app_dirty(a);
}

/* The folder's own list, at the bottom; what was found above it is left. */
static struct index *
bottom_index(struct app *a)
{
    struct view *v;
    while ((v = app_find(a, V_SEARCH)))
        app_close(a, v);
    return (struct index *)app_find(a, V_INDEX);
}

void
view_index_folder(struct app *a, uint64_t folder)
{
    struct index *x = bottom_index(a);
    if (!x)
        return;
    x->provisional = false;
    if (x->folder != folder)
        index_show(a, x, folder);
}

static bool
is_local(const struct app *a, const struct wr_folder *folder)
{
    const struct wr_account *account = app_account(a, folder->account);
    return account && account->kind == SP_ACCOUNT_LOCAL;
}

/* Until the folders of the first account are known there may be only the local inbox; it is not what the user comes for. */
static void
show_inbox(struct app *a, struct index *x)
{
    const struct wr_folder *folder = app_folder_by_role(a, 0, SP_FOLDER_INBOX);
    for (uint32_t i = 0; i < a->folders.n && !folder; i++)
        if (a->folders.rows[i].selectable)
            folder = &a->folders.rows[i];
    if (folder && folder->id != x->folder)
        index_show(a, x, folder->id);
    x->provisional = folder && is_local(a, folder);
}

void
view_index_folders_changed(struct app *a)
{
    struct index *x = (struct index *)app_find(a, V_INDEX);
    if (x && x->provisional)
        show_inbox(a, x);
}

static void
on_state(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct index *x = (struct index *)v;
    const struct wr_folder *folder = *a->options.folder ? app_folder_by_name(a, 0, a->options.folder) : NULL;
    bool known = r->status == SP_OK && r->in && r->in->type == WM_TYPE_state_value;
    (void)arena;
    (void)tag;
    if (!r->final || x->folder)
        return;
    if (place_restore(a, x, known && !folder ? ((const struct wm_state_value *)r->in->msg)->value : ""))
        return;
    if (folder)
        view_index_folder(a, folder->id);
    else
        show_inbox(a, x);
    if (!x->folder)
        place_go_on(a); /* nothing to wait for */
}

void
view_index_start(struct app *a)
{
    struct index *x = index_of(a);
    if (!x)
        return;
    app_request(a, &x->view, WM_TYPE_get_state, &(struct wm_get_state){.name = "ui.folder"}, on_state, TAG_STATE);
    if (a->options.compose && !x->composed) {
        x->composed = true;
        compose_start(a, SP_DRAFT_NEW, 0, a->options.compose);
    }
}

/* ---- what others ask of the list */

const struct wr_index_row *
view_index_row(struct app *a, uint64_t message)
{
    struct index *x = index_of(a);
    return x ? index_rows_find(&x->window, message) : NULL;
}

void
view_index_position(struct app *a, uint32_t *position, uint32_t *total)
{
    struct index *x = index_of(a);
    *position = x && x->window.first && x->window.n ? (uint32_t)x->window.first + (uint32_t)x->list.cursor : 0;
    *total = x ? x->window.total : 0;
}

uint64_t
view_index_step(struct app *a, int step, bool unread)
{
    struct index *x = index_of(a);
    if (!x || x->window.n == 0)
        return 0;
    int n = (int)x->window.n;
    for (int i = 1; i <= n; i++) {
        int at = x->list.cursor + (step < 0 ? -i : i);
        if (unread)
            at = (at + n) % n; /* goes round */
        if (at < 0 || at >= n)
            return 0;
        if (unread && x->window.rows[at].flags & SP_FLAG_SEEN)
            continue;
        x->list.cursor = at;
        list_fit(&x->list, n, x->list.height);
        prefetch(a, x);
        return x->window.rows[at].id;
    }
    return 0;
}

static void
patch(struct index *x, const uint64_t *ids, size_t n, uint32_t add, uint32_t remove)
{
    for (size_t i = 0; i < n; i++) {
        struct wr_index_row *row = index_rows_find(&x->window, ids[i]);
        if (!row)
            continue;
        bool was = row->flags & SP_FLAG_SEEN;
        row->flags = (row->flags | add) & ~remove;
        bool is = row->flags & SP_FLAG_SEEN;
        if (was && !is)
            x->window.unread++;
        else if (!was && is && x->window.unread)
            x->window.unread--;
    }
}

void
view_index_patch(struct app *a, const uint64_t *ids, size_t n, uint32_t add, uint32_t remove)
{
    for (struct view *v = a->top; v; v = v->below)
        if (v->ops->kind & V_LISTS)
            patch((struct index *)v, ids, n, add, remove);
    app_dirty(a);
}

void
view_index_keyword(struct app *a, const uint64_t *ids, size_t n, const char *word, bool on)
{
    for (struct view *v = a->top; v; v = v->below) {
        struct index *x = (struct index *)v;
        for (size_t i = 0; i < n && v->ops->kind & V_LISTS; i++) {
            struct wr_index_row *row = index_rows_find(&x->window, ids[i]);
            if (row)
                index_rows_keyword(&x->window, row, word, on);
        }
    }
}

void
view_index_moved(struct app *a, const uint64_t *ids, size_t n)
{
    for (struct view *v = a->top; v; v = v->below) {
        struct index *x = (struct index *)v;
        if (!(v->ops->kind & V_LISTS))
            continue;
        index_rows_remove(&x->window, ids, n, &x->list);
        list_fit(&x->list, (int)x->window.n, x->list.height);
        prefetch(a, x);
    }
}

static bool
has_word(const char *list, const char *word, size_t len)
{
    for (const char *at = list; (at = strstr(at, word)) && *at; at++) {
        bool begins = at == list || at[-1] == ' ';
        if (begins && (at[len] == ' ' || at[len] == '\0'))
            return true;
    }
    return false;
}

void
view_index_keywords(struct app *a, struct buf *out)
{
    struct index *x = index_of(a);
    for (size_t i = 0; x && i < x->window.n; i++) {
        const char *at = x->window.rows[i].keywords;
        while (at && *(at += strspn(at, " "))) {
            size_t len = strcspn(at, " ");
            struct buf word = BUF_INIT;
            buf_add(&word, at, len);
            if (!has_word(buf_str(out), buf_str(&word), len))
                buf_addf(out, "%s%s", out->len ? " " : "", buf_str(&word));
            buf_release(&word);
            at += len;
        }
    }
}

const struct wr_folder *
index_folder_of(const struct app *a, const struct index *x, const struct wr_index_row *row)
{
    const struct wr_folder *own = row->folder ? app_folder(a, row->folder) : NULL;
    return own ? own : app_folder(a, x->folder);
}

bool
index_is_mixed(const struct app *a, const struct index *x)
{
    const struct wr_folder *folder = app_folder(a, x->folder);
    return x->search || (folder && folder->kind == SP_FOLDER_VIRTUAL);
}

/* ---- actions */

static bool
fits(const struct app *a, const void *arg, int i, const char *word)
{
    const struct wr_index_row *row = &((const struct index *)arg)->window.rows[i];
    (void)a;
    return strcasestr(row->subject, word) || strcasestr(row->from_address, word) || strcasestr(row->from_name, word) ||
           strcasestr(row->to, word);
}

static void
find_row(struct app *a, struct index *x)
{
    int n = (int)x->window.n, at = rows_find(a, &x->list, n, fits, x);
    if (at >= 0) {
        x->list.cursor = at;
        list_fit(&x->list, n, x->list.height);
        prefetch(a, x);
    } else if (a->find.len) {
        app_say(a, STYLE_ERROR, _("\"{1}\" is not among the messages that are loaded."), buf_str(&a->find));
    }
}

/* In a list of several folders: each one whose deleted messages are seen here. */
static void
expunge(struct app *a, struct index *x)
{
    const struct index_rows *w = &x->window;
    if (!index_is_mixed(a, x)) {
        app_tell(a, WM_TYPE_expunge, &(struct wm_expunge){.folder = x->folder});
        return;
    }
    for (size_t i = 0; i < w->n; i++) {
        bool first = w->rows[i].flags & SP_FLAG_DELETED;
        for (size_t j = 0; j < i && first; j++)
            first = !(w->rows[j].flags & SP_FLAG_DELETED) || w->rows[j].folder != w->rows[i].folder;
        if (first)
            app_tell(a, WM_TYPE_expunge, &(struct wm_expunge){.folder = w->rows[i].folder});
    }
}

static void
on_expunge_answer(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)tag;
    if (text && *text == 'y')
        expunge(a, (struct index *)v);
}

static bool
move_action(struct app *a, struct index *x, enum action action)
{
    /* The ends of a large folder are not in the window. */
    if (action == ACTION_FIRST && x->window.more_newer) {
        x->to_start = true;
        ask_replace(a, x, SP_PAGE_NEWEST);
        return true;
    }
    if (action == ACTION_LAST && x->window.more_older) {
        x->to_end = true;
        ask_replace(a, x, SP_PAGE_OLDEST);
        return true;
    }
    if (!list_move(&x->list, action, (int)x->window.n))
        return false;
    prefetch(a, x);
    return true;
}

static void
mark_action(struct index *x, enum action action)
{
    struct index_rows *w = &x->window;
    if (action == ACTION_MARK && x->list.cursor < (int)w->n) {
        uint64_t id = w->rows[x->list.cursor].id;
        index_mark(w, id, !index_marked(w, id));
        (void)list_move(&x->list, ACTION_NEXT, (int)w->n);
    } else if (action == ACTION_MARK_ALL) {
        bool any = w->marks_n > 0;
        index_unmark_all(w);
        for (size_t i = 0; !any && i < w->n; i++)
            index_mark(w, w->rows[i].id, true);
    }
}

/* Acts on the marked messages, else on the one under the cursor. */
static bool
message_action(struct app *a, struct index *x, enum action action, const char *arg)
{
    struct index_rows *w = &x->window;
    if (x->list.cursor >= (int)w->n)
        return messages_knows(action); /* nothing to do it to */
    const struct wr_index_row *row = &w->rows[x->list.cursor];
    const struct wr_folder *folder = index_folder_of(a, x, row);
    size_t n = w->marks_n ? w->marks_n : 1, before = w->n;
    bool was_marked = w->marks_n > 0;
    uint64_t *ids = calloc(n, sizeof *ids); /* a copy: what is moved away loses its mark */
    if (!ids)
        return false;
    memcpy(ids, was_marked ? w->marks : &row->id, n * sizeof *ids);
    bool done = messages_action(a, action, ids, n, row->flags, folder ? folder->account : 0, arg);
    free(ids);
    if (!done)
        return false;
    bool on_flags = action == ACTION_DELETE || action == ACTION_FLAG || action == ACTION_UNREAD;
    if (was_marked && (on_flags || w->n != before))
        index_unmark_all(w);
    else if (action == ACTION_DELETE || action == ACTION_UNREAD)
        (void)move_action(a, x, ACTION_NEXT);
    return true;
}

static bool
open_action(struct app *a, struct index *x, enum action action)
{
    uint64_t id = x->list.cursor < (int)x->window.n ? x->window.rows[x->list.cursor].id : 0;
    if (action != ACTION_OPEN && action != ACTION_DETAILS && action != ACTION_PARTS && action != ACTION_SOURCE)
        return false;
    if (!id)
        return true;
    if (action == ACTION_SOURCE)
        view_source_open(a, id, "", _("Source"));
    else
        view_message_open(a, id, action);
    return true;
}

bool
index_action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct index *x = (struct index *)v;
    if (move_action(a, x, action) || open_action(a, x, action))
        return true;
    switch (action) {
    case ACTION_MARK:
    case ACTION_MARK_ALL: mark_action(x, action); return true;
    case ACTION_CANCEL: index_unmark_all(&x->window); return true;
    case ACTION_NEXT_UNREAD:
        if (!view_index_step(a, 1, true))
            app_status(a, STYLE_STATUS, _("No unread message here."));
        return true;
    case ACTION_SEARCH: search_prompt(a, v, arg ? arg : ""); return true;
    case ACTION_FIND_HERE: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: find_row(a, x); return true;
    case ACTION_UNDO:
        if (!compose_undo(a) && !messages_undo(a))
            app_status(a, STYLE_STATUS, _("There is nothing to take back."));
        return true;
    case ACTION_EXPUNGE:
        app_prompt(a, prompt_keys(v, _("Remove for good what is marked as deleted? (y/n)"), "yn", on_expunge_answer, 0));
        return true;
    case ACTION_FOLDERS: index_choose_folder(a, arg); return true;
    case ACTION_SIDEBAR: x->no_sidebar = !x->no_sidebar; return true;
    default: return message_action(a, x, action, arg);
    }
}

void
index_event(struct app *a, struct view *v, const struct wire_in *in)
{
    struct index *x = (struct index *)v;
    if (in->type != WM_TYPE_event_index)
        return;
    const struct wm_event_index *e = in->msg;
    if (e->folder == x->folder && (e->generation != x->window.generation || !x->loaded))
        ask_replace(a, x, x->window.more_newer ? SP_PAGE_FROM : SP_PAGE_NEWEST);
}

void
index_refresh(struct app *a, struct view *v)
{
    struct index *x = (struct index *)v;
    x->older = x->newer = x->replacing = false;
    ask_replace(a, x, x->window.more_newer ? SP_PAGE_FROM : SP_PAGE_NEWEST);
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct index *x = (struct index *)v;
    const struct wr_folder *folder = app_folder(a, x->folder);
    if (!folder) {
        buf_adds(left, "sealpost");
        return;
    }
    folder_label(a, folder, left);
    char unread[16], total[16];
    (void)snprintf(unread, sizeof unread, "%u", x->window.unread);
    (void)snprintf(total, sizeof total, "%u", x->window.total);
    const char *args[] = {unread, total};
    if (x->loaded)
        words_fill(right, _("{1} unread of {2}"), args, 2);
}

void
index_free(struct app *a, struct view *v)
{
    struct index *x = (struct index *)v;
    (void)a;
    index_rows_release(&x->window);
    search_free(x->search);
    free(x);
}

void
view_index_open(struct app *a)
{
    static const struct view_ops ops = {.name = N_("List of messages"), .kind = V_INDEX, .draw = index_draw, .action = index_action,
                                        .event = index_event, .refresh = index_refresh, .title = title, .free = index_free};
    struct index *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    x->list.height = 20;
    app_push(a, &x->view);
}
