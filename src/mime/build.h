/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Building what is sent: entities whose bytes survive transport unchanged, the crypto wrappings around them, whole messages. All
   output has CRLF line ends. Values come from a person or from received mail: CR, LF and NUL in them are refused (S54). */
#ifndef SP_MIME_BUILD_H
#define SP_MIME_BUILD_H

#include "base/buf.h"
#include "base/types.h"
#include "tools.h"

/* The outer Subject of an encrypted message (RFC 9788, hcp_baseline): what build_entity names in HP-Outer, and what the caller must
   give build_message as Subject. */
#define MIME_OUTER_SUBJECT "[...]"

struct build_field {
    const char *name, *value; /* borrowed; UTF-8 */
};
struct build_file {
    const char *name, *type, *disposition; /* borrowed; any may be "" */
    const char *bytes;                     /* borrowed */
    size_t len;
};

/* Appends "Name: value" encoded (RFC 2047; address fields as addresses) and folded, with its line end. SP_INVALID for a name or value
   that cannot stand in a header, SP_UNSUPPORTED for a local part beyond ASCII. */
enum sp_status build_header(struct mime_tools *tools, struct buf *out, const char *name, const char *value) SP_MUST_USE;
/* The MIME entity of a text and its attachments, 7-bit clean and without trailing white space (RFC 3156 section 3). fields are
   copied onto it as protected headers when there are any: hp="clear", or hp="cipher" with HP-Outer fields when encrypted (RFC 9788). */
enum sp_status build_entity(struct mime_tools *tools, struct buf *out, const char *body, const struct build_file *files, size_t n_files,
                            const struct build_field *fields, size_t n_fields, bool encrypted) SP_MUST_USE;
/* Header fields in order, MIME-Version, then the entity with its own Content fields. */
enum sp_status build_message(struct mime_tools *tools, struct buf *out, const struct build_field *fields, size_t n_fields,
                             const char *entity, size_t len) SP_MUST_USE;
/* multipart/signed around exactly these bytes (RFC 1847, 3156 section 5, RFC 8551 section 3.5.3). An OpenPGP signature must be
   armored. */
enum sp_status wrap_signed(struct buf *out, enum sp_protocol protocol, const char *entity, size_t len, const char *signature,
                           size_t signature_len, const char *micalg) SP_MUST_USE;
/* multipart/encrypted (RFC 3156 section 4; armored ciphertext) or application/pkcs7-mime (DER, with its smime-type). */
enum sp_status wrap_encrypted(struct buf *out, enum sp_protocol protocol, const char *ciphertext, size_t len,
                              const char *smime_type) SP_MUST_USE;

/* ---- shared by build.c and wrap.c */
/* A boundary that no encoded text can contain (it starts with "=_"). */
#define BUILD_BOUNDARY_SIZE 40
enum sp_status build_boundary(char out[BUILD_BOUNDARY_SIZE]) SP_MUST_USE;
void build_base64(struct buf *out, const char *bytes, size_t len);
/* Appends the bytes with every line end made CRLF. */
void build_crlf(struct buf *out, const char *bytes, size_t len);

#endif
