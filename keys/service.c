/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of the engine. This process keeps the store's key and parses nothing: each operation runs in a child that gets only the
   subkeys it needs. Passphrases pass through as pipes, unread. */
#include "service.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "base/sandbox.h"
#include "child.h"

#define MAX_JOBS 32
#define ASK_MS 300000
#define LAUNCH_MS 15000

struct job {
    struct job *next;
    struct service *service;
    struct child *child;
    uint32_t id;      /* of the engine's request */
    uint32_t serial;
    uint16_t reply;   /* the type that a good answer has */
    uint32_t asking;  /* our question to the engine on its behalf, 0 = none */
};

struct service {
    struct service_config config;
    struct wire_conn *engine;
    struct calls *engine_calls, *control_calls;
    struct job *jobs;
    size_t jobs_n;
    uint32_t serial;
    bool pinentry;
    struct secret store_key, wrapped;
};

/* ---- operations, as they run in the child */

typedef enum sp_status op_fn(const struct keys_op *op, void *in, void *out);

static enum sp_status
run_verify(const struct keys_op *op, void *in, void *out)
{
    const struct wm_verify *m = in;
    return m->protocol == SP_PROTOCOL_OPENPGP ? pgp_verify(op, in, out) : smime_verify(op, in, out);
}

static enum sp_status
run_decrypt(const struct keys_op *op, void *in, void *out)
{
    const struct wm_decrypt *m = in;
    return m->protocol == SP_PROTOCOL_OPENPGP ? pgp_decrypt(op, in, out) : smime_decrypt(op, in, out);
}

static enum sp_status
run_sign(const struct keys_op *op, void *in, void *out)
{
    const struct wm_sign *m = in;
    return m->protocol == SP_PROTOCOL_OPENPGP ? pgp_sign(op, in, out) : smime_sign(op, in, out);
}

static enum sp_status
run_encrypt(const struct keys_op *op, void *in, void *out)
{
    const struct wm_encrypt *m = in;
    return m->protocol == SP_PROTOCOL_OPENPGP ? pgp_encrypt(op, in, out) : smime_encrypt(op, in, out);
}

static enum sp_status
run_list(const struct keys_op *op, void *in, void *out)
{
    return keys_list(op, in, out);
}

static enum sp_status
run_import(const struct keys_op *op, void *in, void *out)
{
    return keys_import(op, in, out);
}

static enum sp_status
run_resolve(const struct keys_op *op, void *in, void *out)
{
    return keys_resolve(op, in, out);
}

static enum sp_status
run_set_trust(const struct keys_op *op, void *in, void *out)
{
    (void)out;
    return keys_set_trust(op, in);
}

static enum sp_status
store_key_reply(struct arena *arena, const struct secret *key, const struct wire_blob *wrapped, struct wm_store_key *out)
{
    char *copy = arena_strndup(arena, (const char *)key->data, key->len);
    if (!copy)
        return SP_NOMEM;
    *out = (struct wm_store_key){.key = {copy, key->len}, .wrapped = *wrapped};
    return SP_OK;
}

static enum sp_status
run_store_create(const struct keys_op *op, void *in, void *out)
{
    const struct wm_store_create *m = in;
    struct secret key = SECRET_INIT;
    struct wire_blob wrapped = {0};
    enum sp_status st = storekey_create(op, (enum sp_protection)m->protection, m->key_id, m->passphrase, &key, &wrapped);
    if (!st)
        st = store_key_reply(op->arena, &key, &wrapped, out);
    secret_release(&key);
    return st;
}

static enum sp_status
run_store_unlock(const struct keys_op *op, void *in, void *out)
{
    const struct wm_store_unlock *m = in;
    struct secret key = SECRET_INIT;
    enum sp_status st = storekey_unlock(op, m->wrapped.data, m->wrapped.len, m->passphrase, &key);
    if (!st)
        st = store_key_reply(op->arena, &key, &m->wrapped, out);
    secret_release(&key);
    return st;
}

/* ---- the table */

enum need { NEED_PROTOCOL = 1, NEED_PUBLIC = 2, NEED_PRIVATE = 4, NEED_PERSON = 8 /* may wait for a person or a card */ };

