/* SPDX-License-Identifier: GPL-3.0-or-later */
/* All parts of a message, none hidden (S32): look at, save, open with a program, or open separately when encrypted (S29). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "i18n.h"
#include "rows.h"
#include "views.h"
#include "words.h"

struct parts {
    struct view view;
    struct list list;
    uint64_t message;
    struct arena arena;
    struct wr_verdict verdict;
};

enum tag { TAG_SAVE = 1, TAG_OPEN };

static const struct wr_part *
current(const struct parts *x)
{
    return x->list.cursor < (int)x->verdict.parts_n ? &x->verdict.parts[x->list.cursor] : NULL;
}

static const struct wr_warning *
warning_of(const struct parts *x, const struct wr_part *part)
{
    const struct wr_warning *worst = NULL;
    for (uint32_t i = 0; i < x->verdict.warnings_n; i++) {
        const struct wr_warning *w = &x->verdict.warnings[i];
        if (strcmp(w->part, part->path) == 0 && (!worst || w->level > worst->level))
            worst = w;
    }
    return worst;
}

static int
depth_of(const char *path)
{
    int n = 0;
    for (; *path; path++)
        n += *path == '.';
    return n > 8 ? 8 : n;
}

static void
draw_part(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct parts *x = arg;
    const struct wr_part *part = &x->verdict.parts[i];
    struct draw *d = a->draw;
    struct buf size = BUF_INIT, name = BUF_INIT, type = BUF_INIT;
    const struct wr_warning *w = warning_of(x, part);
    style = on || part->shown ? style : STYLE_STRONG;
    words_size(part->size, &size);
    int path_w = 10, size_w = 9, type_w = r.w >= 70 ? 34 : r.w / 3;
    int px = r.x + 1 + depth_of(part->path);
    (void)draw_text(d, r.y, px, path_w - depth_of(part->path), style, part->path);
    buf_adds(&type, part->type);
    if (*part->detected_type && strcmp(part->detected_type, part->type) != 0)
        buf_addf(&type, " (%s)", part->detected_type);
    (void)draw_text(d, r.y, r.x + 1 + path_w, type_w, style, buf_str(&type));
    int used = words_width(buf_str(&size));
    (void)draw_text(d, r.y, r.x + path_w + type_w + 2 + size_w - used, used, style, buf_str(&size));
    if (w) {
        enum theme_symbol s;
        enum theme_style warn;
        words_level(w->level, &s, &warn);
        draw_symbol(d, r.y, r.x + path_w + type_w + size_w + 3, on ? style : warn, s);
    }
    int x0 = r.x + path_w + type_w + size_w + 5;
    buf_adds(&name, part->name);
    for (uint32_t j = 0; j < part->layers_n; j++)
        buf_addf(&name, "%s[%s]", name.len ? " " : "", part->layers[j].text);
    (void)draw_text(d, r.y, x0, r.x + r.w - x0 - 1, style, buf_str(&name));
    buf_release(&size);
    buf_release(&name);
    buf_release(&type);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct parts *x = (struct parts *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 3, area.w};
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 1, 10, STYLE_HEAD, _("Part"));
    (void)draw_text(a->draw, area.y, area.x + 11, area.w - 12, STYLE_HEAD, _("Type, size, name"));
    rows_draw(a, &x->list, (int)x->verdict.parts_n, rows, "", draw_part, x);
    /* What is known of the part under the cursor. */
    const struct wr_part *part = current(x);
    const struct wr_warning *w = part ? warning_of(x, part) : NULL;
    if (w) {
        struct buf text = BUF_INIT;
        enum theme_symbol s;
        enum theme_style style;
        words_level(w->level, &s, &style);
        buf_addf(&text, "%s ", draw_symbol_text(a->draw, s));
        words_warning(w, &text);
        (void)draw_text(a->draw, area.y + area.h - 1, area.x + 1, area.w - 2, style, buf_str(&text));
        buf_release(&text);
    }
}

static void
on_opened(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_terminal_back(a);
    if (r->status == SP_NOT_FOUND || r->status == SP_UNSUPPORTED)
        app_status(a, STYLE_ERROR, _("No program is configured for this type (section [openers])."));
    else
        app_failed(a, r);
}

