/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a message of the store: its verdict, the view of an encrypted part, or the content of a part. For the door and for drafts. */
#ifndef SP_ENGINE_READING_H
#define SP_ENGINE_READING_H

#include "engine.h"

struct reading;

enum reading_what {
    READ_VERDICT,     /* kept when nothing can have changed it, else computed and kept */
    READ_PART_VIEW,   /* of the encrypted part at path: never kept (S29) */
    READ_CONTENT,     /* of the part at path, decoded; path "" = the whole source */
};

struct reading_result {
    bool final;
    enum sp_status st;
    const char *text;                     /* a server's words */
    const struct wm_progress *progress;   /* when not final */
    const struct wr_verdict *verdict;     /* borrowed */
    struct wm_part_content *content;      /* its descriptor may be taken */
};
typedef void reading_fn(const struct reading_result *r, void *arg);

struct reading_ask {
    uint64_t message;
    enum reading_what what;
    const char *path;                     /* copied */
    bool interactive;
    uint64_t client;
};

/* fn is called from the loop, or (for a kept verdict) at once. Returns NULL when it was called with final already. */
struct reading *reading_start(struct engine *e, const struct reading_ask *ask, reading_fn *fn, void *arg);
/* NULL is allowed. */
void reading_drop(struct reading *r);

#endif
