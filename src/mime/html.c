/* SPDX-License-Identifier: GPL-3.0-or-later */
/* HTML to text: libxml2's SAX events to lines. The parser recovers from anything; what would make it slow (nesting, masses of
   attributes) is measured first or stops it, and such input goes through a plain remover of tags instead. */
#include "html.h"

#include <libxml/HTMLparser.h>
#include <libxml/parserInternals.h>
#include <libxml/uri.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "charset.h"
#include "html_css.h"
#include "html_strip.h"
#include "html_writer.h"
#include "mime/document.h"

#define MAX_DEPTH 4000
#define MAX_COST ((uint64_t)150000000) /* comparisons of names: about a second */
#define MAX_STYLE ((size_t)262144)
#define MAX_LINK_TEXT ((size_t)2000)
#define HIDDEN_SAMPLE ((size_t)120)

enum kind { INLINE, BLOCK, PARAGRAPH, CELL, SILENT };

static const struct {
    const char *name;
    enum kind kind;
} elements[] = {
    {"address", BLOCK}, {"article", BLOCK}, {"aside", BLOCK}, {"blockquote", PARAGRAPH}, {"body", BLOCK}, {"caption", BLOCK},
    {"center", BLOCK}, {"dd", BLOCK}, {"details", BLOCK}, {"dir", BLOCK}, {"div", BLOCK}, {"dl", PARAGRAPH}, {"dt", BLOCK},
    {"fieldset", BLOCK}, {"figure", BLOCK}, {"footer", BLOCK}, {"form", BLOCK}, {"h1", PARAGRAPH}, {"h2", PARAGRAPH},
    {"h3", PARAGRAPH}, {"h4", PARAGRAPH}, {"h5", PARAGRAPH}, {"h6", PARAGRAPH}, {"header", BLOCK}, {"html", BLOCK}, {"li", BLOCK},
    {"main", BLOCK}, {"menu", BLOCK}, {"nav", BLOCK}, {"ol", PARAGRAPH}, {"option", BLOCK}, {"p", PARAGRAPH}, {"pre", PARAGRAPH},
    {"script", SILENT}, {"section", BLOCK}, {"style", SILENT}, {"summary", BLOCK}, {"table", BLOCK}, {"tbody", BLOCK}, {"td", CELL},
    {"template", SILENT}, {"th", CELL}, {"thead", BLOCK}, {"title", SILENT}, {"tr", BLOCK}, {"ul", PARAGRAPH}, {"xmp", PARAGRAPH},
};

struct level {
    enum kind kind;
    bool silent, hidden, keep, quote, link;
    int list;          /* 0 none, 1 bullets, 2 numbers */
    unsigned count;    /* items so far of a numbered list */
    struct css_style style; /* as inherited */
};

struct html {
    htmlParserCtxtPtr parser;
    const struct html_sink *sink;
    struct html_writer w;
    struct level levels[MAX_DEPTH];
    int depth;
    uint64_t end_tags;        /* in the whole text */
    bool too_deep, in_style, link_image, link_hidden;
    char bullet[16];
    char *base;               /* owned: <base href> */
    struct css_rules rules;
    struct buf style, link_text, link_target, hidden;
};

static void
note(struct html *h, const char *id, const char *detail)
{
    if (h->sink->note)
        h->sink->note(h->sink->arg, id, detail);
}

static const char *
attribute(const xmlChar **atts, const char *name)
{
    for (; atts && atts[0]; atts += 2)
        if (strcasecmp((const char *)atts[0], name) == 0)
            return atts[1] ? (const char *)atts[1] : "";
    return NULL;
}

/* ---- addresses */

/* As browsers read an address: without line ends and tabs anywhere, without white space around (WHATWG URL). */
static void
clean_url(struct buf *out, const char *s, size_t len)
{
    while (len && (unsigned char)*s <= ' ') {
        s++;
        len--;
    }
    while (len && (unsigned char)s[len - 1] <= ' ')
        len--;
    for (size_t i = 0; i < len && out->len < 8192; i++)
        if (s[i] != '\t' && s[i] != '\n' && s[i] != '\r')
            buf_addc(out, s[i]);
}

static bool
has_scheme(const char *s)
{
    size_t n = 0;
    while (isalnum((unsigned char)s[n]) || (n && s[n] && strchr("+-.", s[n])))
        n++;
    return n && s[n] == ':';
}

