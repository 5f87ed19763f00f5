/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Character sets of mail to UTF-8. The converters are those of the C library, named by a table of our own: a name from a message
   is never given to iconv unless the table knows it, so no module has to be loaded in the confined process. */
#ifndef SP_MIME_CHARSET_H
#define SP_MIME_CHARSET_H

#include "base/buf.h"

/* Loads every converter of the table and keeps it loaded (glibc unloads a module with its last descriptor): an opaque handle for
   charset_unload, NULL when memory ran out. Call once, before confinement. */
struct charset_loaded *charset_preload(void);
void charset_unload(struct charset_loaded *loaded);
/* Our name of the converter for a charset label ("gb2312" -> "GB18030"), NULL when unknown. Static storage. */
const char *charset_converter(const char *label);

struct charset_result {
    bool unknown;    /* no converter for the label: a guess was made */
    bool damaged;    /* bytes that are not of that charset became U+FFFD */
    const char *used; /* converter used; static storage */
};
/* Appends bytes as valid UTF-8 without NUL, at most max bytes of it. label may be "" (a guess: UTF-8 when valid, else
   windows-1252). Output that was cut ends at a code point. Returns false when it was cut. */
bool charset_to_utf8(struct buf *out, const char *label, const char *bytes, size_t len, size_t max, struct charset_result *result);
/* Guesses a converter for unlabelled 8-bit bytes. Static storage. */
const char *charset_guess(const char *bytes, size_t len);

#endif
