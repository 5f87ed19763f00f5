/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Line ends. */
#include "crlf.h"

#include <string.h>

void
crlf_init(struct crlf *c, enum crlf_kind kind, const char *bytes, size_t len)
{
    *c = (struct crlf){.at = bytes, .end = bytes + len, .kind = kind};
}

bool
crlf_at_line(const struct crlf *c)
{
    return c->last == '\n' || c->last == 0;
}

/* The length of what needs no change, up to the next line end. */
static size_t
plain_run(const struct crlf *c, size_t room)
{
    size_t left = (size_t)(c->end - c->at), n = left < room ? left : room;
    const char *stop = memchr(c->at, '\n', n);
    if (stop)
        n = (size_t)(stop - c->at);
    if (c->kind == CRLF_SMTP && (stop = memchr(c->at, '\r', n)))
        n = (size_t)(stop - c->at);
    return n;
}

size_t
crlf_next(struct crlf *c, char *out, size_t room)
{
    size_t used = 0;
    while (c->at < c->end && room - used >= 3) {
        if (c->kind == CRLF_SMTP && *c->at == '.' && crlf_at_line(c)) {
            out[used++] = '.';
            c->dots++;
        }
        size_t n = plain_run(c, room - used);
        memcpy(out + used, c->at, n);
        used += n;
        c->at += n;
        if (n)
            c->last = out[used - 1];
        if (c->at == c->end || room - used < 2)
            continue;
        bool cr = *c->at == '\r';
        c->at += cr && c->at + 1 < c->end && c->at[1] == '\n' ? 2 : 1;
        if (c->last != '\r' || c->kind == CRLF_SMTP) /* in IMAP's run the CR has gone out already */
            out[used++] = '\r';
        out[used++] = c->last = '\n';
    }
    return used;
}

uint64_t
crlf_size(enum crlf_kind kind, const char *bytes, size_t len)
{
    char piece[4096];
    struct crlf c;
    uint64_t size = 0;
    size_t n;
    crlf_init(&c, kind, bytes, len);
    while ((n = crlf_next(&c, piece, sizeof piece)))
        size += n;
    return size - c.dots;
}
