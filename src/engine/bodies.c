/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The bytes of a message. */
#include "bodies.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "sync.h"

struct body {
    struct engine *engine;
    uint64_t message, folder;
    struct account *account;
    struct loop_timer *timer;
    struct session_op *op;
    int fd;               /* from the store */
    enum sp_status failed;
    body_fn *fn;
    void *arg;
};

void
body_drop(struct body *b)
{
    if (!b)
        return;
    if (b->timer)
        loop_timer_remove(b->timer);
    session_drop(b->op);
    engine_close(&b->fd);
    free(b);
}

static void
finish(struct body *b, enum sp_status st, int fd, const char *text)
{
    body_fn *fn = b->fn;
    void *arg = b->arg;
    int own = engine_dup(fd);
    body_drop(b);
    if (!st && own < 0)
        st = SP_IO;
    fn(&(struct body_result){.final = true, .st = st, .fd = own, .text = text ? text : ""}, arg);
    engine_close(&own);
}

static void
on_turn(struct loop *l, void *arg)
{
    struct body *b = arg;
    (void)l;
    b->timer = NULL;
    finish(b, b->failed, b->fd, NULL);
}

static void
later(struct body *b, enum sp_status st)
{
    b->failed = st;
    b->timer = loop_timer_add(b->engine->loop, 0, on_turn, b);
    if (!b->timer)
        abort();
}

static void
on_fetched(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct body *b = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_progress)
            b->fn(&(struct body_result){.fd = -1, .text = "", .progress = r->in->msg}, b->arg);
        return;
    }
    b->op = NULL;
    enum sp_status st = r->status;
    const struct wm_imap_body *m = NULL;
    if (!st) {
        m = r->in->msg;
        st = r->in->type == WM_TYPE_imap_body ? SP_OK : SP_PROTOCOL;
    }
    struct memfd_map map = {0};
    if (!st)
        st = memfd_map(m->bytes, ENGINE_MAX_MESSAGE, &map);
    if (!st) {
        enum sp_status kept = store_body_put(b->engine->store, b->message, map.data, map.len);
        if (!kept) /* by one who opened it, so it is in use */
            kept = store_body_used(b->engine->store, b->message);
        if (kept) /* it can be read all the same */
            log_line("a body is not kept: %s", sp_status_name(kept));
        memfd_unmap(&map);
    }
    if (st == SP_NOT_FOUND)
        sync_folder(b->account->sync, b->folder);
    finish(b, st, st ? -1 : m->bytes, r->text);
}

struct body *
body_get(struct engine *e, uint64_t message, body_fn *fn, void *arg)
{
    struct body *b = engine_alloc(sizeof *b);
    struct arena arena = ARENA_INIT;
    struct store_message m;
    struct store_folder f;
    *b = (struct body){.engine = e, .message = message, .fd = -1, .fn = fn, .arg = arg};
    enum sp_status st = store_body_get(e->store, message, &b->fd);
    if (st == SP_NOT_FOUND) {
        st = store_message_get(e->store, message, &arena, &m);
        if (!st)
            st = store_folder_get(e->store, m.folder, &arena, &f);
        if (!st) {
            b->folder = f.id;
            b->account = account_by_id(e, f.account);
            if (!b->account || b->account->config->kind != SP_ACCOUNT_IMAP || !m.uid)
                st = SP_NOT_FOUND;
            else if (!b->account->wanted)
                st = SP_UNAVAILABLE;
        }
        if (!st)
            b->op = session_run(b->account, SESSION_INTERACTIVE, f.id, WM_TYPE_imap_fetch_body, &(struct wm_imap_fetch_body){.uid = m.uid}, on_fetched, b);
    }
    if (!b->op)
        later(b, st);
    arena_release(&arena);
    return b;
}
