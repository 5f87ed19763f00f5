/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The grammar of IMAP responses (RFC 9051 section 9), as far as we let it through. */
#include "filter_imap.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/uidset.h"

#define MAX_FLAGS 500
#define MAX_STATES ((size_t)16777216) /* bytes of STATUS answers that are kept */
#define MAX_ALERTS 65536
#define MAX_VANISHED ((size_t)16777216) /* bytes of UID sets that are kept */

struct cursor {
    const char *at, *end;
};

static bool
eat(struct cursor *c, char ch)
{
    if (c->at == c->end || *c->at != ch)
        return false;
    c->at++;
    return true;
}

/* A keyword without regard to case, which must not go on with a letter or digit. */
static bool
eat_word(struct cursor *c, const char *word)
{
    if (c->at == c->end || (*c->at ^ *word) & ~0x20) /* most words end here: the first letters differ, whatever their case */
        return false;
    size_t len = strlen(word);
    if ((size_t)(c->end - c->at) < len || strncasecmp(c->at, word, len) != 0)
        return false;
    if (c->at + len < c->end && isalnum((unsigned char)c->at[len]))
        return false;
    c->at += len;
    return true;
}

static bool
eat_number(struct cursor *c, uint64_t max, uint64_t *value)
{
    const char *start = c->at;
    uint64_t n = 0;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9') {
        unsigned digit = (unsigned)(*c->at - '0');
        if (n > (max - digit) / 10)
            return false;
        n = n * 10 + digit;
        c->at++;
    }
    *value = n;
    return c->at > start;
}

static bool
is_atom_char(char c)
{
    return (unsigned char)c > ' ' && c != 0x7f && !strchr("(){%*\"\\", c);
}

static bool
eat_atom(struct cursor *c)
{
    const char *start = c->at;
    while (c->at < c->end && is_atom_char(*c->at))
        c->at++;
    return c->at > start;
}

/* A quoted string. libetpan knows only \" and \\ as escapes. */
static bool
eat_quoted(struct cursor *c)
{
    if (!eat(c, '"'))
        return false;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at == '\\') {
            c->at++;
            if (c->at == c->end || (*c->at != '"' && *c->at != '\\'))
                return false;
        }
        c->at++;
    }
    return eat(c, '"');
}

/* {n} at the very end of the segment. */
static enum sp_status
eat_literal(struct filter *f, struct cursor *c)
{
    uint64_t n;
    if (!eat(c, '{'))
        return SP_PROTOCOL;
    if (!eat_number(c, INT64_MAX, &n) || !eat(c, '}') || c->at != c->end)
        return SP_PROTOCOL;
    if (n > f->limits.literal)
        return SP_TOO_LARGE;
    f->literal_left = f->literal_size = n;
    return SP_OK;
}

static bool
eat_flags(struct cursor *c)
{
    if (!eat(c, '('))
        return false;
    for (int i = 0; i < MAX_FLAGS; i++) {
        if (eat(c, ')'))
            return true;
        if (i && !eat(c, ' '))
            return false;
        bool system = eat(c, '\\');
        const char *name = c->at;
        if (!eat_atom(c) && !(system && eat(c, '*')))
            return false;
        for (; name < c->at; name++)
            if (*name == ']') /* libetpan takes it for the end of a response code; the line is ours to change */
                *(char *)(uintptr_t)name = '_';
    }
    return false;
}

/* Hands a line on. */
static enum sp_status
emit(struct filter *f, const char *s, size_t len)
{
    if (!f->mute && !f->drop) {
        buf_add(&f->out, s, len);
        buf_add(&f->out, "\r\n", 2);
    }
    return buf_status(&f->out);
}

/* ---- FETCH */

/* "dd-Mon-yyyy hh:mm:ss +zzzz" with its quotes: 28 characters, the day may be led by a space. */
static bool
eat_date_time(struct cursor *c)
{
    static const char shape[] = "\"_9-aaa-9999 99:99:99 s9999\"";
    size_t len = sizeof shape - 1;
    if ((size_t)(c->end - c->at) < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char ch = c->at[i];
        bool digit = ch >= '0' && ch <= '9';
        bool good = shape[i] == '9' ? digit : shape[i] == '_' ? digit || ch == ' ' : shape[i] == 'a' ? isalpha((unsigned char)ch) != 0 :
                    shape[i] == 's' ? ch == '+' || ch == '-' : ch == shape[i];
        if (!good)
            return false;
    }
    c->at += len;
    return true;
}

