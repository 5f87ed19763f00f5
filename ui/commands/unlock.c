/* SPDX-License-Identifier: GPL-3.0-or-later */
/* An open store for a command: passphrase from the terminal or a descriptor; a first profile when there is none. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "command.h"

#define MAX_PASSPHRASE 1024
#define UNLOCK_TIMEOUT_MS 60000
#define TRIES 3

/* Reads up to the line's end, byte by byte into the secret. */
static enum sp_status
read_line(int fd, struct secret *out)
{
    char line[MAX_PASSPHRASE];
    size_t n = 0;
    enum sp_status st = SP_OK;
    for (;;) {
        ssize_t got = read(fd, line + n, 1);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0 || line[n] == '\n')
            break;
        if (++n == sizeof line) {
            st = SP_TOO_LARGE;
            break;
        }
    }
    if (!st)
        st = secret_set(out, line, n);
    explicit_bzero(line, sizeof line);
    return st;
}

enum sp_status
ask_hidden(const char *prompt, struct secret *out)
{
    struct termios before, hidden;
    int fd = open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 || !isatty(STDIN_FILENO) || tcgetattr(fd, &before) != 0) {
        if (fd >= 0)
            (void)close(fd);
        return SP_UNAVAILABLE;
    }
    hidden = before;
    hidden.c_lflag &= ~(tcflag_t)(ECHO | ECHONL);
    (void)tcsetattr(fd, TCSAFLUSH, &hidden);
    (void)dprintf(fd, "%s", prompt);
    enum sp_status st = read_line(fd, out);
    (void)tcsetattr(fd, TCSAFLUSH, &before);
    (void)dprintf(fd, "\n");
    (void)close(fd);
    return st;
}

static enum sp_status
ask_engine(struct sp_client *c, uint16_t type, const void *msg)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    enum sp_status st = sp_ask(c, type, msg, UNLOCK_TIMEOUT_MS, &a, &in, &text);
    wire_in_close(&in);
    arena_release(&a);
    return st;
}

static enum sp_status
unlock_with(struct sp_client *c, const struct secret *passphrase)
{
    int fd;
    enum sp_status st = secret_to_pipe(passphrase, &fd);
    if (st)
        return st;
    st = ask_engine(c, WM_TYPE_unlock, &(struct wm_unlock){.passphrase = fd});
    (void)close(fd);
    return st;
}

static enum sp_status
unlock(struct sp_client *c, int passphrase_fd)
{
    struct secret s = SECRET_INIT;
    enum sp_status st = SP_PASSPHRASE_NEEDED;
    if (passphrase_fd >= 0) {
        st = read_line(passphrase_fd, &s);
        st = st ? st : unlock_with(c, &s);
    } else {
        for (int i = 0; i < TRIES && (st == SP_PASSPHRASE_NEEDED || st == SP_PASSPHRASE_WRONG); i++) {
            if (i)
                say_error(_("that was not the passphrase of your mail store"));
            if (ask_hidden(_("Passphrase of your mail store: "), &s) != SP_OK)
                return SP_LOCKED;
            st = unlock_with(c, &s);
        }
    }
    secret_release(&s);
    return st;
}

/* A profile for somebody who has none: with a passphrase when there is a person to choose one. */
static enum sp_status
create_profile(struct sp_client *c)
{
    struct secret first = SECRET_INIT, again = SECRET_INIT;
    struct wm_create_profile m = {.protection = SP_PROTECTION_KEY_FILE};
    enum sp_status st = ask_hidden(_("sealpost keeps your mail encrypted. Choose a passphrase for it (empty: none, the store is then unprotected): "), &first);
    if (!st && first.len) {
        st = ask_hidden(_("The same passphrase again: "), &again);
        if (!st && !secret_equal(&again, first.data, first.len))
            st = SP_PASSPHRASE_WRONG;
        m.protection = SP_PROTECTION_PASSPHRASE;
        if (!st)
            st = secret_to_pipe(&first, &m.passphrase);
    } else if (st == SP_UNAVAILABLE) {
        st = SP_OK;
    }
    if (!st && m.protection == SP_PROTECTION_KEY_FILE)
        say_error(_("this mail store is unprotected: its key lies in a file beside it (mode 0600)"));
    if (!st)
        st = ask_engine(c, WM_TYPE_create_profile, &m);
    if (m.passphrase > 0)
        (void)close(m.passphrase);
    secret_release(&first);
    secret_release(&again);
    return st;
}

enum sp_status
store_ready(struct sp_client *c, const struct wm_welcome *welcome, int passphrase_fd, bool create)
{
    if (!welcome->has_profile)
        return create ? create_profile(c) : SP_NOT_FOUND;
    if (!welcome->locked)
        return SP_OK;
    if (welcome->protection == SP_PROTECTION_KEY_FILE)
        return ask_engine(c, WM_TYPE_unlock, &(struct wm_unlock){0});
    return unlock(c, passphrase_fd);
}
