/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What may be dangerous about a message: rules as pure functions of the verdict (what the message is) and of a context from the store
   (what is known of its sender). No I/O, no clock, no configuration. Every rule has a line in rules.def. */
#ifndef SP_THREAT_THREAT_H
#define SP_THREAT_THREAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/messages.h"
#include "base/status.h"

#define THREAT_MAX_KNOWN 500 /* correspondents that are compared with a stranger; more are not looked at */

/* Somebody the person has exchanged mail with. */
struct threat_known {
    const char *address, *name;  /* "" = unknown */
};

/* All texts and lists are borrowed during the call. Zeroed: nothing is known, as for `inspect` of a file. */
struct threat_context {
    const char *const *own;      /* the person's own addresses */
    size_t own_n;
    bool history;                /* the counts below are known; false: first contact says nothing */
    uint32_t received_before;    /* messages from this address before this one */
    uint32_t sent_before;        /* messages to this address */
    uint32_t passed_before;      /* of the received ones: the server had confirmed the sender */
    uint32_t signed_before;      /* of the received ones: with a good signature */
    bool other_key;              /* signed by another key than before */
    const struct threat_known *known;
    size_t known_n;
    bool cites_thread;           /* it answers a message that is here */
    bool took_part;              /* and its sender has written in that thread, or was written to */
    const char *const *trusted;  /* domains that the person trusts: they silence cautions, never a failed authentication */
    size_t trusted_n;
};

/* Adds what it finds to v->warnings and raises v->risk. Texts are in the arena or borrowed from v. SP_NOMEM. */
enum sp_status threat_judge(struct wr_verdict *v, const struct threat_context *c, struct arena *arena) SP_MUST_USE;

#endif
