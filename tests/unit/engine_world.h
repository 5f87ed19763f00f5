/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The world around a real sealpost-engine: this process plays the supervisor, the parse, keys and net roles, an IMAP and SMTP server
   behind the last, and a client. Everything goes through real wire connections; nothing here is threaded. Include once. */
#ifndef SP_TEST_ENGINE_WORLD_H
#define SP_TEST_ENGINE_WORLD_H

#include "unit.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/build_id.h"
#include "base/loop.h"
#include "base/memfd.h"
#include "base/messages.h"
#include "base/secret.h"
#include "base/wire.h"
#include "mime/request.h"

#define MAX_MAILS 32
#define TURN_MS 15000

/* A message on the fake server. */
struct fake_mail {
    uint32_t uid, flags;
    uint64_t modseq;
    int64_t date;
    char keywords[64];
    const char *bytes; /* borrowed */
    char *owned;
};

struct fake_folder {
    const char *name;
    uint8_t role;
    uint32_t uidvalidity, uidnext;
    uint64_t modseq;   /* the highest; grows with every change */
    struct fake_mail mails[MAX_MAILS];
    size_t n;
};

struct world {
    struct loop *loop;
    char root[128], program[512];
    pid_t engine;
    struct wire_conn *control, *parse, *keys, *net, *client;
    int listener;
    struct mime_tools tools;

    /* what the fakes are told to do */
    int parse_crashes;          /* so many requests for parsing a message end the role */
    int headers_crash;          /* a header batch with this word ends the role */
    const char *crash_word;
    bool keys_locked;           /* store_again: LOCKED */
    bool keys_silent;           /* keys_open is not answered */
    uint8_t store_key[48];
    bool has_key;
    const char *what;           /* the client says it is; NULL: a screen */
    const char *have_keys[4];   /* addresses that have keys */
    struct fake_folder folders[2];
    size_t selected[10];
    uint16_t smtp_status, smtp_code;
    uint8_t smtp_stage;
    const char *refuse_recipient, *defer_recipient;
    bool all_or_none;           /* one refused recipient keeps the message from all */
    bool append_late;           /* the answer is lost, and the copy comes only just before the next one */
    char *late;                 /* owned */
    bool append_unanswered;     /* the copy is taken, but its answer is lost with the connection */
    bool condstore, no_uidplus, list_status, refuse_append;
    bool no_ahead;              /* bodies are given to the interactive session only */
    bool no_status;             /* STATUS is not answered */
    uint32_t extra_exists;      /* EXISTS is so much too large */
    int cut_after;              /* the connection to net ends with the so-manieth request, whose answer is lost; 0 = never */
    bool cut_before;            /* ... and which is not done */
    uint32_t idle_id;
    int die_after;              /* the engine is killed when so many requests to net have come; 0 = never */
    bool dead;
    bool tls_refused;
    uint16_t connect_fails;     /* status of every attempt */
    bool net_deaf;              /* a new net does not read: wire_conn_pause ends it */
    const char *last_pin;

    /* what was seen */
    int wants_parse, wants_keys, restores, parsed, uid_lists, stores, moves, appends, expunges, smtp_sent, passwords_run, connects, cuts, idles;
    char seen_password[64], seen_sender[128], seen_recipients[512];
    struct buf seen_message;
    bool stopped;

    /* the client's last answer */
    struct arena arena;         /* of answers, until the test ends */
    uint32_t waiting;
    struct wire_in answer;
    bool answered;
    int progress;
    /* events */
    struct wr_outbox_item outbox;
    int outbox_events, outbox_gone, index_events, questions, locked_events;
    struct wm_event_question question;
    struct wr_account account;
    int notices[32];
};

/* ---- descriptors and files */

/* A reply that must get through, unless the engine was killed. */
#define SENT(expression)                          \
    do {                                          \
        enum sp_status sent_ = (expression);      \
        if (!w->dead)                             \
            assert_int_equal(sent_, SP_OK);       \
    } while (0)

static inline int
world_memfd(const char *text)
{
    int fd;
    assert_int_equal(memfd_from(text, strlen(text), &fd), SP_OK);
    return fd;
}

static inline int
world_remove(const char *path, const struct stat *s, int kind, struct FTW *at)
{
    (void)s;
    (void)kind;
    (void)at;
    return remove(path);
}

/* ---- the fake roles */

static void world_parse_closed(struct wire_conn *c, enum sp_status why, void *arg);
static void world_give(struct world *w, enum sp_role role, unsigned index);

