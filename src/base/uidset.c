/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UID sets. */
#include "uidset.h"

#include <stdlib.h>
#include <string.h>

static bool
read_number(const char **at, uint32_t *n)
{
    uint64_t v = 0;
    const char *p = *at;
    if (*p == '*') {
        *at = p + 1;
        *n = UINT32_MAX;
        return true;
    }
    while (*p >= '0' && *p <= '9' && v <= UINT32_MAX)
        v = v * 10 + (uint64_t)(*p++ - '0');
    if (p == *at || v == 0 || v > UINT32_MAX)
        return false;
    *at = p;
    *n = (uint32_t)v;
    return true;
}

bool
uidset_next(const char **at, struct uid_range *r)
{
    const char *p = *at;
    if (!*p || !read_number(&p, &r->first))
        return false;
    r->last = r->first;
    if (*p == ':') {
        p++;
        if (!read_number(&p, &r->last))
            return false;
    }
    if (*p == ',' ? p[1] == '\0' : *p != '\0')
        return false;
    if (*p == ',')
        p++;
    if (r->first > r->last) {
        uint32_t swap = r->first;
        r->first = r->last;
        r->last = swap;
    }
    *at = p;
    return true;
}

bool
uidset_valid(const char *set)
{
    struct uid_range r;
    if (!*set)
        return false;
    while (uidset_next(&set, &r))
        ;
    return *set == '\0';
}

uint64_t
uidset_span(const char *set)
{
    struct uid_range r;
    uint64_t n = 0;
    while (uidset_next(&set, &r)) {
        if (r.last == UINT32_MAX)
            return UINT64_MAX;
        n += (uint64_t)r.last - r.first + 1;
    }
    return n;
}

bool
uidset_has(const char *set, uint32_t uid)
{
    struct uid_range r;
    while (uidset_next(&set, &r))
        if (uid >= r.first && uid <= r.last)
            return true;
    return false;
}

bool
uidset_piece(const char **at, size_t max, struct buf *out)
{
    buf_clear(out);
    while (**at && out->len < max) {
        size_t len = strcspn(*at, ",");
        if (out->len)
            buf_addc(out, ',');
        buf_add(out, *at, len);
        *at += len;
        if (**at)
            ++*at;
    }
    return out->len > 0;
}

void
uidset_add(struct buf *out, const uint32_t *uids, size_t count)
{
    for (size_t i = 0; i < count;) {
        size_t j = i;
        while (j + 1 < count && uids[j + 1] == uids[j] + 1)
            j++;
        if (out->len)
            buf_addc(out, ',');
        if (j > i)
            buf_addf(out, "%u:%u", uids[i], uids[j]);
        else
            buf_addf(out, "%u", uids[i]);
        i = j + 1;
    }
}

static int
compare(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

size_t
uidset_sort(uint32_t *uids, size_t count)
{
    size_t n = 0;
    bool sorted = true;
    for (size_t i = 1; i < count && sorted; i++)
        sorted = uids[i - 1] < uids[i];
    if (sorted)
        return count;
    qsort(uids, count, sizeof *uids, compare);
    for (size_t i = 0; i < count; i++)
        if (n == 0 || uids[n - 1] != uids[i])
            uids[n++] = uids[i];
    return n;
}
