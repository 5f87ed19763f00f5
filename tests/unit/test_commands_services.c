/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What the stub does for the screen: saving never follows links nor overwrites unasked (S59), temporary texts are private and go with
   all that an editor left beside them (S71), programs get an argument vector, no shell and no descriptors (S77). */
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memfd.h"
#include "../ui/commands/screen.h"

struct fixture {
    char folder[64];
    struct place place;
    struct wire_conn *stub, *ui; /* the two ends */
    struct arena arena;
    struct wire_in in;
};

static const char *
in_folder(struct fixture *f, const char *name)
{
    return arena_printf(&f->arena, "%s/%s", f->folder, name);
}

static void
write_text(const char *path, const char *text, mode_t mode)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    (void)close(fd);
}

static const char *
read_text(struct fixture *f, const char *path)
{
    struct buf b = BUF_INIT;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    assert_int_equal(buf_read_fd(&b, fd, 65536), SP_OK);
    const char *text = arena_strdup(&f->arena, buf_str(&b));
    buf_release(&b);
    (void)close(fd);
    return text;
}

static void
configure(struct fixture *f, const char *text)
{
    write_text(f->place.config_file, text, 0600);
}

static int
set_up(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    int fds[2];
    if (!f || wire_pair(fds))
        return -1;
    (void)snprintf(f->folder, sizeof f->folder, "/tmp/spx-XXXXXX");
    if (!mkdtemp(f->folder))
        return -1;
    f->place.config_file = in_folder(f, "config");
    f->place.home = f->place.runtime = f->folder;
    f->stub = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
    f->ui = wire_conn_new(fds[1], NULL, NULL, NULL, NULL);
    *state = f;
    return 0;
}

static int
tear_down(void **state)
{
    struct fixture *f = *state;
    DIR *d = opendir(f->folder);
    struct dirent *e;
    while (d && (e = readdir(d)))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            (void)remove(in_folder(f, e->d_name));
    if (d)
        (void)closedir(d);
    (void)rmdir(f->folder);
    wire_in_close(&f->in);
    wire_conn_free(f->stub);
    wire_conn_free(f->ui);
    arena_release(&f->arena);
    free(f);
    return 0;
}

/* The answer to what was just served: its type; of an error the status in *st. */
static uint16_t
answer(struct fixture *f, enum sp_status *st)
{
    wire_in_close(&f->in);
    assert_int_equal(wire_flush(f->stub, 1000), SP_OK);
    assert_int_equal(wire_receive(f->ui, 1000, &f->arena, &f->in), SP_OK);
    *st = f->in.type == WM_TYPE_reply_error ? wire_error_status(f->in.msg) : SP_OK;
    return f->in.type;
}

static int
content(const char *text)
{
    int fd;
    assert_int_equal(memfd_from(text, strlen(text), &fd), SP_OK);
    return fd;
}

static enum sp_status
save(struct fixture *f, const char *path, const char *text, bool overwrite)
{
    enum sp_status st;
    struct wm_save_file m = {.path = path, .content = content(text), .overwrite = overwrite};
    serve_save(f->stub, 7, &m, &f->arena);
    (void)close(m.content);
    uint16_t type = answer(f, &st);
    assert_true(st || type == WM_TYPE_saved);
    return st;
}

static void
saving(void **state)
{
    struct fixture *f = *state;
    const char *path = in_folder(f, "a.pdf"), *other = in_folder(f, "other"), *link_path = in_folder(f, "link");
    struct stat s;
    (void)umask(0);
    assert_int_equal(save(f, path, "one", false), SP_OK);
    assert_string_equal(read_text(f, path), "one");
    assert_int_equal(stat(path, &s), 0);
    assert_int_equal(s.st_mode & 07777, 0600);
    assert_int_equal(save(f, path, "two", false), SP_EXISTS);
    assert_string_equal(read_text(f, path), "one");
    assert_int_equal(save(f, path, "2", true), SP_OK);
    assert_string_equal(read_text(f, path), "2");
    /* links lead nowhere, dangling or not, overwriting or not */
    write_text(other, "precious", 0600);
    assert_int_equal(symlink(other, link_path), 0);
    assert_int_equal(save(f, link_path, "x", false), SP_EXISTS);
    assert_int_equal(save(f, link_path, "x", true), SP_DENIED);
    assert_string_equal(read_text(f, other), "precious");
    assert_int_equal(unlink(link_path), 0);
    assert_int_equal(symlink(in_folder(f, "nowhere"), link_path), 0);
    assert_int_not_equal(save(f, link_path, "x", false), SP_OK);
    assert_int_not_equal(save(f, link_path, "x", true), SP_OK);
    assert_null(read_text(f, in_folder(f, "nowhere")));
    /* no devices, no pipes (which would hang), no folders */
    assert_int_equal(mkfifo(in_folder(f, "fifo"), 0600), 0);
    assert_int_equal(save(f, in_folder(f, "fifo"), "x", true), SP_DENIED);
    assert_int_equal(save(f, "/dev/null", "x", true), SP_DENIED);
    assert_int_not_equal(save(f, f->folder, "x", true), SP_OK);
    assert_int_equal(save(f, in_folder(f, "missing/a"), "x", false), SP_NOT_FOUND);
    assert_int_equal(save(f, "", "x", false), SP_INVALID);
}

