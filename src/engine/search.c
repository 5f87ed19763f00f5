/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Virtual folders: which there are, opening and ending them, their pages, and who hears of what. */
#include "search.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "events.h"
#include "handlers.h"
#include "indexing.h"
#include "search_server.h"
#include "search_view.h"

#define SAVED_IDS (SEARCH_VIRTUAL | (uint64_t)1 << 40) /* with the store's id of a saved search */
#define OPENED_IDS (SEARCH_VIRTUAL | (uint64_t)1 << 41) /* with a number of its own */
#define ID_KIND ((uint64_t)3 << 40)
#define MAX_OPENED 64      /* of all clients together */
#define FIRST_PAGE 50      /* so many hits are enough to answer */
#define TELL_MS 250
#define OPEN_AGAIN_MS 700  /* looked at by somebody */
#define COUNT_AGAIN_MS 30000
#define USED_MS 300000     /* a saved search that nobody looked at for so long is only counted */
#define MAX_NAME 200
#define MAX_QUERY 2000

/* A page that waits for more hits. */
struct waiting {
    struct waiting *next;
    struct search *search;
    struct request *rq;
    struct wm_index_page ask;
};

struct search {
    struct search *next;
    struct searches *owner;
    uint64_t id, client;      /* client: whose, 0 = saved */
    uint32_t account;
    char *name, *text;        /* owned */
    struct view *view;        /* NULL: a query that cannot be read any more */
    bool keeps;               /* hits, not only their number */
    bool told;                /* clients know of its present state */
    int64_t used_ms;
    struct request *opening;  /* is answered when there is enough to show */
    bool server;              /* the servers are asked too */
    struct search_server *asking;
    uint32_t servers, refused;
    struct waiting *waiting;
    struct loop_timer *timer; /* of telling */
};

struct searches {
    struct engine *engine;
    struct search *first;
    uint64_t last;            /* number of the last one opened */
};

/* ---- telling */

static void
fill_folder(const struct search *s, struct wr_folder *f)
{
    *f = (struct wr_folder){.id = s->id, .account = s->account, .name = s->name, .kind = SP_FOLDER_VIRTUAL, .query = s->text, .selectable = 1,
                            .total = s->view ? view_total(s->view) : 0, .unread = s->view ? view_unread(s->view) : 0,
                            .generation = s->view ? view_generation(s->view) : 1};
}

static void
send(struct search *s, uint16_t type, const void *msg)
{
    if (s->client)
        (void)door_send_to(s->owner->engine->door, s->client, type, msg);
    else
        door_broadcast(s->owner->engine->door, type, msg);
}

static void
on_tell(struct loop *l, void *arg)
{
    struct search *s = arg;
    struct wm_event_folder m;
    (void)l;
    s->timer = NULL;
    fill_folder(s, &m.folder);
    struct wm_event_index index = {.folder = s->id, .generation = m.folder.generation};
    send(s, WM_TYPE_event_folder, &m);
    if (s->keeps)
        send(s, WM_TYPE_event_index, &index);
}

static void
tell(struct search *s)
{
    if (s->timer || s->opening)
        return;
    s->timer = loop_timer_add(s->owner->engine->loop, TELL_MS, on_tell, s);
    if (!s->timer)
        abort();
}

/* ---- what is not here */

static uint64_t
count_missing(struct engine *e, const struct view *v)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0;
    uint64_t missing = 0, headers, texts, gone;
    if (!view_wants_text(v)) {
        enum sp_status st = store_search_left(e->store, &headers, &texts, &gone);
        return st ? 0 : headers;
    }
    if (store_folders(e->store, 0, &arena, &f, &n) != SP_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        uint64_t have = 0;
        if (view_touches(v, f[i].id) && store_search_texts(e->store, f[i].id, &have) == SP_OK && f[i].total > have)
            missing += f[i].total - have;
    }
    arena_release(&arena);
    return missing;
}

static void
answer_opening(struct search *s)
{
    struct request *rq = s->opening;
    if (!rq)
        return;
    s->opening = NULL;
    struct wm_search_opened m = {.folder = s->id, .total = view_total(s->view), .missing = count_missing(s->owner->engine, s->view),
                                 .servers = s->servers, .refused = s->refused};
    request_reply(rq, WM_TYPE_search_opened, &m);
}

