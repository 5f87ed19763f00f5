/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict: protected headers, which From is shown, what the server says of the sender, warnings. */
#include "verdict/date.h"
#include "verdict_fixture.h"

#define PGP SP_PROTOCOL_OPENPGP

/* --- protected headers */

/* A signed message whose content part is marked with the flags and carries the given Subject. */
static uint32_t
protected_signed(struct sample *s, uint32_t flags, const char *subject)
{
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", flags, "text\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_usual_header(s, root);
    add_header(s, content, "Subject", subject);
    add_header(s, content, "Content-Type", "text/plain");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, content, "sig");
    doc_end(s);
    return content;
}

static void
protected_subject(void **state)
{
    struct sample *s = *state;
    protected_signed(s, DOC_PART_PROTECTED_V1, "Inner");
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.protected_headers.scheme, "draft-v1");
    assert_string_equal(s->v.subject, "Inner");
    assert_true(has(s->v.protected_headers.changed, s->v.protected_headers.changed_n, "Subject"));
    assert_int_equal(s->v.protected_headers.fields_n, 1);
    assert_string_equal(s->v.from.address, "alice@example.com"); /* not protected: the outer one */
}

static void
unchanged_protected_subject(void **state)
{
    struct sample *s = *state;
    protected_signed(s, DOC_PART_HP_CLEAR, "  Hello ");
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.protected_headers.scheme, "rfc9788");
    assert_false(has(s->v.protected_headers.changed, s->v.protected_headers.changed_n, "Subject"));
    /* RFC 9788 protects all: what stands outside only was added on the way */
    assert_true(has(s->v.protected_headers.changed, s->v.protected_headers.changed_n, "To"));
}

static void
no_protection_without_success_s34(void **state)
{
    struct sample *s = *state;
    protected_signed(s, DOC_PART_PROTECTED_V1, "Inner");
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com")->status = SP_CRYPTO;
    compute(s);
    assert_string_equal(s->v.protected_headers.scheme, "none");
    assert_string_equal(s->v.subject, "Hello");
}

static void
no_protection_without_mark_s34(void **state)
{
    struct sample *s = *state;
    protected_signed(s, 0, "Inner");
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.protected_headers.scheme, "none");
    assert_string_equal(s->v.subject, "Hello");
}

static void
doubled_protected_field_is_ignored_s34(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", DOC_PART_HP_CLEAR, "text\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_usual_header(s, root);
    add_header(s, content, "Subject", "One");
    add_header(s, content, "Subject", "Two");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, content, "sig");
    doc_end(s);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.subject, "Hello");
    assert_int_equal(s->v.protected_headers.fields_n, 0);
}

static void
misplaced_protected_field_is_ignored_s34(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t mixed = add_part(s, root, "1", "multipart/mixed", DOC_PART_MULTIPART, NULL);
    uint32_t deep = add_part(s, mixed, "1.1", "text/plain", DOC_PART_HP_CLEAR | DOC_PART_PROTECTED_V1, "text\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_usual_header(s, root);
    add_header(s, deep, "Subject", "Deep");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, mixed, "sig");
    doc_end(s);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.subject, "Hello");
}

/* Encrypted, with headers inside; signed by that address when it is not NULL. */
static void
encrypted_with_from(struct sample *s, const char *inner_from, const char *signer)
{
    encrypted_doc(s, DOC_LAYER_PGP_ENCRYPTED, "\xc1\x01");
    struct verdict_layer *r = add_decrypted(s, 0, 0, 1, SP_INTEGRITY_MDC);
    if (signer)
        add_signature(s, r, PGP, signer);
    doc_begin(s);
    uint32_t p = add_part(s, DOC_NONE, "1", "text/plain", DOC_PART_HP_CIPHER, "text\n");
    add_mailbox(s, p, DOC_FROM, 0, "Inner", inner_from);
    add_mailbox(s, p, DOC_CC, 0, "Copy", "copy@example.com");
    add_header(s, p, "Subject", "secret subject");
    add_header(s, p, "Date", "Tue, 14 Nov 2023 21:13:20 -0100");
    s->builder.date = DATE;
    doc_end(s);
}

