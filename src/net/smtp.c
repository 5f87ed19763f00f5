/* SPDX-License-Identifier: GPL-3.0-or-later */
/* SMTP submission. */
#include "smtp.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/loop.h"
#include "base/utf8.h"
#include "sasl.h"

#define COMMAND_TOTAL_MS 300000
#define DATA_TOTAL_MS 7200000
#define FINAL_REPLY_TIMES 10 /* the server may think ten times as long about the whole message (RFC 5321 section 4.5.3.2.6) */
#define DEFAULT_TIMEOUT_MS 60000
#define MAX_ADDRESS 400      /* libetpan cuts commands at 513 bytes */
#define MAX_RECIPIENTS 1000
#define RCPT_TOGETHER 50 /* as many lines as surely fit into what the server reads ahead */
/* The name for EHLO: an address literal that says nothing about the user's machine or network. */
#define EHLO_NAME "[127.0.0.1]"

struct smtp {
    struct stream stream;
    mailsmtp *session;
    mailstream *mailstream;
    struct smtp_features features;
    bool secure;
    int64_t timeout_ms;
};

/* ---- pure parts */

bool
smtp_address_valid(const char *address, bool *utf8)
{
    size_t len = strlen(address);
    const char *at = strrchr(address, '@');
    if (len > MAX_ADDRESS || !at || at == address || at[1] == '\0' || !utf8_valid(address, len))
        return false;
    for (const char *p = address; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c <= ' ' || c == 0x7f || c == '<' || c == '>')
            return false;
        if (c >= 0x80)
            *utf8 = true;
    }
    return true;
}

static void
read_feature(const char *line, size_t len, struct smtp_features *f)
{
    char word[520];
    if (len >= sizeof word - 8)
        return;
    for (size_t i = 0; i < len; i++)
        word[i] = (char)toupper((unsigned char)line[i]);
    word[len] = '\0';
    if (strcmp(word, "STARTTLS") == 0) {
        f->starttls = true;
    } else if (strcmp(word, "8BITMIME") == 0) {
        f->eight_bit = true;
    } else if (strcmp(word, "PIPELINING") == 0) {
        f->pipelining = true;
    } else if (strcmp(word, "SMTPUTF8") == 0) {
        f->utf8 = true;
    } else if (strncmp(word, "SIZE ", 5) == 0) {
        f->size = strtoull(word + 5, NULL, 10);
    } else if (strncmp(word, "AUTH ", 5) == 0) {
        f->auth_any = true;
        (void)snprintf(f->mechanisms, sizeof f->mechanisms, " %.500s ", word + 5);
    }
}

void
smtp_read_features(const char *text, struct smtp_features *out)
{
    *out = (struct smtp_features){0};
    const char *line = strchr(text, '\n');
    while (line) {
        line++;
        size_t len = strcspn(line, "\n");
        read_feature(line, len, out);
        line = strchr(line, '\n');
    }
}

/* What the message needs of the server. */
static void
look_at_bytes(const char *bytes, size_t len, bool *eight_bit, bool *utf8_header)
{
    bool header = true;
    for (size_t i = 0; i < len; i++) {
        if (header && bytes[i] == '\n' && (i + 1 == len || bytes[i + 1] == '\n' || (bytes[i + 1] == '\r' && i + 2 < len && bytes[i + 2] == '\n')))
            header = false;
        if ((unsigned char)bytes[i] >= 0x80) {
            *eight_bit = true;
            *utf8_header = *utf8_header || header;
            if (!header)
                return;
        }
    }
}

/* ---- the dialogue */

/* What a reply's code means. */
static enum sp_status
reply_status(const struct smtp *s)
{
    unsigned code = s->stream.filter.notes.number;
    return code < 400 ? SP_OK : code < 500 ? SP_SERVER_TEMPORARY : SP_SERVER_NO;
}

static enum sp_status
command(struct smtp *s, const char *line, size_t len)
{
    stream_begin(&s->stream, COMMAND_TOTAL_MS, s->timeout_ms, &filter_limits_smtp);
    s->stream.filter.mute = true;
    enum sp_status st = stream_write(&s->stream, line, len);
    while (!st && s->stream.filter.notes.reply == FILTER_PENDING)
        st = stream_pump(&s->stream);
    return st ? st : reply_status(s);
}

