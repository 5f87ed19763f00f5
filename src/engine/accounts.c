/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Accounts: a small state machine each. Network troubles are tried again with growing pauses; a refused certificate or password
   waits for the person. */
#include "accounts.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/log.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "jobs.h"
#include "outbox.h"
#include "questions.h"
#include "sync.h"

#define CLOCK_MS 10000
#define SLEPT_MS 5000
#define LOOK_AGAIN_MS 5000
#define MAX_CA_FILE ((size_t)4194304)
#define FIRST_PAUSE_MS 300     /* most losses are of this connection only */
#define NEXT_PAUSE_MS 3000
#define LONGEST_PAUSE_MS 300000

/* ---- finding */

struct account *
account_by_id(struct engine *e, uint32_t id)
{
    struct account *a = e->accounts->first;
    while (a && a->id != id)
        a = a->next;
    return a;
}

static struct account *
account_by_config_id(struct engine *e, unsigned id)
{
    struct account *a = e->accounts->first;
    while (a && (a->config->id != id || a->config->kind != SP_ACCOUNT_IMAP))
        a = a->next;
    return a;
}

bool
account_owns(const struct account *a, const char *address)
{
    if (!*address)
        return false;
    if (strcasecmp(a->config->address, address) == 0)
        return true;
    for (const char *const *alias = a->config->aliases; *alias; alias++)
        if (strcasecmp(*alias, address) == 0)
            return true;
    return false;
}

struct account *
account_by_address(struct engine *e, const char *address)
{
    struct account *a = e->accounts->first;
    while (a && !account_owns(a, address))
        a = a->next;
    return a;
}

struct account *
account_or_first(struct engine *e, uint32_t id)
{
    return id ? account_by_id(e, id) : e->accounts->first;
}

/* ---- state */

static void
describe(const struct account *a, struct wr_account *out)
{
    const struct config_account *c = a->config;
    bool insecure = c->kind == SP_ACCOUNT_IMAP && ((*c->imap.host && c->imap.transport == SP_TRANSPORT_INSECURE) ||
                                                   (*c->smtp.host && c->smtp.transport == SP_TRANSPORT_INSECURE));
    *out = (struct wr_account){.id = a->id, .name = c->name, .kind = (uint8_t)c->kind, .display_name = c->display_name, .address = c->address,
                               .state = (uint8_t)a->state, .status = (uint16_t)a->status, .server_text = a->server_text, .insecure = insecure};
}

void
account_set_state(struct account *a, enum sp_account_state state, enum sp_status status, const char *text)
{
    if (a->state == state && a->status == status && strcmp(a->server_text, text ? text : "") == 0)
        return;
    a->state = state;
    a->status = status;
    engine_set_text(&a->server_text, text);
    log_line("account %s: state %d, %s", a->config->name, (int)state, sp_status_name(status));
    struct wm_event_account m;
    describe(a, &m.account);
    door_broadcast(a->engine->door, WM_TYPE_event_account, &m);
}

static void
on_retry(struct loop *l, void *arg)
{
    struct account *a = arg;
    (void)l;
    a->retry = NULL;
    sync_start(a->sync);
}

static void
retry_after(struct account *a, int64_t ms)
{
    if (a->retry)
        loop_timer_remove(a->retry);
    a->retry = loop_timer_add(a->engine->loop, ms, on_retry, a);
    if (!a->retry)
        abort();
}

/* Does it make sense to try again without the person? */
static bool
passes_by_itself(enum sp_status st)
{
    switch (st) {
    case SP_DNS:
    case SP_CONNECT:
    case SP_DISCONNECTED:
    case SP_TIMEOUT:
    case SP_CRASHED:
    case SP_UNAVAILABLE:
    case SP_TLS:
    case SP_PROTOCOL:
    case SP_IO:
    case SP_EOF:
    case SP_SERVER_TEMPORARY:
    case SP_SERVER_LIMIT:
    case SP_SERVER_NO:
    case SP_TOO_LARGE:
        return true;
    default:
        return false;
    }
}

