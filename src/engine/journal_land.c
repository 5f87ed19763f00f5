/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Changes that bring a message into a folder: MOVE, COPY, APPEND, and TAKE, which fetches what another account appends.
   Before the first try the target's UIDNEXT is noted in the journal. A try whose answer was lost is not simply repeated: whatever it
   left in the target has that uid or a higher one, and the source tells what it did not do. The cases:
     came there, gone here     done; the row learns its uid
     came there, still here    COPY: done. MOVE: cut in half (COPY and EXPUNGE), or the server is slow: the rest is removed
     not there, still here     not done: again
     not there, gone here      another client was faster: the row goes; a synchronisation brings what there is */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memfd.h"
#include "base/uidset.h"
#include "events.h"
#include "replay.h"
#include "sync.h"

static void attempt(struct replay *r);

/* ---- a message has landed */

/* The row in the target learns its uid; so do the changes that wait for it. */
static enum sp_status
learn(struct replay *r, const struct store_change *c, uint32_t uid, uint32_t uidvalidity)
{
    struct engine *e = r->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    struct store_folder target;
    uint64_t other;
    enum sp_status st = store_change_learn(e->store, c->message, c->target, uidvalidity, uid);
    bool row = !st && store_message_get(e->store, c->message, &arena, &m) == SP_OK;
    if (row && m.folder == c->target && m.uid == 0) {
        bool same = store_folder_get(e->store, c->target, &arena, &target) == SP_OK && target.uidvalidity == uidvalidity;
        st = same && store_message_by_uid(e->store, c->target, uid, &other) == SP_NOT_FOUND ? store_message_set_uid(e->store, m.id, uid)
                                                                                              : store_message_remove(e->store, m.id);
        if (!same)
            sync_folder(r->account->sync, c->target);
    } else if (!st && store_change_uid_waiting(e->store, c->target, uid)) { /* moved on or removed here meanwhile */
        hidden_add(e->journal->hidden, c->target, uid, c->id);
    }
    arena_release(&arena);
    return st;
}

/* It is nowhere: the row here goes. */
static enum sp_status
lose(struct replay *r, const struct store_change *c)
{
    struct engine *e = r->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    enum sp_status st = SP_OK;
    if (store_message_get(e->store, c->message, &arena, &m) == SP_OK && m.folder == c->target && m.uid == 0)
        st = store_message_remove(e->store, m.id);
    sync_folder(r->account->sync, c->target);
    arena_release(&arena);
    return st;
}

/* Removes the original of a message that has arrived; list must have room for two. */
static size_t
remove_original(const struct store_change *c, uint32_t account, struct store_change *list)
{
    const struct store_change change = {.account = account, .kind = STORE_CHANGE_FLAGS, .message = c->message, .source = c->source, .folder = c->folder,
                                        .uid = c->uid, .uidvalidity = c->uidvalidity, .add = SP_FLAG_DELETED};
    list[0] = list[1] = change;
    list[1].kind = STORE_CHANGE_EXPUNGE;
    list[1].add = 0;
    return 2;
}

/* ---- what a try has left */

static bool
is_present(const struct replay *r, uint32_t uid)
{
    for (size_t i = 0; i < r->present_n; i++)
        if (r->present[i] == uid)
            return true;
    return false;
}

static uint32_t
find_arrival(struct replay *r, const struct store_change *c)
{
    struct engine *e = r->account->engine;
    struct store_message m;
    struct memfd_map map;
    int fd = -1;
    struct arrival wanted = {.id = c->message_id ? c->message_id : "", .size = c->size, .date = c->date};
    if (store_message_get(e->store, c->message, &r->arena, &m) == SP_OK)
        wanted = (struct arrival){.id = m.message_id, .size = m.size, .date = m.sort};
    if (c->kind == STORE_CHANGE_APPEND && store_change_body_get(e->store, c->id, &fd) == SP_OK && memfd_map(fd, ENGINE_MAX_MESSAGE, &map) == SP_OK) {
        const char *bytes = map.data;
        wanted.id = arrivals_message_id(&r->arena, bytes, map.len);
        wanted.size = map.len;
        for (size_t i = 0; i < map.len; i++) /* line ends become CRLF on the way */
            wanted.size += bytes[i] == '\n' && (i == 0 || bytes[i - 1] != '\r');
        memfd_unmap(&map);
    }
    engine_close(&fd);
    return arrivals_take(&r->arrivals, &wanted);
}

