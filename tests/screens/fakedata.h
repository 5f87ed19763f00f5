/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The canned data of fakeengine. Message numbers go from 1, the oldest, up; the newest ones are the interesting ones. */
#ifndef FAKEDATA_H
#define FAKEDATA_H

#include "base/messages.h"

#define FAKE_MESSAGES 250
#define FAKE_VIRTUAL ((uint64_t)1 << 61)  /* from here on folders are searches: all inboxes, a kept one, then those that were opened */
#define FAKE_KEPT (FAKE_VIRTUAL + 1)
#define FAKE_FOUND (FAKE_VIRTUAL + 100)

/* What a message is about; the newest message of the canned ones is FAKE_GOOD. */
enum fake_kind { FAKE_GOOD, FAKE_CONFIDENTIAL, FAKE_MISMATCH, FAKE_BAD, FAKE_PHISHING, FAKE_HOSTILE, FAKE_CHINESE, FAKE_LOCKED, FAKE_UNKNOWN,
                 FAKE_LONG, FAKE_PLAIN };

void fake_row(uint32_t number, struct wr_index_row *row, struct arena *arena);
void fake_verdict(uint32_t number, struct wr_verdict *v, struct arena *arena);
void fake_plan(const char *address, uint8_t field, uint8_t protocol, struct wr_recipient_plan *plan, struct arena *arena);
uint32_t fake_accounts(struct wr_account *out, bool insecure);
uint32_t fake_folders(struct wr_folder *out);
uint32_t fake_outbox(struct wr_outbox_item *out, struct arena *arena);
uint32_t fake_jobs(struct wr_job *out);
uint32_t fake_keys(struct wr_key *out, struct arena *arena);
const char *fake_source(void);

#endif
