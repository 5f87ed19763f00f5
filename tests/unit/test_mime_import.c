/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import of structure: exact ranges of signed parts (S14), dispatch of layers (S12), one reading of malformed input (S36), what is
   shown and listed (S32), mailboxes (S40, S41), file names (S59, S60), bounds (S35). */
#include "mime_fixture.h"

#include <stdio.h>

/* ---- ranges */

static void
expect_signed(struct mime_tools *tools, const char *message, const char *bytes, uint32_t kind)
{
    struct parsed p;
    parse_text(tools, message, &p);
    assert_int_equal(p.d->layers.count, 1);
    const struct doc_layer *l = doc_layer(p.d, 0);
    assert_int_equal(l->kind, kind);
    assert_int_equal(l->malformed, 0);
    assert_int_equal(l->signed_len, strlen(bytes));
    assert_memory_equal(message + l->signed_at, bytes, strlen(bytes));
    parsed_release(&p);
}

#define SIGNED_HEAD "From: a@b.test\r\nContent-Type: multipart/signed; micalg=pgp-sha256;\r\n protocol=\"application/pgp-signature\"; boundary=\"b\"\r\n\r\n"
#define SIGNATURE "Content-Type: application/pgp-signature\r\n\r\nSIG\r\n"

/* RFC 1847 and 2046: header of the part included, the line end before the delimiter not. */
static void
signed_ranges(void **state)
{
    expect_signed(*state, SIGNED_HEAD "preamble\r\n--b\r\nContent-Type: text/plain\r\n\r\nhello\r\n--b\r\n" SIGNATURE "--b--\r\n",
                  "Content-Type: text/plain\r\n\r\nhello", DOC_LAYER_PGP_SIGNED);
    /* an empty line at the end belongs to it */
    expect_signed(*state, SIGNED_HEAD "--b\r\n\r\nhello\r\n\r\n--b\r\n" SIGNATURE "--b--\r\n", "\r\nhello\r\n", DOC_LAYER_PGP_SIGNED);
    /* white space behind the delimiter, no part header, delimiters of an inner multipart */
    expect_signed(*state,
                  SIGNED_HEAD "--b \t\r\nContent-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n\r\n--b\r\n" SIGNATURE "--b--",
                  "Content-Type: multipart/mixed; boundary=bb\r\n\r\n--bb\r\n\r\nx\r\n--bb--\r\n", DOC_LAYER_PGP_SIGNED);
    /* LF input: ranges are of the input as it is, the flag tells that it must be canonicalised */
    expect_signed(*state,
                  "Content-Type: multipart/signed; boundary=b;\n  protocol=\"application/x-pkcs7-signature\"; micalg=sha-256\n\n--b\n\nx\n\n--b\n"
                  "Content-Type: application/pkcs7-signature\n\nAA\n--b--\n",
                  "\nx\n", DOC_LAYER_SMIME_SIGNED);
}

static void
line_ends(void **state)
{
    struct parsed p;
    parse_text(*state, "A: b\r\n\r\nx\r\ny", &p);
    assert_int_equal(p.d->crlf, 1);
    parsed_release(&p);
    parse_text(*state, "A: b\r\n\r\nx\ny\r\n", &p);
    assert_int_equal(p.d->crlf, 0);
    parsed_release(&p);
}

/* The delimiter of an outer multipart ends an inner one, and a longer boundary that starts like it does not. */
static void
nested_delimiters(void **state)
{
    struct parsed p;
    parse_text(*state,
               "Content-Type: multipart/mixed; boundary=out\n\n--out\nContent-Type: multipart/mixed; boundary=outer\n\n--outer\n\none\n"
               "--out\n\ntwo\n--out--\nepilogue\n",
               &p);
    assert_string_equal(doc_text(p.d, part_by_path(p.d, "1.1")->text), "one");
    assert_string_equal(doc_text(p.d, part_by_path(p.d, "2")->text), "two");
    assert_non_null(note_detail(p.d, "missing-end"));
    assert_string_equal(note_detail(p.d, "text-after-end"), "epilogue\n");
    parsed_release(&p);
}

