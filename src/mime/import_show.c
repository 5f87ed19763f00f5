/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import, step 4: which leaves are the body shown and which are listed as attachments. Every leaf stays in the tree (S32). The
   choice inside multipart/mixed is that of JMAP (RFC 8621 section 4.1.4). */
#include <string.h>

#include "import_parts.h"

struct show {
    bool chosen;   /* false below an alternative that was not taken: nothing is shown there */
    bool related;  /* directly below multipart/related, and not its root */
    bool attached; /* inside an attached message: it is listed as one, not its leaves */
    bool first;    /* the first child of its multipart */
};

static void show_part(struct import *im, uint32_t part, struct show how);

static struct doc_part *
part_of(struct import *im, uint32_t part)
{
    return doc_build_part_at(&im->doc, part);
}

static bool
is_blank(const struct import *im, struct doc_text t)
{
    const char *s = import_str(im, t);
    for (uint32_t i = 0; i < t.len; i++)
        if ((unsigned char)s[i] > ' ')
            return false;
    return true;
}

/* Text that is read, not opened: plain text, HTML, what stands in a broken multipart. Other text types (calendars, cards, data)
   are attachments that can be looked at. */
static bool
is_readable(const struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    enum import_text kind = import_text_kind(im, part);
    return kind == IMPORT_HTML || e->broken || strcmp(e->type, "text/plain") == 0 || strcmp(e->type, "text/enriched") == 0 ||
           strcmp(e->type, "application/pgp") == 0 || strcmp(e->type, "text/richtext") == 0 ||
           (kind == IMPORT_PLAIN && e->parent == DOC_NONE);
}

static char *
disposition(const struct import *im, uint32_t part)
{
    const struct scan_field *f = scan_find(&im->scan, scan_at(&im->scan, part), "Content-Disposition", 0);
    char *value = f ? value_unfold(im->in + f->value_at, f->value_len) : g_strdup("");
    char *lower = g_ascii_strdown(value, -1);
    g_free(value);
    lower[strcspn(lower, "; \t")] = '\0';
    return lower;
}

static bool
has_name(const struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    const struct scan_field *f = scan_find(&im->scan, e, "Content-Disposition", 0);
    char *value = f ? value_unfold(im->in + f->value_at, f->value_len) : NULL;
    bool named = g_mime_content_type_get_parameter(e->ct, "name") || (value && strcasestr(value, "filename"));
    g_free(value);
    return named;
}

/* ---- legacy display parts */

static bool
field_says(const struct import *im, uint32_t part, const char *name, size_t name_len, const char *value, size_t len)
{
    const struct doc_header *h = (const void *)im->doc.headers.data;
    size_t n = im->doc.headers.len / sizeof *h;
    for (size_t i = 0; i < n; i++)
        if (h[i].part == part && h[i].name.len == name_len && g_ascii_strncasecmp(import_str(im, h[i].name), name, name_len) == 0 &&
            h[i].value.len == len && memcmp(import_str(im, h[i].value), value, len) == 0)
            return true;
    return false;
}

/* Length of the leading "Field: value" lines (with the empty line behind) that repeat fields of the payload root. Nothing but such
   lines may be left out of the view, or the flag would be a way to hide text (S32). 0: there are none, or others among them. */
static size_t
repeated_fields(const struct import *im, uint32_t root, const char *s, size_t len)
{
    size_t at = 0, lines = 0;
    while (at < len && s[at] != '\n') {
        const char *lf = memchr(s + at, '\n', len - at);
        size_t end = lf ? (size_t)(lf - s) : len, value = at;
        while (value < end && s[value] != ':')
            value++;
        size_t name_len = value - at;
        value++;
        while (value < end && s[value] == ' ')
            value++;
        if (value >= end || !field_says(im, root, s + at, name_len, s + value, end - value))
            return 0;
        lines++;
        at = end + (lf != NULL);
    }
    return lines ? at + (at < len) : 0;
}

/* The nearest part upwards that has the flag; DOC_NONE when there is none. */
static uint32_t
flagged_root(struct import *im, uint32_t part, uint32_t flag)
{
    while (part != DOC_NONE && !(part_of(im, part)->flags & flag))
        part = part_of(im, part)->parent;
    return part;
}

