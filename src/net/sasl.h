/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The client side of SASL (RFC 4422): SCRAM (RFC 5802, 7677) with the server's proof checked, PLAIN (RFC 4616), LOGIN. libetpan's way
   through libsasl2 copies the password about, loads modules at run time and ignores the server's proof. */
#ifndef SP_NET_SASL_H
#define SP_NET_SASL_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/secret.h"
#include "base/status.h"

enum sasl_mechanism { SASL_NONE, SASL_SCRAM_SHA_256, SASL_SCRAM_SHA_1, SASL_PLAIN, SASL_LOGIN };

/* The name as in capabilities. Static storage. */
const char *sasl_name(enum sasl_mechanism m);
/* The best mechanism that offers(arg, name) tells of. wanted: "" = any, else exactly that one. SASL_NONE when there is none. */
enum sasl_mechanism sasl_choose(const char *wanted, bool (*offers)(void *arg, const char *name), void *arg);

/* Reserve this much in buffers that take secrets: one that grows leaves copies behind in freed memory. */
#define SASL_ROOM ((size_t)16384)

struct sasl {
    enum sasl_mechanism mechanism;
    const char *user;             /* borrowed */
    const struct secret *password; /* borrowed */
    int step;
    bool proven;                  /* SCRAM: the server showed that it knows the password's verifier */
    struct buf first;             /* SCRAM: client-first-message-bare */
    char nonce[33];
    unsigned char signature[64];  /* SCRAM: what the server must show */
    unsigned signature_len;
};

/* SP_INVALID for a user name or password with NUL (or LOGIN's CR and LF). */
enum sp_status sasl_init(struct sasl *s, enum sasl_mechanism m, const char *user, const struct secret *password) SP_MUST_USE;
void sasl_release(struct sasl *s);
/* Whether the client speaks first (then sasl_step is called with NULL). */
bool sasl_client_first(const struct sasl *s);
/* Answers one challenge. challenge: base64 text, NULL for the client's first message. Appends base64 text to out (wipe it:
   buf_release_wiped). SP_PROTOCOL for nonsense, SP_AUTH_FAILED when the server's proof is wrong. */
enum sp_status sasl_step(struct sasl *s, const char *challenge, struct buf *out) SP_MUST_USE;
/* After the server said yes: SP_PROTOCOL when it did so without its proof. */
enum sp_status sasl_finish(const struct sasl *s) SP_MUST_USE;

#endif
