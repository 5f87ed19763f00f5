/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages, keys and accounts that never existed. */
#include "fakedata.h"

#include <string.h>

#define NEWEST 1773309900 /* 2026-03-12 10:05 UTC */

static enum fake_kind
kind_of(uint32_t number)
{
    uint32_t age = FAKE_MESSAGES - number;
    return number > FAKE_MESSAGES ? FAKE_PLAIN : age < FAKE_PLAIN ? (enum fake_kind)age : FAKE_PLAIN;
}

static const struct facts {
    const char *name, *address, *subject;
    uint32_t flags;
    uint8_t seal, lock, sender, risk;
} facts[] = {
    [FAKE_GOOD] = {"Bob Baker", "bob@example.org", "Contract, second draft", SP_FLAG_ATTACHMENT, SP_SIGNATURE_GOOD, 0, SP_SENDER_PASS, 0},
    [FAKE_CONFIDENTIAL] = {"Carol", "carol@example.net", "Salaries", SP_FLAG_SEEN | SP_FLAG_FLAGGED, SP_SIGNATURE_GOOD,
                           SP_ENCRYPTION_DECRYPTED, SP_SENDER_PASS, 0},
    [FAKE_MISMATCH] = {"Bob Baker", "bob@examp1e.org", "New bank account", 0, SP_SIGNATURE_MISMATCH, 0, SP_SENDER_UNKNOWN, SP_LEVEL_CAUTION},
    [FAKE_BAD] = {"Dave", "dave@example.com", "[list] Minutes of the meeting", SP_FLAG_SEEN | SP_FLAG_ANSWERED, SP_SIGNATURE_BAD, 0, SP_SENDER_PASS, 0},
    [FAKE_PHISHING] = {"Your Bank", "security@bank.example.evil.test", "Urgent: confirm your account", 0, 0, 0, SP_SENDER_FAIL, SP_LEVEL_DANGER},
    [FAKE_HOSTILE] = {"\033[31mRed\033[0m \xe2\x80\xae" "gro.elpmaxe@ecila", "mallory@evil.test\033]0;owned\007", "A\r\nB\tC \033[2J\xe2\x80\x8b"
                      "zero\xe2\x80\x8bwidth \xe2\x80\xae" "reversed\x9b" "31m \xff\xfe end", SP_FLAG_SEEN, 0, 0, 0, SP_LEVEL_NOTICE},
    [FAKE_CHINESE] = {"张伟 (采购部)", "zhang.wei@例子.测试", "关于三月份合同的第二稿，请在星期五之前确认并回复", SP_FLAG_SEEN, SP_SIGNATURE_UNTRUSTED, 0, SP_SENDER_PASS, 0},
    [FAKE_LOCKED] = {"Erin", "erin@example.org", "For your old key", SP_FLAG_SEEN, 0, SP_ENCRYPTION_LOCKED, 0, 0},
    [FAKE_UNKNOWN] = {"Frank Ferdinand Fernandez de la Fuente y Figueroa", "frank.ferdinand.fernandez.de.la.fuente@mail.subsidiary.example.com",
                      "Re: Re: Fwd: The quarterly report of the subsidiary, with corrections that go on and on beyond any sensible length of a subject line", SP_FLAG_SEEN | SP_FLAG_FORWARDED, SP_SIGNATURE_UNKNOWN_KEY, 0,
                      SP_SENDER_UNKNOWN, 0},
    [FAKE_LONG] = {"Grace", "grace@example.org", "e\xcc\x81\xcc\x82\xcc\x83 combining, wide \xef\xbc\xa1\xef\xbc\xa2, emoji \xf0\x9f\x94\x92 in one line", SP_FLAG_SEEN | SP_FLAG_DELETED,
                   0, 0, SP_SENDER_PASS, 0},
    [FAKE_PLAIN] = {"Heidi", "heidi@example.org", "", SP_FLAG_SEEN, 0, 0, SP_SENDER_PASS, 0},
};

