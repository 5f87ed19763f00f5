/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The security details: each axis explained to people who never heard the words, and below the facts for those who have. */
#include <stdio.h>
#include <string.h>

#include "i18n.h"
#include "text.h"
#include "words.h"

#define FACTS 18 /* column of the facts' values */

static void
fact(struct pager *p, const char *label, const char *value)
{
    struct buf line = BUF_INIT;
    if (!*value)
        return;
    buf_adds(&line, "  ");
    buf_adds(&line, label);
    pager_pair(p, buf_str(&line), FACTS, value);
    buf_release(&line);
}

static void
fact_time(struct pager *p, const char *label, int64_t t)
{
    struct buf text = BUF_INIT;
    words_time(t, &text);
    fact(p, label, buf_str(&text));
    buf_release(&text);
}

static void
add_reasons(struct pager *p, const struct wr_text *reasons, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *known = words_reason(reasons[i].text);
        struct buf line = BUF_INIT;
        buf_adds(&line, known ? known : reasons[i].text);
        if (known)
            buf_addf(&line, " [%s]", reasons[i].text);
        fact(p, i ? "" : _("because"), buf_str(&line));
        buf_release(&line);
    }
}

/* Heading, the axis' own sentence, and what the word means. */
static void
add_axis(struct app *a, struct pager *p, const struct wr_verdict *v, enum words_axis_kind kind)
{
    struct words_axis axis;
    struct buf line = BUF_INIT;
    words_axis(v, kind, &axis);
    buf_adds(&line, draw_symbol_text(a->draw, axis.symbol));
    buf_addc(&line, ' ');
    buf_adds(&line, axis.label);
    buf_adds(&line, ": ");
    buf_adds(&line, buf_str(&axis.text));
    pager_add(p, axis.style == STYLE_NORMAL ? STYLE_STRONG : axis.style, -2, buf_str(&line));
    pager_add(p, STYLE_NORMAL, 2, words_explain(v, kind));
    buf_release(&line);
    buf_release(&axis.text);
}

static void
add_signature(struct pager *p, const struct wr_signature *s)
{
    struct buf text = BUF_INIT;
    if (s->state == SP_SIGNATURE_NONE) {
        add_reasons(p, s->reasons, s->reasons_n);
        return;
    }
    fact(p, _("kind"), words_protocol(s->protocol));
    fact(p, _("covers"), s->covers == SP_COVERS_WHOLE ? _("the whole message") : s->covers == SP_COVERS_PART ? _("only a part") : _("nothing"));
    for (uint32_t i = 0; i < s->signers_n; i++) {
        const struct wr_signer *signer = &s->signers[i];
        buf_clear(&text);
        buf_adds(&text, signer->address);
        if (*signer->name) {
            buf_addc(&text, ' ');
            buf_adds(&text, signer->name);
        }
        fact(p, _("signer"), buf_str(&text));
        buf_clear(&text);
        words_fingerprint(signer->fingerprint, &text);
        fact(p, _("fingerprint"), buf_str(&text));
        fact(p, _("key is"), words_trust(signer->trust));
        fact_time(p, _("signed on"), signer->time);
        fact(p, _("methods"), signer->algorithm);
    }
    if (s->revocation != SP_REVOCATION_NA)
        fact(p, _("revocation"), words_revocation(s->revocation));
    add_reasons(p, s->reasons, s->reasons_n);
    buf_release(&text);
}

static void
add_encryption(struct pager *p, const struct wr_encryption *e)
{
    if (e->state != SP_ENCRYPTION_NONE) {
        fact(p, _("kind"), words_protocol(e->protocol));
        fact(p, _("covers"), e->covers == SP_COVERS_WHOLE ? _("the whole message") : _("only a part"));
        fact(p, _("cipher"), e->cipher);
        if (e->state == SP_ENCRYPTION_DECRYPTED)
            fact(p, _("integrity"), words_integrity(e->integrity));
    }
    add_reasons(p, e->reasons, e->reasons_n);
}

static void
add_sender(struct pager *p, const struct wr_sender *s)
{
    fact(p, _("said by"), s->authserv_id);
    fact(p, "DMARC", s->dmarc);
    fact(p, "DKIM", s->dkim);
    fact(p, "SPF", s->spf);
    fact(p, "ARC", s->arc);
    add_reasons(p, s->reasons, s->reasons_n);
}

static void
add_warnings(struct app *a, struct pager *p, const struct wr_verdict *v)
{
    for (uint32_t i = 0; i < v->warnings_n; i++) {
        const struct wr_warning *w = &v->warnings[i];
        struct buf line = BUF_INIT;
        enum theme_symbol s;
        enum theme_style style;
        words_level(w->level, &s, &style);
        buf_addf(&line, "%s %s: ", draw_symbol_text(a->draw, s), words_level_name(w->level));
        words_warning(w, &line);
        if (*w->part)
            buf_addf(&line, " (%s %s)", _("part"), w->part);
        pager_add(p, style, 2, buf_str(&line));
        buf_release(&line);
    }
}

static void
add_headers(struct pager *p, const struct wr_protected_headers *h)
{
    struct buf text = BUF_INIT;
    if (strcmp(h->scheme, "none") == 0 || !*h->scheme)
        return;
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_add(p, STYLE_STRONG, 0, _("Protected header lines"));
    fact(p, _("kind"), h->scheme);
    for (uint32_t i = 0; i < h->fields_n; i++)
        buf_addf(&text, "%s%s", i ? ", " : "", h->fields[i].text);
    fact(p, _("lines"), buf_str(&text));
    buf_clear(&text);
    for (uint32_t i = 0; i < h->changed_n; i++)
        buf_addf(&text, "%s%s", i ? ", " : "", h->changed[i].text);
    fact(p, _("differ outside"), buf_str(&text));
    buf_release(&text);
}

static void
add_remote(struct pager *p, const struct wr_verdict *v)
{
    if (v->remote_refs_n == 0)
        return;
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_add(p, STYLE_STRONG, 0, _("It would have fetched (nothing was fetched)"));
    for (uint32_t i = 0; i < v->remote_refs_n; i++)
        pager_add(p, STYLE_NORMAL, 2, v->remote_refs[i].text);
}

void
view_details_open(struct app *a, const struct wr_verdict *v)
{
    struct text_view *x = text_new(&text_details_ops, _("Security of this message"));
    if (!x)
        return;
    struct pager *p = &x->pager;
    enum theme_style style;
    struct buf line = BUF_INIT;
    words_fill(&line, _("As a whole this message is {1}."), (const char *[]){words_summary(v, &style)}, 1);
    pager_add(p, style, 0, buf_str(&line));
    for (int kind = 0; kind < AXIS_COUNT; kind++) {
        pager_add(p, STYLE_NORMAL, 0, "");
        add_axis(a, p, v, (enum words_axis_kind)kind);
        switch (kind) {
        case AXIS_SIGNATURE: add_signature(p, &v->signature); break;
        case AXIS_ENCRYPTION: add_encryption(p, &v->encryption); break;
        case AXIS_SENDER: add_sender(p, &v->sender); break;
        default: add_warnings(a, p, v); break;
        }
    }
    add_headers(p, &v->protected_headers);
    add_remote(p, v);
    pager_add(p, STYLE_NORMAL, 0, "");
    fact(p, "Message-ID", v->message_id);
    buf_release(&line);
    app_push(a, &x->view);
}
