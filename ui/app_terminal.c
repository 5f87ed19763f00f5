/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The terminal belongs to the screen, or for a while to an editor, an opener or the shell. */
#include <poll.h>
#include <unistd.h>

#include "app.h"
#include "i18n.h"
#include "loop.h"

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
