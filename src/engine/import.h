/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages that a client brings in from files, one request each; what belongs together is one job that a person may watch and end. */
#ifndef SP_ENGINE_IMPORT_H
#define SP_ENGINE_IMPORT_H

#include "engine.h"

struct imports;

struct imports *imports_new(struct engine *e);
/* NULL is allowed. */
void imports_free(struct imports *all);
/* That client is gone, and its import with it: what is in stays. */
void import_client_gone(struct engine *e, uint64_t client);

#endif
