/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Synchronising in a made-up world: what servers do behind our back, folders that come, go and change their names, mail between a server
   and local folders, watched folders, many changes at once. */
#include "engine_steps.h"

static uint64_t
local_folder(struct world *w, enum sp_folder_role role)
{
    assert_int_equal(world_ask(w, WM_TYPE_list_folders, &(struct wm_list_folders){0}), SP_OK);
    const struct wm_folders *m = w->answer.msg;
    for (uint32_t i = 0; i < m->folders_n; i++)
        if (m->folders[i].kind == SP_FOLDER_LOCAL && m->folders[i].role == role)
            return m->folders[i].id;
    return 0;
}

static struct wr_folder
info(struct world *w, uint64_t id)
{
    assert_int_equal(world_ask(w, WM_TYPE_list_folders, &(struct wm_list_folders){0}), SP_OK);
    const struct wm_folders *m = w->answer.msg;
    for (uint32_t i = 0; i < m->folders_n; i++)
        if (m->folders[i].id == id)
            return m->folders[i];
    return (struct wr_folder){.name = ""};
}

static void
sync_now(struct world *w, struct wr_sync_result *out)
{
    assert_int_equal(world_ask(w, WM_TYPE_sync_now, &(struct wm_sync_now){0}), SP_OK);
    const struct wm_synced *m = w->answer.msg;
    assert_int_equal(m->results_n, 1);
    *out = m->results[0];
}

static void
test_sync_now(void **state)
{
    NEED(state);
    struct wr_sync_result r;
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    world_mail(w, "INBOX", "Subject: Third\r\n\r\n3\r\n");
    world_mail(w, "INBOX", "Subject: Fourth\r\n\r\n4\r\n");
    world_take_out(&w->folders[0], 0);
    w->folders[0].mails[0].flags = SP_FLAG_FLAGGED;
    sync_now(w, &r);
    assert_int_equal(r.status, SP_OK);
    assert_string_equal(r.name, "work");
    assert_true(r.added == 2 && r.removed == 1 && r.changed == 1);
    assert_int_equal(page(w, inbox)->rows_n, 3);
    assert_int_equal(world_ask(w, WM_TYPE_sync_now, &(struct wm_sync_now){.account = 99}), SP_NOT_FOUND);
    w->connect_fails = SP_CONNECT;
    assert_int_equal(world_ask(w, WM_TYPE_connect_account, &(struct wm_connect_account){.account = account, .on = 0}), SP_OK);
    sync_now(w, &r);
    assert_int_equal(r.status, SP_CONNECT);
}

/* The uids of a folder mean something else all of a sudden; changes that named them are told, not done to other messages. */
static void
test_uidvalidity_under_changes(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    world_pass(w, 60);
    wire_conn_pause(w->net, true);
    struct wm_change_flags flags = {.messages = &n, .messages_n = 1, .add = SP_FLAG_DELETED};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_expunge, &(struct wm_expunge){.folder = inbox}), SP_OK);
    w->folders[0].uidvalidity = 99;
    struct fake_mail first = w->folders[0].mails[0]; /* what was uid 2 is another message now */
    w->folders[0].mails[0] = w->folders[0].mails[1];
    w->folders[0].mails[1] = first;
    w->folders[0].mails[0].uid = 1;
    w->folders[0].mails[1].uid = 2;
    w->selected[1] = 1;
    wire_conn_pause(w->net, false);
    world_end_engine(w, false); /* as after the loss of everything that was selected */
    w->idle_id = 0;
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    assert_int_equal(w->folders[0].n, 2);
    assert_int_equal(w->folders[0].mails[1].flags & SP_FLAG_DELETED, 0);
    assert_true(w->notices[SP_NOTICE_CHANGE_REFUSED] > 0);
    assert_int_equal(w->expunges, 0);
}

/* A server whose EXISTS is never what it lists: compared, but not for ever. */
static void
test_wrong_counts(void **state)
{
    NEED(state);
    w->extra_exists = 5;
    uint32_t account = begin_work(w);
    (void)wait_for_rows(w, folder(w, SP_FOLDER_INBOX, account), 2);
    wait_idle(w);
    world_pass(w, 200);
    int lists = w->uid_lists;
    world_pass(w, 500);
    assert_int_equal(w->uid_lists, lists);
    world_mail(w, "INBOX", "Subject: Third\r\n\r\n3\r\n");
    world_news(w);
    (void)wait_for_rows(w, folder(w, SP_FOLDER_INBOX, account), 3);
    world_pass(w, 300);
    assert_in_range(w->uid_lists, lists, lists + 2);
}

