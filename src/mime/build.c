/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Entities and messages. The entity's bytes are what gets signed, so they are written here octet by octet: 7-bit, CRLF, no trailing
   white space, no line that starts with "From " (RFC 3156 sections 3 and 5); GMime encodes parameters and header words. */
#include "build.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "charset.h"
#include "filename.h"
#include "flowed.h"

#define FLOW_BEYOND 78
#define FLOW_WIDTH 72
#define QP_WIDTH 76u

enum sp_status
build_boundary(char out[BUILD_BOUNDARY_SIZE])
{
    unsigned char random[16];
    if (getrandom(random, sizeof random, 0) != (ssize_t)sizeof random)
        return SP_INTERNAL;
    int at = snprintf(out, BUILD_BOUNDARY_SIZE, "=_");
    for (size_t i = 0; i < sizeof random; i++)
        at += snprintf(out + at, BUILD_BOUNDARY_SIZE - (size_t)at, "%02x", random[i]);
    return SP_OK;
}

void
build_crlf(struct buf *out, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *lf = memchr(bytes + at, '\n', len - at);
        size_t n = lf ? (size_t)(lf - (bytes + at)) : len - at;
        size_t text = n && lf && bytes[at + n - 1] == '\r' ? n - 1 : n;
        buf_add(out, bytes + at, text);
        if (lf)
            buf_adds(out, "\r\n");
        at += n + (lf != NULL);
    }
}

void
build_base64(struct buf *out, const char *bytes, size_t len)
{
    char line[80];
    for (size_t at = 0; at < len; at += 57) {
        gint state = 0, save = 0;
        size_t n = len - at < 57 ? len - at : 57;
        size_t got = g_base64_encode_step((const guchar *)bytes + at, n, FALSE, line, &state, &save);
        got += g_base64_encode_close(FALSE, line + got, &state, &save);
        buf_add(out, line, got);
        buf_adds(out, "\r\n");
    }
}

/* ---- text */

/* What a text needs: nothing, quoted-printable or base64. */
static GMimeContentEncoding
best_encoding(const char *s, size_t len)
{
    size_t escaped = 0, line = 0;
    bool needed = false;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool end = i + 1 == len || s[i + 1] == '\n';
        if (c == '\n') {
            line = 0;
            continue;
        }
        if (c > 126 || (c < 32 && c != '\t'))
            escaped++;
        if (++line > 900 || ((c == ' ' || c == '\t') && end) || (line == 1 && len - i >= 5 && memcmp(s + i, "From ", 5) == 0))
            needed = true;
    }
    if (!escaped && !needed)
        return GMIME_CONTENT_ENCODING_7BIT;
    return escaped * 4 > len ? GMIME_CONTENT_ENCODING_BASE64 : GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE;
}

/* RFC 2045 section 6.7 for LF lines, with the extra care of RFC 3156 section 3 and of dots that SMTP would double. */
static void
quoted_printable(struct buf *out, const char *s, size_t len)
{
    size_t column = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)s[i];
        bool end = i + 1 == len || s[i + 1] == '\n';
        if (c == '\n') {
            buf_adds(out, "\r\n");
            column = 0;
            continue;
        }
        bool first = i == 0 || s[i - 1] == '\n';
        bool escape = c > 126 || c == '=' || (c < 32 && c != '\t') || ((c == ' ' || c == '\t') && end) || (first && c == '.') ||
                      (c == 'F' && column == 0 && len - i >= 5 && memcmp(s + i, "From ", 5) == 0);
        size_t width = escape ? 3 : 1;
        if (column + width > QP_WIDTH - !end) {
            buf_adds(out, "=\r\n");
            column = 0;
            if (c == 'F' && len - i >= 5 && memcmp(s + i, "From ", 5) == 0)
                escape = true;
        }
        if (escape)
            buf_addf(out, "=%02X", c);
        else
            buf_addc(out, (char)c);
        column += escape ? 3 : 1;
    }
}

/* LF lines, valid UTF-8, a line end at the end. */
static void
clean_text(struct buf *out, const char *body)
{
    struct buf lines = BUF_INIT;
    struct charset_result r;
    for (const char *p = body; *p; p++)
        if (*p != '\r')
            buf_addc(&lines, *p);
        else if (p[1] != '\n')
            buf_addc(&lines, '\n');
    (void)charset_to_utf8(out, "UTF-8", buf_str(&lines), lines.len, SIZE_MAX / 2, &r);
    if (out->len && out->data[out->len - 1] != '\n')
        buf_addc(out, '\n');
    buf_release(&lines);
}

