/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One folder: select, look at what the plan needs, and do it in pieces that leave the loop free.
     NOTHING   done
     RESYNCED  what changed and went came with the selection; new headers are fetched
     GROWN     headers from the known UIDNEXT on, flags since the known mod-sequence; when the counts do not fit then, COMPARE
     COMPARE   all uids of the server against ours, window by window, the newest first; flags of those that both have, unless the server
               told them by mod-sequence
   A server that lies about its counts is compared once each time, not for ever. */
#include "foldersync.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "base/uidset.h"
#include "events.h"
#include "headers.h"
#include "journal.h"
#include "keywords.h"
#include "syncplan.h"

#define SERVER_FLAGS 0xffffu
#define WINDOW 2000            /* uids of a comparison */
#define AHEAD 2000             /* headers that may wait for being stored while more are fetched */
#define NEWEST 64              /* of a folder that is seen for the first time: the first screen */
#define SLICE_MS 2
#define ALL_UIDS "1:4294967295"

struct foldersync {
    struct account *account;
    uint64_t folder;
    bool first;
    struct sync_counts *counts;
    foldersync_fn *fn;
    void *arg;
    struct session_op *op;
    struct loop_timer *timer;
    struct headers *headers;

    struct wm_imap_selected selected;
    bool fresh;                /* never synchronised before: its mail is no news */
    bool compared;
    bool fetching;             /* headers are on their way */
    uint64_t since;            /* the mod-sequence that is known, 0 = none */
    bool flags_told;           /* by mod-sequence, so that they need not be compared */
    struct buf server;         /* all uids there, packed */
    uint32_t upto;             /* uids up to it are still to be compared */
    bool last_window;
    struct store_uid *local;   /* of the window, ascending; owned */
    size_t local_n;
    struct syncplan plan;      /* of the window, or of what is new */
    size_t gone_at, fetch_at;
    bool flags_asked;          /* those of the window */
    struct buf fresh_uids;     /* told by the selection and not here: packed */
    uint64_t done, left;
};

static void remove_gone(struct foldersync *f);
static void fetch_headers(struct foldersync *f);
static void fetch_flags(struct foldersync *f);
static void compare(struct foldersync *f);
static void next_window(struct foldersync *f);
static void save(struct foldersync *f);

/* ---- life */

static void
run(struct foldersync *f, uint16_t type, const void *msg, call_fn *fn)
{
    f->op = (f->first ? session_run_first : session_run)(f->account, SESSION_SYNC, f->folder, type, msg, fn, f);
}

static void
later(struct foldersync *f, loop_timer_fn *fn)
{
    f->timer = loop_timer_add(f->account->engine->loop, 0, fn, f);
    if (!f->timer)
        abort();
}

void
foldersync_drop(struct foldersync *f)
{
    if (!f)
        return;
    session_drop(f->op);
    if (f->timer)
        loop_timer_remove(f->timer);
    headers_free(f->headers);
    syncplan_release(&f->plan);
    free(f->local);
    buf_release(&f->server);
    buf_release(&f->fresh_uids);
    free(f);
}

static void
finish(struct foldersync *f, enum sp_status st, const char *text)
{
    foldersync_fn *fn = f->fn;
    void *arg = f->arg;
    char *words = engine_strdup(text);
    if (st)
        log_line("folder %llu: %s", (unsigned long long)f->folder, sp_status_name(st));
    foldersync_drop(f);
    fn(st, words, arg);
    free(words);
}

static enum sp_status
reply_status(const struct call_reply *r, uint16_t type)
{
    return r->status ? r->status : r->in->type != type ? SP_PROTOCOL : SP_OK;
}

uint64_t
foldersync_folder(const struct foldersync *f)
{
    return f->folder;
}

void
foldersync_progress(const struct foldersync *f, uint64_t *done, uint64_t *left)
{
    *done = f->done;
    *left = f->left;
}

