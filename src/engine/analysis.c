/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis of one message: a job that goes back and forth between parse, verdict and keys. */
#include "analysis.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/memfd.h"
#include "base/utf8.h"
#include "copy.h"
#include "mime/document.h"
#include "peers.h"
#include "threat/threat.h"
#include "verdict/verdict.h"

#define MAX_SOURCES (VERDICT_MAX_LAYERS + 1)
#define PARSE_MS 20000      /* the parser's own deadline is shorter */
#define KEYS_MS 60000
#define KEYS_ASKING_MS 600000
#define NO_INNER SIZE_MAX

/* Bytes and the document made from them. */
struct source {
    int bytes;
    struct memfd_map map;
    const struct document *doc;
    bool as_text; /* it got the header of a text from us */
};

struct analysis {
    struct engine *engine;
    struct arena arena;
    analysis_fn *fn;
    void *arg;
    struct analysis_ask ask; /* with own copies */
    struct source sources[MAX_SOURCES];
    size_t sources_n;
    const struct document *docs[MAX_SOURCES];
    struct verdict_layer layers[VERDICT_MAX_LAYERS];
    struct wire_blob session_keys[VERDICT_MAX_LAYERS]; /* fresh ones, in the arena */
    size_t layers_n;
    struct verdict_step step;
    bool with_session_key;  /* the decryption in flight tries one from the store */
    int64_t now;
    struct peer_call *call;
    struct loop_timer *timer; /* tells that it could not begin */
    enum sp_status failed;
    struct wr_verdict verdict;
};

static void next_step(struct analysis *a);
static void ask_keys(struct analysis *a);

static void
finish(struct analysis *a, enum sp_status st)
{
    if (st)
        log_line("analysis: %s", sp_status_name(st));
    a->fn(a, st, a->arg);
}

/* ---- parsing */

static bool
is_charset_name(const char *s)
{
    size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._:+-");
    return n > 0 && n <= 40 && !s[n];
}

/* What stands in an inline region, or came out of a layer without being an entity, is text: it gets the header of one. It is in the
   charset of the part around it, unless it is UTF-8, which OpenPGP programs write (RFC 9580 section 6.2.2.5). */
static enum sp_status
as_entity(int text, const char *charset, int *entity)
{
    struct memfd_map map;
    struct buf b = BUF_INIT;
    enum sp_status st = memfd_map(text, ENGINE_MAX_MESSAGE, &map);
    if (st)
        return st;
    bool own = is_charset_name(charset) && !utf8_valid(map.data, map.len);
    buf_addf(&b, "Content-Type: text/plain; charset=\"%s\"\r\nContent-Transfer-Encoding: 8bit\r\n\r\n", own ? charset : "utf-8");
    buf_add(&b, map.data, map.len);
    memfd_unmap(&map);
    st = buf_status(&b);
    if (!st)
        st = memfd_from(b.data, b.len, entity);
    buf_release_wiped(&b);
    return st;
}

static enum sp_status parse(struct analysis *a, int bytes, bool as_text);

/* Again, what came out of a layer and has no header: as text. */
static enum sp_status
parse_as_text(struct analysis *a)
{
    struct source *s = &a->sources[a->sources_n];
    int entity = -1;
    enum sp_status st = as_entity(s->bytes, "", &entity);
    if (st)
        return st;
    engine_close(&s->bytes);
    return parse(a, entity, true);
}

static void
on_parsed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct analysis *a = arg;
    struct source *s = &a->sources[a->sources_n];
    enum sp_status st = r->status;
    (void)arena;
    if (!r->final)
        return;
    a->call = NULL;
    if (!st && r->in->type != WM_TYPE_parsed)
        st = SP_PROTOCOL;
    if (!st)
        st = memfd_map(((struct wm_parsed *)r->in->msg)->document, DOC_MAX_SIZE, &s->map);
    if (!st) {
        /* Attacker-made data: a document that does not hold is as good as a crashed parser (S76). */
        st = document_check(s->map.data, s->map.len, &s->doc);
        if (st)
            st = SP_CRASHED;
    }
    if (st == SP_NOT_A_MESSAGE && a->sources_n > 0 && !s->as_text && parse_as_text(a) == SP_OK)
        return;
    if (st) {
        finish(a, st);
        return;
    }
    if (a->sources_n > 0)
        a->layers[a->layers_n - 1].inner = a->sources_n;
    a->docs[a->sources_n++] = s->doc;
    next_step(a);
}

