/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTML to text: valid UTF-8, within the bound, links and references as valid text. The first byte chooses the charset. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
on_link(void *arg, const char *text, const char *target, uint32_t flags)
{
    (void)arg;
    (void)text;
    if (flags > 7 || !*target)
        abort();
}

static void
on_ref(void *arg, const char *url)
{
    (void)arg;
    if (!*url)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const labels[] = {"utf-8", "", "iso-8859-1", "gb18030", "utf-16", "iso-2022-jp", "utf-7", "nonsense"};
    const struct html_sink sink = {.link = on_link, .ref = on_ref};
    struct buf out = BUF_INIT;
    if (size == 0)
        return 0;
    html_to_text(&out, labels[*data % 8], (const char *)data + 1, size - 1, 100000, (*data & 8) != 0, &sink);
    if (out.len > 100000 || !utf8_valid(buf_str(&out), out.len))
        abort();
    buf_release(&out);
    return 0;
}
