/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 decoding and terminal column widths, independent of the process locale. */
#ifndef SP_BASE_UTF8_H
#define SP_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Decodes one code point of the len bytes at s (len > 0). Returns the bytes used, 1..4; an invalid, overlong, surrogate or
   cut sequence yields U+FFFD and uses 1 byte (RFC 3629). */
size_t utf8_decode(const char *s, size_t len, uint32_t *cp);
/* Encodes cp into out (4 bytes room); returns the bytes written. */
size_t utf8_encode(uint32_t cp, char out[4]);
bool utf8_valid(const char *s, size_t len);
/* Terminal columns of a code point: 0 (combining), 1 or 2; control characters count 1 (they are never drawn as such). */
int utf8_cp_width(uint32_t cp);
/* Columns of the len bytes at s. */
int utf8_width(const char *s, size_t len);
/* The longest prefix, in bytes, of the len bytes at s that fits into cols columns, ending at a code point border with its
   combining marks; *used (may be NULL) gets its columns. */
size_t utf8_fit(const char *s, size_t len, int cols, int *used);

#endif
