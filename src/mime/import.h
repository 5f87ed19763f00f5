/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One message to a document. */
#ifndef SP_MIME_IMPORT_H
#define SP_MIME_IMPORT_H

#include "base/buf.h"
#include "tools.h"

/* Parses the bytes and appends the document's block to out. SP_OK, SP_NOMEM, SP_TOO_LARGE, SP_NOT_A_MESSAGE. */
enum sp_status mime_import(struct mime_tools *tools, const char *bytes, size_t len, struct buf *out) SP_MUST_USE;

#endif
