/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys room: OpenPGP through GPGME, S/MIME through OpenSSL's CMS, the sealed certificate store and the store's own key.
   Every operation here blocks and runs in a child process of its own (child.h); it gets the decoded request and fills the reply.
   Replies live in op->arena; descriptors in them belong to the caller. Any status but SP_OK means: the reply is empty. */
#ifndef SP_KEYS_KEYS_H
#define SP_KEYS_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/memfd.h"
#include "base/messages.h"
#include "base/secret.h"

#define KEYS_MAX_DATA ((size_t)268435456) /* bytes of one input or output: 256 MiB, also the bound for decompression */
#define KEYS_MAX_PASSPHRASE 2048
#define KEYS_STORE_KEY_LEN 48             /* 32 bytes of key, 16 of salt */

/* Asks the person for a passphrase. SP_CANCELLED, SP_PASSPHRASE_NEEDED (nobody there). */
typedef enum sp_status keys_ask_fn(void *arg, const char *user_id, const char *key_id, bool was_wrong, struct secret *out);
/* The person's terminal, for GnuPG's own pinentry. Texts live in the operation's arena; they come from another process, unchecked. */
struct keys_terminal {
    const char *tty, *term, *lc_ctype, *lc_messages;
};
/* Asks the person to hand the terminal over, until this operation ends. SP_CANCELLED. */
typedef void keys_pinentry_fn(void *arg, uint32_t pid);
typedef enum sp_status keys_hand_over_fn(void *arg, const char *user_id, const char *key_id, struct keys_terminal *out);
/* SP_UNAVAILABLE when no agent could be had. gpg must never be left to start one: it would inherit our confinement. */
typedef enum sp_status keys_agent_fn(void *arg);

/* What one operation may use. All borrowed. */
struct keys_op {
    struct arena *arena;
    const char *gnupg_home;          /* "" = GnuPG's own */
    const char *store_dir;           /* folder of the sealed certificate files, "" = none */
    const struct secret *public_key; /* subkey for certificates, anchors, trust; NULL or empty: locked */
    const struct secret *private_key; /* subkey for S/MIME private keys; NULL or empty: locked or not needed */
    bool pinentry;                   /* let gpg-agent use the user's pinentry instead of asking through us */
    keys_ask_fn *ask;                /* NULL: never ask */
    keys_hand_over_fn *hand_over;    /* with pinentry; NULL: nobody has a terminal */
    keys_agent_fn *agent;            /* makes sure that gpg-agent runs, outside our confinement; NULL: it does */
    keys_pinentry_fn *pinentry_runs; /* told the process id of each; may be NULL */
    void *ask_arg;                   /* for all of them */
};

/* ---- OpenPGP (pgp*.c) */

/* Where GnuPG's things are; owned by the caller (pgp_paths_release). */
struct pgp_paths {
    char *gpg, *agent_socket, *home;
};
/* Initialises GPGME and finds the engine; runs gpgconf and gpg once, so call it before confinement. home "" = GnuPG's own.
   SP_UNAVAILABLE when there is no usable gpg (S/MIME works all the same). */
enum sp_status pgp_start(const char *home, struct pgp_paths *paths) SP_MUST_USE;
void pgp_paths_release(struct pgp_paths *paths);

/* SP_OK also for bad signatures: each one's status decides (S3). No content unless the framing was sound. */
enum sp_status pgp_verify(const struct keys_op *op, struct wm_verify *in, struct wm_verified *out) SP_MUST_USE;
/* SP_OK only when an encrypted packet was opened with its integrity confirmed (S1, S2). */
enum sp_status pgp_decrypt(const struct keys_op *op, struct wm_decrypt *in, struct wm_decrypted *out) SP_MUST_USE;
enum sp_status pgp_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out) SP_MUST_USE;
/* data: armored or binary OpenPGP. */
enum sp_status pgp_import(const struct keys_op *op, const char *data, size_t len, struct wm_imported *out) SP_MUST_USE;
/* Fills everything of the plan but name and field. */
enum sp_status pgp_resolve(const struct keys_op *op, const char *address, int64_t now, struct wr_recipient_plan *out) SP_MUST_USE;
/* The newest usable secret key of that address (or fingerprint); out->signer_* only. */
enum sp_status pgp_resolve_signer(const struct keys_op *op, const char *signer, int64_t now, struct wm_resolved *out) SP_MUST_USE;
enum sp_status pgp_sign(const struct keys_op *op, const struct wm_sign *in, struct wm_signed_bytes *out) SP_MUST_USE;
enum sp_status pgp_encrypt(const struct keys_op *op, const struct wm_encrypt *in, struct wm_encrypted_bytes *out) SP_MUST_USE;
/* Encrypts a secret to one key of the user's own, and back (the store's key). The blob lives in the arena. */
enum sp_status pgp_wrap(const struct keys_op *op, const char *key_id, const struct secret *key, struct wire_blob *out) SP_MUST_USE;
/* passphrase_fd <= 0: the agent, else op->ask. */
enum sp_status pgp_unwrap(const struct keys_op *op, const void *blob, size_t len, int passphrase_fd, struct secret *key) SP_MUST_USE;

