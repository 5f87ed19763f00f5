/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Starting programs with nothing inherited that was not named. */
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include "supervisor.h"

/* In the child, between fork and exec. */
static _Noreturn void
become(const struct process *p)
{
    sigset_t none;
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
    static const int ignored[] = {SIGPIPE, SIGHUP, SIGINT, SIGQUIT}; /* by the stub or by us; that would be inherited */
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        (void)signal(ignored[i], SIG_DFL);
    (void)setpgid(0, 0);
    int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(p->stdout_fd >= 0 ? p->stdout_fd : null, STDOUT_FILENO) < 0)
        _exit(127);
    int keep = 3;
    if (p->control_fd >= 0) {
        /* dup2 of a descriptor onto itself would leave close-on-exec set */
        int copy = fcntl(p->control_fd, F_DUPFD, 10);
        if (copy < 0 || dup2(copy, 3) < 0)
            _exit(127);
        keep = 4;
    }
    if (close_range((unsigned)keep, UINT32_MAX, 0) != 0)
        _exit(127);
    (void)execvp(p->program, (char *const *)(uintptr_t)p->argv);
    _exit(127);
}

pid_t
process_start(const struct process *p)
{
    pid_t pid = fork();
    if (pid == 0)
        become(p);
    return pid < 0 ? 0 : pid;
}
