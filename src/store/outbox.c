/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The outbox (own): messages, their transmissions with recipients and bytes, and the copy for Sent. */
#include <string.h>

#include "internal.h"

#define OUTBOX_COLUMNS                                                                                               \
    "id, account, sender, subject, recipients, message_id, state, status, server_text, created, not_before, next_try, attempts," \
    " sent_copy_done, draft, sent_uidvalidity, sent_uidnext"

enum sp_status
store_outbox_put(struct store *s, struct store_outbox *o)
{
    const struct db_arg args[] = {
        DB_I(o->account), DB_T(o->sender), DB_T(o->subject), DB_T(o->to), DB_T(o->message_id), DB_I(o->state), DB_I(o->status),
        DB_T(o->server_text), DB_I(o->created), DB_I(o->not_before), DB_I(o->next_try), DB_I(o->attempts),
        DB_I(o->sent_copy_done), DB_I(o->draft), DB_I(o->sent_uidvalidity), DB_I(o->sent_uidnext), DB_I(o->id),
    };

    if (o->id)
        return db_change(&s->own, "UPDATE outbox SET account = ?, sender = ?, subject = ?, recipients = ?, message_id = ?, state = ?,"
            " status = ?, server_text = ?, created = ?, not_before = ?, next_try = ?, attempts = ?, sent_copy_done = ?,"
            " draft = ?, sent_uidvalidity = ?, sent_uidnext = ? WHERE id = ?", args, 17);
    enum sp_status st = db_run(&s->own, "INSERT INTO outbox (account, sender, subject, recipients, message_id, state, status,"
        " server_text, created, not_before, next_try, attempts, sent_copy_done, draft, sent_uidvalidity, sent_uidnext)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", args, 16);
    if (!st)
        o->id = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    return st;
}

static enum sp_status
read_item(sqlite3_stmt *q, struct arena *a, struct store_outbox *out)
{
    *out = (struct store_outbox){
        .id = (uint64_t)sqlite3_column_int64(q, 0),
        .account = (uint32_t)sqlite3_column_int64(q, 1),
        .sender = db_text(q, 2, a),
        .subject = db_text(q, 3, a),
        .to = db_text(q, 4, a),
        .message_id = db_text(q, 5, a),
        .state = (enum sp_outbox_state)sqlite3_column_int(q, 6),
        .status = (enum sp_status)sqlite3_column_int(q, 7),
        .server_text = db_text(q, 8, a),
        .created = sqlite3_column_int64(q, 9),
        .not_before = sqlite3_column_int64(q, 10),
        .next_try = sqlite3_column_int64(q, 11),
        .attempts = (uint32_t)sqlite3_column_int64(q, 12),
        .sent_copy_done = sqlite3_column_int(q, 13) != 0,
        .draft = (uint64_t)sqlite3_column_int64(q, 14),
        .sent_uidvalidity = (uint32_t)sqlite3_column_int64(q, 15),
        .sent_uidnext = (uint32_t)sqlite3_column_int64(q, 16),
    };
    return out->sender && out->subject && out->to && out->message_id && out->server_text ? SP_OK : SP_NOMEM;
}

enum sp_status
store_outbox_get(struct store *s, uint64_t id, struct arena *a, struct store_outbox *out)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT " OUTBOX_COLUMNS " FROM outbox WHERE id = ?", DB_ARGS(DB_I(id)), &q);

    if (!st)
        st = db_step(&s->own, q);
    st = st == SP_EOF ? SP_NOT_FOUND : st ? st : read_item(q, a, out);
    db_end(q);
    return st;
}

enum sp_status
store_outbox_list(struct store *s, struct arena *a, struct store_outbox **out, size_t *n)
{
    int64_t count = 0;
    size_t found = 0;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM outbox", NULL, 0, &count);

    *n = 0;
    if (!st && !(*out = arena_array(a, (size_t)count, sizeof **out)))
        st = SP_NOMEM;
    if (!st)
        st = db_query(&s->own, "SELECT " OUTBOX_COLUMNS " FROM outbox ORDER BY id", NULL, 0, &q);
    while (!st && found < (size_t)count && !(st = db_step(&s->own, q)))
        st = read_item(q, a, &(*out)[found++]);
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    if (!st)
        *n = found;
    return st;
}

enum sp_status
store_outbox_remove(struct store *s, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM outbox WHERE id = ?", DB_ARGS(DB_I(id)));
}

/* --- transmissions */

enum sp_status
store_transmission_add(struct store *s, uint64_t outbox, const char *const *recipients, const void *bytes, size_t len, uint64_t *id)
{
    int64_t one;
    enum sp_status st = db_scope(&s->own);

    *id = 0;
    if (st)
        return st;
    st = db_number(&s->own, "SELECT 1 FROM outbox WHERE id = ?", DB_ARGS(DB_I(outbox)), &one);
    if (!st)
        st = db_run(&s->own, "INSERT INTO transmission (outbox, stage, bytes) VALUES (?, 0, ?)",
            DB_ARGS(DB_I(outbox), DB_B(bytes, len)));
    uint64_t made = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    for (int i = 0; !st && recipients[i]; i++)
        st = db_run(&s->own, "INSERT INTO recipient (transmission, number, address) VALUES (?, ?, ?)",
            DB_ARGS(DB_I(made), DB_I(i), DB_T(recipients[i])));
    st = db_scope_end(&s->own, st);
    if (!st)
        *id = made;
    return st;
}

