/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content transfer decoding (RFC 2045 section 6) of a part's bytes, by GMime's decoders. */
#ifndef SP_MIME_DECODE_H
#define SP_MIME_DECODE_H

#include <gmime/gmime.h>

#include "base/buf.h"

/* Appends the decoded bytes to out, at most max of them, and returns how many there are in all (counted to the end even when
   out is full). Undecodable input is passed over by the decoders (RFC 2045 section 6.8); *damaged (may be NULL) tells it for base64. */
uint64_t decode_content(GMimeContentEncoding encoding, const char *bytes, size_t len, struct buf *out, size_t max, bool *damaged);

#endif
