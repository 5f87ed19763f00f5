/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A time as a person types it. Pure but for the time zone. */
#ifndef UI_WHEN_H
#define UI_WHEN_H

#include <stdint.h>

/* "18:30" (today, or tomorrow when that is over), "tomorrow 9:00" (or what that word is called in `tomorrow`; without a time: 8:00),
   "+2h" "+30m" "+3d", "2026-12-01 08:00" (without a time: 8:00). Seconds since 1970; 0 when it is none of these or over. */
int64_t when_parse(const char *text, const char *tomorrow, int64_t now);

#endif
