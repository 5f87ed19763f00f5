/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input filter: what passes to libetpan, what is noted, what ends the connection (S55). */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "net/filter.h"

#define HELLO "* OK hi\r\n"
#define HELLO_OUT "* OK hello\r\n"

struct row {
    const char *in;
    enum sp_status status;
    const char *out; /* behind the greeting; NULL = not looked at */
};

static const struct row imap_rows[] = {
    {"* 1 FETCH (UID 5 FLAGS (\\Seen $Junk))\r\n1 OK x\r\n", SP_OK, "* 1 FETCH (UID 5 FLAGS (\\Seen $Junk))\r\n1 OK done\r\n"},
    {"* 1 FETCH (BODY[HEADER]<0> {4}\r\na\r\nb UID 7)\r\n", SP_OK, "* 1 FETCH (BODY[HEADER]<0> {4}\r\na\r\nb UID 7)\r\n"},
    {"* 1 FETCH (BODY[] {0}\r\n UID 7)\r\n", SP_OK, "* 1 FETCH (BODY[] {0}\r\n UID 7)\r\n"},
    {"* 1 FETCH (BODY[] {100}\r\n", SP_OK, NULL},
    {"* 1 FETCH (BODY[] {101}\r\n", SP_TOO_LARGE, NULL},
    {"* 1 FETCH (BODY[] {99999999999999999999}\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (BODY[] ~{5}\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (BODY[] \"a\\\"b\" UID 1)\r\n", SP_OK, "* 1 FETCH (BODY[] \"a\\\"b\" UID 1)\r\n"},
    {"* 1 FETCH (BODY[] \"a\\xb\" UID 1)\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (INTERNALDATE \" 1-Jan-2024 10:00:00 +0100\" RFC822.SIZE 4294967295 MODSEQ (12))\r\n", SP_OK,
     "* 1 FETCH (INTERNALDATE \" 1-Jan-2024 10:00:00 +0100\" RFC822.SIZE 4294967295 MODSEQ (12))\r\n"},
    {"* 1 FETCH (INTERNALDATE \"1-Jan-2024\")\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (RFC822.SIZE 4294967296)\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (ENVELOPE (NIL NIL))\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (BODYSTRUCTURE ((((\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (UID 0)\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (UID 1\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (UID 1) x\r\n", SP_PROTOCOL, NULL},
    {"* 0 FETCH (UID 1)\r\n", SP_PROTOCOL, NULL},
    {"* 4294967296 EXISTS\r\n", SP_PROTOCOL, NULL},
    {"* 5 EXISTS\r\n* 2 EXPUNGE\r\n* 3 RECENT\r\n* FLAGS (\\Seen)\r\n", SP_OK, ""},
    {"* OK [UIDVALIDITY 7] x\r\n* OK [PERMANENTFLAGS ()] y\r\n* OK [PERMANENTFLAGS] z\r\n* NO what\r\n", SP_OK, ""},
    {"* OK [UIDVALIDITY 99999999999] x\r\n", SP_PROTOCOL, NULL},
    {"* OK [UNTERMINATED x\r\n", SP_PROTOCOL, NULL},
    {"* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n* STATUS x (MESSAGES 1)\r\n* XYZZY (a {3}\r\nabc) {2}\r\nx{ y\r\n", SP_OK, ""},
    {"* XYZZY {65537}\r\n", SP_TOO_LARGE, NULL},
    {"* OK the number {5} is no literal\r\n1 OK x {7}\r\n", SP_OK, "1 OK done\r\n"},
    {"* LIST (\\HasNoChildren) \"/\" Sent\r\n* LIST () NIL \"a b\"\r\n* LIST () \"\\\\\" {3}\r\na/b\r\n", SP_OK,
     "* LIST (\\HasNoChildren) \"/\" Sent\r\n* LIST () NIL \"a b\"\r\n* LIST () \"\\\\\" {3}\r\na/b\r\n"},
    {"* LIST () \"/\" x (CHILDINFO (\"y\"))\r\n", SP_OK, "* LIST () \"/\" x\r\n"},
    {"* LIST () \"/\" \"es\033cape\"\r\n* LIST () \"/\" ok\r\n", SP_OK, "* LIST () \"/\" ok\r\n"},
    {"* LIST () \"//\" x y\r\n", SP_PROTOCOL, NULL},
    {"* LIST () x y\r\n", SP_PROTOCOL, NULL},
    {"1 OK x\r\n2 OK y\r\n", SP_PROTOCOL, NULL},
    {"1 HELLO x\r\n", SP_PROTOCOL, NULL},
    {"nonsense\r\n", SP_PROTOCOL, NULL},
    {"* OK bare\n", SP_PROTOCOL, NULL},
    {"* OK bare\rcr\r\n", SP_PROTOCOL, NULL},
    {"* 1 FETCH (FLAGS (\001))\r\n", SP_PROTOCOL, NULL},
    {"* SEARCH 1 2 x\r\n", SP_PROTOCOL, NULL},
    {"* SEARCH 4294967296\r\n", SP_PROTOCOL, NULL},
    {"* SEARCH 1 2\n", SP_PROTOCOL, NULL},
    {"+ go on\r\n", SP_OK, ""},
};

