/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The query language in words: completion, explanation, errors. The words themselves are those of base/searchwords.h. */
#include <string.h>
#include <strings.h>

#include "base/searchwords.h"
#include "i18n.h"
#include "index.h"

static const struct word {
    const char *word;
    enum search_value value;
    const char *fixed; /* separated by blanks */
} words[] = {
#define W(name, word, value, fixed) {word, SEARCH_VALUE_##value, fixed},
    SEARCH_WORDS(W)
#undef W
};

static const char *const operators[] = {
#define O(name, word) word,
    SEARCH_OPERATORS(O)
#undef O
};

#define COUNT(x) (sizeof(x) / sizeof *(x))

/* ---- completion */

/* One proposal after another; the nth that fits is taken. */
struct proposals {
    const char *typed; /* of the word or value */
    size_t nth;
    struct buf *out;   /* gets it behind what stands there */
    bool found;
};

static void
propose(struct proposals *p, const char *text, const char *behind)
{
    if (p->found || strncasecmp(text, p->typed, strlen(p->typed)) != 0 || p->nth-- > 0)
        return;
    p->found = true;
    bool quote = strpbrk(text, " ()\"") != NULL;
    buf_adds(p->out, quote ? "\"" : "");
    for (const char *c = text; *c; c++)
        if (*c != '"')
            buf_addc(p->out, *c);
    buf_adds(p->out, quote ? "\"" : "");
    buf_adds(p->out, behind);
}

static void
propose_each(struct proposals *p, const char *list)
{
    while (*list) {
        size_t len = strcspn(list, " ");
        struct buf one = BUF_INIT;
        buf_add(&one, list, len);
        if (len)
            propose(p, buf_str(&one), "");
        buf_release(&one);
        list += len + (list[len] == ' ');
    }
}

static void
propose_keywords(struct app *a, struct proposals *p)
{
    struct buf all = BUF_INIT;
    view_index_keywords(a, &all);
    propose_each(p, buf_str(&all));
    buf_release(&all);
}

static void
propose_values(struct app *a, struct proposals *p, const struct word *w)
{
    switch (w->value) {
    case SEARCH_VALUE_FOLDER:
        for (uint32_t i = 0; i < a->folders.n; i++)
            if (a->folders.rows[i].kind != SP_FOLDER_VIRTUAL && a->folders.rows[i].selectable)
                propose(p, a->folders.rows[i].name, "");
        break;
    case SEARCH_VALUE_ACCOUNT:
        for (uint32_t i = 0; i < a->accounts.n; i++)
            propose(p, a->accounts.rows[i].name, "");
        break;
    case SEARCH_VALUE_KEYWORD: propose_keywords(a, p); break;
    default: propose_each(p, w->fixed); break;
    }
}

/* Where the word that is being typed begins: behind the last blank or bracket that stands in no quotes. */
static size_t
word_start(const char *text)
{
    size_t start = 0;
    bool quoted = false;
    for (size_t i = 0; text[i]; i++) {
        if (text[i] == '"')
            quoted = !quoted;
        else if (!quoted && (text[i] == ' ' || text[i] == '(' || (text[i] == '-' && i == start)))
            start = i + 1;
    }
    return start;
}

bool
search_complete(struct app *a, const char *typed, size_t nth, struct buf *out)
{
    size_t start = word_start(typed);
    const char *word = typed + start, *colon = strchr(word, ':');
    struct proposals p = {.typed = word, .nth = nth, .out = out};
    buf_add(out, typed, start);
    for (size_t i = 0; i < COUNT(words) && colon; i++) {
        size_t len = (size_t)(colon - word);
        if (strlen(words[i].word) != len || strncasecmp(words[i].word, word, len) != 0)
            continue;
        buf_add(out, word, len + 1);
        p.typed = colon + 1 + (colon[1] == '"');
        propose_values(a, &p, &words[i]);
        return p.found;
    }
    for (size_t i = 0; i < COUNT(words); i++)
        propose(&p, words[i].word, ":");
    for (size_t i = 0; i < COUNT(operators) && *word; i++)
        propose(&p, operators[i], " ");
    return p.found;
}

