/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The one poll loop of a process: descriptors, timers, signals. No nesting. */
#ifndef SP_BASE_LOOP_H
#define SP_BASE_LOOP_H

#include <signal.h>
#include <stdint.h>

#include "status.h"

struct loop;
struct loop_io;
struct loop_timer;

typedef void loop_io_fn(struct loop *l, int fd, short revents, void *arg);
typedef void loop_timer_fn(struct loop *l, void *arg);
typedef void loop_signal_fn(struct loop *l, int signo, void *arg);

struct loop *loop_new(void);
void loop_free(struct loop *l);
/* Watches fd (borrowed) for POLLIN/POLLOUT as in events. The handle is owned by the loop; end it with loop_io_remove. */
struct loop_io *loop_io_add(struct loop *l, int fd, short events, loop_io_fn *fn, void *arg);
void loop_io_events(struct loop_io *io, short events);
/* Allowed at any time, also from inside handlers. */
void loop_io_remove(struct loop_io *io);
/* One-shot; the handle is gone once fn was called. after_ms >= 0, monotonic. */
struct loop_timer *loop_timer_add(struct loop *l, int64_t after_ms, loop_timer_fn *fn, void *arg);
void loop_timer_remove(struct loop_timer *t);
/* Delivers a signal in the loop (signalfd; the signal is blocked for the process, so children must unblock). */
enum sp_status loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg) SP_MUST_USE;
/* Runs until loop_stop. Returns the code given to loop_stop. */
int loop_run(struct loop *l);
void loop_stop(struct loop *l, int code);
/* One turn: waits at most timeout_ms (-1: until something happens) and dispatches. For the screen and for tests. */
void loop_turn(struct loop *l, int timeout_ms);
/* Monotonic milliseconds. */
int64_t loop_now_ms(void);

#endif
