/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import, step 1: header fields, mailboxes, date. */
#include <string.h>

#include "charset.h"
#include "import_parts.h"

static const struct {
    const char *name;
    uint32_t field;
} address_fields[] = {
    {"From", DOC_FROM}, {"Sender", DOC_SENDER}, {"Reply-To", DOC_REPLY_TO}, {"To", DOC_TO}, {"Cc", DOC_CC}, {"Bcc", DOC_BCC},
};

/* Fields that may stand only once (RFC 5322 section 3.6, RFC 2045): readers differ in which of several they believe (S36). */
static const char *const single_fields[] = {
    "From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-ID", "In-Reply-To", "References", "MIME-Version",
    "Content-Type", "Content-Transfer-Encoding", "Content-Disposition", "Content-ID",
};

struct mailbox_sink {
    struct import *im;
    uint32_t part, field, field_index;
};

/* Only what has a local part and a domain is an address; anything else is a name (S41). */
static bool
is_address(const char *s)
{
    const char *at = strrchr(s, '@');
    return at && at != s && at[1];
}

static void
add_mailbox(const struct value_mailbox *v, void *arg)
{
    struct mailbox_sink *s = arg;
    struct doc_builder *b = &s->im->doc;
    struct doc_mailbox *m = doc_build_mailbox(b);
    if (!m)
        return;
    m->part = s->part;
    m->field = s->field;
    m->field_index = s->field_index;
    m->display = doc_build_str(b, v->display);
    if (is_address(v->address)) {
        m->name = doc_build_str(b, v->name);
        m->address = doc_build_str(b, v->address);
    } else {
        m->name = *v->name ? doc_build_str(b, v->name) : doc_build_str(b, v->address);
    }
}

/* Angle brackets outside quotes and comments: more than one pair in a value that gave one mailbox means that readers may
   disagree about who it is. */
static unsigned
count_brackets(const char *s)
{
    unsigned n = 0;
    int comment = 0;
    bool quoted = false;
    for (; *s; s++) {
        if (*s == '\\' && s[1] && (quoted || comment))
            s++;
        else if (*s == '"' && !comment)
            quoted = !quoted;
        else if (*s == '(' && !quoted)
            comment++;
        else if (*s == ')' && comment)
            comment--;
        else if (*s == '<' && !quoted && !comment)
            n++;
    }
    return n;
}

/* A value without any mailbox, such as a bare name: shown as a name without address (S41). An empty group has none. */
static void
add_bare_name(struct mailbox_sink *sink, const char *line)
{
    if (!*line || strchr(line, ':'))
        return;
    char *name = value_decode(sink->im->tools->options, line);
    add_mailbox(&(struct value_mailbox){.name = name, .address = "", .display = name}, sink);
    g_free(name);
}

static void
add_mailboxes(struct import *im, uint32_t part, const struct scan_field *f, const uint32_t index[], size_t k)
{
    struct mailbox_sink sink = {im, part, address_fields[k].field, index[k]};
    const char *raw = im->in + f->value_at;
    size_t n = value_mailboxes(im->tools->options, raw, f->value_len, DOC_BOUND_MAILBOXES, add_mailbox, &sink);
    char *line = value_unfold(raw, f->value_len);
    if (n == 0)
        add_bare_name(&sink, line);
    else if (count_brackets(line) > n)
        doc_build_note(&im->doc, part, "ambiguous-address", address_fields[k].name);
    g_free(line);
}

static void
add_field(struct import *im, uint32_t part, const struct scan_field *f)
{
    struct doc_builder *b = &im->doc;
    struct doc_header *h = doc_build_header(b);
    if (!h)
        return;
    const char *raw = im->in + f->value_at;
    char *value = value_text(im->tools->options, raw, f->value_len);
    h->part = part;
    h->name = doc_build_text(b, im->in + f->name_at, f->name_len);
    h->raw = doc_build_bytes(b, raw, f->value_len);
    h->value = doc_build_str(b, value);
    g_free(value);
    if (f->value_len > VALUE_MAX)
        doc_build_note(b, part, "header-too-large", NULL);
}

static void
note_duplicates(struct import *im, uint32_t part, const struct scan_entity *e)
{
    for (size_t i = 0; i < sizeof single_fields / sizeof single_fields[0]; i++)
        if (scan_find(&im->scan, e, single_fields[i], 1))
            doc_build_note(&im->doc, part, "duplicate-header", single_fields[i]);
}

static void
add_part_headers(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    uint32_t index[sizeof address_fields / sizeof address_fields[0]] = {0};

    for (size_t i = 0; i < e->n_fields; i++) {
        const struct scan_field *f = scan_field_at(&im->scan, e->first_field + i);
        add_field(im, part, f);
        for (size_t k = 0; k < sizeof address_fields / sizeof address_fields[0]; k++)
            if (scan_field_is(&im->scan, f, address_fields[k].name)) {
                add_mailboxes(im, part, f, index, k);
                index[k]++;
            }
    }
    note_duplicates(im, part, e);
}

/* Raw 8-bit header bytes are mostly in the charset of the text below. */
static const char *
likely_charset(const struct import *im)
{
    for (uint32_t i = 0; i < scan_count(&im->scan); i++) {
        const char *label = g_mime_content_type_get_parameter(scan_at(&im->scan, i)->ct, "charset");
        const char *name = label ? charset_converter(label) : NULL;
        if (name && strcmp(name, "UTF-8") != 0 && strcmp(name, "ASCII") != 0 && strncmp(name, "UTF-", 4) != 0)
            return name;
    }
    return NULL;
}

void
import_headers(struct import *im)
{
    value_set_fallback(im->tools->options, likely_charset(im));
    for (uint32_t i = 0; i < scan_count(&im->scan); i++)
        add_part_headers(im, i);
    const struct scan_field *date = scan_find(&im->scan, scan_at(&im->scan, 0), "Date", 0);
    if (date)
        im->doc.date = value_date(im->in + date->value_at, date->value_len);
    value_set_fallback(im->tools->options, NULL);
}
