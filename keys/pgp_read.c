/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP: verifying and decrypting. */
#include "pgp_session.h"

#include <string.h>
#include <unistd.h>

static enum sp_status
verify_detached(struct pgp_session *s, struct wm_verify *in, const struct keys_input *object)
{
    struct keys_input content = KEYS_INPUT_INIT;
    gpgme_data_t sig = NULL, text = NULL;
    enum sp_status st = keys_input_range(&content, in->signed_bytes, in->offset, in->length, in->canonical);
    if (!st)
        st = pgp_data_in(&sig, object->data, object->len);
    if (!st)
        st = pgp_data_in(&text, content.data, content.len);
    /* The return value says nothing that the signatures themselves do not say better (S3); only being unable to work counts. */
    if (!st) {
        gpgme_error_t err = gpgme_op_verify(s->ctx, sig, text, NULL);
        enum sp_status why = pgp_status(s, err);
        if (why == SP_NOMEM || why == SP_UNAVAILABLE || why == SP_TOO_LARGE)
            st = why;
    }
    gpgme_data_release(sig);
    gpgme_data_release(text);
    keys_input_release(&content);
    return st;
}

/* Exactly one literal packet, nothing decrypted on the way, or there is no content to speak of. */
static bool
one_plain_text(const struct pgp_seen *seen)
{
    return seen->plaintext == 1 && seen->begin_decryption == 0;
}

static enum sp_status
verify_opaque(struct pgp_session *s, const struct keys_input *object, int *content)
{
    struct keys_sink sink;
    gpgme_data_t sig = NULL, text = NULL;
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = pgp_data_in(&sig, object->data, object->len);
    if (!st)
        st = pgp_data_out(s, &text, &sink);
    if (!st) {
        gpgme_error_t err = gpgme_op_verify(s->ctx, sig, NULL, text);
        enum sp_status why = pgp_status(s, err);
        if (sink.status)
            st = sink.status;
        else if (why == SP_NOMEM || why == SP_UNAVAILABLE)
            st = why;
        else if (one_plain_text(&s->seen))
            st = keys_sink_take(&sink, content);
    }
    keys_sink_drop(&sink);
    gpgme_data_release(sig);
    gpgme_data_release(text);
    return st;
}

/* S10, S16: what one bad signature covers is not handed on as content. */
static bool
any_bad(const struct wm_verified *out)
{
    for (uint32_t i = 0; i < out->signatures_n; i++)
        if (out->signatures[i].status == SP_CRYPTO)
            return true;
    return false;
}

enum sp_status
pgp_verify(const struct keys_op *op, struct wm_verify *in, struct wm_verified *out)
{
    struct pgp_session s;
    struct keys_input object = KEYS_INPUT_INIT;
    *out = (struct wm_verified){.content = -1};
    enum sp_status st = pgp_open(&s, op, false, NULL);
    if (!st)
        st = keys_input_open(&object, in->object);
    if (!st)
        st = in->form == SP_FORM_DETACHED ? verify_detached(&s, in, &object) : verify_opaque(&s, &object, &out->content);
    if (!st && in->form == SP_FORM_DETACHED && s.seen.plaintext)
        st = SP_CRYPTO; /* not a detached signature: it brought its own text */
    if (!st)
        st = pgp_signatures(&s, keys_now(in->now), &out->signatures, &out->signatures_n);
    if ((st || any_bad(out)) && out->content > 0) {
        (void)close(out->content);
        out->content = -1;
    }
    if (st)
        *out = (struct wm_verified){.content = -1};
    keys_input_release(&object);
    pgp_close(&s);
    return st;
}

/* ---- decrypting */

/* S1, S2: an encrypted packet was opened, its integrity was confirmed, and all text came out of it. */
static bool
really_decrypted(const struct pgp_seen *seen)
{
    return seen->begin_decryption == 1 && seen->decryption_okay == 1 && seen->decryption_failed == 0 &&
           (seen->goodmdc == 1 || seen->aead != 0) && seen->plaintext == 1 && seen->plaintext_outside == 0 && !seen->open;
}

static enum sp_status
why_not(const struct pgp_session *s, gpgme_error_t err, const struct keys_sink *sink)
{
    gpgme_decrypt_result_t result = gpgme_op_decrypt_result(s->ctx);
    enum sp_status st = pgp_status(s, err);
    if (sink->status)
        return sink->status;
    if (st == SP_UNAVAILABLE || st == SP_NOMEM || st == SP_PASSPHRASE_WRONG || st == SP_PASSPHRASE_NEEDED || st == SP_CANCELLED)
        return st;
    if (s->ask_status)
        return s->ask_status;
    if (s->was_wrong)
        return SP_PASSPHRASE_WRONG;
    bool every = result && result->recipients;
    for (gpgme_recipient_t r = result ? result->recipients : NULL; r; r = r->next)
        every = every && gpgme_err_code(r->status) == GPG_ERR_NO_SECKEY;
    if (every && s->seen.begin_decryption <= 1 && s->seen.decryption_okay == 0 && s->seen.plaintext == 0)
        return SP_NO_SECRET_KEY;
    return SP_CRYPTO;
}

