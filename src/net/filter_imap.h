/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the filter: the grammar of IMAP responses. */
#ifndef SP_NET_FILTER_IMAP_H
#define SP_NET_FILTER_IMAP_H

#include "filter.h"

enum filter_state {
    FILTER_AT_LINE,         /* a new response begins */
    FILTER_IN_FETCH,        /* behind a literal that was the value of a FETCH attribute */
    FILTER_IN_LIST,         /* behind a literal that was a mailbox name */
    FILTER_IN_UNKNOWN,      /* behind a literal of a response that is dropped */
    FILTER_IN_SEARCH,       /* inside a SEARCH line */
    FILTER_IN_SEARCH_TAIL,  /* its (MODSEQ n) */
};

/* One line of the response without its CRLF, NUL-terminated at s[len], control characters replaced (f->scrubbed tells); sets f->state and f->literal_left. */
enum sp_status filter_imap_segment(struct filter *f, char *s, size_t len) SP_MUST_USE;

#endif
