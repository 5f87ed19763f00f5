/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests in flight: exactly one final reply each, whatever the peer does. */
#include "unit.h"

#include <stdlib.h>
#include <string.h>

#include "base/call.h"
#include "base/loop.h"
#include "base/messages.h"

struct side {
    struct loop *loop;
    struct wire_conn *conn, *peer; /* the peer has no loop: the test plays it */
    struct calls *calls;
    int finals, others, events;
    enum sp_status status;
    uint16_t type;
};

static void
on_reply(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct side *s = arg;
    (void)arena;
    s->status = r->status;
    s->type = r->in ? r->in->type : 0;
    if (r->final)
        s->finals++;
    else
        s->others++;
}

static void
on_message(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct side *s = arg;
    (void)c;
    if (!calls_dispatch(s->calls, in, arena))
        s->events++;
}

static int
set_up(void **state)
{
    struct side *s = calloc(1, sizeof *s);
    int fds[2];
    if (!s || wire_pair(fds))
        return -1;
    s->loop = loop_new();
    s->conn = wire_conn_new(fds[0], s->loop, on_message, NULL, s);
    s->peer = wire_conn_new(fds[1], NULL, NULL, NULL, NULL);
    s->calls = calls_new(s->conn, s->loop);
    *state = s;
    return s->calls ? 0 : -1;
}

static int
tear_down(void **state)
{
    struct side *s = *state;
    calls_free(s->calls, SP_CANCELLED);
    wire_conn_free(s->conn);
    wire_conn_free(s->peer);
    loop_free(s->loop);
    free(s);
    return 0;
}

static void
turns(struct side *s, int n)
{
    for (int i = 0; i < n; i++)
        loop_turn(s->loop, 20);
}

static uint32_t
ask(struct side *s, int64_t timeout_ms)
{
    return call_start(s->calls, WM_TYPE_get_state, &(struct wm_get_state){.name = "x"}, timeout_ms, on_reply, s);
}

static void
one_final_reply(void **state)
{
    struct side *s = *state;
    uint32_t id = ask(s, -1);
    assert_int_not_equal(id, 0);
    assert_int_equal(wire_send_progress(s->peer, id, &(struct wm_progress){.done = 1, .total = 2}), SP_OK);
    assert_int_equal(wire_send_state_value(s->peer, id, &(struct wm_state_value){.value = "y"}), SP_OK);
    assert_int_equal(wire_send_state_value(s->peer, id, &(struct wm_state_value){.value = "again"}), SP_OK);
    turns(s, 2);
    assert_int_equal(s->others, 1);
    assert_int_equal(s->finals, 1);
    assert_int_equal(s->status, SP_OK);
    assert_int_equal(s->type, WM_TYPE_state_value);
    assert_int_equal(calls_pending(s->calls), 0);
    assert_int_equal(s->events, 0); /* the second one is late, no event */
}

static void
an_error_reply_carries_its_status(void **state)
{
    struct side *s = *state;
    uint32_t id = ask(s, -1);
    assert_int_equal(wire_reply_error(s->peer, id, SP_LOCKED, "words"), SP_OK);
    turns(s, 1);
    assert_int_equal(s->status, SP_LOCKED);
    id = ask(s, -1);
    assert_int_equal(wire_reply_error(s->peer, id, SP_OK, NULL), SP_OK); /* a lie */
    turns(s, 1);
    assert_int_equal(s->status, SP_INTERNAL);
    assert_int_equal(s->finals, 2);
}

/* Both sides count from 1: the peer's request with our id is the peer's request. */
static void
a_request_of_the_peer_is_no_answer(void **state)
{
    struct side *s = *state;
    uint32_t id = ask(s, -1);
    assert_int_equal(wire_send_ask_passphrase(s->peer, id, &(struct wm_ask_passphrase){.user_id = "u"}), SP_OK);
    assert_int_equal(wire_send_progress(s->peer, 0, &(struct wm_progress){0}), SP_OK);
    turns(s, 1);
    assert_int_equal(s->events, 2);
    assert_int_equal(s->others + s->finals, 0);
    assert_int_equal(calls_pending(s->calls), 1);
}

static void
a_deadline_cancels_and_the_late_reply_is_dropped(void **state)
{
    struct side *s = *state;
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    uint32_t id = ask(s, 10);
    while (!s->finals)
        loop_turn(s->loop, 100);
    assert_int_equal(s->status, SP_TIMEOUT);
    assert_int_equal(wire_receive(s->peer, 100, &arena, &in), SP_OK);
    assert_int_equal(wire_receive(s->peer, 100, &arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_cancel);
    assert_int_equal(((struct wm_cancel *)in.msg)->id, id);
    assert_int_equal(wire_send_progress(s->peer, id, &(struct wm_progress){0}), SP_OK);
    assert_int_equal(wire_send_state_value(s->peer, id, &(struct wm_state_value){.value = "late"}), SP_OK);
    turns(s, 1);
    assert_int_equal(s->finals, 1);
    assert_int_equal(s->events, 0);
    arena_release(&arena);
}

static void
the_end_of_the_peer_ends_all(void **state)
{
    struct side *s = *state;
    (void)ask(s, -1);
    (void)ask(s, 60000);
    calls_free(s->calls, SP_CRASHED);
    s->calls = NULL;
    assert_int_equal(s->finals, 2);
    assert_int_equal(s->status, SP_CRASHED);
    /* what is asked after the end is answered at once */
    assert_int_equal(ask(s, -1), 0);
    assert_int_equal(s->finals, 3);
    assert_int_equal(s->status, SP_UNAVAILABLE);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(one_final_reply, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_error_reply_carries_its_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_request_of_the_peer_is_no_answer, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_deadline_cancels_and_the_late_reply_is_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_the_peer_ends_all, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
