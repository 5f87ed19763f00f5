/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The pure parts of net: folder names, UID sets, SMTP's addresses, lines and features, SASL with the vectors of its RFCs. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include <netinet/in.h>

#include "net/imap_command.h"
#include "net/resolve.h"
#include "net/sasl.h"
#include "net/smtp.h"
#include "base/uidset.h"
#include "net/crlf.h"
#include "net/imap_name.h"

static const struct {
    const char *raw, *name;
    bool same; /* encoding the name gives raw again */
} names[] = {
    {"INBOX", "INBOX", true},
    {"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語", true}, /* RFC 3501 */
    {"a &- b", "a & b", true},
    {"Entw&APw-rfe", "Entwürfe", true},
    {"&2D3eAA-", "😀", true},
    {"&AGE-", "&AGE-", false},     /* ASCII in disguise */
    {"&AAo-", "&AAo-", false},     /* a line feed */
    {"&2D0-", "&2D0-", false},     /* half a surrogate pair */
    {"&U,BTF", "&U,BTF", false},   /* no end */
    {"&!-", "&!-", false},
    {"Entw\xc3\xbcrfe", "Entwürfe", false},
    {"bad\xff", "bad\xef\xbf\xbd", false},
    {"", "", true},
};

static void
folder_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(names); i++) {
        struct buf out = BUF_INIT;
        imap_name_decode(names[i].raw, &out);
        assert_string_equal(buf_str(&out), names[i].name);
        buf_clear(&out);
        assert_int_equal(imap_name_encode(names[i].name, &out), SP_OK);
        if (names[i].same)
            assert_string_equal(buf_str(&out), names[i].raw);
        buf_release(&out);
    }
    struct buf out = BUF_INIT;
    assert_int_equal(imap_name_encode("\xff", &out), SP_UTF8);
    buf_release(&out);
}

static void
uid_sets(void **state)
{
    (void)state;
    static const char *const good[] = {"1", "1:5", "5:1", "1,3:4,9", "*", "4:*", "4294967295"};
    static const char *const bad[] = {"", "0", "1,", ",1", "1:", ":1", "1 2", "1,,2", "a", "1:2:3", "4294967296", "1\r\n", "-1", "99999999999999999999"};
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(uidset_valid(good[i]));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(uidset_valid(bad[i]));
    assert_true(uidset_span("1,3:5") == 4);
    assert_true(uidset_span("9:7") == 3);
    assert_true(uidset_span("7:*") == UINT64_MAX);

    uint32_t uids[] = {9, 1, 2, 3, 7, 8, 3};
    size_t n = uidset_sort(uids, COUNT(uids));
    struct buf set = BUF_INIT, piece = BUF_INIT, again = BUF_INIT;
    assert_int_equal(n, 6);
    uidset_add(&set, uids, n);
    assert_string_equal(buf_str(&set), "1:3,7:9");
    const char *rest = "10,20,30:40,50";
    while (uidset_piece(&rest, 4, &piece)) {
        buf_adds(&again, piece.data);
        buf_addc(&again, ';');
    }
    assert_string_equal(buf_str(&again), "10,20;30:40;50;");
    buf_release(&set);
    buf_release(&piece);
    buf_release(&again);
}

/* "6" and "4" in the order of the answer; the ports tell them apart. */
static void
address_order(void **state)
{
    (void)state;
    static const struct {
        const char *in, *out;
    } rows[] = {{"", ""}, {"4", "0"}, {"6644", "0213"}, {"4446", "0312"}, {"666", "012"}, {"4646", "0123"}, {"6666666666666664", "0f123456789abcde"}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct addresses a = {.n = (uint32_t)strlen(rows[i].in)};
        for (uint32_t k = 0; k < a.n; k++)
            a.list[k] = (struct address){.len = k, .addr.ss_family = rows[i].in[k] == '6' ? AF_INET6 : AF_INET};
        resolve_interleave(&a);
        assert_int_equal(a.n, strlen(rows[i].out));
        for (uint32_t k = 0; k < a.n; k++)
            assert_int_equal("0123456789abcdef"[a.list[k].len], rows[i].out[k]);
    }
    struct addresses a;
    assert_true(resolve_literal("127.0.0.1", 993, &a) && a.n == 1 && a.list[0].addr.ss_family == AF_INET);
    assert_true(resolve_literal("::1", 993, &a) && a.list[0].addr.ss_family == AF_INET6);
    assert_false(resolve_literal("localhost", 993, &a) || resolve_literal("127.0.0.1.", 993, &a));
    static const char *const bad[] = {"", "-x", ".x", "a b", "a/b", "a\r\nb", "h\xc3\xa4", "[::1]"};
    int answer;
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(resolver_ask(-1, bad[i], 1, &answer), SP_INVALID);
}

