/* SPDX-License-Identifier: GPL-3.0-or-later */
/* From "send" to the outbox: nothing goes out that was not decided (S69), and it can be taken back for a moment. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "compose.h"
#include "i18n.h"
#include "text.h"
#include "when.h"
#include "words.h"

enum tag { TAG_SEND = 100, TAG_START, TAG_UNDO };

/* ---- starting a draft */

static void
on_draft(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_draft_view) {
        app_failed(a, r);
    } else {
        buf_clear(&a->status);
        view_compose_open(a, &((const struct wm_draft_view *)r->in->msg)->draft, tag == TAG_START);
    }
    app_release_keys(a);
}

void
compose_start(struct app *a, enum sp_draft_kind kind, uint64_t message, const char *mailto)
{
    struct buf url = BUF_INIT;
    /* What is typed behind "compose" may be a plain address. */
    if (mailto && strncmp(mailto, "mailto:", 7) != 0)
        buf_adds(&url, "mailto:");
    buf_adds(&url, mailto ? mailto : "");
    app_status(a, STYLE_STATUS, _("Preparing…"));
    app_hold_keys(a, true);
    const struct wm_new_draft m = {.kind = (uint8_t)kind, .message = message, .mailto = buf_str(&url)};
    app_request(a, NULL, WM_TYPE_new_draft, &m, on_draft, TAG_START);
    buf_release(&url);
}

/* ---- going on where the last screen ended */

static void
on_drafts(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    if (r->status || !r->in || r->in->type != WM_TYPE_drafts || app_find(a, V_COMPOSE))
        return;
    const struct wm_drafts *m = r->in->msg;
    for (uint32_t i = 0; i < m->drafts_n; i++) {
        if (m->drafts[i].id != tag)
            continue;
        view_compose_open(a, &m->drafts[i], false);
        app_status(a, STYLE_STATUS, _("The message that you were writing is here again."));
    }
}

static void
on_last_draft(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (r->status || !r->in || r->in->type != WM_TYPE_state_value)
        return;
    uint64_t draft = strtoull(((const struct wm_state_value *)r->in->msg)->value, NULL, 10);
    if (draft)
        app_request(a, NULL, WM_TYPE_list_drafts, &(struct wm_list_drafts){}, on_drafts, draft);
}

void
compose_resume(struct app *a)
{
    app_request(a, NULL, WM_TYPE_get_state, &(struct wm_get_state){.name = "ui.draft"}, on_last_draft, 0);
}

bool
compose_undo(struct app *a)
{
    if (!a->undo_outbox)
        return false;
    app_hold_keys(a, true);
    app_request(a, NULL, WM_TYPE_outbox_cancel, &(struct wm_outbox_cancel){.outbox = a->undo_outbox}, on_draft, TAG_UNDO);
    a->undo_outbox = 0;
    return true;
}

/* ---- sending */

static void really_send(struct app *a, struct compose *x);
static void check(struct app *a, struct compose *x, unsigned from);

static bool
has_recipients(const struct compose *x)
{
    for (int i = FIELD_TO; i <= FIELD_BCC; i++)
        if (buf_str(&x->texts[i])[strspn(buf_str(&x->texts[i]), " ,;")])
            return true;
    return false;
}

/* The addresses without a usable key, comma separated; how many. */
static unsigned
missing_keys(const struct compose *x, struct buf *out)
{
    unsigned n = 0;
    for (uint32_t i = 0; x->planned && i < x->plan.recipients_n; i++) {
        const struct wr_recipient_plan *r = &x->plan.recipients[i];
        if (r->state != SP_NO_KEY)
            continue;
        buf_addf(out, "%s%s", n ? ", " : "", r->address);
        n++;
    }
    return n;
}

/* What cannot be sent however the person decides: said in words, with the way on. True when there is something. */
static bool
impossible(struct app *a, const struct compose *x)
{
    for (uint32_t i = 0; x->planned && i < x->plan.recipients_n; i++) {
        if (x->plan.recipients[i].state == SP_INVALID) {
            app_say(a, STYLE_ERROR, _("\"{1}\" is no mail address: t, c and b change the recipients."), x->plan.recipients[i].address);
            return true;
        }
    }
    if (x->draft.sign && x->planned && x->plan.signer_state != SP_OK) {
        app_status(a, STYLE_ERROR, _("You have no key to sign with: K imports one, z switches signing off."));
        return true;
    }
    return false;
}