/* Parses bytes (taken) as a further document; it belongs to the layer worked off last, if there is one. */
static enum sp_status
parse(struct analysis *a, int bytes, bool as_text)
{
    struct source *s = &a->sources[a->sources_n];
    *s = (struct source){.bytes = bytes, .as_text = as_text};
    struct memfd_map map;
    enum sp_status st = memfd_map(bytes, ENGINE_MAX_MESSAGE, &map);
    if (st)
        return st;
    struct wm_parse_message m = {.bytes = bytes, .length = map.len};
    memfd_unmap(&map);
    a->call = peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_parse_message, .msg = &m,
                                                          .timeout_ms = PARSE_MS, .flags = PEER_AGAIN, .fn = on_parsed, .arg = a});
    return SP_OK;
}

/* ---- keys */

static const struct doc_layer *
step_layer(const struct analysis *a)
{
    return doc_layer(a->docs[a->step.doc], a->step.layer);
}

static unsigned
session_key_number(const struct verdict_layer *l)
{
    return (unsigned)l->doc * 65536u + l->layer;
}

static bool
is_inline(const struct doc_layer *l)
{
    return l->kind == DOC_LAYER_INLINE_SIGNED || l->kind == DOC_LAYER_INLINE_ENCRYPTED;
}

/* Goes on with what came out of a layer (taken; <= 0: nothing). */
static void
go_inside(struct analysis *a, int content)
{
    enum sp_status st = SP_OK;
    bool as_text = is_inline(step_layer(a)) || (a->step.action == VERDICT_VERIFY && a->step.form == SP_FORM_CLEARSIGN);
    if (content > 0 && as_text) {
        const struct document *doc = a->docs[a->step.doc];
        int entity = -1;
        st = as_entity(content, doc_text(doc, doc_part(doc, step_layer(a)->part)->charset), &entity);
        engine_close(&content);
        content = entity;
    }
    if (!st && content <= 0) {
        next_step(a);
        return;
    }
    if (!st)
        st = parse(a, content, as_text);
    if (st)
        finish(a, st);
}

/* The reply of keys, copied: its lists must live as long as the analysis. NULL when it was no such reply. */
static void *
keep_reply(struct analysis *a, const struct call_reply *r, uint16_t type, struct verdict_layer *l)
{
    void *copy = NULL;
    l->status = r->status;
    if (!l->status && r->in->type != type)
        l->status = SP_PROTOCOL;
    if (!l->status)
        l->status = copy_message(type, r->in->msg, &a->arena, &copy);
    return copy;
}

static struct verdict_layer *
new_layer(struct analysis *a)
{
    struct verdict_layer *l = &a->layers[a->layers_n++];
    *l = (struct verdict_layer){.doc = a->step.doc, .layer = a->step.layer, .inner = NO_INNER, .cipher = ""};
    return l;
}

static void
on_verified(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct analysis *a = arg;
    (void)arena;
    if (!r->final)
        return;
    a->call = NULL;
    struct verdict_layer *l = new_layer(a);
    struct wm_verified *m = keep_reply(a, r, WM_TYPE_verified, l);
    if (!m) {
        next_step(a);
        return;
    }
    l->signatures = m->signatures;
    l->signatures_n = m->signatures_n;
    int content = m->content;
    if (a->step.form == SP_FORM_DETACHED) /* its content is in the document already */
        engine_close(&content);
    go_inside(a, content);
}

