/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header blocks as the server sent them, parsed by the parse role and stored as rows of the index. */
#ifndef SP_ENGINE_HEADERS_H
#define SP_ENGINE_HEADERS_H

#include "engine.h"

struct headers;

/* Some of the given messages were stored (or failed: st); headers_pending tells what is left. Called from the loop. */
typedef void headers_fn(enum sp_status st, void *arg);

struct headers *headers_new(struct engine *e, headers_fn *fn, void *arg);
/* NULL is allowed. */
void headers_free(struct headers *h);
/* Takes over messages of that folder; what m points to is copied. */
void headers_add(struct headers *h, uint64_t folder, const struct wm_imap_headers *m);
/* Messages that are not stored yet. */
size_t headers_pending(const struct headers *h);
/* Rows added since the last call, and how many of them were unseen. */
size_t headers_added(struct headers *h, size_t *unseen);

/* A row for the index from a summary (texts borrowed). */
void headers_row(const struct wr_header_summary *s, struct store_message *out);

#endif
