/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What stands between a server's bytes and libetpan (S55). Every line is bounded, checked against a small grammar and handed on only in
   a normalised form; everything that we can read ourselves is noted here and never reaches libetpan: status lines with their
   response codes, counts, SEARCH results, continuations, and all lines that we do not know. What is handed on: the greeting, CAPABILITY,
   LIST, FETCH with the attributes that we ask for, and a bare tagged end. Pure: no descriptor, no clock. */
#ifndef SP_NET_FILTER_H
#define SP_NET_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/status.h"

#define FILTER_AHEAD 4

enum filter_kind { FILTER_IMAP, FILTER_SMTP };

/* Bounds on the answer to one command. */
struct filter_limits {
    size_t line;       /* bytes of a line without literals (SEARCH lines are not held and count in numbers) */
    uint64_t literal;  /* bytes of one literal; 0 = none may come */
    uint64_t total;    /* bytes of everything */
    uint32_t lines;    /* lines: untagged responses, or lines of an SMTP reply */
    uint32_t numbers;  /* results of SEARCH */
    uint32_t uidvalidity; /* of a folder that is being selected anew: FETCH and VANISHED before the server has named it are left out. 0 = any */
};
extern const struct filter_limits filter_limits_imap; /* a command that asks for no message data */
extern const struct filter_limits filter_limits_smtp;

enum filter_reply { FILTER_PENDING, FILTER_OK, FILTER_NO, FILTER_BAD, FILTER_PREAUTH, FILTER_BYE };

/* One STATUS line; what it does not say is 0. */
struct filter_status {
    uint32_t uidvalidity, uidnext, exists, unseen;
    uint64_t highestmodseq;
};

/* What the lines said. Those marked * are forgotten by filter_expect, the others by filter_init and by their readers. */
struct filter_notes {
    enum filter_reply greeting;   /* the first line */
    enum filter_reply reply;      /* * the tagged line, SMTP: the reply is complete (OK for 2xx and 3xx) */
    struct buf tag;               /* * of the tagged line */
    struct buf code;              /* * response code without brackets ("APPENDUID 1 2") of the tagged line */
    struct buf text;              /* * its human text (SMTP: all lines, joined by LF, without the codes) */
    unsigned number;              /* * SMTP: the reply's code */
    bool continuation;            /* * a "+" line came */
    struct buf challenge;         /* * its text */
    size_t after;                 /* * bytes that came behind the tagged line or complete reply */
    bool referral;                /* * a REFERRAL code came: noted to refuse it by name (S53) */
    struct buf capabilities;      /* * of the last CAPABILITY line or code: " NAME NAME ", upper case; empty = none came */
    struct buf states;            /* * STATUS lines: struct filter_status, its folder's name and NUL, for each */
    struct buf numbers;           /* * SEARCH results, packed uint32_t as they came */
    uint32_t uidvalidity, uidnext; /* * */
    uint64_t highestmodseq;       /* * */
    bool permanent, any_keyword;  /* * PERMANENTFLAGS came; it has \* */
    struct buf copyuid;           /* * "uidvalidity set set" of a COPYUID code, tagged or not; "" = none */
    bool read_only;               /* * */
    struct buf prefix;            /* of the first personal namespace (RFC 2342) */
    bool bye;
    struct buf bye_text;
    struct buf alerts;            /* ALERT texts, each ended by NUL; the reader clears it */
    bool qresync;                 /* ENABLED QRESYNC came */
    uint32_t early;               /* * FETCH and VANISHED lines that were left out, see filter_limits.uidvalidity */
    struct buf vanished;          /* UID set of the VANISHED lines (RFC 7162), with QRESYNC only; the reader clears it */
    uint32_t exists;              /* the last EXISTS, less what was expunged since */
    uint32_t exists_seen, expunges, fetches; /* how many such lines came; the reader clears them */
};

struct filter {
    enum filter_kind kind;
    enum sp_status failed;        /* sticky */
    struct filter_limits limits;
    struct filter_notes notes;
    struct buf line;              /* the line being collected */
    struct buf out;               /* what the reader may take */
    size_t out_at;                /* taken so far */
    uint32_t ahead[FILTER_AHEAD]; /* tags of commands that were sent ahead: nobody waits for their ends, which come in this order */
    unsigned ahead_n;
    bool hold;                    /* what comes behind the tagged line is kept unread: it is for somebody else (COMPRESS) */
    struct buf held;
    bool mute;                    /* hand nothing on (answers that libetpan is not waiting for) */
    bool greeted;                 /* the greeting came */
    bool scrubbed;                /* the line in hand had control characters */
    bool drop;                    /* the rest of this response is not handed on */
    int state;                    /* what the next segment of this response must be */
    uint64_t literal_left;
    uint64_t literal_size;        /* of the literal that came last */
    uint64_t total;
    uint32_t lines;
    uint64_t number;              /* SEARCH number being read */
    bool number_open;
    bool cr;                      /* SEARCH: a CR came */
};

void filter_init(struct filter *f, enum filter_kind kind);
void filter_release(struct filter *f);
/* Begins a new command: its bounds (copied), the notes marked * forgotten. */
void filter_expect(struct filter *f, const struct filter_limits *limits);
/* Takes len bytes from the server. SP_PROTOCOL, SP_TOO_LARGE or SP_NOMEM: the connection must end; the status sticks. */
enum sp_status filter_feed(struct filter *f, const char *bytes, size_t len) SP_MUST_USE;
/* Bytes ready for libetpan. */
size_t filter_ready(const struct filter *f);
/* Moves at most max of them to out. */
size_t filter_take(struct filter *f, char *out, size_t max);
/* Nothing half read and nothing waiting. */
bool filter_at_rest(const struct filter *f);
/* Whether a capability (upper case, without spaces) is among the noted ones. */
bool filter_capable(const struct filter *f, const char *name);

#endif
