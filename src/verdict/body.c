/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The text shown and the text a reply would quote: the shown leaves of all documents in reading order. Stretches that the message's
   own signature and encryption do not cover, or that have a status of their own, become regions, which the screen frames (S9, S27,
   S33): so no status stands in the text, where a message could imitate it (S39). */
#include <stdlib.h>
#include <string.h>

#include "date.h"
#include "walk.h"

#define MAX_INLINE 64 /* armored regions of one part */

struct body {
    struct verdict *v;
    const struct signature_context *context;
    struct buf text, quote;
    bool text_gap, quote_gap;   /* an empty line is due before the next text, if anything stands before it */
    const struct frame *last;   /* frame of the last region, while text is added to it */
};

/* --- adding text */

static const char *
signer_of(const struct wr_signature *s)
{
    if (s->signers_n == 0)
        return "";
    return *s->signers[0].address ? s->signers[0].address : s->signers[0].name;
}

/* For a signature inside a forwarded message that message's From and Date count. */
static struct signature_context
context_of(const struct body *b, size_t doc, uint32_t part)
{
    struct verdict *v = b->v;
    const struct document *d = v->in->docs[doc];
    if (!v->docs[doc].parts[part].forwarded)
        return *b->context;
    for (uint32_t up = part; up < d->parts.count; up = doc_part(d, up)->parent) {
        uint32_t parent = doc_part(d, up)->parent;
        if (parent < d->parts.count && (doc_part(d, parent)->flags & DOC_PART_MESSAGE)) {
            const char *date = doc_field(d, up, "Date", 0);
            return (struct signature_context){headers_from(v, doc, up).address, date ? date_parse(date) : 0};
        }
    }
    return (struct signature_context){"", 0}; /* forwarded in an outer document: nobody vouches for its From */
}

static struct wr_region
describe(struct body *b, const struct frame *f)
{
    struct verdict *v = b->v;
    struct wr_region r = {.part = "", .signer = ""};

    if (f->kind != FRAME_LAYER) {
        r.kind = f->kind == FRAME_FORWARDED ? SP_REGION_FORWARDED : SP_REGION_OUTSIDE;
        r.part = tree_path(v, f->doc, f->part);
        return r;
    }
    const struct doc_layer *l = doc_layer(v->in->docs[f->doc], f->layer);
    const struct verdict_layer *result = envelope_result(v->in, f->doc, f->layer);
    struct wr_signature s;
    struct signature_context c = context_of(b, f->doc, l->part);
    const char *why;

    signature_of_layer(v, &c, f->doc, f->layer, &s);
    r.part = tree_path(v, f->doc, l->part);
    r.protocol = (uint8_t)envelope_protocol(l->kind);
    r.signature = s.state;
    r.signer = signer_of(&s);
    r.kind = SP_REGION_SIGNED;
    if (envelope_is_encryption(l->kind) && envelope_action(v->in, f->doc, f->layer).action != VERDICT_VERIFY) {
        bool opened = result && result->status == SP_OK && result->decrypted;
        r.kind = opened ? SP_REGION_DECRYPTED : SP_REGION_CLOSED;
        if (result)
            r.encryption = (uint8_t)encryption_of_result(result, &why);
    }
    return r;
}

static void
add_region(struct body *b, const struct frame *f, size_t at)
{
    struct wr_verdict *out = b->v->out;
    if (b->last == f && out->regions_n > 0) {
        struct wr_region *r = &out->regions[out->regions_n - 1];
        r->len = (uint32_t)(b->text.len - r->at);
        return;
    }
    struct wr_region *list = grow_list(b->v, out->regions, out->regions_n, sizeof *list);
    if (!list)
        return;
    out->regions = list;
    struct wr_region r = describe(b, f);
    r.at = (uint32_t)at;
    r.len = (uint32_t)(b->text.len - at);
    list[out->regions_n++] = r;
    b->last = f;
}

static void
close_gap(struct buf *out, bool *gap)
{
    if (*gap && out->len > 0)
        buf_addc(out, '\n');
    *gap = false;
}

static void
add_block(struct buf *out, const char *s, size_t len)
{
    buf_add(out, s, len);
    if (len > 0 && s[len - 1] != '\n')
        buf_addc(out, '\n');
}

/* Adds a stretch of text inside a frame (or none). quoted: a reply may repeat it. */
static void
add_stretch(struct body *b, const char *s, size_t len, const struct frame *f, bool quoted)
{
    if (len == 0)
        return;
    close_gap(&b->text, &b->text_gap);
    size_t at = b->text.len;
    add_block(&b->text, s, len);
    if (f)
        add_region(b, f, at);
    else
        b->last = NULL;
    if (quoted && !(f && f->unquoted)) {
        close_gap(&b->quote, &b->quote_gap);
        add_block(&b->quote, s, len);
    }
}

