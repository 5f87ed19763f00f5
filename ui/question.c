/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The engine's questions, one after the other, in a box over the view. Declining is always the safe way. Secrets go from the keyboard
   into locked memory and from there through a pipe. */
#include "question.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "i18n.h"
#include "words.h"

#define ARGS_MOST 16

static const char pin_word[] = "trust"; /* the same in every language: it is typed */

/* Questions of our own: the engine only says LOCKED. */
enum { ASK_OWN_UNLOCK = 1000, ASK_OWN_PROFILE };

struct question {
    struct question *next;
    uint64_t id;               /* 0: our own */
    unsigned kind;
    char *args[ARGS_MOST];     /* owned */
    unsigned stage;
    enum sp_protection protection;
    struct secret first;       /* a new passphrase, before it is typed again */
    struct prompt *prompt;     /* NULL until it is its turn */
    const char *note;          /* what went wrong the last time; static */
};

static void next_stage(struct app *a, struct question *q);

static void
question_free(struct question *q)
{
    for (int i = 0; i < ARGS_MOST; i++)
        free(q->args[i]);
    secret_release(&q->first);
    prompt_free(q->prompt);
    free(q);
}

static void
remove_question(struct app *a, struct question *q)
{
    struct question **p = &a->questions;
    while (*p && *p != q)
        p = &(*p)->next;
    if (*p)
        *p = q->next;
    question_free(q);
    app_dirty(a);
}

void
questions_clear(struct app *a)
{
    while (a->questions)
        remove_question(a, a->questions);
}

static const char *
arg(const struct question *q, int i)
{
    return i < ARGS_MOST && q->args[i] ? q->args[i] : "";
}

bool
question_open(const struct app *a)
{
    return a->questions != NULL && !a->prompt;
}

static struct question *
add_question(struct app *a, unsigned kind, uint64_t id)
{
    struct question **p = &a->questions;
    struct question *q = calloc(1, sizeof *q);
    if (!q)
        return NULL;
    q->kind = kind;
    q->id = id;
    while (*p)
        p = &(*p)->next;
    *p = q;
    draw_bell(a->draw);
    app_dirty(a);
    return q;
}

void
question_event(struct app *a, const struct wire_in *in)
{
    if (in->type == WM_TYPE_event_question) {
        const struct wm_event_question *m = in->msg;
        for (struct question *q = a->questions; q; q = q->next)
            if (q->id == m->question)
                return;
        struct question *q = add_question(a, m->kind, m->question);
        for (uint32_t i = 0; q && i < m->args_n && i < ARGS_MOST; i++)
            q->args[i] = strdup(m->args[i].text);
        if (q && q->kind == SP_ASK_KEY_PASSPHRASE && strcmp(arg(q, 2), "1") == 0)
            q->note = N_("That was not the right passphrase.");
    } else if (in->type == WM_TYPE_event_question_gone) {
        const struct wm_event_question_gone *m = in->msg;
        for (struct question *q = a->questions; q; q = q->next) {
            if (q->id && q->id == m->question) {
                remove_question(a, q);
                break;
            }
        }
    }
}

/* ---- answers */

static void
answer(struct app *a, struct question *q, uint8_t choice, const char *text, const struct secret *secret)
{
    struct wm_answer m = {.question = q->id, .choice = choice, .text = text, .secret = -1};
    int fd = -1;
    if (secret && secret_to_pipe(secret, &fd) == SP_OK)
        m.secret = fd;
    app_tell(a, WM_TYPE_answer, &m);
    if (fd >= 0)
        (void)close(fd);
    remove_question(a, q);
}

static void
on_own_done(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    if (!r->final)
        return;
    a->unlocking = false;
    if (r->status == SP_OK) {
        app_status(a, STYLE_STATUS, _("The mail store is open."));
        app_refresh_all(a);
        return;
    }
    if (tag == ASK_OWN_UNLOCK && r->status == SP_NOT_FOUND) {
        (void)add_question(a, ASK_OWN_PROFILE, 0);
        return;
    }
    bool again = r->status == SP_PASSPHRASE_NEEDED || r->status == SP_PASSPHRASE_WRONG;
    if (!again) {
        app_failed(a, r);
        return;
    }
    struct question *q = add_question(a, ASK_OWN_UNLOCK, 0);
    if (q && r->status == SP_PASSPHRASE_WRONG)
        q->note = N_("That was not the right passphrase.");
}

