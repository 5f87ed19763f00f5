/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One header field as it is sent. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "addresses.h"
#include "base/utf8.h"
#include "build.h"

#define MAX_LINE 998u /* RFC 5322 section 2.1.1 */
#define WIDTH 76u

static const char *const address_fields[] = {"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Resent-From", "Resent-To",
                                             "Resent-Cc", "Mail-Followup-To", "Mail-Reply-To", "Disposition-Notification-To"};
/* Made of tokens, never of words: no encoding, folded at spaces only. */
static const char *const token_fields[] = {"Message-ID", "In-Reply-To", "References", "Date", "MIME-Version", "Autocrypt", "User-Agent",
                                           "List-Id", "List-Unsubscribe", "Auto-Submitted", "Precedence"};

static bool
is_one_of(const char *name, const char *const *table, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (strcasecmp(name, table[i]) == 0)
            return true;
    return false;
}

static bool
name_ok(const char *s)
{
    if (!*s || strlen(s) > 76)
        return false;
    for (; *s; s++)
        if ((unsigned char)*s <= 32 || (unsigned char)*s >= 127 || *s == ':')
            return false;
    return true;
}

static bool
value_ok(const char *s)
{
    for (const char *p = s; *p; p++)
        if (((unsigned char)*p < 32 && *p != '\t') || *p == 127)
            return false;
    return utf8_valid(s, strlen(s));
}

static bool
is_ascii(const char *s)
{
    while (*s && (signed char)*s > 0)
        s++;
    return !*s;
}

/* ---- one line being written */

struct header_line {
    struct buf *out;
    size_t column;
    bool begun; /* something stands behind the colon */
};

/* An item with white space before it: on this line when it fits, else on the next. */
static void
put(struct header_line *l, const char *space, size_t space_len, const char *item, size_t len)
{
    if (l->begun && space_len && l->column + space_len + len > WIDTH) {
        buf_adds(l->out, "\r\n");
        l->column = 0;
    }
    buf_add(l->out, space, space_len);
    buf_add(l->out, item, len);
    l->column += space_len + len;
    l->begun = true;
}

/* ---- encoded words (RFC 2047) */

#define WORD_BYTES 42u /* 42 bytes are 56 of base64, with "=?utf-8?B?" and "?=" 68: below the limit of 75 */

/* As many bytes as one word takes, ending at a code point. */
static size_t
word_length(const char *s, size_t len, bool base64)
{
    size_t n = 0, cost = 0, limit = base64 ? WORD_BYTES : 60;
    while (n < len) {
        size_t step = 1;
        while (n + step < len && (s[n + step] & 0xc0) == 0x80)
            step++;
        size_t more = base64 ? step : step == 1 && (isalnum((unsigned char)s[n]) || s[n] == ' ') ? 1 : 3 * step;
        if (n && cost + more > limit)
            break;
        cost += more;
        n += step;
    }
    return n;
}

/* Only letters and digits stay themselves, so the word is safe in phrases, too. */
static void
add_word(struct buf *word, const char *s, size_t len, bool base64)
{
    if (base64) {
        char *text = g_base64_encode((const guchar *)s, len);
        buf_addf(word, "=?utf-8?B?%s?=", text);
        g_free(text);
        return;
    }
    buf_adds(word, "=?utf-8?Q?");
    for (size_t i = 0; i < len; i++) {
        if (isalnum((unsigned char)s[i]))
            buf_addc(word, s[i]);
        else if (s[i] == ' ')
            buf_addc(word, '_');
        else
            buf_addf(word, "=%02X", (unsigned char)s[i]);
    }
    buf_adds(word, "?=");
}

static void
put_words(struct header_line *l, const char *s)
{
    size_t len = strlen(s), high = 0;
    for (size_t i = 0; i < len; i++)
        high += (signed char)s[i] <= 0;
    bool base64 = high * 3 > len;
    while (len) {
        struct buf word = BUF_INIT;
        size_t n = word_length(s, len, base64);
        add_word(&word, s, n, base64);
        put(l, " ", 1, buf_str(&word), word.len);
        buf_release(&word);
        s += n;
        len -= n;
    }
}

/* ---- addresses */

static enum sp_status
check_local_parts(InternetAddressList *list)
{
    for (int i = 0; i < internet_address_list_length(list); i++) {
        InternetAddress *ia = internet_address_list_get_address(list, i);
        const char *address = INTERNET_ADDRESS_IS_MAILBOX(ia) ? internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(ia)) : NULL;
        const char *at = address ? strrchr(address, '@') : NULL;
        for (const char *p = address; at && p < at; p++)
            if ((signed char)*p <= 0)
                return SP_UNSUPPORTED; /* needs SMTPUTF8 (RFC 6531) */
    }
    return SP_OK;
}

