/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One request of the engine, done in the process that calls this: the forked child, or a test. */
#ifndef SP_MIME_REQUEST_H
#define SP_MIME_REQUEST_H

#include "base/messages.h"
#include "tools.h"

/* Largest message and attachment that is taken. */
#define PARSE_MAX_INPUT ((size_t)134217728)

/* True when the type is a request of this role; *reply gets the type of its successful answer. */
bool mime_is_request(uint16_t type, uint16_t *reply);
/* Does the request and sends its final reply on c. */
void mime_serve(struct mime_tools *tools, struct wire_conn *c, const struct wire_in *in);

#endif