/* ---- layers */

static void
malformed_signed(void **state)
{
    static const char *const bodies[] = {
        "--b\r\n\r\nx\r\n--b--\r\n",                                                             /* no signature */
        "--b\r\n\r\nx\r\n--b\r\n" SIGNATURE "--b\r\n\r\nthird\r\n--b--\r\n",                       /* three parts */
        "--b\r\n\r\nx\r\n--b\r\nContent-Type: application/pkcs7-signature\r\n\r\nAA\r\n--b--\r\n", /* another type than protocol */
        "--b\r\n" SIGNATURE "--b\r\n\r\nx\r\n--b--\r\n",                                            /* the wrong way round */
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct parsed p;
        char message[1024];
        (void)snprintf(message, sizeof message, "%s%s", SIGNED_HEAD, bodies[i]);
        parse_text(*state, message, &p);
        assert_int_equal(p.d->layers.count, 1);
        assert_int_equal(doc_layer(p.d, 0)->malformed, 1);
        assert_non_null(note_detail(p.d, "malformed-signed"));
        parsed_release(&p);
    }
}

static void
protocols(void **state)
{
    struct parsed p;
    /* an unknown protocol makes no layer, whatever the parts are called */
    parse_text(*state,
               "Content-Type: multipart/signed; boundary=b; protocol=\"application/x-foo\"\n\n--b\n\nx\n--b\n"
               "Content-Type: application/pgp-signature\n\nSIG\n--b--\n",
               &p);
    assert_int_equal(p.d->layers.count, 0);
    assert_string_equal(note_detail(p.d, "unknown-protocol"), "application/x-foo");
    assert_true(doc_part(p.d, 2)->flags & DOC_PART_ATTACHMENT);
    parsed_release(&p);
    parse_text(*state,
               "Content-Type: multipart/encrypted; boundary=b; protocol=\"application/pgp-encrypted\"\n\n--b\n"
               "Content-Type: application/pgp-encrypted\n\nVersion: 1\n--b\nContent-Type: application/octet-stream\n\nCIPHER\n--b--\n",
               &p);
    assert_int_equal(doc_layer(p.d, 0)->kind, DOC_LAYER_PGP_ENCRYPTED);
    assert_string_equal(doc_text(p.d, doc_layer(p.d, 0)->object), "CIPHER");
    for (uint32_t i = 0; i < p.d->parts.count; i++)
        assert_false(doc_part(p.d, i)->flags & (DOC_PART_SHOWN | DOC_PART_ATTACHMENT));
    parsed_release(&p);
}

