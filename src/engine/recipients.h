/* SPDX-License-Identifier: GPL-3.0-or-later */
/* To whom a draft goes, and with which keys: address fields parsed by the parse role, keys chosen by the keys role. */
#ifndef SP_ENGINE_RECIPIENTS_H
#define SP_ENGINE_RECIPIENTS_H

#include "engine.h"

struct recipients;

/* Borrowed until recipients_free. */
struct recipients_result {
    const struct wr_mailbox *from;     /* the one author; NULL when the field is not exactly one mailbox */
    struct wr_recipient_plan *list;    /* To, Cc, Bcc in order, each address once */
    uint32_t n;
    const char *invalid;               /* the first text that is no address, "" = all are good */
    enum sp_status signer_state;
    const char *signer_fingerprint, *signer_identity;
    bool all_have_keys;
};
/* From the loop, once. st is about the work itself: a field that does not parse, or a missing key, is a result. */
typedef void recipients_fn(enum sp_status st, const struct recipients_result *r, void *arg);

/* The draft is copied as far as it is needed. */
struct recipients *recipients_start(struct engine *e, const struct wr_draft *d, uint64_t client, recipients_fn *fn, void *arg);
/* NULL is allowed. */
void recipients_free(struct recipients *r);
/* The protocol that the draft will use: never NONE. */
enum sp_protocol recipients_protocol(struct engine *e, const struct wr_draft *d);

#endif
