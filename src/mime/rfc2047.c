/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Encoded words: reading them leniently, a run at a time. */
#include "rfc2047.h"

#include <ctype.h>
#include <glib.h>
#include <string.h>
#include <strings.h>

#include "charset.h"

#define MAX_LABEL 64u
#define MAX_WORD 4096u /* far beyond the 75 allowed, as some writers never split */

struct word {
    char label[MAX_LABEL];
    bool base64;
    const char *text;
    size_t text_len, total; /* total: length of the word in the value */
};

/* "=?charset*language?B?text?=" at s. White space inside the text is tolerated, as it is common in broken mail. */
static bool
read_word(const char *s, struct word *w)
{
    size_t n = 0, at = 2;
    if (s[0] != '=' || s[1] != '?')
        return false;
    while (s[at] && s[at] != '?' && s[at] != '*' && (unsigned char)s[at] > ' ' && n < MAX_LABEL - 1)
        w->label[n++] = s[at++];
    w->label[n] = '\0';
    if (s[at] == '*')
        for (size_t k = 0; s[at] && s[at] != '?' && k < MAX_LABEL; k++)
            at++;
    if (n == 0 || s[at] != '?' || !strchr("bBqQ", s[at + 1]) || !s[at + 1] || s[at + 2] != '?')
        return false;
    w->base64 = tolower((unsigned char)s[at + 1]) == 'b';
    at += 3;
    w->text = s + at;
    for (n = 0; n < MAX_WORD && w->text[n]; n++)
        if (w->text[n] == '?' && w->text[n + 1] == '=') {
            w->text_len = n;
            w->total = at + n + 2;
            return true;
        }
    return false;
}

static int
hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static void
word_bytes(struct buf *out, const struct word *w)
{
    if (w->base64) {
        gint state = 0;
        guint save = 0;
        char *room = buf_reserve(out, w->text_len + 3);
        if (room)
            buf_grown(out, g_base64_decode_step(w->text, w->text_len, (guchar *)room, &state, &save));
        return;
    }
    for (size_t i = 0; i < w->text_len; i++) {
        char c = w->text[i];
        bool escape = c == '=' && i + 2 < w->text_len;
        int high = escape ? hex(w->text[i + 1]) : -1, low = escape ? hex(w->text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            buf_addc(out, (char)(high << 4 | low));
            i += 2;
        } else {
            buf_addc(out, c == '_' ? ' ' : c);
        }
    }
}

static void
convert(struct buf *out, struct buf *bytes, const char *label)
{
    struct charset_result r;
    (void)charset_to_utf8(out, label, buf_str(bytes), bytes->len, SIZE_MAX / 4, &r);
    buf_clear(bytes);
}

/* Words of one charset are joined before conversion, because some writers split in the middle of a character; those with escape
   sequences start anew in each word. */
static bool
joins(const char *a, const char *b)
{
    const char *x = charset_converter(a), *y = charset_converter(b);
    return x && x == y && strncmp(x, "ISO-2022", 8) != 0 && strcmp(x, "UTF-7") != 0;
}

/* Appends the text of the run of words that starts at s; returns its length in the value, 0 when no word is there. */
static size_t
decode_run(struct buf *out, const char *s)
{
    struct word w, last = {.label = ""};
    struct buf bytes = BUF_INIT;
    size_t end = 0, at = 0;

    while (read_word(s + at, &w)) {
        if (end && !joins(last.label, w.label))
            convert(out, &bytes, last.label);
        word_bytes(&bytes, &w);
        last = w;
        end = at + w.total;
        at = end + strspn(s + end, " \t");
    }
    if (end)
        convert(out, &bytes, last.label);
    buf_release(&bytes);
    return end;
}

/* Length of the text before the next "=?". */
static size_t
plain_length(const char *s)
{
    const char *next = s[0] && s[1] ? strstr(s + 1, "=?") : NULL;
    return next ? (size_t)(next - s) : strlen(s);
}

static void
add_plain(struct buf *out, const char *s, size_t len, const char *fallback)
{
    struct charset_result r;
    const char *guess = charset_guess(s, len);
    (void)charset_to_utf8(out, strcmp(guess, "UTF-8") != 0 && fallback ? fallback : guess, s, len, SIZE_MAX / 4, &r);
}

void
rfc2047_decode(struct buf *out, const char *s, const char *fallback)
{
    while (*s) {
        size_t n = decode_run(out, s);
        if (n == 0) {
            n = plain_length(s);
            add_plain(out, s, n, fallback);
        }
        s += n;
    }
}

static void
add_q_word(struct buf *out, const struct buf *text)
{
    buf_adds(out, "=?utf-8?Q?");
    for (size_t i = 0; i < text->len; i++) {
        unsigned char c = (unsigned char)text->data[i];
        if (isalnum(c) && c < 128)
            buf_addc(out, (char)c);
        else if (c == ' ')
            buf_addc(out, '_');
        else
            buf_addf(out, "=%02X", c);
    }
    buf_adds(out, "?=");
}

void
rfc2047_rewrite(struct buf *out, const char *s, const char *fallback)
{
    struct buf text = BUF_INIT;
    while (*s) {
        size_t n = decode_run(&text, s);
        if (n == 0) {
            n = plain_length(s);
            add_plain(out, s, n, fallback);
        } else if (text.len) {
            add_q_word(out, &text);
        }
        buf_clear(&text);
        s += n;
    }
    buf_release(&text);
}
