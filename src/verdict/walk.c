/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reading order of nested documents. */
#include "walk.h"

uint32_t
walk_layer(const struct verdict *v, size_t doc, uint32_t part)
{
    const struct document *d = v->in->docs[doc];
    const struct doc_part *p = doc_part(d, part);
    uint32_t at = p->layer;

    if (at >= d->layers.count && p->parent < d->parts.count && p->next_sibling >= d->parts.count) {
        at = doc_part(d, p->parent)->layer;
        if (at < d->layers.count && doc_layer(d, at)->kind != DOC_LAYER_PGP_ENCRYPTED)
            return DOC_NONE;
    }
    if (at >= d->layers.count)
        return DOC_NONE;
    uint32_t kind = doc_layer(d, at)->kind;
    bool leaf = (p->flags & DOC_PART_LEAF) != 0;
    return leaf && (kind == DOC_LAYER_PGP_ENCRYPTED || kind == DOC_LAYER_SMIME_OPAQUE || kind == DOC_LAYER_SMIME_ENCRYPTED)
               ? at : DOC_NONE;
}

size_t
walk_inner(const struct verdict *v, size_t doc, uint32_t part)
{
    uint32_t layer = walk_layer(v, doc, part);
    size_t inner = layer == DOC_NONE ? NONE : envelope_inner(v->in, envelope_result(v->in, doc, layer));
    /* A document has one place, whatever the input says. */
    if (inner == NONE || !v->docs[inner].reached || v->docs[inner].from == NONE)
        return NONE;
    const struct verdict_layer *from = &v->in->layers[v->docs[inner].from];
    return from->doc == doc && from->layer == layer ? inner : NONE;
}

uint32_t
walk_closed(const struct verdict *v, size_t doc, uint32_t part)
{
    uint32_t layer = walk_layer(v, doc, part);
    if (layer == DOC_NONE || !envelope_is_encryption(doc_layer(v->in->docs[doc], layer)->kind))
        return DOC_NONE;
    for (size_t i = 0; i < v->envelope.n; i++)
        if (v->envelope.layers[i].doc == doc && v->envelope.layers[i].layer == layer)
            return DOC_NONE;
    return walk_inner(v, doc, part) == NONE ? layer : DOC_NONE;
}
