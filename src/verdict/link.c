/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The obvious doubts about a link. Whose domain a host belongs to is judged roughly here, without the list of public suffixes: two
   hosts that may be of one owner are not told apart. */
#include "link.h"

#include <ctype.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

struct host {
    const char *at;
    size_t len;
    bool userinfo;
};

static bool
has_scheme(const char *url, const char *scheme)
{
    return strncasecmp(url, scheme, strlen(scheme)) == 0;
}

/* The host of a web address; false when it is none. */
static bool
host_of(const char *url, struct host *h)
{
    const char *at = strstr(url, "://");
    if (!at || !(has_scheme(url, "http://") || has_scheme(url, "https://")))
        return false;
    at += 3;
    size_t len = strcspn(at, "/?#\\ \t\r\n");
    const char *user = memchr(at, '@', len);
    h->userinfo = user != NULL;
    for (; user; user = memchr(at, '@', len)) {
        len -= (size_t)(user + 1 - at);
        at = user + 1;
    }
    h->at = at;
    h->len = *at == '[' ? strcspn(at, "]") + 1 : strcspn(at, ":/?#\\ \t\r\n");
    if (h->len > len)
        h->len = len;
    return h->len > 0;
}

/* A text that is nothing but a host or a web address. */
static bool
host_in_text(const char *text, struct host *h)
{
    while (isspace((unsigned char)*text))
        text++;
    if (host_of(text, h))
        return strcspn(text, " \t\r\n") + strspn(text + strcspn(text, " \t\r\n"), " \t\r\n") == strlen(text);
    size_t n = strcspn(text, "/?#: \t\r\n"), end = strcspn(text, " \t\r\n");
    if (n < 4 || text[end + strspn(text + end, " \t\r\n")] || !memchr(text, '.', n))
        return false;
    const char *dot = text + n;
    for (size_t i = 0; i < n; i++) {
        if (!isalnum((unsigned char)text[i]) && text[i] != '.' && text[i] != '-')
            return false;
        if (text[i] == '.')
            dot = text + i;
    }
    size_t top = (size_t)(text + n - dot - 1);
    for (size_t i = 0; i < top; i++)
        if (!isalpha((unsigned char)dot[1 + i]))
            return false;
    *h = (struct host){text, n, false};
    /* file.txt is no host; a top-level domain that people write without "www" is short or one of the commonest */
    return top >= 2 && (strncasecmp(text, "www.", 4) == 0 || text[n] == '/' ||
                        (top == 3 && (!strncasecmp(dot, ".com", 4) || !strncasecmp(dot, ".org", 4) || !strncasecmp(dot, ".net", 4))));
}

static bool
is_numeric(const struct host *h)
{
    if (h->at[0] == '[')
        return true;
    bool hex = h->len > 2 && h->at[0] == '0' && (h->at[1] == 'x' || h->at[1] == 'X');
    for (size_t i = 0; i < h->len; i++)
        if (!isdigit((unsigned char)h->at[i]) && h->at[i] != '.' && !(hex && isxdigit((unsigned char)h->at[i])) && !(hex && i == 1))
            return false;
    return true;
}

/* The last labels: two, or three when the last but one is short as in co.uk. */
static struct host
base(struct host h)
{
    size_t at = h.len, labels = 0, last = h.len, length = 0;
    while (at > 0 && h.at[h.len - 1] == '.')
        at = --h.len;
    for (; at > 0; at--) {
        if (h.at[at - 1] != '.')
            continue;
        labels++;
        length = last - at;
        last = at - 1;
        if (labels == 2 && length > 3)
            break;
        if (labels == 3)
            break;
    }
    return (struct host){h.at + at, h.len - at, false};
}

static bool
same_owner(struct host a, struct host b)
{
    a = base(a);
    b = base(b);
    return a.len == b.len && strncasecmp(a.at, b.at, a.len) == 0;
}

const char *
link_doubt(const char *text, const char *target)
{
    static const char *const bad[] = {"javascript:", "vbscript:", "data:", "file:", "smb:", "search-ms:", "ms-"};
    struct host to, shown;

    while (isspace((unsigned char)*target))
        target++;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (has_scheme(target, bad[i]))
            return "link-scheme";
    if (!host_of(target, &to))
        return NULL;
    if (to.userinfo)
        return "link-userinfo";
    if (is_numeric(&to))
        return "link-address";
    if (host_in_text(text, &shown) && !same_owner(shown, to))
        return "link-differs";
    return NULL;
}
