/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Sending: the outbox of the real engine with a made-up server, which refuses, breaks off, and sees the engine killed at every step. */
#include "engine_steps.h"

#include <time.h>

static void
test_send(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    assert_int_equal(w->smtp_sent, 2);
    assert_string_equal(w->seen_sender, "robin@work.example");
    assert_string_equal(w->seen_recipients, "boss@work.example"); /* the second, alone */
    assert_null(strstr(buf_str(&w->seen_message), "boss@"));
    assert_int_equal(w->appends, 1);
    assert_int_equal(w->folders[1].n, 1);
    assert_null(strstr(w->folders[1].mails[0].bytes, "boss@"));
    (void)wait_for_rows(w, folder(w, SP_FOLDER_SENT, account), 1);
    assert_int_equal(w->notices[SP_NOTICE_SENT], 1);
}

static void
test_send_troubles(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    d.bcc = "";
    /* for now: it stays, with the server's words */
    w->smtp_status = SP_SERVER_TEMPORARY;
    w->smtp_code = 451;
    w->smtp_stage = 0;
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_SEND_FAILED], 1, "the deferral");
    assert_int_equal(w->outbox.state, SP_OUTBOX_DEFERRED);
    assert_string_equal(w->outbox.server_text, "server's words");
    uint64_t id = w->outbox.id;
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_BUSY); /* not twice */
    /* for good */
    w->smtp_status = SP_SERVER_NO;
    w->smtp_code = 550;
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = id}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_SEND_FAILED], 2, "the refusal");
    assert_int_equal(w->outbox.state, SP_OUTBOX_FAILED);
    /* cut after the final dot */
    w->smtp_stage = 1;
    w->smtp_status = SP_DISCONNECTED;
    w->smtp_code = 0;
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = id}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_PERHAPS_TWICE], 1, "the uncertainty");
    assert_int_equal(w->outbox.state, SP_OUTBOX_UNCERTAIN);
    char *first = strdup(buf_str(&w->seen_message));
    w->smtp_status = 0;
    w->smtp_code = 250;
    w->smtp_stage = 2;
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = id}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    assert_string_equal(buf_str(&w->seen_message), first); /* the same bytes, the same Message-ID */
    free(first);
    assert_int_equal(w->appends, 1);
}

static const struct wr_outbox_item *
only_item(struct world *w)
{
    assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
    const struct wm_outbox *o = w->answer.msg;
    assert_int_equal(o->items_n, 1);
    return &o->items[0];
}

/* One is refused for good, one for now, one has it: each is told with the server's words, only who needs it is tried again, and what
   somebody has is in Sent. The same whether the server takes the message for some or lets one recipient stop it. */
static void
refuse_some(struct world *w, bool all_or_none)
{
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    d.to = "bob@work.example, eve@work.example, zoe@work.example";
    d.bcc = "";
    w->all_or_none = all_or_none;
    w->refuse_recipient = "eve@work.example";
    w->defer_recipient = "zoe@work.example";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_RECIPIENTS_REFUSED], 1, "the refused recipient");
    assert_int_equal(w->appends, 1);
    assert_int_equal(w->smtp_sent, all_or_none ? 2 : 1);
    world_end_engine(w, true); /* what was said is kept */
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    const struct wr_outbox_item *item = only_item(w);
    assert_int_equal(item->state, SP_OUTBOX_DEFERRED);
    assert_string_equal(item->server_text, "come again");
    assert_int_equal(item->results_n, 3);
    assert_true(item->results[0].code == 550 && strcmp(item->results[0].address, "eve@work.example") == 0);
    assert_string_equal(item->results[0].text, "no such user");
    assert_true(item->results[1].code == 451 && strcmp(item->results[1].address, "zoe@work.example") == 0);
    assert_true(item->results[2].code == 250 && strcmp(item->results[2].address, "bob@work.example") == 0);
    /* who was put off is tried again by itself when the account is there; who was refused is not */
    uint64_t id = item->id;
    w->defer_recipient = NULL;
    for (int i = 0; i < 200 && only_item(w)->state != SP_OUTBOX_FAILED; i++)
        world_pass(w, 25);
    assert_string_equal(w->seen_recipients, "zoe@work.example");
    assert_string_equal(only_item(w)->server_text, "no such user");
    w->refuse_recipient = NULL;
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = id}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    assert_string_equal(w->seen_recipients, "eve@work.example");
    assert_int_equal(w->appends, 1);
    assert_int_equal(w->folders[1].n, 1);
}

