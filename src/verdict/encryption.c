/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What was encrypted and whether it was really opened (S2), with what integrity (S24). */
#include "internal.h"

static void
reason(struct verdict *v, struct wr_encryption *out, const char *id)
{
    add_text(v, &out->reasons, &out->reasons_n, id);
}

enum sp_encryption_state
encryption_of_result(const struct verdict_layer *r, const char **why)
{
    *why = NULL;
    if (r && r->status == SP_OK && r->decrypted)
        return SP_ENCRYPTION_DECRYPTED;
    switch (r ? r->status : SP_TOO_LARGE) {
    case SP_NO_SECRET_KEY:
    case SP_NO_KEY:
        *why = "no-secret-key";
        return SP_ENCRYPTION_LOCKED;
    case SP_PASSPHRASE_NEEDED:
        *why = "passphrase-needed";
        return SP_ENCRYPTION_LOCKED;
    case SP_PASSPHRASE_WRONG:
        *why = "passphrase-wrong";
        return SP_ENCRYPTION_LOCKED;
    case SP_CANCELLED:
        *why = "cancelled";
        return SP_ENCRYPTION_LOCKED;
    case SP_LOCKED:
        *why = "store-locked";
        return SP_ENCRYPTION_LOCKED;
    case SP_TIMEOUT:
        *why = "timeout";
        return SP_ENCRYPTION_FAILED;
    case SP_UNAVAILABLE:
    case SP_CRASHED:
        *why = "checker-unavailable";
        return SP_ENCRYPTION_FAILED;
    case SP_TOO_LARGE:
        *why = r ? "too-large" : "not-opened";
        return SP_ENCRYPTION_FAILED;
    default:
        *why = "decryption-failed";
        return SP_ENCRYPTION_FAILED;
    }
}

/* Locked or failed anywhere means that nothing inside was read. */
static void
join(struct verdict *v, const struct doc_layer *l, const struct verdict_layer *r, struct wr_encryption *out)
{
    const char *why;
    enum sp_encryption_state state = encryption_of_result(r, &why);

    if (l->malformed) {
        state = SP_ENCRYPTION_FAILED;
        why = "malformed";
    }
    if (out->state == SP_ENCRYPTION_NONE || out->state == SP_ENCRYPTION_DECRYPTED)
        out->state = (uint8_t)state;
    if (why)
        reason(v, out, why);
    out->protocol = (uint8_t)envelope_protocol(l->kind);
    if (state == SP_ENCRYPTION_DECRYPTED) { /* further inside: its integrity counts, and the better of both protects */
        out->cipher = r->cipher ? r->cipher : "";
        if (r->integrity > out->integrity)
            out->integrity = (uint8_t)r->integrity;
    }
}

static void
fill_parts(struct verdict *v, struct wr_encryption *out)
{
    for (size_t doc = 0; doc < v->in->docs_n; doc++) {
        const struct document *d = v->in->docs[doc];
        for (uint32_t i = 0; v->docs[doc].reached && i < d->layers.count; i++) {
            const struct doc_layer *l = doc_layer(d, i);
            if (!envelope_is_encryption(l->kind) || l->part >= d->parts.count || v->docs[doc].parts[l->part].forwarded)
                continue;
            if (envelope_action(v->in, doc, i).action == VERDICT_VERIFY)
                reason(v, out, "not-encrypted");
            else if (!envelope_result(v->in, doc, i))
                reason(v, out, "not-opened");
            else
                join(v, l, envelope_result(v->in, doc, i), out);
        }
    }
    if (out->state != SP_ENCRYPTION_NONE)
        out->covers = SP_COVERS_PART;
}

/* A signature inside protects what CBC does not: only a good one, and only when it is further inside than the encryption. */
static bool
signature_protects(const struct verdict *v)
{
    if (v->out->signature.state != SP_SIGNATURE_GOOD || v->out->signature.covers != SP_COVERS_WHOLE || v->envelope.n == 0)
        return false;
    const struct envelope_layer *last = &v->envelope.layers[v->envelope.n - 1];
    return !envelope_is_encryption(doc_layer(v->in->docs[last->doc], last->layer)->kind) ||
           (last->result && last->result->signatures_n > 0);
}

void
encryption_fill(struct verdict *v, struct wr_encryption *out)
{
    *out = (struct wr_encryption){.state = SP_ENCRYPTION_NONE, .cipher = "", .integrity = SP_INTEGRITY_NONE};
    for (size_t i = 0; i < v->envelope.n; i++) {
        const struct envelope_layer *e = &v->envelope.layers[i];
        const struct document *d = v->in->docs[e->doc];
        if (!envelope_is_encryption(doc_layer(d, e->layer)->kind))
            continue;
        join(v, doc_layer(d, e->layer), e->result, out);
        out->covers = SP_COVERS_WHOLE;
    }
    if (out->covers == SP_COVERS_NONE)
        fill_parts(v, out);
    if (out->state != SP_ENCRYPTION_DECRYPTED) {
        out->cipher = "";
        out->integrity = SP_INTEGRITY_NONE;
    } else if (out->integrity == SP_INTEGRITY_NONE) {
        if (signature_protects(v))
            out->integrity = SP_INTEGRITY_SIGNATURE;
        else
            reason(v, out, "no-integrity");
    }
}