static void
quoting(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    assert_int_equal(imap_quote(&out, "a\"b\\c"), SP_OK);
    assert_string_equal(out.data, "\"a\\\"b\\\\c\"");
    assert_int_equal(imap_quote(&out, "a\r\nb"), SP_INVALID);
    buf_clear(&out);
    imap_add_flags(&out, SP_FLAG_SEEN | SP_FLAG_JUNK | SP_FLAG_ATTACHMENT);
    imap_add_flags(&out, 0);
    assert_string_equal(out.data, "(\\Seen $Junk)()");
    assert_int_equal(imap_flag_bit("$forwarded"), SP_FLAG_FORWARDED);
    assert_int_equal(imap_flag_bit("other"), 0);
    buf_release(&out);
}

static void
addresses(void **state)
{
    (void)state;
    static const char *const good[] = {"a@b", "a.b+c@d.example", "\"q\"@x"};
    static const char *const bad[] = {"", "a", "@b", "a@", "a b@c", "a@b>", "<a@b", "a@b\r", "a\n@b", "a\t@b", "a\x7f@b", "a@b\xff"};
    bool utf8 = false;
    for (size_t i = 0; i < COUNT(good); i++)
        assert_true(smtp_address_valid(good[i], &utf8));
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_false(smtp_address_valid(bad[i], &utf8));
    assert_false(utf8);
    assert_true(smtp_address_valid("jürgen@example.test", &utf8));
    assert_true(utf8);
    char *long_one = calloc(1, 600);
    memset(long_one, 'x', 500);
    memcpy(long_one + 500, "@y", 3);
    assert_false(smtp_address_valid(long_one, &utf8));
    free(long_one);
}

static const struct {
    const char *in, *imap, *smtp;
} line_rows[] = {
    {"a\nb\n", "a\r\nb\r\n", "a\r\nb\r\n"}, {"a\r\nb", "a\r\nb", "a\r\nb"}, {"a\rb", "a\rb", "a\r\nb"}, {"a\n\rb\r", "a\r\n\rb\r", "a\r\n\r\nb\r\n"},
    {".\n..\n", ".\r\n..\r\n", "..\r\n...\r\n"}, {"", "", ""}, {"\r\n", "\r\n", "\r\n"}, {"a\r\r\nb", "a\r\r\nb", "a\r\n\r\nb"}, {"a\n\n", "a\r\n\r\n", "a\r\n\r\n"},
    {"a.b\n.", "a.b\r\n.", "a.b\r\n.."}, {"\n.\r.\r\n", "\r\n.\r.\r\n", "\r\n..\r\n..\r\n"}, {"long line. with dots\n", "long line. with dots\r\n", "long line. with dots\r\n"},
};

/* In pieces of every size, the same comes out. */
static void
line_ends(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(line_rows); i++)
        for (int kind = CRLF_IMAP; kind <= CRLF_SMTP; kind++)
            for (size_t room = 3; room < 40; room++) {
                const char *want = kind == CRLF_IMAP ? line_rows[i].imap : line_rows[i].smtp;
                struct buf out = BUF_INIT;
                struct crlf c;
                char piece[40];
                size_t n;
                crlf_init(&c, (enum crlf_kind)kind, line_rows[i].in, strlen(line_rows[i].in));
                while ((n = crlf_next(&c, piece, room))) {
                    assert_true(n <= room);
                    buf_add(&out, piece, n);
                }
                assert_string_equal(buf_str(&out), want);
                assert_int_equal(crlf_at_line(&c), !*want || want[strlen(want) - 1] == '\n');
                assert_int_equal(crlf_size((enum crlf_kind)kind, line_rows[i].in, strlen(line_rows[i].in)), strlen(want) - c.dots);
                buf_release(&out);
            }
}

