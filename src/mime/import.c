/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The driver of import: scan, parts, then the steps of import_parts.h. */
#include "import.h"

#include <stdio.h>
#include <string.h>

#include "import_parts.h"

#define HTML_BYTES ((size_t)16777216) /* at the slowest input that passes html.c's measures, about four seconds */

/* 1 when no line feed stands without its carriage return: then ranges can be verified as they are. */
static uint32_t
is_crlf(const char *s, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *lf = memchr(s + at, '\n', len - at);
        if (!lf)
            break;
        if (lf == s || lf[-1] != '\r')
            return 0;
        at = (size_t)(lf - s) + 1;
    }
    return 1;
}

/* IMAP's section numbers (RFC 9051 section 6.4.5.1): a multipart that is the body of a message has the message's own path. */
static void
make_path(struct import *im, uint32_t i, unsigned number, char *out, size_t size)
{
    const struct scan_entity *e = scan_at(&im->scan, i);
    if (e->parent == DOC_NONE) {
        (void)snprintf(out, size, "%s", e->kind == SCAN_MULTIPART ? "" : "1");
        return;
    }
    const char *up = import_str(im, doc_build_part_at(&im->doc, e->parent)->path);
    bool in_message = scan_at(&im->scan, e->parent)->kind == SCAN_MESSAGE;
    if (in_message && e->kind == SCAN_MULTIPART)
        (void)snprintf(out, size, "%s", up);
    else
        (void)snprintf(out, size, "%s%s%u", up, *up ? "." : "", in_message ? 1u : number);
}

static uint32_t
structure_flags(const struct scan_entity *e)
{
    uint32_t flags = e->kind == SCAN_MULTIPART ? DOC_PART_MULTIPART : e->kind == SCAN_MESSAGE ? DOC_PART_MESSAGE : DOC_PART_LEAF;
    char *v1 = value_param_lower(e->ct, "protected-headers"), *hp = value_param_lower(e->ct, "hp");
    char *forwarded = value_param_lower(e->ct, "forwarded");

    if (strcmp(v1, "v1") == 0)
        flags |= DOC_PART_PROTECTED_V1;
    if (strcmp(hp, "clear") == 0)
        flags |= DOC_PART_HP_CLEAR;
    if (strcmp(hp, "cipher") == 0)
        flags |= DOC_PART_HP_CIPHER;
    if (strcmp(forwarded, "no") == 0 && e->kind == SCAN_MESSAGE)
        flags |= DOC_PART_FORWARDED_NO;
    if (strcmp(e->type, "text/html") == 0 || strcmp(e->type, "application/xhtml+xml") == 0)
        flags |= DOC_PART_HTML;
    g_free(v1);
    g_free(hp);
    g_free(forwarded);
    return flags;
}

static void
add_part(struct import *im, uint32_t i, unsigned number)
{
    const struct scan_entity *e = scan_at(&im->scan, i);
    const struct scan_field *cte = scan_find(&im->scan, e, "Content-Transfer-Encoding", 0);
    const char *charset = g_mime_content_type_get_parameter(e->ct, "charset");
    char path[1024]; /* DOC_BOUND_DEPTH numbers of at most four digits */
    struct doc_part *p = doc_build_part(&im->doc, NULL);
    if (!p)
        return;
    make_path(im, i, number, path, sizeof path);
    p->parent = e->parent;
    p->first_child = e->first_child;
    p->next_sibling = e->next_sibling;
    p->depth = e->depth;
    p->flags = structure_flags(e);
    p->path = doc_build_str(&im->doc, path);
    p->type = doc_build_str(&im->doc, e->type);
    p->charset = doc_build_str(&im->doc, charset);
    if (cte) {
        char *value = value_unfold(im->in + cte->value_at, cte->value_len), *lower = g_ascii_strdown(value, -1);
        p->encoding = doc_build_str(&im->doc, lower);
        g_free(lower);
        g_free(value);
    }
    p->raw_at = e->raw_at;
    p->raw_len = e->raw_len;
    p->body_at = e->body_at;
    p->body_len = e->body_len;
}

/* Numbers come from the order among the siblings; parents stand before their children. */
enum sp_status
import_structure(struct import *im)
{
    uint32_t n = scan_count(&im->scan);
    for (uint32_t i = 0; i < n; i++) {
        const struct scan_entity *e = scan_at(&im->scan, i);
        unsigned number = 1;
        if (e->parent != DOC_NONE)
            number = ++scan_at(&im->scan, e->parent)->numbered;
        add_part(im, i, number);
    }
    return doc_build_parts(&im->doc) == n && !im->doc.failed ? SP_OK : SP_NOMEM;
}

enum sp_status
mime_import(struct mime_tools *tools, const char *bytes, size_t len, struct buf *out)
{
    struct import im = {.tools = tools, .in = bytes, .len = len, .text_left = DOC_BOUND_TEXT, .html_left = HTML_BYTES};

    doc_build_init(&im.doc);
    scan_init(&im.scan, bytes, len, tools->options, &im.doc);
    im.doc.input_len = len;
    im.doc.crlf = is_crlf(bytes, len);
    enum sp_status st = scan_message(&im.scan);
    if (!st)
        st = import_structure(&im);
    if (!st) {
        import_headers(&im);
        import_texts(&im);
        import_layers(&im);
        import_show(&im);
        import_drop_hidden_layers(&im);
        import_names(&im);
        st = doc_build_finish(&im.doc, out);
    }
    scan_release(&im.scan);
    doc_build_release(&im.doc);
    return st;
}
