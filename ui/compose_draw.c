/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The form for writing. */
#include <stdio.h>
#include <string.h>

#include "compose.h"
#include "i18n.h"
#include "words.h"

static const char *
field_label(int field)
{
    switch (field) {
    case FIELD_FROM: return _("From");
    case FIELD_TO: return _("To");
    case FIELD_CC: return _("Cc");
    case FIELD_BCC: return _("Bcc");
    case FIELD_SUBJECT: return _("Subject");
    default: return _("Security");
    }
}

/* "OpenPGP · encrypted · signed" with what each switch would do. */
static void
draw_security(struct app *a, const struct compose *x, struct rect r)
{
    const struct wr_draft *d = &x->draft;
    bool no_signer = d->sign && x->planned && x->plan.signer_state != SP_OK;
    const char *dot = draw_symbol_text(a->draw, SYMBOL_SEPARATOR);
    int at = r.x, end = r.x + r.w;
    const struct {
        const char *text;
        enum theme_style style;
    } words[] = {
        {d->encrypt ? _("encrypted") : _("NOT encrypted"), d->encrypt ? STYLE_GOOD : STYLE_CAUTION},
        {no_signer ? _("no key to sign with") : d->sign ? _("signed") : _("not signed"),
         no_signer ? STYLE_DANGER : d->sign ? STYLE_GOOD : STYLE_NORMAL},
        {words_protocol(d->protocol), STYLE_NORMAL},
    };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (i == 2 && !d->encrypt && !d->sign)
            break;
        if (i) {
            at += draw_text(a->draw, r.y, at + 1, end - at - 1, STYLE_DIM, dot) + 2;
        }
        at += draw_text(a->draw, r.y, at, end - at, words[i].style, words[i].text);
    }
}

static void
draw_fields(struct app *a, struct compose *x, struct rect r)
{
    int column = 0;
    for (int i = 0; i < FIELD_COUNT; i++) {
        int w = words_width(field_label(i));
        column = w > column ? w : column;
    }
    column += 4;
    for (int i = 0; i < FIELD_COUNT && i < r.h; i++) {
        int y = r.y + i;
        bool on = x->list.cursor == i;
        if (on) {
            draw_symbol(a->draw, y, r.x, STYLE_HINT_KEY, SYMBOL_ARROW);
            app_point(a, y, r.x);
        }
        (void)draw_text(a->draw, y, r.x + 2, column - 3, on ? STYLE_STRONG : STYLE_LABEL, field_label(i));
        struct rect value = {y, r.x + column, 1, r.w - column - 1};
        if (i == FIELD_SECURITY)
            draw_security(a, x, value);
        else
            (void)draw_text(a->draw, y, value.x, value.w, i == FIELD_SUBJECT ? STYLE_STRONG : STYLE_NORMAL, buf_str(&x->texts[i]));
    }
}

/* A rule with a heading in it. */
static void
heading(struct app *a, struct rect r, const char *text, bool on)
{
    if (r.h <= 0)
        return;
    draw_rule(a->draw, r.y, r.x, r.w, STYLE_RULE);
    int w = words_width(text);
    (void)draw_text(a->draw, r.y, r.x + 2, 1, STYLE_NORMAL, " ");
    (void)draw_text(a->draw, r.y, r.x + 3, r.w - 6, on ? STYLE_STRONG : STYLE_LABEL, text);
    (void)draw_text(a->draw, r.y, r.x + 3 + w, 1, STYLE_NORMAL, " ");
    if (on) {
        draw_symbol(a->draw, r.y, r.x, STYLE_HINT_KEY, SYMBOL_ARROW);
        app_point(a, r.y, r.x);
    }
}

static void
recipient_words(const struct compose *x, const struct wr_recipient_plan *p, struct buf *out, enum theme_symbol *s, enum theme_style *style)
{
    *s = SYMBOL_NONE;
    *style = STYLE_NORMAL;
    if (p->state == SP_INVALID) {
        *s = SYMBOL_BAD;
        *style = STYLE_DANGER;
        buf_adds(out, _("this is no mail address"));
    } else if (p->state == SP_NO_KEY) {
        *s = x->draft.encrypt ? SYMBOL_BAD : SYMBOL_NONE;
        *style = x->draft.encrypt ? STYLE_DANGER : STYLE_NORMAL;
        buf_adds(out, x->draft.encrypt ? _("no key: cannot be encrypted") : _("readable on the way; no key"));
    } else if (p->state != SP_OK) {
        *s = SYMBOL_UNSURE;
        *style = STYLE_CAUTION;
        buf_adds(out, words_status((enum sp_status)p->state));
    } else if (!x->draft.encrypt) {
        buf_adds(out, *p->fingerprint ? _("readable on the way; a key is there") : _("readable on the way"));
    } else {
        bool sure = p->trust >= SP_TRUST_ACCEPTED;
        *s = sure ? SYMBOL_GOOD : SYMBOL_UNSURE;
        *style = sure ? STYLE_GOOD : STYLE_CAUTION;
        words_fill(out, _("encrypted; the key is {1}: {2}"), (const char *[]){words_trust(p->trust), p->identity}, 2);
    }
}

