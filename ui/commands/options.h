/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers that several commands share: opening files, a client on the engine, a passphrase file. */
#ifndef SP_UI_COMMANDS_OPTIONS_H
#define SP_UI_COMMANDS_OPTIONS_H

#include "command.h"

/* A sealed memfd with the file's bytes ("-": standard input), at most 256 MiB; -1 after a message on standard error. */
int open_input(const char *path);
/* The first line of FILE (or of what /dev/stdin and the like deliver) for --passphrase-file. False after a message. */
bool read_passphrase(const char *path, struct secret *out);
/* A pipe with the passphrase, for a message that carries one; -1 when there is none. Each message needs a new one. */
int passphrase_pipe(const struct secret *passphrase);

/* A client for one command: the engine (started when needed) and its welcome. */
struct session_client {
    struct loop *loop;
    struct sp_client *client;
    struct wm_welcome welcome;
};
/* SP_OK, or the reason after a message on standard error. Engine questions that need a person are declined. */
enum sp_status session_begin(struct session_client *s, struct place *place, const char *what) SP_MUST_USE;
void session_end(struct session_client *s);
/* A request whose answer says nothing but whether it was done. */
enum sp_status session_ask(struct sp_client *c, uint16_t type, const void *msg, int timeout_ms) SP_MUST_USE;

/* The engine's accounts, for names on a command line. */
struct account_list {
    const struct wr_account *list; /* in the arena */
    uint32_t n;
};
/* Asks for them: EX_OK, or an exit status after a message. */
int accounts_fetch(struct sp_client *c, struct arena *a, struct account_list *out);
/* The account's number; 0 after a message that names those there are. */
uint32_t account_named(const struct account_list *accounts, const char *name);

#endif
