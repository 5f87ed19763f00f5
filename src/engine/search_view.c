/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Walking and keeping what was found. */
#include "search_view.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "search_names.h"

#define PIECE 128          /* messages looked at between two looks at the clock */
#define PIECE_MS 5
#define AGAIN_MS 700
#define MAX_HITS 200000    /* kept for one search */

struct hits {
    struct store_hit *list; /* newest first; owned */
    size_t n, cap;
    uint32_t total, unread; /* total: n, and those that are only counted */
};

struct view {
    struct engine *engine;
    struct arena arena;      /* of the walk's query */
    char *text, *within;     /* owned; within may be NULL */
    uint64_t *folders;       /* owned */
    size_t folders_n;
    bool keep, wants_text;
    struct query *query;
    struct store_search *walk; /* NULL when it is done */
    bool beside;             /* the walk fills `fresh`, not what is shown */
    struct hits shown, fresh, added; /* added: from elsewhere; they stay */
    bool complete, again;
    uint64_t generation;
    int64_t cost_ms, ended_ms; /* of the last walk */
    struct loop_timer *timer;
    view_fn *fn;
    void *arg;
};

static void on_piece(struct loop *l, void *arg);
static void on_again(struct loop *l, void *arg);

static void
set_timer(struct view *v, int64_t ms, loop_timer_fn *fn)
{
    if (v->timer)
        loop_timer_remove(v->timer);
    v->timer = loop_timer_add(v->engine->loop, ms, fn, v);
    if (!v->timer)
        abort();
}

static bool
before(const struct store_hit *a, int64_t sort, uint64_t id)
{
    return a->sort > sort || (a->sort == sort && a->id > id);
}

