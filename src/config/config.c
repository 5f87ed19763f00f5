/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading the configuration file: lines, sections, the option table, checks over whole accounts. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "suggest.h"
#include "value.h"

#define MAX_FILE ((size_t)1048576)
#define MAX_ACCOUNTS 64
#define MAX_ERRORS 20
#define MAX_LINES 512

struct option {
    const char *key;
    enum value_kind kind;
    size_t offset;
};

#define GLOBAL(key, kind, member, help)
#define ACCOUNT(key, kind, member, help) {key, VALUE_##kind, offsetof(struct config_account, member)},
static const struct option account_options[] = {
#include "options.def"
};
#undef GLOBAL
#undef ACCOUNT
#define ACCOUNT(key, kind, member, help)
#define GLOBAL(key, kind, member, help) {key, VALUE_##kind, offsetof(struct config, member)},
static const struct option global_options[] = {
#include "options.def"
};
#undef GLOBAL
#undef ACCOUNT
#define COUNT(a) (sizeof(a) / sizeof *(a))

enum section { SECTION_NONE, SECTION_GLOBAL, SECTION_ACCOUNT, SECTION_OPENERS, SECTION_KEYS, SECTION_UNKNOWN };

struct reader {
    const char *path;
    unsigned line;
    struct arena *arena;
    struct config *config;
    enum section section;
    struct config_account *account;
    unsigned account_lines[MAX_ACCOUNTS];
    uint64_t seen, seen_global;  /* options that had a value already: bits in the order of the table */
    const char **openers, **keys;
    size_t openers_n, keys_n;
    struct config_error *errors;
    size_t errors_n;
    bool no_memory;
};

static void
report(struct reader *r, const char *what, const char *key, const char *value, const char *expected, const char *nearest)
{
    if (r->errors_n == MAX_ERRORS)
        return;
    struct config_error *e = &r->errors[r->errors_n++];
    *e = (struct config_error){r->path, r->line, what, arena_strdup(r->arena, key), arena_strdup(r->arena, value), expected, nearest};
    if (!e->key || !e->value)
        r->no_memory = true;
}

static const char *const no_strings[] = {NULL};

static char *
trim(char *text)
{
    text += strspn(text, " \t\r");
    size_t n = strlen(text);
    while (n && strchr(" \t\r", text[n - 1]))
        text[--n] = '\0';
    return text;
}

static void
new_account(struct reader *r, const char *name)
{
    struct config *c = r->config;
    if (!*name) {
        report(r, "missing-name", "account", "", "[account NAME]", "");
        r->section = SECTION_UNKNOWN;
        return;
    }
    if (config_account(c, name)) {
        report(r, "duplicate-account", "account", name, "another name", "");
        r->section = SECTION_UNKNOWN;
        return;
    }
    if (c->accounts_n == MAX_ACCOUNTS) {
        report(r, "too-many-accounts", "account", name, "at most 64 accounts", "");
        r->section = SECTION_UNKNOWN;
        return;
    }
    struct config_account *a = &c->accounts[c->accounts_n++];
    *a = (struct config_account){.id = (uint32_t)c->accounts_n, .name = arena_strdup(r->arena, name), .kind = SP_ACCOUNT_IMAP,
                                 .display_name = "", .address = "", .aliases = no_strings, .ca_file = "", .sent = "", .drafts = "",
                                 .trash = "", .archive = "", .junk = "", .authserv = no_strings, .watch = no_strings, .poll_minutes = 5, .timeout_seconds = 60,
                                  .compress = true, .protocol = SP_PROTOCOL_OPENPGP};
    a->imap = a->smtp = (struct config_server){.host = "", .user = ""};
    r->account_lines[c->accounts_n - 1] = r->line;
    r->account = a;
    r->seen = 0;
    r->section = SECTION_ACCOUNT;
    if (!a->name)
        r->no_memory = true;
}

static void
read_section(struct reader *r, char *text)
{
    static const char *const known[] = {"sealpost", "account", "openers", "keys"};
    char *end = strchr(text, ']');
    if (!end || end[1 + strspn(end + 1, " \t")]) {
        report(r, "syntax", text, "", "[section]", "");
        r->section = SECTION_UNKNOWN;
        return;
    }
    *end = '\0';
    char *name = trim(text + 1);
    if (strncmp(name, "account", 7) == 0 && (name[7] == ' ' || name[7] == '\t' || !name[7])) {
        new_account(r, name + 7 + strspn(name + 7, " \t"));
    } else if (strcmp(name, "sealpost") == 0) {
        r->section = SECTION_GLOBAL;
    } else if (strcmp(name, "openers") == 0) {
        r->section = SECTION_OPENERS;
    } else if (strcmp(name, "keys") == 0) {
        r->section = SECTION_KEYS;
    } else {
        report(r, "unknown-section", name, "", "[sealpost], [account NAME], [openers] or [keys]", suggest(name, known, COUNT(known)));
        r->section = SECTION_UNKNOWN;
    }
}

_Static_assert(COUNT(account_options) <= 64 && COUNT(global_options) <= 64, "the bits of reader.seen");

static void
read_option(struct reader *r, const struct option *options, size_t n, void *base, uint64_t *seen, const char *key, const char *value)
{
    const char *names[COUNT(account_options) + COUNT(global_options)];
    for (size_t i = 0; i < n; i++) {
        names[i] = options[i].key;
        if (strcmp(key, options[i].key) != 0)
            continue;
        if (*seen & (uint64_t)1 << i)
            report(r, "duplicate-key", key, value, "each key once", "");
        *seen |= (uint64_t)1 << i;
        if (!value_parse(options[i].kind, value, (char *)base + options[i].offset, r->arena))
            report(r, "bad-value", key, value, value_expected(options[i].kind), "");
        return;
    }
    report(r, "unknown-key", key, value, "", suggest(key, names, n));
}

