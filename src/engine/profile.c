/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profile: creating, unlocking, locking. The key itself is made and unwrapped by the keys role. */
#include "profile.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/secret.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "keyfile.h"
#include "linger.h"
#include "peers.h"
#include "upkeep.h"

#define KEY_LEN 48             /* 32 of key, 16 of salt */
#define UNLOCK_MS 600000       /* a passphrase for an OpenPGP key may have to be typed */
#define BEGIN_MS 10000
#define REOPEN_MS 5000

struct profile {
    struct engine *engine;
    char *folder;              /* of the databases */
    bool exists;
    enum sp_status unreadable; /* why store.key cannot be used */
    enum sp_protection protection;
    struct buf wrapped;
    struct secret key;         /* while the store is open, or is to be opened again */
    struct loop_timer *reopen;
    bool settling;
    struct peer_call *call;    /* of profile_begin */
};

/* One create_profile, unlock or change_protection. */
struct unlocking {
    struct profile *profile;
    struct request *rq;
    struct peer_call *call;
    bool create;
    enum sp_protection protection;
};

/* ---- opening */

/* With p->key. */
static enum sp_status
open_again(struct profile *p)
{
    struct engine *e = p->engine;
    bool cache_lost = false;
    if (p->reopen)
        loop_timer_remove(p->reopen);
    p->reopen = NULL;
    enum sp_status st = store_open(p->folder, &p->key, upkeep_watcher(e->upkeep), &cache_lost, &e->store);
    if (st) {
        log_line("the store does not open: %s", sp_status_name(st));
        e->store = NULL;
        return st;
    }
    if (cache_lost)
        log_line("the cache was damaged and is fetched again");
    engine_opened(e, cache_lost);
    if (p->protection == SP_PROTECTION_KEY_FILE)
        events_notice(e, SP_NOTICE_UNPROTECTED_STORE, SP_LEVEL_NOTICE, (const char *const[]){NULL});
    linger_used(e);
    return SP_OK;
}

static enum sp_status
open_store(struct profile *p, struct wire_blob key)
{
    if (p->engine->store)
        return SP_OK;
    if (key.len != KEY_LEN)
        return SP_PROTOCOL;
    enum sp_status st = secret_set(&p->key, key.data, key.len);
    secret_wipe_on_fork(&p->key);
    if (!st)
        st = open_again(p);
    if (st)
        secret_release(&p->key);
    return st;
}

static void
on_reopen(struct loop *l, void *arg)
{
    struct profile *p = arg;
    (void)l;
    p->reopen = NULL;
    if (!p->engine->store && p->key.len && open_again(p))
        p->reopen = loop_timer_add(p->engine->loop, REOPEN_MS, on_reopen, p);
}

void
profile_reopen(struct engine *e)
{
    if (!e->store)
        return;
    engine_closing(e, SP_UNAVAILABLE);
    store_close(e->store);
    e->store = NULL;
    on_reopen(e->loop, e->profile);
}

const char *
profile_folder(const struct engine *e)
{
    return e->profile->folder;
}

static void
settle(struct profile *p)
{
    p->settling = false;
    p->call = NULL;
    door_settled(p->engine->door);
    linger_used(p->engine);
}

static void
on_key_file(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct profile *p = arg;
    (void)arena;
    if (!r->final)
        return;
    if (!r->status && r->in->type == WM_TYPE_store_key)
        (void)open_store(p, ((const struct wm_store_key *)r->in->msg)->key);
    settle(p);
}

static void
on_again(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct profile *p = arg;
    if (!r->final)
        return;
    if (!r->status || p->protection != SP_PROTECTION_KEY_FILE) {
        on_key_file(r, arena, arg);
        return;
    }
    struct wm_store_unlock m = {.wrapped = {p->wrapped.data, p->wrapped.len}};
    p->call = peer_call(p->engine, &(struct peer_request){.role = SP_ROLE_KEYS, .type = WM_TYPE_store_unlock, .msg = &m,
                                                          .timeout_ms = BEGIN_MS, .flags = PEER_AGAIN, .fn = on_key_file, .arg = p});
}

