/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The schemas of both databases as steps: user_version counts those done. A step that was released never changes; a new need
   is a new step at the end.

   Mail tables are the same in both: `own` has them for local folders. A folder's counters and generation are kept by triggers,
   so no code path can forget them. */
#include <stdio.h>

#include "db.h"

#define MAIL_TABLES                                                                                                         \
    "CREATE TABLE folder ("                                                                                                 \
    " id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, raw TEXT NOT NULL, name TEXT NOT NULL,"               \
    " role INTEGER NOT NULL, selectable INTEGER NOT NULL, uidvalidity INTEGER NOT NULL, uidnext INTEGER NOT NULL,"          \
    " highestmodseq INTEGER NOT NULL, total INTEGER NOT NULL DEFAULT 0, unread INTEGER NOT NULL DEFAULT 0,"                 \
    " generation INTEGER NOT NULL DEFAULT 1, UNIQUE (account, raw));"                                                       \
    "CREATE TABLE message ("                                                                                                \
    " id INTEGER PRIMARY KEY AUTOINCREMENT, folder INTEGER NOT NULL, uid INTEGER NOT NULL, sort INTEGER NOT NULL,"          \
    " date INTEGER NOT NULL, flags INTEGER NOT NULL, size INTEGER NOT NULL, seal INTEGER NOT NULL,"                         \
    " lock INTEGER NOT NULL, sender INTEGER NOT NULL, risk INTEGER NOT NULL, judged INTEGER NOT NULL,"                      \
    " has_body INTEGER NOT NULL, thread INTEGER NOT NULL, depth INTEGER NOT NULL, from_name TEXT NOT NULL,"                 \
    " from_address TEXT NOT NULL, recipients TEXT NOT NULL, subject TEXT NOT NULL, message_id TEXT NOT NULL,"               \
    " in_reply_to TEXT NOT NULL, list_id TEXT NOT NULL, refs TEXT NOT NULL);"                                               \
    "CREATE INDEX message_page ON message (folder, sort, id);"                                                              \
    "CREATE UNIQUE INDEX message_uid ON message (folder, uid) WHERE uid != 0;"                                              \
    "CREATE INDEX message_name ON message (message_id) WHERE message_id != '';"                                             \
    "CREATE INDEX message_thread ON message (thread);"                                                                      \
    "CREATE INDEX message_unjudged ON message (folder, sort, id) WHERE judged = 0 OR has_body = 0;"                         \
    "CREATE TABLE body (message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"                                                 \
    "CREATE TABLE verdict (message INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"                                              \
    "CREATE TABLE session_key (message INTEGER NOT NULL, layer INTEGER NOT NULL, bytes BLOB NOT NULL,"                      \
    " PRIMARY KEY (message, layer)) WITHOUT ROWID;"                                                                         \
    /* hash: of a Message-ID, see thread.c; merged threads are followed, not rewritten */                                   \
    "CREATE TABLE thread_of (hash INTEGER PRIMARY KEY, thread INTEGER NOT NULL);"                                           \
    "CREATE TABLE thread_merged (thread INTEGER PRIMARY KEY, into_thread INTEGER NOT NULL);"                                \
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"                                      \
    "CREATE TRIGGER message_added AFTER INSERT ON message BEGIN"                                                            \
    " UPDATE folder SET total = total + 1, unread = unread + ((new.flags & 1) = 0), generation = generation + 1"            \
    "  WHERE id = new.folder; END;"                                                                                         \
    "CREATE TRIGGER message_gone AFTER DELETE ON message BEGIN"                                                             \
    " UPDATE folder SET total = total - 1, unread = unread - ((old.flags & 1) = 0), generation = generation + 1"            \
    "  WHERE id = old.folder;"                                                                                              \
    " DELETE FROM body WHERE message = old.id; DELETE FROM verdict WHERE message = old.id;"                                 \
    " DELETE FROM session_key WHERE message = old.id; END;"                                                                 \
    "CREATE TRIGGER message_moved AFTER UPDATE OF folder ON message WHEN new.folder != old.folder BEGIN"                    \
    " UPDATE folder SET total = total - 1, unread = unread - ((old.flags & 1) = 0), generation = generation + 1"            \
    "  WHERE id = old.folder;"                                                                                              \
    " UPDATE folder SET total = total + 1, unread = unread + ((new.flags & 1) = 0), generation = generation + 1"            \
    "  WHERE id = new.folder; END;"                                                                                         \
    "CREATE TRIGGER message_changed AFTER UPDATE OF flags, sort, seal, lock, sender, risk, subject, from_name, from_address" \
    " ON message WHEN new.folder = old.folder BEGIN"                                                                        \
    " UPDATE folder SET unread = unread + ((new.flags & 1) = 0) - ((old.flags & 1) = 0), generation = generation + 1"       \
    "  WHERE id = new.folder; END;"

