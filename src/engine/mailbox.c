/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients ask of folders and messages: lists, pages, opening, parts. */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "reading.h"
#include "search.h"
#include "sync.h"
#include "utf7.h"

#define MAX_PAGE 500
#define MAX_FOLDER_NAME 512

/* ---- folders */

static void
reply_folders(struct engine *e, struct request *rq, uint32_t account)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *f = NULL;
    size_t n = 0;
    enum sp_status st = store_folders(e->store, account, &arena, &f, &n);
    struct wr_folder *virtual = NULL;
    size_t virtual_n = 0;
    if (!st && !account)
        st = search_folders(e, &arena, &virtual, &virtual_n);
    struct wr_folder *list = st ? NULL : arena_array(&arena, n + virtual_n, sizeof *list);
    if (!st && !list)
        st = SP_NOMEM;
    for (size_t i = 0; !st && i < n; i++)
        events_fill_folder(&f[i], &list[i]);
    for (size_t i = 0; !st && i < virtual_n; i++)
        list[n++] = virtual[i];
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_folders, &(struct wm_folders){.folders = list, .folders_n = (uint32_t)n});
    arena_release(&arena);
}

void
handle_list_folders(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)arena;
    reply_folders(e, rq, ((const struct wm_list_folders *)in->msg)->account);
}

struct creating {
    struct engine *engine;
    struct request *rq;
    struct account *account;
    struct session_op *op;
};

static bool
creating_end(void *arg, enum sp_status why)
{
    struct creating *c = arg;
    (void)why;
    session_drop(c->op);
    free(c);
    return true;
}

static void
on_created(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct creating *c = arg;
    (void)arena;
    if (!r->final)
        return;
    if (r->status)
        request_fail(c->rq, r->status, r->text);
    else
        reply_folders(c->engine, c->rq, c->account->id);
    if (!r->status)
        sync_start(c->account->sync); /* brings the new one into the list, with an event */
    free(c);
}

void
handle_create_folder(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_create_folder *m = in->msg;
    struct account *a = account_by_id(e, m->account);
    struct buf raw = BUF_INIT;
    size_t len = strlen(m->name);
    enum sp_status st = !a ? SP_NOT_FOUND : len == 0 || len > MAX_FOLDER_NAME ? SP_INVALID : utf7_encode(&raw, m->name, len);
    (void)arena;
    if (st) {
        request_fail(rq, st, NULL);
    } else if (a->config->kind == SP_ACCOUNT_LOCAL) {
        struct store_folder f = {.account = a->id, .raw = m->name, .name = m->name, .selectable = true, .local = true};
        st = store_folder_put(e->store, &f);
        if (st)
            request_fail(rq, st, NULL);
        else
            reply_folders(e, rq, a->id);
    } else {
        struct creating *c = engine_alloc(sizeof *c);
        *c = (struct creating){.engine = e, .rq = rq, .account = a};
        c->op = session_run(a, SESSION_INTERACTIVE, 0, WM_TYPE_imap_create, &(struct wm_imap_create){.raw = buf_str(&raw)}, on_created, c);
        request_on_end(rq, creating_end, c);
    }
    buf_release(&raw);
}

void
handle_index_page(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_index_page ask = *(const struct wm_index_page *)in->msg;
    struct wm_index_rows rows = {0};
    if (ask.count > MAX_PAGE)
        ask.count = MAX_PAGE;
    if (ask.folder & SEARCH_VIRTUAL && !(ask.folder >> 62) && ask.count && ask.where <= SP_PAGE_OLDEST) {
        search_page(e, rq, &ask);
        return;
    }
    enum sp_status st = ask.where > SP_PAGE_OLDEST || !ask.count ? SP_INVALID : store_page(e->store, &ask, arena, &rows);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_index_rows, &rows);
    accounts_look(e, ask.folder);
}

/* ---- messages */

struct opening {
    struct engine *engine;
    struct request *rq;
    uint64_t message;
    struct reading *reading;
};

static bool
opening_end(void *arg, enum sp_status why)
{
    struct opening *o = arg;
    (void)why;
    reading_drop(o->reading);
    free(o);
    return true;
}

static void
on_read(const struct reading_result *r, void *arg)
{
    struct opening *o = arg;
    struct arena arena = ARENA_INIT;
    struct store_message m = {0};
    if (!r->final) {
        request_tell(o->rq, WM_TYPE_progress, r->progress);
        return;
    }
    enum sp_status st = r->st;
    struct wr_verdict shown;
    if (!st && store_body_used(o->engine->store, o->message) != SP_OK)
        log_line("that a message was read is not noted");
    if (!st && r->verdict) {
        st = store_message_get(o->engine->store, o->message, &arena, &m);
        shown = *r->verdict;
        shown.reply_quote = ""; /* replies are made here: a large text need not go twice */
    }
    if (st)
        request_fail(o->rq, st, r->text);
    else if (r->verdict)
        request_reply(o->rq, WM_TYPE_message_view,
                      &(struct wm_message_view){.message = o->message, .folder = m.folder, .flags = m.flags, .verdict = shown});
    else
        request_reply(o->rq, WM_TYPE_part_content, r->content);
    arena_release(&arena);
    free(o);
}

static void
open_it(struct engine *e, struct request *rq, const struct reading_ask *ask)
{
    struct opening *o = engine_alloc(sizeof *o);
    *o = (struct opening){.engine = e, .rq = rq, .message = ask->message};
    struct reading *r = reading_start(e, ask, on_read, o);
    if (!r)
        return; /* answered, and o is gone */
    o->reading = r;
    request_on_end(rq, opening_end, o);
}

void
handle_open_message(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_open_message *m = in->msg;
    (void)arena;
    open_it(e, rq, &(struct reading_ask){.message = m->message, .what = READ_VERDICT, .path = "", .interactive = m->interactive, .client = request_client(rq)});
}

void
handle_open_part(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_open_part *m = in->msg;
    (void)arena;
    open_it(e, rq, &(struct reading_ask){.message = m->message, .what = READ_PART_VIEW, .path = m->path, .interactive = m->interactive, .client = request_client(rq)});
}

void
handle_get_part(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_get_part *m = in->msg;
    (void)arena;
    open_it(e, rq, &(struct reading_ask){.message = m->message, .what = READ_CONTENT, .path = m->path, .interactive = true, .client = request_client(rq)});
}
