/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replaying local changes on the account's sync connection, like ones together. A change leaves the store only after the server's OK.
   Flags and removals may be done twice; for what must not (journal_land.c) the target's state is noted before the first try. */
#include "journal.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/uidset.h"
#include "events.h"
#include "jobs.h"
#include "replay.h"
#include "sync.h"

#define GROUP 500
#define JOB_FROM 200           /* changes that are worth showing */
#define TAKE_BACK 64

/* ---- hiding */

/* Does the change take a message out of its folder here? */
static bool
takes_away(const struct store_change *c)
{
    switch (c->kind) {
    case STORE_CHANGE_MOVE:
    case STORE_CHANGE_EXPUNGE: return true;
    case STORE_CHANGE_TAKE:
    case STORE_CHANGE_APPEND: return (c->remove & SP_FLAG_DELETED) != 0;
    default: return false;
    }
}

static void
hide(struct engine *e, const struct store_change *c)
{
    if (takes_away(c))
        hidden_add(e->journal->hidden, c->folder, c->uid, c->id);
}

bool
journal_hides(struct engine *e, uint64_t folder, uint32_t uid)
{
    return hidden_has(e->journal->hidden, folder, uid);
}

void
journal_folder_begins(struct engine *e, uint64_t folder)
{
    hidden_folder_begins(e->journal->hidden, folder);
}

/* ---- the replay's life */

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
    arrivals_release(&r->arrivals);
    free(r->present);
    free(r->blocked);
    arena_release(&r->arena);
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
    enum sp_job_state end = r->cancelled ? SP_JOB_CANCELLED : SP_JOB_DONE;
    if (st && !r->cancelled) {
        jobs_pause(a->changes, true);
    } else if (a->changes) {
        jobs_end(a->changes, end, SP_OK);
        a->changes = NULL;
    }
    replay_free(r);
    if (fn)
        fn(st, arg);
    if (again)
        journal_replay(a, NULL, NULL);
}

void
replay_run(struct replay *r, uint64_t folder, uint16_t type, const void *msg, call_fn *fn)
{
    r->op = session_run_first(r->account, SESSION_SYNC, folder, type, msg, fn, r);
}

const char *
replay_uid_set(struct replay *r)
{
    struct buf set = BUF_INIT;
    uint32_t *uids = arena_array(&r->arena, r->n, sizeof *uids);
    if (!uids)
        abort();
    for (size_t i = 0; i < r->n; i++)
        uids[i] = r->group[i].uid;
    uidset_add(&set, uids, uidset_sort(uids, r->n));
    const char *text = arena_strdup(&r->arena, buf_str(&set));
    buf_release(&set);
    if (!text)
        abort();
    return text;
}

/* ---- the end of a group */

static void
show_folders(struct engine *e, const struct store_change *c)
{
    if (c->folder)
        events_folder(e, c->folder);
    if (c->target)
        events_folder(e, c->target);
}

void
replay_group_done(struct replay *r)
{
    struct engine *e = r->account->engine;
    enum sp_status st = store_begin(e->store);
    for (size_t i = 0; !st && i < r->n; i++) {
        const struct store_change *c = &r->group[i];
        st = store_change_done(e->store, c->id);
        if (st == SP_NOT_FOUND) /* taken back meanwhile, or replaced */
            st = SP_OK;
        if (takes_away(c))
            hidden_done(e->journal->hidden, c->folder, c->uid);
    }
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    if (r->n)
        show_folders(e, r->group);
    if (r->single)
        r->single--;
    if (st)
        finish(r, st); /* the next would be the same again */
    else
        replay_next(r);
}

