/* SPDX-License-Identifier: GPL-3.0-or-later */
/* A client without a screen at the engine's door, by lines on standard input; see tests/lib/sealtest/doordrive.py.
     open [start] (start: also starts the supervisor, as `sealpost` does) | shut | events (what came since the last time)
     accounts | connect ACCOUNT on|off | sync ACCOUNT [bodies] | folders | page FOLDER | body ID FILE
     flags ADD REMOVE KEYWORDS -KEYWORDS ID... (lists with commas) | move FOLDER ID... | copy FOLDER ID... | expunge FOLDER
     choose FOLDER WATCHED PINNED | cancel JOB
     draft ID ACCOUNT SUBJECT TEXT (0: a new one) | drafts | undraft ID | send ACCOUNT FROM TO SUBJECT TEXT | outbox | retry ID
     get NAME | set NAME VALUE | end (the engine and all roles)
   Each command's answer ends with a line that begins with "= ". Arguments are %-encoded, so are the texts of the answers. */
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memfd.h"
#include "drive.h"
#include "sealpost.h"
#include "ui/commands/command.h"

#define MAX_WORDS 4096
#define ANSWER_MS 30000
#define PAGE 200

struct drive {
    struct place place;
    struct sp_client *client;
    struct loop *loop;
    struct buf events;
};

/* Texts may hold anything: spaces would end a field. */
static const char *
escape(struct arena *a, const char *s)
{
    struct buf b = BUF_INIT;
    for (; *s; s++)
        if ((unsigned char)*s <= ' ' || *s == '%' || *s == 0x7f)
            buf_addf(&b, "%%%02x", (unsigned char)*s);
        else
            buf_addf(&b, "%c", *s);
    const char *copy = arena_strdup(a, buf_str(&b));
    buf_release(&b);
    return copy ? copy : "";
}

static uint64_t
number(const char *text)
{
    return strtoull(text, NULL, 10);
}

/* ---- events: kept until they are asked for */

static void
on_event(struct sp_client *c, struct wire_in *in, struct arena *a, void *arg)
{
    struct drive *d = arg;
    (void)c;
    if (in->type == WM_TYPE_event_notice) {
        const struct wm_event_notice *m = in->msg;
        buf_addf(&d->events, "notice %u", m->kind);
        for (uint32_t i = 0; i < m->args_n; i++)
            buf_addf(&d->events, " %s", escape(a, m->args[i].text));
        buf_addf(&d->events, "\n");
    } else if (in->type == WM_TYPE_event_outbox) {
        const struct wm_event_outbox *m = in->msg;
        buf_addf(&d->events, "outbox %llu state=%u gone=%u subject=%s\n", (unsigned long long)m->item.id, m->item.state, m->gone,
                 escape(a, m->item.subject));
    } else if (in->type == WM_TYPE_event_account) {
        const struct wm_event_account *m = in->msg;
        buf_addf(&d->events, "account %u state=%u status=%s\n", m->account.id, m->account.state,
                 sp_status_name((enum sp_status)m->account.status));
    } else if (in->type == WM_TYPE_event_job) {
        const struct wm_event_job *m = in->msg;
        buf_addf(&d->events, "job %llu kind=%u state=%u done=%llu total=%llu\n", (unsigned long long)m->job.id, m->job.kind, m->job.state,
                 (unsigned long long)m->job.done, (unsigned long long)m->job.total);
    }
}

/* ---- asking */

/* The answer is printed by show, which may be NULL. A connection that ended is closed. */
typedef void show_fn(struct arena *a, struct wire_in *in, const void *arg);

static enum sp_status
ask(struct drive *d, uint16_t type, const void *msg, show_fn *show, const void *arg)
{
    struct arena a = ARENA_INIT;
    struct wire_in in = {0};
    const char *text = "";
    enum sp_status st = d->client ? sp_ask(d->client, type, msg, ANSWER_MS, &a, &in, &text) : SP_CRASHED;
    if (!st && show)
        show(&a, &in, arg);
    if (st && *text)
        printf("words %s\n", escape(&a, text));
    if (st == SP_CRASHED) {
        sp_client_free(d->client);
        d->client = NULL;
    }
    wire_in_close(&in);
    arena_release(&a);
    return st;
}

