/* SPDX-License-Identifier: GPL-3.0-or-later */
/* `sealpost inspect`: the analysis of bytes that are in no store. Works without a profile. */
#include <stdlib.h>

#include "analysis.h"
#include "base/memfd.h"
#include "handlers.h"

struct inspection {
    struct request *rq;
    struct analysis *analysis;
};

static bool
inspection_end(void *arg, enum sp_status why)
{
    struct inspection *job = arg;
    (void)why;
    analysis_free(job->analysis);
    free(job);
    return true;
}

static void
on_analysed(struct analysis *a, enum sp_status st, void *arg)
{
    struct inspection *job = arg;
    if (st)
        request_fail(job->rq, st, NULL);
    else
        request_reply(job->rq, WM_TYPE_message_view, &(struct wm_message_view){.verdict = *analysis_verdict(a)});
    analysis_free(a);
    free(job);
}

void
handle_inspect(struct engine *e, struct request *rq, struct wire_in *in, struct arena *arena)
{
    struct wm_inspect *m = in->msg;
    struct memfd_map map;
    const char **authservs = arena_array(arena, m->authservs_n, sizeof *authservs);
    enum sp_status st = authservs ? memfd_map(m->message, ENGINE_MAX_MESSAGE, &map) : SP_NOMEM;
    if (st) {
        request_fail(rq, st, NULL);
        return;
    }
    memfd_unmap(&map);
    for (uint32_t i = 0; i < m->authservs_n; i++)
        authservs[i] = m->authservs[i].text;
    struct inspection *job = engine_alloc(sizeof *job);
    job->rq = rq;
    struct analysis_ask ask = {.bytes = m->message, .interactive = m->interactive, .client = request_client(rq), .now = m->now,
                               .anchors = m->anchors, .anchors_n = m->anchors_n, .crls = m->crls, .crls_n = m->crls_n,
                               .authservs = authservs, .authservs_n = m->authservs_n, .passphrase = m->passphrase};
    job->analysis = analysis_start(e, &ask, on_analysed, job);
    request_on_end(rq, inspection_end, job);
}
