/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys: the table is sound, names are read and written alike, the user's bindings win. */
#include "unit.h"

#include <string.h>

#include "ui/draw.h"
#include "ui/keymap.h"

static void
names(void **state)
{
    static const struct {
        const char *name;
        uint32_t key;
    } rows[] = {{"a", 'a'}, {"Enter", K_ENTER}, {"^L", 12}, {"Space", ' '}, {"PgDn", K_PAGE_DOWN}, {"F5", K_F5}, {"ü", 0xFC}, {"\\", '\\'}, {"^", '^'}};
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf text = BUF_INIT;
        assert_int_equal(key_parse(rows[i].name, strlen(rows[i].name)), rows[i].key);
        key_name(rows[i].key, &text);
        assert_string_equal(buf_str(&text), rows[i].name);
        buf_release(&text);
    }
    assert_int_equal(key_parse("Nonsense", 8), 0);
    assert_int_equal(key_parse("", 0), 0);
    assert_int_equal(key_parse("ab", 2), 0);
    assert_int_equal(key_parse("\xff", 1), 0xFFFD);
}

/* Every default key is a key, and means one thing in a view. */
static void
table(void **state)
{
    struct keymap m;
    (void)state;
    keymap_init(&m);
    for (int a = 1; a < ACTION_COUNT; a++) {
        const struct action_info *info = action_info((enum action)a);
        assert_true(*info->name && *info->help && info->views);
        assert_int_equal(info->hints & ~info->views, 0);
        if (info->hints)
            assert_true(*info->hint);
        for (unsigned view = 1; view & V_ALL; view <<= 1) {
            const char *at = info->keys;
            if (!(info->views & view))
                continue;
            assert_int_equal(action_find(info->name, view), a);
            while (*(at += strspn(at, " "))) {
                size_t len = strcspn(at, " ");
                uint32_t key = key_parse(at, len);
                assert_int_not_equal(key, 0);
                if (keymap_lookup(&m, key, view) != (enum action)a)
                    fail_msg("%.*s means both %s and %s", (int)len, at, info->name, action_info(keymap_lookup(&m, key, view))->name);
                at += len;
            }
        }
    }
    keymap_release(&m);
}

static void
binding(void **state)
{
    struct keymap m;
    struct buf text = BUF_INIT;
    (void)state;
    keymap_init(&m);
    assert_int_equal(keymap_lookup(&m, 'j', V_INDEX), ACTION_NEXT);
    assert_int_equal(keymap_lookup(&m, 't', V_INDEX), ACTION_MARK);
    assert_int_equal(keymap_lookup(&m, 't', V_COMPOSE), ACTION_EDIT_TO);
    assert_int_equal(keymap_bind(&m, "x=archive"), SP_OK);
    assert_int_equal(keymap_lookup(&m, 'x', V_INDEX), ACTION_ARCHIVE);
    assert_int_equal(keymap_lookup(&m, 'x', V_COMPOSE), ACTION_TOGGLE_ENCRYPT); /* archive means nothing there */
    assert_int_equal(keymap_bind(&m, "==next"), SP_OK);
    assert_int_equal(keymap_lookup(&m, '=', V_KEYS), ACTION_NEXT);
    assert_int_equal(keymap_bind(&m, "d=none"), SP_OK);
    assert_int_equal(keymap_lookup(&m, 'd', V_INDEX), ACTION_NONE);
    assert_int_equal(keymap_keys(&m, ACTION_ARCHIVE, V_INDEX, 0, &text), 2);
    assert_string_equal(buf_str(&text), "x a");
    buf_clear(&text);
    assert_int_equal(keymap_keys(&m, ACTION_DELETE, V_INDEX, 1, &text), 1);
    assert_string_equal(buf_str(&text), "Delete");
    assert_int_equal(keymap_bind(&m, "j=mark"), SP_OK);
    buf_clear(&text);
    assert_int_equal(keymap_keys(&m, ACTION_NEXT, V_INDEX, 0, &text), 3); /* = Down ^N */
    static const char *const bad[] = {"", "=", "x", "x=", "x=no-such-action", "Foo=next", "=next"};
    for (size_t i = 0; i < COUNT(bad); i++)
        assert_int_equal(keymap_bind(&m, bad[i]), SP_INVALID);
    buf_release(&text);
    keymap_release(&m);
}

/* One name may stand for one action only in a view, else the command line could not tell them apart. */
static void
commands(void **state)
{
    (void)state;
    for (int a = 1; a < ACTION_COUNT; a++)
        for (int b = a + 1; b < ACTION_COUNT; b++)
            if (strcmp(action_info((enum action)a)->name, action_info((enum action)b)->name) == 0)
                assert_int_equal(action_info((enum action)a)->views & action_info((enum action)b)->views, 0);
    assert_int_equal(action_find("reply", V_INDEX), ACTION_REPLY);
    assert_int_equal(action_find("reply", V_KEYS), ACTION_NONE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(table),
        cmocka_unit_test(binding),
        cmocka_unit_test(commands),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
