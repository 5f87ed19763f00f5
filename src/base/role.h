/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What every role's main shares: the control connection to the supervisor on descriptor 3, pings, peers handed over, stop. */
#ifndef SP_BASE_ROLE_H
#define SP_BASE_ROLE_H

#include "loop.h"
#include "types.h"
#include "wire.h"

#define ROLE_CONTROL_FD 3

struct role;
/* A new connection to another role; fd is taken. Called again after that role was replaced (drop the old connection). */
typedef void role_peer_fn(struct role *r, enum sp_role peer, unsigned index, int fd, void *arg);
/* Control messages other than peer, ping and stop (for the engine: door). May be NULL. */
typedef void role_control_fn(struct role *r, struct wire_in *in, struct arena *arena, void *arg);

/* Hardens the process, ignores SIGPIPE, sets up the log and the loop, greets the supervisor with the build id. NULL on failure. */
struct role *role_new(enum sp_role which, role_peer_fn *on_peer, role_control_fn *on_control, void *arg);
struct loop *role_loop(struct role *r);
struct wire_conn *role_control(struct role *r);
/* Stop answering the watchdog's pings (a hung worker was noticed): the supervisor replaces this process. */
void role_give_up(struct role *r, const char *why);
/* Runs the loop until the supervisor goes away or says stop; returns the exit status. */
int role_run(struct role *r);
void role_free(struct role *r);

#endif
