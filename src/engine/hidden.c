/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A hash table with chains. */
#include "hidden.h"

#include <stdlib.h>

#include "engine.h"

#define BUCKETS 4096

struct hidden {
    struct hidden *next;
    uint64_t folder, change; /* change 0: the server knows */
    uint32_t uid;
};

struct hidden_set {
    struct hidden *buckets[BUCKETS];
    size_t n, done;
};

static struct hidden **
place(const struct hidden_set *s, uint64_t folder, uint32_t uid)
{
    uint64_t h = (folder * 0x9e3779b97f4a7c15u) ^ ((uint64_t)uid * 0xff51afd7ed558ccdu);
    struct hidden *const *at = &s->buckets[(h >> 32) % BUCKETS];
    while (*at && ((*at)->folder != folder || (*at)->uid != uid))
        at = &(*at)->next;
    return (struct hidden **)(uintptr_t)at;
}

static void
take_out(struct hidden_set *s, struct hidden **at)
{
    struct hidden *h = *at;
    *at = h->next;
    s->n--;
    s->done -= !h->change;
    free(h);
}

void
hidden_add(struct hidden_set *s, uint64_t folder, uint32_t uid, uint64_t change)
{
    struct hidden **at = place(s, folder, uid);
    if (!uid)
        return;
    if (!*at) {
        *at = engine_alloc(sizeof **at);
        **at = (struct hidden){.folder = folder, .uid = uid, .change = change};
        s->n++;
    } else if (!(*at)->change) {
        (*at)->change = change;
        s->done--;
    }
}

bool
hidden_has(const struct hidden_set *s, uint64_t folder, uint32_t uid)
{
    return s->n && *place(s, folder, uid);
}

void
hidden_done(struct hidden_set *s, uint64_t folder, uint32_t uid)
{
    struct hidden *h = *place(s, folder, uid);
    if (h && h->change) {
        h->change = 0;
        s->done++;
    }
}

void
hidden_drop(struct hidden_set *s, uint64_t folder, uint32_t uid)
{
    struct hidden **at = place(s, folder, uid);
    if (*at)
        take_out(s, at);
}

void
hidden_folder_begins(struct hidden_set *s, uint64_t folder)
{
    for (size_t i = 0; s->done && i < BUCKETS; i++)
        for (struct hidden **at = &s->buckets[i]; *at;)
            if ((*at)->folder == folder && !(*at)->change)
                take_out(s, at);
            else
                at = &(*at)->next;
}

struct hidden_set *
hidden_new(void)
{
    return engine_alloc(sizeof(struct hidden_set));
}

void
hidden_free(struct hidden_set *s)
{
    for (size_t i = 0; s && i < BUCKETS; i++)
        while (s->buckets[i])
            take_out(s, &s->buckets[i]);
    free(s);
}
