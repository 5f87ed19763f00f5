/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The table of operations and the child's side: what runs there, its questions to the parent, its tighter confinement. */
#include "operation.h"

#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "child.h"

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

static enum sp_status
run_store_rewrap(const struct keys_op *op, void *in, void *out)
{
    const struct wm_store_rewrap *m = in;
    struct secret key = SECRET_INIT;
    struct wire_blob wrapped = {0};
    enum sp_status st = storekey_unlock(op, m->wrapped.data, m->wrapped.len, m->old, &key);
    if (!st)
        st = storekey_wrap(op, (enum sp_protection)m->protection, m->key_id, m->passphrase, &key, &wrapped);
    if (!st)
        st = store_key_reply(op->arena, &key, &wrapped, out);
    secret_release(&key);
    return st;
}

/* ---- the table */

enum need { NEED_PROTOCOL = 1, NEED_PUBLIC = 2, NEED_PRIVATE = 4, NEED_PERSON = 8 /* may wait for a person or a card */ };

struct operation {
    uint16_t type, reply;
    unsigned needs;
    int64_t deadline_ms;
    op_fn *run;
};

static const struct operation operations[] = {
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
    {WM_TYPE_store_rewrap, WM_TYPE_store_key, NEED_PERSON, 60000, run_store_rewrap},
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

struct child_side {
    const struct operation_work *work;
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

static enum sp_status
ask_terminal(void *arg, const char *user_id, const char *key_id, struct keys_terminal *out)
{
    struct wire_in in;
    struct wm_ask_passphrase m = {.user_id = user_id, .key_id = key_id, .pinentry = 1};
    enum sp_status st = ask_parent(arg, WM_TYPE_ask_passphrase, &m, &in);
    if (st)
        return st;
    const struct wm_passphrase *answer = in.type == WM_TYPE_passphrase ? in.msg : NULL;
    if (answer) /* the texts are in the operation's arena */
        *out = (struct keys_terminal){answer->tty, answer->term, answer->lc_ctype, answer->lc_messages};
    wire_in_close(&in);
    return answer ? SP_OK : SP_INTERNAL;
}

static void
tell_pinentry(void *arg, uint32_t pid)
{
    struct child_side *side = arg;
    if (wire_send_end_pinentry(side->up, 0, &(struct wm_end_pinentry){.pid = pid}) == SP_OK)
        (void)!wire_flush(side->up, -1);
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
    const char *path = side->work->agent_socket;
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

void
operation_run(struct wire_conn *up, void *arg)
{
    struct operation_work *work = arg;
    struct arena arena = ARENA_INIT;
    struct child_side side = {.work = work, .up = up, .arena = &arena};
    struct keys_op op = {
        .arena = &arena, .gnupg_home = work->gnupg_home, .store_dir = work->store_dir, .public_key = &work->public_key,
        .private_key = &work->private_key, .pinentry = work->pinentry, .ask = ask_passphrase,
        .hand_over = ask_terminal, .pinentry_runs = tell_pinentry, .agent = need_agent, .ask_arg = &side,
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
    arena_wipe(&arena);
    arena_release(&arena);
}

/* ---- what the parent asks of the table */

const struct operation *
operation_find(uint16_t type)
{
    for (size_t i = 0; i < sizeof operations / sizeof *operations; i++)
        if (operations[i].type == type)
            return &operations[i];
    return NULL;
}

bool
operation_is_valid(const struct operation *o, const struct wire_in *in)
{
    uint8_t protocol = protocol_of(in);
    return !(o->needs & NEED_PROTOCOL) || protocol == SP_PROTOCOL_OPENPGP || protocol == SP_PROTOCOL_SMIME;
}

uint16_t
operation_reply(const struct operation *o)
{
    return o->reply;
}

int64_t
operation_deadline_ms(const struct operation *o, const struct wire_in *in)
{
    return o->needs & NEED_PERSON && is_interactive(in) ? PERSON_MS : o->deadline_ms;
}

bool
operation_needs_public(const struct operation *o)
{
    return (o->needs & NEED_PUBLIC) != 0;
}

bool
operation_needs_private(const struct operation *o, const struct wire_in *in)
{
    return o->needs & NEED_PRIVATE && protocol_of(in) != SP_PROTOCOL_OPENPGP;
}
