/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Wrapping hostile text: every row is valid, fits its columns and lies in the safe text; an address in few columns stays in them; a
   suggested file name becomes a safe one. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/safetext.h"
#include "base/utf8.h"
#include "ui/address.h"
#include "ui/pager.h"
#include "ui/save.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int condition)
{
    if (!condition)
        abort();
}

static void
check_rows(const struct pager *p, int width)
{
    for (size_t i = 0; i < p->rows_n; i++) {
        const struct pager_row *row = &p->rows[i];
        must(row->at + row->len <= p->safe.len);
        const char *s = buf_str(&p->safe) + row->at;
        must(utf8_valid(s, row->len));
        int used = utf8_width(s, row->len);
        /* A row too narrow for a wide character holds just that. */
        must(used + row->indent <= width || used <= 4);
        must(row->block < p->blocks_n);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct pager p;
    struct buf out = BUF_INIT;
    char *text = malloc(size + 1);
    if (!text || size < 2) {
        free(text);
        return 0;
    }
    int width = 4 + data[0] % 120, indent = data[1] % 10;
    memcpy(text, data + 2, size - 2);
    text[size - 2] = 0;

    pager_init(&p);
    pager_text(&p, text, size - 2);
    pager_add(&p, STYLE_NORMAL, indent < width ? indent : 0, text);
    pager_framed(&p, STYLE_LABEL, text, text, size - 2);
    pager_measure(&p, width);
    check_rows(&p, width);
    (void)pager_find(&p, "a");
    pager_measure(&p, width / 2 + 4);
    check_rows(&p, width / 2 + 4);
    pager_release(&p);

    address_fit(text, width, &out);
    must(utf8_width(buf_str(&out), out.len) <= width);
    buf_clear(&out);
    save_safe_name(text, &out);
    must(out.len > 0 && out.len < 200 && utf8_valid(out.data, out.len) && !memchr(out.data, '/', out.len) && out.data[0] != '.' && out.data[0] != '-');
    buf_release(&out);
    free(text);
    return 0;
}
