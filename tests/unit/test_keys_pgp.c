/* SPDX-License-Identifier: GPL-3.0-or-later */
/* OpenPGP against real key rings made by the gpg command line, in both directions. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "unit/keys_fixture.h"

#define MIME "Content-Type: text/plain\r\n\r\nPlum season.\r\n"
#define DAY ((int64_t)86400)
#define GPG "gpg --batch --yes --quiet --pinentry-mode loopback --passphrase '' "

static void
make_key(struct fixture *f, const char *uid, const char *expire)
{
    SH(f, GPG "--quick-gen-key '%s' ed25519 sign %s", uid, expire);
    SH(f, GPG "--quick-add-key $(gpg --list-keys --with-colons '=%s' | awk -F: '$1==\"fpr\"{print $10; exit}') cv25519 encr %s", uid, expire);
}

static int
setup(void **state)
{
    struct fixture *f = fixture_new();
    struct pgp_paths paths;
    save_text(f, "gpg.conf", "keyserver hkp://127.0.0.1:9\n");
    assert_int_equal(pgp_start(f->dir, &paths), SP_OK);
    pgp_paths_release(&paths);
    make_key(f, "Me <me@example.org>", "0");
    make_key(f, "Bob <Bob@Example.NET>", "30d");
    make_key(f, "Carol <carol@example.net>", "0");
    make_key(f, "Rita <rita@example.net>", "0");
    /* Only my own key is ultimately trusted; Bob's is certified by me, Carol's by nobody; Rita's is revoked. */
    for (const char *const *who = (const char *const[]){"bob", "carol", "rita", NULL}; *who; who++)
        SH(f, "echo \"$(gpg --list-keys --with-colons %s | awk -F: '$1==\"fpr\"{print $10; exit}'):2:\" | gpg --import-ownertrust", *who);
    SH(f, GPG "-u me --quick-lsign-key $(gpg --list-keys --with-colons bob | awk -F: '$1==\"fpr\"{print $10; exit}')");
    SH(f, "gpg --check-trustdb --batch");
    save_text(f, "mail", MIME);
    SH(f, GPG "-u rita --armor --detach-sign -o rita.sig mail");
    SH(f, "sed 's/^:---/---/' openpgp-revocs.d/$(gpg --list-keys --with-colons rita | awk -F: '$1==\"fpr\"{print $10; exit}').rev | gpg --import");
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static struct wm_verified
verify(struct fixture *f, const char *object, enum sp_form form, const char *content, int64_t now)
{
    struct wm_verify in = {.protocol = SP_PROTOCOL_OPENPGP, .form = (uint8_t)form, .signed_bytes = -1, .object = file_fd(f, object), .now = now};
    struct wm_verified out;
    if (content) {
        in.signed_bytes = text_fd(content, strlen(content));
        in.length = strlen(content);
    }
    assert_int_equal(pgp_verify(&f->op, &in, &out), SP_OK);
    (void)close(in.object);
    if (in.signed_bytes > 0)
        (void)close(in.signed_bytes);
    return out;
}

static struct wr_key_signature
verify_one(struct fixture *f, const char *object, const char *content, int64_t now)
{
    struct wm_verified out = verify(f, object, SP_FORM_DETACHED, content, now);
    assert_int_equal(out.signatures_n, 1);
    assert_true(out.content <= 0);
    return out.signatures[0];
}

static void
sign_as(struct fixture *f, const char *who, const char *options)
{
    SH(f, GPG "-u %s %s --armor --detach-sign -o sig mail", who, options);
}

static void
test_good(void **state)
{
    struct fixture *f = *state;
    sign_as(f, "me", "");
    struct wr_key_signature s = verify_one(f, "sig", MIME, 0);
    assert_int_equal(s.status, SP_OK);
    assert_int_equal(s.trust, SP_TRUST_OWN);
    assert_int_equal(s.identities_n, 1);
    assert_string_equal(s.identities[0].address, "me@example.org");
    assert_string_equal(s.identities[0].name, "Me");
    assert_true(s.identities[0].valid && !s.identities[0].revoked);
    assert_string_equal(s.algorithm, "ed25519");
    assert_memory_equal(s.hash, "SHA", 3);
    assert_false(s.weak || s.key_expired || s.key_revoked || s.signature_expired);
    assert_int_equal(strlen(s.fingerprint), 40);
    assert_string_equal(s.key_id, s.fingerprint + 24);
    assert_true(s.created > 0);
    assert_int_equal(s.reasons_n, 0);
}

