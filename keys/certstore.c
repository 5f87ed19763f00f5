/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The sealed certificate store: one file per certificate, private key, revocation list or trust decision, each AES-256-GCM under a
   subkey of the store's key. File names are keyed hashes, so a folder listing tells no correspondents (S71); the name is bound
   to the content, so files cannot be swapped. Removing a file or putting back an old one is not noticed. */
#include "keys.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <openssl/core_names.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "SPKEYS1\n"
#define MAGIC_LEN 8
#define NONCE_LEN 12
#define TAG_LEN 16
#define NAME_LEN 34 /* a letter for the kind, '-', 32 hex digits */
#define MAX_FILE ((size_t)33554432) /* a revocation list of a large CA */
#define MAX_FILES 20000

static const char kind_letters[CERTSTORE_KIND_COUNT] = {'c', 'k', 'r', 't'};

/* ---- keys and names */

enum sp_status
certstore_subkey(const struct secret *store_key, bool private_part, struct secret *out)
{
    uint8_t derived[32];
    const char *label = private_part ? "sealpost keys private 1" : "sealpost keys public 1";
    enum sp_status st = SP_INTERNAL;
    EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
    EVP_KDF_CTX *ctx = kdf ? EVP_KDF_CTX_new(kdf) : NULL;
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, (char *)(uintptr_t) "SHA256", 0),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, store_key->data, store_key->len),
        OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, (char *)(uintptr_t)label, strlen(label)),
        OSSL_PARAM_construct_end(),
    };
    if (store_key->len != KEYS_STORE_KEY_LEN)
        st = SP_LOCKED;
    else if (ctx && EVP_KDF_derive(ctx, derived, sizeof derived, params) == 1)
        st = secret_set(out, derived, sizeof derived);
    explicit_bzero(derived, sizeof derived);
    EVP_KDF_CTX_free(ctx);
    EVP_KDF_free(kdf);
    return st;
}

static const struct secret *
subkey_of(const struct keys_op *op, enum certstore_kind kind)
{
    const struct secret *k = kind == CERTSTORE_KEY ? op->private_key : op->public_key;
    return k && k->len == 32 ? k : NULL;
}

bool
certstore_is_open(const struct keys_op *op)
{
    return *op->store_dir && subkey_of(op, CERTSTORE_CERT) != NULL;
}

/* Names come from the public subkey for all kinds: whether a private key exists may be asked without being able to read it. */
static enum sp_status
file_name(const struct keys_op *op, enum certstore_kind kind, const char *id, char name[NAME_LEN + 1])
{
    uint8_t mac[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    char text[160];
    const struct secret *k = subkey_of(op, CERTSTORE_CERT);
    if (!k || !*op->store_dir)
        return SP_LOCKED;
    int n = snprintf(text, sizeof text, "name %c %s", kind_letters[kind], id);
    if (n < 0 || (size_t)n >= sizeof text)
        return SP_INVALID;
    if (!HMAC(EVP_sha256(), k->data, (int)k->len, (const uint8_t *)text, (size_t)n, mac, &len) || len < 16)
        return SP_INTERNAL;
    (void)snprintf(name, NAME_LEN + 1, "%c-", kind_letters[kind]);
    for (size_t i = 0; i < 16; i++)
        (void)snprintf(name + 2 + 2 * i, 3, "%02x", mac[i]);
    return SP_OK;
}

/* ---- sealing. aad is the magic and the file's name. */

static EVP_CIPHER_CTX *
cipher_for(const struct secret *k, const uint8_t *nonce, const char *name, int encrypt)
{
    int n;
    EVP_CIPHER_CTX *c = EVP_CIPHER_CTX_new();
    if (c && EVP_CipherInit_ex(c, EVP_aes_256_gcm(), NULL, k->data, nonce, encrypt) == 1 &&
        EVP_CipherUpdate(c, NULL, &n, (const uint8_t *)MAGIC, MAGIC_LEN) == 1 &&
        EVP_CipherUpdate(c, NULL, &n, (const uint8_t *)name, NAME_LEN) == 1)
        return c;
    EVP_CIPHER_CTX_free(c);
    return NULL;
}

static enum sp_status
seal(const struct secret *k, const char *name, const struct buf *plain, struct buf *out)
{
    uint8_t nonce[NONCE_LEN], tag[TAG_LEN];
    struct secret random = SECRET_INIT;
    int n = 0, tail = 0;
    enum sp_status st = secret_random(&random, NONCE_LEN);
    if (st)
        return st;
    memcpy(nonce, random.data, NONCE_LEN);
    secret_release(&random);
    EVP_CIPHER_CTX *c = cipher_for(k, nonce, name, 1);
    buf_add(out, MAGIC, MAGIC_LEN);
    buf_add(out, nonce, NONCE_LEN);
    uint8_t *room = (uint8_t *)buf_reserve(out, plain->len + 16);
    st = c && room ? SP_OK : SP_NOMEM;
    if (!st && (EVP_EncryptUpdate(c, room, &n, (const uint8_t *)plain->data, (int)plain->len) != 1 ||
                EVP_EncryptFinal_ex(c, room + n, &tail) != 1 || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_GET_TAG, TAG_LEN, tag) != 1))
        st = SP_CRYPTO;
    if (!st) {
        buf_grown(out, (size_t)n + (size_t)tail);
        buf_add(out, tag, TAG_LEN);
        st = buf_status(out);
    }
    EVP_CIPHER_CTX_free(c);
    return st;
}