enum sp_status
replay_replace(struct replay *r, const struct store_change *c, struct store_change *list, size_t n)
{
    struct engine *e = r->account->engine;
    uint64_t id = c->id;
    enum sp_status st = store_change_replace(e->store, id, list, n);
    if (st)
        return st;
    for (size_t i = 0; i < r->n; i++)
        if (r->group[i].id == id)
            r->group[i].id = 0; /* the first of the others has its number now */
    hidden_done(e->journal->hidden, c->folder, c->uid);
    for (size_t i = 0; i < n; i++) {
        hide(e, &list[i]);
        if (list[i].account == r->account->id)
            r->again = true;
        else
            journal_kick(e, list[i].account);
    }
    return SP_OK;
}

/* Does this failure say something about the change, or only about the connection? */
static bool
is_refusal(enum sp_status st)
{
    return st == SP_SERVER_NO || st == SP_NOT_FOUND || st == SP_INVALID || st == SP_UNSUPPORTED || st == SP_DENIED || st == SP_TOO_LARGE;
}

void
replay_refused(struct replay *r, enum sp_status st, const char *text)
{
    static const char *const names[] = {"flags", "move", "copy", "append", "expunge", "move"};
    struct engine *e = r->account->engine;
    const struct store_change *c = r->group;
    if (r->n > 1) { /* perhaps only one of them is the trouble, and some are done */
        r->single = r->n;
        replay_next(r);
        return;
    }
    log_line("change %s refused: %s", names[c->kind], sp_status_name(st));
    if (!r->told) /* many at once say the same */
        events_notice(e, SP_NOTICE_CHANGE_REFUSED, SP_LEVEL_CAUTION, (const char *const[]){names[c->kind], *text ? text : sp_status_name(st), NULL});
    r->told = true;
    hidden_drop(e->journal->hidden, c->folder, c->uid);
    replay_put_back(e, c);
    if (c->folder)
        sync_folder(r->account->sync, c->folder);
    replay_group_done(r);
}

static uint64_t
row_of(const struct store_change *c)
{
    return c->source ? c->source : c->message;
}

/* The change waits, and with it whatever comes later for the same message: a removal must not overtake a copy. */
static void
block(struct replay *r, const struct store_change *c)
{
    uint64_t *more = realloc(r->blocked, (r->blocked_n + 1) * sizeof *more);
    if (!more)
        abort();
    r->blocked = more;
    r->blocked[r->blocked_n++] = row_of(c);
    r->after = c->id;
}

static bool
is_blocked(const struct replay *r, const struct store_change *c)
{
    for (size_t i = 0; i < r->blocked_n; i++)
        if (r->blocked[i] == row_of(c))
            return true;
    return false;
}

bool
replay_failed(struct replay *r, enum sp_status st, const char *text)
{
    if (!st)
        return false;
    if (is_refusal(st)) {
        replay_refused(r, st, text);
    } else if (st == SP_SERVER_TEMPORARY) { /* in use, over a limit: the next pass tries again, the others go on */
        log_line("a change waits: %s", text);
        for (size_t i = 0; i < r->n; i++)
            block(r, &r->group[i]);
        replay_next(r);
    } else {
        finish(r, st);
    }
    return true;
}

/* ---- flags and removals */

static void
on_done(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct replay *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->op = NULL;
    if (!replay_failed(r, reply->status, reply->text))
        replay_group_done(r);
}

