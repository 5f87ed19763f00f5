/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the bytes of a message from a draft: entity, signature, encryption, headers; one variant for the named recipients and, when
   encrypted, one for each Bcc recipient (S68). */
#ifndef SP_ENGINE_COMPOSE_H
#define SP_ENGINE_COMPOSE_H

#include "engine.h"
#include "recipients.h"

struct compose;

struct compose_variant {
    const char **recipients;  /* NULL-terminated; may be empty for the first one, which is also the copy for Sent (S70) */
    int bytes;                /* sealed memfd */
};
/* From the loop, once; variants are borrowed. text: what keys said. */
typedef void compose_fn(enum sp_status st, const char *text, const struct compose_variant *v, size_t n, const char *message_id, void *arg);

struct compose_ask {
    const struct wr_draft *draft;            /* copied as far as needed */
    const struct recipients_result *recipients; /* borrowed until compose_free */
    const char *origin_subject;              /* of the message that is answered, "" = none */
    const int *attachments;                  /* memfds in the draft's order; borrowed during the call */
    uint64_t client;
};

/* Everything needed must have been checked: addresses are good, keys are there (S69). */
struct compose *compose_start(struct engine *e, const struct compose_ask *ask, compose_fn *fn, void *arg);
/* NULL is allowed. */
void compose_free(struct compose *c);

#endif
