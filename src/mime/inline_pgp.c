/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding armored regions, line by line. */
#include "inline_pgp.h"

#include <string.h>

enum mark { NO_MARK, BEGIN_MESSAGE, END_MESSAGE, BEGIN_SIGNED, BEGIN_SIGNATURE, END_SIGNATURE };

static const struct {
    const char *text;
    enum mark mark;
} marks[] = {
    {"-----BEGIN PGP MESSAGE-----", BEGIN_MESSAGE},     {"-----END PGP MESSAGE-----", END_MESSAGE},
    {"-----BEGIN PGP SIGNED MESSAGE-----", BEGIN_SIGNED}, {"-----BEGIN PGP SIGNATURE-----", BEGIN_SIGNATURE},
    {"-----END PGP SIGNATURE-----", END_SIGNATURE},
};

/* Only white space may follow on the line. Text before it (a quote mark, say) means the region is quoted, not signed. */
static enum mark
mark_of(const char *s, size_t len)
{
    if (len < 25 || memcmp(s, "-----", 5) != 0)
        return NO_MARK;
    while (len && (s[len - 1] == ' ' || s[len - 1] == '\t' || s[len - 1] == '\r'))
        len--;
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++)
        if (len == strlen(marks[i].text) && memcmp(s, marks[i].text, len) == 0)
            return marks[i].mark;
    return NO_MARK;
}

struct search {
    struct pgp_region *regions;
    size_t n, max;
    bool open, signature; /* signature: its BEGIN line was seen */
};

static void
close_region(struct search *f, size_t end, bool malformed)
{
    struct pgp_region *r = &f->regions[f->n++];
    r->len = end - r->at;
    r->malformed = malformed;
    f->open = false;
}

static void
take_mark(struct search *f, enum mark m, size_t at, size_t end)
{
    if (m == BEGIN_MESSAGE || m == BEGIN_SIGNED) {
        if (f->open)
            close_region(f, at, true);
        if (f->n == f->max)
            return;
        f->regions[f->n] = (struct pgp_region){.at = at, .encrypted = m == BEGIN_MESSAGE};
        f->open = true;
        f->signature = false;
    } else if (f->open && m == BEGIN_SIGNATURE) {
        f->signature = true;
    } else if (f->open && m == (f->regions[f->n].encrypted ? END_MESSAGE : END_SIGNATURE)) {
        close_region(f, end, !f->regions[f->n].encrypted && !f->signature);
    }
}

size_t
pgp_regions(const char *s, size_t len, struct pgp_region *regions, size_t max)
{
    struct search f = {.regions = regions, .max = max};
    for (size_t at = 0; at < len;) {
        const char *lf = memchr(s + at, '\n', len - at);
        size_t end = lf ? (size_t)(lf - s) : len;
        size_t eol = end > at && s[end - 1] == '\r' ? end - 1 : end;
        enum mark m = mark_of(s + at, eol - at);
        if (m)
            take_mark(&f, m, at, eol);
        at = end + 1;
    }
    if (f.open)
        close_region(&f, len, true);
    return f.n;
}

#define BEGIN_TEXT "-----BEGIN PGP MESSAGE-----"
#define END_TEXT "-----END PGP MESSAGE-----"

size_t
pgp_loose_messages(const char *s, size_t len, struct pgp_region *regions, size_t max)
{
    size_t n = 0, at = 0;
    while (n < max) {
        const char *begin = memmem(s + at, len - at, BEGIN_TEXT, strlen(BEGIN_TEXT));
        if (!begin)
            break;
        const char *body = begin + strlen(BEGIN_TEXT);
        const char *end = memmem(body, len - (size_t)(body - s), END_TEXT, strlen(END_TEXT));
        size_t stop = end ? (size_t)(end - s) + strlen(END_TEXT) : len;
        size_t start = (size_t)(begin - s);
        regions[n++] = (struct pgp_region){.at = start, .len = stop - start, .encrypted = true, .malformed = !end};
        at = stop;
    }
    return n;
}

static bool
is_base64(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '/' || c == '=';
}

/* The words of a line that are base64, each on a line of its own: a checksum ("=Vp7p") must not join the data before it. */
static void
clean_line(struct buf *out, const char *s, size_t len)
{
    bool header = memchr(s, ':', len) != NULL; /* an armor header, in flattened text with the data behind it */
    for (size_t at = 0; at < len;) {
        size_t n = 0;
        while (at + n < len && is_base64((unsigned char)s[at + n]))
            n++;
        if (n >= 40)
            header = false;
        if (n && !header) {
            buf_add(out, s + at, n);
            buf_addc(out, '\n');
        }
        at += n + 1;
    }
}

void
pgp_clean_armor(struct buf *out, const char *s, size_t len)
{
    const char *body = memmem(s, len, BEGIN_TEXT, strlen(BEGIN_TEXT));
    size_t at = body ? (size_t)(body - s) + strlen(BEGIN_TEXT) : 0;
    const char *end = memmem(s + at, len - at, END_TEXT, strlen(END_TEXT));
    size_t stop = end ? (size_t)(end - s) : len;

    buf_adds(out, BEGIN_TEXT "\n\n");
    while (at < stop) {
        const char *lf = memchr(s + at, '\n', stop - at);
        size_t eol = lf ? (size_t)(lf - s) : stop;
        clean_line(out, s + at, eol - at);
        at = eol + 1;
    }
    buf_adds(out, END_TEXT "\n");
}
