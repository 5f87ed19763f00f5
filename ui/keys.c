/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Keys and certificates: the list, one in detail, import from a file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "address.h"
#include "i18n.h"
#include "rows.h"
#include "text.h"
#include "words.h"

struct keys {
    struct view view;
    struct list list;
    struct arena arena;
    struct wm_keys got;
    bool loaded;
    char *path;         /* owned; the file being imported */
    bool as_anchor;
    struct secret passphrase; /* of that file, when it needs one */
};

enum tag { TAG_LIST = 1, TAG_READ, TAG_IMPORT };

static void
on_keys(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct keys *x = (struct keys *)v;
    (void)arena;
    (void)tag;
    if (app_take(a, r, WM_TYPE_keys, &x->arena, &x->got))
        x->loaded = true;
}

static void
refresh(struct app *a, struct view *v)
{
    app_drop(a, v, TAG_LIST);
    app_request(a, v, WM_TYPE_list_keys, &(struct wm_list_keys){.protocol = SP_PROTOCOL_NONE, .match = ""}, on_keys, TAG_LIST);
}

/* ---- drawing */

static const char *
condition(const struct wr_key *k, enum theme_style *style)
{
    *style = STYLE_CAUTION;
    if (k->revoked)
        return _("withdrawn");
    if (k->expired)
        return _("expired");
    *style = k->trust >= SP_TRUST_ACCEPTED ? STYLE_GOOD : STYLE_NORMAL;
    if (k->anchor)
        return _("authority");
    return words_trust(k->secret ? SP_TRUST_OWN : k->trust);
}

static void
draw_key(struct app *a, const void *arg, struct rect r, int i, enum theme_style style, bool on)
{
    const struct wr_key *k = &((const struct keys *)arg)->got.keys[i];
    struct buf text = BUF_INIT;
    enum theme_style mine;
    const char *state = condition(k, &mine);
    int id_w = r.w >= 90 ? r.w - 52 : r.w - 32;
    style = !on && k->secret ? STYLE_STRONG : style;
    (void)draw_text(a->draw, r.y, r.x + 1, 8, style, words_protocol(k->protocol));
    if (k->identities_n)
        address_column(k->identities[0].address, k->identities[0].name, id_w, &text);
    (void)draw_text(a->draw, r.y, r.x + 10, id_w, style, buf_str(&text));
    (void)draw_text(a->draw, r.y, r.x + 11 + id_w, 18, on ? style : mine, state);
    if (r.w >= 90) {
        size_t len = strlen(k->fingerprint);
        buf_clear(&text);
        words_fingerprint(k->fingerprint + (len > 16 ? len - 16 : 0), &text);
        (void)draw_text(a->draw, r.y, r.x + 30 + id_w, 20, on ? style : STYLE_DIM, buf_str(&text));
    }
    buf_release(&text);
}

static void
draw(struct app *a, struct view *v, struct rect area)
{
    struct keys *x = (struct keys *)v;
    struct rect rows = {area.y + 1, area.x, area.h - 1, area.w};
    int id_w = area.w >= 90 ? area.w - 52 : area.w - 32;
    rows_head(a, area);
    (void)draw_text(a->draw, area.y, area.x + 1, 8, STYLE_HEAD, _("Kind"));
    (void)draw_text(a->draw, area.y, area.x + 10, id_w, STYLE_HEAD, _("Whose"));
    (void)draw_text(a->draw, area.y, area.x + 11 + id_w, 18, STYLE_HEAD, _("State"));
    if (area.w >= 90)
        (void)draw_text(a->draw, area.y, area.x + 30 + id_w, 20, STYLE_HEAD, _("End of fingerprint"));
    rows_draw(a, &x->list, (int)x->got.keys_n, rows, x->loaded ? _("There are no keys yet: a imports a file.") : _("Loading…"), draw_key, x);
}

/* ---- one key */

