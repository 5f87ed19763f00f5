/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The screen's context: made in main, passed down. Connections, the stack of views, the status line, questions. */
#ifndef UI_APP_H
#define UI_APP_H

#include "base/arena.h"
#include "base/call.h"
#include "base/loop.h"
#include "base/secret.h"
#include "base/status.h"
#include "draw.h"
#include "keymap.h"
#include "options.h"
#include "prompt.h"
#include "sealpost.h"
#include "view.h"

struct place;
struct ticket;
struct question;

/* Copies of what the engine told last; the records are in the arena. */
struct app_accounts {
    struct arena arena;
    struct wr_account *rows;
    uint32_t n;
};
struct app_folders {
    struct arena arena;
    struct wr_folder *rows;
    uint32_t n;
};

/* Long work that goes on. */
struct app_jobs {
    struct arena arena;
    struct wr_job *rows;
    uint32_t n;
};

#define APP_LOG_LINES 200
struct app_log_line {
    int64_t time;
    enum theme_style style;
    char *text; /* owned */
};

/* A change to messages: what would undo it, or what waits for a folder to be chosen. */
struct app_change {
    uint64_t *ids; /* owned */
    size_t n;
    uint32_t add, remove;
};

struct app {
    struct options options;
    struct loop *loop;
    struct loop_io *keys;              /* standard input; NULL while the terminal is lent */
    struct sp_client *client;          /* NULL while the engine is away */
    struct sp_client *gone;            /* to be freed when its handler has returned */
    struct wire_conn *stub;
    struct calls *stub_calls;          /* NULL when the stub is gone */
    struct draw *draw;
    struct keymap keymap;

    struct view *top;
    struct view *dead;                 /* closed views, freed at the end of the turn */
    unsigned last_view;
    struct ticket *tickets;

    struct buf status;
    enum theme_style status_style;
    struct prompt *prompt;             /* NULL: no line is being typed */
    struct history history;
    struct buf find;                   /* the word looked for last */
    struct question *questions;        /* the first one is being asked */
    struct app_accounts accounts;
    struct app_folders folders;
    struct app_jobs jobs;
    struct place *place;               /* owned */
    struct app_log_line log[APP_LOG_LINES]; /* a ring */
    unsigned log_n;

    struct app_change undo, pending;
    struct view *searching;            /* owned; the list of a search whose answer is awaited */
    bool search_here;                  /* what is searched for is looked for in this folder, not everywhere */
    int saving_fd;                     /* what waits for a file name; 0: nothing */
    char *saving_path;                 /* owned */
    uint64_t undo_outbox;              /* the message that `undo` brings back; 0: none */
    int64_t undo_until;                /* when it leaves (seconds since 1970); 0: not known */
    struct loop_timer *undo_timer;     /* the seconds until then are counted on the screen */
    struct loop_timer *reconnect_timer;
    int reconnect_ms;
    int cursor_y, cursor_x;            /* of this picture */
    bool cursor_shown;
    bool dirty, quit, lent, pasting;
    bool unlocking;                    /* a try is on its way */
    bool pinentry;                     /* the terminal is lent to GnuPG */
    struct loop_timer *pinentry_timer; /* it is about to come back */
    char tty[128];                     /* the terminal's device, "" = unknown */
    struct loop_timer *hold;           /* a view is about to open: keys wait for it */
    bool hold_forgets;
    uint32_t held[64];
    size_t held_n;
    bool ready;                        /* accounts and folders are known */
    int exit_code;
};

/* --- life (app.c) */
/* fds: the stub's connection and a greeted engine's socket, both taken. */
enum sp_status app_init(struct app *a, int stub_fd, int engine_fd) SP_MUST_USE;
void app_release(struct app *a);
/* At the end of every turn of the loop: frees what was closed, draws when something changed. */
void app_settle(struct app *a);
void app_key(struct app *a, uint32_t key);
/* A view opens when its answer is there: what is typed ahead is meant for it. Keys wait for at most a moment. When the answer takes
   longer, the view that is there gets them, or (forget: it is not there yet) nobody, so that they are not taken for something else. */
void app_hold_keys(struct app *a, bool forget);
void app_release_keys(struct app *a);
void app_quit(struct app *a, int code);
void app_dirty(struct app *a);

/* --- views (app.c) */
/* v was allocated with calloc and is taken; its ops are set. */
void app_push(struct app *a, struct view *v);
/* Closes the view wherever it is in the stack. Closing the last one quits. */
void app_close(struct app *a, struct view *v);
/* The topmost view of one of these kinds, NULL when there is none. */
struct view *app_find(struct app *a, unsigned kinds);
/* Runs an action in the top view, and those that work everywhere. */
void app_action(struct app *a, enum action action, const char *arg);
/* During draw: the terminal's cursor stands here, because something is typed here; or the attention is here, without a cursor. */
void app_cursor(struct app *a, int y, int x);
void app_point(struct app *a, int y, int x);

