/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME: verifying CMS SignedData (RFC 5652 section 5, RFC 8551). Every signer is judged by itself; content is handed on only when
   every signature holds (S15, S16). Not CMS_verify: it says yes or no for all signers together and writes before it knows. */
#include "smime_session.h"

#include <openssl/bio.h>
#include <openssl/cmserr.h>
#include <openssl/err.h>
#include <string.h>
#include <unistd.h>

struct verification {
    const struct keys_op *op;
    CMS_ContentInfo *cms;
    struct smime_trust trust;
    STACK_OF(X509) *certs;    /* owned: of the message */
    BIO *chain;               /* owned: the content went through its digests; its input may be gone */
    const char *trouble;      /* makes every signature bad, whatever the cryptography says */
    bool attribute_like;      /* content could be taken for signed attributes */
};

/* ---- the digests */

/* Runs the content through the digest chain, and into the sink unless that is NULL. */
static enum sp_status
pump(BIO *chain, struct keys_sink *sink, bool *attribute_like)
{
    char block[16384];
    bool first = true;
    for (;;) {
        int n = BIO_read(chain, block, sizeof block);
        if (n <= 0)
            return n < 0 && !BIO_should_retry(chain) ? SP_CRYPTO : SP_OK;
        if (first)
            *attribute_like = block[0] == 0x31;
        first = false;
        if (sink && keys_sink_write(sink, block, (size_t)n))
            return sink->status;
    }
}

static bool
same_bytes(const ASN1_OCTET_STRING *s, const char *data, size_t len)
{
    return (size_t)ASN1_STRING_length(s) == len && (len == 0 || memcmp(ASN1_STRING_get0_data(s), data, len) == 0);
}

/* Detached: the digests run over the bytes that are shown, never over what the object brings along (S14). */
static enum sp_status
digest_content(struct verification *v, const struct wm_verify *in, struct keys_sink *sink)
{
    struct keys_input content = KEYS_INPUT_INIT;
    BIO *detached = NULL;
    ASN1_OCTET_STRING **embedded = CMS_get0_content(v->cms);
    enum sp_status st = SP_OK;
    if (in->form == SP_FORM_DETACHED) {
        st = keys_input_range(&content, in->signed_bytes, in->offset, in->length, in->canonical);
        if (!st && embedded && *embedded && !same_bytes(*embedded, content.data, content.len))
            v->trouble = "embedded-content-differs";
        detached = st ? NULL : BIO_new_mem_buf(content.len ? content.data : "", (int)content.len);
        if (!st && !detached)
            st = SP_NOMEM;
    } else if (!embedded || !*embedded) {
        st = SP_CRYPTO;
    }
    if (!st) {
        v->chain = CMS_dataInit(v->cms, detached);
        st = v->chain ? pump(v->chain, in->form == SP_FORM_OPAQUE ? sink : NULL, &v->attribute_like) : SP_CRYPTO;
    }
    if (detached && !v->chain)
        BIO_free(detached); /* else it is the last link of the chain and freed with it */
    keys_input_release(&content);
    return st;
}

/* ---- one signer */

