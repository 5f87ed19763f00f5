/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import, step 2: content of the leaves: size, decoded text, links, inline PGP regions. */
#include <string.h>

#include "charset.h"
#include "decode.h"
#include "flowed.h"
#include "html.h"
#include "import_parts.h"
#include "inline_pgp.h"

#define MAX_REGIONS 64u

enum import_text
import_text_kind(const struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    if (e->kind != SCAN_LEAF)
        return IMPORT_NO_TEXT;
    if (strcmp(e->type, "text/html") == 0 || strcmp(e->type, "application/xhtml+xml") == 0)
        return IMPORT_HTML;
    if (strncmp(e->type, "text/", 5) == 0 || e->broken || strcmp(e->type, "application/pgp") == 0)
        return IMPORT_PLAIN;
    return strncmp(e->type, "message/", 8) == 0 ? IMPORT_PLAIN : IMPORT_NO_TEXT;
}

/* ---- HTML */

struct sink_arg {
    struct import *im;
    uint32_t part;
};

static void
on_link(void *arg, const char *text, const char *target, uint32_t flags)
{
    struct sink_arg *a = arg;
    struct doc_link *l = doc_build_link(&a->im->doc);
    if (!l)
        return;
    l->part = a->part;
    l->flags = flags;
    l->text = doc_build_str(&a->im->doc, text);
    l->target = doc_build_str(&a->im->doc, target);
}

static void
on_ref(void *arg, const char *url)
{
    struct sink_arg *a = arg;
    struct doc_ref *r = doc_build_ref(&a->im->doc);
    if (!r)
        return;
    r->part = a->part;
    r->url = doc_build_str(&a->im->doc, url);
}

static void
on_note(void *arg, const char *id, const char *detail)
{
    struct sink_arg *a = arg;
    doc_build_note(&a->im->doc, a->part, id, detail);
}

/* ---- plain text */

struct plain {
    struct import *im;
    uint32_t part;
    const char *label;
    bool flowed, delsp;
    struct buf text;
};

static size_t
text_bound(const struct import *im)
{
    return im->text_left < DOC_BOUND_PART_TEXT ? im->text_left : DOC_BOUND_PART_TEXT;
}

/* CRLF and bare CR to LF, in place from `at` on. */
static void
normalise_lines(struct buf *b, size_t at)
{
    size_t n = at;
    for (size_t i = at; i < b->len; i++) {
        if (b->data[i] == '\r') {
            if (i + 1 < b->len && b->data[i + 1] == '\n')
                continue;
            b->data[i] = '\n';
        }
        b->data[n++] = b->data[i];
    }
    buf_truncate(b, n);
}

static void
note_charset(struct plain *p, bool whole, const struct charset_result *r)
{
    struct doc_builder *b = &p->im->doc;
    if (r->unknown)
        doc_build_note(b, p->part, "unknown-charset", p->label);
    if (r->damaged)
        doc_build_note(b, p->part, "undecodable-text", p->label);
    if (!whole)
        doc_build_note(b, p->part, "text-too-large", NULL);
}

/* Converts one piece of the content and appends it to the part's text. */
static void
add_piece(struct plain *p, const char *bytes, size_t len, bool flowed)
{
    size_t at = p->text.len, bound = text_bound(p->im);
    struct charset_result r;
    if (len == 0)
        return;
    bool whole = charset_to_utf8(&p->text, p->label, bytes, len, at < bound ? bound - at : 0, &r);
    note_charset(p, whole, &r);
    if (p->text.failed)
        return;
    normalise_lines(&p->text, at);
    if (flowed && p->text.len > at) {
        struct buf joined = BUF_INIT;
        flowed_join(&joined, p->text.data + at, p->text.len - at, p->delsp);
        buf_truncate(&p->text, at);
        buf_add(&p->text, joined.data, joined.len);
        buf_release(&joined);
    }
}

static void
add_inline_layer(struct import *im, uint32_t part, const struct pgp_region *region, const char *bytes, size_t text_at, size_t text_len)
{
    struct doc_layer *l = doc_build_layer(&im->doc, NULL);
    struct buf armor = BUF_INIT;
    if (!l)
        return;
    l->kind = region->encrypted ? DOC_LAYER_INLINE_ENCRYPTED : DOC_LAYER_INLINE_SIGNED;
    l->part = part;
    l->malformed = region->malformed;
    if (region->encrypted)
        pgp_clean_armor(&armor, bytes + region->at, region->len);
    else
        buf_add(&armor, bytes + region->at, region->len);
    l->object = doc_build_bytes(&im->doc, buf_str(&armor), armor.len);
    l->text_at = text_at;
    l->text_len = text_len;
    buf_release(&armor);
}

/* Armored regions are found in the bytes before conversion, because a cleartext signature covers those; each piece between and
   in them is converted for itself, so that the region's place in the text is known exactly (S9). */
