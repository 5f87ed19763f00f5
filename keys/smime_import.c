/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Bringing certificates, private keys and revocation lists into the sealed store: PKCS#12, PEM, DER, and the certificates that a
   signed message carries. Nothing imported is trusted by that (S62), unless the user says it is an anchor. */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/provider.h>
#include <string.h>

struct importing {
    const struct keys_op *op;
    struct wm_imported *out;
    struct secret passphrase;
    bool have_passphrase, as_anchor;
    bool wanted_passphrase;    /* something was protected and could not be opened */
};

static enum sp_status
note(struct importing *im, const char *why)
{
    return keys_add_text(im->op->arena, &im->out->reasons, &im->out->reasons_n, why) ? SP_OK : SP_NOMEM;
}

/* ---- single objects */

static bool
extension_reads_gcm(X509 *cert)
{
    int at = X509_get_ext_by_NID(cert, NID_SMIMECapabilities, -1);
    ASN1_OCTET_STRING *value = at >= 0 ? X509_EXTENSION_get_data(X509_get_ext(cert, at)) : NULL;
    return value && smime_reads_gcm(ASN1_STRING_get0_data(value), ASN1_STRING_length(value));
}

static enum sp_status
list_cert(struct importing *im, X509 *cert, const struct certstore_item *item)
{
    struct arena *arena = im->op->arena;
    struct wr_key *grown = keys_grow(arena, im->out->keys, im->out->keys_n, sizeof *grown);
    if (!grown)
        return SP_NOMEM;
    im->out->keys = grown;
    struct wr_key *k = &grown[im->out->keys_n++];
    const char *id = smime_public_key_id(arena, X509_get0_pubkey(cert));
    *k = (struct wr_key){
        .protocol = SP_PROTOCOL_SMIME, .fingerprint = item->id, .created = smime_time(X509_get0_notBefore(cert)),
        .expires = smime_time(X509_get0_notAfter(cert)), .algorithm = smime_key_algorithm(arena, X509_get0_pubkey(cert)),
        .secret = id && certstore_has(im->op, CERTSTORE_KEY, id), .trust = item->trust,
        .expired = smime_time(X509_get0_notAfter(cert)) < keys_now(0), .can_sign = smime_may_sign(cert),
        .can_encrypt = smime_may_encrypt(cert), .issuer = smime_name(arena, X509_get_issuer_name(cert)), .anchor = item->anchor,
    };
    return smime_identities(arena, cert, &k->identities, &k->identities_n);
}

static enum sp_status
put_cert(struct importing *im, X509 *cert, bool gcm)
{
    struct certstore_item item = {.kind = CERTSTORE_CERT}, old;
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    item.id = smime_fingerprint(im->op->arena, cert);
    if (len <= 0 || !item.id) {
        OPENSSL_free(der);
        return SP_NOMEM;
    }
    im->out->considered++;
    bool known = certstore_get(im->op, CERTSTORE_CERT, item.id, &old) == SP_OK;
    item.trust = known ? old.trust : (uint8_t)SP_TRUST_UNDECIDED;
    item.anchor = im->as_anchor || (known && old.anchor);
    item.aes_gcm = gcm || extension_reads_gcm(cert) || (known && old.aes_gcm);
    item.data = (struct wire_blob){der, (size_t)len};
    bool same = known && old.anchor == item.anchor && old.aes_gcm == item.aes_gcm;
    enum sp_status st = same ? SP_OK : certstore_put(im->op, &item);
    OPENSSL_free(der);
    if (st)
        return st;
    if (known)
        im->out->unchanged++;
    else
        im->out->imported++;
    return list_cert(im, cert, &item);
}

