/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a synchronisation of one folder has to do: pure, plain data in and out. */
#ifndef SP_ENGINE_SYNCPLAN_H
#define SP_ENGINE_SYNCPLAN_H

#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/messages.h"
#include "base/status.h"
#include "store/store.h"

enum syncplan_need {
    SYNCPLAN_NOTHING,  /* nothing changed since the last time */
    SYNCPLAN_GROWN,    /* what is new has the uids from the known UIDNEXT on, and the server tells which flags changed: nothing
                          proportional to the folder is needed, unless the counts do not fit afterwards */
    SYNCPLAN_COMPARE,  /* uids and flags must be compared */
    SYNCPLAN_RESET,    /* UIDVALIDITY changed (RFC 9051 section 2.3.1.1): all that is known of the folder is void */
};
/* known: the folder as the store has it, of the last complete synchronisation. */
enum syncplan_need syncplan_need(const struct store_folder *known, const struct wm_imap_selected *now);
/* With the same HIGHESTMODSEQ no flag changed (RFC 7162 section 3.1.2). */
bool syncplan_flags_unchanged(const struct store_folder *known, const struct wm_imap_selected *now);

struct syncplan {
    uint32_t *fetch;   /* on the server, not here; newest first. Owned */
    size_t fetch_n;
    uint32_t *gone;    /* here, not on the server any more. Owned */
    size_t gone_n;
    uint32_t *both;    /* ascending; their flags are to be compared. Owned */
    size_t both_n;
};
/* local: ascending; entries with uid 0 (not on the server yet) are passed over. server: packed, strictly ascending, no 0 (else
   SP_PROTOCOL: it comes from the network). */
enum sp_status syncplan_make(const struct store_uid *local, size_t local_n, struct wire_blob server, struct syncplan *out) SP_MUST_USE;
/* The plan for SYNCPLAN_GROWN. SP_NOMEM. */
enum sp_status syncplan_grown(const struct store_folder *known, const struct wm_imap_selected *now, struct syncplan *out) SP_MUST_USE;
void syncplan_release(struct syncplan *p);
/* The flags of an uid in the ascending list; false when it is not there. */
bool syncplan_find(const struct store_uid *local, size_t n, uint32_t uid, uint32_t *flags);

/* How many of the uids from `at` on are asked for at once: little at first, so that the first screen comes soon. */
size_t syncplan_chunk(const struct syncplan *p, size_t at);
/* Appends the IMAP sequence set of the uids (ascending or descending), runs as ranges. */
void syncplan_uid_set(struct buf *b, const uint32_t *uids, size_t n);

#endif
