/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets that arrive through a pipe, read without waiting: whoever writes them may be slow. */
#ifndef SP_ENGINE_PIPE_H
#define SP_ENGINE_PIPE_H

#include "base/secret.h"
#include "engine.h"

struct pipe_reader;

/* Once, from the loop. secret is taken by moving it out; SP_OK, SP_TOO_LARGE, SP_TIMEOUT, SP_IO. The reader is gone then. */
typedef void pipe_fn(enum sp_status st, struct secret *secret, void *arg);
/* fd is taken. */
struct pipe_reader *pipe_read_secret(struct engine *e, int fd, int64_t timeout_ms, pipe_fn *fn, void *arg);
/* Gives up; NULL is allowed. */
void pipe_drop(struct pipe_reader *p);

#endif
