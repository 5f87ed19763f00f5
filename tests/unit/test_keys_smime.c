/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME against certificates and messages made by the openssl command line, in both directions. */
#include "unit/keys_fixture.h"

#define MIME "Content-Type: text/plain\r\n\r\nPlum season.\r\n"
#define DAY ((int64_t)86400)

/* name, subject, key type, extra extensions, digest: all signed by the intermediate */
static void
issue(struct fixture *f, const char *name, const char *subject, const char *newkey, const char *extensions, const char *digest)
{
    char file[64];
    snprintf(file, sizeof file, "%s.ext", name);
    save_text(f, file, extensions);
    SH(f, "openssl req -new -nodes -newkey %s -keyout %s.key -out %s.csr -subj '%s'", newkey, name, name, subject);
    SH(f, "openssl x509 -req -in %s.csr -CA inter.pem -CAkey inter.key -CAcreateserial -days 30 -%s -extfile %s.ext -out %s.pem", name,
       digest, name, name);
}

#define EC "ec -pkeyopt ec_paramgen_curve:P-256"
#define PLAIN_EXT "keyUsage=critical,digitalSignature,keyAgreement,keyEncipherment\nextendedKeyUsage=emailProtection\n"

static int
setup(void **state)
{
    struct fixture *f = fixture_new();
    smime_start();
    SH(f, "openssl req -x509 -nodes -newkey " EC " -keyout root.key -out root.pem -subj '/CN=Test Root' -days 60 "
          "-addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign,cRLSign");
    save_text(f, "inter.ext", "basicConstraints=critical,CA:TRUE,pathlen:0\nkeyUsage=critical,keyCertSign,cRLSign\n"
                              "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n");
    SH(f, "openssl req -new -nodes -newkey " EC " -keyout inter.key -out inter.csr -subj '/CN=Test Inter'");
    SH(f, "openssl x509 -req -in inter.csr -CA root.pem -CAkey root.key -CAcreateserial -days 40 -extfile inter.ext -out inter.pem");
    issue(f, "alice", "/CN=Alice", EC, PLAIN_EXT "subjectAltName=email:Alice@Example.ORG\n", "sha256");
    issue(f, "rsa", "/CN=Rsa/emailAddress=rsa@example.org", "rsa:2048", PLAIN_EXT, "sha256");
    save_text(f, "mail", MIME);
    *state = f;
    return 0;
}

static int
teardown(void **state)
{
    fixture_free(*state);
    return 0;
}

static void
sign_with(struct fixture *f, const char *who, const char *options, const char *out)
{
    SH(f, "openssl cms -sign -binary -in mail -signer %s.pem -inkey %s.key -certfile inter.pem -outform DER -out %s %s", who, who, out,
       options);
}

/* Verifies file over mail; anchor and crl may be NULL. Returns the reply; the first signature must be there. */
static struct wm_verified
verify(struct fixture *f, const char *object, const char *content, const char *anchor, const char *crl, int64_t now)
{
    struct wr_file anchors = {anchor ? file_fd(f, anchor) : -1}, crls = {crl ? file_fd(f, crl) : -1};
    struct wm_verify in = {.protocol = SP_PROTOCOL_SMIME, .form = content ? SP_FORM_DETACHED : SP_FORM_OPAQUE, .signed_bytes = -1,
                           .object = file_fd(f, object), .now = now, .anchors = &anchors, .anchors_n = anchor != NULL,
                           .crls = &crls, .crls_n = crl != NULL};
    struct wm_verified out;
    if (content) {
        in.signed_bytes = text_fd(content, strlen(content));
        in.length = strlen(content);
    }
    assert_int_equal(smime_verify(&f->op, &in, &out), SP_OK);
    assert_true(out.signatures_n > 0);
    const int fds[] = {in.object, in.signed_bytes, anchors.fd, crls.fd};
    for (size_t i = 0; i < COUNT(fds); i++)
        if (fds[i] > 0)
            (void)close(fds[i]);
    return out;
}

static struct wr_key_signature
verify_one(struct fixture *f, const char *object, const char *content, const char *anchor, const char *crl, int64_t now)
{
    struct wm_verified out = verify(f, object, content, anchor, crl, now);
    assert_int_equal(out.signatures_n, 1);
    assert_true(out.content <= 0);
    return out.signatures[0];
}

static void
test_good_chain(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_OK);
    assert_true(s.chain_good);
    assert_int_equal(s.trust, SP_TRUST_ACCEPTED);
    assert_false(s.self_signed || s.weak || s.key_expired || s.key_revoked);
    assert_int_equal(s.revocation, SP_REVOCATION_UNCHECKED);
    assert_int_equal(s.reasons_n, 0);
    assert_int_equal(s.identities_n, 1);
    assert_string_equal(s.identities[0].address, "Alice@example.org");
    assert_string_equal(s.identities[0].name, "Alice");
    assert_string_equal(s.algorithm, "nistp256");
    assert_string_equal(s.hash, "SHA-256");
    assert_int_equal(strlen(s.fingerprint), 64);
    assert_string_equal(s.issuer, "CN=Test Inter");
    assert_true(s.created > 0 && s.not_before > 0 && s.not_after > s.not_before);
}

