/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The confined role itself: started with a control socket as the supervisor does, asked as the engine does. */
#include <signal.h>
#include <spawn.h>

#include "base/call.h"
#include "base/loop.h"
#include "base/role.h"
#include "unit/keys_fixture.h"

#define MIME "Content-Type: text/plain\r\n\r\nPlum season.\r\n"
#define GPG "gpg --batch --yes --quiet --pinentry-mode loopback --passphrase '' "

struct rig {
    struct fixture *f;
    struct loop *loop;
    struct wire_conn *control, *engine;
    struct calls *calls;
    pid_t pid;
    bool hello, no_agent;
    uint32_t asked_for;     /* the request that the last question belonged to */
    unsigned agents_launched, asked;
    const char *passphrase; /* the person's answer; NULL: declines */
};

struct answer {
    enum sp_status status;
    bool done;
    uint16_t type;
    struct arena arena;
    int fd;                 /* the reply's descriptor, if it has one */
    struct wr_key_signature signature; /* numbers only */
    uint32_t signatures_n, keys_n;
    uint8_t integrity;
    struct secret key;
    char text[128];
};

static void
on_control(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct rig *r = arg;
    (void)arena;
    if (in->type == WM_TYPE_hello)
        r->hello = true;
    if (in->type == WM_TYPE_launch_agent && r->no_agent) {
        assert_int_equal(wire_reply_error(c, in->id, SP_UNAVAILABLE, NULL), SP_OK);
    } else if (in->type == WM_TYPE_launch_agent) { /* outside of any confinement, as the supervisor does it */
        r->agents_launched++;
        SH(r->f, "gpgconf --launch gpg-agent");
        assert_int_equal(wire_reply_done(c, in->id), SP_OK);
    }
}

static void
on_engine(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct rig *r = arg;
    if (in->type != WM_TYPE_ask_passphrase) {
        (void)calls_dispatch(r->calls, in, arena);
        return;
    }
    struct secret s = SECRET_INIT;
    struct wm_passphrase m = {.pipe = -1};
    r->asked++;
    r->asked_for = ((const struct wm_ask_passphrase *)in->msg)->request;
    if (!r->passphrase) {
        assert_int_equal(wire_reply_error(c, in->id, SP_CANCELLED, NULL), SP_OK);
        return;
    }
    assert_int_equal(secret_set(&s, r->passphrase, strlen(r->passphrase)), SP_OK);
    assert_int_equal(secret_to_pipe(&s, &m.pipe), SP_OK);
    assert_int_equal(wire_send_passphrase(c, in->id, &m), SP_OK);
    (void)close(m.pipe);
    secret_release(&s);
}

static void
on_gone(struct wire_conn *c, enum sp_status why, void *arg)
{
    (void)c;
    (void)why;
    (void)arg;
}

static void
spawn_role(struct rig *r)
{
    int control[2];
    char program[512];
    const char *libexec = getenv("SEALPOST_LIBEXEC");
    snprintf(program, sizeof program, "%s/sealpost-keys", libexec ? libexec : "libexec");
    assert_int_equal(wire_pair(control), SP_OK);
    r->pid = fork();
    assert_true(r->pid >= 0);
    if (r->pid == 0) {
        int fd = fcntl(control[1], F_DUPFD, 10);
        if (dup2(fd, ROLE_CONTROL_FD) < 0 || fcntl(ROLE_CONTROL_FD, F_SETFD, 0) != 0)
            _exit(126);
        (void)close(fd);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 0); /* the leak check needs ptrace, which the role may not use */
        (void)execl(program, "sealpost-keys", "--home", r->f->certs, "--gnupg-home", r->f->dir, (char *)NULL);
        _exit(127);
    }
    (void)close(control[1]);
    r->control = wire_conn_new(control[0], r->loop, on_control, on_gone, r);
    for (int i = 0; i < 500 && !r->hello; i++)
        loop_turn(r->loop, 10);
    assert_true(r->hello);
}