/* Status of a call of libetpan's: its own codes are coarser than the reply that the filter saw. */
static enum sp_status
after_library(struct smtp *s)
{
    s->stream.filter.mute = true;
    if (s->stream.failed)
        return s->stream.failed;
    if (s->stream.filter.notes.reply == FILTER_PENDING || !filter_at_rest(&s->stream.filter))
        return SP_PROTOCOL;
    return reply_status(s);
}

static void
before_library(struct smtp *s)
{
    stream_begin(&s->stream, COMMAND_TOTAL_MS, s->timeout_ms, &filter_limits_smtp);
    s->stream.filter.mute = false;
}

static enum sp_status
greet(struct smtp *s)
{
    s->stream.filter.mute = false;
    int rc = mailsmtp_connect(s->session, s->mailstream);
    if (!s->session->stream) /* libetpan closed it */
        s->mailstream = NULL;
    enum sp_status st = after_library(s);
    if (!st && (rc != MAILSMTP_NO_ERROR || s->stream.filter.notes.number != 220))
        st = SP_PROTOCOL;
    return st;
}

static enum sp_status
ehlo(struct smtp *s)
{
    static const char line[] = "EHLO " EHLO_NAME "\r\n";
    enum sp_status st = command(s, line, sizeof line - 1);
    if (!st && s->stream.filter.notes.number != 250)
        st = SP_PROTOCOL;
    if (!st)
        smtp_read_features(buf_str(&s->stream.filter.notes.text), &s->features);
    return st;
}

/* STARTTLS (RFC 3207, S51); the caller asks EHLO again. */
static enum sp_status
start_tls(struct smtp *s, const struct net_env *env, const struct tls_policy *policy)
{
    const struct filter_notes *n = &s->stream.filter.notes;
    if (!s->features.starttls)
        return SP_STARTTLS_MISSING;
    enum sp_status st = command(s, "STARTTLS\r\n", 10);
    if (st == SP_PROTOCOL && n->reply == FILTER_OK && n->after)
        return SP_STARTTLS_INJECTED;
    if (st == SP_SERVER_NO || st == SP_SERVER_TEMPORARY || (!st && n->number != 220))
        return SP_STARTTLS_MISSING;
    if (st)
        return st;
    if (n->after || s->stream.filter.line.len || !filter_at_rest(&s->stream.filter) || s->mailstream->read_buffer_len)
        return SP_STARTTLS_INJECTED;
    s->features = (struct smtp_features){0};
    st = stream_start_tls(&s->stream, env->anchors, policy);
    s->secure = st == SP_OK;
    s->stream.filter.greeted = s->stream.filter.mute = true;
    return st;
}

static bool
offers_mechanism(void *arg, const char *name)
{
    const struct smtp *s = arg;
    char word[64];
    (void)snprintf(word, sizeof word, " %s ", name);
    return strstr(s->features.mechanisms, word) != NULL;
}

static enum sp_status
auth_rounds(struct smtp *s, struct sasl *sasl, bool client_spoke)
{
    const struct filter_notes *n = &s->stream.filter.notes;
    enum sp_status st = SP_OK;
    for (int rounds = 0; rounds < 10 && n->number == 334 && !st; rounds++) {
        struct buf line = BUF_INIT, challenge = BUF_INIT;
        (void)buf_reserve(&line, SASL_ROOM);
        buf_adds(&challenge, buf_str(&n->text));
        st = sasl_step(sasl, client_spoke || !sasl_client_first(sasl) ? buf_str(&challenge) : NULL, &line);
        client_spoke = true;
        buf_adds(&line, "\r\n");
        if (!st)
            st = line.failed ? SP_NOMEM : command(s, line.data, line.len);
        buf_release_wiped(&line);
        buf_release(&challenge);
    }
    return st;
}

