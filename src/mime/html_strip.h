/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The plain remover of tags, for HTML that is too deep or too costly to parse: linear, shows all text, hides nothing. */
#ifndef SP_MIME_HTML_STRIP_H
#define SP_MIME_HTML_STRIP_H

#include "base/buf.h"

/* s must be valid UTF-8. Appends at most max bytes. */
void html_strip(struct buf *out, const char *s, size_t len, size_t max);

#endif
