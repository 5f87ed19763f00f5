/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Running a synchronisation: journal, folder list, then folder by folder what the plan says. Every step leaves the store whole: what is
   cut off is found again by the next comparison, because a folder's uidnext and modseq are written last. */
#include "sync.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "events.h"
#include "headers.h"
#include "idle.h"
#include "journal.h"
#include "prefetch.h"
#include "syncplan.h"

#define POLL_MS 300000
#define SOON_MS 200            /* news come in bursts */
#define FLAGS_CHUNK 20000
#define MAX_FOLDERS 10000
#define SERVER_FLAGS 0xffffu

struct sync {
    struct account *account;
    bool active, complete;     /* complete: a pass over all folders */
    bool again;                /* another complete pass is wanted */
    uint64_t *folders;         /* still to be done in this pass, from folders[at] */
    size_t n, at;
    uint64_t *wanted;          /* folders to be done in the next short pass */
    size_t wanted_n;
    struct loop_timer *timer;
    struct session_op *op;
    struct headers *headers;
    struct idle *idle;
    struct prefetch *prefetch;

    /* the folder that is being done */
    uint64_t folder;
    struct wm_imap_selected selected;
    bool fresh;                /* never synchronised before: its mail is no news */
    bool fetching;             /* a chunk of headers is being fetched */
    bool grown;                /* only what is new was asked for: the counts decide whether all must be compared */
    uint64_t since;            /* the mod-sequence that is known, 0 = none: all flags are asked for */
    bool flags_done;
    struct syncplan plan;
    struct store_uid *local;   /* what the plan was made from; owned */
    size_t local_n;
    size_t fetch_at, flags_at;
};

static void next_folder(struct sync *s);
static void fetch_headers(struct sync *s);
static void begin(struct sync *s);

static void
run(struct sync *s, uint64_t folder, uint16_t type, const void *msg, call_fn *fn)
{
    s->op = session_run(s->account, SESSION_SYNC, folder, type, msg, fn, s);
}

static void
set_timer(struct sync *s, int64_t ms, loop_timer_fn *fn)
{
    if (s->timer)
        loop_timer_remove(s->timer);
    s->timer = loop_timer_add(s->account->engine->loop, ms, fn, s);
    if (!s->timer)
        abort();
}

static void
on_poll(struct loop *l, void *arg)
{
    struct sync *s = arg;
    (void)l;
    s->timer = NULL;
    if (s->active)
        return;
    s->complete = s->again || s->wanted_n == 0;
    s->again = false;
    begin(s);
}

/* ---- the end of a pass */

static void
end_pass(struct sync *s)
{
    s->active = false;
    s->op = NULL;
    account_online(s->account);
    idle_start(s->idle);
    prefetch_start(s->prefetch);
    set_timer(s, s->again || s->wanted_n ? SOON_MS : POLL_MS, on_poll);
}

/* A failure that is not about one folder. What ends the connection is told by the session as well: the account listens once. */
static void
fail(struct sync *s, enum sp_status st, const char *text)
{
    char *words = engine_strdup(text);
    struct account *a = s->account;
    sync_stop(s);
    account_failed(a, st, words);
    free(words);
}

/* This folder does not go on; the others do, unless the connection is gone. */
static void
fail_folder(struct sync *s, enum sp_status st, const char *text)
{
    log_line("folder %llu: %s", (unsigned long long)s->folder, sp_status_name(st));
    if (s->account->sessions[SESSION_SYNC].state != SESSION_UP || st == SP_UNAVAILABLE)
        fail(s, st, text);
    else
        next_folder(s);
}

static enum sp_status
reply_status(const struct call_reply *r, uint16_t type)
{
    return r->status ? r->status : r->in->type != type ? SP_PROTOCOL : SP_OK;
}

/* ---- one folder: the end */

static void compare(struct sync *s);

static void
save_folder(struct sync *s)
{
    struct engine *e = s->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    enum sp_status st = store_folder_get(e->store, s->folder, &arena, &f);
    if (!st && s->grown && f.total != s->selected.exists) { /* something was removed there, or is not there yet */
        arena_release(&arena);
        s->grown = false;
        compare(s);
        return;
    }
    size_t unseen = 0, added = headers_added(s->headers, &unseen);
    if (!st) {
        f.uidvalidity = s->selected.uidvalidity;
        f.uidnext = s->selected.uidnext;
        f.highestmodseq = s->selected.highestmodseq;
        st = store_folder_put(e->store, &f);
    }
    if (!st && added && unseen && !s->fresh && f.role == SP_FOLDER_INBOX) {
        char *count = arena_printf(&arena, "%zu", unseen);
        events_notice(e, SP_NOTICE_NEW_MAIL, SP_LEVEL_NOTICE, (const char *const[]){f.name, count, NULL});
    }
    if (st)
        log_line("folder %llu is not saved: %s", (unsigned long long)s->folder, sp_status_name(st));
    arena_release(&arena);
    next_folder(s);
}

