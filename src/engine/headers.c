/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header batches on their way through parse into the store. A batch that kills its parser twice is cut in half until the one message
   is found; that one gets a row without words, so that it is seen and can be opened. */
#include "headers.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/log.h"
#include "copy.h"
#include "door.h"
#include "events.h"
#include "journal.h"
#include "peers.h"

#define PARSE_MS 30000
#define MOST_ROWS 512     /* of one transaction; its cost is mostly the pages that it writes, so more rows are cheaper each */
#define FEWEST_ROWS 16
#define SLICE_US 2000     /* for a transaction while somebody looks */
#define LONG_SLICE_US 20000
#define SERVER_FLAGS 0xffffu /* LOCAL bits never come from a server */

struct batch {
    struct batch *next;
    struct headers *owner;
    uint64_t folder;
    void *msg;                /* copy of the wm_imap_headers, in the arena */
    struct arena arena;
    struct wr_imap_message *messages; /* in it */
    uint32_t n;
    struct peer_call *call;
    struct store_message *rows; /* parsed, in the arena; NULL before */
    uint32_t stored;          /* of them */
    bool alone, waiting;      /* the last message of one that killed its parser: once more, when no other suspect is there */
};

struct headers {
    struct engine *engine;
    struct batch *first;      /* at the parser */
    struct batch *ready, **last; /* parsed; stored in slices, in the order in which they came back */
    struct loop_timer *timer;
    headers_fn *fn;
    void *arg;
    size_t added, unseen, pending;
    uint32_t rows;            /* of the next transaction: as many as the time allows */
};

static void parse(struct batch *b);

void
headers_row(const struct wr_header_summary *s, struct store_message *out)
{
    out->date = s->date;
    out->from_name = s->from_name;
    out->from_address = s->from_address;
    out->to = s->to;
    out->subject = s->subject;
    out->message_id = s->message_id;
    out->in_reply_to = s->in_reply_to;
    out->references = s->references;
    out->list_id = s->list_id;
    if (strncasecmp(s->content_type, "multipart/mixed", 15) == 0)
        out->flags |= SP_FLAG_ATTACHMENT;
}

static void
batch_end(struct batch *b)
{
    peer_drop(b->call);
    b->owner->pending -= b->n;
    copy_release(WM_TYPE_imap_headers, b->msg, &b->arena);
    free(b);
}

/* Out of the list of those at the parser. */
static void
unlink_batch(struct batch *b)
{
    struct batch **at = &b->owner->first;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
}

static void
tell(struct headers *h, enum sp_status st)
{
    h->fn(st, h->arg);
}

static void
drop_batch(struct batch *b, enum sp_status st)
{
    struct headers *h = b->owner;
    unlink_batch(b);
    batch_end(b);
    tell(h, st);
}

/* ---- storing, in slices: the loop goes on between them */

/* A message that is here already, for example one that was moved here: only its flags count, and only when no change of ours waits. */
static enum sp_status
update_known(struct engine *e, uint64_t id, const struct store_message *row)
{
    struct arena arena = ARENA_INIT;
    struct store_message m;
    enum sp_status st = store_message_get(e->store, id, &arena, &m);
    uint32_t flags = st ? 0 : (row->flags & SERVER_FLAGS) | (m.flags & ~SERVER_FLAGS);
    bool waits = !st && (flags != m.flags || strcmp(row->keywords, m.keywords) != 0) && store_change_waiting(e->store, id);
    if (!st && !waits && flags != m.flags)
        st = store_flags_set(e->store, id, flags);
    if (!st && !waits && strcmp(row->keywords, m.keywords) != 0)
        st = store_keywords_set(e->store, id, row->keywords);
    arena_release(&arena);
    return st;
}

/* The next few rows of the batch. */
static enum sp_status
store_some(struct batch *b)
{
    struct headers *h = b->owner;
    struct store *store = h->engine->store;
    struct store_message rows[MOST_ROWS];
    size_t n = 0, unseen = 0;
    enum sp_status st = SP_OK;
    while (!st && n < h->rows && b->stored < b->n) {
        const struct store_message *row = &b->rows[b->stored++];
        uint64_t id;
        if (!row->uid || journal_hides(h->engine, b->folder, row->uid))
            continue;
        if (store_message_by_uid(store, b->folder, row->uid, &id) == SP_OK) {
            st = update_known(h->engine, id, row);
            continue;
        }
        unseen += !(row->flags & SP_FLAG_SEEN);
        rows[n++] = *row;
    }
    if (!st && n)
        st = store_messages_add(store, rows, n);
    if (!st) {
        h->added += n;
        h->unseen += unseen;
        events_folder(h->engine, b->folder);
    }
    return st;
}

static int64_t
now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void
on_slice(struct loop *l, void *arg)
{
    struct headers *h = arg;
    struct batch *b = h->ready;
    int64_t budget = door_clients(h->engine->door) ? SLICE_US : LONG_SLICE_US, began = now_us();
    enum sp_status st = store_some(b);
    int64_t took = now_us() - began;
    if (took < budget / 2 && h->rows < MOST_ROWS)
        h->rows *= 2;
    else if (took > budget && h->rows > FEWEST_ROWS)
        h->rows /= 2;
    h->timer = NULL;
    bool through = st || b->stored == b->n;
    if (through) {
        h->ready = b->next;
        if (!h->ready)
            h->last = &h->ready;
        batch_end(b);
    }
    if (h->ready)
        h->timer = loop_timer_add(l, 0, on_slice, h);
    if (through)
        tell(h, st);
}

