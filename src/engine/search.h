/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searches as folders: those that a client opened, those that the person keeps, and the inboxes of all accounts as one. Looking through the
   store is done in pieces of a few milliseconds; pages come from what was found so far. */
#ifndef SP_ENGINE_SEARCH_H
#define SP_ENGINE_SEARCH_H

#include "door.h"
#include "engine.h"

struct searches;

/* Ids of virtual folders have this bit; the store never uses it. */
#define SEARCH_VIRTUAL ((uint64_t)1 << 61)
#define SEARCH_INBOXES (SEARCH_VIRTUAL | 1)

struct searches *searches_new(struct engine *e);
/* NULL is allowed. */
void searches_free(struct searches *s);
void searches_opened(struct engine *e);
void searches_closing(struct engine *e);
/* That client is gone: what it opened is forgotten. */
void search_client_gone(struct engine *e, uint64_t client);
/* Rows of that folder changed; the index got further: searches look again soon. */
void search_folder_changed(struct engine *e, const struct store_folder *f);
void search_index_grew(struct engine *e);
/* Clients hear of the inboxes as one, when one of them changed. */
void search_tell_inboxes(struct engine *e);
/* The virtual folders for a list, in the arena. */
enum sp_status search_folders(struct engine *e, struct arena *a, struct wr_folder **out, size_t *n) SP_MUST_USE;
/* A page of a virtual folder. */
void search_page(struct engine *e, struct request *rq, const struct wm_index_page *ask);

#endif