static void
encrypted_headers_are_shown(void **state)
{
    struct sample *s = *state;
    encrypted_with_from(s, "alice@example.com", NULL);
    compute(s);
    assert_string_equal(s->v.subject, "secret subject");
    assert_int_equal(s->v.cc_n, 1);
    assert_int_equal(s->v.date, DATE);
    assert_string_equal(s->v.from.name, "Inner");
    assert_int_equal(s->v.summary, SP_SUMMARY_ENCRYPTED);
}

static void
inner_from_needs_its_signature(void **state)
{
    struct sample *s = *state;
    encrypted_with_from(s, "boss@example.com", NULL);
    compute(s);
    assert_string_equal(s->v.from.address, "alice@example.com");
    assert_true(has(s->v.protected_headers.changed, s->v.protected_headers.changed_n, "From"));
    assert_string_equal(warning_of(&s->v, "protected-from-differs")->args[0].text, "boss@example.com");
    assert_string_equal(s->v.subject, "secret subject");
}

static void
inner_from_with_foreign_signature(void **state)
{
    struct sample *s = *state;
    encrypted_with_from(s, "boss@example.com", "alice@example.com");
    compute(s);
    assert_string_equal(s->v.from.address, "alice@example.com");
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_GOOD); /* by the From that is shown */
    assert_non_null(warning_of(&s->v, "protected-from-differs"));
}

static void
inner_from_with_its_signature(void **state)
{
    struct sample *s = *state;
    encrypted_with_from(s, "boss@example.com", "boss@example.com");
    compute(s);
    assert_string_equal(s->v.from.address, "boss@example.com");
    assert_int_equal(s->v.summary, SP_SUMMARY_CONFIDENTIAL);
    assert_true(has(s->v.protected_headers.changed, s->v.protected_headers.changed_n, "From"));
}

static void
wrapped_message(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t wrap = add_part(s, root, "1", "message/rfc822", DOC_PART_MESSAGE | DOC_PART_FORWARDED_NO, NULL);
    uint32_t text = add_part(s, wrap, "1.1", "text/plain", 0, "text\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_usual_header(s, root);
    add_mailbox(s, text, DOC_FROM, 0, "Alice", "alice@example.com");
    add_header(s, text, "Subject", "Wrapped");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, wrap, "sig");
    doc_end(s);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.protected_headers.scheme, "message-rfc822");
    assert_string_equal(s->v.subject, "Wrapped");
    assert_string_equal(s->v.body, "text\n"); /* no heading of a forwarded message */
    assert_int_equal(s->v.regions_n, 0);
}

/* --- Authentication-Results */

static void
results(struct sample *s, const char *const *values, size_t n)
{
    doc_begin(s);
    uint32_t p = add_part(s, DOC_NONE, "1", "text/plain", 0, "x\n");
    add_header(s, p, "Received", "from somewhere");
    for (size_t i = 0; i < n; i++)
        add_header(s, p, *values[i] == '!' ? "Received" : "Authentication-Results", values[i]);
    add_usual_header(s, p);
    doc_end(s);
    s->authservs[0] = "mx.example.org";
    s->in.authservs_n = 1;
    compute(s);
}