static enum sp_status
put_key(struct importing *im, EVP_PKEY *key)
{
    struct certstore_item item = {.kind = CERTSTORE_KEY, .id = smime_public_key_id(im->op->arena, key)}, old;
    unsigned char *der = NULL;
    PKCS8_PRIV_KEY_INFO *info = EVP_PKEY2PKCS8(key);
    int len = info ? i2d_PKCS8_PRIV_KEY_INFO(info, &der) : -1;
    enum sp_status st = len > 0 && item.id ? SP_OK : smime_fail(SP_UNSUPPORTED);
    if (!st) {
        im->out->considered++;
        bool known = certstore_get(im->op, CERTSTORE_KEY, item.id, &old) == SP_OK;
        if (known)
            explicit_bzero((void *)(uintptr_t)old.data.data, old.data.len);
        item.data = (struct wire_blob){der, (size_t)len};
        st = known ? SP_OK : certstore_put(im->op, &item);
        if (!st && known)
            im->out->unchanged++;
        else if (!st)
            im->out->imported++;
    }
    if (der)
        OPENSSL_clear_free(der, (size_t)(len > 0 ? len : 0));
    PKCS8_PRIV_KEY_INFO_free(info);
    return st;
}

static enum sp_status
put_crl(struct importing *im, X509_CRL *crl)
{
    uint8_t md[EVP_MAX_MD_SIZE];
    unsigned md_len = 0;
    unsigned char *der = NULL;
    int len = i2d_X509_CRL(crl, &der);
    struct certstore_item item = {.kind = CERTSTORE_CRL, .data = {der, len > 0 ? (size_t)len : 0}};
    enum sp_status st = SP_NOMEM;
    if (len > 0 && X509_CRL_digest(crl, EVP_sha256(), md, &md_len) == 1 && (item.id = keys_hex(im->op->arena, md, md_len)) != NULL)
        st = certstore_put(im->op, &item);
    OPENSSL_free(der);
    if (!st) {
        im->out->considered++;
        im->out->imported++;
    }
    return st;
}

/* ---- a signed message: its certificates, and what its signers say their programs can read */

static bool
signer_reads_gcm(CMS_ContentInfo *cms, X509 *cert)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(cms);
    for (int i = 0; i < sk_CMS_SignerInfo_num(signers) && i < SMIME_MAX_SIGNERS; i++) {
        CMS_SignerInfo *si = sk_CMS_SignerInfo_value(signers, i);
        if (CMS_SignerInfo_cert_cmp(si, cert) != 0)
            continue;
        CMS_SignerInfo_set1_signer_cert(si, cert);
        /* The signature over the signed attributes holds without the content. */
        if (CMS_signed_get_attr_count(si) < 0 || CMS_SignerInfo_verify(si) != 1)
            continue;
        ASN1_STRING *s = CMS_signed_get0_data_by_OBJ(si, OBJ_nid2obj(NID_SMIMECapabilities), -3, V_ASN1_SEQUENCE);
        if (s && smime_reads_gcm(ASN1_STRING_get0_data(s), ASN1_STRING_length(s)))
            return true;
    }
    return false;
}

static enum sp_status
import_cms(struct importing *im, const unsigned char *der, long len, bool *recognised)
{
    CMS_ContentInfo *cms = d2i_CMS_ContentInfo(NULL, &der, len);
    enum sp_status st = SP_OK;
    *recognised = cms && OBJ_obj2nid(CMS_get0_type(cms)) == NID_pkcs7_signed;
    if (*recognised) {
        STACK_OF(X509) *certs = CMS_get1_certs(cms);
        for (int i = 0; !st && i < sk_X509_num(certs) && i < SMIME_MAX_CERTS; i++)
            st = put_cert(im, sk_X509_value(certs, i), signer_reads_gcm(cms, sk_X509_value(certs, i)));
        sk_X509_pop_free(certs, X509_free);
    }
    CMS_ContentInfo_free(cms);
    ERR_clear_error();
    return st;
}

/* ---- PKCS#12 */

/* Old files use RC2 and single DES: their provider lives in a library context of its own, for this one import. */
struct legacy {
    OSSL_LIB_CTX *ctx;
    OSSL_PROVIDER *old, *standard;
};

static bool
legacy_open(struct legacy *l)
{
    l->ctx = OSSL_LIB_CTX_new();
    l->standard = l->ctx ? OSSL_PROVIDER_load(l->ctx, "default") : NULL;
    l->old = l->ctx ? OSSL_PROVIDER_try_load(l->ctx, "legacy", 1) : NULL; /* without it new files still work */
    return l->standard != NULL;
}

static void
legacy_close(struct legacy *l)
{
    if (l->old)
        (void)OSSL_PROVIDER_unload(l->old);
    if (l->standard)
        (void)OSSL_PROVIDER_unload(l->standard);
    OSSL_LIB_CTX_free(l->ctx);
}

