/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where an address leads, read as browsers do (a backslash is a slash, the last @ ends the user's name). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

static bool
is_numeric(const char *host, size_t len)
{
    if (host[0] == '[')
        return true;
    bool hex = len > 2 && host[0] == '0' && (host[1] == 'x' || host[1] == 'X');
    for (size_t i = 0; i < len; i++)
        if (!isdigit((unsigned char)host[i]) && host[i] != '.' && !(hex && (isxdigit((unsigned char)host[i]) || i == 1)))
            return false;
    return true;
}

void
url_parse(struct threat *t, const char *text, struct url *out)
{
    *out = (struct url){.scheme = "", .host = "", .path = ""};
    while (isspace((unsigned char)*text))
        text++;
    size_t n = strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+.-");
    if (text[n] != ':' || n == 0 || n > 20)
        return;
    char *scheme = arena_strndup(t->arena, text, n);
    for (char *p = scheme; p && *p; p++)
        *p = (char)tolower((unsigned char)*p);
    t->nomem |= !scheme;
    out->scheme = scheme ? scheme : "";
    text += n + 1;
    if (strcmp(out->scheme, "http") != 0 && strcmp(out->scheme, "https") != 0)
        return;
    text += strspn(text, "/\\");
    size_t len = strcspn(text, "/?#\\ \t\r\n");
    for (const char *at = memchr(text, '@', len); at; at = memchr(text, '@', len)) {
        out->userinfo = true;
        len -= (size_t)(at + 1 - text);
        text = at + 1;
    }
    size_t host = *text == '[' ? strcspn(text, "]") + 1 : strcspn(text, ":/?#\\ \t\r\n");
    if (host > len)
        host = len;
    if (host == 0)
        return;
    out->numeric = is_numeric(text, host);
    out->host = out->numeric ? "" : domain_ascii(t, text, host);
    out->path = text + len;
}