static enum sp_status
unseal(const struct secret *k, const char *name, const struct buf *sealed, struct buf *plain)
{
    int n = 0, tail = 0;
    if (sealed->len < MAGIC_LEN + NONCE_LEN + TAG_LEN || memcmp(sealed->data, MAGIC, MAGIC_LEN) != 0)
        return SP_CORRUPT;
    const uint8_t *at = (const uint8_t *)sealed->data + MAGIC_LEN;
    size_t len = sealed->len - MAGIC_LEN - NONCE_LEN - TAG_LEN;
    uint8_t *room = (uint8_t *)buf_reserve(plain, len + 16);
    EVP_CIPHER_CTX *c = cipher_for(k, at, name, 0);
    enum sp_status st = c && room ? SP_OK : SP_NOMEM;
    if (!st && (EVP_DecryptUpdate(c, room, &n, at + NONCE_LEN, (int)len) != 1 ||
                EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_GCM_SET_TAG, TAG_LEN, (void *)(uintptr_t)(at + NONCE_LEN + len)) != 1 ||
                EVP_DecryptFinal_ex(c, room + n, &tail) != 1))
        st = SP_CORRUPT;
    if (!st)
        buf_grown(plain, (size_t)n + (size_t)tail);
    EVP_CIPHER_CTX_free(c);
    return st;
}

/* ---- one item as bytes: version, trust, anchor, aes_gcm, length of id, id, data */

static void
pack(const struct certstore_item *item, struct buf *out)
{
    size_t id_len = strlen(item->id);
    buf_addc(out, 1);
    buf_addc(out, (char)item->trust);
    buf_addc(out, (char)item->anchor);
    buf_addc(out, (char)item->aes_gcm);
    buf_addc(out, (char)id_len);
    buf_add(out, item->id, id_len);
    buf_add(out, item->data.data, item->data.len);
}

static enum sp_status
unpack(struct arena *arena, enum certstore_kind kind, const struct buf *in, struct certstore_item *item)
{
    const uint8_t *b = (const uint8_t *)in->data;
    if (in->len < 5 || b[0] != 1 || in->len < 5u + b[4] || memchr(b + 5, 0, b[4]))
        return SP_CORRUPT;
    size_t rest = in->len - 5 - b[4];
    *item = (struct certstore_item){.kind = kind, .trust = b[1], .anchor = b[2], .aes_gcm = b[3]};
    item->id = arena_strndup(arena, (const char *)b + 5, b[4]);
    item->data = (struct wire_blob){arena_strndup(arena, (const char *)b + 5 + b[4], rest), rest};
    return item->id && item->data.data ? SP_OK : SP_NOMEM;
}

/* ---- files */

static char *
path_of(const struct keys_op *op, const char *name)
{
    return arena_printf(op->arena, "%s/%s", op->store_dir, name);
}

static enum sp_status
errno_status(void)
{
    return errno == ENOENT ? SP_NOT_FOUND : errno == ENOSPC ? SP_FULL : errno == EROFS ? SP_READ_ONLY : errno == EACCES ? SP_DENIED : SP_IO;
}