static void
on_content(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_part_content) {
        app_failed(a, r);
        return;
    }
    struct wm_part_content *m = r->in->msg;
    if (tag == TAG_SAVE) {
        save_content(a, *m->name ? m->name : "part", wire_take_fd(&m->content));
        return;
    }
    /* The program may want the terminal. */
    app_terminal_lend(a);
    app_stub(a, NULL, WM_TYPE_open_file, &(struct wm_open_file){.name = m->name, .type = m->type, .content = m->content}, on_opened, 0);
}

static void
fetch(struct app *a, struct parts *x, const struct wr_part *part, enum tag tag)
{
    app_request(a, &x->view, WM_TYPE_get_part, &(struct wm_get_part){.message = x->message, .path = part->path}, on_content, tag);
}

static void
on_confirmed(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct parts *x = (struct parts *)v;
    const struct wr_part *part = current(x);
    if (text && *text == 'y' && part)
        fetch(a, x, part, (enum tag)tag);
}

/* What is dangerous is said before it is opened or saved (S61). */
static void
careful_fetch(struct app *a, struct parts *x, const struct wr_part *part, enum tag tag)
{
    const struct wr_warning *w = warning_of(x, part);
    if (!w || w->level < SP_LEVEL_CAUTION) {
        fetch(a, x, part, tag);
        return;
    }
    struct buf label = BUF_INIT;
    buf_adds(&label, tag == TAG_SAVE ? _("Save it all the same? (y/n)") : _("Open it all the same? (y/n)"));
    buf_addc(&label, ' ');
    words_warning(w, &label);
    app_prompt(a, prompt_keys(&x->view, buf_str(&label), "yn", on_confirmed, tag));
    buf_release(&label);
}

static bool
is_encrypted(const struct wr_part *part)
{
    if (part->shown)
        return false;
    for (uint32_t i = 0; i < part->layers_n; i++)
        if (strstr(part->layers[i].text, "encrypted"))
            return true;
    return strcmp(part->type, "application/pkcs7-mime") == 0 || strcmp(part->type, "application/x-pkcs7-mime") == 0 ||
           strcmp(part->type, "application/pgp-encrypted") == 0 || strcmp(part->type, "multipart/encrypted") == 0;
}

static void
open_part(struct app *a, struct parts *x, const struct wr_part *part)
{
    struct buf title = BUF_INIT;
    if (is_encrypted(part)) {
        view_message_part_open(a, x->message, part->path);
    } else if (strncmp(part->type, "text/", 5) == 0 || strncmp(part->type, "message/", 8) == 0) {
        buf_addf(&title, "%s %s", _("Part"), part->path);
        if (*part->name)
            buf_addf(&title, ": %s", part->name);
        view_source_open(a, x->message, part->path, buf_str(&title));
    } else {
        app_status(a, STYLE_STATUS, _("This is no text: s saves it, o opens it with a program."));
    }
    buf_release(&title);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct parts *x = (struct parts *)v;
    const struct wr_part *part = current(x);
    (void)arg;
    if (list_move(&x->list, action, (int)x->verdict.parts_n))
        return true;
    if (action == ACTION_SOURCE) {
        view_source_open(a, x->message, "", _("Source"));
        return true;
    }
    if (!part)
        return false;
    switch (action) {
    case ACTION_OPEN: open_part(a, x, part); return true;
    case ACTION_SAVE: careful_fetch(a, x, part, TAG_SAVE); return true;
    case ACTION_OPEN_WITH: careful_fetch(a, x, part, TAG_OPEN); return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct parts *x = (struct parts *)v;
    (void)a;
    (void)right;
    buf_adds(left, _("Parts"));
    buf_addf(left, ": %s", x->verdict.subject);
}

static void
parts_free(struct app *a, struct view *v)
{
    struct parts *x = (struct parts *)v;
    (void)a;
    arena_release(&x->arena);
    free(x);
}

void
view_parts_open(struct app *a, uint64_t message, const struct wr_verdict *verdict)
{
    static const struct view_ops ops = {.name = N_("Parts"), .kind = V_PARTS, .draw = draw, .action = action, .title = title,
                                        .free = parts_free};
    struct parts *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    x->message = message;
    if (app_copy(&wire_record_verdict, verdict, &x->arena, &x->verdict) != SP_OK) {
        parts_free(a, &x->view);
        return;
    }
    app_push(a, &x->view);
}
