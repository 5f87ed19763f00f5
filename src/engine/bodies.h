/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a message: from the store, else from the server, and then kept. */
#ifndef SP_ENGINE_BODIES_H
#define SP_ENGINE_BODIES_H

#include "engine.h"

struct body;

/* Final: st and fd (borrowed, a sealed memfd). Before that, with final = false, progress of the fetch. text: a server's words. */
struct body_result {
    bool final;
    enum sp_status st;
    int fd;
    const char *text;
    const struct wm_progress *progress;
};
typedef void body_fn(const struct body_result *r, void *arg);

/* fn is called from the loop. Never NULL; gone after the final call. */
struct body *body_get(struct engine *e, uint64_t message, body_fn *fn, void *arg);
/* NULL is allowed. */
void body_drop(struct body *b);

#endif