static void
test_trust(void **state)
{
    struct fixture *f = *state;
    sign_as(f, "bob", "");
    struct wr_key_signature s = verify_one(f, "sig", MIME, 0);
    assert_int_equal(s.status, SP_OK);
    assert_int_equal(s.trust, SP_TRUST_ACCEPTED);
    assert_true(s.identities[0].valid);
    assert_string_equal(s.identities[0].address, "Bob@example.net");
    sign_as(f, "carol", "");
    s = verify_one(f, "sig", MIME, 0);
    assert_int_equal(s.status, SP_OK);
    assert_int_equal(s.trust, SP_TRUST_UNDECIDED);
    assert_false(s.identities[0].valid);
    /* The user's own decision, in our store. */
    struct wm_set_trust trust = {.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = s.fingerprint, .trust = SP_TRUST_ACCEPTED};
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_OK);
    s = verify_one(f, "sig", MIME, 0);
    assert_true(s.trust == SP_TRUST_ACCEPTED && s.identities[0].valid);
    trust.trust = SP_TRUST_REJECTED;
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_OK);
    s = verify_one(f, "sig", MIME, 0);
    assert_true(s.trust == SP_TRUST_REJECTED && !s.identities[0].valid && has_reason(&s, "key-rejected"));
    trust.trust = SP_TRUST_UNDECIDED;
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_OK);
    assert_int_equal(verify_one(f, "sig", MIME, 0).trust, SP_TRUST_UNDECIDED);
    trust.trust = SP_TRUST_OWN;
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_INVALID);
}

/* S3, S10 */
static void
test_bad(void **state)
{
    struct fixture *f = *state;
    sign_as(f, "me", "");
    struct wr_key_signature s = verify_one(f, "sig", "Content-Type: text/plain\r\n\r\nPlum treason.\r\n", 0);
    assert_int_equal(s.status, SP_CRYPTO);
    assert_true(has_reason(&s, "digest-mismatch"));
    struct wm_verified none = verify(f, "mail", SP_FORM_DETACHED, MIME, 0);
    assert_int_equal(none.signatures_n, 0);
    SH(f, "gpg --dearmor <sig >sig.bin");
    for (unsigned len = 0; len < 118; len += 9) {
        SH(f, "head -c %u sig.bin >cut", len);
        struct wm_verified out = verify(f, "cut", SP_FORM_DETACHED, MIME, 0);
        for (uint32_t i = 0; i < out.signatures_n; i++)
            assert_int_not_equal(out.signatures[i].status, SP_OK);
    }
    /* An object that brings its own text is no detached signature. */
    SH(f, GPG "-u me --sign -o opaque mail");
    struct wm_verify in = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(f, "opaque"), .signed_bytes = text_fd("other", 5), .length = 5};
    struct wm_verified out;
    if (pgp_verify(&f->op, &in, &out) == SP_OK)
        for (uint32_t i = 0; i < out.signatures_n; i++)
            assert_int_not_equal(out.signatures[i].status, SP_OK);
    (void)close(in.object);
    (void)close(in.signed_bytes);
}

static void
test_unknown_and_several(void **state)
{
    struct fixture *f = *state;
    SH(f, "mkdir -m 700 x && cp gpg-agent.conf x && gpg --homedir $PWD/x --batch --quiet --pinentry-mode loopback --passphrase '' "
          "--quick-gen-key 'Eve <me@example.org>' ed25519 sign 0");
    SH(f, "gpg --homedir $PWD/x --batch --quiet --detach-sign -o eve.sig mail; gpgconf --homedir $PWD/x --kill all");
    struct wr_key_signature s = verify_one(f, "eve.sig", MIME, 0);
    assert_int_equal(s.status, SP_NO_KEY);
    assert_true(has_reason(&s, "unknown-key"));
    assert_int_equal(s.identities_n, 0);
    /* S4: each for itself. */
    SH(f, GPG "-u me --detach-sign -o me.sig mail && cat me.sig eve.sig >both.sig");
    struct wm_verified both = verify(f, "both.sig", SP_FORM_DETACHED, MIME, 0);
    assert_int_equal(both.signatures_n, 2);
    assert_int_equal(both.signatures[0].status, SP_OK);
    assert_int_equal(both.signatures[1].status, SP_NO_KEY);
}

