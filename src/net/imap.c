/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The IMAP session: commands, connecting, STARTTLS, authentication. */
#include "imap.h"

#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "imap_command.h"
#include "sasl.h"

#define DEFAULT_TIMEOUT_MS 60000
#define FAR_MS 4 /* nearer, packing takes longer than sending */
#define IDENTIFY "ID (\"name\" \"sealpost\")"

void
imap_init(struct imap *im, struct stream_watch *watch, imap_alert_fn *on_alert, void *arg)
{
    *im = (struct imap){.on_alert = on_alert, .arg = arg, .timeout_ms = DEFAULT_TIMEOUT_MS};
    stream_init(&im->stream, watch, FILTER_IMAP);
}

static void
close_session(struct imap *im)
{
    if (im->session) {
        im->session->imap_stream = NULL; /* else libetpan writes a LOGOUT to it */
        mailimap_free(im->session);
    }
    if (im->mailstream)
        (void)mailstream_close(im->mailstream);
    im->session = NULL;
    im->mailstream = NULL;
    im->secure = im->authenticated = im->selected = im->modseq = im->prefixed = false;
    stream_release(&im->stream);
}

void
imap_release(struct imap *im)
{
    close_session(im);
    buf_release(&im->capability_text);
    buf_release(&im->text);
}

bool
imap_is_open(const struct imap *im)
{
    return im->session != NULL;
}

bool
imap_tls_refused(enum sp_status st)
{
    return st == SP_TLS || st == SP_TLS_UNTRUSTED || st == SP_TLS_PIN_CHANGED;
}

void
imap_tell_alerts(struct imap *im)
{
    struct buf *alerts = &im->stream.filter.notes.alerts;
    for (size_t at = 0; at < alerts->len; at += strlen(alerts->data + at) + 1)
        if (im->on_alert)
            im->on_alert(im->arg, alerts->data + at);
    buf_clear(alerts);
}

enum sp_status
imap_drop(struct imap *im, enum sp_status why)
{
    struct filter_notes *n = &im->stream.filter.notes;
    imap_tell_alerts(im);
    if (im->stream.failed)
        why = im->stream.failed;
    if (n->bye) {
        buf_clear(&im->text);
        buf_adds(&im->text, buf_str(&n->bye_text));
    }
    im->stream.failed = why; /* no closing alert to a broken peer */
    close_session(im);
    im->stream.failed = SP_OK;
    return why;
}

/* ---- commands */

static bool
code_is(const struct filter_notes *n, const char *word)
{
    size_t len = strlen(word);
    const char *code = buf_str(&n->code);
    return strncasecmp(code, word, len) == 0 && (code[len] == ' ' || code[len] == '\0');
}

/* What a tagged line means. */
static enum sp_status
tagged_status(struct imap *im)
{
    struct filter_notes *n = &im->stream.filter.notes;
    buf_clear(&im->text);
    buf_adds(&im->text, buf_str(&n->text));
    imap_tell_alerts(im);
    if (n->reply == FILTER_OK)
        return SP_OK;
    if (n->referral)
        return SP_REFERRAL_REFUSED;
    if (code_is(n, "TRYCREATE") || code_is(n, "NONEXISTENT"))
        return SP_NOT_FOUND;
    if (code_is(n, "UNAVAILABLE") || code_is(n, "INUSE") || code_is(n, "LIMIT") || code_is(n, "SERVERBUG"))
        return SP_SERVER_TEMPORARY;
    return SP_SERVER_NO;
}

static enum sp_status
not_open(void)
{
    return SP_DISCONNECTED;
}

enum sp_status
imap_raw_begin(struct imap *im, int64_t total_ms, const struct filter_limits *limits, const char *command)
{
    struct buf line = BUF_INIT;
    if (!im->session)
        return not_open();
    (void)buf_reserve(&line, strlen(command) + 32); /* at once: growing would leave a password's copies behind */
    buf_addf(&line, "%d ", ++im->session->imap_tag);
    buf_adds(&line, command);
    buf_adds(&line, "\r\n");
    if (line.failed)
        return SP_NOMEM;
    buf_clear(&im->text);
    stream_begin(&im->stream, total_ms, im->timeout_ms, limits);
    im->stream.filter.mute = true;
    enum sp_status st = stream_write(&im->stream, line.data, line.len);
    buf_release_wiped(&line);
    return st ? imap_drop(im, st) : SP_OK;
}

