/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names in queries. in:NAME means every folder that is called so: by its whole name, by its last part, or by what it is for. */
#include "search_names.h"

#include <string.h>
#include <strings.h>

#include "accounts.h"
#include "base/names.h"
#include "config/suggest.h"

#define MAX_CHOICES 400

struct reading_names {
    struct engine *engine;
    struct arena *arena, *words;
    struct store_folder *folders;
    size_t n;
    struct view_problem *problem;
};

static bool
called(const struct store_folder *f, const char *name)
{
    const char *last = strrchr(f->name, '/');
    if (strcasecmp(f->name, name) == 0 || (last && strcasecmp(last + 1, name) == 0))
        return true;
    return f->role != SP_FOLDER_NONE && strcasecmp(name_folder_role(f->role), name) == 0;
}

static const struct account *
account_called(struct engine *e, const char *name)
{
    for (const struct account *a = e->accounts->first; a; a = a->next)
        if (strcasecmp(a->config->name, name) == 0 || strcasecmp(a->config->address, name) == 0)
            return a;
    return NULL;
}

static void
nearest_of(struct reading_names *r, const char *word, const char *const *choices, size_t n)
{
    r->problem->nearest = suggest(word, choices, n);
}

static enum sp_status
unknown(struct reading_names *r, const struct query *q, enum search_error error)
{
    const char *choices[MAX_CHOICES];
    size_t n = 0;
    r->problem->query = (struct query_problem){.error = error, .at = q->at, .word = arena_strdup(r->words, q->text), .choices = ""};
    if (!r->problem->query.word)
        return SP_NOMEM;
    if (error == SEARCH_UNKNOWN_ACCOUNT) {
        for (const struct account *a = r->engine->accounts->first; a && n < MAX_CHOICES; a = a->next)
            choices[n++] = a->config->name;
    } else {
        for (size_t i = 0; i < r->n && n < MAX_CHOICES; i++)
            choices[n++] = arena_strdup(r->words, r->folders[i].name);
    }
    nearest_of(r, q->text, choices, n);
    return SP_INVALID;
}

static enum sp_status
name_term(struct reading_names *r, struct query *q)
{
    bool by_account = q->word == SEARCH_WORD_ACCOUNT;
    const struct account *a = by_account ? account_called(r->engine, q->text) : NULL;
    uint64_t *ids = arena_array(r->arena, r->n, sizeof *ids);
    if (!ids)
        return SP_NOMEM;
    q->folders = ids;
    q->folders_n = 0;
    for (size_t i = 0; i < r->n; i++) {
        if (by_account ? a && r->folders[i].account == a->id : called(&r->folders[i], q->text)) {
            size_t at = q->folders_n++; /* ascending */
            for (; at > 0 && ids[at - 1] > r->folders[i].id; at--)
                ids[at] = ids[at - 1];
            ids[at] = r->folders[i].id;
        }
    }
    if (by_account)
        return a ? SP_OK : unknown(r, q, SEARCH_UNKNOWN_ACCOUNT);
    return q->folders_n ? SP_OK : unknown(r, q, SEARCH_UNKNOWN_FOLDER);
}

/* Bounded by the depth that a query may have. */
static enum sp_status
name_all(struct reading_names *r, struct query *q)
{
    enum sp_status st = SP_OK;
    if (q->op == QUERY_TERM && (q->word == SEARCH_WORD_IN || q->word == SEARCH_WORD_ACCOUNT))
        return name_term(r, q);
    for (struct query *child = q->first; !st && child; child = child->next)
        st = name_all(r, child);
    return st;
}

/* The nearest of the words that would have been right. */
static void
nearest_word(struct reading_names *r)
{
    const struct query_problem *p = &r->problem->query;
    const char *choices[MAX_CHOICES];
    size_t n = 0;
    for (const char *at = p->choices; *at && n < MAX_CHOICES;) {
        size_t len = strcspn(at, " ");
        choices[n] = arena_strndup(r->words, at, len);
        n += choices[n] != NULL;
        at += len + (at[len] == ' ');
    }
    nearest_of(r, p->word, choices, n);
}

enum sp_status
search_read(struct engine *e, const char *text, struct arena *arena, struct arena *words, struct query **out, struct view_problem *problem)
{
    struct reading_names r = {.engine = e, .arena = arena, .words = words, .problem = problem};
    *problem = (struct view_problem){.nearest = ""};
    enum sp_status st = query_parse(text, engine_now(), arena, out, &problem->query);
    if (st == SP_INVALID) { /* the texts must outlive the query */
        problem->query.word = arena_strdup(words, problem->query.word);
        if (!problem->query.word)
            return SP_NOMEM;
        nearest_word(&r);
    }
    if (!st)
        st = store_folders(e->store, 0, arena, &r.folders, &r.n);
    return st ? st : name_all(&r, *out);
}

enum sp_status
search_read_both(struct engine *e, const char *text, const char *within, struct arena *arena, struct arena *words, struct query **out,
                 struct view_problem *problem)
{
    struct query *also = NULL;
    enum sp_status st = search_read(e, text, arena, words, out, problem);
    if (st || !within)
        return st;
    struct query *both = arena_alloc(arena, sizeof *both);
    if (!both)
        return SP_NOMEM;
    st = search_read(e, within, arena, words, &also, problem);
    if (st)
        return st;
    *both = (struct query){.op = QUERY_AND, .first = *out};
    (*out)->next = also;
    *out = both;
    return SP_OK;
}