static void
count_added(struct foldersync *f, size_t *unseen)
{
    size_t n = headers_added(f->headers, unseen);
    f->counts->added += (uint32_t)n;
    f->done += n;
    f->left -= n < f->left ? n : f->left;
}

/* ---- the end */

static void
tell_news(struct foldersync *f, const struct store_folder *row, size_t unseen)
{
    struct arena arena = ARENA_INIT;
    const char *count = arena_printf(&arena, "%zu", unseen);
    if (unseen && !f->fresh && (row->role == SP_FOLDER_INBOX || row->watched))
        events_notice(f->account->engine, SP_NOTICE_NEW_MAIL, SP_LEVEL_NOTICE, (const char *const[]){row->name, count ? count : "", NULL});
    arena_release(&arena);
}

static void
save(struct foldersync *f)
{
    struct store *store = f->account->engine->store;
    struct arena arena = ARENA_INIT;
    struct store_folder row;
    uint32_t coming = 0;
    size_t unseen = 0;
    enum sp_status st = store_folder_get(store, f->folder, &arena, &row);
    if (!st)
        st = store_coming(store, f->folder, &coming);
    if (!st && !f->compared && row.total != f->selected.exists + coming) { /* something was removed there, or is not there yet */
        arena_release(&arena);
        compare(f);
        return;
    }
    count_added(f, &unseen);
    if (!st) {
        row.uidvalidity = f->selected.uidvalidity;
        row.uidnext = f->selected.uidnext;
        row.highestmodseq = f->selected.highestmodseq;
        st = store_folder_put(store, &row);
    }
    if (!st)
        tell_news(f, &row, unseen);
    arena_release(&arena);
    finish(f, st, NULL);
}

/* ---- flags */

static enum sp_status
take_flags(struct foldersync *f, const struct wr_imap_flags *m, uint64_t id, bool *changed)
{
    struct engine *e = f->account->engine;
    struct arena arena = ARENA_INIT;
    struct store_message row;
    enum sp_status st = store_message_get(e->store, id, &arena, &row);
    uint32_t flags = st ? 0 : (m->flags & SERVER_FLAGS) | (row.flags & ~SERVER_FLAGS);
    bool words = !st && strcmp(m->keywords, row.keywords) != 0;
    if (!st && (flags != row.flags || words) && !store_change_waiting(e->store, id)) {
        st = flags != row.flags ? store_flags_set(e->store, id, flags) : SP_OK;
        if (!st && words)
            st = store_keywords_set(e->store, id, m->keywords);
        f->counts->changed++;
        *changed = true;
    }
    arena_release(&arena);
    return st == SP_NOT_FOUND ? SP_OK : st;
}

/* add: messages that are not here are noted as new ones. */
static enum sp_status
store_flags(struct foldersync *f, const struct wm_imap_flags *m, bool add)
{
    struct engine *e = f->account->engine;
    enum sp_status st = store_begin(e->store);
    bool changed = false;
    for (uint32_t i = 0; !st && i < m->messages_n; i++) {
        uint32_t uid = m->messages[i].uid;
        uint64_t id;
        if (store_message_by_uid(e->store, f->folder, uid, &id) == SP_OK)
            st = take_flags(f, &m->messages[i], id, &changed);
        else if (add && uid)
            buf_add(&f->fresh_uids, &uid, sizeof uid);
    }
    if (st)
        store_rollback(e->store);
    else
        st = store_commit(e->store);
    if (changed && !st)
        events_folder(e, f->folder);
    return st;
}

static void
on_flags(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct foldersync *f = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_flags && store_flags(f, r->in->msg, false) != SP_OK)
            log_line("flags are not stored");
        return;
    }
    f->op = NULL;
    if (r->status)
        finish(f, r->status, r->text);
    else
        fetch_flags(f);
}

