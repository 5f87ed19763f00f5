/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost import: mail from mbox files, Maildir folders and single messages into a local folder. The files are the user's and are read
   here, a message at a time; the messages are parsed elsewhere. */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/memfd.h"
#include "options.h"

#define ANSWER_MS 120000
#define MAX_MESSAGE ((size_t)134217728)
#define SAY_EVERY 1000
#define WINDOW 32          /* messages on their way at once */
#define DEFAULT_FOLDER "Imported"

struct import {
    struct session_client s;
    struct arena arena;
    uint32_t account;
    uint64_t folder;
    const char *what;       /* the first path: the job's name */
    unsigned long taken, there, failed;
    unsigned long begun, total; /* of all paths; total: as counted before */
    bool counting;          /* first walk: for the total */
    unsigned waiting;
    enum sp_status stopped; /* why nothing more can be done */
};

static int
usage(void)
{
    say_error(_("sealpost import [--account NAME] [--folder NAME] FILE|FOLDER...\n"
                "          FILE is an mbox file or one message, FOLDER a Maildir or a folder with .eml files"));
    return EX_USAGE;
}

/* ---- one message */

static bool
is_interrupted(void)
{
    sigset_t set;
    (void)sigpending(&set);
    return sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP);
}

struct answer {
    struct import *import;
    unsigned long number;
    char *where;            /* owned */
};

static void
on_answer(const struct call_reply *r, struct arena *arena, void *arg)
{
    struct answer *answer = arg;
    struct import *i = answer->import;
    enum sp_status st = r->status;
    (void)arena;
    if (!r->final)
        return;
    i->waiting--;
    i->taken += st == SP_OK;
    i->there += st == SP_EXISTS;
    if (st && st != SP_EXISTS && st != SP_CANCELLED) {
        i->failed++;
        say_error(_("%s, message %lu: %s"), answer->where, answer->number, say_status(st));
    }
    /* One message may be at fault; with these nothing more can come in. */
    if (st == SP_CRASHED || st == SP_LOCKED || st == SP_FULL || st == SP_READ_ONLY || st == SP_TIMEOUT || st == SP_CANCELLED)
        i->stopped = st;
    if ((i->taken + i->there) % SAY_EVERY == 0 && !st && isatty(STDERR_FILENO))
        say_error(_("%s: %lu messages"), answer->where, i->taken + i->there);
    free(answer->where);
    free(answer);
}

/* Until at most so many are on their way. */
static void
wait_for(struct import *i, unsigned most)
{
    while (i->waiting > most) {
        enum sp_status st = sp_wait(i->s.client, ANSWER_MS);
        if (st) {
            i->stopped = st; /* the answers that are missing come when the client ends */
            return;
        }
    }
}

static void
take(struct import *i, const char *where, unsigned long number, const void *bytes, size_t len, uint32_t flags)
{
    int fd = -1;
    enum sp_status st = len > MAX_MESSAGE ? SP_TOO_LARGE : memfd_from(bytes, len, &fd);
    struct answer *answer = st ? NULL : calloc(1, sizeof *answer);
    char *copy = answer ? strdup(where) : NULL;
    if (!st && !copy)
        st = SP_NOMEM;
    i->begun++;
    if (st) {
        i->failed++;
        say_error(_("%s, message %lu: %s"), where, number, say_status(st));
        free(answer);
    } else {
        *answer = (struct answer){.import = i, .number = number, .where = copy};
        struct wm_import_message m = {.account = i->account, .folder = i->folder, .flags = flags, .message = fd, .once = 1, .what = i->what,
                                      .done = i->begun, .total = i->total};
        i->waiting++;
        (void)sp_request(i->s.client, WM_TYPE_import_message, &m, on_answer, answer); /* a failure is an answer */
        wait_for(i, WINDOW - 1);
    }
    if (fd >= 0)
        (void)close(fd);
    if (!i->stopped && is_interrupted())
        i->stopped = SP_CANCELLED;
}

/* ---- mbox (RFC 4155, with the quoting called mboxrd; of mboxo it undoes what can be undone) */

struct mbox {
    struct buf message;
    uint32_t flags;
    bool in_header, blank;  /* blank: the line before was empty */
    unsigned long number;
};

/* Status and X-Status are where mbox programs keep flags. */
static uint32_t
status_flags(const char *line)
{
    uint32_t flags = 0;
    if (strncasecmp(line, "Status:", 7) != 0 && strncasecmp(line, "X-Status:", 9) != 0)
        return 0;
    for (const char *c = strchr(line, ':'); *c; c++)
        flags |= *c == 'R' ? SP_FLAG_SEEN : *c == 'A' ? SP_FLAG_ANSWERED : *c == 'F' ? SP_FLAG_FLAGGED : *c == 'D' ? SP_FLAG_DELETED : 0;
    return flags;
}