/* An empty line between parts; it belongs to no region. */
static void
separate(struct body *b)
{
    b->text_gap = b->quote_gap = true;
}

/* --- inline OpenPGP */

static const char *
line_end(const char *s, const char *end)
{
    const char *lf = memchr(s, '\n', (size_t)(end - s));
    return lf ? lf + 1 : end;
}

/* The text of a cleartext signature: behind the header lines and the empty line, dash-escapes taken off (RFC 9580 section 7). */
static bool
cleartext(const char *s, size_t len, struct buf *out)
{
    const char *end = s + len, *line = line_end(s, end), *next = end;
    for (; line < end; line = next) {
        next = line_end(line, end);
        if (is_blank(line, (size_t)(next - line)))
            break;
    }
    for (line = line < end ? next : end; line < end; line = next) {
        next = line_end(line, end);
        size_t n = (size_t)(next - line);
        if (n >= 29 && memcmp(line, "-----BEGIN PGP SIGNATURE-----", 29) == 0)
            return true;
        if (n >= 2 && line[0] == '-' && line[1] == ' ')
            buf_add(out, line + 2, n - 2);
        else
            buf_add(out, line, n);
    }
    return false;
}

/* Same letters, leaving aside white space and what a charset may have changed. */
static bool
same_letters(const char *a, size_t a_len, const char *b, size_t b_len)
{
    size_t i = 0, k = 0;
    for (;;) {
        while (i < a_len && ((unsigned char)a[i] <= ' ' || (unsigned char)a[i] >= 0x7f))
            i++;
        while (k < b_len && ((unsigned char)b[k] <= ' ' || (unsigned char)b[k] >= 0x7f))
            k++;
        if (i == a_len || k == b_len)
            return i == a_len && k == b_len;
        if (a[i++] != b[k++])
            return false;
    }
}

static void
inner_text(const struct body *b, size_t inner, struct buf *out)
{
    const struct document *d = b->v->in->docs[inner];
    for (uint32_t i = 0; i < d->parts.count; i++) {
        const struct doc_part *p = doc_part(d, i);
        if (p->flags & DOC_PART_SHOWN)
            add_block(out, doc_text(d, p->text), p->text.len);
    }
}

/* The text shown is that of the message in its charset, but only when it is the text that was verified. */
static void
add_signed_region(struct body *b, size_t doc, uint32_t layer, const char *s, size_t len, const struct frame *f)
{
    const struct verdict_layer *r = envelope_result(b->v->in, doc, layer);
    size_t inner = envelope_inner(b->v->in, r);
    struct buf own = BUF_INIT, checked = BUF_INIT;
    bool whole = cleartext(s, len, &own);

    if (inner != NONE)
        inner_text(b, inner, &checked);
    if (inner != NONE && (!whole || !same_letters(buf_str(&own), own.len, buf_str(&checked), checked.len)))
        add_stretch(b, buf_str(&checked), checked.len, f, true);
    else if (whole)
        add_stretch(b, buf_str(&own), own.len, f, true);
    else
        add_stretch(b, s, len, f, true);
    b->v->nomem |= own.failed || checked.failed;
    buf_release_wiped(&own);
    buf_release_wiped(&checked);
}

static void
add_encrypted_region(struct body *b, size_t doc, uint32_t layer, const char *s, size_t len, const struct frame *f)
{
    size_t inner = envelope_inner(b->v->in, envelope_result(b->v->in, doc, layer));
    struct buf plain = BUF_INIT;

    if (inner == NONE) {
        add_stretch(b, s, len, f, false);
        return;
    }
    inner_text(b, inner, &plain);
    add_stretch(b, buf_str(&plain), plain.len, f, true);
    b->v->nomem |= plain.failed;
    buf_release_wiped(&plain);
}

static const struct frame *
region_frame(struct body *b, size_t doc, uint32_t layer, const struct frame *around)
{
    struct verdict *v = b->v;
    struct frame *f = arena_alloc(v->arena, sizeof *f);
    if (!f) {
        v->nomem = true;
        return around;
    }
    uint32_t part = doc_layer(v->in->docs[doc], layer)->part;
    const struct verdict_layer *r = envelope_result(v->in, doc, layer);
    bool whole = doc == 0 && layer == envelope_inline_whole(v->in, &v->envelope);
    *f = (struct frame){.kind = FRAME_LAYER, .doc = doc, .part = part, .layer = layer,
                        .unquoted = (r && r->decrypted && !whole) || (around && around->unquoted)};
    return f;
}

/* The inline layers of a part, in the order of their places. */
static size_t
inline_layers(const struct document *d, uint32_t part, uint32_t found[MAX_INLINE])
{
    size_t n = 0;
    for (uint32_t i = 0; i < d->layers.count && n < MAX_INLINE; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        if (l->part != part || !envelope_is_inline(l->kind))
            continue;
        size_t at = n++;
        for (; at > 0 && doc_layer(d, found[at - 1])->text_at > l->text_at; at--)
            found[at] = found[at - 1];
        found[at] = i;
    }
    return n;
}