static enum sp_status
load(const struct keys_op *op, enum certstore_kind kind, const char *name, struct certstore_item *item)
{
    struct buf sealed = BUF_INIT, plain = BUF_INIT;
    const struct secret *k = subkey_of(op, kind);
    const char *path = path_of(op, name);
    if (!k || !path)
        return k ? SP_NOMEM : SP_LOCKED;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return errno_status();
    enum sp_status st = buf_read_fd(&sealed, fd, MAX_FILE);
    (void)close(fd);
    if (!st)
        st = unseal(k, name, &sealed, &plain);
    if (!st)
        st = unpack(op->arena, kind, &plain, item);
    buf_release_wiped(&plain);
    buf_release(&sealed);
    return st;
}

static enum sp_status
write_file(int fd, const struct buf *b)
{
    size_t at = 0;
    while (at < b->len) {
        ssize_t n = write(fd, b->data + at, b->len - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno_status();
        at += (size_t)n;
    }
    return fsync(fd) == 0 ? SP_OK : errno_status();
}

/* A new file beside the old one, then renamed over it, so a crash leaves one of the two. */
static enum sp_status
replace_file(const struct keys_op *op, const char *name, const struct buf *content)
{
    char *path = path_of(op, name);
    char *fresh = arena_printf(op->arena, "%s/tmp-%s-%ld", op->store_dir, name, (long)getpid());
    if (!path || !fresh)
        return SP_NOMEM;
    int fd = open(fresh, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return errno_status();
    enum sp_status st = write_file(fd, content);
    if (close(fd) != 0 && !st)
        st = SP_IO;
    if (!st && rename(fresh, path) != 0)
        st = errno_status();
    if (st)
        (void)unlink(fresh);
    int dir = st ? -1 : open(op->store_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        (void)fsync(dir);
        (void)close(dir);
    }
    return st;
}

enum sp_status
certstore_put(const struct keys_op *op, const struct certstore_item *item)
{
    char name[NAME_LEN + 1];
    struct buf plain = BUF_INIT, sealed = BUF_INIT;
    const struct secret *k = subkey_of(op, item->kind);
    if (!k)
        return SP_LOCKED;
    if (strlen(item->id) > 128 || item->data.len > MAX_FILE - 1024)
        return SP_TOO_LARGE;
    enum sp_status st = file_name(op, item->kind, item->id, name);
    pack(item, &plain);
    if (!st)
        st = buf_status(&plain);
    if (!st)
        st = seal(k, name, &plain, &sealed);
    if (!st)
        st = replace_file(op, name, &sealed);
    buf_release_wiped(&plain);
    buf_release(&sealed);
    return st;
}

enum sp_status
certstore_get(const struct keys_op *op, enum certstore_kind kind, const char *id, struct certstore_item *out)
{
    char name[NAME_LEN + 1];
    enum sp_status st = file_name(op, kind, id, name);
    return st ? st : load(op, kind, name, out);
}

bool
certstore_has(const struct keys_op *op, enum certstore_kind kind, const char *id)
{
    char name[NAME_LEN + 1];
    const char *path = file_name(op, kind, id, name) == SP_OK ? path_of(op, name) : NULL;
    return path && access(path, F_OK) == 0;
}

enum sp_status
certstore_remove(const struct keys_op *op, enum certstore_kind kind, const char *id)
{
    char name[NAME_LEN + 1];
    enum sp_status st = file_name(op, kind, id, name);
    const char *path = st ? NULL : path_of(op, name);
    if (st)
        return st;
    return path && unlink(path) == 0 ? SP_OK : errno_status();
}

enum sp_status
certstore_list(const struct keys_op *op, enum certstore_kind kind, struct certstore_item **out, size_t *n, size_t *damaged)
{
    uint32_t count = 0;
    *out = NULL;
    *n = *damaged = 0;
    if (!certstore_is_open(op) || !subkey_of(op, kind))
        return SP_OK;
    DIR *dir = opendir(op->store_dir);
    if (!dir)
        return errno == ENOENT ? SP_OK : errno_status();
    enum sp_status st = SP_OK;
    for (struct dirent *e; !st && count < MAX_FILES && (e = readdir(dir)) != NULL;) {
        if (strlen(e->d_name) != NAME_LEN || e->d_name[0] != kind_letters[kind] || e->d_name[1] != '-')
            continue;
        struct certstore_item *grown = keys_grow(op->arena, *out, count, sizeof *grown);
        if (!grown) {
            st = SP_NOMEM;
            break;
        }
        *out = grown;
        enum sp_status one = load(op, kind, e->d_name, &grown[count]);
        if (one == SP_OK)
            count++;
        else if (one == SP_NOMEM)
            st = one;
        else
            ++*damaged;
    }
    (void)closedir(dir);
    *n = count;
    return st;
}