static void
plain_text(struct plain *p, const char *bytes, size_t len, bool inline_pgp)
{
    struct pgp_region regions[MAX_REGIONS];
    size_t n = inline_pgp ? pgp_regions(bytes, len, regions, MAX_REGIONS) : 0, at = 0;

    for (size_t i = 0; i < n; i++) {
        add_piece(p, bytes + at, regions[i].at - at, p->flowed);
        size_t text_at = p->text.len;
        add_piece(p, bytes + regions[i].at, regions[i].len, false);
        add_inline_layer(p->im, p->part, &regions[i], bytes, text_at, p->text.len - text_at);
        at = regions[i].at + regions[i].len;
    }
    add_piece(p, bytes + at, len - at, p->flowed);
}

/* Wide charsets hide the ASCII marks of an armor: such text is searched after conversion. */
static bool
is_wide(const char *label)
{
    const char *name = charset_converter(label);
    return name && (strncmp(name, "UTF-16", 6) == 0 || strncmp(name, "UTF-32", 6) == 0 || strcmp(name, "UTF-7") == 0);
}

static bool
has_param(const struct scan_entity *e, const char *name, const char *value)
{
    const char *v = g_mime_content_type_get_parameter(e->ct, name);
    return v && g_ascii_strcasecmp(v, value) == 0;
}

static void
import_plain(struct import *im, uint32_t part, const struct buf *content, bool inline_pgp)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    const char *label = g_mime_content_type_get_parameter(e->ct, "charset");
    struct plain p = {.im = im, .part = part, .label = label ? label : "", .flowed = has_param(e, "format", "flowed"),
                      .delsp = has_param(e, "delsp", "yes")};

    if (is_wide(p.label)) {
        struct buf utf8 = BUF_INIT;
        struct charset_result r;
        note_charset(&p, charset_to_utf8(&utf8, p.label, buf_str(content), content->len, text_bound(im), &r), &r);
        p.label = "UTF-8";
        plain_text(&p, buf_str(&utf8), utf8.len, inline_pgp);
        buf_release(&utf8);
    } else {
        plain_text(&p, buf_str(content), content->len, inline_pgp);
    }
    im->text_left -= p.text.len < im->text_left ? p.text.len : im->text_left;
    doc_build_part_at(&im->doc, part)->text = doc_build_text(&im->doc, buf_str(&p.text), p.text.len);
    buf_release(&p.text);
}

static void
import_html(struct import *im, uint32_t part, const struct buf *content, bool inline_pgp)
{
    struct pgp_region regions[MAX_REGIONS];
    const char *label = g_mime_content_type_get_parameter(scan_at(&im->scan, part)->ct, "charset");
    struct sink_arg arg = {im, part};
    struct html_sink sink = {on_link, on_ref, on_note, &arg};
    struct buf text = BUF_INIT;

    if (label && *label && !charset_converter(label))
        doc_build_note(&im->doc, part, "unknown-charset", label);
    bool simple = content->len > im->html_left;
    html_to_text(&text, label ? label : "", buf_str(content), content->len, text_bound(im), simple, &sink);
    im->html_left -= simple ? 0 : content->len;
    im->text_left -= text.len < im->text_left ? text.len : im->text_left;
    doc_build_part_at(&im->doc, part)->text = doc_build_text(&im->doc, buf_str(&text), text.len);
    size_t n = inline_pgp ? pgp_loose_messages(buf_str(&text), text.len, regions, MAX_REGIONS) : 0;
    for (size_t i = 0; i < n; i++)
        add_inline_layer(im, part, &regions[i], text.data, regions[i].at, regions[i].len);
    buf_release(&text);
}

static bool
says_attachment(const struct import *im, uint32_t part)
{
    const struct scan_field *f = scan_find(&im->scan, scan_at(&im->scan, part), "Content-Disposition", 0);
    char *value = f ? value_unfold(im->in + f->value_at, f->value_len) : NULL;
    bool yes = value && g_ascii_strncasecmp(value, "attachment", 10) == 0;
    g_free(value);
    return yes;
}

static void
import_leaf(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    enum import_text kind = import_text_kind(im, part);
    struct buf content = BUF_INIT;
    bool damaged;
    GMimeContentEncoding encoding = e->broken ? GMIME_CONTENT_ENCODING_BINARY : e->encoding;
    size_t max = kind == IMPORT_NO_TEXT ? 0 : DOC_BOUND_PART_TEXT;
    uint64_t size = decode_content(encoding, im->in + e->body_at, e->body_len, &content, max, &damaged);

    if (damaged)
        doc_build_note(&im->doc, part, "damaged-encoding", NULL);
    if (kind != IMPORT_NO_TEXT && size > max)
        doc_build_note(&im->doc, part, "text-too-large", NULL);
    doc_build_part_at(&im->doc, part)->size = size;
    if (kind == IMPORT_HTML)
        import_html(im, part, &content, !says_attachment(im, part));
    else if (kind == IMPORT_PLAIN)
        import_plain(im, part, &content, !says_attachment(im, part));
    buf_release(&content);
}

void
import_texts(struct import *im)
{
    for (uint32_t i = 0; i < scan_count(&im->scan); i++) {
        const struct scan_entity *e = scan_at(&im->scan, i);
        if (e->kind == SCAN_LEAF)
            import_leaf(im, i);
        else
            doc_build_part_at(&im->doc, i)->size = e->body_len;
    }
}
