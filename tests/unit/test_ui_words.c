/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words: every state, reason, warning, status and notice has some; unknown ones never look good; addresses stay whole. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ui/address.h"
#include "ui/save.h"
#include "ui/words.h"

static void
states(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SP_SIGNATURE_COUNT; i++)
        assert_true(words_signature_state(i) && *words_signature_state(i));
    for (unsigned i = 0; i < SP_ENCRYPTION_COUNT; i++)
        assert_true(words_encryption_state(i) && *words_encryption_state(i));
    for (unsigned i = 0; i < SP_SENDER_COUNT; i++)
        assert_true(words_sender_state(i) && *words_sender_state(i));
    for (int i = 0; i < SP_STATUS_COUNT; i++)
        assert_string_not_equal(words_status((enum sp_status)i), words_status(SP_STATUS_COUNT));
    for (unsigned i = 0; i <= SP_NOTICE_CHANGE_REFUSED; i++) {
        struct buf text = BUF_INIT, other = BUF_INIT;
        words_notice(i, (const char *[]){"a", "TLS", "c"}, 3, &text);
        words_notice(999, (const char *[]){"a", "TLS", "c"}, 3, &other);
        assert_string_not_equal(buf_str(&text), buf_str(&other));
        buf_release(&text);
        buf_release(&other);
    }
}

/* The ids that the verdict, the parser and keys hand out stand as literals in their sources: each must have words. */
static void
source_ids(const char *file, const char *before, bool warning, unsigned *found)
{
    const char *root = getenv("SEALPOST_SOURCE");
    char path[4096], line[1024];
    (void)snprintf(path, sizeof path, "%s/%s", root ? root : ".", file);
    FILE *in = fopen(path, "r");
    if (!in)
        return;
    while (fgets(line, sizeof line, in)) {
        for (char *p = strstr(line, before); p; p = strstr(p + 1, before)) {
            char *open = strchr(p + strlen(before) - 1, '"'), *close = open ? strchr(open + 1, '"') : NULL;
            if (!close || close == open + 1 || strspn(open + 1, "abcdefghijklmnopqrstuvwxyz0123456789-") != (size_t)(close - open - 1))
                continue;
            *close = 0;
            if (!(warning ? words_warning_known(open + 1) : words_reason(open + 1)))
                fail_msg("%s: no words for \"%s\"", file, open + 1);
            ++*found;
            *close = '"';
        }
    }
    (void)fclose(in);
}

static void
ids_of_the_sources(void **state)
{
    unsigned found = 0;
    (void)state;
    if (!getenv("SEALPOST_SOURCE"))
        skip();
    source_ids("src/verdict/warnings.c", " X(\"", true, &found);
    source_ids("src/verdict/signature.c", "reason(v, out, \"", false, &found);
    source_ids("src/verdict/signature.c", "return \"", false, &found);
    source_ids("src/verdict/signature.c", ", SP_SIGNATURE_", false, &found);
    source_ids("src/verdict/encryption.c", "*why = \"", false, &found);
    source_ids("src/verdict/encryption.c", "why = \"", false, &found);
    source_ids("src/verdict/encryption.c", "reason(v, out, \"", false, &found);
    source_ids("src/verdict/sender.c", "&out->reasons_n, \"", false, &found);
    source_ids("keys/smime_chain.c", ", EFFECT_", false, &found);
    source_ids("keys/smime_chain.c", "reason(f, \"", false, &found);
    source_ids("keys/smime_chain.c", "reason(&f, \"", false, &found);
    source_ids("keys/smime_verify.c", "&s->reasons_n, \"", false, &found);
    source_ids("keys/pgp_keys.c", "reason = \"", false, &found);
    source_ids("keys/smime_keys.c", "reason = \"", false, &found);
    source_ids("src/net/tls.c", "return \"", false, &found);
    source_ids("src/net/tls.c", "->reason = \"", false, &found);
    assert_true(found > 80);
}

