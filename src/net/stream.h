/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One connection to a server: non-blocking socket, TLS, input filter, deadlines, cancelling; and the mailstream driver through which
   libetpan reads and writes it. Used by one worker thread. */
#ifndef SP_NET_STREAM_H
#define SP_NET_STREAM_H

#include <libetpan/mailstream.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "crlf.h"
#include "filter.h"
#include "tls.h"
#include "zip.h"

/* What a cancelled job does to the connection. */
enum stream_cancel {
    STREAM_CANCEL_NOW,    /* the wait ends with SP_CANCELLED */
    STREAM_CANCEL_DRAIN,  /* the answer is read on for a moment, so that the session lives on; then SP_CANCELLED */
    STREAM_CANCEL_UNSENT, /* like NOW until the final dot of an SMTP message was written; then the answer decides */
};
#define STREAM_DRAIN_MS 1500
#define STREAM_DRAIN_BYTES 262144 /* a literal with more to come is not waited for */

/* Shared between a worker and the main thread. */
struct stream_watch {
    int cancel_fd;             /* readable while the running job is to be cancelled */
    _Atomic int64_t busy_ms;   /* loop_now_ms() since when the thread computes without having come back to a wait; 0 = it waits */
};

typedef void stream_progress_fn(void *arg, uint64_t received);

struct stream {
    int fd;                    /* owned; -1 = not connected */
    struct stream_watch *watch;
    struct tls *tls;
    struct zip *zip;           /* NULL = not compressed */
    struct tls_policy policy;
    struct tls_facts facts;
    struct filter filter;
    enum sp_status failed;     /* sticky: why nothing can be read or written any more */
    enum stream_cancel cancel;
    bool cancelled;            /* seen while draining */
    int64_t connect_ms;        /* how long the connection took to be made: about one round trip */
    int64_t deadline_ms;       /* loop_now_ms() at which the running command ends, 0 = none */
    int64_t idle_ms;           /* longest silence of the server */
    uint64_t received;         /* bytes since stream_begin */
    stream_progress_fn *on_progress;
    void *progress_arg;
    int64_t progress_ms;
    size_t unchecked;          /* bytes moved since the last look at cancelling and the deadline: a fast peer never makes us wait */
    char tail[5];              /* last bytes written */
};

void stream_init(struct stream *s, struct stream_watch *watch, enum filter_kind kind);
/* Closes what is open. */
void stream_release(struct stream *s);
/* Begins a command: deadline total_ms from now, silence at most idle_ms, the filter's bounds. */
void stream_begin(struct stream *s, int64_t total_ms, int64_t idle_ms, const struct filter_limits *limits);
/* Resolves and connects (within what stream_begin allowed). SP_DNS, SP_CONNECT, SP_TIMEOUT, SP_CANCELLED, SP_INVALID. */
enum sp_status stream_connect(struct stream *s, int resolver_fd, const char *host, uint16_t port) SP_MUST_USE;
/* TLS over the connection (policy's strings are borrowed until stream_release). On failure s->facts tells more. What the filter knew
   from before is forgotten (S51). */
enum sp_status stream_start_tls(struct stream *s, const struct tls_anchors *a, const struct tls_policy *policy) SP_MUST_USE;
/* Reads once, at least one byte, into the filter. */
enum sp_status stream_pump(struct stream *s) SP_MUST_USE;
/* The same without waiting: SP_OK also when nothing whole is there yet (a TLS record may carry no data, or be cut). */
enum sp_status stream_pump_ready(struct stream *s) SP_MUST_USE;
/* Waits until bytes can be read (true in *ready), for at most ms. SP_CANCELLED at once when cancelled, whatever the mode. */
enum sp_status stream_wait_input(struct stream *s, int64_t ms, bool *ready) SP_MUST_USE;
enum sp_status stream_write(struct stream *s, const void *bytes, size_t len) SP_MUST_USE;
/* Writes what is left of a message. */
enum sp_status stream_write_message(struct stream *s, struct crlf *message) SP_MUST_USE;
/* From now on both directions are compressed; first: what the server already sent so. */
enum sp_status stream_start_zip(struct stream *s, const char *first, size_t len) SP_MUST_USE;
/* Bytes wait inside that poll would not tell of. */
bool stream_pending(const struct stream *s);
/* Whether the last bytes written were the end of SMTP data, CRLF "." CRLF. */
bool stream_wrote_final_dot(const struct stream *s);
/* libetpan's view of it; freeing the mailstream leaves the stream alone. NULL when memory ran out. */
mailstream *stream_mailstream(struct stream *s);

#endif
