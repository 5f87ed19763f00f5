/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Names that everybody knows, borrowed by somebody else: in the sender's name, and in domains that are written to be taken for theirs. */
#include <string.h>

#include "internal.h"

#define LONG_LABEL 6u /* letters of a label that may stand inside a longer one by no accident */

static const struct brand {
    const char *words, *labels;
    bool sole;
} brands[] = {
#define BRAND(words, labels, sole) {words, labels, sole},
#include "brands.def"
#undef BRAND
};

/* Words that stand beside a name without changing whose it is. */
static const char *const office[] = {
    "support", "team", "service", "services", "customer", "care", "security", "account", "accounts", "alert", "alerts", "notification", "notice", "inc",
    "com", "to", "delivery", "the", "of", "online", "mail", "news", "newsletter", "info", "club", "rewards", "member", "membership", "center", "id",
    "recovery", "wallet", "community", "official", "update", "updates", "help", "desk", "admin", "billing", "payment", "payments", "department", "v2",
    "kundenservice", "gutschein", "deutschland", "gmbh", "ag", "no", "reply", "noreply", "invoice", "express", "tracking", "status",
};

static bool
has_label(const char *labels, const char *label, size_t len)
{
    for (const char *at = labels; *at;) {
        size_t n = strcspn(at, " ");
        if (n == len && strncmp(at, label, n) == 0)
            return true;
        at += n;
        at += strspn(at, " ");
    }
    return false;
}

/* Nothing but words of office beside the brand. */
static bool
stands_alone(const char *name, const char *brand)
{
    const char *at = strstr(name, brand), *after = at ? at + strlen(brand) : name;
    for (const char *p = name; *p;) {
        size_t skip = strspn(p, " "), n = strcspn(p + skip, " ");
        p += skip;
        if (at && p >= at && p < after) {
            p = after;
            continue;
        }
        bool known = n == 0;
        for (size_t i = 0; i < sizeof office / sizeof *office && !known; i++)
            known = strlen(office[i]) == n && strncmp(p, office[i], n) == 0;
        if (!known)
            return false;
        p += n;
    }
    return true;
}

static bool
is_theirs(const struct brand *b, const char *owner)
{
    size_t len;
    const char *label = domain_label(owner, &len);
    return *owner && has_label(b->labels, label, len);
}

static void
check_name(struct threat *t)
{
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++) {
        const struct brand *b = &brands[i];
        if (!threat_has(t->name, b->words) || (b->sole && !stands_alone(t->name, b->words)))
            continue;
        if (!is_theirs(b, t->owner)) {
            t->signs |= SIGN_BRAND;
            threat_warn(t, "name-claims-brand", "", b->words);
        }
        return;
    }
}

/* "paypal-secure.example", "paypa1.example", "amaz0n-login.example": the brand's own label in disguise, or inside a longer one. */
static const char *
imitated(struct threat *t, const char *owner)
{
    size_t len;
    const char *label = domain_label(owner, &len), *copy = arena_strndup(t->arena, label, len);

    if (!copy || len < 5)
        return NULL;
    const char *skeleton = threat_skeleton(t, copy);
    for (size_t i = 0; i < sizeof brands / sizeof *brands; i++) {
        const char *first = brands[i].labels;
        size_t n = strcspn(first, " ");
        if (brands[i].sole || n < 5 || n > 63 || is_theirs(&brands[i], owner))
            continue;
        const char *brand = arena_strndup(t->arena, first, n);
        if (!brand)
            return NULL;
        const char *theirs = threat_skeleton(t, brand);
        if (strcmp(theirs, skeleton) == 0 || (n >= LONG_LABEL && strstr(skeleton, theirs)) ||
            (n >= 7 && domain_distance(label, len, first, n, 1) <= 1))
            return brand;
    }
    return NULL;
}

const char *
threat_imitates(struct threat *t, const char *owner)
{
    return *owner ? imitated(t, owner) : NULL;
}

void
threat_brand(struct threat *t)
{
    const char *brand = threat_imitates(t, t->owner);
    if (brand) {
        t->signs |= SIGN_BRAND;
        threat_warn(t, "domain-like-brand", "", brand);
    }
    check_name(t);
}
