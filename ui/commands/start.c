/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Finding the folders, starting the supervisor, opening the door. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "command.h"
#include "config.h"
#include "config/config.h"

#define START_TIMEOUT_MS 15000
#define RETRY_MS 20

/* An uninstalled build has its roles in libexec/ beside the stub; else they are where they were installed. */
static const char *
find_libexec(struct arena *arena)
{
    char path[4096];
    struct stat s;
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        const char *beside = arena_printf(arena, "%s/libexec", path);
        const char *probe = arena_printf(arena, "%s/libexec/sealpost-supervisor", path);
        if (beside && probe && stat(probe, &s) == 0)
            return beside;
    }
    return LIBEXECDIR;
}

bool
place_find(struct place *place)
{
    struct config_paths paths;
    enum sp_status st = config_find_paths(&place->arena, &paths);
    if (st) {
        say_error(_("no home folder: set HOME, or SEALPOST_HOME to the folder where sealpost keeps everything"));
        return false;
    }
    place->config_file = paths.config_file;
    place->home = paths.home;
    place->runtime = paths.runtime;
    place->libexec = find_libexec(&place->arena);
    return true;
}

static _Noreturn void
become_supervisor(const char *program, int ready_fd)
{
    if (ready_fd == 3 ? fcntl(3, F_SETFD, 0) < 0 : dup2(ready_fd, 3) < 0)
        _exit(127);
    (void)close_range(4, UINT32_MAX, 0);
    char *const argv[] = {(char *)(uintptr_t)program, NULL};
    (void)execv(program, argv);
    _exit(127);
}

/* Starts the supervisor and waits for its one byte: SP_OK, or why it cannot. */
static enum sp_status
start_supervisor(struct place *place)
{
    const char *program = arena_printf(&place->arena, "%s/sealpost-supervisor", place->libexec);
    unsigned char byte = SP_CRASHED;
    int p[2];
    if (program && access(program, X_OK) != 0)
        return SP_UNAVAILABLE;
    if (!program || pipe2(p, O_CLOEXEC) != 0)
        return SP_NOMEM;
    pid_t pid = fork();
    if (pid == 0) {
        /* Forked twice, so that it is no child of a stub that may end at any time. */
        if (fork() == 0)
            become_supervisor(program, p[1]);
        _exit(0);
    }
    (void)close(p[1]);
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
    struct pollfd ready = {.fd = p[0], .events = POLLIN};
    int n;
    do
        n = poll(&ready, 1, START_TIMEOUT_MS);
    while (n < 0 && errno == EINTR);
    if (pid < 0 || n <= 0 || read(p[0], &byte, 1) != 1)
        byte = SP_CRASHED;
    (void)close(p[0]);
    return byte < SP_STATUS_COUNT ? (enum sp_status)byte : SP_INTERNAL;
}

enum sp_status
engine_open(struct place *place, const char *what, int *fd, struct wm_welcome *welcome)
{
    int64_t end = loop_now_ms() + START_TIMEOUT_MS;
    int wait_ms = RETRY_MS;
    bool started = false;
    for (;;) {
        enum sp_status st = sp_connect(place->runtime, what, fd, welcome, &place->arena);
        if (st == SP_NOT_FOUND && !started) {
            started = true;
            enum sp_status begun = start_supervisor(place);
            /* SP_BUSY: somebody else is just starting or ending one; the door opens soon or the lock becomes free. */
            if (begun == SP_BUSY)
                started = false;
            else if (begun == SP_UNAVAILABLE)
                say_error(_("programs of sealpost are missing in %s; install it again"), place->libexec);
            if (begun && begun != SP_BUSY)
                return begun;
            if (!begun)
                continue; /* the door is open: no need to wait */
        }
        if (st != SP_NOT_FOUND && st != SP_BUSY && st != SP_UNSUPPORTED)
            return st;
        if (loop_now_ms() > end)
            return st == SP_NOT_FOUND ? SP_TIMEOUT : st;
        (void)poll(NULL, 0, wait_ms);
        wait_ms = wait_ms < 500 ? wait_ms * 2 : 500;
        if (st == SP_UNSUPPORTED)
            started = false; /* the other build ends by itself; then ours may start */
    }
}

enum sp_status
engine_end(struct place *place)
{
    struct arena a = ARENA_INIT;
    struct wire_in in = {0};
    const char *text;
    int fd, waited = 0;
    enum sp_status left, st = sp_connect(place->runtime, "stop", &fd, NULL, &a);
    struct sp_client *c = st ? NULL : sp_client_new(fd, NULL, NULL, NULL, NULL);
    if (!st)
        st = c ? sp_ask(c, WM_TYPE_end_engine, &(struct wm_end_engine){}, START_TIMEOUT_MS, &a, &in, &text) : SP_NOMEM;
    wire_in_close(&in);
    sp_client_free(c);
    /* SP_BUSY: the engine is gone, the supervisor not yet. */
    while (!st && waited < START_TIMEOUT_MS && ((left = sp_connect(place->runtime, "stop", &fd, NULL, &a)) == SP_OK || left == SP_BUSY)) {
        if (left == SP_OK)
            (void)close(fd);
        (void)poll(NULL, 0, RETRY_MS);
        waited += RETRY_MS;
    }
    arena_release(&a);
    return st;
}

bool
config_is_good(const struct place *place)
{
    struct arena a = ARENA_INIT;
    struct config *config;
    struct config_error *errors;
    size_t n;
    enum sp_status st = config_load(place->config_file, &a, &config, &errors, &n);
    for (size_t i = 0; st && i < n; i++) {
        const struct config_error *e = &errors[i];
        const char *key = say_safe(&a, e->key), *value = say_safe(&a, e->value);
        fprintf(stderr, e->line ? "%s:%u: " : "%s: ", say_safe(&a, e->file), e->line);
        if (strcmp(e->what, "unknown-key") == 0 || strcmp(e->what, "unknown-section") == 0)
            fprintf(stderr, _("\"%s\" is not known here"), key);
        else if (strcmp(e->what, "missing-key") == 0)
            fprintf(stderr, _("this account needs \"%s\""), key);
        else if (strcmp(e->what, "bad-value") == 0)
            fprintf(stderr, _("\"%s\" is no value for \"%s\""), value, key);
        else if (strcmp(e->what, "unreadable") == 0)
            fprintf(stderr, _("the file cannot be read"));
        else if (strcmp(e->what, "unsafe") == 0)
            fprintf(stderr, _("other users could change this file"));
        else if (strcmp(e->what, "duplicate-key") == 0)
            fprintf(stderr, _("\"%s\" is there twice"), key);
        else if (strcmp(e->what, "no-section") == 0)
            fprintf(stderr, _("\"%s\" stands before the first section"), key);
        else if (strcmp(e->what, "duplicate-account") == 0)
            fprintf(stderr, _("the account \"%s\" is there twice"), value);
        else
            fprintf(stderr, _("\"%s\" is not understood"), key);
        if (*e->expected)
            fprintf(stderr, _("; expected: %s"), e->expected);
        if (*e->nearest)
            fprintf(stderr, _("; did you mean \"%s\"?"), e->nearest);
        fputc('\n', stderr);
    }
    if (st && !n)
        say_error("%s: %s", say_safe(&a, place->config_file), say_status(st));
    arena_release(&a);
    return st == SP_OK;
}
