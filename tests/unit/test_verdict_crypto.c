/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict: envelope, signature, encryption, summary. */
#include "verdict_fixture.h"

#define PGP SP_PROTOCOL_OPENPGP
#define SMIME SP_PROTOCOL_SMIME
#define PGP_OBJECT "\xc1\x01" /* a public-key encrypted session key packet */

static void
plain_text(void **state)
{
    struct sample *s = *state;
    text_doc(s, "Hello\n");
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_NONE);
    assert_int_equal(s->v.signature.covers, SP_COVERS_NONE);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_NONE);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_string_equal(s->v.body, "Hello\n");
    assert_string_equal(s->v.reply_quote, "Hello\n");
    assert_string_equal(s->v.from.address, "alice@example.com");
    assert_int_equal(s->v.to_n, 1);
    assert_string_equal(s->v.subject, "Hello");
    assert_int_equal(s->v.date, DATE);
    assert_int_equal(s->v.parts_n, 1);
    assert_string_equal(s->v.parts[0].path, "1");
    assert_true(s->v.parts[0].shown);
    assert_int_equal(s->v.regions_n, 0);
    assert_int_equal(s->v.risk, SP_LEVEL_NONE);
}

/* --- one signature: which state, which reason (inspect.md's order) */

static void
weaken(struct wr_key_signature *k, const char *how)
{
    if (strcmp(how, "bad") == 0)
        k->status = SP_CRYPTO;
    else if (strcmp(how, "error") == 0)
        k->status = SP_INTERNAL;
    else if (strcmp(how, "revoked") == 0)
        k->key_revoked = 1;
    else if (strcmp(how, "unknown-key") == 0)
        k->status = SP_NO_KEY;
    else if (strcmp(how, "untrusted") == 0)
        k->trust = SP_TRUST_UNDECIDED;
    else if (strcmp(how, "expired") == 0)
        k->key_expired = 1;
    else if (strcmp(how, "weak") == 0)
        k->weak = 1;
    else if (strcmp(how, "mismatch") == 0)
        k->identities[0].address = "mallory@example.com";
    else
        assert_string_equal(how, "good");
}

static const char *const ranked[] = {"bad", "error", "revoked", "unknown-key", "untrusted", "expired", "weak", "mismatch", "good"};
#define RANKED (sizeof ranked / sizeof *ranked)

static void
signature_states_by_rank(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANKED; i++) {
        for (size_t k = i; k < RANKED; k++) { /* two signatures: the worse one names the state (S4) */
            void *inner;
            sample_setup(&inner);
            struct sample *s = inner;
            signed_doc(s, DOC_LAYER_PGP_SIGNED, "text\n");
            struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
            weaken(add_signature(s, r, PGP, "alice@example.com"), ranked[k]);
            weaken(add_signature(s, r, PGP, "Alice@Example.COM"), ranked[i]);
            compute(s);
            assert_string_equal(name_signature(s->v.signature.state), ranked[i]);
            assert_int_equal(s->v.signature.covers, SP_COVERS_WHOLE);
            assert_int_equal(s->v.summary, strcmp(ranked[i], "good") ? SP_SUMMARY_UNPROTECTED : SP_SUMMARY_VERIFIED);
            assert_int_equal(s->v.signature.signers_n, 2);
            sample_teardown(&inner);
        }
    }
}

struct one {
    struct sample *s;
    struct wr_key_signature *k;
};

static struct one
one_signature(void **state, enum sp_protocol protocol)
{
    struct sample *s = *state;
    signed_doc(s, protocol == PGP ? DOC_LAYER_PGP_SIGNED : DOC_LAYER_SMIME_SIGNED, "text\n");
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    return (struct one){s, add_signature(s, r, protocol, "alice@example.com")};
}

static void
expect(struct one o, enum sp_signature_state state, const char *why)
{
    compute(o.s);
    assert_string_equal(name_signature(o.s->v.signature.state), name_signature(state));
    if (why)
        assert_true(has(o.s->v.signature.reasons, o.s->v.signature.reasons_n, why));
}

static void
far_signing_time_s11(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->created = DATE + 86401;
    expect(o, SP_SIGNATURE_MISMATCH, "time-differs-from-date");
}

