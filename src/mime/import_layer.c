/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import, step 3: crypto layers. Dispatch is by the protocol parameter (S12, RFC 1847), for CMS by what the object is. */
#include <string.h>
#include <strings.h>

#include "cms_type.h"
#include "decode.h"
#include "filename.h"
#include "import_parts.h"

#define MAX_OBJECT DOC_MAX_SIZE

static const struct {
    const char *protocol;
    enum doc_layer_kind kind;
} protocols[] = {
    {"application/pgp-signature", DOC_LAYER_PGP_SIGNED},
    {"application/pkcs7-signature", DOC_LAYER_SMIME_SIGNED},
    {"application/x-pkcs7-signature", DOC_LAYER_SMIME_SIGNED},
};

static uint32_t
child(const struct import *im, uint32_t part, unsigned nth)
{
    uint32_t c = scan_at(&im->scan, part)->first_child;
    while (nth-- && c != DOC_NONE)
        c = scan_at(&im->scan, c)->next_sibling;
    return c;
}

static bool
is_type(const struct import *im, uint32_t part, const char *type)
{
    return part != DOC_NONE && strcmp(scan_at(&im->scan, part)->type, type) == 0;
}

static enum doc_layer_kind
signed_kind(const char *type)
{
    for (size_t i = 0; i < sizeof protocols / sizeof protocols[0]; i++)
        if (strcmp(type, protocols[i].protocol) == 0)
            return protocols[i].kind;
    return DOC_LAYER_KINDS;
}

static struct doc_text
decoded_object(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    struct buf object = BUF_INIT;
    (void)decode_content(e->encoding, im->in + e->body_at, e->body_len, &object, MAX_OBJECT, NULL);
    struct doc_text t = doc_build_bytes(&im->doc, buf_str(&object), object.len);
    if (object.failed)
        im->doc.failed = true;
    buf_release(&object);
    return t;
}

static struct doc_layer *
add_layer(struct import *im, uint32_t part, enum doc_layer_kind kind)
{
    uint32_t index;
    struct doc_layer *l = doc_build_layer(&im->doc, &index);
    if (l) {
        l->kind = kind;
        l->part = part;
        doc_build_part_at(&im->doc, part)->layer = index;
    }
    return l;
}

static bool
is_plain_encoding(GMimeContentEncoding encoding)
{
    return encoding != GMIME_CONTENT_ENCODING_BASE64 && encoding != GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE &&
           encoding != GMIME_CONTENT_ENCODING_UUENCODE;
}

/* RFC 1847 section 2.1: exactly two parts, the second one of the type that `protocol` names. The signed bytes are the first
   part with its header, without the line end before the delimiter. */
static void
signed_layer(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    char *protocol = value_param_lower(e->ct, "protocol"), *micalg = value_param_lower(e->ct, "micalg");
    uint32_t content = child(im, part, 0), signature = child(im, part, 1);
    const char *type = signature == DOC_NONE ? "" : scan_at(&im->scan, signature)->type;
    enum doc_layer_kind kind = signed_kind(*protocol ? protocol : type);

    if (!*protocol)
        doc_build_note(&im->doc, part, "missing-protocol", NULL);
    if (kind == DOC_LAYER_KINDS) {
        doc_build_note(&im->doc, part, "unknown-protocol", protocol);
    } else {
        struct doc_layer *l = add_layer(im, part, kind);
        if (l) {
            bool fits = signature != DOC_NONE && signed_kind(type) == kind && scan_at(&im->scan, signature)->kind == SCAN_LEAF;
            l->content_part = content;
            l->malformed = e->children != 2 || !fits || !is_plain_encoding(e->encoding);
            l->signed_at = scan_at(&im->scan, content)->raw_at;
            l->signed_len = scan_at(&im->scan, content)->raw_len;
            l->micalg = doc_build_str(&im->doc, micalg);
            l->protocol = doc_build_str(&im->doc, protocol);
            if (fits)
                l->object = decoded_object(im, signature);
            if (l->malformed)
                doc_build_note(&im->doc, part, "malformed-signed", NULL);
        }
    }
    g_free(protocol);
    g_free(micalg);
}