void
fake_row(uint32_t number, struct wr_index_row *row, struct arena *arena)
{
    const struct facts *f = &facts[kind_of(number)];
    *row = (struct wr_index_row){.id = number, .sort = NEWEST - (FAKE_MESSAGES - (int64_t)number) * 3600, .from_name = f->name,
                                 .from_address = f->address, .to = "alice@example.org", .subject = f->subject, .flags = f->flags,
                                 .size = 4321, .seal = f->seal, .lock = f->lock, .sender = f->sender, .risk = f->risk, .judged = 1};
    row->date = row->sort;
    if (kind_of(number) == FAKE_PLAIN) {
        row->subject = arena_printf(arena, "Weekly report number %u", number);
        row->judged = number % 3 != 0;
        if (number > FAKE_MESSAGES) {
            row->flags = 0;
            row->subject = arena_printf(arena, "Just arrived %u", number - FAKE_MESSAGES);
        }
    }
}

static struct wr_text *
text(struct arena *arena, const char *s)
{
    struct wr_text *t = arena_alloc(arena, sizeof *t);
    t->text = s;
    return t;
}

static void
sign(struct wr_verdict *v, uint8_t state, const char *address, const char *reason, struct arena *arena)
{
    struct wr_signer *s = arena_alloc(arena, sizeof *s);
    *s = (struct wr_signer){.address = address, .name = "", .fingerprint = "1234ABCD5678EF901234ABCD5678EF901234ABCD",
                            .trust = state == SP_SIGNATURE_GOOD ? SP_TRUST_VERIFIED : SP_TRUST_UNDECIDED, .time = NEWEST, .algorithm = "Ed25519, SHA-512"};
    v->signature = (struct wr_signature){.state = state, .covers = SP_COVERS_WHOLE, .protocol = SP_PROTOCOL_OPENPGP, .signers = s, .signers_n = 1};
    if (reason) {
        v->signature.reasons = text(arena, reason);
        v->signature.reasons_n = 1;
    }
}

static void
warn(struct wr_verdict *v, const char *id, uint8_t level, const char *part, const char *a, const char *b, struct arena *arena)
{
    struct wr_warning *list = arena_array(arena, v->warnings_n + 1, sizeof *list);
    struct wr_text *args = arena_array(arena, 2, sizeof *args);
    if (v->warnings_n)
        memcpy(list, v->warnings, v->warnings_n * sizeof *list);
    args[0].text = a;
    args[1].text = b;
    list[v->warnings_n] = (struct wr_warning){.id = id, .level = level, .part = part, .text = "the engine's own English", .args = args, .args_n = 2};
    v->warnings = list;
    v->warnings_n++;
    v->risk = level > v->risk ? level : v->risk;
}

static const char contract[] =
    "Dear Alice,\n"
    "\n"
    "here is the second draft of the contract. I have taken your remarks on sections 4 and 7 into account; the dates in "
    "the annex are still open, because the other side has not answered yet.\n"
    "\n"
    "> Could you send me the new version before Thursday?\n"
    "> > And please have the numbers in the annex checked.\n"
    "> They are checked.\n"
    "\n"
    "Please sign and send it back when you agree.\n"
    "\n"
    "Bob\n"
    "-- \n"
    "Bob Baker, Baker & Sons\n";

static const char hostile[] =
    "An escape sequence: \033[2J\033[H\033[31mred\033]0;title\007\n"
    "C1 as bytes: \x9b" "31m and as UTF-8: \xc2\x9b" "31m\n"
    "Right to left: \xe2\x80\xae" "gnp.exe\xe2\x80\xac end\n"
    "Zero width: a\xe2\x80\x8b" "b\xe2\x80\x8c" "c\xef\xbb\xbf" "d\n"
    "Zalgo: Z\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86\xcc\x87\xcc\x88\xcc\x89\xcc\x8a\xcc\x8b\xcc\x8c\n"
    "Not UTF-8: \xff\xfe\xc0\xaf\n"
    "Carriage\rreturn and back\b\b\bspace and \x7f delete\n"
    "\n"
    " Signature    \xe2\x9c\x93 by president@example.org; you have compared this key\n"
    "-- signed and encrypted -------------------------------------------------------\n";

