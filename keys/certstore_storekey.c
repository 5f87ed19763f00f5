/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The store's key: 32 random bytes and 16 of salt for the databases, wrapped by what the user chose. The record:
   "SPSTORE1", one byte enum sp_protection, then
     key file:   the 48 bytes (unprotected; the file is 0600)
     passphrase: log2 N, r, p (a byte each), 16 salt, 12 nonce, 48 sealed, 16 tag: AES-256-GCM under scrypt (RFC 7914),
                 with everything before the nonce authenticated
     OpenPGP:    a message encrypted to the user's key. */
#include "keys.h"

#include <openssl/evp.h>
#include <string.h>

#define MAGIC "SPSTORE1"
#define MAGIC_LEN 8
#define HEAD_LEN (MAGIC_LEN + 1)
#define SALT_LEN 16
#define NONCE_LEN 12
#define TAG_LEN 16
#define PARAMS_LEN (3 + SALT_LEN)
#define PASSPHRASE_LEN (HEAD_LEN + PARAMS_LEN + NONCE_LEN + KEYS_STORE_KEY_LEN + TAG_LEN)

/* About 0.4 s and 128 MiB once per unlocking. */
#define LOG_N 17
#define BLOCK_R 8
#define PARALLEL_P 1
#define MAX_MEMORY ((uint64_t)600 * 1024 * 1024)

int
storekey_protection(const void *wrapped, size_t len)
{
    const uint8_t *b = wrapped;
    if (len <= HEAD_LEN || memcmp(b, MAGIC, MAGIC_LEN) != 0 || b[MAGIC_LEN] > SP_PROTECTION_OPENPGP)
        return -1;
    return b[MAGIC_LEN];
}

/* params: log2 N, r, p, salt. Bounded, since they come from a file. */
static enum sp_status
derive(const struct secret *passphrase, const uint8_t *params, struct secret *out)
{
    uint8_t key[32];
    unsigned log_n = params[0], r = params[1], p = params[2];
    if (log_n < 14 || log_n > 20 || r < 1 || r > 16 || p < 1 || p > 4)
        return SP_CORRUPT;
    int ok = EVP_PBE_scrypt(secret_str(passphrase), passphrase->len, params + 3, SALT_LEN, (uint64_t)1 << log_n, r, p, MAX_MEMORY, key,
                            sizeof key);
    enum sp_status st = ok == 1 ? secret_set(out, key, sizeof key) : SP_NOMEM;
    explicit_bzero(key, sizeof key);
    return st;
}

/* One AES-256-GCM pass over the 48 bytes; tag is made or checked. */
static enum sp_status
crypt_key(const struct secret *k, const uint8_t *record, const uint8_t *in, uint8_t *out, uint8_t *tag, int encrypt)
{
    int n = 0;
    const uint8_t *nonce = record + HEAD_LEN + PARAMS_LEN;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    enum sp_status st = SP_NOMEM;
    if (c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, k->data, nonce, encrypt) == 1 &&
        EVP_CipherUpdate(c, NULL, &n, record, HEAD_LEN + PARAMS_LEN) == 1 && EVP_CipherUpdate(c, out, &n, in, KEYS_STORE_KEY_LEN) == 1 &&
        (encrypt || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, tag) == 1)) {
        st = EVP_CipherFinal_ex(c, out + n, &n) == 1 ? SP_OK : SP_PASSPHRASE_WRONG;
        if (!st && encrypt && EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) != 1)
            st = SP_CRYPTO;
    }
    EVP_CIPHER_CTX_free(c);
    return st;
}

static enum sp_status
wrap_passphrase(int fd, const struct secret *key, struct buf *out)
{
    uint8_t sealed[KEYS_STORE_KEY_LEN], tag[TAG_LEN];
    struct secret passphrase = SECRET_INIT, random = SECRET_INIT, wrapping = SECRET_INIT;
    enum sp_status st = keys_read_passphrase(fd, &passphrase);
    if (!st && passphrase.len == 0)
        st = SP_INVALID;
    if (!st)
        st = secret_random(&random, SALT_LEN + NONCE_LEN);
    if (!st) {
        buf_addc(out, LOG_N);
        buf_addc(out, BLOCK_R);
        buf_addc(out, PARALLEL_P);
        buf_add(out, random.data, SALT_LEN + NONCE_LEN);
        st = buf_status(out);
    }
    const uint8_t *record = (const uint8_t *)out->data;
    if (!st)
        st = derive(&passphrase, record + HEAD_LEN, &wrapping);
    if (!st)
        st = crypt_key(&wrapping, record, key->data, sealed, tag, 1);
    if (!st) {
        buf_add(out, sealed, sizeof sealed);
        buf_add(out, tag, sizeof tag);
        st = buf_status(out);
    }
    secret_release(&passphrase);
    secret_release(&random);
    secret_release(&wrapping);
    return st;
}

