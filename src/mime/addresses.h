/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Address lists as a person types them. */
#ifndef SP_MIME_ADDRESSES_H
#define SP_MIME_ADDRESSES_H

#include "base/arena.h"
#include "base/messages.h"
#include "tools.h"

/* "A <a@x>, b@y" to mailboxes; commas and semicolons separate. What is no valid address goes to `rest` (comma-separated) and
   makes valid 0; an empty list is valid. Strings are in the arena. SP_OK or SP_NOMEM. */
enum sp_status mime_addresses(struct mime_tools *tools, const char *text, struct arena *arena, struct wm_addresses *out) SP_MUST_USE;
/* RFC 5321 section 4.1.2 without quoted local parts and address literals; UTF-8 is allowed in the domain (IDN). */
bool mime_address_valid(const char *address);
/* How many entries a list has, by its separators outside of quotes, comments and angle brackets. */
size_t mime_address_entries(const char *text);

#endif