/* ---- pages */

static bool
answer_page(struct search *s, struct request *rq, const struct wm_index_page *ask)
{
    struct arena arena = ARENA_INIT;
    struct wm_index_rows rows = {0};
    enum sp_status st = view_page(s->view, ask, &arena, &rows);
    if (st && st != SP_AGAIN)
        request_fail(rq, st, NULL);
    else if (!st)
        request_reply(rq, WM_TYPE_index_rows, &rows);
    arena_release(&arena);
    return st != SP_AGAIN;
}

static void
answer_waiting(struct search *s)
{
    for (struct waiting **at = &s->waiting; *at;) {
        struct waiting *w = *at;
        if (answer_page(s, w->rq, &w->ask)) {
            *at = w->next;
            free(w);
        } else {
            at = &w->next;
        }
    }
}

static bool
waiting_end(void *arg, enum sp_status why)
{
    struct waiting *w = arg, **at = &w->search->waiting;
    (void)why;
    while (*at != w)
        at = &(*at)->next;
    *at = w->next;
    free(w);
    return true;
}

/* ---- the views' words */

static void
on_view(struct view *v, bool complete, void *arg)
{
    struct search *s = arg;
    answer_waiting(s);
    if (s->opening && !s->server && (complete || view_total(v) >= FIRST_PAGE))
        answer_opening(s);
    tell(s);
}

static void
search_free(struct search *s)
{
    struct search **at = &s->owner->first;
    while (*at != s)
        at = &(*at)->next;
    *at = s->next;
    search_server_free(s->asking);
    view_free(s->view);
    while (s->waiting) {
        struct waiting *w = s->waiting;
        s->waiting = w->next;
        request_fail(w->rq, SP_NOT_FOUND, NULL);
        free(w);
    }
    if (s->timer)
        loop_timer_remove(s->timer);
    free(s->name);
    free(s->text);
    free(s);
}

static struct search *
by_id(struct engine *e, uint64_t id)
{
    struct search *s = e->searches->first;
    while (s && s->id != id)
        s = s->next;
    return s;
}

static struct search *
add(struct searches *all, uint64_t id, uint64_t client, const char *name, const char *text)
{
    struct search *s = engine_alloc(sizeof *s), **at = &all->first;
    *s = (struct search){.owner = all, .id = id, .client = client, .name = engine_strdup(name), .text = engine_strdup(text)};
    while (*at)
        at = &(*at)->next;
    *at = s;
    return s;
}

/* ---- saved searches */

static void
begin_saved(struct search *s, bool keep)
{
    struct arena arena = ARENA_INIT;
    struct view_problem problem;
    struct view_ask ask = {.query = s->text, .keep = keep};
    view_free(s->view);
    s->view = NULL;
    s->keeps = keep;
    enum sp_status st = view_new(s->owner->engine, &ask, on_view, s, &arena, &problem, &s->view);
    if (st)
        log_line("a saved search cannot be read: %s", sp_status_name(st));
    arena_release(&arena);
}

static enum sp_status
load_saved(struct searches *all)
{
    struct arena arena = ARENA_INIT;
    struct store_saved *list = NULL;
    size_t n = 0;
    enum sp_status st = store_saved_list(all->engine->store, &arena, &list, &n);
    for (struct search *s = all->first, *next; s && !st; s = next) {
        next = s->next;
        bool there = s->client != 0;
        for (size_t i = 0; !there && i < n; i++)
            there = s->id == (SAVED_IDS | list[i].id) && strcmp(s->name, list[i].name) == 0 && strcmp(s->text, list[i].query) == 0;
        if (!there)
            search_free(s);
    }
    for (size_t i = 0; !st && i < n; i++)
        if (!by_id(all->engine, SAVED_IDS | list[i].id))
            (void)add(all, SAVED_IDS | list[i].id, 0, list[i].name, list[i].query);
    arena_release(&arena);
    return st;
}

/* ---- the inboxes as one */

