/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost demo: the screens on a throwaway profile with made-up people, keys and messages. Nothing of the user's is read or
   written: folders of its own replace SEALPOST_HOME and GNUPGHOME for everything that is started, and go at the end. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "config.h"
#include "options.h"

#define ANSWER_MS 60000
#define MAX_FILE ((size_t)67108864)

static const char configuration[] = "# The demonstration mailbox. Its people, keys and messages are made up.\n"
                                    "[account demo]\nkind = local\nname = Robin Example\naddress = robin@demo.example\n"
                                    "protocol = openpgp\n";

/* Where the demonstration's data are: beside an uninstalled stub, else where they were installed. */
static const char *
find_data(struct arena *a)
{
    char path[4096];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    if (n > 0) {
        path[n] = '\0';
        char *slash = strrchr(path, '/');
        if (slash)
            *slash = '\0';
        const char *beside = arena_printf(a, "%s/demo", path);
        if (beside && access(beside, R_OK) == 0)
            return beside;
    }
    return DATADIR "/demo";
}

static bool
write_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, bytes, len) == (ssize_t)len;
    if (fd >= 0 && close(fd) != 0)
        good = false;
    return good;
}

/* Copies a tree of regular files and folders (GnuPG's folder). */
static bool
copy_tree(const char *from, const char *to, struct arena *a)
{
    struct dirent *e;
    bool good = mkdir(to, 0700) == 0;
    DIR *d = good ? opendir(from) : NULL;
    while (good && d && (e = readdir(d))) {
        struct buf bytes = BUF_INIT;
        struct stat s;
        const char *source = arena_printf(a, "%s/%s", from, e->d_name), *target = arena_printf(a, "%s/%s", to, e->d_name);
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        good = source && target && lstat(source, &s) == 0;
        if (good && S_ISDIR(s.st_mode)) {
            good = copy_tree(source, target, a);
        } else if (good && S_ISREG(s.st_mode)) {
            int fd = open(source, O_RDONLY | O_CLOEXEC);
            good = fd >= 0 && buf_read_fd(&bytes, fd, MAX_FILE) == SP_OK && write_file(target, buf_str(&bytes), bytes.len);
            if (fd >= 0)
                (void)close(fd);
        }
        buf_release(&bytes);
    }
    if (d)
        (void)closedir(d);
    return good && d;
}

