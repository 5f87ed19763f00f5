/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import: whatever the message, the document it gives passes the validator, every part can be extracted by its path, and the header
   summary is valid. */
#include <stdint.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "mime/document.h"
#include "mime/extract.h"
#include "mime/headers.h"
#include "mime/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct mime_tools *
tools(void)
{
    static struct mime_tools shared;
    static bool ready;
    if (!ready && mime_tools_init(&shared) != SP_OK)
        abort();
    ready = true;
    return &shared;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *bytes = (const char *)data;
    struct buf block = BUF_INIT;
    const struct document *d;
    enum sp_status st = mime_import(tools(), bytes, size, &block);

    if (st != SP_OK && st != SP_NOT_A_MESSAGE)
        abort();
    if (st == SP_OK) {
        if (document_check(block.data, block.len, &d) != SP_OK)
            abort();
        for (uint32_t i = 0; i < d->parts.count && i < 4; i++) {
            struct mime_part part;
            if (mime_extract(tools(), bytes, size, doc_text(d, doc_part(d, i)->path), &part) != SP_OK)
                abort();
            mime_part_release(&part);
        }
    }
    buf_release(&block);
    return 0;
}
