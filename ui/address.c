/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses in few columns. */
#include "address.h"

#include <string.h>

#include "base/safetext.h"
#include "base/utf8.h"
#include "line.h"

static const char sign[] = "…";

void
address_fit(const char *address, int cols, struct buf *out)
{
    struct buf safe = BUF_INIT;
    (void)safetext_add(&safe, address, strlen(address), SAFETEXT_LINE);
    const char *s = buf_str(&safe), *at = strrchr(s, '@');
    int width = utf8_width(s, safe.len);
    int domain = at ? utf8_width(at, strlen(at)) : 0;
    if (width <= cols) {
        buf_adds(out, s);
    } else if (at && domain + 2 <= cols) {
        size_t n = utf8_fit(s, (size_t)(at - s), cols - domain - 1, NULL);
        buf_add(out, s, n);
        buf_adds(out, sign);
        buf_adds(out, at);
    } else {
        size_t from = 0;
        while (width > cols - 1 && from < safe.len) {
            size_t next = text_next(s, safe.len, from);
            width -= utf8_width(s + from, next - from);
            from = next;
        }
        buf_adds(out, sign);
        buf_adds(out, s + from);
    }
    buf_release(&safe);
}

void
address_list(const struct wr_mailbox *boxes, uint32_t n, struct buf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            buf_adds(out, ", ");
        buf_adds(out, *boxes[i].address ? boxes[i].address : boxes[i].display);
    }
}

void
address_column(const char *address, const char *name, int cols, struct buf *out)
{
    if (!*address) {
        buf_adds(out, name);
        return;
    }
    size_t before = out->len;
    address_fit(address, cols, out);
    int left = cols - utf8_width(buf_str(out) + before, out->len - before);
    if (*name && left > 4) {
        buf_addc(out, ' ');
        buf_adds(out, name);
    }
}
