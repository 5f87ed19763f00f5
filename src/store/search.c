/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Searching: candidates come from the newest to the oldest, from the full-text index, from one folder, or from all documents; each is held
   against the query. Every piece of work begins with a question of its own by key, so that the store may change in between, and nothing
   stays open. */
#include "search.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"
#include "search_internal.h"
#include "search_text.h"

#define CHUNK_FIRST 64
#define CHUNK_MAX 1024
#define CLOCKS (2 * 86400) /* by so much a message may say that it was written after it came */

struct candidate {
    int64_t docid;             /* 0 = not known (walking a folder) */
    int64_t sort, date;
    uint64_t id, folder, size;
    uint32_t flags;
    uint8_t seal, lock, sender, risk, judged;
    const char *keywords;
};

/* One database: its candidates of the last question, and where the next one begins. */
struct side {
    struct db *db;
    bool ended;
    int64_t docid;             /* the next is below */
    int64_t sort;              /* the same when walking a folder */
    uint64_t id;
    size_t chunk;
    struct arena arena;        /* of the candidates */
    struct candidate *list;
    size_t n, at;
};

struct store_search {
    struct store *store;
    struct query *query;
    struct arena arena;
    const char *match;         /* "" = none */
    uint64_t *folders;         /* ascending; NULL = all */
    size_t folders_n;
    uint64_t folder;           /* the only one, walked by itself; 0 = none */
    int64_t oldest;            /* no message that came before can fit */
    struct side sides[2];
};

/* --- preparing */

static bool
has_folder(const uint64_t *folders, size_t n, uint64_t id)
{
    size_t low = 0, high = n;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (folders[mid] < id)
            low = mid + 1;
        else
            high = mid;
    }
    return low < n && folders[low] == id;
}

/* What every hit must fulfil narrows the walk: folders, and how old it may be. */
static void
narrow(struct store_search *ss, const struct query *q)
{
    if (q->op == QUERY_AND) {
        for (const struct query *child = q->first; child; child = child->next)
            narrow(ss, child);
        return;
    }
    if (q->op != QUERY_TERM)
        return;
    enum search_value value = query_value(q->word);
    if (value == SEARCH_VALUE_DATE && q->from > ss->oldest + CLOCKS)
        ss->oldest = q->from - CLOCKS;
    if (value != SEARCH_VALUE_FOLDER && value != SEARCH_VALUE_ACCOUNT)
        return;
    size_t n = 0;
    uint64_t *both = arena_array(&ss->arena, q->folders_n + 1, sizeof *both);
    if (!both)
        return; /* it is looked at hit by hit */
    for (size_t i = 0; i < q->folders_n; i++)
        if (!ss->folders || has_folder(ss->folders, ss->folders_n, q->folders[i]))
            both[n++] = q->folders[i];
    ss->folders = both;
    ss->folders_n = n;
}

enum sp_status
store_search_new(struct store *s, struct query *q, const uint64_t *folders, size_t folders_n, struct store_search **out)
{
    struct store_search *ss = calloc(1, sizeof *ss);
    *out = NULL;
    if (!ss)
        return SP_NOMEM;
    ss->store = s;
    ss->query = q;
    if (folders_n) {
        ss->folders = arena_array(&ss->arena, folders_n, sizeof *folders);
        if (ss->folders)
            memcpy(ss->folders, folders, folders_n * sizeof *folders);
        ss->folders_n = folders_n;
    }
    ss->match = search_match(q, sqlite3_compileoption_used("ENABLE_FTS3_PARENTHESIS"), &ss->arena);
    if (!ss->match || (folders_n && !ss->folders)) {
        store_search_free(ss);
        return SP_NOMEM;
    }
    narrow(ss, q);
    if (ss->folders_n == 1 && !*ss->match)
        ss->folder = ss->folders[0];
    struct db *const dbs[] = {&s->cache, &s->own};
    for (size_t i = 0; i < 2; i++) {
        bool any = !ss->folders;
        for (size_t k = 0; !any && k < ss->folders_n; k++)
            any = db_of(s, ss->folders[k]) == dbs[i];
        ss->sides[i] = (struct side){.db = dbs[i], .ended = !any, .docid = INT64_MAX, .sort = INT64_MAX, .id = INT64_MAX, .chunk = CHUNK_FIRST};
    }
    *out = ss;
    return SP_OK;
}

void
store_search_free(struct store_search *ss)
{
    if (!ss)
        return;
    for (size_t i = 0; i < 2; i++)
        arena_release(&ss->sides[i].arena);
    arena_release(&ss->arena);
    free(ss);
}

