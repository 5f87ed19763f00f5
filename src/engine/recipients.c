/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Recipients: one address field after the other through parse, then all addresses to keys. */
#include "recipients.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "accounts.h"
#include "copy.h"
#include "peers.h"

#define PARSE_MS 20000
#define RESOLVE_MS 60000
#define MAX_RECIPIENTS 1000

enum { FIELD_FROM, FIELD_TO, FIELD_CC, FIELD_BCC, FIELDS };

struct recipients {
    struct engine *engine;
    struct arena arena;
    const char *texts[FIELDS];
    unsigned field;
    enum sp_protocol protocol;
    uint64_t client;
    struct wr_mailbox from;
    struct recipients_result result;
    struct peer_call *call;
    struct loop_timer *timer;
    recipients_fn *fn;
    void *arg;
};

static void parse_next(struct recipients *r);

enum sp_protocol
recipients_protocol(struct engine *e, const struct wr_draft *d)
{
    struct account *a = account_by_id(e, d->account);
    if (d->protocol == SP_PROTOCOL_OPENPGP || d->protocol == SP_PROTOCOL_SMIME)
        return (enum sp_protocol)d->protocol;
    return a && a->config->protocol ? a->config->protocol : SP_PROTOCOL_OPENPGP;
}

static void
finish(struct recipients *r, enum sp_status st)
{
    r->fn(st, &r->result, r->arg);
}

/* ---- keys */

static void
on_resolved(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct recipients *r = arg;
    struct recipients_result *out = &r->result;
    void *copy = NULL;
    (void)arena;
    if (!reply->final)
        return;
    r->call = NULL;
    enum sp_status st = reply->status;
    if (!st && reply->in->type != WM_TYPE_resolved)
        st = SP_PROTOCOL;
    if (!st)
        st = copy_message(WM_TYPE_resolved, reply->in->msg, &r->arena, &copy);
    if (!st && ((struct wm_resolved *)copy)->recipients_n != out->n)
        st = SP_PROTOCOL;
    if (st) {
        finish(r, st);
        return;
    }
    struct wm_resolved *m = copy;
    out->all_have_keys = out->n > 0;
    for (uint32_t i = 0; i < out->n; i++) {
        struct wr_recipient_plan own = out->list[i];
        out->list[i] = m->recipients[i];
        out->list[i].address = own.address;
        out->list[i].name = own.name;
        out->list[i].field = own.field;
        out->all_have_keys &= m->recipients[i].state == SP_OK && *m->recipients[i].fingerprint;
    }
    out->signer_state = m->signer_state < SP_STATUS_COUNT ? (enum sp_status)m->signer_state : SP_INTERNAL;
    out->signer_fingerprint = m->signer_fingerprint;
    out->signer_identity = m->signer_identity;
    if (!out->signer_state && !*m->signer_fingerprint)
        out->signer_state = SP_NO_SECRET_KEY;
    finish(r, SP_OK);
}

static void
resolve(struct recipients *r)
{
    struct recipients_result *out = &r->result;
    struct wr_text *addresses = arena_array(&r->arena, out->n, sizeof *addresses);
    if (!addresses)
        abort();
    for (uint32_t i = 0; i < out->n; i++)
        addresses[i].text = out->list[i].address;
    struct wm_resolve_keys m = {.protocol = (uint8_t)r->protocol, .addresses = addresses, .addresses_n = out->n, .signer = r->from.address};
    r->call = peer_call(r->engine, &(struct peer_request){.role = SP_ROLE_KEYS, .type = WM_TYPE_resolve_keys, .msg = &m, .timeout_ms = RESOLVE_MS,
                                                          .flags = PEER_AGAIN, .client = r->client, .fn = on_resolved, .arg = r});
}

/* ---- addresses */

/* What SMTP and headers must never carry (S54), whatever parse said. */
static bool
good_address(const char *a)
{
    size_t len = strlen(a);
    const char *at = strrchr(a, '@');
    if (!at || at == a || !at[1] || len > 320)
        return false;
    for (; *a; a++)
        if ((unsigned char)*a <= ' ' || *a == 0x7f || *a == '<' || *a == '>')
            return false;
    return true;
}

