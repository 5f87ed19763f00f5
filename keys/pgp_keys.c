/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP keys: listing, choosing one for an address, importing. */
#include "pgp_session.h"

#include <stdlib.h>
#include <string.h>

#define MAX_KEYS 20000

/* ---- a key as a record */

static bool
usable(gpgme_subkey_t sub, int64_t now)
{
    return !sub->revoked && !sub->disabled && !sub->invalid && !pgp_expired(sub, now);
}

static bool
key_dead(gpgme_key_t key, int64_t now)
{
    return key->revoked || key->disabled || key->invalid || !key->subkeys || pgp_expired(key->subkeys, now);
}

/* The newest usable subkey that can do it, NULL when there is none. */
static gpgme_subkey_t
capable_subkey(gpgme_key_t key, bool encrypt, int64_t now)
{
    gpgme_subkey_t best = NULL;
    if (key_dead(key, now))
        return NULL;
    for (gpgme_subkey_t sub = key->subkeys; sub; sub = sub->next)
        if ((encrypt ? sub->can_encrypt : sub->can_sign) && usable(sub, now) && (!best || sub->timestamp >= best->timestamp))
            best = sub;
    return best;
}

static enum sp_status
fill_key(const struct keys_op *op, gpgme_key_t key, int64_t now, struct wr_key *out)
{
    gpgme_subkey_t primary = key->subkeys;
    *out = (struct wr_key){
        .protocol = SP_PROTOCOL_OPENPGP,
        .fingerprint = arena_strdup(op->arena, pgp_fingerprint(key)),
        .algorithm = primary ? pgp_algorithm(op->arena, primary) : "",
        .created = primary && primary->timestamp > 0 ? (int64_t)primary->timestamp : 0,
        .expires = primary ? (int64_t)primary->expires : 0,
        .secret = key->secret,
        .trust = pgp_trust(op, key),
        .revoked = key->revoked,
        .expired = primary && pgp_expired(primary, now),
        .can_sign = capable_subkey(key, false, now) != NULL,
        .can_encrypt = capable_subkey(key, true, now) != NULL,
        .issuer = "",
    };
    return out->fingerprint ? pgp_identities(op, key, out->trust, &out->identities, &out->identities_n) : SP_NOMEM;
}

static enum sp_status
append_key(const struct keys_op *op, gpgme_key_t key, int64_t now, struct wr_key **list, uint32_t *n)
{
    struct wr_key *grown = keys_grow(op->arena, *list, *n, sizeof *grown);
    if (!grown)
        return SP_NOMEM;
    *list = grown;
    enum sp_status st = fill_key(op, key, now, &grown[*n]);
    if (!st)
        ++*n;
    return st;
}

/* ---- listing */

typedef enum sp_status key_fn(gpgme_key_t key, void *arg);

static enum sp_status
each_key(struct pgp_session *s, const char *pattern, bool secret_only, key_fn *fn, void *arg)
{
    gpgme_key_t key;
    enum sp_status st = SP_OK;
    size_t n = 0;
    gpgme_error_t err = gpgme_op_keylist_start(s->ctx, *pattern ? pattern : NULL, secret_only);
    while (!err && !st && n++ < MAX_KEYS && (err = gpgme_op_keylist_next(s->ctx, &key)) == 0) {
        st = fn(key, arg);
        gpgme_key_unref(key);
    }
    if (!st && err && gpgme_err_code(err) != GPG_ERR_EOF && gpgme_err_code(err) != GPG_ERR_NO_PUBKEY)
        st = pgp_status(s, err);
    (void)gpgme_op_keylist_end(s->ctx);
    return st;
}

struct lister {
    const struct keys_op *op;
    struct wm_keys *out;
    int64_t now;
};

static enum sp_status
list_one(gpgme_key_t key, void *arg)
{
    struct lister *l = arg;
    return append_key(l->op, key, l->now, &l->out->keys, &l->out->keys_n);
}

/* Which keys have a secret part, only the agent knows; without one the list is still useful. */
static enum sp_status
with_secret_flags(struct pgp_session *s, bool required)
{
    enum sp_status st = pgp_need_agent(s);
    if (st && !required)
        return SP_OK;
    if (!st && gpgme_set_keylist_mode(s->ctx, GPGME_KEYLIST_MODE_LOCAL | GPGME_KEYLIST_MODE_WITH_SECRET))
        st = SP_INTERNAL;
    return st;
}

enum sp_status
pgp_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out)
{
    struct pgp_session s;
    struct lister l = {.op = op, .out = out, .now = keys_now(0)};
    *out = (struct wm_keys){0};
    enum sp_status st = pgp_open(&s, op, false, NULL);
    if (!st)
        st = with_secret_flags(&s, in->secret_only);
    if (!st)
        st = each_key(&s, in->match, in->secret_only, list_one, &l);
    if (st)
        *out = (struct wm_keys){0};
    pgp_close(&s);
    return st;
}

