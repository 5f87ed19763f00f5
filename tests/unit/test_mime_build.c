/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building: what is built reads back as it was meant, survives transport, and lets nothing be injected (S54, S68). */
#include "mime_fixture.h"

#include <stdio.h>

#include "base/utf8.h"
#include "mime/addresses.h"
#include "mime/build.h"

/* Everything that leaves: CRLF only, no line above 998, 7-bit. */
static void
expect_transportable(const struct buf *b, bool tidy)
{
    size_t line = 0;
    for (size_t i = 0; i < b->len; i++) {
        char c = b->data[i];
        assert_true((signed char)c > 0);
        if (c == '\n')
            assert_int_equal(b->data[i - 1], '\r');
        if (c == '\r')
            assert_int_equal(b->data[i + 1], '\n');
        if (c == '\r' && tidy && i)
            assert_true(b->data[i - 1] != ' ' && b->data[i - 1] != '\t');
        line = c == '\n' ? 0 : line + 1;
        assert_true(line < 999);
        if (line == 1 && tidy)
            assert_int_not_equal(strncmp(b->data + i, "From ", 5), 0);
    }
}

static void
texts(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {"hello\n", "hello\n"},
        {"hello", "hello\n"},
        {"", ""},
        {"a\r\nb\rc\n", "a\nb\nc\n"},
        {"trailing  \nFrom here\n.dot\n..\n-- \nsig\n", "trailing  \nFrom here\n.dot\n..\n-- \nsig\n"},
        {"grüße 你好\n", "grüße 你好\n"},
        {"你好你好你好你好\nこんにちは\n", "你好你好你好你好\nこんにちは\n"},
        {"tab\there = sign\x01\n", "tab\there = sign\x01\n"},
        {"\n\n\n", "\n\n\n"},
        {"bad \xff\xc3 bytes\n", "bad \xef\xbf\xbd\xef\xbf\xbd bytes\n"},
        {"a long line that goes on well beyond the width of any screen, and whose end must come back joined to its start, é and all\n> q\n",
         "a long line that goes on well beyond the width of any screen, and whose end must come back joined to its start, é and all\n> q\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = BUF_INIT;
        struct parsed p;
        assert_int_equal(build_entity(*state, &out, cases[i].body, NULL, 0, NULL, 0, false), SP_OK);
        expect_transportable(&out, true);
        parse_bytes(*state, out.data, out.len, &p);
        assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), cases[i].text);
        assert_int_equal(p.d->notes.count, 0);
        parsed_release(&p);
        buf_release(&out);
    }
}

/* Any text at all comes back: lines of odd lengths around every soft break. */
static void
text_noise(void **state)
{
    static const char *const pieces[] = {"a", " ", "=", "\n", "From ", ".", "é", "你", "-", "--", "\t", ">", "word ", "=_", "=3D"};
    uint32_t random = 7;
    for (int round = 0; round < 400; round++) {
        struct buf body = BUF_INIT, out = BUF_INIT;
        struct parsed p;
        for (int k = 0; k < 5 + round; k++)
            buf_adds(&body, pieces[((random = random * 1664525u + 1013904223u) >> 20) % COUNT(pieces)]);
        buf_adds(&body, "\n");
        assert_int_equal(build_entity(*state, &out, body.data, NULL, 0, NULL, 0, false), SP_OK);
        expect_transportable(&out, true);
        parse_bytes(*state, out.data, out.len, &p);
        if (!strstr(out.data, "format=flowed")) /* flowed text loses trailing spaces on purpose */
            assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), body.data);
        parsed_release(&p);
        buf_release(&body);
        buf_release(&out);
    }
}

