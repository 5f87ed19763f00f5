/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From the facts about signatures and the From that is shown to one state (inspect.md): the worst of all states that apply to any of
   the signatures wins, so one failing signature forbids "good" (S4, S15). */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

/* How far a signature may be from the Date that is shown (S11, S21). An S/MIME signing time is the sender's own attribute, set when the
   Date is: hours between them mean another message's header. */
#define FAR_OPENPGP 86400
#define FAR_SMIME 14400

static void
reason(struct verdict *v, struct wr_signature *out, const char *id)
{
    add_text(v, &out->reasons, &out->reasons_n, id);
}

/* The enumeration is in order of rank: the smaller state wins; NONE is no state. */
static void
join(struct wr_signature *out, enum sp_signature_state state)
{
    if (state != SP_SIGNATURE_NONE && (out->state == SP_SIGNATURE_NONE || state < out->state))
        out->state = (uint8_t)state;
}

static const struct wr_identity *
find_identity(const struct wr_key_signature *s, const char *address)
{
    for (uint32_t i = 0; *address && i < s->identities_n; i++)
        if (s->identities[i].valid && !s->identities[i].revoked && same_nocase(s->identities[i].address, address))
            return &s->identities[i];
    return NULL;
}

/* Whether a key that is not accepted (its names count for nothing yet) at least calls itself by the address. */
static bool
claims(const struct wr_key_signature *s, const char *address)
{
    for (uint32_t i = 0; i < s->identities_n; i++)
        if (!s->identities[i].revoked && same_nocase(s->identities[i].address, address))
            return true;
    return false;
}

static void
add_signer(struct verdict *v, const struct wr_key_signature *s, const struct wr_identity *match, struct wr_signature *out)
{
    static const struct wr_identity nobody = {.name = "", .address = ""};
    const struct wr_identity *who = match;
    for (uint32_t i = 0; !who && i < s->identities_n; i++)
        if (s->identities[i].valid)
            who = &s->identities[i];
    if (!who)
        who = s->identities_n ? &s->identities[0] : &nobody;
    struct wr_signer *list = grow_list(v, out->signers, out->signers_n, sizeof *list);
    const char *algorithm = s->algorithm;
    if (s->hash && *s->hash && *algorithm)
        algorithm = arena_printf(v->arena, "%s/%s", s->algorithm, s->hash);
    if (!list || !algorithm) {
        v->nomem = true;
        return;
    }
    out->signers = list;
    list[out->signers_n++] = (struct wr_signer){
        .address = who->address, .name = who->name, .fingerprint = *s->fingerprint ? s->fingerprint : s->key_id,
        .trust = s->trust, .time = s->created, .algorithm = algorithm,
    };
}

static void
join_revocation(const struct wr_key_signature *s, struct wr_signature *out)
{
    /* revoked is worst, then what nobody checked; NA says nothing */
    static const uint8_t rank[SP_REVOCATION_COUNT] = {
        [SP_REVOCATION_NA] = 0, [SP_REVOCATION_GOOD] = 1, [SP_REVOCATION_UNCHECKED] = 2, [SP_REVOCATION_REVOKED] = 3,
    };
    uint8_t r = s->revocation < SP_REVOCATION_COUNT ? s->revocation : (uint8_t)SP_REVOCATION_UNCHECKED;
    if (rank[r] > rank[out->revocation])
        out->revocation = r;
}

static bool
is_accepted(const struct wr_key_signature *s)
{
    return s->chain_good && (s->trust == SP_TRUST_ACCEPTED || s->trust == SP_TRUST_VERIFIED || s->trust == SP_TRUST_OWN);
}

static bool
outside_validity(const struct wr_key_signature *s)
{
    return s->protocol == SP_PROTOCOL_SMIME && s->created != 0 &&
           ((s->not_before && s->created < s->not_before) || (s->not_after && s->created > s->not_after));
}

static bool
far_from_date(const struct wr_key_signature *s, int64_t date)
{
    int64_t limit = s->protocol == SP_PROTOCOL_SMIME ? FAR_SMIME : FAR_OPENPGP;
    if (s->created == 0 || date == 0)
        return false;
    return s->created > date ? s->created - date > limit : date - s->created > limit;
}

