/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the drivers of sealtest/driver.py share. */
#ifndef SP_TEST_DRIVE_H
#define SP_TEST_DRIVE_H

#include <stdio.h>

/* An argument of a command, in place. */
static inline void
unescape(char *s)
{
    char *to = s;
    for (; *s; s++) {
        unsigned v;
        if (*s == '%' && sscanf(s + 1, "%2x", &v) == 1) {
            *to++ = (char)v;
            s += 2;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
}

#endif
