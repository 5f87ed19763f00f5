/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Judging in the background: verdicts for messages whose bodies are here, so that the index shows seals. Never asks anybody. */
#ifndef SP_ENGINE_JUDGE_H
#define SP_ENGINE_JUDGE_H

#include "engine.h"

struct judge *judge_new(struct engine *e);
void judge_free(struct judge *j);
void judge_opened(struct engine *e);
void judge_closing(struct engine *e);
/* That message soon. */
void judge_add(struct engine *e, uint64_t message);
/* Nothing waits to be judged. */
bool judge_idle(const struct engine *e);
/* Judging waits until all that asked for it take it back; what is opened is judged all the same. */
void judge_hold(struct engine *e, bool on);
/* All verdicts were forgotten: the newest of every folder again. */
void judge_everything(struct engine *e);

#endif
