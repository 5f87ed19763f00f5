/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Plays supervisor and engine to the real sealpost-net, by lines on standard input; see tests/lib/sealtest/netdrive.py.
     connect SESSION HOST PORT tls|starttls|insecure [key=value ...]   (user password auth pin ca timeout compress; values %-encoded)
     list S | create S RAW | select S RAW [ro|rw UIDVALIDITY MODSEQ] | uids S | headers S SET | flags S SET [SINCE] | body S UID FILE | store S SET ADD REMOVE [+KEYWORD] [-KEYWORD] ...
     move S SET RAW [copy] | expunge S SET | append S RAW FLAGS DATE FILE | searchid S ID | search S TERM ... | newest S COUNT | noop S | close S
     smtp HOST PORT TRANSPORT FILE SENDER RCPT,RCPT key=value ...
     count on|off (of messages and bytes, in place of headers and flags)
     idle S (goes on in the background) | stop (cancels the background request) | bg COMMAND ... | wait MS | ping | drop (a new engine)
   TERM, in prefix order: and, or, not, NUMBER (enum sp_search_key), NUMBER:TEXT or NUMBER=NUMBER.
   Each command's answer ends with a line that begins with "= ". Arguments are %-encoded. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/loop.h"
#include "base/memfd.h"
#include "base/messages.h"
#include "base/wire.h"
#include "drive.h"

#define WORDS 40
#define ANSWER_MS 60000

struct drive {
    struct wire_conn *control, *engine;
    pid_t pid;
    uint32_t background; /* id of the request that goes on, 0 = none */
    bool background_over;
    bool counts;         /* show numbers in place of messages */
    uint64_t messages, bytes;
};

static int64_t
number(const char *text)
{
    return strtoll(text, NULL, 10);
}

static void
say(const char *fmt, ...)
{
    va_list ap;
    struct buf line = BUF_INIT;
    va_start(ap, fmt);
    buf_vaddf(&line, fmt, ap);
    va_end(ap);
    for (size_t i = 0; i < line.len; i++) {
        unsigned char c = (unsigned char)line.data[i];
        if (c < ' ' || c == 0x7f)
            printf("\\x%02x", c);
        else
            putchar(c);
    }
    putchar('\n');
    fflush(stdout);
    buf_release(&line);
}

static void
save(int fd, const char *path)
{
    struct memfd_map map;
    if (memfd_map(fd, SIZE_MAX, &map) != SP_OK) {
        say("body is no sealed memfd");
        return;
    }
    FILE *f = fopen(path, "wb");
    if (f) {
        (void)!fwrite(map.data, 1, map.len, f);
        (void)fclose(f);
    }
    say("body %zu", map.len);
    memfd_unmap(&map);
}

static void
show_list(struct wire_in *in)
{
    if (in->type == WM_TYPE_imap_folders) {
        const struct wm_imap_folders *m = in->msg;
        for (uint32_t i = 0; i < m->folders_n; i++)
            say("folder raw=%s name=%s delimiter=%s role=%u selectable=%u told=%u exists=%u uidnext=%u", m->folders[i].raw, m->folders[i].name,
                m->folders[i].delimiter, m->folders[i].role, m->folders[i].selectable, m->folders[i].state.told, m->folders[i].state.exists,
                m->folders[i].state.uidnext);
    } else if (in->type == WM_TYPE_imap_stated) {
        const struct wr_imap_state *s = &((const struct wm_imap_stated *)in->msg)->state;
        say("state told=%u uidvalidity=%u uidnext=%u exists=%u unseen=%u modseq=%llu", s->told, s->uidvalidity, s->uidnext, s->exists, s->unseen,
            (unsigned long long)s->highestmodseq);
    } else if (in->type == WM_TYPE_imap_uid_list) {
        const struct wm_imap_uid_list *m = in->msg;
        struct buf text = BUF_INIT;
        for (size_t i = 0; i + 4 <= m->uids.len; i += 4) {
            uint32_t uid;
            memcpy(&uid, (const char *)m->uids.data + i, 4);
            buf_addf(&text, " %u", uid);
        }
        say("uids%s", buf_str(&text));
        buf_release(&text);
    } else if (in->type == WM_TYPE_imap_headers) {
        const struct wm_imap_headers *m = in->msg;
        for (uint32_t i = 0; i < m->messages_n; i++) {
            const struct wr_imap_message *x = &m->messages[i];
            say("header uid=%u flags=%u keywords=%s date=%lld size=%llu modseq=%llu len=%zu %.*s", x->uid, x->flags, x->keywords,
                (long long)x->internal_date, (unsigned long long)x->size, (unsigned long long)x->modseq, x->header.len,
                (int)(x->header.len > 400 ? 400 : x->header.len), (const char *)x->header.data);
        }
    } else if (in->type == WM_TYPE_imap_flags) {
        const struct wm_imap_flags *m = in->msg;
        for (uint32_t i = 0; i < m->messages_n; i++)
            say("flags uid=%u flags=%u keywords=%s modseq=%llu", m->messages[i].uid, m->messages[i].flags, m->messages[i].keywords,
                (unsigned long long)m->messages[i].modseq);
    }
}

