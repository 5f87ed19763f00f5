/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events about folders and notices. */
#include "events.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "door.h"
#include "indexing.h"
#include "search.h"

#define KEPT "notices" /* named text of the store: a line for each, fields between tabs */
#define MAX_KEPT 16384 /* bytes */
#define MAX_ARGS 8
#define GATHER_MS 15
#define MAX_DIRTY 256

struct events {
    struct engine *engine;
    uint64_t dirty[MAX_DIRTY];
    size_t n;
    struct loop_timer *timer;
};

void
events_fill_folder(const struct store_folder *f, struct wr_folder *out)
{
    *out = (struct wr_folder){.id = f->id, .account = f->account, .name = f->name, .role = (uint8_t)f->role, .total = f->total,
                              .unread = f->unread, .selectable = f->selectable, .generation = f->generation,
                              .kind = f->local ? SP_FOLDER_LOCAL : SP_FOLDER_SERVER, .watched = f->watched, .pinned = f->pinned,
                              .query = ""};
}

static void
flush(struct events *ev)
{
    struct engine *e = ev->engine;
    size_t n = ev->n;
    ev->n = 0;
    for (size_t i = 0; i < n && e->store; i++) {
        struct arena arena = ARENA_INIT;
        struct store_folder f;
        if (store_folder_get(e->store, ev->dirty[i], &arena, &f) == SP_OK) {
            struct wm_event_folder folder;
            events_fill_folder(&f, &folder.folder);
            door_broadcast(e->door, WM_TYPE_event_folder, &folder);
            struct wm_event_index index = {.folder = f.id, .generation = f.generation};
            door_broadcast(e->door, WM_TYPE_event_index, &index);
            search_folder_changed(e, &f);
        }
        arena_release(&arena);
    }
    if (n && e->store) {
        indexing_kick(e);
        search_tell_inboxes(e);
    }
}

static void
on_timer(struct loop *l, void *arg)
{
    struct events *ev = arg;
    (void)l;
    ev->timer = NULL;
    flush(ev);
}

void
events_folder(struct engine *e, uint64_t folder)
{
    struct events *ev = e->events;
    for (size_t i = 0; i < ev->n; i++)
        if (ev->dirty[i] == folder)
            return;
    if (ev->n == MAX_DIRTY)
        flush(ev);
    ev->dirty[ev->n++] = folder;
    if (!ev->timer)
        ev->timer = loop_timer_add(e->loop, GATHER_MS, on_timer, ev);
    if (!ev->timer)
        abort();
}

void
events_draft(struct engine *e, uint64_t client, uint64_t draft, bool gone)
{
    door_broadcast_others(e->door, client, WM_TYPE_event_draft, &(struct wm_event_draft){.draft = draft, .gone = gone});
}

void
events_notice(struct engine *e, enum sp_notice kind, enum sp_level level, const char *const *args)
{
    struct arena arena = ARENA_INIT;
    size_t n = engine_count(args);
    struct wm_event_notice m = {.kind = (uint16_t)kind, .level = (uint8_t)level, .args = engine_texts(&arena, args, n), .args_n = (uint32_t)n};
    door_broadcast(e->door, WM_TYPE_event_notice, &m);
    arena_release(&arena);
}

/* A field of a kept notice: neither tab nor line end inside. */
static void
add_field(struct buf *out, const char *text)
{
    for (; *text; text++)
        buf_addc(out, *text == '\t' || *text == '\n' ? ' ' : *text);
}

void
events_notice_kept(struct engine *e, enum sp_notice kind, enum sp_level level, const char *const *args)
{
    if (door_screens(e->door) || !e->store) {
        events_notice(e, kind, level, args);
        return;
    }
    struct arena arena = ARENA_INIT;
    struct buf all = BUF_INIT;
    const char *before = "";
    enum sp_status st = store_text_get(e->store, KEPT, &arena, &before);
    if (!st)
        buf_adds(&all, before);
    buf_addf(&all, "%u\t%u", (unsigned)kind, (unsigned)level);
    for (size_t i = 0; args[i]; i++) {
        buf_addc(&all, '\t');
        add_field(&all, args[i]);
    }
    buf_addc(&all, '\n');
    st = all.len > MAX_KEPT ? SP_TOO_LARGE : buf_status(&all);
    if (!st)
        st = store_text_put(e->store, KEPT, buf_str(&all));
    if (st)
        log_line("a notice is not kept: %s", sp_status_name(st));
    buf_release(&all);
    arena_release(&arena);
}

static void
tell_kept(struct engine *e, char *line)
{
    const char *args[MAX_ARGS + 1] = {NULL};
    char *at = line, *kind = strsep(&at, "\t"), *level = strsep(&at, "\t");
    for (size_t n = 0; at && n < MAX_ARGS; n++)
        args[n] = strsep(&at, "\t");
    if (level)
        events_notice(e, (enum sp_notice)strtoul(kind, NULL, 10), (enum sp_level)strtoul(level, NULL, 10), args);
}

void
events_screen_came(struct engine *e)
{
    struct arena arena = ARENA_INIT;
    const char *kept = "";
    if (!e->store || !door_screens(e->door) || store_text_get(e->store, KEPT, &arena, &kept) != SP_OK || !*kept) {
        arena_release(&arena);
        return;
    }
    char *copy = engine_strdup(kept), *at = copy, *line;
    while ((line = strsep(&at, "\n")))
        if (*line)
            tell_kept(e, line);
    free(copy);
    enum sp_status st = store_text_put(e->store, KEPT, "");
    if (st)
        log_line("notices will be told again: %s", sp_status_name(st));
    arena_release(&arena);
}

void
events_forget(struct events *ev)
{
    ev->n = 0;
    if (ev->timer)
        loop_timer_remove(ev->timer);
    ev->timer = NULL;
}

struct events *
events_new(struct engine *e)
{
    struct events *ev = engine_alloc(sizeof *ev);
    ev->engine = e;
    return ev;
}

void
events_free(struct events *ev)
{
    if (ev)
        events_forget(ev);
    free(ev);
}
