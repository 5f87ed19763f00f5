/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The resolver process and connecting. */
#include "resolve.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "base/secret.h"

#define MAX_CHILDREN 8
#define LOOKUP_SECONDS 20
#define STAGGER_MS 250

struct request {
    uint16_t port;
    char host[256];
};

/* ---- the helper */

static void
look_up(const struct request *q, int out)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV}, *list = NULL;
    struct addresses a = {0};
    char port[8];
    (void)signal(SIGALRM, SIG_DFL);
    (void)alarm(LOOKUP_SECONDS);
    (void)snprintf(port, sizeof port, "%u", q->port);
    if (getaddrinfo(q->host, port, &hints, &list) == 0) {
        for (const struct addrinfo *i = list; i && a.n < RESOLVE_MAX; i = i->ai_next) {
            if ((i->ai_family != AF_INET && i->ai_family != AF_INET6) || i->ai_addrlen > sizeof a.list[0].addr)
                continue;
            memcpy(&a.list[a.n].addr, i->ai_addr, i->ai_addrlen);
            a.list[a.n++].len = i->ai_addrlen;
        }
    }
    if (a.n) /* fits into a pipe: written at once */
        (void)!write(out, &a, sizeof a);
    _exit(0);
}

static ssize_t
receive_request(int fd, struct request *q, int *out)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct iovec iov = {q, sizeof *q};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};
    ssize_t n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC);
    struct cmsghdr *cm = n > 0 ? CMSG_FIRSTHDR(&m) : NULL;
    *out = -1;
    if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS && cm->cmsg_len == CMSG_LEN(sizeof(int)))
        memcpy(out, CMSG_DATA(cm), sizeof(int));
    return n;
}

static void
resolver_loop(int fd)
{
    unsigned children = 0;
    for (;;) {
        struct request q;
        int out;
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, children ? 1000 : -1) < 0 && errno != EINTR)
            _exit(1);
        while (children && waitpid(-1, NULL, WNOHANG) > 0)
            children--;
        if (!p.revents)
            continue;
        ssize_t n = receive_request(fd, &q, &out);
        if (n == 0 || (n < 0 && errno != EINTR))
            _exit(0);
        if (n == (ssize_t)sizeof q && out >= 0 && memchr(q.host, 0, sizeof q.host) && children < MAX_CHILDREN) {
            pid_t pid = fork();
            if (pid == 0)
                look_up(&q, out);
            if (pid > 0)
                children++;
        }
        if (out >= 0)
            (void)close(out);
    }
}

static void
resolver_main(int fd)
{
    /* Nothing that the net process holds may stay open here; the request socket moves to 3. */
    if (fd != 3 && dup2(fd, 3) < 0)
        _exit(1);
    (void)close_range(4, ~0u, 0);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    secret_harden_process();
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    /* Name service modules are loaded and files are read at each look-up, so this process keeps the reading of files. */
    if (sandbox_enter_resolver() != SP_OK)
        _exit(1);
    resolver_loop(3);
}

enum sp_status
resolver_start(int *fd)
{
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0)
        return SP_IO;
    pid_t pid = fork();
    if (pid == 0)
        resolver_main(pair[1]);
    (void)close(pair[1]);
    if (pid < 0) {
        (void)close(pair[0]);
        return SP_IO;
    }
    *fd = pair[0];
    return SP_OK;
}

/* ---- asking */

static bool
plausible_host(const char *host)
{
    size_t len = strlen(host);
    if (len == 0 || len > 253 || *host == '-' || *host == '.')
        return false;
    for (; *host; host++)
        if (!isalnum((unsigned char)*host) && *host != '-' && *host != '.' && *host != '_')
            return false;
    return true;
}

