/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Folders and what changes messages in them: LIST, CREATE, SELECT, SEARCH, STORE, MOVE, EXPUNGE, APPEND. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "imap_command.h"
#include "base/uidset.h"
#include "imap_name.h"

#define MAX_FOLDERS 100000
#define SET_BYTES 4000    /* of a UID set in one command */
#define MAX_KEYWORD 200
#define INLINE_LITERAL 4096 /* LITERAL- (RFC 7888) */
#define WAITED_LITERAL 65536 /* larger ones wait for the server's consent even with LITERAL+ */

/* ---- LIST */

static bool
has_oflag(const struct mailimap_mailbox_list *mb, const char *name)
{
    if (!mb->mb_flag || !mb->mb_flag->mbf_oflags)
        return false;
    for (clistiter *i = clist_begin(mb->mb_flag->mbf_oflags); i; i = clist_next(i)) {
        const struct mailimap_mbx_list_oflag *o = clist_content(i);
        if (o->of_type == MAILIMAP_MBX_LIST_OFLAG_FLAG_EXT && o->of_flag_ext) {
            const char *have = o->of_flag_ext;
            if (strcasecmp(*have == '\\' ? have + 1 : have, name) == 0)
                return true;
        }
    }
    return false;
}

static uint8_t
folder_role(const struct mailimap_mailbox_list *mb, const char *name)
{
    static const struct {
        const char *flag;
        uint8_t role;
    } uses[] = {{"Drafts", SP_FOLDER_DRAFTS}, {"Sent", SP_FOLDER_SENT}, {"Archive", SP_FOLDER_ARCHIVE}, {"Junk", SP_FOLDER_JUNK},
                {"Trash", SP_FOLDER_TRASH}, {"All", SP_FOLDER_ALL}, {"Flagged", SP_FOLDER_FLAGGED}};
    if (strcasecmp(name, "INBOX") == 0)
        return SP_FOLDER_INBOX;
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++)
        if (has_oflag(mb, uses[i].flag))
            return uses[i].role;
    return SP_FOLDER_NONE;
}

/* A name that could not be said to the server again is no folder to us. */
static bool
usable_name(const char *name)
{
    if (!*name)
        return false;
    for (; *name; name++)
        if ((unsigned char)*name < ' ' || *name == 0x7f)
            return false;
    return true;
}

#define STATUS_ITEMS "MESSAGES UIDNEXT UIDVALIDITY UNSEEN"

static const char *
status_items(const struct imap *im)
{
    return im->capabilities & SP_IMAP_CONDSTORE ? STATUS_ITEMS " HIGHESTMODSEQ" : STATUS_ITEMS;
}

/* What a STATUS line said of the folder (raw NULL: of any), if it is all there. */
static void
find_state(const struct imap *im, const char *raw, struct wr_imap_state *out)
{
    const struct buf *b = &im->stream.filter.notes.states;
    struct filter_status s;
    for (size_t at = 0; at < b->len; at += sizeof s + strlen(b->data + at + sizeof s) + 1) {
        memcpy(&s, b->data + at, sizeof s);
        if ((!raw || strcmp(b->data + at + sizeof s, raw) == 0) && s.uidvalidity && s.uidnext)
            *out = (struct wr_imap_state){.told = 1, .uidvalidity = s.uidvalidity, .uidnext = s.uidnext, .exists = s.exists, .unseen = s.unseen,
                                          .highestmodseq = s.highestmodseq};
    }
}

