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
    uint32_t uid;         /* asked for */
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

/* Where a server has the message: in its folder, or still where it was before a change that is on its way. */
static void
locate(struct body *b, const struct store_folder *f, uint32_t *uid)
{
    struct arena arena = ARENA_INIT;
    struct store_change c;
    b->folder = f->id;
    b->account = account_by_id(b->engine, f->account);
    if (!*uid && store_change_bringing(b->engine->store, b->message, &arena, &c) == SP_OK) {
        b->folder = c.folder;
        b->account = account_by_id(b->engine, c.kind == STORE_CHANGE_APPEND ? c.other : c.account);
        *uid = c.uid;
    }
    arena_release(&arena);
}

static enum sp_status ask_server(struct body *b);

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
    if (st == SP_NOT_FOUND && ask_server(b) == SP_OK)
        return; /* it was on its way from one folder to another, and has arrived */
    if (st == SP_NOT_FOUND)
        sync_folder(b->account->sync, b->folder);
    finish(b, st, st ? -1 : m->bytes, r->text);
}

/* Asks the server that has it. */
static enum sp_status
ask_server(struct body *b)
{
    struct engine *e = b->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    struct store_folder f;
    enum sp_status st = store_message_get(e->store, b->message, &arena, &m);
    if (!st)
        st = store_folder_get(e->store, m.folder, &arena, &f);
    uint32_t uid = st ? 0 : m.uid, asked = b->uid;
    if (!st)
        locate(b, &f, &uid);
    if (!st && (!b->account || b->account->config->kind != SP_ACCOUNT_IMAP || !uid || uid == asked))
        st = SP_NOT_FOUND;
    else if (!st && !b->account->wanted)
        st = SP_UNAVAILABLE;
    b->uid = uid;
    if (!st)
        b->op = session_run(b->account, SESSION_INTERACTIVE, b->folder, WM_TYPE_imap_fetch_body, &(struct wm_imap_fetch_body){.uid = uid}, on_fetched, b);
    arena_release(&arena);
    return st;
}

struct body *
body_get(struct engine *e, uint64_t message, body_fn *fn, void *arg)
{
    struct body *b = engine_alloc(sizeof *b);
    *b = (struct body){.engine = e, .message = message, .fd = -1, .fn = fn, .arg = arg};
    enum sp_status st = store_body_get(e->store, message, &b->fd);
    if (st == SP_NOT_FOUND)
        st = ask_server(b);
    if (!b->op)
        later(b, st);
    return b;
}
