/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Certificates of the sealed store: listing, choosing one for an address, trust decisions. */
#include "smime_session.h"

#include <openssl/err.h>
#include <string.h>
#include <strings.h>

/* ---- a certificate as a record */

static enum sp_status
fill_key(const struct keys_op *op, const struct smime_trust *t, const struct certstore_item *item, X509 *cert, struct wr_key *out)
{
    struct wr_key_signature judged = {0};
    const char *id = smime_public_key_id(op->arena, X509_get0_pubkey(cert));
    *out = (struct wr_key){
        .protocol = SP_PROTOCOL_SMIME,
        .fingerprint = smime_fingerprint(op->arena, cert),
        .created = smime_time(X509_get0_notBefore(cert)),
        .expires = smime_time(X509_get0_notAfter(cert)),
        .algorithm = smime_key_algorithm(op->arena, X509_get0_pubkey(cert)),
        .secret = id && certstore_has(op, CERTSTORE_KEY, id),
        .expired = smime_time(X509_get0_notAfter(cert)) < t->now,
        .can_sign = smime_may_sign(cert),
        .can_encrypt = smime_may_encrypt(cert),
        .issuer = smime_name(op->arena, X509_get_issuer_name(cert)),
        .anchor = item->anchor,
    };
    enum sp_status st = smime_judge(op, t, cert, NULL, &judged);
    out->trust = judged.trust;
    out->revoked = judged.key_revoked;
    if (!out->fingerprint || !out->algorithm || !out->issuer)
        st = SP_NOMEM;
    return st ? st : smime_identities(op->arena, cert, &out->identities, &out->identities_n);
}

static bool
contains(const char *text, const char *part)
{
    return *text && strcasestr(text, part) != NULL;
}

static bool
matches(const struct wr_key *key, const char *match)
{
    bool hit = !*match || contains(key->fingerprint, match) || contains(key->issuer, match);
    for (uint32_t i = 0; i < key->identities_n; i++)
        hit |= contains(key->identities[i].name, match) || contains(key->identities[i].address, match);
    return hit;
}

enum sp_status
smime_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out)
{
    struct smime_trust t = {0};
    struct certstore_item *items;
    size_t n, damaged;
    *out = (struct wm_keys){0};
    enum sp_status st = smime_trust_open(&t, op, NULL, 0, NULL, 0, 0);
    if (!st)
        st = certstore_list(op, CERTSTORE_CERT, &items, &n, &damaged);
    for (size_t i = 0; !st && i < n; i++) {
        struct wr_key *grown = keys_grow(op->arena, out->keys, out->keys_n, sizeof *grown);
        X509 *cert = smime_parse_cert(&items[i].data);
        if (!grown || !cert) {
            st = grown ? SP_OK : SP_NOMEM;
            X509_free(cert);
            continue;
        }
        out->keys = grown;
        st = fill_key(op, &t, &items[i], cert, &grown[out->keys_n]);
        if (!st && matches(&grown[out->keys_n], in->match) && (!in->secret_only || grown[out->keys_n].secret))
            out->keys_n++;
        X509_free(cert);
    }
    smime_trust_release(&t);
    ERR_clear_error();
    return st;
}

/* ---- choosing */

struct choice {
    const struct keys_op *op;
    const struct smime_trust *trust;
    const char *address, *fingerprint; /* one of them is "" */
    bool encrypt;
    const char *why_not;
    const char *best;        /* fingerprint, NULL = none yet */
    const char *identity;
    uint8_t best_trust;
    int64_t made, expires;
};

/* Whether the certificate could do it now; else why not. */
static const char *
refusal(const struct choice *c, X509 *cert, const struct wr_key_signature *judged)
{
    const char *id = smime_public_key_id(c->op->arena, X509_get0_pubkey(cert));
    if (judged->key_revoked)
        return "revoked";
    if (judged->trust == SP_TRUST_REJECTED)
        return "rejected";
    if (smime_time(X509_get0_notAfter(cert)) < c->trust->now)
        return "expired";
    if (smime_time(X509_get0_notBefore(cert)) > c->trust->now)
        return "not-yet-valid";
    if (c->encrypt)
        return smime_may_encrypt(cert) ? NULL : "cannot-encrypt";
    return !smime_may_sign(cert) ? "cannot-sign" : id && certstore_has(c->op, CERTSTORE_KEY, id) ? NULL : "no-secret-key";
}

