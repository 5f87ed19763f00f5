/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Writing a message: the form, live plans, attachments, the text in an editor. The engine keeps the draft, encrypted. */
#include "compose.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memfd.h"
#include "i18n.h"
#include "list.h"
#include "words.h"

#define SAVE_AFTER_MS 800
#define BODY_MOST ((size_t)8388608)

enum tag { TAG_PLAN = 1, TAG_SAVE, TAG_SAVE_ATTACH, TAG_ATTACH, TAG_READ, TAG_EDIT, TAG_DISCARD, TAG_ELSEWHERE };

static void on_saved(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag);

/* ---- the record */

const struct wr_draft *
compose_record(struct compose *x)
{
    struct wr_draft *d = &x->draft;
    d->from = buf_str(&x->texts[FIELD_FROM]);
    d->to = buf_str(&x->texts[FIELD_TO]);
    d->cc = buf_str(&x->texts[FIELD_CC]);
    d->bcc = buf_str(&x->texts[FIELD_BCC]);
    d->subject = buf_str(&x->texts[FIELD_SUBJECT]);
    d->body = buf_str(&x->body);
    d->reply_to = buf_str(&x->reply_to);
    d->in_reply_to = buf_str(&x->in_reply_to);
    d->references = buf_str(&x->references);
    return d;
}

void
compose_take_attachments(struct compose *x, const struct wr_draft *draft)
{
    struct arena arena = ARENA_INIT;
    struct wr_draft copy;
    if (app_copy(&wire_record_draft, draft, &arena, &copy) != SP_OK) {
        arena_release(&arena);
        return;
    }
    arena_release(&x->arena);
    x->arena = arena;
    x->draft.id = copy.id;
    x->draft.attachments = copy.attachments;
    x->draft.attachments_n = copy.attachments_n;
}

static void
show_body(struct compose *x)
{
    size_t top = x->pager.top;
    pager_clear(&x->pager);
    pager_text(&x->pager, buf_str(&x->body), x->body.len);
    x->pager.top = top;
}

int
compose_places(const struct compose *x)
{
    return FIELD_COUNT + (int)x->draft.attachments_n + 1;
}

/* ---- plan and saving */

static void
on_plan(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    struct arena mine = ARENA_INIT;
    struct wm_send_plan copy;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    bool known = r->status == SP_OK && r->in && r->in->type == WM_TYPE_send_plan &&
                 app_copy(wire_message_desc(WM_TYPE_send_plan), r->in->msg, &mine, &copy) == SP_OK;
    x->planning = false;
    if (known) {
        arena_release(&x->plan_arena);
        x->plan_arena = mine;
        x->plan = copy;
        x->planned = true;
    } else {
        arena_release(&mine); /* sending says what is wrong */
    }
    bool send = x->send_when_planned;
    x->send_when_planned = false;
    if (send)
        compose_send(a, x, x->not_before);
}

bool
compose_leave_foreign(struct app *a, struct compose *x)
{
    bool lost = x->foreign && x->draft.attachments_n > 0;
    if (lost)
        app_status(a, STYLE_CAUTION, _("The attachments stayed with the other draft: attach them again."));
    if (x->foreign)
        x->draft.id = x->draft.attachments_n = 0;
    x->foreign = false;
    return !lost;
}

void
compose_save(struct app *a, struct compose *x, view_reply_fn *fn, uint64_t tag)
{
    if (x->timer) {
        loop_timer_remove(x->timer);
        x->timer = NULL;
    }
    x->unsaved = false;
    (void)compose_leave_foreign(a, x);
    app_request(a, fn ? &x->view : NULL, WM_TYPE_save_draft, &(struct wm_save_draft){.draft = *compose_record(x)}, fn, tag);
}

static void
on_save_timer(struct loop *l, void *arg)
{
    struct app *a = arg;
    (void)l;
    for (struct view *v = a->top; v; v = v->below) {
        struct compose *x = (struct compose *)v;
        if (v->ops->kind != V_COMPOSE || !x->timer)
            continue;
        x->timer = NULL;
        if (x->unsaved && !x->sending)
            compose_save(a, x, on_saved, TAG_SAVE);
    }
}

