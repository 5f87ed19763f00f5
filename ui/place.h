/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where the person is: folder, search, message under the cursor, open message. The engine is told soon after every change, so that the
   next screen begins there, whatever became of this one. */
#ifndef UI_PLACE_H
#define UI_PLACE_H

#include "index.h"

/* NULL when memory ran out. */
struct place *place_new(void);
/* Tells the engine the last change and frees. */
void place_free(struct app *a);
/* At the end of a turn in which something happened. */
void place_note(struct app *a);
/* What the engine remembers, as it was told; asks the list at the bottom to show it. False: there is nothing, or it is gone. */
bool place_restore(struct app *a, struct index *x, const char *value);
/* A list has its first rows, or there will be none: what lay above it comes next, the draft that was being written last. */
void place_go_on(struct app *a);

#endif
