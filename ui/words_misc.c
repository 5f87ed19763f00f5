/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Words for states that need no choosing, and for numbers and times. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "i18n.h"
#include "words.h"

const char *
words_trust(unsigned trust)
{
    switch (trust) {
    case SP_TRUST_REJECTED: return _("rejected by you");
    case SP_TRUST_ACCEPTED: return _("accepted");
    case SP_TRUST_VERIFIED: return _("compared by you");
    case SP_TRUST_OWN: return _("your own");
    default: return _("not accepted yet");
    }
}

const char *
words_integrity(unsigned integrity)
{
    switch (integrity) {
    case SP_INTEGRITY_SIGNATURE: return _("changes would show: signed inside");
    case SP_INTEGRITY_MDC: return _("changes would show (MDC)");
    case SP_INTEGRITY_AEAD: return _("changes would show (AEAD)");
    default: return _("changes would not show");
    }
}

const char *
words_revocation(unsigned revocation)
{
    switch (revocation) {
    case SP_REVOCATION_GOOD: return _("checked: not withdrawn");
    case SP_REVOCATION_REVOKED: return _("withdrawn");
    case SP_REVOCATION_UNCHECKED: return _("not checked");
    default: return _("does not apply");
    }
}

const char *
words_account_state(unsigned state)
{
    switch (state) {
    case SP_ACCOUNT_CONNECTING: return _("connecting…");
    case SP_ACCOUNT_SYNCING: return _("fetching…");
    case SP_ACCOUNT_ONLINE: return _("online");
    case SP_ACCOUNT_FAILED: return _("no connection");
    case SP_ACCOUNT_ASKING: return _("waits for your answer");
    default: return _("offline");
    }
}

const char *
words_outbox_state(unsigned state)
{
    switch (state) {
    case SP_OUTBOX_WAITING: return _("waits");
    case SP_OUTBOX_SENDING: return _("being sent…");
    case SP_OUTBOX_FAILED: return _("failed");
    case SP_OUTBOX_DEFERRED: return _("again");
    case SP_OUTBOX_COPYING: return _("sent, no copy yet");
    case SP_OUTBOX_UNCERTAIN: return _("perhaps sent");
    default: return _("unknown");
    }
}

const char *
words_outbox_explain(unsigned state, bool later)
{
    switch (state) {
    case SP_OUTBOX_WAITING: return later ? _("It is sent at {1}. Until then e makes it a draft again.") : _("It is sent as soon as the server can be reached.");
    case SP_OUTBOX_SENDING: return _("It is on its way to the server just now.");
    case SP_OUTBOX_FAILED: return _("It was not sent and is not tried again by itself: r tries again, e makes it a draft.");
    case SP_OUTBOX_DEFERRED: return later ? _("It could not be sent yet; the next try is at {1}, r tries now.") : _("It could not be sent yet and is tried again.");
    case SP_OUTBOX_COPYING: return _("It was sent. Its copy for the folder of sent mail is made as soon as the server can be reached.");
    case SP_OUTBOX_UNCERTAIN:
        return _("The line broke between the last byte and the server's word: it may have arrived. It is sent again with the same number, so "
                 "that the recipients' programs can tell the two are one.");
    default: return _("unknown");
    }
}

const char *
words_job(unsigned kind)
{
    switch (kind) {
    case SP_JOB_FIRST_SYNC: return _("Fetching headers: {1}");
    case SP_JOB_CHANGES: return _("Passing changes on: {1}");
    case SP_JOB_BODIES: return _("Fetching messages: {1}");
    case SP_JOB_INDEX: return _("Making the search index");
    case SP_JOB_IMPORT: return _("Importing: {1}");
    case SP_JOB_SEARCH: return _("Searching on the servers");
    default: return _("Working: {1}");
    }
}

const char *
words_job_state(unsigned state)
{
    switch (state) {
    case SP_JOB_PAUSED: return _("pauses, goes on by itself");
    case SP_JOB_DONE: return _("done");
    case SP_JOB_CANCELLED: return _("cancelled");
    case SP_JOB_FAILED: return _("failed");
    default: return _("going on");
    }
}

void
words_job_line(const struct wr_job *job, struct buf *out)
{
    struct buf done = BUF_INIT, total = BUF_INIT;
    words_fill(out, words_job(job->kind), &job->what, 1);
    while (out->len && (out->data[out->len - 1] == ' ' || out->data[out->len - 1] == ':')) /* nothing to name */
        buf_truncate(out, out->len - 1);
    words_count(job->done, &done);
    words_count(job->total, &total);
    if (job->total || job->done) {
        buf_adds(out, ", ");
        words_fill(out, job->total ? _("{1} of {2}") : "{1}", (const char *[]){buf_str(&done), buf_str(&total)}, 2);
    }
    buf_release(&done);
    buf_release(&total);
}

void
words_count(uint64_t n, struct buf *out)
{
    char digits[24];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0)
            buf_addc(out, ',');
        buf_addc(out, digits[i]);
    }
}

const char *
words_role(unsigned role)
{
    switch (role) {
    case SP_FOLDER_INBOX: return _("Inbox");
    case SP_FOLDER_DRAFTS: return _("Drafts");
    case SP_FOLDER_SENT: return _("Sent");
    case SP_FOLDER_ARCHIVE: return _("Archive");
    case SP_FOLDER_JUNK: return _("Junk");
    case SP_FOLDER_TRASH: return _("Trash");
    case SP_FOLDER_ALL: return _("All mail");
    case SP_FOLDER_FLAGGED: return _("Important");
    case SP_FOLDER_OUTBOX: return _("Outbox");
    default: return "";
    }
}

const char *
words_protocol(unsigned protocol)
{
    switch (protocol) {
    case SP_PROTOCOL_OPENPGP: return "OpenPGP";
    case SP_PROTOCOL_SMIME: return "S/MIME";
    default: return _("none");
    }
}

void
words_size(uint64_t bytes, struct buf *out)
{
    static const char *const units[] = {"B", "KB", "MB", "GB", "TB"};
    double n = (double)bytes;
    size_t u = 0;
    while (n >= 1000 && u + 1 < sizeof units / sizeof *units) {
        n /= 1024;
        u++;
    }
    buf_addf(out, u && n < 10 ? "%.1f %s" : "%.0f %s", n, units[u]);
}

void
words_time(int64_t t, struct buf *out)
{
    struct tm tm;
    time_t when = (time_t)t;
    char text[32];
    if (t && localtime_r(&when, &tm) && strftime(text, sizeof text, "%Y-%m-%d %H:%M", &tm))
        buf_adds(out, text);
}

void
words_day(int64_t t, int64_t now, struct buf *out)
{
    struct tm tm, today;
    time_t when = (time_t)t, current = (time_t)now;
    char text[32];
    if (!t || !localtime_r(&when, &tm) || !localtime_r(&current, &today))
        return;
    bool same = tm.tm_year == today.tm_year && tm.tm_yday == today.tm_yday;
    if (strftime(text, sizeof text, same ? "     %H:%M" : "%Y-%m-%d", &tm))
        buf_adds(out, text);
}

void
words_fingerprint(const char *hex, struct buf *out)
{
    size_t len = strlen(hex);
    for (size_t i = 0; i < len; i++) {
        if (i && i % 4 == 0)
            buf_addc(out, ' ');
        buf_addc(out, hex[i]);
    }
}
