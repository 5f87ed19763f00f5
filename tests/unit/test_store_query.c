/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query language: what each text means, what each mistake is called, and how text is cut for the index. */
#include "unit.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "store/query.h"
#include "store/query_value.h"
#include "store/search_text.h"

/* Thursday, 2026-03-12 15:04:05 UTC */
#define NOW 1773327845

static void
write_tree(struct buf *b, const struct query *q)
{
    static const char *const names[] = {"and", "or", "not"};
    if (q->op != QUERY_TERM) {
        buf_addf(b, "(%s", names[q->op]);
        for (const struct query *c = q->first; c; c = c->next) {
            buf_addc(b, ' ');
            write_tree(b, c);
        }
        buf_addc(b, ')');
        return;
    }
    buf_addf(b, "%s%s", query_word(q->word), *query_word(q->word) ? ":" : "");
    switch (query_value(q->word)) {
    case SEARCH_VALUE_TEXT:
        buf_addf(b, "[%.*s]%s", (int)strlen(q->tokens) - 1, q->tokens, q->prefix ? "*" : "");
        break;
    case SEARCH_VALUE_DATE:
        for (int i = 0; i < 2; i++) {
            time_t t = (time_t)(i ? q->until : q->from);
            char day[40] = "";
            struct tm tm;
            if ((i ? q->until : q->from) != (i ? INT64_MAX : INT64_MIN) && gmtime_r(&t, &tm))
                strftime(day, sizeof day, tm.tm_hour || tm.tm_min ? "%F %T" : "%F", &tm);
            buf_addf(b, "%s%s", i ? ".." : "", day);
        }
        break;
    case SEARCH_VALUE_SIZE:
        buf_addf(b, "%lld..%lld", (long long)q->from, q->until == INT64_MAX ? -1LL : (long long)q->until);
        break;
    case SEARCH_VALUE_CHOICE:
        buf_addf(b, "%u", q->choice);
        break;
    default:
        buf_addf(b, "%s", q->text);
    }
}

static void
check(const char *text, const char *want)
{
    struct arena a = ARENA_INIT;
    struct buf b = BUF_INIT;
    struct query *q;
    struct query_problem p;
    enum sp_status st = query_parse(text, NOW, &a, &q, &p);
    if (st)
        buf_addf(&b, "%s '%s' @%u", query_error(p.error), p.word, p.at);
    else
        write_tree(&b, q);
    if (strcmp(buf_str(&b), want) != 0)
        fail_msg("%s\n  is   %s\n  want %s", text, buf_str(&b), want);
    buf_release(&b);
    arena_release(&a);
}

static void
terms_and_operators(void **state)
{
    (void)state;
    check("hello", "[hello]");
    check("  Hello   WORLD ", "(and [hello] [world])");
    check("a and b AND c", "(and [a] [b] [c])");
    check("a or b or c", "(or [a] [b] [c])");
    check("a b or c d", "(or (and [a] [b]) (and [c] [d]))");
    check("a (b or c) d", "(and [a] (or [b] [c]) [d])");
    check("((a))", "[a]");
    check("not a b", "(and (not [a]) [b])");
    check("not not a", "(not (not [a]))");
    check("-a -(b or c)", "(and (not [a]) (not (or [b] [c])))");
    check("a - b", "no-letters '-' @2");
    check("a-b", "[a b]");
    check("\"a b\"", "[a b]");
    check("\"and\" or \"or\"", "(or [and] [or])");
    check("andy orange nothing", "(and [andy] [orange] [nothing])");
    check("-from:ada", "(not from:[ada])");
    check("not(a)", "(not [a])");
    check("a\"b\"", "(and [a] [b])");
}

