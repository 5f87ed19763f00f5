/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Pings: counted, not timed, so that a machine that slept does not kill healthy roles. */
#include <signal.h>

#include "base/log.h"
#include "base/messages.h"
#include "supervisor.h"

#define WATCHDOG_EVERY_MS 2000
#define WATCHDOG_MISSES 5

static void
on_tick(struct loop *l, void *arg)
{
    struct supervisor *s = arg;
    if (!s->stopping && place_renew(s))
        roles_open_door(s);
    for (size_t i = 0; i < s->slots_n; i++) {
        struct slot *slot = &s->slots[i];
        if (!slot->control || !slot->pid)
            continue;
        if (slot->unanswered >= WATCHDOG_MISSES) {
            log_line("process %d does not answer", (int)slot->pid);
            (void)kill(-slot->pid, SIGKILL);
            continue;
        }
        slot->unanswered++;
        (void)wire_send_ping(slot->control, 0, &(struct wm_ping){.serial = ++slot->serial});
    }
    if (!loop_timer_add(l, WATCHDOG_EVERY_MS, on_tick, s))
        log_line("no memory for the watchdog");
}

void
watchdog_start(struct supervisor *s)
{
    if (!loop_timer_add(s->loop, WATCHDOG_EVERY_MS, on_tick, s))
        log_line("no memory for the watchdog");
}