static void
add_recipient(struct recipients *r, const struct wr_mailbox *m, enum sp_rcpt_field field)
{
    struct recipients_result *out = &r->result;
    for (uint32_t i = 0; i < out->n; i++)
        if (strcasecmp(out->list[i].address, m->address) == 0)
            return;
    if (out->n == MAX_RECIPIENTS) {
        out->invalid = m->address;
        return;
    }
    out->list[out->n++] = (struct wr_recipient_plan){.address = m->address, .name = m->name, .field = (uint8_t)field, .protocol = (uint8_t)r->protocol,
                                                     .fingerprint = "", .identity = "", .reason = ""};
}

static void
take_field(struct recipients *r, const struct wm_addresses *m)
{
    struct recipients_result *out = &r->result;
    if (!m->valid && !*out->invalid)
        out->invalid = *m->rest ? m->rest : r->texts[r->field];
    for (uint32_t i = 0; i < m->mailboxes_n; i++) {
        if (!good_address(m->mailboxes[i].address)) {
            if (!*out->invalid)
                out->invalid = *m->mailboxes[i].address ? m->mailboxes[i].address : r->texts[r->field];
        } else if (r->field == FIELD_FROM && m->mailboxes_n == 1) {
            r->from = m->mailboxes[0];
            out->from = &r->from;
        } else if (r->field != FIELD_FROM) {
            add_recipient(r, &m->mailboxes[i], (enum sp_rcpt_field)(r->field - FIELD_TO));
        }
    }
}

static void
on_addresses(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct recipients *r = arg;
    void *copy = NULL;
    (void)arena;
    if (!reply->final)
        return;
    r->call = NULL;
    enum sp_status st = reply->status;
    if (!st && reply->in->type != WM_TYPE_addresses)
        st = SP_PROTOCOL;
    if (!st)
        st = copy_message(WM_TYPE_addresses, reply->in->msg, &r->arena, &copy);
    if (st) {
        finish(r, st);
        return;
    }
    take_field(r, copy);
    r->field++;
    parse_next(r);
}

static void
parse_next(struct recipients *r)
{
    while (r->field < FIELDS && !*r->texts[r->field])
        r->field++;
    if (r->field == FIELDS) {
        if (!r->result.from && !*r->result.invalid)
            r->result.invalid = r->texts[FIELD_FROM];
        if (r->result.from)
            resolve(r);
        else
            finish(r, SP_OK);
        return;
    }
    struct wm_parse_addresses m = {.text = r->texts[r->field]};
    r->call = peer_call(r->engine, &(struct peer_request){.role = SP_ROLE_PARSE, .type = WM_TYPE_parse_addresses, .msg = &m, .timeout_ms = PARSE_MS,
                                                          .flags = PEER_AGAIN, .fn = on_addresses, .arg = r});
}

static void
on_turn(struct loop *l, void *arg)
{
    struct recipients *r = arg;
    (void)l;
    r->timer = NULL;
    parse_next(r);
}

struct recipients *
recipients_start(struct engine *e, const struct wr_draft *d, uint64_t client, recipients_fn *fn, void *arg)
{
    struct recipients *r = engine_alloc(sizeof *r);
    *r = (struct recipients){.engine = e, .protocol = recipients_protocol(e, d), .client = client, .fn = fn, .arg = arg};
    const char *const texts[FIELDS] = {d->from, d->to, d->cc, d->bcc};
    for (unsigned i = 0; i < FIELDS; i++)
        r->texts[i] = arena_strdup(&r->arena, texts[i]);
    r->result = (struct recipients_result){.invalid = "", .signer_state = SP_NO_SECRET_KEY, .signer_fingerprint = "", .signer_identity = "",
                                           .list = arena_array(&r->arena, MAX_RECIPIENTS, sizeof(struct wr_recipient_plan))};
    r->timer = loop_timer_add(e->loop, 0, on_turn, r);
    if (!r->timer || !r->result.list)
        abort();
    return r;
}

void
recipients_free(struct recipients *r)
{
    if (!r)
        return;
    peer_drop(r->call);
    if (r->timer)
        loop_timer_remove(r->timer);
    arena_release(&r->arena);
    free(r);
}