/* ---- explanation */

static const char *
value_words(enum search_value value)
{
    switch (value) {
    case SEARCH_VALUE_TEXT: return _("a word, or several in \"quotes\"; word* stands for all that begin so");
    case SEARCH_VALUE_DATE: return _("2026, 2026-03, 2026-03-12, today, yesterday, 7d, 2w, 3m, 1y; date: also 2026-01..2026-03");
    case SEARCH_VALUE_SIZE: return _("a number of bytes, or with K or M: 500K, 2M");
    case SEARCH_VALUE_FOLDER: return _("the name of a folder");
    case SEARCH_VALUE_ACCOUNT: return _("the name of an account");
    case SEARCH_VALUE_KEYWORD: return _("a keyword that was put on messages");
    default: return "";
    }
}

/* All words that take the same kind of value share a line; those with fixed values have one each. */
void
search_explain(struct app *a, struct pager *out)
{
    struct buf names = BUF_INIT;
    (void)a;
    pager_add(out, STYLE_STRONG, 0, _("What can be searched for"));
    pager_pair(out, _("  words"), 24, _("are looked for in senders, recipients, subjects, texts and names of attachments; all of them must be there"));
    pager_pair(out, _("  \"two words\""), 24, _("beside each other, in this order"));
    pager_pair(out, _("  or not - ( )"), 24, _("one or the other; not that (also with - before it); brackets keep things together"));
    for (size_t i = 0; i < COUNT(words); i++) {
        bool own = words[i].value == SEARCH_VALUE_CHOICE, again = false;
        for (size_t j = 0; j < i && !own; j++)
            again = again || words[j].value == words[i].value;
        if (again)
            continue;
        buf_clear(&names);
        buf_adds(&names, "  ");
        for (size_t j = i; j < COUNT(words) && (j == i || !own); j++)
            if (words[j].value == words[i].value)
                buf_addf(&names, "%s:%s", words[j].word, " ");
        if (names.len <= 22) {
            pager_pair(out, buf_str(&names), 24, own ? words[i].fixed : value_words(words[i].value));
        } else {
            pager_add(out, STYLE_NORMAL, -2, buf_str(&names));
            pager_pair(out, "", 24, value_words(words[i].value));
        }
    }
    pager_add(out, STYLE_NORMAL, 0, "");
    pager_pair(out, _("For instance"), 24, "from:ada after:2026-01 offer");
    pager_pair(out, "", 24, "is:unread -in:Junk has:attachment");
    pager_pair(out, "", 24, "seal:bad or risk:danger");
    buf_release(&names);
}

/* ---- errors */

const char *
search_error_words(const char *id, bool suggestion)
{
    static const struct {
        const char *id, *text;
    } sentences[] = {
        {"empty", N_("Nothing is asked for.")},
        {"unknown-word", N_("\"{1}\" is not known here; ? shows the words.")},
        {"missing-value", N_("Something must stand behind \"{1}\".")},
        {"bad-value", N_("\"{1}\" cannot stand there; Tab shows what can.")},
        {"bad-date", N_("\"{1}\" is no date: 2026-03-12, 2026-03, today, 7d are.")},
        {"bad-size", N_("\"{1}\" is no size: 500K, 2M are.")},
        {"no-letters", N_("\"{1}\" holds no letters or digits to look for.")},
        {"missing-term", N_("Something must stand beside \"{1}\".")},
        {"unclosed-quote", N_("A quotation mark is missing at the end.")},
        {"unclosed-bracket", N_("A bracket is not closed.")},
        {"stray-bracket", N_("This bracket closes nothing.")},
        {"too-complex", N_("That is too much for one search.")},
        {"unknown-folder", N_("There is no folder \"{1}\".")},
        {"unknown-account", N_("There is no account \"{1}\".")},
    };
    if (suggestion)
        return _("\"{1}\" is not known here. Do you mean \"{2}\"?");
    for (size_t i = 0; i < COUNT(sentences); i++)
        if (strcmp(sentences[i].id, id) == 0)
            return _(sentences[i].text);
    return _("This is not understood: \"{1}\"");
}
