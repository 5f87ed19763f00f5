/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a reader should know beside the crypto: notes of the parser, doubtful senders, attachments and links. Levels: notice = good to
   know, caution = look twice, danger = do not touch. Deeper judgement is the threat room's. */
#include <string.h>

#include "walk.h"

#define MAX_WARNINGS 100
#define MAX_LINKS 5000
#define MAX_REFS 1000

/* X(id, level, English sentence; %s is the first argument) */
#define WARNING_TABLE(X)                                                                                             \
    X("several-from", CAUTION, "The message names several senders; only the first one is shown and matched")         \
    X("several-authors", NOTICE, "The message names several authors; only the first one is shown and matched")       \
    X("no-from", CAUTION, "The message names no sender's address")                                                   \
    X("protected-from-differs", CAUTION, "The protected header names another sender: %s")                            \
    X("ambiguous-address", CAUTION, "An address field can be read in several ways: %s")                              \
    X("not-encrypted", CAUTION, "The message claims to be encrypted, but is not")                                    \
    X("no-integrity", CAUTION, "The encrypted message could have been altered on the way without a trace")           \
    X("signature-time-differs", CAUTION, "The signature was made at another time than the message says")             \
    X("signature-around-encryption", NOTICE, "A signature around the encryption says nothing of who wrote the text")  \
    X("encrypted-part-closed", NOTICE, "Part %s is encrypted and was not opened with the message")                   \
    X("conflicting-names", CAUTION, "The attachment has several names: %s")                                          \
    X("unsafe-name", NOTICE, "The attachment's name is unsafe: %s")                                                  \
    X("html-form", CAUTION, "The message contains a form")                                                           \
    X("html-script", CAUTION, "The message contains a script; it was not run")                                       \
    X("html-refresh", CAUTION, "The message wanted to lead on to %s")                                                \
    X("hidden-text", NOTICE, "The message contains text that its style hides")                                       \
    X("remote-content", NOTICE, "The message wanted to fetch content from elsewhere; nothing was fetched")           \
    X("duplicate-header", NOTICE, "A header field stands there several times: %s")                                   \
    X("conflicting-parameter", NOTICE, "A structure field contradicts itself: %s")                                   \
    X("header-too-large", NOTICE, "A header field is too long and was cut")                                          \
    X("headers-too-large", NOTICE, "The header is too long and was cut")                                             \
    X("too-many-parts", NOTICE, "The message has too many parts; not all are shown")                                 \
    X("nesting-too-deep", NOTICE, "The message's parts are nested too deeply; not all are shown")                    \
    X("text-too-large", NOTICE, "A text is too long and was cut")                                                    \
    X("html-too-complex", NOTICE, "A text is too complex and was cut")                                               \
    X("missing-end", NOTICE, "The message ends early")                                                               \
    X("missing-boundary", NOTICE, "The message's parts cannot be told apart")                                        \
    X("no-parts-found", NOTICE, "The message's parts were not found")                                                \
    X("encoded-multipart", NOTICE, "Parts of the message are encoded in a way that is not allowed")                  \
    X("encoded-message", NOTICE, "An attached message is encoded in a way that is not allowed")                      \
    X("damaged-encoding", NOTICE, "The content of a part is damaged")                                                \
    X("unknown-encoding", NOTICE, "The encoding of a part is unknown: %s")                                           \
    X("unknown-charset", NOTICE, "The character set of a text is unknown: %s")                                       \
    X("undecodable-text", NOTICE, "Some characters of a text could not be read")                                     \
    X("missing-protocol", NOTICE, "A signed or encrypted part does not say how")                                     \
    X("unknown-protocol", NOTICE, "A part is signed or encrypted in an unknown way: %s")                             \
    X("malformed-signed", NOTICE, "A signed part is damaged")                                                        \
    X("malformed-encrypted", NOTICE, "An encrypted part is damaged")                                                 \
    X("smime-type-mismatch", NOTICE, "An S/MIME part is not what it says it is: %s")                                 \
    X("compressed-cms", NOTICE, "An S/MIME part is compressed and was not opened")

static const struct known {
    const char *id;
    enum sp_level level;
    const char *text;
} known[] = {
#define X(id, level, text) {id, SP_LEVEL_##level, text},
    WARNING_TABLE(X)
#undef X
};

static const char *
sentence(struct verdict *v, const char *text, const char *arg)
{
    const char *at = strstr(text, "%s");
    char *out = at ? arena_printf(v->arena, "%.*s%s%s", (int)(at - text), text, arg, at + 2) : arena_strdup(v->arena, text);
    if (!out)
        v->nomem = true;
    return out ? out : "";
}

