/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the threat room: what its files share. */
#ifndef SP_THREAT_INTERNAL_H
#define SP_THREAT_INTERNAL_H

#include "base/buf.h"
#include "threat.h"

/* Signs: none is a warning by itself, but together with what a message wants they are (judge.c). */
enum threat_sign {
    SIGN_REPLY_ELSEWHERE = 1 << 0,  /* answers go to another domain */
    SIGN_UNALIGNED = 1 << 1,        /* neither the envelope nor a DKIM signature is of the sender's domain */
    SIGN_ODD_FROM = 1 << 2,         /* the sender's address cannot be one, or there is none */
    SIGN_BRAND = 1 << 3,            /* a name that others are known by */
    SIGN_LINKS_ELSEWHERE = 1 << 4,  /* no link leads to the sender's domain */
    SIGN_HOSTING = 1 << 5,          /* links to where anybody can put a page, or that hide where they lead */
    SIGN_DISGUISED = 1 << 6,        /* letters chosen so that filters do not see the words */
    SIGN_RECIPIENT = 1 << 7,        /* not addressed to anybody in particular, or to an address instead of a name */
    SIGN_PICTURE = 1 << 8,          /* hardly any text, but pictures and a link */
    SIGN_FREEMAIL = 1 << 9,         /* an organisation's name on a free mailbox */
    SIGN_RANDOM = 1 << 10,          /* an address or a subject with letters as if thrown */
    SIGN_FAILED = 1 << 11,          /* the server says that it is not from there */
    SIGN_FIRST = 1 << 12,           /* never heard of before */
};

struct threat {
    struct wr_verdict *v;
    const struct threat_context *c;
    struct arena *arena;
    unsigned signs;                 /* enum threat_sign */
    bool trusted;                   /* the person trusts the sender's domain */
    bool nomem;
    const char *domain;             /* of From, lower case ASCII, "" = none */
    const char *owner;              /* its registrable domain, "" = none */
    const char *name;               /* of From, folded */
    const char *subject, *body;     /* folded */
};

/* --- rules.c */
/* arg: what the sentence names, "" = nothing. Cautions of trusted senders are left out. */
void threat_warn(struct threat *t, const char *id, const char *part, const char *arg);
/* The nth value of that header field of the message, NULL. Borrowed. */
const char *threat_header(const struct wr_verdict *v, const char *name, unsigned nth);

/* --- text.c */
struct folding {
    unsigned invisible;             /* characters that cannot be seen */
    unsigned styled;                /* letters of mathematical alphabets, full width and the like */
    unsigned mixed;                 /* words with letters of several scripts that look alike */
};
/* Lower case, without accents, look-alikes as the Latin letters that they look like, punctuation and space as one blank; begins and ends
   with a blank. f may be NULL. "" when memory ran out (noted in t). */
const char *threat_fold(struct threat *t, const char *text, struct folding *f);
/* What is left when everything that looks alike is the same letter: for comparing names. In the arena. */
const char *threat_skeleton(struct threat *t, const char *text);
/* Is the word or phrase in the folded text? */
bool threat_has(const char *folded, const char *phrase);

/* --- domain.c */
/* Lower case ASCII (IDNA), "" when it is no host name. In the arena. */
const char *domain_ascii(struct threat *t, const char *host, size_t len);
/* The part of a host that somebody registered ("shop.example.co.uk" -> "example.co.uk"), "" when there is none. Borrowed from host. */
const char *domain_owner(const char *host);
/* Does the last label exist in the list of public suffixes? */
bool domain_is_possible(const char *host);
/* The label before the public suffix, its length in *len. */
const char *domain_label(const char *owner, size_t *len);
bool domain_same(const char *a, const char *b);
/* Labels with letters of several scripts, or of one that looks like Latin throughout; the ASCII form tells them. */
bool domain_is_confusable(struct threat *t, const char *host);
/* How many letters must be changed, put in, left out or exchanged; counting stops above max. */
unsigned domain_distance(const char *a, size_t a_len, const char *b, size_t b_len, unsigned max);

/* --- url.c */
struct url {
    const char *scheme;             /* lower case, "" = none */
    const char *host;               /* ASCII, "" = none */
    const char *path;               /* what follows, borrowed */
    bool userinfo, numeric;
};
void url_parse(struct threat *t, const char *text, struct url *out);

/* --- the rules */
void threat_who(struct threat *t);
void threat_brand(struct threat *t);
/* The brand whose domain this registrable domain imitates, NULL. */
const char *threat_imitates(struct threat *t, const char *owner);
void threat_links(struct threat *t);
void threat_attachments(struct threat *t);
void threat_server(struct threat *t);
void threat_lures(struct threat *t);

#endif
