/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The door: clients (the screen, commands) that connect to the engine's socket, greet with the token, and send requests. Every request
   ends with exactly one final reply; a client that reads too slowly is dropped and may come again. */
#ifndef SP_ENGINE_DOOR_H
#define SP_ENGINE_DOOR_H

#include "engine.h"

struct request;

/* One handler per type of request (handlers.h). It answers rq at once, or later and then sets request_on_end before it returns.
   in and arena live until it returns. */
typedef void door_fn(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena);

/* The request ends without its job: why is SP_CANCELLED (the client's wish), SP_DISCONNECTED (the client is gone) or SP_LOCKED (the
   store closes). Returns true when the job was given up: the door answers then, and rq is gone. False lets the job go on, which is
   not allowed for SP_LOCKED. */
typedef bool request_end_fn(void *arg, enum sp_status why);

struct door *door_new(struct engine *e);
void door_free(struct door *d);
/* listener is taken; the token is copied. */
void door_open(struct door *d, int listener, struct wire_blob token);
/* Whether a profile is there and open is settled: greetings that waited for it are answered. */
void door_settled(struct door *d);
/* How many are here and have shown the token. */
size_t door_clients(const struct door *d);
/* Those of them that are screens and were welcomed. */
size_t door_screens(const struct door *d);
/* Was there one since this process began? */
bool door_had_screen(const struct door *d);
/* Milliseconds (loop_now_ms) of the last request of any client. */
int64_t door_last_used(const struct door *d);
/* Ends every request that is still worked on. */
void door_end_requests(struct door *d, enum sp_status why);
/* An event to all greeted clients, or to the one with that number (false: it is gone). */
void door_broadcast(struct door *d, uint16_t type, const void *msg);
/* To all but this one, which knows already. */
void door_broadcast_others(struct door *d, uint64_t client, uint16_t type, const void *msg);
bool door_send_to(struct door *d, uint64_t client, uint16_t type, const void *msg);

/* ---- requests. The three ways to end one free it. */
uint64_t request_client(const struct request *rq);
void request_on_end(struct request *rq, request_end_fn *fn, void *arg);
void request_reply(struct request *rq, uint16_t type, const void *msg);
void request_done(struct request *rq);
/* text and args may be NULL / 0. text is a server's words. */
void request_fail(struct request *rq, enum sp_status status, const char *text);
void request_fail_args(struct request *rq, enum sp_status status, const char *text, const char *const *args, size_t n);
/* A message before the final one (progress). */
void request_tell(struct request *rq, uint16_t type, const void *msg);
/* Passes a request that may safely be made twice on to another role, and its reply back. */
void request_relay(struct engine *e, struct request *rq, enum sp_role role, uint16_t type, const void *msg, int64_t timeout_ms);

#endif
