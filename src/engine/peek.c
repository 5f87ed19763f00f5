/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Two requests: select, and the headers of the last messages. */
#include "peek.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "engine.h"
#include "headers.h"
#include "sync.h"

#define NEWEST 64

struct peek {
    struct account *account;
    uint64_t folder;
    struct session_op *op;
    struct headers *headers;
};

void
peek_stop(struct account *a)
{
    struct peek *p = a->peek;
    if (!p)
        return;
    size_t unseen, added = headers_added(p->headers, &unseen);
    a->peek = NULL;
    sync_added(a->sync, added);
    session_drop(p->op);
    headers_free(p->headers);
    free(p);
}

static void
on_stored(enum sp_status st, void *arg)
{
    struct peek *p = arg;
    if (st || (!p->op && !headers_pending(p->headers)))
        peek_stop(p->account);
}

static void
on_newest(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct peek *p = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_headers)
            headers_add(p->headers, p->folder, r->in->msg);
        return;
    }
    p->op = NULL;
    if (!headers_pending(p->headers))
        peek_stop(p->account);
}

static void
on_selected(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct peek *p = arg;
    struct store *store = p->account->engine->store;
    struct store_folder f;
    if (!r->final)
        return;
    p->op = NULL;
    const struct wm_imap_selected *m = !r->status && r->in->type == WM_TYPE_imap_selected ? r->in->msg : NULL;
    bool good = m && m->exists && store_folder_get(store, p->folder, arena, &f) == SP_OK && (!f.uidvalidity || f.uidvalidity == m->uidvalidity);
    if (good && !f.uidvalidity) {
        f.uidvalidity = m->uidvalidity;
        good = store_folder_put(store, &f) == SP_OK;
    }
    if (good)
        p->op = session_run_first(p->account, SESSION_SYNC, p->folder, WM_TYPE_imap_fetch_newest, &(struct wm_imap_fetch_newest){.count = NEWEST},
                                  on_newest, p);
    else
        peek_stop(p->account);
}

void
peek_start(struct account *a, uint64_t folder)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (a->peek && a->peek->folder == folder)
        return;
    peek_stop(a);
    if (store_folder_get(a->engine->store, folder, &arena, &f) == SP_OK) {
        struct peek *p = engine_alloc(sizeof *p);
        *p = (struct peek){.account = a, .folder = folder};
        p->headers = headers_new(a->engine, on_stored, p);
        a->peek = p;
        p->op = session_run_first(a, SESSION_SYNC, folder, WM_TYPE_imap_select, &(struct wm_imap_select){.raw = f.raw}, on_selected, p);
    }
    arena_release(&arena);
}
