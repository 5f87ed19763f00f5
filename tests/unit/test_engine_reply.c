/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Replying, forwarding, mailto: addresses, folder names: the pure rules (S34, S48, S65). */
#include "unit.h"

#include <string.h>
#include <strings.h>

#include "engine/mailto.h"
#include "engine/reply.h"
#include "engine/utf7.h"

static bool
own(const char *address, void *arg)
{
    (void)arg;
    return strcasecmp(address, "me@example.org") == 0 || strcasecmp(address, "alias@example.org") == 0;
}

static void
check_recipients(const struct wr_verdict *v, bool all, const char *to, const char *cc)
{
    struct buf t = BUF_INIT, c = BUF_INIT;
    reply_recipients(v, all, own, NULL, &t, &c);
    assert_string_equal(buf_str(&t), to);
    assert_string_equal(buf_str(&c), cc);
    buf_release(&t);
    buf_release(&c);
}

static struct wr_mailbox alice = {.name = "Alice", .address = "alice@example.net"};
static struct wr_mailbox bob = {.name = "Bob, Jr.", .address = "bob@example.net"};
static struct wr_mailbox me = {.name = "", .address = "ME@example.org"};

static void
test_recipients(void **state)
{
    (void)state;
    struct wr_mailbox to[] = {me, bob, {.name = "", .address = "ALICE@example.net"}};
    struct wr_mailbox cc[] = {{.name = "Again", .address = "Bob@example.net"}, {.name = "", .address = "carol@example.net"},
                              {.name = "", .address = "alias@example.org"}, {.name = "nobody", .address = ""}};
    struct wr_verdict v = {.from = alice, .to = to, .to_n = 3, .cc = cc, .cc_n = 4};
    check_recipients(&v, false, "Alice <alice@example.net>", "");
    check_recipients(&v, true, "Alice <alice@example.net>", "\"Bob, Jr.\" <bob@example.net>, carol@example.net");
    struct wr_mailbox list = {.name = "", .address = "list@example.net"};
    v.reply_to = &list;
    v.reply_to_n = 1;
    check_recipients(&v, false, "list@example.net", "");
}

static void
test_own_message(void **state)
{
    (void)state;
    struct wr_verdict v = {.from = me, .to = &alice, .to_n = 1, .cc = &bob, .cc_n = 1};
    check_recipients(&v, false, "Alice <alice@example.net>", "");
    check_recipients(&v, true, "Alice <alice@example.net>", "\"Bob, Jr.\" <bob@example.net>");
    v.to = &me; /* a note to oneself */
    check_recipients(&v, false, "ME@example.org", "");
}

static void
test_hostile_mailboxes(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    reply_add_mailbox(&b, "x\r\nBcc: evil@example.com", "a@b.example");
    assert_string_equal(buf_str(&b), "\"x  Bcc: evil@example.com\" <a@b.example>");
    buf_clear(&b);
    reply_add_mailbox(&b, "", "a@b.example\r\nBcc: evil@example.com");
    reply_add_mailbox(&b, "", "a@b.example, evil@example.com");
    reply_add_mailbox(&b, "", "@b.example");
    assert_string_equal(buf_str(&b), "");
    buf_release(&b);
}

static void
check_subject(enum sp_draft_kind kind, const char *from, const char *expected)
{
    struct buf b = BUF_INIT;
    reply_subject(kind, from, &b);
    assert_string_equal(buf_str(&b), expected);
    buf_release(&b);
}

static void
test_subjects(void **state)
{
    (void)state;
    check_subject(SP_DRAFT_REPLY, "Hello", "Re: Hello");
    check_subject(SP_DRAFT_REPLY_ALL, "RE: re: Hello", "Re: Hello");
    check_subject(SP_DRAFT_FORWARD, "Re: Hello", "Fwd: Re: Hello");
    check_subject(SP_DRAFT_EDIT, "Hello", "Hello");
    check_subject(SP_DRAFT_REPLY, "a\r\nBcc: b", "Re: a  Bcc: b");
    assert_true(reply_same_subject("Re: Fwd: Secret", "secret"));
    assert_false(reply_same_subject("Re: Other", "secret"));
}

static void
test_s65_outer_subject(void **state)
{
    (void)state;
    struct wr_draft d = {.subject = "Re: The merger", .encrypt = 1};
    assert_string_equal(reply_outer_subject(&d, ""), "[...]");
    d.encrypt = 0;
    assert_string_equal(reply_outer_subject(&d, "The merger"), "Re: The merger");
    d.origin_encrypted = 1;
    assert_string_equal(reply_outer_subject(&d, "The merger"), "[...]");
    assert_string_equal(reply_outer_subject(&d, "Something else"), "Re: The merger");
}