static const struct operation {
    uint16_t type, reply;
    unsigned needs;
    int64_t deadline_ms;
    op_fn *run;
} operations[] = {
    {WM_TYPE_verify, WM_TYPE_verified, NEED_PROTOCOL | NEED_PUBLIC, 9000, run_verify},
    {WM_TYPE_decrypt, WM_TYPE_decrypted, NEED_PROTOCOL | NEED_PUBLIC | NEED_PRIVATE | NEED_PERSON, 9000, run_decrypt},
    {WM_TYPE_sign, WM_TYPE_signed_bytes, NEED_PROTOCOL | NEED_PUBLIC | NEED_PRIVATE | NEED_PERSON, 30000, run_sign},
    {WM_TYPE_encrypt, WM_TYPE_encrypted_bytes, NEED_PROTOCOL | NEED_PUBLIC | NEED_PERSON, 60000, run_encrypt},
    {WM_TYPE_list_keys, WM_TYPE_keys, NEED_PUBLIC, 30000, run_list},
    {WM_TYPE_import_keys, WM_TYPE_imported, NEED_PUBLIC | NEED_PRIVATE, 60000, run_import},
    {WM_TYPE_resolve_keys, WM_TYPE_resolved, NEED_PUBLIC, 30000, run_resolve},
    {WM_TYPE_set_trust, WM_TYPE_reply_done, NEED_PROTOCOL | NEED_PUBLIC, 10000, run_set_trust},
    {WM_TYPE_store_create, WM_TYPE_store_key, NEED_PERSON, 30000, run_store_create},
    {WM_TYPE_store_unlock, WM_TYPE_store_key, NEED_PERSON, 30000, run_store_unlock},
};

#define PERSON_MS 120000

/* The members that several requests share, wherever they stand. */
static uint8_t
protocol_of(const struct wire_in *in)
{
    switch (in->type) {
    case WM_TYPE_verify: return ((const struct wm_verify *)in->msg)->protocol;
    case WM_TYPE_decrypt: return ((const struct wm_decrypt *)in->msg)->protocol;
    case WM_TYPE_sign: return ((const struct wm_sign *)in->msg)->protocol;
    case WM_TYPE_encrypt: return ((const struct wm_encrypt *)in->msg)->protocol;
    case WM_TYPE_set_trust: return ((const struct wm_set_trust *)in->msg)->protocol;
    default: return SP_PROTOCOL_NONE;
    }
}

static bool
is_interactive(const struct wire_in *in)
{
    switch (in->type) {
    case WM_TYPE_decrypt: return ((const struct wm_decrypt *)in->msg)->interactive;
    case WM_TYPE_sign: return ((const struct wm_sign *)in->msg)->interactive;
    case WM_TYPE_encrypt: return ((const struct wm_encrypt *)in->msg)->interactive;
    default: return true;
    }
}

/* ---- the child's process */

struct child_work {
    const struct service *service;
    const struct operation *operation;
    struct wire_in *in;
    struct secret public_key, private_key;
};

struct child_side {
    const struct service *service;
    struct wire_conn *up;
    struct arena *arena;
    uint32_t next_id;
};

/* A question to the parent; returns its final answer. */
static enum sp_status
ask_parent(struct child_side *side, uint16_t type, const void *msg, struct wire_in *in)
{
    uint32_t id = CHILD_ID + ++side->next_id;
    enum sp_status st = wire_send(side->up, type, id, msg);
    if (!st)
        st = wire_flush(side->up, -1);
    while (!st) {
        st = wire_receive(side->up, -1, side->arena, in);
        if (!st && in->id == id && in->desc->final)
            break;
        if (!st)
            wire_in_close(in);
    }
    if (!st && in->type == WM_TYPE_reply_error) {
        uint16_t status = ((const struct wm_reply_error *)in->msg)->status;
        st = status && status < SP_STATUS_COUNT ? (enum sp_status)status : SP_INTERNAL;
    }
    return st;
}

static enum sp_status
ask_passphrase(void *arg, const char *user_id, const char *key_id, bool was_wrong, struct secret *out)
{
    struct wire_in in;
    struct wm_ask_passphrase m = {.user_id = user_id, .key_id = key_id, .was_wrong = was_wrong};
    enum sp_status st = ask_parent(arg, WM_TYPE_ask_passphrase, &m, &in);
    if (st)
        return st;
    st = in.type == WM_TYPE_passphrase ? keys_read_passphrase(((struct wm_passphrase *)in.msg)->pipe, out) : SP_INTERNAL;
    wire_in_close(&in);
    return st;
}

