/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screens: starts the ui on this terminal and serves it what it may not do itself: editor, files, openers, a new socket. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "config/config.h"
#include "screen.h"

#define UI_STUB_FD 3
#define UI_ENGINE_FD 4

#define MAX_QUICK_DEATHS 3 /* in a row, each within QUICK_MS of its start: then it is given up */
#define QUICK_MS 5000

struct session {
    struct place *place;
    struct loop *loop;
    struct wire_conn *ui;
    pid_t ui_pid;
    struct termios terminal;  /* as it was before the first ui */
    int64_t started_ms;
    int quick_deaths;
};

/* The ui reads no file, so what the configuration says about it is on its command line. Memory in the arena; NULL without memory. */
static const char **
ui_arguments(const struct place *place, const char *program, const char *mailto, struct arena *a)
{
    struct config *c;
    struct config_error *errors;
    size_t errors_n, n = 0, keys = 0;
    bool good = config_load(place->config_file, a, &c, &errors, &errors_n) == SP_OK;
    while (good && c->keys[keys])
        keys++;
    const char **argv = arena_array(a, keys + 8, sizeof *argv);
    if (!argv)
        return NULL;
    argv[n++] = program;
    if (*configured_editor(place, a))
        argv[n++] = "--editor";
    if (mailto)
        argv[n++] = arena_printf(a, "--compose=%s", mailto);
    if (!good)
        return argv;
    if (c->ascii)
        argv[n++] = "--ascii";
    argv[n++] = arena_printf(a, "--theme=%s", c->theme);
    if (*c->download_folder)
        argv[n++] = arena_printf(a, "--downloads=%s", c->download_folder);
    for (size_t i = 0; i < keys; i++)
        argv[n++] = arena_printf(a, "--bind=%s", c->keys[i]);
    for (size_t i = 0; i < n; i++)
        if (!argv[i])
            return NULL;
    return argv;
}

static _Noreturn void
become_ui(const char *const *argv, int stub_fd, int engine_fd)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    int a = fcntl(stub_fd, F_DUPFD, 10), b = fcntl(engine_fd, F_DUPFD, 10);
    if (a < 0 || b < 0 || dup2(a, UI_STUB_FD) < 0 || dup2(b, UI_ENGINE_FD) < 0 || close_range(5, UINT32_MAX, 0) != 0)
        _exit(EX_OSERR);
    (void)execv(argv[0], (char *const *)(uintptr_t)argv);
    _exit(EX_OSFILE);
}

static void
reconnect(struct session *s, uint32_t id)
{
    int fd;
    enum sp_status st = engine_open(s->place, "screens", &fd, NULL);
    if (st) {
        (void)wire_reply_error(s->ui, id, st, NULL);
        return;
    }
    if (wire_send_connected(s->ui, id, &(struct wm_connected){.fd = fd}) != SP_OK)
        say_error(_("the screen cannot be reached"));
    (void)close(fd);
}

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct session *s = arg;
    switch (in->type) {
    case WM_TYPE_edit_text: serve_edit(s->place, c, in->id, in->msg, arena); break;
    case WM_TYPE_save_file: serve_save(c, in->id, in->msg, arena); break;
    case WM_TYPE_read_file: serve_read(c, in->id, in->msg, arena); break;
    case WM_TYPE_open_file: serve_open(s->place, c, in->id, in->msg, arena); break;
    case WM_TYPE_reconnect: reconnect(s, in->id); break;
    case WM_TYPE_suspend: serve_suspend(c, in->id); break;
    default:
        if (in->id)
            (void)wire_reply_error(c, in->id, SP_INVALID, NULL);
    }
}

static void
on_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    (void)why;
    (void)arg; /* the child's end, which follows, is what counts */
}

static bool start_ui(struct session *s, int engine_fd, const char *mailto);