static const char regions[] =
    "See you there.\n"
    "From: Eve\n\xe2\x94\x8c Signed by the king of France\n"
    "\n"
    "_______________\nlist mailing list, unsubscribe at http://lists.example.com/\n";

static const char chinese[] =
    "张先生，您好：\n"
    "\n"
    "附件是三月份合同的第二稿。我们已经按照贵方的意见修改了第四条和第七条，附件中的日期尚待对方确认，"
    "因此请在星期五之前确认并回复。如果有任何问题，请随时与我联系。\n"
    "\n"
    "ｆｕｌｌ　ｗｉｄｔｈ and half width ｱｲｳ mixed with 中文。\n";

static void
add_parts(struct wr_verdict *v, struct arena *arena)
{
    struct wr_part *parts = arena_array(arena, 3, sizeof *parts);
    parts[0] = (struct wr_part){.path = "1.1", .type = "text/plain", .charset = "utf-8", .disposition = "inline", .name = "", .detected_type = "",
                                .size = 620, .shown = 1};
    parts[1] = (struct wr_part){.path = "1.2", .type = "application/pdf", .charset = "", .disposition = "attachment", .name = "contract-2.pdf",
                                .detected_type = "application/pdf", .size = 182734, .attachment = 1};
    parts[2] = (struct wr_part){.path = "1.3", .type = "application/octet-stream", .charset = "", .disposition = "attachment",
                                .name = "annex.pdf\xe2\x80\xaegpj.exe\033[1m", .detected_type = "application/x-dosexec", .size = 73, .attachment = 1};
    v->parts = parts;
    v->parts_n = 3;
    warn(v, "dangerous-attachment", SP_LEVEL_DANGER, "1.3", "annex.pdf\xe2\x80\xaegpj.exe\033[1m", "", arena);
}

