/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching: a query becomes a list of messages above the one it was asked in; leaving it leads back to the same place. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "place.h"
#include "words.h"

enum tag { TAG_OPEN = 200, TAG_RESTORE, TAG_AGAIN, TAG_SERVERS, TAG_SAVE };

/* ---- asking for a query */

/* The folder that is searched when "here" is meant; NULL: everywhere is. */
static const struct wr_folder *
here(struct app *a)
{
    const struct index *x = (struct index *)app_find(a, V_INDEX);
    const struct wr_folder *folder = x && a->search_here ? app_folder(a, x->folder) : NULL;
    return folder && folder->kind != SP_FOLDER_VIRTUAL ? folder : NULL;
}

static void
label_where(struct app *a, struct buf *out)
{
    const struct wr_folder *folder = here(a);
    struct buf name = BUF_INIT;
    if (folder) {
        folder_label(a, folder, &name);
        words_fill(out, _("Search in {1}:"), (const char *[]){buf_str(&name)}, 1);
    } else {
        buf_adds(out, _("Search everywhere:"));
    }
    buf_release(&name);
}

static void
toggle_where(struct app *a, struct view *v, struct buf *label)
{
    (void)v;
    a->search_here = !a->search_here;
    label_where(a, label);
}

struct prompt *
search_prompt_new(struct view *v, const char *label, const char *text, prompt_fn *fn, uint64_t tag)
{
    struct prompt *p = prompt_text(v, label, text, fn, tag);
    if (p) {
        p->history = HISTORY_SEARCH;
        p->complete = search_complete;
        p->help = search_explain;
    }
    return p;
}

bool
search_refused(struct app *a, const struct call_reply *r, struct prompt *again)
{
    const struct wm_reply_error *m = r->in && r->in->type == WM_TYPE_reply_error ? r->in->msg : NULL;
    if (r->status != SP_INVALID || !m || m->args_n < 3 || !again) {
        prompt_free(again);
        return false;
    }
    struct buf note = BUF_INIT;
    const char *nearest = m->args_n > 3 ? m->args[3].text : "";
    words_fill(&note, search_error_words(m->args[0].text, *nearest), (const char *[]){m->args[1].text, nearest}, 2);
    prompt_complain(again, buf_str(&note), strtoul(m->args[2].text, NULL, 10), strlen(m->args[1].text));
    app_prompt(a, again);
    buf_release(&note);
    return true;
}

static void on_query(struct app *a, struct view *v, const char *text, uint64_t tag);

static struct prompt *
query_prompt(struct app *a, struct view *v, const char *text)
{
    struct buf label = BUF_INIT;
    label_where(a, &label);
    struct prompt *p = search_prompt_new(v, buf_str(&label), text, on_query, 0);
    if (p) {
        p->toggle = toggle_where;
        p->toggle_hint = _("Where");
    }
    buf_release(&label);
    return p;
}

void
search_prompt(struct app *a, struct view *v, const char *text)
{
    const struct index *x = (struct index *)v;
    app_prompt(a, query_prompt(a, v, *text || !x->search ? text : x->search->query));
}

/* ---- the list of what was found */

static void
say_missing(struct app *a, const struct wm_search_opened *m)
{
    struct buf keys = BUF_INIT, n = BUF_INIT;
    (void)keymap_keys(&a->keymap, ACTION_SEARCH_SERVERS, V_SEARCH, 1, &keys);
    words_count(m->missing, &n);
    if (m->refused) {
        char refused[16];
        (void)snprintf(refused, sizeof refused, "%u", m->refused);
        app_say(a, STYLE_CAUTION, ngettext("{1} account could not be asked.", "{1} accounts could not be asked.", m->refused), refused);
    } else if (m->missing && !m->servers) {
        app_say(a, STYLE_STATUS,
                ngettext("{1} message is not here with its text. {2} asks the servers too.", "{1} messages are not here with their text. {2} asks the servers too.",
                         (unsigned long)m->missing),
                buf_str(&n), buf_str(&keys));
    }
    buf_release(&keys);
    buf_release(&n);
}

static void
ask_engine(struct app *a, struct index *x, bool servers, view_reply_fn *fn, enum tag tag)
{
    const struct wm_search_open m = {.query = x->search->query, .scope = x->search->scope, .server = servers};
    app_request(a, &x->view, WM_TYPE_search_open, &m, fn, tag);
}

/* The same search once more, in a folder of its own: the rows that are shown stay until the new ones are there. */
static void
on_again(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct index *x = (struct index *)v;
    (void)arena;
    if (!r->final) {
        if (r->in && r->in->type == WM_TYPE_progress) {
            const struct wm_progress *m = r->in->msg;
            char done[24], total[24];
            (void)snprintf(done, sizeof done, "%llu", (unsigned long long)m->done);
            (void)snprintf(total, sizeof total, "%llu", (unsigned long long)m->total);
            app_say(a, STYLE_STATUS, _("Asking the servers: {1} of {2}. Esc gives up."), done, total);
        }
        return;
    }
    x->search->asking = false;
    if (r->status || !r->in || r->in->type != WM_TYPE_search_opened) {
        app_failed(a, r);
        if (r->status == SP_CANCELLED)
            app_status(a, STYLE_STATUS, _("The servers were not asked to the end."));
        return;
    }
    if (tag == TAG_SERVERS) {
        app_tell(a, WM_TYPE_search_close, &(struct wm_search_close){.folder = x->folder});
        app_status(a, STYLE_STATUS, _("The servers were asked too."));
        say_missing(a, r->in->msg);
    }
    x->folder = ((const struct wm_search_opened *)r->in->msg)->folder;
    index_refresh(a, v);
}

