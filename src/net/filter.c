/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The input filter: lines, literals, bounds; the IMAP grammar is in filter_imap.c. */
#include "filter.h"

#include <string.h>

#include "filter_imap.h"

#define LINE_HEAD 11 /* "* SEARCH", "* VANISHED ": by then it is known whether the line is held, and how long it may be */
#define SET_LINE ((size_t)16777216) /* of UIDs: long when messages went here and there */

const struct filter_limits filter_limits_imap = {.line = 65536, .literal = 0, .total = 64u << 20, .lines = 100000, .numbers = 8u << 20};
const struct filter_limits filter_limits_smtp = {.line = 4096, .total = 1u << 20, .lines = 200};

void
filter_init(struct filter *f, enum filter_kind kind)
{
    *f = (struct filter){.kind = kind, .limits = kind == FILTER_IMAP ? filter_limits_imap : filter_limits_smtp};
}

static void
release_notes(struct filter_notes *n)
{
    buf_release(&n->tag);
    buf_release(&n->code);
    buf_release(&n->copyuid);
    buf_release(&n->vanished);
    buf_release(&n->prefix);
    buf_release(&n->text);
    buf_release(&n->challenge);
    buf_release(&n->capabilities);
    buf_release(&n->states);
    buf_release(&n->numbers);
    buf_release(&n->bye_text);
    buf_release(&n->alerts);
}

void
filter_release(struct filter *f)
{
    release_notes(&f->notes);
    buf_release(&f->line);
    buf_release(&f->out);
    buf_release(&f->held);
}

void
filter_expect(struct filter *f, const struct filter_limits *limits)
{
    struct filter_notes *n = &f->notes;
    f->limits = *limits;
    f->total = 0;
    f->lines = 0;
    n->reply = FILTER_PENDING;
    buf_clear(&n->tag);
    buf_clear(&n->code);
    buf_clear(&n->copyuid);
    buf_clear(&n->text);
    buf_clear(&n->challenge);
    buf_clear(&n->capabilities);
    buf_release(&n->states); /* may be large, as the next */
    buf_release(&n->numbers);
    n->number = 0;
    n->continuation = n->referral = n->permanent = n->any_keyword = n->read_only = false;
    n->after = 0;
    n->early = 0;
    n->uidvalidity = n->uidnext = 0;
    n->highestmodseq = 0;
}

/* ---- SMTP */

/* One line of a reply (RFC 5321 section 4.2): three digits, then space, hyphen or the end. */
static enum sp_status
smtp_line(struct filter *f, char *s, size_t len)
{
    struct filter_notes *n = &f->notes;
    if (len < 3 || s[0] < '2' || s[0] > '5' || s[1] < '0' || s[1] > '9' || s[2] < '0' || s[2] > '9')
        return SP_PROTOCOL;
    unsigned code = (unsigned)(s[0] - '0') * 100 + (unsigned)(s[1] - '0') * 10 + (unsigned)(s[2] - '0');
    bool more = len > 3 && s[3] == '-';
    if ((len > 3 && s[3] != ' ' && !more) || (n->number && n->number != code))
        return SP_PROTOCOL;
    const char *text = len > 4 ? s + 4 : "";
    if (n->text.len)
        buf_addc(&n->text, '\n');
    buf_adds(&n->text, text);
    n->number = code;
    if (!f->mute)
        buf_addf(&f->out, "%03u%c%s\r\n", code, more ? '-' : ' ', text);
    if (more)
        return buf_status(&f->out);
    n->reply = code < 400 ? FILTER_OK : FILTER_NO;
    if (!f->greeted)
        n->greeting = n->reply;
    f->greeted = true;
    return buf_status(&f->out);
}

/* ---- lines */

/* Control characters have no place in a response. Human text is kept with each replaced by "?", other lines do not pass (the grammar
   decides by the mark); a TAB becomes a space (it makes libetpan's EHLO parser loop for ever). */
static bool
scrub_line(char *s, size_t len)
{
    bool scrubbed = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        if (c == '\t') {
            s[i] = ' ';
        } else if (c < ' ' || c == 0x7f) {
            s[i] = '?';
            scrubbed = true;
        }
    }
    return scrubbed;
}

static enum sp_status
one_line(struct filter *f)
{
    char *s = f->line.data;
    size_t len = f->line.len;
    if (len < 2 || s[len - 2] != '\r') /* a bare LF */
        return SP_PROTOCOL;
    len -= 2;
    s[len] = '\0';
    enum sp_status st;
    f->scrubbed = scrub_line(s, len);
    if (f->state == FILTER_AT_LINE && f->notes.reply != FILTER_PENDING)
        f->notes.after += len + 2;
    if (f->state == FILTER_AT_LINE && ++f->lines > f->limits.lines)
        return SP_TOO_LARGE;
    if (f->kind == FILTER_SMTP)
        st = f->notes.reply == FILTER_PENDING ? smtp_line(f, s, len) : SP_PROTOCOL;
    else
        st = filter_imap_segment(f, s, len);
    buf_clear(&f->line);
    return st;
}

