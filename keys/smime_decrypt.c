/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME: decrypting EnvelopedData and AuthEnvelopedData (RFC 5652 section 6, RFC 5083). All failures of the cryptography look the
   same from outside (S26), and no byte leaves before the last one, with its tag, was read (S1). */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <string.h>

static bool
recipient_matches(CMS_RecipientInfo *ri, X509 *cert)
{
    if (CMS_RecipientInfo_type(ri) == CMS_RECIPINFO_TRANS)
        return CMS_RecipientInfo_ktri_cert_cmp(ri, cert) == 0;
    if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_AGREE)
        return false;
    STACK_OF(CMS_RecipientEncryptedKey) *keys = CMS_RecipientInfo_kari_get0_reks(ri);
    for (int i = 0; i < sk_CMS_RecipientEncryptedKey_num(keys); i++)
        if (CMS_RecipientEncryptedKey_cert_cmp(sk_CMS_RecipientEncryptedKey_value(keys, i), cert) == 0)
            return true;
    return false;
}

static bool
is_recipient(CMS_ContentInfo *cms, X509 *cert)
{
    STACK_OF(CMS_RecipientInfo) *list = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(list) && i < SMIME_MAX_RECIPIENTS; i++)
        if (recipient_matches(sk_CMS_RecipientInfo_value(list, i), cert))
            return true;
    return false;
}

static enum sp_status
note_cipher(struct arena *arena, BIO *chain, struct wm_decrypted *out)
{
    EVP_CIPHER_CTX *ctx = NULL;
    BIO *b = BIO_find_type(chain, BIO_TYPE_CIPHER);
    if (!b || BIO_get_cipher_ctx(b, &ctx) <= 0 || !ctx)
        return SP_CRYPTO;
    const EVP_CIPHER *cipher = EVP_CIPHER_CTX_get0_cipher(ctx);
    out->cipher = arena_strdup(arena, cipher && EVP_CIPHER_get0_name(cipher) ? EVP_CIPHER_get0_name(cipher) : "");
    return out->cipher ? SP_OK : SP_NOMEM;
}

/* With the recipient's key set: the content, complete and, for AES-GCM, with its tag checked. */
static enum sp_status
read_content(struct arena *arena, CMS_ContentInfo *cms, struct keys_sink *sink, struct wm_decrypted *out)
{
    char block[16384];
    int n;
    BIO *chain = CMS_dataInit(cms, NULL);
    enum sp_status st = chain ? note_cipher(arena, chain, out) : SP_CRYPTO;
    while (!st && (n = BIO_read(chain, block, sizeof block)) > 0)
        st = keys_sink_write(sink, block, (size_t)n);
    if (!st && (BIO_method_type(chain) != BIO_TYPE_CIPHER || BIO_get_cipher_status(chain) <= 0))
        st = SP_CRYPTO;
    explicit_bzero(block, sizeof block);
    BIO_free_all(chain);
    return st;
}

/* Tries one own certificate on a fresh copy of the object: a failed attempt leaves state behind in it. */
static enum sp_status
decrypt_for(const struct keys_op *op, const struct keys_input *object, X509 *cert, struct wm_decrypted *out)
{
    struct keys_sink sink;
    EVP_PKEY *key = NULL;
    const unsigned char *at = (const unsigned char *)object->data;
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &at, (long)object->len);
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = cms ? smime_own_key(op, cert, &key) : SP_NOMEM;
    if (!st && CMS_decrypt_set1_pkey_and_peer(cms, key, cert, NULL) != 1)
        st = SP_CRYPTO;
    if (!st)
        st = read_content(op->arena, cms, &sink, out);
    if (!st)
        st = keys_sink_take(&sink, &out->plain);
    keys_sink_drop(&sink);
    EVP_PKEY_free(key);
    CMS_ContentInfo_free(cms);
    return st ? smime_fail(st) : SP_OK;
}

static enum sp_status
note_recipients(struct arena *arena, CMS_ContentInfo *cms, struct wm_decrypted *out)
{
    STACK_OF(CMS_RecipientInfo) *list = CMS_get0_RecipientInfos(cms);
    for (int i = 0; i < sk_CMS_RecipientInfo_num(list) && i < 256; i++) {
        CMS_RecipientInfo *ri = sk_CMS_RecipientInfo_value(list, i);
        ASN1_OCTET_STRING *key_id = NULL;
        X509_NAME *issuer = NULL;
        ASN1_INTEGER *serial = NULL;
        const char *text = NULL;
        if (CMS_RecipientInfo_type(ri) != CMS_RECIPINFO_TRANS ||
            CMS_RecipientInfo_ktri_get0_signer_id(ri, &key_id, &issuer, &serial) != 1)
            continue;
        if (serial)
            text = keys_hex(arena, ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial));
        else if (key_id)
            text = keys_hex(arena, ASN1_STRING_get0_data(key_id), (size_t)ASN1_STRING_length(key_id));
        if (text && !keys_add_text(arena, &out->recipients, &out->recipients_n, text))
            return SP_NOMEM;
    }
    return SP_OK;
}

static enum sp_status
try_own_certificates(const struct keys_op *op, const struct keys_input *object, CMS_ContentInfo *cms, struct wm_decrypted *out)
{
    struct certstore_item *items;
    size_t n, damaged;
    enum sp_status st = certstore_list(op, CERTSTORE_CERT, &items, &n, &damaged), last = SP_NO_SECRET_KEY;
    for (size_t i = 0; !st && i < n; i++) {
        X509 *cert = smime_parse_cert(&items[i].data);
        const char *id = cert ? smime_public_key_id(op->arena, X509_get0_pubkey(cert)) : NULL;
        /* Expired and revoked certificates of one's own still open old mail (S7). */
        if (id && is_recipient(cms, cert) && certstore_has(op, CERTSTORE_KEY, id)) {
            last = decrypt_for(op, object, cert, out);
            if (last == SP_OK || last == SP_NOMEM || last == SP_TOO_LARGE)
                i = n;
        }
        X509_free(cert);
    }
    return st ? st : last;
}

enum sp_status
smime_decrypt(const struct keys_op *op, struct wm_decrypt *in, struct wm_decrypted *out)
{
    struct keys_input object = KEYS_INPUT_INIT;
    CMS_ContentInfo *cms = NULL;
    int type = NID_undef;
    *out = (struct wm_decrypted){.plain = -1};
    enum sp_status st = keys_input_open(&object, in->object);
    if (!st) {
        const unsigned char *at = (const unsigned char *)object.data;
        cms = object.len ? d2i_CMS_ContentInfo(NULL, &at, (long)object.len) : NULL;
        type = cms ? OBJ_obj2nid(CMS_get0_type(cms)) : NID_undef;
        if (type != NID_pkcs7_enveloped && type != NID_id_smime_ct_authEnvelopedData)
            st = smime_fail(SP_CRYPTO);
    }
    if (!st && !certstore_is_open(op))
        st = SP_LOCKED;
    if (!st)
        st = note_recipients(op->arena, cms, out);
    if (!st)
        st = try_own_certificates(op, &object, cms, out);
    /* S24: CBC promises nothing about integrity. */
    out->integrity = type == NID_id_smime_ct_authEnvelopedData ? SP_INTEGRITY_AEAD : SP_INTEGRITY_NONE;
    if (st)
        *out = (struct wm_decrypted){.plain = -1};
    CMS_ContentInfo_free(cms);
    keys_input_release(&object);
    ERR_clear_error();
    return st;
}