/* ---- one folder: flags */

static enum sp_status
store_flags(struct sync *s, const struct wm_imap_flags *m)
{
    struct engine *e = s->account->engine;
    enum sp_status st = store_begin(e->store);
    bool changed = false;
    for (uint32_t i = 0; !st && i < m->messages_n; i++) {
        struct arena arena = ARENA_INIT;
        struct store_message row;
        uint64_t id;
        uint32_t known;
        if (syncplan_find(s->local, s->local_n, m->messages[i].uid, &known) && !((known ^ m->messages[i].flags) & SERVER_FLAGS))
            continue;
        if (store_message_by_uid(e->store, s->folder, m->messages[i].uid, &id) == SP_OK && store_message_get(e->store, id, &arena, &row) == SP_OK) {
            uint32_t flags = (m->messages[i].flags & SERVER_FLAGS) | (row.flags & ~SERVER_FLAGS);
            if (flags != row.flags && !store_change_waiting(e->store, id)) {
                st = store_flags_set(e->store, id, flags);
                changed = true;
            }
        }
        arena_release(&arena);
    }
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    if (changed && !st)
        events_folder(e, s->folder);
    return st;
}

static void fetch_flags(struct sync *s);

static void
on_flags(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_flags && store_flags(s, r->in->msg) != SP_OK)
            log_line("flags are not stored");
        return;
    }
    s->op = NULL;
    if (r->status)
        fail_folder(s, r->status, r->text);
    else
        fetch_flags(s);
}

static void
fetch_flags(struct sync *s)
{
    size_t left = s->flags_done ? 0 : s->plan.both_n - s->flags_at, n = left < FLAGS_CHUNK ? left : FLAGS_CHUNK;
    struct buf set = BUF_INIT;
    if (s->since && !s->flags_done) {
        s->flags_done = true;
        run(s, s->folder, WM_TYPE_imap_fetch_flags, &(struct wm_imap_fetch_flags){.uid_set = "1:4294967295", .since = s->since}, on_flags);
        return;
    }
    if (n == 0) {
        save_folder(s);
        return;
    }
    syncplan_uid_set(&set, s->plan.both + s->flags_at, n);
    s->flags_at += n;
    run(s, s->folder, WM_TYPE_imap_fetch_flags, &(struct wm_imap_fetch_flags){.uid_set = buf_str(&set)}, on_flags);
    buf_release(&set);
}

/* ---- one folder: headers */

static void
headers_done(struct sync *s)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (store_folder_get(s->account->engine->store, s->folder, &arena, &f) == SP_OK && syncplan_flags_unchanged(&f, &s->selected))
        s->flags_done = true;
    arena_release(&arena);
    fetch_flags(s);
}

static void
on_stored(enum sp_status st, void *arg)
{
    struct sync *s = arg;
    if (!s->active)
        return;
    if (st) {
        fail(s, st, NULL);
        return;
    }
    if (!s->fetching && headers_pending(s->headers) == 0)
        fetch_headers(s);
}

static void
on_headers(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_headers)
            headers_add(s->headers, s->folder, r->in->msg);
        return;
    }
    s->op = NULL;
    s->fetching = false;
    if (r->status)
        fail_folder(s, r->status, r->text);
    else if (headers_pending(s->headers) == 0)
        fetch_headers(s);
}

static void
fetch_headers(struct sync *s)
{
    size_t n = syncplan_chunk(&s->plan, s->fetch_at);
    if (n == 0) {
        headers_done(s);
        return;
    }
    struct buf set = BUF_INIT;
    syncplan_uid_set(&set, s->plan.fetch + s->fetch_at, n);
    s->fetch_at += n;
    s->fetching = true;
    run(s, s->folder, WM_TYPE_imap_fetch_headers, &(struct wm_imap_fetch_headers){.uid_set = buf_str(&set)}, on_headers);
    buf_release(&set);
}

/* ---- one folder: comparing */

static void
forget_plan(struct sync *s)
{
    syncplan_release(&s->plan);
    free(s->local);
    s->local = NULL;
    s->local_n = 0;
}

