/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The real sealpost-engine in a made-up world: door, profile, local mail, opening, parsers that die, writing, a mailbox on a
   server, restarts. Sending by a server is in test_engine_outbox.c. */
#include "engine_steps.h"

/* ---- helpers */

static uint64_t
deliver_one(struct world *w)
{
    int gone = w->outbox_gone;
    submit(w, hello, "robin@demo.example");
    world_wait(w, &w->outbox_gone, gone + 1, "the message leaves the outbox");
    return wait_for_rows(w, folder(w, SP_FOLDER_INBOX, 0), 1);
}

static struct wr_draft
new_draft(struct world *w, enum sp_draft_kind kind, uint64_t message)
{
    assert_int_equal(world_ask(w, WM_TYPE_new_draft, &(struct wm_new_draft){.kind = (uint8_t)kind, .message = message}), SP_OK);
    return ((const struct wm_draft_view *)w->answer.msg)->draft;
}

/* ---- the door */

static void
test_door(void **state)
{
    NEED(state);
    assert_int_equal(world_greet(w, "0123456789abcdef0123456789abcdeX", build_id()), SP_DENIED);
    assert_int_equal(world_greet(w, "", build_id()), SP_DENIED);
    assert_int_equal(world_enter(w), SP_OK);
    const struct wm_welcome *m = w->answer.msg;
    assert_int_equal(m->has_profile, 0);
    assert_int_equal(world_ask(w, WM_TYPE_list_folders, &(struct wm_list_folders){0}), SP_LOCKED);
    assert_int_equal(world_ask(w, WM_TYPE_keys_open, &(struct wm_keys_open){0}), SP_UNSUPPORTED);
    /* Before greeting nothing is answered. */
    world_dial(w);
    assert_int_equal(wire_send_list_folders(w->client, 5, &(struct wm_list_folders){0}), SP_OK);
    world_pass(w, 200);
    assert_null(w->client);
    /* Another build is told so. */
    assert_int_equal(world_greet(w, "0123456789abcdef0123456789abcdef", "other"), SP_UNSUPPORTED);
}

static void
test_profile(void **state)
{
    NEED(state);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_EXISTS);
    assert_int_equal(world_ask(w, WM_TYPE_set_state, &(struct wm_set_state){.name = "x", .value = "kept"}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_lock, &(struct wm_lock){}), SP_OK);
    world_wait(w, &w->locked_events, 1, "event_locked");
    assert_int_equal(world_ask(w, WM_TYPE_get_state, &(struct wm_get_state){.name = "x"}), SP_LOCKED);
    assert_int_equal(world_ask(w, WM_TYPE_unlock, &(struct wm_unlock){0}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_get_state, &(struct wm_get_state){.name = "x"}), SP_OK);
    assert_string_equal(((const struct wm_state_value *)w->answer.msg)->value, "kept");
}

static void
test_restart(void **state)
{
    NEED(state);
    (void)deliver_one(w);
    world_end_engine(w, false);
    world_start_engine(w);
    world_give(w, SP_ROLE_KEYS, 0);
    assert_int_equal(world_enter(w), SP_OK);
    const struct wm_welcome *m = w->answer.msg;
    assert_int_equal(m->has_profile, 1);
    assert_int_equal(m->locked, 0); /* keys held the key */
    (void)wait_for_rows(w, folder(w, SP_FOLDER_INBOX, 0), 1);
    /* And the other way: keys dies, the engine gives the key back. */
    wire_conn_free(w->keys);
    w->keys = NULL;
    w->has_key = false;
    assert_int_equal(world_ask(w, WM_TYPE_list_keys, &(struct wm_list_keys){0}), SP_UNSUPPORTED);
    assert_int_equal(w->restores, 1);
}