/* The empty line before the next "From " belongs to the separator. */
static void
end_message(struct import *i, struct mbox *m, const char *path, bool separated)
{
    if (m->message.len == 0)
        return;
    size_t len = m->message.len;
    if (separated && m->blank)
        len -= len > 1 && m->message.data[len - 2] == '\r' ? 2 : 1;
    take(i, path, ++m->number, m->message.data, len, m->flags);
    buf_clear(&m->message);
}

static void
add_line(struct mbox *m, const char *line, size_t len)
{
    size_t quotes = strspn(line, ">");
    bool quoted = quotes && strncmp(line + quotes, "From ", 5) == 0;
    bool empty = line[0] == '\n' || (line[0] == '\r' && line[1] == '\n');
    if (m->in_header)
        m->flags |= status_flags(line);
    m->in_header &= !empty;
    m->blank = empty;
    if (m->message.len <= MAX_MESSAGE) /* beyond, it is refused as a whole */
        buf_add(&m->message, line + quoted, len - quoted);
}

static void
import_mbox(struct import *i, FILE *f, const char *path)
{
    struct mbox m = {.message = BUF_INIT, .blank = true};
    char *line = NULL;
    size_t cap = 0;
    ssize_t n;
    while (!i->stopped && (n = getline(&line, &cap, f)) > 0) {
        if (m.blank && strncmp(line, "From ", 5) == 0) {
            end_message(i, &m, path, true);
            m.flags = 0;
            m.in_header = true;
            m.blank = false;
        } else {
            add_line(&m, line, (size_t)n);
        }
        if (m.message.failed)
            i->stopped = SP_NOMEM;
    }
    if (!i->stopped && ferror(f))
        i->stopped = SP_IO;
    if (!i->stopped)
        end_message(i, &m, path, true);
    free(line);
    buf_release_wiped(&m.message);
}

/* ---- files and folders */

/* How many messages a file holds. */
static unsigned long
count_file(const char *path)
{
    unsigned long n = 0;
    char *line = NULL;
    size_t cap = 0;
    bool blank = true;
    FILE *f = fopen(path, "re");
    for (; f && getline(&line, &cap, f) > 0; blank = line[0] == '\n' || line[0] == '\r') {
        bool from = blank && strncmp(line, "From ", 5) == 0;
        if (!n && !from)
            break; /* no mbox: one message */
        n += from;
    }
    free(line);
    if (f)
        (void)fclose(f);
    return n ? n : 1;
}

static void
import_single(struct import *i, const char *path, uint32_t flags)
{
    if (i->counting) {
        i->total++;
        return;
    }
    struct buf bytes = BUF_INIT;
    FILE *f = fopen(path, "re");
    enum sp_status st = f ? buf_read_fd(&bytes, fileno(f), MAX_MESSAGE) : SP_IO;
    if (st) {
        say_error(_("cannot read %s: %s"), path, f ? say_status(st) : strerror(errno));
        i->failed++;
    } else {
        take(i, path, 1, bytes.data, bytes.len, flags);
    }
    if (f)
        (void)fclose(f);
    buf_release_wiped(&bytes);
}

static void
import_file(struct import *i, const char *path)
{
    if (i->counting) {
        i->total += count_file(path);
        return;
    }
    char start[5] = "";
    FILE *f = fopen(path, "re");
    if (!f) {
        say_error(_("cannot read %s: %s"), path, strerror(errno));
        i->failed++;
        return;
    }
    bool mbox = fread(start, 1, sizeof start, f) == sizeof start && memcmp(start, "From ", sizeof start) == 0;
    rewind(f);
    if (mbox)
        import_mbox(i, f, path);
    (void)fclose(f);
    if (!mbox)
        import_single(i, path, 0);
}

/* The letters behind ":2," of a Maildir's file name. */
static uint32_t
maildir_flags(const char *name)
{
    const char *info = strstr(name, ":2,");
    uint32_t flags = 0;
    for (const char *c = info ? info + 3 : ""; *c; c++)
        flags |= *c == 'S' ? SP_FLAG_SEEN : *c == 'R' ? SP_FLAG_ANSWERED : *c == 'F' ? SP_FLAG_FLAGGED : *c == 'T' ? SP_FLAG_DELETED
                 : *c == 'D' ? SP_FLAG_DRAFT : *c == 'P' ? SP_FLAG_FORWARDED : 0;
    return flags;
}

/* The files of a folder; only_eml: only those named so. False when there is no such folder. */
static bool
import_entries(struct import *i, const char *folder, bool only_eml)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && !i->stopped && (e = readdir(d))) {
        struct arena a = ARENA_INIT;
        const char *dot = strrchr(e->d_name, '.'), *path = arena_printf(&a, "%s/%s", folder, e->d_name);
        struct stat s;
        bool wanted = e->d_name[0] != '.' && (!only_eml || (dot && strcasecmp(dot, ".eml") == 0));
        if (wanted && path && stat(path, &s) == 0 && S_ISREG(s.st_mode))
            import_single(i, path, only_eml ? 0 : maildir_flags(e->d_name));
        arena_release(&a);
    }
    if (d)
        (void)closedir(d);
    return d != NULL;
}

