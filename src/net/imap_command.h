/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside imap*.c: sending commands and waiting for their end. */
#ifndef SP_NET_IMAP_COMMAND_H
#define SP_NET_IMAP_COMMAND_H

#include "imap.h"

#define IMAP_TOTAL_MS 600000
#define IMAP_LONG_MS 7200000
#define MAX_CHANGES 4000000 /* lines of the answer about what changed in a folder */

/* A command that the filter alone reads: sends it (without tag and CRLF) and waits for its tagged end. */
enum sp_status imap_raw(struct imap *im, const struct filter_limits *limits, const char *fmt, ...) __attribute__((format(printf, 3, 4))) SP_MUST_USE;
/* The same in steps: begin sends the command; continued waits for "+" (SP_OK) or an early end (its status); end waits for the tagged line. */
enum sp_status imap_raw_begin(struct imap *im, int64_t total_ms, const struct filter_limits *limits, const char *command) SP_MUST_USE;
enum sp_status imap_raw_continued(struct imap *im) SP_MUST_USE;
enum sp_status imap_raw_end(struct imap *im) SP_MUST_USE;
/* Sends a command whose end nobody waits for: what it brings is noted while the next commands wait for theirs. */
enum sp_status imap_ahead(struct imap *im, const char *command) SP_MUST_USE;
/* A command whose untagged lines libetpan parses. */
enum sp_status imap_parsed(struct imap *im, int64_t total_ms, const struct filter_limits *limits, const char *command) SP_MUST_USE;
/* Before a command whose answer may be large: compresses the connection where it was allowed and is offered (RFC 4978). Not at once after
   the login, where it would cost the first screen a round trip. */
enum sp_status imap_prepare_bulk(struct imap *im) SP_MUST_USE;
/* The same; FETCH responses with UID and flags go to fn. */
enum sp_status imap_parsed_flags(struct imap *im, const struct filter_limits *limits, const char *command, imap_flags_fn *fn, void *arg) SP_MUST_USE;
/* Tells the UIDs that vanished, if any. */
void imap_tell_vanished(struct imap *im, imap_vanished_fn *fn, void *arg);
/* Ends the session after a failure. Returns why. */
enum sp_status imap_drop(struct imap *im, enum sp_status why);
/* Appends a quoted string. SP_INVALID for CR, LF and NUL-free violations of it. */
enum sp_status imap_quote(struct buf *out, const char *text) SP_MUST_USE;
/* Appends "(\Seen $Junk)". */
void imap_add_flags(struct buf *out, uint32_t flags);
/* A flag-keyword is an atom (RFC 9051 section 9), so nothing of a command can hide in it (S54); a backslash begins system flags. */
bool imap_keyword_valid(const char *word);
/* Appends the UIDs that SEARCH finds, packed and ascending. */
enum sp_status imap_search_plain(struct imap *im, const char *criteria, struct buf *out) SP_MUST_USE;
extern const char imap_months[37]; /* "JanFeb..." */
/* The bit of a flag or keyword name, 0 when it is another. */
uint32_t imap_flag_bit(const char *name);
/* Whether the server told of a capability (upper case). */
bool imap_has(const struct imap *im, const char *word);
/* Tells the alerts that came. */
void imap_tell_alerts(struct imap *im);

#endif
