/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The encrypted store of a profile: two SQLCipher databases, `cache` (what servers have: can be rebuilt) and `own` (what only we
   have: drafts, outbox, local folders, secrets, pins, trust), opened by the engine alone. Every call is quick and synchronous;
   nothing is proportional to a folder's size unless it says so. Ids are never 0 and never reused; ids of local (own) folders and
   messages have bit 62 set, which callers need not know. All returned memory is in the caller's arena. */
#ifndef SP_STORE_STORE_H
#define SP_STORE_STORE_H

#include "base/arena.h"
#include "base/messages.h"
#include "base/secret.h"
#include "base/status.h"

struct store;

/* What the whole program must know, whichever call met it; that call fails as well (SP_CORRUPT, SP_FULL, SP_READ_ONLY). */
enum store_trouble {
    STORE_CACHE_DAMAGED, /* close it and open it again: the cache is kept aside and begins anew */
    STORE_OWN_DAMAGED,   /* nothing can be done here: the person has to bring a good own.db */
    STORE_FULL,          /* no space: what was asked for is not kept */
    STORE_READ_ONLY,
};
struct store_watcher {
    void (*trouble)(enum store_trouble what, void *arg); /* called within a call of the store, which it must not use; may come often */
    void (*alive)(void *arg); /* a few times a second while store_open brings an old store up to date: seconds for a million messages */
    void *arg;
};
/* Opens or creates both databases in folder (0700, made when missing). key: 32 bytes of key and 16 of salt. SP_CORRUPT: `own`
   cannot be read with this key; it is left as it is. A damaged `cache` (found damaged now, or in use before store_close) is kept aside
   as cache.damaged-DATE, in place of an earlier one, and *cache_lost is set. SP_READ_ONLY, SP_FULL, SP_BUSY. watcher: copied, NULL = none;
   its functions may be NULL too. */
enum sp_status store_open(const char *folder, const struct secret *key, const struct store_watcher *watcher, bool *cache_lost, struct store **out) SP_MUST_USE;
/* The name of the file in the folder under which this opening kept a damaged cache, else "". Valid while the store is open. */
const char *store_damaged_name(const struct store *s);
/* Is there room for some more? Writes and removes a small file in the folder. Works without an open store. */
bool store_has_room(const char *folder);
void store_close(struct store *s);
/* Several changes as one: nests not. On failure everything since begin is undone by store_rollback. */
enum sp_status store_begin(struct store *s) SP_MUST_USE;
enum sp_status store_commit(struct store *s) SP_MUST_USE;
void store_rollback(struct store *s);

/* --- folders */
struct store_folder {
    uint64_t id;
    uint32_t account;       /* config_account.id is not stable: this is store_account's id */
    const char *raw;        /* the server's name, octets (modified UTF-7 or UTF-8); for local folders the name */
    const char *name;       /* for people, UTF-8, hierarchy by "/" */
    enum sp_folder_role role;
    bool selectable, local;
    uint32_t uidvalidity, uidnext;
    uint64_t highestmodseq;
    uint32_t total, unread; /* maintained counters */
    uint64_t generation;    /* grows with every change of its rows */
    bool watched, pinned;   /* news are waited for (IDLE); bodies are fetched and stay */
};
/* The id kept for an account's name; made when new. */
enum sp_status store_account(struct store *s, const char *name, uint32_t *id) SP_MUST_USE;
/* Inserts (id 0: by account and raw) or updates name, role, selectable, uid state. f->id is set. Counters are not touched; watched
   and pinned count for a new folder only, and what the person chose for one of that name goes before (f is set accordingly). */
