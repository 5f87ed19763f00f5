/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replaying local changes: one after the other on the account's sync connection. A change is removed from the store only after the
   server's OK; doing one twice is harmless (flags) or finds nothing any more (moves by uid). */
#include "journal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "base/uidset.h"
#include "events.h"
#include "sync.h"

struct hidden {
    struct hidden *next;
    uint64_t folder, change; /* change 0: the server knows */
    uint32_t uid;
};

/* One account's replay. */
struct replay {
    struct replay *next;
    struct account *account;
    struct store_change change;
    uint32_t uid;             /* of the message in change.folder */
    struct session_op *op;
    struct loop_timer *timer;
    journal_fn *fn;
    void *arg;
    bool again;               /* changes came while it ran */
};

struct journal {
    struct hidden *hidden;
    struct replay *replays;
};

static void next(struct replay *r);

/* ---- hiding */

static void
hide(struct engine *e, const struct store_change *c)
{
    if (!c->uid || (c->kind != STORE_CHANGE_MOVE && c->kind != STORE_CHANGE_EXPUNGE))
        return;
    struct hidden *h = engine_alloc(sizeof *h);
    *h = (struct hidden){.next = e->journal->hidden, .folder = c->folder, .uid = c->uid, .change = c->id};
    e->journal->hidden = h;
}

bool
journal_hides(struct engine *e, uint64_t folder, uint32_t uid)
{
    for (struct hidden *h = e->journal->hidden; h; h = h->next)
        if (h->folder == folder && h->uid == uid)
            return true;
    return false;
}

static void
drop_hidden(struct engine *e, uint64_t folder, bool all)
{
    for (struct hidden **at = &e->journal->hidden; *at;) {
        struct hidden *h = *at;
        if (all || (h->folder == folder && !h->change)) {
            *at = h->next;
            free(h);
        } else {
            at = &h->next;
        }
    }
}

void
journal_folder_begins(struct engine *e, uint64_t folder)
{
    drop_hidden(e, folder, false);
}

/* ---- replaying */

static struct replay *
find_replay(struct account *a)
{
    struct replay *r = a->engine->journal->replays;
    while (r && r->account != a)
        r = r->next;
    return r;
}

static void
replay_end(struct replay *r)
{
    session_drop(r->op);
    if (r->timer)
        loop_timer_remove(r->timer);
    free(r);
}

static void
replay_free(struct replay *r)
{
    struct replay **at = &r->account->engine->journal->replays;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    replay_end(r);
}

static void
finish(struct replay *r, enum sp_status st)
{
    journal_fn *fn = r->fn;
    void *arg = r->arg;
    struct account *a = r->account;
    bool again = r->again && !st;
    replay_free(r);
    if (fn)
        fn(st, arg);
    if (again)
        journal_replay(a, NULL, NULL);
}

static void
change_done(struct replay *r)
{
    struct engine *e = r->account->engine;
    for (struct hidden *h = e->journal->hidden; h; h = h->next)
        if (h->change == r->change.id)
            h->change = 0;
    enum sp_status st = store_change_done(e->store, r->change.id);
    if (st)
        finish(r, st); /* the next would be the same again */
    else
        next(r);
}

/* Does this failure say something about the change, or only about the connection? */
static bool
is_refusal(enum sp_status st)
{
    return st == SP_SERVER_NO || st == SP_NOT_FOUND || st == SP_INVALID || st == SP_UNSUPPORTED || st == SP_DENIED || st == SP_TOO_LARGE;
}

/* The server does not do it: its state is the truth again. */
static void
refused(struct replay *r, enum sp_status st, const char *text)
{
    struct engine *e = r->account->engine;
    const struct store_change *c = &r->change;
    static const char *const names[] = {"flags", "move", "copy", "append", "expunge"};
    log_line("change %s refused: %s", names[c->kind], sp_status_name(st));
    events_notice(e, SP_NOTICE_CHANGE_REFUSED, SP_LEVEL_CAUTION, (const char *const[]){names[c->kind], *text ? text : sp_status_name(st), NULL});
    if ((c->kind == STORE_CHANGE_MOVE || c->kind == STORE_CHANGE_COPY) && store_message_remove(e->store, c->message) == SP_OK)
        events_folder(e, c->target);
    for (struct hidden *h = e->journal->hidden; h; h = h->next)
        if (h->change == c->id)
            h->uid = 0;
    sync_folder(r->account->sync, c->folder);
    change_done(r);
}

