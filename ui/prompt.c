/* SPDX-License-Identifier: GPL-3.0-or-later */
/* One line of input. */
#include "prompt.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "pager.h"

#define SECRET_MAX 1024

void
history_release(struct history *h)
{
    for (int k = 0; k < HISTORY_COUNT; k++) {
        for (int i = 0; i < HISTORY_LINES; i++) {
            free(h->lines[k][i]);
            h->lines[k][i] = NULL;
        }
    }
}

void
history_add(struct history *h, enum prompt_history which, const char *text)
{
    char **lines = h->lines[which];
    if (which == HISTORY_NONE || !*text || (lines[0] && strcmp(lines[0], text) == 0))
        return;
    char *copy = strdup(text);
    if (!copy)
        return;
    free(lines[HISTORY_LINES - 1]);
    memmove(lines + 1, lines, (HISTORY_LINES - 1) * sizeof *lines);
    lines[0] = copy;
}

static struct prompt *
prompt_new(enum prompt_kind kind, struct view *v, const char *label, uint64_t tag)
{
    struct prompt *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    *p = (struct prompt){.kind = kind, .label = strdup(label), .choices = "", .history_at = -1, .view = v, .tag = tag};
    if (!p->label) {
        prompt_free(p);
        return NULL;
    }
    return p;
}

struct prompt *
prompt_text(struct view *v, const char *label, const char *text, prompt_fn *fn, uint64_t tag)
{
    struct prompt *p = prompt_new(PROMPT_TEXT, v, label, tag);
    if (p) {
        line_set(&p->line, text);
        p->fn = fn;
    }
    return p;
}

struct prompt *
prompt_secret(struct view *v, const char *label, prompt_secret_fn *fn, uint64_t tag)
{
    static const char zeros[SECRET_MAX];
    struct prompt *p = prompt_new(PROMPT_SECRET, v, label, tag);
    /* All its room is taken at once, so that what is typed is never copied about. */
    if (p && secret_set(&p->secret, zeros, sizeof zeros) != SP_OK) {
        prompt_free(p);
        return NULL;
    }
    if (p) {
        p->secret.len = 0;
        p->secret_fn = fn;
    }
    return p;
}

struct prompt *
prompt_keys(struct view *v, const char *label, const char *choices, prompt_fn *fn, uint64_t tag)
{
    struct prompt *p = prompt_new(PROMPT_KEY, v, label, tag);
    if (p) {
        p->choices = choices;
        p->fn = fn;
    }
    return p;
}

static void
end_help(struct prompt *p)
{
    if (p->explained)
        pager_release(p->explained);
    free(p->explained);
    p->explained = NULL;
}

static void
begin_help(struct prompt *p, struct app *a)
{
    p->explained = calloc(1, sizeof *p->explained);
    if (!p->explained)
        return;
    pager_init(p->explained);
    p->help(a, p->explained);
}

/* The keys beside those of the line itself; false: not one of them. */
static bool
extra_key(struct prompt *p, struct app *a, uint32_t key)
{
    const char *text = line_text(&p->line);
    size_t at = p->line.cursor;
    bool before_word = at == 0 || text[at - 1] == ' ' || text[at - 1] == '(';
    if (p->explained) {
        enum action move = key == K_PAGE_DOWN || key == K_DOWN ? ACTION_PAGE_DOWN : key == K_PAGE_UP || key == K_UP ? ACTION_PAGE_UP : ACTION_NONE;
        if (pager_move(p->explained, move, NULL))
            return true;
        end_help(p);
        if (key == K_ESC || key == '?')
            return true;
    }
    if (key == '?' && p->help && before_word) {
        begin_help(p, a);
        return true;
    }
    if (key == ('T' & 0x1F) && p->toggle) {
        struct buf label = BUF_INIT;
        p->toggle(a, p->view, &label);
        char *text_now = buf_take(&label);
        if (text_now) {
            free(p->label);
            p->label = text_now;
        }
        buf_release(&label);
        return true;
    }
    return false;
}

void
prompt_free(struct prompt *p)
{
    if (!p)
        return;
    free(p->label);
    line_release(&p->line);
    secret_release(&p->secret);
    buf_release(&p->complete_base);
    buf_release(&p->note);
    end_help(p);
    free(p);
}

void
prompt_complain(struct prompt *p, const char *note, size_t at, size_t len)
{
    size_t all = p->line.text.len;
    buf_clear(&p->note);
    buf_adds(&p->note, note);
    p->wrong_at = at < all ? at : all;
    p->wrong_len = len < all - p->wrong_at ? len : all - p->wrong_at;
    p->line.cursor = p->wrong_at + p->wrong_len;
}