static void
test_refused_one_by_one(void **state)
{
    NEED(state);
    refuse_some(w, false);
}

static void
test_refused_by_a_strict_server(void **state)
{
    NEED(state);
    refuse_some(w, true);
}

/* The line breaks between APPEND and its answer: the copy is found and not made twice, and until then nobody is told that the message
   was not sent. */
static void
test_copy_without_an_answer(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    d.bcc = "";
    w->append_unanswered = true;
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->appends, 1, "the copy");
    for (int i = 0; i < 200 && w->outbox.state != SP_OUTBOX_COPYING; i++)
        world_pass(w, 25);
    assert_int_equal(w->outbox.state, SP_OUTBOX_COPYING);
    assert_int_equal(w->notices[SP_NOTICE_SENT], 1);
    w->append_unanswered = false;
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = w->outbox.id}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    assert_int_equal(w->appends, 1);
    assert_int_equal(w->folders[1].n, 1);
    assert_int_equal(w->smtp_sent, 1);
    assert_int_equal(w->notices[SP_NOTICE_SENT], 1); /* told once */
    assert_int_equal(w->notices[SP_NOTICE_SEND_FAILED], 0);
}

/* A program sends a message with a Message-ID that is in Sent already: that older copy is not this one's. */
/* The server was still busy with the first try when we looked for what it had left. */
static void
test_copy_that_comes_late(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    d.bcc = "";
    w->append_late = true;
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    world_wait(w, &w->appends, 1, "the copy");
    for (int i = 0; i < 200 && w->outbox.state != SP_OUTBOX_COPYING; i++)
        world_pass(w, 25);
    assert_int_equal(w->folders[1].n, 0);
    (void)world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = w->outbox.id}); /* unless it went again by itself */
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
    assert_int_equal(w->appends, 2);
    assert_int_equal(w->folders[1].n, 1);
}

static void
test_same_message_id_again(void **state)
{
    NEED(state);
    static const char again[] = "From: robin@work.example\r\nTo: bob@work.example\r\nSubject: Again\r\nMessage-ID: <again@work.example>\r\n\r\nA.\r\n";
    uint32_t account = begin_work(w);
    wait_idle(w);
    for (int i = 1; i <= 2; i++) {
        int fd = world_memfd(again);
        struct wr_text to = {.text = "bob@work.example"};
        assert_int_equal(world_ask(w, WM_TYPE_submit, &(struct wm_submit){.account = account, .recipients = &to, .recipients_n = 1, .message = fd}), SP_OK);
        (void)close(fd);
        world_wait(w, &w->outbox_gone, i, "the message leaves");
        (void)wait_for_rows(w, folder(w, SP_FOLDER_SENT, account), (uint32_t)i);
        assert_int_equal(w->folders[1].n, i);
    }
}

/* Later is later, and a message for later can be sent now. */
static void
test_send_later(void **state)
{
    NEED(state);
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    int64_t later = (int64_t)time(NULL) + 86400;
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d, .not_before = later}), SP_OK);
    world_pass(w, 300);
    assert_int_equal(w->smtp_sent, 0);
    world_end_engine(w, true);
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    world_pass(w, 300);
    assert_int_equal(w->smtp_sent, 0);
    assert_int_equal(only_item(w)->state, SP_OUTBOX_WAITING);
    assert_int_equal(only_item(w)->next_try, later);
    assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = only_item(w)->id}), SP_OK);
    world_wait(w, &w->outbox_gone, 1, "the message leaves");
}

/* What went wrong while no screen was there is told to the next one, once. */
static void
test_told_later(void **state)
{
    NEED(state);
    w->what = "send";
    uint32_t account = begin_work(w);
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    w->refuse_recipient = "bob@work.example";
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    for (int i = 0; i < 200 && !w->appends; i++)
        world_pass(w, 25);
    world_pass(w, 200);
    assert_int_equal(w->notices[SP_NOTICE_RECIPIENTS_REFUSED], 0);
    world_end_engine(w, true);
    w->what = NULL;
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    world_wait(w, &w->notices[SP_NOTICE_RECIPIENTS_REFUSED], 1, "the notice that was kept");
    assert_int_equal(world_enter(w), SP_OK);
    world_pass(w, 200);
    assert_int_equal(w->notices[SP_NOTICE_RECIPIENTS_REFUSED], 1);
}

