/* SPDX-License-Identifier: GPL-3.0-or-later */
/* How the two databases beside this file were made: by the store's code of commit f9cec8b (schema 1 of both), once. */
#include <stdio.h>
#include <stdlib.h>

#include "store/store.h"

#define OK(call)                                              \
    do {                                                      \
        enum sp_status st_ = (call);                          \
        if (st_) {                                            \
            fprintf(stderr, "%d: %d\n", __LINE__, (int)st_);  \
            exit(1);                                          \
        }                                                     \
    } while (0)

static uint64_t
message(struct store *s, uint64_t folder, uint32_t uid, uint32_t flags, const char *subject, const char *message_id, const char *references)
{
    struct store_message m = {.folder = folder, .uid = uid, .sort = 1000 + uid, .date = 2000 + uid, .from_name = "Ada",
        .from_address = "ada@example.org", .to = "robin@example.org", .subject = subject, .message_id = message_id,
        .in_reply_to = references, .references = references, .list_id = "", .flags = flags, .size = 100};
    char body[200];
    int n = snprintf(body, sizeof body, "Subject: %s\r\n\r\nbody of %s\r\n", subject, subject);
    OK(store_messages_add(s, &m, 1));
    OK(store_body_put(s, m.id, body, (size_t)n));
    return m.id;
}

static void
mail(struct store *s)
{
    struct store_folder inbox = {.account = 1, .raw = "INBOX", .name = "INBOX", .role = SP_FOLDER_INBOX, .selectable = true,
        .uidvalidity = 7, .uidnext = 14, .highestmodseq = 99};
    struct store_folder archive = {.account = 1, .raw = "Archive", .name = "Archive", .role = SP_FOLDER_ARCHIVE, .selectable = true};
    struct store_folder keep = {.account = 2, .raw = "Keep", .name = "Keep", .selectable = true, .local = true};
    struct wr_verdict v = {.from = {"Ada", "ada@example.org", ""}, .subject = "first", .risk = SP_LEVEL_NOTICE};
    OK(store_folder_put(s, &inbox));
    OK(store_folder_put(s, &archive));
    OK(store_folder_put(s, &keep));
    uint64_t first = message(s, inbox.id, 11, SP_FLAG_SEEN, "first", "<1@example.org>", "");
    message(s, inbox.id, 12, 0, "second", "<2@example.org>", "<1@example.org>");
    uint64_t third = message(s, inbox.id, 13, SP_FLAG_FLAGGED, "third", "<3@example.org>", "");
    message(s, keep.id, 0, SP_FLAG_SEEN, "kept", "<4@example.org>", "");
    v.signature.state = SP_SIGNATURE_GOOD;
    v.signature.covers = SP_COVERS_WHOLE;
    OK(store_verdict_put(s, first, &v, "verdict", 7));
    OK(store_session_key_put(s, first, 0, "9:AB", 4));
    struct store_change flags = {.account = 1, .kind = STORE_CHANGE_FLAGS, .message = third, .folder = inbox.id, .uid = 13, .add = SP_FLAG_FLAGGED};
    struct store_change move = {.account = 1, .kind = STORE_CHANGE_MOVE, .message = third, .folder = inbox.id, .target = archive.id, .uid = 13};
    OK(store_change_add(s, &flags));
    OK(store_change_add(s, &move));
}

static void
own(struct store *s)
{
    struct wr_draft d = {.account = 1, .from = "robin@example.org", .to = "ada@example.org", .cc = "", .bcc = "", .reply_to = "",
        .subject = "unfinished", .body = "half a sen", .in_reply_to = "", .references = "", .sign = 1};
    struct store_outbox o = {.account = 1, .sender = "robin@example.org", .subject = "waiting", .to = "ada@example.org",
        .message_id = "<5@example.org>", .state = SP_OUTBOX_DEFERRED, .server_text = "451 later", .created = 11, .next_try = 12, .attempts = 3};
    const char *const recipients[] = {"ada@example.org", "eva@example.org", NULL};
    struct secret password = SECRET_INIT;
    uint64_t id;
    OK(store_draft_put(s, &d));
    OK(store_attachment_put(s, d.id, "a.txt", "text/plain", "attached", 8, &id));
    OK(store_outbox_put(s, &o));
    OK(store_transmission_add(s, o.id, recipients, "the message", 11, &id));
    OK(store_outbox_sent_copy(s, o.id, "its copy", 8));
    OK(secret_set(&password, "s3cret", 6));
    OK(store_secret_put(s, "password:work", &password));
    OK(store_text_put(s, "pin:imap:imap.example.org:993", "00ff"));
    OK(store_text_put(s, "trust:1", "accepted"));
}

int
main(int argc, char **argv)
{
    struct secret key = SECRET_INIT;
    struct store *s;
    uint32_t account;
    bool lost;
    char bytes[48];
    if (argc != 2)
        return 2;
    for (int i = 0; i < 48; i++)
        bytes[i] = (char)(i + 1);
    OK(secret_set(&key, bytes, sizeof bytes));
    OK(store_open(argv[1], &key, &lost, &s));
    OK(store_account(s, "work", &account));
    OK(store_account(s, "local", &account));
    mail(s);
    own(s);
    store_close(s);
    return 0;
}
