/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stable identifiers of the enumerations in types.h ("unknown-key"). Static storage; "?" beyond a table. */
#ifndef SP_BASE_NAMES_H
#define SP_BASE_NAMES_H

const char *name_role(unsigned role);
const char *name_protocol(unsigned protocol);
const char *name_signature(unsigned state);
const char *name_encryption(unsigned state);
const char *name_integrity(unsigned integrity);
const char *name_covers(unsigned covers);
const char *name_summary(unsigned summary);
const char *name_revocation(unsigned revocation);
const char *name_sender(unsigned state);
const char *name_level(unsigned level);
const char *name_trust(unsigned trust);
const char *name_folder_role(unsigned role);

#endif
