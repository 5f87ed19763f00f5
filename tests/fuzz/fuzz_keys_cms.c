/* SPDX-License-Identifier: GPL-3.0-or-later */
/* S/MIME without private keys: the CMS parser, signers, chains and certificate facts. The first byte chooses the form and whether
   the certificates that the object brings serve as anchors' file too; a verification that is called good must have a signer. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "keys/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

static const char text[] = "Content-Type: text/plain\r\n\r\nPlum season.\r\n";

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc;
    (void)argv;
    smime_start();
    return 0;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = ARENA_INIT;
    struct keys_op op = {.arena = &arena, .gnupg_home = "", .store_dir = ""};
    struct wm_verified verified;
    struct wm_decrypted decrypted;
    struct wr_file anchor = {-1};
    struct wm_verify verify = {.protocol = SP_PROTOCOL_SMIME, .signed_bytes = -1, .now = 1700000000, .anchors = &anchor, .crls = &anchor};

    if (size < 2 || memfd_from(data + 1, size - 1, &verify.object))
        return 0;
    verify.form = *data & 1 ? SP_FORM_OPAQUE : SP_FORM_DETACHED;
    if (memfd_from(text, sizeof text - 1, &verify.signed_bytes) == SP_OK)
        verify.length = sizeof text - 1;
    anchor.fd = verify.object;
    verify.anchors_n = (*data & 2) != 0;
    verify.crls_n = (*data & 4) != 0;
    if (smime_verify(&op, &verify, &verified) == SP_OK) {
        if (verified.signatures_n == 0)
            abort();
        if (verified.content > 0)
            (void)close(verified.content);
    }
    struct wm_decrypt decrypt = {.protocol = SP_PROTOCOL_SMIME, .object = verify.object};
    if (smime_decrypt(&op, &decrypt, &decrypted) == SP_OK)
        abort();
    if (verify.signed_bytes > 0)
        (void)close(verify.signed_bytes);
    (void)close(verify.object);
    arena_release(&arena);
    return 0;
}
