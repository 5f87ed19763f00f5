/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Choosing and filling words. */
#include "words.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"
#include "i18n.h"

struct state_words {
    enum theme_symbol symbol;
    enum theme_style style;
    const char *text;
};
struct id_words {
    const char *id, *text;
};

static const struct state_words signatures[SP_SIGNATURE_COUNT] = {
#define WORDS_SIGNATURE(state, symbol, style, text) [SP_SIGNATURE_##state] = {SYMBOL_##symbol, STYLE_##style, text},
#include "words.def"
};
static const struct state_words encryptions[SP_ENCRYPTION_COUNT] = {
#define WORDS_ENCRYPTION(state, symbol, style, text) [SP_ENCRYPTION_##state] = {SYMBOL_##symbol, STYLE_##style, text},
#include "words.def"
};
static const struct state_words senders[SP_SENDER_COUNT] = {
#define WORDS_SENDER(state, symbol, style, text) [SP_SENDER_##state] = {SYMBOL_##symbol, STYLE_##style, text},
#include "words.def"
};
static const struct id_words reasons[] = {
#define WORDS_REASON(id, text) {id, text},
#include "words.def"
};
static const struct id_words warnings[] = {
#define WORDS_WARNING(id, text) {id, text},
#include "words.def"
};
static const char *const statuses[SP_STATUS_COUNT] = {
#define WORDS_STATUS(status, text) [SP_##status] = text,
#include "words.def"
};
static const char *const notices[] = {
#define WORDS_NOTICE(kind, text) [SP_NOTICE_##kind] = text,
#include "words.def"
};

#define COUNT(table) (sizeof(table) / sizeof *(table))

static const char *
find_id(const struct id_words *table, size_t n, const char *id)
{
    for (size_t i = 0; i < n; i++)
        if (strcmp(table[i].id, id) == 0)
            return _(table[i].text);
    return NULL;
}

const char *
words_reason(const char *id)
{
    return find_id(reasons, COUNT(reasons), id);
}

const char *
words_warning_known(const char *id)
{
    return find_id(warnings, COUNT(warnings), id);
}

const char *
words_signature_state(unsigned state)
{
    return state < COUNT(signatures) ? _(signatures[state].text) : NULL;
}

const char *
words_encryption_state(unsigned state)
{
    return state < COUNT(encryptions) ? _(encryptions[state].text) : NULL;
}

const char *
words_sender_state(unsigned state)
{
    return state < COUNT(senders) ? _(senders[state].text) : NULL;
}

const char *
words_status(enum sp_status status)
{
    return (unsigned)status < COUNT(statuses) && statuses[status] ? _(statuses[status]) : _("Something went wrong.");
}

/* A state or id that this build has no words for must never look good. */
static struct state_words
state_or_unknown(const struct state_words *table, size_t n, unsigned state)
{
    return state < n ? table[state] : (struct state_words){SYMBOL_UNSURE, STYLE_CAUTION, N_("unknown")};
}

void
words_fill(struct buf *out, const char *template, const char *const *args, size_t n)
{
    for (const char *p = template; *p; p++) {
        if (p[0] == '{' && p[1] >= '1' && p[1] <= '9' && p[2] == '}') {
            size_t i = (size_t)(p[1] - '1');
            if (i < n)
                buf_adds(out, args[i]);
            p += 2;
        } else {
            buf_addc(out, *p);
        }
    }
}

int
words_width(const char *text)
{
    return utf8_width(text, strlen(text));
}

/* ---- the axes */

static void
add_sentence(struct buf *out, const char *sentence)
{
    if (out->len)
        buf_adds(out, _("; "));
    buf_adds(out, sentence);
}

static const char *
domain_of(const struct wr_verdict *v)
{
    const char *at = strrchr(v->from.address, '@');
    return at && at[1] ? at + 1 : *v->from.address ? v->from.address : _("(no sender)");
}

/* What makes a good signature good: how far the key is accepted. What is not known comes first, before the line is cut (S18). */
static void
add_acceptance(const struct wr_signature *s, struct buf *out)
{
    unsigned trust = s->signers_n ? s->signers[0].trust : SP_TRUST_UNDECIDED;
    if (s->revocation == SP_REVOCATION_UNCHECKED)
        add_sentence(out, _("revocation not checked"));
    if (trust == SP_TRUST_VERIFIED)
        add_sentence(out, _("you have compared this key"));
    else if (trust == SP_TRUST_OWN)
        add_sentence(out, _("your own key"));
    else
        add_sentence(out, s->protocol == SP_PROTOCOL_SMIME ? _("an authority that you trust vouches for it") : _("you accept this key"));
}

