/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The accounts of the configuration, and the local one that is there when none is configured; what state each is in. */
#ifndef SP_ENGINE_ACCOUNTS_H
#define SP_ENGINE_ACCOUNTS_H

#include "credentials.h"
#include "engine.h"
#include "session.h"

struct sync;

struct account {
    struct account *next;
    struct engine *engine;
    const struct config_account *config; /* borrowed from the configuration */
    const char *ca_pem;                  /* further anchors of its ca-file, "" = none */
    uint32_t id;                         /* the store's; what clients see */
    enum sp_account_state state;
    enum sp_status status;               /* why it failed */
    char *server_text;                   /* owned */
    bool wanted;                         /* the person wants it online */
    struct session sessions[SESSIONS];
    struct credentials credentials;
    struct sync *sync;                   /* owned; NULL for local accounts */
    struct peek *peek;                   /* owned; NULL: none at the moment */
    struct job *changes;                 /* many local changes on their way; NULL: few or none */
    uint64_t changes_total;
    struct loop_timer *retry;
    unsigned failures;                   /* in a row */
    uint64_t pin_question;
    char *pin_name, *pin_sha256;         /* what is asked about; owned */
};

struct accounts {
    struct engine *engine;
    struct account *first;               /* in the order of the configuration; empty while the store is locked */
    const struct config_account **configs; /* the configured ones, and the local one that is always there */
    const char **ca_pem;                 /* of each */
    size_t n;
    struct loop_timer *clock;            /* looks whether the machine slept */
    int64_t slept, ticked;               /* milliseconds */
    uint64_t looked_at;                  /* folder of the last page that a client asked for */
    int64_t looked;
};

/* Reads the accounts' CA files: before the process is confined. */
struct accounts *accounts_new(struct engine *e);
void accounts_free(struct accounts *a);
/* What a net role says without having been asked, and its end. index: the account's id in the configuration. */
void accounts_net_event(struct engine *e, unsigned index, struct wire_in *in);
void accounts_net_lost(struct engine *e, unsigned index);
void accounts_opened(struct engine *e);
void accounts_closing(struct engine *e);

/* A client looks at that folder: its news come before others. */
void accounts_look(struct engine *e, uint64_t folder);

/* By the store's id; NULL. */
struct account *account_by_id(struct engine *e, uint32_t id);
/* The account whose own address (or alias) that is, ignoring case; NULL. */
struct account *account_by_address(struct engine *e, const char *address);
bool account_owns(const struct account *a, const char *address);
/* The given one, or the first. NULL when there is none. */
struct account *account_or_first(struct engine *e, uint32_t id);

/* Changes the state and tells the clients. text: a server's words or NULL. */
void account_set_state(struct account *a, enum sp_account_state state, enum sp_status status, const char *text);
/* The connection could not be made or was lost: decides whether and when to try again. */
void account_failed(struct account *a, enum sp_status status, const char *text);
/* How long to wait after so many failures in a row (the last one not counted), in milliseconds. chance: any number. */
int64_t account_pause(unsigned failures, uint32_t chance);
/* The certificate was refused; nothing was sent. Asks whether to pin exactly this one. */
void account_tls_refused(struct account *a, const struct config_server *server, const struct wm_tls_refused *m);
/* The answer to a request or another event made a new attempt worth while. */
void account_try_now(struct account *a);
/* Everything went well for once. */
void account_online(struct account *a);
/* The server entry for net, in the arena. */
void account_server(struct account *a, const struct config_server *s, struct arena *arena, struct wr_server *out);

#endif