/* S19: the addresses that From is compared with. */
static void
test_subject_address_and_intermediate_anchor(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "rsa", "", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "inter.pem", NULL, 0);
    assert_true(s.chain_good);
    assert_string_equal(s.identities[0].address, "rsa@example.org");
    assert_string_equal(s.algorithm, "rsa2048");
    sign_with(f, "rsa", "-keyopt rsa_padding_mode:pss", "sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_OK);
    assert_true(s.chain_good && !s.weak);
}

static void
test_untrusted(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, NULL, NULL, 0);
    assert_int_equal(s.status, SP_OK);
    assert_false(s.chain_good);
    assert_int_equal(s.trust, SP_TRUST_UNDECIDED);
    assert_true(has_reason(&s, "unknown-ca"));
}

static void
test_times(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    int64_t now = keys_now(0);
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, now + 31 * DAY);
    assert_true(s.key_expired && s.chain_good && has_reason(&s, "expired"));
    s = verify_one(f, "sig", MIME, "root.pem", NULL, now - 2 * DAY);
    assert_true(s.key_expired && has_reason(&s, "not-yet-valid"));
}

/* S10, S14: anything changed anywhere is never good. */
static void
test_tampered(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    struct wr_key_signature s = verify_one(f, "sig", "Content-Type: text/plain\r\n\r\nPlum treason.\r\n", "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_CRYPTO);
    assert_true(has_reason(&s, "digest-mismatch"));
    s = verify_one(f, "sig", "", "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_CRYPTO);

    int fd = file_fd(f, "sig");
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, 1 << 20, &map), SP_OK);
    char *copy = malloc(map.len);
    unsigned held = 0;
    for (size_t i = 0; i < map.len; i += 7) {
        struct wm_verified out;
        memcpy(copy, map.data, map.len);
        copy[i] = (char)(copy[i] ^ 0x20);
        struct wr_file anchor = {file_fd(f, "root.pem")};
        struct wm_verify in = {.protocol = SP_PROTOCOL_SMIME, .object = text_fd(copy, map.len), .signed_bytes = text_fd(MIME, strlen(MIME)),
                               .length = strlen(MIME), .anchors = &anchor, .anchors_n = 1};
        if (smime_verify(&f->op, &in, &out) == SP_OK)
            held += out.signatures_n > 0 && out.signatures[0].status == SP_OK && out.signatures[0].chain_good;
        (void)close(anchor.fd);
        (void)close(in.object);
        (void)close(in.signed_bytes);
    }
    /* Bits that no signature covers (a spare certificate, an unused digest list) may change; most may not. */
    assert_true(held < map.len / 7 / 2);
    /* Truncated anywhere. */
    for (size_t len = 0; len < map.len; len += 31) {
        struct wm_verified out;
        struct wm_verify in = {.protocol = SP_PROTOCOL_SMIME, .object = text_fd(map.data, len), .signed_bytes = text_fd(MIME, strlen(MIME)),
                               .length = strlen(MIME)};
        assert_int_not_equal(smime_verify(&f->op, &in, &out), SP_OK);
        (void)close(in.object);
        (void)close(in.signed_bytes);
    }
    free(copy);
    memfd_unmap(&map);
    (void)close(fd);
}