/* Once for all by mod-sequence, or for the window what both have. */
static void
fetch_flags(struct foldersync *f)
{
    struct buf set = BUF_INIT;
    if (f->since && !f->flags_told) {
        f->flags_told = true;
        run(f, WM_TYPE_imap_fetch_flags, &(struct wm_imap_fetch_flags){.uid_set = ALL_UIDS, .since = f->since}, on_flags);
        return;
    }
    if (f->compared && !f->flags_told && !f->flags_asked && f->plan.both_n) {
        f->flags_asked = true;
        syncplan_uid_set(&set, f->plan.both, f->plan.both_n);
        run(f, WM_TYPE_imap_fetch_flags, &(struct wm_imap_fetch_flags){.uid_set = buf_str(&set)}, on_flags);
        buf_release(&set);
        return;
    }
    if (f->compared && !f->last_window)
        next_window(f);
    else
        save(f);
}

/* ---- headers */

static void
headers_done(struct foldersync *f)
{
    if (f->plan.fetch_n > f->fetch_at || f->fetching || headers_pending(f->headers))
        return;
    fetch_flags(f);
}

static void
on_stored(enum sp_status st, void *arg)
{
    struct foldersync *f = arg;
    size_t unseen = 0;
    if (st) {
        finish(f, st, NULL);
        return;
    }
    if (f->fresh)
        count_added(f, &unseen);
    if (!f->fetching && f->op == NULL && f->timer == NULL)
        fetch_headers(f);
}

static void
on_headers(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct foldersync *f = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_headers)
            headers_add(f->headers, f->folder, r->in->msg);
        return;
    }
    f->op = NULL;
    f->fetching = false;
    if (r->status)
        finish(f, r->status, r->text);
    else
        fetch_headers(f);
}

/* The next chunk, as long as the store keeps up. */
static void
fetch_headers(struct foldersync *f)
{
    size_t n = syncplan_chunk(&f->plan, f->fetch_at);
    struct buf set = BUF_INIT;
    if (n == 0) {
        headers_done(f);
        return;
    }
    if (headers_pending(f->headers) > AHEAD)
        return;
    syncplan_uid_set(&set, f->plan.fetch + f->fetch_at, n);
    f->fetch_at += n;
    f->fetching = true;
    run(f, WM_TYPE_imap_fetch_headers, &(struct wm_imap_fetch_headers){.uid_set = buf_str(&set)}, on_headers);
    buf_release(&set);
}

/* ---- removals */

static void
on_remove_turn(struct loop *l, void *arg)
{
    struct foldersync *f = arg;
    (void)l;
    f->timer = NULL;
    remove_gone(f);
}

static void
remove_gone(struct foldersync *f)
{
    struct engine *e = f->account->engine;
    int64_t end = loop_now_ms() + SLICE_MS;
    enum sp_status st = f->gone_at < f->plan.gone_n ? store_begin(e->store) : SP_OK;
    bool any = !st && f->gone_at < f->plan.gone_n;
    for (unsigned k = 0; !st && f->gone_at < f->plan.gone_n && (k % 16 || loop_now_ms() < end); k++) {
        uint64_t id;
        if (store_message_by_uid(e->store, f->folder, f->plan.gone[f->gone_at++], &id) == SP_OK) {
            st = store_message_remove(e->store, id);
            f->counts->removed++;
        }
    }
    if (any && st)
        store_rollback(e->store);
    else if (any)
        st = store_commit(e->store);
    if (any)
        events_folder(e, f->folder);
    if (st)
        finish(f, st, NULL);
    else if (f->gone_at < f->plan.gone_n)
        later(f, on_remove_turn);
    else
        fetch_headers(f);
}

/* ---- comparing */

static void
forget_window(struct foldersync *f)
{
    syncplan_release(&f->plan);
    f->gone_at = f->fetch_at = 0;
    f->flags_asked = false;
}