static inline void
world_parse(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct world *w = arg;
    (void)arena;
    bool crash = in->type == WM_TYPE_parse_message && w->parse_crashes > 0;
    if (crash)
        w->parse_crashes--;
    if (in->type == WM_TYPE_parse_headers && w->crash_word) {
        const struct wm_parse_headers *m = in->msg;
        for (uint32_t i = 0; i < m->blocks_n; i++)
            crash |= memmem(m->blocks[i].bytes.data, m->blocks[i].bytes.len, w->crash_word, strlen(w->crash_word)) != NULL;
    }
    if (crash) {
        wire_conn_free(c);
        w->parse = NULL;
        return;
    }
    w->parsed++;
    if (in->type != WM_TYPE_cancel)
        mime_serve(&w->tools, c, in);
}

static inline void
world_resolve(struct world *w, struct wire_conn *c, struct wire_in *in, struct arena *arena)
{
    const struct wm_resolve_keys *m = in->msg;
    struct wr_recipient_plan *list = arena_array(arena, m->addresses_n, sizeof *list);
    struct wm_resolved out = {.recipients = list, .recipients_n = m->addresses_n, .signer_state = SP_NO_SECRET_KEY};
    for (uint32_t i = 0; i < m->addresses_n; i++) {
        list[i] = (struct wr_recipient_plan){.address = m->addresses[i].text, .protocol = m->protocol, .state = SP_NO_KEY};
        for (size_t k = 0; k < COUNT(w->have_keys); k++)
            if (w->have_keys[k] && strcmp(w->have_keys[k], m->addresses[i].text) == 0) {
                list[i].state = SP_OK;
                list[i].fingerprint = arena_printf(arena, "FPR-%s", w->have_keys[k]);
            }
    }
    for (size_t k = 0; k < COUNT(w->have_keys); k++)
        if (w->have_keys[k] && strcmp(w->have_keys[k], m->signer) == 0) {
            out.signer_state = SP_OK;
            out.signer_fingerprint = arena_printf(arena, "FPR-%s", m->signer);
        }
    assert_int_equal(wire_send_resolved(c, in->id, &out), SP_OK);
}

/* "Encrypts": the fingerprints in the open, then the plaintext. */
static inline void
world_encrypt(struct wire_conn *c, struct wire_in *in)
{
    const struct wm_encrypt *m = in->msg;
    struct memfd_map map;
    struct buf b = BUF_INIT;
    assert_int_equal(memfd_map(m->bytes, 1 << 20, &map), SP_OK);
    buf_addf(&b, "-----BEGIN PGP MESSAGE-----\n\nsigner=%s\n", m->signer);
    for (uint32_t i = 0; i < m->fingerprints_n; i++)
        buf_addf(&b, "to=%s\n", m->fingerprints[i].text);
    buf_addf(&b, "size=%zu\n-----END PGP MESSAGE-----\n", map.len);
    memfd_unmap(&map);
    int fd = world_memfd(buf_str(&b));
    assert_int_equal(wire_send_encrypted_bytes(c, in->id, &(struct wm_encrypted_bytes){.ciphertext = fd}), SP_OK);
    (void)close(fd);
    buf_release(&b);
}

static inline void
world_keys(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct world *w = arg;
    struct wm_store_key key = {.key = {w->store_key, sizeof w->store_key}, .wrapped = {"wrapped!", 8}};
    switch (in->type) {
    case WM_TYPE_keys_open:
        if (w->keys_silent)
            break;
        __attribute__((fallthrough));
    case WM_TYPE_set_trust: (void)wire_reply_done(c, in->id); break;
    case WM_TYPE_store_create:
        assert_int_equal(secret_random(&(struct secret){0}, 0), SP_OK);
        memset(w->store_key, 7, sizeof w->store_key);
        w->has_key = true;
        assert_int_equal(wire_send_store_key(c, in->id, &key), SP_OK);
        break;
    case WM_TYPE_store_unlock: {
        const struct wm_store_unlock *m = in->msg;
        assert_int_equal(m->wrapped.len, 8);
        w->has_key = true;
        assert_int_equal(wire_send_store_key(c, in->id, &key), SP_OK);
        break;
    }
    case WM_TYPE_store_again:
        if (w->has_key && !w->keys_locked)
            assert_int_equal(wire_send_store_key(c, in->id, &key), SP_OK);
        else
            (void)wire_reply_error(c, in->id, SP_LOCKED, NULL);
        break;
    case WM_TYPE_store_forget: w->has_key = false; (void)wire_reply_done(c, in->id); break;
    case WM_TYPE_store_restore:
        w->restores++;
        assert_int_equal(((const struct wm_store_restore *)in->msg)->key.len, 48);
        w->has_key = true;
        (void)wire_reply_done(c, in->id);
        break;
    case WM_TYPE_resolve_keys: world_resolve(w, c, in, arena); break;
    case WM_TYPE_encrypt: world_encrypt(c, in); break;
    case WM_TYPE_cancel: break;
    default: (void)wire_reply_error(c, in->id, SP_UNSUPPORTED, NULL); break;
    }
}

