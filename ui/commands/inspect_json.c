/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict as the JSON object that `sealpost inspect --json` documents. */
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "inspect.h"
#include "json.h"

const char *
inspect_time(struct arena *a, int64_t t)
{
    struct tm tm;
    time_t when = (time_t)t;
    char out[40];
    if (!t || !gmtime_r(&when, &tm) || !strftime(out, sizeof out, "%Y-%m-%dT%H:%M:%SZ", &tm))
        return "";
    return arena_strdup(a, out);
}

static json_t *
time_or_null(int64_t t)
{
    struct arena a = ARENA_INIT;
    const char *s = inspect_time(&a, t);
    json_t *j = s && *s ? json_string(s) : json_null();
    arena_release(&a);
    return j;
}

static json_t *
texts(const struct wr_text *list, uint32_t n)
{
    json_t *j = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(j, json_text(list[i].text));
    return j;
}

static json_t *
mailbox(const struct wr_mailbox *m)
{
    json_t *j = json_object();
    json_object_set_new(j, "name", json_text(m->name));
    json_object_set_new(j, "address", json_text(m->address));
    json_object_set_new(j, "display", json_text(m->display));
    return j;
}

static json_t *
mailboxes(const struct wr_mailbox *list, uint32_t n)
{
    json_t *j = json_array();
    for (uint32_t i = 0; i < n; i++)
        json_array_append_new(j, mailbox(&list[i]));
    return j;
}

static json_t *
protocol(unsigned p)
{
    return p == SP_PROTOCOL_NONE ? json_null() : json_string(name_protocol(p));
}

static json_t *
signature(const struct wr_signature *s)
{
    json_t *j = json_object(), *signers = json_array();
    json_object_set_new(j, "state", json_string(name_signature(s->state)));
    json_object_set_new(j, "covers", json_string(name_covers(s->covers)));
    json_object_set_new(j, "protocol", protocol(s->protocol));
    for (uint32_t i = 0; i < s->signers_n; i++) {
        const struct wr_signer *one = &s->signers[i];
        json_t *o = json_object();
        json_object_set_new(o, "address", json_text(one->address));
        json_object_set_new(o, "name", json_text(one->name));
        json_object_set_new(o, "fingerprint", json_text(one->fingerprint));
        json_object_set_new(o, "trust", json_string(name_trust(one->trust)));
        json_object_set_new(o, "time", time_or_null(one->time));
        json_object_set_new(o, "algorithm", json_text(one->algorithm));
        json_array_append_new(signers, o);
    }
    json_object_set_new(j, "signers", signers);
    json_object_set_new(j, "revocation", s->revocation == SP_REVOCATION_NA ? json_null() : json_string(name_revocation(s->revocation)));
    json_object_set_new(j, "reasons", texts(s->reasons, s->reasons_n));
    return j;
}

static json_t *
encryption(const struct wr_encryption *e)
{
    json_t *j = json_object();
    json_object_set_new(j, "state", json_string(name_encryption(e->state)));
    json_object_set_new(j, "covers", json_string(name_covers(e->covers)));
    json_object_set_new(j, "protocol", protocol(e->protocol));
    json_object_set_new(j, "cipher", json_text(e->cipher));
    json_object_set_new(j, "integrity", json_string(name_integrity(e->integrity)));
    json_object_set_new(j, "reasons", texts(e->reasons, e->reasons_n));
    return j;
}

static json_t *
protected_headers(const struct wr_protected_headers *p)
{
    json_t *j = json_object();
    json_object_set_new(j, "scheme", json_text(*p->scheme ? p->scheme : "none"));
    json_object_set_new(j, "fields", texts(p->fields, p->fields_n));
    json_object_set_new(j, "changed", texts(p->changed, p->changed_n));
    return j;
}

static json_t *
sender(const struct wr_sender *s)
{
    json_t *j = json_object();
    json_object_set_new(j, "state", json_string(name_sender(s->state)));
    json_object_set_new(j, "authserv_id", json_text(s->authserv_id));
    json_object_set_new(j, "spf", json_text(s->spf));
    json_object_set_new(j, "dkim", json_text(s->dkim));
    json_object_set_new(j, "dmarc", json_text(s->dmarc));
    json_object_set_new(j, "arc", json_text(s->arc));
    json_object_set_new(j, "reasons", texts(s->reasons, s->reasons_n));
    return j;
}

static json_t *
warnings(const struct wr_warning *list, uint32_t n)
{
    json_t *j = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_t *o = json_object();
        json_object_set_new(o, "id", json_text(list[i].id));
        json_object_set_new(o, "level", json_string(name_level(list[i].level)));
        json_object_set_new(o, "part", json_text(list[i].part));
        json_object_set_new(o, "text", json_text(list[i].text));
        json_array_append_new(j, o);
    }
    return j;
}

static json_t *
part(const struct wr_part *p)
{
    json_t *o = json_object();
    json_object_set_new(o, "path", json_text(p->path));
    json_object_set_new(o, "type", json_text(p->type));
    json_object_set_new(o, "charset", json_text(p->charset));
    json_object_set_new(o, "disposition", json_text(p->disposition));
    json_object_set_new(o, "name", json_text(p->name));
    json_object_set_new(o, "detected_type", json_text(p->detected_type));
    json_object_set_new(o, "size", json_integer((json_int_t)p->size));
    json_object_set_new(o, "layers", texts(p->layers, p->layers_n));
    json_object_set_new(o, "shown", json_boolean(p->shown));
    return o;
}

static void
add_parts(json_t *j, const struct wr_part *list, uint32_t n)
{
    json_t *parts = json_array(), *attachments = json_array();
    for (uint32_t i = 0; i < n; i++) {
        json_array_append_new(parts, part(&list[i]));
        if (list[i].attachment)
            json_array_append_new(attachments, json_text(list[i].path));
    }
    json_object_set_new(j, "parts", parts);
    json_object_set_new(j, "attachments", attachments);
}

int
inspect_print_json(const struct wr_verdict *v, FILE *out)
{
    json_t *j = json_object();
    json_object_set_new(j, "format", json_integer(1));
    json_object_set_new(j, "from", mailbox(&v->from));
    json_object_set_new(j, "to", mailboxes(v->to, v->to_n));
    json_object_set_new(j, "cc", mailboxes(v->cc, v->cc_n));
    json_object_set_new(j, "reply_to", mailboxes(v->reply_to, v->reply_to_n));
    json_object_set_new(j, "subject", json_text(v->subject));
    json_object_set_new(j, "date", v->has_date ? time_or_null(v->date) : json_null());
    json_object_set_new(j, "message_id", json_text(v->message_id));
    json_object_set_new(j, "summary", json_string(name_summary(v->summary)));
    json_object_set_new(j, "signature", signature(&v->signature));
    json_object_set_new(j, "encryption", encryption(&v->encryption));
    json_object_set_new(j, "protected_headers", protected_headers(&v->protected_headers));
    json_object_set_new(j, "sender", sender(&v->sender));
    json_object_set_new(j, "warnings", warnings(v->warnings, v->warnings_n));
    add_parts(j, v->parts, v->parts_n);
    json_object_set_new(j, "body", json_text(v->body));
    json_object_set_new(j, "reply_quote", json_text(v->reply_quote));
    json_object_set_new(j, "remote_refs", texts(v->remote_refs, v->remote_refs_n));
    return json_print(j, out);
}