/* Field names behind HEADER.FIELDS, atoms or quoted, with nothing inside that could mean something. Taken out of the line, so that BODY[HEADER]
   remains: the server only repeats what we asked for. */
static bool
drop_fields(struct cursor *c)
{
    char *start = (char *)(uintptr_t)(c->at - strlen(".FIELDS"));
    if (!eat(c, ' ') || !eat(c, '('))
        return false;
    while (c->at < c->end && (isalnum((unsigned char)*c->at) || *c->at == '-' || *c->at == ' ' || *c->at == '"' || *c->at == '_'))
        c->at++;
    if (!eat(c, ')'))
        return false;
    memmove(start, c->at, (size_t)(c->end - c->at) + 1); /* with the NUL */
    c->end -= c->at - start;
    c->at = start;
    return true;
}

/* BODY[], BODY[HEADER], BODY[1.2.MIME] ... and its origin. */
static bool
eat_section(struct cursor *c)
{
    uint64_t origin;
    if (!eat(c, '['))
        return false;
    const char *start = c->at;
    while (c->at < c->end && (isalnum((unsigned char)*c->at) || *c->at == '.') && c->at - start < 100)
        c->at++;
    if (c->at - start == 13 && strncasecmp(start, "HEADER.FIELDS", 13) == 0 && !drop_fields(c))
        return false;
    if (!eat(c, ']'))
        return false;
    return !eat(c, '<') || (eat_number(c, UINT32_MAX, &origin) && eat(c, '>'));
}

/* One attribute and its value. *literal: the value is a literal that follows. */
static enum sp_status
fetch_attribute(struct filter *f, struct cursor *c, bool *literal)
{
    uint64_t n;
    bool good;
    *literal = false;
    if (eat_word(c, "UID"))
        good = eat(c, ' ') && eat_number(c, UINT32_MAX, &n) && n > 0;
    else if (eat_word(c, "FLAGS"))
        good = eat(c, ' ') && eat_flags(c);
    else if (eat_word(c, "INTERNALDATE"))
        good = eat(c, ' ') && eat_date_time(c);
    else if (eat_word(c, "RFC822.SIZE"))
        good = eat(c, ' ') && eat_number(c, UINT32_MAX, &n);
    else if (eat_word(c, "MODSEQ"))
        good = eat(c, ' ') && eat(c, '(') && eat_number(c, INT64_MAX, &n) && eat(c, ')');
    else if (eat_word(c, "BODY")) {
        if (!eat_section(c) || !eat(c, ' '))
            return SP_PROTOCOL;
        if (c->at < c->end && *c->at == '{') {
            *literal = true;
            return eat_literal(f, c);
        }
        if (f->limits.literal == 0)
            return SP_PROTOCOL; /* content that nobody asked for */
        good = eat_word(c, "NIL") || eat_quoted(c);
    } else
        good = false;
    return good ? SP_OK : SP_PROTOCOL;
}

static enum sp_status
fetch_rest(struct filter *f, struct cursor *c, bool first)
{
    for (;;) {
        bool literal;
        if (!first && eat(c, ')')) {
            f->state = FILTER_AT_LINE;
            return c->at == c->end ? SP_OK : SP_PROTOCOL;
        }
        if (!first && !eat(c, ' '))
            return SP_PROTOCOL;
        first = false;
        enum sp_status st = fetch_attribute(f, c, &literal);
        if (st)
            return st;
        if (literal) {
            f->state = FILTER_IN_FETCH;
            return SP_OK;
        }
    }
}

/* ---- LIST */

static enum sp_status
list_line(struct filter *f, const char *s, size_t len, struct cursor *c)
{
    if (!eat(c, ' ') || !eat_flags(c) || !eat(c, ' '))
        return SP_PROTOCOL;
    const char *delimiter = c->at;
    if (!eat_word(c, "NIL") && !(eat_quoted(c) && c->at - delimiter == 3 + (delimiter[1] == '\\')))
        return SP_PROTOCOL;
    if (!eat(c, ' '))
        return SP_PROTOCOL;
    if (c->at < c->end && *c->at == '{') {
        f->state = FILTER_IN_LIST;
        enum sp_status st = eat_literal(f, c);
        return st ? st : emit(f, s, len);
    }
    const char *name = c->at;
    if (c->at < c->end && *c->at == '"' ? !eat_quoted(c) : !eat_atom(c))
        return SP_PROTOCOL;
    if (c->at - name > 4096)
        return SP_TOO_LARGE;
    if (c->at != c->end && *c->at != ' ') /* extended data (RFC 5258) behind the name is left out */
        return SP_PROTOCOL;
    return emit(f, s, (size_t)(c->at - s));
}