/* Inside an encryption it is told, and stays good. */
static void
far_signing_time_inside(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
    struct verdict_layer *r = add_decrypted(s, 0, 0, 1, SP_INTEGRITY_MDC);
    add_signature(s, r, PGP, "alice@example.com")->created = DATE + 1000000;
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_GOOD);
    assert_true(has(s->v.signature.reasons, s->v.signature.reasons_n, "time-differs-from-date"));
    assert_non_null(warning_of(&s->v, "signature-time-differs"));
}

static void
near_signing_time(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->created = DATE - 86000;
    expect(o, SP_SIGNATURE_GOOD, NULL);
}

static void
smime_signing_time_s21(void **state)
{
    struct one o = one_signature(state, SMIME);
    o.k->created = DATE + 6 * 3600;
    o.k->not_after = DATE + 100 * 86400;
    expect(o, SP_SIGNATURE_MISMATCH, "time-differs-from-date");
}

static void
smime_outside_validity_s21(void **state)
{
    struct one o = one_signature(state, SMIME);
    o.k->not_before = DATE + 60;
    expect(o, SP_SIGNATURE_EXPIRED, "signing-time-outside-validity");
}

static void
smime_unchecked_revocation_s18(void **state)
{
    struct one o = one_signature(state, SMIME);
    expect(o, SP_SIGNATURE_GOOD, "revocation-unchecked");
    assert_int_equal(o.s->v.signature.revocation, SP_REVOCATION_UNCHECKED);
    assert_int_equal(o.s->v.signature.protocol, SMIME);
}

static void
smime_revoked_s18(void **state)
{
    struct one o = one_signature(state, SMIME);
    o.k->revocation = SP_REVOCATION_REVOKED;
    expect(o, SP_SIGNATURE_REVOKED, "key-revoked");
}

static void
smime_chain_not_good_s17(void **state)
{
    struct one o = one_signature(state, SMIME);
    o.k->chain_good = 0;
    expect(o, SP_SIGNATURE_UNTRUSTED, "chain-not-trusted");
}

static void
rejected_key_s6(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->trust = SP_TRUST_REJECTED;
    expect(o, SP_SIGNATURE_UNTRUSTED, "key-rejected");
}

static void
unknown_trust_value_is_not_good(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->trust = 77;
    expect(o, SP_SIGNATURE_UNTRUSTED, NULL);
}

static void
invalid_identity_s5(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->identities[0].valid = 0;
    expect(o, SP_SIGNATURE_MISMATCH, "from-mismatch");
}

static void
revoked_identity_s5(void **state)
{
    struct one o = one_signature(state, PGP);
    o.k->identities[0].revoked = 1;
    expect(o, SP_SIGNATURE_MISMATCH, "from-mismatch");
}

static void
zero_signatures_s3(void **state)
{
    struct sample *s = *state;
    signed_doc(s, DOC_LAYER_PGP_SIGNED, "text\n");
    add_result(s, 0, 0, SP_OK);
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_ERROR);
    assert_true(has(s->v.signature.reasons, s->v.signature.reasons_n, "no-signature"));
}

static void
failed_check_is_an_error(void **state)
{
    static const enum sp_status all[] = {SP_CRYPTO, SP_TIMEOUT, SP_CRASHED, SP_UNAVAILABLE, SP_INTERNAL};
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        void *inner;
        sample_setup(&inner);
        struct sample *s = inner;
        signed_doc(s, DOC_LAYER_SMIME_SIGNED, "text\n");
        add_signature(s, add_result(s, 0, 0, all[i]), SMIME, "alice@example.com"); /* not to be believed */
        compute(s);
        assert_int_equal(s->v.signature.state, SP_SIGNATURE_ERROR);
        assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
        sample_teardown(&inner);
    }
}

static void
malformed_signed_s10(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", 0, "signed?\n");
    add_part(s, root, "2", "text/plain", 0, "footer\n");
    add_usual_header(s, root);
    uint32_t l = add_layer(s, DOC_LAYER_PGP_SIGNED, root, content, "sig");
    ((struct doc_layer *)(void *)s->builder.layers.data)[l].malformed = 1;
    doc_end(s);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_ERROR);
    assert_string_equal(s->v.body, "signed?\n\nfooter\n");
    assert_int_equal(s->v.regions_n, 1);
    assert_int_equal(s->v.regions[0].kind, SP_REGION_OUTSIDE);
    assert_memory_equal(s->v.body + s->v.regions[0].at, "footer", 6);
}

