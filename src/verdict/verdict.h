/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict: what sealpost says of one message (see docs of `sealpost inspect`). Pure: plain data in, plain data out; no I/O,
   no clock, no configuration. The result is a struct wr_verdict (base/messages.h), the one object behind the screens, the index,
   `inspect` and the tests.

   The engine works a message off in steps: parse it, ask verdict_next what to verify or decrypt, have keys do that, parse what
   came out of a decryption as a further document, ask again; when nothing is left, verdict_compute. */
#ifndef SP_VERDICT_VERDICT_H
#define SP_VERDICT_VERDICT_H

#include "base/arena.h"
#include "base/messages.h"
#include "mime/document.h"

/* Grows with every change of the rules, so that stored verdicts of older rules are not believed. */
#define VERDICT_VERSION 2u

#define VERDICT_MAX_LAYERS 32 /* nested crypto layers and signed parts that are worked off */

/* What keys said about one layer of one document. */
struct verdict_layer {
    size_t doc;                 /* index of the document that the layer is in */
    uint32_t layer;             /* its index there */
    enum sp_status status;      /* of the operation: SP_OK, SP_NO_SECRET_KEY, SP_PASSPHRASE_NEEDED, SP_CRYPTO, ... */
    bool decrypted;             /* a decryption really took place (S2) */
    size_t inner;               /* index of the document parsed from the plaintext or the opaque content; SIZE_MAX = none */
    const struct wr_key_signature *signatures; /* borrowed */
    uint32_t signatures_n;
    const char *cipher;         /* "" unless decrypted */
    enum sp_integrity integrity;
};

struct verdict_input {
    const struct document *const *docs; /* docs[0] is the message as it came */
    size_t docs_n;
    const struct verdict_layer *layers;
    size_t layers_n;
    const char *const *authservs;       /* trusted authserv-ids */
    size_t authservs_n;
    int64_t now;                        /* seconds since 1970 UTC */
    const char *open_path;              /* the encrypted part that was opened, shown alone (S29); NULL = the message */
};

enum verdict_action { VERDICT_DONE, VERDICT_VERIFY, VERDICT_DECRYPT };
struct verdict_step {
    enum verdict_action action;
    size_t doc;
    uint32_t layer;
    enum sp_protocol protocol;
    enum sp_form form;          /* of VERIFY; inline regions: CLEARSIGN */
};

/* What to do next. Decryption only in the cryptographic envelope (S23, S29); signed parts outside it are verified for their
   note (S27). When open_path is not NULL, that encrypted part, otherwise left alone, is the one to be opened. */
struct verdict_step verdict_next(const struct verdict_input *in, const char *open_path);

/* Fills *out; all memory from the arena or borrowed from the input's documents. SP_OK or SP_NOMEM. */
enum sp_status verdict_compute(const struct verdict_input *in, struct arena *arena, struct wr_verdict *out) SP_MUST_USE;

/* The part (no multipart) that a path of the verdict names: index of its document and its index there. Its bytes are in the
   bytes that this document was parsed from, and its path there is doc_part(...)->path. */
bool verdict_find_part(const struct verdict_input *in, const char *path, size_t *doc, uint32_t *part);

#endif
