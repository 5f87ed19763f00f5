/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where every part of every document stands: path, layers around it, the frame its text is drawn in. Documents come out of each
   other's layers, later ones out of earlier ones; parts stand behind their parents. So everything is one pass, no recursion. */
#include "internal.h"

#include <string.h>

#define MAX_PATH 2048

static size_t
doc_origin(const struct verdict_input *in, size_t doc)
{
    for (size_t i = 0; doc != 0 && i < in->layers_n; i++) {
        const struct verdict_layer *r = &in->layers[i];
        if (r->doc < in->docs_n && r->layer < in->docs[r->doc]->layers.count && envelope_inner(in, r) == doc)
            return i;
    }
    return NONE;
}

/* The part that carries a layer's bytes: of multipart/encrypted the second one. */
static uint32_t
carrier(const struct document *d, const struct doc_layer *l)
{
    if (l->kind != DOC_LAYER_PGP_ENCRYPTED)
        return l->part;
    uint32_t first = doc_part(d, l->part)->first_child;
    uint32_t second = first < d->parts.count ? doc_part(d, first)->next_sibling : DOC_NONE;
    return second < d->parts.count ? second : l->part;
}

/* Puts a path in front of out; what does not fit leaves out empty. */
static void
prepend(const char *up, char out[MAX_PATH])
{
    size_t up_len = strlen(up), len = strlen(out);
    bool dot = up_len && len;
    if (up_len + dot + len >= MAX_PATH) {
        out[0] = '\0';
        return;
    }
    memmove(out + up_len + dot, out, len + 1);
    memcpy(out, up, up_len);
    if (dot)
        out[up_len] = '.';
}

/* Writes the path; "" when it does not fit. */
static void
path_of(const struct verdict_input *in, size_t doc, uint32_t part, char out[MAX_PATH])
{
    out[0] = '\0';
    prepend(doc_text(in->docs[doc], doc_part(in->docs[doc], part)->path), out);
    for (size_t origin; (origin = doc_origin(in, doc)) != NONE;) {
        const struct verdict_layer *r = &in->layers[origin];
        const struct document *d = in->docs[r->doc];
        prepend(doc_text(d, doc_part(d, carrier(d, doc_layer(d, r->layer)))->path), out);
        doc = r->doc;
    }
}

const char *
tree_path(struct verdict *v, size_t doc, uint32_t part)
{
    char path[MAX_PATH];
    path_of(v->in, doc, part, path);
    const char *copy = copy_text(v, path, strlen(path));
    return copy ? copy : "";
}

bool
envelope_find(const struct verdict_input *in, const char *path, size_t *doc, uint32_t *layer)
{
    char at[MAX_PATH];
    for (size_t i = 0; i < in->docs_n; i++) {
        const struct document *d = in->docs[i];
        for (uint32_t k = 0; k < d->layers.count; k++) {
            const struct doc_layer *l = doc_layer(d, k);
            if (!envelope_is_encryption(l->kind))
                continue;
            path_of(in, i, l->part, at);
            bool found = strcmp(at, path) == 0;
            path_of(in, i, carrier(d, l), at);
            if (found || strcmp(at, path) == 0) {
                *doc = i;
                *layer = k;
                return true;
            }
        }
    }
    return false;
}

bool
verdict_find_part(const struct verdict_input *in, const char *path, size_t *doc, uint32_t *part)
{
    char at[MAX_PATH];
    for (size_t i = 0; i < in->docs_n; i++) {
        for (uint32_t k = 0; k < in->docs[i]->parts.count; k++) {
            if (doc_part(in->docs[i], k)->flags & DOC_PART_MULTIPART)
                continue;
            path_of(in, i, k, at);
            if (strcmp(at, path) == 0) {
                *doc = i;
                *part = k;
                return true;
            }
        }
    }
    return false;
}

/* --- layers and frames */

static const char *
layer_name(uint32_t kind)
{
    static const char *const names[DOC_LAYER_KINDS] = {
        [DOC_LAYER_PGP_SIGNED] = "openpgp-signed",
        [DOC_LAYER_PGP_ENCRYPTED] = "openpgp-encrypted",
        [DOC_LAYER_SMIME_SIGNED] = "smime-signed",
        [DOC_LAYER_SMIME_OPAQUE] = "smime-signed",
        [DOC_LAYER_SMIME_ENCRYPTED] = "smime-encrypted",
        [DOC_LAYER_INLINE_SIGNED] = "openpgp-inline-signed",
        [DOC_LAYER_INLINE_ENCRYPTED] = "openpgp-inline-encrypted",
    };
    return kind < DOC_LAYER_KINDS ? names[kind] : "?";
}

static const struct layer_chain *
chain_add(struct verdict *v, const struct layer_chain *outer, uint32_t kind)
{
    struct layer_chain *c = arena_alloc(v->arena, sizeof *c);
    if (!c) {
        v->nomem = true;
        return outer;
    }
    *c = (struct layer_chain){outer, layer_name(kind)};
    return c;
}

static const struct frame *
frame_new(struct verdict *v, struct frame f)
{
    struct frame *copy = arena_alloc(v->arena, sizeof *copy);
    if (!copy) {
        v->nomem = true;
        return NULL;
    }
    *copy = f;
    return copy;
}

