/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Opening the engine's door: the socket and the token in the run-time folder. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/secret.h"
#include "sealpost.h"

#define TOKEN_LEN 32
#define GREET_TIMEOUT_MS 10000

static enum sp_status
read_token(const char *folder, struct arena *arena, struct secret *token)
{
    const char *path = arena_printf(arena, "%s/token", folder);
    struct stat s;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0)
        return errno == ENOENT ? SP_NOT_FOUND : SP_DENIED;
    enum sp_status st = SP_OK;
    if (fstat(fd, &s) != 0 || s.st_uid != geteuid() || (s.st_mode & 077))
        st = SP_DENIED;
    if (!st)
        st = secret_read_fd(token, fd, TOKEN_LEN);
    if (!st && token->len != TOKEN_LEN)
        st = SP_NOT_FOUND; /* being written */
    (void)close(fd);
    return st;
}

static enum sp_status
connect_socket(const char *folder, int *fd)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    struct ucred peer;
    socklen_t len = sizeof peer;
    size_t n = strlen(folder);

    if (n + sizeof "/engine.sock" > sizeof a.sun_path)
        return SP_TOO_LARGE; /* 108 bytes, see unix(7) */
    memcpy(a.sun_path, folder, n);
    memcpy(a.sun_path + n, "/engine.sock", sizeof "/engine.sock");
    *fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (*fd < 0)
        return SP_IO;
    /* An engine that hangs until its watchdog ends it takes no connections; a full queue would hold us for ever. */
    struct timeval patience = {.tv_sec = GREET_TIMEOUT_MS / 1000};
    (void)setsockopt(*fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    enum sp_status st = SP_OK;
    if (connect(*fd, (struct sockaddr *)&a, sizeof a) != 0)
        st = errno == ENOENT || errno == ECONNREFUSED ? SP_NOT_FOUND : errno == EACCES ? SP_DENIED : errno == EAGAIN ? SP_BUSY : SP_IO;
    else if (getsockopt(*fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) != 0 || peer.uid != geteuid())
        st = SP_DENIED;
    if (st) {
        (void)close(*fd);
        *fd = -1;
    }
    return st;
}

/* Greets on the socket and leaves it as it was given; the reply is read without taking anything beyond it. */
static enum sp_status
greet(int fd, const struct secret *token, const char *what, struct wm_welcome *welcome, struct arena *arena)
{
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    struct wire_conn *conn = copy < 0 ? NULL : wire_conn_new(copy, NULL, NULL, NULL, NULL);
    struct wire_in in = {0};
    if (!conn)
        return SP_NOMEM;
    struct wm_greet hello = {.build = build_id(), .token = {token->data, token->len}, .what = what};
    enum sp_status st = wire_send_greet(conn, 1, &hello);
    if (!st)
        st = wire_flush(conn, GREET_TIMEOUT_MS);
    if (!st)
        st = wire_receive(conn, GREET_TIMEOUT_MS, arena, &in);
    if (st == SP_EOF || st == SP_DISCONNECTED)
        st = SP_BUSY;
    if (!st && in.type == WM_TYPE_welcome)
        *welcome = *(struct wm_welcome *)in.msg;
    else if (!st && in.type == WM_TYPE_reply_error)
        st = wire_error_status(in.msg);
    else if (!st)
        st = SP_PROTOCOL;
    wire_in_close(&in);
    wire_conn_free(conn);
    return st;
}

enum sp_status
sp_connect(const char *runtime_folder, const char *what, int *fd, struct wm_welcome *welcome, struct arena *arena)
{
    struct secret token = SECRET_INIT;
    struct wm_welcome unused;
    *fd = -1;
    enum sp_status st = connect_socket(runtime_folder, fd);
    if (!st)
        st = read_token(runtime_folder, arena, &token);
    if (!st)
        st = greet(*fd, &token, what, welcome ? welcome : &unused, arena);
    secret_release(&token);
    if (st && *fd >= 0) {
        (void)close(*fd);
        *fd = -1;
    }
    return st;
}
