/* SPDX-License-Identifier: GPL-3.0-or-later */
/* TLS over OpenSSL 3. */
#include "tls.h"

#include <arpa/inet.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct tls_anchors {
    STACK_OF(X509) * certs;
};

struct tls {
    SSL_CTX *ctx;
    SSL *ssl;
    const struct tls_policy *policy;
    struct tls_facts *facts;
    unsigned char pin[32];
    bool pinned;
    char description[128];
};

/* ---- anchors */

static enum sp_status
add_pem(STACK_OF(X509) * certs, BIO *in)
{
    X509 *x;
    size_t n = 0;
    while ((x = PEM_read_bio_X509_AUX(in, NULL, NULL, NULL))) {
        if (!sk_X509_push(certs, x)) {
            X509_free(x);
            return SP_NOMEM;
        }
        n++;
    }
    ERR_clear_error(); /* the end of the file is an error to OpenSSL */
    return n ? SP_OK : SP_INVALID;
}

static struct tls_anchors *
anchors_new(void)
{
    struct tls_anchors *a = calloc(1, sizeof *a);
    if (a)
        a->certs = sk_X509_new_null();
    if (a && !a->certs) {
        free(a);
        a = NULL;
    }
    return a;
}

struct tls_anchors *
tls_anchors_load(void)
{
    const char *named = getenv(X509_get_default_cert_file_env());
    const char *const files[] = {named, X509_get_default_cert_file(), "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt",
                                 "/etc/ssl/ca-bundle.pem", "/etc/ssl/cert.pem"};
    struct tls_anchors *a = anchors_new();
    for (size_t i = 0; a && i < sizeof files / sizeof *files; i++) {
        BIO *in = files[i] ? BIO_new_file(files[i], "r") : NULL;
        enum sp_status st = in ? add_pem(a->certs, in) : SP_NOT_FOUND;
        BIO_free(in);
        if (st == SP_OK)
            break;
    }
    ERR_clear_error();
    return a;
}

struct tls_anchors *
tls_anchors_from_pem(const char *pem)
{
    struct tls_anchors *a = anchors_new();
    BIO *in = BIO_new_mem_buf(pem, -1);
    if (a && (!in || add_pem(a->certs, in) == SP_NOMEM)) {
        tls_anchors_free(a);
        a = NULL;
    }
    BIO_free(in);
    return a;
}

void
tls_anchors_free(struct tls_anchors *a)
{
    if (!a)
        return;
    sk_X509_pop_free(a->certs, X509_free);
    free(a);
}

size_t
tls_anchors_count(const struct tls_anchors *a)
{
    return (size_t)sk_X509_num(a->certs);
}

/* A store with the system's anchors and those of the policy. */
static enum sp_status
fill_store(X509_STORE *store, const struct tls_anchors *a, const char *ca_pem)
{
    for (int i = 0; a && i < sk_X509_num(a->certs); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(a->certs, i)) != 1)
            ERR_clear_error(); /* an anchor that OpenSSL cannot take helps nobody, and harms nobody */
    if (!ca_pem || !*ca_pem)
        return SP_OK;
    struct tls_anchors *extra = tls_anchors_from_pem(ca_pem);
    enum sp_status st = extra ? SP_OK : SP_NOMEM;
    if (!st && tls_anchors_count(extra) == 0)
        st = SP_INVALID;
    for (int i = 0; !st && i < sk_X509_num(extra->certs); i++)
        if (X509_STORE_add_cert(store, sk_X509_value(extra->certs, i)) != 1)
            st = SP_INVALID;
    tls_anchors_free(extra);
    return st;
}

/* ---- the certificate */

static void
name_text(const X509_NAME *name, char *out, size_t room)
{
    BIO *b = BIO_new(BIO_s_mem());
    out[0] = '\0';
    if (b && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        int n = BIO_read(b, out, (int)room - 1);
        out[n > 0 ? n : 0] = '\0';
    }
    BIO_free(b);
}

static int64_t
time_value(const ASN1_TIME *t)
{
    struct tm tm;
    return t && ASN1_TIME_to_tm(t, &tm) == 1 ? (int64_t)timegm(&tm) : 0;
}