static void
cms_objects(void **state)
{
    static const struct {
        const char *head, *base64;
        uint32_t kind, malformed;
        const char *note;
    } cases[] = {
        {"application/pkcs7-mime; smime-type=enveloped-data", "MIAGCSqGSIb3DQEHA6CA", DOC_LAYER_SMIME_ENCRYPTED, 0, NULL},
        {"application/x-pkcs7-mime; name=smime.p7m", "MIAGCSqGSIb3DQEHAqCA", DOC_LAYER_SMIME_OPAQUE, 0, NULL},
        /* the parameter lies: the object decides */
        {"application/pkcs7-mime; smime-type=signed-data", "MIAGCSqGSIb3DQEHA6CA", DOC_LAYER_SMIME_ENCRYPTED, 0, "smime-type-mismatch"},
        {"application/octet-stream; name=\"x.P7M\"", "MBUGCyqGSIb3DQEJEAEXoAYGBAAAAAA=", DOC_LAYER_SMIME_ENCRYPTED, 0, NULL},
        {"application/pkcs7-mime; smime-type=signed-data", "AAAA", DOC_LAYER_SMIME_OPAQUE, 1, NULL},
        {"application/pkcs7-mime; smime-type=compressed-data", "MBUGCyqGSIb3DQEJEAEJoAYGBAAAAAA=", DOC_LAYER_KINDS, 0, "compressed-cms"},
        {"application/octet-stream; name=\"x.bin\"", "MIAGCSqGSIb3DQEHA6CA", DOC_LAYER_KINDS, 0, NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed p;
        char message[512];
        (void)snprintf(message, sizeof message, "Content-Type: %s\nContent-Transfer-Encoding: base64\n\n%s\n", cases[i].head, cases[i].base64);
        parse_text(*state, message, &p);
        assert_int_equal(p.d->layers.count, cases[i].kind != DOC_LAYER_KINDS);
        if (p.d->layers.count) {
            assert_int_equal(doc_layer(p.d, 0)->kind, cases[i].kind);
            assert_int_equal(doc_layer(p.d, 0)->malformed, cases[i].malformed);
        } else {
            assert_true(doc_part(p.d, 0)->flags & DOC_PART_ATTACHMENT);
        }
        if (cases[i].note)
            assert_non_null(note_detail(p.d, cases[i].note));
        parsed_release(&p);
    }
}

static void
inline_regions(void **state)
{
    static const char message[] =
        "Content-Type: text/plain; charset=iso-8859-1; format=flowed\nContent-Transfer-Encoding: quoted-printable\n\n"
        "before=E4 \nand on\n-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\nsigned =F6 \ntext\n-----BEGIN PGP SIGNATURE-----\n\nAAAA\n"
        "-----END PGP SIGNATURE-----\nafter\n> -----BEGIN PGP MESSAGE-----\n-----BEGIN PGP MESSAGE-----\n\nBBBB\n";
    struct parsed p;
    parse_text(*state, message, &p);
    assert_int_equal(p.d->layers.count, 2);
    const struct doc_layer *l = doc_layer(p.d, 0);
    const char *text = doc_text(p.d, doc_part(p.d, 0)->text);
    assert_int_equal(l->kind, DOC_LAYER_INLINE_SIGNED);
    assert_int_equal(l->malformed, 0);
    assert_memory_equal(text, "beforeä and on\n", 16);
    assert_int_equal(l->text_at, 16);
    /* what is covered by the signature stays in the original charset and is not reflowed */
    assert_non_null(memmem(doc_text(p.d, l->object), l->object.len, "signed \xf6 \ntext", 14));
    assert_non_null(strstr(text, "signed ö \ntext"));
    assert_memory_equal(text + l->text_at + l->text_len, "\nafter\n", 7);
    l = doc_layer(p.d, 1);
    assert_int_equal(l->kind, DOC_LAYER_INLINE_ENCRYPTED);
    assert_int_equal(l->malformed, 1);
    parsed_release(&p);
}

/* ---- structure and what is shown */

static void
paths(void **state)
{
    struct parsed p;
    parse_text(*state,
               "Content-Type: multipart/mixed; boundary=b\n\n--b\n\ntext\n--b\nContent-Type: message/rfc822\n\nSubject: in\n\nsingle\n--b\n"
               "Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=c\n\n--c\n\nx\n--c--\n--b--\n",
               &p);
    const char *expected[] = {"", "1", "2", "2.1", "3", "3", "3.1"};
    assert_int_equal(p.d->parts.count, COUNT(expected));
    for (uint32_t i = 0; i < p.d->parts.count; i++)
        assert_string_equal(doc_text(p.d, doc_part(p.d, i)->path), expected[i]);
    assert_true(part_by_path(p.d, "2")->flags & DOC_PART_ATTACHMENT);
    assert_true(part_by_path(p.d, "2.1")->flags & DOC_PART_SHOWN);
    assert_string_equal(doc_field(p.d, 3, "subject", 0), "in");
    parsed_release(&p);
    parse_text(*state, "Content-Type: text/plain\n\nx", &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->path), "1");
    parsed_release(&p);
}

