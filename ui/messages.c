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

/* Where the list shows several accounts a message has its own. */
static uint32_t
account_of(struct app *a, uint64_t id, uint32_t otherwise)
{
    const struct wr_index_row *row = view_index_row(a, id);
    const struct wr_folder *folder = row && row->folder ? app_folder(a, row->folder) : NULL;
    return folder ? folder->account : otherwise;
}

/* Every message into its own account's folder of that kind. */
static void
move_by_role(struct app *a, const uint64_t *ids, size_t n, uint32_t account, enum sp_folder_role role)
{
    uint64_t *mine = calloc(n, sizeof *mine);
    uint32_t *accounts = calloc(n, sizeof *accounts);
    for (size_t i = 0; mine && accounts && i < n; i++)
        accounts[i] = account_of(a, ids[i], account);
    for (size_t i = 0; mine && accounts && i < n; i++) {
        size_t mine_n = 0;
        bool done = false;
        for (size_t j = 0; j < i && !done; j++)
            done = accounts[j] == accounts[i];
        for (size_t j = i; j < n && !done; j++)
            if (accounts[j] == accounts[i])
                mine[mine_n++] = ids[j];
        const struct wr_folder *folder = done ? NULL : app_folder_by_role(a, accounts[i], role);
        if (folder)
            move_to(a, folder, mine, mine_n, false);
        else if (!done)
            app_say(a, STYLE_ERROR, _("This account has no folder for that ({1})."), words_role(role));
    }
    free(mine);
    free(accounts);
}

/* ---- keywords */

/* RFC 9051, section 9: an atom, so that every server takes it. */
static bool
is_keyword(const char *word, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (word[i] <= ' ' || word[i] > '~' || strchr("(){%*\"\\]", word[i]))
            return false;
    return len > 0 && len < 100;
}

static bool
complete_keyword(struct app *a, const char *typed, size_t nth, struct buf *out)
{
    const char *last = strrchr(typed, ' ');
    size_t start = last ? (size_t)(last + 1 - typed) : 0;
    bool found = false;
    start += typed[start] == '-';
    struct buf all = BUF_INIT;
    view_index_keywords(a, &all);
    size_t len = strlen(typed + start);
    for (const char *at = buf_str(&all); *(at += strspn(at, " ")) && !found; at += strcspn(at, " ")) {
        if (strncasecmp(at, typed + start, len) != 0 || nth-- > 0)
            continue;
        buf_add(out, typed, start);
        buf_add(out, at, strcspn(at, " "));
        found = true;
    }
    buf_release(&all);
    return found;
}

static void
change_keyword(struct app *a, const uint64_t *ids, size_t n, const char *word, bool on)
{
    struct wr_number *list = numbers(ids, n);
    struct wr_text text = {.text = word};
    struct wm_change_flags m = {.messages = list, .messages_n = (uint32_t)n};
    if (on) {
        m.add_keywords = &text;
        m.add_keywords_n = 1;
    } else {
        m.remove_keywords = &text;
        m.remove_keywords_n = 1;
    }
    if (list)
        app_tell(a, WM_TYPE_change_flags, &m);
    free(list);
    view_index_keyword(a, ids, n, word, on);
}

static void
on_keywords(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)v;
    (void)tag;
    for (const char *at = text ? text : ""; *(at += strspn(at, " ")); at += strcspn(at, " ")) {
        bool on = *at != '-';
        size_t len = strcspn(at, " ") - !on;
        struct buf word = BUF_INIT;
        buf_add(&word, at + !on, len);
        if (is_keyword(buf_str(&word), len))
            change_keyword(a, a->pending.ids, a->pending.n, buf_str(&word), on);
        else
            app_say(a, STYLE_ERROR, _("\"{1}\" is no keyword: letters, digits and signs like $ _ - . are."), buf_str(&word));
        buf_release(&word);
    }
}

static void
ask_keywords(struct app *a, const uint64_t *ids, size_t n, const char *arg)
{
    if (!keep_ids(&a->pending, ids, n))
        return;
    if (arg) {
        on_keywords(a, NULL, arg, 0);
        return;
    }
    struct prompt *p = prompt_text(NULL, _("Keyword (-word takes it away):"), "", on_keywords, 0);
    if (p) {
        p->history = HISTORY_KEYWORD;
        p->complete = complete_keyword;
    }
    app_prompt(a, p);
}

bool
messages_knows(enum action action)
{
    switch (action) {
    case ACTION_DELETE:
    case ACTION_KEYWORD:
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
    case ACTION_KEYWORD: ask_keywords(a, ids, n, arg); return true;
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