/* ---- the fake server behind net */

static inline struct fake_folder *
world_folder(struct world *w, const char *name)
{
    for (size_t i = 0; i < COUNT(w->folders); i++)
        if (strcmp(w->folders[i].name, name) == 0)
            return &w->folders[i];
    return NULL;
}

static inline void
world_mail(struct world *w, const char *folder, const char *bytes)
{
    struct fake_folder *f = world_folder(w, folder);
    assert_true(f->n < MAX_MAILS);
    f->mails[f->n++] = (struct fake_mail){.uid = f->uidnext, .modseq = ++f->modseq, .date = 1700000000 + f->uidnext, .bytes = bytes};
    f->uidnext++;
}

static inline bool
world_in_set(const char *set, uint32_t uid)
{
    for (const char *p = set; *p;) {
        char *end;
        unsigned long low = strtoul(p, &end, 10), high = low;
        if (*end == ':')
            high = strtoul(end + 1, &end, 10);
        if (uid >= low && uid <= high)
            return true;
        p = *end == ',' ? end + 1 : end;
    }
    return false;
}

static inline void
world_fetch(struct world *w, struct wire_conn *c, struct wire_in *in, const char *set, uint64_t since, bool headers)
{
    struct fake_folder *f = &w->folders[w->selected[*(const uint8_t *)in->msg]];
    struct wr_imap_message messages[MAX_MAILS];
    struct wr_imap_flags flags[MAX_MAILS];
    uint32_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        const struct fake_mail *m = &f->mails[i];
        const char *body = strstr(m->bytes, "\r\n\r\n");
        if (!world_in_set(set, m->uid) || m->modseq <= since)
            continue;
        messages[n] = (struct wr_imap_message){.uid = m->uid, .flags = m->flags, .internal_date = m->date, .keywords = m->keywords, .size = strlen(m->bytes),
                                               .header = {m->bytes, body ? (size_t)(body - m->bytes) + 4 : strlen(m->bytes)}};
        flags[n++] = (struct wr_imap_flags){.uid = m->uid, .flags = m->flags, .keywords = m->keywords};
    }
    if (headers)
        SENT(wire_send_imap_headers(c, in->id, &(struct wm_imap_headers){.messages = messages, .messages_n = n}));
    else
        SENT(wire_send_imap_flags(c, in->id, &(struct wm_imap_flags){.messages = flags, .messages_n = n}));
    (void)wire_reply_done(c, in->id);
}

static inline void
world_take_out(struct fake_folder *f, size_t i)
{
    memmove(&f->mails[i], &f->mails[i + 1], (f->n - i - 1) * sizeof f->mails[0]);
    f->n--;
    f->modseq++;
}

static inline void
world_change(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    struct fake_folder *f = &w->folders[w->selected[*(const uint8_t *)in->msg]];
    if (in->type == WM_TYPE_imap_store) {
        const struct wm_imap_store *m = in->msg;
        w->stores++;
        for (size_t i = 0; i < f->n; i++)
            if (world_in_set(m->uid_set, f->mails[i].uid)) {
                f->mails[i].flags = (f->mails[i].flags | m->add) & ~m->remove;
                for (uint32_t k = 0; k < m->add_keywords_n; k++)
                    (void)snprintf(f->mails[i].keywords, sizeof f->mails[i].keywords, "%s", m->add_keywords[k].text);
                f->mails[i].modseq = ++f->modseq;
            }
    } else if (in->type == WM_TYPE_imap_move) {
        const struct wm_imap_move *m = in->msg;
        struct fake_folder *to = world_folder(w, m->raw);
        struct buf from = BUF_INIT, new = BUF_INIT;
        w->moves++;
        for (size_t i = f->n; i-- > 0;)
            if (world_in_set(m->uid_set, f->mails[i].uid)) {
                buf_addf(&from, "%s%u", from.len ? "," : "", f->mails[i].uid);
                buf_addf(&new, "%s%u", new.len ? "," : "", to->uidnext);
                to->mails[to->n] = f->mails[i];
                to->mails[to->n].owned = NULL;
                to->mails[to->n].uid = to->uidnext++;
                to->mails[to->n++].modseq = ++to->modseq;
                if (!m->copy)
                    world_take_out(f, i);
            }
        struct wm_imap_moved moved = {.uidvalidity = to->uidvalidity, .from = buf_str(&from), .to = buf_str(&new)};
        if (w->no_uidplus || !from.len)
            moved = (struct wm_imap_moved){.from = "", .to = ""};
        SENT(wire_send_imap_moved(c, in->id, &moved));
        buf_release(&from);
        buf_release(&new);
        return;
    } else {
        const struct wm_imap_expunge *m = in->msg;
        w->expunges++;
        for (size_t i = f->n; i-- > 0;)
            if (world_in_set(m->uid_set, f->mails[i].uid))
                world_take_out(f, i);
    }
    (void)wire_reply_done(c, in->id);
}

