/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Buffers, arenas, secrets (S64, S72) and sealed memory files (S76). */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/memfd.h"
#include "base/secret.h"
#include "base/utf8.h"

static void
buffer_grows(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    assert_string_equal(buf_str(&b), "");
    for (int i = 0; i < 1000; i++)
        buf_addf(&b, "%d,", i);
    assert_int_equal(buf_status(&b), SP_OK);
    assert_int_equal(b.len, 3890);
    buf_drop(&b, 2);
    assert_memory_equal(buf_str(&b), "1,2,3,", 6);
    buf_truncate(&b, 3);
    buf_add(&b, "\0x", 2);
    assert_int_equal(b.len, 5);
    assert_memory_equal(b.data, "1,2\0x", 6);
    char *taken = buf_take(&b);
    assert_memory_equal(taken, "1,2\0x", 6);
    assert_int_equal(b.len, 0);
    free(taken);
    buf_release(&b);
}

/* The text ends where it should in every state: an empty file, a file beyond the bound. */
static void
buffer_is_always_terminated(void **state)
{
    (void)state;
    int p[2];
    for (int i = 0; i < 3; i++) {
        struct buf b = BUF_INIT;
        if (i == 0)
            (void)buf_reserve(&b, 1);
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        if (i == 2)
            assert_int_equal(write(p[1], "0123456789", 10), 10);
        (void)close(p[1]);
        assert_int_equal(buf_read_fd(&b, p[0], 5), i == 2 ? SP_TOO_LARGE : SP_OK);
        assert_int_equal(b.len, 0);
        assert_string_equal(buf_str(&b), "");
        (void)close(p[0]);
        buf_release(&b);
    }
}

static void
buffer_reads_bounded(void **state)
{
    (void)state;
    struct buf b = BUF_INIT;
    int p[2];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        assert_int_equal(write(p[1], "0123456789", 10), 10);
        (void)close(p[1]);
        buf_clear(&b);
        assert_int_equal(buf_read_fd(&b, p[0], i == 0 ? 10 : 9), i == 0 ? SP_OK : SP_TOO_LARGE);
        (void)close(p[0]);
    }
    buf_release(&b);
}

static void
arena_aligns(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    for (size_t i = 0; i < 500; i++) {
        unsigned char *p = arena_alloc(&a, i);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < i; k++)
            assert_int_equal(p[k], 0);
        memset(p, 0xAA, i);
    }
    assert_null(arena_array(&a, SIZE_MAX / 2, 3));
    assert_null(arena_strdup(&a, NULL));
    assert_string_equal(arena_strndup(&a, "abcdef", 3), "abc");
    assert_string_equal(arena_printf(&a, "%s-%d", "x", 7), "x-7");
    arena_release(&a);
}

static void
secret_holds(void **state)
{
    (void)state;
    struct secret s = SECRET_INIT, other = SECRET_INIT;
    assert_string_equal(secret_str(&s), "");
    assert_int_equal(secret_set(&s, "swordfish", 9), SP_OK);
    assert_string_equal(secret_str(&s), "swordfish");
    assert_true(secret_equal(&s, "swordfish", 9));
    assert_false(secret_equal(&s, "swordfisH", 9));
    assert_false(secret_equal(&s, "swordfish", 8));
    assert_int_equal(secret_set(&s, s.data + 5, 4), SP_OK); /* from itself */
    assert_string_equal(secret_str(&s), "fish");
    assert_int_equal(secret_random(&s, 32), SP_OK);
    assert_int_equal(secret_random(&other, 32), SP_OK);
    assert_false(secret_equal(&s, other.data, 32));

    int fd;
    assert_int_equal(secret_to_pipe(&s, &fd), SP_OK);
    assert_int_equal(secret_read_fd(&other, fd, 32), SP_OK);
    assert_true(secret_equal(&s, other.data, other.len));
    (void)close(fd);
    assert_int_equal(secret_to_pipe(&s, &fd), SP_OK);
    assert_int_equal(secret_read_fd(&other, fd, 31), SP_TOO_LARGE);
    (void)close(fd);
    secret_release(&s);
    secret_release(&other);
}