static uint32_t
chance(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint32_t)t.tv_nsec / 1000;
}

int64_t
account_pause(unsigned failures, uint32_t chance)
{
    int64_t pause = failures == 0 ? FIRST_PAUSE_MS : (int64_t)NEXT_PAUSE_MS << (failures < 9 ? failures - 1 : 8);
    if (pause > LONGEST_PAUSE_MS)
        pause = LONGEST_PAUSE_MS;
    return pause * (int64_t)(75 + chance % 51) / 100; /* many clients of a server that was away must not come at once */
}

void
account_failed(struct account *a, enum sp_status status, const char *text)
{
    if (!a->wanted || a->retry)
        return;
    sync_failed(a->sync, status, text);
    if (status == SP_AUTH_FAILED && !a->config->password_command) {
        retry_after(a, 0); /* asks for the password */
        return;
    }
    bool news = a->state != SP_ACCOUNT_FAILED || a->status != status;
    account_set_state(a, SP_ACCOUNT_FAILED, status, text);
    if (passes_by_itself(status)) {
        retry_after(a, account_pause(a->failures, chance()));
        a->failures++;
        news = news && a->failures == 1;
    }
    if (news)
        events_notice(a->engine, SP_NOTICE_ACCOUNT_FAILED, SP_LEVEL_CAUTION,
                      (const char *const[]){a->config->name, sp_status_name(status), text ? text : "", NULL});
}

void
account_online(struct account *a)
{
    a->failures = 0;
    account_set_state(a, SP_ACCOUNT_ONLINE, SP_OK, NULL);
    outbox_account_online(a->engine, a->id);
}

void
account_try_now(struct account *a)
{
    if (a->config->kind != SP_ACCOUNT_IMAP)
        return;
    a->wanted = true;
    a->failures = 0;
    retry_after(a, 0);
}

/* ---- certificates */

static void
pin_name(struct buf *b, const struct config_server *s)
{
    buf_addf(b, "pin:%s:%u", s->host, (unsigned)s->port);
}

static void
on_pin_answer(struct answer *answer, void *arg)
{
    struct account *a = arg;
    struct engine *e = a->engine;
    a->pin_question = 0;
    if (answer->choice != 1) {
        account_set_state(a, SP_ACCOUNT_FAILED, SP_TLS_UNTRUSTED, NULL);
        return;
    }
    enum sp_status st = store_text_put(e->store, a->pin_name, a->pin_sha256);
    if (st)
        log_line("a pin is not kept: %s", sp_status_name(st));
    account_try_now(a);
    outbox_account_online(e, a->id);
}

void
account_tls_refused(struct account *a, const struct config_server *server, const struct wm_tls_refused *m)
{
    struct engine *e = a->engine;
    struct arena arena = ARENA_INIT;
    struct buf name = BUF_INIT;
    const char *old = "";
    enum sp_status st = m->status && m->status < SP_STATUS_COUNT ? (enum sp_status)m->status : SP_TLS_UNTRUSTED;

    sync_failed(a->sync, st, m->reason);
    account_set_state(a, SP_ACCOUNT_ASKING, st, m->reason);
    /* Without a fingerprint there is no certificate that could be pinned. */
    if (!a->pin_question && *m->sha256) {
        pin_name(&name, server);
        engine_set_text(&a->pin_name, buf_str(&name));
        engine_set_text(&a->pin_sha256, m->sha256);
        bool changed = store_text_get(e->store, a->pin_name, &arena, &old) == SP_OK && *old;
        const char *args[] = {a->config->name, arena_printf(&arena, "%s:%u", server->host, (unsigned)server->port), m->reason, m->sha256,
                              m->subject, m->issuer, arena_printf(&arena, "%lld", (long long)m->not_before),
                              arena_printf(&arena, "%lld", (long long)m->not_after), old};
        a->pin_question = question_post(e, changed ? SP_ASK_PIN_CHANGED : SP_ASK_PIN_CERTIFICATE, a->id, 0, args, changed ? 9 : 8, on_pin_answer, a);
    } else if (!a->pin_question) {
        account_failed(a, st, m->reason);
    }
    buf_release(&name);
    arena_release(&arena);
}

