/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Hand-made documents and crypto results, for the tests of src/verdict. Include once per test program. */
#ifndef SP_TESTS_VERDICT_FIXTURE_H
#define SP_TESTS_VERDICT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "mime/document_build.h"
#include "base/names.h"
#include "verdict/verdict.h"

#define DATE 1700000000
#define MAX_DOCS 8

/* One message with the documents that came out of it. */
struct sample {
    struct doc_builder builder;       /* of the document being made */
    struct buf blocks[MAX_DOCS];
    const struct document *docs[MAX_DOCS];
    struct verdict_layer layers[VERDICT_MAX_LAYERS];
    struct wr_key_signature signatures[16];
    size_t signatures_n;
    const char *authservs[2];
    struct verdict_input in;
    struct arena arena;
    struct wr_verdict v;
    bool open;
};

static inline int
sample_setup(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    assert_non_null(s);
    arena_init(&s->arena);
    s->in = (struct verdict_input){.docs = s->docs, .layers = s->layers, .authservs = s->authservs, .now = DATE};
    *state = s;
    return 0;
}

static inline int
sample_teardown(void **state)
{
    struct sample *s = *state;
    for (size_t i = 0; i < s->in.docs_n; i++)
        buf_release(&s->blocks[i]);
    if (s->open)
        doc_build_release(&s->builder);
    arena_release(&s->arena);
    free(s);
    return 0;
}

/* --- documents: begin, parts in order (parents first), layers, headers; end */

static inline void
doc_begin(struct sample *s)
{
    doc_build_init(&s->builder);
    s->builder.input_len = 100000;
    s->builder.crlf = 1;
    s->open = true;
}

/* flags: LEAF is added when neither MULTIPART nor MESSAGE is there; text leaves are SHOWN unless they are attachments. */
static inline uint32_t
add_part(struct sample *s, uint32_t parent, const char *path, const char *type, uint32_t flags, const char *text)
{
    struct doc_builder *b = &s->builder;
    uint32_t i, last = DOC_NONE;
    struct doc_part *p = doc_build_part(b, &i);
    assert_non_null(p);
    p->parent = parent;
    p->path = doc_build_str(b, path);
    p->type = doc_build_str(b, type);
    p->flags = flags;
    if (!(flags & (DOC_PART_MULTIPART | DOC_PART_MESSAGE)))
        p->flags |= DOC_PART_LEAF | (text && !(flags & DOC_PART_ATTACHMENT) ? DOC_PART_SHOWN : 0u);
    if (text)
        p->text = doc_build_str(b, text);
    p->raw_len = p->body_len = 10;
    if (parent == DOC_NONE)
        return i;
    p->depth = doc_build_part_at(b, parent)->depth + 1;
    for (uint32_t c = doc_build_part_at(b, parent)->first_child; c != DOC_NONE; c = doc_build_part_at(b, c)->next_sibling)
        last = c;
    if (last == DOC_NONE)
        doc_build_part_at(b, parent)->first_child = i;
    else
        doc_build_part_at(b, last)->next_sibling = i;
    return i;
}

static inline uint32_t
add_layer(struct sample *s, enum doc_layer_kind kind, uint32_t part, uint32_t content, const char *object)
{
    uint32_t i;
    struct doc_layer *l = doc_build_layer(&s->builder, &i);
    assert_non_null(l);
    l->kind = kind;
    l->part = part;
    l->content_part = content;
    l->object = doc_build_bytes(&s->builder, object, strlen(object));
    if (kind != DOC_LAYER_INLINE_SIGNED && kind != DOC_LAYER_INLINE_ENCRYPTED)
        doc_build_part_at(&s->builder, part)->layer = i;
    return i;
}

static inline uint32_t
add_inline(struct sample *s, enum doc_layer_kind kind, uint32_t part, const char *region)
{
    struct doc_part *p = doc_build_part_at(&s->builder, part);
    const char *text = s->builder.pool.data + p->text.at, *at = strstr(text, region);
    assert_non_null(at);
    size_t offset = (size_t)(at - text);
    uint32_t i = add_layer(s, kind, part, DOC_NONE, region);
    struct doc_layer *l = (struct doc_layer *)(void *)s->builder.layers.data + i;
    l->text_at = offset;
    l->text_len = strlen(region);
    return i;
}

static inline void
add_header(struct sample *s, uint32_t part, const char *name, const char *value)
{
    struct doc_header *h = doc_build_header(&s->builder);
    assert_non_null(h);
    h->part = part;
    h->name = doc_build_str(&s->builder, name);
    h->raw = doc_build_str(&s->builder, value);
    h->value = doc_build_str(&s->builder, value);
}