static void
on_missing(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)tag;
    if (!text) {
        app_status(a, STYLE_STATUS, _("Not sent."));
    } else if (*text == 'u') {
        x->draft.encrypt = 0;
        compose_changed(a, x);
        app_status(a, STYLE_CAUTION, _("Encryption is off for this message. Look once more, then send it."));
    } else if (*text == 'k') {
        view_keys_open(a);
    } else if (*text == 'c') {
        app_action(a, ACTION_EDIT_TO, NULL);
    }
}

static void
ask_missing(struct app *a, struct compose *x, const char *addresses)
{
    struct buf label = BUF_INIT;
    words_fill(&label, _("No key for {1}: c change recipients, k import a key, u switch encryption off"), &addresses, 1);
    app_prompt(a, prompt_keys(&x->view, buf_str(&label), "cku", on_missing, 0));
    buf_release(&label);
}

static void
say_queued(struct app *a, int64_t not_before)
{
    struct buf keys = BUF_INIT, when = BUF_INIT;
    (void)keymap_keys(&a->keymap, ACTION_UNDO, V_INDEX, 1, &keys);
    words_time(not_before, &when);
    app_say(a, STYLE_STATUS, not_before ? _("In the outbox until {2}. {1} takes it back.") : _("In the outbox. {1} takes it back."),
            buf_str(&keys), buf_str(&when));
    buf_release(&keys);
    buf_release(&when);
}

static void
on_sent(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    x->sending = false;
    if (r->status == SP_OK && r->in && r->in->type == WM_TYPE_queued) {
        a->undo_outbox = ((const struct wm_queued *)r->in->msg)->outbox;
        x->unsaved = false;
        compose_remember(a, x, 0);
        app_close(a, v);
        say_queued(a, x->not_before);
        return;
    }
    if (r->status == SP_NO_KEY && r->in && r->in->type == WM_TYPE_reply_error) {
        const struct wm_reply_error *m = r->in->msg;
        struct buf addresses = BUF_INIT;
        for (uint32_t i = 0; i < m->args_n; i++)
            buf_addf(&addresses, "%s%s", i ? ", " : "", m->args[i].text);
        ask_missing(a, x, addresses.len ? buf_str(&addresses) : "?");
        buf_release(&addresses);
        return;
    }
    app_failed(a, r);
}

static void
really_send(struct app *a, struct compose *x)
{
    if (!compose_leave_foreign(a, x)) {
        compose_changed(a, x);
        return;
    }
    x->sending = true;
    app_status(a, STYLE_STATUS, _("Handing the message over…"));
    app_request(a, &x->view, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = *compose_record(x), .not_before = x->not_before}, on_sent, TAG_SEND);
}

static void
on_confirmed(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    if (text && *text == 'y')
        check(a, (struct compose *)v, (unsigned)tag + 1);
    else
        app_status(a, STYLE_STATUS, _("Not sent."));
}

static void
confirm(struct app *a, struct compose *x, const char *label, unsigned step)
{
    app_prompt(a, prompt_keys(&x->view, label, "yn", on_confirmed, step));
}

/* The doubts in turn; each one that is confirmed leads to the next. */
static void
check(struct app *a, struct compose *x, unsigned from)
{
    struct buf addresses = BUF_INIT;
    if (from <= 0 && x->draft.encrypt && missing_keys(x, &addresses)) {
        ask_missing(a, x, buf_str(&addresses));
        buf_release(&addresses);
        return;
    }
    buf_release(&addresses);
    if (from <= 1 && x->draft.origin_encrypted && !x->draft.encrypt) {
        confirm(a, x, _("You answer an encrypted message WITHOUT encryption. Send it open? (y/n)"), 1);
        return;
    }
    if (from <= 2 && !*buf_str(&x->texts[FIELD_SUBJECT])) {
        confirm(a, x, _("There is no subject. Send it all the same? (y/n)"), 2);
        return;
    }
    really_send(a, x);
}

