/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of input in the status line: a text, a secret, or one key of several. Never blocks: the answer comes to a function. */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/secret.h"
#include "draw.h"
#include "line.h"

struct app;
struct pager;
struct view;
struct prompt;

enum prompt_kind { PROMPT_TEXT, PROMPT_SECRET, PROMPT_KEY };
enum prompt_history { HISTORY_NONE, HISTORY_COMMAND, HISTORY_FIND, HISTORY_FILE, HISTORY_FOLDER, HISTORY_SEARCH, HISTORY_KEYWORD, HISTORY_COUNT };
#define HISTORY_LINES 20

struct history {
    char *lines[HISTORY_COUNT][HISTORY_LINES]; /* owned; the newest first */
};
void history_release(struct history *h);
void history_add(struct history *h, enum prompt_history which, const char *text);

/* text: what was typed, NULL when it was cancelled; for PROMPT_KEY the key's letter as given in `choices`. v: the view that asked,
   NULL when the app did; not called any more once that view is closed. */
typedef void prompt_fn(struct app *a, struct view *v, const char *text, uint64_t tag);
/* The secret is borrowed; NULL when cancelled. */
typedef void prompt_secret_fn(struct app *a, struct view *v, const struct secret *secret, uint64_t tag);
/* Puts the nth text that begins with `typed` into out; false when there are no more. */
typedef bool prompt_complete_fn(struct app *a, const char *typed, size_t nth, struct buf *out);

/* Explains what can be typed. */
typedef void prompt_help_fn(struct app *a, struct pager *out);
/* ^T: what is typed means something else now; says what the new label is. */
typedef void prompt_toggle_fn(struct app *a, struct view *v, struct buf *label);

struct prompt {
    enum prompt_kind kind;
    char *label;                  /* owned */
    struct line line;
    struct secret secret;
    const char *choices;          /* PROMPT_KEY: letters, static */
    enum prompt_history history;
    int history_at;               /* -1: the line itself */
    prompt_complete_fn *complete; /* may be NULL */
    prompt_help_fn *help;         /* may be NULL; ? before a word shows it */
    struct pager *explained;      /* owned; NULL: not shown */
    prompt_toggle_fn *toggle;     /* may be NULL */
    const char *toggle_hint;      /* static */
    struct buf note;              /* what is wrong with the text, above the line; goes at the next key */
    size_t wrong_at, wrong_len;   /* bytes of the text that are marked meanwhile */
    struct buf complete_base;
    size_t complete_nth;
    bool completing;
    struct view *view;            /* may be NULL */
    prompt_fn *fn;
    prompt_secret_fn *secret_fn;
    uint64_t tag;
};

/* label is copied; text is what stands there at first. NULL when memory ran out. Free with prompt_free. */
struct prompt *prompt_text(struct view *v, const char *label, const char *text, prompt_fn *fn, uint64_t tag);
struct prompt *prompt_secret(struct view *v, const char *label, prompt_secret_fn *fn, uint64_t tag);
/* choices: letters that are answers, such as "yn"; any other key cancels. */
struct prompt *prompt_keys(struct view *v, const char *label, const char *choices, prompt_fn *fn, uint64_t tag);
void prompt_free(struct prompt *p);

/* Says above the line what is wrong with it, marks these bytes and puts the cursor behind them. */
void prompt_complain(struct prompt *p, const char *note, size_t at, size_t len);

enum prompt_result { PROMPT_OPEN, PROMPT_DONE, PROMPT_CANCELLED };
/* One key. The caller calls the function and frees when it is over. */
enum prompt_result prompt_key(struct prompt *p, struct app *a, struct history *h, uint32_t key);
/* Draws it and says where the cursor stands. */
void prompt_draw(const struct prompt *p, struct draw *d, struct rect r, int *cursor_x);

#endif
