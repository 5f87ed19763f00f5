/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document's validator and accessors. Needs no MIME library: it is linked into every reader of documents. */
#include "document.h"

#include <string.h>
#include <strings.h>

#include "base/utf8.h"

#define ALL_PART_FLAGS ((DOC_PART_LEGACY_DISPLAY << 1) - 1)
#define ALL_LINK_FLAGS ((DOC_LINK_IMAGE << 1) - 1)

/* What a check carries along. text_left bounds the sum of all texts: the builder stores each text once, so that checking
   UTF-8 stays linear however many members point at the same bytes. */
struct check {
    const char *base;
    const struct document *d;
    size_t text_left;
};

static bool
table_ok(const struct document *d, struct doc_table t, size_t element)
{
    return t.at % 8 == 0 && t.at >= sizeof *d && t.at <= d->size && t.count <= (d->size - t.at) / element;
}

static bool
bytes_ok(struct check *c, struct doc_text t)
{
    if (t.at < sizeof *c->d || t.at >= c->d->size || t.len > c->d->size - 1 - t.at || t.len > c->text_left)
        return false;
    c->text_left -= t.len;
    return c->base[(size_t)t.at + t.len] == 0;
}

static bool
text_ok(struct check *c, struct doc_text t)
{
    return bytes_ok(c, t) && !memchr(c->base + t.at, 0, t.len) && utf8_valid(c->base + t.at, t.len);
}

static bool
range_ok(uint64_t at, uint64_t len, uint64_t outer_at, uint64_t outer_len)
{
    return at >= outer_at && at - outer_at <= outer_len && len <= outer_len - (at - outer_at);
}

/* "" or numbers with single dots between: "1.2" */
static bool
path_ok(const char *s)
{
    bool digit = false;
    if (!*s)
        return true;
    for (; *s; s++) {
        if (*s == '.' && !digit)
            return false;
        if (*s != '.' && (*s < '0' || *s > '9'))
            return false;
        digit = *s != '.';
    }
    return digit;
}

static bool
headers_ok(struct check *c)
{
    for (uint32_t i = 0; i < c->d->headers.count; i++) {
        const struct doc_header *h = doc_header(c->d, i);
        if (h->part >= c->d->parts.count || !text_ok(c, h->name) || !bytes_ok(c, h->raw) || !text_ok(c, h->value))
            return false;
    }
    return true;
}

static bool
mailboxes_ok(struct check *c)
{
    for (uint32_t i = 0; i < c->d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(c->d, i);
        if (m->part >= c->d->parts.count || m->field > DOC_BCC || !text_ok(c, m->name) || !text_ok(c, m->address) ||
            !text_ok(c, m->display))
            return false;
    }
    return true;
}

/* Each part but the root hangs on its parent's chain exactly once: it is the parent's first child when it directly follows
   it, and whoever says "next sibling" names a later part with the same parent that nobody named before. */
static bool
part_links_ok(const struct document *d, uint32_t i)
{
    const struct doc_part *p = doc_part(d, i);
    uint32_t n = d->parts.count;

    if (i == 0 && (p->parent != DOC_NONE || p->next_sibling != DOC_NONE || p->depth != 0))
        return false;
    if (i > 0) {
        if (p->parent >= i)
            return false;
        const struct doc_part *up = doc_part(d, p->parent);
        if (p->depth != up->depth + 1 || up->first_child == DOC_NONE || up->first_child > i)
            return false;
        if (!range_ok(p->raw_at, p->raw_len, up->body_at, up->body_len))
            return false;
    }
    /* Reading order: a first child directly follows its parent, and the next sibling directly follows the last descendant. */
    if (p->first_child != DOC_NONE && (p->first_child != i + 1 || p->first_child >= n || doc_part(d, i + 1)->parent != i))
        return false;
    if (p->first_child == DOC_NONE && i + 1 < n && doc_part(d, i + 1)->parent == i)
        return false;
    if (p->next_sibling != DOC_NONE &&
        (p->next_sibling <= i || p->next_sibling >= n || doc_part(d, p->next_sibling)->parent != p->parent))
        return false;
    return true;
}

/* Second pass, when all links are in range: following first child / next sibling visits 0, 1, 2, ... without a gap. */
static bool
tree_ok(const struct document *d)
{
    for (uint32_t i = 0; i + 1 < d->parts.count; i++) {
        const struct doc_part *p = doc_part(d, i);
        uint32_t next = p->first_child;
        while (next == DOC_NONE && p->parent != DOC_NONE) {
            next = p->next_sibling;
            p = doc_part(d, p->parent);
        }
        if (next != i + 1)
            return false;
    }
    /* the last part and all above it have nothing after them */
    const struct doc_part *p = doc_part(d, d->parts.count - 1);
    if (p->first_child != DOC_NONE)
        return false;
    for (; p->parent != DOC_NONE; p = doc_part(d, p->parent))
        if (p->next_sibling != DOC_NONE)
            return false;
    return true;
}

static bool
part_ok(struct check *c, uint32_t i)
{
    const struct document *d = c->d;
    const struct doc_part *p = doc_part(d, i);
    const struct doc_text texts[] = {p->path, p->type, p->charset, p->disposition, p->name, p->detected_type,
                                     p->encoding, p->content_id, p->text};
    uint32_t kind = p->flags & (DOC_PART_LEAF | DOC_PART_MULTIPART | DOC_PART_MESSAGE);

    if (p->flags & ~(uint32_t)ALL_PART_FLAGS || kind == 0 || (kind & (kind - 1)))
        return false;
    if (kind == DOC_PART_LEAF ? p->first_child != DOC_NONE : (p->flags & DOC_PART_SHOWN) != 0)
        return false;
    if (p->layer != DOC_NONE && p->layer >= d->layers.count)
        return false;
    if (!range_ok(p->raw_at, p->raw_len, 0, d->input_len) || !range_ok(p->body_at, p->body_len, p->raw_at, p->raw_len))
        return false;
    for (size_t k = 0; k < sizeof texts / sizeof texts[0]; k++)
        if (!text_ok(c, texts[k]))
            return false;
    return path_ok(doc_text(d, p->path));
}