enum sp_status
resolver_ask(int fd, const char *host, uint16_t port, int *answer)
{
    struct request q = {.port = port};
    int ends[2];
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {.room = {0}};
    struct iovec iov = {&q, sizeof q};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = control.room, .msg_controllen = sizeof control.room};

    if (!plausible_host(host))
        return SP_INVALID;
    (void)snprintf(q.host, sizeof q.host, "%s", host);
    if (pipe2(ends, O_CLOEXEC) != 0)
        return SP_IO;
    struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
    cm->cmsg_level = SOL_SOCKET;
    cm->cmsg_type = SCM_RIGHTS;
    cm->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(cm), &ends[1], sizeof(int));
    ssize_t n = sendmsg(fd, &m, MSG_NOSIGNAL);
    (void)close(ends[1]);
    if (n != (ssize_t)sizeof q) {
        (void)close(ends[0]);
        return SP_UNAVAILABLE;
    }
    *answer = ends[0];
    return SP_OK;
}

enum sp_status
resolver_answer(int answer, struct addresses *out)
{
    ssize_t n = read(answer, out, sizeof *out);
    if (n != (ssize_t)sizeof *out || out->n == 0 || out->n > RESOLVE_MAX)
        return SP_DNS;
    for (uint32_t i = 0; i < out->n; i++)
        if (out->list[i].len > sizeof out->list[i].addr)
            return SP_DNS;
    return SP_OK;
}

int
resolve_literal(const char *host, uint16_t port, struct addresses *out)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&out->list[0].addr;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&out->list[0].addr;
    *out = (struct addresses){.n = 1};
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        out->list[0].len = sizeof *v4;
        return 1;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        out->list[0].len = sizeof *v6;
        return 1;
    }
    return 0;
}

void
resolve_interleave(struct addresses *a)
{
    struct addresses old = *a;
    bool used[RESOLVE_MAX] = {false};
    if (old.n == 0)
        return;
    sa_family_t family = old.list[0].addr.ss_family;
    for (uint32_t n = 0; n < old.n; n++) {
        uint32_t pick = 0, other = 0;
        while (other + 1 < old.n && used[other])
            other++;
        for (pick = other; pick + 1 < old.n && (used[pick] || old.list[pick].addr.ss_family != family);)
            pick++;
        if (used[pick] || old.list[pick].addr.ss_family != family)
            pick = other; /* that family is used up */
        used[pick] = true;
        a->list[n] = old.list[pick];
        family = old.list[pick].addr.ss_family == AF_INET ? AF_INET6 : AF_INET;
    }
}

/* ---- connecting */

static int
start_try(const struct address *a)
{
    int one = 1;
    int fd = socket(a->addr.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    /* A connection whose other end is gone without a word (sleep, another network) is noticed within two minutes while nothing is said
       on it, and within half a minute when something is. */
    int quiet = 60, between = 15, probes = 4, unanswered_ms = 30000;
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &one, sizeof one);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &quiet, sizeof quiet);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between, sizeof between);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof unanswered_ms);
    if (connect(fd, (const struct sockaddr *)&a->addr, a->len) != 0 && errno != EINPROGRESS) {
        (void)close(fd);
        return -1;
    }
    return fd;
}

/* The index of a try that is connected, or -1; failed ones are closed and taken out. */
static int
settle(struct pollfd *tries, unsigned *n)
{
    for (unsigned i = 0; i < *n;) {
        int error = 0;
        socklen_t len = sizeof error;
        if (!tries[i].revents) {
            i++;
            continue;
        }
        if (getsockopt(tries[i].fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 && error == 0)
            return (int)i;
        (void)close(tries[i].fd);
        tries[i] = tries[--*n];
    }
    return -1;
}

enum sp_status
resolve_connect(const struct addresses *a, resolve_wait_fn *wait, void *arg, int *fd)
{
    struct pollfd tries[RESOLVE_MAX];
    unsigned n = 0;
    uint32_t next = 0;
    enum sp_status st = SP_OK;
    int winner = -1;

    while (!st && winner < 0) {
        if (next < a->n) {
            int sock = start_try(&a->list[next++]);
            if (sock < 0)
                continue;
            tries[n++] = (struct pollfd){.fd = sock, .events = POLLOUT};
        }
        if (n == 0 && next >= a->n)
            return SP_CONNECT;
        st = wait(tries, n, next < a->n ? STAGGER_MS : 1000, arg);
        if (!st)
            winner = settle(tries, &n);
    }
    for (unsigned i = 0; i < n; i++)
        if ((int)i != winner)
            (void)close(tries[i].fd);
    if (!st)
        *fd = tries[winner].fd;
    return st;
}
