/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building the bytes of a message: a chain of requests to parse (building) and keys (signing, encrypting). */
#include "compose.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "msgdate.h"
#include "peers.h"
#include "reply.h"

#define BUILD_MS 60000
#define KEYS_MS 600000 /* a passphrase may have to be typed */
#define MAX_HEADERS 16

struct compose {
    struct engine *engine;
    struct arena arena;
    struct wr_draft draft;
    const struct recipients_result *to;
    uint64_t client;
    enum sp_protocol protocol;
    bool sign, encrypt;
    const char *from, *date, *message_id, *to_text, *cc_text, *outer_subject;
    struct wr_build_attachment *attachments;
    uint32_t attachments_n;
    int entity;               /* what is being wrapped, finally the entity of the variant */
    int plain;                /* the entity that variants are encrypted from */
    struct compose_variant *variants;
    size_t n, at;
    struct peer_call *call;
    compose_fn *fn;
    void *arg;
};

static void next_variant(struct compose *c);

static void
finish(struct compose *c, enum sp_status st, const char *text)
{
    c->fn(st, text ? text : "", c->variants, c->n, c->message_id, c->arg);
}

/* One request; fn is given what keys or parse made, or the chain ends. */
static void
ask(struct compose *c, enum sp_role role, uint16_t type, const void *msg, call_fn *fn)
{
    c->call = peer_call(c->engine, &(struct peer_request){.role = role, .type = type, .msg = msg, .timeout_ms = role == SP_ROLE_KEYS ? KEYS_MS : BUILD_MS,
                                                          .flags = PEER_AGAIN, .client = c->client, .fn = fn, .arg = c});
}

/* True when the final reply of that type is here. */
static bool
arrived(struct compose *c, const struct call_reply *r, uint16_t type)
{
    if (!r->final)
        return false;
    c->call = NULL;
    if (!r->status && r->in->type == type)
        return true;
    finish(c, r->status ? r->status : SP_PROTOCOL, r->text);
    return false;
}

static int
take_built(const struct call_reply *r)
{
    return wire_take_fd(&((struct wm_built *)r->in->msg)->bytes);
}

/* ---- headers */

static void
add_header(struct wr_header_field *h, uint32_t *n, const char *name, const char *value)
{
    if (value && *value && *n < MAX_HEADERS)
        h[(*n)++] = (struct wr_header_field){.name = name, .value = value};
}

/* Never Bcc (S68), nothing about the program. subject is the outer or the protected one. */
static uint32_t
fill_headers(const struct compose *c, const char *subject, struct wr_header_field *h)
{
    uint32_t n = 0;
    add_header(h, &n, "From", c->from);
    add_header(h, &n, "Reply-To", c->draft.reply_to);
    add_header(h, &n, "To", c->to_text);
    add_header(h, &n, "Cc", c->cc_text);
    add_header(h, &n, "Subject", subject);
    add_header(h, &n, "Date", c->date);
    add_header(h, &n, "Message-ID", c->message_id);
    add_header(h, &n, "In-Reply-To", c->draft.in_reply_to);
    add_header(h, &n, "References", c->draft.references);
    return n;
}

/* ---- a variant: encrypted (or not), then with its headers */

static void
on_message(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_built))
        return;
    c->variants[c->at++].bytes = take_built(r);
    next_variant(c);
}

static void
build_message(struct compose *c)
{
    struct wr_header_field headers[MAX_HEADERS];
    struct wm_build_message m = {.headers = headers, .entity = c->entity};
    m.headers_n = fill_headers(c, c->outer_subject, headers);
    ask(c, SP_ROLE_PARSE, WM_TYPE_build_message, &m, on_message);
}

static void
on_wrapped_encrypted(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_built))
        return;
    engine_close(&c->entity);
    c->entity = take_built(r);
    build_message(c);
}

static void
on_encrypted(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_encrypted_bytes))
        return;
    const struct wm_encrypted_bytes *m = r->in->msg;
    struct wm_wrap_encrypted wrap = {.protocol = (uint8_t)c->protocol, .ciphertext = m->ciphertext, .smime_type = m->smime_type};
    ask(c, SP_ROLE_PARSE, WM_TYPE_wrap_encrypted, &wrap, on_wrapped_encrypted);
}

