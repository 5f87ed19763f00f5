/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Saving to a file through the stub: a safe name is proposed, nothing is overwritten without asking (S59). */
#include "save.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/safetext.h"
#include "base/utf8.h"
#include "i18n.h"
#include "views.h"

#define NAME_MOST 120

void
save_safe_name(const char *suggested, struct buf *out)
{
    struct buf safe = BUF_INIT;
    size_t start = out->len;
    /* Both separators: a name from elsewhere may carry a whole path. */
    for (const char *p = suggested; *p; p++)
        if (*p == '/' || *p == '\\')
            suggested = p + 1;
    (void)safetext_add(&safe, suggested, strlen(suggested), SAFETEXT_LINE);
    const char *s = buf_str(&safe);
    while (*s == '.' || *s == ' ' || *s == '-' || *s == '~') /* no hidden file, no option */
        s++;
    for (; *s && out->len - start < NAME_MOST; s++) {
        bool strange = strchr(":*?\"<>|", *s) || (unsigned char)*s < 0x20;
        buf_addc(out, strange ? '_' : *s);
    }
    while (out->len > start && !utf8_valid(out->data + start, out->len - start)) /* cut within a character */
        buf_truncate(out, out->len - 1);
    while (out->len > start && (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == '.'))
        buf_truncate(out, out->len - 1);
    if (out->len == start)
        buf_adds(out, "attachment");
    buf_release(&safe);
}

void
save_end(struct app *a)
{
    if (a->saving_fd > 0)
        (void)close(a->saving_fd);
    free(a->saving_path);
    a->saving_fd = 0;
    a->saving_path = NULL;
}

static void send_content(struct app *a, bool overwrite);

static void
on_overwrite(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)v;
    (void)tag;
    if (text && *text == 'y') {
        send_content(a, true);
        return;
    }
    app_status(a, STYLE_STATUS, _("Not saved."));
    save_end(a);
}

static void
on_saved(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status == SP_EXISTS) {
        struct buf label = BUF_INIT;
        buf_adds(&label, _("That file exists already. Overwrite it? (y/n)"));
        buf_addc(&label, ' ');
        buf_adds(&label, a->saving_path ? a->saving_path : "");
        app_prompt(a, prompt_keys(NULL, buf_str(&label), "yn", on_overwrite, 0));
        buf_release(&label);
        return;
    }
    if (r->status == SP_OK && r->in && r->in->type == WM_TYPE_saved)
        app_say(a, STYLE_STATUS, _("Saved: {1}"), ((const struct wm_saved *)r->in->msg)->path);
    else
        app_failed(a, r);
    save_end(a);
}

static void
send_content(struct app *a, bool overwrite)
{
    const struct wm_save_file m = {.path = a->saving_path, .content = a->saving_fd, .overwrite = overwrite};
    app_stub(a, NULL, WM_TYPE_save_file, &m, on_saved, 0);
}

static void
on_path(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)v;
    (void)tag;
    free(a->saving_path);
    a->saving_path = text && *text ? strdup(text) : NULL;
    if (a->saving_path)
        send_content(a, false);
    else
        save_end(a);
}

void
save_content(struct app *a, const char *name, int content_fd)
{
    struct buf path = BUF_INIT;
    save_end(a);
    a->saving_fd = content_fd;
    if (*a->options.downloads) {
        buf_adds(&path, a->options.downloads);
        buf_addc(&path, '/');
    }
    save_safe_name(name, &path);
    struct prompt *p = prompt_text(NULL, _("Save as:"), buf_str(&path), on_path, 0);
    if (p)
        p->history = HISTORY_FILE;
    app_prompt(a, p);
    buf_release(&path);
}
