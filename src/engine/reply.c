/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of replying and forwarding. What comes in is hostile: header values may hold anything but NUL. */
#include "reply.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define MAX_REFERENCES 20

/* ---- mailboxes */

static bool
usable_address(const char *a)
{
    const char *at = strrchr(a, '@');
    if (!at || at == a || !at[1])
        return false;
    for (; *a; a++)
        if ((unsigned char)*a <= ' ' || *a == 0x7f || strchr("<>,;\"\\()", *a))
            return false;
    return true;
}

static void
add_name(struct buf *out, const char *name)
{
    bool quote = strpbrk(name, "()<>[]:;@\\,.\"") != NULL;
    if (quote)
        buf_addc(out, '"');
    for (; *name; name++) {
        if (*name == '"' || *name == '\\')
            buf_addc(out, '\\');
        buf_addc(out, (unsigned char)*name < ' ' || *name == 0x7f ? ' ' : *name);
    }
    if (quote)
        buf_addc(out, '"');
}

void
reply_add_mailbox(struct buf *out, const char *name, const char *address)
{
    if (!usable_address(address))
        return;
    if (out->len)
        buf_adds(out, ", ");
    if (*name) {
        add_name(out, name);
        buf_addf(out, " <%s>", address);
    } else {
        buf_adds(out, address);
    }
}

struct chosen {
    reply_own_fn *own;
    void *arg;
    const char *seen[256]; /* addresses that are there already */
    size_t n;
};

static void
choose(struct chosen *c, const struct wr_mailbox *list, uint32_t n, bool own_too, struct buf *out)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *a = list[i].address;
        bool again = (!own_too && c->own(a, c->arg)) || c->n == sizeof c->seen / sizeof *c->seen;
        for (size_t k = 0; k < c->n && !again; k++)
            again = strcasecmp(c->seen[k], a) == 0;
        if (again || !usable_address(a))
            continue;
        c->seen[c->n++] = a;
        reply_add_mailbox(out, list[i].name, a);
    }
}

void
reply_recipients(const struct wr_verdict *v, bool all, reply_own_fn *own, void *arg, struct buf *to, struct buf *cc)
{
    struct chosen c = {.own = own, .arg = arg};
    if (own(v->from.address, arg)) {
        choose(&c, v->to, v->to_n, false, to);
        if (!to->len)
            choose(&c, v->to, v->to_n, true, to);
    } else {
        if (v->reply_to_n)
            choose(&c, v->reply_to, v->reply_to_n, false, to);
        if (!to->len)
            choose(&c, &v->from, 1, true, to);
        if (all)
            choose(&c, v->to, v->to_n, false, cc);
    }
    if (all)
        choose(&c, v->cc, v->cc_n, false, cc);
}

/* ---- subjects */

static const char *
skip_words(const char *s)
{
    static const char *const words[] = {"re:", "fwd:", "fw:", "aw:", "wg:"};
    for (bool more = true; more;) {
        more = false;
        while (isspace((unsigned char)*s))
            s++;
        for (size_t i = 0; i < sizeof words / sizeof *words; i++)
            if (strncasecmp(s, words[i], strlen(words[i])) == 0) {
                s += strlen(words[i]);
                more = true;
            }
    }
    return s;
}

static const char *
skip_same(const char *s, const char *word)
{
    while (isspace((unsigned char)*s))
        s++;
    while (strncasecmp(s, word, strlen(word)) == 0) {
        s += strlen(word);
        while (isspace((unsigned char)*s))
            s++;
    }
    return s;
}

void
reply_subject(enum sp_draft_kind kind, const char *subject, struct buf *out)
{
    bool forward = kind == SP_DRAFT_FORWARD || kind == SP_DRAFT_FORWARD_ATTACHED;
    if (kind == SP_DRAFT_REPLY || kind == SP_DRAFT_REPLY_ALL) {
        subject = skip_same(subject, "re:");
        buf_adds(out, "Re: ");
    } else if (forward) {
        subject = skip_same(subject, "fwd:");
        buf_adds(out, "Fwd: ");
    }
    for (; *subject; subject++)
        buf_addc(out, (unsigned char)*subject < ' ' || *subject == 0x7f ? ' ' : *subject);
}

