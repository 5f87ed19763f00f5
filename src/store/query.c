/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a query: words and signs first, then "or" below "and" below "not". */
#include "query.h"

#include <string.h>
#include <strings.h>

#include "query_value.h"
#include "search_text.h"

static const struct {
    const char *word, *fixed;
    enum search_value value;
} words[] = {
#define W(name, word, value, fixed) {word, fixed, SEARCH_VALUE_##value},
    SEARCH_WORDS(W)
#undef W
};

static const char all_words[] =
#define W(name, word, value, fixed) word " "
    SEARCH_WORDS(W)
#undef W
    ;

enum search_value
query_value(enum search_word word)
{
    return word < SEARCH_WORD_COUNT ? words[word].value : SEARCH_VALUE_TEXT;
}

const char *
query_word(enum search_word word)
{
    return word < SEARCH_WORD_COUNT ? words[word].word : "";
}

const char *
query_words(void)
{
    return all_words;
}

const char *
query_error(enum search_error error)
{
    static const char *const ids[] = {
        "",
#define E(name, id) id,
        SEARCH_ERRORS(E)
#undef E
    };
    return error < sizeof ids / sizeof *ids ? ids[error] : "";
}

/* --- signs */

enum sign { SIGN_NONE, SIGN_SPACE, SIGN_OPEN, SIGN_CLOSE, SIGN_QUOTE, SIGN_COLON };

static const struct {
    const char *bytes;
    enum sign sign;
} signs[] = {
    {" ", SIGN_SPACE}, {"\t", SIGN_SPACE}, {"\n", SIGN_SPACE}, {"\r", SIGN_SPACE}, {"\xe3\x80\x80", SIGN_SPACE}, {"\xc2\xa0", SIGN_SPACE},
    {"(", SIGN_OPEN}, {"\xef\xbc\x88", SIGN_OPEN}, {")", SIGN_CLOSE}, {"\xef\xbc\x89", SIGN_CLOSE},
    {"\"", SIGN_QUOTE}, {"\xe2\x80\x9c", SIGN_QUOTE}, {"\xe2\x80\x9d", SIGN_QUOTE}, {"\xef\xbc\x82", SIGN_QUOTE},
    {":", SIGN_COLON}, {"\xef\xbc\x9a", SIGN_COLON},
};

static enum sign
sign_at(const char *s, size_t *len)
{
    for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
        *len = strlen(signs[i].bytes);
        if (strncmp(s, signs[i].bytes, *len) == 0)
            return signs[i].sign;
    }
    *len = 1;
    return SIGN_NONE;
}

struct reader {
    const char *text;
    size_t at;
    int64_t now;
    struct arena *arena;
    struct query_problem *problem;
    unsigned nodes, depth;
    enum sp_status st;
};

static struct query *parse_or(struct reader *r);

static struct query *
wrong(struct reader *r, enum search_error error, size_t at, size_t len, const char *choices)
{
    if (r->st == SP_OK) {
        r->st = SP_INVALID;
        *r->problem = (struct query_problem){.error = error, .at = (uint32_t)at, .choices = choices,
                                             .word = arena_strndup(r->arena, r->text + at, len)};
        if (!r->problem->word)
            r->st = SP_NOMEM;
    }
    return NULL;
}

static struct query *
node(struct reader *r, enum query_op op)
{
    if (++r->nodes > QUERY_MAX_NODES)
        return wrong(r, SEARCH_TOO_COMPLEX, r->at, 0, "");
    struct query *q = arena_alloc(r->arena, sizeof *q);
    if (!q)
        r->st = SP_NOMEM;
    else
        q->op = op;
    return q;
}

static enum sign
peek(struct reader *r, size_t *len)
{
    while (r->text[r->at] && sign_at(r->text + r->at, len) == SIGN_SPACE)
        r->at += *len;
    *len = 0;
    return r->text[r->at] ? sign_at(r->text + r->at, len) : SIGN_NONE;
}

/* Bytes until the next space, bracket or quote. */
static size_t
bare_length(const char *s)
{
    size_t at = 0, len;
    while (s[at]) {
        enum sign sign = sign_at(s + at, &len);
        if (sign != SIGN_NONE && sign != SIGN_COLON)
            break;
        at += len;
    }
    return at;
}

/* --- terms */

static bool
choose(const char *fixed, const char *text, unsigned *choice)
{
    size_t len = strlen(text);
    *choice = 0;
    for (const char *at = fixed; *at; (*choice)++) {
        size_t n = strcspn(at, " ");
        if (n == len && strncasecmp(at, text, n) == 0)
            return true;
        at += n + (at[n] == ' ');
    }
    return false;
}