static void
connect_engine(struct rig *r)
{
    int pair[2];
    assert_int_equal(wire_pair(pair), SP_OK);
    assert_int_equal(wire_send_peer(r->control, 0, &(struct wm_peer){.role = SP_ROLE_ENGINE, .fd = pair[1]}), SP_OK);
    (void)close(pair[1]);
    r->engine = wire_conn_new(pair[0], r->loop, on_engine, on_gone, r);
    r->calls = calls_new(r->engine, r->loop);
}

static int
setup(void **state)
{
    struct rig *r = calloc(1, sizeof *r);
    r->f = fixture_new();
    SH(r->f, GPG "--quick-gen-key 'Me <me@example.org>' rsa2048 sign 0");
    SH(r->f, GPG "--quick-add-key $(gpg --list-keys --with-colons me | awk -F: '$1==\"fpr\"{print $10; exit}') rsa2048 encr 0");
    save_text(r->f, "mail", MIME);
    SH(r->f, GPG "--detach-sign -a -o sig mail && " GPG "-r me -s -e -o enc mail");
    SH(r->f, "gpg --batch --quiet --pinentry-mode loopback --passphrase geheim --quick-gen-key 'Pia <pia@example.org>' rsa2048 encr 0");
    SH(r->f, GPG "-r pia -e -o pia.enc mail");
    SH(r->f, "gpgconf --kill all");
    r->loop = loop_new();
    spawn_role(r);
    connect_engine(r);
    *state = r;
    return 0;
}

static int
teardown(void **state)
{
    struct rig *r = *state;
    int status = -1;
    assert_int_equal(wire_send_stop(r->control, 0, &(const struct wm_stop){}), SP_OK);
    assert_int_equal(waitpid(r->pid, &status, 0), r->pid);
    assert_int_equal(status, 0);
    calls_free(r->calls, SP_CANCELLED);
    wire_conn_free(r->engine);
    wire_conn_free(r->control);
    loop_free(r->loop);
    fixture_free(r->f);
    free(r);
    return 0;
}

static void
on_reply(const struct call_reply *reply, struct arena *arena, void *arg)
{
    struct answer *a = arg;
    (void)arena;
    a->done = true;
    a->status = reply->status;
    a->fd = -1;
    if (reply->status || !reply->in)
        return;
    a->type = reply->in->type;
    void *msg = reply->in->msg;
    if (a->type == WM_TYPE_verified) {
        struct wm_verified *m = msg;
        a->signatures_n = m->signatures_n;
        if (m->signatures_n)
            a->signature = m->signatures[0];
        a->fd = wire_take_fd(&m->content);
    } else if (a->type == WM_TYPE_decrypted) {
        struct wm_decrypted *m = msg;
        a->signatures_n = m->signatures_n;
        a->integrity = m->integrity;
        a->fd = wire_take_fd(&m->plain);
        assert_int_equal(secret_set(&a->key, m->session_key.data, m->session_key.len), SP_OK);
    } else if (a->type == WM_TYPE_store_key) {
        const struct wm_store_key *m = msg;
        assert_int_equal(secret_set(&a->key, m->key.data, m->key.len), SP_OK);
    } else if (a->type == WM_TYPE_keys) {
        a->keys_n = ((const struct wm_keys *)msg)->keys_n;
    } else if (a->type == WM_TYPE_imported) {
        a->keys_n = ((const struct wm_imported *)msg)->imported;
    } else if (a->type == WM_TYPE_resolved) {
        const struct wm_resolved *m = msg;
        a->signatures_n = m->recipients_n;
        snprintf(a->text, sizeof a->text, "%s", m->recipients_n ? m->recipients[0].fingerprint : m->signer_fingerprint);
        a->integrity = m->recipients_n ? (uint8_t)m->recipients[0].state : (uint8_t)m->signer_state;
    } else if (a->type == WM_TYPE_signed_bytes) {
        a->fd = wire_take_fd(&((struct wm_signed_bytes *)msg)->signature);
    } else if (a->type == WM_TYPE_encrypted_bytes) {
        struct wm_encrypted_bytes *m = msg;
        a->fd = wire_take_fd(&m->ciphertext);
        snprintf(a->text, sizeof a->text, "%s", m->smime_type);
    }
}

