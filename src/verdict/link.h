/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the verdict: what is obviously wrong with a link (S47). */
#ifndef SP_VERDICT_LINK_H
#define SP_VERDICT_LINK_H

/* The id of the warning that a link deserves, by its shown text and its target; NULL when there is none. */
const char *link_doubt(const char *text, const char *target);

#endif