static struct query *
text_term(struct reader *r, struct query *q)
{
    struct buf b = BUF_INIT;
    size_t len = strlen(q->text);
    q->tokens_n = search_text_query(&b, q->text, len, &q->prefix);
    q->tokens = arena_strndup(r->arena, buf_str(&b), b.len);
    if (buf_status(&b) != SP_OK || !q->tokens)
        r->st = SP_NOMEM;
    buf_release(&b);
    if (r->st == SP_OK && q->tokens_n == 0)
        return wrong(r, SEARCH_NO_LETTERS, q->at, q->len, "");
    return r->st ? NULL : q;
}

static struct query *
date_term(struct reader *r, struct query *q)
{
    if (!query_date(q->text, r->now, &q->from, &q->until) || (q->word != SEARCH_WORD_DATE && strstr(q->text, "..")))
        return wrong(r, SEARCH_BAD_DATE, q->at, q->len, words[q->word].fixed);
    if (q->word == SEARCH_WORD_AFTER) {
        q->until = INT64_MAX;
    } else if (q->word == SEARCH_WORD_BEFORE) {
        q->until = q->from;
        q->from = INT64_MIN;
    }
    return q;
}

static struct query *
size_term(struct reader *r, struct query *q)
{
    int64_t bytes;
    if (!query_size(q->text, &bytes))
        return wrong(r, SEARCH_BAD_SIZE, q->at, q->len, "");
    q->from = q->word == SEARCH_WORD_LARGER ? bytes + 1 : 0;
    q->until = q->word == SEARCH_WORD_LARGER ? INT64_MAX : bytes;
    return q;
}

/* The value of a term: quoted, or up to the next space or bracket. */
static struct query *
value(struct reader *r, enum search_word word)
{
    size_t len = 0, start = r->at;
    enum sign sign = r->text[r->at] ? sign_at(r->text + r->at, &len) : SIGN_NONE;
    struct query *q = node(r, QUERY_TERM);
    if (!q)
        return NULL;
    q->word = word;
    if (sign == SIGN_QUOTE) {
        size_t open = start + len, at = open;
        while (r->text[at] && sign_at(r->text + at, &len) != SIGN_QUOTE)
            at += len;
        if (!r->text[at])
            return wrong(r, SEARCH_UNCLOSED_QUOTE, start, strlen(r->text + start), "");
        q->at = (uint32_t)open;
        q->len = (uint32_t)(at - open);
        r->at = at + len;
    } else {
        q->at = (uint32_t)start;
        q->len = (uint32_t)bare_length(r->text + start);
        r->at = start + q->len;
    }
    q->text = arena_strndup(r->arena, r->text + q->at, q->len);
    if (!q->text) {
        r->st = SP_NOMEM;
        return NULL;
    }
    if (q->len == 0 && word != SEARCH_WORD_ANY)
        return wrong(r, SEARCH_MISSING_VALUE, start, 0, words[word].fixed);
    switch (query_value(word)) {
    case SEARCH_VALUE_TEXT:
        return text_term(r, q);
    case SEARCH_VALUE_DATE:
        return date_term(r, q);
    case SEARCH_VALUE_SIZE:
        return size_term(r, q);
    case SEARCH_VALUE_CHOICE:
        return choose(words[word].fixed, q->text, &q->choice) ? q : wrong(r, SEARCH_BAD_VALUE, q->at, q->len, words[word].fixed);
    default:
        return q;
    }
}

/* How long the word before a colon is, when one stands at s; *after: bytes with the colon. */
static size_t
word_length(const char *s, size_t *after)
{
    size_t n = 0, len;
    while ((s[n] >= 'a' && s[n] <= 'z') || (s[n] >= 'A' && s[n] <= 'Z') || s[n] == '-')
        n++;
    if (n == 0 || s[0] == '-' || !s[n] || sign_at(s + n, &len) != SIGN_COLON)
        return 0;
    *after = n + len;
    return n;
}