static void
show_sent(const struct wm_smtp_sent *m)
{
    for (uint32_t i = 0; i < m->results_n; i++)
        say("recipient %s %u %s", m->results[i].address, m->results[i].code, m->results[i].text);
    say("sent status=%s stage=%u code=%u text=%s", sp_status_name((enum sp_status)m->status), m->stage, m->code, m->text);
}

/* In place of showing headers and flags. False: it is something else. */
static bool
count(struct drive *d, struct wire_in *in)
{
    if (in->type == WM_TYPE_imap_flags) {
        d->messages += ((const struct wm_imap_flags *)in->msg)->messages_n;
        return true;
    }
    if (in->type != WM_TYPE_imap_headers)
        return false;
    const struct wm_imap_headers *m = in->msg;
    d->messages += m->messages_n;
    for (uint32_t i = 0; i < m->messages_n; i++)
        d->bytes += m->messages[i].header.len;
    return true;
}

/* Prints what a message holds. Returns its status for the closing line. */
static const char *
show(struct wire_in *in, const char *path)
{
    switch (in->type) {
    case WM_TYPE_reply_error: {
        const struct wm_reply_error *m = in->msg;
        say("error %s %s", sp_status_name((enum sp_status)m->status), m->text);
        return sp_status_name((enum sp_status)m->status);
    }
    case WM_TYPE_imap_ready: {
        const struct wm_imap_ready *m = in->msg;
        say("ready capabilities=%u tls=%s text=%s", m->capabilities, m->tls, m->capability_text);
        break;
    }
    case WM_TYPE_tls_refused: {
        const struct wm_tls_refused *m = in->msg;
        say("refused %s reason=%s sha256=%s subject=%s issuer=%s from=%lld to=%lld host=%s", sp_status_name((enum sp_status)m->status), m->reason,
            m->sha256, m->subject, m->issuer, (long long)m->not_before, (long long)m->not_after, m->host);
        return sp_status_name((enum sp_status)m->status);
    }
    case WM_TYPE_imap_selected: {
        const struct wm_imap_selected *m = in->msg;
        say("selected uidvalidity=%u uidnext=%u exists=%u modseq=%llu keywords=%u resynced=%u", m->uidvalidity, m->uidnext, m->exists,
            (unsigned long long)m->highestmodseq, m->keywords_allowed, m->resynced);
        break;
    }
    case WM_TYPE_imap_body: save(((const struct wm_imap_body *)in->msg)->bytes, path); break;
    case WM_TYPE_imap_appended: {
        const struct wm_imap_appended *m = in->msg;
        say("appended uidvalidity=%u uid=%u", m->uidvalidity, m->uid);
        break;
    }
    case WM_TYPE_imap_moved: {
        const struct wm_imap_moved *m = in->msg;
        say("moved uidvalidity=%u from=%s to=%s", m->uidvalidity, m->from, m->to);
        break;
    }
    case WM_TYPE_imap_vanished: say("vanished %s", ((const struct wm_imap_vanished *)in->msg)->uid_set); break;
    case WM_TYPE_imap_changed: {
        const struct wm_imap_changed *m = in->msg;
        say("changed exists=%u expunged=%u flags=%u", m->exists, m->expunged, m->flags);
        break;
    }
    case WM_TYPE_imap_alert: say("alert session=%u %s", ((const struct wm_imap_alert *)in->msg)->session, ((const struct wm_imap_alert *)in->msg)->text); break;
    case WM_TYPE_imap_lost: {
        const struct wm_imap_lost *m = in->msg;
        say("lost session=%u %s %s", m->session, sp_status_name((enum sp_status)m->status), m->text);
        break;
    }
    case WM_TYPE_progress: {
        const struct wm_progress *m = in->msg;
        say("progress %llu %llu", (unsigned long long)m->done, (unsigned long long)m->total);
        break;
    }
    case WM_TYPE_smtp_sent:
        show_sent(in->msg);
        return sp_status_name((enum sp_status)((const struct wm_smtp_sent *)in->msg)->status);
    default: show_list(in); break;
    }
    return "OK";
}

