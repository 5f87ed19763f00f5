/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a message wants of its reader. Honest mail wants the same things: only together with signs that something else is wrong does a
   lure become a warning. */
#include <string.h>
#include <strings.h>

#include "internal.h"

enum lure { LURE_CREDENTIALS, LURE_PAYMENT, LURE_PARCEL, LURE_PRIZE, LURE_ADVANCE, LURE_CRYPTO, LURE_THREAT, LURE_PERSONAL, LURE_REMEDY,
            LURE_GAMBLING, LURE_OFFER, LURE_BOSS, LURES };

static const char *const warnings[LURES] = {
    [LURE_CREDENTIALS] = "lure-credentials", [LURE_PAYMENT] = "lure-payment", [LURE_PARCEL] = "lure-parcel", [LURE_PRIZE] = "lure-prize",
    [LURE_ADVANCE] = "lure-advance", [LURE_CRYPTO] = "lure-crypto", [LURE_THREAT] = "lure-threat", [LURE_PERSONAL] = "lure-personal",
    [LURE_REMEDY] = "lure-remedy", [LURE_GAMBLING] = "lure-gambling", [LURE_OFFER] = "lure-offer", [LURE_BOSS] = "lure-boss",
};

static const struct phrase {
    enum lure lure;
    unsigned weight;
    const char *text;
} phrases[] = {
#define LURE(kind, weight, text) {LURE_##kind, weight, text},
#include "lures.def"
#undef LURE
};

struct wants {
    unsigned weight[LURES];
    const char *first[LURES];
};

/* The heaviest phrase of each kind counts wholly, further ones a point each; the subject and the name count double. */
static void
collect(struct wants *w, const char *head, const char *name, const char *body)
{
    for (size_t i = 0; i < sizeof phrases / sizeof *phrases; i++) {
        const struct phrase *p = &phrases[i];
        bool above = threat_has(head, p->text) || threat_has(name, p->text);
        if (!above && !threat_has(body, p->text))
            continue;
        w->weight[p->lure] += p->weight + above;
        if (!w->first[p->lure])
            w->first[p->lure] = p->text;
    }
}

static unsigned
count(unsigned signs)
{
    unsigned n = 0;
    for (; signs; signs &= signs - 1)
        n++;
    return n;
}

/* Is it enough? Offers are honest people's daily bread, so they need more. */
static bool
is_enough(enum lure lure, unsigned weight, unsigned odd)
{
    if (lure == LURE_OFFER)
        return (weight >= 4 && odd >= 2) || (weight >= 2 && odd >= 3);
    return (weight >= 4 && odd >= 1) || (weight >= 2 && odd >= 2) || odd >= 3;
}

/* How much is odd beside what it wants. */
static unsigned
oddness(unsigned signs)
{
    unsigned n = count(signs & ~(unsigned)SIGN_FIRST);
    n += (signs & SIGN_FAILED) != 0;       /* the server's word weighs more than a guess */
    n += (signs & SIGN_BRAND) != 0;
    n += (signs & SIGN_ODD_FROM) != 0;
    return n;
}

static bool
is_freemail(const char *owner)
{
    static const char *const free_mail[] = {
        "gmail.com", "googlemail.com", "outlook.com", "hotmail.com", "live.com", "msn.com", "yahoo.com", "ymail.com", "aol.com", "gmx.de", "gmx.net",
        "gmx.com", "web.de", "mail.com", "mail.ru", "yandex.ru", "yandex.com", "zohomail.com", "zohomail.eu", "zoho.com", "proton.me", "protonmail.com",
        "tutanota.com", "icloud.com", "qq.com", "163.com", "126.com", "sina.com", "outlook.fr", "hotmail.fr", "orange.fr", "libero.it", "terra.com.br",
        "uol.com.br", "bol.com.br", "naver.com", "rediffmail.com", "inbox.lv", "spainmail.com",
    };
    for (size_t i = 0; i < sizeof free_mail / sizeof *free_mail; i++)
        if (strcmp(free_mail[i], owner) == 0)
            return true;
    return false;
}

void
threat_lures(struct threat *t)
{
    const struct wr_verdict *v = t->v;
    struct wants w = {0};
    bool any = false;

    /* Whom the reader knows, or who proved who he is, may ask for things. */
    if (t->c->sent_before || (v->signature.state == SP_SIGNATURE_GOOD && v->signature.covers == SP_COVERS_WHOLE))
        return;
    if (threat_header(v, "List-Post", 0) && !(t->signs & (SIGN_ODD_FROM | SIGN_BRAND | SIGN_DISGUISED)))
        return;
    if (is_freemail(t->owner))
        t->signs |= SIGN_FREEMAIL;
    for (uint32_t i = 0; i < v->reply_to_n; i++) {
        const char *at = strrchr(v->reply_to[i].address, '@');
        if (at && t->signs & SIGN_REPLY_ELSEWHERE && is_freemail(domain_ascii(t, at + 1, strlen(at + 1))))
            t->signs |= SIGN_FREEMAIL;
    }
    collect(&w, t->subject, t->name, t->body);
    unsigned odd = oddness(t->signs);
    for (int i = 0; i < LURES; i++) {
        if (!w.weight[i])
            continue;
        if (is_enough((enum lure)i, w.weight[i], odd)) {
            threat_warn(t, warnings[i], "", w.first[i]);
            any = true;
        }
    }
    if (any && t->signs & SIGN_BRAND)
        for (uint32_t i = 0; i < v->warnings_n; i++)
            if (strcmp(v->warnings[i].id, "name-claims-brand") == 0) {
                threat_warn(t, "brand-lure", "", v->warnings[i].args[0].text);
                break;
            }
    if (!any && odd >= 4)
        threat_warn(t, "many-signs", "", "");
}
