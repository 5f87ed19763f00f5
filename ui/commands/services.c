/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The stub's services for the ui: editor, saving, reading, openers. Programs get an explicit argv, no shell, no descriptors of ours
   (S77); temporary files live in memory where the system has it, mode 0600, and are overwritten before they go (S71). */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
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

static enum sp_status
write_file(const char *path, int flags, mode_t mode, int content)
{
    struct memfd_map map;
    enum sp_status st = memfd_map(content, MAX_FILE, &map);
    if (st)
        return st;
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, mode);
    if (fd < 0)
        st = errno == EEXIST ? SP_EXISTS : errno == ENOENT || errno == ENOTDIR ? SP_NOT_FOUND : errno == ENOSPC ? SP_FULL : SP_DENIED;
    else
        st = write_all(fd, map.data, map.len);
    if (fd >= 0 && close(fd) != 0 && !st)
        st = SP_IO;
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

static struct config *
load_config(const struct place *place, struct arena *a)
{
    struct config *c;
    struct config_error *errors;
    size_t n;
    return config_load(place->config_file, a, &c, &errors, &n) == SP_OK ? c : NULL;
}

static const char *
choose_editor(const struct place *place, struct arena *a)
{
    const struct config *c = load_config(place, a);
    const char *from_env = getenv("VISUAL");
    if (c && *c->editor)
        return c->editor;
    if (!from_env || !*from_env)
        from_env = getenv("EDITOR");
    return from_env && *from_env ? from_env : "";
}

bool
has_editor(const struct place *place, struct arena *a)
{
    const char *editor = choose_editor(place, a);
    return *editor && strcmp(editor, "builtin") != 0;
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
    const char *editor = choose_editor(place, a);
    if (!*editor || strcmp(editor, "builtin") == 0) {
        answer_error(ui, id, SP_NOT_FOUND, ""); /* the ui has an editor of its own */
        return;
    }
    char *folder = temporary_folder(place, a);
    const char *path = folder ? arena_printf(a, "%s/message.eml.txt", folder) : NULL;
    const char **argv = path ? command_words(editor, path, a) : NULL;
    int text = -1;
    enum sp_status st = argv ? write_file(path, O_CREAT | O_EXCL, 0600, m->text) : SP_IO;
    if (!st)
        st = run(argv);
    if (!st)
        st = read_file(path, MAX_TEXT, &text);
    if (path)
        wipe_file(path);
    if (folder)
        (void)rmdir(folder);
    if (st)
        answer_error(ui, id, st, editor);
    else
        (void)!wire_send_edited(ui, id, &(struct wm_edited){.text = text, .changed = 1});
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
    /* Without O_EXCL a file may be overwritten, when the person said so; a link is followed in neither case. */
    enum sp_status st = !path || !*path ? SP_INVALID : write_file(path, m->overwrite ? O_CREAT | O_TRUNC : O_CREAT | O_EXCL, 0600, m->content);
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

/* Only plain characters reach the file system and the opener. */
static const char *
plain_name(const char *name, struct arena *a)
{
    char *copy = arena_printf(a, "%.100s", *name && *name != '.' && *name != '-' ? name : "part");
    for (char *p = copy; p && *p; p++)
        if ((unsigned char)*p <= ' ' || *p == '/' || *p == 0x7F || strchr("\"'`$\\;&|<>*?", *p))
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
    enum sp_status st = argv ? write_file(path, O_CREAT | O_EXCL, 0600, m->content) : SP_IO;
    if (!st)
        st = run(argv);
    if (path)
        wipe_file(path);
    if (folder)
        (void)rmdir(folder);
    if (st)
        answer_error(ui, id, st, opener);
    else
        (void)wire_reply_done(ui, id);
}