static void
own_answer(struct app *a, struct question *q, const struct secret *secret)
{
    int fd = -1;
    unsigned kind = q->kind;
    if (secret && secret_to_pipe(secret, &fd) != SP_OK)
        fd = -1;
    a->unlocking = true;
    if (kind == ASK_OWN_PROFILE)
        app_request(a, NULL, WM_TYPE_create_profile, &(struct wm_create_profile){.protection = (uint8_t)q->protection, .passphrase = fd},
                    on_own_done, kind);
    else
        app_request(a, NULL, WM_TYPE_unlock, &(struct wm_unlock){.passphrase = fd}, on_own_done, kind);
    if (fd >= 0)
        (void)close(fd);
    app_status(a, STYLE_STATUS, _("Opening the mail store…"));
    remove_question(a, q);
}

/* Tries without a passphrase: the answer tells what is missing. */
void
question_unlock(struct app *a)
{
    for (struct question *q = a->questions; q; q = q->next)
        if (q->kind == ASK_OWN_UNLOCK || q->kind == ASK_OWN_PROFILE || q->kind == SP_ASK_STORE_PASSPHRASE || q->kind == SP_ASK_NEW_PROFILE)
            return;
    if (a->unlocking)
        return;
    a->unlocking = true;
    app_request(a, NULL, WM_TYPE_unlock, &(struct wm_unlock){.passphrase = -1}, on_own_done, ASK_OWN_UNLOCK);
}

static void
decline(struct app *a, struct question *q)
{
    if (q->id) {
        answer(a, q, 0, "", NULL);
        return;
    }
    app_status(a, STYLE_CAUTION, _("The mail store stays locked. ^R asks again."));
    remove_question(a, q);
}

/* A passphrase for a new store is typed twice. */
static void
profile_secret(struct app *a, struct question *q, const struct secret *secret)
{
    if (q->stage == 1) {
        if (secret->len == 0) {
            q->note = N_("An empty passphrase protects nothing.");
        } else if (secret_set(&q->first, secret->data, secret->len) == SP_OK) {
            q->stage = 2;
            q->note = NULL;
        }
        next_stage(a, q);
        return;
    }
    if (!secret_equal(secret, q->first.data, q->first.len)) {
        secret_release(&q->first);
        q->stage = 1;
        q->note = N_("The two were not the same. Once more:");
        next_stage(a, q);
        return;
    }
    if (q->id)
        answer(a, q, 1 + SP_PROTECTION_PASSPHRASE, "passphrase", secret);
    else
        own_answer(a, q, secret);
}

static void
on_secret(struct app *a, struct view *v, const struct secret *secret, uint64_t tag)
{
    struct question *q = a->questions;
    (void)v;
    (void)tag;
    if (!q)
        return;
    if (!secret) {
        decline(a, q);
        return;
    }
    switch (q->kind) {
    case ASK_OWN_PROFILE:
    case SP_ASK_NEW_PROFILE: profile_secret(a, q, secret); break;
    case ASK_OWN_UNLOCK: own_answer(a, q, secret); break;
    case SP_ASK_ACCOUNT_PASSWORD:
        if (secret_set(&q->first, secret->data, secret->len) == SP_OK)
            q->stage = 1;
        next_stage(a, q);
        break;
    default: answer(a, q, 1, "", secret); break;
    }
}

static void
profile_choice(struct app *a, struct question *q, char c)
{
    q->protection = c == 'p' ? SP_PROTECTION_PASSPHRASE : c == 'g' ? SP_PROTECTION_OPENPGP : SP_PROTECTION_KEY_FILE;
    if (q->protection == SP_PROTECTION_PASSPHRASE) {
        q->stage = 1;
        next_stage(a, q);
    } else if (q->id) {
        answer(a, q, (uint8_t)(1 + q->protection), q->protection == SP_PROTECTION_OPENPGP ? "openpgp" : "key-file", NULL);
    } else {
        own_answer(a, q, NULL);
    }
}

static void
on_text(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct question *q = a->questions;
    (void)v;
    (void)tag;
    if (!q)
        return;
    if (!text) {
        if (q->kind == SP_ASK_ACCOUNT_PASSWORD && q->stage == 1)
            answer(a, q, 2, "", &q->first);
        else
            decline(a, q);
        return;
    }
    switch (q->kind) {
    case ASK_OWN_PROFILE:
    case SP_ASK_NEW_PROFILE: profile_choice(a, q, *text); break;
    /* 1: remember it; 2: only for now */
    case SP_ASK_ACCOUNT_PASSWORD: answer(a, q, *text == 'y' ? 1 : 2, "", &q->first); break;
    case SP_ASK_PIN_CERTIFICATE:
    case SP_ASK_PIN_CHANGED: answer(a, q, strcmp(text, pin_word) == 0, "", NULL); break;
    default: answer(a, q, 0, "", NULL); break;
    }
}

