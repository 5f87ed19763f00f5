/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one message layer between processes: datagrams on an AF_UNIX SOCK_SEQPACKET socket, each one message with a header,
   typed fields and descriptors. Every read is checked for short and left-over data; a peer that sends nonsense is dropped
   (S76). Bodies that do not fit a datagram travel in a sealed memfd, unseen by the caller. Native byte order: both ends are
   one build on one machine. The messages themselves are in messages.h. */
#ifndef SP_BASE_WIRE_H
#define SP_BASE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "arena.h"
#include "buf.h"
#include "status.h"

#define WIRE_MAX_FDS 64
#define WIRE_MAX_INLINE ((size_t)49152)        /* larger bodies are spilled into a memfd */
#define WIRE_MAX_BODY ((size_t)268435456)      /* 256 MiB: beyond is nonsense */
#define WIRE_MAX_LIST 1000000u                 /* elements of one list */
/* What may wait for a peer that does not read. Beyond it the connection is cut: a hung or hostile peer must not cost us our memory
   or our descriptors. */
#define WIRE_MAX_WAITING 16384u                /* messages */
#define WIRE_MAX_WAITING_BYTES ((uint64_t)536870912)
#define WIRE_MAX_WAITING_FDS 512u

struct wire_blob {
    const void *data;
    size_t len;
};

enum wire_kind { WIRE_END, WIRE_U8, WIRE_U16, WIRE_U32, WIRE_U64, WIRE_I64, WIRE_STR, WIRE_BLOB, WIRE_FD, WIRE_STRUCT, WIRE_LIST };

struct wire_desc;
struct wire_field {
    enum wire_kind kind;
    size_t offset;                /* of the member */
    size_t count_offset;          /* of a list's uint32_t count */
    const struct wire_desc *rec;  /* of STRUCT and LIST */
};
struct wire_desc {
    const char *name;
    size_t size;
    const struct wire_field *(*fields)(void); /* ends with kind WIRE_END */
    bool secret;                  /* buffers that carried it are wiped */
    bool final;                   /* a final reply: ends the request with this id */
};

struct loop;
struct wire_conn;

/* One received message. `msg` is a struct wm_NAME in the arena given to the handler; its FD members are owned by the
   wire layer, which closes those still >= 0 when the handler returns: to keep one, take it with wire_take_fd. */
struct wire_in {
    uint16_t type;
    uint32_t id;      /* 0 for events */
    void *msg;
    const struct wire_desc *desc;
};

/* arena lives until the handler returns. */
typedef void wire_message_fn(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg);
/* The peer is gone (SP_EOF) or broke the protocol (another status). The connection is closed already; free it here or later. */
typedef void wire_closed_fn(struct wire_conn *c, enum sp_status why, void *arg);

/* Takes fd (made non-blocking). loop may be NULL: then only the blocking calls below work. NULL when memory ran out (fd closed). */
struct wire_conn *wire_conn_new(int fd, struct loop *loop, wire_message_fn *on_message, wire_closed_fn *on_closed, void *arg);
/* Closes and frees; on_closed is not called. Allowed inside the connection's own handlers. */
void wire_conn_free(struct wire_conn *c);
int wire_conn_fd(const struct wire_conn *c);
bool wire_conn_is_open(const struct wire_conn *c);
/* Messages that wait because the peer does not read. */
size_t wire_conn_queued(const struct wire_conn *c);
/* The bytes of their bodies: whoever produces much stops above a bound. */
size_t wire_conn_queued_bytes(const struct wire_conn *c);
/* Takes no more messages while paused (the queue stays in the kernel). */
void wire_conn_pause(struct wire_conn *c, bool paused);

/* Queues one message; msg is a struct wm_NAME for the type. FD members are borrowed (duplicated when they must wait; -1 = none).
   SP_DISCONNECTED when closed (or cut, because too much waits already), SP_TOO_LARGE beyond the bounds. Prefer the typed wire_send_NAME of messages.h. */
enum sp_status wire_send(struct wire_conn *c, uint16_t type, uint32_t id, const void *msg) SP_MUST_USE;
/* For processes without a loop: sends everything queued, waiting at most timeout_ms (-1: for ever). */
enum sp_status wire_flush(struct wire_conn *c, int timeout_ms) SP_MUST_USE;
/* For processes without a loop: waits for one message. FD members belong to the caller then (close with wire_in_close).
   SP_TIMEOUT, SP_EOF, or a protocol error (the connection is closed then). */
enum sp_status wire_receive(struct wire_conn *c, int timeout_ms, struct arena *arena, struct wire_in *in) SP_MUST_USE;
/* Takes a descriptor out of a received message: returns it and puts -1 in its place. */
int wire_take_fd(int *member);
/* Closes the descriptors that are still in the message. */
void wire_in_close(struct wire_in *in);

/* A new id, unique on this connection for its lifetime, never 0. */
uint32_t wire_next_id(struct wire_conn *c);

/* The descriptor of a message type, NULL for an unknown one. */
const struct wire_desc *wire_message_desc(uint16_t type);
/* Encodes a struct by its descriptor (for records kept in the store: no FD members allowed, else SP_INVALID). */
enum sp_status wire_encode(const struct wire_desc *desc, const void *record, struct buf *out) SP_MUST_USE;
/* Decodes into *record (zeroed first); all memory is in the arena. SP_SHORT, SP_LEFTOVER, SP_INVALID, SP_TOO_LARGE, SP_NOMEM. */
enum sp_status wire_decode(const struct wire_desc *desc, const void *bytes, size_t len, struct arena *arena, void *record) SP_MUST_USE;

/* Connected pair, close-on-exec. */
enum sp_status wire_pair(int fds[2]) SP_MUST_USE;

#endif
