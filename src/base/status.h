/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one status enum of the tree. A status names what went wrong; the words for it are chosen in ui/ and the commands. */
#ifndef SP_BASE_STATUS_H
#define SP_BASE_STATUS_H

#define SP_MUST_USE __attribute__((warn_unused_result))

/* X(NAME, short English text for logs only) */
#define SP_STATUS_TABLE(X)                                              \
    X(OK, "ok")                                                         \
    X(NOMEM, "out of memory")                                           \
    X(IO, "input/output error")                                         \
    X(EOF, "end of input")                                              \
    X(AGAIN, "would block")                                             \
    X(INVALID, "invalid argument or data")                              \
    X(SHORT, "data ends early")                                         \
    X(LEFTOVER, "data left over")                                       \
    X(TOO_LARGE, "beyond a bound")                                      \
    X(UTF8, "not valid UTF-8")                                          \
    X(NOT_FOUND, "not found")                                           \
    X(EXISTS, "exists already")                                         \
    X(CANCELLED, "cancelled")                                           \
    X(TIMEOUT, "timed out")                                             \
    X(CRASHED, "the process doing it ended")                            \
    X(UNAVAILABLE, "not available now")                                 \
    X(UNSUPPORTED, "not supported")                                     \
    X(DENIED, "permission denied")                                      \
    X(LOCKED, "the store is locked")                                    \
    X(BUSY, "in use by another process")                                \
    X(CORRUPT, "damaged or tampered data")                              \
    X(FULL, "no space left")                                            \
    X(READ_ONLY, "read-only")                                           \
    X(CONFIG, "configuration error")                                    \
    X(DNS, "host name not found")                                       \
    X(CONNECT, "connection refused or unreachable")                     \
    X(DISCONNECTED, "connection lost")                                  \
    X(TLS, "TLS failed")                                                \
    X(TLS_UNTRUSTED, "server certificate not trusted")                  \
    X(TLS_PIN_CHANGED, "server certificate differs from the pinned one") \
    X(STARTTLS_MISSING, "server offers no STARTTLS")                    \
    X(STARTTLS_INJECTED, "data injected before TLS")                    \
    X(PREAUTH_REFUSED, "server skips authentication without TLS")       \
    X(INSECURE_REFUSED, "unencrypted connection not allowed")           \
    X(AUTH_FAILED, "server refused user name or password")              \
    X(AUTH_UNSUPPORTED, "no common authentication mechanism")           \
    X(PROTOCOL, "server broke the protocol")                            \
    X(SERVER_NO, "server refused")                                      \
    X(SERVER_TEMPORARY, "server refused for now")                       \
    X(SERVER_LIMIT, "server allows no more connections")              \
    X(REFERRAL_REFUSED, "server referral not followed")                 \
    X(PASSPHRASE_NEEDED, "passphrase needed")                           \
    X(PASSPHRASE_WRONG, "wrong passphrase")                             \
    X(NO_KEY, "no usable key or certificate")                           \
    X(NO_SECRET_KEY, "no secret key")                                   \
    X(CRYPTO, "cryptographic operation failed")                         \
    X(NOT_A_MESSAGE, "not a mail message")                              \
    X(INTERNAL, "internal error")

enum sp_status {
#define X(name, text) SP_##name,
    SP_STATUS_TABLE(X)
#undef X
    SP_STATUS_COUNT
};

/* The enum's name without the prefix ("TLS_UNTRUSTED"); "?" beyond the table. Static storage. */
const char *sp_status_name(enum sp_status s);
/* A short English text for logs. Static storage. */
const char *sp_status_text(enum sp_status s);

#endif
