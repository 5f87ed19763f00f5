/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Putting a message into a local folder: its header goes through parse, as with mail from servers. */
#include "deliver.h"

#include <stdlib.h>

#include "base/memfd.h"
#include "events.h"
#include "headers.h"
#include "judge.h"
#include "peers.h"

#define PARSE_MS 30000
#define MAX_HEADER ((size_t)1048576)

struct delivery {
    struct engine *engine;
    uint64_t folder;
    uint32_t flags;
    int64_t sort;
    int bytes;
    struct peer_call *call;
    struct loop_timer *timer;
    bool once;
    enum sp_status failed;
    deliver_also_fn *also;
    deliver_fn *fn;
    void *arg;
};

void
delivery_drop(struct delivery *d)
{
    if (!d)
        return;
    peer_drop(d->call);
    if (d->timer)
        loop_timer_remove(d->timer);
    engine_close(&d->bytes);
    free(d);
}

static void
finish(struct delivery *d, enum sp_status st, uint64_t id)
{
    deliver_fn *fn = d->fn;
    void *arg = d->arg;
    delivery_drop(d);
    fn(st, id, arg);
}

/* Row and body as one: a message without its body would be lost mail. */
static enum sp_status
store(struct delivery *d, const struct wr_header_summary *s, uint64_t *id)
{
    struct engine *e = d->engine;
    struct memfd_map map;
    enum sp_status st = memfd_map(d->bytes, ENGINE_MAX_MESSAGE, &map);
    if (st)
        return st;
    struct store_message m = {.folder = d->folder, .flags = d->flags, .size = map.len};
    headers_row(s, &m);
    /* What is imported without a date lies at the old end, where a second import finds it. */
    m.sort = d->sort ? d->sort : m.date || d->once ? m.date : engine_now();
    if (d->once && store_message_is_there(e->store, d->folder, m.sort, map.data, map.len)) {
        memfd_unmap(&map);
        return SP_EXISTS;
    }
    st = store_begin(e->store);
    if (!st) {
        st = store_messages_add(e->store, &m, 1);
        if (!st)
            st = store_body_put(e->store, m.id, map.data, map.len);
        if (!st && d->also)
            st = d->also(d->arg);
        if (st)
            store_rollback(e->store);
        else
            st = store_commit(e->store);
    }
    memfd_unmap(&map);
    *id = m.id;
    return st;
}

static void
on_parsed(const struct call_reply *r, struct arena *arena, void *arg)
{
    /* Mail that cannot be parsed is still mail: it is delivered without words. */
    static const struct wr_header_summary unreadable = {.from_name = "", .from_address = "", .to = "", .subject = "", .message_id = "",
                                                        .in_reply_to = "", .references = "", .list_id = "", .content_type = ""};
    struct delivery *d = arg;
    struct engine *e = d->engine;
    uint64_t id = 0;
    (void)arena;
    if (!r->final)
        return;
    d->call = NULL;
    if (r->status == SP_UNAVAILABLE || r->status == SP_CANCELLED) {
        finish(d, r->status, 0);
        return;
    }
    const struct wm_parsed_headers *m = !r->status && r->in->type == WM_TYPE_parsed_headers ? r->in->msg : NULL;
    enum sp_status st = store(d, m && m->summaries_n == 1 ? &m->summaries[0] : &unreadable, &id);
    if (!st) {
        events_folder(e, d->folder);
        judge_add(e, id);
    }
    finish(d, st, id);
}

static void
on_cannot_begin(struct loop *l, void *arg)
{
    struct delivery *d = arg;
    (void)l;
    d->timer = NULL;
    finish(d, d->failed, 0);
}

void
delivery_once(struct delivery *d)
{
    d->once = true;
}

struct delivery *
deliver(struct engine *e, uint64_t folder, uint32_t flags, int64_t sort, int bytes, deliver_also_fn *also, deliver_fn *fn, void *arg)
{
    struct delivery *d = engine_alloc(sizeof *d);
    struct memfd_map map;
    *d = (struct delivery){.engine = e, .folder = folder, .flags = flags, .sort = sort, .bytes = engine_dup(bytes), .also = also, .fn = fn, .arg = arg};
    d->failed = memfd_map(d->bytes, ENGINE_MAX_MESSAGE, &map);
    if (d->failed) {
        d->timer = loop_timer_add(e->loop, 0, on_cannot_begin, d);
        if (!d->timer)
            abort();
        return d;
    }
    /* parse stops at the end of the header by itself. */
    struct wr_header_block block = {.bytes = {map.data, map.len < MAX_HEADER ? map.len : MAX_HEADER}};
    d->call = peer_call(e, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_parse_headers,
                                                  .msg = &(struct wm_parse_headers){.blocks = &block, .blocks_n = 1}, .timeout_ms = PARSE_MS,
                                                  .flags = PEER_AGAIN, .fn = on_parsed, .arg = d});
    memfd_unmap(&map);
    return d;
}
