/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every leaf of every document, with the layers around it (S32). What came out of a layer is listed behind the part that carried it. */
#include "internal.h"
#include "walk.h"

#include <string.h>

static void
fill_layers(struct verdict *v, const struct part_info *info, const struct document *d, uint32_t part, struct wr_part *out)
{
    const struct layer_chain *chain[VERDICT_MAX_LAYERS * 2];
    size_t n = 0;
    for (const struct layer_chain *c = info->layers; c && n < VERDICT_MAX_LAYERS * 2; c = c->outer)
        chain[n++] = c;
    while (n > 0) {
        struct wr_text *list = grow_list(v, out->layers, out->layers_n, sizeof *list);
        if (!list)
            return;
        out->layers = list;
        list[out->layers_n++].text = chain[--n]->name; /* the same kind may be there twice */
    }
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        if (l->part == part && envelope_is_inline(l->kind))
            add_text(v, &out->layers, &out->layers_n,
                l->kind == DOC_LAYER_INLINE_SIGNED ? "openpgp-inline-signed" : "openpgp-inline-encrypted");
    }
}

static bool
is_attachment(struct verdict *v, size_t doc, uint32_t part)
{
    const struct doc_part *p = doc_part(v->in->docs[doc], part);
    if (doc == v->envelope.doc && part == v->wrapping)
        return false;
    /* What is inside a forwarded message comes with that message. */
    bool closed = !v->docs[doc].parts[part].forwarded && walk_closed(v, doc, part) != DOC_NONE;
    return (p->flags & DOC_PART_ATTACHMENT) || closed;
}

static void
add_part(struct verdict *v, size_t doc, uint32_t i)
{
    const struct document *d = v->in->docs[doc];
    const struct doc_part *p = doc_part(d, i);
    bool attachment = is_attachment(v, doc, i);

    if (!(p->flags & DOC_PART_LEAF) && !attachment)
        return;
    struct wr_part *list = grow_list(v, v->out->parts, v->out->parts_n, sizeof *list);
    if (!list)
        return;
    v->out->parts = list;
    struct wr_part *out = &list[v->out->parts_n++];
    *out = (struct wr_part){
        .path = tree_path(v, doc, i),
        .type = doc_text(d, p->type),
        .charset = doc_text(d, p->charset),
        .disposition = doc_text(d, p->disposition),
        .name = doc_text(d, p->name),
        .detected_type = doc_text(d, p->detected_type),
        .size = p->size,
        .shown = (p->flags & DOC_PART_SHOWN) != 0,
        .attachment = attachment,
    };
    fill_layers(v, &v->docs[doc].parts[i], d, i, out);
}

static void
add_document(struct verdict *v, size_t doc)
{
    for (uint32_t i = 0; i < v->in->docs[doc]->parts.count && !v->nomem; i++) {
        add_part(v, doc, i);
        size_t inner = walk_inner(v, doc, i);
        if (inner != NONE)
            add_document(v, inner); /* as deep as documents are nested: VERDICT_MAX_LAYERS */
    }
}

void
parts_fill(struct verdict *v)
{
    add_document(v, 0);
}
