/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folding and cutting text for the index. */
#include "search_text.h"

#include <stdint.h>
#include <string.h>

#include "base/utf8.h"

struct fold {
    uint16_t first, last, step, to, also;
};
static const struct fold folds[] = {
#include "search_fold.inc"
};

/* Ranges of code points, ascending. */
struct range {
    uint32_t first, last;
};
/* Neither letters nor digits (after folding). What is not named here counts as a letter: a sign too many in a token does less harm than a
   script that cannot be searched. */
static const struct range separators[] = {
    {0x00, 0x2f}, {0x3a, 0x40}, {0x5b, 0x60}, {0x7b, 0xa9}, {0xab, 0xb1}, {0xb4, 0xb4}, {0xb6, 0xb8}, {0xbb, 0xbb}, {0xbf, 0xbf},
    {0xd7, 0xd7}, {0xf7, 0xf7}, {0x2c2, 0x2df}, {0x37e, 0x37e}, {0x387, 0x387}, {0x55a, 0x55f}, {0x589, 0x58a}, {0x5be, 0x5be},
    {0x5c0, 0x5c0}, {0x5c3, 0x5c3}, {0x5f3, 0x5f4}, {0x600, 0x61f}, {0x66a, 0x66d}, {0x6d4, 0x6d4}, {0x964, 0x965}, {0xe3f, 0xe3f},
    {0xe5a, 0xe5b}, {0x2000, 0x206f}, {0x20a0, 0x20cf}, {0x2190, 0x245f}, {0x2500, 0x2bff}, {0x2e00, 0x3004}, {0x3008, 0x3020},
    {0x3030, 0x3030}, {0x303d, 0x303f}, {0x30fb, 0x30fb}, {0xe000, 0xf8ff}, {0xfd3e, 0xfd3f}, {0xfe00, 0xfe6f},
    {0xfeff, 0xfeff}, {0xff00, 0xff0f}, {0xff5b, 0xff65}, {0xffe0, 0xffff}, {0xe0000, 0x10ffff},
};
/* Written without spaces between words; pictures too. */
static const struct range pairwise[] = {
    {0xe01, 0xe4e}, {0xe80, 0xeff}, {0x1000, 0x109f}, {0x1780, 0x17ff}, {0x3005, 0x3007}, {0x3040, 0x30ff}, {0x3105, 0x312f},
    {0x31a0, 0x31bf}, {0x31f0, 0x31ff}, {0x3400, 0x4dbf}, {0x4e00, 0x9fff}, {0xac00, 0xd7a3}, {0xf900, 0xfaff}, {0xff66, 0xff9d},
    {0x1f000, 0x1faff}, {0x20000, 0x3ffff},
};
/* Marks above or below a letter: dropped. */
static const struct range marks[] = {{0x300, 0x36f}, {0x483, 0x489}, {0x1ab0, 0x1aff}, {0x1dc0, 0x1dff}, {0x20d0, 0x20ff}, {0xad, 0xad}, {0xfe20, 0xfe2f}};

static bool
within(const struct range *r, size_t n, uint32_t cp)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cp > r[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && cp >= r[low].first;
}
#define WITHIN(table, cp) within(table, sizeof(table) / sizeof *(table), cp)

/* The one or two letters that cp becomes. */
static unsigned
fold(uint32_t cp, uint32_t to[2])
{
    size_t low = 0, high = sizeof folds / sizeof *folds;
    to[0] = cp >= 'A' && cp <= 'Z' ? cp + 32 : cp;
    if (cp < 0x80 || cp > 0xffff)
        return 1;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (cp > folds[mid].last)
            low = mid + 1;
        else
            high = mid;
    }
    const struct fold *f = &folds[low];
    if (low == sizeof folds / sizeof *folds || cp < f->first || (f->step > 1 && (cp - f->first) % f->step))
        return 1;
    to[0] = f->step ? f->to + (cp - f->first) : f->to;
    to[1] = f->also;
    return f->also ? 2 : 1;
}

struct cutter {
    struct buf *out;
    size_t start;      /* of the token that is being written */
    bool in_token;
    char last[4];      /* the letter of a run before, waiting for its neighbour */
    size_t last_len;
    bool paired;       /* it is in a pair already */
    size_t tokens;
    bool single;       /* the last token is a single letter of a pairwise script */
    size_t spare;      /* that is in a pair already: where it begins + 1, else 0 */
};

static void
end_token(struct cutter *c)
{
    if (!c->in_token)
        return;
    buf_addc(c->out, ' ');
    c->in_token = false;
    c->tokens++;
    c->single = false;
    c->spare = 0;
}

static void
end_run(struct cutter *c)
{
    if (c->last_len) {
        c->spare = c->paired ? c->out->len + 1 : 0;
        buf_add(c->out, c->last, c->last_len);
        buf_addc(c->out, ' ');
        c->tokens++;
        c->single = true;
    }
    c->last_len = 0;
    c->paired = false;
}

static void
add_pairwise(struct cutter *c, uint32_t cp)
{
    char bytes[4];
    size_t n = utf8_encode(cp, bytes);
    end_token(c);
    if (c->last_len) {
        buf_add(c->out, c->last, c->last_len);
        buf_add(c->out, bytes, n);
        buf_addc(c->out, ' ');
        c->tokens++;
        c->single = false;
        c->spare = 0;
        c->paired = true;
    }
    memcpy(c->last, bytes, n);
    c->last_len = n;
}

static void
add_letter(struct cutter *c, uint32_t cp)
{
    char bytes[4];
    end_run(c);
    size_t n = utf8_encode(cp, bytes);
    if (!c->in_token) {
        c->in_token = true;
        c->start = c->out->len;
    }
    if (c->out->len - c->start + n <= SEARCH_TOKEN_MAX)
        buf_add(c->out, bytes, n);
}

static void
cut(struct cutter *c, const char *text, size_t len)
{
    for (size_t at = 0; at < len;) {
        uint32_t cp, to[2];
        if ((unsigned char)text[at] < 0x80)
            cp = (unsigned char)text[at++];
        else
            at += utf8_decode(text + at, len - at, &cp);
        if (cp >= 0x80 && WITHIN(marks, cp))
            continue;
        unsigned n = fold(cp, to);
        for (unsigned i = 0; i < n; i++) {
            if (WITHIN(separators, to[i])) {
                end_token(c);
                end_run(c);
            } else if (to[i] > 0xe00 && WITHIN(pairwise, to[i])) {
                add_pairwise(c, to[i]);
            } else {
                add_letter(c, to[i]);
            }
        }
    }
    end_token(c);
    end_run(c);
}

void
search_text_add(struct buf *out, const char *text, size_t len)
{
    struct cutter c = {.out = out};
    cut(&c, text, len);
}

size_t
search_text_query(struct buf *out, const char *text, size_t len, bool *prefix)
{
    struct cutter c = {.out = out};
    *prefix = len && text[len - 1] == '*';
    cut(&c, text, len);
    if (c.spare) { /* the text that is looked for may go on here */
        buf_truncate(out, c.spare - 1);
        c.tokens--;
        c.single = false;
    }
    *prefix = c.tokens && (*prefix || c.single);
    return c.tokens;
}

bool
search_text_match(const char *indexed, const char *needle, bool prefix)
{
    size_t len = strlen(needle);
    if (prefix && len)
        len--; /* without the space at the end */
    for (const char *at = indexed; len && *at;) {
        if (strncmp(at, needle, len) == 0)
            return true;
        at = strchr(at, ' ');
        if (!at)
            break;
        at++;
    }
    return false;
}
