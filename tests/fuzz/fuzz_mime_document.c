/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document's validator: what it lets pass can be read to the end by every accessor. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "mime/document.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
use(const struct document *d, struct doc_text t)
{
    if (strlen(doc_text(d, t)) != t.len || !utf8_valid(doc_text(d, t), t.len))
        abort();
}

static void
read_all(const struct document *d)
{
    for (uint32_t i = 0; i < d->parts.count; i++) {
        const struct doc_part *p = doc_part(d, i);
        uint32_t steps = 0;
        use(d, p->path);
        use(d, p->text);
        use(d, p->name);
        for (uint32_t c = p->first_child; c != DOC_NONE; c = doc_part(d, c)->next_sibling)
            if (doc_part(d, c)->parent != i || ++steps > d->parts.count)
                abort();
    }
    for (uint32_t i = 0; i < d->headers.count; i++)
        use(d, doc_header(d, i)->value);
    for (uint32_t i = 0; i < d->mailboxes.count; i++)
        use(d, doc_mailbox(d, i)->address);
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        use(d, l->protocol);
        if (l->text_at + l->text_len > doc_part(d, l->part)->text.len || doc_text(d, l->object)[l->object.len] != 0)
            abort();
    }
    for (uint32_t i = 0; i < d->links.count; i++)
        use(d, doc_link(d, i)->target);
    for (uint32_t i = 0; i < d->refs.count; i++)
        use(d, doc_ref(d, i)->url);
    for (uint32_t i = 0; i < d->notes.count; i++)
        use(d, doc_note(d, i)->detail);
    (void)doc_field(d, 0, "Subject", 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct document *d;
    char *copy = malloc(size ? size : 1); /* malloc aligns, as a mapping does */
    if (!copy)
        return 0;
    memcpy(copy, data, size);
    if (size >= sizeof(struct document)) {
        /* the size is the first thing that is compared: give the rest a chance */
        ((struct document *)(void *)copy)->size = (uint32_t)size;
    }
    if (document_check(copy, size, &d) == SP_OK)
        read_all(d);
    free(copy);
    return 0;
}