/* Keys was just being set up, and somebody waited for it. */
static void
test_end_while_keys_starts(void **state)
{
    NEED(state);
    world_end_engine(w, false);
    w->keys_silent = true;
    world_start_engine(w);
    world_give(w, SP_ROLE_KEYS, 0);
    world_pass(w, 300);
    world_end_engine(w, true); /* looks at the exit status */
    w->keys_silent = false;
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
}

/* ---- local mail */

static void
test_local_mail(void **state)
{
    NEED(state);
    uint64_t id = deliver_one(w);
    const struct wm_index_rows *rows = page(w, folder(w, SP_FOLDER_INBOX, 0));
    assert_string_equal(rows->rows[0].from_address, "alice@demo.example");
    assert_string_equal(rows->rows[0].subject, "Hello");
    assert_int_equal(rows->unread, 1);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
    const struct wm_message_view *v = w->answer.msg;
    assert_string_equal(v->verdict.from.address, "alice@demo.example");
    assert_string_equal(v->verdict.body, "Hello there.\n");
    assert_int_equal(v->verdict.summary, SP_SUMMARY_UNPROTECTED);
    /* the source, without Bcc (S68) */
    assert_int_equal(world_ask(w, WM_TYPE_get_part, &(struct wm_get_part){.message = id, .path = ""}), SP_OK);
    struct wm_part_content *c = w->answer.msg;
    struct memfd_map map;
    assert_int_equal(memfd_map(c->content, 1 << 20, &map), SP_OK);
    assert_null(memmem(map.data, map.len, "hidden@", 7));
    assert_non_null(memmem(map.data, map.len, "\r\n\r\nHello there.\r\n", 18));
    memfd_unmap(&map);
    (void)close(c->content);
    assert_int_equal(world_ask(w, WM_TYPE_get_part, &(struct wm_get_part){.message = id, .path = "1"}), SP_OK);
    (void)close(((struct wm_part_content *)w->answer.msg)->content);
    assert_int_equal(world_ask(w, WM_TYPE_get_part, &(struct wm_get_part){.message = id, .path = "9.9"}), SP_NOT_FOUND);
    (void)wait_for_rows(w, folder(w, SP_FOLDER_SENT, 0), 1);
}

static void
test_flags_and_moves(void **state)
{
    NEED(state);
    uint64_t id = deliver_one(w), inbox = folder(w, SP_FOLDER_INBOX, 0), trash = folder(w, SP_FOLDER_TRASH, 0);
    struct wr_number n = {.value = id};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_SEEN}), SP_OK);
    assert_int_equal(page(w, inbox)->unread, 0);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = trash}), SP_OK);
    (void)wait_for_rows(w, inbox, 0);
    n.value = wait_for_rows(w, trash, 1);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = n.value}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_DELETED}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_expunge, &(struct wm_expunge){.folder = trash}), SP_OK);
    (void)wait_for_rows(w, trash, 0);
    n.value = 12345678;
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_SEEN}), SP_NOT_FOUND);
}

