/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Messages of other programs' test suites, at the level of what keys says of their layers. Skipped when the corpora are absent
   ($SEALPOST_CORPORA, else ../shared/corpora beside the sources). */
#include <dirent.h>
#include <strings.h>

#include "unit/keys_fixture.h"

#define NOW INT64_C(1780272000) /* 2026-06-01, as the corpora demand */

struct corpora {
    struct fixture *f;
    char root[256];
};

static bool
find_root(char root[256])
{
    const char *env = getenv("SEALPOST_CORPORA"), *source = getenv("SEALPOST_SOURCE");
    char probe[4096]; /* PATH_MAX */
    if (env)
        snprintf(root, 256, "%s", env);
    else
        snprintf(root, 256, "%s/../shared/corpora", source ? source : "..");
    if (!realpath(root, probe) || access(probe, R_OK) != 0 || strlen(probe) > 255)
        return false;
    snprintf(root, 256, "%.255s", probe);
    return true;
}

/* ---- just enough MIME for these files */

static char *
slurp(const char *path, size_t *len)
{
    FILE *in = fopen(path, "rb");
    if (!in)
        fail_msg("cannot open %s", path);
    char *data = malloc(1 << 21);
    *len = fread(data, 1, (1 << 21) - 1, in);
    data[*len] = '\0';
    (void)fclose(in);
    return data;
}

static size_t
decode_base64(const char *in, char *out)
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    unsigned bits = 0, have = 0;
    size_t n = 0;
    for (; *in && *in != '-'; in++) {
        const char *at = strchr(digits, *in);
        if (!at || *in == '=')
            continue;
        bits = bits << 6 | (unsigned)(at - digits);
        have += 6;
        if (have >= 8) {
            have -= 8;
            out[n++] = (char)(bits >> have);
        }
    }
    return n;
}

static const char *
body_of(const char *part)
{
    const char *lf = strstr(part, "\n\n"), *crlf = strstr(part, "\r\n\r\n");
    assert_true(lf || crlf);
    return crlf && (!lf || crlf < lf) ? crlf + 4 : lf + 2;
}

/* A decoded body: base64 in these files whenever it is binary. */
static int
object_fd(const char *part)
{
    char *out = malloc(1 << 21);
    size_t n = decode_base64(body_of(part), out);
    int fd = text_fd(out, n);
    free(out);
    return fd;
}

struct split {
    char *data;
    const char *content, *object; /* the two parts of multipart/signed */
    size_t content_len;
};

static bool
split_signed(const char *path, struct split *s)
{
    size_t len;
    char line[128];
    s->data = slurp(path, &len);
    const char *body = body_of(s->data), *b = strstr(s->data, "boundary=");
    if (!b || b > body)
        return false;
    b += 9;
    size_t n = *b == '"' ? strcspn(++b, "\"") : strcspn(b, ";\r\n");
    snprintf(line, sizeof line, "\n--%.*s", (int)n, b);
    const char *first = strstr(body - 1, line);
    const char *start = first ? strchr(first + 1, '\n') + 1 : NULL, *end = start ? strstr(start, line) : NULL;
    if (!end)
        return false;
    s->content = start;
    s->content_len = (size_t)(end - start) - (end[-1] == '\r');
    s->object = strchr(end + 1, '\n') + 1;
    return true;
}

/* ---- set-up */

static void
import_p12(struct corpora *c, const char *name, const char *passphrase)
{
    struct secret s = SECRET_INIT;
    struct wm_imported out;
    char path[400];
    snprintf(path, sizeof path, "%s/%s", c->root, name);
    struct wm_import_keys in = {.data = file_fd(c->f, path)};
    assert_int_equal(secret_set(&s, passphrase, strlen(passphrase)), SP_OK);
    assert_int_equal(secret_to_pipe(&s, &in.passphrase), SP_OK);
    assert_int_equal(keys_import(&c->f->op, &in, &out), SP_OK);
    (void)close(in.data);
    (void)close(in.passphrase);
    secret_release(&s);
}

static int
setup(void **state)
{
    static const char *const files[] = {"Alice.p12", "Bob.p12", "Dave.p12", "Fran-interop.p12", "Fran-ec-interop.p12"};
    struct corpora *c = calloc(1, sizeof *c);
    *state = c;
    if (!find_root(c->root))
        return 0;
    c->f = fixture_new();
    smime_start();
    for (size_t i = 0; i < COUNT(files); i++) {
        char name[128];
        snprintf(name, sizeof name, "thunderbird-smime/keys/%s", files[i]);
        import_p12(c, name, "nss");
    }
    import_p12(c, "kde/keys/test@example.com.p12", "test");
    struct pgp_paths paths;
    assert_int_equal(pgp_start(c->f->dir, &paths), SP_OK);
    pgp_paths_release(&paths);
    SH(c->f, "K='%s/thunderbird-openpgp/keys'; gpg --batch --import \"$K\"/alice@*-secret.asc \"$K\"/bob@*-pub.asc && printf "
             "'EB85BB5FA33A75E15E944E63F231550C4F47E38E:6:\\nD1A66E1A23B182C9980F788CFBFCC82A015E7330:6:\\n' | gpg --import-ownertrust", c->root);
    return 0;
}