static enum sp_status
consider(struct choice *c, X509 *cert)
{
    struct wr_key_signature judged = {0};
    const char *fingerprint = smime_fingerprint(c->op->arena, cert);
    if (!fingerprint)
        return SP_NOMEM;
    if (*c->address ? !smime_has_address(c->op->arena, cert, c->address) : strcasecmp(fingerprint, c->fingerprint) != 0)
        return SP_OK;
    enum sp_status st = smime_judge(c->op, c->trust, cert, NULL, &judged);
    const char *why = st ? NULL : refusal(c, cert, &judged);
    if (st || why) {
        c->why_not = why ? why : c->why_not;
        return st;
    }
    bool accepted = judged.trust >= SP_TRUST_ACCEPTED, held = c->best_trust >= SP_TRUST_ACCEPTED;
    int64_t made = smime_time(X509_get0_notBefore(cert));
    if (c->best && (held != accepted ? held : c->made >= made))
        return SP_OK;
    c->best = fingerprint;
    c->identity = smime_name(c->op->arena, X509_get_subject_name(cert));
    c->best_trust = judged.trust;
    c->made = made;
    c->expires = smime_time(X509_get0_notAfter(cert));
    return c->identity ? SP_OK : SP_NOMEM;
}

static enum sp_status
choose(struct choice *c, int64_t now)
{
    struct smime_trust t = {0};
    struct certstore_item *items;
    size_t n, damaged;
    enum sp_status st = smime_trust_open(&t, c->op, NULL, 0, NULL, 0, now);
    t.purpose = c->encrypt ? X509_PURPOSE_SMIME_ENCRYPT : X509_PURPOSE_SMIME_SIGN;
    c->trust = &t;
    if (!st)
        st = certstore_list(c->op, CERTSTORE_CERT, &items, &n, &damaged);
    for (size_t i = 0; !st && i < n; i++) {
        X509 *cert = smime_parse_cert(&items[i].data);
        if (cert)
            st = consider(c, cert);
        X509_free(cert);
    }
    c->trust = NULL;
    smime_trust_release(&t);
    ERR_clear_error();
    return st;
}

enum sp_status
smime_resolve(const struct keys_op *op, const char *address, int64_t now, struct wr_recipient_plan *out)
{
    struct choice c = {.op = op, .address = keys_address(op->arena, address, strlen(address)), .fingerprint = "", .encrypt = true};
    *out = (struct wr_recipient_plan){
        .address = arena_strdup(op->arena, address), .protocol = SP_PROTOCOL_SMIME, .state = SP_NO_KEY, .reason = "no-key"};
    if (!c.address || !out->address)
        return SP_NOMEM;
    if (!*c.address) {
        out->state = SP_INVALID;
        out->reason = "invalid-address";
        return SP_OK;
    }
    enum sp_status st = choose(&c, now);
    if (!st && c.best) {
        out->state = SP_OK;
        out->reason = "";
        out->fingerprint = c.best;
        out->identity = c.identity;
        out->trust = c.best_trust;
        out->expires = c.expires;
    } else if (c.why_not) {
        out->reason = c.why_not;
    } else if (!certstore_is_open(op)) {
        out->reason = "locked";
    }
    return st;
}

enum sp_status
smime_resolve_signer(const struct keys_op *op, const char *signer, int64_t now, struct wm_resolved *out)
{
    struct choice c = {.op = op, .address = keys_address(op->arena, signer, strlen(signer)), .fingerprint = signer};
    out->signer_state = SP_NO_SECRET_KEY;
    if (!c.address)
        return SP_NOMEM;
    enum sp_status st = choose(&c, now);
    if (!st && c.best) {
        out->signer_state = SP_OK;
        out->signer_fingerprint = c.best;
        out->signer_identity = c.identity;
    }
    return st;
}

/* ---- trust */

enum sp_status
smime_set_trust(const struct keys_op *op, const char *fingerprint, uint8_t trust)
{
    struct certstore_item item;
    enum sp_status st = certstore_get(op, CERTSTORE_CERT, fingerprint, &item);
    X509 *cert = st ? NULL : smime_parse_cert(&item.data);
    if (!st && !cert)
        st = smime_fail(SP_CORRUPT);
    if (!st) {
        /* Trust in a CA is trust in what it says; in anybody else only in this one certificate, so that a pinned self-signed
           certificate can never vouch for others (S17). */
        bool ca = X509_check_ca(cert) == 1;
        item.anchor = ca && trust >= SP_TRUST_ACCEPTED;
        item.trust = trust;
        st = certstore_put(op, &item);
    }
    X509_free(cert);
    return st;
}