enum sp_status store_folder_put(struct store *s, struct store_folder *f) SP_MUST_USE;
/* by_person: chosen for good, also after the loss of the cache; else a default, which does nothing to what the person chose. */
enum sp_status store_folder_choose(struct store *s, uint64_t id, bool watched, bool pinned, bool by_person) SP_MUST_USE;
/* The server's folder has another name now: its messages, choices and waiting changes stay. SP_EXISTS: that name is known already. */
enum sp_status store_folder_rename(struct store *s, uint64_t id, const char *raw, const char *name) SP_MUST_USE;
enum sp_status store_folder_get(struct store *s, uint64_t id, struct arena *a, struct store_folder *out) SP_MUST_USE;
/* The account's folder with that role; SP_NOT_FOUND. */
enum sp_status store_folder_by_role(struct store *s, uint32_t account, enum sp_folder_role role, struct arena *a, struct store_folder *out) SP_MUST_USE;
/* account 0: all. Ordered by account, role (inbox first), name. */
enum sp_status store_folders(struct store *s, uint32_t account, struct arena *a, struct store_folder **out, size_t *n) SP_MUST_USE;
/* Forgets the folder and its messages. */
enum sp_status store_folder_remove(struct store *s, uint64_t id) SP_MUST_USE;
/* UIDVALIDITY changed: forgets its messages (proportional to them) and takes the new value. */
enum sp_status store_folder_reset(struct store *s, uint64_t id, uint32_t uidvalidity) SP_MUST_USE;

/* --- messages */
struct store_message {
    uint64_t id, folder;
    uint32_t uid;           /* 0: local, or not yet known */
    int64_t sort;           /* order in the index: internal date, else Date; newest = largest */
    int64_t date;
    const char *from_name, *from_address, *to, *subject, *message_id, *in_reply_to, *references, *list_id;
    const char *keywords;   /* separated by spaces, as the server spells them; none that has a flag. NULL is "" */
    uint32_t flags;
    uint64_t size;
    uint8_t seal, lock, sender, risk, judged; /* of the verdict; judged 0 = not computed yet */
    uint64_t thread;        /* id of the thread (assigned by message ids when added) */
    bool has_body;
};
/* Adds messages to a folder (id is set in each; one with a uid that is there already is updated, not doubled). Counters, thread and
   generation are kept. */
enum sp_status store_messages_add(struct store *s, struct store_message *m, size_t n) SP_MUST_USE;
/* Is a message with this sort key and exactly these bytes in that folder? */
bool store_message_is_there(struct store *s, uint64_t folder, int64_t sort, const void *bytes, size_t len);
enum sp_status store_message_get(struct store *s, uint64_t id, struct arena *a, struct store_message *out) SP_MUST_USE;
enum sp_status store_message_by_uid(struct store *s, uint64_t folder, uint32_t uid, uint64_t *id) SP_MUST_USE;
/* By Message-ID within an account (0 = any), newest; SP_NOT_FOUND. */
enum sp_status store_message_by_message_id(struct store *s, uint32_t account, const char *message_id, uint64_t *id) SP_MUST_USE;
/* A page of the index by key (see enum sp_page); rows newest first, at most count. Reply fields but rows/rows_n are filled too. */
enum sp_status store_page(struct store *s, const struct wm_index_page *ask, struct arena *a, struct wm_index_rows *out) SP_MUST_USE;
/* All uids of a folder with their flags, ascending (proportional to the folder; for the sync plan). */
struct store_uid {
    uint32_t uid, flags;
};
enum sp_status store_uids(struct store *s, uint64_t folder, struct store_uid **out /* caller frees */, size_t *n) SP_MUST_USE;
/* Those above `above` and up to `upto`, at most max of them, the highest first: a stretch of a folder of any size. */
enum sp_status store_uids_below(struct store *s, uint64_t folder, uint32_t above, uint32_t upto, struct store_uid *out, size_t max, size_t *n) SP_MUST_USE;
/* Messages that are on their way into the folder of a server (uid 0). */
enum sp_status store_coming(struct store *s, uint64_t folder, uint32_t *n) SP_MUST_USE;
enum sp_status store_flags_set(struct store *s, uint64_t id, uint32_t flags) SP_MUST_USE;
enum sp_status store_keywords_set(struct store *s, uint64_t id, const char *keywords) SP_MUST_USE;
enum sp_status store_message_remove(struct store *s, uint64_t id) SP_MUST_USE;
/* Moves or copies within the store; *new_id gets the message's id there (uid 0 until the server told it). */
enum sp_status store_message_move(struct store *s, uint64_t id, uint64_t folder, bool copy, uint64_t *new_id) SP_MUST_USE;
enum sp_status store_message_set_uid(struct store *s, uint64_t id, uint32_t uid) SP_MUST_USE;
/* Newest messages of a folder that have a body and are not judged, or have no body and are worth fetching ahead (not what the cache's
   limit would drive out at once, or has driven out); at most n ids. */
