/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost keys: list and import OpenPGP keys and certificates. */
#include <getopt.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "inspect.h"
#include "options.h"

#define ANSWER_MS 120000

static const char *
validity_words(const struct wr_key *k)
{
    return k->revoked ? _("revoked") : k->expired ? _("expired") : name_trust(k->trust);
}

static void
print_key(const struct wr_key *k, struct arena *a)
{
    printf("%-8s %s  %s  %s%s\n", name_protocol(k->protocol), say_safe(a, k->fingerprint), say_safe(a, k->algorithm), validity_words(k),
           k->secret ? _("  (your own: secret key here)") : k->anchor ? _("  (certificate authority)") : "");
    for (uint32_t i = 0; i < k->identities_n; i++) {
        const struct wr_identity *id = &k->identities[i];
        printf("         %s <%s>%s\n", say_safe(a, id->name), say_safe(a, id->address), id->revoked ? _("  revoked") : "");
    }
    if (k->expires)
        printf(_("         expires %s\n"), inspect_time(a, k->expires));
}

static int
list(struct session_client *s, const char *match)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    enum sp_status st = sp_ask(s->client, WM_TYPE_list_keys, &(struct wm_list_keys){.match = match}, ANSWER_MS, &a, &in, &text);
    int code = EX_OK;
    if (!st && in.type == WM_TYPE_keys) {
        const struct wm_keys *m = in.msg;
        for (uint32_t i = 0; i < m->keys_n; i++)
            print_key(&m->keys[i], &a);
        if (!m->keys_n)
            printf("%s\n", _("No keys or certificates."));
    } else {
        code = say_failure(st ? st : SP_PROTOCOL, text);
    }
    wire_in_close(&in);
    arena_release(&a);
    return code;
}

static int
import_one(struct session_client *s, const char *path, const struct secret *passphrase, bool as_anchor)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    struct wm_import_keys m = {.data = open_input(path), .passphrase = passphrase_pipe(passphrase), .as_anchor = as_anchor};
    if (m.data < 0)
        return EX_NOINPUT;
    enum sp_status st = sp_ask(s->client, WM_TYPE_import_keys, &m, ANSWER_MS, &a, &in, &text);
    int code = EX_OK;
    if (!st && in.type == WM_TYPE_imported) {
        const struct wm_imported *r = in.msg;
        printf(_("%s: %u imported, %u already there\n"), say_safe(&a, path), r->imported, r->unchanged);
        for (uint32_t i = 0; i < r->keys_n; i++)
            print_key(&r->keys[i], &a);
        if (!r->imported && !r->unchanged)
            code = say_failure(SP_NO_KEY, path);
    } else {
        code = say_failure(st ? st : SP_PROTOCOL, path);
    }
    wire_in_close(&in);
    (void)close(m.data);
    if (m.passphrase >= 0)
        (void)close(m.passphrase);
    arena_release(&a);
    return code;
}

static int
usage(void)
{
    say_error(_("sealpost keys list [TEXT]\n          sealpost keys import [--passphrase-file F] [--anchor] FILE..."));
    return EX_USAGE;
}

static int
run_import(struct session_client *s, int argc, char **argv)
{
    static const struct option options[] = {{"passphrase-file", required_argument, NULL, 'p'}, {"anchor", no_argument, NULL, 'a'}, {NULL, 0, NULL, 0}};
    struct secret passphrase = SECRET_INIT;
    int option, code = EX_OK;
    bool as_anchor = false;
    while (!code && (option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'p' && !read_passphrase(optarg, &passphrase))
            code = EX_NOINPUT;
        if (option == 'a')
            as_anchor = true;
        if (option == '?')
            code = usage();
    }
    if (!code && optind == argc)
        code = usage();
    for (int i = optind; i < argc && !code; i++)
        code = import_one(s, argv[i], &passphrase, as_anchor);
    secret_release(&passphrase);
    return code;
}

int
command_keys(struct place *place, int argc, char **argv)
{
    struct session_client s;
    bool lists = argc > 1 && strcmp(argv[1], "list") == 0, imports = argc > 1 && strcmp(argv[1], "import") == 0;
    if (!lists && !imports)
        return usage();
    enum sp_status st = session_begin(&s, place, "keys");
    if (st)
        return exit_status(st);
    st = store_ready(s.client, &s.welcome, -1, imports);
    int code;
    if (st && imports)
        code = say_failure(st, "");
    else
        code = lists ? list(&s, argc > 2 ? argv[2] : "") : run_import(&s, argc - 1, argv + 1);
    session_end(&s);
    return code;
}
