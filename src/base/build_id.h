/* SPDX-License-Identifier: GPL-3.0-or-later */
/* The build's identity, so that processes of different builds do not talk to each other. */
#ifndef SP_BASE_BUILD_ID_H
#define SP_BASE_BUILD_ID_H

/* A short text, the same in every program of one build. Static storage. */
const char *build_id(void);

#endif
