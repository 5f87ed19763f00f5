/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The parse role as a process: requests over its engine socket, confined children, and what a killed, hanging or cancelled child
   does to the others (S75). The children are killed and stopped from outside; the program has no back door for it. */
#include "unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memfd.h"
#include "base/messages.h"
#include "base/role.h"
#include "mime/document.h"

struct role_process {
    pid_t pid;
    struct wire_conn *control, *engine;
};

static const char small[] = "From: Ada <ada@example.test>\r\nSubject: =?utf-8?q?gr=C3=BC=C3=9Fe?=\r\n"
                            "Content-Type: text/plain; charset=gb2312\r\n\r\n\xc4\xe3\xba\xc3\r\n";

static int
start(void **state)
{
    struct role_process *r = calloc(1, sizeof *r);
    const char *dir = getenv("SEALPOST_LIBEXEC");
    char path[4096];
    int control[2], engine[2];
    struct arena arena = ARENA_INIT;
    struct wire_in in;

    (void)snprintf(path, sizeof path, "%s/sealpost-parse", dir ? dir : "libexec");
    if (!r || access(path, X_OK) != 0 || wire_pair(control) != SP_OK || wire_pair(engine) != SP_OK)
        return -1;
    r->pid = fork();
    if (r->pid == 0) {
        (void)dup2(control[1], ROLE_CONTROL_FD);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* the leak check reads /proc, which the role may not */
        (void)execl(path, path, (char *)NULL);
        _exit(127);
    }
    (void)close(control[1]);
    r->control = wire_conn_new(control[0], NULL, NULL, NULL, NULL);
    if (wire_receive(r->control, 10000, &arena, &in) != SP_OK || in.type != WM_TYPE_hello)
        return -1;
    if (wire_send_peer(r->control, 0, &(struct wm_peer){.role = SP_ROLE_ENGINE, .fd = engine[1]}) != SP_OK)
        return -1;
    (void)close(engine[1]);
    r->engine = wire_conn_new(engine[0], NULL, NULL, NULL, NULL);
    arena_release(&arena);
    *state = r;
    return 0;
}

static int
stop(void **state)
{
    struct role_process *r = *state;
    int status = 0;
    (void)wire_send_stop(r->control, 0, &(struct wm_stop){});
    (void)waitpid(r->pid, &status, 0);
    wire_conn_free(r->control);
    wire_conn_free(r->engine);
    free(r);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -1;
}

static void
ask_parse(struct role_process *r, uint32_t id, const char *bytes, size_t len)
{
    int fd;
    assert_int_equal(memfd_from(bytes, len, &fd), SP_OK);
    assert_int_equal(wire_send_parse_message(r->engine, id, &(struct wm_parse_message){.bytes = fd, .length = len}), SP_OK);
    (void)close(fd);
}

/* The status of the final reply to id; a document is checked and must have text in its first part when text is given. */
static enum sp_status
answer(struct role_process *r, uint32_t *id, const char *text)
{
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    enum sp_status st = wire_receive(r->engine, 20000, &arena, &in);
    assert_int_equal(st, SP_OK);
    *id = in.id;
    if (in.type == WM_TYPE_reply_error) {
        st = ((const struct wm_reply_error *)in.msg)->status;
    } else if (in.type == WM_TYPE_parsed) {
        struct memfd_map map;
        const struct document *d;
        assert_int_equal(memfd_map(((const struct wm_parsed *)in.msg)->document, DOC_MAX_SIZE, &map), SP_OK);
        assert_int_equal(document_check(map.data, map.len, &d), SP_OK);
        if (text)
            assert_string_equal(doc_text(d, doc_part(d, 0)->text), text);
        memfd_unmap(&map);
    } else {
        fail_msg("unexpected reply %x", in.type);
    }
    wire_in_close(&in);
    arena_release(&arena);
    return st;
}

static void
expect_parse(struct role_process *r, uint32_t id)
{
    uint32_t got;
    ask_parse(r, id, small, sizeof small - 1);
    assert_int_equal(answer(r, &got, "你好\n"), SP_OK);
    assert_int_equal(got, id);
}

static void
parses(void **state)
{
    expect_parse(*state, 1);
    expect_parse(*state, 2);
}