/* Once more in the usual library context, where nothing legacy is left. */
static enum sp_status
put_again(struct importing *im, X509 *cert)
{
    unsigned char *der = NULL;
    int len = i2d_X509(cert, &der);
    struct wire_blob blob = {der, len > 0 ? (size_t)len : 0};
    X509 *copy = len > 0 ? smime_parse_cert(&blob) : NULL;
    enum sp_status st = copy ? put_cert(im, copy, false) : smime_fail(SP_INVALID);
    X509_free(copy);
    OPENSSL_free(der);
    return st;
}

static enum sp_status
put_pkcs12(struct importing *im, PKCS12 *p12, const char *password)
{
    EVP_PKEY *key = NULL;
    X509 *cert = NULL;
    STACK_OF(X509) *more = NULL;
    enum sp_status st = SP_OK;
    if (PKCS12_parse(p12, password, &key, &cert, &more) != 1)
        return smime_fail(SP_UNSUPPORTED);
    if (key)
        st = put_key(im, key);
    if (!st && cert)
        st = put_again(im, cert);
    for (int i = 0; !st && i < sk_X509_num(more) && i < SMIME_MAX_CERTS; i++)
        st = put_again(im, sk_X509_value(more, i));
    EVP_PKEY_free(key);
    X509_free(cert);
    sk_X509_pop_free(more, X509_free);
    return st;
}

static enum sp_status
import_pkcs12(struct importing *im, const unsigned char *der, long len, bool *recognised)
{
    struct legacy l = {NULL, NULL, NULL};
    PKCS12 *p12 = legacy_open(&l) ? PKCS12_init_ex(NID_pkcs7_data, l.ctx, NULL) : NULL;
    enum sp_status st = SP_OK;
    *recognised = p12 && d2i_PKCS12(&p12, &der, len) != NULL;
    if (*recognised) {
        const char *password = im->have_passphrase ? secret_str(&im->passphrase) : "";
        bool mac = PKCS12_mac_present(p12);
        if (!mac || PKCS12_verify_mac(p12, password, -1) == 1)
            st = put_pkcs12(im, p12, password);
        else if (!*password && PKCS12_verify_mac(p12, NULL, 0) == 1)
            st = put_pkcs12(im, p12, NULL);
        else
            st = im->have_passphrase ? SP_PASSPHRASE_WRONG : SP_PASSPHRASE_NEEDED;
        PKCS12_free(p12);
    }
    legacy_close(&l);
    ERR_clear_error();
    return st;
}

/* ---- private keys */

static int
on_password(char *out, int size, int writing, void *arg)
{
    struct importing *im = arg;
    (void)writing;
    if (!im->have_passphrase || im->passphrase.len > (size_t)size) {
        im->wanted_passphrase = true;
        return -1;
    }
    memcpy(out, im->passphrase.data, im->passphrase.len);
    return (int)im->passphrase.len;
}

struct pem_block {
    char *name, *header;
    unsigned char *der;
    long len;
};
typedef enum sp_status pem_fn(struct importing *im, const struct pem_block *b);

static enum sp_status
each_pem_block(struct importing *im, const char *data, size_t len, pem_fn *fn)
{
    BIO *b = BIO_new_mem_buf(data, (int)len);
    struct pem_block block;
    enum sp_status st = b ? SP_OK : SP_NOMEM;
    while (!st && PEM_read_bio(b, &block.name, &block.header, &block.der, &block.len) == 1) {
        st = fn(im, &block);
        OPENSSL_free(block.name);
        OPENSSL_free(block.header);
        OPENSSL_clear_free(block.der, (size_t)block.len);
    }
    BIO_free(b);
    ERR_clear_error();
    return st;
}

