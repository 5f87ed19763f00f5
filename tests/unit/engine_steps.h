/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that tests of the engine share: worlds to begin with, mail, waiting for rows. Include once, instead of engine_world.h. */
#ifndef SP_TEST_ENGINE_STEPS_H
#define SP_TEST_ENGINE_STEPS_H

#include "engine_world.h"

#define LOCAL_ONLY "[account me]\nkind = local\nname = Robin\naddress = robin@demo.example\naliases = r@demo.example\n"
#define WITH_SERVER                                                                                                      \
    "[sealpost]\nundo-seconds = 0\n"                                                                                     \
    "[account work]\nname = Robin\naddress = robin@work.example\nimap = imaps://imap.work.example\nsmtp = smtps://smtp.work.example\n" \
    "password-command = prints it\n"

__attribute__((unused)) static const char hello[] = "From: Alice <alice@demo.example>\r\nTo: robin@demo.example\r\nBcc: hidden@demo.example\r\nSubject: Hello\r\n"
                            "Message-ID: <one@demo.example>\r\nDate: Mon, 1 Jan 2024 10:00:00 +0000\r\n\r\nHello there.\r\n";

static inline int
setup_local(void **state)
{
    struct world *w = world_new("[sealpost]\nundo-seconds = 0\n" LOCAL_ONLY);
    *state = w;
    if (!w)
        return 0;
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){.protection = SP_PROTECTION_KEY_FILE}), SP_OK);
    return 0;
}

static inline int
setup_bare(void **state)
{
    *state = world_new(LOCAL_ONLY);
    return 0;
}

static inline int
setup_server(void **state)
{
    *state = world_new(WITH_SERVER);
    return 0;
}

static inline int
setup_condstore(void **state)
{
    struct world *w = world_new(WITH_SERVER);
    if (w)
        w->condstore = true;
    *state = w;
    return 0;
}

static inline int
teardown(void **state)
{
    if (*state)
        world_free(*state);
    return 0;
}

#define NEED(state)            \
    struct world *w = *(state); \
    if (!w)                     \
        skip()

static inline uint64_t
folder(struct world *w, enum sp_folder_role role, uint32_t account)
{
    assert_int_equal(world_ask(w, WM_TYPE_list_folders, &(struct wm_list_folders){.account = account}), SP_OK);
    const struct wm_folders *m = w->answer.msg;
    for (uint32_t i = 0; i < m->folders_n; i++)
        if (m->folders[i].role == role)
            return m->folders[i].id;
    return 0;
}

static const struct wm_index_rows *
page(struct world *w, uint64_t in)
{
    assert_int_equal(world_ask(w, WM_TYPE_index_page, &(struct wm_index_page){.folder = in, .where = SP_PAGE_NEWEST, .count = 50}), SP_OK);
    return w->answer.msg;
}

static inline uint64_t
wait_for_rows(struct world *w, uint64_t in, uint32_t n)
{
    for (int i = 0; i < 200; i++) {
        const struct wm_index_rows *rows = page(w, in);
        if (rows->rows_n >= n && rows->total == n)
            return rows->rows_n ? rows->rows[0].id : 0;
        world_pass(w, 25);
    }
    fail_msg("the folder has %u rows, not %u", page(w, in)->rows_n, n);
    return 0;
}

static inline void
submit(struct world *w, const char *message, const char *recipient)
{
    int fd = world_memfd(message);
    struct wr_text to = {.text = recipient};
    struct wm_submit m = {.recipients = &to, .recipients_n = 1, .sender = "robin@demo.example", .message = fd};
    assert_int_equal(world_ask(w, WM_TYPE_submit, &m), SP_OK);
    (void)close(fd);
}

__attribute__((unused)) static const char first_mail[] = "From: Bob <bob@work.example>\r\nTo: robin@work.example\r\nSubject: First\r\nMessage-ID: <w1@work.example>\r\n\r\nOne.\r\n";
__attribute__((unused)) static const char second_mail[] = "From: Eve <eve@work.example>\r\nTo: robin@work.example\r\nSubject: Second\r\nMessage-ID: <w2@work.example>\r\n\r\nTwo.\r\n";

static inline uint32_t
begin_work_without_sent(struct world *w)
{
    world_mail(w, "INBOX", first_mail);
    world_mail(w, "INBOX", second_mail);
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_list_accounts, &(struct wm_list_accounts){}), SP_OK);
    const struct wm_accounts *m = w->answer.msg;
    assert_int_equal(m->accounts_n, 2); /* and the local one */
    assert_string_equal(m->accounts[0].name, "work");
    return m->accounts[0].id;
}

static inline uint32_t
begin_work(struct world *w)
{
    uint32_t id = begin_work_without_sent(w);
    for (int i = 0; i < 200 && folder(w, SP_FOLDER_SENT, id) == 0; i++)
        world_pass(w, 20);
    return id;
}

static inline void
wait_idle(struct world *w)
{
    for (int i = 0; i < 200 && !w->idle_id; i++)
        world_pass(w, 20);
    assert_true(w->idle_id != 0);
}

static inline struct wr_draft
work_draft(struct world *w, uint32_t account)
{
    assert_int_equal(world_ask(w, WM_TYPE_new_draft, &(struct wm_new_draft){.account = account}), SP_OK);
    struct wr_draft d = ((const struct wm_draft_view *)w->answer.msg)->draft;
    d.to = "bob@work.example, eve@work.example";
    d.bcc = "boss@work.example";
    d.subject = "Report";
    d.body = "Text\n";
    return d;
}

#define LOCAL(t) cmocka_unit_test_setup_teardown(t, setup_local, teardown)
#define CONDSTORE(t) cmocka_unit_test_setup_teardown(t, setup_condstore, teardown)
#define SERVER(t) cmocka_unit_test_setup_teardown(t, setup_server, teardown)

#endif