static void
attachments(void **state)
{
    char binary[1000];
    for (size_t i = 0; i < sizeof binary; i++)
        binary[i] = (char)i;
    const struct build_file files[] = {
        {"résumé 长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长.pdf", "application/pdf", "attachment", binary, sizeof binary},
        {"../../x\r\nBcc: evil@x.test", "nonsense", "", "x", 1},
        {"", "message/rfc822", "inline", "Subject: in\n\nforwarded\n", 23},
        {"8bit.eml", "message/rfc822", "", "Subject: in\n\nf\xc3\xb6rwarded\n", 24},
        {"quote\"d.txt", "text/plain", "", "", 0},
        {"m", "multipart/mixed", "", "y", 1},
    };
    struct buf out = BUF_INIT;
    struct parsed p;
    assert_int_equal(build_entity(*state, &out, "body\n", files, COUNT(files), NULL, 0, false), SP_OK);
    expect_transportable(&out, false);
    assert_null(strstr(out.data, "\r\nBcc"));
    parse_bytes(*state, out.data, out.len, &p);
    static const struct {
        const char *path, *type, *name;
        uint64_t size;
    } expected[] = {
        {"1", "text/plain", "", 6},
        {"2", "application/pdf", "résumé 长长长长长长长长长长长长长长长长长长长长长长长长长长长长长长.pdf", 1000},
        {"3", "application/octet-stream", "xBcc_ evil@x.test", 1},
        {"4", "message/rfc822", "", 26},
        {"5", "application/octet-stream", "8bit.eml", 24},
        {"6", "text/plain", "quote_d.txt", 0},
        {"7", "application/octet-stream", "m", 1},
    };
    for (size_t i = 0; i < COUNT(expected); i++) {
        const struct doc_part *part = part_by_path(p.d, expected[i].path);
        assert_string_equal(doc_text(p.d, part->type), expected[i].type);
        assert_string_equal(doc_text(p.d, part->name), expected[i].name);
        assert_int_equal(part->size, expected[i].size);
        assert_int_equal((part->flags & DOC_PART_ATTACHMENT) != 0, i > 0);
    }
    parsed_release(&p);
    buf_release(&out);
}

static void
protected(void **state)
{
    static const struct build_field fields[] = {{"From", "Ada <ada@x.test>"}, {"To", "Zoë <b@y.test>"}, {"Subject", "geheim ☃"}, {"Cc", ""},
                                                {"Date", "Mon, 01 Jan 2024 00:00:00 +0000"}, {"Message-ID", "<1@x.test>"}};
    struct buf out = BUF_INIT;
    struct parsed p;
    assert_int_equal(build_entity(*state, &out, "body\n", NULL, 0, fields, COUNT(fields), true), SP_OK);
    expect_transportable(&out, true);
    parse_bytes(*state, out.data, out.len, &p);
    assert_true(doc_part(p.d, 0)->flags & DOC_PART_HP_CIPHER);
    assert_string_equal(doc_field(p.d, 0, "Subject", 0), "geheim ☃");
    assert_string_equal(doc_field(p.d, 0, "HP-Outer", 0), "From: Ada <ada@x.test>");
    assert_string_equal(doc_field(p.d, 0, "HP-Outer", 1), "To: Zoë <b@y.test>");
    assert_string_equal(doc_field(p.d, 0, "HP-Outer", 2), "Subject: " MIME_OUTER_SUBJECT);
    assert_null(doc_field(p.d, 0, "Cc", 0));
    parsed_release(&p);
    buf_clear(&out);
    const struct build_file file = {"a", "text/plain", "", "x", 1};
    assert_int_equal(build_entity(*state, &out, "body\n", &file, 1, fields, COUNT(fields), false), SP_OK);
    parse_bytes(*state, out.data, out.len, &p);
    assert_true(doc_part(p.d, 0)->flags & DOC_PART_HP_CLEAR);
    assert_null(doc_field(p.d, 0, "HP-Outer", 0));
    parsed_release(&p);
    static const struct build_field bcc = {"Bcc", "x@y.test"};
    buf_clear(&out);
    assert_int_equal(build_entity(*state, &out, "body\n", NULL, 0, &bcc, 1, true), SP_INVALID);
    buf_release(&out);
}

