/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The password of an account. Several sessions may want it at once: they wait for one answer. */
#include "credentials.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "accounts.h"
#include "base/log.h"
#include "pipe.h"
#include "questions.h"

#define COMMAND_MS 120000
#define ANSWER_MS 30000

struct credentials_waiter {
    struct credentials_waiter *next;
    struct credentials *owner;
    credentials_fn *fn;
    void *arg;
    struct loop_timer *timer; /* when the password is known already */
};

static void begin(struct credentials *c);

static char *
secret_name(const struct credentials *c, struct buf *b)
{
    buf_addf(b, "password:%s", c->account->config->name);
    return b->data;
}

static void
end_all(struct credentials *c, enum sp_status st)
{
    /* A waiter may come back at once: only those of now are told. */
    struct credentials_waiter *list = c->waiters;
    c->waiters = NULL;
    while (list) {
        struct credentials_waiter *w = list;
        list = w->next;
        if (w->timer)
            loop_timer_remove(w->timer);
        w->fn(st, &c->password, w->arg);
        free(w);
    }
}

static void
got(struct credentials *c, struct secret *secret, bool from_command)
{
    while (secret->len && (secret->data[secret->len - 1] == '\n' || secret->data[secret->len - 1] == '\r'))
        secret->data[--secret->len] = 0;
    secret_release(&c->password);
    c->password = *secret;
    secret_init(secret);
    c->known = true;
    c->from_command = from_command;
    if (c->remember && !from_command) {
        struct buf name = BUF_INIT;
        enum sp_status st = store_secret_put(c->account->engine->store, secret_name(c, &name), &c->password);
        if (st)
            log_line("a password is not remembered: %s", sp_status_name(st));
        buf_release(&name);
    }
    end_all(c, SP_OK);
}

static void
on_typed(enum sp_status st, struct secret *secret, void *arg)
{
    struct credentials *c = arg;
    c->reader = NULL;
    if (st)
        end_all(c, st);
    else
        got(c, secret, false);
}

static void
on_answer(struct answer *a, void *arg)
{
    struct credentials *c = arg;
    c->question = 0;
    /* choice 1 = remember; a secret with any choice is an answer */
    if (a->secret <= 0) {
        end_all(c, SP_CANCELLED);
        return;
    }
    c->remember = a->choice == 1;
    c->reader = pipe_read_secret(c->account->engine, engine_dup(a->secret), ANSWER_MS, on_typed, c);
}

static void
ask(struct credentials *c)
{
    struct account *a = c->account;
    const char *args[] = {a->config->name, a->config->imap.user, a->config->imap.host, c->words};
    account_set_state(a, SP_ACCOUNT_ASKING, SP_OK, NULL);
    c->question = question_post(a->engine, SP_ASK_ACCOUNT_PASSWORD, a->id, 0, args, 4, on_answer, c);
}

static void
on_printed(enum sp_status st, struct secret *secret, void *arg)
{
    struct credentials *c = arg;
    c->reader = NULL;
    c->running = false;
    if (!st && secret->len == 0)
        st = SP_AUTH_FAILED;
    if (st)
        end_all(c, st);
    else
        got(c, secret, true);
}

/* The control connection outlives the account's: so the reply finds the account by its name. */
struct command {
    struct engine *engine;
    char *name;
};

static void
on_command(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct command *command = arg;
    struct account *a = command->engine->accounts ? command->engine->accounts->first : NULL;
    (void)arena;
    while (a && strcmp(a->config->name, command->name) != 0)
        a = a->next;
    free(command->name);
    free(command);
    if (!a || !a->credentials.running || a->credentials.reader)
        return;
    struct credentials *c = &a->credentials;
    int fd = !r->status && r->in->type == WM_TYPE_command_output ? wire_take_fd(&((struct wm_command_output *)r->in->msg)->pipe) : -1;
    if (fd > 0) {
        c->reader = pipe_read_secret(a->engine, fd, COMMAND_MS, on_printed, c);
        return;
    }
    c->running = false;
    end_all(c, r->status ? r->status : SP_IO);
}

static void
begin(struct credentials *c)
{
    struct engine *e = c->account->engine;
    struct buf name = BUF_INIT;
    struct secret stored = SECRET_INIT;

    if (c->question || c->reader || c->running)
        return;
    if (!c->refused && store_secret_get(e->store, secret_name(c, &name), &stored) == SP_OK) {
        c->remember = false;
        got(c, &stored, false);
    } else if (c->account->config->password_command && c->refused) {
        end_all(c, SP_AUTH_FAILED);
    } else if (c->account->config->password_command) {
        struct command *command = engine_alloc(sizeof *command);
        *command = (struct command){.engine = e, .name = engine_strdup(c->account->config->name)};
        c->running = true;
        (void)call_start(e->control, WM_TYPE_run_password_command, &(struct wm_run_password_command){.account = c->account->config->name}, -1,
                         on_command, command);
    } else {
        ask(c);
    }
    buf_release(&name);
    secret_release(&stored);
}

static void
on_turn(struct loop *l, void *arg)
{
    struct credentials_waiter *w = arg;
    struct credentials *c = w->owner;
    (void)l;
    w->timer = NULL;
    if (c->known)
        end_all(c, SP_OK);
    else
        begin(c);
}

void
credentials_get(struct credentials *c, credentials_fn *fn, void *arg)
{
    struct credentials_waiter *w = engine_alloc(sizeof *w);
    *w = (struct credentials_waiter){.next = c->waiters, .owner = c, .fn = fn, .arg = arg};
    c->waiters = w;
    w->timer = loop_timer_add(c->account->engine->loop, 0, on_turn, w);
    if (!w->timer)
        abort();
}

void
credentials_drop(struct credentials *c, void *arg)
{
    for (struct credentials_waiter **at = &c->waiters; *at;) {
        struct credentials_waiter *w = *at;
        if (w->arg != arg) {
            at = &w->next;
            continue;
        }
        *at = w->next;
        if (w->timer)
            loop_timer_remove(w->timer);
        free(w);
    }
    if (!c->waiters && c->question) {
        question_withdraw(c->account->engine, c->question);
        c->question = 0;
    }
}

void
credentials_refused(struct credentials *c, const char *words)
{
    secret_release(&c->password);
    c->known = false;
    c->refused = true;
    engine_set_text(&c->words, words);
}

void
credentials_init(struct credentials *c, struct account *a)
{
    *c = (struct credentials){.account = a, .words = engine_strdup("")};
}

void
credentials_release(struct credentials *c)
{
    question_withdraw(c->account->engine, c->question);
    pipe_drop(c->reader);
    while (c->waiters) {
        struct credentials_waiter *next = c->waiters->next;
        if (c->waiters->timer)
            loop_timer_remove(c->waiters->timer);
        free(c->waiters);
        c->waiters = next;
    }
    secret_release(&c->password);
    free(c->words);
}