static void
unknown_is_never_good(void **state)
{
    struct wr_signer signer = {.address = "a@example.org", .name = "", .trust = SP_TRUST_VERIFIED};
    struct wr_warning warning = {.id = "of-tomorrow", .level = 200, .part = "", .text = "English"};
    struct wr_verdict v = {.from = {.name = "", .address = "a@example.org", .display = ""}, .warnings = &warning, .warnings_n = 1};
    struct words_axis axis;
    enum theme_style style;
    (void)state;
    v.sender.authserv_id = "";
    for (unsigned i = 0; i < 256; i++) {
        v.signature = (struct wr_signature){.state = (uint8_t)i, .covers = SP_COVERS_WHOLE, .signers = &signer, .signers_n = 1};
        v.encryption.state = (uint8_t)i;
        v.sender.state = (uint8_t)i;
        for (int kind = 0; kind < AXIS_COUNT; kind++) {
            words_axis(&v, (enum words_axis_kind)kind, &axis);
            bool good = (kind == AXIS_SIGNATURE && i == SP_SIGNATURE_GOOD) || (kind == AXIS_SENDER && i == SP_SENDER_PASS);
            assert_int_equal(axis.style == STYLE_GOOD, good);
            assert_true(axis.text.len > 0 && *axis.label && *words_explain(&v, (enum words_axis_kind)kind));
            buf_release(&axis.text);
        }
        v.summary = (uint8_t)i;
        (void)words_summary(&v, &style);
        assert_int_equal(style == STYLE_GOOD, i == SP_SUMMARY_VERIFIED || i == SP_SUMMARY_CONFIDENTIAL);
    }
    /* Decrypted, but nobody knows whether it was altered. */
    v.encryption = (struct wr_encryption){.state = SP_ENCRYPTION_DECRYPTED, .covers = SP_COVERS_WHOLE, .integrity = SP_INTEGRITY_NONE};
    words_axis(&v, AXIS_ENCRYPTION, &axis);
    assert_int_equal(axis.style, STYLE_CAUTION);
    buf_release(&axis.text);
    /* A signed part is no seal on the message (S27). */
    v.signature.state = SP_SIGNATURE_GOOD;
    v.signature.covers = SP_COVERS_PART;
    words_axis(&v, AXIS_SIGNATURE, &axis);
    assert_int_not_equal(axis.symbol, SYMBOL_GOOD);
    assert_int_equal(axis.style, STYLE_NORMAL);
    buf_release(&axis.text);
}

static void
unchecked_revocation_is_said(void **state)
{
    struct wr_signer signer = {.address = "a@example.org", .name = "", .trust = SP_TRUST_ACCEPTED};
    struct wr_verdict v = {.from = {.name = "", .address = "a@example.org", .display = ""}};
    struct words_axis axis;
    (void)state;
    v.signature = (struct wr_signature){.state = SP_SIGNATURE_GOOD, .covers = SP_COVERS_WHOLE, .protocol = SP_PROTOCOL_SMIME, .signers = &signer,
                                        .signers_n = 1, .revocation = SP_REVOCATION_UNCHECKED};
    words_axis(&v, AXIS_SIGNATURE, &axis);
    assert_non_null(strstr(buf_str(&axis.text), "revocation not checked")); /* S18 */
    buf_release(&axis.text);
}

/* A signature of the sender that was made at a wrong time must not be said to be somebody else's. */
static void
kinds_of_mismatch(void **state)
{
    struct wr_signer signer = {.address = "a@example.org", .name = ""};
    struct wr_text reason = {"time-differs-from-date"};
    struct wr_verdict v = {.from = {.name = "", .address = "a@example.org", .display = ""}};
    struct words_axis axis;
    (void)state;
    v.signature = (struct wr_signature){.state = SP_SIGNATURE_MISMATCH, .covers = SP_COVERS_WHOLE, .signers = &signer, .signers_n = 1,
                                        .reasons = &reason, .reasons_n = 1};
    words_axis(&v, AXIS_SIGNATURE, &axis);
    assert_null(strstr(buf_str(&axis.text), "not the sender"));
    buf_release(&axis.text);
    reason.text = "from-mismatch";
    words_axis(&v, AXIS_SIGNATURE, &axis);
    assert_non_null(strstr(buf_str(&axis.text), "not the sender"));
    buf_release(&axis.text);
}