/* Cleaned, and resolved against <base> when it is relative. */
static void
resolve(struct html *h, struct buf *out, const char *s, size_t len)
{
    struct buf clean = BUF_INIT;
    clean_url(&clean, s, len);
    xmlChar *full = NULL;
    if (h->base && clean.len && !has_scheme(clean.data) && clean.data[0] != '#')
        full = xmlBuildURI((const xmlChar *)clean.data, (const xmlChar *)h->base);
    buf_adds(out, full ? (const char *)full : buf_str(&clean));
    xmlFree(full);
    buf_release(&clean);
}

static bool
is_remote(const char *url)
{
    return strncasecmp(url, "http:", 5) == 0 || strncasecmp(url, "https:", 6) == 0 || strncasecmp(url, "ftp:", 4) == 0 ||
           strncasecmp(url, "ws:", 3) == 0 || strncasecmp(url, "wss:", 4) == 0 ||
           ((url[0] == '/' || url[0] == '\\') && (url[1] == '/' || url[1] == '\\'));
}

static void
add_ref(void *arg, const char *s, size_t len)
{
    struct html *h = arg;
    struct buf url = BUF_INIT;
    resolve(h, &url, s, len);
    if (is_remote(buf_str(&url)) && h->sink->ref)
        h->sink->ref(h->sink->arg, buf_str(&url));
    buf_release(&url);
}

static void
add_srcset(struct html *h, const char *s)
{
    while (*s) {
        s += strspn(s, " \t\r\n,");
        size_t n = strcspn(s, " \t\r\n,");
        if (n)
            add_ref(h, s, n);
        s += n;
        s += strcspn(s, ",");
    }
}

/* What a reader that shows everything would fetch for this element (S45). */
static void
element_refs(struct html *h, const char *name, const xmlChar **atts)
{
    static const char *const fetched[] = {"src", "background", "poster", "data", "dynsrc", "lowsrc", "code", "archive", "manifest"};
    for (const xmlChar **a = atts; a && a[0]; a += 2) {
        const char *key = (const char *)a[0], *value = a[1] ? (const char *)a[1] : "";
        for (size_t i = 0; i < sizeof fetched / sizeof fetched[0]; i++)
            if (strcasecmp(key, fetched[i]) == 0)
                add_ref(h, value, strlen(value));
        if (strcasecmp(key, "srcset") == 0)
            add_srcset(h, value);
        else if (strcasecmp(key, "style") == 0)
            css_urls(value, strlen(value), add_ref, h);
        else if ((strcasecmp(key, "href") == 0 || strcasecmp(key, "xlink:href") == 0) &&
                 ((strcasecmp(name, "link") == 0 && attribute(atts, "rel")) || strcasecmp(name, "image") == 0 || strcasecmp(name, "use") == 0))
            add_ref(h, value, strlen(value));
    }
}

static void
emit_link(struct html *h, const char *text, const char *target, uint32_t flags)
{
    if (h->sink->link && *target)
        h->sink->link(h->sink->arg, text, target, flags);
}

/* ---- links */

static void
open_link(struct html *h, const char *href)
{
    buf_clear(&h->link_text);
    buf_clear(&h->link_target);
    resolve(h, &h->link_target, href, strlen(href));
    h->link_image = h->link_hidden = false;
}

static void
close_link(struct html *h)
{
    char *text = (char *)(uintptr_t)buf_str(&h->link_text);
    size_t n = strlen(text);
    while (n && (unsigned char)text[n - 1] <= ' ')
        text[--n] = '\0';
    text += strspn(text, " \t\r\n");
    emit_link(h, text, buf_str(&h->link_target), (h->link_image ? DOC_LINK_IMAGE : 0) | (h->link_hidden ? DOC_LINK_HIDDEN : 0));
    buf_clear(&h->link_text);
    buf_clear(&h->link_target);
}

static void
link_text(struct html *h, const char *s, size_t len)
{
    for (size_t i = 0; i < len && h->link_text.len < MAX_LINK_TEXT; i++) {
        bool white = s[i] == ' ' || s[i] == '\t' || s[i] == '\n' || s[i] == '\r';
        if (!white)
            buf_addc(&h->link_text, s[i]);
        else if (h->link_text.len && h->link_text.data[h->link_text.len - 1] != ' ')
            buf_addc(&h->link_text, ' ');
    }
}

/* ---- styles */

static bool
near_colour(long a, long b)
{
    for (int shift = 0; shift < 24; shift += 8) {
        long d = (a >> shift & 255) - (b >> shift & 255);
        if (d > 10 || d < -10)
            return false;
    }
    return true;
}