static void
next_window(struct foldersync *f)
{
    size_t n = 0;
    uint32_t down = 0;
    forget_window(f);
    if (!f->local)
        f->local = engine_alloc(2 * WINDOW * sizeof *f->local);
    enum sp_status st = store_uids_below(f->account->engine->store, f->folder, 0, f->upto, f->local, 2 * WINDOW, &n);
    struct wire_blob part = syncplan_window((struct wire_blob){buf_str(&f->server), f->server.len}, f->upto, f->local, &n, 2 * WINDOW, WINDOW, &down);
    for (size_t i = 0; i < n / 2; i++) {
        struct store_uid t = f->local[i];
        f->local[i] = f->local[n - 1 - i];
        f->local[n - 1 - i] = t;
    }
    f->local_n = n;
    f->upto = down;
    f->last_window = down == 0;
    if (!st)
        st = syncplan_make(f->local, n, part, &f->plan);
    if (st)
        finish(f, st, NULL);
    else
        remove_gone(f);
}

static void
on_uids(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct foldersync *f = arg;
    (void)arena;
    if (!r->final)
        return;
    f->op = NULL;
    enum sp_status st = reply_status(r, WM_TYPE_imap_uid_list);
    if (!st) {
        const struct wm_imap_uid_list *m = r->in->msg;
        st = syncplan_check(m->uids);
        buf_clear(&f->server);
        buf_add(&f->server, m->uids.data, m->uids.len);
        size_t n = m->uids.len / sizeof(uint32_t);
        f->left = n > f->done ? n - f->done : 0;
    }
    f->upto = UINT32_MAX;
    f->compared = true;
    if (st)
        finish(f, st, r->text);
    else
        next_window(f);
}

static void
compare(struct foldersync *f)
{
    f->compared = true;
    run(f, WM_TYPE_imap_uids, &(struct wm_imap_uids){0}, on_uids);
}

static void
on_newest(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct foldersync *f = arg;
    (void)arena;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_headers)
            headers_add(f->headers, f->folder, r->in->msg);
        return;
    }
    f->op = NULL;
    if (r->status && r->status != SP_SERVER_NO && r->status != SP_UNSUPPORTED)
        finish(f, r->status, r->text);
    else
        compare(f);
}

/* ---- what the selection said */

/* Ranges of uids that went (RFC 7162 section 3.2.10): into the plan, as far as they are here. */
static enum sp_status
note_vanished(struct foldersync *f, const char *set)
{
    struct store *store = f->account->engine->store;
    struct uid_range r;
    enum sp_status st = SP_OK;
    while (!st && uidset_next(&set, &r)) {
        struct store_uid uids[256];
        uint32_t upto = r.last;
        size_t n = sizeof uids / sizeof *uids;
        while (!st && n == sizeof uids / sizeof *uids) {
            st = store_uids_below(store, f->folder, r.first - 1, upto, uids, sizeof uids / sizeof *uids, &n);
            uint32_t *more = realloc(f->plan.gone, (f->plan.gone_n + n + 1) * sizeof *more);
            if (!more)
                abort();
            f->plan.gone = more;
            for (size_t i = 0; !st && i < n; i++)
                f->plan.gone[f->plan.gone_n++] = uids[i].uid;
            upto = n ? uids[n - 1].uid - 1 : 0;
        }
    }
    return st;
}

static void
plan_told(struct foldersync *f)
{
    size_t n = f->fresh_uids.len / sizeof(uint32_t);
    uint32_t *uids = engine_alloc((n + 1) * sizeof *uids);
    if (n)
        memcpy(uids, buf_str(&f->fresh_uids), n * sizeof *uids);
    n = uidset_sort(uids, n);
    for (size_t i = 0; i < n / 2; i++) {
        uint32_t t = uids[i];
        uids[i] = uids[n - 1 - i];
        uids[n - 1 - i] = t;
    }
    f->plan.fetch = uids;
    f->plan.fetch_n = n;
    f->flags_told = true;
}

