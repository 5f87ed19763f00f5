/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The TLS policy against a server in a thread, with certificates made on the spot: who is let in, and why the others are not (S50). */
#include "unit.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "net/tls.h"

struct party {
    EVP_PKEY *key;
    X509 *cert;
};

/* A certificate for the names (an extension's text, NULL = a CA), signed by issuer (NULL = itself). */
static struct party
certify(const char *name, const char *names, const struct party *issuer, int from_days, int to_days, const EVP_MD *md)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    struct party p = {.key = key, .cert = X509_new()};
    X509V3_CTX ctx;
    static long serial;
    assert_true(X509_set_version(p.cert, 2) && ASN1_INTEGER_set(X509_get_serialNumber(p.cert), ++serial));
    X509_NAME_add_entry_by_txt(X509_get_subject_name(p.cert), "CN", MBSTRING_UTF8, (const unsigned char *)name, -1, -1, 0);
    X509_set_issuer_name(p.cert, X509_get_subject_name(issuer ? issuer->cert : p.cert));
    X509_gmtime_adj(X509_getm_notBefore(p.cert), (long)from_days * 86400);
    X509_gmtime_adj(X509_getm_notAfter(p.cert), (long)to_days * 86400);
    X509_set_pubkey(p.cert, key);
    X509V3_set_ctx(&ctx, issuer ? issuer->cert : p.cert, p.cert, NULL, NULL, 0);
    X509_EXTENSION *e = names ? X509V3_EXT_conf_nid(NULL, &ctx, NID_subject_alt_name, names) : X509V3_EXT_conf_nid(NULL, &ctx, NID_basic_constraints, "critical,CA:TRUE");
    assert_non_null(e);
    X509_add_ext(p.cert, e, -1);
    X509_EXTENSION_free(e);
    assert_true(X509_sign(p.cert, issuer ? issuer->key : key, md) > 0);
    return p;
}

static void
dismiss(struct party *p)
{
    X509_free(p->cert);
    EVP_PKEY_free(p->key);
}

static char *
pem_of(const struct party *p)
{
    BIO *b = BIO_new(BIO_s_mem());
    char *data;
    PEM_write_bio_X509(b, p->cert);
    long len = BIO_get_mem_data(b, &data);
    char *copy = calloc(1, (size_t)len + 1); /* not strndup, which reads on for a NUL under the address sanitizer */
    memcpy(copy, data, (size_t)len);
    BIO_free(b);
    return copy;
}

struct server {
    const struct party *who;
    int fd, max_version;
    bool got_data; /* a byte of the client's arrived inside the session */
};

static void *
serve(void *arg)
{
    struct server *s = arg;
    SSL_CTX *ctx = SSL_CTX_new(TLS_server_method());
    char byte;
    SSL_CTX_use_certificate(ctx, s->who->cert);
    SSL_CTX_use_PrivateKey(ctx, s->who->key);
    SSL_CTX_set_security_level(ctx, 0);
    if (s->max_version) {
        SSL_CTX_set_min_proto_version(ctx, TLS1_VERSION);
        SSL_CTX_set_max_proto_version(ctx, s->max_version);
    }
    SSL *ssl = SSL_new(ctx);
    SSL_set_fd(ssl, s->fd);
    if (SSL_accept(ssl) == 1)
        s->got_data = SSL_read(ssl, &byte, 1) == 1;
    SSL_free(ssl);
    SSL_CTX_free(ctx);
    close(s->fd);
    return NULL;
}

/* Connects to who with the policy. */
static enum tls_step
meet(const struct party *who, int max_version, const struct tls_anchors *anchors, const struct tls_policy *policy, struct tls_facts *facts)
{
    int pair[2];
    pthread_t thread;
    struct tls *tls;
    size_t n;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    struct server server = {.who = who, .fd = pair[1], .max_version = max_version};
    assert_int_equal(pthread_create(&thread, NULL, serve, &server), 0);
    assert_int_equal(fcntl(pair[0], F_SETFL, O_NONBLOCK), 0);
    assert_int_equal(tls_new(anchors, policy, pair[0], facts, &tls), SP_OK);
    enum tls_step step;
    while ((step = tls_handshake(tls)) == TLS_WANT_READ || step == TLS_WANT_WRITE) {
        struct pollfd p = {.fd = pair[0], .events = step == TLS_WANT_READ ? POLLIN : POLLOUT};
        assert_int_equal(poll(&p, 1, 5000), 1);
    }
    if (step == TLS_DONE) {
        assert_int_equal(tls_write(tls, "x", 1, &n), TLS_DONE);
        assert_non_null(strstr(tls_description(tls), "TLSv1."));
    }
    tls_bye(tls);
    tls_free(tls);
    shutdown(pair[0], SHUT_WR);
    pthread_join(thread, NULL);
    close(pair[0]);
    assert_int_equal(server.got_data, step == TLS_DONE);
    return step;
}

enum who { GOOD, EXPIRED, EARLY, SELF, WEAK, STRANGER, WHO_COUNT };