/* The empty one of the local account that is always there does not count: who has one account has one inbox. */
static size_t
inboxes(struct engine *e, struct arena *a, struct store_folder **out)
{
    size_t n = 0, found = 0;
    if (store_folders(e->store, 0, a, out, &n) != SP_OK)
        return 0;
    for (size_t i = 0; i < n; i++)
        if ((*out)[i].role == SP_FOLDER_INBOX && (!(*out)[i].local || (*out)[i].total))
            (*out)[found++] = (*out)[i];
    return found;
}

static void
fill_inboxes(const struct store_folder *f, size_t n, struct wr_folder *out)
{
    *out = (struct wr_folder){.id = SEARCH_INBOXES, .name = "", .query = "", .role = SP_FOLDER_INBOX, .kind = SP_FOLDER_VIRTUAL, .selectable = 1};
    for (size_t i = 0; i < n; i++) {
        out->total += f[i].total;
        out->unread += f[i].unread;
        out->generation += f[i].generation;
    }
}

void
search_tell_inboxes(struct engine *e)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = inboxes(e, &arena, &f);
    struct wm_event_folder m;
    if (n > 1) {
        fill_inboxes(f, n, &m.folder);
        struct wm_event_index index = {.folder = SEARCH_INBOXES, .generation = m.folder.generation};
        door_broadcast(e->door, WM_TYPE_event_folder, &m);
        door_broadcast(e->door, WM_TYPE_event_index, &index);
    }
    arena_release(&arena);
}

static int
newest_first(const void *a, const void *b)
{
    const struct wr_index_row *x = a, *y = b;
    if (x->sort != y->sort)
        return x->sort < y->sort ? 1 : -1;
    return (x->id < y->id) - (x->id > y->id);
}

/* A page of each, merged: what does not fit on the page is further away in the direction that is asked for. */
static void
page_of_inboxes(struct engine *e, struct request *rq, struct wm_index_page ask)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = inboxes(e, &arena, &f), rows_n = 0;
    struct wr_index_row *rows = arena_array(&arena, n * ask.count, sizeof *rows);
    struct wm_index_rows out = {.folder = SEARCH_INBOXES};
    bool upwards = ask.where == SP_PAGE_NEWER || ask.where == SP_PAGE_OLDEST;
    enum sp_status st = rows ? SP_OK : SP_NOMEM;
    for (size_t i = 0; !st && i < n; i++) {
        struct wm_index_rows part;
        ask.folder = f[i].id;
        st = store_page(e->store, &ask, &arena, &part);
        if (st)
            break;
        memcpy(rows + rows_n, part.rows, part.rows_n * sizeof *rows);
        rows_n += part.rows_n;
        out.total += part.total;
        out.unread += part.unread;
        out.generation += part.generation;
        out.more_older |= part.more_older;
        out.more_newer |= part.more_newer;
    }
    if (!st && rows_n)
        qsort(rows, rows_n, sizeof *rows, newest_first);
    size_t cut = rows_n > ask.count ? rows_n - ask.count : 0;
    out.rows = rows ? rows + (upwards ? cut : 0) : NULL;
    out.rows_n = (uint32_t)(rows_n - cut);
    out.more_newer |= upwards && cut;
    out.more_older |= !upwards && cut;
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_index_rows, &out);
    arena_release(&arena);
}

/* ---- what others of the engine ask */

enum sp_status
search_folders(struct engine *e, struct arena *a, struct wr_folder **out, size_t *n)
{
    struct searches *all = e->searches;
    struct store_folder *f = NULL;
    size_t count = 1, boxes = inboxes(e, a, &f);
    for (struct search *s = all->first; s; s = s->next)
        count++;
    *n = 0;
    *out = arena_array(a, count, sizeof **out);
    if (!*out)
        return SP_NOMEM;
    if (boxes > 1)
        fill_inboxes(f, boxes, &(*out)[(*n)++]);
    for (struct search *s = all->first; s; s = s->next) {
        if (s->client)
            continue;
        if (!s->view && !s->told) { /* the first time that somebody wants to know: counted in the background */
            s->told = true;
            begin_saved(s, false);
        }
        struct wr_folder *row = &(*out)[(*n)++];
        fill_folder(s, row);
        row->name = arena_strdup(a, row->name);
        row->query = arena_strdup(a, row->query);
        if (!row->name || !row->query)
            return SP_NOMEM;
    }
    return SP_OK;
}