static void
headers(void **state)
{
    static const struct {
        const char *name, *value;
        enum sp_status status;
        const char *line; /* NULL: only that it reads back */
    } cases[] = {
        {"Subject", "plain", SP_OK, "Subject: plain\r\n"},
        {"Subject", "two  spaces", SP_OK, "Subject: two  spaces\r\n"},
        {"Subject", "grüße", SP_OK, NULL},
        {"Subject", " leading", SP_OK, NULL},
        {"Subject", "=?utf-8?q?fake?=", SP_OK, NULL},
        {"Subject", "a\r\nBcc: x@y.test", SP_INVALID, NULL},
        {"Subject", "a\nb", SP_INVALID, NULL},
        {"Subject", "esc \x1b[31m", SP_INVALID, NULL},
        {"Subject", "bad \xff", SP_INVALID, NULL},
        {"Sub ject", "x", SP_INVALID, NULL},
        {"Subject:", "x", SP_INVALID, NULL},
        {"", "x", SP_INVALID, NULL},
        {"To", "\"Doe, John\" <j@x.test>, k@y.test", SP_OK, NULL},
        {"To", "\"Doe, John\" <j@x.test>", SP_OK, "To: \"Doe, John\" <j@x.test>\r\n"},
        {"To", "undisclosed-recipients:;", SP_OK, "To: undisclosed-recipients:;\r\n"},
        {"To", "a@exämple.test", SP_OK, "To: a@xn--exmple-cua.test\r\n"},
        {"To", "ä@example.test", SP_UNSUPPORTED, NULL},
        {"To", "a@b.test\nBcc: x", SP_INVALID, NULL},
        {"To", "a@b.test, bad@@x, c@d.test", SP_INVALID, NULL}, /* nobody is left out silently */
        {"To", "a@b.test c@d.test", SP_INVALID, NULL},
        {"Message-ID", "<é@x>", SP_INVALID, NULL},
        {"Message-ID", "<1@x.test>", SP_OK, "Message-ID: <1@x.test>\r\n"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = BUF_INIT;
        struct parsed p;
        assert_int_equal(build_header(*state, &out, cases[i].name, cases[i].value), cases[i].status);
        if (cases[i].line)
            assert_string_equal(out.data, cases[i].line);
        if (!cases[i].status && !cases[i].line && strcmp(cases[i].name, "Subject") == 0) {
            buf_adds(&out, "\r\n");
            expect_transportable(&out, false);
            parse_bytes(*state, out.data, out.len, &p);
            assert_string_equal(doc_field(p.d, 0, "Subject", 0), cases[i].value);
            parsed_release(&p);
        }
        buf_release(&out);
    }
}

/* RFC 2047: encoded words of at most 75 characters, lines of at most 78. */
static void
long_headers(void **state)
{
    struct buf value = BUF_INIT, out = BUF_INIT;
    struct parsed p;
    for (int i = 0; i < 100; i++)
        buf_adds(&value, i % 7 ? "标题x" : "é ");
    assert_int_equal(build_header(*state, &out, "Subject", value.data), SP_OK);
    buf_adds(&out, "\r\n");
    for (const char *line = out.data; *line; line = strchr(line, '\n') + 1)
        assert_true(strcspn(line, "\r") <= 78);
    parse_bytes(*state, out.data, out.len, &p);
    assert_string_equal(doc_field(p.d, 0, "Subject", 0), value.data);
    parsed_release(&p);
    buf_clear(&out);
    buf_clear(&value);
    for (int i = 0; i < 60; i++)
        buf_addf(&value, "%s\"Person, Nr. %d 名字\" <person%d@example.test>", i ? ", " : "", i, i);
    assert_int_equal(build_header(*state, &out, "To", value.data), SP_OK);
    buf_adds(&out, "\r\n");
    parse_bytes(*state, out.data, out.len, &p);
    assert_int_equal(p.d->mailboxes.count, 60);
    assert_string_equal(doc_text(p.d, doc_mailbox(p.d, 59)->name), "Person, Nr. 59 名字");
    parsed_release(&p);
    buf_release(&out);
    buf_release(&value);
}

static void
messages(void **state)
{
    static const struct build_field fields[] = {{"From", "a@x.test"}, {"Subject", "s"}, {"Bcc", ""}};
    static const struct build_field content = {"Content-Type", "text/html"};
    struct buf entity = BUF_INIT, out = BUF_INIT;
    struct parsed p;
    assert_int_equal(build_entity(*state, &entity, "body\n", NULL, 0, NULL, 0, false), SP_OK);
    assert_int_equal(build_message(*state, &out, fields, COUNT(fields), entity.data, entity.len), SP_OK);
    parse_bytes(*state, out.data, out.len, &p);
    assert_int_equal(p.d->crlf, 1);
    assert_string_equal(doc_field(p.d, 0, "MIME-Version", 0), "1.0");
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "body\n");
    parsed_release(&p);
    buf_clear(&out);
    assert_int_equal(build_message(*state, &out, &content, 1, entity.data, entity.len), SP_INVALID);
    buf_release(&entity);
    buf_release(&out);
}