static enum sp_status
copy_folder(const struct imap *im, const struct mailimap_mailbox_list *mb, struct arena *arena, struct wr_imap_folder *out)
{
    struct buf name = BUF_INIT;
    bool noselect = mb->mb_flag && mb->mb_flag->mbf_type == MAILIMAP_MBX_LIST_FLAGS_SFLAG && mb->mb_flag->mbf_sflag == MAILIMAP_MBX_LIST_SFLAG_NOSELECT;
    imap_name_decode(mb->mb_name, &name);
    *out = (struct wr_imap_folder){
        .raw = arena_strdup(arena, mb->mb_name),
        .name = name.failed ? NULL : arena_strdup(arena, buf_str(&name)),
        .delimiter = mb->mb_delimiter ? arena_strndup(arena, &mb->mb_delimiter, 1) : "",
        .role = folder_role(mb, mb->mb_name),
        .selectable = !noselect && !has_oflag(mb, "Noselect") && !has_oflag(mb, "NonExistent"),
    };
    buf_release(&name);
    find_state(im, mb->mb_name, &out->state);
    return out->raw && out->name && out->delimiter ? SP_OK : SP_NOMEM;
}

enum sp_status
imap_status(struct imap *im, const char *raw, struct wr_imap_state *out)
{
    struct buf quoted = BUF_INIT;
    enum sp_status st = imap_quote(&quoted, raw);
    *out = (struct wr_imap_state){0};
    if (!st)
        st = imap_raw(im, &filter_limits_imap, "STATUS %s (%s)", quoted.data, status_items(im));
    buf_release(&quoted);
    if (!st)
        find_state(im, NULL, out);
    return st;
}

/* The name without what merely says that it is the person's own: "INBOX." of some servers, "[Gmail]/". */
static const char *
own_name(const struct wr_imap_folder *f)
{
    const char *at = *f->delimiter ? strchr(f->name, *f->delimiter) : NULL;
    size_t len = at ? (size_t)(at - f->name) : 0;
    bool prefix = (len == 5 && strncasecmp(f->name, "INBOX", 5) == 0) || (len > 2 && *f->name == '[' && f->name[len - 1] == ']');
    return prefix ? at + 1 : f->name;
}

/* Roles that the server gave to no folder go by the name. */
static void
guess_roles(struct wm_imap_folders *all)
{
    static const struct {
        uint8_t role;
        const char *name;
    } names[] = {
#define NAME(role, name) {SP_FOLDER_##role, name},
#include "folder_names.def"
#undef NAME
    };
    bool taken[SP_FOLDER_ROLE_COUNT] = {false};
    for (uint32_t i = 0; i < all->folders_n; i++)
        taken[all->folders[i].role] = true;
    for (size_t k = 0; k < sizeof names / sizeof *names; k++)
        for (uint32_t i = 0; !taken[names[k].role] && i < all->folders_n; i++) {
            struct wr_imap_folder *f = &all->folders[i];
            if (f->role == SP_FOLDER_NONE && f->selectable && strcasecmp(own_name(f), names[k].name) == 0) {
                f->role = names[k].role;
                taken[f->role] = true;
            }
        }
}

enum sp_status
imap_list(struct imap *im, struct arena *arena, struct wm_imap_folders *out)
{
    struct filter_limits limits = filter_limits_imap;
    struct buf command = BUF_INIT;
    bool extended = imap_has(im, "LIST-EXTENDED"), special = extended && im->capabilities & SP_IMAP_SPECIAL_USE, status = imap_has(im, "LIST-STATUS");
    limits.literal = 4096;
    limits.lines = 2 * MAX_FOLDERS;
    buf_adds(&command, "LIST \"\" \"*\"");
    if (special || status)
        buf_addf(&command, " RETURN (%s%s", special ? "SPECIAL-USE" : "", special && status ? " " : "");
    if (status)
        buf_addf(&command, "STATUS (%s)", status_items(im));
    if (special || status)
        buf_addc(&command, ')');
    enum sp_status st = command.failed ? SP_NOMEM : imap_parsed(im, IMAP_TOTAL_MS, &limits, command.data);
    buf_release(&command);
    if (st)
        return st;
    clist *list = im->session->imap_response_info ? im->session->imap_response_info->rsp_mailbox_list : NULL;
    size_t count = list ? (size_t)clist_count(list) : 0;
    out->folders = arena_array(arena, count ? count : 1, sizeof *out->folders);
    out->folders_n = 0;
    if (!out->folders)
        return SP_NOMEM;
    for (clistiter *i = list ? clist_begin(list) : NULL; i && !st; i = clist_next(i))
        if (usable_name(((const struct mailimap_mailbox_list *)clist_content(i))->mb_name))
            st = copy_folder(im, clist_content(i), arena, &out->folders[out->folders_n++]);
    if (!st)
        guess_roles(out);
    return st;
}

