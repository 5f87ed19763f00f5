/* SPDX-License-Identifier: GPL-3.0-or-later */
/* For the tests of the screens: plays stub and engine with canned data and starts the real sealpost-ui on this terminal.
   Usage: fakeengine UI [--locked] [--new-profile] [--ask=KIND] [--empty] [--insecure] [--slow] [UI'S OPTIONS...]
   SIGUSR1: the engine dies; SIGUSR2: a message arrives; SIGALRM: another screen changes the draft, then throws it away. What was asked for is written to $FAKE_LOG, one request a line. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memfd.h"
#include "base/messages.h"
#include "base/secret.h"
#include "fakedata.h"

struct fake {
    struct loop *loop;
    struct wire_conn *stub, *engine;
    pid_t ui;
    int status; /* of the ui's end */
    FILE *log;
    const char *ask;
    bool locked, new_profile, empty, insecure, slow, died, jobs, mixed;
    uint64_t generation;
    uint32_t arrived;            /* messages that came by SIGUSR2 */
    uint32_t flags[FAKE_MESSAGES + 4000];
    struct wr_draft draft;
    char *draft_texts[10];
    struct wr_draft_attachment attachments[10];
    char folder[512], writing[64];
    char *ui_argv[64];
    uint32_t searches, found, elsewhere;
    struct wm_set_folder set; /* the last change of a folder */
    char kept_name[64], kept_query[64], keyword[64];
};

static void engine_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg);

static void
engine_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    (void)why;
    (void)arg;
}

/* ---- lists */

static uint32_t
count(const struct fake *f, uint64_t folder)
{
    if (folder >= FAKE_VIRTUAL)
        return folder == FAKE_FOUND + f->searches ? f->found : 7;
    return folder != 1 ? folder == 12 ? 3 : 0 : f->empty ? 0 : FAKE_MESSAGES + f->arrived;
}

/* The nth row of the inbox, newest first; messages that arrived have the numbers above. */
static void
row(const struct fake *f, uint32_t n, struct wr_index_row *r, struct arena *arena)
{
    uint32_t number = FAKE_MESSAGES + f->arrived - n; /* 1 is the oldest */
    fake_row(number, r, arena);
    r->flags ^= f->flags[number];
    r->folder = f->mixed && number % 3 == 0 ? 12 : 1;
    if (f->keyword[0] && number == FAKE_MESSAGES)
        r->keywords = f->keyword;
}

static void
send_page(struct fake *f, uint32_t id, const struct wm_index_page *m, struct arena *arena)
{
    uint32_t total = count(f, m->folder), base = FAKE_MESSAGES + f->arrived, from = 0, n = m->count;
    f->mixed = m->folder >= FAKE_VIRTUAL;
    if (m->where == SP_PAGE_OLDER)
        from = base - (uint32_t)m->id + 1;
    else if (m->where == SP_PAGE_FROM)
        from = base - (uint32_t)m->id;
    else if (m->where == SP_PAGE_OLDEST)
        from = total > n ? total - n : 0;
    else if (m->where == SP_PAGE_NEWER) {
        uint32_t end = base - (uint32_t)m->id;
        from = end > n ? end - n : 0;
        n = end - from;
    }
    if (from > total)
        from = total;
    if (n > total - from)
        n = total - from;
    struct wr_index_row *rows = arena_array(arena, n ? n : 1, sizeof *rows);
    uint32_t unread = 0;
    for (uint32_t i = 0; i < total; i++) {
        struct wr_index_row r;
        row(f, i, &r, arena);
        unread += !(r.flags & SP_FLAG_SEEN);
        if (i >= from && i < from + n)
            rows[i - from] = r;
    }
    const struct wm_index_rows reply = {.folder = m->folder, .generation = f->generation, .total = total, .unread = unread,
                                        .more_older = from + n < total, .more_newer = from > 0, .rows = rows, .rows_n = n};
    (void)!wire_send_index_rows(f->engine, id, &reply);
}