/* --- envelopes of several layers */

static void
signed_inside_encrypted(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_SMIME_ENCRYPTED, "cms");
    struct verdict_step step = verdict_next(&s->in, NULL);
    assert_true(step.action == VERDICT_DECRYPT && step.protocol == SMIME && step.doc == 0 && step.layer == 0);
    add_decrypted(s, 0, 0, 1, SP_INTEGRITY_NONE);
    signed_doc(s, DOC_LAYER_SMIME_SIGNED, "inside\n");
    step = verdict_next(&s->in, NULL);
    assert_true(step.action == VERDICT_VERIFY && step.form == SP_FORM_DETACHED && step.doc == 1);
    add_signature(s, add_result(s, 1, 0, SP_OK), SMIME, "alice@example.com");
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.summary, SP_SUMMARY_CONFIDENTIAL);
    assert_int_equal(s->v.encryption.integrity, SP_INTEGRITY_SIGNATURE); /* S24 */
    assert_int_equal(s->v.encryption.covers, SP_COVERS_WHOLE);
    assert_string_equal(s->v.body, "inside\n");
    assert_int_equal(s->v.parts_n, 3);
    assert_string_equal(s->v.parts[1].path, "1.1");
    assert_int_equal(s->v.parts[1].layers_n, 2);
    assert_string_equal(s->v.parts[1].layers[0].text, "smime-encrypted");
    assert_string_equal(s->v.parts[1].layers[1].text, "smime-signed");
    assert_int_equal(s->v.regions_n, 0);
    size_t doc;
    uint32_t part;
    assert_true(verdict_find_part(&s->in, "1.1", &doc, &part));
    assert_true(doc == 1 && part == 1);
    assert_false(verdict_find_part(&s->in, "1.7", &doc, &part));
}

static void
cbc_without_signature_s24(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_SMIME_ENCRYPTED, "cms");
    add_decrypted(s, 0, 0, 1, SP_INTEGRITY_NONE);
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.summary, SP_SUMMARY_ENCRYPTED);
    assert_int_equal(s->v.encryption.integrity, SP_INTEGRITY_NONE);
    assert_true(has(s->v.encryption.reasons, s->v.encryption.reasons_n, "no-integrity"));
    assert_non_null(warning_of(&s->v, "no-integrity"));
}

static void
combined_openpgp(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
    struct verdict_layer *r = add_decrypted(s, 0, 0, 1, SP_INTEGRITY_MDC);
    add_signature(s, r, PGP, "alice@example.com");
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.summary, SP_SUMMARY_CONFIDENTIAL);
    assert_int_equal(s->v.encryption.integrity, SP_INTEGRITY_MDC);
    assert_string_equal(s->v.encryption.cipher, "AES256");
    assert_string_equal(s->v.parts[2].path, "2.1");
}

static void
signature_around_encryption_s22(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t inner = add_part(s, root, "1", "application/pkcs7-mime", 0, NULL);
    add_part(s, root, "2", "application/pkcs7-signature", 0, NULL);
    add_usual_header(s, root);
    add_layer(s, DOC_LAYER_SMIME_SIGNED, root, inner, "sig");
    add_layer(s, DOC_LAYER_SMIME_ENCRYPTED, inner, DOC_NONE, "cms");
    doc_end(s);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_VERIFY);
    add_signature(s, add_result(s, 0, 0, SP_OK), SMIME, "alice@example.com");
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DECRYPT);
    add_decrypted(s, 0, 1, 1, SP_INTEGRITY_NONE);
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_NONE);
    assert_int_equal(s->v.signature.covers, SP_COVERS_NONE);
    assert_int_equal(s->v.signature.signers_n, 0);
    assert_true(has(s->v.signature.reasons, s->v.signature.reasons_n, "signature-around-encryption"));
    assert_int_equal(s->v.summary, SP_SUMMARY_ENCRYPTED);
    assert_int_equal(s->v.encryption.integrity, SP_INTEGRITY_NONE); /* the outer signature protects nothing */
}