/* ---- choosing */

struct chooser {
    const struct keys_op *op;
    const char *address;     /* "" when chosen by fingerprint */
    bool encrypt;
    int64_t now;
    gpgme_key_t best;        /* owned */
    gpgme_user_id_t uid;     /* of best */
    uint8_t trust;
    int64_t made;
    const char *why_not;     /* the most telling reason among the refused */
};

static gpgme_user_id_t
matching_uid(const struct chooser *c, gpgme_key_t key)
{
    for (gpgme_user_id_t u = key->uids; u; u = u->next) {
        /* All user IDs of a revoked key count as revoked: that is told as the key's fault. */
        if ((u->revoked && !key->revoked) || u->invalid)
            continue;
        const char *address = keys_user_id_address(c->op->arena, u->uid ? u->uid : "");
        if (!*c->address || (address && keys_same_address(address, c->address)))
            return u;
    }
    return NULL;
}

static const char *
refusal(const struct chooser *c, gpgme_key_t key)
{
    if (key->revoked)
        return "revoked";
    if (key->disabled)
        return "disabled";
    if (key->subkeys && pgp_expired(key->subkeys, c->now))
        return "expired";
    if (key->invalid)
        return "invalid";
    for (gpgme_subkey_t sub = key->subkeys; sub; sub = sub->next)
        if ((c->encrypt ? sub->can_encrypt : sub->can_sign) && pgp_expired(sub, c->now))
            return "expired";
    return c->encrypt ? "cannot-encrypt" : "cannot-sign";
}

/* How far the binding of key and address is accepted: GnuPG's word on that user ID, or the user's on the key. */
static uint8_t
binding_trust(const struct chooser *c, gpgme_key_t key, gpgme_user_id_t uid)
{
    struct certstore_item item;
    if (certstore_get(c->op, CERTSTORE_PGP_TRUST, pgp_fingerprint(key), &item) == SP_OK && item.trust != SP_TRUST_UNDECIDED)
        return item.trust;
    switch (uid->validity) {
    case GPGME_VALIDITY_ULTIMATE: return SP_TRUST_OWN;
    case GPGME_VALIDITY_FULL: return SP_TRUST_ACCEPTED;
    case GPGME_VALIDITY_NEVER: return SP_TRUST_REJECTED;
    default: return SP_TRUST_UNDECIDED;
    }
}

static enum sp_status
consider(gpgme_key_t key, void *arg)
{
    struct chooser *c = arg;
    gpgme_user_id_t uid = matching_uid(c, key);
    if (!uid)
        return SP_OK;
    gpgme_subkey_t sub = capable_subkey(key, c->encrypt, c->now);
    uint8_t trust = binding_trust(c, key, uid);
    if (!sub || trust == SP_TRUST_REJECTED) {
        c->why_not = sub ? "rejected" : refusal(c, key);
        return SP_OK;
    }
    bool accepted = trust >= SP_TRUST_ACCEPTED, held = c->trust >= SP_TRUST_ACCEPTED;
    int64_t made = (int64_t)key->subkeys->timestamp;
    /* Accepted ones first; among equals the newest. */
    if (c->best && (held != accepted ? held : c->made >= made))
        return SP_OK;
    gpgme_key_unref(c->best);
    gpgme_key_ref(key);
    *c = (struct chooser){.op = c->op, .address = c->address, .encrypt = c->encrypt, .now = c->now, .best = key, .uid = uid,
                          .trust = trust, .made = made, .why_not = c->why_not};
    return SP_OK;
}

static const char *
uid_text(struct arena *arena, gpgme_user_id_t uid)
{
    return arena_strdup(arena, uid && uid->uid ? uid->uid : "");
}

static int64_t
first_expiry(gpgme_key_t key, gpgme_subkey_t sub)
{
    int64_t a = (int64_t)key->subkeys->expires, b = (int64_t)sub->expires;
    return a == 0 ? b : b == 0 || a < b ? a : b;
}