/* ---- drafts */

static void
keep_draft(struct fake *f, const struct wr_draft *d)
{
    const char *const texts[] = {d->from, d->to, d->cc, d->bcc, d->reply_to, d->subject, d->body, d->in_reply_to, d->references};
    const char **const members[] = {&f->draft.from, &f->draft.to, &f->draft.cc, &f->draft.bcc, &f->draft.reply_to, &f->draft.subject,
                                    &f->draft.body, &f->draft.in_reply_to, &f->draft.references};
    uint32_t n = f->draft.attachments_n;
    f->draft = *d;
    f->draft.id = 77;
    f->draft.attachments = f->attachments;
    f->draft.attachments_n = n;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *copy = strdup(texts[i] ? texts[i] : "");
        free(f->draft_texts[i]);
        f->draft_texts[i] = copy;
        *members[i] = copy;
    }
}

static void
new_draft(struct fake *f, uint32_t id, const struct wm_new_draft *m, struct arena *arena)
{
    struct wr_draft d = {.account = 1, .from = "Alice Arlington <alice@example.org>", .protocol = SP_PROTOCOL_OPENPGP, .sign = 1, .encrypt = 1,
                         .kind = m->kind, .origin = m->message};
    f->draft.attachments_n = 0;
    if (m->kind == SP_DRAFT_NEW) {
        d.to = strncmp(m->mailto, "mailto:", 7) == 0 ? m->mailto + 7 : "";
    } else {
        struct wr_verdict v;
        fake_verdict((uint32_t)m->message, &v, arena);
        d.to = arena_printf(arena, "%s <%s>", v.from.name, v.from.address);
        d.cc = m->kind == SP_DRAFT_REPLY_ALL ? "carol@example.net, dave@example.com" : "";
        d.subject = arena_printf(arena, "Re: %s", v.subject);
        d.body = arena_printf(arena, "On 2026-03-12 Bob wrote:\n> %s\n", "Here is the second draft of the contract.");
        d.origin_encrypted = v.encryption.state == SP_ENCRYPTION_DECRYPTED;
    }
    keep_draft(f, &d);
    (void)!wire_send_draft_view(f->engine, id, &(struct wm_draft_view){.draft = f->draft});
}

static void
send_plan(struct fake *f, uint32_t id, const struct wr_draft *d, struct arena *arena)
{
    struct wr_recipient_plan plans[20];
    uint32_t n = 0;
    const char *const fields[] = {d->to, d->cc, d->bcc};
    bool can = true;
    for (int i = 0; i < 3; i++) {
        char *copy = arena_strdup(arena, fields[i]), *save = NULL;
        for (char *w = strtok_r(copy, ",", &save); w && n < 20; w = strtok_r(NULL, ",", &save)) {
            fake_plan(w, (uint8_t)i, d->protocol, &plans[n], arena);
            can = can && (plans[n].state == SP_OK || !d->encrypt);
            n++;
        }
    }
    const struct wm_send_plan m = {.can_send = can, .signer_state = SP_OK, .signer_fingerprint = "AA11223344556677889900AABBCCDDEEFF001122",
                                   .signer_identity = "Alice Arlington <alice@example.org>", .recipients = plans, .recipients_n = n};
    (void)!wire_send_send_plan(f->engine, id, &m);
}

static void
send_draft(struct fake *f, uint32_t id, const struct wr_draft *d)
{
    if (d->encrypt && strstr(d->to, "carol")) {
        struct wr_text args[] = {{"carol@example.net"}};
        (void)!wire_send_reply_error(f->engine, id, &(struct wm_reply_error){.status = SP_NO_KEY, .args = args, .args_n = 1});
        return;
    }
    (void)!wire_send_queued(f->engine, id, &(struct wm_queued){.outbox = 5});
    (void)!wire_send_event_outbox(f->engine, 0, &(struct wm_event_outbox){.item = {.id = 5, .account = 1, .subject = d->subject, .to = d->to,
                                  .server_text = "", .next_try = (int64_t)time(NULL) + 9}});
}