/* True when something listens on the agent's socket. Connecting alone makes the agent do nothing. */
static bool
agent_listens(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path)
        return false;
    memcpy(address.sun_path, path, strlen(path) + 1);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && connect(fd, (const struct sockaddr *)&address, sizeof address) == 0;
    if (fd >= 0)
        (void)close(fd);
    return ok;
}

static enum sp_status
need_agent(void *arg)
{
    struct child_side *side = arg;
    const char *path = side->service->config.agent_socket;
    const struct wm_launch_agent nothing;
    struct wire_in in;
    if (!*path || agent_listens(path))
        return *path ? SP_OK : SP_UNAVAILABLE;
    enum sp_status st = ask_parent(side, WM_TYPE_launch_agent, &nothing, &in);
    if (!st)
        wire_in_close(&in);
    return st ? st : agent_listens(path) ? SP_OK : SP_UNAVAILABLE;
}

/* Locks are not inherited by fork. */
static void
lock_again(const struct secret *s)
{
    if (s->data)
        (void)mlock(s->data, s->cap);
}

/* S/MIME and the store's passphrase need no other program. */
static enum sp_status
tighten(const struct wire_in *in)
{
    return protocol_of(in) == SP_PROTOCOL_SMIME ? sandbox_enter_child(SP_ROLE_KEYS) : SP_OK;
}

static void
child_body(struct wire_conn *up, void *arg)
{
    struct child_work *work = arg;
    const struct service *s = work->service;
    struct arena arena = ARENA_INIT;
    struct child_side side = {.service = s, .up = up, .arena = &arena};
    struct keys_op op = {
        .arena = &arena, .gnupg_home = s->config.gnupg_home, .store_dir = s->config.store_dir,
        .public_key = &work->public_key, .private_key = &work->private_key, .pinentry = s->pinentry,
        .ask = ask_passphrase, .agent = need_agent, .ask_arg = &side,
    };
    const struct wire_desc *desc = wire_message_desc(work->operation->reply);
    lock_again(&work->public_key);
    lock_again(&work->private_key);
    void *out = desc ? arena_alloc(&arena, desc->size + 1) : NULL;
    enum sp_status st = out ? tighten(work->in) : SP_NOMEM;
    if (!st)
        st = work->operation->run(&op, work->in->msg, out);
    if (!st)
        st = wire_send(up, work->operation->reply, CHILD_ID, out);
    if (st)
        (void)wire_reply_error(up, CHILD_ID, st, NULL);
}

/* ---- jobs in the parent */

static struct job *
find_job(struct service *s, uint32_t serial)
{
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->serial == serial)
            return j;
    return NULL;
}

/* Forgets the job; the child is ended by the caller or by child.c. */
static void
drop_job(struct job *job)
{
    struct service *s = job->service;
    if (job->asking && s->engine_calls)
        call_cancel(s->engine_calls, job->asking);
    struct job **p = &s->jobs;
    while (*p && *p != job)
        p = &(*p)->next;
    if (*p) {
        *p = job->next;
        s->jobs_n--;
    }
    free(job);
}

static void
drop_all_jobs(struct service *s)
{
    while (s->jobs) {
        child_kill(s->jobs->child);
        drop_job(s->jobs);
    }
}

struct question {
    struct service *service;
    uint32_t serial, id; /* the job, and the child's question */
};

/* The engine's or supervisor's answer to a child's question: handed on as it is, descriptors and all. */
static void
on_answer(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct question *q = arg;
    struct job *job = find_job(q->service, q->serial);
    (void)arena;
    if (job) {
        struct wire_conn *to = child_conn(job->child);
        child_pause(job->child, false);
        job->asking = 0;
        if (r->status)
            (void)wire_reply_error(to, q->id, r->status, NULL);
        else if (r->in->type == WM_TYPE_passphrase || r->in->type == WM_TYPE_reply_done)
            (void)!wire_send(to, r->in->type, q->id, r->in->msg);
        else
            (void)wire_reply_error(to, q->id, SP_PROTOCOL, NULL);
    }
    free(q);
}