static void
features(void **state)
{
    (void)state;
    struct smtp_features f;
    smtp_read_features("mail STARTTLS\nstarttls\n8BITMIME\nSIZE 1234\nAUTH plain SCRAM-SHA-256\nXSMTPUTF8\nSMTPUTF8X", &f);
    assert_true(f.starttls && f.eight_bit && f.auth_any && !f.utf8);
    assert_true(f.size == 1234);
    assert_string_equal(f.mechanisms, " PLAIN SCRAM-SHA-256 ");
    smtp_read_features("STARTTLS", &f); /* the server's name, no feature */
    assert_false(f.starttls);
}

/* ---- SASL */

static void
scram(enum sasl_mechanism m, const char *nonce, const char *const *said, enum sp_status last)
{
    struct secret password = SECRET_INIT;
    struct sasl s;
    struct buf out = BUF_INIT;
    assert_int_equal(secret_set(&password, "pencil", 6), SP_OK);
    assert_int_equal(sasl_init(&s, m, "user", &password), SP_OK);
    memcpy(s.nonce, nonce, strlen(nonce) + 1);
    assert_int_equal(sasl_step(&s, NULL, &out), SP_OK);
    assert_string_equal(buf_str(&out), said[0]);
    buf_clear(&out);
    assert_int_equal(sasl_step(&s, said[1], &out), SP_OK);
    assert_string_equal(buf_str(&out), said[2]);
    buf_clear(&out);
    assert_int_equal(sasl_finish(&s), SP_PROTOCOL); /* not proven yet */
    assert_int_equal(sasl_step(&s, said[3], &out), last);
    assert_int_equal(out.len, 0);
    assert_int_equal(sasl_finish(&s), last ? SP_PROTOCOL : SP_OK);
    sasl_release(&s);
    secret_release(&password);
    buf_release(&out);
}

/* RFC 5802 section 5, RFC 7677 section 3, in base64. */
static const char *const sha1_dialogue[] = {
    "biwsbj11c2VyLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdM",
    "cj1meWtvK2QybGJiRmdPTlJ2OXFreGRhd0wzcmZjTkhZSlkxWlZ2V1ZzN2oscz1RU1hDUitRNnNlazhiZjkyLGk9NDA5Ng==",
    "Yz1iaXdzLHI9ZnlrbytkMmxiYkZnT05Sdjlxa3hkYXdMM3JmY05IWUpZMVpWdldWczdqLHA9djBYOHYzQnoyVDBDSkdiSlF5RjBYK0hJNFRzPQ==",
    "dj1ybUY5cHFWOFM3c3VBb1pXamE0ZEpSa0ZzS1E9",
};
static const char *const sha256_dialogue[] = {
    "biwsbj11c2VyLHI9ck9wck5HZndFYmVSV2diTkVrcU8=",
    "cj1yT3ByTkdmd0ViZVJXZ2JORWtxTyVodllEcFdVYTJSYVRDQWZ1eEZJbGopaE5sRiRrMCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=",
    "Yz1iaXdzLHI9ck9wck5HZndFYmVSV2diTkVrcU8laHZZRHBXVWEyUmFUQ0FmdXhGSWxqKWhObEYkazAscD1kSHpiWmFwV0lrNGpVaE4rVXRlOXl0YWc5empmTUhnc3FtbWl6N0FuZFZRPQ==",
    "dj02cnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==",
};