/* ---- the engine */

static void
notice(struct fake *f, unsigned kind, unsigned level, const char *a, const char *b, const char *c)
{
    struct wr_text args[] = {{a}, {b}, {c}};
    (void)!wire_send_event_notice(f->engine, 0, &(struct wm_event_notice){.kind = (uint16_t)kind, .level = (uint8_t)level, .args = args, .args_n = 3});
}

static void
ask(struct fake *f)
{
    static const struct {
        const char *name;
        unsigned kind;
    } kinds[] = {{"password", SP_ASK_ACCOUNT_PASSWORD}, {"key", SP_ASK_KEY_PASSPHRASE}, {"pin", SP_ASK_PIN_CERTIFICATE}, {"changed", SP_ASK_PIN_CHANGED}};
    struct wr_text certificate[] = {{"work"}, {"imap.example.org:993"}, {"self-signed"},
                                    {"5F2C9AB0113344556677889900AABBCCDDEEFF00112233445566778899AABBCC"},
                                    {"CN=imap.example.org"}, {"CN=imap.example.org\033[2J"}, {"1767225600"}, {"1798761600"},
                                    {"00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF"}};
    struct wr_text password[] = {{"work"}, {"alice"}, {"imap.example.org"}, {"[AUTHENTICATIONFAILED] Try \033[31magain"}};
    struct wr_text key[] = {{"Alice Arlington <alice@example.org>"}, {"0011AABB22CC33DD"}, {"1"}};
    for (size_t i = 0; f->ask && i < sizeof kinds / sizeof *kinds; i++) {
        if (strcmp(f->ask, kinds[i].name) != 0)
            continue;
        struct wm_event_question m = {.question = 9, .kind = (uint16_t)kinds[i].kind, .account = 1};
        m.args = kinds[i].kind == SP_ASK_ACCOUNT_PASSWORD ? password : kinds[i].kind == SP_ASK_KEY_PASSPHRASE ? key : certificate;
        m.args_n = kinds[i].kind == SP_ASK_ACCOUNT_PASSWORD ? 4 : kinds[i].kind == SP_ASK_KEY_PASSPHRASE ? 3 : kinds[i].kind == SP_ASK_PIN_CHANGED ? 9 : 8;
        (void)!wire_send_event_question(f->engine, 0, &m);
    }
    f->ask = NULL;
}

static void
change_flags(struct fake *f, const struct wm_change_flags *m, struct arena *arena)
{
    for (uint32_t i = 0; i < m->messages_n; i++) {
        struct wr_index_row r;
        uint32_t number = (uint32_t)m->messages[i].value;
        if (number == 0 || number >= FAKE_MESSAGES + 100)
            continue;
        fake_row(number, &r, arena);
        uint32_t flags = ((r.flags ^ f->flags[number]) | m->add) & ~m->remove;
        f->flags[number] = flags ^ r.flags;
    }
    if (m->add_keywords_n)
        (void)snprintf(f->keyword, sizeof f->keyword, "%s", m->add_keywords[0].text);
    if (m->remove_keywords_n)
        f->keyword[0] = '\0';
    f->generation++;
    (void)!wire_send_event_index(f->engine, 0, &(struct wm_event_index){.folder = 1, .generation = f->generation});
}

/* An unlock or a new profile. */
static void
unlock(struct fake *f, uint32_t id, int fd)
{
    struct secret s = SECRET_INIT;
    enum sp_status st = fd <= 0 ? SP_PASSPHRASE_NEEDED : secret_read_fd(&s, fd, 1000);
    if (!st && strcmp(secret_str(&s), "sesame") != 0)
        st = SP_PASSPHRASE_WRONG;
    secret_release(&s);
    if (!st)
        f->locked = f->new_profile = false;
    if (f->new_profile)
        st = SP_NOT_FOUND;
    (void)!(st ? wire_reply_error(f->engine, id, st, "") : wire_reply_done(f->engine, id));
}