/* --- requests (app_request.c) */
typedef void view_reply_fn(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag);
/* Sends a request for a view. fn is called for every answer as long as the view lives; when it is closed first, the request is
   cancelled and fn is not called. v NULL: for the app, never dropped. While the engine is away fn gets SP_UNAVAILABLE at once. */
void app_request(struct app *a, struct view *v, uint16_t type, const void *msg, view_reply_fn *fn, uint64_t tag);
/* The same to the stub (base/messages.h, 0x02xx). */
void app_stub(struct app *a, struct view *v, uint16_t type, const void *msg, view_reply_fn *fn, uint64_t tag);
/* For requests whose result nobody waits for: an error is shown. */
void app_tell(struct app *a, uint16_t type, const void *msg);
/* Drops the pending requests of a view that carry this tag. */
void app_drop(struct app *a, struct view *v, uint64_t tag);
/* Asks the engine to give up the pending requests of a view that carry this tag; their replies still come. */
void app_cancel(struct app *a, struct view *v, uint64_t tag);
void app_tickets_drop(struct app *a, struct view *v);
/* Shows why something failed, in words; nothing for SP_OK, and nothing for what the reconnection tells anyway. */
void app_failed(struct app *a, const struct call_reply *r);

/* --- status line (app_status.c) */
void app_status(struct app *a, enum theme_style style, const char *text);
/* The template's {1} {2} are replaced by the arguments, which are strings. */
void app_say_args(struct app *a, enum theme_style style, const char *template, const char *const *args, size_t n);
#define app_say(a, style, template, ...)                                                                     \
    app_say_args(a, style, template, (const char *const[]){__VA_ARGS__}, sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *))
void app_log(struct app *a, enum theme_style style, const char *text);
/* A line to be typed in the status line; the prompt is taken. One that is open already is cancelled. */
void app_prompt(struct app *a, struct prompt *p);
void app_prompt_end(struct app *a);
/* "Find:"; then the view gets ACTION_FIND_NEXT and looks for a->find. An empty answer means the word that was looked for last. */
void app_prompt_find(struct app *a, struct view *v);

/* --- what everybody looks up (app_state.c) */
void app_ask_accounts(struct app *a);
void app_ask_folders(struct app *a);
void app_ask_jobs(struct app *a);
/* Accounts, folders, and what every view shows. */
void app_refresh_all(struct app *a);
void app_state_event(struct app *a, const struct wire_in *in);
const struct wr_account *app_account(const struct app *a, uint32_t id);
const struct wr_folder *app_folder(const struct app *a, uint64_t id);
/* The account's folder for a purpose, NULL when there is none. */
const struct wr_folder *app_folder_by_role(const struct app *a, uint32_t account, enum sp_folder_role role);
/* The folder that a person means by this name ("work/Archive", "Archive"), in this account first. NULL when there is none. */
const struct wr_folder *app_folder_by_name(const struct app *a, uint32_t account, const char *name);
/* Copies a record without descriptors into the arena. */
enum sp_status app_copy(const struct wire_desc *desc, const void *record, struct arena *arena, void *out) SP_MUST_USE;
/* Copies a final answer of this type (a message without descriptors); its texts live in *arena, whose old content goes. False: it is
   another answer, which was said when it is a failure; out and arena are as they were. */
bool app_take(struct app *a, const struct call_reply *r, uint16_t type, struct arena *arena, void *out) SP_MUST_USE;

/* --- the terminal for others (app_terminal.c) */
/* Leaves curses and stops reading keys until app_terminal_back. */
void app_terminal_lend(struct app *a);
void app_terminal_back(struct app *a);
void app_suspend(struct app *a);
/* Answers the question SP_ASK_PINENTRY with our terminal and lends it until the engine says that GnuPG is done. */
void app_terminal_pinentry(struct app *a, uint64_t question);
/* ^C while another program has the terminal: pinentry's question is given up. */
void app_terminal_interrupt(struct app *a);

/* --- the picture (app_draw.c) */
void app_draw(struct app *a);

/* --- the engine's questions (question.c) */
void question_event(struct app *a, const struct wire_in *in);
void questions_clear(struct app *a);
bool question_open(const struct app *a);
bool question_key(struct app *a, uint32_t key);
void question_draw(struct app *a, struct rect area);
/* Also asked by ui itself when a request says LOCKED. */
void question_unlock(struct app *a);

#endif