static enum sp_status
open_door(struct drive *d, bool start)
{
    struct wm_welcome welcome = {0};
    int fd = -1;
    sp_client_free(d->client);
    d->client = NULL;
    enum sp_status st = start ? engine_open(&d->place, "screens", &fd, &welcome) : sp_connect(d->place.runtime, "screens", &fd, &welcome, &d->place.arena);
    if (st)
        return st;
    d->client = sp_client_new(fd, d->loop, on_event, NULL, d);
    if (!d->client)
        abort();
    printf("engine %u locked=%u\n", welcome.pid, welcome.locked);
    return store_ready(d->client, &welcome, -1, true);
}

/* ---- what answers look like */

static void
show_accounts(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_accounts *m = in->msg;
    (void)arg;
    for (uint32_t i = 0; i < m->accounts_n; i++)
        printf("account %u name=%s kind=%u state=%u status=%s\n", m->accounts[i].id, escape(a, m->accounts[i].name), m->accounts[i].kind,
               m->accounts[i].state, sp_status_name((enum sp_status)m->accounts[i].status));
}

static void
show_folders(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_folders *m = in->msg;
    (void)arg;
    for (uint32_t i = 0; i < m->folders_n; i++) {
        const struct wr_folder *f = &m->folders[i];
        printf("folder %llu account=%u kind=%u role=%u total=%u unread=%u selectable=%u name=%s\n", (unsigned long long)f->id, f->account, f->kind,
               f->role, f->total, f->unread, f->selectable, escape(a, f->name));
    }
}

static void
show_synced(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_synced *m = in->msg;
    (void)arg;
    for (uint32_t i = 0; i < m->results_n; i++)
        printf("synced %u status=%s added=%u removed=%u changed=%u words=%s\n", m->results[i].account,
               sp_status_name((enum sp_status)m->results[i].status), m->results[i].added, m->results[i].removed, m->results[i].changed,
               escape(a, m->results[i].server_text));
}

static void
show_drafts(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_drafts *m = in->msg;
    (void)arg;
    for (uint32_t i = 0; i < m->drafts_n; i++)
        printf("draft %llu subject=%s text=%s\n", (unsigned long long)m->drafts[i].id, escape(a, m->drafts[i].subject), escape(a, m->drafts[i].body));
}

static void
show_draft(struct arena *a, struct wire_in *in, const void *arg)
{
    (void)a;
    (void)arg;
    printf("draft %llu\n", (unsigned long long)((const struct wm_draft_view *)in->msg)->draft.id);
}

static void
show_queued(struct arena *a, struct wire_in *in, const void *arg)
{
    (void)a;
    (void)arg;
    printf("queued %llu\n", (unsigned long long)((const struct wm_queued *)in->msg)->outbox);
}

static void
show_outbox(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_outbox *m = in->msg;
    (void)arg;
    for (uint32_t i = 0; i < m->items_n; i++)
        printf("item %llu state=%u status=%s subject=%s words=%s\n", (unsigned long long)m->items[i].id, m->items[i].state,
               sp_status_name((enum sp_status)m->items[i].status), escape(a, m->items[i].subject), escape(a, m->items[i].server_text));
}

static void
show_state(struct arena *a, struct wire_in *in, const void *arg)
{
    (void)arg;
    printf("value %s\n", escape(a, ((const struct wm_state_value *)in->msg)->value));
}

static void
save_body(struct arena *a, struct wire_in *in, const void *arg)
{
    const struct wm_part_content *m = in->msg;
    struct memfd_map map;
    (void)a;
    FILE *f = fopen(arg, "wb");
    if (f && memfd_map(m->content, SIZE_MAX, &map) == SP_OK) {
        (void)!fwrite(map.data, 1, map.len, f);
        printf("body %zu\n", map.len);
        memfd_unmap(&map);
    }
    if (f)
        (void)fclose(f);
}