static void
pair_time(struct pager *p, const char *label, int64_t t, const char *none)
{
    struct buf text = BUF_INIT;
    words_time(t, &text);
    pager_pair(p, label, 16, text.len ? buf_str(&text) : none);
    buf_release(&text);
}

static void
open_key(struct app *a, const struct wr_key *k)
{
    struct text_view *x = text_new(&text_details_ops, _("Key"));
    struct buf text = BUF_INIT;
    enum theme_style style;
    if (!x)
        return;
    struct pager *p = &x->pager;
    const char *state = condition(k, &style);
    for (uint32_t i = 0; i < k->identities_n; i++) {
        const struct wr_identity *id = &k->identities[i];
        buf_clear(&text);
        buf_addf(&text, "%s  %s", id->address, id->name);
        if (id->revoked)
            buf_addf(&text, "  (%s)", _("withdrawn"));
        else if (!id->valid && k->protocol == SP_PROTOCOL_OPENPGP)
            buf_addf(&text, "  (%s)", _("nobody vouches for this name"));
        pager_add(p, i ? STYLE_NORMAL : STYLE_STRONG, 0, buf_str(&text));
    }
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_pair(p, _("Kind"), 16, words_protocol(k->protocol));
    pager_pair(p, _("State"), 16, state);
    pager_pair(p, _("Secret key"), 16, k->secret ? _("yes, it is yours") : _("no, it belongs to somebody else"));
    buf_clear(&text);
    words_fingerprint(k->fingerprint, &text);
    pager_pair(p, _("Fingerprint"), 16, buf_str(&text));
    pager_pair(p, _("Method"), 16, k->algorithm);
    pair_time(p, _("Made on"), k->created, "?");
    pair_time(p, _("Valid until"), k->expires, _("no end"));
    buf_clear(&text);
    buf_adds(&text, k->can_sign ? _("signing") : "");
    if (k->can_encrypt)
        buf_addf(&text, "%s%s", text.len ? ", " : "", _("encrypting"));
    pager_pair(p, _("Good for"), 16, buf_str(&text));
    if (*k->issuer)
        pager_pair(p, _("Issued by"), 16, k->issuer);
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_add(p, STYLE_DIM, 0, _("A fingerprint names exactly one key. Compare it with its owner over another way, the telephone for instance, "
                                 "before you rely on it."));
    buf_release(&text);
    app_push(a, &x->view);
}

/* ---- import */

static void read_again(struct app *a, struct keys *x);

static void
on_passphrase(struct app *a, struct view *v, const struct secret *secret, uint64_t tag)
{
    struct keys *x = (struct keys *)v;
    (void)tag;
    if (secret && secret_set(&x->passphrase, secret->data, secret->len) == SP_OK)
        read_again(a, x);
}

static void
on_imported(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct keys *x = (struct keys *)v;
    char imported[16], unchanged[16];
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    secret_release(&x->passphrase);
    if (r->status == SP_PASSPHRASE_NEEDED || r->status == SP_PASSPHRASE_WRONG) {
        app_prompt(a, prompt_secret(v, r->status == SP_PASSPHRASE_WRONG ? _("Wrong. The file's passphrase:") : _("The file's passphrase:"),
                                    on_passphrase, 0));
        return;
    }
    if (r->status || !r->in || r->in->type != WM_TYPE_imported) {
        app_failed(a, r);
        return;
    }
    const struct wm_imported *m = r->in->msg;
    (void)snprintf(imported, sizeof imported, "%u", m->imported);
    (void)snprintf(unchanged, sizeof unchanged, "%u", m->unchanged);
    app_say(a, STYLE_STATUS, _("Imported: {1}; known already: {2}."), imported, unchanged, NULL);
    refresh(a, v);
}

