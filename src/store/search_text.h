/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Text as the index holds it: letters without case, marks and width, tokens separated by single spaces. Scripts that are written without
   spaces (Chinese, Japanese, Korean syllables, Thai ...) are cut into pairs of neighbours; the last letter of a run stands alone as well,
   so that each single letter is the beginning of some token. The tokenizer of SQLite has nothing left to decide. */
#ifndef SP_STORE_SEARCH_TEXT_H
#define SP_STORE_SEARCH_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

#define SEARCH_TOKEN_MAX 64 /* bytes of a token; what is longer is cut, here and in queries alike */

/* Appends the tokens of the len bytes at text (UTF-8, else U+FFFD), each followed by a space. */
void search_text_add(struct buf *out, const char *text, size_t len);
/* The same for what is searched: no single last letter where a pair has it already. Returns how many tokens there are; *prefix is set when
   the last one is only the beginning of a token: the text ends in *, or is a single letter of such a script. */
size_t search_text_query(struct buf *out, const char *text, size_t len, bool *prefix);
/* Do the n tokens of needle (each followed by a space) follow each other in the indexed text? prefix: the last may go on. */
bool search_text_match(const char *indexed, const char *needle, bool prefix);

#endif