static enum sp_status
remove_gone(struct sync *s)
{
    struct engine *e = s->account->engine;
    enum sp_status st = s->plan.gone_n ? store_begin(e->store) : SP_OK;
    if (st || !s->plan.gone_n)
        return st;
    for (size_t i = 0; !st && i < s->plan.gone_n; i++) {
        uint64_t id;
        if (store_message_by_uid(e->store, s->folder, s->plan.gone[i], &id) == SP_OK)
            st = store_message_remove(e->store, id);
    }
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    events_folder(e, s->folder);
    return st;
}

static void
on_uids(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    (void)arena;
    if (!r->final)
        return;
    s->op = NULL;
    enum sp_status st = reply_status(r, WM_TYPE_imap_uid_list);
    forget_plan(s);
    if (!st)
        st = store_uids(s->account->engine->store, s->folder, &s->local, &s->local_n);
    if (!st)
        st = syncplan_make(s->local, s->local_n, ((const struct wm_imap_uid_list *)r->in->msg)->uids, &s->plan);
    if (!st)
        st = remove_gone(s);
    s->fetch_at = s->flags_at = 0;
    if (st)
        fail_folder(s, st, r->text);
    else
        fetch_headers(s);
}

static void
compare(struct sync *s)
{
    run(s, s->folder, WM_TYPE_imap_uids, &(struct wm_imap_uids){0}, on_uids);
}

static void
on_selected(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    struct engine *e = s->account->engine;
    struct store_folder f;
    if (!r->final)
        return;
    s->op = NULL;
    enum sp_status st = reply_status(r, WM_TYPE_imap_selected);
    if (!st) {
        s->selected = *(const struct wm_imap_selected *)r->in->msg;
        st = store_folder_get(e->store, s->folder, arena, &f);
    }
    enum syncplan_need need = st ? SYNCPLAN_NOTHING : syncplan_need(&f, &s->selected);
    if (!st && need == SYNCPLAN_RESET) {
        st = store_folder_reset(e->store, s->folder, s->selected.uidvalidity);
        events_folder(e, s->folder);
    } else if (!st && !f.uidvalidity) {
        f.uidvalidity = s->selected.uidvalidity; /* others may select it from now on */
        st = store_folder_put(e->store, &f);
    }
    s->fresh = !st && (need == SYNCPLAN_RESET || !f.uidnext);
    s->grown = need == SYNCPLAN_GROWN;
    s->since = !st && need != SYNCPLAN_RESET && s->selected.highestmodseq ? f.highestmodseq : 0;
    s->flags_done = false;
    s->fetch_at = s->flags_at = 0;
    forget_plan(s);
    if (!st && s->grown)
        st = syncplan_grown(&f, &s->selected, &s->plan);
    if (st)
        fail_folder(s, st, r->text);
    else if (need == SYNCPLAN_NOTHING)
        next_folder(s);
    else if (s->grown)
        fetch_headers(s);
    else
        compare(s);
}

static void
next_folder(struct sync *s)
{
    struct engine *e = s->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    if (s->at == s->n) {
        end_pass(s);
        return;
    }
    s->folder = s->folders[s->at++];
    if (store_folder_get(e->store, s->folder, &arena, &f) == SP_OK) {
        journal_folder_begins(e, s->folder);
        run(s, s->folder, WM_TYPE_imap_select, &(struct wm_imap_select){.raw = f.raw}, on_selected);
    } else {
        next_folder(s); /* removed meanwhile; bounded by the list */
    }
    arena_release(&arena);
}

/* ---- the folder list */

static enum sp_folder_role
role_of(const struct account *a, const struct wr_imap_folder *f)
{
    const struct config_account *c = a->config;
    const struct {
        const char *name;
        enum sp_folder_role role;
    } configured[] = {{c->sent, SP_FOLDER_SENT}, {c->drafts, SP_FOLDER_DRAFTS}, {c->trash, SP_FOLDER_TRASH},
                      {c->archive, SP_FOLDER_ARCHIVE}, {c->junk, SP_FOLDER_JUNK}};
    enum sp_folder_role role = f->role < SP_FOLDER_ROLE_COUNT ? (enum sp_folder_role)f->role : SP_FOLDER_NONE;
    for (size_t i = 0; i < sizeof configured / sizeof *configured; i++) {
        if (*configured[i].name && strcmp(configured[i].name, f->name) == 0)
            return configured[i].role;
        if (*configured[i].name && role == configured[i].role)
            role = SP_FOLDER_NONE; /* the configuration names another one */
    }
    return role;
}

