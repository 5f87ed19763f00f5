/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The status line, what was said in it, and the line that is being typed there. */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "app.h"
#include "i18n.h"
#include "words.h"

void
app_log(struct app *a, enum theme_style style, const char *text)
{
    struct app_log_line *line = &a->log[a->log_n % APP_LOG_LINES];
    char *copy = strdup(text);
    if (!copy)
        return;
    free(line->text);
    *line = (struct app_log_line){.time = (int64_t)time(NULL), .style = style, .text = copy};
    a->log_n++;
}

void
app_status(struct app *a, enum theme_style style, const char *text)
{
    buf_clear(&a->status);
    buf_adds(&a->status, text);
    a->status_style = style;
    if (style == STYLE_ERROR || style == STYLE_CAUTION || style == STYLE_ALARM)
        app_log(a, style, text);
    app_dirty(a);
}

void
app_say_args(struct app *a, enum theme_style style, const char *template, const char *const *args, size_t n)
{
    struct buf text = BUF_INIT;
    words_fill(&text, template, args, n);
    app_status(a, style, buf_str(&text));
    buf_release(&text);
}

void
app_prompt(struct app *a, struct prompt *p)
{
    app_prompt_end(a);
    a->prompt = p;
    app_dirty(a);
    if (!p)
        app_status(a, STYLE_ERROR, words_status(SP_NOMEM));
}

void
app_prompt_end(struct app *a)
{
    prompt_free(a->prompt);
    a->prompt = NULL;
}

static void
on_find(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)tag;
    if (!text)
        return;
    if (*text) {
        buf_clear(&a->find);
        buf_adds(&a->find, text);
    }
    (void)v->ops->action(a, v, ACTION_FIND_NEXT, NULL);
}

void
app_prompt_find(struct app *a, struct view *v)
{
    struct prompt *p = prompt_text(v, _("Find:"), "", on_find, 0);
    if (p)
        p->history = HISTORY_FIND;
    app_prompt(a, p);
}