static const char *
digest_name(int nid)
{
    static const struct {
        int nid;
        const char *name;
    } names[] = {
        {NID_md5, "MD5"},          {NID_sha1, "SHA-1"},       {NID_sha224, "SHA-224"},     {NID_sha256, "SHA-256"},
        {NID_sha384, "SHA-384"},   {NID_sha512, "SHA-512"},   {NID_sha3_256, "SHA3-256"},  {NID_sha3_384, "SHA3-384"},
        {NID_sha3_512, "SHA3-512"}, {NID_ripemd160, "RIPEMD-160"},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (names[i].nid == nid)
            return names[i].name;
    const char *name = OBJ_nid2sn(nid);
    return name ? name : "";
}

/* The digest over the content, and the one that the signature algorithm names by itself: the weaker counts (S20). */
static bool
weak_algorithms(CMS_SignerInfo *si, const char **hash)
{
    X509_ALGOR *digest = NULL, *signature = NULL;
    const ASN1_OBJECT *oid = NULL;
    int digest_nid = NID_undef, signature_nid = NID_undef, key_nid;
    CMS_SignerInfo_get0_algs(si, NULL, NULL, &digest, &signature);
    if (digest) {
        X509_ALGOR_get0(&oid, NULL, NULL, digest);
        digest_nid = OBJ_obj2nid(oid);
    }
    if (signature) {
        X509_ALGOR_get0(&oid, NULL, NULL, signature);
        if (OBJ_find_sigid_algs(OBJ_obj2nid(oid), &signature_nid, &key_nid) != 1)
            signature_nid = NID_undef;
    }
    *hash = digest_name(digest_nid);
    return smime_weak_digest(digest_nid) || smime_weak_digest(signature_nid);
}

/* A signed attribute's single value, or nothing when it is absent or there several times. */
static int64_t
signing_time(CMS_SignerInfo *si)
{
    ASN1_OBJECT *oid = OBJ_nid2obj(NID_pkcs9_signingTime);
    void *value = CMS_signed_get0_data_by_OBJ(si, oid, -3, V_ASN1_UTCTIME);
    if (!value)
        value = CMS_signed_get0_data_by_OBJ(si, oid, -3, V_ASN1_GENERALIZEDTIME);
    return smime_time(value);
}

/* The cryptography alone: RFC 5652 section 5.6. */
static enum sp_status
check_signature(struct verification *v, CMS_SignerInfo *si, const char **why)
{
    bool attributes = CMS_signed_get_attr_count(si) >= 0;
    *why = "digest-mismatch";
    if (v->trouble) {
        *why = v->trouble;
        return SP_CRYPTO;
    }
    /* Without signed attributes, content that reads as attributes may be those of another message (RFC 8933 and the attack
       behind it). No MIME entity begins like that. */
    if (!attributes && v->attribute_like) {
        *why = "attributes-as-content";
        return SP_CRYPTO;
    }
    int ok = attributes ? CMS_SignerInfo_verify(si) : 1;
    if (ok == 1)
        ok = CMS_SignerInfo_verify_content(si, v->chain);
    else if (ok == 0)
        *why = "signature-invalid";
    if (ok == 1)
        return SP_OK;
    if (ok < 0) {
        int code = ERR_GET_REASON(ERR_peek_error());
        if (code == CMS_R_UNKNOWN_DIGEST_ALGORITHM || code == CMS_R_UNABLE_TO_FINALIZE_CONTEXT || code == CMS_R_NO_MATCHING_DIGEST ||
            ERR_GET_LIB(ERR_peek_error()) != ERR_LIB_CMS) {
            *why = "not-checked";
            return smime_fail(SP_INTERNAL);
        }
    }
    return smime_fail(SP_CRYPTO);
}

static X509 *
find_certificate(struct verification *v, CMS_SignerInfo *si)
{
    for (int l = 0; l < 2; l++) { /* what came along first, then what we know */
        STACK_OF(X509) *list = l == 0 ? v->certs : v->trust.others;
        for (int i = 0; i < sk_X509_num(list); i++)
            if (CMS_SignerInfo_cert_cmp(si, sk_X509_value(list, i)) == 0)
                return sk_X509_value(list, i);
    }
    return NULL;
}

static enum sp_status
certificate_facts(struct verification *v, X509 *cert, struct wr_key_signature *out)
{
    struct arena *arena = v->op->arena;
    out->fingerprint = smime_fingerprint(arena, cert);
    out->key_id = out->fingerprint ? arena_strndup(arena, out->fingerprint, 16) : NULL;
    out->issuer = smime_name(arena, X509_get_issuer_name(cert));
    out->algorithm = smime_key_algorithm(arena, X509_get0_pubkey(cert));
    out->not_before = smime_time(X509_get0_notBefore(cert));
    out->not_after = smime_time(X509_get0_notAfter(cert));
    out->expires = out->not_after;
    if (!out->fingerprint || !out->key_id || !out->issuer || !out->algorithm)
        return SP_NOMEM;
    return smime_identities(arena, cert, &out->identities, &out->identities_n);
}

static enum sp_status
fill_signer(struct verification *v, CMS_SignerInfo *si, struct wr_key_signature *out)
{
    struct arena *arena = v->op->arena;
    const char *why = "";
    X509 *cert = find_certificate(v, si);
    *out = (struct wr_key_signature){.protocol = SP_PROTOCOL_SMIME, .status = SP_NO_KEY, .revocation = SP_REVOCATION_UNCHECKED};
    bool weak = weak_algorithms(si, &out->hash);
    enum sp_status st = SP_OK;
    if (cert) {
        CMS_SignerInfo_set1_signer_cert(si, cert);
        out->created = signing_time(si);
        out->status = (uint16_t)check_signature(v, si, &why);
        st = certificate_facts(v, cert, out);
        if (!st)
            st = smime_judge(v->op, &v->trust, cert, v->certs, out);
    }
    const struct {
        bool applies;
        const char *text;
    } reasons[] = {
        {!cert, "no-certificate"},
        {cert && out->status != SP_OK, why},
        {weak, "weak-digest"},
        {out->created && (out->created < out->not_before || out->created > out->not_after), "signing-time-outside-validity"},
    };
    for (size_t i = 0; !st && i < sizeof reasons / sizeof *reasons; i++)
        if (reasons[i].applies && !keys_add_text(arena, &out->reasons, &out->reasons_n, reasons[i].text))
            st = SP_NOMEM;
    out->weak |= weak;
    return st;
}

/* ---- all of it */

static enum sp_status
parse(struct verification *v, const struct keys_input *object)
{
    const unsigned char *at = (const unsigned char *)object->data;
    v->cms = object->len ? d2i_CMS_ContentInfo(NULL, &at, (long)object->len) : NULL;
    if (!v->cms || OBJ_obj2nid(CMS_get0_type(v->cms)) != NID_pkcs7_signed)
        return smime_fail(SP_CRYPTO);
    /* A MIME entity is plain data (RFC 8551 section 2.4.1). */
    if (OBJ_obj2nid(CMS_get0_eContentType(v->cms)) != NID_pkcs7_data)
        v->trouble = "content-type";
    v->certs = CMS_get1_certs(v->cms);
    if (sk_X509_num(v->certs) > SMIME_MAX_CERTS || sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(v->cms)) > SMIME_MAX_SIGNERS)
        return SP_TOO_LARGE;
    return SP_OK;
}

