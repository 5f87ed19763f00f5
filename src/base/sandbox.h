/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Confinement of a role: no_new_privs, Landlock where the kernel has it, a seccomp filter (design, section 2). */
#ifndef SP_BASE_SANDBOX_H
#define SP_BASE_SANDBOX_H

#include <stdbool.h>

#include "status.h"
#include "types.h"

/* Paths that a role may use; NULL-terminated arrays, borrowed during the call; paths that do not exist are passed over. */
struct sandbox_paths {
    const char *const *read_only;   /* files and trees */
    const char *const *read_write;
    const char *const *execute;     /* programs (keys only: gpg and what it loads) */
    bool connect_tcp;               /* may open TCP connections; sandbox_enter sets it from its own table */
};

/* Confines this process and all its later children for the role. Call once, single-threaded, after everything that needs
   files (locale, iconv converters, CA bundle) was loaded. paths may be NULL: no file at all.
   SP_UNSUPPORTED when the kernel has no seccomp: the caller must refuse to go on (never run unconfined).
   What each role may do stands in one table in sandbox.c. */
enum sp_status sandbox_enter(enum sp_role role, const struct sandbox_paths *paths) SP_MUST_USE;
/* A second, tighter step for the children that parse one message (PARSE) or do one S/MIME operation (KEYS): no new processes, no
   sockets, and signals to nobody. */
enum sp_status sandbox_enter_child(enum sp_role role) SP_MUST_USE;
/* For the helper of net that resolves host names: reads the system's files and modules, asks name servers, forks; executes nothing and
   writes nothing. */
enum sp_status sandbox_enter_resolver(void) SP_MUST_USE;
/* The Landlock ABI of this kernel, 0 = none. */
int sandbox_landlock_abi(void);

#endif
