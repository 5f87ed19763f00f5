/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Whatever goes in, nothing comes out that a terminal obeys or that hides (S38); and a second pass changes nothing. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/safetext.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
check(uint32_t cp, enum safetext_mode mode)
{
    if (cp == '\n' && mode == SAFETEXT_BLOCK)
        return;
    if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0))
        abort(); /* control characters */
    if ((cp >= 0x200B && cp <= 0x200F) || (cp >= 0x2028 && cp <= 0x202E) || (cp >= 0x2060 && cp <= 0x206F) || cp == 0xFEFF ||
        cp == 0x61C || cp == 0xAD || (cp >= 0xE0000 && cp < 0xE1000))
        abort(); /* invisible and directional ones */
}

static void
one_mode(const char *text, size_t len, enum safetext_mode mode)
{
    struct buf once = BUF_INIT, twice = BUF_INIT;

    (void)safetext_add(&once, text, len, mode);
    if (!utf8_valid(buf_str(&once), once.len))
        abort();
    for (size_t at = 0; at < once.len;) {
        uint32_t cp;
        at += utf8_decode(once.data + at, once.len - at, &cp);
        check(cp, mode);
    }
    if (safetext_add(&twice, buf_str(&once), once.len, mode))
        abort();
    if (twice.len != once.len || (once.len && memcmp(twice.data, once.data, once.len) != 0))
        abort();
    buf_release(&once);
    buf_release(&twice);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    one_mode((const char *)data, size, SAFETEXT_LINE);
    one_mode((const char *)data, size, SAFETEXT_BLOCK);
    return 0;
}