static inline void
world_append(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    const struct wm_imap_append *m = in->msg;
    struct fake_folder *f = world_folder(w, m->raw);
    struct memfd_map map;
    if (w->refuse_append) {
        (void)wire_reply_error(c, in->id, SP_SERVER_NO, "over quota");
        return;
    }
    assert_int_equal(memfd_map(m->bytes, 1 << 20, &map), SP_OK);
    w->appends++;
    if (w->append_late && !w->late) {
        w->late = strndup(map.data, map.len);
        memfd_unmap(&map);
        (void)wire_reply_error(c, in->id, SP_DISCONNECTED, NULL);
        return;
    }
    if (w->late) {
        world_mail(w, f->name, NULL);
        f->mails[f->n - 1].bytes = f->mails[f->n - 1].owned = w->late;
        w->late = NULL;
        w->append_late = false;
    }
    world_mail(w, f->name, NULL);
    f->mails[f->n - 1].owned = strndup(map.data, map.len);
    f->mails[f->n - 1].bytes = f->mails[f->n - 1].owned;
    f->mails[f->n - 1].flags = m->flags;
    memfd_unmap(&map);
    f->mails[f->n - 1].date = m->date;
    if (w->append_unanswered) {
        (void)wire_reply_error(c, in->id, SP_DISCONNECTED, NULL);
        return;
    }
    struct wm_imap_appended appended = {.uidvalidity = f->uidvalidity, .uid = f->uidnext - 1};
    if (w->no_uidplus)
        appended = (struct wm_imap_appended){0};
    SENT(wire_send_imap_appended(c, in->id, &appended));
}

static inline void
world_uid_list(struct world *w, struct wire_conn *c, struct wire_in *in, const char *message_id)
{
    struct fake_folder *f = &w->folders[w->selected[*(const uint8_t *)in->msg]];
    uint32_t uids[MAX_MAILS], n = 0;
    w->uid_lists += !message_id;
    for (size_t i = 0; i < f->n; i++)
        if (!message_id || strstr(f->mails[i].bytes, message_id))
            uids[n++] = f->mails[i].uid;
    SENT(wire_send_imap_uid_list(c, in->id, &(struct wm_imap_uid_list){.uids = {uids, n * sizeof uids[0]}}));
}

static inline void
world_body(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    const struct wm_imap_fetch_body *m = in->msg;
    struct fake_folder *f = &w->folders[w->selected[m->session]];
    for (size_t i = 0; i < f->n; i++)
        if (f->mails[i].uid == m->uid && !(w->no_ahead && m->session)) {
            int fd = world_memfd(f->mails[i].bytes);
            SENT(wire_send_progress(c, in->id, &(struct wm_progress){.done = 1, .total = 2}));
            SENT(wire_send_imap_body(c, in->id, &(struct wm_imap_body){.uid = m->uid, .bytes = fd}));
            (void)close(fd);
            return;
        }
    (void)wire_reply_error(c, in->id, SP_NOT_FOUND, NULL);
}

static inline void
world_smtp(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    const struct wm_smtp_send *m = in->msg;
    struct memfd_map map;
    struct buf to = BUF_INIT;
    struct wr_recipient_result results[8];
    uint32_t n = 0, out_of = 0;
    for (uint32_t i = 0; i < m->recipients_n && n < COUNT(results); i++) {
        bool refused = w->refuse_recipient && strcmp(w->refuse_recipient, m->recipients[i].text) == 0;
        bool deferred = w->defer_recipient && strcmp(w->defer_recipient, m->recipients[i].text) == 0;
        results[n++] = (struct wr_recipient_result){.address = m->recipients[i].text, .code = refused ? 550 : deferred ? 451 : 250,
                                                    .text = refused ? "no such user" : deferred ? "come again" : "ok"};
        out_of += refused || deferred;
        buf_addf(&to, "%s%s", i ? " " : "", m->recipients[i].text);
    }
    w->smtp_sent++;
    snprintf(w->seen_sender, sizeof w->seen_sender, "%s", m->sender);
    snprintf(w->seen_recipients, sizeof w->seen_recipients, "%s", buf_str(&to));
    snprintf(w->seen_password, sizeof w->seen_password, "%.*s", (int)m->password.len, (const char *)m->password.data);
    buf_release(&to);
    buf_clear(&w->seen_message);
    assert_int_equal(memfd_map(m->message, 1 << 20, &map), SP_OK);
    buf_add(&w->seen_message, map.data, map.len);
    memfd_unmap(&map);
    struct wm_smtp_sent out = {.status = w->smtp_status, .stage = w->smtp_stage, .code = w->smtp_code, .text = w->smtp_status ? "server's words" : "ok",
                               .results = results, .results_n = n};
    if (out_of == n || (out_of && w->all_or_none))
        out = (struct wm_smtp_sent){.status = SP_SERVER_NO, .code = 550, .text = "not for them", .results = results, .results_n = n};
    SENT(wire_send_smtp_sent(c, in->id, &out));
}

