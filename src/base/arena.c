/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Arena: a list of blocks, newest first. */
#include "arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((size_t)16384)
#define ALIGN (_Alignof(max_align_t))

struct arena_block {
    struct arena_block *next;
    size_t used, size;
    max_align_t data[];
};

void
arena_init(struct arena *a)
{
    *a = (struct arena)ARENA_INIT;
}

void
arena_release(struct arena *a)
{
    while (a->blocks) {
        struct arena_block *next = a->blocks->next;
        free(a->blocks);
        a->blocks = next;
    }
    a->used = 0;
}

void
arena_clear(struct arena *a)
{
    arena_release(a);
}

void
arena_wipe(struct arena *a)
{
    for (struct arena_block *b = a->blocks; b; b = b->next)
        explicit_bzero(b->data, b->used);
}

static void *
take(struct arena *a, size_t size)
{
    if (size > SIZE_MAX / 2)
        return NULL;
    size = (size + ALIGN - 1) / ALIGN * ALIGN;
    if (!a->blocks || a->blocks->size - a->blocks->used < size) {
        size_t want = size > BLOCK_SIZE ? size : BLOCK_SIZE;
        struct arena_block *b = malloc(sizeof *b + want);
        if (!b)
            return NULL;
        b->next = a->blocks;
        b->used = 0;
        b->size = want;
        a->blocks = b;
    }
    char *p = (char *)a->blocks->data + a->blocks->used;
    a->blocks->used += size;
    a->used += size;
    return p;
}

void *
arena_alloc(struct arena *a, size_t size)
{
    void *p = take(a, size);
    return p ? memset(p, 0, size) : NULL;
}

void *
arena_array(struct arena *a, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total))
        return NULL;
    return arena_alloc(a, total);
}

char *
arena_strndup(struct arena *a, const char *s, size_t len)
{
    if (len == SIZE_MAX)
        return NULL;
    char *p = take(a, len + 1);
    if (p && len)
        memcpy(p, s, len);
    if (p)
        p[len] = '\0';
    return p;
}

char *
arena_strdup(struct arena *a, const char *s)
{
    return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *
arena_printf(struct arena *a, const char *fmt, ...)
{
    va_list ap, again;
    va_start(ap, fmt);
    va_copy(again, ap);
    int n = vsnprintf(NULL, 0, fmt, ap);
    char *p = n < 0 ? NULL : arena_alloc(a, (size_t)n + 1);
    if (p)
        (void)vsnprintf(p, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(ap);
    return p;
}
