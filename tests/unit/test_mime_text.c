/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text of parts: charsets, format=flowed, HTML with its links and hidden text (S45, S46, S47). */
#include "mime_fixture.h"

#include <stdio.h>
#include <time.h>

#include "base/utf8.h"
#include "mime/charset.h"
#include "mime/flowed.h"

static void
expect_text(struct mime_tools *tools, const char *charset, const char *bytes, const char *text, const char *note)
{
    struct parsed p;
    char message[1024];
    (void)snprintf(message, sizeof message, "Content-Type: text/plain; charset=\"%s\"\n\n%s", charset, bytes);
    parse_text(tools, message, &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), text);
    if (note)
        assert_non_null(note_detail(p.d, note));
    else
        assert_int_equal(p.d->notes.count, 0);
    parsed_release(&p);
}

static void
charsets(void **state)
{
    static const struct {
        const char *charset, *bytes, *text, *note;
    } cases[] = {
        {"utf-8", "gr\xc3\xbc\xc3\x9f", "grüß", NULL},
        {"UTF-8", "\xef\xbb\xbfmark", "mark", NULL},
        {"gb2312", "\xc4\xe3\xba\xc3", "你好", NULL},
        {"GBK", "\xe9\x46", "镕", NULL}, /* beyond GB2312 */
        {"gb18030", "\x81\x39\xef\x31\xc4\xe3", "㐂你", NULL},
        {"big5", "\xa7\x41\xa6\x6e", "你好", NULL},
        {"iso-2022-jp", "\x1b$B$3$s\x1b(B ok", "こん ok", NULL},
        {"Shift_JIS", "\x82\xb1\x82\xf1", "こん", NULL},
        {"euc-jp", "\xa4\xb3\xa4\xf3", "こん", NULL},
        {"euc-kr", "\xb0\xa1", "가", NULL},
        {"ks_c_5601-1987", "\xb0\xa1", "가", NULL},
        {"koi8-r", "\xf0\xd2\xc9", "При", NULL},
        {"windows-1251", "\xcf\xf0\xe8", "При", NULL},
        {"iso-8859-1", "\x80 \xe9", "€ é", NULL}, /* as everybody reads it: windows-1252 */
        {"iso-8859-15", "\xa4", "€", NULL},
        {"iso-8859-2", "\xb1", "ą", NULL},
        {"iso-8859-8-i", "\xe0", "א", NULL},
        {"tis-620", "\xa1", "ก", NULL},
        {"utf-7", "a+AOk-b", "aéb", NULL},
        {"x-sjis", "\x82\xb1", "こ", NULL},
        {"x-unknown-thing", "plain \xe9", "plain é", "unknown-charset"},
        {"x-unknown-thing", "\xc3\xa9", "é", "unknown-charset"},
        {"us-ascii", "\xc3\xa9", "é", "undecodable-text"},
        {"utf-8", "a\xff\xfe" "b", "a\xef\xbf\xbd\xef\xbf\xbd" "b", "undecodable-text"},
        {"gb2312", "\xc4\xe3\xff", "你\xef\xbf\xbd", "undecodable-text"},
        {"iso-2022-jp", "\x1b$B$3", "こ", NULL},
    };
    for (size_t i = 0; i < COUNT(cases); i++)
        expect_text(*state, cases[i].charset, cases[i].bytes, cases[i].text, cases[i].note);
}

/* Nothing that a converter yields may break the promise of valid UTF-8 without NUL. */
static void
charset_noise(void **state)
{
    static const char *const labels[] = {"utf-8", "utf-7", "utf-16", "utf-32be", "gb18030", "big5", "iso-2022-jp", "iso-2022-kr", "iso-2022-cn",
                                         "euc-tw", "shift_jis", "johab", "koi8-u", "viscii", "tcvn", "cp1258", "nonsense", ""};
    uint32_t random = 12345;
    (void)state;
    for (size_t i = 0; i < COUNT(labels); i++)
        for (int round = 0; round < 200; round++) {
            char bytes[200];
            struct buf out = BUF_INIT;
            struct charset_result r;
            for (size_t k = 0; k < sizeof bytes; k++)
                bytes[k] = (char)((random = random * 1664525u + 1013904223u) >> 24);
            (void)charset_to_utf8(&out, labels[i], bytes, sizeof bytes, 300, &r);
            assert_true(out.len <= 300);
            assert_true(utf8_valid(buf_str(&out), out.len));
            assert_null(memchr(buf_str(&out), 0, out.len));
            buf_release(&out);
        }
}

static void
wide_charset(void **state)
{
    struct parsed p;
    static const char message[] = "Content-Type: text/plain; charset=utf-16\nContent-Transfer-Encoding: base64\n\n//5oAOkACgA=\n";
    parse_text(*state, message, &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "hé\n");
    parsed_release(&p);
}

