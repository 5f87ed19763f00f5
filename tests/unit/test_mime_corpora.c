/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Real messages: every one of the corpora gives a valid document, and the signed ranges are what GnuPG and OpenSSL verify (S14).
   Skipped where the corpora are missing. */
#include "mime_fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mime/build.h"

static const char *
corpora(void)
{
    const char *dir = getenv("SEALPOST_CORPORA");
    return dir ? dir : "../shared/corpora";
}

static bool
read_file(const char *path, struct buf *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && buf_read_fd(out, fd, (size_t)1 << 26) == SP_OK;
    if (fd >= 0)
        (void)close(fd);
    return good;
}

static bool
is_message_file(const char *name)
{
    const char *dot = strrchr(name, '.');
    return dot && (strcmp(dot, ".eml") == 0 || strcmp(dot, ".mbox") == 0 || strcmp(dot, ".msg") == 0 || strcmp(dot, ".inner") == 0);
}

struct walk {
    struct mime_tools *tools;
    unsigned messages, refused;
};

static void
check_file(struct walk *w, const char *path)
{
    struct buf bytes = BUF_INIT, block = BUF_INIT;
    const struct document *d;
    assert_true(read_file(path, &bytes));
    enum sp_status st = mime_import(w->tools, buf_str(&bytes), bytes.len, &block);
    if (st == SP_OK) {
        if (document_check(block.data, block.len, &d) != SP_OK)
            fail_msg("invalid document: %s", path);
        w->messages++;
    } else {
        if (st != SP_NOT_A_MESSAGE)
            fail_msg("%s: %s", path, sp_status_name(st));
        w->refused++;
    }
    buf_release(&bytes);
    buf_release(&block);
}

static void
walk_folder(struct walk *w, const char *path, int depth)
{
    DIR *dir = opendir(path);
    if (!dir)
        return;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
        char full[4096];
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        (void)snprintf(full, sizeof full, "%s/%s", path, e->d_name);
        if (stat(full, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode) && depth < 5)
            walk_folder(w, full, depth + 1);
        else if (S_ISREG(st.st_mode) && is_message_file(e->d_name))
            check_file(w, full);
    }
    (void)closedir(dir);
}

static void
all_messages(void **state)
{
    struct walk w = {.tools = *state};
    walk_folder(&w, corpora(), 0);
    if (w.messages == 0)
        skip();
    assert_true(w.messages > 500);
    assert_true(w.refused < 10);
}

/* ---- signatures */

/* Runs a program with its output thrown away; its exit status. */
static int
run(const char *const argv[])
{
    pid_t pid = fork();
    if (pid == 0) {
        int null = open("/dev/null", O_RDWR);
        (void)dup2(null, 0);
        (void)dup2(null, 1);
        (void)dup2(null, 2);
        (void)execvp(argv[0], (char *const *)(uintptr_t)argv);
        _exit(127);
    }
    int status = 0;
    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
write_file(const char *path, const char *bytes, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, bytes, len), len);
    (void)close(fd);
}

/* The first layer of that kind in the message: its signed bytes (made CRLF when the input is not) and object to files. */
static void
write_layer(struct mime_tools *tools, const char *path, uint32_t kind, const char *folder)
{
    struct buf bytes = BUF_INIT, canonical = BUF_INIT;
    struct parsed p;
    char file[512];
    const struct doc_layer *l = NULL;
    assert_true(read_file(path, &bytes));
    parse_bytes(tools, bytes.data, bytes.len, &p);
    for (uint32_t i = 0; i < p.d->layers.count && !l; i++)
        if (doc_layer(p.d, i)->kind == kind)
            l = doc_layer(p.d, i);
    assert_non_null(l);
    build_crlf(&canonical, bytes.data + l->signed_at, l->signed_len);
    (void)snprintf(file, sizeof file, "%s/signed", folder);
    write_file(file, buf_str(&canonical), canonical.len);
    (void)snprintf(file, sizeof file, "%s/object", folder);
    write_file(file, doc_text(p.d, l->object), l->object.len);
    parsed_release(&p);
    buf_release(&bytes);
    buf_release(&canonical);
}

