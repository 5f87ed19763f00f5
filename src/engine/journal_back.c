/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Undoing here what a server does not do: its state is the truth again. */
#include <string.h>

#include "base/log.h"
#include "base/memfd.h"
#include "events.h"
#include "keywords.h"
#include "replay.h"

/* The row goes back to where it was, with its uid there, unless a synchronisation was faster. */
static enum sp_status
return_row(struct store *s, const struct store_change *c, const struct store_message *m, bool local)
{
    uint64_t other, id;
    if (!c->folder || (!local && !c->uid) || (c->uid && store_message_by_uid(s, c->folder, c->uid, &other) == SP_OK))
        return store_message_remove(s, m->id);
    enum sp_status st = store_message_move(s, m->id, c->folder, false, &id);
    return !st && c->uid ? store_message_set_uid(s, id, c->uid) : st;
}

/* The only copy of a message that was local: its row went with the cache. */
static enum sp_status
bring_back(struct store *s, const struct store_change *c)
{
    struct store_message row = {.folder = c->folder, .flags = c->add, .from_name = "", .from_address = "", .to = "", .subject = "",
                                .message_id = "", .in_reply_to = "", .references = "", .list_id = "", .sort = engine_now()};
    struct memfd_map map;
    int fd = -1;
    enum sp_status st = store_change_body_get(s, c->id, &fd);
    if (!st)
        st = memfd_map(fd, ENGINE_MAX_MESSAGE, &map);
    engine_close(&fd);
    if (st)
        return st;
    row.size = map.len;
    st = store_messages_add(s, &row, 1);
    if (!st)
        st = store_body_put(s, row.id, map.data, map.len);
    memfd_unmap(&map);
    return st;
}

static enum sp_status
undo_flags(struct store *s, const struct store_change *c, const struct store_message *m, struct arena *arena)
{
    enum sp_status st = store_flags_set(s, m->id, (m->flags & ~c->add) | c->remove);
    const char *keywords = keywords_change(arena, m->keywords, c->remove_keywords, c->add_keywords);
    return !st && strcmp(keywords, m->keywords) != 0 ? store_keywords_set(s, m->id, keywords) : st;
}

static enum sp_status
undo(struct store *s, const struct store_change *c, struct arena *arena)
{
    struct store_message m;
    struct store_folder f;
    bool local = c->kind == STORE_CHANGE_APPEND && !c->other && c->remove & SP_FLAG_DELETED;
    bool row = store_message_get(s, c->message, arena, &m) == SP_OK;
    bool there = row && m.folder == c->target && m.uid == 0;
    if (local && (!c->folder || store_folder_get(s, c->folder, arena, &f) != SP_OK))
        return SP_NOT_FOUND;
    switch (c->kind) {
    case STORE_CHANGE_FLAGS: return row ? undo_flags(s, c, &m, arena) : SP_OK;
    case STORE_CHANGE_COPY: return there ? store_message_remove(s, m.id) : SP_OK;
    case STORE_CHANGE_MOVE: return there ? return_row(s, c, &m, false) : SP_OK;
    case STORE_CHANGE_APPEND:
    case STORE_CHANGE_TAKE:
        if (local && !row)
            return bring_back(s, c);
        if (local && !m.has_body && store_message_remove(s, m.id) == SP_OK)
            return bring_back(s, c);
        if (!there)
            return SP_OK;
        return c->remove & SP_FLAG_DELETED ? return_row(s, c, &m, local) : store_message_remove(s, m.id);
    case STORE_CHANGE_EXPUNGE: return SP_OK; /* a synchronisation brings it back */
    }
    return SP_OK;
}

/* A crash between the two databases leaves the journal ahead of the rows: what waits is shown as done, as it was going to be. Doing it
   again changes nothing. */
static enum sp_status
redo(struct store *s, const struct store_change *c, struct arena *arena)
{
    struct store_message m;
    uint64_t id;
    bool row = store_message_get(s, c->message, arena, &m) == SP_OK, there = row && m.folder == c->folder;
    if (c->kind == STORE_CHANGE_MOVE)
        return there && c->target ? store_message_move(s, m.id, c->target, false, &id) : SP_OK;
    if (c->kind == STORE_CHANGE_EXPUNGE)
        return there ? store_message_remove(s, m.id) : SP_OK;
    if (c->kind != STORE_CHANGE_FLAGS || !there)
        return SP_OK;
    uint32_t flags = (m.flags | c->add) & ~c->remove;
    const char *keywords = keywords_change(arena, m.keywords, c->add_keywords, c->remove_keywords);
    enum sp_status st = flags != m.flags ? store_flags_set(s, m.id, flags) : SP_OK;
    return !st && strcmp(keywords, m.keywords) != 0 ? store_keywords_set(s, m.id, keywords) : st;
}

void
replay_redo(struct engine *e, const struct store_change *c)
{
    struct arena arena = ARENA_INIT;
    enum sp_status st = redo(e->store, c, &arena);
    if (st)
        log_line("change %llu cannot be shown: %s", (unsigned long long)c->id, sp_status_name(st));
    arena_release(&arena);
}

void
replay_put_back(struct engine *e, const struct store_change *c)
{
    struct arena arena = ARENA_INIT;
    enum sp_status st = undo(e->store, c, &arena);
    if (st)
        log_line("change %llu cannot be undone: %s", (unsigned long long)c->id, sp_status_name(st));
    if (c->folder)
        events_folder(e, c->folder);
    if (c->target)
        events_folder(e, c->target);
    arena_release(&arena);
}