static enum sp_status
read_recipient(sqlite3_stmt *q, struct arena *a, struct store_recipient *r)
{
    r->address = db_text(q, 0, a);
    r->state = sqlite3_column_int(q, 1);
    r->code = (uint16_t)sqlite3_column_int(q, 2);
    r->text = db_text(q, 3, a);
    return r->address && r->text ? SP_OK : SP_NOMEM;
}

static enum sp_status
read_recipients(struct store *s, struct arena *a, struct store_transmission *t)
{
    int64_t count = 0;
    const char **addresses = NULL;
    struct store_recipient *list = NULL;
    size_t n = 0;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM recipient WHERE transmission = ?", DB_ARGS(DB_I(t->id)), &count);

    if (!st && (!(addresses = arena_array(a, (size_t)count + 1, sizeof *addresses)) || !(list = arena_array(a, (size_t)count, sizeof *list))))
        st = SP_NOMEM;
    if (!st)
        st = db_query(&s->own, "SELECT address, state, code, text FROM recipient WHERE transmission = ? ORDER BY number", DB_ARGS(DB_I(t->id)), &q);
    while (!st && n < (size_t)count && !(st = db_step(&s->own, q))) {
        st = read_recipient(q, a, &list[n]);
        addresses[n] = list[n].address;
        n++;
    }
    db_end(q);
    t->recipients = addresses;
    t->list = list;
    t->n = n;
    return st == SP_EOF ? SP_OK : st;
}

enum sp_status
store_transmissions(struct store *s, uint64_t outbox, struct arena *a, struct store_transmission **out, size_t *n)
{
    int64_t count = 0;
    size_t found = 0;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM transmission WHERE outbox = ?", DB_ARGS(DB_I(outbox)), &count);

    *n = 0;
    if (!st && !(*out = arena_array(a, (size_t)count, sizeof **out)))
        st = SP_NOMEM;
    if (!st)
        st = db_query(&s->own, "SELECT id, stage FROM transmission WHERE outbox = ? ORDER BY id", DB_ARGS(DB_I(outbox)), &q);
    while (!st && found < (size_t)count && !(st = db_step(&s->own, q))) {
        struct store_transmission *t = &(*out)[found++];
        t->id = (uint64_t)sqlite3_column_int64(q, 0);
        t->outbox = outbox;
        t->stage = (uint8_t)sqlite3_column_int(q, 1);
    }
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    for (size_t i = 0; !st && i < found; i++)
        st = read_recipients(s, a, &(*out)[i]);
    if (!st)
        *n = found;
    return st;
}

enum sp_status
store_transmission_stage(struct store *s, uint64_t id, uint8_t stage)
{
    return db_change(&s->own, "UPDATE transmission SET stage = ? WHERE id = ?", DB_ARGS(DB_I(stage), DB_I(id)));
}

enum sp_status
store_recipient_put(struct store *s, uint64_t transmission, const struct store_recipient *r)
{
    return db_change(&s->own, "UPDATE recipient SET state = ?, code = ?, text = ? WHERE transmission = ? AND address = ?",
        DB_ARGS(DB_I(r->state), DB_I(r->code), DB_T(r->text), DB_I(transmission), DB_T(r->address)));
}

enum sp_status
store_recipients_again(struct store *s, uint64_t outbox)
{
    return db_run(&s->own, "UPDATE recipient SET state = 0 WHERE state = 3 AND transmission IN (SELECT id FROM transmission WHERE outbox = ?)",
        DB_ARGS(DB_I(outbox)));
}

enum sp_status
store_transmission_bytes(struct store *s, uint64_t id, int *fd)
{
    return db_blob_fd(&s->own, "transmission", "bytes", (int64_t)id, fd);
}

enum sp_status
store_outbox_sent_copy(struct store *s, uint64_t outbox, const void *bytes, size_t len)
{
    int64_t one;
    enum sp_status st = db_number(&s->own, "SELECT 1 FROM outbox WHERE id = ?", DB_ARGS(DB_I(outbox)), &one);
    return st ? st : db_run(&s->own, "INSERT OR REPLACE INTO sent_copy (outbox, bytes) VALUES (?, ?)",
        DB_ARGS(DB_I(outbox), DB_B(bytes, len)));
}

enum sp_status
store_outbox_sent_copy_get(struct store *s, uint64_t outbox, int *fd)
{
    return db_blob_fd(&s->own, "sent_copy", "bytes", (int64_t)outbox, fd);
}
