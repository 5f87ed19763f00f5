/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost inspect: what is known of one message, as an object for programs or as text for people. */
#include "inspect.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "options.h"

#define MAX_FILES 32
#define ANSWER_MS 60000

struct request {
    bool json;
    struct secret passphrase;
    struct wr_file anchors[MAX_FILES], crls[MAX_FILES];
    struct wr_text authservs[MAX_FILES];
    struct wm_inspect message;
};

enum { OPT_JSON = 256, OPT_NOW, OPT_CA, OPT_CRL, OPT_AUTHSERV, OPT_ONLINE, OPT_PASSPHRASE };

/* -1 when they are none. */
static int
two_digits(const char *s)
{
    bool good = s[0] >= '0' && s[0] <= '9' && s[1] >= '0' && s[1] <= '9';
    return good ? (s[0] - '0') * 10 + (s[1] - '0') : -1;
}

/* RFC 3339 in UTC or with an offset. */
static bool
parse_time(const char *text, int64_t *out)
{
    struct tm t = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);
    if (!rest || rest - text != 19) /* strptime takes single digits and blanks */
        return false;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    *out = (int64_t)timegm(&t);
    if (strcmp(rest, "Z") == 0 || strcmp(rest, "z") == 0)
        return true;
    if (strlen(rest) != 6 || (*rest != '+' && *rest != '-') || rest[3] != ':')
        return false;
    int hours = two_digits(rest + 1), minutes = two_digits(rest + 4);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *out -= (*rest == '-' ? -1 : 1) * ((int64_t)hours * 3600 + (int64_t)minutes * 60);
    return true;
}

static bool
add_file(struct wr_file *files, uint32_t *n, const char *path, int *code)
{
    if (*n == MAX_FILES) {
        say_error(_("at most %d files of a kind"), MAX_FILES);
        *code = EX_USAGE;
        return false;
    }
    files[*n].fd = open_input(path);
    if (files[*n].fd < 0) {
        *code = EX_NOINPUT;
        return false;
    }
    (*n)++;
    return true;
}

/* EX_OK, or the exit status after a message. */
static int
read_option(struct request *r, int option, char *value)
{
    struct wm_inspect *m = &r->message;
    int code = EX_OK;
    switch (option) {
    case OPT_JSON: r->json = true; break;
    case OPT_ONLINE: m->online = 1; break;
    case OPT_NOW:
        if (!parse_time(value, &m->now)) {
            say_error(_("\"%s\" is no time; write it like 2026-06-01T00:00:00Z"), value);
            code = EX_USAGE;
        }
        break;
    case OPT_CA: (void)add_file(r->anchors, &m->anchors_n, value, &code); break;
    case OPT_CRL: (void)add_file(r->crls, &m->crls_n, value, &code); break;
    case OPT_AUTHSERV:
        if (m->authservs_n < MAX_FILES) {
            r->authservs[m->authservs_n++].text = value;
        } else {
            say_error(_("at most %d names of servers"), MAX_FILES);
            code = EX_USAGE;
        }
        break;
    case OPT_PASSPHRASE: code = read_passphrase(value, &r->passphrase) ? EX_OK : EX_NOINPUT; break;
    default: code = EX_USAGE; /* getopt has said what is wrong */
    }
    return code;
}

static int
read_arguments(struct request *r, int argc, char **argv)
{
    static const struct option options[] = {
        {"json", no_argument, NULL, OPT_JSON},           {"now", required_argument, NULL, OPT_NOW},
        {"smime-ca", required_argument, NULL, OPT_CA},   {"smime-crl", required_argument, NULL, OPT_CRL},
        {"trust-authserv", required_argument, NULL, OPT_AUTHSERV}, {"online", no_argument, NULL, OPT_ONLINE},
        {"passphrase-file", required_argument, NULL, OPT_PASSPHRASE}, {NULL, 0, NULL, 0},
    };
    int option, code;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        code = read_option(r, option, optarg);
        if (code)
            return code;
    }
    if (optind != argc - 1) {
        say_error(_("inspect takes one file, or - for standard input"));
        return EX_USAGE;
    }
    r->message.message = open_input(argv[optind]);
    return r->message.message < 0 ? EX_NOINPUT : EX_OK;
}

/* With a profile that can be opened without asking (or with the passphrase given) the user's own anchors and keys count too. */
static void
open_store_quietly(struct session_client *s, int passphrase_fd)
{
    struct wm_welcome *w = &s->welcome;
    bool can_ask = isatty(STDIN_FILENO) || w->protection == SP_PROTECTION_KEY_FILE;
    if (w->has_profile && w->locked && can_ask && store_ready(s->client, w, passphrase_fd, false) != SP_OK)
        say_error(_("the store stays locked: your own certificates and decisions are not used"));
}

static int
ask_and_print(struct request *r, struct session_client *s)
{
    struct arena a = ARENA_INIT;
    struct wire_in in;
    const char *text;
    open_store_quietly(s, -1);
    r->message.passphrase = passphrase_pipe(&r->passphrase);
    r->message.anchors = r->anchors;
    r->message.crls = r->crls;
    r->message.authservs = r->authservs;
    enum sp_status st = sp_ask(s->client, WM_TYPE_inspect, &r->message, ANSWER_MS, &a, &in, &text);
    int code = EX_OK;
    if (!st && in.type == WM_TYPE_message_view) {
        const struct wm_message_view *v = in.msg;
        code = r->json ? inspect_print_json(&v->verdict, stdout) : inspect_print_text(&v->verdict, stdout);
    } else {
        say_error("%s", say_status(st ? st : SP_PROTOCOL));
        code = st == SP_NOT_A_MESSAGE ? EX_DATAERR : EX_SOFTWARE;
    }
    wire_in_close(&in);
    if (r->message.passphrase >= 0)
        (void)close(r->message.passphrase);
    arena_release(&a);
    return code;
}

int
command_inspect(struct place *place, int argc, char **argv)
{
    struct request r = {.json = false};
    struct session_client s = {0};
    int code = read_arguments(&r, argc, argv);
    if (!code && session_begin(&s, place, "inspect") != SP_OK)
        code = EX_SOFTWARE;
    if (!code)
        code = ask_and_print(&r, &s);
    session_end(&s);
    secret_release(&r.passphrase);
    return code;
}
