/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost --daemon, stop and status: an engine that stays without a screen, its end, and how things stand. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "inspect.h"
#include "json.h"
#include "options.h"

#define ANSWER_MS 60000

static enum sp_status
ask(struct sp_client *c, uint16_t type, const void *msg, struct arena *a, struct wire_in *in)
{
    const char *text;
    return sp_ask(c, type, msg, ANSWER_MS, a, in, &text);
}

int
command_daemon(struct place *place, int argc, char **argv)
{
    struct session_client s;
    struct arena a = ARENA_INIT;
    struct wire_in in = {0};
    (void)argv;
    if (argc > 1) {
        say_error(_("\"sealpost --daemon\" takes no arguments"));
        return EX_USAGE;
    }
    if (!config_is_good(place))
        return EX_CONFIG;
    enum sp_status st = session_begin(&s, place, "daemon");
    if (st)
        return exit_status(st);
    /* Without a person to choose how it is protected no mail store is made. */
    enum sp_status open = store_ready(s.client, &s.welcome, -1, isatty(STDIN_FILENO));
    if (open && open != SP_LOCKED && open != SP_NOT_FOUND)
        st = open;
    if (!st)
        st = ask(s.client, WM_TYPE_stay, &(struct wm_stay){.on = 1}, &a, &in);
    if (st)
        say_error("%s", say_status(st));
    else if (open == SP_LOCKED)
        say_error(_("the mail store is locked: start sealpost once and give the passphrase"));
    else if (open == SP_NOT_FOUND)
        say_error(_("there is no mail store yet: start sealpost once to make it"));
    wire_in_close(&in);
    arena_release(&a);
    session_end(&s);
    return exit_status(st);
}

int
command_stop(struct place *place, int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        say_error(_("\"sealpost stop\" takes no arguments"));
        return EX_USAGE;
    }
    enum sp_status st = engine_end(place);
    if (st == SP_NOT_FOUND)
        st = SP_OK; /* none runs: as was wished */
    if (st)
        say_error("%s", say_status(st));
    return exit_status(st);
}

/* ---- status */

struct status {
    struct wm_accounts accounts;
    struct wm_outbox outbox;
    struct wm_jobs jobs;
    bool locked;
};

static const char *
account_word(unsigned state)
{
    static const char *const words[] = {[SP_ACCOUNT_OFFLINE] = "offline", [SP_ACCOUNT_CONNECTING] = "connecting", [SP_ACCOUNT_SYNCING] = "syncing",
                                        [SP_ACCOUNT_ONLINE] = "online", [SP_ACCOUNT_FAILED] = "failed", [SP_ACCOUNT_ASKING] = "asking"};
    return state < sizeof words / sizeof *words ? words[state] : "?";
}

static const char *
outbox_word(unsigned state)
{
    static const char *const words[] = {[SP_OUTBOX_WAITING] = "waiting", [SP_OUTBOX_SENDING] = "sending", [SP_OUTBOX_FAILED] = "failed",
                                        [SP_OUTBOX_DEFERRED] = "deferred", [SP_OUTBOX_UNCERTAIN] = "uncertain", [SP_OUTBOX_COPYING] = "copying"};
    return state < sizeof words / sizeof *words ? words[state] : "?";
}

static const char *
job_word(unsigned kind)
{
    static const char *const words[] = {
#define X(name, word) word,
        SP_JOB_TABLE(X)
#undef X
    };
    return kind < sizeof words / sizeof *words ? words[kind] : "?";
}

static json_t *
time_json(int64_t t, struct arena *a)
{
    return t && t != INT64_MAX ? json_text(inspect_time(a, t)) : json_null();
}

static json_t *
outbox_json(const struct wr_outbox_item *o, struct arena *a)
{
    json_t *j = json_object(), *results = json_array();
    json_object_set_new(j, "subject", json_text(o->subject));
    json_object_set_new(j, "to", json_text(o->to));
    json_object_set_new(j, "state", json_text(outbox_word(o->state)));
    json_object_set_new(j, "status", json_text(sp_status_name(o->status)));
    json_object_set_new(j, "server_text", json_text(o->server_text));
    json_object_set_new(j, "next_try", time_json(o->next_try, a));
    json_object_set_new(j, "created", time_json(o->created, a));
    for (uint32_t i = 0; i < o->results_n; i++) {
        json_t *r = json_object();
        json_object_set_new(r, "address", json_text(o->results[i].address));
        json_object_set_new(r, "code", json_integer(o->results[i].code));
        json_object_set_new(r, "text", json_text(o->results[i].text));
        json_array_append_new(results, r);
    }
    json_object_set_new(j, "recipients", results);
    return j;
}