bool
reply_same_subject(const char *a, const char *b)
{
    return strcasecmp(skip_words(a), skip_words(b)) == 0;
}

const char *
reply_outer_subject(const struct wr_draft *d, const char *origin_subject)
{
    if (d->encrypt)
        return "[...]";
    if (d->origin_encrypted && *skip_words(origin_subject) && reply_same_subject(d->subject, origin_subject))
        return "[...]";
    return d->subject;
}

/* ---- bodies */

static void
add_line(struct buf *out, const char *name, const char *value)
{
    if (!*value)
        return;
    buf_addf(out, "%s: ", name);
    for (; *value; value++)
        buf_addc(out, (unsigned char)*value < ' ' || *value == 0x7f ? ' ' : *value);
    buf_addc(out, '\n');
}

static void
add_date(struct buf *out, int64_t date)
{
    time_t t = (time_t)date;
    struct tm tm;
    char text[64];
    if (gmtime_r(&t, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M UTC", &tm) > 0)
        buf_adds(out, text);
}

static void
add_quoted(struct buf *out, const char *text)
{
    while (*text) {
        const char *end = strchr(text, '\n');
        size_t len = end ? (size_t)(end - text) : strlen(text);
        buf_adds(out, len && *text == '>' ? ">" : len ? "> " : ">");
        buf_add(out, text, len);
        buf_addc(out, '\n');
        text += len + (end ? 1 : 0);
    }
}

static void
add_header_list(struct buf *out, const char *name, const struct wr_mailbox *list, uint32_t n)
{
    struct buf all = BUF_INIT;
    for (uint32_t i = 0; i < n; i++)
        reply_add_mailbox(&all, list[i].name, list[i].address);
    add_line(out, name, buf_str(&all));
    buf_release(&all);
}

void
reply_body(enum sp_draft_kind kind, const struct wr_verdict *v, struct buf *out)
{
    if (kind == SP_DRAFT_REPLY || kind == SP_DRAFT_REPLY_ALL) {
        if (v->has_date) {
            add_date(out, v->date);
            buf_adds(out, ", ");
        }
        struct buf who = BUF_INIT;
        reply_add_mailbox(&who, v->from.name, v->from.address);
        buf_addf(out, "%s:\n", buf_str(&who));
        buf_release(&who);
        add_quoted(out, v->reply_quote);
    } else if (kind == SP_DRAFT_FORWARD) {
        buf_adds(out, "\n----\n");
        add_header_list(out, "From", &v->from, 1);
        add_header_list(out, "To", v->to, v->to_n);
        add_header_list(out, "Cc", v->cc, v->cc_n);
        if (v->has_date) {
            buf_adds(out, "Date: ");
            add_date(out, v->date);
            buf_addc(out, '\n');
        }
        add_line(out, "Subject", v->subject);
        buf_addf(out, "\n%s", v->reply_quote);
    } else if (kind == SP_DRAFT_EDIT) {
        buf_adds(out, v->body);
    }
}

/* ---- threading */

/* Appends the tokens of the form <...> without spaces; at most the first one and the last max - 1. */
static void
add_ids(struct buf *out, const char *text, size_t max)
{
    size_t n = 0, at = 0;
    for (const char *p = text; (p = strchr(p, '<')); p++)
        n++;
    for (const char *p = text; (p = strchr(p, '<')); p++, at++) {
        size_t len = strcspn(p, "> \t\r\n");
        if (p[len] != '>' || len < 2 || len > 250 || (at > 0 && at + max - 1 < n))
            continue;
        if (out->len)
            buf_addc(out, ' ');
        buf_add(out, p, len + 1);
    }
}

void
reply_message_id(const char *id, struct buf *out)
{
    if (*id == '<')
        add_ids(out, id, 1);
    else if (*id && strlen(id) < 250 && !strpbrk(id, "<> \t\r\n"))
        buf_addf(out, "%s<%s>", out->len ? " " : "", id);
}

void
reply_references(const char *references, const char *in_reply_to, const char *message_id, struct buf *out)
{
    add_ids(out, *references ? references : in_reply_to, MAX_REFERENCES);
    reply_message_id(message_id, out);
}
