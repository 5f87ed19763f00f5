/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The words of the query language. From this table come the parser (src/store/query.c), the help and the completion of the screen, and
   the manual page's list.

   W(NAME, "word", VALUE, "fixed values, separated by spaces"): written word:value. VALUE is a kind of SEARCH_VALUES. */
#ifndef SP_BASE_SEARCHWORDS_H
#define SP_BASE_SEARCHWORDS_H

/* V(KIND): TEXT words or a "phrase" (the last * stands for the rest of a word); DATE YYYY, YYYY-MM, YYYY-MM-DD, today, yesterday, 7d 2w 3m 1y
   (that long ago until now), and for date: ranges A..B, A.., ..B; SIZE bytes, or with K, M, G; CHOICE one of the fixed values;
   FOLDER, ACCOUNT: a name. */
#define SEARCH_VALUES(V) V(TEXT) V(DATE) V(SIZE) V(CHOICE) V(FOLDER) V(ACCOUNT) V(KEYWORD)

#define SEARCH_WORDS(W)                                                                                     \
    W(FROM, "from", TEXT, "")                                                                               \
    W(TO, "to", TEXT, "")                                                                                   \
    W(CC, "cc", TEXT, "")                                                                                   \
    W(SUBJECT, "subject", TEXT, "")                                                                         \
    W(BODY, "body", TEXT, "")                                                                               \
    W(FILE, "file", TEXT, "")                                                                               \
    W(LIST, "list", TEXT, "")                                                                               \
    W(DATE, "date", DATE, "today yesterday 7d 2w 3m 1y")                                                    \
    W(AFTER, "after", DATE, "today yesterday 7d 2w 3m 1y")                                                  \
    W(BEFORE, "before", DATE, "today yesterday 7d 2w 3m 1y")                                                \
    W(LARGER, "larger", SIZE, "")                                                                           \
    W(SMALLER, "smaller", SIZE, "")                                                                         \
    W(IS, "is", CHOICE, "unread read flagged replied forwarded draft deleted encrypted")                    \
    W(HAS, "has", CHOICE, "attachment")                                                                     \
    W(SEAL, "seal", CHOICE, "verified unverified bad none")                                                 \
    W(LOCK, "lock", CHOICE, "yes no")                                                                       \
    W(AUTH, "auth", CHOICE, "pass fail unknown")                                                            \
    W(RISK, "risk", CHOICE, "none notice caution danger")                                                   \
    W(IN, "in", FOLDER, "")                                                                                 \
    W(ACCOUNT, "account", ACCOUNT, "")                                                                      \
    W(KEYWORD, "keyword", KEYWORD, "")

/* Between terms; and is meant where nothing stands. A leading - is not. */
#define SEARCH_OPERATORS(O) O(AND, "and") O(OR, "or") O(NOT, "not")

/* What can be wrong with a query: E(NAME, "id"). search_open answers INVALID with the args id, the words it is about, their byte offset in
   the query, and the nearest known word or "". */
#define SEARCH_ERRORS(E)                                                                                    \
    E(EMPTY, "empty")                       /* nothing is asked for */                                      \
    E(UNKNOWN_WORD, "unknown-word")         /* such a word: is not known */                                 \
    E(MISSING_VALUE, "missing-value")       /* nothing stands after the colon */                            \
    E(BAD_VALUE, "bad-value")               /* none of the fixed values */                                  \
    E(BAD_DATE, "bad-date")                                                                                 \
    E(BAD_SIZE, "bad-size")                                                                                 \
    E(NO_LETTERS, "no-letters")             /* only signs, nothing that the index could hold */             \
    E(MISSING_TERM, "missing-term")         /* an operator without what it needs */                         \
    E(UNCLOSED_QUOTE, "unclosed-quote")                                                                     \
    E(UNCLOSED_BRACKET, "unclosed-bracket")                                                                 \
    E(STRAY_BRACKET, "stray-bracket")                                                                       \
    E(TOO_COMPLEX, "too-complex")           /* too many terms, or too deep */                               \
    E(UNKNOWN_FOLDER, "unknown-folder")                                                                     \
    E(UNKNOWN_ACCOUNT, "unknown-account")

enum search_value {
#define V(kind) SEARCH_VALUE_##kind,
    SEARCH_VALUES(V)
#undef V
};

enum search_word {
#define W(name, word, value, fixed) SEARCH_WORD_##name,
    SEARCH_WORDS(W)
#undef W
    SEARCH_WORD_COUNT,
    SEARCH_WORD_ANY = SEARCH_WORD_COUNT, /* a word without a colon: any of the texts */
};

enum search_error {
    SEARCH_FINE,
#define E(name, id) SEARCH_##name,
    SEARCH_ERRORS(E)
#undef E
};

#endif
