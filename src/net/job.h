/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Requests of the engine, copied out of the wire's memory so that a thread can work on them. */
#ifndef SP_NET_JOB_H
#define SP_NET_JOB_H

#include "worker.h"

enum job_where { JOB_NOWHERE, JOB_SESSION, JOB_SMTP };
/* What runs a message type; *session for JOB_SESSION. JOB_NOWHERE: no request for net. */
enum job_where job_place(const struct wire_in *in, uint8_t *session);
/* A job with a deep copy of the message; takes its descriptor and password. NULL when memory ran out. */
struct job *job_new(struct wire_in *in, uint32_t generation);
void job_free(struct job *job);

#endif