/* "bob@example.org (Bob Baker)": the address goes first. */
static void
add_signer(const struct wr_signature *s, struct buf *out)
{
    const char *address = s->signers_n ? s->signers[0].address : "", *name = s->signers_n ? s->signers[0].name : "";
    buf_adds(out, *address ? address : *name ? name : _("somebody"));
    if (*address && *name)
        buf_addf(out, " (%s)", name);
}

static bool
has_reason(const struct wr_signature *s, const char *id)
{
    for (uint32_t i = 0; i < s->reasons_n; i++)
        if (strcmp(s->reasons[i].text, id) == 0)
            return true;
    return false;
}

/* A mismatch may be one of time, or with a sender that is not named at all. */
static const char *
mismatch_text(const struct wr_signature *s, const char *usual)
{
    if (has_reason(s, "from-mismatch"))
        return usual;
    if (has_reason(s, "no-from"))
        return N_("by {1}, but the message names no sender");
    if (has_reason(s, "time-differs-from-date"))
        return N_("by {1}, but at another time than the message's date");
    return usual;
}

static void
signature_axis(const struct wr_verdict *v, struct words_axis *out)
{
    const struct wr_signature *s = &v->signature;
    const struct state_words w = state_or_unknown(signatures, COUNT(signatures), s->state);
    struct buf signer = BUF_INIT;
    add_signer(s, &signer);
    const char *args[] = {buf_str(&signer), *v->from.address ? v->from.address : _("(no sender)")};
    out->label = _("Signature");
    out->symbol = w.symbol;
    out->style = w.style;
    if (s->state != SP_SIGNATURE_NONE && s->covers == SP_COVERS_PART) {
        /* Never a seal on the message (S27). */
        buf_adds(&out->text, _("only a part is signed: "));
        out->symbol = SYMBOL_NONE;
        out->style = STYLE_NORMAL;
    }
    words_fill(&out->text, _(s->state == SP_SIGNATURE_MISMATCH ? mismatch_text(s, w.text) : w.text), args, 2);
    if (s->state == SP_SIGNATURE_GOOD)
        add_acceptance(s, &out->text);
    /* Without encryption everybody could have taken the signature away: a failing one ranks like none. */
    bool encrypted = v->encryption.state == SP_ENCRYPTION_DECRYPTED && v->encryption.covers == SP_COVERS_WHOLE;
    if (!encrypted && s->state == SP_SIGNATURE_BAD && s->covers != SP_COVERS_PART)
        out->style = STYLE_CAUTION;
    buf_release(&signer);
}

static void
encryption_axis(const struct wr_verdict *v, struct words_axis *out)
{
    const struct wr_encryption *e = &v->encryption;
    const struct state_words w = state_or_unknown(encryptions, COUNT(encryptions), e->state);
    out->label = _("Encryption");
    out->symbol = w.symbol;
    out->style = w.style;
    if (e->state != SP_ENCRYPTION_NONE && e->covers == SP_COVERS_PART) {
        buf_adds(&out->text, _("only a part is encrypted: "));
        out->symbol = e->state == SP_ENCRYPTION_DECRYPTED ? SYMBOL_NONE : w.symbol;
        out->style = e->state == SP_ENCRYPTION_DECRYPTED ? STYLE_NORMAL : w.style;
    }
    buf_adds(&out->text, _(w.text));
    if (e->state == SP_ENCRYPTION_DECRYPTED && e->integrity == SP_INTEGRITY_NONE) {
        add_sentence(&out->text, _("but it could have been altered on the way"));
        out->symbol = SYMBOL_UNSURE;
        out->style = STYLE_CAUTION;
    }
    for (uint32_t i = 0; i < e->reasons_n && e->state == SP_ENCRYPTION_LOCKED; i++)
        if (strcmp(e->reasons[i].text, "passphrase-needed") == 0 || strcmp(e->reasons[i].text, "cancelled") == 0) {
            buf_clear(&out->text);
            buf_adds(&out->text, _("encrypted: its key's passphrase was not given"));
        }
}

static void
sender_axis(const struct wr_verdict *v, struct words_axis *out)
{
    const struct state_words w = state_or_unknown(senders, COUNT(senders), v->sender.state);
    const char *args[] = {domain_of(v), *v->sender.authserv_id ? v->sender.authserv_id : _("your server")};
    out->label = _("Sender");
    out->symbol = w.symbol;
    out->style = w.style;
    words_fill(&out->text, _(w.text), args, 2);
}

