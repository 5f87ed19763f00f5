/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME: making detached signatures and encrypted objects (RFC 8551). */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/kdf.h>
#include <openssl/rsa.h>
#include <string.h>

static enum sp_status
to_memfd(CMS_ContentInfo *cms, int *fd)
{
    unsigned char *der = NULL;
    int len = i2d_CMS_ContentInfo(cms, &der);
    enum sp_status st = len > 0 ? memfd_from(der, (size_t)len, fd) : SP_NOMEM;
    OPENSSL_free(der);
    return st;
}

/* ---- signing */

/* What we can read, strongest first (RFC 8551 section 2.5.2). */
static bool
add_capabilities(CMS_SignerInfo *si)
{
    static const int ciphers[] = {NID_aes_256_gcm, NID_aes_128_gcm, NID_aes_256_cbc, NID_aes_192_cbc, NID_aes_128_cbc};
    STACK_OF(X509_ALGOR) *list = NULL;
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof ciphers / sizeof *ciphers; i++)
        ok = CMS_add_simple_smimecap(&list, ciphers[i], -1) == 1;
    ok = ok && CMS_add_smimecap(si, list) == 1;
    sk_X509_ALGOR_pop_free(list, X509_ALGOR_free);
    return ok;
}

/* OpenSSL would label a signature of a PSS-only key as PKCS #1 v1.5. */
static bool
tune_signature(CMS_SignerInfo *si, EVP_PKEY *key)
{
    EVP_PKEY_CTX *ctx = CMS_SignerInfo_get0_pkey_ctx(si);
    return EVP_PKEY_get_base_id(key) != EVP_PKEY_RSA_PSS || (ctx && EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0);
}

/* The issuers that our store knows, without the root, which the reader must have anyway. */
static enum sp_status
add_issuers(const struct keys_op *op, CMS_ContentInfo *cms, X509 *cert)
{
    struct smime_trust t = {0};
    struct certstore_item *items;
    size_t n, damaged;
    STACK_OF(X509) *all = sk_X509_new_null();
    enum sp_status st = all ? certstore_list(op, CERTSTORE_CERT, &items, &n, &damaged) : SP_NOMEM;
    for (size_t i = 0; !st && i < n; i++) {
        X509 *one = smime_parse_cert(&items[i].data);
        if (one && sk_X509_push(all, one) <= 0) {
            X509_free(one);
            st = SP_NOMEM;
        }
    }
    for (int depth = 0; !st && depth < 8 && X509_self_signed(cert, 0) != 1; depth++) {
        X509 *issuer = X509_find_by_subject(all, X509_get_issuer_name(cert));
        if (!issuer || X509_self_signed(issuer, 0) == 1 || X509_check_issued(issuer, cert) != X509_V_OK)
            break;
        if (CMS_add1_cert(cms, issuer) != 1) /* twice the same: a loop of cross certificates */
            break;
        cert = issuer;
    }
    sk_X509_pop_free(all, X509_free);
    smime_trust_release(&t);
    ERR_clear_error();
    return st;
}

static enum sp_status
sign(const struct keys_op *op, const struct smime_own *own, const struct keys_input *bytes, int *fd)
{
    unsigned flags = CMS_DETACHED | CMS_BINARY | CMS_PARTIAL | CMS_NOSMIMECAP;
    BIO *in = BIO_new_mem_buf(bytes->len ? bytes->data : "", (int)bytes->len);
    CMS_ContentInfo *cms = CMS_sign(NULL, NULL, NULL, NULL, flags);
    enum sp_status st = in && cms ? SP_OK : SP_NOMEM;
    /* CADES: the certificate is named in what is signed, so it cannot be exchanged (RFC 5035). */
    CMS_SignerInfo *si = st ? NULL : CMS_add1_signer(cms, own->cert, own->key, EVP_sha256(), flags | CMS_CADES | CMS_KEY_PARAM);
    if (!st && (!si || !tune_signature(si, own->key) || !add_capabilities(si)))
        st = SP_UNSUPPORTED;
    if (!st)
        st = add_issuers(op, cms, own->cert);
    if (!st && CMS_final(cms, in, NULL, flags) != 1)
        st = SP_CRYPTO;
    if (!st)
        st = to_memfd(cms, fd);
    CMS_ContentInfo_free(cms);
    BIO_free(in);
    return st ? smime_fail(st) : SP_OK;
}

