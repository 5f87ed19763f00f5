/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names and log texts of the status table. */
#include "status.h"

static const char *const names[] = {
#define X(name, text) #name,
    SP_STATUS_TABLE(X)
#undef X
};

static const char *const texts[] = {
#define X(name, text) text,
    SP_STATUS_TABLE(X)
#undef X
};

const char *
sp_status_name(enum sp_status s)
{
    return (unsigned)s < SP_STATUS_COUNT ? names[s] : "?";
}

const char *
sp_status_text(enum sp_status s)
{
    return (unsigned)s < SP_STATUS_COUNT ? texts[s] : "?";
}
