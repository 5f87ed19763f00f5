/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real supervisor with small roles of our own: it starts, connects, replaces and ends them; nothing is left behind (S77). */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/status.h"
#include "base/types.h"
#include "fake_roles.inc"

#define PARSE "2"
#define KEYS "3"
#define NET "4"
#define SOON_MS 10000

struct fixture {
    char folder[32];      /* everything: libexec/, home/ (SEALPOST_HOME), gnupg/ */
    pid_t supervisor;
    int client;           /* a connection with the engine, -1 */
};

static const char *
in_folder(const struct fixture *f, const char *name)
{
    static char paths[4][128];
    static unsigned n;
    char *path = paths[n++ % 4];
    (void)snprintf(path, sizeof paths[0], "%s/%s", f->folder, name);
    return path;
}

/* ---- the program */

static void
copy_program(const char *from, const char *to)
{
    struct stat s;
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
    assert_true(in >= 0 && out >= 0);
    assert_int_equal(fstat(in, &s), 0);
    for (off_t at = 0; at < s.st_size;)
        assert_true(sendfile(out, in, &at, (size_t)(s.st_size - at)) > 0);
    (void)close(in);
    (void)close(out);
}

static const char *
supervisor_program(void)
{
    const char *libexec = getenv("SEALPOST_LIBEXEC");
    static char path[4096];
    (void)snprintf(path, sizeof path, "%s/sealpost-supervisor", libexec ? libexec : "libexec");
    return path;
}

static int
set_up(void **state)
{
    static const char *const roles[] = {"engine", "parse", "keys", "net"};
    struct fixture *f = calloc(1, sizeof *f);
    char name[64];
    if (!f)
        return -1;
    f->client = -1;
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/spv-XXXXXX");
    if (!mkdtemp(f->folder) || mkdir(in_folder(f, "libexec"), 0755) != 0 || mkdir(in_folder(f, "home"), 0700) != 0 ||
        mkdir(in_folder(f, "gnupg"), 0700) != 0)
        return -1;
    copy_program("/proc/self/exe", in_folder(f, "libexec/sealpost-engine"));
    for (size_t i = 1; i < COUNT(roles); i++) {
        (void)snprintf(name, sizeof name, "libexec/sealpost-%s", roles[i]);
        if (link(in_folder(f, "libexec/sealpost-engine"), in_folder(f, name)) != 0)
            return -1;
    }
    copy_program(supervisor_program(), in_folder(f, "libexec/sealpost-supervisor"));
    *state = f;
    return 0;
}

/* Starts a supervisor and gives the byte that it reports; 255 when it says nothing. */
static int
start_supervisor(struct fixture *f, pid_t *pid)
{
    unsigned char byte = 255;
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    *pid = fork();
    if (*pid == 0) {
        (void)setenv("SEALPOST_HOME", in_folder(f, "home"), 1);
        (void)setenv("GNUPGHOME", in_folder(f, "gnupg"), 1);
        (void)setenv("SEALPOST_LOG", in_folder(f, "log"), 1);
        int copy = fcntl(p[1], F_DUPFD, 10);
        if (dup2(copy, 3) < 0)
            _exit(1);
        (void)execl(in_folder(f, "libexec/sealpost-supervisor"), "sealpost-supervisor", (char *)NULL);
        _exit(127);
    }
    (void)close(p[1]);
    struct pollfd ready = {.fd = p[0], .events = POLLIN};
    if (poll(&ready, 1, SOON_MS) == 1 && read(p[0], &byte, 1) != 1)
        byte = 255;
    (void)close(p[0]);
    return byte;
}

static void
connect_door(struct fixture *f)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s", in_folder(f, "home/run/engine.sock"));
    if (f->client >= 0)
        (void)close(f->client);
    f->client = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(f->client, (struct sockaddr *)&a, sizeof a), 0);
}

static void
start(struct fixture *f)
{
    assert_int_equal(start_supervisor(f, &f->supervisor), SP_OK);
    connect_door(f);
}

