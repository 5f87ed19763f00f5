/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diagnostics. */
#include "log.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool enabled;            /* set once by log_init */
static const char *role_name = "sealpost";

void
log_init(const char *role)
{
    role_name = role;
    enabled = getenv("SEALPOST_LOG") != NULL;
}

void
log_line(const char *fmt, ...)
{
    char text[1024], line[4200];
    va_list ap;
    int at;

    if (!enabled)
        return;
    va_start(ap, fmt);
    (void)vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    at = snprintf(line, 64, "%.20s[%d]: ", role_name, (int)getpid());
    for (const char *p = text; *p && at < (int)sizeof line - 8; p++) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c >= 0x7F)
            at += snprintf(line + at, 8, "\\x%02x", c);
        else
            line[at++] = (char)c;
    }
    line[at++] = '\n';
    ssize_t n = write(STDERR_FILENO, line, (size_t)at);
    (void)n;
}
