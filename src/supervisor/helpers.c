/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Programs that roles may not start themselves: password commands (argv from the user's configuration, no shell) and the launch
   of gpg-agent, which must run outside the filter of keys or it stays crippled for the user's other programs. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/messages.h"
#include "supervisor.h"

#define HELPER_MS 60000
#define MAX_HELPERS 72 /* at once: every account's password command (64 at most) and some more; a role that asks for more has gone mad */

struct helper {
    struct helper *next;
    struct supervisor *owner;
    pid_t pid;
    struct slot *asker; /* NULL: nobody waits for its end */
    uint32_t id;
    struct loop_timer *deadline;
};

static void
on_deadline(struct loop *l, void *arg)
{
    struct helper *h = arg;
    (void)l;
    h->deadline = NULL;
    (void)kill(-h->pid, SIGKILL);
}

/* Keeps track of a started program. asker NULL: its end interests nobody. */
static void
remember(struct supervisor *s, pid_t pid, struct slot *asker, uint32_t id)
{
    struct helper *h = calloc(1, sizeof *h);
    if (!h) {
        (void)kill(-pid, SIGKILL);
        if (asker)
            (void)wire_reply_error(asker->control, id, SP_NOMEM, NULL);
        return;
    }
    *h = (struct helper){.next = s->helpers, .owner = s, .pid = pid, .asker = asker, .id = id};
    h->deadline = loop_timer_add(s->loop, HELPER_MS, on_deadline, h);
    s->helpers = h;
}

static bool
too_many(const struct supervisor *s)
{
    size_t n = 0;
    for (const struct helper *h = s->helpers; h; h = h->next)
        n++;
    return n >= MAX_HELPERS;
}

void
helpers_password_command(struct slot *asker, uint32_t id, const char *account)
{
    struct supervisor *s = asker->owner;
    struct arena a = ARENA_INIT;
    struct config *config;
    struct config_error *errors;
    size_t errors_n;
    int p[2] = {-1, -1};
    pid_t pid = 0;

    /* Read anew each time: the file may have changed since the start. */
    enum sp_status st = too_many(s) ? SP_BUSY : config_load(s->paths.config_file, &a, &config, &errors, &errors_n);
    const struct config_account *found = st ? NULL : config_account(config, account);
    if (!st && (!found || !found->password_command || !found->password_command[0]))
        st = SP_NOT_FOUND;
    if (!st && pipe2(p, O_CLOEXEC) != 0)
        st = SP_IO;
    if (!st) {
        pid = process_start(&(struct process){.program = found->password_command[0], .argv = found->password_command, .control_fd = -1, .stdout_fd = p[1]});
        st = pid ? SP_OK : SP_IO;
    }
    if (pid)
        remember(s, pid, NULL, 0);
    if (st)
        (void)wire_reply_error(asker->control, id, st, NULL);
    else if (wire_send_command_output(asker->control, id, &(struct wm_command_output){.pipe = p[0]}) != SP_OK)
        log_line("cannot answer the engine");
    if (p[0] >= 0) {
        (void)close(p[0]);
        (void)close(p[1]);
    }
    arena_release(&a);
}

void
helpers_launch_agent(struct slot *asker, uint32_t id)
{
    static const char *const argv[] = {"gpgconf", "--launch", "gpg-agent", NULL};
    pid_t pid = too_many(asker->owner) ? 0 : process_start(&(struct process){.program = "gpgconf", .argv = argv, .control_fd = -1, .stdout_fd = -1});
    if (pid)
        remember(asker->owner, pid, asker, id);
    else
        (void)wire_reply_error(asker->control, id, SP_UNAVAILABLE, NULL);
}

void
helpers_end_pinentry(uint32_t pid)
{
    char path[64], name[32] = "";
    (void)snprintf(path, sizeof path, "/proc/%u/comm", pid);
    FILE *f = pid > 1 && pid <= INT32_MAX ? fopen(path, "re") : NULL;
    if (!f)
        return;
    /* What asks is confined, for good reasons: nothing else may be ended this way. */
    if (fgets(name, sizeof name, f) && strncmp(name, "pinentry", 8) == 0)
        (void)kill((pid_t)pid, SIGTERM);
    (void)fclose(f);
}

void
helpers_child_ended(struct supervisor *s, pid_t pid, int status)
{
    struct helper **p = &s->helpers;
    while (*p && (*p)->pid != pid)
        p = &(*p)->next;
    struct helper *h = *p;
    if (!h)
        return;
    *p = h->next;
    loop_timer_remove(h->deadline);
    bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (h->asker && h->asker->control)
        (void)(good ? wire_reply_done(h->asker->control, h->id) : wire_reply_error(h->asker->control, h->id, SP_UNAVAILABLE, NULL));
    free(h);
}

void
helpers_end(struct supervisor *s)
{
    while (s->helpers) {
        struct helper *h = s->helpers;
        s->helpers = h->next;
        (void)kill(-h->pid, SIGKILL);
        loop_timer_remove(h->deadline);
        free(h);
    }
}

void
helpers_forget(struct supervisor *s, const struct slot *asker)
{
    for (struct helper *h = s->helpers; h; h = h->next)
        if (h->asker == asker)
            h->asker = NULL;
}