/* Keywords of messages; folders whose news are waited for and whose bodies stay. */
#define MAIL_KEYWORDS                                                                                                       \
    "ALTER TABLE message ADD COLUMN keywords TEXT NOT NULL DEFAULT '';"                                                     \
    "ALTER TABLE folder ADD COLUMN watched INTEGER NOT NULL DEFAULT 0;"                                                     \
    "ALTER TABLE folder ADD COLUMN pinned INTEGER NOT NULL DEFAULT 0;"                                                      \
    "DROP TRIGGER message_changed;"                                                                                         \
    "CREATE TRIGGER message_changed AFTER UPDATE OF flags, keywords, sort, seal, lock, sender, risk, subject, from_name,"   \
    " from_address ON message WHEN new.folder = old.folder BEGIN"                                                           \
    " UPDATE folder SET unread = unread + ((new.flags & 1) = 0) - ((old.flags & 1) = 0), generation = generation + 1"       \
    "  WHERE id = new.folder; END;"

/* The counters of what is added are kept by counters_add (message.c), once for a batch: a trigger costs a tenth of each row. A message
   is found by its Message-ID through its thread, so the index of those random texts (a tenth of the database, and slow to grow) goes.
   Of waiting messages, those that only lack a body and those that can be judged are looked for apart. Proportional to the messages: at
   one million some seconds, once. */
#define MAIL_LIGHTER                                                                                                        \
    "DROP TRIGGER message_added; DROP INDEX message_name; DROP INDEX message_unjudged;"                                     \
    "CREATE INDEX message_bodiless ON message (folder, sort, id) WHERE has_body = 0;"                                       \
    "CREATE INDEX message_waiting ON message (folder, sort, id) WHERE has_body = 1 AND judged = 0;"

/* What the bodies of the cache cost and which may go first: the one whose rank, the later of the message's time and that of its last
   use, is the least. The sum is kept by triggers. */
#define CACHE_LIMIT                                                                                                         \
    "CREATE TABLE body_use (message INTEGER PRIMARY KEY, size INTEGER NOT NULL, rank INTEGER NOT NULL);"                    \
    "CREATE INDEX body_use_rank ON body_use (rank);"                                                                        \
    "INSERT INTO meta (name, value) VALUES ('bodies', 0), ('floor', -9223372036854775808);"                                 \
    "CREATE TRIGGER body_use_added AFTER INSERT ON body_use BEGIN"                                                          \
    " UPDATE meta SET value = value + new.size WHERE name = 'bodies'; END;"                                                 \
    "CREATE TRIGGER body_use_gone AFTER DELETE ON body_use BEGIN"                                                           \
    " UPDATE meta SET value = value - old.size WHERE name = 'bodies'; END;"                                                 \
    "CREATE TRIGGER body_gone AFTER DELETE ON body BEGIN DELETE FROM body_use WHERE message = old.message; END;"            \
    "INSERT INTO body_use (message, size, rank) SELECT b.message, length(b.bytes), m.sort FROM body b"                      \
    " JOIN message m ON m.id = b.message;"

/* The full-text index, see search_index.c. What changed is noted by triggers, for the index to follow in the background; `texts` of a folder
   counts its messages that have their text in the index. (OR FAIL of the statement that fires a trigger also rules inside: so IGNORE would
   not do there.) */
