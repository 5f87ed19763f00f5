/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One picture: title, view, hints, status. */
#include <stdio.h>
#include <string.h>

#include "app.h"
#include "i18n.h"
#include "notice.h"
#include "pager.h"
#include "words.h"

/* The state of the connections, worst first; style says how loud. */
static enum theme_style
connection_words(const struct app *a, struct buf *out)
{
    const struct wr_account *failed = NULL, *asking = NULL, *busy = NULL, *offline = NULL, *insecure = NULL;
    if (!a->client) {
        buf_adds(out, _("reconnecting…"));
        return STYLE_ALARM;
    }
    for (uint32_t i = 0; i < a->accounts.n; i++) {
        const struct wr_account *acc = &a->accounts.rows[i];
        if (acc->insecure)
            insecure = acc;
        if (acc->kind == SP_ACCOUNT_LOCAL)
            continue;
        switch (acc->state) {
        case SP_ACCOUNT_FAILED: failed = acc; break;
        case SP_ACCOUNT_ASKING: asking = acc; break;
        case SP_ACCOUNT_CONNECTING:
        case SP_ACCOUNT_SYNCING: busy = acc; break;
        case SP_ACCOUNT_OFFLINE: offline = acc; break;
        default: break;
        }
    }
    /* A setting that leaves mail and password readable on the way is shown as long as it holds (S52). */
    if (insecure) {
        words_fill(out, _("NOT ENCRYPTED: {1}"), &insecure->name, 1);
        return STYLE_ALARM;
    }
    if (failed)
        words_fill(out, _("{1}: no connection"), &failed->name, 1);
    else if (asking)
        words_fill(out, _("{1}: waits for you"), &asking->name, 1);
    else if (a->jobs.n)
        words_job_line(&a->jobs.rows[0], out);
    else if (busy)
        words_fill(out, busy->state == SP_ACCOUNT_SYNCING ? _("{1}: fetching…") : _("{1}: connecting…"), &busy->name, 1);
    else if (offline)
        words_fill(out, _("{1}: offline"), &offline->name, 1);
    return STYLE_TITLE;
}

static void
draw_title(struct app *a, struct rect r)
{
    struct buf left = BUF_INIT, right = BUF_INIT, state = BUF_INIT;
    struct draw *d = a->draw;
    draw_fill(d, r, STYLE_TITLE);
    if (a->top->ops->title)
        a->top->ops->title(a, a->top, &left, &right);
    enum theme_style style = connection_words(a, &state);

    int end = r.x + r.w - 1;
    if (state.len) {
        int most = r.w / 2, w = words_width(buf_str(&state));
        w = w > most ? most : w;
        end -= w;
        if (style == STYLE_ALARM)
            draw_fill(d, (struct rect){r.y, end - 1, 1, w + 2}, style);
        (void)draw_text(d, r.y, end, w, style, buf_str(&state));
        end -= 3;
    }
    int w = words_width(buf_str(&right));
    if (w && w <= (end - r.x) / 2) {
        end -= w;
        (void)draw_text(d, r.y, end, w, STYLE_TITLE, buf_str(&right));
        end -= 2;
    }
    (void)draw_text(d, r.y, r.x + 1, end - r.x - 1, STYLE_TITLE, buf_str(&left));
    buf_release(&left);
    buf_release(&right);
    buf_release(&state);
}

/* Draws "key Label" when it fits before `end`; returns the next free column. */
static int
draw_hint(struct draw *d, int y, int x, int end, const char *key, const char *label)
{
    int key_w = words_width(key), w = key_w + 1 + words_width(label);
    if (x + w > end)
        return x;
    (void)draw_text(d, y, x, key_w, STYLE_HINT_KEY, key);
    (void)draw_text(d, y, x + key_w + 1, w - key_w - 1, STYLE_HINT, label);
    return x + w + 2;
}

