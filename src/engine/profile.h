/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The profile: is there one, is its store open; creating, unlocking, locking. */
#ifndef SP_ENGINE_PROFILE_H
#define SP_ENGINE_PROFILE_H

#include "engine.h"

struct profile *profile_new(struct engine *e);
void profile_free(struct profile *p);
/* Looks for the profile and tries to open it without asking anybody: with the key that a running keys role holds, or the key file. */
void profile_begin(struct engine *e);
/* That attempt is over. */
bool profile_settled(const struct engine *e);
void profile_describe(const struct engine *e, struct wm_welcome *m);
/* A new connection to keys is being set up: it gets the store's key back. */
void profile_keys_connected(struct engine *e);
/* How the store's key is protected; of an existing profile. */
enum sp_protection profile_protection(const struct engine *e);
/* Closes the store and forgets its key. */
void profile_lock(struct engine *e);
/* The folder of the databases. */
const char *profile_folder(const struct engine *e);
/* The store is closed and opened again with the key that is in use: its cache is damaged. When that cannot be done now it is tried again;
   until then the store is locked. */
void profile_reopen(struct engine *e);
/* Asks the supervisor to end everything, at once. */
void profile_end_engine(struct engine *e);

#endif
