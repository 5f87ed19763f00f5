/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What servers on the way wrote of the message. Nobody would call his own mail unwanted, so a yes counts whoever wrote it; a no counts for
   nothing, because the sender could have written it. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

static const char *
value_of(const char *field, const char *name)
{
    const char *at = strcasestr(field, name);
    return at ? at + strlen(name) : "";
}

static bool
is_yes(const char *s)
{
    while (isspace((unsigned char)*s))
        s++;
    return strncasecmp(s, "yes", 3) == 0 && !isalpha((unsigned char)s[3]);
}

void
threat_server(struct threat *t)
{
    static const char *const categories[] = {"PHSH", "HPHSH", "HPHISH", "MALW", "SPM", "HSPM", "SPOOF", "BULK", "DIMP", "UIMP", "FTBP"};
    const struct wr_verdict *v = t->v;
    const char *status = threat_header(v, "X-Spam-Status", 0), *flag = threat_header(v, "X-Spam-Flag", 0);
    const char *level = threat_header(v, "X-MS-Exchange-Organization-SCL", 0), *report = threat_header(v, "X-Forefront-Antispam-Report", 0);
    const char *rspamd = threat_header(v, "X-Spam", 0);

    if ((flag && is_yes(flag)) || (rspamd && is_yes(rspamd)))
        threat_warn(t, "server-spam", "", "X-Spam-Flag");
    else if (status && is_yes(status) && (strcasestr(status, "score=") || strcasestr(status, "hits="))) /* as SpamAssassin writes it */
        threat_warn(t, "server-spam", "", "X-Spam-Status");
    else if (level && strtol(level, NULL, 10) >= 5)
        threat_warn(t, "server-spam", "", "SCL");
    for (size_t i = 0; report && i < sizeof categories / sizeof *categories; i++) {
        const char *category = value_of(report, "CAT:");
        size_t n = strlen(categories[i]);
        if (strncmp(category, categories[i], n) == 0 && !isalnum((unsigned char)category[n]))
            threat_warn(t, "server-spam", "", categories[i]);
    }
}