static enum sp_status
fill_decrypted(struct pgp_session *s, struct wm_decrypted *out)
{
    struct arena *arena = s->op->arena;
    gpgme_decrypt_result_t result = gpgme_op_decrypt_result(s->ctx);
    if (!result)
        return SP_INTERNAL;
    out->cipher = arena_strdup(arena, result->symkey_algo ? result->symkey_algo : "");
    out->integrity = s->seen.aead ? SP_INTEGRITY_AEAD : SP_INTEGRITY_MDC;
    if (result->session_key) {
        size_t len = strlen(result->session_key);
        out->session_key = (struct wire_blob){arena_strndup(arena, result->session_key, len), len};
        if (!out->session_key.data)
            return SP_NOMEM;
    }
    for (gpgme_recipient_t r = result->recipients; r; r = r->next)
        if (!keys_add_text(arena, &out->recipients, &out->recipients_n, r->keyid ? r->keyid : ""))
            return SP_NOMEM;
    return out->cipher ? SP_OK : SP_NOMEM;
}

/* One attempt. The sink is fresh; the plaintext is kept only when everything held. */
static enum sp_status
decrypt_once(struct pgp_session *s, const struct keys_input *object, int64_t now, struct wm_decrypted *out, gpgme_error_t *err)
{
    struct keys_sink sink;
    gpgme_data_t cipher = NULL, plain = NULL;
    pgp_again(s);
    *err = 0;
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = pgp_data_in(&cipher, object->data, object->len);
    if (!st)
        st = pgp_data_out(s, &plain, &sink);
    if (!st) {
        *err = gpgme_op_decrypt_verify(s->ctx, cipher, plain);
        if (*err || sink.status || !really_decrypted(&s->seen))
            st = why_not(s, *err, &sink);
    }
    if (!st)
        st = fill_decrypted(s, out);
    if (!st)
        st = pgp_signatures(s, now, &out->signatures, &out->signatures_n);
    if (!st)
        st = keys_sink_take(&sink, &out->plain);
    keys_sink_drop(&sink);
    gpgme_data_release(cipher);
    gpgme_data_release(plain);
    return st;
}

/* "9:HEX": only that shape goes to gpg. GPGME hands it over on a descriptor, not on the command line (S64). */
static enum sp_status
use_session_key(struct pgp_session *s, const struct wire_blob *key)
{
    char text[160];
    const char *bytes = key->data;
    if (key->len == 0)
        return gpgme_set_ctx_flag(s->ctx, "export-session-key", "1") ? SP_UNSUPPORTED : SP_OK;
    if (key->len >= sizeof text)
        return SP_INVALID;
    for (size_t i = 0; i < key->len; i++)
        if (!strchr("0123456789ABCDEFabcdef:", bytes[i]) || bytes[i] == '\0')
            return SP_INVALID;
    memcpy(text, bytes, key->len);
    text[key->len] = '\0';
    gpgme_error_t err = gpgme_set_ctx_flag(s->ctx, "override-session-key", text);
    explicit_bzero(text, sizeof text);
    return err ? SP_UNSUPPORTED : SP_OK;
}

enum sp_status
pgp_decrypt(const struct keys_op *op, struct wm_decrypt *in, struct wm_decrypted *out)
{
    struct pgp_session s = {.op = op};
    struct secret passphrase = SECRET_INIT;
    struct keys_input object = KEYS_INPUT_INIT;
    gpgme_error_t err = 0;
    *out = (struct wm_decrypted){.plain = -1};
    enum sp_status st = in->passphrase > 0 ? keys_read_passphrase(in->passphrase, &passphrase) : SP_OK;
    if (!st)
        st = pgp_open(&s, op, in->interactive, in->passphrase > 0 ? &passphrase : NULL);
    if (!st && in->session_key.len == 0)
        st = pgp_need_agent(&s);
    if (!st)
        st = use_session_key(&s, &in->session_key);
    if (!st)
        st = keys_input_open(&object, in->object);
    for (int attempt = 0; !st; attempt++) {
        st = decrypt_once(&s, &object, keys_now(in->now), out, &err);
        if (!st || !pgp_may_retry(&s, err, attempt))
            break;
        st = SP_OK;
    }
    /* The key that was kept gives back the same key. */
    if (!st && in->session_key.len)
        out->session_key = in->session_key;
    if (st)
        *out = (struct wm_decrypted){.plain = -1};
    keys_input_release(&object);
    pgp_close(&s);
    secret_release(&passphrase);
    return st;
}
