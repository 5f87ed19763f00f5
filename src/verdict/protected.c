/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header fields that are shown: those of the message, or protected ones from inside the cryptographic envelope: RFC 9788 (hp=), the
   older draft (protected-headers="v1") and a whole wrapped message (RFC 8551 section 3.1). Only from the root of the payload of a
   successful layer (S34). */
#include "internal.h"

#include <string.h>
#include <strings.h>

#include "date.h"

#define MAX_FIELDS 500
#define MAX_PROTECTED 200 /* fields of a payload's root that are looked at: each one is sought in the whole header */

/* --- access */

static unsigned
count_fields(const struct document *d, uint32_t part, const char *name)
{
    unsigned n = 0;
    while (n < 2 && doc_field(d, part, name, n))
        n++;
    return n;
}

/* Where a field is taken from: the protected place when it stands there exactly once, else the message. */
static void
place(const struct verdict *v, const struct headers *h, const char *name, size_t *doc, uint32_t *part)
{
    bool inside = h->doc != NONE && count_fields(v->in->docs[h->doc], h->part, name) == 1;
    *doc = inside ? h->doc : 0;
    *part = inside ? h->part : 0;
}

static const char *
field(const struct verdict *v, const struct headers *h, const char *name)
{
    size_t doc;
    uint32_t part;
    place(v, h, name, &doc, &part);
    const char *s = v->in->docs[doc]->parts.count ? doc_field(v->in->docs[doc], part, name, 0) : NULL;
    return s ? s : "";
}

static struct wr_mailbox
mailbox(const struct document *d, const struct doc_mailbox *m)
{
    return (struct wr_mailbox){doc_text(d, m->name), doc_text(d, m->address), doc_text(d, m->display)};
}

static void
mailboxes(struct verdict *v, size_t doc, uint32_t part, enum doc_address_field which, struct wr_mailbox **list, uint32_t *n)
{
    const struct document *d = v->in->docs[doc];
    for (uint32_t i = 0; i < d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(d, i);
        if (m->part != part || m->field != which)
            continue;
        struct wr_mailbox *grown = grow_list(v, *list, *n, sizeof *grown);
        if (!grown)
            return;
        *list = grown;
        grown[(*n)++] = mailbox(d, m);
    }
}

struct wr_mailbox
headers_from(struct verdict *v, size_t doc, uint32_t part)
{
    const struct document *d = v->in->docs[doc];
    for (uint32_t i = 0; i < d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(d, i);
        if (m->part == part && m->field == DOC_FROM && m->field_index == 0)
            return mailbox(d, m);
    }
    return (struct wr_mailbox){"", "", ""};
}

unsigned
headers_from_count(const struct document *d, uint32_t part)
{
    unsigned n = 0;
    for (uint32_t i = 0; i < d->mailboxes.count; i++)
        n += doc_mailbox(d, i)->part == part && doc_mailbox(d, i)->field == DOC_FROM;
    return n;
}

/* --- finding */

static bool
layer_succeeded(const struct verdict *v, size_t n)
{
    const struct envelope_layer *e = &v->envelope.layers[n];
    if (!e->result || e->result->status != SP_OK)
        return false;
    if (envelope_is_encryption(doc_layer(v->in->docs[e->doc], e->layer)->kind))
        return e->result->decrypted;
    return signature_holds(e->result);
}

static bool
envelope_succeeded(const struct verdict *v)
{
    const struct envelope *e = &v->envelope;
    if (e->n == 0 || !e->opened)
        return false;
    if (layer_succeeded(v, e->n - 1))
        return true;
    for (size_t i = 0; i < e->n; i++) {
        uint32_t kind = doc_layer(v->in->docs[e->layers[i].doc], e->layers[i].layer)->kind;
        if (envelope_is_encryption(kind) && layer_succeeded(v, i))
            return true;
    }
    return false;
}

/* The payload stands directly in what was decrypted. */
static bool
last_is_decrypted(const struct verdict *v)
{
    const struct envelope_layer *last = &v->envelope.layers[v->envelope.n - 1];
    return envelope_is_encryption(doc_layer(v->in->docs[last->doc], last->layer)->kind) && last->result && last->result->decrypted;
}

/* Without forwarded=no a wrapped message cannot be told from a forwarded one; then it must be S/MIME and of the same author. */
static bool
is_wrapping(struct verdict *v, const struct document *d, uint32_t part)
{
    const struct doc_part *p = doc_part(d, part);
    if (!(p->flags & DOC_PART_MESSAGE) || p->first_child >= d->parts.count)
        return false;
    if (p->flags & DOC_PART_FORWARDED_NO)
        return true;
    const struct envelope_layer *last = &v->envelope.layers[v->envelope.n - 1];
    if (envelope_protocol(doc_layer(v->in->docs[last->doc], last->layer)->kind) != SP_PROTOCOL_SMIME)
        return false;
    struct wr_mailbox inner = headers_from(v, v->envelope.doc, p->first_child), outer = headers_from(v, 0, 0);
    return *inner.address && same_nocase(inner.address, outer.address);
}

