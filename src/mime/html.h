/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTML to text with libxml2's push parser: nothing is fetched, no tree is kept. */
#ifndef SP_MIME_HTML_H
#define SP_MIME_HTML_H

#include "base/buf.h"

/* Where the findings go. All strings are UTF-8, borrowed for the call. Any function may be NULL. */
struct html_sink {
    /* flags: enum doc_link_flag */
    void (*link)(void *arg, const char *text, const char *target, uint32_t flags);
    void (*ref)(void *arg, const char *url);
    /* id: "hidden-text" (S46), "html-form", "html-script", "html-too-complex", "text-too-large" */
    void (*note)(void *arg, const char *id, const char *detail);
    void *arg;
};

/* Appends the text of an HTML document (bytes in the charset named by label, "" = look into the document, else guess) to out,
   at most max bytes, LF lines. Hidden text is left out and noted. simple: only take the tags off, without a parser. */
void html_to_text(struct buf *out, const char *label, const char *bytes, size_t len, size_t max, bool simple, const struct html_sink *sink);

#endif
