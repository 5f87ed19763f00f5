/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The structural scanner: header blocks and multipart delimiters to exact ranges. */
#include "scan.h"

#include <string.h>
#include <strings.h>

/* A delimiter search of every level goes over the level's bytes once; nesting a large body deeply must not multiply that. */
#define SCAN_WORK ((size_t)536870912)

void
scan_init(struct scan *s, const char *in, size_t len, GMimeParserOptions *options, struct doc_builder *notes)
{
    *s = (struct scan){.in = in, .len = len, .options = options, .notes = notes,
                       .header_bytes = DOC_BOUND_HEADER_BYTES, .work = SCAN_WORK};
}

void
scan_release(struct scan *s)
{
    for (uint32_t i = 0; i < scan_count(s); i++) {
        struct scan_entity *e = scan_at(s, i);
        if (e->ct)
            g_object_unref(e->ct);
        g_free(e->type);
    }
    buf_release(&s->entities);
    buf_release(&s->fields);
}

uint32_t
scan_count(const struct scan *s)
{
    return (uint32_t)(s->entities.len / sizeof(struct scan_entity));
}

struct scan_entity *
scan_at(const struct scan *s, uint32_t i)
{
    return (struct scan_entity *)(void *)s->entities.data + i;
}

const struct scan_field *
scan_field_at(const struct scan *s, size_t i)
{
    return (const struct scan_field *)(const void *)s->fields.data + i;
}

bool
scan_field_is(const struct scan *s, const struct scan_field *f, const char *name)
{
    return strlen(name) == f->name_len && strncasecmp(s->in + f->name_at, name, f->name_len) == 0;
}

const struct scan_field *
scan_find(const struct scan *s, const struct scan_entity *e, const char *name, unsigned nth)
{
    for (size_t i = 0; i < e->n_fields; i++) {
        const struct scan_field *f = scan_field_at(s, e->first_field + i);
        if (scan_field_is(s, f, name) && nth-- == 0)
            return f;
    }
    return NULL;
}

static void
note(struct scan *s, uint32_t part, const char *id, const char *detail)
{
    if (s->notes)
        doc_build_note(s->notes, part, id, detail);
}

static void
note_line(struct scan *s, uint32_t part, const char *id, size_t at, size_t end)
{
    char *detail = g_strndup(s->in + at, end - at < DOC_BOUND_DETAIL ? end - at : DOC_BOUND_DETAIL);
    note(s, part, id, detail);
    g_free(detail);
}

/* ---- header blocks */

/* One line of [at, end): eol is where its line end begins, next where the next line begins. */
struct line {
    size_t at, eol, next;
};

static struct line
line_at(const struct scan *s, size_t at, size_t end)
{
    const char *lf = memchr(s->in + at, '\n', end - at);
    struct line l = {at, lf ? (size_t)(lf - s->in) : end, lf ? (size_t)(lf - s->in) + 1 : end};
    if (lf && l.eol > at && s->in[l.eol - 1] == '\r')
        l.eol--;
    return l;
}

/* Length of the field name when the line is "name: ..." (white space before the colon is the obsolete syntax), else 0. */
static size_t
field_name(const struct scan *s, struct line l)
{
    size_t i = l.at;
    while (i < l.eol && (unsigned char)s->in[i] > 32 && (unsigned char)s->in[i] < 127 && s->in[i] != ':')
        i++;
    size_t len = i - l.at;
    while (i < l.eol && (s->in[i] == ' ' || s->in[i] == '\t'))
        i++;
    return len && i < l.eol && s->in[i] == ':' ? len : 0;
}

static bool
is_folded(const struct scan *s, struct line l)
{
    return l.eol > l.at && (s->in[l.at] == ' ' || s->in[l.at] == '\t');
}