enum sp_status
imap_ahead(struct imap *im, const char *command)
{
    struct filter *f = &im->stream.filter;
    struct buf line = BUF_INIT;
    if (f->ahead_n == FILTER_AHEAD)
        return SP_BUSY;
    f->ahead[f->ahead_n++] = (uint32_t)++im->session->imap_tag;
    buf_addf(&line, "%d %s\r\n", im->session->imap_tag, command);
    enum sp_status st = line.failed ? SP_NOMEM : stream_write(&im->stream, line.data, line.len);
    buf_release(&line);
    return st ? imap_drop(im, st) : SP_OK;
}

enum sp_status
imap_prepare_bulk(struct imap *im)
{
    struct filter *f = &im->stream.filter;
    if (!im->session || !im->compress || !(im->capabilities & SP_IMAP_COMPRESS))
        return SP_OK;
    im->compress = false;
    f->hold = true;
    enum sp_status st = imap_raw(im, &filter_limits_imap, "COMPRESS DEFLATE");
    f->hold = false;
    struct buf held = f->held;
    buf_init(&f->held);
    if (st == SP_OK) {
        st = stream_start_zip(&im->stream, held.data, held.len);
    } else if (im->session) { /* refused: it goes on as before */
        buf_clear(&im->text);
        st = held.len ? filter_feed(f, held.data, held.len) : SP_OK;
    }
    buf_release(&held);
    return st && im->session ? imap_drop(im, st) : st;
}

void
imap_tell_vanished(struct imap *im, imap_vanished_fn *fn, void *arg)
{
    struct buf *set = &im->stream.filter.notes.vanished;
    if (set->len)
        fn(arg, buf_str(set));
    buf_release(set); /* may be large */
}

enum sp_status
imap_raw_continued(struct imap *im)
{
    struct filter_notes *n = &im->stream.filter.notes;
    while (!n->continuation && n->reply == FILTER_PENDING) {
        enum sp_status st = stream_pump(&im->stream);
        if (st)
            return imap_drop(im, st);
    }
    if (n->reply != FILTER_PENDING) {
        enum sp_status st = imap_raw_end(im);
        return st ? st : imap_drop(im, SP_PROTOCOL); /* OK without having taken what we want to give */
    }
    n->continuation = false;
    return SP_OK;
}

enum sp_status
imap_raw_end(struct imap *im)
{
    struct filter_notes *n = &im->stream.filter.notes;
    char tag[16];
    while (n->reply == FILTER_PENDING) {
        enum sp_status st = stream_pump(&im->stream);
        if (st)
            return imap_drop(im, st);
    }
    (void)snprintf(tag, sizeof tag, "%d", im->session->imap_tag);
    if (strcmp(buf_str(&n->tag), tag) != 0)
        return imap_drop(im, SP_PROTOCOL);
    return tagged_status(im);
}

enum sp_status
imap_raw(struct imap *im, const struct filter_limits *limits, const char *fmt, ...)
{
    struct buf command = BUF_INIT;
    va_list ap;
    va_start(ap, fmt);
    buf_vaddf(&command, fmt, ap);
    va_end(ap);
    enum sp_status st = buf_status(&command);
    if (!st)
        st = imap_raw_begin(im, IMAP_TOTAL_MS, limits, buf_str(&command));
    if (!st)
        st = imap_raw_end(im);
    buf_release_wiped(&command);
    return st;
}