enum sp_status store_unjudged(struct store *s, uint64_t folder, uint64_t *ids, size_t max, size_t *n) SP_MUST_USE;

/* Messages of a folder that have no body, the newest first, from before (*sort, *id) on (INT64_MAX and any id: from the beginning), which
   are set to where it goes on; at most max ids. */
enum sp_status store_bodiless(struct store *s, uint64_t folder, int64_t *sort, uint64_t *id, uint64_t *ids, size_t max, size_t *n) SP_MUST_USE;

/* --- bodies and verdicts */
/* The whole message as it came (CRLF or LF kept). */
enum sp_status store_body_put(struct store *s, uint64_t id, const void *bytes, size_t len) SP_MUST_USE;
/* A sealed memfd with it (caller closes); SP_NOT_FOUND. */
enum sp_status store_body_get(struct store *s, uint64_t id, int *fd) SP_MUST_USE;
/* --- the limit of the cache: bodies of server mail; pinned folders' and those of messages that no server has yet stay, beyond it if need
   be. Index, verdicts and session keys of a message whose body went stay; has_body says what is. */
/* bytes of bodies, 0 = no limit. Only says it: what is too much goes with later store_body_put, or store_trim. */
enum sp_status store_cache_limit(struct store *s, uint64_t bytes) SP_MUST_USE;
/* Removes some of what is too much; *more: call again. A call takes milliseconds. */
enum sp_status store_trim(struct store *s, bool *more) SP_MUST_USE;
/* What the cache's bodies cost (a maintained counter). */
uint64_t store_cache_bytes(struct store *s);
/* The person opened it: it stays longer. Nothing happens when there is no body. */
enum sp_status store_body_used(struct store *s, uint64_t id) SP_MUST_USE;
/* Is it worth fetching its body ahead, as things are now? Ask before each fetch: the answer changes while the cache fills. */
bool store_body_wanted(struct store *s, const struct store_message *m);

/* The encoded wr_verdict, and the index columns taken from it. session_keys: sealed with the message, may be empty. */
enum sp_status store_verdict_put(struct store *s, uint64_t id, const struct wr_verdict *v, const void *encoded, size_t len) SP_MUST_USE;
enum sp_status store_verdict_get(struct store *s, uint64_t id, struct arena *a, struct wire_blob *encoded) SP_MUST_USE;
/* All verdicts are stale (trust or keys changed): judged becomes 0 for every message. */
enum sp_status store_verdicts_forget(struct store *s) SP_MUST_USE;
enum sp_status store_session_key_put(struct store *s, uint64_t id, unsigned layer, const void *key, size_t len) SP_MUST_USE;
enum sp_status store_session_key_get(struct store *s, uint64_t id, unsigned layer, struct secret *key) SP_MUST_USE;

/* --- journal of local changes that the server must still learn, in order */
enum store_change_kind { STORE_CHANGE_FLAGS, STORE_CHANGE_MOVE, STORE_CHANGE_COPY, STORE_CHANGE_APPEND, STORE_CHANGE_EXPUNGE, STORE_CHANGE_TAKE };
/* folder and target are 0 when the folder is gone; after the loss of the cache they are found again by their raw names.
   A uid of 0 is not known yet: another change brings the message into `folder` first.
   TAKE: the body of the message with that uid is to be fetched into the row `message`, which lies in a folder of another account already.
   APPEND: `message` is the row here (uid 0) in the target folder; its bytes are in `own` when store_change_body_put was called (needed
   when they are nowhere else: the cache may be lost), else they are the row's body.
   Both: remove has SP_FLAG_DELETED when the original is to go afterwards; folder, uid name it, add is the message's flags (APPEND). */