static void
read_line_list(struct reader *r, const char **lines, size_t *n, const char *key, const char *value)
{
    if (*n == MAX_LINES - 1) {
        report(r, "too-many-lines", key, value, "at most 511 lines", "");
        return;
    }
    lines[(*n)++] = arena_printf(r->arena, "%s=%s", key, value);
}

static void
read_line(struct reader *r, char *text)
{
    for (const char *p = text; *p; p++) {
        if (((unsigned char)*p < ' ' && *p != '\t' && *p != '\r') || *p == 0x7F) {
            report(r, "syntax", "", "", "text without control characters", "");
            return;
        }
    }
    text = trim(text);
    if (!*text || *text == '#' || *text == ';')
        return;
    if (*text == '[') {
        read_section(r, text);
        return;
    }
    char *equals = strchr(text, '=');
    if (!equals || equals == text) {
        report(r, "syntax", text, "", "key = value", "");
        return;
    }
    *equals = '\0';
    const char *key = trim(text), *value = trim(equals + 1);
    switch (r->section) {
    case SECTION_GLOBAL: read_option(r, global_options, COUNT(global_options), r->config, &r->seen_global, key, value); break;
    case SECTION_ACCOUNT: read_option(r, account_options, COUNT(account_options), r->account, &r->seen, key, value); break;
    case SECTION_OPENERS: read_line_list(r, r->openers, &r->openers_n, key, value); break;
    case SECTION_KEYS: read_line_list(r, r->keys, &r->keys_n, key, value); break;
    case SECTION_NONE: report(r, "no-section", key, value, "[sealpost] or [account NAME] before it", ""); break;
    case SECTION_UNKNOWN: break; /* its head was reported */
    }
}

static void
check_account(struct reader *r, struct config_account *a)
{
    if (!*a->address)
        report(r, "missing-key", "address", "", value_expected(VALUE_ADDRESS), "");
    if (a->kind == SP_ACCOUNT_IMAP && !*a->imap.host)
        report(r, "missing-key", "imap", "", value_expected(VALUE_IMAP), "");
    if (!*a->imap.user)
        a->imap.user = a->address;
    if (!*a->smtp.user)
        a->smtp.user = a->address;
}

/* The file names programs to run, so nobody else may be able to write it. */
static bool
is_ours_alone(int fd)
{
    struct stat s;
    return fstat(fd, &s) == 0 && (s.st_uid == geteuid() || s.st_uid == 0) && !(s.st_mode & S_IWOTH);
}

static void
read_lines(struct reader *r, char *text)
{
    if (text && strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3; /* a byte order mark that some editors put there */
    for (char *line = text ? strsep(&text, "\n") : NULL; line; line = strsep(&text, "\n")) {
        r->line++;
        read_line(r, line);
    }
    for (size_t i = 0; i < r->config->accounts_n; i++) {
        r->line = r->account_lines[i];
        check_account(r, &r->config->accounts[i]);
    }
}

static enum sp_status
read_file(struct reader *r)
{
    struct buf text = BUF_INIT;
    int fd = open(r->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ENOENT)
            return SP_OK;
        report(r, "unreadable", "", "", strerror(errno), "");
        return SP_CONFIG;
    }
    bool safe = is_ours_alone(fd);
    enum sp_status st = buf_read_fd(&text, fd, MAX_FILE);
    (void)close(fd);
    if (!safe) {
        report(r, "unsafe", "", "", "a file of yours that no other user can write", "");
    } else if (st) {
        report(r, "unreadable", "", "", "a text file of at most 1 MiB", "");
    } else if (strlen(buf_str(&text)) != text.len) {
        report(r, "unreadable", "", "", "a text file without NUL bytes", "");
    } else {
        read_lines(r, text.data);
    }
    buf_release(&text);
    return r->no_memory ? SP_NOMEM : r->errors_n ? SP_CONFIG : SP_OK;
}

enum sp_status
config_load(const char *path, struct arena *arena, struct config **out, struct config_error **errors, size_t *errors_n)
{
    struct reader r = {.path = path, .arena = arena};
    struct config *c = arena_alloc(arena, sizeof *c);
    r.errors = arena_array(arena, MAX_ERRORS, sizeof *r.errors);
    r.openers = arena_array(arena, MAX_LINES, sizeof *r.openers);
    r.keys = arena_array(arena, MAX_LINES, sizeof *r.keys);
    if (c)
        *c = (struct config){.editor = "", .theme = "dark", .download_folder = "", .undo_seconds = 5, .lock_minutes = CONFIG_LOCK_UNSET, .cache_size = 1024,
                             .index_decrypted = true, .gnupg_home = "",
                             .openers = r.openers, .keys = r.keys, .accounts = arena_array(arena, MAX_ACCOUNTS, sizeof *c->accounts)};
    if (!c || !r.errors || !r.openers || !r.keys || !c->accounts)
        return SP_NOMEM;
    r.config = c;
    enum sp_status st = read_file(&r);
    *out = c;
    *errors = r.errors;
    *errors_n = r.errors_n;
    return st;
}

const struct config_account *
config_account(const struct config *c, const char *name)
{
    for (size_t i = 0; i < c->accounts_n; i++)
        if (strcmp(c->accounts[i].name, name) == 0 || strcasecmp(c->accounts[i].address, name) == 0)
            return &c->accounts[i];
    return NULL;
}
