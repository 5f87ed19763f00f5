/* SPDX-License-Identifier: GPL-3.0-or-later */
/* mailto: addresses (RFC 6068). They set recipients, subject and body, and nothing else (S48). */
#ifndef SP_ENGINE_MAILTO_H
#define SP_ENGINE_MAILTO_H

#include "base/buf.h"
#include "base/status.h"

struct mailto {
    struct buf to, subject, body;
};

/* SP_INVALID: not a mailto address, or broken percent codes. Other fields are passed over. Release in any case. */
enum sp_status mailto_parse(const char *url, struct mailto *out) SP_MUST_USE;
void mailto_release(struct mailto *m);

#endif
