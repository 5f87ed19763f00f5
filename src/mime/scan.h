/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structure of a message as exact byte ranges: entities, their header fields, multipart children (RFC 2046 section 5.1).

   GMime keeps no exact range of an entity whose headers or delimiters are unusual, and the bytes under a signature must be
   exactly those that are shown (S14): so the split is done here, once, in one pass per level, outermost delimiter first; GMime
   then reads values and decodes content inside these ranges. Every range is a range of the input. */
#ifndef SP_MIME_SCAN_H
#define SP_MIME_SCAN_H

#include "document_build.h"
#include "value.h"

struct scan_field {
    size_t name_at, name_len, value_at, value_len; /* value: after the colon, folding kept, without the final line end */
};

enum scan_kind { SCAN_LEAF, SCAN_MULTIPART, SCAN_MESSAGE };

struct scan_entity {
    uint32_t parent, first_child, next_sibling, depth; /* DOC_NONE where there is none */
    uint32_t children, numbered;       /* numbered: for the giving out of section numbers */
    enum scan_kind kind;
    bool broken;                       /* a multipart of which no part was found: a leaf */
    size_t raw_at, raw_len, body_at, body_len;
    size_t first_field, n_fields;      /* in scan.fields */
    GMimeContentType *ct;              /* owned; never NULL */
    char *type;                        /* owned; "text/plain", lower case */
    GMimeContentEncoding encoding;
};

struct scan {
    const char *in;                    /* borrowed */
    size_t len;
    GMimeParserOptions *options;       /* borrowed */
    struct doc_builder *notes;         /* borrowed; NULL: nobody wants notes. Entity numbers are part numbers. */
    struct buf entities, fields;       /* struct scan_entity, struct scan_field; parents first, reading order */
    size_t header_bytes;               /* left of DOC_BOUND_HEADER_BYTES */
    size_t work;                       /* bytes that may still be searched for delimiters */
    bool headers_only;                 /* do not descend */
};

void scan_init(struct scan *s, const char *in, size_t len, GMimeParserOptions *options, struct doc_builder *notes);
void scan_release(struct scan *s);
/* SP_OK, SP_NOMEM, or SP_NOT_A_MESSAGE when the input neither starts with a header field nor with an empty line. */
enum sp_status scan_message(struct scan *s) SP_MUST_USE;
/* Only the header block at the start of the input: entity 0 without children. Same results. */
enum sp_status scan_headers(struct scan *s) SP_MUST_USE;

uint32_t scan_count(const struct scan *s);
struct scan_entity *scan_at(const struct scan *s, uint32_t i);
const struct scan_field *scan_field_at(const struct scan *s, size_t i);
/* The nth field of that name on an entity; NULL when there is none. */
const struct scan_field *scan_find(const struct scan *s, const struct scan_entity *e, const char *name, unsigned nth);
bool scan_field_is(const struct scan *s, const struct scan_field *f, const char *name);

#endif
