/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Chains: who vouches for a certificate at a given time, and whether it was revoked (RFC 5280, RFC 8550). OpenSSL's verification
   runs to its end in spite of errors, so that every failing detail is known; what may be overlooked is decided here. */
#include "smime_session.h"

#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

#define MAX_DEPTH 12

/* ---- the trust store */

static enum sp_status
add_file(struct smime_trust *t, int fd, bool anchors)
{
    struct buf text = BUF_INIT;
    STACK_OF(X509) *certs = sk_X509_new_null();
    STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
    enum sp_status st = certs && crls ? keys_read_any(fd, SMIME_MAX_FILE, &text) : SP_NOMEM;
    if (!st)
        st = smime_read_objects(buf_str(&text), text.len, certs, crls);
    for (int i = 0; !st && anchors && i < sk_X509_num(certs); i++)
        if (X509_STORE_add_cert(t->anchors, sk_X509_value(certs, i)) != 1)
            st = SP_NOMEM;
    for (int i = 0; !st && i < sk_X509_CRL_num(crls); i++) {
        if (X509_STORE_add_crl(t->anchors, sk_X509_CRL_value(crls, i)) != 1)
            st = SP_NOMEM;
        t->have_crls = true;
    }
    sk_X509_pop_free(certs, X509_free);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    buf_release(&text);
    return st;
}

static enum sp_status
add_stored(struct smime_trust *t, const struct keys_op *op)
{
    struct certstore_item *items;
    size_t n, damaged;
    enum sp_status st = certstore_list(op, CERTSTORE_CERT, &items, &n, &damaged);
    for (size_t i = 0; !st && i < n; i++) {
        X509 *cert = smime_parse_cert(&items[i].data);
        bool ok = !cert || items[i].trust == SP_TRUST_REJECTED ||
                  (items[i].anchor ? X509_STORE_add_cert(t->anchors, cert) == 1 : smime_up_ref_push(t->others, cert));
        X509_free(cert);
        st = ok ? SP_OK : SP_NOMEM;
    }
    if (!st)
        st = certstore_list(op, CERTSTORE_CRL, &items, &n, &damaged);
    for (size_t i = 0; !st && i < n; i++) {
        const unsigned char *at = items[i].data.data;
        X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)items[i].data.len);
        if (crl && X509_STORE_add_crl(t->anchors, crl) != 1)
            st = SP_NOMEM;
        t->have_crls |= crl != NULL;
        X509_CRL_free(crl);
    }
    ERR_clear_error();
    return st;
}

enum sp_status
smime_trust_open(struct smime_trust *t, const struct keys_op *op, const struct wr_file *anchors, uint32_t anchors_n,
                 const struct wr_file *crls, uint32_t crls_n, int64_t now)
{
    *t = (struct smime_trust){.anchors = X509_STORE_new(), .others = sk_X509_new_null(), .crls_given = crls_n > 0,
                              .purpose = X509_PURPOSE_SMIME_SIGN, .now = keys_now(now)};
    enum sp_status st = t->anchors && t->others ? add_stored(t, op) : SP_NOMEM;
    for (uint32_t i = 0; !st && i < anchors_n; i++)
        st = add_file(t, anchors[i].fd, true);
    for (uint32_t i = 0; !st && i < crls_n; i++)
        st = add_file(t, crls[i].fd, false);
    t->have_crls |= t->crls_given;
    return st;
}

void
smime_trust_release(struct smime_trust *t)
{
    X509_STORE_free(t->anchors);
    sk_X509_pop_free(t->others, X509_free);
    *t = (struct smime_trust){NULL, NULL, false, false, 0, 0};
}

/* ---- errors of a verification, collected */

enum effect { EFFECT_TIME, EFFECT_REVOKED, EFFECT_CRL, EFFECT_PURPOSE, EFFECT_ANCHOR, EFFECT_CHAIN };

