/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What can be done to messages, from the list and from the reader. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "views.h"
#include "words.h"

static struct wr_number *
numbers(const uint64_t *ids, size_t n)
{
    struct wr_number *out = calloc(n ? n : 1, sizeof *out);
    for (size_t i = 0; out && i < n; i++)
        out[i].value = ids[i];
    return out;
}

static void
send_flags(struct app *a, const uint64_t *ids, size_t n, uint32_t add, uint32_t remove)
{
    struct wr_number *list = numbers(ids, n);
    if (list)
        app_tell(a, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = list, .messages_n = (uint32_t)n, .add = add, .remove = remove});
    free(list);
    view_index_patch(a, ids, n, add, remove);
}

static bool
keep_ids(struct app_change *c, const uint64_t *ids, size_t n)
{
    uint64_t *copy = calloc(n ? n : 1, sizeof *copy);
    if (!copy)
        return false;
    memcpy(copy, ids, n * sizeof *copy);
    free(c->ids);
    c->ids = copy;
    c->n = n;
    return true;
}

static void
change_flag(struct app *a, const uint64_t *ids, size_t n, uint32_t flag, bool on)
{
    if (keep_ids(&a->undo, ids, n)) {
        a->undo.add = on ? 0 : flag;
        a->undo.remove = on ? flag : 0;
    }
    send_flags(a, ids, n, on ? flag : 0, on ? 0 : flag);
}

bool
messages_undo(struct app *a)
{
    if (a->undo.n == 0)
        return false;
    send_flags(a, a->undo.ids, a->undo.n, a->undo.add, a->undo.remove);
    a->undo.n = 0;
    app_status(a, STYLE_STATUS, _("Taken back."));
    return true;
}

static void
on_moved(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    char number[24];
    (void)v;
    (void)arena;
    if (!r->final)
        return;
    if (r->status) {
        app_failed(a, r);
        return;
    }
    (void)snprintf(number, sizeof number, "%llu", (unsigned long long)tag);
    app_say(a, STYLE_STATUS, ngettext("{1} message moved.", "{1} messages moved.", (unsigned long)tag), number);
}

static void
move_to(struct app *a, const struct wr_folder *folder, const uint64_t *ids, size_t n, bool copy)
{
    struct wr_number *list = numbers(ids, n);
    if (!list)
        return;
    const struct wm_move_messages m = {.messages = list, .messages_n = (uint32_t)n, .folder = folder->id, .copy = copy};
    if (copy)
        app_tell(a, WM_TYPE_move_messages, &m);
    else
        app_request(a, NULL, WM_TYPE_move_messages, &m, on_moved, n);
    free(list);
    a->undo.n = 0; /* moved messages have other numbers */
    view_index_moved(a, ids, copy ? 0 : n);
}

static void
on_picked(struct app *a, const struct wr_folder *folder, void *arg)
{
    (void)arg;
    move_to(a, folder, a->pending.ids, a->pending.n, a->pending.add != 0);
}

static void
pick_and_move(struct app *a, const uint64_t *ids, size_t n, bool copy, uint32_t account, const char *name)
{
    if (name) {
        const struct wr_folder *folder = app_folder_by_name(a, account, name);
        if (folder)
            move_to(a, folder, ids, n, copy);
        else
            app_say(a, STYLE_ERROR, _("There is no folder \"{1}\"."), name);
        return;
    }
    if (!keep_ids(&a->pending, ids, n))
        return;
    a->pending.add = copy;
    view_folders_open(a, copy ? _("Copy to which folder?") : _("Move to which folder?"), account, on_picked, NULL);
}

static void
move_by_role(struct app *a, const uint64_t *ids, size_t n, uint32_t account, enum sp_folder_role role)
{
    const struct wr_folder *folder = app_folder_by_role(a, account, role);
    if (folder)
        move_to(a, folder, ids, n, false);
    else
        app_say(a, STYLE_ERROR, _("This account has no folder for that ({1})."), words_role(role));
}

bool
messages_knows(enum action action)
{
    switch (action) {
    case ACTION_DELETE:
    case ACTION_FLAG:
    case ACTION_UNREAD:
    case ACTION_ARCHIVE:
    case ACTION_JUNK:
    case ACTION_MOVE:
    case ACTION_COPY:
    case ACTION_REPLY:
    case ACTION_REPLY_ALL:
    case ACTION_FORWARD:
    case ACTION_FORWARD_ATTACHED: return true;
    default: return false;
    }
}

bool
messages_action(struct app *a, enum action action, const uint64_t *ids, size_t n, uint32_t flags, uint32_t account, const char *arg)
{
    if (n == 0)
        return false;
    switch (action) {
    case ACTION_DELETE: change_flag(a, ids, n, SP_FLAG_DELETED, !(flags & SP_FLAG_DELETED)); return true;
    case ACTION_FLAG: change_flag(a, ids, n, SP_FLAG_FLAGGED, !(flags & SP_FLAG_FLAGGED)); return true;
    case ACTION_UNREAD: change_flag(a, ids, n, SP_FLAG_SEEN, !(flags & SP_FLAG_SEEN)); return true;
    case ACTION_ARCHIVE: move_by_role(a, ids, n, account, SP_FOLDER_ARCHIVE); return true;
    case ACTION_JUNK: move_by_role(a, ids, n, account, SP_FOLDER_JUNK); return true;
    case ACTION_MOVE:
    case ACTION_COPY: pick_and_move(a, ids, n, action == ACTION_COPY, account, arg); return true;
    case ACTION_REPLY: compose_start(a, SP_DRAFT_REPLY, ids[0], NULL); return true;
    case ACTION_REPLY_ALL: compose_start(a, SP_DRAFT_REPLY_ALL, ids[0], NULL); return true;
    case ACTION_FORWARD: compose_start(a, SP_DRAFT_FORWARD, ids[0], NULL); return true;
    case ACTION_FORWARD_ATTACHED: compose_start(a, SP_DRAFT_FORWARD_ATTACHED, ids[0], NULL); return true;
    default: return false;
    }
}
