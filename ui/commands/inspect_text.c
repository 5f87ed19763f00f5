/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict as text for people. */
#include <string.h>
#include <sysexits.h>

#include "inspect.h"

/* "Label: text", the text made safe. Nothing for an empty text. */
static void
line(FILE *out, const char *label, const char *text)
{
    struct arena a = ARENA_INIT;
    if (*text)
        fprintf(out, "%-14s %s\n", label, say_safe(&a, text));
    arena_release(&a);
}

static void
person(FILE *out, const char *label, const struct wr_mailbox *m)
{
    struct arena a = ARENA_INIT;
    const char *both = *m->name ? arena_printf(&a, "%s  (%s)", m->address, m->name) : m->address;
    line(out, label, *m->address ? both : m->display);
    arena_release(&a);
}

static const char *
joined(struct arena *a, const struct wr_text *list, uint32_t n)
{
    struct buf b = BUF_INIT;
    for (uint32_t i = 0; i < n; i++)
        buf_addf(&b, "%s%s", i ? ", " : "", list[i].text);
    const char *s = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return s ? s : "";
}

static const char *
summary_words(unsigned summary)
{
    switch (summary) {
    case SP_SUMMARY_VERIFIED: return _("verified: signed by the sender, not encrypted");
    case SP_SUMMARY_ENCRYPTED: return _("encrypted: only the recipients can read it, but the sender is not proven");
    case SP_SUMMARY_CONFIDENTIAL: return _("confidential: encrypted, and signed by the sender");
    default: return _("unprotected: neither proven to be from the sender nor secret");
    }
}

static void
print_signature(const struct wr_signature *s, struct arena *a, FILE *out)
{
    const char *reasons = joined(a, s->reasons, s->reasons_n);
    line(out, _("Signature:"), arena_printf(a, "%s%s%s%s", name_signature(s->state), s->covers == SP_COVERS_PART ? _(" (a part only)") : "",
                                            *reasons ? ": " : "", reasons));
    for (uint32_t i = 0; i < s->signers_n; i++) {
        const struct wr_signer *p = &s->signers[i];
        line(out, _("  signed by"), arena_printf(a, "%s %s (%s)", p->address, p->name, name_trust(p->trust)));
        line(out, _("  key"), arena_printf(a, "%s %s", p->fingerprint, p->algorithm));
        line(out, _("  at"), inspect_time(a, p->time));
    }
    if (s->revocation != SP_REVOCATION_NA)
        line(out, _("  revocation"), s->revocation == SP_REVOCATION_UNCHECKED ? _("not checked") : name_revocation(s->revocation));
}

static void
print_encryption(const struct wr_encryption *e, struct arena *a, FILE *out)
{
    const char *reasons = joined(a, e->reasons, e->reasons_n);
    line(out, _("Encryption:"), arena_printf(a, "%s%s%s%s", name_encryption(e->state), e->covers == SP_COVERS_PART ? _(" (a part only)") : "",
                                             *reasons ? ": " : "", reasons));
    if (e->state == SP_ENCRYPTION_DECRYPTED)
        line(out, _("  cipher"), arena_printf(a, _("%s, integrity: %s"), e->cipher, name_integrity(e->integrity)));
}

static void
print_sender(const struct wr_sender *s, struct arena *a, FILE *out)
{
    line(out, _("Sender:"), s->state == SP_SENDER_UNKNOWN
                                ? _("unknown: no server that you trust has checked it")
                                : arena_printf(a, _("%s, as %s says"), name_sender(s->state), s->authserv_id));
}

static void
print_parts(const struct wr_verdict *v, struct arena *a, FILE *out)
{
    for (uint32_t i = 0; i < v->parts_n; i++) {
        const struct wr_part *p = &v->parts[i];
        line(out, i ? "" : _("Parts:"), arena_printf(a, "%s  %s  %llu  %s%s", *p->path ? p->path : "-", p->type, (unsigned long long)p->size, p->name,
                                                     p->attachment ? _("  (attachment)") : p->shown ? _("  (shown)") : ""));
    }
}

int
inspect_print_text(const struct wr_verdict *v, FILE *out)
{
    struct arena a = ARENA_INIT;
    struct buf body = BUF_INIT;
    line(out, _("Summary:"), summary_words(v->summary));
    person(out, _("From:"), &v->from);
    for (uint32_t i = 0; i < v->to_n; i++)
        person(out, _("To:"), &v->to[i]);
    for (uint32_t i = 0; i < v->cc_n; i++)
        person(out, _("Cc:"), &v->cc[i]);
    line(out, _("Subject:"), v->subject);
    line(out, _("Date:"), v->has_date ? inspect_time(&a, v->date) : "");
    print_signature(&v->signature, &a, out);
    print_encryption(&v->encryption, &a, out);
    print_sender(&v->sender, &a, out);
    for (uint32_t i = 0; i < v->warnings_n; i++)
        line(out, _("Warning:"), arena_printf(&a, "[%s] %s", name_level(v->warnings[i].level), v->warnings[i].text));
    print_parts(v, &a, out);
    if (v->remote_refs_n)
        line(out, _("Not fetched:"), joined(&a, v->remote_refs, v->remote_refs_n));
    (void)safetext_add(&body, v->body, strlen(v->body), SAFETEXT_BLOCK);
    fprintf(out, "\n%s%s", buf_str(&body), body.len && body.data[body.len - 1] == '\n' ? "" : "\n");
    buf_release(&body);
    arena_release(&a);
    return fflush(out) == 0 ? EX_OK : EX_IOERR;
}
