/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What each role may do: one table of permission bits, made into a seccomp filter and Landlock rules. A call that no bit allows
   fails with EPERM (libraries cope with that); a few that only an attacker makes kill the process. */
#include "sandbox.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/landlock.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum allow {
    ALLOW_READ_FILES = 1 << 0,  /* open and stat existing files (where, Landlock says) */
    ALLOW_WRITE_FILES = 1 << 1, /* create, rename, unlink, lock */
    ALLOW_FORK = 1 << 2,        /* processes of its own, waited for and killed */
    ALLOW_THREADS = 1 << 3,
    ALLOW_EXEC = 1 << 4,
    ALLOW_UNIX = 1 << 5,        /* new AF_UNIX sockets */
    ALLOW_INET = 1 << 6,        /* new AF_INET(6) sockets */
    ALLOW_ACCEPT = 1 << 7,
    ALLOW_TERMINAL = 1 << 8,
    ALLOW_RESOLVE = 1 << 9,     /* what the system's resolver does */
    ALLOW_CODE = 1 << 10,       /* mapping executable memory: what is loaded later than the confinement, and exec itself */
};

static const struct {
    unsigned process, child;
} roles[SP_ROLE_COUNT] = {
    [SP_ROLE_PARSE] = {ALLOW_FORK, 0},
    /* GPGME starts gpg, so OpenPGP's children stay with this; what may be executed, Landlock says. The second step is for S/MIME,
       which runs in the child itself: OpenSSL's provider for old PKCS#12 files is loaded late. */
    [SP_ROLE_KEYS] = {ALLOW_FORK | ALLOW_READ_FILES | ALLOW_WRITE_FILES | ALLOW_EXEC | ALLOW_UNIX | ALLOW_CODE,
                      ALLOW_READ_FILES | ALLOW_WRITE_FILES | ALLOW_CODE},
    [SP_ROLE_NET] = {ALLOW_THREADS | ALLOW_INET, 0},
    [SP_ROLE_ENGINE] = {ALLOW_READ_FILES | ALLOW_WRITE_FILES | ALLOW_ACCEPT, 0},
    [SP_ROLE_UI] = {ALLOW_TERMINAL, 0},
};