void
compose_changed(struct app *a, struct compose *x)
{
    x->unsaved = true;
    x->fresh = false;
    if (x->timer)
        loop_timer_remove(x->timer);
    x->timer = loop_timer_add(a->loop, SAVE_AFTER_MS, on_save_timer, a);
    app_drop(a, &x->view, TAG_PLAN);
    x->planning = true;
    x->send_when_planned = false; /* what was meant to be sent has changed (S70) */
    app_request(a, &x->view, WM_TYPE_plan_draft, &(struct wm_plan_draft){.draft = *compose_record(x)}, on_plan, TAG_PLAN);
    app_dirty(a);
}

void
compose_remember(struct app *a, struct compose *x, uint64_t draft)
{
    char value[32];
    if (draft == x->remembered)
        return;
    x->remembered = draft;
    (void)snprintf(value, sizeof value, "%llu", (unsigned long long)draft);
    app_tell(a, WM_TYPE_set_state, &(struct wm_set_state){.name = "ui.draft", .value = value});
}

/* ---- attachments */

static void
attach_now(struct app *a, struct compose *x)
{
    const struct wm_attach m = {.draft = x->draft.id, .name = buf_str(&x->attach_name), .type = "", .content = x->attach_fd};
    app_request(a, &x->view, WM_TYPE_attach, &m, on_saved, TAG_ATTACH);
    (void)close(x->attach_fd);
    x->attach_fd = 0;
}

static void
on_saved(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)arena;
    if (!r->final)
        return;
    if (r->status == SP_NOT_FOUND && x->draft.id && tag == TAG_SAVE) { /* it went meanwhile: the text stays */
        x->foreign = true;
        compose_save(a, x, on_saved, TAG_SAVE);
        return;
    }
    if (r->status || !r->in || r->in->type != WM_TYPE_draft_view) {
        x->unsaved = true;
        app_failed(a, r);
        return;
    }
    compose_take_attachments(x, &((const struct wm_draft_view *)r->in->msg)->draft);
    x->remembered = 0; /* another screen may have told otherwise meanwhile */
    compose_remember(a, x, x->draft.id);
    list_fit(&x->list, compose_places(x), compose_places(x));
    if (tag == TAG_SAVE_ATTACH && x->attach_fd > 0)
        attach_now(a, x);
    else if (tag == TAG_ATTACH)
        app_status(a, STYLE_STATUS, _("Attached."));
}

static void
on_file(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_part_content) {
        app_failed(a, r);
        return;
    }
    struct wm_part_content *m = r->in->msg;
    if (x->attach_fd > 0)
        (void)close(x->attach_fd);
    x->attach_fd = wire_take_fd(&m->content);
    buf_clear(&x->attach_name);
    buf_adds(&x->attach_name, m->name);
    if (x->draft.id)
        attach_now(a, x);
    else
        compose_save(a, x, on_saved, TAG_SAVE_ATTACH);
}

static void
on_attach_path(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    (void)tag;
    if (text && *text)
        app_stub(a, v, WM_TYPE_read_file, &(struct wm_read_file){.path = text}, on_file, TAG_READ);
}

static void
detach(struct app *a, struct compose *x)
{
    int at = x->list.cursor - FIELD_COUNT;
    if (at < 0 || at >= (int)x->draft.attachments_n) {
        app_status(a, STYLE_STATUS, _("The cursor stands on no attachment."));
        return;
    }
    const struct wm_detach m = {.draft = x->draft.id, .attachment = x->draft.attachments[at].id};
    app_request(a, &x->view, WM_TYPE_detach, &m, on_saved, TAG_SAVE);
}

/* ---- fields */

static void
on_field(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    if (!text || strcmp(text, buf_str(&x->texts[tag])) == 0)
        return;
    buf_clear(&x->texts[tag]);
    buf_adds(&x->texts[tag], text);
    compose_changed(a, x);
}

static void
edit_field(struct app *a, struct compose *x, enum compose_field field, const char *arg)
{
    const char *const labels[] = {_("From:"), _("To:"), _("Cc:"), _("Bcc:"), _("Subject:")};
    x->list.cursor = field;
    if (arg)
        on_field(a, &x->view, arg, field);
    else
        app_prompt(a, prompt_text(&x->view, labels[field], buf_str(&x->texts[field]), on_field, field));
}