static void
add_field(struct scan *s, struct scan_entity *e, uint32_t part, struct line l, size_t name_len)
{
    const char *colon = memchr(s->in + l.at + name_len, ':', l.eol - l.at - name_len);
    struct scan_field f = {.name_at = l.at, .name_len = name_len};

    f.value_at = (size_t)(colon - s->in) + 1;
    f.value_len = l.eol - f.value_at;
    if (e->n_fields >= DOC_BOUND_HEADERS || s->header_bytes < l.eol - l.at) {
        s->header_bytes = 0;
        note(s, part, "headers-too-large", NULL);
        return;
    }
    s->header_bytes -= l.eol - l.at;
    buf_add(&s->fields, &f, sizeof f);
    e->n_fields++;
}

static void
continue_field(struct scan *s, struct scan_entity *e, uint32_t part, struct line l)
{
    struct scan_field *f = (struct scan_field *)(void *)s->fields.data + e->first_field + e->n_fields - 1;
    size_t more = l.eol - (f->value_at + f->value_len);
    if (s->header_bytes < more) {
        s->header_bytes = 0;
        note(s, part, "headers-too-large", NULL);
        return;
    }
    s->header_bytes -= more;
    f->value_len += more;
}

/* Reads the header block of [at, end) and returns where the body begins. A line that is no field is passed over when fields go on
   behind it, else the body begins with it, so that no text is lost (S32). */
static size_t
scan_block(struct scan *s, struct scan_entity *e, uint32_t part, size_t at, size_t end)
{
    bool open = false; /* a field that a folded line may continue */

    e->first_field = s->fields.len / sizeof(struct scan_field);
    while (at < end) {
        struct line l = line_at(s, at, end);
        size_t name_len;
        if (l.eol == l.at)
            return l.next;
        if (is_folded(s, l) && open) {
            if (e->n_fields && s->header_bytes)
                continue_field(s, e, part, l);
        } else if ((name_len = field_name(s, l)) != 0) {
            size_t before = e->n_fields;
            add_field(s, e, part, l, name_len);
            open = e->n_fields > before || s->header_bytes == 0;
        } else {
            struct line after = line_at(s, l.next, end);
            note_line(s, part, "malformed-header", l.at, l.eol);
            if (!open || field_name(s, after) == 0)
                return l.at;
        }
        at = l.next;
    }
    return end;
}

/* ---- entities */

static void
note_parameter(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer arg)
{
    struct scan *s = arg;
    (void)offset;
    if (code == GMIME_CRIT_CONFLICTING_PARAMETER || code == GMIME_WARN_DUPLICATED_PARAMETER)
        note(s, scan_count(s) - 1, "conflicting-parameter", item);
}

static void
read_type(struct scan *s, struct scan_entity *e, uint32_t part, bool digest)
{
    const struct scan_field *f = scan_find(s, e, "Content-Type", 0);
    bool valid = true;

    if (!f) {
        e->ct = digest ? g_mime_content_type_new("message", "rfc822") : g_mime_content_type_new("text", "plain");
    } else {
        g_mime_parser_options_set_warning_callback(s->options, note_parameter, s);
        e->ct = value_content_type(s->options, s->in + f->value_at, f->value_len, &valid);
        g_mime_parser_options_set_warning_callback(s->options, NULL, NULL);
    }
    if (!valid)
        note_line(s, part, "malformed-content-type", f->value_at, f->value_at + f->value_len);
    e->type = value_type_name(e->ct);
    f = scan_find(s, e, "Content-Transfer-Encoding", 0);
    if (f) {
        char *name = value_unfold(s->in + f->value_at, f->value_len);
        name[strcspn(name, " \t;(")] = '\0';
        e->encoding = g_mime_content_encoding_from_string(name);
        if (*name && e->encoding == GMIME_CONTENT_ENCODING_DEFAULT)
            note(s, part, "unknown-encoding", name);
        g_free(name);
    }
}

static bool
is_identity(GMimeContentEncoding encoding)
{
    return encoding == GMIME_CONTENT_ENCODING_DEFAULT || encoding == GMIME_CONTENT_ENCODING_7BIT ||
           encoding == GMIME_CONTENT_ENCODING_8BIT || encoding == GMIME_CONTENT_ENCODING_BINARY;
}

