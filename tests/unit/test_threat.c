/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of what is dangerous: each with messages that it must catch and honest ones that it must not. */
#include <stdlib.h>
#include <string.h>

#include "threat/threat.h"
#include "unit.h"

struct sample {
    struct arena arena;
    struct wr_verdict v;
    struct threat_context c;
    struct wr_mailbox to, reply;
    struct wr_link links[8];
    struct wr_part parts[4];
    struct wr_text refs[4];
    struct wr_header_field headers[8];
};

static int
setup(void **state)
{
    struct sample *s = calloc(1, sizeof *s);
    arena_init(&s->arena);
    s->to = (struct wr_mailbox){.name = "Robin", .address = "robin@home.example", .display = ""};
    s->v = (struct wr_verdict){.from = {.name = "Ada Berg", .address = "ada@berg.example", .display = "Ada Berg <ada@berg.example>"},
                               .to = &s->to, .to_n = 1, .subject = "Minutes", .body = "See you on Thursday.", .links = s->links, .parts = s->parts,
                               .remote_refs = s->refs, .headers = s->headers, .sender = {.authserv_id = ""}};
    *state = s;
    return 0;
}

static int
teardown(void **state)
{
    struct sample *s = *state;
    arena_release(&s->arena);
    free(s);
    return 0;
}

static void
from(struct sample *s, const char *name, const char *address)
{
    s->v.from = (struct wr_mailbox){.name = name, .address = address, .display = name};
}

static void
header(struct sample *s, const char *name, const char *value)
{
    s->headers[s->v.headers_n++] = (struct wr_header_field){name, value};
}

static void
link_to(struct sample *s, const char *text, const char *target)
{
    s->links[s->v.links_n++] = (struct wr_link){text, target, "1"};
}

static const struct wr_warning *
judged(struct sample *s, const char *id)
{
    s->v.warnings = NULL;
    s->v.warnings_n = 0;
    s->v.risk = 0;
    assert_int_equal(threat_judge(&s->v, &s->c, &s->arena), SP_OK);
    for (uint32_t i = 0; i < s->v.warnings_n; i++)
        if (strcmp(s->v.warnings[i].id, id) == 0)
            return &s->v.warnings[i];
    return NULL;
}

#define YES(s, id) assert_non_null(judged(s, id))
#define NO(s, id) assert_null(judged(s, id))

static void
honest_mail_is_left_alone(void **state)
{
    struct sample *s = *state;
    link_to(s, "the minutes", "https://www.berg.example/minutes");
    header(s, "Return-Path", "<ada@berg.example>");
    assert_int_equal(threat_judge(&s->v, &s->c, &s->arena), SP_OK);
    assert_int_equal(s->v.warnings_n, 0);
    assert_int_equal(s->v.risk, SP_LEVEL_NONE);
}

/* --- who */

static void
another_address_in_the_name_s42(void **state)
{
    struct sample *s = *state;
    from(s, "Service (support@bank.example)", "x@evil.example");
    const struct wr_warning *w = judged(s, "name-contains-address");
    assert_non_null(w);
    assert_string_equal(w->args[0].text, "support@bank.example");
    assert_string_equal(w->text, "The sender's name contains another address: support@bank.example");
    assert_int_equal(s->v.risk, SP_LEVEL_CAUTION);
    from(s, "ada@berg.example", "ada@berg.example");
    NO(s, "name-contains-address");
}

static void
a_known_name_with_a_strange_address_s42(void **state)
{
    struct sample *s = *state;
    const struct threat_known known[] = {{"bo@work.example", "Bo Carlsen"}};
    s->c.known = known;
    s->c.known_n = 1;
    from(s, "Bo Carlsen", "bo.carlsen77@elsewhere.example");
    const struct wr_warning *w = judged(s, "name-of-contact");
    assert_non_null(w);
    assert_string_equal(w->args[0].text, "bo@work.example");
    from(s, "B\xd0\xbe Carlsen", "bo.carlsen77@elsewhere.example"); /* a Cyrillic o */
    YES(s, "name-of-contact");
    s->c.received_before = 4; /* his other address, known as well */
    NO(s, "name-of-contact");
    s->c.received_before = 0;
    from(s, "Bo Carlsen", "bo@work.example");
    NO(s, "name-of-contact");
}