/* Asked once, before the first folder is made (RFC 2342). A server that refuses has none. */
static enum sp_status
learn_namespace(struct imap *im)
{
    if (im->prefixed || !(imap_has(im, "NAMESPACE") || imap_has(im, "IMAP4REV2")))
        return SP_OK;
    enum sp_status st = imap_raw(im, &filter_limits_imap, "NAMESPACE");
    im->prefixed = true;
    return imap_is_open(im) ? SP_OK : st;
}

static enum sp_status
into_namespace(struct imap *im, struct buf *name)
{
    struct buf whole = BUF_INIT;
    const char *prefix = buf_str(&im->stream.filter.notes.prefix);
    if (!*prefix || strncmp(buf_str(name), prefix, strlen(prefix)) == 0)
        return SP_OK;
    buf_addf(&whole, "%s%s", prefix, buf_str(name));
    buf_release(name);
    *name = whole;
    return buf_status(name);
}

enum sp_status
imap_create(struct imap *im, const char *raw)
{
    struct buf name = BUF_INIT, quoted = BUF_INIT;
    bool ascii = true;
    enum sp_status st = SP_OK;
    for (const char *p = raw; *p; p++)
        ascii = ascii && (unsigned char)*p < 0x80;
    if (ascii)
        buf_adds(&name, raw);
    else
        st = imap_name_encode(raw, &name);
    if (!st)
        st = buf_status(&name);
    if (!st)
        st = learn_namespace(im);
    if (!st)
        st = into_namespace(im, &name);
    if (!st)
        st = imap_quote(&quoted, buf_str(&name));
    if (!st)
        st = imap_raw(im, &filter_limits_imap, "CREATE %s", quoted.data);
    if (st == SP_SERVER_NO && strncasecmp(buf_str(&im->stream.filter.notes.code), "ALREADYEXISTS", 13) == 0)
        st = SP_EXISTS;
    buf_release(&name);
    buf_release(&quoted);
    return st;
}

/* SELECT (QRESYNC ...), RFC 7162 section 3.2.5. A server that offers it and then does not understand it loses it. */
static enum sp_status
select_changed(struct imap *im, const char *select, const struct wm_imap_select *m, imap_flags_fn *flags, void *arg)
{
    struct filter_limits limits = filter_limits_imap;
    struct buf command = BUF_INIT;
    limits.lines = MAX_CHANGES;
    limits.total = (uint64_t)MAX_CHANGES * 512;
    limits.uidvalidity = m->uidvalidity;
    buf_addf(&command, "%s (QRESYNC (%u %llu))", select, m->uidvalidity, (unsigned long long)m->modseq);
    enum sp_status st = command.failed ? SP_NOMEM : imap_parsed_flags(im, &limits, command.data, flags, arg);
    buf_release(&command);
    if (st == SP_SERVER_NO && im->stream.filter.notes.reply == FILTER_BAD) {
        im->capabilities &= ~(uint32_t)SP_IMAP_QRESYNC;
        st = SP_UNSUPPORTED;
    }
    return st;
}

