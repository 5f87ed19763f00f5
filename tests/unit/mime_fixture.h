/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the tests of the MIME room share: importing a text, finding parts and notes in the document. */
#ifndef SP_TEST_MIME_FIXTURE_H
#define SP_TEST_MIME_FIXTURE_H

#include <stdlib.h>
#include <string.h>

#include "mime/document.h"
#include "mime/import.h"
#include "unit.h"

struct parsed {
    struct buf block;
    const struct document *d;
};

static inline void
parse_bytes(struct mime_tools *tools, const char *bytes, size_t len, struct parsed *p)
{
    *p = (struct parsed){.block = BUF_INIT};
    assert_int_equal(mime_import(tools, bytes, len, &p->block), SP_OK);
    assert_int_equal(document_check(p->block.data, p->block.len, &p->d), SP_OK);
}

static inline void
parse_text(struct mime_tools *tools, const char *text, struct parsed *p)
{
    parse_bytes(tools, text, strlen(text), p);
}

static inline void
parsed_release(struct parsed *p)
{
    buf_release(&p->block);
}

static inline const struct doc_part *
part_by_path(const struct document *d, const char *path)
{
    for (uint32_t i = 0; i < d->parts.count; i++)
        if (strcmp(doc_text(d, doc_part(d, i)->path), path) == 0)
            return doc_part(d, i);
    fail_msg("no part %s", path);
    return NULL;
}

static inline const char *
note_detail(const struct document *d, const char *id)
{
    for (uint32_t i = 0; i < d->notes.count; i++)
        if (strcmp(doc_text(d, doc_note(d, i)->id), id) == 0)
            return doc_text(d, doc_note(d, i)->detail);
    return NULL;
}

static inline int
tools_setup(void **state)
{
    struct mime_tools *tools = calloc(1, sizeof *tools);
    if (!tools || mime_tools_init(tools) != SP_OK)
        return -1;
    *state = tools;
    return 0;
}

static inline int
tools_teardown(void **state)
{
    struct mime_tools *tools = *state;
    mime_tools_release(tools);
    free(tools);
    return 0;
}

#endif
