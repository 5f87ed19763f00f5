/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Values of header fields, by GMime. */
#include "value.h"

#include <string.h>

#include "base/utf8.h"
#include "rfc2047.h"

GMimeParserOptions *
value_options_new(void)
{
    GMimeParserOptions *o = g_mime_parser_options_new();
    g_mime_parser_options_set_address_compliance_mode(o, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_parameter_compliance_mode(o, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_rfc2047_compliance_mode(o, GMIME_RFC_COMPLIANCE_LOOSE);
    g_mime_parser_options_set_allow_addresses_without_domain(o, TRUE);
    value_set_fallback(o, NULL);
    return o;
}

void
value_set_fallback(GMimeParserOptions *options, const char *charset)
{
    const char *list[4] = {"utf-8"};
    size_t n = 1;
    if (charset && *charset)
        list[n++] = charset;
    list[n] = "windows-1252";
    g_mime_parser_options_set_fallback_charsets(options, list);
}

char *
value_unfold(const char *raw, size_t len)
{
    while (len && (*raw == ' ' || *raw == '\t' || *raw == '\r' || *raw == '\n')) {
        raw++;
        len--;
    }
    if (len > VALUE_MAX)
        len = VALUE_MAX;
    char *out = g_malloc(len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        if (raw[i] == '\r' || raw[i] == '\n')
            continue; /* folding white space follows; a bare CR has no meaning in a header */
        out[n++] = raw[i] ? raw[i] : '?';
    }
    while (n && (out[n - 1] == ' ' || out[n - 1] == '\t'))
        n--;
    out[n] = '\0';
    return out;
}

/* The charset between UTF-8 and the last resort in the list that value_set_fallback made. */
static const char *
fallback_of(GMimeParserOptions *options)
{
    const char **charsets = g_mime_parser_options_get_fallback_charsets(options);
    return charsets && charsets[0] ? charsets[1] : NULL;
}

char *
value_decode(GMimeParserOptions *options, const char *line)
{
    struct buf text = BUF_INIT;
    rfc2047_decode(&text, line, fallback_of(options));
    char *copy = g_strdup(buf_str(&text));
    buf_release(&text);
    return copy;
}

/* For GMime's structured parsers: unfolded, valid UTF-8, with words that they decode right. */
static char *
unfold_rewritten(GMimeParserOptions *options, const char *raw, size_t len)
{
    char *line = value_unfold(raw, len);
    if (!strstr(line, "=?") && utf8_valid(line, strlen(line)))
        return line;
    struct buf out = BUF_INIT;
    rfc2047_rewrite(&out, line, fallback_of(options));
    g_free(line);
    line = g_strdup(buf_str(&out));
    buf_release(&out);
    return line;
}

char *
value_text(GMimeParserOptions *options, const char *raw, size_t len)
{
    char *line = value_unfold(raw, len), *text = value_decode(options, line);
    g_free(line);
    return text;
}

int64_t
value_date(const char *raw, size_t len)
{
    char *line = value_unfold(raw, len < 200 ? len : 200);
    GDateTime *when = *line ? g_mime_utils_header_decode_date(line) : NULL;
    int64_t t = 0;
    if (when) {
        t = g_date_time_to_unix(when);
        g_date_time_unref(when);
    }
    g_free(line);
    return t;
}

char *
value_ids(const char *raw, size_t len)
{
    char *line = value_unfold(raw, len);
    GMimeReferences *refs = g_mime_references_parse(NULL, line);
    GString *out = g_string_new(NULL);
    int n = g_mime_references_length(refs);
    for (int i = 0; i < n; i++) {
        const char *id = g_mime_references_get_message_id(refs, i);
        if (id && *id)
            g_string_append_printf(out, "%s<%s>", out->len ? " " : "", id);
    }
    g_mime_references_free(refs);
    g_free(line);
    return g_string_free(out, FALSE);
}

GMimeContentType *
value_content_type(GMimeParserOptions *options, const char *raw, size_t len, bool *valid)
{
    char *line = unfold_rewritten(options, raw, len);
    size_t token = strcspn(line, "/;, \t");
    bool slash = token > 0 && line[token + strspn(line + token, " \t")] == '/';
    GMimeContentType *ct;

    if (valid)
        *valid = slash;
    if (slash)
        ct = g_mime_content_type_parse(options, line);
    else if (token == 0 || g_ascii_strncasecmp(line, "text", token) == 0)
        ct = g_mime_content_type_new("text", "plain");
    else
        ct = g_mime_content_type_new("application", "octet-stream");
    g_free(line);
    return ct;
}

GMimeContentDisposition *
value_disposition(GMimeParserOptions *options, const char *raw, size_t len)
{
    char *line = unfold_rewritten(options, raw, len);
    GMimeContentDisposition *d = *line ? g_mime_content_disposition_parse(options, line) : NULL;
    g_free(line);
    return d;
}

char *
value_type_name(GMimeContentType *ct)
{
    char *name = g_mime_content_type_get_mime_type(ct);
    char *lower = g_ascii_strdown(name ? name : "application/octet-stream", -1);
    g_free(name);
    return lower;
}

char *
value_param_lower(GMimeContentType *ct, const char *name)
{
    const char *value = g_mime_content_type_get_parameter(ct, name);
    return g_ascii_strdown(value ? value : "", -1);
}

/* ---- addresses */

struct walk {
    size_t count, max;
    value_mailbox_fn *fn;
    void *arg;
};

static void
walk_mailbox(InternetAddress *ia, struct walk *w)
{
    const char *name = internet_address_get_name(ia);
    const char *address = internet_address_mailbox_get_addr(INTERNET_ADDRESS_MAILBOX(ia));
    if (!name)
        name = "";
    if (!address)
        address = "";
    char *display = *name && *address ? g_strdup_printf("%s <%s>", name, address) : g_strdup(*name ? name : address);
    w->fn(&(struct value_mailbox){.name = name, .address = address, .display = display}, w->arg);
    g_free(display);
}

/* Groups cannot hold groups (RFC 5322 section 3.4), but GMime would parse them: the depth is bounded. */
static void
walk_list(InternetAddressList *list, struct walk *w, int depth)
{
    int n = internet_address_list_length(list);
    for (int i = 0; i < n && w->count < w->max; i++) {
        InternetAddress *ia = internet_address_list_get_address(list, i);
        if (INTERNET_ADDRESS_IS_MAILBOX(ia)) {
            w->count++;
            walk_mailbox(ia, w);
        } else if (INTERNET_ADDRESS_IS_GROUP(ia) && depth < 4) {
            InternetAddressList *members = internet_address_group_get_members(INTERNET_ADDRESS_GROUP(ia));
            if (members)
                walk_list(members, w, depth + 1);
        }
    }
}

size_t
value_mailboxes(GMimeParserOptions *options, const char *raw, size_t len, size_t max, value_mailbox_fn *fn, void *arg)
{
    struct walk w = {.max = max, .fn = fn, .arg = arg};
    char *line = unfold_rewritten(options, raw, len);
    InternetAddressList *list = *line ? internet_address_list_parse(options, line) : NULL;
    if (list) {
        walk_list(list, &w, 0);
        g_object_unref(list);
    }
    g_free(line);
    return w.count;
}