/* The ui is not trusted with what it sends: an unsealed file or none is refused. */
static void
saving_wants_sealed_content(void **state)
{
    struct fixture *f = *state;
    enum sp_status st;
    struct wm_save_file m = {.path = in_folder(f, "a"), .content = -1};
    serve_save(f->stub, 7, &m, &f->arena);
    assert_int_equal(answer(f, &st), WM_TYPE_reply_error);
    assert_int_equal(st, SP_INVALID);
    assert_int_equal(memfd_open(&m.content), SP_OK);
    serve_save(f->stub, 8, &m, &f->arena);
    assert_int_equal(answer(f, &st), WM_TYPE_reply_error);
    (void)close(m.content);
    assert_null(read_text(f, m.path));
}

static void
home_folder(void **state)
{
    struct fixture *f = *state;
    (void)setenv("HOME", f->folder, 1);
    assert_int_equal(save(f, "~/saved", "x", false), SP_OK);
    assert_string_equal(read_text(f, in_folder(f, "saved")), "x");
}

static void
reading(void **state)
{
    struct fixture *f = *state;
    enum sp_status st;
    const char *path = in_folder(f, "my file.txt");
    write_text(path, "content", 0600);
    serve_read(f->stub, 3, &(struct wm_read_file){.path = path}, &f->arena);
    assert_int_equal(answer(f, &st), WM_TYPE_part_content);
    const struct wm_part_content *m = f->in.msg;
    struct memfd_map map;
    assert_string_equal(m->name, "my file.txt");
    assert_int_equal(m->size, 7);
    assert_int_equal(memfd_map(m->content, 100, &map), SP_OK);
    assert_memory_equal(map.data, "content", 7);
    memfd_unmap(&map);
    assert_int_equal(mkfifo(in_folder(f, "fifo"), 0600), 0);
    const char *const bad[] = {in_folder(f, "fifo"), f->folder, "/nonexistent", "", "/dev/zero"};
    for (size_t i = 0; i < COUNT(bad); i++) {
        serve_read(f->stub, 3, &(struct wm_read_file){.path = bad[i]}, &f->arena);
        assert_int_equal(answer(f, &st), WM_TYPE_reply_error);
    }
}

/* ---- programs: a script that writes down what it got */

static void
make_program(struct fixture *f, const char *body)
{
    const char *text = arena_printf(&f->arena,
                                    "#!/bin/sh\nd=%s\n"
                                    "for last; do :; done\n"
                                    "printf '%%s\\n' \"$#\" \"$@\" >$d/arguments\n"
                                    /* not piped: the shell whose descriptors are listed would just be making the next pipe */
                                    "ls /proc/$$/fd >$d/list; sort -n $d/list | tr '\\n' ' ' >$d/descriptors\n"
                                    "stat -c %%a \"$last\" \"${last%%/*}\" | tr '\\n' ' ' >$d/modes\n"
                                    "cat \"$last\" >$d/content\n%s\n",
                                    f->folder, body);
    write_text(in_folder(f, "program"), text, 0700);
}

static uint16_t
edit(struct fixture *f, const char *text, enum sp_status *st)
{
    struct wm_edit_text m = {.text = content(text)};
    serve_edit(&f->place, f->stub, 5, &m, &f->arena);
    (void)close(m.text);
    return answer(f, st);
}

/* The folder that the program's file was in, from what the program noted. */
static const char *
used_folder(struct fixture *f)
{
    char *lines = arena_strdup(&f->arena, read_text(f, in_folder(f, "arguments")));
    char *slash = strrchr(lines, '/'), *start = lines;
    assert_non_null(slash);
    *slash = '\0';
    start = strrchr(lines, '\n');
    return start ? start + 1 : lines;
}

static void
assert_edited(struct fixture *f, const char *text, bool changed)
{
    const struct wm_edited *m = f->in.msg;
    struct memfd_map map;
    assert_int_equal(f->in.type, WM_TYPE_edited);
    assert_int_equal(m->changed, changed);
    assert_int_equal(memfd_map(m->text, 65536, &map), SP_OK);
    assert_int_equal(map.len, strlen(text));
    assert_memory_equal(map.data, text, map.len);
    memfd_unmap(&map);
}

static void
editing(void **state)
{
    struct fixture *f = *state;
    enum sp_status st;
    configure(f, arena_printf(&f->arena, "[sealpost]\neditor = %s/program -c $HOME;touch\n", f->folder));
    make_program(f, "printf 'more' >>\"$last\"; cp \"$last\" \"$last~\"; echo swap >\"${last%/*}/.message.swp\"");
    assert_int_equal(edit(f, "draft\n", &st), WM_TYPE_edited);
    assert_edited(f, "draft\nmore", true);
    const char *arguments = read_text(f, in_folder(f, "arguments"));
    assert_memory_equal(arguments, "3\n-c\n$HOME;touch\n/", 18); /* no shell has seen it */
    /* 0 to 2, and the script itself which the shell reads */
    assert_memory_equal(read_text(f, in_folder(f, "descriptors")), "0 1 2 ", 6);
    assert_null(strstr(read_text(f, in_folder(f, "descriptors")), " 4"));
    assert_string_equal(read_text(f, in_folder(f, "modes")), "600 700 ");
    assert_string_equal(read_text(f, in_folder(f, "content")), "draft\n");
    assert_int_not_equal(access(used_folder(f), F_OK), 0); /* gone, with the copies beside it */
    make_program(f, "");
    (void)edit(f, "same", &st);
    assert_edited(f, "same", false);
}

