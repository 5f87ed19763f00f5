/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Local changes on their way to a server that is interrupted at every request: killed, cut before the server did it, cut after it did it
   and before we heard. Afterwards everything is there, once. */
#include "engine_steps.h"

struct variant {
    const char *name;
    bool no_uidplus;
    const char *a, *b;  /* the two messages */
};

/* Of the same size as each other within a variant where that is the point. */
static const struct variant variants[] = {
    {"COPYUID", false, first_mail, second_mail},
    {"no UIDPLUS", true, first_mail, second_mail},
    {"no UIDPLUS, no Message-ID", true, "From: a@b.c\r\nSubject: First\r\n\r\n1\r\n", "From: a@b.c\r\nSubject: Second\r\n\r\n2\r\n"},
    {"no UIDPLUS, the same Message-ID", true, "From: a@b.c\r\nSubject: First\r\nMessage-ID: <same@b.c>\r\n\r\n1\r\n",
     "From: a@b.c\r\nSubject: Second\r\nMessage-ID: <same@b.c>\r\n\r\n2\r\n"},
};

enum way { KILLED, CUT_AFTER, CUT_BEFORE };

static uint32_t
begin(struct world *w, const struct variant *v)
{
    w->no_uidplus = v->no_uidplus;
    world_mail(w, "INBOX", v->a);
    world_mail(w, "INBOX", v->b);
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_list_accounts, &(struct wm_list_accounts){}), SP_OK);
    uint32_t id = ((const struct wm_accounts *)w->answer.msg)->accounts[0].id;
    for (int i = 0; i < 200 && folder(w, SP_FOLDER_SENT, id) == 0; i++)
        world_pass(w, 20);
    return id;
}

static const struct fake_mail *
on_server(struct world *w, size_t in, const char *word)
{
    for (size_t i = 0; i < w->folders[in].n; i++)
        if (strstr(w->folders[in].mails[i].bytes, word))
            return &w->folders[in].mails[i];
    return NULL;
}

static bool
converged(struct world *w)
{
    const struct fake_mail *b = on_server(w, 1, "Subject: Second"), *a = on_server(w, 0, "Subject: First");
    return w->folders[0].n == 1 && w->folders[1].n == 2 && b && b->flags == (SP_FLAG_FLAGGED | SP_FLAG_ANSWERED) && a &&
           strcmp(a->keywords, "todo") == 0 && on_server(w, 1, "Subject: First");
}

static const struct wr_index_row *
row_of(const struct wm_index_rows *rows, const char *subject)
{
    for (uint32_t i = 0; i < rows->rows_n; i++)
        if (strcmp(rows->rows[i].subject, subject) == 0)
            return &rows->rows[i];
    fail_msg("no row %s", subject);
    return NULL;
}

static void
change(struct world *w, uint64_t inbox, uint64_t sent)
{
    struct wr_text todo = {.text = "todo"};
    const struct wm_index_rows *rows = page(w, inbox);
    struct wr_number a = {.value = row_of(rows, "First")->id}, b = {.value = row_of(rows, "Second")->id};
    struct wm_change_flags flags = {.messages = &a, .messages_n = 1, .add_keywords = &todo, .add_keywords_n = 1};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    flags = (struct wm_change_flags){.messages = &b, .messages_n = 1, .add = SP_FLAG_FLAGGED};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &b, .messages_n = 1, .folder = sent}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = &a, .messages_n = 1, .folder = sent, .copy = 1}), SP_OK);
    b.value = row_of(page(w, sent), "Second")->id; /* its uid there is not known yet */
    flags = (struct wm_change_flags){.messages = &b, .messages_n = 1, .add = SP_FLAG_ANSWERED};
    assert_int_equal(world_ask(w, WM_TYPE_change_flags, &flags), SP_OK);
    /* shown at once */
    assert_int_equal(page(w, inbox)->rows_n, 1);
    assert_string_equal(page(w, inbox)->rows[0].keywords, "todo");
    assert_int_equal(page(w, sent)->rows_n, 2);
}

