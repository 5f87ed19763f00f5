/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the wire layer: encoding with descriptors. Others use wire.h. */
#ifndef SP_BASE_WIRE_CODE_H
#define SP_BASE_WIRE_CODE_H

#include "wire.h"

struct wire_out {
    struct buf *body;
    int *fds;       /* borrowed descriptors in order; NULL = none allowed */
    size_t n_fds;
};

struct wire_source {
    const char *at;
    size_t len;
    int *fds;       /* owned by the caller; those taken into the record become -1 */
    size_t n_fds, next_fd;
    struct arena *arena;
};

enum sp_status wire_code_encode(const struct wire_desc *desc, const void *record, struct wire_out *out) SP_MUST_USE;
/* On failure the record may hold descriptors already: close them with wire_code_each_fd. */
enum sp_status wire_code_decode(const struct wire_desc *desc, struct wire_source *in, void *record) SP_MUST_USE;
void wire_code_each_fd(const struct wire_desc *desc, void *record, void (*fn)(int *fd));

#endif