/* One block by itself, so that what fails is known to be this key and not the text around it. */
static enum sp_status
put_pem_key(struct importing *im, const struct pem_block *b)
{
    size_t n = strlen(b->name);
    if (n < 11 || strcmp(b->name + n - 11, "PRIVATE KEY") != 0)
        return SP_OK;
    bool sealed = strncmp(b->name, "ENCRYPTED", 9) == 0 || strstr(b->header, "ENCRYPTED") != NULL;
    BIO *one = BIO_new(BIO_s_secmem());
    EVP_PKEY *key = NULL;
    if (one && PEM_write_bio(one, b->name, b->header, b->der, b->len) > 0)
        key = PEM_read_bio_PrivateKey(one, NULL, on_password, im);
    enum sp_status st = key ? put_key(im, key) : SP_OK;
    if (!key && im->wanted_passphrase)
        st = SP_PASSPHRASE_NEEDED;
    else if (!key)
        st = sealed ? SP_PASSPHRASE_WRONG : note(im, "unreadable-key");
    EVP_PKEY_free(key);
    BIO_free(one);
    return st;
}

static enum sp_status
put_pem_bundle(struct importing *im, const struct pem_block *b)
{
    bool recognised;
    if (strcmp(b->name, "PKCS12") == 0)
        return import_pkcs12(im, b->der, b->len, &recognised);
    if (strcmp(b->name, PEM_STRING_PKCS7) != 0 && strcmp(b->name, PEM_STRING_CMS) != 0)
        return SP_OK;
    return import_cms(im, b->der, b->len, &recognised);
}

static enum sp_status
import_der_key(struct importing *im, const unsigned char *der, long len, bool *recognised)
{
    BIO *b = BIO_new_mem_buf(der, (int)len);
    EVP_PKEY *key = b ? d2i_PrivateKey_bio(b, NULL) : NULL;
    if (b && !key) {
        (void)BIO_reset(b);
        key = d2i_PKCS8PrivateKey_bio(b, NULL, on_password, im);
    }
    *recognised = key || im->wanted_passphrase;
    enum sp_status st = key ? put_key(im, key) : im->wanted_passphrase ? SP_PASSPHRASE_NEEDED : SP_OK;
    EVP_PKEY_free(key);
    BIO_free(b);
    ERR_clear_error();
    return st;
}

/* ---- files */

static enum sp_status
put_lists(struct importing *im, STACK_OF(X509) *certs, STACK_OF(X509_CRL) *crls)
{
    enum sp_status st = SP_OK;
    for (int i = 0; !st && i < sk_X509_num(certs); i++)
        st = put_cert(im, sk_X509_value(certs, i), false);
    for (int i = 0; !st && i < sk_X509_CRL_num(crls); i++)
        st = put_crl(im, sk_X509_CRL_value(crls, i));
    return st;
}

static enum sp_status
import_der(struct importing *im, const char *data, size_t len)
{
    const unsigned char *der = (const unsigned char *)data;
    bool recognised = false;
    enum sp_status st = import_pkcs12(im, der, (long)len, &recognised);
    if (!recognised)
        st = import_cms(im, der, (long)len, &recognised);
    if (!recognised)
        st = import_der_key(im, der, (long)len, &recognised);
    return st ? st : recognised ? SP_OK : SP_INVALID;
}

enum sp_status
smime_import(const struct keys_op *op, const char *data, size_t len, int passphrase_fd, bool as_anchor, struct wm_imported *out)
{
    struct importing im = {.op = op, .out = out, .as_anchor = as_anchor};
    STACK_OF(X509) *certs = sk_X509_new_null();
    STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
    enum sp_status st = certs && crls ? SP_OK : SP_NOMEM;
    if (!st && !certstore_is_open(op))
        st = SP_LOCKED;
    if (!st && passphrase_fd > 0) {
        st = keys_read_passphrase(passphrase_fd, &im.passphrase);
        im.have_passphrase = true;
    }
    bool pem = memmem(data, len, "-----BEGIN ", 11) != NULL;
    if (!st && pem) /* keys first, so that the certificates are listed as one's own */
        st = each_pem_block(&im, data, len, put_pem_key);
    if (!st && pem)
        st = each_pem_block(&im, data, len, put_pem_bundle);
    if (!st) {
        bool found = smime_read_objects(data, len, certs, crls) == SP_OK;
        st = found ? put_lists(&im, certs, crls) : pem ? SP_OK : import_der(&im, data, len);
    }
    if (!st && out->considered == 0)
        st = SP_INVALID;
    sk_X509_pop_free(certs, X509_free);
    sk_X509_CRL_pop_free(crls, X509_CRL_free);
    secret_release(&im.passphrase);
    return st ? smime_fail(st) : SP_OK;
}
