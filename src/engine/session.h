/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IMAP connections of an account: requests in order, each after the connection and the folder that it needs. */
#ifndef SP_ENGINE_SESSION_H
#define SP_ENGINE_SESSION_H

#include "engine.h"

struct account;
struct peer_call;

enum session_number { SESSION_INTERACTIVE, SESSION_SYNC, SESSION_IDLE /* and those behind it, one for each watched folder */, SESSIONS = SESSION_IDLE + 8 };

struct session_op;
struct session {
    struct account *account;
    enum session_number number;
    enum { SESSION_DOWN, SESSION_PASSWORD, SESSION_CONNECTING, SESSION_UP } state;
    uint64_t selected;          /* folder id, 0 = none */
    uint32_t capabilities;      /* enum sp_imap_capability */
    struct session_op *first;   /* the first one is running when `running` */
    bool running;
    struct peer_call *call;     /* of connecting, selecting or the running one */
    struct loop_timer *kick;
};

void session_init(struct session *s, struct account *a, enum session_number number);
/* Drops everything; with close the server is told. */
void session_release(struct session *s, bool close);
/* Makes one request (the message's member `session` is filled in) with the folder selected (0 = any). The message is copied. fn as in
   peers.h: from the loop, once with final. SP_NOT_FOUND for a folder whose UIDVALIDITY is another by now: it must be synchronised. */
struct session_op *session_run(struct account *a, enum session_number number, uint64_t folder, uint16_t type, const void *msg, call_fn *fn,
                               void *arg);
/* The same, before whatever waits. */
struct session_op *session_run_first(struct account *a, enum session_number number, uint64_t folder, uint16_t type, const void *msg, call_fn *fn,
                                     void *arg);
/* Takes it back: cancelled when it runs; fn is not called. NULL is allowed. */
void session_drop(struct session_op *op);
/* net says that the connection ended. */
void session_lost(struct session *s, enum sp_status status, const char *text);

#endif
