/* SPDX-License-Identifier: GPL-3.0-or-later */
/* File names that others chose. */
#ifndef UI_SAVE_H
#define UI_SAVE_H

#include "app.h"

/* Appends a base name that is safe to propose: no folder, not hidden, no control characters, bounded. Never empty. */
void save_safe_name(const char *suggested, struct buf *out);
/* Forgets what was being saved. */
void save_end(struct app *a);

#endif
