/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The only door to the engine for ui/ and the commands. Everything is a typed request (base/messages.h, "door") that ends in
   exactly one final reply, or an event. Nothing here waits: replies come through the caller's loop. */
#ifndef SEALPOST_H
#define SEALPOST_H

#include "base/arena.h"
#include "base/call.h"
#include "base/loop.h"
#include "base/messages.h"
#include "base/names.h"
#include "base/safetext.h"
#include "base/status.h"
#include "base/types.h"
#include "base/wire.h"

struct sp_client;

/* An event (any message of the table that is no reply). Borrowed during the call; descriptors as in wire.h. */
typedef void sp_event_fn(struct sp_client *c, struct wire_in *event, struct arena *arena, void *arg);
/* The engine is gone; every pending request has ended with SP_CRASHED before. Get a new socket and make a new client. */
typedef void sp_gone_fn(struct sp_client *c, enum sp_status why, void *arg);

/* fd: a connected and greeted socket (taken). NULL when memory ran out. */
struct sp_client *sp_client_new(int fd, struct loop *loop, sp_event_fn *on_event, sp_gone_fn *on_gone, void *arg);
/* Ends pending requests with SP_CANCELLED, closes, frees. Allowed inside the client's own callbacks. */
void sp_client_free(struct sp_client *c);
/* Sends the request `type` (msg is its struct wm_NAME); fn gets the final reply and what comes before it (see base/call.h).
   Returns the id for sp_cancel, 0 when fn was already called with a failure. */
uint32_t sp_request(struct sp_client *c, uint16_t type, const void *msg, call_fn *fn, void *arg);
void sp_cancel(struct sp_client *c, uint32_t id);

/* For commands, which have nothing to do meanwhile: sends the request and waits for its final reply (timeout_ms < 0: for ever).
   *in gets the reply, decoded in the arena; its descriptors belong to the caller (wire_in_close). Events that arrive meanwhile
   go to on_event, which may send requests of its own. When it takes too long, the engine is told to stop (SP_TIMEOUT). The status of reply_error is returned, with its words in *text (arena). */
enum sp_status sp_ask(struct sp_client *c, uint16_t type, const void *msg, int timeout_ms, struct arena *arena, struct wire_in *in,
                      const char **text) SP_MUST_USE;

/* For commands with several requests (sp_request) on their way: waits for one message and hands it to whom it is for. SP_TIMEOUT, SP_CRASHED. */
enum sp_status sp_wait(struct sp_client *c, int timeout_ms) SP_MUST_USE;

/* Opens the door: connects to the socket in the run-time folder and greets with the token. SP_NOT_FOUND when no engine runs,
   SP_DENIED when the socket belongs to another user, SP_UNSUPPORTED when another build answers (it finishes and ends by itself),
   SP_BUSY while it is starting. *fd is owned by the caller. welcome may be NULL. */
enum sp_status sp_connect(const char *runtime_folder, const char *what, int *fd, struct wm_welcome *welcome, struct arena *arena) SP_MUST_USE;

#endif
