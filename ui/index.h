/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What index.c and index_draw.c share. */
#ifndef UI_INDEX_H
#define UI_INDEX_H

#include "index_rows.h"
#include "pager.h"
#include "views.h"

/* A row under the cursor, and the line of the screen that it stands on; -1: the list's top is seen. id 0: none. */
struct index_spot {
    int64_t sort;
    uint64_t id;
    int line;
};

struct index {
    struct view view;
    uint64_t folder;             /* 0: none yet */
    struct index_rows window;
    struct list list;
    bool loaded;                 /* the first page has come */
    bool older, newer, replacing; /* requests on their way */
    bool again;                  /* changed once more while replacing */
    bool to_start, to_end;       /* where the cursor goes when the page is there */
    bool no_sidebar, composed;
    bool placed;                 /* what lay above it was told to come again */
    struct index_spot spot;      /* where the list begins that is not loaded yet; then what its screen waits for */
    struct search *search;       /* what it found; NULL: it is a folder's list */
    bool provisional;            /* nobody chose this folder: it gives way to the inbox of an account */
};

void index_draw(struct app *a, struct view *v, struct rect area);
void index_on_page(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag);
/* The operations that a folder's list and a search's have in common. */
bool index_action(struct app *a, struct view *v, enum action action, const char *arg);
void index_event(struct app *a, struct view *v, const struct wire_in *in);
void index_refresh(struct app *a, struct view *v);
void index_free(struct app *a, struct view *v);
/* Shows another folder, from its top. */
void index_show(struct app *a, struct index *x, uint64_t folder);
/* The same, with the cursor where it was. spot NULL: from its top. */
void index_show_at(struct app *a, struct index *x, uint64_t folder, const struct index_spot *spot);
void index_spot_now(const struct index *x, struct index_spot *out);
/* The folder of a row: its own, where the list shows several. NULL when it is not known. */
const struct wr_folder *index_folder_of(const struct app *a, const struct index *x, const struct wr_index_row *row);
/* The list's rows come from several folders. */
bool index_is_mixed(const struct app *a, const struct index *x);

/* --- search.c */
struct search {
    char *query;                 /* owned */
    uint64_t scope;              /* a folder; 0: everywhere */
    bool asking;                 /* the servers */
};
/* Asks for a query and shows what it finds. text: what stands there at first. */
void search_prompt(struct app *a, struct view *v, const char *text);
/* Asks for a query for something else: with help, completion and history. */
struct prompt *search_prompt_new(struct view *v, const char *label, const char *text, prompt_fn *fn, uint64_t tag);
/* Shows what it finds, with the cursor where it was, once more than the list below is there (place.c). */
void search_again(struct app *a, const char *query, uint64_t scope, const struct index_spot *spot);
/* A query was refused: the prompt comes again with what is wrong. False: it was another failure. */
bool search_refused(struct app *a, const struct call_reply *r, struct prompt *again);
void search_free(struct search *s);

/* --- search_words.c: the language in words */
bool search_complete(struct app *a, const char *typed, size_t nth, struct buf *out);
void search_explain(struct app *a, struct pager *out);
/* The sentence of an error of searchwords.h: {1} the word, {2} the nearest one that is known. Static. */
const char *search_error_words(const char *id, bool suggestion);

#endif
