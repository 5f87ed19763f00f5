/* SPDX-License-Identifier: GPL-3.0-or-later */
/* sealpost search: finds messages, for people and for scripts. */
#include <getopt.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/searchwords.h"
#include "base/utf8.h"
#include "inspect.h"
#include "json.h"
#include "options.h"

#define ANSWER_MS 60000
#define SERVER_MS 600000
#define PAGE 500
#define LIMIT 50
#define FROM_COLUMNS 24
#define FOLDER_COLUMNS 16
#define SUBJECT_COLUMNS 48

struct found {
    struct session_client s;
    struct arena arena;
    struct wm_folders folders;
    struct wm_accounts accounts;
    struct wm_search_opened opened;
    size_t limit, shown;
    json_t *list;          /* NULL: as text */
};

static int
usage(void)
{
    say_error(_("sealpost search [--json] [--limit N] [--server] QUERY...\n"
                "          --limit N  at most N messages, the newest (50)\n"
                "          --server   also ask the servers about what is not here in full"));
    return EX_USAGE;
}

/* ---- mistakes in the query */

static const char *
mistake_words(const char *id)
{
    static const struct {
        const char *id, *text;
    } sentences[] = {
        {"empty", N_("nothing is asked for")},
        {"unknown-word", N_("no such word is known before a colon")},
        {"missing-value", N_("something must stand after the colon")},
        {"bad-value", N_("this cannot stand there")},
        {"bad-date", N_("this is no date; 2026-03-12, 2026-03, 2026, today, 7d are")},
        {"bad-size", N_("this is no size; 500K and 2M are")},
        {"no-letters", N_("there are no letters or digits to look for")},
        {"missing-term", N_("something must stand beside and, or, not")},
        {"unclosed-quote", N_("a quotation mark is missing at the end")},
        {"unclosed-bracket", N_("this bracket is not closed")},
        {"stray-bracket", N_("this bracket closes nothing")},
        {"too-complex", N_("this is too much for one search")},
        {"unknown-folder", N_("there is no such folder")},
        {"unknown-account", N_("there is no such account")},
    };
    for (size_t i = 0; i < sizeof sentences / sizeof *sentences; i++)
        if (strcmp(sentences[i].id, id) == 0)
            return _(sentences[i].text);
    return _("this is not understood");
}

/* The query with a caret below what is wrong. */
static void
show_mistake(const struct wm_reply_error *e, const char *query)
{
    struct arena a = ARENA_INIT;
    size_t len = strlen(query), at = strtoul(e->args[2].text, NULL, 10);
    at = at < len ? at : len;
    const char *before = arena_strndup(&a, query, at), *safe = before ? say_safe(&a, before) : "";
    int columns = utf8_width(safe, strlen(safe)), width = utf8_width(e->args[1].text, strlen(e->args[1].text));
    say_error("%s", mistake_words(e->args[0].text));
    fprintf(stderr, "  %s\n  %*s", say_safe(&a, query), columns, "");
    for (int i = 0; i < (width > 1 ? width : 1); i++)
        fputc('^', stderr);
    fputc('\n', stderr);
    if (*e->args[3].text)
        fprintf(stderr, "  %s\n", arena_printf(&a, _("do you mean \"%s\"?"), say_safe(&a, e->args[3].text)));
    arena_release(&a);
}

/* ---- results */

static const struct wr_folder *
folder_of(const struct found *f, uint64_t id)
{
    for (uint32_t i = 0; i < f->folders.folders_n; i++)
        if (f->folders.folders[i].id == id)
            return &f->folders.folders[i];
    return NULL;
}

static const char *
account_of(const struct found *f, const struct wr_folder *folder)
{
    for (uint32_t i = 0; folder && i < f->accounts.accounts_n; i++)
        if (f->accounts.accounts[i].id == folder->account)
            return f->accounts.accounts[i].name;
    return "";
}

static void
add_words(struct buf *b, const char *text, int columns)
{
    int used = 0;
    size_t n = utf8_fit(text, strlen(text), columns, &used);
    buf_add(b, text, n);
    for (; used < columns; used++)
        buf_addc(b, ' ');
    buf_adds(b, "  ");
}

