/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Waiting for changes: IDLE (RFC 2177) and NOOP. libetpan's own wait ignores its buffer and pending TLS data; here the filter's notes tell. */
#include "base/loop.h"
#include "imap_command.h"

#define RENEW_MS 1500000  /* 25 minutes: servers may close after 30 */
#define POLL_MS 60000     /* without IDLE */
#define SETTLE_MS 10      /* lines that come together are told together */

/* Tells what the filter noted since the last time. */
static bool
tell_changes(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    struct filter_notes *n = &im->stream.filter.notes;
    if (!n->exists_seen && !n->expunges && !n->fetches)
        return false;
    struct wm_imap_changed change = {.exists = n->exists, .expunged = n->expunges > 0, .flags = n->fetches > 0};
    n->exists_seen = n->expunges = n->fetches = 0;
    imap_tell_alerts(im);
    imap_tell_vanished(im, vanished, arg);
    fn(arg, &change);
    return true;
}

enum sp_status
imap_noop(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    enum sp_status st = imap_raw(im, &filter_limits_imap, "NOOP");
    if (!st)
        (void)tell_changes(im, fn, vanished, arg);
    return st;
}

/* Reads while the server is idling, until the renewal is due (SP_OK), the job is cancelled, the server ends the command (SP_OK too) or
   the connection fails. */
static enum sp_status
watch_folder(struct imap *im, int64_t until, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    const struct filter_notes *n = &im->stream.filter.notes;
    bool ready, noted = false;
    while (n->reply == FILTER_PENDING) {
        int64_t left = until - loop_now_ms();
        if (left <= 0)
            return SP_OK;
        enum sp_status st = stream_wait_input(&im->stream, noted ? SETTLE_MS : left, &ready);
        if (st)
            return st;
        if (ready && (st = stream_pump_ready(&im->stream)))
            return st;
        if (!ready && noted) {
            (void)tell_changes(im, fn, vanished, arg);
            noted = false;
        }
        noted = noted || n->exists_seen || n->expunges || n->fetches;
    }
    return SP_OK;
}

/* One IDLE command from its start to DONE. */
static enum sp_status
idle_once(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    const struct filter_notes *n = &im->stream.filter.notes;
    enum sp_status st = imap_raw_begin(im, RENEW_MS + 60000, &filter_limits_imap, "IDLE");
    if (!st)
        st = imap_raw_continued(im);
    if (st)
        return st;
    (void)tell_changes(im, fn, vanished, arg);
    enum sp_status why = watch_folder(im, loop_now_ms() + RENEW_MS, fn, vanished, arg);
    if (why && why != SP_CANCELLED)
        return imap_drop(im, why);
    if (why) { /* the session lives on: DONE and its answer are not cancelled */
        im->stream.cancelled = true;
        im->stream.deadline_ms = loop_now_ms() + im->timeout_ms;
    }
    if (n->reply == FILTER_PENDING && (st = stream_write(&im->stream, "DONE\r\n", 6)))
        return imap_drop(im, st);
    st = imap_raw_end(im);
    (void)tell_changes(im, fn, vanished, arg);
    return st ? st : why;
}

/* For servers without IDLE. */
static enum sp_status
poll_folder(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    for (;;) {
        bool ready;
        enum sp_status st = imap_noop(im, fn, vanished, arg);
        if (st)
            return st;
        im->stream.deadline_ms = 0;
        st = stream_wait_input(&im->stream, POLL_MS, &ready);
        if (st == SP_CANCELLED)
            return st;
        if (st)
            return imap_drop(im, st);
    }
}

enum sp_status
imap_idle(struct imap *im, imap_changed_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    if (!im->session)
        return SP_DISCONNECTED;
    if (!im->selected)
        return SP_INVALID;
    if (!(im->capabilities & SP_IMAP_IDLE))
        return poll_folder(im, fn, vanished, arg);
    /* What came between the last look at the folder and our SELECT is announced by nobody: from here on nothing is missed. */
    fn(arg, &(struct wm_imap_changed){.exists = im->stream.filter.notes.exists});
    for (;;) {
        enum sp_status st = idle_once(im, fn, vanished, arg);
        if (st)
            return st;
    }
}
