/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bringing in messages from files. */
#include "import.h"

#include <stdlib.h>

#include "accounts.h"
#include "deliver.h"
#include "door.h"
#include "handlers.h"
#include "jobs.h"

/* What one client brings in. */
struct run {
    struct run *next;
    uint64_t client;
    struct job *job;      /* NULL: it was ended by a person */
    uint64_t done, total;
};

struct imports {
    struct run *first;
};

/* ---- the job */

static void
on_cancel(void *arg)
{
    struct run *run = arg;
    jobs_end(run->job, SP_JOB_CANCELLED, SP_CANCELLED);
    run->job = NULL;
}

static struct run *
find_run(struct engine *e, uint64_t client)
{
    struct run *run = e->imports->first;
    while (run && run->client != client)
        run = run->next;
    return run;
}

static struct run *
run_of(struct engine *e, uint64_t client, const struct wm_import_message *m, uint32_t account)
{
    struct run *run = find_run(e, client);
    if (run || !m->total)
        return run;
    run = engine_alloc(sizeof *run);
    *run = (struct run){.next = e->imports->first, .client = client};
    run->job = jobs_begin(e, SP_JOB_IMPORT, account, m->what, on_cancel, run);
    e->imports->first = run;
    return run;
}

void
import_client_gone(struct engine *e, uint64_t client)
{
    for (struct run **at = &e->imports->first; *at; at = &(*at)->next) {
        struct run *run = *at;
        if (run->client != client)
            continue;
        *at = run->next;
        bool whole = run->total && run->done >= run->total;
        jobs_end(run->job, whole ? SP_JOB_DONE : SP_JOB_CANCELLED, whole ? SP_OK : SP_CANCELLED);
        free(run);
        return;
    }
}

struct imports *
imports_new(struct engine *e)
{
    (void)e;
    return engine_alloc(sizeof(struct imports));
}

void
imports_free(struct imports *all)
{
    while (all && all->first) {
        struct run *run = all->first;
        all->first = run->next;
        jobs_end(run->job, SP_JOB_CANCELLED, SP_CANCELLED);
        free(run);
    }
    free(all);
}

/* ---- one message */

struct import {
    struct engine *engine;
    struct request *rq;
    struct delivery *delivery;
    uint64_t client, done, total;
};

static bool
import_end(void *arg, enum sp_status why)
{
    struct import *i = arg;
    (void)why;
    delivery_drop(i->delivery);
    free(i);
    return true;
}

static void
on_imported(enum sp_status st, uint64_t id, void *arg)
{
    struct import *i = arg;
    struct run *run = find_run(i->engine, i->client);
    (void)id;
    if (run && i->done > run->done) {
        run->done = i->done;
        run->total = i->total;
        jobs_progress(run->job, i->done, i->total);
    }
    if (st)
        request_fail(i->rq, st, NULL);
    else
        request_done(i->rq);
    free(i);
}

void
handle_import_message(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_import_message *m = in->msg;
    struct store_folder f;
    struct account *a = e->accounts->first;
    while (a && (a->config->kind != SP_ACCOUNT_LOCAL || (m->account && a->id != m->account)))
        a = a->next;
    enum sp_status st = !a ? SP_NOT_FOUND : m->role >= SP_FOLDER_ROLE_COUNT ? SP_INVALID : SP_OK;
    if (!st && m->folder) {
        st = store_folder_get(e->store, m->folder, arena, &f);
        if (!st && !f.local)
            st = SP_INVALID;
    } else if (!st) {
        st = store_folder_by_role(e->store, a->id, (enum sp_folder_role)m->role, arena, &f);
    }
    if (st) {
        request_fail(rq, st, NULL);
        return;
    }
    struct run *run = run_of(e, request_client(rq), m, a->id);
    if (run && !run->job) {
        request_fail(rq, SP_CANCELLED, NULL); /* a person has ended it */
        return;
    }
    struct import *i = engine_alloc(sizeof *i);
    *i = (struct import){.engine = e, .rq = rq, .client = request_client(rq), .done = m->done, .total = m->total};
    i->delivery = deliver(e, f.id, m->flags & 0xffffu, 0, m->message, NULL, on_imported, i);
    if (m->once)
        delivery_once(i->delivery);
    request_on_end(rq, import_end, i);
}