static void
test_bodies(void **state)
{
    (void)state;
    struct wr_verdict v = {.from = alice, .to = &bob, .to_n = 1, .has_date = 1, .date = 86400, .subject = "S\nX", .reply_quote = "one\n\n> two\nthree",
                           .body = "whole"};
    struct buf b = BUF_INIT;
    reply_body(SP_DRAFT_REPLY, &v, &b);
    assert_string_equal(buf_str(&b), "1970-01-02 00:00 UTC, Alice <alice@example.net>:\n> one\n>\n>> two\n> three\n");
    buf_clear(&b);
    reply_body(SP_DRAFT_FORWARD, &v, &b);
    assert_string_equal(buf_str(&b), "\n----\nFrom: Alice <alice@example.net>\nTo: \"Bob, Jr.\" <bob@example.net>\nDate: 1970-01-02 00:00 UTC\n"
                                     "Subject: S X\n\none\n\n> two\nthree");
    buf_release(&b);
}

static void
test_references(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    reply_references("<a@x> <b@x>", "<c@x>", "<d@x>", &b);
    assert_string_equal(buf_str(&b), "<a@x> <b@x> <d@x>");
    buf_clear(&b);
    reply_references("", "<c@x>", "d@x", &b);
    assert_string_equal(buf_str(&b), "<c@x> <d@x>");
    buf_clear(&b);
    reply_references("<a\r\nBcc: x> <ok@x>", "", "<broken", &b);
    assert_string_equal(buf_str(&b), "<ok@x>");
    buf_release(&b);
}

static void
test_s48_mailto(void **state)
{
    (void)state;
    struct mailto m;
    assert_int_equal(mailto_parse("mailto:a@b.example,c@d.example?subject=Hi%20there&body=one%0D%0Atwo&bcc=x@y.example&attach=/etc/passwd&to=e@f.example", &m), SP_OK);
    assert_string_equal(buf_str(&m.to), "a@b.example,c@d.example, e@f.example");
    assert_string_equal(buf_str(&m.subject), "Hi there");
    assert_string_equal(buf_str(&m.body), "one\ntwo");
    mailto_release(&m);
    assert_int_equal(mailto_parse("MAILTO:?subject=a%0ABcc:%20b", &m), SP_OK);
    assert_string_equal(buf_str(&m.subject), "a Bcc: b");
    mailto_release(&m);
    assert_int_equal(mailto_parse("mailto:a%00b", &m), SP_INVALID);
    mailto_release(&m);
    assert_int_equal(mailto_parse("mailto:a%4", &m), SP_INVALID);
    mailto_release(&m);
    assert_int_equal(mailto_parse("mailto:%ff@x.example", &m), SP_INVALID);
    mailto_release(&m);
    assert_int_equal(mailto_parse("http://x", &m), SP_INVALID);
    mailto_release(&m);
}

static void
test_folder_names(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    /* the example of RFC 3501 section 5.1.3 */
    const char name[] = "~peter/mail/\xe5\x8f\xb0\xe5\x8c\x97/\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e";
    assert_int_equal(utf7_encode(&b, name, strlen(name)), SP_OK);
    assert_string_equal(buf_str(&b), "~peter/mail/&U,BTFw-/&ZeVnLIqe-");
    buf_clear(&b);
    assert_int_equal(utf7_encode(&b, "A&B", 3), SP_OK);
    assert_string_equal(buf_str(&b), "A&-B");
    buf_clear(&b);
    assert_int_equal(utf7_encode(&b, "\xf0\x9f\x98\x80", 4), SP_OK);
    assert_string_equal(buf_str(&b), "&2D3eAA-");
    assert_int_equal(utf7_encode(&b, "a\nb", 3), SP_INVALID);
    assert_int_equal(utf7_encode(&b, "\xff", 1), SP_UTF8);
    buf_release(&b);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_recipients),  cmocka_unit_test(test_own_message),     cmocka_unit_test(test_hostile_mailboxes),
        cmocka_unit_test(test_subjects),    cmocka_unit_test(test_s65_outer_subject), cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_references),  cmocka_unit_test(test_s48_mailto),      cmocka_unit_test(test_folder_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
