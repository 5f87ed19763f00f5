/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The little CSS that tells hidden text. */
#include "html_css.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

const struct css_style css_style_none = {.invisible = CSS_UNSET, .tiny = CSS_UNSET, .fg = CSS_UNSET, .bg = CSS_UNSET};

static bool
is_space(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
}

static void
trim(const char **s, size_t *len)
{
    while (*len && is_space(**s)) {
        (*s)++;
        (*len)--;
    }
    while (*len && is_space((*s)[*len - 1]))
        (*len)--;
}

static bool
equals(const char *s, size_t len, const char *word)
{
    return len == strlen(word) && strncasecmp(s, word, len) == 0;
}

static const char *
find_word(const char *s, size_t len, const char *word)
{
    size_t n = strlen(word);
    for (size_t i = 0; i + n <= len; i++)
        if (strncasecmp(s + i, word, n) == 0)
            return s + i;
    return NULL;
}

/* ---- values */

static const struct {
    const char *name;
    long value;
} colours[] = {
    {"white", 0xffffff}, {"black", 0}, {"red", 0xff0000}, {"blue", 0xff}, {"green", 0x8000}, {"gray", 0x808080}, {"grey", 0x808080},
    {"silver", 0xc0c0c0}, {"yellow", 0xffff00}, {"navy", 0x80}, {"snow", 0xfffafa}, {"ivory", 0xfffff0}, {"whitesmoke", 0xf5f5f5},
    {"transparent", CSS_TRANSPARENT},
};

static int
hex(char c)
{
    return isdigit((unsigned char)c) ? c - '0' : isxdigit((unsigned char)c) ? tolower((unsigned char)c) - 'a' + 10 : -1;
}

static long
hex_colour(const char *s, size_t len)
{
    long v = 0;
    for (size_t i = 0; i < len; i++) {
        if (hex(s[i]) < 0)
            return CSS_UNSET;
        if (len == 3 || len == 4)
            v = i < 3 ? v << 8 | hex(s[i]) * 17 : v;
        else if (i < 6)
            v = v << 4 | hex(s[i]);
    }
    bool alpha = (len == 4 && s[3] == '0') || (len == 8 && s[6] == '0' && s[7] == '0');
    return alpha ? CSS_TRANSPARENT : len == 3 || len == 4 || len == 6 || len == 8 ? v : CSS_UNSET;
}

static long
rgb_colour(const char *s, size_t len)
{
    long c[4] = {0, 0, 0, 1};
    int n = 0;
    const char *end = s + len;
    for (const char *p = memchr(s, '(', len); p && p < end && n < 4; n++) {
        p++;
        while (p < end && (is_space(*p) || *p == ',' || *p == '/'))
            p++;
        long v = 0;
        const char *start = p;
        while (p < end && isdigit((unsigned char)*p) && v < 100000)
            v = v * 10 + (*p++ - '0');
        if (p == start && !(p < end && *p == '.'))
            break;
        if (n == 3 && p < end && *p == '.')
            v = 1; /* a fraction of opacity */
        while (p < end && (*p == '.' || isdigit((unsigned char)*p)))
            p++;
        if (p < end && *p == '%')
            v = v * 255 / 100;
        c[n] = v > 255 ? 255 : v;
    }
    if (n < 3)
        return CSS_UNSET;
    return n == 4 && c[3] == 0 ? CSS_TRANSPARENT : c[0] << 16 | c[1] << 8 | c[2];
}

long
css_colour(const char *s, size_t len)
{
    trim(&s, &len);
    if (len && *s == '#')
        return hex_colour(s + 1, len - 1);
    if (len > 4 && strncasecmp(s, "rgb", 3) == 0)
        return rgb_colour(s, len);
    for (size_t i = 0; i < sizeof colours / sizeof colours[0]; i++)
        if (equals(s, len, colours[i].name))
            return colours[i].value;
    return (len == 6 || len == 3) && hex(*s) >= 0 ? hex_colour(s, len) : CSS_UNSET;
}