/* S15: nobody signed. The bundle of certificates that some programs send looks like this too. */
static enum sp_status
no_signer(struct verification *v, struct wm_verified *out)
{
    out->signatures = arena_array(v->op->arena, 1, sizeof *out->signatures);
    if (!out->signatures)
        return SP_NOMEM;
    struct wr_key_signature *s = &out->signatures[out->signatures_n++];
    *s = (struct wr_key_signature){.protocol = SP_PROTOCOL_SMIME, .status = SP_CRYPTO, .revocation = SP_REVOCATION_UNCHECKED};
    return keys_add_text(v->op->arena, &s->reasons, &s->reasons_n, "no-signers") ? SP_OK : SP_NOMEM;
}

static enum sp_status
fill_signers(struct verification *v, struct wm_verified *out, bool *all_hold)
{
    STACK_OF(CMS_SignerInfo) *signers = CMS_get0_SignerInfos(v->cms);
    int n = sk_CMS_SignerInfo_num(signers);
    *all_hold = n > 0;
    if (n <= 0)
        return no_signer(v, out);
    out->signatures = arena_array(v->op->arena, (size_t)n, sizeof *out->signatures);
    if (!out->signatures)
        return SP_NOMEM;
    for (int i = 0; i < n; i++) {
        enum sp_status st = fill_signer(v, sk_CMS_SignerInfo_value(signers, i), &out->signatures[i]);
        if (st)
            return st;
        out->signatures_n++;
        *all_hold &= out->signatures[i].status == SP_OK;
    }
    return SP_OK;
}

enum sp_status
smime_verify(const struct keys_op *op, struct wm_verify *in, struct wm_verified *out)
{
    struct verification v = {.op = op};
    struct keys_input object = KEYS_INPUT_INIT;
    struct keys_sink sink;
    bool all_hold = false;
    *out = (struct wm_verified){.content = -1};
    enum sp_status st = keys_sink_open(&sink);
    if (!st)
        st = keys_input_open(&object, in->object);
    if (!st && in->form == SP_FORM_CLEARSIGN)
        st = SP_INVALID;
    if (!st)
        st = parse(&v, &object);
    if (!st)
        st = smime_trust_open(&v.trust, op, in->anchors, in->anchors_n, in->crls, in->crls_n, in->now);
    if (!st && sk_CMS_SignerInfo_num(CMS_get0_SignerInfos(v.cms)) > 0)
        st = digest_content(&v, in, &sink);
    if (!st)
        st = fill_signers(&v, out, &all_hold);
    if (!st && all_hold && in->form == SP_FORM_OPAQUE)
        st = keys_sink_take(&sink, &out->content);
    if (st)
        *out = (struct wm_verified){.content = -1};
    keys_sink_drop(&sink);
    BIO_free_all(v.chain);
    sk_X509_pop_free(v.certs, X509_free);
    smime_trust_release(&v.trust);
    CMS_ContentInfo_free(v.cms);
    keys_input_release(&object);
    ERR_clear_error();
    return st;
}