static void
test_refused_locally(void **state)
{
    NEED(state);
    submit(w, hello, "stranger@elsewhere.example");
    world_wait(w, &w->notices[SP_NOTICE_SEND_FAILED], 1, "the refusal");
    assert_int_equal(w->outbox.state, SP_OUTBOX_FAILED);
    assert_string_equal(w->outbox.server_text, "stranger@elsewhere.example");
    assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
    assert_int_equal(((const struct wm_outbox *)w->answer.msg)->items_n, 1);
    (void)wait_for_rows(w, folder(w, SP_FOLDER_SENT, 0), 0);
    assert_int_equal(world_ask(w, WM_TYPE_outbox_cancel, &(struct wm_outbox_cancel){.outbox = w->outbox.id}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
    assert_int_equal(((const struct wm_outbox *)w->answer.msg)->items_n, 0);
}

/* ---- parsers that die */

static int
count_analysed(struct world *w, const char *message)
{
    int fd = world_memfd(message);
    enum sp_status st = world_ask(w, WM_TYPE_inspect, &(struct wm_inspect){.message = fd});
    (void)close(fd);
    return (int)st;
}

static void
test_crash_once_and_twice(void **state)
{
    NEED(state);
    w->parse_crashes = 1;
    assert_int_equal(count_analysed(w, hello), SP_OK); /* asked again */
    assert_int_equal(w->wants_parse, 2);
    w->parse_crashes = 2;
    assert_int_equal(count_analysed(w, hello), SP_CRASHED);
    assert_int_equal(count_analysed(w, hello), SP_OK);
    assert_int_equal(count_analysed(w, ""), SP_NOT_A_MESSAGE);
}

static void
test_crash_while_opening(void **state)
{
    NEED(state);
    uint64_t id;
    w->crash_word = NULL;
    id = deliver_one(w);
    world_pass(w, 300); /* judged in the background */
    /* a verdict that is kept needs no parser */
    w->parse_crashes = 100;
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
    /* one that kills its parser is marked, and can still be saved */
    int gone = w->outbox_gone;
    w->parse_crashes = 0;
    submit(w, hello, "r@demo.example");
    w->parse_crashes = 100;
    world_wait(w, &w->outbox_gone, gone + 1, "the second message");
    id = wait_for_rows(w, folder(w, SP_FOLDER_INBOX, 0), 2);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_CRASHED);
    world_pass(w, 200);
    assert_int_equal(page(w, folder(w, SP_FOLDER_INBOX, 0))->rows[0].risk, SP_LEVEL_DANGER);
    assert_int_equal(world_ask(w, WM_TYPE_get_part, &(struct wm_get_part){.message = id, .path = ""}), SP_OK);
    (void)close(((struct wm_part_content *)w->answer.msg)->content);
    w->parse_crashes = 0;
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
}

/* ---- writing */

static void
test_reply(void **state)
{
    NEED(state);
    uint64_t id = deliver_one(w);
    struct wr_draft d = new_draft(w, SP_DRAFT_REPLY, id);
    assert_string_equal(d.to, "Alice <alice@demo.example>");
    assert_string_equal(d.subject, "Re: Hello");
    assert_string_equal(d.in_reply_to, "<one@demo.example>");
    assert_string_equal(d.references, "<one@demo.example>");
    assert_string_equal(d.from, "Robin <robin@demo.example>");
    assert_non_null(strstr(d.body, "> Hello there."));
    d = new_draft(w, SP_DRAFT_FORWARD_ATTACHED, id);
    assert_string_equal(d.subject, "Fwd: Hello");
    assert_int_equal(d.attachments_n, 1);
    assert_string_equal(d.attachments[0].type, "message/rfc822");
    assert_int_equal(world_ask(w, WM_TYPE_list_drafts, &(struct wm_list_drafts){}), SP_OK);
    assert_int_equal(((const struct wm_drafts *)w->answer.msg)->drafts_n, 2);
    assert_int_equal(world_ask(w, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = d.id}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_new_draft, &(struct wm_new_draft){.mailto = "mailto:a@b.example?subject=S&bcc=x@y.example"}), SP_OK);
    d = ((const struct wm_draft_view *)w->answer.msg)->draft;
    assert_string_equal(d.to, "a@b.example");
    assert_string_equal(d.bcc, "");
    assert_string_equal(d.subject, "S");
}