static int
teardown(void **state)
{
    struct corpora *c = *state;
    if (c->f)
        fixture_free(c->f);
    free(c);
    return 0;
}

typedef void file_fn(struct corpora *c, const char *path, const char *name);

static unsigned
each(struct corpora *c, const char *folder, const char *prefix, const char *suffix, file_fn *fn)
{
    char path[768], dir_path[400];
    unsigned n = 0;
    if (!c->f)
        skip();
    snprintf(dir_path, sizeof dir_path, "%s/%s", c->root, folder);
    DIR *dir = opendir(dir_path);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t len = strlen(e->d_name);
        if (len < strlen(suffix) || strcmp(e->d_name + len - strlen(suffix), suffix) != 0 || strncmp(e->d_name, prefix, strlen(prefix)) != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", dir_path, e->d_name);
        fn(c, path, e->d_name);
        n++;
    }
    (void)closedir(dir);
    assert_true(n > 0);
    return n;
}

/* ---- S/MIME */

static struct wm_verified
verify_cms(struct corpora *c, struct wm_verify *in)
{
    char ca[400];
    struct wm_verified out;
    snprintf(ca, sizeof ca, "%s/thunderbird-smime/keys/TestCA.pem", c->root);
    struct wr_file anchor = {file_fd(c->f, ca)};
    in->protocol = SP_PROTOCOL_SMIME;
    in->now = NOW;
    in->anchors = &anchor;
    in->anchors_n = 1;
    assert_int_equal(smime_verify(&c->f->op, in, &out), SP_OK);
    (void)close(anchor.fd);
    return out;
}

static bool
good(const struct wr_key_signature *s)
{
    return s->status == SP_OK && s->chain_good && s->trust >= SP_TRUST_ACCEPTED && !s->key_expired && !s->key_revoked && !s->weak;
}

static void
check_clear_signed(struct corpora *c, const char *path, const char *name)
{
    struct split s = {NULL};
    assert_true(split_signed(path, &s));
    struct wm_verify in = {.object = object_fd(s.object), .signed_bytes = text_fd(s.content, s.content_len), .length = s.content_len, .canonical = 1};
    struct wm_verified out = verify_cms(c, &in);
    assert_int_equal(out.signatures_n, 1);
    const struct wr_key_signature *g = &out.signatures[0];
    bool broken = strstr(name, ".bad") || strstr(name, "mismatch-econtent");
    if (broken ? g->status != SP_CRYPTO : g->status != SP_OK || good(g) == (strstr(name, "SHA1") != NULL)) {
        print_message("%s: ", name);
        print_signature(g);
        fail();
    }
    assert_true(keys_same_address(g->identities[0].address, "alice@example.com"));
    (void)close(in.object);
    (void)close(in.signed_bytes);
    free(s.data);
}

static void
check_opaque(struct corpora *c, const char *path, const char *name)
{
    size_t len;
    char *data = slurp(path, &len);
    struct wm_verify in = {.form = SP_FORM_OPAQUE, .object = object_fd(data), .signed_bytes = -1};
    struct wm_verified out = verify_cms(c, &in);
    assert_int_equal(out.signatures_n, 1);
    assert_int_equal(out.signatures[0].status, SP_OK);
    assert_int_equal(good(&out.signatures[0]), strstr(name, "SHA1") == NULL);
    assert_true(out.content > 0);
    (void)close(out.content);
    (void)close(in.object);
    free(data);
}

static void
check_enveloped(struct corpora *c, const char *path, const char *name)
{
    size_t len;
    char *data = slurp(path, &len);
    struct wm_decrypted out;
    if (!strcasestr(data, "enveloped-data")) {
        free(data);
        return;
    }
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_SMIME, .object = object_fd(data), .now = NOW};
    enum sp_status st = smime_decrypt(&c->f->op, &in, &out);
    if (st != SP_OK)
        fail_msg("%s: %s", name, sp_status_name(st));
    assert_true(fd_len(out.plain) > 0 && out.integrity == SP_INTEGRITY_NONE);
    (void)close(out.plain);
    (void)close(in.object);
    free(data);
}

static void
test_smime_clear_signed(void **state)
{
    (void)each(*state, "thunderbird-smime/smime", "alice.dsig.", "multipart.eml", check_clear_signed);
    (void)each(*state, "thunderbird-smime/smime", "alice.dsig.", ".bad.eml", check_clear_signed);
    (void)each(*state, "thunderbird-smime/smime", "alice.dsig.", ".mismatch-econtent.eml", check_clear_signed);
}

