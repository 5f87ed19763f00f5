/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One part's content by its path. */
#ifndef SP_MIME_EXTRACT_H
#define SP_MIME_EXTRACT_H

#include "base/buf.h"
#include "tools.h"

struct mime_part {
    struct buf content; /* owned: decoded bytes; of a multipart or message the content as transmitted */
    struct buf name;    /* owned: safe file name, may be empty */
    struct buf type;    /* owned: as declared, lower case */
};
/* Paths are those of the document ("1.2"). SP_OK, SP_NOT_FOUND, SP_NOT_A_MESSAGE, SP_NOMEM. Release in any case. */
enum sp_status mime_extract(struct mime_tools *tools, const char *bytes, size_t len, const char *path, struct mime_part *out) SP_MUST_USE;
void mime_part_release(struct mime_part *p);

#endif
