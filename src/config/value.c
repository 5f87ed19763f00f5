/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Parsing of single configuration values. */
#include "value.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "config.h"

/* Absolute, or below the home folder: the programs that read the file are not all started in the same folder. */
static bool
parse_path(const char *text, const char **out, struct arena *arena)
{
    const char *home = getenv("HOME");
    if (text[0] == '~' && text[1] == '/' && home)
        *out = arena_printf(arena, "%s%s", home, text + 1);
    else
        *out = text[0] == '/' ? arena_strdup(arena, text) : NULL;
    return *out != NULL;
}

/* Valid UTF-8 without blanks, control characters (C1 too) and the forbidden ones. */
static bool
is_plain(const char *text, const char *forbidden)
{
    size_t len = strlen(text);
    if (!utf8_valid(text, len))
        return false;
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        at += utf8_decode(text + at, len - at, &cp);
        if (cp <= ' ' || (cp >= 0x7F && cp <= 0xA0) || (cp < 0x7F && strchr(forbidden, (int)cp)))
            return false;
    }
    return true;
}

/* An addr-spec as it is commonly written: one @, something before, a host after, nothing that could end up as another header. */
static bool
is_address(const char *text)
{
    const char *at = strchr(text, '@');
    if (!at || at == text || !at[1] || strchr(at + 1, '@'))
        return false;
    return is_plain(text, "<>(),;:\\\"[]");
}

static bool
parse_bool(const char *text, bool *out)
{
    static const char *const yes[] = {"yes", "true", "on", "1"}, *const no[] = {"no", "false", "off", "0"};
    for (size_t i = 0; i < 4; i++) {
        if (strcasecmp(text, yes[i]) == 0 || strcasecmp(text, no[i]) == 0) {
            *out = strcasecmp(text, yes[i]) == 0;
            return true;
        }
    }
    return false;
}

static bool
parse_number(const char *text, uint32_t max, uint32_t *out)
{
    char *end;
    errno = 0;
    if (*text < '0' || *text > '9') /* strtoul takes blanks and signs */
        return false;
    unsigned long n = strtoul(text, &end, 10);
    if (errno || *end || n > max)
        return false;
    *out = (uint32_t)n;
    return true;
}

/* Splits at the separators into a NULL-terminated array; quotes (' and ") keep blanks in words when `quotes`. */
static bool
split(const char *text, const char *separators, bool quotes, const char *const **out, struct arena *arena)
{
    const char **items = arena_array(arena, strlen(text) + 2, sizeof *items);
    char *copy = arena_alloc(arena, strlen(text) * 2 + 2);
    size_t n = 0;
    if (!items || !copy)
        return false;
    for (const char *p = text + strspn(text, separators); *p; p += strspn(p, separators)) {
        items[n++] = copy;
        char quote = 0;
        for (; *p && (quote || !strchr(separators, *p)); p++) {
            if (quotes && quote ? *p == quote : quotes && (*p == '"' || *p == '\''))
                quote = quote ? 0 : *p;
            else
                *copy++ = *p;
        }
        while (copy > items[n - 1] && copy[-1] == ' ' && !quotes)
            copy--;
        *copy++ = '\0';
        if (quote)
            return false;
    }
    *out = items;
    return true;
}

/* SCHEME://[USER@]HOST[:PORT]; the user part ends at the last @, so that it may be a mail address. */
static bool
parse_server(const char *text, const char *name, uint16_t tls_port, uint16_t plain_port, struct config_server *out, struct arena *arena)
{
    const struct {
        const char *suffix;
        enum sp_transport transport;
        uint16_t port;
    } schemes[] = {{"s://", SP_TRANSPORT_TLS, tls_port}, {"+starttls://", SP_TRANSPORT_STARTTLS, plain_port}, {"+insecure://", SP_TRANSPORT_INSECURE, plain_port}};
    size_t len = strlen(name);
    if (strncmp(text, name, len) != 0)
        return false;
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(schemes[i].suffix);
        if (strncmp(text + len, schemes[i].suffix, n) != 0)
            continue;
        const char *rest = text + len + n, *at = strrchr(rest, '@'), *host = at ? at + 1 : rest;
        const char *end = host[0] == '[' ? strchr(host, ']') : host + strcspn(host, ":/");
        uint32_t port = schemes[i].port;
        if (!end || end == host)
            return false;
        const char *after = *end == ']' ? end + 1 : end;
        if (*after == ':' && (!parse_number(after + 1, 65535, &port) || port == 0))
            return false;
        if (*after && *after != ':')
            return false;
        bool bracket = *host == '[';
        out->transport = schemes[i].transport;
        out->host = arena_strndup(arena, host + bracket, (size_t)(end - host) - bracket);
        out->user = arena_strndup(arena, rest, at ? (size_t)(at - rest) : 0);
        out->port = (uint16_t)port;
        if (!out->host || !out->user || !is_plain(out->host, bracket ? "@/[" : "@/[]:\\\"<>%"))
            return false;
        /* USER:PASSWORD@ would keep a password in a file and hand it around as a name. */
        return is_plain(out->user, ":/");
    }
    return false;
}

