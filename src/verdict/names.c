/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enumerations to the stable identifiers of `sealpost inspect`. */
#include "verdict.h"

#define NAMES(function, TABLE)                                         \
    const char *function(unsigned value)                               \
    {                                                                  \
        static const char *const names[] = {TABLE(NAME)};              \
        return value < sizeof names / sizeof *names ? names[value] : "?"; \
    }
#define NAME(n, s) s,

NAMES(verdict_signature_name, SP_SIGNATURE_TABLE)
NAMES(verdict_encryption_name, SP_ENCRYPTION_TABLE)
NAMES(verdict_summary_name, SP_SUMMARY_TABLE)
NAMES(verdict_covers_name, SP_COVERS_TABLE)
NAMES(verdict_protocol_name, SP_PROTOCOL_TABLE)
NAMES(verdict_integrity_name, SP_INTEGRITY_TABLE)
NAMES(verdict_revocation_name, SP_REVOCATION_TABLE)
NAMES(verdict_sender_name, SP_SENDER_TABLE)
NAMES(verdict_level_name, SP_LEVEL_TABLE)
NAMES(verdict_trust_name, SP_TRUST_TABLE)
