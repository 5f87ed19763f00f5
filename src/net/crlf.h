/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A message on its way to a server, piece by piece, with the line ends that the protocol wants: a large one is never copied as a whole. */
#ifndef SP_NET_CRLF_H
#define SP_NET_CRLF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum crlf_kind {
    CRLF_IMAP, /* a bare LF becomes CRLF */
    CRLF_SMTP, /* a bare CR too; a dot that begins a line is doubled (RFC 5321 section 4.5.2) */
};

struct crlf {
    const char *at, *end; /* borrowed */
    enum crlf_kind kind;
    char last;            /* that was given out; 0 at the start */
    uint64_t dots;        /* that were doubled so far */
};

#define CRLF_ROOM ((size_t)65536)

void crlf_init(struct crlf *c, enum crlf_kind kind, const char *bytes, size_t len);
/* Puts the next piece into out (room at least 3); 0 at the end. */
size_t crlf_next(struct crlf *c, char *out, size_t room);
/* How many bytes crlf_next gives altogether, not counting the second of doubled dots (as RFC 1870 wants it). */
uint64_t crlf_size(enum crlf_kind kind, const char *bytes, size_t len);
/* What was given out ends a line, or is nothing. */
bool crlf_at_line(const struct crlf *c);

#endif
