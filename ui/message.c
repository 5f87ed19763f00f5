/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading a message, or an encrypted part of one in a frame of its own. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "frame.h"
#include "i18n.h"
#include "text.h"
#include "views.h"
#include "words.h"

struct message {
    struct view view;
    uint64_t id, folder;
    uint32_t flags;
    char *path;            /* owned; NULL: the whole message */
    enum action then;      /* what follows when it is there */
    struct arena arena;    /* of the verdict */
    struct wr_verdict verdict;
    struct pager pager;
    uint64_t done, total;  /* of the transfer */
    char *error;           /* owned; why it is not shown */
    size_t top;            /* where it is scrolled to once it is there */
    bool loaded, all_headers;
};

static void load(struct app *a, struct message *x);

/* The text, with the stretches that have a status of their own in frames (S9, S27, S33). */
static void
fill_body(struct message *x)
{
    const struct wr_verdict *v = &x->verdict;
    size_t at = 0, len = strlen(v->body);
    x->pager.gutter = v->regions_n ? 2 : 1;
    for (uint32_t i = 0; i < v->regions_n; i++) {
        const struct wr_region *r = &v->regions[i];
        struct buf heading = BUF_INIT;
        enum theme_style style;
        if (r->at < at || r->at > len || r->len > len - r->at)
            continue;
        if (r->at > at)
            pager_text(&x->pager, v->body + at, r->at - at);
        words_region(r, &style, &heading);
        pager_framed(&x->pager, style, buf_str(&heading), v->body + r->at, r->len);
        at = r->at + r->len;
        buf_release(&heading);
    }
    if (at < len)
        pager_text(&x->pager, v->body + at, len - at);
    if (len == 0 && v->regions_n == 0)
        pager_add(&x->pager, STYLE_DIM, 0, _("(There is no text to show. v lists the parts, i explains.)"));
}

static void
fill_pager(struct message *x)
{
    const struct wr_verdict *v = &x->verdict;
    pager_clear(&x->pager);
    for (uint32_t i = 0; x->all_headers && i < v->headers_n; i++) {
        struct buf line = BUF_INIT;
        buf_adds(&line, v->headers[i].name);
        buf_adds(&line, ": ");
        buf_adds(&line, v->headers[i].value);
        pager_add(&x->pager, STYLE_DIM, 0, buf_str(&line));
        buf_release(&line);
    }
    if (x->all_headers)
        pager_add(&x->pager, STYLE_NORMAL, 0, "");
    fill_body(x);
}

static void
mark_seen(struct app *a, struct message *x)
{
    if (x->flags & SP_FLAG_SEEN || x->path)
        return;
    x->flags |= SP_FLAG_SEEN;
    struct wr_number number = {.value = x->id};
    app_tell(a, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &number, .messages_n = 1, .add = SP_FLAG_SEEN});
    view_index_patch(a, &x->id, 1, SP_FLAG_SEEN, 0);
}

/* The reply's whole arena is taken over: a text of megabytes is not copied. */
static void
show(struct app *a, struct message *x, const struct wm_message_view *m, struct arena *arena)
{
    pager_clear(&x->pager);
    arena_release(&x->arena);
    x->arena = *arena;
    arena_init(arena);
    x->verdict = m->verdict;
    x->folder = m->folder;
    x->flags = m->flags;
    x->loaded = true;
    fill_pager(x);
    x->pager.start = x->top;
    x->top = 0;
    mark_seen(a, x);
}

static void
fail(struct app *a, struct message *x, const struct call_reply *r)
{
    struct buf text = BUF_INIT;
    if (r->status == SP_CANCELLED || (!a->client && (r->status == SP_CRASHED || r->status == SP_UNAVAILABLE)))
        return; /* asked again when the engine is back */
    if (r->status == SP_LOCKED)
        app_failed(a, r);
    words_failure(r->status, r->text, &text);
    free(x->error);
    x->error = buf_take(&text);
    buf_release(&text);
    if (x->loaded)
        app_status(a, STYLE_ERROR, x->error);
}