static void
expect_shown(struct mime_tools *tools, const char *message, const char *shown, const char *listed)
{
    struct parsed p;
    char a[256] = "", b[256] = "";
    parse_text(tools, message, &p);
    for (uint32_t i = 0; i < p.d->parts.count; i++) {
        const struct doc_part *part = doc_part(p.d, i);
        if (part->flags & DOC_PART_SHOWN)
            (void)snprintf(a + strlen(a), sizeof a - strlen(a), "%s ", doc_text(p.d, part->path));
        if (part->flags & DOC_PART_ATTACHMENT)
            (void)snprintf(b + strlen(b), sizeof b - strlen(b), "%s ", doc_text(p.d, part->path));
    }
    assert_string_equal(a, shown);
    assert_string_equal(b, listed);
    parsed_release(&p);
}

#define MULTI(kind, body) "Content-Type: multipart/" kind "; boundary=b\n\n" body "--b--\n"
#define PART(head, body) "--b\n" head "\n\n" body "\n"
static void
shown_parts(void **state)
{
    expect_shown(*state, MULTI("alternative", PART("Content-Type: text/plain", "p") PART("Content-Type: text/html", "<p>h")), "1 ", "");
    /* an empty text alternative hides nothing */
    expect_shown(*state, MULTI("alternative", PART("Content-Type: text/plain", " ") PART("Content-Type: text/html", "<p>h")), "2 ", "");
    expect_shown(*state, MULTI("mixed", PART("Content-Type: text/plain", "a") PART("Content-Type: text/html", "<p>h")
                                            PART("Content-Type: text/plain; name=x.txt", "c")
                                                PART("Content-Type: text/plain\nContent-Disposition: attachment", "d")
                                                    PART("Content-Type: text/plain; name=y.txt\nContent-Disposition: inline", "e")),
                 "1 2 5 ", "3 4 5 ");
    expect_shown(*state, MULTI("related", PART("Content-Type: text/html", "<p>h") PART("Content-Type: image/png\nContent-ID: <a>", "x")),
                 "1 ", "2 ");
    expect_shown(*state, MULTI("alternative", PART("Content-Type: text/plain", "a") PART("Content-Type: text/calendar", "BEGIN:VCALENDAR")), "1 ", "");
    expect_shown(*state, MULTI("mixed", PART("Content-Type: message/rfc822\nContent-Disposition: attachment", "Subject: x\n\ny")), "1.1 ", "1 ");
    expect_shown(*state, "Content-Type: application/pdf\n\n%PDF", "", "1 ");
    expect_shown(*state, "Content-Type: text/csv\n\na,b", "1 ", "");
}

/* A multipart whose parts cannot be found is shown as text: nothing is lost. */
static void
broken_multipart(void **state)
{
    static const char *const messages[] = {"Content-Type: multipart/mixed\n\nlost?\n", "Content-Type: multipart/mixed; boundary=x\n\n--y\n\nlost?\n--y--\n"};
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct parsed p;
        parse_text(*state, messages[i], &p);
        assert_int_equal(p.d->parts.count, 1);
        assert_true(doc_part(p.d, 0)->flags & DOC_PART_SHOWN);
        assert_non_null(strstr(doc_text(p.d, doc_part(p.d, 0)->text), "lost?"));
        assert_non_null(note_detail(p.d, i ? "no-parts-found" : "missing-boundary"));
        parsed_release(&p);
    }
}

static void
one_reading(void **state)
{
    struct parsed p;
    parse_text(*state,
               "Content-Type: text/plain\nContent-Type: text/html\nContent-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: base64\n\n<b>x</b>\n",
               &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->type), "text/plain");
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "<b>x</b>\n");
    assert_non_null(note_detail(p.d, "duplicate-header"));
    parsed_release(&p);
    parse_text(*state, "Content-Type: multipart/mixed; boundary=a; boundary=b\n\n--a\n\nA\n--a--\n--b\n\nB\n--b--\n", &p);
    assert_non_null(note_detail(p.d, "conflicting-parameter"));
    parsed_release(&p);
}