static int
remove_entry(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

/* ^C while the mailbox is made must not leave its folder and its engine behind: it is looked for between two steps. */
static void
hold_signals(bool hold)
{
    sigset_t set;
    (void)sigemptyset(&set);
    (void)sigaddset(&set, SIGINT);
    (void)sigaddset(&set, SIGTERM);
    (void)sigaddset(&set, SIGHUP);
    (void)sigprocmask(hold ? SIG_BLOCK : SIG_UNBLOCK, &set, NULL);
}

static bool
is_interrupted(void)
{
    sigset_t set;
    (void)sigpending(&set);
    return sigismember(&set, SIGINT) || sigismember(&set, SIGTERM) || sigismember(&set, SIGHUP);
}

static int
is_wanted(const struct dirent *e)
{
    return e->d_name[0] != '.';
}

/* One file: a key (NAME.p12 with the passphrase "demo", NAME.anchor.pem) or a message (its flags stand behind a comma: F, S, A). */
static enum sp_status
import_file(struct sp_client *c, const char *path, const char *name, enum sp_folder_role role)
{
    const char *dot = strrchr(name, '.');
    enum sp_status st;
    int fd = open_input(path);
    if (fd < 0)
        return SP_NOT_FOUND;
    if (dot && strcmp(dot, ".eml") == 0) {
        const char *comma = strchr(name, ',');
        uint32_t flags = 0;
        for (; comma && comma < dot; comma++)
            flags |= *comma == 'S' ? SP_FLAG_SEEN : *comma == 'F' ? SP_FLAG_FLAGGED : *comma == 'A' ? SP_FLAG_ANSWERED : 0;
        st = session_ask(c, WM_TYPE_import_message, &(struct wm_import_message){.role = (uint8_t)role, .flags = flags, .message = fd}, ANSWER_MS);
    } else {
        struct secret passphrase = SECRET_INIT;
        struct wm_import_keys m = {.data = fd, .as_anchor = strstr(name, ".anchor.") != NULL};
        st = secret_set(&passphrase, "demo", 4);
        st = st ? st : secret_to_pipe(&passphrase, &m.passphrase);
        st = st ? st : session_ask(c, WM_TYPE_import_keys, &m, ANSWER_MS);
        secret_release(&passphrase);
        if (m.passphrase > 0)
            (void)close(m.passphrase);
    }
    (void)close(fd);
    return st;
}

static enum sp_status
import_folder(struct sp_client *c, const char *folder, enum sp_folder_role role, struct arena *a)
{
    struct dirent **names;
    enum sp_status st = SP_OK;
    int n = scandir(folder, &names, is_wanted, alphasort);
    if (n < 0)
        return SP_NOT_FOUND;
    for (int i = 0; i < n; i++) {
        const char *path = arena_printf(a, "%s/%s", folder, names[i]->d_name);
        if (!st && is_interrupted())
            st = SP_CANCELLED;
        if (!st)
            st = path ? import_file(c, path, names[i]->d_name, role) : SP_NOMEM;
        if (st && path)
            say_error("%s: %s", path, say_status(st));
        free(names[i]);
    }
    free(names);
    return st;
}

static enum sp_status
fill(struct place *place, const char *data, struct sp_client *c)
{
    static const struct {
        const char *folder;
        enum sp_folder_role role;
    } folders[] = {{"smime", SP_FOLDER_NONE}, {"mail/inbox", SP_FOLDER_INBOX}, {"mail/sent", SP_FOLDER_SENT}};
    enum sp_status st = session_ask(c, WM_TYPE_create_profile, &(struct wm_create_profile){.protection = SP_PROTECTION_KEY_FILE}, ANSWER_MS);
    for (size_t i = 0; !st && i < sizeof folders / sizeof *folders; i++) {
        const char *path = arena_printf(&place->arena, "%s/%s", data, folders[i].folder);
        st = path ? import_folder(c, path, folders[i].role, &place->arena) : SP_NOMEM;
    }
    return st;
}

/* The throwaway folder with configuration and keys; everything started from here uses it. */
static char *
make_home(struct place *place, const char *data)
{
    char *home = arena_strdup(&place->arena, "/dev/shm/sealpost-demo-XXXXXX");
    if (!home || !mkdtemp(home)) {
        home = arena_strdup(&place->arena, "/tmp/sealpost-demo-XXXXXX");
        if (!home || !mkdtemp(home))
            return NULL;
    }
    const char *config = arena_printf(&place->arena, "%s/config", home), *gnupg = arena_printf(&place->arena, "%s/gnupg", home);
    const char *from = arena_printf(&place->arena, "%s/gnupg", data);
    bool good = config && gnupg && from && write_file(config, configuration, sizeof configuration - 1) && copy_tree(from, gnupg, &place->arena);
    if (!good) {
        say_error(_("the demonstration mailbox cannot be made from %s: %s"), data, strerror(errno));
        (void)nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
        return NULL;
    }
    (void)setenv("SEALPOST_HOME", home, 1);
    (void)setenv("GNUPGHOME", gnupg, 1);
    return home;
}

static void
stop_agent(void)
{
    pid_t pid = fork();
    if (pid == 0) {
        (void)close_range(3, ~0U, 0);
        (void)execlp("gpgconf", "gpgconf", "--kill", "all", (char *)NULL);
        _exit(127);
    }
    if (pid > 0)
        (void)waitpid(pid, NULL, 0);
}

/* Everything that was made goes again. */
static void
clean_up(struct place *place, const char *home)
{
    (void)!engine_end(place);
    stop_agent();
    (void)nftw(home, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

static int
run_demo(struct place *place, const char *home, bool keep, char **argv)
{
    struct session_client s = {0};
    enum sp_status st = session_begin(&s, place, "demo");
    if (!st)
        st = fill(place, find_data(&place->arena), s.client);
    session_end(&s);
    if (st) {
        say_error(_("the demonstration mailbox could not be filled: %s"), say_status(st));
        return exit_status(st);
    }
    if (keep) {
        printf("%s\n", home);
        return EX_OK;
    }
    hold_signals(false);
    int code = command_screens(place, 1, argv);
    hold_signals(true);
    return code;
}

int
command_demo(struct place *place, int argc, char **argv)
{
    bool keep = argc == 2 && strcmp(argv[1], "--fill-only") == 0; /* makes it, prints where, and leaves it (for tests and captures) */
    if (argc > 1 && !keep) {
        say_error(_("\"sealpost demo\" takes no arguments"));
        return EX_USAGE;
    }
    if (!keep && (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO))) {
        say_error(_("the screens need a terminal; \"sealpost help\" lists what works without one"));
        return EX_USAGE;
    }
    hold_signals(true);
    char *home = make_home(place, find_data(&place->arena));
    if (!home || !place_find(place))
        return EX_CANTCREAT;
    int code = run_demo(place, home, keep, argv);
    if (code || !keep)
        clean_up(place, home);
    return code;
}
