/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Confinement: what a role may not do is really refused by the kernel, and what it needs works (S75, S77, S78). Each case runs in a child.
   With sanitizers some refusals are not looked for: their run-time reads files and starts threads, so the filter lets these pass
   there (SP_SANITIZERS in sandbox.c); Landlock refuses the files then. */
#include "unit.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memfd.h"
#include "base/messages.h"
#include "base/sandbox.h"

#ifdef SP_SANITIZERS
#define SANITIZED true
#else
#define SANITIZED false
#endif

/* For the children: no assert of cmocka there, it would go on with the parent's tests. */
#define CHECK(what)                                                            \
    do {                                                                       \
        if (!(what)) {                                                         \
            dprintf(2, "%s:%d: %s (errno %d)\n", __FILE__, __LINE__, #what, errno); \
            _exit(1);                                                          \
        }                                                                      \
    } while (0)
#define REFUSED(call) CHECK((errno = 0, (call) < 0) && (errno == EPERM || errno == EACCES))

struct fixture {
    char folder[64];      /* ours, given to the role */
    char outside[64];     /* not given */
    char token[96];       /* a 0600 file in outside */
    char program[96];     /* an executable in outside */
    char unix_path[96];   /* a listening socket in outside */
    int tcp, unix_listener;
    struct sockaddr_in tcp_address;
    pid_t victim;         /* another process of the same user */
};

static void
make_file(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    socklen_t len = sizeof f->tcp_address;
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/sps-XXXXXX");
    (void)snprintf(f->outside, sizeof f->outside, "/tmp/sps-XXXXXX");
    assert_true(mkdtemp(f->folder) && mkdtemp(f->outside));
    (void)snprintf(f->token, sizeof f->token, "%s/token", f->outside);
    (void)snprintf(f->program, sizeof f->program, "%s/program", f->outside);
    (void)snprintf(f->unix_path, sizeof f->unix_path, "%s/socket", f->outside);
    make_file(f->token, "0123456789abcdef", 0600);
    make_file(f->program, "#!/bin/sh\nexit 0\n", 0700);
    f->tcp = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    f->tcp_address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    assert_int_equal(bind(f->tcp, (struct sockaddr *)&f->tcp_address, sizeof f->tcp_address), 0);
    assert_int_equal(listen(f->tcp, 4), 0);
    assert_int_equal(getsockname(f->tcp, (struct sockaddr *)&f->tcp_address, &len), 0);
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", f->unix_path);
    f->unix_listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(f->unix_listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(f->unix_listener, 4), 0);
    f->victim = fork();
    if (f->victim == 0)
        for (;;)
            (void)pause();
    *state = f;
    return 0;
}

static void
empty_folder(const char *path)
{
    DIR *d = opendir(path);
    struct dirent *e;
    while (d && (e = readdir(d)))
        if (e->d_name[0] != '.')
            (void)unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        (void)closedir(d);
    assert_int_equal(rmdir(path), 0);
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    (void)close(f->tcp);
    (void)close(f->unix_listener);
    (void)kill(f->victim, SIGKILL);
    (void)waitpid(f->victim, NULL, 0);
    empty_folder(f->folder);
    empty_folder(f->outside);
    free(f);
    return 0;
}

/* The status of a child that runs fn. */
static int
in_child(void (*fn)(const struct fixture *f), const struct fixture *f)
{
    int status = -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)alarm(30);
        fn(f);
        _exit(0);
    }
    assert_true(pid > 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

static void
assert_passes(void (*fn)(const struct fixture *f), void **state)
{
    int status = in_child(fn, *state);
    if (WIFSIGNALED(status))
        fail_msg("ended by signal %d", WTERMSIG(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

/* ---- pieces */

static void *
nothing(void *arg)
{
    return arg;
}

static int
start_thread(void)
{
    pthread_t t;
    int rc = pthread_create(&t, NULL, nothing, NULL);
    errno = rc;
    return rc ? -1 : pthread_join(t, NULL);
}

static int
connect_to(int domain, int type, const void *address, socklen_t len)
{
    int fd = socket(domain, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    int rc = connect(fd, address, len), why = errno;
    (void)close(fd);
    errno = why;
    return rc;
}

static int
connect_unix(const struct fixture *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", f->unix_path);
    return connect_to(AF_UNIX, SOCK_SEQPACKET, &a, sizeof a);
}

static int
connect_inet(const struct fixture *f)
{
    return connect_to(AF_INET, SOCK_STREAM, &f->tcp_address, sizeof f->tcp_address);
}

static int
execute(const char *program)
{
    char *const argv[] = {(char *)(uintptr_t)program, NULL};
    return execve(program, argv, NULL);
}

static void
refuses_all_files(const struct fixture *f)
{
    REFUSED(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
    REFUSED(open("/etc/passwd", O_RDWR | O_CLOEXEC));
    REFUSED(open(f->token, O_RDONLY | O_CLOEXEC));
    REFUSED(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    REFUSED(open("/proc/self/mem", O_RDONLY | O_CLOEXEC));
    REFUSED(open("/tmp/sealpost-new", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    REFUSED(syscall(SYS_openat2, AT_FDCWD, "/etc/passwd", NULL, 0));
    REFUSED(unlink(f->token));
    REFUSED(rename(f->token, f->folder));
    REFUSED(mkdir("/tmp/sealpost-new", 0700));
    REFUSED(symlink("/etc/passwd", "/tmp/sealpost-new"));
    REFUSED(chmod(f->token, 0644));
    REFUSED(truncate(f->token, 0));
}

static void
refuses_programs_and_processes(const struct fixture *f)
{
    REFUSED(execute("/bin/true"));
    REFUSED(execute(f->program));
    REFUSED(kill(f->victim, SIGTERM));
    REFUSED(kill(getppid(), 0));
    REFUSED(syscall(SYS_tgkill, f->victim, f->victim, SIGTERM));
    REFUSED(syscall(SYS_rt_sigqueueinfo, f->victim, SIGTERM, NULL));
    REFUSED(syscall(SYS_prlimit64, f->victim, RLIMIT_CPU, NULL, NULL));
    REFUSED(syscall(SYS_pidfd_open, f->victim, 0));
    REFUSED(setpriority(PRIO_PROCESS, (id_t)f->victim, 19));
}

static void
refuses_other_sockets(void)
{
    REFUSED(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, 0));
    REFUSED(socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
    REFUSED(socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

static void
refuses_code(void)
{
    REFUSED(mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == MAP_FAILED ? -1 : 0);
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(p != MAP_FAILED);
    REFUSED(mprotect(p, 4096, PROT_READ | PROT_EXEC));
    (void)munmap(p, 4096);
}

/* What every role lives on: memory, sealed files, messages with descriptors, time. */
static void
lives(void)
{
    struct memfd_map map;
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    struct timespec ms = {.tv_nsec = 1000000};
    int fd, fds[2];

    char *p = malloc(8 << 20);
    CHECK(p);
    memset(p, 'x', 8 << 20);
    CHECK(memfd_from(p, 8 << 20, &fd) == SP_OK);
    free(p);
    CHECK(memfd_map(fd, 8 << 20, &map) == SP_OK && map.len == 8 << 20 && map.data[5] == 'x');
    memfd_unmap(&map);
    CHECK(wire_pair(fds) == SP_OK);
    struct wire_conn *a = wire_conn_new(fds[0], NULL, NULL, NULL, NULL), *b = wire_conn_new(fds[1], NULL, NULL, NULL, NULL);
    CHECK(wire_send_parsed(a, 1, &(struct wm_parsed){.document = fd}) == SP_OK);
    CHECK(wire_receive(b, 1000, &arena, &in) == SP_OK);
    wire_in_close(&in);
    wire_conn_free(a);
    wire_conn_free(b);
    arena_release(&arena);
    (void)close(fd);
    CHECK(nanosleep(&ms, NULL) == 0);
    CHECK(time(NULL) > 1000000000);
    CHECK(pipe2(fds, O_CLOEXEC) == 0);
    CHECK(raise(0) == 0);
}

/* ---- roles */

static void
parse_child(const struct fixture *f)
{
    CHECK(sandbox_enter_child(SP_ROLE_PARSE) == SP_OK);
    refuses_all_files(f);
    refuses_programs_and_processes(f);
    REFUSED(fork());
    REFUSED(syscall(SYS_setsid));
    if (!SANITIZED)
        REFUSED(start_thread());
    lives();
}

static void
parse_role(const struct fixture *f)
{
    int status;
    CHECK(sandbox_enter(SP_ROLE_PARSE, NULL) == SP_OK);
    refuses_all_files(f);
    refuses_other_sockets();
    refuses_code();
    REFUSED(connect_unix(f));
    REFUSED(connect_inet(f));
    REFUSED(execute("/bin/true"));
    lives();
    pid_t pid = fork();
    if (pid == 0) {
        parse_child(f);
        _exit(0);
    }
    CHECK(pid > 0);
    CHECK(waitpid(pid, &status, 0) == pid);
    CHECK(status == 0);
    /* a child that hangs can be ended */
    pid = fork();
    if (pid == 0)
        for (;;)
            (void)pause();
    CHECK(kill(pid, SIGKILL) == 0 && waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
}

static void
net_role(const struct fixture *f)
{
    CHECK(sandbox_enter(SP_ROLE_NET, NULL) == SP_OK);
    refuses_all_files(f);
    refuses_programs_and_processes(f);
    refuses_other_sockets();
    refuses_code();
    REFUSED(connect_unix(f));
    REFUSED(fork());
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    CHECK(fd >= 0);
    REFUSED(listen(fd, 1));
    (void)close(fd);
    CHECK(start_thread() == 0);
    CHECK(connect_inet(f) == 0);
    CHECK((fd = socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)) >= 0 || errno == EAFNOSUPPORT);
    lives();
}

static void
ui_role(const struct fixture *f)
{
    int terminal = open("/dev/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
    struct winsize w;
    CHECK(sandbox_enter(SP_ROLE_UI, NULL) == SP_OK);
    refuses_all_files(f);
    refuses_programs_and_processes(f);
    refuses_other_sockets();
    refuses_code();
    REFUSED(connect_unix(f));
    REFUSED(connect_inet(f));
    REFUSED(fork());
    if (!SANITIZED)
        REFUSED(start_thread());
    if (terminal >= 0) {
        CHECK(ioctl(terminal, TIOCGWINSZ, &w) == 0);
        REFUSED(ioctl(terminal, TIOCSTI, "x")); /* typing for the user */
    }
    lives();
}

/* What SQLite does: a database with its journal, locked, synchronised, renamed. */
static void
works_like_a_database(const char *folder)
{
    char path[128], other[128];
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    struct stat s;
    (void)snprintf(path, sizeof path, "%s/own.db", folder);
    (void)snprintf(other, sizeof other, "%s/own.db-journal", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK(fd >= 0);
    CHECK(fcntl(fd, F_SETLK, &lock) == 0);
    CHECK(pwrite(fd, "page", 4, 0) == 4 && fdatasync(fd) == 0 && fsync(fd) == 0 && ftruncate(fd, 8192) == 0);
    CHECK(fstat(fd, &s) == 0 && s.st_size == 8192 && stat(path, &s) == 0 && lstat(path, &s) == 0);
    CHECK(mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED);
    (void)close(fd);
    CHECK(access(path, R_OK | W_OK) == 0);
    CHECK(rename(path, other) == 0 && rename(other, path) == 0);
    CHECK((fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) >= 0 && fsync(fd) == 0);
    (void)close(fd);
    CHECK(unlink(path) == 0);
    (void)snprintf(path, sizeof path, "%s/sub", folder);
    CHECK(mkdir(path, 0700) == 0 && rmdir(path) == 0);
}

static void
engine_role(const struct fixture *f)
{
    const char *const read_write[] = {f->folder, NULL};
    char inside[128], out[128];
    int listener = dup(f->unix_listener);
    (void)snprintf(inside, sizeof inside, "%s/file", f->folder);
    (void)snprintf(out, sizeof out, "%s/file", f->outside);
    CHECK(fcntl(listener, F_SETFL, O_NONBLOCK) == 0);
    CHECK(sandbox_enter(SP_ROLE_ENGINE, &(struct sandbox_paths){.read_write = read_write}) == SP_OK);
    works_like_a_database(f->folder);
    refuses_programs_and_processes(f);
    refuses_other_sockets();
    refuses_code();
    REFUSED(connect_unix(f));
    REFUSED(connect_inet(f));
    REFUSED(fork());
    CHECK(accept4(listener, NULL, NULL, SOCK_CLOEXEC) < 0 && errno == EAGAIN);
    if (sandbox_landlock_abi() > 0) {
        REFUSED(open(f->token, O_RDONLY | O_CLOEXEC));
        REFUSED(open(out, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        REFUSED(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
        REFUSED(unlink(f->token));
        CHECK(close(open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
        CHECK(link(inside, out) < 0);
        CHECK(rename(inside, out) < 0);
        if (sandbox_landlock_abi() >= 3)
            REFUSED(truncate(f->token, 0));
    }
    lives();
}

/* Read-only is read-only. */
static void
paths_mean_what_they_say(const struct fixture *f)
{
    char inside[128];
    (void)snprintf(inside, sizeof inside, "%s/file", f->folder);
    CHECK(close(open(inside, O_WRONLY | O_CREAT | O_CLOEXEC, 0600)) == 0);
    const char *const read_only[] = {f->folder, "/nonexistent", f->token, NULL};
    CHECK(sandbox_enter(SP_ROLE_ENGINE, &(struct sandbox_paths){.read_only = read_only}) == SP_OK);
    CHECK(close(open(inside, O_RDONLY | O_CLOEXEC)) == 0);
    CHECK(close(open(f->token, O_RDONLY | O_CLOEXEC)) == 0); /* one file, not its folder */
    REFUSED(open(f->program, O_RDONLY | O_CLOEXEC));
    REFUSED(open(inside, O_WRONLY | O_CLOEXEC));
    REFUSED(open(f->token, O_RDWR | O_CLOEXEC));
    REFUSED(unlink(inside));
}

/* Runs a program and gives its exit status; 126 when it may not be executed. */
static int
run(const char *program, const char *const *argv)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execv(program, (char *const *)(uintptr_t)argv);
        _exit(errno == EACCES || errno == EPERM ? 126 : 125);
    }
    return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static const char *const keys_read_only[] = {"/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/etc/passwd", "/etc/nsswitch.conf", "/dev/urandom",
                                             "/proc/self/fd", "/proc/sys/crypto", NULL};
static const char *const keys_execute[] = {"/usr/bin/gpg", "/lib64/ld-linux-x86-64.so.2", "/lib/ld-linux-aarch64.so.1", NULL};

static void
enter_keys(const struct fixture *f)
{
    const char *const read_write[] = {f->folder, "/dev/null", NULL};
    CHECK(sandbox_enter(SP_ROLE_KEYS, &(struct sandbox_paths){.read_only = keys_read_only, .read_write = read_write, .execute = keys_execute}) == SP_OK);
}

static void
keys_role(const struct fixture *f)
{
    enter_keys(f);
    refuses_other_sockets();
    REFUSED(connect_inet(f));
    CHECK(connect_unix(f) == 0); /* gpg-agent is such a socket; what else it reaches, docs/threat-model.md says */
    works_like_a_database(f->folder);
    if (sandbox_landlock_abi() > 0) {
        REFUSED(open(f->token, O_RDONLY | O_CLOEXEC));
        REFUSED(open("/etc/shadow", O_RDONLY | O_CLOEXEC));
        const char *const nothing_more[] = {f->program, NULL};
        CHECK(run(f->program, nothing_more) == 126);
        const char *const shell[] = {"/bin/sh", "-c", "exit 0", NULL};
        CHECK(run("/bin/sh", shell) == 126);
    }
    if (sandbox_landlock_abi() >= 6)
        REFUSED(kill(f->victim, SIGTERM));
    lives();
}

/* gpg itself works in there: writes its key ring, locks it, and finds nothing to start. */
static void
keys_runs_gpg(const struct fixture *f)
{
    const char *const make[] = {"gpg", "--homedir", f->folder, "--batch", "--no-autostart", "--list-keys", NULL};
    const char *const print[] = {"gpg", "--homedir", f->folder, "--batch", "--print-md", "SHA256", "/etc/passwd", NULL};
    enter_keys(f);
    CHECK(run("/usr/bin/gpg", make) == 0);
    CHECK(run("/usr/bin/gpg", print) == 0);
    char ring[128];
    (void)snprintf(ring, sizeof ring, "%s/pubring.kbx", f->folder);
    CHECK(access(ring, R_OK) == 0);
}

static void
keys_child(const struct fixture *f)
{
    enter_keys(f);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        CHECK(sandbox_enter_child(SP_ROLE_KEYS) == SP_OK);
        refuses_programs_and_processes(f);
        refuses_other_sockets();
        REFUSED(connect_unix(f));
        REFUSED(connect_inet(f));
        REFUSED(fork());
        works_like_a_database(f->folder);
        lives();
        _exit(0);
    }
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
}

/* ---- what kills */

static void
traces(const struct fixture *f)
{
    CHECK(sandbox_enter(SP_ROLE_NET, NULL) == SP_OK);
    (void)ptrace(PTRACE_ATTACH, f->victim, NULL, NULL);
}

static void
mounts(const struct fixture *f)
{
    CHECK(sandbox_enter(SP_ROLE_ENGINE, NULL) == SP_OK);
    (void)syscall(SYS_mount, "none", f->folder, "tmpfs", 0, NULL);
}

static void
reads_memory(const struct fixture *f)
{
    CHECK(sandbox_enter(SP_ROLE_KEYS, NULL) == SP_OK);
    (void)syscall(SYS_process_vm_readv, f->victim, NULL, 0, NULL, 0, 0);
}

static void
makes_namespace(const struct fixture *f)
{
    (void)f;
    CHECK(sandbox_enter(SP_ROLE_PARSE, NULL) == SP_OK);
    (void)syscall(SYS_unshare, 0x10000000 /* CLONE_NEWUSER */);
}

static void
deadly_calls(void **state)
{
    static void (*const calls[])(const struct fixture *f) = {traces, mounts, reads_memory, makes_namespace};
    for (size_t i = 0; i < COUNT(calls); i++) {
        int status = in_child(calls[i], *state);
        assert_true(WIFSIGNALED(status));
        assert_int_equal(WTERMSIG(status), SIGSYS);
    }
}

static void
no_way_back(const struct fixture *f)
{
    (void)f;
    CHECK(sandbox_enter(SP_ROLE_PARSE, NULL) == SP_OK);
    CHECK(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
    CHECK(prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2);
    /* a wider second step takes nothing back */
    CHECK(sandbox_enter_child(SP_ROLE_KEYS) == SP_OK);
    REFUSED(open("/etc/passwd", O_RDONLY | O_CLOEXEC));
}

static void
no_namespaces_by_clone(const struct fixture *f)
{
    (void)f;
    CHECK(sandbox_enter(SP_ROLE_PARSE, NULL) == SP_OK);
    REFUSED(syscall(SYS_clone, 0x10000000 | SIGCHLD, NULL, NULL, NULL, NULL));
    REFUSED(syscall(SYS_clone, 0x20000000 | SIGCHLD, NULL, NULL, NULL, NULL)); /* CLONE_NEWPID */
    CHECK(syscall(SYS_clone3, NULL, 0) < 0 && errno == ENOSYS);
}

static void
roles_without_a_table(void **state)
{
    (void)state;
    assert_int_equal(sandbox_enter(SP_ROLE_SUPERVISOR, NULL), SP_INVALID);
    assert_int_equal(sandbox_enter(SP_ROLE_STUB, NULL), SP_INVALID);
    assert_int_equal(sandbox_enter(SP_ROLE_COUNT, NULL), SP_INVALID);
    assert_int_equal(sandbox_enter_child(SP_ROLE_STUB), SP_INVALID);
}

#define CASE(fn)                        \
    static void test_##fn(void **state) \
    {                                   \
        assert_passes(fn, state);       \
    }
CASE(parse_role)
CASE(net_role)
CASE(ui_role)
CASE(engine_role)
CASE(keys_role)
CASE(keys_child)
CASE(no_way_back)
CASE(no_namespaces_by_clone)

static void
test_paths_mean_what_they_say(void **state)
{
    if (sandbox_landlock_abi() < 1)
        skip();
    assert_passes(paths_mean_what_they_say, state);
}

static void
test_keys_runs_gpg(void **state)
{
    if (access("/usr/bin/gpg", X_OK) != 0)
        skip();
    assert_passes(keys_runs_gpg, state);
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(test_parse_role), TEST(test_net_role), TEST(test_ui_role), TEST(test_engine_role), TEST(test_paths_mean_what_they_say),
        TEST(test_keys_role), TEST(test_keys_child), TEST(test_keys_runs_gpg), TEST(test_no_way_back), TEST(test_no_namespaces_by_clone),
        TEST(deadly_calls), cmocka_unit_test(roles_without_a_table),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