static void
add_encoded_text(struct buf *out, const struct buf *text, GMimeContentEncoding encoding)
{
    struct buf crlf = BUF_INIT;
    if (encoding == GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE) {
        quoted_printable(out, buf_str(text), text->len);
    } else {
        build_crlf(&crlf, buf_str(text), text->len);
        if (encoding == GMIME_CONTENT_ENCODING_BASE64)
            build_base64(out, buf_str(&crlf), crlf.len);
        else
            buf_add(out, buf_str(&crlf), crlf.len);
    }
    buf_release(&crlf);
}

static const char *
encoding_name(GMimeContentEncoding encoding)
{
    return encoding == GMIME_CONTENT_ENCODING_7BIT ? "7bit" : encoding == GMIME_CONTENT_ENCODING_BASE64 ? "base64" : "quoted-printable";
}

/* hp: "" or the parameter of a payload root with its "; " in front. */
static void
add_text_part(struct buf *out, const char *body, const char *hp)
{
    struct buf text = BUF_INIT, flowed = BUF_INIT;
    clean_text(&text, body);
    bool flow = flowed_useful(buf_str(&text), text.len, FLOW_BEYOND);
    if (flow)
        flowed_split(&flowed, buf_str(&text), text.len, FLOW_WIDTH);
    const struct buf *chosen = flow ? &flowed : &text;
    GMimeContentEncoding encoding = best_encoding(buf_str(chosen), chosen->len);
    buf_addf(out, "Content-Type: text/plain; charset=utf-8%s%s\r\nContent-Transfer-Encoding: %s\r\n\r\n", flow ? "; format=flowed" : "",
             hp, encoding_name(encoding));
    add_encoded_text(out, chosen, encoding);
    buf_release(&text);
    buf_release(&flowed);
}

/* ---- attachments */

static bool
is_token(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)s[i] <= 32 || (unsigned char)s[i] >= 127 || strchr("()<>@,;:\\\"/[]?=", s[i]))
            return false;
    return len > 0 && len < 128;
}

static bool
type_ok(const char *type)
{
    const char *slash = strchr(type, '/');
    return slash && is_token(type, (size_t)(slash - type)) && is_token(slash + 1, strlen(slash + 1)) &&
           strncasecmp(type, "multipart/", 10) != 0;
}

/* A message may not be encoded (RFC 2046 section 5.2.1): it goes as it is when it is 7-bit, else as an opaque file. */
static bool
message_fits(const struct build_file *f)
{
    size_t line = 0;
    for (size_t i = 0; i < f->len; i++) {
        unsigned char c = (unsigned char)f->bytes[i];
        line = c == '\n' ? 0 : line + 1;
        if (c == 0 || c > 126 || line > 990 || (c == '\r' && (i + 1 == f->len || f->bytes[i + 1] != '\n')) ||
            (line == 1 && f->len - i >= 5 && memcmp(f->bytes + i, "From ", 5) == 0))
            return false;
    }
    return f->len > 0;
}

/* A line of "Field: value; param=..." as GMime encodes it, its folding made CRLF. */
static void
add_parameter_field(struct buf *out, const char *name, char *encoded)
{
    const char *end = encoded + strlen(encoded);
    while (end > encoded && (end[-1] == '\n' || end[-1] == ' '))
        end--;
    const char *start = encoded + strspn(encoded, " ");
    buf_addf(out, "%s: ", name);
    build_crlf(out, start, (size_t)(end - start));
    buf_adds(out, "\r\n");
    g_free(encoded);
}