static void
fill_facts(struct tls_facts *facts, X509 *leaf, unsigned char digest[32])
{
    unsigned len = 0;
    if (X509_digest(leaf, EVP_sha256(), digest, &len) != 1 || len != 32)
        memset(digest, 0, 32);
    for (unsigned i = 0; i < 32; i++)
        (void)snprintf(facts->sha256 + (size_t)2 * i, 3, "%02x", digest[i]);
    name_text(X509_get_subject_name(leaf), facts->subject, sizeof facts->subject);
    name_text(X509_get_issuer_name(leaf), facts->issuer, sizeof facts->issuer);
    facts->not_before = time_value(X509_get0_notBefore(leaf));
    facts->not_after = time_value(X509_get0_notAfter(leaf));
}

static const char *
error_reason(int error)
{
    switch (error) {
    case X509_V_ERR_CERT_HAS_EXPIRED: return "expired";
    case X509_V_ERR_CERT_NOT_YET_VALID: return "not-yet-valid";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return "self-signed";
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_CERT_UNTRUSTED: return "unknown-ca";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH: return "wrong-host";
    case X509_V_ERR_EE_KEY_TOO_SMALL:
    case X509_V_ERR_CA_KEY_TOO_SMALL:
    case X509_V_ERR_CA_MD_TOO_WEAK: return "weak";
    case X509_V_ERR_CERT_REVOKED: return "revoked";
    default: return "invalid";
    }
}

/* In place of OpenSSL's own verification, so that a pin replaces the chain and the facts are known either way. */
static int
verify_peer(X509_STORE_CTX *ctx, void *arg)
{
    struct tls *t = arg;
    unsigned char digest[32];
    X509 *leaf = X509_STORE_CTX_get0_cert(ctx);
    if (!leaf)
        return 0;
    fill_facts(t->facts, leaf, digest);
    if (t->pinned) {
        if (CRYPTO_memcmp(digest, t->pin, sizeof digest) == 0) {
            X509_STORE_CTX_set_error(ctx, X509_V_OK);
            return 1;
        }
        t->facts->status = SP_TLS_PIN_CHANGED;
        t->facts->reason = "pin-changed";
        X509_STORE_CTX_set_error(ctx, X509_V_ERR_CERT_REJECTED);
        return 0;
    }
    if (X509_verify_cert(ctx) == 1)
        return 1;
    t->facts->status = SP_TLS_UNTRUSTED;
    t->facts->reason = error_reason(X509_STORE_CTX_get_error(ctx));
    return 0;
}

/* ---- sessions */

static bool
read_pin(struct tls *t, const char *hex)
{
    size_t n = 0;
    int high = -1;
    for (; hex && *hex; hex++) {
        if (*hex == ':' || *hex == ' ')
            continue;
        int v = *hex >= '0' && *hex <= '9' ? *hex - '0' : *hex >= 'a' && *hex <= 'f' ? *hex - 'a' + 10 :
                *hex >= 'A' && *hex <= 'F' ? *hex - 'A' + 10 : -1;
        if (v < 0 || n == sizeof t->pin)
            return false;
        if (high < 0) {
            high = v;
        } else {
            t->pin[n++] = (unsigned char)(high << 4 | v);
            high = -1;
        }
    }
    t->pinned = n == sizeof t->pin;
    return high < 0 && (n == 0 || t->pinned);
}

static bool
is_address(const char *host)
{
    unsigned char room[16];
    return inet_pton(AF_INET, host, room) == 1 || inet_pton(AF_INET6, host, room) == 1;
}