/* The kernel says of the pages what was asked for: dd = not in core dumps, wf = wiped in a forked child. */
static void
secret_pages(void **state)
{
    (void)state;
    struct secret s = SECRET_INIT;
    char line[512], wanted[64];
    bool inside = false, seen = false;

    assert_int_equal(secret_set(&s, "swordfish", 9), SP_OK);
    secret_wipe_on_fork(&s);
    (void)snprintf(wanted, sizeof wanted, "%lx-", (unsigned long)(uintptr_t)s.data);
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (!maps)
        skip();
    while (fgets(line, sizeof line, maps)) {
        if (strncmp(line, wanted, strlen(wanted)) == 0)
            inside = true;
        if (inside && strncmp(line, "VmFlags:", 8) == 0) {
            seen = true;
            assert_non_null(strstr(line, " dd"));
            assert_non_null(strstr(line, " wf"));
            break;
        }
    }
    (void)fclose(maps);
    assert_true(seen);

    pid_t child = fork();
    if (child == 0)
        _exit(s.data[0] == 0 ? 0 : 1);
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    secret_release(&s);
}

static void
process_is_hardened(void **state)
{
    (void)state;
    pid_t child = fork();
    if (child == 0) {
        struct rlimit core;
        secret_harden_process();
        bool good = getrlimit(RLIMIT_CORE, &core) == 0 && core.rlim_cur == 0;
#ifndef SP_SANITIZERS
        good = good && prctl(PR_GET_DUMPABLE) == 0;
#endif
        _exit(good ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void
memfd_is_sealed(void **state)
{
    (void)state;
    struct memfd_map map;
    int fd, open_fd;

    assert_int_equal(memfd_from("hello", 5, &fd), SP_OK);
    assert_int_equal(pwrite(fd, "J", 1, 0), -1);
    assert_int_equal(errno, EPERM);
    assert_int_equal(ftruncate(fd, 0), -1);
    assert_int_equal(memfd_map(fd, 4, &map), SP_TOO_LARGE);
    assert_int_equal(memfd_map(fd, 5, &map), SP_OK);
    (void)close(fd);
    assert_memory_equal(map.data, "hello", 5);
    memfd_unmap(&map);

    assert_int_equal(memfd_open(&open_fd), SP_OK);
    assert_int_equal(write(open_fd, "hello", 5), 5);
    assert_int_equal(memfd_map(open_fd, 100, &map), SP_INVALID); /* its writer could still change it */
    assert_int_equal(memfd_seal(open_fd), SP_OK);
    assert_int_equal(memfd_map(open_fd, 100, &map), SP_OK);
    memfd_unmap(&map);
    (void)close(open_fd);

    int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    assert_true(file >= 0);
    assert_int_equal(memfd_map(file, 1 << 30, &map), SP_INVALID); /* no memfd at all */
    (void)close(file);
}

static void
memfd_empty(void **state)
{
    (void)state;
    struct memfd_map map;
    int fd;
    assert_int_equal(memfd_from("", 0, &fd), SP_OK);
    assert_int_equal(memfd_map(fd, 10, &map), SP_OK);
    assert_int_equal(map.len, 0);
    assert_string_equal(map.data, "");
    memfd_unmap(&map);
    (void)close(fd);
}

static void
utf8_widths(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int width;
    } rows[] = {{"", 0}, {"abc", 3}, {"\xE4\xBD\xA0\xE5\xA5\xBD", 4}, {"e\xCC\x81x", 2}, {"\xF0\x9F\x93\xA7", 2}, {"\xEF\xBC\xA1", 2}};
    int used;
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_int_equal(utf8_width(rows[i].text, strlen(rows[i].text)), rows[i].width);
    /* a wide character that does not fit is left out whole, a mark stays with its base */
    assert_int_equal(utf8_fit("\xE4\xBD\xA0\xE5\xA5\xBD", 6, 3, &used), 3);
    assert_int_equal(used, 2);
    assert_int_equal(utf8_fit("e\xCC\x81x", 4, 1, &used), 3);
    assert_int_equal(utf8_fit("abc", 3, 0, NULL), 0);
    assert_false(utf8_valid("\xC0\x80", 2));
    assert_false(utf8_valid("\xF4\x90\x80\x80", 4)); /* above U+10FFFF */
    assert_true(utf8_valid("\xF4\x8F\xBF\xBF", 4));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffer_grows),
        cmocka_unit_test(buffer_is_always_terminated),
        cmocka_unit_test(buffer_reads_bounded),
        cmocka_unit_test(arena_aligns),
        cmocka_unit_test(secret_holds),
        cmocka_unit_test(secret_pages),
        cmocka_unit_test(process_is_hardened),
        cmocka_unit_test(memfd_is_sealed),
        cmocka_unit_test(memfd_empty),
        cmocka_unit_test(utf8_widths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
