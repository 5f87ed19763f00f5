/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost-engine: the role that owns the store and decides what happens. Opens no socket, runs no program, parses no message byte. */
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>

#include "accounts.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "door.h"
#include "engine.h"
#include "events.h"
#include "import.h"
#include "indexing.h"
#include "jobs.h"
#include "judge.h"
#include "keysrv.h"
#include "linger.h"
#include "outbox.h"
#include "peers.h"
#include "profile.h"
#include "questions.h"
#include "search.h"
#include "upkeep.h"

static void
load_config(struct engine *e, const char *path)
{
    struct config *config = NULL;
    struct config_error *errors = NULL;
    size_t n = 0;
    enum sp_status st = config_load(path, &e->arena, &config, &errors, &n);
    /* The stub has told the person about mistakes; the accounts that could be read are used. */
    for (size_t i = 0; st && i < n; i++)
        log_line("%s:%u: %s (%s)", errors[i].file, errors[i].line, errors[i].what, errors[i].key);
    if (!config)
        config = arena_alloc(&e->arena, sizeof *config);
    if (!config)
        abort();
    if (!config->gnupg_home)
        config->gnupg_home = "";
    e->config = config;
}

/* Everything that reads files outside the profile comes before this. */
static void
confine(struct engine *e, const char *config)
{
    const char *const read_only[] = {config, "/etc/localtime", "/usr/share/zoneinfo", NULL};
    const char *const read_write[] = {e->home, NULL};
    struct sandbox_paths paths = {.read_only = read_only, .read_write = read_write};
    enum sp_status st = sandbox_enter(SP_ROLE_ENGINE, &paths);
    if (st) {
        log_line("cannot be confined: %s", sp_status_name(st));
        exit(1);
    }
}

static void
on_door(struct engine *e, struct wm_door *m)
{
    if (e->home) {
        door_open(e->door, wire_take_fd(&m->listener), m->token);
        return;
    }
    e->home = arena_strdup(&e->arena, m->home);
    if (!e->home || !*e->home)
        abort();
    (void)mkdir(e->home, 0700);
    tzset();
    load_config(e, m->config);
    e->accounts = accounts_new(e);
    confine(e, m->config);
    door_open(e->door, wire_take_fd(&m->listener), m->token);
    linger_stay(e, m->stay);
    profile_begin(e);
}

static void
on_restarted(struct engine *e, const struct wm_role_restarted *m)
{
    static const char *const names[] = {
#define X(name, program) program,
        SP_ROLE_TABLE(X)
#undef X
    };
    log_line("%s %u is started again", names[m->role], m->index);
    events_notice(e, SP_NOTICE_ROLE_RESTARTED, SP_LEVEL_NOTICE, (const char *const[]){names[m->role], NULL});
    peers_restarted(e, (enum sp_role)m->role, m->index);
}

static void
on_control(struct role *r, struct wire_in *in, struct arena *arena, void *arg)
{
    struct engine *e = arg;
    (void)r;
    if (in->type == WM_TYPE_door)
        on_door(e, in->msg);
    else if (in->type == WM_TYPE_role_restarted) {
        const struct wm_role_restarted *m = in->msg;
        if (m->role < SP_ROLE_COUNT)
            on_restarted(e, m);
    } else if (!calls_dispatch(e->control, in, arena)) {
        log_line("unexpected control message %04x", in->type);
    }
}

static void
on_peer(struct role *r, enum sp_role peer, unsigned index, int fd, void *arg)
{
    (void)r;
    peers_connected(arg, peer, index, fd);
}

static bool
begin(struct engine *e)
{
    e->role = role_new(SP_ROLE_ENGINE, on_peer, on_control, e);
    if (!e->role)
        return false;
    e->loop = role_loop(e->role);
    e->control = calls_new(role_control(e->role), e->loop);
    e->peers = peers_new(e);
    e->door = door_new(e);
    e->questions = questions_new(e);
    e->profile = profile_new(e);
    e->events = events_new(e);
    e->jobs = jobs_new(e);
    e->searches = searches_new(e);
    e->imports = imports_new(e);
    e->indexing = indexing_new(e);
    e->judge = judge_new(e);
    e->keysrv = keysrv_new(e);
    e->outbox = outbox_new(e);
    e->linger = linger_new(e);
    e->upkeep = upkeep_new(e);
    return e->control;
}

static void
end(struct engine *e)
{
    if (e->store) {
        engine_closing(e, SP_LOCKED);
        store_close(e->store);
        e->store = NULL;
    }
    if (!e->role)
        return;
    door_free(e->door);
    calls_free(e->control, SP_CANCELLED);
    profile_free(e->profile);
    questions_free(e->questions);
    events_free(e->events);
    searches_free(e->searches);
    imports_free(e->imports);
    indexing_free(e->indexing);
    jobs_free(e->jobs);
    judge_free(e->judge);
    keysrv_free(e->keysrv);
    outbox_free(e->outbox);
    linger_free(e->linger);
    upkeep_free(e->upkeep);
    accounts_free(e->accounts);
    peers_free(e->peers); /* after all who drop what they have in flight there */
    role_free(e->role);
    arena_release(&e->arena);
}

int
main(void)
{
    struct engine e = {0};
    int code = 1;
    if (begin(&e))
        code = role_run(e.role);
    end(&e);
    return code;
}