/* APPEND is through: the original's removal, and keywords, which APPEND does not carry, follow. */
static enum sp_status
appended(struct replay *r, const struct store_change *c, uint32_t uid, uint32_t uidvalidity)
{
    struct engine *e = r->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_change more[3];
    struct store_message m;
    size_t n = 0;
    if (uid && store_message_get(e->store, c->message, &arena, &m) == SP_OK && *m.keywords)
        more[n++] = (struct store_change){.account = c->account, .kind = STORE_CHANGE_FLAGS, .message = m.id, .source = m.id, .folder = c->target,
                                          .uid = uid, .uidvalidity = uidvalidity, .add_keywords = m.keywords};
    if (c->remove & SP_FLAG_DELETED && c->other)
        n += remove_original(c, c->other, more + n);
    enum sp_status st = uid ? learn(r, c, uid, uidvalidity) : lose(r, c);
    if (!st)
        st = replay_replace(r, c, more, n);
    arena_release(&arena);
    return st;
}

/* Decides for each change of the group; those that must be tried again stay in it. */
static enum sp_status
settle(struct replay *r)
{
    struct engine *e = r->account->engine;
    size_t again = 0;
    enum sp_status st = SP_OK;
    for (size_t i = 0; !st && i < r->n; i++) {
        struct store_change c = r->group[i], removal[2];
        bool here = is_present(r, c.uid), append = c.kind == STORE_CHANGE_APPEND;
        uint32_t uid = find_arrival(r, &c);
        if (!uid && (here || append)) {
            r->group[again++] = c;
            continue;
        }
        if (append) {
            st = appended(r, &c, uid, r->group->tried_uidvalidity);
            continue;
        }
        st = uid ? learn(r, &c, uid, c.tried_uidvalidity) : lose(r, &c);
        if (!st && uid && here && c.kind == STORE_CHANGE_MOVE)
            st = replay_replace(r, &c, removal, remove_original(&c, c.account, removal));
        else if (!st)
            st = store_change_done(e->store, c.id);
        hidden_done(e->journal->hidden, c.folder, c.uid);
    }
    if (r->n) {
        events_folder(e, r->group->target);
    }
    r->n = again;
    return st;
}

static void
on_arrivals(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final) {
        if (reply->in->type == WM_TYPE_imap_headers)
            arrivals_add(&r->arrivals, reply->in->msg);
        return;
    }
    r->op = NULL;
    if (reply->status == SP_NOT_FOUND) { /* the target is a new one by now: it must be synchronised before anything can be said */
        sync_folder(r->account->sync, r->group->target);
        (void)replay_failed(r, SP_SERVER_TEMPORARY, "the folder is a new one");
        return;
    }
    if (replay_failed(r, reply->status, reply->text))
        return;
    enum sp_status st = settle(r);
    arrivals_release(&r->arrivals);
    if (st)
        (void)replay_failed(r, st, "");
    else if (r->n)
        attempt(r);
    else
        replay_group_done(r);
}

static void
look_into_target(struct replay *r)
{
    struct arena arena = ARENA_INIT;
    const struct store_change *c = r->group;
    struct store_folder f = {0};
    /* Another UIDVALIDITY than at the try: any uid may be the one. */
    struct store *store = r->account->engine->store;
    bool known = store_folder_get(store, c->target, &arena, &f) == SP_OK;
    if (known && !f.uidvalidity && c->tried_uidvalidity) { /* a crash, or the loss of the cache, took what was known of it */
        f.uidvalidity = c->tried_uidvalidity;
        known = store_folder_put(store, &f) == SP_OK;
    }
    bool same = known && f.uidvalidity == c->tried_uidvalidity;
    uint32_t from = same && c->tried_uidnext ? c->tried_uidnext : 1;
    for (size_t i = 0; !same && i < r->n; i++)
        r->group[i].tried_uidvalidity = f.uidvalidity;
    arrivals_release(&r->arrivals);
    const char *set = arena_printf(&arena, "%lu:4294967295", (unsigned long)from);
    if (!set)
        abort();
    replay_run(r, c->target, WM_TYPE_imap_fetch_headers, &(struct wm_imap_fetch_headers){.uid_set = set}, on_arrivals);
    arena_release(&arena);
}