struct store_change {
    uint64_t id;
    uint32_t account;
    enum store_change_kind kind;
    uint64_t message, folder, target; /* folder: where it was; target: of MOVE, COPY, APPEND */
    uint64_t source;                  /* the row that the message was before (MOVE: the same; COPY: the one that was copied) */
    uint32_t other;                   /* APPEND: account of `folder`, TAKE: of `target`; 0 = local or none */
    uint32_t uid, add, remove;
    uint32_t uidvalidity;             /* of `folder`, under which uid counts; 0 when added: what the folder has */
    const char *message_id;           /* MOVE, COPY: by these the message is known again when its row is gone; noted when added */
    uint64_t size;
    int64_t date;
    const char *add_keywords, *remove_keywords; /* separated by spaces; NULL is "" */
    /* store_change_try: the target's state before the first try. What a try may have left has a uid of tried_uidnext or above. */
    bool tried;
    uint32_t tried_uidvalidity, tried_uidnext;
};
enum sp_status store_change_add(struct store *s, struct store_change *c) SP_MUST_USE;
/* The oldest change of an account; SP_NOT_FOUND when none. */
enum sp_status store_change_next(struct store *s, uint32_t account, struct arena *a, struct store_change *out) SP_MUST_USE;
/* The oldest changes with an id above after, at most max; *n may be 0. account 0: of all. */
enum sp_status store_changes(struct store *s, uint32_t account, uint64_t after, size_t max, struct arena *a, struct store_change **out, size_t *n) SP_MUST_USE;
/* The newest changes that were not tried yet, the newest first, at most max. */
enum sp_status store_changes_untried(struct store *s, uint32_t account, size_t max, struct arena *a, struct store_change **out, size_t *n) SP_MUST_USE;
/* The oldest change that brings this message to where it is here, and tells where the server has it still; SP_NOT_FOUND. */
enum sp_status store_change_bringing(struct store *s, uint64_t message, struct arena *a, struct store_change *out) SP_MUST_USE;
/* How many wait (account 0: of all); proportional to them. */
enum sp_status store_change_count(struct store *s, uint32_t account, uint64_t *n) SP_MUST_USE;
/* Before the first try of what must not be done twice; durable when it returns. Later calls change nothing. */
enum sp_status store_change_try(struct store *s, uint64_t id, uint32_t uidvalidity, uint32_t uidnext) SP_MUST_USE;
enum sp_status store_change_done(struct store *s, uint64_t id) SP_MUST_USE;
/* Instead of that change the n others, in one step; the first takes its place in the order. */
enum sp_status store_change_replace(struct store *s, uint64_t id, struct store_change *c, size_t n) SP_MUST_USE;
/* The message has come into that folder: changes that wait for its uid there get it. */
enum sp_status store_change_learn(struct store *s, uint64_t message, uint64_t folder, uint32_t uidvalidity, uint32_t uid) SP_MUST_USE;
/* Will a waiting change bring that message into the folder? */
bool store_change_arriving(struct store *s, uint64_t message, uint64_t folder);
/* Rows of server folders that no server knows and no change will bring to one: what a crash between the two databases leaves. */
enum sp_status store_orphans_remove(struct store *s) SP_MUST_USE;
/* The message's bytes of an APPEND, kept in `own` until the change is done. */
enum sp_status store_change_body_put(struct store *s, uint64_t id, const void *bytes, size_t len) SP_MUST_USE;
/* A sealed memfd (caller closes) with those, or the body of its message; SP_NOT_FOUND. */
enum sp_status store_change_body_get(struct store *s, uint64_t id, int *fd) SP_MUST_USE;
/* Is a change of this message waiting? (then the server's older flags must not overwrite ours) */
bool store_change_waiting(struct store *s, uint64_t message);
/* Is a change of the message that had this uid in that folder waiting? (moved or removed here: the sync must not add it again) */
bool store_change_uid_waiting(struct store *s, uint64_t folder, uint32_t uid);

/* --- drafts (own): the record, and attachments as blobs */
enum sp_status store_draft_put(struct store *s, struct wr_draft *d) SP_MUST_USE; /* id 0: new, set; attachments untouched */
enum sp_status store_draft_get(struct store *s, uint64_t id, struct arena *a, struct wr_draft *out) SP_MUST_USE;
enum sp_status store_drafts(struct store *s, struct arena *a, struct wr_draft **out, size_t *n) SP_MUST_USE;
enum sp_status store_draft_remove(struct store *s, uint64_t id) SP_MUST_USE;
enum sp_status store_attachment_put(struct store *s, uint64_t draft, const char *name, const char *type, const void *bytes, size_t len, uint64_t *id) SP_MUST_USE;
enum sp_status store_attachment_get(struct store *s, uint64_t id, int *fd) SP_MUST_USE;
enum sp_status store_attachment_remove(struct store *s, uint64_t draft, uint64_t id) SP_MUST_USE;

