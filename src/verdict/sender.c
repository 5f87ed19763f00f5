/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the receiving server says of the sender: Authentication-Results (RFC 8601). Only fields of a trusted server count, and only the
   topmost run of them (S56); what is malformed or contradictory is "unknown". "pass" needs dmarc=pass for the domain that is shown
   (S57). */
#include "internal.h"

#include <string.h>
#include <strings.h>

#define MAX_RUN 32     /* fields of the topmost run that are read */
#define MAX_VALUE 512  /* bytes of one token */

struct reader {
    const char *at;
    bool bad;
};

struct result { /* of one method */
    char method[32], result[32], from[256];
};

struct findings {
    const char *authserv;
    const char *spf, *dkim, *dmarc, *arc;
    const char *dmarc_from;
    bool malformed, conflict;
};

/* White space and comments, which may nest. */
static void
skip(struct reader *r)
{
    int depth = 0;
    for (; *r->at; r->at++) {
        if (depth && *r->at == '\\' && r->at[1])
            r->at++;
        else if (*r->at == '(')
            depth++;
        else if (*r->at == ')' && depth)
            depth--;
        else if (!depth && !strchr(" \t\r\n", *r->at))
            break;
    }
    r->bad |= depth != 0;
}

static void
quoted(struct reader *r, char out[MAX_VALUE])
{
    size_t n = 0;
    for (r->at++; *r->at && *r->at != '"'; r->at++) {
        if (*r->at == '\\' && r->at[1])
            r->at++;
        if (n + 1 < MAX_VALUE)
            out[n++] = *r->at;
        else
            r->bad = true;
    }
    if (*r->at == '"')
        r->at++;
    else
        r->bad = true;
    out[n] = '\0';
}

/* A value: quoted, or everything up to white space or one of the stop characters. */
static bool
token(struct reader *r, const char *stop, char out[MAX_VALUE])
{
    skip(r);
    if (*r->at == '"') {
        quoted(r, out);
        return true;
    }
    size_t n = 0;
    for (; *r->at && !strchr(" \t\r\n;()\"", *r->at) && !strchr(stop, *r->at); r->at++) {
        if (n + 1 < MAX_VALUE)
            out[n++] = *r->at;
        else
            r->bad = true;
    }
    out[n] = '\0';
    return n > 0;
}

static bool
take(struct reader *r, char c)
{
    skip(r);
    if (*r->at != c)
        return false;
    r->at++;
    return true;
}

static bool
put(char *out, size_t size, const char *s)
{
    size_t len = strlen(s);
    if (len >= size)
        return false;
    memcpy(out, s, len + 1);
    return true;
}

/* method [/version] = result, then reason= and ptype.property= pairs, up to ";" or the end. */
static bool
read_result(struct reader *r, struct result *out)
{
    char key[MAX_VALUE], value[MAX_VALUE];

    *out = (struct result){.method = ""};
    if (!token(r, "=/", key))
        return false;
    if (take(r, '/') && !token(r, "=", value))
        return false;
    if (!take(r, '=') || !token(r, "", value) || !put(out->method, sizeof out->method, key) ||
        !put(out->result, sizeof out->result, value))
        return false;
    for (skip(r); *r->at && *r->at != ';'; skip(r)) {
        if (!token(r, "=", key) || !take(r, '=') || !token(r, "", value))
            return false;
        if (strcasecmp(key, "header.from") == 0) {
            if (*out->from || !put(out->from, sizeof out->from, value))
                return false;
        }
    }
    return !r->bad;
}

static const char *
intern(struct verdict *v, const char *s)
{
    char *copy = copy_text(v, s, strlen(s));
    for (char *c = copy; c && *c; c++)
        *c = (char)(*c >= 'A' && *c <= 'Z' ? *c + 32 : *c);
    return copy ? copy : "";
}

static void
keep(struct verdict *v, struct findings *f, const struct result *r)
{
    if (strcasecmp(r->method, "dmarc") == 0) {
        f->conflict |= *f->dmarc && (strcasecmp(f->dmarc, r->result) != 0 || strcasecmp(f->dmarc_from, r->from) != 0);
        f->dmarc = intern(v, r->result);
        f->dmarc_from = intern(v, r->from);
    } else if (strcasecmp(r->method, "spf") == 0) {
        f->conflict |= *f->spf && strcasecmp(f->spf, r->result) != 0 && strcasecmp(r->result, "none") != 0;
        f->spf = intern(v, r->result);
    } else if (strcasecmp(r->method, "dkim") == 0) { /* one result per signature: one that passes is enough to be told */
        if (!*f->dkim || strcmp(f->dkim, "pass") != 0)
            f->dkim = intern(v, r->result);
    } else if (strcasecmp(r->method, "arc") == 0) {
        if (!*f->arc || strcmp(f->arc, "pass") == 0)
            f->arc = intern(v, r->result);
    }
}