/* Shows what comes until the request's final reply or the time is over. */
static void
await(struct drive *d, uint32_t id, int64_t ms, const char *path)
{
    int64_t end = loop_now_ms() + ms;
    for (;;) {
        struct arena arena = ARENA_INIT;
        struct wire_in in;
        int64_t left = end - loop_now_ms();
        enum sp_status st = d->engine ? wire_receive(d->engine, left > 0 ? (int)left : 0, &arena, &in) : SP_EOF;
        if (st) {
            arena_release(&arena);
            say("= %s", !id && st == SP_TIMEOUT ? "OK" : st == SP_TIMEOUT ? "NO_ANSWER" : sp_status_name(st));
            return;
        }
        const char *status = d->counts && count(d, &in) ? "OK" : show(&in, path);
        bool final = in.desc->final && in.id;
        uint32_t got = in.id;
        wire_in_close(&in);
        arena_release(&arena);
        if (final && got == d->background)
            d->background_over = true;
        if (final && got == id) {
            if (d->messages)
                say("counted %llu %llu", (unsigned long long)d->messages, (unsigned long long)d->bytes);
            d->messages = d->bytes = 0;
            say("= %s", status);
            return;
        }
    }
}

static int
spawn(const char *program, int control)
{
    pid_t pid = fork();
    if (pid == 0) {
        if (dup2(control, 3) < 0 || fcntl(3, F_SETFD, 0) != 0)
            _exit(127);
        execl(program, program, (char *)NULL);
        _exit(127);
    }
    return (int)pid;
}

/* A fresh connection as the engine's. */
static bool
new_engine(struct drive *d)
{
    int fds[2];
    if (d->engine)
        wire_conn_free(d->engine);
    d->engine = NULL;
    d->background = 0;
    if (wire_pair(fds) != SP_OK)
        return false;
    enum sp_status st = wire_send_peer(d->control, 0, &(struct wm_peer){.role = SP_ROLE_ENGINE, .index = 1, .fd = fds[1]});
    if (!st)
        st = wire_flush(d->control, 1000);
    (void)close(fds[1]);
    d->engine = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
    return st == SP_OK && d->engine;
}

static const char *
word(char **w, int n, int i)
{
    return i < n ? w[i] : "";
}

static char *
slurp(const char *path, size_t *len)
{
    struct buf b = BUF_INIT;
    int fd = open(path, O_RDONLY);
    if (fd < 0 || buf_read_fd(&b, fd, (size_t)1 << 30) != SP_OK)
        buf_clear(&b);
    if (fd >= 0)
        (void)close(fd);
    *len = b.len;
    return buf_take(&b);
}