static void
on_view(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct message *x = (struct message *)v;
    if (tag != x->id)
        return;
    if (!r->final) {
        if (r->in && r->in->type == WM_TYPE_progress) {
            x->done = ((const struct wm_progress *)r->in->msg)->done;
            x->total = ((const struct wm_progress *)r->in->msg)->total;
        }
        return;
    }
    if (r->status || !r->in || r->in->type != WM_TYPE_message_view) {
        fail(a, x, r);
        app_release_keys(a);
        return;
    }
    show(a, x, r->in->msg, arena);
    enum action then = x->then;
    x->then = ACTION_OPEN;
    if (then == ACTION_DETAILS)
        view_details_open(a, &x->verdict);
    else if (then == ACTION_PARTS)
        view_parts_open(a, x->id, &x->verdict);
    app_release_keys(a);
}

static void
load(struct app *a, struct message *x)
{
    app_drop(a, &x->view, x->id);
    x->done = x->total = 0;
    app_hold_keys(a, false);
    if (x->path)
        app_request(a, &x->view, WM_TYPE_open_part, &(struct wm_open_part){.message = x->id, .path = x->path, .interactive = 1}, on_view, x->id);
    else
        app_request(a, &x->view, WM_TYPE_open_message, &(struct wm_open_message){.message = x->id, .interactive = 1}, on_view, x->id);
}

static void
go(struct app *a, struct message *x, uint64_t id)
{
    app_drop(a, &x->view, x->id);
    pager_clear(&x->pager);
    arena_release(&x->arena);
    free(x->error);
    x->error = NULL;
    x->loaded = x->all_headers = false;
    x->id = id;
    load(a, x);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct message *x = (struct message *)v;
    if (x->loaded) {
        struct rect text = frame_draw(a, &x->verdict, area);
        pager_draw(&x->pager, a->draw, text);
        return;
    }
    struct buf line = BUF_INIT;
    if (x->error) {
        (void)draw_text(a->draw, area.y + 1, area.x + 2, area.w - 4, STYLE_ERROR, x->error);
        (void)draw_text(a->draw, area.y + 3, area.x + 2, area.w - 4, STYLE_NORMAL, _("S shows the source as it came."));
    } else {
        buf_adds(&line, _("Opening…"));
        if (x->total > 65536) {
            buf_addc(&line, ' ');
            words_size(x->done, &line);
            buf_adds(&line, " / ");
            words_size(x->total, &line);
        }
        (void)draw_text(a->draw, area.y + 1, area.x + 2, area.w - 4, STYLE_DIM, buf_str(&line));
    }
    buf_release(&line);
}

static void
step(struct app *a, struct message *x, int by, bool unread)
{
    uint64_t id = x->path ? 0 : view_index_step(a, by, unread);
    if (id)
        go(a, x, id);
    else if (!x->path)
        app_status(a, STYLE_STATUS, unread ? _("No more unread messages here.") : _("There are no more messages."));
}

/* The list tells the newest flags. */
static bool
message_action(struct app *a, struct message *x, enum action action, const char *arg)
{
    const struct wr_index_row *row = view_index_row(a, x->id);
    const struct wr_folder *folder = app_folder(a, x->folder);
    if (row)
        x->flags = row->flags;
    if (!messages_action(a, action, &x->id, 1, x->flags, folder ? folder->account : 0, arg))
        return false;
    bool moved = action == ACTION_ARCHIVE || action == ACTION_JUNK || (action == ACTION_MOVE && arg);
    if (moved && row)
        app_close(a, &x->view);
    else if (action == ACTION_DELETE && row && !(x->flags & SP_FLAG_DELETED))
        step(a, x, 1, false);
    return true;
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct message *x = (struct message *)v;
    bool end = false;
    if (x->loaded && pager_move(&x->pager, action, &end)) {
        if (end)
            app_status(a, STYLE_STATUS, _("This is the end of the message."));
        return true;
    }
    switch (action) {
    case ACTION_NEXT_MESSAGE: step(a, x, 1, false); return true;
    case ACTION_PREVIOUS_MESSAGE: step(a, x, -1, false); return true;
    case ACTION_NEXT_UNREAD: step(a, x, 1, true); return true;
    case ACTION_FIND: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: text_find(a, &x->pager); return true;
    case ACTION_SOURCE: view_source_open(a, x->id, x->path ? x->path : "", _("Source")); return true;
    case ACTION_FOLDERS: index_choose_folder(a, arg); return true;
    case ACTION_UNDO:
        if (!compose_undo(a) && !messages_undo(a))
            app_status(a, STYLE_STATUS, _("There is nothing to take back."));
        return true;
    default: break;
    }
    if (!x->loaded)
        return false;
    switch (action) {
    case ACTION_DETAILS: view_details_open(a, &x->verdict); return true;
    case ACTION_PARTS: view_parts_open(a, x->id, &x->verdict); return true;
    case ACTION_LINKS: view_links_open(a, &x->verdict); return true;
    case ACTION_HEADERS:
        x->all_headers = !x->all_headers;
        fill_pager(x);
        return true;
    default: return message_action(a, x, action, arg);
    }
}

