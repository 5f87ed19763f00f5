/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Help, made from the table of actions and the table of symbols. */
#include "i18n.h"
#include "text.h"
#include "words.h"

static void
add_symbol(struct app *a, struct pager *p, enum theme_symbol s, enum theme_style style, const char *text)
{
    struct buf line = BUF_INIT;
    buf_adds(&line, "  ");
    buf_adds(&line, draw_symbol_text(a->draw, s));
    buf_adds(&line, "   ");
    buf_adds(&line, text);
    pager_add(p, style, -6, buf_str(&line));
    buf_release(&line);
}

static void
add_symbols(struct app *a, struct pager *p)
{
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_add(p, STYLE_STRONG, 0, _("The signs in the list"));
    pager_pair(p, "  N D r f", 18, _("unread, deleted, answered, forwarded"));
    pager_pair(p, "  F @", 18, _("important, has attachments"));
    pager_add(p, STYLE_LABEL, 2, _("Signature"));
    add_symbol(a, p, SYMBOL_GOOD, STYLE_GOOD, _("signed by the sender"));
    add_symbol(a, p, SYMBOL_BAD, STYLE_CAUTION, _("broken, withdrawn, or not the sender's"));
    add_symbol(a, p, SYMBOL_UNSURE, STYLE_CAUTION, _("signed, but that proves nothing yet"));
    add_symbol(a, p, SYMBOL_UNJUDGED, STYLE_DIM, _("not looked at yet"));
    pager_add(p, STYLE_LABEL, 2, _("Encryption"));
    add_symbol(a, p, SYMBOL_ENCRYPTED, STYLE_GOOD, _("encrypted, and you can read it"));
    add_symbol(a, p, SYMBOL_LOCKED, STYLE_CAUTION, _("encrypted, no key here opens it"));
    pager_add(p, STYLE_LABEL, 2, _("Sender (your mail server's word)"));
    add_symbol(a, p, SYMBOL_SENDER_PASS, STYLE_GOOD, _("comes from the domain it names"));
    add_symbol(a, p, SYMBOL_SENDER_FAIL, STYLE_DANGER, _("does not come from the domain it names"));
    pager_add(p, STYLE_LABEL, 2, _("Danger"));
    add_symbol(a, p, SYMBOL_NOTICE, STYLE_NORMAL, _("something to know"));
    add_symbol(a, p, SYMBOL_CAUTION, STYLE_CAUTION, _("be careful"));
    add_symbol(a, p, SYMBOL_DANGER, STYLE_DANGER, _("this looks like an attack"));
}

void
view_help_open(struct app *a, const struct view *about)
{
    unsigned kind = about->ops->kind;
    struct text_view *x = text_new(&text_help_ops, _("Help"));
    struct buf keys = BUF_INIT, line = BUF_INIT;
    if (!x)
        return;
    if (kind == V_HELP) { /* help about help: nothing new */
        x->view.ops->free(a, &x->view);
        return;
    }
    struct pager *p = &x->pager;
    words_fill(&line, _("Keys in: {1}"), (const char *[]){_(about->ops->name)}, 1);
    pager_add(p, STYLE_STRONG, 0, buf_str(&line));
    pager_add(p, STYLE_NORMAL, 0, "");
    for (int i = 1; i < ACTION_COUNT; i++) {
        const struct action_info *info = action_info((enum action)i);
        if (!(info->views & kind))
            continue;
        buf_clear(&keys);
        buf_adds(&keys, "  ");
        if (keymap_keys(&a->keymap, (enum action)i, kind, 0, &keys) == 0)
            buf_addf(&keys, ":%s", info->name);
        pager_pair(p, buf_str(&keys), 21, _(info->help));
    }
    pager_add(p, STYLE_NORMAL, 0, "");
    pager_add(p, STYLE_NORMAL, 0, _("Every action has a name for the command line (:) and for the configuration; Tab completes it."));
    if (kind & (V_LISTS | V_MESSAGE))
        add_symbols(a, p);
    buf_release(&keys);
    buf_release(&line);
    app_push(a, &x->view);
}
