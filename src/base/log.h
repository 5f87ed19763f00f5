/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Diagnostics to standard error, one line per call, control characters escaped. Never mail, never secrets (S64). */
#ifndef SP_BASE_LOG_H
#define SP_BASE_LOG_H

/* Lines appear only when SEALPOST_LOG is set in the environment at start; the role's name leads each line. */
void log_init(const char *role);
void log_line(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