void
compose_send(struct app *a, struct compose *x, int64_t not_before)
{
    if (x->sending)
        return;
    x->not_before = not_before;
    if (x->planning) { /* what would happen is not known yet: then it is decided */
        x->send_when_planned = true;
        app_status(a, STYLE_STATUS, _("Looking for keys…"));
        return;
    }
    if (!has_recipients(x)) {
        app_status(a, STYLE_ERROR, _("To whom? There are no recipients yet."));
        return;
    }
    if (!impossible(a, x))
        check(a, x, 0);
}

static void
on_when(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)tag;
    if (!text || !*text)
        return;
    int64_t t = when_parse(text, _("tomorrow"), (int64_t)time(NULL));
    if (t)
        compose_send(a, (struct compose *)v, t);
    else
        app_say(a, STYLE_ERROR, _("\"{1}\" is no time to come: 18:30, tomorrow 9:00, +2h or 2026-12-01 08:00 are."), text);
}

void
compose_send_later(struct app *a, struct compose *x, const char *arg)
{
    if (arg)
        on_when(a, &x->view, arg, 0);
    else
        app_prompt(a, prompt_text(&x->view, _("Send when (18:30, tomorrow 9:00, +2h, a date):"), "", on_when, 0));
}

/* ---- explaining the plan */

void
compose_details(struct app *a, struct compose *x)
{
    struct text_view *t = text_new(&text_details_ops, _("What will happen to this message"));
    struct buf line = BUF_INIT;
    if (!t)
        return;
    struct pager *p = &t->pager;
    pager_add(p, STYLE_STRONG, 0, x->draft.encrypt ? _("It is encrypted.") : _("It is NOT encrypted."));
    pager_add(p, STYLE_NORMAL, 2, x->draft.encrypt ? _("Only the recipients can read it, each with a key of their own. Who writes to whom, and when, stays visible to the "
                                                       "servers; the subject is hidden where the recipient's program understands that.")
                                                   : _("The servers that carry it can read it."));
    pager_add(p, STYLE_STRONG, 0, x->draft.sign ? _("It is signed.") : _("It is not signed."));
    if (x->draft.sign) {
        pager_pair(p, _("  with"), 16, *x->plan.signer_identity ? x->plan.signer_identity : words_status((enum sp_status)x->plan.signer_state));
        words_fingerprint(x->plan.signer_fingerprint, &line);
        pager_pair(p, "", 16, buf_str(&line));
    }
    for (uint32_t i = 0; x->planned && i < x->plan.warnings_n; i++) {
        enum theme_symbol s;
        enum theme_style style;
        words_level(x->plan.warnings[i].level, &s, &style);
        buf_clear(&line);
        buf_addf(&line, "%s ", draw_symbol_text(a->draw, s));
        words_warning(&x->plan.warnings[i], &line);
        pager_add(p, style, -2, buf_str(&line));
    }
    for (uint32_t i = 0; x->planned && i < x->plan.recipients_n; i++) {
        const struct wr_recipient_plan *r = &x->plan.recipients[i];
        pager_add(p, STYLE_NORMAL, 0, "");
        pager_add(p, STYLE_STRONG, 0, r->address);
        if (r->state != SP_OK) {
            pager_add(p, STYLE_CAUTION, 2, words_status((enum sp_status)r->state));
            if (*r->reason)
                pager_add(p, STYLE_NORMAL, 2, words_reason(r->reason) ? words_reason(r->reason) : r->reason);
            continue;
        }
        if (!*r->fingerprint)
            continue;
        pager_pair(p, _("  key"), 16, r->identity);
        buf_clear(&line);
        words_fingerprint(r->fingerprint, &line);
        pager_pair(p, _("  fingerprint"), 16, buf_str(&line));
        pager_pair(p, _("  it is"), 16, words_trust(r->trust));
        buf_clear(&line);
        words_time(r->expires, &line);
        pager_pair(p, _("  valid until"), 16, line.len ? buf_str(&line) : _("no end"));
    }
    buf_release(&line);
    app_push(a, &t->view);
}