/* ---- what is typed */

static void
next_stage(struct app *a, struct question *q)
{
    prompt_free(q->prompt);
    q->prompt = NULL;
    if (q->kind == SP_ASK_PINENTRY)
        return; /* two keys, nothing to type */
    switch (q->kind) {
    case ASK_OWN_PROFILE:
    case SP_ASK_NEW_PROFILE:
        q->prompt = q->stage == 0   ? prompt_keys(NULL, _("Your choice (p, g or n):"), "pgn", on_text, 0)
                    : q->stage == 1 ? prompt_secret(NULL, _("New passphrase:"), on_secret, 0)
                                    : prompt_secret(NULL, _("The same once more:"), on_secret, 0);
        break;
    case SP_ASK_ACCOUNT_PASSWORD:
        q->prompt = q->stage == 0 ? prompt_secret(NULL, _("Password:"), on_secret, 0)
                                  : prompt_keys(NULL, _("Remember it, encrypted in the mail store? (y/n)"), "yn", on_text, 0);
        break;
    case SP_ASK_PIN_CERTIFICATE:
    case SP_ASK_PIN_CHANGED: {
        /* The box may come up while somebody types: one stray key must not decide. */
        struct buf label = BUF_INIT;
        words_fill(&label, _("To trust it type \"{1}\"; Esc refuses:"), (const char *[]){pin_word}, 1);
        q->prompt = prompt_text(NULL, buf_str(&label), "", on_text, 0);
        buf_release(&label);
        break;
    }
    default: q->prompt = prompt_secret(NULL, _("Passphrase:"), on_secret, 0); break;
    }
    app_dirty(a);
}

/* Somebody may be typing when the box comes up: the terminal is not taken away before he says so. */
static void
pinentry_key(struct app *a, struct question *q, uint32_t key)
{
    if (key == K_ESC) {
        decline(a, q);
    } else if (key == K_ENTER) {
        uint64_t id = q->id;
        remove_question(a, q);
        app_terminal_pinentry(a, id);
    }
}

bool
question_key(struct app *a, uint32_t key)
{
    struct question *q = a->questions;
    if (!q)
        return false;
    if (!q->prompt)
        next_stage(a, q);
    struct prompt *p = q->prompt;
    if (q->kind == SP_ASK_PINENTRY)
        pinentry_key(a, q, key);
    if (!p)
        return true;
    /* A key that is no answer must not decline by accident: only Esc does. */
    if (p->kind == PROMPT_KEY && key != K_ESC && !(key < 0x80 && key > ' ' && strchr(p->choices, (int)key)))
        return true;
    enum prompt_result result = prompt_key(p, a, &a->history, key);
    if (result == PROMPT_OPEN)
        return true;
    q->prompt = NULL;
    if (p->kind == PROMPT_SECRET)
        on_secret(a, NULL, result == PROMPT_DONE ? &p->secret : NULL, 0);
    else
        on_text(a, NULL, result == PROMPT_DONE ? line_text(&p->line) : NULL, 0);
    prompt_free(p);
    return true;
}

/* ---- the box */

static void
add_certificate(const struct question *q, struct pager *p, bool changed)
{
    struct buf text = BUF_INIT;
    pager_pair(p, _("Account"), 14, arg(q, 0));
    pager_pair(p, _("Server"), 14, arg(q, 1));
    words_fingerprint(arg(q, 3), &text);
    pager_pair(p, changed ? _("New SHA-256") : _("SHA-256"), 14, buf_str(&text));
    if (changed) {
        buf_clear(&text);
        words_fingerprint(arg(q, 8), &text);
        pager_pair(p, _("Old SHA-256"), 14, buf_str(&text));
    }
    pager_pair(p, _("Issued to"), 14, arg(q, 4));
    pager_pair(p, _("Issued by"), 14, arg(q, 5));
    buf_clear(&text);
    words_time(strtoll(arg(q, 6), NULL, 10), &text);
    buf_adds(&text, " - ");
    words_time(strtoll(arg(q, 7), NULL, 10), &text);
    pager_pair(p, _("Valid"), 14, buf_str(&text));
    const char *known = words_reason(arg(q, 2));
    pager_pair(p, _("Refused since"), 14, known ? known : arg(q, 2));
    buf_release(&text);
}