static void
line_ends(void **state)
{
    expect_text(*state, "utf-8", "a\r\nb\rc\n\r\nd", "a\nb\nc\n\nd", NULL);
}

static void
encodings(void **state)
{
    static const struct {
        const char *encoding, *body, *text;
    } cases[] = {
        {"quoted-printable", "a=3Db=\nc =\n=C3=A9\n", "a=bc é\n"},
        {"base64", "w6kg\n!!w6k=\n", "é é"},
        {"x-uuencode", "begin 644 x\n#86)C\n`\nend\n", "abc"},
        {"8bit", "\xc3\xa9", "é"},
        {"nonsense", "x=3D", "x=3D"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed p;
        char message[512];
        (void)snprintf(message, sizeof message, "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: %s\n\n%s", cases[i].encoding,
                       cases[i].body);
        parse_text(*state, message, &p);
        assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), cases[i].text);
        parsed_release(&p);
    }
}

/* ---- flowed */

static void
flowed_reading(void **state)
{
    static const struct {
        const char *in, *out;
        bool delsp;
    } cases[] = {
        {"one \ntwo\nthree\n", "one two\nthree\n", false},
        {"> a \n> b\n>> c \n>> d\nend\n", "> a b\n>> c d\nend\n", false},
        {"> a \nnot quoted\n", "> a \nnot quoted\n", false}, /* another depth ends a paragraph */
        {"soft \n-- \nsig\n", "soft \n-- \nsig\n", false},    /* a signature separator never joins */
        {" From x\n  two\n >quote\n", "From x\n two\n>quote\n", false},
        {"ab \ncd\n", "abcd\n", true},
        {"last ", "last ", false},
        {"", "", false},
    };
    (void)state;
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf out = BUF_INIT;
        flowed_join(&out, cases[i].in, strlen(cases[i].in), cases[i].delsp);
        assert_string_equal(buf_str(&out), cases[i].out);
        buf_release(&out);
    }
}

static void
flowed_writing(void **state)
{
    static const char text[] = "A paragraph that is longer than the width and so has to be broken softly at some space in it.\n"
                               "> a quote that is longer than the width and so has to be left as it is, unbroken\n From here\n-- \nsig   \n\n  x\n";
    struct buf split = BUF_INIT, back = BUF_INIT;
    (void)state;
    assert_true(flowed_useful(text, strlen(text), 40));
    assert_false(flowed_useful("short\n> a very long quote that does not count at all here\n", 57, 20));
    flowed_split(&split, text, strlen(text), 40);
    for (const char *line = split.data; *line; line = strchr(line, '\n') ? strchr(line, '\n') + 1 : line + strlen(line))
        assert_true(*line == '>' || strcspn(line, "\n") <= 41);
    assert_null(strstr(split.data, "\nFrom "));
    flowed_join(&back, split.data, split.len, false);
    assert_string_equal(back.data,
                        "A paragraph that is longer than the width and so has to be broken softly at some space in it.\n"
                        "> a quote that is longer than the width and so has to be left as it is, unbroken\n From here\n-- \nsig\n\n  x\n");
    buf_release(&split);
    buf_release(&back);
}

/* ---- HTML */

static void
parse_html(struct mime_tools *tools, const char *html, struct parsed *p)
{
    struct buf m = BUF_INIT;
    buf_addf(&m, "Content-Type: text/html; charset=utf-8\n\n%s", html);
    parse_bytes(tools, m.data, m.len, p);
    buf_release(&m);
}

static void
html_text(void **state)
{
    static const struct {
        const char *html, *text;
    } cases[] = {
        {"<p>One\n two</p><p>three<br>four</p>", "One two\n\nthree\nfour\n"},
        {"a&nbsp;b&lt;c&gt;&#228;&euro;", "a b<c>ä€\n"},
        {"<ul><li>a<li>b</ul><ol><li>x</li><li>y</li></ol>", "  * a\n  * b\n\n  1. x\n  2. y\n"},
        {"<blockquote>q<br>r<blockquote>s</blockquote></blockquote>t", "> q\n> r\n>\n>> s\n\nt\n"},
        {"<pre>a\n  b\n</pre>c", "a\n  b\n\nc\n"},
        {"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc\n"},
        {"<head><title>t</title><style>p{x:y}</style><script>alert('x')</script></head>body", "body\n"},
        {"<img src=cid:x alt='A picture'> <img src=x>", "[A picture]\n"},
        {"un<b>bro</b>ken", "unbroken\n"},
        {"<div>a</div><div>b</div>", "a\nb\n"},
        {"中文<p>段落", "中文\n\n段落\n"},
        {"<!-- <p>no --><p>yes", "yes\n"},
        {"a < b & c", "a < b & c\n"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct parsed p;
        parse_html(*state, cases[i].html, &p);
        assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), cases[i].text);
        parsed_release(&p);
    }
}

