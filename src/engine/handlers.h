/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Who answers which request of the door. */
#ifndef SP_ENGINE_HANDLERS_H
#define SP_ENGINE_HANDLERS_H

#include "door.h"

/* H(message, needs): needs OPEN = refused with SP_LOCKED while the store is locked; ANY = always. */
#define DOOR_HANDLERS(H)                                                                                       \
    H(create_profile, ANY) H(unlock, ANY) H(lock, ANY) H(list_accounts, OPEN) H(connect_account, OPEN)           \
    H(list_folders, OPEN) H(create_folder, OPEN) H(index_page, OPEN) H(open_message, OPEN) H(open_part, OPEN)    \
    H(get_part, OPEN) H(change_flags, OPEN) H(move_messages, OPEN) H(expunge, OPEN) H(new_draft, OPEN)           \
    H(list_drafts, OPEN) H(save_draft, OPEN) H(delete_draft, OPEN) H(attach, OPEN) H(detach, OPEN)               \
    H(plan_draft, OPEN) H(send_draft, OPEN) H(submit, OPEN) H(list_outbox, OPEN) H(outbox_retry, OPEN)           \
    H(outbox_cancel, OPEN) H(list_keys, ANY) H(import_keys, ANY) H(set_trust, ANY) H(inspect, ANY) H(answer, ANY) \
    H(get_state, OPEN) H(set_state, OPEN) H(import_message, OPEN) H(end_engine, ANY)  \
    H(stay, ANY) H(change_protection, OPEN) H(list_jobs, ANY) H(cancel_job, ANY) H(sync_now, OPEN) H(set_folder, OPEN)            \
    H(search_open, OPEN) H(search_close, OPEN) H(search_save, OPEN)

#define H(name, needs) door_fn handle_##name;
DOOR_HANDLERS(H)
#undef H

#endif