static bool
parse_protocol(const char *text, enum sp_protocol *out)
{
    if (strcmp(text, "openpgp") != 0 && strcmp(text, "smime") != 0)
        return false;
    *out = strcmp(text, "smime") == 0 ? SP_PROTOCOL_SMIME : SP_PROTOCOL_OPENPGP;
    return true;
}

static bool
parse_account_kind(const char *text, enum sp_account_kind *out)
{
    if (strcmp(text, "imap") != 0 && strcmp(text, "local") != 0)
        return false;
    *out = strcmp(text, "imap") == 0 ? SP_ACCOUNT_IMAP : SP_ACCOUNT_LOCAL;
    return true;
}

/* Each an address. */
static bool
parse_addresses(const char *text, const char *const **out, struct arena *arena)
{
    if (!split(text, ", \t", false, out, arena))
        return false;
    for (const char *const *a = *out; *a; a++)
        if (!is_address(*a))
            return false;
    return true;
}

/* The first word is the program. */
static bool
parse_words(const char *text, const char *const **out, struct arena *arena)
{
    return split(text, " \t", true, out, arena) && **out && ***out;
}

static bool
parse_theme(const char *text, const char **out)
{
    static const char *const names[] = {"dark", "light", "mono"};
    for (size_t i = 0; i < 3; i++) {
        if (strcmp(text, names[i]) == 0) {
            *out = names[i];
            return true;
        }
    }
    return false;
}

bool
value_parse(enum value_kind kind, const char *text, void *member, struct arena *arena)
{
    const char **string = member;
    switch (kind) {
    case VALUE_TEXT:
        *string = arena_strdup(arena, text);
        return *string != NULL;
    case VALUE_ADDRESS:
        *string = arena_strdup(arena, text);
        return *string && is_address(text);
    case VALUE_ADDRESSES: return parse_addresses(text, member, arena);
    case VALUE_PATH: return *text && parse_path(text, string, arena);
    case VALUE_BOOL: return parse_bool(text, member);
    case VALUE_MINUTES: return parse_number(text, 525600, member);
    case VALUE_MEGABYTES: return parse_number(text, 100000000, member);
    case VALUE_UNDO: return parse_number(text, 120, member);
    case VALUE_PATIENCE: return parse_number(text, 3600, member) && *(uint32_t *)member > 0;
    case VALUE_LIST: return split(text, ", \t", false, member, arena);
    case VALUE_WORDS: return parse_words(text, member, arena);
    case VALUE_IMAP: return parse_server(text, "imap", 993, 143, member, arena);
    case VALUE_SMTP: return parse_server(text, "smtp", 465, 587, member, arena);
    case VALUE_PROTOCOL: return parse_protocol(text, member);
    case VALUE_ACCOUNT_KIND: return parse_account_kind(text, member);
    case VALUE_THEME: return parse_theme(text, member);
    }
    return false;
}

const char *
value_expected(enum value_kind kind)
{
    switch (kind) {
    case VALUE_TEXT: return "a text";
    case VALUE_PATH: return "a path that starts with / or ~/";
    case VALUE_ADDRESSES: return "mail addresses separated by commas";
    case VALUE_ADDRESS: return "a mail address such as alice@example.org";
    case VALUE_BOOL: return "yes or no";
    case VALUE_MINUTES: return "a whole number of minutes, 0 to 525600";
    case VALUE_MEGABYTES: return "a whole number of megabytes, 0 to 100000000";
    case VALUE_UNDO: return "a whole number of seconds, 0 to 120";
    case VALUE_PATIENCE: return "a whole number of seconds, 1 to 3600";
    case VALUE_LIST: return "a list separated by commas";
    case VALUE_WORDS: return "a command with its arguments; quotes must be closed";
    case VALUE_IMAP: return "imaps://HOST, imap+starttls://HOST or imap+insecure://HOST, with USER@ (never a password) before and :PORT behind HOST when needed";
    case VALUE_SMTP: return "smtps://HOST, smtp+starttls://HOST or smtp+insecure://HOST, with USER@ (never a password) before and :PORT behind HOST when needed";
    case VALUE_PROTOCOL: return "openpgp or smime";
    case VALUE_ACCOUNT_KIND: return "imap or local";
    case VALUE_THEME: return "dark, light or mono";
    }
    return "";
}