/* How many hits come before (newer than) that place. */
static size_t
count_newer(const struct hits *h, int64_t sort, uint64_t id)
{
    size_t low = 0, high = h->n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (before(&h->list[mid], sort, id))
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

static void
hits_insert(struct hits *h, size_t at, const struct store_hit *hit)
{
    if (h->n == h->cap) {
        size_t cap = h->cap ? h->cap * 2 : 256;
        struct store_hit *more = realloc(h->list, cap * sizeof *more);
        if (!more)
            abort();
        h->list = more;
        h->cap = cap;
    }
    memmove(&h->list[at + 1], &h->list[at], (h->n - at) * sizeof *h->list);
    h->list[at] = *hit;
    h->n++;
}

static void
hits_add(struct view *v, struct hits *h, const struct store_hit *hit)
{
    h->total++;
    h->unread += hit->unread;
    if (!v->keep)
        return;
    size_t at = h->n; /* they come in order, but for those of one second */
    while (at > 0 && !before(&h->list[at - 1], hit->sort, hit->id))
        at--;
    hits_insert(h, at, hit);
}

static void
hits_clear(struct hits *h)
{
    free(h->list);
    *h = (struct hits){.n = 0};
}

/* Those from elsewhere that the walk did not find itself. */
static void
merge_added(struct view *v, struct hits *h)
{
    for (size_t i = 0; i < v->added.n; i++) {
        const struct store_hit *hit = &v->added.list[i];
        size_t at = count_newer(h, hit->sort, hit->id);
        if (at < h->n && h->list[at].id == hit->id)
            continue;
        hits_insert(h, at, hit);
        h->total++;
        h->unread += hit->unread;
    }
}

static void
stop_walk(struct view *v)
{
    store_search_free(v->walk);
    v->walk = NULL;
    v->query = NULL;
    arena_clear(&v->arena);
}

/* Relative dates and the names of folders mean what they mean now. */
static enum sp_status
start_walk(struct view *v, struct arena *arena, struct view_problem *problem)
{
    struct engine *e = v->engine;
    stop_walk(v);
    enum sp_status st = search_read_both(e, v->text, v->within, &v->arena, arena, &v->query, problem);
    if (!st)
        st = store_search_new(e->store, v->query, v->folders, v->folders_n, &v->walk);
    if (st) {
        stop_walk(v);
        return st;
    }
    v->wants_text = store_search_wants_text(v->query);
    v->cost_ms = 0;
    return SP_OK;
}

static void
end_walk(struct view *v)
{
    struct hits *h = v->beside ? &v->fresh : &v->shown;
    merge_added(v, h);
    bool same = v->beside && h->total == v->shown.total && h->unread == v->shown.unread && h->n == v->shown.n;
    for (size_t i = 0; same && i < h->n; i++)
        same = h->list[i].id == v->shown.list[i].id && h->list[i].unread == v->shown.list[i].unread;
    if (v->beside) {
        hits_clear(&v->shown);
        v->shown = v->fresh;
        v->fresh = (struct hits){.n = 0};
    }
    v->complete = true;
    v->ended_ms = loop_now_ms();
    v->generation += !same;
    stop_walk(v);
    if (v->again) {
        v->again = false;
        view_again(v, AGAIN_MS);
    }
    v->fn(v, true, v->arg); /* may end the view */
}

static void
on_piece(struct loop *l, void *arg)
{
    struct view *v = arg;
    struct hits *h = v->beside ? &v->fresh : &v->shown;
    int64_t begun = loop_now_ms();
    enum sp_status st = SP_OK;
    size_t before_n = h->total;
    (void)l;
    v->timer = NULL;
    while (!st && loop_now_ms() - begun <= PIECE_MS && h->total < MAX_HITS) {
        struct store_hit found[PIECE];
        size_t n = 0;
        st = store_search_step(v->walk, PIECE, found, PIECE, &n);
        for (size_t i = 0; i < n; i++)
            hits_add(v, h, &found[i]);
    }
    v->cost_ms += loop_now_ms() - begun;
    if (st || h->total >= MAX_HITS) {
        if (st && st != SP_EOF)
            log_line("a search ends early: %s", sp_status_name(st));
        end_walk(v);
        return;
    }
    set_timer(v, 0, on_piece);
    if (!v->beside && h->total != before_n) {
        v->generation++;
        v->fn(v, false, v->arg);
    }
}

static void
on_again(struct loop *l, void *arg)
{
    struct view *v = arg;
    struct arena arena = ARENA_INIT;
    struct view_problem problem;
    (void)l;
    v->timer = NULL;
    v->again = false;
    hits_clear(&v->fresh);
    v->beside = true;
    if (start_walk(v, &arena, &problem) == SP_OK)
        set_timer(v, 0, on_piece);
    arena_release(&arena);
}

void
view_again(struct view *v, int64_t after_ms)
{
    if (v->walk) {
        v->again = true; /* once it is done */
        return;
    }
    if (v->again)
        return;
    int64_t wait = v->cost_ms * 10 > after_ms ? v->cost_ms * 10 : after_ms, gone = loop_now_ms() - v->ended_ms;
    v->again = true;
    set_timer(v, wait > gone ? wait - gone : 0, on_again);
}

enum sp_status
view_new(struct engine *e, const struct view_ask *ask, view_fn *fn, void *arg, struct arena *arena, struct view_problem *problem, struct view **out)
{
    struct view *v = engine_alloc(sizeof *v);
    *v = (struct view){.engine = e, .text = engine_strdup(ask->query), .within = ask->within ? engine_strdup(ask->within) : NULL,
                       .keep = ask->keep, .folders_n = ask->folders_n, .generation = 1, .fn = fn, .arg = arg};
    *out = NULL;
    if (ask->folders_n) {
        v->folders = engine_alloc(ask->folders_n * sizeof *v->folders);
        memcpy(v->folders, ask->folders, ask->folders_n * sizeof *v->folders);
    }
    enum sp_status st = start_walk(v, arena, problem);
    if (st) {
        view_free(v);
        return st;
    }
    set_timer(v, 0, on_piece);
    *out = v;
    return SP_OK;
}

void
view_free(struct view *v)
{
    if (!v)
        return;
    if (v->timer)
        loop_timer_remove(v->timer);
    stop_walk(v);
    hits_clear(&v->shown);
    hits_clear(&v->fresh);
    hits_clear(&v->added);
    arena_release(&v->arena);
    free(v->text);
    free(v->within);
    free(v->folders);
    free(v);
}

/* ---- what others ask */

bool
view_touches(const struct view *v, uint64_t folder)
{
    for (size_t i = 0; i < v->folders_n; i++)
        if (v->folders[i] == folder)
            return true;
    return v->folders_n == 0;
}

bool
view_complete(const struct view *v)
{
    return v->complete;
}

bool
view_wants_text(const struct view *v)
{
    return v->wants_text;
}

uint32_t
view_total(const struct view *v)
{
    return v->shown.total;
}

uint32_t
view_unread(const struct view *v)
{
    return v->shown.unread;
}

uint64_t
view_generation(const struct view *v)
{
    return v->generation;
}

void
view_add(struct view *v, uint64_t message, int64_t sort)
{
    struct store_hit hit = {.id = message, .sort = sort};
    size_t at = count_newer(&v->added, sort, message);
    if (at < v->added.n && v->added.list[at].id == message)
        return;
    hits_insert(&v->added, at, &hit);
    if (v->complete) {
        merge_added(v, &v->shown);
        v->generation++;
    }
}

/* ---- pages */

enum sp_status
view_page(struct view *v, const struct wm_index_page *ask, struct arena *a, struct wm_index_rows *out)
{
    const struct hits *h = &v->shown;
    size_t newer = count_newer(h, ask->sort, ask->id);
    bool there = newer < h->n && h->list[newer].sort == ask->sort && h->list[newer].id == ask->id;
    size_t from = 0, until;
    switch (ask->where) {
    case SP_PAGE_OLDER:
        from = newer + there;
        break;
    case SP_PAGE_FROM:
        from = newer;
        break;
    case SP_PAGE_NEWER:
        from = newer > ask->count ? newer - ask->count : 0;
        break;
    case SP_PAGE_OLDEST:
        from = h->n > ask->count ? h->n - ask->count : 0;
        break;
    default:
        break;
    }
    until = ask->where == SP_PAGE_NEWER ? newer : from + ask->count;
    if (!v->complete && (until > h->n || ask->where == SP_PAGE_OLDEST))
        return SP_AGAIN;
    until = until < h->n ? until : h->n;
    uint64_t *ids = arena_array(a, ask->count, sizeof *ids);
    if (!ids)
        return SP_NOMEM;
    for (size_t i = from; i < until; i++)
        ids[i - from] = h->list[i].id;
    *out = (struct wm_index_rows){.folder = ask->folder, .generation = v->generation, .total = h->total, .unread = h->unread,
                                  .more_newer = from > 0, .more_older = until < h->n || !v->complete};
    return store_rows(v->engine->store, ids, until > from ? until - from : 0, a, &out->rows, &out->rows_n);
}
