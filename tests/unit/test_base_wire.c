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

/* A count that the bytes behind it cannot hold is refused before memory is taken for it. */
static void
counts_are_bounded_by_what_was_sent(void **state)
{
    (void)state;
    enum { SENT = 1000000 };
    struct arena arena = ARENA_INIT;
    struct wm_keys keys;
    const struct wire_desc *desc = wire_message_desc(WM_TYPE_keys);
    uint32_t n = SENT - 4;
    char *bytes = calloc(1, SENT);

    assert_non_null(bytes);
    memcpy(bytes, &n, sizeof n);
    assert_int_equal(wire_decode(desc, bytes, SENT, &arena, &keys), SP_SHORT);
    assert_true(arena.used < 4096);
    /* as many as could be there: zeros are the shortest keys */
    n = (SENT - 4) / 47;
    memcpy(bytes, &n, sizeof n);
    assert_int_not_equal(wire_decode(desc, bytes, SENT, &arena, &keys), SP_NOMEM);
    assert_true(arena.used < 5 * (size_t)SENT);
    free(bytes);
    arena_release(&arena);
}

/* The shortest encoding of every record is not longer than what an empty one takes, and empty ones arrive in lists. */
static void
empty_elements_arrive(void **state)
{
    (void)state;
    struct arena arena = ARENA_INIT;
    struct buf bytes = BUF_INIT;
    struct wr_key keys[3] = {{0}};
    struct wr_header_block blocks[2] = {{0}};
    struct wm_keys sent = {.keys = keys, .keys_n = 3}, got;
    struct wm_parse_headers headers = {.blocks = blocks, .blocks_n = 2}, got_headers;

    assert_int_equal(wire_encode(wire_message_desc(WM_TYPE_keys), &sent, &bytes), SP_OK);
    assert_int_equal(wire_decode(wire_message_desc(WM_TYPE_keys), bytes.data, bytes.len, &arena, &got), SP_OK);
    assert_int_equal(got.keys_n, 3);
    assert_string_equal(got.keys[2].issuer, "");
    buf_clear(&bytes);
    assert_int_equal(wire_encode(wire_message_desc(WM_TYPE_parse_headers), &headers, &bytes), SP_OK);
    assert_int_equal(wire_decode(wire_message_desc(WM_TYPE_parse_headers), bytes.data, bytes.len, &arena, &got_headers), SP_OK);
    assert_int_equal(got_headers.blocks_n, 2);
    assert_non_null(got_headers.blocks[1].bytes.data);
    buf_release(&bytes);
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

/* A peer that reads nothing costs a bounded amount of memory and descriptors: then it is cut off. */
static void
a_peer_that_does_not_read_is_cut_off(void **state)
{
    struct pair *p = *state;
    struct wire_in in;
    enum sp_status st = SP_OK;
    uint32_t sent = 0;

    while (st == SP_OK && sent < 2 * WIRE_MAX_WAITING)
        st = wire_send_ping(p->a, 0, &(struct wm_ping){.serial = sent++});
    assert_int_equal(st, SP_DISCONNECTED);
    assert_true(sent >= WIRE_MAX_WAITING && sent < 2 * WIRE_MAX_WAITING);
    /* what had left already still arrives, in order; then comes the end, on both sides */
    uint32_t got = 0;
    while ((st = wire_receive(p->b, 1000, &p->arena, &in)) == SP_OK)
        assert_int_equal(((struct wm_ping *)in.msg)->serial, got++);
    assert_int_equal(st, SP_EOF);
    assert_true(got > 0);
    assert_int_equal(wire_receive(p->a, 1000, &p->arena, &in), SP_EOF);
}

static void
waiting_descriptors_are_bounded(void **state)
{
    struct pair *p = *state;
    enum sp_status st = SP_OK;
    int pipe_fds[2];
    unsigned n = 0;

    assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
    while (st == SP_OK && n < 5000) {
        st = wire_send_parsed(p->a, 1, &(struct wm_parsed){.document = pipe_fds[0]});
        n++;
    }
    assert_int_equal(st, SP_DISCONNECTED);
    int fd = dup(0); /* there are descriptors left for others */
    assert_true(fd >= 0);
    (void)close(fd);
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

/* Descriptors that belong to no field, and fields without their descriptor. */
static void
descriptors_must_match(void **state)
{
    (void)state;
    struct {
        uint16_t magic, type, flags, n_fds;
        uint32_t id, body_len;
        unsigned char present;
    } __attribute__((packed)) packet = {.magic = 0x5350, .type = WM_TYPE_parsed, .n_fds = 0, .id = 1, .body_len = 1, .present = 1};
    struct arena arena = ARENA_INIT;
    struct wire_in in;

    for (int with_fd = 0; with_fd < 2; with_fd++) {
        union {
            struct cmsghdr align;
            char room[CMSG_SPACE(sizeof(int))];
        } control = {0};
        struct iovec iov = {&packet, sizeof packet};
        struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};
        int fds[2];
        assert_int_equal(wire_pair(fds), SP_OK);
        if (with_fd) {
            m.msg_control = control.room;
            m.msg_controllen = sizeof control.room;
            struct cmsghdr *cm = CMSG_FIRSTHDR(&m);
            cm->cmsg_level = SOL_SOCKET;
            cm->cmsg_type = SCM_RIGHTS;
            cm->cmsg_len = CMSG_LEN(sizeof(int));
            memcpy(CMSG_DATA(cm), &fds[1], sizeof(int));
            packet.n_fds = 1;
            packet.present = 0;
        }
        assert_true(sendmsg(fds[1], &m, MSG_NOSIGNAL) > 0);
        struct wire_conn *c = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
        assert_non_null(c);
        assert_int_not_equal(wire_receive(c, 1000, &arena, &in), SP_OK);
        wire_conn_free(c);
        (void)close(fds[1]);
    }
    arena_release(&arena);
}

static void
error_status_is_never_ok(void **state)
{
    (void)state;
    assert_int_equal(wire_error_status(&(struct wm_reply_error){.status = 0}), SP_INTERNAL);
    assert_int_equal(wire_error_status(&(struct wm_reply_error){.status = 65535}), SP_INTERNAL);
    assert_int_equal(wire_error_status(&(struct wm_reply_error){.status = SP_LOCKED}), SP_LOCKED);
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
        cmocka_unit_test(counts_are_bounded_by_what_was_sent),
        cmocka_unit_test(empty_elements_arrive),
        cmocka_unit_test(error_status_is_never_ok),
        cmocka_unit_test(descriptors_must_match),
        cmocka_unit_test_setup_teardown(a_peer_that_does_not_read_is_cut_off, pair_up, pair_down),
        cmocka_unit_test_setup_teardown(waiting_descriptors_are_bounded, pair_up, pair_down),
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