static const struct filter_limits limits = {.line = 300, .literal = 100, .total = 5000, .lines = 20, .numbers = 50};

static void
start(struct filter *f)
{
    char out[100];
    filter_init(f, FILTER_IMAP);
    assert_int_equal(filter_feed(f, HELLO, strlen(HELLO)), SP_OK);
    size_t n = filter_take(f, out, sizeof out);
    assert_int_equal(n, strlen(HELLO_OUT));
    assert_memory_equal(out, HELLO_OUT, n);
    filter_expect(f, &limits);
}

static void
imap_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(imap_rows); i++) {
        const struct row *r = &imap_rows[i];
        for (size_t step = 1; step < 40; step += 19) { /* whatever way the bytes are cut */
            struct filter f;
            enum sp_status st = SP_OK;
            start(&f);
            for (size_t at = 0; at < strlen(r->in) && !st; at += step)
                st = filter_feed(&f, r->in + at, strlen(r->in + at) < step ? strlen(r->in + at) : step);
            if (st != r->status)
                print_message("%s: %s\n", r->in, sp_status_name(st));
            assert_int_equal(st, r->status);
            assert_int_equal(filter_feed(&f, "", 0), st); /* it sticks */
            if (r->out)
                assert_string_equal(buf_str(&f.out), r->out);
            filter_release(&f);
        }
    }
}

static enum sp_status
feed(struct filter *f, const char *s)
{
    return filter_feed(f, s, strlen(s));
}

