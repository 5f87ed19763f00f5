/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query language: any text is a tree within its bounds, or a mistake whose place is in the text; what is cut for the index is found by the
   same words. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "store/query.h"
#include "store/search_text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
must(int condition)
{
    if (!condition)
        abort();
}

static unsigned
check_tree(const struct query *q, size_t size, unsigned depth)
{
    unsigned n = 1;
    must(depth <= 2 * QUERY_MAX_DEPTH + 4);
    if (q->op == QUERY_TERM) {
        must(!q->first && q->at + q->len <= size && q->word <= SEARCH_WORD_ANY);
        if (query_value(q->word) == SEARCH_VALUE_TEXT)
            must(q->tokens_n > 0 && utf8_valid(q->tokens, strlen(q->tokens)));
        return n;
    }
    must(q->first != NULL && (q->op != QUERY_NOT || !q->first->next));
    for (const struct query *c = q->first; c; c = c->next)
        n += check_tree(c, size, depth + 1);
    return n;
}

static void
check_text(const char *text, size_t len)
{
    struct buf indexed = BUF_INIT, needle = BUF_INIT;
    bool prefix;
    search_text_add(&indexed, text, len);
    must(utf8_valid(buf_str(&indexed), indexed.len));
    if (len && text[len - 1] != '*' && search_text_query(&needle, text, len, &prefix))
        must(search_text_match(buf_str(&indexed), buf_str(&needle), prefix));
    buf_release(&indexed);
    buf_release(&needle);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena a = ARENA_INIT;
    struct query *q;
    struct query_problem p;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = 0;
    size_t len = strlen(text);
    enum sp_status st = query_parse(text, 1773327845, &a, &q, &p);
    must(st == SP_OK || st == SP_INVALID);
    if (st)
        must(!q && p.error != SEARCH_FINE && p.at <= len && *query_error(p.error) && p.word && p.choices);
    else
        must(check_tree(q, len, 0) <= QUERY_MAX_NODES);
    check_text(text, len);
    arena_release(&a);
    free(text);
    return 0;
}