static bool
is_for(const struct compose_variant *v, const char *address)
{
    for (const char **r = v->recipients; *r; r++)
        if (strcmp(*r, address) == 0)
            return true;
    return false;
}

/* The keys of this variant's recipients only, and one's own: other recipients' copies must not name a Bcc recipient's key (S68). */
static void
encrypt(struct compose *c)
{
    const struct recipients_result *to = c->to;
    const struct compose_variant *v = &c->variants[c->at];
    struct wr_text *keys = engine_alloc((to->n + 1) * sizeof *keys);
    struct wm_encrypt m = {.protocol = (uint8_t)c->protocol, .bytes = c->plain, .fingerprints = keys, .interactive = 1};
    for (uint32_t i = 0; i < to->n; i++)
        if (is_for(v, to->list[i].address))
            keys[m.fingerprints_n++].text = to->list[i].fingerprint;
    if (!to->signer_state)
        keys[m.fingerprints_n++].text = to->signer_fingerprint;
    /* OpenPGP signs and encrypts in one operation (RFC 3156 section 6.2); S/MIME was signed before. */
    if (c->sign && c->protocol == SP_PROTOCOL_OPENPGP)
        m.signer = to->signer_fingerprint;
    if (m.fingerprints_n)
        ask(c, SP_ROLE_KEYS, WM_TYPE_encrypt, &m, on_encrypted);
    free(keys);
    if (!m.fingerprints_n)
        finish(c, SP_NO_KEY, NULL);
}

static void
next_variant(struct compose *c)
{
    if (c->at == c->n) {
        finish(c, SP_OK, NULL);
        return;
    }
    if (c->encrypt) {
        encrypt(c);
    } else if (c->at > 0) {
        c->variants[c->at].bytes = engine_dup(c->variants[0].bytes); /* the same message for everybody (S70) */
        c->at++;
        next_variant(c);
    } else {
        c->entity = engine_dup(c->plain);
        build_message(c);
    }
}

/* ---- entity and signature */

static void
on_wrapped_signed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_built))
        return;
    engine_close(&c->plain);
    c->plain = take_built(r);
    next_variant(c);
}

static void
on_signed(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_signed_bytes))
        return;
    const struct wm_signed_bytes *m = r->in->msg;
    struct wm_wrap_signed wrap = {.protocol = (uint8_t)c->protocol, .entity = c->plain, .signature = m->signature, .micalg = m->micalg};
    ask(c, SP_ROLE_PARSE, WM_TYPE_wrap_signed, &wrap, on_wrapped_signed);
}

static void
on_entity(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct compose *c = arg;
    (void)arena;
    if (!arrived(c, r, WM_TYPE_built))
        return;
    c->plain = take_built(r);
    if (c->sign && (!c->encrypt || c->protocol == SP_PROTOCOL_SMIME)) {
        struct wm_sign m = {.protocol = (uint8_t)c->protocol, .fingerprint = c->to->signer_fingerprint, .bytes = c->plain, .interactive = 1};
        ask(c, SP_ROLE_KEYS, WM_TYPE_sign, &m, on_signed);
    } else {
        next_variant(c);
    }
}

static void
build_entity(struct compose *c)
{
    struct wr_header_field protect[MAX_HEADERS];
    struct wm_build_entity m = {.body = c->draft.body, .attachments = c->attachments, .attachments_n = c->attachments_n, .encrypted = c->encrypt,
                                .protect = protect};
    if (c->sign || c->encrypt) {
        /* Answering an encrypted message in the clear: what was protected there is not put outside by a signature either (S65). */
        const char *subject = c->encrypt ? c->draft.subject : c->outer_subject;
        m.protect_n = fill_headers(c, subject, protect);
    }
    ask(c, SP_ROLE_PARSE, WM_TYPE_build_entity, &m, on_entity);
}

/* ---- beginning and end */

static const char *
field_text(struct compose *c, enum sp_rcpt_field field)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < c->to->n; i++)
        if (c->to->list[i].field == field)
            reply_add_mailbox(&b, c->to->list[i].name, c->to->list[i].address);
    const char *text = arena_strdup(&c->arena, buf_str(&b));
    buf_release(&b);
    return text;
}

