/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A view: a table of operations and a state. Views lie on a stack in the app; the top one has the screen and the keys. */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include "base/buf.h"
#include "draw.h"
#include "keymap.h"
#include "sealpost.h"

struct app;
struct view;

struct view_ops {
    const char *name;          /* for gettext: the title in the help */
    enum view_kind kind;
    /* Draws into the area; never outside. May put the cursor (app_cursor). */
    void (*draw)(struct app *a, struct view *v, struct rect area);
    /* arg: what was typed behind the action's name on the command line, else NULL. False: not for this view. */
    bool (*action)(struct app *a, struct view *v, enum action action, const char *arg);
    /* Before the key map; true when the key was used. May be NULL. */
    bool (*key)(struct app *a, struct view *v, uint32_t key);
    /* Every view hears every event of the engine. May be NULL. */
    void (*event)(struct app *a, struct view *v, const struct wire_in *in);
    /* The engine is there (again): ask for everything. May be NULL. What is shown meanwhile stays. */
    void (*refresh)(struct app *a, struct view *v);
    /* Words for the title line; right may stay empty. */
    void (*title)(struct app *a, struct view *v, struct buf *left, struct buf *right);
    void (*free)(struct app *a, struct view *v);
};

/* Every view's state begins with this. */
struct view {
    const struct view_ops *ops;
    struct view *below;
    unsigned number; /* never used twice: replies name the view that asked */
    bool closed;     /* to be freed when the handler that closed it has returned */
};

/* The position in a list of lines. */
struct list {
    int cursor, top, height;
};

#endif
