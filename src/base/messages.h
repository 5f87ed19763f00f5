/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Every record and message that crosses a process border, as X-macro tables. From them come the structs (wr_RECORD, wm_MESSAGE),
   the descriptors for encoding, and the typed senders wire_send_MESSAGE.
   In a table: F(KIND, member) a plain field; S(record, member) an embedded record; L(record, member) a list: pointer `member`
   and uint32_t `member_n`. STR is a NUL-terminated string without NUL inside (any bytes; never NULL after decoding).
   FD is a descriptor; 0 or less means none (so a zeroed struct carries none; decoded: -1).
   Times are seconds since 1970 UTC (I64, 0 = unknown) unless the name ends in _ms. */
#ifndef SP_BASE_MESSAGES_H
#define SP_BASE_MESSAGES_H

#include "types.h"
#include "wire.h"

/* ---------------------------------------------------------------- records */
#define WR_text(F, S, L) F(STR, text)
#define WR_number(F, S, L) F(U64, value)
#define WR_file(F, S, L) F(FD, fd)
#define WR_header_field(F, S, L) F(STR, name) F(STR, value)

/* --- the verdict: the object of `sealpost inspect`, see verdict/verdict.h. Enumerations are those of types.h. */
#define WR_mailbox(F, S, L) F(STR, name) F(STR, address) F(STR, display)
#define WR_signer(F, S, L) \
    F(STR, address) F(STR, name) F(STR, fingerprint) F(U8, trust) F(I64, time) F(STR, algorithm)
#define WR_signature(F, S, L) \
    F(U8, state) F(U8, covers) F(U8, protocol) L(signer, signers) F(U8, revocation) L(text, reasons)
#define WR_encryption(F, S, L) \
    F(U8, state) F(U8, covers) F(U8, protocol) F(STR, cipher) F(U8, integrity) L(text, reasons)
#define WR_protected_headers(F, S, L) F(STR, scheme) L(text, fields) L(text, changed)
#define WR_sender(F, S, L) \
    F(U8, state) F(STR, authserv_id) F(STR, spf) F(STR, dkim) F(STR, dmarc) F(STR, arc) L(text, reasons)
/* id and args choose the words in ui/; text is the English sentence that inspect prints. */
#define WR_warning(F, S, L) F(STR, id) F(U8, level) F(STR, part) F(STR, text) L(text, args)
#define WR_part(F, S, L)                                                                                        \
    F(STR, path) F(STR, type) F(STR, charset) F(STR, disposition) F(STR, name) F(STR, detected_type) F(U64, size) \
    L(text, layers) F(U8, shown) F(U8, attachment)
#define WR_link(F, S, L) F(STR, text) F(STR, target) F(STR, part)
/* A stretch of the verdict's body (bytes) that is drawn inside a frame of its own (S9, S27, S33). kind: enum sp_region.
   signature, encryption: states of what the stretch carries; part: path of the part it belongs to; signer: who signed, or "". */
#define WR_region(F, S, L) \
    F(U32, at) F(U32, len) F(U8, kind) F(STR, part) F(U8, signature) F(U8, encryption) F(U8, protocol) F(STR, signer)
#define WR_verdict(F, S, L)                                                                                     \
    S(mailbox, from) L(mailbox, to) L(mailbox, cc) L(mailbox, reply_to) F(STR, subject) F(U8, has_date) F(I64, date) \
    F(STR, date_text) F(STR, message_id) F(U8, summary) S(signature, signature) S(encryption, encryption)       \
    S(protected_headers, protected_headers) S(sender, sender) L(warning, warnings) L(part, parts)               \
    F(STR, body) F(STR, reply_quote) L(text, remote_refs) L(link, links) F(U8, risk) L(header_field, headers) \
    L(region, regions)

/* --- accounts, folders, index */
#define WR_account(F, S, L)                                                                                    \
    F(U32, id) F(STR, name) F(U8, kind) F(STR, display_name) F(STR, address) F(U8, state) F(U16, status)        \
    F(STR, server_text) F(U8, insecure)
/* kind: enum sp_folder_kind. watched: news are waited for (IDLE). pinned: its bodies stay in the cache. query: of a virtual folder, else "". */
#define WR_folder(F, S, L) \
    F(U64, id) F(U32, account) F(STR, name) F(U8, role) F(U32, total) F(U32, unread) F(U8, selectable) F(U64, generation) \
    F(U8, kind) F(U8, watched) F(U8, pinned) F(STR, query)
#define WR_index_row(F, S, L)                                                                                  \
    F(U64, id) F(I64, sort) F(I64, date) F(STR, from_name) F(STR, from_address) F(STR, to) F(STR, subject)      \
    F(U32, flags) F(U64, size) F(U8, seal) F(U8, lock) F(U8, sender) F(U8, risk) F(U8, judged) F(U64, thread) F(U16, depth) \
    F(U64, folder) F(STR, keywords)

/* --- writing */
#define WR_draft_attachment(F, S, L) F(U64, id) F(STR, name) F(STR, type) F(U64, size)
#define WR_draft(F, S, L)                                                                                      \
    F(U64, id) F(U32, account) F(STR, from) F(STR, to) F(STR, cc) F(STR, bcc) F(STR, reply_to) F(STR, subject)  \
    F(STR, body) F(STR, in_reply_to) F(STR, references) F(U8, protocol) F(U8, sign) F(U8, encrypt)              \
    F(U8, kind) F(U64, origin) F(U8, origin_encrypted) L(draft_attachment, attachments)