void
search_page(struct engine *e, struct request *rq, const struct wm_index_page *ask)
{
    struct search *s = ask->folder == SEARCH_INBOXES ? NULL : by_id(e, ask->folder);
    if (ask->folder == SEARCH_INBOXES) {
        page_of_inboxes(e, rq, *ask);
        return;
    }
    if (s && !s->client && !s->keeps)
        begin_saved(s, true);
    if (!s || !s->view) {
        request_fail(rq, s ? SP_INVALID : SP_NOT_FOUND, NULL);
        return;
    }
    s->used_ms = loop_now_ms();
    if (answer_page(s, rq, ask))
        return;
    struct waiting *w = engine_alloc(sizeof *w);
    *w = (struct waiting){.next = s->waiting, .search = s, .rq = rq, .ask = *ask};
    s->waiting = w;
    request_on_end(rq, waiting_end, w);
}

static void
look_again(struct search *s)
{
    bool used = s->client || (s->keeps && loop_now_ms() - s->used_ms < USED_MS);
    if (!s->view)
        return;
    if (s->keeps && !used && !s->waiting)
        begin_saved(s, false); /* the memory is given back */
    else
        view_again(s->view, used ? OPEN_AGAIN_MS : COUNT_AGAIN_MS);
}

void
search_folder_changed(struct engine *e, const struct store_folder *f)
{
    for (struct search *s = e->searches->first; s; s = s->next)
        if (s->view && view_touches(s->view, f->id))
            look_again(s);
}

void
search_index_grew(struct engine *e)
{
    for (struct search *s = e->searches->first; s; s = s->next)
        look_again(s);
}

void
search_client_gone(struct engine *e, uint64_t client)
{
    for (struct search *s = e->searches ? e->searches->first : NULL, *next; s; s = next) {
        next = s->next;
        if (s->client == client)
            search_free(s);
    }
}

/* ---- opening */

static bool
opening_end(void *arg, enum sp_status why)
{
    struct search *s = arg;
    (void)why;
    s->opening = NULL;
    search_free(s);
    return true;
}

/* Once, when every server has answered: what they found is among the hits by now. */
static void
on_servers(const struct search_server_result *r, void *arg)
{
    struct search *s = arg;
    if (!r->final) {
        if (r->found)
            view_add(s->view, r->message, r->sort);
        else if (s->opening)
            request_tell(s->opening, WM_TYPE_progress, &(struct wm_progress){.done = r->done, .total = r->total});
        return;
    }
    s->asking = NULL;
    s->servers = r->servers;
    s->refused = r->refused;
    s->server = false;
    if (s->opening && (view_complete(s->view) || view_total(s->view) >= FIRST_PAGE))
        answer_opening(s);
    tell(s);
}

static void
refuse(struct request *rq, enum sp_status st, const struct view_problem *p)
{
    char at[16];
    snprintf(at, sizeof at, "%u", p->query.at);
    const char *const args[] = {query_error(p->query.error), p->query.word, at, p->nearest};
    request_fail_args(rq, st, NULL, args, st == SP_INVALID && p->query.error ? 4 : 0);
}

/* Where a search looks: a folder, the inboxes, another search, an account, or everywhere. */
static enum sp_status
find_scope(struct engine *e, const struct wm_search_open *m, struct arena *arena, struct view_ask *ask)
{
    struct store_folder *f = NULL;
    size_t n = 0;
    bool all_inboxes = m->scope == SEARCH_INBOXES;
    if (m->scope & SEARCH_VIRTUAL && !all_inboxes) {
        struct search *other = by_id(e, m->scope);
        ask->within = other ? other->text : NULL;
        return other ? SP_OK : SP_NOT_FOUND;
    }
    if (!m->scope && !m->account)
        return SP_OK;
    enum sp_status st = store_folders(e->store, 0, arena, &f, &n);
    uint64_t *ids = st ? NULL : arena_array(arena, n + 1, sizeof *ids);
    if (!ids)
        return st ? st : SP_NOMEM;
    for (size_t i = 0; i < n; i++) {
        bool in = all_inboxes ? f[i].role == SP_FOLDER_INBOX : m->scope ? f[i].id == m->scope : f[i].account == m->account;
        if (!in)
            continue;
        size_t at = ask->folders_n++;
        for (; at > 0 && ids[at - 1] > f[i].id; at--)
            ids[at] = ids[at - 1];
        ids[at] = f[i].id;
    }
    ask->folders = ids;
    return ask->folders_n ? SP_OK : SP_NOT_FOUND;
}

