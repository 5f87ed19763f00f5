/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What compose.c, compose_send.c and compose_draw.c share: one draft on the screen. */
#ifndef UI_COMPOSE_H
#define UI_COMPOSE_H

#include "pager.h"
#include "views.h"

/* The lines of the form, which are also the cursor's first places. */
enum compose_field { FIELD_FROM, FIELD_TO, FIELD_CC, FIELD_BCC, FIELD_SUBJECT, FIELD_SECURITY, FIELD_COUNT };

struct compose {
    struct view view;
    struct wr_draft draft;     /* its texts are the buffers below; its attachments are in `arena` */
    struct buf texts[FIELD_SECURITY]; /* From, To, Cc, Bcc, Subject */
    struct buf body, reply_to, in_reply_to, references;
    struct arena arena;        /* of the attachments */
    struct arena plan_arena;
    struct wm_send_plan plan;  /* what would happen now */
    bool planned, planning;
    int64_t not_before;        /* "send" means at that time; 0: now */
    bool send_when_planned;    /* "send" was pressed while the plan was on its way */
    struct list list;          /* fields, attachments, text */
    struct pager pager;        /* the text */
    struct loop_timer *timer;  /* until the draft is saved */
    bool unsaved, sending;
    bool foreign;              /* another screen has changed or ended it: what is written here becomes a draft of its own */
    bool fresh;                /* just begun, and nothing was typed yet: leaving it leaves nothing behind */
    uint64_t remembered;       /* the draft's number that the engine was told to bring back */
    struct buf attach_name;    /* waits for the draft's number */
    int attach_fd;
};

/* After every change: the plan is asked for anew, and saving is due. */
void compose_changed(struct app *a, struct compose *x);
/* The record to send; borrows everything. */
const struct wr_draft *compose_record(struct compose *x);
/* When another screen has the draft: what is written here is a new one from now on. False: it had attachments, which stayed there;
   that was said. */
bool compose_leave_foreign(struct app *a, struct compose *x);
void compose_save(struct app *a, struct compose *x, view_reply_fn *fn, uint64_t tag);
/* The attachments of an answer of the engine replace ours. */
void compose_take_attachments(struct compose *x, const struct wr_draft *draft);
/* not_before: 0 = now, else a time (seconds since 1970). */
void compose_send(struct app *a, struct compose *x, int64_t not_before);
/* Asks when, then sends. arg: the time as typed on the command line, or NULL. */
void compose_send_later(struct app *a, struct compose *x, const char *arg);
/* Explains the plan. */
void compose_details(struct app *a, struct compose *x);
/* The engine remembers which draft is being written (0: none), so that the next screen goes on with it. */
void compose_remember(struct app *a, struct compose *x, uint64_t draft);
void compose_draw(struct app *a, struct view *v, struct rect area);
/* How many places the cursor has. */
int compose_places(const struct compose *x);

#endif
