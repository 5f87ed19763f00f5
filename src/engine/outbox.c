/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox: when is what tried, how it stands, and the requests about it. */
#include "outbox.h"

#include <stdlib.h>
#include <string.h>

#include "accounts.h"
#include "base/log.h"
#include "door.h"
#include "events.h"
#include "handlers.h"
#include "transmit.h"

#define GIVE_UP_S 432000       /* five days (RFC 5321 section 4.5.4.1) */
#define GIVE_UP_TRIES 10       /* at least: a machine that was off for a week has not tried yet */
#define LOOK_S 60              /* the wall clock is looked at that often: timers do not see it being set, or the machine asleep */

/* Pauses after the first, second, ... failure, in seconds. The person may try again at any time, and is told how it stands. */
static const int64_t pauses[] = {60, 300, 900, 1800, 3600};

struct attempt {
    struct attempt *next;
    struct engine *engine;
    uint64_t id;
    uint32_t account;
    bool copies;               /* it was sent before, which was said */
    struct transmit *transmit;
};

struct outbox {
    struct engine *engine;
    struct attempt *attempts;  /* one per account at a time */
    struct loop_timer *timer;
};

static void scan(struct engine *e);

/* ---- telling */

static int
by_code(const void *a, const void *b)
{
    return (int)((const struct wr_recipient_result *)b)->code - (int)((const struct wr_recipient_result *)a)->code;
}

/* What the server said of recipients, refused ones first. */
static void
describe_recipients(struct engine *e, struct wr_outbox_item *out, struct arena *arena)
{
    struct store_transmission *list = NULL;
    size_t n = 0, recipients = 0;
    if (store_transmissions(e->store, out->id, arena, &list, &n) != SP_OK)
        n = 0;
    for (size_t i = 0; i < n; i++)
        recipients += list[i].n;
    out->results = arena_array(arena, recipients, sizeof *out->results);
    for (size_t i = 0; out->results && i < n; i++)
        for (size_t k = 0; k < list[i].n; k++) {
            const struct store_recipient *r = &list[i].list[k];
            if (r->code)
                out->results[out->results_n++] = (struct wr_recipient_result){.address = r->address, .code = r->code, .text = r->text};
        }
    if (out->results_n)
        qsort(out->results, out->results_n, sizeof *out->results, by_code);
}

static void
describe(struct engine *e, const struct store_outbox *o, struct wr_outbox_item *out, struct arena *arena)
{
    *out = (struct wr_outbox_item){.id = o->id, .account = o->account, .subject = o->subject, .to = o->to, .state = (uint8_t)o->state,
                                   .status = (uint16_t)o->status, .server_text = o->server_text, .created = o->created,
                                   .next_try = o->not_before > o->next_try ? o->not_before : o->next_try};
    describe_recipients(e, out, arena);
}

static void
tell(struct engine *e, const struct store_outbox *o, bool gone)
{
    struct arena arena = ARENA_INIT;
    struct wm_event_outbox m = {.gone = gone};
    describe(e, o, &m.item, &arena);
    door_broadcast(e->door, WM_TYPE_event_outbox, &m);
    arena_release(&arena);
}

static void
keep(struct engine *e, struct store_outbox *o)
{
    enum sp_status st = store_outbox_put(e->store, o);
    if (st)
        log_line("outbox item %llu is not kept: %s", (unsigned long long)o->id, sp_status_name(st));
    tell(e, o, false);
}

/* ---- attempts */

static struct attempt *
attempt_of(struct engine *e, uint64_t id)
{
    struct attempt *a = e->outbox->attempts;
    while (a && a->id != id)
        a = a->next;
    return a;
}

static void
attempt_end(struct attempt *a)
{
    transmit_free(a->transmit);
    free(a);
}

static void
attempt_free(struct attempt *a)
{
    struct attempt **at = &a->engine->outbox->attempts;
    while (*at != a)
        at = &(*at)->next;
    *at = a->next;
    attempt_end(a);
}

static void
end_attempts(struct outbox *o)
{
    while (o->attempts) {
        struct attempt *a = o->attempts;
        o->attempts = a->next;
        attempt_end(a);
    }
}