bool
store_search_wants_text(const struct query *q)
{
    if (q->op == QUERY_TERM)
        return q->word == SEARCH_WORD_ANY || q->word == SEARCH_WORD_BODY || q->word == SEARCH_WORD_FILE || q->word == SEARCH_WORD_CC;
    for (const struct query *child = q->first; child; child = child->next)
        if (store_search_wants_text(child))
            return true;
    return false;
}

/* --- candidates */

#define CANDIDATE "m.id, m.folder, m.sort, m.date, m.flags, m.size, m.seal, m.lock, m.sender, m.risk, m.judged, m.keywords"

static const char by_words[] =
    "SELECT d.docid, " CANDIDATE " FROM search x CROSS JOIN search_doc d ON d.docid = x.docid CROSS JOIN message m ON m.id = d.message"
    " WHERE x.search MATCH ?1 AND x.docid < ?2 AND x.docid >= ?3 ORDER BY x.docid DESC LIMIT ?4";
static const char by_document[] =
    "SELECT d.docid, " CANDIDATE " FROM search_doc d CROSS JOIN message m ON m.id = d.message"
    " WHERE d.docid < ?1 AND d.docid >= ?2 ORDER BY d.docid DESC LIMIT ?3";
static const char by_folder[] =
    "SELECT 0, " CANDIDATE " FROM message m WHERE m.folder = ?1 AND (m.sort, m.id) < (?2, ?3) AND m.sort >= ?4"
    " ORDER BY m.sort DESC, m.id DESC LIMIT ?5";

static enum sp_status
ask(struct store_search *ss, struct side *side, sqlite3_stmt **q)
{
    int64_t lowest = ss->oldest > 0 ? search_docid(ss->oldest, 0) : 0;
    if (ss->folder)
        return db_query(side->db, by_folder, DB_ARGS(DB_I(ss->folder), DB_I(side->sort), DB_I(side->id), DB_I(ss->oldest), DB_I(side->chunk)), q);
    if (*ss->match)
        return db_query(side->db, by_words, DB_ARGS(DB_T(ss->match), DB_I(side->docid), DB_I(lowest), DB_I(side->chunk)), q);
    return db_query(side->db, by_document, DB_ARGS(DB_I(side->docid), DB_I(lowest), DB_I(side->chunk)), q);
}

static bool
read_candidate(sqlite3_stmt *q, struct arena *a, struct candidate *c)
{
    *c = (struct candidate){
        .docid = sqlite3_column_int64(q, 0),
        .id = (uint64_t)sqlite3_column_int64(q, 1),
        .folder = (uint64_t)sqlite3_column_int64(q, 2),
        .sort = sqlite3_column_int64(q, 3),
        .date = sqlite3_column_int64(q, 4),
        .flags = (uint32_t)sqlite3_column_int64(q, 5),
        .size = (uint64_t)sqlite3_column_int64(q, 6),
        .seal = (uint8_t)sqlite3_column_int(q, 7),
        .lock = (uint8_t)sqlite3_column_int(q, 8),
        .sender = (uint8_t)sqlite3_column_int(q, 9),
        .risk = (uint8_t)sqlite3_column_int(q, 10),
        .judged = (uint8_t)sqlite3_column_int(q, 11),
        .keywords = db_text(q, 12, a),
    };
    return c->keywords;
}

static enum sp_status
fill(struct store_search *ss, struct side *side)
{
    sqlite3_stmt *q = NULL;
    size_t max = side->chunk;
    arena_clear(&side->arena);
    side->n = side->at = 0;
    side->list = arena_array(&side->arena, max, sizeof *side->list);
    enum sp_status st = side->list ? ask(ss, side, &q) : SP_NOMEM;
    while (!st && side->n < max && !(st = db_step(side->db, q))) {
        if (!read_candidate(q, &side->arena, &side->list[side->n++]))
            st = SP_NOMEM;
    }
    db_end(q);
    if (st && st != SP_EOF)
        return st;
    side->ended = side->n < max;
    if (side->n) {
        const struct candidate *last = &side->list[side->n - 1];
        side->docid = last->docid;
        side->sort = last->sort;
        side->id = last->id;
    }
    side->chunk = max * 2 < CHUNK_MAX ? max * 2 : CHUNK_MAX;
    return SP_OK;
}

/* --- holding one against the query */

static bool
is_flag(const struct candidate *c, unsigned choice)
{
    static const uint32_t bits[] = {SP_FLAG_SEEN, SP_FLAG_SEEN, SP_FLAG_FLAGGED, SP_FLAG_ANSWERED, SP_FLAG_FORWARDED, SP_FLAG_DRAFT, SP_FLAG_DELETED};
    if (choice >= sizeof bits / sizeof *bits) /* encrypted */
        return c->lock != SP_ENCRYPTION_NONE;
    return ((c->flags & bits[choice]) != 0) == (choice != 0); /* the first is unread */
}