static const struct {
    enum who who;
    const char *host;
    int version;
    const char *reason; /* "" = let in */
} rows[] = {
    {GOOD, "mail.example.test", 0, ""},
    {GOOD, "a.wild.test", 0, ""},
    {GOOD, "b.a.wild.test", 0, "wrong-host"},
    {GOOD, "127.0.0.9", 0, ""},
    {GOOD, "127.0.0.8", 0, "wrong-host"},
    {GOOD, "::1", 0, ""},
    {GOOD, "example.test", 0, "wrong-host"},
    {GOOD, "mail.example.test", TLS1_2_VERSION, ""},
    {GOOD, "mail.example.test", TLS1_1_VERSION, "old-protocol"},
    {EXPIRED, "mail.example.test", 0, "expired"},
    {EARLY, "mail.example.test", 0, "not-yet-valid"},
    {SELF, "mail.example.test", 0, "self-signed"},
    {WEAK, "mail.example.test", 0, "handshake"}, /* SHA-1: the server sees that we would not take it */
    {STRANGER, "mail.example.test", 0, "unknown-ca"},
};

static void
policy(void **state)
{
    (void)state;
    static const char names[] = "DNS:mail.example.test,DNS:*.wild.test,IP:127.0.0.9,IP:::1";
    struct party root = certify("Root", NULL, NULL, -1, 10, EVP_sha256()), other = certify("Other", NULL, NULL, -1, 10, EVP_sha256());
    struct party who[WHO_COUNT] = {
        [GOOD] = certify("good", names, &root, -1, 9, EVP_sha256()), [EXPIRED] = certify("expired", names, &root, -9, -1, EVP_sha256()),
        [EARLY] = certify("early", names, &root, 1, 9, EVP_sha256()), [SELF] = certify("self", names, NULL, -1, 9, EVP_sha256()),
        [WEAK] = certify("weak", names, &root, -1, 9, EVP_sha1()), [STRANGER] = certify("stranger", names, &other, -1, 9, EVP_sha256()),
    };
    char *pem = pem_of(&root), *self_pem = pem_of(&who[SELF]);
    struct tls_anchors *none = tls_anchors_from_pem(""), *anchors = tls_anchors_from_pem(pem);
    struct tls_facts facts;
    assert_int_equal(tls_anchors_count(anchors), 1);

    for (size_t i = 0; i < COUNT(rows); i++) {
        struct tls_policy p = {.host = rows[i].host, .pin = "", .ca_pem = ""};
        enum tls_step step = meet(&who[rows[i].who], rows[i].version, anchors, &p, &facts);
        assert_string_equal(facts.reason, rows[i].reason);
        assert_int_equal(step, *rows[i].reason ? TLS_FAILED : TLS_DONE);
        assert_int_equal(facts.status, !*rows[i].reason ? SP_OK : *facts.sha256 ? SP_TLS_UNTRUSTED : SP_TLS);
    }
    /* anchors of the account alone; a certificate that is its own anchor */
    assert_int_equal(meet(&who[GOOD], 0, none, &(struct tls_policy){"mail.example.test", "", pem}, &facts), TLS_DONE);
    assert_int_equal(meet(&who[SELF], 0, none, &(struct tls_policy){"mail.example.test", "", self_pem}, &facts), TLS_DONE);
    assert_int_equal(meet(&who[SELF], 0, none, &(struct tls_policy){"other.test", "", self_pem}, &facts), TLS_FAILED);
    assert_string_equal(facts.reason, "wrong-host");

    /* facts, then the pin made of them: exactly that certificate, whatever is wrong with it, and no other, however good */
    assert_int_equal(meet(&who[EXPIRED], 0, none, &(struct tls_policy){"other.test", "", ""}, &facts), TLS_FAILED);
    char pin[65];
    memcpy(pin, facts.sha256, sizeof pin);
    assert_int_equal(strlen(pin), 64);
    assert_string_equal(facts.subject, "CN=expired");
    assert_string_equal(facts.issuer, "CN=Root");
    assert_true(facts.not_after < time(NULL) && facts.not_before < facts.not_after);
    assert_int_equal(meet(&who[EXPIRED], 0, none, &(struct tls_policy){"other.test", pin, ""}, &facts), TLS_DONE);
    assert_int_equal(meet(&who[GOOD], 0, anchors, &(struct tls_policy){"mail.example.test", pin, ""}, &facts), TLS_FAILED);
    assert_int_equal(facts.status, SP_TLS_PIN_CHANGED);

    free(pem);
    free(self_pem);
    tls_anchors_free(none);
    tls_anchors_free(anchors);
    for (size_t i = 0; i < COUNT(who); i++)
        dismiss(&who[i]);
    dismiss(&root);
    dismiss(&other);
}

static void
bad_settings(void **state)
{
    (void)state;
    static const struct tls_policy rows_bad[] = {
        {"h", "abc", ""}, {"h", "zz", ""}, {"h", "00112233", ""}, {"", "", ""}, {"h", "", "no certificate"},
        {"h", "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0f00", ""},
    };
    struct tls_facts facts;
    struct tls *tls;
    for (size_t i = 0; i < COUNT(rows_bad); i++)
        assert_int_equal(tls_new(NULL, &rows_bad[i], 0, &facts, &tls), SP_INVALID);
    struct tls_policy colons = {"h", "00:01:02:03:04:05:06:07:08:09:0A:0B:0C:0D:0E:0F:00:01:02:03:04:05:06:07:08:09:0a:0b:0c:0d:0e:0f", ""};
    assert_int_equal(tls_new(NULL, &colons, 0, &facts, &tls), SP_OK);
    tls_free(tls);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(policy), cmocka_unit_test(bad_settings)};
    signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