static enum sp_status
auth_status(const struct smtp *s, enum sp_status st)
{
    unsigned code = s->stream.filter.notes.number;
    if (st == SP_SERVER_NO)
        return code == 502 || code == 504 || code == 503 ? SP_AUTH_UNSUPPORTED : SP_AUTH_FAILED;
    return st;
}

/* AUTH (RFC 4954). */
static enum sp_status
authenticate(struct smtp *s, const struct wr_server *server, const struct secret *password)
{
    struct sasl sasl;
    struct buf line = BUF_INIT, initial = BUF_INIT;
    enum sasl_mechanism m = sasl_choose(server->auth, offers_mechanism, s);
    if (m == SASL_NONE)
        return SP_AUTH_UNSUPPORTED;
    enum sp_status st = sasl_init(&sasl, m, server->user, password);
    bool inline_first = false;
    (void)buf_reserve(&line, SASL_ROOM);
    (void)buf_reserve(&initial, SASL_ROOM);
    if (!st && sasl_client_first(&sasl)) {
        st = sasl_step(&sasl, NULL, &initial);
        inline_first = true;
    }
    buf_addf(&line, "AUTH %s%s", sasl_name(m), inline_first ? " " : "");
    buf_adds(&line, buf_str(&initial));
    buf_adds(&line, "\r\n");
    if (!st)
        st = line.failed || initial.failed ? SP_NOMEM : command(s, line.data, line.len);
    buf_release_wiped(&line);
    buf_release_wiped(&initial);
    if (!st)
        st = auth_rounds(s, &sasl, inline_first);
    st = auth_status(s, st);
    if (!st && s->stream.filter.notes.number != 235)
        st = SP_PROTOCOL;
    if (!st)
        st = sasl_finish(&sasl);
    sasl_release(&sasl);
    return st;
}

static enum sp_status
open_session(struct smtp *s, const struct net_env *env, const struct wr_server *server, const struct tls_policy *policy)
{
    stream_begin(&s->stream, s->timeout_ms * 2, s->timeout_ms, &filter_limits_smtp);
    enum sp_status st = stream_connect(&s->stream, env->resolver_fd, server->host, server->port);
    if (!st && server->transport == SP_TRANSPORT_TLS) {
        st = stream_start_tls(&s->stream, env->anchors, policy);
        s->secure = st == SP_OK;
    }
    if (st)
        return st;
    s->mailstream = stream_mailstream(&s->stream);
    s->session = mailsmtp_new(0, NULL);
    if (!s->mailstream || !s->session)
        return SP_NOMEM;
    st = greet(s);
    return st ? st : ehlo(s);
}

static enum sp_status
log_in(struct smtp *s, const struct net_env *env, const struct wr_server *server, const struct secret *password, const struct tls_policy *policy)
{
    enum sp_status st = open_session(s, env, server, policy);
    if (!st && server->transport == SP_TRANSPORT_STARTTLS) {
        st = start_tls(s, env, policy);
        if (!st)
            st = ehlo(s);
    }
    if (!st && !s->secure && server->transport != SP_TRANSPORT_INSECURE)
        st = SP_INSECURE_REFUSED; /* cannot happen; the last look before the password */
    if (!st && *server->user)
        st = authenticate(s, server, password);
    return st;
}

static enum sp_status
mail_from(struct smtp *s, const struct smtp_message *m, uint64_t size, bool eight_bit, bool utf8)
{
    struct buf line = BUF_INIT;
    buf_addf(&line, "MAIL FROM:<%s>", m->sender);
    if (s->features.size)
        buf_addf(&line, " SIZE=%llu", (unsigned long long)size);
    if (eight_bit)
        buf_adds(&line, " BODY=8BITMIME");
    if (utf8)
        buf_adds(&line, " SMTPUTF8");
    buf_adds(&line, "\r\n");
    enum sp_status st = line.failed ? SP_NOMEM : command(s, line.data, line.len);
    buf_release(&line);
    return st;
}

