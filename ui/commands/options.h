/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Small helpers that several commands share: opening files, a client on the engine, a passphrase file. */
#ifndef SP_UI_COMMANDS_OPTIONS_H
#define SP_UI_COMMANDS_OPTIONS_H

#include "command.h"

/* A sealed memfd with the file's bytes ("-": standard input), at most 256 MiB; -1 after a message on standard error. */
int open_input(const char *path);
/* Opens FILE for --passphrase-file; -1 after a message. */
int open_passphrase(const char *path);
/* A pipe with the file's first line, for a message that carries a passphrase; -1 when fd is -1 or it cannot be read. */
int passphrase_pipe(int fd);

/* A client for one command: the engine (started when needed) and its welcome. */
struct session_client {
    struct loop *loop;
    struct sp_client *client;
    struct wm_welcome welcome;
};
/* SP_OK, or the reason after a message on standard error. Engine questions that need a person are declined. */
enum sp_status session_begin(struct session_client *s, struct place *place, const char *what) SP_MUST_USE;
void session_end(struct session_client *s);

#endif
