/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the stub does for the ui: everything that needs files, programs or the terminal. Each answers the request by itself. */
#ifndef SP_UI_COMMANDS_SCREEN_H
#define SP_UI_COMMANDS_SCREEN_H

#include "command.h"

/* The editor's command line: configured, else of the environment; "" = the ui's own. Memory in the arena. */
const char *configured_editor(const struct place *place, struct arena *a);
/* Stops the whole job, as ^Z does elsewhere; answers when it goes on. */
void serve_suspend(struct wire_conn *ui, uint32_t id);
/* The user's editor on a private temporary file in memory (S71); the ui has left the terminal before. */
void serve_edit(struct place *place, struct wire_conn *ui, uint32_t id, const struct wm_edit_text *m, struct arena *a);
/* Writes an attachment: never through links, never over an existing file unasked (S59). "~/" is the home folder. */
void serve_save(struct wire_conn *ui, uint32_t id, const struct wm_save_file *m, struct arena *a);
/* Reads a file to attach or to import. */
void serve_read(struct wire_conn *ui, uint32_t id, const struct wm_read_file *m, struct arena *a);
/* Runs the configured opener for the type on a private temporary file, which is wiped when the program ends. */
void serve_open(struct place *place, struct wire_conn *ui, uint32_t id, const struct wm_open_file *m, struct arena *a);

#endif
