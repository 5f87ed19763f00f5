/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What draw.c and draw_keys.c share. */
#ifndef UI_DRAW_IN_H
#define UI_DRAW_IN_H

#include <wchar.h>

#include "base/buf.h"
#include "draw.h"

struct draw {
    const struct theme_look *looks; /* static */
    bool colours;
    bool ascii;      /* symbols */
    bool utf8;       /* the locale's encoding */
    bool paste;      /* bracketed paste was switched on */
    struct buf safe;
    wchar_t *wide;   /* owned scratch */
    size_t wide_cap;
};

/* Names the sequences that terminfo does not: bracketed paste. */
void draw_keys_open(struct draw *d);
void draw_keys_paste(struct draw *d, bool on);

#endif
