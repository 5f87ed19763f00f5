/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The order of the rules. */
#include <string.h>
#include <strings.h>

#include "internal.h"

static bool
is_trusted(struct threat *t)
{
    for (size_t i = 0; i < t->c->trusted_n && *t->owner; i++) {
        const char *domain = domain_ascii(t, t->c->trusted[i], strlen(t->c->trusted[i]));
        size_t n = strlen(domain), m = strlen(t->domain);
        if (n && m >= n && strcmp(t->domain + m - n, domain) == 0 && (m == n || t->domain[m - n - 1] == '.'))
            return true;
    }
    return false;
}

static void
begin(struct threat *t)
{
    const struct wr_verdict *v = t->v;
    const char *at = strrchr(v->from.address, '@');
    struct folding name = {0}, subject = {0};

    t->domain = at ? domain_ascii(t, at + 1, strlen(at + 1)) : "";
    t->owner = domain_owner(t->domain);
    t->name = threat_fold(t, *v->from.name ? v->from.name : v->from.display, &name);
    t->subject = threat_fold(t, v->subject, &subject);
    t->body = threat_fold(t, v->body, NULL);
    /* Trust in a domain is of no use to somebody who only writes its name (never a failed authentication). */
    t->trusted = v->sender.state != SP_SENDER_FAIL && is_trusted(t);
    if (name.mixed + subject.mixed + subject.invisible + name.invisible > 0 || name.styled + subject.styled >= 4)
        t->signs |= SIGN_DISGUISED;
    /* One odd letter may be a slip of the keyboard. */
    if (name.mixed + subject.mixed >= 2 || name.styled + subject.styled >= 8 || subject.invisible >= 3)
        threat_warn(t, "disguised-words", "", "");
}

/* Who writes and what he wants comes before how the message is built. */
static void
put_first(struct threat *t, uint32_t before)
{
    struct wr_verdict *v = t->v;
    uint32_t added = v->warnings_n - before;
    struct wr_warning *list = added ? arena_array(t->arena, v->warnings_n, sizeof *list) : NULL;

    t->nomem |= added && !list;
    if (!list)
        return;
    memcpy(list, v->warnings + before, added * sizeof *list);
    if (before)
        memcpy(list + added, v->warnings, before * sizeof *list);
    v->warnings = list;
}

enum sp_status
threat_judge(struct wr_verdict *v, const struct threat_context *c, struct arena *arena)
{
    struct threat t = {.v = v, .c = c, .arena = arena};
    uint32_t before = v->warnings_n;

    begin(&t);
    if (!*v->from.address)
        t.signs |= SIGN_ODD_FROM;
    threat_who(&t);
    threat_brand(&t);
    threat_links(&t);
    threat_attachments(&t);
    threat_server(&t);
    threat_lures(&t);
    put_first(&t, before);
    return t.nomem ? SP_NOMEM : SP_OK;
}