static void
on_decrypted(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct analysis *a = arg;
    (void)arena;
    if (!r->final)
        return;
    a->call = NULL;
    if (r->status && a->with_session_key) { /* it may be of another message state: once more without */
        a->with_session_key = false;
        ask_keys(a);
        return;
    }
    struct verdict_layer *l = new_layer(a);
    struct wm_decrypted *m = keep_reply(a, r, WM_TYPE_decrypted, l);
    if (!m) {
        next_step(a);
        return;
    }
    l->decrypted = m->plain > 0;
    l->cipher = m->cipher;
    l->integrity = m->integrity < SP_INTEGRITY_COUNT ? (enum sp_integrity)m->integrity : SP_INTEGRITY_NONE;
    l->signatures = m->signatures;
    l->signatures_n = m->signatures_n;
    a->session_keys[a->layers_n - 1] = m->session_key;
    go_inside(a, m->plain);
}

static void
call_keys(struct analysis *a, uint16_t type, const void *msg, call_fn *fn)
{
    bool asks = a->ask.interactive || a->ask.passphrase > 0;
    a->call = peer_call(a->engine, &(struct peer_request){.role = SP_ROLE_KEYS, .type = type, .msg = msg,
                                                          .timeout_ms = asks ? KEYS_ASKING_MS : KEYS_MS, .flags = PEER_AGAIN,
                                                          .client = a->ask.client, .fn = fn, .arg = a});
}

static void
ask_verify(struct analysis *a, int object)
{
    const struct document *doc = a->docs[a->step.doc];
    const struct doc_layer *layer = step_layer(a);
    struct wm_verify m = {.protocol = (uint8_t)a->step.protocol, .form = (uint8_t)a->step.form, .object = object, .now = a->ask.now,
                          .anchors = (struct wr_file *)(uintptr_t)a->ask.anchors, .anchors_n = a->ask.anchors_n,
                          .crls = (struct wr_file *)(uintptr_t)a->ask.crls, .crls_n = a->ask.crls_n};
    if (a->step.form == SP_FORM_DETACHED) {
        m.signed_bytes = a->sources[a->step.doc].bytes;
        m.offset = layer->signed_at;
        m.length = layer->signed_len;
        m.canonical = !doc->crlf;
    }
    call_keys(a, WM_TYPE_verify, &m, on_verified);
}

static void
ask_decrypt(struct analysis *a, int object)
{
    struct secret session_key = SECRET_INIT;
    struct verdict_layer l = {.doc = a->step.doc, .layer = a->step.layer};
    if (a->with_session_key && (!a->engine->store || store_session_key_get(a->engine->store, a->ask.message, session_key_number(&l), &session_key)))
        a->with_session_key = false;
    struct wm_decrypt m = {.protocol = (uint8_t)a->step.protocol, .object = object, .interactive = a->ask.interactive, .passphrase = a->ask.passphrase,
                           .session_key = {session_key.data, session_key.len}, .now = a->ask.now,
                           .anchors = (struct wr_file *)(uintptr_t)a->ask.anchors, .anchors_n = a->ask.anchors_n,
                           .crls = (struct wr_file *)(uintptr_t)a->ask.crls, .crls_n = a->ask.crls_n};
    call_keys(a, WM_TYPE_decrypt, &m, on_decrypted);
    secret_release(&session_key);
}

static void
ask_keys(struct analysis *a)
{
    struct doc_text object = step_layer(a)->object;
    int fd = -1;
    enum sp_status st = memfd_from(doc_text(a->docs[a->step.doc], object), object.len, &fd);
    if (st) {
        finish(a, st);
        return;
    }
    if (a->step.action == VERDICT_VERIFY)
        ask_verify(a, fd);
    else
        ask_decrypt(a, fd);
    engine_close(&fd);
}

static struct verdict_input
input_of(const struct analysis *a)
{
    return (struct verdict_input){.docs = a->docs, .docs_n = a->sources_n, .layers = a->layers, .layers_n = a->layers_n,
                                  .authservs = a->ask.authservs, .authservs_n = a->ask.authservs_n, .now = a->now, .open_path = a->ask.open_path};
}

