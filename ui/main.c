/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost-ui: the screen. Started by the stub with the terminal on 0 to 2, the stub's connection on 3 and a greeted engine's socket
   on 4. Everything that needs a file is loaded first; then the process is confined and opens nothing any more. */
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "app.h"
#include "base/log.h"
#include "base/sandbox.h"
#include "base/utf8.h"
#include "config.h"
#include "i18n.h"
#include "loop.h"

#define STUB_FD 3
#define ENGINE_FD 4
#define EXIT_USAGE 64
#define EXIT_OS 71

/* Locale, translations, time zone and character widths, all loaded now. */
static void
load_locale(void)
{
    const char *folder = getenv("SEALPOST_LOCALEDIR");
    (void)setlocale(LC_ALL, "");
    (void)setlocale(LC_NUMERIC, "C");
    (void)bindtextdomain("sealpost", folder && *folder ? folder : LOCALEDIR);
    (void)textdomain("sealpost");
    (void)_("Loading…"); /* the catalogue is opened at the first text */
    tzset();
    (void)utf8_cp_width(0x4E00);
    (void)strcoll("a", "b");
}

static bool
usable(int fd)
{
    return fcntl(fd, F_GETFD) >= 0 && fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

static void
bind_keys(struct app *a)
{
    const char *binding;
    for (size_t i = 0; (binding = options_binding(&a->options, i)); i++)
        if (keymap_bind(&a->keymap, binding) != SP_OK)
            app_say(a, STYLE_ERROR, _("This key binding is not understood: {1}"), binding);
}

static int
run(struct app *a)
{
    enum sp_status st = app_init(a, STUB_FD, ENGINE_FD);
    if (st) {
        draw_close(a->draw);
        a->draw = NULL;
        (void)fprintf(stderr, "sealpost: %s\n", sp_status_text(st));
        app_release(a);
        return EXIT_OS;
    }
    bind_keys(a);
    int code = ui_loop_run(a);
    if (!a->lent)
        draw_close(a->draw);
    a->draw = NULL;
    app_release(a);
    return code;
}

int
main(int argc, char **argv)
{
    static struct app app; /* too large for some stacks; passed down from here */
    const char *bad;

    secret_harden_process();
    log_init("ui");
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGTTOU, SIG_IGN);
    (void)signal(SIGTSTP, SIG_IGN); /* the stub stops the job after we have left the terminal */
    load_locale();
    if (options_parse(&app.options, argc, (const char *const *)argv, &bad)) {
        (void)fprintf(stderr, _("sealpost-ui is started by sealpost; it does not know \"%s\".\n"), bad);
        return EXIT_USAGE;
    }
    if (!usable(STUB_FD) || !usable(ENGINE_FD) || !isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        (void)fprintf(stderr, "%s\n", _("sealpost-ui is started by sealpost, in a terminal."));
        return EXIT_USAGE;
    }
    app.draw = draw_open(app.options.theme, app.options.ascii);
    if (!app.draw) {
        (void)fprintf(stderr, "%s\n", _("This terminal is not known here (see the variable TERM)."));
        return EXIT_OS;
    }
    if (ttyname_r(STDIN_FILENO, app.tty, sizeof app.tty) != 0)
        app.tty[0] = '\0';
    enum sp_status st = sandbox_enter(SP_ROLE_UI, NULL);
    if (st) {
        draw_close(app.draw);
        (void)fprintf(stderr, _("The screen cannot be confined (%s), so it does not start.\n"), sp_status_text(st));
        return EXIT_OS;
    }
    return run(&app);
}