static enum sp_status
unwrap_passphrase(const uint8_t *record, size_t len, int fd, struct secret *key)
{
    uint8_t plain[KEYS_STORE_KEY_LEN], tag[TAG_LEN];
    struct secret passphrase = SECRET_INIT, wrapping = SECRET_INIT;
    if (len != PASSPHRASE_LEN)
        return SP_CORRUPT;
    enum sp_status st = keys_read_passphrase(fd, &passphrase);
    const uint8_t *sealed = record + HEAD_LEN + PARAMS_LEN + NONCE_LEN;
    memcpy(tag, sealed + KEYS_STORE_KEY_LEN, sizeof tag);
    if (!st)
        st = derive(&passphrase, record + HEAD_LEN, &wrapping);
    if (!st)
        st = crypt_key(&wrapping, record, sealed, plain, tag, 0);
    if (!st)
        st = secret_set(key, plain, sizeof plain);
    explicit_bzero(plain, sizeof plain);
    secret_release(&passphrase);
    secret_release(&wrapping);
    return st;
}

static enum sp_status
wrap_openpgp(const struct keys_op *op, const char *key_id, int passphrase_fd, const struct secret *key, struct buf *out)
{
    struct wire_blob blob = {NULL, 0};
    struct secret again = SECRET_INIT;
    enum sp_status st = pgp_wrap(op, key_id, key, &blob);
    /* A key that cannot decrypt (a stub, a card left at home) would lose the store at the next start: try it now. */
    if (!st)
        st = pgp_unwrap(op, blob.data, blob.len, passphrase_fd, &again);
    if (!st && !secret_equal(&again, key->data, key->len))
        st = SP_CRYPTO;
    secret_release(&again);
    if (!st)
        buf_add(out, blob.data, blob.len);
    return st;
}

enum sp_status
storekey_wrap(const struct keys_op *op, enum sp_protection protection, const char *key_id, int passphrase_fd, const struct secret *key,
              struct wire_blob *wrapped)
{
    struct buf out = BUF_INIT;
    enum sp_status st = SP_OK;
    buf_add(&out, MAGIC, MAGIC_LEN);
    buf_addc(&out, (char)protection);
    switch (protection) {
    case SP_PROTECTION_KEY_FILE: buf_add(&out, key->data, key->len); break;
    case SP_PROTECTION_PASSPHRASE: st = wrap_passphrase(passphrase_fd, key, &out); break;
    case SP_PROTECTION_OPENPGP: st = wrap_openpgp(op, key_id, passphrase_fd, key, &out); break;
    default: st = SP_INVALID;
    }
    if (!st)
        st = buf_status(&out);
    if (!st) {
        *wrapped = (struct wire_blob){arena_strndup(op->arena, out.data, out.len), out.len};
        st = wrapped->data ? SP_OK : SP_NOMEM;
    }
    buf_release_wiped(&out);
    return st;
}

enum sp_status
storekey_create(const struct keys_op *op, enum sp_protection protection, const char *key_id, int passphrase_fd, struct secret *key,
                struct wire_blob *wrapped)
{
    enum sp_status st = secret_random(key, KEYS_STORE_KEY_LEN);
    if (!st)
        st = storekey_wrap(op, protection, key_id, passphrase_fd, key, wrapped);
    if (st)
        secret_release(key);
    return st;
}

enum sp_status
storekey_unlock(const struct keys_op *op, const void *wrapped, size_t len, int passphrase_fd, struct secret *key)
{
    const uint8_t *b = wrapped;
    switch (storekey_protection(wrapped, len)) {
    case SP_PROTECTION_KEY_FILE:
        return len == HEAD_LEN + KEYS_STORE_KEY_LEN ? secret_set(key, b + HEAD_LEN, KEYS_STORE_KEY_LEN) : SP_CORRUPT;
    case SP_PROTECTION_PASSPHRASE: return unwrap_passphrase(b, len, passphrase_fd, key);
    case SP_PROTECTION_OPENPGP: return pgp_unwrap(op, b + HEAD_LEN, len - HEAD_LEN, passphrase_fd, key);
    default: return SP_CORRUPT;
    }
}