static bool
is_seal(const struct candidate *c, unsigned choice)
{
    static const uint8_t of[SP_SIGNATURE_COUNT] = {[SP_SIGNATURE_NONE] = 3, [SP_SIGNATURE_GOOD] = 0, [SP_SIGNATURE_BAD] = 2,
        [SP_SIGNATURE_REVOKED] = 2, [SP_SIGNATURE_MISMATCH] = 2, [SP_SIGNATURE_ERROR] = 1, [SP_SIGNATURE_UNKNOWN_KEY] = 1,
        [SP_SIGNATURE_UNTRUSTED] = 1, [SP_SIGNATURE_EXPIRED] = 1, [SP_SIGNATURE_WEAK] = 1};
    return c->seal < SP_SIGNATURE_COUNT && of[c->seal] == choice;
}

/* What was not looked at yet has no seal, no lock and no risk that one could name. */
static bool
fits_choice(const struct candidate *c, enum search_word word, unsigned choice)
{
    static const uint8_t senders[] = {SP_SENDER_PASS, SP_SENDER_FAIL, SP_SENDER_UNKNOWN};
    switch (word) {
    case SEARCH_WORD_IS:
        return is_flag(c, choice);
    case SEARCH_WORD_HAS:
        return c->flags & SP_FLAG_ATTACHMENT;
    case SEARCH_WORD_SEAL:
        return (c->judged || c->seal) && is_seal(c, choice);
    case SEARCH_WORD_LOCK:
        return (c->judged || c->lock) && (c->lock != SP_ENCRYPTION_NONE) == (choice == 0);
    case SEARCH_WORD_AUTH:
        return (c->judged || c->sender) && c->sender == senders[choice];
    case SEARCH_WORD_RISK:
        return (c->judged || c->risk) && c->risk == choice;
    default:
        return false;
    }
}

static bool
has_keyword(const char *keywords, const char *word)
{
    size_t n = strlen(word);
    for (const char *at = keywords; *at;) {
        size_t len = strcspn(at, " ");
        if (len == n && strncasecmp(at, word, n) == 0)
            return true;
        at += len + (at[len] == ' ');
    }
    return false;
}

static enum sp_status
fits_text(struct db *db, struct candidate *c, const struct query *q, bool *yes)
{
    static const int8_t column[SEARCH_WORD_COUNT] = {[SEARCH_WORD_FROM] = SEARCH_FROM, [SEARCH_WORD_TO] = SEARCH_TO, [SEARCH_WORD_CC] = SEARCH_CC,
        [SEARCH_WORD_SUBJECT] = SEARCH_SUBJECT, [SEARCH_WORD_LIST] = SEARCH_LIST, [SEARCH_WORD_FILE] = SEARCH_FILE, [SEARCH_WORD_BODY] = SEARCH_BODY};
    sqlite3_stmt *row = NULL;
    enum sp_status st = SP_OK;
    *yes = false;
    if (!c->docid)
        st = search_find(db, c->sort, c->id, &c->docid);
    if (!st)
        st = db_query(db, "SELECT from_, to_, cc, subject, list, file, body FROM search WHERE docid = ?", DB_ARGS(DB_I(c->docid)), &row);
    if (!st)
        st = db_step(db, row);
    bool any = q->word == SEARCH_WORD_ANY;
    for (int i = 0; !st && !*yes && i < SEARCH_COLUMNS; i++) {
        if (!any && column[q->word] != i)
            continue;
        const char *text = (const char *)sqlite3_column_text(row, i);
        *yes = text && search_text_match(text, q->tokens, q->prefix);
    }
    db_end(row);
    return st == SP_NOT_FOUND || st == SP_EOF ? SP_OK : st; /* not in the index yet */
}

static enum sp_status
fits_term(struct db *db, struct candidate *c, const struct query *q, bool *yes)
{
    int64_t date = c->date ? c->date : c->sort; /* as the screen shows it */
    switch (query_value(q->word)) {
    case SEARCH_VALUE_TEXT:
        return fits_text(db, c, q, yes);
    case SEARCH_VALUE_DATE:
        *yes = date >= q->from && date < q->until;
        return SP_OK;
    case SEARCH_VALUE_SIZE:
        *yes = (int64_t)c->size >= q->from && (int64_t)c->size < q->until;
        return SP_OK;
    case SEARCH_VALUE_CHOICE:
        *yes = fits_choice(c, q->word, q->choice);
        return SP_OK;
    case SEARCH_VALUE_KEYWORD:
        *yes = has_keyword(c->keywords, q->text);
        return SP_OK;
    default:
        *yes = has_folder(q->folders, q->folders_n, c->folder);
        return SP_OK;
    }
}

