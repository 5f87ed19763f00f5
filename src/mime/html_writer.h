/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text side of HTML: white space, line breaks, quote marks, lists. Knows no markup. */
#ifndef SP_MIME_HTML_WRITER_H
#define SP_MIME_HTML_WRITER_H

#include "base/buf.h"

struct html_writer {
    struct buf *out;     /* borrowed */
    size_t start, max;   /* out->len at the beginning; bytes allowed */
    unsigned breaks;     /* line ends owed before the next text, at most 2 */
    bool space;          /* a space is owed */
    bool begun;          /* something was written */
    bool full;
    unsigned quote;      /* depth of "> " */
    unsigned last_quote; /* that of the last text written */
    unsigned indent;     /* columns */
    const char *bullet;  /* borrowed: to be written before the next text, then NULL */
};

void html_writer_init(struct html_writer *w, struct buf *out, size_t max);
/* Text with its white space collapsed, or kept (pre). */
void html_write(struct html_writer *w, const char *s, size_t len, bool keep);
/* At least n line ends before the next text (1: new line, 2: empty line between). */
void html_break(struct html_writer *w, unsigned n);
/* One line end more, for <br>. */
void html_line(struct html_writer *w);
void html_space(struct html_writer *w);
/* Ends the text with a line end. */
void html_writer_finish(struct html_writer *w);

#endif
