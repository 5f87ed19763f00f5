/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The message layer: what is sent arrives as it was; what is short, left over or lying is refused (S76). */
#include "unit.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/messages.h"

static struct wr_key
some_key(struct wr_identity *identities)
{
    identities[0] = (struct wr_identity){.name = "Ada", .address = "ada@example.test", .valid = 1};
    identities[1] = (struct wr_identity){.name = "", .address = "a@b.test", .revoked = 1};
    return (struct wr_key){.fingerprint = "0123", .identities = identities, .identities_n = 2, .created = -5, .trust = 3};
}

static void
round_trip(void **state)
{
    (void)state;
    struct wr_identity identities[2];
    struct wr_key key = some_key(identities), back;
    struct buf bytes = BUF_INIT;
    struct arena arena = ARENA_INIT;

    assert_int_equal(wire_encode(&wire_record_key, &key, &bytes), SP_OK);
    assert_int_equal(wire_decode(&wire_record_key, bytes.data, bytes.len, &arena, &back), SP_OK);
    assert_string_equal(back.fingerprint, "0123");
    assert_int_equal(back.identities_n, 2);
    assert_string_equal(back.identities[0].address, "ada@example.test");
    assert_int_equal(back.identities[1].revoked, 1);
    assert_true(back.created == -5);
    assert_string_equal(back.issuer, ""); /* NULL goes over as "" */
    buf_release(&bytes);
    arena_release(&arena);
}

/* Every shorter form is refused, and so is one byte more. */
static void
short_and_left_over(void **state)
{
    (void)state;
    struct wr_identity identities[2];
    struct wr_key key = some_key(identities), back;
    struct buf bytes = BUF_INIT;
    struct arena arena = ARENA_INIT;

    assert_int_equal(wire_encode(&wire_record_key, &key, &bytes), SP_OK);
    for (size_t len = 0; len < bytes.len; len++) {
        /* a copy of that length, so that the sanitizers see a read beyond it */
        char *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, bytes.data, len);
        assert_int_not_equal(wire_decode(&wire_record_key, copy, len, &arena, &back), SP_OK);
        free(copy);
        arena_clear(&arena);
    }
    buf_addc(&bytes, 0);
    assert_int_equal(wire_decode(&wire_record_key, bytes.data, bytes.len, &arena, &back), SP_LEFTOVER);
    buf_release(&bytes);
    arena_release(&arena);
}

static void
lying_counts(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct wr_text text;
    struct wm_keys keys;
    const struct wire_desc *desc = wire_message_desc(WM_TYPE_keys);
    uint32_t n = UINT32_MAX;

    assert_int_equal(wire_decode(&wire_record_text, &n, sizeof n, &arena, &text), SP_SHORT);
    assert_int_not_equal(wire_decode(desc, &n, sizeof n, &arena, &keys), SP_OK);
    n = WIRE_MAX_LIST;
    assert_int_not_equal(wire_decode(desc, &n, sizeof n, &arena, &keys), SP_OK);
    assert_true(arena.used < 4096);
    /* a NUL inside of a string */
    assert_int_equal(wire_decode(&wire_record_text, "\2\0\0\0a\0", 6, &arena, &text), SP_INVALID);
    arena_release(&arena);
}

static void
records_hold_no_descriptor(void **state)
{
    (void)state;
    struct wr_file file = {.fd = 1};
    struct buf bytes = BUF_INIT;
    assert_int_equal(wire_encode(&wire_record_file, &file, &bytes), SP_INVALID);
    buf_release(&bytes);
}

static void
unknown_message(void **state)
{
    (void)state;
    assert_null(wire_message_desc(0xFFFF));
}

struct pair {
    struct wire_conn *a, *b;
    struct arena arena;
};

static int
pair_up(void **state)
{
    struct pair *p = calloc(1, sizeof *p);
    int fds[2];
    if (!p || wire_pair(fds))
        return -1;
    p->a = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
    p->b = wire_conn_new(fds[1], NULL, NULL, NULL, NULL);
    *state = p;
    return p->a && p->b ? 0 : -1;
}

static int
pair_down(void **state)
{
    struct pair *p = *state;
    wire_conn_free(p->a);
    wire_conn_free(p->b);
    arena_release(&p->arena);
    free(p);
    return 0;
}

