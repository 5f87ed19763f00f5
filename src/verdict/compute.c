/* SPDX-License-Identifier: GPL-3.0-or-later */
/* verdict_compute: the order in which a verdict is made. */
#include "internal.h"

static bool
is_whole(unsigned covers, unsigned state, unsigned wanted)
{
    return covers == SP_COVERS_WHOLE && state == wanted;
}

static enum sp_summary
summary(const struct wr_verdict *v)
{
    bool verified = is_whole(v->signature.covers, v->signature.state, SP_SIGNATURE_GOOD);
    bool encrypted = is_whole(v->encryption.covers, v->encryption.state, SP_ENCRYPTION_DECRYPTED);
    if (verified)
        return encrypted ? SP_SUMMARY_CONFIDENTIAL : SP_SUMMARY_VERIFIED;
    return encrypted ? SP_SUMMARY_ENCRYPTED : SP_SUMMARY_UNPROTECTED;
}

/* Everything that depends on which From is shown. */
static void
fill_from(struct verdict *v, const struct headers *h, bool own_from)
{
    struct wr_protected_headers scheme = {.scheme = v->out->protected_headers.scheme};
    *v->out = (struct wr_verdict){.protected_headers = scheme};
    headers_fill(v, h, own_from);
    struct signature_context c = {v->out->from.address, v->out->date};
    signature_fill(v, &c, &v->out->signature);
}

/* The From inside is believed when a good signature of just that address vouches for it, or when it says the same as outside.
   Else the outer one stays, and that they differ is told (RFC 9788 section 4.4: nobody may choose his From by encrypting). */
static void
choose_from(struct verdict *v, const struct headers *h)
{
    /* Several in either place: nobody knows whom the other readers see (S40). */
    if (h->doc == NONE || headers_from_count(v->in->docs[h->doc], h->part) != 1 || headers_from_count(v->in->docs[0], 0) > 1) {
        fill_from(v, h, false);
        return;
    }
    struct wr_mailbox inner = headers_from(v, h->doc, h->part), outer = headers_from(v, 0, 0);
    fill_from(v, h, true);
    bool same = same_nocase(inner.address, outer.address);
    if (same || is_whole(v->out->signature.covers, v->out->signature.state, SP_SIGNATURE_GOOD))
        return;
    fill_from(v, h, false);
    warning_add(v, "protected-from-differs", "", *inner.address ? inner.address : inner.display);
}

enum sp_status
verdict_compute(const struct verdict_input *in, struct arena *arena, struct wr_verdict *out)
{
    struct verdict v = {.in = in, .arena = arena, .out = out, .wrapping = DOC_NONE};

    *out = (struct wr_verdict){.subject = ""};
    if (in->docs_n == 0 || in->docs[0]->parts.count == 0)
        return SP_NOT_A_MESSAGE;
    envelope_walk(in, 0, 0, &v.envelope);
    struct headers h = protected_find(&v);
    tree_build(&v);
    if (v.nomem)
        return SP_NOMEM;
    choose_from(&v, &h);
    encryption_fill(&v, &out->encryption);
    out->summary = (uint8_t)summary(out);
    sender_fill(&v);
    parts_fill(&v);
    warnings_fill(&v);
    struct signature_context c = {out->from.address, out->date};
    body_fill(&v, &c);
    return v.nomem ? SP_NOMEM : SP_OK;
}
