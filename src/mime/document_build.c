/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Builder of the document: growing tables, one pool of texts, and the final layout. */
#include "document_build.h"

#include <string.h>

#include "base/utf8.h"

static const char replacement[] = "\xef\xbf\xbd";

void
doc_build_init(struct doc_builder *b)
{
    *b = (struct doc_builder){.crlf = 1};
    buf_addc(&b->pool, 0); /* the empty text that all zeroed members point at */
}

void
doc_build_release(struct doc_builder *b)
{
    struct buf *all[] = {&b->pool, &b->headers, &b->mailboxes, &b->parts, &b->layers, &b->links, &b->refs, &b->notes};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
        buf_release(all[i]);
}

static bool
room(struct doc_builder *b, size_t len)
{
    if (b->failed || len > DOC_MAX_SIZE || b->pool.len > DOC_MAX_SIZE - len)
        b->failed = true;
    return !b->failed;
}

struct doc_text
doc_build_bytes(struct doc_builder *b, const void *s, size_t len)
{
    if (len == 0 || !room(b, len + 1))
        return (struct doc_text){0, 0};
    struct doc_text t = {(uint32_t)b->pool.len, (uint32_t)len};
    buf_add(&b->pool, s, len);
    buf_addc(&b->pool, 0);
    return t;
}

struct doc_text
doc_build_text(struct doc_builder *b, const char *s, size_t len)
{
    if (len == 0 || !room(b, len + 1))
        return (struct doc_text){0, 0};
    if (utf8_valid(s, len) && !memchr(s, 0, len))
        return doc_build_bytes(b, s, len);
    uint32_t at = (uint32_t)b->pool.len;
    for (size_t i = 0; i < len;) {
        uint32_t cp;
        size_t n = utf8_decode(s + i, len - i, &cp);
        if (cp == 0 || (n == 1 && cp == 0xfffd))
            buf_add(&b->pool, replacement, 3);
        else
            buf_add(&b->pool, s + i, n);
        i += n;
        if (!room(b, 4))
            break;
    }
    struct doc_text t = {at, (uint32_t)(b->pool.len - at)};
    buf_addc(&b->pool, 0);
    return t;
}

struct doc_text
doc_build_str(struct doc_builder *b, const char *s)
{
    return s ? doc_build_text(b, s, strlen(s)) : (struct doc_text){0, 0};
}

/* The next element of a table. A full table leaves one note, on the message itself. */
static void *
append(struct doc_builder *b, struct buf *table, size_t element, uint32_t bound, const char *note, uint32_t *index)
{
    uint32_t n = (uint32_t)(table->len / element);
    if (n >= bound) {
        if (note)
            doc_build_note(b, 0, note, NULL);
        return NULL;
    }
    char *p = buf_reserve(table, element);
    if (!p) {
        b->failed = true;
        return NULL;
    }
    memset(p, 0, element);
    buf_grown(table, element);
    if (index)
        *index = n;
    return p;
}

struct doc_header *
doc_build_header(struct doc_builder *b)
{
    return append(b, &b->headers, sizeof(struct doc_header), DOC_BOUND_HEADERS, "too-many-headers", NULL);
}

struct doc_mailbox *
doc_build_mailbox(struct doc_builder *b)
{
    return append(b, &b->mailboxes, sizeof(struct doc_mailbox), DOC_BOUND_MAILBOXES, "too-many-mailboxes", NULL);
}

struct doc_part *
doc_build_part(struct doc_builder *b, uint32_t *index)
{
    struct doc_part *p = append(b, &b->parts, sizeof(struct doc_part), DOC_BOUND_PARTS, "too-many-parts", index);
    if (p)
        p->parent = p->first_child = p->next_sibling = p->layer = DOC_NONE;
    return p;
}

struct doc_layer *
doc_build_layer(struct doc_builder *b, uint32_t *index)
{
    struct doc_layer *l = append(b, &b->layers, sizeof(struct doc_layer), DOC_BOUND_LAYERS, "too-many-layers", index);
    if (l)
        l->content_part = DOC_NONE;
    return l;
}

struct doc_link *
doc_build_link(struct doc_builder *b)
{
    return append(b, &b->links, sizeof(struct doc_link), DOC_BOUND_LINKS, "too-many-links", NULL);
}

struct doc_ref *
doc_build_ref(struct doc_builder *b)
{
    return append(b, &b->refs, sizeof(struct doc_ref), DOC_BOUND_REFS, "too-many-remote-references", NULL);
}