/* state: SP_OK, SP_NO_KEY, SP_INVALID (address). identity is the user ID or subject of the key. */
#define WR_recipient_plan(F, S, L)                                                                             \
    F(STR, address) F(STR, name) F(U8, field) F(U8, protocol) F(U16, state) F(STR, fingerprint) F(STR, identity) \
    F(U8, trust) F(I64, expires) F(STR, reason)
#define WR_recipient_result(F, S, L) F(STR, address) F(U16, code) F(STR, text)
/* results: what the server said of single recipients at the last try (refused ones first) */
#define WR_outbox_item(F, S, L) \
    F(U64, id) F(U32, account) F(STR, subject) F(STR, to) F(U8, state) F(U16, status) F(STR, server_text) F(I64, next_try) F(I64, created) \
    L(recipient_result, results)
/* Long work that somebody may want to watch or end. kind: enum sp_job; state: enum sp_job_state; what: a folder's or file's name, or "";
   total 0 = not known yet */
#define WR_job(F, S, L) \
    F(U64, id) F(U8, kind) F(U8, state) F(U32, account) F(STR, what) F(U64, done) F(U64, total) F(U16, status) F(U8, can_cancel)
/* What became of one account in sync_now: counts of this pass */
#define WR_sync_result(F, S, L) F(U32, account) F(STR, name) F(U16, status) F(STR, server_text) F(U32, added) F(U32, removed) F(U32, changed)
/* A search as a tree in prefix order: op AND, OR, NOT take the terms that follow; KEY is a leaf (enum sp_search_op, sp_search_key) */
#define WR_search_term(F, S, L) F(U8, op) F(U8, key) F(STR, text) F(I64, number)

/* --- keys */
#define WR_identity(F, S, L) F(STR, name) F(STR, address) F(U8, valid) F(U8, revoked)
#define WR_key(F, S, L)                                                                                        \
    F(U8, protocol) F(STR, fingerprint) L(identity, identities) F(I64, created) F(I64, expires) F(STR, algorithm) \
    F(U8, secret) F(U8, trust) F(U8, revoked) F(U8, expired) F(U8, can_sign) F(U8, can_encrypt) F(STR, issuer) F(U8, anchor)
/* One signature as the crypto library saw it, before it is bound to a From address. status: OK, CRYPTO (bad), NO_KEY,
   INTERNAL (could not be checked). identities: of the key or certificate; for OpenPGP only valid user IDs have valid = 1. */
#define WR_key_signature(F, S, L)                                                                              \
    F(U8, protocol) F(U16, status) F(STR, fingerprint) F(STR, key_id) L(identity, identities) F(I64, created)   \
    F(I64, expires) F(STR, algorithm) F(STR, hash) F(U8, weak) F(U8, key_expired) F(U8, key_revoked)            \
    F(U8, signature_expired) F(U8, trust) F(U8, revocation) F(U8, chain_good) F(U8, self_signed) F(STR, issuer) \
    F(I64, not_before) F(I64, not_after) L(text, reasons)

/* --- servers */
/* compress (IMAP): 0 never, 1 where the way to the server is long, 2 always */
#define WR_server(F, S, L)                                                                                     \
    F(STR, host) F(U16, port) F(U8, transport) F(STR, user) F(STR, auth) F(STR, pin) F(STR, ca_pem) F(U32, timeout_ms) F(U8, compress)
/* What STATUS says of a folder (RFC 9051 section 6.3.11): told 0 = nothing; highestmodseq 0 = not known */
#define WR_imap_state(F, S, L) F(U8, told) F(U32, uidvalidity) F(U32, uidnext) F(U32, exists) F(U32, unseen) F(U64, highestmodseq)
/* state: when the server has LIST-STATUS (RFC 5819) */
#define WR_imap_folder(F, S, L) F(STR, raw) F(STR, name) F(STR, delimiter) F(U8, role) F(U8, selectable) S(imap_state, state)
#define WR_imap_message(F, S, L) \
    F(U32, uid) F(U32, flags) F(STR, keywords) F(I64, internal_date) F(U64, size) F(U64, modseq) F(BLOB, header)
#define WR_imap_flags(F, S, L) F(U32, uid) F(U32, flags) F(STR, keywords) F(U64, modseq)

/* --- parsing */
#define WR_header_block(F, S, L) F(U64, tag) F(BLOB, bytes)
#define WR_header_summary(F, S, L)                                                                             \
    F(U64, tag) F(I64, date) F(STR, from_name) F(STR, from_address) F(STR, to) F(STR, subject) F(STR, message_id) \
    F(STR, in_reply_to) F(STR, references) F(STR, list_id) F(STR, content_type) F(U8, several_from)
#define WR_build_attachment(F, S, L) F(STR, name) F(STR, type) F(STR, disposition) F(FD, content)

#define WIRE_RECORDS(R)                                                                                        \
    R(text) R(number) R(file) R(header_field) R(mailbox) R(signer) R(signature) R(encryption) R(protected_headers) \
    R(sender) R(warning) R(part) R(link) R(verdict) R(account) R(folder) R(index_row) R(draft_attachment) R(draft) \
    R(recipient_plan) R(recipient_result) R(outbox_item) R(identity) R(key) R(key_signature) R(server)           \
    R(job) R(sync_result) R(search_term) \
    R(imap_state) R(imap_folder) R(imap_message) R(imap_flags) R(header_block) R(header_summary) R(build_attachment) R(region)

/* ---------------------------------------------------------------- messages
   Any request may be answered by reply_error instead of what its comment says. */

/* --- any direction */
#define WM_reply_done(F, S, L)
#define WM_reply_error(F, S, L) F(U16, status) F(STR, text) L(text, args)
#define WM_cancel(F, S, L) F(U32, id)
#define WM_progress(F, S, L) F(U64, done) F(U64, total)