static enum sp_status
set_context(struct tls *t, const struct tls_anchors *a)
{
    t->ctx = SSL_CTX_new(TLS_client_method());
    if (!t->ctx)
        return SP_NOMEM;
    if (SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) != 1)
        return SP_INTERNAL;
    SSL_CTX_set_options(t->ctx, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE);
    SSL_CTX_clear_options(t->ctx, SSL_OP_LEGACY_SERVER_CONNECT | SSL_OP_ALLOW_UNSAFE_LEGACY_RENEGOTIATION);
    SSL_CTX_set_mode(t->ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    if (SSL_CTX_get_security_level(t->ctx) < 2)
        SSL_CTX_set_security_level(t->ctx, 2);
    SSL_CTX_set_session_cache_mode(t->ctx, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_verify(t->ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_cert_verify_callback(t->ctx, verify_peer, t);
    return fill_store(SSL_CTX_get_cert_store(t->ctx), a, t->policy->ca_pem);
}

static enum sp_status
set_session(struct tls *t, int fd)
{
    const char *host = t->policy->host;
    t->ssl = SSL_new(t->ctx);
    if (!t->ssl || SSL_set_fd(t->ssl, fd) != 1)
        return SP_NOMEM;
    X509_VERIFY_PARAM *param = SSL_get0_param(t->ssl);
    /* An anchor that the user gave need not be a root. */
    (void)X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST);
    X509_VERIFY_PARAM_set_hostflags(param, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (is_address(host))
        return X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1 ? SP_OK : SP_INVALID;
    if (X509_VERIFY_PARAM_set1_host(param, host, 0) != 1 || SSL_set_tlsext_host_name(t->ssl, host) != 1)
        return SP_INVALID;
    return SP_OK;
}

enum sp_status
tls_new(const struct tls_anchors *a, const struct tls_policy *policy, int fd, struct tls_facts *facts, struct tls **out)
{
    *out = NULL;
    *facts = (struct tls_facts){.reason = ""};
    struct tls *t = calloc(1, sizeof *t);
    if (!t)
        return SP_NOMEM;
    t->policy = policy;
    t->facts = facts;
    enum sp_status st = *policy->host && read_pin(t, policy->pin) ? SP_OK : SP_INVALID;
    if (!st)
        st = set_context(t, a);
    if (!st)
        st = set_session(t, fd);
    ERR_clear_error();
    if (st)
        tls_free(t);
    else
        *out = t;
    return st;
}

void
tls_free(struct tls *t)
{
    if (!t)
        return;
    SSL_free(t->ssl);
    SSL_CTX_free(t->ctx);
    free(t);
}

static enum tls_step
step_of(struct tls *t, int rc)
{
    switch (SSL_get_error(t->ssl, rc)) {
    case SSL_ERROR_WANT_READ: return TLS_WANT_READ;
    case SSL_ERROR_WANT_WRITE: return TLS_WANT_WRITE;
    case SSL_ERROR_ZERO_RETURN: return TLS_CLOSED;
    default: return TLS_FAILED;
    }
}

static const char *
handshake_reason(void)
{
    unsigned long e = ERR_peek_error();
    switch (ERR_GET_REASON(e)) {
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
    case SSL_R_WRONG_SSL_VERSION:
    case SSL_R_NO_PROTOCOLS_AVAILABLE: return "old-protocol";
    case SSL_R_EE_KEY_TOO_SMALL:
    case SSL_R_CA_KEY_TOO_SMALL:
    case SSL_R_CA_MD_TOO_WEAK:
    case SSL_R_DH_KEY_TOO_SMALL: return "weak";
    case SSL_R_UNEXPECTED_EOF_WHILE_READING: return "cut";
    default: return e ? "handshake" : "cut";
    }
}

enum tls_step
tls_handshake(struct tls *t)
{
    ERR_clear_error();
    int rc = SSL_connect(t->ssl);
    if (rc == 1) {
        (void)snprintf(t->description, sizeof t->description, "%s %s", SSL_get_version(t->ssl), SSL_get_cipher_name(t->ssl));
        return TLS_DONE;
    }
    enum tls_step step = step_of(t, rc);
    if (step == TLS_FAILED || step == TLS_CLOSED) {
        if (t->facts->status == SP_OK) {
            t->facts->status = SP_TLS;
            t->facts->reason = handshake_reason();
        }
        step = TLS_FAILED;
    }
    ERR_clear_error();
    return step;
}

enum tls_step
tls_read(struct tls *t, void *buf, size_t len, size_t *n)
{
    ERR_clear_error();
    *n = 0;
    int rc = SSL_read_ex(t->ssl, buf, len, n);
    return rc == 1 && *n > 0 ? TLS_DONE : step_of(t, rc);
}

enum tls_step
tls_write(struct tls *t, const void *buf, size_t len, size_t *n)
{
    ERR_clear_error();
    *n = 0;
    int rc = SSL_write_ex(t->ssl, buf, len, n);
    return rc == 1 ? TLS_DONE : step_of(t, rc);
}

bool
tls_pending(const struct tls *t)
{
    return SSL_pending(t->ssl) > 0; /* not SSL_has_pending: a cut record would look like data and be asked for without end */
}

void
tls_bye(struct tls *t)
{
    ERR_clear_error();
    if (SSL_is_init_finished(t->ssl))
        (void)SSL_shutdown(t->ssl);
    ERR_clear_error();
}

const char *
tls_description(const struct tls *t)
{
    return t->description;
}
