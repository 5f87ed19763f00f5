/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drawing the list of messages. */
#include <string.h>
#include <time.h>

#include "address.h"
#include "i18n.h"
#include "index.h"
#include "list.h"
#include "words.h"

/* At most one sign each: what matters most. */
static const char *
flag_sign(uint32_t flags)
{
    return flags & SP_FLAG_DELETED     ? "D"
           : !(flags & SP_FLAG_SEEN)   ? "N"
           : flags & SP_FLAG_ANSWERED  ? "r"
           : flags & SP_FLAG_FORWARDED ? "f"
                                       : " ";
}

static const char *
second_sign(uint32_t flags)
{
    return flags & SP_FLAG_FLAGGED ? "F" : flags & SP_FLAG_ATTACHMENT ? "@" : " ";
}

/* Seal, lock, sender and risk stand beside the From that they were bound to. Nothing is shown for what nobody has judged yet. */
static void
draw_security(struct draw *d, const struct layout_index *l, int y, const struct wr_index_row *row, bool on_cursor)
{
    enum theme_symbol s;
    enum theme_style style;
    if (!row->judged) {
        draw_symbol(d, y, l->seal.x, on_cursor ? STYLE_CURSOR : STYLE_DIM, SYMBOL_UNJUDGED);
        return;
    }
#define STYLE(x) (on_cursor ? STYLE_CURSOR : (x))
    if (row->seal != SP_SIGNATURE_NONE) {
        words_row_seal(row->seal, &s, &style);
        draw_symbol(d, y, l->seal.x, STYLE(style), s);
    }
    if (row->lock == SP_ENCRYPTION_DECRYPTED)
        draw_symbol(d, y, l->lock.x, STYLE(STYLE_GOOD), SYMBOL_ENCRYPTED);
    else if (row->lock == SP_ENCRYPTION_LOCKED)
        draw_symbol(d, y, l->lock.x, STYLE(STYLE_CAUTION), SYMBOL_LOCKED);
    else if (row->lock != SP_ENCRYPTION_NONE)
        draw_symbol(d, y, l->lock.x, STYLE(STYLE_CAUTION), SYMBOL_BAD);
    if (row->sender == SP_SENDER_PASS)
        draw_symbol(d, y, l->sender.x, STYLE(STYLE_GOOD), SYMBOL_SENDER_PASS);
    else if (row->sender == SP_SENDER_FAIL)
        draw_symbol(d, y, l->sender.x, STYLE(STYLE_DANGER), SYMBOL_SENDER_FAIL);
    if (row->risk != SP_LEVEL_NONE) {
        words_level(row->risk, &s, &style);
        draw_symbol(d, y, l->risk.x, STYLE(style), s);
    }
#undef STYLE
}

/* At the end of the line; at most a third of the subject's room. Returns the columns that they take. */
static int
draw_keywords(struct draw *d, const struct layout_index *l, int y, const char *keywords, enum theme_style style)
{
    int most = l->subject.w / 3, w = keywords && *keywords ? words_width(keywords) : 0;
    w = w > most ? most : w;
    if (w < 2)
        return 0;
    (void)draw_text(d, y, l->subject.x + l->subject.w - w, w, style, keywords);
    return w + 1;
}