static void
html_charset(void **state)
{
    static const char *const messages[] = {
        "Content-Type: text/html; charset=iso-8859-1\n\n<meta charset=utf-8>gr\xfc\xdf",
        "Content-Type: text/html\n\n<meta http-equiv=content-type content='text/html; charset=iso-8859-1'>gr\xfc\xdf",
        "Content-Type: text/html\n\n<meta charset=\"utf-8\">gr\xc3\xbc\xc3\x9f",
        "Content-Type: text/html\n\ngr\xc3\xbc\xc3\x9f",
        "Content-Type: text/html; charset=nonsense\n\ngr\xfc\xdf",
    };
    for (size_t i = 0; i < COUNT(messages); i++) {
        struct parsed p;
        parse_text(*state, messages[i], &p);
        assert_string_equal(doc_text(p.d, doc_part(p.d, 0)->text), "grüß\n");
        parsed_release(&p);
    }
}

static void
html_links(void **state)
{
    struct parsed p;
    parse_html(*state,
               "<base href='https://base.test/dir/'><a href=' https://evil.test/\n x '>www.bank.test</a> <a href='rel'>r</a> "
               "<a href='mailto:a@b.test'>m</a> <a href='https://i.test'><img alt=Logo src='https://i.test/l.png'></a>"
               "<form action='https://form.test/'><input name=p></form><a name=anchor>none</a>"
               "<div style='background:url(\"https://css.test/b.png\")'><link rel=stylesheet href=//cdn.test/s.css>"
               "<style>@import 'https://imp.test/x.css'; p{background:url(http://st.test/y)}</style>"
               "<img src='data:image/png;base64,AAAA'><img src='cid:x@y'><img srcset='https://s.test/1.png 1x, https://s.test/2.png 2x'>"
               "<meta http-equiv=refresh content='0; url=https://go.test/'>",
               &p);
    static const struct {
        const char *text, *target;
        uint32_t flags;
    } links[] = {
        {"www.bank.test", "https://evil.test/ x", 0},
        {"r", "https://base.test/dir/rel", 0},
        {"m", "mailto:a@b.test", 0},
        {"Logo", "https://i.test", DOC_LINK_IMAGE},
        {"", "https://form.test/", DOC_LINK_FORM},
        {"", "https://go.test/", DOC_LINK_HIDDEN},
    };
    static const char *const refs[] = {"https://i.test/l.png", "https://css.test/b.png", "https://cdn.test/s.css", "https://imp.test/x.css",
                                       "http://st.test/y",     "https://s.test/1.png",   "https://s.test/2.png"};
    assert_int_equal(p.d->links.count, COUNT(links));
    for (uint32_t i = 0; i < p.d->links.count; i++) {
        assert_string_equal(doc_text(p.d, doc_link(p.d, i)->text), links[i].text);
        assert_string_equal(doc_text(p.d, doc_link(p.d, i)->target), links[i].target);
        assert_int_equal(doc_link(p.d, i)->flags, links[i].flags);
    }
    for (uint32_t i = 0; i < p.d->refs.count && i < COUNT(refs); i++)
        assert_string_equal(doc_text(p.d, doc_ref(p.d, i)->url), refs[i]);
    assert_int_equal(p.d->refs.count, COUNT(refs));
    assert_non_null(note_detail(p.d, "html-form"));
    assert_string_equal(note_detail(p.d, "html-refresh"), "https://go.test/");
    parsed_release(&p);
}