/* Another name for a folder: its messages and bodies stay, and what the person chose. */
static void
test_renamed_folder(void **state)
{
    NEED(state);
    struct wr_sync_result r;
    w->list_status = true;
    world_mail(w, "Sent", "Subject: Sent one\r\nMessage-ID: <s1@x>\r\n\r\ns\r\n");
    w->folders[1].role = 0;
    uint32_t account = begin_work_without_sent(w);
    uint64_t id = 0;
    for (int i = 0; i < 200 && !id; i++) {
        world_pass(w, 20);
        id = folder(w, SP_FOLDER_NONE, account);
    }
    uint64_t message = wait_for_rows(w, id, 1);
    wait_idle(w);
    assert_int_equal(world_ask(w, WM_TYPE_set_folder, &(struct wm_set_folder){.folder = id, .pinned = 1}), SP_OK);
    w->folders[1].name = "Sent/Old";
    sync_now(w, &r);
    assert_int_equal(r.added, 0);
    assert_string_equal(info(w, id).name, "Sent/Old");
    assert_int_equal(info(w, id).pinned, 1);
    assert_int_equal(page(w, id)->rows[0].id, message);
    /* gone for good */
    w->folders[1].name = "Other";
    w->folders[1].uidvalidity++;
    sync_now(w, &r);
    assert_string_equal(info(w, id).name, "");
    assert_int_equal(r.added, 1);
}

/* A folder vanishes with changes on their way into it: told, and the message stays where the server has it. */
static void
test_vanished_target(void **state)
{
    NEED(state);
    struct wr_sync_result r;
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    w->folders[1].name = "Elsewhere"; /* the server says NO */
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_CHANGE_REFUSED], 1, "the refusal");
    (void)wait_for_rows(w, inbox, 2);
    assert_int_equal(page(w, inbox)->rows[0].id, n.value); /* put back, not fetched again */
    sync_now(w, &r);
    assert_int_equal(page(w, inbox)->rows_n, 2);
    assert_int_equal(w->folders[0].n, 2);
}

/* Many like changes are one command. */
static void
test_many_flags(void **state)
{
    NEED(state);
    char text[28][64];
    struct wr_number ids[28];
    for (size_t i = 0; i < COUNT(text); i++) {
        snprintf(text[i], sizeof text[i], "Subject: Bulk %zu\r\n\r\nx\r\n", i);
        world_mail(w, "INBOX", text[i]);
    }
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    (void)wait_for_rows(w, inbox, 30);
    wait_idle(w);
    const struct wm_index_rows *rows = page(w, inbox);
    for (size_t i = 0; i < COUNT(ids); i++)
        ids[i].value = rows->rows[i].id;
    struct wm_change_flags flags = {.messages = ids, .messages_n = COUNT(ids), .add = SP_FLAG_SEEN};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = ids, .messages_n = COUNT(ids), .folder = sent}), SP_OK);
    assert_int_equal(page(w, inbox)->rows_n, 2);
    for (int i = 0; i < 500 && w->folders[1].n < COUNT(ids); i++)
        world_pass(w, 10);
    assert_int_equal(w->folders[1].n, COUNT(ids));
    assert_int_equal(w->stores, 1);
    assert_int_equal(w->moves, 1);
    (void)wait_for_rows(w, sent, COUNT(ids));
    for (size_t i = 0; i < w->folders[1].n; i++)
        assert_int_equal(w->folders[1].mails[i].flags, SP_FLAG_SEEN);
}

/* From the server to a local folder and back; the original goes when the other side has it. */
static void
test_between_accounts(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account), archive = local_folder(w, SP_FOLDER_ARCHIVE);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    assert_true(archive != 0);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = archive}), SP_OK);
    assert_int_equal(page(w, inbox)->rows_n, 1);
    assert_int_equal(page(w, archive)->rows_n, 1);
    for (int i = 0; i < 500 && w->folders[0].n > 1; i++)
        world_pass(w, 10);
    assert_int_equal(w->folders[0].n, 1);
    n.value = page(w, archive)->rows[0].id;
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = n.value}), SP_OK);
    assert_string_equal(((const struct wm_message_view *)w->answer.msg)->verdict.body, "Two.\n");
    /* and up again, flagged, by way of two folders before the server has heard of the first */
    struct wr_text todo = {.text = "todo"};
    struct wm_change_flags flags = {.messages = &n, .messages_n = 1, .add = SP_FLAG_FLAGGED, .add_keywords = &todo, .add_keywords_n = 1};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    world_pass(w, 60);
    wire_conn_pause(w->net, true);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = inbox}), SP_OK);
    assert_int_equal(page(w, archive)->rows_n, 0);
    assert_int_equal(page(w, inbox)->rows_n, 2);
    for (uint32_t i = 0; i < 2; i++)
        if (strcmp(page(w, inbox)->rows[i].subject, "Second") == 0)
            n.value = page(w, inbox)->rows[i].id;
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    wire_conn_pause(w->net, false);
    for (int i = 0; i < 500 && (w->folders[1].n < 1 || !*w->folders[1].mails[0].keywords); i++)
        world_pass(w, 10);
    assert_int_equal(w->folders[0].n, 1);
    assert_int_equal(w->folders[1].n, 1);
    assert_int_equal(w->folders[1].mails[0].flags, SP_FLAG_FLAGGED);
    assert_string_equal(w->folders[1].mails[0].keywords, "todo");
    assert_int_equal(w->appends, 1);
    (void)wait_for_rows(w, sent, 1);
    (void)wait_for_rows(w, inbox, 1);
    assert_int_equal(w->notices[SP_NOTICE_CHANGE_REFUSED], 0);
}