static const char *
fill(const struct question *q, struct pager *p, enum theme_style *style)
{
    *style = STYLE_RULE;
    switch (q->kind) {
    case ASK_OWN_UNLOCK:
    case SP_ASK_STORE_PASSPHRASE:
        pager_add(p, STYLE_NORMAL, 0, _("Your mail is stored encrypted. Its passphrase opens it."));
        return _("Unlock");
    case ASK_OWN_PROFILE:
    case SP_ASK_NEW_PROFILE:
        pager_add(p, STYLE_NORMAL, 0, _("Welcome. Everything that sealpost keeps about your mail is stored encrypted. What should open it?"));
        pager_add(p, STYLE_NORMAL, 0, "");
        pager_pair(p, "p", 3, _("a passphrase that you choose now (recommended)"));
        pager_pair(p, "g", 3, _("your OpenPGP key, also on a card"));
        pager_pair(p, "n", 3, _("nothing: whoever can read your files can read your mail"));
        return _("A new mail store");
    case SP_ASK_ACCOUNT_PASSWORD:
        pager_pair(p, _("Account"), 14, arg(q, 0));
        pager_pair(p, _("User"), 14, arg(q, 1));
        pager_pair(p, _("Server"), 14, arg(q, 2));
        if (*arg(q, 3))
            pager_pair(p, _("It says"), 14, arg(q, 3));
        return _("Password for a mail account");
    case SP_ASK_KEY_PASSPHRASE:
        pager_add(p, STYLE_NORMAL, 0, _("A secret key of yours is needed. Its passphrase:"));
        pager_pair(p, _("Key of"), 14, arg(q, 0));
        pager_pair(p, _("Number"), 14, arg(q, 1));
        return _("Passphrase of a key");
    case SP_ASK_PINENTRY:
        pager_add(p, STYLE_NORMAL, 0, _("GnuPG asks for the passphrase of this key in this terminal. Enter hands it over, Esc cancels."));
        if (*arg(q, 0))
            pager_pair(p, _("Key of"), 14, arg(q, 0));
        if (*arg(q, 1))
            pager_pair(p, _("Number"), 14, arg(q, 1));
        return _("Passphrase of a key");
    case SP_ASK_PIN_CERTIFICATE:
        pager_add(p, STYLE_NORMAL, 0, _("This server shows a certificate that nobody vouches for. Nothing was sent to it. Compare the fingerprint with "
                                        "what the server's administrator tells you over another way."));
        pager_add(p, STYLE_NORMAL, 0, "");
        add_certificate(q, p, false);
        *style = STYLE_CAUTION;
        return _("Unknown server certificate");
    case SP_ASK_PIN_CHANGED:
        pager_add(p, STYLE_DANGER, 0, _("THE SERVER SHOWS ANOTHER CERTIFICATE THAN THE ONE YOU TRUST."));
        pager_add(p, STYLE_NORMAL, 0, _("Perhaps its administrator replaced it; perhaps somebody sits between you and the server and wants your password. "
                                        "Ask before you go on. Nothing was sent."));
        pager_add(p, STYLE_NORMAL, 0, "");
        add_certificate(q, p, true);
        *style = STYLE_ALARM;
        return _("ALARM: the server's certificate has changed");
    default: pager_add(p, STYLE_NORMAL, 0, _("The engine asks something that this screen does not know.")); return "?";
    }
}

void
question_draw(struct app *a, struct rect area)
{
    struct question *q = a->questions;
    struct pager p;
    enum theme_style style;
    if (!q)
        return;
    if (!q->prompt)
        next_stage(a, q);
    pager_init(&p);
    const char *title = fill(q, &p, &style);
    if (q->note)
        pager_add(&p, STYLE_CAUTION, 0, _(q->note));
    int w = area.w > 78 ? 76 : area.w - 2;
    /* Once to know how many lines there are. */
    pager_measure(&p, w - 4);
    struct rect box = layout_box(area, (int)p.rows_n + 4, w);
    struct rect inside = draw_box(a->draw, box, style, title);
    pager_draw(&p, a->draw, (struct rect){inside.y, inside.x, inside.h - 2, inside.w});
    if (q->prompt) {
        int x;
        struct rect line = {inside.y + inside.h - 1, inside.x, 1, inside.w};
        prompt_draw(q->prompt, a->draw, line, &x);
        app_cursor(a, line.y, x);
    }
    pager_release(&p);
}
