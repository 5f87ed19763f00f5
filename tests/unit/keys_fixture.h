/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Throwaway homes, real gpg and openssl command lines, and the operations of keys/ called directly. Once per test program. */
#ifndef SP_TESTS_KEYS_FIXTURE_H
#define SP_TESTS_KEYS_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "unit/unit.h"

#include "keys/keys.h"

struct fixture {
    char dir[64];    /* short: the agent's socket path is limited to 108 bytes */
    char certs[80];
    struct arena arena;
    struct secret public_key, private_key;
    struct keys_op op;
};

/* Runs a shell command in the fixture's folder with GNUPGHOME set; returns its exit status. */
__attribute__((format(printf, 2, 3))) static inline int
sh(const struct fixture *f, const char *fmt, ...)
{
    char command[4096];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(command, sizeof command, fmt, ap);
    va_end(ap);
    assert_true(n > 0 && (size_t)n < sizeof command);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        int log = open("/dev/null", O_RDWR);
        if (chdir(f->dir) != 0 || (!getenv("KEYS_TEST_VERBOSE") && (dup2(log, 1) < 0 || dup2(log, 2) < 0)) || dup2(log, 0) < 0)
            _exit(126);
        (void)execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        _exit(127);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

#define SH(f, ...) assert_int_equal(sh(f, __VA_ARGS__), 0)

static inline struct fixture *
fixture_new(void)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->dir, sizeof f->dir, "/tmp/spk-XXXXXX");
    assert_non_null(mkdtemp(f->dir));
    snprintf(f->certs, sizeof f->certs, "%s/certs", f->dir);
    assert_int_equal(mkdir(f->certs, 0700), 0);
    assert_int_equal(setenv("GNUPGHOME", f->dir, 1), 0);
    assert_int_equal(setenv("LC_ALL", "C", 1), 0);
    SH(f, "echo 's2k-count 65536' >gpg-agent.conf"); /* else every passphrase costs half a second */
    arena_init(&f->arena);
    secret_init(&f->public_key);
    secret_init(&f->private_key);
    assert_int_equal(secret_random(&f->public_key, 32), SP_OK);
    assert_int_equal(secret_random(&f->private_key, 32), SP_OK);
    f->op = (struct keys_op){.arena = &f->arena, .gnupg_home = f->dir, .store_dir = f->certs,
                             .public_key = &f->public_key, .private_key = &f->private_key};
    return f;
}

static inline void
fixture_free(struct fixture *f)
{
    (void)sh(f, "gpgconf --kill all");
    (void)sh(f, "rm -rf '%s'", f->dir);
    arena_release(&f->arena);
    secret_release(&f->public_key);
    secret_release(&f->private_key);
    free(f);
}

/* A file of the fixture's folder (or an absolute path) as a sealed memfd. */
static inline int
file_fd(const struct fixture *f, const char *name)
{
    char path[512];
    int out = -1;
    snprintf(path, sizeof path, "%s%s%s", *name == '/' ? "" : f->dir, *name == '/' ? "" : "/", name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("cannot open %s", path);
    assert_int_equal(memfd_copy(fd, KEYS_MAX_DATA, &out), SP_OK);
    (void)close(fd);
    return out;
}

static inline int
text_fd(const char *bytes, size_t len)
{
    int fd = -1;
    assert_int_equal(memfd_from(bytes, len, &fd), SP_OK);
    return fd;
}

static inline void
save_fd(const struct fixture *f, int fd, const char *name)
{
    char path[512];
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, KEYS_MAX_DATA, &map), SP_OK);
    snprintf(path, sizeof path, "%s/%s", f->dir, name);
    FILE *out = fopen(path, "w");
    assert_non_null(out);
    assert_int_equal(fwrite(map.data, 1, map.len, out), map.len);
    assert_int_equal(fclose(out), 0);
    memfd_unmap(&map);
}

static inline void
save_text(const struct fixture *f, const char *name, const char *text)
{
    int fd = text_fd(text, strlen(text));
    save_fd(f, fd, name);
    (void)close(fd);
}

static inline void
assert_fd_equal(int fd, const char *text)
{
    struct memfd_map map;
    assert_true(fd > 0);
    assert_int_equal(memfd_map(fd, KEYS_MAX_DATA, &map), SP_OK);
    assert_int_equal(map.len, strlen(text));
    assert_memory_equal(map.data, text, map.len);
    memfd_unmap(&map);
}

static inline size_t
fd_len(int fd)
{
    struct stat s;
    assert_int_equal(fstat(fd, &s), 0);
    return (size_t)s.st_size;
}

static inline bool
has_reason(const struct wr_key_signature *s, const char *reason)
{
    for (uint32_t i = 0; i < s->reasons_n; i++)
        if (strcmp(s->reasons[i].text, reason) == 0)
            return true;
    return false;
}

static inline void
print_signature(const struct wr_key_signature *s)
{
    print_message("status %u trust %u chain %u self %u expired %u revoked %u weak %u rev %u alg %s hash %s reasons:", s->status, s->trust,
                  s->chain_good, s->self_signed, s->key_expired, s->key_revoked, s->weak, s->revocation, s->algorithm, s->hash);
    for (uint32_t i = 0; i < s->reasons_n; i++)
        print_message(" %s", s->reasons[i].text);
    print_message("\n");
}

#endif
