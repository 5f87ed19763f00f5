/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the engine has to say by itself, in the status line. */
#ifndef UI_NOTICE_H
#define UI_NOTICE_H

#include "app.h"

void notice_event(struct app *a, const struct wire_in *in);
/* The seconds in which the message that was sent last can be taken back; 0: it cannot, or they are not counted. */
int notice_undo_seconds(const struct app *a);

#endif