/* One signature whose cryptography holds. */
static void
judge_holding(struct verdict *v, const struct signature_context *c, const struct wr_key_signature *s,
              const struct wr_identity *match, bool sheltered, struct wr_signature *out)
{
    /* A readable signed text can be put under a new header by everybody who saw it; one inside an encryption to us only by those
       whom it was encrypted to. There the distance is told, and "good" stays (S11: not without saying so). S21 is stricter. */
    bool far = far_from_date(s, c->date), tolerated = sheltered && s->protocol == SP_PROTOCOL_OPENPGP;
    const struct {
        bool applies;
        enum sp_signature_state state;
        const char *reason;
    } table[] = {
        {s->key_revoked || s->revocation == SP_REVOCATION_REVOKED, SP_SIGNATURE_REVOKED, "key-revoked"},
        {s->trust == SP_TRUST_REJECTED, SP_SIGNATURE_UNTRUSTED, "key-rejected"},
        {!is_accepted(s), SP_SIGNATURE_UNTRUSTED, s->protocol == SP_PROTOCOL_SMIME ? "chain-not-trusted" : "key-not-accepted"},
        {s->key_expired, SP_SIGNATURE_EXPIRED, "key-expired"},
        {s->signature_expired, SP_SIGNATURE_EXPIRED, "signature-expired"},
        {outside_validity(s), SP_SIGNATURE_EXPIRED, "signing-time-outside-validity"},
        {s->weak, SP_SIGNATURE_WEAK, "weak-algorithm"},
        {!*c->from, SP_SIGNATURE_MISMATCH, "no-from"},
        {*c->from && !match && (is_accepted(s) || !claims(s, c->from)), SP_SIGNATURE_MISMATCH, "from-mismatch"},
        {far, tolerated ? SP_SIGNATURE_NONE : SP_SIGNATURE_MISMATCH, "time-differs-from-date"},
        {s->revocation == SP_REVOCATION_UNCHECKED, SP_SIGNATURE_NONE, "revocation-unchecked"},
    };
    join(out, SP_SIGNATURE_GOOD);
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].applies) {
            join(out, table[i].state);
            reason(v, out, table[i].reason);
        }
    }
}

static void
judge(struct verdict *v, const struct signature_context *c, const struct wr_key_signature *s, bool sheltered, struct wr_signature *out)
{
    const struct wr_identity *match = find_identity(s, c->from);

    add_signer(v, s, match, out);
    join_revocation(s, out);
    for (uint32_t i = 0; i < s->reasons_n; i++)
        reason(v, out, s->reasons[i].text);
    switch ((enum sp_status)s->status) {
    case SP_OK:
        judge_holding(v, c, s, match, sheltered, out);
        break;
    case SP_CRYPTO:
        join(out, SP_SIGNATURE_BAD);
        reason(v, out, "bad-signature");
        break;
    case SP_NO_KEY:
        join(out, SP_SIGNATURE_UNKNOWN_KEY);
        reason(v, out, "unknown-key");
        break;
    default:
        join(out, SP_SIGNATURE_ERROR);
        reason(v, out, "not-checked");
        break;
    }
}

static const char *
failure(enum sp_status st)
{
    switch (st) {
    case SP_TIMEOUT:
        return "timeout";
    case SP_UNAVAILABLE:
    case SP_CRASHED:
        return "checker-unavailable";
    case SP_TOO_LARGE:
        return "too-large";
    case SP_CRYPTO:
    case SP_INVALID:
        return "damaged-signature";
    default:
        return "not-checked";
    }
}

/* Adds what one layer says. sheltered: it is inside a decrypted layer. */
static void
judge_layer(struct verdict *v, const struct signature_context *c, size_t doc, uint32_t layer, bool sheltered,
            struct wr_signature *out)
{
    const struct doc_layer *l = doc_layer(v->in->docs[doc], layer);
    const struct verdict_layer *r = envelope_result(v->in, doc, layer);
    bool encryption = envelope_is_encryption(l->kind);

    if (out->protocol == SP_PROTOCOL_NONE || !encryption || (r && r->signatures_n))
        out->protocol = (uint8_t)envelope_protocol(l->kind);
    if (l->malformed || (l->object.len == 0 && !encryption)) {
        /* S10: a stripped or damaged signature */
        if (!encryption) {
            join(out, SP_SIGNATURE_ERROR);
            reason(v, out, "malformed-signature");
        }
        return;
    }
    if (!r || r->status != SP_OK) {
        if (!encryption || (r && envelope_action(v->in, doc, layer).action == VERDICT_VERIFY)) {
            join(out, r && r->status == SP_NO_KEY ? SP_SIGNATURE_UNKNOWN_KEY : SP_SIGNATURE_ERROR);
            reason(v, out, r ? failure(r->status) : "not-checked");
        }
        return;
    }
    if (r->signatures_n == 0 && !encryption) { /* S3: nothing was signed, though it looks so */
        join(out, SP_SIGNATURE_ERROR);
        reason(v, out, "no-signature");
    }
    for (uint32_t i = 0; i < r->signatures_n; i++)
        judge(v, c, &r->signatures[i], sheltered || r->decrypted, out);
}

