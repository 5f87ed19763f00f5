/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The full-text index and searching. Each database has its own index (mail of servers in `cache`, local mail in `own`); a search looks into
   both. Documents are ordered as the index of messages is, so that the newest hits come first without sorting. All calls are bounded by
   their arguments. */
#ifndef SP_STORE_SEARCH_H
#define SP_STORE_SEARCH_H

#include "query.h"
#include "store.h"

/* --- feeding: three kinds of work wait in the store, and survive a crash there */

/* Headers of messages that are not in the index yet, at most max. *done 0: none is left. */
enum sp_status store_search_headers(struct store *s, size_t max, size_t *done) SP_MUST_USE;
/* What is left of messages that were removed, at most max. */
enum sp_status store_search_gone(struct store *s, size_t max, size_t *done) SP_MUST_USE;
/* Messages whose words changed or whose text can be had by now, at most max ids. Each stays until store_search_put or _skip. */
enum sp_status store_search_todo(struct store *s, uint64_t *ids, size_t max, size_t *n) SP_MUST_USE;
enum store_search_level {
    STORE_SEARCH_HEADERS,   /* the text is not here yet */
    STORE_SEARCH_TEXT,
    STORE_SEARCH_DECRYPTED, /* the text was encrypted */
    STORE_SEARCH_WITHHELD,  /* it was encrypted and is kept out of the index */
};
/* NULL texts count as "". */
struct store_search_text {
    uint64_t id;
    const char *from, *to, *cc, *subject, *list, *file, *body;
    enum store_search_level level;
};
/* Replaces what the index has of these messages. Not inside a transaction. One that is gone is passed over. */
enum sp_status store_search_put(struct store *s, const struct store_search_text *t, size_t n) SP_MUST_USE;
/* What this message needs cannot be had now. */
enum sp_status store_search_skip(struct store *s, uint64_t id) SP_MUST_USE;
/* Puts messages with texts of that level back among those to be done: those after *from (0 at first), at most max. *from moves on; *n 0: no
   more. */
enum sp_status store_search_again(struct store *s, enum store_search_level level, uint64_t *from, size_t max, size_t *n) SP_MUST_USE;
/* Messages whose bodies are here but were not judged yet, at most max ids: without that they have no text for the index. */
enum sp_status store_search_waiting(struct store *s, uint64_t *ids, size_t max, size_t *n) SP_MUST_USE;
/* Everything that waits: messages without headers in the index (an upper bound), texts to be put, remains to be removed. */
enum sp_status store_search_left(struct store *s, uint64_t *headers, uint64_t *texts, uint64_t *gone) SP_MUST_USE;
/* How many messages of a folder have their text in the index (maintained). */
enum sp_status store_search_texts(struct store *s, uint64_t folder, uint64_t *n) SP_MUST_USE;

/* --- searching */

struct store_hit {
    uint64_t id;
    int64_t sort;
    bool unread;
};
struct store_search;
/* Prepares a search, which looks at nothing yet. q: borrowed, its folders filled in; it is marked. folders: ids ascending, where to look;
   NULL with 0 = everywhere. */
enum sp_status store_search_new(struct store *s, struct query *q, const uint64_t *folders, size_t folders_n, struct store_search **out) SP_MUST_USE;
/* NULL is allowed. */
void store_search_free(struct store_search *ss);
/* Goes on from where it was: looks at about `budget` messages and hands out at most max of those that fit, newest first. SP_EOF: that was
   the end (hits may still have come). Changes of the store in between are allowed. */
enum sp_status store_search_step(struct store_search *ss, size_t budget, struct store_hit *hits, size_t max, size_t *n) SP_MUST_USE;
/* Does it ask for words of the text itself, which may not be here? */
bool store_search_wants_text(const struct query *q);

/* Can this message be a hit, when a server says that it holds the words? What is known here must fit; words that are not here may. */
enum sp_status store_search_possible(struct store *s, const struct query *q, uint64_t id, int64_t *sort, bool *yes) SP_MUST_USE;

/* The rows with these ids, in that order; those that are gone are left out. */
enum sp_status store_rows(struct store *s, const uint64_t *ids, size_t n, struct arena *a, struct wr_index_row **rows, uint32_t *rows_n) SP_MUST_USE;

/* --- saved searches (own) */
struct store_saved {
    uint64_t id;
    const char *name, *query;
};
/* id 0: new, set. */
enum sp_status store_saved_put(struct store *s, struct store_saved *v) SP_MUST_USE;
enum sp_status store_saved_remove(struct store *s, uint64_t id) SP_MUST_USE;
/* In the order of their names. */
enum sp_status store_saved_list(struct store *s, struct arena *a, struct store_saved **out, size_t *n) SP_MUST_USE;

#endif