/* Waits for the next reply; those of commands that were sent together come behind one another. */
static enum sp_status
next_reply(struct smtp *s)
{
    struct filter *f = &s->stream.filter;
    struct buf held = f->held;
    buf_init(&f->held);
    stream_begin(&s->stream, COMMAND_TOTAL_MS, s->timeout_ms, &filter_limits_smtp);
    enum sp_status st = held.len ? filter_feed(f, held.data, held.len) : SP_OK;
    buf_release(&held);
    while (!st && f->notes.reply == FILTER_PENDING)
        st = stream_pump(&s->stream);
    return st ? st : reply_status(s);
}

static enum sp_status
write_rcpt(struct smtp *s, const struct smtp_message *m, uint32_t from, uint32_t n)
{
    struct buf lines = BUF_INIT;
    for (uint32_t i = from; i < from + n; i++)
        buf_addf(&lines, "RCPT TO:<%s>\r\n", m->recipients[i].text);
    enum sp_status st = lines.failed ? SP_NOMEM : stream_write(&s->stream, lines.data, lines.len);
    buf_release(&lines);
    return st;
}

/* RCPT for each, some at a time where the server lets us (PIPELINING, RFC 2920). The first failure of each kind is remembered: a refusal for
   good outranks one for now. */
static enum sp_status
rcpt_to(struct smtp *s, const struct smtp_message *m, struct arena *arena, struct wm_smtp_sent *out)
{
    const struct filter_notes *n = &s->stream.filter.notes;
    enum sp_status worst = SP_OK, st = SP_OK;
    uint32_t together = s->features.pipelining ? RCPT_TOGETHER : 1;
    out->results = arena_array(arena, m->recipients_n, sizeof *out->results);
    if (!out->results)
        return SP_NOMEM;
    s->stream.filter.mute = s->stream.filter.hold = true;
    for (uint32_t i = 0; i < m->recipients_n; i++) {
        if (i % together == 0)
            st = write_rcpt(s, m, i, m->recipients_n - i < together ? m->recipients_n - i : together);
        st = st ? st : next_reply(s);
        if (st && st != SP_SERVER_NO && st != SP_SERVER_TEMPORARY)
            return st;
        out->results[i] = (struct wr_recipient_result){.address = arena_strdup(arena, m->recipients[i].text), .code = (uint16_t)n->number,
                                                       .text = arena_strdup(arena, buf_str(&n->text))};
        if (!out->results[i].address || !out->results[i].text)
            return SP_NOMEM;
        out->results_n = i + 1;
        if (st && worst != SP_SERVER_NO && (worst == SP_OK || st == SP_SERVER_NO)) {
            worst = st;
            out->code = (uint16_t)n->number;
            out->text = out->results[i].text;
        }
        st = SP_OK;
    }
    s->stream.filter.hold = false;
    return s->stream.filter.held.len ? SP_PROTOCOL : worst;
}

/* DATA and the message, piece by piece. */
static enum sp_status
send_data(struct smtp *s, const struct smtp_message *m, struct wm_smtp_sent *out)
{
    before_library(s);
    (void)mailsmtp_data(s->session);
    enum sp_status st = after_library(s);
    if (!st && s->stream.filter.notes.number != 354)
        st = SP_PROTOCOL;
    if (st)
        return st;
    before_library(s);
    s->stream.deadline_ms = loop_now_ms() + DATA_TOTAL_MS;
    s->stream.idle_ms = s->timeout_ms * FINAL_REPLY_TIMES;
    s->stream.cancel = STREAM_CANCEL_UNSENT;
    s->stream.filter.mute = true;
    memcpy(s->stream.tail, "\0\0\0\r\n", sizeof s->stream.tail); /* the end of DATA's line is the first half of an empty message's end */
    struct crlf text;
    crlf_init(&text, CRLF_SMTP, m->bytes, m->len);
    st = stream_write_message(&s->stream, &text);
    if (!st)
        st = crlf_at_line(&text) ? stream_write(&s->stream, ".\r\n", 3) : stream_write(&s->stream, "\r\n.\r\n", 5);
    while (!st && s->stream.filter.notes.reply == FILTER_PENDING)
        st = stream_pump(&s->stream);
    bool sent = stream_wrote_final_dot(&s->stream);
    st = st ? st : reply_status(s);
    if (!st && (s->stream.filter.notes.number != 250 || !sent))
        st = SP_PROTOCOL;
    if (!st)
        out->stage = 2;
    else if (sent && st != SP_SERVER_NO && st != SP_SERVER_TEMPORARY) /* a refusal is an answer: not taken */
        out->stage = 1;
    return st;
}