static void
domains_like_known_ones_s43(void **state)
{
    struct sample *s = *state;
    const struct threat_known known[] = {{"bo@northwind.example", "Bo"}, {"cy@examplebank.com", ""}};
    static const struct {
        const char *address;
        bool alike;
    } all[] = {
        {"bo@northwlnd.example", true},  {"bo@nortwhind.example", true}, {"bo@n0rthwind.example", true}, {"bo@northwind.test", true},
        {"bo@northwinds.example", true}, {"cy@exarnplebank.com", true},  {"cy@mail.examplebank.com", false}, {"bo@northwind.example", false},
        {"di@southern.example", false},
    };
    s->c.known = known;
    s->c.known_n = 2;
    for (size_t i = 0; i < COUNT(all); i++) {
        from(s, "Somebody", all[i].address);
        if ((judged(s, "domain-like-known") != NULL) != all[i].alike)
            fail_msg("%s", all[i].address);
    }
    from(s, "Somebody", "bo@northwlnd.example");
    s->c.sent_before = 1;
    NO(s, "domain-like-known");
}

static void
confusable_domains_show_their_ascii_form_s43(void **state)
{
    struct sample *s = *state;
    from(s, "Shop", "x@\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com"); /* Cyrillic throughout */
    const struct wr_warning *w = judged(s, "domain-confusable");
    assert_non_null(w);
    assert_non_null(strstr(w->args[0].text, "xn--"));
    from(s, "Laden", "x@b\xc3\xbc" "cher.example");
    NO(s, "domain-confusable");
    link_to(s, "here", "https://\xd0\xb0\xd1\x80\xd1\x80\xd3\x8f\xd0\xb5.com/");
    YES(s, "link-confusable");
}

static void
borrowed_names(void **state)
{
    struct sample *s = *state;
    static const struct {
        const char *name, *address;
        bool borrowed;
    } all[] = {
        {"PayPal Service", "x@paypa1-help.example", true}, {"PayPal", "service@paypal.com", false}, {"PayPal", "service@mail.paypal.co.uk", false},
        {"Netflix\xe2\x84\xa2 Support", "a@b.example", true}, {"\xf0\x9d\x90\x8d\xf0\x9d\x90\x9e\xf0\x9d\x90\xad\xf0\x9d\x90\x9f\xf0\x9d\x90\xa5\xf0\x9d\x90\xa2\xf0\x9d\x90\xb1", "a@b.example", true},
        {"UPS Delivery", "a@b.example", true}, {"Ups and Downs Weekly", "a@b.example", false}, {"Hermes Papadopoulos", "h@home.example", false},
        {"\xe6\x94\xaf\xe4\xbb\x98\xe5\xae\x9d\xe5\xae\xa2\xe6\x9c\x8d", "a@b.example", true}, {"Apple", "no_reply@email.apple.com", false},
    };
    for (size_t i = 0; i < COUNT(all); i++) {
        from(s, all[i].name, all[i].address);
        if ((judged(s, "name-claims-brand") != NULL) != all[i].borrowed)
            fail_msg("%s <%s>", all[i].name, all[i].address);
    }
    from(s, "Support", "a@paypal-secure.example");
    YES(s, "domain-like-brand");
    from(s, "Support", "a@mcafeee.com");
    YES(s, "domain-like-brand");
    from(s, "Support", "a@example.com");
    NO(s, "domain-like-brand");
}