void
account_server(struct account *a, const struct config_server *s, struct arena *arena, struct wr_server *out)
{
    struct buf name = BUF_INIT;
    const char *pin = "";
    pin_name(&name, s);
    if (store_text_get(a->engine->store, buf_str(&name), arena, &pin) != SP_OK)
        pin = "";
    buf_release(&name);
    *out = (struct wr_server){.host = s->host, .port = s->port, .transport = (uint8_t)s->transport, .user = s->user, .auth = "",
                              .pin = pin, .ca_pem = a->ca_pem, .timeout_ms = a->config->timeout_seconds * 1000, .compress = a->config->compress};
}

/* ---- what net says */

void
accounts_net_event(struct engine *e, unsigned index, struct wire_in *in)
{
    struct account *a = account_by_config_id(e, index);
    if (!a)
        return;
    if (in->type == WM_TYPE_imap_alert) {
        const struct wm_imap_alert *m = in->msg;
        events_notice(e, SP_NOTICE_SERVER_ALERT, SP_LEVEL_NOTICE, (const char *const[]){a->config->name, m->text, NULL});
    } else if (in->type == WM_TYPE_imap_lost) {
        const struct wm_imap_lost *m = in->msg;
        if (m->session < SESSIONS)
            session_lost(&a->sessions[m->session], m->status < SP_STATUS_COUNT ? (enum sp_status)m->status : SP_DISCONNECTED, m->text);
    }
}

void
accounts_net_lost(struct engine *e, unsigned index)
{
    struct account *a = account_by_config_id(e, index);
    for (unsigned i = 0; a && i < SESSIONS; i++)
        session_lost(&a->sessions[i], SP_CRASHED, NULL);
}

/* ---- what happens to all of them */

static int64_t
slept_ms(void)
{
    struct timespec boot, mono;
    (void)clock_gettime(CLOCK_BOOTTIME, &boot);
    (void)clock_gettime(CLOCK_MONOTONIC, &mono);
    return (int64_t)(boot.tv_sec - mono.tv_sec) * 1000 + (boot.tv_nsec - mono.tv_nsec) / 1000000;
}

/* CLOCK_BOOTTIME goes on while the machine sleeps, the other does not. A process that was stopped for long looks the same to its
   servers: then this timer is late. */
static void
on_clock(struct loop *l, void *arg)
{
    struct accounts *all = arg;
    int64_t slept = slept_ms(), now = loop_now_ms();
    bool woke = slept - all->slept > SLEPT_MS || now - all->ticked > CLOCK_MS + SLEPT_MS;
    all->slept = slept;
    all->ticked = now;
    all->clock = loop_timer_add(l, CLOCK_MS, on_clock, all);
    for (struct account *a = woke ? all->first : NULL; a; a = a->next)
        sync_woke(a->sync);
}

void
accounts_look(struct engine *e, uint64_t folder)
{
    struct accounts *all = e->accounts;
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    int64_t now = loop_now_ms();
    if (folder == all->looked_at && now - all->looked < LOOK_AGAIN_MS)
        return;
    all->looked_at = folder;
    all->looked = now;
    if (store_folder_get(e->store, folder, &arena, &f) == SP_OK && !f.local) {
        struct account *a = account_by_id(e, f.account);
        if (a)
            sync_look(a->sync, folder);
    }
    arena_release(&arena);
}

/* ---- requests */

