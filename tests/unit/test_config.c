/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The configuration file: every kind of option, every mistake with its file, line, key, expectation and nearest key; where files are. */
#include "unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "config/config.h"
#include "config/suggest.h"

struct fixture {
    char folder[64], path[96];
    struct arena arena;
    struct config *config;
    struct config_error *errors;
    size_t n;
};

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    assert_non_null(f);
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/spc-XXXXXX");
    assert_non_null(mkdtemp(f->folder));
    (void)snprintf(f->path, sizeof f->path, "%s/config", f->folder);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    (void)unlink(f->path);
    assert_int_equal(rmdir(f->folder), 0);
    arena_release(&f->arena);
    free(f);
    return 0;
}

static enum sp_status
load_bytes(struct fixture *f, const char *text, size_t len)
{
    FILE *file = fopen(f->path, "we");
    assert_non_null(file);
    assert_int_equal(fwrite(text, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(chmod(f->path, 0600), 0);
    arena_clear(&f->arena);
    return config_load(f->path, &f->arena, &f->config, &f->errors, &f->n);
}

static enum sp_status
load(struct fixture *f, const char *text)
{
    return load_bytes(f, text, strlen(text));
}

/* An account with this one more line. */
static enum sp_status
load_account(struct fixture *f, const char *line)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "[account a]\naddress = a@x.test\nimap = imaps://h.test\n%s\n", line);
    return load(f, text);
}

static enum sp_status
load_global(struct fixture *f, const char *line)
{
    char text[1024];
    (void)snprintf(text, sizeof text, "[sealpost]\n%s\n", line);
    return load(f, text);
}

static void
assert_words(const char *const *words, size_t n, ...)
{
    va_list ap;
    va_start(ap, n);
    for (size_t i = 0; i < n; i++) {
        assert_non_null(words[i]);
        assert_string_equal(words[i], va_arg(ap, const char *));
    }
    va_end(ap);
    assert_null(words[n]);
}

static void
nothing_there(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(config_load(f->path, &f->arena, &f->config, &f->errors, &f->n), SP_OK);
    assert_int_equal(f->n, 0);
    assert_int_equal(f->config->accounts_n, 0);
    assert_int_equal(f->config->undo_seconds, 5);
    assert_string_equal(f->config->theme, "dark");
    assert_null(f->config->openers[0]);
    assert_int_equal(load(f, ""), SP_OK);
    assert_int_equal(load(f, "\n# a comment\n  ; another\n\r\n"), SP_OK);
}

