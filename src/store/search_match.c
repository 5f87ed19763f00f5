/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From a query to an expression of FTS4. Its plain syntax has neither brackets nor a "not" of its own, and only its enhanced one (a choice
   when SQLite is built) has: so we make what means the same in both, a conjunction of alternatives, which narrows the documents down. What
   it does not say exactly is looked at document by document. */
#include <string.h>

#include "base/buf.h"
#include "search_internal.h"

#define MAX_CLAUSES 24

static const char *const columns[] = {"from_", "to_", "cc", "subject", "list", "file", "body"};

static const char *
column_of(enum search_word word)
{
    static const struct {
        enum search_word word;
        enum search_column column;
    } map[] = {{SEARCH_WORD_FROM, SEARCH_FROM}, {SEARCH_WORD_TO, SEARCH_TO}, {SEARCH_WORD_CC, SEARCH_CC}, {SEARCH_WORD_SUBJECT, SEARCH_SUBJECT},
               {SEARCH_WORD_LIST, SEARCH_LIST}, {SEARCH_WORD_FILE, SEARCH_FILE}, {SEARCH_WORD_BODY, SEARCH_BODY}};
    for (size_t i = 0; i < sizeof map / sizeof *map; i++)
        if (map[i].word == word)
            return columns[map[i].column];
    return NULL;
}

static bool
is_text(const struct query *q)
{
    return q->op == QUERY_TERM && query_value(q->word) == SEARCH_VALUE_TEXT;
}

/* A phrase in one column cannot be said. */
static bool
exact(const struct query *q)
{
    return q->tokens_n == 1 || !column_of(q->word);
}

/* The term as one clause: exact, or that its tokens are in the column. alone: else only the first of them, which is the rarest of an
   address. */
static void
add_term(struct buf *out, const struct query *q, bool alone)
{
    const char *column = column_of(q->word), *at = q->tokens;
    if (!column) {
        buf_addf(out, "\"%.*s%s\"", (int)strlen(q->tokens) - 1, q->tokens, q->prefix ? "*" : "");
        return;
    }
    for (size_t i = 0; i < (alone ? q->tokens_n : 1); i++) {
        size_t n = strcspn(at, " ");
        buf_addf(out, "%s%s:%.*s%s", i ? " " : "", column, (int)n, at, q->prefix && i + 1 == q->tokens_n ? "*" : "");
        at += n + 1;
    }
}

struct clauses {
    const char *text[MAX_CLAUSES];
    size_t n;
};

static void
keep(struct clauses *c, struct buf *b, struct arena *a)
{
    const char *text = b->len && buf_status(b) == SP_OK && c->n < MAX_CLAUSES ? arena_strndup(a, b->data, b->len) : NULL;
    if (text)
        c->text[c->n++] = text;
    buf_release(b);
}

static void clauses_of(struct query *q, struct clauses *c, bool top, struct arena *a);

/* a OR b: each alternative gives one of its clauses; when one gives none, anything is possible. */
static void
alternatives(struct query *q, struct clauses *c, bool top, struct arena *a)
{
    struct buf b = BUF_INIT;
    bool all_exact = true;
    for (struct query *child = q->first; child; child = child->next) {
        struct clauses inner = {.n = 0};
        clauses_of(child, &inner, false, a);
        if (!inner.n) {
            buf_release(&b);
            return;
        }
        all_exact &= is_text(child) && exact(child);
        buf_addf(&b, "%s%s", b.len ? " OR " : "", inner.text[0]);
    }
    q->covered = top && all_exact && c->n < MAX_CLAUSES;
    keep(c, &b, a);
}

static void
clauses_of(struct query *q, struct clauses *c, bool top, struct arena *a)
{
    struct buf b = BUF_INIT;
    switch (q->op) {
    case QUERY_AND:
        for (struct query *child = q->first; child; child = child->next)
            clauses_of(child, c, top, a);
        break;
    case QUERY_OR:
        alternatives(q, c, top, a);
        break;
    case QUERY_TERM:
        if (is_text(q)) {
            add_term(&b, q, top);
            q->covered = top && exact(q) && c->n < MAX_CLAUSES;
            keep(c, &b, a);
        }
        break;
    default:
        break;
    }
}

const char *
search_match(struct query *q, bool brackets, struct arena *a)
{
    struct clauses c = {.n = 0};
    struct buf b = BUF_INIT;
    clauses_of(q, &c, true, a);
    for (size_t i = 0; i < c.n; i++) {
        bool wrap = brackets && strstr(c.text[i], " OR ");
        buf_addf(&b, "%s%s%s%s", i ? " " : "", wrap ? "(" : "", c.text[i], wrap ? ")" : "");
    }
    const char *text = buf_status(&b) == SP_OK ? arena_strndup(a, buf_str(&b), b.len) : NULL;
    buf_release(&b);
    return text;
}