/* The display part of the older scheme: text/plain or text/rfc822-headers with protected-headers="v1", first below the payload's
   root (draft-autocrypt-lamps-protected-headers section 5.2). */
static bool
is_legacy_part(struct import *im, uint32_t part, const struct show *how)
{
    struct doc_part *p = part_of(im, part);
    const char *type = import_str(im, p->type);
    bool fits = strcmp(type, "text/rfc822-headers") == 0 || strcmp(type, "text/plain") == 0;
    if (!fits || !how->first || !(p->flags & DOC_PART_PROTECTED_V1) || p->parent == DOC_NONE)
        return false;
    uint32_t root = flagged_root(im, p->parent, DOC_PART_PROTECTED_V1);
    if (root == DOC_NONE)
        return false;
    const char *s = import_str(im, p->text);
    size_t used = repeated_fields(im, root, s, p->text.len);
    while (used && used < p->text.len && (unsigned char)s[used] <= ' ')
        used++;
    return used && used == p->text.len;
}

/* RFC 9788 section 5.2.2: the display element at the top of a text/plain part with hp-legacy-display="1". */
static void
strip_legacy_element(struct import *im, uint32_t part)
{
    struct doc_part *p = part_of(im, part);
    const char *mark = g_mime_content_type_get_parameter(scan_at(&im->scan, part)->ct, "hp-legacy-display");
    uint32_t root = flagged_root(im, part, DOC_PART_HP_CIPHER);
    if (!mark || strcmp(mark, "1") != 0 || root == DOC_NONE || import_text_kind(im, part) != IMPORT_PLAIN)
        return;
    size_t used = repeated_fields(im, root, import_str(im, p->text), p->text.len);
    const struct doc_layer *l = (const void *)im->doc.layers.data;
    for (size_t i = 0; i < im->doc.layers.len / sizeof *l; i++)
        if (l[i].part == part)
            used = 0; /* offsets of inline regions must stay true */
    p->text.at += (uint32_t)used;
    p->text.len -= (uint32_t)used;
}

/* ---- the choice */

static void
show_leaf(struct import *im, uint32_t part, struct show how)
{
    struct doc_part *p = part_of(im, part);
    char *disp = disposition(im, part);
    bool readable = is_readable(im, part), attachment = strcmp(disp, "attachment") == 0, isinline = strcmp(disp, "inline") == 0;
    bool shown = readable && how.chosen && !attachment && !how.related && (how.first || isinline || !has_name(im, part));

    if (is_legacy_part(im, part, &how)) {
        p->flags |= DOC_PART_LEGACY_DISPLAY;
    } else if (shown) {
        p->flags |= DOC_PART_SHOWN;
        strip_legacy_element(im, part);
    }
    /* what is shown but named and explicitly inline can be saved as well */
    bool listed = shown ? isinline && !how.first && has_name(im, part) : attachment || !readable || how.chosen;
    if (p->flags & DOC_PART_LEGACY_DISPLAY || how.attached)
        listed = false;
    if (!how.chosen && !attachment && strncmp(import_str(im, p->type), "text/", 5) == 0)
        listed = false; /* another form of the text shown: a calendar entry, say */
    if (listed)
        p->flags |= DOC_PART_ATTACHMENT;
    g_free(disp);
}

/* Whether the part has readable text in it: 2 plain, 1 HTML, 0 none. Blank text does not count. */
static int
text_rank(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    int best = 0;
    if (e->kind == SCAN_LEAF) {
        if (!is_readable(im, part) || is_blank(im, part_of(im, part)->text))
            return 0;
        return import_text_kind(im, part) == IMPORT_HTML ? 1 : 2;
    }
    for (uint32_t c = e->first_child; c != DOC_NONE && best < 2; c = scan_at(&im->scan, c)->next_sibling) {
        int rank = text_rank(im, c);
        best = rank > best ? rank : best;
    }
    return best;
}