static void
part_content(struct fake *f, uint32_t id, const char *name, const char *text)
{
    int fd;
    if (memfd_from(text, strlen(text), &fd) != SP_OK)
        return;
    (void)!wire_send_part_content(f->engine, id, &(struct wm_part_content){.name = name, .type = "text/plain", .content = fd, .size = strlen(text)});
    (void)close(fd);
}

static void
answer(struct fake *f, const struct wm_answer *m)
{
    struct secret s = SECRET_INIT;
    if (m->secret > 0)
        (void)!secret_read_fd(&s, m->secret, 1000);
    if (f->log)
        fprintf(f->log, "answer choice=%u secret=%s\n", m->choice, m->secret > 0 ? secret_str(&s) : "-");
    secret_release(&s);
}

static void
note(struct fake *f, const struct wire_in *in)
{
    if (!f->log)
        return;
    fprintf(f->log, "%s", in->desc->name);
    if (in->type == WM_TYPE_change_flags) {
        const struct wm_change_flags *m = in->msg;
        fprintf(f->log, " n=%u add=%u remove=%u", m->messages_n, m->add, m->remove);
        for (uint32_t i = 0; i < m->add_keywords_n; i++)
            fprintf(f->log, " +%s", m->add_keywords[i].text);
        for (uint32_t i = 0; i < m->remove_keywords_n; i++)
            fprintf(f->log, " -%s", m->remove_keywords[i].text);
    } else if (in->type == WM_TYPE_search_open) {
        const struct wm_search_open *m = in->msg;
        fprintf(f->log, " query=%s scope=%u server=%u", m->query, (unsigned)m->scope, m->server);
    } else if (in->type == WM_TYPE_search_save) {
        const struct wm_search_save *m = in->msg;
        fprintf(f->log, " folder=%u name=%s query=%s", (unsigned)(m->folder & 0xFFFF), m->name, m->query);
    } else if (in->type == WM_TYPE_set_folder) {
        const struct wm_set_folder *m = in->msg;
        fprintf(f->log, " folder=%u watched=%u pinned=%u", (unsigned)m->folder, m->watched, m->pinned);
    } else if (in->type == WM_TYPE_move_messages) {
        const struct wm_move_messages *m = in->msg;
        fprintf(f->log, " n=%u folder=%u copy=%u", m->messages_n, (unsigned)m->folder, m->copy);
    } else if (in->type == WM_TYPE_send_draft || in->type == WM_TYPE_save_draft) {
        const struct wr_draft *d = &((const struct wm_send_draft *)in->msg)->draft;
        fprintf(f->log, " to=%s subject=%s encrypt=%u sign=%u protocol=%u body=%zu", d->to, d->subject, d->encrypt, d->sign, d->protocol,
                strlen(d->body));
        if (in->type == WM_TYPE_save_draft)
            fprintf(f->log, " id=%u", (unsigned)d->id);
        if (in->type == WM_TYPE_send_draft)
            fprintf(f->log, " later=%d", ((const struct wm_send_draft *)in->msg)->not_before > (int64_t)time(NULL));
    } else if (in->type == WM_TYPE_create_profile) {
        fprintf(f->log, " protection=%u", ((const struct wm_create_profile *)in->msg)->protection);
    }
    fputc('\n', f->log);
}

/* "found" finds five messages, all others none; "fron:" is the mistake. */
static void
search(struct fake *f, uint32_t id, const struct wm_search_open *m)
{
    const char *wrong = strstr(m->query, "fron:");
    if (wrong) {
        char at[16];
        (void)snprintf(at, sizeof at, "%zu", (size_t)(wrong - m->query));
        struct wr_text args[] = {{"unknown-word"}, {"fron"}, {at}, {"from"}};
        (void)!wire_send_reply_error(f->engine, id, &(struct wm_reply_error){.status = SP_INVALID, .text = "", .args = args, .args_n = 4});
        return;
    }
    f->searches++;
    f->found = !strstr(m->query, "found") ? 0 : m->server ? 6 : 5;
    if (m->server)
        (void)!wire_send_progress(f->engine, id, &(struct wm_progress){.done = 1, .total = 2});
    (void)!wire_send_search_opened(f->engine, id, &(struct wm_search_opened){.folder = FAKE_FOUND + f->searches, .total = f->found,
                                   .missing = m->server ? 0 : 4711, .servers = m->server, .refused = 0});
}

