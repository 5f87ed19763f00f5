/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Reading messages: UID FETCH of headers, flags and whole messages. libetpan hands over each message as it comes (its handler works only
   with a progress callback set), so memory does not grow with the folder. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/memfd.h"
#include "imap_command.h"
#include "base/uidset.h"

#define CHUNK 5000           /* messages per command */
#define SPAN_TRUSTED 50000   /* larger sets are turned into existing UIDs first */
#define HEADER_MAX 262144    /* of a message's header: the server is asked for no more */
#define BODY_MAX 209715200   /* 200 MiB */
#define BATCH_MESSAGES 200
#define FEW 100              /* messages that are no large answer */
#define BATCH_BYTES 1048576

struct batch {
    struct imap *im;
    struct arena arena;
    struct wr_imap_message *messages; /* BATCH_MESSAGES of them */
    uint32_t n;
    uint64_t since;                   /* CHANGEDSINCE, 0 = everything */
    const char *asked;                /* the UIDs of the running command */
    uint32_t answers;                 /* FETCH lines that were asked for */
    struct buf seen;                  /* headers: UIDs of the running command, packed */
    uint32_t highest;                 /* of them */
    imap_headers_fn *on_headers;      /* one of the two */
    imap_flags_fn *on_flags;
    void *arg;
    enum sp_status status;
};

/* ---- one message */

static int64_t
internal_date(const struct mailimap_date_time *d)
{
    struct tm tm = {.tm_mday = d->dt_day, .tm_mon = d->dt_month - 1, .tm_year = d->dt_year - 1900, .tm_hour = d->dt_hour, .tm_min = d->dt_min, .tm_sec = d->dt_sec};
    int zone = d->dt_zone / 100 * 3600 + d->dt_zone % 100 * 60;
    return d->dt_month >= 1 && d->dt_month <= 12 ? (int64_t)timegm(&tm) - zone : 0;
}

static uint32_t
standard_flag(int type)
{
    switch (type) {
    case MAILIMAP_FLAG_ANSWERED: return SP_FLAG_ANSWERED;
    case MAILIMAP_FLAG_FLAGGED: return SP_FLAG_FLAGGED;
    case MAILIMAP_FLAG_DELETED: return SP_FLAG_DELETED;
    case MAILIMAP_FLAG_SEEN: return SP_FLAG_SEEN;
    case MAILIMAP_FLAG_DRAFT: return SP_FLAG_DRAFT;
    default: return 0;
    }
}

static void
read_flags(struct batch *b, const struct mailimap_msg_att_dynamic *dyn, struct wr_imap_message *m)
{
    struct buf keywords = BUF_INIT;
    m->flags = 0;
    for (clistiter *i = dyn && dyn->att_list ? clist_begin(dyn->att_list) : NULL; i; i = clist_next(i)) {
        const struct mailimap_flag_fetch *f = clist_content(i);
        if (f->fl_type != MAILIMAP_FLAG_FETCH_OTHER || !f->fl_flag)
            continue;
        const char *word = f->fl_flag->fl_type == MAILIMAP_FLAG_KEYWORD ? f->fl_flag->fl_data.fl_keyword : NULL;
        uint32_t bit = word ? imap_flag_bit(word) : standard_flag(f->fl_flag->fl_type);
        m->flags |= bit;
        if (word && !bit) {
            if (keywords.len)
                buf_addc(&keywords, ' ');
            buf_adds(&keywords, word);
        }
    }
    m->keywords = keywords.len ? arena_strdup(&b->arena, buf_str(&keywords)) : "";
    buf_release(&keywords);
}