void
warning_add(struct verdict *v, const char *id, const char *part, const char *arg)
{
    static const struct known other = {"structure", SP_LEVEL_NOTICE, "The message's structure is odd: %s"};
    const struct known *k = &other;
    struct wr_verdict *out = v->out;

    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(known[i].id, id) == 0)
            k = &known[i];
    if (k == &other)
        arg = id;
    for (uint32_t i = 0; i < out->warnings_n; i++)
        if (strcmp(out->warnings[i].id, k->id) == 0 && strcmp(out->warnings[i].part, part) == 0 &&
            strcmp(out->warnings[i].args_n ? out->warnings[i].args[0].text : "", arg) == 0)
            return;
    if (out->warnings_n >= MAX_WARNINGS)
        return;
    struct wr_warning *list = grow_list(v, out->warnings, out->warnings_n, sizeof *list);
    if (!list)
        return;
    out->warnings = list;
    struct wr_warning *w = &list[out->warnings_n++];
    *w = (struct wr_warning){.id = k->id, .level = (uint8_t)k->level, .part = part, .text = sentence(v, k->text, arg)};
    if (*arg)
        add_text(v, &w->args, &w->args_n, arg);
    if (w->level > out->risk)
        out->risk = w->level;
}

/* --- sender */

/* Several fields are a forgery; several people in one field may be authors (RFC 5322 section 3.6.2). */
static bool
has_several_from_fields(const struct document *d)
{
    for (uint32_t i = 0; i < d->mailboxes.count; i++) {
        const struct doc_mailbox *m = doc_mailbox(d, i);
        if (m->part == 0 && m->field == DOC_FROM && m->field_index > 0)
            return true;
    }
    return false;
}

static void
check_sender(struct verdict *v)
{
    const struct wr_mailbox *from = &v->out->from;
    if (has_several_from_fields(v->in->docs[0]))
        warning_add(v, "several-from", "", "");
    else if (headers_from_count(v->in->docs[0], 0) > 1)
        warning_add(v, "several-authors", "", "");
    if (!*from->address)
        warning_add(v, "no-from", "", "");
}

/* --- links, notes, layers */

static void
add_links(struct verdict *v, size_t doc)
{
    const struct document *d = v->in->docs[doc];
    struct wr_verdict *out = v->out;
    for (uint32_t i = 0; i < d->links.count && out->links_n < MAX_LINKS; i++) {
        const struct doc_link *l = doc_link(d, i);
        struct wr_link *list = grow_list(v, out->links, out->links_n, sizeof *list);
        if (!list)
            return;
        const char *text = doc_text(d, l->text), *target = doc_text(d, l->target), *part = tree_path(v, doc, l->part);
        out->links = list;
        list[out->links_n++] = (struct wr_link){text, target, part};
    }
    for (uint32_t i = 0; i < d->refs.count && out->remote_refs_n < MAX_REFS; i++) {
        const struct doc_ref *r = doc_ref(d, i);
        add_text(v, &out->remote_refs, &out->remote_refs_n, doc_text(d, r->url));
        warning_add(v, "remote-content", tree_path(v, doc, r->part), "");
    }
}

static void
add_notes(struct verdict *v, size_t doc)
{
    const struct document *d = v->in->docs[doc];
    for (uint32_t i = 0; i < d->notes.count; i++) {
        const struct doc_note *n = doc_note(d, i);
        warning_add(v, doc_text(d, n->id), n->part < d->parts.count ? tree_path(v, doc, n->part) : "", doc_text(d, n->detail));
    }
}

static void
check_layers(struct verdict *v, size_t doc)
{
    const struct document *d = v->in->docs[doc];
    for (uint32_t i = 0; i < d->parts.count; i++) {
        uint32_t layer = walk_closed(v, doc, i);
        if (layer == DOC_NONE)
            continue;
        if (envelope_action(v->in, doc, layer).action == VERDICT_VERIFY)
            continue;
        const char *path = tree_path(v, doc, doc_layer(d, layer)->part);
        warning_add(v, "encrypted-part-closed", path, path);
    }
    uint32_t whole = doc == 0 ? envelope_inline_whole(v->in, &v->envelope) : DOC_NONE;
    for (uint32_t i = 0; i < d->layers.count; i++) {
        const struct doc_layer *l = doc_layer(d, i);
        if (l->kind == DOC_LAYER_INLINE_ENCRYPTED && i != whole && !envelope_result(v->in, doc, i)) {
            const char *path = tree_path(v, doc, l->part);
            warning_add(v, "encrypted-part-closed", path, path);
        }
    }
}

void
warnings_fill(struct verdict *v)
{
    static const char *const from_reasons[] = {"not-encrypted", "no-integrity"};
    struct wr_verdict *out = v->out;

    check_sender(v);
    for (size_t i = 0; i < sizeof from_reasons / sizeof *from_reasons; i++)
        if (has_text(out->encryption.reasons, out->encryption.reasons_n, from_reasons[i]))
            warning_add(v, from_reasons[i], "", "");
    if (has_text(out->signature.reasons, out->signature.reasons_n, "signature-around-encryption"))
        warning_add(v, "signature-around-encryption", "", "");
    if (has_text(out->signature.reasons, out->signature.reasons_n, "time-differs-from-date"))
        warning_add(v, "signature-time-differs", "", "");
    for (size_t doc = 0; doc < v->in->docs_n; doc++) {
        if (!v->docs[doc].reached)
            continue;
        add_notes(v, doc);
        add_links(v, doc);
        check_layers(v, doc);
    }
}