void
profile_begin(struct engine *e)
{
    struct profile *p = e->profile;
    struct buf folder = BUF_INIT;
    buf_addf(&folder, "%s/store", e->home);
    engine_set_text(&p->folder, buf_str(&folder));
    buf_release(&folder);
    enum sp_status st = keyfile_read(p->folder, &p->protection, &p->wrapped);
    p->exists = st != SP_NOT_FOUND;
    p->unreadable = p->exists ? st : SP_OK;
    if (st) {
        linger_used(e);
        return;
    }
    p->settling = true;
    p->call = peer_call(e, &(struct peer_request){.role = SP_ROLE_KEYS, .type = WM_TYPE_store_again, .msg = &(struct wm_store_again){},
                                                  .timeout_ms = BEGIN_MS, .flags = PEER_AGAIN, .fn = on_again, .arg = p});
}

bool
profile_settled(const struct engine *e)
{
    return !e->profile->settling;
}

enum sp_protection
profile_protection(const struct engine *e)
{
    return e->profile->protection;
}

void
profile_describe(const struct engine *e, struct wm_welcome *m)
{
    m->has_profile = e->profile->exists;
    m->locked = e->profile->exists && !e->store;
    m->protection = (uint8_t)e->profile->protection;
}

static void
on_restored(const struct call_reply *r, struct arena *arena, void *arg)
{
    (void)arena;
    (void)arg;
    if (r->status)
        log_line("keys does not take the key back: %s", sp_status_name(r->status));
}

void
profile_keys_connected(struct engine *e)
{
    struct profile *p = e->profile;
    if (!e->store || !p->key.len)
        return;
    struct wm_store_restore m = {.key = {p->key.data, p->key.len}};
    (void)peer_call(e, &(struct peer_request){.role = SP_ROLE_KEYS, .type = WM_TYPE_store_restore, .msg = &m, .timeout_ms = BEGIN_MS,
                                              .flags = PEER_FIRST, .fn = on_restored});
}

/* ---- creating and unlocking on request */

static bool
unlocking_end(void *arg, enum sp_status why)
{
    struct unlocking *u = arg;
    (void)why;
    peer_drop(u->call);
    free(u);
    return true;
}

static void
on_unlocked(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct unlocking *u = arg;
    struct profile *p = u->profile;
    struct request *rq = u->rq;
    enum sp_status st = r->status;
    (void)arena;
    if (!r->final)
        return;
    if (!st && r->in->type != WM_TYPE_store_key)
        st = SP_PROTOCOL;
    const struct wm_store_key *m = st ? NULL : r->in->msg;
    if (!st && u->create) {
        st = keyfile_write(p->folder, u->protection, m->wrapped.data, m->wrapped.len);
        if (!st) {
            p->exists = true;
            p->protection = u->protection;
            buf_clear(&p->wrapped);
            buf_add(&p->wrapped, m->wrapped.data, m->wrapped.len);
        }
    }
    request_on_end(rq, NULL, NULL);
    free(u);
    if (!st)
        st = open_store(p, m->key);
    if (st)
        request_fail(rq, st, r->text);
    else
        request_done(rq);
}

static void
start_unlocking(struct engine *e, struct request *rq, const struct peer_request *ask, bool create, enum sp_protection protection)
{
    struct unlocking *u = engine_alloc(sizeof *u);
    *u = (struct unlocking){.profile = e->profile, .rq = rq, .create = create, .protection = protection};
    /* Not PEER_AGAIN: the passphrase's pipe can be read once only. */
    u->call = peer_call(e, &(struct peer_request){.role = SP_ROLE_KEYS, .type = ask->type, .msg = ask->msg, .timeout_ms = UNLOCK_MS,
                                                  .client = request_client(rq), .fn = ask->fn, .arg = u});
    request_on_end(rq, unlocking_end, u);
}

void
handle_create_profile(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_create_profile *m = in->msg;
    struct profile *p = e->profile;
    (void)arena;
    if (p->exists) {
        request_fail(rq, SP_EXISTS, NULL);
        return;
    }
    if (m->protection > SP_PROTECTION_OPENPGP) {
        request_fail(rq, SP_INVALID, NULL);
        return;
    }
    struct wm_store_create create = {.protection = m->protection, .passphrase = m->passphrase};
    start_unlocking(e, rq, &(struct peer_request){.type = WM_TYPE_store_create, .msg = &create, .fn = on_unlocked}, true,
        (enum sp_protection)m->protection);
}