static void
next_step(struct analysis *a)
{
    struct verdict_input in = input_of(a);
    a->step = verdict_next(&in, a->ask.open_path);
    bool possible = a->step.action != VERDICT_DONE && a->layers_n < VERDICT_MAX_LAYERS && a->sources_n < MAX_SOURCES &&
                    a->step.doc < a->sources_n && a->step.layer < a->docs[a->step.doc]->layers.count;
    if (possible) {
        a->with_session_key = a->ask.message != 0;
        ask_keys(a);
        return;
    }
    enum sp_status st = verdict_compute(&in, &a->arena, &a->verdict);
    finish(a, st ? st : threat_judge(&a->verdict, &(struct threat_context){0}, &a->arena));
}

/* ---- beginning and end */

static struct wr_file *
copy_files(struct arena *arena, const struct wr_file *files, uint32_t n)
{
    struct wr_file *copy = arena_array(arena, n, sizeof *copy);
    if (!copy)
        abort();
    for (uint32_t i = 0; i < n; i++)
        copy[i].fd = engine_dup(files[i].fd);
    return copy;
}

static void
close_files(const struct wr_file *files, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (files[i].fd > 0)
            (void)close(files[i].fd);
}

static void
on_cannot_begin(struct loop *l, void *arg)
{
    struct analysis *a = arg;
    (void)l;
    a->timer = NULL;
    finish(a, a->failed);
}

struct analysis *
analysis_start(struct engine *e, const struct analysis_ask *ask, analysis_fn *fn, void *arg)
{
    struct analysis *a = engine_alloc(sizeof *a);
    *a = (struct analysis){.engine = e, .fn = fn, .arg = arg, .ask = *ask, .now = ask->now ? ask->now : engine_now()};
    a->ask.open_path = arena_strdup(&a->arena, ask->open_path);
    a->ask.anchors = copy_files(&a->arena, ask->anchors, ask->anchors_n);
    a->ask.crls = copy_files(&a->arena, ask->crls, ask->crls_n);
    const char **authservs = arena_array(&a->arena, ask->authservs_n, sizeof *authservs);
    if (!authservs)
        abort();
    for (size_t i = 0; i < ask->authservs_n; i++)
        authservs[i] = arena_strdup(&a->arena, ask->authservs[i]);
    a->ask.authservs = authservs;
    a->ask.passphrase = engine_dup(ask->passphrase);
    a->ask.bytes = -1;
    a->failed = parse(a, engine_dup(ask->bytes), false);
    if (a->failed) {
        a->timer = loop_timer_add(e->loop, 0, on_cannot_begin, a);
        if (!a->timer)
            abort();
    }
    return a;
}

void
analysis_free(struct analysis *a)
{
    if (!a)
        return;
    peer_drop(a->call);
    if (a->timer)
        loop_timer_remove(a->timer);
    for (size_t i = 0; i < MAX_SOURCES; i++) {
        memfd_unmap(&a->sources[i].map);
        engine_close(&a->sources[i].bytes);
    }
    close_files(a->ask.anchors, a->ask.anchors_n);
    close_files(a->ask.crls, a->ask.crls_n);
    engine_close(&a->ask.passphrase);
    arena_wipe(&a->arena); /* session keys and decrypted text */
    arena_release(&a->arena);
    free(a);
}

const struct wr_verdict *
analysis_verdict(const struct analysis *a)
{
    return &a->verdict;
}

/* ---- keeping */

/* The kept form: the version, then the verdict. A quote that is the text itself (nearly always) is not kept twice. */
#define QUOTE_IS_BODY 0x80000000u