static void
import_path(struct import *i, const char *path)
{
    struct stat s;
    const char *cur = arena_printf(&i->arena, "%s/cur", path), *new = arena_printf(&i->arena, "%s/new", path);
    if (!cur || !new) {
        i->stopped = SP_NOMEM;
    } else if (stat(path, &s) != 0 || !S_ISDIR(s.st_mode)) {
        import_file(i, path);
    } else {
        bool found = import_entries(i, cur, false);
        found |= import_entries(i, new, false);
        if (!found) /* no Maildir */
            found = import_entries(i, path, true);
        if (!found && !i->counting) {
            say_error(_("cannot read %s: %s"), path, strerror(errno));
            i->failed++;
        }
    }
}

/* ---- where to */

static int
find_account(struct import *i, const char *name)
{
    struct account_list all;
    int code = accounts_fetch(i->s.client, &i->arena, &all);
    if (code)
        return code;
    i->account = name ? account_named(&all, name) : 0;
    if (name && !i->account)
        return EX_USAGE;
    for (uint32_t k = 0; k < all.n; k++) {
        bool local = all.list[k].kind == SP_ACCOUNT_LOCAL;
        if (name && all.list[k].id == i->account && !local) {
            say_error(_("\"%s\" is an account on a server; mail is imported into local accounts"), name);
            return EX_USAGE;
        }
        if (!i->account && local)
            i->account = all.list[k].id;
    }
    return EX_OK;
}

/* The folder's number among those of the answer, 0 = it is not there. */
static uint64_t
folder_named(const struct wire_in *in, const char *name)
{
    const struct wm_folders *m = in->msg;
    for (uint32_t k = 0; in->type == WM_TYPE_folders && k < m->folders_n; k++)
        if (strcmp(m->folders[k].name, name) == 0)
            return m->folders[k].id;
    return 0;
}

static int
find_folder(struct import *i, const char *name)
{
    struct wire_in in;
    const char *text;
    struct sp_client *c = i->s.client;
    enum sp_status st = sp_ask(c, WM_TYPE_list_folders, &(struct wm_list_folders){.account = i->account}, ANSWER_MS, &i->arena, &in, &text);
    i->folder = st ? 0 : folder_named(&in, name);
    if (!st && !i->folder) {
        st = sp_ask(c, WM_TYPE_create_folder, &(struct wm_create_folder){.account = i->account, .name = name}, ANSWER_MS, &i->arena, &in, &text);
        i->folder = st ? 0 : folder_named(&in, name);
    }
    return i->folder ? EX_OK : say_failure(st ? st : SP_PROTOCOL, text);
}

static int
report(const struct import *i, const char *folder)
{
    printf(_("%s: %lu messages imported, %lu were there already, %lu not taken\n"), folder, i->taken, i->there, i->failed);
    if (i->stopped)
        say_error(_("%s; begun again, the import goes on where it was"), say_status(i->stopped));
    return i->stopped ? exit_status(i->stopped) : i->failed ? EX_DATAERR : EX_OK;
}

int
command_import(struct place *place, int argc, char **argv)
{
    static const struct option options[] = {{"account", required_argument, NULL, 'a'}, {"folder", required_argument, NULL, 'f'}, {NULL, 0, NULL, 0}};
    struct import i = {.arena = ARENA_INIT};
    const char *account = NULL, *folder = DEFAULT_FOLDER;
    sigset_t end;
    int option;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return usage();
        *(option == 'a' ? &account : &folder) = optarg;
    }
    if (optind == argc || !*folder)
        return usage();
    if (!config_is_good(place))
        return EX_CONFIG;
    enum sp_status st = session_begin(&i.s, place, "import");
    if (st)
        return exit_status(st);
    st = store_ready(i.s.client, &i.s.welcome, -1, true);
    int code = st ? say_failure(st, "") : find_account(&i, account);
    code = code ? code : find_folder(&i, folder);
    if (!code) {
        /* An interrupt is looked for between two messages: what was begun is finished. */
        (void)sigemptyset(&end);
        (void)sigaddset(&end, SIGINT);
        (void)sigaddset(&end, SIGTERM);
        (void)sigaddset(&end, SIGHUP);
        (void)sigprocmask(SIG_BLOCK, &end, NULL);
        i.what = argv[optind];
        i.counting = true;
        for (int k = optind; k < argc; k++)
            import_path(&i, argv[k]);
        i.counting = false;
        for (int k = optind; k < argc && !i.stopped; k++)
            import_path(&i, argv[k]);
        wait_for(&i, 0);
        code = report(&i, folder);
    }
    session_end(&i.s);
    arena_release(&i.arena);
    return code;
}
