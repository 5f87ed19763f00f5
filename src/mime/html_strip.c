/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Removing tags. */
#include "html_strip.h"

#include <string.h>
#include <strings.h>

#include "html_writer.h"

static const struct {
    const char *entity, *text;
} entities[] = {{"&lt;", "<"}, {"&gt;", ">"}, {"&amp;", "&"}, {"&quot;", "\""}, {"&nbsp;", " "}, {"&#39;", "'"}};

/* Where the search for ">" or an end tag must go on from. A "<" without any ">" behind it is text. */
struct strip {
    struct html_writer w;
    const char *s;
    size_t len;
    bool no_close; /* no ">" is left */
};

static bool
starts(const struct strip *t, size_t at, const char *word)
{
    size_t n = strlen(word);
    return t->len - at >= n && strncasecmp(t->s + at, word, n) == 0;
}

/* Behind the end tag of a script or style that opens at `at`; at + 1 when it has none. */
static size_t
skip_content(const struct strip *t, size_t at, const char *end_tag)
{
    for (size_t i = at; i < t->len; i++) {
        const char *p = memchr(t->s + i, '<', t->len - i);
        if (!p)
            return t->len;
        i = (size_t)(p - t->s);
        if (starts(t, i, end_tag))
            return i;
    }
    return t->len;
}

static size_t
strip_tag(struct strip *t, size_t at)
{
    const char *close = t->no_close ? NULL : memchr(t->s + at, '>', t->len - at);
    if (!close) {
        t->no_close = true;
        html_write(&t->w, "<", 1, false);
        return at + 1;
    }
    if (starts(t, at, "<script"))
        return skip_content(t, (size_t)(close - t->s) + 1, "</script");
    if (starts(t, at, "<style"))
        return skip_content(t, (size_t)(close - t->s) + 1, "</style");
    if (starts(t, at, "<br") || starts(t, at, "<p") || starts(t, at, "<div") || starts(t, at, "<tr") || starts(t, at, "<li"))
        html_break(&t->w, 1);
    else
        html_space(&t->w);
    return (size_t)(close - t->s) + 1;
}

static size_t
strip_entity(struct strip *t, size_t at)
{
    for (size_t i = 0; i < sizeof entities / sizeof entities[0]; i++)
        if (starts(t, at, entities[i].entity)) {
            html_write(&t->w, entities[i].text, strlen(entities[i].text), false);
            return at + strlen(entities[i].entity);
        }
    html_write(&t->w, "&", 1, false);
    return at + 1;
}

void
html_strip(struct buf *out, const char *s, size_t len, size_t max)
{
    struct strip t = {.s = s, .len = len};
    html_writer_init(&t.w, out, max);
    for (size_t at = 0; at < len && !t.w.full;) {
        if (s[at] == '<') {
            at = strip_tag(&t, at);
        } else if (s[at] == '&') {
            at = strip_entity(&t, at);
        } else {
            size_t n = at;
            while (n < len && s[n] != '<' && s[n] != '&')
                n++;
            html_write(&t.w, s + at, n - at, false);
            at = n;
        }
    }
    html_writer_finish(&t.w);
}
