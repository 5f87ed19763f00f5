/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client of the engine: waiting for answers, events meanwhile, the engine's end, the door with its token. */
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/build_id.h"
#include "sealpost.h"

struct fixture {
    struct loop *loop;
    struct sp_client *client;
    struct wire_conn *engine; /* played by the test */
    int events, gone, finals;
    enum sp_status status;
    bool free_inside;
};

static void
on_event(struct sp_client *c, struct wire_in *event, struct arena *arena, void *arg)
{
    struct fixture *f = arg;
    (void)arena;
    assert_int_equal(event->type, WM_TYPE_event_index);
    f->events++;
    if (f->free_inside)
        sp_client_free(c);
}

static void
on_gone(struct sp_client *c, enum sp_status why, void *arg)
{
    struct fixture *f = arg;
    (void)c;
    f->gone++;
    f->status = why;
}

static void
on_reply(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct fixture *f = arg;
    (void)arena;
    assert_true(r->final);
    f->finals++;
    f->status = r->status;
    if (f->free_inside)
        sp_client_free(f->client);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int fds[2];
    if (!f || wire_pair(fds))
        return -1;
    f->loop = loop_new();
    f->client = sp_client_new(fds[0], f->loop, on_event, on_gone, f);
    f->engine = wire_conn_new(fds[1], NULL, NULL, NULL, NULL);
    *state = f;
    return f->client && f->engine ? 0 : -1;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    if (!f->free_inside)
        sp_client_free(f->client);
    wire_conn_free(f->engine);
    loop_free(f->loop);
    free(f);
    return 0;
}

static const struct wm_get_state question = {.name = "x"};

static void
ask_waits_through_events(void **state)
{
    struct fixture *f = *state;
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    /* the id of the first request is 1 */
    assert_int_equal(wire_send_event_index(f->engine, 0, &(struct wm_event_index){.folder = 3}), SP_OK);
    assert_int_equal(wire_send_progress(f->engine, 1, &(struct wm_progress){0}), SP_OK);
    assert_int_equal(wire_send_state_value(f->engine, 1, &(struct wm_state_value){.value = "y"}), SP_OK);
    assert_int_equal(sp_ask(f->client, WM_TYPE_get_state, &question, 1000, &a, &in, &text), SP_OK);
    assert_int_equal(in.type, WM_TYPE_state_value);
    assert_int_equal(f->events, 1);
    wire_in_close(&in);

    assert_int_equal(wire_reply_error(f->engine, 2, SP_PASSPHRASE_WRONG, "words"), SP_OK);
    assert_int_equal(sp_ask(f->client, WM_TYPE_get_state, &question, 1000, &a, &in, &text), SP_PASSPHRASE_WRONG);
    assert_string_equal(text, "words");
    arena_release(&a);
}