static void
print_row(const struct found *f, const struct wr_index_row *row)
{
    struct arena a = ARENA_INIT;
    struct buf b = BUF_INIT;
    const struct wr_folder *folder = folder_of(f, row->folder);
    char *day = arena_strdup(&a, inspect_time(&a, row->date ? row->date : row->sort));
    if (day && strlen(day) > 16) { /* 2026-03-12T10:20:30Z */
        day[10] = ' ';
        day[16] = 0;
    }
    add_words(&b, day ? day : "", 16);
    add_words(&b, say_safe(&a, *row->from_name ? row->from_name : row->from_address), FROM_COLUMNS);
    add_words(&b, say_safe(&a, row->subject), SUBJECT_COLUMNS);
    add_words(&b, folder ? say_safe(&a, folder->name) : "", FOLDER_COLUMNS);
    printf("%s%" PRIu64 "\n", buf_str(&b), row->id);
    buf_release(&b);
    arena_release(&a);
}

static void
add_flags(json_t *j, const struct wr_index_row *row)
{
    static const struct {
        uint32_t bit;
        const char *name;
    } flags[] = {{SP_FLAG_SEEN, "seen"}, {SP_FLAG_ANSWERED, "replied"}, {SP_FLAG_FLAGGED, "flagged"}, {SP_FLAG_DELETED, "deleted"},
                 {SP_FLAG_DRAFT, "draft"}, {SP_FLAG_FORWARDED, "forwarded"}, {SP_FLAG_ATTACHMENT, "attachment"}};
    json_t *list = json_array(), *keywords = json_array();
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
        if (row->flags & flags[i].bit)
            json_array_append_new(list, json_string(flags[i].name));
    for (const char *at = row->keywords; *at;) {
        size_t n = strcspn(at, " ");
        struct buf word = BUF_INIT;
        buf_add(&word, at, n);
        json_array_append_new(keywords, json_text(buf_str(&word)));
        buf_release(&word);
        at += n + (at[n] == ' ');
    }
    json_object_set_new(j, "flags", list);
    json_object_set_new(j, "keywords", keywords);
}

/* What nobody has looked at yet has no seal that one could name: null. */
static json_t *
judged(const struct wr_index_row *row, const char *name)
{
    return row->judged ? json_string(name) : json_null();
}

static void
add_row(struct found *f, const struct wr_index_row *row)
{
    struct arena a = ARENA_INIT;
    const struct wr_folder *folder = folder_of(f, row->folder);
    json_t *j = json_object(), *from = json_object();
    json_object_set_new(from, "name", json_text(row->from_name));
    json_object_set_new(from, "address", json_text(row->from_address));
    json_object_set_new(j, "id", json_integer((json_int_t)row->id));
    json_object_set_new(j, "account", json_text(account_of(f, folder)));
    json_object_set_new(j, "folder", json_text(folder ? folder->name : ""));
    json_object_set_new(j, "date", json_string(inspect_time(&a, row->date ? row->date : row->sort)));
    json_object_set_new(j, "from", from);
    json_object_set_new(j, "to", json_text(row->to));
    json_object_set_new(j, "subject", json_text(row->subject));
    json_object_set_new(j, "size", json_integer((json_int_t)row->size));
    json_object_set_new(j, "thread", json_integer((json_int_t)row->thread));
    add_flags(j, row);
    json_object_set_new(j, "seal", judged(row, name_signature(row->seal)));
    json_object_set_new(j, "lock", judged(row, name_encryption(row->lock)));
    json_object_set_new(j, "auth", judged(row, name_sender(row->sender)));
    json_object_set_new(j, "risk", judged(row, name_level(row->risk)));
    json_array_append_new(f->list, j);
    arena_release(&a);
}

/* ---- asking */

static enum sp_status
fetch_names(struct found *f)
{
    const struct wm_list_accounts accounts = {};
    struct wire_in in;
    const char *text;
    enum sp_status st = sp_ask(f->s.client, WM_TYPE_list_folders, &(struct wm_list_folders){0}, ANSWER_MS, &f->arena, &in, &text);
    if (!st && in.type == WM_TYPE_folders)
        f->folders = *(const struct wm_folders *)in.msg;
    if (!st)
        st = sp_ask(f->s.client, WM_TYPE_list_accounts, &accounts, ANSWER_MS, &f->arena, &in, &text);
    if (!st && in.type == WM_TYPE_accounts)
        f->accounts = *(const struct wm_accounts *)in.msg;
    return st;
}

static int
open_search(struct found *f, const char *query, bool server)
{
    struct wire_in in;
    const char *text;
    struct wm_search_open m = {.query = query, .server = server};
    enum sp_status st = sp_ask(f->s.client, WM_TYPE_search_open, &m, server ? SERVER_MS : ANSWER_MS, &f->arena, &in, &text);
    const struct wm_reply_error *e = st && in.type == WM_TYPE_reply_error ? in.msg : NULL;
    if (st == SP_INVALID && e && e->args_n >= 4) {
        show_mistake(e, query);
        return EX_USAGE;
    }
    if (!st && in.type != WM_TYPE_search_opened)
        st = SP_PROTOCOL;
    if (st) {
        say_error("%s", say_status(st));
        return exit_status(st);
    }
    f->opened = *(const struct wm_search_opened *)in.msg;
    return EX_OK;
}

