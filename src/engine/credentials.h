/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The password of an account: from the store, else from its command (run by the supervisor), else from the person. */
#ifndef SP_ENGINE_CREDENTIALS_H
#define SP_ENGINE_CREDENTIALS_H

#include "base/secret.h"
#include "engine.h"

struct account;
struct pipe_reader;

/* password is borrowed. SP_OK, SP_CANCELLED (the person declined), SP_AUTH_FAILED (the command's password was refused before), ... */
typedef void credentials_fn(enum sp_status st, const struct secret *password, void *arg);

struct credentials_waiter;
struct credentials {
    struct account *account;
    struct secret password;
    bool known, from_command, refused; /* refused: the stored one is not to be tried again */
    bool running;                      /* the command was asked for */
    char *words;                       /* of the server when it refused; owned */
    uint64_t question;
    bool remember;
    struct pipe_reader *reader;
    struct credentials_waiter *waiters;
};

void credentials_init(struct credentials *c, struct account *a);
void credentials_release(struct credentials *c);
/* fn is called from the loop, once, unless dropped. */
void credentials_get(struct credentials *c, credentials_fn *fn, void *arg);
/* That waiter does not want it any more. */
void credentials_drop(struct credentials *c, void *arg);
/* The server refused the password: it is forgotten, and the next one is asked for. */
void credentials_refused(struct credentials *c, const char *words);

#endif
