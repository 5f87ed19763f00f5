/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How each view is opened. All push themselves on the stack; all copy what they are given unless said otherwise. */
#ifndef UI_VIEWS_H
#define UI_VIEWS_H

#include "app.h"

/* The list of messages, at the bottom of the stack. */
void view_index_open(struct app *a);
/* Folders are known now: shows the one wanted, the last one or the inbox. */
void view_index_start(struct app *a);
void view_index_folder(struct app *a, uint64_t folder);
/* The list of folders is another one: perhaps the inbox that was waited for is there. */
void view_index_folders_changed(struct app *a);
/* Moves the list's cursor by step (or to the next unread message) and returns the message there, 0 at the end. */
uint64_t view_index_step(struct app *a, int step, bool unread);
/* The row of a message that the list has loaded, NULL otherwise. Borrowed until the next turn. */
const struct wr_index_row *view_index_row(struct app *a, uint64_t message);
/* The position of the cursor and the size of the folder, for the reader's title; 0 when not known. */
void view_index_position(struct app *a, uint32_t *position, uint32_t *total);

/* True for the folder of a search that is on the screen: such ones are in no list. */
bool view_search_shows(struct app *a, uint64_t folder);
/* The keywords of the messages that are loaded, each once, separated by blanks. */
void view_index_keywords(struct app *a, struct buf *out);
/* What was just asked of the engine is shown at once. */
void view_index_patch(struct app *a, const uint64_t *ids, size_t n, uint32_t add, uint32_t remove);
void view_index_keyword(struct app *a, const uint64_t *ids, size_t n, const char *word, bool on);
void view_index_moved(struct app *a, const uint64_t *ids, size_t n);

/* Folders. With fn: choose one for it; without: open it in the list. The prompt names what it is for ("" = none). */
typedef void folder_picked_fn(struct app *a, const struct wr_folder *folder, void *arg);
void view_folders_open(struct app *a, const char *what, uint32_t account, folder_picked_fn *fn, void *arg);
/* By name when one is given, else from the list of folders: shown in the list of messages. */
void index_choose_folder(struct app *a, const char *name);
/* "Archive · work": with the account when there are several. */
void folder_label(const struct app *a, const struct wr_folder *f, struct buf *out);
/* The sidebar of the list. */
void folders_draw_sidebar(struct app *a, struct rect area, uint64_t current);

/* True for the actions that messages_action does: they need a message. */
bool messages_knows(enum action action);
/* Changes to messages, from list and reader alike (messages.c). flags and account are those of the one under the cursor; arg as for
   view_ops.action. False: no action on messages. */
bool messages_action(struct app *a, enum action action, const uint64_t *ids, size_t n, uint32_t flags, uint32_t account, const char *arg);
/* The last change of flags is taken back; false when there is none. */
bool messages_undo(struct app *a);

/* then: ACTION_OPEN, or what is done at once when the message is there (ACTION_DETAILS, ACTION_PARTS). */
void view_message_open(struct app *a, uint64_t message, enum action then);
/* The same as ACTION_OPEN, scrolled down to this row. */
void view_message_open_at(struct app *a, uint64_t message, uint64_t top);
/* The message that is open, if one is, and how far it is scrolled. */
bool view_message_place(struct app *a, uint64_t *message, uint64_t *top);
/* A part that was opened separately, with a frame of its own (S29). */
void view_message_part_open(struct app *a, uint64_t message, const char *path);
void view_details_open(struct app *a, const struct wr_verdict *verdict);
void view_parts_open(struct app *a, uint64_t message, const struct wr_verdict *verdict);
/* Text in a pager; the text is taken from the buffer. title is copied. */
void view_text_open(struct app *a, const char *title, struct buf *text);
/* The source of a message or the decoded text of a part, asked from the engine. path "" = the whole source. */
void view_source_open(struct app *a, uint64_t message, const char *path, const char *title);
void view_links_open(struct app *a, const struct wr_verdict *verdict);

/* Starts a draft: asks the engine and opens it when it is there. mailto may be NULL. */
void compose_start(struct app *a, enum sp_draft_kind kind, uint64_t message, const char *mailto);
/* Opens the draft again that was being written when the last screen ended. */
void compose_resume(struct app *a);
/* Brings the message back that is about to be sent; false when there is none. */
bool compose_undo(struct app *a);
/* fresh: it was just begun; without a change it leaves no draft behind. */
void view_compose_open(struct app *a, const struct wr_draft *draft, bool fresh);
/* The built-in editor. fn gets the new text, NULL when the changes were forgotten; `owner` as for requests. */
typedef void editor_fn(struct app *a, struct view *owner, const char *text);
/* The screen ends: what was typed so far goes to fn. */
void editor_flush(struct app *a, struct view *v);
void view_editor_open(struct app *a, struct view *owner, const char *title, const char *text, editor_fn *fn);

void view_keys_open(struct app *a);
void view_outbox_open(struct app *a);
void view_drafts_open(struct app *a);
void view_accounts_open(struct app *a);
void view_help_open(struct app *a, const struct view *about);

/* Saving (save.c): asks for a file name, asks before overwriting; the content is taken. */
void save_content(struct app *a, const char *name, int content_fd);

#endif