static void
header_block(void **state)
{
    struct parsed p;
    parse_text(*state, "From x@y Mon Jan  1 00:00:00 2024\nSubject: =?iso-8859-1?q?caf=E9?=\n =?utf-8?b?IMO8?=\nno field here\nX-Late : v\nbody begins\n\nrest\n", &p);
    assert_string_equal(doc_field(p.d, 0, "SUBJECT", 0), "café ü");
    assert_string_equal(doc_field(p.d, 0, "x-late", 0), "v");
    assert_string_equal(note_detail(p.d, "malformed-header"), "no field here");
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "body begins\n\nrest\n");
    assert_int_equal(doc_part(p.d, 0)->raw_at, 34);
    const struct doc_header *h = doc_header(p.d, 0);
    assert_int_equal(h->raw.len, strlen(" =?iso-8859-1?q?caf=E9?=\n =?utf-8?b?IMO8?="));
    parsed_release(&p);
    parse_text(*state, "Date: Tue, 15 Nov 1994 08:12:31 -0500\n\n", &p);
    assert_true(p.d->date == 784905151);
    parsed_release(&p);
    parse_text(*state, "Date: never\n\n", &p);
    assert_true(p.d->date == 0);
    parsed_release(&p);
}

static void
encoded_words(void **state)
{
    static const struct {
        const char *raw, *text;
    } cases[] = {
        {"=?utf-8?B?w6k=?= =?utf-8?B?w6k=?=", "éé"},                  /* padded words */
        {"=?utf-8?B?w6nD?=\n =?utf-8?B?qQ==?=", "éé"},                 /* split inside a character */
        {"=?iso-2022-jp?B?GyRCJDMbKEI=?= =?ISO-2022-JP?B?GyRCJHMbKEI=?=", "こん"},
        {"=?gb2312?Q?=C4=E3?= and =?koi8-r?Q?=F0?=", "你 and П"},
        {"a =?utf-8?q?b_c?= d", "a b c d"},
        {"=?utf-8*en?q?x?=", "x"},
        {"=?utf-8?q?with space?=", "with space"},
        {"=?nonsense?q?caf=C3=A9?=", "café"},
        {"=?utf-8?x?y?=", "=?utf-8?x?y?="},
        {"=?utf-8?q?never closed", "=?utf-8?q?never closed"},
        {"=?=?=?=?=", "=?=?=?=?="},
        {"raw gr\xfc\xdf", "raw grüß"},
        {"raw gr\xc3\xbc\xc3\x9f", "raw grüß"},
        {"=?utf-8?q?=00nul?=", "\xef\xbf\xbdnul"},
        {"=?utf-8?b?!!!?= x", " x"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed p;
        char message[512];
        (void)snprintf(message, sizeof message, "Subject: %s\nFrom: \"%s\" <a@b.test>\n\n", cases[i].raw, cases[i].raw);
        parse_text(*state, message, &p);
        assert_string_equal(doc_field(p.d, 0, "Subject", 0), cases[i].text);
        if (*cases[i].text && *cases[i].text != ' ')
            assert_string_equal(doc_text(p.d, doc_mailbox(p.d, 0)->name), cases[i].text);
        parsed_release(&p);
    }
}

/* Armor that mail programs have mangled: no-break spaces in the empty line, HTML around it, lines run together. */
static void
mangled_armor(void **state)
{
    static const char *const bodies[] = {
        "Content-Type: text/plain; charset=utf-8\n\n-----BEGIN PGP MESSAGE-----\nVersion: x\n\xc2\xa0\nAAAA\n=BBBB\n-----END PGP MESSAGE-----\n",
        "Content-Type: text/html\n\n<p>-----BEGIN PGP MESSAGE-----<p>&nbsp;<p>AAAA<br>=BBBB<p>-----END PGP MESSAGE-----</p>",
    };
    for (size_t i = 0; i < COUNT(bodies); i++) {
        struct parsed p;
        parse_text(*state, bodies[i], &p);
        assert_int_equal(p.d->layers.count, 1);
        assert_int_equal(doc_layer(p.d, 0)->kind, DOC_LAYER_INLINE_ENCRYPTED);
        assert_string_equal(doc_text(p.d, doc_layer(p.d, 0)->object), "-----BEGIN PGP MESSAGE-----\n\nAAAA\n=BBBB\n-----END PGP MESSAGE-----\n");
        parsed_release(&p);
    }
    /* the other form of the same text is not a second region */
    struct parsed p;
    parse_text(*state,
               "Content-Type: multipart/alternative; boundary=b\n\n--b\n\n-----BEGIN PGP MESSAGE-----\n\nAAAA\n-----END PGP MESSAGE-----\n--b\n"
               "Content-Type: text/html\n\n-----BEGIN PGP MESSAGE----- AAAA -----END PGP MESSAGE-----\n--b--\n",
               &p);
    assert_int_equal(p.d->layers.count, 1);
    parsed_release(&p);
}

static void
not_a_message(void **state)
{
    static const char *const texts[] = {"", "\n\n \r\n", "hello world", "%PDF-1.4\n", ": x\n"};
    for (size_t i = 0; i < COUNT(texts); i++) {
        struct buf out = BUF_INIT;
        assert_int_equal(mime_import(*state, texts[i], strlen(texts[i]), &out), SP_NOT_A_MESSAGE);
        buf_release(&out);
    }
}

static void
mailboxes(void **state)
{
    struct parsed p;
    parse_text(*state,
               "From: =?utf-8?b?5byg5Lyf?= <z@x.cn>, Other <o@x.test>\nFrom: second@y.test\nReply-To: John Smith\n"
               "To: Friends: a@b.test, \"B, C\" <b@c.test>;, d@e.test (d)\nCc: undisclosed-recipients:;\n\n",
               &p);
    static const struct {
        uint32_t field, index;
        const char *name, *address;
    } expected[] = {
        {DOC_FROM, 0, "张伟", "z@x.cn"},      {DOC_FROM, 0, "Other", "o@x.test"}, {DOC_FROM, 1, "", "second@y.test"},
        {DOC_REPLY_TO, 0, "John Smith", ""},  {DOC_TO, 0, "", "a@b.test"},        {DOC_TO, 0, "B, C", "b@c.test"},
        {DOC_TO, 0, "d", "d@e.test"},
    };
    assert_int_equal(p.d->mailboxes.count, COUNT(expected));
    for (uint32_t i = 0; i < p.d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(p.d, i);
        assert_int_equal(m->field, expected[i].field);
        assert_int_equal(m->field_index, expected[i].index);
        assert_string_equal(doc_text(p.d, m->name), expected[i].name);
        assert_string_equal(doc_text(p.d, m->address), expected[i].address);
    }
    assert_string_equal(note_detail(p.d, "duplicate-header"), "From");
    parsed_release(&p);
}

static void
file_names(void **state)
{
    static const struct {
        const char *head, *name, *note;
    } cases[] = {
        {"Content-Disposition: attachment; filename=\"../../etc/passwd\"", "passwd", "unsafe-name"},
        {"Content-Disposition: attachment; filename=\"C:\\\\x\\\\a.txt\"", "a.txt", "unsafe-name"},
        {"Content-Disposition: attachment; filename*=utf-8''%E5%BC%A0.pdf", "张.pdf", NULL},
        {"Content-Disposition: attachment; filename*0=\"ab\"; filename*1=\"cd.txt\"", "abcd.txt", NULL},
        {"Content-Disposition: attachment; filename=\"=?utf-8?q?=C3=A9.txt?=\"", "é.txt", NULL},
        {"Content-Disposition: attachment; filename=\".bashrc\"", "bashrc", "unsafe-name"},
        {"Content-Disposition: attachment; filename*=utf-8''a%E2%80%AEtxt.exe", "atxt.exe", "unsafe-name"},
        {"Content-Disposition: attachment; filename=\"a.pdf. \"", "a.pdf", "unsafe-name"},
        {"Content-Type: image/png; name=b.exe\nContent-Disposition: attachment; filename=b.png", "b.exe", "conflicting-names"},
        {"Content-Type: image/png; name=b.png\nContent-Disposition: attachment; filename=b.js", "b.js", "conflicting-names"},
        {"Content-Type: image/png; name=b.png", "b.png", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed p;
        char message[512];
        (void)snprintf(message, sizeof message, "%s\n\nx", cases[i].head);
        parse_text(*state, message, &p);
        assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->name), cases[i].name);
        if (cases[i].note)
            assert_non_null(note_detail(p.d, cases[i].note));
        else
            assert_int_equal(p.d->notes.count, 0);
        parsed_release(&p);
    }
}