static bool
is_trusted(const struct verdict_input *in, const char *authserv)
{
    for (size_t i = 0; i < in->authservs_n; i++)
        if (*authserv && strcasecmp(in->authservs[i], authserv) == 0)
            return true;
    return false;
}

/* One field. Returns whether a trusted server wrote it. */
static bool
read_field(struct verdict *v, const char *value, struct findings *f)
{
    struct reader r = {.at = value};
    char id[MAX_VALUE], version[MAX_VALUE];
    struct result one;

    if (!token(&r, "=", id) || r.bad || !is_trusted(v->in, id))
        return false;
    if (*f->authserv && strcasecmp(f->authserv, id) != 0)
        return false; /* of two trusted servers the topmost speaks */
    f->authserv = intern(v, id);
    skip(&r);
    if (*r.at && *r.at != ';' && (!token(&r, "", version) || strspn(version, "0123456789") != strlen(version)))
        f->malformed = true;
    while (!f->malformed && take(&r, ';')) {
        char none[MAX_VALUE];
        struct reader ahead = r;
        if (token(&ahead, "=/", none) && strcasecmp(none, "none") == 0 && (skip(&ahead), !*ahead.at)) {
            r = ahead;
            break;
        }
        skip(&r);
        if (!*r.at)
            break; /* a trailing semicolon */
        if (read_result(&r, &one))
            keep(v, f, &one);
        else
            f->malformed = true;
    }
    skip(&r);
    f->malformed |= *r.at != '\0' || r.bad;
    return true;
}

/* The fields that stand together at the first Authentication-Results from the top. */
static bool
read_run(struct verdict *v, struct findings *f, bool *any)
{
    const struct document *d = v->in->docs[0];
    bool trusted = false;
    unsigned n = 0;

    for (uint32_t i = 0; i < d->headers.count && n < MAX_RUN; i++) {
        const struct doc_header *h = doc_header(d, i);
        if (h->part != 0)
            continue;
        if (strcasecmp(doc_text(d, h->name), "Authentication-Results") == 0) {
            trusted |= read_field(v, doc_text(d, h->value), f);
            n++;
        } else if (n > 0) {
            break;
        }
    }
    *any = n > 0;
    return trusted;
}

static void
decide(struct verdict *v, const struct findings *f, struct wr_sender *out)
{
    const char *at = strrchr(v->out->from.address, '@'), *domain = at ? at + 1 : "";
    bool aligned = *domain && *f->dmarc_from && strcasecmp(domain, f->dmarc_from) == 0;
    const struct {
        bool applies;
        const char *reason;
    } table[] = {
        {f->malformed, "malformed"},
        {f->conflict, "conflicting-results"},
        {headers_from_count(v->in->docs[0], 0) != 1, "ambiguous-from"},
        {!*f->dmarc, "no-dmarc"},
        {*f->dmarc && !*f->dmarc_from, "dmarc-without-domain"},
        {*f->dmarc_from && !aligned, "dmarc-other-domain"},
    };
    bool usable = true;

    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        if (table[i].applies) {
            add_text(v, &out->reasons, &out->reasons_n, table[i].reason);
            usable = false;
        }
    }
    if (usable && strcmp(f->dmarc, "pass") == 0) {
        out->state = SP_SENDER_PASS;
    } else if (usable && strcmp(f->dmarc, "fail") == 0) {
        out->state = SP_SENDER_FAIL;
        add_text(v, &out->reasons, &out->reasons_n, "dmarc-fail");
    }
}

void
sender_fill(struct verdict *v)
{
    struct wr_sender *out = &v->out->sender;
    struct findings f = {.authserv = "", .spf = "", .dkim = "", .dmarc = "", .arc = "", .dmarc_from = ""};
    bool any;

    *out = (struct wr_sender){.state = SP_SENDER_UNKNOWN, .authserv_id = "", .spf = "", .dkim = "", .dmarc = "", .arc = ""};
    if (!read_run(v, &f, &any)) {
        add_text(v, &out->reasons, &out->reasons_n,
            v->in->authservs_n == 0 ? "no-trusted-server" : any ? "untrusted-server" : "no-results");
        return;
    }
    out->authserv_id = f.authserv;
    out->spf = f.spf;
    out->dkim = f.dkim;
    out->dmarc = f.dmarc;
    out->arc = f.arc;
    decide(v, &f, out);
}
