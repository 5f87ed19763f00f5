/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded words (RFC 2047). GMime 3.2 loses what follows a padded base64 word, which is how most long subjects are written, so
   words are decoded here, and what goes to GMime's address and parameter parsers is rewritten first. */
#ifndef SP_MIME_RFC2047_H
#define SP_MIME_RFC2047_H

#include "base/buf.h"

/* Appends the text of an unfolded value as UTF-8. Bytes outside of words are UTF-8 when valid, else of the fallback charset. */
void rfc2047_decode(struct buf *out, const char *s, const char *fallback);
/* Appends the value as valid UTF-8 with each run of words replaced by one UTF-8 word in the Q encoding, made of letters, digits, '_'
   and =XX only, so that it keeps its place in any structured field. */
void rfc2047_rewrite(struct buf *out, const char *s, const char *fallback);

#endif
