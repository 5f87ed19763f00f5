/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Import, step 5: dispositions, file names, content ids, types by content. */
#include <string.h>
#include <strings.h>

#include "decode.h"
#include "filename.h"
#include "import_parts.h"

#define DETECT_BYTES ((size_t)262144)

/* Two names for one part: readers differ in which they believe, so the one that would do more harm counts (S60). */
static const char *
choose_name(struct import *im, uint32_t part, const char *a, const char *b)
{
    if (!a || !*a)
        return b ? b : "";
    if (!b || !*b || strcmp(a, b) == 0)
        return a;
    char *both = g_strdup_printf("%s | %s", a, b);
    const char *x = filename_extension(a), *y = filename_extension(b);
    if (filename_danger(a) != filename_danger(b) || (*x && *y && strcasecmp(x, y) != 0))
        doc_build_note(&im->doc, part, "conflicting-names", both);
    g_free(both);
    return filename_danger(b) > filename_danger(a) ? b : a;
}

static void
note_conflict(gint64 offset, GMimeParserWarning code, const gchar *item, gpointer arg)
{
    bool *conflict = arg;
    (void)offset;
    (void)item;
    if (code == GMIME_CRIT_CONFLICTING_PARAMETER)
        *conflict = true;
}

static void
set_name(struct import *im, uint32_t part, const char *name)
{
    struct buf safe = BUF_INIT;
    struct doc_part *p = doc_build_part_at(&im->doc, part);
    if (filename_safe(&safe, name) && *name)
        doc_build_note(&im->doc, part, "unsafe-name", name);
    p->name = doc_build_str(&im->doc, buf_str(&safe));
    buf_release(&safe);
}

void
import_disposition(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    const struct scan_field *f = scan_find(&im->scan, e, "Content-Disposition", 0);
    GMimeContentDisposition *d = NULL;
    bool conflict = false;

    if (f) {
        g_mime_parser_options_set_warning_callback(im->tools->options, note_conflict, &conflict);
        d = value_disposition(im->tools->options, im->in + f->value_at, f->value_len);
        g_mime_parser_options_set_warning_callback(im->tools->options, NULL, NULL);
    }
    if (conflict)
        doc_build_note(&im->doc, part, "conflicting-names", NULL);
    const char *filename = d ? g_mime_content_disposition_get_parameter(d, "filename") : NULL;
    const char *kind = d ? g_mime_content_disposition_get_disposition(d) : NULL;
    const char *name = g_mime_content_type_get_parameter(e->ct, "name");
    char *lower = g_ascii_strdown(kind ? kind : "", -1);
    doc_build_part_at(&im->doc, part)->disposition = doc_build_str(&im->doc, lower);
    set_name(im, part, choose_name(im, part, filename, name));
    g_free(lower);
    if (d)
        g_object_unref(d);
}

static void
import_content_id(struct import *im, uint32_t part)
{
    const struct scan_field *f = scan_find(&im->scan, scan_at(&im->scan, part), "Content-ID", 0);
    if (!f)
        return;
    char *value = value_unfold(im->in + f->value_at, f->value_len), *id = value;
    size_t len = strlen(id);
    if (len >= 2 && id[0] == '<' && id[len - 1] == '>') {
        id[len - 1] = '\0';
        id++;
    }
    doc_build_part_at(&im->doc, part)->content_id = doc_build_str(&im->doc, id);
    g_free(value);
}

/* The text shown needs no detection; everything that could be opened or saved does. */
static void
detect_type(struct import *im, uint32_t part)
{
    const struct scan_entity *e = scan_at(&im->scan, part);
    struct doc_part *p = doc_build_part_at(&im->doc, part);
    if (!(p->flags & DOC_PART_LEAF) || e->body_len == 0)
        return;
    if (!(p->flags & DOC_PART_ATTACHMENT) && import_text_kind(im, part) != IMPORT_NO_TEXT && p->name.len == 0)
        return;
    struct buf head = BUF_INIT;
    size_t slice = e->body_len < 2 * DETECT_BYTES ? e->body_len : 2 * DETECT_BYTES;
    (void)decode_content(e->encoding, im->in + e->body_at, slice, &head, DETECT_BYTES, NULL);
    p->detected_type = doc_build_str(&im->doc, mime_tools_detect(im->tools, buf_str(&head), head.len));
    buf_release(&head);
}

void
import_names(struct import *im)
{
    for (uint32_t i = 0; i < scan_count(&im->scan); i++) {
        import_disposition(im, i);
        import_content_id(im, i);
        detect_type(im, i);
    }
}
