/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came into a folder since an attempt. */
#include "arrivals.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_ARRIVALS 200000

static const char *
bare(struct arena *arena, const char *s, size_t len)
{
    while (len && strchr(" \t\r\n<", *s)) {
        s++;
        len--;
    }
    while (len && strchr(" \t\r\n>", s[len - 1]))
        len--;
    const char *copy = memchr(s, 0, len) ? "" : arena_strndup(arena, s, len);
    return copy ? copy : "";
}

const char *
arrivals_message_id(struct arena *arena, const char *header, size_t len)
{
    static const char name[] = "Message-ID:";
    for (size_t at = 0; at < len;) {
        const char *line = header + at, *eol = memchr(line, '\n', len - at);
        size_t n = eol ? (size_t)(eol - line) + 1 : len - at;
        if (n <= 2 && (*line == '\r' || *line == '\n'))
            break;
        if (n > sizeof name - 1 && strncasecmp(line, name, sizeof name - 1) == 0) {
            while (at + n < len && (header[at + n] == ' ' || header[at + n] == '\t')) { /* folded */
                eol = memchr(header + at + n, '\n', len - at - n);
                n = eol ? (size_t)(eol - line) + 1 : len - at;
            }
            return bare(arena, line + sizeof name - 1, n - (sizeof name - 1));
        }
        at += n;
    }
    return "";
}

void
arrivals_add(struct arrivals *a, const struct wm_imap_headers *m)
{
    for (uint32_t i = 0; i < m->messages_n && a->n < MAX_ARRIVALS; i++) {
        const struct wr_imap_message *w = &m->messages[i];
        if (a->n == a->cap) {
            size_t cap = a->cap ? a->cap * 2 : 64;
            struct arrival *more = realloc(a->list, cap * sizeof *more);
            if (!more)
                abort();
            a->list = more;
            a->cap = cap;
        }
        a->list[a->n++] = (struct arrival){.uid = w->uid, .size = w->size, .date = w->internal_date,
                                           .id = arrivals_message_id(&a->arena, w->header.data, w->header.len)};
    }
}

static bool
well_formed(const char *id)
{
    return *id && !strpbrk(id, " \t\r\n()<>\"");
}

uint32_t
arrivals_take(struct arrivals *a, const struct arrival *wanted)
{
    const char *id = bare(&a->arena, wanted->id, strlen(wanted->id));
    struct arrival *best = NULL;
    for (size_t i = 0; i < a->n; i++) {
        struct arrival *x = &a->list[i];
        bool size = x->size && x->size == wanted->size;
        if (!x->uid)
            continue;
        if (*id && strcmp(x->id, id) == 0) {
            if (!best || size)
                best = x;
            if (size)
                break;
        } else if (!best && size && x->date && x->date == wanted->date && !(well_formed(id) && well_formed(x->id))) {
            best = x;
        }
    }
    uint32_t uid = best ? best->uid : 0;
    if (best)
        best->uid = 0;
    return uid;
}

void
arrivals_release(struct arrivals *a)
{
    arena_release(&a->arena);
    free(a->list);
    *a = (struct arrivals){0};
}
