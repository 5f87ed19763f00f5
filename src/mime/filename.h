/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File names of attachments: reduced to what is safe to suggest (S59), and which of two to believe (S60). */
#ifndef SP_MIME_FILENAME_H
#define SP_MIME_FILENAME_H

#include "base/buf.h"

#define FILENAME_MAX_BYTES 200u

/* Appends the safe base name: no folder, no control, invisible or bidirectional characters, no leading dots or dashes, no trailing
   dots or spaces, at most FILENAME_MAX_BYTES (the extension is kept). May be empty. True when it differs from the name given. */
bool filename_safe(struct buf *out, const char *name);
/* The extension after the last dot, "" when there is none. Borrowed. */
const char *filename_extension(const char *name);
/* 0 harmless ... 3 runs when opened. By extension, case-insensitive. */
int filename_danger(const char *name);

#endif
