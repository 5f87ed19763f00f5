/* SPDX-License-Identifier: GPL-3.0-or-later */
/* Inside the verdict: in which order the parts of nested documents are read. */
#ifndef SP_VERDICT_WALK_H
#define SP_VERDICT_WALK_H

#include "internal.h"

/* The layer whose content is read right behind this part: that of a CMS leaf, or of a multipart/encrypted at its last part;
   DOC_NONE. Inline layers are not among them: they are inside their text. */
uint32_t walk_layer(const struct verdict *v, size_t doc, uint32_t part);
/* The document that is read right behind this part; NONE. */
size_t walk_inner(const struct verdict *v, size_t doc, uint32_t part);
/* The encrypted layer that this part carries and that was left closed because it is not the message's own (S29); DOC_NONE. */
uint32_t walk_closed(const struct verdict *v, size_t doc, uint32_t part);

#endif
