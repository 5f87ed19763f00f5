/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of the configuration file: each kind has one parser and one sentence that says what it expects. */
#ifndef SP_CONFIG_VALUE_H
#define SP_CONFIG_VALUE_H

#include <stdbool.h>

#include "base/arena.h"

enum value_kind {
    VALUE_TEXT, VALUE_PATH, VALUE_ADDRESS, VALUE_ADDRESSES, VALUE_BOOL, VALUE_MINUTES, VALUE_MEGABYTES, VALUE_UNDO, VALUE_PATIENCE, VALUE_LIST, VALUE_WORDS, VALUE_IMAP,
    VALUE_SMTP, VALUE_PROTOCOL, VALUE_ACCOUNT_KIND, VALUE_THEME
};

/* Parses text into *member, whose type goes with the kind (see config.h). False when the text does not fit. Memory from the arena. */
bool value_parse(enum value_kind kind, const char *text, void *member, struct arena *arena);
/* What the kind expects, in English, for error messages. Static storage. */
const char *value_expected(enum value_kind kind);

#endif