enum sp_status
imap_select(struct imap *im, const struct wm_imap_select *m, imap_flags_fn *flags, imap_vanished_fn *vanished, void *arg, struct wm_imap_selected *out)
{
    struct filter_notes *n = &im->stream.filter.notes;
    struct buf command = BUF_INIT;
    bool resync = m->uidvalidity && m->modseq && im->capabilities & SP_IMAP_QRESYNC;
    buf_adds(&command, m->read_only ? "EXAMINE " : "SELECT ");
    enum sp_status st = imap_quote(&command, m->raw);
    n->exists = 0;
    buf_clear(&n->vanished);
    im->selected = false;
    if (!st && resync) {
        st = select_changed(im, command.data, m, flags, arg);
        resync = st != SP_UNSUPPORTED;
    }
    if (!st && !resync)
        st = SP_UNSUPPORTED;
    if (st == SP_UNSUPPORTED)
        st = imap_raw(im, &filter_limits_imap, "%s%s", command.data, im->capabilities & SP_IMAP_CONDSTORE ? " (CONDSTORE)" : "");
    buf_release(&command);
    if (st)
        return st;
    if (n->uidvalidity == 0) /* no UIDs that mean anything: nothing can be kept of such a folder */
        return SP_UNSUPPORTED;
    im->selected = true;
    im->session->imap_state = MAILIMAP_STATE_SELECTED;
    im->modseq = n->highestmodseq != 0 && im->capabilities & SP_IMAP_CONDSTORE;
    n->exists_seen = n->expunges = n->fetches = 0;
    /* A server that contradicts itself is not believed: everything is compared then. */
    resync = resync && n->qresync && !n->early && n->uidvalidity == m->uidvalidity && n->highestmodseq >= m->modseq;
    if (resync)
        imap_tell_vanished(im, vanished, arg);
    buf_release(&n->vanished);
    *out = (struct wm_imap_selected){.uidvalidity = n->uidvalidity, .uidnext = n->uidnext, .exists = n->exists,
                                     .highestmodseq = n->highestmodseq, .keywords_allowed = n->any_keyword || !n->permanent, .resynced = resync}; /* untold: everything is permanent (RFC 9051 section 7.1) */
    return SP_OK;
}

/* ---- changes */

/* Runs "PREFIX set SUFFIX" for the whole set, in pieces that fit into a command line. */
static enum sp_status
for_set(struct imap *im, const char *prefix, const char *set, const char *suffix)
{
    struct buf piece = BUF_INIT;
    enum sp_status st = uidset_valid(set) ? SP_OK : SP_INVALID;
    while (!st && uidset_piece(&set, SET_BYTES, &piece))
        st = imap_raw(im, &filter_limits_imap, "%s %s%s%s", prefix, buf_str(&piece), *suffix ? " " : "", suffix);
    buf_release(&piece);
    return st;
}

bool
imap_keyword_valid(const char *word)
{
    if (!*word || strlen(word) > MAX_KEYWORD)
        return false;
    for (; *word; word++)
        if (*word <= ' ' || *word >= 0x7f || strchr("(){%*\"\\]", *word))
            return false;
    return true;
}

static enum sp_status
store_one(struct imap *im, const char *set, char sign, uint32_t flags, const struct wr_text *keywords, uint32_t n)
{
    struct buf suffix = BUF_INIT;
    for (uint32_t i = 0; i < n; i++)
        if (!imap_keyword_valid(keywords[i].text))
            return SP_INVALID;
    if (!flags && !n)
        return SP_OK;
    buf_addf(&suffix, "%cFLAGS.SILENT ", sign);
    imap_add_flags(&suffix, flags);
    buf_truncate(&suffix, suffix.len - 1);
    for (uint32_t i = 0; i < n; i++)
        buf_addf(&suffix, "%s%s", suffix.data[suffix.len - 1] == '(' ? "" : " ", keywords[i].text);
    buf_addc(&suffix, ')');
    enum sp_status st = suffix.failed ? SP_NOMEM : for_set(im, "UID STORE", set, suffix.data);
    buf_release(&suffix);
    return st;
}