static void
go(struct foldersync *f, enum syncplan_need need, const struct store_folder *known)
{
    enum sp_status st = SP_OK;
    switch (need) {
    case SYNCPLAN_NOTHING: finish(f, SP_OK, NULL); break;
    case SYNCPLAN_RESYNCED:
        plan_told(f);
        remove_gone(f);
        break;
    case SYNCPLAN_GROWN:
        forget_window(f);
        st = syncplan_grown(known, &f->selected, &f->plan);
        if (st)
            finish(f, st, NULL);
        else
            fetch_headers(f);
        break;
    case SYNCPLAN_COMPARE:
    case SYNCPLAN_RESET:
        forget_window(f);
        if (f->fresh && f->selected.exists > NEWEST && known->total == 0)
            run(f, WM_TYPE_imap_fetch_newest, &(struct wm_imap_fetch_newest){.count = NEWEST}, on_newest);
        else
            compare(f);
        break;
    }
}

static void
on_selected(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct foldersync *f = arg;
    struct engine *e = f->account->engine;
    struct store_folder known;
    uint32_t coming = 0;
    enum sp_status st = SP_OK;
    if (!r->final) {
        if (r->in->type == WM_TYPE_imap_flags)
            st = store_flags(f, r->in->msg, true);
        else if (r->in->type == WM_TYPE_imap_vanished)
            st = note_vanished(f, ((const struct wm_imap_vanished *)r->in->msg)->uid_set);
        if (st)
            log_line("what the server told is not stored: %s", sp_status_name(st));
        return;
    }
    f->op = NULL;
    st = reply_status(r, WM_TYPE_imap_selected);
    if (!st) {
        f->selected = *(const struct wm_imap_selected *)r->in->msg;
        st = store_folder_get(e->store, f->folder, arena, &known);
    }
    if (!st)
        st = store_coming(e->store, f->folder, &coming);
    if (st) {
        finish(f, st, r->text);
        return;
    }
    enum syncplan_need need = syncplan_need(&known, coming, &f->selected);
    f->fresh = need == SYNCPLAN_RESET || !known.uidnext;
    f->since = need != SYNCPLAN_RESET && f->selected.highestmodseq ? known.highestmodseq : 0;
    f->flags_told = syncplan_flags_unchanged(&known, &f->selected);
    f->done = known.total;
    f->left = f->selected.exists > known.total ? f->selected.exists - known.total : 0;
    if (need == SYNCPLAN_RESET) {
        f->done = known.total = 0;
        st = store_folder_reset(e->store, f->folder, f->selected.uidvalidity);
        events_folder(e, f->folder);
    } else if (!known.uidvalidity) {
        known.uidvalidity = f->selected.uidvalidity; /* others may select it from now on */
        st = store_folder_put(e->store, &known);
    }
    if (st)
        finish(f, st, NULL);
    else
        go(f, need, &known);
}

static void
begin(struct loop *l, void *arg)
{
    struct foldersync *f = arg;
    struct arena arena = ARENA_INIT;
    struct store_folder known;
    (void)l;
    f->timer = NULL;
    enum sp_status st = store_folder_get(f->account->engine->store, f->folder, &arena, &known);
    if (st) {
        arena_release(&arena);
        finish(f, st, NULL);
        return;
    }
    journal_folder_begins(f->account->engine, f->folder);
    bool resync = f->account->sessions[SESSION_SYNC].capabilities & SP_IMAP_QRESYNC && known.uidnext;
    run(f, WM_TYPE_imap_select, &(struct wm_imap_select){.raw = known.raw, .uidvalidity = resync ? known.uidvalidity : 0,
                                                         .modseq = resync ? known.highestmodseq : 0}, on_selected);
    arena_release(&arena);
}

struct foldersync *
foldersync_start(struct account *a, uint64_t folder, bool first, struct sync_counts *counts, foldersync_fn *fn, void *arg)
{
    struct foldersync *f = engine_alloc(sizeof *f);
    *f = (struct foldersync){.account = a, .folder = folder, .first = first, .counts = counts, .fn = fn, .arg = arg};
    f->headers = headers_new(a->engine, on_stored, f);
    later(f, begin);
    return f;
}
