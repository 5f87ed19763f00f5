/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers: texts and growing lists in the arena. */
#include <string.h>
#include <strings.h>

#include "internal.h"

char *
copy_text(struct verdict *v, const char *s, size_t len)
{
    char *copy = arena_strndup(v->arena, s, len);
    if (!copy)
        v->nomem = true;
    return copy;
}

/* Capacities are the powers of two, so the length alone tells when to grow. */
void *
grow_list(struct verdict *v, void *list, uint32_t n, size_t size)
{
    if (n != 0 && (n & (n - 1)) != 0)
        return list;
    void *grown = arena_array(v->arena, n ? (size_t)n * 2 : 1, size);
    if (!grown) {
        v->nomem = true;
        return NULL;
    }
    if (n)
        memcpy(grown, list, n * size);
    return grown;
}

bool
has_text(const struct wr_text *list, uint32_t n, const char *s)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].text, s) == 0)
            return true;
    return false;
}

void
add_text(struct verdict *v, struct wr_text **list, uint32_t *n, const char *s)
{
    if (!s || has_text(*list, *n, s))
        return;
    struct wr_text *grown = grow_list(v, *list, *n, sizeof *grown);
    if (!grown)
        return;
    *list = grown;
    grown[(*n)++].text = s;
}

bool
same_nocase(const char *a, const char *b)
{
    return strcasecmp(a, b) == 0;
}

bool
is_blank(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)s[i] > ' ') {
            /* a no-break space is white space, too */
            if ((unsigned char)s[i] == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] == 0xa0)
                i++;
            else
                return false;
        }
    }
    return true;
}