enum sp_status
imap_store(struct imap *im, const struct wm_imap_store *m)
{
    const uint32_t ours = SP_FLAG_SEEN | SP_FLAG_ANSWERED | SP_FLAG_FLAGGED | SP_FLAG_DELETED | SP_FLAG_DRAFT | SP_FLAG_FORWARDED | SP_FLAG_JUNK |
                          SP_FLAG_PHISHING;
    enum sp_status st = store_one(im, m->uid_set, '+', m->add & ours, m->add_keywords, m->add_keywords_n);
    return st ? st : store_one(im, m->uid_set, '-', m->remove & ours, m->remove_keywords, m->remove_keywords_n);
}

/* Reads one set of a COPYUID code; false when it is none of at most as many UIDs as were asked for. */
static bool
take_set(const char **at, uint64_t most, struct buf *out)
{
    buf_add(out, *at, strcspn(*at, " "));
    *at += out->len;
    uint64_t span = uidset_valid(buf_str(out)) ? uidset_span(buf_str(out)) : 0;
    return span > 0 && span <= most;
}

/* Adds what a COPYUID code (RFC 4315 section 3) says of one command. What is no sense or names others than were asked for is left out. */
static void
note_copied(const char *code, const char *asked, struct imap_copied *out)
{
    struct buf from = BUF_INIT, to = BUF_INIT;
    struct uid_range r;
    char *end;
    unsigned long validity = strtoul(code, &end, 10);
    const char *at = end, *set;
    bool good = *at++ == ' ' && validity && validity <= UINT32_MAX && (!out->uidvalidity || out->uidvalidity == validity);
    good = good && take_set(&at, uidset_span(asked), &from) && *at++ == ' ' && take_set(&at, uidset_span(asked), &to) && *at == '\0' &&
           uidset_span(buf_str(&from)) == uidset_span(buf_str(&to));
    for (set = buf_str(&from); good && uidset_next(&set, &r);)
        for (uint64_t uid = r.first; good && uid <= r.last; uid++)
            good = uidset_has(asked, (uint32_t)uid);
    if (good && !from.failed && !to.failed) {
        out->uidvalidity = (uint32_t)validity;
        buf_addf(&out->from, "%s%s", out->from.len ? "," : "", buf_str(&from));
        buf_addf(&out->to, "%s%s", out->to.len ? "," : "", buf_str(&to));
    }
    buf_release(&from);
    buf_release(&to);
}

void
imap_copied_release(struct imap_copied *c)
{
    buf_release(&c->from);
    buf_release(&c->to);
}

enum sp_status
imap_move(struct imap *im, const char *uid_set, const char *raw, bool copy, struct imap_copied *out)
{
    struct buf quoted = BUF_INIT, piece = BUF_INIT;
    bool native = im->capabilities & SP_IMAP_MOVE;
    const char *set = uid_set;
    enum sp_status st = uidset_valid(uid_set) ? imap_quote(&quoted, raw) : SP_INVALID;
    while (!st && uidset_piece(&set, SET_BYTES, &piece)) {
        st = imap_raw(im, &filter_limits_imap, "%s %s %s", native && !copy ? "UID MOVE" : "UID COPY", buf_str(&piece), quoted.data);
        if (!st && im->stream.filter.notes.copyuid.len)
            note_copied(buf_str(&im->stream.filter.notes.copyuid), buf_str(&piece), out);
    }
    buf_release(&quoted);
    buf_release(&piece);
    if (st || copy || native)
        return st;
    st = imap_store(im, &(struct wm_imap_store){.uid_set = uid_set, .add = SP_FLAG_DELETED});
    if (!st)
        st = imap_expunge(im, uid_set);
    return st == SP_UNSUPPORTED ? SP_OK : st;
}

/* Without UIDPLUS a plain EXPUNGE removes everything marked \Deleted: done only when that is no more than was asked for. */
static enum sp_status
expunge_plain(struct imap *im, const char *uid_set)
{
    struct buf marked = BUF_INIT;
    enum sp_status st = imap_search_plain(im, "DELETED", &marked);
    const uint32_t *uids = (const uint32_t *)(const void *)marked.data;
    for (size_t i = 0; !st && i < marked.len / sizeof *uids; i++)
        if (!uidset_has(uid_set, uids[i]))
            st = SP_UNSUPPORTED;
    buf_release(&marked);
    return st ? st : imap_raw(im, &filter_limits_imap, "EXPUNGE");
}

