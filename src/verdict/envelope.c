/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The cryptographic envelope: which layers are worked off, and which of them cover the message (S22, S23, S27-S29). */
#include "internal.h"

#include <string.h>

#define MAX_STEPS 256 /* parts that one walk passes */

bool
envelope_is_encryption(uint32_t kind)
{
    return kind == DOC_LAYER_PGP_ENCRYPTED || kind == DOC_LAYER_SMIME_ENCRYPTED || kind == DOC_LAYER_INLINE_ENCRYPTED;
}

bool
envelope_is_inline(uint32_t kind)
{
    return kind == DOC_LAYER_INLINE_SIGNED || kind == DOC_LAYER_INLINE_ENCRYPTED;
}

enum sp_protocol
envelope_protocol(uint32_t kind)
{
    return kind == DOC_LAYER_SMIME_SIGNED || kind == DOC_LAYER_SMIME_OPAQUE || kind == DOC_LAYER_SMIME_ENCRYPTED
               ? SP_PROTOCOL_SMIME : SP_PROTOCOL_OPENPGP;
}

const struct verdict_layer *
envelope_result(const struct verdict_input *in, size_t doc, uint32_t layer)
{
    for (size_t i = 0; i < in->layers_n; i++)
        if (in->layers[i].doc == doc && in->layers[i].layer == layer)
            return &in->layers[i];
    return NULL;
}

size_t
envelope_inner(const struct verdict_input *in, const struct verdict_layer *result)
{
    /* Only later documents: so no chain of documents can be a circle. */
    return result && result->inner < in->docs_n && result->inner > result->doc ? result->inner : NONE;
}

struct verdict_step
envelope_action(const struct verdict_input *in, size_t doc, uint32_t layer)
{
    const struct document *d = in->docs[doc];
    const struct doc_layer *l = doc_layer(d, layer);
    struct verdict_step step = {.action = VERDICT_DONE, .doc = doc, .layer = layer, .protocol = envelope_protocol(l->kind)};

    if (l->malformed || l->object.len == 0)
        return step;
    switch (l->kind) {
    case DOC_LAYER_PGP_SIGNED:
    case DOC_LAYER_SMIME_SIGNED:
        step.action = VERDICT_VERIFY;
        step.form = SP_FORM_DETACHED;
        break;
    case DOC_LAYER_SMIME_OPAQUE:
        step.action = VERDICT_VERIFY;
        step.form = SP_FORM_OPAQUE;
        break;
    case DOC_LAYER_INLINE_SIGNED:
        step.action = VERDICT_VERIFY;
        step.form = SP_FORM_CLEARSIGN;
        break;
    case DOC_LAYER_SMIME_ENCRYPTED:
        step.action = VERDICT_DECRYPT;
        break;
    case DOC_LAYER_PGP_ENCRYPTED:
    case DOC_LAYER_INLINE_ENCRYPTED: {
        enum object_kind kind = object_kind(doc_text(d, l->object), l->object.len);
        bool is_signed = kind == OBJECT_SIGNED || kind == OBJECT_CLEARSIGNED;
        step.action = is_signed ? VERDICT_VERIFY : VERDICT_DECRYPT;
        step.form = kind == OBJECT_CLEARSIGNED ? SP_FORM_CLEARSIGN : SP_FORM_OPAQUE;
        break;
    }
    default:
        break;
    }
    return step;
}

/* Claims to be encrypted and is not: then it is no layer of the envelope (S2). */
static bool
is_false_encryption(const struct doc_layer *l, const struct verdict_step *action)
{
    return envelope_is_encryption(l->kind) && action->action == VERDICT_VERIFY;
}

/* One step inward; false when the walk ends here. */
static bool
step_in(const struct verdict_input *in, struct envelope *e)
{
    const struct document *d = in->docs[e->doc];
    uint32_t at = doc_part(d, e->part)->layer;
    if (at >= d->layers.count || envelope_is_inline(doc_layer(d, at)->kind))
        return false;
    const struct doc_layer *l = doc_layer(d, at);
    struct verdict_step action = envelope_action(in, e->doc, at);
    if (l->part != e->part || is_false_encryption(l, &action))
        return false;
    if (e->n == VERDICT_MAX_LAYERS) {
        e->opened = false;
        return false;
    }
    const struct verdict_layer *result = envelope_result(in, e->doc, at);
    e->layers[e->n++] = (struct envelope_layer){e->doc, at, result};
    if (!result && action.action != VERDICT_DONE) {
        e->next = action;
        e->opened = false;
        return false;
    }
    if (l->kind == DOC_LAYER_PGP_SIGNED || l->kind == DOC_LAYER_SMIME_SIGNED) {
        if (l->content_part >= d->parts.count || l->content_part <= e->part)
            return false;
        e->part = l->content_part;
        return true;
    }
    size_t inner = envelope_inner(in, result);
    if (inner == NONE || in->docs[inner]->parts.count == 0 || (envelope_is_encryption(l->kind) && !result->decrypted)) {
        e->opened = false;
        return false;
    }
    e->doc = inner;
    e->part = 0;
    return true;
}