/* S7 */
static void
test_expired_and_revoked(void **state)
{
    struct fixture *f = *state;
    sign_as(f, "bob", "");
    struct wr_key_signature s = verify_one(f, "sig", MIME, keys_now(0) + 31 * DAY);
    assert_true(s.status == SP_OK && s.key_expired && has_reason(&s, "key-expired"));
    sign_as(f, "me", "--default-sig-expire 5d");
    s = verify_one(f, "sig", MIME, keys_now(0) + 6 * DAY);
    assert_true(s.signature_expired && has_reason(&s, "signature-expired"));
    s = verify_one(f, "rita.sig", MIME, 0);
    assert_true(s.key_revoked && has_reason(&s, "key-revoked"));
}

/* S20's idea for OpenPGP. */
static void
test_weak(void **state)
{
    struct fixture *f = *state;
    SH(f, GPG "--quick-gen-key 'Old <old@example.net>' rsa1024 sign 0");
    sign_as(f, "old", "");
    struct wr_key_signature s = verify_one(f, "sig", MIME, 0);
    assert_true(s.weak && has_reason(&s, "weak-key"));
    assert_string_equal(s.algorithm, "rsa1024");
    sign_as(f, "old", "--digest-algo SHA1");
    s = verify_one(f, "sig", MIME, 0);
    assert_true(s.weak && has_reason(&s, "weak-digest"));
}

static void
test_clearsign_and_opaque(void **state)
{
    struct fixture *f = *state;
    save_text(f, "text", "- dash\nFrom here\n\nend\n");
    SH(f, GPG "-u me --clearsign -o clear text");
    struct wm_verified out = verify(f, "clear", SP_FORM_CLEARSIGN, NULL, 0);
    assert_int_equal(out.signatures_n, 1);
    assert_int_equal(out.signatures[0].status, SP_OK);
    assert_fd_equal(out.content, "- dash\nFrom here\n\nend\n");
    (void)close(out.content);
    SH(f, "sed 's/From here/From there/' clear >clear.bad");
    out = verify(f, "clear.bad", SP_FORM_CLEARSIGN, NULL, 0);
    assert_int_equal(out.signatures[0].status, SP_CRYPTO);
    assert_true(out.content <= 0);
    SH(f, GPG "-u me --sign -o opaque mail");
    out = verify(f, "opaque", SP_FORM_OPAQUE, NULL, 0);
    assert_int_equal(out.signatures[0].status, SP_OK);
    assert_fd_equal(out.content, MIME);
    (void)close(out.content);
    /* Two texts in one object, one of them signed: the other does not pass as signed. */
    SH(f, GPG "--store -o stored text && cat stored opaque >two");
    out = verify(f, "two", SP_FORM_OPAQUE, NULL, 0);
    assert_true(out.content <= 0 || out.signatures_n == 0);
    if (out.content > 0)
        (void)close(out.content);
    /* An encrypted object is not opened by verifying. */
    SH(f, GPG "-r me -e -o enc mail");
    out = verify(f, "enc", SP_FORM_OPAQUE, NULL, 0);
    assert_int_equal(out.signatures_n, 0);
    assert_true(out.content <= 0);
}

/* ---- decrypting */

static struct wm_decrypted
decrypt(struct fixture *f, const char *object, enum sp_status want)
{
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(f, object), .passphrase = -1};
    struct wm_decrypted out;
    assert_int_equal(pgp_decrypt(&f->op, &in, &out), want);
    (void)close(in.object);
    assert_true(want == SP_OK || out.plain <= 0);
    return out;
}