static void
a_whole_file(void **state)
{
    struct fixture *f = *state;
    (void)setenv("HOME", "/home/ada", 1);
    assert_int_equal(load(f, "\xEF\xBB\xBF[sealpost]\r\n"
                             "editor=vi -c 'set tw=72'\n"
                             "pinentry = Yes\n"
                             "theme = mono\n"
                             "ascii = on\n"
                             "download-folder = ~/Downloads\n"
                             "undo-seconds = 0\n"
                             "lock-minutes = 30\n"
                             "gnupg-home = /srv/gnupg\n"
                             "[ account   work ]\n"
                             "name = Ada \xC3\x85ngstr\xC3\xB6m\n"
                             "address = ada@x.test\n"
                             "aliases = ada@y.test, a.l@x.test,b@x.test\n"
                             "imap = imaps://imap.x.test\n"
                             "smtp = smtp+starttls://ada@x.test@smtp.x.test:2525\n"
                             "password-command = pass show \"my mail\" 'two words'\n"
                             "ca-file = /etc/ca.pem\n"
                             "protocol = smime\n"
                             "sign = yes\n"
                             "timeout-seconds = 7\n"
                             "encrypt = no\n"
                             "sent = Sent Items\n"
                             "drafts = D\ntrash = T\narchive = A\njunk = J\n"
                             "authserv = mx.x.test,mx2.x.test\n"
                             "[account own]\nkind = local\naddress = me@home.test\n"
                             "[openers]\nimage/* = feh --\n* = xdg-open\n"
                             "[keys]\nj = next-message\n"),
                     SP_OK);
    const struct config *c = f->config;
    assert_string_equal(c->editor, "vi -c 'set tw=72'");
    assert_true(c->pinentry && c->ascii);
    assert_string_equal(c->theme, "mono");
    assert_string_equal(c->download_folder, "/home/ada/Downloads");
    assert_int_equal(c->undo_seconds, 0);
    assert_int_equal(c->lock_minutes, 30);
    assert_string_equal(c->gnupg_home, "/srv/gnupg");
    assert_int_equal(c->accounts_n, 2);
    const struct config_account *a = &c->accounts[0];
    assert_int_equal(a->id, 1);
    assert_string_equal(a->name, "work");
    assert_int_equal(a->kind, SP_ACCOUNT_IMAP);
    assert_int_equal(a->timeout_seconds, 7);
    assert_int_equal(c->accounts[1].timeout_seconds, 60);
    assert_string_equal(a->display_name, "Ada \xC3\x85ngstr\xC3\xB6m");
    assert_words(a->aliases, 3, "ada@y.test", "a.l@x.test", "b@x.test");
    assert_string_equal(a->imap.host, "imap.x.test");
    assert_int_equal(a->imap.port, 993);
    assert_int_equal(a->imap.transport, SP_TRANSPORT_TLS);
    assert_string_equal(a->imap.user, "ada@x.test"); /* the address */
    assert_string_equal(a->smtp.user, "ada@x.test");
    assert_string_equal(a->smtp.host, "smtp.x.test");
    assert_int_equal(a->smtp.port, 2525);
    assert_int_equal(a->smtp.transport, SP_TRANSPORT_STARTTLS);
    assert_words(a->password_command, 4, "pass", "show", "my mail", "two words");
    assert_string_equal(a->ca_file, "/etc/ca.pem");
    assert_int_equal(a->protocol, SP_PROTOCOL_SMIME);
    assert_true(a->sign && !a->encrypt);
    assert_string_equal(a->sent, "Sent Items");
    assert_words(a->authserv, 2, "mx.x.test", "mx2.x.test");
    assert_int_equal(c->accounts[1].kind, SP_ACCOUNT_LOCAL);
    assert_words(c->openers, 2, "image/*=feh --", "*=xdg-open");
    assert_words(c->keys, 1, "j=next-message");
    assert_ptr_equal(config_account(c, "work"), a);
    assert_ptr_equal(config_account(c, "ADA@x.test"), a);
    assert_null(config_account(c, "nobody"));
}

static void
servers(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *line, *host, *user;
        enum sp_transport transport;
        uint16_t port;
    } good[] = {
        {"smtp = smtps://h.test", "h.test", "a@x.test", SP_TRANSPORT_TLS, 465},
        {"smtp = smtp+starttls://h.test", "h.test", "a@x.test", SP_TRANSPORT_STARTTLS, 587},
        {"smtp = smtp+insecure://h.test:25", "h.test", "a@x.test", SP_TRANSPORT_INSECURE, 25},
        {"smtp = smtps://u@h.test:1", "h.test", "u", SP_TRANSPORT_TLS, 1},
        {"smtp = smtps://u@d.test@h.test", "h.test", "u@d.test", SP_TRANSPORT_TLS, 465},
        {"smtp = smtps://[::1]:4650", "::1", "a@x.test", SP_TRANSPORT_TLS, 4650},
        {"smtp = smtps://127.0.0.1", "127.0.0.1", "a@x.test", SP_TRANSPORT_TLS, 465},
    };
    static const char *const bad[] = {
        "h.test", "smtp://h.test", "https://h.test", "imaps://h.test", "smtps://", "smtps://u@", "smtps://h.test:0", "smtps://h.test:65536",
        "smtps://h.test:x", "smtps://h.test: 25", "smtps://h.test:+25", "smtps://h.test/", "smtps://h .test", "smtps://[::1", "smtps://[::1]x",
        "smtps://user:secret@h.test", "smtps://h\xC2\x85.test", "smtps://h.test:25:26", "smtps://a\\b", "SMTPS://h.test",
    };
    for (size_t i = 0; i < COUNT(good); i++) {
        assert_int_equal(load_account(f, good[i].line), SP_OK);
        const struct config_server *s = &f->config->accounts[0].smtp;
        assert_string_equal(s->host, good[i].host);
        assert_string_equal(s->user, good[i].user);
        assert_int_equal(s->transport, good[i].transport);
        assert_int_equal(s->port, good[i].port);
    }
    for (size_t i = 0; i < COUNT(bad); i++) {
        char line[128];
        (void)snprintf(line, sizeof line, "smtp = %s", bad[i]);
        assert_int_equal(load_account(f, line), SP_CONFIG);
        assert_int_equal(f->n, 1);
        assert_string_equal(f->errors[0].what, "bad-value");
        assert_string_equal(f->errors[0].key, "smtp");
        assert_non_null(strstr(f->errors[0].expected, "smtps://HOST"));
    }
}

