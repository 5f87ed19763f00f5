/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client's TLS policy (S50): TLS 1.2 or newer, the certificate's chain and the server's name verified, or exactly one pinned
   certificate. Checked inside the handshake: nothing of ours is sent to a server that fails it. */
#ifndef SP_NET_TLS_H
#define SP_NET_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* The system's certification authorities, loaded once, before confinement. Shared by threads, read-only after loading. */
struct tls_anchors;
/* NULL when memory ran out. A system without a bundle gives an empty set (only ca_pem and pins can succeed then). */
struct tls_anchors *tls_anchors_load(void);
/* Takes the place of the system's authorities in tests: exactly the certificates of this PEM text. */
struct tls_anchors *tls_anchors_from_pem(const char *pem);
void tls_anchors_free(struct tls_anchors *a);
size_t tls_anchors_count(const struct tls_anchors *a);

struct tls_policy {
    const char *host;     /* name or IP address that the certificate must be for */
    const char *pin;      /* SHA-256 of the certificate's DER in hex (colons allowed), "" = none */
    const char *ca_pem;   /* extra anchors, PEM text, "" = none */
};

/* What is known about the server's certificate; filled as far as the handshake came. */
struct tls_facts {
    enum sp_status status;      /* SP_OK, SP_TLS, SP_TLS_UNTRUSTED, SP_TLS_PIN_CHANGED */
    const char *reason;         /* why not: "expired" "not-yet-valid" "self-signed" "unknown-ca" "wrong-host" "weak" "revoked" "invalid"
                                   "old-protocol" "pin-changed" "handshake" "cut"; "" = fine. Static storage */
    char sha256[65];            /* lower case hex, "" = no certificate seen */
    char subject[256], issuer[256]; /* printable UTF-8, may be cut */
    int64_t not_before, not_after;  /* seconds since 1970 */
};

struct tls;
/* A client session on a connected non-blocking descriptor (borrowed). policy and facts are borrowed until tls_free.
   SP_INVALID when pin or ca_pem cannot be read. */
enum sp_status tls_new(const struct tls_anchors *a, const struct tls_policy *policy, int fd, struct tls_facts *facts, struct tls **out) SP_MUST_USE;
void tls_free(struct tls *t);

enum tls_step { TLS_DONE, TLS_WANT_READ, TLS_WANT_WRITE, TLS_CLOSED, TLS_FAILED };
/* Goes on with the handshake. After TLS_FAILED or TLS_CLOSED facts->status and reason say why. */
enum tls_step tls_handshake(struct tls *t);
/* *n = bytes read (> 0 when TLS_DONE). TLS_CLOSED: the peer ended the session. */
enum tls_step tls_read(struct tls *t, void *buf, size_t len, size_t *n);
enum tls_step tls_write(struct tls *t, const void *buf, size_t len, size_t *n);
/* Decrypted bytes wait inside (poll would not tell). */
bool tls_pending(const struct tls *t);
/* Sends the closing alert without waiting. */
void tls_bye(struct tls *t);
/* "TLSv1.3 TLS_AES_256_GCM_SHA384". Borrowed until tls_free. */
const char *tls_description(const struct tls *t);

#endif