static void
test_smime_opaque(void **state)
{
    (void)each(*state, "thunderbird-smime/smime", "alice.sig.", ".opaque.eml", check_opaque);
}

static void
test_smime_encrypted(void **state)
{
    (void)each(*state, "thunderbird-smime/smime", "alice.", ".env.eml", check_enveloped);
    (void)each(*state, "thunderbird-smime/interop", "", ".env", check_enveloped);
    struct corpora *c = *state;
    char path[400];
    snprintf(path, sizeof path, "%s/kde/mbox/smime-encrypted.mbox", c->root);
    check_enveloped(c, path, "smime-encrypted.mbox");
}

/* ---- OpenPGP */

static const char *
armor(const char *data, const char *what, size_t *len)
{
    char begin[64], end[64];
    snprintf(begin, sizeof begin, "-----BEGIN PGP %s-----", what);
    snprintf(end, sizeof end, "-----END PGP %s-----", what);
    const char *from = strstr(data, begin), *to = from ? strstr(from, end) : NULL;
    *len = to ? (size_t)(to - from) + strlen(end) : 0;
    return to ? from : NULL;
}

static void
check_pgp_encrypted(struct corpora *c, const char *path, const char *name)
{
    size_t len, n;
    char *data = slurp(path, &len);
    const char *at = armor(data, "MESSAGE", &n);
    struct wm_decrypted out;
    bool to_alice = strstr(name, "to-0xf231550c4f47e38e") || strstr(name, "hidden-recipient");
    if (!at || !to_alice) {
        free(data);
        return;
    }
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_OPENPGP, .object = text_fd(at, n), .now = NOW};
    enum sp_status st = pgp_decrypt(&c->f->op, &in, &out);
    if (st != SP_OK)
        fail_msg("%s: %s", name, sp_status_name(st));
    assert_true(out.integrity == SP_INTEGRITY_MDC || out.integrity == SP_INTEGRITY_AEAD);
    bool is_signed = strncmp(name, "signed", 6) == 0;
    if (out.signatures_n > is_signed)
        fail_msg("%s: %u signatures", name, out.signatures_n);
    is_signed = out.signatures_n > 0; /* some are signed in the MIME below */
    if (is_signed && strstr(name, "by-0x3099ff1238852b9f"))
        assert_int_equal(out.signatures[0].status, SP_NO_KEY);
    else if (is_signed)
        assert_true(good(&out.signatures[0]));
    (void)close(out.plain);
    (void)close(in.object);
    free(data);
}

static struct wm_verified
verify_pgp(struct corpora *c, const char *name)
{
    char path[400];
    size_t n;
    struct split s = {NULL};
    struct wm_verified out;
    snprintf(path, sizeof path, "%s/thunderbird-openpgp/eml/%s", c->root, name);
    assert_true(split_signed(path, &s));
    const char *sig = armor(s.object, "SIGNATURE", &n);
    assert_non_null(sig);
    struct wm_verify in = {.protocol = SP_PROTOCOL_OPENPGP, .object = text_fd(sig, n), .signed_bytes = text_fd(s.content, s.content_len),
                           .length = s.content_len, .canonical = 1, .now = NOW};
    assert_int_equal(pgp_verify(&c->f->op, &in, &out), SP_OK);
    (void)close(in.object);
    (void)close(in.signed_bytes);
    free(s.data);
    return out;
}

static void
test_pgp_encrypted(void **state)
{
    (void)each(*state, "thunderbird-openpgp/eml", "", ".eml", check_pgp_encrypted);
}

static void
test_pgp_signed(void **state)
{
    struct corpora *c = *state;
    if (!c->f)
        skip();
    struct wm_verified out = verify_pgp(c, "signed-by-0xfbfcc82a015e7330-to-0xf231550c4f47e38e-unencrypted.eml");
    assert_int_equal(out.signatures_n, 1);
    assert_true(good(&out.signatures[0]));
    assert_string_equal(out.signatures[0].fingerprint, "D1A66E1A23B182C9980F788CFBFCC82A015E7330");
    assert_string_equal(out.signatures[0].identities[0].address, "bob@openpgp.example");
    out = verify_pgp(c, "signed-by-0x3099ff1238852b9f-to-0xf231550c4f47e38e-unencrypted.eml");
    assert_int_equal(out.signatures[0].status, SP_NO_KEY);
    out = verify_pgp(c, "bob-to-alice-signed-damaged-signature.eml");
    for (uint32_t i = 0; i < out.signatures_n; i++)
        assert_false(good(&out.signatures[i]));
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_smime_clear_signed), cmocka_unit_test(test_smime_opaque), cmocka_unit_test(test_smime_encrypted),
        cmocka_unit_test(test_pgp_signed), cmocka_unit_test(test_pgp_encrypted),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