static inline void
world_select(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    const struct wm_imap_select *m = in->msg;
    struct fake_folder *f = world_folder(w, m->raw);
    if (!f) {
        (void)wire_reply_error(c, in->id, SP_SERVER_NO, "no such folder");
        return;
    }
    w->selected[m->session] = (size_t)(f - w->folders);
    struct wm_imap_selected out = {.uidvalidity = f->uidvalidity, .uidnext = f->uidnext, .exists = (uint32_t)f->n + w->extra_exists,
                                   .highestmodseq = w->condstore ? f->modseq : 0};
    SENT(wire_send_imap_selected(c, in->id, &out));
}

static inline void
world_status(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    struct fake_folder *f = world_folder(w, ((const struct wm_imap_status *)in->msg)->raw);
    if (w->no_status)
        return;
    if (!f) {
        (void)wire_reply_error(c, in->id, SP_SERVER_NO, "no such folder");
        return;
    }
    SENT(wire_send_imap_stated(c, in->id, &(struct wm_imap_stated){.state = {.told = 1, .uidvalidity = f->uidvalidity, .uidnext = f->uidnext,
                                                                             .exists = (uint32_t)f->n}}));
}

static inline void
world_connect(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    const struct wm_imap_connect *m = in->msg;
    w->connects++;
    snprintf(w->seen_password, sizeof w->seen_password, "%.*s", (int)m->password.len, (const char *)m->password.data);
    if (w->connect_fails) {
        (void)wire_reply_error(c, in->id, (enum sp_status)w->connect_fails, "server's words");
        return;
    }
    if (w->tls_refused && strcmp(m->server.pin, "abcd") != 0) {
        struct wm_tls_refused out = {.status = SP_TLS_UNTRUSTED, .reason = "self-signed", .sha256 = "abcd", .subject = "CN=x", .issuer = "CN=x", .host = m->server.host};
        SENT(wire_send_tls_refused(c, in->id, &out));
        return;
    }
    SENT(wire_send_imap_ready(c, in->id, &(struct wm_imap_ready){.capabilities = SP_IMAP_IDLE | SP_IMAP_MOVE | SP_IMAP_UIDPLUS}));
}

static inline void
world_list(struct world *w, struct wire_conn *c, struct wire_in *in)
{
    struct wr_imap_folder list[COUNT(w->folders)];
    for (size_t i = 0; i < COUNT(list); i++) {
        const struct fake_folder *f = &w->folders[i];
        list[i] = (struct wr_imap_folder){.raw = f->name, .name = f->name, .delimiter = "/", .role = f->role, .selectable = 1};
        if (w->list_status)
            list[i].state = (struct wr_imap_state){.told = 1, .uidvalidity = f->uidvalidity, .uidnext = f->uidnext, .exists = (uint32_t)f->n,
                                                   .highestmodseq = w->condstore ? f->modseq : 0};
    }
    SENT(wire_send_imap_folders(c, in->id, &(struct wm_imap_folders){.folders = list, .folders_n = COUNT(list)}));
}

static inline void world_net(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg);

/* Does the request, or not, without an answer. */
static inline void
world_cut(struct world *w, struct wire_conn *c, struct wire_in *in, struct arena *arena)
{
    int ends[2];
    bool dead = w->dead;
    if (!w->cut_before) {
        assert_int_equal(wire_pair(ends), SP_OK);
        (void)close(ends[1]);
        struct wire_conn *hole = wire_conn_new(ends[0], NULL, NULL, NULL, NULL);
        w->dead = true; /* nobody hears */
        world_net(hole, in, arena, w);
        w->dead = dead;
        wire_conn_free(hole);
    }
    wire_conn_free(c);
    w->net = NULL;
    w->idle_id = 0;
    w->cuts++;
}

