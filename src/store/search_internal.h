/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the store: what the files of the index share. */
#ifndef SP_STORE_SEARCH_INTERNAL_H
#define SP_STORE_SEARCH_INTERNAL_H

#include "db.h"
#include "query.h"

#define SEARCH_ID_BITS 22 /* of a message's id in the number of its document */

/* The columns of the index, in the order of the table. */
enum search_column { SEARCH_FROM, SEARCH_TO, SEARCH_CC, SEARCH_SUBJECT, SEARCH_LIST, SEARCH_FILE, SEARCH_BODY, SEARCH_COLUMNS };

/* Where a message's document is looked for first. */
int64_t search_docid(int64_t sort, uint64_t id);
/* Its document's number; SP_NOT_FOUND. */
enum sp_status search_find(struct db *db, int64_t sort, uint64_t id, int64_t *docid) SP_MUST_USE;

/* --- search_match.c */
/* The MATCH expression whose documents hold all that fulfil q, and some more perhaps; "" when it would be all. Marks those terms as covered
   that every document of the expression fulfils. brackets: FTS understands them. */
const char *search_match(struct query *q, bool brackets, struct arena *a);

#endif