/* ---- status lines and response codes */

static void
note_capabilities(struct filter *f, const char *s, size_t len)
{
    struct buf *caps = &f->notes.capabilities;
    buf_clear(caps);
    buf_addc(caps, ' ');
    for (size_t i = 0; i < len; i++)
        if (s[i] != ' ' || caps->data[caps->len - 1] != ' ')
            buf_addc(caps, (char)toupper((unsigned char)s[i]));
    if (caps->len > 1)
        buf_addc(caps, ' ');
}

static enum sp_status
note_code(struct filter *f, struct cursor c, const char *text)
{
    struct filter_notes *n = &f->notes;
    uint64_t v = 0;
    bool good = true;
    if (eat_word(&c, "UIDVALIDITY")) {
        good = eat(&c, ' ') && eat_number(&c, UINT32_MAX, &v);
        n->uidvalidity = (uint32_t)v;
    } else if (eat_word(&c, "UIDNEXT")) {
        good = eat(&c, ' ') && eat_number(&c, UINT32_MAX, &v);
        n->uidnext = (uint32_t)v;
    } else if (eat_word(&c, "HIGHESTMODSEQ")) {
        good = eat(&c, ' ') && eat_number(&c, INT64_MAX, &n->highestmodseq);
    } else if (eat_word(&c, "PERMANENTFLAGS")) {
        n->permanent = true;
        n->any_keyword = memmem(c.at, (size_t)(c.end - c.at), "\\*", 2) != NULL;
    } else if (eat_word(&c, "READ-ONLY")) {
        n->read_only = true;
    } else if (eat_word(&c, "CAPABILITY")) {
        note_capabilities(f, c.at, (size_t)(c.end - c.at));
    } else if (eat_word(&c, "COPYUID") && eat(&c, ' ')) {
        buf_clear(&n->copyuid);
        buf_add(&n->copyuid, c.at, (size_t)(c.end - c.at));
    } else if (eat_word(&c, "CLOSED")) { /* what came before was of the folder that was selected till now (RFC 7162 section 3.2.11) */
        n->exists = n->exists_seen = n->expunges = n->fetches = n->early = 0;
        buf_clear(&n->vanished);
    } else if (eat_word(&c, "REFERRAL")) {
        n->referral = true;
    } else if (eat_word(&c, "ALERT") && n->alerts.len < MAX_ALERTS) {
        buf_adds(&n->alerts, text);
        buf_addc(&n->alerts, '\0');
    }
    return good ? SP_OK : SP_PROTOCOL;
}

/* "[CODE data] text": splits, notes. code and text may be NULL. */
static enum sp_status
status_text(struct filter *f, struct cursor *c, struct buf *code, struct buf *text)
{
    struct cursor inside = {c->at, c->at};
    enum sp_status st = SP_OK;
    (void)eat(c, ' ');
    if (eat(c, '[')) {
        inside.at = c->at;
        while (c->at < c->end && *c->at != ']')
            c->at++;
        inside.end = c->at;
        if (!eat(c, ']'))
            return SP_PROTOCOL;
        (void)eat(c, ' ');
        st = note_code(f, inside, c->at); /* the segment ends with a NUL */
    }
    if (code)
        buf_add(code, inside.at, (size_t)(inside.end - inside.at));
    if (text)
        buf_add(text, c->at, (size_t)(c->end - c->at));
    return st;
}

