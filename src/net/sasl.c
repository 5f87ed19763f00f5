/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SASL mechanisms. */
#include "sasl.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MAX_CHALLENGE 8192
#define MIN_ITERATIONS 4096     /* RFC 5802 section 5.1: fewer would make the proof cheap to guess from */
#define MAX_ITERATIONS 2000000  /* about a second */

static const char *const names[] = {
    [SASL_NONE] = "", [SASL_SCRAM_SHA_256] = "SCRAM-SHA-256", [SASL_SCRAM_SHA_1] = "SCRAM-SHA-1", [SASL_PLAIN] = "PLAIN", [SASL_LOGIN] = "LOGIN",
};

const char *
sasl_name(enum sasl_mechanism m)
{
    return names[m];
}

enum sasl_mechanism
sasl_choose(const char *wanted, bool (*offers)(void *arg, const char *name), void *arg)
{
    for (int m = SASL_SCRAM_SHA_256; m <= SASL_LOGIN; m++)
        if ((!*wanted || strcasecmp(wanted, names[m]) == 0) && offers(arg, names[m]))
            return (enum sasl_mechanism)m;
    return SASL_NONE;
}

enum sp_status
sasl_init(struct sasl *s, enum sasl_mechanism m, const char *user, const struct secret *password)
{
    unsigned char random[16];
    *s = (struct sasl){.mechanism = m, .user = user, .password = password};
    if (password->len && (memchr(password->data, 0, password->len) || memchr(password->data, '\n', password->len) || memchr(password->data, '\r', password->len)))
        return SP_INVALID;
    if (strpbrk(user, "\r\n"))
        return SP_INVALID;
    if (RAND_bytes(random, sizeof random) != 1)
        return SP_INTERNAL;
    for (size_t i = 0; i < sizeof random; i++)
        (void)snprintf(s->nonce + 2 * i, 3, "%02x", random[i]);
    return SP_OK;
}

void
sasl_release(struct sasl *s)
{
    buf_release(&s->first);
    OPENSSL_cleanse(s->signature, sizeof s->signature);
}

bool
sasl_client_first(const struct sasl *s)
{
    return s->mechanism != SASL_LOGIN;
}

static void
add_base64(struct buf *out, const void *bytes, size_t len)
{
    char *to = buf_reserve(out, (len + 2) / 3 * 4 + 1);
    if (to)
        buf_grown(out, (size_t)EVP_EncodeBlock((unsigned char *)to, bytes, (int)len));
}

/* Decodes standard base64 with padding. */
static enum sp_status
decode_base64(const char *text, size_t len, struct buf *out)
{
    if (len % 4 || len > MAX_CHALLENGE)
        return SP_PROTOCOL;
    char *to = buf_reserve(out, len / 4 * 3 + 1);
    if (!to)
        return SP_NOMEM;
    int n = EVP_DecodeBlock((unsigned char *)to, (const unsigned char *)text, (int)len);
    if (n < 0)
        return SP_PROTOCOL;
    n -= len && text[len - 1] == '=' ? (len > 1 && text[len - 2] == '=' ? 2 : 1) : 0;
    buf_grown(out, (size_t)n);
    return SP_OK;
}

/* ---- SCRAM */

static const EVP_MD *
digest_of(const struct sasl *s)
{
    return s->mechanism == SASL_SCRAM_SHA_1 ? EVP_sha1() : EVP_sha256();
}

static void
scram_first(struct sasl *s, struct buf *out)
{
    struct buf message = BUF_INIT;
    buf_adds(&s->first, "n=");
    for (const char *p = s->user; *p; p++) {
        if (*p == ',')
            buf_adds(&s->first, "=2C");
        else if (*p == '=')
            buf_adds(&s->first, "=3D");
        else
            buf_addc(&s->first, *p);
    }
    buf_addf(&s->first, ",r=%s", s->nonce);
    buf_addf(&message, "n,,%s", buf_str(&s->first));
    add_base64(out, message.data, message.len);
    buf_release(&message);
}

struct scram_challenge {
    char *nonce, *salt;
    long iterations;
};

/* "r=...,s=...,i=..." (extensions may follow; a leading m= is one that we do not know). Cuts text into pieces. */
static enum sp_status
read_challenge(const struct sasl *s, char *text, struct scram_challenge *c)
{
    *c = (struct scram_challenge){0};
    if (strncmp(text, "r=", 2) != 0)
        return SP_PROTOCOL;
    c->nonce = text + 2;
    char *salt = strstr(text, ",s=");
    char *count = salt ? strstr(salt, ",i=") : NULL;
    if (!count)
        return SP_PROTOCOL;
    *salt = *count = '\0';
    c->salt = salt + 3;
    c->iterations = strtol(count + 3, NULL, 10);
    size_t own = strlen(s->nonce);
    if (strncmp(c->nonce, s->nonce, own) != 0 || strlen(c->nonce) <= own || strlen(c->nonce) > 1024)
        return SP_PROTOCOL;
    return c->iterations >= MIN_ITERATIONS && c->iterations <= MAX_ITERATIONS ? SP_OK : SP_PROTOCOL;
}

static bool
hmac(const EVP_MD *md, const unsigned char *key, unsigned len, const char *text, size_t text_len, unsigned char *out)
{
    return HMAC(md, key, (int)len, (const unsigned char *)text, text_len, out, NULL) != NULL;
}