static bool
is_hidden(const struct level *l)
{
    const struct css_style *s = &l->style;
    if (l->hidden || s->invisible == 1 || s->tiny == 1 || s->fg == CSS_TRANSPARENT)
        return true;
    if (s->fg < 0 || s->bg == CSS_IMAGE)
        return false;
    return near_colour(s->fg, s->bg == CSS_UNSET ? 0xffffff : s->bg) && (s->bg != CSS_UNSET || s->fg >= 0xfefefe);
}

static void
element_style(struct html *h, struct level *l, const char *name, const xmlChar **atts)
{
    struct css_style st = css_style_none;
    const char *style = attribute(atts, "style"), *colour = attribute(atts, "color"), *bg = attribute(atts, "bgcolor");

    css_match(&h->rules, name, attribute(atts, "id"), attribute(atts, "class"), &st);
    if (colour && strcasecmp(name, "font") == 0 && css_colour(colour, strlen(colour)) != CSS_UNSET)
        st.fg = css_colour(colour, strlen(colour));
    if (bg && css_colour(bg, strlen(bg)) != CSS_UNSET)
        st.bg = css_colour(bg, strlen(bg));
    if (attribute(atts, "background"))
        st.bg = CSS_IMAGE;
    if (style)
        css_declarations(style, strlen(style), &st);
    if (attribute(atts, "hidden"))
        st.removed = true;
    l->hidden |= st.removed;
    st.removed = false;
    css_merge(&l->style, &st);
}

/* ---- events */

static enum kind
kind_of(const char *name)
{
    for (size_t i = 0; i < sizeof elements / sizeof elements[0]; i++)
        if (strcasecmp(name, elements[i].name) == 0)
            return elements[i].kind;
    return INLINE;
}

static struct level *
top(struct html *h)
{
    return &h->levels[h->depth - 1];
}

static void
block_break(struct html *h, enum kind kind)
{
    if (kind == BLOCK)
        html_break(&h->w, 1);
    else if (kind == PARAGRAPH)
        html_break(&h->w, 2);
    else if (kind == CELL)
        html_space(&h->w);
}

static void
start_list_item(struct html *h, int depth)
{
    int i = depth - 1;
    while (i >= 0 && !h->levels[i].list)
        i--;
    if (i >= 0 && h->levels[i].list == 2)
        (void)snprintf(h->bullet, sizeof h->bullet, "%u. ", ++h->levels[i].count);
    else
        (void)snprintf(h->bullet, sizeof h->bullet, "* ");
    h->w.bullet = h->bullet;
}

static void
image_text(struct html *h, const xmlChar **atts)
{
    const char *alt = attribute(atts, "alt");
    struct level *l = top(h);
    if (h->link_target.len)
        h->link_image = true;
    if (!alt || !alt[strspn(alt, " \t\r\n")] || l->silent || is_hidden(l))
        return;
    html_write(&h->w, "[", 1, false);
    html_write(&h->w, alt, strlen(alt), false);
    html_write(&h->w, "]", 1, false);
    if (h->link_target.len)
        link_text(h, alt, strlen(alt));
}

static void
meta(struct html *h, const xmlChar **atts)
{
    const char *equiv = attribute(atts, "http-equiv"), *content = attribute(atts, "content");
    const char *url = equiv && content && strcasecmp(equiv, "refresh") == 0 ? strcasestr(content, "url=") : NULL;
    if (!url)
        return;
    struct buf target = BUF_INIT;
    resolve(h, &target, url + 4, strlen(url + 4));
    note(h, "html-refresh", buf_str(&target));
    emit_link(h, "", buf_str(&target), DOC_LINK_HIDDEN);
    buf_release(&target);
}

static void
form(struct html *h, const char *name, const xmlChar **atts)
{
    const char *action = attribute(atts, strcasecmp(name, "form") == 0 ? "action" : "formaction");
    if (strcasecmp(name, "form") == 0)
        note(h, "html-form", NULL);
    if (!action)
        return;
    struct buf target = BUF_INIT;
    resolve(h, &target, action, strlen(action));
    emit_link(h, "", buf_str(&target), DOC_LINK_FORM);
    buf_release(&target);
}

