/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts and folders as the engine told them last. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "app.h"
#include "views.h"

#define ARENA_COMPACT ((size_t)262144) /* old records of updated rows pile up until this */

enum sp_status
app_copy(const struct wire_desc *desc, const void *record, struct arena *arena, void *out)
{
    struct buf bytes = BUF_INIT;
    enum sp_status st = wire_encode(desc, record, &bytes);
    if (!st)
        st = wire_decode(desc, bytes.data, bytes.len, arena, out);
    buf_release(&bytes);
    return st;
}

bool
app_take(struct app *a, const struct call_reply *r, uint16_t type, struct arena *arena, void *out)
{
    struct arena fresh = ARENA_INIT;
    if (!r->final)
        return false;
    if (r->status || !r->in || r->in->type != type) {
        app_failed(a, r);
        return false;
    }
    if (app_copy(wire_message_desc(type), r->in->msg, &fresh, out) != SP_OK) {
        arena_release(&fresh);
        return false;
    }
    arena_release(arena);
    *arena = fresh;
    return true;
}

static int
role_rank(uint8_t role)
{
    static const uint8_t order[] = {SP_FOLDER_INBOX, SP_FOLDER_DRAFTS, SP_FOLDER_SENT, SP_FOLDER_ARCHIVE, SP_FOLDER_JUNK,
                                    SP_FOLDER_TRASH, SP_FOLDER_ALL, SP_FOLDER_FLAGGED, SP_FOLDER_OUTBOX};
    for (size_t i = 0; i < sizeof order; i++)
        if (order[i] == role)
            return (int)i;
    return (int)sizeof order;
}

static int
by_account_and_role(const void *x, const void *y)
{
    const struct wr_folder *a = x, *b = y;
    if (a->account != b->account)
        return a->account < b->account ? -1 : 1;
    int d = role_rank(a->role) - role_rank(b->role);
    return d ? d : strcmp(a->name, b->name);
}

static void
on_folders(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct wm_folders copy;
    (void)v;
    (void)arena;
    (void)tag;
    if (!app_take(a, r, WM_TYPE_folders, &a->folders.arena, &copy))
        return;
    a->folders.rows = copy.folders;
    a->folders.n = copy.folders_n;
    if (copy.folders_n)
        qsort(copy.folders, copy.folders_n, sizeof *copy.folders, by_account_and_role);
    if (!a->ready) {
        a->ready = true;
        view_index_start(a);
    } else {
        view_index_folders_changed(a);
    }
}

static void
on_accounts(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct wm_accounts copy;
    (void)v;
    (void)arena;
    (void)tag;
    if (!app_take(a, r, WM_TYPE_accounts, &a->accounts.arena, &copy))
        return;
    a->accounts.rows = copy.accounts;
    a->accounts.n = copy.accounts_n;
}

void
app_ask_accounts(struct app *a)
{
    app_request(a, NULL, WM_TYPE_list_accounts, &(struct wm_list_accounts){}, on_accounts, 0);
}

void
app_ask_folders(struct app *a)
{
    app_request(a, NULL, WM_TYPE_list_folders, &(struct wm_list_folders){.account = 0}, on_folders, 0);
}

static void
on_jobs(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct wm_jobs copy;
    (void)v;
    (void)arena;
    (void)tag;
    if (r->status || !app_take(a, r, WM_TYPE_jobs, &a->jobs.arena, &copy))
        return; /* not worth a word: they are shown when they are known */
    a->jobs.rows = copy.jobs;
    a->jobs.n = copy.jobs_n;
}

void
app_ask_jobs(struct app *a)
{
    app_request(a, NULL, WM_TYPE_list_jobs, &(struct wm_list_jobs){}, on_jobs, 0);
}