#define MAIL_SEARCH                                                                                                         \
    "ALTER TABLE message ADD COLUMN texted INTEGER NOT NULL DEFAULT 0;"                                                     \
    "ALTER TABLE folder ADD COLUMN texts INTEGER NOT NULL DEFAULT 0;"                                                       \
    "CREATE VIRTUAL TABLE search USING fts4(from_, to_, cc, subject, list, file, body, tokenize=simple, matchinfo=\"fts3\", order=desc);" \
    "INSERT INTO search (search) VALUES ('automerge=8');"                                                                  \
    "CREATE TABLE search_doc (docid INTEGER PRIMARY KEY, message INTEGER NOT NULL, level INTEGER NOT NULL);"                \
    "CREATE TABLE search_todo (message INTEGER PRIMARY KEY);"                                                               \
    "CREATE TABLE search_gone (id INTEGER PRIMARY KEY, sort INTEGER NOT NULL, message INTEGER NOT NULL);"                   \
    "CREATE TRIGGER search_removed AFTER DELETE ON message BEGIN"                                                           \
    " INSERT INTO search_gone (sort, message) VALUES (old.sort, old.id);"                                                   \
    " UPDATE folder SET texts = texts - 1 WHERE id = old.folder AND old.texted != 0; END;"                                  \
    "CREATE TRIGGER search_moved AFTER UPDATE OF folder ON message WHEN new.folder != old.folder AND old.texted != 0 BEGIN" \
    " UPDATE folder SET texts = texts - 1 WHERE id = old.folder; UPDATE folder SET texts = texts + 1 WHERE id = new.folder; END;" \
    "CREATE TRIGGER search_resorted AFTER UPDATE OF sort ON message WHEN new.sort != old.sort BEGIN"                        \
    " INSERT INTO search_gone (sort, message) VALUES (old.sort, old.id);"                                                   \
    " INSERT INTO search_todo SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM search_todo WHERE message = new.id); END;"      \
    "CREATE TRIGGER search_reworded AFTER UPDATE OF from_name, from_address, recipients, subject, list_id ON message"       \
    " WHEN new.from_name != old.from_name OR new.from_address != old.from_address OR new.recipients != old.recipients"      \
    "  OR new.subject != old.subject OR new.list_id != old.list_id BEGIN"                                                   \
    " INSERT INTO search_todo SELECT new.id WHERE NOT EXISTS (SELECT 1 FROM search_todo WHERE message = new.id); END;"

static const char *const cache_steps[] = {
    MAIL_TABLES,
    MAIL_KEYWORDS MAIL_LIGHTER CACHE_LIMIT,
    "CREATE INDEX message_coming ON message (folder) WHERE uid = 0;",
    MAIL_SEARCH,
};

