/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one function that turns untrusted bytes into text that may reach a terminal (S38). Used by ui's draw and by the commands. */
#ifndef SP_BASE_SAFETEXT_H
#define SP_BASE_SAFETEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"

enum safetext_mode {
    SAFETEXT_LINE,   /* one line: line ends and tabs become a space */
    SAFETEXT_BLOCK,  /* keeps LF; TAB becomes spaces up to the next multiple of 8 */
};

/* Appends a safe form of the len bytes at s to out, always valid UTF-8: C0, DEL, C1 (in any encoding), escape sequences, line and
   paragraph separators, bidirectional controls, zero-width and other invisible characters (default-ignorable, tags, variation
   selectors beyond emoji use), noncharacters, private use and invalid UTF-8 become a visible U+FFFD or are dropped where they
   have no width of their own; at most 8 combining marks stay on one base. Idempotent. Returns true when anything was replaced. */
bool safetext_add(struct buf *out, const char *s, size_t len, enum safetext_mode mode);

#endif
