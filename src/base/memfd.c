/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sealed memory files. */
#include "memfd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

enum sp_status
memfd_open(int *fd)
{
    *fd = memfd_create("sealpost", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return *fd < 0 ? SP_IO : SP_OK;
}

enum sp_status
memfd_seal(int fd)
{
    return fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_SEAL) == 0 ? SP_OK : SP_IO;
}

static enum sp_status
write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC ? SP_FULL : SP_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return SP_OK;
}

enum sp_status
memfd_from(const void *bytes, size_t len, int *fd)
{
    enum sp_status st = memfd_open(fd);
    if (st)
        return st;
    st = write_all(*fd, bytes, len);
    if (!st)
        st = memfd_seal(*fd);
    if (st) {
        (void)close(*fd);
        *fd = -1;
    }
    return st;
}

/* fstat as the call of that name: newer C libraries make it newfstatat with an empty path, which roles without files may not call.
   Not lseek: the offset is shared with every process that holds the file. */
static int
file_status(int fd, struct stat *s)
{
#if defined SYS_fstat && __SIZEOF_LONG__ == 8
    return (int)syscall(SYS_fstat, fd, s);
#else
    return fstat(fd, s);
#endif
}

enum sp_status
memfd_map(int fd, size_t max, struct memfd_map *map)
{
    struct stat s;
    int seals = fcntl(fd, F_GET_SEALS);

    *map = (struct memfd_map){"", 0};
    if (seals < 0 || (seals & SEALS) != SEALS || file_status(fd, &s) != 0 || s.st_size < 0)
        return SP_INVALID;
    if ((uintmax_t)s.st_size > max)
        return SP_TOO_LARGE;
    if (s.st_size == 0)
        return SP_OK;
    void *p = mmap(NULL, (size_t)s.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
        return SP_NOMEM;
    *map = (struct memfd_map){p, (size_t)s.st_size};
    return SP_OK;
}

void
memfd_unmap(struct memfd_map *map)
{
    if (map->len)
        (void)munmap((void *)(uintptr_t)map->data, map->len);
    *map = (struct memfd_map){"", 0};
}

enum sp_status
memfd_copy(int fd, size_t max, int *out)
{
    char block[65536];
    size_t total = 0;
    enum sp_status st = memfd_open(out);
    if (st)
        return st;
    for (;;) {
        ssize_t n = read(fd, block, sizeof block);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            st = SP_IO;
        if (n <= 0)
            break;
        total += (size_t)n;
        st = total > max ? SP_TOO_LARGE : write_all(*out, block, (size_t)n);
        if (st)
            break;
    }
    if (!st)
        st = memfd_seal(*out);
    if (st) {
        (void)close(*out);
        *out = -1;
    }
    return st;
}
