/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every file of the room shares: memory that is there, texts, descriptors, and the order in which parts begin and end. */
#include "engine.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "accounts.h"
#include "door.h"
#include "events.h"
#include "indexing.h"
#include "journal.h"
#include "judge.h"
#include "outbox.h"
#include "search.h"
#include "upkeep.h"

void *
engine_alloc(size_t size)
{
    void *p = calloc(1, size ? size : 1);
    if (!p)
        abort();
    return p;
}

char *
engine_strdup(const char *s)
{
    char *p = strdup(s ? s : "");
    if (!p)
        abort();
    return p;
}

void
engine_set_text(char **owned, const char *s)
{
    char *fresh = engine_strdup(s);
    free(*owned);
    *owned = fresh;
}

int64_t
engine_now(void)
{
    return (int64_t)time(NULL);
}

int
engine_dup(int fd)
{
    return fd > 0 ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
}

void
engine_close(int *fd)
{
    if (*fd > 0)
        (void)close(*fd);
    *fd = -1;
}

size_t
engine_count(const char *const *texts)
{
    size_t n = 0;
    while (texts && texts[n])
        n++;
    return n;
}

struct wr_text *
engine_texts(struct arena *a, const char *const *texts, size_t n)
{
    struct wr_text *list = arena_array(a, n, sizeof *list);
    if (!list)
        abort();
    for (size_t i = 0; i < n; i++)
        list[i].text = texts[i];
    return list;
}

void
engine_opened(struct engine *e, bool cache_lost)
{
    upkeep_opened(e, cache_lost);
    journal_load(e);
    accounts_opened(e);
    outbox_opened(e);
    judge_opened(e);
    searches_opened(e);
    indexing_opened(e);
    events_screen_came(e);
}

void
engine_closing(struct engine *e, enum sp_status why)
{
    door_end_requests(e->door, why);
    upkeep_closing(e);
    indexing_closing(e);
    searches_closing(e);
    outbox_closing(e);
    accounts_closing(e);
    judge_closing(e); /* the end of fetching ahead gives it work */
    journal_forget(e);
    events_forget(e->events);
}