/* Whatever is not in the table breaks the chain. ANCHOR: only that nobody vouches for it, which a pin makes good. */
static const struct {
    int error;
    enum effect effect;
    const char *reason;
} effects[] = {
    {X509_V_ERR_CERT_HAS_EXPIRED, EFFECT_TIME, "expired"},
    {X509_V_ERR_CERT_NOT_YET_VALID, EFFECT_TIME, "not-yet-valid"},
    {X509_V_ERR_CERT_REVOKED, EFFECT_REVOKED, "revoked"},
    {X509_V_ERR_UNABLE_TO_GET_CRL, EFFECT_CRL, "crl-missing"},
    {X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER, EFFECT_CRL, "crl-issuer-missing"},
    {X509_V_ERR_CRL_HAS_EXPIRED, EFFECT_CRL, "crl-expired"},
    {X509_V_ERR_CRL_NOT_YET_VALID, EFFECT_CRL, "crl-not-yet-valid"},
    {X509_V_ERR_CRL_SIGNATURE_FAILURE, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_ERROR_IN_CRL_LAST_UPDATE_FIELD, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_ERROR_IN_CRL_NEXT_UPDATE_FIELD, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_KEYUSAGE_NO_CRL_SIGN, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_DIFFERENT_CRL_SCOPE, EFFECT_CRL, "crl-missing"},
    {X509_V_ERR_CRL_PATH_VALIDATION_ERROR, EFFECT_CRL, "crl-bad"},
    {X509_V_ERR_INVALID_PURPOSE, EFFECT_PURPOSE, "wrong-purpose"},
    {X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, EFFECT_ANCHOR, "self-signed"},
    {X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, EFFECT_ANCHOR, "unknown-ca"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, EFFECT_ANCHOR, "unknown-ca"},
    {X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, EFFECT_ANCHOR, "unknown-ca"},
    {X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, EFFECT_ANCHOR, "unknown-ca"},
    {X509_V_ERR_CERT_UNTRUSTED, EFFECT_ANCHOR, "unknown-ca"},
    {X509_V_ERR_INVALID_CA, EFFECT_CHAIN, "invalid-ca"},
    {X509_V_ERR_PATH_LENGTH_EXCEEDED, EFFECT_CHAIN, "path-length"},
    {X509_V_ERR_CERT_CHAIN_TOO_LONG, EFFECT_CHAIN, "chain-too-long"},
    {X509_V_ERR_PERMITTED_VIOLATION, EFFECT_CHAIN, "name-constraints"},
    {X509_V_ERR_EXCLUDED_VIOLATION, EFFECT_CHAIN, "name-constraints"},
    {X509_V_ERR_SUBTREE_MINMAX, EFFECT_CHAIN, "name-constraints"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_TYPE, EFFECT_CHAIN, "name-constraints"},
    {X509_V_ERR_UNSUPPORTED_CONSTRAINT_SYNTAX, EFFECT_CHAIN, "name-constraints"},
    {X509_V_ERR_NO_EXPLICIT_POLICY, EFFECT_CHAIN, "policy"},
    {X509_V_ERR_INVALID_POLICY_EXTENSION, EFFECT_CHAIN, "policy"},
    {X509_V_ERR_CERT_SIGNATURE_FAILURE, EFFECT_CHAIN, "chain-signature"},
    {X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION, EFFECT_CHAIN, "critical-extension"},
};

struct findings {
    const struct keys_op *op;
    const struct smime_trust *trust;
    struct wr_key_signature *out;
    bool crl_trouble, no_anchor, broken, revoked;
    enum sp_status status;
};

static void
reason(struct findings *f, const char *text)
{
    if (!keys_add_text(f->op->arena, &f->out->reasons, &f->out->reasons_n, text))
        f->status = SP_NOMEM;
}

/* What OpenSSL refuses though RFC 8550 or RFC 5280 allow it. */
static bool
overlook(const struct smime_trust *t, int error, int depth, X509_STORE_CTX *ctx)
{
    X509 *cert = X509_STORE_CTX_get_current_cert(ctx);
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    bool last = depth == sk_X509_num(chain) - 1;
    /* anyExtendedKeyUsage is good for mail (RFC 8550 section 4.4.4). */
    if (error == X509_V_ERR_INVALID_PURPOSE && cert && (X509_get_extended_key_usage(cert) & XKU_ANYEKU) &&
        X509_get_extended_key_usage(cert) != UINT32_MAX)
        return depth > 0 ? X509_check_ca(cert) >= 1 : t->purpose == X509_PURPOSE_SMIME_SIGN ? smime_may_sign(cert) : smime_may_encrypt(cert);
    /* A trust anchor is a name and a key (RFC 5280 section 6.1.1): it need not say that it is a CA, but may not deny it. */
    if ((error == X509_V_ERR_INVALID_CA || error == X509_V_ERR_INVALID_PURPOSE) && cert && depth > 0 && last)
        return !(X509_get_extension_flags(cert) & (EXFLAG_BCONS | EXFLAG_KUSAGE | EXFLAG_XKUSAGE | EXFLAG_INVALID));
    /* Nobody above a configured anchor has to vouch for it by a list. */
    return error == X509_V_ERR_UNABLE_TO_GET_CRL && last && depth > 0;
}

static int
on_verify(int ok, X509_STORE_CTX *ctx)
{
    struct findings *f = X509_STORE_CTX_get_app_data(ctx);
    int error = X509_STORE_CTX_get_error(ctx);
    enum effect effect = EFFECT_CHAIN;
    const char *text = "chain-invalid";
    if (ok || overlook(f->trust, error, X509_STORE_CTX_get_error_depth(ctx), ctx))
        return 1;
    for (size_t i = 0; i < sizeof effects / sizeof *effects; i++)
        if (effects[i].error == error) {
            effect = effects[i].effect;
            text = effects[i].reason;
        }
    reason(f, text);
    switch (effect) {
    case EFFECT_TIME: f->out->key_expired = 1; break;
    case EFFECT_REVOKED: f->revoked = true; break;
    case EFFECT_CRL: f->crl_trouble = true; break;
    case EFFECT_ANCHOR: f->no_anchor = true; break;
    case EFFECT_PURPOSE:
    case EFFECT_CHAIN: f->broken = true; break;
    }
    return 1;
}