void
handle_list_accounts(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    uint32_t n = 0;
    (void)in;
    for (struct account *a = e->accounts->first; a; a = a->next)
        n++;
    struct wr_account *list = arena_array(arena, n, sizeof *list);
    if (!list) {
        request_fail(rq, SP_NOMEM, NULL);
        return;
    }
    n = 0;
    for (struct account *a = e->accounts->first; a; a = a->next)
        describe(a, &list[n++]);
    request_reply(rq, WM_TYPE_accounts, &(struct wm_accounts){.accounts = list, .accounts_n = n});
}

static void
go_offline(struct account *a)
{
    a->wanted = false;
    if (a->retry)
        loop_timer_remove(a->retry);
    a->retry = NULL;
    question_withdraw(a->engine, a->pin_question);
    a->pin_question = 0;
    sync_failed(a->sync, SP_UNAVAILABLE, NULL);
    for (unsigned i = 0; i < SESSIONS; i++)
        session_release(&a->sessions[i], true);
    account_set_state(a, SP_ACCOUNT_OFFLINE, SP_OK, NULL);
}

void
handle_connect_account(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_connect_account *m = in->msg;
    struct account *a = account_by_id(e, m->account);
    (void)arena;
    if (!a) {
        request_fail(rq, SP_NOT_FOUND, NULL);
        return;
    }
    if (a->config->kind == SP_ACCOUNT_IMAP && m->on)
        account_try_now(a);
    else if (a->config->kind == SP_ACCOUNT_IMAP)
        go_offline(a);
    request_done(rq);
}

/* ---- opening and closing */

static const struct {
    enum sp_folder_role role;
    const char *name;
} local_folders[] = {
    {SP_FOLDER_INBOX, "Inbox"}, {SP_FOLDER_DRAFTS, "Drafts"}, {SP_FOLDER_SENT, "Sent"},
    {SP_FOLDER_ARCHIVE, "Archive"}, {SP_FOLDER_JUNK, "Junk"}, {SP_FOLDER_TRASH, "Trash"},
};

static void
make_local_folders(struct account *a)
{
    struct store *s = a->engine->store;
    for (size_t i = 0; i < sizeof local_folders / sizeof *local_folders; i++) {
        struct arena arena = ARENA_INIT;
        struct store_folder f;
        enum sp_status st = store_folder_by_role(s, a->id, local_folders[i].role, &arena, &f);
        if (st == SP_NOT_FOUND) {
            f = (struct store_folder){.account = a->id, .raw = local_folders[i].name, .name = local_folders[i].name, .role = local_folders[i].role,
                                      .selectable = true, .local = true};
            st = store_folder_put(s, &f);
        }
        if (st)
            log_line("folder %s: %s", local_folders[i].name, sp_status_name(st));
        arena_release(&arena);
    }
}

/* Every server has an INBOX (RFC 9051 section 5.1): it is there before the first connection, so that a screen can begin with it. */
static void
make_inbox(struct account *a)
{
    struct arena arena = ARENA_INIT;
    struct store_folder f;
    enum sp_status st = store_folder_by_role(a->engine->store, a->id, SP_FOLDER_INBOX, &arena, &f);
    if (st == SP_NOT_FOUND) {
        f = (struct store_folder){.account = a->id, .raw = "INBOX", .name = "INBOX", .role = SP_FOLDER_INBOX, .selectable = true};
        st = store_folder_put(a->engine->store, &f);
    }
    if (st)
        log_line("account %s has no inbox: %s", a->config->name, sp_status_name(st));
    arena_release(&arena);
}

static void
open_account(struct engine *e, size_t i)
{
    struct accounts *all = e->accounts;
    struct account *a = engine_alloc(sizeof *a);
    *a = (struct account){.engine = e, .config = all->configs[i], .ca_pem = all->ca_pem[i], .server_text = engine_strdup("")};
    enum sp_status st = store_account(e->store, a->config->name, &a->id);
    if (st) {
        log_line("account %s: %s", a->config->name, sp_status_name(st));
        free(a->server_text);
        free(a);
        return;
    }
    struct account **at = &all->first;
    while (*at)
        at = &(*at)->next;
    *at = a;
    credentials_init(&a->credentials, a);
    for (unsigned n = 0; n < SESSIONS; n++)
        session_init(&a->sessions[n], a, (enum session_number)n);
    if (a->config->kind == SP_ACCOUNT_LOCAL) {
        make_local_folders(a);
        a->state = SP_ACCOUNT_ONLINE;
        return;
    }
    make_inbox(a);
    a->sync = sync_new(a);
    account_try_now(a);
}

