/* SPDX-License-Identifier: GPL-3.0-or-later */
/* JSON for programs: what several commands print with --json. */
#ifndef SP_UI_COMMANDS_JSON_H
#define SP_UI_COMMANDS_JSON_H

#include <jansson.h>
#include <stdio.h>

/* A JSON text. jansson takes valid UTF-8 only; what a server or a key says may not be, and is made safe then. */
json_t *json_text(const char *s);
/* Prints the value as one indented text with a line end, and drops it (taken). An exit status of sysexits.h. */
int json_print(json_t *j, FILE *out);

#endif