/* What OpenSSL lets pass by default: CAs that do not say so, weak digests and keys (S17, S20). The anchor's own signature proves
   nothing, so its digest does not matter. */
static void
check_chain(struct findings *f, X509_STORE_CTX *ctx)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    int n = sk_X509_num(chain);
    for (int i = 0; i < n; i++) {
        X509 *cert = sk_X509_value(chain, i);
        bool top = i == n - 1 && !f->no_anchor;
        if (i > 0 && !top && X509_check_ca(cert) != 1) {
            f->broken = true;
            reason(f, "invalid-ca");
        }
        if (!top && smime_weak_certificate(cert)) {
            f->out->weak = 1;
            reason(f, "weak-digest");
        }
        if (smime_weak_key(X509_get0_pubkey(cert))) {
            f->out->weak = 1;
            reason(f, "weak-key");
        }
    }
}

static STACK_OF(X509) *
untrusted(const struct smime_trust *t, STACK_OF(X509) *more)
{
    STACK_OF(X509) *all = sk_X509_dup(t->others);
    for (int i = 0; all && i < sk_X509_num(more) && i < SMIME_MAX_CERTS; i++)
        if (sk_X509_push(all, sk_X509_value(more, i)) <= 0) {
            sk_X509_free(all);
            return NULL;
        }
    return all;
}

static enum sp_status
run(struct findings *f, const struct smime_trust *t, X509 *cert, STACK_OF(X509) *more)
{
    unsigned long flags = X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_POLICY_CHECK;
    STACK_OF(X509) *all = untrusted(t, more);
    X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    enum sp_status st = SP_NOMEM;
    if (all && ctx && X509_STORE_CTX_init(ctx, t->anchors, cert, all) == 1 &&
        X509_STORE_CTX_set_purpose(ctx, t->purpose) == 1) {
        X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
        if (t->have_crls)
            flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL | X509_V_FLAG_USE_DELTAS | X509_V_FLAG_EXTENDED_CRL_SUPPORT;
        (void)X509_VERIFY_PARAM_set_flags(param, flags);
        /* The user asks for no particular policy; OpenSSL takes an empty set for "none will do" once a CA demands one. */
        (void)X509_VERIFY_PARAM_add0_policy(param, OBJ_nid2obj(NID_any_policy));
        X509_VERIFY_PARAM_set_time(param, (time_t)t->now);
        X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
        (void)X509_STORE_CTX_set_app_data(ctx, f);
        X509_STORE_CTX_set_verify_cb(ctx, on_verify);
        int ok = X509_verify_cert(ctx);
        if (ok != 1 && !f->no_anchor && !f->broken) { /* it stopped without asking us */
            f->broken = true;
            reason(f, "chain-invalid");
        }
        check_chain(f, ctx);
        st = f->status;
    }
    X509_STORE_CTX_free(ctx);
    sk_X509_free(all);
    ERR_clear_error();
    return st;
}

/* What the user decided for exactly this certificate. */
static uint8_t
stored_trust(const struct keys_op *op, const char *fingerprint)
{
    struct certstore_item item;
    return certstore_get(op, CERTSTORE_CERT, fingerprint, &item) == SP_OK ? item.trust : (uint8_t)SP_TRUST_UNDECIDED;
}

enum sp_status
smime_judge(const struct keys_op *op, const struct smime_trust *t, X509 *cert, STACK_OF(X509) *more, struct wr_key_signature *out)
{
    struct findings f = {.op = op, .trust = t, .out = out};
    const char *fingerprint = smime_fingerprint(op->arena, cert);
    if (!fingerprint)
        return SP_NOMEM;
    uint8_t decided = stored_trust(op, fingerprint);
    out->self_signed = X509_self_signed(cert, 1) == 1;
    enum sp_status st = run(&f, t, cert, more);
    if (st)
        return st;
    bool pinned = decided >= SP_TRUST_ACCEPTED;
    bool lists_missing = f.crl_trouble && t->crls_given;
    out->chain_good = !f.broken && (!f.no_anchor || pinned) && !lists_missing && decided != SP_TRUST_REJECTED;
    out->key_revoked = f.revoked;
    out->revocation = f.revoked                                                     ? SP_REVOCATION_REVOKED
                      : t->have_crls && !f.crl_trouble && !f.no_anchor && !f.broken ? SP_REVOCATION_GOOD
                                                                                    : SP_REVOCATION_UNCHECKED;
    out->trust = decided ? decided : out->chain_good ? (uint8_t)SP_TRUST_ACCEPTED : (uint8_t)SP_TRUST_UNDECIDED;
    if (out->self_signed && !out->chain_good)
        reason(&f, "self-signed");
    if (decided == SP_TRUST_REJECTED)
        reason(&f, "key-rejected");
    return f.status;
}