/* dave [ alice [ encrypted ] ]: Dave's counts, and that Alice's is not the sender's forbids "good". */
static void
two_signatures_around_encryption(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_SMIME_OPAQUE, "cms");
    struct verdict_step step = verdict_next(&s->in, NULL);
    assert_true(step.action == VERDICT_VERIFY && step.form == SP_FORM_OPAQUE);
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    add_signature(s, r, SMIME, "alice@example.com"); /* is the From here */
    r->inner = 1;
    encrypted_doc(s, DOC_LAYER_SMIME_OPAQUE, "cms");
    r = add_result(s, 1, 0, SP_OK);
    add_signature(s, r, SMIME, "dave@example.com");
    r->inner = 2;
    encrypted_doc(s, DOC_LAYER_SMIME_ENCRYPTED, "cms");
    add_decrypted(s, 2, 0, 3, SP_INTEGRITY_NONE);
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_MISMATCH);
    assert_int_equal(s->v.signature.signers_n, 2);
    assert_int_equal(s->v.summary, SP_SUMMARY_ENCRYPTED);
}

static void
bad_outer_forbids_good(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_SMIME_OPAQUE, "cms");
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    add_signature(s, r, SMIME, "alice@example.com")->status = SP_CRYPTO;
    r->inner = 1;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
    r = add_decrypted(s, 1, 0, 2, SP_INTEGRITY_MDC);
    add_signature(s, r, PGP, "alice@example.com");
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_BAD);
    assert_int_equal(s->v.summary, SP_SUMMARY_ENCRYPTED);
}

/* --- encryption that cannot be opened */

static void
locked_and_failed(void **state)
{
    static const struct {
        enum sp_status st;
        enum sp_encryption_state want;
        const char *why;
    } all[] = {
        {SP_NO_SECRET_KEY, SP_ENCRYPTION_LOCKED, "no-secret-key"},
        {SP_PASSPHRASE_NEEDED, SP_ENCRYPTION_LOCKED, "passphrase-needed"},
        {SP_PASSPHRASE_WRONG, SP_ENCRYPTION_LOCKED, "passphrase-wrong"},
        {SP_CANCELLED, SP_ENCRYPTION_LOCKED, "cancelled"},
        {SP_CRYPTO, SP_ENCRYPTION_FAILED, "decryption-failed"},
        {SP_TIMEOUT, SP_ENCRYPTION_FAILED, "timeout"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        void *inner;
        sample_setup(&inner);
        struct sample *s = inner;
        encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
        add_result(s, 0, 0, all[i].st);
        assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
        compute(s);
        assert_int_equal(s->v.encryption.state, all[i].want);
        assert_true(has(s->v.encryption.reasons, s->v.encryption.reasons_n, all[i].why));
        assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
        assert_string_equal(s->v.body, "");
        assert_string_equal(s->v.encryption.cipher, "");
        sample_teardown(&inner);
    }
}

/* S2: nothing was decrypted, whatever the status says. */
static void
not_really_decrypted_s2(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    r->inner = 1;
    text_doc(s, "inside\n");
    compute(s);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_FAILED);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
}

static void
signed_in_encrypted_clothes_s2(void **state)
{
    static const char object[] = "-----BEGIN PGP SIGNED MESSAGE-----\n\ntext\n-----BEGIN PGP SIGNATURE-----\n";
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, object);
    struct verdict_step step = verdict_next(&s->in, NULL);
    assert_true(step.action == VERDICT_VERIFY && step.form == SP_FORM_CLEARSIGN);
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    add_signature(s, r, PGP, "alice@example.com");
    r->inner = 1;
    text_doc(s, "text\n");
    compute(s);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_NONE);
    assert_true(has(s->v.encryption.reasons, s->v.encryption.reasons_n, "not-encrypted"));
    assert_int_equal(s->v.signature.covers, SP_COVERS_PART);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_string_equal(s->v.body, "text\n");
    assert_int_equal(s->v.regions[0].kind, SP_REGION_SIGNED);
    assert_non_null(warning_of(&s->v, "not-encrypted"));
}