static void
refresh(struct app *a, struct view *v)
{
    struct message *x = (struct message *)v;
    if (x->loaded)
        return;
    free(x->error);
    x->error = NULL;
    load(a, x);
}

static void
event(struct app *a, struct view *v, const struct wire_in *in)
{
    struct message *x = (struct message *)v;
    if (in->type == WM_TYPE_event_question_gone && x->error)
        refresh(a, v); /* perhaps the store was unlocked */
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct message *x = (struct message *)v;
    const struct wr_folder *folder = app_folder(a, x->folder);
    char text[64];
    uint32_t position, total;
    if (x->path)
        buf_adds(left, _("Encrypted part, opened separately"));
    else if (folder)
        folder_label(a, folder, left);
    view_index_position(a, &position, &total);
    if (position && !x->path) {
        (void)snprintf(text, sizeof text, " %u/%u", position, total);
        buf_adds(left, text);
    }
    const struct wr_index_row *row = x->path ? NULL : view_index_row(a, x->id);
    if (row && row->keywords && *row->keywords)
        buf_addf(right, "%s  ", row->keywords);
    if (x->loaded) {
        (void)snprintf(text, sizeof text, "%d%%", pager_percent(&x->pager));
        buf_adds(right, text);
    }
}

static void
message_free(struct app *a, struct view *v)
{
    struct message *x = (struct message *)v;
    (void)a;
    pager_release(&x->pager);
    arena_release(&x->arena);
    free(x->path);
    free(x->error);
    free(x);
}

static struct message *
open_view(struct app *a, uint64_t message, const char *path, enum action then)
{
    static const struct view_ops ops = {.name = N_("Message"), .kind = V_MESSAGE, .draw = draw, .action = action, .event = event,
                                        .refresh = refresh, .title = title, .free = message_free};
    struct message *x = calloc(1, sizeof *x);
    if (!x)
        return NULL;
    const struct wr_index_row *row = view_index_row(a, message);
    *x = (struct message){.view.ops = &ops, .id = message, .then = then, .path = path ? strdup(path) : NULL,
                          .flags = row ? row->flags : 0};
    if (path && !x->path) {
        free(x);
        return NULL;
    }
    app_push(a, &x->view);
    load(a, x);
    return x;
}

void
view_message_open(struct app *a, uint64_t message, enum action then)
{
    (void)open_view(a, message, NULL, then);
}

void
view_message_open_at(struct app *a, uint64_t message, uint64_t top)
{
    struct message *x = open_view(a, message, NULL, ACTION_OPEN);
    if (x)
        x->top = top;
}

bool
view_message_place(struct app *a, uint64_t *message, uint64_t *top)
{
    struct message *x = (struct message *)app_find(a, V_MESSAGE);
    while (x && x->path)
        x = (struct message *)x->view.below;
    if (!x || x->view.ops->kind != V_MESSAGE)
        return false;
    *message = x->id;
    *top = !x->loaded ? x->top : x->pager.start ? x->pager.start : x->pager.top;
    return true;
}

void
view_message_part_open(struct app *a, uint64_t message, const char *path)
{
    (void)open_view(a, message, path, ACTION_OPEN);
}