static void
vanished(void **state)
{
    (void)state;
    struct filter f;
    const struct filter_notes *n = &f.notes;
    start(&f);
    assert_int_equal(feed(&f, "* 9 EXISTS\r\n* VANISHED 3:5\r\n"), SP_OK); /* never enabled: not believed in detail */
    assert_true(n->expunges == 1 && n->vanished.len == 0 && n->exists == 9);
    assert_int_equal(feed(&f, "* ENABLED CONDSTORE QRESYNC\r\n* VANISHED (EARLIER) 41,43:116\r\n* VANISHED 3:5\r\n* VANISHED 7\r\n"), SP_OK);
    assert_string_equal(buf_str(&n->vanished), "41,43:116,3:5,7");
    assert_true(n->expunges == 3 && n->exists == 5);
    /* A folder is selected while another one still is. */
    struct filter_limits selecting = filter_limits_imap;
    selecting.uidvalidity = 77;
    filter_expect(&f, &selecting);
    f.mute = false;
    assert_int_equal(feed(&f, "* VANISHED 1\r\n* 3 FETCH (UID 4 FLAGS (\\Seen))\r\n* OK [CLOSED] x\r\n* 2 EXISTS\r\n* OK [UIDVALIDITY 77] y\r\n"), SP_OK);
    assert_true(n->early == 0 && n->exists == 2 && n->expunges == 0 && n->vanished.len == 0 && filter_ready(&f) == 0);
    assert_int_equal(feed(&f, "* 1 FETCH (UID 4 FLAGS ())\r\n* VANISHED (EARLIER) 1:3\r\n"), SP_OK);
    assert_string_equal(buf_str(&f.out) + f.out_at, "* 1 FETCH (UID 4 FLAGS ())\r\n");
    assert_string_equal(buf_str(&n->vanished), "1:3");
    filter_expect(&f, &selecting); /* the wrong folder, or the name comes too late */
    assert_int_equal(feed(&f, "* OK [UIDVALIDITY 78] y\r\n* 1 FETCH (UID 5 FLAGS ())\r\n* VANISHED (EARLIER) 9\r\n"), SP_OK);
    assert_true(n->early == 2);
    assert_string_equal(buf_str(&n->vanished), "1:3");
    filter_release(&f);
    static const char *const bad[] = {"* VANISHED 1:*\r\n", "* VANISHED 0\r\n", "* VANISHED\r\n", "* VANISHED (EARLIER)\r\n", "* VANISHED (LATER) 1\r\n",
                                      "* VANISHED 4294967295\r\n", "* VANISHED 1,\r\n", "* VANISHED 1 2\r\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        start(&f);
        assert_int_equal(feed(&f, "* ENABLED qresync\r\n"), SP_OK);
        assert_int_equal(feed(&f, bad[i]), SP_PROTOCOL);
        filter_release(&f);
    }
}

static void
sent_ahead(void **state)
{
    (void)state;
    struct filter f;
    start(&f);
    f.ahead[0] = 2;
    f.ahead[1] = 3;
    f.ahead_n = 2;
    assert_int_equal(feed(&f, "* ID NIL\r\n2 BAD [ALERT] what\r\n* 4 EXISTS\r\n3 OK enabled\r\n"), SP_OK);
    assert_int_equal(f.notes.reply, FILTER_PENDING);
    assert_int_equal(feed(&f, "4 OK selected\r\n"), SP_OK);
    assert_int_equal(f.notes.reply, FILTER_OK);
    assert_string_equal(f.notes.alerts.data, "what");
    assert_int_equal(feed(&f, "3 OK again\r\n"), SP_PROTOCOL);
    filter_release(&f);
}

static void
notes(void **state)
{
    (void)state;
    struct filter f;
    start(&f);
    assert_int_equal(feed(&f, "* 7 EXISTS\r\n* OK [UIDVALIDITY 11] a\r\n* OK [UIDNEXT 12] b\r\n* OK [HIGHESTMODSEQ 13] c\r\n"
                              "* OK [PERMANENTFLAGS (\\Seen \\*)] d\r\n* OK [ALERT] fire\r\n* CAPABILITY imap4rev1  IDLE auth=PLAIN\r\n"
                              "* SEARCH 3 1 2\r\n* SEARCH 9 (MODSEQ 4)\r\n+ Y2hhbGxlbmdl\r\n* 3 EXPUNGE\r\n* VANISHED 4\r\n"
                              "5 OK [APPENDUID 1 2] taken\r\n"),
                     SP_OK);
    const struct filter_notes *n = &f.notes;
    assert_int_equal(n->exists, 6); /* one was expunged since */
    assert_int_equal(n->uidvalidity, 11);
    assert_int_equal(n->uidnext, 12);
    assert_int_equal(n->highestmodseq, 13);
    assert_true(n->any_keyword && !n->read_only && n->continuation && !n->bye);
    assert_string_equal(n->alerts.data, "fire");
    assert_true(filter_capable(&f, "IDLE") && filter_capable(&f, "AUTH=PLAIN") && filter_capable(&f, "IMAP4REV1"));
    assert_false(filter_capable(&f, "AUTH") || filter_capable(&f, "DLE") || filter_capable(&f, "IDLE2"));
    assert_int_equal(n->numbers.len, 4 * sizeof(uint32_t));
    assert_int_equal(((const uint32_t *)(const void *)n->numbers.data)[3], 9);
    assert_string_equal(buf_str(&n->challenge), "Y2hhbGxlbmdl");
    assert_int_equal(n->expunges, 2);
    assert_int_equal(n->reply, FILTER_OK);
    assert_string_equal(buf_str(&n->tag), "5");
    assert_string_equal(buf_str(&n->code), "APPENDUID 1 2");
    assert_string_equal(buf_str(&n->text), "taken");
    assert_int_equal(n->after, 0);
    assert_int_equal(feed(&f, "* 8 EXISTS\r\n"), SP_OK);
    assert_int_equal(n->after, 12);
    assert_int_equal(feed(&f, "* BYE [REFERRAL imap://x] \033gone\r\n"), SP_OK);
    assert_true(n->bye && n->referral);
    assert_string_equal(buf_str(&n->bye_text), "?gone");
    filter_expect(&f, &limits);
    assert_int_equal(n->reply, FILTER_PENDING);
    assert_int_equal(n->exists, 8);
    assert_false(n->referral);
    filter_release(&f);
}

