/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The first screen of a folder that was never synchronised, before anything else is known of it. */
#ifndef SP_ENGINE_PEEK_H
#define SP_ENGINE_PEEK_H

#include <stdint.h>

struct account;

/* The newest headers of that folder, beside whatever goes on; one folder at a time for an account. Failures are left to whoever
   synchronises the folder. */
void peek_start(struct account *a, uint64_t folder);
void peek_stop(struct account *a);

#endif
