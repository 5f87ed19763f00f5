/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Large payloads: sealed memory files. A receiver checks seals and size before it maps (S76). */
#ifndef SP_BASE_MEMFD_H
#define SP_BASE_MEMFD_H

#include <stddef.h>

#include "status.h"

/* A new memfd holding a copy of the bytes, sealed against writing and resizing. Caller owns *fd. */
enum sp_status memfd_from(const void *bytes, size_t len, int *fd) SP_MUST_USE;
/* An unsealed one to be written with write(2); seal it with memfd_seal before it is sent. */
enum sp_status memfd_open(int *fd) SP_MUST_USE;
enum sp_status memfd_seal(int fd) SP_MUST_USE;

struct memfd_map {
    const char *data; /* "" when len is 0 */
    size_t len;
};
/* Maps a sealed memfd read-only; SP_INVALID when a seal is missing (or it is no memfd), SP_TOO_LARGE above max bytes.
   The descriptor may be closed afterwards. */
enum sp_status memfd_map(int fd, size_t max, struct memfd_map *map) SP_MUST_USE;
void memfd_unmap(struct memfd_map *map);
/* A sealed memfd with the rest of what fd delivers (regular file or pipe), at most max bytes. */
enum sp_status memfd_copy(int fd, size_t max, int *out) SP_MUST_USE;

#endif