/* All rows of a folder, newest first. */
static enum sp_status
show_pages(struct drive *d, uint64_t folder)
{
    struct wm_index_page page = {.folder = folder, .where = SP_PAGE_NEWEST, .count = PAGE};
    enum sp_status st = SP_OK;
    for (bool more = true; !st && more;) {
        struct arena a = ARENA_INIT;
        struct wire_in in = {0};
        const char *text;
        st = d->client ? sp_ask(d->client, WM_TYPE_index_page, &page, ANSWER_MS, &a, &in, &text) : SP_CRASHED;
        const struct wm_index_rows *m = in.msg;
        for (uint32_t i = 0; !st && i < m->rows_n; i++) {
            const struct wr_index_row *r = &m->rows[i];
            printf("row %llu flags=%u keywords=%s size=%llu subject=%s\n", (unsigned long long)r->id, r->flags, escape(&a, r->keywords),
                   (unsigned long long)r->size, escape(&a, r->subject));
            page.sort = r->sort;
            page.id = r->id;
            page.where = SP_PAGE_OLDER;
        }
        more = !st && m->rows_n && m->more_older;
        if (!st && !more)
            printf("counts total=%u unread=%u\n", m->total, m->unread);
        wire_in_close(&in);
        arena_release(&a);
    }
    if (st == SP_CRASHED) {
        sp_client_free(d->client);
        d->client = NULL;
    }
    return st;
}

/* ---- commands */

static uint32_t
split(char *list, struct wr_text *out, uint32_t max)
{
    uint32_t n = 0;
    char *save = NULL;
    for (char *w = strtok_r(list, ",", &save); w && n < max; w = strtok_r(NULL, ",", &save))
        out[n++].text = w;
    return n;
}

static enum sp_status
change(struct drive *d, char **word, size_t n)
{
    struct wr_text add[32], rem[32];
    size_t first = strcmp(word[0], "flags") == 0 ? 5 : 2;
    if (n <= first)
        return SP_INVALID;
    struct wr_number *ids = calloc(n - first, sizeof *ids);
    if (!ids)
        abort();
    for (size_t i = first; i < n; i++)
        ids[i - first].value = number(word[i]);
    enum sp_status st;
    if (first == 5) {
        struct wm_change_flags m = {.messages = ids, .messages_n = (uint32_t)(n - first), .add = (uint32_t)number(word[1]),
                                    .remove = (uint32_t)number(word[2]), .add_keywords = add, .remove_keywords = rem};
        m.add_keywords_n = split(word[3], add, 32);
        m.remove_keywords_n = split(word[4] + (*word[4] == '-'), rem, 32);
        st = ask(d, WM_TYPE_change_flags, &m, NULL, NULL);
    } else {
        st = ask(d, WM_TYPE_move_messages, &(struct wm_move_messages){.messages = ids, .messages_n = (uint32_t)(n - first), .folder = number(word[1]),
                                                                      .copy = strcmp(word[0], "copy") == 0}, NULL, NULL);
    }
    free(ids);
    return st;
}

/* A draft has more members than a command gives; the others are as the engine made them. */
static enum sp_status
save_draft(struct drive *d, char **word)
{
    struct wm_save_draft m = {.draft = {.id = number(word[1]), .account = (uint32_t)number(word[2]), .from = "", .to = "", .cc = "", .bcc = "", .reply_to = "", .subject = word[3], .body = word[4],
                                        .in_reply_to = "", .references = ""}};
    return ask(d, WM_TYPE_save_draft, &m, show_draft, NULL);
}

static enum sp_status
send_draft(struct drive *d, char **word)
{
    struct wm_send_draft m = {.draft = {.account = (uint32_t)number(word[1]), .from = word[2], .to = word[3], .cc = "", .bcc = "", .reply_to = "",
                                        .subject = word[4], .body = word[5], .in_reply_to = "", .references = ""}};
    return ask(d, WM_TYPE_send_draft, &m, show_queued, NULL);
}

static bool
is(char **word, size_t n, const char *name, size_t needs)
{
    return strcmp(word[0], name) == 0 && n >= needs;
}

