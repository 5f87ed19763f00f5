/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One process per operation: it blocks, crashes or hangs without harm; its result comes over a socket pair of its own.
   Used by the service (service.c) alone. */
#ifndef SP_KEYS_CHILD_H
#define SP_KEYS_CHILD_H

#include "base/loop.h"
#include "base/wire.h"

struct child;

/* Runs in the new process; must send exactly one final message with id CHILD_ID on up. The process ends when it returns. */
typedef void child_body_fn(struct wire_conn *up, void *arg);
/* In the parent: a message of the child. Final ones end it: the child is gone when the handler returned. */
typedef void child_message_fn(struct child *c, struct wire_in *in, struct arena *arena, void *arg);
/* In the parent: it ended without a final message (SP_CRASHED) or took too long (SP_TIMEOUT). Gone afterwards. */
typedef void child_failed_fn(struct child *c, enum sp_status why, void *arg);

#define CHILD_ID 1u

struct child_spec {
    child_body_fn *body;
    void *body_arg;           /* borrowed; used in the child only, so it need not outlive child_start */
    const int *close_fds;     /* what the child must not have: ends with -1 */
    child_message_fn *on_message;
    child_failed_fn *on_failed;
    void *arg;
    int64_t deadline_ms;
};

/* NULL when there is no memory or process to be had. */
struct child *child_start(struct loop *l, const struct child_spec *spec);
/* Kills it with everything that it started, without a call back. */
void child_kill(struct child *c);
/* The clock stands still while the child waits for a person. */
void child_pause(struct child *c, bool paused);
/* Lets it work for this long from now on. */
void child_allow(struct child *c, int64_t deadline_ms);
struct wire_conn *child_conn(struct child *c);

#endif