/* The server takes no upload: the only copy is back in its local folder. */
static void
test_upload_refused(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), local = local_folder(w, SP_FOLDER_INBOX);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    int fd = world_memfd("From: a@b.c\r\nSubject: Mine\r\n\r\nOnly here.\r\n");
    struct wm_import_message m = {.account = info(w, local).account, .role = SP_FOLDER_INBOX, .message = fd};
    assert_int_equal(world_ask(w, WM_TYPE_import_message, &m), SP_OK);
    (void)close(fd);
    struct wr_number n = {.value = wait_for_rows(w, local, 1)};
    w->refuse_append = true;
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = inbox}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_CHANGE_REFUSED], 1, "the refusal");
    n.value = wait_for_rows(w, local, 1);
    (void)wait_for_rows(w, inbox, 2);
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = n.value}), SP_OK);
    assert_string_equal(((const struct wm_message_view *)w->answer.msg)->verdict.body, "Only here.\n");
}

/* Watched folders wait on connections of their own; where the server allows none they are looked at all the same. */
static void
test_watched(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    assert_int_equal(info(w, inbox).watched, 1);
    assert_int_equal(w->idles, 1);
    assert_int_equal(world_ask(w, WM_TYPE_set_folder, &(struct wm_set_folder){.folder = sent, .watched = 1}), SP_OK);
    world_wait(w, &w->idles, 2, "waiting for news of the second folder");
    assert_int_equal(info(w, sent).watched, 1);
    assert_int_equal(world_ask(w, WM_TYPE_set_folder, &(struct wm_set_folder){.folder = sent}), SP_OK);
    assert_int_equal(info(w, sent).watched, 0);
    assert_int_equal(world_ask(w, WM_TYPE_set_folder, &(struct wm_set_folder){.folder = local_folder(w, SP_FOLDER_INBOX), .watched = 1}), SP_UNSUPPORTED);
}

/* A message whose move the server has not heard of yet is opened from where the server has it. */
static void
test_opened_on_its_way(void **state)
{
    NEED(state);
    w->no_ahead = true;
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    w->no_status = true;
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    n.value = page(w, sent)->rows[0].id;
    assert_int_equal(world_ask(w, WM_TYPE_open_message, &(struct wm_open_message){.message = n.value}), SP_OK);
    assert_string_equal(((const struct wm_message_view *)w->answer.msg)->verdict.body, "Two.\n");
    assert_int_equal(w->folders[1].n, 0);
}

/* Moved and then deleted there, before the server has heard of the first; the answer to the move is lost. */
static void
test_deleted_on_its_way(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    world_pass(w, 60);
    wire_conn_pause(w->net, true);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    n.value = page(w, sent)->rows[0].id;
    struct wm_change_flags flags = {.messages = &n, .messages_n = 1, .add = SP_FLAG_DELETED};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_expunge, &(struct wm_expunge){.folder = sent}), SP_OK);
    w->cut_after = 2; /* STATUS, MOVE */
    wire_conn_pause(w->net, false);
    world_wait(w, &w->expunges, 1, "the removal");
    world_pass(w, 200);
    assert_int_equal(w->moves, 1);
    assert_int_equal(w->folders[0].n, 1);
    assert_int_equal(w->folders[1].n, 0);
    assert_int_equal(w->notices[SP_NOTICE_CHANGE_REFUSED], 0);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER(test_sync_now),       SERVER(test_uidvalidity_under_changes), CONDSTORE(test_wrong_counts), SERVER(test_renamed_folder),
        SERVER(test_vanished_target), SERVER(test_many_flags),               SERVER(test_between_accounts), SERVER(test_upload_refused),
        SERVER(test_watched),         SERVER(test_opened_on_its_way), SERVER(test_deleted_on_its_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
