/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal belongs to the screen, or for a while to an editor, an opener or the shell. */
#include <locale.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app.h"
#include "i18n.h"
#include "loop.h"

#define TAG_PINENTRY 0x70696e /* of the app's own requests */
#define PINENTRY_LEAVES_MS 400 /* what is ended from outside needs a moment to restore the terminal */

void
app_terminal_lend(struct app *a)
{
    if (a->lent)
        return;
    a->lent = true;
    loop_io_remove(a->keys);
    a->keys = NULL;
    draw_suspend(a->draw);
}

void
app_terminal_back(struct app *a)
{
    if (!a->lent)
        return;
    a->lent = false;
    draw_resume(a->draw);
    ui_loop_read_keys(a);
    app_dirty(a);
}

static void
on_resumed(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_terminal_back(a);
    if (r->status)
        app_status(a, STYLE_ERROR, _("This cannot be suspended here."));
}

/* The stub stops the whole job: the shell watches it, not us. Its answer comes when the job goes on. */
void
app_suspend(struct app *a)
{
    app_terminal_lend(a);
    app_stub(a, NULL, WM_TYPE_suspend, &(struct wm_suspend){}, on_resumed, 0);
}

/* ---- GnuPG's pinentry */

static void
on_pinentry_left(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    a->pinentry_timer = NULL;
    a->pinentry = false;
    app_terminal_back(a);
}

/* The answer's reply: GnuPG is done, or (also when the engine died) is being stopped. Why it failed says the request that needed it. */
static void
on_pinentry_over(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final || a->pinentry_timer)
        return;
    if (r->status)
        a->pinentry_timer = loop_timer_add(a->loop, PINENTRY_LEAVES_MS, on_pinentry_left, a);
    if (!a->pinentry_timer)
        on_pinentry_left(a->loop, a);
}

void
app_terminal_pinentry(struct app *a, uint64_t question)
{
    struct buf text = BUF_INIT;
    const char *term = getenv("TERM"), *words = setlocale(LC_MESSAGES, NULL), *characters = setlocale(LC_CTYPE, NULL);
    buf_addf(&text, "%s\n%s\n%s\n%s", a->tty, term ? term : "", characters ? characters : "", words ? words : "");
    app_terminal_lend(a);
    a->pinentry = true;
    draw_quiet(_("GnuPG asks for the passphrase. ^C gives it up."));
    struct wm_answer m = {.question = question, .choice = 1, .text = buf_str(&text), .secret = -1};
    app_request(a, NULL, WM_TYPE_answer, &m, on_pinentry_over, TAG_PINENTRY);
    buf_release(&text);
}

void
app_terminal_interrupt(struct app *a)
{
    if (a->pinentry)
        app_cancel(a, NULL, TAG_PINENTRY);
}