void
handle_unlock(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_unlock *m = in->msg;
    struct profile *p = e->profile;
    (void)arena;
    if (!p->exists)
        request_fail(rq, SP_NOT_FOUND, NULL);
    else if (p->unreadable)
        request_fail(rq, p->unreadable, NULL);
    else if (e->store)
        request_done(rq);
    else if (p->key.len) { /* it was closed for a repair */
        enum sp_status st = open_again(p);
        if (st)
            request_fail(rq, st, NULL);
        else
            request_done(rq);
    } else {
        struct wm_store_unlock unlock = {.wrapped = {p->wrapped.data, p->wrapped.len}, .passphrase = m->passphrase};
        start_unlocking(e, rq, &(struct peer_request){.type = WM_TYPE_store_unlock, .msg = &unlock, .fn = on_unlocked}, false, p->protection);
    }
}

/* ---- another protection */

static void
on_rewrapped(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct unlocking *u = arg;
    struct profile *p = u->profile;
    struct request *rq = u->rq;
    enum sp_status st = r->status;
    (void)arena;
    if (!r->final)
        return;
    if (!st && r->in->type != WM_TYPE_store_key)
        st = SP_PROTOCOL;
    const struct wm_store_key *m = st ? NULL : r->in->msg;
    /* Of another key than the one that is in use it would be the loss of everything. */
    if (!st && !secret_equal(&p->key, m->key.data, m->key.len))
        st = SP_CRYPTO;
    if (!st)
        st = keyfile_replace(p->folder, u->protection, m->wrapped.data, m->wrapped.len);
    if (!st) {
        p->protection = u->protection;
        buf_clear(&p->wrapped);
        buf_add(&p->wrapped, m->wrapped.data, m->wrapped.len);
        log_line("the protection of the store was changed");
    }
    request_on_end(rq, NULL, NULL);
    free(u);
    if (st)
        request_fail(rq, st, r->text);
    else
        request_done(rq);
}

void
handle_change_protection(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_change_protection *m = in->msg;
    struct profile *p = e->profile;
    (void)arena;
    if (m->protection > SP_PROTECTION_OPENPGP || (m->protection == SP_PROTECTION_OPENPGP && !*m->key_id)) {
        request_fail(rq, SP_INVALID, NULL);
        return;
    }
    struct wm_store_rewrap rewrap = {.wrapped = {p->wrapped.data, p->wrapped.len}, .old = m->old, .protection = m->protection,
                                     .key_id = m->key_id, .passphrase = m->passphrase};
    start_unlocking(e, rq, &(struct peer_request){.type = WM_TYPE_store_rewrap, .msg = &rewrap, .fn = on_rewrapped}, false,
        (enum sp_protection)m->protection);
}

/* ---- locking */

static void
on_forgotten(const struct call_reply *r, struct arena *arena, void *arg)
{
    (void)r;
    (void)arena;
    (void)arg;
}

void
profile_lock(struct engine *e)
{
    if (!e->store && !e->profile->key.len)
        return;
    if (e->profile->reopen)
        loop_timer_remove(e->profile->reopen);
    e->profile->reopen = NULL;
    if (e->store) {
        engine_closing(e, SP_LOCKED);
        store_close(e->store);
        e->store = NULL;
    }
    secret_release(&e->profile->key);
    (void)peer_call(e, &(struct peer_request){.role = SP_ROLE_KEYS, .type = WM_TYPE_store_forget, .msg = &(struct wm_store_forget){},
                                              .timeout_ms = BEGIN_MS, .fn = on_forgotten});
    door_broadcast(e->door, WM_TYPE_event_locked, &(struct wm_event_locked){});
    log_line("locked");
}

void
handle_lock(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)in;
    (void)arena;
    profile_lock(e);
    request_done(rq);
}

void
profile_end_engine(struct engine *e)
{
    log_line("the end");
    (void)wire_send_stop(role_control(e->role), 0, &(struct wm_stop){});
}

struct profile *
profile_new(struct engine *e)
{
    struct profile *p = engine_alloc(sizeof *p);
    p->engine = e;
    p->folder = engine_strdup("");
    return p;
}

void
profile_free(struct profile *p)
{
    if (!p)
        return;
    peer_drop(p->call);
    if (p->reopen)
        loop_timer_remove(p->reopen);
    buf_release_wiped(&p->wrapped);
    secret_release(&p->key);
    free(p->folder);
    free(p);
}
