/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients change: flags, keywords, moves, removals. Done in the store at once; what a server must learn goes into the journal in the
   same transaction. Many messages are done in slices, so that the loop goes on between them; the request ends after the last. */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "base/memfd.h"
#include "copy.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "journal.h"
#include "keywords.h"

#define SERVER_FLAGS 0xffffu
#define MAX_MESSAGES 1000000
#define SLICE 64
#define SLICE_MS 3

struct work;
/* The next few; sets *more when something is left. Inside a transaction. */
typedef enum sp_status step_fn(struct work *w, bool *more);
/* One change of one message. */
typedef enum sp_status change_fn(struct work *w, const struct store_message *m, const struct store_folder *f);

struct work {
    struct engine *engine;
    struct request *rq;
    struct loop_timer *timer;
    step_fn *step;
    /* for lists of messages */
    uint16_t type;
    void *msg;                  /* copy, in the arena */
    struct arena arena;
    const struct wr_number *ids;
    uint32_t n, at;
    change_fn *change;
    /* flags */
    uint32_t add, remove;
    const char *add_keywords, *remove_keywords;
    /* moves */
    uint64_t target;
    bool copy;
    /* expunge */
    struct wm_index_page page;
};

static void
work_free(struct work *w)
{
    if (w->timer)
        loop_timer_remove(w->timer);
    copy_release(w->type, w->msg, &w->arena);
    free(w);
}

/* Whoever asked may go: what he asked for is done all the same. */
static bool
work_end(void *arg, enum sp_status why)
{
    struct work *w = arg;
    if (why == SP_DISCONNECTED)
        return false;
    work_free(w);
    return true;
}

/* As much as fits into a slice. */
static enum sp_status
do_slice(struct work *w, bool *more)
{
    struct engine *e = w->engine;
    int64_t end = loop_now_ms() + SLICE_MS;
    enum sp_status st = store_begin(e->store);
    *more = true;
    while (!st && *more && loop_now_ms() < end)
        st = w->step(w, more);
    if (st) {
        store_rollback(e->store);
        journal_reload(e);
    } else {
        st = store_commit(e->store);
    }
    return st;
}

static void
work_on(struct loop *l, void *arg)
{
    struct work *w = arg;
    bool more = false;
    w->timer = NULL;
    enum sp_status st = do_slice(w, &more);
    if (!st && more) {
        w->timer = loop_timer_add(l, 0, work_on, w);
        if (!w->timer)
            abort();
        return;
    }
    struct request *rq = w->rq;
    work_free(w);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_done(rq);
}

/* The first slice at once: for a few messages that is all. */
static void
work_start(struct engine *e, struct request *rq, const struct work *ask, const void *msg)
{
    struct work *w = engine_alloc(sizeof *w);
    *w = *ask;
    w->engine = e;
    w->rq = rq;
    if (msg && copy_message(w->type, msg, &w->arena, &w->msg) != SP_OK)
        abort();
    request_on_end(rq, work_end, w);
    if (w->type == WM_TYPE_change_flags) {
        const struct wm_change_flags *m = w->msg;
        w->ids = m->messages;
        w->add_keywords = keywords_join(&w->arena, m->add_keywords, m->add_keywords_n);
        w->remove_keywords = keywords_join(&w->arena, m->remove_keywords, m->remove_keywords_n);
    } else if (w->type == WM_TYPE_move_messages) {
        w->ids = ((const struct wm_move_messages *)w->msg)->messages;
    }
    if (w->n > MAX_MESSAGES || (w->type == WM_TYPE_change_flags && (!w->add_keywords || !w->remove_keywords))) {
        enum sp_status st = w->n > MAX_MESSAGES ? SP_TOO_LARGE : SP_INVALID;
        work_free(w);
        request_fail(rq, st, NULL);
        return;
    }
    work_on(e->loop, w);
}

