/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The rules of replying and forwarding: pure, plain data in and out. */
#ifndef SP_ENGINE_REPLY_H
#define SP_ENGINE_REPLY_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/messages.h"
#include "base/types.h"

/* Is that one of the person's own addresses? */
typedef bool reply_own_fn(const char *address, void *arg);

/* Appends "Name <address>" (the name quoted where RFC 5322 section 3.4 wants it; line breaks and controls become spaces), after ", "
   when out is not empty. Without a usable address nothing is added. */
void reply_add_mailbox(struct buf *out, const char *name, const char *address);
/* Whom the reply goes to: Reply-To, else From; for one's own message its To. With all, To and Cc of the origin become Cc. Own
   addresses are left out (unless nobody else is there), and nobody is named twice. */
void reply_recipients(const struct wr_verdict *v, bool all, reply_own_fn *own, void *arg, struct buf *to, struct buf *cc);
/* "Re: " or "Fwd: " once in front of the subject. */
void reply_subject(enum sp_draft_kind kind, const char *subject, struct buf *out);
/* The same subject but for such words in front? */
bool reply_same_subject(const char *a, const char *b);
/* The subject that may stand outside (S65): the draft's own, but "[...]" when the message is encrypted, or when it answers an encrypted
   one in the clear and still carries that one's (protected) subject. */
const char *reply_outer_subject(const struct wr_draft *d, const char *origin_subject);
/* The body of a reply: who wrote when, then the quoted text. Of a forward: the origin's header lines, then the text. */
void reply_body(enum sp_draft_kind kind, const struct wr_verdict *v, struct buf *out);
/* References of a reply (RFC 5322 section 3.6.4): the origin's, else its In-Reply-To, then its Message-ID; with angle brackets. */
void reply_references(const char *references, const char *in_reply_to, const char *message_id, struct buf *out);
/* The Message-ID in angle brackets, nothing when it is none. */
void reply_message_id(const char *message_id, struct buf *out);

#endif