static void
add_file_headers(struct buf *out, const struct build_file *f, const char *type, const char *encoding)
{
    struct buf name = BUF_INIT;
    const char *slash = strchr(type, '/');
    char *major = g_strndup(type, (gsize)(slash - type));
    GMimeContentType *ct = g_mime_content_type_new(major, slash + 1);
    GMimeContentDisposition *d = g_mime_content_disposition_new();

    (void)filename_safe(&name, f->name);
    g_mime_content_disposition_set_disposition(d, strcasecmp(f->disposition, "inline") == 0 ? "inline" : "attachment");
    if (name.len) {
        g_mime_content_type_set_parameter(ct, "name", name.data);
        g_mime_content_disposition_set_parameter(d, "filename", name.data);
    }
    add_parameter_field(out, "Content-Type", g_mime_content_type_encode(ct, NULL));
    buf_addf(out, "Content-Transfer-Encoding: %s\r\n", encoding);
    add_parameter_field(out, "Content-Disposition", g_mime_content_disposition_encode(d, NULL));
    buf_adds(out, "\r\n");
    g_object_unref(ct);
    g_object_unref(d);
    g_free(major);
    buf_release(&name);
}

static void
add_file(struct buf *out, const struct build_file *f)
{
    bool message = strcasecmp(f->type, "message/rfc822") == 0;
    if (message && message_fits(f)) {
        add_file_headers(out, f, "message/rfc822", "7bit");
        build_crlf(out, f->bytes, f->len);
        return;
    }
    bool opaque = !type_ok(f->type) || strncasecmp(f->type, "message/", 8) == 0;
    add_file_headers(out, f, opaque ? "application/octet-stream" : f->type, "base64");
    build_base64(out, f->bytes, f->len);
}

/* ---- entity and message */

static bool
is_content_field(const char *name)
{
    return strncasecmp(name, "Content-", 8) == 0 || strcasecmp(name, "MIME-Version") == 0;
}

/* RFC 9788 section 3: the message's fields on the payload's root, and for an encrypted message what stands outside. */
static enum sp_status
add_protected(struct mime_tools *tools, struct buf *out, const struct build_field *fields, size_t n, bool encrypted)
{
    enum sp_status st = SP_OK;
    for (size_t i = 0; i < n && !st; i++) {
        if (strcasecmp(fields[i].name, "Bcc") == 0 || is_content_field(fields[i].name))
            st = SP_INVALID; /* S68 */
        else if (*fields[i].value)
            st = build_header(tools, out, fields[i].name, fields[i].value);
    }
    for (size_t i = 0; i < n && !st && encrypted; i++) {
        char *name = g_strdup_printf("HP-Outer: %s", fields[i].name);
        bool removed = strcasecmp(fields[i].name, "Keywords") == 0 || strcasecmp(fields[i].name, "Comments") == 0;
        if (strcasecmp(fields[i].name, "Subject") == 0)
            st = build_header(tools, out, name, MIME_OUTER_SUBJECT);
        else if (*fields[i].value && !removed)
            st = build_header(tools, out, name, fields[i].value);
        g_free(name);
    }
    return st;
}

enum sp_status
build_entity(struct mime_tools *tools, struct buf *out, const char *body, const struct build_file *files, size_t n_files,
             const struct build_field *fields, size_t n_fields, bool encrypted)
{
    const char *hp = !n_fields ? "" : encrypted ? "; hp=\"cipher\"" : "; hp=\"clear\"";
    char boundary[BUILD_BOUNDARY_SIZE];
    enum sp_status st = add_protected(tools, out, fields, n_fields, encrypted);

    if (st || !n_files) {
        add_text_part(out, body, hp);
        return st ? st : buf_status(out);
    }
    st = build_boundary(boundary);
    buf_addf(out, "Content-Type: multipart/mixed; boundary=\"%s\"%s\r\n\r\n--%s\r\n", boundary, hp, boundary);
    add_text_part(out, body, "");
    for (size_t i = 0; i < n_files; i++) {
        buf_addf(out, "\r\n--%s\r\n", boundary);
        add_file(out, &files[i]);
    }
    buf_addf(out, "\r\n--%s--\r\n", boundary);
    return st ? st : buf_status(out);
}

enum sp_status
build_message(struct mime_tools *tools, struct buf *out, const struct build_field *fields, size_t n_fields, const char *entity, size_t len)
{
    enum sp_status st = SP_OK;
    for (size_t i = 0; i < n_fields && !st; i++) {
        if (is_content_field(fields[i].name))
            st = SP_INVALID;
        else if (*fields[i].value)
            st = build_header(tools, out, fields[i].name, fields[i].value);
    }
    buf_adds(out, "MIME-Version: 1.0\r\n");
    buf_add(out, entity, len);
    return st ? st : buf_status(out);
}