static void
read_static(struct batch *b, const struct mailimap_msg_att_static *s, struct wr_imap_message *m)
{
    if (s->att_type == MAILIMAP_MSG_ATT_UID) {
        m->uid = s->att_data.att_uid;
    } else if (s->att_type == MAILIMAP_MSG_ATT_RFC822_SIZE) {
        m->size = s->att_data.att_rfc822_size;
    } else if (s->att_type == MAILIMAP_MSG_ATT_INTERNALDATE && s->att_data.att_internal_date) {
        m->internal_date = internal_date(s->att_data.att_internal_date);
    } else if (s->att_type == MAILIMAP_MSG_ATT_BODY_SECTION && s->att_data.att_body_section) {
        const struct mailimap_msg_att_body_section *body = s->att_data.att_body_section;
        size_t len = body->sec_body_part ? body->sec_length : 0;
        char *copy = len ? arena_alloc(&b->arena, len) : NULL;
        if (copy)
            memcpy(copy, body->sec_body_part, len);
        else if (len)
            b->status = SP_NOMEM;
        m->header = (struct wire_blob){copy ? copy : "", copy ? len : 0};
    }
}

static uint64_t
read_modseq(const struct mailimap_extension_data *ext)
{
    if (!ext || ext->ext_extension != &mailimap_extension_condstore || ext->ext_type != MAILIMAP_CONDSTORE_TYPE_FETCH_DATA || !ext->ext_data)
        return 0;
    return ((const struct mailimap_condstore_fetch_mod_resp *)ext->ext_data)->cs_modseq_value;
}

/* ---- batches */

static void
flush(struct batch *b)
{
    if (b->n && !b->status && b->on_headers)
        b->status = b->on_headers(b->arg, b->messages, b->n);
    if (b->n && !b->status && b->on_flags) {
        struct wr_imap_flags *flags = arena_array(&b->arena, b->n, sizeof *flags);
        for (uint32_t i = 0; flags && i < b->n; i++)
            flags[i] = (struct wr_imap_flags){b->messages[i].uid, b->messages[i].flags, b->messages[i].keywords, b->messages[i].modseq};
        b->status = flags ? b->on_flags(b->arg, flags, b->n) : SP_NOMEM;
    }
    b->n = 0;
    arena_clear(&b->arena);
}

/* Whether the running command brought this UID already. Servers answer in order, so that a look back is rare. */
static bool
came_before(struct batch *b, uint32_t uid)
{
    const uint32_t *seen = (const uint32_t *)(const void *)b->seen.data;
    if (!b->on_headers)
        return false; /* flags that are told twice do no harm */
    for (size_t i = b->seen.len / sizeof uid; uid <= b->highest && i-- > 0;)
        if (seen[i] == uid)
            return true;
    buf_add(&b->seen, &uid, sizeof uid);
    b->highest = uid > b->highest ? uid : b->highest;
    return false;
}

/* libetpan's handler: one FETCH response. Those that came by themselves (flag changes of other messages) are left out. */
static void
on_message(struct mailimap_msg_att *att, void *arg)
{
    struct batch *b = arg;
    bool has_flags = false;
    if (b->status || !b->messages)
        return;
    struct wr_imap_message *m = &b->messages[b->n];
    *m = (struct wr_imap_message){.keywords = "", .header = {"", 0}};
    for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
        const struct mailimap_msg_att_item *item = clist_content(i);
        if (item->att_type == MAILIMAP_MSG_ATT_ITEM_DYNAMIC) {
            read_flags(b, item->att_data.att_dyn, m);
            has_flags = true;
        } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_STATIC && item->att_data.att_static) {
            read_static(b, item->att_data.att_static, m);
        } else if (item->att_type == MAILIMAP_MSG_ATT_ITEM_EXTENSION) {
            m->modseq = read_modseq(item->att_data.att_extension_data);
        }
    }
    if (!m->keywords)
        b->status = SP_NOMEM;
    if (m->uid == 0 || !has_flags || (b->on_headers && m->header.len == 0 && m->size == 0) || !uidset_has(b->asked, m->uid) || came_before(b, m->uid))
        return;
    b->n++;
    b->answers++;
    if (b->n == BATCH_MESSAGES || b->arena.used >= BATCH_BYTES)
        flush(b);
}

static void
no_progress(size_t done, size_t total, void *arg)
{
    (void)done;
    (void)total;
    (void)arg;
}

