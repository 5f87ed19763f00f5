/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The reader's frame: who, when, what, and the security bar. Message text is never drawn here but in the fields meant for it, each
   made safe and clipped (S37, S39). */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "app.h"

/* Draws the frame for this verdict and returns where the text goes. */
struct rect frame_draw(struct app *a, const struct wr_verdict *verdict, struct rect area);

#endif