static inline void
world_net(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct world *w = arg;
    if (w->cut_after > 0 && in->type != WM_TYPE_cancel && --w->cut_after == 0) {
        world_cut(w, c, in, arena);
        return;
    }
    if (w->die_after > 0 && --w->die_after == 0) {
        (void)kill(w->engine, SIGKILL);
        w->dead = true;
    }
    switch (in->type) {
    case WM_TYPE_imap_connect: world_connect(w, c, in); break;
    case WM_TYPE_imap_list: world_list(w, c, in); break;
    case WM_TYPE_imap_select: world_select(w, c, in); break;
    case WM_TYPE_imap_status: world_status(w, c, in); break;
    case WM_TYPE_imap_uids: world_uid_list(w, c, in, NULL); break;
    case WM_TYPE_imap_search_id: world_uid_list(w, c, in, ((const struct wm_imap_search_id *)in->msg)->message_id); break;
    case WM_TYPE_imap_fetch_headers: world_fetch(w, c, in, ((const struct wm_imap_fetch_headers *)in->msg)->uid_set, 0, true); break;
    case WM_TYPE_imap_fetch_newest: {
        const struct fake_folder *f = &w->folders[w->selected[*(const uint8_t *)in->msg]];
        uint32_t count = ((const struct wm_imap_fetch_newest *)in->msg)->count;
        char set[32];
        (void)snprintf(set, sizeof set, "%u:4294967295", f->n > count ? f->mails[f->n - count].uid : 1);
        world_fetch(w, c, in, set, 0, true);
        break;
    }
    case WM_TYPE_imap_fetch_flags: {
        const struct wm_imap_fetch_flags *m = in->msg;
        world_fetch(w, c, in, m->uid_set, m->since, false);
        break;
    }
    case WM_TYPE_imap_fetch_body: world_body(w, c, in); break;
    case WM_TYPE_imap_store:
    case WM_TYPE_imap_move:
    case WM_TYPE_imap_expunge: world_change(w, c, in); break;
    case WM_TYPE_imap_append: world_append(w, c, in); break;
    case WM_TYPE_imap_idle:
        w->idles++;
        if (((const struct wm_imap_idle *)in->msg)->session == 2)
            w->idle_id = in->id;
        break;
    case WM_TYPE_smtp_send: world_smtp(w, c, in); break;
    case WM_TYPE_cancel:
        if (((const struct wm_cancel *)in->msg)->id == w->idle_id && w->idle_id) {
            (void)wire_reply_done(c, w->idle_id);
            w->idle_id = 0;
        }
        break;
    default: (void)wire_reply_done(c, in->id); break;
    }
}

/* The server says that something happened in the inbox. */
static inline void
world_news(struct world *w)
{
    assert_true(w->idle_id && w->net);
    assert_int_equal(wire_send_imap_changed(w->net, w->idle_id, &(struct wm_imap_changed){.exists = (uint32_t)w->folders[0].n}), SP_OK);
}

/* ---- the fake supervisor */

static void
world_parse_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct world *w = arg;
    (void)why;
    if (w->parse == c)
        w->parse = NULL;
    if (w->keys == c)
        w->keys = NULL;
    if (w->net == c)
        w->net = NULL;
    wire_conn_free(c);
}

static void
world_give(struct world *w, enum sp_role role, unsigned index)
{
    int ends[2];
    struct wire_conn **at = role == SP_ROLE_PARSE ? &w->parse : role == SP_ROLE_KEYS ? &w->keys : &w->net;
    wire_message_fn *fn = role == SP_ROLE_PARSE ? world_parse : role == SP_ROLE_KEYS ? world_keys : world_net;
    assert_int_equal(wire_pair(ends), SP_OK);
    *at = wire_conn_new(ends[0], w->loop, fn, world_parse_closed, w);
    wire_conn_pause(*at, role == SP_ROLE_NET && w->net_deaf);
    assert_int_equal(wire_send_peer(w->control, 0, &(struct wm_peer){.role = (uint8_t)role, .index = (uint16_t)index, .fd = ends[1]}), SP_OK);
    (void)close(ends[1]);
}

