/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The life of the screen: connections, the stack of views, keys to actions. */
#include "app.h"

#include <stdlib.h>
#include <string.h>

#include "i18n.h"
#include "loop.h"
#include "notice.h"
#include "place.h"
#include "save.h"
#include "views.h"
#include "words.h"

#define RECONNECT_FIRST_MS 200
#define RECONNECT_MOST_MS 5000
#define HOLD_MS 500

void
app_dirty(struct app *a)
{
    a->dirty = true;
}

void
app_quit(struct app *a, int code)
{
    a->quit = true;
    a->exit_code = code;
}

void
app_cursor(struct app *a, int y, int x)
{
    a->cursor_y = y;
    a->cursor_x = x;
    a->cursor_shown = true;
}

void
app_point(struct app *a, int y, int x)
{
    a->cursor_y = y;
    a->cursor_x = x;
    a->cursor_shown = false;
}

/* ---- the engine */

static void reconnect(struct app *a);

static void
on_event(struct sp_client *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct app *a = arg;
    (void)c;
    (void)arena;
    app_state_event(a, in);
    question_event(a, in);
    notice_event(a, in);
    for (struct view *v = a->top; v; v = v->below)
        if (v->ops->event)
            v->ops->event(a, v, in);
    app_dirty(a);
}

static void
on_gone(struct sp_client *c, enum sp_status why, void *arg)
{
    struct app *a = arg;
    (void)why;
    a->gone = c;
    a->client = NULL;
    questions_clear(a);
    a->reconnect_ms = RECONNECT_FIRST_MS;
    reconnect(a);
    app_dirty(a);
}

void
app_refresh_all(struct app *a)
{
    app_ask_accounts(a);
    app_ask_folders(a);
    app_ask_jobs(a);
    for (struct view *v = a->top; v; v = v->below)
        if (v->ops->refresh)
            v->ops->refresh(a, v);
}

static void
on_reconnect_timer(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    a->reconnect_timer = NULL;
    reconnect(a);
}

static void
on_connected(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final || a->quit)
        return;
    if (r->status == SP_OK && r->in && r->in->type == WM_TYPE_connected) {
        int fd = wire_take_fd(&((struct wm_connected *)r->in->msg)->fd);
        a->client = fd > 0 ? sp_client_new(fd, a->loop, on_event, on_gone, a) : NULL;
    }
    if (a->client) {
        app_status(a, STYLE_STATUS, _("Connected again."));
        app_refresh_all(a);
        return;
    }
    if (a->reconnect_timer)
        return;
    a->reconnect_timer = loop_timer_add(a->loop, a->reconnect_ms, on_reconnect_timer, a);
    a->reconnect_ms = a->reconnect_ms * 2 > RECONNECT_MOST_MS ? RECONNECT_MOST_MS : a->reconnect_ms * 2;
}

static void
reconnect(struct app *a)
{
    app_stub(a, NULL, WM_TYPE_reconnect, &(struct wm_reconnect){}, on_connected, 0);
}

/* ---- the stub */

static void
on_stub_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct app *a = arg;
    (void)c;
    if (a->stub_calls)
        (void)calls_dispatch(a->stub_calls, in, arena);
    app_dirty(a);
}

static void
on_stub_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct app *a = arg;
    (void)c;
    (void)why;
    app_quit(a, 0);
}

enum sp_status
app_init(struct app *a, int stub_fd, int engine_fd)
{
    a->loop = loop_new();
    if (!a->loop)
        return SP_NOMEM;
    a->stub = wire_conn_new(stub_fd, a->loop, on_stub_message, on_stub_closed, a);
    a->stub_calls = a->stub ? calls_new(a->stub, a->loop) : NULL;
    a->client = sp_client_new(engine_fd, a->loop, on_event, on_gone, a);
    if (!a->stub_calls || !a->client)
        return SP_NOMEM;
    enum sp_status st = ui_loop_open(a);
    if (st)
        return st;
    a->place = place_new();
    view_index_open(a);
    app_ask_accounts(a);
    app_ask_folders(a);
    app_ask_jobs(a);
    a->dirty = true;
    return SP_OK;
}

