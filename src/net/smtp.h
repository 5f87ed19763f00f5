/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Submission of one message over SMTP (RFC 5321, 6409). libetpan carries the greeting, DATA and QUIT; EHLO (its parser loops on a TAB),
   STARTTLS, AUTH, MAIL with its parameters, RCPT and the message are our own lines through the same filter. */
#ifndef SP_NET_SMTP_H
#define SP_NET_SMTP_H

#include "base/arena.h"
#include "base/messages.h"
#include "base/secret.h"
#include "imap.h"

struct smtp_message {
    const char *sender;          /* "" = the empty return path */
    const struct wr_text *recipients;
    uint32_t recipients_n;
    const char *bytes;           /* the message; line ends are normalised to CRLF, nothing else is changed */
    size_t len;
};

/* Connects, authenticates when the server record has a user, sends, leaves. Nothing is sent unless the server takes every recipient: out->results
   then says which it refused. out (strings in the arena) is filled whatever happens: status, stage (0 before the final dot, 1 dot sent and
   reply lost, 2 accepted), the server's code and words. Returns out->status; when imap_tls_refused(it), facts tell why. */
enum sp_status smtp_send(struct stream_watch *watch, const struct net_env *env, const struct wr_server *server, const struct secret *password,
                         const struct smtp_message *message, struct arena *arena, struct wm_smtp_sent *out, struct tls_facts *facts) SP_MUST_USE;

/* ---- for the tests */
/* An address that may stand in MAIL and RCPT: no control characters, spaces or angle brackets (S54). *utf8: it needs SMTPUTF8. */
bool smtp_address_valid(const char *address, bool *utf8);

struct smtp_features {
    bool starttls, eight_bit, utf8, auth_any, pipelining;
    uint64_t size;               /* 0 = no limit told */
    char mechanisms[512];        /* " PLAIN LOGIN " */
};
/* Reads the text of an EHLO reply, lines joined by LF, the first being the server's name. */
void smtp_read_features(const char *text, struct smtp_features *out);

#endif