/* --- parts */

static void
add_leaf(struct body *b, size_t doc, uint32_t i)
{
    const struct document *d = b->v->in->docs[doc];
    const struct doc_part *p = doc_part(d, i);
    const struct frame *f = b->v->docs[doc].parts[i].frame;
    const char *text = doc_text(d, p->text);
    uint32_t layers[MAX_INLINE];
    size_t n = inline_layers(d, i, layers), at = 0;

    if (b->last != f)
        b->last = NULL;
    separate(b);
    for (size_t k = 0; k < n; k++) {
        const struct doc_layer *l = doc_layer(d, layers[k]);
        if (l->text_at < at || l->text_at > p->text.len || l->text_len > p->text.len - l->text_at)
            continue;
        size_t from = (size_t)l->text_at, len = (size_t)l->text_len;
        if (!is_blank(text + at, from - at))
            add_stretch(b, text + at, from - at, f, true);
        const struct frame *own = region_frame(b, doc, layers[k], f);
        if (l->kind == DOC_LAYER_INLINE_SIGNED)
            add_signed_region(b, doc, layers[k], text + from, len, own);
        else
            add_encrypted_region(b, doc, layers[k], text + from, len, own);
        at = from + len;
    }
    if (n == 0 || !is_blank(text + at, p->text.len - at)) {
        size_t skip = n > 0 && text[at] == '\n'; /* the line end behind a region */
        add_stretch(b, text + at + skip, p->text.len - at - skip, f, true);
    }
}

/* A forwarded message begins with who wrote it, as it says. */
static void
add_forwarded_heading(struct body *b, size_t doc, uint32_t message)
{
    static const char *const names[] = {"From", "To", "Date", "Subject"};
    const struct document *d = b->v->in->docs[doc];
    uint32_t child = doc_part(d, message)->first_child;
    bool any = false;

    if (child >= d->parts.count || (doc == b->v->envelope.doc && message == b->v->wrapping))
        return;
    uint32_t depth = doc_part(d, message)->depth;
    for (uint32_t i = child; i < d->parts.count && doc_part(d, i)->depth > depth && !any; i++)
        any = (doc_part(d, i)->flags & DOC_PART_SHOWN) != 0;
    if (!any)
        return;
    struct buf heading = BUF_INIT;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = doc_field(d, child, names[i], 0);
        if (value && *value)
            buf_addf(&heading, "%s: %s\n", names[i], value);
    }
    separate(b);
    add_stretch(b, buf_str(&heading), heading.len, b->v->docs[doc].parts[child].frame, true);
    b->v->nomem |= heading.failed;
    buf_release(&heading);
}

/* An encrypted part that was left closed has its place in the text, though nothing stands there. */
static void
add_closed(struct body *b, size_t doc, uint32_t layer)
{
    const struct frame *f = region_frame(b, doc, layer, NULL);
    b->last = NULL;
    if (f)
        add_region(b, f, b->text.len);
    b->last = NULL;
}

static void
add_document(struct body *b, size_t doc)
{
    const struct document *d = b->v->in->docs[doc];
    for (uint32_t i = 0; i < d->parts.count && !b->v->nomem; i++) {
        const struct doc_part *p = doc_part(d, i);
        if (p->flags & DOC_PART_MESSAGE)
            add_forwarded_heading(b, doc, i);
        if (p->flags & DOC_PART_SHOWN)
            add_leaf(b, doc, i);
        size_t inner = walk_inner(b->v, doc, i);
        uint32_t closed = walk_closed(b->v, doc, i);
        if (inner != NONE)
            add_document(b, inner);
        else if (closed != DOC_NONE)
            add_closed(b, doc, closed);
    }
}

/* The document of the one part that a person asked to be opened (S29); NONE: the whole message. */
static size_t
opened_alone(const struct verdict *v)
{
    size_t doc;
    uint32_t layer;
    if (!v->in->open_path || !envelope_find(v->in, v->in->open_path, &doc, &layer))
        return NONE;
    size_t inner = envelope_inner(v->in, envelope_result(v->in, doc, layer));
    return inner != NONE && v->docs[inner].reached ? inner : NONE;
}

void
body_fill(struct verdict *v, const struct signature_context *c)
{
    struct body b = {.v = v, .context = c, .text = BUF_INIT, .quote = BUF_INIT};
    size_t alone = opened_alone(v);

    add_document(&b, alone == NONE ? 0 : alone);
    v->nomem |= b.text.failed || b.quote.failed;
    v->out->body = copy_text(v, buf_str(&b.text), b.text.len);
    v->out->reply_quote = alone == NONE ? copy_text(v, buf_str(&b.quote), b.quote.len) : "";
    buf_release_wiped(&b.text);
    buf_release_wiped(&b.quote);
}
