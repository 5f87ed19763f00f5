/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Enumerations to the stable identifiers of `sealpost inspect`. */
#include "verdict.h"

#define NAMES(function, parameter, TABLE)                                      \
    const char *function(unsigned parameter)                                   \
    {                                                                          \
        static const char *const names[] = {TABLE(NAME)};                      \
        return parameter < sizeof names / sizeof *names ? names[parameter] : "?"; \
    }
#define NAME(n, s) s,

NAMES(verdict_signature_name, state, SP_SIGNATURE_TABLE)
NAMES(verdict_encryption_name, state, SP_ENCRYPTION_TABLE)
NAMES(verdict_summary_name, summary, SP_SUMMARY_TABLE)
NAMES(verdict_covers_name, covers, SP_COVERS_TABLE)
NAMES(verdict_protocol_name, protocol, SP_PROTOCOL_TABLE)
NAMES(verdict_integrity_name, integrity, SP_INTEGRITY_TABLE)
NAMES(verdict_revocation_name, revocation, SP_REVOCATION_TABLE)
NAMES(verdict_sender_name, state, SP_SENDER_TABLE)
NAMES(verdict_level_name, level, SP_LEVEL_TABLE)
NAMES(verdict_trust_name, trust, SP_TRUST_TABLE)
