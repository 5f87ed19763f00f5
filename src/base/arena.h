/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Memory that is freed all at once. Everything got from an arena is borrowed until arena_release or arena_clear. */
#ifndef SP_BASE_ARENA_H
#define SP_BASE_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* owned */
    size_t used;                /* bytes handed out, for bounds */
};

#define ARENA_INIT {0}

void arena_init(struct arena *a);
void arena_release(struct arena *a);
/* Same as release, kept apart in meaning: the arena goes on being used. */
void arena_clear(struct arena *a);
/* Overwrites every byte handed out (for arenas that carried secrets). */
void arena_wipe(struct arena *a);
/* Zeroed memory aligned for any type, NULL when memory ran out. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size);
/* NULL when count * size overflows or memory ran out. */
void *arena_array(struct arena *a, size_t count, size_t size);
/* A NUL-terminated copy; NULL stays NULL. */
char *arena_strdup(struct arena *a, const char *s);
/* A copy of len bytes with a NUL added. */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
