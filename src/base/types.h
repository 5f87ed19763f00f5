/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The enumerations that cross process borders. Names in quotes are the stable identifiers of `sealpost inspect`. */
#ifndef SP_BASE_TYPES_H
#define SP_BASE_TYPES_H

/* X(NAME, program) */
#define SP_ROLE_TABLE(X)       \
    X(SUPERVISOR, "supervisor") \
    X(ENGINE, "engine")        \
    X(PARSE, "parse")          \
    X(KEYS, "keys")            \
    X(NET, "net")              \
    X(UI, "ui")                \
    X(STUB, "stub")
enum sp_role {
#define X(n, s) SP_ROLE_##n,
    SP_ROLE_TABLE(X)
#undef X
    SP_ROLE_COUNT
};

#define SP_PROTOCOL_TABLE(X) X(NONE, "none") X(OPENPGP, "openpgp") X(SMIME, "smime")
enum sp_protocol {
#define X(n, s) SP_PROTOCOL_##n,
    SP_PROTOCOL_TABLE(X)
#undef X
    SP_PROTOCOL_COUNT
};

/* Order of rank: when several apply to a signature, the first wins (inspect.md); NONE stands apart. */
#define SP_SIGNATURE_TABLE(X)       \
    X(NONE, "none")                 \
    X(BAD, "bad")                   \
    X(ERROR, "error")               \
    X(REVOKED, "revoked")           \
    X(UNKNOWN_KEY, "unknown-key")   \
    X(UNTRUSTED, "untrusted")       \
    X(EXPIRED, "expired")           \
    X(WEAK, "weak")                 \
    X(MISMATCH, "mismatch")         \
    X(GOOD, "good")
enum sp_signature_state {
#define X(n, s) SP_SIGNATURE_##n,
    SP_SIGNATURE_TABLE(X)
#undef X
    SP_SIGNATURE_COUNT
};

#define SP_ENCRYPTION_TABLE(X) X(NONE, "none") X(DECRYPTED, "decrypted") X(LOCKED, "locked") X(FAILED, "failed")
enum sp_encryption_state {
#define X(n, s) SP_ENCRYPTION_##n,
    SP_ENCRYPTION_TABLE(X)
#undef X
    SP_ENCRYPTION_COUNT
};

#define SP_INTEGRITY_TABLE(X) X(NONE, "none") X(SIGNATURE, "signature") X(MDC, "mdc") X(AEAD, "aead")
enum sp_integrity {
#define X(n, s) SP_INTEGRITY_##n,
    SP_INTEGRITY_TABLE(X)
#undef X
    SP_INTEGRITY_COUNT
};

#define SP_COVERS_TABLE(X) X(NONE, "none") X(WHOLE, "whole") X(PART, "part")
enum sp_covers {
#define X(n, s) SP_COVERS_##n,
    SP_COVERS_TABLE(X)
#undef X
    SP_COVERS_COUNT
};

#define SP_SUMMARY_TABLE(X) \
    X(UNPROTECTED, "unprotected") X(VERIFIED, "verified") X(ENCRYPTED, "encrypted") X(CONFIDENTIAL, "confidential")
enum sp_summary {
#define X(n, s) SP_SUMMARY_##n,
    SP_SUMMARY_TABLE(X)
#undef X
    SP_SUMMARY_COUNT
};

/* Shared by the revocation field ("unchecked" = nobody looked) and NA = does not apply (JSON null). */
#define SP_REVOCATION_TABLE(X) X(NA, "null") X(GOOD, "good") X(REVOKED, "revoked") X(UNCHECKED, "unchecked")
enum sp_revocation {
#define X(n, s) SP_REVOCATION_##n,
    SP_REVOCATION_TABLE(X)
#undef X
    SP_REVOCATION_COUNT
};

#define SP_SENDER_TABLE(X) X(UNKNOWN, "unknown") X(PASS, "pass") X(FAIL, "fail")
enum sp_sender_state {
#define X(n, s) SP_SENDER_##n,
    SP_SENDER_TABLE(X)
#undef X
    SP_SENDER_COUNT
};

#define SP_LEVEL_TABLE(X) X(NONE, "none") X(NOTICE, "notice") X(CAUTION, "caution") X(DANGER, "danger")
enum sp_level {
#define X(n, s) SP_LEVEL_##n,
    SP_LEVEL_TABLE(X)
#undef X
    SP_LEVEL_COUNT
};