static void
types(void **state)
{
    struct parsed p;
    parse_text(*state, "Content-Type: Image/PNG; name=a.png\nContent-Transfer-Encoding: base64\n\nTVqQAAMAAAAEAAAA//8AALgAAAAAAAAAQAAAAA==\n", &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->type), "image/png");
    assert_string_not_equal(doc_text(p.d, doc_part(p.d, 0)->detected_type), "");
    assert_string_not_equal(doc_text(p.d, doc_part(p.d, 0)->detected_type), "image/png");
    assert_int_equal(doc_part(p.d, 0)->size, 28);
    parsed_release(&p);
}

/* ---- protected headers */

static void
protected_flags(void **state)
{
    struct parsed p;
    parse_text(*state,
               "Subject: real\nContent-Type: multipart/mixed; boundary=b; protected-headers=\"v1\"\n\n--b\n"
               "Content-Type: text/plain; protected-headers=\"v1\"\nContent-Disposition: inline\n\nSubject: real\n\n--b\n\nbody\n--b--\n",
               &p);
    assert_true(doc_part(p.d, 0)->flags & DOC_PART_PROTECTED_V1);
    assert_true(doc_part(p.d, 1)->flags & DOC_PART_LEGACY_DISPLAY);
    assert_false(doc_part(p.d, 1)->flags & (DOC_PART_SHOWN | DOC_PART_ATTACHMENT));
    assert_true(doc_part(p.d, 2)->flags & DOC_PART_SHOWN);
    parsed_release(&p);
    /* text that no header repeats is not hidden by the flag */
    parse_text(*state,
               "Subject: real\nContent-Type: multipart/mixed; boundary=b; protected-headers=\"v1\"\n\n--b\n"
               "Content-Type: text/plain; protected-headers=\"v1\"\n\nSubject: real\nPay: 1000\n\n--b\n\nbody\n--b--\n",
               &p);
    assert_true(doc_part(p.d, 1)->flags & DOC_PART_SHOWN);
    parsed_release(&p);
    parse_text(*state, "Subject: real\nContent-Type: text/plain; hp=\"cipher\"; hp-legacy-display=\"1\"\n\nSubject: real\n\nbody\n", &p);
    assert_true(doc_part(p.d, 0)->flags & DOC_PART_HP_CIPHER);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "body\n");
    parsed_release(&p);
    parse_text(*state, "Subject: real\nContent-Type: text/plain; hp=\"clear\"; hp-legacy-display=\"1\"\n\nSubject: real\n\nbody\n", &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "Subject: real\n\nbody\n");
    parsed_release(&p);
    parse_text(*state, "Content-Type: message/rfc822; forwarded=no\n\nSubject: in\n\nbody\n", &p);
    assert_true(doc_part(p.d, 0)->flags & DOC_PART_FORWARDED_NO);
    assert_false(doc_part(p.d, 0)->flags & DOC_PART_ATTACHMENT);
    assert_true(doc_part(p.d, 1)->flags & DOC_PART_SHOWN);
    parsed_release(&p);
}

