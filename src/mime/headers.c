/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Header batches: one summary per block. */
#include "headers.h"

#include <string.h>

#include "base/utf8.h"
#include "charset.h"
#include "scan.h"

#define MAX_TO ((size_t)300)
#define MAX_REFERENCES ((size_t)8192)
#define MAX_SUBJECT ((size_t)2000)

/* Takes a GMime string: a copy in the arena, valid UTF-8, cut to max bytes. */
static const char *
keep(struct arena *arena, char *s, size_t max)
{
    struct buf clean = BUF_INIT;
    struct charset_result r;
    const char *copy = NULL;
    if (s)
        (void)charset_to_utf8(&clean, "UTF-8", s, strlen(s), max, &r);
    if (!clean.failed)
        copy = arena_strdup(arena, buf_str(&clean));
    buf_release(&clean);
    g_free(s);
    return copy;
}

struct from {
    char *name, *address;
    size_t n;
};

static void
take_from(const struct value_mailbox *m, void *arg)
{
    struct from *f = arg;
    if (f->n++)
        return;
    bool real = strchr(m->address, '@') != NULL;
    f->name = g_strdup(*m->name || real ? m->name : m->address);
    f->address = g_strdup(real ? m->address : "");
}

static void
take_to(const struct value_mailbox *m, void *arg)
{
    GString *to = arg;
    if (to->len < MAX_TO)
        g_string_append_printf(to, "%s%s", to->len ? ", " : "", *m->name ? m->name : m->address);
}

static const char *
ids(struct scan *s, const struct scan_entity *e, const char *name, struct arena *arena, size_t max)
{
    const struct scan_field *f = scan_find(s, e, name, 0);
    return keep(arena, f ? value_ids(s->in + f->value_at, f->value_len) : NULL, max);
}

static const char *
text(struct scan *s, const struct scan_entity *e, const char *name, struct arena *arena)
{
    const struct scan_field *f = scan_find(s, e, name, 0);
    return keep(arena, f ? value_text(s->options, s->in + f->value_at, f->value_len) : NULL, MAX_SUBJECT);
}

static void
addresses(struct scan *s, const struct scan_entity *e, struct arena *arena, struct wr_header_summary *out)
{
    struct from from = {NULL, NULL, 0};
    GString *to = g_string_new(NULL);
    const struct scan_field *f = scan_find(s, e, "From", 0);
    if (f)
        (void)value_mailboxes(s->options, s->in + f->value_at, f->value_len, 100, take_from, &from);
    out->several_from = from.n > 1 || scan_find(s, e, "From", 1) != NULL;
    f = scan_find(s, e, "To", 0);
    if (f)
        (void)value_mailboxes(s->options, s->in + f->value_at, f->value_len, 100, take_to, to);
    out->from_name = keep(arena, from.name, MAX_SUBJECT);
    out->from_address = keep(arena, from.address, MAX_SUBJECT);
    out->to = keep(arena, g_string_free(to, FALSE), MAX_TO);
}

enum sp_status
mime_summary(struct mime_tools *tools, const char *block, size_t len, struct arena *arena, struct wr_header_summary *out)
{
    struct scan s;
    uint64_t tag = out->tag;

    *out = (struct wr_header_summary){.tag = tag};
    scan_init(&s, block, len, tools->options, NULL);
    enum sp_status st = scan_headers(&s);
    if (!st) {
        const struct scan_entity *e = scan_at(&s, 0);
        const struct scan_field *date = scan_find(&s, e, "Date", 0);
        out->date = date ? value_date(block + date->value_at, date->value_len) : 0;
        addresses(&s, e, arena, out);
        out->subject = text(&s, e, "Subject", arena);
        out->message_id = ids(&s, e, "Message-ID", arena, MAX_REFERENCES);
        out->in_reply_to = ids(&s, e, "In-Reply-To", arena, MAX_REFERENCES);
        out->references = ids(&s, e, "References", arena, MAX_REFERENCES);
        out->list_id = text(&s, e, "List-Id", arena);
        out->content_type = keep(arena, g_strdup(e->type), MAX_SUBJECT);
    }
    scan_release(&s);
    return st == SP_NOMEM ? st : SP_OK;
}
