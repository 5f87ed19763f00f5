/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the steps of import share. Part numbers are entity numbers of the scan. */
#ifndef SP_MIME_IMPORT_PARTS_H
#define SP_MIME_IMPORT_PARTS_H

#include "scan.h"
#include "tools.h"

enum import_text { IMPORT_NO_TEXT, IMPORT_PLAIN, IMPORT_HTML };

struct import {
    struct mime_tools *tools;   /* borrowed */
    const char *in;             /* borrowed */
    size_t len;
    struct scan scan;
    struct doc_builder doc;
    size_t text_left;           /* of DOC_BOUND_TEXT */
    size_t html_left;           /* bytes of HTML that may still go through the parser, of all parts together */
};

/* After the scan, import.c: a part for every entity, with path, type, flags and ranges. SP_OK or SP_NOMEM. */
enum sp_status import_structure(struct import *im) SP_MUST_USE;
/* Step 1, import_header.c: header fields and mailboxes of every part, date. */
void import_headers(struct import *im);
/* Step 2, import_text.c: decoded text, size, links of every leaf, inline PGP layers. */
void import_texts(struct import *im);
enum import_text import_text_kind(const struct import *im, uint32_t part);
/* Step 3, import_layer.c: crypto layers of multiparts and CMS parts. */
void import_layers(struct import *im);
/* Step 4, import_show.c: what is shown, what is an attachment. */
void import_show(struct import *im);
/* After step 4: drops inline layers of texts that are not shown. */
void import_drop_hidden_layers(struct import *im);
/* Step 5, import_name.c: file names and detected types. */
void import_names(struct import *im);
void import_disposition(struct import *im, uint32_t part);

/* A text of the builder's pool. Borrowed until the next text is added. */
static inline const char *
import_str(const struct import *im, struct doc_text t)
{
    return im->doc.pool.data + t.at;
}

#endif
