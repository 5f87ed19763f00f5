/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sets of UIDs as text ("1,5:9,20:*", RFC 9051 section 9 sequence-set). */
#ifndef SP_BASE_UIDSET_H
#define SP_BASE_UIDSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"

struct uid_range {
    uint32_t first, last; /* first <= last; "*" is UINT32_MAX */
};

/* Reads the next element at *at and moves on; false at the end (*at then points to the NUL) or at nonsense (it does not). */
bool uidset_next(const char **at, struct uid_range *r);
/* Well-formed and not empty. */
bool uidset_valid(const char *set);
/* How many UIDs the set may name at most; UINT64_MAX with "*" inside. */
uint64_t uidset_span(const char *set);
bool uidset_has(const char *set, uint32_t uid);
/* Moves whole elements from *at to out (emptied before) until it has about max bytes; false when there is nothing left. */
bool uidset_piece(const char **at, size_t max, struct buf *out);
/* Appends count ascending UIDs as a set. */
void uidset_add(struct buf *out, const uint32_t *uids, size_t count);
/* Sorts ascending and takes out doubles; returns the new count. */
size_t uidset_sort(uint32_t *uids, size_t count);

#endif
