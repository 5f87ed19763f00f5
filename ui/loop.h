/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's poll loop: keys, the size of the terminal, signals, and whatever the app watches. */
#ifndef UI_LOOP_H
#define UI_LOOP_H

#include "app.h"

/* Watches signals and keys. */
enum sp_status ui_loop_open(struct app *a) SP_MUST_USE;
/* Reads keys (again). */
void ui_loop_read_keys(struct app *a);
/* Until the app quits; gives its exit status. */
int ui_loop_run(struct app *a);

#endif
