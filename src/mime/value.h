/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of header fields: unfolding, RFC 2047 and 2231, addresses, types, dates. Thin wrappers over GMime that bound their
   input and give plain UTF-8. All strings returned are owned by the caller (g_free). */
#ifndef SP_MIME_VALUE_H
#define SP_MIME_VALUE_H

#include <gmime/gmime.h>

#include "base/buf.h"

/* Longer values are cut before GMime sees them: its parsers are linear, but an encoded word costs a converter each. */
#define VALUE_MAX ((size_t)131072)

/* What parsing of values needs: GMime's options with our fallback charsets. Owned; shared by all of one process. */
GMimeParserOptions *value_options_new(void);
/* Unlabelled 8-bit header bytes are tried as UTF-8, then as this charset (NULL: none), then as windows-1252. */
void value_set_fallback(GMimeParserOptions *options, const char *charset);

/* The bytes as a C string for GMime: cut at VALUE_MAX, NUL replaced, leading white space removed, unfolded. */
char *value_unfold(const char *raw, size_t len);
/* The encoded words of an unfolded value decoded. */
char *value_decode(GMimeParserOptions *options, const char *line);
/* Unfolded and RFC 2047-decoded. */
char *value_text(GMimeParserOptions *options, const char *raw, size_t len);
/* Seconds since 1970 UTC; 0 when there is no valid date (RFC 5322 section 3.3). */
int64_t value_date(const char *raw, size_t len);
/* The message identifiers in the value, "<a@b> <c@d>", separated by a space. */
char *value_ids(const char *raw, size_t len);
/* Never NULL. An empty or unreadable value gives text/plain or application/octet-stream as RFC 2045 section 5.2 and use demand;
   *valid (may be NULL) is false then. */
GMimeContentType *value_content_type(GMimeParserOptions *options, const char *raw, size_t len, bool *valid);
/* NULL when the value is empty. */
GMimeContentDisposition *value_disposition(GMimeParserOptions *options, const char *raw, size_t len);
/* "text/plain", lower case. */
char *value_type_name(GMimeContentType *ct);
/* A parameter in lower case, "" when missing. */
char *value_param_lower(GMimeContentType *ct, const char *name);

struct value_mailbox {
    const char *name, *address, *display; /* valid UTF-8 as far as GMime gives it; borrowed for the call */
};
typedef void value_mailbox_fn(const struct value_mailbox *m, void *arg);
/* Calls fn for every mailbox of an address list, groups flattened, at most max. Returns how many there were. */
size_t value_mailboxes(GMimeParserOptions *options, const char *raw, size_t len, size_t max, value_mailbox_fn *fn, void *arg);

#endif