static void
say(struct fixture *f, const char *text)
{
    assert_int_equal(send(f->client, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads what the engine tells until a line begins like this; true and the line when it came in time. */
static bool
hears(struct fixture *f, const char *begin, int within_ms, char line[512])
{
    int64_t end = loop_now_ms() + within_ms;
    for (;;) {
        struct pollfd p = {.fd = f->client, .events = POLLIN};
        int64_t left = end - loop_now_ms();
        if (left <= 0 || poll(&p, 1, (int)left) <= 0)
            return false;
        ssize_t n = recv(f->client, line, 511, 0);
        if (n <= 0)
            return false;
        line[n] = '\0';
        if (strncmp(line, begin, strlen(begin)) == 0)
            return true;
    }
}

static void
assert_hears(struct fixture *f, const char *begin, char line[512])
{
    char unused[512];
    if (!hears(f, begin, SOON_MS, line ? line : unused))
        fail_msg("the engine never told \"%s\"", begin);
}

static pid_t
want(struct fixture *f, const char *role_number, const char *role, unsigned index)
{
    char line[512], begin[64];
    int pid, number, fds;
    (void)snprintf(line, sizeof line, "want %s %u", role_number, index);
    say(f, line);
    (void)snprintf(begin, sizeof begin, "from %s %u: pid", role, index);
    assert_hears(f, begin, line);
    assert_int_equal(sscanf(strchr(line, ':'), ": pid %d index %d fds %d", &pid, &number, &fds), 3);
    assert_int_equal(number, index);
    assert_int_equal(fds, 0);
    return pid;
}

static pid_t
engine_pid(struct fixture *f)
{
    char line[512];
    int pid, fds;
    say(f, "pid");
    assert_hears(f, "engine", line);
    assert_int_equal(sscanf(line, "engine %d fds %d", &pid, &fds), 2);
    assert_int_equal(fds, 0);
    return pid;
}

static size_t
read_text(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
    if (fd >= 0)
        (void)close(fd);
    text[n > 0 ? n : 0] = '\0';
    return n > 0 ? (size_t)n : 0;
}

/* Ended, though perhaps not yet reaped by whoever inherited it. */
static bool
is_ended(pid_t pid)
{
    char path[64], text[512];
    (void)waitpid(pid, NULL, WNOHANG);
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    (void)read_text(path, text, sizeof text);
    const char *state = strrchr(text, ')');
    return !state || strncmp(state, ") Z", 3) == 0;
}

static bool
is_gone(pid_t pid, int within_ms)
{
    int64_t end = loop_now_ms() + within_ms;
    while (!is_ended(pid)) {
        if (loop_now_ms() > end)
            return false;
        (void)poll(NULL, 0, 20);
    }
    return true;
}

static int
remove_entry(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    if (f->client >= 0)
        (void)close(f->client);
    if (f->supervisor > 0 && kill(f->supervisor, SIGTERM) == 0 && !is_gone(f->supervisor, SOON_MS)) {
        (void)kill(f->supervisor, SIGKILL);
        (void)waitpid(f->supervisor, NULL, 0);
    }
    (void)nftw(f->folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
    free(f);
    return 0;
}

static void
write_text(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    (void)close(fd);
}

static mode_t
mode_of(const char *path)
{
    struct stat s;
    assert_int_equal(lstat(path, &s), 0);
    return s.st_mode & 07777;
}

/* ---- tests */

static void
starts_the_engine_and_hands_the_door(void **state)
{
    struct fixture *f = *state;
    char door[1024], token[64], expected[256];
    assert_int_equal(mkdir(in_folder(f, "home/run"), 0755), 0); /* too open: closed before use */
    start(f);
    pid_t engine = engine_pid(f);
    assert_int_not_equal(engine, f->supervisor);
    assert_int_equal(mode_of(in_folder(f, "home/run")), 0700);
    assert_int_equal(mode_of(in_folder(f, "home/data")), 0700);
    assert_int_equal(mode_of(in_folder(f, "home/run/token")), 0600);
    assert_int_equal(mode_of(in_folder(f, "home/run/engine.sock")), 0600);
    assert_int_equal(mode_of(in_folder(f, "home/data/lock")), 0600);
    size_t n = read_text(in_folder(f, "libexec/door"), door, sizeof door);
    assert_int_equal(read_text(in_folder(f, "home/run/token"), token, sizeof token), 32);
    int head = snprintf(expected, sizeof expected, "%s\n%s\n", in_folder(f, "home/data"), in_folder(f, "home/config"));
    assert_int_equal(n, head + 32);
    assert_memory_equal(door, expected, head);
    assert_memory_equal(door + head, token, 32);
    char link[64], root[8];
    (void)snprintf(link, sizeof link, "/proc/%d/cwd", (int)f->supervisor);
    assert_int_equal(readlink(link, root, sizeof root), 1); /* "/" */
}

static void
introduces_roles(void **state)
{
    struct fixture *f = *state;
    start(f);
    pid_t parse = want(f, PARSE, "parse", 0), net = want(f, NET, "net", 3);
    assert_int_not_equal(parse, net);
    say(f, "tell parse 0 echo");
    assert_hears(f, "from parse 0: echoed", NULL);
    say(f, "want " PARSE " 0"); /* again: nothing new */
    assert_hears(f, "reply 0", NULL);
    char line[512];
    assert_false(hears(f, "from parse 0: pid", 300, line));
    say(f, "unwant " NET " 3");
    assert_hears(f, "lost net 3", NULL);
    assert_true(is_gone(net, SOON_MS));
    assert_false(hears(f, "restarted", 300, line));
}

static void
refuses_what_no_engine_wants(void **state)
{
    struct fixture *f = *state;
    static const char *const wrong[] = {"want 0 0", "want 1 0", "want 5 0", "want 6 0", "want 99 0", "want " PARSE " 1", "want " KEYS " 7",
                                        "want " NET " 0", "want " NET " 65", "unwant " NET " 1000"};
    char expected[16];
    (void)snprintf(expected, sizeof expected, "reply %d", SP_INVALID);
    start(f);
    for (size_t i = 0; i < COUNT(wrong); i++) {
        say(f, wrong[i]);
        assert_hears(f, expected, NULL);
    }
}

static void
replaces_killed_roles(void **state)
{
    struct fixture *f = *state;
    char line[512];
    int child;
    start(f);
    pid_t parse = want(f, PARSE, "parse", 0);
    say(f, "tell parse 0 child");
    assert_hears(f, "from parse 0: child", line);
    assert_int_equal(sscanf(line, "from parse 0: child %d", &child), 1);
    assert_int_equal(kill(parse, SIGKILL), 0);
    assert_hears(f, "restarted parse 0", NULL);
    assert_hears(f, "from parse 0: pid", line);
    assert_true(is_gone(child, SOON_MS)); /* what the old one had started went with it */
    say(f, "tell parse 0 crash"); /* a second death in short time: a little later */
    assert_hears(f, "restarted parse 0", NULL);
    assert_hears(f, "from parse 0: pid", NULL);
    say(f, "tell parse 0 exit"); /* ending by itself is no excuse */
    assert_hears(f, "restarted parse 0", NULL);
    assert_hears(f, "from parse 0: pid", NULL);
}

static void
garbage_costs_the_sender_only(void **state)
{
    struct fixture *f = *state;
    start(f);
    pid_t engine = engine_pid(f);
    pid_t keys = want(f, KEYS, "keys", 0), parse = want(f, PARSE, "parse", 0);
    say(f, "tell parse 0 garbage");
    assert_hears(f, "restarted parse 0", NULL);
    assert_hears(f, "from parse 0: pid", NULL);
    assert_true(is_gone(parse, SOON_MS));
    assert_int_equal(engine_pid(f), engine);
    assert_int_equal(kill(keys, 0), 0);
    say(f, "tell keys 0 echo");
    assert_hears(f, "from keys 0: echoed", NULL);
}

static void
replaces_the_engine(void **state)
{
    struct fixture *f = *state;
    char line[512];
    start(f);
    pid_t engine = engine_pid(f), parse = want(f, PARSE, "parse", 0);
    (void)want(f, NET, "net", 1);
    assert_int_equal(kill(engine, SIGKILL), 0);
    assert_false(hears(f, "nothing", SOON_MS, line)); /* the old connection ends */
    connect_door(f);
    assert_int_not_equal(engine_pid(f), engine);
    say(f, "tell parse 0 echo"); /* those that ran are introduced to the new one, and are the same */
    assert_hears(f, "from parse 0: echoed", NULL);
    say(f, "tell net 1 echo");
    assert_hears(f, "from net 1: echoed", NULL);
    assert_int_equal(kill(parse, 0), 0);
}

static unsigned
count_starts(const struct fixture *f, const char *name)
{
    char text[4096];
    unsigned n = 0;
    (void)read_text(in_folder(f, name), text, sizeof text);
    for (const char *p = text; (p = strchr(p, '\n')); p++)
        n++;
    return n;
}

/* At once, at once, after 0.2, 0.4, 0.8 s ...: not a busy loop, and not given up. */
static void
backs_off_from_one_that_dies_at_once(void **state)
{
    struct fixture *f = *state;
    write_text(in_folder(f, "libexec/die-net"), "");
    start(f);
    say(f, "want " NET " 1");
    (void)poll(NULL, 0, 2500);
    unsigned n = count_starts(f, "libexec/starts-net");
    assert_in_range(n, 3, 6);
    assert_int_equal(unlink(in_folder(f, "libexec/die-net")), 0);
    assert_hears(f, "from net 1: pid", NULL);
}

static void
notices_what_hangs(void **state)
{
    struct fixture *f = *state;
    char line[512];
    start(f);
    pid_t parse = want(f, PARSE, "parse", 0);
    (void)want(f, NET, "net", 1);
    int64_t begin = loop_now_ms();
    assert_int_equal(kill(parse, SIGSTOP), 0);
    say(f, "tell net 1 give up"); /* one that noticed by itself that a thread of its own hangs */
    bool parse_back = false, net_back = false;
    while ((!parse_back || !net_back) && hears(f, "from ", 25000, line)) {
        parse_back = parse_back || strncmp(line, "from parse 0: pid", 17) == 0;
        net_back = net_back || strncmp(line, "from net 1: pid", 15) == 0;
    }
    assert_true(parse_back && net_back);
    assert_true(loop_now_ms() - begin > 8000); /* not impatient */
    assert_true(is_gone(parse, 1000));
}

static void
one_supervisor_for_a_home(void **state)
{
    struct fixture *f = *state;
    pid_t second;
    start(f);
    pid_t engine = engine_pid(f);
    assert_int_equal(start_supervisor(f, &second), SP_BUSY);
    assert_int_equal(waitpid(second, NULL, 0), second);
    assert_int_equal(engine_pid(f), engine);
    connect_door(f); /* its door was left alone */
    assert_int_equal(engine_pid(f), engine);
}

static void
starts_over_a_stale_socket(void **state)
{
    struct fixture *f = *state;
    start(f);
    pid_t engine = engine_pid(f), parse = want(f, PARSE, "parse", 0);
    assert_int_equal(kill(f->supervisor, SIGKILL), 0);
    assert_int_equal(waitpid(f->supervisor, NULL, 0), f->supervisor);
    assert_true(is_gone(engine, SOON_MS)); /* roles do not outlive their supervisor */
    assert_true(is_gone(parse, SOON_MS));
    assert_int_equal(access(in_folder(f, "home/run/engine.sock"), F_OK), 0);
    start(f);
    assert_int_not_equal(engine_pid(f), engine);
}

static void
assert_refused(struct fixture *f, enum sp_status expected)
{
    pid_t pid;
    int status;
    assert_int_equal(start_supervisor(f, &pid), expected);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) != 0);
}

static void
refuses_a_folder_that_is_not_ours(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(symlink("/tmp", in_folder(f, "home/run")), 0);
    assert_refused(f, SP_DENIED);
    assert_int_equal(unlink(in_folder(f, "home/run")), 0);
    write_text(in_folder(f, "home/run"), "a file");
    assert_refused(f, SP_DENIED);
    assert_int_equal(unlink(in_folder(f, "home/run")), 0);
    if (geteuid() == 0) {
        assert_int_equal(mkdir(in_folder(f, "home/run"), 0700), 0);
        assert_int_equal(chown(in_folder(f, "home/run"), 12345, 12345), 0);
        assert_refused(f, SP_DENIED);
        assert_int_equal(chown(in_folder(f, "home/run"), 0, 0), 0);
        assert_int_equal(chown(in_folder(f, "home/data"), 12345, 12345), 0);
        assert_refused(f, SP_DENIED);
    }
}

static void
refuses_an_incomplete_installation(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(unlink(in_folder(f, "libexec/sealpost-net")), 0);
    assert_refused(f, SP_UNAVAILABLE);
}

/* At logout the run-time folder goes; the next login must find the same engine. */
static void
makes_a_vanished_door_again(void **state)
{
    struct fixture *f = *state;
    char token[64], again[64];
    start(f);
    pid_t engine = engine_pid(f);
    assert_int_equal(read_text(in_folder(f, "home/run/token"), token, sizeof token), 32);
    assert_int_equal(nftw(in_folder(f, "home/run"), remove_entry, 16, FTW_DEPTH | FTW_PHYS), 0);
    int64_t end = loop_now_ms() + SOON_MS;
    while (access(in_folder(f, "home/run/engine.sock"), F_OK) != 0 && loop_now_ms() < end)
        (void)poll(NULL, 0, 50);
    (void)poll(NULL, 0, 100);
    connect_door(f);
    assert_int_equal(engine_pid(f), engine);
    assert_int_equal(read_text(in_folder(f, "home/run/token"), again, sizeof again), 32);
    assert_memory_equal(token, again, 32);
    assert_int_equal(mode_of(in_folder(f, "home/run")), 0700);
}

static void
runs_password_commands_without_a_shell(void **state)
{
    struct fixture *f = *state;
    char line[512];
    write_text(in_folder(f, "home/config"), "[account work]\naddress = a@x.test\nimap = imaps://h.test\n"
                                            "password-command = printf '%s|%s|' 'a;b `id`' $HOME\n"
                                            "[account none]\naddress = b@x.test\nimap = imaps://h.test\n"
                                            "[account fds]\naddress = c@x.test\nimap = imaps://h.test\npassword-command = ls /proc/self/fd\n"
                                            "[account missing]\naddress = d@x.test\nimap = imaps://h.test\npassword-command = /nonexistent/pass\n");
    start(f);
    say(f, "password work");
    assert_hears(f, "output", line);
    assert_string_equal(line, "output a;b `id`|$HOME|");
    say(f, "password a@x.test");
    assert_hears(f, "output a;b", NULL);
    say(f, "password fds"); /* 0, 1, 2, and the one of ls itself */
    assert_hears(f, "output", line);
    assert_string_equal(line, "output 0\n1\n2\n3\n");
    say(f, "password missing");
    assert_hears(f, "output", line);
    assert_string_equal(line, "output ");
    char expected[16];
    (void)snprintf(expected, sizeof expected, "reply %d", SP_NOT_FOUND);
    say(f, "password none");
    assert_hears(f, expected, NULL);
    say(f, "password nobody");
    assert_hears(f, expected, NULL);
    write_text(in_folder(f, "home/config"), "[account work]\n"); /* read anew each time: now it has mistakes */
    (void)snprintf(expected, sizeof expected, "reply %d", SP_CONFIG);
    say(f, "password work");
    assert_hears(f, expected, NULL);
}

static long
status_field(pid_t pid, const char *field)
{
    char path[64], text[4096];
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    (void)read_text(path, text, sizeof text);
    const char *at = strstr(text, field);
    return at ? strtol(at + strlen(field), NULL, 10) : -1;
}

/* Runs a program of GnuPG on the throwaway home; its output. False when it cannot be run. */
static bool
run_gnupg(struct fixture *f, const char *program, const char *first, const char *second, const char *third, char *output, size_t size)
{
    const char *const argv[] = {program, "--homedir", in_folder(f, "gnupg"), first, second, third, NULL};
    int p[2], status = -1;
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    pid_t pid = fork();
    if (pid == 0) {
        (void)dup2(p[1], STDOUT_FILENO);
        (void)execvp(program, (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    (void)close(p[1]);
    ssize_t n = read(p[0], output, size - 1);
    output[n > 0 ? n : 0] = '\0';
    (void)close(p[0]);
    return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Asked for by a confined keys: the agent, which goes on to serve the user's other programs, is not confined (S77). */
static void
launches_the_agent_outside_of_any_filter(void **state)
{
    struct fixture *f = *state;
    char text[256];
    if (!run_gnupg(f, "gpg-connect-agent", "--no-autostart", "--version", NULL, text, sizeof text))
        skip();
    start(f);
    pid_t keys = want(f, KEYS, "keys", 0);
    say(f, "tell keys 0 agent");
    assert_hears(f, "from keys 0: agent 0", NULL);
    assert_int_equal(status_field(keys, "Seccomp:"), 2);
    assert_true(run_gnupg(f, "gpg-connect-agent", "--no-autostart", "GETINFO pid", "/bye", text, sizeof text));
    int agent = 0;
    assert_int_equal(sscanf(text, "D %d", &agent), 1);
    assert_int_equal(status_field(agent, "Seccomp:"), 0);
    assert_int_equal(status_field(agent, "NoNewPrivs:"), 0);
    assert_true(run_gnupg(f, "gpgconf", "--kill", "gpg-agent", NULL, text, sizeof text));
}

static void
stops_and_leaves_nothing(void **state)
{
    struct fixture *f = *state;
    for (int round = 0; round < 2; round++) {
        start(f);
        pid_t engine = engine_pid(f), parse = want(f, PARSE, "parse", 0), net = want(f, NET, "net", 1);
        assert_int_equal(kill(net, SIGSTOP), 0); /* one that does not listen */
        if (round == 0)
            say(f, "stop");
        else
            assert_int_equal(kill(f->supervisor, SIGTERM), 0);
        assert_true(is_gone(f->supervisor, SOON_MS));
        f->supervisor = 0;
        assert_true(is_ended(engine));
        assert_true(is_ended(parse));
        assert_true(is_ended(net));
        assert_int_not_equal(access(in_folder(f, "home/run/engine.sock"), F_OK), 0);
        assert_int_not_equal(access(in_folder(f, "home/run/token"), F_OK), 0);
    }
}

int
main(int argc, char **argv)
{
    int code = argc > 0 ? fake_role_main(argv[0]) : -1;
    if (code >= 0)
        return code;
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1); /* orphans come to us and are seen to end: the machine's first process may be slow to reap */
    if (access(supervisor_program(), X_OK) != 0) {
        printf("1..0 # SKIP %s is not built\n", supervisor_program());
        return 77;
    }
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(starts_the_engine_and_hands_the_door), TEST(introduces_roles), TEST(refuses_what_no_engine_wants), TEST(replaces_killed_roles),
        TEST(garbage_costs_the_sender_only), TEST(replaces_the_engine), TEST(backs_off_from_one_that_dies_at_once), TEST(notices_what_hangs),
        TEST(one_supervisor_for_a_home), TEST(starts_over_a_stale_socket), TEST(refuses_a_folder_that_is_not_ours),
        TEST(refuses_an_incomplete_installation), TEST(makes_a_vanished_door_again), TEST(runs_password_commands_without_a_shell),
        TEST(launches_the_agent_outside_of_any_filter), TEST(stops_and_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
