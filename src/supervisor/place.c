/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profile's folder with its lock, the run-time folder with socket and token. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/log.h"
#include "supervisor.h"

/* Makes every missing folder of the path, private. */
static enum sp_status
make_folders(const char *path, struct arena *arena)
{
    char *copy = arena_strdup(arena, path);
    if (!copy)
        return SP_NOMEM;
    for (char *p = copy + 1; *p; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        if (mkdir(copy, 0700) != 0 && errno != EEXIST)
            return errno == EACCES || errno == EROFS ? SP_DENIED : SP_IO;
        *p = '/';
    }
    if (mkdir(copy, 0700) != 0 && errno != EEXIST)
        return errno == EACCES || errno == EROFS ? SP_DENIED : SP_IO;
    return SP_OK;
}

/* A real folder of ours; what others could do with it is taken away. */
static enum sp_status
claim_folder(const char *path, struct arena *arena)
{
    struct stat s;
    enum sp_status st = make_folders(path, arena);
    if (st)
        return st;
    if (lstat(path, &s) != 0 || !S_ISDIR(s.st_mode) || s.st_uid != geteuid())
        return SP_DENIED;
    if ((s.st_mode & 077) && chmod(path, 0700) != 0)
        return SP_DENIED;
    return SP_OK;
}

static enum sp_status
take_lock(struct supervisor *s, const char *path)
{
    s->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->lock_fd < 0)
        return SP_DENIED;
    if (flock(s->lock_fd, LOCK_EX | LOCK_NB) != 0)
        return errno == EWOULDBLOCK ? SP_BUSY : SP_IO;
    return SP_OK;
}

static enum sp_status
write_token(struct supervisor *s, const char *path)
{
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return SP_DENIED;
    enum sp_status st = write(fd, s->token, sizeof s->token) == (ssize_t)sizeof s->token ? SP_OK : SP_FULL;
    (void)close(fd);
    return st;
}

static enum sp_status
listen_at(struct supervisor *s, const char *path)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    size_t n = strlen(path);
    if (n >= sizeof a.sun_path)
        return SP_TOO_LARGE;
    memcpy(a.sun_path, path, n + 1);
    (void)unlink(path); /* stale: we hold the lock, so nobody listens there */
    s->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (s->listener < 0)
        return SP_IO;
    struct stat made;
    if (bind(s->listener, (struct sockaddr *)&a, sizeof a) != 0 || chmod(path, 0600) != 0 || listen(s->listener, 16) != 0 ||
        lstat(path, &made) != 0)
        return errno == EACCES ? SP_DENIED : SP_IO;
    s->door_dev = made.st_dev;
    s->door_ino = made.st_ino;
    return SP_OK;
}

/* Run-time folder, token, socket. */
static enum sp_status
make_door(struct supervisor *s, const char **what)
{
    struct arena a = ARENA_INIT;
    const char *token = arena_printf(&a, "%s/token", s->paths.runtime), *sock = arena_printf(&a, "%s/engine.sock", s->paths.runtime);
    *what = s->paths.runtime;
    enum sp_status st = token && sock ? claim_folder(s->paths.runtime, &a) : SP_NOMEM;
    if (!st)
        st = write_token(s, token);
    if (!st)
        st = listen_at(s, sock);
    arena_release(&a);
    return st;
}

enum sp_status
place_take(struct supervisor *s, const char **what)
{
    const char *lock = arena_printf(&s->arena, "%s/lock", s->paths.home);
    *what = s->paths.home;
    if (!lock)
        return SP_NOMEM;
    enum sp_status st = claim_folder(s->paths.home, &s->arena);
    if (st)
        return st;
    *what = lock;
    st = take_lock(s, lock);
    if (st)
        return st;
    if (getrandom(s->token, sizeof s->token, 0) != (ssize_t)sizeof s->token)
        return SP_IO;
    return make_door(s, what);
}

static bool
is_in_place(const char *path, dev_t dev, ino_t ino)
{
    struct stat s;
    return lstat(path, &s) == 0 && s.st_dev == dev && s.st_ino == ino;
}

static void
close_listener(struct supervisor *s)
{
    if (s->listener >= 0)
        (void)close(s->listener);
    s->listener = -1;
}

bool
place_renew(struct supervisor *s)
{
    struct arena a = ARENA_INIT;
    const char *token = arena_printf(&a, "%s/token", s->paths.runtime), *sock = arena_printf(&a, "%s/engine.sock", s->paths.runtime);
    const char *what = "";
    bool there = !token || !sock || (is_in_place(sock, s->door_dev, s->door_ino) && access(token, F_OK) == 0);
    arena_release(&a);
    if (there)
        return false;
    close_listener(s);
    enum sp_status st = make_door(s, &what);
    if (st) {
        log_line("the door cannot be made again: %s: %s", what, sp_status_name(st));
        close_listener(s);
    }
    return st == SP_OK;
}

void
place_leave(struct supervisor *s)
{
    const char *token = arena_printf(&s->arena, "%s/token", s->paths.runtime);
    const char *sock = arena_printf(&s->arena, "%s/engine.sock", s->paths.runtime);
    if (token)
        (void)unlink(token);
    if (sock)
        (void)unlink(sock);
    close_listener(s);
    if (s->lock_fd >= 0)
        (void)close(s->lock_fd);
    s->lock_fd = -1;
}
