/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Secrets: locked memory, left out of core dumps and of forked children, wiped when released (S64, S72). */
#ifndef SP_BASE_SECRET_H
#define SP_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "status.h"

struct secret {
    uint8_t *data; /* whole pages of their own, mlocked where the limit allows, MADV_DONTDUMP; NUL after len */
    size_t len;
    size_t cap;
};

#define SECRET_INIT {0}

void secret_init(struct secret *s);
/* Wipes, unlocks and unmaps. */
void secret_release(struct secret *s);
/* Replaces the content by a copy of the bytes. */
enum sp_status secret_set(struct secret *s, const void *bytes, size_t len) SP_MUST_USE;
/* Reads a secret from a pipe until its end, at most max bytes, straight into locked memory. A trailing newline is kept. */
enum sp_status secret_read_fd(struct secret *s, int fd, size_t max) SP_MUST_USE;
/* Writes the secret to a pipe and returns its read end, close-on-exec (caller owns it); len must be at most 4,096. */
enum sp_status secret_to_pipe(const struct secret *s, int *read_fd) SP_MUST_USE;
/* Keep this secret out of children made by fork (MADV_WIPEONFORK). */
void secret_wipe_on_fork(struct secret *s);
/* The content as text (NUL-terminated), "" when empty. Borrowed. */
const char *secret_str(const struct secret *s);
/* Constant-time comparison. */
bool secret_equal(const struct secret *s, const void *bytes, size_t len);
/* Fills the secret with len bytes from the kernel's random generator. */
enum sp_status secret_random(struct secret *s, size_t len) SP_MUST_USE;
/* No core dumps, no ptrace by other programs of the same user (S72). Call first in every main. */
void secret_harden_process(void);

#endif