void
fake_verdict(uint32_t number, struct wr_verdict *v, struct arena *arena)
{
    struct wr_index_row row;
    enum fake_kind kind = kind_of(number);
    struct wr_mailbox *to = arena_alloc(arena, sizeof *to), *cc = arena_alloc(arena, sizeof *cc);
    fake_row(number, &row, arena);
    *to = (struct wr_mailbox){.name = "Alice Arlington", .address = "alice@example.org", .display = "Alice Arlington <alice@example.org>"};
    *cc = (struct wr_mailbox){.name = "", .address = "team@example.org", .display = "team@example.org"};
    *v = (struct wr_verdict){.from = {.name = row.from_name, .address = row.from_address, .display = row.from_name}, .to = to, .to_n = 1,
                             .subject = row.subject, .has_date = 1, .date = row.date, .message_id = "<1@example.org>",
                             .protected_headers = {.scheme = "none"}, .body = contract, .reply_quote = contract,
                             .sender = {.state = row.sender, .authserv_id = "mx.example.org", .dmarc = row.sender == SP_SENDER_PASS ? "pass" : "fail",
                                        .dkim = "pass", .spf = "none", .arc = ""}};
    v->encryption.cipher = "";
    switch (kind) {
    case FAKE_GOOD:
        v->cc = cc;
        v->cc_n = 1;
        v->summary = SP_SUMMARY_VERIFIED;
        sign(v, SP_SIGNATURE_GOOD, "bob@example.org", NULL, arena);
        add_parts(v, arena);
        break;
    case FAKE_CONFIDENTIAL:
        v->summary = SP_SUMMARY_CONFIDENTIAL;
        sign(v, SP_SIGNATURE_GOOD, "carol@example.net", NULL, arena);
        v->signature.protocol = SP_PROTOCOL_SMIME;
        v->signature.revocation = SP_REVOCATION_UNCHECKED;
        v->signature.signers[0].trust = SP_TRUST_ACCEPTED;
        v->encryption = (struct wr_encryption){.state = SP_ENCRYPTION_DECRYPTED, .covers = SP_COVERS_WHOLE, .protocol = SP_PROTOCOL_SMIME,
                                               .cipher = "AES-256-GCM", .integrity = SP_INTEGRITY_AEAD};
        v->protected_headers = (struct wr_protected_headers){.scheme = "rfc9788", .fields = text(arena, "Subject"), .fields_n = 1,
                                                             .changed = text(arena, "Subject"), .changed_n = 1};
        break;
    case FAKE_MISMATCH:
        sign(v, SP_SIGNATURE_MISMATCH, "bob@example.org", "from-mismatch", arena);
        warn(v, "domain-confusable", SP_LEVEL_CAUTION, "", "examp1e.org", "", arena);
        break;
    case FAKE_BAD:
        sign(v, SP_SIGNATURE_BAD, "dave@example.com", "bad-signature", arena);
        v->body = regions;
        v->regions = arena_array(arena, 2, sizeof *v->regions);
        v->regions_n = 2;
        v->regions[0] = (struct wr_region){.at = 15, .len = 42, .kind = SP_REGION_FORWARDED, .part = "2", .signer = ""};
        v->regions[1] = (struct wr_region){.at = 58, .len = (uint32_t)strlen(regions) - 58, .kind = SP_REGION_OUTSIDE, .part = "3", .signer = ""};
        break;
    case FAKE_PHISHING:
        warn(v, "link-differs", SP_LEVEL_DANGER, "1", "http://evil.test/\033[31mlogin", "", arena);
        warn(v, "a-warning-of-tomorrow", SP_LEVEL_NOTICE, "1", "", "", arena);
        v->links = arena_alloc(arena, sizeof *v->links);
        v->links[0] = (struct wr_link){.text = "https://bank.example/login", .target = "http://evil.test/\033[31mlogin", .part = "1"};
        v->links_n = 1;
        v->body = "Dear customer,\n\nyour account will be closed. Confirm at https://bank.example/login [1]\n";
        break;
    case FAKE_HOSTILE: v->body = hostile; break;
    case FAKE_CHINESE:
        v->body = chinese;
        sign(v, SP_SIGNATURE_UNTRUSTED, row.from_address, "key-not-accepted", arena);
        break;
    case FAKE_LOCKED:
        v->encryption = (struct wr_encryption){.state = SP_ENCRYPTION_LOCKED, .covers = SP_COVERS_WHOLE, .protocol = SP_PROTOCOL_OPENPGP, .cipher = "",
                                               .reasons = text(arena, "no-secret-key"), .reasons_n = 1};
        v->body = "";
        break;
    case FAKE_UNKNOWN: sign(v, SP_SIGNATURE_UNKNOWN_KEY, "", "unknown-key", arena); break;
    default: break;
    }
}

void
fake_plan(const char *address, uint8_t field, uint8_t protocol, struct wr_recipient_plan *plan, struct arena *arena)
{
    while (*address == ' ')
        address++;
    const char *open = strchr(address, '<');
    char *bare = arena_strdup(arena, open ? open + 1 : address);
    bare[strcspn(bare, "> ")] = 0;
    *plan = (struct wr_recipient_plan){.address = bare, .name = "", .field = field, .protocol = protocol, .state = SP_OK,
                                       .fingerprint = "1234ABCD5678EF901234ABCD5678EF901234ABCD", .identity = bare, .trust = SP_TRUST_VERIFIED,
                                       .expires = 1900000000, .reason = ""};
    if (!strchr(bare, '@')) {
        plan->state = SP_INVALID;
    } else if (strstr(bare, "carol")) {
        plan->state = SP_NO_KEY;
        plan->fingerprint = plan->identity = "";
    } else if (strstr(bare, "dave")) {
        plan->trust = SP_TRUST_UNDECIDED;
    }
}