static void
say_sent(struct engine *e, const struct store_outbox *o)
{
    events_notice(e, SP_NOTICE_SENT, SP_LEVEL_NONE, (const char *const[]){o->subject, NULL});
}

static void
leave(struct engine *e, struct store_outbox *o, bool said)
{
    enum sp_status st = store_outbox_remove(e->store, o->id);
    if (!st && o->draft && (st = store_draft_remove(e->store, o->draft)) == SP_NOT_FOUND)
        st = SP_OK;
    if (st)
        log_line("outbox item %llu does not leave: %s", (unsigned long long)o->id, sp_status_name(st));
    if (o->draft)
        events_draft(e, 0, o->draft, true);
    tell(e, o, true);
    if (!said)
        say_sent(e, o);
}

/* The person must learn what did not go as it should, also when no screen is there now. */
static void
say_trouble(struct engine *e, const struct store_outbox *o, const struct transmit_result *r)
{
    struct buf count = BUF_INIT;
    buf_addf(&count, "%u", r->refused);
    if (o->state == SP_OUTBOX_UNCERTAIN)
        events_notice_kept(e, SP_NOTICE_PERHAPS_TWICE, SP_LEVEL_CAUTION, (const char *const[]){o->subject, NULL});
    else if (r->refused && o->sent_copy_done) /* others have it */
        events_notice_kept(e, SP_NOTICE_RECIPIENTS_REFUSED, SP_LEVEL_CAUTION,
                           (const char *const[]){o->subject, buf_str(&count), r->refused_address, r->refused_text, NULL});
    else if (o->state == SP_OUTBOX_FAILED)
        events_notice_kept(e, SP_NOTICE_SEND_FAILED, SP_LEVEL_CAUTION,
                           (const char *const[]){o->subject, sp_status_name(r->status), r->text, NULL});
    else if (o->state == SP_OUTBOX_DEFERRED && o->attempts == 1)
        events_notice(e, SP_NOTICE_SEND_FAILED, SP_LEVEL_NOTICE, (const char *const[]){o->subject, sp_status_name(r->status), r->text, NULL});
    buf_release(&count);
}

static int64_t
pause_after(uint32_t attempts)
{
    size_t last = sizeof pauses / sizeof *pauses - 1;
    return pauses[attempts < last ? attempts : last];
}

static void
stay(struct engine *e, struct store_outbox *o, const struct transmit_result *r, bool said)
{
    int64_t now = engine_now();
    o->state = r->state;
    o->status = r->status;
    o->server_text = r->text;
    o->next_try = r->waits_for_person ? INT64_MAX : now + pause_after(o->attempts);
    o->attempts++;
    if (o->state == SP_OUTBOX_DEFERRED && now - o->created > GIVE_UP_S && o->attempts >= GIVE_UP_TRIES)
        o->state = SP_OUTBOX_FAILED;
    keep(e, o);
    if (o->state == SP_OUTBOX_COPYING && !said)
        say_sent(e, o);
    say_trouble(e, o, r);
}

static void
on_transmitted(const struct transmit_result *r, void *arg)
{
    struct attempt *a = arg;
    struct engine *e = a->engine;
    struct arena arena = ARENA_INIT;
    struct store_outbox o;
    enum sp_status st = store_outbox_get(e->store, a->id, &arena, &o);
    if (st)
        log_line("outbox item %llu is gone: %s", (unsigned long long)a->id, sp_status_name(st));
    else if (r->status)
        stay(e, &o, r, a->copies);
    else
        leave(e, &o, a->copies);
    arena_release(&arena);
    attempt_free(a);
    scan(e);
}

static void
try_item(struct engine *e, struct store_outbox *o)
{
    struct attempt *a = engine_alloc(sizeof *a);
    *a = (struct attempt){.next = e->outbox->attempts, .engine = e, .id = o->id, .account = o->account, .copies = o->state == SP_OUTBOX_COPYING};
    e->outbox->attempts = a;
    if (!a->copies)
        o->state = SP_OUTBOX_SENDING;
    o->status = SP_OK;
    keep(e, o); /* before anything leaves: an engine that dies now knows later that it may have */
    a->transmit = transmit_start(e, o->id, on_transmitted, a);
}

