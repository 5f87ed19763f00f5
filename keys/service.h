/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The keys role's requests: who may ask what, which process does it, who keeps the store's key. */
#ifndef SP_KEYS_SERVICE_H
#define SP_KEYS_SERVICE_H

#include "base/call.h"
#include "base/loop.h"
#include "keys.h"

struct service;

/* All borrowed until service_free. control: requests to the supervisor. home "" = no profile. */
struct service_config {
    struct loop *loop;
    struct wire_conn *control;
    const char *home, *store_dir, *gnupg_home, *agent_socket;
};

struct service *service_new(const struct service_config *config);
void service_free(struct service *s);
/* A new engine; the old connection and its operations end. fd is taken. */
void service_engine(struct service *s, int fd);
/* Replies of the supervisor. */
void service_control(struct service *s, struct wire_in *in, struct arena *arena);

#endif