/* What every process needs to live: memory, time, its own descriptors. */
static const int basic_calls[] = {
    SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(readv), SCMP_SYS(writev), SCMP_SYS(pread64), SCMP_SYS(pwrite64), SCMP_SYS(close),
    SCMP_SYS(fstat), SCMP_SYS(lseek), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(brk),
    SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask), SCMP_SYS(rt_sigreturn),
    SCMP_SYS(sigaltstack), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(select), SCMP_SYS(pselect6), SCMP_SYS(sendmsg), SCMP_SYS(recvmsg),
    SCMP_SYS(sendto), SCMP_SYS(recvfrom), SCMP_SYS(shutdown), SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
    SCMP_SYS(getpeername), SCMP_SYS(socketpair), SCMP_SYS(pipe), SCMP_SYS(pipe2), SCMP_SYS(dup), SCMP_SYS(dup2), SCMP_SYS(dup3),
    SCMP_SYS(fcntl), SCMP_SYS(ftruncate), SCMP_SYS(fallocate), SCMP_SYS(memfd_create), SCMP_SYS(getrandom), SCMP_SYS(clock_gettime),
    SCMP_SYS(clock_getres), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep), SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(times),
    SCMP_SYS(getrusage), SCMP_SYS(getpid), SCMP_SYS(getppid), SCMP_SYS(gettid), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
    SCMP_SYS(getegid), SCMP_SYS(getpgrp), SCMP_SYS(uname), SCMP_SYS(sysinfo), SCMP_SYS(getcwd), SCMP_SYS(futex), SCMP_SYS(set_robust_list),
    SCMP_SYS(rseq), SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit), SCMP_SYS(exit_group), SCMP_SYS(restart_syscall),
    SCMP_SYS(signalfd4), SCMP_SYS(getrlimit), SCMP_SYS(timer_settime), SCMP_SYS(setitimer), SCMP_SYS(alarm), SCMP_SYS(arch_prctl),
    SCMP_SYS(membarrier), SCMP_SYS(close_range), SCMP_SYS(getgroups), SCMP_SYS(umask), SCMP_SYS(landlock_create_ruleset),
    SCMP_SYS(landlock_add_rule), SCMP_SYS(landlock_restrict_self), SCMP_SYS(seccomp), SCMP_SYS(prctl),
};
static const int read_file_calls[] = {
    SCMP_SYS(stat), SCMP_SYS(lstat), SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat), SCMP_SYS(faccessat2),
    SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(getdents64), SCMP_SYS(statfs), SCMP_SYS(fstatfs), SCMP_SYS(fadvise64),
    SCMP_SYS(flock), SCMP_SYS(chdir), SCMP_SYS(fchdir),
};
static const int write_file_calls[] = {
    SCMP_SYS(rename), SCMP_SYS(renameat), SCMP_SYS(renameat2), SCMP_SYS(unlink), SCMP_SYS(unlinkat), SCMP_SYS(mkdir), SCMP_SYS(mkdirat),
    SCMP_SYS(rmdir), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(sync_file_range), SCMP_SYS(fchmod), SCMP_SYS(fchmodat), SCMP_SYS(chmod),
    SCMP_SYS(fchown), SCMP_SYS(utimensat), SCMP_SYS(link), SCMP_SYS(linkat), SCMP_SYS(truncate), SCMP_SYS(mknod), SCMP_SYS(mknodat),
};
static const int process_calls[] = {
    SCMP_SYS(fork), SCMP_SYS(vfork), SCMP_SYS(wait4), SCMP_SYS(waitid), SCMP_SYS(kill), SCMP_SYS(setpgid), SCMP_SYS(setsid), SCMP_SYS(pidfd_open),
    SCMP_SYS(pidfd_send_signal), SCMP_SYS(set_tid_address),
};
static const int exec_calls[] = {SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(set_tid_address), SCMP_SYS(getresuid), SCMP_SYS(getresgid),
                                 SCMP_SYS(setresuid), SCMP_SYS(setresgid), SCMP_SYS(setuid), SCMP_SYS(setgid), SCMP_SYS(epoll_create1),
                                 SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait), SCMP_SYS(eventfd2), SCMP_SYS(getpgid), SCMP_SYS(setrlimit),
                                 SCMP_SYS(fadvise64), SCMP_SYS(capget), SCMP_SYS(getsid)};
/* Calls that no program of ours makes in its life: whoever makes them has been taken over. */
static const int deadly_calls[] = {
    SCMP_SYS(ptrace), SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(mount), SCMP_SYS(umount2), SCMP_SYS(pivot_root),
    SCMP_SYS(chroot), SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(kexec_load), SCMP_SYS(bpf), SCMP_SYS(keyctl), SCMP_SYS(add_key),
    SCMP_SYS(request_key), SCMP_SYS(userfaultfd), SCMP_SYS(perf_event_open), SCMP_SYS(unshare), SCMP_SYS(setns), SCMP_SYS(swapon),
    SCMP_SYS(reboot), SCMP_SYS(io_uring_setup),
};

static int
allow_all(scmp_filter_ctx f, const int *calls, size_t n)
{
    int rc = 0;
    for (size_t i = 0; i < n && rc == 0; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, calls[i], 0);
    return rc;
}
#define ALLOW_ALL(f, calls) allow_all(f, calls, sizeof(calls) / sizeof *(calls))

/* open and openat: any way of opening for those who write, read-only for the others, nothing for the rest. */
static int
allow_open(scmp_filter_ctx f, unsigned allow)
{
    int rc = 0;
    if (allow & ALLOW_WRITE_FILES) {
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 0);
        rc = rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 0);
    } else if (allow & ALLOW_READ_FILES) {
        unsigned writes = O_WRONLY | O_RDWR | O_CREAT | O_TRUNC;
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(open), 1, SCMP_A1(SCMP_CMP_MASKED_EQ, writes, 0));
        rc = rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(openat), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, writes, 0));
    }
    return rc;
}