enum sp_status
pgp_resolve(const struct keys_op *op, const char *address, int64_t now, struct wr_recipient_plan *out)
{
    struct pgp_session s;
    struct chooser c = {.op = op, .address = keys_address(op->arena, address, strlen(address)), .encrypt = true, .now = keys_now(now)};
    *out = (struct wr_recipient_plan){
        .address = arena_strdup(op->arena, address), .protocol = SP_PROTOCOL_OPENPGP, .state = SP_NO_KEY, .reason = "no-key"};
    if (!c.address || !out->address)
        return SP_NOMEM;
    if (!*c.address) {
        out->state = SP_INVALID;
        out->reason = "invalid-address";
        return SP_OK;
    }
    const char *pattern = arena_printf(op->arena, "<%s>", c.address);
    enum sp_status st = pgp_open(&s, op, false, NULL);
    if (!st)
        st = pattern ? each_key(&s, pattern, false, consider, &c) : SP_NOMEM;
    if (!st && c.best) {
        out->state = SP_OK;
        out->reason = "";
        out->fingerprint = arena_strdup(op->arena, pgp_fingerprint(c.best));
        out->identity = uid_text(op->arena, c.uid);
        out->trust = c.trust;
        out->expires = first_expiry(c.best, capable_subkey(c.best, true, c.now));
    } else if (c.why_not) {
        out->reason = c.why_not;
    }
    if (c.best)
        gpgme_key_unref(c.best);
    pgp_close(&s);
    return st;
}

enum sp_status
pgp_resolve_signer(const struct keys_op *op, const char *signer, int64_t now, struct wm_resolved *out)
{
    struct pgp_session s;
    struct chooser c = {.op = op, .address = keys_address(op->arena, signer, strlen(signer)), .now = keys_now(now)};
    out->signer_state = SP_NO_SECRET_KEY;
    if (!c.address)
        return SP_NOMEM;
    const char *pattern = *c.address ? arena_printf(op->arena, "<%s>", c.address) : signer;
    enum sp_status st = pgp_open(&s, op, false, NULL);
    if (!st)
        st = pgp_need_agent(&s);
    if (!st)
        st = pattern ? each_key(&s, pattern, true, consider, &c) : SP_NOMEM;
    if (!st && c.best) {
        out->signer_state = SP_OK;
        out->signer_fingerprint = arena_strdup(op->arena, pgp_fingerprint(c.best));
        out->signer_identity = uid_text(op->arena, c.uid);
    }
    if (c.best)
        gpgme_key_unref(c.best);
    pgp_close(&s);
    return st;
}

/* ---- importing */

static enum sp_status
list_imported(struct pgp_session *s, gpgme_import_result_t result, struct wm_imported *out)
{
    enum sp_status st = SP_OK;
    int64_t now = keys_now(0);
    for (gpgme_import_status_t i = result->imports; i && !st; i = i->next) {
        gpgme_key_t key = NULL;
        bool known = false;
        for (uint32_t k = 0; i->fpr && k < out->keys_n; k++)
            known |= strcmp(out->keys[k].fingerprint, i->fpr) == 0;
        if (known || !i->fpr)
            continue;
        if (i->result && !keys_add_text(s->op->arena, &out->reasons, &out->reasons_n, gpgme_strerror(i->result)))
            return SP_NOMEM;
        if (gpgme_get_key(s->ctx, i->fpr, &key, 0) || !key)
            continue;
        st = append_key(s->op, key, now, &out->keys, &out->keys_n);
        gpgme_key_unref(key);
    }
    return st;
}

static bool
is_public_only(const char *data, size_t len)
{
    return memmem(data, len, "-----BEGIN PGP PUBLIC KEY BLOCK", 31) && !memmem(data, len, "-----BEGIN PGP PRIVATE KEY BLOCK", 32);
}

enum sp_status
pgp_import(const struct keys_op *op, const char *data, size_t len, struct wm_imported *out)
{
    struct pgp_session s;
    gpgme_data_t in = NULL;
    /* Secret keys are stored as they are protected; nothing is asked for. */
    enum sp_status st = pgp_open(&s, op, false, NULL);
    if (!st && !is_public_only(data, len))
        st = pgp_need_agent(&s);
    if (!st)
        st = pgp_data_in(&in, data, len);
    if (!st)
        st = pgp_status(&s, gpgme_op_import(s.ctx, in));
    gpgme_import_result_t result = st ? NULL : gpgme_op_import_result(s.ctx);
    if (!st && (!result || result->considered + result->new_revocations <= 0))
        st = SP_INVALID;
    if (!st) {
        gpgme_result_ref(result);
        out->considered += (uint32_t)result->considered;
        /* A secret part for a known key, or a revocation of one, is something new as well. */
        out->imported += (uint32_t)(result->imported ? result->imported : result->secret_imported + result->new_revocations);
        out->unchanged += (uint32_t)result->unchanged;
        if (result->no_user_id && !keys_add_text(op->arena, &out->reasons, &out->reasons_n, "no-user-id"))
            st = SP_NOMEM;
        if (!st && !with_secret_flags(&s, false))
            st = list_imported(&s, result, out);
        gpgme_result_unref(result);
    }
    gpgme_data_release(in);
    pgp_close(&s);
    return st;
}