/* The ui was killed: the terminal gets its old settings back and a new ui takes over where the engine knows that it was. */
static bool
replace_ui(struct session *s)
{
    int engine_fd;
    s->quick_deaths = loop_now_ms() - s->started_ms < QUICK_MS ? s->quick_deaths + 1 : 0;
    (void)tcsetattr(STDIN_FILENO, TCSANOW, &s->terminal);
    wire_conn_free(s->ui);
    s->ui = NULL;
    if (s->quick_deaths >= MAX_QUICK_DEATHS || engine_open(s->place, "screens", &engine_fd, NULL) != SP_OK)
        return false;
    return start_ui(s, engine_fd, NULL);
}

static void
on_child(struct loop *l, int signo, void *arg)
{
    struct session *s = arg;
    int status;
    pid_t pid;
    (void)signo;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
        if (pid != s->ui_pid)
            continue;
        if (WIFEXITED(status))
            loop_stop(l, WEXITSTATUS(status));
        else if (!replace_ui(s))
            loop_stop(l, EX_SOFTWARE);
    }
}

/* Whoever ends us ends the ui; its end ends us, and what comes after us (the demonstration's clearing up) still happens. */
static void
on_end(struct loop *l, int signo, void *arg)
{
    const struct session *s = arg;
    (void)l;
    (void)signo;
    if (s->ui_pid > 0)
        (void)kill(s->ui_pid, SIGTERM);
}

/* Takes engine_fd. */
static bool
start_ui(struct session *s, int engine_fd, const char *mailto)
{
    int ends[2] = {-1, -1};
    const char *program = arena_printf(&s->place->arena, "%s/sealpost-ui", s->place->libexec);
    const char **argv = program ? ui_arguments(s->place, program, mailto, &s->place->arena) : NULL;
    s->ui_pid = argv && wire_pair(ends) == SP_OK ? fork() : -1;
    if (s->ui_pid == 0)
        become_ui(argv, ends[1], engine_fd);
    (void)close(engine_fd);
    if (ends[1] >= 0)
        (void)close(ends[1]);
    if (ends[0] >= 0)
        s->ui = wire_conn_new(ends[0], s->loop, on_message, on_closed, s);
    s->started_ms = loop_now_ms();
    return s->ui_pid > 0 && s->ui;
}

static int
serve(struct session *s, int engine_fd, const char *mailto)
{
    (void)tcgetattr(STDIN_FILENO, &s->terminal);
    int code = start_ui(s, engine_fd, mailto) ? loop_run(s->loop) : EX_OSERR;
    wire_conn_free(s->ui);
    if (code == EX_SOFTWARE)
        say_error(_("the screen ended unexpectedly; nothing is lost: start sealpost again"));
    return code;
}

int
command_screens(struct place *place, int argc, char **argv)
{
    struct session s = {.place = place};
    int engine_fd;
    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        say_error(_("the screens need a terminal; \"sealpost help\" lists what works without one"));
        return EX_USAGE;
    }
    if (argc > 2) {
        say_error(_("one mailto: link at a time"));
        return EX_USAGE;
    }
    if (!config_is_good(place))
        return EX_CONFIG;
    enum sp_status st = engine_open(place, "screens", &engine_fd, NULL);
    if (st) {
        say_error(_("sealpost cannot start: %s"), say_status(st));
        return exit_status(st);
    }
    /* ^C and ^Z belong to the ui and to what runs on the terminal; a lost line (SIGHUP) ends the ui, then us. */
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGQUIT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)signal(SIGPIPE, SIG_IGN);
    s.loop = loop_new();
    int code = EX_OSERR;
    if (s.loop && loop_signal(s.loop, SIGCHLD, on_child, &s) == SP_OK && loop_signal(s.loop, SIGTERM, on_end, &s) == SP_OK)
        code = serve(&s, engine_fd, argc > 1 ? argv[1] : NULL);
    loop_free(s.loop);
    if (code == EX_OSFILE)
        say_error(_("the program sealpost-ui is missing in %s; install sealpost again"), place->libexec);
    return code;
}