static int
print_json(const struct status *s)
{
    struct arena a = ARENA_INIT;
    json_t *j = json_object(), *accounts = json_array(), *outbox = json_array(), *jobs = json_array();
    json_object_set_new(j, "running", json_true());
    json_object_set_new(j, "locked", json_boolean(s->locked));
    for (uint32_t i = 0; i < s->accounts.accounts_n; i++) {
        const struct wr_account *w = &s->accounts.accounts[i];
        json_t *one = json_object();
        json_object_set_new(one, "name", json_text(w->name));
        json_object_set_new(one, "address", json_text(w->address));
        json_object_set_new(one, "state", json_text(account_word(w->state)));
        json_object_set_new(one, "status", json_text(sp_status_name(w->status)));
        json_object_set_new(one, "server_text", json_text(w->server_text));
        json_array_append_new(accounts, one);
    }
    for (uint32_t i = 0; i < s->outbox.items_n; i++)
        json_array_append_new(outbox, outbox_json(&s->outbox.items[i], &a));
    for (uint32_t i = 0; i < s->jobs.jobs_n; i++) {
        const struct wr_job *w = &s->jobs.jobs[i];
        json_t *one = json_object();
        json_object_set_new(one, "id", json_integer((json_int_t)w->id));
        json_object_set_new(one, "kind", json_text(job_word(w->kind)));
        json_object_set_new(one, "what", json_text(w->what));
        json_object_set_new(one, "done", json_integer((json_int_t)w->done));
        json_object_set_new(one, "total", json_integer((json_int_t)w->total));
        json_array_append_new(jobs, one);
    }
    json_object_set_new(j, "accounts", accounts);
    json_object_set_new(j, "outbox", outbox);
    json_object_set_new(j, "jobs", jobs);
    arena_release(&a);
    return json_print(j, stdout);
}

static int
print_text(const struct status *s)
{
    struct arena a = ARENA_INIT;
    if (s->locked)
        printf("%s\n", _("The mail store is locked."));
    for (uint32_t i = 0; i < s->accounts.accounts_n; i++) {
        const struct wr_account *w = &s->accounts.accounts[i];
        printf("%s: %s", say_safe(&a, w->name), account_word(w->state));
        if (w->status)
            printf(" (%s%s%s)", say_status(w->status), *w->server_text ? ": " : "", say_safe(&a, w->server_text));
        printf("\n");
    }
    for (uint32_t i = 0; i < s->outbox.items_n; i++) {
        const struct wr_outbox_item *o = &s->outbox.items[i];
        printf(_("outbox: \"%s\" to %s: %s"), say_safe(&a, o->subject), say_safe(&a, o->to), outbox_word(o->state));
        if (*o->server_text)
            printf(" (%s)", say_safe(&a, o->server_text));
        printf("\n");
    }
    for (uint32_t i = 0; i < s->jobs.jobs_n; i++) {
        const struct wr_job *w = &s->jobs.jobs[i];
        printf("%s %s: %llu/%llu\n", job_word(w->kind), say_safe(&a, w->what), (unsigned long long)w->done, (unsigned long long)w->total);
    }
    arena_release(&a);
    return EX_OK;
}

static int
print_status(struct sp_client *c, bool as_json)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    struct status s = {.locked = false};
    enum sp_status st = ask(c, WM_TYPE_list_accounts, &(struct wm_list_accounts){}, &a, &in);
    s.locked = st == SP_LOCKED;
    if (!st)
        s.accounts = *(struct wm_accounts *)in.msg;
    if (!st && !(st = ask(c, WM_TYPE_list_outbox, &(struct wm_list_outbox){}, &a, &in)))
        s.outbox = *(struct wm_outbox *)in.msg;
    if (!st && !(st = ask(c, WM_TYPE_list_jobs, &(struct wm_list_jobs){}, &a, &in)))
        s.jobs = *(struct wm_jobs *)in.msg;
    int code = st && !s.locked ? say_failure(st, "") : as_json ? print_json(&s) : print_text(&s);
    arena_release(&a);
    return code;
}

int
command_status(struct place *place, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {NULL, 0, NULL, 0}};
    bool as_json = false;
    int option, fd, code = EX_OK;
    while (!code && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        as_json = option == 'j';
        code = as_json ? EX_OK : EX_USAGE;
    }
    if (code || optind < argc) {
        say_error(_("sealpost status [--json]"));
        return EX_USAGE;
    }
    enum sp_status st = sp_connect(place->runtime, "status", &fd, NULL, &place->arena);
    if (st == SP_NOT_FOUND) {
        json_t *j = as_json ? json_object() : NULL;
        json_object_set_new(j, "running", json_false());
        if (!as_json)
            printf("%s\n", _("No mail engine runs."));
        return as_json ? json_print(j, stdout) : EX_OK;
    }
    if (st)
        return say_failure(st, "");
    struct sp_client *c = sp_client_new(fd, NULL, NULL, NULL, NULL);
    code = c ? print_status(c, as_json) : say_failure(SP_NOMEM, "");
    sp_client_free(c);
    return code;
}