/* Words separated by spaces as a list. */
static uint32_t
split(struct arena *arena, const char *words, struct wr_text **out)
{
    uint32_t n = 0, cap = 1;
    for (const char *p = words; *p; p++)
        cap += *p == ' ';
    struct wr_text *list = arena_array(arena, cap, sizeof *list);
    char *copy = arena_strdup(arena, words), *save = NULL;
    if (!list || !copy)
        abort();
    for (char *word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
        list[n++].text = word;
    *out = list;
    return n;
}

static void
store_flags(struct replay *r)
{
    const struct store_change *c = r->group;
    struct wm_imap_store m = {.uid_set = replay_uid_set(r), .add = c->add, .remove = c->remove};
    m.add_keywords_n = split(&r->arena, c->add_keywords, &m.add_keywords);
    m.remove_keywords_n = split(&r->arena, c->remove_keywords, &m.remove_keywords);
    replay_run(r, c->folder, WM_TYPE_imap_store, &m, on_done);
}

/* ---- choosing the next group */

enum readiness { READY, WAIT, LOST };

/* The change's uid counts for what the folder is now? Finds the uid of a message that came there by another change. */
static enum readiness
readiness(struct engine *e, struct store_change *c)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    struct store_message m;
    uint64_t row = c->source ? c->source : c->message;
    enum readiness is = LOST;
    bool lands = c->kind == STORE_CHANGE_MOVE || c->kind == STORE_CHANGE_COPY || c->kind == STORE_CHANGE_APPEND || c->kind == STORE_CHANGE_TAKE;
    if (lands && !c->target)
        is = LOST;
    else if (c->kind == STORE_CHANGE_APPEND)
        is = READY;
    else if (!c->folder || store_folder_get(e->store, c->folder, &arena, &f) != SP_OK)
        is = LOST;
    else if (c->uid && !f.uidvalidity && c->uidvalidity) { /* the cache was lost: the selection will tell whether it is still the same */
        f.uidvalidity = c->uidvalidity;
        is = store_folder_put(e->store, &f) == SP_OK ? READY : WAIT;
    } else if (c->uid)
        is = !c->uidvalidity || !f.uidvalidity || c->uidvalidity == f.uidvalidity ? READY : LOST;
    else if (store_change_arriving(e->store, row, c->folder))
        is = WAIT;
    else if (store_message_get(e->store, row, &arena, &m) == SP_OK && m.folder == c->folder && m.uid) {
        c->uid = m.uid;
        is = READY;
    }
    arena_release(&arena);
    return is;
}

static bool
alike(const struct store_change *a, const struct store_change *b)
{
    return a->kind == b->kind && a->folder == b->folder && a->target == b->target && a->add == b->add && a->remove == b->remove &&
           a->tried == b->tried && a->tried_uidnext == b->tried_uidnext && strcmp(a->add_keywords, b->add_keywords) == 0 &&
           strcmp(a->remove_keywords, b->remove_keywords) == 0;
}

static void
perform(struct replay *r)
{
    struct wm_imap_expunge m = {0};
    switch (r->group->kind) {
    case STORE_CHANGE_FLAGS: store_flags(r); break;
    case STORE_CHANGE_EXPUNGE:
        m.uid_set = replay_uid_set(r);
        replay_run(r, r->group->folder, WM_TYPE_imap_expunge, &m, on_done);
        break;
    default: replay_land(r); break;
    }
}

/* ---- the job */

static void
on_cancelled(void *arg)
{
    struct account *a = arg;
    struct replay *r = find_replay(a);
    if (r)
        r->cancelled = true; /* what is being tried comes to its end first */
    else
        journal_replay(a, NULL, NULL);
    if (!r && (r = find_replay(a)))
        r->cancelled = true;
}

static void
show_progress(struct replay *r)
{
    struct account *a = r->account;
    uint64_t left = 0;
    if (store_change_count(a->engine->store, a->id, &left) != SP_OK)
        return;
    if (!a->changes && left < JOB_FROM)
        return;
    if (!a->changes) {
        a->changes = jobs_begin(a->engine, SP_JOB_CHANGES, a->id, "", on_cancelled, a);
        a->changes_total = left;
    }
    if (left > a->changes_total)
        a->changes_total = left;
    jobs_pause(a->changes, false);
    jobs_progress(a->changes, a->changes_total - left, a->changes_total);
}

