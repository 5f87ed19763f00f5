/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub `sealpost`: what the user starts. It parses no mail; it starts the supervisor, opens the door, and runs one command. */
#ifndef SP_UI_COMMANDS_COMMAND_H
#define SP_UI_COMMANDS_COMMAND_H

#include <libintl.h>
#include <stdio.h>

#include "base/secret.h"
#include "sealpost.h"

#define _(text) gettext(text)
#define N_(text) (text)

/* Where things are for this run. Memory in the arena, which lives as long as the program. */
struct place {
    struct arena arena;
    const char *config_file, *home, *runtime; /* see config_find_paths */
    const char *libexec;                      /* folder of the role programs */
};

/* One command: its entry in the table of main.c. Returns an exit status (sysexits.h). argv[0] is the command's name. */
struct command {
    const char *name;
    int (*run)(struct place *place, int argc, char **argv);
    const char *synopsis; /* N_() text */
    const char *help;     /* N_() text */
};

int command_screens(struct place *place, int argc, char **argv);
int command_inspect(struct place *place, int argc, char **argv);
int command_keys(struct place *place, int argc, char **argv);
int command_send(struct place *place, int argc, char **argv);
int command_daemon(struct place *place, int argc, char **argv);
int command_stop(struct place *place, int argc, char **argv);
int command_status(struct place *place, int argc, char **argv);
int command_sync(struct place *place, int argc, char **argv);
int command_search(struct place *place, int argc, char **argv);
int command_import(struct place *place, int argc, char **argv);
int command_protect(struct place *place, int argc, char **argv);
int command_lock(struct place *place, int argc, char **argv);
int command_demo(struct place *place, int argc, char **argv);

/* --- start.c */
/* Finds the folders. False after a message on standard error. */
bool place_find(struct place *place);
/* A greeted socket of the engine, which is started when none runs. what: "screens", "inspect", ... SP_OK, or the reason; *fd is
   owned by the caller. */
enum sp_status engine_open(struct place *place, const char *what, int *fd, struct wm_welcome *welcome) SP_MUST_USE;
/* Asks the engine that runs to end, and waits until its door is closed. SP_NOT_FOUND: none runs. */
enum sp_status engine_end(struct place *place) SP_MUST_USE;
/* The configuration is read once to show its mistakes before anything starts. False after messages on standard error. */
bool config_is_good(const struct place *place);

/* --- say.c: words for people on standard error and standard output; all arguments pass safetext */
/* "sealpost: text" on standard error. */
void say_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* What a status means for a person, translated; static storage. */
const char *say_status(enum sp_status st);
/* The exit status (sysexits.h) that belongs to a status. */
int exit_status(enum sp_status st);
/* Says what failed on standard error, with a server's words or a name in brackets (or ""); returns exit_status(st). */
int say_failure(enum sp_status st, const char *text);
/* Untrusted text as a safe line in the arena. */
const char *say_safe(struct arena *a, const char *text);

/* --- unlock.c */
/* Makes sure that the engine has an open store: asks for the passphrase on the terminal, or takes it from passphrase_fd (-1: none).
   create: with no profile yet, makes one (a key file without passphrase when there is no terminal, and says so). */
enum sp_status store_ready(struct sp_client *c, const struct wm_welcome *welcome, int passphrase_fd, bool create) SP_MUST_USE;
/* Reads a line from the terminal without echo. SP_UNAVAILABLE when standard input is no terminal. */
enum sp_status ask_hidden(const char *prompt, struct secret *out) SP_MUST_USE;

#endif
