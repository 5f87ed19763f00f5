/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A certificate as facts: names, addresses, algorithms, times. Certificates are hostile data: strings with a NUL inside, in
   unexpected encodings or of absurd length are passed over. */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/objects.h>
#include <openssl/sha.h>
#include <string.h>
#include <time.h>

#define MAX_ADDRESSES 64

const char *
smime_fingerprint(struct arena *arena, X509 *cert)
{
    uint8_t md[EVP_MAX_MD_SIZE];
    unsigned len = 0;
    if (X509_digest(cert, EVP_sha256(), md, &len) != 1)
        return NULL;
    return keys_hex(arena, md, len);
}

const char *
smime_public_key_id(struct arena *arena, EVP_PKEY *key)
{
    uint8_t *der = NULL, md[SHA256_DIGEST_LENGTH];
    int len = key ? i2d_PUBKEY(key, &der) : -1;
    if (len <= 0)
        return NULL;
    SHA256(der, (size_t)len, md);
    OPENSSL_free(der);
    return keys_hex(arena, md, sizeof md);
}

const char *
smime_name(struct arena *arena, const X509_NAME *name)
{
    char *text = NULL;
    const char *out = NULL;
    BIO *b = BIO_new(BIO_s_mem());
    if (b && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
        long len = BIO_get_mem_data(b, &text);
        out = text && len > 0 && len < 65536 ? arena_strndup(arena, text, strnlen(text, (size_t)len)) : arena_strdup(arena, "");
    }
    BIO_free(b);
    return out;
}

/* ---- addresses */

static const char *
asn1_text(struct arena *arena, const ASN1_STRING *s)
{
    unsigned char *utf8 = NULL;
    int len = s ? ASN1_STRING_to_UTF8(&utf8, s) : -1;
    const char *out = "";
    if (len > 0 && len < 4096 && !memchr(utf8, 0, (size_t)len))
        out = arena_strndup(arena, (const char *)utf8, (size_t)len);
    OPENSSL_free(utf8);
    return out;
}

static const char *
common_name(struct arena *arena, X509 *cert)
{
    const X509_NAME *subject = X509_get_subject_name(cert);
    int at = X509_NAME_get_index_by_NID((X509_NAME *)(uintptr_t)subject, NID_commonName, -1);
    if (at < 0)
        return "";
    return asn1_text(arena, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
}

struct collector {
    struct arena *arena;
    const char *name;
    struct wr_identity **list;
    uint32_t *n;
    enum sp_status status;
};

static void
collect(struct collector *c, const ASN1_STRING *s)
{
    if (c->status || *c->n >= MAX_ADDRESSES)
        return;
    const char *text = asn1_text(c->arena, s);
    const char *address = text ? keys_address(c->arena, text, strlen(text)) : NULL;
    if (!address)
        c->status = SP_NOMEM;
    if (c->status || !*address)
        return;
    struct wr_identity *grown = keys_grow(c->arena, *c->list, *c->n, sizeof *grown);
    if (!grown) {
        c->status = SP_NOMEM;
        return;
    }
    *c->list = grown;
    grown[(*c->n)++] = (struct wr_identity){.name = c->name, .address = address, .valid = 1};
}

/* rfc822Name and SmtpUTF8Mailbox (RFC 8398) of the subjectAltName. Returns whether there was any such name, usable or not. */
static bool
collect_alternative_names(struct collector *c, X509 *cert)
{
    bool any = false;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *g = sk_GENERAL_NAME_value(names, i);
        if (g->type == GEN_EMAIL) {
            any = true;
            collect(c, g->d.rfc822Name);
        } else if (g->type == GEN_OTHERNAME && OBJ_obj2nid(g->d.otherName->type_id) == NID_id_on_SmtpUTF8Mailbox &&
                   g->d.otherName->value && g->d.otherName->value->type == V_ASN1_UTF8STRING) {
            any = true;
            collect(c, g->d.otherName->value->value.utf8string);
        }
    }
    GENERAL_NAMES_free(names);
    return any;
}

