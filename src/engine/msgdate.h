/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a new message gets: its Date and its Message-ID. */
#ifndef SP_ENGINE_MSGDATE_H
#define SP_ENGINE_MSGDATE_H

#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

/* Appends the Date field's value (RFC 5322 section 3.3) in the local time zone. */
void msgdate_add(struct buf *out, int64_t when);
/* Appends a fresh Message-ID with angle brackets: 16 random bytes at the address's domain, nothing about the machine or the time. */
enum sp_status msgid_add(struct buf *out, const char *address) SP_MUST_USE;

#endif