static void
forward_question(struct job *job, struct wire_in *in)
{
    struct service *s = job->service;
    struct question *q = malloc(sizeof *q);
    bool agent = in->type == WM_TYPE_launch_agent;
    if (!q) {
        (void)wire_reply_error(child_conn(job->child), in->id, SP_NOMEM, NULL);
        return;
    }
    *q = (struct question){s, job->serial, in->id};
    if (!agent) /* so that the question reaches the person who waits for the answer */
        ((struct wm_ask_passphrase *)in->msg)->request = job->id;
    child_pause(job->child, true);
    uint32_t serial = job->serial;
    uint32_t asking = call_start(agent ? s->control_calls : s->engine_calls, in->type, in->msg, agent ? LAUNCH_MS : ASK_MS, on_answer, q);
    job = find_job(s, serial);
    if (job && !agent)
        job->asking = asking;
}

/* Keeps what a restarted engine will ask for again. */
static enum sp_status
keep_store_key(struct service *s, const struct wm_store_key *m)
{
    if (m->key.len != KEYS_STORE_KEY_LEN)
        return SP_INTERNAL;
    enum sp_status st = secret_set(&s->store_key, m->key.data, m->key.len);
    if (!st)
        st = secret_set(&s->wrapped, m->wrapped.data, m->wrapped.len);
    secret_wipe_on_fork(&s->store_key);
    secret_wipe_on_fork(&s->wrapped);
    return st;
}

static void
on_child_message(struct child *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct job *job = arg;
    struct service *s = job->service;
    (void)c;
    (void)arena;
    if (!in->desc->final) {
        if (in->type == WM_TYPE_ask_passphrase || in->type == WM_TYPE_launch_agent)
            forward_question(job, in);
        return;
    }
    enum sp_status st = in->type == job->reply || in->type == WM_TYPE_reply_error ? SP_OK : SP_CRASHED;
    if (!st && in->type == WM_TYPE_store_key)
        st = keep_store_key(s, in->msg);
    if (!st)
        st = wire_send(s->engine, in->type, job->id, in->msg);
    if (st)
        (void)wire_reply_error(s->engine, job->id, st, NULL);
    drop_job(job);
}

static void
on_child_failed(struct child *c, enum sp_status why, void *arg)
{
    struct job *job = arg;
    (void)c;
    log_line("operation ended: %s", sp_status_name(why));
    (void)wire_reply_error(job->service->engine, job->id, why, NULL);
    drop_job(job);
}

/* Descriptors of this process that a child has no business with. */
static void
foreign_fds(const struct service *s, int fds[MAX_JOBS + 4])
{
    size_t n = 0;
    fds[n++] = wire_conn_fd(s->engine);
    fds[n++] = wire_conn_fd(s->config.control);
    for (const struct job *j = s->jobs; j; j = j->next)
        if (j->child)
            fds[n++] = wire_conn_fd(child_conn(j->child));
    fds[n] = -1;
}

static enum sp_status
start_job(struct service *s, const struct operation *o, struct wire_in *in)
{
    int fds[MAX_JOBS + 4];
    struct child_work work = {.service = s, .operation = o, .in = in};
    struct job *job = s->jobs_n < MAX_JOBS ? calloc(1, sizeof *job) : NULL;
    enum sp_status st = job ? SP_OK : SP_BUSY;
    if (!st && s->store_key.len && o->needs & NEED_PUBLIC)
        st = certstore_subkey(&s->store_key, false, &work.public_key);
    if (!st && s->store_key.len && o->needs & NEED_PRIVATE && protocol_of(in) != SP_PROTOCOL_OPENPGP)
        st = certstore_subkey(&s->store_key, true, &work.private_key);
    if (!st) {
        foreign_fds(s, fds);
        *job = (struct job){.service = s, .id = in->id, .serial = ++s->serial, .reply = o->reply};
        struct child_spec spec = {
            .body = child_body, .body_arg = &work, .close_fds = fds, .on_message = on_child_message, .on_failed = on_child_failed,
            .arg = job, .deadline_ms = o->needs & NEED_PERSON && is_interactive(in) ? PERSON_MS : o->deadline_ms,
        };
        job->child = child_start(s->config.loop, &spec);
        st = job->child ? SP_OK : SP_UNAVAILABLE;
    }
    secret_release(&work.public_key);
    secret_release(&work.private_key);
    if (st) {
        free(job);
        return st;
    }
    job->next = s->jobs;
    s->jobs = job;
    s->jobs_n++;
    return SP_OK;
}