static void
test_decrypt(void **state)
{
    struct fixture *f = *state;
    SH(f, GPG "-r me -r bob -u bob --sign -e -a -o enc mail");
    struct wm_decrypted out = decrypt(f, "enc", SP_OK);
    assert_fd_equal(out.plain, MIME);
    (void)close(out.plain);
    assert_int_equal(out.integrity, SP_INTEGRITY_MDC);
    assert_string_equal(out.cipher, "AES256.CFB");
    assert_int_equal(out.signatures_n, 1);
    assert_int_equal(out.signatures[0].trust, SP_TRUST_ACCEPTED);
    assert_int_equal(out.recipients_n, 2);
    assert_true(out.session_key.len > 10);
    /* Again with the session key alone. */
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(f, "enc"), .session_key = out.session_key};
    struct wm_decrypted again;
    assert_int_equal(pgp_decrypt(&f->op, &in, &again), SP_OK);
    assert_fd_equal(again.plain, MIME);
    assert_int_equal(again.signatures[0].status, SP_OK);
    assert_int_equal(again.session_key.len, out.session_key.len);
    (void)close(again.plain);
    in.session_key = (struct wire_blob){"--foo 1", 7};
    assert_int_equal(pgp_decrypt(&f->op, &in, &again), SP_INVALID);
    (void)close(in.object);
    SH(f, GPG "-R me -e -o enc mail");
    out = decrypt(f, "enc", SP_OK);
    assert_string_equal(out.recipients[0].text, "0000000000000000");
    assert_int_equal(out.signatures_n, 0);
    (void)close(out.plain);
    /* S7: one's own revoked key still opens. */
    SH(f, "gpg --export rita >rita.pub && gpg --homedir $PWD/x --batch --import rita.pub");
}

/* S1, S2 */
static void
test_not_really_encrypted(void **state)
{
    struct fixture *f = *state;
    SH(f, GPG "-u me --sign -o signed mail");
    (void)decrypt(f, "signed", SP_CRYPTO);
    SH(f, GPG "--store -o stored mail");
    (void)decrypt(f, "stored", SP_CRYPTO);
    (void)decrypt(f, "mail", SP_CRYPTO);
    SH(f, GPG "-r me -e -o enc mail");
    SH(f, "cat enc stored >mixed && cat stored enc >mixed2");
    (void)decrypt(f, "mixed", SP_CRYPTO);
    (void)decrypt(f, "mixed2", SP_CRYPTO);
    /* Without MDC, also for a user who told gpg to shrug it off. */
    SH(f, GPG "--rfc2440 --cipher-algo AES256 -r me -e -o nomdc mail");
    (void)decrypt(f, "nomdc", SP_CRYPTO);
    SH(f, "echo ignore-mdc-error >>gpg.conf");
    (void)decrypt(f, "nomdc", SP_CRYPTO);
    SH(f, "sed -i /ignore-mdc/d gpg.conf");
    /* Truncated and tampered. */
    SH(f, GPG "-z0 -r me -e -o enc mail");
    for (unsigned back = 1; back < 60; back += 7) {
        SH(f, "head -c -%u enc >cut", back);
        struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(f, "cut")};
        struct wm_decrypted out;
        assert_int_not_equal(pgp_decrypt(&f->op, &in, &out), SP_OK);
        assert_true(out.plain <= 0);
        (void)close(in.object);
    }
    int fd = file_fd(f, "enc");
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, 1 << 20, &map), SP_OK);
    for (size_t back = 5; back < 80; back += 9) {
        char *copy = malloc(map.len);
        memcpy(copy, map.data, map.len);
        copy[map.len - back] = (char)(copy[map.len - back] ^ 4);
        struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = text_fd(copy, map.len)};
        struct wm_decrypted out;
        assert_int_not_equal(pgp_decrypt(&f->op, &in, &out), SP_OK);
        assert_true(out.plain <= 0);
        (void)close(in.object);
        free(copy);
    }
    memfd_unmap(&map);
    (void)close(fd);
}

struct asked {
    const char *answers[4];
    unsigned n;
    bool was_wrong[4];
    char user_id[128];
};

static enum sp_status
answer(void *arg, const char *user_id, const char *key_id, bool was_wrong, struct secret *out)
{
    struct asked *a = arg;
    (void)key_id;
    if (a->n == 4 || !a->answers[a->n])
        return SP_CANCELLED;
    a->was_wrong[a->n] = was_wrong;
    snprintf(a->user_id, sizeof a->user_id, "%s", user_id);
    const char *text = a->answers[a->n++];
    return secret_set(out, text, strlen(text));
}