/* S56 S57 */
static void
sender_cases(void **state)
{
    static const struct {
        const char *values[3];
        enum sp_sender_state want;
        const char *reason;
    } all[] = {
        {{"mx.example.org; dmarc=pass header.from=example.com"}, SP_SENDER_PASS, NULL},
        {{"MX.example.org 1; spf=pass smtp.mailfrom=alice@example.com; dkim=pass header.d=example.com header.b=\"a;b=\"; "
          "dmarc=pass (p=none dis=none) header.from=Example.Com;"}, SP_SENDER_PASS, NULL},
        {{"mx.example.org; dmarc=fail (a (nested) \\) comment) header.from=example.com"}, SP_SENDER_FAIL, "dmarc-fail"},
        {{"mx.example.org; dmarc=pass header.from=other.com"}, SP_SENDER_UNKNOWN, "dmarc-other-domain"},
        {{"mx.example.org; dmarc=pass header.from=sub.example.com"}, SP_SENDER_UNKNOWN, "dmarc-other-domain"},
        {{"mx.example.org; dmarc=pass"}, SP_SENDER_UNKNOWN, "dmarc-without-domain"},
        {{"mx.example.org; dkim=pass header.d=example.com; spf=pass"}, SP_SENDER_UNKNOWN, "no-dmarc"},
        {{"mx.example.org; none"}, SP_SENDER_UNKNOWN, "no-dmarc"},
        {{"mx.example.org; dmarc=bestguesspass header.from=example.com"}, SP_SENDER_UNKNOWN, NULL},
        {{"evil.example; dmarc=pass header.from=example.com"}, SP_SENDER_UNKNOWN, "untrusted-server"},
        {{"mx.example.org.evil.example; dmarc=pass header.from=example.com"}, SP_SENDER_UNKNOWN, "untrusted-server"},
        /* S56: only the topmost run */
        {{"evil.example; dmarc=fail header.from=example.com", "! hop", "mx.example.org; dmarc=pass header.from=example.com"},
         SP_SENDER_UNKNOWN, "untrusted-server"},
        {{"mx.example.org; spf=pass", "mx.example.org; dmarc=pass header.from=example.com"}, SP_SENDER_PASS, NULL},
        {{"mx.example.org; dmarc=fail header.from=example.com", "mx.example.org; dmarc=pass header.from=example.com"},
         SP_SENDER_UNKNOWN, "conflicting-results"},
        /* malformed: never pass */
        {{"mx.example.org; dmarc=pass header.from=example.com; garbage"}, SP_SENDER_UNKNOWN, "malformed"},
        {{"mx.example.org; dmarc=pass header.from=example.com ("}, SP_SENDER_UNKNOWN, "malformed"},
        {{"mx.example.org; dmarc=pass header.from=\"example.com"}, SP_SENDER_UNKNOWN, "malformed"},
        {{"mx.example.org; dmarc=pass header.from=other.com header.from=example.com"}, SP_SENDER_UNKNOWN, "malformed"},
        {{"mx.example.org dmarc=pass header.from=example.com"}, SP_SENDER_UNKNOWN, "malformed"},
        {{""}, SP_SENDER_UNKNOWN, "untrusted-server"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        void *inner;
        size_t n = 0;
        while (n < 3 && all[i].values[n])
            n++;
        sample_setup(&inner);
        struct sample *s = inner;
        results(s, all[i].values, n);
        if (s->v.sender.state != all[i].want)
            print_error("%s\n", all[i].values[0]);
        assert_int_equal(s->v.sender.state, all[i].want);
        if (all[i].reason)
            assert_true(has(s->v.sender.reasons, s->v.sender.reasons_n, all[i].reason));
        sample_teardown(&inner);
    }
}

static void
sender_results_are_told(void **state)
{
    static const char *const values[] = {"mx.example.org; spf=softfail; dkim=fail; dkim=pass; arc=none; dmarc=pass header.from=example.com"};
    struct sample *s = *state;
    results(s, values, 1);
    assert_string_equal(s->v.sender.authserv_id, "mx.example.org");
    assert_string_equal(s->v.sender.spf, "softfail");
    assert_string_equal(s->v.sender.dkim, "pass");
    assert_string_equal(s->v.sender.dmarc, "pass");
    assert_string_equal(s->v.sender.arc, "none");
}

static void
nobody_trusted_is_neutral(void **state)
{
    struct sample *s = *state;
    text_doc(s, "x\n");
    compute(s);
    assert_int_equal(s->v.sender.state, SP_SENDER_UNKNOWN);
    assert_true(has(s->v.sender.reasons, s->v.sender.reasons_n, "no-trusted-server"));
    assert_int_equal(s->v.warnings_n, 0);
}

/* --- who sent it */

static void
several_from_s40(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", 0, "x\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_mailbox(s, root, DOC_FROM, 0, "Eve", "eve@example.com");
    add_mailbox(s, root, DOC_FROM, 1, "Alice", "alice@example.com");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, content, "sig");
    doc_end(s);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.from.address, "eve@example.com");
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_MISMATCH);
    assert_int_equal(warning_of(&s->v, "several-from")->level, SP_LEVEL_CAUTION);
}

static void
no_from_s41(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t root = add_part(s, DOC_NONE, "", "multipart/signed", DOC_PART_MULTIPART, NULL);
    uint32_t content = add_part(s, root, "1", "text/plain", 0, "x\n");
    add_part(s, root, "2", "application/pgp-signature", 0, NULL);
    add_mailbox(s, root, DOC_SENDER, 0, "Alice", "alice@example.com");
    add_mailbox(s, root, DOC_REPLY_TO, 0, "Alice", "alice@example.com");
    add_layer(s, DOC_LAYER_PGP_SIGNED, root, content, "sig");
    doc_end(s);
    add_signature(s, add_result(s, 0, 0, SP_OK), PGP, "alice@example.com");
    compute(s);
    assert_string_equal(s->v.from.address, "");
    assert_int_equal(s->v.signature.state, SP_SIGNATURE_MISMATCH);
    assert_true(has(s->v.signature.reasons, s->v.signature.reasons_n, "no-from"));
    assert_non_null(warning_of(&s->v, "no-from"));
}