static struct answer
wait_for(struct rig *r, struct answer *a)
{
    int64_t end = loop_now_ms() + 20000;
    while (!a->done && loop_now_ms() < end)
        loop_turn(r->loop, 50);
    assert_true(a->done);
    return *a;
}

static struct answer
ask(struct rig *r, uint16_t type, const void *msg)
{
    struct answer a = {.fd = -1};
    (void)call_start(r->calls, type, msg, 20000, on_reply, &a);
    return wait_for(r, &a);
}

static bool
agent_runs(struct rig *r)
{
    return sh(r->f, "gpg-connect-agent --no-autostart 'GETINFO pid' /bye | grep -q '^D '") == 0;
}

static struct answer
verify(struct rig *r, const char *sig, const char *text)
{
    struct wm_verify m = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(r->f, sig), .signed_bytes = text_fd(text, strlen(text)),
                          .length = strlen(text)};
    struct answer a = ask(r, WM_TYPE_verify, &m);
    (void)close(m.object);
    (void)close(m.signed_bytes);
    return a;
}

static void
test_verify_needs_no_agent(void **state)
{
    struct rig *r = *state;
    assert_int_equal(ask(r, WM_TYPE_keys_open, &(struct wm_keys_open){.home = r->f->certs, .gnupg_home = r->f->dir}).status, SP_OK);
    assert_int_equal(ask(r, WM_TYPE_keys_open, &(struct wm_keys_open){.home = "/elsewhere"}).status, SP_CONFIG);
    struct answer a = verify(r, "sig", MIME);
    assert_int_equal(a.status, SP_OK);
    assert_int_equal(a.signature.status, SP_OK);
    assert_int_equal(a.signature.trust, SP_TRUST_OWN);
    a = verify(r, "sig", "forged");
    assert_int_equal(a.signature.status, SP_CRYPTO);
    assert_int_equal(r->agents_launched, 0);
    assert_false(agent_runs(r));
    if (getenv("KEYS_TEST_TIMES")) {
        int64_t start = loop_now_ms();
        for (int i = 0; i < 100; i++)
            (void)verify(r, "sig", MIME);
        print_message("OpenPGP verify: %.1f ms\n", (double)(loop_now_ms() - start) / 100);
    }
}

static struct answer
decrypt(struct rig *r, const char *file, bool interactive, const struct secret *session_key)
{
    struct wm_decrypt m = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(r->f, file), .interactive = interactive};
    if (session_key)
        m.session_key = (struct wire_blob){session_key->data, session_key->len};
    struct answer a = ask(r, WM_TYPE_decrypt, &m);
    (void)close(m.object);
    return a;
}

static void
test_decrypt_and_agent(void **state)
{
    struct rig *r = *state;
    struct answer a = decrypt(r, "enc", false, NULL);
    assert_int_equal(a.status, SP_OK);
    assert_fd_equal(a.fd, MIME);
    (void)close(a.fd);
    assert_int_equal(a.integrity, SP_INTEGRITY_MDC);
    assert_int_equal(a.signatures_n, 1);
    assert_int_equal(r->agents_launched, 1);
    /* The agent is the user's own: it must not be crippled. */
    SH(r->f, "pid=$(gpg-connect-agent --no-autostart 'GETINFO pid' /bye | sed -n 's/^D //p'); grep -q 'Seccomp:.0' /proc/$pid/status && "
             "grep -q 'NoNewPrivs:.0' /proc/$pid/status");
    struct answer again = decrypt(r, "enc", false, &a.key);
    assert_int_equal(again.status, SP_OK);
    (void)close(again.fd);
    assert_int_equal(r->agents_launched, 1);
    secret_release(&a.key);
    secret_release(&again.key);
}