/* summaries NULL: rows without words. */
static void
make_rows(struct batch *b, const struct wr_header_summary *summaries)
{
    static const struct wr_header_summary unreadable = {.from_name = "", .from_address = "", .to = "", .subject = "", .message_id = "",
                                                        .in_reply_to = "", .references = "", .list_id = "", .content_type = ""};
    struct headers *h = b->owner;
    b->rows = arena_array(&b->arena, b->n, sizeof *b->rows);
    for (uint32_t i = 0; i < b->n && b->rows; i++) {
        const struct wr_imap_message *m = &b->messages[i];
        struct store_message *row = &b->rows[i];
        *row = (struct store_message){.folder = b->folder, .uid = m->uid, .flags = m->flags & SERVER_FLAGS, .size = m->size, .keywords = m->keywords};
        headers_row(summaries ? &summaries[i] : &unreadable, row);
        row->sort = m->internal_date ? m->internal_date : row->date;
        const char **const texts[] = {&row->from_name, &row->from_address, &row->to, &row->subject, &row->message_id, &row->in_reply_to,
                                      &row->references, &row->list_id};
        for (size_t k = 0; summaries && k < sizeof texts / sizeof *texts; k++)
            if (!(*texts[k] = arena_strdup(&b->arena, *texts[k])))
                abort();
    }
    if (!b->rows)
        abort();
    unlink_batch(b);
    b->next = NULL;
    *h->last = b;
    h->last = &b->next;
    if (!h->timer)
        h->timer = loop_timer_add(h->engine->loop, 0, on_slice, h);
}

/* Both halves again, each on its own. */
static void
split(struct batch *b)
{
    struct headers *h = b->owner;
    uint32_t half = b->n / 2;
    struct wm_imap_headers first = {.messages = b->messages, .messages_n = half};
    struct wm_imap_headers second = {.messages = b->messages + half, .messages_n = b->n - half};
    headers_add(h, b->folder, &first);
    headers_add(h, b->folder, &second);
    unlink_batch(b);
    batch_end(b);
}

/* A parser that dies takes others with it that were at work: whoever is left over is tried one after the other, so that the innocent
   are told from the one that does it. */
static void
next_alone(struct headers *h)
{
    struct batch *next = NULL;
    for (struct batch *b = h->first; b; b = b->next) {
        if (b->alone && !b->waiting)
            return;
        if (b->waiting)
            next = b;
    }
    if (next) {
        next->waiting = false;
        parse(next);
    }
}

static void
on_parsed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct batch *b = arg;
    struct headers *h = b->owner;
    enum sp_status st = r->status;
    const struct wm_parsed_headers *m = NULL;
    (void)arena;
    if (!r->final)
        return;
    b->call = NULL;
    if (!st)
        m = r->in->type == WM_TYPE_parsed_headers ? r->in->msg : NULL;
    bool good = m && m->summaries_n == b->n;
    for (uint32_t i = 0; good && i < b->n; i++)
        good = m->summaries[i].tag == i;
    if (good) {
        make_rows(b, m->summaries);
    } else if (st == SP_UNAVAILABLE || st == SP_CANCELLED) {
        drop_batch(b, st);
        return; /* h may be gone */
    } else if (b->n > 1) {
        split(b);
    } else if (st == SP_CRASHED && !b->alone) {
        b->alone = b->waiting = true;
    } else {
        make_rows(b, NULL);
    }
    next_alone(h);
}

static void
parse(struct batch *b)
{
    struct wr_header_block *blocks = engine_alloc(b->n * sizeof *blocks);
    for (uint32_t i = 0; i < b->n; i++)
        blocks[i] = (struct wr_header_block){.tag = i, .bytes = b->messages[i].header};
    struct wm_parse_headers m = {.blocks = blocks, .blocks_n = b->n};
    b->call = peer_call(b->owner->engine, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_parse_headers, .msg = &m,
                                                                 .timeout_ms = PARSE_MS, .flags = PEER_AGAIN, .fn = on_parsed, .arg = b});
    free(blocks);
}

void
headers_add(struct headers *h, uint64_t folder, const struct wm_imap_headers *m)
{
    if (m->messages_n == 0)
        return;
    struct batch *b = engine_alloc(sizeof *b);
    *b = (struct batch){.next = h->first, .owner = h, .folder = folder};
    if (copy_message(WM_TYPE_imap_headers, m, &b->arena, &b->msg) != SP_OK)
        abort();
    struct wm_imap_headers *copy = b->msg;
    b->messages = copy->messages;
    b->n = copy->messages_n;
    h->first = b;
    h->pending += b->n;
    parse(b);
}

size_t
headers_pending(const struct headers *h)
{
    return h->pending;
}

size_t
headers_added(struct headers *h, size_t *unseen)
{
    size_t n = h->added;
    *unseen = h->unseen;
    h->added = h->unseen = 0;
    return n;
}

struct headers *
headers_new(struct engine *e, headers_fn *fn, void *arg)
{
    struct headers *h = engine_alloc(sizeof *h);
    *h = (struct headers){.engine = e, .fn = fn, .arg = arg, .last = &h->ready, .rows = 64};
    return h;
}

static void
end_list(struct batch *list)
{
    while (list) {
        struct batch *b = list;
        list = b->next;
        batch_end(b);
    }
}

void
headers_free(struct headers *h)
{
    if (!h)
        return;
    end_list(h->first);
    end_list(h->ready);
    if (h->timer)
        loop_timer_remove(h->timer);
    free(h);
}