/* The first variant is for To and Cc; each Bcc recipient has a transmission of his own. */
static void
make_variants(struct compose *c)
{
    const struct recipients_result *to = c->to;
    size_t named = 0;
    c->variants = arena_array(&c->arena, to->n + 1, sizeof *c->variants);
    const char **first = arena_array(&c->arena, to->n + 1, sizeof *first);
    if (!c->variants || !first)
        abort();
    c->variants[0] = (struct compose_variant){.recipients = first, .bytes = -1};
    c->n = 1;
    for (uint32_t i = 0; i < to->n; i++) {
        if (to->list[i].field != SP_RCPT_BCC) {
            first[named++] = to->list[i].address;
            continue;
        }
        const char **one = arena_array(&c->arena, 2, sizeof *one);
        if (!one)
            abort();
        one[0] = to->list[i].address;
        c->variants[c->n++] = (struct compose_variant){.recipients = one, .bytes = -1};
    }
    /* Bcc only and no key of one's own: the copy for Sent cannot be encrypted to anybody, so the first Bcc's is it. */
    if (c->encrypt && named == 0 && to->signer_state && c->n > 1) {
        c->variants++;
        c->n--;
    }
}

static void
copy_draft(struct compose *c, const struct compose_ask *ask)
{
    const struct wr_draft *d = ask->draft;
    c->draft = *d;
    c->draft.subject = arena_strdup(&c->arena, d->subject);
    c->draft.body = arena_strdup(&c->arena, d->body);
    c->draft.reply_to = arena_strdup(&c->arena, d->reply_to);
    c->draft.in_reply_to = arena_strdup(&c->arena, d->in_reply_to);
    c->draft.references = arena_strdup(&c->arena, d->references);
    c->attachments = arena_array(&c->arena, d->attachments_n, sizeof *c->attachments);
    if (!c->attachments)
        abort();
    for (uint32_t i = 0; i < d->attachments_n; i++)
        c->attachments[i] = (struct wr_build_attachment){.name = arena_strdup(&c->arena, d->attachments[i].name),
                                                         .type = arena_strdup(&c->arena, d->attachments[i].type), .disposition = "attachment",
                                                         .content = engine_dup(ask->attachments[i])};
    c->attachments_n = d->attachments_n;
}

struct compose *
compose_start(struct engine *e, const struct compose_ask *ask_, compose_fn *fn, void *arg)
{
    struct compose *c = engine_alloc(sizeof *c);
    struct buf b = BUF_INIT;
    *c = (struct compose){.engine = e, .to = ask_->recipients, .client = ask_->client, .protocol = recipients_protocol(e, ask_->draft),
                          .sign = ask_->draft->sign, .encrypt = ask_->draft->encrypt, .entity = -1, .plain = -1, .fn = fn, .arg = arg};
    copy_draft(c, ask_);
    c->to_text = field_text(c, SP_RCPT_TO);
    c->cc_text = field_text(c, SP_RCPT_CC);
    reply_add_mailbox(&b, c->to->from->name, c->to->from->address);
    c->from = arena_strdup(&c->arena, buf_str(&b));
    buf_clear(&b);
    msgdate_add(&b, engine_now());
    c->date = arena_strdup(&c->arena, buf_str(&b));
    buf_clear(&b);
    if (msgid_add(&b, c->to->from->address) != SP_OK)
        abort(); /* no random numbers: nothing here is safe any more */
    c->message_id = arena_strdup(&c->arena, buf_str(&b));
    buf_release(&b);
    c->outer_subject = reply_outer_subject(&c->draft, arena_strdup(&c->arena, ask_->origin_subject));
    make_variants(c);
    build_entity(c);
    return c;
}

void
compose_free(struct compose *c)
{
    if (!c)
        return;
    peer_drop(c->call);
    engine_close(&c->entity);
    engine_close(&c->plain);
    for (size_t i = 0; i < c->n; i++)
        engine_close(&c->variants[i].bytes);
    for (uint32_t i = 0; i < c->attachments_n; i++)
        engine_close(&c->attachments[i].content);
    arena_wipe(&c->arena);
    arena_release(&c->arena);
    free(c);
}