static void
texts(void **state)
{
    (void)state;
    check("from:Ada@Berg.example", "from:[ada berg example]");
    check("FROM:ada To:bob cc:c subject:\"two words\" body:x file:report.pdf list:dev.example.org",
          "(and from:[ada] to:[bob] cc:[c] subject:[two words] body:[x] file:[report pdf] list:[dev example org])");
    check("invoi*", "[invoi]*");
    check("\"two wor*\"", "[two wor]*");
    check("from:a*", "from:[a]*");
    check("Größe ÉTÉ ﬁn", "(and [grosse] [ete] [fin])");
    check("ＡＢＣ１２", "[abc12]");
    check("\xd0\x9f\xd0\xa0\xd0\x98\xd0\x92\xd0\x95\xd0\xa2", "[\xd0\xbf\xd1\x80\xd0\xb8\xd0\xb2\xd0\xb5\xd1\x82]");
    check("合同", "[合同]");
    check("合", "[合]*");
    check("采购合同", "[采购 购合 合同]");
    check("主题subject:合同", "[主题 题 subject 合同]");
    check("subject：合同", "subject:[合同]");
    check("（合同　或者） or “价 格”", "(or (and [合同] [或者]) [价 格]*)");
    check("http://example.org/x", "[http example org x]");
    check("12:30", "[12 30]");
    check("Re:", "[re]");
    check("keyword:Work", "keyword:Work");
    check("in:\"Sent Items\" account:work", "(and in:Sent Items account:work)");
}

static void
dates(void **state)
{
    (void)state;
    check("date:2024", "date:2024-01-01..2025-01-01");
    check("date:2024-02", "date:2024-02-01..2024-03-01");
    check("date:2024-12", "date:2024-12-01..2025-01-01");
    check("date:2024-02-29", "date:2024-02-29..2024-03-01");
    check("date:2024-12-31", "date:2024-12-31..2025-01-01");
    check("after:2024-02", "after:2024-02-01..");
    check("before:2024-02", "before:..2024-02-01");
    check("date:2024-01..2024-03", "date:2024-01-01..2024-04-01");
    check("date:2024-01-05..2024-01-05", "date:2024-01-05..2024-01-06");
    check("date:2024..", "date:2024-01-01..");
    check("date:..2024", "date:..2025-01-01");
    check("date:today", "date:2026-03-12..2026-03-13");
    check("date:yesterday", "date:2026-03-11..2026-03-12");
    check("date:7d", "date:2026-03-05..");
    check("after:2w", "after:2026-02-26..");
    check("before:1y", "before:..2025-03-12");
    check("after:3m", "after:2025-12-12..");
    check("date:2w..1w", "date:2026-02-26..2026-03-06");
    check("date:2023-02-29", "bad-date '2023-02-29' @5");
    check("date:2023-13", "bad-date '2023-13' @5");
    check("date:24-01-01", "bad-date '24-01-01' @5");
    check("date:soon", "bad-date 'soon' @5");
    check("date:..", "bad-date '..' @5");
    check("date:2025..2024", "bad-date '2025..2024' @5");
    check("after:2024..2025", "bad-date '2024..2025' @6");
    int64_t from, until;
    /* A month before the 31st of March */
    assert_true(query_date("1m", 1774915200, &from, &until));
    assert_int_equal(from, 1772236800); /* 2026-02-28 */
}

static void
days_are_local(void **state)
{
    (void)state;
    setenv("TZ", "Asia/Shanghai", 1);
    tzset();
    check("date:2024-01-02", "date:2024-01-01 16:00:00..2024-01-02 16:00:00");
    setenv("TZ", "UTC", 1);
    tzset();
}

static void
sizes_and_choices(void **state)
{
    (void)state;
    check("larger:10", "larger:11..-1");
    check("larger:10K", "larger:10241..-1");
    check("larger:2mb", "larger:2097153..-1");
    check("smaller:1G", "smaller:0..1073741824");
    check("larger:x", "bad-size 'x' @7");
    check("larger:10T", "bad-size '10T' @7");
    check("larger:-1", "bad-size '-1' @7");
    check("larger:99999999999999", "bad-size '99999999999999' @7");
    check("is:unread is:READ is:flagged is:replied is:forwarded is:draft is:deleted is:encrypted",
          "(and is:0 is:1 is:2 is:3 is:4 is:5 is:6 is:7)");
    check("seal:verified seal:unverified seal:bad seal:none", "(and seal:0 seal:1 seal:2 seal:3)");
    check("lock:yes lock:no auth:pass auth:fail auth:unknown", "(and lock:0 lock:1 auth:0 auth:1 auth:2)");
    check("risk:none risk:notice risk:caution risk:danger has:attachment", "(and risk:0 risk:1 risk:2 risk:3 has:0)");
    check("is:unred", "bad-value 'unred' @3");
    check("seal:", "missing-value '' @5");
    check("seal: x", "missing-value '' @5");
}