static int
allow_sockets(scmp_filter_ctx f, unsigned allow)
{
    int rc = 0;
    if (allow & ALLOW_UNIX)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
    if (!rc && allow & ALLOW_INET) {
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET));
        rc = rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1, SCMP_A0(SCMP_CMP_EQ, AF_INET6));
    }
    if (!rc && allow & (ALLOW_UNIX | ALLOW_INET)) {
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(connect), 0);
        rc = rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(bind), 0);
    }
    if (!rc && allow & ALLOW_ACCEPT)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(accept4), 0);
    return rc;
}

#define NEW_NAMESPACES (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWCGROUP)

/* Threads share the address space (CLONE_VM and CLONE_THREAD); without fork nothing else may be cloned. clone3 hides its flags
   in memory, so it must look absent for the C library to fall back to clone. */
static int
allow_clone(scmp_filter_ctx f, unsigned allow)
{
    int rc = seccomp_rule_add(f, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);
    if (!rc && allow & ALLOW_FORK)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, NEW_NAMESPACES, 0));
    else if (!rc && allow & ALLOW_THREADS)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1, SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD));
    return rc;
}

static int
allow_ioctl(scmp_filter_ctx f, unsigned allow)
{
    static const unsigned long terminal[] = {TCGETS, TCSETS, TCSETSW, TCSETSF, TIOCGWINSZ, TIOCSWINSZ, TCFLSH, TCXONC, TIOCGPGRP, TIOCSPGRP, FIONREAD};
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, FIONREAD));
    for (size_t i = 0; allow & ALLOW_TERMINAL && rc == 0 && i < sizeof terminal / sizeof *terminal; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, terminal[i]));
    if (!rc && allow & ALLOW_EXEC) /* gpg asks whether its descriptors are terminals */
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1, SCMP_A1(SCMP_CMP_EQ, TCGETS));
    return rc;
}

/* Memory: without ALLOW_CODE nothing becomes executable any more, so injected code has no place to run from. */
static int
allow_memory(scmp_filter_ctx f, unsigned allow)
{
    scmp_datum_t forbidden = allow & ALLOW_CODE ? 0 : PROT_EXEC;
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, forbidden, 0));
    return rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(mprotect), 1, SCMP_A2(SCMP_CMP_MASKED_EQ, forbidden, 0));
}

/* What may concern oneself and nobody else: signals (abort, pthread_kill) and limits. */
static int
allow_own(scmp_filter_ctx f, unsigned allow)
{
    scmp_datum_t self = (scmp_datum_t)getpid();
    int rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(prlimit64), 1, SCMP_A0(SCMP_CMP_EQ, 0));
    if (allow & ALLOW_FORK) /* children have other numbers; Landlock keeps their signals inside, where the kernel can (see below) */
        return rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 0);
    rc = rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1, SCMP_A0(SCMP_CMP_EQ, self));
    return rc ? rc : seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(kill), 1, SCMP_A0(SCMP_CMP_EQ, self));
}

static int
add_rules(scmp_filter_ctx f, unsigned allow)
{
    int rc = ALLOW_ALL(f, basic_calls);
    for (size_t i = 0; i < sizeof deadly_calls / sizeof *deadly_calls && rc == 0; i++)
        rc = seccomp_rule_add(f, SCMP_ACT_KILL_PROCESS, deadly_calls[i], 0);
    if (!rc && allow & (ALLOW_READ_FILES | ALLOW_WRITE_FILES))
        rc = ALLOW_ALL(f, read_file_calls);
    if (!rc && allow & ALLOW_WRITE_FILES)
        rc = ALLOW_ALL(f, write_file_calls);
    if (!rc && allow & ALLOW_FORK)
        rc = ALLOW_ALL(f, process_calls);
    if (!rc && allow & ALLOW_EXEC)
        rc = ALLOW_ALL(f, exec_calls);
    rc = rc ? rc : allow_open(f, allow);
    if (!rc && !(allow & (ALLOW_READ_FILES | ALLOW_WRITE_FILES))) /* the C library's fstat of an own descriptor;
        a path that is not empty cannot be told from it here: that shows that a file exists, not what is in it */
        rc = seccomp_rule_add(f, SCMP_ACT_ALLOW, SCMP_SYS(newfstatat), 1, SCMP_A3(SCMP_CMP_EQ, AT_EMPTY_PATH));
    rc = rc ? rc : allow_sockets(f, allow);
    rc = rc ? rc : allow_clone(f, allow);
    rc = rc ? rc : allow_ioctl(f, allow);
    rc = rc ? rc : allow_memory(f, allow);
    return rc ? rc : allow_own(f, allow);
}

