/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "json.h"

#include <string.h>
#include <sysexits.h>

#include "command.h"

json_t *
json_text(const char *s)
{
    json_t *j = json_string(s);
    if (j)
        return j;
    struct buf safe = BUF_INIT;
    (void)safetext_add(&safe, s, strlen(s), SAFETEXT_BLOCK);
    j = json_string(buf_str(&safe));
    buf_release(&safe);
    return j;
}

int
json_print(json_t *j, FILE *out)
{
    int rc = json_dumpf(j, out, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    json_decref(j);
    return rc == 0 && fputc('\n', out) != EOF ? EX_OK : EX_IOERR;
}