static void
keep_search(struct fake *f, uint32_t id, const struct wm_search_save *m)
{
    struct wr_folder folders[14];
    uint32_t n = fake_folders(folders);
    (void)snprintf(f->kept_name, sizeof f->kept_name, "%s", m->name);
    (void)snprintf(f->kept_query, sizeof f->kept_query, "%s", m->query);
    (void)!wire_send_folders(f->engine, id, &(struct wm_folders){.folders = folders + n - 2, .folders_n = 2});
}

static void
lists(struct fake *f, struct wire_in *in, struct arena *arena)
{
    struct wr_account accounts[3];
    struct wr_folder folders[14];
    struct wr_outbox_item items[5];
    struct wr_job jobs[2];
    struct wr_key keys[6];
    uint32_t n;
    switch (in->type) {
    case WM_TYPE_list_accounts:
        n = fake_accounts(accounts, f->insecure);
        (void)!wire_send_accounts(f->engine, in->id, &(struct wm_accounts){.accounts = accounts, .accounts_n = n});
        ask(f);
        break;
    case WM_TYPE_list_folders:
        n = fake_folders(folders);
        for (uint32_t i = 0; i < n; i++) {
            if (folders[i].id == f->set.folder) {
                folders[i].watched = f->set.watched;
                folders[i].pinned = f->set.pinned;
            }
            if (folders[i].id != FAKE_KEPT)
                continue;
            folders[i].name = *f->kept_name ? f->kept_name : folders[i].name;
            folders[i].query = *f->kept_query ? f->kept_query : folders[i].query;
        }
        (void)!wire_send_folders(f->engine, in->id, &(struct wm_folders){.folders = folders, .folders_n = n});
        break;
    case WM_TYPE_list_outbox:
        n = fake_outbox(items, arena);
        (void)!wire_send_outbox(f->engine, in->id, &(struct wm_outbox){.items = items, .items_n = n});
        break;
    case WM_TYPE_list_jobs:
        n = f->jobs ? fake_jobs(jobs) : 0;
        (void)!wire_send_jobs(f->engine, in->id, &(struct wm_jobs){.jobs = jobs, .jobs_n = n});
        break;
    case WM_TYPE_list_keys:
        n = fake_keys(keys, arena);
        (void)!wire_send_keys(f->engine, in->id, &(struct wm_keys){.keys = keys, .keys_n = n});
        break;
    case WM_TYPE_list_drafts:
        (void)!wire_send_drafts(f->engine, in->id, &(struct wm_drafts){.drafts = &f->draft, .drafts_n = f->draft.id ? 1 : 0});
        break;
    default: (void)!wire_reply_error(f->engine, in->id, SP_UNSUPPORTED, "not played here"); break;
    }
}