/* What getaddrinfo and the modules of the name service switch do beyond that. */
static const int resolver_calls[] = {SCMP_SYS(sendmmsg), SCMP_SYS(recvmmsg), SCMP_SYS(set_tid_address)};

static enum sp_status
load_filter(unsigned allow)
{
    scmp_filter_ctx f = seccomp_init(SCMP_ACT_ERRNO(EPERM));
    if (!f)
        return SP_UNSUPPORTED;
    int rc = add_rules(f, allow);
    if (rc == 0 && allow & ALLOW_RESOLVE)
        rc = ALLOW_ALL(f, resolver_calls);
    if (rc == 0)
        rc = seccomp_load(f);
    seccomp_release(f);
    return rc == 0 ? SP_OK : SP_UNSUPPORTED;
}

/* ---- Landlock */

#ifndef LANDLOCK_ACCESS_FS_REFER
#define LANDLOCK_ACCESS_FS_REFER (1ULL << 13)
#endif
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

#ifndef LANDLOCK_ACCESS_FS_IOCTL_DEV
#define LANDLOCK_ACCESS_FS_IOCTL_DEV (1ULL << 15)
#endif
/* Of newer kernels than the headers: struct landlock_ruleset_attr with the members that came later. An older kernel takes the
   longer struct when they are zero. */
#define NET_BIND_TCP (1ULL << 0)
#define NET_CONNECT_TCP (1ULL << 1)
#define SCOPE_ABSTRACT_UNIX_SOCKET (1ULL << 0)
#define SCOPE_SIGNAL (1ULL << 1)
struct ruleset {
    uint64_t files, net, scoped;
};

#define READ_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR)
#define WRITE_ACCESS                                                                                                    \
    (LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR | \
     LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_SYM | LANDLOCK_ACCESS_FS_MAKE_FIFO | \
     LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE)
#define DEVICE_ACCESS (LANDLOCK_ACCESS_FS_MAKE_CHAR | LANDLOCK_ACCESS_FS_MAKE_BLOCK)
#define FILE_ACCESS (LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_EXECUTE | LANDLOCK_ACCESS_FS_TRUNCATE)

int
sandbox_landlock_abi(void)
{
    long abi = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    return abi < 0 ? 0 : (int)abi;
}

/* The rights that this kernel's Landlock knows of. */
static uint64_t
handled_access(int abi)
{
    uint64_t all = READ_ACCESS | WRITE_ACCESS | DEVICE_ACCESS | LANDLOCK_ACCESS_FS_EXECUTE;
    if (abi < 2)
        all &= ~LANDLOCK_ACCESS_FS_REFER;
    if (abi < 3)
        all &= ~LANDLOCK_ACCESS_FS_TRUNCATE;
    if (abi >= 5)
        all |= LANDLOCK_ACCESS_FS_IOCTL_DEV;
    return all;
}

/* Files: what paths say. TCP: nobody listens, and only who may open connections connects. Signals and abstract sockets (D-Bus, X11)
   do not leave what was confined together. */
static struct ruleset
make_ruleset(const struct sandbox_paths *paths, int abi)
{
    struct ruleset r = {.files = handled_access(abi)};
    if (abi >= 4)
        r.net = NET_BIND_TCP | (paths->connect_tcp ? 0 : NET_CONNECT_TCP);
    if (abi >= 6)
        r.scoped = SCOPE_ABSTRACT_UNIX_SOCKET | SCOPE_SIGNAL;
    return r;
}