/* What no server was told yet is undone here, the newest first. */
static void
take_back(struct replay *r)
{
    struct engine *e = r->account->engine;
    struct store_change *list = NULL;
    size_t n = 0;
    arena_clear(&r->arena);
    enum sp_status st = store_changes_untried(e->store, r->account->id, TAKE_BACK, &r->arena, &list, &n);
    for (size_t i = 0; !st && i < n; i++) {
        hidden_drop(e->journal->hidden, list[i].folder, list[i].uid);
        replay_put_back(e, &list[i]);
        if (list[i].folder)
            sync_folder(r->account->sync, list[i].folder);
        st = store_change_done(e->store, list[i].id);
    }
    if (st || n == 0)
        finish(r, st);
    else
        replay_next(r);
}

static void
choose(struct replay *r)
{
    struct engine *e = r->account->engine;
    struct store_change *list = NULL;
    size_t n = 0, i = 0;
    if (r->cancelled) {
        take_back(r);
        return;
    }
    show_progress(r);
    arena_clear(&r->arena);
    enum sp_status st = store_changes(e->store, r->account->id, r->after, r->single ? 1 : GROUP, &r->arena, &list, &n);
    if (st || n == 0) {
        finish(r, st);
        return;
    }
    enum readiness is = WAIT;
    while (i < n && (is = is_blocked(r, &list[i]) ? WAIT : readiness(e, &list[i])) == WAIT)
        block(r, &list[i++]);
    r->group = &list[i];
    r->n = 1;
    if (i == n)
        replay_next(r);
    else if (is == LOST)
        replay_refused(r, SP_NOT_FOUND, "");
    else {
        bool together = r->group->kind != STORE_CHANGE_APPEND && r->group->kind != STORE_CHANGE_TAKE;
        while (together && i + r->n < n && alike(r->group, &list[i + r->n]) && !is_blocked(r, &list[i + r->n]) && readiness(e, &list[i + r->n]) == READY)
            r->n++;
        perform(r);
    }
}

static void
on_turn(struct loop *l, void *arg)
{
    struct replay *r = arg;
    (void)l;
    r->timer = NULL;
    choose(r);
}

void
replay_next(struct replay *r)
{
    r->timer = loop_timer_add(r->account->engine->loop, 0, on_turn, r);
    if (!r->timer)
        abort();
}

/* ---- what others call */

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
    replay_next(r);
}

void
journal_stop(struct account *a)
{
    struct replay *r = a->engine->journal ? find_replay(a) : NULL;
    if (r)
        replay_free(r);
}

void
journal_kick(struct engine *e, uint32_t account)
{
    struct account *a = account_by_id(e, account);
    /* While connecting too: a pass that waits for its connection has looked into the journal before. */
    if (a && a->sync && (a->state == SP_ACCOUNT_ONLINE || a->state == SP_ACCOUNT_SYNCING || a->state == SP_ACCOUNT_CONNECTING))
        journal_replay(a, NULL, NULL);
}

enum sp_status
journal_add(struct engine *e, struct store_change *c)
{
    enum sp_status st = store_change_add(e->store, c);
    if (st)
        return st;
    hide(e, c);
    journal_kick(e, c->account);
    return SP_OK;
}

static void
reload(struct engine *e, bool redo)
{
    struct store_change *list = NULL;
    size_t n = 0;
    uint64_t after = 0;
    hidden_free(e->journal->hidden);
    e->journal->hidden = hidden_new();
    do {
        struct arena arena = ARENA_INIT;
        if (store_changes(e->store, 0, after, GROUP, &arena, &list, &n) != SP_OK)
            n = 0;
        for (size_t i = 0; i < n; i++) {
            hide(e, &list[i]);
            if (redo)
                replay_redo(e, &list[i]);
            after = list[i].id;
        }
        arena_release(&arena);
    } while (n);
}

void
journal_reload(struct engine *e)
{
    reload(e, false);
}

void
journal_load(struct engine *e)
{
    e->journal = engine_alloc(sizeof *e->journal);
    reload(e, true);
    enum sp_status st = store_orphans_remove(e->store);
    if (st)
        log_line("rows without a server are not removed: %s", sp_status_name(st));
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
    hidden_free(e->journal->hidden);
    free(e->journal);
    e->journal = NULL;
}