static void
objects_by_their_first_packet(void **state)
{
    static const struct {
        const char *object;
        enum verdict_action action;
        enum sp_form form;
    } all[] = {
        {"\xc1\x02", VERDICT_DECRYPT, 0},
        {"\x84\x8c", VERDICT_DECRYPT, 0}, /* old format */
        {"\xd2\xff", VERDICT_DECRYPT, 0},
        {"\xa3\x03", VERDICT_VERIFY, SP_FORM_OPAQUE}, /* compressed */
        {"\xc4\x0d", VERDICT_VERIFY, SP_FORM_OPAQUE}, /* one-pass signature */
        {"\xcb\x0d", VERDICT_VERIFY, SP_FORM_OPAQUE}, /* literal */
        {"-----BEGIN PGP MESSAGE-----\nVersion: x\n\nhQEMA5vJ\n", VERDICT_DECRYPT, 0},
        {"-----BEGIN PGP MESSAGE-----\n \n\nowEBUgKt\n", VERDICT_VERIFY, SP_FORM_OPAQUE},
        {"-----BEGIN PGP MESSAGE-----\n", VERDICT_DECRYPT, 0},
        {"nonsense", VERDICT_DECRYPT, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        void *inner;
        sample_setup(&inner);
        struct sample *s = inner;
        encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, all[i].object);
        struct verdict_step step = verdict_next(&s->in, NULL);
        assert_int_equal(step.action, all[i].action);
        if (step.action == VERDICT_VERIFY)
            assert_int_equal(step.form, all[i].form);
        sample_teardown(&inner);
    }
}

/* --- parts beside unsigned content */

static uint32_t
mixed_with(struct sample *s, enum doc_layer_kind kind)
{
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/mixed", DOC_PART_MULTIPART, NULL), layer;
    if (kind == DOC_LAYER_PGP_SIGNED) {
        uint32_t wrap = add_part(s, root, "1", "multipart/signed", DOC_PART_MULTIPART, NULL);
        uint32_t content = add_part(s, wrap, "1.1", "text/plain", 0, "signed text\n");
        add_part(s, wrap, "1.2", "application/pgp-signature", 0, NULL);
        layer = add_layer(s, kind, wrap, content, "sig");
    } else {
        uint32_t leaf = add_part(s, root, "1", "application/pkcs7-mime", 0, NULL);
        layer = add_layer(s, kind, leaf, DOC_NONE, "cms");
    }
    add_part(s, root, "2", "text/plain", 0, "list footer\n");
    add_usual_header(s, root);
    doc_end(s);
    return layer;
}

static void
signed_part_beside_footer_s27_s28(void **state)
{
    struct sample *s = *state;
    mixed_with(s, DOC_LAYER_PGP_SIGNED);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_VERIFY);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_GOOD);
    assert_int_equal(s->v.signature.covers, SP_COVERS_PART);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_string_equal(s->v.body, "signed text\n\nlist footer\n");
    assert_int_equal(s->v.regions_n, 1);
    assert_true(s->v.regions[0].at == 0 && s->v.regions[0].len == 12);
    assert_int_equal(s->v.regions[0].kind, SP_REGION_SIGNED);
    assert_int_equal(s->v.regions[0].signature, SP_SIGNATURE_GOOD);
    assert_string_equal(s->v.regions[0].signer, "alice@example.com");
    assert_string_equal(s->v.regions[0].part, "1");
}

static void
encrypted_part_is_left_closed_s29(void **state)
{
    struct sample *s = *state;
    mixed_with(s, DOC_LAYER_SMIME_ENCRYPTED);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_NONE);
    assert_true(has(s->v.encryption.reasons, s->v.encryption.reasons_n, "not-opened"));
    assert_string_equal(s->v.body, "list footer\n");
    assert_int_equal(s->v.regions[0].kind, SP_REGION_CLOSED);
    assert_int_equal(s->v.regions[0].len, 0);
    assert_string_equal(warning_of(&s->v, "encrypted-part-closed")->part, "1");
    assert_true(s->v.parts[0].attachment);

    /* opened on demand: shown alone, never quoted (S65), no seal on the message */
    struct verdict_step step = verdict_next(&s->in, "1");
    assert_int_equal(step.action, VERDICT_DECRYPT);
    assert_int_equal(verdict_next(&s->in, "2").action, VERDICT_DONE);
    add_decrypted(s, 0, 0, 1, SP_INTEGRITY_AEAD);
    text_doc(s, "secret\n");
    compute(s);
    assert_non_null(strstr(s->v.body, "secret"));
    assert_null(strstr(s->v.reply_quote, "secret"));
    assert_int_equal(s->v.encryption.covers, SP_COVERS_PART);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    s->in.open_path = "1";
    compute(s);
    assert_string_equal(s->v.body, "secret\n");
    assert_string_equal(s->v.reply_quote, "");
    assert_int_equal(s->v.regions[0].kind, SP_REGION_DECRYPTED);
    assert_int_equal(s->v.regions[0].encryption, SP_ENCRYPTION_DECRYPTED);
}

