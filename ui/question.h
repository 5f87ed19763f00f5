/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the person; the functions are in app.h, because everybody may meet a locked store. */
#ifndef UI_QUESTION_H
#define UI_QUESTION_H

#include "app.h"
#include "pager.h"

#endif