static void
draw_hints(struct app *a, struct rect r)
{
    struct draw *d = a->draw;
    int x = r.x + 1, end = r.x + r.w - 1;
    if (question_open(a) || (a->prompt && a->prompt->kind != PROMPT_KEY)) {
        if (a->prompt && a->prompt->note.len) {
            (void)draw_text(d, r.y, x, end - x, STYLE_ERROR, buf_str(&a->prompt->note));
            return;
        }
        x = draw_hint(d, r.y, x, end, "Enter", _("Done"));
        x = draw_hint(d, r.y, x, end, "Esc", _("Cancel"));
        if (a->prompt && a->prompt->complete)
            x = draw_hint(d, r.y, x, end, "Tab", _("Complete"));
        if (a->prompt && a->prompt->toggle)
            x = draw_hint(d, r.y, x, end, "^T", a->prompt->toggle_hint);
        if (a->prompt && a->prompt->help)
            (void)draw_hint(d, r.y, x, end, "?", _("Help"));
        return;
    }
    unsigned kind = a->top->ops->kind;
    struct buf keys = BUF_INIT;
    if (keymap_keys(&a->keymap, ACTION_HELP, kind, 1, &keys)) {
        int w = words_width(buf_str(&keys)) + 1 + words_width(_("Help"));
        (void)draw_hint(d, r.y, end - w, end, buf_str(&keys), _("Help"));
        end -= w + 2;
    }
    for (int i = 1; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        buf_clear(&keys);
        if (i != ACTION_HELP && info->hints & kind && keymap_keys(&a->keymap, (enum action)i, kind, 1, &keys))
            x = draw_hint(d, r.y, x, end, buf_str(&keys), _(info->hint));
    }
    buf_release(&keys);
}

/* A choice of keys may need both lines at the bottom. */
static bool
draw_choice(struct app *a, const struct layout_screen *s)
{
    struct pager p;
    if (!a->prompt || a->prompt->kind != PROMPT_KEY || words_width(a->prompt->label) <= s->status.w - 3)
        return false;
    pager_init(&p);
    pager_add(&p, STYLE_STRONG, 0, a->prompt->label);
    pager_draw(&p, a->draw, (struct rect){s->hint.y, s->hint.x + 1, 2, s->hint.w - 2});
    pager_release(&p);
    app_cursor(a, s->status.y, s->status.x + s->status.w - 1);
    return true;
}

static void
draw_status(struct app *a, struct rect r)
{
    struct rect inner = {r.y, r.x + 1, 1, r.w - 2};
    if (a->prompt) {
        int x;
        prompt_draw(a->prompt, a->draw, inner, &x);
        app_cursor(a, r.y, x);
    } else if (a->status.len && a->status_style == STYLE_ALARM) {
        draw_line(a->draw, r.y, r.x, r.w, STYLE_ALARM, "");
        (void)draw_text(a->draw, inner.y, inner.x, inner.w, STYLE_ALARM, buf_str(&a->status));
    } else if (a->status.len) {
        (void)draw_text(a->draw, inner.y, inner.x, inner.w, a->status_style, buf_str(&a->status));
    } else if (notice_undo_seconds(a)) {
        struct buf text = BUF_INIT, keys = BUF_INIT;
        char seconds[16];
        (void)snprintf(seconds, sizeof seconds, "%d", notice_undo_seconds(a));
        (void)keymap_keys(&a->keymap, ACTION_UNDO, V_LISTS, 1, &keys);
        words_fill(&text, _("Sent in {1} s. {2} takes it back."), (const char *[]){seconds, buf_str(&keys)}, 2);
        (void)draw_text(a->draw, inner.y, inner.x, inner.w, STYLE_STATUS, buf_str(&text));
        buf_release(&text);
        buf_release(&keys);
    }
}

/* What can be typed, above the line where it is typed. */
static void
draw_explained(struct app *a, struct rect body)
{
    struct pager *p = a->prompt ? a->prompt->explained : NULL;
    if (!p)
        return;
    draw_fill(a->draw, body, STYLE_NORMAL);
    pager_draw(p, a->draw, (struct rect){body.y, body.x + 1, body.h, body.w - 2});
}

void
app_draw(struct app *a)
{
    int rows, cols;
    struct layout_screen s;
    draw_size(a->draw, &rows, &cols);
    layout_screen(rows, cols, &s);
    draw_begin(a->draw);
    app_point(a, 0, 0);
    if (s.too_small) {
        (void)draw_text(a->draw, 0, 0, cols, STYLE_NORMAL, _("Please make this window a bit larger:"));
        (void)draw_text(a->draw, 1, 0, cols, STYLE_NORMAL, _("at least 40 columns and 10 lines."));
    } else {
        a->top->ops->draw(a, a->top, s.body); /* first: the title tells how far it is scrolled */
        draw_explained(a, s.body);
        draw_title(a, s.title);
        if (question_open(a))
            question_draw(a, s.body);
        if (!draw_choice(a, &s)) {
            draw_hints(a, s.hint);
            draw_status(a, s.status);
        }
    }
    draw_end(a->draw, a->cursor_y, a->cursor_x, a->cursor_shown);
}