static void
writing(struct fake *f, struct wire_in *in, struct arena *arena)
{
    switch (in->type) {
    case WM_TYPE_new_draft: new_draft(f, in->id, in->msg, arena); break;
    case WM_TYPE_plan_draft: send_plan(f, in->id, &((const struct wm_plan_draft *)in->msg)->draft, arena); break;
    case WM_TYPE_send_draft: send_draft(f, in->id, &((const struct wm_send_draft *)in->msg)->draft); break;
    case WM_TYPE_save_draft:
        keep_draft(f, &((const struct wm_save_draft *)in->msg)->draft);
        (void)!wire_send_draft_view(f->engine, in->id, &(struct wm_draft_view){.draft = f->draft});
        break;
    case WM_TYPE_attach: {
        const struct wm_attach *m = in->msg;
        f->attachments[f->draft.attachments_n++] = (struct wr_draft_attachment){.id = 1, .name = strdup(m->name), .type = "application/pdf", .size = 12345};
        f->draft.attachments = f->attachments;
        (void)!wire_send_draft_view(f->engine, in->id, &(struct wm_draft_view){.draft = f->draft});
        break;
    }
    case WM_TYPE_detach:
        f->draft.attachments_n--;
        (void)!wire_send_draft_view(f->engine, in->id, &(struct wm_draft_view){.draft = f->draft});
        break;
    case WM_TYPE_outbox_cancel: (void)!wire_send_draft_view(f->engine, in->id, &(struct wm_draft_view){.draft = f->draft}); break;
    default: lists(f, in, arena); break;
    }
}

static void
engine_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct fake *f = arg;
    note(f, in);
    if (in->type == WM_TYPE_cancel)
        return;
    if (in->type == WM_TYPE_unlock || in->type == WM_TYPE_create_profile) {
        f->new_profile = f->new_profile && in->type == WM_TYPE_unlock;
        unlock(f, in->id, in->type == WM_TYPE_unlock ? ((struct wm_unlock *)in->msg)->passphrase : ((struct wm_create_profile *)in->msg)->passphrase);
        return;
    }
    if ((f->locked || f->new_profile) && in->type != WM_TYPE_answer) {
        (void)!wire_reply_error(c, in->id, SP_LOCKED, "");
        return;
    }
    switch (in->type) {
    case WM_TYPE_index_page: send_page(f, in->id, in->msg, arena); break;
    case WM_TYPE_open_message:
    case WM_TYPE_open_part: {
        struct wm_message_view m = {.message = ((const struct wm_open_message *)in->msg)->message};
        struct wr_index_row r;
        if (f->slow) {
            (void)!wire_send_progress(c, in->id, &(struct wm_progress){.done = 1234567, .total = 9876543});
            return;
        }
        row(f, FAKE_MESSAGES + f->arrived - (uint32_t)m.message, &r, arena);
        m.folder = r.folder;
        m.flags = r.flags;
        fake_verdict((uint32_t)m.message, &m.verdict, arena);
        (void)!wire_send_message_view(c, in->id, &m);
        break;
    }
    case WM_TYPE_search_open: search(f, in->id, in->msg); break;
    case WM_TYPE_search_save: keep_search(f, in->id, in->msg); break;
    case WM_TYPE_set_folder:
        f->set = *(const struct wm_set_folder *)in->msg;
        (void)!wire_reply_done(c, in->id);
        break;
    case WM_TYPE_search_close: (void)!wire_reply_done(c, in->id); break;
    case WM_TYPE_get_part: part_content(f, in->id, "../../etc/passwd report.txt", fake_source()); break;
    case WM_TYPE_change_flags:
        change_flags(f, in->msg, arena);
        (void)!wire_reply_done(c, in->id);
        break;
    case WM_TYPE_get_state: {
        const struct wm_get_state *m = in->msg;
        (void)!wire_send_state_value(c, in->id, &(struct wm_state_value){.value = strcmp(m->name, "ui.draft") == 0 ? f->writing : f->folder});
        break;
    }
    case WM_TYPE_set_state: {
        const struct wm_set_state *m = in->msg;
        if (strcmp(m->name, "ui.draft") == 0)
            (void)snprintf(f->writing, sizeof f->writing, "%s", m->value);
        else
            (void)snprintf(f->folder, sizeof f->folder, "%s", m->value);
        (void)!wire_reply_done(c, in->id);
        break;
    }
    case WM_TYPE_import_keys: (void)!wire_send_imported(c, in->id, &(struct wm_imported){.considered = 2, .imported = 1, .unchanged = 1}); break;
    case WM_TYPE_answer:
        answer(f, in->msg);
        (void)!wire_reply_done(c, in->id);
        break;
    case WM_TYPE_connect_account:
        (void)!wire_reply_done(c, in->id);
        notice(f, SP_NOTICE_SERVER_ALERT, SP_LEVEL_CAUTION, "work", "Maintenance at \033[5mmidnight", "");
        break;
    case WM_TYPE_cancel_job: {
        struct wr_job jobs[2];
        (void)!wire_reply_done(c, in->id);
        (void)fake_jobs(jobs);
        jobs[0].state = SP_JOB_CANCELLED;
        (void)!wire_send_event_job(c, 0, &(struct wm_event_job){.job = jobs[0]});
        break;
    }
    case WM_TYPE_lock:
    case WM_TYPE_expunge:
    case WM_TYPE_delete_draft:
    case WM_TYPE_outbox_retry:
    case WM_TYPE_create_folder:
    case WM_TYPE_move_messages: (void)!wire_reply_done(c, in->id); break;
    default: writing(f, in, arena); break;
    }
    if (f->log)
        fflush(f->log);
}