static struct query *
term(struct reader *r)
{
    const char *s = r->text + r->at;
    size_t after = 0, n = word_length(s, &after);
    for (unsigned i = 0; n && i < SEARCH_WORD_COUNT; i++)
        if (strlen(words[i].word) == n && strncasecmp(words[i].word, s, n) == 0) {
            r->at += after;
            return value(r, (enum search_word)i);
        }
    /* http://... and a colon at the end of a word are text; anything else that looks like a word of ours is a slip. */
    if (n && s[after] && s[after] != '/' && bare_length(s) > after)
        return wrong(r, SEARCH_UNKNOWN_WORD, r->at, n, all_words);
    return value(r, SEARCH_WORD_ANY);
}

/* --- operators */

static bool
operator_here(struct reader *r, const char *name)
{
    size_t n = strlen(name);
    return strncasecmp(r->text + r->at, name, n) == 0 && bare_length(r->text + r->at) == n;
}

static bool
any_operator(struct reader *r)
{
#define O(op, name)                \
    if (operator_here(r, name))    \
        return true;
    SEARCH_OPERATORS(O)
#undef O
    return false;
}

static struct query *
inside(struct reader *r, size_t len)
{
    size_t open = r->at;
    r->at += len;
    if (++r->depth > QUERY_MAX_DEPTH)
        return wrong(r, SEARCH_TOO_COMPLEX, open, 1, "");
    struct query *q = parse_or(r);
    r->depth--;
    if (q && peek(r, &len) != SIGN_CLOSE)
        return wrong(r, SEARCH_UNCLOSED_BRACKET, open, 1, "");
    r->at += q ? len : 0;
    return q;
}

static struct query *
parse_not(struct reader *r)
{
    size_t len, start;
    enum sign sign = peek(r, &len);
    start = r->at;
    if (sign == SIGN_OPEN)
        return inside(r, len);
    bool dash = r->text[r->at] == '-' && r->text[r->at + 1] && sign_at(r->text + r->at + 1, &len) != SIGN_SPACE && r->text[r->at + 1] != '-';
    if (dash || operator_here(r, "not")) {
        struct query *q = node(r, QUERY_NOT);
        r->at += dash ? 1 : 3;
        if (++r->depth > QUERY_MAX_DEPTH)
            return wrong(r, SEARCH_TOO_COMPLEX, start, 1, "");
        struct query *child = q ? parse_not(r) : NULL;
        r->depth--;
        if (!child)
            return NULL;
        q->first = child;
        return q;
    }
    if (!r->text[r->at] || sign == SIGN_CLOSE || any_operator(r))
        return wrong(r, SEARCH_MISSING_TERM, r->at, bare_length(r->text + r->at), "");
    return term(r);
}

/* Children of one operator in a row; a single one needs no operator. */
static struct query *
join(struct reader *r, enum query_op op, struct query *(*next)(struct reader *), bool (*more)(struct reader *))
{
    struct query *first = next(r), *list = NULL, *last = first;
    while (last && more(r)) {
        if (!list) {
            list = node(r, op);
            if (!list)
                return NULL;
            list->first = first;
        }
        last->next = next(r);
        last = last->next;
    }
    return last ? (list ? list : first) : NULL;
}

static bool
more_and(struct reader *r)
{
    size_t len;
    enum sign sign = peek(r, &len);
    if (!r->text[r->at] || sign == SIGN_CLOSE || operator_here(r, "or"))
        return false;
    if (operator_here(r, "and"))
        r->at += 3;
    return true;
}

static bool
more_or(struct reader *r)
{
    size_t len;
    (void)peek(r, &len);
    if (!operator_here(r, "or"))
        return false;
    r->at += 2;
    return true;
}

static struct query *
parse_and(struct reader *r)
{
    return join(r, QUERY_AND, parse_not, more_and);
}

static struct query *
parse_or(struct reader *r)
{
    return join(r, QUERY_OR, parse_and, more_or);
}

enum sp_status
query_parse(const char *text, int64_t now, struct arena *arena, struct query **out, struct query_problem *problem)
{
    struct reader r = {.text = text, .now = now, .arena = arena, .problem = problem};
    size_t len;
    enum sign sign = peek(&r, &len);
    *problem = (struct query_problem){.word = "", .choices = ""};
    *out = NULL;
    if (!text[r.at])
        (void)wrong(&r, SEARCH_EMPTY, r.at, 0, "");
    else if (sign == SIGN_CLOSE)
        (void)wrong(&r, SEARCH_STRAY_BRACKET, r.at, len, "");
    else
        *out = parse_or(&r);
    if (*out && peek(&r, &len) == SIGN_CLOSE)
        (void)wrong(&r, SEARCH_STRAY_BRACKET, r.at, len, "");
    if (r.st)
        *out = NULL;
    return r.st;
}
