/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The supervisor starts the roles with their sockets connected, replaces those that end or hang, and holds the lock. It parses
   nothing but the user's own configuration file. */
#ifndef SP_SUPERVISOR_SUPERVISOR_H
#define SP_SUPERVISOR_SUPERVISOR_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/loop.h"
#include "base/types.h"
#include "base/wire.h"
#include "config/config.h"

#define SUPERVISOR_MAX_ACCOUNTS 64
#define SUPERVISOR_MAX_SLOTS (3 + SUPERVISOR_MAX_ACCOUNTS) /* engine, parse, keys, and a net for each account */

/* A place for one process; it stays when the process is replaced. */
struct slot {
    struct supervisor *owner;
    enum sp_role role;
    unsigned index;
    bool wanted;
    pid_t pid;                   /* 0: not running */
    struct wire_conn *control;   /* owned */
    int64_t started_ms;
    unsigned quick_deaths;       /* in a row, for the back-off */
    struct loop_timer *restart;
    unsigned unanswered;         /* pings in a row */
    uint32_t serial;
};

struct supervisor {
    struct arena arena;
    struct loop *loop;
    struct config_paths paths;
    const char *gnupg_home;      /* "" = GnuPG's own */
    const char *libexec;         /* folder of the role programs */
    int lock_fd, listener;
    dev_t door_dev;              /* of the socket in the run-time folder, to notice when it is gone */
    ino_t door_ino;
    unsigned char token[32];
    struct slot slots[SUPERVISOR_MAX_SLOTS];
    size_t slots_n;
    struct helper *helpers;      /* programs run for the engine or keys */
    bool stopping;
    bool stay;                   /* what clients told the engine; the next one must know */
};

/* --- place.c: the profile's and the run-time folder */
/* Makes the folders (0700, ours), takes the lock beside the store, writes the token, listens. SP_BUSY: another supervisor has the
   lock. SP_DENIED: a folder belongs to somebody else. *what gets the path concerned (borrowed from the arena). */
enum sp_status place_take(struct supervisor *s, const char **what) SP_MUST_USE;
/* The run-time folder can vanish while we run (at logout, by a cleaner of /tmp): then the door is made again, with the same token.
   True when it was: the engine must get the new listener. */
bool place_renew(struct supervisor *s);
/* Removes socket and token, gives the lock back. */
void place_leave(struct supervisor *s);

/* --- process.c: starting programs */
struct process {
    const char *program;         /* path, or a name looked up in PATH */
    const char *const *argv;
    int control_fd;              /* becomes descriptor 3; -1 = none */
    int stdout_fd;               /* -1 = /dev/null */
};
/* Starts it in a process group of its own, with a clean signal state, /dev/null as standard input, and no other descriptor. 0 on failure. */
pid_t process_start(const struct process *p);

/* --- roles.c: slots, restart, peers */
/* Whether the programs of the roles are where ours is; *what gets the first one missing (SP_UNAVAILABLE). */
enum sp_status roles_are_installed(struct supervisor *s, const char **what) SP_MUST_USE;
/* Gives the (new) listener to the engine. */
void roles_open_door(struct supervisor *s);
/* The slot of a role, made when it is new; NULL when there is no more room. */
struct slot *roles_slot(struct supervisor *s, enum sp_role role, unsigned index);
/* Starts it when it does not run. */
void roles_want(struct slot *slot);
void roles_unwant(struct slot *slot);
/* A child ended: true when it was a role. */
bool roles_child_ended(struct supervisor *s, pid_t pid, int status);
/* Ends everything: asks, waits, kills. Stops the loop when all are gone. */
void roles_stop(struct supervisor *s);

/* --- watchdog.c */
/* Begins to ping every role; one that leaves WATCHDOG_MISSES pings in a row unanswered is killed (and so replaced). Looks after
   the door as well. */
void watchdog_start(struct supervisor *s);

/* --- helpers.c: programs run on request */
/* Answers run_password_command: the account's configured argv, its output as a pipe. */
void helpers_password_command(struct slot *asker, uint32_t id, const char *account);
/* Answers launch_agent: gpgconf --launch gpg-agent, outside any filter. */
void helpers_launch_agent(struct slot *asker, uint32_t id);
/* Ends that process if it is a pinentry; any other stays. */
void helpers_end_pinentry(uint32_t pid);
void helpers_child_ended(struct supervisor *s, pid_t pid, int status);
/* Ends all of them: we end. */
void helpers_end(struct supervisor *s);
/* The asker is gone: nobody waits for its answers any more. */
void helpers_forget(struct supervisor *s, const struct slot *asker);

#endif
