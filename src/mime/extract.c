/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Extraction of one part. The path and the name are taken from the document itself, so that what is saved is what was shown (S36). */
#include "extract.h"

#include <string.h>

#include "decode.h"
#include "import_parts.h"

void
mime_part_release(struct mime_part *p)
{
    buf_release(&p->content);
    buf_release(&p->name);
    buf_release(&p->type);
}

static uint32_t
find_part(const struct import *im, const char *path)
{
    for (uint32_t i = 0; i < doc_build_parts(&im->doc); i++) {
        const struct doc_part *p = (const struct doc_part *)(const void *)im->doc.parts.data + i;
        if (strcmp(import_str(im, p->path), path) == 0)
            return i;
    }
    return DOC_NONE;
}

enum sp_status
mime_extract(struct mime_tools *tools, const char *bytes, size_t len, const char *path, struct mime_part *out)
{
    struct import im = {.tools = tools, .in = bytes, .len = len};

    *out = (struct mime_part){.content = BUF_INIT};
    doc_build_init(&im.doc);
    scan_init(&im.scan, bytes, len, tools->options, &im.doc);
    enum sp_status st = scan_message(&im.scan);
    if (!st)
        st = import_structure(&im);
    uint32_t i = st ? DOC_NONE : find_part(&im, path);
    if (!st && i == DOC_NONE)
        st = SP_NOT_FOUND;
    if (!st) {
        const struct scan_entity *e = scan_at(&im.scan, i);
        import_disposition(&im, i);
        const struct doc_part *p = doc_build_part_at(&im.doc, i);
        buf_adds(&out->name, import_str(&im, p->name));
        buf_adds(&out->type, e->type);
        GMimeContentEncoding encoding = e->kind == SCAN_LEAF && !e->broken ? e->encoding : GMIME_CONTENT_ENCODING_BINARY;
        (void)decode_content(encoding, bytes + e->body_at, e->body_len, &out->content, SIZE_MAX, NULL);
        st = buf_status(&out->content);
    }
    scan_release(&im.scan);
    doc_build_release(&im.doc);
    return st;
}