/* --- control: supervisor <-> role (descriptor 3 of the role) */
#define WM_hello(F, S, L) F(STR, build) F(U8, role) F(U16, index) F(U32, pid)                 /* role -> S, first */
#define WM_peer(F, S, L) F(U8, role) F(U16, index) F(FD, fd)                                  /* S -> role */
#define WM_ping(F, S, L) F(U32, serial)                                                       /* S -> role */
#define WM_pong(F, S, L) F(U32, serial)                                                       /* role -> S */
#define WM_stop(F, S, L)                                                                      /* S -> role; E -> S: all ends */
#define WM_door(F, S, L) F(FD, listener) F(BLOB, token) F(STR, home) F(STR, config) F(U8, stay) /* S -> E; home: profile folder; stay: as wm_stay said */
#define WM_want(F, S, L) F(U8, role) F(U16, index)                                            /* E -> S: reply_done; peer follows */
#define WM_unwant(F, S, L) F(U8, role) F(U16, index)                                          /* E -> S: stop that role */
#define WM_run_password_command(F, S, L) F(STR, account)                                      /* E -> S: command_output */
#define WM_command_output(F, S, L) F(FD, pipe)
#define WM_launch_agent(F, S, L)                                                              /* K, E -> S: reply_done */
#define WM_role_restarted(F, S, L) F(U8, role) F(U16, index)                                  /* S -> E */

/* --- door: first message of a client; then ui / commands <-> engine */
#define WM_greet(F, S, L) F(STR, build) F(BLOB, token) F(STR, what)                           /* welcome */
#define WM_welcome(F, S, L) F(STR, build) F(U32, pid) F(U8, has_profile) F(U8, locked) F(U8, protection)
#define WM_create_profile(F, S, L) F(U8, protection) F(FD, passphrase)                        /* reply_done */
#define WM_unlock(F, S, L) F(FD, passphrase)                                                  /* reply_done / PASSPHRASE_WRONG */
#define WM_lock(F, S, L)                                                                      /* reply_done */
#define WM_list_accounts(F, S, L)                                                             /* accounts */
#define WM_accounts(F, S, L) L(account, accounts)
#define WM_connect_account(F, S, L) F(U32, account) F(U8, on)                                 /* reply_done: try now / go offline */
#define WM_list_folders(F, S, L) F(U32, account)                                              /* folders; account 0 = all */
#define WM_folders(F, S, L) L(folder, folders)
#define WM_create_folder(F, S, L) F(U32, account) F(STR, name)                                /* folders */
#define WM_index_page(F, S, L) F(U64, folder) F(U8, where) F(I64, sort) F(U64, id) F(U16, count) /* index_rows */
#define WM_index_rows(F, S, L) F(U64, folder) F(U64, generation) F(U32, total) F(U32, unread) F(U8, more_older) F(U8, more_newer) L(index_row, rows)
#define WM_open_message(F, S, L) F(U64, message) F(U8, interactive)                           /* message_view; progress on the way */
/* verdict.reply_quote is left out ("") of a message of the store: replies are made by the engine */
#define WM_message_view(F, S, L) F(U64, message) F(U64, folder) F(U32, flags) S(verdict, verdict)
#define WM_open_part(F, S, L) F(U64, message) F(STR, path) F(U8, interactive)                 /* message_view of an encrypted part (S29) */
#define WM_get_part(F, S, L) F(U64, message) F(STR, path)                                     /* part_content; path "" = whole source */
#define WM_part_content(F, S, L) F(STR, name) F(STR, type) F(FD, content) F(U64, size)
/* keywords: of the person's own (RFC 9051 section 2.3.2), none of those that have a flag */
#define WM_change_flags(F, S, L) \
    L(number, messages) F(U32, add) F(U32, remove) L(text, add_keywords) L(text, remove_keywords) /* reply_done */
#define WM_move_messages(F, S, L) L(number, messages) F(U64, folder) F(U8, copy)              /* reply_done */
#define WM_expunge(F, S, L) F(U64, folder)                                                    /* reply_done: drop those flagged deleted */
#define WM_new_draft(F, S, L) F(U8, kind) F(U32, account) F(U64, message) F(STR, mailto)      /* draft_view */
#define WM_draft_view(F, S, L) S(draft, draft)
#define WM_list_drafts(F, S, L)                                                               /* drafts */
#define WM_drafts(F, S, L) L(draft, drafts)
#define WM_save_draft(F, S, L) S(draft, draft)                                                /* draft_view (with its id) */
#define WM_delete_draft(F, S, L) F(U64, draft)                                                /* reply_done */
#define WM_attach(F, S, L) F(U64, draft) F(STR, name) F(STR, type) F(FD, content)             /* draft_view */
#define WM_detach(F, S, L) F(U64, draft) F(U64, attachment)                                   /* draft_view */
#define WM_plan_draft(F, S, L) S(draft, draft)                                                /* send_plan */
#define WM_send_plan(F, S, L) \
    F(U8, can_send) F(U16, signer_state) F(STR, signer_fingerprint) F(STR, signer_identity) L(recipient_plan, recipients) L(warning, warnings)
