/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's own memory: small named texts, kept in the store under a prefix of their own so that no screen reaches pins. */
#include <stdio.h>
#include <string.h>

#include "door.h"
#include "handlers.h"

#define MAX_NAME 200
#define MAX_VALUE 65536

static enum sp_status
state_name(const char *name, char out[MAX_NAME + 8])
{
    size_t len = strlen(name);
    if (len == 0 || len > MAX_NAME)
        return SP_INVALID;
    (void)snprintf(out, MAX_NAME + 8, "ui:%s", name);
    return SP_OK;
}

void
handle_get_state(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_get_state *m = in->msg;
    char name[MAX_NAME + 8];
    const char *value = "";
    enum sp_status st = state_name(m->name, name);
    if (!st)
        st = store_text_get(e->store, name, arena, &value);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_state_value, &(struct wm_state_value){.value = value});
}

void
handle_set_state(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_set_state *m = in->msg;
    char name[MAX_NAME + 8];
    (void)arena;
    enum sp_status st = strlen(m->value) > MAX_VALUE ? SP_TOO_LARGE : state_name(m->name, name);
    if (!st)
        st = store_text_put(e->store, name, m->value);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_done(rq);
}
