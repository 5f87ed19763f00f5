/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folders of an account as the server lists them: new ones, vanished ones, renamed ones, what each is for. */
#ifndef SP_ENGINE_FOLDERS_H
#define SP_ENGINE_FOLDERS_H

#include "engine.h"

struct account;

/* Takes the server's list over. states (owned by the caller, m->folders_n of them): each folder's id and what STATUS said, in the list's
   order; ids of folders that are no mailboxes are 0. */
struct folder_state {
    uint64_t id;
    struct wr_imap_state state;
};
enum sp_status folders_take(struct account *a, const struct wm_imap_folders *m, struct folder_state *states) SP_MUST_USE;
/* Is it one of the account's `watch` option, or the inbox? */
bool folders_watched_by_default(const struct account *a, const char *name, enum sp_folder_role role);

#endif