/* How far an OpenPGP key or a certificate is accepted. */
#define SP_TRUST_TABLE(X) \
    X(UNDECIDED, "undecided") X(REJECTED, "rejected") X(ACCEPTED, "accepted") X(VERIFIED, "verified") X(OWN, "own")
enum sp_trust {
#define X(n, s) SP_TRUST_##n,
    SP_TRUST_TABLE(X)
#undef X
    SP_TRUST_COUNT
};

/* Why a stretch of the body has a frame of its own. */
enum sp_region {
    SP_REGION_SIGNED,    /* a signed part or inline region: `signature` says how good */
    SP_REGION_DECRYPTED, /* was decrypted, but is not the whole message */
    SP_REGION_CLOSED,    /* encrypted and not opened (S29): its armored text, or nothing */
    SP_REGION_FORWARDED, /* a forwarded message: nothing in it is the sender's */
    SP_REGION_OUTSIDE,   /* beside the part that the signature or encryption covers: not covered by it */
};

/* Message flags (RFC 9051 section 2.3.2; bits of a mask). LOCAL bits never go to a server. */
enum sp_flag {
    SP_FLAG_SEEN = 1 << 0,
    SP_FLAG_ANSWERED = 1 << 1,
    SP_FLAG_FLAGGED = 1 << 2,
    SP_FLAG_DELETED = 1 << 3,
    SP_FLAG_DRAFT = 1 << 4,
    SP_FLAG_FORWARDED = 1 << 5, /* $Forwarded */
    SP_FLAG_JUNK = 1 << 6,      /* $Junk */
    SP_FLAG_PHISHING = 1 << 7,  /* $Phishing */
    SP_FLAG_ATTACHMENT = 1 << 16, /* LOCAL: has attachments */
    SP_FLAG_LOCAL_PENDING = 1 << 17, /* LOCAL: a change is waiting for the server */
};

/* What a folder is for (RFC 6154). */
#define SP_FOLDER_ROLE_TABLE(X)                                                                                 \
    X(NONE, "") X(INBOX, "inbox") X(DRAFTS, "drafts") X(SENT, "sent") X(ARCHIVE, "archive") X(JUNK, "junk") \
    X(TRASH, "trash") X(ALL, "all") X(FLAGGED, "flagged") X(OUTBOX, "outbox")
enum sp_folder_role {
#define X(n, s) SP_FOLDER_##n,
    SP_FOLDER_ROLE_TABLE(X)
#undef X
    SP_FOLDER_ROLE_COUNT
};

/* Where a folder's messages are: VIRTUAL ones are searches, whose rows lie in other folders. */
enum sp_folder_kind { SP_FOLDER_SERVER, SP_FOLDER_LOCAL, SP_FOLDER_VIRTUAL };

enum sp_account_kind { SP_ACCOUNT_LOCAL, SP_ACCOUNT_IMAP };
enum sp_account_state { SP_ACCOUNT_OFFLINE, SP_ACCOUNT_CONNECTING, SP_ACCOUNT_SYNCING, SP_ACCOUNT_ONLINE, SP_ACCOUNT_FAILED, SP_ACCOUNT_ASKING };
enum sp_transport { SP_TRANSPORT_TLS, SP_TRANSPORT_STARTTLS, SP_TRANSPORT_INSECURE };

/* How the store's key is protected. */
enum sp_protection { SP_PROTECTION_KEY_FILE, SP_PROTECTION_PASSPHRASE, SP_PROTECTION_OPENPGP };

/* Where an index page lies relative to its anchor (sort, id), which it excludes unless said. Rows come newest first. */
enum sp_page { SP_PAGE_NEWEST, SP_PAGE_OLDER, SP_PAGE_NEWER, SP_PAGE_FROM /* includes the anchor, going older */, SP_PAGE_OLDEST };

/* What a new draft starts from. */
enum sp_draft_kind { SP_DRAFT_NEW, SP_DRAFT_REPLY, SP_DRAFT_REPLY_ALL, SP_DRAFT_FORWARD, SP_DRAFT_FORWARD_ATTACHED, SP_DRAFT_EDIT };

enum sp_rcpt_field { SP_RCPT_TO, SP_RCPT_CC, SP_RCPT_BCC };

enum sp_outbox_state {
    SP_OUTBOX_WAITING, SP_OUTBOX_SENDING, SP_OUTBOX_FAILED, SP_OUTBOX_DEFERRED, SP_OUTBOX_UNCERTAIN /* cut after the final dot */,
    SP_OUTBOX_COPYING /* sent; the copy for the folder of sent mail follows */,
};