/* RFC 3156 section 4: a control part, then the ciphertext. */
static void
encrypted_layer(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    char *protocol = value_param_lower(e->ct, "protocol");
    uint32_t control = child(im, part, 0), data = child(im, part, 1);

    if (!*protocol)
        doc_build_note(&im->doc, part, "missing-protocol", NULL);
    if (strcmp(protocol, "application/pgp-encrypted") == 0 || (!*protocol && is_type(im, control, "application/pgp-encrypted"))) {
        struct doc_layer *l = add_layer(im, part, DOC_LAYER_PGP_ENCRYPTED);
        if (l) {
            bool fits = is_type(im, control, "application/pgp-encrypted") && data != DOC_NONE &&
                        scan_at(&im->scan, data)->kind == SCAN_LEAF;
            l->malformed = e->children != 2 || !fits || !is_plain_encoding(e->encoding);
            l->protocol = doc_build_str(&im->doc, protocol);
            if (fits)
                l->object = decoded_object(im, data);
            if (l->malformed)
                doc_build_note(&im->doc, part, "malformed-encrypted", NULL);
        }
    } else {
        doc_build_note(&im->doc, part, "unknown-protocol", protocol);
    }
    g_free(protocol);
}

static bool
is_cms_part(const struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    if (strcmp(e->type, "application/pkcs7-mime") == 0 || strcmp(e->type, "application/x-pkcs7-mime") == 0)
        return true;
    if (strcmp(e->type, "application/octet-stream") != 0)
        return false;
    const char *name = g_mime_content_type_get_parameter(e->ct, "name");
    const struct scan_field *f = scan_find(&im->scan, e, "Content-Disposition", 0);
    GMimeContentDisposition *d = f ? value_disposition(im->tools->options, im->in + f->value_at, f->value_len) : NULL;
    const char *filename = d ? g_mime_content_disposition_get_parameter(d, "filename") : NULL;
    bool yes = (name && strcasecmp(filename_extension(name), "p7m") == 0) ||
               (filename && strcasecmp(filename_extension(filename), "p7m") == 0);
    if (d)
        g_object_unref(d);
    return yes;
}

/* The object itself says what it is; the parameter counts only where the object cannot be read (then it is malformed). */
static void
cms_layer(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    char *smime_type = value_param_lower(e->ct, "smime-type");
    struct buf head = BUF_INIT;

    (void)decode_content(e->encoding, im->in + e->body_at, e->body_len < 256 ? e->body_len : 256, &head, 64, NULL);
    enum cms_type named = cms_type_named(smime_type), found = cms_type_of((const unsigned char *)buf_str(&head), head.len);
    enum cms_type type = found ? found : named;
    buf_release(&head);
    if (*smime_type && found && named && named != found)
        doc_build_note(&im->doc, part, "smime-type-mismatch", smime_type);
    if (type == CMS_COMPRESSED)
        doc_build_note(&im->doc, part, "compressed-cms", NULL);
    else if (type != CMS_UNKNOWN && strcmp(smime_type, "certs-only") != 0) {
        struct doc_text object = decoded_object(im, part);
        struct doc_layer *l = add_layer(im, part, type == CMS_SIGNED ? DOC_LAYER_SMIME_OPAQUE : DOC_LAYER_SMIME_ENCRYPTED);
        if (l) {
            l->object = object;
            l->malformed = !found;
            l->smime_type = doc_build_str(&im->doc, smime_type);
        }
    }
    g_free(smime_type);
}

void
import_layers(struct import *im)
{
    for (uint32_t i = 0; i < scan_count(&im->scan); i++) {
        const struct scan_entity *e = scan_at(&im->scan, i);
        if (e->kind == SCAN_MULTIPART && strcmp(e->type, "multipart/signed") == 0)
            signed_layer(im, i);
        else if (e->kind == SCAN_MULTIPART && strcmp(e->type, "multipart/encrypted") == 0)
            encrypted_layer(im, i);
        else if (e->broken && (strcmp(e->type, "multipart/signed") == 0 || strcmp(e->type, "multipart/encrypted") == 0))
            doc_build_note(&im->doc, i, "malformed-signed", NULL);
        else if (e->kind == SCAN_LEAF && is_cms_part(im, i))
            cms_layer(im, i);
    }
}

/* Inline regions count only where their text is shown; the other form of an alternative has them once more. */
void
import_drop_hidden_layers(struct import *im)
{
    struct doc_layer *l = (struct doc_layer *)(void *)im->doc.layers.data;
    size_t n = im->doc.layers.len / sizeof *l, kept = 0;
    for (size_t i = 0; i < n; i++) {
        struct doc_part *p = doc_build_part_at(&im->doc, l[i].part);
        bool is_inline = l[i].kind == DOC_LAYER_INLINE_SIGNED || l[i].kind == DOC_LAYER_INLINE_ENCRYPTED;
        if (is_inline && !(p->flags & DOC_PART_SHOWN))
            continue;
        if (!is_inline)
            p->layer = (uint32_t)kept;
        l[kept++] = l[i];
    }
    if (n)
        buf_truncate(&im->doc.layers, kept * sizeof *l);
}
