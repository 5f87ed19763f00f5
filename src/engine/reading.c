/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a message: body, then analysis where one is needed, then the part that was asked for. */
#include "reading.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "analysis.h"
#include "base/log.h"
#include "base/memfd.h"
#include "bodies.h"
#include "events.h"
#include "peers.h"

#define EXTRACT_MS 30000

struct reading {
    struct engine *engine;
    struct reading_ask ask;
    char *path;
    bool needs_analysis; /* READ_CONTENT: the part may stand inside a layer */
    int bytes;
    struct body *body;
    struct analysis *analysis;
    struct peer_call *call;
    reading_fn *fn;
    void *arg;
};

void
reading_drop(struct reading *r)
{
    if (!r)
        return;
    body_drop(r->body);
    analysis_free(r->analysis);
    peer_drop(r->call);
    engine_close(&r->bytes);
    free(r->path);
    free(r);
}

/* The result may point into the reading, which goes afterwards. */
static void
finish(struct reading *r, const struct reading_result *result)
{
    r->fn(result, r->arg);
    reading_drop(r);
}

static void
fail(struct reading *r, enum sp_status st, const char *text)
{
    finish(r, &(struct reading_result){.final = true, .st = st, .text = text ? text : ""});
}

/* ---- content */

static void
on_extracted(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct reading *r = arg;
    (void)arena;
    if (!reply->final)
        return;
    r->call = NULL;
    if (reply->status || reply->in->type != WM_TYPE_part_content)
        fail(r, reply->status ? reply->status : SP_PROTOCOL, NULL);
    else
        finish(r, &(struct reading_result){.final = true, .text = "", .content = reply->in->msg});
}

static void
extract(struct reading *r, int bytes, const char *path)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(bytes, ENGINE_MAX_MESSAGE, &map);
    if (st) {
        fail(r, st, NULL);
        return;
    }
    struct wm_extract_part m = {.bytes = bytes, .length = map.len, .path = path};
    memfd_unmap(&map);
    r->call = peer_call(r->engine, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_extract_part, .msg = &m, .timeout_ms = EXTRACT_MS,
                                                          .flags = PEER_AGAIN, .fn = on_extracted, .arg = r});
}

static void
give_source(struct reading *r)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(r->bytes, ENGINE_MAX_MESSAGE, &map);
    if (st) {
        fail(r, st, NULL);
        return;
    }
    struct wm_part_content m = {.name = "message.eml", .type = "message/rfc822", .content = r->bytes, .size = map.len};
    memfd_unmap(&map);
    r->bytes = -1;
    finish(r, &(struct reading_result){.final = true, .text = "", .content = &m});
    engine_close(&m.content);
}

/* ---- analysis */

static void
keep(struct reading *r, enum sp_status st)
{
    struct engine *e = r->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    if (!st)
        st = analysis_keep(r->analysis);
    else if (st == SP_CRASHED || st == SP_TIMEOUT)
        st = analysis_keep_failure(e, r->ask.message, st);
    if (st)
        log_line("a verdict is not kept: %s", sp_status_name(st));
    else if (store_message_get(e->store, r->ask.message, &arena, &m) == SP_OK)
        events_folder(e, m.folder);
    arena_release(&arena);
}

static void
tell_crash(struct reading *r)
{
    struct arena arena = ARENA_INIT;
    struct store_message m;
    bool known = store_message_get(r->engine->store, r->ask.message, &arena, &m) == SP_OK;
    events_notice(r->engine, SP_NOTICE_PARSER_CRASHED, SP_LEVEL_DANGER, (const char *const[]){known ? m.subject : "", NULL});
    arena_release(&arena);
}

static void
on_analysed(struct analysis *a, enum sp_status st, void *arg)
{
    struct reading *r = arg;
    int bytes;
    const char *path;
    if (r->ask.what == READ_VERDICT)
        keep(r, st);
    if (st) {
        if (st == SP_CRASHED || st == SP_TIMEOUT)
            tell_crash(r);
        fail(r, st, NULL);
    } else if (r->ask.what != READ_CONTENT) {
        finish(r, &(struct reading_result){.final = true, .text = "", .verdict = analysis_verdict(a)});
    } else {
        st = analysis_part(a, r->path, &bytes, &path);
        if (st)
            fail(r, st, NULL);
        else
            extract(r, bytes, path);
    }
}

static void
analyse(struct reading *r)
{
    struct engine *e = r->engine;
    struct arena arena = ARENA_INIT;
    struct store_message m;
    struct store_folder f;
    struct account *a = NULL;
    if (store_message_get(e->store, r->ask.message, &arena, &m) == SP_OK && store_folder_get(e->store, m.folder, &arena, &f) == SP_OK)
        a = account_by_id(e, f.account);
    struct analysis_ask ask = {.bytes = r->bytes, .message = r->ask.message, .interactive = r->ask.interactive, .client = r->ask.client,
                               .open_path = r->ask.what == READ_PART_VIEW ? r->path : NULL,
                               .authservs = a ? a->config->authserv : NULL, .authservs_n = a ? engine_count(a->config->authserv) : 0};
    r->analysis = analysis_start(e, &ask, on_analysed, r);
    arena_release(&arena);
}

/* ---- beginning */

static void
on_body(const struct body_result *b, void *arg)
{
    struct reading *r = arg;
    if (!b->final) {
        r->fn(&(struct reading_result){.text = "", .progress = b->progress}, r->arg);
        return;
    }
    r->body = NULL;
    if (b->st) {
        fail(r, b->st, b->text);
        return;
    }
    r->bytes = engine_dup(b->fd);
    if (r->ask.what == READ_CONTENT && !*r->path)
        give_source(r);
    else if (r->ask.what == READ_CONTENT && !r->needs_analysis)
        extract(r, r->bytes, r->path);
    else
        analyse(r);
}

struct reading *
reading_start(struct engine *e, const struct reading_ask *ask, reading_fn *fn, void *arg)
{
    struct arena arena = ARENA_INIT;
    struct wr_verdict v;
    bool kept = ask->what != READ_PART_VIEW && analysis_kept(e, ask->message, &arena, &v) == SP_OK;
    struct reading *r = NULL;
    if (kept && ask->what == READ_VERDICT && analysis_settled(&v)) {
        fn(&(struct reading_result){.final = true, .text = "", .verdict = &v}, arg);
    } else {
        r = engine_alloc(sizeof *r);
        *r = (struct reading){.engine = e, .ask = *ask, .path = engine_strdup(ask->path), .bytes = -1, .fn = fn, .arg = arg};
        r->needs_analysis = !kept || v.encryption.state != SP_ENCRYPTION_NONE || v.signature.state != SP_SIGNATURE_NONE;
        r->body = body_get(e, ask->message, on_body, r);
    }
    arena_release(&arena);
    return r;
}
