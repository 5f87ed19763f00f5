/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing the frame. */
#include "frame.h"

#include <string.h>

#include "address.h"
#include "base/safetext.h"
#include "base/utf8.h"
#include "i18n.h"
#include "words.h"

#define TEXT_MOST 100 /* columns: longer lines are hard to read */

_Static_assert((int)AXIS_COUNT == LAYOUT_AXES, "the layout has a line for every axis");

static int
label_width(void)
{
    const char *const labels[] = {_("From"), _("To"), _("Cc"), _("Date"), _("Subject"), _("Files"), _("Signature"), _("Encryption"),
                                  _("Sender"), _("Danger")};
    int w = 0;
    for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
        int n = words_width(labels[i]);
        w = n > w ? n : w;
    }
    return w;
}

static void
field(struct draw *d, struct rect r, int column, const char *label, enum theme_style style, const char *text)
{
    if (r.h <= 0)
        return;
    (void)draw_text(d, r.y, r.x + 1, column - 2, STYLE_LABEL, label);
    (void)draw_text(d, r.y, r.x + column, r.w - column - 1, style, text);
}

/* The address whole, on as many lines as it needs; behind it what the sender calls himself, cut. */
static void
draw_from(struct draw *d, struct rect r, int column, const struct wr_mailbox *from)
{
    struct buf safe = BUF_INIT;
    int cols = r.w - column - 1, y = r.y, used = 0;
    (void)draw_text(d, r.y, r.x + 1, column - 2, STYLE_LABEL, _("From"));
    if (!*from->address) {
        used = draw_text(d, y, r.x + column, cols, STYLE_DANGER, _("(no sender's address)"));
    } else {
        (void)safetext_add(&safe, from->address, strlen(from->address), SAFETEXT_LINE);
        for (size_t at = 0; at < safe.len && y < r.y + r.h; y++) {
            size_t n = utf8_fit(buf_str(&safe) + at, safe.len - at, cols, &used);
            if (n == 0)
                break;
            (void)draw_textn(d, y, r.x + column, cols, STYLE_STRONG, buf_str(&safe) + at, n);
            at += n;
        }
        y--;
    }
    const char *name = *from->name ? from->name : *from->address ? "" : from->display;
    if (*name && cols - used > 6)
        (void)draw_text(d, y, r.x + column + used + 2, cols - used - 2, STYLE_NORMAL, name);
    buf_release(&safe);
}

static void
draw_axes(struct app *a, const struct layout_message *l, int column, const struct wr_verdict *v)
{
    struct draw *d = a->draw;
    for (int i = 0; i < AXIS_COUNT; i++) {
        struct words_axis axis;
        struct rect r = l->axes[i];
        if (r.h <= 0)
            continue;
        words_axis(v, (enum words_axis_kind)i, &axis);
        (void)draw_text(d, r.y, r.x + 1, column - 4, STYLE_LABEL, axis.label);
        draw_symbol(d, r.y, r.x + column - 2, axis.style, axis.symbol);
        (void)draw_text(d, r.y, r.x + column, r.w - column - 1, axis.style, buf_str(&axis.text));
        buf_release(&axis.text);
    }
}

static void
draw_bar(struct app *a, struct rect r, const struct wr_verdict *v)
{
    enum theme_style style;
    const char *summary = words_summary(v, &style);
    draw_rule(a->draw, r.y, r.x, r.w, STYLE_RULE);
    int w = words_width(summary);
    if (w + 6 > r.w)
        w = r.w - 6;
    (void)draw_text(a->draw, r.y, r.x + 2, 1, STYLE_NORMAL, " ");
    (void)draw_text(a->draw, r.y, r.x + 3, w, style == STYLE_GOOD ? STYLE_GOOD : STYLE_STRONG, summary);
    (void)draw_text(a->draw, r.y, r.x + 3 + w, 1, STYLE_NORMAL, " ");
}

static void
file_names(const struct wr_verdict *v, struct buf *out)
{
    for (uint32_t i = 0; i < v->parts_n; i++) {
        const struct wr_part *p = &v->parts[i];
        if (!p->attachment)
            continue;
        if (out->len)
            buf_adds(out, ", ");
        buf_adds(out, *p->name ? p->name : p->type);
        buf_adds(out, " (");
        words_size(p->size, out);
        buf_addc(out, ')');
    }
}

struct rect
frame_draw(struct app *a, const struct wr_verdict *v, struct rect area)
{
    struct buf text = BUF_INIT, files = BUF_INIT;
    struct layout_message l;
    struct draw *d = a->draw;
    int column = label_width() + 4, cols = area.w - column - 1;
    (void)safetext_add(&text, v->from.address, strlen(v->from.address), SAFETEXT_LINE);
    int width = utf8_width(buf_str(&text), text.len);
    file_names(v, &files);
    const struct layout_message_wish wish = {.from_lines = cols > 0 ? (width + cols - 1) / cols : 1, .cc = v->cc_n > 0, .files = files.len > 0};
    layout_message(area, &wish, &l);

    draw_from(d, l.from, column, &v->from);
    buf_clear(&text);
    address_list(v->to, v->to_n, &text);
    field(d, l.to, column, _("To"), STYLE_NORMAL, buf_str(&text));
    buf_clear(&text);
    address_list(v->cc, v->cc_n, &text);
    field(d, l.cc, column, _("Cc"), STYLE_NORMAL, buf_str(&text));
    buf_clear(&text);
    if (v->has_date)
        words_time(v->date, &text);
    else
        buf_adds(&text, *v->date_text ? v->date_text : _("(no date)"));
    if (!l.date_beside) {
        field(d, l.date, column, _("Date"), STYLE_NORMAL, buf_str(&text));
    } else if (l.date.w > 0) {
        int w = words_width(buf_str(&text));
        w = w > l.date.w - 1 ? l.date.w - 1 : w;
        (void)draw_text(d, l.date.y, l.date.x + l.date.w - 1 - w, w, STYLE_DIM, buf_str(&text));
    }
    field(d, l.subject, column, _("Subject"), STYLE_STRONG, *v->subject ? v->subject : _("(no subject)"));
    field(d, l.files, column, _("Files"), STYLE_NORMAL, buf_str(&files));
    draw_bar(a, l.bar, v);
    draw_axes(a, &l, column, v);
    if (l.rule.h > 0)
        draw_rule(d, l.rule.y, l.rule.x, l.rule.w, STYLE_RULE);
    buf_release(&text);
    buf_release(&files);
    /* The first column is the gutter of frames in the text. */
    return (struct rect){l.text.y, l.text.x, l.text.h, l.text.w > TEXT_MOST + 2 ? TEXT_MOST + 1 : l.text.w - 1};
}