static enum sp_status
add_paths(int ruleset, const char *const *paths, uint64_t access)
{
    for (; paths && *paths; paths++) {
        struct stat s;
        int fd = open(*paths, O_PATH | O_CLOEXEC);
        if (fd < 0)
            continue;
        struct landlock_path_beneath_attr rule = {.allowed_access = access, .parent_fd = fd};
        if (fstat(fd, &s) == 0 && !S_ISDIR(s.st_mode))
            rule.allowed_access &= FILE_ACCESS;
        long rc = syscall(SYS_landlock_add_rule, ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0);
        (void)close(fd);
        if (rc != 0)
            return SP_UNSUPPORTED;
    }
    return SP_OK;
}

static enum sp_status
enter_landlock(const struct sandbox_paths *paths)
{
    static const struct sandbox_paths nothing = {0};
    int abi = sandbox_landlock_abi();
    if (abi < 1)
        return SP_OK; /* the seccomp filter still stands; docs/threat-model.md says what is missing then */
    if (!paths)
        paths = &nothing;
    struct ruleset attr = make_ruleset(paths, abi);
    int ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    if (ruleset < 0)
        return SP_UNSUPPORTED;
    enum sp_status st = add_paths(ruleset, paths->read_only, READ_ACCESS & attr.files);
    if (!st)
        st = add_paths(ruleset, paths->read_write, (READ_ACCESS | WRITE_ACCESS) & attr.files);
    if (!st)
        st = add_paths(ruleset, paths->execute, READ_ACCESS | LANDLOCK_ACCESS_FS_EXECUTE);
    if (!st && syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
        st = SP_UNSUPPORTED;
    (void)close(ruleset);
    return st;
}

#ifdef SP_SANITIZERS
/* The sanitizers' run-time reads /proc and its own symbolizer's files. */
#define SANITIZER_EXTRA (ALLOW_READ_FILES | ALLOW_THREADS)

/* The leak sanitizer stops and reads its own process from a helper process, which no confined role may start: it asks this
   before it begins. Leaks are looked for in the unit tests, which run the same code unconfined. */
int __lsan_is_turned_off(void);
static bool confined;
int
__lsan_is_turned_off(void)
{
    return confined;
}
#define NOTE_CONFINED() (confined = true)
#else
#define SANITIZER_EXTRA 0u
#define NOTE_CONFINED() ((void)0)
#endif

enum sp_status
sandbox_enter(enum sp_role role, const struct sandbox_paths *paths)
{
    if ((unsigned)role >= SP_ROLE_COUNT || !roles[role].process)
        return SP_INVALID;
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return SP_UNSUPPORTED;
    struct sandbox_paths p = paths ? *paths : (struct sandbox_paths){0};
    p.connect_tcp = roles[role].process & ALLOW_INET;
    NOTE_CONFINED();
    enum sp_status st = enter_landlock(&p);
    return st ? st : load_filter(roles[role].process | SANITIZER_EXTRA);
}

enum sp_status
sandbox_enter_child(enum sp_role role)
{
    if ((unsigned)role >= SP_ROLE_COUNT || !roles[role].process)
        return SP_INVALID;
    return load_filter(roles[role].child | SANITIZER_EXTRA);
}

enum sp_status
sandbox_enter_resolver(void)
{
    static const char *const read_only[] = {"/etc", "/lib", "/lib64", "/usr/lib", "/usr/lib64", "/usr/share", "/run/systemd", "/run/resolvconf",
                                             "/run/NetworkManager", "/run/nscd", "/nix/store", "/gnu/store", NULL}; /* not /run: the token may lie below it */
    static const struct sandbox_paths paths = {.read_only = read_only, .connect_tcp = true};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return SP_UNSUPPORTED;
    enum sp_status st = enter_landlock(&paths);
    return st ? st : load_filter(ALLOW_READ_FILES | ALLOW_FORK | ALLOW_THREADS | ALLOW_UNIX | ALLOW_INET | ALLOW_RESOLVE | ALLOW_CODE | SANITIZER_EXTRA);
}
