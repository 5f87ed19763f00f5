/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SEARCH (RFC 9051 section 6.4.4) by UID. Where the server has ESEARCH (RFC 4731) it answers with ranges instead of every number. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/uidset.h"
#include "base/utf8.h"
#include "imap_command.h"

#define MAX_TERMS 200
#define MAX_DEPTH 50
#define MAX_TEXT 1000

/* The criteria as text; what must wait for the server's consent to a literal is behind a NUL. */
struct criteria {
    struct buf text;
    bool plus;        /* literals need no consent (RFC 7888) */
    bool utf8;        /* a CHARSET must be named */
    const struct wr_search_term *terms;
    uint32_t n, at;
};

static enum sp_status
take_numbers(struct imap *im, struct buf *out)
{
    struct buf *numbers = &im->stream.filter.notes.numbers;
    size_t count = numbers->len / sizeof(uint32_t);
    if (count)
        count = uidset_sort((uint32_t *)(void *)numbers->data, count);
    buf_add(out, numbers->data, count * sizeof(uint32_t));
    buf_release(numbers);
    return buf_status(out);
}

static const char *
search_verb(const struct imap *im)
{
    return imap_has(im, "ESEARCH") || imap_has(im, "IMAP4REV2") ? "UID SEARCH RETURN (ALL)" : "UID SEARCH";
}

enum sp_status
imap_search_plain(struct imap *im, const char *criteria, struct buf *out)
{
    enum sp_status st = imap_raw(im, &filter_limits_imap, "%s %s", search_verb(im), criteria);
    return st ? st : take_numbers(im, out);
}

enum sp_status
imap_uids(struct imap *im, struct buf *out)
{
    enum sp_status st = imap_prepare_bulk(im);
    return st ? st : imap_search_plain(im, "ALL", out);
}

enum sp_status
imap_search_id(struct imap *im, const char *message_id, struct buf *out)
{
    struct buf criteria = BUF_INIT;
    buf_adds(&criteria, "HEADER Message-ID ");
    enum sp_status st = *message_id ? imap_quote(&criteria, message_id) : SP_INVALID;
    for (const char *p = message_id; *p; p++)
        if ((unsigned char)*p >= 0x7f || (unsigned char)*p < ' ')
            st = SP_INVALID;
    if (!st)
        st = imap_search_plain(im, criteria.data, out);
    buf_release(&criteria);
    return st;
}

/* ---- criteria of the person's own (S54: nothing in them can end a string) */

static enum sp_status
add_string(struct criteria *c, const char *text)
{
    size_t len = strlen(text);
    bool ascii = true;
    if (!len || len > MAX_TEXT)
        return len ? SP_TOO_LARGE : SP_INVALID;
    if (!utf8_valid(text, len))
        return SP_UTF8;
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            return SP_INVALID;
        ascii = ascii && (unsigned char)*p < 0x80;
    }
    buf_addc(&c->text, ' ');
    if (ascii)
        return imap_quote(&c->text, text);
    c->utf8 = true;
    buf_addf(&c->text, "{%zu%s}", len, c->plus ? "+" : "");
    if (c->plus)
        buf_adds(&c->text, "\r\n");
    else
        buf_addc(&c->text, '\0');
    buf_adds(&c->text, text);
    return buf_status(&c->text);
}

static enum sp_status
add_day(struct buf *out, const char *key, int64_t seconds)
{
    struct tm tm;
    time_t t = (time_t)seconds;
    if (!gmtime_r(&t, &tm) || tm.tm_year < 0 || tm.tm_year > 8000)
        return SP_INVALID;
    buf_addf(out, "%s %d-%.3s-%04d", key, tm.tm_mday, imap_months + (size_t)3 * (size_t)tm.tm_mon, tm.tm_year + 1900);
    return buf_status(out);
}

static enum sp_status
add_flag(struct criteria *c, int64_t bit)
{
    struct buf list = BUF_INIT;
    if (bit <= 0 || bit > UINT32_MAX || bit & (bit - 1))
        return SP_INVALID;
    imap_add_flags(&list, (uint32_t)bit); /* "(\Seen)", "($Junk)" */
    enum sp_status st = list.failed ? SP_NOMEM : list.len > 3 ? SP_OK : SP_INVALID;
    if (!st && list.data[1] == '\\')
        buf_addf(&c->text, "%.*s", (int)list.len - 3, list.data + 2);
    else if (!st)
        buf_addf(&c->text, "KEYWORD %.*s", (int)list.len - 2, list.data + 1);
    buf_release(&list);
    return st;
}