static void
bad_values(void **state)
{
    struct fixture *f = *state;
    static const struct {
        bool account;
        const char *line, *key, *expected;
    } cases[] = {
        {true, "kind = pop3", "kind", "imap or local"},
        {true, "protocol = pgp", "protocol", "openpgp or smime"},
        {true, "sign = maybe", "sign", "yes or no"},
        {true, "aliases = a@x.test, nobody", "aliases", "mail addresses"},
        {true, "ca-file = ca.pem", "ca-file", "starts with /"},
        {true, "ca-file =", "ca-file", "a path"},
        {true, "password-command = pass 'open", "password-command", "quotes must be closed"},
        {true, "password-command =", "password-command", "a command"},
        {true, "password-command = '' x", "password-command", "a command"},
        {false, "theme = blue", "theme", "dark, light or mono"},
        {true, "timeout-seconds = 0", "timeout-seconds", "1 to 3600"},
        {false, "undo-seconds = 121", "undo-seconds", "0 to 120"},
        {false, "undo-seconds = -1", "undo-seconds", "0 to 120"},
        {false, "undo-seconds = 5s", "undo-seconds", "0 to 120"},
        {false, "lock-minutes = 99999999999999999999", "lock-minutes", "minutes"},
        {false, "lock-minutes =", "lock-minutes", "minutes"},
        {false, "ascii = 2", "ascii", "yes or no"},
        {false, "gnupg-home = ~other/gnupg", "gnupg-home", "starts with /"},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        assert_int_equal(cases[i].account ? load_account(f, cases[i].line) : load_global(f, cases[i].line), SP_CONFIG);
        assert_int_equal(f->n, 1);
        assert_string_equal(f->errors[0].what, "bad-value");
        assert_string_equal(f->errors[0].file, f->path);
        assert_int_equal(f->errors[0].line, cases[i].account ? 4 : 2);
        assert_string_equal(f->errors[0].key, cases[i].key);
        assert_non_null(strstr(f->errors[0].expected, cases[i].expected));
    }
}

static void
addresses(void **state)
{
    struct fixture *f = *state;
    static const char *const bad[] = {"ada", "@x.test", "ada@", "a@b@c", "a b@x.test", "a@x.test\r", "<a@x.test>", "a@x.test,b@x.test",
                                      "a\xC2\x9B@x.test", "a\xFF@x.test", "a\xC2\xA0@x.test"};
    char text[128];
    for (size_t i = 0; i < COUNT(bad); i++) {
        if (strchr(bad[i], '\r'))
            continue; /* a CR at the end is the line's */
        (void)snprintf(text, sizeof text, "[account a]\nkind = local\naddress = %s\n", bad[i]);
        assert_int_equal(load(f, text), SP_CONFIG);
        assert_string_equal(f->errors[0].what, "bad-value");
        assert_int_equal(f->errors[0].line, 3);
    }
    (void)snprintf(text, sizeof text, "[account a]\nkind = local\naddress = %s\n", "j\xC3\xB6rg@b\xC3\xBC""cher.test");
    assert_int_equal(load(f, text), SP_OK);
}

struct mistake {
    const char *text;
    unsigned line;
    const char *what, *key, *value, *nearest;
};

