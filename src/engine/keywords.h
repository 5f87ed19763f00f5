/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keywords of a message as one text, separated by spaces; compared without regard to case (RFC 9051 section 2.3.2). */
#ifndef SP_ENGINE_KEYWORDS_H
#define SP_ENGINE_KEYWORDS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/messages.h"

bool keywords_have(const char *keywords, const char *word);
/* With those of add and without those of remove, in the arena. */
const char *keywords_change(struct arena *arena, const char *keywords, const char *add, const char *remove);
/* A list as a text in the arena, only what is an atom and no flag of the system; NULL when it has another. */
const char *keywords_join(struct arena *arena, const struct wr_text *list, uint32_t n);

#endif
