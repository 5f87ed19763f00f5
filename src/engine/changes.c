/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What clients change: flags, moves, removals. Done in the store at once; what a server must learn goes into the journal. */
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "journal.h"

#define SERVER_FLAGS 0xffffu
#define MAX_MESSAGES 100000

static bool
is_remote(const struct store_folder *f)
{
    return !f->local;
}

/* One change of one message. */
typedef enum sp_status change_fn(struct engine *e, const struct store_message *m, const struct store_folder *f, const void *ask);

/* As long as it goes: a message that is gone meanwhile is passed over. */
static void
change_each(struct engine *e, struct request *rq, const struct wr_number *ids, uint32_t n, change_fn *fn, const void *ask)
{
    enum sp_status st = n > MAX_MESSAGES ? SP_TOO_LARGE : SP_OK;
    for (uint32_t i = 0; !st && i < n; i++) {
        struct arena arena = ARENA_INIT;
        struct store_message m;
        struct store_folder f;
        st = store_message_get(e->store, ids[i].value, &arena, &m);
        if (!st)
            st = store_folder_get(e->store, m.folder, &arena, &f);
        if (!st)
            st = fn(e, &m, &f, ask);
        else if (st == SP_NOT_FOUND && n > 1)
            st = SP_OK;
        arena_release(&arena);
    }
    if (st)
        request_fail(rq, st, NULL);
    else
        request_done(rq);
}

static enum sp_status
change_flags(struct engine *e, const struct store_message *m, const struct store_folder *f, const void *ask)
{
    const struct wm_change_flags *c = ask;
    uint32_t add = c->add & SERVER_FLAGS & ~m->flags, rem = c->remove & SERVER_FLAGS & m->flags;
    if (!add && !rem)
        return SP_OK;
    enum sp_status st = store_flags_set(e->store, m->id, (m->flags | add) & ~rem);
    if (!st && is_remote(f)) {
        struct store_change change = {.account = f->account, .kind = STORE_CHANGE_FLAGS, .message = m->id, .folder = f->id, .uid = m->uid,
                                      .add = add, .remove = rem};
        st = journal_add(e, &change);
    }
    events_folder(e, f->id);
    return st;
}

void
handle_change_flags(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_change_flags *m = in->msg;
    (void)arena;
    change_each(e, rq, m->messages, m->messages_n, change_flags, m);
}

struct move {
    const struct store_folder *target;
    bool copy;
};

static enum sp_status
move_message(struct engine *e, const struct store_message *m, const struct store_folder *f, const void *ask)
{
    const struct move *move = ask;
    uint64_t id = 0;
    if (f->id == move->target->id)
        return SP_OK;
    /* Between accounts it would be an upload and a removal: not offered yet. */
    if (f->account != move->target->account)
        return SP_UNSUPPORTED;
    enum sp_status st = store_message_move(e->store, m->id, move->target->id, move->copy, &id);
    if (!st && is_remote(f)) {
        struct store_change change = {.account = f->account, .kind = move->copy ? STORE_CHANGE_COPY : STORE_CHANGE_MOVE, .message = id,
                                      .folder = f->id, .target = move->target->id, .uid = m->uid};
        st = journal_add(e, &change);
    }
    events_folder(e, f->id);
    events_folder(e, move->target->id);
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
        change_each(e, rq, m->messages, m->messages_n, move_message, &(struct move){&target, m->copy});
}

/* ---- expunge */

static enum sp_status
expunge_one(struct engine *e, const struct store_folder *f, uint64_t id, uint32_t uid)
{
    enum sp_status st = store_message_remove(e->store, id);
    if (!st && is_remote(f) && uid) {
        struct store_change change = {.account = f->account, .kind = STORE_CHANGE_EXPUNGE, .message = id, .folder = f->id, .uid = uid};
        st = journal_add(e, &change);
    }
    return st;
}

/* Local messages have no uids: page through the folder, from the newest on (proportional to it). */
static enum sp_status
expunge_local(struct engine *e, const struct store_folder *f)
{
    struct wm_index_page ask = {.folder = f->id, .where = SP_PAGE_NEWEST, .count = 500};
    enum sp_status st = SP_OK;
    for (bool more = true; !st && more;) {
        struct arena arena = ARENA_INIT;
        struct wm_index_rows rows = {0};
        st = store_page(e->store, &ask, &arena, &rows);
        for (uint32_t i = 0; !st && i < rows.rows_n; i++) {
            ask.sort = rows.rows[i].sort;
            ask.id = rows.rows[i].id;
            if (rows.rows[i].flags & SP_FLAG_DELETED)
                st = expunge_one(e, f, rows.rows[i].id, 0);
        }
        ask.where = SP_PAGE_OLDER;
        more = rows.rows_n > 0 && rows.more_older;
        arena_release(&arena);
    }
    return st;
}

static enum sp_status
expunge_remote(struct engine *e, const struct store_folder *f)
{
    struct store_uid *uids = NULL;
    size_t n = 0;
    enum sp_status st = store_uids(e->store, f->id, &uids, &n);
    for (size_t i = 0; !st && i < n; i++) {
        uint64_t id;
        if (uids[i].uid && uids[i].flags & SP_FLAG_DELETED && store_message_by_uid(e->store, f->id, uids[i].uid, &id) == SP_OK)
            st = expunge_one(e, f, id, uids[i].uid);
    }
    free(uids);
    return st;
}

void
handle_expunge(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_expunge *m = in->msg;
    struct store_folder f;
    enum sp_status st = store_folder_get(e->store, m->folder, arena, &f);
    if (!st)
        st = is_remote(&f) ? expunge_remote(e, &f) : expunge_local(e, &f);
    events_folder(e, m->folder);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_done(rq);
}
