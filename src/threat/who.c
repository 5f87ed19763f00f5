/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who writes: the address against the name, against people who are known, and against how this sender wrote before (S40 to S43). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

#define LONG_NAME 6u /* letters of a label from which one more or less is a likeness */

static const char *
address_domain(struct threat *t, const char *address)
{
    const char *at = strrchr(address, '@');
    return at ? domain_ascii(t, at + 1, strlen(at + 1)) : "";
}

/* An address inside a name: a word with an @ between letters. */
static const char *
address_in(struct threat *t, const char *name)
{
    for (const char *at = strchr(name, '@'); at; at = strchr(at + 1, '@')) {
        const char *from = at, *to = at + 1;
        while (from > name && (isalnum((unsigned char)from[-1]) || strchr("._%+-", from[-1])))
            from--;
        while (*to && (isalnum((unsigned char)*to) || strchr(".-", *to)))
            to++;
        while (to > at + 1 && to[-1] == '.')
            to--;
        if (from < at && memchr(at, '.', (size_t)(to - at)))
            return arena_strndup(t->arena, from, (size_t)(to - from));
    }
    return NULL;
}

static bool
is_own(const struct threat *t, const char *address)
{
    for (size_t i = 0; i < t->c->own_n; i++)
        if (strcasecmp(t->c->own[i], address) == 0)
            return true;
    return false;
}

static void
check_name(struct threat *t)
{
    const struct wr_mailbox *from = &t->v->from;
    const char *inside = *from->address ? address_in(t, from->name) : NULL;
    const char *mine = threat_skeleton(t, from->name);

    if (inside && strcasecmp(inside, from->address) != 0)
        threat_warn(t, "name-contains-address", "", inside);
    if (is_own(t, from->address) || strlen(mine) < 5)
        return;
    for (size_t i = 0; i < t->c->own_n; i++)
        if (inside && strcasecmp(inside, t->c->own[i]) == 0)
            threat_warn(t, "name-is-yours", "", "");
    if (t->c->sent_before || t->c->received_before)
        return;
    for (size_t i = 0; i < t->c->known_n && i < THREAT_MAX_KNOWN; i++) {
        const struct threat_known *k = &t->c->known[i];
        if (*k->name && strcasecmp(k->address, from->address) != 0 && strcmp(threat_skeleton(t, k->name), mine) == 0) {
            threat_warn(t, "name-of-contact", "", k->address);
            return;
        }
    }
}

/* Is one domain written so that it is taken for the other? Neither is the other. */
static bool
looks_like(struct threat *t, const char *strange, const char *known)
{
    size_t a_len, b_len;
    const char *a = domain_label(strange, &a_len), *b = domain_label(known, &b_len);
    const char *a_copy = arena_strndup(t->arena, a, a_len), *b_copy = arena_strndup(t->arena, b, b_len);

    if (!a_copy || !b_copy || b_len < 4)
        return false;
    const char *x = threat_skeleton(t, a_copy), *y = threat_skeleton(t, b_copy);
    if (strcmp(x, y) == 0)
        return true; /* other letters, or another top level */
    return b_len >= LONG_NAME && domain_distance(a, a_len, b, b_len, 1) <= 1;
}

static void
check_known(struct threat *t)
{
    if (!*t->owner)
        return;
    for (size_t i = 0; i < t->c->own_n + t->c->known_n && i < THREAT_MAX_KNOWN; i++) {
        const char *address = i < t->c->own_n ? t->c->own[i] : t->c->known[i - t->c->own_n].address;
        const char *owner = domain_owner(address_domain(t, address));
        if (domain_same(owner, t->owner))
            return; /* it is that domain */
    }
    if (t->c->sent_before || t->c->received_before)
        return;
    for (size_t i = 0; i < t->c->own_n + t->c->known_n && i < THREAT_MAX_KNOWN; i++) {
        const char *address = i < t->c->own_n ? t->c->own[i] : t->c->known[i - t->c->own_n].address;
        const char *owner = domain_owner(address_domain(t, address));
        if (*owner && looks_like(t, t->owner, owner)) {
            threat_warn(t, "domain-like-known", "", owner);
            return;
        }
    }
}

/* How this sender wrote before. */
static void
check_habits(struct threat *t)
{
    const struct threat_context *c = t->c;
    const struct wr_verdict *v = t->v;
    bool is_signed = v->signature.state == SP_SIGNATURE_GOOD;

    if (c->other_key)
        threat_warn(t, "key-changed", "", "");
    if (c->signed_before >= 3 && !is_signed && v->signature.state == SP_SIGNATURE_NONE)
        threat_warn(t, "signed-before", "", "");
    if (c->passed_before >= 3 && v->sender.state != SP_SENDER_PASS && *v->sender.authserv_id)
        threat_warn(t, "confirmed-before", "", "");
    if (is_own(t, v->from.address) && v->sender.state != SP_SENDER_PASS && !is_signed && threat_header(v, "Received", 0))
        threat_warn(t, "own-address-outside", "", "");
    if (!c->history || c->received_before || c->sent_before || !*v->from.address)
        return;
    t->signs |= SIGN_FIRST;
    threat_warn(t, "first-contact", "", "");
    if (c->cites_thread && !c->took_part && !is_signed)
        threat_warn(t, "thread-hijack", "", "");
}

