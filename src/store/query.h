/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query language: text to tree. Pure: no store, no configuration; the time is an argument (the time zone is the process's). The words
   are a table, see base/searchwords.h. Colons, brackets, quotes and spaces of Chinese input methods count as the plain ones. */
#ifndef SP_STORE_QUERY_H
#define SP_STORE_QUERY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/searchwords.h"
#include "base/status.h"

#define QUERY_MAX_NODES 256
#define QUERY_MAX_DEPTH 32

enum query_op { QUERY_AND, QUERY_OR, QUERY_NOT, QUERY_TERM };

struct query {
    enum query_op op;
    struct query *first, *next;  /* children of an operator (NOT: one); next: the sibling */
    enum search_word word;       /* of a term */
    const char *text;            /* its value as written (quotes and * taken off) */
    const char *tokens;          /* of TEXT: as search_text_query makes them */
    size_t tokens_n;
    bool prefix;                 /* the last token may go on */
    int64_t from, until;         /* DATE: [from, until) in seconds since 1970; SIZE: [from, until) in bytes */
    unsigned choice;             /* CHOICE: which of the fixed values */
    uint32_t at, len;            /* where the value is in the query, bytes */
    const uint64_t *folders;     /* FOLDER, ACCOUNT: filled in by whoever knows the names */
    size_t folders_n;
    bool covered;                /* scratch of the search: its candidates all fulfil it */
};

struct query_problem {
    enum search_error error;
    const char *word;            /* what it is about, in the arena */
    uint32_t at;                 /* byte offset of it */
    const char *choices;         /* the words that would have been known, separated by spaces; "" when there is no such list */
};

/* SP_OK with the tree; SP_INVALID with the problem; SP_NOMEM. All in the arena; text need not be valid UTF-8. */
enum sp_status query_parse(const char *text, int64_t now, struct arena *arena, struct query **out, struct query_problem *problem) SP_MUST_USE;
/* The kind of value of a word, and its stable name. */
enum search_value query_value(enum search_word word);
const char *query_word(enum search_word word);
const char *query_error(enum search_error error);
/* All words, separated by spaces. */
const char *query_words(void);

#endif
