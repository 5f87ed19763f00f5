/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The servers' part of a search. What a server cannot be asked (seals, risks ...) is left open in the question and held against what is
   known here afterwards. */
#include "search_server.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "jobs.h"
#include "search_names.h"

#define MAX_FOUND 20000    /* of one folder */

struct asked {
    struct account *account;
    uint64_t *folders;         /* in the arena */
    size_t n, at;
    struct session_op *op;
    bool refused;
    struct search_server *owner;
};

struct search_server {
    struct engine *engine;
    struct arena arena;
    struct query *query;
    struct wr_search_term *terms;
    uint32_t terms_n;
    struct asked *asked;
    size_t asked_n;
    uint32_t servers, refused;
    uint64_t done, total;
    struct loop_timer *timer;
    struct job *job;
    search_server_fn *fn;
    void *arg;
};

/* ---- the question */

static void
put(struct search_server *s, const struct wr_search_term *t)
{
    s->terms[s->terms_n++] = *t;
}

/* Anything at all, also when it is turned around. */
static void
put_open(struct search_server *s, bool negated)
{
    if (negated)
        put(s, &(struct wr_search_term){.op = SP_SEARCH_NOT, .text = ""});
    put(s, &(struct wr_search_term){.op = SP_SEARCH_KEY, .key = SP_SEARCH_ALL, .text = ""});
}

static bool
put_text(struct search_server *s, const struct query *q)
{
    static const uint8_t keys[SEARCH_WORD_COUNT + 1] = {[SEARCH_WORD_FROM] = SP_SEARCH_FROM, [SEARCH_WORD_TO] = SP_SEARCH_TO,
        [SEARCH_WORD_CC] = SP_SEARCH_CC, [SEARCH_WORD_SUBJECT] = SP_SEARCH_SUBJECT, [SEARCH_WORD_BODY] = SP_SEARCH_BODY,
        [SEARCH_WORD_LIST] = SP_SEARCH_LIST, [SEARCH_WORD_ANY] = SP_SEARCH_TEXT};
    size_t n = strcspn(q->text, "*");
    const char *text = arena_strndup(&s->arena, q->text, n);
    if (!keys[q->word] || !text || !*text)
        return false;
    put(s, &(struct wr_search_term){.op = SP_SEARCH_KEY, .key = keys[q->word], .text = text});
    return true;
}

static bool
put_flag(struct search_server *s, const struct query *q)
{
    static const uint32_t flags[] = {SP_FLAG_SEEN, SP_FLAG_SEEN, SP_FLAG_FLAGGED, SP_FLAG_ANSWERED, 0, SP_FLAG_DRAFT, SP_FLAG_DELETED};
    if (q->word != SEARCH_WORD_IS || q->choice >= sizeof flags / sizeof *flags || !flags[q->choice])
        return false;
    if (q->choice == 0)
        put(s, &(struct wr_search_term){.op = SP_SEARCH_NOT, .text = ""});
    put(s, &(struct wr_search_term){.op = SP_SEARCH_KEY, .key = SP_SEARCH_FLAG, .text = "", .number = flags[q->choice]});
    return true;
}

/* Dates stay open: the server's are days of the arrival in a zone of its own. */
static void
put_leaf(struct search_server *s, const struct query *q, bool negated)
{
    bool good = false;
    switch (query_value(q->word)) {
    case SEARCH_VALUE_TEXT:
        good = put_text(s, q);
        break;
    case SEARCH_VALUE_CHOICE:
        good = put_flag(s, q);
        break;
    case SEARCH_VALUE_SIZE:
        good = q->word == SEARCH_WORD_LARGER && q->from < UINT32_MAX;
        if (good)
            put(s, &(struct wr_search_term){.op = SP_SEARCH_KEY, .key = SP_SEARCH_LARGER, .text = "", .number = q->from - 1});
        break;
    default:
        break;
    }
    if (!good)
        put_open(s, negated);
}

/* AND and OR of the wire take two each. */
static void
put_terms(struct search_server *s, const struct query *q, bool negated)
{
    if (q->op == QUERY_TERM) {
        put_leaf(s, q, negated);
        return;
    }
    if (q->op == QUERY_NOT) {
        put(s, &(struct wr_search_term){.op = SP_SEARCH_NOT, .text = ""});
        put_terms(s, q->first, !negated);
        return;
    }
    for (const struct query *child = q->first; child; child = child->next) {
        if (child->next)
            put(s, &(struct wr_search_term){.op = q->op == QUERY_AND ? SP_SEARCH_AND : SP_SEARCH_OR, .text = ""});
        put_terms(s, child, negated);
    }
}

/* ---- asking */

static void ask_next(struct asked *a);

static void
end(struct search_server *s, enum sp_job_state state)
{
    struct search_server_result r = {.final = true, .servers = s->servers, .refused = s->refused};
    search_server_fn *fn = s->fn;
    void *arg = s->arg;
    for (size_t i = 0; i < s->asked_n; i++)
        r.refused += s->asked[i].refused || s->asked[i].at < s->asked[i].n;
    jobs_end(s->job, state, SP_OK);
    s->job = NULL;
    search_server_free(s);
    fn(&r, arg);
}