static void
danger_axis(const struct wr_verdict *v, struct words_axis *out)
{
    const struct wr_warning *worst = NULL;
    out->label = _("Danger");
    words_level(v->risk, &out->symbol, &out->style);
    for (uint32_t i = 0; i < v->warnings_n; i++)
        if (!worst || v->warnings[i].level > worst->level)
            worst = &v->warnings[i];
    if (!worst) {
        out->symbol = SYMBOL_NONE;
        out->style = STYLE_NORMAL;
        buf_adds(&out->text, _("nothing suspicious was noticed"));
        return;
    }
    words_level(worst->level > v->risk ? worst->level : v->risk, &out->symbol, &out->style);
    words_warning(worst, &out->text);
    if (v->warnings_n > 1) {
        char number[16];
        (void)snprintf(number, sizeof number, "%u", v->warnings_n - 1);
        const char *args[] = {number};
        buf_addc(&out->text, ' ');
        words_fill(&out->text, ngettext("(and {1} more)", "(and {1} more)", v->warnings_n - 1), args, 1);
    }
}

void
words_axis(const struct wr_verdict *v, enum words_axis_kind kind, struct words_axis *out)
{
    *out = (struct words_axis){.symbol = SYMBOL_UNSURE, .style = STYLE_CAUTION, .label = ""};
    switch (kind) {
    case AXIS_SIGNATURE: signature_axis(v, out); break;
    case AXIS_ENCRYPTION: encryption_axis(v, out); break;
    case AXIS_SENDER: sender_axis(v, out); break;
    case AXIS_DANGER: danger_axis(v, out); break;
    default: break;
    }
}

const char *
words_summary(const struct wr_verdict *v, enum theme_style *style)
{
    *style = STYLE_STRONG;
    switch (v->summary) {
    case SP_SUMMARY_VERIFIED: *style = STYLE_GOOD; return _("signed, not encrypted");
    case SP_SUMMARY_ENCRYPTED: return _("encrypted, not signed");
    case SP_SUMMARY_CONFIDENTIAL: *style = STYLE_GOOD; return _("signed and encrypted");
    default: return _("not protected");
    }
}

static const char *
explain_signature(unsigned state)
{
    switch (state) {
    case SP_SIGNATURE_NONE:
        return _("A signature proves who wrote a message and that nobody changed it. This message has none: anybody could have "
                 "written it in the sender's name.");
    case SP_SIGNATURE_GOOD:
        return _("The text that you see is exactly the text that the holder of this key signed, and the key belongs to the sender's "
                 "address.");
    case SP_SIGNATURE_BAD:
        return _("The message carries a signature, but for another text. It was changed on its way, perhaps only by a mailing list, "
                 "perhaps on purpose. Treat it like a message without a signature.");
    case SP_SIGNATURE_UNKNOWN_KEY:
        return _("The message is signed, but the key to check it with is not here. Ask the sender for the key over another way, then "
                 "import it. Until then treat the message as not signed.");
    case SP_SIGNATURE_UNTRUSTED:
        return _("The signature fits, but nothing says that the key really belongs to the person it names: anybody can make a key "
                 "with any name. Compare its fingerprint with the owner, over the telephone for instance.");
    case SP_SIGNATURE_MISMATCH:
        return _("The signature is real, but it belongs to another address than the one in \"From\". Somebody may be using a "
                 "signature of their own to make a foreign name look genuine.");
    case SP_SIGNATURE_EXPIRED:
        return _("Keys are valid for a time. This one was no longer when the message was judged. Ask the owner for a renewed key.");
    case SP_SIGNATURE_REVOKED:
        return _("The owner or an authority has withdrawn this key, often because it was lost or stolen. A thief can sign with it.");
    case SP_SIGNATURE_WEAK:
        return _("The signature uses old methods that can be forged with enough computing power.");
    default:
        return _("The signature could not be checked. Treat the message as not signed.");
    }
}

static const char *
explain_encryption(unsigned state)
{
    switch (state) {
    case SP_ENCRYPTION_DECRYPTED:
        return _("The message travelled locked; only somebody who holds one of the keys it was locked for can read it. Encryption "
                 "alone does not say who wrote it: the signature does.");
    case SP_ENCRYPTION_LOCKED:
        return _("The message is locked for keys that are not here, or whose passphrase was not given. It may have been meant for "
                 "another of your keys.");
    case SP_ENCRYPTION_FAILED:
        return _("The message could not be opened completely and without a sign of change. Nothing of it is shown, because showing "
                 "altered contents can give secrets away.");
    default:
        return _("The message travelled open, like a postcard. The servers that carried it could read it.");
    }
}

const char *
words_explain(const struct wr_verdict *v, enum words_axis_kind kind)
{
    switch (kind) {
    case AXIS_SIGNATURE: return explain_signature(v->signature.state);
    case AXIS_ENCRYPTION: return explain_encryption(v->encryption.state);
    case AXIS_SENDER:
        return _("Your mail server compares where a message came from with what the sender's domain says about its mail (SPF, DKIM, "
                 "DMARC). That is the servers' word about a domain, not a proof of who wrote the message.");
    default:
        return _("What is often found in messages that cheat: names and links that hide where they lead, attachments that are "
                 "programs. Finding nothing is no proof that a message is harmless.");
    }
}