void
handle_search_open(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_search_open *m = in->msg;
    struct searches *all = e->searches;
    struct view_problem problem = {.nearest = ""};
    struct view_ask ask = {.query = m->query, .keep = true};
    size_t n = 0;
    for (struct search *s = all->first; s; s = s->next)
        n += s->client != 0;
    enum sp_status st = n >= MAX_OPENED ? SP_BUSY : strlen(m->query) > MAX_QUERY ? SP_TOO_LARGE : find_scope(e, m, arena, &ask);
    struct search *s = st ? NULL : add(all, OPENED_IDS | ++all->last, request_client(rq), m->query, m->query);
    if (!st) {
        s->keeps = true;
        s->account = m->account;
        st = view_new(e, &ask, on_view, s, arena, &problem, &s->view);
    }
    if (st) {
        refuse(rq, st, &problem);
        if (s)
            search_free(s);
        return;
    }
    s->opening = rq;
    s->server = m->server;
    request_on_end(rq, opening_end, s);
    if (m->server)
        s->asking = search_server_start(e, s->view, m->query, ask.within, on_servers, s);
    indexing_kick(e);
}

void
handle_search_close(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_search_close *m = in->msg;
    struct search *s = by_id(e, m->folder);
    (void)arena;
    if (!s || s->client != request_client(rq)) {
        request_fail(rq, SP_NOT_FOUND, NULL);
        return;
    }
    if (s->opening) { /* its answer was still awaited */
        request_fail(s->opening, SP_CANCELLED, NULL);
        s->opening = NULL;
    }
    search_free(s);
    request_done(rq);
}

/* ---- keeping */

static enum sp_status
check_query(struct engine *e, const char *text, struct arena *arena, struct view_problem *problem)
{
    struct view_ask ask = {.query = text};
    struct view *v = NULL;
    enum sp_status st = strlen(text) > MAX_QUERY ? SP_TOO_LARGE : view_new(e, &ask, NULL, NULL, arena, problem, &v);
    view_free(v);
    return st;
}

void
handle_search_save(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_search_save *m = in->msg;
    struct view_problem problem = {.nearest = ""};
    bool saved = (m->folder & ID_KIND) == (SAVED_IDS & ID_KIND) && m->folder & SEARCH_VIRTUAL;
    struct store_saved v = {.id = m->folder ? m->folder & ~SAVED_IDS : 0, .name = m->name, .query = m->query};
    struct wr_folder *list = NULL;
    size_t n = 0;
    enum sp_status st = m->folder && !saved ? SP_NOT_FOUND : SP_OK;
    if (!st && *m->query && (!*m->name || strlen(m->name) > MAX_NAME))
        st = SP_INVALID;
    if (!st && *m->query)
        st = check_query(e, m->query, arena, &problem);
    if (!st && !*m->query)
        st = v.id ? store_saved_remove(e->store, v.id) : SP_INVALID;
    else if (!st)
        st = store_saved_put(e->store, &v);
    if (!st)
        st = load_saved(e->searches);
    if (!st)
        st = search_folders(e, arena, &list, &n);
    if (st)
        refuse(rq, st, &problem);
    else
        request_reply(rq, WM_TYPE_folders, &(struct wm_folders){.folders = list, .folders_n = (uint32_t)n});
}

/* ---- beginning and end */

static void
free_all(struct searches *all)
{
    for (struct search *s = all->first, *next; s; s = next) {
        next = s->next;
        search_free(s);
    }
}

void
searches_opened(struct engine *e)
{
    enum sp_status st = load_saved(e->searches);
    if (st)
        log_line("saved searches: %s", sp_status_name(st));
}

void
searches_closing(struct engine *e)
{
    free_all(e->searches);
}

struct searches *
searches_new(struct engine *e)
{
    struct searches *s = engine_alloc(sizeof *s);
    s->engine = e;
    return s;
}

void
searches_free(struct searches *s)
{
    if (s)
        free_all(s);
    free(s);
}