static bool
has_note(const struct doc_builder *b, uint32_t part, const char *id, const char *detail, size_t len)
{
    const struct doc_note *notes = (const void *)b->notes.data;
    for (size_t i = 0; i < b->notes.len / sizeof *notes; i++)
        if (notes[i].part == part && strcmp(b->pool.data + notes[i].id.at, id) == 0 && notes[i].detail.len == len &&
            (len == 0 || memcmp(b->pool.data + notes[i].detail.at, detail, len) == 0))
            return true;
    return false;
}

void
doc_build_note(struct doc_builder *b, uint32_t part, const char *id, const char *detail)
{
    if (!detail)
        detail = "";
    size_t len = strlen(detail);
    if (len > DOC_BOUND_DETAIL)
        for (len = DOC_BOUND_DETAIL; len > 0 && (detail[len] & 0xc0) == 0x80;)
            len--;
    if (b->failed || has_note(b, part, id, detail, len))
        return;
    struct doc_note *n = append(b, &b->notes, sizeof *n, DOC_BOUND_NOTES, NULL, NULL);
    if (!n)
        return;
    n->part = part;
    n->id = doc_build_str(b, id);
    n->detail = doc_build_text(b, detail, len);
}

struct doc_part *
doc_build_part_at(struct doc_builder *b, uint32_t i)
{
    return (struct doc_part *)(void *)b->parts.data + i;
}

uint32_t
doc_build_parts(const struct doc_builder *b)
{
    return (uint32_t)(b->parts.len / sizeof(struct doc_part));
}

/* Adds the pool's place in the block to the texts of each element; `texts` are the offsets of the doc_text members. */
static void
relocate(struct buf *table, size_t element, const size_t *texts, size_t n_texts, uint32_t pool_at)
{
    for (size_t at = 0; at + element <= table->len; at += element)
        for (size_t k = 0; k < n_texts; k++) {
            struct doc_text *t = (struct doc_text *)(void *)(table->data + at + texts[k]);
            t->at += pool_at;
        }
}

#define OFF(type, member) offsetof(struct doc_##type, member)
static const size_t header_texts[] = {OFF(header, name), OFF(header, raw), OFF(header, value)};
static const size_t mailbox_texts[] = {OFF(mailbox, name), OFF(mailbox, address), OFF(mailbox, display)};
static const size_t part_texts[] = {OFF(part, path), OFF(part, type), OFF(part, charset), OFF(part, disposition), OFF(part, name),
                                    OFF(part, detected_type), OFF(part, encoding), OFF(part, content_id), OFF(part, text)};
static const size_t layer_texts[] = {OFF(layer, object), OFF(layer, micalg), OFF(layer, protocol), OFF(layer, smime_type)};
static const size_t link_texts[] = {OFF(link, text), OFF(link, target)};
static const size_t ref_texts[] = {OFF(ref, url)};
static const size_t note_texts[] = {OFF(note, id), OFF(note, detail)};

enum sp_status
doc_build_finish(struct doc_builder *b, struct buf *out)
{
    struct document d = {.magic = DOC_MAGIC, .version = DOC_VERSION, .input_len = b->input_len, .date = b->date, .crlf = b->crlf};
    struct {
        struct buf *rows;
        struct doc_table *table;
        size_t element;
        const size_t *texts;
        size_t n_texts;
    } tables[] = {
#define T(member, type) {&b->member, &d.member, sizeof(struct doc_##type), type##_texts, sizeof type##_texts / sizeof type##_texts[0]}
        T(headers, header), T(mailboxes, mailbox), T(parts, part), T(layers, layer), T(links, link), T(refs, ref), T(notes, note),
#undef T
    };
    size_t at = sizeof d, n = sizeof tables / sizeof tables[0];
    static const char zeros[8] = "";

    for (size_t i = 0; i < n; i++) {
        if (tables[i].rows->failed)
            return SP_NOMEM;
        at = (at + 7) & ~(size_t)7;
        *tables[i].table = (struct doc_table){(uint32_t)at, (uint32_t)(tables[i].rows->len / tables[i].element)};
        at += tables[i].rows->len;
        if (at > DOC_MAX_SIZE)
            return SP_TOO_LARGE;
    }
    if (b->pool.failed)
        return SP_NOMEM;
    if (b->failed || at + b->pool.len > DOC_MAX_SIZE)
        return SP_TOO_LARGE;
    d.size = (uint32_t)(at + b->pool.len);
    buf_add(out, &d, sizeof d);
    for (size_t i = 0; i < n; i++) {
        relocate(tables[i].rows, tables[i].element, tables[i].texts, tables[i].n_texts, (uint32_t)at);
        buf_add(out, zeros, tables[i].table->at - out->len);
        if (tables[i].rows->len)
            buf_add(out, tables[i].rows->data, tables[i].rows->len);
    }
    buf_add(out, b->pool.data, b->pool.len);
    return buf_status(out);
}
