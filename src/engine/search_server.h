/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Asking the servers for what is not here in full: folder by folder, one question at a time for each account. A job of the register. */
#ifndef SP_ENGINE_SEARCH_SERVER_H
#define SP_ENGINE_SEARCH_SERVER_H

#include "search_view.h"

struct search_server;

struct search_server_result {
    bool final;
    bool found;               /* a message that fits; else progress */
    uint64_t message;
    int64_t sort;
    uint64_t done, total;     /* folders */
    uint32_t servers, refused; /* with final: accounts that were asked, and those of them that could not answer in full */
};
/* From the loop; once with final. */
typedef void search_server_fn(const struct search_server_result *r, void *arg);

/* Folders are those where v looks; within: as in view_ask. Never NULL. */
struct search_server *search_server_start(struct engine *e, const struct view *v, const char *query, const char *within, search_server_fn *fn, void *arg);
/* At any time; fn is not called any more. NULL is allowed. */
void search_server_free(struct search_server *s);

#endif