/* ---- what needs no child */

static void
on_keys_open(struct service *s, uint32_t id, const struct wm_keys_open *m)
{
    const char *home = s->config.home;
    /* This process was confined to its folders before; another profile needs another process. */
    if (*m->home && strcmp(m->home, home) != 0) {
        (void)wire_reply_error(s->engine, id, SP_CONFIG, NULL);
        return;
    }
    s->pinentry = m->pinentry;
    (void)wire_reply_done(s->engine, id);
}

static void
on_store_again(struct service *s, uint32_t id)
{
    struct wm_store_key m = {.key = {s->store_key.data, s->store_key.len}, .wrapped = {s->wrapped.data, s->wrapped.len}};
    if (s->store_key.len == 0 || wire_send_store_key(s->engine, id, &m))
        (void)wire_reply_error(s->engine, id, SP_LOCKED, NULL);
}

static void
on_store_forget(struct service *s, uint32_t id)
{
    secret_release(&s->store_key);
    secret_release(&s->wrapped);
    (void)wire_reply_done(s->engine, id);
}

static void
on_cancel(struct service *s, uint32_t request)
{
    for (struct job *j = s->jobs; j; j = j->next)
        if (j->id == request) {
            child_kill(j->child);
            (void)wire_reply_error(s->engine, request, SP_CANCELLED, NULL);
            drop_job(j);
            return;
        }
}

static void
on_request(struct service *s, struct wire_in *in)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++) {
        const struct operation *o = &operations[i];
        if (o->type != in->type)
            continue;
        uint8_t protocol = protocol_of(in);
        enum sp_status st = SP_INVALID;
        if (!(o->needs & NEED_PROTOCOL) || protocol == SP_PROTOCOL_OPENPGP || protocol == SP_PROTOCOL_SMIME)
            st = start_job(s, o, in);
        if (st)
            (void)wire_reply_error(s->engine, in->id, st, NULL);
        return;
    }
    (void)wire_reply_error(s->engine, in->id, SP_UNSUPPORTED, NULL);
}

static void
on_engine_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct service *s = arg;
    (void)c;
    if (in->desc->final) {
        (void)calls_dispatch(s->engine_calls, in, arena);
        return;
    }
    switch (in->type) {
    case WM_TYPE_cancel: on_cancel(s, ((const struct wm_cancel *)in->msg)->id); return;
    case WM_TYPE_keys_open: on_keys_open(s, in->id, in->msg); return;
    case WM_TYPE_store_again: on_store_again(s, in->id); return;
    case WM_TYPE_store_forget: on_store_forget(s, in->id); return;
    default:
        if (in->id)
            on_request(s, in);
    }
}

static void
close_engine(struct service *s)
{
    drop_all_jobs(s);
    calls_free(s->engine_calls, SP_CRASHED);
    wire_conn_free(s->engine);
    s->engine_calls = NULL;
    s->engine = NULL;
}

static void
on_engine_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    log_line("engine gone: %s", sp_status_name(why));
    close_engine(arg); /* the store's key stays for the next engine */
}

void
service_engine(struct service *s, int fd)
{
    close_engine(s);
    s->engine = wire_conn_new(fd, s->config.loop, on_engine_message, on_engine_closed, s);
    s->engine_calls = s->engine ? calls_new(s->engine, s->config.loop) : NULL;
}

void
service_control(struct service *s, struct wire_in *in, struct arena *arena)
{
    if (in->desc->final)
        (void)calls_dispatch(s->control_calls, in, arena);
}

struct service *
service_new(const struct service_config *config)
{
    struct service *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->config = *config;
    s->control_calls = calls_new(config->control, config->loop);
    if (!s->control_calls) {
        free(s);
        return NULL;
    }
    return s;
}

void
service_free(struct service *s)
{
    if (!s)
        return;
    close_engine(s);
    calls_free(s->control_calls, SP_CANCELLED);
    secret_release(&s->store_key);
    secret_release(&s->wrapped);
    free(s);
}