/* ---- S/MIME (smime*.c) */

/* Once, before forking: OpenSSL without any configuration file. */
void smime_start(void);
enum sp_status smime_verify(const struct keys_op *op, struct wm_verify *in, struct wm_verified *out) SP_MUST_USE;
enum sp_status smime_decrypt(const struct keys_op *op, struct wm_decrypt *in, struct wm_decrypted *out) SP_MUST_USE;
enum sp_status smime_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out) SP_MUST_USE;
/* data: PKCS#12, PEM or DER certificates, private keys, CRLs, or a CMS object with certificates. */
enum sp_status smime_import(const struct keys_op *op, const char *data, size_t len, int passphrase_fd, bool as_anchor,
                            struct wm_imported *out) SP_MUST_USE;
enum sp_status smime_resolve(const struct keys_op *op, const char *address, int64_t now, struct wr_recipient_plan *out) SP_MUST_USE;
enum sp_status smime_resolve_signer(const struct keys_op *op, const char *signer, int64_t now, struct wm_resolved *out) SP_MUST_USE;
/* A pin or a rejection of exactly this certificate; of a CA: whether it is an anchor. SP_NOT_FOUND, SP_LOCKED. */
enum sp_status smime_set_trust(const struct keys_op *op, const char *fingerprint, uint8_t trust) SP_MUST_USE;
enum sp_status smime_sign(const struct keys_op *op, const struct wm_sign *in, struct wm_signed_bytes *out) SP_MUST_USE;
enum sp_status smime_encrypt(const struct keys_op *op, const struct wm_encrypt *in, struct wm_encrypted_bytes *out) SP_MUST_USE;

/* ---- the sealed certificate store (certstore*.c) */

enum certstore_kind { CERTSTORE_CERT, CERTSTORE_KEY, CERTSTORE_CRL, CERTSTORE_PGP_TRUST, CERTSTORE_KIND_COUNT };
/* One file. What the numbers mean depends on the kind; all borrowed from the arena it was loaded into. */
struct certstore_item {
    enum certstore_kind kind;
    const char *id;        /* SHA-256 of the certificate or list; for keys: of its certificate's public key; OpenPGP: fingerprint */
    uint8_t trust;         /* enum sp_trust */
    uint8_t anchor;        /* CERT: a trust anchor for S/MIME */
    uint8_t aes_gcm;       /* CERT: its owner has said that his program reads AES-GCM */
    struct wire_blob data; /* DER: certificate, PKCS#8, CRL */
};
/* True when the public part can be used at all. */
bool certstore_is_open(const struct keys_op *op);
/* Replaces. SP_LOCKED without the subkey of that kind. Atomic: a crash leaves the old file or the new one. */
enum sp_status certstore_put(const struct keys_op *op, const struct certstore_item *item) SP_MUST_USE;
/* SP_NOT_FOUND, SP_LOCKED, SP_CORRUPT (the file was changed by somebody else). */
enum sp_status certstore_get(const struct keys_op *op, enum certstore_kind kind, const char *id, struct certstore_item *out) SP_MUST_USE;
/* All files of a kind; damaged ones are left out and counted. An empty list when locked. */
enum sp_status certstore_list(const struct keys_op *op, enum certstore_kind kind, struct certstore_item **out, size_t *n,
                              size_t *damaged) SP_MUST_USE;
/* Whether there is such a file; needs only the public subkey. */
bool certstore_has(const struct keys_op *op, enum certstore_kind kind, const char *id);
enum sp_status certstore_remove(const struct keys_op *op, enum certstore_kind kind, const char *id) SP_MUST_USE;
/* Derives a subkey of the store's key (HKDF-SHA256, RFC 5869) for the certificates or, with private set, for private keys. */
enum sp_status certstore_subkey(const struct secret *store_key, bool private_part, struct secret *out) SP_MUST_USE;