enum sp_status
imap_parsed(struct imap *im, int64_t total_ms, const struct filter_limits *limits, const char *command)
{
    struct mailimap_response *response = NULL;
    enum sp_status st = imap_raw_begin(im, total_ms, limits, command); /* libetpan's own sending ends commands with a space */
    if (st)
        return st;
    im->stream.filter.mute = false;
    int rc = mailimap_read_line(im->session) ? mailimap_parse_response(im->session, &response) : MAILIMAP_ERROR_STREAM;
    im->stream.filter.mute = true;
    const struct filter_notes *n = &im->stream.filter.notes;
    if (response)
        mailimap_response_free(response);
    if (im->stream.failed)
        return imap_drop(im, im->stream.failed);
    bool read = rc == MAILIMAP_NO_ERROR || (n->reply == FILTER_BAD && rc == MAILIMAP_ERROR_PROTOCOL); /* its name for BAD */
    if (n->reply == FILTER_PENDING || !read)
        return imap_drop(im, rc == MAILIMAP_ERROR_MEMORY ? SP_NOMEM : SP_PROTOCOL);
    if (!filter_at_rest(&im->stream.filter) || im->mailstream->read_buffer_len)
        return imap_drop(im, SP_PROTOCOL);
    return tagged_status(im);
}

enum sp_status
imap_quote(struct buf *out, const char *text)
{
    if (strpbrk(text, "\r\n"))
        return SP_INVALID;
    buf_addc(out, '"');
    for (; *text; text++) {
        if (*text == '"' || *text == '\\')
            buf_addc(out, '\\');
        buf_addc(out, *text);
    }
    buf_addc(out, '"');
    return buf_status(out);
}

const char imap_months[37] = "JanFebMarAprMayJunJulAugSepOctNovDec";

static const struct {
    uint32_t bit;
    const char *name;
} flags_known[] = {
    {SP_FLAG_SEEN, "\\Seen"}, {SP_FLAG_ANSWERED, "\\Answered"}, {SP_FLAG_FLAGGED, "\\Flagged"}, {SP_FLAG_DELETED, "\\Deleted"},
    {SP_FLAG_DRAFT, "\\Draft"}, {SP_FLAG_FORWARDED, "$Forwarded"}, {SP_FLAG_JUNK, "$Junk"}, {SP_FLAG_PHISHING, "$Phishing"},
};

void
imap_add_flags(struct buf *out, uint32_t flags)
{
    const char *separator = "(";
    for (size_t i = 0; i < sizeof flags_known / sizeof *flags_known; i++) {
        if (!(flags & flags_known[i].bit))
            continue;
        buf_adds(out, separator);
        buf_adds(out, flags_known[i].name);
        separator = " ";
    }
    buf_adds(out, *separator == '(' ? "()" : ")");
}

uint32_t
imap_flag_bit(const char *name)
{
    for (size_t i = 0; i < sizeof flags_known / sizeof *flags_known; i++)
        if (strcasecmp(flags_known[i].name, name) == 0)
            return flags_known[i].bit;
    return 0;
}

/* ---- connecting */

static void
keep_capabilities(struct imap *im)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } known[] = {
        {"IDLE", SP_IMAP_IDLE}, {"CONDSTORE", SP_IMAP_CONDSTORE}, {"QRESYNC", SP_IMAP_QRESYNC | SP_IMAP_CONDSTORE}, {"MOVE", SP_IMAP_MOVE},
        {"UIDPLUS", SP_IMAP_UIDPLUS}, {"SPECIAL-USE", SP_IMAP_SPECIAL_USE}, {"ID", SP_IMAP_ID}, {"COMPRESS=DEFLATE", SP_IMAP_COMPRESS},
        {"UTF8=ACCEPT", SP_IMAP_UTF8},
        {"IMAP4REV2", SP_IMAP_IDLE | SP_IMAP_MOVE | SP_IMAP_UIDPLUS | SP_IMAP_SPECIAL_USE}, /* RFC 9051 appendix E */
    };
    struct filter *f = &im->stream.filter;
    im->capabilities = 0;
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (filter_capable(f, known[i].name))
            im->capabilities |= known[i].bit;
    const char *text = buf_str(&f->notes.capabilities);
    buf_clear(&im->capability_text);
    buf_adds(&im->capability_text, *text == ' ' ? text + 1 : text);
    if (im->capability_text.len)
        buf_truncate(&im->capability_text, im->capability_text.len - 1);
}

