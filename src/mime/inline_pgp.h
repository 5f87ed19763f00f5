/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Armored regions in a text: cleartext signatures (RFC 9580 section 7) and messages (section 6). */
#ifndef SP_MIME_INLINE_PGP_H
#define SP_MIME_INLINE_PGP_H

#include "base/buf.h"

struct pgp_region {
    size_t at, len;  /* from the BEGIN line to the end of the END line, without its line end */
    bool encrypted;  /* an armored message; else a cleartext signature */
    bool malformed;  /* its end is missing */
};
/* Finds the regions in order, at most max. Returns how many. */
size_t pgp_regions(const char *s, size_t len, struct pgp_region *regions, size_t max);
/* The same for armored messages in text that came out of HTML: their marks may stand anywhere in a line. */
size_t pgp_loose_messages(const char *s, size_t len, struct pgp_region *regions, size_t max);
/* Appends an armored message as GnuPG wants it: marks, an empty line, base64. Mail programs turn the empty line into no-break
   spaces and HTML flattens lines; nothing is signed here, so only the base64 matters. */
void pgp_clean_armor(struct buf *out, const char *s, size_t len);

#endif