static void
show_alternative(struct import *im, uint32_t part, struct show how)
{
    uint32_t best = DOC_NONE;
    int best_rank = -1;
    for (uint32_t c = scan_at(&im->scan, part)->first_child; c != DOC_NONE; c = scan_at(&im->scan, c)->next_sibling) {
        int rank = text_rank(im, c);
        if (rank > best_rank || (rank == best_rank && rank < 2)) { /* the last of equal ones is the richest, but plain is plain */
            best = c;
            best_rank = rank;
        }
    }
    for (uint32_t c = scan_at(&im->scan, part)->first_child; c != DOC_NONE; c = scan_at(&im->scan, c)->next_sibling) {
        struct show inner = how;
        inner.first = c == best;
        inner.chosen = how.chosen && c == best;
        show_part(im, c, inner);
    }
}

/* RFC 2387: the root is the part that `start` names, else the first. */
static uint32_t
related_root(const struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    const char *start = g_mime_content_type_get_parameter(e->ct, "start");
    for (uint32_t c = e->first_child; start && c != DOC_NONE; c = scan_at(&im->scan, c)->next_sibling) {
        const struct scan_field *f = scan_find(&im->scan, scan_at(&im->scan, c), "Content-ID", 0);
        char *id = f ? value_unfold(im->in + f->value_at, f->value_len) : NULL;
        bool is_root = id && strcmp(id, start) == 0;
        g_free(id);
        if (is_root)
            return c;
    }
    return e->first_child;
}

static void
show_multipart(struct import *im, uint32_t part, struct show how)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    struct doc_part *p = part_of(im, part);
    const struct doc_layer *layers = (const void *)im->doc.layers.data;
    const struct doc_layer *l = p->layer == DOC_NONE ? NULL : &layers[p->layer];
    uint32_t root = strcmp(e->type, "multipart/related") == 0 ? related_root(im, part) : DOC_NONE, nth = 0;

    if (l && l->kind == DOC_LAYER_PGP_ENCRYPTED && !l->malformed)
        return; /* control part and ciphertext: neither text nor attachment */
    if (strcmp(e->type, "multipart/alternative") == 0) {
        show_alternative(im, part, how);
        return;
    }
    for (uint32_t c = e->first_child; c != DOC_NONE; c = scan_at(&im->scan, c)->next_sibling, nth++) {
        struct show inner = how;
        inner.first = root == DOC_NONE ? nth == 0 : c == root;
        inner.related = root != DOC_NONE && c != root;
        if (!(l && nth == 1 && !l->malformed)) /* the signature itself */
            show_part(im, c, inner);
    }
}

static void
show_message(struct import *im, uint32_t part, struct show how)
{
    struct doc_part *p = part_of(im, part);
    /* As the root it is the wrapping of a protected payload (RFC 8551 section 3.1), not a forwarded message. */
    bool wrapping = part == 0 || p->flags & DOC_PART_FORWARDED_NO;

    if (!wrapping && !how.attached)
        p->flags |= DOC_PART_ATTACHMENT;
    if (!wrapping) /* its text is shown whatever its disposition: the verdict frames it as forwarded (S33) */
        how.attached = true;
    how.first = true;
    how.related = false;
    show_part(im, scan_at(&im->scan, part)->first_child, how);
}

/* True when only crypto layers and wrappings stand above (S27): then a CMS object is the message; elsewhere it is an attachment. */
static bool
in_envelope(struct import *im, uint32_t part)
{
    for (uint32_t up = part_of(im, part)->parent; up != DOC_NONE; up = part_of(im, up)->parent)
        if (part_of(im, up)->layer == DOC_NONE && scan_at(&im->scan, up)->kind != SCAN_MESSAGE)
            return false;
    return true;
}

static void
show_part(struct import *im, uint32_t part, struct show how)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    if (e->kind == SCAN_MULTIPART)
        show_multipart(im, part, how);
    else if (e->kind == SCAN_MESSAGE)
        show_message(im, part, how);
    else if (part_of(im, part)->layer == DOC_NONE)
        show_leaf(im, part, how);
    else if (!in_envelope(im, part) && !how.attached)
        part_of(im, part)->flags |= DOC_PART_ATTACHMENT;
}

void
import_show(struct import *im)
{
    show_part(im, 0, (struct show){.chosen = true, .first = true});
}
