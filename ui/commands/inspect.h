/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The two ways of printing a verdict. Both return an exit status. */
#ifndef SP_UI_COMMANDS_INSPECT_H
#define SP_UI_COMMANDS_INSPECT_H

#include "command.h"

/* One JSON object and a newline. */
int inspect_print_json(const struct wr_verdict *v, FILE *out);
/* The same facts for people; every untrusted text passes safetext. */
int inspect_print_text(const struct wr_verdict *v, FILE *out);
/* Seconds since 1970 as RFC 3339 in UTC; "" for 0. In the arena. */
const char *inspect_time(struct arena *a, int64_t t);

#endif