/* Uses the capabilities that came by themselves, else asks. */
static enum sp_status
learn_capabilities(struct imap *im)
{
    if (im->stream.filter.notes.capabilities.len <= 1) {
        enum sp_status st = imap_raw(im, &filter_limits_imap, "CAPABILITY");
        if (st)
            return st == SP_SERVER_NO ? imap_drop(im, SP_PROTOCOL) : st;
    }
    keep_capabilities(im);
    return SP_OK;
}

bool
imap_has(const struct imap *im, const char *word)
{
    struct buf padded = BUF_INIT, needle = BUF_INIT;
    buf_addf(&padded, " %s ", buf_str(&im->capability_text));
    buf_addf(&needle, " %s ", word);
    bool found = strstr(buf_str(&padded), buf_str(&needle)) != NULL;
    buf_release(&padded);
    buf_release(&needle);
    return found;
}

static bool
offers_mechanism(void *arg, const char *name)
{
    char capability[64];
    (void)snprintf(capability, sizeof capability, "AUTH=%s", name);
    return imap_has(arg, capability);
}

/* Whether the server refuses a connection because there are too many. Not all say so with a code (RFC 9051 section 7.1 LIMIT). */
static bool
too_many(struct imap *im, const struct buf *text)
{
    static const char *const words[] = {"too many", "maximum number", "limit exceeded", "connection limit"};
    const char *t = buf_str(text);
    if (code_is(&im->stream.filter.notes, "LIMIT"))
        return true;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcasestr(t, words[i]) && strcasestr(t, "connection"))
            return true;
    return false;
}

static enum sp_status
auth_status(struct imap *im, enum sp_status st)
{
    if ((st == SP_SERVER_NO || st == SP_SERVER_TEMPORARY) && too_many(im, &im->text))
        return SP_SERVER_LIMIT;
    if (st == SP_SERVER_NO)
        return im->stream.filter.notes.reply == FILTER_BAD ? SP_AUTH_UNSUPPORTED : SP_AUTH_FAILED;
    return st;
}

/* One round of AUTHENTICATE: answers the server's challenge. */
static enum sp_status
answer_challenge(struct imap *im, struct sasl *sasl, bool first)
{
    struct filter_notes *n = &im->stream.filter.notes;
    struct buf reply = BUF_INIT;
    const char *challenge = first && sasl_client_first(sasl) ? NULL : buf_str(&n->challenge);
    (void)buf_reserve(&reply, SASL_ROOM);
    enum sp_status st = sasl_step(sasl, challenge, &reply);
    if (st) {
        buf_release_wiped(&reply);
        return st;
    }
    buf_adds(&reply, "\r\n");
    st = reply.failed ? SP_NOMEM : stream_write(&im->stream, reply.data, reply.len);
    buf_release_wiped(&reply);
    return st;
}

/* AUTHENTICATE (RFC 9051 section 6.2.2), the first message with the command where SASL-IR allows (RFC 4959). */
static enum sp_status
authenticate(struct imap *im, struct sasl *sasl)
{
    struct filter_notes *n = &im->stream.filter.notes;
    struct buf command = BUF_INIT;
    bool first = true;
    enum sp_status st = SP_OK;

    (void)buf_reserve(&command, SASL_ROOM);
    buf_addf(&command, "AUTHENTICATE %s", sasl_name(sasl->mechanism));
    if (sasl_client_first(sasl) && imap_has(im, "SASL-IR")) {
        buf_addc(&command, ' ');
        st = sasl_step(sasl, NULL, &command);
        first = false;
    }
    if (!st)
        st = buf_status(&command);
    if (!st)
        st = imap_raw_begin(im, IMAP_TOTAL_MS, &filter_limits_imap, buf_str(&command));
    buf_release_wiped(&command);
    if (st)
        return st;
    for (int rounds = 0; rounds < 10; rounds++, first = false) {
        while (!n->continuation && n->reply == FILTER_PENDING)
            if ((st = stream_pump(&im->stream)))
                return imap_drop(im, st);
        if (n->reply != FILTER_PENDING) {
            st = auth_status(im, imap_raw_end(im));
            return st || (st = sasl_finish(sasl)) == SP_OK ? st : imap_drop(im, st);
        }
        n->continuation = false;
        if ((st = answer_challenge(im, sasl, first)))
            return imap_drop(im, st);
    }
    return imap_drop(im, SP_PROTOCOL);
}