/* How often a word stands in the folder on the server. */
static int
count_on_server(struct world *w, size_t in, const char *word)
{
    int n = 0;
    for (size_t i = 0; i < w->folders[in].n; i++)
        n += strstr(w->folders[in].mails[i].bytes, word) != NULL;
    return n;
}

/* The engine is killed at every step of replaying changes and sending; after its restart all of it is done, and once. */
static void
interrupt(struct world *w, int step)
{
    uint32_t account = begin_work(w);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    struct wr_number n = {.value = wait_for_rows(w, inbox, 2)};
    wait_idle(w);
    struct wr_draft d = work_draft(w, account);
    d.bcc = "";
    world_pass(w, 100);
    wire_conn_pause(w->net, true); /* nothing goes on before all three are taken */
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &(struct wm_change_flags){.messages = &n, .messages_n = 1, .add = SP_FLAG_FLAGGED}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &n, .messages_n = 1, .folder = sent}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_send_draft, &(struct wm_send_draft){.draft = d}), SP_OK);
    w->die_after = step;
    wire_conn_pause(w->net, false);
    for (int i = 0; i < 100 && !w->dead; i++)
        world_pass(w, 20);
    world_end_engine(w, false);
    bool interrupted = w->dead, sending = interrupted && w->outbox.state == SP_OUTBOX_SENDING;
    w->dead = false;
    w->die_after = 0;
    w->idle_id = 0;
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
    const struct wm_outbox *o = w->answer.msg;
    if (sending && o->items_n && o->items[0].state != SP_OUTBOX_COPYING) { /* it may have arrived: the person is told, and has time to look before it goes again by itself */
        world_wait(w, &w->notices[SP_NOTICE_PERHAPS_TWICE], 1, "the uncertainty");
        world_pass(w, 200);
        assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
        o = w->answer.msg;
        assert_int_equal(o->items_n, 1);
        assert_int_equal(o->items[0].state, SP_OUTBOX_UNCERTAIN);
    }
    if (o->items_n && o->items[0].state == SP_OUTBOX_UNCERTAIN) { /* whether it is on its way is not known: the person tries again */
        assert_true(interrupted);
        assert_int_equal(world_ask(w, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = o->items[0].id}), SP_OK);
    }
    for (int i = 0; i < 500 && (w->folders[1].n < 2 || w->folders[0].n > 1); i++)
        world_pass(w, 20);
    world_pass(w, 500);
    assert_int_equal(w->folders[0].n, 1);
    assert_int_equal(count_on_server(w, 1, "Subject: Second"), 1);
    assert_int_equal(count_on_server(w, 1, "Subject: Report"), 1);
    assert_int_equal(w->folders[1].n, 2);
    assert_true(w->smtp_sent >= 1 && w->smtp_sent <= 2);
    assert_int_equal(world_ask(w, WM_TYPE_list_outbox, &(struct wm_list_outbox){}), SP_OK);
    assert_int_equal(((const struct wm_outbox *)w->answer.msg)->items_n, 0);
    (void)wait_for_rows(w, inbox, 1);
    (void)wait_for_rows(w, sent, 2);
    const struct wm_index_rows *rows = page(w, sent);
    bool flagged = false;
    for (uint32_t i = 0; i < rows->rows_n; i++)
        flagged |= rows->rows[i].flags & SP_FLAG_FLAGGED;
    assert_true(flagged);
}

static void
test_interrupted_at_every_step(void **state)
{
    (void)state;
    for (int step = 1; step <= 14; step++) {
        struct world *w = world_new(WITH_SERVER);
        if (!w)
            skip();
        print_message("step %d\n", step);
        interrupt(w, step);
        world_free(w);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        SERVER(test_send), SERVER(test_send_troubles), SERVER(test_refused_one_by_one), SERVER(test_refused_by_a_strict_server),
        SERVER(test_copy_without_an_answer), SERVER(test_copy_that_comes_late), SERVER(test_same_message_id_again), SERVER(test_send_later), SERVER(test_told_later),
        cmocka_unit_test(test_interrupted_at_every_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
