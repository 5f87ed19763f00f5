/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One GPGME context with our rules: offline, our passphrase callback, every status line read. Inside keys/pgp*.c only. */
#ifndef SP_KEYS_PGP_SESSION_H
#define SP_KEYS_PGP_SESSION_H

#include <gpgme.h>

#include "keys.h"

/* What gpg said on its status lines (GnuPG, doc/DETAILS). Its exit code and GPGME's return value are never enough. */
struct pgp_seen {
    unsigned begin_decryption, decryption_okay, decryption_failed, goodmdc, plaintext, newsig, goodsig;
    unsigned plaintext_outside; /* a PLAINTEXT while no decryption was open */
    unsigned mdc_method, aead;
    unsigned no_seckey;
    bool open;                 /* between BEGIN_DECRYPTION and END_DECRYPTION */
};

#define PGP_WANTED 8

struct pgp_session {
    const struct keys_op *op;
    gpgme_ctx_t ctx;
    struct pgp_seen seen;
    bool interactive;
    const struct secret *fixed; /* the passphrase that came with the request; NULL = none */
    bool asked;                 /* gpg wanted a passphrase */
    bool was_wrong;             /* the passphrase given was refused */
    enum sp_status ask_status;  /* why op->ask gave none */
    bool handed;                /* the person's terminal is pinentry's */
    bool refused;               /* the agent would have had to ask, and was not allowed to */
    char wanted[PGP_WANTED][41]; /* keys, one of whose secret parts is needed: key ids or fingerprints */
    unsigned wanted_n;
    struct gpgme_data_cbs out;  /* GPGME keeps a pointer to it */
};

/* For operations that need secret keys, after pgp_open: the agent must run already. */
enum sp_status pgp_need_agent(const struct pgp_session *s) SP_MUST_USE;
/* interactive: passphrases may be asked for. fixed may be NULL; borrowed until pgp_close. */
enum sp_status pgp_open(struct pgp_session *s, const struct keys_op *op, bool interactive, const struct secret *fixed) SP_MUST_USE;
void pgp_close(struct pgp_session *s);
/* Forgets what was seen, for another attempt in the same context. */
void pgp_again(struct pgp_session *s);
/* Notes that this key's secret part is needed, for the question to the person. */
void pgp_wants(struct pgp_session *s, const char *key_id);
/* True when the operation is worth another attempt: it failed for a wrong passphrase that the person typed, or pinentry was needed and
   may now have the terminal. */
bool pgp_may_retry(struct pgp_session *s, gpgme_error_t err, int attempt);
/* The status for an error of an operation of this session. */
enum sp_status pgp_status(const struct pgp_session *s, gpgme_error_t err);

/* GPGME data objects around our inputs and outputs. The sink is bounded; a full one ends the operation. */
enum sp_status pgp_data_in(gpgme_data_t *data, const void *bytes, size_t len) SP_MUST_USE;
enum sp_status pgp_data_out(struct pgp_session *s, gpgme_data_t *data, struct keys_sink *sink) SP_MUST_USE;

/* Signatures of a finished verify or decrypt as wire records. */
enum sp_status pgp_signatures(struct pgp_session *s, int64_t now, struct wr_key_signature **list, uint32_t *n) SP_MUST_USE;

/* Facts of a key (pgp_facts.c). */
enum sp_status pgp_identities(const struct keys_op *op, gpgme_key_t key, uint8_t trust, struct wr_identity **list, uint32_t *n) SP_MUST_USE;
/* enum sp_trust: the user's own decision in our store first, else GnuPG's validity. */
uint8_t pgp_trust(const struct keys_op *op, gpgme_key_t key);
/* The primary key's fingerprint, "" when unknown. */
const char *pgp_fingerprint(gpgme_key_t key);
/* "rsa2048", "ed25519": in the arena. */
const char *pgp_algorithm(struct arena *arena, gpgme_subkey_t sub);
bool pgp_weak_key(gpgme_subkey_t sub);
bool pgp_expired(gpgme_subkey_t sub, int64_t now);

#endif
