/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the verdict: what its files share. Everything is computed from the input into the caller's arena; running out of memory
   is noted in verdict.nomem and looked at once, at the end. */
#ifndef SP_VERDICT_INTERNAL_H
#define SP_VERDICT_INTERNAL_H

#include <stdbool.h>

#include "base/buf.h"
#include "verdict.h"

#define NONE SIZE_MAX

/* --- envelope.c: the cryptographic envelope is the contiguous crypto layers from the root inward (RFC 9787 section 4.4, S27) */

struct envelope_layer {
    size_t doc;
    uint32_t layer;
    const struct verdict_layer *result; /* NULL: not worked off (malformed, or beyond the bound) */
};
struct envelope {
    struct envelope_layer layers[VERDICT_MAX_LAYERS];
    size_t n;
    size_t doc;             /* the payload: what is inside all layers */
    uint32_t part;
    bool opened;            /* false: a layer could not be opened, there is no payload */
    struct verdict_step next; /* VERDICT_DONE, or what must be done to get further in */
};
/* Walks inward from a part of a document. */
void envelope_walk(const struct verdict_input *in, size_t doc, uint32_t part, struct envelope *e);
/* What is to be done with a layer; VERDICT_DONE when it is malformed or empty. */
struct verdict_step envelope_action(const struct verdict_input *in, size_t doc, uint32_t layer);
const struct verdict_layer *envelope_result(const struct verdict_input *in, size_t doc, uint32_t layer);
/* The document that came out of a layer; NONE when there is none or the number makes no sense. */
size_t envelope_inner(const struct verdict_input *in, const struct verdict_layer *result);
bool envelope_is_encryption(uint32_t kind);
bool envelope_is_inline(uint32_t kind);
enum sp_protocol envelope_protocol(uint32_t kind);
/* The one inline armored message that is all the text of the message, so that opening it shows nothing beside it; DOC_NONE. */
uint32_t envelope_inline_whole(const struct verdict_input *in, const struct envelope *e);
/* The encrypted layer that a path names, in any document. */
bool envelope_find(const struct verdict_input *in, const char *path, size_t *doc, uint32_t *layer);

/* --- object.c: what an OpenPGP object is, by its first packet (RFC 9580) */
enum object_kind { OBJECT_UNKNOWN, OBJECT_ENCRYPTED, OBJECT_SIGNED, OBJECT_CLEARSIGNED };
enum object_kind object_kind(const char *bytes, size_t len);

/* --- tree.c: where every part of every document stands */

struct layer_chain { /* layers around a part, innermost first */
    const struct layer_chain *outer;
    const char *name;
};
enum frame_kind { FRAME_NONE, FRAME_LAYER, FRAME_FORWARDED, FRAME_OUTSIDE };
struct frame { /* what a part's text is drawn in */
    enum frame_kind kind;
    size_t doc;
    uint32_t part;  /* of FORWARDED and OUTSIDE */
    uint32_t layer; /* of LAYER */
    bool unquoted;  /* a reply does not repeat it: forwarded, or out of a decryption that is not the message's own (S65) */
};
struct part_info {
    const struct layer_chain *layers;
    const struct frame *frame;
    bool forwarded; /* inside a forwarded message: its layers say nothing of this message (S33) */
    bool payload;   /* inside the envelope */
};
struct doc_info {
    const char *prefix;     /* of its parts' paths */
    bool reached;
    size_t from;            /* number in in->layers of the layer that it came out of; NONE for docs[0] */
    struct part_info *parts;
};

/* --- the whole computation */

struct verdict {
    const struct verdict_input *in;
    struct arena *arena;
    struct wr_verdict *out;
    struct envelope envelope;
    struct doc_info *docs;
    uint32_t wrapping;      /* part of the payload's document that wraps a message for header protection, or DOC_NONE */
    bool nomem;
};

void tree_build(struct verdict *v);
/* The path of a part of a document in the verdict's numbering ("2.1"); "" for a root that has none. */
const char *tree_path(struct verdict *v, size_t doc, uint32_t part);

/* --- list.c */
char *copy_text(struct verdict *v, const char *s, size_t len);
/* Appends unless it is there already. s must live as long as the arena. */
void add_text(struct verdict *v, struct wr_text **list, uint32_t *n, const char *s);
bool has_text(const struct wr_text *list, uint32_t n, const char *s);
/* The list with room for one more element of that size, zeroed; NULL when memory ran out. */
void *grow_list(struct verdict *v, void *list, uint32_t n, size_t size);
bool same_nocase(const char *a, const char *b);
bool is_blank(const char *s, size_t len);

/* --- signature.c */
struct signature_context {
    const char *from;       /* address to match, "" = none */
    int64_t date;           /* shown, 0 = none */
};
/* The signature of the whole message, or of its parts when no layer covers the whole. */
void signature_fill(struct verdict *v, const struct signature_context *c, struct wr_signature *out);
/* The signature of one layer, for its frame. */
void signature_of_layer(struct verdict *v, const struct signature_context *c, size_t doc, uint32_t layer, struct wr_signature *out);
/* Whether the cryptography of all signatures of a layer holds. */
bool signature_holds(const struct verdict_layer *result);

/* --- encryption.c */
void encryption_fill(struct verdict *v, struct wr_encryption *out);
enum sp_encryption_state encryption_of_result(const struct verdict_layer *r, const char **why);

/* --- protected.c */
struct headers {
    size_t doc;             /* protected ones: where they stand; NONE = none */
    uint32_t part;
};
/* Finds protected headers and fills scheme; the fields follow by headers_fill. */
struct headers protected_find(struct verdict *v);
/* From as it would be with these headers; "" address when there is none. */
struct wr_mailbox headers_from(struct verdict *v, size_t doc, uint32_t part);
/* Fills from, to, cc, reply_to, subject, date, message_id and protected_headers. own_from: the protected From is believed. */
void headers_fill(struct verdict *v, const struct headers *h, bool own_from);
/* How many mailboxes the From fields of the message have, over all fields. */
unsigned headers_from_count(const struct document *d, uint32_t part);

/* --- the rest */
void sender_fill(struct verdict *v);
void parts_fill(struct verdict *v);
void body_fill(struct verdict *v, const struct signature_context *c);
void warnings_fill(struct verdict *v);
void warning_add(struct verdict *v, const char *id, const char *part, const char *arg);

#endif
