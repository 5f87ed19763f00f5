/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Troubles of the store are met anywhere, in the middle of anything: here they are only noted, and acted upon in a turn of the loop of
   their own. All waiting is by the loop's clock, which no one sets back. */
#include "upkeep.h"

#include <stdlib.h>

#include "accounts.h"
#include "base/log.h"
#include "events.h"
#include "judge.h"
#include "profile.h"

#define TRIM_MS 20          /* between two steps of shrinking the cache */
#define ROOM_MS 2000        /* between two looks whether there is room again */
#define AGAIN_MS 60000      /* a cache that is damaged again so soon lies on a bad disk: the next try waits, longer each time */
#define MAX_WAIT_MS 600000
#define MIB ((uint64_t)1048576)

struct upkeep {
    struct engine *engine;
    struct store_watcher watcher;
    bool seen[STORE_READ_ONLY + 1]; /* troubles since the last turn */
    bool told[STORE_READ_ONLY + 1];
    struct loop_timer *turn, *trim, *room;
    int64_t recovered_ms;       /* when the cache was begun anew, 0 = never */
    int64_t wait_ms;
};

/* ---- the limit */

static void
on_trim(struct loop *l, void *arg)
{
    struct upkeep *u = arg;
    bool more = false;
    (void)l;
    u->trim = NULL;
    if (store_trim(u->engine->store, &more) == SP_OK && more)
        u->trim = loop_timer_add(u->engine->loop, TRIM_MS, on_trim, u);
}

/* ---- a full disk */

static void
work_goes_on(struct upkeep *u)
{
    struct engine *e = u->engine;
    log_line("there is room again");
    u->told[STORE_FULL] = false;
    events_notice(e, SP_NOTICE_STORE_ROOM, SP_LEVEL_NONE, (const char *const[]){NULL});
    for (struct account *a = e->accounts->first; a; a = a->next)
        if (a->wanted)
            account_try_now(a);
    judge_everything(e);
}

static void
on_room(struct loop *l, void *arg)
{
    struct upkeep *u = arg;
    (void)l;
    u->room = NULL;
    if (u->engine->store && store_has_room(profile_folder(u->engine)))
        work_goes_on(u);
    else if (u->engine->store)
        u->room = loop_timer_add(u->engine->loop, ROOM_MS, on_room, u);
}

bool
upkeep_full(const struct engine *e)
{
    return e->upkeep->told[STORE_FULL] || e->upkeep->seen[STORE_FULL];
}

/* ---- damage */

static void
recover(struct upkeep *u)
{
    u->recovered_ms = loop_now_ms();
    log_line("the cache is damaged: it is begun anew");
    profile_reopen(u->engine);
}

/* 0, or how long the next recovery has to wait. */
static int64_t
wait_before(struct upkeep *u)
{
    int64_t now = loop_now_ms();
    if (!u->recovered_ms || now - u->recovered_ms > AGAIN_MS + u->wait_ms)
        u->wait_ms = 0;
    else if (now - u->recovered_ms < u->wait_ms)
        return u->wait_ms - (now - u->recovered_ms);
    else
        u->wait_ms = !u->wait_ms ? AGAIN_MS : u->wait_ms * 2 < MAX_WAIT_MS ? u->wait_ms * 2 : MAX_WAIT_MS;
    return 0;
}

/* ---- noting and acting */

static void
on_turn(struct loop *l, void *arg)
{
    static const struct {
        enum sp_notice notice;
        enum sp_level level;
    } words[] = {
        [STORE_OWN_DAMAGED] = {SP_NOTICE_OWN_DAMAGED, SP_LEVEL_DANGER},
        [STORE_FULL] = {SP_NOTICE_STORE_FULL, SP_LEVEL_DANGER},
        [STORE_READ_ONLY] = {SP_NOTICE_STORE_READ_ONLY, SP_LEVEL_DANGER},
    };
    struct upkeep *u = arg;
    struct engine *e = u->engine;
    (void)l;
    u->turn = NULL;
    for (enum store_trouble t = STORE_OWN_DAMAGED; t <= STORE_READ_ONLY; t++) {
        if (u->seen[t] && !u->told[t]) {
            u->told[t] = true;
            log_line("trouble of the store: %d", (int)t);
            events_notice(e, words[t].notice, words[t].level, (const char *const[]){NULL});
        }
        u->seen[t] = false;
    }
    if (u->told[STORE_FULL] && !u->room)
        u->room = loop_timer_add(e->loop, ROOM_MS, on_room, u);
    int64_t wait = u->seen[STORE_CACHE_DAMAGED] ? wait_before(u) : 0;
    if (wait) {
        u->turn = loop_timer_add(e->loop, wait, on_turn, u);
    } else if (u->seen[STORE_CACHE_DAMAGED]) {
        u->seen[STORE_CACHE_DAMAGED] = false;
        recover(u);
    }
}

static void
on_trouble(enum store_trouble what, void *arg)
{
    struct upkeep *u = arg;
    u->seen[what] = true;
    if (!u->turn && (what == STORE_CACHE_DAMAGED || !u->told[what]))
        u->turn = loop_timer_add(u->engine->loop, 0, on_turn, u);
}

/* The supervisor would take an engine that says nothing for a hung one. */
static void
on_alive(void *arg)
{
    struct upkeep *u = arg;
    (void)wire_send_pong(role_control(u->engine->role), 0, &(struct wm_pong){0});
}

const struct store_watcher *
upkeep_watcher(const struct upkeep *u)
{
    return &u->watcher;
}

void
upkeep_opened(struct engine *e, bool cache_lost)
{
    struct upkeep *u = e->upkeep;
    enum sp_status st = store_cache_limit(e->store, e->config->cache_size * MIB);
    if (st)
        log_line("the cache's limit is not kept: %s", sp_status_name(st));
    u->trim = loop_timer_add(e->loop, TRIM_MS, on_trim, u);
    if (cache_lost)
        events_notice_kept(e, SP_NOTICE_CACHE_LOST, SP_LEVEL_CAUTION, (const char *const[]){store_damaged_name(e->store), NULL});
}

void
upkeep_closing(struct engine *e)
{
    struct upkeep *u = e->upkeep;
    struct loop_timer **timers[] = {&u->turn, &u->trim, &u->room};
    for (size_t i = 0; i < sizeof timers / sizeof *timers; i++) {
        if (*timers[i])
            loop_timer_remove(*timers[i]);
        *timers[i] = NULL;
    }
    for (enum store_trouble t = STORE_CACHE_DAMAGED; t <= STORE_READ_ONLY; t++)
        u->seen[t] = u->told[t] = false;
}

struct upkeep *
upkeep_new(struct engine *e)
{
    struct upkeep *u = engine_alloc(sizeof *u);
    *u = (struct upkeep){.engine = e, .watcher = {.trouble = on_trouble, .alive = on_alive, .arg = u}};
    return u;
}

void
upkeep_free(struct upkeep *u)
{
    free(u);
}