/* --- outbox (own): several transmissions per message (Bcc copies); a message leaves after the final OK only */
struct store_recipient {
    const char *address;
    enum { STORE_RCPT_WAITING = 0, STORE_RCPT_HAS_IT = 2, STORE_RCPT_REFUSED = 3 /* for good */ } state;
    uint16_t code;                 /* what the server said at the last try; 0 = nothing yet */
    const char *text;
};
struct store_transmission {
    uint64_t id, outbox;
    const char *const *recipients; /* NULL-terminated: all of them */
    struct store_recipient *list;  /* the same, with what became of each */
    size_t n;
    uint8_t stage;                 /* as wm_smtp_sent.stage; 2 = nothing more to do, whatever became of single recipients */
};
struct store_outbox {
    uint64_t id;
    uint32_t account;
    const char *sender, *subject, *to, *message_id;
    enum sp_outbox_state state;
    enum sp_status status;
    const char *server_text;
    int64_t created, not_before, next_try;
    uint32_t attempts;
    bool sent_copy_done;
    uint64_t draft;                /* to edit it again, 0 = none */
    /* The folder of sent mail before the first try; what a try may have left there has a uid of sent_uidnext or above. 0 = unknown. */
    uint32_t sent_uidvalidity, sent_uidnext;
};
enum sp_status store_outbox_put(struct store *s, struct store_outbox *o) SP_MUST_USE; /* id 0: new, set; else update */
enum sp_status store_outbox_get(struct store *s, uint64_t id, struct arena *a, struct store_outbox *out) SP_MUST_USE;
enum sp_status store_outbox_list(struct store *s, struct arena *a, struct store_outbox **out, size_t *n) SP_MUST_USE;
enum sp_status store_outbox_remove(struct store *s, uint64_t id) SP_MUST_USE;
/* The message's bytes: transmission 0 is the copy for Sent. */
enum sp_status store_transmission_add(struct store *s, uint64_t outbox, const char *const *recipients, const void *bytes, size_t len, uint64_t *id) SP_MUST_USE;
enum sp_status store_transmissions(struct store *s, uint64_t outbox, struct arena *a, struct store_transmission **out, size_t *n) SP_MUST_USE;
enum sp_status store_transmission_stage(struct store *s, uint64_t id, uint8_t stage) SP_MUST_USE;
/* What became of one recipient (state, code, text of r; the address says which). SP_NOT_FOUND. */
enum sp_status store_recipient_put(struct store *s, uint64_t transmission, const struct store_recipient *r) SP_MUST_USE;
/* The person tries again: those that were refused for good wait once more. */
enum sp_status store_recipients_again(struct store *s, uint64_t outbox) SP_MUST_USE;
enum sp_status store_transmission_bytes(struct store *s, uint64_t id, int *fd) SP_MUST_USE;
enum sp_status store_outbox_sent_copy(struct store *s, uint64_t outbox, const void *bytes, size_t len) SP_MUST_USE;
enum sp_status store_outbox_sent_copy_get(struct store *s, uint64_t outbox, int *fd) SP_MUST_USE;

/* --- small things (own) */
/* Named secrets: account passwords ("password:ACCOUNT"). SP_NOT_FOUND. */
enum sp_status store_secret_put(struct store *s, const char *name, const struct secret *value) SP_MUST_USE;
enum sp_status store_secret_get(struct store *s, const char *name, struct secret *out) SP_MUST_USE;
enum sp_status store_secret_remove(struct store *s, const char *name) SP_MUST_USE;
/* Named texts: pins ("pin:imap:host:port" = SHA-256), the screen's memory ("ui:..."), flags. SP_NOT_FOUND. */
enum sp_status store_text_put(struct store *s, const char *name, const char *value) SP_MUST_USE;
enum sp_status store_text_get(struct store *s, const char *name, struct arena *a, const char **value) SP_MUST_USE;

#endif
