/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A disk that fails, for the tests of src/store: SQLite's writes come here instead of to libc, and the chosen one ends the process or
   finds the disk full. Include once per test program. */
#ifndef SP_TESTS_STORE_FAULTS_H
#define SP_TESTS_STORE_FAULTS_H

#include <errno.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

struct faults {
    long writes;  /* so far */
    long kill_at; /* the process dies instead of this write, 0 = never; half of it is written before when torn */
    long full_at; /* from this write on the disk is full, 0 = never */
    bool torn;
};

static inline struct faults *
faults(void)
{
    static struct faults f;
    return &f;
}

ssize_t pwrite64(int fd, const void *bytes, size_t n, off_t at);
int fdatasync(int fd);

ssize_t
pwrite64(int fd, const void *bytes, size_t n, off_t at)
{
    struct faults *f = faults();
    f->writes++;
    if (f->kill_at && f->writes >= f->kill_at) {
        if (f->torn)
            (void)syscall(SYS_pwrite64, fd, bytes, n / 2, at);
        (void)kill(getpid(), SIGKILL);
    }
    if (f->full_at && f->writes >= f->full_at) {
        errno = ENOSPC;
        return -1;
    }
    return (ssize_t)syscall(SYS_pwrite64, fd, bytes, n, at);
}

int
fdatasync(int fd)
{
    (void)fd; /* nobody pulls the plug here; a killed process loses nothing that was written */
    return 0;
}

#endif