/* not_before: send later (0 = after the seconds for taking it back) */
#define WM_send_draft(F, S, L) S(draft, draft) F(I64, not_before)                             /* queued; NO_KEY args = addresses */
#define WM_submit(F, S, L) F(U32, account) F(STR, sender) L(text, recipients) F(U8, from_header) F(FD, message) /* queued */
#define WM_queued(F, S, L) F(U64, outbox)
#define WM_list_outbox(F, S, L)                                                               /* outbox */
#define WM_outbox(F, S, L) L(outbox_item, items)
#define WM_outbox_retry(F, S, L) F(U64, outbox)                                               /* reply_done */
#define WM_outbox_cancel(F, S, L) F(U64, outbox)                                              /* draft_view: back to a draft */
#define WM_list_keys(F, S, L) F(U8, protocol) F(STR, match) F(U8, secret_only)                /* keys; protocol NONE = both. Also E -> K */
#define WM_keys(F, S, L) L(key, keys)
#define WM_import_keys(F, S, L) F(FD, data) F(FD, passphrase) F(U8, as_anchor)                /* imported. Also E -> K */
#define WM_imported(F, S, L) F(U32, considered) F(U32, imported) F(U32, unchanged) L(key, keys) L(text, reasons)
#define WM_inspect(F, S, L) \
    F(FD, message) F(I64, now) L(file, anchors) L(file, crls) L(text, authservs) F(U8, online) F(FD, passphrase) F(U8, interactive) /* message_view */
#define WM_answer(F, S, L) F(U64, question) F(U8, choice) F(STR, text) F(FD, secret)          /* reply_done; choice 0 = declined */
#define WM_get_state(F, S, L) F(STR, name)                                                    /* state_value: the screen's own memory */
#define WM_set_state(F, S, L) F(STR, name) F(STR, value)                                      /* reply_done */
#define WM_state_value(F, S, L) F(STR, value)
/* Puts a message into a folder of a local account, as it is: the given folder, else that of the role (enum sp_folder_role) in the account
   (0: the first local one). once: EXISTS when the same bytes are in that folder already, so that an import can be begun anew. */
/* what, done, total: of the import that it belongs to, for its job ("" and 0: it stands alone) */
#define WM_import_message(F, S, L) \
    F(U32, account) F(U8, role) F(U32, flags) F(FD, message) F(U64, folder) F(U8, once) F(STR, what) F(U64, done) F(U64, total) /* reply_done / EXISTS, CANCELLED */
/* Looks at that account's server now (0 = all): progress ..., then synced. bodies: also fetches what is missing of the bodies. */
#define WM_sync_now(F, S, L) F(U32, account) F(U8, bodies)                                    /* synced */
#define WM_synced(F, S, L) L(sync_result, results)
#define WM_set_folder(F, S, L) F(U64, folder) F(U8, watched) F(U8, pinned)                    /* reply_done */
/* A search becomes a folder for a while (kind VIRTUAL; as long as this client is there): its rows come by index_page. scope: a folder,
   0 = everywhere; account: 0 = all. server: also asks the servers about what is not here in full. A query that cannot be read:
   INVALID, args: what is wrong (id), the word, its byte offset, the nearest known word or "". */
#define WM_search_open(F, S, L) F(STR, query) F(U64, scope) F(U32, account) F(U8, server)     /* search_opened; progress with server */
/* missing: messages in scope whose text is not in the index yet; servers: accounts that were asked; refused: those that could not answer */
#define WM_search_opened(F, S, L) F(U64, folder) F(U32, total) F(U64, missing) F(U32, servers) F(U32, refused)
#define WM_search_close(F, S, L) F(U64, folder)                                               /* reply_done */
/* Keeps a search as a virtual folder; folder 0: a new one, else changed; query "": removed */
#define WM_search_save(F, S, L) F(U64, folder) F(STR, name) F(STR, query)                     /* folders: the virtual ones */
#define WM_list_jobs(F, S, L)                                                                 /* jobs */
#define WM_jobs(F, S, L) L(job, jobs)
#define WM_cancel_job(F, S, L) F(U64, job)                                                    /* reply_done */
/* The store's key is wrapped anew; its databases stay as they are. old: the passphrase now in force (none for a key file) */
#define WM_change_protection(F, S, L) F(U8, protection) F(STR, key_id) F(FD, old) F(FD, passphrase) /* reply_done */
/* The engine stays although nobody is there and nothing is to be done (--daemon). Also E -> S, for the next engine */
#define WM_stay(F, S, L) F(U8, on)                                                            /* reply_done */
#define WM_end_engine(F, S, L)                                                                /* reply_done; all roles end */
/* events of the engine */
#define WM_event_question(F, S, L) F(U64, question) F(U16, kind) F(U32, account) L(text, args)
#define WM_event_question_gone(F, S, L) F(U64, question)
#define WM_event_account(F, S, L) S(account, account)
#define WM_event_folder(F, S, L) S(folder, folder)
#define WM_event_index(F, S, L) F(U64, folder) F(U64, generation)                             /* rows changed: ask for the page again */
#define WM_event_outbox(F, S, L) S(outbox_item, item) F(U8, gone)
/* Another client changed, sent or deleted (gone) this draft: who has it open must not write over that */
#define WM_event_draft(F, S, L) F(U64, draft) F(U8, gone)
#define WM_event_notice(F, S, L) F(U16, kind) F(U8, level) L(text, args)
#define WM_event_locked(F, S, L)
#define WM_event_job(F, S, L) S(job, job)                                                     /* a few times a second at most; last: a final state */

/* --- ui -> stub: what needs programs, files or the terminal */
#define WM_edit_text(F, S, L) F(FD, text)                                                     /* edited; ui has left curses before */
#define WM_edited(F, S, L) F(FD, text) F(U8, changed)
#define WM_save_file(F, S, L) F(STR, path) F(FD, content) F(U8, overwrite)                    /* saved / EXISTS */
#define WM_saved(F, S, L) F(STR, path)
#define WM_read_file(F, S, L) F(STR, path)                                                    /* part_content */
#define WM_open_file(F, S, L) F(STR, name) F(STR, type) F(FD, content)                        /* reply_done: configured opener ran */
#define WM_reconnect(F, S, L)                                                                 /* connected: a greeted engine socket */
#define WM_connected(F, S, L) F(FD, fd)
#define WM_suspend(F, S, L)                                                                   /* reply_done once the job goes on: ui has left curses before */

