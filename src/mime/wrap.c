/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The crypto wrappings: the bytes given go in untouched. */
#include <ctype.h>
#include <string.h>

#include "build.h"

static bool
is_armored(const char *s, size_t len, const char *what)
{
    size_t n = strlen(what);
    return len > n && memcmp(s, what, n) == 0;
}

static bool
is_word(const char *s)
{
    if (!*s || strlen(s) > 64)
        return false;
    for (; *s; s++)
        if (!isalnum((unsigned char)*s) && *s != '-')
            return false;
    return true;
}

/* What is signed must reach the other end as it is: CRLF line ends, no 8-bit bytes (RFC 3156 section 3). */
static bool
is_transportable(const char *s, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\n' ? i == 0 || s[i - 1] != '\r' : (signed char)s[i] <= 0)
            return false;
    }
    return true;
}

enum sp_status
wrap_signed(struct buf *out, enum sp_protocol protocol, const char *entity, size_t len, const char *signature, size_t signature_len,
            const char *micalg)
{
    char boundary[BUILD_BOUNDARY_SIZE];
    bool pgp = protocol == SP_PROTOCOL_OPENPGP;

    if ((!pgp && protocol != SP_PROTOCOL_SMIME) || !is_word(micalg) || !signature_len || !is_transportable(entity, len))
        return SP_INVALID;
    if (pgp && !is_armored(signature, signature_len, "-----BEGIN PGP SIGNATURE-----"))
        return SP_INVALID;
    enum sp_status st = build_boundary(boundary);
    if (st)
        return st;
    buf_addf(out, "Content-Type: multipart/signed; micalg=\"%s\";\r\n protocol=\"%s\";\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", micalg,
             pgp ? "application/pgp-signature" : "application/pkcs7-signature", boundary, boundary);
    buf_add(out, entity, len);
    buf_addf(out, "\r\n--%s\r\n", boundary);
    if (pgp) {
        buf_adds(out, "Content-Type: application/pgp-signature; name=\"signature.asc\"\r\nContent-Description: OpenPGP digital signature\r\n"
                      "Content-Disposition: attachment; filename=\"signature.asc\"\r\n\r\n");
        build_crlf(out, signature, signature_len);
    } else {
        buf_adds(out, "Content-Type: application/pkcs7-signature; name=\"smime.p7s\"\r\nContent-Transfer-Encoding: base64\r\n"
                      "Content-Disposition: attachment; filename=\"smime.p7s\"\r\n\r\n");
        build_base64(out, signature, signature_len);
    }
    buf_addf(out, "\r\n--%s--\r\n", boundary);
    return buf_status(out);
}

static enum sp_status
wrap_pgp(struct buf *out, const char *ciphertext, size_t len)
{
    char boundary[BUILD_BOUNDARY_SIZE];
    if (!is_armored(ciphertext, len, "-----BEGIN PGP MESSAGE-----"))
        return SP_INVALID;
    enum sp_status st = build_boundary(boundary);
    if (st)
        return st;
    buf_addf(out, "Content-Type: multipart/encrypted; protocol=\"application/pgp-encrypted\";\r\n boundary=\"%s\"\r\n\r\n--%s\r\n", boundary,
             boundary);
    buf_addf(out, "Content-Type: application/pgp-encrypted\r\nContent-Description: PGP/MIME version identification\r\n\r\nVersion: 1\r\n"
                  "\r\n--%s\r\n",
             boundary);
    buf_adds(out, "Content-Type: application/octet-stream; name=\"encrypted.asc\"\r\nContent-Description: OpenPGP encrypted message\r\n"
                  "Content-Disposition: inline; filename=\"encrypted.asc\"\r\n\r\n");
    build_crlf(out, ciphertext, len);
    buf_addf(out, "\r\n--%s--\r\n", boundary);
    return buf_status(out);
}

enum sp_status
wrap_encrypted(struct buf *out, enum sp_protocol protocol, const char *ciphertext, size_t len, const char *smime_type)
{
    if (protocol == SP_PROTOCOL_OPENPGP)
        return wrap_pgp(out, ciphertext, len);
    if (protocol != SP_PROTOCOL_SMIME || !is_word(smime_type) || !len)
        return SP_INVALID;
    buf_addf(out, "Content-Type: application/pkcs7-mime; smime-type=%s; name=\"smime.p7m\"\r\nContent-Transfer-Encoding: base64\r\n"
                  "Content-Disposition: attachment; filename=\"smime.p7m\"\r\n\r\n",
             smime_type);
    build_base64(out, ciphertext, len);
    return buf_status(out);
}
