/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secret memory on pages of its own. */
#include "secret.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <unistd.h>

void
secret_init(struct secret *s)
{
    *s = (struct secret)SECRET_INIT;
}

void
secret_release(struct secret *s)
{
    if (s->data) {
        explicit_bzero(s->data, s->cap);
        (void)munmap(s->data, s->cap);
    }
    secret_init(s);
}

/* Makes room for len bytes and a NUL; the old content is wiped. */
static enum sp_status
secret_room(struct secret *s, size_t len)
{
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    if (len > SIZE_MAX / 2)
        return SP_TOO_LARGE;
    size_t cap = (len + 1 + page - 1) / page * page;
    secret_release(s);
    void *p = mmap(NULL, cap, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return SP_NOMEM;
    /* RLIMIT_MEMLOCK may be small; an unlocked secret is still wiped and undumpable. */
    (void)mlock(p, cap);
    (void)madvise(p, cap, MADV_DONTDUMP);
    s->data = p;
    s->cap = cap;
    return SP_OK;
}

enum sp_status
secret_set(struct secret *s, const void *bytes, size_t len)
{
    struct secret fresh = SECRET_INIT; /* so that bytes may point into s */
    enum sp_status st = secret_room(&fresh, len);
    if (st)
        return st;
    if (len)
        memcpy(fresh.data, bytes, len);
    fresh.len = len;
    secret_release(s);
    *s = fresh;
    return SP_OK;
}

enum sp_status
secret_read_fd(struct secret *s, int fd, size_t max)
{
    enum sp_status st = secret_room(s, max);
    if (st)
        return st;
    while (s->len < max) {
        ssize_t n = read(fd, s->data + s->len, max - s->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return SP_IO;
        if (n == 0)
            return SP_OK;
        s->len += (size_t)n;
    }
    char more;
    return read(fd, &more, 1) == 0 ? SP_OK : SP_TOO_LARGE;
}

enum sp_status
secret_to_pipe(const struct secret *s, int *read_fd)
{
    int p[2];
    if (s->len > 4096)
        return SP_TOO_LARGE;
    if (pipe2(p, O_CLOEXEC) != 0)
        return SP_IO;
    ssize_t n = s->len ? write(p[1], s->data, s->len) : 0;
    (void)close(p[1]);
    if (n != (ssize_t)s->len) {
        (void)close(p[0]);
        return SP_IO;
    }
    *read_fd = p[0];
    return SP_OK;
}

void
secret_wipe_on_fork(struct secret *s)
{
    if (s->data)
        (void)madvise(s->data, s->cap, MADV_WIPEONFORK);
}

const char *
secret_str(const struct secret *s)
{
    return s->data ? (const char *)s->data : "";
}

bool
secret_equal(const struct secret *s, const void *bytes, size_t len)
{
    const uint8_t *b = bytes;
    uint8_t diff = 0;
    if (s->len != len)
        return false;
    for (size_t i = 0; i < len; i++)
        diff |= (uint8_t)(s->data[i] ^ b[i]);
    return diff == 0;
}

enum sp_status
secret_random(struct secret *s, size_t len)
{
    enum sp_status st = secret_room(s, len);
    if (st)
        return st;
    while (s->len < len) {
        ssize_t n = getrandom(s->data + s->len, len - s->len, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return SP_IO;
        s->len += (size_t)n;
    }
    return SP_OK;
}

void
secret_harden_process(void)
{
    struct rlimit none = {0, 0};
    (void)setrlimit(RLIMIT_CORE, &none);
#ifndef SP_SANITIZERS
    /* The leak sanitizer attaches to its own process with ptrace. */
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
}
