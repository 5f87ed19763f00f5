/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A raw header block to the summary that the index shows. */
#ifndef SP_MIME_HEADERS_H
#define SP_MIME_HEADERS_H

#include "base/arena.h"
#include "base/messages.h"
#include "tools.h"

/* Fills *out (its tag excepted); strings are in the arena, valid UTF-8. message_id, in_reply_to and references are "<a@b> <c@d>",
   content_type is the lower-case type alone. A block that cannot be read gives an empty summary. SP_OK or SP_NOMEM. */
enum sp_status mime_summary(struct mime_tools *tools, const char *block, size_t len, struct arena *arena,
                            struct wr_header_summary *out) SP_MUST_USE;

#endif
