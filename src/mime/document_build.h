/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Collects the tables and texts of a document and lays the block out (parse role only). Out of memory or beyond DOC_MAX_SIZE
   marks it failed; later calls do nothing, so callers test once, at doc_build_finish. */
#ifndef SP_MIME_DOCUMENT_BUILD_H
#define SP_MIME_DOCUMENT_BUILD_H

#include "base/buf.h"
#include "document.h"

/* Bounds on one message (S35). Beyond one: a note, and the message as far as it goes. */
#define DOC_BOUND_PARTS 2000u
#define DOC_BOUND_DEPTH 64u
#define DOC_BOUND_HEADERS 20000u
#define DOC_BOUND_HEADER_BYTES ((size_t)1048576)
#define DOC_BOUND_MAILBOXES 10000u
#define DOC_BOUND_LINKS 5000u
#define DOC_BOUND_REFS 5000u
#define DOC_BOUND_NOTES 500u
#define DOC_BOUND_LAYERS 500u
#define DOC_BOUND_PART_TEXT ((size_t)8388608)
#define DOC_BOUND_TEXT ((size_t)50331648)
#define DOC_BOUND_DETAIL 400u

struct doc_builder {
    struct buf pool;      /* all texts, each followed by a NUL; doc_text.at is an offset in here until finish */
    struct buf headers, mailboxes, parts, layers, links, refs, notes; /* arrays of the tables' structs */
    uint64_t input_len;
    int64_t date;
    uint32_t crlf;
    bool failed;
};

void doc_build_init(struct doc_builder *b);
void doc_build_release(struct doc_builder *b);
/* A copy of text made valid UTF-8 (what is invalid, and NUL, becomes U+FFFD). s may be NULL when len is 0. */
struct doc_text doc_build_text(struct doc_builder *b, const char *s, size_t len);
struct doc_text doc_build_str(struct doc_builder *b, const char *s);
/* A copy of bytes as they are. */
struct doc_text doc_build_bytes(struct doc_builder *b, const void *s, size_t len);
/* Each appends a zeroed element and returns it (valid until the next append to the same table), with every text empty; NULL
   when the table's bound is reached (a "too-many-..." note was added once) or memory ran out. *index may be NULL. */
struct doc_header *doc_build_header(struct doc_builder *b);
struct doc_mailbox *doc_build_mailbox(struct doc_builder *b);
struct doc_part *doc_build_part(struct doc_builder *b, uint32_t *index);
struct doc_layer *doc_build_layer(struct doc_builder *b, uint32_t *index);
struct doc_link *doc_build_link(struct doc_builder *b);
struct doc_ref *doc_build_ref(struct doc_builder *b);
/* detail may be NULL; it is cut to DOC_BOUND_DETAIL bytes. The same note is kept only once per part. */
void doc_build_note(struct doc_builder *b, uint32_t part, const char *id, const char *detail);

struct doc_part *doc_build_part_at(struct doc_builder *b, uint32_t i);
uint32_t doc_build_parts(const struct doc_builder *b);
/* Lays the block out and hands it over in *out (owned by the caller, malloc'ed, so aligned). SP_NOMEM or SP_TOO_LARGE. */
enum sp_status doc_build_finish(struct doc_builder *b, struct buf *out) SP_MUST_USE;

#endif