/* A length in about pixels; *ok false when it is no number. Relative units count with 16 pixels. */
static double
pixels(const char *s, size_t len, bool *ok)
{
    char copy[32] = "", *end;
    if (len >= sizeof copy)
        len = sizeof copy - 1;
    memcpy(copy, s, len);
    copy[len] = '\0';
    double v = 0, sign = copy[0] == '-' ? -1 : 1, scale = 1;
    end = copy + (copy[0] == '-' || copy[0] == '+');
    char *digits = end;
    /* by hand: strtod depends on the locale and takes "inf" */
    for (; isdigit((unsigned char)*end); end++)
        v = v * 10 + (*end - '0');
    if (*end == '.')
        for (end++; isdigit((unsigned char)*end); end++) {
            scale /= 10;
            v += scale * (*end - '0');
        }
    *ok = end != digits;
    if (strncasecmp(end, "em", 2) == 0 || strncasecmp(end, "rem", 3) == 0)
        v *= 16;
    else if (*end == '%')
        v *= 0.16;
    return sign * v;
}

/* ---- declarations */

/* What one block says about boxes, judged together at its end. */
struct box {
    bool zero, overflow, positioned, outside;
};

static bool
is_about(const char *name, size_t len, const char *a, const char *b)
{
    return equals(name, len, a) || equals(name, len, b);
}

static void
declare_box(const char *name, size_t n, const char *v, size_t len, struct box *box)
{
    bool ok;
    double px = pixels(v, len, &ok);
    if (is_about(name, n, "max-height", "height") || is_about(name, n, "max-width", "width"))
        box->zero |= ok && px >= 0 && px < 1.5;
    else if (is_about(name, n, "overflow", "overflow-y"))
        box->overflow |= equals(v, len, "hidden") || equals(v, len, "clip");
    else if (equals(name, n, "position"))
        box->positioned |= equals(v, len, "absolute") || equals(v, len, "fixed");
    else if (is_about(name, n, "left", "top") || is_about(name, n, "right", "bottom"))
        box->outside |= ok && (px <= -500 || px >= 5000);
}

static void
declare(const char *name, size_t n, const char *v, size_t len, struct css_style *st, struct box *box)
{
    bool ok;
    trim(&name, &n);
    trim(&v, &len);
    const char *important = find_word(v, len, "!important");
    if (important) {
        len = (size_t)(important - v);
        trim(&v, &len);
    }
    double px = pixels(v, len, &ok);
    if (equals(name, n, "display")) {
        st->removed |= equals(v, len, "none");
    } else if (equals(name, n, "visibility")) {
        st->invisible = equals(v, len, "hidden") || equals(v, len, "collapse");
    } else if (equals(name, n, "opacity")) {
        st->removed |= ok && px < 0.05;
    } else if (equals(name, n, "font-size")) {
        st->tiny = ok && px < 2;
    } else if (equals(name, n, "text-indent")) {
        st->removed |= ok && px <= -500;
    } else if (equals(name, n, "color")) {
        long c = css_colour(v, len);
        st->fg = c == CSS_UNSET ? st->fg : c;
    } else if (equals(name, n, "background-image") && find_word(v, len, "url(")) {
        st->bg = CSS_IMAGE;
    } else if (is_about(name, n, "background", "background-color")) {
        size_t first = 0;
        while (first < len && (!is_space(v[first]) || (find_word(v, len, "rgb") == v && !memchr(v, ')', first))))
            first++;
        long c = css_colour(v, first);
        if (find_word(v, len, "url(") || find_word(v, len, "gradient"))
            st->bg = CSS_IMAGE;
        else if (c != CSS_UNSET && c != CSS_TRANSPARENT)
            st->bg = c;
    } else {
        declare_box(name, n, v, len, box);
    }
}