/* A display name: atoms, a quoted string, or encoded words. */
static void
put_name(struct header_line *l, const char *name)
{
    struct buf quoted = BUF_INIT;
    bool atoms = true;
    if (!is_ascii(name) || strstr(name, "=?")) {
        put_words(l, name);
        return;
    }
    for (const char *p = name; *p; p++)
        atoms = atoms && (isalnum((unsigned char)*p) || strchr(" !#$%&'*+-/=?^_`{|}~", *p));
    if (!atoms) {
        buf_addc(&quoted, '"');
        for (const char *p = name; *p; p++) {
            if (*p == '"' || *p == '\\')
                buf_addc(&quoted, '\\');
            buf_addc(&quoted, *p);
        }
        buf_addc(&quoted, '"');
        name = buf_str(&quoted);
    }
    put(l, " ", 1, name, strlen(name));
    buf_release(&quoted);
}

static void
put_mailbox(struct header_line *l, InternetAddress *ia, const char *after)
{
    const char *name = internet_address_get_name(ia);
    const char *address = internet_address_mailbox_get_idn_addr(INTERNET_ADDRESS_MAILBOX(ia));
    bool named = name && *name;
    if (named)
        put_name(l, name);
    char *item = g_strdup_printf(named ? "<%s>%s" : "%s%s", address ? address : "", after);
    put(l, " ", 1, item, strlen(item));
    g_free(item);
}

static void
put_group(struct header_line *l, InternetAddress *ia, const char *after)
{
    InternetAddressList *members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(ia));
    int n = members ? internet_address_list_length(members) : 0;
    const char *name = internet_address_get_name(ia);
    put_name(l, name ? name : "group");
    put(l, "", 0, ":", 1);
    for (int i = 0; i < n; i++) {
        InternetAddress *m = internet_address_list_get_address(members, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(m))
            put_mailbox(l, m, i + 1 < n ? "," : "");
    }
    put(l, "", 0, ";", 1);
    put(l, "", 0, after, strlen(after));
}

static enum sp_status
add_addresses(struct mime_tools *tools, struct buf *out, const char *prefix, const char *value)
{
    InternetAddressList *list = internet_address_list_parse(tools->options, value);
    if (!list)
        return SP_INVALID;
    enum sp_status st = check_local_parts(list);
    struct header_line l = {out, strlen(prefix) + 1, false};
    int n = internet_address_list_length(list);
    if (!st && mime_address_entries(value) != (size_t)n)
        st = SP_INVALID; /* the parser left one out or saw one more: nobody may be lost or added unseen */
    buf_addf(out, "%s:", prefix);
    for (int i = 0; i < n && !st; i++) {
        InternetAddress *ia = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(ia))
            put_mailbox(&l, ia, i + 1 < n ? "," : "");
        else
            put_group(&l, ia, i + 1 < n ? "," : "");
    }
    g_object_unref(list);
    return st;
}

/* ---- the others */

/* ASCII words with their white space kept; SP_INVALID when one is too long for a line. */
static enum sp_status
add_tokens(struct buf *out, const char *prefix, const char *value)
{
    struct header_line l = {out, strlen(prefix) + 1, false};
    if (!is_ascii(value))
        return SP_INVALID;
    buf_addf(out, "%s:", prefix);
    value += strspn(value, " \t");
    const char *space = " ";
    size_t space_len = 1;
    while (*value) {
        size_t n = strcspn(value, " \t");
        if (n > MAX_LINE - 80)
            return SP_INVALID;
        put(&l, space, space_len, value, n);
        space = value + n;
        space_len = strspn(space, " \t");
        value = space + space_len;
    }
    return SP_OK;
}

/* What looks like an encoded word would be decoded by the reader: such a text is encoded as a whole. */
static enum sp_status
add_words(struct buf *out, const char *prefix, const char *value)
{
    struct header_line l = {out, strlen(prefix) + 1, false};
    size_t longest = 0, run = 0;
    for (const char *p = value; *p; p++) {
        run = *p == ' ' || *p == '\t' ? 0 : run + 1;
        longest = run > longest ? run : longest;
    }
    if (is_ascii(value) && !strstr(value, "=?") && longest < 900 && *value != ' ' && *value != '\t')
        return add_tokens(out, prefix, value);
    buf_addf(out, "%s:", prefix);
    put_words(&l, value);
    return SP_OK;
}

enum sp_status
build_header(struct mime_tools *tools, struct buf *out, const char *name, const char *value)
{
    /* "HP-Outer: Subject" stands for a field within a field (RFC 9788 section 2.2) */
    const char *inner = strncasecmp(name, "HP-Outer: ", 10) == 0 ? name + 10 : name;
    enum sp_status st;

    if (!name_ok(inner) || !value_ok(value))
        return SP_INVALID;
    if (is_one_of(inner, address_fields, sizeof address_fields / sizeof address_fields[0]))
        st = add_addresses(tools, out, name, value);
    else if (is_one_of(inner, token_fields, sizeof token_fields / sizeof token_fields[0]))
        st = add_tokens(out, name, value);
    else
        st = add_words(out, name, value);
    buf_adds(out, "\r\n");
    return st ? st : buf_status(out);
}