static void
on_present(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final) {
        const struct wm_imap_flags *m = reply->in->type == WM_TYPE_imap_flags ? reply->in->msg : NULL;
        for (uint32_t i = 0; m && i < m->messages_n && r->present_n < r->n; i++)
            r->present[r->present_n++] = m->messages[i].uid;
        return;
    }
    r->op = NULL;
    /* A source that is gone has nothing any more. */
    if (reply->status != SP_NOT_FOUND && reply->status != SP_SERVER_NO && replay_failed(r, reply->status, reply->text))
        return;
    look_into_target(r);
}

/* An earlier try, or one that was answered without saying what became of each. */
static void
resolve(struct replay *r)
{
    r->present_n = 0;
    if (r->group->kind == STORE_CHANGE_APPEND) {
        look_into_target(r);
        return;
    }
    free(r->present);
    r->present = engine_alloc(r->n * sizeof *r->present);
    replay_run(r, r->group->folder, WM_TYPE_imap_fetch_flags, &(struct wm_imap_fetch_flags){.uid_set = replay_uid_set(r)}, on_present);
}

/* ---- trying */

/* Where COPYUID says that this one is now (both sets are in the same order); 0 = it does not say. */
static uint32_t
landed_uid(const struct wm_imap_moved *m, uint32_t uid)
{
    const char *from = m->from, *to = m->to;
    struct uid_range a, b = {0};
    uint64_t skip = 0;
    bool found = false;
    while (!found && uidset_next(&from, &a)) {
        found = uid >= a.first && uid <= a.last;
        skip += found ? uid - a.first : (uint64_t)a.last - a.first + 1;
    }
    while (found && uidset_next(&to, &b)) {
        if (skip <= b.last - b.first)
            return b.first + (uint32_t)skip;
        skip -= (uint64_t)b.last - b.first + 1;
    }
    return 0;
}

static void
on_moved(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    struct engine *e = r->account->engine;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (replay_failed(r, reply->status, reply->text))
        return;
    const struct wm_imap_moved *m = reply->in->type == WM_TYPE_imap_moved ? reply->in->msg : NULL;
    size_t left = 0;
    enum sp_status st = store_begin(e->store);
    for (size_t i = 0; !st && i < r->n; i++) {
        struct store_change c = r->group[i];
        uint32_t uid = m && m->uidvalidity ? landed_uid(m, c.uid) : 0;
        if (!uid) {
            r->group[left++] = c;
            continue;
        }
        st = learn(r, &c, uid, m->uidvalidity);
        if (!st)
            st = store_change_done(e->store, c.id);
        if (c.kind == STORE_CHANGE_MOVE)
            hidden_done(e->journal->hidden, c.folder, c.uid);
    }
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    if (replay_failed(r, st, ""))
        return;
    events_folder(e, r->group->target);
    r->n = left;
    if (left)
        resolve(r);
    else
        replay_group_done(r);
}

static void
on_appended(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (replay_failed(r, reply->status, reply->text))
        return;
    const struct wm_imap_appended *m = reply->in->type == WM_TYPE_imap_appended ? reply->in->msg : NULL;
    if (!m || !m->uid) {
        resolve(r);
        return;
    }
    enum sp_status st = appended(r, r->group, m->uid, m->uidvalidity);
    if (!replay_failed(r, st, "")) {
        events_folder(r->account->engine, r->group->target);
        replay_group_done(r);
    }
}

static void
append(struct replay *r, const char *raw)
{
    struct engine *e = r->account->engine;
    const struct store_change *c = r->group;
    struct store_message m;
    struct wm_imap_append ask = {.raw = raw, .flags = c->add, .bytes = -1};
    struct store_change take = {.account = c->other, .other = c->account, .kind = STORE_CHANGE_TAKE, .message = c->message, .source = c->source,
                                .folder = c->folder, .uid = c->uid, .uidvalidity = c->uidvalidity, .target = c->target, .remove = c->remove};
    if (store_message_get(e->store, c->message, &r->arena, &m) == SP_OK) {
        ask.flags = m.flags & 0xffffu;
        ask.date = m.sort;
    }
    enum sp_status st = store_change_body_get(e->store, c->id, &ask.bytes);
    if (st == SP_NOT_FOUND && c->other) { /* lost with the cache: fetched once more */
        st = replay_replace(r, c, &take, 1);
        if (!replay_failed(r, st, ""))
            replay_group_done(r);
        return;
    }
    if (!replay_failed(r, st, ""))
        replay_run(r, 0, WM_TYPE_imap_append, &ask, on_appended);
    engine_close(&ask.bytes);
}

