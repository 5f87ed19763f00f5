/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A store in a throwaway folder, for the tests of src/store. Include once per test program. */
#ifndef SP_TESTS_STORE_FIXTURE_H
#define SP_TESTS_STORE_FIXTURE_H

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "store/store.h"

struct fixture {
    char folder[128];
    struct secret key;
    struct store *s;
    struct arena a;
};

static inline void
fixture_open(struct fixture *f, bool want_lost)
{
    bool lost = !want_lost;
    assert_int_equal(store_open(f->folder, &f->key, NULL, &lost, &f->s), SP_OK);
    assert_int_equal(lost, want_lost);
}

static inline void
fixture_close(struct fixture *f)
{
    store_close(f->s);
    f->s = NULL;
}

static inline int
fixture_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    snprintf(f->folder, sizeof f->folder, "%s/sealpost-store-XXXXXX", tmp && strlen(tmp) < 90 ? tmp : "/tmp");
    assert_non_null(mkdtemp(f->folder));
    secret_init(&f->key);
    assert_int_equal(secret_random(&f->key, 48), SP_OK);
    arena_init(&f->a);
    fixture_open(f, false);
    *state = f;
    return 0;
}

static inline int
fixture_teardown(void **state)
{
    struct fixture *f = *state;
    store_close(f->s);
    DIR *d = opendir(f->folder);
    for (struct dirent *e; d && (e = readdir(d));)
        if (e->d_name[0] != '.')
            unlinkat(dirfd(d), e->d_name, 0);
    if (d)
        closedir(d);
    rmdir(f->folder);
    secret_release(&f->key);
    arena_release(&f->a);
    free(f);
    return 0;
}

static inline uint64_t
fixture_folder(struct fixture *f, const char *name, enum sp_folder_role role, bool local)
{
    struct store_folder folder = {.account = 1, .raw = name, .name = name, .role = role, .selectable = true, .local = local};
    assert_int_equal(store_folder_put(f->s, &folder), SP_OK);
    assert_true(folder.id != 0);
    return folder.id;
}

static inline uint64_t
fixture_message(struct fixture *f, uint64_t folder, uint32_t uid, int64_t sort, const char *message_id, const char *references)
{
    struct store_message m = {.folder = folder, .uid = uid, .sort = sort, .date = sort, .from_name = "Alice",
        .from_address = "alice@example.com", .to = "bob@example.com", .subject = "Hello", .message_id = message_id,
        .references = references, .size = 100};
    assert_int_equal(store_messages_add(f->s, &m, 1), SP_OK);
    assert_true(m.id != 0);
    return m.id;
}

#endif
