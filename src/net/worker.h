/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The threads of the net process: one per IMAP session, one per message being sent. Each runs blocking jobs one after the other and hands its
   answers to the main thread through an outbox; the main thread alone touches the wire and the job list. */
#ifndef SP_NET_WORKER_H
#define SP_NET_WORKER_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

#include "base/arena.h"
#include "base/messages.h"
#include "base/secret.h"
#include "imap.h"

#define WORKER_RESET 1 /* job type: drop the session without an answer (the engine was replaced); no message has this number */

/* One request. Owned by the main thread; the worker uses it from worker_give until it posted the final answer. */
struct job {
    struct job *next;        /* main thread's list of all jobs */
    struct job *next_queued; /* the worker's queue */
    struct worker *worker;
    uint16_t type;
    uint32_t id;
    uint32_t generation;     /* of the engine's connection */
    bool answered;           /* main thread: cancelled, what still comes is dropped */
    struct arena arena;      /* holds msg */
    void *msg;               /* struct wm_NAME with copied strings; its FDs and secrets are below */
    struct secret password;
    int fd;                  /* owned; -1 = none */
};

/* One message for the engine. */
struct outgoing {
    struct outgoing *next;
    uint16_t type;
    uint32_t id;
    uint32_t generation;
    struct arena arena;
    const void *msg;
    int fd;                  /* owned and named in msg; -1 = none */
    size_t size;             /* about */
    struct job *done;        /* the job that this ends, NULL for events and intermediate messages */
    struct job *job;         /* the job that it belongs to, NULL for events */
};

struct outbox {
    pthread_mutex_t lock;
    pthread_cond_t room;
    struct outgoing *first, **last;
    size_t bytes;
    bool closed;             /* the process ends: posts are dropped */
    int wake_read, wake_write;
};
#define OUTBOX_BYTES ((size_t)8388608) /* workers wait above this */

enum sp_status outbox_init(struct outbox *o) SP_MUST_USE;
void outbox_close(struct outbox *o);
/* Main thread: the next message or NULL. Free with outgoing_free. */
struct outgoing *outbox_take(struct outbox *o);
void outgoing_free(struct outgoing *out);

struct worker {
    pthread_t thread;
    bool started;
    uint8_t session;         /* IMAP session number */
    const struct net_env *env;
    struct outbox *outbox;
    struct stream_watch watch;
    int cancel_write, wake_read, wake_write;
    pthread_mutex_t lock;    /* guards queue, running, stop */
    struct job *queue, *running;
    bool stop;
    _Atomic uint32_t jobs;   /* queued and running */
    struct imap imap;        /* the thread's own */
    struct arena server_arena; /* the server record of the session */
    uint32_t generation;     /* of the job that runs or ran last */
    struct job *current;     /* the thread's own: what it runs */
};

/* Starts the thread. */
enum sp_status worker_start(struct worker *w, uint8_t session, const struct net_env *env, struct outbox *outbox) SP_MUST_USE;
/* Cancels what runs and waits for the thread's end; queued jobs are left to the caller. */
void worker_stop(struct worker *w);
void worker_give(struct worker *w, struct job *job);
enum worker_cancel { WORKER_NOT_HERE, WORKER_UNQUEUED, WORKER_SIGNALLED };
/* Takes the job out of the queue, or signals the thread that runs it. */
enum worker_cancel worker_cancel(struct worker *w, struct job *job);
/* For how long the thread has been computing without coming back to a wait; 0 when it waits. */
int64_t worker_busy_ms(const struct worker *w);

/* ---- inside worker*.c */
/* Posts a message of the current job. The struct is copied (size bytes); strings and lists in it must be in arena, which is taken. */
void worker_post(struct worker *w, uint16_t type, const void *msg, size_t size, struct arena *arena, int fd, bool final);
void worker_event(struct worker *w, uint16_t type, const void *msg, size_t size, struct arena *arena);
/* Runs an IMAP or SMTP job to its final answer. */
void worker_run_imap(struct worker *w, struct job *job);
void worker_run_smtp(struct worker *w, struct job *job);
void worker_reply_error(struct worker *w, enum sp_status status, const char *text);

#endif