enum sp_status
smime_sign(const struct keys_op *op, const struct wm_sign *in, struct wm_signed_bytes *out)
{
    struct smime_own own = {NULL, NULL};
    struct keys_input bytes = KEYS_INPUT_INIT;
    *out = (struct wm_signed_bytes){.signature = -1, .micalg = "sha-256"};
    enum sp_status st = keys_input_open(&bytes, in->bytes);
    if (!st)
        st = smime_own_load(op, in->fingerprint, &own);
    if (!st && (!smime_may_sign(own.cert) || X509_cmp_current_time(X509_get0_notAfter(own.cert)) < 0))
        st = SP_NO_SECRET_KEY;
    if (!st)
        st = sign(op, &own, &bytes, &out->signature);
    smime_own_release(&own);
    keys_input_release(&bytes);
    return st;
}

/* ---- encrypting */

/* Ephemeral-static ECDH with SHA-256: OpenSSL's default would be SHA-1. */
static bool
tune_agreement(CMS_RecipientInfo *ri)
{
    EVP_PKEY_CTX *ctx = CMS_RecipientInfo_get0_pkey_ctx(ri);
    return ctx && EVP_PKEY_CTX_set_ecdh_kdf_md(ctx, EVP_sha256()) > 0;
}

static enum sp_status
add_recipient(CMS_ContentInfo *cms, X509 *cert)
{
    bool agreement = EVP_PKEY_get_base_id(X509_get0_pubkey(cert)) == EVP_PKEY_EC;
    CMS_RecipientInfo *ri = CMS_add1_recipient_cert(cms, cert, agreement ? CMS_KEY_PARAM : 0);
    return ri && (!agreement || tune_agreement(ri)) ? SP_OK : SP_CRYPTO;
}

/* All of them or nothing (S69). *gcm: every recipient has said that he reads it. */
static enum sp_status
load_recipients(const struct keys_op *op, const struct wm_encrypt *in, STACK_OF(X509) *certs, bool *gcm)
{
    *gcm = true;
    if (!certstore_is_open(op))
        return SP_LOCKED;
    for (uint32_t i = 0; i < in->fingerprints_n; i++) {
        struct certstore_item item;
        enum sp_status st = certstore_get(op, CERTSTORE_CERT, in->fingerprints[i].text, &item);
        if (st)
            return st == SP_NOT_FOUND ? SP_NO_KEY : st;
        X509 *cert = smime_parse_cert(&item.data);
        if (!cert || sk_X509_push(certs, cert) <= 0) {
            X509_free(cert);
            return cert ? SP_NOMEM : SP_CORRUPT;
        }
        if (!smime_may_encrypt(cert) || item.trust == SP_TRUST_REJECTED || X509_cmp_current_time(X509_get0_notAfter(cert)) < 0)
            return SP_NO_KEY;
        const char *id = smime_public_key_id(op->arena, X509_get0_pubkey(cert));
        *gcm &= item.aes_gcm || (id && certstore_has(op, CERTSTORE_KEY, id)); /* one's own copy is read by this program */
    }
    return in->fingerprints_n ? SP_OK : SP_INVALID;
}

enum sp_status
smime_encrypt(const struct keys_op *op, const struct wm_encrypt *in, struct wm_encrypted_bytes *out)
{
    struct keys_input bytes = KEYS_INPUT_INIT;
    STACK_OF(X509) *certs = sk_X509_new_null();
    CMS_ContentInfo *cms = NULL;
    BIO *plain = NULL;
    bool gcm = false;
    *out = (struct wm_encrypted_bytes){.ciphertext = -1, .smime_type = ""};
    enum sp_status st = certs ? keys_input_open(&bytes, in->bytes) : SP_NOMEM;
    if (!st)
        st = load_recipients(op, in, certs, &gcm);
    if (!st) {
        /* AES-GCM where it is known to be read; AES-256-CBC is what RFC 8551 demands of everybody. */
        cms = gcm ? CMS_AuthEnvelopedData_create(EVP_aes_256_gcm()) : CMS_EnvelopedData_create(EVP_aes_256_cbc());
        plain = BIO_new_mem_buf(bytes.len ? bytes.data : "", (int)bytes.len);
        st = cms && plain && CMS_set_detached(cms, 0) == 1 ? SP_OK : SP_NOMEM;
    }
    for (int i = 0; !st && i < sk_X509_num(certs); i++)
        st = add_recipient(cms, sk_X509_value(certs, i));
    if (!st && CMS_final(cms, plain, NULL, CMS_BINARY) != 1)
        st = SP_CRYPTO;
    if (!st)
        st = to_memfd(cms, &out->ciphertext);
    if (!st)
        out->smime_type = gcm ? "authEnveloped-data" : "enveloped-data";
    CMS_ContentInfo_free(cms);
    BIO_free(plain);
    sk_X509_pop_free(certs, X509_free);
    keys_input_release(&bytes);
    return st ? smime_fail(st) : SP_OK;
}