static void
test_send_plain(void **state)
{
    NEED(state);
    struct wr_draft d = new_draft(w, SP_DRAFT_NEW, 0);
    d.to = "r@demo.example";
    d.bcc = "robin@demo.example";
    d.subject = "Gr\xc3\xbc\xc3\x9f"
                "e";
    d.body = "Text\n";
    assert_int_equal(world_ask(w, WM_TYPE_plan_draft, &(struct wm_plan_draft){.draft = d}), SP_OK);
    const struct wm_send_plan *plan = w->answer.msg;
    assert_int_equal(plan->can_send, 1);
    assert_int_equal(plan->recipients_n, 2);
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    uint64_t id = wait_for_rows(w, folder(w, SP_FOLDER_INBOX, 0), 2);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
    const struct wm_message_view *v = w->answer.msg;
    assert_string_equal(v->verdict.subject, d.subject);
    assert_string_equal(v->verdict.to[0].address, "r@demo.example");
    assert_int_equal(v->verdict.to_n, 1);
    (void)wait_for_rows(w, folder(w, SP_FOLDER_SENT, 0), 1);
    assert_int_equal(world_ask(w, WM_TYPE_list_drafts, &(struct wm_list_drafts){}), SP_OK);
    assert_int_equal(((const struct wm_drafts *)w->answer.msg)->drafts_n, 0);
    d = new_draft(w, SP_DRAFT_NEW, 0);
    d.to = "no address at all";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_INVALID);
    d.to = "";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_INVALID);
}

/* S69: one recipient without a key stops everything, and is named. */
static void
test_s69_no_key(void **state)
{
    NEED(state);
    struct wr_draft d = new_draft(w, SP_DRAFT_NEW, 0);
    w->have_keys[0] = "robin@demo.example";
    d.to = "robin@demo.example, r@demo.example";
    d.encrypt = 1;
    d.subject = "secret";
    d.body = "x";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_NO_KEY);
    const struct wm_reply_error *e = w->answer.msg;
    assert_int_equal(e->args_n, 1);
    assert_string_equal(e->args[0].text, "r@demo.example");
    assert_int_equal(w->outbox_events, 0);
    assert_int_equal(world_ask(w, WM_TYPE_plan_draft, &(struct wm_plan_draft){.draft = d}), SP_OK);
    assert_int_equal(((const struct wm_send_plan *)w->answer.msg)->can_send, 0);
}

static char *
source(struct world *w, uint64_t id)
{
    struct memfd_map map;
    assert_int_equal(world_ask(w, WM_TYPE_get_part, &(struct wm_get_part){.message = id, .path = ""}), SP_OK);
    struct wm_part_content *c = w->answer.msg;
    assert_int_equal(memfd_map(c->content, 1 << 20, &map), SP_OK);
    char *text = arena_strndup(&w->arena, map.data, map.len);
    memfd_unmap(&map);
    (void)close(c->content);
    return text;
}

/* S65, S68: the Subject stays inside, each Bcc has a ciphertext of his own, the others' name no Bcc key. */
static void
test_s68_encrypted(void **state)
{
    NEED(state);
    struct wr_draft d = new_draft(w, SP_DRAFT_NEW, 0);
    w->have_keys[0] = "robin@demo.example";
    w->have_keys[1] = "r@demo.example";
    d.to = "robin@demo.example";
    d.bcc = "r@demo.example";
    d.encrypt = d.sign = 1;
    d.subject = "topsecret";
    d.body = "x";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    (void)wait_for_rows(w, folder(w, SP_FOLDER_INBOX, 0), 2);
    const struct wm_index_rows *rows = page(w, folder(w, SP_FOLDER_INBOX, 0));
    uint64_t ids[2] = {rows->rows[0].id, rows->rows[1].id};
    int with_bcc = 0;
    for (size_t i = 0; i < 2; i++) {
        const char *text = source(w, ids[i]);
        assert_null(strstr(text, "topsecret"));
        assert_null(strstr(text, "Bcc"));
        assert_non_null(strstr(text, "Subject: [...]"));
        assert_non_null(strstr(text, "signer=FPR-robin@demo.example"));
        with_bcc += strstr(text, "to=FPR-r@demo.example") != NULL;
    }
    assert_int_equal(with_bcc, 1);
    const char *sent = source(w, wait_for_rows(w, folder(w, SP_FOLDER_SENT, 0), 1));
    assert_null(strstr(sent, "to=FPR-r@demo.example"));
}

/* ---- a server */