static char *
temporary(char *path, size_t size)
{
    const char *base = getenv("TMPDIR");
    (void)snprintf(path, size, "%s/mimeXXXXXX", base ? base : "/tmp");
    return mkdtemp(path);
}

static void
smime_ranges(void **state)
{
    static const struct {
        const char *file;
        bool good;
    } cases[] = {
        {"thunderbird-smime/smime/alice.dsig.SHA256.multipart.eml", true},
        {"thunderbird-smime/smime/alice.dsig.SHA384.multipart.eml", true},
        {"thunderbird-smime/smime/alice.dsig.SHA512.multipart.eml", true},
        {"thunderbird-smime/smime/alice.plain.dsig.SHA256.multipart.dave.dsig.SHA256.multipart.eml", true},
        {"thunderbird-smime/smime/alice.dsig.SHA256.multipart.bad.eml", false},
        {"protected-headers/eml/smime-multipart-signed.eml", true},
    };
    char folder[256], path[4096], signed_file[512], object[512];
    if (access(corpora(), R_OK) != 0 || !temporary(folder, sizeof folder))
        skip();
    (void)snprintf(signed_file, sizeof signed_file, "%s/signed", folder);
    (void)snprintf(object, sizeof object, "%s/object", folder);
    const char *version[] = {"openssl", "version", NULL};
    if (run(version) != 0)
        skip();
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", corpora(), cases[i].file);
        write_layer(*state, path, DOC_LAYER_SMIME_SIGNED, folder);
        const char *argv[] = {"openssl", "cms", "-verify", "-noverify", "-binary", "-inform", "DER", "-in", object, "-content", signed_file, NULL};
        if ((run(argv) == 0) != cases[i].good)
            fail_msg("%s", cases[i].file);
    }
    (void)unlink(signed_file);
    (void)unlink(object);
    (void)rmdir(folder);
}

static void
pgp_ranges(void **state)
{
    static const struct {
        const char *file, *key;
    } cases[] = {
        {"thunderbird-openpgp/eml/signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted.eml",
         "thunderbird-openpgp/keys/bob@openpgp.example-0xfbfcc82a015e7330-pub.asc"},
        {"thunderbird-openpgp/eml/signed-by-0x3099ff1238852b9f-to-0xf231550c4f47e38e-unencrypted.eml",
         "thunderbird-openpgp/keys/carol@example.com-0x3099ff1238852b9f-pub.asc"},
        {"protected-headers/eml/pgpmime-signed.eml", "protected-headers/keys/alice@openpgp.example.pub.asc"},
    };
    char folder[256], path[4096], key[4096], signed_file[512], object[512], ring[512];
    if (access(corpora(), R_OK) != 0 || !temporary(folder, sizeof folder))
        skip();
    (void)snprintf(signed_file, sizeof signed_file, "%s/signed", folder);
    (void)snprintf(object, sizeof object, "%s/object", folder);
    (void)snprintf(ring, sizeof ring, "%s/ring", folder);
    for (size_t i = 0; i < COUNT(cases); i++) {
        (void)snprintf(path, sizeof path, "%s/%s", corpora(), cases[i].file);
        (void)snprintf(key, sizeof key, "%s/%s", corpora(), cases[i].key);
        /* gpgv needs no agent and no home */
        const char *dearmor[] = {"gpg", "--homedir", folder, "--batch", "--yes", "-o", ring, "--dearmor", key, NULL};
        if (run(dearmor) != 0)
            skip();
        write_layer(*state, path, DOC_LAYER_PGP_SIGNED, folder);
        const char *verify[] = {"gpgv", "--homedir", folder, "--keyring", ring, object, signed_file, NULL};
        if (run(verify) != 0)
            fail_msg("%s", cases[i].file);
        int fd = open(signed_file, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_int_equal(write(fd, "\r\n", 2), 2); /* one line end more, and it is not what was signed */
        (void)close(fd);
        assert_int_not_equal(run(verify), 0);
    }
    (void)unlink(signed_file);
    (void)unlink(object);
    (void)unlink(ring);
    (void)rmdir(folder);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_messages), cmocka_unit_test(smime_ranges), cmocka_unit_test(pgp_ranges)};
    return cmocka_run_group_tests(tests, tools_setup, tools_teardown);
}