static inline void
world_control(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct world *w = arg;
    (void)arena;
    if (in->type == WM_TYPE_want) {
        const struct wm_want *m = in->msg;
        w->wants_parse += m->role == SP_ROLE_PARSE;
        w->wants_keys += m->role == SP_ROLE_KEYS;
        (void)wire_reply_done(c, in->id);
        /* Like the real one: a role that runs has been handed over already. */
        struct wire_conn *running = m->role == SP_ROLE_PARSE ? w->parse : m->role == SP_ROLE_KEYS ? w->keys : w->net;
        if (!running)
            world_give(w, (enum sp_role)m->role, m->index);
    } else if (in->type == WM_TYPE_run_password_command) {
        int p[2];
        assert_int_equal(pipe(p), 0);
        assert_int_equal(write(p[1], "from-command\n", 13), 13);
        w->passwords_run++;
        assert_int_equal(wire_send_command_output(c, in->id, &(struct wm_command_output){.pipe = p[0]}), SP_OK);
        (void)close(p[0]);
        (void)close(p[1]);
    } else if (in->type == WM_TYPE_stop) {
        w->stopped = true;
    }
}

static inline void
world_control_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct world *w = arg;
    (void)why;
    wire_conn_free(c);
    w->control = NULL;
}

static inline void
world_start_engine(struct world *w)
{
    int ends[2];
    char config[192], data[192];
    assert_int_equal(wire_pair(ends), SP_OK);
    w->engine = fork();
    assert_true(w->engine >= 0);
    if (w->engine == 0) {
        (void)dup2(ends[1], 3);
        (void)fcntl(3, F_SETFD, 0);
        (void)close_range(4, ~0U, 0);
        (void)setenv("ASAN_OPTIONS", "detect_leaks=0", 1); /* it cannot work in a confined process */
        (void)execl(w->program, "sealpost-engine", (char *)NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    w->control = wire_conn_new(ends[0], w->loop, world_control, world_control_closed, w);
    snprintf(config, sizeof config, "%s/config", w->root);
    snprintf(data, sizeof data, "%s/data", w->root);
    struct wm_door door = {.listener = w->listener, .token = {"0123456789abcdef0123456789abcdef", 32}, .home = data, .config = config};
    assert_int_equal(wire_send_door(w->control, 0, &door), SP_OK);
}

static inline void
world_end_engine(struct world *w, bool kindly)
{
    int status = 0;
    if (kindly && w->control)
        assert_int_equal(wire_send_stop(w->control, 0, &(struct wm_stop){}), SP_OK);
    else
        (void)kill(w->engine, SIGKILL);
    (void)waitpid(w->engine, &status, 0);
    if (kindly) /* leaks and other findings of sanitizers count */
        assert_int_equal(status, 0);
    wire_conn_free(w->control);
    wire_conn_free(w->client);
    wire_conn_free(w->parse);
    wire_conn_free(w->keys);
    wire_conn_free(w->net);
    w->control = w->client = w->parse = w->keys = w->net = NULL;
}

/* ---- the client */

static inline void
world_event(struct world *w, struct wire_in *in)
{
    char *copy;
    switch (in->type) {
    case WM_TYPE_event_outbox: {
        const struct wm_event_outbox *m = in->msg;
        w->outbox = m->item;
        w->outbox_events++;
        w->outbox_gone += m->gone;
        w->outbox.server_text = copy = arena_strdup(&w->arena, m->item.server_text);
        assert_non_null(copy);
        break;
    }
    case WM_TYPE_event_index: w->index_events++; break;
    case WM_TYPE_event_account: w->account = ((const struct wm_event_account *)in->msg)->account; break;
    case WM_TYPE_event_locked: w->locked_events++; break;
    case WM_TYPE_event_notice: {
        const struct wm_event_notice *m = in->msg;
        if (m->kind < COUNT(w->notices))
            w->notices[m->kind]++;
        break;
    }
    case WM_TYPE_event_question: w->questions++; w->question = *(const struct wm_event_question *)in->msg; break;
    default: break;
    }
}

static inline void
world_client(struct wire_conn *c, struct wire_in *in, struct arena *arena, void *arg)
{
    struct world *w = arg;
    (void)c;
    (void)arena;
    if (in->id == 0) {
        world_event(w, in);
    } else if (in->id == w->waiting && in->desc->final) {
        /* Kept for the test: the decoded message goes with the arena, so it is decoded again. */
        w->answer = *in;
        w->answered = true;
        struct buf b = BUF_INIT;
        const struct wire_desc *desc = in->desc;
        void *copy = arena_alloc(&w->arena, desc->size);
        if (in->type == WM_TYPE_part_content) {
            struct wm_part_content *m = copy, *from = in->msg;
            *m = *from;
            m->name = arena_strdup(&w->arena, from->name);
            m->content = wire_take_fd(&from->content);
        } else {
            assert_int_equal(wire_encode(desc, in->msg, &b), SP_OK);
            assert_int_equal(wire_decode(desc, buf_str(&b), b.len, &w->arena, copy), SP_OK);
        }
        buf_release(&b);
        w->answer.msg = copy;
    } else if (in->type == WM_TYPE_progress) {
        w->progress++;
    }
}

static inline void
world_client_closed(struct wire_conn *c, enum sp_status why, void *arg)
{
    struct world *w = arg;
    (void)why;
    wire_conn_free(c);
    w->client = NULL;
}

static inline void
world_turn_until(struct world *w, const bool *done, const int *counter, int wanted, const char *what)
{
    int64_t end = loop_now_ms() + TURN_MS;
    while (!(done && *done) && !(counter && *counter >= wanted)) {
        if (loop_now_ms() > end)
            fail_msg("nothing happened: %s", what);
        loop_turn(w->loop, 50);
    }
}

static inline void
world_wait(struct world *w, const int *counter, int wanted, const char *what)
{
    world_turn_until(w, NULL, counter, wanted, what);
}

/* Lets things happen for a while. */
static inline void
world_pass(struct world *w, int ms)
{
    int64_t end = loop_now_ms() + ms;
    while (loop_now_ms() < end)
        loop_turn(w->loop, 10);
}

/* Asks and waits; the status of a reply_error, else SP_OK with *in the answer. */
static inline enum sp_status
world_ask(struct world *w, uint16_t type, const void *msg)
{
    assert_non_null(w->client);
    w->waiting = wire_next_id(w->client);
    w->answered = false;
    assert_int_equal(wire_send(w->client, type, w->waiting, msg), SP_OK);
    world_turn_until(w, &w->answered, NULL, 0, wire_message_desc(type)->name);
    if (w->answer.type != WM_TYPE_reply_error)
        return SP_OK;
    return (enum sp_status)((const struct wm_reply_error *)w->answer.msg)->status;
}

static inline void
world_dial(struct world *w)
{
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    snprintf(a.sun_path, sizeof a.sun_path, "%.90s/sock", w->root);
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&a, sizeof a), 0);
    wire_conn_free(w->client);
    w->client = wire_conn_new(fd, w->loop, world_client, world_client_closed, w);
}