static void
ask_gives_up(void **state)
{
    struct fixture *f = *state;
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    assert_int_equal(sp_ask(f->client, WM_TYPE_get_state, &question, 20, &a, &in, &text), SP_TIMEOUT);
    wire_in_close(&in);
    assert_int_equal(wire_receive(f->engine, 100, &a, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_get_state);
    assert_int_equal(wire_receive(f->engine, 100, &a, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_cancel);
    wire_conn_free(f->engine);
    f->engine = NULL;
    assert_int_equal(sp_ask(f->client, WM_TYPE_get_state, &question, 1000, &a, &in, &text), SP_CRASHED);
    arena_release(&a);
}

static void
the_engines_end(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(sp_request(f->client, WM_TYPE_get_state, &question, on_reply, f), 0);
    wire_conn_free(f->engine);
    f->engine = NULL;
    loop_turn(f->loop, 1000);
    assert_int_equal(f->finals, 1);
    assert_int_equal(f->gone, 1);
    /* asking on does no harm */
    assert_int_equal(sp_request(f->client, WM_TYPE_get_state, &question, on_reply, f), 0);
    assert_int_equal(f->status, SP_UNAVAILABLE);
    sp_cancel(f->client, 1);
}

static void
freed_in_its_own_event(void **state)
{
    struct fixture *f = *state;
    f->free_inside = true;
    assert_int_equal(wire_send_event_index(f->engine, 0, &(struct wm_event_index){.folder = 3}), SP_OK);
    loop_turn(f->loop, 1000);
    assert_int_equal(f->events, 1);
}

static void
freed_when_the_engine_ends(void **state)
{
    struct fixture *f = *state;
    assert_int_not_equal(sp_request(f->client, WM_TYPE_get_state, &question, on_reply, f), 0);
    f->free_inside = true;
    wire_conn_free(f->engine);
    f->engine = NULL;
    loop_turn(f->loop, 1000);
    assert_int_equal(f->finals, 1);
    assert_int_equal(f->gone, 0);
}

/* ---- the door */

struct door {
    char folder[64];
    int listener;
    pthread_t thread;
    const char *build; /* what the engine answers; NULL: it closes */
    enum sp_status error;
    bool token_was_right;
};

static const unsigned char token[32] = "0123456789abcdef0123456789abcde";

static void *
play_engine(void *arg)
{
    struct door *d = arg;
    struct arena a = ARENA_INIT;
    struct wire_in in;
    int fd = accept(d->listener, NULL, NULL);
    if (fd < 0)
        return NULL;
    struct wire_conn *c = wire_conn_new(fd, NULL, NULL, NULL, NULL);
    if (wire_receive(c, 5000, &a, &in) == SP_OK && in.type == WM_TYPE_greet) {
        const struct wm_greet *g = in.msg;
        d->token_was_right = g->token.len == sizeof token && memcmp(g->token.data, token, sizeof token) == 0;
        if (d->error)
            (void)wire_reply_error(c, in.id, d->error, NULL);
        else if (d->build)
            (void)!wire_send_welcome(c, in.id, &(struct wm_welcome){.build = d->build, .pid = 42});
        (void)!wire_flush(c, 1000);
    }
    wire_conn_free(c);
    arena_release(&a);
    return NULL;
}

static void
write_token(const struct door *d, mode_t mode, size_t len)
{
    char path[96];
    (void)snprintf(path, sizeof path, "%s/token", d->folder);
    (void)unlink(path);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(write(fd, token, len), len);
    (void)close(fd);
}

static void
open_door(struct door *d)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    (void)snprintf(d->folder, sizeof d->folder, "/tmp/spc-XXXXXX");
    assert_non_null(mkdtemp(d->folder));
    (void)snprintf(a.sun_path, sizeof a.sun_path, "%s/engine.sock", d->folder);
    d->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(d->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(d->listener, 4), 0);
    write_token(d, 0600, sizeof token);
    assert_int_equal(pthread_create(&d->thread, NULL, play_engine, d), 0);
}

static void
close_door(struct door *d)
{
    char path[96];
    (void)shutdown(d->listener, SHUT_RDWR); /* wakes an accept that nobody came to */
    (void)pthread_join(d->thread, NULL);
    (void)close(d->listener);
    (void)snprintf(path, sizeof path, "%s/token", d->folder);
    (void)unlink(path);
    (void)snprintf(path, sizeof path, "%s/engine.sock", d->folder);
    (void)unlink(path);
    assert_int_equal(rmdir(d->folder), 0);
}

static enum sp_status
go_through(struct door *d)
{
    struct arena a = ARENA_INIT;
    struct wm_welcome welcome = {0};
    int fd;
    enum sp_status st = sp_connect(d->folder, "test", &fd, &welcome, &a);
    if (!st) {
        assert_int_equal(welcome.pid, 42);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        (void)close(fd);
    } else {
        assert_int_equal(fd, -1);
    }
    arena_release(&a);
    return st;
}

static void
door_opens_with_the_token(void **state)
{
    (void)state;
    struct door d = {.build = build_id()};
    open_door(&d);
    assert_int_equal(go_through(&d), SP_OK);
    close_door(&d);
    assert_true(d.token_was_right);
}

static void
door_refuses(void **state)
{
    (void)state;
    static const enum sp_status errors[] = {SP_UNSUPPORTED, SP_DENIED, SP_BUSY};
    for (size_t i = 0; i < COUNT(errors); i++) {
        struct door d = {.error = errors[i]};
        open_door(&d);
        assert_int_equal(go_through(&d), errors[i]);
        close_door(&d);
    }
    struct door silent = {.build = NULL}; /* closes: it is just ending */
    open_door(&silent);
    assert_int_equal(go_through(&silent), SP_BUSY);
    close_door(&silent);
}

/* A token that others can read proves nothing; half a token is being written. */
static void
the_token_must_be_private(void **state)
{
    (void)state;
    struct door d = {.build = build_id()};
    open_door(&d);
    write_token(&d, 0644, sizeof token);
    assert_int_equal(go_through(&d), SP_DENIED);
    close_door(&d);
    struct door half = {.build = build_id()};
    open_door(&half);
    write_token(&half, 0600, 7);
    assert_int_equal(go_through(&half), SP_NOT_FOUND);
    close_door(&half);
}

static void
no_door(void **state)
{
    (void)state;
    struct arena a = ARENA_INIT;
    int fd;
    assert_int_equal(sp_connect("/nonexistent", "test", &fd, NULL, &a), SP_NOT_FOUND);
    char path[200];
    memset(path, 'x', sizeof path - 1);
    path[0] = '/';
    path[sizeof path - 1] = '\0';
    assert_int_equal(sp_connect(path, "test", &fd, NULL, &a), SP_TOO_LARGE);
    arena_release(&a);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(ask_waits_through_events, set_up, tear_down),
        cmocka_unit_test_setup_teardown(ask_gives_up, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_engines_end, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freed_in_its_own_event, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freed_when_the_engine_ends, set_up, tear_down),
        cmocka_unit_test(door_opens_with_the_token),
        cmocka_unit_test(door_refuses),
        cmocka_unit_test(the_token_must_be_private),
        cmocka_unit_test(no_door),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