static void
test_canonical_lines(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    char unix_text[] = "junkContent-Type: text/plain\n\nPlum season.\n";
    struct wr_file anchor = {file_fd(f, "root.pem")};
    struct wm_verified out;
    struct wm_verify in = {.protocol = SP_PROTOCOL_SMIME, .object = file_fd(f, "sig"), .signed_bytes = text_fd(unix_text, strlen(unix_text)),
                           .offset = 4, .length = strlen(unix_text) - 4, .canonical = 1, .anchors = &anchor, .anchors_n = 1};
    assert_int_equal(smime_verify(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.signatures[0].status, SP_OK);
    in.canonical = 0;
    assert_int_equal(smime_verify(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.signatures[0].status, SP_CRYPTO);
    in.length++; /* beyond the file */
    assert_int_equal(smime_verify(&f->op, &in, &out), SP_INVALID);
    (void)close(in.object);
    (void)close(in.signed_bytes);
    (void)close(anchor.fd);
}

static void
test_opaque(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "-nodetach", "opaque");
    struct wm_verified out = verify(f, "opaque", NULL, "root.pem", NULL, 0);
    assert_int_equal(out.signatures[0].status, SP_OK);
    assert_fd_equal(out.content, MIME);
    (void)close(out.content);
    /* A bad one hands on nothing (S16). */
    SH(f, "sed 's/Plum season/Plum reason/' opaque >opaque.bad");
    out = verify(f, "opaque.bad", NULL, "root.pem", NULL, 0);
    assert_int_equal(out.signatures[0].status, SP_CRYPTO);
    assert_true(out.content <= 0);
    /* The embedded text is not the one beside it. */
    struct wr_key_signature s = verify_one(f, "opaque", "Content-Type: text/plain\r\n\r\nOther.\r\n", "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_CRYPTO);
    assert_true(has_reason(&s, "embedded-content-differs"));
    s = verify_one(f, "opaque", MIME, "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_OK);
}

static void
test_signers(void **state)
{
    struct fixture *f = *state;
    /* S15 */
    SH(f, "openssl crl2pkcs7 -nocrl -certfile alice.pem -outform DER -out none");
    struct wm_verify in = {.protocol = SP_PROTOCOL_SMIME, .object = file_fd(f, "none"), .signed_bytes = text_fd(MIME, strlen(MIME)),
                           .length = strlen(MIME)};
    struct wm_verified out;
    assert_int_equal(smime_verify(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.signatures_n, 1);
    assert_int_equal(out.signatures[0].status, SP_CRYPTO);
    assert_true(has_reason(&out.signatures[0], "no-signers"));
    /* The certificate is missing. */
    sign_with(f, "alice", "-nocerts", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_int_equal(s.status, SP_NO_KEY);
    /* Two signers, each by itself. */
    SH(f, "openssl cms -sign -binary -in mail -signer alice.pem -inkey alice.key -signer rsa.pem -inkey rsa.key -certfile inter.pem "
          "-outform DER -out two");
    struct wm_verified two = verify(f, "two", MIME, "root.pem", NULL, 0);
    assert_int_equal(two.signatures_n, 2);
    assert_int_equal(two.signatures[0].status, SP_OK);
    assert_int_equal(two.signatures[1].status, SP_OK);
    (void)close(in.object);
    (void)close(in.signed_bytes);
}

static void
test_self_signed_and_pin(void **state)
{
    struct fixture *f = *state;
    SH(f, "openssl req -x509 -nodes -newkey " EC " -keyout self.key -out self.pem -days 9 -subj '/CN=Self' "
          "-addext subjectAltName=email:self@example.org -addext basicConstraints=critical,CA:FALSE "
          "-addext keyUsage=critical,digitalSignature");
    SH(f, "openssl cms -sign -binary -in mail -signer self.pem -inkey self.key -outform DER -out sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.self_signed && !s.chain_good && has_reason(&s, "self-signed"));
    /* Pinned by the user: good. Rejected: never. */
    struct wm_imported imported = {0};
    int fd = file_fd(f, "self.pem");
    struct wm_import_keys import = {.data = fd};
    assert_int_equal(keys_import(&f->op, &import, &imported), SP_OK);
    assert_int_equal(imported.imported, 1);
    assert_int_equal(verify_one(f, "sig", MIME, NULL, NULL, 0).chain_good, 0);
    struct wm_set_trust trust = {.protocol = SP_PROTOCOL_SMIME, .fingerprint = s.fingerprint, .trust = SP_TRUST_VERIFIED};
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_OK);
    s = verify_one(f, "sig", MIME, NULL, NULL, 0);
    assert_true(s.chain_good);
    assert_int_equal(s.trust, SP_TRUST_VERIFIED);
    trust.trust = SP_TRUST_REJECTED;
    assert_int_equal(keys_set_trust(&f->op, &trust), SP_OK);
    s = verify_one(f, "sig", MIME, "self.pem", NULL, 0);
    assert_true(!s.chain_good && s.trust == SP_TRUST_REJECTED);
    (void)close(fd);
}

static void
test_purposes(void **state)
{
    struct fixture *f = *state;
    issue(f, "server", "/CN=Server", EC, "extendedKeyUsage=serverAuth\nsubjectAltName=email:s@example.org\n", "sha256");
    sign_with(f, "server", "", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(!s.chain_good && has_reason(&s, "wrong-purpose"));
    issue(f, "any", "/CN=Any", EC, "extendedKeyUsage=anyExtendedKeyUsage\nsubjectAltName=email:s@example.org\n", "sha256");
    sign_with(f, "any", "", "sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.chain_good);
    issue(f, "crypt", "/CN=Crypt", EC, "keyUsage=critical,keyAgreement\nsubjectAltName=email:s@example.org\n", "sha256");
    sign_with(f, "crypt", "", "sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(!s.chain_good && has_reason(&s, "wrong-purpose"));
    /* An end certificate that plays CA. */
    SH(f, "openssl req -new -nodes -newkey " EC " -keyout eve.key -out eve.csr -subj /CN=Eve");
    save_text(f, "eve.ext", PLAIN_EXT "subjectAltName=email:alice@example.org\n");
    SH(f, "openssl x509 -req -in eve.csr -CA alice.pem -CAkey alice.key -CAcreateserial -days 9 -extfile eve.ext -out eve.pem");
    SH(f, "cat inter.pem alice.pem >more.pem && openssl cms -sign -binary -in mail -signer eve.pem -inkey eve.key -certfile more.pem "
          "-outform DER -out sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(!s.chain_good && has_reason(&s, "invalid-ca"));
}

/* S17: a CA's limits hold. */
static void
sub_ca(struct fixture *f, const char *name, const char *issuer, const char *extensions)
{
    char file[64], text[512];
    snprintf(file, sizeof file, "%s.ext", name);
    snprintf(text, sizeof text, "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n%s", extensions);
    save_text(f, file, text);
    SH(f, "openssl req -new -nodes -newkey " EC " -keyout %s.key -out %s.csr -subj '/CN=CA %s'", name, name, name);
    SH(f, "openssl x509 -req -in %s.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 30 -extfile %s.ext -out %s.pem", name, issuer, issuer,
       name, name);
}

static struct wr_key_signature
signed_below(struct fixture *f, const char *ca, const char *extra, const char *extensions)
{
    save_text(f, "leaf.ext", extensions);
    SH(f, "openssl req -new -nodes -newkey " EC " -keyout leaf.key -out leaf.csr -subj '/CN=Leaf'");
    SH(f, "openssl x509 -req -in leaf.csr -CA %s.pem -CAkey %s.key -CAcreateserial -days 20 -extfile leaf.ext -out leaf.pem", ca, ca);
    SH(f, "cat %s.pem %s >more.pem && openssl cms -sign -binary -in mail -signer leaf.pem -inkey leaf.key -certfile more.pem -outform DER -out sig",
       ca, extra);
    return verify_one(f, "sig", MIME, "root.pem", NULL, 0);
}

#define LEAF PLAIN_EXT "subjectAltName=email:leaf@example.org\n"

static void
test_constraints(void **state)
{
    struct fixture *f = *state;
    sub_ca(f, "deep", "inter", ""); /* below pathlen:0 */
    struct wr_key_signature s = signed_below(f, "deep", "inter.pem", LEAF);
    assert_true(!s.chain_good && has_reason(&s, "path-length"));
    sub_ca(f, "named", "root", "nameConstraints=critical,permitted;email:example.org\n");
    s = signed_below(f, "named", "", LEAF);
    assert_true(s.chain_good);
    s = signed_below(f, "named", "", PLAIN_EXT "subjectAltName=email:leaf@example.com\n");
    assert_true(!s.chain_good && has_reason(&s, "name-constraints"));
    sub_ca(f, "policy", "root", "certificatePolicies=1.2.3.4\npolicyConstraints=critical,requireExplicitPolicy:0\n");
    s = signed_below(f, "policy", "", LEAF "certificatePolicies=1.2.3.4\n");
    assert_true(s.chain_good);
    s = signed_below(f, "policy", "", LEAF);
    assert_true(!s.chain_good && has_reason(&s, "policy"));
    sub_ca(f, "web", "root", "extendedKeyUsage=serverAuth\n");
    s = signed_below(f, "web", "", LEAF);
    assert_true(!s.chain_good && has_reason(&s, "wrong-purpose"));
    s = signed_below(f, "inter", "", LEAF "1.2.3.4.5=critical,ASN1:NULL\n");
    assert_true(!s.chain_good && has_reason(&s, "critical-extension"));
    /* A CA certificate of version 3 that does not say it is one. */
    save_text(f, "mute.ext", "keyUsage=critical,keyCertSign\n");
    SH(f, "openssl req -new -nodes -newkey " EC " -keyout mute.key -out mute.csr -subj '/CN=Mute'");
    SH(f, "openssl x509 -req -in mute.csr -CA root.pem -CAkey root.key -CAcreateserial -days 30 -extfile mute.ext -out mute.pem");
    s = signed_below(f, "mute", "", LEAF);
    assert_true(!s.chain_good && has_reason(&s, "invalid-ca"));
}

/* A key that can do PSS only. */
static void
test_pss_key(void **state)
{
    struct fixture *f = *state;
    issue(f, "pss", "/CN=Pss", "rsa-pss -pkeyopt rsa_keygen_bits:2048", PLAIN_EXT "subjectAltName=email:pss@example.org\n", "sha256");
    sign_with(f, "pss", "-keyopt rsa_padding_mode:pss", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.status == SP_OK && s.chain_good && !s.weak);
    assert_string_equal(s.algorithm, "rsapss2048");
    struct wm_imported out;
    SH(f, "cat pss.key pss.pem >pss.both");
    struct wm_import_keys in = {.data = file_fd(f, "pss.both")};
    assert_int_equal(keys_import(&f->op, &in, &out), SP_OK);
    (void)close(in.data);
    struct wm_resolved who = {0};
    assert_int_equal(smime_resolve_signer(&f->op, "pss@example.org", 0, &who), SP_OK);
    assert_int_equal(who.signer_state, SP_OK);
    struct wm_sign sign = {.protocol = SP_PROTOCOL_SMIME, .fingerprint = who.signer_fingerprint, .bytes = file_fd(f, "mail")};
    struct wm_signed_bytes made;
    assert_int_equal(smime_sign(&f->op, &sign, &made), SP_OK);
    save_fd(f, made.signature, "ours");
    (void)close(made.signature);
    (void)close(sign.bytes);
    SH(f, "openssl cms -verify -binary -inform DER -in ours -content mail -CAfile root.pem -certfile inter.pem");
    assert_int_equal(verify_one(f, "ours", MIME, "inter.pem", NULL, 0).status, SP_OK);
}

static void
test_weak(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "rsa", "-md sha1", "sig");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.weak && has_reason(&s, "weak-digest"));
    assert_string_equal(s.hash, "SHA-1");
    issue(f, "small", "/CN=Small", "rsa:1024", PLAIN_EXT "subjectAltName=email:s@example.org\n", "sha256");
    sign_with(f, "small", "", "sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.weak && has_reason(&s, "weak-key"));
    issue(f, "oldcert", "/CN=Old", EC, PLAIN_EXT "subjectAltName=email:s@example.org\n", "sha1");
    sign_with(f, "oldcert", "", "sig");
    s = verify_one(f, "sig", MIME, "root.pem", NULL, 0);
    assert_true(s.weak && has_reason(&s, "weak-digest"));
}

static void
make_crl(struct fixture *f, const char *ca, const char *revoke)
{
    SH(f, "rm -f %s.idx* && touch %s.idx && echo 01 >%s.num && printf '[ca]\\ndefault_ca=d\\n[d]\\ndatabase=%s.idx\\ncrlnumber=%s.num\\n"
          "default_md=sha256\\ndefault_crl_days=5\\n' >%s.cnf",
       ca, ca, ca, ca, ca, ca);
    if (revoke)
        SH(f, "openssl ca -config %s.cnf -cert %s.pem -keyfile %s.key -revoke %s", ca, ca, ca, revoke);
    SH(f, "openssl ca -config %s.cnf -cert %s.pem -keyfile %s.key -gencrl -out %s.crl", ca, ca, ca, ca);
}

static void
test_revocation(void **state)
{
    struct fixture *f = *state;
    sign_with(f, "alice", "", "sig");
    make_crl(f, "root", NULL);
    make_crl(f, "inter", NULL);
    SH(f, "cat root.crl inter.crl >all.crl");
    struct wr_key_signature s = verify_one(f, "sig", MIME, "root.pem", "all.crl", 0);
    assert_true(s.chain_good);
    assert_int_equal(s.revocation, SP_REVOCATION_GOOD);
    /* One list is missing, or too old: not good, though nothing is revoked. */
    s = verify_one(f, "sig", MIME, "root.pem", "root.crl", 0);
    assert_true(!s.chain_good && has_reason(&s, "crl-missing"));
    assert_int_equal(s.revocation, SP_REVOCATION_UNCHECKED);
    s = verify_one(f, "sig", MIME, "root.pem", "all.crl", keys_now(0) + 6 * DAY);
    assert_true(!s.chain_good && has_reason(&s, "crl-expired"));
    /* An intermediate as anchor needs only its own list. */
    s = verify_one(f, "sig", MIME, "inter.pem", "inter.crl", 0);
    assert_true(s.chain_good);
    assert_int_equal(s.revocation, SP_REVOCATION_GOOD);
    make_crl(f, "inter", "alice.pem");
    SH(f, "cat root.crl inter.crl >all.crl");
    s = verify_one(f, "sig", MIME, "root.pem", "all.crl", 0);
    assert_true(s.key_revoked && has_reason(&s, "revoked"));
    assert_int_equal(s.revocation, SP_REVOCATION_REVOKED);
    /* A forged list: another CA of the same name. */
    SH(f, "openssl req -x509 -nodes -newkey " EC " -keyout fake.key -out fake.pem -subj '/CN=Test Inter' -days 9");
    make_crl(f, "fake", NULL);
    SH(f, "cat root.crl fake.crl >all.crl");
    s = verify_one(f, "sig", MIME, "root.pem", "all.crl", 0);
    assert_true(!s.chain_good);
    assert_int_not_equal(s.revocation, SP_REVOCATION_GOOD);
}

/* ---- own keys */

static void
import_file(struct fixture *f, const char *name, const char *passphrase, bool anchor, enum sp_status want)
{
    struct secret s = SECRET_INIT;
    struct wm_imported out;
    struct wm_import_keys in = {.data = file_fd(f, name), .passphrase = -1, .as_anchor = anchor};
    if (passphrase) {
        assert_int_equal(secret_set(&s, passphrase, strlen(passphrase)), SP_OK);
        assert_int_equal(secret_to_pipe(&s, &in.passphrase), SP_OK);
    }
    assert_int_equal(keys_import(&f->op, &in, &out), want);
    (void)close(in.data);
    if (in.passphrase > 0)
        (void)close(in.passphrase);
    secret_release(&s);
}

static const char *
fingerprint_of(struct fixture *f, const char *address)
{
    struct wr_recipient_plan plan;
    assert_int_equal(smime_resolve(&f->op, address, 0, &plan), SP_OK);
    assert_int_equal(plan.state, SP_OK);
    return plan.fingerprint;
}

static struct wm_decrypted
decrypt(struct fixture *f, const char *object, enum sp_status want)
{
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_SMIME, .object = file_fd(f, object), .passphrase = -1};
    struct wm_decrypted out;
    assert_int_equal(smime_decrypt(&f->op, &in, &out), want);
    (void)close(in.object);
    assert_true(want == SP_OK || out.plain <= 0);
    return out;
}

static void
test_import(void **state)
{
    struct fixture *f = *state;
    SH(f, "openssl pkcs12 -export -in alice.pem -inkey alice.key -certfile inter.pem -passout pass:secret -out alice.p12");
    SH(f, "openssl pkcs12 -export -legacy -in rsa.pem -inkey rsa.key -passout pass:old -out rsa.p12");
    import_file(f, "alice.p12", NULL, false, SP_PASSPHRASE_NEEDED);
    import_file(f, "alice.p12", "wrong", false, SP_PASSPHRASE_WRONG);
    import_file(f, "alice.p12", "secret\n", false, SP_OK);
    import_file(f, "rsa.p12", "old", false, SP_OK);
    import_file(f, "mail", NULL, false, SP_INVALID);
    SH(f, "(echo '-----BEGIN PKCS12-----'; openssl base64 -in rsa.p12; echo '-----END PKCS12-----') >rsa.p12.pem");
    import_file(f, "rsa.p12.pem", "no", false, SP_PASSPHRASE_WRONG);
    import_file(f, "rsa.p12.pem", "old", false, SP_OK);
    struct wm_list_keys in = {.protocol = SP_PROTOCOL_SMIME, .match = "", .secret_only = 1};
    struct wm_keys out;
    assert_int_equal(keys_list(&f->op, &in, &out), SP_OK);
    assert_int_equal(out.keys_n, 2);
    assert_true(out.keys[0].secret && out.keys[1].secret && out.keys[0].trust == SP_TRUST_UNDECIDED);
    in.secret_only = 0;
    in.match = "example.org";
    assert_int_equal(keys_list(&f->op, &in, &out), SP_OK);
    assert_true(out.keys_n >= 2);
    /* Encrypted PEM and PKCS#8 DER. */
    SH(f, "openssl ec -in alice.key -aes128 -passout pass:pem -out alice.enc.pem");
    import_file(f, "alice.enc.pem", NULL, false, SP_PASSPHRASE_NEEDED);
    import_file(f, "alice.enc.pem", "nope", false, SP_PASSPHRASE_WRONG);
    import_file(f, "alice.enc.pem", "pem", false, SP_OK);
    SH(f, "openssl pkcs8 -topk8 -in rsa.key -outform DER -passout pass:der -out rsa.p8");
    import_file(f, "rsa.p8", "der", false, SP_OK);
    /* An anchor makes both of them accepted. */
    import_file(f, "root.pem", NULL, true, SP_OK);
    struct wr_recipient_plan plan;
    assert_int_equal(smime_resolve(&f->op, "alice@example.org", 0, &plan), SP_OK);
    assert_int_equal(plan.state, SP_OK);
    assert_int_equal(plan.trust, SP_TRUST_ACCEPTED);
    assert_int_equal(smime_resolve(&f->op, "nobody@example.org", 0, &plan), SP_OK);
    assert_int_equal(plan.state, SP_NO_KEY);
    assert_int_equal(smime_resolve(&f->op, "alice@example.org", keys_now(0) + 100 * DAY, &plan), SP_OK);
    assert_int_equal(plan.state, SP_NO_KEY);
    assert_string_equal(plan.reason, "expired");
}

static void
test_decrypt(void **state)
{
    struct fixture *f = *state;
    static const struct {
        const char *options, *who, *more, *cipher;
        enum sp_integrity integrity;
    } rows[] = {
        {"-aes-256-cbc", "rsa", "", "AES-256-CBC", SP_INTEGRITY_NONE},
        {"-aes-128-cbc", "rsa", " -keyopt rsa_padding_mode:oaep", "AES-128-CBC", SP_INTEGRITY_NONE},
        {"-aes-256-gcm", "rsa", "", "AES-256-GCM", SP_INTEGRITY_AEAD},
        {"-aes-256-cbc", "alice", "", "AES-256-CBC", SP_INTEGRITY_NONE},
        {"-aes-128-gcm", "alice", "", "AES-128-GCM", SP_INTEGRITY_AEAD},
        {"-des3", "rsa", "", "DES-EDE3-CBC", SP_INTEGRITY_NONE},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        SH(f, "openssl cms -encrypt -binary -in mail -outform DER -out env %s -recip %s.pem%s", rows[i].options, rows[i].who,
           rows[i].more);
        struct wm_decrypted out = decrypt(f, "env", SP_OK);
        assert_fd_equal(out.plain, MIME);
        (void)close(out.plain);
        assert_string_equal(out.cipher, rows[i].cipher);
        assert_int_equal(out.integrity, rows[i].integrity);
    }
    /* Nobody's, streamed (indefinite lengths), tampered. */
    SH(f, "openssl req -x509 -nodes -newkey rsa:2048 -keyout no.key -out no.pem -subj /CN=No -days 9");
    SH(f, "openssl cms -encrypt -binary -in mail -outform DER -out env -aes256 -recip no.pem");
    (void)decrypt(f, "env", SP_NO_SECRET_KEY);
    SH(f, "openssl cms -encrypt -stream -binary -in mail -outform DER -out env -aes256 -recip no.pem rsa.pem alice.pem");
    struct wm_decrypted out = decrypt(f, "env", SP_OK);
    assert_fd_equal(out.plain, MIME);
    (void)close(out.plain);
    SH(f, "openssl cms -encrypt -binary -in mail -outform DER -out env -aes-256-gcm -recip rsa.pem");
    int fd = file_fd(f, "env");
    struct memfd_map map;
    assert_int_equal(memfd_map(fd, 1 << 20, &map), SP_OK);
    char *copy = malloc(map.len);
    for (size_t back = 1; back < 40; back += 3) {
        memcpy(copy, map.data, map.len);
        copy[map.len - back] = (char)(copy[map.len - back] ^ 1);
        struct wm_decrypt in = {.protocol = SP_PROTOCOL_SMIME, .object = text_fd(copy, map.len)};
        assert_int_not_equal(smime_decrypt(&f->op, &in, &out), SP_OK);
        assert_true(out.plain <= 0);
        (void)close(in.object);
    }
    free(copy);
    memfd_unmap(&map);
    (void)close(fd);
    (void)decrypt(f, "opaque", SP_CRYPTO); /* S2: signed is not encrypted */
}

static void
test_sign_and_encrypt(void **state)
{
    struct fixture *f = *state;
    static const char *const who[] = {"alice@example.org", "rsa@example.org"};
    for (size_t i = 0; i < COUNT(who); i++) {
        struct wm_sign in = {.protocol = SP_PROTOCOL_SMIME, .fingerprint = fingerprint_of(f, who[i]), .bytes = file_fd(f, "mail")};
        struct wm_signed_bytes out;
        assert_int_equal(smime_sign(&f->op, &in, &out), SP_OK);
        assert_string_equal(out.micalg, "sha-256");
        save_fd(f, out.signature, "ours");
        (void)close(out.signature);
        (void)close(in.bytes);
        struct wr_key_signature s = verify_one(f, "ours", MIME, NULL, NULL, 0); /* the stored anchor */
        assert_true(s.status == SP_OK && s.chain_good);
        SH(f, "openssl cms -verify -binary -inform DER -in ours -content mail -CAfile root.pem%s", i == 0 ? "" : " -certfile inter.pem");
    }
    /* To a stranger: CBC. To ourselves, or to one who said so in a signed message: GCM. */
    issue(f, "bob", "/CN=Bob", "rsa:2048", PLAIN_EXT "subjectAltName=email:bob@example.org\n", "sha256");
    import_file(f, "bob.pem", NULL, false, SP_OK);
    struct wr_text to[2] = {{fingerprint_of(f, "bob@example.org")}, {fingerprint_of(f, "alice@example.org")}};
    struct wm_encrypt in = {.protocol = SP_PROTOCOL_SMIME, .bytes = file_fd(f, "mail"), .fingerprints = to, .fingerprints_n = 2, .signer = ""};
    struct wm_encrypted_bytes out;
    assert_int_equal(smime_encrypt(&f->op, &in, &out), SP_OK);
    assert_string_equal(out.smime_type, "enveloped-data");
    save_fd(f, out.ciphertext, "env");
    (void)close(out.ciphertext);
    SH(f, "openssl cms -decrypt -binary -inform DER -in env -recip bob.pem -inkey bob.key -out plain && cmp plain mail");
    SH(f, "openssl cms -decrypt -binary -inform DER -in env -recip alice.pem -inkey alice.key -out plain && cmp plain mail");
    struct wm_decrypted opened = decrypt(f, "env", SP_OK);
    (void)close(opened.plain);

    SH(f, "printf 'RFC 4262' >/dev/null; openssl cms -sign -binary -in mail -signer bob.pem -inkey bob.key -outform DER -out said");
    import_file(f, "said", NULL, false, SP_OK); /* openssl names no AES-GCM among its capabilities */
    assert_int_equal(smime_encrypt(&f->op, &in, &out), SP_OK);
    assert_string_equal(out.smime_type, "enveloped-data");
    (void)close(out.ciphertext);
    in.fingerprints = to + 1;
    in.fingerprints_n = 1;
    assert_int_equal(smime_encrypt(&f->op, &in, &out), SP_OK);
    assert_string_equal(out.smime_type, "authEnveloped-data");
    save_fd(f, out.ciphertext, "env");
    (void)close(out.ciphertext);
    SH(f, "openssl cms -decrypt -binary -inform DER -in env -recip alice.pem -inkey alice.key -out plain && cmp plain mail");
    /* S69: one unknown recipient and nothing is made. */
    to[0].text = "00000000000000000000000000000000000000000000000000000000000000AA";
    in.fingerprints = to;
    in.fingerprints_n = 2;
    assert_int_equal(smime_encrypt(&f->op, &in, &out), SP_NO_KEY);
    (void)close(in.bytes);
}

static void
test_locked(void **state)
{
    struct fixture *f = *state;
    struct secret none = SECRET_INIT, other = SECRET_INIT;
    struct keys_op op = f->op;
    op.public_key = op.private_key = &none;
    struct wm_decrypt in = {.protocol = SP_PROTOCOL_SMIME, .object = file_fd(f, "env"), .passphrase = -1};
    struct wm_decrypted out;
    assert_int_equal(smime_decrypt(&op, &in, &out), SP_LOCKED);
    /* With the public part alone no private key is read. */
    op.public_key = &f->public_key;
    assert_int_equal(smime_decrypt(&op, &in, &out), SP_LOCKED);
    /* Another store's key opens nothing. */
    assert_int_equal(secret_random(&other, 32), SP_OK);
    op.public_key = &other;
    struct wm_list_keys list = {.protocol = SP_PROTOCOL_SMIME, .match = ""};
    struct wm_keys keys;
    assert_int_equal(keys_list(&op, &list, &keys), SP_OK);
    assert_int_equal(keys.keys_n, 0);
    secret_release(&other);
    (void)close(in.object);
    /* No name or address is readable in the folder. */
    assert_int_not_equal(sh(f, "ls certs | grep -i alice"), 0);
    assert_int_not_equal(sh(f, "grep -ral -i 'alice\\|example' certs"), 0);
    assert_int_equal(sh(f, "test -z \"$(find certs -type f -perm /077)\""), 0);
}

/* S25 */
static void
test_garbage(void **state)
{
    struct fixture *f = *state;
    static const char *const junk[] = {"", "0", "\x30\x80", "\x30\x84\xff\xff\xff\xff", "hello", "-----BEGIN CERTIFICATE-----\nAAAA\n"};
    for (size_t i = 0; i < COUNT(junk); i++) {
        struct wm_verify v = {.protocol = SP_PROTOCOL_SMIME, .object = text_fd(junk[i], strlen(junk[i])), .form = SP_FORM_OPAQUE};
        struct wm_decrypt d = {.protocol = SP_PROTOCOL_SMIME, .object = v.object};
        struct wm_verified verified;
        struct wm_decrypted decrypted;
        assert_int_not_equal(smime_verify(&f->op, &v, &verified), SP_OK);
        assert_int_not_equal(smime_decrypt(&f->op, &d, &decrypted), SP_OK);
        (void)close(v.object);
    }
}

int
main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_chain), cmocka_unit_test(test_subject_address_and_intermediate_anchor), cmocka_unit_test(test_untrusted),
        cmocka_unit_test(test_times), cmocka_unit_test(test_tampered), cmocka_unit_test(test_canonical_lines), cmocka_unit_test(test_opaque),
        cmocka_unit_test(test_signers), cmocka_unit_test(test_self_signed_and_pin), cmocka_unit_test(test_purposes),
        cmocka_unit_test(test_constraints),
        cmocka_unit_test(test_weak), cmocka_unit_test(test_revocation), cmocka_unit_test(test_import), cmocka_unit_test(test_decrypt),
        cmocka_unit_test(test_sign_and_encrypt), cmocka_unit_test(test_pss_key), cmocka_unit_test(test_locked), cmocka_unit_test(test_garbage),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