static bool
is_list(const struct threat *t)
{
    return threat_header(t->v, "List-Post", 0) != NULL;
}

static void
check_reply(struct threat *t)
{
    const struct wr_verdict *v = t->v;
    for (uint32_t i = 0; i < v->reply_to_n; i++) {
        const char *domain = address_domain(t, v->reply_to[i].address), *owner = domain_owner(domain);
        if (!*v->reply_to[i].address || domain_same(owner, t->owner) || domain_same(domain, t->domain) || is_list(t))
            continue;
        t->signs |= SIGN_REPLY_ELSEWHERE;
        threat_warn(t, "reply-to-elsewhere", "", v->reply_to[i].address);
    }
}

/* Does any of the names that stand for the transport belong to the sender's domain? */
static void
check_alignment(struct threat *t)
{
    const struct wr_verdict *v = t->v;
    const char *path = threat_header(v, "Return-Path", 0), *field;
    bool any = false;

    if (!*t->owner || is_list(t) || v->sender.state == SP_SENDER_PASS)
        return;
    const char *at = path ? strrchr(path, '@') : NULL;
    if (at) {
        const char *host = domain_ascii(t, at + 1, strcspn(at + 1, "> \t"));
        any = true;
        if (domain_same(domain_owner(host), t->owner))
            return;
    }
    for (unsigned i = 0; (field = threat_header(v, "DKIM-Signature", i)) != NULL && i < 10; i++) {
        const char *d = strstr(field, " d=");
        d = d ? d + 3 : strstr(field, ";d=") ? strstr(field, ";d=") + 3 : strncmp(field, "d=", 2) == 0 ? field + 2 : NULL;
        any = true;
        if (d && domain_same(domain_owner(domain_ascii(t, d, strcspn(d, "; \t\r\n"))), t->owner))
            return;
    }
    if (any)
        t->signs |= SIGN_UNALIGNED;
}

/* Letters as if thrown: hardly any vowels, or digits between letters again and again. */
static bool
is_random(const char *s, size_t len)
{
    unsigned vowels = 0, changes = 0, letters = 0, run = 0, longest = 0, cases = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i], before = i ? (unsigned char)s[i - 1] : 0;
        if (!isalnum(c))
            return false;
        bool vowel = strchr("aeiouyAEIOUY", c) != NULL;
        letters += isalpha(c) != 0;
        vowels += vowel;
        run = isalpha(c) && !vowel ? run + 1 : 0;
        longest = run > longest ? run : longest;
        changes += i && isdigit(c) != isdigit(before);
        cases += i && isupper(c) && islower(before);
    }
    return len >= 7 && letters >= 4 && (changes >= 4 || longest >= 6 || (vowels * 6 < letters) || (cases >= 3 && longest >= 3));
}

static void
check_address(struct threat *t)
{
    const struct wr_mailbox *from = &t->v->from;
    const char *at = strrchr(from->address, '@');
    size_t len;

    if (!at || !*t->domain || !domain_is_possible(t->domain) || strchr(from->address, '"') || strchr(from->address, '%') || strchr(from->address, '!')) {
        t->signs |= SIGN_ODD_FROM;
        return;
    }
    const char *label = domain_label(t->owner, &len);
    unsigned labels = 0;
    for (const char *p = t->domain; *p; p++)
        labels += *p == '.';
    if (is_random(from->address, (size_t)(at - from->address)) || is_random(label, len) || labels >= 5)
        t->signs |= SIGN_RANDOM;
    if (domain_is_confusable(t, t->domain))
        threat_warn(t, "domain-confusable", "", t->domain);
}

/* Written to everybody, or by the address because the name is not known. */
static void
check_recipient(struct threat *t)
{
    const struct wr_verdict *v = t->v;
    bool own = t->c->own_n == 0;

    if (v->to_n + v->cc_n == 0 || (v->to_n == 1 && strcasecmp(v->to[0].address, v->from.address) == 0 && !is_own(t, v->from.address)))
        t->signs |= SIGN_RECIPIENT;
    for (uint32_t i = 0; i < v->to_n && i < 50; i++) {
        own |= is_own(t, v->to[i].address);
        if (strlen(v->to[i].address) > 5 && (strstr(v->subject, v->to[i].address) || strcasestr(v->body, v->to[i].address) || strstr(v->from.name, v->to[i].address)))
            t->signs |= SIGN_RECIPIENT;
    }
    for (uint32_t i = 0; i < v->cc_n && i < 50; i++)
        own |= is_own(t, v->cc[i].address);
    if (!own && !is_list(t))
        t->signs |= SIGN_RECIPIENT;
}

void
threat_who(struct threat *t)
{
    check_address(t);
    check_name(t);
    check_known(t);
    check_habits(t);
    check_reply(t);
    check_alignment(t);
    check_recipient(t);
    if (t->v->sender.state == SP_SENDER_FAIL)
        t->signs |= SIGN_FAILED;
}