/* As long as it goes: a message that is gone meanwhile is passed over. */
static enum sp_status
step_list(struct work *w, bool *more)
{
    struct engine *e = w->engine;
    enum sp_status st = SP_OK;
    for (uint32_t i = 0; !st && i < SLICE && w->at < w->n; i++) {
        struct arena arena = ARENA_INIT;
        struct store_message m;
        struct store_folder f;
        st = store_message_get(e->store, w->ids[w->at++].value, &arena, &m);
        if (!st)
            st = store_folder_get(e->store, m.folder, &arena, &f);
        if (!st)
            st = w->change(w, &m, &f);
        else if (st == SP_NOT_FOUND && w->n > 1)
            st = SP_OK;
        arena_release(&arena);
    }
    *more = w->at < w->n;
    return st;
}

/* ---- flags */

static enum sp_status
change_flags(struct work *w, const struct store_message *m, const struct store_folder *f)
{
    struct engine *e = w->engine;
    struct arena arena = ARENA_INIT;
    uint32_t add = w->add & SERVER_FLAGS & ~m->flags, rem = w->remove & SERVER_FLAGS & m->flags;
    const char *keywords = keywords_change(&arena, m->keywords, w->add_keywords, w->remove_keywords);
    bool words = strcmp(keywords, m->keywords) != 0;
    enum sp_status st = add || rem ? store_flags_set(e->store, m->id, (m->flags | add) & ~rem) : SP_OK;
    if (!st && words)
        st = store_keywords_set(e->store, m->id, keywords);
    if (!st && !f->local && (add || rem || words)) {
        struct store_change change = {.account = f->account, .kind = STORE_CHANGE_FLAGS, .message = m->id, .source = m->id, .folder = f->id,
                                      .uid = m->uid, .add = add, .remove = rem};
        if (words) {
            change.add_keywords = w->add_keywords;
            change.remove_keywords = w->remove_keywords;
        }
        st = journal_add(e, &change);
    }
    if (add || rem || words)
        events_folder(e, f->id);
    arena_release(&arena);
    return st;
}

void
handle_change_flags(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_change_flags *m = in->msg;
    (void)arena;
    work_start(e, rq, &(struct work){.step = step_list, .type = WM_TYPE_change_flags, .n = m->messages_n, .change = change_flags, .add = m->add,
                                     .remove = m->remove}, m);
}

/* ---- moves */

static enum sp_status
add_change(struct engine *e, struct store_change c, enum store_change_kind kind)
{
    c.kind = kind;
    return journal_add(e, &c);
}

/* The original on its server goes. */
static enum sp_status
remove_there(struct engine *e, const struct store_message *m, const struct store_folder *f)
{
    struct store_change c = {.account = f->account, .message = m->id, .source = m->id, .folder = f->id, .uid = m->uid};
    c.add = SP_FLAG_DELETED;
    enum sp_status st = add_change(e, c, STORE_CHANGE_FLAGS);
    c.add = 0;
    return st ? st : add_change(e, c, STORE_CHANGE_EXPUNGE);
}

/* From a local folder to a server: the bytes are nowhere else, so they stay in the journal until the server has them. */
static enum sp_status
upload(struct work *w, const struct store_message *m, const struct store_folder *f, const struct store_folder *target)
{
    struct engine *e = w->engine;
    struct store_change c = {.account = target->account, .kind = STORE_CHANGE_APPEND, .source = m->id, .folder = f->id, .target = target->id,
                             .add = m->flags & SERVER_FLAGS, .remove = w->copy ? 0 : SP_FLAG_DELETED};
    struct memfd_map map = {0};
    int fd = -1;
    enum sp_status st = store_body_get(e->store, m->id, &fd);
    if (!st)
        st = memfd_map(fd, ENGINE_MAX_MESSAGE, &map);
    engine_close(&fd);
    if (st)
        return st;
    st = store_message_move(e->store, m->id, target->id, w->copy, &c.message);
    if (!st)
        st = journal_add(e, &c);
    if (!st)
        st = store_change_body_put(e->store, c.id, map.data, map.len);
    memfd_unmap(&map);
    return st;
}