static enum sp_status
decrypt_asking(struct fixture *f, struct asked *a, const char *given, bool interactive)
{
    struct keys_op op = f->op;
    struct secret s = SECRET_INIT;
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = file_fd(f, "enc"), .interactive = interactive};
    struct wm_decrypted out;
    if (given) {
        assert_int_equal(secret_set(&s, given, strlen(given)), SP_OK);
        assert_int_equal(secret_to_pipe(&s, &in.passphrase), SP_OK);
    }
    op.ask = answer;
    op.ask_arg = a;
    SH(f, "gpg-connect-agent reloadagent /bye");
    enum sp_status st = pgp_decrypt(&op, &in, &out);
    if (st == SP_OK)
        assert_fd_equal(out.plain, MIME);
    if (out.plain > 0)
        (void)close(out.plain);
    (void)close(in.object);
    if (in.passphrase > 0)
        (void)close(in.passphrase);
    secret_release(&s);
    return st;
}

static void
test_passphrases(void **state)
{
    struct fixture *f = *state;
    SH(f, "gpg --batch --quiet --pinentry-mode loopback --passphrase geheim --quick-gen-key 'Pia <pia@example.org>' rsa2048 encr 0");
    SH(f, GPG "-r pia -e -o enc mail");
    struct asked none = {{NULL}, 0, {0}, ""};
    assert_int_equal(decrypt_asking(f, &none, NULL, false), SP_PASSPHRASE_NEEDED);
    assert_int_equal(none.n, 0);
    assert_int_equal(decrypt_asking(f, &none, "geheim\n", false), SP_OK);
    assert_int_equal(decrypt_asking(f, &none, "falsch", false), SP_PASSPHRASE_WRONG);
    struct asked second = {{"falsch", "geheim", NULL}, 0, {0}, ""};
    assert_int_equal(decrypt_asking(f, &second, NULL, true), SP_OK);
    assert_int_equal(second.n, 2);
    assert_false(second.was_wrong[0]);
    assert_true(second.was_wrong[1]);
    assert_string_equal(second.user_id, "Pia <pia@example.org>");
    struct asked never = {{"a", "b", "c", "d"}, 0, {0}, ""};
    assert_int_equal(decrypt_asking(f, &never, NULL, true), SP_PASSPHRASE_WRONG);
    assert_int_equal(never.n, 3);
    assert_int_equal(decrypt_asking(f, &none, NULL, true), SP_CANCELLED);
    SH(f, "gpg --homedir $PWD/x --batch --quiet --pinentry-mode loopback --passphrase '' --quick-gen-key 'Zoe <zoe@example.org>' rsa2048 "
          "encr 0 && gpg --homedir $PWD/x --export zoe >zoe.pub && gpgconf --homedir $PWD/x --kill all");
    SH(f, GPG "--trust-model always -f zoe.pub -e -o enc mail");
    (void)decrypt(f, "enc", SP_NO_SECRET_KEY);
}

/* ---- writing */

static struct wr_recipient_plan
resolve(struct fixture *f, const char *address, int64_t now)
{
    struct wr_recipient_plan plan;
    assert_int_equal(pgp_resolve(&f->op, address, now, &plan), SP_OK);
    return plan;
}

