/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local changes that a server must still learn: shown at once, kept in the store, replayed in order after any interruption. */
#ifndef SP_ENGINE_JOURNAL_H
#define SP_ENGINE_JOURNAL_H

#include "engine.h"

struct account;

/* The store was opened, or closes. */
void journal_load(struct engine *e);
void journal_forget(struct engine *e);
/* A transaction with changes was undone: what is hidden is what the store says. */
void journal_reload(struct engine *e);
/* Keeps the change (its id is set) and replays soon, when the account is online. */
enum sp_status journal_add(struct engine *e, struct store_change *c) SP_MUST_USE;
/* Replays soon, when that account is online. */
void journal_kick(struct engine *e, uint32_t account);
/* Replays until nothing is left, then calls fn from the loop: SP_OK, or why it stopped. fn may be NULL. One at a time per account:
   a further call waits for the same end. */
typedef void journal_fn(enum sp_status st, void *arg);
void journal_replay(struct account *a, journal_fn *fn, void *arg);
/* Drops what is in flight for the account; nobody is told. */
void journal_stop(struct account *a);
/* A message with that uid was moved away or expunged here: a synchronisation that saw it before must not add it again. */
bool journal_hides(struct engine *e, uint64_t folder, uint32_t uid);
/* A synchronisation of that folder begins: what the server has learnt by now needs no hiding any more. */
void journal_folder_begins(struct engine *e, uint64_t folder);

#endif