void
app_release(struct app *a)
{
    for (struct view *v = a->top; v; v = v->below)
        if (v->ops->kind == V_EDITOR)
            editor_flush(a, v);
    place_note(a);
    place_free(a);
    while (a->top)
        app_close(a, a->top);
    app_settle(a);
    app_prompt_end(a);
    questions_clear(a);
    if (a->stub_calls) {
        struct calls *ended = a->stub_calls;
        a->stub_calls = NULL;
        calls_free(ended, SP_CANCELLED);
    }
    wire_conn_free(a->stub);
    struct sp_client *client = a->client;
    a->client = NULL;
    sp_client_free(client);
    loop_free(a->loop);
    keymap_release(&a->keymap);
    history_release(&a->history);
    buf_release(&a->status);
    buf_release(&a->find);
    save_end(a);
    if (a->searching)
        index_free(a, a->searching);
    free(a->undo.ids);
    free(a->pending.ids);
    arena_release(&a->accounts.arena);
    arena_release(&a->folders.arena);
    arena_release(&a->jobs.arena);
    for (unsigned i = 0; i < APP_LOG_LINES; i++)
        free(a->log[i].text);
}

/* ---- views */

void
app_push(struct app *a, struct view *v)
{
    v->number = ++a->last_view;
    v->below = a->top;
    a->top = v;
    app_dirty(a);
}

void
app_close(struct app *a, struct view *v)
{
    struct view **p = &a->top;
    while (*p && *p != v)
        p = &(*p)->below;
    if (!*p)
        return;
    *p = v->below;
    app_tickets_drop(a, v);
    if (a->prompt && a->prompt->view == v)
        app_prompt_end(a);
    v->closed = true;
    v->below = a->dead;
    a->dead = v;
    if (!a->top)
        app_quit(a, 0);
    app_dirty(a);
}

struct view *
app_find(struct app *a, unsigned kinds)
{
    struct view *v = a->top;
    while (v && !(v->ops->kind & kinds))
        v = v->below;
    return v;
}

void
app_settle(struct app *a)
{
    while (a->dead) {
        struct view *v = a->dead;
        a->dead = v->below;
        v->ops->free(a, v);
    }
    if (a->gone) {
        sp_client_free(a->gone);
        a->gone = NULL;
    }
    if (a->dirty && !a->lent && !a->quit && a->draw && a->top) {
        a->dirty = false;
        app_draw(a);
        place_note(a);
    }
}

/* ---- keys and actions */

static bool
complete_action(struct app *a, const char *typed, size_t nth, struct buf *out)
{
    unsigned kind = a->top ? a->top->ops->kind : 0;
    for (int i = 1; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        if (info->views & kind && strncmp(info->name, typed, strlen(typed)) == 0 && nth-- == 0) {
            buf_adds(out, info->name);
            return true;
        }
    }
    return false;
}

static void
on_command(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)v;
    (void)tag;
    if (!text || !a->top)
        return;
    struct buf name = BUF_INIT;
    text += strspn(text, " ");
    size_t len = strcspn(text, " ");
    buf_add(&name, text, len);
    const char *arg = text + len;
    arg += strspn(arg, " ");
    enum action action = action_find(buf_str(&name), a->top->ops->kind);
    if (action != ACTION_NONE)
        app_action(a, action, *arg ? arg : NULL);
    else if (len)
        app_say(a, STYLE_ERROR, _("There is no action \"{1}\" here. Tab shows what there is."), buf_str(&name));
    buf_release(&name);
}

static void
open_command_line(struct app *a)
{
    struct prompt *p = prompt_text(NULL, ":", "", on_command, 0);
    if (p) {
        p->history = HISTORY_COMMAND;
        p->complete = complete_action;
    }
    app_prompt(a, p);
}

/* New mail on every account, and everything on the screen again. */
static void
sync_all(struct app *a)
{
    for (uint32_t i = 0; i < a->accounts.n; i++)
        if (a->accounts.rows[i].kind == SP_ACCOUNT_IMAP)
            app_tell(a, WM_TYPE_connect_account, &(struct wm_connect_account){.account = a->accounts.rows[i].id, .on = 1});
    app_refresh_all(a);
    app_status(a, STYLE_STATUS, _("Looking for new mail…"));
}

static void
common_action(struct app *a, enum action action, const char *arg)
{
    switch (action) {
    case ACTION_BACK:
    case ACTION_CANCEL:
        if (a->top->below)
            app_close(a, a->top);
        break;
    case ACTION_QUIT:
    case ACTION_QUIT_INDEX: app_quit(a, 0); break;
    case ACTION_HELP: view_help_open(a, a->top); break;
    case ACTION_COMMAND: open_command_line(a); break;
    case ACTION_REDRAW:
        draw_resized(a->draw);
        draw_repaint(a->draw);
        break;
    case ACTION_SUSPEND: app_suspend(a); break;
    case ACTION_COMPOSE: compose_start(a, SP_DRAFT_NEW, 0, arg); break;
    case ACTION_ACCOUNTS: view_accounts_open(a); break;
    case ACTION_KEYS: view_keys_open(a); break;
    case ACTION_OUTBOX: view_outbox_open(a); break;
    case ACTION_DRAFTS: view_drafts_open(a); break;
    case ACTION_SYNC: sync_all(a); break;
    case ACTION_LOCK: app_tell(a, WM_TYPE_lock, &(struct wm_lock){}); break;
    default: break;
    }
}