/* ---- bounds */

static void
too_many_parts(void **state)
{
    struct buf m = BUF_INIT;
    struct parsed p;
    buf_adds(&m, "Content-Type: multipart/mixed; boundary=b\n\n");
    for (int i = 0; i < 5000; i++)
        buf_addf(&m, "--b\n\n%d\n", i);
    parse_bytes(*state, m.data, m.len, &p);
    assert_int_equal(p.d->parts.count, 2000);
    assert_non_null(note_detail(p.d, "too-many-parts"));
    parsed_release(&p);
    buf_release(&m);
}

static void
too_deep(void **state)
{
    struct buf m = BUF_INIT;
    struct parsed p;
    for (int i = 0; i < 500; i++)
        buf_addf(&m, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i);
    buf_adds(&m, "\ninnermost\n");
    parse_bytes(*state, m.data, m.len, &p);
    assert_true(p.d->parts.count <= 64);
    assert_non_null(note_detail(p.d, "nesting-too-deep"));
    /* the rest is shown as it stands */
    const struct doc_part *last = doc_part(p.d, p.d->parts.count - 1);
    assert_non_null(strstr(doc_text(p.d, last->text), "innermost"));
    parsed_release(&p);
    buf_release(&m);
}

static void
too_much_header(void **state)
{
    struct buf m = BUF_INIT;
    struct parsed p;
    buf_adds(&m, "Subject: first\nX-Long: ");
    for (int i = 0; i < 300000; i++)
        buf_adds(&m, "aaaaaaa\n ");
    buf_adds(&m, "end\nFrom: late@x.test\n\nbody\n");
    parse_bytes(*state, m.data, m.len, &p);
    assert_non_null(note_detail(p.d, "headers-too-large"));
    assert_string_equal(doc_field(p.d, 0, "Subject", 0), "first");
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "body\n");
    parsed_release(&p);
    buf_clear(&m);
    for (int i = 0; i < 30000; i++)
        buf_adds(&m, "A: b\n");
    parse_bytes(*state, m.data, m.len, &p);
    assert_int_equal(p.d->headers.count, 20000);
    parsed_release(&p);
    buf_release(&m);
}

