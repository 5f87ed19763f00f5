/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost sync: looks for new mail now and says what came; for cron and scripts. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>

#include "json.h"
#include "options.h"

#define ANSWER_MS 60000

static int
usage(void)
{
    say_error(_("sealpost sync [--json] [--bodies] [ACCOUNT...]\n"
                "          --bodies  also fetch the texts of all messages that are not here yet"));
    return EX_USAGE;
}

static void
add_result(json_t *list, const struct wr_sync_result *r)
{
    json_t *j = json_object();
    json_object_set_new(j, "account", json_text(r->name));
    json_object_set_new(j, "status", json_text(sp_status_name(r->status)));
    json_object_set_new(j, "server_text", json_text(r->server_text));
    json_object_set_new(j, "added", json_integer(r->added));
    json_object_set_new(j, "removed", json_integer(r->removed));
    json_object_set_new(j, "changed", json_integer(r->changed));
    json_array_append_new(list, j);
}

static void
print_result(const struct wr_sync_result *r, struct arena *a)
{
    const char *name = say_safe(a, r->name);
    if (r->status)
        say_error("%s: %s%s%s%s", name, say_status(r->status), *r->server_text ? " (" : "", r->server_text, *r->server_text ? ")" : "");
    else
        printf(_("%s: %u new, %u changed, %u gone\n"), name, r->added, r->changed, r->removed);
}

/* One account (0 = all). list NULL: as text. */
static int
sync_one(struct session_client *s, uint32_t account, bool bodies, json_t *list)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    int code = EX_OK;
    enum sp_status st = sp_ask(s->client, WM_TYPE_sync_now, &(struct wm_sync_now){.account = account, .bodies = bodies}, -1, &a, &in, &text);
    if (st || in.type != WM_TYPE_synced) {
        code = say_failure(st ? st : SP_PROTOCOL, text);
    } else {
        const struct wm_synced *m = in.msg;
        for (uint32_t i = 0; i < m->results_n; i++) {
            const struct wr_sync_result *r = &m->results[i];
            if (list)
                add_result(list, r);
            else
                print_result(r, &a);
            if (r->status && !code)
                code = exit_status(r->status);
        }
    }
    wire_in_close(&in);
    arena_release(&a);
    return code;
}

static int
sync_named(struct session_client *s, char *const *names, bool bodies, json_t *list)
{
    struct arena a = ARENA_INIT;
    struct account_list accounts;
    int code = accounts_fetch(s->client, &a, &accounts);
    for (char *const *n = names; !code && *n; n++) /* all are known before anything begins */
        code = account_named(&accounts, *n) ? EX_OK : EX_USAGE;
    for (char *const *n = names; !code && *n; n++)
        code = sync_one(s, account_named(&accounts, *n), bodies, list);
    arena_release(&a);
    return code;
}

int
command_sync(struct place *place, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"bodies", no_argument, NULL, 'b'}, {NULL, 0, NULL, 0}};
    struct session_client s;
    bool as_json = false, bodies = false;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        as_json |= option == 'j';
        bodies |= option == 'b';
    }
    if (!config_is_good(place))
        return EX_CONFIG;
    enum sp_status st = session_begin(&s, place, "sync");
    if (st)
        return exit_status(st);
    json_t *list = as_json ? json_array() : NULL;
    st = store_ready(s.client, &s.welcome, -1, true);
    int code = st ? say_failure(st, "") : optind < argc ? sync_named(&s, argv + optind, bodies, list) : sync_one(&s, 0, bodies, list);
    session_end(&s);
    if (list) {
        int printed = json_print(list, stdout);
        code = code ? code : printed;
    }
    return code;
}