static inline void
add_mailbox(struct sample *s, uint32_t part, enum doc_address_field field, uint32_t index, const char *name, const char *address)
{
    static const char *const names[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc"};
    char line[200];
    snprintf(line, sizeof line, "%s <%s>", name, address);
    add_header(s, part, names[field], line);
    struct doc_mailbox *m = doc_build_mailbox(&s->builder);
    assert_non_null(m);
    m->part = part;
    m->field = field;
    m->field_index = index;
    m->name = doc_build_str(&s->builder, name);
    m->address = doc_build_str(&s->builder, address);
    m->display = doc_build_str(&s->builder, line);
}

/* From Alice to Bob, with subject and date. */
static inline void
add_usual_header(struct sample *s, uint32_t part)
{
    add_mailbox(s, part, DOC_FROM, 0, "Alice", "alice@example.com");
    add_mailbox(s, part, DOC_TO, 0, "Bob", "bob@example.com");
    add_header(s, part, "Subject", "Hello");
    add_header(s, part, "Date", "Tue, 14 Nov 2023 22:13:20 +0000");
    s->builder.date = DATE;
}

static inline size_t
doc_end(struct sample *s)
{
    size_t i = s->in.docs_n++;
    assert_int_equal(doc_build_finish(&s->builder, &s->blocks[i]), SP_OK);
    doc_build_release(&s->builder);
    s->open = false;
    assert_int_equal(document_check(s->blocks[i].data, s->blocks[i].len, &s->docs[i]), SP_OK);
    return i;
}

/* A document that is one plain text; usual header when it is the first. */
static inline size_t
text_doc(struct sample *s, const char *text)
{
    doc_begin(s);
    uint32_t p = add_part(s, DOC_NONE, "1", "text/plain", 0, text);
    if (s->in.docs_n == 0)
        add_usual_header(s, p);
    return doc_end(s);
}

/* --- results */

static inline struct verdict_layer *
add_result(struct sample *s, size_t doc, uint32_t layer, enum sp_status st)
{
    struct verdict_layer *r = &s->layers[s->in.layers_n++];
    *r = (struct verdict_layer){.doc = doc, .layer = layer, .status = st, .inner = SIZE_MAX, .cipher = ""};
    return r;
}

/* A signature for which everything is right; change what the test is about. */
static inline struct wr_key_signature *
add_signature(struct sample *s, struct verdict_layer *r, enum sp_protocol protocol, const char *address)
{
    struct wr_identity *who = arena_alloc(&s->arena, sizeof *who);
    *who = (struct wr_identity){.name = "Signer", .address = address, .valid = 1};
    struct wr_key_signature *k = &s->signatures[s->signatures_n++];
    *k = (struct wr_key_signature){
        .protocol = (uint8_t)protocol, .status = SP_OK, .fingerprint = "ABCDEF", .key_id = "EF", .identities = who, .identities_n = 1,
        .created = DATE, .algorithm = "ed25519", .hash = "SHA256", .trust = SP_TRUST_ACCEPTED, .chain_good = 1, .issuer = "",
        .revocation = protocol == SP_PROTOCOL_SMIME ? SP_REVOCATION_UNCHECKED : SP_REVOCATION_NA,
    };
    if (r->signatures_n == 0)
        r->signatures = k;
    r->signatures_n++;
    return k;
}

static inline struct verdict_layer *
add_decrypted(struct sample *s, size_t doc, uint32_t layer, size_t inner, enum sp_integrity integrity)
{
    struct verdict_layer *r = add_result(s, doc, layer, SP_OK);
    r->decrypted = true;
    r->inner = inner;
    r->cipher = "AES256";
    r->integrity = integrity;
    return r;
}

static inline void
compute(struct sample *s)
{
    struct buf encoded = BUF_INIT;
    assert_int_equal(verdict_compute(&s->in, &s->arena, &s->v), SP_OK);
    /* It must be fit for the wire and the store: no text missing. */
    assert_int_equal(wire_encode(&wire_record_verdict, &s->v, &encoded), SP_OK);
    buf_release(&encoded);
}

static inline bool
has(const struct wr_text *list, uint32_t n, const char *text)
{
    for (uint32_t i = 0; i < n; i++)
        if (strcmp(list[i].text, text) == 0)
            return true;
    return false;
}

static inline const struct wr_warning *
warning_of(const struct wr_verdict *v, const char *id)
{
    for (uint32_t i = 0; i < v->warnings_n; i++)
        if (strcmp(v->warnings[i].id, id) == 0)
            return &v->warnings[i];
    return NULL;
}

/* multipart/signed around a text; returns the layer's number (0). */
static inline uint32_t
signed_doc(struct sample *s, enum doc_layer_kind kind, const char *text)
{
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", 0, text);
    add_part(s, root, "2", kind == DOC_LAYER_PGP_SIGNED ? "application/pgp-signature" : "application/pkcs7-signature", 0, NULL);
    if (s->in.docs_n == 0)
        add_usual_header(s, root);
    uint32_t layer = add_layer(s, kind, root, content, "signature");
    doc_end(s);
    return layer;
}

/* multipart/encrypted or an S/MIME leaf; returns the layer's number (0). */
static inline uint32_t
encrypted_doc(struct sample *s, enum doc_layer_kind kind, const char *object)
{
    doc_begin(s);
    uint32_t root;
    if (kind == DOC_LAYER_PGP_ENCRYPTED) {
        root = add_part(s, DOC_NONE, "", "multipart/encrypted", DOC_PART_MULTIPART, NULL);
        add_part(s, root, "1", "application/pgp-encrypted", 0, NULL);
        add_part(s, root, "2", "application/octet-stream", 0, NULL);
    } else {
        root = add_part(s, DOC_NONE, "1", "application/pkcs7-mime", 0, NULL);
    }
    if (s->in.docs_n == 0)
        add_usual_header(s, root);
    uint32_t layer = add_layer(s, kind, root, DOC_NONE, object);
    doc_end(s);
    return layer;
}

#endif
