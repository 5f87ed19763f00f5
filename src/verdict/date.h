/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the verdict: dates of header fields. */
#ifndef SP_VERDICT_DATE_H
#define SP_VERDICT_DATE_H

#include <stdint.h>

/* Seconds since 1970 UTC of a Date field's value; 0 when it is none. */
int64_t date_parse(const char *s);

#endif