static void
test_passphrase_through_the_engine(void **state)
{
    struct rig *r = *state;
    SH(r->f, "gpg-connect-agent reloadagent /bye");
    assert_int_equal(decrypt(r, "pia.enc", false, NULL).status, SP_PASSPHRASE_NEEDED);
    assert_int_equal(r->asked, 0);
    r->passphrase = NULL;
    assert_int_equal(decrypt(r, "pia.enc", true, NULL).status, SP_CANCELLED);
    assert_int_equal(r->asked, 1);
    assert_true(r->asked_for != 0);
    r->passphrase = "falsch";
    assert_int_equal(decrypt(r, "pia.enc", true, NULL).status, SP_PASSPHRASE_WRONG);
    assert_int_equal(r->asked, 4);
    r->passphrase = "geheim";
    struct answer a = decrypt(r, "pia.enc", true, NULL);
    assert_int_equal(a.status, SP_OK);
    assert_int_equal(r->asked, 5);
    (void)close(a.fd);
    secret_release(&a.key);
}

static void
test_write(void **state)
{
    struct rig *r = *state;
    struct wr_text me = {"me@example.org"};
    struct wm_resolve_keys resolve = {.protocol = SP_PROTOCOL_OPENPGP, .addresses = &me, .addresses_n = 1, .signer = "me@example.org"};
    struct answer key = ask(r, WM_TYPE_resolve_keys, &resolve);
    assert_int_equal(key.status, SP_OK);
    assert_int_equal(key.integrity, SP_OK);
    struct wm_sign sign = {.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = key.text, .bytes = file_fd(r->f, "mail")};
    struct answer a = ask(r, WM_TYPE_sign, &sign);
    assert_int_equal(a.status, SP_OK);
    save_fd(r->f, a.fd, "ours");
    (void)close(a.fd);
    SH(r->f, "gpg --verify ours mail");
    struct wr_text to = {key.text};
    struct wm_encrypt encrypt = {.protocol = SP_PROTOCOL_OPENPGP, .bytes = sign.bytes, .fingerprints = &to, .fingerprints_n = 1, .signer = key.text};
    a = ask(r, WM_TYPE_encrypt, &encrypt);
    assert_int_equal(a.status, SP_OK);
    save_fd(r->f, a.fd, "enc2");
    (void)close(a.fd);
    (void)close(sign.bytes);
    SH(r->f, "gpg --batch -d enc2 >plain && cmp plain mail");
    encrypt.protocol = 7;
    assert_int_equal(ask(r, WM_TYPE_encrypt, &encrypt).status, SP_INVALID);
}

static struct answer
import(struct rig *r, const char *file, const char *passphrase, bool anchor)
{
    struct secret s = SECRET_INIT;
    struct wm_import_keys m = {.data = file_fd(r->f, file), .passphrase = -1, .as_anchor = anchor};
    if (passphrase) {
        assert_int_equal(secret_set(&s, passphrase, strlen(passphrase)), SP_OK);
        assert_int_equal(secret_to_pipe(&s, &m.passphrase), SP_OK);
    }
    struct answer a = ask(r, WM_TYPE_import_keys, &m);
    (void)close(m.data);
    if (m.passphrase > 0)
        (void)close(m.passphrase);
    secret_release(&s);
    return a;
}