static void
forwarded_status_stays_inside_s33(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/mixed", DOC_PART_MULTIPART, NULL);
    add_part(s, root, "1", "text/plain", 0, "see below\n");
    uint32_t fwd = add_part(s, root, "2", "message/rfc822", DOC_PART_MESSAGE | DOC_PART_ATTACHMENT, NULL);
    uint32_t wrap = add_part(s, fwd, "2", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, wrap, "2.1", "text/plain", 0, "from carol\n");
    add_part(s, wrap, "2.2", "application/pgp-signature", 0, NULL);
    add_usual_header(s, root);
    add_mailbox(s, wrap, DOC_FROM, 0, "Carol", "carol@example.com");
    add_header(s, wrap, "Date", "Tue, 14 Nov 2023 22:00:00 +0000");
    add_layer(s, DOC_LAYER_PGP_SIGNED, wrap, content, "sig");
    doc_end(s);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_VERIFY);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "carol@example.com");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_NONE);
    assert_int_equal(s->v.signature.covers, SP_COVERS_NONE);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_non_null(strstr(s->v.body, "From: Carol <carol@example.com>\nDate: "));
    assert_int_equal(s->v.regions_n, 2);
    assert_int_equal(s->v.regions[0].kind, SP_REGION_FORWARDED);
    assert_int_equal(s->v.regions[1].kind, SP_REGION_SIGNED);
    assert_int_equal(s->v.regions[1].signature, SP_SIGNATURE_GOOD); /* of Carol, in her own frame */
    assert_string_equal(s->v.reply_quote, "see below\n");
    assert_int_equal(s->v.parts_n, 4); /* three leaves, and the message as an attachment */
}

/* --- inline OpenPGP */

#define ARMOR "-----BEGIN PGP MESSAGE-----\n\nhQEMA5vJ\n-----END PGP MESSAGE-----"
#define CLEAR "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nsigned\n- -----dashed\n-----BEGIN PGP SIGNATURE-----\n\nxyz\n-----END PGP SIGNATURE-----"

static void
inline_text(struct sample *s, const char *text, enum doc_layer_kind kind, const char *region)
{
    doc_begin(s);
    uint32_t p = add_part(s, DOC_NONE, "1", "text/plain", 0, text);
    add_usual_header(s, p);
    add_inline(s, kind, p, region);
    doc_end(s);
}

static void
inline_signature_marks_its_region_s9(void **state)
{
    struct sample *s = *state;
    inline_text(s, "before\n" CLEAR "\nafter\n", DOC_LAYER_INLINE_SIGNED, CLEAR);
    struct verdict_step step = verdict_next(&s->in, NULL);
    assert_true(step.action == VERDICT_VERIFY && step.form == SP_FORM_CLEARSIGN);
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    add_signature(s, r, PGP, "alice@example.com");
    r->inner = 1;
    text_doc(s, "signed\n-----dashed\n");
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_GOOD);
    assert_int_equal(s->v.signature.covers, SP_COVERS_PART);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_string_equal(s->v.body, "before\nsigned\n-----dashed\nafter\n");
    assert_int_equal(s->v.regions_n, 1);
    assert_true(s->v.regions[0].at == 7 && s->v.regions[0].len == 19);
    assert_int_equal(s->v.parts_n, 1);
    assert_string_equal(s->v.parts[0].layers[0].text, "openpgp-inline-signed");
}

/* What was verified is shown, not what our own reading of the armor finds. */
static void
inline_shows_what_was_verified(void **state)
{
    struct sample *s = *state;
    inline_text(s, CLEAR "\n", DOC_LAYER_INLINE_SIGNED, CLEAR);
    struct verdict_layer *r = add_result(s, 0, 0, SP_OK);
    add_signature(s, r, PGP, "alice@example.com");
    r->inner = 1;
    text_doc(s, "something else\n");
    compute(s);
    assert_string_equal(s->v.body, "something else\n");
}

