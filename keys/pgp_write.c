/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP: signing, encrypting, and wrapping the store's key. */
#include "pgp_session.h"

#include <ctype.h>
#include <string.h>

/* RFC 3156 section 5: "pgp-" and the digest in lower case. */
static const char *
micalg(struct arena *arena, gpgme_hash_algo_t hash)
{
    const char *name = gpgme_hash_algo_name(hash);
    char *out = name ? arena_printf(arena, "pgp-%s", name) : NULL;
    for (char *p = out; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    return out;
}

/* The one signature that was to be made, by the key that was to make it; else NULL. */
static gpgme_new_signature_t
made_signature(struct pgp_session *s, gpgme_key_t signer)
{
    gpgme_sign_result_t result = gpgme_op_sign_result(s->ctx);
    if (!result || result->invalid_signers || !result->signatures || result->signatures->next)
        return NULL;
    for (gpgme_subkey_t sub = signer->subkeys; sub; sub = sub->next)
        if (sub->fpr && result->signatures->fpr && strcmp(sub->fpr, result->signatures->fpr) == 0)
            return result->signatures;
    return NULL;
}

static enum sp_status
add_signer(struct pgp_session *s, const char *fingerprint, gpgme_key_t *key)
{
    enum sp_status st = pgp_need_agent(s);
    if (st)
        return st;
    if (!*fingerprint || gpgme_get_key(s->ctx, fingerprint, key, 1) || !*key)
        return SP_NO_SECRET_KEY;
    if ((*key)->revoked || (*key)->disabled || (*key)->invalid || (*key)->expired)
        return SP_NO_SECRET_KEY;
    pgp_wants(s, fingerprint);
    return gpgme_signers_add(s->ctx, *key) ? SP_NOMEM : SP_OK;
}

/* ---- signing */

static enum sp_status
sign_once(struct pgp_session *s, const struct keys_input *bytes, gpgme_key_t key, struct wm_signed_bytes *out, gpgme_error_t *err)
{
    struct keys_sink sink;
    gpgme_data_t text = NULL, sig = NULL;
    pgp_again(s);
    *err = 0;
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = pgp_data_in(&text, bytes->data, bytes->len);
    if (!st)
        st = pgp_data_out(s, &sig, &sink);
    if (!st) {
        *err = gpgme_op_sign(s->ctx, text, sig, GPGME_SIG_MODE_DETACH);
        st = pgp_status(s, *err);
    }
    gpgme_new_signature_t made = st ? NULL : made_signature(s, key);
    if (!st)
        st = made ? keys_sink_take(&sink, &out->signature) : SP_CRYPTO;
    if (!st)
        out->micalg = micalg(s->op->arena, made->hash_algo);
    keys_sink_drop(&sink);
    gpgme_data_release(text);
    gpgme_data_release(sig);
    return st;
}

enum sp_status
pgp_sign(const struct keys_op *op, const struct wm_sign *in, struct wm_signed_bytes *out)
{
    struct pgp_session s;
    struct keys_input bytes = KEYS_INPUT_INIT;
    gpgme_key_t key = NULL;
    gpgme_error_t err;
    *out = (struct wm_signed_bytes){.signature = -1};
    enum sp_status st = pgp_open(&s, op, in->interactive, NULL);
    if (!st)
        st = keys_input_open(&bytes, in->bytes);
    if (!st)
        st = add_signer(&s, in->fingerprint, &key);
    if (!st)
        gpgme_set_armor(s.ctx, 1);
    for (int attempt = 0; !st; attempt++) {
        st = sign_once(&s, &bytes, key, out, &err);
        if (!st || !pgp_may_retry(&s, err, attempt))
            break;
        st = SP_OK;
    }
    if (key)
        gpgme_key_unref(key);
    keys_input_release(&bytes);
    pgp_close(&s);
    return st;
}

/* ---- encrypting */

/* NULL-terminated, in the arena; each key referenced. Every one must be usable: nobody is left out silently (S69). */
static enum sp_status
get_recipients(struct pgp_session *s, const struct wm_encrypt *in, gpgme_key_t **out)
{
    gpgme_key_t *keys = arena_array(s->op->arena, (size_t)in->fingerprints_n + 1, sizeof(gpgme_key_t));
    *out = keys;
    if (!keys)
        return SP_NOMEM;
    for (uint32_t i = 0; i < in->fingerprints_n; i++) {
        const char *fpr = in->fingerprints[i].text;
        if (strlen(fpr) < 40 || gpgme_get_key(s->ctx, fpr, &keys[i], 0) || !keys[i])
            return SP_NO_KEY;
        if (!keys[i]->can_encrypt || keys[i]->revoked || keys[i]->expired || keys[i]->disabled || keys[i]->invalid)
            return SP_NO_KEY;
    }
    return in->fingerprints_n ? SP_OK : SP_INVALID;
}

static enum sp_status
encrypt_once(struct pgp_session *s, const struct wm_encrypt *in, const struct keys_input *bytes, gpgme_key_t *recipients,
             gpgme_key_t signer, int *out, gpgme_error_t *err)
{
    /* Whom to trust was decided before, by the plan the user saw; gpg.conf adds nobody (S68). */
    gpgme_encrypt_flags_t flags = GPGME_ENCRYPT_ALWAYS_TRUST | GPGME_ENCRYPT_NO_ENCRYPT_TO;
    struct keys_sink sink;
    gpgme_data_t plain = NULL, cipher = NULL;
    if (in->hidden)
        flags |= GPGME_ENCRYPT_THROW_KEYIDS;
    pgp_again(s);
    *err = 0;
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = pgp_data_in(&plain, bytes->data, bytes->len);
    if (!st)
        st = pgp_data_out(s, &cipher, &sink);
    if (!st) {
        *err = signer ? gpgme_op_encrypt_sign(s->ctx, recipients, flags, plain, cipher)
                      : gpgme_op_encrypt(s->ctx, recipients, flags, plain, cipher);
        st = pgp_status(s, *err);
    }
    gpgme_encrypt_result_t result = st ? NULL : gpgme_op_encrypt_result(s->ctx);
    if (!st && result && result->invalid_recipients)
        st = SP_NO_KEY;
    if (!st && signer && !made_signature(s, signer))
        st = SP_CRYPTO;
    if (!st)
        st = keys_sink_take(&sink, out);
    keys_sink_drop(&sink);
    gpgme_data_release(plain);
    gpgme_data_release(cipher);
    return st;
}

enum sp_status
pgp_encrypt(const struct keys_op *op, const struct wm_encrypt *in, struct wm_encrypted_bytes *out)
{
    struct pgp_session s;
    struct keys_input bytes = KEYS_INPUT_INIT;
    gpgme_key_t *recipients = NULL, signer = NULL;
    gpgme_error_t err;
    *out = (struct wm_encrypted_bytes){.ciphertext = -1, .smime_type = ""};
    enum sp_status st = pgp_open(&s, op, in->interactive, NULL);
    if (!st)
        st = keys_input_open(&bytes, in->bytes);
    if (!st)
        st = get_recipients(&s, in, &recipients);
    if (!st && *in->signer)
        st = add_signer(&s, in->signer, &signer);
    if (!st)
        gpgme_set_armor(s.ctx, 1);
    for (int attempt = 0; !st; attempt++) {
        st = encrypt_once(&s, in, &bytes, recipients, signer, &out->ciphertext, &err);
        if (!st || !pgp_may_retry(&s, err, attempt))
            break;
        st = SP_OK;
    }
    for (gpgme_key_t *k = recipients; k && *k; k++)
        gpgme_key_unref(*k);
    if (signer)
        gpgme_key_unref(signer);
    keys_input_release(&bytes);
    pgp_close(&s);
    return st;
}

/* ---- the store's key */

static enum sp_status
read_blob(struct arena *arena, int fd, struct wire_blob *out)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(fd, 1048576, &map);
    if (st)
        return st;
    *out = (struct wire_blob){arena_strndup(arena, map.data, map.len), map.len};
    memfd_unmap(&map);
    return out->data ? SP_OK : SP_NOMEM;
}

