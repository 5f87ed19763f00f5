/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Drafts and their attachments (own). Columns, not an encoded record: a draft must outlive the program that wrote it. */
#include <string.h>
#include <time.h>

#include "internal.h"

enum sp_status
store_draft_put(struct store *s, struct wr_draft *d)
{
    struct db_arg args[] = {
        DB_I(time(NULL)), DB_I(d->account), DB_T(d->from), DB_T(d->to), DB_T(d->cc), DB_T(d->bcc), DB_T(d->reply_to),
        DB_T(d->subject), DB_T(d->body), DB_T(d->in_reply_to), DB_T(d->references), DB_I(d->protocol), DB_I(d->sign),
        DB_I(d->encrypt), DB_I(d->kind), DB_I(d->origin), DB_I(d->origin_encrypted), DB_I(d->id),
    };

    if (d->id)
        return db_change(&s->own, "UPDATE draft SET saved = ?, account = ?, from_ = ?, to_ = ?, cc = ?, bcc = ?, reply_to = ?,"
            " subject = ?, body = ?, in_reply_to = ?, refs = ?, protocol = ?, sign = ?, encrypt = ?, kind = ?, origin = ?,"
            " origin_encrypted = ? WHERE id = ?", args, 18);
    enum sp_status st = db_run(&s->own, "INSERT INTO draft (saved, account, from_, to_, cc, bcc, reply_to, subject, body,"
        " in_reply_to, refs, protocol, sign, encrypt, kind, origin, origin_encrypted)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", args, 17);
    if (!st)
        d->id = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    return st;
}

static enum sp_status
read_attachments(struct store *s, struct arena *a, struct wr_draft *d)
{
    int64_t n = 0;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM attachment WHERE draft = ?", DB_ARGS(DB_I(d->id)), &n);

    if (!st && !(d->attachments = arena_array(a, (size_t)n, sizeof *d->attachments)))
        st = SP_NOMEM;
    if (!st)
        st = db_query(&s->own, "SELECT id, name, type, size FROM attachment WHERE draft = ? ORDER BY id", DB_ARGS(DB_I(d->id)), &q);
    while (!st && d->attachments_n < n && !(st = db_step(&s->own, q))) {
        struct wr_draft_attachment *at = &d->attachments[d->attachments_n++];
        at->id = (uint64_t)sqlite3_column_int64(q, 0);
        at->name = db_text(q, 1, a);
        at->type = db_text(q, 2, a);
        at->size = (uint64_t)sqlite3_column_int64(q, 3);
        st = at->name && at->type ? SP_OK : SP_NOMEM;
    }
    db_end(q);
    return st == SP_EOF ? SP_OK : st;
}

enum sp_status
store_draft_get(struct store *s, uint64_t id, struct arena *a, struct wr_draft *out)
{
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_query(&s->own, "SELECT account, protocol, sign, encrypt, kind, origin, origin_encrypted, from_, to_, cc,"
        " bcc, reply_to, subject, body, in_reply_to, refs FROM draft WHERE id = ?", DB_ARGS(DB_I(id)), &q);

    memset(out, 0, sizeof *out);
    if (!st)
        st = db_step(&s->own, q);
    if (!st) {
        const char **texts[] = {&out->from, &out->to, &out->cc, &out->bcc, &out->reply_to, &out->subject, &out->body,
            &out->in_reply_to, &out->references};
        out->id = id;
        out->account = (uint32_t)sqlite3_column_int64(q, 0);
        out->protocol = (uint8_t)sqlite3_column_int(q, 1);
        out->sign = (uint8_t)sqlite3_column_int(q, 2);
        out->encrypt = (uint8_t)sqlite3_column_int(q, 3);
        out->kind = (uint8_t)sqlite3_column_int(q, 4);
        out->origin = (uint64_t)sqlite3_column_int64(q, 5);
        out->origin_encrypted = (uint8_t)sqlite3_column_int(q, 6);
        for (int i = 0; i < 9; i++)
            if (!(*texts[i] = db_text(q, 7 + i, a)))
                st = SP_NOMEM;
    }
    db_end(q);
    return st == SP_EOF ? SP_NOT_FOUND : st ? st : read_attachments(s, a, out);
}

/* All drafts, the last saved first. */
enum sp_status
store_drafts(struct store *s, struct arena *a, struct wr_draft **out, size_t *n)
{
    int64_t count = 0;
    uint64_t *ids = NULL;
    size_t found = 0;
    sqlite3_stmt *q = NULL;
    enum sp_status st = db_number(&s->own, "SELECT count(*) FROM draft", NULL, 0, &count);

    *out = NULL;
    *n = 0;
    if (!st && (!(ids = arena_array(a, (size_t)count, sizeof *ids)) || !(*out = arena_array(a, (size_t)count, sizeof **out))))
        st = SP_NOMEM;
    if (!st)
        st = db_query(&s->own, "SELECT id FROM draft ORDER BY saved DESC, id DESC", NULL, 0, &q);
    while (!st && found < (size_t)count && !(st = db_step(&s->own, q)))
        ids[found++] = (uint64_t)sqlite3_column_int64(q, 0);
    db_end(q);
    st = st == SP_EOF ? SP_OK : st;
    for (size_t i = 0; !st && i < found; i++)
        st = store_draft_get(s, ids[i], a, &(*out)[i]);
    if (!st)
        *n = found;
    return st;
}

enum sp_status
store_draft_remove(struct store *s, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM draft WHERE id = ?", DB_ARGS(DB_I(id)));
}

enum sp_status
store_attachment_put(struct store *s, uint64_t draft, const char *name, const char *type, const void *bytes, size_t len, uint64_t *id)
{
    int64_t one;
    enum sp_status st = db_number(&s->own, "SELECT 1 FROM draft WHERE id = ?", DB_ARGS(DB_I(draft)), &one);

    *id = 0;
    if (!st)
        st = db_run(&s->own, "INSERT INTO attachment (draft, name, type, size, bytes) VALUES (?, ?, ?, ?, ?)",
            DB_ARGS(DB_I(draft), DB_T(name), DB_T(type), DB_I(len), DB_B(bytes, len)));
    if (!st)
        *id = (uint64_t)sqlite3_last_insert_rowid(s->own.handle);
    return st;
}

enum sp_status
store_attachment_get(struct store *s, uint64_t id, int *fd)
{
    return db_blob_fd(&s->own, "attachment", "bytes", (int64_t)id, fd);
}

enum sp_status
store_attachment_remove(struct store *s, uint64_t draft, uint64_t id)
{
    return db_change(&s->own, "DELETE FROM attachment WHERE draft = ? AND id = ?", DB_ARGS(DB_I(draft), DB_I(id)));
}