/* --- engine -> parse */
#define WM_parse_message(F, S, L) F(FD, bytes) F(U64, offset) F(U64, length)                  /* parsed: a document, see mime/document.h */
#define WM_parsed(F, S, L) F(FD, document)
#define WM_parse_headers(F, S, L) L(header_block, blocks)                                     /* parsed_headers, same order */
#define WM_parsed_headers(F, S, L) L(header_summary, summaries)
#define WM_extract_part(F, S, L) F(FD, bytes) F(U64, offset) F(U64, length) F(STR, path)      /* part_content, decoded */
#define WM_parse_addresses(F, S, L) F(STR, text)                                              /* addresses */
#define WM_addresses(F, S, L) L(mailbox, mailboxes) F(U8, valid) F(STR, rest)
/* The MIME entity (no message headers but the Content-* ones; with `protect` headers inside, RFC 9788): built */
#define WM_build_entity(F, S, L) F(STR, body) L(build_attachment, attachments) L(header_field, protect) F(U8, encrypted)
/* multipart/signed around exactly these bytes (RFC 1847, 3156, 8551): built */
#define WM_wrap_signed(F, S, L) F(U8, protocol) F(FD, entity) F(FD, signature) F(STR, micalg)
/* multipart/encrypted or application/pkcs7-mime: built. smime_type: "enveloped-data", "authEnveloped-data", ... */
#define WM_wrap_encrypted(F, S, L) F(U8, protocol) F(FD, ciphertext) F(STR, smime_type)
/* Message headers in order, then the entity; CRLF throughout: built */
#define WM_build_message(F, S, L) L(header_field, headers) F(FD, entity)
#define WM_built(F, S, L) F(FD, bytes)

/* --- engine -> keys */
#define WM_keys_open(F, S, L) F(STR, home) F(STR, gnupg_home) F(U8, pinentry)                 /* reply_done */
#define WM_store_create(F, S, L) F(U8, protection) F(STR, key_id) F(FD, passphrase)           /* store_key with wrapped */
#define WM_store_unlock(F, S, L) F(BLOB, wrapped) F(FD, passphrase)                           /* store_key */
/* The same key wrapped anew; wrapped: as it is now, old: the passphrase that opens that. The databases need not be touched: store_key */
#define WM_store_rewrap(F, S, L) F(BLOB, wrapped) F(FD, old) F(U8, protection) F(STR, key_id) F(FD, passphrase)
#define WM_store_again(F, S, L)                                                               /* store_key / LOCKED: for a restarted engine */
#define WM_store_forget(F, S, L)                                                              /* reply_done: lock */
#define WM_store_key(F, S, L) F(BLOB, key) F(BLOB, wrapped)                                   /* 32 bytes of key + 16 of salt for SQLCipher */
/* form: see enum sp_form below. signed_bytes for DETACHED; now 0 = the clock */
#define WM_verify(F, S, L) \
    F(U8, protocol) F(U8, form) F(FD, signed_bytes) F(U64, offset) F(U64, length) F(U8, canonical) F(FD, object) \
    F(I64, now) L(file, anchors) L(file, crls)                                                /* verified */
#define WM_verified(F, S, L) L(key_signature, signatures) F(FD, content)                      /* content: of OPAQUE and CLEARSIGN */
#define WM_decrypt(F, S, L) \
    F(U8, protocol) F(FD, object) F(BLOB, session_key) F(U8, interactive) F(FD, passphrase) F(I64, now) L(file, anchors) L(file, crls) /* decrypted */
#define WM_decrypted(F, S, L) \
    F(FD, plain) F(STR, cipher) F(U8, integrity) F(BLOB, session_key) L(key_signature, signatures) L(text, recipients)
#define WM_resolve_keys(F, S, L) F(U8, protocol) L(text, addresses) F(STR, signer) F(I64, now) /* resolved, same order; signer "" = none */
#define WM_resolved(F, S, L) L(recipient_plan, recipients) F(U16, signer_state) F(STR, signer_fingerprint) F(STR, signer_identity)
#define WM_sign(F, S, L) F(U8, protocol) F(STR, fingerprint) F(FD, bytes) F(U8, interactive)   /* signed_bytes */
#define WM_signed_bytes(F, S, L) F(FD, signature) F(STR, micalg)
/* OpenPGP: sign and encrypt in one (RFC 3156 section 6.2) when signer is given. S/MIME: encrypts only. hidden: throw-keyids */
#define WM_encrypt(F, S, L) \
    F(U8, protocol) F(FD, bytes) L(text, fingerprints) F(U8, hidden) F(STR, signer) F(U8, interactive) /* encrypted_bytes */
#define WM_encrypted_bytes(F, S, L) F(FD, ciphertext) F(STR, smime_type)
#define WM_set_trust(F, S, L) F(U8, protocol) F(STR, fingerprint) F(U8, trust)                /* reply_done (anchors and pins too) */
/* A restarted keys gets the store's key back from the engine, as store_key.key said it: reply_done */
#define WM_store_restore(F, S, L) F(BLOB, key)
/* keys -> engine (a request of its own): passphrase / CANCELLED. request: id of the engine's request that needs it, 0 = unknown */
#define WM_ask_passphrase(F, S, L) F(STR, user_id) F(STR, key_id) F(U8, was_wrong) F(U32, request) F(U8, pinentry)
/* pinentry: no pipe, but the person's terminal, which is theirs until the request's final reply: its device, TERM, and the locale for
   characters and for words */
