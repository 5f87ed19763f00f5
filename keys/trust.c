/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests that concern both protocols: trust, choosing keys, importing, listing. */
#include "keys.h"

#include <string.h>

#define MAX_IMPORT ((size_t)33554432)
#define MAX_ADDRESSES 1000

enum sp_status
keys_set_trust(const struct keys_op *op, const struct wm_set_trust *in)
{
    if (in->trust >= SP_TRUST_OWN || strlen(in->fingerprint) < 32) /* OWN is found out, not set */
        return SP_INVALID;
    if (in->protocol == SP_PROTOCOL_SMIME)
        return smime_set_trust(op, in->fingerprint, in->trust);
    if (in->trust == SP_TRUST_UNDECIDED) {
        enum sp_status st = certstore_remove(op, CERTSTORE_PGP_TRUST, in->fingerprint);
        return st == SP_NOT_FOUND ? SP_OK : st;
    }
    struct certstore_item item = {.kind = CERTSTORE_PGP_TRUST, .id = in->fingerprint, .trust = in->trust, .data = {"", 0}};
    return certstore_put(op, &item);
}

/* ---- choosing keys */

static enum sp_status
resolve_with(const struct keys_op *op, enum sp_protocol protocol, const struct wm_resolve_keys *in, struct wm_resolved *out, uint32_t *usable)
{
    enum sp_status st = SP_OK;
    *out = (struct wm_resolved){.signer_state = SP_NO_SECRET_KEY};
    *usable = 0;
    out->recipients = arena_array(op->arena, (size_t)in->addresses_n + 1, sizeof *out->recipients);
    if (!out->recipients)
        return SP_NOMEM;
    for (uint32_t i = 0; !st && i < in->addresses_n; i++) {
        struct wr_recipient_plan *r = &out->recipients[out->recipients_n++];
        const char *address = in->addresses[i].text;
        st = protocol == SP_PROTOCOL_OPENPGP ? pgp_resolve(op, address, in->now, r) : smime_resolve(op, address, in->now, r);
        *usable += !st && r->state == SP_OK;
    }
    if (!st && *in->signer)
        st = protocol == SP_PROTOCOL_OPENPGP ? pgp_resolve_signer(op, in->signer, in->now, out)
                                             : smime_resolve_signer(op, in->signer, in->now, out);
    return st;
}

enum sp_status
keys_resolve(const struct keys_op *op, const struct wm_resolve_keys *in, struct wm_resolved *out)
{
    struct wm_resolved other;
    uint32_t usable, other_usable;
    if (in->addresses_n > MAX_ADDRESSES)
        return SP_TOO_LARGE;
    if (in->protocol != SP_PROTOCOL_NONE)
        return resolve_with(op, (enum sp_protocol)in->protocol, in, out, &usable);
    /* Either will do: the one that reaches more people, OpenPGP when both do. One message has one protocol. */
    enum sp_status st = resolve_with(op, SP_PROTOCOL_OPENPGP, in, out, &usable);
    if (st == SP_OK && usable == in->addresses_n && (!*in->signer || out->signer_state == SP_OK))
        return SP_OK;
    enum sp_status other_st = resolve_with(op, SP_PROTOCOL_SMIME, in, &other, &other_usable);
    if (other_st == SP_OK &&
        (st || other_usable > usable || (other_usable == usable && other.signer_state == SP_OK && out->signer_state != SP_OK))) {
        *out = other;
        return SP_OK;
    }
    return st;
}

/* ---- importing */

/* An OpenPGP packet begins with the high bit set (RFC 9580 section 4.2); DER with 0x30. */
static bool
is_openpgp(const struct buf *b)
{
    return b->len > 0 && ((uint8_t)b->data[0] & 0x80 || memmem(b->data, b->len, "-----BEGIN PGP", 14));
}

static bool
is_x509(const struct buf *b)
{
    static const char *const labels[] = {"-----BEGIN CERTIFICATE", "-----BEGIN X509", "-----BEGIN TRUSTED", "-----BEGIN PKCS7",
                                         "-----BEGIN CMS", "PRIVATE KEY-----"};
    if (!is_openpgp(b))
        return true;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
        if (memmem(b->data, b->len, labels[i], strlen(labels[i])))
            return true;
    return false;
}

enum sp_status
keys_import(const struct keys_op *op, struct wm_import_keys *in, struct wm_imported *out)
{
    struct buf data = BUF_INIT;
    *out = (struct wm_imported){0};
    enum sp_status st = in->data > 0 ? keys_read_any(in->data, MAX_IMPORT, &data) : SP_INVALID;
    if (!st && is_openpgp(&data))
        st = pgp_import(op, data.data, data.len, out);
    if (!st && is_x509(&data))
        st = smime_import(op, buf_str(&data), data.len, in->passphrase, in->as_anchor, out);
    if (st)
        *out = (struct wm_imported){0};
    buf_release_wiped(&data);
    return st;
}

/* ---- listing */

enum sp_status
keys_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out)
{
    struct wm_keys more = {0};
    enum sp_status st = SP_OK;
    *out = (struct wm_keys){0};
    if (in->protocol != SP_PROTOCOL_SMIME)
        st = pgp_list(op, in, out);
    if (in->protocol == SP_PROTOCOL_OPENPGP)
        return st;
    if (st == SP_UNAVAILABLE && in->protocol == SP_PROTOCOL_NONE) /* no gpg here */
        st = SP_OK;
    if (!st)
        st = smime_list(op, in, &more);
    if (st || more.keys_n == 0)
        return st;
    struct wr_key *all = arena_array(op->arena, (size_t)out->keys_n + more.keys_n, sizeof *all);
    if (!all)
        return SP_NOMEM;
    if (out->keys_n)
        memcpy(all, out->keys, out->keys_n * sizeof *all);
    memcpy(all + out->keys_n, more.keys, more.keys_n * sizeof *all);
    out->keys = all;
    out->keys_n += more.keys_n;
    return SP_OK;
}