/* Elements that do more than set a style. */
static void
special_element(struct html *h, struct level *l, const char *name, const xmlChar **atts)
{
    const char *href = attribute(atts, "href");

    if ((strcasecmp(name, "a") == 0 || strcasecmp(name, "area") == 0) && href) {
        if (h->link_target.len)
            close_link(h);
        open_link(h, href);
        h->link_hidden = is_hidden(l);
        l->link = strcasecmp(name, "a") == 0;
        if (!l->link) {
            const char *alt = attribute(atts, "alt");
            link_text(h, alt ? alt : "", alt ? strlen(alt) : 0);
            close_link(h);
        }
    } else if (strcasecmp(name, "base") == 0 && href && !h->base) {
        h->base = strdup(href);
    } else if (strcasecmp(name, "br") == 0) {
        if (!is_hidden(l))
            html_line(&h->w);
    } else if (strcasecmp(name, "hr") == 0) {
        html_break(&h->w, 1);
        html_write(&h->w, "----------------------------------------", 40, false);
        html_break(&h->w, 1);
    } else if (strcasecmp(name, "img") == 0) {
        image_text(h, atts);
    } else if (strcasecmp(name, "meta") == 0) {
        meta(h, atts);
    } else if (strcasecmp(name, "form") == 0 || attribute(atts, "formaction")) {
        form(h, name, atts);
    } else if (strcasecmp(name, "script") == 0) {
        note(h, "html-script", NULL);
    } else if (strcasecmp(name, "li") == 0) {
        start_list_item(h, h->depth - 1);
    }
}

static void
container(struct html *h, struct level *l, const char *name)
{
    bool ordered = strcasecmp(name, "ol") == 0;

    if (strcasecmp(name, "pre") == 0 || strcasecmp(name, "xmp") == 0 || strcasecmp(name, "textarea") == 0)
        l->keep = true;
    if (strcasecmp(name, "blockquote") == 0 && h->w.quote < 20 && !is_hidden(l)) {
        l->quote = true;
        h->w.quote++;
    }
    l->list = ordered ? 2 : strcasecmp(name, "ul") == 0 || strcasecmp(name, "menu") == 0 || strcasecmp(name, "dir") == 0;
    if (l->list && h->w.indent < 20)
        h->w.indent += 2;
}

static void
on_start(void *ctx, const xmlChar *element, const xmlChar **atts)
{
    struct html *h = ctx;
    const char *name = (const char *)element;

    /* Each end tag is looked for among all open elements. Some fraud is stuffed with thousands of invented tags that are never
       closed, so depth alone is no reason to give up. */
    if (h->depth >= MAX_DEPTH || (uint64_t)h->depth * h->end_tags > MAX_COST) {
        h->too_deep = true;
        xmlStopParser(h->parser);
        return;
    }
    struct level *l = &h->levels[h->depth++];
    *l = h->depth > 1 ? h->levels[h->depth - 2] : (struct level){.style = css_style_none};
    l->kind = kind_of(name);
    l->list = 0;
    l->count = 0;
    l->quote = l->link = false;
    element_style(h, l, name, atts);
    element_refs(h, name, atts);
    if (l->kind == SILENT)
        l->silent = true;
    if (strcasecmp(name, "style") == 0)
        h->in_style = true;
    if (!is_hidden(l) && !l->silent)
        block_break(h, l->kind);
    container(h, l, name);
    special_element(h, l, name, atts);
}

static void
end_style(struct html *h)
{
    css_urls(buf_str(&h->style), h->style.len, add_ref, h);
    css_sheet(&h->rules, buf_str(&h->style), h->style.len);
    buf_clear(&h->style);
    h->in_style = false;
}

static void
on_end(void *ctx, const xmlChar *element)
{
    struct html *h = ctx;
    if (h->depth == 0 || h->too_deep)
        return;
    struct level *l = top(h);
    if (strcasecmp((const char *)element, "style") == 0)
        end_style(h);
    if (l->link && h->link_target.len)
        close_link(h);
    if (l->quote)
        h->w.quote--;
    if (l->list && h->w.indent >= 2)
        h->w.indent -= 2;
    if (!is_hidden(l) && !l->silent)
        block_break(h, l->kind);
    if (strcasecmp((const char *)element, "li") == 0)
        h->w.bullet = NULL;
    h->depth--;
}

/* A sample of what was left out, for the note. */
static void
keep_hidden(struct html *h, const char *s, size_t len)
{
    for (size_t i = 0; i < len && h->hidden.len < HIDDEN_SAMPLE; i++) {
        if ((unsigned char)s[i] > ' ')
            buf_addc(&h->hidden, s[i]);
        else if (h->hidden.len && h->hidden.data[h->hidden.len - 1] != ' ')
            buf_addc(&h->hidden, ' ');
    }
}