static void
inline_bad_signature(void **state)
{
    struct sample *s = *state;
    inline_text(s, CLEAR "\n", DOC_LAYER_INLINE_SIGNED, CLEAR);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com")->status = SP_CRYPTO;
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_BAD);
    assert_int_equal(s->v.regions[0].signature, SP_SIGNATURE_BAD);
    assert_string_equal(s->v.body, "signed\n-----dashed\n");
}

static void
inline_encrypted_whole(void **state)
{
    struct sample *s = *state;
    inline_text(s, "\n" ARMOR "\n\xc2\xa0\n", DOC_LAYER_INLINE_ENCRYPTED, ARMOR);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DECRYPT);
    add_decrypted(s, 0, 0, 1, SP_INTEGRITY_MDC);
    text_doc(s, "opened\n");
    compute(s);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_DECRYPTED);
    assert_int_equal(s->v.encryption.covers, SP_COVERS_PART);
    assert_int_equal(s->v.summary, SP_SUMMARY_UNPROTECTED);
    assert_string_equal(s->v.body, "opened\n");
    assert_string_equal(s->v.reply_quote, "opened\n");
}

static void
inline_encrypted_beside_text_s23(void **state)
{
    struct sample *s = *state;
    inline_text(s, "prefix\n" ARMOR "\nsuffix\n", DOC_LAYER_INLINE_ENCRYPTED, ARMOR);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.encryption.state, SP_ENCRYPTION_NONE);
    assert_non_null(strstr(s->v.body, "prefix\n"));
    assert_non_null(strstr(s->v.body, "suffix\n"));
    assert_null(strstr(s->v.reply_quote, "BEGIN PGP"));
    assert_int_equal(s->v.regions[0].kind, SP_REGION_CLOSED);
    assert_int_equal(verdict_next(&s->in, "1").action, VERDICT_DECRYPT);
}

/* --- hostile input */

static void
senseless_results_do_no_harm(void **state)
{
    struct sample *s = *state;
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, PGP_OBJECT);
    struct verdict_layer *r = add_decrypted(s, 0, 0, 0, SP_INTEGRITY_MDC); /* comes out of itself */
    r->inner = 0;
    compute(s);
    r->inner = 5; /* no such document */
    compute(s);
    assert_string_equal(s->v.body, "");
    r = add_decrypted(s, 7, 99, 0, SP_INTEGRITY_MDC); /* of no document */
    compute(s);
    assert_int_equal(verdict_next(&s->in, "1.2.3").action, VERDICT_DONE);
}

static void
no_more_steps_than_allowed(void **state)
{
    struct sample *s = *state;
    signed_doc(s, DOC_LAYER_PGP_SIGNED, "x\n");
    for (size_t i = 0; i < VERDICT_MAX_LAYERS; i++)
        add_result(s, 3, (uint32_t)i, SP_OK);
    assert_int_equal(verdict_next(&s->in, NULL).action, VERDICT_DONE);
    compute(s);
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_ERROR);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)
    const struct CMUnitTest tests[] = {
        T(plain_text), T(signature_states_by_rank), T(far_signing_time_s11), T(far_signing_time_inside), T(near_signing_time), T(smime_signing_time_s21),
        T(smime_outside_validity_s21), T(smime_unchecked_revocation_s18), T(smime_revoked_s18), T(smime_chain_not_good_s17),
        T(rejected_key_s6), T(unknown_trust_value_is_not_good), T(invalid_identity_s5), T(revoked_identity_s5),
        T(zero_signatures_s3), T(failed_check_is_an_error), T(malformed_signed_s10), T(signed_inside_encrypted),
        T(cbc_without_signature_s24), T(combined_openpgp), T(signature_around_encryption_s22),
        T(two_signatures_around_encryption), T(bad_outer_forbids_good), T(locked_and_failed), T(not_really_decrypted_s2),
        T(signed_in_encrypted_clothes_s2), T(objects_by_their_first_packet), T(signed_part_beside_footer_s27_s28),
        T(encrypted_part_is_left_closed_s29), T(forwarded_status_stays_inside_s33), T(inline_signature_marks_its_region_s9),
        T(inline_shows_what_was_verified), T(inline_bad_signature), T(inline_encrypted_whole), T(inline_encrypted_beside_text_s23),
        T(senseless_results_do_no_harm), T(no_more_steps_than_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