static void
ask_servers(struct app *a, struct index *x)
{
    if (x->search->asking)
        return;
    x->search->asking = true;
    app_status(a, STYLE_STATUS, _("Asking the servers… Esc gives up."));
    ask_engine(a, x, true, on_again, TAG_SERVERS);
}

/* The engine is another one: its searches are other ones too. */
static void
refresh(struct app *a, struct view *v)
{
    struct index *x = (struct index *)v;
    x->search->asking = false;
    app_drop(a, v, TAG_AGAIN);
    ask_engine(a, x, false, on_again, TAG_AGAIN);
}

static void
on_saved(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_failed(a, r);
    if (r->status == SP_OK)
        app_status(a, STYLE_STATUS, _("Kept among the folders."));
    app_ask_folders(a);
}

static void
on_name(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    const struct index *x = (struct index *)v;
    (void)tag;
    if (text && *text)
        app_request(a, v, WM_TYPE_search_save, &(struct wm_search_save){.name = text, .query = x->search->query}, on_saved, TAG_SAVE);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct index *x = (struct index *)v;
    switch (action) {
    case ACTION_SEARCH_SERVERS: ask_servers(a, x); return true;
    case ACTION_SAVE_SEARCH:
        if (arg)
            on_name(a, v, arg, 0);
        else
            app_prompt(a, prompt_text(v, _("Keep this search as:"), x->search->query, on_name, 0));
        return true;
    case ACTION_CANCEL:
        if (x->search->asking) {
            app_cancel(a, v, TAG_SERVERS);
            return true;
        }
        if (x->window.marks_n == 0)
            return false; /* away from here */
        break;
    default: break;
    }
    return index_action(a, v, action, arg);
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct index *x = (struct index *)v;
    const struct wr_folder *scope = app_folder(a, x->search->scope);
    struct buf name = BUF_INIT, n = BUF_INIT;
    if (scope)
        folder_label(a, scope, &name);
    words_fill(left, scope ? _("Search in {2}: {1}") : _("Search: {1}"), (const char *[]){x->search->query, buf_str(&name)}, 2);
    words_count(x->window.total, &n);
    if (x->loaded)
        words_fill(right, _("{1} found"), (const char *[]){buf_str(&n)}, 1);
    buf_release(&name);
    buf_release(&n);
}

bool
view_search_shows(struct app *a, uint64_t folder)
{
    const struct index *x = (struct index *)app_find(a, V_SEARCH);
    return x && x->folder == folder;
}

void
search_free(struct search *s)
{
    if (s)
        free(s->query);
    free(s);
}

static void
search_view_free(struct app *a, struct view *v)
{
    const struct index *x = (struct index *)v;
    if (x->folder && a->client)
        app_tell(a, WM_TYPE_search_close, &(struct wm_search_close){.folder = x->folder});
    index_free(a, v);
}

static struct index *
search_new(const char *query, uint64_t scope)
{
    static const struct view_ops ops = {.name = N_("What a search found"), .kind = V_SEARCH, .draw = index_draw, .action = action,
                                        .event = index_event, .refresh = refresh, .title = title, .free = search_view_free};
    struct index *x = calloc(1, sizeof *x);
    struct search *s = calloc(1, sizeof *s);
    if (s)
        *s = (struct search){.query = strdup(query), .scope = scope};
    if (!x || !s || !s->query) {
        search_free(s);
        free(x);
        return NULL;
    }
    x->view.ops = &ops;
    x->list.height = 20;
    x->search = s;
    return x;
}

/* ---- from the query to the list */

static void
show_found(struct app *a, struct index *x, const struct wm_search_opened *m)
{
    const struct index_spot spot = x->spot;
    struct view *old = app_find(a, V_SEARCH);
    if (old)
        app_close(a, old);
    app_push(a, &x->view);
    index_show_at(a, x, m->folder, &spot);
    say_missing(a, m);
}

static void
on_opened(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    if (!r->final || !a->searching)
        return;
    struct index *x = (struct index *)a->searching;
    a->searching = NULL;
    if (r->status == SP_OK && r->in && r->in->type == WM_TYPE_search_opened) {
        show_found(a, x, r->in->msg);
    } else {
        if (tag == TAG_RESTORE)
            place_go_on(a);
        else if (!search_refused(a, r, query_prompt(a, NULL, x->search->query)))
            app_failed(a, r);
        index_free(a, &x->view);
    }
    app_release_keys(a);
}

/* The list is kept by the app until the answer is there. */
static void
open_search(struct app *a, const char *query, uint64_t scope, const struct index_spot *spot, enum tag tag)
{
    struct index *x = a->searching ? NULL : search_new(query, scope);
    if (!x)
        return;
    if (spot)
        x->spot = *spot;
    a->searching = &x->view;
    app_hold_keys(a, false);
    app_request(a, NULL, WM_TYPE_search_open, &(struct wm_search_open){.query = query, .scope = scope}, on_opened, tag);
}

void
search_again(struct app *a, const char *query, uint64_t scope, const struct index_spot *spot)
{
    open_search(a, query, scope, spot, TAG_RESTORE);
}

static void
on_query(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    const struct wr_folder *folder = here(a);
    (void)v;
    (void)tag;
    if (text && *text)
        open_search(a, text, folder ? folder->id : 0, NULL, TAG_OPEN);
}