void
envelope_walk(const struct verdict_input *in, size_t doc, uint32_t part, struct envelope *e)
{
    *e = (struct envelope){.doc = doc, .part = part, .opened = true};
    e->next.action = VERDICT_DONE;
    if (in->docs[doc]->parts.count == 0)
        return;
    for (int steps = 0; steps < MAX_STEPS && step_in(in, e); steps++)
        ;
}

/* --- inline messages */

static uint32_t
only_leaf(const struct document *d)
{
    uint32_t found = DOC_NONE;
    for (uint32_t i = 0; i < d->parts.count; i++) {
        if (!(doc_part(d, i)->flags & DOC_PART_LEAF))
            continue;
        if (found != DOC_NONE)
            return DOC_NONE;
        found = i;
    }
    return found;
}

static bool
forwarded(const struct document *d, uint32_t part)
{
    for (uint32_t up = part; up < d->parts.count; up = doc_part(d, up)->parent)
        if (doc_part(d, up)->flags & DOC_PART_MESSAGE)
            return true;
    return false;
}

uint32_t
envelope_inline_whole(const struct verdict_input *in, const struct envelope *e)
{
    const struct document *d = in->docs[0];
    uint32_t leaf = only_leaf(d), found = DOC_NONE;

    if (e->n != 0 || leaf == DOC_NONE || forwarded(d, leaf))
        return DOC_NONE;
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        if (l->part != leaf || !envelope_is_inline(l->kind))
            continue;
        if (found != DOC_NONE || l->kind != DOC_LAYER_INLINE_ENCRYPTED)
            return DOC_NONE;
        found = i;
    }
    if (found == DOC_NONE)
        return DOC_NONE;
    const struct doc_layer *l = doc_layer(d, found);
    struct doc_text t = doc_part(d, leaf)->text;
    const char *text = doc_text(d, t);
    if (l->text_at > t.len || l->text_len > t.len - l->text_at)
        return DOC_NONE;
    size_t end = (size_t)(l->text_at + l->text_len);
    return is_blank(text, (size_t)l->text_at) && is_blank(text + end, t.len - end) ? found : DOC_NONE;
}

/* --- what is next */

static bool
wanted(const struct verdict_input *in, size_t doc, uint32_t layer, enum verdict_action action, struct verdict_step *step)
{
    *step = envelope_action(in, doc, layer);
    return step->action == action && !envelope_result(in, doc, layer);
}

/* The part that a person asked to be opened, and what is contiguous inside it. */
static bool
next_opened(const struct verdict_input *in, const char *path, struct verdict_step *step)
{
    size_t doc;
    uint32_t layer;
    if (!envelope_find(in, path, &doc, &layer))
        return false;
    if (wanted(in, doc, layer, VERDICT_DECRYPT, step))
        return true;
    size_t inner = envelope_inner(in, envelope_result(in, doc, layer));
    if (inner == NONE)
        return false;
    struct envelope e;
    envelope_walk(in, inner, 0, &e);
    *step = e.next;
    return step->action != VERDICT_DONE;
}

struct verdict_step
verdict_next(const struct verdict_input *in, const char *open_path)
{
    struct verdict_step step = {.action = VERDICT_DONE};
    struct envelope e;

    if (in->docs_n == 0 || in->layers_n >= VERDICT_MAX_LAYERS)
        return step;
    envelope_walk(in, 0, 0, &e);
    if (e.next.action != VERDICT_DONE)
        return e.next;
    uint32_t whole = envelope_inline_whole(in, &e);
    if (whole != DOC_NONE && wanted(in, 0, whole, VERDICT_DECRYPT, &step))
        return step;
    if (open_path && next_opened(in, open_path, &step))
        return step;
    for (size_t doc = 0; doc < in->docs_n; doc++)
        for (uint32_t i = 0; i < in->docs[doc]->layers.count; i++)
            if (wanted(in, doc, i, VERDICT_VERIFY, &step))
                return step;
    return (struct verdict_step){.action = VERDICT_DONE};
}