/* K -> S: a pinentry whose operation was given up must leave the terminal; gpg-agent does not see to it. Between a child of keys and
   its parent: this one runs for me */
#define WM_end_pinentry(F, S, L) F(U32, pid)
#define WM_passphrase(F, S, L) F(FD, pipe) F(STR, tty) F(STR, term) F(STR, lc_ctype) F(STR, lc_messages)

/* --- engine -> net; session: 0 interactive, 1 sync, 2 to 9 idle, one for each watched folder. A server that allows no more connections
   refuses imap_connect with SERVER_LIMIT */
#define WM_imap_connect(F, S, L) F(U8, session) S(server, server) F(BLOB, password)           /* imap_ready / tls_refused */
#define WM_imap_ready(F, S, L) F(U32, capabilities) F(STR, capability_text) F(STR, tls) F(STR, authserv)
/* final reply instead of imap_ready or smtp_sent: nothing was sent to the server (S50) */
#define WM_tls_refused(F, S, L) \
    F(U16, status) F(STR, reason) F(STR, sha256) F(STR, subject) F(STR, issuer) F(I64, not_before) F(I64, not_after) F(STR, host)
#define WM_imap_list(F, S, L) F(U8, session)                                                  /* imap_folders */
#define WM_imap_folders(F, S, L) L(imap_folder, folders)
/* Of a folder that need not be selected */
#define WM_imap_status(F, S, L) F(U8, session) F(STR, raw)                                    /* imap_stated */
#define WM_imap_stated(F, S, L) S(imap_state, state)
#define WM_imap_create(F, S, L) F(U8, session) F(STR, raw)                                    /* reply_done */
/* uidvalidity, modseq: what is known (0 = nothing). With QRESYNC (RFC 7162 section 3.2.5) the server then says what changed and went since:
   imap_flags and imap_vanished ..., then imap_selected with resynced 1 */
#define WM_imap_select(F, S, L) F(U8, session) F(STR, raw) F(U8, read_only) F(U32, uidvalidity) F(U64, modseq) /* imap_selected */
#define WM_imap_selected(F, S, L) \
    F(U32, uidvalidity) F(U32, uidnext) F(U32, exists) F(U64, highestmodseq) F(U8, keywords_allowed) F(U8, resynced)
/* Ranges may name UIDs that never were. Also while waiting (imap_idle), asking (imap_noop) and in imap_fetch_flags with since, before what
   ends them */
#define WM_imap_vanished(F, S, L) F(STR, uid_set)
#define WM_imap_uids(F, S, L) F(U8, session)                                                  /* imap_uid_list of the selected folder */
#define WM_imap_uid_list(F, S, L) F(BLOB, uids)                                               /* packed uint32_t, ascending */
#define WM_imap_fetch_headers(F, S, L) F(U8, session) F(STR, uid_set)                         /* imap_headers ..., then reply_done */
/* Of the last messages of the selected folder, at most count: one round trip to a first screen. imap_headers ..., then reply_done */
#define WM_imap_fetch_newest(F, S, L) F(U8, session) F(U32, count)
#define WM_imap_headers(F, S, L) L(imap_message, messages)
/* imap_flags ..., then reply_done. since: only what changed after that mod-sequence, where the server has CONDSTORE; 0 = all */
#define WM_imap_fetch_flags(F, S, L) F(U8, session) F(STR, uid_set) F(U64, since)
#define WM_imap_flags(F, S, L) L(imap_flags, messages)
#define WM_imap_fetch_body(F, S, L) F(U8, session) F(U32, uid)                                /* imap_body; progress */
#define WM_imap_body(F, S, L) F(U32, uid) F(FD, bytes)
#define WM_imap_store(F, S, L) \
    F(U8, session) F(STR, uid_set) F(U32, add) F(U32, remove) \
    L(text, add_keywords) L(text, remove_keywords)                                            /* reply_done */
#define WM_imap_move(F, S, L) F(U8, session) F(STR, uid_set) F(STR, raw) F(U8, copy)          /* imap_moved */
/* COPYUID (RFC 4315): both sets in the same order, "" when the server does not say */
#define WM_imap_moved(F, S, L) F(U32, uidvalidity) F(STR, from) F(STR, to)
#define WM_imap_expunge(F, S, L) F(U8, session) F(STR, uid_set)                               /* reply_done; never more than the set */
#define WM_imap_append(F, S, L) F(U8, session) F(STR, raw) F(U32, flags) F(I64, date) F(FD, bytes) /* imap_appended */
#define WM_imap_appended(F, S, L) F(U32, uidvalidity) F(U32, uid)                             /* 0 without UIDPLUS */
#define WM_imap_search_id(F, S, L) F(U8, session) F(STR, message_id)                          /* imap_uid_list */
/* Prefix order, AND and OR take two terms, NOT one; in the selected folder. UNSUPPORTED: the server cannot search for such text */
#define WM_imap_search(F, S, L) F(U8, session) L(search_term, terms)                          /* imap_uid_list */
#define WM_imap_idle(F, S, L) F(U8, session)                                                  /* imap_changed ... until cancelled: reply_done */
#define WM_imap_changed(F, S, L) F(U32, exists) F(U8, expunged) F(U8, flags)
#define WM_imap_noop(F, S, L) F(U8, session)                                                  /* reply_done */
#define WM_imap_close(F, S, L) F(U8, session)                                                 /* reply_done: logged out */
#define WM_imap_alert(F, S, L) F(U8, session) F(STR, text)                                    /* event: the server's words */
#define WM_imap_lost(F, S, L) F(U8, session) F(U16, status) F(STR, text)                      /* event: that connection ended */
#define WM_smtp_send(F, S, L) S(server, server) F(BLOB, password) F(STR, sender) L(text, recipients) F(FD, message) /* smtp_sent / tls_refused */
/* stage 0: before the final dot; 1: dot sent, reply lost (doubled at most here); 2: accepted */
#define WM_smtp_sent(F, S, L) F(U16, status) F(U8, stage) F(U16, code) F(STR, text) L(recipient_result, results)

