/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests and who waits for them. A ticket outlives its view: the reply of a closed view's request finds nobody. */
#include <stdlib.h>

#include "app.h"
#include "i18n.h"
#include "words.h"

struct ticket {
    struct ticket *next;
    struct app *app;
    struct view *view;  /* NULL: the app itself asked */
    view_reply_fn *fn;
    uint64_t tag;
    uint32_t id;        /* 0 until the request is out */
    bool stub, dropped;
};

static void
unlink_ticket(struct ticket *t)
{
    struct ticket **p = &t->app->tickets;
    while (*p && *p != t)
        p = &(*p)->next;
    if (*p)
        *p = t->next;
}

static void
on_reply(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct ticket *t = arg;
    if (r->final)
        unlink_ticket(t);
    if (!t->dropped && t->fn)
        t->fn(t->app, t->view, r, arena, t->tag);
    app_dirty(t->app);
    if (r->final)
        free(t);
}

static void
refuse(struct app *a, struct view *v, view_reply_fn *fn, uint64_t tag, enum sp_status why)
{
    struct arena arena = ARENA_INIT;
    if (fn)
        fn(a, v, &(struct call_reply){.status = why, .final = true, .text = ""}, &arena, tag);
    arena_release(&arena);
}

static struct ticket *
ticket_new(struct app *a, struct view *v, view_reply_fn *fn, uint64_t tag)
{
    struct ticket *t = calloc(1, sizeof *t);
    if (!t)
        return NULL;
    *t = (struct ticket){.next = a->tickets, .app = a, .view = v, .fn = fn, .tag = tag};
    a->tickets = t;
    return t;
}

/* The id of a ticket that has not ended already inside the call that started it. */
static void
remember(struct app *a, const struct ticket *t, uint32_t id)
{
    for (struct ticket *p = a->tickets; p && id; p = p->next)
        if (p == t)
            p->id = id;
}

void
app_request(struct app *a, struct view *v, uint16_t type, const void *msg, view_reply_fn *fn, uint64_t tag)
{
    struct ticket *t = a->client ? ticket_new(a, v, fn, tag) : NULL;
    if (!t) {
        refuse(a, v, fn, tag, a->client ? SP_NOMEM : SP_UNAVAILABLE);
        return;
    }
    remember(a, t, sp_request(a->client, type, msg, on_reply, t));
}

void
app_stub(struct app *a, struct view *v, uint16_t type, const void *msg, view_reply_fn *fn, uint64_t tag)
{
    struct ticket *t = a->stub_calls ? ticket_new(a, v, fn, tag) : NULL;
    if (!t) {
        refuse(a, v, fn, tag, a->stub_calls ? SP_NOMEM : SP_UNAVAILABLE);
        return;
    }
    t->stub = true;
    remember(a, t, call_start(a->stub_calls, type, msg, -1, on_reply, t));
}

static void
on_told(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    (void)v;
    (void)arena;
    (void)tag;
    if (r->final)
        app_failed(a, r);
}

void
app_tell(struct app *a, uint16_t type, const void *msg)
{
    app_request(a, NULL, type, msg, on_told, 0);
}

static void
drop(struct ticket *t)
{
    t->dropped = true;
    if (!t->stub && t->id && t->app->client)
        sp_cancel(t->app->client, t->id);
}

void
app_drop(struct app *a, struct view *v, uint64_t tag)
{
    for (struct ticket *t = a->tickets; t; t = t->next)
        if (t->view == v && t->tag == tag && !t->dropped)
            drop(t);
}

void
app_cancel(struct app *a, struct view *v, uint64_t tag)
{
    for (struct ticket *t = a->tickets; t; t = t->next)
        if (t->view == v && t->tag == tag && !t->dropped && !t->stub && t->id && a->client)
            sp_cancel(a->client, t->id);
}

void
app_tickets_drop(struct app *a, struct view *v)
{
    for (struct ticket *t = a->tickets; t; t = t->next)
        if (t->view == v && !t->dropped)
            drop(t);
}

void
app_failed(struct app *a, const struct call_reply *r)
{
    bool away = !a->client && (r->status == SP_CRASHED || r->status == SP_UNAVAILABLE);
    if (r->status == SP_OK || r->status == SP_CANCELLED || away)
        return;
    if (r->status == SP_LOCKED) {
        question_unlock(a);
        return;
    }
    struct buf text = BUF_INIT;
    words_failure(r->status, r->text, &text);
    app_status(a, STYLE_ERROR, buf_str(&text));
    buf_release(&text);
}
