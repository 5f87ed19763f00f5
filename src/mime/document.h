/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The document: what parsing one message yields. One relocatable block (offsets, no pointers) that crosses the process border
   in a sealed memfd and is kept in the store as it is. It is attacker-made data: call document_check before anything else (S76);
   afterwards every accessor here is safe. Reading it needs no MIME library; building it is document_build.h (parse role only). */
#ifndef SP_MIME_DOCUMENT_H
#define SP_MIME_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

#define DOC_MAGIC 0x31445053u /* "SPD1" */
#define DOC_NONE UINT32_MAX
#define DOC_MAX_SIZE ((size_t)268435456)

/* Bytes in the block, followed by a NUL that is not counted. Texts are valid UTF-8 without NUL; `bytes` members may hold anything. */
struct doc_text {
    uint32_t at, len;
};
struct doc_table {
    uint32_t at, count; /* at: offset of the first element, 8-aligned */
};

struct doc_header {
    uint32_t part;          /* the entity that it stands on (0 = the message) */
    struct doc_text name;   /* as written */
    struct doc_text raw;    /* bytes after the colon, folding kept, without the final line end */
    struct doc_text value;  /* unfolded, RFC 2047 decoded */
};

enum doc_address_field { DOC_FROM, DOC_SENDER, DOC_REPLY_TO, DOC_TO, DOC_CC, DOC_BCC };
struct doc_mailbox {
    uint32_t part, field, field_index; /* field_index: 0 for the first From header field, 1 for a second one (S40) */
    struct doc_text name, address, display; /* address "" when there is none; IDN as written */
};

enum doc_part_flag {
    DOC_PART_LEAF = 1 << 0,
    DOC_PART_MULTIPART = 1 << 1,
    DOC_PART_MESSAGE = 1 << 2,      /* message/rfc822 or message/global: its child is the inner message */
    DOC_PART_SHOWN = 1 << 3,        /* its text belongs to the body shown */
    DOC_PART_ATTACHMENT = 1 << 4,   /* listed as an attachment */
    DOC_PART_HTML = 1 << 5,
    DOC_PART_PROTECTED_V1 = 1 << 6, /* Content-Type parameter protected-headers="v1" */
    DOC_PART_HP_CLEAR = 1 << 7,     /* hp="clear" (RFC 9788) */
    DOC_PART_HP_CIPHER = 1 << 8,    /* hp="cipher" */
    DOC_PART_FORWARDED_NO = 1 << 9, /* message/rfc822; forwarded=no (S/MIME wrapping) */
    DOC_PART_LEGACY_DISPLAY = 1 << 10, /* hp-legacy-display or protected-headers display part: not shown */
};
struct doc_part {
    uint32_t parent, first_child, next_sibling; /* DOC_NONE where there is none; parts are in reading order, parents first */
    uint32_t depth, flags, layer;               /* layer: index into layers, or DOC_NONE */
    struct doc_text path;            /* "1.2" as in inspect.md; the root of a single-part message is "1", a multipart root "" */
    struct doc_text type, charset, disposition, name, detected_type, encoding, content_id; /* types in lower case */
    struct doc_text text;            /* decoded, UTF-8, LF lines: text leaves only (HTML already as text) */
    uint64_t raw_at, raw_len;        /* the entity with its headers: range of the input */
    uint64_t body_at, body_len;      /* its content as transmitted */
    uint64_t size;                   /* decoded bytes */
};

enum doc_layer_kind {
    DOC_LAYER_PGP_SIGNED,      /* multipart/signed; protocol="application/pgp-signature" */
    DOC_LAYER_PGP_ENCRYPTED,   /* multipart/encrypted */
    DOC_LAYER_SMIME_SIGNED,    /* multipart/signed; protocol="application/(x-)pkcs7-signature" */
    DOC_LAYER_SMIME_OPAQUE,    /* application/pkcs7-mime; smime-type=signed-data (also by looking at the CMS content type) */
    DOC_LAYER_SMIME_ENCRYPTED, /* enveloped-data, authEnveloped-data */
    DOC_LAYER_INLINE_SIGNED,   /* a cleartext signature in a text part */
    DOC_LAYER_INLINE_ENCRYPTED, /* an armored message in a text part */
    DOC_LAYER_KINDS
};
struct doc_layer {
    uint32_t kind, part;             /* part: the wrapping entity (for inline: the text part) */
    uint32_t content_part;           /* the signed child of multipart/signed, else DOC_NONE */
    uint32_t malformed;              /* 1: structure wrong (missing signature part, more than two parts, ...): never "good" */
    uint64_t signed_at, signed_len;  /* exact bytes covered by a detached signature: range of the input */
    struct doc_text object;          /* bytes: the decoded signature, CMS DER, ciphertext, or armored region */
    struct doc_text micalg, protocol, smime_type; /* parameters, lower case */
    uint64_t text_at, text_len;      /* inline: range of the armored region in the part's decoded text (S9) */
};

enum doc_link_flag { DOC_LINK_FORM = 1 << 0, DOC_LINK_HIDDEN = 1 << 1, DOC_LINK_IMAGE = 1 << 2 };
struct doc_link {
    uint32_t part, flags;
    struct doc_text text, target;
};
/* What the message would have fetched (images, styles, ...): never fetched (S45). */
struct doc_ref {
    uint32_t part, flags;
    struct doc_text url;
};
/* What the parser noticed; id is a stable identifier such as "too-many-parts", "nesting-too-deep", "duplicate-header". */
struct doc_note {
    uint32_t part, reserved;
    struct doc_text id, detail;
};

struct document {
    uint32_t magic, version, size, flags;
    uint64_t input_len;      /* bytes that were parsed */
    int64_t date;            /* of the Date field, 0 = none or invalid */
    uint32_t crlf, reserved; /* 1: the input's line ends are CRLF throughout; else signed ranges must be canonicalised */
    struct doc_table headers, mailboxes, parts, layers, links, refs, notes;
};
#define DOC_VERSION 1u

/* Checks everything: sizes, offsets, alignment, counts, UTF-8, tree links (parents first, no cycles), ranges within input_len.
   On SP_OK *doc points into bytes (borrowed; 8-aligned). SP_SHORT, SP_INVALID, SP_TOO_LARGE otherwise. Fuzzed. */
enum sp_status document_check(const void *bytes, size_t len, const struct document **doc) SP_MUST_USE;

/* All below are borrowed from the block and need a checked document; i must be below the table's count. */
const char *doc_text(const struct document *d, struct doc_text t);
const struct doc_header *doc_header(const struct document *d, uint32_t i);
const struct doc_mailbox *doc_mailbox(const struct document *d, uint32_t i);
const struct doc_part *doc_part(const struct document *d, uint32_t i);
const struct doc_layer *doc_layer(const struct document *d, uint32_t i);
const struct doc_link *doc_link(const struct document *d, uint32_t i);
const struct doc_ref *doc_ref(const struct document *d, uint32_t i);
const struct doc_note *doc_note(const struct document *d, uint32_t i);
/* The decoded value of the nth field of that name (case-insensitive) on a part; NULL when there is none. */
const char *doc_field(const struct document *d, uint32_t part, const char *name, unsigned nth);

#endif
