/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a synchronisation has to do: pure, plain data in and out. */
#ifndef SP_ENGINE_SYNCPLAN_H
#define SP_ENGINE_SYNCPLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/messages.h"
#include "base/status.h"
#include "store/store.h"

/* ---- which folders, in which order */

/* Must the folder be selected? state: what STATUS said, told 0 = nothing. thorough: also what STATUS cannot tell of a server without
   mod-sequences (changed flags other than \Seen). */
bool syncplan_must_open(const struct store_folder *known, const struct wr_imap_state *state, bool thorough);
/* Sorts: the inbox, the folder on the screen (0 = none), what is watched, the rest as it was; what repeats all the others (\All) last. */
void syncplan_order(struct store_folder *folders, size_t n, uint64_t screen);
/* The folder that has vanished of these n and must be the same as the new one (its UIDVALIDITY, and a UIDNEXT that has not gone back),
   if there is exactly one; NULL. */
const struct store_folder *syncplan_renamed(const struct store_folder *vanished, size_t n, const struct wr_imap_state *now);

/* ---- one folder */

enum syncplan_need {
    SYNCPLAN_NOTHING,  /* nothing changed since the last time */
    SYNCPLAN_RESYNCED, /* the server has told what changed and went (QRESYNC) */
    SYNCPLAN_GROWN,    /* what is new has the uids from the known UIDNEXT on, and the server tells which flags changed: nothing
                          proportional to the folder is needed, unless the counts do not fit afterwards */
    SYNCPLAN_COMPARE,  /* uids and flags must be compared */
    SYNCPLAN_RESET,    /* UIDVALIDITY changed (RFC 9051 section 2.3.1.1): all that is known of the folder is void */
};
/* known: the folder as the store has it, of the last complete synchronisation; coming: how many of its rows no server knows yet. */
enum syncplan_need syncplan_need(const struct store_folder *known, uint32_t coming, const struct wm_imap_selected *now);
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
/* A packed list of uids from the network: strictly ascending, no 0; else SP_PROTOCOL. */
enum sp_status syncplan_check(struct wire_blob server) SP_MUST_USE;
/* local: ascending; entries with uid 0 (not on the server yet) are passed over. server: as
   syncplan_check demands. */
enum sp_status syncplan_make(const struct store_uid *local, size_t local_n, struct wire_blob server, struct syncplan *out) SP_MUST_USE;
/* The plan for SYNCPLAN_GROWN. SP_NOMEM. */
enum sp_status syncplan_grown(const struct store_folder *known, const struct wm_imap_selected *now, struct syncplan *out) SP_MUST_USE;
void syncplan_release(struct syncplan *p);
/* The flags of an uid in the ascending list; false when it is not there. */
bool syncplan_find(const struct store_uid *local, size_t n, uint32_t uid, uint32_t *flags);

/* A folder is compared in windows, the newest first, so that its size does not matter. The next one below `upto` (uids up to it are
   still to be compared; UINT32_MAX at the beginning): local are the highest local uids up to there, descending, at most cap of them.
   Gives the part of server that lies in the window, and what it reaches down to: uids above *down are in it; 0 = this is the last one.
   *local_n becomes the number of those local ones that lie in it. */
struct wire_blob syncplan_window(struct wire_blob server, uint32_t upto, const struct store_uid *local, size_t *local_n, size_t cap, size_t size,
                                 uint32_t *down);

/* How many of the uids from `at` on are asked for at once: little at first, so that the first screen comes soon. */
size_t syncplan_chunk(const struct syncplan *p, size_t at);
/* Appends the IMAP sequence set of the uids (ascending or descending), runs as ranges. */
void syncplan_uid_set(struct buf *b, const uint32_t *uids, size_t n);

#endif