static bool
account_is_sending(struct engine *e, uint32_t account)
{
    for (struct attempt *a = e->outbox->attempts; a; a = a->next)
        if (a->account == account)
            return true;
    return false;
}

static void
on_timer(struct loop *l, void *arg)
{
    struct engine *e = arg;
    (void)l;
    e->outbox->timer = NULL;
    scan(e);
}

static bool
is_automatic(const struct store_outbox *o)
{
    return o->state == SP_OUTBOX_WAITING || o->state == SP_OUTBOX_DEFERRED || o->state == SP_OUTBOX_UNCERTAIN || o->state == SP_OUTBOX_COPYING;
}

/* When the item is due. A clock that was set back must not freeze it: no pause is longer than the longest that can have been meant.
   not_before is the person's own choice of a time by the wall clock. */
static int64_t
due_time(struct engine *e, struct store_outbox *o, int64_t now)
{
    int64_t longest = o->attempts ? pause_after(o->attempts - 1) : (int64_t)e->config->undo_seconds;
    if (o->next_try != INT64_MAX && o->next_try > now + longest) {
        o->next_try = now + longest;
        keep(e, o);
    }
    return o->not_before > o->next_try ? o->not_before : o->next_try;
}

/* Begins what is due, and sets the timer for what is due next. */
static void
scan(struct engine *e)
{
    struct outbox *all = e->outbox;
    struct arena arena = ARENA_INIT;
    struct store_outbox *list = NULL;
    size_t n = 0;
    int64_t now = engine_now(), soonest = INT64_MAX;
    if (all->timer)
        loop_timer_remove(all->timer);
    all->timer = NULL;
    if (!e->store || store_outbox_list(e->store, &arena, &list, &n) != SP_OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        if (!is_automatic(&list[i]) || attempt_of(e, list[i].id))
            continue;
        int64_t due = due_time(e, &list[i], now);
        if (due > now)
            soonest = due < soonest ? due : soonest;
        else if (!account_is_sending(e, list[i].account))
            try_item(e, &list[i]);
    }
    if (soonest != INT64_MAX)
        all->timer = loop_timer_add(e->loop, (soonest - now < LOOK_S ? soonest - now : LOOK_S) * 1000, on_timer, e);
    arena_release(&arena);
}

void
outbox_added(struct engine *e, uint64_t id)
{
    struct arena arena = ARENA_INIT;
    struct store_outbox o;
    if (store_outbox_get(e->store, id, &arena, &o) == SP_OK)
        tell(e, &o, false);
    arena_release(&arena);
    scan(e);
}

void
outbox_account_online(struct engine *e, uint32_t account)
{
    struct arena arena = ARENA_INIT;
    struct store_outbox *list = NULL;
    size_t n = 0;
    if (store_outbox_list(e->store, &arena, &list, &n) != SP_OK)
        n = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].account == account && (list[i].state == SP_OUTBOX_DEFERRED || list[i].state == SP_OUTBOX_COPYING) && !attempt_of(e, list[i].id)) {
            list[i].next_try = 0;
            keep(e, &list[i]);
        }
    arena_release(&arena);
    scan(e);
}

bool
outbox_busy(struct engine *e)
{
    struct arena arena = ARENA_INIT;
    struct store_outbox *list = NULL;
    size_t n = 0;
    bool busy = e->outbox->attempts != NULL;
    if (e->store && store_outbox_list(e->store, &arena, &list, &n) == SP_OK)
        for (size_t i = 0; i < n; i++)
            busy |= is_automatic(&list[i]) && list[i].next_try != INT64_MAX;
    arena_release(&arena);
    return busy;
}

bool
outbox_in_flight(const struct engine *e)
{
    return e->outbox->attempts != NULL;
}

/* ---- requests */

