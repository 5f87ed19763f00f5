/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The analysis of one message: parsed, its crypto layers worked off by keys, what came out parsed in turn, the verdict computed. Used
   for opening, for judging in the background and for inspect. */
#ifndef SP_ENGINE_ANALYSIS_H
#define SP_ENGINE_ANALYSIS_H

#include "engine.h"

struct analysis;

struct analysis_ask {
    int bytes;                     /* sealed memfd of the message, borrowed during the call */
    uint64_t message;              /* in the store, for session keys; 0 = none */
    bool interactive;              /* a passphrase may be asked, of the client */
    uint64_t client;
    const char *open_path;         /* an encrypted part to be opened (S29), or NULL. All texts and lists are copied */
    int64_t now;                   /* 0 = the clock */
    const struct wr_file *anchors, *crls;
    uint32_t anchors_n, crls_n;
    const char *const *authservs;
    size_t authservs_n;
    int passphrase;                /* pipe for keys, or <= 0; borrowed during the call */
};

/* Once, from the loop. The analysis still belongs to whoever started it. SP_OK even when layers could not be verified or decrypted:
   the verdict says so. SP_CRASHED, SP_TIMEOUT: could not be analysed safely. SP_NOT_A_MESSAGE. */
typedef void analysis_fn(struct analysis *a, enum sp_status st, void *arg);

struct analysis *analysis_start(struct engine *e, const struct analysis_ask *ask, analysis_fn *fn, void *arg);
/* At any time; what is in flight is dropped. NULL is allowed. */
void analysis_free(struct analysis *a);
/* After SP_OK; borrowed until analysis_free. */
const struct wr_verdict *analysis_verdict(const struct analysis *a);
/* Keeps the verdict and the session keys with the message in the store. */
enum sp_status analysis_keep(struct analysis *a) SP_MUST_USE;
/* Where the bytes of the part with that path of the verdict are: the entity they stand in (borrowed), and its path there.
   SP_NOT_FOUND. */
enum sp_status analysis_part(struct analysis *a, const char *path, int *bytes, const char **inner_path) SP_MUST_USE;

/* The verdict that is kept with the message, decoded into the arena. SP_NOT_FOUND also when it was made by older rules. */
enum sp_status analysis_kept(struct engine *e, uint64_t message, struct arena *arena, struct wr_verdict *out) SP_MUST_USE;
/* Nothing outside can have changed it since, so that it need not be computed again on opening. */
bool analysis_settled(const struct wr_verdict *v);
/* Keeps a verdict that says: could not be analysed safely. Opening tries again, the background does not. */
enum sp_status analysis_keep_failure(struct engine *e, uint64_t message, enum sp_status why) SP_MUST_USE;

#endif
