/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Steps that tests of the engine in its made-up world have in common. Include after engine_world.h. */
#ifndef SP_TEST_ENGINE_STEPS_H
#define SP_TEST_ENGINE_STEPS_H

#include "engine_world.h"

#define WITH_SERVER                                                                                                      \
    "[sealpost]\nundo-seconds = 0\n"                                                                                     \
    "[account work]\nname = Robin\naddress = robin@work.example\nimap = imaps://imap.work.example\nsmtp = smtps://smtp.work.example\n" \
    "password-command = prints it\n"

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

static inline const struct wm_index_rows *
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

static const char first_mail[] = "From: Bob <bob@work.example>\r\nTo: robin@work.example\r\nSubject: First\r\nMessage-ID: <w1@work.example>\r\n\r\nOne.\r\n";
static const char second_mail[] = "From: Eve <eve@work.example>\r\nTo: robin@work.example\r\nSubject: Second\r\nMessage-ID: <w2@work.example>\r\n\r\nTwo.\r\n";

static inline uint32_t
begin_work(struct world *w)
{
    world_mail(w, "INBOX", first_mail);
    world_mail(w, "INBOX", second_mail);
    assert_int_equal(world_enter(w), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_create_profile, &(struct wm_create_profile){0}), SP_OK);
    assert_int_equal(world_ask(w, WM_TYPE_list_accounts, &(struct wm_list_accounts){}), SP_OK);
    const struct wm_accounts *m = w->answer.msg;
    assert_int_equal(m->accounts_n, 2); /* and the local one */
    assert_string_equal(m->accounts[0].name, "work");
    uint32_t id = m->accounts[0].id;
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

/* How often a word stands in the folder on the server. */
static inline int
count_on_server(struct world *w, size_t in, const char *word)
{
    int n = 0;
    for (size_t i = 0; i < w->folders[in].n; i++)
        n += strstr(w->folders[in].mails[i].bytes, word) != NULL;
    return n;
}

#endif