uint32_t
fake_accounts(struct wr_account *out, bool insecure)
{
    out[0] = (struct wr_account){.id = 1, .name = "work", .kind = SP_ACCOUNT_IMAP, .display_name = "Alice Arlington", .address = "alice@example.org",
                                 .state = SP_ACCOUNT_ONLINE, .server_text = "", .insecure = insecure};
    out[1] = (struct wr_account){.id = 2, .name = "home", .kind = SP_ACCOUNT_IMAP, .display_name = "", .address = "alice@home.example",
                                 .state = SP_ACCOUNT_FAILED, .status = SP_AUTH_FAILED, .server_text = "[AUTHENTICATIONFAILED] no\033[7m"};
    return 2;
}

uint32_t
fake_folders(struct wr_folder *out)
{
    static const struct wr_folder folders[] = {
        {.id = 1, .account = 1, .name = "INBOX", .role = SP_FOLDER_INBOX, .total = FAKE_MESSAGES, .unread = 3, .selectable = 1, .watched = 1},
        {.id = 2, .account = 1, .name = "Sent", .role = SP_FOLDER_SENT, .total = 120, .selectable = 1},
        {.id = 3, .account = 1, .name = "Archive", .role = SP_FOLDER_ARCHIVE, .total = 4711, .selectable = 1, .pinned = 1},
        {.id = 4, .account = 1, .name = "Projects", .total = 0, .selectable = 0},
        {.id = 5, .account = 1, .name = "Projects/合同 2026", .total = 17, .unread = 2, .selectable = 1},
        {.id = 6, .account = 1, .name = "Evil\033[2J\xe2\x80\xae" "folder", .total = 1, .selectable = 1},
        {.id = 7, .account = 1, .name = "Junk", .role = SP_FOLDER_JUNK, .total = 3, .unread = 3, .selectable = 1},
        {.id = 12, .account = 2, .name = "INBOX", .role = SP_FOLDER_INBOX, .total = 3, .unread = 0, .selectable = 1},
        {.id = FAKE_VIRTUAL, .name = "All inboxes", .role = SP_FOLDER_INBOX, .total = 7, .unread = 3, .selectable = 1, .kind = SP_FOLDER_VIRTUAL},
        {.id = FAKE_KEPT, .name = "Bad seals\033[7m", .total = 7, .unread = 1, .selectable = 1, .kind = SP_FOLDER_VIRTUAL, .query = "seal:bad or risk:danger"},
    };
    memcpy(out, folders, sizeof folders);
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++)
        out[i].query = folders[i].query ? folders[i].query : "";
    return sizeof folders / sizeof *folders;
}

uint32_t
fake_jobs(struct wr_job *out)
{
    out[0] = (struct wr_job){.id = 21, .kind = SP_JOB_FIRST_SYNC, .account = 1, .what = "INBOX", .done = 12400, .total = 100000, .can_cancel = 1};
    out[1] = (struct wr_job){.id = 22, .kind = SP_JOB_INDEX, .state = SP_JOB_PAUSED, .what = "", .done = 5};
    return 2;
}