static void
test_synchronise(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    uint64_t id = wait_for_rows(w, inbox, 2);
    assert_string_equal(w->seen_password, "from-command");
    assert_int_equal(w->passwords_run, 1);
    assert_string_equal(page(w, inbox)->rows[0].subject, "Second");
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
    assert_string_equal(((const struct wm_message_view *)w->answer.msg)->verdict.body, "Two.\n");
    wait_idle(w);
    /* both were judged in the background, from prefetched bodies */
    world_pass(w, 300);
    assert_int_equal(page(w, inbox)->rows[1].judged, 1);
    /* news */
    world_mail(w, "INBOX", "From: new@work.example\r\nSubject: Third\r\n\r\n3\r\n");
    world_take_out(&w->folders[0], 0);
    w->folders[0].mails[0].flags = SP_FLAG_FLAGGED;
    w->folders[0].mails[0].modseq = ++w->folders[0].modseq;
    world_news(w);
    for (int i = 0; i < 200 && strcmp(page(w, inbox)->rows[0].subject, "Third") != 0; i++)
        world_pass(w, 20);
    world_pass(w, 100);
    const struct wm_index_rows *rows = page(w, inbox);
    assert_int_equal(rows->rows_n, 2);
    assert_string_equal(rows->rows[0].subject, "Third");
    assert_string_equal(rows->rows[1].subject, "Second");
    assert_true(rows->rows[1].flags & SP_FLAG_FLAGGED);
    assert_int_equal(w->notices[SP_NOTICE_NEW_MAIL], 1);
}

/* With CONDSTORE nothing is asked for that is proportional to the folder, unless something was removed. */
static void
test_condstore(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    int lists = w->uid_lists;
    world_mail(w, "INBOX", "From: new@work.example\r\nSubject: Third\r\n\r\n3\r\n");
    w->folders[0].mails[0].flags = SP_FLAG_FLAGGED;
    w->folders[0].mails[0].modseq = ++w->folders[0].modseq;
    world_news(w);
    (void)wait_for_rows(w, inbox, 3);
    for (int i = 0; i < 100 && !(page(w, inbox)->rows[2].flags & SP_FLAG_FLAGGED); i++)
        world_pass(w, 20);
    assert_true(page(w, inbox)->rows[2].flags & SP_FLAG_FLAGGED);
    assert_int_equal(w->uid_lists, lists);
    world_take_out(&w->folders[0], 1);
    world_news(w);
    (void)wait_for_rows(w, inbox, 2);
    assert_int_equal(w->uid_lists, lists + 1);
}

static void
test_local_changes_reach_the_server(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_SEEN}), SP_OK);
    world_wait(w, &w->stores, 1, "the flag on the server");
    assert_int_equal(w->folders[0].mails[1].flags, SP_FLAG_SEEN);
    /* shown at once, and not doubled when the server's state is read again */
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    assert_int_equal(page(w, inbox)->rows_n, 1);
    world_wait(w, &w->moves, 1, "the move on the server");
    world_news(w);
    world_pass(w, 600);
    assert_int_equal(page(w, inbox)->rows_n, 1);
    assert_int_equal(page(w, sent)->rows_n, 1);
    n.value = page(w, sent)->rows[0].id;
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = n.value}), SP_OK);
    n.value = page(w, inbox)->rows[0].id;
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_DELETED}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_expunge, &(struct wm_expunge){.folder = inbox}), SP_OK);
    world_wait(w, &w->expunges, 1, "the removal on the server");
    assert_int_equal(w->folders[0].n, 0);
}

static void
test_uidvalidity(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    w->folders[0].uidvalidity = 99;
    w->folders[0].mails[0].uid = 500;
    w->folders[0].mails[1].uid = 501;
    w->folders[0].uidnext = 502;
    world_news(w);
    world_pass(w, 800);
    uint64_t id = wait_for_rows(w, inbox, 2);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = id}), SP_OK);
    assert_string_equal(((const struct wm_message_view *)w->answer.msg)->verdict.body, "Two.\n");
}