/* Bounded by the depth that a query may have. */
static enum sp_status
fits(struct db *db, struct candidate *c, const struct query *q, bool *yes)
{
    enum sp_status st = SP_OK;
    *yes = true;
    if (q->covered)
        return SP_OK;
    if (q->op == QUERY_TERM)
        return fits_term(db, c, q, yes);
    if (q->op == QUERY_NOT) {
        st = fits(db, c, q->first, yes);
        *yes = !*yes;
        return st;
    }
    for (const struct query *child = q->first; !st && child; child = child->next) {
        st = fits(db, c, child, yes);
        if (*yes == (q->op == QUERY_OR))
            break;
    }
    return st;
}

/* Unknown unless it is known: NOT of unknown is unknown. */
enum possible { NO, YES, PERHAPS };

static enum sp_status
possible(struct db *db, struct candidate *c, const struct query *q, enum possible *out)
{
    bool yes = false, text = q->op == QUERY_TERM && query_value(q->word) == SEARCH_VALUE_TEXT;
    enum sp_status st = SP_OK;
    if (q->op == QUERY_TERM) {
        st = fits_term(db, c, q, &yes);
        *out = yes ? YES : text ? PERHAPS : NO;
        return st;
    }
    *out = q->op == QUERY_OR ? NO : YES;
    for (const struct query *child = q->first; !st && child; child = child->next) {
        enum possible one;
        st = possible(db, c, child, &one);
        if (q->op == QUERY_NOT)
            *out = one == PERHAPS ? PERHAPS : one == NO ? YES : NO;
        else if (one == (q->op == QUERY_OR ? YES : NO))
            *out = one;
        else if (one == PERHAPS && *out == (q->op == QUERY_OR ? NO : YES))
            *out = PERHAPS;
    }
    return st;
}

enum sp_status
store_search_possible(struct store *s, const struct query *q, uint64_t id, int64_t *sort, bool *yes)
{
    struct db *db = db_of(s, id);
    struct arena a = ARENA_INIT;
    struct candidate c = {0};
    enum possible answer = NO;
    sqlite3_stmt *row = NULL;
    enum sp_status st = db_query(db, "SELECT 0, " CANDIDATE " FROM message m WHERE m.id = ?", DB_ARGS(DB_I(id)), &row);
    if (!st)
        st = db_step(db, row);
    if (!st)
        st = read_candidate(row, &a, &c) ? SP_OK : SP_NOMEM;
    db_end(row);
    if (!st)
        st = possible(db, &c, q, &answer);
    *yes = !st && answer != NO;
    *sort = st ? 0 : c.sort;
    arena_release(&a);
    return st == SP_EOF ? SP_NOT_FOUND : st;
}

/* --- going on */

/* The side with the newest candidate that is left; NULL: one of them must be filled first (*empty), or nothing is left at all. */
static struct side *
newest(struct store_search *ss, struct side **empty)
{
    struct side *best = NULL;
    *empty = NULL;
    for (size_t i = 0; i < 2; i++) {
        struct side *side = &ss->sides[i];
        if (side->at == side->n) {
            if (!side->ended)
                *empty = side;
            continue;
        }
        const struct candidate *c = &side->list[side->at], *b = best ? &best->list[best->at] : NULL;
        if (!b || c->sort > b->sort || (c->sort == b->sort && c->id > b->id))
            best = side;
    }
    return *empty ? NULL : best;
}

enum sp_status
store_search_step(struct store_search *ss, size_t budget, struct store_hit *hits, size_t max, size_t *n)
{
    enum sp_status st = SP_OK;
    *n = 0;
    for (size_t looked = 0; !st && *n < max && looked < budget;) {
        struct side *empty, *side = newest(ss, &empty);
        if (empty) {
            st = fill(ss, empty);
            continue;
        }
        if (!side)
            return SP_EOF;
        struct candidate *c = &side->list[side->at++];
        bool yes = !ss->folders || has_folder(ss->folders, ss->folders_n, c->folder);
        if (yes)
            st = fits(side->db, c, ss->query, &yes);
        looked++;
        if (!st && yes)
            hits[(*n)++] = (struct store_hit){.id = c->id, .sort = c->sort, .unread = !(c->flags & SP_FLAG_SEEN)};
    }
    return st;
}
