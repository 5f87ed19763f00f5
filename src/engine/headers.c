/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header batches on their way through parse into the store. A batch that kills its parser twice is cut in half until the one message
   is found; that one gets a row without words, so that it is seen and can be opened. */
#include "headers.h"

#include <stdlib.h>
#include <strings.h>

#include "base/log.h"
#include "copy.h"
#include "events.h"
#include "journal.h"
#include "peers.h"

#define PARSE_MS 30000
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
};

struct headers {
    struct engine *engine;
    struct batch *first;
    headers_fn *fn;
    void *arg;
    size_t added, unseen;
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
    copy_release(WM_TYPE_imap_headers, b->msg, &b->arena);
    free(b);
}

static void
batch_free(struct batch *b)
{
    struct batch **at = &b->owner->first;
    while (*at != b)
        at = &(*at)->next;
    *at = b->next;
    batch_end(b);
}

static void
end_batch(struct batch *b, enum sp_status st)
{
    struct headers *h = b->owner;
    batch_free(b);
    if (st || !h->first)
        h->fn(st, h->arg);
}

/* summaries NULL: rows without words. */
static enum sp_status
store(struct batch *b, const struct wr_header_summary *summaries)
{
    static const struct wr_header_summary unreadable = {.from_name = "", .from_address = "", .to = "", .subject = "", .message_id = "",
                                                        .in_reply_to = "", .references = "", .list_id = "", .content_type = ""};
    struct headers *h = b->owner;
    struct store_message *rows = engine_alloc(b->n * sizeof *rows);
    size_t n = 0, unseen = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        const struct wr_imap_message *m = &b->messages[i];
        if (!m->uid || journal_hides(h->engine, b->folder, m->uid))
            continue;
        rows[n] = (struct store_message){.folder = b->folder, .uid = m->uid, .flags = m->flags & SERVER_FLAGS, .size = m->size};
        headers_row(summaries ? &summaries[i] : &unreadable, &rows[n]);
        rows[n].sort = m->internal_date ? m->internal_date : rows[n].date;
        unseen += !(m->flags & SP_FLAG_SEEN);
        n++;
    }
    enum sp_status st = n ? store_messages_add(h->engine->store, rows, n) : SP_OK;
    if (!st && n) {
        h->added += n;
        h->unseen += unseen;
        events_folder(h->engine, b->folder);
    }
    free(rows);
    return st;
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
    end_batch(b, SP_OK);
}

static void
on_parsed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct batch *b = arg;
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
    if (good)
        end_batch(b, store(b, m->summaries));
    else if (st == SP_UNAVAILABLE || st == SP_CANCELLED)
        end_batch(b, st);
    else if (b->n > 1)
        split(b);
    else
        end_batch(b, store(b, NULL));
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
    parse(b);
}

size_t
headers_pending(const struct headers *h)
{
    size_t n = 0;
    for (const struct batch *b = h->first; b; b = b->next)
        n++;
    return n;
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
    *h = (struct headers){.engine = e, .fn = fn, .arg = arg};
    return h;
}

void
headers_free(struct headers *h)
{
    while (h && h->first) {
        struct batch *b = h->first;
        h->first = b->next;
        batch_end(b);
    }
    free(h);
}