/* STATUS answers are kept for whoever asked; what cannot be read is left out. */
static void
states(void **state)
{
    (void)state;
    struct filter f;
    struct filter_status s;
    start(&f);
    assert_int_equal(feed(&f, "* STATUS \"a \\\"b\\\"\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 7 UNSEEN 1 HIGHESTMODSEQ 99 APPENDLIMIT 5)\r\n"
                              "* STATUS x (MESSAGES\r\n* STATUS x MESSAGES 1\r\n* STATUS y (MESSAGES 4294967296)\r\n* STATUS Z ()\r\n"),
                     SP_OK);
    const struct buf *b = &f.notes.states;
    assert_int_equal(b->len, 2 * sizeof s + strlen("a \"b\"") + 1 + strlen("Z") + 1);
    memcpy(&s, b->data, sizeof s);
    assert_string_equal(b->data + sizeof s, "a \"b\"");
    assert_true(s.exists == 3 && s.uidnext == 9 && s.uidvalidity == 7 && s.unseen == 1 && s.highestmodseq == 99);
    filter_expect(&f, &limits);
    assert_int_equal(b->len, 0);
    filter_release(&f);
}

static void
bounds(void **state)
{
    (void)state;
    struct filter f;
    char line[400];
    memset(line, 'a', sizeof line);
    start(&f);
    assert_int_equal(filter_feed(&f, line, sizeof line), SP_TOO_LARGE);
    filter_release(&f);

    start(&f);
    enum sp_status st = SP_OK;
    for (int i = 0; i < 20 && !st; i++)
        st = feed(&f, "* 1 EXISTS\r\n");
    assert_int_equal(st, SP_OK);
    assert_int_equal(feed(&f, "* 1 EXISTS\r\n"), SP_TOO_LARGE);
    filter_release(&f);

    start(&f); /* results of SEARCH may make a line longer than others, within their own bound */
    assert_int_equal(feed(&f, "* SEARCH"), SP_OK);
    for (int i = 0; i < 50; i++)
        assert_int_equal(feed(&f, " 1000000000"), SP_OK);
    assert_int_equal(feed(&f, " 7 "), SP_TOO_LARGE);
    filter_release(&f);

    for (size_t step = 1; step <= 1000; step += 999) { /* so may sets of UIDs that went, whichever way the bytes are cut */
        char set[1000] = "* VANISHED (EARLIER) 1";
        while (strlen(set) < 600)
            strcat(set, ",1000000000");
        strcat(set, "\r\n");
        start(&f);
        filter_expect(&f, &(struct filter_limits){.line = 300, .total = 5000, .lines = 20});
        assert_int_equal(feed(&f, "* ENABLED CONDSTORE QRESYNC\r\n"), SP_OK);
        for (size_t at = 0; at < strlen(set); at += step)
            assert_int_equal(filter_feed(&f, set + at, strlen(set + at) < step ? strlen(set + at) : step), SP_OK);
        filter_release(&f);
    }

    start(&f);
    for (int i = 0; i < 13 && !st; i++)
        st = filter_feed(&f, "* 1 FETCH (BODY[] {100}\r\n", 25) ? SP_TOO_LARGE : filter_feed(&f, line, 100) ? SP_TOO_LARGE : feed(&f, ")\r\n");
    assert_int_equal(st, SP_OK);
    filter_expect(&f, &(struct filter_limits){.line = 300, .literal = 100, .total = 60, .lines = 20});
    assert_int_equal(feed(&f, "* 1 FETCH (BODY[] {100}\r\n"), SP_OK);
    assert_int_equal(filter_feed(&f, line, 50), SP_TOO_LARGE);
    filter_release(&f);

    start(&f);
    assert_int_equal(filter_feed(&f, "* OK a\0b\r\n", 10), SP_PROTOCOL);
    filter_release(&f);
    filter_init(&f, FILTER_IMAP); /* nothing before the greeting */
    assert_int_equal(feed(&f, "* CAPABILITY X\r\n"), SP_PROTOCOL);
    filter_release(&f);
    filter_init(&f, FILTER_IMAP);
    assert_int_equal(feed(&f, "1 OK x\r\n"), SP_PROTOCOL);
    filter_release(&f);
}

