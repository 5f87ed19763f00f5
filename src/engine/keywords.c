/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keywords as a text. */
#include "keywords.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"

#define MAX_KEYWORD 100

/* The next word at *at; NULL at the end. */
static const char *
next_word(const char **at, size_t *len)
{
    while (**at == ' ')
        ++*at;
    const char *word = *at;
    *len = strcspn(word, " ");
    *at += *len;
    return *len ? word : NULL;
}

static bool
has(const char *keywords, const char *word, size_t len)
{
    const char *at = keywords, *have;
    size_t n;
    while ((have = next_word(&at, &n)))
        if (n == len && strncasecmp(have, word, n) == 0)
            return true;
    return false;
}

bool
keywords_have(const char *keywords, const char *word)
{
    return has(keywords, word, strlen(word));
}

static void
add_word(struct buf *b, const char *word, size_t len)
{
    if (b->len)
        buf_addc(b, ' ');
    buf_add(b, word, len);
}

static const char *
finish(struct arena *arena, struct buf *b)
{
    const char *text = arena_strdup(arena, buf_str(b));
    buf_release(b);
    if (!text)
        abort();
    return text;
}

const char *
keywords_change(struct arena *arena, const char *keywords, const char *add, const char *remove)
{
    struct buf b = BUF_INIT;
    const char *at = keywords, *word;
    size_t n;
    while ((word = next_word(&at, &n)))
        if (!has(remove, word, n))
            add_word(&b, word, n);
    at = add;
    while ((word = next_word(&at, &n)))
        if (!has(buf_str(&b), word, n))
            add_word(&b, word, n);
    return finish(arena, &b);
}

const char *
keywords_join(struct arena *arena, const struct wr_text *list, uint32_t n)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < n; i++) {
        const char *word = list[i].text;
        size_t len = strlen(word);
        bool good = len > 0 && len <= MAX_KEYWORD;
        for (const char *p = word; *p; p++)
            good = good && (unsigned char)*p > ' ' && (unsigned char)*p < 0x7f && !strchr("(){%*\"\\]", *p);
        if (!good) {
            buf_release(&b);
            return NULL;
        }
        add_word(&b, word, len);
    }
    return finish(arena, &b);
}
