/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The records of long work, and what clients hear of them: the beginning and the end at once, what is between gathered. */
#include "jobs.h"

#include <stdlib.h>

#include "door.h"
#include "handlers.h"

#define TELL_MS 250

struct job {
    struct job *next;
    struct jobs *owner;
    uint64_t id;
    uint64_t done, total;
    enum sp_job kind;
    enum sp_job_state state;
    enum sp_status status;
    uint32_t account;
    char *what;                /* owned */
    job_cancel_fn *cancel;     /* NULL: cannot be ended, or was told to */
    void *arg;
    bool changed;              /* since clients were told */
};

struct jobs {
    struct engine *engine;
    struct job *first;         /* oldest first */
    uint64_t last_id;
    struct loop_timer *timer;
};

static void
fill(const struct job *job, struct wr_job *out)
{
    *out = (struct wr_job){.id = job->id, .kind = (uint8_t)job->kind, .state = (uint8_t)job->state, .account = job->account, .what = job->what,
                           .done = job->done, .total = job->total, .status = (uint16_t)job->status, .can_cancel = job->cancel != NULL};
}

static void
tell(struct job *job)
{
    struct wm_event_job m;
    fill(job, &m.job);
    job->changed = false;
    door_broadcast(job->owner->engine->door, WM_TYPE_event_job, &m);
}

static void
on_timer(struct loop *l, void *arg)
{
    struct jobs *j = arg;
    (void)l;
    j->timer = NULL;
    for (struct job *job = j->first; job; job = job->next)
        if (job->changed)
            tell(job);
}

static void
changed(struct job *job)
{
    struct jobs *j = job->owner;
    job->changed = true;
    if (!j->timer)
        j->timer = loop_timer_add(j->engine->loop, TELL_MS, on_timer, j);
    if (!j->timer)
        abort();
}

struct job *
jobs_begin(struct engine *e, enum sp_job kind, uint32_t account, const char *what, job_cancel_fn *cancel, void *arg)
{
    struct jobs *j = e->jobs;
    struct job **at = &j->first, *job = engine_alloc(sizeof *job);
    *job = (struct job){.owner = j, .id = ++j->last_id, .kind = kind, .account = account, .what = engine_strdup(what), .cancel = cancel, .arg = arg};
    while (*at)
        at = &(*at)->next;
    *at = job;
    tell(job);
    return job;
}

void
jobs_progress(struct job *job, uint64_t done, uint64_t total)
{
    if (!job || (job->done == done && job->total == total))
        return;
    job->done = done;
    job->total = total;
    changed(job);
}

void
jobs_pause(struct job *job, bool paused)
{
    enum sp_job_state state = paused ? SP_JOB_PAUSED : SP_JOB_RUNNING;
    if (!job || job->state == state)
        return;
    job->state = state;
    changed(job);
}

static void
drop(struct job *job)
{
    struct job **at = &job->owner->first;
    while (*at != job)
        at = &(*at)->next;
    *at = job->next;
    free(job->what);
    free(job);
}

void
jobs_end(struct job *job, enum sp_job_state state, enum sp_status st)
{
    if (!job)
        return;
    job->state = state;
    job->status = st;
    job->cancel = NULL;
    tell(job);
    drop(job);
}

size_t
jobs_count(const struct engine *e)
{
    size_t n = 0;
    for (const struct job *job = e->jobs->first; job; job = job->next)
        n++;
    return n;
}

struct jobs *
jobs_new(struct engine *e)
{
    struct jobs *j = engine_alloc(sizeof *j);
    j->engine = e;
    return j;
}

void
jobs_free(struct jobs *j)
{
    if (!j)
        return;
    for (struct job *job = j->first, *next; job; job = next) {
        next = job->next;
        drop(job);
    }
    if (j->timer)
        loop_timer_remove(j->timer);
    free(j);
}

/* ---- what clients ask */

void
handle_list_jobs(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_jobs m = {.jobs_n = 0};
    size_t n = jobs_count(e);
    (void)in;
    m.jobs = arena_array(arena, n, sizeof *m.jobs);
    if (n && !m.jobs) {
        request_fail(rq, SP_NOMEM, NULL);
        return;
    }
    for (const struct job *job = e->jobs->first; job; job = job->next)
        fill(job, &m.jobs[m.jobs_n++]);
    request_reply(rq, WM_TYPE_jobs, &m);
}

void
handle_cancel_job(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_cancel_job *m = in->msg;
    struct job *job = e->jobs->first;
    (void)arena;
    while (job && job->id != m->job)
        job = job->next;
    job_cancel_fn *cancel = job ? job->cancel : NULL;
    if (!cancel) {
        request_fail(rq, job ? SP_UNSUPPORTED : SP_NOT_FOUND, NULL);
        return;
    }
    job->cancel = NULL; /* once */
    void *arg = job->arg;
    request_done(rq);
    cancel(arg);
}
