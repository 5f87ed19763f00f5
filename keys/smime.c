/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME: starting OpenSSL, reading certificates and revocation lists, private keys of the store. */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

#define MAX_OBJECTS 4096

void
smime_start(void)
{
    /* No configuration file: a user's openssl.cnf could load engines into the process that holds the keys. */
    (void)OPENSSL_init_crypto(OPENSSL_INIT_NO_LOAD_CONFIG | OPENSSL_INIT_LOAD_CRYPTO_STRINGS | OPENSSL_INIT_ADD_ALL_CIPHERS |
                                  OPENSSL_INIT_ADD_ALL_DIGESTS,
                              NULL);
    EVP_MD *warm = EVP_MD_fetch(NULL, "SHA256", NULL); /* loads the default provider before confinement */
    EVP_MD_free(warm);
}

enum sp_status
smime_fail(enum sp_status st)
{
    unsigned long code = ERR_peek_error();
    if (code)
        log_line("cms: %s", ERR_reason_error_string(code) ? ERR_reason_error_string(code) : "error");
    if (ERR_GET_REASON(ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE)
        st = SP_NOMEM;
    ERR_clear_error();
    return st;
}

bool
smime_up_ref_push(STACK_OF(X509) *stack, X509 *cert)
{
    if (X509_up_ref(cert) != 1)
        return false;
    if (sk_X509_push(stack, cert) > 0)
        return true;
    X509_free(cert);
    return false;
}

X509 *
smime_parse_cert(const struct wire_blob *der)
{
    const unsigned char *at = der->data;
    X509 *cert = der->len <= 1048576 ? d2i_X509(NULL, &at, (long)der->len) : NULL;
    if (cert && at != (const unsigned char *)der->data + der->len) {
        X509_free(cert);
        cert = NULL;
    }
    return cert;
}

EVP_PKEY *
smime_parse_key(const struct wire_blob *der)
{
    const unsigned char *at = der->data;
    return der->len <= 1048576 ? d2i_AutoPrivateKey(NULL, &at, (long)der->len) : NULL;
}

static bool
add_pem_block(const char *name, const unsigned char *der, long len, STACK_OF(X509) *certs, STACK_OF(X509_CRL) *crls)
{
    if (strcmp(name, PEM_STRING_X509) == 0 || strcmp(name, PEM_STRING_X509_OLD) == 0 || strcmp(name, PEM_STRING_X509_TRUSTED) == 0) {
        X509 *cert = d2i_X509(NULL, &der, len);
        if (cert && sk_X509_push(certs, cert) > 0)
            return true;
        X509_free(cert);
    } else if (strcmp(name, PEM_STRING_X509_CRL) == 0) {
        X509_CRL *crl = d2i_X509_CRL(NULL, &der, len);
        if (crl && sk_X509_CRL_push(crls, crl) > 0)
            return true;
        X509_CRL_free(crl);
    }
    return false;
}

static void
read_pem(const char *data, size_t len, STACK_OF(X509) *certs, STACK_OF(X509_CRL) *crls, size_t *found)
{
    BIO *b = BIO_new_mem_buf(data, (int)len);
    char *name = NULL, *header = NULL;
    unsigned char *der = NULL;
    long der_len;
    for (int i = 0; b && i < MAX_OBJECTS && PEM_read_bio(b, &name, &header, &der, &der_len) == 1; i++) {
        *found += add_pem_block(name, der, der_len, certs, crls);
        OPENSSL_free(name);
        OPENSSL_free(header);
        OPENSSL_free(der);
    }
    BIO_free(b);
    ERR_clear_error();
}

enum sp_status
smime_read_objects(const char *data, size_t len, STACK_OF(X509) *certs, STACK_OF(X509_CRL) *crls)
{
    size_t found = 0;
    if (len > SMIME_MAX_FILE)
        return SP_TOO_LARGE;
    if (len > 0 && data[0] == 0x30) {
        const unsigned char *at = (const unsigned char *)data;
        X509 *cert = d2i_X509(NULL, &at, (long)len);
        at = (const unsigned char *)data;
        X509_CRL *crl = cert ? NULL : d2i_X509_CRL(NULL, &at, (long)len);
        if (cert && sk_X509_push(certs, cert) > 0)
            return SP_OK;
        if (crl && sk_X509_CRL_push(crls, crl) > 0)
            return SP_OK;
        X509_free(cert);
        X509_CRL_free(crl);
        ERR_clear_error();
    }
    read_pem(data, len, certs, crls, &found);
    return found ? SP_OK : SP_INVALID;
}

/* ---- own keys */

void
smime_own_release(struct smime_own *own)
{
    X509_free(own->cert);
    EVP_PKEY_free(own->key);
    *own = (struct smime_own){NULL, NULL};
}

enum sp_status
smime_own_key(const struct keys_op *op, X509 *cert, EVP_PKEY **key)
{
    struct certstore_item item;
    const char *id = smime_public_key_id(op->arena, X509_get0_pubkey(cert));
    *key = NULL;
    if (!id)
        return SP_NO_SECRET_KEY;
    enum sp_status st = certstore_get(op, CERTSTORE_KEY, id, &item);
    if (st)
        return st == SP_NOT_FOUND ? SP_NO_SECRET_KEY : st;
    *key = smime_parse_key(&item.data);
    explicit_bzero((void *)(uintptr_t)item.data.data, item.data.len);
    if (!*key || X509_check_private_key(cert, *key) != 1) {
        EVP_PKEY_free(*key);
        *key = NULL;
        return smime_fail(SP_CORRUPT);
    }
    return SP_OK;
}

enum sp_status
smime_own_load(const struct keys_op *op, const char *fingerprint, struct smime_own *own)
{
    struct certstore_item item;
    *own = (struct smime_own){NULL, NULL};
    enum sp_status st = certstore_get(op, CERTSTORE_CERT, fingerprint, &item);
    if (st)
        return st == SP_NOT_FOUND ? SP_NO_SECRET_KEY : st;
    own->cert = smime_parse_cert(&item.data);
    if (!own->cert)
        return smime_fail(SP_CORRUPT);
    return smime_own_key(op, own->cert, &own->key);
}