static enum prompt_result
secret_key(struct prompt *p, uint32_t key)
{
    struct secret *s = &p->secret;
    char bytes[4];
    switch (key) {
    case K_ENTER: return PROMPT_DONE;
    case K_ESC: return PROMPT_CANCELLED;
    case K_BACKSPACE:
        s->len = text_previous((const char *)s->data, s->len);
        s->data[s->len] = 0;
        return PROMPT_OPEN;
    case 'U' & 0x1F:
        explicit_bzero(s->data, s->len);
        s->len = 0;
        return PROMPT_OPEN;
    default: break;
    }
    if (key >= ' ' && key < K_SPECIAL && s->len + 5 < SECRET_MAX) {
        size_t n = utf8_encode(key, bytes);
        memcpy(s->data + s->len, bytes, n);
        s->len += n;
        s->data[s->len] = 0;
        explicit_bzero(bytes, sizeof bytes);
    }
    return PROMPT_OPEN;
}

static void
walk_history(struct prompt *p, struct history *h, int step)
{
    int at = p->history_at + step;
    if (p->history == HISTORY_NONE || at < -1 || at >= HISTORY_LINES || (at >= 0 && !h->lines[p->history][at]))
        return;
    p->history_at = at;
    line_set(&p->line, at < 0 ? "" : h->lines[p->history][at]);
}

static void
complete(struct prompt *p, struct app *a)
{
    struct buf found = BUF_INIT;
    if (!p->complete)
        return;
    if (!p->completing) {
        buf_clear(&p->complete_base);
        buf_adds(&p->complete_base, line_text(&p->line));
        p->complete_nth = 0;
        p->completing = true;
    }
    if (p->complete(a, buf_str(&p->complete_base), p->complete_nth, &found)) {
        line_set(&p->line, buf_str(&found));
        p->complete_nth++;
    } else {
        line_set(&p->line, buf_str(&p->complete_base));
        p->complete_nth = 0;
    }
    buf_release(&found);
}

enum prompt_result
prompt_key(struct prompt *p, struct app *a, struct history *h, uint32_t key)
{
    if (p->kind == PROMPT_SECRET)
        return secret_key(p, key);
    if (p->kind == PROMPT_KEY) {
        if (key < 0x80 && key > ' ' && strchr(p->choices, (int)key)) {
            line_set(&p->line, (char[]){(char)key, 0});
            return PROMPT_DONE;
        }
        return PROMPT_CANCELLED;
    }
    p->wrong_len = 0;
    buf_clear(&p->note);
    if (extra_key(p, a, key))
        return PROMPT_OPEN;
    if (key != K_TAB)
        p->completing = false;
    switch (key) {
    case K_ENTER:
        history_add(h, p->history, line_text(&p->line));
        return PROMPT_DONE;
    case K_ESC: return PROMPT_CANCELLED;
    case K_BACKSPACE:
        if (p->line.text.len == 0)
            return PROMPT_CANCELLED;
        break;
    case K_UP: walk_history(p, h, 1); return PROMPT_OPEN;
    case K_DOWN: walk_history(p, h, -1); return PROMPT_OPEN;
    case K_TAB: complete(p, a); return PROMPT_OPEN;
    default: break;
    }
    (void)line_key(&p->line, key);
    return PROMPT_OPEN;
}

void
prompt_draw(const struct prompt *p, struct draw *d, struct rect r, int *cursor_x)
{
    /* A long label leaves at least a third of the line for what is typed. */
    int used = draw_text(d, r.y, r.x, p->kind == PROMPT_KEY ? r.w - 1 : r.w * 2 / 3, STYLE_STRONG, p->label);
    int x = r.x + used, cols = r.w - used, column = 0;
    if (used && cols > 0) {
        x++;
        cols--;
    }
    if (p->kind == PROMPT_TEXT) {
        size_t start = line_view(&p->line, cols, &column);
        const char *text = line_text(&p->line);
        (void)draw_text(d, r.y, x, cols, STYLE_INPUT, text + start);
        if (p->wrong_len && p->wrong_at >= start) {
            int before = utf8_width(text + start, p->wrong_at - start);
            (void)draw_textn(d, r.y, x + before, cols - before, STYLE_ALARM, text + p->wrong_at, p->wrong_len);
        }
    } else if (p->kind == PROMPT_SECRET) {
        /* Not even its length is shown; a sign says that something was typed. */
        if (p->secret.len)
            column = draw_text(d, r.y, x, cols, STYLE_DIM, "***");
    }
    *cursor_x = x + column;
}
