/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Views that are a text to scroll through: the source, a part as text, links, the security details, a key, help. */
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memfd.h"
#include "i18n.h"
#include "words.h"

#define SOURCE_MOST ((size_t)134217728)

void
text_draw(struct app *a, struct view *v, struct rect area)
{
    struct text_view *x = (struct text_view *)v;
    struct rect r = {area.y, area.x + 1, area.h, area.w - 2};
    if (x->waiting)
        (void)draw_text(a->draw, r.y + 1, r.x + 1, r.w, STYLE_DIM, _("Loading…"));
    else
        pager_draw(&x->pager, a->draw, r);
}

void
text_find(struct app *a, struct pager *p)
{
    if (a->find.len && !pager_find(p, buf_str(&a->find)))
        app_say(a, STYLE_ERROR, _("\"{1}\" is not in this text."), buf_str(&a->find));
}

bool
text_action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct text_view *x = (struct text_view *)v;
    (void)arg;
    if (pager_move(&x->pager, action, NULL))
        return true;
    switch (action) {
    case ACTION_FIND: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: text_find(a, &x->pager); return true;
    case ACTION_SAVE:
        if (x->map.data || x->text.len) {
            int fd;
            const char *bytes = x->map.data ? x->map.data : buf_str(&x->text);
            if (memfd_from(bytes, x->map.data ? x->map.len : x->text.len, &fd) == SP_OK)
                save_content(a, x->name ? x->name : "message.txt", fd);
        }
        return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct text_view *x = (struct text_view *)v;
    char percent[16];
    (void)a;
    buf_adds(left, x->title);
    (void)snprintf(percent, sizeof percent, "%d%%", pager_percent(&x->pager));
    buf_adds(right, percent);
}

static void
text_free(struct app *a, struct view *v)
{
    struct text_view *x = (struct text_view *)v;
    (void)a;
    pager_release(&x->pager);
    buf_release(&x->text);
    if (x->map.data)
        memfd_unmap(&x->map);
    free(x->title);
    free(x->name);
    free(x);
}

struct text_view *
text_new(const struct view_ops *ops, const char *title_text)
{
    struct text_view *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    x->view.ops = ops;
    x->title = strdup(title_text);
    pager_init(&x->pager);
    if (!x->title) {
        free(x);
        return NULL;
    }
    return x;
}

const struct view_ops text_ops = {.name = N_("Text"), .kind = V_TEXT, .draw = text_draw, .action = text_action, .title = title,
                                  .free = text_free};
const struct view_ops text_details_ops = {.name = N_("Security details"), .kind = V_DETAILS, .draw = text_draw, .action = text_action,
                                          .title = title, .free = text_free};
const struct view_ops text_help_ops = {.name = N_("Help"), .kind = V_HELP, .draw = text_draw, .action = text_action, .title = title,
                                       .free = text_free};

void
view_text_open(struct app *a, const char *title_text, struct buf *text)
{
    struct text_view *x = text_new(&text_ops, title_text);
    if (!x)
        return;
    x->text = *text;
    buf_init(text);
    pager_text(&x->pager, buf_str(&x->text), x->text.len);
    app_push(a, &x->view);
}

/* ---- from the engine */

static void
on_content(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct text_view *x = (struct text_view *)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_part_content) {
        app_close(a, v);
        app_failed(a, r);
        return;
    }
    struct wm_part_content *m = r->in->msg;
    enum sp_status st = memfd_map(m->content, SOURCE_MOST, &x->map);
    if (st) {
        x->map = (struct memfd_map){0};
        app_close(a, v);
        app_status(a, STYLE_ERROR, words_status(st));
        return;
    }
    x->waiting = false;
    free(x->name);
    x->name = strdup(*m->name ? m->name : "message.eml");
    pager_clear(&x->pager);
    pager_text(&x->pager, x->map.data, x->map.len);
}

void
view_source_open(struct app *a, uint64_t message, const char *path, const char *title_text)
{
    struct text_view *x = text_new(&text_ops, title_text);
    if (!x)
        return;
    x->waiting = true;
    app_push(a, &x->view);
    app_request(a, &x->view, WM_TYPE_get_part, &(struct wm_get_part){.message = message, .path = path}, on_content, 0);
}

void
view_links_open(struct app *a, const struct wr_verdict *verdict)
{
    struct text_view *x = text_new(&text_ops, _("Links"));
    if (!x)
        return;
    struct buf line = BUF_INIT;
    pager_add(&x->pager, STYLE_DIM, 0, _("Nothing is opened by itself. First where a link really leads, below it what it shows."));
    for (uint32_t i = 0; i < verdict->links_n; i++) {
        buf_clear(&line);
        buf_addf(&line, "%3u  ", i + 1);
        buf_adds(&line, verdict->links[i].target);
        pager_add(&x->pager, STYLE_NORMAL, 0, "");
        pager_add(&x->pager, STYLE_STRONG, -5, buf_str(&line));
        if (strcmp(verdict->links[i].text, verdict->links[i].target) != 0)
            pager_add(&x->pager, STYLE_NORMAL, 5, verdict->links[i].text);
    }
    if (verdict->links_n == 0)
        pager_add(&x->pager, STYLE_NORMAL, 0, _("There are no links in this message."));
    buf_release(&line);
    app_push(a, &x->view);
}