static void
on_file(struct app *a, struct view *v, const struct call_reply *r, struct arena *arena, uint64_t tag)
{
    struct keys *x = (struct keys *)v;
    (void)arena;
    (void)tag;
    if (!r->final)
        return;
    if (r->status || !r->in || r->in->type != WM_TYPE_part_content) {
        app_failed(a, r);
        return;
    }
    int pipe_fd = -1;
    if (x->passphrase.len && secret_to_pipe(&x->passphrase, &pipe_fd) != SP_OK)
        pipe_fd = -1;
    const struct wm_part_content *m = r->in->msg;
    app_request(a, v, WM_TYPE_import_keys, &(struct wm_import_keys){.data = m->content, .passphrase = pipe_fd, .as_anchor = x->as_anchor},
                on_imported, TAG_IMPORT);
    if (pipe_fd >= 0)
        (void)close(pipe_fd);
}

static void
read_again(struct app *a, struct keys *x)
{
    if (x->path)
        app_stub(a, &x->view, WM_TYPE_read_file, &(struct wm_read_file){.path = x->path}, on_file, TAG_READ);
}

static void
on_path(struct app *a, struct view *v, const char *text, uint64_t tag)
{
    struct keys *x = (struct keys *)v;
    if (!text || !*text)
        return;
    free(x->path);
    x->path = strdup(text);
    x->as_anchor = tag == ACTION_IMPORT_ANCHOR;
    secret_release(&x->passphrase);
    read_again(a, x);
}

static void
import(struct app *a, struct keys *x, enum action action, const char *arg)
{
    if (arg) {
        on_path(a, &x->view, arg, action);
        return;
    }
    struct prompt *p = prompt_text(&x->view, action == ACTION_IMPORT ? _("Import from file:") : _("Import authorities from file:"), "", on_path, action);
    if (p)
        p->history = HISTORY_FILE;
    app_prompt(a, p);
}

/* ---- actions */

static bool
fits(const struct app *a, const void *arg, int i, const char *word)
{
    const struct wr_key *k = &((const struct keys *)arg)->got.keys[i];
    (void)a;
    bool found = strcasestr(k->fingerprint, word) != NULL;
    for (uint32_t j = 0; j < k->identities_n && !found; j++)
        found = strcasestr(k->identities[j].address, word) || strcasestr(k->identities[j].name, word);
    return found;
}

static void
find_next(struct app *a, struct keys *x)
{
    int at = rows_find(a, &x->list, (int)x->got.keys_n, fits, x);
    if (at >= 0)
        x->list.cursor = at;
}

static bool
action(struct app *a, struct view *v, enum action action, const char *arg)
{
    struct keys *x = (struct keys *)v;
    if (list_move(&x->list, action, (int)x->got.keys_n))
        return true;
    switch (action) {
    case ACTION_OPEN:
        if (x->list.cursor < (int)x->got.keys_n)
            open_key(a, &x->got.keys[x->list.cursor]);
        return true;
    case ACTION_IMPORT:
    case ACTION_IMPORT_ANCHOR: import(a, x, action, arg); return true;
    case ACTION_FIND: app_prompt_find(a, v); return true;
    case ACTION_FIND_NEXT: find_next(a, x); return true;
    case ACTION_SYNC: refresh(a, v); return true;
    case ACTION_KEYS: return true;
    default: return false;
    }
}

static void
title(struct app *a, struct view *v, struct buf *left, struct buf *right)
{
    struct keys *x = (struct keys *)v;
    char n[16];
    (void)a;
    buf_adds(left, _("Keys and certificates"));
    (void)snprintf(n, sizeof n, "%u", x->got.keys_n);
    buf_adds(right, n);
}

static void
keys_free(struct app *a, struct view *v)
{
    struct keys *x = (struct keys *)v;
    (void)a;
    arena_release(&x->arena);
    secret_release(&x->passphrase);
    free(x->path);
    free(x);
}

void
view_keys_open(struct app *a)
{
    static const struct view_ops ops = {.name = N_("Keys and certificates"), .kind = V_KEYS, .draw = draw, .action = action,
                                        .refresh = refresh, .title = title, .free = keys_free};
    struct keys *x = calloc(1, sizeof *x);
    if (!x)
        return;
    x->view.ops = &ops;
    app_push(a, &x->view);
    refresh(a, &x->view);
}