/* LOGIN, for servers without AUTH=PLAIN. */
static enum sp_status
login(struct imap *im, const char *user, const struct secret *password)
{
    struct buf command = BUF_INIT;
    (void)buf_reserve(&command, SASL_ROOM);
    buf_adds(&command, "LOGIN ");
    enum sp_status st = imap_quote(&command, user);
    buf_addc(&command, ' ');
    if (!st)
        st = imap_quote(&command, secret_str(password));
    for (size_t i = 0; !st && i < command.len; i++)
        if ((unsigned char)command.data[i] >= 0x80)
            st = SP_AUTH_UNSUPPORTED; /* a quoted string cannot carry it */
    if (!st)
        st = imap_raw_begin(im, IMAP_TOTAL_MS, &filter_limits_imap, buf_str(&command));
    buf_release_wiped(&command);
    return st ? st : auth_status(im, imap_raw_end(im));
}

static enum sp_status
log_in(struct imap *im, const struct wr_server *server, const struct secret *password)
{
    struct sasl sasl;
    enum sasl_mechanism m = sasl_choose(server->auth, offers_mechanism, im);
    if (m == SASL_NONE) {
        bool wanted = !*server->auth || strcasecmp(server->auth, "LOGIN") == 0;
        return wanted && !imap_has(im, "LOGINDISABLED") ? login(im, server->user, password) : SP_AUTH_UNSUPPORTED;
    }
    enum sp_status st = sasl_init(&sasl, m, server->user, password);
    if (!st)
        st = authenticate(im, &sasl);
    sasl_release(&sasl);
    return st;
}

/* STARTTLS (RFC 9051 section 6.2.1, S51). What the server said before is forgotten with the old filter. */
static enum sp_status
start_tls(struct imap *im, const struct net_env *env, const struct tls_policy *policy)
{
    const struct filter_notes *n = &im->stream.filter.notes;
    enum sp_status st = SP_OK;
    if (n->capabilities.len <= 1)
        st = imap_raw(im, &filter_limits_imap, "CAPABILITY");
    if (!st && !filter_capable(&im->stream.filter, "STARTTLS"))
        return imap_drop(im, SP_STARTTLS_MISSING);
    if (!st)
        st = imap_raw_begin(im, IMAP_TOTAL_MS, &filter_limits_imap, "STARTTLS");
    while (!st && n->reply == FILTER_PENDING)
        st = stream_pump(&im->stream);
    if (st && n->reply != FILTER_PENDING && n->after) {
        im->stream.failed = SP_STARTTLS_INJECTED;
        return imap_drop(im, SP_STARTTLS_INJECTED);
    }
    if (st)
        return im->session ? imap_drop(im, st) : st;
    st = imap_raw_end(im);
    if (st == SP_SERVER_NO || st == SP_SERVER_TEMPORARY || st == SP_REFERRAL_REFUSED || st == SP_NOT_FOUND)
        return imap_drop(im, st == SP_REFERRAL_REFUSED ? st : SP_STARTTLS_MISSING);
    if (st)
        return st;
    if (n->after || im->stream.filter.line.len || !filter_at_rest(&im->stream.filter) || im->mailstream->read_buffer_len)
        return imap_drop(im, SP_STARTTLS_INJECTED);
    st = stream_start_tls(&im->stream, env->anchors, policy);
    if (st)
        return imap_drop(im, st);
    im->secure = true;
    im->stream.filter.greeted = im->stream.filter.mute = true;
    return SP_OK;
}

static enum sp_status
greet(struct imap *im)
{
    const struct filter_notes *n = &im->stream.filter.notes;
    im->stream.filter.mute = false;
    int rc = mailimap_connect(im->session, im->mailstream);
    im->stream.filter.mute = true;
    if (im->stream.failed)
        return imap_drop(im, im->stream.failed);
    if (n->greeting == FILTER_BYE)
        return imap_drop(im, n->referral ? SP_REFERRAL_REFUSED : too_many(im, &n->bye_text) ? SP_SERVER_LIMIT : SP_SERVER_TEMPORARY);
    if (rc != MAILIMAP_NO_ERROR_NON_AUTHENTICATED && rc != MAILIMAP_NO_ERROR_AUTHENTICATED)
        return imap_drop(im, SP_PROTOCOL);
    if (n->greeting == FILTER_PREAUTH && !im->secure)
        return imap_drop(im, SP_PREAUTH_REFUSED);
    return SP_OK;
}