/* key=value words into a server record; the password's blob points into the words. */
static void
read_server(char **w, int n, int from, struct wr_server *s, struct wire_blob *password, char **pem)
{
    size_t len;
    *s = (struct wr_server){.user = "", .auth = "", .pin = "", .ca_pem = "", .timeout_ms = 5000};
    *password = (struct wire_blob){"", 0};
    for (int i = from; i < n; i++) {
        char *value = strchr(w[i], '=');
        if (!value)
            continue;
        *value++ = '\0';
        if (strcmp(w[i], "user") == 0)
            s->user = value;
        else if (strcmp(w[i], "password") == 0)
            *password = (struct wire_blob){value, strlen(value)};
        else if (strcmp(w[i], "auth") == 0)
            s->auth = value;
        else if (strcmp(w[i], "pin") == 0)
            s->pin = value;
        else if (strcmp(w[i], "timeout") == 0)
            s->timeout_ms = (uint32_t)number(value);
        else if (strcmp(w[i], "compress") == 0)
            s->compress = (uint8_t)number(value);
        else if (strcmp(w[i], "ca") == 0)
            s->ca_pem = *pem = slurp(value, &len);
    }
}

static uint8_t
transport(const char *name)
{
    return strcmp(name, "tls") == 0 ? SP_TRANSPORT_TLS : strcmp(name, "starttls") == 0 ? SP_TRANSPORT_STARTTLS : SP_TRANSPORT_INSECURE;
}

static enum sp_status
send_connect(struct drive *d, uint32_t id, char **w, int n)
{
    struct wm_imap_connect m = {.session = (uint8_t)number(word(w, n, 1))};
    char *pem = NULL;
    read_server(w, n, 5, &m.server, &m.password, &pem);
    m.server.host = word(w, n, 2);
    m.server.port = (uint16_t)number(word(w, n, 3));
    m.server.transport = transport(word(w, n, 4));
    enum sp_status st = wire_send_imap_connect(d->engine, id, &m);
    free(pem);
    return st;
}

static enum sp_status
send_smtp(struct drive *d, uint32_t id, char **w, int n)
{
    struct wm_smtp_send m = {.sender = word(w, n, 5)};
    struct wr_text recipients[2000];
    char *pem = NULL, *save_ptr = NULL;
    size_t len;
    read_server(w, n, 7, &m.server, &m.password, &pem);
    m.server.host = word(w, n, 1);
    m.server.port = (uint16_t)number(word(w, n, 2));
    m.server.transport = transport(word(w, n, 3));
    char *bytes = slurp(word(w, n, 4), &len);
    m.recipients = recipients;
    for (char *r = n > 6 ? strtok_r(w[6], ",", &save_ptr) : NULL; r && m.recipients_n < 2000; r = strtok_r(NULL, ",", &save_ptr))
        recipients[m.recipients_n++].text = r;
    enum sp_status st = memfd_from(bytes, len, &m.message);
    if (!st) {
        st = wire_send_smtp_send(d->engine, id, &m);
        (void)close(m.message);
    }
    free(bytes);
    free(pem);
    return st;
}

static enum sp_status
send_append(struct drive *d, uint32_t id, char **w, int n, uint8_t session)
{
    struct wm_imap_append m = {.session = session, .raw = word(w, n, 2), .flags = (uint32_t)number(word(w, n, 3)), .date = number(word(w, n, 4))};
    size_t len;
    char *bytes = slurp(word(w, n, 5), &len);
    enum sp_status st = memfd_from(bytes, len, &m.bytes);
    if (!st) {
        st = wire_send_imap_append(d->engine, id, &m);
        (void)close(m.bytes);
    }
    free(bytes);
    return st;
}

static enum sp_status
send_store(struct drive *d, uint32_t id, char **w, int n, uint8_t session)
{
    struct wr_text add[WORDS], remove[WORDS];
    struct wm_imap_store m = {.session = session, .uid_set = word(w, n, 2), .add = (uint32_t)number(word(w, n, 3)), .remove = (uint32_t)number(word(w, n, 4)),
                              .add_keywords = add, .remove_keywords = remove};
    for (int i = 5; i < n; i++) {
        if (*w[i] == '+')
            add[m.add_keywords_n++].text = w[i] + 1;
        else
            remove[m.remove_keywords_n++].text = w[i] + 1;
    }
    return wire_send_imap_store(d->engine, id, &m);
}