/* SEARCH results may run to megabytes in one line: read number by number, never held as text. */
static enum sp_status
search_byte(struct filter *f, char c)
{
    if (f->cr && c != '\n')
        return SP_PROTOCOL;
    if (c >= '0' && c <= '9') {
        f->number = f->number * 10 + (uint64_t)(c - '0');
        f->number_open = true;
        return f->number <= UINT32_MAX ? SP_OK : SP_PROTOCOL;
    }
    if (f->number_open) {
        uint32_t n = (uint32_t)f->number;
        if (f->notes.numbers.len / sizeof n >= f->limits.numbers)
            return SP_TOO_LARGE;
        if (n)
            buf_add(&f->notes.numbers, &n, sizeof n);
        f->number_open = false;
        f->number = 0;
        if (f->notes.numbers.failed)
            return SP_NOMEM;
    }
    if (c == '\r') {
        f->cr = true;
    } else if (c == '\n') {
        if (!f->cr)
            return SP_PROTOCOL;
        f->cr = false;
        f->state = FILTER_AT_LINE;
    } else if (c == '(') { /* (MODSEQ n), RFC 7162 section 3.1.5 */
        f->state = FILTER_IN_SEARCH_TAIL;
    } else if (c != ' ') {
        return SP_PROTOCOL;
    }
    return SP_OK;
}

static bool
is_search(const struct filter *f)
{
    return f->kind == FILTER_IMAP && f->state == FILTER_AT_LINE && f->line.len == 8 && strncasecmp(f->line.data, "* SEARCH", 8) == 0;
}

/* How long the line may be, whose beginning is known: only sets of UIDs may be longer than others. */
static size_t
line_bound(const struct filter *f)
{
    bool set = f->kind == FILTER_IMAP && (strncasecmp(f->line.data, "* VANISHED ", 11) == 0 || strncasecmp(f->line.data, "* ESEARCH ", 10) == 0);
    return set && f->limits.line < SET_LINE ? SET_LINE : f->limits.line;
}

static enum sp_status
feed_line_byte(struct filter *f, char c)
{
    if (f->state == FILTER_IN_SEARCH)
        return search_byte(f, c);
    buf_addc(&f->line, c);
    if (f->line.failed)
        return SP_NOMEM;
    if (c == '\n')
        return one_line(f);
    if (c == '\0')
        return SP_PROTOCOL;
    if (f->line.len > 1 && f->line.data[f->line.len - 2] == '\r') /* a bare CR */
        return SP_PROTOCOL;
    if (is_search(f)) {
        if (f->notes.reply != FILTER_PENDING)
            f->notes.after += f->line.len;
        if (++f->lines > f->limits.lines)
            return SP_TOO_LARGE;
        buf_clear(&f->line);
        f->state = FILTER_IN_SEARCH;
        f->number = 0;
        f->number_open = f->cr = false;
    }
    return f->line.len > f->limits.line && f->line.len > line_bound(f) ? SP_TOO_LARGE : SP_OK;
}

/* As feed_line_byte for all bytes up to the line's end. Returns how many were used. */
static size_t
feed_line(struct filter *f, const char *bytes, size_t len)
{
    const char *end = memchr(bytes, '\n', len);
    size_t n = end ? (size_t)(end - bytes) + 1 : len, text = n - (end != NULL), room = line_bound(f) - f->line.len;
    if (text > room) { /* nothing behind the bound is looked at, as when it comes byte by byte */
        n = text = room + 1;
        end = NULL;
    }
    const char *cr = memchr(bytes, '\r', n);
    bool after_cr = f->line.len && f->line.data[f->line.len - 1] == '\r';
    if (memchr(bytes, '\0', n) || (cr && (size_t)(cr - bytes) + 1 < text) || (after_cr && text))
        f->failed = SP_PROTOCOL; /* a CR that no LF follows is none of a line's end */
    buf_add(&f->line, bytes, n);
    if (f->line.failed && !f->failed)
        f->failed = SP_NOMEM;
    if (!f->failed && text > room)
        f->failed = SP_TOO_LARGE;
    if (!f->failed && end)
        f->failed = one_line(f);
    return n;
}

/* Literal bytes go straight through. Returns how many of len were used. */
static size_t
feed_literal(struct filter *f, const char *bytes, size_t len)
{
    size_t n = len < f->literal_left ? len : (size_t)f->literal_left;
    if (!f->drop && !f->mute)
        buf_add(&f->out, bytes, n);
    f->literal_left -= n;
    return n;
}

enum sp_status
filter_feed(struct filter *f, const char *bytes, size_t len)
{
    size_t i = 0;
    f->total += len;
    if (!f->failed && f->total > f->limits.total)
        f->failed = SP_TOO_LARGE;
    while (!f->failed && i < len) {
        if (f->hold && f->notes.reply != FILTER_PENDING) {
            buf_add(&f->held, bytes + i, len - i);
            return f->failed = buf_status(&f->held);
        }
        if (f->literal_left)
            i += feed_literal(f, bytes + i, len - i);
        else if (f->line.len <= LINE_HEAD || f->state == FILTER_IN_SEARCH)
            f->failed = feed_line_byte(f, bytes[i++]);
        else
            i += feed_line(f, bytes + i, len - i);
        if (f->out.failed && !f->failed)
            f->failed = SP_NOMEM;
    }
    return f->failed;
}

size_t
filter_ready(const struct filter *f)
{
    return f->out.len - f->out_at;
}

size_t
filter_take(struct filter *f, char *out, size_t max)
{
    size_t n = filter_ready(f);
    if (n > max)
        n = max;
    if (n)
        memcpy(out, f->out.data + f->out_at, n);
    f->out_at += n;
    if (f->out_at == f->out.len) {
        buf_clear(&f->out);
        f->out_at = 0;
    }
    return n;
}

bool
filter_at_rest(const struct filter *f)
{
    return f->line.len == 0 && f->state == FILTER_AT_LINE && f->literal_left == 0 && filter_ready(f) == 0;
}

bool
filter_capable(const struct filter *f, const char *name)
{
    const struct buf *caps = &f->notes.capabilities;
    size_t len = strlen(name);
    for (const char *at = buf_str(caps); (at = strstr(at, name)); at++)
        if (at > caps->data && at[-1] == ' ' && at[len] == ' ')
            return true;
    return false;
}
