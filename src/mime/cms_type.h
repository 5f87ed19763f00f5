/* SPDX-License-Identifier: GPL-3.0-or-later */
/* What a CMS object is, by its outermost content type (RFC 5652 section 3): enough ASN.1 to read one object identifier. */
#ifndef SP_MIME_CMS_TYPE_H
#define SP_MIME_CMS_TYPE_H

#include <stddef.h>

enum cms_type { CMS_UNKNOWN, CMS_SIGNED, CMS_ENVELOPED, CMS_AUTH_ENVELOPED, CMS_COMPRESSED };
/* der: the start of a BER or DER ContentInfo. */
enum cms_type cms_type_of(const unsigned char *der, size_t len);
/* By the smime-type parameter (RFC 8551 section 3.2.2), lower case. */
enum cms_type cms_type_named(const char *smime_type);

#endif