static void
how_a_sender_wrote_before(void **state)
{
    struct sample *s = *state;
    s->c.history = true;
    YES(s, "first-contact");
    s->c.cites_thread = true;
    YES(s, "thread-hijack");
    s->c.took_part = true;
    NO(s, "thread-hijack");
    s->c.received_before = 5;
    NO(s, "first-contact");
    s->c.signed_before = 5;
    YES(s, "signed-before");
    s->v.signature.state = SP_SIGNATURE_GOOD;
    NO(s, "signed-before");
    s->c.other_key = true;
    const struct wr_warning *w = judged(s, "key-changed");
    assert_non_null(w);
    assert_int_equal(w->level, SP_LEVEL_DANGER);
    s->c.passed_before = 5;
    NO(s, "confirmed-before"); /* nobody looked */
    s->v.sender.authserv_id = "mx.home.example";
    YES(s, "confirmed-before");
    s->v.sender.state = SP_SENDER_PASS;
    NO(s, "confirmed-before");
}

static void
own_address_from_outside_s57(void **state)
{
    struct sample *s = *state;
    const char *const own[] = {"robin@home.example"};
    s->c.own = own;
    s->c.own_n = 1;
    from(s, "Robin", "robin@home.example");
    NO(s, "own-address-outside"); /* never went through a server */
    header(s, "Received", "from somewhere");
    YES(s, "own-address-outside");
    s->v.sender.state = SP_SENDER_PASS;
    NO(s, "own-address-outside");
}

static void
replies_to_elsewhere(void **state)
{
    struct sample *s = *state;
    s->reply = (struct wr_mailbox){.name = "", .address = "x@gmail.com", .display = ""};
    s->v.reply_to = &s->reply;
    s->v.reply_to_n = 1;
    YES(s, "reply-to-elsewhere");
    s->reply.address = "desk@office.berg.example";
    NO(s, "reply-to-elsewhere");
    s->reply.address = "list@lists.example";
    header(s, "List-Post", "<mailto:list@lists.example>");
    NO(s, "reply-to-elsewhere");
}

/* --- links */

