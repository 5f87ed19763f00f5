/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Armored regions in a text: cleartext signatures (RFC 9580 section 7) and messages (section 6). */
#ifndef SP_MIME_INLINE_PGP_H
#define SP_MIME_INLINE_PGP_H

#include <stdbool.h>
#include <stddef.h>

struct pgp_region {
    size_t at, len;  /* from the BEGIN line to the end of the END line, without its line end */
    bool encrypted;  /* an armored message; else a cleartext signature */
    bool malformed;  /* its end is missing */
};
/* Finds the regions in order, at most max. Returns how many. */
size_t pgp_regions(const char *s, size_t len, struct pgp_region *regions, size_t max);

#endif