static bool
parts_ok(struct check *c)
{
    if (c->d->parts.count == 0)
        return false;
    for (uint32_t i = 0; i < c->d->parts.count; i++)
        if (!part_ok(c, i) || !part_links_ok(c->d, i))
            return false;
    return tree_ok(c->d);
}

static bool
boundary_at(const struct document *d, struct doc_text t, uint64_t at)
{
    return at == t.len || (doc_text(d, t)[at] & 0xc0) != 0x80;
}

static bool
layers_ok(struct check *c)
{
    const struct document *d = c->d;
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        if (l->kind >= DOC_LAYER_KINDS || l->part >= d->parts.count || l->malformed > 1)
            return false;
        if (l->content_part != DOC_NONE &&
            (l->content_part >= d->parts.count || doc_part(d, l->content_part)->parent != l->part))
            return false;
        if (!range_ok(l->signed_at, l->signed_len, 0, d->input_len))
            return false;
        if (!bytes_ok(c, l->object) || !text_ok(c, l->micalg) || !text_ok(c, l->protocol) || !text_ok(c, l->smime_type))
            return false;
        struct doc_text t = doc_part(d, l->part)->text;
        if (!range_ok(l->text_at, l->text_len, 0, t.len) || !boundary_at(d, t, l->text_at) ||
            !boundary_at(d, t, l->text_at + l->text_len))
            return false;
    }
    return true;
}

static bool
rest_ok(struct check *c)
{
    const struct document *d = c->d;
    for (uint32_t i = 0; i < d->links.count; i++) {
        const struct doc_link *l = doc_link(d, i);
        if (l->part >= d->parts.count || l->flags & ~(uint32_t)ALL_LINK_FLAGS || !text_ok(c, l->text) || !text_ok(c, l->target))
            return false;
    }
    for (uint32_t i = 0; i < d->refs.count; i++) {
        const struct doc_ref *r = doc_ref(d, i);
        if (r->part >= d->parts.count || r->flags || !text_ok(c, r->url))
            return false;
    }
    for (uint32_t i = 0; i < d->notes.count; i++) {
        const struct doc_note *n = doc_note(d, i);
        if (n->part >= d->parts.count || n->reserved || !text_ok(c, n->id) || !text_ok(c, n->detail))
            return false;
    }
    return true;
}

enum sp_status
document_check(const void *bytes, size_t len, const struct document **doc)
{
    const struct document *d = bytes;

    *doc = NULL;
    if (len < sizeof *d)
        return SP_SHORT;
    if (len > DOC_MAX_SIZE)
        return SP_TOO_LARGE;
    if ((uintptr_t)bytes % 8)
        return SP_INVALID;
    if (d->magic != DOC_MAGIC || d->version != DOC_VERSION || d->size > len)
        return d->size > len && d->magic == DOC_MAGIC ? SP_SHORT : SP_INVALID;
    if (d->size != len || d->flags || d->crlf > 1 || d->reserved || d->date < -((int64_t)1 << 48) ||
        d->date > (int64_t)1 << 48 || d->input_len > (uint64_t)1 << 48)
        return SP_INVALID;
    if (!table_ok(d, d->headers, sizeof(struct doc_header)) || !table_ok(d, d->mailboxes, sizeof(struct doc_mailbox)) ||
        !table_ok(d, d->parts, sizeof(struct doc_part)) || !table_ok(d, d->layers, sizeof(struct doc_layer)) ||
        !table_ok(d, d->links, sizeof(struct doc_link)) || !table_ok(d, d->refs, sizeof(struct doc_ref)) ||
        !table_ok(d, d->notes, sizeof(struct doc_note)))
        return SP_INVALID;
    struct check c = {.base = bytes, .d = d, .text_left = len};
    if (!parts_ok(&c) || !headers_ok(&c) || !mailboxes_ok(&c) || !layers_ok(&c) || !rest_ok(&c))
        return SP_INVALID;
    *doc = d;
    return SP_OK;
}

/* ---- accessors */

const char *
doc_text(const struct document *d, struct doc_text t)
{
    return (const char *)d + t.at;
}

#define ACCESSOR(name, table)                                                        \
    const struct doc_##name *doc_##name(const struct document *d, uint32_t i)        \
    {                                                                                \
        return (const struct doc_##name *)(const void *)((const char *)d + d->table.at) + i; \
    }
ACCESSOR(header, headers)
ACCESSOR(mailbox, mailboxes)
ACCESSOR(part, parts)
ACCESSOR(layer, layers)
ACCESSOR(link, links)
ACCESSOR(ref, refs)
ACCESSOR(note, notes)

const char *
doc_field(const struct document *d, uint32_t part, const char *name, unsigned nth)
{
    for (uint32_t i = 0; i < d->headers.count; i++) {
        const struct doc_header *h = doc_header(d, i);
        if (h->part == part && strcasecmp(doc_text(d, h->name), name) == 0 && nth-- == 0)
            return doc_text(d, h->value);
    }
    return NULL;
}
