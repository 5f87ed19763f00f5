/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What came into a folder since an attempt whose answer was lost: is the message that was to come there among it? Pure. */
#ifndef SP_ENGINE_ARRIVALS_H
#define SP_ENGINE_ARRIVALS_H

#include "base/arena.h"
#include "base/messages.h"

/* Message-ID without its brackets; "" = none. size and date (the server's) 0: not known. */
struct arrival {
    const char *id;
    uint64_t size;
    int64_t date;
    uint32_t uid;
};

struct arrivals {
    struct arena arena;
    struct arrival *list; /* owned */
    size_t n, cap;
};

void arrivals_release(struct arrivals *a);
/* Takes note of these; what m points to is copied. */
void arrivals_add(struct arrivals *a, const struct wm_imap_headers *m);
/* The uid of the message that can only be the wanted one, 0 = none; it is not given twice. The same Message-ID, of several the one with
   the same size; without a Message-ID (or with one that is spelt oddly) the same size and date. */
uint32_t arrivals_take(struct arrivals *a, const struct arrival *wanted);
/* The Message-ID in a header block, without brackets, in the arena; "" when there is none. */
const char *arrivals_message_id(struct arena *arena, const char *header, size_t len);

#endif
