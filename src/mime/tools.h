/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What parsing needs loaded before the process is confined: GMime's types, converters, the magic database. */
#ifndef SP_MIME_TOOLS_H
#define SP_MIME_TOOLS_H

#include "base/status.h"
#include "value.h"

struct magic_set;
struct charset_loaded;

struct mime_tools {
    GMimeParserOptions *options;     /* owned */
    struct magic_set *magic;         /* owned (a magic_t); NULL when the database is missing: then nothing is detected */
    struct charset_loaded *charsets; /* owned */
};

/* SP_OK or SP_NOMEM. One set per process; not thread-safe. */
enum sp_status mime_tools_init(struct mime_tools *t) SP_MUST_USE;
void mime_tools_release(struct mime_tools *t);
/* The type by content (lower case), "" when unknown. Borrowed until the next call. */
const char *mime_tools_detect(struct mime_tools *t, const char *bytes, size_t len);

#endif
