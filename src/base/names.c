/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Identifiers of enumerations, from the same tables. */
#include "names.h"

#include "types.h"

#define X(n, s) s,
#define NAMES(function, TABLE)                                             \
    const char *function(unsigned value)                                   \
    {                                                                      \
        static const char *const names[] = {TABLE(X)};                     \
        return value < sizeof names / sizeof *names ? names[value] : "?"; \
    }
NAMES(name_role, SP_ROLE_TABLE)
NAMES(name_protocol, SP_PROTOCOL_TABLE)
NAMES(name_signature, SP_SIGNATURE_TABLE)
NAMES(name_encryption, SP_ENCRYPTION_TABLE)
NAMES(name_integrity, SP_INTEGRITY_TABLE)
NAMES(name_covers, SP_COVERS_TABLE)
NAMES(name_summary, SP_SUMMARY_TABLE)
NAMES(name_revocation, SP_REVOCATION_TABLE)
NAMES(name_sender, SP_SENDER_TABLE)
NAMES(name_level, SP_LEVEL_TABLE)
NAMES(name_trust, SP_TRUST_TABLE)
NAMES(name_folder_role, SP_FOLDER_ROLE_TABLE)
