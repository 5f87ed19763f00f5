/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What GnuPG knows of a key or signature, as the records that cross the border. */
#include "pgp_session.h"

#include <string.h>

#define MAX_SIGNATURES 32 /* each costs a key look-up */

const char *
pgp_fingerprint(gpgme_key_t key)
{
    if (key->fpr)
        return key->fpr;
    return key->subkeys && key->subkeys->fpr ? key->subkeys->fpr : "";
}

const char *
pgp_algorithm(struct arena *arena, gpgme_subkey_t sub)
{
    char *name = gpgme_pubkey_algo_string(sub);
    const char *out = arena_strdup(arena, name ? name : "");
    gpgme_free(name);
    return out ? out : "";
}

bool
pgp_weak_key(gpgme_subkey_t sub)
{
    switch (sub->pubkey_algo) {
    case GPGME_PK_RSA:
    case GPGME_PK_RSA_E:
    case GPGME_PK_RSA_S: return sub->length < 2048;
    case GPGME_PK_DSA: return true;
    default: return false;
    }
}

bool
pgp_expired(gpgme_subkey_t sub, int64_t now)
{
    return sub->expires != 0 && (int64_t)sub->expires <= now;
}

/* ---- trust */

static uint8_t
gnupg_trust(gpgme_key_t key)
{
    uint8_t best = SP_TRUST_UNDECIDED;
    for (gpgme_user_id_t u = key->uids; u; u = u->next) {
        if (u->revoked || u->invalid)
            continue;
        if (u->validity == GPGME_VALIDITY_ULTIMATE)
            return SP_TRUST_OWN;
        if (u->validity == GPGME_VALIDITY_FULL)
            best = SP_TRUST_ACCEPTED;
        if (u->validity == GPGME_VALIDITY_NEVER && best == SP_TRUST_UNDECIDED)
            best = SP_TRUST_REJECTED;
    }
    /* For expired keys GnuPG computes no validity; what remains is the owner trust that the user set himself. */
    if (best == SP_TRUST_UNDECIDED && key->expired && key->owner_trust == GPGME_VALIDITY_ULTIMATE)
        return SP_TRUST_OWN;
    return best;
}

uint8_t
pgp_trust(const struct keys_op *op, gpgme_key_t key)
{
    struct certstore_item item;
    if (certstore_get(op, CERTSTORE_PGP_TRUST, pgp_fingerprint(key), &item) == SP_OK && item.trust != SP_TRUST_UNDECIDED)
        return item.trust;
    return gnupg_trust(key);
}

/* Whether the user ID counts as the key's, given how far the key is accepted (S5). */
static bool
uid_counts(const struct keys_op *op, gpgme_key_t key, gpgme_user_id_t u, uint8_t trust)
{
    struct certstore_item item;
    if (u->revoked || u->invalid || trust == SP_TRUST_REJECTED)
        return false;
    if (u->validity == GPGME_VALIDITY_FULL || u->validity == GPGME_VALIDITY_ULTIMATE)
        return true;
    if (key->expired && key->owner_trust == GPGME_VALIDITY_ULTIMATE)
        return true;
    /* Accepted by the user in our own store: that is a decision on the key with the user IDs bound to it. */
    return trust >= SP_TRUST_ACCEPTED &&
           certstore_get(op, CERTSTORE_PGP_TRUST, pgp_fingerprint(key), &item) == SP_OK && item.trust >= SP_TRUST_ACCEPTED;
}

enum sp_status
pgp_identities(const struct keys_op *op, gpgme_key_t key, uint8_t trust, struct wr_identity **list, uint32_t *n)
{
    *list = NULL;
    *n = 0;
    for (gpgme_user_id_t u = key->uids; u; u = u->next) {
        struct wr_identity *grown = keys_grow(op->arena, *list, *n, sizeof *grown);
        const char *uid = u->uid ? u->uid : "";
        const char *name = arena_strdup(op->arena, u->name && *u->name ? u->name : uid);
        const char *address = keys_user_id_address(op->arena, uid);
        if (!grown || !name || !address)
            return SP_NOMEM;
        *list = grown;
        grown[(*n)++] = (struct wr_identity){
            .name = name, .address = address, .valid = uid_counts(op, key, u, trust), .revoked = u->revoked};
    }
    return SP_OK;
}

/* ---- signatures */

static uint16_t
signature_status(gpgme_signature_t sig)
{
    switch (gpgme_err_code(sig->status)) {
    case GPG_ERR_NO_ERROR:
    case GPG_ERR_SIG_EXPIRED:
    case GPG_ERR_KEY_EXPIRED:
    case GPG_ERR_CERT_REVOKED: return SP_OK; /* the cryptography holds; the flags say the rest */
    case GPG_ERR_BAD_SIGNATURE: return SP_CRYPTO;
    case GPG_ERR_NO_PUBKEY: return SP_NO_KEY;
    default: return SP_INTERNAL;
    }
}

static bool
weak_hash(gpgme_hash_algo_t hash)
{
    return hash == GPGME_MD_MD5 || hash == GPGME_MD_SHA1 || hash == GPGME_MD_RMD160 || hash == GPGME_MD_MD2 ||
           hash == GPGME_MD_MD4 || hash == GPGME_MD_HAVAL || hash == GPGME_MD_TIGER;
}

static gpgme_subkey_t
find_subkey(gpgme_key_t key, const char *fpr)
{
    for (gpgme_subkey_t sub = key->subkeys; sub; sub = sub->next)
        if (sub->fpr && strcmp(sub->fpr, fpr) == 0)
            return sub;
    return NULL;
}