static enum sp_status
run_command(struct batch *b, const struct filter_limits *limits, const char *command)
{
    struct imap *im = b->im;
    if (!im->session)
        return SP_DISCONNECTED;
    mailimap_set_progress_callback(im->session, no_progress, no_progress, NULL);
    mailimap_set_msg_att_handler(im->session, on_message, b);
    enum sp_status st = imap_parsed(im, IMAP_LONG_MS, limits, command);
    if (im->session)
        mailimap_set_msg_att_handler(im->session, NULL, NULL);
    flush(b);
    buf_release(&b->seen);
    b->highest = 0;
    struct filter_notes *n = &im->stream.filter.notes; /* what is left are changes that came by themselves */
    n->fetches -= b->answers < n->fetches ? b->answers : n->fetches;
    b->answers = 0;
    return st ? st : b->status;
}

/* Of the answer to one command about headers. */
static struct filter_limits
header_limits(void)
{
    struct filter_limits limits = filter_limits_imap;
    limits.literal = HEADER_MAX;
    limits.total = (uint64_t)CHUNK * (HEADER_MAX + 4096);
    return limits;
}

/* One UID FETCH of a set that names at most about CHUNK messages. */
static enum sp_status
fetch_piece(struct batch *b, const char *set, const char *items)
{
    struct imap *im = b->im;
    struct buf command = BUF_INIT;
    struct filter_limits limits = b->on_headers ? header_limits() : filter_limits_imap;
    buf_addf(&command, "UID FETCH %s (%s)", set, items);
    if (b->since) { /* as many as the folder has */
        limits.lines = MAX_CHANGES;
        limits.total = (uint64_t)MAX_CHANGES * 512;
        buf_addf(&command, " (CHANGEDSINCE %llu%s)", (unsigned long long)b->since, im->stream.filter.notes.qresync ? " VANISHED" : "");
    }
    b->asked = set;
    enum sp_status st = command.failed ? SP_NOMEM : run_command(b, &limits, command.data);
    buf_release(&command);
    return st;
}

enum sp_status
imap_parsed_flags(struct imap *im, const struct filter_limits *limits, const char *command, imap_flags_fn *fn, void *arg)
{
    struct batch b = {.im = im, .on_flags = fn, .arg = arg, .asked = "1:*"};
    b.messages = calloc(BATCH_MESSAGES, sizeof *b.messages);
    enum sp_status st = b.messages ? run_command(&b, limits, command) : SP_NOMEM;
    free(b.messages);
    arena_release(&b.arena);
    return st;
}

/* ---- cutting sets into commands */

static enum sp_status
fetch_uids(struct batch *b, const uint32_t *uids, size_t count, const char *items)
{
    enum sp_status st = SP_OK;
    for (size_t at = 0; at < count && !st; at += CHUNK) {
        struct buf set = BUF_INIT;
        struct buf piece = BUF_INIT;
        uidset_add(&set, uids + at, count - at < CHUNK ? count - at : CHUNK);
        const char *rest = buf_str(&set);
        if (set.failed)
            st = SP_NOMEM;
        while (!st && uidset_piece(&rest, 8000, &piece))
            st = fetch_piece(b, buf_str(&piece), items);
        buf_release(&set);
        buf_release(&piece);
    }
    return st;
}

/* Asks which of the UIDs exist, then fetches those. */
static enum sp_status
fetch_existing(struct batch *b, const char *set, const char *items)
{
    struct buf piece = BUF_INIT, uids = BUF_INIT;
    const char *whole = set;
    enum sp_status st = SP_OK;
    while (!st && uidset_piece(&set, 4000, &piece)) {
        struct buf criteria = BUF_INIT;
        buf_addf(&criteria, "UID %s", buf_str(&piece));
        st = criteria.failed ? SP_NOMEM : imap_search_plain(b->im, criteria.data, &uids);
        buf_release(&criteria);
    }
    if (!st)
        st = buf_status(&uids);
    if (!st && uids.len) {
        uint32_t *list = (uint32_t *)(void *)uids.data;
        size_t count = uidset_sort(list, uids.len / sizeof *list);
        b->asked = whole;
        if (count > 1 || uidset_has(b->asked, list[0])) /* "9:*" names the last message even when its UID is lower */
            st = fetch_uids(b, list, count, items);
    }
    buf_release(&piece);
    buf_release(&uids);
    return st;
}

