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