static void
run(struct replay *r, uint64_t folder, uint16_t type, const void *msg, call_fn *fn)
{
    r->op = session_run(r->account, SESSION_SYNC, folder, type, msg, fn, r);
}

/* The last of a uid list, 0 when it is empty. */
static uint32_t
last_uid(const struct call_reply *r)
{
    uint32_t uid = 0;
    if (!r->status && r->in->type == WM_TYPE_imap_uid_list) {
        const struct wm_imap_uid_list *m = r->in->msg;
        if (m->uids.len >= sizeof uid)
            memcpy(&uid, (const char *)m->uids.data + m->uids.len - sizeof uid, sizeof uid);
    }
    return uid;
}

/* What COPYUID says of the message, 0 when it says nothing that can be used: the folder there may be a new one that we do not know yet. */
static uint32_t
told_uid(struct replay *r, const struct call_reply *reply, struct arena *arena)
{
    const struct wm_imap_moved *m = reply->in->type == WM_TYPE_imap_moved ? reply->in->msg : NULL;
    struct store_folder target;
    struct uid_range range;
    if (!m || !m->uidvalidity || store_folder_get(r->account->engine->store, r->change.target, arena, &target) != SP_OK ||
        target.uidvalidity != m->uidvalidity || uidset_span(m->to) != 1 || !uidset_has(m->from, r->uid))
        return 0;
    const char *to = m->to;
    return uidset_next(&to, &range) ? range.first : 0;
}

/* After MOVE or COPY: the row here learns its uid there; when it cannot be told, the row goes and the synchronisation brings it. */
static void
located(struct replay *r, uint32_t uid, struct arena *arena)
{
    struct engine *e = r->account->engine;
    struct store_message m;
    uint64_t other;
    bool here = store_message_get(e->store, r->change.message, arena, &m) == SP_OK && m.folder == r->change.target && m.uid == 0;
    enum sp_status st = SP_OK;
    if (here && uid && store_message_by_uid(e->store, m.folder, uid, &other) == SP_NOT_FOUND)
        st = store_message_set_uid(e->store, m.id, uid);
    else if (here)
        st = store_message_remove(e->store, m.id);
    if (st)
        log_line("a moved message is not found again: %s", sp_status_name(st));
    if (here && !uid)
        sync_folder(r->account->sync, r->change.target);
    events_folder(e, r->change.target);
    change_done(r);
}

static void
on_located(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    if (!reply->final)
        return;
    r->op = NULL;
    located(r, last_uid(reply), arena);
}

static void
on_done(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    struct engine *e = r->account->engine;
    struct store_message m;
    if (!reply->final)
        return;
    r->op = NULL;
    if (reply->status && is_refusal(reply->status)) {
        refused(r, reply->status, reply->text);
        return;
    }
    if (reply->status) {
        finish(r, reply->status);
        return;
    }
    bool lands = r->change.kind == STORE_CHANGE_MOVE || r->change.kind == STORE_CHANGE_COPY;
    if (lands && store_message_get(e->store, r->change.message, arena, &m) == SP_OK && m.folder == r->change.target && m.uid == 0) {
        uint32_t uid = told_uid(r, reply, arena);
        if (uid) {
            located(r, uid, arena);
            return;
        }
        run(r, r->change.target, WM_TYPE_imap_search_id, &(struct wm_imap_search_id){.message_id = m.message_id}, on_located);
        return;
    }
    change_done(r);
}

