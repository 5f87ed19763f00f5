/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the S/MIME files share: certificates as facts, trust stores, chains. Inside keys/smime*.c only. */
#ifndef SP_KEYS_SMIME_SESSION_H
#define SP_KEYS_SMIME_SESSION_H

#include <openssl/cms.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include "keys.h"

#define SMIME_MAX_CERTS 256      /* in one CMS object */
#define SMIME_MAX_SIGNERS 32
#define SMIME_MAX_RECIPIENTS 4096

/* ---- facts of a certificate (smime_facts.c). Strings in the arena, NULL when memory ran out. */
const char *smime_fingerprint(struct arena *arena, X509 *cert);
const char *smime_public_key_id(struct arena *arena, EVP_PKEY *key); /* SHA-256 of the SubjectPublicKeyInfo */
const char *smime_name(struct arena *arena, const X509_NAME *name);
/* S19: the rfc822Names, or the subject's emailAddress when there are none. */
enum sp_status smime_identities(struct arena *arena, X509 *cert, struct wr_identity **list, uint32_t *n) SP_MUST_USE;
const char *smime_key_algorithm(struct arena *arena, EVP_PKEY *key);
bool smime_weak_key(EVP_PKEY *key);
bool smime_weak_digest(int nid);
/* Whether the certificate itself was signed with a weak digest. */
bool smime_weak_certificate(X509 *cert);
int64_t smime_time(const ASN1_TIME *t);
/* Key usage and extended key usage for e-mail (RFC 8550 section 4.4); anyExtendedKeyUsage counts. */
bool smime_may_sign(X509 *cert);
bool smime_may_encrypt(X509 *cert);
/* The SMIMECapabilities (RFC 8551 section 2.5.2) name AES-GCM; value is their DER. */
bool smime_reads_gcm(const unsigned char *der, long len);
bool smime_has_address(struct arena *arena, X509 *cert, const char *address);

/* ---- reading (smime.c) */
/* All certificates and lists of a PEM or DER file, appended. Bounded; SP_INVALID when there was neither. */
enum sp_status smime_read_objects(const char *data, size_t len, STACK_OF(X509) *certs, STACK_OF(X509_CRL) *crls) SP_MUST_USE;
#define SMIME_MAX_FILE ((size_t)33554432)
X509 *smime_parse_cert(const struct wire_blob *der);
EVP_PKEY *smime_parse_key(const struct wire_blob *der);
bool smime_up_ref_push(STACK_OF(X509) *stack, X509 *cert);
/* Logs nothing of the errors' data; empties OpenSSL's queue. */
enum sp_status smime_fail(enum sp_status st);

/* ---- trust (smime_chain.c) */

/* What a chain is judged by. */
struct smime_trust {
    X509_STORE *anchors;        /* and the revocation lists */
    STACK_OF(X509) *others;     /* certificates that may complete a chain: from our store */
    bool crls_given;            /* with the request: then every certificate of a chain must be covered */
    bool have_crls;
    int purpose;                /* X509_PURPOSE_SMIME_SIGN, or _ENCRYPT when a recipient is chosen */
    int64_t now;
};
enum sp_status smime_trust_open(struct smime_trust *t, const struct keys_op *op, const struct wr_file *anchors, uint32_t anchors_n,
                                const struct wr_file *crls, uint32_t crls_n, int64_t now) SP_MUST_USE;
void smime_trust_release(struct smime_trust *t);
/* Judges the certificate; more may be NULL: untrusted certificates that came along. Fills chain_good, self_signed, revocation,
   key_expired, key_revoked, weak, trust and reasons of out. */
enum sp_status smime_judge(const struct keys_op *op, const struct smime_trust *t, X509 *cert, STACK_OF(X509) *more,
                           struct wr_key_signature *out) SP_MUST_USE;

/* ---- own keys (smime_own.c) */
struct smime_own {
    X509 *cert;
    EVP_PKEY *key;
};
void smime_own_release(struct smime_own *own);
/* The certificate with this fingerprint and its private key. SP_NO_SECRET_KEY, SP_LOCKED. */
enum sp_status smime_own_load(const struct keys_op *op, const char *fingerprint, struct smime_own *own) SP_MUST_USE;
enum sp_status smime_own_key(const struct keys_op *op, X509 *cert, EVP_PKEY **key) SP_MUST_USE;

#endif