bool
signature_holds(const struct verdict_layer *r)
{
    if (!r || r->status != SP_OK || r->signatures_n == 0)
        return false;
    for (uint32_t i = 0; i < r->signatures_n; i++)
        if (r->signatures[i].status != SP_OK)
            return false;
    return true;
}

/* --- whole message and parts */

/* Does the envelope's nth layer bring signatures? */
static bool
brings_signature(const struct verdict *v, size_t n)
{
    const struct envelope_layer *e = &v->envelope.layers[n];
    if (!envelope_is_encryption(doc_layer(v->in->docs[e->doc], e->layer)->kind))
        return true;
    return e->result && e->result->signatures_n > 0;
}

/* S22: directly around an encryption a signature can be swapped by anybody; it says nothing of the author. */
static bool
around_encryption(const struct verdict *v, size_t n)
{
    if (n + 1 >= v->envelope.n)
        return false;
    const struct envelope_layer *e = &v->envelope.layers[n + 1];
    return envelope_is_encryption(doc_layer(v->in->docs[e->doc], e->layer)->kind);
}

static void
judge_envelope(struct verdict *v, const struct signature_context *c, struct wr_signature *out)
{
    struct wr_signature outer = {.state = SP_SIGNATURE_NONE};
    bool counted = false, sheltered = false;

    for (size_t i = 0; i < v->envelope.n; i++) {
        const struct verdict_layer *r = v->envelope.layers[i].result;
        sheltered |= r && r->decrypted;
        if (!brings_signature(v, i))
            continue;
        bool around = around_encryption(v, i);
        counted |= !around;
        judge_layer(v, c, v->envelope.layers[i].doc, v->envelope.layers[i].layer, sheltered, around ? &outer : out);
        if (around)
            reason(v, out, "signature-around-encryption");
    }
    if (!counted) {
        out->state = SP_SIGNATURE_NONE;
        return;
    }
    out->covers = SP_COVERS_WHOLE;
    /* It cannot make the message good, but failing it makes it not good. */
    if (outer.state != SP_SIGNATURE_GOOD) {
        join(out, outer.state);
        for (uint32_t i = 0; i < outer.reasons_n; i++)
            reason(v, out, outer.reasons[i].text);
        for (uint32_t i = 0; i < outer.signers_n; i++) {
            struct wr_signer *list = grow_list(v, out->signers, out->signers_n, sizeof *list);
            if (!list)
                return;
            out->signers = list;
            list[out->signers_n++] = outer.signers[i];
        }
    }
}

static bool
is_part_signature(struct verdict *v, size_t doc, uint32_t layer)
{
    const struct doc_layer *l = doc_layer(v->in->docs[doc], layer);
    if (l->part >= v->in->docs[doc]->parts.count || v->docs[doc].parts[l->part].forwarded)
        return false;
    for (size_t i = 0; i < v->envelope.n; i++)
        if (v->envelope.layers[i].doc == doc && v->envelope.layers[i].layer == layer)
            return false;
    if (!envelope_is_encryption(l->kind))
        return true;
    const struct verdict_layer *r = envelope_result(v->in, doc, layer);
    return r && (r->signatures_n > 0 || envelope_action(v->in, doc, layer).action == VERDICT_VERIFY);
}

static void
judge_parts(struct verdict *v, const struct signature_context *c, struct wr_signature *out)
{
    for (size_t doc = 0; doc < v->in->docs_n; doc++) {
        for (uint32_t i = 0; v->docs[doc].reached && i < v->in->docs[doc]->layers.count; i++) {
            if (is_part_signature(v, doc, i))
                judge_layer(v, c, doc, i, false, out);
        }
    }
    if (out->state != SP_SIGNATURE_NONE)
        out->covers = SP_COVERS_PART;
}

void
signature_fill(struct verdict *v, const struct signature_context *c, struct wr_signature *out)
{
    *out = (struct wr_signature){.state = SP_SIGNATURE_NONE};
    judge_envelope(v, c, out);
    if (out->covers == SP_COVERS_NONE)
        judge_parts(v, c, out);
    if (out->covers == SP_COVERS_NONE) {
        out->protocol = SP_PROTOCOL_NONE;
        out->revocation = SP_REVOCATION_NA;
        out->signers_n = 0;
    }
}

void
signature_of_layer(struct verdict *v, const struct signature_context *c, size_t doc, uint32_t layer, struct wr_signature *out)
{
    *out = (struct wr_signature){.state = SP_SIGNATURE_NONE};
    judge_layer(v, c, doc, layer, false, out);
}
