/* SPDX-License-Identifier: GPL-3.0-or-later */
/* gettext's shorthands for ui/. */
#ifndef UI_I18N_H
#define UI_I18N_H

#include <libintl.h>

#define _(text) gettext(text)
#define N_(text) (text)

#endif