/* ---- the stub */

static void
stub_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct fake *f = arg;
    int fd, pair[2];
    (void)arena;
    note(f, in);
    switch (in->type) {
    case WM_TYPE_edit_text: {
        static const char text[] = "Dear Bob,\n\nthe editor wrote this line.\n\nAlice\n";
        if (memfd_from(text, sizeof text - 1, &fd) != SP_OK)
            return;
        (void)!wire_send_edited(c, in->id, &(struct wm_edited){.text = fd, .changed = 1});
        (void)close(fd);
        break;
    }
    case WM_TYPE_save_file: {
        const struct wm_save_file *m = in->msg;
        if (f->log)
            fprintf(f->log, "path=%s overwrite=%u\n", m->path, m->overwrite);
        if (!m->overwrite && strstr(m->path, "exists"))
            (void)!wire_reply_error(c, in->id, SP_EXISTS, "");
        else
            (void)!wire_send_saved(c, in->id, &(struct wm_saved){.path = m->path});
        break;
    }
    case WM_TYPE_read_file:
        if (memfd_from("data", 4, &fd) != SP_OK)
            return;
        (void)!wire_send_part_content(c, in->id, &(struct wm_part_content){.name = "contract.pdf", .type = "", .content = fd, .size = 4});
        (void)close(fd);
        break;
    case WM_TYPE_reconnect:
        if (f->died || wire_pair(pair) != SP_OK) {
            f->died = false; /* the first try fails, the second does not */
            (void)!wire_reply_error(c, in->id, SP_NOT_FOUND, "");
            return;
        }
        wire_conn_free(f->engine);
        f->engine = wire_conn_new(pair[0], f->loop, engine_message, engine_closed, f);
        (void)!wire_send_connected(c, in->id, &(struct wm_connected){.fd = pair[1]});
        (void)close(pair[1]);
        break;
    case WM_TYPE_suspend:
    case WM_TYPE_open_file: (void)!wire_reply_done(c, in->id); break;
    default: break;
    }
    if (f->log)
        fflush(f->log);
}

static void
on_die(struct loop *l, int signo, void *arg)
{
    struct fake *f = arg;
    (void)l;
    (void)signo;
    wire_conn_free(f->engine);
    f->engine = NULL;
    f->died = true;
}

static void
on_arrival(struct loop *l, int signo, void *arg)
{
    struct fake *f = arg;
    (void)l;
    (void)signo;
    f->arrived++;
    f->generation++;
    (void)!wire_send_event_index(f->engine, 0, &(struct wm_event_index){.folder = 1, .generation = f->generation});
    notice(f, SP_NOTICE_NEW_MAIL, SP_LEVEL_NONE, "INBOX", "1", "");
}

