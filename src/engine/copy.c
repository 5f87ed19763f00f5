/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Copies of messages: encoded and decoded again, so that one description serves the wire and the copy. */
#include "copy.h"

#include "base/wire_code.h"
#include "engine.h"

static void
close_one(int *fd)
{
    engine_close(fd);
}

enum sp_status
copy_message(uint16_t type, const void *msg, struct arena *arena, void **copy)
{
    const struct wire_desc *desc = wire_message_desc(type);
    struct buf body = BUF_INIT;
    int fds[WIRE_MAX_FDS];
    struct wire_out out = {.body = &body, .fds = fds};
    size_t taken = 0;

    *copy = NULL;
    if (!desc)
        return SP_INTERNAL;
    enum sp_status st = wire_code_encode(desc, msg, &out);
    for (; !st && taken < out.n_fds; taken++) {
        fds[taken] = engine_dup(fds[taken]);
        if (fds[taken] < 0)
            st = SP_INVALID;
    }
    if (!st) {
        struct wire_source in = {.at = buf_str(&body), .len = body.len, .fds = fds, .n_fds = taken, .arena = arena};
        *copy = arena_alloc(arena, desc->size);
        st = *copy ? wire_code_decode(desc, &in, *copy) : SP_NOMEM;
        if (st && *copy) {
            wire_code_each_fd(desc, *copy, close_one);
            *copy = NULL;
        }
    }
    if (st)
        for (size_t i = 0; i < taken; i++)
            engine_close(&fds[i]);
    if (desc->secret)
        buf_release_wiped(&body);
    else
        buf_release(&body);
    return st;
}

void
copy_release(uint16_t type, void *copy, struct arena *arena)
{
    const struct wire_desc *desc = wire_message_desc(type);
    if (copy && desc)
        wire_code_each_fd(desc, copy, close_one);
    if (desc && desc->secret)
        arena_wipe(arena);
    arena_release(arena);
}