static void
on_text(void *ctx, const xmlChar *text, int n)
{
    struct html *h = ctx;
    const char *s = (const char *)text;
    size_t len = n > 0 ? (size_t)n : 0;

    if (h->too_deep)
        return;
    if (h->in_style) {
        if (h->style.len + len <= MAX_STYLE)
            buf_add(&h->style, s, len);
        return;
    }
    const struct level none = {.style = css_style_none}, *l = h->depth ? top(h) : &none;
    if (l->silent)
        return;
    if (is_hidden(l)) {
        keep_hidden(h, s, len);
        return;
    }
    html_write(&h->w, s, len, l->keep);
    if (h->link_target.len)
        link_text(h, s, len);
}

/* ---- the whole */

/* libxml2 compares each attribute of a tag with all before it, so masses of them are quadratic. True when that would hurt. */
static bool
is_costly(struct html *h, const char *s, size_t len)
{
    uint64_t cost = 0, words = 0;
    bool inside = false;
    for (size_t i = 0; i < len; i++) {
        if (!inside) {
            inside = s[i] == '<';
            words = 0;
            h->end_tags += inside && i + 1 < len && s[i + 1] == '/';
        } else if (s[i] == '>') {
            inside = false;
            cost += words * words;
        } else if ((unsigned char)s[i] <= ' ' && i + 1 < len && (unsigned char)s[i + 1] > ' ') {
            words++;
        }
        if (cost + words * words > MAX_COST)
            return true;
    }
    return false;
}

static void
run_parser(struct html *h, const char *s, size_t len)
{
    htmlSAXHandler sax = {.startElement = on_start, .endElement = on_end, .characters = on_text, .ignorableWhitespace = on_text,
                          .cdataBlock = on_text};
    h->parser = htmlCreateMemoryParserCtxt(s, (int)len);
    if (!h->parser)
        return;
    *h->parser->sax = sax;
    h->parser->userData = h;
    (void)htmlCtxtUseOptions(h->parser, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET |
                                            HTML_PARSE_IGNORE_ENC | HTML_PARSE_COMPACT);
    (void)xmlSwitchEncoding(h->parser, XML_CHAR_ENCODING_UTF8);
    (void)htmlParseDocument(h->parser);
    htmlFreeParserCtxt(h->parser);
}

static void
render(struct buf *out, const char *s, size_t len, size_t max, bool simple, const struct html_sink *sink)
{
    size_t start = out->len;
    struct html *h = calloc(1, sizeof *h);
    if (!h)
        return;
    h->sink = sink;
    html_writer_init(&h->w, out, max);
    if (simple || is_costly(h, s, len) || len > 0x3fffffff)
        h->too_deep = true;
    else
        run_parser(h, s, len);
    if (h->link_target.len)
        close_link(h);
    if (h->hidden.len)
        note(h, "hidden-text", buf_str(&h->hidden));
    if (h->too_deep) {
        note(h, "html-too-complex", NULL);
        buf_truncate(out, start);
        html_strip(out, s, len, max);
    } else {
        html_writer_finish(&h->w);
        if (h->w.full)
            note(h, "text-too-large", NULL);
    }
    free(h->base);
    css_release(&h->rules);
    buf_release(&h->style);
    buf_release(&h->link_text);
    buf_release(&h->link_target);
    buf_release(&h->hidden);
    free(h);
}

/* The charset that the document names for itself, "" when none: <meta charset=x> or http-equiv in the first kilobytes. */
static void
sniff_charset(const char *s, size_t len, char out[64])
{
    size_t end = len < 4096 ? len : 4096, n = 0;
    out[0] = '\0';
    for (size_t i = 0; i + 8 < end; i++) {
        if (strncasecmp(s + i, "charset=", 8) != 0)
            continue;
        i += 8;
        while (i < end && (s[i] == '"' || s[i] == '\'' || s[i] == ' '))
            i++;
        while (i < end && n < 63 && (isalnum((unsigned char)s[i]) || strchr("-_.:", s[i])) && s[i])
            out[n++] = s[i++];
        out[n] = '\0';
        return;
    }
}

void
html_to_text(struct buf *out, const char *label, const char *bytes, size_t len, size_t max, bool simple, const struct html_sink *sink)
{
    struct buf utf8 = BUF_INIT;
    struct charset_result r;
    char sniffed[64];

    if (!*label || !charset_converter(label)) {
        sniff_charset(bytes, len, sniffed);
        label = sniffed;
    }
    bool whole = charset_to_utf8(&utf8, label, bytes, len, max * 3 + 1024, &r);
    if (!whole && sink->note)
        sink->note(sink->arg, "text-too-large", NULL);
    if (r.damaged && sink->note)
        sink->note(sink->arg, "undecodable-text", label);
    render(out, buf_str(&utf8), utf8.len, max, simple, sink);
    buf_release(&utf8);
}
