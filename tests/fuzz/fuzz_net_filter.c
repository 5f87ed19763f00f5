/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A server's bytes through the input filter, and what it lets pass through libetpan's parsers. The first byte chooses protocol, piece size and
   bounds. What libetpan gets must be lines of printable characters that end with CRLF, literals apart. */
#include <libetpan/libetpan.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "net/filter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* libetpan leaks on its error paths; that is bounded by the session and not what is looked for here. */
void __lsan_disable(void);
void __lsan_enable(void);

struct source {
    const char *at;
    size_t left, piece;
    struct filter *filter;
    size_t given;
};

static ssize_t
low_read(mailstream_low *low, void *buf, size_t len)
{
    struct source *s = low->data;
    while (filter_ready(s->filter) == 0) {
        size_t n = s->left < s->piece ? s->left : s->piece;
        if (n == 0 || filter_feed(s->filter, s->at, n) != SP_OK)
            return -1;
        s->at += n;
        s->left -= n;
    }
    return (ssize_t)filter_take(s->filter, buf, len);
}

static ssize_t
low_write(mailstream_low *low, const void *buf, size_t len)
{
    (void)low;
    (void)buf;
    return (ssize_t)len;
}

static int
low_close(mailstream_low *low)
{
    (void)low;
    return 0;
}

static void
low_free(mailstream_low *low)
{
    free(low);
}

static void
on_message(struct mailimap_msg_att *att, void *arg)
{
    (void)att;
    (void)arg;
}

static void
no_progress(size_t done, size_t total, void *arg)
{
    (void)done;
    (void)total;
    (void)arg;
}

/* Greeting, then commands until the bytes are used up. */
static void
through_library(struct source *s)
{
    static mailstream_low_driver driver = {.mailstream_read = low_read, .mailstream_write = low_write, .mailstream_close = low_close,
                                           .mailstream_free = low_free};
    struct filter_limits limits = filter_limits_imap;
    mailstream *ms = mailstream_new(mailstream_low_new(s, &driver), 512);
    mailimap *session = mailimap_new(0, NULL);
    limits.literal = 4096;
    if (mailimap_connect(session, ms) == MAILIMAP_NO_ERROR_NON_AUTHENTICATED) {
        mailimap_set_progress_callback(session, no_progress, no_progress, NULL);
        mailimap_set_msg_att_handler(session, on_message, NULL);
        for (int i = 0; i < 20 && s->left; i++) {
            filter_expect(s->filter, &limits);
            if (i == 10)
                mailimap_set_msg_att_handler(session, NULL, NULL);
            (void)mailimap_custom_command(session, "NOOP");
            if (s->filter->failed || s->filter->notes.reply == FILTER_PENDING)
                break;
        }
    }
    session->imap_stream = NULL;
    mailimap_free(session);
    (void)mailstream_close(ms);
}

/* Without libetpan: the same bytes in two cuttings give the same result, and no control character passes outside literals. */
static void
alone(const char *bytes, size_t len, enum filter_kind kind)
{
    struct filter whole, pieces;
    struct filter_limits limits = kind == FILTER_IMAP ? filter_limits_imap : filter_limits_smtp;
    limits.line = 200;
    filter_init(&whole, kind);
    filter_init(&pieces, kind);
    filter_expect(&whole, &limits);
    filter_expect(&pieces, &limits);
    enum sp_status a = filter_feed(&whole, bytes, len), b = SP_OK;
    for (size_t i = 0; i < len && !b; i++)
        b = filter_feed(&pieces, bytes + i, 1);
    if (a != b || (!a && (whole.out.len != pieces.out.len || (whole.out.len && memcmp(whole.out.data, pieces.out.data, whole.out.len) != 0))))
        abort();
    for (size_t i = 0; i < whole.out.len; i++) {
        unsigned char c = (unsigned char)whole.out.data[i];
        if (c == 0x7f || (c < ' ' && !(c == '\r' && i + 1 < whole.out.len && whole.out.data[i + 1] == '\n') && !(c == '\n' && i && whole.out.data[i - 1] == '\r')))
            abort();
    }
    filter_release(&whole);
    filter_release(&pieces);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct filter filter;
    if (size < 1)
        return 0;
    unsigned choice = *data++;
    size--;
    alone((const char *)data, size, choice & 1 ? FILTER_SMTP : FILTER_IMAP);
    if (choice & 1)
        return 0;
    struct source s = {.at = (const char *)data, .left = size, .piece = 1 + (choice >> 1) % 64, .filter = &filter};
    filter_init(&filter, FILTER_IMAP);
    __lsan_disable();
    through_library(&s);
    __lsan_enable();
    filter_release(&filter);
    return 0;
}