static void
too_much_text(void **state)
{
    struct buf m = BUF_INIT;
    struct parsed p;
    buf_adds(&m, "Subject: big\n\n");
    for (int i = 0; i < 1200000; i++)
        buf_adds(&m, "0123456789\n");
    parse_bytes(*state, m.data, m.len, &p);
    assert_int_equal(doc_part(p.d, 0)->text.len, 8388608);
    assert_int_equal(doc_part(p.d, 0)->size, 13200000);
    assert_non_null(note_detail(p.d, "text-too-large"));
    parsed_release(&p);
    buf_release(&m);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signed_ranges),   cmocka_unit_test(line_ends),        cmocka_unit_test(nested_delimiters),
        cmocka_unit_test(malformed_signed), cmocka_unit_test(protocols),       cmocka_unit_test(cms_objects),
        cmocka_unit_test(inline_regions),  cmocka_unit_test(paths),            cmocka_unit_test(shown_parts),
        cmocka_unit_test(broken_multipart), cmocka_unit_test(one_reading),     cmocka_unit_test(header_block),
        cmocka_unit_test(not_a_message),   cmocka_unit_test(mailboxes),        cmocka_unit_test(file_names),
        cmocka_unit_test(types),           cmocka_unit_test(protected_flags),  cmocka_unit_test(too_many_parts),
        cmocka_unit_test(too_deep),        cmocka_unit_test(too_much_header),  cmocka_unit_test(too_much_text),
        cmocka_unit_test(encoded_words),   cmocka_unit_test(mangled_armor),
    };
    return cmocka_run_group_tests(tests, tools_setup, tools_teardown);
}