/* The next account's address becomes the sender. */
static void
next_sender(struct app *a, struct compose *x)
{
    uint32_t n = a->accounts.n, i = 0;
    x->list.cursor = FIELD_FROM;
    if (n == 0)
        return;
    while (i < n && a->accounts.rows[i].id != x->draft.account)
        i++;
    const struct wr_account *acc = &a->accounts.rows[(i + 1) % n];
    if (acc->id == x->draft.account) {
        app_status(a, STYLE_STATUS, _("There is only one account."));
        return;
    }
    x->draft.account = acc->id;
    struct buf *from = &x->texts[FIELD_FROM];
    buf_clear(from);
    if (*acc->display_name)
        buf_addf(from, "\"%s\" <%s>", acc->display_name, acc->address);
    else
        buf_adds(from, acc->address);
    compose_changed(a, x);
}

static void
toggle(struct app *a, struct compose *x, enum action action)
{
    struct wr_draft *d = &x->draft;
    x->list.cursor = FIELD_SECURITY;
    if (action == ACTION_TOGGLE_ENCRYPT)
        d->encrypt = !d->encrypt;
    else if (action == ACTION_TOGGLE_SIGN)
        d->sign = !d->sign;
    else
        d->protocol = d->protocol == SP_PROTOCOL_SMIME ? SP_PROTOCOL_OPENPGP : SP_PROTOCOL_SMIME;
    if (action == ACTION_TOGGLE_ENCRYPT && !d->encrypt && d->origin_encrypted)
        app_status(a, STYLE_CAUTION, _("You answer an encrypted message: without encryption its text would travel open."));
    compose_changed(a, x);
}

/* ---- the text */

static void
take_body(struct app *a, struct compose *x, const char *text, size_t len)
{
    if (len == x->body.len && memcmp(text, buf_str(&x->body), len) == 0)
        return;
    buf_clear(&x->body);
    buf_add(&x->body, text, len);
    show_body(x);
    compose_changed(a, x);
}

static void
on_edited_here(struct app *a, struct view *owner, const char *text)
{
    struct compose *x = (struct compose *)owner;
    if (text)
        take_body(a, x, text, strlen(text));
}

static void
edit_here(struct app *a, struct compose *x)
{
    view_editor_open(a, &x->view, *buf_str(&x->texts[FIELD_SUBJECT]) ? buf_str(&x->texts[FIELD_SUBJECT]) : _("New message"), buf_str(&x->body),
                     on_edited_here);
}

static void
on_edited(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    struct memfd_map map;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    app_terminal_back(a);
    if (r->status == SP_UNSUPPORTED || r->status == SP_NOT_FOUND) {
        edit_here(a, x);
        return;
    }
    if (r->status || !r->in || r->in->type != WM_TYPE_edited) {
        app_failed(a, r);
        return;
    }
    const struct wm_edited *m = r->in->msg;
    if (!m->changed || m->text <= 0)
        return;
    enum sp_status st = memfd_map(m->text, BODY_MOST, &map);
    if (st) {
        app_status(a, STYLE_ERROR, words_status(st));
        return;
    }
    /* A NUL would end the text early and silently. */
    size_t len = strnlen(map.data, map.len);
    take_body(a, x, map.data, len);
    if (len < map.len)
        app_status(a, STYLE_CAUTION, _("The text held a NUL character and was cut there."));
    memfd_unmap(&map);
}

static void
edit_body(struct app *a, struct compose *x)
{
    int fd;
    x->list.cursor = compose_places(x) - 1;
    if (!a->options.editor) {
        edit_here(a, x);
        return;
    }
    if (memfd_from(buf_str(&x->body), x->body.len, &fd) != SP_OK) {
        app_status(a, STYLE_ERROR, words_status(SP_NOMEM));
        return;
    }
    app_terminal_lend(a);
    app_stub(a, &x->view, WM_TYPE_edit_text, &(struct wm_edit_text){.text = fd}, on_edited, TAG_EDIT);
    (void)close(fd);
}

/* ---- leaving */

static void
on_kept(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status)
        app_failed(a, r);
    else
        app_status(a, STYLE_STATUS, _("Kept as a draft. P lists the drafts."));
}

