/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost protect: another passphrase, an OpenPGP key or a bare key file for the store; sealpost lock: it is locked now. */
#include <getopt.h>
#include <sysexits.h>
#include <unistd.h>

#include "options.h"

#define ANSWER_MS 600000 /* an OpenPGP key may be on a card that somebody has to find */

static int
usage(void)
{
    say_error(_("sealpost protect --passphrase|--openpgp KEY|--key-file [--passphrase-file OLD] [--new-passphrase-file NEW]"));
    return EX_USAGE;
}

struct wish {
    int protection; /* enum sp_protection, -1 = not said */
    const char *key;
    struct secret old, new;
};

static int
read_options(int argc, char **argv, struct wish *w)
{
    static const struct option options[] = {
        {"passphrase", no_argument, NULL, 'p'}, {"openpgp", required_argument, NULL, 'g'}, {"key-file", no_argument, NULL, 'k'},
        {"passphrase-file", required_argument, NULL, 'o'}, {"new-passphrase-file", required_argument, NULL, 'n'}, {NULL, 0, NULL, 0}};
    int option, chosen = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?' || ((option == 'o' || option == 'n') && !read_passphrase(optarg, option == 'o' ? &w->old : &w->new)))
            return option == '?' ? usage() : EX_NOINPUT;
        if (option == 'g')
            w->key = optarg;
        chosen += option == 'p' || option == 'g' || option == 'k';
        if (option == 'p' || option == 'g' || option == 'k')
            w->protection = option == 'p' ? SP_PROTECTION_PASSPHRASE : option == 'g' ? SP_PROTECTION_OPENPGP : SP_PROTECTION_KEY_FILE;
    }
    return chosen == 1 && optind == argc ? EX_OK : usage();
}

/* What is not in a file is asked for on the terminal. */
static enum sp_status
ask_passphrases(const struct wm_welcome *welcome, struct wish *w)
{
    struct secret again = SECRET_INIT;
    enum sp_status st = SP_OK;
    if (welcome->protection == SP_PROTECTION_PASSPHRASE && !w->old.len)
        st = ask_hidden(_("Passphrase of your mail store: "), &w->old);
    if (!st && w->protection == SP_PROTECTION_PASSPHRASE && !w->new.len) {
        st = ask_hidden(_("The new passphrase: "), &w->new);
        if (!st)
            st = ask_hidden(_("The same passphrase again: "), &again);
        if (!st && !secret_equal(&again, w->new.data, w->new.len)) {
            say_error(_("the two were not the same; nothing was changed"));
            st = SP_INVALID;
        }
    }
    secret_release(&again);
    return st == SP_UNAVAILABLE ? SP_PASSPHRASE_NEEDED : st;
}

/* A locked store is opened with the old passphrase. */
static enum sp_status
unlock(struct session_client *s, const struct wish *w)
{
    struct wm_unlock m = {.passphrase = passphrase_pipe(&w->old)};
    enum sp_status st = !s->welcome.has_profile ? SP_NOT_FOUND : s->welcome.locked ? session_ask(s->client, WM_TYPE_unlock, &m, ANSWER_MS) : SP_OK;
    if (m.passphrase >= 0)
        (void)close(m.passphrase);
    return st;
}

static enum sp_status
change(struct session_client *s, struct wish *w)
{
    enum sp_status st = ask_passphrases(&s->welcome, w);
    if (!st)
        st = unlock(s, w);
    if (st)
        return st;
    struct wm_change_protection m = {.protection = (uint8_t)w->protection, .key_id = w->key, .old = passphrase_pipe(&w->old),
                                     .passphrase = passphrase_pipe(&w->new)};
    st = session_ask(s->client, WM_TYPE_change_protection, &m, ANSWER_MS);
    if (m.old >= 0)
        (void)close(m.old);
    if (m.passphrase >= 0)
        (void)close(m.passphrase);
    return st;
}

int
command_protect(struct place *place, int argc, char **argv)
{
    static const char *const said[] = {
        [SP_PROTECTION_KEY_FILE] = N_("The mail store is unprotected now: its key lies in a file beside it (mode 0600)."),
        [SP_PROTECTION_PASSPHRASE] = N_("The mail store is protected by the new passphrase now."),
        [SP_PROTECTION_OPENPGP] = N_("The mail store is protected by that OpenPGP key now."),
    };
    struct session_client s;
    struct wish w = {.protection = -1, .key = ""};
    int code = read_options(argc, argv, &w);
    if (!code) {
        enum sp_status st = session_begin(&s, place, "protect");
        if (st) {
            code = exit_status(st);
        } else {
            st = change(&s, &w);
            session_end(&s);
            code = st ? say_failure(st, "") : EX_OK;
            if (!st)
                printf("%s\n", _(said[w.protection]));
        }
    }
    secret_release(&w.old);
    secret_release(&w.new);
    return code;
}

int
command_lock(struct place *place, int argc, char **argv)
{
    struct session_client s;
    (void)argv;
    if (argc > 1) {
        say_error(_("sealpost lock takes no arguments"));
        return EX_USAGE;
    }
    enum sp_status st = session_begin(&s, place, "lock");
    if (st)
        return exit_status(st);
    st = session_ask(s.client, WM_TYPE_lock, &(struct wm_lock){}, ANSWER_MS);
    session_end(&s);
    return st ? say_failure(st, "") : EX_OK;
}
