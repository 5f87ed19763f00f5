/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The nearest known word, for error messages. */
#ifndef SP_CONFIG_SUGGEST_H
#define SP_CONFIG_SUGGEST_H

#include <stddef.h>

/* The entry of words (n of them) with the least edit distance to word, when it is near enough to be meant (at most a third of
   its length, at least 1); "" otherwise. Borrowed from words. */
const char *suggest(const char *word, const char *const *words, size_t n);

#endif