static enum sp_status
obey_about_mail(struct drive *d, char **word, size_t n)
{
    if (is(word, n, "folders", 1))
        return ask(d, WM_TYPE_list_folders, &(struct wm_list_folders){0}, show_folders, NULL);
    if (is(word, n, "page", 2))
        return show_pages(d, number(word[1]));
    if (is(word, n, "body", 3))
        return ask(d, WM_TYPE_get_part, &(struct wm_get_part){.message = number(word[1]), .path = ""}, save_body, word[2]);
    if (is(word, n, "flags", 6) || is(word, n, "move", 3) || is(word, n, "copy", 3))
        return change(d, word, n);
    if (is(word, n, "expunge", 2))
        return ask(d, WM_TYPE_expunge, &(struct wm_expunge){.folder = number(word[1])}, NULL, NULL);
    if (is(word, n, "choose", 4))
        return ask(d, WM_TYPE_set_folder, &(struct wm_set_folder){number(word[1]), (uint8_t)number(word[2]), (uint8_t)number(word[3])}, NULL, NULL);
    if (is(word, n, "cancel", 2))
        return ask(d, WM_TYPE_cancel_job, &(struct wm_cancel_job){.job = number(word[1])}, NULL, NULL);
    if (is(word, n, "draft", 5))
        return save_draft(d, word);
    if (is(word, n, "drafts", 1))
        return ask(d, WM_TYPE_list_drafts, &(struct wm_list_drafts){0}, show_drafts, NULL);
    if (is(word, n, "undraft", 2))
        return ask(d, WM_TYPE_delete_draft, &(struct wm_delete_draft){.draft = number(word[1])}, NULL, NULL);
    if (is(word, n, "send", 6))
        return send_draft(d, word);
    if (is(word, n, "outbox", 1))
        return ask(d, WM_TYPE_list_outbox, &(struct wm_list_outbox){0}, show_outbox, NULL);
    if (is(word, n, "retry", 2))
        return ask(d, WM_TYPE_outbox_retry, &(struct wm_outbox_retry){.outbox = number(word[1])}, NULL, NULL);
    return SP_UNSUPPORTED;
}

static enum sp_status
obey(struct drive *d, char **word, size_t n)
{
    if (is(word, n, "open", 1))
        return open_door(d, n > 1);
    if (is(word, n, "shut", 1)) {
        sp_client_free(d->client);
        d->client = NULL;
        return SP_OK;
    }
    if (is(word, n, "events", 1)) {
        while (d->client && d->events.len == 0 && n > 1) /* waits for one */
            loop_turn(d->loop, (int)number(word[1])), n = 1;
        if (d->client)
            loop_turn(d->loop, 0);
        printf("%s", buf_str(&d->events));
        buf_clear(&d->events);
        return d->client ? SP_OK : SP_CRASHED;
    }
    if (is(word, n, "accounts", 1))
        return ask(d, WM_TYPE_list_accounts, &(struct wm_list_accounts){0}, show_accounts, NULL);
    if (is(word, n, "connect", 3))
        return ask(d, WM_TYPE_connect_account, &(struct wm_connect_account){.account = (uint32_t)number(word[1]), .on = strcmp(word[2], "on") == 0}, NULL, NULL);
    if (is(word, n, "sync", 2))
        return ask(d, WM_TYPE_sync_now, &(struct wm_sync_now){.account = (uint32_t)number(word[1]), .bodies = n > 2}, show_synced, NULL);
    if (is(word, n, "get", 2))
        return ask(d, WM_TYPE_get_state, &(struct wm_get_state){.name = word[1]}, show_state, NULL);
    if (is(word, n, "set", 3))
        return ask(d, WM_TYPE_set_state, &(struct wm_set_state){.name = word[1], .value = word[2]}, NULL, NULL);
    if (is(word, n, "end", 1))
        return ask(d, WM_TYPE_end_engine, &(struct wm_end_engine){0}, NULL, NULL);
    return obey_about_mail(d, word, n);
}

int
main(void)
{
    static char *word[MAX_WORDS];
    struct drive d = {.events = BUF_INIT};
    char *line = NULL;
    size_t size = 0;
    (void)signal(SIGPIPE, SIG_IGN);
    d.loop = loop_new();
    if (!d.loop || !place_find(&d.place))
        return 1;
    const char *libexec = getenv("SEALPOST_LIBEXEC"); /* this program does not lie beside the roles */
    if (libexec)
        d.place.libexec = libexec;
    while (getline(&line, &size, stdin) > 0) {
        size_t n = 0;
        char *save = NULL;
        for (char *w = strtok_r(line, " \n", &save); w && n < MAX_WORDS; w = strtok_r(NULL, " \n", &save)) {
            word[n] = w;
            unescape(word[n++]);
        }
        enum sp_status st = n ? obey(&d, word, n) : SP_INVALID;
        printf("= %s\n", sp_status_name(st));
        (void)fflush(stdout);
    }
    sp_client_free(d.client);
    loop_free(d.loop);
    buf_release(&d.events);
    arena_release(&d.place.arena);
    free(line);
    return 0;
}