static enum sp_status
keep_verdict(struct engine *e, uint64_t message, const struct wr_verdict *v)
{
    struct buf b = BUF_INIT;
    uint32_t version = VERDICT_VERSION;
    struct wr_verdict kept = *v;
    if (strcmp(v->reply_quote, v->body) == 0) {
        version |= QUOTE_IS_BODY;
        kept.reply_quote = "";
    }
    buf_add(&b, &version, sizeof version);
    enum sp_status st = wire_encode(&wire_record_verdict, &kept, &b);
    if (!st)
        st = store_verdict_put(e->store, message, v, b.data, b.len);
    buf_release_wiped(&b);
    return st;
}

enum sp_status
analysis_keep(struct analysis *a)
{
    struct engine *e = a->engine;
    if (!e->store)
        return SP_LOCKED;
    if (!a->ask.message)
        return SP_INVALID;
    enum sp_status st = keep_verdict(e, a->ask.message, &a->verdict);
    for (size_t i = 0; !st && i < a->layers_n; i++)
        if (a->session_keys[i].len)
            st = store_session_key_put(e->store, a->ask.message, session_key_number(&a->layers[i]), a->session_keys[i].data, a->session_keys[i].len);
    return st;
}

enum sp_status
analysis_kept(struct engine *e, uint64_t message, struct arena *arena, struct wr_verdict *out)
{
    struct wire_blob blob;
    uint32_t version;
    enum sp_status st = store_verdict_get(e->store, message, arena, &blob);
    if (st)
        return st;
    if (blob.len < sizeof version)
        return SP_NOT_FOUND;
    memcpy(&version, blob.data, sizeof version);
    if ((version & ~QUOTE_IS_BODY) != VERDICT_VERSION)
        return SP_NOT_FOUND;
    st = wire_decode(&wire_record_verdict, (const char *)blob.data + sizeof version, blob.len - sizeof version, arena, out);
    if (!st && version & QUOTE_IS_BODY)
        out->reply_quote = out->body;
    return st;
}

bool
analysis_settled(const struct wr_verdict *v)
{
    switch (v->signature.state) {
    case SP_SIGNATURE_ERROR:
    case SP_SIGNATURE_UNKNOWN_KEY:
    case SP_SIGNATURE_UNTRUSTED: /* a key may have been got or certified with other programs meanwhile */
        return false;
    default:
        break;
    }
    if (v->encryption.state == SP_ENCRYPTION_LOCKED || v->encryption.state == SP_ENCRYPTION_FAILED)
        return false;
    for (uint32_t i = 0; i < v->warnings_n; i++)
        if (strcmp(v->warnings[i].id, "not-analysed") == 0)
            return false;
    return true;
}

enum sp_status
analysis_keep_failure(struct engine *e, uint64_t message, enum sp_status why)
{
    struct arena arena = ARENA_INIT;
    struct store_message m;
    enum sp_status st = store_message_get(e->store, message, &arena, &m);
    if (!st) {
        struct wr_text reason = {.text = sp_status_name(why)};
        struct wr_warning warning = {.id = "not-analysed", .level = SP_LEVEL_DANGER, .text = "This message could not be analysed safely.",
                                     .args = &reason, .args_n = 1};
        struct wr_verdict v = {.from = {.name = m.from_name, .address = m.from_address, .display = m.from_address}, .subject = m.subject,
                               .message_id = m.message_id, .has_date = m.date != 0, .date = m.date, .warnings = &warning, .warnings_n = 1,
                               .body = "", .reply_quote = "", .risk = SP_LEVEL_DANGER, .signature = {.state = SP_SIGNATURE_NONE}};
        st = keep_verdict(e, message, &v);
    }
    arena_release(&arena);
    return st;
}

enum sp_status
analysis_part(struct analysis *a, const char *path, int *bytes, const char **inner_path)
{
    struct verdict_input in = input_of(a);
    size_t doc;
    uint32_t part;
    if (!verdict_find_part(&in, path, &doc, &part) || doc >= a->sources_n || part >= a->docs[doc]->parts.count)
        return SP_NOT_FOUND;
    *bytes = a->sources[doc].bytes;
    *inner_path = doc_text(a->docs[doc], doc_part(a->docs[doc], part)->path);
    return SP_OK;
}