struct headers
protected_find(struct verdict *v)
{
    struct headers h = {NONE, 0};
    struct wr_protected_headers *out = &v->out->protected_headers;

    out->scheme = "none";
    v->wrapping = DOC_NONE;
    if (v->envelope.n == 0 || !v->envelope.opened)
        return h;
    const struct document *d = v->in->docs[v->envelope.doc];
    const struct doc_part *p = doc_part(d, v->envelope.part);
    if (is_wrapping(v, d, v->envelope.part))
        v->wrapping = v->envelope.part;
    if (!envelope_succeeded(v))
        return h;
    if (v->wrapping != DOC_NONE) {
        out->scheme = "message-rfc822";
        return (struct headers){v->envelope.doc, p->first_child};
    }
    if (p->flags & (DOC_PART_HP_CLEAR | DOC_PART_HP_CIPHER))
        out->scheme = "rfc9788";
    else if (p->flags & DOC_PART_PROTECTED_V1)
        out->scheme = "draft-v1";
    else if (last_is_decrypted(v) && doc_field(d, v->envelope.part, "Subject", 0))
        out->scheme = "draft-v1"; /* its first form ("memory hole") had no mark; only where nothing but the sender could put it */
    else
        return h;
    return (struct headers){v->envelope.doc, v->envelope.part};
}

/* --- filling */

/* Structure, not a message field; or about the outer header. */
static bool
is_structural(const char *name)
{
    return strncasecmp(name, "Content-", 8) == 0 || same_nocase(name, "MIME-Version") || same_nocase(name, "HP-Outer");
}

static bool
same_value(const char *a, const char *b)
{
    for (;;) {
        a += strspn(a, " \t\r\n");
        b += strspn(b, " \t\r\n");
        if (!*a || !*b)
            return !*a && !*b;
        for (; *a && !strchr(" \t\r\n", *a); a++, b++)
            if (*a != *b)
                return false;
        if (*b && !strchr(" \t\r\n", *b))
            return false;
    }
}

static void
fill_protected(struct verdict *v, const struct headers *h)
{
    static const char *const compared[] = {"From", "Sender", "To", "Cc", "Reply-To", "Subject", "Date", "Message-ID",
                                           "In-Reply-To", "References", "Followup-To"};
    struct wr_protected_headers *out = &v->out->protected_headers;
    const struct document *d = v->in->docs[h->doc], *outer = v->in->docs[0];

    unsigned seen = 0;

    for (uint32_t i = 0; i < d->headers.count && seen < MAX_PROTECTED; i++) {
        const struct doc_header *f = doc_header(d, i);
        const char *name = doc_text(d, f->name);
        if (f->part != h->part)
            continue;
        seen++;
        if (!is_structural(name) && count_fields(d, h->part, name) == 1)
            add_text(v, &out->fields, &out->fields_n, name);
    }
    for (size_t i = 0; i < sizeof compared / sizeof *compared; i++) {
        const char *inside = doc_field(d, h->part, compared[i], 0), *outside = doc_field(outer, 0, compared[i], 0);
        bool usable = count_fields(d, h->part, compared[i]) == 1;
        /* RFC 9788 protects the whole header: a field that stands outside only was added on the way. */
        bool added = !inside && outside && strcmp(out->scheme, "rfc9788") == 0;
        if (added || (usable && !same_value(inside, outside ? outside : "")))
            add_text(v, &out->changed, &out->changed_n, compared[i]);
    }
}

static void
fill_date(struct verdict *v, const struct headers *h)
{
    size_t doc;
    uint32_t part;
    place(v, h, "Date", &doc, &part);
    const struct document *d = v->in->docs[doc];
    const char *text = d->parts.count ? doc_field(d, part, "Date", 0) : NULL;
    v->out->date_text = text ? text : "";
    v->out->date = part == 0 ? d->date : date_parse(v->out->date_text);
    v->out->has_date = v->out->date != 0;
}

static void
fill_all(struct verdict *v)
{
    const struct document *d = v->in->docs[0];
    struct wr_verdict *out = v->out;
    for (uint32_t i = 0; i < d->headers.count && out->headers_n < MAX_FIELDS; i++) {
        const struct doc_header *f = doc_header(d, i);
        if (f->part != 0)
            continue;
        struct wr_header_field *list = grow_list(v, out->headers, out->headers_n, sizeof *list);
        if (!list)
            return;
        out->headers = list;
        list[out->headers_n++] = (struct wr_header_field){doc_text(d, f->name), doc_text(d, f->value)};
    }
}

void
headers_fill(struct verdict *v, const struct headers *h, bool own_from)
{
    static const struct {
        const char *name;
        enum doc_address_field field;
    } lists[] = {{"To", DOC_TO}, {"Cc", DOC_CC}, {"Reply-To", DOC_REPLY_TO}};
    struct wr_verdict *out = v->out;
    struct wr_mailbox **targets[] = {&out->to, &out->cc, &out->reply_to};
    uint32_t *counts[] = {&out->to_n, &out->cc_n, &out->reply_to_n};

    for (size_t i = 0; i < 3; i++) {
        size_t doc;
        uint32_t part;
        place(v, h, lists[i].name, &doc, &part);
        mailboxes(v, doc, part, lists[i].field, targets[i], counts[i]);
    }
    out->from = own_from ? headers_from(v, h->doc, h->part) : headers_from(v, 0, 0);
    out->subject = field(v, h, "Subject");
    out->message_id = field(v, h, "Message-ID");
    fill_date(v, h);
    if (h->doc != NONE)
        fill_protected(v, h);
    fill_all(v);
}