static void
job_event(struct app *a, const struct wr_job *new)
{
    bool over = new->state == SP_JOB_DONE || new->state == SP_JOB_CANCELLED || new->state == SP_JOB_FAILED;
    for (uint32_t i = 0; i < a->jobs.n; i++) {
        struct wr_job *old = &a->jobs.rows[i];
        if (old->id != new->id)
            continue;
        old->state = new->state;
        old->done = new->done;
        old->total = new->total;
        old->status = new->status;
        old->can_cancel = new->can_cancel;
        if (over)
            memmove(old, old + 1, (a->jobs.n - i - 1) * sizeof *old);
        a->jobs.n -= over;
        return;
    }
    if (!over)
        app_ask_jobs(a);
}

static void
account_event(struct app *a, const struct wr_account *new)
{
    for (uint32_t i = 0; i < a->accounts.n; i++) {
        struct wr_account copy;
        if (a->accounts.rows[i].id != new->id)
            continue;
        if (app_copy(&wire_record_account, new, &a->accounts.arena, &copy) == SP_OK)
            a->accounts.rows[i] = copy;
        if (a->accounts.arena.used > ARENA_COMPACT)
            app_ask_accounts(a);
        return;
    }
    app_ask_accounts(a);
}

static void
folder_event(struct app *a, const struct wr_folder *new)
{
    for (uint32_t i = 0; i < a->folders.n; i++) {
        struct wr_folder *old = &a->folders.rows[i];
        if (old->id != new->id)
            continue;
        bool renamed = strcmp(old->name, new->name) != 0 || old->role != new->role;
        old->total = new->total;
        old->unread = new->unread;
        old->generation = new->generation;
        old->selectable = new->selectable;
        old->watched = new->watched;
        old->pinned = new->pinned;
        if (renamed || strcmp(old->query, new->query) != 0)
            app_ask_folders(a);
        return;
    }
    if (!view_search_shows(a, new->id))
        app_ask_folders(a);
}

void
app_state_event(struct app *a, const struct wire_in *in)
{
    if (in->type == WM_TYPE_event_account)
        account_event(a, &((const struct wm_event_account *)in->msg)->account);
    else if (in->type == WM_TYPE_event_folder)
        folder_event(a, &((const struct wm_event_folder *)in->msg)->folder);
    else if (in->type == WM_TYPE_event_job)
        job_event(a, &((const struct wm_event_job *)in->msg)->job);
}

const struct wr_account *
app_account(const struct app *a, uint32_t id)
{
    for (uint32_t i = 0; i < a->accounts.n; i++)
        if (a->accounts.rows[i].id == id)
            return &a->accounts.rows[i];
    return NULL;
}

const struct wr_folder *
app_folder(const struct app *a, uint64_t id)
{
    for (uint32_t i = 0; i < a->folders.n; i++)
        if (a->folders.rows[i].id == id)
            return &a->folders.rows[i];
    return NULL;
}

const struct wr_folder *
app_folder_by_role(const struct app *a, uint32_t account, enum sp_folder_role role)
{
    for (uint32_t i = 0; i < a->folders.n; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        if (f->role == role && f->selectable && f->kind != SP_FOLDER_VIRTUAL && (!account || f->account == account))
            return f;
    }
    return NULL;
}

const struct wr_folder *
app_folder_by_name(const struct app *a, uint32_t account, const char *name)
{
    const char *slash = strchr(name, '/');
    for (uint32_t i = 0; i < a->folders.n && slash; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        const struct wr_account *acc = app_account(a, f->account);
        size_t len = (size_t)(slash - name);
        if (acc && strlen(acc->name) == len && strncmp(acc->name, name, len) == 0 && strcasecmp(f->name, slash + 1) == 0)
            return f;
    }
    const struct wr_folder *found = NULL;
    for (uint32_t i = 0; i < a->folders.n; i++) {
        const struct wr_folder *f = &a->folders.rows[i];
        if (strcasecmp(f->name, name) == 0 && (!found || f->account == account))
            found = f;
    }
    return found;
}
