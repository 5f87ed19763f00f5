/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What reaches a terminal (S38). */
#include "unit.h"

#include <string.h>

#include "base/safetext.h"
#include "base/utf8.h"

#define SOFT_HYPHEN 13 /* the row that loses something without a trace */
#define R "\xEF\xBF\xBD" /* U+FFFD */

static const struct {
    const char *in, *line, *block;
} rows[] = {
    {"plain", "plain", "plain"},
    {"", "", ""},
    {"a\x1b[31mb", "a" R "[31mb", "a" R "[31mb"},                /* CSI, 7 bit */
    {"a\xC2\x9b" "31m", "a" R "31m", "a" R "31m"},               /* CSI, 8 bit in UTF-8 */
    {"a\x9b" "31m", "a" R "31m", "a" R "31m"},                   /* CSI, 8 bit raw */
    {"\x7f\x08\x07", R R R, R R R},
    {"a\nb", "a b", "a\nb"},
    {"a\r\nb", "a b", "a\nb"},
    {"a\rb", "a" R "b", "a" R "b"},                              /* would overwrite the line */
    {"a\tb", "a b", "a       b"},
    {"exe.\xE2\x80\xAEgnp", "exe." R "gnp", "exe." R "gnp"},     /* right-to-left override */
    {"pay\xE2\x80\x8Bpal", "pay" R "pal", "pay" R "pal"},        /* zero width space */
    {"a\xE2\x80\xA8" "b", "a" R "b", "a" R "b"},                 /* line separator */
    {"soft\xC2\xADhyphen", "softhyphen", "softhyphen"},
    {"\xC0\xAF", R R, R R},                                      /* overlong */
    {"\xED\xA0\x80", R R R, R R R},                              /* surrogate */
    {"cut\xE4\xBD", "cut" R R, "cut" R R},
    {"\xF3\xA0\x81\x81", R, R},                                  /* tag character */
    {"\xE4\xBD\xA0\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD", "\xE4\xBD\xA0\xE5\xA5\xBD"},
    {"e\xCC\x81", "e\xCC\x81", "e\xCC\x81"},
};

static void
table(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf line = BUF_INIT, block = BUF_INIT;
        bool changed = safetext_add(&line, rows[i].in, strlen(rows[i].in), SAFETEXT_LINE);
        (void)safetext_add(&block, rows[i].in, strlen(rows[i].in), SAFETEXT_BLOCK);
        assert_string_equal(buf_str(&line), rows[i].line);
        assert_string_equal(buf_str(&block), rows[i].block);
        assert_int_equal(changed, strstr(rows[i].line, R) != NULL || i == SOFT_HYPHEN);
        buf_release(&line);
        buf_release(&block);
    }
}

static void
nul_bytes(void **state)
{
    (void)state;
    struct buf out = BUF_INIT;
    assert_true(safetext_add(&out, "a\0b", 3, SAFETEXT_LINE));
    assert_string_equal(buf_str(&out), "a" R "b");
    buf_release(&out);
}

/* No single code point gives a control character, and none makes more than a few bytes. */
static void
every_code_point(void **state)
{
    (void)state;
    for (uint32_t cp = 0; cp <= 0x10FFFF; cp++) {
        struct buf out = BUF_INIT;
        char text[5] = {'a'};
        size_t len = utf8_encode(cp, text + 1);
        (void)safetext_add(&out, text, len + 1, SAFETEXT_LINE);
        assert_true(utf8_valid(buf_str(&out), out.len));
        for (size_t i = 0; i < out.len; i++) {
            unsigned char c = (unsigned char)out.data[i];
            assert_true(c >= 0x20 && c != 0x7F);
            assert_false(c == 0xC2 && (unsigned char)out.data[i + 1] < 0xA0);
        }
        assert_true(utf8_width(buf_str(&out), out.len) <= 3);
        buf_release(&out);
    }
}

static void
towers_are_cut(void **state)
{
    (void)state;
    struct buf in = BUF_INIT, out = BUF_INIT;
    buf_adds(&in, "Z");
    for (int i = 0; i < 1000; i++)
        buf_adds(&in, "\xCC\x81");
    assert_true(safetext_add(&out, in.data, in.len, SAFETEXT_LINE));
    assert_int_equal(out.len, 1 + 8 * 2);
    buf_release(&in);
    buf_release(&out);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table),
        cmocka_unit_test(nul_bytes),
        cmocka_unit_test(every_code_point),
        cmocka_unit_test(towers_are_cut),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