enum sp_status
pgp_wrap(const struct keys_op *op, const char *key_id, const struct secret *key, struct wire_blob *out)
{
    struct pgp_session s;
    struct keys_input bytes = {.data = secret_str(key), .len = key->len};
    struct wm_encrypt in = {.signer = ""};
    gpgme_key_t recipients[2] = {NULL, NULL};
    gpgme_error_t err;
    int fd = -1;
    enum sp_status st = pgp_open(&s, op, true, NULL);
    if (!st)
        st = pgp_need_agent(&s);
    /* Only to a key whose secret part is here, or the store could never be opened again. */
    if (!st && (!*key_id || gpgme_get_key(s.ctx, key_id, &recipients[0], 1) || !recipients[0]))
        st = SP_NO_SECRET_KEY;
    if (!st && (!recipients[0]->can_encrypt || recipients[0]->revoked || recipients[0]->expired || recipients[0]->disabled))
        st = SP_NO_KEY;
    if (!st)
        st = encrypt_once(&s, &in, &bytes, recipients, NULL, &fd, &err);
    if (!st)
        st = read_blob(op->arena, fd, out);
    struct keys_sink made = {.fd = fd};
    keys_sink_drop(&made);
    if (recipients[0])
        gpgme_key_unref(recipients[0]);
    pgp_close(&s);
    return st;
}

enum sp_status
pgp_unwrap(const struct keys_op *op, const void *blob, size_t len, int passphrase_fd, struct secret *key)
{
    struct wm_decrypted out = {.plain = -1};
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .interactive = 1, .passphrase = passphrase_fd};
    struct memfd_map map = {"", 0};
    enum sp_status st = memfd_from(blob, len, &in.object);
    if (st)
        return st;
    st = pgp_decrypt(op, &in, &out);
    if (!st)
        st = memfd_map(out.plain, 4096, &map);
    if (!st)
        st = map.len == KEYS_STORE_KEY_LEN ? secret_set(key, map.data, map.len) : SP_CORRUPT;
    memfd_unmap(&map);
    if (out.session_key.len) /* opens the blob for good */
        explicit_bzero((void *)(uintptr_t)out.session_key.data, out.session_key.len);
    struct keys_sink plain = {.fd = out.plain}, object = {.fd = in.object};
    keys_sink_drop(&plain);
    keys_sink_drop(&object);
    return st;
}
