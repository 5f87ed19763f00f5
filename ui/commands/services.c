/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub's services for the ui: editor, saving, reading, openers. Programs get an explicit argv, no shell, no descriptors of ours
   (S77); temporary files live in memory where the system has it, mode 0600, and are overwritten before they go (S71). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/memfd.h"
#include "config/config.h"
#include "screen.h"

#define MAX_TEXT ((size_t)16777216)
#define MAX_FILE ((size_t)268435456)
#define MAX_ARGS 32
#define MAX_NAME ((size_t)100)

/* ---- temporary files */

/* A private folder in memory: /dev/shm, else the run-time folder. */
static char *
temporary_folder(const struct place *place, struct arena *a)
{
    char *path = arena_strdup(a, "/dev/shm/sealpost-XXXXXX");
    if (path && mkdtemp(path))
        return path;
    path = arena_printf(a, "%s/edit-XXXXXX", place->runtime);
    return path && mkdtemp(path) ? path : NULL;
}

static enum sp_status
write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return errno == ENOSPC || errno == EDQUOT ? SP_FULL : SP_IO;
        bytes += n;
        len -= (size_t)n;
    }
    return SP_OK;
}

/* The content of a memfd as a file of ours, 0600. Links are never followed; an existing file is refused unless it may be overwritten. */
static enum sp_status
write_file(const char *path, bool overwrite, int content)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(content, MAX_FILE, &map);
    if (st)
        return st;
    struct stat s;
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | (overwrite ? 0 : O_EXCL), 0600);
    if (fd < 0)
        st = errno == EEXIST ? SP_EXISTS : errno == ENOENT || errno == ENOTDIR ? SP_NOT_FOUND : errno == ENOSPC || errno == EDQUOT ? SP_FULL : SP_DENIED;
    else if (fstat(fd, &s) != 0 || !S_ISREG(s.st_mode)) /* a device or a pipe is nothing to be overwritten */
        st = SP_DENIED;
    else
        st = overwrite && ftruncate(fd, 0) != 0 ? SP_IO : write_all(fd, map.data, map.len);
    if (fd >= 0 && close(fd) != 0 && !st)
        st = SP_IO;
    if (st && fd >= 0 && !overwrite)
        (void)unlink(path); /* half a file would look like a whole one */
    memfd_unmap(&map);
    return st;
}

/* Overwrites and removes; an editor may have replaced the file, its new one is wiped just the same. */
static void
wipe_file(const char *path)
{
    static const char zeros[4096];
    struct stat s;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) {
        if (fstat(fd, &s) == 0 && S_ISREG(s.st_mode))
            for (off_t at = 0; at < s.st_size; at += (off_t)sizeof zeros)
                if (write_all(fd, zeros, sizeof zeros) != SP_OK)
                    break;
        (void)close(fd);
    }
    (void)unlink(path);
}

/* Everything in a temporary folder, also what an editor left beside its file (copies, swap files), then the folder itself. */
static void
remove_temporary(const char *folder)
{
    DIR *d = folder ? opendir(folder) : NULL;
    struct dirent *e;
    char path[4096];
    while (d && (e = readdir(d))) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        int n = snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (n > 0 && (size_t)n < sizeof path)
            wipe_file(path);
    }
    if (d)
        (void)closedir(d);
    if (folder)
        (void)rmdir(folder);
}

static bool
is_same(int a, int b)
{
    struct memfd_map x, y;
    bool same = false;
    if (memfd_map(a, MAX_FILE, &x) != SP_OK)
        return false;
    if (memfd_map(b, MAX_FILE, &y) == SP_OK) {
        same = x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
        memfd_unmap(&y);
    }
    memfd_unmap(&x);
    return same;
}

static enum sp_status
read_file(const char *path, size_t max, int *out)
{
    struct stat s;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? SP_NOT_FOUND : SP_DENIED;
    enum sp_status st = fstat(fd, &s) == 0 && S_ISREG(s.st_mode) ? memfd_copy(fd, max, out) : SP_INVALID;
    (void)close(fd);
    return st;
}

/* ---- programs */

/* Splits a configured command into words and adds the file. NULL when there is none or too many. */
static const char **
command_words(const char *command, const char *file, struct arena *a)
{
    const char **argv = arena_array(a, MAX_ARGS + 2, sizeof *argv);
    char *copy = arena_strdup(a, command), *save = NULL;
    size_t n = 0;
    if (!argv || !copy)
        return NULL;
    for (char *w = strtok_r(copy, " \t", &save); w && n < MAX_ARGS; w = strtok_r(NULL, " \t", &save))
        argv[n++] = w;
    if (!n)
        return NULL;
    argv[n] = file;
    return argv;
}

static enum sp_status
run(const char *const *argv)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        (void)sigemptyset(&none);
        (void)sigprocmask(SIG_SETMASK, &none, NULL);
        (void)signal(SIGINT, SIG_DFL);
        (void)signal(SIGQUIT, SIG_DFL);
        (void)signal(SIGHUP, SIG_DFL);
        (void)signal(SIGPIPE, SIG_DFL);
        (void)close_range(3, UINT32_MAX, 0);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    if (pid < 0)
        return SP_IO;
    while (waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return SP_IO;
    if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
        return SP_NOT_FOUND;
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? SP_OK : SP_CANCELLED;
}

static const struct config *
load_config(const struct place *place, struct arena *a)
{
    struct config *c;
    struct config_error *errors;
    size_t n;
    return config_load(place->config_file, a, &c, &errors, &n) == SP_OK ? c : NULL;
}

