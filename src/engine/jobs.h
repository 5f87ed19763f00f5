/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Long work that somebody may want to watch or end: first synchronisations, bulk changes, indexing, imports, searches on servers. A job
   here is only its record: the work itself belongs to whoever began it. */
#ifndef SP_ENGINE_JOBS_H
#define SP_ENGINE_JOBS_H

#include "engine.h"

struct jobs;
struct job;

/* The person wants it to end. Called from the loop, once; whoever began the job stops its work and calls jobs_end with
   SP_JOB_CANCELLED, now or a little later. */
typedef void job_cancel_fn(void *arg);

struct jobs *jobs_new(struct engine *e);
/* Drops the records that are left, without a word. NULL is allowed. */
void jobs_free(struct jobs *j);
/* Begins a record and tells the clients. account: the store's id, 0 = none. what: a folder's or file's name or "" (copied). cancel NULL:
   it cannot be ended. The handle is valid until jobs_end. */
struct job *jobs_begin(struct engine *e, enum sp_job kind, uint32_t account, const char *what, job_cancel_fn *cancel, void *arg);
/* total 0: not known. Clients hear of it some times a second at most. NULL is allowed. */
void jobs_progress(struct job *job, uint64_t done, uint64_t total);
/* It waits for something (a server, room on the disk) and goes on by itself, or goes on. NULL is allowed. */
void jobs_pause(struct job *job, bool paused);
/* Its last word; state is one of the final ones, st why it failed. The handle is gone. NULL is allowed. */
void jobs_end(struct job *job, enum sp_job_state state, enum sp_status st);
/* How many are there (an engine with work goes on without a screen). */
size_t jobs_count(const struct engine *e);

#endif