static enum sp_status
open_stream(struct imap *im, const struct net_env *env, const struct wr_server *server, const struct tls_policy *policy)
{
    stream_begin(&im->stream, im->timeout_ms * 2, im->timeout_ms, &filter_limits_imap);
    enum sp_status st = stream_connect(&im->stream, env->resolver_fd, server->host, server->port);
    if (!st && server->transport == SP_TRANSPORT_TLS) {
        st = stream_start_tls(&im->stream, env->anchors, policy);
        im->secure = true;
    }
    if (st)
        return imap_drop(im, st);
    im->mailstream = stream_mailstream(&im->stream);
    im->session = mailimap_new(0, NULL);
    return im->mailstream && im->session ? SP_OK : imap_drop(im, SP_NOMEM);
}

/* What goes before the first SELECT, without waiting: some providers refuse clients that do not say their name (ID, RFC 2971). Whether
   QRESYNC was switched on shows in ENABLED. UTF8=ACCEPT (RFC 6855) is not: names stay in the one encoding that every server knows. */
static enum sp_status
introduce(struct imap *im)
{
    enum sp_status st = SP_OK;
    if (im->capabilities & SP_IMAP_ID)
        st = imap_ahead(im, IDENTIFY);
    if (!st && im->capabilities & SP_IMAP_QRESYNC && imap_has(im, "ENABLE"))
        st = imap_ahead(im, "ENABLE QRESYNC");
    return st;
}

static enum sp_status
set_up(struct imap *im, const struct net_env *env, const struct wr_server *server, const struct secret *password)
{
    struct tls_policy policy = {.host = server->host, .pin = server->pin, .ca_pem = server->ca_pem};
    enum sp_status st = open_stream(im, env, server, &policy);
    if (!st)
        st = greet(im);
    bool preauth = !st && im->stream.filter.notes.greeting == FILTER_PREAUTH;
    if (!st && server->transport == SP_TRANSPORT_STARTTLS)
        st = start_tls(im, env, &policy);
    if (!st)
        st = learn_capabilities(im);
    if (!st && !im->secure && server->transport != SP_TRANSPORT_INSECURE)
        st = imap_drop(im, SP_INSECURE_REFUSED); /* cannot happen; the last look before the password */
    if (!st && !preauth) {
        buf_clear(&im->stream.filter.notes.capabilities);
        st = log_in(im, server, password);
        if (!st) /* those from before are worth nothing now */
            st = learn_capabilities(im);
    }
    im->compress = server->compress == 2 || (server->compress && im->stream.connect_ms >= FAR_MS);
    return st ? st : introduce(im);
}

enum sp_status
imap_connect(struct imap *im, const struct net_env *env, const struct wr_server *server, const struct secret *password)
{
    if (server->transport > SP_TRANSPORT_INSECURE)
        return SP_INVALID;
    close_session(im);
    buf_clear(&im->text);
    im->stream.failed = SP_OK;
    im->stream.cancel = STREAM_CANCEL_NOW;
    im->stream.facts = (struct tls_facts){.reason = ""};
    im->timeout_ms = server->timeout_ms ? server->timeout_ms : DEFAULT_TIMEOUT_MS;
    enum sp_status st = set_up(im, env, server, password);
    if (st) {
        if (im->session)
            imap_logout(im);
        return st;
    }
    im->authenticated = true;
    im->session->imap_state = MAILIMAP_STATE_AUTHENTICATED;
    return SP_OK;
}

void
imap_logout(struct imap *im)
{
    struct buf text = im->text; /* the words that matter came before */
    buf_init(&im->text);
    if (im->session) {
        im->timeout_ms = 2000;
        if (imap_raw(im, &filter_limits_imap, "LOGOUT") == SP_OK || im->session) /* else it is gone already */
            close_session(im);
    }
    buf_release(&im->text);
    im->text = text;
}
