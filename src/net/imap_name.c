/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Modified UTF-7: printable ASCII stands for itself, "&-" for "&", the rest is UTF-16 in base64 with "," for "/" between "&" and "-". */
#include "imap_name.h"

#include <stdbool.h>
#include <string.h>

#include "base/utf8.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

static void
add_cp(struct buf *out, uint32_t cp)
{
    char bytes[4];
    buf_add(out, bytes, utf8_encode(cp, bytes));
}

/* The UTF-16 between "&" and "-". */
static bool
decode_shift(const char *s, size_t len, struct buf *out)
{
    uint32_t bits = 0, high = 0;
    unsigned n = 0;
    for (size_t i = 0; i < len; i++) {
        const char *digit = s[i] ? strchr(digits, s[i]) : NULL;
        if (!digit)
            return false;
        bits = bits << 6 | (uint32_t)(digit - digits);
        n += 6;
        if (n < 16)
            continue;
        n -= 16;
        uint32_t unit = bits >> n & 0xffff;
        bits &= (1u << n) - 1;
        if (high) {
            if (unit < 0xdc00 || unit > 0xdfff)
                return false;
            add_cp(out, 0x10000 + ((high - 0xd800) << 10) + (unit - 0xdc00));
            high = 0;
        } else if (unit >= 0xd800 && unit <= 0xdbff) {
            high = unit;
        } else if ((unit >= 0xdc00 && unit <= 0xdfff) || unit < 0xa0) {
            return false; /* a lone surrogate, ASCII in disguise, a control character */
        } else {
            add_cp(out, unit);
        }
    }
    return high == 0 && n < 6 && bits == 0;
}

static bool
decode(const char *raw, struct buf *out)
{
    for (const char *s = raw; *s; s++) {
        if ((unsigned char)*s < 0x20 || (unsigned char)*s > 0x7e)
            return false;
        if (*s != '&') {
            buf_addc(out, *s);
            continue;
        }
        const char *end = strchr(s, '-');
        if (!end)
            return false;
        if (end == s + 1)
            buf_addc(out, '&');
        else if (!decode_shift(s + 1, (size_t)(end - s - 1), out))
            return false;
        s = end;
    }
    return true;
}

void
imap_name_decode(const char *raw, struct buf *out)
{
    size_t start = out->len, len = strlen(raw);
    if (decode(raw, out))
        return;
    buf_truncate(out, start);
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += utf8_decode(raw + i, len - i, &cp);
        add_cp(out, cp);
    }
}

struct shift {
    struct buf *out;
    uint32_t bits;
    unsigned n;
    bool open;
};

static void
add_unit(struct shift *s, uint32_t unit)
{
    if (!s->open)
        buf_addc(s->out, '&');
    s->open = true;
    s->bits = s->bits << 16 | unit;
    s->n += 16;
    while (s->n >= 6) {
        s->n -= 6;
        buf_addc(s->out, digits[s->bits >> s->n & 63]);
    }
    s->bits &= (1u << s->n) - 1;
}

static void
close_shift(struct shift *s)
{
    if (!s->open)
        return;
    if (s->n)
        buf_addc(s->out, digits[s->bits << (6 - s->n) & 63]);
    buf_addc(s->out, '-');
    *s = (struct shift){.out = s->out};
}

enum sp_status
imap_name_encode(const char *text, struct buf *out)
{
    struct shift s = {.out = out};
    size_t len = strlen(text);
    if (!utf8_valid(text, len))
        return SP_UTF8;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        i += utf8_decode(text + i, len - i, &cp);
        if (cp >= 0x20 && cp < 0x7f) {
            close_shift(&s);
            buf_addc(out, (char)cp);
            if (cp == '&')
                buf_addc(out, '-');
        } else if (cp >= 0x10000) {
            add_unit(&s, 0xd800 + ((cp - 0x10000) >> 10));
            add_unit(&s, 0xdc00 + ((cp - 0x10000) & 0x3ff));
        } else {
            add_unit(&s, cp);
        }
    }
    close_shift(&s);
    return buf_status(out);
}
