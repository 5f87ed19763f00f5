/* SPDX-License-Identifier: GPL-3.0-or-later */
/* IMAP's modified UTF-7 for folder names (RFC 3501 section 5.1.3). */
#ifndef SP_ENGINE_UTF7_H
#define SP_ENGINE_UTF7_H

#include <stddef.h>

#include "base/buf.h"
#include "base/status.h"

/* Appends the encoded form of valid UTF-8. SP_UTF8; SP_INVALID for control characters. */
enum sp_status utf7_encode(struct buf *out, const char *name, size_t len) SP_MUST_USE;

#endif
