/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modified UTF-7: what is not printable ASCII goes as base64 of UTF-16 between "&" and "-". */
#include "utf7.h"

#include <stdint.h>

#include "base/utf8.h"

static void
add_sextets(struct buf *out, uint32_t *bits, unsigned *n, bool last)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";
    while (*n >= 6) {
        *n -= 6;
        buf_addc(out, digits[*bits >> *n & 63]);
    }
    if (last && *n) {
        buf_addc(out, digits[*bits << (6 - *n) & 63]);
        *n = 0;
    }
}

static void
add_unit(struct buf *out, uint32_t unit, uint32_t *bits, unsigned *n)
{
    *bits = (*bits << 16 | unit) & 0x3fffffu; /* at most 5 bits wait */
    *n += 16;
    add_sextets(out, bits, n, false);
}

enum sp_status
utf7_encode(struct buf *out, const char *name, size_t len)
{
    uint32_t bits = 0;
    unsigned n = 0;
    bool shifted = false;
    if (!utf8_valid(name, len))
        return SP_UTF8;
    while (len > 0) {
        uint32_t cp;
        size_t used = utf8_decode(name, len, &cp);
        name += used;
        len -= used;
        if (cp < 0x20 || cp == 0x7f)
            return SP_INVALID;
        if (cp < 0x7f) {
            if (shifted) {
                add_sextets(out, &bits, &n, true);
                buf_addc(out, '-');
            }
            shifted = false;
            buf_addc(out, (char)cp);
            if (cp == '&')
                buf_addc(out, '-');
            continue;
        }
        if (!shifted)
            buf_addc(out, '&');
        shifted = true;
        if (cp > 0xffff) {
            add_unit(out, 0xd800 + ((cp - 0x10000) >> 10), &bits, &n);
            cp = 0xdc00 + ((cp - 0x10000) & 0x3ff);
        }
        add_unit(out, cp, &bits, &n);
    }
    if (shifted) {
        add_sextets(out, &bits, &n, true);
        buf_addc(out, '-');
    }
    return buf_status(out);
}