static const char *const own_steps[] = {
    MAIL_TABLES
    /* Ids of own folders and messages have bit 62: one look at an id tells the database. */
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('folder', 4611686018427387904), ('message', 4611686018427387904);"
    "CREATE TABLE account (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE);"
    "CREATE TABLE change (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, kind INTEGER NOT NULL,"
    " message INTEGER NOT NULL, folder INTEGER NOT NULL, target INTEGER NOT NULL, uid INTEGER NOT NULL,"
    " flags_add INTEGER NOT NULL, flags_remove INTEGER NOT NULL, folder_raw TEXT NOT NULL, target_raw TEXT NOT NULL,"
    " uidvalidity INTEGER NOT NULL);"
    "CREATE INDEX change_account ON change (account, id);"
    "CREATE INDEX change_message ON change (message);"
    "CREATE INDEX change_uid ON change (folder, uid);"
    "CREATE TABLE draft (id INTEGER PRIMARY KEY AUTOINCREMENT, saved INTEGER NOT NULL, account INTEGER NOT NULL,"
    " from_ TEXT NOT NULL, to_ TEXT NOT NULL, cc TEXT NOT NULL, bcc TEXT NOT NULL, reply_to TEXT NOT NULL,"
    " subject TEXT NOT NULL, body TEXT NOT NULL, in_reply_to TEXT NOT NULL, refs TEXT NOT NULL, protocol INTEGER NOT NULL,"
    " sign INTEGER NOT NULL, encrypt INTEGER NOT NULL, kind INTEGER NOT NULL, origin INTEGER NOT NULL,"
    " origin_encrypted INTEGER NOT NULL);"
    "CREATE TABLE attachment (id INTEGER PRIMARY KEY AUTOINCREMENT, draft INTEGER NOT NULL, name TEXT NOT NULL,"
    " type TEXT NOT NULL, size INTEGER NOT NULL, bytes BLOB NOT NULL);"
    "CREATE INDEX attachment_draft ON attachment (draft, id);"
    "CREATE TRIGGER draft_gone AFTER DELETE ON draft BEGIN DELETE FROM attachment WHERE draft = old.id; END;"
    "CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, account INTEGER NOT NULL, sender TEXT NOT NULL,"
    " subject TEXT NOT NULL, recipients TEXT NOT NULL, message_id TEXT NOT NULL, state INTEGER NOT NULL, status INTEGER NOT NULL,"
    " server_text TEXT NOT NULL, created INTEGER NOT NULL, not_before INTEGER NOT NULL, next_try INTEGER NOT NULL,"
    " attempts INTEGER NOT NULL, sent_copy_done INTEGER NOT NULL, draft INTEGER NOT NULL);"
    "CREATE TABLE transmission (id INTEGER PRIMARY KEY AUTOINCREMENT, outbox INTEGER NOT NULL, stage INTEGER NOT NULL,"
    " bytes BLOB NOT NULL);"
    "CREATE INDEX transmission_outbox ON transmission (outbox, id);"
    "CREATE TABLE recipient (transmission INTEGER NOT NULL, number INTEGER NOT NULL, address TEXT NOT NULL,"
    " PRIMARY KEY (transmission, number)) WITHOUT ROWID;"
    "CREATE TABLE sent_copy (outbox INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TRIGGER transmission_gone AFTER DELETE ON transmission BEGIN"
    " DELETE FROM recipient WHERE transmission = old.id; END;"
    "CREATE TRIGGER outbox_gone AFTER DELETE ON outbox BEGIN"
    " DELETE FROM transmission WHERE outbox = old.id; DELETE FROM sent_copy WHERE outbox = old.id; END;"
    "CREATE TABLE named_secret (name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE named_text (name TEXT PRIMARY KEY, value TEXT NOT NULL);",
    MAIL_KEYWORDS MAIL_LIGHTER
    /* What the person chose for a folder of a server: by its name, so that it survives the loss of the cache. */
    "CREATE TABLE folder_choice (account INTEGER NOT NULL, raw TEXT NOT NULL, watched INTEGER NOT NULL, pinned INTEGER NOT NULL,"
    " PRIMARY KEY (account, raw)) WITHOUT ROWID;"
    "ALTER TABLE change ADD COLUMN add_keywords TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE change ADD COLUMN remove_keywords TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE change ADD COLUMN source INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE change ADD COLUMN tried INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE change ADD COLUMN tried_uidvalidity INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE change ADD COLUMN tried_uidnext INTEGER NOT NULL DEFAULT 0;"
    "CREATE TABLE change_body (change INTEGER PRIMARY KEY, bytes BLOB NOT NULL);"
    "CREATE TRIGGER change_gone AFTER DELETE ON change BEGIN DELETE FROM change_body WHERE change = old.id; END;",
    /* What the server said of each recipient; the folder of sent mail as it was before the first try. */
    "ALTER TABLE recipient ADD COLUMN state INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE recipient ADD COLUMN code INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE recipient ADD COLUMN text TEXT NOT NULL DEFAULT '';"
    "UPDATE recipient SET state = 2 WHERE transmission IN (SELECT id FROM transmission WHERE stage = 2);"
    "ALTER TABLE outbox ADD COLUMN sent_uidvalidity INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE outbox ADD COLUMN sent_uidnext INTEGER NOT NULL DEFAULT 0;",
    "ALTER TABLE change ADD COLUMN other INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE change ADD COLUMN message_id TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE change ADD COLUMN size INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE change ADD COLUMN date INTEGER NOT NULL DEFAULT 0;"
    "CREATE INDEX change_coming ON change (folder) WHERE uid = 0;"
    "CREATE INDEX change_source ON change (source) WHERE source != 0;",
    MAIL_SEARCH
    "CREATE TABLE saved_search (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, query TEXT NOT NULL);",
};

static const struct {
    const char *const *steps;
    int n;
} schemas[] = {
    [SCHEMA_CACHE] = {cache_steps, sizeof cache_steps / sizeof *cache_steps},
    [SCHEMA_OWN] = {own_steps, sizeof own_steps / sizeof *own_steps},
};

enum sp_status
schema_migrate(struct db *db, enum schema which)
{
    int64_t done;
    enum sp_status st = db_number(db, "PRAGMA user_version", NULL, 0, &done);

    if (!st && done > schemas[which].n)
        st = SP_UNSUPPORTED;
    for (int i = (int)done; !st && i < schemas[which].n; i++) {
        char version[48];
        snprintf(version, sizeof version, "PRAGMA user_version = %d;", i + 1);
        st = db_script(db, "BEGIN IMMEDIATE;");
        if (st)
            break;
        st = db_script(db, schemas[which].steps[i]);
        if (!st)
            st = db_script(db, version);
        if (!st)
            st = db_script(db, "COMMIT;");
        if (st)
            db_rollback(db);
    }
    return st;
}
