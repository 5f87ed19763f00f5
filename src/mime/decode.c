/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Content transfer decoding, in slices so that counting a large attachment needs no memory for it. */
#include "decode.h"

#include <string.h>

#define SLICE ((size_t)49152)

static void
keep(struct buf *out, const char *bytes, size_t len, size_t max)
{
    if (out->len < max)
        buf_add(out, bytes, len < max - out->len ? len : max - out->len);
}

/* Characters that belong neither to base64 nor to its line ends, or text behind the padding. */
static bool
base64_damaged(const char *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)bytes[i];
        if (!g_ascii_isalnum(c) && c != '+' && c != '/' && c != '=' && c != '\r' && c != '\n' && c != ' ' && c != '\t')
            return true;
    }
    return false;
}

/* Behind the line "begin MODE NAME", which the decoder takes for data. */
static size_t
uu_begin(const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *lf = memchr(bytes + at, '\n', len - at);
        size_t next = lf ? (size_t)(lf - bytes) + 1 : len;
        if (len - at >= 6 && memcmp(bytes + at, "begin ", 6) == 0)
            return next;
        at = next;
    }
    return 0;
}

uint64_t
decode_content(GMimeContentEncoding encoding, const char *bytes, size_t len, struct buf *out, size_t max, bool *damaged)
{
    if (damaged)
        *damaged = encoding == GMIME_CONTENT_ENCODING_BASE64 && base64_damaged(bytes, len);
    if (encoding != GMIME_CONTENT_ENCODING_BASE64 && encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
        encoding != GMIME_CONTENT_ENCODING_UUENCODE) {
        keep(out, bytes, len, max);
        return len;
    }
    GMimeEncoding state;
    g_mime_encoding_init_decode(&state, encoding);
    char *block = g_malloc(g_mime_encoding_outlen(&state, SLICE) + 16);
    uint64_t total = 0;
    for (size_t at = encoding == GMIME_CONTENT_ENCODING_UUENCODE ? uu_begin(bytes, len) : 0; at < len;) {
        size_t n = len - at < SLICE ? len - at : SLICE;
        size_t got = at + n < len ? g_mime_encoding_step(&state, bytes + at, n, block)
                                  : g_mime_encoding_flush(&state, bytes + at, n, block);
        keep(out, block, got, max);
        total += got;
        at += n;
    }
    g_free(block);
    return total;
}