/* The worst doubt about the whole message, at the right of the bar. */
static void
draw_doubt(struct app *a, const struct compose *x, struct rect bar)
{
    const struct wr_warning *worst = NULL;
    struct buf text = BUF_INIT;
    enum theme_symbol s;
    enum theme_style style;
    for (uint32_t i = 0; x->planned && i < x->plan.warnings_n; i++)
        if (!worst || x->plan.warnings[i].level > worst->level)
            worst = &x->plan.warnings[i];
    int from = bar.x + 6 + words_width(_("What each recipient gets")), room = bar.x + bar.w - 3 - from;
    if (!worst || bar.h <= 0 || room < 20)
        return;
    words_level(worst->level, &s, &style);
    buf_addf(&text, " %s ", draw_symbol_text(a->draw, s));
    words_warning(worst, &text);
    buf_addc(&text, ' ');
    int w = words_width(buf_str(&text));
    w = w > room ? room : w;
    (void)draw_text(a->draw, bar.y, bar.x + bar.w - 2 - w, w, style, buf_str(&text));
    buf_release(&text);
}

static void
draw_plan(struct app *a, struct compose *x, const struct layout_compose *l)
{
    heading(a, l->plan_bar, x->planning && !x->planned ? _("Recipients: looking for keys…") : _("What each recipient gets"), false);
    draw_doubt(a, x, l->plan_bar);
    uint32_t n = x->planned ? x->plan.recipients_n : 0;
    for (int i = 0; i < l->plan.h && (uint32_t)i < n; i++) {
        const struct wr_recipient_plan *p = &x->plan.recipients[i];
        struct buf text = BUF_INIT;
        enum theme_symbol s;
        enum theme_style style;
        int y = l->plan.y + i, w = l->plan.w * 2 / 5;
        recipient_words(x, p, &text, &s, &style);
        draw_symbol(a->draw, y, l->plan.x + 1, style, s);
        if (i == l->plan.h - 1 && (uint32_t)i + 1 < n) { /* the last line tells how many more there are */
            char more[16];
            (void)snprintf(more, sizeof more, "%u", n - (uint32_t)i);
            buf_clear(&text);
            words_fill(&text, ngettext("and {1} more", "and {1} more", n - (uint32_t)i), (const char *[]){more}, 1);
            draw_symbol(a->draw, y, l->plan.x + 1, STYLE_NORMAL, SYMBOL_NONE);
            (void)draw_text(a->draw, y, l->plan.x + 3, l->plan.w - 4, STYLE_DIM, buf_str(&text));
        } else {
            const char *field = p->field == SP_RCPT_BCC ? _("(Bcc) ") : "";
            int used = draw_text(a->draw, y, l->plan.x + 3, w, STYLE_DIM, field);
            (void)draw_text(a->draw, y, l->plan.x + 3 + used, w - used, STYLE_NORMAL, p->address);
            (void)draw_text(a->draw, y, l->plan.x + 4 + w, l->plan.w - w - 5, style, buf_str(&text));
        }
        buf_release(&text);
    }
    if (n == 0 && l->plan.h > 0 && !x->planning)
        (void)draw_text(a->draw, l->plan.y, l->plan.x + 3, l->plan.w - 4, STYLE_DIM, _("No recipients yet: t adds them."));
}

static void
draw_files(struct app *a, struct compose *x, const struct layout_compose *l)
{
    heading(a, l->files_bar, _("Attachments"), false);
    int n = (int)x->draft.attachments_n, on = x->list.cursor - FIELD_COUNT;
    int top = layout_scroll(0, on >= 0 && on < n ? on : 0, l->files.h, n);
    for (int i = 0; i < l->files.h && top + i < n; i++) {
        const struct wr_draft_attachment *f = &x->draft.attachments[top + i];
        struct buf text = BUF_INIT;
        int y = l->files.y + i;
        if (top + i == on) {
            draw_symbol(a->draw, y, l->files.x, STYLE_HINT_KEY, SYMBOL_ARROW);
            app_point(a, y, l->files.x);
        }
        buf_adds(&text, f->name);
        buf_adds(&text, "  ");
        words_size(f->size, &text);
        if (*f->type)
            buf_addf(&text, "  %s", f->type);
        (void)draw_text(a->draw, y, l->files.x + 2, l->files.w - 3, top + i == on ? STYLE_STRONG : STYLE_NORMAL, buf_str(&text));
        buf_release(&text);
    }
}

void
compose_draw(struct app *a, struct view *v, struct rect area)
{
    struct compose *x = (struct compose *)v;
    struct layout_compose l;
    layout_compose(area, x->planned ? (int)x->plan.recipients_n : 1, (int)x->draft.attachments_n, &l);
    x->list.height = compose_places(x);
    draw_fields(a, x, l.fields);
    draw_plan(a, x, &l);
    draw_files(a, x, &l);
    heading(a, l.text_bar, _("Text"), x->list.cursor == compose_places(x) - 1);
    struct rect text = {l.text.y, l.text.x + 1, l.text.h, l.text.w - 2};
    if (x->body.len)
        pager_draw(&x->pager, a->draw, text);
    else
        (void)draw_text(a->draw, text.y, text.x + 1, text.w - 1, STYLE_DIM, _("Nothing yet: e writes."));
}