/* Declarations end at a ';' outside of brackets and quotes (data: URLs have some inside). */
static size_t
declaration_end(const char *s, size_t len)
{
    int depth = 0;
    char quote = 0;
    for (size_t i = 0; i < len; i++) {
        if (quote) {
            quote = s[i] == quote ? 0 : quote;
        } else if (s[i] == '"' || s[i] == '\'') {
            quote = s[i];
        } else if (s[i] == '(') {
            depth++;
        } else if (s[i] == ')' && depth) {
            depth--;
        } else if (s[i] == ';' && depth == 0) {
            return i;
        }
    }
    /* an open bracket or quote: fall back to the plain end, so that nothing behind it is overlooked */
    const char *semicolon = depth || quote ? memchr(s, ';', len) : NULL;
    return semicolon ? (size_t)(semicolon - s) : len;
}

#define MAX_DECLARATIONS_BYTES ((size_t)65536)

void
css_declarations(const char *s, size_t len, struct css_style *style)
{
    struct box box = {.zero = false};
    if (len > MAX_DECLARATIONS_BYTES)
        len = MAX_DECLARATIONS_BYTES;
    for (size_t at = 0, count = 0; at < len && count < 200; count++) {
        size_t n = declaration_end(s + at, len - at);
        const char *colon = memchr(s + at, ':', n);
        if (colon) {
            size_t name = (size_t)(colon - (s + at));
            declare(s + at, name, colon + 1, n - name - 1, style, &box);
        }
        at += n + 1;
    }
    if ((box.zero && box.overflow) || (box.positioned && box.outside))
        style->removed = true;
}

void
css_merge(struct css_style *a, const struct css_style *b)
{
    a->removed |= b->removed;
    if (b->invisible != CSS_UNSET)
        a->invisible = b->invisible;
    if (b->tiny != CSS_UNSET)
        a->tiny = b->tiny;
    if (b->fg != CSS_UNSET)
        a->fg = b->fg;
    if (b->bg != CSS_UNSET)
        a->bg = b->bg;
}

/* ---- addresses */

static void
emit_url(const char *s, size_t len, css_url_fn *fn, void *arg)
{
    trim(&s, &len);
    if (len >= 2 && (*s == '"' || *s == '\'') && s[len - 1] == *s) {
        s++;
        len -= 2;
    }
    if (len && fn)
        fn(arg, s, len);
}

void
css_urls(const char *s, size_t len, css_url_fn *fn, void *arg)
{
    for (size_t i = 0; i + 4 < len; i++) {
        if ((s[i] == 'u' || s[i] == 'U') && strncasecmp(s + i, "url(", 4) == 0) {
            const char *close = memchr(s + i + 4, ')', len - i - 4);
            size_t end = close ? (size_t)(close - s) : len;
            emit_url(s + i + 4, end - i - 4, fn, arg);
            i = end;
        } else if (s[i] == '@' && i + 7 < len && strncasecmp(s + i, "@import", 7) == 0) {
            size_t at = i + 7;
            while (at < len && is_space(s[at]))
                at++;
            if (at < len && (s[at] == '"' || s[at] == '\'')) {
                const char *close = memchr(s + at + 1, s[at], len - at - 1);
                size_t end = close ? (size_t)(close - s) : len;
                emit_url(s + at + 1, end - at - 1, fn, arg);
                i = end;
            }
        }
    }
}

/* ---- style sheets */

/* "tag", ".class", "tag.class", "#id"; others are left out. */
static bool
parse_selector(const char *s, size_t len, struct css_rule *rule)
{
    trim(&s, &len);
    if (!len || len >= sizeof rule->name)
        return false;
    for (size_t i = 0; i < len; i++)
        if (!isalnum((unsigned char)s[i]) && !strchr("-_.#", s[i]))
            return false;
    size_t mark = 0;
    while (mark < len && s[mark] != '.' && s[mark] != '#')
        mark++;
    size_t name = mark < len ? mark + 1 : 0;
    if (name == len || memchr(s + name, '.', len - name) || memchr(s + name, '#', len - name) || mark >= sizeof rule->tag)
        return false;
    rule->kind = mark < len ? s[mark] : 't';
    memcpy(rule->tag, s, mark);
    rule->tag[mark] = '\0';
    memcpy(rule->name, s + name, len - name);
    rule->name[len - name] = '\0';
    return true;
}