static void
descriptor_passes(void **state)
{
    struct pair *p = *state;
    struct wire_in in;
    int pipe_fds[2];
    char got[8];

    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    assert_int_equal(wire_send_parsed(p->a, 7, &(struct wm_parsed){.document = pipe_fds[0]}), SP_OK);
    assert_int_equal(wire_flush(p->a, 1000), SP_OK);
    (void)close(pipe_fds[0]); /* what was sent is a duplicate */
    assert_int_equal(wire_receive(p->b, 1000, &p->arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_parsed);
    assert_int_equal(in.id, 7);
    int fd = wire_take_fd(&((struct wm_parsed *)in.msg)->document);
    assert_true(fd > 0);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_int_equal(write(pipe_fds[1], "hello", 5), 5);
    assert_int_equal(read(fd, got, sizeof got), 5);
    wire_in_close(&in);
    (void)close(fd);
    (void)close(pipe_fds[1]);
}

static void
large_body_spills(void **state)
{
    struct pair *p = *state;
    struct wire_in in;
    size_t len = 3 * WIRE_MAX_INLINE;
    char *text = malloc(len + 1);

    assert_non_null(text);
    memset(text, 'x', len);
    text[len] = '\0';
    assert_int_equal(wire_send_state_value(p->a, 9, &(struct wm_state_value){.value = text}), SP_OK);
    assert_int_equal(wire_flush(p->a, 1000), SP_OK);
    assert_int_equal(wire_receive(p->b, 1000, &p->arena, &in), SP_OK);
    assert_string_equal(((struct wm_state_value *)in.msg)->value, text);
    wire_in_close(&in);
    free(text);
}

static void
order_is_kept(void **state)
{
    struct pair *p = *state;
    struct wire_in in;

    for (uint32_t i = 0; i < 500; i++)
        assert_int_equal(wire_send_ping(p->a, 0, &(struct wm_ping){.serial = i}), SP_OK);
    for (uint32_t i = 0; i < 500; i++) {
        /* the kernel's queue is shorter than 500 */
        enum sp_status st = wire_flush(p->a, 0);
        assert_true(st == SP_OK || st == SP_TIMEOUT);
        assert_int_equal(wire_receive(p->b, 1000, &p->arena, &in), SP_OK);
        assert_int_equal(((struct wm_ping *)in.msg)->serial, i);
    }
}

/* Whatever a peer sends that is no message closes the connection; nothing else happens. */
static void
nonsense_closes(void **state)
{
    (void)state;
    static const char *const packets[] = {"", "x", "xxxxxxxxxxxxxxx", "\377\377\377\377\377\377\377\377\377\377\377\377"};
    struct arena arena = ARENA_INIT;
    struct wire_in in;

    for (size_t i = 0; i < COUNT(packets); i++) {
        int fds[2];
        assert_int_equal(wire_pair(fds), SP_OK);
        struct wire_conn *c = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
        assert_non_null(c);
        assert_true(send(fds[1], packets[i], strlen(packets[i]), MSG_NOSIGNAL) >= 0);
        assert_int_not_equal(wire_receive(c, 1000, &arena, &in), SP_OK);
        assert_false(wire_conn_is_open(c));
        wire_conn_free(c);
        (void)close(fds[1]);
    }
    arena_release(&arena);
}

static void
silence_times_out(void **state)
{
    struct pair *p = *state;
    struct wire_in in;
    assert_int_equal(wire_receive(p->b, 10, &p->arena, &in), SP_TIMEOUT);
    assert_true(wire_conn_is_open(p->b));
    wire_conn_free(p->a);
    p->a = NULL;
    assert_int_equal(wire_receive(p->b, 1000, &p->arena, &in), SP_EOF);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(short_and_left_over),
        cmocka_unit_test(lying_counts),
        cmocka_unit_test(records_hold_no_descriptor),
        cmocka_unit_test(unknown_message),
        cmocka_unit_test_setup_teardown(descriptor_passes, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(large_body_spills, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(order_is_kept, pair_up, pair_down),
        cmocka_unit_test(nonsense_closes),
        cmocka_unit_test_setup_teardown(silence_times_out, pair_up, pair_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
