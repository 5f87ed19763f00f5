/* SPDX-License-Identifier: GPL-3.0-or-later */
/* UTF-8 and widths. The width comes from the C library's Unicode tables through a locale object of our own. */
#include "utf8.h"

#include <locale.h>
#include <stdlib.h>
#include <wchar.h>

size_t
utf8_decode(const char *s, size_t len, uint32_t *cp)
{
    const unsigned char *u = (const unsigned char *)s;
    size_t need;
    uint32_t c, least;

    *cp = 0xFFFD;
    if (u[0] < 0x80) {
        *cp = u[0];
        return 1;
    } else if (u[0] >= 0xC2 && u[0] <= 0xDF) {
        need = 2, c = u[0] & 0x1F, least = 0x80;
    } else if (u[0] >= 0xE0 && u[0] <= 0xEF) {
        need = 3, c = u[0] & 0x0F, least = 0x800;
    } else if (u[0] >= 0xF0 && u[0] <= 0xF4) {
        need = 4, c = u[0] & 0x07, least = 0x10000;
    } else {
        return 1;
    }
    if (len < need)
        return 1;
    for (size_t i = 1; i < need; i++) {
        if ((u[i] & 0xC0) != 0x80)
            return 1;
        c = c << 6 | (u[i] & 0x3F);
    }
    if (c < least || c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        return 1;
    *cp = c;
    return need;
}

size_t
utf8_encode(uint32_t cp, char out[4])
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    if (cp < 0x800) {
        out[0] = (char)(0xC0 | cp >> 6);
        out[1] = (char)(0x80 | (cp & 0x3F));
        return 2;
    }
    if (cp < 0x10000) {
        out[0] = (char)(0xE0 | cp >> 12);
        out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
        out[2] = (char)(0x80 | (cp & 0x3F));
        return 3;
    }
    out[0] = (char)(0xF0 | cp >> 18);
    out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
    out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
    out[3] = (char)(0x80 | (cp & 0x3F));
    return 4;
}

bool
utf8_valid(const char *s, size_t len)
{
    while (len) {
        uint32_t cp;
        size_t n = utf8_decode(s, len, &cp);
        if (cp == 0xFFFD && n == 1)
            return false;
        s += n;
        len -= n;
    }
    return true;
}

int
utf8_cp_width(uint32_t cp)
{
    static locale_t utf8; /* set once, then read only (see tests/layers/globals.allow) */
    if (cp < 0x7F)
        return 1;
    if (!utf8) {
        utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
        if (!utf8)
            return 1;
    }
    locale_t before = uselocale(utf8);
    int w = wcwidth((wchar_t)cp);
    (void)uselocale(before);
    return w < 0 ? 1 : w;
}

int
utf8_width(const char *s, size_t len)
{
    int cols = 0;
    while (len) {
        uint32_t cp;
        size_t n = utf8_decode(s, len, &cp);
        cols += utf8_cp_width(cp);
        s += n;
        len -= n;
    }
    return cols;
}

size_t
utf8_fit(const char *s, size_t len, int cols, int *used)
{
    size_t at = 0;
    int w = 0;
    while (at < len) {
        uint32_t cp;
        size_t n = utf8_decode(s + at, len - at, &cp);
        int cw = utf8_cp_width(cp);
        if (w + cw > cols)
            break;
        w += cw;
        at += n;
    }
    if (used)
        *used = w;
    return at;
}
