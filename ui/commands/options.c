/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of the commands. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/memfd.h"

#define MAX_INPUT ((size_t)268435456)
#define MAX_PASSPHRASE 1024

int
open_input(const char *path)
{
    bool from_stdin = strcmp(path, "-") == 0;
    int out = -1, fd = from_stdin ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        say_error(_("cannot read %s: %s"), path, strerror(errno));
        return -1;
    }
    errno = 0;
    enum sp_status st = memfd_copy(fd, MAX_INPUT, &out);
    if (st)
        say_error(_("cannot read %s: %s"), path, st == SP_IO && errno ? strerror(errno) : say_status(st));
    if (!from_stdin)
        (void)close(fd);
    return out;
}

int
open_passphrase(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        say_error(_("cannot read %s: %s"), path, strerror(errno));
    return fd;
}

int
passphrase_pipe(int fd)
{
    struct secret s = SECRET_INIT, line = SECRET_INIT;
    int out = -1;
    if (fd < 0 || lseek(fd, 0, SEEK_SET) != 0 || secret_read_fd(&s, fd, MAX_PASSPHRASE) != SP_OK)
        return -1;
    size_t n = 0;
    while (n < s.len && s.data[n] != '\n' && s.data[n] != '\r')
        n++;
    if (secret_set(&line, s.data, n) != SP_OK || secret_to_pipe(&line, &out) != SP_OK)
        out = -1;
    secret_release(&s);
    secret_release(&line);
    return out;
}

/* A command cannot answer questions of the engine while it waits; what needs a person is declined. */
static void
on_event(struct sp_client *c, struct wire_in *event, struct arena *arena, void *arg)
{
    (void)c;
    (void)event;
    (void)arena;
    (void)arg;
}

enum sp_status
session_begin(struct session_client *s, struct place *place, const char *what)
{
    int fd;
    *s = (struct session_client){0};
    enum sp_status st = engine_open(place, what, &fd, &s->welcome);
    if (!st) {
        s->client = sp_client_new(fd, NULL, on_event, NULL, NULL);
        st = s->client ? SP_OK : SP_NOMEM;
    }
    if (st)
        say_error(_("sealpost cannot start: %s"), say_status(st));
    return st;
}

void
session_end(struct session_client *s)
{
    sp_client_free(s->client);
    s->client = NULL;
}
