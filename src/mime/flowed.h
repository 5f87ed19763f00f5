/* SPDX-License-Identifier: GPL-3.0-or-later */
/* format=flowed (RFC 3676): joins soft-broken lines, keeping quote depth. */
#ifndef SP_MIME_FLOWED_H
#define SP_MIME_FLOWED_H

#include "base/buf.h"

/* Appends the paragraphs of a flowed text (UTF-8, LF lines) to out; quoted lines come as "> ", ">> " and so on. */
void flowed_join(struct buf *out, const char *text, size_t len, bool delsp);
/* True when the text gains from being sent flowed: it has lines longer than `width` columns that can be broken at a space. */
bool flowed_useful(const char *text, size_t len, int width);
/* Appends the text with long lines broken softly at most `width` columns, space-stuffed; lines that start with '>' count as
   quotes and are not broken. Trailing spaces of hard-ended lines are dropped (but for "-- "). */
void flowed_split(struct buf *out, const char *text, size_t len, int width);

#endif