const char *
configured_editor(const struct place *place, struct arena *a)
{
    const struct config *c = load_config(place, a);
    const char *from_env = getenv("VISUAL");
    if (c && *c->editor)
        return strcmp(c->editor, "builtin") == 0 ? "" : c->editor;
    if (!from_env || !*from_env)
        from_env = getenv("EDITOR");
    return from_env && *from_env ? from_env : "";
}

/* ---- the services */

static void
answer_error(struct wire_conn *ui, uint32_t id, enum sp_status st, const char *text)
{
    (void)wire_reply_error(ui, id, st, text);
}

void
serve_edit(struct place *place, struct wire_conn *ui, uint32_t id, const struct wm_edit_text *m, struct arena *a)
{
    const char *editor = configured_editor(place, a);
    if (!*editor) {
        answer_error(ui, id, SP_NOT_FOUND, ""); /* the ui has an editor of its own */
        return;
    }
    char *folder = temporary_folder(place, a);
    const char *path = folder ? arena_printf(a, "%s/message.eml.txt", folder) : NULL;
    const char **argv = path ? command_words(editor, path, a) : NULL;
    int text = -1;
    enum sp_status st = argv ? write_file(path, false, m->text) : SP_IO;
    if (!st)
        st = run(argv);
    if (!st)
        st = read_file(path, MAX_TEXT, &text);
    remove_temporary(folder);
    if (st)
        answer_error(ui, id, st, editor);
    else
        (void)!wire_send_edited(ui, id, &(struct wm_edited){.text = text, .changed = !is_same(m->text, text)});
    if (text >= 0)
        (void)close(text);
}

static const char *
expand_home(const char *path, struct arena *a)
{
    const char *home = getenv("HOME");
    return path[0] == '~' && path[1] == '/' && home ? arena_printf(a, "%s%s", home, path + 1) : path;
}

void
serve_save(struct wire_conn *ui, uint32_t id, const struct wm_save_file *m, struct arena *a)
{
    const char *path = expand_home(m->path, a);
    enum sp_status st = !path || !*path ? SP_INVALID : write_file(path, m->overwrite, m->content);
    if (st)
        answer_error(ui, id, st, path);
    else
        (void)!wire_send_saved(ui, id, &(struct wm_saved){.path = path});
}

void
serve_read(struct wire_conn *ui, uint32_t id, const struct wm_read_file *m, struct arena *a)
{
    struct stat s;
    int content = -1;
    const char *path = expand_home(m->path, a);
    enum sp_status st = path ? read_file(path, MAX_FILE, &content) : SP_NOMEM;
    if (!st && fstat(content, &s) != 0)
        st = SP_IO;
    if (st) {
        answer_error(ui, id, st, path);
    } else {
        const char *slash = strrchr(path, '/');
        (void)!wire_send_part_content(ui, id, &(struct wm_part_content){.name = slash ? slash + 1 : path, .type = "", .content = content, .size = (uint64_t)s.st_size});
    }
    if (content >= 0)
        (void)close(content);
}

/* The opener for a type: exact, else the major type with a star, else a star alone. */
static const char *
find_opener(const struct config *c, const char *type)
{
    const char *found = NULL;
    size_t best = 0, major = strcspn(type, "/"), length = strlen(type);
    for (size_t i = 0; c && c->openers[i]; i++) {
        const char *line = c->openers[i], *equals = strchr(line, '=');
        size_t n = equals ? (size_t)(equals - line) : 0;
        bool same_major = n == major + 2 && strncasecmp(line, type, major + 1) == 0 && line[n - 1] == '*';
        bool same = n == length && strncasecmp(line, type, length) == 0;
        size_t rank = same ? 3 : same_major ? 2 : n == 1 && *line == '*';
        if (rank > best) {
            best = rank;
            found = equals + 1;
        }
    }
    return found;
}

/* Only plain characters reach the file system and the opener. The end is kept: the extension is there. */
static const char *
plain_name(const char *name, struct arena *a)
{
    size_t len = strlen(name), skip = len > MAX_NAME ? len - MAX_NAME : 0;
    char *copy = arena_strdup(a, *name ? name + skip : "part");
    for (char *p = copy; p && *p; p++)
        if (!((*p >= '0' && *p <= '9') || (*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || *p == '_' || (p > copy && strchr(".-+", *p))))
            *p = '_';
    return copy;
}

void
serve_open(struct place *place, struct wire_conn *ui, uint32_t id, const struct wm_open_file *m, struct arena *a)
{
    const char *opener = find_opener(load_config(place, a), m->type);
    if (!opener) {
        answer_error(ui, id, SP_NOT_FOUND, m->type);
        return;
    }
    char *folder = temporary_folder(place, a);
    const char *name = plain_name(m->name, a);
    const char *path = folder && name ? arena_printf(a, "%s/%s", folder, name) : NULL;
    const char **argv = path ? command_words(opener, path, a) : NULL;
    enum sp_status st = argv ? write_file(path, false, m->content) : SP_IO;
    if (!st)
        st = run(argv);
    remove_temporary(folder);
    if (st)
        answer_error(ui, id, st, opener);
    else
        (void)wire_reply_done(ui, id);
}

void
serve_suspend(struct wire_conn *ui, uint32_t id)
{
    /* The shell watches the job, so all of it must stop; who has no shell above goes on at once. */
    if (kill(0, SIGTSTP) == 0)
        (void)wire_reply_done(ui, id);
    else
        answer_error(ui, id, SP_UNSUPPORTED, "");
}