static void
scram_vectors(void **state)
{
    (void)state;
    scram(SASL_SCRAM_SHA_1, "fyko+d2lbbFgONRv9qkxdawL", sha1_dialogue, SP_OK);
    scram(SASL_SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO", sha256_dialogue, SP_OK);
    const char *forged[4];
    memcpy(forged, sha256_dialogue, sizeof forged);
    forged[3] = "dj1ycnJpVFJCaTIzV3BSUi93dHVwK21NaFVaVW4vZEI1bkxUSlJzamw5NUc0PQ==";
    scram(SASL_SCRAM_SHA_256, "rOprNGfwEbeRWgbNEkqO", forged, SP_AUTH_FAILED);
}

/* What a server must not get away with: another nonce, too few or too many rounds, no salt, no base64. */
static void
scram_nonsense(void **state)
{
    (void)state;
    static const char *const challenges[] = {
        "cj1PVEhFUixzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTQwOTY=", "cj1uLHM9VzIyWmFKMFNOWTdzb0VzVUVqYjZnUT09LGk9NDA5Ng==",
        "cj1ueCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTE=", "cj1ueCxzPVcyMlphSjBTTlk3c29Fc1VFamI2Z1E9PSxpPTk5OTk5OTk5",
        "cj1ueCxzPSxpPTQwOTY=", "cj1ueA==", "", "!!!!", "abc", "AAAA",
    };
    struct secret password = SECRET_INIT;
    assert_int_equal(secret_set(&password, "pencil", 6), SP_OK);
    for (size_t i = 0; i < COUNT(challenges); i++) {
        struct sasl s;
        struct buf out = BUF_INIT;
        assert_int_equal(sasl_init(&s, SASL_SCRAM_SHA_256, "user", &password), SP_OK);
        memcpy(s.nonce, "n", 2);
        assert_int_equal(sasl_step(&s, NULL, &out), SP_OK);
        buf_clear(&out);
        assert_int_equal(sasl_step(&s, challenges[i], &out), SP_PROTOCOL);
        assert_int_equal(out.len, 0);
        sasl_release(&s);
        buf_release(&out);
    }
    secret_release(&password);
}

static void
plain_and_login(void **state)
{
    (void)state;
    struct secret password = SECRET_INIT;
    struct sasl s;
    struct buf out = BUF_INIT;
    assert_int_equal(secret_set(&password, "tanstaaftanstaaf", 16), SP_OK);
    assert_int_equal(sasl_init(&s, SASL_PLAIN, "tim", &password), SP_OK);
    assert_true(sasl_client_first(&s));
    assert_int_equal(sasl_step(&s, NULL, &out), SP_OK);
    assert_string_equal(buf_str(&out), "AHRpbQB0YW5zdGFhZnRhbnN0YWFm"); /* RFC 4616, without the authorization identity */
    assert_int_equal(sasl_step(&s, "", &out), SP_PROTOCOL);
    sasl_release(&s);
    buf_clear(&out);
    assert_int_equal(sasl_init(&s, SASL_LOGIN, "tim", &password), SP_OK);
    assert_false(sasl_client_first(&s));
    assert_int_equal(sasl_step(&s, "VXNlcm5hbWU6", &out), SP_OK);
    assert_string_equal(buf_str(&out), "dGlt");
    buf_clear(&out);
    assert_int_equal(sasl_step(&s, "UGFzc3dvcmQ6", &out), SP_OK);
    assert_string_equal(buf_str(&out), "dGFuc3RhYWZ0YW5zdGFhZg==");
    assert_int_equal(sasl_finish(&s), SP_OK);
    sasl_release(&s);
    assert_int_equal(sasl_init(&s, SASL_PLAIN, "a\r\nb", &password), SP_INVALID);
    sasl_release(&s);
    secret_release(&password);
    buf_release(&out);
}

static bool
offers(void *arg, const char *name)
{
    return strstr(arg, name) != NULL;
}

static void
choice(void **state)
{
    (void)state;
    assert_int_equal(sasl_choose("", offers, (char[]){"PLAIN SCRAM-SHA-1 SCRAM-SHA-256"}), SASL_SCRAM_SHA_256);
    assert_int_equal(sasl_choose("", offers, (char[]){"LOGIN PLAIN"}), SASL_PLAIN);
    assert_int_equal(sasl_choose("scram-sha-256", offers, (char[]){"PLAIN"}), SASL_NONE); /* no silent downgrade */
    assert_int_equal(sasl_choose("PLAIN", offers, (char[]){"PLAIN SCRAM-SHA-256"}), SASL_PLAIN);
    assert_int_equal(sasl_choose("", offers, (char[]){"XOAUTH2"}), SASL_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folder_names), cmocka_unit_test(uid_sets), cmocka_unit_test(address_order), cmocka_unit_test(quoting), cmocka_unit_test(addresses), cmocka_unit_test(line_ends),
        cmocka_unit_test(features), cmocka_unit_test(scram_vectors), cmocka_unit_test(scram_nonsense), cmocka_unit_test(plain_and_login),
        cmocka_unit_test(choice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
