/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The verdict on documents as an attacker in the parser could make them. The input is one document's block behind 16 bytes that
   choose what keys answers; every document that comes out of a layer is the same one again. What must hold: no crash, an encodable
   verdict, regions inside the body, and no seal when no signature held. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "verdict/verdict.h"

#define CHOICES 16
#define MAX_DOCS (VERDICT_MAX_LAYERS + 1)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
answer(struct verdict_input *in, struct verdict_layer *layers, const struct document **docs, struct verdict_step step, uint8_t choice,
       struct wr_key_signature *signature)
{
    static const enum sp_status statuses[] = {SP_OK, SP_OK, SP_NO_SECRET_KEY, SP_CRYPTO};
    struct verdict_layer *l = &layers[in->layers_n++];
    *l = (struct verdict_layer){.doc = step.doc, .layer = step.layer, .status = statuses[choice & 3], .inner = SIZE_MAX, .cipher = ""};
    if (choice & 4) {
        l->signatures = signature;
        l->signatures_n = 1;
    }
    l->decrypted = step.action == VERDICT_DECRYPT && (choice & 8);
    if (l->status == SP_OK && (choice & 16) && in->docs_n < MAX_DOCS) {
        docs[in->docs_n] = docs[0];
        l->inner = in->docs_n++;
    }
}

static void
check(const struct wr_verdict *v, bool may_be_good)
{
    struct buf encoded = BUF_INIT;
    size_t len = strlen(v->body);
    if (wire_encode(&wire_record_verdict, v, &encoded))
        abort();
    buf_release(&encoded);
    for (uint32_t i = 0; i < v->regions_n; i++)
        if (v->regions[i].at > len || v->regions[i].len > len - v->regions[i].at)
            abort();
    if (v->signature.state == SP_SIGNATURE_GOOD && !may_be_good)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct document *docs[MAX_DOCS] = {NULL};
    struct verdict_layer layers[VERDICT_MAX_LAYERS];
    struct wr_identity who = {.name = "A", .address = "alice@example.com", .valid = 1};
    struct wr_key_signature signature = {.protocol = SP_PROTOCOL_OPENPGP, .fingerprint = "F", .key_id = "F", .identities = &who,
        .identities_n = 1, .algorithm = "rsa", .hash = "SHA256", .trust = SP_TRUST_ACCEPTED, .chain_good = 1, .issuer = ""};
    const char *authserv = "mx.example.org";
    struct verdict_input in = {.docs = docs, .layers = layers, .authservs = &authserv, .authservs_n = 1};
    struct arena arena = ARENA_INIT;
    struct wr_verdict v;

    if (size < CHOICES)
        return 0;
    void *block = malloc(size - CHOICES + 1); /* aligned, as a map is */
    if (!block)
        return 0;
    memcpy(block, data + CHOICES, size - CHOICES);
    if (document_check(block, size - CHOICES, &docs[0]) == SP_OK) {
        signature.status = data[0] & 1 ? SP_OK : SP_CRYPTO;
        in.docs_n = 1;
        const char *open_path = data[0] & 2 ? "1" : NULL;
        struct verdict_step step;
        while ((step = verdict_next(&in, open_path)).action != VERDICT_DONE)
            answer(&in, layers, docs, step, data[in.layers_n % CHOICES], &signature);
        in.open_path = open_path;
        if (verdict_compute(&in, &arena, &v) == SP_OK)
            check(&v, data[0] & 1);
    }
    arena_release(&arena);
    free(block);
    return 0;
}