static uint32_t scan_entity(struct scan *s, size_t at, size_t end, uint32_t parent, bool digest);

enum delimiter { NOT_DELIMITER, DELIMITER, CLOSE_DELIMITER };

/* RFC 2046 section 5.1.1: "--" boundary, "--" again at the end, then only white space. */
static enum delimiter
delimiter_at(const struct scan *s, struct line l, const char *boundary, size_t len)
{
    size_t at = l.at + 2;
    enum delimiter kind = DELIMITER;

    if (l.eol - l.at < len + 2 || s->in[l.at] != '-' || s->in[l.at + 1] != '-' || memcmp(s->in + at, boundary, len) != 0)
        return NOT_DELIMITER;
    at += len;
    if (l.eol - at >= 2 && s->in[at] == '-' && s->in[at + 1] == '-') {
        kind = CLOSE_DELIMITER;
        at += 2;
    }
    while (at < l.eol && (s->in[at] == ' ' || s->in[at] == '\t'))
        at++;
    return at == l.eol ? kind : NOT_DELIMITER;
}

/* Where the part that began at `at` ends: the line end before the delimiter line belongs to the delimiter. */
static size_t
end_before(const struct scan *s, size_t at, size_t delimiter)
{
    if (delimiter > at && s->in[delimiter - 1] == '\n')
        delimiter--;
    if (delimiter > at && s->in[delimiter - 1] == '\r')
        delimiter--;
    return delimiter;
}

static bool
is_blank(const struct scan *s, size_t at, size_t end)
{
    while (at < end && strchr(" \t\r\n", s->in[at]) && s->in[at])
        at++;
    return at == end;
}

struct split {
    uint32_t parent, last; /* last: the child before, DOC_NONE at first */
    bool digest;
};

/* False when no more children fit. */
static bool
add_child(struct scan *s, struct split *sp, size_t at, size_t end)
{
    uint32_t child = scan_entity(s, at, end, sp->parent, sp->digest);
    if (child == DOC_NONE)
        return false;
    if (sp->last == DOC_NONE)
        scan_at(s, sp->parent)->first_child = child;
    else
        scan_at(s, sp->last)->next_sibling = child;
    scan_at(s, sp->parent)->children++;
    sp->last = child;
    return true;
}

static void
split_multipart(struct scan *s, uint32_t index, const char *boundary)
{
    struct scan_entity *e = scan_at(s, index);
    size_t at = e->body_at, end = at + e->body_len, len = strlen(boundary), start = 0;
    struct split sp = {index, DOC_NONE, strcmp(e->type, "multipart/digest") == 0};
    bool inside = false, closed = false, more = true;

    s->work -= e->body_len;
    while (at < end && !closed && more) {
        struct line l = line_at(s, at, end);
        enum delimiter kind = delimiter_at(s, l, boundary, len);
        if (kind != NOT_DELIMITER) {
            if (inside)
                more = add_child(s, &sp, start, end_before(s, start, l.at));
            closed = kind == CLOSE_DELIMITER;
            inside = true;
            start = l.next;
        }
        at = l.next;
    }
    if (inside && !closed && more) {
        note(s, index, "missing-end", NULL);
        (void)add_child(s, &sp, start, end);
    }
    if (closed && !is_blank(s, at, end))
        note_line(s, index, "text-after-end", at, end);
}

static void
scan_multipart(struct scan *s, uint32_t index)
{
    struct scan_entity *e = scan_at(s, index);
    const char *boundary = g_mime_content_type_get_parameter(e->ct, "boundary");

    e->kind = SCAN_MULTIPART;
    if (!is_identity(e->encoding))
        note(s, index, "encoded-multipart", NULL);
    if (!boundary || !*boundary) {
        note(s, index, "missing-boundary", NULL);
    } else if (e->depth + 1 >= DOC_BOUND_DEPTH || s->work < e->body_len) {
        note(s, index, "nesting-too-deep", NULL);
    } else {
        char *copy = g_strdup(boundary);
        /* trailing white space is never part of a boundary, but GMime keeps it when it was quoted */
        g_strchomp(copy);
        split_multipart(s, index, copy);
        g_free(copy);
        e = scan_at(s, index); /* the table may have moved */
        if (e->children == 0)
            note(s, index, "no-parts-found", NULL);
    }
    if (e->children == 0) {
        e->kind = SCAN_LEAF;
        e->broken = true;
    }
}

