/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside journal*.c: one account's replay. A group of like changes is one command. */
#ifndef SP_ENGINE_REPLAY_H
#define SP_ENGINE_REPLAY_H

#include "accounts.h"
#include "arrivals.h"
#include "engine.h"
#include "hidden.h"
#include "journal.h"

struct replay {
    struct replay *next;
    struct account *account;
    struct arena arena;          /* of the group */
    struct store_change *group;  /* in it; like each other, every uid is known */
    size_t n;
    uint64_t after;              /* changes up to this one wait: for the uid that another one brings, or for the next pass */
    uint64_t *blocked;           /* the rows that these are about: what follows for them waits too. Owned */
    size_t blocked_n;
    size_t single;               /* so many changes go one by one: together they were refused */
    struct session_op *op;
    struct loop_timer *timer;
    journal_fn *fn;
    void *arg;
    bool again;                  /* changes came while it ran */
    bool cancelled;              /* the person takes back what was not tried yet */
    bool told;                   /* of a refusal */

    /* finding out what a try has left */
    struct arrivals arrivals;    /* in the target, since the try */
    uint32_t *present;           /* still in the source; owned */
    size_t present_n;
};

struct journal {
    struct hidden_set *hidden;
    struct replay *replays;
};

/* Goes on with the next group, from the loop. */
void replay_next(struct replay *r);
/* The group is done: out of the journal. */
void replay_group_done(struct replay *r);
/* The server does not do the group: put back and told, or tried one by one first. */
void replay_refused(struct replay *r, enum sp_status st, const char *text);
/* This try came to nothing: a refusal, a failure that stops the replay, or one that lets this change wait. True when st was one. */
bool replay_failed(struct replay *r, enum sp_status st, const char *text);
/* One request on the sync connection, before whatever waits there. */
void replay_run(struct replay *r, uint64_t folder, uint16_t type, const void *msg, call_fn *fn);
/* The group's uids as a set, in the arena. */
const char *replay_uid_set(struct replay *r);
/* Instead of this change those others (n may be 0), which the other account's replay takes up when they are for it. */
enum sp_status replay_replace(struct replay *r, const struct store_change *c, struct store_change *list, size_t n) SP_MUST_USE;

/* journal_land.c: MOVE, COPY, APPEND, TAKE */
void replay_land(struct replay *r);
/* journal_back.c: shows here what waits. */
void replay_redo(struct engine *e, const struct store_change *c);
/* journal_back.c: undoes here what the server does not do. */
void replay_put_back(struct engine *e, const struct store_change *c);

#endif
