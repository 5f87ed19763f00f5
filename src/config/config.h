/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The user's configuration file (INI): options from one table (options.def), accounts, clear errors with file and line. */
#ifndef SP_CONFIG_CONFIG_H
#define SP_CONFIG_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/types.h"

#define CONFIG_LOCK_UNSET UINT32_MAX

struct config_server {
    enum sp_transport transport;  /* imaps:// smtps:// | imap+starttls:// smtp+starttls:// | imap+insecure:// smtp+insecure:// */
    const char *host;             /* "" = not configured */
    uint16_t port;
    const char *user;             /* default: the account's address */
};

struct config_account {
    uint32_t id;                  /* 1, 2, ... in the order of the file */
    const char *name;
    enum sp_account_kind kind;
    const char *display_name, *address;
    const char *const *aliases;   /* further own addresses; NULL-terminated, never NULL itself */
    struct config_server imap, smtp;
    const char *const *password_command; /* argv, NULL-terminated; NULL = none */
    const char *ca_file;          /* "" = the system's anchors only */
    enum sp_protocol protocol;    /* preferred when writing */
    bool compress;                /* the connection to the IMAP server, where it offers that */
    bool sign, encrypt;           /* defaults when writing; encrypt: when every recipient has a key */
    const char *sent, *drafts, *trash, *archive, *junk; /* folder names; "" = found by SPECIAL-USE */
    uint32_t timeout_seconds;     /* a server that is silent so long while it should speak is lost */
    const char *const *authserv;  /* trusted authserv-ids */
    const char *const *watch;     /* folders beside the inbox whose news are waited for */
    uint32_t poll_minutes;
};

struct config {
    struct config_account *accounts;
    size_t accounts_n;
    const char *editor;           /* "" = $VISUAL, $EDITOR, else the built-in one; split into words, no shell */
    bool pinentry;                /* hand the terminal to pinentry instead of our own prompt */
    const char *theme;
    bool ascii;                   /* no symbols beyond ASCII */
    const char *download_folder;
    uint32_t undo_seconds;
    uint32_t lock_minutes; /* CONFIG_LOCK_UNSET: not in the file */
    bool index_decrypted;         /* the text of decrypted messages is searched as well */
    uint32_t cache_size;          /* MiB of bodies, 0 = no limit */
    const char *gnupg_home;       /* "" = GnuPG's own */
    const char *const *openers;   /* "type=argv words" lines */
    const char *const *keys;      /* "key=action" lines */
};

/* One mistake: file, line (1-based, 0 = whole file), what was wrong and expected, the nearest known key ("" = none). */
struct config_error {
    const char *file;
    unsigned line;
    const char *what;             /* stable id: "unknown-key", "duplicate-key", "bad-value", "missing-key", "missing-name", "no-section",
                                     "unknown-section", "duplicate-account", "too-many-accounts", "too-many-lines", "syntax", "unreadable",
                                     "unsafe" */
    const char *key, *value, *expected, *nearest;
};

/* Reads the file; everything in the arena. A missing file is an empty configuration (SP_OK). SP_CONFIG with all errors listed,
   SP_IO, SP_NOMEM. */
enum sp_status config_load(const char *path, struct arena *arena, struct config **out, struct config_error **errors, size_t *errors_n) SP_MUST_USE;
/* The account with that name or address, NULL when there is none. */
const struct config_account *config_account(const struct config *c, const char *name);

/* Where things are. SEALPOST_HOME (absolute) replaces all XDG folders by one. SP_NOT_FOUND when neither it nor
   HOME is set. All in the arena. */
struct config_paths {
    const char *config_file;      /* $SEALPOST_HOME/config, else $XDG_CONFIG_HOME/sealpost/config */
    const char *home;             /* the profile: $SEALPOST_HOME/data, else $XDG_DATA_HOME/sealpost; holds store/, keys/, lock */
    const char *runtime;          /* 0700, socket and token: $SEALPOST_HOME/run, else $XDG_RUNTIME_DIR/sealpost-HASH, else
                                     /tmp/sealpost-UID-HASH. HASH is of the two paths above: each profile has an engine of its own */
};
enum sp_status config_find_paths(struct arena *arena, struct config_paths *out) SP_MUST_USE;

#endif