static void
scan_inner_message(struct scan *s, uint32_t index)
{
    struct scan_entity *e = scan_at(s, index);
    size_t at = e->body_at, len = e->body_len;

    if (!is_identity(e->encoding)) {
        note(s, index, "encoded-message", NULL);
    } else if (e->depth + 1 >= DOC_BOUND_DEPTH) {
        note(s, index, "nesting-too-deep", NULL);
    } else if (len) {
        uint32_t child = scan_entity(s, at, at + len, index, false);
        e = scan_at(s, index);
        if (child != DOC_NONE) {
            e->kind = SCAN_MESSAGE;
            e->first_child = child;
            e->children = 1;
        }
    }
}

static bool
is_message_type(const char *type)
{
    return strcmp(type, "message/rfc822") == 0 || strcmp(type, "message/global") == 0 || strcmp(type, "message/news") == 0;
}

/* A separator line of mbox files in front of a message is no part of it. */
static size_t
skip_mbox_line(const struct scan *s, size_t at, size_t end)
{
    size_t left = end - at;
    if ((left >= 5 && memcmp(s->in + at, "From ", 5) == 0) || (left >= 6 && memcmp(s->in + at, ">From ", 6) == 0))
        return line_at(s, at, end).next;
    return at;
}

/* The entity that is [at, end), and all below it. Returns its number, DOC_NONE when the bound on parts is reached. */
static uint32_t
scan_entity(struct scan *s, size_t at, size_t end, uint32_t parent, bool digest)
{
    uint32_t index = scan_count(s);
    struct scan_entity e = {.parent = parent, .first_child = DOC_NONE, .next_sibling = DOC_NONE};

    if (index >= DOC_BOUND_PARTS || s->entities.failed) {
        note(s, 0, "too-many-parts", NULL);
        return DOC_NONE;
    }
    if (parent != DOC_NONE)
        e.depth = scan_at(s, parent)->depth + 1;
    if (parent == DOC_NONE || scan_at(s, parent)->kind != SCAN_MULTIPART)
        at = skip_mbox_line(s, at, end);
    e.raw_at = at;
    e.raw_len = end - at;
    buf_add(&s->entities, &e, sizeof e);
    if (s->entities.failed)
        return DOC_NONE;
    e.body_at = scan_block(s, &e, index, at, end);
    e.body_len = end - e.body_at;
    read_type(s, &e, index, digest);
    *scan_at(s, index) = e;
    if (s->headers_only)
        return index;
    if (strncmp(e.type, "multipart/", 10) == 0)
        scan_multipart(s, index);
    else if (is_message_type(e.type))
        scan_inner_message(s, index);
    return index;
}

/* A header field, or an empty line before some text (an entity without header fields), after an optional mbox line. */
static bool
is_message(const struct scan *s)
{
    size_t at = skip_mbox_line(s, 0, s->len);
    if (at >= s->len)
        return false;
    struct line l = line_at(s, at, s->len);
    return l.eol == l.at ? !is_blank(s, at, s->len) : field_name(s, l) > 0;
}

enum sp_status
scan_message(struct scan *s)
{
    if (!is_message(s))
        return SP_NOT_A_MESSAGE;
    (void)scan_entity(s, 0, s->len, DOC_NONE, false);
    return s->entities.failed || s->fields.failed ? SP_NOMEM : SP_OK;
}

enum sp_status
scan_headers(struct scan *s)
{
    s->headers_only = true;
    return scan_message(s);
}