/* Questions that the engine asks the person; answered with `answer`. X(NAME): arguments in `question.args`. */
enum sp_question {
    SP_ASK_STORE_PASSPHRASE,  /* args: (none). Answer: secret */
    SP_ASK_NEW_PROFILE,       /* args: folder. Answer: choice = enum sp_protection, secret */
    SP_ASK_ACCOUNT_PASSWORD,  /* args: account name, user, host, server's words. Answer: secret; choice 1 = remember */
    SP_ASK_KEY_PASSPHRASE,    /* args: key's user id, key id, "1" when the last one was wrong. Answer: secret */
    SP_ASK_PIN_CERTIFICATE,   /* args: account, host:port, reason, SHA-256, subject, issuer, not before, not after. Answer: choice 1 = pin */
    SP_ASK_PIN_CHANGED,       /* same args and the old SHA-256. Answer: choice 1 = trust the new one */
    SP_ASK_PINENTRY,          /* args: key's user id, key id. Answer: choice 1, and text = the terminal's device, TERM, LC_CTYPE and
                                 LC_MESSAGES, a line each: GnuPG may use the terminal until `answer` is done; cancelling it ends that */
};

/* Notices that the engine shows in the status line; the words are chosen in ui/. */
enum sp_notice {
    SP_NOTICE_ROLE_RESTARTED,   /* args: role name */
    SP_NOTICE_SERVER_ALERT,     /* args: account, server's words (S44) */
    SP_NOTICE_ACCOUNT_FAILED,   /* args: account, status name, server's words */
    SP_NOTICE_SENT,             /* args: subject */
    SP_NOTICE_SEND_FAILED,      /* args: subject, status name, server's words */
    SP_NOTICE_PARSER_CRASHED,   /* args: subject */
    SP_NOTICE_NEW_MAIL,         /* args: folder, count */
    SP_NOTICE_UNPROTECTED_STORE, /* args: (none) */
    SP_NOTICE_CHANGE_REFUSED,   /* args: what, server's words */
    SP_NOTICE_CACHE_LOST,       /* args: file name it was kept under: damaged, fetched again from the servers */
    SP_NOTICE_STORE_FULL,       /* args: (none): no space left; what comes is not kept until there is room */
    SP_NOTICE_STORE_ROOM,       /* args: (none): there is room again, work goes on */
    SP_NOTICE_STORE_READ_ONLY,  /* args: (none) */
    SP_NOTICE_PERHAPS_TWICE,    /* args: subject: the line broke between the last byte and the server's word (RFC 1047) */
    SP_NOTICE_RECIPIENTS_REFUSED, /* args: subject, count, the first address, server's words */
    SP_NOTICE_OWN_DAMAGED,      /* args: (none): own.db is damaged; nothing is deleted, a backup of it is needed */
};

/* Long work (wr_job). X(NAME, stable name) */
#define SP_JOB_TABLE(X)                                                                                                \
    X(FIRST_SYNC, "first-sync") X(CHANGES, "changes") X(BODIES, "bodies") X(INDEX, "index") X(IMPORT, "import") X(SEARCH, "search")
enum sp_job {
#define X(n, s) SP_JOB_##n,
    SP_JOB_TABLE(X)
#undef X
    SP_JOB_COUNT
};
enum sp_job_state { SP_JOB_RUNNING, SP_JOB_PAUSED /* goes on by itself */, SP_JOB_DONE, SP_JOB_CANCELLED, SP_JOB_FAILED };

/* A search as the engine hands it to a server (RFC 9051 section 6.4.4). Leaves: text keys carry text, SINCE and BEFORE a day (seconds
   since 1970), LARGER and SMALLER bytes, FLAG an enum sp_flag bit. */
enum sp_search_op { SP_SEARCH_AND, SP_SEARCH_OR, SP_SEARCH_NOT, SP_SEARCH_KEY };
enum sp_search_key {
    SP_SEARCH_ALL, SP_SEARCH_TEXT, SP_SEARCH_BODY, SP_SEARCH_FROM, SP_SEARCH_TO, SP_SEARCH_CC, SP_SEARCH_SUBJECT, SP_SEARCH_LIST,
    SP_SEARCH_SINCE, SP_SEARCH_BEFORE, SP_SEARCH_LARGER, SP_SEARCH_SMALLER, SP_SEARCH_FLAG, SP_SEARCH_KEYWORD,
};

#endif