static void
filling(void **state)
{
    static const struct {
        const char *template, *out;
    } rows[] = {{"{1} and {2}", "A and B"}, {"{2}{1}", "BA"}, {"{3}", ""}, {"{x} {1", "{x} {1"}, {"", ""}, {"{1}{1}", "AA"}, {"%s %n", "%s %n"}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_INIT;
        words_fill(&text, rows[i].template, (const char *[]){"A", "B"}, 2);
        assert_string_equal(buf_str(&text), rows[i].out);
        buf_release(&text);
    }
    struct buf text = BUF_INIT;
    words_fingerprint("AABBCCDDEE", &text);
    assert_string_equal(buf_str(&text), "AABB CCDD EE");
    buf_clear(&text);
    words_size(999, &text);
    words_size(1024, &text);
    words_size(182734, &text);
    assert_string_equal(buf_str(&text), "999 B1.0 KB178 KB");
    buf_release(&text);
}

static void
addresses(void **state)
{
    static const struct {
        const char *address;
        int cols;
        const char *out;
    } rows[] = {
        {"bob@example.org", 20, "bob@example.org"},
        {"robert.longname@example.org", 20, "robert.…@example.org"},
        {"bob@very.long.domain.example.org", 16, "…ain.example.org"},
        {"no address here at all", 10, "…re at all"},
        {"a\033[2Jb@c", 20, "a\xEF\xBF\xBD[2Jb@c"},
        {"", 5, ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_INIT;
        address_fit(rows[i].address, rows[i].cols, &text);
        assert_string_equal(buf_str(&text), rows[i].out);
        assert_true(words_width(buf_str(&text)) <= rows[i].cols);
        buf_release(&text);
    }
}

static void
file_names(void **state)
{
    static const struct {
        const char *in, *out;
    } rows[] = {
        {"report.pdf", "report.pdf"},
        {"../../etc/passwd", "passwd"},
        {"C:\\Windows\\evil.exe", "evil.exe"},
        {".bashrc", "bashrc"},
        {"-rf", "rf"},
        {"", "attachment"},
        {"...", "attachment"},
        {"/", "attachment"},
        {"a\nb\033[1m.txt", "a b\xEF\xBF\xBD[1m.txt"},
        {"what?.txt ", "what_.txt"},
        {"\xE5\x90\x88\xE5\x90\x8C.pdf", "\xE5\x90\x88\xE5\x90\x8C.pdf"},
        {"x\xE2\x80\xAEgpj.exe", "x\xEF\xBF\xBDgpj.exe"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_INIT;
        save_safe_name(rows[i].in, &text);
        assert_string_equal(buf_str(&text), rows[i].out);
        buf_release(&text);
    }
    struct buf text = BUF_INIT, name = BUF_INIT;
    for (int i = 0; i < 500; i++)
        buf_adds(&name, "\xE5\x90\x88");
    save_safe_name(buf_str(&name), &text);
    assert_true(text.len <= 120 && text.len % 3 == 0);
    buf_release(&text);
    buf_release(&name);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(states), cmocka_unit_test(ids_of_the_sources), cmocka_unit_test(unknown_is_never_good),
        cmocka_unit_test(unchecked_revocation_is_said), cmocka_unit_test(kinds_of_mismatch), cmocka_unit_test(filling), cmocka_unit_test(addresses), cmocka_unit_test(file_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
