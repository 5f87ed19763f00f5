/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stable identifiers of the enumerations in types.h ("unknown-key"). Static storage; "?" beyond a table. */
#ifndef SP_BASE_NAMES_H
#define SP_BASE_NAMES_H

const char *name_role(unsigned value);
const char *name_protocol(unsigned value);
const char *name_signature(unsigned value);
const char *name_encryption(unsigned value);
const char *name_integrity(unsigned value);
const char *name_covers(unsigned value);
const char *name_summary(unsigned value);
const char *name_revocation(unsigned value);
const char *name_sender(unsigned value);
const char *name_level(unsigned value);
const char *name_trust(unsigned value);
const char *name_folder_role(unsigned value);

#endif