void
handle_list_outbox(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct store_outbox *list = NULL;
    size_t n = 0;
    (void)in;
    enum sp_status st = store_outbox_list(e->store, arena, &list, &n);
    struct wr_outbox_item *items = st ? NULL : arena_array(arena, n, sizeof *items);
    if (!st && !items)
        st = SP_NOMEM;
    for (size_t i = 0; !st && i < n; i++)
        describe(e, &list[i], &items[i], arena);
    if (st)
        request_fail(rq, st, NULL);
    else
        request_reply(rq, WM_TYPE_outbox, &(struct wm_outbox){.items = items, .items_n = (uint32_t)n});
}

void
handle_outbox_retry(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_outbox_retry *m = in->msg;
    struct store_outbox o;
    enum sp_status st = attempt_of(e, m->outbox) ? SP_BUSY : store_outbox_get(e->store, m->outbox, arena, &o);
    if (!st)
        st = store_recipients_again(e->store, m->outbox);
    if (st) {
        request_fail(rq, st, NULL);
        return;
    }
    if (o.state != SP_OUTBOX_COPYING)
        o.state = SP_OUTBOX_WAITING;
    o.next_try = o.not_before = 0;
    keep(e, &o);
    request_done(rq);
    scan(e);
}

/* What went to nobody yet comes back as a draft. When somebody has it already, the rest is given up: the message goes to Sent. */
void
handle_outbox_cancel(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    const struct wm_outbox_cancel *m = in->msg;
    struct store_outbox o;
    struct store_transmission *list = NULL;
    size_t n = 0;
    bool partly = false;
    struct wm_draft_view view = {.draft = {.id = 0}};
    enum sp_status st = attempt_of(e, m->outbox) ? SP_BUSY : store_outbox_get(e->store, m->outbox, arena, &o);
    if (!st)
        st = store_transmissions(e->store, m->outbox, arena, &list, &n);
    for (size_t i = 0; !st && i < n; i++)
        for (size_t k = 0; k < list[i].n; k++)
            partly |= list[i].list[k].state == STORE_RCPT_HAS_IT;
    for (size_t i = 0; !st && partly && i < n; i++)
        st = store_transmission_stage(e->store, list[i].id, 2);
    if (!st && !partly && o.draft && store_draft_get(e->store, o.draft, arena, &view.draft) == SP_NOT_FOUND)
        view.draft = (struct wr_draft){.id = 0};
    if (!st && !partly)
        st = store_outbox_remove(e->store, m->outbox);
    if (st) {
        request_fail(rq, st, NULL);
        return;
    }
    if (partly) {
        o.state = SP_OUTBOX_WAITING;
        o.next_try = o.not_before = 0;
        keep(e, &o);
    } else {
        tell(e, &o, true);
    }
    request_reply(rq, WM_TYPE_draft_view, &view);
    scan(e);
}

/* ---- opening and closing */

void
outbox_opened(struct engine *e)
{
    struct arena arena = ARENA_INIT;
    struct store_outbox *list = NULL;
    size_t n = 0;
    if (store_outbox_list(e->store, &arena, &list, &n) != SP_OK)
        n = 0;
    for (size_t i = 0; i < n; i++)
        if (list[i].state == SP_OUTBOX_SENDING) { /* the engine ended in the middle */
            list[i].state = SP_OUTBOX_UNCERTAIN;
            list[i].next_try = engine_now() + pause_after(list[i].attempts);
            list[i].attempts++; /* that was one: its pause counts from now, see due_time */
            keep(e, &list[i]);
            say_trouble(e, &list[i], &(struct transmit_result){.refused_address = "", .refused_text = ""});
        }
    arena_release(&arena);
    scan(e);
}

void
outbox_closing(struct engine *e)
{
    end_attempts(e->outbox);
    if (e->outbox->timer)
        loop_timer_remove(e->outbox->timer);
    e->outbox->timer = NULL;
}

struct outbox *
outbox_new(struct engine *e)
{
    struct outbox *o = engine_alloc(sizeof *o);
    o->engine = e;
    return o;
}

void
outbox_free(struct outbox *o)
{
    if (!o)
        return;
    end_attempts(o);
    if (o->timer)
        loop_timer_remove(o->timer);
    free(o);
}