/* False: the step was never reached. */
static bool
interrupt(const struct variant *v, enum way way, int step)
{
    struct world *w = world_new(WITH_SERVER);
    if (!w)
        skip();
    uint32_t account = begin(w, v);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    world_pass(w, 60);
    wire_conn_pause(w->net, true); /* nothing goes on before all are taken */
    change(w, inbox, sent);
    w->die_after = way == KILLED ? step : 0;
    w->cut_after = way == KILLED ? 0 : step;
    w->cut_before = way == CUT_BEFORE;
    wire_conn_pause(w->net, false);
    for (int i = 0; i < 150 && !w->dead && !w->cuts && !converged(w); i++)
        world_pass(w, 10);
    bool reached = w->dead || w->cuts;
    if (w->dead) {
        world_end_engine(w, false);
        w->dead = false;
        w->idle_id = 0;
        world_start_engine(w);
        assert_int_equal(world_enter(w), SP_OK);
    }
    w->die_after = w->cut_after = 0;
    for (int i = 0; i < 800 && !converged(w); i++)
        world_pass(w, 10);
    wait_idle(w);
    world_pass(w, 100);
    if (!converged(w)) {
        for (size_t f = 0; f < 2; f++)
            for (size_t i = 0; i < w->folders[f].n; i++)
                print_message("%s: uid %u flags %x keywords %s %.60s\n", w->folders[f].name, w->folders[f].mails[i].uid, w->folders[f].mails[i].flags,
                              w->folders[f].mails[i].keywords, w->folders[f].mails[i].bytes);
        fail_msg("%s, way %d, step %d: the server's state is wrong", v->name, (int)way, step);
    }
    (void)wait_for_rows(w, inbox, 1);
    (void)wait_for_rows(w, sent, 2);
    assert_string_equal(page(w, inbox)->rows[0].keywords, "todo");
    assert_int_equal(row_of(page(w, sent), "Second")->flags & 0xffff, SP_FLAG_FLAGGED | SP_FLAG_ANSWERED);
    assert_int_equal(w->notices[SP_NOTICE_CHANGE_REFUSED], 0);
    world_free(w);
    return reached;
}

static void
every_step(enum way way)
{
    bool soak = getenv("SEALPOST_SOAK") != NULL;
    for (size_t i = 0; i < COUNT(variants); i++) {
        int step = 1;
        if (!soak && i > 0 && (i - 1) % 3 != (size_t)way) /* all of COPYUID, and one way of each of the others */
            continue;
        while (interrupt(&variants[i], way, step) && step < 40)
            step += soak || i == 0 ? 1 : 2;
        print_message("%s, way %d: %d steps\n", variants[i].name, (int)way, step);
        assert_true(step > 5);
    }
}

static void
test_killed(void **state)
{
    (void)state;
    every_step(KILLED);
}

static void
test_cut_after(void **state)
{
    (void)state;
    every_step(CUT_AFTER);
}

static void
test_cut_before(void **state)
{
    (void)state;
    every_step(CUT_BEFORE);
}

/* The pass had looked into the journal before these came, and there was no line yet that they could be told on. */
static void
test_changed_while_connecting(void **state)
{
    (void)state;
    struct world *w = world_new(WITH_SERVER);
    if (!w)
        skip();
    uint32_t account = begin(w, &variants[0]);
    uint64_t inbox = folder(w, SP_FOLDER_INBOX, account), sent = folder(w, SP_FOLDER_SENT, account);
    (void)wait_for_rows(w, inbox, 2);
    wait_idle(w);
    world_end_engine(w, false);
    w->idle_id = 0;
    w->net_deaf = true;
    world_start_engine(w);
    assert_int_equal(world_enter(w), SP_OK);
    world_pass(w, 300);
    change(w, inbox, sent);
    wire_conn_pause(w->net, false);
    for (int i = 0; i < 300 && !converged(w); i++)
        world_pass(w, 10);
    assert_true(converged(w));
    world_free(w);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_killed),
        cmocka_unit_test(test_cut_after),
        cmocka_unit_test(test_cut_before),
        cmocka_unit_test(test_changed_while_connecting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