void
accounts_opened(struct engine *e)
{
    struct accounts *all = e->accounts;
    for (size_t i = 0; i < all->n; i++)
        open_account(e, i);
    all->slept = slept_ms();
    all->ticked = loop_now_ms();
    all->clock = loop_timer_add(e->loop, CLOCK_MS, on_clock, all);
}

void
accounts_closing(struct engine *e)
{
    if (e->accounts->clock)
        loop_timer_remove(e->accounts->clock);
    e->accounts->clock = NULL;
    while (e->accounts->first) {
        struct account *a = e->accounts->first;
        if (a->sync)
            go_offline(a);
        sync_free(a->sync);
        jobs_end(a->changes, SP_JOB_CANCELLED, SP_OK); /* its record: the changes stay in the journal */
        credentials_release(&a->credentials);
        e->accounts->first = a->next;
        free(a->pin_name);
        free(a->pin_sha256);
        free(a->server_text);
        free(a);
    }
}

static const char *
read_ca_file(struct arena *arena, const char *path)
{
    struct buf b = BUF_INIT;
    const char *text = "";
    int fd = *path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd >= 0 && buf_read_fd(&b, fd, MAX_CA_FILE) == SP_OK && !memchr(buf_str(&b), 0, b.len))
        text = arena_strdup(arena, buf_str(&b));
    if (*path && (fd < 0 || !text || !*text))
        log_line("the ca-file %s cannot be read", path);
    if (fd >= 0)
        (void)close(fd);
    buf_release(&b);
    return text ? text : "";
}

static struct config_account *
local_account(struct engine *e)
{
    static const char *const none[] = {NULL};
    const char *user = getenv("LOGNAME");
    struct config_account *c = arena_alloc(&e->arena, sizeof *c);
    if (!c)
        abort();
    if (!user || !*user || strpbrk(user, " \t\r\n@<>\",;:()[]\\"))
        user = "me";
    struct config_server no_server = {.host = "", .user = ""};
    *c = (struct config_account){.id = 0, .name = "local", .kind = SP_ACCOUNT_LOCAL, .display_name = user,
                                 .address = arena_printf(&e->arena, "%s@localhost", user), .aliases = none, .imap = no_server, .smtp = no_server,
                                 .ca_file = "", .protocol = SP_PROTOCOL_OPENPGP, .sent = "", .drafts = "", .trash = "", .archive = "",
                                 .junk = "", .authserv = none, .watch = none, .poll_minutes = 5, .timeout_seconds = 60};
    return c;
}

struct accounts *
accounts_new(struct engine *e)
{
    struct accounts *all = engine_alloc(sizeof *all);
    bool has_local = false;
    all->engine = e;
    all->configs = engine_alloc((e->config->accounts_n + 1) * sizeof(const struct config_account *));
    all->ca_pem = engine_alloc((e->config->accounts_n + 1) * sizeof(const char *));
    for (size_t i = 0; i < e->config->accounts_n; i++) {
        const struct config_account *c = &e->config->accounts[i];
        has_local |= c->kind == SP_ACCOUNT_LOCAL;
        all->configs[all->n] = c;
        all->ca_pem[all->n++] = read_ca_file(&e->arena, c->ca_file);
    }
    if (!has_local) {
        all->configs[all->n] = local_account(e);
        all->ca_pem[all->n++] = "";
    }
    return all;
}

void
accounts_free(struct accounts *all)
{
    if (!all)
        return;
    free(all->configs);
    free(all->ca_pem);
    free(all);
}