enum sp_status
smime_identities(struct arena *arena, X509 *cert, struct wr_identity **list, uint32_t *n)
{
    struct collector c = {.arena = arena, .name = common_name(arena, cert), .list = list, .n = n};
    *list = NULL;
    *n = 0;
    if (!c.name)
        return SP_NOMEM;
    if (!collect_alternative_names(&c, cert)) {
        X509_NAME *subject = X509_get_subject_name(cert);
        for (int at = -1; (at = X509_NAME_get_index_by_NID(subject, NID_pkcs9_emailAddress, at)) >= 0;)
            collect(&c, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
    }
    if (!c.status && *n == 0) {
        *list = arena_array(arena, 1, sizeof **list);
        if (!*list)
            return SP_NOMEM;
        (*list)[(*n)++] = (struct wr_identity){.name = c.name, .address = "", .valid = 1};
    }
    return c.status;
}

bool
smime_has_address(struct arena *arena, X509 *cert, const char *address)
{
    struct wr_identity *list;
    uint32_t n;
    if (smime_identities(arena, cert, &list, &n))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (keys_same_address(list[i].address, address))
            return true;
    return false;
}

/* ---- algorithms */

static const char *
curve_name(const char *group)
{
    static const char *const names[][2] = {{"prime256v1", "nistp256"}, {"secp384r1", "nistp384"}, {"secp521r1", "nistp521"}};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(group, names[i][0]) == 0)
            return names[i][1];
    return group;
}

/* GnuPG's way of naming, so that both protocols read alike. */
const char *
smime_key_algorithm(struct arena *arena, EVP_PKEY *key)
{
    char group[64] = "";
    size_t len = 0;
    if (!key)
        return "";
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return arena_printf(arena, "rsa%d", EVP_PKEY_get_bits(key));
    case EVP_PKEY_RSA_PSS: return arena_printf(arena, "rsapss%d", EVP_PKEY_get_bits(key));
    case EVP_PKEY_DSA: return arena_printf(arena, "dsa%d", EVP_PKEY_get_bits(key));
    case EVP_PKEY_ED25519: return "ed25519";
    case EVP_PKEY_ED448: return "ed448";
    case EVP_PKEY_EC:
        if (EVP_PKEY_get_group_name(key, group, sizeof group, &len) == 1)
            return arena_strdup(arena, curve_name(group));
        return "ec";
    default: return "unknown";
    }
}

/* S20. 112 bits of strength: RSA 2048, EC 224. */
bool
smime_weak_key(EVP_PKEY *key)
{
    return !key || EVP_PKEY_get_base_id(key) == EVP_PKEY_DSA || EVP_PKEY_get_security_bits(key) < 112;
}

bool
smime_weak_digest(int nid)
{
    return nid == NID_md2 || nid == NID_md4 || nid == NID_md5 || nid == NID_md5_sha1 || nid == NID_sha || nid == NID_sha1 ||
           nid == NID_ripemd160 || nid == NID_mdc2;
}

bool
smime_weak_certificate(X509 *cert)
{
    int digest = NID_undef;
    if (X509_get_signature_info(cert, &digest, NULL, NULL, NULL) != 1)
        return false; /* an algorithm without a digest of its own (Ed25519), or unknown: then the chain fails by itself */
    return smime_weak_digest(digest);
}

/* ---- times and uses */

int64_t
smime_time(const ASN1_TIME *t)
{
    struct tm tm;
    if (!t || ASN1_TIME_to_tm(t, &tm) != 1)
        return 0;
    return (int64_t)timegm(&tm);
}

static bool
extended_use_fits(X509 *cert)
{
    uint32_t flags = X509_get_extended_key_usage(cert); /* UINT32_MAX when there is no such extension */
    return (flags & (XKU_SMIME | XKU_ANYEKU)) != 0;
}

bool
smime_may_sign(X509 *cert)
{
    return !(X509_get_extension_flags(cert) & EXFLAG_INVALID) && extended_use_fits(cert) &&
           (X509_get_key_usage(cert) & (KU_DIGITAL_SIGNATURE | KU_NON_REPUDIATION)) != 0;
}

bool
smime_may_encrypt(X509 *cert)
{
    EVP_PKEY *key = X509_get0_pubkey(cert);
    uint32_t use = X509_get_key_usage(cert);
    if (!key || (X509_get_extension_flags(cert) & EXFLAG_INVALID) || !extended_use_fits(cert))
        return false;
    switch (EVP_PKEY_get_base_id(key)) {
    case EVP_PKEY_RSA: return (use & KU_KEY_ENCIPHERMENT) != 0;
    case EVP_PKEY_EC: return (use & KU_KEY_AGREEMENT) != 0;
    default: return false;
    }
}

bool
smime_reads_gcm(const unsigned char *der, long len)
{
    bool found = false;
    X509_ALGORS *list = len > 0 && len < 65536 ? d2i_X509_ALGORS(NULL, &der, len) : NULL;
    for (int i = 0; i < sk_X509_ALGOR_num(list); i++) {
        const ASN1_OBJECT *oid = NULL;
        X509_ALGOR_get0(&oid, NULL, NULL, sk_X509_ALGOR_value(list, i));
        int nid = OBJ_obj2nid(oid);
        found |= nid == NID_aes_256_gcm || nid == NID_aes_128_gcm;
    }
    sk_X509_ALGOR_pop_free(list, X509_ALGOR_free);
    return found;
}