static void
keep(struct app *a, struct compose *x)
{
    bool typed = x->unsaved;
    x->unsaved = false;
    compose_remember(a, x, 0);
    if (x->fresh && x->draft.id && !x->foreign)
        app_tell(a, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = x->draft.id});
    if (!x->fresh && (typed || !x->foreign)) {
        (void)compose_leave_foreign(a, x);
        app_request(a, NULL, WM_TYPE_save_draft, &(struct wm_save_draft){.draft = *compose_record(x)}, on_kept, 0);
    }
    app_close(a, &x->view);
}

static void
on_discard(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)tag;
    if (!text || *text != 'y')
        return;
    x->unsaved = false;
    compose_remember(a, x, 0);
    if (x->draft.id)
        app_tell(a, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = x->draft.id});
    app_close(a, v);
}

/* ---- the view */

static void
open_place(struct app *a, struct compose *x)
{
    int at = x->list.cursor;
    if (at == FIELD_FROM)
        next_sender(a, x);
    else if (at < FIELD_SECURITY)
        edit_field(a, x, (enum compose_field)at, NULL);
    else if (at == FIELD_SECURITY)
        toggle(a, x, ACTION_TOGGLE_ENCRYPT);
    else if (at == compose_places(x) - 1)
        edit_body(a, x);
}

static void
attach(struct app *a, struct compose *x, const char *arg)
{
    if (arg) {
        on_attach_path(a, &x->view, arg, 0);
        return;
    }
    struct prompt *p = prompt_text(&x->view, _("Attach file:"), "", on_attach_path, 0);
    if (p)
        p->history = HISTORY_FILE;
    app_prompt(a, p);
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct compose *x = (struct compose *)v;
    switch (action) {
    case ACTION_PAGE_DOWN:
    case ACTION_PAGE_UP: (void)pager_move(&x->pager, action, NULL); return true;
    case ACTION_OPEN: open_place(a, x); return true;
    case ACTION_EDIT_FROM: next_sender(a, x); return true;
    case ACTION_EDIT_TO: edit_field(a, x, FIELD_TO, arg); return true;
    case ACTION_EDIT_CC: edit_field(a, x, FIELD_CC, arg); return true;
    case ACTION_EDIT_BCC: edit_field(a, x, FIELD_BCC, arg); return true;
    case ACTION_EDIT_SUBJECT: edit_field(a, x, FIELD_SUBJECT, arg); return true;
    case ACTION_TOGGLE_ENCRYPT:
    case ACTION_TOGGLE_SIGN:
    case ACTION_PROTOCOL: toggle(a, x, action); return true;
    case ACTION_EDIT: edit_body(a, x); return true;
    case ACTION_EDIT_HERE: edit_here(a, x); return true;
    case ACTION_ATTACH: attach(a, x, arg); return true;
    case ACTION_DETACH: detach(a, x); return true;
    case ACTION_DETAILS: compose_details(a, x); return true;
    case ACTION_SEND: compose_send(a, x, 0); return true;
    case ACTION_SEND_LATER: compose_send_later(a, x, arg); return true;
    case ACTION_KEEP:
    case ACTION_CANCEL: keep(a, x); return true;
    case ACTION_DISCARD: app_prompt(a, prompt_keys(v, _("Throw this draft away? (y/n)"), "yn", on_discard, 0)); return true;
    default: return list_move(&x->list, action, compose_places(x));
    }
}

static void
refresh(struct app *a, struct view *v)
{
    struct compose *x = (struct compose *)v;
    bool fresh = x->fresh;
    x->sending = false;
    compose_changed(a, x);
    x->fresh = fresh;
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct compose *x = (struct compose *)v;
    (void)a;
    buf_adds(left, x->draft.kind == SP_DRAFT_REPLY || x->draft.kind == SP_DRAFT_REPLY_ALL                     ? _("Reply")
                   : x->draft.kind == SP_DRAFT_FORWARD || x->draft.kind == SP_DRAFT_FORWARD_ATTACHED ? _("Forward")
                                                                                                        : _("New message"));
    buf_adds(right, x->sending ? _("handing over…") : x->unsaved ? "" : _("saved"));
}

