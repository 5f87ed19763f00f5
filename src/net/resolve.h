/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names to addresses to a connected socket. getaddrinfo needs files and cannot be cancelled, so a helper process does it: forked before
   confinement, confined in its own way, one fork per look-up; whoever asked waits on a pipe and may stop waiting. */
#ifndef SP_NET_RESOLVE_H
#define SP_NET_RESOLVE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>

#include "base/status.h"

#define RESOLVE_MAX 16

struct addresses {
    uint32_t n;
    struct address {
        socklen_t len;
        struct sockaddr_storage addr;
    } list[RESOLVE_MAX];
};

/* Forks the helper; *fd is its request socket (close it to end the helper). Call before any thread exists and before confinement. */
enum sp_status resolver_start(int *fd) SP_MUST_USE;
/* Asks for host and port; *answer is a pipe that becomes readable with the answer, or ends without one. Any thread may call.
   SP_INVALID for what cannot be a host name. */
enum sp_status resolver_ask(int fd, const char *host, uint16_t port, int *answer) SP_MUST_USE;
/* Reads the answer once the pipe is readable. SP_DNS when there is none. */
enum sp_status resolver_answer(int answer, struct addresses *out) SP_MUST_USE;
/* An IP address as text needs no resolver: true and one address. */
int resolve_literal(const char *host, uint16_t port, struct addresses *out);
/* Puts the address families by turns, the first one's family first (RFC 8305 section 4). */
void resolve_interleave(struct addresses *a);

/* Connects to the first address that answers: a new try joins every 250 ms or when one fails. Waits through wait(arg), which polls
   the given descriptors at most ms milliseconds and returns SP_OK, or why to stop. *fd is non-blocking and close-on-exec.
   SP_CONNECT when every address failed. */
struct pollfd;
typedef enum sp_status resolve_wait_fn(struct pollfd *fds, unsigned n, int ms, void *arg);
enum sp_status resolve_connect(const struct addresses *a, resolve_wait_fn *wait, void *arg, int *fd) SP_MUST_USE;

#endif