static void
muted(void **state)
{
    (void)state;
    struct filter f;
    start(&f);
    f.mute = true;
    assert_int_equal(feed(&f, "* 1 FETCH (BODY[] {3}\r\nabc)\r\n1 OK x\r\n"), SP_OK);
    assert_true(filter_at_rest(&f));
    assert_int_equal(f.notes.reply, FILTER_OK);
    assert_int_equal(feed(&f, "* 2"), SP_OK);
    assert_false(filter_at_rest(&f));
    filter_release(&f);
}

static const struct {
    const char *in;
    enum sp_status status;
    enum filter_reply reply;
    const char *text;
} smtp_rows[] = {
    {"220 hi\r\n", SP_OK, FILTER_OK, "hi"},
    {"250-a\r\n250-AUTH PLAIN\tLOGIN\r\n250 c\r\n", SP_OK, FILTER_OK, "a\nAUTH PLAIN LOGIN\nc"},
    {"250\r\n", SP_OK, FILTER_OK, ""},
    {"550 \033[2Jno\r\n", SP_OK, FILTER_NO, "?[2Jno"},
    {"334 abc\r\n", SP_OK, FILTER_OK, "abc"},
    {"250-a\r\n251 b\r\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"250 a\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"25 a\r\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"650 a\r\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"2500 a\r\n", SP_PROTOCOL, FILTER_PENDING, NULL},
    {"250 a\r\n250 b\r\n", SP_PROTOCOL, FILTER_OK, "a"},
};

static void
smtp_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(smtp_rows); i++) {
        struct filter f;
        filter_init(&f, FILTER_SMTP);
        assert_int_equal(feed(&f, smtp_rows[i].in), smtp_rows[i].status);
        assert_int_equal(f.notes.reply, smtp_rows[i].reply);
        if (smtp_rows[i].text)
            assert_string_equal(buf_str(&f.notes.text), smtp_rows[i].text);
        filter_release(&f);
    }
    struct filter f;
    filter_init(&f, FILTER_SMTP);
    enum sp_status st = SP_OK;
    int n = 0;
    for (; n < 1000 && !st; n++)
        st = feed(&f, "250-x\r\n");
    assert_int_equal(st, SP_TOO_LARGE);
    assert_int_equal(n, 201);
    filter_release(&f);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imap_lines), cmocka_unit_test(notes), cmocka_unit_test(vanished), cmocka_unit_test(sent_ahead), cmocka_unit_test(states), cmocka_unit_test(bounds), cmocka_unit_test(muted), cmocka_unit_test(smtp_lines),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