static void
draw_row(struct app *a, const struct index *x, const struct layout_index *l, int y, const struct wr_index_row *row, bool on_cursor,
         int64_t now)
{
    struct draw *d = a->draw;
    const struct wr_folder *folder = index_folder_of(a, x, row);
    bool sent = folder && (folder->role == SP_FOLDER_SENT || folder->role == SP_FOLDER_DRAFTS || folder->role == SP_FOLDER_OUTBOX);
    enum theme_style style = on_cursor                        ? STYLE_CURSOR
                             : row->flags & SP_FLAG_DELETED   ? STYLE_DELETED
                             : !(row->flags & SP_FLAG_SEEN)   ? STYLE_UNREAD
                                                              : STYLE_NORMAL;
    struct buf text = BUF_INIT;
    if (on_cursor) {
        draw_fill(d, (struct rect){y, l->rows.x, 1, l->rows.w}, style);
        app_point(a, y, l->rows.x);
    }
    if (index_marked(&x->window, row->id))
        draw_symbol(d, y, l->mark.x, style, SYMBOL_MARK);
    (void)draw_text(d, y, l->flags.x, 1, style, flag_sign(row->flags));
    (void)draw_text(d, y, l->flags.x + 1, 1, style, second_sign(row->flags));
    draw_security(d, l, y, row, on_cursor);
    words_day(row->date ? row->date : row->sort, now, &text);
    (void)draw_text(d, y, l->date.x, l->date.w, style, buf_str(&text));
    buf_clear(&text);
    if (sent)
        buf_adds(&text, row->to);
    else
        address_column(row->from_address, row->from_name, l->from.w, &text);
    (void)draw_text(d, y, l->from.x, l->from.w, style, buf_str(&text));
    const char *subject = *row->subject ? row->subject : _("(no subject)");
    int words_w = draw_keywords(d, l, y, row->keywords, on_cursor ? style : STYLE_LABEL);
    (void)draw_text(d, y, l->subject.x, l->subject.w - words_w, style, subject);
    if (l->where.w && folder) {
        buf_clear(&text);
        folder_label(a, folder, &text);
        (void)draw_text(d, y, l->where.x, l->where.w, on_cursor ? style : STYLE_LABEL, buf_str(&text));
    }
    /* The gaps look like the text beside them: the terminal's attributes change once in a line, not at every column. */
    if (style == STYLE_UNREAD || style == STYLE_DELETED) {
        draw_fill(d, (struct rect){y, l->from.x - 1, 1, 1}, style);
        draw_fill(d, (struct rect){y, l->subject.x - 1, 1, 1}, style);
    }
    buf_release(&text);
}

static void
draw_head(struct app *a, const struct index *x, const struct layout_index *l)
{
    struct draw *d = a->draw;
    const struct wr_folder *folder = app_folder(a, x->folder);
    bool sent = folder && (folder->role == SP_FOLDER_SENT || folder->role == SP_FOLDER_DRAFTS || folder->role == SP_FOLDER_OUTBOX);
    draw_fill(d, l->head, STYLE_HEAD);
    (void)draw_text(d, l->head.y, l->seal.x, 4, STYLE_HEAD, _("Seal"));
    (void)draw_text(d, l->head.y, l->date.x, l->date.w, STYLE_HEAD, _("Date"));
    (void)draw_text(d, l->head.y, l->where.x, l->where.w, STYLE_HEAD, _("Folder"));
    (void)draw_text(d, l->head.y, l->from.x, l->from.w, STYLE_HEAD, sent ? _("To") : _("From"));
    (void)draw_text(d, l->head.y, l->subject.x, l->subject.w, STYLE_HEAD, _("Subject"));
}

void
index_draw(struct app *a, struct view *v, struct rect area)
{
    struct index *x = (struct index *)v;
    struct layout_index l;
    int64_t now = (int64_t)time(NULL);
    layout_index(area, !x->no_sidebar, index_is_mixed(a, x), &l);
    if (l.sidebar.w) {
        folders_draw_sidebar(a, l.sidebar, x->folder);
        draw_vertical(a->draw, l.divider, STYLE_RULE);
    }
    draw_head(a, x, &l);
    list_fit(&x->list, (int)x->window.n, l.rows.h);
    for (int i = 0; i < l.rows.h && x->list.top + i < (int)x->window.n; i++) {
        int at = x->list.top + i;
        draw_row(a, x, &l, l.rows.y + i, &x->window.rows[at], at == x->list.cursor, now);
    }
    if (x->window.n == 0) {
        const char *text = !a->ready || (x->folder && !x->loaded) ? _("Loading…")
                           : x->search                            ? _("Nothing was found.")
                           : x->folder                            ? _("No messages here.")
                                                                  : _("No folder yet. A shows the accounts.");
        (void)draw_text(a->draw, l.rows.y + 1, l.rows.x + 2, l.rows.w - 2, STYLE_DIM, text);
    }
}