static enum filter_reply
eat_status(struct cursor *c)
{
    static const struct {
        const char *word;
        enum filter_reply reply;
    } words[] = {{"OK", FILTER_OK}, {"NO", FILTER_NO}, {"BAD", FILTER_BAD}, {"BYE", FILTER_BYE}, {"PREAUTH", FILTER_PREAUTH}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (eat_word(c, words[i].word))
            return words[i].reply;
    return FILTER_PENDING;
}

static enum sp_status
untagged_status(struct filter *f, struct cursor *c, enum filter_reply reply)
{
    struct filter_notes *n = &f->notes;
    bool greeting = !f->greeted;
    if (reply == FILTER_BYE)
        buf_clear(&n->bye_text);
    enum sp_status st = status_text(f, c, NULL, reply == FILTER_BYE ? &n->bye_text : NULL);
    if (reply == FILTER_BYE)
        n->bye = true;
    if (st || !greeting)
        return st;
    f->greeted = true;
    n->greeting = reply;
    if (reply == FILTER_OK)
        return emit(f, "* OK hello", 10);
    if (reply == FILTER_PREAUTH)
        return emit(f, "* PREAUTH hello", 15);
    return reply == FILTER_BYE ? emit(f, "* BYE hello", 11) : SP_PROTOCOL;
}

/* The end of a command that was sent ahead: whether it succeeded shows in what it brought. */
static bool
ends_ahead(struct filter *f, struct cursor *c)
{
    struct cursor at = *c;
    uint64_t tag;
    if (f->ahead_n == 0 || !eat_number(&at, UINT32_MAX, &tag) || tag != f->ahead[0] || !eat(&at, ' ') || eat_status(&at) == FILTER_PENDING)
        return false;
    f->ahead_n--;
    memmove(f->ahead, f->ahead + 1, f->ahead_n * sizeof *f->ahead);
    *c = at;
    return true;
}

static enum sp_status
tagged(struct filter *f, struct cursor *c)
{
    struct filter_notes *n = &f->notes;
    const char *tag = c->at;
    if (!f->greeted)
        return SP_PROTOCOL;
    if (ends_ahead(f, c))
        return status_text(f, c, NULL, NULL);
    if (n->reply != FILTER_PENDING || !eat_atom(c) || c->at - tag > 16)
        return SP_PROTOCOL;
    buf_add(&n->tag, tag, (size_t)(c->at - tag));
    if (!eat(c, ' '))
        return SP_PROTOCOL;
    enum filter_reply reply = eat_status(c);
    if (reply != FILTER_OK && reply != FILTER_NO && reply != FILTER_BAD)
        return SP_PROTOCOL;
    enum sp_status st = status_text(f, c, &n->code, &n->text);
    if (st)
        return st;
    n->reply = reply;
    struct buf line = BUF_INIT;
    buf_addf(&line, "%s %s done", buf_str(&n->tag), reply == FILTER_OK ? "OK" : reply == FILTER_NO ? "NO" : "BAD");
    st = line.failed ? SP_NOMEM : emit(f, line.data, line.len);
    buf_release(&line);
    return st;
}

/* ---- STATUS */

static enum sp_status unknown(struct filter *f, const char *s, size_t len);

/* A folder's name as a quoted string or an atom, without its escapes, and a NUL. */
static bool
eat_name(struct cursor *c, struct buf *out)
{
    const char *start = c->at;
    if (c->at < c->end && *c->at == '"') {
        if (!eat_quoted(c))
            return false;
        for (const char *p = start + 1; p < c->at - 1; p++) {
            p += *p == '\\';
            buf_addc(out, *p);
        }
    } else {
        if (!eat_atom(c))
            return false;
        buf_add(out, start, (size_t)(c->at - start));
    }
    buf_addc(out, '\0');
    return true;
}

static bool
status_items(struct cursor *c, struct filter_status *s)
{
    const struct {
        const char *name;
        uint32_t *value;
    } items[] = {{"MESSAGES", &s->exists}, {"UIDNEXT", &s->uidnext}, {"UIDVALIDITY", &s->uidvalidity}, {"UNSEEN", &s->unseen}};
    while (!eat(c, ')')) {
        uint64_t n = 0;
        size_t i = 0;
        (void)eat(c, ' ');
        while (i < sizeof items / sizeof *items && !eat_word(c, items[i].name))
            i++;
        if (i < sizeof items / sizeof *items) {
            if (!eat(c, ' ') || !eat_number(c, UINT32_MAX, &n))
                return false;
            *items[i].value = (uint32_t)n;
        } else if (eat_word(c, "HIGHESTMODSEQ")) {
            if (!eat(c, ' ') || !eat_number(c, INT64_MAX, &s->highestmodseq))
                return false;
        } else if (!eat_atom(c) || !eat(c, ' ') || !eat_number(c, INT64_MAX, &n)) {
            return false;
        }
    }
    return true;
}

/* What cannot be read is left out: the folder is looked into then. */
static enum sp_status
status_line(struct filter *f, const char *s, size_t len, struct cursor *c)
{
    struct buf *states = &f->notes.states, name = BUF_INIT;
    struct filter_status status = {0};
    if (s[len - 1] == '}' || states->len > MAX_STATES)
        return unknown(f, s, len);
    if (eat(c, ' ') && eat_name(c, &name) && eat(c, ' ') && eat(c, '(') && status_items(c, &status)) {
        buf_add(states, &status, sizeof status);
        buf_add(states, name.data, name.len);
    }
    buf_release(&name);
    return buf_status(states);
}

/* ---- a line */

/* A response that we do not read: dropped, with its literals. */
static enum sp_status
unknown(struct filter *f, const char *s, size_t len)
{
    size_t open = len;
    f->drop = true;
    f->state = FILTER_AT_LINE;
    if (len < 3 || s[len - 1] != '}')
        return SP_OK;
    while (open > 0 && s[open - 1] != '{')
        open--;
    if (open == 0)
        return SP_OK;
    struct cursor c = {s + open, s + len};
    uint64_t n;
    if (!eat_number(&c, INT64_MAX, &n) || !eat(&c, '}') || c.at != c.end)
        return SP_OK; /* human text */
    if (n > 65536)
        return SP_TOO_LARGE;
    f->literal_left = n;
    f->state = FILTER_IN_UNKNOWN;
    return SP_OK;
}

/* Whether what is told of messages belongs to another folder than the one that is being selected. */
static bool
left_out(struct filter *f)
{
    bool out = f->limits.uidvalidity && f->notes.uidvalidity != f->limits.uidvalidity;
    f->notes.early += out;
    return out;
}

static enum sp_status
namespace_line(struct filter *f, struct cursor *c)
{
    struct buf *prefix = &f->notes.prefix;
    buf_clear(prefix);
    if (eat(c, ' ') && eat(c, '(') && eat(c, '(') && !eat_name(c, prefix))
        buf_clear(prefix);
    return buf_status(prefix);
}

/* ESEARCH (TAG "5") UID ALL 1:5,9 (RFC 4731): without ALL nothing was found. Only answers of UID commands are used. */
static enum sp_status
esearch_line(struct filter *f, struct cursor *c)
{
    struct buf *numbers = &f->notes.numbers;
    struct uid_range r;
    while (c->at < c->end && *c->at != ')')
        c->at++;
    if (!eat(c, ')') || !eat(c, ' ') || !eat_word(c, "UID") || !eat(c, ' ') || !eat_word(c, "ALL") || !eat(c, ' '))
        return SP_OK;
    ((char *)(uintptr_t)c->at)[strcspn(c->at, " ")] = '\0'; /* other results may follow */
    if (!uidset_valid(c->at))
        return SP_PROTOCOL;
    if (uidset_span(c->at) > f->limits.numbers - numbers->len / sizeof(uint32_t))
        return SP_TOO_LARGE;
    for (const char *set = c->at; uidset_next(&set, &r);)
        for (uint64_t uid = r.first; uid <= r.last; uid++)
            buf_add(numbers, &(uint32_t){(uint32_t)uid}, sizeof(uint32_t));
    return buf_status(numbers);
}

/* VANISHED (RFC 7162 section 3.2.10). Without QRESYNC nothing of it is believed but that messages went. */
static enum sp_status
vanished_line(struct filter *f, struct cursor *c)
{
    struct filter_notes *n = &f->notes;
    bool earlier = eat(c, ' ') && eat(c, '(');
    if (!n->qresync) {
        n->expunges++;
        return SP_OK;
    }
    if (earlier && !(eat_word(c, "EARLIER") && eat(c, ')') && eat(c, ' ')))
        return SP_PROTOCOL;
    uint64_t span = uidset_valid(c->at) ? uidset_span(c->at) : UINT64_MAX; /* the segment ends with a NUL; "*" would name nothing */
    if (span == UINT64_MAX)
        return SP_PROTOCOL;
    if (left_out(f))
        return SP_OK;
    if (!earlier) {
        n->expunges++;
        n->exists -= span < n->exists ? (uint32_t)span : n->exists;
    }
    if (n->vanished.len + (size_t)(c->end - c->at) > MAX_VANISHED)
        return SP_TOO_LARGE;
    buf_addf(&n->vanished, "%s%s", n->vanished.len ? "," : "", c->at);
    return buf_status(&n->vanished);
}

static enum sp_status
numbered(struct filter *f, const char *s, size_t len, struct cursor *c)
{
    struct filter_notes *n = &f->notes;
    uint64_t number;
    if (!eat_number(c, UINT32_MAX, &number) || !eat(c, ' '))
        return SP_PROTOCOL;
    if (eat_word(c, "EXISTS")) {
        n->exists = (uint32_t)number;
        n->exists_seen++;
        return SP_OK;
    }
    if (eat_word(c, "EXPUNGE")) {
        n->expunges++;
        n->exists -= n->exists > 0;
        return number ? SP_OK : SP_PROTOCOL;
    }
    if (eat_word(c, "FETCH")) {
        n->fetches++;
        if (number == 0 || !eat(c, ' ') || !eat(c, '('))
            return SP_PROTOCOL;
        f->drop = left_out(f);
        enum sp_status st = fetch_rest(f, c, true);
        return st ? st : emit(f, s, (size_t)(c->end - s));
    }
    return unknown(f, s, len);
}

static bool
has_word(struct cursor *c, const char *word)
{
    while (eat(c, ' ')) {
        if (eat_word(c, word))
            return true;
        (void)eat_atom(c);
    }
    return false;
}

static enum sp_status
untagged(struct filter *f, const char *s, size_t len, struct cursor *c)
{
    if (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        return f->greeted && !f->scrubbed ? numbered(f, s, len, c) : SP_PROTOCOL;
    enum filter_reply reply = eat_status(c);
    if (reply != FILTER_PENDING)
        return untagged_status(f, c, reply);
    if (!f->greeted)
        return SP_PROTOCOL;
    if (f->scrubbed) /* among others a folder whose name could not be said again: it is left out */
        return unknown(f, s, len);
    if (eat_word(c, "CAPABILITY")) {
        note_capabilities(f, c->at, (size_t)(c->end - c->at));
        return SP_OK;
    }
    if (eat_word(c, "LIST"))
        return list_line(f, s, len, c);
    if (eat_word(c, "STATUS"))
        return status_line(f, s, len, c);
    if (eat_word(c, "NAMESPACE"))
        return namespace_line(f, c);
    if (eat_word(c, "ESEARCH"))
        return esearch_line(f, c);
    if (eat_word(c, "VANISHED"))
        return vanished_line(f, c);
    if (eat_word(c, "ENABLED"))
        f->notes.qresync = f->notes.qresync || has_word(c, "QRESYNC");
    return unknown(f, s, len);
}

enum sp_status
filter_imap_segment(struct filter *f, char *s, size_t len)
{
    struct cursor c = {s, s + len};
    enum sp_status st;
    if (f->scrubbed && f->state != FILTER_AT_LINE && f->state != FILTER_IN_UNKNOWN)
        return SP_PROTOCOL;
    switch (f->state) {
    case FILTER_IN_FETCH:
        st = fetch_rest(f, &c, false);
        return st ? st : emit(f, s, (size_t)(c.end - s));
    case FILTER_IN_LIST:
        f->state = FILTER_AT_LINE;
        return emit(f, "", 0);
    case FILTER_IN_UNKNOWN:
        return unknown(f, s, len);
    case FILTER_IN_SEARCH_TAIL:
        f->state = FILTER_AT_LINE;
        return SP_OK;
    default:
        break;
    }
    f->drop = false;
    if (eat(&c, '*'))
        return eat(&c, ' ') ? untagged(f, s, len, &c) : SP_PROTOCOL;
    if (eat(&c, '+')) {
        f->notes.continuation = true;
        (void)eat(&c, ' ');
        buf_clear(&f->notes.challenge);
        buf_add(&f->notes.challenge, c.at, (size_t)(c.end - c.at));
        return f->greeted ? buf_status(&f->notes.challenge) : SP_PROTOCOL;
    }
    return tagged(f, &c);
}
