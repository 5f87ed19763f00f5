/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a query with the names that only the engine knows: folders and accounts. */
#ifndef SP_ENGINE_SEARCH_NAMES_H
#define SP_ENGINE_SEARCH_NAMES_H

#include "search_view.h"

/* The tree in `arena`, its folders filled in; texts of the problem in `words`. SP_INVALID with the problem. */
enum sp_status search_read(struct engine *e, const char *text, struct arena *arena, struct arena *words, struct query **out,
                           struct view_problem *problem) SP_MUST_USE;

/* The same for what must fulfil two queries; within may be NULL. */
enum sp_status search_read_both(struct engine *e, const char *text, const char *within, struct arena *arena, struct arena *words,
                                struct query **out, struct view_problem *problem) SP_MUST_USE;

#endif