static enum sp_status
show_rows(struct found *f)
{
    struct wm_index_page ask = {.folder = f->opened.folder, .where = SP_PAGE_NEWEST};
    enum sp_status st = SP_OK;
    for (bool more = true; !st && more && f->shown < f->limit; ask.where = SP_PAGE_OLDER) {
        struct arena a = ARENA_INIT;
        struct wire_in in;
        const char *text;
        size_t left = f->limit - f->shown;
        ask.count = (uint16_t)(left < PAGE ? left : PAGE);
        st = sp_ask(f->s.client, WM_TYPE_index_page, &ask, ANSWER_MS, &a, &in, &text);
        if (!st && in.type != WM_TYPE_index_rows)
            st = SP_PROTOCOL;
        const struct wm_index_rows *m = st ? NULL : in.msg;
        for (uint32_t i = 0; m && i < m->rows_n; i++) {
            if (f->list)
                add_row(f, &m->rows[i]);
            else
                print_row(f, &m->rows[i]);
            ask.sort = m->rows[i].sort;
            ask.id = m->rows[i].id;
            f->shown++;
        }
        more = m && m->rows_n && m->more_older;
        wire_in_close(&in);
        arena_release(&a);
    }
    return st;
}

static int
run(struct found *f, const char *query, bool server)
{
    enum sp_status st = store_ready(f->s.client, &f->s.welcome, -1, true);
    if (!st)
        st = fetch_names(f);
    int code = st ? exit_status(st) : open_search(f, query, server);
    if (st)
        say_error("%s", say_status(st));
    if (code)
        return code;
    st = show_rows(f);
    if (st) {
        say_error("%s", say_status(st));
        return exit_status(st);
    }
    if (!f->shown && !f->list)
        fprintf(stderr, "%s\n", _("Nothing was found."));
    if (f->opened.missing && !f->list && !server)
        fprintf(stderr, ngettext("The text of %" PRIu64 " message is not here; --server asks the servers about it.\n",
                                 "The texts of %" PRIu64 " messages are not here; --server asks the servers about them.\n",
                                 (unsigned long)f->opened.missing), f->opened.missing);
    if (f->opened.refused)
        fprintf(stderr, ngettext("%u account could not be asked.\n", "%u accounts could not be asked.\n", f->opened.refused), f->opened.refused);
    return EX_OK;
}

static bool
read_limit(const char *text, size_t *limit)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    *limit = n;
    return *text >= '0' && *text <= '9' && !*end && n > 0 && n <= 1000000;
}

int
command_search(struct place *place, int argc, char **argv)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'}, {"limit", required_argument, NULL, 'l'}, {"server", no_argument, NULL, 's'},
                                            {NULL, 0, NULL, 0}};
    struct found f = {.limit = LIMIT};
    struct buf query = BUF_INIT;
    bool server = false, as_json = false;
    int option;
    while ((option = getopt_long(argc, argv, "+", options, NULL)) != -1) {
        if (option == '?' || (option == 'l' && !read_limit(optarg, &f.limit)))
            return usage();
        as_json |= option == 'j';
        server |= option == 's';
    }
    if (optind == argc)
        return usage();
    for (int i = optind; i < argc; i++)
        buf_addf(&query, "%s%s", query.len ? " " : "", argv[i]);
    if (!config_is_good(place))
        return EX_CONFIG;
    enum sp_status st = session_begin(&f.s, place, "search");
    int code = st ? exit_status(st) : EX_OK;
    f.list = as_json ? json_array() : NULL;
    if (!st) {
        code = run(&f, buf_str(&query), server);
        session_end(&f.s);
    }
    if (f.list && !code) {
        json_t *all = json_object();
        json_object_set_new(all, "found", json_integer((json_int_t)f.shown));
        json_object_set_new(all, "missing", json_integer((json_int_t)f.opened.missing));
        json_object_set_new(all, "servers", json_integer(f.opened.servers));
        json_object_set_new(all, "refused", json_integer(f.opened.refused));
        json_object_set_new(all, "messages", f.list);
        code = json_print(all, stdout);
    } else {
        json_decref(f.list);
    }
    buf_release(&query);
    arena_release(&f.arena);
    return code;
}
