/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every state, reason, warning and status in plain words. The words are in the tables of words.def; here they are chosen and filled.
   Nothing here judges: it says what the verdict says. */
#ifndef UI_WORDS_H
#define UI_WORDS_H

#include "base/buf.h"
#include "base/messages.h"
#include "theme.h"

/* One axis of the security bar. */
struct words_axis {
    enum theme_symbol symbol;
    enum theme_style style;
    const char *label;  /* "Signature"; translated, static */
    struct buf text;    /* one sentence; may hold text of the message: draw.c makes it safe */
};
enum words_axis_kind { AXIS_SIGNATURE, AXIS_ENCRYPTION, AXIS_SENDER, AXIS_DANGER, AXIS_COUNT };
/* Fills the axis; release `text`. */
void words_axis(const struct wr_verdict *v, enum words_axis_kind kind, struct words_axis *out);
/* What the whole message is: "signed and encrypted". Static. */
const char *words_summary(const struct wr_verdict *v, enum theme_style *style);
/* A paragraph for people who never heard the word. Static. */
const char *words_explain(const struct wr_verdict *v, enum words_axis_kind kind);

/* The sentence of a state; NULL beyond the table. Static, translated. */
const char *words_signature_state(unsigned state);
const char *words_encryption_state(unsigned state);
const char *words_sender_state(unsigned state);
const char *words_trust(unsigned trust);
const char *words_integrity(unsigned integrity);
const char *words_revocation(unsigned revocation);
/* A reason's or warning's sentence (with {1}...); NULL for an id that the tables do not know. */
const char *words_reason(const char *id);
const char *words_warning_known(const char *id);
/* The sentence of a warning, filled; an unknown id falls back to the engine's English text. */
void words_warning(const struct wr_warning *w, struct buf *out);
/* What a framed stretch of the text is. */
void words_region(const struct wr_region *r, enum theme_style *style, struct buf *out);
/* The symbols of the index. */
void words_row_seal(unsigned signature, enum theme_symbol *s, enum theme_style *style);
void words_level(unsigned level, enum theme_symbol *s, enum theme_style *style);
/* A short word: "caution". Static. */
const char *words_level_name(unsigned level);

/* Why something failed, one sentence. Static. */
const char *words_status(enum sp_status status);
/* The sentence of a status and, when there is one, the server's text, marked as such (S44). */
void words_failure(enum sp_status status, const char *server_text, struct buf *out);
/* Unknown kinds say so. */
void words_notice(unsigned kind, const char *const *args, size_t n, struct buf *out);
const char *words_account_state(unsigned state);
/* A word for a list, at most 16 columns. */
const char *words_outbox_state(unsigned state);
/* The sentence, with {1} for the time of the next try; later: that time has not come. */
const char *words_outbox_explain(unsigned state, bool later);
/* What long work does, with {1} for what it does it to; and how it ended. */
const char *words_job(unsigned kind);
const char *words_job_state(unsigned state);
/* "Fetching headers: Inbox, 12,400 of 100,000" */
void words_job_line(const struct wr_job *job, struct buf *out);
/* "12,400": groups of three. */
void words_count(uint64_t n, struct buf *out);
const char *words_role(unsigned role);
const char *words_protocol(unsigned protocol);

/* Appends the template with {1} ... {9} replaced by the arguments. */
void words_fill(struct buf *out, const char *template, const char *const *args, size_t n);
/* "12 KB". */
void words_size(uint64_t bytes, struct buf *out);
/* Local time as 2026-03-12 14:05; "" for 0. */
void words_time(int64_t t, struct buf *out);
/* For the list: the time of today's messages, else the date; always 10 columns. now in seconds. */
void words_day(int64_t t, int64_t now, struct buf *out);
/* Groups of four, for comparing by eye. */
void words_fingerprint(const char *hex, struct buf *out);
/* Columns. */
int words_width(const char *text);

#endif