static void
test_smime(void **state)
{
    struct rig *r = *state;
    SH(r->f, "openssl req -x509 -nodes -newkey rsa:2048 -keyout k.pem -out c.pem -subj /CN=Me -days 9 -addext subjectAltName=email:me@example.org"
             " -addext extendedKeyUsage=emailProtection && openssl pkcs12 -export -legacy -in c.pem -inkey k.pem -passout pass:x -out c.p12");
    /* Locked: nothing can be imported, nothing is lost. */
    assert_int_equal(import(r, "c.p12", "x", false).status, SP_LOCKED);
    assert_int_equal(ask(r, WM_TYPE_store_again, &(const struct wm_store_again){}).status, SP_LOCKED);
    struct answer key = ask(r, WM_TYPE_store_create, &(struct wm_store_create){.protection = SP_PROTECTION_KEY_FILE, .key_id = "", .passphrase = -1});
    assert_int_equal(key.status, SP_OK);
    assert_int_equal(key.key.len, KEYS_STORE_KEY_LEN);
    struct answer again = ask(r, WM_TYPE_store_again, &(const struct wm_store_again){});
    assert_true(secret_equal(&again.key, key.key.data, key.key.len));
    secret_release(&again.key);
    secret_release(&key.key);
    assert_int_equal(import(r, "c.p12", "y", false).status, SP_PASSPHRASE_WRONG);
    struct answer a = import(r, "c.p12", "x", true);
    assert_int_equal(a.status, SP_OK);
    assert_int_equal(a.keys_n, 2);
    assert_int_equal(ask(r, WM_TYPE_list_keys, &(struct wm_list_keys){.protocol = SP_PROTOCOL_SMIME, .match = "", .secret_only = 1}).keys_n, 1);
    struct wr_text me = {"me@example.org"};
    struct wm_resolve_keys resolve = {.protocol = SP_PROTOCOL_SMIME, .addresses = &me, .addresses_n = 1, .signer = ""};
    struct answer found = ask(r, WM_TYPE_resolve_keys, &resolve);
    assert_int_equal(found.integrity, SP_OK);
    struct wm_sign sign = {.protocol = SP_PROTOCOL_SMIME, .fingerprint = found.text, .bytes = file_fd(r->f, "mail")};
    a = ask(r, WM_TYPE_sign, &sign);
    assert_int_equal(a.status, SP_OK);
    struct wm_verify verify_it = {.protocol = SP_PROTOCOL_SMIME, .object = a.fd, .signed_bytes = sign.bytes, .length = strlen(MIME)};
    struct answer v = ask(r, WM_TYPE_verify, &verify_it);
    assert_int_equal(v.status, SP_OK);
    assert_true(v.signature.status == SP_OK && v.signature.chain_good);
    if (getenv("KEYS_TEST_TIMES")) {
        int64_t start = loop_now_ms();
        for (int i = 0; i < 100; i++)
            (void)ask(r, WM_TYPE_verify, &verify_it);
        print_message("S/MIME verify: %.1f ms\n", (double)(loop_now_ms() - start) / 100);
    }
    (void)close(a.fd);
    struct wr_text to = {found.text};
    struct wm_encrypt encrypt = {.protocol = SP_PROTOCOL_SMIME, .bytes = sign.bytes, .fingerprints = &to, .fingerprints_n = 1, .signer = ""};
    a = ask(r, WM_TYPE_encrypt, &encrypt);
    assert_string_equal(a.text, "authEnveloped-data");
    struct answer d = ask(r, WM_TYPE_decrypt, &(struct wm_decrypt){.protocol = SP_PROTOCOL_SMIME, .object = a.fd});
    assert_int_equal(d.status, SP_OK);
    assert_fd_equal(d.fd, MIME);
    (void)close(d.fd);
    assert_int_equal(ask(r, WM_TYPE_store_forget, &(const struct wm_store_forget){}).status, SP_OK);
    d = ask(r, WM_TYPE_decrypt, &(struct wm_decrypt){.protocol = SP_PROTOCOL_SMIME, .object = a.fd});
    assert_int_equal(d.status, SP_LOCKED);
    (void)close(a.fd);
    (void)close(sign.bytes);
}