static enum sp_status
add_key(struct criteria *c, const struct wr_search_term *t)
{
    static const char *const with_text[] = {[SP_SEARCH_TEXT] = "TEXT", [SP_SEARCH_BODY] = "BODY", [SP_SEARCH_FROM] = "FROM", [SP_SEARCH_TO] = "TO",
                                            [SP_SEARCH_CC] = "CC", [SP_SEARCH_SUBJECT] = "SUBJECT", [SP_SEARCH_LIST] = "HEADER List-Id"};
    if (t->key < sizeof with_text / sizeof *with_text && with_text[t->key]) {
        buf_adds(&c->text, with_text[t->key]);
        return add_string(c, t->text);
    }
    switch (t->key) {
    case SP_SEARCH_ALL: buf_adds(&c->text, "ALL"); return buf_status(&c->text);
    case SP_SEARCH_SINCE: return add_day(&c->text, "SINCE", t->number);
    case SP_SEARCH_BEFORE: return add_day(&c->text, "BEFORE", t->number);
    case SP_SEARCH_LARGER:
    case SP_SEARCH_SMALLER:
        if (t->number < 0 || t->number > UINT32_MAX)
            return SP_INVALID;
        buf_addf(&c->text, "%s %llu", t->key == SP_SEARCH_LARGER ? "LARGER" : "SMALLER", (unsigned long long)t->number);
        return buf_status(&c->text);
    case SP_SEARCH_FLAG: return add_flag(c, t->number);
    case SP_SEARCH_KEYWORD:
        if (!imap_keyword_valid(t->text))
            return SP_INVALID;
        buf_addf(&c->text, "KEYWORD %s", t->text);
        return buf_status(&c->text);
    default: return SP_INVALID;
    }
}

static enum sp_status
add_term(struct criteria *c, unsigned depth)
{
    enum sp_status st = SP_OK;
    if (c->at == c->n || depth > MAX_DEPTH)
        return SP_INVALID;
    const struct wr_search_term *t = &c->terms[c->at++];
    unsigned operands = t->op == SP_SEARCH_NOT ? 1 : 2;
    if (t->op == SP_SEARCH_KEY)
        return add_key(c, t);
    if (t->op > SP_SEARCH_KEY)
        return SP_INVALID;
    buf_adds(&c->text, t->op == SP_SEARCH_AND ? "(" : t->op == SP_SEARCH_OR ? "OR " : "NOT ");
    for (unsigned i = 0; i < operands && !st; i++) {
        if (i)
            buf_addc(&c->text, ' ');
        st = add_term(c, depth + 1);
    }
    if (t->op == SP_SEARCH_AND)
        buf_addc(&c->text, ')');
    return st;
}

/* Sends the pieces, each after the server's consent to the one before. */
static enum sp_status
run_search(struct imap *im, const struct criteria *c)
{
    struct buf line = BUF_INIT;
    const char *end = c->text.data + c->text.len, *piece = c->text.data;
    buf_addf(&line, "%s%s %s", search_verb(im), c->utf8 ? " CHARSET UTF-8" : "", piece);
    enum sp_status st = line.failed ? SP_NOMEM : imap_raw_begin(im, IMAP_TOTAL_MS, &filter_limits_imap, line.data);
    while (!st && (piece += strlen(piece) + 1) < end) {
        st = imap_raw_continued(im);
        buf_clear(&line);
        buf_addf(&line, "%s\r\n", piece);
        if (!st)
            st = line.failed ? SP_NOMEM : stream_write(&im->stream, line.data, line.len);
        if (st && im->session && im->stream.filter.notes.reply == FILTER_PENDING)
            st = imap_drop(im, st);
    }
    buf_release(&line);
    return st ? st : imap_raw_end(im);
}

enum sp_status
imap_search(struct imap *im, const struct wr_search_term *terms, uint32_t n, struct buf *out)
{
    struct criteria c = {.plus = imap_has(im, "LITERAL+") || imap_has(im, "LITERAL-") || imap_has(im, "IMAP4REV2"), .terms = terms, .n = n};
    if (!im->selected)
        return SP_INVALID;
    enum sp_status st = n > MAX_TERMS ? SP_TOO_LARGE : add_term(&c, 0);
    if (!st)
        st = c.at == n ? buf_status(&c.text) : SP_INVALID;
    if (!st)
        st = run_search(im, &c);
    buf_release(&c.text);
    if (st == SP_SERVER_NO && strncasecmp(buf_str(&im->stream.filter.notes.code), "BADCHARSET", 10) == 0)
        st = SP_UNSUPPORTED;
    return st ? st : take_numbers(im, out);
}