static void
mistakes(void **state)
{
    struct fixture *f = *state;
    static const struct mistake cases[] = {
        {"[sealpost]\nthem = dark\n", 2, "unknown-key", "them", "dark", "theme"},
        {"[sealpost]\nTheme = dark\n", 2, "unknown-key", "Theme", "dark", "theme"},
        {"[sealpost]\nundo-second = 5\n", 2, "unknown-key", "undo-second", "5", "undo-seconds"},
        {"[sealpost]\nzzzzzz = 5\n", 2, "unknown-key", "zzzzzz", "5", ""},
        {"[sealpost]\nimap = imaps://h\n", 2, "unknown-key", "imap", "imaps://h", ""}, /* another section's */
        {"[sealpost]\ntheme = dark\ntheme = mono\n", 3, "duplicate-key", "theme", "mono", ""},
        {"[sealpost]\ntheme = dark\n[sealpost]\ntheme = dark\n", 4, "duplicate-key", "theme", "dark", ""},
        {"theme = dark\n", 1, "no-section", "theme", "dark", ""},
        {"[sealpsot]\nx = y\n", 1, "unknown-section", "sealpsot", "", "sealpost"},
        {"[accounts]\nx = y\n", 1, "unknown-section", "accounts", "", "account"},
        {"[account]\n", 1, "missing-name", "account", "", ""},
        {"[account ]\nx = y\n", 1, "missing-name", "account", "", ""},
        {"\n\n[account a]\nkind = local\n", 3, "missing-key", "address", "", ""},
        {"[account a]\naddress = a@x.test\n", 1, "missing-key", "imap", "", ""},
        {"[account a]\nkind=local\naddress=a@x.test\n[account a]\nkind=local\naddress=b@x.test\n", 4, "duplicate-account", "account", "a", ""},
        {"[sealpost\n", 1, "syntax", "[sealpost", "", ""},
        {"[sealpost] x\n", 1, "syntax", "[sealpost] x", "", ""},
        {"[sealpost]\ntheme\n", 2, "syntax", "theme", "", ""},
        {"[sealpost]\n= dark\n", 2, "syntax", "= dark", "", ""},
        {"[sealpost]\neditor = \033[2J\n", 2, "syntax", "", "", ""},
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        const struct mistake *m = &cases[i];
        assert_int_equal(load(f, m->text), SP_CONFIG);
        if (f->n != 1)
            fail_msg("case %zu: %zu mistakes", i, f->n);
        const struct config_error *e = &f->errors[0];
        assert_string_equal(e->file, f->path);
        assert_string_equal(e->what, m->what);
        assert_int_equal(e->line, m->line);
        assert_string_equal(e->key, m->key);
        assert_string_equal(e->value, m->value);
        assert_string_equal(e->nearest, m->nearest);
    }
}

/* All mistakes are told at once, to a bound. */
static void
many_mistakes(void **state)
{
    struct fixture *f = *state;
    struct buf text = BUF_INIT;
    assert_int_equal(load(f, "x\n[sealpost]\nthem = dark\nascii = 7\n[account a]\nkind = lokal\n"), SP_CONFIG);
    assert_int_equal(f->n, 6);
    assert_int_equal(f->errors[3].line, 6);
    assert_string_equal(f->errors[4].key, "address");
    buf_adds(&text, "[sealpost]\n");
    for (int i = 0; i < 1000; i++)
        buf_addf(&text, "key%d = x\n", i);
    assert_int_equal(load(f, buf_str(&text)), SP_CONFIG);
    assert_int_equal(f->n, 20);
    buf_clear(&text);
    for (int i = 0; i < 65; i++)
        buf_addf(&text, "[account a%d]\nkind = local\naddress = a%d@x.test\n", i, i);
    assert_int_equal(load(f, buf_str(&text)), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "too-many-accounts");
    assert_int_equal(f->config->accounts_n, 64);
    buf_clear(&text);
    buf_adds(&text, "[keys]\n");
    for (int i = 0; i < 600; i++)
        buf_adds(&text, "j = next\n");
    assert_int_equal(load(f, buf_str(&text)), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "too-many-lines");
    buf_release(&text);
}

static void
files_that_cannot_be_read(void **state)
{
    struct fixture *f = *state;
    assert_int_equal(load_bytes(f, "[sealpost]\n\0x", 13), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "unreadable");
    char *large = calloc(1, 1048577);
    assert_non_null(large);
    memset(large, '\n', 1048577);
    assert_int_equal(load_bytes(f, large, 1048577), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "unreadable");
    free(large);
    assert_int_equal(load(f, ""), SP_OK);
    assert_int_equal(chmod(f->path, 0646), 0);
    assert_int_equal(config_load(f->path, &f->arena, &f->config, &f->errors, &f->n), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "unsafe");
    assert_int_equal(unlink(f->path), 0);
    assert_int_equal(mkdir(f->path, 0700), 0);
    assert_int_equal(config_load(f->path, &f->arena, &f->config, &f->errors, &f->n), SP_CONFIG);
    assert_string_equal(f->errors[0].what, "unreadable");
    assert_int_equal(rmdir(f->path), 0);
    if (geteuid() == 0) {
        assert_int_equal(load(f, ""), SP_OK);
        assert_int_equal(chown(f->path, 12345, 12345), 0);
        assert_int_equal(config_load(f->path, &f->arena, &f->config, &f->errors, &f->n), SP_CONFIG);
        assert_string_equal(f->errors[0].what, "unsafe");
    }
}