/* Everything that depends on the key. A signature whose key cannot be listed stays unknown. */
static enum sp_status
add_key_facts(struct pgp_session *s, gpgme_signature_t sig, int64_t now, struct wr_key_signature *out)
{
    const struct keys_op *op = s->op;
    gpgme_key_t key = NULL;
    if (!sig->fpr || gpgme_get_key(s->ctx, sig->fpr, &key, 0) || !key) {
        out->status = out->status == SP_OK ? SP_NO_KEY : out->status;
        return SP_OK;
    }
    gpgme_subkey_t sub = find_subkey(key, sig->fpr);
    gpgme_subkey_t primary = key->subkeys;
    enum sp_status st = SP_OK;
    if (primary && primary->fpr)
        out->fingerprint = arena_strdup(op->arena, pgp_fingerprint(key));
    if (!sub) /* only its 64-bit id is known: bad signatures */
        sub = primary;
    if (primary && sub) {
        out->algorithm = pgp_algorithm(op->arena, sub);
        out->weak |= pgp_weak_key(sub);
        out->key_expired = pgp_expired(primary, now) || pgp_expired(sub, now);
        out->key_revoked = key->revoked || primary->revoked || sub->revoked;
        out->not_before = sub->timestamp > 0 ? (int64_t)sub->timestamp : 0;
        out->not_after = (int64_t)(sub->expires && (!primary->expires || sub->expires < primary->expires) ? sub->expires
                                                                                                          : primary->expires);
        if (pgp_weak_key(sub) && !keys_add_text(op->arena, &out->reasons, &out->reasons_n, "weak-key"))
            st = SP_NOMEM;
    }
    out->trust = pgp_trust(op, key);
    if (!st)
        st = pgp_identities(op, key, out->trust, &out->identities, &out->identities_n);
    gpgme_key_unref(key);
    return st;
}

/* S-numbers: see keys.h. X(condition, reason) */
static enum sp_status
add_reasons(struct arena *arena, struct wr_key_signature *out, bool weak_digest)
{
    const struct {
        bool applies;
        const char *reason;
    } table[] = {
        {out->status == SP_CRYPTO, "digest-mismatch"}, {out->status == SP_NO_KEY, "unknown-key"},
        {out->status == SP_INTERNAL, "not-checked"},   {weak_digest, "weak-digest"},
        {out->key_expired, "key-expired"},             {out->key_revoked, "key-revoked"},
        {out->signature_expired, "signature-expired"}, {out->trust == SP_TRUST_REJECTED, "key-rejected"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (table[i].applies && !keys_add_text(arena, &out->reasons, &out->reasons_n, table[i].reason))
            return SP_NOMEM;
    return SP_OK;
}

static enum sp_status
fill_signature(struct pgp_session *s, gpgme_signature_t sig, int64_t now, struct wr_key_signature *out)
{
    struct arena *arena = s->op->arena;
    const char *hash = gpgme_hash_algo_name(sig->hash_algo);
    const char *algorithm = gpgme_pubkey_algo_name(sig->pubkey_algo);
    const char *fpr = sig->fpr ? sig->fpr : "";
    size_t len = strlen(fpr);

    *out = (struct wr_key_signature){
        .protocol = SP_PROTOCOL_OPENPGP,
        .status = signature_status(sig),
        .fingerprint = arena_strdup(arena, fpr),
        .key_id = arena_strdup(arena, len > 16 ? fpr + len - 16 : fpr),
        .created = (int64_t)sig->timestamp,
        .expires = (int64_t)sig->exp_timestamp,
        .algorithm = arena_strdup(arena, algorithm ? algorithm : ""),
        .hash = arena_strdup(arena, hash ? hash : ""),
        .weak = weak_hash(sig->hash_algo),
        .revocation = SP_REVOCATION_NA,
        .issuer = "",
    };
    out->signature_expired = out->expires != 0 && out->expires <= now;
    enum sp_status st = SP_OK;
    if (out->status != SP_NO_KEY)
        st = add_key_facts(s, sig, now, out);
    /* gpg refused it as revoked or expired though the listing shows nothing: believe the refusal. */
    if (gpgme_err_code(sig->status) == GPG_ERR_CERT_REVOKED)
        out->key_revoked = 1;
    if (gpgme_err_code(sig->status) == GPG_ERR_KEY_EXPIRED && out->not_after == 0)
        out->key_expired = 1;
    out->chain_good = out->trust >= SP_TRUST_ACCEPTED;
    return st ? st : add_reasons(arena, out, weak_hash(sig->hash_algo));
}

enum sp_status
pgp_signatures(struct pgp_session *s, int64_t now, struct wr_key_signature **list, uint32_t *n)
{
    gpgme_verify_result_t result = gpgme_op_verify_result(s->ctx);
    enum sp_status st = SP_OK;
    *list = NULL;
    *n = 0;
    if (!result)
        return SP_OK;
    /* The context's next operation (key listing) replaces the result: hold it. */
    gpgme_result_ref(result);
    for (gpgme_signature_t sig = result->signatures; sig && !st; sig = sig->next) {
        if (*n == MAX_SIGNATURES) { /* what nobody looked at must not pass: the last one says so */
            (*list)[*n - 1].status = SP_INTERNAL;
            st = keys_add_text(s->op->arena, &(*list)[*n - 1].reasons, &(*list)[*n - 1].reasons_n, "too-many-signatures") ? SP_OK : SP_NOMEM;
            break;
        }
        struct wr_key_signature *grown = keys_grow(s->op->arena, *list, *n, sizeof *grown);
        if (!grown) {
            st = SP_NOMEM;
            break;
        }
        *list = grown;
        st = fill_signature(s, sig, now, &grown[*n]);
        ++*n;
    }
    gpgme_result_unref(result);
    return st;
}
