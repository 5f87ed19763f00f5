/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whose a host name is: by the list of public suffixes that libpsl carries in itself, names by IDNA 2008 (RFC 5890). */
#include <idn2.h>
#include <libpsl.h>
#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "internal.h"

#define MAX_HOST 253u

const char *
domain_ascii(struct threat *t, const char *host, size_t len)
{
    char *ascii = NULL;
    const char *out = "";

    while (len && host[len - 1] == '.')
        len--;
    if (!len || len > MAX_HOST * 4)
        return "";
    char *copy = arena_strndup(t->arena, host, len);
    if (!copy) {
        t->nomem = true;
        return "";
    }
    if (idn2_to_ascii_8z(copy, &ascii, IDN2_NONTRANSITIONAL | IDN2_NFC_INPUT) != IDN2_OK && idn2_to_ascii_8z(copy, &ascii, IDN2_TRANSITIONAL) != IDN2_OK)
        ascii = NULL;
    if (ascii && strlen(ascii) <= MAX_HOST) {
        char *kept = arena_strdup(t->arena, ascii);
        for (char *p = kept; p && *p; p++)
            if (*p >= 'A' && *p <= 'Z')
                *p = (char)(*p + 32);
        t->nomem |= !kept;
        out = kept ? kept : "";
    }
    idn2_free(ascii);
    return out;
}

const char *
domain_owner(const char *host)
{
    const char *owner = *host ? psl_registrable_domain(psl_builtin(), host) : NULL;
    return owner ? owner : "";
}

bool
domain_is_possible(const char *host)
{
    static const char *const reserved[] = {"test", "example", "invalid", "localhost", "local", "internal", "arpa", "onion", "lan", "home", "corp"};
    const char *last = strrchr(host, '.');
    if (!last)
        return false;
    for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
        if (strcmp(last + 1, reserved[i]) == 0)
            return true;
    return psl_is_public_suffix2(psl_builtin(), last + 1, PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
}

const char *
domain_label(const char *owner, size_t *len)
{
    *len = strcspn(owner, ".");
    return owner;
}

bool
domain_same(const char *a, const char *b)
{
    return *a && strcmp(a, b) == 0;
}

bool
domain_is_confusable(struct threat *t, const char *host)
{
    char *shown = NULL;
    bool confusable = false;

    if (!strstr(host, "xn--"))
        return false;
    if (idn2_to_unicode_8z8z(host, &shown, 0) != IDN2_OK || !shown)
        return true; /* it claims to be an international name and is none */
    for (char *label = shown; label && *label;) {
        char *dot = strchr(label, '.');
        struct folding f = {0};
        if (dot)
            *dot = '\0';
        const char *folded = threat_fold(t, label, &f);
        bool plain = true, has_other = false; /* every letter looks like a Latin one, but not all are */
        for (const char *p = folded; *p; p++)
            plain &= (unsigned char)*p < 0x80;
        for (const char *p = label; *p;) {
            uint32_t cp;
            p += utf8_decode(p, strlen(p), &cp);
            has_other |= cp >= 0x370 && cp < 0x590;
        }
        confusable |= f.mixed || (plain && has_other);
        label = dot ? dot + 1 : NULL;
    }
    idn2_free(shown);
    return confusable;
}

/* Optimal string alignment, row by row; labels are short. */
unsigned
domain_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max)
{
    unsigned rows[3][65];
    size_t gap = a_len > b_len ? a_len - b_len : b_len - a_len;

    if (a_len > 64 || b_len > 64 || gap > max)
        return max + 1;
    for (size_t j = 0; j <= b_len; j++)
        rows[0][j] = (unsigned)j;
    for (size_t i = 1; i <= a_len; i++) {
        unsigned *row = rows[i % 3], *above = rows[(i - 1) % 3], *second = rows[(i + 1) % 3], least;
        row[0] = least = (unsigned)i;
        for (size_t j = 1; j <= b_len; j++) {
            unsigned best = above[j - 1] + (a[i - 1] != b[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] && second[j - 2] + 1 < best)
                best = second[j - 2] + 1;
            row[j] = best;
            if (best < least)
                least = best;
        }
        if (least > max)
            return max + 1;
    }
    return rows[a_len % 3][b_len];
}
