/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The folder list of a server. */
#include "folders.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "events.h"
#include "syncplan.h"

#define MAX_FOLDERS 10000

static enum sp_folder_role
role_of(const struct account *a, const struct wr_imap_folder *f)
{
    const struct config_account *c = a->config;
    const struct {
        const char *name;
        enum sp_folder_role role;
    } configured[] = {{c->sent, SP_FOLDER_SENT}, {c->drafts, SP_FOLDER_DRAFTS}, {c->trash, SP_FOLDER_TRASH},
                      {c->archive, SP_FOLDER_ARCHIVE}, {c->junk, SP_FOLDER_JUNK}};
    enum sp_folder_role role = f->role < SP_FOLDER_ROLE_COUNT ? (enum sp_folder_role)f->role : SP_FOLDER_NONE;
    for (size_t i = 0; i < sizeof configured / sizeof *configured; i++) {
        if (*configured[i].name && strcmp(configured[i].name, f->name) == 0)
            return configured[i].role;
        if (*configured[i].name && role == configured[i].role)
            role = SP_FOLDER_NONE; /* the configuration names another one */
    }
    return role;
}

bool
folders_watched_by_default(const struct account *a, const char *name, enum sp_folder_role role)
{
    for (const char *const *w = a->config->watch; *w; w++)
        if (strcmp(*w, name) == 0)
            return true;
    return role == SP_FOLDER_INBOX;
}

static const struct wr_imap_folder *
listed(const struct wm_imap_folders *m, const char *raw)
{
    for (uint32_t i = 0; i < m->folders_n; i++)
        if (strcmp(m->folders[i].raw, raw) == 0)
            return &m->folders[i];
    return NULL;
}

static struct store_folder *
known_as(struct store_folder *known, size_t n, const char *raw)
{
    for (size_t i = 0; i < n; i++)
        if (known[i].id && strcmp(known[i].raw, raw) == 0)
            return &known[i];
    return NULL;
}

static enum sp_status
put_one(struct account *a, struct store_folder *known, const struct wr_imap_folder *f, uint64_t *id)
{
    struct engine *e = a->engine;
    struct store_folder row = {.account = a->id};
    enum sp_folder_role role = role_of(a, f);
    if (known)
        row = *known;
    bool news = !row.id || strcmp(row.name, f->name) != 0 || row.selectable != f->selectable || row.role != role;
    bool chosen = folders_watched_by_default(a, f->name, role);
    row.raw = f->raw;
    row.name = f->name;
    row.role = role;
    row.selectable = f->selectable;
    if (!row.id)
        row.watched = chosen;
    enum sp_status st = news ? store_folder_put(e->store, &row) : SP_OK;
    if (!st && known && known->watched != chosen)
        st = store_folder_choose(e->store, row.id, chosen, row.pinned, false);
    if (!st && news)
        events_folder(e, row.id);
    *id = row.selectable ? row.id : 0;
    return st;
}

/* Vanished and new ones that are the same: the messages stay, and what the person chose and changed. */
static enum sp_status
find_renamed(struct account *a, const struct wm_imap_folders *m, struct store_folder *known, size_t n)
{
    struct engine *e = a->engine;
    struct store_folder *vanished = engine_alloc((n + 1) * sizeof *vanished);
    size_t vanished_n = 0;
    enum sp_status st = SP_OK;
    for (size_t i = 0; i < n; i++)
        if (known[i].role != SP_FOLDER_INBOX && !listed(m, known[i].raw))
            vanished[vanished_n++] = known[i];
    for (uint32_t i = 0; !st && vanished_n && i < m->folders_n; i++) {
        const struct wr_imap_folder *f = &m->folders[i];
        if (known_as(known, n, f->raw))
            continue;
        const struct store_folder *old = syncplan_renamed(vanished, vanished_n, &f->state);
        struct store_folder *row = old ? known_as(known, n, old->raw) : NULL;
        if (!row)
            continue;
        log_line("folder %llu has another name", (unsigned long long)old->id);
        st = store_folder_rename(e->store, old->id, f->raw, f->name);
        row->raw = f->raw;
        row->name = f->name;
        events_folder(e, old->id);
    }
    free(vanished);
    return st == SP_EXISTS ? SP_OK : st;
}

enum sp_status
folders_take(struct account *a, const struct wm_imap_folders *m, struct folder_state *states)
{
    struct engine *e = a->engine;
    struct arena arena = ARENA_INIT;
    struct store_folder *known = NULL;
    size_t n = 0;
    enum sp_status st = m->folders_n > MAX_FOLDERS ? SP_TOO_LARGE : store_folders(e->store, a->id, &arena, &known, &n);
    if (!st && m->folders_n)
        st = find_renamed(a, m, known, n);
    for (uint32_t i = 0; !st && i < m->folders_n; i++) {
        const struct wr_imap_folder *f = &m->folders[i];
        struct store_folder *row = known_as(known, n, f->raw);
        st = put_one(a, row, f, &states[i].id);
        states[i].state = f->state;
        if (row)
            row->id = 0; /* still there */
    }
    /* An empty list is no list; the inbox is always there (RFC 9051 section 5.1). */
    for (size_t k = 0; !st && m->folders_n && k < n; k++)
        if (known[k].id && known[k].role != SP_FOLDER_INBOX) {
            st = store_folder_remove(e->store, known[k].id);
            events_folder(e, known[k].id);
        }
    arena_release(&arena);
    return st;
}
