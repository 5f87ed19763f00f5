/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys to actions, made from keymap.def and the user's own bindings. */
#ifndef UI_KEYMAP_H
#define UI_KEYMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

/* The kinds of views, as bits. */
enum view_kind {
    V_INDEX = 1 << 0, V_MESSAGE = 1 << 1, V_FOLDERS = 1 << 2, V_DETAILS = 1 << 3, V_PARTS = 1 << 4, V_TEXT = 1 << 5,
    V_COMPOSE = 1 << 6, V_EDITOR = 1 << 7, V_KEYS = 1 << 8, V_OUTBOX = 1 << 9, V_DRAFTS = 1 << 10, V_HELP = 1 << 11,
    V_ACCOUNTS = 1 << 12, V_SEARCH = 1 << 13,
    V_ALL = (1 << 14) - 1,
    V_LISTS = V_INDEX | V_SEARCH,
    V_PAGERS = V_MESSAGE | V_DETAILS | V_TEXT | V_HELP,
    V_MOVING = V_ALL & ~V_EDITOR,
};

enum action {
    ACTION_NONE,
#define ACTION(id, name, keys, views, hints, hint, help) ACTION_##id,
#include "keymap.def"
#undef ACTION
    ACTION_COUNT
};

struct action_info {
    const char *name, *keys;
    unsigned views, hints;
    const char *hint, *help; /* for gettext */
};
/* a from 1 to ACTION_COUNT - 1. Static storage. */
const struct action_info *action_info(enum action a);
/* The action with that name in a view (a name may mean different things in different views); ACTION_NONE: there is none. */
enum action action_find(const char *name, unsigned view);

struct keymap {
    struct key_binding {
        uint32_t key;
        enum action action; /* ACTION_NONE: switched off */
    } *user;                /* owned */
    size_t user_n;
};

void keymap_init(struct keymap *m);
void keymap_release(struct keymap *m);
/* "key=action", e.g. "x=archive" or "^T=mark"; action "none" switches the key off. SP_INVALID for an unknown key or action. */
enum sp_status keymap_bind(struct keymap *m, const char *binding) SP_MUST_USE;
/* What the key does in this view. */
enum action keymap_lookup(const struct keymap *m, uint32_t key, unsigned view);
/* Appends the names of the keys that do the action in this view, separated by blanks; at most max (0: all). Returns how many. */
size_t keymap_keys(const struct keymap *m, enum action a, unsigned view, size_t max, struct buf *out);

/* One key's name to its code, 0 when unknown; len bytes. */
uint32_t key_parse(const char *name, size_t len);
void key_name(uint32_t key, struct buf *out);

#endif
