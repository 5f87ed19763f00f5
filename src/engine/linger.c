/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of an engine without a screen. */
#include "linger.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "door.h"
#include "handlers.h"
#include "jobs.h"
#include "outbox.h"
#include "profile.h"
#include "sync.h"

#define NOTHING_MS 5000        /* no open store: there is nothing to stay for */
#define COMMAND_MS 10000       /* only commands were here, and perhaps the next one comes at once */
#define SCREEN_MS 60000        /* a screen was here, and a key file locks nothing: the next one may come soon */
#define LOCK_MINUTES 30        /* unless the person chose */
#define WORK_MS 2000           /* how often work is looked at */
#define FLIGHT_MS 200
#define MAX_FLIGHTS 40

struct linger {
    struct loop_timer *timer;
    bool stay;
    int ending;                /* looks at what is on its way that are left before the end; 0 = not ending */
};

/* Running synchronisations, and local changes that an account is still trying to tell its server. */
static bool
account_has_work(const struct account *a)
{
    uint64_t changes = 0;
    if (a->sync && sync_active(a->sync))
        return true;
    if (!a->wanted || store_change_count(a->engine->store, a->id, &changes) != SP_OK || !changes)
        return false;
    return a->retry || a->state == SP_ACCOUNT_ONLINE || a->state == SP_ACCOUNT_CONNECTING || a->state == SP_ACCOUNT_SYNCING;
}

static bool
has_work(struct engine *e)
{
    if (!profile_settled(e) || jobs_count(e) || (e->store && outbox_busy(e)))
        return true;
    for (const struct account *a = e->accounts->first; e->store && a; a = a->next)
        if (account_has_work(a))
            return true;
    return false;
}

/* Milliseconds without a client after which something happens; < 0: nothing does. */
static int64_t
patience(const struct engine *e)
{
    bool stay = e->linger->stay;
    if (!e->store || profile_protection(e) == SP_PROTECTION_KEY_FILE)
        return stay ? -1 : !e->store ? NOTHING_MS : door_had_screen(e->door) ? SCREEN_MS : COMMAND_MS;
    if (!stay && !door_had_screen(e->door))
        return COMMAND_MS;
    uint32_t minutes = e->config->lock_minutes;
    if (minutes == CONFIG_LOCK_UNSET)
        minutes = stay ? 0 : LOCK_MINUTES; /* who wants an engine that stays wants its mail fetched */
    return minutes ? (int64_t)minutes * 60000 : -1;
}

static void
set_timer(struct engine *e, int64_t ms, loop_timer_fn *fn)
{
    struct linger *l = e->linger;
    if (l->timer)
        loop_timer_remove(l->timer);
    l->timer = loop_timer_add(e->loop, ms, fn, e);
    if (!l->timer)
        abort();
}

static void
on_alone(struct loop *loop, void *arg)
{
    struct engine *e = arg;
    (void)loop;
    e->linger->timer = NULL;
    if (door_clients(e->door))
        return;
    if (has_work(e)) {
        set_timer(e, WORK_MS, on_alone);
        return;
    }
    if (e->store && profile_protection(e) != SP_PROTECTION_KEY_FILE)
        profile_lock(e);
    if (!e->linger->stay)
        profile_end_engine(e);
}

void
linger_used(struct engine *e)
{
    struct linger *l = e->linger;
    if (l->ending)
        return;
    if (l->timer)
        loop_timer_remove(l->timer);
    l->timer = NULL;
    if (!e->home || door_clients(e->door))
        return; /* the lock's minutes are those without a client */
    int64_t ms = patience(e);
    if (ms >= 0)
        set_timer(e, ms, on_alone);
}

void
linger_stay(struct engine *e, bool on)
{
    e->linger->stay = on;
    linger_used(e);
}

static void
on_ending(struct loop *loop, void *arg)
{
    struct engine *e = arg;
    (void)loop;
    e->linger->timer = NULL;
    if (e->store && outbox_in_flight(e) && --e->linger->ending > 0)
        set_timer(e, FLIGHT_MS, on_ending);
    else
        profile_end_engine(e);
}

void
linger_end(struct engine *e)
{
    if (e->linger->ending)
        return;
    e->linger->ending = MAX_FLIGHTS;
    set_timer(e, 0, on_ending);
}

void
handle_stay(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_stay *m = in->msg;
    (void)arena;
    linger_stay(e, m->on);
    /* The supervisor tells the next engine, should this one die. */
    enum sp_status st = wire_send_stay(role_control(e->role), 0, m);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_done(rq);
}

void
handle_end_engine(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    (void)in;
    (void)arena;
    request_done(rq);
    linger_end(e);
}

struct linger *
linger_new(struct engine *e)
{
    (void)e;
    return engine_alloc(sizeof(struct linger));
}

void
linger_free(struct linger *l)
{
    if (l && l->timer)
        loop_timer_remove(l->timer);
    free(l);
}
