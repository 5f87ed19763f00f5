/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Addresses on the screen: the address itself goes before any name (S37). Pure. */
#ifndef UI_ADDRESS_H
#define UI_ADDRESS_H

#include "base/buf.h"
#include "base/messages.h"

/* The address in at most cols columns: when it is too long, the local part is cut, then the domain from its left, because its right
   end says who it is. */
void address_fit(const char *address, int cols, struct buf *out);
/* "a@example.org, b@example.org" */
void address_list(const struct wr_mailbox *boxes, uint32_t n, struct buf *out);
/* For one column of a list: address first, then the name while there is room. */
void address_column(const char *address, const char *name, int cols, struct buf *out);

#endif
