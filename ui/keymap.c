/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys to actions. */
#include "keymap.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "draw.h"
#include "i18n.h"

static const struct action_info actions[ACTION_COUNT] = {
    [ACTION_NONE] = {"none", "", 0, 0, "", ""},
#define ACTION(id, name, keys, views, hints, hint, help) [ACTION_##id] = {name, keys, views, hints, hint, help},
#include "keymap.def"
#undef ACTION
};

static const struct {
    const char *name;
    uint32_t key;
} key_names[] = {
    {"Enter", K_ENTER}, {"Esc", K_ESC}, {"Tab", K_TAB}, {"Space", ' '}, {"Up", K_UP}, {"Down", K_DOWN}, {"Left", K_LEFT},
    {"Right", K_RIGHT}, {"PgUp", K_PAGE_UP}, {"PgDn", K_PAGE_DOWN}, {"Home", K_HOME}, {"End", K_END},
    {"Backspace", K_BACKSPACE}, {"Delete", K_DELETE}, {"Insert", K_INSERT}, {"BackTab", K_BACK_TAB}, {"F1", K_F1}, {"F2", K_F2},
    {"F3", K_F3}, {"F4", K_F4}, {"F5", K_F5}, {"F6", K_F6}, {"F7", K_F7}, {"F8", K_F8}, {"F9", K_F9}, {"F10", K_F10},
    {"F11", K_F11}, {"F12", K_F12},
};

const struct action_info *
action_info(enum action a)
{
    return &actions[a < ACTION_COUNT ? a : ACTION_NONE];
}

enum action
action_find(const char *name, unsigned view)
{
    for (int a = 1; a < ACTION_COUNT; a++)
        if (actions[a].views & view && strcmp(actions[a].name, name) == 0)
            return (enum action)a;
    return ACTION_NONE;
}

uint32_t
key_parse(const char *name, size_t len)
{
    uint32_t cp;
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++)
        if (strlen(key_names[i].name) == len && strncmp(key_names[i].name, name, len) == 0)
            return key_names[i].key;
    if (len == 2 && name[0] == '^' && name[1] >= '@' && name[1] <= '_')
        return (uint32_t)(name[1] - '@');
    if (len > 0 && utf8_decode(name, len, &cp) == len && cp > ' ' && cp != 0x7F)
        return cp;
    return 0;
}

void
key_name(uint32_t key, struct buf *out)
{
    char bytes[4];
    for (size_t i = 0; i < sizeof key_names / sizeof *key_names; i++) {
        if (key_names[i].key == key) {
            buf_adds(out, key_names[i].name);
            return;
        }
    }
    if (key < ' ')
        buf_addf(out, "^%c", (char)(key + '@'));
    else if (key < K_SPECIAL)
        buf_add(out, bytes, utf8_encode(key, bytes));
}

/* The next word of the list, NULL at the end. */
static const char *
next_word(const char **at, size_t *len)
{
    const char *p = *at + strspn(*at, " ");
    *len = strcspn(p, " ");
    *at = p + *len;
    return *len ? p : NULL;
}

static bool
has_default(enum action a, uint32_t key)
{
    const char *at = actions[a].keys, *word;
    size_t len;
    while ((word = next_word(&at, &len)))
        if (key_parse(word, len) == key)
            return true;
    return false;
}

void
keymap_init(struct keymap *m)
{
    *m = (struct keymap){0};
}

void
keymap_release(struct keymap *m)
{
    free(m->user);
    keymap_init(m);
}

static enum sp_status
bind(struct keymap *m, uint32_t key, enum action a)
{
    struct key_binding *user = realloc(m->user, (m->user_n + 1) * sizeof *user);
    if (!user)
        return SP_NOMEM;
    m->user = user;
    m->user[m->user_n++] = (struct key_binding){key, a};
    return SP_OK;
}

enum sp_status
keymap_bind(struct keymap *m, const char *binding)
{
    /* The key itself may be '=': the separator is the first one behind the first character. */
    const char *eq = *binding ? strchr(binding + 1, '=') : NULL;
    uint32_t key = eq ? key_parse(binding, (size_t)(eq - binding)) : 0;
    enum sp_status st = SP_INVALID;
    if (!key)
        return SP_INVALID;
    if (strcmp(eq + 1, "none") == 0)
        return bind(m, key, ACTION_NONE);
    for (int a = 1; a < ACTION_COUNT; a++) {
        if (strcmp(actions[a].name, eq + 1) == 0) {
            st = bind(m, key, (enum action)a);
            if (st)
                break;
        }
    }
    return st;
}

enum action
keymap_lookup(const struct keymap *m, uint32_t key, unsigned view)
{
    if (!key || key == K_SPECIAL)
        return ACTION_NONE;
    /* The last binding of the user wins; "none" hides only the defaults. */
    bool off = false;
    for (size_t i = m->user_n; i-- > 0;) {
        if (m->user[i].key != key)
            continue;
        if (m->user[i].action == ACTION_NONE)
            off = true;
        else if (actions[m->user[i].action].views & view)
            return m->user[i].action;
    }
    for (int a = 1; a < ACTION_COUNT && !off; a++)
        if (actions[a].views & view && has_default((enum action)a, key))
            return (enum action)a;
    return ACTION_NONE;
}

static void
add_key(uint32_t key, size_t n, struct buf *out)
{
    if (n)
        buf_addc(out, ' ');
    key_name(key, out);
}

size_t
keymap_keys(const struct keymap *m, enum action a, unsigned view, size_t max, struct buf *out)
{
    const char *at = actions[a].keys, *word;
    size_t len, n = 0;
    view &= actions[a].views;
    for (size_t i = 0; i < m->user_n && (!max || n < max); i++)
        if (m->user[i].action == a && keymap_lookup(m, m->user[i].key, view) == a)
            add_key(m->user[i].key, n++, out);
    while ((!max || n < max) && (word = next_word(&at, &len))) {
        uint32_t key = key_parse(word, len);
        if (keymap_lookup(m, key, view) == a)
            add_key(key, n++, out);
    }
    return n;
}
