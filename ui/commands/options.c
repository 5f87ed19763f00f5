/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Helpers of the commands. */
#include "options.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memfd.h"

#define MAX_INPUT ((size_t)268435456)
#define MAX_PASSPHRASE 1024
#define ANSWER_MS 60000

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

bool
read_passphrase(const char *path, struct secret *out)
{
    struct secret file = SECRET_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    errno = fd < 0 ? errno : 0;
    enum sp_status st = fd < 0 ? SP_IO : secret_read_fd(&file, fd, MAX_PASSPHRASE);
    size_t n = 0;
    while (!st && n < file.len && file.data[n] != '\n' && file.data[n] != '\r')
        n++;
    if (!st)
        st = secret_set(out, file.data, n);
    if (st)
        say_error(_("cannot read %s: %s"), path, errno ? strerror(errno) : say_status(st));
    if (fd >= 0)
        (void)close(fd);
    secret_release(&file);
    return st == SP_OK;
}

int
passphrase_pipe(const struct secret *passphrase)
{
    int fd;
    return passphrase->data && secret_to_pipe(passphrase, &fd) == SP_OK ? fd : -1;
}

static void
on_declined(const struct call_reply *r, struct arena *arena, void *arg)
{
    (void)r;
    (void)arena;
    (void)arg;
}

/* A command cannot answer questions of the engine while it waits; what it caused itself is declined, so that nobody waits for ever.
   Questions about an account (its certificate, its password) wait for a person at the screens. */
static void
on_event(struct sp_client *c, struct wire_in *event, struct arena *arena, void *arg)
{
    (void)arena;
    (void)arg;
    if (event->type != WM_TYPE_event_question)
        return;
    const struct wm_event_question *q = event->msg;
    if (q->account)
        return;
    struct wm_answer no = {.question = q->question};
    (void)sp_request(c, WM_TYPE_answer, &no, on_declined, NULL);
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

enum sp_status
session_ask(struct sp_client *c, uint16_t type, const void *msg, int timeout_ms)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    enum sp_status st = sp_ask(c, type, msg, timeout_ms, &a, &in, &text);
    wire_in_close(&in);
    arena_release(&a);
    return st;
}

int
accounts_fetch(struct sp_client *c, struct arena *a, struct account_list *out)
{
    struct wire_in in;
    const char *text;
    enum sp_status st = sp_ask(c, WM_TYPE_list_accounts, &(struct wm_list_accounts){}, ANSWER_MS, a, &in, &text);
    if (st || in.type != WM_TYPE_accounts)
        return say_failure(st ? st : SP_PROTOCOL, text);
    const struct wm_accounts *m = in.msg;
    *out = (struct account_list){m->accounts, m->accounts_n};
    return EX_OK;
}

uint32_t
account_named(const struct account_list *accounts, const char *name)
{
    struct buf names = BUF_INIT;
    uint32_t found = 0;
    for (uint32_t i = 0; i < accounts->n; i++) {
        if (strcmp(accounts->list[i].name, name) == 0)
            found = accounts->list[i].id;
        buf_addf(&names, "%s%s", i ? ", " : "", accounts->list[i].name);
    }
    if (!found)
        say_error(_("there is no account \"%s\"; there are: %s"), name, buf_str(&names));
    buf_release(&names);
    return found;
}