/* Everything that can be refused without the server. */
static enum sp_status
check_message(const struct smtp_message *m, bool *utf8)
{
    if (m->recipients_n == 0 || (*m->sender && !smtp_address_valid(m->sender, utf8)))
        return SP_INVALID;
    if (m->recipients_n > MAX_RECIPIENTS)
        return SP_TOO_LARGE;
    for (uint32_t i = 0; i < m->recipients_n; i++)
        if (!smtp_address_valid(m->recipients[i].text, utf8))
            return SP_INVALID;
    return SP_OK;
}

static enum sp_status
send_message(struct smtp *s, const struct smtp_message *m, bool utf8, struct arena *arena, struct wm_smtp_sent *out)
{
    bool eight_bit = false;
    look_at_bytes(m->bytes, m->len, &eight_bit, &utf8);
    if ((eight_bit && !s->features.eight_bit) || (utf8 && !s->features.utf8)) {
        out->text = utf8 && !s->features.utf8 ? "SMTPUTF8" : "8BITMIME"; /* what is missing */
        return SP_UNSUPPORTED;
    }
    uint64_t size = crlf_size(CRLF_SMTP, m->bytes, m->len);
    if (s->features.size && size > s->features.size)
        return SP_TOO_LARGE;
    enum sp_status st = mail_from(s, m, size, eight_bit, utf8);
    if (!st)
        st = rcpt_to(s, m, arena, out);
    return st ? st : send_data(s, m, out);
}

/* Leaves in peace while the connection is whole. */
static void
leave(struct smtp *s)
{
    if (s->session && s->mailstream && !s->stream.failed) {
        s->stream.deadline_ms = loop_now_ms() + 1000;
        (void)mailsmtp_quit(s->session); /* closes the mailstream */
        s->mailstream = NULL;
    }
    if (s->session) {
        s->session->stream = NULL;
        mailsmtp_free(s->session);
    }
    if (s->mailstream)
        (void)mailstream_close(s->mailstream);
    stream_release(&s->stream);
}

enum sp_status
smtp_send(struct stream_watch *watch, const struct net_env *env, const struct wr_server *server, const struct secret *password,
          const struct smtp_message *message, struct arena *arena, struct wm_smtp_sent *out, struct tls_facts *facts)
{
    struct smtp s = {.timeout_ms = server->timeout_ms ? server->timeout_ms : DEFAULT_TIMEOUT_MS};
    struct tls_policy policy = {.host = server->host, .pin = server->pin, .ca_pem = server->ca_pem};
    bool utf8 = false;

    *out = (struct wm_smtp_sent){.text = ""};
    *facts = (struct tls_facts){.reason = ""};
    stream_init(&s.stream, watch, FILTER_SMTP);
    enum sp_status st = server->transport > SP_TRANSPORT_INSECURE ? SP_INVALID : check_message(message, &utf8);
    if (!st && memchr(message->bytes, 0, message->len))
        st = SP_INVALID; /* no server takes NUL */
    if (!st)
        st = log_in(&s, env, server, password, &policy);
    if (!st)
        st = send_message(&s, message, utf8, arena, out);
    if (s.stream.failed && st != SP_STARTTLS_INJECTED && !out->stage)
        st = s.stream.failed;
    const struct filter_notes *n = &s.stream.filter.notes;
    if (out->code == 0 && n->reply != FILTER_PENDING && st != SP_UNSUPPORTED && st != SP_TOO_LARGE) {
        out->code = (uint16_t)n->number;
        out->text = arena_strdup(arena, buf_str(&n->text));
    }
    if (!out->text)
        out->text = "";
    out->status = (uint16_t)st;
    *facts = s.stream.facts;
    if (!facts->reason)
        facts->reason = "";
    leave(&s);
    return st;
}
