/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One search with what it found: used by search.c. The walk through the store goes on in the background; when something changed, it is
   done again beside what is shown, and takes its place when it is complete. */
#ifndef SP_ENGINE_SEARCH_VIEW_H
#define SP_ENGINE_SEARCH_VIEW_H

#include "engine.h"
#include "store/search.h"

struct view;

/* There is more to show, or (complete) the walk is done. From the loop. */
typedef void view_fn(struct view *v, bool complete, void *arg);

/* What is wrong with a query: for reply_error. Texts in the arena. */
struct view_problem {
    struct query_problem query;
    const char *nearest;
};

struct view_ask {
    const char *query;       /* copied */
    const char *within;      /* a further query that all must fulfil, or NULL; copied */
    const uint64_t *folders; /* where; ascending, copied; 0 = everywhere */
    size_t folders_n;
    bool keep;               /* hits are kept for pages; else they are counted only */
};

/* Reads the query (SP_INVALID with the problem) and begins. fn: never from inside. */
enum sp_status view_new(struct engine *e, const struct view_ask *ask, view_fn *fn, void *arg, struct arena *arena, struct view_problem *problem,
                        struct view **out) SP_MUST_USE;
/* NULL is allowed. */
void view_free(struct view *v);
/* Looks again soon, at most so often that it costs a tenth of the time, and after_ms at the earliest. */
void view_again(struct view *v, int64_t after_ms);
/* May that folder's messages be among the hits? */
bool view_touches(const struct view *v, uint64_t folder);
bool view_complete(const struct view *v);
bool view_wants_text(const struct view *v);
uint32_t view_total(const struct view *v);
uint32_t view_unread(const struct view *v);
uint64_t view_generation(const struct view *v);
/* Adds a hit that did not come from here (a server's word), when it is not there already. */
void view_add(struct view *v, uint64_t message, int64_t sort);
/* The page, SP_AGAIN when it needs more than was found so far. */
enum sp_status view_page(struct view *v, const struct wm_index_page *ask, struct arena *a, struct wm_index_rows *out) SP_MUST_USE;

#endif