static void
editors_that_fail(void **state)
{
    struct fixture *f = *state;
    enum sp_status st;
    configure(f, arena_printf(&f->arena, "[sealpost]\neditor = %s/program\n", f->folder));
    make_program(f, "exit 1"); /* as vi's :cq */
    assert_int_equal(edit(f, "draft", &st), WM_TYPE_reply_error);
    assert_int_equal(st, SP_CANCELLED);
    assert_int_not_equal(access(used_folder(f), F_OK), 0);
    make_program(f, "rm \"$last\"");
    assert_int_equal(edit(f, "draft", &st), WM_TYPE_reply_error);
    assert_int_equal(st, SP_NOT_FOUND);
    configure(f, "[sealpost]\neditor = /nonexistent/editor\n");
    assert_int_equal(edit(f, "draft", &st), WM_TYPE_reply_error);
    assert_int_equal(st, SP_NOT_FOUND);
}

static void
choosing_an_editor(void **state)
{
    struct fixture *f = *state;
    (void)unsetenv("VISUAL");
    (void)unsetenv("EDITOR");
    assert_string_equal(configured_editor(&f->place, &f->arena), "");
    (void)setenv("EDITOR", "ed", 1);
    assert_string_equal(configured_editor(&f->place, &f->arena), "ed");
    (void)setenv("VISUAL", "vi", 1);
    assert_string_equal(configured_editor(&f->place, &f->arena), "vi");
    configure(f, "[sealpost]\neditor = emacs -nw\n");
    assert_string_equal(configured_editor(&f->place, &f->arena), "emacs -nw");
    configure(f, "[sealpost]\neditor = builtin\n");
    assert_string_equal(configured_editor(&f->place, &f->arena), "");
    (void)unsetenv("VISUAL");
    (void)unsetenv("EDITOR");
}

static uint16_t
open_with(struct fixture *f, const char *name, const char *type, enum sp_status *st)
{
    struct wm_open_file m = {.name = name, .type = type, .content = content("image")};
    serve_open(&f->place, f->stub, 6, &m, &f->arena);
    (void)close(m.content);
    return answer(f, st);
}

static void
opening(void **state)
{
    struct fixture *f = *state;
    enum sp_status st;
    static const struct {
        const char *name, *expected;
    } names[] = {
        {"photo.png", "/photo.png"},   {"../../etc/passwd", "/_._.._etc_passwd"}, {"-rf", "/_rf"}, {".hidden", "/_hidden"}, {"", "/part"},
        {"a b;c`d`$(e).png", "/a_b_c_d___e_.png"}, {"\xE6\x96\x87.png", "/___.png"}, {"a\nb", "/a_b"},
    };
    configure(f, arena_printf(&f->arena, "[openers]\nimage/* = %s/program star --\nimage/PNG = %s/program exact\n", f->folder, f->folder));
    make_program(f, "");
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_int_equal(open_with(f, names[i].name, "image/png", &st), WM_TYPE_reply_done);
        const char *arguments = read_text(f, in_folder(f, "arguments"));
        assert_memory_equal(arguments, "2\nexact\n/", 9);
        const char *slash = strrchr(arguments, '/');
        assert_int_equal(strcspn(slash, "\n"), strlen(names[i].expected));
        assert_memory_equal(slash, names[i].expected, strlen(names[i].expected));
        assert_int_not_equal(access(used_folder(f), F_OK), 0);
    }
    assert_string_equal(read_text(f, in_folder(f, "modes")), "600 700 ");
    assert_string_equal(read_text(f, in_folder(f, "content")), "image");
    assert_int_equal(open_with(f, "x", "image/jpeg", &st), WM_TYPE_reply_done);
    assert_memory_equal(read_text(f, in_folder(f, "arguments")), "3\nstar\n--\n", 10);
    assert_int_equal(open_with(f, "x", "application/pdf", &st), WM_TYPE_reply_error); /* nothing is guessed */
    assert_int_equal(st, SP_NOT_FOUND);
    assert_int_equal(open_with(f, "x", "image", &st), WM_TYPE_reply_error);
    char *longest = arena_printf(&f->arena, "%0300d.png", 7);
    assert_int_equal(open_with(f, longest, "image/png", &st), WM_TYPE_reply_done);
    assert_non_null(strstr(read_text(f, in_folder(f, "arguments")), "7.png\n"));
}

int
main(void)
{
#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(saving), TEST(saving_wants_sealed_content), TEST(home_folder), TEST(reading), TEST(editing), TEST(editors_that_fail),
        TEST(choosing_an_editor), TEST(opening),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
