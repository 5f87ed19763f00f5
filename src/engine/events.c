/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Events about folders and notices. */
#include "events.h"

#include <stdlib.h>

#include "door.h"
#include "indexing.h"
#include "search.h"

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
events_notice(struct engine *e, enum sp_notice kind, enum sp_level level, const char *const *args)
{
    struct arena arena = ARENA_INIT;
    size_t n = engine_count(args);
    struct wm_event_notice m = {.kind = (uint16_t)kind, .level = (uint8_t)level, .args = engine_texts(&arena, args, n), .args_n = (uint32_t)n};
    door_broadcast(e->door, WM_TYPE_event_notice, &m);
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
