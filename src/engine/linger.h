/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How long an engine without a client goes on: while there is work, until the store locks, or until it is told to end. */
#ifndef SP_ENGINE_LINGER_H
#define SP_ENGINE_LINGER_H

#include "engine.h"

struct linger;

struct linger *linger_new(struct engine *e);
/* NULL is allowed. */
void linger_free(struct linger *l);
/* Somebody used the engine, came or left; the store was opened or locked: the clock starts anew. */
void linger_used(struct engine *e);
/* on: the engine stays although nobody is there and nothing is to be done. */
void linger_stay(struct engine *e, bool on);
/* Ends as soon as what is on its way just now is through; that is waited for some seconds at most. What is left is in the store. */
void linger_end(struct engine *e);

#endif