static enum sp_status
put_folders(struct sync *s, const struct wm_imap_folders *m)
{
    struct engine *e = s->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder *known = NULL;
    size_t known_n = 0;
    enum sp_status st = m->folders_n > MAX_FOLDERS ? SP_TOO_LARGE : store_folders(e->store, s->account->id, &arena, &known, &known_n);
    for (uint32_t i = 0; !st && i < m->folders_n; i++) {
        const struct wr_imap_folder *f = &m->folders[i];
        struct store_folder row = {.account = s->account->id};
        for (size_t k = 0; k < known_n; k++)
            if (strcmp(known[k].raw, f->raw) == 0) {
                row = known[k];
                known[k].id = 0; /* still there */
            }
        bool news = !row.id || strcmp(row.name, f->name) != 0 || row.selectable != f->selectable || row.role != role_of(s->account, f);
        row.raw = f->raw;
        row.name = f->name;
        row.role = role_of(s->account, f);
        row.selectable = f->selectable;
        st = store_folder_put(e->store, &row);
        if (!st && news)
            events_folder(e, row.id);
    }
    for (size_t k = 0; !st && m->folders_n && k < known_n; k++)
        if (known[k].id)
            st = store_folder_remove(e->store, known[k].id);
    arena_release(&arena);
    return st;
}

/* All selectable folders, in the store's order: inbox first. */
static enum sp_status
list_folders(struct sync *s)
{
    struct arena arena = ARENA_INIT;
    struct store_folder *known = NULL;
    size_t n = 0;
    enum sp_status st = store_folders(s->account->engine->store, s->account->id, &arena, &known, &n);
    free(s->folders);
    s->folders = engine_alloc(n * sizeof *s->folders);
    s->n = s->at = 0;
    for (size_t i = 0; !st && i < n; i++)
        if (known[i].selectable)
            s->folders[s->n++] = known[i].id;
    arena_release(&arena);
    return st;
}

static void
on_list(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct sync *s = arg;
    (void)arena;
    if (!r->final)
        return;
    s->op = NULL;
    enum sp_status st = reply_status(r, WM_TYPE_imap_folders);
    if (!st)
        st = put_folders(s, r->in->msg);
    if (!st)
        st = list_folders(s);
    if (st)
        fail(s, st, r->text);
    else
        next_folder(s);
}

/* ---- the beginning of a pass */

static void
on_journal(enum sp_status st, void *arg)
{
    struct sync *s = arg;
    if (!s->active)
        return;
    if (st) {
        fail(s, st, NULL);
        return;
    }
    account_set_state(s->account, SP_ACCOUNT_SYNCING, SP_OK, NULL);
    if (s->complete) {
        run(s, 0, WM_TYPE_imap_list, &(struct wm_imap_list){0}, on_list);
        return;
    }
    free(s->folders);
    s->folders = s->wanted;
    s->n = s->wanted_n;
    s->at = 0;
    s->wanted = NULL;
    s->wanted_n = 0;
    next_folder(s);
}

static void
begin(struct sync *s)
{
    if (s->timer)
        loop_timer_remove(s->timer);
    s->timer = NULL;
    s->active = true;
    journal_replay(s->account, on_journal, s);
}

void
sync_start(struct sync *s)
{
    if (s->active) {
        s->again = true;
        return;
    }
    s->complete = true;
    begin(s);
}

void
sync_folder(struct sync *s, uint64_t folder)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->wanted_n; i++)
        if (s->wanted[i] == folder)
            return;
    uint64_t *more = realloc(s->wanted, (s->wanted_n + 1) * sizeof *more);
    if (!more)
        abort();
    s->wanted = more;
    s->wanted[s->wanted_n++] = folder;
    if (!s->active && s->account->state == SP_ACCOUNT_ONLINE)
        set_timer(s, SOON_MS, on_poll);
}

bool
sync_active(const struct sync *s)
{
    return s && s->active;
}

void
sync_stop(struct sync *s)
{
    if (!s)
        return;
    journal_stop(s->account);
    idle_stop(s->idle);
    prefetch_stop(s->prefetch);
    session_drop(s->op);
    s->op = NULL;
    s->active = s->fetching = false;
    if (s->timer)
        loop_timer_remove(s->timer);
    s->timer = NULL;
    headers_free(s->headers);
    s->headers = headers_new(s->account->engine, on_stored, s);
    forget_plan(s);
}

struct sync *
sync_new(struct account *a)
{
    struct sync *s = engine_alloc(sizeof *s);
    s->account = a;
    s->headers = headers_new(a->engine, on_stored, s);
    s->idle = idle_new(a);
    s->prefetch = prefetch_new(a);
    return s;
}

void
sync_free(struct sync *s)
{
    if (!s)
        return;
    sync_stop(s);
    headers_free(s->headers);
    idle_free(s->idle);
    prefetch_free(s->prefetch);
    free(s->folders);
    free(s->wanted);
    free(s);
}
