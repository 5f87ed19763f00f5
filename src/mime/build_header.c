/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One header field as it is sent. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

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

/* Appends text of lines with LF or CRLF; refuses lines that are too long, or a line end that is no folding. */
static enum sp_status
add_lines(struct buf *out, const char *s)
{
    size_t line = 0;
    for (; *s; s++) {
        if (*s == '\r')
            continue;
        if (*s == '\n') {
            if (s[1] && s[1] != ' ' && s[1] != '\t')
                return SP_INVALID;
            buf_adds(out, "\r\n");
            line = 0;
        } else {
            buf_addc(out, *s);
            if (++line > MAX_LINE)
                return SP_INVALID;
        }
    }
    return buf_status(out);
}

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

static enum sp_status
add_addresses(struct mime_tools *tools, struct buf *out, const char *prefix, const char *value)
{
    InternetAddressList *list = internet_address_list_parse(tools->options, value);
    if (!list)
        return SP_INVALID;
    enum sp_status st = check_local_parts(list);
    if (!st) {
        GString *text = g_string_new(prefix);
        g_string_append(text, ": ");
        internet_address_list_encode(list, NULL, text);
        st = is_ascii(text->str) ? add_lines(out, text->str) : SP_INVALID;
        g_string_free(text, TRUE);
    }
    g_object_unref(list);
    return st;
}

/* Folded before a token that would go beyond the width. */
static enum sp_status
add_tokens(struct buf *out, const char *prefix, const char *value)
{
    size_t column = strlen(prefix) + 1, start = out->len;
    if (!is_ascii(value))
        return SP_INVALID;
    buf_addf(out, "%s:", prefix);
    while (*value) {
        value += strspn(value, " \t");
        size_t n = strcspn(value, " \t");
        if (n > MAX_LINE - 2)
            return SP_INVALID;
        if (n && column + n + 1 > WIDTH && out->len > start + strlen(prefix) + 1) {
            buf_adds(out, "\r\n");
            column = 0;
        }
        if (n) {
            buf_addc(out, ' ');
            buf_add(out, value, n);
        }
        column += n + 1;
        value += n;
    }
    return buf_status(out);
}

static enum sp_status
add_words(struct buf *out, const char *prefix, const char *value)
{
    char *encoded;
    /* what looks like an encoded word would be decoded by the reader: such a text is encoded as a whole */
    if (strstr(value, "=?")) {
        char *base64 = NULL;
        GString *words = g_string_new(NULL);
        for (size_t at = 0, len = strlen(value); at < len;) {
            size_t n = len - at < 42 ? len - at : 42;
            while (at + n < len && (value[at + n] & 0xc0) == 0x80)
                n--;
            base64 = g_base64_encode((const guchar *)value + at, n);
            g_string_append_printf(words, "%s=?utf-8?B?%s?=", words->len ? "\n " : "", base64);
            g_free(base64);
            at += n;
        }
        encoded = g_string_free(words, FALSE);
    } else {
        encoded = g_mime_utils_header_encode_text(NULL, value, "utf-8");
    }
    char *line = g_strdup_printf("%s: %s", prefix, encoded);
    char *folded = strchr(line, '\n') ? g_strdup(line) : g_mime_utils_unstructured_header_fold(NULL, NULL, line);
    size_t n = strlen(folded);
    while (n && (folded[n - 1] == '\n' || folded[n - 1] == ' '))
        folded[--n] = '\0';
    enum sp_status st = add_lines(out, folded);
    g_free(folded);
    g_free(line);
    g_free(encoded);
    return st;
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
    return st;
}