static void
compose_free(struct app *a, struct view *v)
{
    struct compose *x = (struct compose *)v;
    if (x->timer)
        loop_timer_remove(x->timer);
    if (x->unsaved)
        (void)compose_leave_foreign(a, x);
    if (x->unsaved && a->client) /* the screen ends: the engine keeps the text */
        app_tell(a, WM_TYPE_save_draft, &(struct wm_save_draft){.draft = *compose_record(x)});
    if (x->attach_fd > 0)
        (void)close(x->attach_fd);
    for (int i = 0; i < FIELD_SECURITY; i++)
        buf_release(&x->texts[i]);
    buf_release(&x->body);
    buf_release(&x->reply_to);
    buf_release(&x->in_reply_to);
    buf_release(&x->references);
    buf_release(&x->attach_name);
    arena_release(&x->arena);
    arena_release(&x->plan_arena);
    pager_release(&x->pager);
    free(x);
}

static void
set_text(struct buf *out, const char *text)
{
    buf_clear(out);
    buf_adds(out, text);
}

static void
take_draft(struct compose *x, const struct wr_draft *draft)
{
    x->draft = *draft;
    set_text(&x->texts[FIELD_FROM], draft->from);
    set_text(&x->texts[FIELD_TO], draft->to);
    set_text(&x->texts[FIELD_CC], draft->cc);
    set_text(&x->texts[FIELD_BCC], draft->bcc);
    set_text(&x->texts[FIELD_SUBJECT], draft->subject);
    set_text(&x->body, draft->body);
    set_text(&x->reply_to, draft->reply_to);
    set_text(&x->in_reply_to, draft->in_reply_to);
    set_text(&x->references, draft->references);
    x->draft.attachments = NULL;
    x->draft.attachments_n = 0;
    compose_take_attachments(x, draft);
    show_body(x);
}

/* ---- other screens */

static void
on_changed_elsewhere(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct compose *x = (struct compose *)v;
    (void)arena;
    (void)tag;
    if (r->status || !r->in || r->in->type != WM_TYPE_drafts || x->unsaved || x->sending)
        return;
    const struct wm_drafts *m = r->in->msg;
    for (uint32_t i = 0; i < m->drafts_n; i++) {
        if (m->drafts[i].id != x->draft.id)
            continue;
        take_draft(x, &m->drafts[i]);
        compose_changed(a, x);
        x->unsaved = false;
        app_status(a, STYLE_STATUS, _("Another screen has changed this draft: this is how it is now."));
    }
}

/* The same draft on another screen: who has written nothing here sees what became of it; else both texts are kept. */
static void
event(struct app *a, struct view *v, const struct wire_in *in)
{
    struct compose *x = (struct compose *)v;
    const struct wm_event_draft *e = in->msg;
    if (in->type != WM_TYPE_event_draft || !x->draft.id || e->draft != x->draft.id || x->sending)
        return;
    if (!e->gone) { /* who left it there told the engine that nothing is being written */
        x->remembered = 0;
        compose_remember(a, x, x->draft.id);
    }
    bool editing = app_find(a, V_EDITOR) != NULL || (a->prompt && a->prompt->view == v) || a->lent;
    x->foreign = x->unsaved || editing || e->gone;
    if (!x->foreign)
        app_request(a, v, WM_TYPE_list_drafts, &(struct wm_list_drafts){}, on_changed_elsewhere, TAG_ELSEWHERE);
    else if (e->gone)
        app_status(a, STYLE_CAUTION, _("Another screen has sent this draft or thrown it away. What you write on is a new draft."));
    else
        app_status(a, STYLE_CAUTION, _("Another screen has changed this draft too. Yours becomes a draft of its own."));
}

void
view_compose_open(struct app *a, const struct wr_draft *draft, bool fresh)
{
    static const struct view_ops ops = {.name = N_("Writing"), .kind = V_COMPOSE, .draw = compose_draw, .action = action,
                                        .event = event, .refresh = refresh, .title = title, .free = compose_free};
    struct compose *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    pager_init(&x->pager);
    take_draft(x, draft);
    x->list.cursor = !*draft->to ? FIELD_TO : !*draft->subject ? FIELD_SUBJECT : compose_places(x) - 1;
    app_push(a, &x->view);
    compose_changed(a, x);
    x->unsaved = x->draft.id == 0 && !fresh;
    x->fresh = fresh;
    compose_remember(a, x, x->draft.id);
}