enum sp_status
imap_expunge(struct imap *im, const char *uid_set)
{
    if (!uidset_valid(uid_set))
        return SP_INVALID;
    return im->capabilities & SP_IMAP_UIDPLUS ? for_set(im, "UID EXPUNGE", uid_set, "") : expunge_plain(im, uid_set);
}

/* ---- APPEND */

static void
add_date(struct buf *out, int64_t date)
{
    struct tm tm;
    time_t t = (time_t)date;
    if (date > 0 && gmtime_r(&t, &tm) && tm.tm_year < 8000)
        buf_addf(out, " \"%2d-%.3s-%04d %02d:%02d:%02d +0000\"", tm.tm_mday, imap_months + (size_t)3 * (size_t)tm.tm_mon, tm.tm_year + 1900, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
}

static enum sp_status
append_command(struct imap *im, const char *raw, uint32_t flags, int64_t date, uint64_t len, bool *wait, struct buf *out)
{
    bool plus = imap_has(im, "LITERAL+");
    bool minus = plus || imap_has(im, "LITERAL-") || imap_has(im, "IMAP4REV2");
    *wait = !(plus && len <= WAITED_LITERAL) && !(minus && len <= INLINE_LITERAL);
    buf_adds(out, "APPEND ");
    enum sp_status st = imap_quote(out, raw);
    buf_addc(out, ' ');
    imap_add_flags(out, flags & ~(uint32_t)SP_FLAG_DELETED);
    add_date(out, date);
    buf_addf(out, " {%llu%s}", (unsigned long long)len, *wait ? "" : "+");
    return st ? st : buf_status(out);
}

/* [APPENDUID uidvalidity uid] (RFC 4315) */
static void
read_append_uid(const char *code, struct wm_imap_appended *out)
{
    char *end;
    if (strncasecmp(code, "APPENDUID ", 10) != 0)
        return;
    unsigned long validity = strtoul(code + 10, &end, 10), uid = *end == ' ' ? strtoul(end, &end, 10) : 0;
    if (*end == '\0' && validity && validity <= UINT32_MAX && uid && uid <= UINT32_MAX)
        *out = (struct wm_imap_appended){.uidvalidity = (uint32_t)validity, .uid = (uint32_t)uid};
}

enum sp_status
imap_append(struct imap *im, const char *raw, uint32_t flags, int64_t date, const char *bytes, size_t len, struct wm_imap_appended *out)
{
    struct buf command = BUF_INIT;
    struct crlf message;
    bool wait = true;
    *out = (struct wm_imap_appended){0};
    enum sp_status st = memchr(bytes, 0, len) ? SP_INVALID : SP_OK; /* a literal cannot carry NUL */
    if (!st)
        st = append_command(im, raw, flags, date, crlf_size(CRLF_IMAP, bytes, len), &wait, &command);
    if (!st)
        st = imap_raw_begin(im, IMAP_LONG_MS, &filter_limits_imap, command.data);
    if (!st && wait)
        st = imap_raw_continued(im);
    if (!st) {
        crlf_init(&message, CRLF_IMAP, bytes, len);
        im->stream.cancel = len > STREAM_DRAIN_BYTES ? STREAM_CANCEL_NOW : STREAM_CANCEL_DRAIN;
        st = stream_write_message(&im->stream, &message);
        im->stream.cancel = STREAM_CANCEL_DRAIN;
        if (!st)
            st = stream_write(&im->stream, "\r\n", 2);
        st = st ? imap_drop(im, st) : imap_raw_end(im);
    }
    buf_release(&command);
    if (!st)
        read_append_uid(buf_str(&im->stream.filter.notes.code), out);
    return st;
}
