/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One IMAP session (RFC 3501, 9051) of one worker thread. libetpan parses the greeting, LIST and FETCH; the input filter reads everything else.
   Every function blocks until its command is done, failed, timed out or was cancelled. After a failure other than SP_SERVER_NO,
   SP_SERVER_TEMPORARY, SP_SERVER_LIMIT, SP_NOT_FOUND, SP_INVALID, SP_UNSUPPORTED and SP_AUTH_FAILED the session is dropped (imap_is_open tells).
   Folder names are the server's raw ones (modified UTF-7) unless said otherwise; texts are the server's words (S44). */
#ifndef SP_NET_IMAP_H
#define SP_NET_IMAP_H

#include <libetpan/libetpan.h>

#include "base/messages.h"
#include "base/secret.h"
#include "stream.h"

/* What all sessions of the process share. */
struct net_env {
    const struct tls_anchors *anchors;
    int resolver_fd;
};

typedef void imap_alert_fn(void *arg, const char *text);

struct imap {
    struct stream stream;
    struct mailimap *session;  /* NULL = not connected */
    mailstream *mailstream;
    bool secure, authenticated, selected;
    bool prefixed;             /* the filter knows the namespace */
    bool compress;             /* allowed, and not tried yet */
    bool modseq;               /* the selected folder has mod-sequences */
    uint32_t capabilities;     /* enum sp_imap_capability */
    struct buf capability_text;
    struct buf text;           /* the server's words to the last command, "" when none */
    int64_t timeout_ms;        /* longest silence */
    imap_alert_fn *on_alert;
    void *arg;
};

void imap_init(struct imap *im, struct stream_watch *watch, imap_alert_fn *on_alert, void *arg);
/* Closes without a word to the server. */
void imap_release(struct imap *im);
bool imap_is_open(const struct imap *im);
/* Connects, sets up TLS as the record says, authenticates. server's strings are borrowed until the session ends. Beyond the transport's
   statuses: SP_STARTTLS_MISSING, SP_STARTTLS_INJECTED, SP_PREAUTH_REFUSED, SP_AUTH_FAILED, SP_AUTH_UNSUPPORTED, SP_REFERRAL_REFUSED. */
enum sp_status imap_connect(struct imap *im, const struct net_env *env, const struct wr_server *server, const struct secret *password) SP_MUST_USE;
/* Whether the transport is what failed, so that im->stream.facts tell of the server's certificate. */
bool imap_tls_refused(enum sp_status st);

/* Everything in *out is in the arena. */
enum sp_status imap_list(struct imap *im, struct arena *arena, struct wm_imap_folders *out) SP_MUST_USE;
/* Of a folder that need not be selected; told 0 when the server's answer cannot be read. */
enum sp_status imap_status(struct imap *im, const char *raw, struct wr_imap_state *out) SP_MUST_USE;
/* The name may be UTF-8 here: it is encoded when it is not ASCII. It lands in the personal namespace, also when it does not say so. */
enum sp_status imap_create(struct imap *im, const char *raw) SP_MUST_USE;
/* What is told of messages; each is called per batch, what it is given is borrowed during the call. A status other than SP_OK ends the
   command and the session. */
typedef enum sp_status imap_flags_fn(void *arg, const struct wr_imap_flags *messages, uint32_t n);
typedef void imap_vanished_fn(void *arg, const char *uid_set);
typedef void imap_changed_fn(void *arg, const struct wm_imap_changed *change);
/* With QRESYNC and a known state the server tells what changed since: to flags and vanished, before out->resynced says that this was all. */
enum sp_status imap_select(struct imap *im, const struct wm_imap_select *m, imap_flags_fn *flags, imap_vanished_fn *vanished, void *arg,
                           struct wm_imap_selected *out) SP_MUST_USE;
/* Packed ascending uint32_t, appended to out. */
enum sp_status imap_uids(struct imap *im, struct buf *out) SP_MUST_USE;
/* Terms in prefix order: AND and OR take two, NOT one. SP_INVALID for what makes no sense, SP_TOO_LARGE, SP_UTF8; SP_UNSUPPORTED when the
   server cannot search for such text. */
enum sp_status imap_search(struct imap *im, const struct wr_search_term *terms, uint32_t n, struct buf *out) SP_MUST_USE;
/* UIDs of messages with this Message-ID (with or without its angle brackets). */
enum sp_status imap_search_id(struct imap *im, const char *message_id, struct buf *out) SP_MUST_USE;

typedef enum sp_status imap_headers_fn(void *arg, const struct wr_imap_message *messages, uint32_t n);
/* Of the last messages of the folder, at most count: for the first screen, which knows no UIDs yet. */
enum sp_status imap_fetch_newest(struct imap *im, uint32_t count, imap_headers_fn *fn, void *arg) SP_MUST_USE;
enum sp_status imap_fetch_headers(struct imap *im, const char *uid_set, imap_headers_fn *fn, void *arg) SP_MUST_USE;
/* since: only what changed after that mod-sequence (RFC 7162 section 3.1.4.1), where the folder has them; 0 = all. With QRESYNC also what
   vanished since. */
enum sp_status imap_fetch_flags(struct imap *im, const char *uid_set, uint64_t since, imap_flags_fn *fn, imap_vanished_fn *vanished, void *arg) SP_MUST_USE;
/* The whole message into a sealed memfd (caller owns *fd). SP_NOT_FOUND when the UID is gone. */
typedef void imap_progress_fn(void *arg, uint64_t done, uint64_t total);
enum sp_status imap_fetch_body(struct imap *im, uint32_t uid, imap_progress_fn *fn, void *arg, int *fd) SP_MUST_USE;

/* SP_INVALID when a keyword is no atom. The message's session is not looked at. */
enum sp_status imap_store(struct imap *im, const struct wm_imap_store *m) SP_MUST_USE;
/* Where messages went (COPYUID): both sets in the same order; uidvalidity 0 and "" when the server did not say. */
struct imap_copied {
    uint32_t uidvalidity;
    struct buf from, to;
};
void imap_copied_release(struct imap_copied *c);
/* *out begins zeroed and may be partly filled when it fails. SP_NOT_FOUND when the target folder does not exist. Without MOVE: COPY, \Deleted, UID EXPUNGE; without UIDPLUS the originals stay \Deleted. */
enum sp_status imap_move(struct imap *im, const char *uid_set, const char *raw, bool copy, struct imap_copied *out) SP_MUST_USE;
/* Never more than the set; SP_UNSUPPORTED when the server cannot do that. */
enum sp_status imap_expunge(struct imap *im, const char *uid_set) SP_MUST_USE;
/* bytes: the message; line ends become CRLF. uidvalidity and uid are 0 without UIDPLUS. */
enum sp_status imap_append(struct imap *im, const char *raw, uint32_t flags, int64_t date, const char *bytes, size_t len, struct wm_imap_appended *out) SP_MUST_USE;
/* Waits for changes of the selected folder until cancelled (SP_CANCELLED, the session lives on). Without IDLE it asks every minute. */
enum sp_status imap_idle(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg) SP_MUST_USE;
/* fn is called when the folder changed meanwhile; before it vanished, where the server says what went. */
enum sp_status imap_noop(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg) SP_MUST_USE;
/* LOGOUT, then closes. */
void imap_logout(struct imap *im);

#endif
