/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Peeks at an OpenPGP object: what claims to be encrypted may be signed only (S2), and is then verified instead. Just enough of RFC
   9580 sections 4.2 and 6 for the type of the first packet; the object itself is worked off by GnuPG in keys. */
#include <string.h>

#include "internal.h"

#define MARK(text) text, sizeof(text) - 1

static bool
begins_with(const char *s, size_t len, const char *prefix, size_t prefix_len)
{
    return len >= prefix_len && memcmp(s, prefix, prefix_len) == 0;
}

static int
base64_value(unsigned char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at ? (int)(at - alphabet) : -1;
}

/* The first byte of an armored body: behind the header lines and an empty line. */
static int
first_armored_byte(const char *s, size_t len)
{
    for (const char *end = s + len, *line = s; line < end;) {
        const char *lf = memchr(line, '\n', (size_t)(end - line));
        if (!lf)
            return -1;
        line = lf + 1;
        const char *next = memchr(line, '\n', (size_t)(end - line));
        size_t n = (size_t)((next ? next : end) - line);
        if (!is_blank(line, n))
            continue;
        for (line += n; line < end && is_blank(line, 1); line++)
            ;
        if (end - line < 2)
            return -1;
        int high = base64_value((unsigned char)line[0]), low = base64_value((unsigned char)line[1]);
        return high < 0 || low < 0 ? -1 : high << 2 | low >> 4;
    }
    return -1;
}

static enum object_kind
packet_kind(int first)
{
    if (first < 0 || !(first & 0x80))
        return OBJECT_UNKNOWN;
    switch (first & 0x40 ? first & 0x3f : first >> 2 & 0x0f) {
    case 1:  /* public-key encrypted session key */
    case 3:  /* symmetric-key encrypted session key */
    case 9:  /* encrypted data without integrity */
    case 10: /* marker, which may stand in front of anything */
    case 18: /* encrypted and integrity protected data */
    case 20: /* AEAD encrypted data */
        return OBJECT_ENCRYPTED;
    case 2:  /* signature */
    case 4:  /* one-pass signature */
    case 8:  /* compressed */
    case 11: /* literal */
        return OBJECT_SIGNED;
    default:
        return OBJECT_UNKNOWN;
    }
}

enum object_kind
object_kind(const char *bytes, size_t len)
{
    while (len && is_blank(bytes, 1)) {
        bytes++;
        len--;
    }
    if (begins_with(bytes, len, MARK("-----BEGIN PGP SIGNED MESSAGE-----")))
        return OBJECT_CLEARSIGNED;
    if (begins_with(bytes, len, MARK("-----BEGIN PGP")))
        return packet_kind(first_armored_byte(bytes, len));
    return packet_kind(len ? (unsigned char)bytes[0] : -1);
}