static void
html_hidden(void **state)
{
    static const char *const hidden[] = {
        "<div style='display:none'>HIDE</div>", "<div style='DISPLAY : none !important'>HIDE</div>", "<span hidden>HIDE</span>",
        "<p style='visibility:hidden'>HIDE</p>", "<p style='opacity:0'>HIDE</p>", "<font style='font-size:0px'>HIDE</font>",
        "<p style='font-size:1px'>HIDE</p>", "<p style='color:#fff'>HIDE</p>", "<div bgcolor='#123456'><font color='#123457'>HIDE</font></div>",
        "<p style='color:transparent'>HIDE</p>", "<p style='color:rgba(0,0,0,0)'>HIDE</p>", "<p style='text-indent:-9999px'>HIDE</p>",
        "<p style='position:absolute;left:-5000px'>HIDE</p>", "<div style='max-height:0;overflow:hidden'>HIDE</div>",
        "<style>.x{display:none}</style><p class='a x'>HIDE</p>", "<style>#i , b{visibility:hidden}</style><p id=i>HIDE</p>",
        "<style><!-- p.y { font-size:0 } --></style><p class=y>HIDE</p>", "<div style='display:none'><p style='display:block'>HIDE</div>",
        "<style>/* } */ @media x { .n{display:block} } .z{opacity:0}</style><i class=z>HIDE</i>",
        "<div style='background:url(data:x;y);display:none'>HIDE</div>",
    };
    static const char *const shown[] = {
        "<div style='font-size:0'><span style='font-size:14px'>SHOW</span></div>", "<p style='color:#fff;background:#000'>SHOW</p>",
        "<table bgcolor=black><td><font color=white>SHOW</font></table>", "<p style='color:red'>SHOW</p>",
        "<style>@media print{.x{display:none}}</style><p class=x>SHOW</p>", "<p style='opacity:0.9'>SHOW</p>",
        "<div style='visibility:hidden'><p style='visibility:visible'>SHOW</div>", "<td background='x.png'><p style='color:#fff'>SHOW</td>",
        "<p style='max-width:0'>SHOW</p>", "<p style='margin-left:-10px;text-indent:-2em'>SHOW</p>", "<p style='font-size:80%'>SHOW</p>",
    };
    for (size_t i = 0; i < COUNT(hidden); i++) {
        struct parsed p;
        char html[512];
        (void)snprintf(html, sizeof html, "before %s after", hidden[i]);
        parse_html(*state, html, &p);
        if (strstr(doc_text(p.d, doc_part(p.d, 0)->text), "HIDE"))
            fail_msg("shown: %s", hidden[i]);
        assert_non_null(strstr(doc_text(p.d, doc_part(p.d, 0)->text), "after"));
        assert_string_equal(note_detail(p.d, "hidden-text"), "HIDE");
        parsed_release(&p);
    }
    for (size_t i = 0; i < COUNT(shown); i++) {
        struct parsed p;
        parse_html(*state, shown[i], &p);
        if (!strstr(doc_text(p.d, doc_part(p.d, 0)->text), "SHOW"))
            fail_msg("hidden: %s", shown[i]);
        assert_null(note_detail(p.d, "hidden-text"));
        parsed_release(&p);
    }
}

/* No markup reaches over the end of its part (S30). */
static void
html_isolated(void **state)
{
    struct parsed p;
    parse_text(*state,
               "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<div style=display:none><!-- <style> <a href='x\n--b\n"
               "Content-Type: text/html\n\n</div>--> visible\n--b--\n",
               &p);
    assert_string_equal(doc_text(p.d, doc_part(p.d, 2)->text), "--> visible\n");
    parsed_release(&p);
}

static double
seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Inputs that are quadratic in naive parsers end soon, and their text is there. */
static void
html_hostile(void **state)
{
    static const struct {
        const char *unit, *end;
        int count;
    } cases[] = {
        {"<div>", "SHOW", 500000},       {"<b><i><p>", "SHOW", 300000}, {" a1=b", "SHOW", 500000},  {"</x>", "SHOW", 800000},
        {"<table><tr><td>", "SHOW", 200000}, {"<a href=x>", "SHOW", 300000}, {"&#x41;", "SHOW", 500000}, {"<!--", "--> SHOW", 500000},
        {"<", " SHOW", 1000000},          {"<style>", "</style>SHOW", 300000}, {"<li>", "SHOW", 500000}, {"<p style='", "'> SHOW", 200000},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct buf html = BUF_INIT;
        struct parsed p;
        double before = seconds();
        if (cases[i].unit[0] == ' ')
            buf_adds(&html, "<p");
        for (int k = 0; k < cases[i].count; k++)
            buf_adds(&html, cases[i].unit);
        if (cases[i].unit[0] == ' ')
            buf_adds(&html, ">");
        buf_adds(&html, cases[i].end);
        parse_html(*state, html.data, &p);
        if (!strstr(doc_text(p.d, doc_part(p.d, 0)->text), "SHOW"))
            fail_msg("lost behind %s", cases[i].unit);
        if (seconds() - before > 8)
            fail_msg("%s took %.1f s", cases[i].unit, seconds() - before);
        parsed_release(&p);
        buf_release(&html);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(charsets),       cmocka_unit_test(charset_noise), cmocka_unit_test(wide_charset), cmocka_unit_test(line_ends),
        cmocka_unit_test(encodings),      cmocka_unit_test(flowed_reading), cmocka_unit_test(flowed_writing), cmocka_unit_test(html_text),
        cmocka_unit_test(html_charset),   cmocka_unit_test(html_links),    cmocka_unit_test(html_hidden),  cmocka_unit_test(html_isolated),
        cmocka_unit_test(html_hostile),
    };
    return cmocka_run_group_tests(tests, tools_setup, tools_teardown);
}