static void
mistakes(void **state)
{
    (void)state;
    check("", "empty '' @0");
    check("   ", "empty '' @3");
    check("form:ada", "unknown-word 'form' @0");
    check("a  Subjekt:x", "unknown-word 'Subjekt' @3");
    check("from:", "missing-value '' @5");
    check("from:(a)", "missing-value '' @5");
    check("\"abc", "unclosed-quote '\"abc' @0");
    check("from:\"abc", "unclosed-quote '\"abc' @5");
    check("(a", "unclosed-bracket '(' @0");
    check("a (b (c)", "unclosed-bracket '(' @2");
    check("a)", "stray-bracket ')' @1");
    check(")", "stray-bracket ')' @0");
    check("()", "missing-term '' @1");
    check("a or", "missing-term '' @4");
    check("or a", "missing-term 'or' @0");
    check("a and or b", "missing-term 'or' @6");
    check("not", "missing-term '' @3");
    check("!!!", "no-letters '!!!' @0");
    check("from:...", "no-letters '...' @5");
    check("\"\"", "no-letters '' @1");
    char deep[200];
    memset(deep, '(', 100);
    snprintf(deep + 100, 100, "a");
    check(deep, "too-complex '(' @32");
    struct buf many = BUF_INIT;
    for (int i = 0; i < 1000; i++)
        buf_adds(&many, "a ");
    struct arena a = ARENA_INIT;
    struct query *q;
    struct query_problem p;
    assert_int_equal(query_parse(buf_str(&many), NOW, &a, &q, &p), SP_INVALID);
    assert_int_equal(p.error, SEARCH_TOO_COMPLEX);
    buf_release(&many);
    arena_release(&a);
}

/* --- text for the index */

static void
check_cut(const char *text, const char *want)
{
    struct buf b = BUF_INIT;
    search_text_add(&b, text, strlen(text));
    assert_string_equal(buf_str(&b), want);
    buf_release(&b);
}

static void
check_match(const char *text, const char *query, bool want)
{
    struct buf indexed = BUF_INIT, needle = BUF_INIT;
    bool prefix;
    search_text_add(&indexed, text, strlen(text));
    assert_true(search_text_query(&needle, query, strlen(query), &prefix) > 0);
    if (search_text_match(buf_str(&indexed), buf_str(&needle), prefix) != want)
        fail_msg("'%s' in '%s' is not %d", query, text, want);
    buf_release(&indexed);
    buf_release(&needle);
}

static void
text_is_cut(void **state)
{
    (void)state;
    check_cut("", "");
    check_cut("Hello, World! x_y", "hello world x y ");
    check_cut("naïve Ångström Straße", "naive angstrom strasse ");
    check_cut("cafe\xcc\x81", "cafe ");
    check_cut("我们", "我们 们 ");
    check_cut("我", "我 ");
    check_cut("Re中文ab", "re 中文 文 ab ");
    check_cut("한국어", "한국 국어 어 ");
    check_cut("ﾊﾝ ハン", "ハン ン ハン ン ");
    check_cut("a\xff\xfe" "b", "a b ");
    check_match("我们签了采购合同。", "采购合同", true);
    check_match("我们签了采购合同。", "合", true);
    check_match("我们签了采购合同。", "同", true);
    check_match("我们签了采购合同。", "购合", true);
    check_match("我们签了采购合同。", "同合", false);
    check_match("型号abc 9型", "型号abc", true);
    check_match("型号码abc", "型号abc", false);
    check_match("see ada@berg.example now", "ada@berg.example", true);
    check_match("see ada@berg.example now", "berg.exam", false);
    check_match("see ada@berg.example now", "berg.exam*", true);
    check_match("hello", "hell", false);
    check_match("two words here", "two words", true);
    check_match("two other words", "two words", false);
    /* A word longer than a token is found all the same. */
    char longest[300];
    memset(longest, 'q', sizeof longest - 1);
    longest[sizeof longest - 1] = 0;
    check_match(longest, longest, true);
}

static int
setup(void **state)
{
    (void)state;
    setenv("TZ", "UTC", 1);
    tzset();
    return 0;
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(terms_and_operators), cmocka_unit_test(texts), cmocka_unit_test(dates), cmocka_unit_test(days_are_local),
        cmocka_unit_test(sizes_and_choices), cmocka_unit_test(mistakes), cmocka_unit_test(text_is_cut),
    };
    return cmocka_run_group_tests(tests, setup, NULL);
}