static enum sp_status
send_search(struct drive *d, uint32_t id, char **w, int n, uint8_t session)
{
    struct wr_search_term terms[WORDS];
    struct wm_imap_search m = {.session = session, .terms = terms};
    for (int i = 2; i < n; i++) {
        char *rest = NULL;
        struct wr_search_term t = {.op = SP_SEARCH_KEY, .text = ""};
        if (strcmp(w[i], "and") == 0 || strcmp(w[i], "or") == 0 || strcmp(w[i], "not") == 0)
            t.op = *w[i] == 'a' ? SP_SEARCH_AND : *w[i] == 'o' ? SP_SEARCH_OR : SP_SEARCH_NOT;
        else
            t.key = (uint8_t)strtol(w[i], &rest, 10);
        if (rest && *rest == ':')
            t.text = rest + 1;
        else if (rest && *rest == '=')
            t.number = number(rest + 1);
        terms[m.terms_n++] = t;
    }
    return wire_send_imap_search(d->engine, id, &m);
}

/* Sends one request. SP_UNSUPPORTED: no such command. */
static enum sp_status
request(struct drive *d, uint32_t id, char **w, int n)
{
    const char *c = w[0];
    uint8_t s = (uint8_t)number(word(w, n, 1));
    const char *a = word(w, n, 2), *b = word(w, n, 3);
    if (strcmp(c, "connect") == 0)
        return send_connect(d, id, w, n);
    if (strcmp(c, "smtp") == 0)
        return send_smtp(d, id, w, n);
    if (strcmp(c, "append") == 0)
        return send_append(d, id, w, n, s);
    if (strcmp(c, "list") == 0)
        return wire_send_imap_list(d->engine, id, &(struct wm_imap_list){s});
    if (strcmp(c, "create") == 0)
        return wire_send_imap_create(d->engine, id, &(struct wm_imap_create){s, a});
    if (strcmp(c, "status") == 0)
        return wire_send_imap_status(d->engine, id, &(struct wm_imap_status){s, a});
    if (strcmp(c, "select") == 0)
        return wire_send_imap_select(d->engine, id, &(struct wm_imap_select){s, a, strcmp(b, "ro") == 0, (uint32_t)number(word(w, n, 4)), (uint64_t)number(word(w, n, 5))});
    if (strcmp(c, "uids") == 0)
        return wire_send_imap_uids(d->engine, id, &(struct wm_imap_uids){s});
    if (strcmp(c, "headers") == 0)
        return wire_send_imap_fetch_headers(d->engine, id, &(struct wm_imap_fetch_headers){s, a});
    if (strcmp(c, "flags") == 0)
        return wire_send_imap_fetch_flags(d->engine, id, &(struct wm_imap_fetch_flags){.session = s, .uid_set = a, .since = strtoull(b, NULL, 10)});
    if (strcmp(c, "body") == 0)
        return wire_send_imap_fetch_body(d->engine, id, &(struct wm_imap_fetch_body){s, (uint32_t)strtoul(a, NULL, 10)});
    if (strcmp(c, "store") == 0)
        return send_store(d, id, w, n, s);
    if (strcmp(c, "move") == 0)
        return wire_send_imap_move(d->engine, id, &(struct wm_imap_move){s, a, b, strcmp(word(w, n, 4), "copy") == 0});
    if (strcmp(c, "expunge") == 0)
        return wire_send_imap_expunge(d->engine, id, &(struct wm_imap_expunge){s, a});
    if (strcmp(c, "searchid") == 0)
        return wire_send_imap_search_id(d->engine, id, &(struct wm_imap_search_id){s, a});
    if (strcmp(c, "search") == 0)
        return send_search(d, id, w, n, s);
    if (strcmp(c, "newest") == 0)
        return wire_send_imap_fetch_newest(d->engine, id, &(struct wm_imap_fetch_newest){s, (uint32_t)number(a)});
    if (strcmp(c, "idle") == 0)
        return wire_send_imap_idle(d->engine, id, &(struct wm_imap_idle){s});
    if (strcmp(c, "noop") == 0)
        return wire_send_imap_noop(d->engine, id, &(struct wm_imap_noop){s});
    if (strcmp(c, "close") == 0)
        return wire_send_imap_close(d->engine, id, &(struct wm_imap_close){s});
    return SP_UNSUPPORTED;
}

