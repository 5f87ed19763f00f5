/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Questions to the person. Nothing below ui/ asks: the engine posts a question and goes on with the answer. An open question is told
   to the clients that connect later too. */
#ifndef SP_ENGINE_QUESTIONS_H
#define SP_ENGINE_QUESTIONS_H

#include "engine.h"

struct answer {
    uint8_t choice;      /* 0 = declined, also when nobody is left to answer */
    const char *text;    /* borrowed */
    int secret;          /* pipe; taken by setting it to -1, else closed after the call */
    struct request *request; /* the client's `answer`; done after the call unless taken by setting it to NULL. NULL: nobody answered */
};
typedef void question_fn(struct answer *a, void *arg);

struct questions *questions_new(struct engine *e);
void questions_free(struct questions *all);
/* client: the only one who is asked, 0 = all. args are copied. Never 0; fn is called exactly once unless the question is withdrawn. */
uint64_t question_post(struct engine *e, enum sp_question kind, uint32_t account, uint64_t client, const char *const *args, size_t n,
                       question_fn *fn, void *arg);
/* Takes a question back; 0 and answered ones are passed over. */
void question_withdraw(struct engine *e, uint64_t id);
void questions_replay(struct engine *e, uint64_t client);
/* Questions that only this client could answer count as declined. */
void questions_client_gone(struct engine *e, uint64_t client);

#endif