static void
end_when_done(struct search_server *s)
{
    for (size_t i = 0; i < s->asked_n; i++)
        if (s->asked[i].op || s->asked[i].at < s->asked[i].n)
            return;
    end(s, SP_JOB_DONE);
}

static void
take_uids(struct asked *a, uint64_t folder, const struct wire_blob *uids)
{
    struct search_server *s = a->owner;
    size_t n = uids->len / sizeof(uint32_t);
    for (size_t i = n; i-- > 0 && n - i <= MAX_FOUND;) { /* the newest first */
        struct search_server_result r = {.found = true};
        uint32_t uid;
        bool yes = false;
        memcpy(&uid, (const char *)uids->data + i * sizeof uid, sizeof uid);
        if (store_message_by_uid(s->engine->store, folder, uid, &r.message) == SP_OK &&
            store_search_possible(s->engine->store, s->query, r.message, &r.sort, &yes) == SP_OK && yes)
            s->fn(&r, s->arg);
    }
}

static void
on_uids(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct asked *a = arg;
    struct search_server *s = a->owner;
    (void)arena;
    if (!r->final)
        return;
    a->op = NULL;
    if (r->status == SP_OK && r->in->type == WM_TYPE_imap_uid_list)
        take_uids(a, a->folders[a->at], &((const struct wm_imap_uid_list *)r->in->msg)->uids);
    else
        a->refused = true;
    a->at++;
    s->done++;
    jobs_progress(s->job, s->done, s->total);
    s->fn(&(struct search_server_result){.done = s->done, .total = s->total}, s->arg);
    if (r->status == SP_DISCONNECTED || r->status == SP_UNAVAILABLE) { /* nothing more is to be had there */
        s->done += a->n - a->at;
        a->at = a->n;
    }
    ask_next(a);
    end_when_done(s);
}

static void
ask_next(struct asked *a)
{
    struct wm_imap_search m = {.terms = a->owner->terms, .terms_n = a->owner->terms_n};
    if (a->at < a->n)
        a->op = session_run(a->account, SESSION_INTERACTIVE, a->folders[a->at], WM_TYPE_imap_search, &m, on_uids, a);
}

static void
on_begin(struct loop *l, void *arg)
{
    struct search_server *s = arg;
    (void)l;
    s->timer = NULL;
    for (size_t i = 0; i < s->asked_n; i++)
        ask_next(&s->asked[i]);
    end_when_done(s);
}

static void
on_cancel(void *arg)
{
    end(arg, SP_JOB_CANCELLED);
}

/* Folders of which the text is not all here. */
static void
add_account(struct search_server *s, const struct view *v, struct account *account)
{
    struct asked *a = &s->asked[s->asked_n];
    struct store_folder *f = NULL;
    size_t n = 0;
    if (store_folders(s->engine->store, account->id, &s->arena, &f, &n) != SP_OK)
        return;
    *a = (struct asked){.account = account, .owner = s, .folders = arena_array(&s->arena, n + 1, sizeof *a->folders)};
    for (size_t i = 0; a->folders && i < n; i++) {
        uint64_t texts = 0;
        if (f[i].selectable && f[i].uidvalidity && view_touches(v, f[i].id) &&
            store_search_texts(s->engine->store, f[i].id, &texts) == SP_OK && texts < f[i].total)
            a->folders[a->n++] = f[i].id;
    }
    if (!a->n)
        return;
    s->servers++;
    if (account->state != SP_ACCOUNT_ONLINE && account->state != SP_ACCOUNT_SYNCING) {
        s->refused++;
        return;
    }
    s->total += a->n;
    s->asked_n++;
}

struct search_server *
search_server_start(struct engine *e, const struct view *v, const char *query, const char *within, search_server_fn *fn, void *arg)
{
    struct search_server *s = engine_alloc(sizeof *s);
    struct view_problem problem;
    size_t n = 0;
    *s = (struct search_server){.engine = e, .fn = fn, .arg = arg};
    s->terms = arena_array(&s->arena, (size_t)QUERY_MAX_NODES * 8, sizeof *s->terms); /* two queries, each term with an operator and a not */
    if (!s->terms)
        abort();
    for (const struct account *a = e->accounts->first; a; a = a->next)
        n++;
    s->asked = engine_alloc(n * sizeof *s->asked);
    if (search_read_both(e, query, within, &s->arena, &s->arena, &s->query, &problem) == SP_OK) {
        put_terms(s, s->query, false);
        for (struct account *a = e->accounts->first; a; a = a->next)
            if (a->config->kind == SP_ACCOUNT_IMAP)
                add_account(s, v, a);
    }
    s->job = jobs_begin(e, SP_JOB_SEARCH, 0, query, on_cancel, s);
    s->timer = loop_timer_add(e->loop, 0, on_begin, s);
    if (!s->timer)
        abort();
    return s;
}

void
search_server_free(struct search_server *s)
{
    if (!s)
        return;
    if (s->timer)
        loop_timer_remove(s->timer);
    for (size_t i = 0; i < s->asked_n; i++)
        session_drop(s->asked[i].op);
    jobs_end(s->job, SP_JOB_CANCELLED, SP_CANCELLED);
    free(s->asked);
    arena_release(&s->arena);
    free(s);
}