static void
test_cancel_and_many(void **state)
{
    struct rig *r = *state;
    struct answer answers[40] = {{0}};
    struct wm_verify m = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(r->f, "sig"), .signed_bytes = text_fd(MIME, strlen(MIME)),
                          .length = strlen(MIME)};
    uint32_t ids[COUNT(answers)];
    for (size_t i = 0; i < COUNT(answers); i++)
        ids[i] = call_start(r->calls, WM_TYPE_verify, &m, 20000, on_reply, &answers[i]);
    for (size_t i = 0; i < COUNT(answers); i += 2)
        call_cancel(r->calls, ids[i]);
    unsigned ok = 0, cancelled = 0, busy = 0;
    for (size_t i = 0; i < COUNT(answers); i++) {
        (void)wait_for(r, &answers[i]);
        ok += answers[i].status == SP_OK;
        cancelled += answers[i].status == SP_CANCELLED;
        busy += answers[i].status == SP_BUSY;
    }
    assert_int_equal(ok + cancelled + busy, COUNT(answers));
    assert_true(ok > 0 && cancelled > 0);
    (void)close(m.object);
    (void)close(m.signed_bytes);
    assert_int_equal(verify(r, "sig", MIME).status, SP_OK);
    assert_int_not_equal(sh(r->f, "ps -o stat= --ppid %d | grep -q Z", (int)r->pid), 0);
}

/* A new engine finds the store's key again; the old one's questions are gone. */
static void
test_new_engine(void **state)
{
    struct rig *r = *state;
    struct answer key = ask(r, WM_TYPE_store_create, &(struct wm_store_create){.protection = SP_PROTECTION_KEY_FILE, .key_id = "", .passphrase = -1});
    assert_int_equal(key.status, SP_OK);
    calls_free(r->calls, SP_CANCELLED);
    wire_conn_free(r->engine);
    connect_engine(r);
    struct answer again = ask(r, WM_TYPE_store_again, &(const struct wm_store_again){});
    assert_int_equal(again.status, SP_OK);
    assert_true(secret_equal(&again.key, key.key.data, key.key.len));
    secret_release(&again.key);
    /* The other way round: a process that replaced one that died gets it back. */
    assert_int_equal(ask(r, WM_TYPE_store_forget, &(const struct wm_store_forget){}).status, SP_OK);
    assert_int_equal(ask(r, WM_TYPE_store_restore, &(struct wm_store_restore){.key = {"short", 5}}).status, SP_INVALID);
    assert_int_equal(ask(r, WM_TYPE_store_again, &(const struct wm_store_again){}).status, SP_LOCKED);
    assert_int_equal(ask(r, WM_TYPE_store_restore, &(struct wm_store_restore){.key = {key.key.data, key.key.len}}).status, SP_OK);
    again = ask(r, WM_TYPE_store_again, &(const struct wm_store_again){});
    assert_true(secret_equal(&again.key, key.key.data, key.key.len));
    secret_release(&again.key);
    secret_release(&key.key);
    assert_int_equal(verify(r, "sig", MIME).status, SP_OK);
}

static void
test_confined(void **state)
{
    struct rig *r = *state;
    assert_int_equal(sh(r->f, "grep -q 'Seccomp:.2' /proc/%d/status", (int)r->pid), 0);
    assert_int_equal(sh(r->f, "grep -q 'NoNewPrivs:.1' /proc/%d/status", (int)r->pid), 0);
    /* Without an agent and with nobody to launch one, gpg does not start its own. */
    SH(r->f, "gpgconf --kill all; rm -f S.gpg-agent*");
    unsigned launched = r->agents_launched;
    r->no_agent = true;
    assert_int_equal(decrypt(r, "enc", false, NULL).status, SP_UNAVAILABLE);
    assert_false(agent_runs(r));
    r->no_agent = false;
    struct answer a = decrypt(r, "enc", false, NULL);
    assert_int_equal(a.status, SP_OK); /* the stand-in launches it */
    assert_int_equal(r->agents_launched, launched + 1);
    (void)close(a.fd);
    secret_release(&a.key);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_verify_needs_no_agent), cmocka_unit_test(test_decrypt_and_agent),
        cmocka_unit_test(test_passphrase_through_the_engine), cmocka_unit_test(test_write), cmocka_unit_test(test_smime),
        cmocka_unit_test(test_cancel_and_many), cmocka_unit_test(test_new_engine), cmocka_unit_test(test_confined),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