/* M(number, name, final reply?, secret?) */
#define WIRE_MESSAGES(M)                                                                                       \
    M(0x0001, reply_done, 1, 0) M(0x0002, reply_error, 1, 0) M(0x0003, cancel, 0, 0) M(0x0004, progress, 0, 0)  \
    M(0x0101, hello, 0, 0) M(0x0102, peer, 0, 0) M(0x0103, ping, 0, 0) M(0x0104, pong, 0, 0) M(0x0105, stop, 0, 0) \
    M(0x0106, door, 0, 1) M(0x0107, want, 0, 0) M(0x0108, unwant, 0, 0) M(0x0109, run_password_command, 0, 0)   \
    M(0x010a, command_output, 1, 0) M(0x010b, launch_agent, 0, 0) M(0x010c, role_restarted, 0, 0)               \
    M(0x0301, greet, 0, 1) M(0x0302, welcome, 1, 0) M(0x0303, create_profile, 0, 0) M(0x0304, unlock, 0, 0)     \
    M(0x0305, lock, 0, 0) M(0x0306, list_accounts, 0, 0) M(0x0307, accounts, 1, 0) M(0x0308, connect_account, 0, 0) \
    M(0x0309, list_folders, 0, 0) M(0x030a, folders, 1, 0) M(0x030b, create_folder, 0, 0) M(0x030c, index_page, 0, 0) \
    M(0x030d, index_rows, 1, 0) M(0x030e, open_message, 0, 0) M(0x030f, message_view, 1, 0) M(0x0310, open_part, 0, 0) \
    M(0x0311, get_part, 0, 0) M(0x0312, part_content, 1, 0) M(0x0313, change_flags, 0, 0) M(0x0314, move_messages, 0, 0) \
    M(0x0315, expunge, 0, 0) M(0x0316, new_draft, 0, 0) M(0x0317, draft_view, 1, 0) M(0x0318, list_drafts, 0, 0) \
    M(0x0319, drafts, 1, 0) M(0x031a, save_draft, 0, 0) M(0x031b, delete_draft, 0, 0) M(0x031c, attach, 0, 0)   \
    M(0x031d, detach, 0, 0) M(0x031e, plan_draft, 0, 0) M(0x031f, send_plan, 1, 0) M(0x0320, send_draft, 0, 0)  \
    M(0x0321, submit, 0, 0) M(0x0322, queued, 1, 0) M(0x0323, list_outbox, 0, 0) M(0x0324, outbox, 1, 0)        \
    M(0x0325, outbox_retry, 0, 0) M(0x0326, outbox_cancel, 0, 0) M(0x0327, list_keys, 0, 0) M(0x0328, keys, 1, 0) \
    M(0x0329, import_keys, 0, 0) M(0x032a, imported, 1, 0) M(0x032b, inspect, 0, 0) M(0x032c, answer, 0, 0)     \
    M(0x032d, get_state, 0, 0) M(0x032e, set_state, 0, 0) M(0x032f, state_value, 1, 0) M(0x0330, import_message, 0, 0) \
    M(0x0331, end_engine, 0, 0) M(0x0332, sync_now, 0, 0) M(0x0333, synced, 1, 0) M(0x0334, set_folder, 0, 0)        \
    M(0x0335, search_open, 0, 0) M(0x0336, search_opened, 1, 0) M(0x0337, search_close, 0, 0) M(0x0338, search_save, 0, 0) \
    M(0x0339, list_jobs, 0, 0) M(0x033a, jobs, 1, 0) M(0x033b, cancel_job, 0, 0) M(0x033c, change_protection, 0, 0) \
    M(0x033d, stay, 0, 0)                                                                                 \
    M(0x0340, event_question, 0, 0) M(0x0341, event_question_gone, 0, 0) M(0x0342, event_account, 0, 0)         \
    M(0x0343, event_folder, 0, 0) M(0x0344, event_index, 0, 0) M(0x0345, event_outbox, 0, 0)                    \
    M(0x0346, event_notice, 0, 0) M(0x0347, event_locked, 0, 0) M(0x0348, event_job, 0, 0) M(0x0349, event_draft, 0, 0)                                                 \
    M(0x0201, edit_text, 0, 0) M(0x0202, edited, 1, 0) M(0x0203, save_file, 0, 0) M(0x0204, saved, 1, 0)        \
    M(0x0205, read_file, 0, 0) M(0x0206, open_file, 0, 0) M(0x0207, reconnect, 0, 0) M(0x0208, connected, 1, 0) \
    M(0x0209, suspend, 0, 0)                                                                                    \
    M(0x0401, parse_message, 0, 0) M(0x0402, parsed, 1, 0) M(0x0403, parse_headers, 0, 0) M(0x0404, parsed_headers, 1, 0) \
    M(0x0405, extract_part, 0, 0) M(0x0406, parse_addresses, 0, 0) M(0x0407, addresses, 1, 0)                   \
    M(0x0408, build_entity, 0, 0) M(0x0409, wrap_signed, 0, 0) M(0x040a, wrap_encrypted, 0, 0)                  \
    M(0x040b, build_message, 0, 0) M(0x040c, built, 1, 0)                                                       \
    M(0x0501, keys_open, 0, 0) M(0x0502, store_create, 0, 0) M(0x0503, store_unlock, 0, 0) M(0x0504, store_again, 0, 0) \
    M(0x0505, store_forget, 0, 0) M(0x0506, store_key, 1, 1) M(0x0507, verify, 0, 0) M(0x0508, verified, 1, 0)  \
    M(0x0509, decrypt, 0, 1) M(0x050a, decrypted, 1, 1) M(0x050b, resolve_keys, 0, 0) M(0x050c, resolved, 1, 0) \
    M(0x050d, sign, 0, 0) M(0x050e, signed_bytes, 1, 0) M(0x050f, encrypt, 0, 0) M(0x0510, encrypted_bytes, 1, 0) \
    M(0x0511, set_trust, 0, 0) M(0x0512, ask_passphrase, 0, 0) M(0x0513, passphrase, 1, 0)                      \
    M(0x0514, store_restore, 0, 1) M(0x0516, store_rewrap, 0, 1) M(0x0515, end_pinentry, 0, 0)                                                                             \
    M(0x0601, imap_connect, 0, 1) M(0x0602, imap_ready, 1, 0) M(0x0603, tls_refused, 1, 0) M(0x0604, imap_list, 0, 0) \
    M(0x0605, imap_folders, 1, 0) M(0x0606, imap_create, 0, 0) M(0x0607, imap_select, 0, 0) M(0x0608, imap_selected, 1, 0) \
    M(0x0609, imap_uids, 0, 0) M(0x060a, imap_uid_list, 1, 0) M(0x060b, imap_fetch_headers, 0, 0) M(0x060c, imap_headers, 0, 0) \
    M(0x060d, imap_fetch_flags, 0, 0) M(0x060e, imap_flags, 0, 0) M(0x060f, imap_fetch_body, 0, 0) M(0x0610, imap_body, 1, 0) \
    M(0x0611, imap_store, 0, 0) M(0x0612, imap_move, 0, 0) M(0x0613, imap_expunge, 0, 0) M(0x0614, imap_append, 0, 0) \
    M(0x0615, imap_appended, 1, 0) M(0x0616, imap_search_id, 0, 0) M(0x0617, imap_idle, 0, 0) M(0x0618, imap_changed, 0, 0) \
    M(0x0619, imap_noop, 0, 0) M(0x061a, imap_close, 0, 0) M(0x061b, imap_alert, 0, 0) M(0x061c, imap_lost, 0, 0) \
    M(0x061d, smtp_send, 0, 1) M(0x061e, smtp_sent, 1, 0) M(0x061f, imap_vanished, 0, 0)      \
    M(0x0620, imap_search, 0, 0) M(0x0621, imap_moved, 1, 0) \
    M(0x0622, imap_status, 0, 0) M(0x0623, imap_stated, 1, 0) M(0x0624, imap_fetch_newest, 0, 0)

