/* SPDX-License-Identifier: GPL-3.0-or-later */
/* As much CSS as is needed to see that text is meant not to be seen (S46) and what would be fetched (S45). */
#ifndef SP_MIME_HTML_CSS_H
#define SP_MIME_HTML_CSS_H

#include "base/buf.h"

#define CSS_UNSET (-1)
#define CSS_IMAGE (-2)       /* a background picture: no colour can be told hidden on it */
#define CSS_TRANSPARENT (-3)

struct css_style {
    bool removed;      /* display:none, opacity 0, clipped or moved out of the page: nothing below can undo it */
    int invisible;     /* visibility; CSS_UNSET, 0, 1 */
    int tiny;          /* font-size so small that nothing can be read; CSS_UNSET, 0, 1 */
    long fg, bg;       /* 0xrrggbb or one of the above */
};
extern const struct css_style css_style_none;

struct css_rule {
    char kind;         /* '.' class, '#' id, 't' tag */
    char tag[16];      /* of "tag.class", else "" */
    char name[48];
    struct css_style style;
};
#define CSS_MAX_RULES 512u
struct css_rules {
    struct css_rule *rules; /* owned */
    size_t n;
};

typedef void css_url_fn(void *arg, const char *url, size_t len);

/* Merges declarations ("color:red;...") into *style. */
void css_declarations(const char *s, size_t len, struct css_style *style);
/* Calls fn for every url(...) and @import in a style text. fn may be NULL. */
void css_urls(const char *s, size_t len, css_url_fn *fn, void *arg);
/* Adds the simple rules of a style sheet (tag, .class, tag.class, #id; no @media) that say something about visibility. */
void css_sheet(struct css_rules *r, const char *s, size_t len);
void css_release(struct css_rules *r);
/* Merges the rules that match an element. id and classes may be NULL. */
void css_match(const struct css_rules *r, const char *tag, const char *id, const char *classes, struct css_style *style);
/* "#fff", "rgb(1,2,3)", "white"; CSS_UNSET when not understood. */
long css_colour(const char *s, size_t len);
/* Later declarations of b win over those of a. */
void css_merge(struct css_style *a, const struct css_style *b);

#endif