static void
notes_become_warnings(void **state)
{
    struct sample *s = *state;
    doc_begin(s);
    uint32_t p = add_part(s, DOC_NONE, "1", "text/html", DOC_PART_HTML, "x\n");
    add_usual_header(s, p);
    doc_build_note(&s->builder, p, "html-form", NULL);
    doc_build_note(&s->builder, p, "duplicate-header", "Subject");
    doc_build_note(&s->builder, p, "never-heard-of", "detail");
    struct doc_ref *r = doc_build_ref(&s->builder);
    r->part = p;
    r->url = doc_build_str(&s->builder, "http://tracker.example/pixel");
    doc_end(s);
    compute(s);
    assert_int_equal(warning_of(&s->v, "html-form")->level, SP_LEVEL_CAUTION);
    assert_string_equal(warning_of(&s->v, "duplicate-header")->args[0].text, "Subject");
    assert_int_equal(warning_of(&s->v, "structure")->level, SP_LEVEL_NOTICE);
    assert_non_null(warning_of(&s->v, "remote-content"));
    assert_int_equal(s->v.remote_refs_n, 1);
    assert_string_equal(s->v.remote_refs[0].text, "http://tracker.example/pixel");
}

static void
dates_of_fields(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } all[] = {
        {"Tue, 14 Nov 2023 22:13:20 +0000", DATE}, {"14 Nov 2023 17:13:20 EST", DATE}, {"Tue,14 Nov 23 23:43:20 +0130 (x(y))", DATE},
        {"Thu, 1 Jan 1970 00:00:01 GMT", 1}, {"29 Feb 2000 12:00 +0000", 951825600}, {"1 Mar 2100 00:00:00 +0000", 4107542400},
        {"", 0}, {"yesterday", 0}, {"32 Jan 2000 00:00:00 +0000", 0}, {"1 Jan 2000 24:00:00 +0000", 0}, {"1 Foo 2000 1:00", 0},
        {"1 Jan 2000", 0}, {"1 Jan 2000 10", 0}, {"99999999999999 Jan 2000 10:10", 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        assert_int_equal(date_parse(all[i].text), all[i].want);
}

static void
names_are_those_of_inspect(void **state)
{
    (void)state;
    assert_string_equal(name_signature(SP_SIGNATURE_UNKNOWN_KEY), "unknown-key");
    assert_string_equal(name_encryption(SP_ENCRYPTION_LOCKED), "locked");
    assert_string_equal(name_summary(SP_SUMMARY_CONFIDENTIAL), "confidential");
    assert_string_equal(name_covers(SP_COVERS_PART), "part");
    assert_string_equal(name_protocol(SP_PROTOCOL_SMIME), "smime");
    assert_string_equal(name_integrity(SP_INTEGRITY_AEAD), "aead");
    assert_string_equal(name_revocation(SP_REVOCATION_UNCHECKED), "unchecked");
    assert_string_equal(name_sender(SP_SENDER_FAIL), "fail");
    assert_string_equal(name_level(SP_LEVEL_DANGER), "danger");
    assert_string_equal(name_trust(99), "?");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, sample_setup, sample_teardown)
    const struct CMUnitTest tests[] = {
        T(protected_subject), T(unchanged_protected_subject), T(no_protection_without_success_s34), T(no_protection_without_mark_s34),
        T(doubled_protected_field_is_ignored_s34), T(misplaced_protected_field_is_ignored_s34), T(encrypted_headers_are_shown),
        T(inner_from_needs_its_signature), T(inner_from_with_foreign_signature), T(inner_from_with_its_signature), T(wrapped_message),
        T(sender_cases), T(sender_results_are_told), T(nobody_trusted_is_neutral), T(several_from_s40), T(no_from_s41), T(notes_become_warnings), T(dates_of_fields), T(names_are_those_of_inspect),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