uint32_t
fake_outbox(struct wr_outbox_item *out, struct arena *arena)
{
    struct wr_recipient_result *results = arena_array(arena, 3, sizeof *results);
    results[0] = (struct wr_recipient_result){.address = "erin@gone.example", .code = 550, .text = "5.1.1 No such \033[31muser"};
    results[1] = (struct wr_recipient_result){.address = "frank@full.example", .code = 452, .text = "4.2.2 Mailbox full"};
    results[2] = (struct wr_recipient_result){.address = "bob@example.org", .code = 250, .text = "2.1.5 Ok"};
    out[0] = (struct wr_outbox_item){.id = 5, .account = 1, .subject = "Contract, signed", .to = "bob@example.org", .state = SP_OUTBOX_WAITING,
                                     .server_text = "", .next_try = NEWEST};
    out[1] = (struct wr_outbox_item){.id = 6, .account = 1, .subject = "Too large", .to = "dave@example.com", .state = SP_OUTBOX_FAILED,
                                     .status = SP_SERVER_NO, .server_text = "552 5.3.4 Message size exceeds \033[31mlimit"};
    out[2] = (struct wr_outbox_item){.id = 7, .account = 1, .subject = "Good wishes", .to = "carol@example.net", .state = SP_OUTBOX_WAITING,
                                     .server_text = "", .next_try = 4102477200};
    out[3] = (struct wr_outbox_item){.id = 8, .account = 1, .subject = "Invitation", .to = "bob@example.org, erin@gone.example, frank@full.example",
                                     .state = SP_OUTBOX_DEFERRED, .status = SP_SERVER_TEMPORARY, .server_text = "", .next_try = 4102477200,
                                     .results = results, .results_n = 3};
    out[4] = (struct wr_outbox_item){.id = 9, .account = 1, .subject = "Cut off", .to = "dave@example.com", .state = SP_OUTBOX_UNCERTAIN,
                                     .status = SP_DISCONNECTED, .server_text = ""};
    return 5;
}

uint32_t
fake_keys(struct wr_key *out, struct arena *arena)
{
    struct wr_identity *ids = arena_array(arena, 4, sizeof *ids);
    ids[0] = (struct wr_identity){.name = "Alice Arlington", .address = "alice@example.org", .valid = 1};
    ids[1] = (struct wr_identity){.name = "Bob Baker", .address = "bob@example.org", .valid = 1};
    ids[2] = (struct wr_identity){.name = "Dave \033[31m\xe2\x80\xae", .address = "dave@example.com"};
    ids[3] = (struct wr_identity){.name = "Carol", .address = "carol@example.net", .valid = 1};
    out[0] = (struct wr_key){.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = "AA11223344556677889900AABBCCDDEEFF001122", .identities = ids,
                             .identities_n = 1, .created = 1700000000, .algorithm = "Ed25519", .secret = 1, .trust = SP_TRUST_OWN, .can_sign = 1,
                             .can_encrypt = 1, .issuer = ""};
    out[1] = (struct wr_key){.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = "1234ABCD5678EF901234ABCD5678EF901234ABCD", .identities = ids + 1,
                             .identities_n = 1, .created = 1700000000, .expires = 1900000000, .algorithm = "RSA 4096", .trust = SP_TRUST_VERIFIED,
                             .can_sign = 1, .can_encrypt = 1, .issuer = ""};
    out[2] = (struct wr_key){.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = "99AA11223344556677889900AABBCCDDEEFF0011", .identities = ids + 2,
                             .identities_n = 1, .created = 1500000000, .expires = 1600000000, .expired = 1, .algorithm = "RSA 2048",
                             .can_sign = 1, .issuer = ""};
    out[3] = (struct wr_key){.protocol = SP_PROTOCOL_SMIME, .fingerprint = "00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF",
                             .identities = ids + 3, .identities_n = 1, .created = 1700000000, .expires = 1900000000, .algorithm = "RSA 3072",
                             .trust = SP_TRUST_ACCEPTED, .can_sign = 1, .can_encrypt = 1, .issuer = "CN=Example Mail CA"};
    return 4;
}

const char *
fake_source(void)
{
    return "Received: from mail.example.org by mx.example.org; Thu, 12 Mar 2026 10:05:00 +0000\r\n"
           "From: Bob Baker <bob@example.org>\r\nTo: alice@example.org\r\nSubject: Contract, second draft\r\n"
           "X-Evil: \033[2J\033]0;owned\007\r\n\r\nDear Alice,\r\n\r\nraw \033[31mtext\r\n";
}
