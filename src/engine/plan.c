/* SPDX-License-Identifier: GPL-3.0-or-later */
/* plan_draft: what will happen to this message, for each recipient, before it is sent. */
#include <stdlib.h>

#include "door.h"
#include "handlers.h"
#include "recipients.h"

struct planning {
    struct request *rq;
    struct recipients *recipients;
    bool sign, encrypt, origin_encrypted;
};

static bool
planning_end(void *arg, enum sp_status why)
{
    struct planning *p = arg;
    (void)why;
    recipients_free(p->recipients);
    free(p);
    return true;
}

static uint32_t
collect_warnings(const struct planning *p, const struct recipients_result *r, struct wr_warning *w)
{
    uint32_t n = 0;
    if (p->origin_encrypted && !p->encrypt)
        w[n++] = (struct wr_warning){.id = "reply-in-clear", .level = SP_LEVEL_DANGER,
                                     .text = "This answers an encrypted message, but is not encrypted itself."};
    if (p->encrypt && r->signer_state)
        w[n++] = (struct wr_warning){.id = "not-readable-later", .level = SP_LEVEL_CAUTION,
                                     .text = "There is no key of your own: you will not be able to read your copy."};
    if (p->encrypt && !p->sign)
        w[n++] = (struct wr_warning){.id = "encrypted-unsigned", .level = SP_LEVEL_NOTICE,
                                     .text = "Encrypted without a signature: recipients cannot know that it is from you."};
    return n;
}

static void
on_recipients(enum sp_status st, const struct recipients_result *r, void *arg)
{
    struct planning *p = arg;
    struct wr_warning warnings[4];
    if (st && st != SP_UNAVAILABLE && st != SP_CRASHED && st != SP_LOCKED) {
        request_fail(p->rq, st, NULL);
    } else {
        struct wm_send_plan m = {.signer_state = (uint16_t)(st ? st : r->signer_state), .signer_fingerprint = r->signer_fingerprint,
                                 .signer_identity = r->signer_identity, .recipients = r->list, .recipients_n = r->n, .warnings = warnings};
        bool keys_good = (!p->encrypt || r->all_have_keys) && (!p->sign || !r->signer_state);
        m.can_send = r->from && r->n > 0 && !*r->invalid && (keys_good || (!p->sign && !p->encrypt));
        struct wr_recipient_plan *all = engine_alloc((r->n + 1) * sizeof *all);
        for (uint32_t i = 0; i < r->n; i++)
            all[i] = r->list[i];
        if (st)
            for (uint32_t i = 0; i < r->n; i++)
                all[i].state = (uint16_t)st;
        if (*r->invalid) /* shown as a line of its own, so that it can be seen which one it is */
            all[m.recipients_n++] = (struct wr_recipient_plan){.address = r->invalid, .name = "", .state = SP_INVALID, .fingerprint = "", .identity = "",
                                                               .reason = "invalid-address"};
        m.recipients = all;
        m.warnings_n = collect_warnings(p, r, warnings);
        request_reply(p->rq, WM_TYPE_send_plan, &m);
        free(all);
    }
    recipients_free(p->recipients);
    free(p);
}

void
handle_plan_draft(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wr_draft *d = &((const struct wm_plan_draft *)in->msg)->draft;
    struct planning *p = engine_alloc(sizeof *p);
    (void)arena;
    *p = (struct planning){.rq = rq, .sign = d->sign, .encrypt = d->encrypt, .origin_encrypted = d->origin_encrypted};
    p->recipients = recipients_start(e, d, request_client(rq), on_recipients, p);
    request_on_end(rq, planning_end, p);
}