static void
refuses(void **state)
{
    struct role_process *r = *state;
    uint32_t id;
    ask_parse(r, 7, "no message", 10);
    assert_int_equal(answer(r, &id, NULL), SP_NOT_A_MESSAGE);
    assert_int_equal(id, 7);
    /* no sealed memfd, a range outside of it, and a request that is another role's */
    int fd = open("/dev/null", O_RDONLY);
    assert_int_equal(wire_send_parse_message(r->engine, 8, &(struct wm_parse_message){.bytes = fd}), SP_OK);
    assert_int_equal(answer(r, &id, NULL), SP_INVALID);
    (void)close(fd);
    assert_int_equal(memfd_from("a: b\n\n", 6, &fd), SP_OK);
    assert_int_equal(wire_send_parse_message(r->engine, 9, &(struct wm_parse_message){.bytes = fd, .offset = 4, .length = 5}), SP_OK);
    assert_int_equal(answer(r, &id, NULL), SP_INVALID);
    (void)close(fd);
    assert_int_equal(wire_send_imap_noop(r->engine, 10, &(struct wm_imap_noop){.session = 0}), SP_OK);
    assert_int_equal(answer(r, &id, NULL), SP_UNSUPPORTED);
    expect_parse(r, 11);
}

static void
header_batch(void **state)
{
    struct role_process *r = *state;
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    struct wr_header_block blocks[] = {
        {.tag = 42, .bytes = {small, sizeof small - 1}},
        {.tag = 43, .bytes = {"garbage", 7}},
        {.tag = 44, .bytes = {"From: a@b.test, c@d.test\nTo: X <x@y.test>, z@y.test\nMessage-Id: <1@b>\nReferences: <2@b>\n <3@b>\n", 98}},
    };
    blocks[2].bytes.len = strlen(blocks[2].bytes.data);
    assert_int_equal(wire_send_parse_headers(r->engine, 5, &(struct wm_parse_headers){.blocks = blocks, .blocks_n = 3}), SP_OK);
    assert_int_equal(wire_receive(r->engine, 10000, &arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_parsed_headers);
    const struct wm_parsed_headers *p = in.msg;
    assert_int_equal(p->summaries_n, 3);
    assert_int_equal(p->summaries[0].tag, 42);
    assert_string_equal(p->summaries[0].subject, "grüße");
    assert_string_equal(p->summaries[0].from_name, "Ada");
    assert_string_equal(p->summaries[0].from_address, "ada@example.test");
    assert_int_equal(p->summaries[1].tag, 43);
    assert_string_equal(p->summaries[1].from_address, "");
    assert_int_equal(p->summaries[2].several_from, 1);
    assert_string_equal(p->summaries[2].to, "X, z@y.test");
    assert_string_equal(p->summaries[2].message_id, "<1@b>");
    assert_string_equal(p->summaries[2].references, "<2@b> <3@b>");
    arena_release(&arena);
}

static void
extracts(void **state)
{
    static const char message[] = "Content-Type: multipart/mixed; boundary=x\n\n--x\n\none\n--x\nContent-Type: application/pdf; name=\"../a.pdf\"\n"
                                  "Content-Transfer-Encoding: base64\n\nJVBERi0x\n--x--\n";
    struct role_process *r = *state;
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    struct memfd_map map;
    int fd;

    assert_int_equal(memfd_from(message, sizeof message - 1, &fd), SP_OK);
    struct wm_extract_part ask = {.bytes = fd, .length = sizeof message - 1, .path = "2"};
    assert_int_equal(wire_send_extract_part(r->engine, 6, &ask), SP_OK);
    assert_int_equal(wire_receive(r->engine, 10000, &arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_part_content);
    const struct wm_part_content *p = in.msg;
    assert_string_equal(p->name, "a.pdf");
    assert_string_equal(p->type, "application/pdf");
    assert_int_equal(p->size, 6);
    assert_int_equal(memfd_map(p->content, 100, &map), SP_OK);
    assert_memory_equal(map.data, "%PDF-1", 6);
    memfd_unmap(&map);
    wire_in_close(&in);
    (void)close(fd);
    arena_release(&arena);
}

/* Converters, the magic database and the HTML parser were loaded before confinement: none of them misses a file now. */
static void
rare_content(void **state)
{
    static const struct {
        const char *head, *body, *text;
    } cases[] = {
        {"text/plain; charset=iso-2022-kr", "\x1b$)C\x0e" "0!\x0f", "가"}, {"text/plain; charset=euc-tw", "\xc4\xe3", "中"},
        {"text/plain; charset=big5-hkscs", "\xa7\x41", "你"},             {"text/plain; charset=viscii", "\xe1", "á"},
        {"text/plain; charset=x-mac-cyrillic", "\x80", "А"},              {"text/plain; charset=koi8-u", "\xa4", "є"},
        {"text/plain; charset=ibm866", "\x80", "А"},                      {"text/plain; charset=windows-1258", "\xd0", "Đ"},
        {"text/plain; charset=johab", "\x88\x61", "가"},                  {"text/plain; charset=armscii-8", "\xb2", "Ա"},
        {"text/plain; charset=no-such-set", "x", "x"},                    {"text/html; charset=euc-jp", "<p>\xa4\xb3", "こ\n"},
    };
    struct role_process *r = *state;
    uint32_t id;
    for (size_t i = 0; i < COUNT(cases); i++) {
        char message[512];
        (void)snprintf(message, sizeof message, "Content-Type: %s\nSubject: =?iso-2022-jp?B?GyRCJDMbKEI=?=\n\n%s", cases[i].head, cases[i].body);
        ask_parse(r, 60, message, strlen(message));
        assert_int_equal(answer(r, &id, cases[i].text), SP_OK);
    }
    static const char zip[] = "Content-Type: application/octet-stream; name=a.zip\nContent-Transfer-Encoding: base64\n\nUEsDBBQAAAAIAA==\n";
    ask_parse(r, 61, zip, sizeof zip - 1);
    assert_int_equal(answer(r, &id, NULL), SP_OK);
}

static int
take_built(struct role_process *r)
{
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    assert_int_equal(wire_receive(r->engine, 10000, &arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_built);
    int fd = wire_take_fd(&((struct wm_built *)in.msg)->bytes);
    arena_release(&arena);
    return fd;
}

/* The way of a signed message: entity, signature around it, headers in front; then it is read again. */
static void
builds(void **state)
{
    static const char armor[] = "-----BEGIN PGP SIGNATURE-----\n\nAAAA\n-----END PGP SIGNATURE-----\n";
    struct role_process *r = *state;
    struct memfd_map map, entity_map;
    const struct document *d;
    int file, signature;
    assert_int_equal(memfd_from("%PDF-1.4", 8, &file), SP_OK);
    assert_int_equal(memfd_from(armor, sizeof armor - 1, &signature), SP_OK);
    struct wr_build_attachment attachment = {.name = "a.pdf", .type = "application/pdf", .content = file};
    struct wr_header_field fields[] = {{.name = "From", .value = "Ada <ada@example.test>"}, {.name = "Subject", .value = "grüße"}};
    struct wm_build_entity ask = {.body = "höi\n", .attachments = &attachment, .attachments_n = 1, .protect = fields, .protect_n = 2};
    assert_int_equal(wire_send_build_entity(r->engine, 70, &ask), SP_OK);
    int entity = take_built(r);
    struct wm_wrap_signed wrap = {.protocol = SP_PROTOCOL_OPENPGP, .entity = entity, .signature = signature, .micalg = "pgp-sha256"};
    assert_int_equal(wire_send_wrap_signed(r->engine, 71, &wrap), SP_OK);
    int wrapped = take_built(r);
    struct wm_build_message whole = {.headers = fields, .headers_n = 2, .entity = wrapped};
    assert_int_equal(wire_send_build_message(r->engine, 72, &whole), SP_OK);
    int message = take_built(r);
    assert_int_equal(wire_send_parse_message(r->engine, 73, &(struct wm_parse_message){.bytes = message}), SP_OK);

    struct arena arena = ARENA_INIT;
    struct wire_in in;
    struct memfd_map doc;
    assert_int_equal(wire_receive(r->engine, 10000, &arena, &in), SP_OK);
    assert_int_equal(in.type, WM_TYPE_parsed);
    assert_int_equal(memfd_map(((const struct wm_parsed *)in.msg)->document, DOC_MAX_SIZE, &doc), SP_OK);
    assert_int_equal(document_check(doc.data, doc.len, &d), SP_OK);
    assert_int_equal(memfd_map(message, 100000, &map), SP_OK);
    assert_int_equal(memfd_map(entity, 100000, &entity_map), SP_OK);
    const struct doc_layer *l = doc_layer(d, 0);
    assert_int_equal(l->signed_len, entity_map.len);
    assert_memory_equal(map.data + l->signed_at, entity_map.data, entity_map.len);
    assert_string_equal(doc_field(d, 1, "Subject", 0), "grüße");
    memfd_unmap(&doc);
    memfd_unmap(&map);
    memfd_unmap(&entity_map);
    wire_in_close(&in);
    arena_release(&arena);
    const int all[] = {file, signature, entity, wrapped, message};
    for (size_t i = 0; i < COUNT(all); i++)
        (void)close(all[i]);
}

/* ---- children that come to harm */

/* The one child of the role, waiting until it is there; 0 when it was over too soon. */
static pid_t
child_of(pid_t parent)
{
    for (int tries = 0; tries < 20000; tries++) {
        char path[64], line[64] = "";
        (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
        FILE *f = fopen(path, "re");
        if (!f)
            return 0;
        bool got = fgets(line, sizeof line, f) != NULL;
        (void)fclose(f);
        if (got && strtol(line, NULL, 10) > 0)
            return (pid_t)strtol(line, NULL, 10);
        (void)usleep(50);
    }
    return 0;
}

/* A message that takes a child long enough to be caught at it. */
static char *
slow_message(size_t *len)
{
    size_t n = 40000000;
    char *s = malloc(n);
    assert_non_null(s);
    size_t at = (size_t)snprintf(s, n, "Subject: slow\nContent-Type: multipart/mixed; boundary=b\n\n");
    while (at < n - 4) {
        memcpy(s + at, "--a\n", 4);
        at += 4;
    }
    *len = at;
    return s;
}

static pid_t
catch_child(struct role_process *r, uint32_t id, int signo)
{
    size_t len;
    char *slow = slow_message(&len);
    ask_parse(r, id, slow, len);
    free(slow);
    pid_t child = child_of(r->pid);
    if (!child || kill(child, signo) != 0)
        skip(); /* no /proc with children in this kernel */
    return child;
}

static void
crash(void **state)
{
    struct role_process *r = *state;
    uint32_t id;
    (void)catch_child(r, 20, SIGKILL);
    assert_int_equal(answer(r, &id, NULL), SP_CRASHED);
    assert_int_equal(id, 20);
    expect_parse(r, 21);
}

static void
cancelled(void **state)
{
    struct role_process *r = *state;
    uint32_t id;
    pid_t child = catch_child(r, 30, SIGSTOP);
    expect_parse(r, 31); /* one that hangs does not hold up others */
    assert_int_equal(wire_send_cancel(r->engine, 0, &(struct wm_cancel){.id = 30}), SP_OK);
    assert_int_equal(answer(r, &id, NULL), SP_CANCELLED);
    assert_int_equal(id, 30);
    assert_int_not_equal(kill(child, 0), 0); /* it is gone and reaped */
    expect_parse(r, 32);
}

static void
hangs(void **state)
{
    struct role_process *r = *state;
    uint32_t id;
    (void)catch_child(r, 40, SIGSTOP);
    int64_t before = loop_now_ms();
    assert_int_equal(answer(r, &id, NULL), SP_TIMEOUT);
    assert_true(loop_now_ms() - before < 12000);
    assert_int_equal(id, 40);
    expect_parse(r, 41);
}

/* More at once than the role runs: all are answered, each once. */
static void
many_at_once(void **state)
{
    struct role_process *r = *state;
    bool seen[101] = {false};
    for (uint32_t id = 1; id <= 100; id++)
        ask_parse(r, id, small, sizeof small - 1);
    for (int i = 0; i < 100; i++) {
        uint32_t id;
        assert_int_equal(answer(r, &id, "你好\n"), SP_OK);
        assert_true(id >= 1 && id <= 100 && !seen[id]);
        seen[id] = true;
    }
}

/* A child can open no file, start nothing, reach no network: what the kernel says of the template's filter. */
static void
confined(void **state)
{
    struct role_process *r = *state;
    char path[64], line[256];
    bool filtered = false, no_new_privs = false;
    expect_parse(r, 50);
    (void)snprintf(path, sizeof path, "/proc/%d/status", (int)r->pid);
    FILE *f = fopen(path, "re");
    assert_non_null(f);
    while (fgets(line, sizeof line, f)) {
        filtered |= strncmp(line, "Seccomp:\t2", 10) == 0;
        no_new_privs |= strncmp(line, "NoNewPrivs:\t1", 13) == 0;
    }
    (void)fclose(f);
    assert_true(filtered);
    assert_true(no_new_privs);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(parses, start, stop),       cmocka_unit_test_setup_teardown(refuses, start, stop),
        cmocka_unit_test_setup_teardown(header_batch, start, stop), cmocka_unit_test_setup_teardown(extracts, start, stop),
        cmocka_unit_test_setup_teardown(crash, start, stop),        cmocka_unit_test_setup_teardown(cancelled, start, stop),
        cmocka_unit_test_setup_teardown(hangs, start, stop),        cmocka_unit_test_setup_teardown(many_at_once, start, stop),
        cmocka_unit_test_setup_teardown(confined, start, stop),     cmocka_unit_test_setup_teardown(rare_content, start, stop),
        cmocka_unit_test_setup_teardown(builds, start, stop),
    };
    (void)signal(SIGPIPE, SIG_IGN);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
