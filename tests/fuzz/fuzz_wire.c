/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The wire layer's decoder: the first byte chooses the message, the rest is its body. What is accepted must encode to
   exactly the bytes that were read, else two processes could understand one message differently. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/messages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint16_t types[] = {
#define M(number, name, final, secret) number,
    WIRE_MESSAGES(M)
#undef M
};

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct buf again = BUF_INIT;

    if (size < 1)
        return 0;
    const struct wire_desc *desc = wire_message_desc(types[*data % (sizeof types / sizeof *types)]);
    data++;
    size--;
    void *record = arena_alloc(&arena, desc->size);
    enum sp_status st = wire_decode(desc, data, size, &arena, record);
    if (!st) {
        if (wire_encode(desc, record, &again) || again.len != size)
            abort();
        if (again.len && memcmp(again.data, data, again.len) != 0)
            abort();
    }
    buf_release(&again);
    arena_release(&arena);
    return 0;
}