static void
test_resolve(void **state)
{
    struct fixture *f = *state;
    struct wr_recipient_plan p = resolve(f, "bob@example.net", 0);
    assert_int_equal(p.state, SP_OK);
    assert_int_equal(p.trust, SP_TRUST_ACCEPTED);
    assert_string_equal(p.identity, "Bob <Bob@Example.NET>");
    assert_true(p.expires > keys_now(0));
    p = resolve(f, "bob@example.net", keys_now(0) + 31 * DAY);
    assert_int_equal(p.state, SP_NO_KEY);
    assert_string_equal(p.reason, "expired");
    p = resolve(f, "rita@example.net", 0);
    assert_int_equal(p.state, SP_NO_KEY);
    assert_string_equal(p.reason, "revoked");
    p = resolve(f, "carol@example.net", 0);
    assert_true(p.state == SP_OK && p.trust == SP_TRUST_UNDECIDED);
    assert_int_equal(resolve(f, "ob@example.net", 0).state, SP_NO_KEY);
    assert_int_equal(resolve(f, "not an address", 0).state, SP_INVALID);
    assert_int_equal(resolve(f, "old@example.net", 0).state, SP_NO_KEY);
    /* Eve's newer key for Bob's address does not displace the accepted one (S62). */
    make_key(f, "Bobby <bob@example.net>", "0");
    struct wr_recipient_plan again = resolve(f, "bob@example.net", 0);
    assert_int_equal(again.trust, SP_TRUST_OWN); /* made here, so ultimately trusted by gpg */
    SH(f, "echo \"%s:2:\" | gpg --import-ownertrust", again.fingerprint);
    again = resolve(f, "bob@example.net", 0);
    assert_string_equal(again.identity, "Bob <Bob@Example.NET>");
    struct wr_text addresses[] = {{"me@example.org"}, {"nobody@example.org"}};
    struct wm_resolve_keys in = {.addresses = addresses, .addresses_n = 2, .signer = "me@example.org"};
    struct wm_resolved out;
    assert_int_equal(keys_resolve(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.recipients_n, 2);
    assert_int_equal(out.recipients[1].state, SP_NO_KEY);
    assert_int_equal(out.signer_state, SP_OK);
    assert_string_equal(out.signer_fingerprint, out.recipients[0].fingerprint);
    in.signer = "nobody@example.org";
    assert_int_equal(keys_resolve(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.signer_state, SP_NO_SECRET_KEY);
}

static void
test_sign(void **state)
{
    struct fixture *f = *state;
    struct wm_sign in = {.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = resolve(f, "me@example.org", 0).fingerprint, .bytes = file_fd(f, "mail")};
    struct wm_signed_bytes out;
    assert_int_equal(pgp_sign(&f->op, &in, &out), SP_OK);
    assert_memory_equal(out.micalg, "pgp-sha", 7);
    save_fd(f, out.signature, "ours");
    (void)close(out.signature);
    SH(f, "gpg --verify ours mail");
    assert_int_equal(verify_one(f, "ours", MIME, 0).status, SP_OK);
    in.fingerprint = "0000000000000000000000000000000000000000";
    assert_int_equal(pgp_sign(&f->op, &in, &out), SP_NO_SECRET_KEY);
    (void)close(in.bytes);
}

static void
test_encrypt(void **state)
{
    struct fixture *f = *state;
    struct wr_text to[] = {{resolve(f, "bob@example.net", 0).fingerprint}, {resolve(f, "carol@example.net", 0).fingerprint}};
    struct wm_encrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .bytes = file_fd(f, "mail"), .fingerprints = to, .fingerprints_n = 2,
                            .signer = resolve(f, "me@example.org", 0).fingerprint};
    struct wm_encrypted_bytes out;
    SH(f, "echo encrypt-to me >>gpg.conf"); /* S68: adds nobody */
    assert_int_equal(pgp_encrypt(&f->op, &in, &out), SP_OK);
    save_fd(f, out.ciphertext, "enc");
    (void)close(out.ciphertext);
    SH(f, "sed -i /encrypt-to/d gpg.conf");
    SH(f, "gpg --batch -d enc >plain && cmp plain mail");
    SH(f, "test $(gpg --batch --list-packets enc | grep -c ':pubkey enc packet') = 2");
    struct wm_decrypted opened = decrypt(f, "enc", SP_OK);
    assert_int_equal(opened.signatures_n, 1);
    assert_int_equal(opened.signatures[0].trust, SP_TRUST_OWN);
    (void)close(opened.plain);
    in.hidden = 1;
    in.signer = "";
    assert_int_equal(pgp_encrypt(&f->op, &in, &out), SP_OK);
    save_fd(f, out.ciphertext, "enc");
    (void)close(out.ciphertext);
    SH(f, "test $(gpg --batch --list-packets enc | grep -c 'keyid 0000000000000000') = 2");
    to[1].text = "0000000000000000000000000000000000000000";
    assert_int_equal(pgp_encrypt(&f->op, &in, &out), SP_NO_KEY);
    in.fingerprints_n = 0;
    assert_int_equal(pgp_encrypt(&f->op, &in, &out), SP_INVALID);
    (void)close(in.bytes);
}

static void
test_list_and_import(void **state)
{
    struct fixture *f = *state;
    struct wm_list_keys list = {.protocol = SP_PROTOCOL_OPENPGP, .match = "bob@example.net"};
    struct wm_keys keys;
    assert_int_equal(keys_list(&f->op, &list, &keys), SP_OK);
    assert_int_equal(keys.keys_n, 2);
    assert_true(keys.keys[0].secret && keys.keys[0].can_sign && keys.keys[0].can_encrypt);
    list.match = "nobody@nowhere.example";
    assert_int_equal(keys_list(&f->op, &list, &keys), SP_OK);
    assert_int_equal(keys.keys_n, 0);
    list.match = "";
    list.secret_only = 1;
    assert_int_equal(keys_list(&f->op, &list, &keys), SP_OK);
    assert_true(keys.keys_n >= 5);
    /* A secret key with a passphrase is imported as it is. */
    SH(f, "gpg --homedir $PWD/x --batch --quiet --pinentry-mode loopback --passphrase pw --quick-gen-key 'Yan <yan@example.org>' rsa2048 encr 0"
          " && gpg --homedir $PWD/x --batch --pinentry-mode loopback --passphrase pw -a --export-secret-keys yan >yan.sec");
    struct wm_import_keys in = {.data = file_fd(f, "yan.sec")};
    struct wm_imported out;
    assert_int_equal(keys_import(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.imported, 1);
    assert_int_equal(out.keys_n, 1);
    assert_true(out.keys[0].secret && out.keys[0].trust == SP_TRUST_UNDECIDED);
    assert_int_equal(keys_import(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.imported, 0);
    (void)close(in.data);
    SH(f, GPG "--trust-model always -r yan -e -o enc mail");
    struct asked none = {{NULL}, 0, {0}, ""};
    assert_int_equal(decrypt_asking(f, &none, "pw", false), SP_OK);
    /* A revocation by itself. */
    SH(f, "sed 's/^:---/---/' openpgp-revocs.d/$(gpg --list-keys --with-colons old | awk -F: '$1==\"fpr\"{print $10; exit}').rev >old.rev");
    in.data = file_fd(f, "old.rev");
    assert_int_equal(keys_import(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.imported, 1);
    (void)close(in.data);
    list.match = "old@example.net";
    assert_int_equal(keys_list(&f->op, &list, &keys), SP_OK);
    assert_true(keys.keys_n == 1 && keys.keys[0].revoked);
    in.data = text_fd("\x99garbage", 8);
    assert_int_not_equal(keys_import(&f->op, &in, &out), SP_OK);
    (void)close(in.data);
}

/* ---- S78: whatever gpg.conf says, nobody is called */

static void
test_no_connection(void **state)
{
    struct fixture *f = *state;
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, len), 0);
    assert_int_equal(listen(listener, 8), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &len), 0);
    SH(f, "printf 'keyserver hkp://127.0.0.1:%u\\nkeyserver-options auto-key-retrieve,honor-keyserver-url\\nauto-key-retrieve\\n"
          "auto-key-locate clear,keyserver,wkd\\n' >gpg.conf && printf 'keyserver hkp://127.0.0.1:%u\\n' >dirmngr.conf",
       ntohs(address.sin_port), ntohs(address.sin_port));
    struct wr_key_signature s = verify_one(f, "eve.sig", MIME, 0);
    assert_int_equal(s.status, SP_NO_KEY);
    (void)resolve(f, "unknown@example.org", 0);
    struct wm_list_keys list = {.match = "unknown@example.org"};
    struct wm_keys keys;
    assert_int_equal(keys_list(&f->op, &list, &keys), SP_OK);
    assert_int_equal(accept(listener, NULL, NULL), -1);
    assert_int_not_equal(sh(f, "gpg-connect-agent --no-autostart --dirmngr 'GETINFO pid' /bye | grep -q OK"), 0);
    (void)close(listener);
    SH(f, "rm gpg.conf dirmngr.conf");
}

/* ---- the store's key */

static enum sp_status
unlock(struct fixture *f, const struct wire_blob *wrapped, const char *passphrase, const struct secret *want)
{
    struct secret s = SECRET_INIT, key = SECRET_INIT;
    int fd = -1;
    if (passphrase) {
        assert_int_equal(secret_set(&s, passphrase, strlen(passphrase)), SP_OK);
        assert_int_equal(secret_to_pipe(&s, &fd), SP_OK);
    }
    enum sp_status st = storekey_unlock(&f->op, wrapped->data, wrapped->len, fd, &key);
    if (st == SP_OK)
        assert_true(secret_equal(&key, want->data, want->len));
    if (fd > 0)
        (void)close(fd);
    secret_release(&key);
    secret_release(&s);
    return st;
}

static void
test_store_key(void **state)
{
    struct fixture *f = *state;
    struct secret key = SECRET_INIT, pass = SECRET_INIT;
    struct wire_blob wrapped;
    int fd;
    assert_int_equal(storekey_create(&f->op, SP_PROTECTION_KEY_FILE, "", -1, &key, &wrapped), SP_OK);
    assert_int_equal(key.len, KEYS_STORE_KEY_LEN);
    assert_int_equal(storekey_protection(wrapped.data, wrapped.len), SP_PROTECTION_KEY_FILE);
    assert_int_equal(unlock(f, &wrapped, NULL, &key), SP_OK);
    assert_int_equal(storekey_create(&f->op, SP_PROTECTION_PASSPHRASE, "", -1, &key, &wrapped), SP_PASSPHRASE_NEEDED);
    assert_int_equal(secret_set(&pass, "correct horse\n", 14), SP_OK);
    assert_int_equal(secret_to_pipe(&pass, &fd), SP_OK);
    assert_int_equal(storekey_create(&f->op, SP_PROTECTION_PASSPHRASE, "", fd, &key, &wrapped), SP_OK);
    (void)close(fd);
    assert_int_equal(unlock(f, &wrapped, "correct horse", &key), SP_OK);
    assert_int_equal(unlock(f, &wrapped, "wrong horse", &key), SP_PASSPHRASE_WRONG);
    assert_int_equal(unlock(f, &wrapped, NULL, &key), SP_PASSPHRASE_NEEDED);
    for (size_t i = 0; i < wrapped.len; i += 23) {
        char *bytes = (char *)(uintptr_t)wrapped.data;
        bytes[i] ^= 1;
        if (i != 9 && i != 10 && i != 11) /* other scrypt parameters are slow */
            assert_int_not_equal(unlock(f, &wrapped, "correct horse", &key), SP_OK);
        bytes[i] ^= 1;
    }
    wrapped.len--;
    assert_int_equal(unlock(f, &wrapped, "correct horse", &key), SP_CORRUPT);
    assert_int_equal(storekey_create(&f->op, SP_PROTECTION_OPENPGP, "nobody", -1, &key, &wrapped), SP_NO_SECRET_KEY);
    assert_int_equal(storekey_create(&f->op, SP_PROTECTION_OPENPGP, resolve(f, "me@example.org", 0).fingerprint, -1, &key, &wrapped), SP_OK);
    assert_int_equal(unlock(f, &wrapped, NULL, &key), SP_OK);
    struct secret a = SECRET_INIT, b = SECRET_INIT;
    assert_int_equal(certstore_subkey(&key, false, &a), SP_OK);
    assert_int_equal(certstore_subkey(&key, true, &b), SP_OK);
    assert_int_equal(a.len, 32);
    assert_false(secret_equal(&a, b.data, b.len));
    secret_release(&a);
    secret_release(&b);
    secret_release(&key);
    secret_release(&pass);
}

/* S8: a user ID is data. */
static void
test_user_ids(void **state)
{
    struct fixture *f = *state;
    static const char *const rows[][2] = {
        {"Alice <alice@Example.ORG>", "alice@example.org"}, {"alice@example.org", "alice@example.org"}, {"<a@b>", "a@b"},
        {"Alice <alice@x> <eve@y>", ""}, {"Alice <alice@x>, Eve", ""}, {"Alice", ""}, {"a b@c", ""}, {"<a@b@c>", ""}, {"<a@>", ""},
        {"<@b>", ""}, {"x <a@b", ""}, {"a@b>", ""}, {"<a@b..c>", ""}, {"<a\x01@b>", ""}, {"J\xc3\xb6rg <j\xc3\xb6rg@b.example>", "j\xc3\xb6rg@b.example"},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        assert_string_equal(keys_user_id_address(&f->arena, rows[i][0]), rows[i][1]);
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good), cmocka_unit_test(test_trust), cmocka_unit_test(test_bad), cmocka_unit_test(test_unknown_and_several),
        cmocka_unit_test(test_expired_and_revoked), cmocka_unit_test(test_weak), cmocka_unit_test(test_clearsign_and_opaque),
        cmocka_unit_test(test_decrypt), cmocka_unit_test(test_not_really_encrypted), cmocka_unit_test(test_passphrases),
        cmocka_unit_test(test_resolve), cmocka_unit_test(test_sign), cmocka_unit_test(test_encrypt), cmocka_unit_test(test_list_and_import),
        cmocka_unit_test(test_no_connection), cmocka_unit_test(test_store_key), cmocka_unit_test(test_user_ids),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