/* How an object carries its signature. DETACHED: object is the signature. OPAQUE: CMS SignedData with content, or an
   OpenPGP message that is signed inside. CLEARSIGN: RFC 9580 section 7. */
enum sp_form { SP_FORM_DETACHED, SP_FORM_OPAQUE, SP_FORM_CLEARSIGN };

/* imap_ready.capabilities */
enum sp_imap_capability {
    SP_IMAP_IDLE = 1 << 0, SP_IMAP_CONDSTORE = 1 << 1, SP_IMAP_QRESYNC = 1 << 2, SP_IMAP_MOVE = 1 << 3, SP_IMAP_UIDPLUS = 1 << 4,
    SP_IMAP_SPECIAL_USE = 1 << 5, SP_IMAP_ID = 1 << 6, SP_IMAP_COMPRESS = 1 << 7, SP_IMAP_UTF8 = 1 << 8,
};

/* ---------------------------------------------------------------- structs, made from the tables */
#define WIRE_C_U8 uint8_t
#define WIRE_C_U16 uint16_t
#define WIRE_C_U32 uint32_t
#define WIRE_C_U64 uint64_t
#define WIRE_C_I64 int64_t
#define WIRE_C_STR const char *
#define WIRE_C_BLOB struct wire_blob
#define WIRE_C_FD int
#define WIRE_MEMBER_F(kind, name) WIRE_C_##kind name;
#define WIRE_MEMBER_S(rec, name) struct wr_##rec name;
#define WIRE_MEMBER_L(rec, name) struct wr_##rec *name; uint32_t name##_n;

#define R(name)                                                                                                \
    struct wr_##name {                                                                                         \
        WR_##name(WIRE_MEMBER_F, WIRE_MEMBER_S, WIRE_MEMBER_L)                                                  \
    };                                                                                                         \
    extern const struct wire_desc wire_record_##name;
WIRE_RECORDS(R)
#undef R

#define M(number, name, final, secret)                                                                         \
    enum { WM_TYPE_##name = (number) };                                                                        \
    struct wm_##name {                                                                                         \
        WM_##name(WIRE_MEMBER_F, WIRE_MEMBER_S, WIRE_MEMBER_L)                                                  \
    };                                                                                                         \
    static inline enum sp_status wire_send_##name(struct wire_conn *c, uint32_t id, const struct wm_##name *m)  \
    {                                                                                                          \
        return wire_send(c, WM_TYPE_##name, id, m);                                                            \
    }
WIRE_MESSAGES(M)
#undef M

/* The status that a reply_error carries; never SP_OK, whatever the peer wrote. */
enum sp_status wire_error_status(const struct wm_reply_error *e);
/* Shorthands for the two commonest final replies. */
enum sp_status wire_reply_done(struct wire_conn *c, uint32_t id);
/* text may be NULL. */
enum sp_status wire_reply_error(struct wire_conn *c, uint32_t id, enum sp_status status, const char *text);
#endif
