/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost: the command line. */
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "command.h"
#include "config.h"

static int command_help(struct place *place, int argc, char **argv);
static int command_version(struct place *place, int argc, char **argv);

static const struct command commands[] = {
    {"", command_screens, N_("sealpost [mailto:ADDRESS...]"), N_("Open the screens; with a mailto: link, write a message.")},
    {"inspect", command_inspect, N_("sealpost inspect [--json] [OPTIONS] FILE|-"), N_("Say what is known of one message: signed, encrypted, by whom, dangerous.")},
    {"keys", command_keys, N_("sealpost keys list|import ..."), N_("List and import OpenPGP keys and certificates.")},
    {"send", command_send, N_("sealpost send [OPTIONS] [ADDRESS...]"), N_("Send the message on standard input, as sendmail does.")},
    {"sync", command_sync, N_("sealpost sync [--json] [--bodies] [ACCOUNT...]"), N_("Look for new mail now.")},
    {"import", command_import, N_("sealpost import [--account NAME] [--folder NAME] FILE|FOLDER..."), N_("Take over mail from mbox files, Maildir folders and single messages.")},
    {"status", command_status, N_("sealpost status [--json]"), N_("Say how accounts, outbox and long work stand.")},
    {"daemon", command_daemon, N_("sealpost --daemon"), N_("Start the mail engine and let it stay, for new mail and the outbox.")},
    {"stop", command_stop, N_("sealpost stop"), N_("End the mail engine; what waits to be sent stays in the outbox.")},
    {"search", command_search, N_("sealpost search [--json] [--limit N] [--server] QUERY..."), N_("Find messages: words, from:ada, after:2026-01, is:unread ...")},
    {"protect", command_protect, N_("sealpost protect --passphrase|--openpgp KEY|--key-file"), N_("Change what protects the mail store.")},
    {"lock", command_lock, N_("sealpost lock"), N_("Lock the mail store now.")},
    {"demo", command_demo, N_("sealpost demo"), N_("Try everything on a built-in mailbox; nothing of yours is touched.")},
    {"help", command_help, N_("sealpost help"), N_("Show this text.")},
    {"version", command_version, N_("sealpost version"), N_("Show the version.")},
};
#define COUNT (sizeof commands / sizeof *commands)

static int
command_help(struct place *place, int argc, char **argv)
{
    (void)place;
    (void)argc;
    (void)argv;
    printf("%s\n\n", _("sealpost: mail that is private and genuine, in a terminal."));
    for (size_t i = 0; i < COUNT; i++)
        printf("  %s\n        %s\n", _(commands[i].synopsis), _(commands[i].help));
    printf("\n%s\n", _("Manuals: sealpost(1), sealpost-config(5). In the screens, ? shows the keys."));
    return EX_OK;
}

static int
command_version(struct place *place, int argc, char **argv)
{
    (void)place;
    (void)argc;
    (void)argv;
    printf("sealpost %s\n", PACKAGE_VERSION);
    return EX_OK;
}

static int
help_of(const struct command *c)
{
    printf("%s\n        %s\n%s\n", _(c->synopsis), _(c->help), _("More is in the manual, sealpost(1)."));
    return EX_OK;
}

static const struct command *
find_command(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        name = "help";
    else if (strcmp(name, "--version") == 0 || strcmp(name, "-V") == 0)
        name = "version";
    else if (strcmp(name, "--daemon") == 0)
        name = "daemon";
    else if (strncmp(name, "mailto:", 7) == 0)
        name = "";
    for (size_t i = 0; i < COUNT; i++)
        if (strcmp(commands[i].name, name) == 0)
            return &commands[i];
    return NULL;
}

int
main(int argc, char **argv)
{
    struct place place = {.arena = ARENA_INIT};
    const char *catalogues = getenv("SEALPOST_LOCALEDIR");

    (void)setlocale(LC_ALL, "");
    (void)bindtextdomain("sealpost", catalogues ? catalogues : LOCALEDIR);
    (void)textdomain("sealpost");
    secret_harden_process();
    const struct command *c = find_command(argc > 1 ? argv[1] : "");
    if (!c || (argc > 1 && !*argv[1])) {
        say_error(_("\"%s\" is no command of sealpost; \"sealpost help\" lists them"), argv[1]);
        return EX_USAGE;
    }
    int code = EX_CONFIG;
    bool has_name = *c->name != '\0';
    if (has_name && argc > 2 && strcmp(argv[2], "--help") == 0)
        code = help_of(c);
    else if (place_find(&place))
        code = c->run(&place, argc - has_name, argv + has_name);
    if ((fflush(stdout) != 0 || ferror(stdout)) && code == EX_OK) {
        say_error(_("the output could not be written"));
        code = EX_IOERR;
    }
    arena_release(&place.arena);
    return code;
}
