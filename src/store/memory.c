/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SQLite's memory holds decrypted pages, and SQLCipher 3 does not wipe them: an allocator that wipes what is freed (S64). */
#include <stdlib.h>
#include <string.h>

#include "db.h"

/* In front of every block; keeps malloc's alignment. */
union head {
    size_t size;
    max_align_t align;
};

static void *
wiping_malloc(int n)
{
    union head *h = malloc(sizeof *h + (size_t)n);
    if (!h)
        return NULL;
    h->size = (size_t)n;
    return h + 1;
}

static void
wiping_free(void *p)
{
    if (!p)
        return;
    union head *h = (union head *)p - 1;
    explicit_bzero(p, h->size);
    free(h);
}

static int
wiping_size(void *p)
{
    return p ? (int)((union head *)p - 1)->size : 0;
}

static void *
wiping_realloc(void *p, int n)
{
    void *grown = wiping_malloc(n);
    if (!grown)
        return NULL;
    int old = wiping_size(p);
    memcpy(grown, p, (size_t)(old < n ? old : n));
    wiping_free(p);
    return grown;
}

static int
wiping_roundup(int n)
{
    return (n + 7) & ~7;
}

static int
wiping_init(void *unused)
{
    (void)unused;
    return SQLITE_OK;
}

static void
wiping_shutdown(void *unused)
{
    (void)unused;
}

void
memory_install(void)
{
    static const sqlite3_mem_methods methods = {
        wiping_malloc, wiping_free, wiping_realloc, wiping_size, wiping_roundup, wiping_init, wiping_shutdown, NULL,
    };
    /* Refused (SQLITE_MISUSE) once SQLite runs: then it is in place already. */
    (void)sqlite3_config(SQLITE_CONFIG_MALLOC, &methods);
}