/* A set that names few enough UIDs is expanded without asking. */
static enum sp_status
fetch_named(struct batch *b, const char *set, const char *items)
{
    struct uid_range r;
    struct buf uids = BUF_INIT;
    while (uidset_next(&set, &r))
        for (uint64_t uid = r.first; uid <= r.last; uid++) {
            uint32_t n = (uint32_t)uid;
            buf_add(&uids, &n, sizeof n);
        }
    uint32_t *list = (uint32_t *)(void *)uids.data;
    enum sp_status st = uids.failed ? SP_NOMEM : fetch_uids(b, list, uidset_sort(list, uids.len / sizeof *list), items);
    buf_release(&uids);
    return st;
}

/* The server names only what changed, however many UIDs the set has. */
static enum sp_status
fetch_changed(struct batch *b, const char *set, const char *items)
{
    struct buf piece = BUF_INIT;
    enum sp_status st = SP_OK;
    while (!st && uidset_piece(&set, 8000, &piece))
        st = fetch_piece(b, buf_str(&piece), items);
    buf_release(&piece);
    return st;
}

static enum sp_status
fetch(struct batch *b, const char *set, const char *items)
{
    if (!uidset_valid(set))
        return SP_INVALID;
    enum sp_status st = uidset_span(set) >= FEW ? imap_prepare_bulk(b->im) : SP_OK;
    if (st)
        return st;
    b->messages = calloc(BATCH_MESSAGES, sizeof *b->messages);
    if (!b->messages)
        return SP_NOMEM;
    st = b->since ? fetch_changed(b, set, items) : uidset_span(set) > SPAN_TRUSTED ? fetch_existing(b, set, items) : fetch_named(b, set, items);
    free(b->messages);
    arena_release(&b->arena);
    return st;
}

/* What the list, the threads and the search need; on a slow line a whole header would cost three times as much. */
#define FIELDS "FROM SENDER TO CC SUBJECT DATE MESSAGE-ID IN-REPLY-TO REFERENCES LIST-ID CONTENT-TYPE"
#define HEADER_ITEMS(modseq) "UID FLAGS INTERNALDATE RFC822.SIZE" modseq " BODY.PEEK[HEADER.FIELDS (" FIELDS ")]<0.262144>"

static const char *
header_items(const struct imap *im)
{
    return im->modseq ? HEADER_ITEMS(" MODSEQ") : HEADER_ITEMS("");
}

enum sp_status
imap_fetch_newest(struct imap *im, uint32_t count, imap_headers_fn *fn, void *arg)
{
    struct batch b = {.im = im, .on_headers = fn, .arg = arg, .asked = "1:*"};
    struct filter_limits limits = header_limits();
    struct buf command = BUF_INIT;
    uint32_t exists = im->stream.filter.notes.exists;
    if (!im->selected)
        return SP_INVALID;
    if (exists == 0 || count == 0)
        return SP_OK;
    if (count > CHUNK)
        count = CHUNK;
    buf_addf(&command, "FETCH %u:* (%s)", exists > count ? exists - count + 1 : 1, header_items(im));
    b.messages = calloc(BATCH_MESSAGES, sizeof *b.messages);
    enum sp_status st = b.messages && !command.failed ? run_command(&b, &limits, command.data) : SP_NOMEM;
    free(b.messages);
    arena_release(&b.arena);
    buf_release(&command);
    return st;
}

enum sp_status
imap_fetch_headers(struct imap *im, const char *uid_set, imap_headers_fn *fn, void *arg)
{
    struct batch b = {.im = im, .on_headers = fn, .arg = arg};
    return fetch(&b, uid_set, header_items(im));
}

enum sp_status
imap_fetch_flags(struct imap *im, const char *uid_set, uint64_t since, imap_flags_fn *fn, imap_vanished_fn *vanished, void *arg)
{
    struct batch b = {.im = im, .since = im->modseq ? since : 0, .on_flags = fn, .arg = arg};
    enum sp_status st = fetch(&b, uid_set, im->modseq ? "UID FLAGS MODSEQ" : "UID FLAGS");
    if (!st)
        imap_tell_vanished(im, vanished, arg);
    return st;
}