static bool
says_something(const struct css_style *st)
{
    return st->removed || st->invisible != CSS_UNSET || st->tiny != CSS_UNSET || st->fg != CSS_UNSET || st->bg != CSS_UNSET;
}

static void
add_rules(struct css_rules *r, const char *selectors, size_t len, const struct css_style *style)
{
    for (size_t at = 0; at < len && r->n < CSS_MAX_RULES;) {
        const char *comma = memchr(selectors + at, ',', len - at);
        size_t n = comma ? (size_t)(comma - (selectors + at)) : len - at;
        struct css_rule rule = {.style = *style};
        if (parse_selector(selectors + at, n, &rule)) {
            if (!r->rules)
                r->rules = calloc(CSS_MAX_RULES, sizeof *r->rules);
            if (!r->rules)
                return;
            r->rules[r->n++] = rule;
        }
        at += n + 1;
    }
}

/* Behind the block that opens at s[at] == '{'. */
static size_t
block_end(const char *s, size_t len, size_t at)
{
    int depth = 0;
    for (; at < len; at++) {
        if (s[at] == '{')
            depth++;
        else if (s[at] == '}' && --depth == 0)
            return at + 1;
    }
    return len;
}

static char *
without_comments(const char *s, size_t *len)
{
    char *copy = malloc(*len + 1);
    size_t n = 0;
    for (size_t i = 0; copy && i < *len; i++) {
        if (s[i] == '/' && i + 1 < *len && s[i + 1] == '*') {
            for (i += 2; i + 1 < *len && !(s[i] == '*' && s[i + 1] == '/');)
                i++;
            i++;
        } else if (!(strncmp(s + i, "<!--", 4) == 0 || strncmp(s + i, "-->", 3) == 0)) {
            copy[n++] = s[i];
        } else {
            i += s[i] == '<' ? 3 : 2;
        }
    }
    if (copy)
        copy[n] = '\0';
    *len = n;
    return copy;
}

void
css_sheet(struct css_rules *r, const char *s, size_t len)
{
    char *copy = without_comments(s, &len);
    for (size_t at = 0; copy && at < len && r->n < CSS_MAX_RULES;) {
        const char *brace = memchr(copy + at, '{', len - at);
        if (!brace)
            break;
        size_t open = (size_t)(brace - copy), end = block_end(copy, len, open);
        const char *selector = copy + at;
        size_t n = open - at;
        const char *semicolon = memrchr(selector, ';', n); /* an @import or @charset in front */
        if (semicolon) {
            n -= (size_t)(semicolon + 1 - selector);
            selector = semicolon + 1;
        }
        trim(&selector, &n);
        if (n && *selector != '@') {
            struct css_style style = css_style_none;
            css_declarations(copy + open + 1, end - open - 1 - (end > open + 1), &style);
            if (says_something(&style))
                add_rules(r, selector, n, &style);
        }
        at = end;
    }
    free(copy);
}

void
css_release(struct css_rules *r)
{
    free(r->rules);
    *r = (struct css_rules){NULL, 0};
}

static bool
has_class(const char *classes, const char *name)
{
    size_t n = strlen(name);
    for (const char *p = classes; p && *p;) {
        while (is_space(*p))
            p++;
        size_t len = strcspn(p, " \t\r\n\f");
        if (len == n && strncmp(p, name, n) == 0)
            return true;
        p += len;
    }
    return false;
}

void
css_match(const struct css_rules *r, const char *tag, const char *id, const char *classes, struct css_style *style)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct css_rule *rule = &r->rules[i];
        bool hit = rule->kind == 't'   ? strcasecmp(rule->name, tag) == 0
                   : rule->kind == '#' ? id && strcmp(id, rule->name) == 0
                                       : has_class(classes, rule->name);
        if (hit && rule->kind != 't' && rule->tag[0] && strcasecmp(rule->tag, tag) != 0)
            hit = false;
        if (hit)
            css_merge(style, &rule->style);
    }
}