/* From a server to a local folder or another server: with the body at once, else it is fetched first. */
static enum sp_status
take(struct work *w, const struct store_message *m, const struct store_folder *f, const struct store_folder *target)
{
    struct engine *e = w->engine;
    struct store_change c = {.source = m->id, .folder = f->id, .target = target->id, .uid = m->uid, .uidvalidity = f->uidvalidity,
                             .add = m->flags & SERVER_FLAGS, .remove = w->copy ? 0 : SP_FLAG_DELETED};
    enum sp_status st = store_message_move(e->store, m->id, target->id, w->copy, &c.message);
    if (st)
        return st;
    if (m->has_body && target->local)
        return w->copy ? SP_OK : remove_there(e, m, f);
    if (m->has_body) {
        c.account = target->account;
        c.other = f->account;
        return add_change(e, c, STORE_CHANGE_APPEND);
    }
    c.account = f->account;
    c.other = target->local ? 0 : target->account;
    return add_change(e, c, STORE_CHANGE_TAKE);
}

static enum sp_status
move_message(struct work *w, const struct store_message *m, const struct store_folder *f)
{
    struct engine *e = w->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder target;
    uint64_t id = 0;
    enum sp_status st = store_folder_get(e->store, w->target, &arena, &target);
    if (!st && f->id != target.id) {
        if (f->local && target.local)
            st = store_message_move(e->store, m->id, target.id, w->copy, &id);
        else if (f->local)
            st = upload(w, m, f, &target);
        else if (target.local || f->account != target.account)
            st = take(w, m, f, &target);
        else {
            st = store_message_move(e->store, m->id, target.id, w->copy, &id);
            struct store_change c = {.account = f->account, .message = id, .source = m->id, .folder = f->id, .target = target.id, .uid = m->uid};
            if (!st)
                st = add_change(e, c, w->copy ? STORE_CHANGE_COPY : STORE_CHANGE_MOVE);
        }
        events_folder(e, f->id);
        events_folder(e, target.id);
    }
    arena_release(&arena);
    return st;
}

void
handle_move_messages(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_move_messages *m = in->msg;
    struct store_folder target;
    enum sp_status st = store_folder_get(e->store, m->folder, arena, &target);
    if (!st && !target.selectable)
        st = SP_INVALID;
    if (st)
        request_fail(rq, st, NULL);
    else
        work_start(e, rq, &(struct work){.step = step_list, .type = WM_TYPE_move_messages, .n = m->messages_n, .change = move_message,
                                         .target = m->folder, .copy = m->copy}, m);
}

/* ---- expunge */

static enum sp_status
expunge_one(struct engine *e, const struct store_folder *f, uint64_t id)
{
    struct arena arena = ARENA_INIT;
    struct store_message m;
    enum sp_status st = store_message_get(e->store, id, &arena, &m);
    if (!st)
        st = store_message_remove(e->store, id);
    if (!st && !f->local) {
        struct store_change change = {.account = f->account, .kind = STORE_CHANGE_EXPUNGE, .message = id, .source = id, .folder = f->id, .uid = m.uid};
        st = journal_add(e, &change);
    }
    arena_release(&arena);
    return st;
}

/* A page of the folder, from the newest on. */
static enum sp_status
step_expunge(struct work *w, bool *more)
{
    struct engine *e = w->engine;
    struct arena arena = ARENA_INIT;
    struct wm_index_rows rows = {0};
    struct store_folder f;
    enum sp_status st = store_folder_get(e->store, w->page.folder, &arena, &f);
    if (!st)
        st = store_page(e->store, &w->page, &arena, &rows);
    uint32_t before = 0;
    for (uint32_t i = 0; !st && i < rows.rows_n; i++) {
        w->page.sort = rows.rows[i].sort;
        w->page.id = rows.rows[i].id;
        if (rows.rows[i].flags & SP_FLAG_DELETED) {
            st = expunge_one(e, &f, rows.rows[i].id);
            before++;
        }
    }
    if (before)
        events_folder(e, w->page.folder);
    w->page.where = SP_PAGE_OLDER;
    *more = rows.rows_n > 0 && rows.more_older;
    arena_release(&arena);
    return st;
}

void
handle_expunge(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_expunge *m = in->msg;
    struct store_folder f;
    enum sp_status st = store_folder_get(e->store, m->folder, arena, &f);
    if (st)
        request_fail(rq, st, NULL);
    else
        work_start(e, rq, &(struct work){.step = step_expunge, .page = {.folder = f.id, .where = SP_PAGE_NEWEST, .count = 100}}, NULL);
}