static bool
in_envelope(const struct verdict *v, size_t doc, uint32_t layer)
{
    for (size_t i = 0; i < v->envelope.n; i++)
        if (v->envelope.layers[i].doc == doc && v->envelope.layers[i].layer == layer)
            return true;
    return false;
}

/* The one layer whose signed content is exactly this part, or DOC_NONE. */
static uint32_t
signed_content(const struct document *d, uint32_t part)
{
    uint32_t parent = doc_part(d, part)->parent;
    uint32_t at = parent < d->parts.count ? doc_part(d, parent)->layer : DOC_NONE;
    return at < d->layers.count && doc_layer(d, at)->part == parent && doc_layer(d, at)->content_part == part ? at : DOC_NONE;
}

/* What the root of a document has from the layer that it came out of. */
static struct part_info
root_info(struct verdict *v, size_t doc)
{
    struct part_info info = {.frame = NULL};
    size_t from = v->docs[doc].from;
    if (from == NONE)
        return info;
    const struct verdict_layer *r = &v->in->layers[from];
    const struct doc_layer *l = doc_layer(v->in->docs[r->doc], r->layer);
    const struct part_info *up = &v->docs[r->doc].parts[l->part];
    bool whole = in_envelope(v, r->doc, r->layer);
    info = *up;
    if (!envelope_is_inline(l->kind))
        info.layers = chain_add(v, up->layers, l->kind);
    if (!whole) {
        bool alone = r->decrypted && !(r->doc == 0 && r->layer == envelope_inline_whole(v->in, &v->envelope));
        info.frame = frame_new(v, (struct frame){.kind = FRAME_LAYER, .doc = r->doc, .part = l->part, .layer = r->layer,
                                                 .unquoted = alone || (up->frame && up->frame->unquoted)});
    }
    return info;
}

static void
enter_signed(struct verdict *v, size_t doc, uint32_t layer, struct part_info *info)
{
    const struct doc_layer *l = doc_layer(v->in->docs[doc], layer);
    info->layers = chain_add(v, info->layers, l->kind);
    if (!in_envelope(v, doc, layer))
        info->frame = frame_new(v, (struct frame){.kind = FRAME_LAYER, .doc = doc, .part = l->part, .layer = layer,
                                                  .unquoted = info->frame && info->frame->unquoted});
}

static struct part_info
info_of(struct verdict *v, size_t doc, uint32_t i)
{
    const struct document *d = v->in->docs[doc];
    const struct doc_part *p = doc_part(d, i);
    bool is_root = p->parent >= i; /* DOC_NONE, too */
    struct part_info info = is_root ? root_info(v, doc) : v->docs[doc].parts[p->parent];

    if (!is_root && (doc_part(d, p->parent)->flags & DOC_PART_MESSAGE) &&
        !(doc == v->envelope.doc && p->parent == v->wrapping)) {
        info.forwarded = true;
        info.frame = frame_new(v, (struct frame){.kind = FRAME_FORWARDED, .doc = doc, .part = i, .unquoted = true});
    }
    uint32_t around = is_root ? DOC_NONE : signed_content(d, i);
    if (around != DOC_NONE)
        enter_signed(v, doc, around, &info);
    if (v->envelope.opened && doc == v->envelope.doc && i == v->envelope.part)
        info.payload = true;
    return info;
}

/* Text beside the payload, in the documents that the envelope passes through. */
static void
mark_outside(struct verdict *v)
{
    if (v->envelope.n == 0 || !v->envelope.opened)
        return;
    for (size_t doc = 0; doc <= v->envelope.doc; doc++) {
        bool passed = doc == v->envelope.doc;
        for (size_t i = 0; i < v->envelope.n; i++)
            passed |= v->envelope.layers[i].doc == doc;
        for (uint32_t i = 0; passed && v->docs[doc].reached && i < v->in->docs[doc]->parts.count; i++) {
            struct part_info *info = &v->docs[doc].parts[i];
            if (!info->payload && !info->frame)
                info->frame = frame_new(v, (struct frame){.kind = FRAME_OUTSIDE, .doc = doc, .part = i});
        }
    }
}

void
tree_build(struct verdict *v)
{
    const struct verdict_input *in = v->in;
    v->docs = arena_array(v->arena, in->docs_n, sizeof *v->docs);
    if (!v->docs) {
        v->nomem = true;
        return;
    }
    for (size_t doc = 0; doc < in->docs_n; doc++) {
        struct doc_info *info = &v->docs[doc];
        info->from = doc_origin(in, doc);
        info->reached = doc == 0 || (info->from != NONE && v->docs[in->layers[info->from].doc].reached);
        if (!info->reached)
            continue;
        info->parts = arena_array(v->arena, in->docs[doc]->parts.count, sizeof *info->parts);
        if (!info->parts) {
            v->nomem = true;
            return;
        }
        for (uint32_t i = 0; i < in->docs[doc]->parts.count; i++)
            info->parts[i] = info_of(v, doc, i);
    }
    mark_outside(v);
}