/* The proof for AuthMessage; keeps the signature that the server must show. */
static enum sp_status
scram_proof(struct sasl *s, const struct buf *salt, long iterations, const struct buf *auth, unsigned char proof[64])
{
    const EVP_MD *md = digest_of(s);
    unsigned len = (unsigned)EVP_MD_get_size(md);
    unsigned char salted[64], client[64], stored[64], server[64], signature[64];
    bool good = PKCS5_PBKDF2_HMAC(secret_str(s->password), (int)s->password->len, (const unsigned char *)salt->data, (int)salt->len,
                                  (int)iterations, md, (int)len, salted) == 1;
    good = good && hmac(md, salted, len, "Client Key", 10, client) && EVP_Digest(client, len, stored, NULL, md, NULL) == 1 &&
           hmac(md, stored, len, auth->data, auth->len, signature) && hmac(md, salted, len, "Server Key", 10, server) &&
           hmac(md, server, len, auth->data, auth->len, s->signature);
    for (unsigned i = 0; good && i < len; i++)
        proof[i] = client[i] ^ signature[i];
    s->signature_len = len;
    OPENSSL_cleanse(salted, sizeof salted);
    OPENSSL_cleanse(client, sizeof client);
    OPENSSL_cleanse(stored, sizeof stored);
    OPENSSL_cleanse(server, sizeof server);
    OPENSSL_cleanse(signature, sizeof signature);
    return good ? SP_OK : SP_INTERNAL;
}

static enum sp_status
scram_second(struct sasl *s, struct buf *challenge, struct buf *out)
{
    struct scram_challenge c;
    struct buf auth = BUF_INIT, salt = BUF_INIT, message = BUF_INIT;
    unsigned char proof[64] = {0};

    buf_addf(&auth, "%s,%s,", buf_str(&s->first), buf_str(challenge));
    enum sp_status st = read_challenge(s, challenge->data, &c);
    if (!st)
        st = decode_base64(c.salt, strlen(c.salt), &salt);
    if (!st && salt.len == 0)
        st = SP_PROTOCOL;
    if (!st) {
        buf_addf(&message, "c=biws,r=%s", c.nonce);
        buf_adds(&auth, buf_str(&message));
        st = auth.failed ? SP_NOMEM : scram_proof(s, &salt, c.iterations, &auth, proof);
    }
    if (!st) {
        buf_adds(&message, ",p=");
        add_base64(&message, proof, s->signature_len);
        add_base64(out, message.data, message.len);
        st = message.failed ? SP_NOMEM : SP_OK;
    }
    buf_release(&auth);
    buf_release(&salt);
    buf_release_wiped(&message);
    return st;
}

static enum sp_status
scram_third(struct sasl *s, const struct buf *challenge)
{
    struct buf shown = BUF_INIT;
    if (strncmp(buf_str(challenge), "v=", 2) != 0)
        return strncmp(buf_str(challenge), "e=", 2) == 0 ? SP_AUTH_FAILED : SP_PROTOCOL;
    const char *text = challenge->data + 2;
    enum sp_status st = decode_base64(text, strcspn(text, ","), &shown);
    if (!st && (shown.len != s->signature_len || !shown.data || CRYPTO_memcmp(shown.data, s->signature, shown.len) != 0))
        st = SP_AUTH_FAILED;
    s->proven = st == SP_OK;
    buf_release(&shown);
    return st;
}

static enum sp_status
scram_step(struct sasl *s, const char *challenge, struct buf *out)
{
    struct buf decoded = BUF_INIT;
    enum sp_status st = SP_OK;
    if (s->step == 0) {
        scram_first(s, out);
        return buf_status(out);
    }
    if (!challenge)
        return SP_PROTOCOL;
    st = decode_base64(challenge, strlen(challenge), &decoded);
    if (!st && (decoded.len == 0 || memchr(decoded.data, 0, decoded.len)))
        st = SP_PROTOCOL;
    if (!st)
        st = s->step == 1 ? scram_second(s, &decoded, out) : s->step == 2 ? scram_third(s, &decoded) : SP_PROTOCOL;
    buf_release(&decoded);
    return st ? st : buf_status(out);
}

/* ---- the rest */

static enum sp_status
plain_step(struct sasl *s, struct buf *out)
{
    struct buf message = BUF_INIT;
    if (s->step)
        return SP_PROTOCOL;
    (void)buf_reserve(&message, SASL_ROOM);
    buf_addc(&message, '\0');
    buf_adds(&message, s->user);
    buf_addc(&message, '\0');
    buf_add(&message, secret_str(s->password), s->password->len);
    if (!message.failed)
        add_base64(out, message.data, message.len);
    enum sp_status st = message.failed ? SP_NOMEM : buf_status(out);
    buf_release_wiped(&message);
    return st;
}

static enum sp_status
login_step(struct sasl *s, struct buf *out)
{
    if (s->step == 0)
        add_base64(out, s->user, strlen(s->user));
    else if (s->step == 1)
        add_base64(out, secret_str(s->password), s->password->len);
    else
        return SP_PROTOCOL;
    return buf_status(out);
}

enum sp_status
sasl_step(struct sasl *s, const char *challenge, struct buf *out)
{
    enum sp_status st = SP_PROTOCOL;
    if (!challenge && !sasl_client_first(s))
        return SP_INTERNAL;
    if (s->mechanism == SASL_PLAIN)
        st = plain_step(s, out);
    else if (s->mechanism == SASL_LOGIN)
        st = login_step(s, out);
    else if (s->mechanism != SASL_NONE)
        st = scram_step(s, challenge, out);
    s->step++;
    return st;
}

enum sp_status
sasl_finish(const struct sasl *s)
{
    bool scram = s->mechanism == SASL_SCRAM_SHA_256 || s->mechanism == SASL_SCRAM_SHA_1;
    return !scram || s->proven ? SP_OK : SP_PROTOCOL;
}
