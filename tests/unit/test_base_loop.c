/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The poll loop: watches and timers may be added and removed inside of handlers; signals arrive in the loop. */
#include "unit.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include "base/loop.h"

struct seen {
    struct loop_io *io[3];
    struct loop_timer *timer;
    int calls[3];
    char order[16];
    size_t order_n;
};

static void
on_timer_letter(struct seen *s, char letter)
{
    if (s->order_n < sizeof s->order - 1)
        s->order[s->order_n++] = letter;
}

static void
on_a(struct loop *l, void *arg)
{
    (void)l;
    on_timer_letter(arg, 'a');
}

static void
on_b(struct loop *l, void *arg)
{
    (void)l;
    on_timer_letter(arg, 'b');
}

static void
on_end(struct loop *l, void *arg)
{
    (void)arg;
    loop_stop(l, 7);
}

static void
timers_run_in_order(void **state)
{
    (void)state;
    struct seen s = {0};
    struct loop *l = loop_new();
    assert_non_null(l);
    assert_non_null(loop_timer_add(l, 30, on_end, &s));
    assert_non_null(loop_timer_add(l, 10, on_b, &s));
    assert_non_null(loop_timer_add(l, 0, on_a, &s));
    struct loop_timer *never = loop_timer_add(l, 5, on_b, &s);
    loop_timer_remove(never);
    int64_t before = loop_now_ms();
    assert_int_equal(loop_run(l), 7);
    assert_true(loop_now_ms() - before >= 29);
    assert_string_equal(s.order, "ab");
    loop_free(l);
}

static void
remove_itself(struct loop *l, void *arg)
{
    struct seen *s = arg;
    loop_timer_remove(s->timer);
    s->timer = loop_timer_add(l, 0, on_a, s);
}

static void
a_timer_may_remove_itself(void **state)
{
    (void)state;
    struct seen s = {0};
    struct loop *l = loop_new();
    s.timer = loop_timer_add(l, 0, remove_itself, &s);
    for (int i = 0; i < 3; i++)
        loop_turn(l, 10);
    assert_string_equal(s.order, "a");
    loop_free(l);
}

/* The first watch that is told takes the other away: the other must not be told any more. */
static void
take_others_away(struct loop *l, int fd, short revents, void *arg)
{
    struct seen *s = arg;
    (void)l;
    (void)fd;
    (void)revents;
    s->calls[0]++;
    for (int i = 0; i < 2; i++) {
        loop_io_remove(s->io[i]);
        s->io[i] = NULL;
    }
}

static void
watches_may_go_while_they_are_told(void **state)
{
    (void)state;
    struct seen s = {0};
    struct loop *l = loop_new();
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    s.io[0] = loop_io_add(l, p[0], POLLIN, take_others_away, &s);
    s.io[1] = loop_io_add(l, p[0], POLLIN, take_others_away, &s);
    loop_turn(l, 100);
    loop_turn(l, 0);
    assert_int_equal(s.calls[0], 1);
    loop_free(l);
    (void)close(p[0]);
    (void)close(p[1]);
}

static void
count_one(struct loop *l, int fd, short revents, void *arg)
{
    struct seen *s = arg;
    (void)l;
    (void)fd;
    (void)revents;
    s->calls[1]++;
}

static void
add_another(struct loop *l, int fd, short revents, void *arg)
{
    struct seen *s = arg;
    (void)revents;
    s->calls[0]++;
    if (!s->io[1])
        s->io[1] = loop_io_add(l, fd, POLLIN, count_one, s);
}

static void
a_new_watch_waits_for_the_next_turn(void **state)
{
    (void)state;
    struct seen s = {0};
    struct loop *l = loop_new();
    int p[2];
    assert_int_equal(pipe2(p, O_CLOEXEC), 0);
    assert_int_equal(write(p[1], "x", 1), 1);
    s.io[0] = loop_io_add(l, p[0], POLLIN, add_another, &s);
    loop_turn(l, 100);
    assert_int_equal(s.calls[0], 1);
    assert_int_equal(s.calls[1], 0);
    loop_turn(l, 100);
    assert_int_equal(s.calls[0], 2);
    assert_int_equal(s.calls[1], 1);
    loop_io_events(s.io[0], 0); /* told nothing any more */
    loop_turn(l, 100);
    assert_int_equal(s.calls[0], 2);
    loop_free(l);
    (void)close(p[0]);
    (void)close(p[1]);
}

static void
on_signal(struct loop *l, int signo, void *arg)
{
    int *got = arg;
    *got = signo;
    loop_stop(l, 0);
}

static void
signals_arrive_in_the_loop(void **state)
{
    (void)state;
    int got = 0;
    struct loop *l = loop_new();
    assert_int_equal(loop_signal(l, SIGUSR1, on_signal, &got), SP_OK);
    assert_int_equal(loop_signal(l, SIGUSR2, on_signal, &got), SP_OK);
    assert_int_equal(kill(getpid(), SIGUSR2), 0);
    assert_int_equal(loop_run(l), 0);
    assert_int_equal(got, SIGUSR2);
    loop_free(l);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(timers_run_in_order),
        cmocka_unit_test(a_timer_may_remove_itself),
        cmocka_unit_test(watches_may_go_while_they_are_told),
        cmocka_unit_test(a_new_watch_waits_for_the_next_turn),
        cmocka_unit_test(signals_arrive_in_the_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