/* Whatever is in the file, reading it ends with an answer. */
static void
garbage(void **state)
{
    struct fixture *f = *state;
    unsigned seed = 7;
    for (int round = 0; round < 300; round++) {
        static const char letters[] = "[]=#;\n\n\r \t'\"a@x:/-,account\xC3\xFF";
        char text[257];
        for (size_t i = 0; i < sizeof text - 1; i++) {
            seed = seed * 1103515245u + 12345u;
            text[i] = letters[(seed >> 16) % (sizeof letters - 1)];
        }
        text[sizeof text - 1] = '\0';
        enum sp_status st = load(f, text);
        assert_true(st == SP_OK || st == SP_CONFIG);
    }
}

static void
suggestions(void **state)
{
    (void)state;
    static const char *const words[] = {"address", "aliases", "imap", "smtp"};
    assert_string_equal(suggest("adress", words, 4), "address");
    assert_string_equal(suggest("ampi", words, 4), "");
    assert_string_equal(suggest("iamp", words, 4), "imap"); /* swapped neighbours are one */
    assert_string_equal(suggest("stmp", words, 4), "smtp");
    assert_string_equal(suggest("", words, 4), "");
    assert_string_equal(suggest("a-word-that-is-far-longer-than-any-of-the-keys", words, 4), "");
    assert_string_equal(suggest("x", words, 0), "");
}

static void
without_environment(void)
{
    static const char *const names[] = {"SEALPOST_HOME", "HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_RUNTIME_DIR"};
    for (size_t i = 0; i < COUNT(names); i++)
        (void)unsetenv(names[i]);
}

static void
paths(void **state)
{
    struct fixture *f = *state;
    struct config_paths p, q;
    char expected[128];
    without_environment();
    assert_int_equal(config_find_paths(&f->arena, &p), SP_NOT_FOUND);
    (void)setenv("SEALPOST_HOME", "relative", 1);
    assert_int_equal(config_find_paths(&f->arena, &p), SP_NOT_FOUND);
    (void)setenv("SEALPOST_HOME", "/all", 1);
    (void)setenv("HOME", "/home/ada", 1);
    (void)setenv("XDG_DATA_HOME", "/elsewhere", 1);
    assert_int_equal(config_find_paths(&f->arena, &p), SP_OK);
    assert_string_equal(p.config_file, "/all/config");
    assert_string_equal(p.home, "/all/data");
    assert_string_equal(p.runtime, "/all/run");

    without_environment();
    (void)setenv("HOME", "/home/ada", 1);
    assert_int_equal(config_find_paths(&f->arena, &p), SP_OK);
    assert_string_equal(p.config_file, "/home/ada/.config/sealpost/config");
    assert_string_equal(p.home, "/home/ada/.local/share/sealpost");
    (void)snprintf(expected, sizeof expected, "/tmp/sealpost-%u-", (unsigned)geteuid());
    assert_memory_equal(p.runtime, expected, strlen(expected));
    assert_int_equal(strlen(p.runtime), strlen(expected) + 8);

    /* another profile has another engine; the same one written differently has not */
    (void)setenv("XDG_DATA_HOME", "/data", 1);
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    assert_string_equal(q.home, "/data/sealpost");
    assert_string_not_equal(q.runtime, p.runtime);
    (void)setenv("XDG_DATA_HOME", "/home/ada//.local/share/", 1);
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    assert_string_equal(q.runtime, p.runtime);
    (void)setenv("XDG_DATA_HOME", "relative", 1); /* invalid by the specification */
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    assert_string_equal(q.home, p.home);
    (void)setenv("XDG_CONFIG_HOME", "/conf", 1);
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    assert_string_equal(q.config_file, "/conf/sealpost/config");

    /* the run-time folder must be ours alone */
    (void)setenv("XDG_RUNTIME_DIR", f->folder, 1);
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    (void)snprintf(expected, sizeof expected, "%s/sealpost-", f->folder);
    assert_memory_equal(q.runtime, expected, strlen(expected));
    assert_int_equal(chmod(f->folder, 0777), 0);
    assert_int_equal(config_find_paths(&f->arena, &q), SP_OK);
    assert_memory_equal(q.runtime, "/tmp/sealpost-", 14);
    assert_int_equal(chmod(f->folder, 0700), 0);
    without_environment();
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(nothing_there), TEST(a_whole_file), TEST(servers), TEST(bad_values), TEST(addresses), TEST(mistakes), TEST(many_mistakes),
        TEST(files_that_cannot_be_read), TEST(garbage), TEST(paths), cmocka_unit_test(suggestions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