void
words_warning(const struct wr_warning *w, struct buf *out)
{
    const char *args[9], *known = words_warning_known(w->id);
    size_t n = 0;
    if (!known) {
        buf_adds(out, *w->text ? w->text : w->id);
        return;
    }
    for (uint32_t i = 0; i < w->args_n && n < COUNT(args); i++)
        args[n++] = w->args[i].text;
    words_fill(out, known, args, n);
}

void
words_region(const struct wr_region *r, enum theme_style *style, struct buf *out)
{
    *style = STYLE_LABEL;
    switch (r->kind) {
    case SP_REGION_SIGNED: {
        const struct state_words w = state_or_unknown(signatures, COUNT(signatures), r->signature);
        const char *args[] = {*r->signer ? r->signer : _("somebody"), _("of this message")};
        buf_adds(out, _("Only this part is signed: "));
        words_fill(out, _(w.text), args, 2);
        *style = w.style == STYLE_GOOD ? STYLE_LABEL : w.style; /* never a seal on the message (S27) */
        break;
    }
    case SP_REGION_DECRYPTED: buf_adds(out, _("Only this part was encrypted, and has been opened")); break;
    case SP_REGION_CLOSED: buf_adds(out, _("This part is encrypted and was not opened; v opens it separately")); break;
    case SP_REGION_FORWARDED: buf_adds(out, _("A forwarded message: nothing in it is the sender's own word")); break;
    case SP_REGION_OUTSIDE:
        buf_adds(out, _("Not signed with the rest: anybody on the way could have added this"));
        *style = STYLE_CAUTION;
        break;
    default:
        buf_adds(out, _("This part stands for itself"));
        *style = STYLE_CAUTION;
        break;
    }
}

void
words_row_seal(unsigned signature, enum theme_symbol *s, enum theme_style *style)
{
    const struct state_words w = state_or_unknown(signatures, COUNT(signatures), signature);
    *s = w.symbol;
    *style = w.style;
}

void
words_level(unsigned level, enum theme_symbol *s, enum theme_style *style)
{
    static const struct state_words levels[SP_LEVEL_COUNT] = {
        [SP_LEVEL_NONE] = {SYMBOL_NONE, STYLE_NORMAL, ""},
        [SP_LEVEL_NOTICE] = {SYMBOL_NOTICE, STYLE_NORMAL, ""},
        [SP_LEVEL_CAUTION] = {SYMBOL_CAUTION, STYLE_CAUTION, ""},
        [SP_LEVEL_DANGER] = {SYMBOL_DANGER, STYLE_DANGER, ""},
    };
    const struct state_words w = state_or_unknown(levels, COUNT(levels), level);
    *s = w.symbol;
    *style = w.style;
}

const char *
words_level_name(unsigned level)
{
    switch (level) {
    case SP_LEVEL_NONE: return _("none");
    case SP_LEVEL_NOTICE: return _("notice");
    case SP_LEVEL_CAUTION: return _("caution");
    default: return _("danger");
    }
}

void
words_failure(enum sp_status status, const char *server_text, struct buf *out)
{
    /* Of TLS there are no words of a server yet: the text is one of our own reasons. */
    bool tls = status == SP_TLS || status == SP_TLS_UNTRUSTED || status == SP_TLS_PIN_CHANGED;
    const char *known = tls ? words_reason(server_text) : NULL;
    buf_adds(out, words_status(status));
    if (!*server_text)
        return;
    buf_addc(out, ' ');
    if (known)
        buf_adds(out, known);
    else
        words_fill(out, _("The server's words: \"{1}\""), &server_text, 1);
}

void
words_notice(unsigned kind, const char *const *args, size_t n, struct buf *out)
{
    struct buf status = BUF_INIT;
    const char *mine[8] = {"", "", "", "", "", "", "", ""};
    for (size_t i = 0; i < n && i < COUNT(mine); i++)
        mine[i] = args[i];
    if (kind == SP_NOTICE_ACCOUNT_FAILED || kind == SP_NOTICE_SEND_FAILED) {
        /* The second argument names a status, the third quotes the server. */
        enum sp_status st = SP_INTERNAL;
        for (int i = 0; i < SP_STATUS_COUNT; i++)
            if (strcmp(sp_status_name((enum sp_status)i), mine[1]) == 0)
                st = (enum sp_status)i;
        words_failure(st, mine[2], &status);
        mine[1] = buf_str(&status);
        mine[2] = "";
    }
    words_fill(out, kind < COUNT(notices) && notices[kind] ? _(notices[kind]) : _("Something happened: {1} {2} {3}"), mine, COUNT(mine));
    while (out->len && out->data[out->len - 1] == ' ')
        buf_truncate(out, out->len - 1);
    buf_release(&status);
}