static void
perform(struct replay *r)
{
    const struct store_change *c = &r->change;
    struct engine *e = r->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder target;
    char set[16];

    (void)snprintf(set, sizeof set, "%lu", (unsigned long)r->uid);
    switch (c->kind) {
    case STORE_CHANGE_FLAGS:
        run(r, c->folder, WM_TYPE_imap_store, &(struct wm_imap_store){.uid_set = set, .add = c->add, .remove = c->remove}, on_done);
        break;
    case STORE_CHANGE_MOVE:
    case STORE_CHANGE_COPY:
        if (store_folder_get(e->store, c->target, &arena, &target) != SP_OK)
            refused(r, SP_NOT_FOUND, "");
        else
            run(r, c->folder, WM_TYPE_imap_move, &(struct wm_imap_move){.uid_set = set, .raw = target.raw, .copy = c->kind == STORE_CHANGE_COPY}, on_done);
        break;
    case STORE_CHANGE_EXPUNGE:
        run(r, c->folder, WM_TYPE_imap_expunge, &(struct wm_imap_expunge){.uid_set = set}, on_done);
        break;
    case STORE_CHANGE_APPEND: /* nobody journals one: the outbox has its own */
        change_done(r);
        break;
    }
    arena_release(&arena);
}

static void
on_searched(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (reply->status && !is_refusal(reply->status)) {
        finish(r, reply->status);
        return;
    }
    r->uid = last_uid(reply);
    if (r->uid)
        perform(r);
    else
        refused(r, SP_NOT_FOUND, reply->text);
}

static void
next(struct replay *r)
{
    struct engine *e = r->account->engine;
    struct arena arena = ARENA_INIT;
    enum sp_status st = store_change_next(e->store, r->account->id, &arena, &r->change);
    /* The texts are not needed after perform. */
    r->change.add_keywords = r->change.remove_keywords = NULL;
    if (st) {
        arena_release(&arena);
        finish(r, st == SP_NOT_FOUND ? SP_OK : st);
        return;
    }
    r->uid = r->change.uid;
    if (r->uid) {
        perform(r);
        arena_release(&arena);
        return;
    }
    /* It was changed before the server had told its uid. */
    struct store_message m;
    if (store_message_get(e->store, r->change.message, &arena, &m) == SP_OK && m.uid && m.folder == r->change.folder) {
        r->uid = m.uid;
        perform(r);
    } else if (store_message_get(e->store, r->change.message, &arena, &m) == SP_OK && *m.message_id) {
        run(r, r->change.folder, WM_TYPE_imap_search_id, &(struct wm_imap_search_id){.message_id = m.message_id}, on_searched);
    } else {
        change_done(r);
    }
    arena_release(&arena);
}

static void
on_turn(struct loop *l, void *arg)
{
    struct replay *r = arg;
    (void)l;
    r->timer = NULL;
    next(r);
}

void
journal_replay(struct account *a, journal_fn *fn, void *arg)
{
    struct replay *r = find_replay(a);
    if (r) {
        r->again = true;
        if (fn) {
            r->fn = fn;
            r->arg = arg;
        }
        return;
    }
    r = engine_alloc(sizeof *r);
    *r = (struct replay){.next = a->engine->journal->replays, .account = a, .fn = fn, .arg = arg};
    a->engine->journal->replays = r;
    r->timer = loop_timer_add(a->engine->loop, 0, on_turn, r);
    if (!r->timer)
        abort();
}

void
journal_stop(struct account *a)
{
    struct replay *r = a->engine->journal ? find_replay(a) : NULL;
    if (r)
        replay_free(r);
}

enum sp_status
journal_add(struct engine *e, struct store_change *c)
{
    enum sp_status st = store_change_add(e->store, c);
    if (st)
        return st;
    hide(e, c);
    struct account *a = account_by_id(e, c->account);
    if (a && a->sync && (a->state == SP_ACCOUNT_ONLINE || a->state == SP_ACCOUNT_SYNCING))
        journal_replay(a, NULL, NULL);
    return SP_OK;
}

void
journal_load(struct engine *e)
{
    e->journal = engine_alloc(sizeof *e->journal);
}

void
journal_forget(struct engine *e)
{
    if (!e->journal)
        return;
    while (e->journal->replays) {
        struct replay *r = e->journal->replays;
        e->journal->replays = r->next;
        replay_end(r);
    }
    drop_hidden(e, 0, true);
    free(e->journal);
    e->journal = NULL;
}