/* ---- the store's key (certstore_storekey.c) */

/* Makes a new key and wraps it; key gets KEYS_STORE_KEY_LEN bytes, *wrapped lives in the arena. */
enum sp_status storekey_create(const struct keys_op *op, enum sp_protection protection, const char *key_id, int passphrase_fd,
                               struct secret *key, struct wire_blob *wrapped) SP_MUST_USE;
/* Wraps a key that exists; *wrapped lives in the arena. */
enum sp_status storekey_wrap(const struct keys_op *op, enum sp_protection protection, const char *key_id, int passphrase_fd,
                             const struct secret *key, struct wire_blob *wrapped) SP_MUST_USE;
/* SP_PASSPHRASE_NEEDED, SP_PASSPHRASE_WRONG, SP_CORRUPT. */
enum sp_status storekey_unlock(const struct keys_op *op, const void *wrapped, size_t len, int passphrase_fd, struct secret *key) SP_MUST_USE;
/* enum sp_protection of a wrapped record, -1 when it is none. */
int storekey_protection(const void *wrapped, size_t len);

/* ---- trust (trust.c) */

enum sp_status keys_set_trust(const struct keys_op *op, const struct wm_set_trust *in) SP_MUST_USE;
enum sp_status keys_resolve(const struct keys_op *op, const struct wm_resolve_keys *in, struct wm_resolved *out) SP_MUST_USE;
enum sp_status keys_import(const struct keys_op *op, struct wm_import_keys *in, struct wm_imported *out) SP_MUST_USE;
enum sp_status keys_list(const struct keys_op *op, const struct wm_list_keys *in, struct wm_keys *out) SP_MUST_USE;

/* ---- shared helpers (common.c) */

/* Room for one more element in an arena list of n: returns the (moved) list, NULL when memory ran out. */
void *keys_grow(struct arena *arena, void *list, uint32_t n, size_t size);
/* Appends a text unless it is there already; false when memory ran out. */
bool keys_add_text(struct arena *arena, struct wr_text **list, uint32_t *n, const char *text);
/* The addr-spec of an OpenPGP user ID ("Name <addr>" or a bare address) with its domain in lower case; "" when it has none or
   more than one reading. In the arena; NULL when memory ran out. */
char *keys_user_id_address(struct arena *arena, const char *user_id);
/* A bare addr-spec with its domain in lower case, "" when the text is none. In the arena. */
char *keys_address(struct arena *arena, const char *text, size_t len);
/* Same mailbox: case is ignored, as GnuPG and every mail server does. */
bool keys_same_address(const char *a, const char *b);
/* Upper-case hex in the arena. */
char *keys_hex(struct arena *arena, const void *bytes, size_t len);
/* Reads a passphrase from a pipe; one trailing line end is not part of it. SP_PASSPHRASE_NEEDED when fd <= 0. */
enum sp_status keys_read_passphrase(int fd, struct secret *out) SP_MUST_USE;
int64_t keys_now(int64_t asked);

/* An input file or a range of it, mapped; canonical: bare LF becomes CRLF (RFC 3156 section 5, RFC 8551 section 3.1.1). */
struct keys_input {
    struct memfd_map map;
    struct buf canon;
    const char *data;
    size_t len;
};
#define KEYS_INPUT_INIT {{"", 0}, BUF_INIT, "", 0}
enum sp_status keys_input_open(struct keys_input *in, int fd) SP_MUST_USE;
/* Exactly length bytes from offset, SP_INVALID beyond the file. */
enum sp_status keys_input_range(struct keys_input *in, int fd, uint64_t offset, uint64_t length, bool canonical) SP_MUST_USE;
void keys_input_release(struct keys_input *in);

/* Everything a memfd, file or pipe holds, at most max bytes. */
enum sp_status keys_read_any(int fd, size_t max, struct buf *out) SP_MUST_USE;

/* A bounded output that becomes a sealed memfd only when everything was fine. */
struct keys_sink {
    int fd;
    size_t len, max;
    enum sp_status status;
};
enum sp_status keys_sink_open(struct keys_sink *s) SP_MUST_USE;
/* Sticky: after a failure nothing is written any more. */
enum sp_status keys_sink_write(struct keys_sink *s, const void *bytes, size_t len);
/* Seals and hands over the descriptor. */
enum sp_status keys_sink_take(struct keys_sink *s, int *fd) SP_MUST_USE;
/* Throws the output away (S1, S16); harmless after take. */
void keys_sink_drop(struct keys_sink *s);

#endif
