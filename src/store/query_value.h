/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of the query language: dates and sizes. Pure. */
#ifndef SP_STORE_QUERY_VALUE_H
#define SP_STORE_QUERY_VALUE_H

#include <stdbool.h>
#include <stdint.h>

/* The time that a date means, [*from, *until): a day, a month, a year, or (7d, 2w, 3m, 1y) from the beginning of that day until ever.
   Also A..B, A.., ..B. False when it is none. Local time. */
bool query_date(const char *text, int64_t now, int64_t *from, int64_t *until);
/* Bytes, with K, M, G as powers of 1024. */
bool query_size(const char *text, int64_t *bytes);

#endif