/* Another screen writes into the draft, or (the second time) throws it away. */
static void
on_elsewhere(struct loop *l, int signo, void *arg)
{
    struct fake *f = arg;
    struct wr_draft d = f->draft;
    (void)l;
    (void)signo;
    d.subject = "Changed elsewhere";
    keep_draft(f, &d);
    (void)!wire_send_event_draft(f->engine, 0, &(struct wm_event_draft){.draft = f->draft.id, .gone = f->elsewhere++ > 0});
}

static void
on_last_word(struct loop *l, void *arg)
{
    const struct fake *f = arg;
    loop_stop(l, WIFEXITED(f->status) ? WEXITSTATUS(f->status) : 128 + WTERMSIG(f->status));
}

static void
become_ui(int stub, int engine, char **argv)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    int a = fcntl(stub, F_DUPFD, 10), b = fcntl(engine, F_DUPFD, 10);
    (void)dup2(a, 3);
    (void)dup2(b, 4);
    (void)close_range(5, ~0U, 0);
    (void)execv(argv[0], argv);
    _exit(127);
}

static bool
start_ui(struct fake *f)
{
    int stub[2], engine[2];
    wire_conn_free(f->stub);
    wire_conn_free(f->engine);
    if (wire_pair(stub) != SP_OK || wire_pair(engine) != SP_OK)
        return false;
    f->ui = fork();
    if (f->ui == 0)
        become_ui(stub[1], engine[1], f->ui_argv);
    (void)close(stub[1]);
    (void)close(engine[1]);
    f->stub = wire_conn_new(stub[0], f->loop, stub_message, engine_closed, f);
    f->engine = wire_conn_new(engine[0], f->loop, engine_message, engine_closed, f);
    return f->ui > 0;
}

/* What the ui sent before it ended still lies in the sockets: it is read before the end is told. A killed one is replaced. */
static void
on_child(struct loop *l, int signo, void *arg)
{
    struct fake *f = arg;
    (void)signo;
    if (waitpid(f->ui, &f->status, WNOHANG) != f->ui)
        return;
    if (WIFSIGNALED(f->status) && WTERMSIG(f->status) == SIGKILL ? !start_ui(f) : !loop_timer_add(l, 100, on_last_word, f))
        loop_stop(l, 1);
}

static bool
option(struct fake *f, const char *arg)
{
    if (strcmp(arg, "--locked") == 0)
        f->locked = true;
    else if (strcmp(arg, "--new-profile") == 0)
        f->new_profile = true;
    else if (strcmp(arg, "--empty") == 0)
        f->empty = true;
    else if (strcmp(arg, "--insecure") == 0)
        f->insecure = true;
    else if (strcmp(arg, "--many") == 0)
        f->arrived = 3000;
    else if (strcmp(arg, "--slow") == 0)
        f->slow = true;
    else if (strcmp(arg, "--jobs") == 0)
        f->jobs = true;
    else if (strncmp(arg, "--ask=", 6) == 0)
        f->ask = arg + 6;
    else
        return false;
    return true;
}

int
main(int argc, char **argv)
{
    static struct fake f;
    int n = 0;
    const char *log = getenv("FAKE_LOG");
    for (int i = 1; i < argc && n < 63; i++)
        if (!option(&f, argv[i]))
            f.ui_argv[n++] = argv[i];
    f.generation = 1;
    f.log = log ? fopen(log, "w") : NULL;
    if (f.log)
        (void)setvbuf(f.log, NULL, _IOLBF, 0);
    f.loop = loop_new();
    if (n == 0 || !f.loop)
        return 1;
    (void)signal(SIGPIPE, SIG_IGN);
    if (loop_signal(f.loop, SIGCHLD, on_child, &f) || loop_signal(f.loop, SIGUSR1, on_die, &f) || loop_signal(f.loop, SIGUSR2, on_arrival, &f) ||
        loop_signal(f.loop, SIGALRM, on_elsewhere, &f))
        return 1;
    if (!start_ui(&f))
        return 1;
    int code = loop_run(f.loop);
    if (code)
        fprintf(stderr, "the screen ended with %d\n", code);
    return code;
}