/* The signed bytes are found again in the message, byte for byte; the objects too. */
static void
wrappings(void **state)
{
    static const char armor[] = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
    static const char cipher[] = "-----BEGIN PGP MESSAGE-----\n\nBBBB\n-----END PGP MESSAGE-----\n";
    static const char der[] = "\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03\xa0\x80";
    struct mime_tools *tools = *state;
    struct buf entity = BUF_INIT, out = BUF_INIT;
    struct parsed p;

    assert_int_equal(build_entity(tools, &entity, "hällo\n", NULL, 0, NULL, 0, false), SP_OK);
    for (int i = 0; i < 2; i++) {
        buf_clear(&out);
        assert_int_equal(wrap_signed(&out, i ? SP_PROTOCOL_SMIME : SP_PROTOCOL_OPENPGP, entity.data, entity.len, i ? der : armor,
                                     i ? sizeof der - 1 : sizeof armor - 1, i ? "sha-256" : "pgp-sha256"),
                         SP_OK);
        parse_bytes(tools, out.data, out.len, &p);
        const struct doc_layer *l = doc_layer(p.d, 0);
        assert_int_equal(l->kind, i ? DOC_LAYER_SMIME_SIGNED : DOC_LAYER_PGP_SIGNED);
        assert_int_equal(l->malformed, 0);
        assert_int_equal(l->signed_len, entity.len);
        assert_memory_equal(out.data + l->signed_at, entity.data, entity.len);
        if (i)
            assert_memory_equal(doc_text(p.d, l->object), der, sizeof der - 1);
        parsed_release(&p);
        buf_clear(&out);
        assert_int_equal(wrap_encrypted(&out, i ? SP_PROTOCOL_SMIME : SP_PROTOCOL_OPENPGP, i ? der : cipher, i ? sizeof der - 1 : sizeof cipher - 1,
                                        "enveloped-data"),
                         SP_OK);
        parse_bytes(tools, out.data, out.len, &p);
        assert_int_equal(doc_layer(p.d, 0)->kind, i ? DOC_LAYER_SMIME_ENCRYPTED : DOC_LAYER_PGP_ENCRYPTED);
        assert_int_equal(doc_layer(p.d, 0)->malformed, 0);
        parsed_release(&p);
    }
    buf_clear(&out);
    assert_int_equal(wrap_signed(&out, SP_PROTOCOL_OPENPGP, "x\n", 2, armor, sizeof armor - 1, "pgp-sha256"), SP_INVALID);
    assert_int_equal(wrap_signed(&out, SP_PROTOCOL_OPENPGP, "x\r\n", 3, "no armor", 8, "pgp-sha256"), SP_INVALID);
    assert_int_equal(wrap_signed(&out, SP_PROTOCOL_OPENPGP, "x\r\n", 3, armor, sizeof armor - 1, "a\"; x=\"y"), SP_INVALID);
    assert_int_equal(wrap_encrypted(&out, SP_PROTOCOL_SMIME, der, sizeof der - 1, "a\r\nb"), SP_INVALID);
    assert_int_equal(wrap_encrypted(&out, SP_PROTOCOL_NONE, der, sizeof der - 1, "x"), SP_INVALID);
    buf_release(&entity);
    buf_release(&out);
}

static void
typed_addresses(void **state)
{
    static const struct {
        const char *text;
        bool valid;
        const char *first_name, *first, *last, *rest;
        unsigned n;
    } cases[] = {
        {"A <a@x.test>, b@y.test", true, "A", "a@x.test", "b@y.test", "", 2},
        {"a@x.test; b@y.test;", true, "", "a@x.test", "b@y.test", "", 2},
        {"\"Doe, J\" <j@x.test>", true, "Doe, J", "j@x.test", "j@x.test", "", 1},
        {"张伟 <z@x.test>", true, "张伟", "z@x.test", "z@x.test", "", 1},
        {"Bob, a@x.test", false, "", "a@x.test", "a@x.test", "Bob", 1},
        {"a@@x.test, a@-x.test, .a@x.test, a@x..test", false, "", NULL, NULL, "a@@x.test, a@-x.test, .a@x.test, a@x..test", 0},
        {"", true, "", NULL, NULL, "", 0},
        {" , ,", true, "", NULL, NULL, "", 0},
        {"undisclosed-recipients:;", true, "", NULL, NULL, "", 0},
        {"a@exämple.test", true, "", "a@exämple.test", "a@exämple.test", "", 1},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct arena arena = ARENA_INIT;
        struct wm_addresses out;
        assert_int_equal(mime_addresses(*state, cases[i].text, &arena, &out), SP_OK);
        assert_int_equal(out.valid, cases[i].valid);
        assert_int_equal(out.mailboxes_n, cases[i].n);
        assert_string_equal(out.rest, cases[i].rest);
        if (cases[i].n) {
            assert_string_equal(out.mailboxes[0].name, cases[i].first_name);
            assert_string_equal(out.mailboxes[0].address, cases[i].first);
            assert_string_equal(out.mailboxes[cases[i].n - 1].address, cases[i].last);
        }
        arena_release(&arena);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts),   cmocka_unit_test(text_noise),   cmocka_unit_test(attachments), cmocka_unit_test(protected),
        cmocka_unit_test(headers), cmocka_unit_test(long_headers), cmocka_unit_test(messages),    cmocka_unit_test(wrappings),
        cmocka_unit_test(typed_addresses),
    };
    return cmocka_run_group_tests(tests, tools_setup, tools_teardown);
}
