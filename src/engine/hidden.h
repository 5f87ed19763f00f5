/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that were moved away or removed here while the server still has them: a synchronisation must not bring them back. */
#ifndef SP_ENGINE_HIDDEN_H
#define SP_ENGINE_HIDDEN_H

#include <stdbool.h>
#include <stdint.h>

struct hidden_set;

struct hidden_set *hidden_new(void);
/* NULL is allowed. */
void hidden_free(struct hidden_set *s);
/* The message with that uid, because of that change (its id). uid 0 is passed over. */
void hidden_add(struct hidden_set *s, uint64_t folder, uint32_t uid, uint64_t change);
bool hidden_has(const struct hidden_set *s, uint64_t folder, uint32_t uid);
/* The server has done the change: the message is hidden until its folder is looked at anew. */
void hidden_done(struct hidden_set *s, uint64_t folder, uint32_t uid);
/* It is to be seen again. */
void hidden_drop(struct hidden_set *s, uint64_t folder, uint32_t uid);
/* That folder is looked at anew: what is done there needs no hiding any more. */
void hidden_folder_begins(struct hidden_set *s, uint64_t folder);

#endif
