/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Where links lead (S47), and what would have been fetched. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "internal.h"

#define MAX_LOOKED_AT 2000u

/* Where anybody can put a page within minutes, or a name that hides another one. Hosts or ends of hosts. */
static const char *const hosting[] = {
    "firebaseapp.com", "web.app", "pages.dev", "workers.dev", "r2.dev", "netlify.app", "vercel.app", "herokuapp.com", "github.io", "gitlab.io",
    "glitch.me", "repl.co", "weebly.com", "weeblysite.com", "wixsite.com", "wixstudio.com", "webflow.io", "blogspot.com", "000webhostapp.com",
    "square.site", "carrd.co", "godaddysites.com", "mystrikingly.com", "azurewebsites.net", "blob.core.windows.net", "web.core.windows.net",
    "s3.amazonaws.com", "amazonaws.com", "storage.googleapis.com", "appspot.com", "sites.google.com", "docs.google.com", "forms.gle", "ipfs.io", "dweb.link",
    "translate.goog", "duckdns.org", "ngrok.io", "ngrok-free.app", "trycloudflare.com", "surge.sh", "codeanyapp.com", "typedream.app", "sharepoint.com",
    "digitaloceanspaces.com", "linodeobjects.com", "backblazeb2.com", "cloudfront.net", "fleek.co", "contaboserver.net", "questionpro.com",
    "bit.ly", "tinyurl.com", "t.co", "goo.gl", "is.gd", "ow.ly", "rb.gy", "cutt.ly", "rebrand.ly", "t.ly", "tiny.cc", "shorturl.at", "lnkd.in", "buff.ly",
    "ibit.ly", "s.id", "v.gd", "bl.ink", "urlz.fr", "lihi.cc", "lihi2.cc", "u.to", "qrco.de", "linktr.ee", "wa.me", "t.me",
};

/* Pictures for everybody, which bulk fraud uses instead of a server of its own. */
static const char *const pictures[] = {
    "imgur.com", "i.imgur.com", "zupimages.net", "imgbb.com", "i.ibb.co", "imgbox.com", "postimg.cc", "imgprom.com", "imgchest.com", "freeimage.host",
    "casimages.com", "imgsupload.com", "atozstockimages.com", "gifyu.com", "tinypic.com", "photobucket.com", "freepnglogos.com", "pix-cdn.org",
};

static bool
ends_with(const char *host, const char *end)
{
    size_t n = strlen(host), m = strlen(end);
    return n >= m && strcmp(host + n - m, end) == 0 && (n == m || host[n - m - 1] == '.');
}

static bool
one_of(const char *host, const char *const *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (ends_with(host, list[i]))
            return true;
    return false;
}

/* A text that is nothing but a host or a web address. */
static const char *
host_in_text(struct threat *t, const char *text)
{
    struct url u;
    while (isspace((unsigned char)*text))
        text++;
    size_t end = strcspn(text, " \t\r\n"), n = strcspn(text, "/?#: \t\r\n");
    if (text[end + strspn(text + end, " \t\r\n")])
        return "";
    url_parse(t, text, &u);
    if (*u.host)
        return u.host;
    if (n < 4 || !memchr(text, '.', n) || text[0] == '.')
        return "";
    for (size_t i = 0; i < n; i++)
        if (!isalnum((unsigned char)text[i]) && text[i] != '.' && text[i] != '-')
            return "";
    const char *host = domain_ascii(t, text, n), *top = strrchr(host, '.');
    /* file.txt is no host; one that people write without "www" is of the commonest, or a path follows */
    bool meant = top && (strncmp(host, "www.", 4) == 0 || text[n] == '/' || !strcmp(top, ".com") || !strcmp(top, ".org") || !strcmp(top, ".net"));
    return meant && domain_is_possible(host) ? host : "";
}

