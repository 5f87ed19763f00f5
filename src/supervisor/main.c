/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost-supervisor: started by the stub when no engine runs; descriptor 3 is a pipe on which it reports that the door is open. */
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/log.h"
#include "base/secret.h"
#include "supervisor.h"

#define READY_FD 3

static void
on_child(struct loop *l, int signo, void *arg)
{
    struct supervisor *s = arg;
    int status;
    (void)l;
    (void)signo;
    for (;;) {
        siginfo_t ended = {0};
        if (waitid(P_ALL, 0, &ended, WEXITED | WNOHANG | WNOWAIT) != 0 || ended.si_pid == 0)
            return;
        /* What it left behind goes with it. Before it is reaped its number, and so the group's, cannot be anybody else's. */
        (void)kill(-ended.si_pid, SIGKILL);
        if (waitpid(ended.si_pid, &status, WNOHANG) != ended.si_pid)
            return;
        if (!roles_child_ended(s, ended.si_pid, status))
            helpers_child_ended(s, ended.si_pid, status);
    }
}

static void
on_end(struct loop *l, int signo, void *arg)
{
    (void)l;
    (void)signo;
    roles_stop(arg);
}

/* The folder of this very program, so that an uninstalled build finds its own roles. */
static const char *
own_folder(struct arena *arena)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    char *slash = strrchr(path, '/');
    if (!slash)
        return NULL;
    *slash = '\0';
    return arena_strdup(arena, path);
}

/* GnuPG's folder: configured, else what the environment says. The environment is set too, for gpgconf and password commands. */
static void
choose_gnupg_home(struct supervisor *s)
{
    struct config *config;
    struct config_error *errors;
    size_t n;
    const char *env = getenv("GNUPGHOME");
    s->gnupg_home = env ? env : "";
    if (config_load(s->paths.config_file, &s->arena, &config, &errors, &n) == SP_OK && *config->gnupg_home) {
        s->gnupg_home = config->gnupg_home;
        (void)setenv("GNUPGHOME", config->gnupg_home, 1);
    }
}

static enum sp_status
prepare(struct supervisor *s, const char **what)
{
    *what = "";
    enum sp_status st = config_find_paths(&s->arena, &s->paths);
    if (st)
        return st;
    s->libexec = own_folder(&s->arena);
    s->loop = loop_new();
    if (!s->libexec || !s->loop)
        return SP_NOMEM;
    st = roles_are_installed(s, what);
    if (!st)
        st = place_take(s, what);
    if (!st)
        st = loop_signal(s->loop, SIGCHLD, on_child, s);
    if (!st)
        st = loop_signal(s->loop, SIGTERM, on_end, s);
    if (!st)
        st = loop_signal(s->loop, SIGINT, on_end, s);
    return st;
}

/* One byte to the stub: 0 = the door is open, else the status. */
static void
report(bool asked, enum sp_status st)
{
    unsigned char byte = (unsigned char)st;
    if (!asked)
        return;
    ssize_t n = write(READY_FD, &byte, 1);
    (void)n;
    (void)close(READY_FD);
}

/* Standard error: the file that SEALPOST_LOG names, else nothing; the stub's terminal is not ours to write on. */
static void
detach_output(void)
{
    const char *log = getenv("SEALPOST_LOG");
    int fd = log && log[0] == '/' ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW, 0600) : open("/dev/null", O_RDWR);
    int null = open("/dev/null", O_RDWR);
    if (fd < 0 || null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(fd, 2) < 0)
        _exit(EX_OSERR);
}

static void
begin(struct supervisor *s)
{
    choose_gnupg_home(s);
    roles_want(roles_slot(s, SP_ROLE_ENGINE, 0));
    watchdog_start(s);
}

static void
release(struct supervisor *s)
{
    helpers_end(s);
    for (size_t i = 0; i < s->slots_n; i++)
        wire_conn_free(s->slots[i].control);
    loop_free(s->loop);
    explicit_bzero(s->token, sizeof s->token);
    arena_release(&s->arena);
}

int
main(void)
{
    struct supervisor s = {.arena = ARENA_INIT, .lock_fd = -1, .listener = -1};
    const char *what;
    bool asked = fcntl(READY_FD, F_SETFD, FD_CLOEXEC) == 0; /* else it was started by hand */

    (void)setsid();
    if (chdir("/") != 0) /* no file system is held by where the user happened to be */
        return EX_OSERR;
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    (void)umask(077);
    secret_harden_process();
    detach_output();
    log_init("supervisor");
    enum sp_status st = prepare(&s, &what);
    int code = st == SP_BUSY ? EX_TEMPFAIL : EX_CANTCREAT;
    if (st)
        log_line("cannot start: %s: %s", what, sp_status_text(st));
    else
        begin(&s);
    report(asked, st);
    if (!st) {
        code = loop_run(s.loop);
        place_leave(&s);
    }
    release(&s);
    return code;
}