/* ---- whole messages */

struct body {
    struct imap *im;
    int fd;
    uint64_t got;
    uint32_t uid, seen_uid;
    bool any;
    imap_progress_fn *fn;
    void *arg;
};

/* libetpan's body handler: a piece of the literal. */
static bool
on_body(int type, struct mailimap_msg_att_body_section *section, const char *bytes, size_t len, void *arg)
{
    struct body *b = arg;
    (void)type;
    (void)section;
    b->any = true;
    b->got += len;
    while (len) {
        ssize_t n = write(b->fd, bytes, len);
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

static void
on_body_message(struct mailimap_msg_att *att, void *arg)
{
    struct body *b = arg;
    bool body = false;
    uint32_t uid = 0;
    for (clistiter *i = clist_begin(att->att_list); i; i = clist_next(i)) {
        const struct mailimap_msg_att_item *item = clist_content(i);
        if (item->att_type != MAILIMAP_MSG_ATT_ITEM_STATIC || !item->att_data.att_static)
            continue;
        const struct mailimap_msg_att_static *s = item->att_data.att_static;
        if (s->att_type == MAILIMAP_MSG_ATT_UID)
            uid = s->att_data.att_uid;
        if (s->att_type != MAILIMAP_MSG_ATT_BODY_SECTION)
            continue;
        body = true;
        const struct mailimap_msg_att_body_section *section = s->att_data.att_body_section;
        if (!b->any && section && section->sec_body_part && section->sec_length) /* a quoted string */
            (void)on_body(0, NULL, section->sec_body_part, section->sec_length, b);
        b->any = true;
    }
    if (body)
        b->seen_uid = b->seen_uid ? UINT32_MAX : uid; /* two bodies cannot be told apart */
}

static void
on_received(void *arg, uint64_t received)
{
    struct body *b = arg;
    uint64_t total = b->im->stream.filter.literal_size;
    if (b->fn && total)
        b->fn(b->arg, received < total ? received : total, total);
}

enum sp_status
imap_fetch_body(struct imap *im, uint32_t uid, imap_progress_fn *fn, void *arg, int *fd)
{
    struct body b = {.im = im, .fd = -1, .uid = uid, .fn = fn, .arg = arg};
    struct filter_limits limits = filter_limits_imap;
    char command[64];
    if (uid == 0)
        return SP_INVALID;
    if (!im->session)
        return SP_DISCONNECTED;
    enum sp_status st = imap_prepare_bulk(im);
    if (!st)
        st = memfd_open(&b.fd);
    if (st)
        return st;
    limits.literal = BODY_MAX;
    limits.total = BODY_MAX + (64u << 20);
    (void)snprintf(command, sizeof command, "UID FETCH %u (UID BODY.PEEK[])", uid);
    im->stream.on_progress = on_received;
    im->stream.progress_arg = &b;
    mailimap_set_progress_callback(im->session, no_progress, no_progress, NULL);
    mailimap_set_msg_att_handler(im->session, on_body_message, &b);
    mailimap_set_msg_body_handler(im->session, on_body, &b);
    st = imap_parsed(im, IMAP_LONG_MS, &limits, command);
    im->stream.on_progress = NULL;
    if (im->session) {
        mailimap_set_msg_att_handler(im->session, NULL, NULL);
        mailimap_set_msg_body_handler(im->session, NULL, NULL);
    }
    if (!st && b.any) {
        struct filter_notes *n = &im->stream.filter.notes;
        n->fetches -= n->fetches ? 1 : 0;
    }
    if (!st && !b.any)
        st = SP_NOT_FOUND;
    if (!st && b.seen_uid != uid)
        st = imap_drop(im, SP_PROTOCOL); /* not the message that was asked for */
    if (!st)
        st = memfd_seal(b.fd);
    if (st)
        (void)close(b.fd);
    else
        *fd = b.fd;
    return st;
}