static void
attempt(struct replay *r)
{
    const struct store_change *c = r->group;
    struct store_folder target;
    if (store_folder_get(r->account->engine->store, c->target, &r->arena, &target) != SP_OK) {
        replay_refused(r, SP_NOT_FOUND, "");
        return;
    }
    if (c->kind == STORE_CHANGE_APPEND)
        append(r, target.raw);
    else
        replay_run(r, c->folder, WM_TYPE_imap_move,
                   &(struct wm_imap_move){.uid_set = replay_uid_set(r), .raw = target.raw, .copy = c->kind == STORE_CHANGE_COPY}, on_moved);
}

/* ---- before the first try */

static enum sp_status
note_state(struct replay *r, const struct wr_imap_state *s)
{
    struct engine *e = r->account->engine;
    struct store_folder f;
    enum sp_status st = store_begin(e->store);
    if (st)
        return st;
    for (size_t i = 0; !st && i < r->n; i++) {
        st = store_change_try(e->store, r->group[i].id, s->uidvalidity, s->uidnext);
        r->group[i].tried = true;
        r->group[i].tried_uidvalidity = s->uidvalidity;
        r->group[i].tried_uidnext = s->uidnext;
    }
    if (!st)
        st = store_folder_get(e->store, r->group->target, &r->arena, &f);
    if (!st && !f.uidvalidity && s->uidvalidity) { /* never looked into yet: what lands there is known by this */
        f.uidvalidity = s->uidvalidity;
        st = store_folder_put(e->store, &f);
    }
    if (st)
        store_rollback(e->store);
    return st ? st : store_commit(e->store);
}

static void
on_stated(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (replay_failed(r, reply->status, reply->text))
        return;
    struct wr_imap_state state = {0};
    if (reply->in->type == WM_TYPE_imap_stated)
        state = ((const struct wm_imap_stated *)reply->in->msg)->state;
    if (!replay_failed(r, note_state(r, &state), ""))
        attempt(r);
}

/* ---- TAKE */

static enum sp_status
keep_body(struct replay *r, const struct store_change *c, const struct wm_imap_body *body)
{
    struct engine *e = r->account->engine;
    struct store_message m;
    struct memfd_map map;
    struct store_change more[2];
    size_t n = 0;
    bool row = store_message_get(e->store, c->message, &r->arena, &m) == SP_OK;
    enum sp_status st = memfd_map(body->bytes, ENGINE_MAX_MESSAGE, &map);
    if (st)
        return st;
    /* A row that is gone was removed here, or went with the cache: then the original must stay. */
    if (row && c->other)
        more[n++] = (struct store_change){.account = c->other, .other = c->account, .kind = STORE_CHANGE_APPEND, .message = c->message,
                                          .source = c->source, .folder = c->folder, .target = c->target, .uid = c->uid,
                                          .uidvalidity = c->uidvalidity, .add = m.flags & 0xffffu, .remove = c->remove};
    else if (c->remove & SP_FLAG_DELETED && !c->other)
        n += remove_original(c, c->account, more);
    st = store_begin(e->store);
    if (!st && row)
        st = store_body_put(e->store, c->message, map.data, map.len);
    if (!st)
        st = replay_replace(r, c, more, n);
    memfd_unmap(&map);
    if (st)
        store_rollback(e->store);
    return st ? st : store_commit(e->store);
}

static void
on_taken(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (replay_failed(r, reply->status, reply->text))
        return;
    enum sp_status st = reply->in->type == WM_TYPE_imap_body ? keep_body(r, r->group, reply->in->msg) : SP_PROTOCOL;
    if (!replay_failed(r, st, ""))
        replay_group_done(r);
}

void
replay_land(struct replay *r)
{
    const struct store_change *c = r->group;
    struct store_folder target;
    if (c->kind == STORE_CHANGE_TAKE)
        replay_run(r, c->folder, WM_TYPE_imap_fetch_body, &(struct wm_imap_fetch_body){.uid = c->uid}, on_taken);
    else if (c->tried)
        resolve(r);
    else if (store_folder_get(r->account->engine->store, c->target, &r->arena, &target) != SP_OK)
        replay_refused(r, SP_NOT_FOUND, "");
    else
        replay_run(r, 0, WM_TYPE_imap_status, &(struct wm_imap_status){.raw = target.raw}, on_stated);
}