static void
stop_background(struct drive *d)
{
    int64_t start = loop_now_ms();
    if (d->background_over) {
        say("= ALREADY_OVER");
        return;
    }
    enum sp_status st = wire_send_cancel(d->engine, 0, &(struct wm_cancel){.id = d->background});
    if (st)
        say("cannot cancel");
    await(d, d->background, ANSWER_MS, "/dev/null");
    say("after %lld ms", (long long)(loop_now_ms() - start));
    d->background = 0;
}

static void
ping(struct drive *d)
{
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    enum sp_status st = wire_send_ping(d->control, 0, &(struct wm_ping){.serial = 1});
    if (!st)
        st = wire_receive(d->control, 3000, &arena, &in);
    bool good = !st && in.type == WM_TYPE_pong;
    arena_release(&arena);
    say("= %s", good ? "OK" : "NO_PONG");
}

static void
command(struct drive *d, char **w, int n)
{
    bool background = n > 1 && strcmp(w[0], "bg") == 0;
    if (background) {
        w++;
        n--;
    }
    background = background || strcmp(w[0], "idle") == 0;
    if (strcmp(w[0], "wait") == 0) {
        await(d, 0, (int)number(word(w, n, 1)), "/dev/null");
        return;
    }
    if (strcmp(w[0], "count") == 0) {
        d->counts = strcmp(word(w, n, 1), "on") == 0;
        say("= OK");
        return;
    }
    if (strcmp(w[0], "stop") == 0) {
        stop_background(d);
        return;
    }
    if (strcmp(w[0], "ping") == 0) {
        ping(d);
        return;
    }
    if (strcmp(w[0], "drop") == 0) {
        say("= %s", new_engine(d) ? "OK" : "FAILED");
        return;
    }
    uint32_t id = wire_next_id(d->engine);
    enum sp_status st = request(d, id, w, n);
    if (st || background) {
        d->background = id;
        d->background_over = false;
        say("= %s", sp_status_name(st));
        return;
    }
    await(d, id, ANSWER_MS, strcmp(w[0], "body") == 0 ? word(w, n, 3) : "/dev/null");
}

int
main(int argc, char **argv)
{
    struct drive d = {0};
    struct arena arena = ARENA_INIT;
    struct wire_in in;
    int fds[2];
    char *line = NULL;
    size_t room = 0;
    ssize_t len;

    (void)signal(SIGPIPE, SIG_IGN);
    if (argc != 2 || wire_pair(fds) != SP_OK)
        return 64;
    d.pid = spawn(argv[1], fds[1]);
    (void)close(fds[1]);
    d.control = wire_conn_new(fds[0], NULL, NULL, NULL, NULL);
    if (!d.control || wire_receive(d.control, 10000, &arena, &in) != SP_OK || in.type != WM_TYPE_hello || !new_engine(&d)) {
        say("= FAILED");
        return 1;
    }
    arena_release(&arena);
    say("pid %d", (int)d.pid);
    say("= OK");
    while ((len = getline(&line, &room, stdin)) > 0) {
        char *w[WORDS], *save_ptr = NULL;
        int n = 0;
        line[strcspn(line, "\n")] = '\0';
        for (char *t = strtok_r(line, " ", &save_ptr); t && n < WORDS; t = strtok_r(NULL, " ", &save_ptr)) {
            unescape(t);
            w[n++] = t;
        }
        if (n)
            command(&d, w, n);
    }
    free(line);
    wire_conn_free(d.engine);
    wire_conn_free(d.control);
    int status = 0;
    (void)waitpid(d.pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