static void
links_s47(void **state)
{
    static const struct {
        const char *text, *target, *id;
    } all[] = {
        {"https://bank.example/login", "https://evil.example/x", "link-differs"},
        {"www.bank.com", "http://evil.com/", "link-differs"},
        {"bank.com", "http://evil.com/", "link-differs"},
        {"https://www.bank.com/a", "https://click.bank.com/b", NULL},
        {"www.bank.co.uk", "https://mail.bank.co.uk/", NULL},
        {"www.bank.co.uk", "https://evil.co.uk/", "link-differs"},
        {"click here", "https://anything.example/", NULL},
        {"see notes.txt", "https://anything.example/", NULL},
        {"x", "http://192.0.2.7/a", "link-address"},
        {"x", "http://[2001:db8::1]/a", "link-address"},
        {"x", "http://3221225985/", "link-address"},
        {"x", "http://0xc0000207/", "link-address"},
        {"x", "https://bank.com@evil.com/", "link-userinfo"},
        {"x", "JavaScript:alert(1)", "link-scheme"},
        {"x", " data:text/html,x", "link-scheme"},
        {"x", "ms-word:ofe|u|https://evil.example", "link-scheme"},
        {"x", "mailto:a@b.example", NULL},
        {"https://bank.com", "https://bank.com.evil.example/", "link-differs"},
        {"https://bank.com", "https://bank.com\\.evil.example/", NULL},
        {"here", "https://www.paypal.com.secure-paypal.example/", "link-like-brand"},
        {"here", "https://www.paypal.com/", NULL},
        {"here", "https://www.search.example/url?q=https://evil.example/", "link-redirects"},
        {"here", "https://www.search.example/url?query=https://evil.example/", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        void *inner;
        setup(&inner);
        struct sample *s = inner;
        link_to(s, all[i].text, all[i].target);
        assert_int_equal(threat_judge(&s->v, &s->c, &s->arena), SP_OK);
        if ((all[i].id == NULL) != (s->v.warnings_n == 0) || (all[i].id && strcmp(s->v.warnings[0].id, all[i].id) != 0))
            fail_msg("%s -> %s", all[i].text, all[i].target);
        teardown(&inner);
    }
}

/* --- attachments */

static void
attachments_s60_s61(void **state)
{
    static const struct {
        const char *name, *detected, *id;
    } all[] = {
        {"setup.exe", "", "dangerous-attachment"}, {"a.PDF.exe", "", "double-extension"}, {"photo.jpg", "application/x-dosexec", "dangerous-attachment"},
        {"sheet.xlsm", "", "macro-attachment"}, {"page.html", "", "html-attachment"}, {"x.js", "", "dangerous-attachment"},
        {"invoice.pdf.html", "text/html", "double-extension"}, {"backup.iso", "", "disk-image"}, {"x", "application/x-iso9660-image", "disk-image"},
        {"invoice.pdf", "text/html", "attachment-type-differs"}, {"photo.png", "application/x-rar", "attachment-type-differs"},
        {"a.zip", "application/zip", "archive-attachment"}, {"report.pdf", "application/pdf", NULL},
        {"letter.docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document", NULL}, {"notes.txt", "text/plain", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        void *inner;
        setup(&inner);
        struct sample *s = inner;
        s->parts[0] = (struct wr_part){.path = "2", .type = "application/octet-stream", .name = all[i].name, .detected_type = all[i].detected, .attachment = 1};
        s->v.parts_n = 1;
        const struct wr_warning *w = judged(s, all[i].id ? all[i].id : "");
        if ((all[i].id && !w) || (!all[i].id && s->v.warnings_n))
            fail_msg("%s (%s)", all[i].name, all[i].detected);
        if (w)
            assert_string_equal(w->part, "2");
        teardown(&inner);
    }
}

/* --- what servers say */

static void
servers_words(void **state)
{
    static const struct {
        const char *name, *value;
        bool unwanted;
    } all[] = {
        {"X-Spam-Flag", "YES", true}, {"X-Spam-Flag", "NO", false}, {"X-Spam-Status", "Yes, score=7.2 required=5", true},
        {"X-Spam-Status", "No, score=-1", false}, {"X-MS-Exchange-Organization-SCL", "9", true}, {"X-MS-Exchange-Organization-SCL", "1", false},
        {"X-Forefront-Antispam-Report", "CIP:1.2.3.4;CAT:PHSH;", true}, {"X-Forefront-Antispam-Report", "CIP:1.2.3.4;CAT:NONE;", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        void *inner;
        setup(&inner);
        struct sample *s = inner;
        header(s, all[i].name, all[i].value);
        if ((judged(s, "server-spam") != NULL) != all[i].unwanted)
            fail_msg("%s: %s", all[i].name, all[i].value);
        teardown(&inner);
    }
}

/* --- lures: never by themselves */

static void
lures_need_signs(void **state)
{
    static const struct {
        const char *subject, *body, *id;
    } all[] = {
        {"Action required", "Please verify your account within 24 hours.", "lure-credentials"},
        {"\xe9\x82\xae\xe7\xae\xb1\xe5\x8d\x87\xe7\xba\xa7\xe9\x80\x9a\xe7\x9f\xa5", "\xe5\xb0\x8a\xe6\x95\xac\xe7\x9a\x84\xe7\x94\xa8\xe6\x88\xb7\xef\xbc\x8c\xe6\x82\xa8\xe7\x9a\x84\xe9\x82\xae\xe7\xae\xb1\xe5\xae\xb9\xe9\x87\x8f\xe5\xb7\xb2\xe6\xbb\xa1\xef\xbc\x8c\xe8\xaf\xb7\xe7\x82\xb9\xe5\x87\xbb\xe4\xb8\x8b\xe6\x96\xb9\xe9\x93\xbe\xe6\x8e\xa5", "lure-credentials"},
        {"Your parcel", "A delivery attempt failed; pay the customs fee.", "lure-parcel"},
        {"Congratulations", "You have been selected! Claim your gift card.", "lure-prize"},
        {"Business proposal", "I am the next of kin of the deceased, ten million dollars.", "lure-advance"},
        {"Airdrop", "Enter your recovery phrase to verify your wallet.", "lure-crypto"},
        {"Are you available", "I need a quick favor, keep this between us and buy gift cards.", "lure-boss"},
        {"Change of bank", "Note our new bank account for the overdue invoice.", "lure-payment"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(all); i++) {
        void *inner;
        setup(&inner);
        struct sample *s = inner;
        s->v.subject = all[i].subject;
        s->v.body = all[i].body;
        NO(s, all[i].id);
        s->reply = (struct wr_mailbox){.name = "", .address = "x@gmail.com", .display = ""};
        s->v.reply_to = &s->reply;
        s->v.reply_to_n = 1;
        if (!judged(s, all[i].id))
            fail_msg("%s", all[i].subject);
        s->c.sent_before = 1; /* the reader writes to this sender */
        NO(s, all[i].id);
        teardown(&inner);
    }
}

static void
a_borrowed_name_that_wants_something_is_dangerous(void **state)
{
    struct sample *s = *state;
    from(s, "PayPal", "x@mailer.example");
    NO(s, "brand-lure");
    s->v.body = "Unusual sign in: verify your account.";
    const struct wr_warning *w = judged(s, "brand-lure");
    assert_non_null(w);
    assert_int_equal(w->level, SP_LEVEL_DANGER);
    assert_string_equal(w->args[0].text, "paypal");
}

static void
trust_silences_cautions_but_no_failure(void **state)
{
    struct sample *s = *state;
    const char *const trusted[] = {"mailer.example"};
    from(s, "PayPal", "x@news.mailer.example");
    s->c.trusted = trusted;
    s->c.trusted_n = 1;
    NO(s, "name-claims-brand");
    s->v.sender.state = SP_SENDER_FAIL;
    YES(s, "name-claims-brand");
    s->v.sender.state = SP_SENDER_UNKNOWN;
    from(s, "PayPal", "x@notmailer.example");
    YES(s, "name-claims-brand");
}

static void
disguised_words_s43(void **state)
{
    struct sample *s = *state;
    s->v.subject = "\xf0\x9d\x90\x88\xf0\x9d\x90\xa6\xf0\x9d\x90\xa9\xf0\x9d\x90\xa8\xf0\x9d\x90\xab\xf0\x9d\x90\xad\xf0\x9d\x90\x9a\xf0\x9d\x90\xa7\xf0\x9d\x90\xad";
    YES(s, "disguised-words");
    s->v.subject = "v\xd0\xb5rify y\xd0\xbeur account";
    YES(s, "disguised-words");
    s->v.subject = "\xd0\x9f\xd1\x80\xd0\xbe\xd1\x82\xd0\xbe\xd0\xba\xd0\xbe\xd0\xbb \xd0\xb2\xd1\x81\xd1\x82\xd1\x80\xd0\xb5\xd1\x87\xd0\xb8";
    NO(s, "disguised-words");
    s->v.subject = "\xe4\xbc\x9a\xe8\xae\xae\xe7\xba\xaa\xe8\xa6\x81 caf\xc3\xa9";
    NO(s, "disguised-words");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(honest_mail_is_left_alone),
        T(another_address_in_the_name_s42),
        T(a_known_name_with_a_strange_address_s42),
        T(domains_like_known_ones_s43),
        T(confusable_domains_show_their_ascii_form_s43),
        T(borrowed_names),
        T(how_a_sender_wrote_before),
        T(own_address_from_outside_s57),
        T(replies_to_elsewhere),
        T(links_s47),
        T(attachments_s60_s61),
        T(servers_words),
        T(lures_need_signs),
        T(a_borrowed_name_that_wants_something_is_dangerous),
        T(trust_silences_cautions_but_no_failure),
        T(disguised_words_s43),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
