/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The file store.key: a magic text, one byte of protection, the wrapped key. */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC "SPKEY001"
#define MAGIC_LEN 8
#define MAX_WRAPPED 65536

enum sp_status
keyfile_read(const char *folder, enum sp_protection *protection, struct buf *wrapped)
{
    struct buf path = BUF_INIT, all = BUF_INIT;
    buf_addf(&path, "%s/store.key", folder);
    int fd = open(buf_str(&path), O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    enum sp_status st = fd >= 0 ? SP_OK : errno == ENOENT || errno == ENOTDIR ? SP_NOT_FOUND : SP_IO;
    if (!st)
        st = buf_read_fd(&all, fd, MAX_WRAPPED);
    if (!st && (all.len <= MAGIC_LEN + 1 || memcmp(all.data, MAGIC, MAGIC_LEN) != 0 || (unsigned char)all.data[MAGIC_LEN] > SP_PROTECTION_OPENPGP))
        st = SP_CORRUPT;
    if (!st) {
        *protection = (enum sp_protection)(unsigned char)all.data[MAGIC_LEN];
        buf_add(wrapped, all.data + MAGIC_LEN + 1, all.len - MAGIC_LEN - 1);
        st = buf_status(wrapped);
    }
    if (fd >= 0)
        (void)close(fd);
    buf_release(&path);
    buf_release_wiped(&all);
    return st;
}

static enum sp_status
write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC || errno == EDQUOT ? SP_FULL : SP_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return fsync(fd) == 0 ? SP_OK : SP_IO;
}

/* link(2) does not replace an existing file, unlike rename(2). */
static enum sp_status
publish(const char *folder, const char *temporary, const char *path, bool replace)
{
    int failed = replace ? rename(temporary, path) : link(temporary, path);
    enum sp_status st = failed == 0 ? SP_OK : errno == EEXIST ? SP_EXISTS : SP_IO;
    (void)unlink(temporary);
    int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir >= 0) {
        if (fsync(dir) != 0 && !st)
            st = SP_IO;
        (void)close(dir);
    }
    return st;
}

static enum sp_status
put(const char *folder, enum sp_protection protection, const void *wrapped, size_t len, bool replace)
{
    struct buf path = BUF_INIT, temporary = BUF_INIT, all = BUF_INIT;
    enum sp_status st = SP_IO;
    int fd = -1;

    buf_addf(&path, "%s/store.key", folder);
    buf_addf(&temporary, "%s/store.key.new", folder);
    buf_add(&all, MAGIC, MAGIC_LEN);
    buf_addc(&all, (char)protection);
    buf_add(&all, wrapped, len);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        goto out;
    (void)unlink(buf_str(&temporary));
    fd = open(buf_str(&temporary), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        st = errno == ENOSPC || errno == EDQUOT ? SP_FULL : errno == EROFS ? SP_READ_ONLY : SP_IO;
        goto out;
    }
    st = buf_status(&all);
    if (!st)
        st = write_all(fd, all.data, all.len);
    if (!st)
        st = publish(folder, buf_str(&temporary), buf_str(&path), replace);
    else
        (void)unlink(buf_str(&temporary));
out:
    if (fd >= 0)
        (void)close(fd);
    buf_release(&path);
    buf_release(&temporary);
    buf_release_wiped(&all);
    return st;
}

enum sp_status
keyfile_write(const char *folder, enum sp_protection protection, const void *wrapped, size_t len)
{
    return put(folder, protection, wrapped, len, false);
}

enum sp_status
keyfile_replace(const char *folder, enum sp_protection protection, const void *wrapped, size_t len)
{
    return put(folder, protection, wrapped, len, true);
}