void
app_action(struct app *a, enum action action, const char *arg)
{
    struct view *v = a->top;
    if (!v || action == ACTION_NONE)
        return;
    if (!v->ops->action(a, v, action, arg))
        common_action(a, action, arg);
    app_dirty(a);
}

static void
prompt_takes_key(struct app *a, uint32_t key)
{
    struct prompt *p = a->prompt;
    enum prompt_result result = prompt_key(p, a, &a->history, key);
    if (result == PROMPT_OPEN)
        return;
    /* The function may open the next prompt. */
    a->prompt = NULL;
    if (p->kind == PROMPT_SECRET)
        p->secret_fn(a, p->view, result == PROMPT_DONE ? &p->secret : NULL, p->tag);
    else
        p->fn(a, p->view, result == PROMPT_DONE ? line_text(&p->line) : NULL, p->tag);
    prompt_free(p);
}

/* Pasted text is text: it goes into a line or an editor and is never taken for commands. */
static void
pasted_key(struct app *a, uint32_t key)
{
    if (a->prompt && a->prompt->kind != PROMPT_KEY)
        prompt_takes_key(a, key == K_ENTER || key == K_TAB ? ' ' : key == K_ESC ? 0xFFFD : key);
    else if (!question_open(a) && a->top && a->top->ops->kind == V_EDITOR)
        (void)a->top->ops->key(a, a->top, key == K_ESC ? 0xFFFD : key);
    else
        app_status(a, STYLE_STATUS, _("Pasted text was ignored: nothing is being typed here."));
}

static void
unknown_key(struct app *a, uint32_t key)
{
    struct buf name = BUF_INIT, help = BUF_INIT;
    key_name(key, &name);
    (void)keymap_keys(&a->keymap, ACTION_HELP, a->top->ops->kind, 1, &help);
    if (name.len && help.len)
        app_say(a, STYLE_STATUS, _("{1} does nothing here. {2} shows what the keys do."), buf_str(&name), buf_str(&help));
    buf_release(&name);
    buf_release(&help);
}

static void
release_keys(struct app *a)
{
    a->hold = NULL;
    uint32_t keys[sizeof a->held / sizeof *a->held];
    size_t n = a->held_n;
    memcpy(keys, a->held, n * sizeof *keys);
    a->held_n = 0;
    explicit_bzero(a->held, sizeof a->held); /* a passphrase may have been typed ahead */
    for (size_t i = 0; i < n && !a->quit; i++)
        app_key(a, keys[i]);
    explicit_bzero(keys, sizeof keys);
}

static void
on_hold_end(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    if (a->hold_forgets)
        a->held_n = 0;
    release_keys(a);
}

void
app_hold_keys(struct app *a, bool forget)
{
    a->hold_forgets = forget;
    if (!a->hold)
        a->hold = loop_timer_add(a->loop, HOLD_MS, on_hold_end, a);
}

void
app_release_keys(struct app *a)
{
    if (!a->hold)
        return;
    loop_timer_remove(a->hold);
    release_keys(a);
}

void
app_key(struct app *a, uint32_t key)
{
    app_dirty(a);
    if (a->hold) {
        if (a->held_n < sizeof a->held / sizeof *a->held)
            a->held[a->held_n++] = key;
        return;
    }
    if (key == K_PASTE_BEGIN || key == K_PASTE_END) {
        a->pasting = key == K_PASTE_BEGIN;
        return;
    }
    if (a->pasting) {
        pasted_key(a, key);
        return;
    }
    if (a->prompt) {
        prompt_takes_key(a, key);
        return;
    }
    buf_clear(&a->status);
    if (question_open(a)) {
        (void)question_key(a, key);
        return;
    }
    struct view *v = a->top;
    if (!v || (v->ops->key && v->ops->key(a, v, key)))
        return;
    enum action action = keymap_lookup(&a->keymap, key, v->ops->kind);
    if (action != ACTION_NONE)
        app_action(a, action, NULL);
    else
        unknown_key(a, key);
}