static bool
redirects(const struct url *u)
{
    static const char *const names[] = {"url=http", "u=http", "q=http", "redirect=http", "goto=http", "dest=http", "target=http", "link=http", "r=http", "to=http"};
    const char *query = strchr(u->path, '?');
    for (size_t i = 0; query && i < sizeof names / sizeof *names; i++)
        for (const char *at = strcasestr(query, names[i]); at; at = strcasestr(at + 1, names[i]))
            if (at[-1] == '?' || at[-1] == '&' || at[-1] == ';')
                return true;
    return false;
}

static const char *
scheme_doubt(const char *scheme)
{
    static const char *const bad[] = {"javascript", "vbscript", "data", "file", "smb", "search-ms", "blob", "jar", "view-source"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (strcmp(scheme, bad[i]) == 0)
            return "link-scheme";
    return strncmp(scheme, "ms-", 3) == 0 ? "link-scheme" : NULL;
}

static void
check_host(struct threat *t, const struct wr_link *l, const char *host)
{
    const char *owner = domain_owner(host), *shown = host_in_text(t, l->text), *shown_owner = domain_owner(shown), *brand;

    if (*shown_owner && *owner && strcmp(owner, shown_owner) != 0)
        threat_warn(t, "link-differs", l->part, l->target);
    if (domain_is_confusable(t, host))
        threat_warn(t, "link-confusable", l->part, host);
    if (!domain_same(owner, t->owner) && (brand = threat_imitates(t, owner)) != NULL)
        threat_warn(t, "link-like-brand", l->part, brand);
    if (one_of(host, hosting, sizeof hosting / sizeof *hosting))
        t->signs |= SIGN_HOSTING;
}

struct seen {
    unsigned web, own;
};

static void
check_link(struct threat *t, const struct wr_link *l, struct seen *seen)
{
    struct url u;
    url_parse(t, l->target, &u);
    const char *doubt = scheme_doubt(u.scheme);

    if (doubt)
        threat_warn(t, doubt, l->part, l->target);
    if (u.userinfo)
        threat_warn(t, "link-userinfo", l->part, l->target);
    if (u.numeric)
        threat_warn(t, "link-address", l->part, l->target);
    if (u.numeric || *u.host)
        seen->web++;
    if (!*u.host)
        return;
    seen->own += domain_same(domain_owner(u.host), t->owner);
    check_host(t, l, u.host);
    if (redirects(&u)) {
        t->signs |= SIGN_HOSTING;
        threat_warn(t, "link-redirects", l->part, u.host);
    }
}

/* What a message would have fetched says who made it. */
static void
check_refs(struct threat *t)
{
    for (uint32_t i = 0; i < t->v->remote_refs_n && i < MAX_LOOKED_AT; i++) {
        struct url u;
        url_parse(t, t->v->remote_refs[i].text, &u);
        if (u.numeric || u.userinfo || one_of(u.host, pictures, sizeof pictures / sizeof *pictures))
            t->signs |= SIGN_HOSTING;
    }
}

static bool
is_picture_only(const struct wr_verdict *v)
{
    size_t letters = 0;
    bool html = false;
    for (const char *p = v->body; *p && letters <= 400; p++)
        letters += isalnum((unsigned char)*p) || (unsigned char)*p >= 0x80;
    for (uint32_t i = 0; i < v->parts_n; i++)
        html |= strcmp(v->parts[i].type, "text/html") == 0;
    return html && letters <= 400 && v->remote_refs_n > 0 && v->links_n > 0;
}

void
threat_links(struct threat *t)
{
    struct seen seen = {0};

    for (uint32_t i = 0; i < t->v->links_n && i < MAX_LOOKED_AT; i++)
        check_link(t, &t->v->links[i], &seen);
    check_refs(t);
    if (seen.web && !seen.own && *t->owner && !threat_header(t->v, "List-Post", 0))
        t->signs |= SIGN_LINKS_ELSEWHERE;
    if (is_picture_only(t->v))
        t->signs |= SIGN_PICTURE;
}