static void
test_one_bad_header(void **state)
{
    NEED(state);
    w->crash_word = "Subject: Second";
    w->parse_crashes = 100; /* or the verdict would bring the words */
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    (void)wait_for_rows(w, inbox, 2);
    const struct wm_index_rows *rows = page(w, inbox);
    assert_string_equal(rows->rows[0].subject, ""); /* without words, but there */
    assert_string_equal(rows->rows[1].subject, "First");
}

/* The net role dies: everything comes back by itself. */
static void
test_net_dies(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    w->idle_id = 0;
    wire_conn_free(w->net);
    w->net = NULL;
    world_pass(w, 200);
    assert_int_equal(w->account.state, SP_ACCOUNT_FAILED);
    world_mail(w, "INBOX", "From: new@work.example\r\nSubject: Third\r\n\r\n3\r\n");
    (void)wait_for_rows(w, inbox, 3);
}

/* The person need not wait for the next attempt. */
static void
test_try_now(void **state)
{
    NEED(state);
    w->connect_fails = SP_CONNECT;
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_OK);
    world_wait(w, &w->connects, 1, "the first attempt");
    for (int i = 0; i < 5; i++) {
        world_pass(w, 100);
        assert_int_equal(w->account.state, SP_ACCOUNT_FAILED);
        assert_int_equal(w->connects, i + 1);
        assert_int_equal(world_ask(w, WM_TYPE_connect_account, &(struct wm_connect_account){.account = w->account.id, .on = 1}), SP_OK);
        world_wait(w, &w->connects, i + 2, "another attempt");
    }
    w->connect_fails = 0;
    assert_int_equal(world_ask(w, WM_TYPE_connect_account, &(struct wm_connect_account){.account = w->account.id, .on = 1}), SP_OK);
    wait_idle(w);
    assert_int_equal(world_ask(w, WM_TYPE_connect_account, &(struct wm_connect_account){.account = w->account.id, .on = 0}), SP_OK);
    world_pass(w, 100);
    assert_int_equal(w->account.state, SP_ACCOUNT_OFFLINE);
}

/* S50: a refused certificate becomes a question; the password is not asked for again, the pin is kept. */
static void
test_s50_pin(void **state)
{
    NEED(state);
    w->tls_refused = true;
    world_mail(w, "INBOX", first_mail);
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_OK);
    world_wait(w, &w->questions, 1, "the question");
    assert_int_equal(w->question.kind, SP_ASK_PIN_CERTIFICATE);
    int connects = w->connects;
    world_pass(w, 300);
    assert_int_equal(w->connects, connects); /* no further attempt by itself */
    /* a client that comes later hears of it too */
    assert_int_equal(world_enter(w), SP_OK);
    world_wait(w, &w->questions, 2, "the question again");
    assert_int_equal(world_ask(w, WM_TYPE_answer, &(struct wm_answer){.question = w->question.question, .choice = 1}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_answer, &(struct wm_answer){.question = w->question.question, .choice = 1}), SP_NOT_FOUND);
    wait_idle(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_door, setup_bare, teardown),
        LOCAL(test_profile), LOCAL(test_restart), LOCAL(test_end_while_keys_starts), LOCAL(test_local_mail), LOCAL(test_flags_and_moves), LOCAL(test_refused_locally),
        LOCAL(test_crash_once_and_twice), LOCAL(test_crash_while_opening), LOCAL(test_reply), LOCAL(test_send_plain), LOCAL(test_s69_no_key),
        LOCAL(test_s68_encrypted), SERVER(test_synchronise), CONDSTORE(test_synchronise), CONDSTORE(test_condstore),
        CONDSTORE(test_local_changes_reach_the_server), CONDSTORE(test_uidvalidity),
        SERVER(test_local_changes_reach_the_server), SERVER(test_uidvalidity),
        SERVER(test_one_bad_header), SERVER(test_net_dies), SERVER(test_s50_pin), SERVER(test_try_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