static inline enum sp_status
world_greet(struct world *w, const char *token, const char *build)
{
    world_dial(w);
    struct wm_greet m = {.build = build, .token = {token, strlen(token)}, .what = w->what ? w->what : "screens"};
    return world_ask(w, WM_TYPE_greet, &m);
}

static inline enum sp_status
world_enter(struct world *w)
{
    return world_greet(w, "0123456789abcdef0123456789abcdef", build_id());
}

/* ---- beginning and end */

static inline struct world *
world_new(const char *config)
{
    const char *build = getenv("SEALPOST_BUILD");
    struct world *w = calloc(1, sizeof *w);
    struct sockaddr_un a = {.sun_family = AF_UNIX};
    char path[192];
    assert_non_null(w);
    snprintf(w->program, sizeof w->program, "%s/libexec/sealpost-engine", build ? build : ".");
    if (access(w->program, X_OK) != 0) {
        free(w);
        return NULL;
    }
    snprintf(w->root, sizeof w->root, "/tmp/sealpost-engine-XXXXXX");
    assert_non_null(mkdtemp(w->root));
    snprintf(path, sizeof path, "%s/config", w->root);
    FILE *f = fopen(path, "w");
    assert_non_null(f);
    fputs(config, f);
    fclose(f);
    w->loop = loop_new();
    assert_int_equal(mime_tools_init(&w->tools), SP_OK);
    snprintf(a.sun_path, sizeof a.sun_path, "%.90s/sock", w->root);
    w->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    assert_int_equal(bind(w->listener, (struct sockaddr *)&a, sizeof a), 0);
    assert_int_equal(listen(w->listener, 8), 0);
    w->folders[0] = (struct fake_folder){.name = "INBOX", .role = SP_FOLDER_INBOX, .uidvalidity = 11, .uidnext = 1};
    w->folders[1] = (struct fake_folder){.name = "Sent", .role = SP_FOLDER_SENT, .uidvalidity = 12, .uidnext = 1};
    w->smtp_stage = 2;
    w->smtp_code = 250;
    (void)signal(SIGPIPE, SIG_IGN);
    world_start_engine(w);
    return w;
}

static inline void
world_free(struct world *w)
{
    world_end_engine(w, true);
    for (size_t i = 0; i < COUNT(w->folders); i++)
        for (size_t k = 0; k < MAX_MAILS; k++)
            free(w->folders[i].mails[k].owned);
    buf_release(&w->seen_message);
    arena_release(&w->arena);
    mime_tools_release(&w->tools);
    (void)close(w->listener);
    loop_free(w->loop);
    (void)nftw(w->root, world_remove, 16, FTW_DEPTH | FTW_PHYS);
    free(w);
}

#endif
