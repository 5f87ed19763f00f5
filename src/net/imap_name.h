/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modified UTF-7 of IMAP folder names (RFC 3501 section 5.1.3). */
#ifndef SP_NET_IMAP_NAME_H
#define SP_NET_IMAP_NAME_H

#include "base/buf.h"

/* Appends the name as UTF-8. What is not well-formed modified UTF-7 is appended as it is when it is valid UTF-8, else with U+FFFD for
   each wrong byte: a folder always has a name that can be shown. */
void imap_name_decode(const char *raw, struct buf *out);
/* Appends the modified UTF-7 of UTF-8 text. SP_UTF8 when it is none. */
enum sp_status imap_name_encode(const char *text, struct buf *out) SP_MUST_USE;

#endif
