/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one application context of the engine, made in main and handed down, and what every file of the room shares. The engine is
   one loop: nothing here waits. A job is a heap object whose steps are callbacks; it holds what it has in flight and drops it when
   it ends early, so no callback ever meets a job that is gone. */
#ifndef SP_ENGINE_ENGINE_H
#define SP_ENGINE_ENGINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/call.h"
#include "base/loop.h"
#include "base/messages.h"
#include "base/role.h"
#include "base/status.h"
#include "base/types.h"
#include "base/wire.h"
#include "config/config.h"
#include "store/store.h"

#define ENGINE_MAX_MESSAGE ((size_t)134217728) /* bytes of one message that are taken in: 128 MiB */

struct accounts;
struct door;
struct events;
struct imports;
struct indexing;
struct jobs;
struct journal;
struct judge;
struct keysrv;
struct linger;
struct outbox;
struct peers;
struct profile;
struct questions;
struct searches;
struct upkeep;

struct engine {
    struct role *role;         /* owned by main */
    struct loop *loop;         /* borrowed from role */
    struct calls *control;     /* requests to the supervisor */
    struct arena arena;        /* configuration and paths: as long as the process */
    const struct config *config;
    const char *home;          /* profile folder */
    struct store *store;       /* NULL while locked */
    struct peers *peers;
    struct door *door;
    struct questions *questions;
    struct profile *profile;
    struct accounts *accounts;
    struct events *events;
    struct jobs *jobs;
    struct searches *searches;
    struct imports *imports;
    struct indexing *indexing;
    struct journal *journal;
    struct judge *judge;
    struct keysrv *keysrv;
    struct outbox *outbox;
    struct linger *linger;
    struct upkeep *upkeep;
};

/* Zeroed memory that is always there: when none is left the process ends at once. Everything that matters is journaled in the store,
   and the supervisor starts a new engine. Free with free. */
void *engine_alloc(size_t size);
/* A copy of the text, never NULL; NULL counts as "". Free with free. */
char *engine_strdup(const char *s);
/* Replaces an owned text (see engine_strdup). */
void engine_set_text(char **owned, const char *s);
/* Seconds since 1970 UTC. */
int64_t engine_now(void);
/* A duplicate of fd (close-on-exec), -1 when fd is none or cannot be duplicated. */
int engine_dup(int fd);
void engine_close(int *fd);
/* The NUL-terminated texts as a wire list, in the arena (texts borrowed). n is their count. */
struct wr_text *engine_texts(struct arena *a, const char *const *texts, size_t n);
size_t engine_count(const char *const *texts);

/* The store was opened: every part of the engine begins its work. */
void engine_opened(struct engine *e, bool cache_lost);
/* The store is about to be closed: everything that would use it ends; requests that were waiting end with why. */
void engine_closing(struct engine *e, enum sp_status why);

#endif
